/* The host and the miniport of conformance programs. See harness.h. */
#include "routine_harness.h"

#include "cdb.h"
#include "rt_registry.h"

#define LOG_BYTES (1u << 20)

struct harness harness;
static struct rt_frame frame;
static uint8_t level_before;
static char *log_text;
static size_t log_length;
static unsigned findings_expected;

/* ---- the miniport ---- */

static void
answer(PSCSI_REQUEST_BLOCK srb, UCHAR status)
{
    SrbSetSrbStatus(srb, status);
    StorPortNotification(RequestComplete, harness.extension, srb);
}

static UCHAR
inquiry(PSCSI_REQUEST_BLOCK srb)
{
    PCDB cdb = SrbGetCdb(srb);
    UCHAR *data = SrbGetDataBuffer(srb), path, target, lun;
    ULONG bytes = SrbGetDataTransferLength(srb);

    SrbGetPathTargetLun(srb, &path, &target, &lun);
    if (cdb->AsByte[1] & 1)
        return SRB_STATUS_INVALID_REQUEST;
    if (path || target || lun >= harness.units)
        return SRB_STATUS_NO_DEVICE;
    harness.inquiries++;
    memset(data, 0, bytes);
    data[2] = 6;
    data[3] = 2;
    data[4] = 31;
    memcpy(data + 8, "OPENSTOR", 8);
    memcpy(data + 16, "CONFORMANCE     ", 16);
    memcpy(data + 32, "1.0 ", 4);
    SrbSetDataTransferLength(srb, 36);
    return SRB_STATUS_SUCCESS;
}

static UCHAR
command(PSCSI_REQUEST_BLOCK srb)
{
    switch (SrbGetCdb(srb)->AsByte[0]) {
    case CDB_OP_INQUIRY:
        return inquiry(srb);
    case CDB_OP_READ10:
    case CDB_OP_WRITE10:
        if (harness.config.start)
            harness.config.start(srb);
        return SRB_STATUS_SUCCESS;
    case CDB_OP_TEST_UNIT_READY:
        return SRB_STATUS_SUCCESS;
    default:
        return SRB_STATUS_INVALID_REQUEST;
    }
}

static BOOLEAN NTAPI
start_io(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    (void)extension;
    answer(srb,
           SrbGetSrbFunction(srb) == SRB_FUNCTION_EXECUTE_SCSI ? command(srb) : SRB_STATUS_SUCCESS);
    return TRUE;
}

static ULONG
found(PVOID extension, PPORT_CONFIGURATION_INFORMATION config)
{
    harness.extension = extension;
    config->VirtualDevice = !harness.config.physical;
    config->MaximumTransferLength = 1u << 20;
    config->NumberOfPhysicalBreaks = 64;
    config->NumberOfBuses = 1;
    config->MaximumNumberOfTargets = 1;
    config->MaximumNumberOfLogicalUnits = 8;
    config->SynchronizationModel =
        harness.config.full_duplex ? StorSynchronizeFullDuplex : StorSynchronizeHalfDuplex;
    if (harness.config.find)
        harness.config.find(config);
    return SP_RETURN_FOUND;
}

static ULONG NTAPI
find_physical(PVOID extension, PVOID context, PVOID bus, PCHAR argument,
              PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN again)
{
    (void)context, (void)bus, (void)argument, (void)again;
    return found(extension, config);
}

static ULONG NTAPI
find_virtual(PVOID extension, PVOID context, PVOID bus, PVOID lower, PCHAR argument,
             PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN again)
{
    (void)context, (void)bus, (void)lower, (void)argument, (void)again;
    return found(extension, config);
}

static BOOLEAN NTAPI
passive_initialize(PVOID extension)
{
    (void)extension;
    harness.config.passive_initialize();
    return TRUE;
}

static BOOLEAN NTAPI
initialize(PVOID extension)
{
    if (harness.config.initialize)
        harness.config.initialize();
    return !harness.config.passive_initialize ||
           StorPortEnablePassiveInitialization(extension, passive_initialize);
}

static BOOLEAN NTAPI
reset_bus(PVOID extension, ULONG path)
{
    (void)extension, (void)path;
    return TRUE;
}

static BOOLEAN NTAPI
interrupt(PVOID extension)
{
    (void)extension;
    return FALSE;
}

static VOID NTAPI
free_resources(PVOID extension)
{
    (void)extension;
}

static SCSI_ADAPTER_CONTROL_STATUS NTAPI
adapter_control(PVOID extension, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = parameters;

    (void)extension;
    if (type == ScsiQuerySupportedControlTypes) {
        for (ULONG i = 0; i < list->MaxControlType; i++)
            list->SupportedTypeList[i] = i == ScsiQuerySupportedControlTypes ||
                                         i == ScsiStopAdapter || i == ScsiRestartAdapter;
    }
    return ScsiAdapterControlSuccess;
}

