/*
 * Every function that an SRB can have, as the miniport sees it: which fields are valid, at which
 * level, without which locks, in which order around start, stop and removal; both kinds of SRB.
 * DDI: HW_BUILDIO, Remarks; SCSI_PNP_REQUEST_BLOCK, SCSI_POWER_REQUEST_BLOCK,
 * SCSI_WMI_REQUEST_BLOCK; SCSI_ADAPTER_CONTROL_TYPE. R8.1 to R8.7, R9.1 to R9.3, R16.1, R16.3 to
 * R16.5, R16.9.
 *
 * Covers: HW_BUILDIO
 */
#include "harness.h"

#include <string.h>

/* One thing that the miniport saw. Fields that the two kinds of SRB keep in different places are
 * read here, so that a case looks at one form. */
struct seen {
    enum { SRB_BUILT_SEEN, SRB_STARTED_SEEN, CONTROL_SEEN, FREE_SEEN } what;
    unsigned function; /* of the SRB, or the control's type */
    uint8_t irql, path, target, lun;
    ULONG bytes, timeout;
    PVOID buffer, context;
    UCHAR copy[32]; /* of the buffer's beginning */
    ULONG pnp_action, power_state, power_action;
    UCHAR flags, wmi_function; /* SrbPnPFlags, SrbPowerFlags or WMIFlags */
    PVOID wmi_path;
};
#define SEEN_MAX 256
static struct seen seen[SEEN_MAX];
static atomic_uint seen_count;
static bool recording;

static struct seen *
next_seen(void)
{
    unsigned i = atomic_fetch_add(&seen_count, 1);

    CHECK(i < SEEN_MAX);
    memset(&seen[i], 0, sizeof(seen[i]));
    seen[i].irql = rt_irql();
    return &seen[i];
}

static void
note_legacy(struct seen *s, const SCSI_REQUEST_BLOCK *srb)
{
    const SCSI_PNP_REQUEST_BLOCK *pnp = (const void *)srb;
    const SCSI_POWER_REQUEST_BLOCK *power = (const void *)srb;
    const SCSI_WMI_REQUEST_BLOCK *wmi = (const void *)srb;

    CHECK_EQ(srb->Length, sizeof(*srb));
    CHECK_EQ(srb->SrbStatus, SRB_STATUS_PENDING);
    if (s->function == SRB_FUNCTION_PNP) {
        s->pnp_action = pnp->PnPAction;
        s->flags = (UCHAR)pnp->SrbPnPFlags;
        CHECK_EQ(pnp->PnPSubFunction, 0);
    } else if (s->function == SRB_FUNCTION_POWER) {
        s->power_state = power->DevicePowerState;
        s->power_action = power->PowerAction;
        s->flags = power->SrbPowerFlags;
    } else if (s->function == SRB_FUNCTION_WMI) {
        s->wmi_function = wmi->WMISubFunction;
        s->flags = wmi->WMIFlags;
        s->wmi_path = wmi->DataPath;
        CHECK_EQ(wmi->Reserved1, 0);
        CHECK_EQ(wmi->Reserved2[0] | wmi->Reserved2[1], 0);
    }
}

static void
note_extended(struct seen *s, PSTORAGE_REQUEST_BLOCK srb)
{
    const SRBEX_DATA_PNP *pnp = (void *)SrbGetSrbExDataByType(srb, SrbExDataTypePnP);
    const SRBEX_DATA_POWER *power = (void *)SrbGetSrbExDataByType(srb, SrbExDataTypePower);
    const SRBEX_DATA_WMI *wmi = (void *)SrbGetSrbExDataByType(srb, SrbExDataTypeWmi);

    CHECK_EQ(srb->Signature, SRB_SIGNATURE);
    CHECK_EQ(srb->Version, STORAGE_REQUEST_BLOCK_VERSION_1);
    CHECK_EQ(srb->SrbStatus, SRB_STATUS_PENDING);
    CHECK(srb->AddressOffset && srb->SrbLength > srb->AddressOffset);
    CHECK_EQ(pnp != NULL, s->function == SRB_FUNCTION_PNP);
    CHECK_EQ(power != NULL, s->function == SRB_FUNCTION_POWER);
    CHECK_EQ(wmi != NULL, s->function == SRB_FUNCTION_WMI);
    if (pnp) {
        s->pnp_action = pnp->PnPAction;
        s->flags = (UCHAR)pnp->SrbPnPFlags;
    }
    if (power) {
        s->power_state = power->DevicePowerState;
        s->power_action = power->PowerAction;
        s->flags = power->SrbPowerFlags;
    }
    if (wmi) {
        s->wmi_function = wmi->WMISubFunction;
        s->flags = wmi->WMIFlags;
        s->wmi_path = wmi->DataPath;
    }
}

