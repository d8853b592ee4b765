/* Blocks of 4096 bytes, addresses beyond 32 bits, a capacity that changes, extents. */
#include "fake.h"

static uint8_t out[32768], in[32768];

static void
blocks4096(void)
{
    fake_reset();
    fake.block_shift = 12;
    fake.blocks = fake.kept_blocks = 256;
    struct disk *disk = fake_open();
    struct disk_stats stats;

    CHECK_EQ(disk_info(disk)->block_bytes, 4096);
    CHECK_EQ(disk_info(disk)->bytes, 1 << 20);
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, 4096, out, 8192), 0);
    CHECK_EQ(fake.log[0].info.lba, 1);
    CHECK_EQ(fake.log[0].info.blocks, 2);
    /* What 512-byte programs do. */
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, 512 * 7, out, 1024), 0);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 512 * 7, in, 1024), 0);
    CHECK(!memcmp(in, out, 1024));
    disk_stats(disk, &stats);
    CHECK_EQ(stats.read_modify_writes, 1);
    fake_close(disk);
}

/* The ten-byte commands reach to 2 TiB and 32 MiB at once. */
static void
addresses(void)
{
    fake_reset();
    fake.blocks = 1ull << 34;
    struct disk *disk = fake_open();
    uint64_t edge = 1ull << 41;

    CHECK_EQ(fake_io(disk, DISK_READ, 0, edge - 512, in, 512), 0);
    CHECK_EQ(fake.log[0].info.opcode, CDB_OP_READ10);
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, edge, out, 512), 0);
    CHECK_EQ(fake.log[1].info.opcode, CDB_OP_WRITE16);
    CHECK_EQ(fake.log[1].info.lba, 1ull << 32);
    CHECK_EQ(fake_io(disk, DISK_WRITE, DISK_FUA, (1ull << 43) - 1000, out, 1000), 0);
    CHECK(fake_last(CDB_OP_WRITE16)->info.fua);
    CHECK_EQ(fake_last(CDB_OP_WRITE16)->info.lba, (1ull << 34) - 2);
    CHECK_EQ(fake_io(disk, DISK_FLUSH, 0, 0, NULL, 0), 0);
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, (1ull << 43) - 512, out, 1024), -ENOSPC);

    uint8_t *huge = malloc(65536 * 512);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, huge, 65535 * 512), 0);
    CHECK_EQ(fake.log[fake.logged - 1].info.opcode, CDB_OP_READ10);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, huge, 65536 * 512), 0);
    CHECK_EQ(fake.log[fake.logged - 1].info.opcode, CDB_OP_READ16);
    free(huge);
    /* An underrun beyond 2 TiB goes on there. */
    fake_script(&(struct fake_answer){
        .opcode = CDB_OP_READ16, .times = 1, .srb_status = SRB_STATUS_DATA_OVERRUN, .moved = 512});
    CHECK_EQ(fake_io(disk, DISK_READ, 0, edge, in, 1024), 0);
    CHECK_EQ(fake_last(CDB_OP_READ16)->info.lba, (1ull << 32) + 1);
    fake_close(disk);
}

static unsigned answered;

static void
done(struct disk_io *io)
{
    CHECK_EQ(io->error, 0);
    answered++;
}

/* Many commands hear of a change at once: the capacity is read twice at most, not by each. */
static void
many(struct disk *disk)
{
    struct disk_io io[8];

    fake.manual = true;
    fake.logged = 0;
    fake_script_sense(CDB_OP_READ10, 8, SENSE_KEY_UNIT_ATTENTION, 0x2a, 0x09);
    for (unsigned i = 0; i < 8; i++) {
        io[i] = (struct disk_io){.op = DISK_READ, .buffer = in, .bytes = 512, .done = done};
        disk_submit(disk, &io[i]);
    }
    for (unsigned i = 0; i < 8; i++)
        fake_step(0);
    fake_run();
    CHECK_EQ(answered, 8);
    CHECK_EQ(fake_count(CDB_OP_READ10), 16);
    CHECK_EQ(fake_count(CDB_OP_SERVICE_ACTION_IN16), 2);
}

