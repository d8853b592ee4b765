/*
 * ramdisk around its commands: registry values good and bad, what HwFindAdapter reports, SRB
 * functions, addresses, resets, autosense, shortage of memory, restart.
 */
#include "fake_port.h"
#include "disk_priv.h"

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

static struct fake_request
send_cdb(const char *cdb, UCHAR length, PVOID data, ULONG data_length)
{
    struct fake_request r = {.function = SRB_FUNCTION_EXECUTE_SCSI,
                             .cdb_length = length,
                             .data = data,
                             .data_length = data_length,
                             .sense_length = 18};

    memcpy(r.cdb, cdb, length);
    fake_send(&r);
    return r;
}

static USHORT
sense_code(const struct fake_request *r)
{
    return r->srb_status & SRB_STATUS_AUTOSENSE_VALID ? get16(r->sense + 12) : 0xffff;
}

static USHORT
attention(UCHAR target, UCHAR lun)
{
    struct fake_request r = {.function = SRB_FUNCTION_EXECUTE_SCSI,
                             .target = target,
                             .lun = lun,
                             .cdb_length = 6,
                             .sense_length = 18};

    fake_send(&r);
    return r.srb_status == SRB_STATUS_SUCCESS ? 0 : sense_code(&r);
}

static void
test_bad_values(void)
{
    static const char *const bad[] = {
        "Size=abc",
        "Size=",
        "Size=64X",
        "Size=12Mx",
        "Size=100",
        "Size=0x",
        "Size=99999999999999999999",
        "Size=20000000T",
        "SizeMB=0",
        "BlockSize=256",
        "BlockSize=8K",
        "BlockSize=1000",
        "PhysicalBlockSize=1000",
        "Luns=0",
        "Luns=256",
        "Luns:0",
        "Targets=129",
        "ReadOnly=2",
        "ReadOnly=maybe",
        "QueueDepth=0",
        "MaximumTransferLength=512",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (START(bad[i]) != SP_RETURN_BAD_CONFIG) {
            fprintf(stderr, "%s was taken\n", bad[i]);
            failures++;
        }
        fake_adapter_stop();
        CHECK(fake_pool_outstanding() == 0);
    }
    CHECK(START("BlockSize=4K", "PhysicalBlockSize=512") == SP_RETURN_BAD_CONFIG);
    fake_adapter_stop();
}

static void
test_values(void)
{
    UCHAR data[64];
    struct fake_request r;

    CHECK(START("Size=0x4000000", "BlockSize:4096", "Luns=255", "Targets=2", "QueueDepth=300",
                "MaximumTransferLength=256K", "SerialNumber=ABC") == SP_RETURN_FOUND);
    CHECK(fake_config()->VirtualDevice && fake_config()->NumberOfBuses == 1);
    CHECK(fake_config()->MaximumNumberOfTargets == 2);
    CHECK(fake_config()->MaximumNumberOfLogicalUnits == 255);
    CHECK(fake_config()->MaximumTransferLength == 256 << 10);
    CHECK(fake_config()->NumberOfPhysicalBreaks == 65);
    CHECK(fake_config()->MaxIOsPerLun == 300 && fake_config()->InitialLunQueueDepth == 300);
    CHECK(!fake_config()->CachesData);
    CHECK(attention(0, 0) == CODE_POWER_ON && attention(1, 254) == CODE_POWER_ON);
    r = send_cdb("\x25\0\0\0\0\0\0\0\0\0", 10, data, 8);
    CHECK(r.srb_status == SRB_STATUS_SUCCESS);
    CHECK(get32(data) == 16383 && get32(data + 4) == 4096);
    r = send_cdb("\x12\1\x80\0\x40\0", 6, data, 64);
    CHECK(r.data_length == 24 && memcmp(data + 4, "ABC-0000            ", 20) == 0);
    r = send_cdb("\x12\0\0\0\x24\0", 6, data, 36);
    CHECK(fake_queue_depth() == 300);
    fake_adapter_stop();

    CHECK(START("SizeMB:3", "SerialNumber=01234567890123456789too long") == SP_RETURN_FOUND);
    CHECK(attention(0, 0) == CODE_POWER_ON);
    r = send_cdb("\x25\0\0\0\0\0\0\0\0\0", 10, data, 8);
    CHECK(get32(data) == 6143);
    r = send_cdb("\x12\1\x80\0\x40\0", 6, data, 64);
    CHECK(memcmp(data + 4, "01234567890123456789", 20) == 0);
    fake_adapter_stop();
}

