/*
 * null: accepts, counts, moves nothing; reads do not touch the buffer and need none; what would
 * promise something about data is not there.
 */
#include "fake_port.h"

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

static struct fake_request
send_cdb(const char *cdb, UCHAR length, PVOID data, ULONG data_length)
{
    struct fake_request r = {.form = FAKE_EXTENDED,
                             .function = SRB_FUNCTION_EXECUTE_SCSI,
                             .cdb_length = length,
                             .data = data,
                             .data_length = data_length,
                             .sense_length = 18};

    memcpy(r.cdb, cdb, length);
    fake_send(&r);
    CHECK(r.completions == 1);
    return r;
}

static void
check_refused(const char *cdb, UCHAR length)
{
    UCHAR data[1024] = {0};
    struct fake_request r = send_cdb(cdb, length, data, sizeof(data));

    CHECK(r.scsi_status == SCSISTAT_CHECK_CONDITION && r.sense[2] == 5);
}

static UCHAR
function_status(ULONG function)
{
    struct fake_request r = {.function = function};

    fake_send(&r);
    CHECK(r.completions == 1);
    return r.srb_status;
}

static void
test_data(void)
{
    UCHAR data[512];
    struct fake_request r;

    r = send_cdb("\0\0\0\0\0\0", 6, NULL, 0);
    CHECK(r.sense[2] == 6);
    memset(data, 0x5a, sizeof(data));
    r = send_cdb("\x28\0\0\0\0\0\0\0\1\0", 10, data, 512);
    CHECK(r.srb_status == SRB_STATUS_SUCCESS && r.data_length == 512 && data[511] == 0x5a);
    r = send_cdb("\x2a\x08\0\0\0\0\0\0\1\0", 10, data, 512);
    CHECK(r.srb_status == SRB_STATUS_SUCCESS);
    /* MapBuffers leaves reads and writes without an address. */
    r = send_cdb("\x28\0\0\0\0\0\0\0\1\0", 10, NULL, 512);
    CHECK(r.srb_status == SRB_STATUS_SUCCESS && r.data_length == 512);
    r = send_cdb("\x8a\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0", 16, NULL, 512);
    CHECK(r.srb_status == SRB_STATUS_SUCCESS && r.data_length == 512);
    r = send_cdb("\x25\0\0\0\0\0\0\0\0\0", 10, data, 8);
    CHECK(memcmp(data, "\x7f\xff\xff\xff\0\0\2\0", 8) == 0);
    r = send_cdb("\x12\0\0\0\x24\0", 6, data, 36);
    CHECK(r.srb_status == SRB_STATUS_SUCCESS && memcmp(data + 16, "Null disk ", 10) == 0);
    CHECK(fake_queue_depth() == 250);
}

int
main(void)
{
    static const char *const values[] = {"Luns=2", NULL};
    static const char *const many[] = {"Luns=17", NULL};

    fake_registry_set(many);
    CHECK(fake_adapter_start() == SP_RETURN_BAD_CONFIG);
    fake_adapter_stop();
    fake_registry_set(values);
    CHECK(fake_adapter_start() == SP_RETURN_FOUND);
    CHECK(fake_config()->VirtualDevice == (fake_callbacks()->HwBuildIo == NULL));
    test_data();
    check_refused("\x42\0\0\0\0\0\0\0\x18\0", 10);
    check_refused("\x41\x08\0\0\0\0\0\0\1\0", 10);
    check_refused("\x89\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0", 16);
    check_refused("\x12\1\xb2\0\x40\0", 6);
    CHECK(function_status(SRB_FUNCTION_FLUSH) == SRB_STATUS_SUCCESS);
    CHECK(function_status(SRB_FUNCTION_RESET_LOGICAL_UNIT) == SRB_STATUS_SUCCESS);
    CHECK(function_status(SRB_FUNCTION_IO_CONTROL) == SRB_STATUS_INVALID_REQUEST);
    fake_adapter_stop();
    CHECK(fake_pool_outstanding() == 0);
    return failures != 0;
}
