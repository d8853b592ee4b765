/*
 * The stock miniport: answers INQUIRY, VPD 00, 80 and 83, REPORT LUNS and TEST UNIT READY, succeeds
 * at everything else, keeps reads and writes when told to, and completes what it holds when it is
 * reset. It records each call and lets a case run code inside it. No medium: data is the block
 * number. See harness.h for its knobs.
 */
#include "harness.h"

#include <string.h>

struct mini mini;

#define HELD_MAX 4096u
static struct held {
    void *srb, *extension;
} held[HELD_MAX];
static unsigned held_first, held_count;
static rt_word held_lock;

void
mini_reset(void)
{
    memset(&mini, 0, sizeof(mini));
    mini.buses = mini.targets = mini.luns = mini.channels = 1;
    mini.map_buffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    mini.max_transfer = 1u << 20;
    mini.interrupt_claims = true;
    mini.srb_extension = 64;
    held_first = held_count = 0;
}

/* ---- what it holds: any IRQL ---- */

static uint8_t
held_enter(void)
{
    uint8_t old = rt_irql_raise(RT_IRQL_HIGH);

    rt_word_acquire(&held_lock);
    return old;
}

static void
held_leave(uint8_t old)
{
    rt_word_release(&held_lock);
    rt_irql_lower(old);
}

static void
held_put(void *extension, void *srb)
{
    uint8_t old = held_enter();

    CHECK(held_count < HELD_MAX);
    held[(held_first + held_count++) % HELD_MAX] = (struct held){srb, extension};
    held_leave(old);
}

/* The oldest of that unit, of every unit with lun above 255; of one adapter or, with NULL, of all.
 */
static struct held
held_take(void *extension, unsigned lun)
{
    uint8_t old = held_enter();
    struct held found = {NULL, NULL};

    for (unsigned i = 0; i < held_count; i++) {
        struct held *at = &held[(held_first + i) % HELD_MAX];
        if (!found.srb && (!extension || at->extension == extension) &&
            (lun > 255 || SrbGetLun(at->srb) == lun))
            found = *at;
        if (found.srb && i + 1 < held_count)
            *at = held[(held_first + i + 1) % HELD_MAX];
    }
    held_count -= found.srb != NULL;
    held_leave(old);
    return found;
}

unsigned
mini_held(void)
{
    uint8_t old = held_enter();
    unsigned count = held_count;

    held_leave(old);
    return count;
}

void *
mini_held_at(unsigned n)
{
    uint8_t old = held_enter();
    void *srb = n < held_count ? held[(held_first + n) % HELD_MAX].srb : NULL;

    held_leave(old);
    return srb;
}

static void
complete(void *extension, void *srb, UCHAR srb_status)
{
    SrbSetSrbStatus(srb, srb_status);
    StorPortNotification(RequestComplete, extension, srb);
}

void
mini_complete(void *srb, UCHAR srb_status)
{
    complete(mini.extension, srb, srb_status);
}

void
mini_release(unsigned count, UCHAR srb_status)
{
    struct held one;

    while (count-- && (one = held_take(NULL, 256)).srb)
        complete(one.extension, one.srb, srb_status);
}

void
mini_forget(unsigned count)
{
    while (count-- && held_take(NULL, 256).srb)
        ;
}

static void
held_reset(void *extension, unsigned lun)
{
    struct held one;

    while ((one = held_take(extension, lun)).srb)
        complete(extension, one.srb, SRB_STATUS_BUS_RESET);
}

/* ---- commands ---- */

static UCHAR
give(void *extension, void *srb, const void *data, ULONG bytes)
{
    PVOID to = SrbGetDataBuffer(srb);

    if (bytes > SrbGetDataTransferLength(srb))
        bytes = SrbGetDataTransferLength(srb);
    if (!to && StorPortGetSystemAddress(extension, srb, &to) != STOR_STATUS_SUCCESS)
        return SRB_STATUS_ERROR;
    memcpy(to, data, bytes);
    SrbSetDataTransferLength(srb, bytes);
    return SRB_STATUS_SUCCESS;
}

static bool
present(void *srb)
{
    return SrbGetPathId(srb) < mini.buses && SrbGetTargetId(srb) < mini.targets &&
           SrbGetLun(srb) < mini.luns;
}

static UCHAR
inquiry(void *extension, void *srb, const UCHAR *cdb)
{
    UCHAR data[64] = {0};

    if (!present(srb))
        return SRB_STATUS_NO_DEVICE;
    if (!(cdb[1] & 1)) {
        data[2] = 6;
        data[4] = 31;
        data[7] = 2;
        memcpy(data + 8, "OPENSTORMINI            0001", 28);
        return give(extension, srb, data, 36);
    }
    data[1] = cdb[2];
    switch (cdb[2]) {
    case 0x00:
        memcpy(data + 3, "\3\0\x80\x83", 4);
        return give(extension, srb, data, 7);
    case 0x80:
        memcpy(data + 3, "\4MINI", 5);
        return give(extension, srb, data, 8);
    case 0x83:
        memcpy(data + 3, "\14\1\3\0\10\x60\0\0\0\0\0\0", 12);
        data[15] = SrbGetLun(srb);
        return give(extension, srb, data, 16);
    default:
        return SRB_STATUS_INVALID_REQUEST;
    }
}

