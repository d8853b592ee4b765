/*
 * One CDB from start to its final answer: sends it, judges what comes back, sends it again at once
 * or by a timer, releases a frozen queue, takes up an underrun where it ended. Never allocates
 * after command_init and never sleeps; answers come at DISPATCH.
 */
#include "disk_priv.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "srb.h"
#include "status_text.h"

#define NS_PER_MS 1000000ull

static void
assert_command_state(const struct command *command, enum command_state state)
{
    assert(command->state == state);
    assert(command->request);
    assert(command->tries <= COMMAND_TRIES_MAX && command->waits <= COMMAND_WAITS_MAX);
    (void)command;
    (void)state;
}

bool
command_init(struct command *command, struct disk *disk, enum command_kind kind)
{
    command->disk = disk;
    command->request = request_create(disk->unit);
    command->kind = (uint8_t)kind;
    command->state = COMMAND_STATE_IDLE;
    command->step = 0;
    command->lane = 0;
    return command->request != NULL;
}

void
command_finish_with(struct command *command)
{
    if (command->request)
        request_destroy(command->request);
    command->request = NULL;
}

static void command_done(struct request *request);

void
command_set(struct command *command, const struct cdb *cdb, uint32_t flags, void *base,
            uint32_t bytes)
{
    const struct disk *disk = command->disk;
    struct request *request = command->request;

    command->tries = command->waits = command->attentions = 0;
    request->function = SRB_FUNCTION_EXECUTE_SCSI;
    request->cdb_bytes = cdb->length;
    memcpy(request->cdb, cdb->bytes, sizeof(request->cdb));
    request->flags = flags;
    if (disk->tagged) {
        request->flags |= SRB_FLAGS_QUEUE_ACTION_ENABLE;
        request->queue_action = SRB_SIMPLE_TAG_REQUEST;
    }
    request->timeout_s = disk->timeout_s;
    request->data_bytes = bytes;
    request->segment.base = base;
    request->segment.bytes = bytes;
    request->segments = &request->segment;
    request->segment_count = bytes ? 1 : 0;
    request->done = command_done;
    request->context = command;
}

void
command_set_function(struct command *command, uint8_t function)
{
    static const struct cdb none;
    command_set(command, &none, 0, NULL, 0);
    command->request->function = function;
}

void
command_start(struct command *command)
{
    assert_command_state(command, COMMAND_STATE_IDLE);
    command->state = COMMAND_STATE_SENT;
    unit_submit(command->request);
}

static void
command_fire(struct rt_timer *timer)
{
    struct command *command = RT_CONTAINER(timer, struct command, timer);
    assert_command_state(command, COMMAND_STATE_DELAYED);
    command->state = COMMAND_STATE_SENT;
    unit_submit(command->request);
}

static void
command_again(struct command *command, uint32_t delay_ms)
{
    struct disk *disk = command->disk;

    assert_command_state(command, COMMAND_STATE_SENT);
    disk_count(&disk->stats.retries);
    if (!delay_ms) {
        unit_submit(command->request);
        return;
    }
    command->state = COMMAND_STATE_DELAYED;
    rt_timer_init(&command->timer, command_fire);
    rt_timer_set(disk->rt, &command->timer, rt_now_ns(disk->rt) + delay_ms * NS_PER_MS);
}

static void
command_finish(struct command *command, int error)
{
    assert_command_state(command, COMMAND_STATE_SENT);
    command->state = COMMAND_STATE_IDLE;
    switch ((enum command_kind)command->kind) {
    case COMMAND_IO:
        io_finished(command, error);
        return;
    case COMMAND_PIECE:
        piece_finished(command, error);
        return;
    case COMMAND_SERVICE:
        service_finished(command, error);
        return;
    }
}

/*
 * A read or write that moved some whole blocks goes on behind them ("Storage Class Driver's
 * RetryRequest Routine", step 1). True if there was any progress.
 */
static bool
command_advance(struct command *command)
{
    struct request *request = command->request;
    const struct disk *disk = command->disk;
    uint32_t blocks = request->moved_bytes >> disk->block_shift;
    struct cdb_info info;
    struct cdb cdb;

    if (!blocks || request->moved_bytes >= request->data_bytes ||
        !cdb_decode(request->cdb, request->cdb_bytes, &info) || blocks >= info.blocks)
        return false;
    switch (info.opcode) {
    case CDB_OP_READ10:
    case CDB_OP_READ16:
        cdb_read(&cdb, info.lba + blocks, info.blocks - blocks, info.fua);
        break;
    case CDB_OP_WRITE10:
    case CDB_OP_WRITE16:
        cdb_write(&cdb, info.lba + blocks, info.blocks - blocks, info.fua);
        break;
    default:
        return false;
    }
    uint32_t moved = blocks << disk->block_shift;
    request->cdb_bytes = cdb.length;
    memcpy(request->cdb, cdb.bytes, sizeof(request->cdb));
    request->segment.base = (uint8_t *)request->segment.base + moved;
    request->segment.bytes -= moved;
    request->data_bytes -= moved;
    return true;
}

