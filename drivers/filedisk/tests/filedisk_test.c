/*
 * filedisk on a fake kernel: parameters, what is durable when, errors of the file system, space,
 * resets with threads at work, COMPARE AND WRITE from many at once, nothing left behind.
 */
#include "fake_kernel.h"
#include "fake_port.h"
#include "disk_priv.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

static unsigned failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

#define START(...)                                                                                 \
    (fake_registry_set((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL}),                    \
     fake_adapter_start())

static UCHAR block[512];

static void
prepare(struct fake_request *r, const char *cdb, UCHAR length, PVOID data, ULONG data_length)
{
    memset(r, 0, sizeof(*r));
    r->form = FAKE_EXTENDED;
    r->function = SRB_FUNCTION_EXECUTE_SCSI;
    r->cdb_length = length;
    r->data = data;
    r->data_length = data_length;
    r->sense_length = 18;
    memcpy(r->cdb, cdb, length);
}

/* 0: good; else the sense code, or FFxxh with an SRB status without sense. */
static USHORT
send_cdb(const char *cdb, UCHAR length, PVOID data, ULONG data_length)
{
    struct fake_request r;

    prepare(&r, cdb, length, data, data_length);
    fake_send(&r);
    CHECK(r.completions == 1);
    if (r.srb_status == SRB_STATUS_SUCCESS)
        return 0;
    if (r.srb_status & SRB_STATUS_AUTOSENSE_VALID)
        return get16(r.sense + 12);
    return (USHORT)(0xff00 | r.srb_status);
}

static USHORT
write_block(UCHAR lba, UCHAR value, BOOLEAN fua)
{
    char cdb[10] = {0x2a, fua ? 8 : 0, 0, 0, 0, (char)lba, 0, 0, 1, 0};

    memset(block, value, sizeof(block));
    return send_cdb(cdb, 10, block, 512);
}

static USHORT
read_block(UCHAR lba)
{
    char cdb[10] = {0x28, 0, 0, 0, 0, (char)lba, 0, 0, 1, 0};

    memset(block, 0xee, sizeof(block));
    return send_cdb(cdb, 10, block, 512);
}

static UCHAR
function_status(ULONG function)
{
    struct fake_request r = {.function = function};

    fake_send(&r);
    return r.srb_status;
}

static void
begin(void)
{
    memset(fake_files[0].cache, 0, FAKE_FILE_BYTES);
    memset(fake_files[0].durable, 0, FAKE_FILE_BYTES);
    memset(fake_files[0].allocated, 0, sizeof(fake_files[0].allocated));
    fake_files[0].exists = fake_files[1].exists = FALSE;
    fake_files[0].bytes = fake_files[1].bytes = 0;
    fake_files[0].sparse = FALSE;
    fake_files[0].flushes = 0;
}

static void
end(void)
{
    fake_adapter_stop();
    CHECK(fake_objects_outstanding() == 0);
    CHECK(fake_pool_outstanding() == 0);
}

static void
test_parameters(void)
{
    UCHAR data[36];

    begin();
    CHECK(START("Size=64K") == SP_RETURN_BAD_CONFIG);
    end();
    CHECK(START("Image=/a") == SP_RETURN_BAD_CONFIG); /* not there */
    end();
    CHECK(START("Image=/elsewhere", "Size=64K") == SP_RETURN_BAD_CONFIG);
    end();
    CHECK(START("Image=/a", "Size=64K", "Threads=0") == SP_RETURN_BAD_CONFIG);
    end();
    CHECK(START("Image=/a", "Size=8M") == SP_RETURN_BAD_CONFIG); /* no space */
    end();
    fake_create_status = STATUS_SHARING_VIOLATION;
    CHECK(START("Image=/a", "Size=64K") == SP_RETURN_BAD_CONFIG);
    fake_create_status = STATUS_SUCCESS;
    end();
    fake_files[0].exists = TRUE; /* empty */
    CHECK(START("Image=/a") == SP_RETURN_BAD_CONFIG);
    end();

    begin();
    CHECK(START("Image=/a", "Image1=\\??\\/b", "Size=64K", "Threads=7") == SP_RETURN_FOUND);
    CHECK(fake_config()->CachesData && fake_config()->MaximumNumberOfLogicalUnits == 2);
    CHECK(fake_files[0].bytes == 65536 && fake_files[1].bytes == 65536);
    end();
    /* Size never shortens; a cut block at the end is not used. */
    fake_files[0].bytes = 2000;
    fake_files[0].flushes = 0;
    CHECK(START("Image=/a", "Size=4K", "ReadOnly=1") == SP_RETURN_FOUND);
    CHECK(fake_files[0].bytes == 2000);
    CHECK(send_cdb("\0\0\0\0\0\0", 6, NULL, 0) == CODE_POWER_ON);
    CHECK(send_cdb("\x25\0\0\0\0\0\0\0\0\0", 10, data, 8) == 0 && get32(data) == 2);
    CHECK(write_block(0, 1, FALSE) == CODE_WRITE_PROTECTED);
    CHECK(send_cdb("\x35\0\0\0\0\0\0\0\0\0", 10, NULL, 0) == 0 && fake_files[0].flushes == 0);
    end();
}

