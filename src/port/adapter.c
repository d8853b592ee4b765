/*
 * The life of an adapter: configuration, HwFindAdapter, HwInitialize, stop, restart, removal.
 * DDI: life-cycle-of-a-storport-driver, PORT_CONFIGURATION_INFORMATION.
 */
#include "port_priv.h"
#include "routines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADAPTER_DIRQL RT_IRQL_DEVICE
#define FLUSH_TIMEOUT_S 60

static int
say(char **error, int status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (error && vasprintf(error, format, args) < 0)
        *error = NULL;
    va_end(args);
    return status;
}

/* ---- configuration ---- */

/* R1.10: what the port presets. */
static void
config_preset(struct adapter *adapter, PPORT_CONFIGURATION_INFORMATION c)
{
    const HW_INITIALIZATION_DATA *init = &adapter->driver->init;
    bool is_virtual = init->FeatureSupport & STOR_FEATURE_VIRTUAL_MINIPORT;

    memset(c, 0, sizeof(*c));
    c->Length = sizeof(*c);
    c->AdapterInterfaceType = init->AdapterInterfaceType;
    c->MaximumTransferLength = SP_UNINITIALIZED_VALUE;
    c->NumberOfPhysicalBreaks = 0x11;
    c->DmaChannel = c->DmaPort = SP_UNINITIALIZED_VALUE;
    c->DmaChannel2 = c->DmaPort2 = SP_UNINITIALIZED_VALUE;
    c->NumberOfAccessRanges = init->NumberOfAccessRanges;
    c->AccessRanges = (void *)&adapter->ranges;
    c->ScatterGather = c->Master = c->Dma32BitAddresses = TRUE;
    c->NeedPhysicalAddresses = c->TaggedQueuing = TRUE;
    c->AutoRequestSense = c->MultipleRequestPerLu = c->WmiDataProvider = TRUE;
    c->MapBuffers = init->MapBuffers;
    c->MaximumNumberOfTargets = SCSI_MAXIMUM_TARGETS_PER_BUS;
    c->MaximumNumberOfLogicalUnits = SCSI_MAXIMUM_LOGICAL_UNITS;
    c->SrbType = init->SrbTypeFlags & SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK
                     ? SRB_TYPE_STORAGE_REQUEST_BLOCK
                     : SRB_TYPE_SCSI_REQUEST_BLOCK;
    c->AddressType = STORAGE_ADDRESS_TYPE_BTL8;
    c->DeviceExtensionSize = init->DeviceExtensionSize;
    c->SpecificLuExtensionSize = init->SpecificLuExtensionSize;
    c->SrbExtensionSize = init->SrbExtensionSize;
    c->Dma64BitAddresses = SCSI_DMA64_SYSTEM_SUPPORTED;
    c->SynchronizationModel = StorSynchronizeHalfDuplex;
    c->MaxNumberOfIO = 1000;
    c->MaxIOsPerLun = 255;
    c->InitialLunQueueDepth = is_virtual ? 250 : 20;
}

/* R1.11: read-only members stay as they were; two must be set; VirtualDevice tells the truth. */
static void
config_check(struct adapter *adapter, const PORT_CONFIGURATION_INFORMATION *before)
{
    const PORT_CONFIGURATION_INFORMATION *after = &adapter->config;
    bool is_virtual = adapter->driver->init.FeatureSupport & STOR_FEATURE_VIRTUAL_MINIPORT;
    struct rt *rt = adapter->rt;

    if (after->MaximumTransferLength == SP_UNINITIALIZED_VALUE || !after->NumberOfPhysicalBreaks)
        finding_report(
            rt, RULE_StorPortFindAdapter, 0,
            "HwStorFindAdapter left MaximumTransferLength or NumberOfPhysicalBreaks unset");
    if (is_virtual && !after->VirtualDevice)
        finding_report(rt, RULE_StorPortVirtualDevice2, 0, "VirtualDevice is FALSE");
    if (!is_virtual && after->VirtualDevice)
        finding_report(rt, RULE_StorPortVirtualDevice, 0, "VirtualDevice is TRUE");
    if (after->Length != before->Length || after->SystemIoBusNumber != before->SystemIoBusNumber ||
        after->AccessRanges != before->AccessRanges || after->DmaChannel != before->DmaChannel ||
        after->DmaPort != before->DmaPort || after->BusInterruptLevel != before->BusInterruptLevel)
        finding_report(
            rt, RULE_ConfigReadOnly, 0,
            "HwStorFindAdapter changed or zeroed read-only members of its configuration");
    if (!is_virtual && after->SynchronizationModel != StorSynchronizeFullDuplex)
        finding_report(rt, RULE_SpDuplex, 0, "the miniport runs in half duplex");
}