/* Memory runs short inside commands that need a piece of it. */
static void
test_no_scratch(void)
{
    static const struct {
        const char *cdb;
        UCHAR length;
    } commands[] = {
        {"\x2f\2\0\0\0\0\0\0\1\0", 10},
        {"\x41\0\0\0\0\0\0\0\1\0", 10},
    };
    UCHAR data[512];
    struct fake_request r;

    CHECK(START(NULL) == SP_RETURN_FOUND);
    CHECK(attention(0, 0) == CODE_POWER_ON);
    memset(data, 1, sizeof(data));
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        fake_pool_fail(1);
        r = send_cdb(commands[i].cdb, commands[i].length, data, 512);
        CHECK(r.sense[2] == KEY_ABORTED_COMMAND && sense_code(&r) == CODE_INSUFFICIENT_RESOURCES);
    }
    fake_adapter_stop();
    CHECK(fake_pool_outstanding() == 0);
}

static void
test_long_unmap(void)
{
    static UCHAR list[8 + 16 * 257];
    struct fake_request r;

    CHECK(START(NULL) == SP_RETURN_FOUND);
    CHECK(attention(0, 0) == CODE_POWER_ON);
    put16(list, sizeof(list) - 2);
    put16(list + 2, sizeof(list) - 8);
    r = send_cdb("\x42\0\0\0\0\0\0\x10\x18\0", 10, list, sizeof(list));
    CHECK(sense_code(&r) == CODE_INVALID_FIELD_IN_LIST && get16(r.sense + 16) == 2);
    r = send_cdb("\x42\0\0\0\0\0\0\x10\x08\0", 10, list, sizeof(list) - 16);
    CHECK(r.srb_status == SRB_STATUS_SUCCESS);
    fake_adapter_stop();
}

/* More blocks than READ CAPACITY(10) can say; memory for none of them until written. */
static void
test_huge(void)
{
    UCHAR data[512] = {0};
    struct fake_request r;
    ULONG pool;

    CHECK(START("Size=8T") == SP_RETURN_FOUND);
    CHECK(attention(0, 0) == CODE_POWER_ON);
    r = send_cdb("\x25\0\0\0\0\0\0\0\0\0", 10, data, 8);
    CHECK(get32(data) == 0xffffffff);
    r = send_cdb("\x9e\x10\0\0\0\0\0\0\0\0\0\0\0\x20\0\0", 16, data, 32);
    CHECK(get64(data) == 0x3ffffffffull);
    pool = fake_pool_outstanding();
    memset(data, 7, sizeof(data));
    r = send_cdb("\x8a\0\0\0\0\3\xff\xff\xff\xff\0\0\0\1\0\0", 16, data, 512);
    CHECK(r.srb_status == SRB_STATUS_SUCCESS && fake_pool_outstanding() == pool + 2);
    memset(data, 0, sizeof(data));
    r = send_cdb("\x88\0\0\0\0\3\xff\xff\xff\xff\0\0\0\1\0\0", 16, data, 512);
    CHECK(data[0] == 7 && data[511] == 7);
    /* Past 32 bits the fixed format has no room for the address. */
    r = send_cdb("\x88\0\0\0\0\4\0\0\0\0\0\0\0\1\0\0", 16, data, 512);
    CHECK(sense_code(&r) == CODE_LBA_OUT_OF_RANGE && r.sense[0] == 0x70);
    fake_adapter_stop();
    CHECK(fake_pool_outstanding() == 0);
}

