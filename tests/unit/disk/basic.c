/* An ordinary disk: opened, read, written, flushed, closed. */
#include "fake.h"

int
main(void)
{
    uint8_t out[8192], in[8192];
    struct disk_stats stats;

    fake_reset();
    struct disk *disk = fake_open();
    CHECK_EQ(disk_info(disk)->bytes, 1 << 20);
    CHECK_EQ(disk_info(disk)->block_bytes, 512);
    CHECK_EQ(disk_info(disk)->physical_block_bytes, 4096);
    CHECK(disk_info(disk)->write_cache && disk_info(disk)->fua && !disk_info(disk)->read_only);
    CHECK(!disk_info(disk)->unmap && !disk_info(disk)->removable);
    CHECK(disk_unit(disk) == fake_unit());

    for (unsigned i = 0; i < sizeof(out); i++)
        out[i] = (uint8_t)(i * 7);
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, 4096, out, sizeof(out)), 0);
    CHECK_EQ(fake.logged, 1);
    CHECK_EQ(fake.log[0].info.lba, 8);
    CHECK_EQ(fake.log[0].info.blocks, 16);
    CHECK_EQ(fake.log[0].timeout_s, 60);
    CHECK(fake.log[0].flags & SRB_FLAGS_QUEUE_ACTION_ENABLE);
    CHECK(!memcmp(fake.memory + 4096, out, sizeof(out)));
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 4096, in, sizeof(in)), 0);
    CHECK(!memcmp(in, out, sizeof(out)));
    CHECK_EQ(fake_io(disk, DISK_FLUSH, 0, 0, NULL, 0), 0);
    CHECK_EQ(fake_count(CDB_OP_SYNCHRONIZE_CACHE10), 1);
    CHECK_EQ(fake_last(CDB_OP_SYNCHRONIZE_CACHE10)->timeout_s, 240);

    /* The short way takes no memory but its request. */
    uint64_t calls = fake.calls;
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, 0, out, 512), 0);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, in, 512), 0);
    CHECK_EQ(fake.calls - calls, 2);

    CHECK_EQ(fake_io(disk, DISK_READ, 0, (1 << 20) - 512, in, 1024), -EINVAL);
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, (1 << 20) - 512, in, 1024), -ENOSPC);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, UINT64_MAX - 100, in, 512), -EINVAL);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 1 << 20, in, 0), 0);
    CHECK_EQ(fake_io(disk, DISK_TRIM, 0, 0, NULL, 4096), -EOPNOTSUPP);
    CHECK_EQ(fake_io(disk, (enum disk_op)77, 0, 0, in, 512), -EINVAL);
    disk_stats(disk, &stats);
    CHECK_EQ(stats.errors, 5);
    CHECK_EQ(stats.retries, 0);
    fake_close(disk);
    return 0;
}