static void
note_srb(void *srb, bool built)
{
    struct seen *s;

    if (!recording)
        return;
    s = next_seen();
    s->what = built ? SRB_BUILT_SEEN : SRB_STARTED_SEEN;
    s->function = SrbGetSrbFunction(srb);
    SrbGetPathTargetLun(srb, &s->path, &s->target, &s->lun);
    s->bytes = SrbGetDataTransferLength(srb);
    s->buffer = SrbGetDataBuffer(srb);
    s->timeout = SrbGetTimeOutValue(srb);
    s->context = SrbGetMiniportContext(srb);
    if (s->buffer)
        memcpy(s->copy, s->buffer, s->bytes < sizeof(s->copy) ? s->bytes : sizeof(s->copy));
    CHECK_EQ(((PSCSI_REQUEST_BLOCK)srb)->Function == SRB_FUNCTION_STORAGE_REQUEST_BLOCK,
             mini.extended);
    if (mini.extended)
        note_extended(s, srb);
    else
        note_legacy(s, srb);
}

/* "Without holding any spin locks": each can be had here, or this would be the last line. */
static void
locks_are_free(PVOID extension)
{
    STOR_LOCK_HANDLE handle;

    StorPortAcquireSpinLock(extension, StartIoLock, NULL, &handle);
    StorPortReleaseSpinLock(extension, &handle);
    StorPortAcquireSpinLock(extension, InterruptLock, NULL, &handle);
    StorPortReleaseSpinLock(extension, &handle);
}

static enum verdict
build(void *extension, void *srb)
{
    note_srb(srb, true);
    locks_are_free(extension);
    return VERDICT_STOCK;
}

static enum verdict
start(void *extension, void *srb)
{
    (void)extension;
    note_srb(srb, false);
    return VERDICT_STOCK;
}

static void
control(void *extension, void *subject)
{
    (void)extension;
    if (recording) {
        struct seen *s = next_seen();
        s->what = CONTROL_SEEN;
        s->function = *(SCSI_ADAPTER_CONTROL_TYPE *)subject;
    }
}

static void
freed(void *extension, void *subject)
{
    (void)extension;
    (void)subject;
    if (recording)
        next_seen()->what = FREE_SEEN;
}

static void
record(bool on)
{
    recording = on;
    atomic_store(&seen_count, 0);
}

/* ---- a case in all its forms ---- */

static void
set_up(bool physical, bool extended)
{
    mini_reset();
    record(false);
    mini.physical = physical;
    mini.extended = extended;
    mini.buses = mini.targets = mini.luns = 2;
    mini.map_buffers = STOR_MAP_NON_READ_WRITE_BUFFERS;
    mini.build = build;
    mini.start = start;
    mini.at[AT_CONTROL] = control;
    mini.at[AT_FREE] = freed;
}

static void
in_all_forms(void (*run)(void))
{
    for (unsigned form = 0; form < 4; form++) {
        set_up(form & 1, form & 2);
        run();
        record(false);
        rig_stop();
    }
}

/* The one SRB that came down since record(true): built before it was started, at DISPATCH_LEVEL,
 * and each time the same. */
static const struct seen *
the_one(unsigned function)
{
    const struct seen *s = &seen[mini.physical];

    CHECK_EQ(seen_count, mini.physical ? 2 : 1);
    CHECK_EQ(s->what, SRB_STARTED_SEEN);
    CHECK_EQ(s->irql, RT_IRQL_DISPATCH);
    CHECK_EQ(s->function, function);
    CHECK(s->context != NULL);
    if (mini.physical) {
        CHECK_EQ(seen[0].what, SRB_BUILT_SEEN);
        CHECK_EQ(seen[0].irql, RT_IRQL_DISPATCH);
        CHECK_EQ(seen[0].function, function);
        CHECK(seen[0].context == s->context && seen[0].buffer == s->buffer);
    }
    return s;
}

static void
check_address(const struct seen *s, unsigned path, unsigned target, unsigned lun)
{
    CHECK_EQ(s->path, path);
    CHECK_EQ(s->target, target);
    CHECK_EQ(s->lun, lun);
}