/* On a file that was there before. */
static void
start_default(void)
{
    begin();
    fake_files[0].exists = TRUE;
    fake_files[0].bytes = 4096;
    CHECK(START("Image=/a", "Size=256K") == SP_RETURN_FOUND);
    CHECK(send_cdb("\0\0\0\0\0\0", 6, NULL, 0) == CODE_POWER_ON);
}

/* Acknowledged and durable are two things until a flush makes them one. */
static void
test_durable(void)
{
    UCHAR list[24] = {0, 0, 0, 0, 0x08, 0x12};
    const UCHAR *durable = fake_files[0].durable;

    start_default();
    CHECK(write_block(1, 0x11, FALSE) == 0 && durable[512] == 0);
    CHECK(read_block(1) == 0 && block[0] == 0x11);
    CHECK(send_cdb("\x35\0\0\0\0\0\0\0\0\0", 10, NULL, 0) == 0 && durable[512] == 0x11);
    CHECK(write_block(2, 0x22, TRUE) == 0 && durable[2 * 512] == 0x22);
    CHECK(write_block(3, 0x33, FALSE) == 0 && durable[3 * 512] == 0);
    CHECK(function_status(SRB_FUNCTION_FLUSH) == SRB_STATUS_SUCCESS && durable[3 * 512] == 0x33);
    CHECK(write_block(4, 0x44, FALSE) == 0);
    CHECK(function_status(SRB_FUNCTION_SHUTDOWN) == SRB_STATUS_SUCCESS && durable[4 * 512] == 0x44);
    CHECK(write_block(5, 0x55, FALSE) == 0 && durable[5 * 512] == 0);
    CHECK(send_cdb("\x1b\0\0\0\0\0", 6, NULL, 0) == 0 && durable[5 * 512] == 0x55);
    CHECK(send_cdb("\x1b\0\0\0\1\0", 6, NULL, 0) == 0);
    CHECK(write_block(6, 0x66, FALSE) == 0 && durable[6 * 512] == 0);
    /* WCE off: what is cached goes out, and every write after it. */
    CHECK(send_cdb("\x15\x10\0\0\x18\0", 6, list, 24) == 0 && durable[6 * 512] == 0x66);
    CHECK(write_block(7, 0x77, FALSE) == 0 && durable[7 * 512] == 0x77);
    CHECK(send_cdb("\x1a\x08\x08\0\xff\0", 6, list, 24) == 0 && list[6] == 0);
    list[0] = list[2] = 0;
    list[6] = 4;
    CHECK(send_cdb("\x15\x10\0\0\x18\0", 6, list, 24) == 0);
    CHECK(write_block(8, 0x88, FALSE) == 0 && durable[8 * 512] == 0);
    CHECK(read_block(8) == 0 && durable[8 * 512] == 0);
    CHECK(send_cdb("\x28\x08\0\0\0\x08\0\0\1\0", 10, block, 512) == 0 && durable[8 * 512] == 0x88);
    end();

    begin();
    CHECK(START("Image=/a", "Size=256K", "WriteCache=0") == SP_RETURN_FOUND);
    CHECK(send_cdb("\0\0\0\0\0\0", 6, NULL, 0) == CODE_POWER_ON);
    CHECK(write_block(1, 0x11, FALSE) == 0 && durable[512] == 0x11);
    end();
    /* Removal flushes what nobody else did. */
    start_default();
    CHECK(write_block(1, 0x12, FALSE) == 0 && durable[512] == 0);
    end();
    CHECK(durable[512] == 0x12);
}

