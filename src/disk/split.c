/*
 * Arithmetic of splitting: what one command may carry from a given piece of memory, and how a
 * request falls into chunks. Sends nothing, keeps nothing.
 *
 * The rule of "Storage Class Driver's SplitTransferRequest Routine": no more than
 * MaximumTransferLength, and, as nobody can know which pages will be neighbours on the bus, every
 * page touched counts as one element of the scatter/gather list.
 */
#include "disk_priv.h"

static uint64_t
block_floor(const struct disk *disk, uint64_t bytes)
{
    return bytes & ~((uint64_t)disk_block_bytes(disk) - 1);
}

static uint64_t
block_ceil(const struct disk *disk, uint64_t bytes)
{
    return block_floor(disk, bytes + disk_block_bytes(disk) - 1);
}

static uint64_t
least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Parts of a transfer but the last are multiples of this, so that the next begins aligned again. */
static uint32_t
split_granule(const struct disk *disk)
{
    uint32_t block = disk_block_bytes(disk);
    return disk->alignment_mask >= block ? disk->alignment_mask + 1 : block;
}

/* Bytes that the scatter/gather list spans when the memory begins so far into a page. */
static uint64_t
split_span(const struct disk *disk, uint32_t into_page)
{
    if (disk->segment_pages == UINT32_MAX)
        return UINT32_MAX;
    return (uint64_t)disk->segment_pages * RT_PAGE_BYTES - into_page;
}

/* Whether this memory, and all that follows it granule by granule, can go without a bounce. */
static bool
split_is_direct(const struct disk *disk, const void *memory)
{
    uintptr_t address = (uintptr_t)memory;
    uint32_t granule = split_granule(disk);

    if ((address & disk->alignment_mask) || granule > disk->info.transfer_max_bytes)
        return false;
    if (disk->segment_pages == UINT32_MAX || split_span(disk, RT_PAGE_BYTES - 1) >= granule)
        return true;
    return !(address & (granule - 1)) && split_span(disk, 0) >= granule && granule <= RT_PAGE_BYTES;
}

uint32_t
split_direct_bytes(const struct disk *disk, const void *memory, uint64_t bytes)
{
    if (!split_is_direct(disk, memory))
        return 0;
    uint64_t most = least(bytes, disk->info.transfer_max_bytes);
    most = least(most, split_span(disk, (uintptr_t)memory & (RT_PAGE_BYTES - 1)));
    if (most < bytes)
        most &= ~((uint64_t)split_granule(disk) - 1);
    return (uint32_t)block_floor(disk, most);
}

bool
split_is_partial(const struct disk *disk, const struct disk_io *io)
{
    return (io->offset | io->bytes) & (disk_block_bytes(disk) - 1);
}

bool
split_is_short(const struct disk *disk, const struct disk_io *io)
{
    uintptr_t address = (uintptr_t)io->buffer;

    if (split_is_partial(disk, io) || io->bytes > disk->info.transfer_max_bytes ||
        (address & disk->alignment_mask))
        return false;
    return io->bytes <= split_span(disk, address & (RT_PAGE_BYTES - 1));
}

/* The most that goes through one bounce buffer; it begins at a page. */
static uint32_t
split_bounce_max(const struct disk *disk, uint32_t bytes)
{
    uint64_t most = least(bytes, disk->info.transfer_max_bytes);
    most = block_floor(disk, least(most, split_span(disk, 0)));
    return most ? (uint32_t)most : disk_block_bytes(disk);
}

uint32_t
split_bounce_bytes(const struct disk *disk, const struct disk_io *io)
{
    uint32_t block = disk_block_bytes(disk), need = 0;
    uint64_t first = block_ceil(disk, io->offset), end = block_floor(disk, io->offset + io->bytes);

    if (split_is_partial(disk, io)) {
        uint64_t cover = block_ceil(disk, io->offset + io->bytes) - block_floor(disk, io->offset);
        need = block;
        if (cover <= split_bounce_max(disk, JOB_JOIN_BYTES))
            need = (uint32_t)cover;
    }
    if ((io->op == DISK_READ || io->op == DISK_WRITE) && first < end &&
        !split_is_direct(disk, (const uint8_t *)io->buffer + (first - io->offset))) {
        uint32_t most = split_bounce_max(disk, JOB_BOUNCE_BYTES_MAX);
        uint32_t middle = (uint32_t)least(end - first, most);
        need = middle > need ? middle : need;
    }
    return need;
}

static void
split_take_partial(const struct job *job, uint64_t cover, struct chunk *out)
{
    const struct disk *disk = job->disk;
    uint32_t block = disk_block_bytes(disk);
    uint64_t left = job->end - job->next;
    bool whole = cover <= job->bounce_bytes && cover <= split_bounce_max(disk, JOB_JOIN_BYTES);

    out->method = PIECE_BOUNCED;
    out->patch = job->io->op != DISK_READ;
    out->bytes = whole ? left : least(left, block - (job->next & (block - 1)));
    out->blocks = whole ? (uint32_t)(cover >> disk->block_shift) : 1;
}

void
split_take(const struct job *job, struct chunk *out)
{
    const struct disk *disk = job->disk;
    const struct disk_io *io = job->io;
    uint32_t block = disk_block_bytes(disk);
    uint64_t cover = block_ceil(disk, job->end) - block_floor(disk, job->next);
    uint64_t left = job->end - job->next, middle = block_floor(disk, left);
    bool here = (job->next & (block - 1)) || left < block;
    bool ahead = job->end & (block - 1);

    *out = (struct chunk){.offset = job->next, .lba = job->next >> disk->block_shift};
    if (here ||
        (ahead && cover <= job->bounce_bytes && cover <= split_bounce_max(disk, JOB_JOIN_BYTES))) {
        split_take_partial(job, cover, out);
        return;
    }
    if (io->op == DISK_ZERO && job->same) {
        out->method = PIECE_SAME;
        out->blocks = same_blocks_max(disk, out->lba, middle >> disk->block_shift);
    } else if (io->op == DISK_ZERO) {
        out->method = PIECE_ZEROES;
        out->blocks = (uint32_t)(least(middle, disk->zero_bytes) >> disk->block_shift);
    } else {
        const uint8_t *memory = (const uint8_t *)io->buffer + (job->next - io->offset);
        uint32_t direct = split_direct_bytes(disk, memory, middle);
        out->method = direct ? PIECE_DIRECT : PIECE_BOUNCED;
        uint64_t bytes = direct ? direct : least(middle, job->bounce_bytes);
        out->blocks = (uint32_t)(bytes >> disk->block_shift);
    }
    out->bytes = (uint64_t)out->blocks << disk->block_shift;
}
