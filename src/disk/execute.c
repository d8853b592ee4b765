/*
 * Commands that a PASSIVE caller waits for: opening, VPD pages, GET LBA STATUS. Same verdicts as
 * command.c, but it sleeps between tries, starts a stopped unit itself, and takes short answers.
 */
#include "disk_priv.h"
#include "execute.h"

#include <errno.h>
#include <string.h>

#include "srb.h"

#define NS_PER_MS 1000000ull

static void
execute_once(struct disk *disk, struct request *request, const struct execute *execute)
{
    request->function = SRB_FUNCTION_EXECUTE_SCSI;
    request->cdb_bytes = execute->cdb.length;
    memcpy(request->cdb, execute->cdb.bytes, sizeof(request->cdb));
    request->flags = execute->bytes ? SRB_FLAGS_DATA_IN : 0;
    request->timeout_s = disk->timeout_s;
    request->data_bytes = execute->bytes;
    request->segment.base = execute->buffer;
    request->segment.bytes = execute->bytes;
    request->segments = &request->segment;
    request->segment_count = execute->bytes ? 1 : 0;
    unit_execute(request);
    if (request->queue_frozen)
        unit_release_queue(request->unit);
}

/* Less than was asked for is an answer here: the buffers are the largest that could come. */
static bool
execute_answered(const struct request *request)
{
    return request->srb_status == SRB_STATUS_SUCCESS ||
           (request->srb_status == SRB_STATUS_DATA_OVERRUN && request->moved_bytes &&
            request->moved_bytes <= request->data_bytes &&
            request->scsi_status != SCSI_STATUS_CHECK_CONDITION);
}

static void
execute_start_unit(struct disk *disk, struct request *request)
{
    struct execute start = {.buffer = NULL};

    cdb_start_stop(&start.cdb, true, false);
    execute_once(disk, request, &start);
}

static void
execute_want(struct disk *disk, uint8_t duties)
{
    uint8_t irql = rt_irql_raise(RT_IRQL_DISPATCH);

    service_want(disk, duties);
    rt_irql_lower(irql);
}

int
execute_run(struct disk *disk, struct execute *execute)
{
    struct request *request = request_create(disk->unit);
    unsigned tries = 0, waits = 0, attentions = 0;
    struct verdict verdict;
    int error = 0;

    if (!request)
        return -ENOMEM;
    for (;;) {
        execute_once(disk, request, execute);
        if (execute_answered(request))
            break;
        verdict_of(request, &verdict);
        if (verdict.action == VERDICT_DONE)
            break;
        error = verdict.error;
        sense_parse(request->sense, request->sense_bytes, &execute->sense);
        bool again = (verdict.action == VERDICT_RETRY && tries++ < COMMAND_TRIES_MAX) ||
                     (verdict.action == VERDICT_WAIT && waits++ < COMMAND_WAITS_MAX) ||
                     (verdict.action == VERDICT_ATTENTION && attentions++ < COMMAND_ATTENTIONS_MAX);
        if (!again)
            goto out;
        disk_count(&disk->stats.retries);
        if (disk->opened && (verdict.duty & ~DUTY_START))
            execute_want(disk, verdict.duty & (uint8_t)~DUTY_START);
        if (verdict.duty & DUTY_START) {
            execute->started = true;
            execute_start_unit(disk, request);
        }
        if (verdict.delay_ms)
            rt_sleep_ns(verdict.delay_ms * NS_PER_MS);
    }
    error = 0;
    execute->moved = request->moved_bytes;
out:
    request_destroy(request);
    return error;
}
