/*
 * The simulated file and the log. A write is in the cache as a whole when it begins (a power cut
 * may keep any part of it from then on) and known to a sync only if it has ended before that began.
 * Each operation takes virtual time inside, so that others begin and end meanwhile.
 */
#include "crash.h"

#include "rt_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHANGE_NS 150000u
#define SYNC_NS 3000000u

/* ---- the log ---- */

/* Room for `more` entries behind the `count` that there are. */
static void *
grow(void *array, size_t count, size_t more, size_t *room, size_t bytes)
{
    if (count + more <= *room)
        return array;
    *room = (count + more) * 2;
    array = realloc(array, *room * bytes);
    if (!array)
        abort();
    return array;
}

size_t
crash_log_event(struct crash_log *log, enum crash_kind kind, size_t id)
{
    log->events = grow(log->events, log->event_count, 1, &log->event_room, sizeof(*log->events));
    log->events[log->event_count] = (struct crash_event){kind, id};
    return log->event_count++;
}

size_t
crash_log_request(struct crash_log *log, const struct crash_request *request)
{
    size_t id = log->request_count++;
    struct crash_request *r;

    log->requests = grow(log->requests, id, 1, &log->request_room, sizeof(*log->requests));
    r = &log->requests[id];
    *r = *request;
    r->ended = CRASH_NONE;
    r->submitted = crash_log_event(log, CRASH_SUBMIT, id);
    return id;
}

void
crash_log_end(struct crash_log *log, size_t request)
{
    log->requests[request].ended = crash_log_event(log, CRASH_ACK, request);
}

void
crash_log_free(struct crash_log *log)
{
    free(log->events);
    free(log->ops);
    free(log->syncs);
    free(log->requests);
    free(log->values);
    memset(log, 0, sizeof(*log));
}

void
crash_fill(const struct crash_log *log, uint32_t sector, uint32_t value, uint8_t *out)
{
    uint64_t state = log->seed ^ (uint64_t)value << 32 ^ sector, word;

    memset(out, 0, CRASH_SECTOR);
    if (!value)
        return;
    memcpy(out, &value, sizeof(value));
    memcpy(out + 4, &sector, sizeof(sector));
    for (unsigned i = 8; i < CRASH_SECTOR; i += 8) {
        word = crash_mix(&state);
        memcpy(out + i, &word, sizeof(word));
    }
}

uint32_t
crash_value(const struct crash_log *log, uint32_t sector, const uint8_t *bytes)
{
    uint8_t wanted[CRASH_SECTOR];
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    if (value > log->request_count)
        return CRASH_FOREIGN;
    crash_fill(log, sector, value, wanted);
    return memcmp(wanted, bytes, CRASH_SECTOR) ? CRASH_FOREIGN : value;
}

/* ---- the file ---- */

static size_t
op_begin(struct crash_file *file, bool resizes, uint64_t offset, uint64_t length)
{
    struct crash_log *log = file->log;
    size_t id = log->op_count++;
    struct crash_op *op;

    log->ops = grow(log->ops, id, 1, &log->op_room, sizeof(*log->ops));
    op = &log->ops[id];
    *op = (struct crash_op){.resizes = resizes,
                            .first = (uint32_t)(offset / CRASH_SECTOR),
                            .count = (uint32_t)(length / CRASH_SECTOR),
                            .values = log->value_count,
                            .ended = CRASH_NONE};
    for (uint32_t i = 0; !resizes && i < op->count; i++) {
        uint32_t sector = op->first + i;
        log->values = grow(log->values, log->value_count, 1, &log->value_room, sizeof(uint32_t));
        log->values[log->value_count++] =
            crash_value(log, sector, file->live + (size_t)sector * CRASH_SECTOR);
    }
    crash_log_event(log, CRASH_BEGIN, id);
    return id;
}

static void
op_end(struct crash_file *file, size_t id)
{
    rt_sleep_ns(1000 + crash_draw(&file->random, CHANGE_NS));
    file->log->ops[id].ended = crash_log_event(file->log, CRASH_END, id);
}

static void
resize(struct crash_file *file, uint64_t bytes)
{
    if (bytes < file->bytes)
        memset(file->live + bytes, 0, file->bytes - bytes);
    file->bytes = bytes;
    op_end(file, op_begin(file, true, 0, bytes));
}

