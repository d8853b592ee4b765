/*
 * Giving blocks back: UNMAP or WRITE SAME(16) with its UNMAP bit, whichever the unit's page B2h
 * names, within the limits of page B0h; and WRITE SAME for zeroing. Chunks and CDBs only; job.c
 * sends.
 */
#include "disk_priv.h"

#include <string.h>

#include "srb.h"

/* WRITE SAME where B0h names no limit: what devices without one are known to take. */
#define SAME_BLOCKS_DEFAULT 0x7fffffu

/* Blocks of one unmap granule, and where granules begin (SBC-3 4.7.3.4). */
static uint64_t
trim_granule(const struct disk *disk, uint64_t *phase)
{
    const struct vpd_block_limits *limits = &disk->limits;
    uint64_t granule = limits->unmap_granularity_blocks ? limits->unmap_granularity_blocks : 1;

    *phase = limits->unmap_alignment_valid ? limits->unmap_alignment_blocks % granule : 0;
    return granule;
}

static uint64_t
granule_floor(uint64_t lba, uint64_t granule, uint64_t phase)
{
    return lba < phase ? 0 : lba - (lba - phase) % granule;
}

static uint64_t
granule_ceil(uint64_t lba, uint64_t granule, uint64_t phase)
{
    if (lba <= phase)
        return phase;
    return phase + (lba - phase + granule - 1) / granule * granule;
}

bool
trim_clip(const struct disk *disk, uint64_t *first, uint64_t *end)
{
    uint64_t phase, granule = trim_granule(disk, &phase);
    uint64_t block = disk_block_bytes(disk);
    uint64_t from = (*first + block - 1) >> disk->block_shift;
    uint64_t to = *end >> disk->block_shift;

    from = granule_ceil(from, granule, phase);
    /* The last granule of the disk may be a short one. */
    if (to != atomic_load(&disk->blocks))
        to = granule_floor(to, granule, phase);
    *first = from << disk->block_shift;
    *end = to << disk->block_shift;
    return from < to;
}

static uint64_t
trim_blocks_max(const struct disk *disk)
{
    const struct vpd_block_limits *limits = &disk->limits;

    if (disk->unmap_command)
        return limits->unmap_blocks_max ? limits->unmap_blocks_max : UINT32_MAX;
    uint64_t most = limits->write_same_blocks_max;
    if (!most)
        most = SAME_BLOCKS_DEFAULT;
    return most < UINT32_MAX ? most : UINT32_MAX;
}

/* A command ends at a granule where it can: else the unit would keep both halves of one. */
static uint32_t
blocks_take(uint64_t lba, uint64_t blocks, uint64_t most, uint64_t granule, uint64_t phase)
{
    if (blocks <= most)
        return (uint32_t)blocks;
    uint64_t to = granule_floor(lba + most, granule, phase);
    return (uint32_t)(to > lba ? to - lba : most);
}

void
trim_take(const struct job *job, struct chunk *out)
{
    const struct disk *disk = job->disk;
    uint64_t phase, granule = trim_granule(disk, &phase);
    uint64_t blocks = (job->end - job->next) >> disk->block_shift;

    *out = (struct chunk){.offset = job->next, .lba = job->next >> disk->block_shift};
    out->method = disk->unmap_command ? PIECE_UNMAP : PIECE_SAME;
    out->blocks = blocks_take(out->lba, blocks, trim_blocks_max(disk), granule, phase);
    out->bytes = (uint64_t)out->blocks << disk->block_shift;
}

uint32_t
same_blocks_max(const struct disk *disk, uint64_t lba, uint64_t blocks)
{
    uint64_t phase, granule = trim_granule(disk, &phase);
    uint64_t most = disk->limits.write_same_blocks_max;

    if (!most)
        most = SAME_BLOCKS_DEFAULT;
    if (most > UINT32_MAX)
        most = UINT32_MAX;
    return blocks_take(lba, blocks, most, granule, phase);
}

/* One range per command: it fits any "maximum unmap block descriptor count". */
void
trim_set(struct piece *piece)
{
    const uint32_t bytes = UNMAP_HEADER_BYTES + UNMAP_DESCRIPTOR_BYTES;
    struct cdb cdb;

    memset(piece->bounce, 0, bytes);
    unmap_header_put(piece->bounce, 1);
    unmap_descriptor_put(piece->bounce, 0, piece->chunk.lba, piece->chunk.blocks);
    cdb_unmap(&cdb, (uint16_t)bytes);
    command_set(&piece->command, &cdb, SRB_FLAGS_DATA_OUT, piece->bounce, bytes);
}

/* The UNMAP bit keeps the promise of zeroes only where LBPRZ says so (SBC-3 4.7.3.4.3). */
static bool
same_unmaps(const struct piece *piece)
{
    const struct disk *disk = piece->job->disk;
    const struct disk_io *io = piece->job->io;

    if (io->op == DISK_TRIM)
        return true;
    return (io->flags & DISK_MAY_TRIM) && disk->unmap_by_same && disk->info.unmap_reads_zero;
}

void
same_set(struct piece *piece)
{
    struct disk *disk = piece->job->disk;
    struct cdb cdb;

    cdb_write_same16(&cdb, piece->chunk.lba, piece->chunk.blocks, same_unmaps(piece), false);
    command_set(&piece->command, &cdb, SRB_FLAGS_DATA_OUT, disk->zero, disk_block_bytes(disk));
}