static UCHAR
report_luns(void *extension, void *srb)
{
    UCHAR data[8 + 255 * 8] = {0};
    unsigned luns = mini.luns > 255 ? 255 : mini.luns;

    if (SrbGetPathId(srb) >= mini.buses || SrbGetTargetId(srb) >= mini.targets)
        return SRB_STATUS_NO_DEVICE;
    data[2] = (UCHAR)(luns * 8 >> 8);
    data[3] = (UCHAR)(luns * 8);
    for (unsigned i = 0; i < luns; i++)
        data[8 + i * 8 + 1] = (UCHAR)i;
    return give(extension, srb, data, 8 + luns * 8);
}

/* True: it stays with us. */
static bool
command(void *extension, void *srb)
{
    const UCHAR *cdb = (const UCHAR *)SrbGetCdb(srb);
    UCHAR status = SRB_STATUS_SUCCESS;

    switch (cdb[0]) {
    case SCSIOP_INQUIRY:
        status = inquiry(extension, srb, cdb);
        break;
    case SCSIOP_REPORT_LUNS:
        status = report_luns(extension, srb);
        break;
    case SCSIOP_READ:
    case SCSIOP_WRITE:
        atomic_fetch_add(&mini.reads, 1);
        if (mini.hold) {
            held_put(extension, srb);
            return true;
        }
        if (cdb[0] == SCSIOP_READ && SrbGetDataBuffer(srb))
            memset(SrbGetDataBuffer(srb), cdb[5], SrbGetDataTransferLength(srb));
        break;
    default:
        if (mini.answer) {
            mini.answer(srb, cdb[0]);
            return true;
        }
        break;
    }
    complete(extension, srb, status);
    return false;
}

static void
other_function(void *extension, void *srb, ULONG function)
{
    bool unit = function == SRB_FUNCTION_RESET_LOGICAL_UNIT;

    if (unit || function == SRB_FUNCTION_RESET_DEVICE || function == SRB_FUNCTION_RESET_BUS) {
        if (mini.deaf) {
            complete(extension, srb, SRB_STATUS_ERROR);
            return;
        }
        held_reset(extension, unit ? SrbGetLun(srb) : 256);
    }
    complete(extension, srb, SRB_STATUS_SUCCESS);
}

/* ---- callbacks ---- */

static void
visit(enum place place, void *subject)
{
    mini.irql[place] = rt_irql();
    if (mini.at[place])
        mini.at[place](mini.extension, subject);
    atomic_fetch_add(&mini.calls[place], 1);
}

static bool
is_ready_test(void *srb)
{
    return SrbGetSrbFunction(srb) == SRB_FUNCTION_EXECUTE_SCSI &&
           SrbGetCdb(srb)->CDB6GENERIC.OperationCode == SCSIOP_TEST_UNIT_READY;
}

static enum verdict
hooked(srb_hook *hook, void *extension, void *srb)
{
    return hook ? hook(extension, srb) : VERDICT_STOCK;
}

static BOOLEAN NTAPI
build_io(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    enum verdict verdict = hooked(mini.build, extension, srb);

    if (verdict != VERDICT_STOCK)
        return verdict == VERDICT_TRUE;
    if (is_ready_test(srb))
        visit(AT_BUILD, srb);
    return TRUE;
}

static BOOLEAN NTAPI
start_io(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    ULONG function = SrbGetSrbFunction(srb);
    enum verdict verdict;

    atomic_fetch_add(&mini.functions[function & 0xFF], 1);
    verdict = hooked(mini.start, extension, srb);
    if (verdict != VERDICT_STOCK)
        return verdict == VERDICT_TRUE;
    if (is_ready_test(srb))
        visit(AT_START, srb);
    if (function == SRB_FUNCTION_EXECUTE_SCSI)
        command(extension, srb);
    else
        other_function(extension, srb, function);
    return TRUE;
}

static BOOLEAN NTAPI
interrupt(PVOID extension)
{
    (void)extension;
    visit(AT_INTERRUPT, NULL);
    return mini.interrupt_claims;
}

static VOID NTAPI
dpc(PSTOR_DPC self, PVOID extension, PVOID argument1, PVOID argument2)
{
    (void)extension;
    (void)argument1;
    (void)argument2;
    visit(AT_DPC, self);
}