static void
capacity(void)
{
    fake_reset();
    fake.blocks = 1024;
    struct disk *disk = fake_open();

    CHECK_EQ(fake_io(disk, DISK_READ, 0, 1024 * 512, in, 512), -EINVAL);
    fake.blocks = 2048;
    fake_script_sense(CDB_OP_READ10, 1, SENSE_KEY_UNIT_ATTENTION, 0x2a, 0x09);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, in, 512), 0);
    CHECK_EQ(disk_info(disk)->bytes, 1 << 20);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 1024 * 512, in, 512), 0);
    /* It shrank without a word: the first request beyond says so. */
    fake.blocks = 512;
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 1024 * 512, in, 512), -EINVAL);
    CHECK_EQ(disk_info(disk)->bytes, 512 * 512);
    many(disk);
    /* Other blocks: nothing here would be right any more. */
    fake.manual = false;
    fake.block_shift = 12;
    fake.script_count = 0;
    fake_script_sense(CDB_OP_READ10, 1, SENSE_KEY_UNIT_ATTENTION, 0x2a, 0x09);
    fake_io(disk, DISK_READ, 0, 0, in, 32768);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, in, 512), -EIO);
    fake_close(disk);
}

/* ---- extents --------------------------------------------------------------------------- */

static struct {
    uint64_t offset, bytes;
    bool hole;
} extents[32];
static unsigned extent_count;
static int stop_after = 1000;

static int
told(void *ctx, uint64_t offset, uint64_t bytes, bool hole)
{
    CHECK(ctx == &extents && extent_count < 32);
    extents[extent_count].offset = offset;
    extents[extent_count].bytes = bytes;
    extents[extent_count++].hole = hole;
    return (int)extent_count == stop_after ? -ECANCELED : 0;
}

static void
extents_of(struct disk *disk, uint64_t offset, uint64_t bytes, int result)
{
    extent_count = 0;
    CHECK_EQ(disk_extents(disk, offset, bytes, told, &extents), result);
}

static void
allocation(void)
{
    fake_reset();
    fake.lbpme = true;
    struct disk *disk = fake_open();

    for (unsigned i = 0; i < 10; i++)
        memset(fake.mapped + 100 * i, 1, 50); /* 50 mapped, 50 not, … */
    extents_of(disk, 0, 1 << 20, 0);
    CHECK_EQ(extent_count, 20);
    CHECK(!extents[0].hole && extents[0].bytes == 50 * 512);
    CHECK(extents[1].hole && extents[1].offset == 50 * 512 && extents[1].bytes == 50 * 512);
    CHECK(extents[19].hole && extents[19].bytes == (2048 - 950) * 512);
    extents_of(disk, 40 * 512 + 3, 30 * 512, 0);
    CHECK_EQ(extent_count, 2);
    CHECK(extents[0].offset == 40 * 512 + 3 && extents[0].bytes == 10 * 512 - 3);
    CHECK(extents[1].bytes == 20 * 512 + 3);
    stop_after = 3;
    extents_of(disk, 0, 1 << 20, -ECANCELED);
    CHECK_EQ(extent_count, 3);
    stop_after = 1000;
    extents_of(disk, 0, (1 << 20) + 1, -EINVAL);
    extents_of(disk, 512, 0, 0);
    CHECK_EQ(extent_count, 0);
    fake_script_sense(CDB_OP_SERVICE_ACTION_IN16, 1, SENSE_KEY_MEDIUM_ERROR, 0x11, 0);
    extents_of(disk, 0, 4096, -EIO);
    /* News of the capacity comes to whoever asks next. */
    fake.blocks = 1000;
    fake_script_sense(CDB_OP_SERVICE_ACTION_IN16, 1, SENSE_KEY_UNIT_ATTENTION, 0x2a, 0x09);
    extents_of(disk, 0, 4096, 0);
    CHECK_EQ(disk_info(disk)->bytes, 1000 * 512);
    fake.no_lba_status = true;
    extents_of(disk, 512, 4096, 0);
    CHECK_EQ(extent_count, 1);
    CHECK(!extents[0].hole && extents[0].offset == 512 && extents[0].bytes == 4096);
    fake_close(disk);
}

int
main(void)
{
    for (unsigned i = 0; i < sizeof(out); i++)
        out[i] = (uint8_t)(i * 11 + 1);
    blocks4096();
    addresses();
    capacity();
    allocation();
    return 0;
}