/* Whole sectors of the file that there is room for. */
static int
range_check(uint64_t offset, uint64_t length)
{
    if ((offset | length) % CRASH_SECTOR)
        return -EINVAL;
    if (offset > CRASH_SECTORS * CRASH_SECTOR || length > CRASH_SECTORS * CRASH_SECTOR - offset)
        return -ENOSPC;
    return 0;
}

static int
file_open(void *ctx, const char *path, unsigned flags, void **out)
{
    struct crash_file *file = ctx;
    bool made = !file->exists;

    if (strcmp(path, CRASH_PATH))
        return -ENOENT;
    if (made && !(flags & (RT_FILE_CREATE | RT_FILE_MUST_CREATE)))
        return -ENOENT;
    if (!made && flags & RT_FILE_MUST_CREATE)
        return -EEXIST;
    if (file->open)
        return -EBUSY;
    file->exists = file->open = true;
    if (!made && flags & RT_FILE_TRUNCATE)
        resize(file, 0);
    *out = file;
    return 0;
}

static void
file_close(void *ctx, void *file)
{
    (void)ctx;
    ((struct crash_file *)file)->open = false;
}

static int64_t
file_read(void *ctx, void *handle, void *buffer, size_t length, uint64_t offset)
{
    struct crash_file *file = handle;

    (void)ctx;
    if (offset >= file->bytes)
        return 0;
    if (length > file->bytes - offset)
        length = (size_t)(file->bytes - offset);
    memcpy(buffer, file->live + offset, length);
    return (int64_t)length;
}

static int64_t
file_write(void *ctx, void *handle, const void *buffer, size_t length, uint64_t offset)
{
    struct crash_file *file = handle;
    int error = range_check(offset, length);

    (void)ctx;
    if (error)
        return error;
    memcpy(file->live + offset, buffer, length);
    if (offset + length > file->bytes)
        resize(file, offset + length);
    op_end(file, op_begin(file, false, offset, length));
    return (int64_t)length;
}

static int
file_sync(void *ctx, void *handle)
{
    struct crash_file *file = handle;
    struct crash_log *log = file->log;
    size_t id = log->sync_count;

    (void)ctx;
    if (file->lies)
        return 0;
    log->syncs = grow(log->syncs, log->sync_count++, 1, &log->sync_room, sizeof(*log->syncs));
    log->syncs[id].began = crash_log_event(log, CRASH_SYNC_BEGIN, id);
    rt_sleep_ns(1000 + crash_draw(&file->random, SYNC_NS));
    crash_log_event(log, CRASH_SYNC_END, id);
    return 0;
}

static int
file_zero(void *ctx, void *handle, uint64_t offset, uint64_t length, bool punch)
{
    struct crash_file *file = handle;
    int error = range_check(offset, length);

    (void)ctx, (void)punch;
    if (error)
        return error;
    memset(file->live + offset, 0, length);
    op_end(file, op_begin(file, false, offset, length));
    return 0;
}

static int
file_size_get(void *ctx, void *handle, uint64_t *bytes)
{
    (void)ctx;
    *bytes = ((struct crash_file *)handle)->bytes;
    return 0;
}

static int
file_size_set(void *ctx, void *handle, uint64_t bytes)
{
    int error = range_check(0, bytes);

    (void)ctx;
    if (!error)
        resize(handle, bytes);
    return error;
}

/* It cannot tell holes from data. */
static int
file_extents(void *ctx, void *handle, uint64_t offset, uint64_t length, struct rt_file_extent *out,
             int max)
{
    (void)ctx, (void)handle;
    if (max < 1 || !length)
        return 0;
    *out = (struct rt_file_extent){offset, length};
    return 1;
}

void
crash_file_attach(struct crash_file *file, struct rt *rt)
{
    const struct rt_file_provider provider = {
        .open = file_open,
        .close = file_close,
        .read = file_read,
        .write = file_write,
        .sync = file_sync,
        .zero = file_zero,
        .size_get = file_size_get,
        .size_set = file_size_set,
        .extents = file_extents,
        .ctx = file,
    };

    file->rt = rt;
    rt_file_provider_set(rt, &provider);
}