/* What the port works by from here on. */
static void
config_apply(struct adapter *adapter)
{
    PORT_CONFIGURATION_INFORMATION *c = &adapter->config;
    char key[160];
    uint32_t number;

    adapter->virtual_device =
        adapter->driver->init.FeatureSupport & STOR_FEATURE_VIRTUAL_MINIPORT || c->VirtualDevice;
    adapter->full_duplex = c->SynchronizationModel == StorSynchronizeFullDuplex;
    adapter->extended_srb =
        c->SrbType == SRB_TYPE_STORAGE_REQUEST_BLOCK &&
        adapter->driver->init.SrbTypeFlags & SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK;
    adapter->dirql = ADAPTER_DIRQL;
    if (!adapter->channel_count)
        adapter->channel_count = 1;
    if (c->MaximumTransferLength == SP_UNINITIALIZED_VALUE)
        c->MaximumTransferLength = 64 * 1024;
    if (!c->NumberOfPhysicalBreaks || c->NumberOfPhysicalBreaks == SP_UNINITIALIZED_VALUE)
        c->NumberOfPhysicalBreaks = 0x11;
    if (!c->NumberOfBuses)
        c->NumberOfBuses = 1;
    if (!c->MaxIOsPerLun || (c->MaxIOsPerLun > 255 && !adapter->extended_srb))
        c->MaxIOsPerLun = 255; /* R9.5 */
    if (!c->InitialLunQueueDepth)
        c->InitialLunQueueDepth = adapter->virtual_device ? 250 : 20;
    adapter_key(adapter, true, key, sizeof(key));
    number = port_registry_number(adapter, key, "NumberOfRequests", 0);
    adapter->io_max = number >= 16 && number <= 255 ? number
                      : c->MaxNumberOfIO            ? c->MaxNumberOfIO
                                                    : 1000;
    number = port_registry_number(adapter, key, "MaximumLogicalUnit", 0);
    if (number && number <= SCSI_MAXIMUM_LOGICAL_UNITS && number < c->MaximumNumberOfLogicalUnits)
        c->MaximumNumberOfLogicalUnits = (UCHAR)number;
}

/* ---- start ---- */

static int
find(struct adapter *adapter)
{
    PORT_CONFIGURATION_INFORMATION before;
    char *argument = adapter->argument;
    ULONG result;

    config_preset(adapter, &adapter->config);
    before = adapter->config;
    result = miniport_find_adapter(adapter, &adapter->config, argument);
    if (result > SP_RETURN_BAD_CONFIG)
        finding_report(adapter->rt, RULE_SpReturnValue, 0, "HwStorFindAdapter returned %u", result);
    if (result != SP_RETURN_FOUND) {
        rt_log(adapter->rt, RT_LOG_ERROR, "adapter", "%s: HwStorFindAdapter returned %s",
               adapter->driver->name,
               result == SP_RETURN_NOT_FOUND    ? "SP_RETURN_NOT_FOUND"
               : result == SP_RETURN_BAD_CONFIG ? "SP_RETURN_BAD_CONFIG"
                                                : "SP_RETURN_ERROR");
        return result == SP_RETURN_NOT_FOUND ? -ENODEV : -EINVAL;
    }
    adapter->found = true; /* from here on there is something to free, whatever fails next */
    config_check(adapter, &before);
    config_apply(adapter);
    return 0;
}

static int
initialize(struct adapter *adapter)
{
    adapter->passive_wanted = false;
    if (!miniport_initialize(adapter))
        return -EIO;
    if (adapter->passive_wanted && !miniport_passive_initialize(adapter))
        return -EIO;
    return 0;
}

bool
passive_enable(struct adapter *adapter, PHW_PASSIVE_INITIALIZE_ROUTINE routine)
{
    const struct rt_frame *frame = rt_self()->frame;

    if (!frame || frame->callback != CALLBACK_INITIALIZE || frame->owner != adapter || !routine)
        return false; /* R1.13 */
    adapter->passive_initialize = routine;
    adapter->passive_wanted = true;
    return true;
}

/* DDI: SCSI_ADAPTER_CONTROL_TYPE, ScsiAdapterPower. */
static void
power_up(struct adapter *adapter)
{
    STOR_ADAPTER_CONTROL_POWER power = {
        .Header = {.Version = 1, .Size = sizeof(power)},
        .PowerState = StorPowerDeviceD0};

    miniport_control(adapter, ScsiAdapterPower, &power);
}

