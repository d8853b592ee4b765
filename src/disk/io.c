/*
 * The door of the floor: disk_submit, disk_execute. An aligned read or write that one command
 * carries goes the short way here: no memory but the request, no lock, its state in
 * disk_io.reserved. All else is job.c's. Refuses what can be known to fail before a command is
 * sent.
 */
#include "disk_priv.h"

#include <errno.h>

#include "srb.h"

static struct command *
io_command(struct disk_io *io)
{
    return (struct command *)(void *)io->reserved;
}

void
io_answer(struct disk *disk, struct disk_io *io, int error)
{
    if (RT_UNLIKELY(error))
        disk_count(&disk->stats.errors);
    io->error = error;
    io->done(io);
}

static bool
io_writes(const struct disk_io *io)
{
    return io->op == DISK_WRITE || io->op == DISK_TRIM || io->op == DISK_ZERO;
}

/* 0: go on; 1: nothing to do; else -errno. */
static int
io_check(struct disk *disk, const struct disk_io *io)
{
    int broken = atomic_load_explicit(&disk->broken, memory_order_relaxed);
    if (RT_UNLIKELY(broken))
        return broken;
    if (io->op == DISK_FLUSH)
        return 0;
    if (RT_UNLIKELY((unsigned)io->op > DISK_ZERO))
        return -EINVAL;
    if (io_writes(io) && atomic_load_explicit(&disk->read_only, memory_order_relaxed))
        return -EROFS;
    uint64_t size = atomic_load_explicit(&disk->blocks, memory_order_relaxed) << disk->block_shift;
    if (RT_UNLIKELY(io->offset > size || io->bytes > size - io->offset))
        return io_writes(io) ? -ENOSPC : -EINVAL;
    if (RT_UNLIKELY(!io->bytes))
        return 1;
    return 0;
}

/* A read or write that is all of one command. False: take the long way. */
static bool
io_short(struct disk *disk, struct disk_io *io)
{
    struct command *command = io_command(io);
    bool write = io->op == DISK_WRITE;
    bool fua = false;
    struct cdb cdb;

    if (write) {
        if (io->flags & DISK_FUA) {
            uint8_t mode = atomic_load_explicit(&disk->fua_mode, memory_order_relaxed);
            if (mode == DISK_FUA_AFTER)
                return false;
            fua = mode == DISK_FUA_BIT;
        }
        uint16_t lane;
        if (!lane_enter(disk, &lane))
            return false;
        if (!command_init(command, disk, COMMAND_IO)) {
            lane_leave(disk, lane);
            io_answer(disk, io, -ENOMEM);
            return true;
        }
        command->lane = lane;
    } else if (!command_init(command, disk, COMMAND_IO)) {
        io_answer(disk, io, -ENOMEM);
        return true;
    }
    uint64_t lba = io->offset >> disk->block_shift;
    uint32_t blocks = (uint32_t)(io->bytes >> disk->block_shift);
    uint32_t flags = write ? SRB_FLAGS_DATA_OUT : SRB_FLAGS_DATA_IN;
    if (write)
        cdb_write(&cdb, lba, blocks, fua);
    else
        cdb_read(&cdb, lba, blocks, false);
    if (disk->caches_data && !fua)
        flags |= SRB_FLAGS_ADAPTER_CACHE_ENABLE;
    command_set(command, &cdb, flags, io->buffer, (uint32_t)io->bytes);
    command_start(command);
    return true;
}

static void
io_flush(struct disk *disk, struct disk_io *io)
{
    struct command *command = io_command(io);
    int error;

    if (!atomic_load(&disk->write_cache) && !disk->caches_data) {
        io_answer(disk, io, atomic_exchange(&disk->deferred, 0));
        return;
    }
    if (!command_init(command, disk, COMMAND_IO)) {
        io_answer(disk, io, -ENOMEM);
        return;
    }
    if (flush_next(command, &error)) {
        command_start(command);
        return;
    }
    command_finish_with(command);
    io_answer(disk, io, error);
}

void
io_finished(struct command *command, int error)
{
    struct disk *disk = command->disk;
    struct disk_io *io = (struct disk_io *)((char *)command - offsetof(struct disk_io, reserved));

    if (io->op == DISK_FLUSH) {
        if (flush_next(command, &error)) {
            command_start(command);
            return;
        }
    } else if (io->op == DISK_WRITE) {
        lane_leave(disk, command->lane);
    }
    command_finish_with(command);
    io_answer(disk, io, error);
}

void
disk_submit(struct disk *disk, struct disk_io *io)
{
    int error = io_check(disk, io);

    if (RT_UNLIKELY(error)) {
        io_answer(disk, io, error < 0 ? error : 0);
        return;
    }
    switch (io->op) {
    case DISK_FLUSH:
        io_flush(disk, io);
        return;
    case DISK_READ:
    case DISK_WRITE:
        if (RT_LIKELY(split_is_short(disk, io)) && io_short(disk, io))
            return;
        break;
    case DISK_TRIM:
        if (!disk->info.unmap) {
            io_answer(disk, io, -EOPNOTSUPP);
            return;
        }
        break;
    case DISK_ZERO:
        break;
    }
    job_submit(disk, io);
}

/*
 * Someone who waits, on its own stack. The answerer unparks under the lock, and the waiter takes
 * the lock once before it goes: then nobody touches its stack or its thread any more. (Spinning for
 * that would burn a time slice whenever the one who is woken displaces the one who wakes.)
 */
struct waiter {
    struct rt_thread *thread;
    rt_word lock; /* leaf; at DISPATCH */
    _Atomic bool answered;
    bool submitting; /* the waiter's thread is inside disk_submit … */
    bool own;        /* … and was itself the answerer: no hand-over */
};

static void
waiter_done(struct disk_io *io)
{
    struct waiter *waiter = io->context;
    struct rt_thread *thread = waiter->thread;

    if (thread == rt_self() && waiter->submitting) {
        waiter->own = true;
        return;
    }
    uint8_t irql = rt_irql_raise(RT_IRQL_DISPATCH);
    rt_word_acquire(&waiter->lock);
    atomic_store(&waiter->answered, true);
    rt_unpark(thread);
    rt_word_release(&waiter->lock);
    rt_irql_lower(irql);
}

static void
waiter_wait(struct waiter *waiter)
{
    while (!atomic_load(&waiter->answered))
        rt_park(RT_FOREVER);
    uint8_t irql = rt_irql_raise(RT_IRQL_DISPATCH);
    rt_word_acquire(&waiter->lock);
    rt_word_release(&waiter->lock);
    rt_irql_lower(irql);
}

int
disk_execute(struct disk *disk, struct disk_io *io)
{
    void (*done)(struct disk_io *) = io->done;
    void *context = io->context;
    struct waiter waiter = {.thread = rt_self(), .submitting = true};

    io->done = waiter_done;
    io->context = &waiter;
    disk_submit(disk, io);
    waiter.submitting = false;
    if (!waiter.own)
        waiter_wait(&waiter);
    io->done = done;
    io->context = context;
    return io->error;
}

void
disk_stats(const struct disk *disk, struct disk_stats *out)
{
    out->retries = atomic_load(&disk->stats.retries);
    out->splits = atomic_load(&disk->stats.splits);
    out->read_modify_writes = atomic_load(&disk->stats.read_modify_writes);
    out->errors = atomic_load(&disk->stats.errors);
}