static void
test_read_only(void)
{
    static const struct {
        const char *cdb;
        UCHAR length;
    } writes[] = {
        {"\x0a\0\0\0\1\0", 6},
        {"\x2a\0\0\0\0\0\0\0\1\0", 10},
        {"\xaa\0\0\0\0\0\0\0\0\1\0\0", 12},
        {"\x8a\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0", 16},
        {"\x41\0\0\0\0\0\0\0\1\0", 10},
        {"\x93\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0", 16},
        {"\x42\0\0\0\0\0\0\0\x18\0", 10},
        {"\x89\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0", 16},
    };
    UCHAR data[1024] = {0};
    struct fake_request r;

    CHECK(START("ReadOnly=yes") == SP_RETURN_FOUND);
    CHECK(attention(0, 0) == CODE_POWER_ON);
    for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        r = send_cdb(writes[i].cdb, writes[i].length, data, sizeof(data));
        CHECK(r.sense[2] == KEY_DATA_PROTECT && sense_code(&r) == CODE_WRITE_PROTECTED);
    }
    r = send_cdb("\x28\0\0\0\0\0\0\0\1\0", 10, data, 512);
    CHECK(r.srb_status == SRB_STATUS_SUCCESS);
    r = send_cdb("\x1a\x08\x08\0\xc0\0", 6, data, 24);
    CHECK(r.srb_status == SRB_STATUS_SUCCESS && data[2] == 0x90);
    fake_adapter_stop();
}

static UCHAR
function_status(ULONG function, UCHAR path, UCHAR target, UCHAR lun, enum fake_form form)
{
    struct fake_request r = {
        .form = form, .function = function, .path = path, .target = target, .lun = lun};

    fake_send(&r);
    CHECK(r.completions == 1);
    return r.srb_status;
}

static void
test_functions(enum fake_form form)
{
    CHECK(START("Luns=2", "Targets=2") == SP_RETURN_FOUND);
    for (UCHAR i = 0; i < 4; i++)
        CHECK(attention(i / 2, i % 2) == CODE_POWER_ON);
    CHECK(function_status(SRB_FUNCTION_FLUSH, 0, 0, 0, form) == SRB_STATUS_SUCCESS);
    CHECK(function_status(SRB_FUNCTION_SHUTDOWN, 0, 1, 1, form) == SRB_STATUS_SUCCESS);
    CHECK(function_status(SRB_FUNCTION_FLUSH, 0, 0, 2, form) == SRB_STATUS_NO_DEVICE);
    CHECK(function_status(SRB_FUNCTION_FLUSH, 0, 2, 0, form) == SRB_STATUS_NO_DEVICE);
    CHECK(function_status(SRB_FUNCTION_FLUSH, 1, 0, 0, form) == SRB_STATUS_INVALID_PATH_ID);
    CHECK(function_status(SRB_FUNCTION_PNP, 0, 0, 0, form) == SRB_STATUS_SUCCESS);
    CHECK(function_status(SRB_FUNCTION_POWER, 0, 0, 0, form) == SRB_STATUS_SUCCESS);
    CHECK(function_status(SRB_FUNCTION_IO_CONTROL, 0, 0, 0, form) == SRB_STATUS_INVALID_REQUEST);
    CHECK(function_status(SRB_FUNCTION_WMI, 0, 0, 0, form) == SRB_STATUS_INVALID_REQUEST);
    CHECK(function_status(SRB_FUNCTION_DUMP_POINTERS, 0, 0, 0, form) == SRB_STATUS_INVALID_REQUEST);
    CHECK(function_status(0x7e, 0, 0, 0, form) == SRB_STATUS_INVALID_REQUEST);
    CHECK(attention(0, 0) == 0);

    CHECK(function_status(SRB_FUNCTION_RESET_LOGICAL_UNIT, 0, 0, 1, form) == SRB_STATUS_SUCCESS);
    CHECK(attention(0, 0) == 0 && attention(0, 1) == CODE_UNIT_RESET && attention(0, 1) == 0);
    CHECK(function_status(SRB_FUNCTION_RESET_LOGICAL_UNIT, 0, 0, 2, form) == SRB_STATUS_NO_DEVICE);
    CHECK(function_status(SRB_FUNCTION_RESET_DEVICE, 0, 1, 99, form) == SRB_STATUS_SUCCESS);
    CHECK(attention(0, 0) == 0 && attention(1, 0) == CODE_UNIT_RESET);
    CHECK(attention(1, 1) == CODE_UNIT_RESET);
    CHECK(function_status(SRB_FUNCTION_RESET_BUS, 0, 99, 99, form) == SRB_STATUS_SUCCESS);
    CHECK(attention(1, 1) == CODE_BUS_RESET && attention(0, 0) == CODE_BUS_RESET);
    /* The heavier reset is told, the lighter forgotten. */
    CHECK(function_status(SRB_FUNCTION_RESET_DEVICE, 0, 0, 0, form) == SRB_STATUS_SUCCESS);
    CHECK(fake_callbacks()->HwResetBus(fake_extension(), 0));
    CHECK(!fake_callbacks()->HwResetBus(fake_extension(), 1));
    CHECK(attention(0, 0) == CODE_BUS_RESET && attention(0, 0) == 0);
    fake_adapter_stop();
}