static const struct seen *
fire(struct shot *s, uint8_t srb_status)
{
    s->r->timeout_s = 19;
    record(true);
    shot_fire(s);
    shot_wait(s);
    CHECK_EQ(s->r->srb_status, srb_status);
    if (!seen_count)
        return NULL;
    CHECK_EQ(the_one(s->r->function)->timeout, 19);
    return the_one(s->r->function);
}

static struct shot *
with_data(uint8_t function, uint32_t bytes)
{
    struct shot *s = shot_function(rig_unit(1, 1, 1), function);

    memset(s->data, 0x5A, bytes);
    s->r->flags |= SRB_FLAGS_DATA_IN | SRB_FLAGS_DATA_OUT;
    s->r->segment = (struct io_segment){s->data, bytes};
    s->r->segments = &s->r->segment;
    s->r->segment_count = 1;
    s->r->data_bytes = bytes;
    return s;
}

/* ---- EXECUTE_SCSI ---- */

static void
execute_scsi_run(void)
{
    const struct seen *seen_one;
    struct shot *s;

    rig_start();
    s = shot_new(rig_unit(1, 1, 1));
    shot_command(s, SCSIOP_WRITE, 1024, SRB_FLAGS_DATA_OUT | SRB_FLAGS_NO_QUEUE_FREEZE);
    seen_one = fire(s, SRB_STATUS_SUCCESS);
    check_address(seen_one, 1, 1, 1);
    CHECK_EQ(seen_one->bytes, 1024);
    CHECK(!seen_one->buffer);
    s = shot_new(rig_unit(1, 0, 1));
    shot_command(s, SCSIOP_INQUIRY, 64, SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE);
    seen_one = fire(s, SRB_STATUS_SUCCESS);
    check_address(seen_one, 1, 0, 1);
    CHECK_EQ(seen_one->bytes, 64);
    CHECK(seen_one->buffer == s->data);
}

/* "Srb->DataBuffer is NULL for read and write requests", else it points at the data; the length and
 * the address are valid for all. */
static void
execute_scsi(void)
{
    in_all_forms(execute_scsi_run);
}

/* ---- IO_CONTROL ---- */

static void
io_control_run(void)
{
    const struct seen *s;
    struct shot *shot;

    mini.map_buffers = STOR_MAP_NO_BUFFERS;
    rig_start();
    shot = with_data(SRB_FUNCTION_IO_CONTROL, 100);
    s = fire(shot, SRB_STATUS_SUCCESS);
    check_address(s, 1, 1, 1);
    CHECK_EQ(s->bytes, 100);
    CHECK(s->buffer != NULL);
    CHECK_EQ(s->copy[0], 0x5A);
    CHECK_EQ(s->copy[31], 0x5A);
    s = fire(shot_function(rig_unit(0, 1, 0), SRB_FUNCTION_IO_CONTROL), SRB_STATUS_SUCCESS);
    check_address(s, 0, 1, 0);
    CHECK_EQ(s->bytes, 0);
    CHECK(!s->buffer);
}

/* "DataTransferLength and DataBuffer are valid if set by the requester"; the buffer is there
 * whatever MapBuffers says. */
static void
io_control(void)
{
    in_all_forms(io_control_run);
}

/* ---- resets ---- */

static void
resets_run(void)
{
    static const struct {
        uint8_t function, target, lun;
    } wanted[] = {{SRB_FUNCTION_RESET_LOGICAL_UNIT, 1, 1},
                  {SRB_FUNCTION_RESET_DEVICE, 1, 0},
                  {SRB_FUNCTION_RESET_BUS, 0, 0}};

    rig_start();
    for (unsigned i = 0; i < 3; i++) {
        const struct seen *s = fire(with_data(wanted[i].function, 64), SRB_STATUS_SUCCESS);
        check_address(s, 1, wanted[i].target, wanted[i].lun);
        CHECK_EQ(s->bytes, 0);
        CHECK(!s->buffer);
    }
}

/* The address is valid as far as the reset goes, the data fields never are: what is not valid is
 * zero, whatever the requester had there. */
static void
resets(void)
{
    in_all_forms(resets_run);
}

/* ---- FLUSH, SHUTDOWN ---- */