static NTSTATUS NTAPI
driver_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    HW_INITIALIZATION_DATA init = {0};

    if (harness.config.driver_entry)
        harness.config.driver_entry();
    init.HwInitializationDataSize = sizeof(init);
    init.AdapterInterfaceType = harness.config.physical ? PCIBus : Internal;
    init.HwInitialize = initialize;
    init.HwStartIo = start_io;
    init.HwFindAdapter =
        harness.config.physical ? (PVOID)(uintptr_t)find_physical : (PVOID)(uintptr_t)find_virtual;
    init.HwResetBus = reset_bus;
    init.HwAdapterControl = adapter_control;
    init.DeviceExtensionSize = (ULONG)(harness.config.extension_bytes + 64);
    init.MapBuffers = STOR_MAP_NON_READ_WRITE_BUFFERS;
    init.TaggedQueuing = init.AutoRequestSense = init.MultipleRequestPerLu = TRUE;
    if (harness.config.physical) {
        init.HwInterrupt = interrupt;
        init.NeedPhysicalAddresses = TRUE;
    } else {
        init.HwFreeAdapterResources = free_resources;
        init.FeatureSupport = STOR_FEATURE_VIRTUAL_MINIPORT;
    }
    if (harness.config.extended)
        init.SrbTypeFlags = SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK;
    return (NTSTATUS)StorPortInitialize(object, path, &init, NULL);
}

/* ---- the host ---- */

static void
log_line(void *ctx, enum rt_log_level level, const char *line)
{
    size_t length = strlen(line);

    (void)ctx, (void)level;
    if (log_length + length + 2 > LOG_BYTES)
        return;
    memcpy(log_text + log_length, line, length);
    log_length += length;
    log_text[log_length++] = '\n';
    log_text[log_length] = 0;
}

static void
bug(void *ctx, enum rt_bug kind, const char *text)
{
    (void)ctx, (void)kind;
    fprintf(stderr, "%s%s\n", log_text, text);
    exit(1);
}

void
harness_start(const struct harness_config *config)
{
    struct rt_config rt = {.kind = RT_KIND_SIM, .seed = 1, .log = log_line, .bug = bug};
    struct port_config port = {.verify = true};
    const char *seed = getenv("STORPORT_SEED"); /* to try others than the first */
    char *error = NULL;

    if (seed)
        rt.seed = strtoull(seed, NULL, 0);
    memset(&harness, 0, sizeof(harness));
    findings_expected = 0;
    log_length = 0;
    harness.config = *config;
    harness.units = config->units ? config->units : 1;
    rt.cpus = config->processors ? config->processors : 2;
    log_text = calloc(1, LOG_BYTES);
    CHECK(log_text);
    CHECK(!rt_create(&rt, &harness.rt, &error));
    CHECK(!finding_init(harness.rt));
    CHECK(!nt_init(harness.rt));
    CHECK(!nt_start(harness.rt, 1));
    CHECK(!port_create(harness.rt, &port, &harness.port));
    if (driver_load(harness.port, "conformance", (void *)(uintptr_t)driver_entry, &harness.driver,
                    &error) ||
        adapter_add(harness.driver, NULL, &harness.adapter, &error)) {
        fprintf(stderr, "%s%s\n", log_text, error ? error : "no memory");
        exit(1);
    }
}

static void
findings_print(void)
{
    for (unsigned i = 0; i < finding_count(harness.rt); i++) {
        struct finding finding;
        char *text;

        if (!finding_get(harness.rt, i, &finding))
            continue;
        text = finding_format(harness.rt, &finding);
        fprintf(stderr, "%s\n", text ? text : finding.text);
        free(text);
    }
}

int
harness_finish(void)
{
    struct adapter *adapter = harness.adapter;
    unsigned findings;

    adapter_remove(adapter);
    driver_unload(harness.driver);
    findings = finding_count(harness.rt);
    if (findings != findings_expected)
        findings_print();
    CHECK(findings == findings_expected);
    port_destroy(harness.port);
    CHECK(nt_finish(harness.rt) == 0);
    finding_finish(harness.rt);
    rt_destroy(harness.rt);
    free(log_text);
    return 0;
}

void
harness_enter(enum contract_callback callback, uint8_t irql)
{
    level_before = rt_irql();
    if (irql > level_before)
        rt_irql_raise(irql);
    rt_frame_push(&frame, harness.adapter, (uint16_t)callback, NULL);
}

void
harness_leave(void)
{
    rt_frame_pop(&frame);
    if (rt_irql() > level_before)
        rt_irql_lower(level_before);
}

uint8_t
harness_transfer(bool write, void *data, size_t bytes, unsigned pieces)
{
    struct unit *unit = adapter_unit_find(harness.adapter, 0, 0, 0);
    struct io_segment segments[32];
    struct request *r;
    uint8_t status;

    CHECK(unit && pieces && pieces <= 32);
    r = request_create(unit);
    CHECK(r);
    for (unsigned i = 0; i < pieces; i++) {
        segments[i].base = (char *)data + bytes / pieces * i;
        segments[i].bytes = i + 1 < pieces ? bytes / pieces : bytes - bytes / pieces * i;
    }
    r->cdb_bytes = 10;
    r->cdb[0] = write ? CDB_OP_WRITE10 : CDB_OP_READ10;
    r->flags = bytes ? (write ? SRB_FLAGS_DATA_OUT : SRB_FLAGS_DATA_IN) : 0;
    r->data_bytes = (uint32_t)bytes;
    r->segments = segments;
    r->segment_count = bytes ? pieces : 0;
    unit_execute(r);
    status = r->srb_status;
    request_destroy(r);
    unit_put(unit);
    return status;
}

void
harness_expect(enum finding_rule rule)
{
    struct finding finding;

    CHECK(finding_count(harness.rt) > findings_expected);
    CHECK(finding_get(harness.rt, findings_expected, &finding));
    if (finding.rule != rule) {
        fprintf(stderr, "expected %s\n", finding_rule_name(rule));
        findings_print();
        exit(1);
    }
    findings_expected++;
}

bool
harness_logged(const char *text)
{
    return strstr(log_text, text) != NULL;
}
