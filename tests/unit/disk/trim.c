/* Trim and zero: which command, how cut, what becomes of the edges. */
#include "fake.h"

#define ALL (1u << 20)

static void
provision(bool lbpu, bool lbpws)
{
    fake_reset();
    fake.lbpme = fake.lbprz = true;
    fake.lbpu = lbpu;
    fake.lbpws = lbpws;
    fake.has_limits = true;
}

static void
fill(void)
{
    memset(fake.memory, 0x55, ALL);
    memset(fake.mapped, 1, fake.kept_blocks);
}

/* Bytes from..to are gone, the rest stays. */
static void
gone(uint64_t from, uint64_t to)
{
    for (uint64_t i = 0; i < ALL; i++)
        if (fake.memory[i] != (i >= from && i < to ? 0 : 0x55)) {
            fprintf(stderr, "byte %llu is %02x\n", (unsigned long long)i, fake.memory[i]);
            exit(1);
        }
}

static void
by_unmap(void)
{
    provision(true, false);
    fake.limits.unmap_blocks_max = 64;
    fake.limits.unmap_descriptors_max = 1;
    fake.limits.unmap_granularity_blocks = 8;
    struct disk *disk = fake_open();
    CHECK(disk_info(disk)->unmap && disk_info(disk)->unmap_reads_zero);
    CHECK_EQ(disk_info(disk)->unmap_granularity_bytes, 4096);
    fill();
    /* 130 granules in commands of at most 64 blocks; the unaligned edges stay. */
    CHECK_EQ(fake_io(disk, DISK_TRIM, 0, 4096 - 700, NULL, 700 + 130 * 4096 + 900), 0);
    CHECK_EQ(fake_count(CDB_OP_UNMAP), (130 * 8 + 63) / 64);
    CHECK_EQ(fake.logged, fake_count(CDB_OP_UNMAP));
    gone(4096, 131 * 4096);
    /* Less than a granule: nothing to do. */
    fake.logged = 0;
    CHECK_EQ(fake_io(disk, DISK_TRIM, 0, 4095, NULL, 4096), 0);
    CHECK_EQ(fake.logged, 0);
    fake_close(disk);

    /* Granules that do not begin at 0, and a limit that is no multiple of them. */
    provision(true, false);
    fake.limits.unmap_blocks_max = 21;
    fake.limits.unmap_granularity_blocks = 8;
    fake.limits.unmap_alignment_valid = true;
    fake.limits.unmap_alignment_blocks = 3;
    disk = fake_open();
    fill();
    CHECK_EQ(fake_io(disk, DISK_TRIM, 0, 0, NULL, 100 * 512), 0);
    gone(3 * 512, (3 + 12 * 8) * 512);
    for (unsigned i = 0; i < fake.logged; i++)
        CHECK_EQ(fake.log[i].bytes, 24);
    CHECK_EQ(fake.logged, 6); /* two granules each */
    /* To the end of the disk, where the last granule is a short one. */
    CHECK_EQ(fake_io(disk, DISK_TRIM, DISK_FUA, ALL - 20 * 512, NULL, 20 * 512), 0);
    CHECK(fake.memory[ALL - 1] == 0 && !fake.mapped[2047]);
    CHECK_EQ(fake_count(CDB_OP_SYNCHRONIZE_CACHE10), 1); /* UNMAP has no FUA bit */
    fake_close(disk);
}

static void
by_same(void)
{
    provision(false, true);
    fake.limits.write_same_blocks_max = 100;
    struct disk *disk = fake_open();
    fill();
    CHECK_EQ(fake_io(disk, DISK_TRIM, 0, 100, NULL, 250 * 512), 0);
    CHECK_EQ(fake_count(CDB_OP_WRITE_SAME16), 3);
    CHECK(fake_last(CDB_OP_WRITE_SAME16)->info.unmap);
    gone(512, 250 * 512);
    fake_close(disk);
}

static void
refused(void)
{
    provision(true, false);
    struct disk *disk = fake_open();
    fake_script_sense(CDB_OP_UNMAP, 1, SENSE_KEY_DATA_PROTECT, 0x27, 0);
    CHECK_EQ(fake_io(disk, DISK_TRIM, 0, 0, NULL, 4096), -EROFS);
    fake_script_sense(CDB_OP_UNMAP, 1, SENSE_KEY_UNIT_ATTENTION, 0x38, 7);
    CHECK_EQ(fake_io(disk, DISK_TRIM, 0, 0, NULL, 4096), 0);
    fake_close(disk);
}