static void
flush_run(void)
{
    for (unsigned caches = 0; caches < 2; caches++) {
        mini.caches_data = caches;
        rig_start();
        for (unsigned i = 0; i < 2; i++) {
            uint8_t function = i ? SRB_FUNCTION_SHUTDOWN : SRB_FUNCTION_FLUSH;
            const struct seen *s = fire(with_data(function, 64), SRB_STATUS_SUCCESS);
            CHECK_EQ(s != NULL, caches);
            if (!s)
                continue;
            check_address(s, 1, 1, 1);
            CHECK_EQ(s->bytes, 0);
        }
        record(false);
        rig_stop();
    }
}

/* "Only performed by the miniport driver if it sets CachesData": else nothing has to be done, and
 * the requester hears success. */
static void
flush_and_shutdown(void)
{
    in_all_forms(flush_run);
}

/* ---- dump pointers ---- */

static void
dump_feature(HW_INITIALIZATION_DATA *init)
{
    init->FeatureSupport |= STOR_FEATURE_DUMP_POINTERS;
}

static void
dump_run(void)
{
    for (unsigned feature = 0; feature < 2; feature++) {
        mini.tune = feature ? dump_feature : NULL;
        rig_start();
        for (unsigned i = 0; i < 2; i++) {
            uint8_t function = i ? SRB_FUNCTION_FREE_DUMP_POINTERS : SRB_FUNCTION_DUMP_POINTERS;
            bool comes = !mini.physical || feature;
            const struct seen *s =
                fire(with_data(function, sizeof(MINIPORT_DUMP_POINTERS)),
                     comes ? SRB_STATUS_SUCCESS : SRB_STATUS_INVALID_REQUEST);
            CHECK_EQ(s != NULL, comes);
            if (!s)
                continue;
            check_address(s, 1, 1, 1);
            CHECK_EQ(s->bytes, sizeof(MINIPORT_DUMP_POINTERS));
            CHECK(s->buffer != NULL);
        }
        record(false);
        rig_stop();
    }
}

/* Sent to virtual miniports; to others if they ask for it. */
static void
dump_pointers(void)
{
    in_all_forms(dump_run);
}

/* ---- WMI ---- */

static struct shot *
wmi_shot(UCHAR function, UCHAR flags)
{
    struct shot *s = with_data(SRB_FUNCTION_WMI, 40);
    PVOID path = (PVOID)(ULONG_PTR)0x12345678;

    s->r->cdb[0] = function;
    s->r->cdb[1] = flags;
    memcpy(s->r->cdb + 8, &path, sizeof(path));
    return s;
}

static void
wmi_run(void)
{
    const struct seen *s;

    rig_start();
    /* 8, 24 and 40 are the SCSI status BUSY and its like where a command has its status. */
    for (unsigned minor = 0; minor <= 40; minor += 8) {
        struct shot *shot = wmi_shot((UCHAR)minor, 0);
        s = fire(shot, SRB_STATUS_SUCCESS);
        CHECK_EQ(s->wmi_function, minor);
        CHECK_EQ(s->flags, 0);
        CHECK_EQ((ULONG_PTR)s->wmi_path, 0x12345678);
        check_address(s, 1, 1, 1);
        CHECK_EQ(s->bytes, 40);
        CHECK_EQ(s->copy[0], 0x5A);
        CHECK_EQ(shot->r->scsi_status, 0);
    }
    s = fire(wmi_shot(1, SRB_WMI_FLAGS_ADAPTER_REQUEST), SRB_STATUS_SUCCESS);
    CHECK_EQ(s->flags, SRB_WMI_FLAGS_ADAPTER_REQUEST);
    check_address(s, 0, 0, 0);
}

/* The block is a SCSI_WMI_REQUEST_BLOCK: its sub-function lies where a command has its SCSI status,
 * and is none. */
static void
wmi(void)
{
    in_all_forms(wmi_run);
}

/* ---- what never comes ---- */