static bool
command_may_retry(struct command *command, const struct verdict *verdict)
{
    /* The service has one command at a time: START UNIT cannot come before this one ends. */
    if (command->kind == COMMAND_SERVICE && (verdict->duty & DUTY_START))
        return false;
    switch (verdict->action) {
    case VERDICT_RETRY:
        if (command->tries == COMMAND_TRIES_MAX)
            return false;
        command->tries++;
        return true;
    case VERDICT_WAIT:
        if (command->waits == COMMAND_WAITS_MAX)
            return false;
        command->waits++;
        return true;
    case VERDICT_ATTENTION:
        if (command->attentions == COMMAND_ATTENTIONS_MAX)
            return false;
        command->attentions++;
        return true;
    case VERDICT_DONE:
    case VERDICT_FAIL:
        break;
    }
    return false;
}

/* What the service asks for may be shorter than its buffer. */
static bool
command_took_short(const struct command *command)
{
    const struct request *request = command->request;

    return command->kind == COMMAND_SERVICE && request->moved_bytes &&
           request->scsi_status != SCSI_STATUS_CHECK_CONDITION &&
           (request->srb_status == SRB_STATUS_SUCCESS ||
            request->srb_status == SRB_STATUS_DATA_OVERRUN);
}

/* A request that fails for good, with what a person needs to see why ("Storage Class Driver's
 * InterpretRequestSense Routine"). */
static void
command_log(const struct command *command, int error)
{
    const struct request *request = command->request;
    const char *status = srb_status_text(request->srb_status);
    char cdb[96] = "", text[160] = "";
    struct unit_info unit;
    struct sense sense;

    unit_info(request->unit, &unit);
    if (request->function == SRB_FUNCTION_EXECUTE_SCSI)
        cdb_format(request->cdb, request->cdb_bytes, cdb, sizeof(cdb));
    if (sense_parse(request->sense, request->sense_bytes, &sense))
        sense_format(&sense, text, sizeof(text));
    /* A unit that lacks a command is asked for another one. */
    rt_log(command->disk->rt, error == -EOPNOTSUPP ? RT_LOG_DEBUG : RT_LOG_WARNING, "disk",
           "%u/%u:%u:%u #%u %s failed: SRB status %s, SCSI status %02xh%s%s, %u of %u bytes, after "
           "%u retries",
           adapter_number(unit_adapter(request->unit)), unit.path, unit.target, unit.lun,
           request_number(request), *cdb ? cdb : srb_function_text(request->function),
           status ? status : "unknown", request->scsi_status, *text ? ", " : "", text,
           request->moved_bytes, request->data_bytes, command->tries + command->waits);
}

static void
command_trouble(struct command *command)
{
    struct disk *disk = command->disk;
    struct request *request = command->request;
    struct verdict verdict;

    verdict_of(request, &verdict);
    /* "Failing to release a frozen queue makes the device inaccessible": before anything else. */
    if (request->queue_frozen)
        unit_release_queue(request->unit);
    if (verdict.deferred)
        atomic_store(&disk->deferred, verdict.error);
    if (verdict.duty)
        service_want(disk, verdict.duty);
    if (verdict.action == VERDICT_DONE || command_took_short(command)) {
        command_finish(command, 0);
        return;
    }
    bool progress = verdict.action == VERDICT_RETRY &&
                    (request->srb_status == SRB_STATUS_DATA_OVERRUN ||
                     request->srb_status == SRB_STATUS_SUCCESS) &&
                    command_advance(command);
    if (progress || command_may_retry(command, &verdict)) {
        command_again(command, verdict.delay_ms);
        return;
    }
    command_log(command, verdict.error);
    command_finish(command, verdict.error);
}

static void
command_done(struct request *request)
{
    struct command *command = request->context;

    if (RT_LIKELY(request->srb_status == SRB_STATUS_SUCCESS && !request->queue_frozen &&
                  request->moved_bytes == request->data_bytes))
        command_finish(command, 0);
    else
        command_trouble(command);
}
