/*
 * Every row of the tables of errors.c, shown by a read: it is retried as often as its action says,
 * gives its errno at the end, and works when the trouble stops in time.
 */
#include "fake.h"

static uint8_t buffer[512];

static unsigned
tries_of(uint8_t action)
{
    switch (action) {
    case VERDICT_RETRY:
        return 1 + COMMAND_TRIES_MAX;
    case VERDICT_WAIT:
        return 1 + COMMAND_WAITS_MAX;
    case VERDICT_ATTENTION:
        return 1 + COMMAND_ATTENTIONS_MAX;
    }
    return 1;
}

static void
row_check(const struct fake_answer *answer, const struct verdict_row *row)
{
    struct fake_answer forever = *answer, once = *answer;
    unsigned tries = tries_of(row->action);

    fake_reset();
    struct disk *disk = fake_open();
    forever.times = 1000;
    fake_script(&forever);
    uint64_t began = fake.now_ns;
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, buffer, 512), row->error);
    CHECK_EQ(fake_count(CDB_OP_READ10), tries);
    CHECK_EQ((fake.now_ns - began) / 1000000, (tries - 1) * (uint64_t)row->delay_ms);
    if (row->duty & DUTY_CAPACITY)
        CHECK(fake_count(CDB_OP_SERVICE_ACTION_IN16) > 0);
    if (row->duty & DUTY_MODE)
        CHECK(fake_count(CDB_OP_MODE_SENSE6) > 0);
    if (row->duty & DUTY_START)
        CHECK(fake_count(CDB_OP_START_STOP_UNIT) > 0);
    fake.script_count = 0;

    once.times = 1;
    fake_script(&once);
    fake.logged = 0;
    bool fails = row->action == VERDICT_FAIL;
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, buffer, 512), fails ? row->error : 0);
    CHECK_EQ(fake_count(CDB_OP_READ10), fails || row->action == VERDICT_DONE ? 1 : 2);
    fake_close(disk);
}

static void
sense_rows(void)
{
    size_t count;
    const struct verdict_row *rows = verdict_sense_rows(&count);

    CHECK(count > 30);
    for (size_t i = 0; i < count; i++) {
        /* A code that no narrower row takes. */
        uint8_t asc = rows[i].asc == VERDICT_ANY ? 0x7e : rows[i].asc;
        uint8_t ascq = rows[i].ascq == VERDICT_ANY ? 0x7e : rows[i].ascq;
        struct fake_answer answer = {CDB_OP_READ10,
                                     0,
                                     SRB_STATUS_ERROR,
                                     SCSI_STATUS_CHECK_CONDITION,
                                     (uint8_t)rows[i].status,
                                     asc,
                                     ascq,
                                     false,
                                     true,
                                     rows[i].action == VERDICT_DONE ? FAKE_MOVED_ALL : 0};
        row_check(&answer, &rows[i]);
    }
}

static void
status_rows(bool scsi)
{
    size_t count;
    const struct verdict_row *rows = scsi ? verdict_scsi_rows(&count) : verdict_srb_rows(&count);

    for (size_t i = 0; i < count; i++) {
        struct fake_answer answer = {.opcode = CDB_OP_READ10, .frozen = true};
        answer.srb_status = scsi ? SRB_STATUS_ERROR : (uint8_t)rows[i].status;
        answer.scsi_status = scsi ? (uint8_t)rows[i].status : 0;
        row_check(&answer, &rows[i]);
    }
}

/* Statuses that no table knows. */
static void
unknown(void)
{
    struct verdict_row row = {.action = VERDICT_RETRY, .error = -EIO};
    row_check(&(struct fake_answer){CDB_OP_READ10, 0, 0x3d, 0, 0, 0, 0, false, true, 0}, &row);
    row_check(
        &(struct fake_answer){CDB_OP_READ10, 0, SRB_STATUS_ERROR, 0x77, 0, 0, 0, false, true, 0},
        &row);
}

static void
writes(void)
{
    fake_reset();
    struct disk *disk = fake_open();
    fake_script_sense(CDB_OP_WRITE10, 1, SENSE_KEY_ILLEGAL_REQUEST, 0x21, 0);
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, 0, buffer, 512), -ENOSPC);
    CHECK(
        strstr(fake.logged_line, "3/0:1:0 #42 WRITE(10) lba 0 blocks 1 failed: SRB status ERROR"));
    CHECK(strstr(fake.logged_line, "ILLEGAL REQUEST 21/00"));
    fake_script_sense(CDB_OP_WRITE10, 1, SENSE_KEY_DATA_PROTECT, 0x27, 7);
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, 0, buffer, 512), -ENOSPC);

    /* A write in the cache failed later: this command is done again, the next flush tells. */
    fake_script(&(struct fake_answer){CDB_OP_READ10, 1, SRB_STATUS_ERROR,
                                      SCSI_STATUS_CHECK_CONDITION, SENSE_KEY_MEDIUM_ERROR, 0x0c, 0,
                                      true, true, 0});
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, buffer, 512), 0);
    CHECK_EQ(fake_io(disk, DISK_FLUSH, 0, 0, NULL, 0), -EIO);
    CHECK_EQ(fake_io(disk, DISK_FLUSH, 0, 0, NULL, 0), 0);
    fake_close(disk);
}

