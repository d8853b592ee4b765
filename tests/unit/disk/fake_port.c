/*
 * The port floor by hand: checks each submission against the adapter's limits, logs it, answers by
 * script or lets the target obey. As the real one: `done` at DISPATCH with no lock held, and a
 * submission from inside a `done` only enqueues.
 */
#include "fake.h"

struct fake fake;
static int unit_object, adapter_object, driver_object;

void
fake_reset(void)
{
    free(fake.memory);
    free(fake.mapped);
    memset(&fake, 0, sizeof(fake));
    fake.block_shift = 9;
    fake.blocks = fake.kept_blocks = 2048;
    fake.inquiry_version = 6;
    fake.wce = fake.dpofua = true;
    fake.adapter.max_transfer_bytes = UINT32_MAX;
    fake.adapter.physical_breaks = UINT32_MAX;
}

struct unit *
fake_unit(void)
{
    if (!fake.memory) {
        fake.memory = calloc(fake.kept_blocks, (size_t)1 << fake.block_shift);
        fake.mapped = calloc(fake.kept_blocks, 1);
    }
    return (struct unit *)&unit_object;
}

/* ---- script ---------------------------------------------------------------------------- */

void
fake_script(const struct fake_answer *answer)
{
    CHECK(fake.script_count < sizeof(fake.script) / sizeof(fake.script[0]));
    fake.script[fake.script_count++] = *answer;
}

void
fake_script_sense(int opcode, unsigned times, uint8_t key, uint8_t asc, uint8_t ascq)
{
    fake_script(&(struct fake_answer){opcode, times, SRB_STATUS_ERROR, SCSI_STATUS_CHECK_CONDITION,
                                      key, asc, ascq, false, true, 0});
}

void
fake_script_status(int opcode, unsigned times, uint8_t srb_status, uint8_t scsi_status)
{
    fake_script(
        &(struct fake_answer){opcode, times, srb_status, scsi_status, 0, 0, 0, false, true, 0});
}

static int
request_opcode(const struct request *request)
{
    return request->function ? FAKE_FUNCTION(request->function) : request->cdb[0];
}

static void
request_answer(struct request *request)
{
    request->srb_status = SRB_STATUS_SUCCESS;
    request->scsi_status = SCSI_STATUS_GOOD;
    request->sense_bytes = 0;
    request->queue_frozen = false;
    request->moved_bytes = 0;
    for (unsigned i = 0; i < fake.script_count; i++) {
        struct fake_answer *answer = &fake.script[i];
        if (!answer->times ||
            (answer->opcode != FAKE_OPCODE_ANY && answer->opcode != request_opcode(request)))
            continue;
        answer->times--;
        if (answer->moved) {
            uint32_t bytes = request->data_bytes;
            if (answer->moved < bytes)
                request->data_bytes = answer->moved;
            fake_obey(request);
            request->data_bytes = bytes;
        }
        if (answer->key || answer->scsi_status == SCSI_STATUS_CHECK_CONDITION)
            fake_sense(request, answer->key, answer->asc, answer->ascq, answer->deferred);
        request->srb_status = answer->srb_status;
        request->scsi_status = answer->scsi_status;
        request->queue_frozen = answer->frozen;
        fake.frozen += answer->frozen;
        return;
    }
    fake_obey(request);
}

/* ---- submission ------------------------------------------------------------------------ */

static void
request_check(const struct request *request)
{
    uintptr_t address = (uintptr_t)request->segment.base;
    uintptr_t first = address / RT_PAGE_BYTES;
    uintptr_t last = (address + request->data_bytes - 1) / RT_PAGE_BYTES;

    CHECK(!fake.held);
    CHECK(fake.irql <= RT_IRQL_DISPATCH);
    CHECK(request->done && request->timeout_s);
    if (!request->data_bytes) {
        CHECK(!request->segment_count);
        return;
    }
    CHECK(request->segment_count == 1 && request->segments == &request->segment);
    CHECK(request->segment.bytes == request->data_bytes);
    CHECK(request->flags & (SRB_FLAGS_DATA_IN | SRB_FLAGS_DATA_OUT));
    CHECK(request->data_bytes <= fake.adapter.max_transfer_bytes);
    CHECK(!(address & fake.adapter.alignment_mask));
    if (fake.adapter.physical_breaks)
        CHECK(last - first + 1 <= fake.adapter.physical_breaks);
}