/* A reset starts a stopped unit and puts D_SENSE back. */
static void
test_reset_state(void)
{
    UCHAR list[16] = {0, 0, 0, 0, 0x0a, 0x0a, 0x04, 0x10, 0, 0, 0, 0, 0xff, 0xff, 0, 0};
    struct fake_request r;

    CHECK(START(NULL) == SP_RETURN_FOUND);
    CHECK(attention(0, 0) == CODE_POWER_ON);
    r = send_cdb("\x15\x10\0\0\x10\0", 6, list, 16);
    CHECK(r.srb_status == SRB_STATUS_SUCCESS);
    r = send_cdb("\x1b\0\0\0\0\0", 6, NULL, 0);
    r = send_cdb("\0\0\0\0\0\0", 6, NULL, 0);
    CHECK(r.sense[0] == 0x72 && get16(r.sense + 2) == CODE_INITIALIZING_COMMAND_REQUIRED);
    CHECK(function_status(SRB_FUNCTION_RESET_LOGICAL_UNIT, 0, 0, 0, FAKE_LEGACY) ==
          SRB_STATUS_SUCCESS);
    r = send_cdb("\0\0\0\0\0\0", 6, NULL, 0);
    CHECK(r.sense[0] == 0x70 && sense_code(&r) == CODE_UNIT_RESET);
    CHECK(attention(0, 0) == 0);
    fake_adapter_stop();
}

static void
test_sense_buffer(enum fake_form form)
{
    struct fake_request r = {.form = form, .function = SRB_FUNCTION_EXECUTE_SCSI, .cdb_length = 6};

    CHECK(START(NULL) == SP_RETURN_FOUND);
    r.cdb[0] = 0x0f;
    CHECK(attention(0, 0) == CODE_POWER_ON);
    fake_send(&r);
    CHECK(r.srb_status == SRB_STATUS_ERROR && r.scsi_status == SCSISTAT_CHECK_CONDITION);
    r.sense_length = 14;
    fake_send(&r);
    CHECK(r.srb_status == (SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID));
    CHECK(r.sense_length == 14 && get16(r.sense + 12) == CODE_INVALID_OPCODE);
    r.sense_length = 64;
    fake_send(&r);
    CHECK(r.sense_length == 18);
    r.flags = SRB_FLAGS_DISABLE_AUTOSENSE;
    fake_send(&r);
    CHECK(r.srb_status == SRB_STATUS_ERROR);
    r.cdb_length = 5;
    fake_send(&r);
    CHECK(r.srb_status == SRB_STATUS_INVALID_REQUEST);
    fake_adapter_stop();
}