static ULONG
configure(PVOID extension, PPORT_CONFIGURATION_INFORMATION c)
{
    mini.extension = extension;
    c->NumberOfBuses = (UCHAR)mini.buses;
    c->MaximumNumberOfTargets = (UCHAR)mini.targets;
    c->MaximumNumberOfLogicalUnits = (UCHAR)(mini.luns > 255 ? 255 : mini.luns);
    c->MaximumTransferLength = mini.max_transfer;
    c->NumberOfPhysicalBreaks = 256;
    c->VirtualDevice = !mini.physical;
    c->CachesData = mini.caches_data;
    if (!mini.half_duplex)
        c->SynchronizationModel = StorSynchronizeFullDuplex;
    if (mini.depth)
        c->InitialLunQueueDepth = mini.depth;
    if (mini.max_io_per_lun)
        c->MaxIOsPerLun = mini.max_io_per_lun;
    if (c->Dma64BitAddresses == SCSI_DMA64_SYSTEM_SUPPORTED)
        c->Dma64BitAddresses = SCSI_DMA64_MINIPORT_FULL64BIT_SUPPORTED;
    visit(AT_FIND, c);
    return SP_RETURN_FOUND;
}

static ULONG NTAPI
find_adapter(PVOID extension, PVOID context, PVOID bus, PCHAR argument,
             PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN again)
{
    (void)context;
    (void)bus;
    (void)argument;
    (void)again;
    return configure(extension, config);
}

static ULONG NTAPI
virtual_find_adapter(PVOID extension, PVOID context, PVOID bus, PVOID lower, PCHAR argument,
                     PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN again)
{
    (void)lower;
    return find_adapter(extension, context, bus, argument, config, again);
}

static BOOLEAN NTAPI
passive_initialize(PVOID extension)
{
    StorPortInitializeDpc(extension, &mini.dpc, dpc);
    visit(AT_PASSIVE, NULL);
    return TRUE;
}

static BOOLEAN NTAPI
initialize(PVOID extension)
{
    PERF_CONFIGURATION_DATA perf = {.Version = STOR_PERF_VERSION, .Size = sizeof(perf)};

    if (mini.channels > 1) {
        perf.Flags |= STOR_PERF_CONCURRENT_CHANNELS;
        perf.ConcurrentChannels = mini.channels;
    }
    if (mini.dpc_redirection)
        perf.Flags |= STOR_PERF_DPC_REDIRECTION;
    if (perf.Flags)
        CHECK_EQ(StorPortInitializePerfOpts(extension, FALSE, &perf), STOR_STATUS_SUCCESS);
    visit(AT_INITIALIZE, NULL);
    return mini.no_passive || StorPortEnablePassiveInitialization(extension, passive_initialize);
}

static BOOLEAN NTAPI
reset_bus(PVOID extension, ULONG path)
{
    visit(AT_RESET_BUS, &path);
    if (!mini.deaf)
        held_reset(extension, 256);
    else
        mini_forget(HELD_MAX);
    return !mini.deaf;
}

static SCSI_ADAPTER_CONTROL_STATUS NTAPI
adapter_control(PVOID extension, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = parameters;

    (void)extension;
    if (type == ScsiQuerySupportedControlTypes) {
        list->SupportedTypeList[ScsiQuerySupportedControlTypes] = TRUE;
        list->SupportedTypeList[ScsiStopAdapter] = TRUE;
        list->SupportedTypeList[ScsiRestartAdapter] = TRUE;
        return ScsiAdapterControlSuccess;
    }
    visit(AT_CONTROL, &type);
    return ScsiAdapterControlSuccess;
}

static VOID NTAPI
free_resources(PVOID extension)
{
    (void)extension;
    visit(AT_FREE, NULL);
}

NTSTATUS NTAPI
mini_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    HW_INITIALIZATION_DATA init;

    memset(&init, 0, sizeof(init));
    init.HwInitializationDataSize = sizeof(init);
    init.AdapterInterfaceType = mini.physical ? PCIBus : Internal;
    init.HwInitialize = initialize;
    init.HwStartIo = start_io;
    init.HwResetBus = reset_bus;
    init.HwAdapterControl = adapter_control;
    init.HwFindAdapter = mini.physical ? (PVOID)find_adapter : (PVOID)virtual_find_adapter;
    if (mini.physical) {
        init.HwInterrupt = interrupt;
        init.HwBuildIo = build_io;
        init.NeedPhysicalAddresses = TRUE;
    } else {
        init.HwFreeAdapterResources = free_resources;
        init.FeatureSupport = STOR_FEATURE_VIRTUAL_MINIPORT;
    }
    init.TaggedQueuing = init.AutoRequestSense = init.MultipleRequestPerLu = TRUE;
    init.MapBuffers = mini.map_buffers;
    init.DeviceExtensionSize = MINI_EXTENSION;
    init.SpecificLuExtensionSize = mini.lu_extension;
    init.SrbExtensionSize = mini.srb_extension;
    init.SrbTypeFlags = SRB_TYPE_FLAG_SCSI_REQUEST_BLOCK;
    if (mini.extended)
        init.SrbTypeFlags |= SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK;
    init.AddressTypeFlags = ADDRESS_TYPE_FLAG_BTL8;
    mini.driver_object = driver;
    if (mini.tune)
        mini.tune(&init);
    visit(AT_ENTRY, &init);
    mini.init_status = StorPortInitialize(driver, path, &init, NULL);
    return (NTSTATUS)mini.init_status;
}