static void
test_errors(void)
{
    start_default();
    fake_write_status = STATUS_DISK_FULL;
    CHECK(write_block(0, 1, FALSE) == CODE_SPACE_ALLOCATION_FAILED);
    fake_write_status = STATUS_IO_DEVICE_ERROR;
    CHECK(write_block(0, 1, FALSE) == CODE_WRITE_ERROR);
    fake_write_status = STATUS_SUCCESS;
    fake_read_status = STATUS_IO_DEVICE_ERROR;
    CHECK(read_block(0) == CODE_READ_ERROR);
    CHECK(send_cdb("\x2f\0\0\0\0\0\0\0\1\0", 10, NULL, 0) == CODE_READ_ERROR);
    fake_read_status = STATUS_SUCCESS;
    CHECK(send_cdb("\x2f\0\0\0\0\0\0\0\1\0", 10, NULL, 0) == 0);
    fake_files[0].bytes = 600; /* cut behind our back */
    CHECK(read_block(0) == 0 && read_block(1) == CODE_READ_ERROR);
    fake_files[0].bytes = 262144;
    /* Once a flush has failed, a later one that works proves nothing. */
    CHECK(write_block(1, 1, FALSE) == 0);
    fake_flush_status = STATUS_IO_DEVICE_ERROR;
    CHECK(send_cdb("\x35\0\0\0\0\0\0\0\0\0", 10, NULL, 0) == CODE_INTERNAL_FAILURE);
    fake_flush_status = STATUS_SUCCESS;
    CHECK(send_cdb("\x35\0\0\0\0\0\0\0\0\0", 10, NULL, 0) == CODE_INTERNAL_FAILURE);
    CHECK(write_block(1, 1, TRUE) == CODE_INTERNAL_FAILURE);
    CHECK(function_status(SRB_FUNCTION_FLUSH) == SRB_STATUS_ERROR);
    CHECK(read_block(1) == 0);
    end();
}

static void
test_space(NTSTATUS punch_status)
{
    static UCHAR list[24] = {0, 22, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2};
    UCHAR data[56];

    start_default();
    for (UCHAR lba = 0; lba < 4; lba++)
        CHECK(write_block(lba, 0xaa, FALSE) == 0);
    fake_punch_status = punch_status;
    CHECK(send_cdb("\x42\0\0\0\0\0\0\0\x18\0", 10, list, 24) == 0);
    CHECK(read_block(1) == 0 && block[0] == 0 && read_block(2) == 0 && block[511] == 0);
    CHECK(read_block(0) == 0 && block[0] == 0xaa && read_block(3) == 0 && block[0] == 0xaa);
    CHECK(send_cdb("\x9e\x12\0\0\0\0\0\0\0\0\0\0\0\x38\0\0", 16, data, 56) ==
          (punch_status ? 0xff00 | SRB_STATUS_DATA_OVERRUN : 0));
    if (punch_status == STATUS_SUCCESS) {
        CHECK(get32(data) == 52 && get32(data + 16) == 1 && data[20] == 0);
        CHECK(get64(data + 24) == 1 && get32(data + 32) == 2 && data[36] == 1);
        CHECK(get64(data + 40) == 3 && get32(data + 48) == 1 && data[52] == 0);
        /* WRITE SAME of zeros without UNMAP keeps the space. */
        CHECK(send_cdb("\x93\x01\0\0\0\0\0\0\0\1\0\0\0\2\0\0", 16, NULL, 0) == 0);
        CHECK(fake_files[0].allocated[1] && fake_files[0].allocated[2]);
        CHECK(send_cdb("\x93\x09\0\0\0\0\0\0\0\1\0\0\0\1\0\0", 16, NULL, 0) == 0);
        CHECK(!fake_files[0].allocated[1] && fake_files[0].allocated[2]);
    } else {
        CHECK(get32(data) == 20 && get32(data + 16) == 512 && data[20] == 0);
    }
    fake_punch_status = STATUS_SUCCESS;
    end();
}

/* Two threads inside ZwWriteFile, three requests behind them. */
static void
test_reset(void)
{
    static UCHAR data[5][512];
    struct fake_request r[5], reset = {.function = SRB_FUNCTION_RESET_LOGICAL_UNIT};
    char cdb[10] = {0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0};

    begin();
    CHECK(START("Image=/a", "Size=256K", "Threads=2") == SP_RETURN_FOUND);
    CHECK(send_cdb("\0\0\0\0\0\0", 6, NULL, 0) == CODE_POWER_ON);
    fake_writes_hold(TRUE);
    for (unsigned i = 0; i < 5; i++) {
        cdb[5] = (char)i;
        prepare(&r[i], cdb, 10, data[i], 512);
        fake_start(&r[i]);
    }
    while (fake_writes_held() != 2)
        sched_yield();
    CHECK(!fake_is_done(&r[2]) && !fake_is_done(&r[4]));
    fake_start(&reset);
    for (unsigned i = 2; i < 5; i++) {
        fake_wait(&r[i]);
        CHECK(r[i].srb_status == SRB_STATUS_BUS_RESET && r[i].data_length == 0);
    }
    CHECK(!fake_is_done(&reset) && !fake_is_done(&r[0]) && !fake_is_done(&r[1]));
    CHECK(!fake_callbacks()->HwResetBus(fake_extension(), 0));
    fake_writes_hold(FALSE);
    fake_wait(&reset);
    CHECK(reset.srb_status == SRB_STATUS_SUCCESS);
    CHECK(fake_is_done(&r[0]) && fake_is_done(&r[1]));
    fake_wait(&r[0]);
    fake_wait(&r[1]);
    CHECK(r[0].srb_status == SRB_STATUS_SUCCESS && r[1].srb_status == SRB_STATUS_SUCCESS);
    CHECK(fake_callbacks()->HwResetBus(fake_extension(), 0));
    CHECK(send_cdb("\0\0\0\0\0\0", 6, NULL, 0) == CODE_BUS_RESET);
    CHECK(function_status(SRB_FUNCTION_RESET_DEVICE) == SRB_STATUS_SUCCESS);
    CHECK(function_status(SRB_FUNCTION_RESET_BUS) == SRB_STATUS_SUCCESS);
    end();
}