static void
request_log(const struct request *request)
{
    CHECK(fake.logged < FAKE_LOG_MAX);
    struct fake_command *entry = &fake.log[fake.logged++];
    entry->function = request->function;
    memcpy(entry->cdb, request->cdb, sizeof(entry->cdb));
    if (!request->function)
        cdb_decode(request->cdb, request->cdb_bytes, &entry->info);
    entry->flags = request->flags;
    entry->bytes = request->data_bytes;
    entry->timeout_s = request->timeout_s;
    entry->memory = request->segment.base;
}

void
fake_step(unsigned index)
{
    CHECK(index < fake.queued);
    struct request *request = fake.queue[index];
    memmove(&fake.queue[index], &fake.queue[index + 1],
            (--fake.queued - index) * sizeof(fake.queue[0]));
    uint8_t irql = rt_irql_raise(RT_IRQL_DISPATCH);
    request_answer(request);
    fake.in_done++;
    request->done(request);
    fake.in_done--;
    rt_irql_lower(irql);
}

void
fake_run(void)
{
    do {
        while (fake.queued)
            fake_step(0);
    } while (fake_fire());
}

void
unit_submit(struct request *request)
{
    request_check(request);
    request_log(request);
    CHECK(fake.queued < FAKE_QUEUE_MAX);
    fake.queue[fake.queued++] = request;
    if (!fake.manual && !fake.in_done)
        while (fake.queued)
            fake_step(0);
}

static void
execute_done(struct request *request)
{
    *(bool *)request->context = true;
}

void
unit_execute(struct request *request)
{
    bool done = false;

    CHECK(fake.irql == RT_IRQL_PASSIVE);
    request->done = execute_done;
    request->context = &done;
    unit_submit(request);
    while (!done)
        fake_step(0);
}

void
unit_release_queue(struct unit *unit)
{
    CHECK(unit == fake_unit());
    fake.released++;
}

/* ---- objects --------------------------------------------------------------------------- */

struct request *
request_create(struct unit *unit)
{
    if (fake_fails())
        return NULL;
    struct request *request = calloc(1, sizeof(*request));
    request->unit = unit;
    request->priority = 2;
    fake.live++;
    return request;
}

void
request_destroy(struct request *request)
{
    fake.live--;
    free(request);
}

uint32_t
request_number(const struct request *request)
{
    (void)request;
    return 42;
}

void
unit_get(struct unit *unit)
{
    (void)unit;
    fake.references++;
}

void
unit_put(struct unit *unit)
{
    (void)unit;
    fake.references--;
}

struct adapter *
unit_adapter(const struct unit *unit)
{
    (void)unit;
    return (struct adapter *)&adapter_object;
}

struct driver *
adapter_driver(const struct adapter *adapter)
{
    (void)adapter;
    return (struct driver *)&driver_object;
}

const char *
driver_name(const struct driver *driver)
{
    (void)driver;
    return "fake";
}

unsigned
adapter_number(const struct adapter *adapter)
{
    (void)adapter;
    return 3;
}

void
adapter_info(const struct adapter *adapter, struct adapter_info *out)
{
    (void)adapter;
    *out = fake.adapter;
}

/* ---- for tests ------------------------------------------------------------------------- */

unsigned
fake_count(int opcode)
{
    unsigned count = 0;
    for (unsigned i = 0; i < fake.logged; i++)
        count += opcode ==
                 (fake.log[i].function ? FAKE_FUNCTION(fake.log[i].function) : fake.log[i].cdb[0]);
    return count;
}

const struct fake_command *
fake_last(int opcode)
{
    for (unsigned i = fake.logged; i-- > 0;)
        if (opcode ==
            (fake.log[i].function ? FAKE_FUNCTION(fake.log[i].function) : fake.log[i].cdb[0]))
            return &fake.log[i];
    fprintf(stderr, "no command %02x was sent\n", (unsigned)opcode);
    exit(1);
}

struct disk *
fake_open(void)
{
    struct disk *disk = NULL;
    char *error = NULL;
    int result = disk_open(fake_unit(), &disk, &error);

    if (result) {
        fprintf(stderr, "disk_open: %d %s\n", result, error);
        exit(1);
    }
    fake.logged = 0;
    return disk;
}

void
fake_close(struct disk *disk)
{
    disk_close(disk);
    CHECK_EQ(fake.live, 0);
    CHECK_EQ(fake.references, 0);
    CHECK_EQ(fake.released, fake.frozen);
    CHECK(!fake.queued && !fake.timer_count && !fake.held && !fake.irql);
}

int
fake_io(struct disk *disk, enum disk_op op, unsigned flags, uint64_t offset, void *buffer,
        uint64_t bytes)
{
    struct disk_io io = {
        .op = op, .flags = flags, .offset = offset, .bytes = bytes, .buffer = buffer};
    return disk_execute(disk, &io);
}
