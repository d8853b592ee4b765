/* Requests at and over each limit of adapter and unit, from memory of every alignment. */
#include "fake.h"

#define MEMORY_BYTES (1u << 20)

static uint8_t *memory, *copy;

/* Writes, compares the medium, reads back into other memory at the same place of a page. */
static void
round_trip(struct disk *disk, uint64_t offset, unsigned into_page, uint64_t bytes)
{
    uint8_t *out = memory + into_page, *in = copy + into_page;

    for (uint64_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(rand() >> 7);
    memset(in, 0, bytes);
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, offset, out, bytes), 0);
    CHECK(!memcmp(fake.memory + offset, out, bytes));
    CHECK_EQ(fake_io(disk, DISK_READ, 0, offset, in, bytes), 0);
    CHECK(!memcmp(in, out, bytes));
}

static unsigned
commands_of(struct disk *disk, unsigned into_page, uint64_t bytes)
{
    fake.logged = 0;
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, memory + into_page, bytes), 0);
    return fake.logged;
}

static void
limits_of_breaks(void)
{
    fake_reset();
    fake.adapter.physical_breaks = 17;
    struct disk *disk = fake_open();
    struct disk_stats stats;

    CHECK_EQ(commands_of(disk, 0, 17 * 4096), 1);
    CHECK_EQ(commands_of(disk, 0, 17 * 4096 + 512), 2);
    disk_stats(disk, &stats);
    CHECK_EQ(stats.splits, 1);
    /* An unaligned first page takes an element of its own. */
    CHECK_EQ(commands_of(disk, 512, 17 * 4096), 2);
    CHECK_EQ(commands_of(disk, 512, 17 * 4096 - 512), 1);
    CHECK_EQ(commands_of(disk, 4095, 16 * 4096 + 512), 2);
    CHECK_EQ(commands_of(disk, 4095, 16 * 4096), 1);
    round_trip(disk, 0, 3, 900 * 1024);
    fake_close(disk);
}

static void
limits_of_bytes(void)
{
    fake_reset();
    fake.adapter.max_transfer_bytes = 65536 + 100; /* whole blocks of it count */
    struct disk *disk = fake_open();
    CHECK_EQ(disk_info(disk)->transfer_max_bytes, 65536);
    CHECK_EQ(commands_of(disk, 0, 65536), 1);
    CHECK_EQ(commands_of(disk, 0, 65536 + 512), 2);
    CHECK_EQ(commands_of(disk, 0, 16 * 65536), 16);
    fake_close(disk);

    fake_reset();
    fake.has_limits = true;
    fake.limits.transfer_blocks_max = 24;
    fake.limits.transfer_blocks_optimal = 16;
    disk = fake_open();
    CHECK_EQ(disk_info(disk)->transfer_max_bytes, 24 * 512);
    CHECK_EQ(disk_info(disk)->transfer_optimal_bytes, 16 * 512);
    CHECK_EQ(commands_of(disk, 0, 24 * 512), 1);
    CHECK_EQ(commands_of(disk, 0, 25 * 512), 2);
    fake_close(disk);
}

static void
alignment(void)
{
    fake_reset();
    fake.adapter.alignment_mask = 3;
    struct disk *disk = fake_open();

    CHECK_EQ(commands_of(disk, 4, 8192), 1);
    CHECK(fake.log[0].memory == memory + 4);
    CHECK_EQ(commands_of(disk, 2, 8192), 1);
    CHECK(fake.log[0].memory != memory + 2); /* bounced */
    round_trip(disk, 0, 1, 900 * 1024);
    round_trip(disk, 512 * 3 + 5, 2, 300 * 1024 + 7);
    fake_close(disk);
}

/* Small unaligned requests are not torn: one command, or one read and one write. */
static void
joined(void)
{
    fake_reset();
    struct disk *disk = fake_open();

    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, memory, 1000), 0);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 300, memory, 5000), 0);
    CHECK_EQ(fake.logged, 2);
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, 300, memory, 5000), 0);
    CHECK_EQ(fake.logged, 4);
    /* A large one patches its edges only. */
    fake.logged = 0;
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, 300, memory, 500000), 0);
    CHECK_EQ(fake_count(CDB_OP_READ10), 2);
    CHECK_EQ(fake_count(CDB_OP_WRITE10), 3);
    fake_close(disk);
}

/* Every combination of tight limits, offsets and sizes: the fake port checks each command. */
static void
all_together(void)
{
    static const uint32_t breaks[] = {0, 1, 2, 17, UINT32_MAX};
    static const uint32_t masks[] = {0, 3, 7, 511, 1023};
    static const uint32_t most[] = {512, 4096, 12288 + 512, 65536, UINT32_MAX};

    for (unsigned n = 0; n < 5 * 5 * 5 * 2; n++) {
        fake_reset();
        fake.adapter.physical_breaks = breaks[n % 5];
        fake.adapter.alignment_mask = masks[n / 5 % 5];
        fake.adapter.max_transfer_bytes = most[n / 25 % 5];
        fake.block_shift = n / 125 ? 12 : 9;
        if (fake.adapter.max_transfer_bytes < 1u << fake.block_shift)
            continue;
        fake.blocks = fake.kept_blocks = MEMORY_BYTES >> fake.block_shift;
        struct disk *disk = fake_open();
        for (unsigned i = 0; i < 40; i++) {
            uint64_t offset = (uint64_t)rand() % 40000, bytes = 1 + (uint64_t)rand() % 40000;
            unsigned into_page = (unsigned)rand() % 4096;
            if (i % 2)
                into_page &= ~511u;
            if (i % 3 == 0) {
                offset &= ~511ull;
                bytes = (bytes + 511) & ~511ull;
            }
            fake.logged = 0;
            round_trip(disk, offset, into_page, bytes);
        }
        fake_close(disk);
    }
}

int
main(void)
{
    memory = aligned_alloc(4096, MEMORY_BYTES + 8192);
    copy = aligned_alloc(4096, MEMORY_BYTES + 8192);
    limits_of_breaks();
    limits_of_bytes();
    alignment();
    joined();
    all_together();
    free(memory);
    free(copy);
    return 0;
}