/* Zeroing an odd range: the middle as `middle` says, the edges by reading and writing. */
static void
zero(unsigned flags, int middle, bool unmaps)
{
    uint64_t from = 700, bytes = 200000;
    struct disk *disk = fake_open();
    struct disk_stats stats;

    fill();
    CHECK_EQ(fake_io(disk, DISK_ZERO, flags, from, NULL, bytes), 0);
    gone(from, from + bytes);
    disk_stats(disk, &stats);
    CHECK_EQ(stats.read_modify_writes, 2);
    CHECK(fake_count(middle) > 0);
    CHECK_EQ(fake_last(middle)->info.unmap, unmaps);
    CHECK_EQ(fake.mapped[100], !unmaps);
    if (middle != CDB_OP_WRITE10)
        CHECK_EQ(fake_count(CDB_OP_WRITE10), 2);
    /* All in one block. */
    fill();
    CHECK_EQ(fake_io(disk, DISK_ZERO, flags, 513, NULL, 7), 0);
    gone(513, 520);
    fake_close(disk);
}

static void
zeroing(void)
{
    fake_reset();
    zero(0, CDB_OP_WRITE10, false);
    provision(true, false);
    zero(DISK_MAY_TRIM, CDB_OP_WRITE10, false); /* UNMAP promises nothing */
    provision(true, false);
    fake.limits.write_same_blocks_max = 90;
    zero(DISK_MAY_TRIM, CDB_OP_WRITE_SAME16, false);
    provision(false, true);
    zero(0, CDB_OP_WRITE_SAME16, false);
    provision(false, true);
    zero(DISK_MAY_TRIM, CDB_OP_WRITE_SAME16, true);
    provision(false, true);
    fake.lbprz = false;
    zero(DISK_MAY_TRIM, CDB_OP_WRITE_SAME16, false);

    /* It named WRITE SAME and then refuses: zeroes are written, and it is not asked again. */
    provision(false, true);
    fake.no_write_same = true;
    struct disk *disk = fake_open();
    fill();
    CHECK_EQ(fake_io(disk, DISK_ZERO, 0, 512, NULL, ALL - 1024), 0);
    gone(512, ALL - 512);
    CHECK_EQ(fake_count(CDB_OP_WRITE_SAME16), 1);
    CHECK_EQ(fake_io(disk, DISK_ZERO, 0, 0, NULL, ALL), 0);
    CHECK_EQ(fake_count(CDB_OP_WRITE_SAME16), 1);
    gone(0, ALL);
    /* FUA: the zeroes are flushed. */
    CHECK_EQ(fake_count(CDB_OP_SYNCHRONIZE_CACHE10), 0);
    CHECK_EQ(fake_io(disk, DISK_ZERO, DISK_FUA, 0, NULL, 512), 0);
    CHECK_EQ(fake_count(CDB_OP_SYNCHRONIZE_CACHE10), 1);
    fake_close(disk);
}

/* A zero of whole blocks waits for the partial write that it overlaps. */
static unsigned answered;

static void
done(struct disk_io *io)
{
    CHECK_EQ(io->error, 0);
    answered++;
}

static void
ordered(void)
{
    uint8_t part[8] = "abcdefg";

    provision(false, true);
    struct disk *disk = fake_open();
    fake.manual = true;
    struct disk_io w = {.op = DISK_WRITE, .offset = 514, .buffer = part, .bytes = 8, .done = done};
    struct disk_io z = {.op = DISK_ZERO, .offset = 0, .bytes = 4096, .done = done};
    disk_submit(disk, &w);
    disk_submit(disk, &z);
    CHECK_EQ(fake.queued, 1);
    fake_run();
    CHECK_EQ(answered, 2);
    CHECK(fake.memory[514] == 0);
    fake_close(disk);
}

int
main(void)
{
    by_unmap();
    by_same();
    refused();
    zeroing();
    ordered();
    return 0;
}
