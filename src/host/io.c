/*
 * Reads, writes and their like, and raw CDBs. The calling thread drives the port itself: it
 * submits, and sleeps only if the request has not come back by then. When a driver faults
 * meanwhile, every caller gets -EIO before the process ends, so that a client sees an error and not
 * a silence.
 */
#include "host_priv.h"
#include "srb.h"

#include <errno.h>
#include <string.h>

/* How soon a sleeping caller sees that the host is dead. */
#define DEAD_LOOK_NS 100000000u

enum wait_state { WAIT_OPEN, WAIT_CLOSING, WAIT_OVER };

struct wait {
    struct rt_thread *thread;
    atomic_int state;
};

/* At DISPATCH, on any processor. The waiter may be gone as soon as the state is WAIT_OVER, so the
 * wake comes before that, and a waiter that sees WAIT_CLOSING only spins. */
static void
io_done(struct disk_io *io)
{
    struct wait *wait = io->context;

    if (wait->thread == rt_self()) {
        atomic_store_explicit(&wait->state, WAIT_OVER, memory_order_release);
        return;
    }
    atomic_store_explicit(&wait->state, WAIT_CLOSING, memory_order_release);
    rt_unpark(wait->thread);
    atomic_store_explicit(&wait->state, WAIT_OVER, memory_order_release);
}

static int
io_wait(struct storport_host *host, struct wait *wait)
{
    bool sim = host->config.executor == STORPORT_SIM;
    int state;

    while ((state = atomic_load_explicit(&wait->state, memory_order_acquire)) != WAIT_OVER) {
        if (atomic_load_explicit(&host->dead, memory_order_relaxed))
            return -EIO;
        if (state == WAIT_OPEN)
            rt_park(sim ? RT_FOREVER : rt_now_ns(host->rt) + DEAD_LOOK_NS);
    }
    return 0;
}

static int
io_submit(struct storport_unit *unit, struct disk_io *io)
{
    struct wait wait = {.thread = rt_self()};
    sigjmp_buf escape, *before;
    int code;

    io->done = io_done;
    io->context = &wait;
    before = fault_escape_set(&escape);
    if (sigsetjmp(escape, 0))
        return -EIO; /* the host is dead; nothing of it may be touched */
    disk_submit(unit->disk, io);
    code = io_wait(unit->host, &wait);
    fault_escape_set(before);
    return code ? code : io->error;
}

static int
io_execute(struct storport_unit *unit, struct disk_io *io)
{
    struct storport_host *host = unit->host;
    int code;

    if (!host_enter(host))
        return -EIO;
    code = unit_disk_open(unit, NULL);
    if (!code && !unit_use(unit))
        code = -ENODEV;
    if (!code) {
        code = io_submit(unit, io);
        if (atomic_load_explicit(&host->dead, memory_order_relaxed))
            return code;
        unit_unuse(unit);
    }
    host_leave(host);
    return code;
}

static unsigned
disk_flags(unsigned flags)
{
    return (flags & STORPORT_FUA ? DISK_FUA : 0u) |
           (flags & STORPORT_MAY_TRIM ? DISK_MAY_TRIM : 0u);
}

int
storport_read(struct storport_unit *unit, void *buffer, size_t bytes, uint64_t offset)
{
    struct disk_io io = {.op = DISK_READ, .offset = offset, .bytes = bytes, .buffer = buffer};

    return bytes ? io_execute(unit, &io) : 0;
}

int
storport_write(struct storport_unit *unit, const void *buffer, size_t bytes, uint64_t offset,
               unsigned flags)
{
    struct disk_io io = {.op = DISK_WRITE,
                         .flags = disk_flags(flags),
                         .offset = offset,
                         .bytes = bytes,
                         .buffer = (void *)buffer};

    return bytes ? io_execute(unit, &io) : 0;
}

int
storport_flush(struct storport_unit *unit)
{
    struct disk_io io = {.op = DISK_FLUSH};

    return io_execute(unit, &io);
}

int
storport_trim(struct storport_unit *unit, uint64_t bytes, uint64_t offset, unsigned flags)
{
    struct disk_io io = {
        .op = DISK_TRIM, .flags = disk_flags(flags), .offset = offset, .bytes = bytes};

    return bytes ? io_execute(unit, &io) : 0;
}

int
storport_zero(struct storport_unit *unit, uint64_t bytes, uint64_t offset, unsigned flags)
{
    struct disk_io io = {
        .op = DISK_ZERO, .flags = disk_flags(flags), .offset = offset, .bytes = bytes};

    return bytes ? io_execute(unit, &io) : 0;
}

int
storport_extents(struct storport_unit *unit, uint64_t bytes, uint64_t offset,
                 int (*told)(void *context, uint64_t offset, uint64_t bytes, bool hole),
                 void *context)
{
    struct storport_host *host = unit->host;
    int code;

    if (!host_enter(host))
        return -EIO;
    code = unit_disk_open(unit, NULL);
    if (!code && !unit_use(unit))
        code = -ENODEV;
    if (!code) {
        code = disk_extents(unit->disk, offset, bytes, told, context);
        unit_unuse(unit);
    }
    host_leave(host);
    return code;
}

/* ---- raw CDBs ----------------------------------------------------------------------------- */

static int
cdb_run(struct storport_unit *unit, struct storport_cdb *cdb)
{
    struct request *request = request_create(unit->unit);

    if (!request)
        return -ENOMEM;
    request->cdb_bytes = cdb->cdb_bytes;
    memcpy(request->cdb, cdb->cdb, cdb->cdb_bytes);
    /* A frozen queue would be this caller's to release: it has no sense queue to mend. */
    request->flags |= SRB_FLAGS_NO_QUEUE_FREEZE;
    if (cdb->direction)
        request->flags |= cdb->direction < 0 ? SRB_FLAGS_DATA_IN : SRB_FLAGS_DATA_OUT;
    request->timeout_s = cdb->timeout_s;
    if (cdb->direction && cdb->data_bytes) {
        request->segment = (struct io_segment){.base = cdb->data, .bytes = cdb->data_bytes};
        request->segments = &request->segment;
        request->segment_count = 1;
        request->data_bytes = cdb->data_bytes;
    }
    unit_execute(request);
    cdb->srb_status = request->srb_status;
    cdb->scsi_status = request->scsi_status;
    cdb->sense_bytes = request->sense_bytes;
    memcpy(cdb->sense, request->sense, request->sense_bytes);
    cdb->moved_bytes = request->moved_bytes;
    if (request->queue_frozen)
        unit_release_queue(unit->unit);
    request_destroy(request);
    return 0;
}

int
storport_execute_cdb(struct storport_unit *unit, struct storport_cdb *cdb)
{
    int code = -ENODEV;

    if (cdb->size < sizeof(*cdb) || !cdb->cdb_bytes || cdb->cdb_bytes > sizeof(cdb->cdb) ||
        cdb->direction < -1 || cdb->direction > 1 || (cdb->data_bytes && !cdb->data))
        return -EINVAL;
    if (!host_enter(unit->host))
        return -EIO;
    if (unit_use(unit)) {
        code = cdb_run(unit, cdb);
        unit_unuse(unit);
    }
    host_leave(unit->host);
    return code;
}