static void
never_run(void)
{
    static const uint8_t refused[] = {
        SRB_FUNCTION_CLAIM_DEVICE,  SRB_FUNCTION_ATTACH_DEVICE,  SRB_FUNCTION_RELEASE_DEVICE,
        SRB_FUNCTION_REMOVE_DEVICE, SRB_FUNCTION_QUIESCE_DEVICE, SRB_FUNCTION_TERMINATE_IO,
        SRB_FUNCTION_RECEIVE_EVENT, SRB_FUNCTION_ABORT_COMMAND,  SRB_FUNCTION_RELEASE_RECOVERY};
    static const uint8_t own[] = {SRB_FUNCTION_LOCK_QUEUE, SRB_FUNCTION_UNLOCK_QUEUE,
                                  SRB_FUNCTION_FLUSH_QUEUE, SRB_FUNCTION_RELEASE_QUEUE};

    rig_start();
    for (unsigned i = 0; i < sizeof(refused); i++)
        CHECK(!fire(shot_function(rig.unit, refused[i]), SRB_STATUS_INVALID_REQUEST));
    for (unsigned i = 0; i < sizeof(own); i++)
        CHECK(!fire(shot_function(rig.unit, own[i]), SRB_STATUS_SUCCESS));
    CHECK(fire(shot_function(rig.unit, SRB_FUNCTION_IO_CONTROL), SRB_STATUS_SUCCESS) != NULL);
}

/* The port's own functions, and those that Storport never sends. DDI: SCSI_REQUEST_BLOCK. */
static void
never_sent(void)
{
    in_all_forms(never_run);
}

/* ---- start, stop, removal ---- */

/* Index of the first such event from `from` on; BuildIo's are passed over. */
static unsigned
find_seen(unsigned from, int what, unsigned function)
{
    for (unsigned i = from; i < seen_count; i++)
        if ((int)seen[i].what == what && seen[i].function == function)
            return i;
    return SEEN_MAX;
}

static unsigned
count_seen(unsigned function)
{
    unsigned count = 0;

    for (unsigned i = 0; i < seen_count; i++)
        count += seen[i].what == SRB_STARTED_SEEN && seen[i].function == function;
    return count;
}

static unsigned
count_pnp(ULONG action, UCHAR flags)
{
    unsigned count = 0;

    for (unsigned i = 0; i < seen_count; i++)
        count += seen[i].what == SRB_STARTED_SEEN && seen[i].function == SRB_FUNCTION_PNP &&
                 seen[i].pnp_action == action && seen[i].flags == flags;
    return count;
}

/* FLUSH and SHUTDOWN of each unit, then PNP and POWER for the adapter, then ScsiStopAdapter. */
static void
check_stop(ULONG action)
{
    unsigned power = find_seen(0, SRB_STARTED_SEEN, SRB_FUNCTION_POWER);
    unsigned stop = find_seen(0, CONTROL_SEEN, ScsiStopAdapter);
    unsigned last_flush = 0, last_shutdown = 0, first_shutdown = SEEN_MAX, pnp = 0;

    CHECK(power < SEEN_MAX && stop < SEEN_MAX && power < stop);
    for (unsigned i = 0; i < seen_count; i++) {
        if (seen[i].what != SRB_STARTED_SEEN)
            continue;
        CHECK(i < stop);
        if (seen[i].function == SRB_FUNCTION_FLUSH)
            last_flush = i;
        if (seen[i].function == SRB_FUNCTION_SHUTDOWN) {
            first_shutdown = i < first_shutdown ? i : first_shutdown;
            last_shutdown = i;
        }
        if (seen[i].function == SRB_FUNCTION_PNP && seen[i].flags)
            pnp = i;
    }
    CHECK_EQ(count_seen(SRB_FUNCTION_FLUSH), 8); /* "FLUSH is always sent" */
    CHECK_EQ(count_seen(SRB_FUNCTION_SHUTDOWN), mini.caches_data ? 8 : 0);
    CHECK(last_flush < first_shutdown && last_shutdown < pnp && pnp < power);
    CHECK_EQ(count_seen(SRB_FUNCTION_POWER), 1);
    CHECK_EQ(seen[power].power_state, StorPowerDeviceD3);
    CHECK_EQ(seen[power].power_action, StorPowerActionNone);
    CHECK_EQ(seen[power].flags, SRB_POWER_FLAGS_ADAPTER_REQUEST);
    CHECK_EQ(seen[power].irql, RT_IRQL_DISPATCH);
    CHECK(!seen[power].buffer && !seen[power].bytes);
    check_address(&seen[power], 0, 0, 0);
    CHECK_EQ(count_pnp(action, SRB_PNP_FLAGS_ADAPTER_REQUEST), 1);
    check_address(&seen[pnp], 0, 0, 0);
    /* At DIRQL under the Interrupt lock; a virtual miniport has neither. */
    CHECK_EQ(seen[stop].irql, mini.physical ? RT_IRQL_DEVICE : RT_IRQL_PASSIVE);
}

