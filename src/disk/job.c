/*
 * The long way of a disk_io: cut into chunks, several in flight, bounced or patched where they must
 * be, written behind other writers where they overlap. All memory is taken before the first
 * command, so nothing can run short in the middle. Runs at DISPATCH; holds no lock while it sends
 * or answers.
 */
#include "disk_priv.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "srb.h"

static void
assert_job_state(const struct job *job)
{
    switch (job->state) {
    case JOB_STATE_NEW:
    case JOB_STATE_WAITING:
        assert(!job->busy && job->piece_count && !job->error);
        break;
    case JOB_STATE_RUNNING:
        assert(job->next <= job->end && job->busy <= job->piece_count + 1);
        break;
    case JOB_STATE_FLUSHING:
        assert(!job->busy && job->next == job->end && job->flush_after);
        break;
    case JOB_STATE_DONE:
        assert(!job->busy);
        break;
    }
    (void)job;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void
job_destroy(struct job *job)
{
    struct rt *rt = job->disk->rt;

    for (unsigned i = 0; i < job->piece_count; i++) {
        command_finish_with(&job->pieces[i].command);
        if (job->pieces[i].bounce)
            rt_arena_free(rt, job->pieces[i].bounce, job->bounce_bytes);
    }
    rt_free(rt, job);
}

static bool
piece_init(struct piece *piece, struct job *job)
{
    struct disk *disk = job->disk;

    piece->job = job;
    if (job->bounce_bytes) {
        piece->bounce = rt_arena_alloc(disk->rt, job->bounce_bytes, NULL);
        if (!piece->bounce)
            return false;
    }
    if (command_init(&piece->command, disk, COMMAND_PIECE))
        return true;
    if (piece->bounce)
        rt_arena_free(disk->rt, piece->bounce, job->bounce_bytes);
    piece->bounce = NULL;
    return false;
}

/* How many commands at once; one that is not needed does no harm. */
static unsigned
job_pieces_wanted(const struct disk *disk, const struct disk_io *io, uint32_t bounce_bytes)
{
    uint64_t step = disk->info.transfer_max_bytes;
    unsigned most = bounce_bytes ? JOB_BOUNCED_MAX : JOB_PIECES_MAX;

    if (io->op == DISK_TRIM || (io->op == DISK_ZERO && bounce_bytes == 0))
        step = disk->zero_bytes;
    if (disk->segment_pages != UINT32_MAX) {
        uint64_t span = (uint64_t)disk->segment_pages * RT_PAGE_BYTES;
        step = span < step ? span : step;
    }
    uint64_t count = io->bytes / step + 2;
    return count < most ? (unsigned)count : most;
}

/* One piece is enough to come to an end; fewer than wanted is slower, not wrong. */
static struct job *
job_create(struct disk *disk, struct disk_io *io)
{
    uint32_t bounce_bytes = io->op == DISK_TRIM ? RT_PAGE_BYTES : split_bounce_bytes(disk, io);
    unsigned wanted = job_pieces_wanted(disk, io, bounce_bytes);
    struct job *job = rt_alloc_zero(disk->rt, sizeof(*job) + wanted * sizeof(job->pieces[0]));

    if (!job)
        return NULL;
    job->disk = disk;
    job->io = io;
    job->bounce_bytes = bounce_bytes;
    while (job->piece_count < wanted && piece_init(&job->pieces[job->piece_count], job))
        job->piece_count++;
    if (job->piece_count)
        return job;
    rt_free(disk->rt, job);
    return NULL;
}

/* ---- pieces --------------------------------------------------------------------------- */

static uint32_t
chunk_command_bytes(const struct piece *piece)
{
    return piece->chunk.blocks << piece->job->disk->block_shift;
}

static uint8_t *
chunk_memory(const struct piece *piece)
{
    return (uint8_t *)piece->job->io->buffer + (piece->chunk.offset - piece->job->io->offset);
}

/* The caller's bytes within the bounce buffer. */
static uint8_t *
chunk_bounced(const struct piece *piece)
{
    return piece->bounce +
           (piece->chunk.offset - (piece->chunk.lba << piece->job->disk->block_shift));
}

static void
piece_set_transfer(struct piece *piece, bool write, void *memory)
{
    struct disk *disk = piece->job->disk;
    bool fua =
        write && (piece->job->io->flags & DISK_FUA) && atomic_load(&disk->fua_mode) == DISK_FUA_BIT;
    uint32_t flags = write ? SRB_FLAGS_DATA_OUT : SRB_FLAGS_DATA_IN;
    struct cdb cdb;

    if (write)
        cdb_write(&cdb, piece->chunk.lba, piece->chunk.blocks, fua);
    else
        cdb_read(&cdb, piece->chunk.lba, piece->chunk.blocks, false);
    if (disk->caches_data && !fua)
        flags |= SRB_FLAGS_ADAPTER_CACHE_ENABLE;
    command_set(&piece->command, &cdb, flags, memory, chunk_command_bytes(piece));
}

static void
piece_overlay(struct piece *piece)
{
    if (piece->job->io->op == DISK_ZERO)
        memset(chunk_bounced(piece), 0, piece->chunk.bytes);
    else
        memcpy(chunk_bounced(piece), chunk_memory(piece), piece->chunk.bytes);
}

static void
piece_set_bounced(struct piece *piece)
{
    struct job *job = piece->job;

    piece->reading = piece->chunk.patch;
    if (piece->chunk.patch) {
        disk_count(&job->disk->stats.read_modify_writes);
        piece_set_transfer(piece, false, piece->bounce);
        return;
    }
    if (job->io->op == DISK_WRITE)
        piece_overlay(piece);
    piece_set_transfer(piece, job->io->op == DISK_WRITE, piece->bounce);
}

static void
piece_start(struct piece *piece)
{
    switch (piece->chunk.method) {
    case PIECE_DIRECT:
        piece_set_transfer(piece, piece->job->io->op == DISK_WRITE, chunk_memory(piece));
        break;
    case PIECE_BOUNCED:
        piece_set_bounced(piece);
        break;
    case PIECE_ZEROES:
        piece_set_transfer(piece, true, piece->job->disk->zero);
        break;
    case PIECE_SAME:
        same_set(piece);
        break;
    case PIECE_UNMAP:
        trim_set(piece);
        break;
    }
    command_start(&piece->command);
}

/*
 * What a command's end means for its chunk. True: another command of the same chunk was prepared in
 * piece->chunk and piece_start (or the write half of a patch) must run.
 */
static bool
piece_goes_on(struct piece *piece, int *error)
{
    struct job *job = piece->job;
    struct disk *disk = job->disk;
    struct chunk *chunk = &piece->chunk;

    if (chunk->method == PIECE_SAME && job->io->op == DISK_ZERO &&
        (*error == -EOPNOTSUPP || *error == -EINVAL)) {
        /* Nobody promised WRITE SAME: writing does the same. */
        atomic_store(&disk->same_refused, true);
        *error = 0;
        chunk->method = PIECE_ZEROES;
    } else if (chunk->method == PIECE_ZEROES && !*error) {
        chunk->lba += chunk->blocks;
        chunk->bytes -= chunk_command_bytes(piece);
    } else {
        return false;
    }
    if (!chunk->bytes)
        return false;
    uint64_t bytes = chunk->bytes < disk->zero_bytes ? chunk->bytes : disk->zero_bytes;
    chunk->blocks = (uint32_t)(bytes >> disk->block_shift);
    return true;
}

/* ---- the job -------------------------------------------------------------------------- */

/* Gives a piece its next chunk; false: there is none. j held. */
static bool
job_take_locked(struct job *job, struct piece *piece)
{
    if (job->error || job->next == job->end)
        return false;
    if (job->io->op == DISK_TRIM)
        trim_take(job, &piece->chunk);
    else {
        job->same = job->same && !atomic_load(&job->disk->same_refused);
        split_take(job, &piece->chunk);
    }
    if (job->next != job->first)
        job->split = true;
    job->next += piece->chunk.bytes;
    return true;
}

static void
job_end(struct job *job)
{
    struct disk *disk = job->disk;
    struct disk_io *io = job->io;
    int error = job->error;

    job->state = JOB_STATE_DONE;
    assert_job_state(job);
    if (job->split)
        disk_count(&disk->stats.splits);
    if (job->ranged)
        range_release(disk, &job->range);
    job_destroy(job);
    io_answer(disk, io, error);
}

/* Nothing of the job is in flight: flush if FUA asks for it, or end. */
static void
job_settle(struct job *job)
{
    if (job->state == JOB_STATE_RUNNING && !job->error && job->flush_after) {
        struct command *command = &job->pieces[0].command;
        int error = 0;
        job->state = JOB_STATE_FLUSHING;
        assert_job_state(job);
        command->step = FLUSH_START;
        if (flush_next(command, &error)) {
            command_start(command);
            return;
        }
        job->error = error;
    }
    job_end(job);
}

static void
job_flushed(struct job *job, struct command *command, int error)
{
    if (flush_next(command, &error)) {
        command_start(command);
        return;
    }
    job->error = error;
    job_settle(job);
}

void
piece_finished(struct command *command, int error)
{
    struct piece *piece = RT_CONTAINER(command, struct piece, command);
    struct job *job = piece->job;

    if (job->state == JOB_STATE_FLUSHING) {
        job_flushed(job, command, error);
        return;
    }
    if (!error && piece->reading) {
        piece->reading = false;
        if (job->io->op != DISK_READ) {
            piece_overlay(piece);
            piece_set_transfer(piece, true, piece->bounce);
            command_start(command);
            return;
        }
    }
    if (piece_goes_on(piece, &error)) {
        piece_start(piece);
        return;
    }
    if (!error && piece->chunk.method == PIECE_BOUNCED && job->io->op == DISK_READ)
        memcpy(chunk_memory(piece), chunk_bounced(piece), piece->chunk.bytes);

    rt_word_acquire(&job->lock);
    if (error && !job->error)
        job->error = error;
    bool more = job_take_locked(job, piece);
    bool last = !more && --job->busy == 0;
    rt_word_release(&job->lock);
    if (more)
        piece_start(piece);
    else if (last)
        job_settle(job);
}

void
job_run(struct job *job)
{
    assert_job_state(job);
    job->state = JOB_STATE_RUNNING;
    /* We count as busy, so that a piece that ends at once does not end the job under us. */
    job->busy = 1;
    for (unsigned i = 0; i < job->piece_count; i++) {
        rt_word_acquire(&job->lock);
        bool more = job_take_locked(job, &job->pieces[i]);
        job->busy += more;
        rt_word_release(&job->lock);
        if (!more)
            break;
        piece_start(&job->pieces[i]);
    }
    rt_word_acquire(&job->lock);
    bool last = --job->busy == 0;
    rt_word_release(&job->lock);
    if (last)
        job_settle(job);
}

static bool
job_flushes_after(const struct disk *disk, const struct disk_io *io)
{
    uint8_t mode = atomic_load(&disk->fua_mode);

    if (!(io->flags & DISK_FUA) || io->op == DISK_READ || mode == DISK_FUA_FREE)
        return false;
    /* UNMAP and WRITE SAME have no FUA bit. */
    return mode == DISK_FUA_AFTER || io->op != DISK_WRITE;
}

void
job_submit(struct disk *disk, struct disk_io *io)
{
    uint64_t first = io->offset, end = io->offset + io->bytes;

    if (io->op == DISK_TRIM && !trim_clip(disk, &first, &end)) {
        io_answer(disk, io, 0);
        return;
    }
    struct job *job = job_create(disk, io);
    if (!job) {
        io_answer(disk, io, -ENOMEM);
        return;
    }
    job->first = job->next = first;
    job->end = end;
    job->same = io->op == DISK_ZERO && disk->info.write_same;
    job->flush_after = job_flushes_after(disk, io);
    job->ranged = io->op != DISK_READ;
    job->range.first = first >> disk->block_shift;
    job->range.last = (end - 1) >> disk->block_shift;
    job->range.exclusive = job->ranged && split_is_partial(disk, io) && io->op != DISK_TRIM;

    uint8_t irql = rt_irql_raise(RT_IRQL_DISPATCH);
    if (job->ranged)
        job->state = JOB_STATE_WAITING;
    if (!job->ranged || range_acquire(disk, &job->range))
        job_run(job);
    rt_irql_lower(irql);
}