/* What IRP_MN_START_DEVICE does. */
int
adapter_start_device(struct adapter *adapter)
{
    bool again = adapter->state == ADAPTER_STATE_STOPPED;
    int status;

    adapter->works_closed = false;
    if (adapter->state == ADAPTER_STATE_STARTED)
        return 0; /* its stop has failed */
    if (again && miniport_control_supported(adapter, ScsiAdapterPower))
        power_up(adapter);
    if (again && miniport_control_supported(adapter, ScsiRestartAdapter)) {
        if (miniport_control_supported(adapter, ScsiSetRunningConfig))
            miniport_control(adapter, ScsiSetRunningConfig, NULL);
        if (miniport_control(adapter, ScsiRestartAdapter, NULL) != ScsiAdapterControlSuccess)
            return -EIO;
    } else {
        if ((status = find(adapter)))
            return status;
        if (!adapter->caches && (status = adapter_slabs_create(adapter)))
            return status;
        if ((status = interrupt_connect(adapter)))
            return status;
        if ((status = initialize(adapter)))
            return status;
        miniport_query_controls(adapter);
    }
    if (again)
        EDGE(ADAPTER_RESTARTED);
    adapter->state = ADAPTER_STATE_STARTED;
    adapter->silent = false;
    adapter_unhold(adapter, ADAPTER_STOPPED);
    miniport_tracing(adapter, true);
    return 0;
}

/* ---- stop ---- */

/* A request of the port's own to one unit; waits. */
int
port_function(struct adapter *adapter, struct unit *unit, uint8_t function, void *data,
              uint32_t bytes, uint32_t minor)
{
    struct port_srb *srb = srb_create(adapter, unit);
    struct request *r;
    int status;

    if (!srb)
        return -ENOMEM;
    r = &srb->request;
    srb->internal = true;
    r->function = function;
    r->timeout_s = FLUSH_TIMEOUT_S;
    memcpy(r->cdb, &minor, sizeof(minor));
    if (bytes) {
        r->segment = (struct io_segment){data, bytes};
        r->segments = &r->segment;
        r->segment_count = 1;
        r->data_bytes = bytes;
        r->flags = SRB_FLAGS_DATA_IN;
    }
    unit_execute(r);
    status = r->srb_status == SRB_STATUS_SUCCESS ? 0 : -EIO;
    request_destroy(r);
    return status;
}

static void
drain_and_flush(struct adapter *adapter)
{
    for (struct unit *unit = adapter->units; unit; unit = unit->next) {
        if (unit->announced)
            port_function(adapter, unit, SRB_FUNCTION_FLUSH, NULL, 0, 0);
    }
    if (!adapter->config.CachesData)
        return;
    for (struct unit *unit = adapter->units; unit; unit = unit->next) {
        if (unit->announced)
            port_function(adapter, unit, SRB_FUNCTION_SHUTDOWN, NULL, 0, 0);
    }
}

/* Nothing new starts; what was under way is over and on the medium. R16.1. */
static void
adapter_silence(struct adapter *adapter)
{
    if (adapter->silent)
        return;
    adapter_hold(adapter, ADAPTER_STOPPED);
    adapter_wait_idle(adapter);
    drain_and_flush(adapter);
    adapter->silent = true;
}

/* What IRP_MN_STOP_DEVICE does: drained, FLUSH, SHUTDOWN, then PNP and POWER while the miniport still
 * answers, last ScsiStopAdapter, which ScsiAdapterPower replaces. R16.1, R16.4, R16.5. */
int
adapter_stop_device(struct adapter *adapter, STOR_PNP_ACTION why)
{
    if (adapter->state != ADAPTER_STATE_STARTED)
        return 0;
    adapter_silence(adapter);
    miniport_tracing(adapter, false);
    pnp_srb_adapter(adapter, why);
    pnp_power_down(adapter);
    adapter_quiesce(adapter);
    if (!miniport_control_supported(adapter, ScsiAdapterPower))
        miniport_control(adapter, ScsiStopAdapter, NULL);
    if (miniport_control_supported(adapter, ScsiSetBootConfig))
        miniport_control(adapter, ScsiSetBootConfig, NULL);
    EDGE(ADAPTER_STOPPED);
    adapter->state = ADAPTER_STATE_STOPPED;
    return 0;
}