static void
life_run(void)
{
    rig_start();
    record(true);
    CHECK_EQ(adapter_stop(rig.adapter), 0);
    check_stop(StorStopDevice);
    record(true);
    CHECK_EQ(adapter_restart(rig.adapter), 0);
    CHECK_EQ(find_seen(0, CONTROL_SEEN, ScsiRestartAdapter), 0);
    record(true);
    rig_stop();
    check_stop(StorRemoveDevice);
    CHECK_EQ(count_pnp(StorRemoveDevice, 0), 8);
    if (!mini.physical)
        CHECK_EQ(seen[seen_count - 1].what, FREE_SEEN);
}

/* "Outstanding I/O is drained and SRB_FUNCTION_FLUSH sent, then ScsiStopAdapter"; POWER comes while
 * the adapter is not stopped; PNP and POWER for the adapter say so and carry no address. */
static void
life(void)
{
    in_all_forms(life_run);
}

static void
life_caching_run(void)
{
    mini.caches_data = true;
    life_run();
}

static void
life_caching(void)
{
    in_all_forms(life_caching_run);
}

static void
start_run(void)
{
    record(true);
    rig_start();
    CHECK_EQ(count_pnp(StorQueryCapabilities, 0), 8);
    CHECK_EQ(count_pnp(StorStartDevice, 0), 8);
    for (unsigned i = 0; i < seen_count; i++) {
        const STOR_DEVICE_CAPABILITIES zero = {0};
        if (seen[i].function != SRB_FUNCTION_PNP || seen[i].pnp_action != StorQueryCapabilities)
            continue;
        CHECK_EQ(seen[i].bytes, sizeof(zero));
        CHECK(seen[i].buffer != NULL);
        CHECK(!memcmp(seen[i].copy, &zero, sizeof(zero)));
    }
}

/* Each unit that arrives is asked for its capabilities, in a structure of zeros, and started. */
static void
units_start(void)
{
    in_all_forms(start_run);
}

/* ---- ScsiAdapterPower ---- */

static PHW_ADAPTER_CONTROL stock_control;
static unsigned power_calls;
static STOR_DEVICE_POWER_STATE power_states[4];

static SCSI_ADAPTER_CONTROL_STATUS NTAPI
power_control(PVOID extension, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = parameters;
    const STOR_ADAPTER_CONTROL_POWER *power = parameters;
    SCSI_ADAPTER_CONTROL_STATUS status;

    if (type == ScsiAdapterPower) {
        CHECK_EQ(power->Header.Version, 1);
        CHECK_EQ(power->Header.Size, sizeof(*power));
        CHECK(!power->Header.Address);
        CHECK(rt_irql() <= RT_IRQL_DISPATCH);
        CHECK(power_calls < 4);
        power_states[power_calls++] = power->PowerState;
    }
    status = stock_control(extension, type, parameters);
    if (type == ScsiQuerySupportedControlTypes)
        list->SupportedTypeList[ScsiAdapterPower] = TRUE;
    return status;
}

static void
power_tune(HW_INITIALIZATION_DATA *init)
{
    stock_control = init->HwAdapterControl;
    init->HwAdapterControl = power_control;
}

static void
adapter_power_run(void)
{
    mini.tune = power_tune;
    power_calls = 0;
    rig_start();
    record(true);
    CHECK_EQ(adapter_stop(rig.adapter), 0);
    CHECK_EQ(adapter_restart(rig.adapter), 0);
    rig_stop();
    CHECK_EQ(count_seen(SRB_FUNCTION_POWER), 0);
    CHECK_EQ(find_seen(0, CONTROL_SEEN, ScsiStopAdapter), SEEN_MAX);
    CHECK_EQ(power_calls, 3);
    CHECK_EQ(power_states[0], StorPowerDeviceD3);
    CHECK_EQ(power_states[1], StorPowerDeviceD0);
    CHECK_EQ(power_states[2], StorPowerDeviceD3);
}

/* Who supports ScsiAdapterPower gets no SRB_FUNCTION_POWER and no ScsiStopAdapter. */
static void
adapter_power(void)
{
    in_all_forms(adapter_power_run);
}

CASES(CASE(execute_scsi), CASE(io_control), CASE(resets), CASE(flush_and_shutdown),
      CASE(dump_pointers), CASE(wmi), CASE(never_sent), CASE(life), CASE(life_caching),
      CASE(units_start), CASE(adapter_power))
