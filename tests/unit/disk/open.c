/* Opening: units that must be woken, units of several ages, units that cannot be a disk. */
#include "fake.h"

#define READY CDB_OP_TEST_UNIT_READY

static void
fails(int error, const char *text)
{
    struct disk *disk;
    char *said = NULL;

    CHECK_EQ(disk_open(fake_unit(), &disk, &said), error);
    CHECK(!disk && said);
    if (!strstr(said, text) || !strstr(said, "unit 3.0.1.0: ")) {
        fprintf(stderr, "said \"%s\", not \"%s\"\n", said, text);
        exit(1);
    }
    free(said);
    CHECK_EQ(fake.live, 0);
    CHECK_EQ(fake.references, 0);
    CHECK_EQ(fake.released, fake.frozen);
}

static void
waking(void)
{
    fake_reset();
    fake_script_sense(READY, 3, SENSE_KEY_UNIT_ATTENTION, 0x29, 0);
    fake_script_sense(READY, 1, SENSE_KEY_NOT_READY, 0x04, 0x02);
    fake_script_sense(READY, 10, SENSE_KEY_NOT_READY, 0x04, 0x01);
    struct disk *disk = NULL;
    CHECK_EQ(disk_open(fake_unit(), &disk, NULL), 0);
    CHECK_EQ(fake_count(CDB_OP_START_STOP_UNIT), 1);
    CHECK_EQ(fake_last(CDB_OP_START_STOP_UNIT)->cdb[4] & 1, 1);
    CHECK_EQ(fake_count(READY), 15);
    CHECK_EQ(fake.now_ns, 11 * 500000000ull);
    fake_close(disk);

    fake_reset();
    fake_script_sense(READY, 100000, SENSE_KEY_NOT_READY, 0x04, 0x01);
    fails(-ETIMEDOUT, "does not become ready (NOT READY");
    CHECK(fake.now_ns >= 30000000000ull);
    fake_reset();
    fake_script_sense(READY, 100000, SENSE_KEY_NOT_READY, 0x04, 0x02);
    fails(-EIO, "even after START UNIT");
    fake_reset();
    fake_script_sense(READY, 100000, SENSE_KEY_NOT_READY, 0x3a, 0);
    fails(-ENOMEDIUM, "no medium");
    fake_reset();
    fake_script_status(READY, 100000, SRB_STATUS_NO_DEVICE, 0);
    fails(-ENODEV, "gone");
    fake_reset();
    fake_script_status(READY, 100000, SRB_STATUS_TIMEOUT, 0);
    fails(-ETIMEDOUT, "look for the adapter's messages");
}

static void
refusals(void)
{
    fake_reset();
    fake.inquiry_type = 1;
    fails(-EMEDIUMTYPE, "no disk");
    fake_reset();
    fake.block_shift = 8;
    fails(-EMEDIUMTYPE, "blocks of 256 bytes");
    fake_reset();
    fake.adapter.max_transfer_bytes = 256;
    fails(-EINVAL, "at most 256 bytes");
    fake_reset();
    fake_script_sense(CDB_OP_SERVICE_ACTION_IN16, 100, SENSE_KEY_MEDIUM_ERROR, 0x11, 0);
    fails(-EIO, "READ CAPACITY failed");
    fake_reset();
    fake_script_status(CDB_OP_MODE_SENSE6, 100, SRB_STATUS_SELECTION_TIMEOUT, 0);
    fails(-ENODEV, "MODE SENSE failed");
}

static void
ages(void)
{
    /* Old: the ten-byte command first. */
    fake_reset();
    fake.inquiry_version = 2;
    struct disk *disk = NULL;
    CHECK_EQ(disk_open(fake_unit(), &disk, NULL), 0);
    CHECK_EQ(fake_count(CDB_OP_READ_CAPACITY10), 1);
    CHECK_EQ(fake_count(CDB_OP_SERVICE_ACTION_IN16), 0);
    CHECK_EQ(fake_count(CDB_OP_INQUIRY), 0);
    CHECK_EQ(disk_info(disk)->bytes, 1 << 20);
    fake_close(disk);

    /* Old and large: then the long one. */
    fake_reset();
    fake.inquiry_version = 2;
    fake.blocks = 1ull << 33;
    CHECK_EQ(disk_open(fake_unit(), &disk, NULL), 0);
    CHECK_EQ(fake_count(CDB_OP_SERVICE_ACTION_IN16), 1);
    CHECK_EQ(disk_info(disk)->bytes, 1ull << 42);
    fake_close(disk);

    /* New, yet without the long one. */
    fake_reset();
    fake.no_capacity16 = true;
    disk = fake_open();
    CHECK_EQ(disk_info(disk)->bytes, 1 << 20);
    /* It grows, and is asked with the command that it has. */
    fake.blocks = 1024;
    fake_script_sense(CDB_OP_READ10, 1, SENSE_KEY_UNIT_ATTENTION, 0x2a, 9);
    uint8_t block[512];
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, block, 512), 0);
    CHECK_EQ(disk_info(disk)->bytes, 1 << 19);
    fake_close(disk);

    /* Its cache is switched, and it is asked with the MODE SENSE that it has. */
    fake_reset();
    fake.no_mode6 = true;
    fake.wce = false;
    disk = fake_open();
    CHECK(!disk_info(disk)->write_cache);
    fake.wce = true;
    fake_script_sense(CDB_OP_READ10, 1, SENSE_KEY_UNIT_ATTENTION, 0x2a, 1);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, block, 512), 0);
    CHECK(disk_info(disk)->write_cache);
    fake_close(disk);

    /* Pages that the scan did not bring are asked for. */
    fake_reset();
    fake.vpd_by_inquiry = fake.has_limits = fake.lbpu = true;
    fake.limits.transfer_blocks_max = 8;
    disk = fake_open();
    CHECK_EQ(disk_info(disk)->transfer_max_bytes, 4096);
    CHECK(disk_info(disk)->unmap);
    fake_close(disk);
}

static void
properties(void)
{
    uint8_t block[512] = {0};

    fake_reset();
    fake.write_protected = fake.removable = true;
    fake.registry_key = "Services\\fake\\Parameters";
    fake.registry_value = 7;
    struct disk *disk = fake_open();
    CHECK(disk_info(disk)->read_only && disk_info(disk)->removable);
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, 0, block, 512), -EROFS);
    CHECK_EQ(fake_io(disk, DISK_ZERO, 0, 0, NULL, 512), -EROFS);
    CHECK_EQ(fake_io(disk, DISK_TRIM, 0, 0, NULL, 512), -EROFS);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, block, 512), 0);
    CHECK_EQ(fake.log[0].timeout_s, 7);
    fake_close(disk);

    fake_reset();
    fake.registry_key = "Services\\disk";
    fake.registry_value = 90;
    disk = fake_open();
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, block, 512), 0);
    CHECK_EQ(fake.log[0].timeout_s, 90);
    fake_close(disk);
    disk_close(NULL);
}

int
main(void)
{
    waking();
    refusals();
    ages();
    properties();
    return 0;
}
