/* What makes data durable, for each kind of cache: flushes, FUA, and units that lack a command. */
#include "fake.h"

#define SYNC10 CDB_OP_SYNCHRONIZE_CACHE10
#define SYNC16 CDB_OP_SYNCHRONIZE_CACHE16
#define ADAPTER FAKE_FUNCTION(SRB_FUNCTION_FLUSH)

static uint8_t block[4096];

static void
flushes(bool wce, bool caches_data, unsigned syncs, unsigned functions)
{
    fake_reset();
    fake.wce = wce;
    fake.adapter.caches_data = caches_data;
    struct disk *disk = fake_open();
    CHECK_EQ(fake_io(disk, DISK_FLUSH, 0, 0, NULL, 0), 0);
    CHECK_EQ(fake_count(SYNC10), syncs);
    CHECK_EQ(fake_count(ADAPTER), functions);
    CHECK_EQ(fake.logged, syncs + functions);
    if (syncs && functions)
        CHECK(!fake.log[0].function && fake.log[1].function == SRB_FUNCTION_FLUSH);
    CHECK_EQ(disk_info(disk)->write_cache, wce || caches_data);
    fake_close(disk);
}

/* A FUA write, short or of several commands: its bit, and what follows it. */
static void
fua(bool wce, bool dpofua, bool caches_data, bool bit, unsigned syncs, unsigned functions)
{
    for (unsigned bytes = 512; bytes <= 4096; bytes += 3584) {
        fake_reset();
        fake.wce = wce;
        fake.dpofua = dpofua;
        fake.adapter.caches_data = caches_data;
        fake.adapter.max_transfer_bytes = 2048;
        struct disk *disk = fake_open();
        CHECK_EQ(fake_io(disk, DISK_WRITE, DISK_FUA, 0, block, bytes), 0);
        unsigned writes = bytes == 512 ? 1 : 2;
        CHECK_EQ(fake_count(CDB_OP_WRITE10), writes);
        for (unsigned i = 0; i < writes; i++)
            CHECK_EQ(fake.log[i].info.fua, bit);
        CHECK_EQ(fake_count(SYNC10), syncs);
        CHECK_EQ(fake_count(ADAPTER), functions);
        CHECK_EQ(fake.logged, writes + syncs + functions);
        /* Without the flag nothing of it. */
        fake.logged = 0;
        CHECK_EQ(fake_io(disk, DISK_WRITE, 0, 0, block, bytes), 0);
        CHECK_EQ(fake.logged, writes);
        CHECK(!fake.log[0].info.fua);
        CHECK_EQ(!!(fake.log[0].flags & SRB_FLAGS_ADAPTER_CACHE_ENABLE), caches_data);
        fake_close(disk);
    }
}

/* A partial FUA write: the bit is on its write, not on its read. */
static void
fua_partial(void)
{
    fake_reset();
    struct disk *disk = fake_open();
    CHECK_EQ(fake_io(disk, DISK_WRITE, DISK_FUA, 3, block, 5), 0);
    CHECK(!fake_last(CDB_OP_READ10)->info.fua && fake_last(CDB_OP_WRITE10)->info.fua);
    CHECK_EQ(fake.logged, 2);
    fake_close(disk);
}

static void
lacking(void)
{
    /* It says that it caches and cannot flush: never a silent success. */
    fake_reset();
    fake.no_sync10 = fake.no_sync16 = true;
    struct disk *disk = fake_open();
    CHECK_EQ(fake_io(disk, DISK_FLUSH, 0, 0, NULL, 0), -EOPNOTSUPP);
    fake_close(disk);

    /* The 16-byte one will do, and is remembered. */
    fake_reset();
    fake.no_sync10 = true;
    disk = fake_open();
    CHECK_EQ(fake_io(disk, DISK_FLUSH, 0, 0, NULL, 0), 0);
    CHECK_EQ(fake_io(disk, DISK_FLUSH, 0, 0, NULL, 0), 0);
    CHECK_EQ(fake_count(SYNC10), 1);
    CHECK_EQ(fake_count(SYNC16), 2);
    fake_close(disk);

    /* No caching page: it is asked to flush, until it says that it cannot. */
    fake_reset();
    fake.no_caching_page = true;
    fake.dpofua = false;
    disk = fake_open();
    CHECK_EQ(fake_io(disk, DISK_WRITE, DISK_FUA, 0, block, 512), 0);
    CHECK_EQ(fake_count(SYNC10), 1);
    fake.no_sync10 = fake.no_sync16 = true;
    CHECK_EQ(fake_io(disk, DISK_FLUSH, 0, 0, NULL, 0), 0);
    fake.logged = 0;
    CHECK_EQ(fake_io(disk, DISK_FLUSH, 0, 0, NULL, 0), 0);
    CHECK_EQ(fake.logged, 0);
    fake_close(disk);

    /* MODE SENSE(10) where the 6-byte one is unknown. */
    fake_reset();
    fake.no_mode6 = true;
    fake.wce = false;
    disk = fake_open();
    CHECK(!disk_info(disk)->write_cache);
    fake_close(disk);
}

static void
errors(void)
{
    fake_reset();
    fake.adapter.caches_data = true;
    struct disk *disk = fake_open();
    fake_script_status(ADAPTER, 1, SRB_STATUS_NO_DEVICE, 0);
    CHECK_EQ(fake_io(disk, DISK_FLUSH, 0, 0, NULL, 0), -ENODEV);
    fake_script_sense(SYNC10, 1, SENSE_KEY_MEDIUM_ERROR, 0x0c, 0);
    CHECK_EQ(fake_io(disk, DISK_FLUSH, 0, 0, NULL, 0), -EIO);
    CHECK_EQ(fake_count(ADAPTER), 1); /* not after a failed SYNCHRONIZE CACHE */
    fake_script_sense(SYNC10, 1, SENSE_KEY_UNIT_ATTENTION, 0x29, 0);
    CHECK_EQ(fake_io(disk, DISK_FLUSH, 0, 0, NULL, 0), 0);
    fake_close(disk);

    /* The flush after a FUA write fails: so does the write. */
    fake_reset();
    fake.dpofua = false;
    disk = fake_open();
    fake_script_sense(SYNC10, 1, SENSE_KEY_MEDIUM_ERROR, 0x0c, 0);
    CHECK_EQ(fake_io(disk, DISK_WRITE, DISK_FUA, 0, block, 512), -EIO);
    /* The cache was switched off meanwhile: FUA asks for nothing more. */
    fake.wce = false;
    fake_script_sense(CDB_OP_READ10, 1, SENSE_KEY_UNIT_ATTENTION, 0x2a, 1);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, block, 512), 0);
    CHECK(!disk_info(disk)->write_cache);
    fake.logged = 0;
    CHECK_EQ(fake_io(disk, DISK_WRITE, DISK_FUA, 0, block, 512), 0);
    CHECK_EQ(fake.logged, 1);
    fake_close(disk);
}

int
main(void)
{
    flushes(true, false, 1, 0);
    flushes(true, true, 1, 1);
    flushes(false, true, 0, 1);
    flushes(false, false, 0, 0);
    fua(false, false, false, false, 0, 0);
    fua(false, true, false, false, 0, 0);
    fua(true, true, false, true, 0, 0);
    fua(true, false, false, false, 1, 0);
    fua(true, true, true, true, 0, 0);
    fua(true, false, true, false, 1, 1);
    fua(false, false, true, false, 0, 1);
    fua_partial();
    lacking();
    errors();
    return 0;
}