static void
test_no_memory(void)
{
    UCHAR data[512];
    struct fake_request r;
    ULONG n;

    for (n = 1; n < 100; n++) {
        ULONG found;
        fake_pool_fail(n);
        found = START("Luns=3");
        fake_pool_fail(0);
        fake_adapter_stop();
        CHECK(fake_pool_outstanding() == 0);
        if (found == SP_RETURN_FOUND)
            break;
        CHECK(found == SP_RETURN_ERROR);
    }
    CHECK(n == 6); /* targets, units, three stores */

    CHECK(START(NULL) == SP_RETURN_FOUND);
    CHECK(attention(0, 0) == CODE_POWER_ON);
    memset(data, 1, sizeof(data));
    for (n = 1; n <= 2; n++) {
        fake_pool_fail(n);
        r = send_cdb("\x2a\0\0\0\0\0\0\0\1\0", 10, data, 512);
        CHECK(r.sense[2] == KEY_DATA_PROTECT && sense_code(&r) == CODE_SPACE_ALLOCATION_FAILED);
        CHECK(r.data_length == 0);
    }
    fake_pool_fail(0);
    /* The buffer could not be mapped: the port is asked to come again, nothing is changed. */
    r = send_cdb("\x2a\0\0\0\0\0\0\0\1\0", 10, NULL, 512);
    CHECK(r.srb_status == SRB_STATUS_BUSY && r.data_length == 512);
    fake_adapter_stop();
    CHECK(fake_pool_outstanding() == 0);
}

static void
test_control(void)
{
    ULONG room[8] = {0}; /* the list and its BOOLEANs, aligned */
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = (PVOID)room;
    PORT_CONFIGURATION_INFORMATION *config;
    UCHAR data[512];
    BOOLEAN again;
    struct fake_request r;

    CHECK(START(NULL) == SP_RETURN_FOUND);
    list->MaxControlType = ScsiStopAdapter + 1;
    CHECK(fake_callbacks()->HwAdapterControl(fake_extension(), ScsiQuerySupportedControlTypes,
                                             list) == ScsiAdapterControlSuccess);
    CHECK(list->SupportedTypeList[ScsiQuerySupportedControlTypes]);
    CHECK(list->SupportedTypeList[ScsiStopAdapter]);
    CHECK(!list->SupportedTypeList[ScsiRestartAdapter]);
    list->MaxControlType = 5;
    fake_callbacks()->HwAdapterControl(fake_extension(), ScsiQuerySupportedControlTypes, list);
    CHECK(list->SupportedTypeList[ScsiRestartAdapter]);
    CHECK(fake_callbacks()->HwAdapterControl(fake_extension(), ScsiSetBootConfig, NULL) ==
          ScsiAdapterControlUnsuccessful);

    /* PnP stop and start: HwFindAdapter again on the same extension keeps the data. */
    CHECK(attention(0, 0) == CODE_POWER_ON);
    memset(data, 9, sizeof(data));
    r = send_cdb("\x2a\0\0\0\0\0\0\0\1\0", 10, data, 512);
    config = fake_config();
    memset(config, 0, sizeof(*config));
    CHECK(fake_callbacks()->HwAdapterControl(fake_extension(), ScsiStopAdapter, NULL) ==
          ScsiAdapterControlSuccess);
    CHECK(((VIRTUAL_HW_FIND_ADAPTER *)(PVOID)fake_callbacks()->HwFindAdapter)(
              fake_extension(), NULL, NULL, NULL, NULL, config, &again) == SP_RETURN_FOUND);
    CHECK(config->VirtualDevice && config->MaximumTransferLength == 1 << 20);
    memset(data, 0, sizeof(data));
    r = send_cdb("\x28\0\0\0\0\0\0\0\1\0", 10, data, 512);
    CHECK(r.srb_status == SRB_STATUS_SUCCESS && data[0] == 9);
    fake_adapter_stop();
}

int
main(void)
{
    test_bad_values();
    test_values();
    test_huge();
    test_no_scratch();
    test_long_unmap();
    test_read_only();
    test_functions(FAKE_LEGACY);
    test_functions(FAKE_EXTENDED);
    test_reset_state();
    test_sense_buffer(FAKE_LEGACY);
    test_sense_buffer(FAKE_EXTENDED);
    test_no_memory();
    test_control();
    return failures != 0;
}