/* What IRP_MN_REMOVE_DEVICE (or a surprise) does; after it the miniport is not called again. */
void
adapter_remove_device(struct adapter *adapter, bool surprise)
{
    if (surprise) {
        if (adapter->state == ADAPTER_STATE_GONE)
            return;
        EDGE(ADAPTER_GONE);
        adapter_hold(adapter, ADAPTER_GONE);
        if (miniport_control_supported(adapter, ScsiAdapterSurpriseRemoval))
            miniport_control(adapter, ScsiAdapterSurpriseRemoval, NULL);
        else if (adapter->state == ADAPTER_STATE_STARTED)
            miniport_control(adapter, ScsiStopAdapter, NULL);
        adapter->state = ADAPTER_STATE_GONE;
        adapter_flush_queues(adapter, SRB_STATUS_NO_DEVICE);
        return;
    }
    if (adapter->state == ADAPTER_STATE_STARTED)
        adapter_stop_device(adapter, StorRemoveDevice);
    adapter_hold(adapter, ADAPTER_GONE);
    adapter_flush_queues(adapter, SRB_STATUS_NO_DEVICE);
    adapter_wait_grace(adapter);
    reset_abandon(adapter);
    adapter_quiesce(adapter);
    if (adapter->found)
        miniport_free(adapter);
    adapter->state = ADAPTER_STATE_REMOVED;
}

/* Whatever the miniport still has after a removal gets a moment of its own, then it is lost. */
#define REMOVAL_GRACE_NS 2000000000ull

void
adapter_wait_grace(struct adapter *adapter)
{
    uint64_t until = rt_now_ns(adapter->rt) + REMOVAL_GRACE_NS;

    while (atomic_load(&adapter->active) && rt_now_ns(adapter->rt) < until)
        rt_sleep_ns(10000000);
}

/* Timers, DPCs, work items, threads of the miniport come to rest. */
void
adapter_quiesce(struct adapter *adapter)
{
    struct rt *rt = adapter->rt;

    rt_timer_cancel(rt, &adapter->miniport_timer);
    rt_timer_cancel(rt, &adapter->pause_timer);
    rt_timer_cancel(rt, &adapter->link_timer);
    rt_timer_cancel(rt, &adapter->reset_timer);
    services_quiesce(adapter);
}

void
miniport_free(struct adapter *adapter)
{
    if (!adapter->virtual_device)
        return;
    miniport_complete_service(adapter);
    miniport_free_resources(adapter);
}

/* ---- for floors above ---- */

static void
adapter_free(struct adapter *adapter)
{
    struct rt *rt = adapter->rt;
    struct port *port = adapter->port;
    struct adapter **link = &port->adapters;

    while (*link && *link != adapter)
        link = &(*link)->next;
    if (*link)
        *link = adapter->next;
    /* One that fires now may arm itself once more. */
    rt_timer_cancel(rt, &adapter->tick);
    port_settle(port);
    rt_timer_cancel(rt, &adapter->tick);
    services_free(adapter);
    routines_destroy(adapter);
    interrupt_disconnect(adapter);
    nt_owner_adopt(rt, adapter, adapter->driver); /* freed by DriverUnload, or reported there */
    if (adapter->caches)
        adapter_slabs_destroy(adapter);
    unit_destroy_all(adapter);
    pnp_adapter_delete(adapter);
    rt_free(rt, adapter->channels);
    if (adapter->uncached)
        rt_arena_free(rt, adapter->uncached, adapter->uncached_bytes);
    if (adapter->extension)
        rt_arena_free(rt, (struct extension_head *)adapter->extension - 1,
                      adapter->extension_bytes);
    rt_free(rt, adapter->registry_buffer);
    rt_free(rt, adapter->argument);
    rt_free(rt, adapter->reset);
    rt_free(rt, adapter);
}

static struct adapter *
adapter_create(struct driver *driver, const char *argument)
{
    struct port *port = driver->port;
    struct rt *rt = port->rt;
    struct adapter *adapter = rt_alloc_zero(rt, sizeof(*adapter));
    struct extension_head *head;

    if (!adapter)
        return NULL;
    adapter->port = port;
    adapter->rt = rt;
    adapter->driver = driver;
    adapter->number = port->adapter_next++;
    atomic_store(&adapter->holds, ADAPTER_STOPPED);
    control_init_adapter(adapter);
    services_init(adapter);
    adapter->extension_bytes = sizeof(*head) + driver->init.DeviceExtensionSize;
    head = rt_arena_alloc(rt, adapter->extension_bytes, NULL);
    if (head) {
        /* R1.8: zeroed once, never again. */
        memset(head, 0, adapter->extension_bytes);
        head->adapter = adapter;
        head->magic = EXTENSION_MAGIC;
        adapter->extension = head + 1;
    }
    if (argument && head) {
        adapter->argument = rt_alloc(rt, strlen(argument) + 1);
        if (adapter->argument)
            strcpy(adapter->argument, argument);
    }
    if (!head || (argument && !adapter->argument) || reset_create(adapter) ||
        routines_create(adapter)) {
        adapter_free(adapter);
        return NULL;
    }
    return adapter;
}