/* DATA_OVERRUN is the status of an underrun as well. */
static void
underrun(void)
{
    uint8_t in[4096];
    struct fake_answer answer = {.opcode = CDB_OP_READ10, .times = 1, .moved = FAKE_MOVED_ALL};

    fake_reset();
    struct disk *disk = fake_open();
    for (unsigned i = 0; i < sizeof(in); i++)
        fake.memory[i] = (uint8_t)(i % 251);
    answer.srb_status = SRB_STATUS_DATA_OVERRUN;
    fake_script(&answer);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, in, sizeof(in)), 0);
    CHECK_EQ(fake_count(CDB_OP_READ10), 1);

    /* A part came: the rest is read behind its whole blocks. */
    for (unsigned success = 0; success < 2; success++) {
        fake.logged = 0;
        memset(in, 0, sizeof(in));
        answer.srb_status = success ? SRB_STATUS_SUCCESS : SRB_STATUS_DATA_OVERRUN;
        answer.moved = 1300;
        fake_script(&answer);
        CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, in, sizeof(in)), 0);
        CHECK_EQ(fake_count(CDB_OP_READ10), 2);
        CHECK_EQ(fake_last(CDB_OP_READ10)->info.lba, 2);
        CHECK_EQ(fake_last(CDB_OP_READ10)->info.blocks, 6);
        CHECK(!memcmp(in, fake.memory, sizeof(in)));
    }
    /* Nothing ever comes. */
    fake.logged = 0;
    fake_script_status(CDB_OP_READ10, 1000, SRB_STATUS_DATA_OVERRUN, 0);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, in, sizeof(in)), -EIO);
    CHECK_EQ(fake_count(CDB_OP_READ10), 1 + COMMAND_TRIES_MAX);
    fake.script_count = 0;
    fake_close(disk);
}

/* Errors of one piece of many, and of either half of a patch. */
static void
long_way(void)
{
    static uint8_t memory[65536];
    struct disk_stats stats;

    fake_reset();
    fake.adapter.max_transfer_bytes = 4096;
    struct disk *disk = fake_open();
    fake_script_sense(CDB_OP_READ10, 1, SENSE_KEY_UNIT_ATTENTION, 0x29, 0);
    fake_script_status(CDB_OP_READ10, 3, SRB_STATUS_BUS_RESET, 0);
    fake_script_status(CDB_OP_READ10, 2, SRB_STATUS_TIMEOUT, 0);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 0, memory, sizeof(memory)), 0);
    disk_stats(disk, &stats);
    CHECK_EQ(stats.retries, 6);
    fake_script_sense(CDB_OP_READ10, 1, SENSE_KEY_MEDIUM_ERROR, 0x11, 0);
    CHECK_EQ(fake_io(disk, DISK_READ, 0, 5, memory, sizeof(memory) - 5), -EIO);
    fake_script_sense(CDB_OP_WRITE10, 2, SENSE_KEY_MEDIUM_ERROR, 0x0c, 0);
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, 5, memory, sizeof(memory) - 5), -EIO);
    fake.script_count = 0;
    CHECK_EQ(fake_io(disk, DISK_WRITE, 0, 5, memory, sizeof(memory) - 5), 0);
    fake_close(disk);
}

static unsigned answered;

static void
done(struct disk_io *io)
{
    CHECK_EQ(io->error, 0);
    answered++;
}

/* All who meet a stopped unit wait for one START UNIT. */
static void
stopped(void)
{
    struct disk_io io[4];

    fake_reset();
    struct disk *disk = fake_open();
    fake.manual = true;
    fake_script_sense(CDB_OP_READ10, 4, SENSE_KEY_NOT_READY, 0x04, 0x02);
    fake_script_sense(CDB_OP_READ10, 4, SENSE_KEY_NOT_READY, 0x04, 0x01);
    for (unsigned i = 0; i < 4; i++) {
        io[i] = (struct disk_io){.op = DISK_READ, .buffer = buffer, .bytes = 512, .done = done};
        disk_submit(disk, &io[i]);
    }
    for (unsigned i = 0; i < 4; i++)
        fake_step(0);
    fake_run();
    CHECK_EQ(answered, 4);
    CHECK_EQ(fake_count(CDB_OP_START_STOP_UNIT), 1);
    CHECK_EQ(fake_count(CDB_OP_READ10), 12);
    CHECK_EQ(fake.now_ns, 1000000000);
    fake_close(disk);
}

int
main(void)
{
    stopped();
    sense_rows();
    status_rows(false);
    status_rows(true);
    unknown();
    writes();
    underrun();
    long_way();
    return 0;
}