#define COUNTERS 4
#define STEPS 300

static void *
count_up(void *argument)
{
    UCHAR data[1024];

    for (unsigned step = 0; step < (unsigned)(size_t)argument;) {
        struct fake_request r;
        ULONG value;
        prepare(&r, "\x28\0\0\0\0\x09\0\0\1\0", 10, data, 512);
        fake_send(&r);
        memcpy(&value, data, sizeof(value));
        memcpy(data + 512, data, 512);
        value++;
        memcpy(data + 512, &value, sizeof(value));
        prepare(&r, "\x89\0\0\0\0\0\0\0\0\x09\0\0\0\1\0\0", 16, data, 1024);
        fake_send(&r);
        step += r.srb_status == SRB_STATUS_SUCCESS;
    }
    return NULL;
}

static void
test_compare_and_write(void)
{
    pthread_t threads[COUNTERS];
    ULONG value = 0;

    start_default();
    for (unsigned i = 0; i < COUNTERS; i++)
        pthread_create(&threads[i], NULL, count_up, (void *)(size_t)STEPS);
    for (unsigned i = 0; i < COUNTERS; i++)
        pthread_join(threads[i], NULL);
    memcpy(&value, fake_files[0].cache + 9 * 512, sizeof(value));
    CHECK(value == COUNTERS * STEPS);
    end();
}

/* Writes its own block and flushes, again and again; what a flush has acknowledged is durable. */
static void *
write_and_flush(void *argument)
{
    UCHAR lba = (UCHAR)(size_t)argument;
    char cdb[10] = {0x2a, 0, 0, 0, 0, (char)lba, 0, 0, 1, 0};
    UCHAR data[512];

    for (unsigned step = 1; step <= 100; step++) {
        struct fake_request r;
        memset(data, (int)step, sizeof(data));
        prepare(&r, cdb, 10, data, 512);
        fake_send(&r);
        prepare(&r, "\x35\0\0\0\0\0\0\0\0\0", 10, NULL, 0);
        fake_send(&r);
        if (r.srb_status != SRB_STATUS_SUCCESS)
            break;
        if (fake_durable_byte(&fake_files[0], lba * 512u) != (UCHAR)step)
            __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void
test_parallel_flushes(BOOLEAN fail_one)
{
    pthread_t threads[COUNTERS];

    start_default();
    fake_flush_fail_once = fail_one;
    for (unsigned i = 0; i < COUNTERS; i++)
        pthread_create(&threads[i], NULL, write_and_flush, (void *)(size_t)(i + 1));
    for (unsigned i = 0; i < COUNTERS; i++)
        pthread_join(threads[i], NULL);
    CHECK(!fake_flush_fail_once);
    CHECK(fake_files[0].flushes <= (fail_one ? 1 : COUNTERS * 100));
    end();
}

/* Each allocation and each thread fails once: start fails, nothing stays. */
static void
test_failing_start(void)
{
    ULONG found = SP_RETURN_ERROR;

    begin();
    for (ULONG n = 1; n < 50 && found != SP_RETURN_FOUND; n++) {
        fake_pool_fail(n);
        found = START("Image=/a", "Size=64K");
        fake_pool_fail(0);
        end();
    }
    CHECK(found == SP_RETURN_FOUND);
    for (ULONG n = 1; n <= 5; n++) {
        fake_thread_fail = n;
        CHECK(START("Image=/a") == (n <= 4 ? SP_RETURN_ERROR : SP_RETURN_FOUND));
        fake_thread_fail = 0;
        end();
    }
}

int
main(void)
{
    for (int pending = 0; pending < 2; pending++) {
        fake_pending = (BOOLEAN)pending;
        test_parameters();
        test_durable();
        test_errors();
        test_space(STATUS_SUCCESS);
        test_space(STATUS_INVALID_DEVICE_REQUEST);
        test_reset();
        test_compare_and_write();
        test_parallel_flushes(FALSE);
        test_parallel_flushes(TRUE);
        test_failing_start();
    }
    return failures != 0;
}