/* A removal cannot be refused: without memory for its IRP the device is removed all the same. */
void
adapter_surprise_remove(struct adapter *adapter)
{
    pnp_send(adapter, IRP_MN_SURPRISE_REMOVAL);
    if (adapter->state != ADAPTER_STATE_GONE)
        adapter_remove_device(adapter, true);
}

static void
removal_send(struct adapter *adapter)
{
    pnp_send(adapter, IRP_MN_REMOVE_DEVICE);
    if (adapter->state != ADAPTER_STATE_REMOVED)
        adapter_remove_device(adapter, false);
}

int
adapter_add(struct driver *driver, const char *argument, struct adapter **out, char **error)
{
    struct adapter *adapter = adapter_create(driver, argument);
    struct adapter **link = &driver->port->adapters;
    int status;

    if (error)
        *error = NULL;
    if (!adapter)
        return say(error, -ENOMEM, "no memory for an adapter");
    if ((status = pnp_adapter_create(adapter))) {
        adapter_free(adapter);
        return say(error, status, "AddDevice of %s failed", driver->name);
    }
    while (*link)
        link = &(*link)->next;
    *link = adapter;
    status = nt_status_to_errno(pnp_send(adapter, IRP_MN_START_DEVICE));
    if (status) {
        removal_send(adapter);
        adapter_free(adapter);
        return say(error, status, "%s did not start its adapter: see the log, and its parameters",
                   driver->name);
    }
    if ((status = adapter_scan(adapter)) || (status = rescan_start(adapter))) {
        adapter_remove(adapter);
        return say(error, status, "the units of %s could not be listed", driver->name);
    }
    if (driver->port->change)
        driver->port->change(driver->port->change_ctx, PORT_ADAPTER_STARTED, adapter, NULL);
    *out = adapter;
    return 0;
}

int
adapter_stop(struct adapter *adapter)
{
    return nt_status_to_errno(pnp_send(adapter, IRP_MN_STOP_DEVICE));
}

int
adapter_restart(struct adapter *adapter)
{
    int status = nt_status_to_errno(pnp_send(adapter, IRP_MN_START_DEVICE));

    if (!status)
        return adapter_scan(adapter);
    /* As the PnP manager does it: a device that does not start again is removed by surprise, so
     * that nobody waits for it. */
    adapter_surprise_remove(adapter);
    return status;
}

void
adapter_remove(struct adapter *adapter)
{
    struct port *port = adapter->port;

    rescan_end(adapter);
    pnp_send(adapter, IRP_MN_QUERY_REMOVE_DEVICE);
    if (adapter->state == ADAPTER_STATE_STARTED)
        adapter_silence(adapter); /* while the units are there to be flushed */
    for (struct unit *unit = adapter->units; unit; unit = unit->next)
        unit_withdraw(unit, adapter->state == ADAPTER_STATE_GONE);
    removal_send(adapter);
    if (port->change)
        port->change(port->change_ctx, PORT_ADAPTER_STOPPED, adapter, NULL);
    adapter_free(adapter);
}

unsigned
adapter_number(const struct adapter *adapter)
{
    return adapter->number;
}

struct driver *
adapter_driver(const struct adapter *adapter)
{
    return adapter->driver;
}

void
adapter_info(const struct adapter *adapter, struct adapter_info *out)
{
    const PORT_CONFIGURATION_INFORMATION *c = &adapter->config;

    *out = (struct adapter_info){
        .max_transfer_bytes = c->MaximumTransferLength,
        .physical_breaks = c->NumberOfPhysicalBreaks,
        .alignment_mask = c->AlignmentMask,
        .max_io = adapter->io_max,
        .max_io_per_lun = c->MaxIOsPerLun,
        .initial_queue_depth = c->InitialLunQueueDepth,
        .buses = c->NumberOfBuses,
        .targets = c->MaximumNumberOfTargets,
        .luns = c->MaximumNumberOfLogicalUnits,
        .channels = adapter->channel_count,
        .bus_type = adapter->bus_type,
        .caches_data = c->CachesData,
        .virtual_device = adapter->virtual_device,
        .full_duplex = adapter->full_duplex,
        .extended_srb = adapter->extended_srb,
        .maps_read_write = c->MapBuffers == STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE,
    };
}
