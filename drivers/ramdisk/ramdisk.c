/*
 * ramdisk: a Storport virtual miniport whose disks live in memory. The smallest complete example of
 * such a driver: DriverEntry names the callbacks, HwFindAdapter reads the registry and makes the
 * disks, HwStartIo does each request on the spot and completes it. Knows no SCSI: that is
 * drivers/common/disk_command.c; nor where bytes are: that is ramdisk_store.c.
 */
#include "disk_adapter.h"
#include "ramdisk_store.h"

#define PRODUCT "RAM disk"

struct ramdisk {
    struct disk_adapter disks;
};

/* Counts adapters of this driver, for serial numbers. */
static volatile LONG ramdisk_ordinal;

static const struct disk_parameters ramdisk_defaults = {
    .size_bytes = 64ull << 20,
    .block_bytes = 512,
    .physical_bytes = 4096,
    .targets = 1,
    .luns = 1,
    .queue_depth = 250,
    .transfer_bytes = 1u << 20,
};

DRIVER_INITIALIZE DriverEntry;
static VIRTUAL_HW_FIND_ADAPTER ramdisk_find_adapter;
static HW_INITIALIZE ramdisk_initialize;
static HW_STARTIO ramdisk_start_io;
static HW_RESET_BUS ramdisk_reset_bus;
static HW_ADAPTER_CONTROL ramdisk_adapter_control;
static HW_FREE_ADAPTER_RESOURCES ramdisk_free_resources;

static VOID
ramdisk_destroy(struct ramdisk *ramdisk)
{
    ULONG i;

    for (i = 0; i < ramdisk->disks.unit_count; i++)
        ramdisk_store_destroy(ramdisk->disks.units[i].store);
    disk_adapter_destroy(&ramdisk->disks);
}

static BOOLEAN
ramdisk_create(struct ramdisk *ramdisk)
{
    struct disk_adapter *disks = &ramdisk->disks;
    ULONG ordinal = (ULONG)InterlockedIncrement(&ramdisk_ordinal);
    ULONG i;

    if (!disk_adapter_create(disks, ramdisk, PRODUCT, &ramdisk_store_ops, ordinal))
        return FALSE;
    for (i = 0; i < disks->unit_count; i++) {
        struct disk_unit *unit = &disks->units[i];
        unit->store = ramdisk_store_create(ramdisk, unit->blocks * unit->block_bytes);
        if (unit->store == NULL) {
            ramdisk_destroy(ramdisk);
            return FALSE;
        }
    }
    return TRUE;
}

/* PASSIVE_LEVEL. After a stop and restart the extension is as it was left: the disks stay. */
static ULONG
ramdisk_find_adapter(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation,
                     PVOID LowerDevice, PCHAR ArgumentString,
                     PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Again)
{
    struct ramdisk *ramdisk = DeviceExtension;
    struct disk_registry registry;
    BOOLEAN good;

    *Again = FALSE;
    if (ramdisk->disks.units == NULL) {
        ramdisk->disks.parameters = ramdisk_defaults;
        disk_registry_open(&registry, ramdisk, "ramdisk");
        good = disk_parameters_read(&ramdisk->disks.parameters, &registry);
        disk_registry_close(&registry);
        if (!good)
            return SP_RETURN_BAD_CONFIG;
        if (!ramdisk_create(ramdisk))
            return SP_RETURN_ERROR;
    }
    disk_adapter_configure(&ramdisk->disks, ConfigInfo);
    return SP_RETURN_FOUND;
}

static BOOLEAN
ramdisk_initialize(PVOID DeviceExtension)
{
    /* No hardware that could fail; the disks were made in HwFindAdapter. */
    return ((struct ramdisk *)DeviceExtension)->disks.units != NULL;
}

static UCHAR
ramdisk_execute(struct ramdisk *ramdisk, PSCSI_REQUEST_BLOCK srb, ULONG function)
{
    struct disk_request *request = SrbGetMiniportContext(srb);
    UCHAR status = SRB_STATUS_SUCCESS;
    const struct disk_target *target = disk_adapter_target(&ramdisk->disks, srb, &status);
    BOOLEAN needs_store;

    if (target == NULL)
        return status;
    if (function == SRB_FUNCTION_EXECUTE_SCSI)
        needs_store = disk_start(target, ramdisk, srb, request);
    else
        needs_store = disk_start_flush(target, ramdisk, srb, request);
    if (needs_store)
        disk_perform(request);
    else if (request->cdb != NULL && request->cdb[0] == SCSIOP_INQUIRY)
        disk_adapter_inquired(&ramdisk->disks, srb);
    return SrbGetSrbStatus(srb);
}

/* Up to DISPATCH_LEVEL, on several processors at once, no lock held. */
static BOOLEAN
ramdisk_start_io(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    struct ramdisk *ramdisk = DeviceExtension;
    ULONG function = SrbGetSrbFunction(Srb);
    UCHAR status;

    switch (function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
    case SRB_FUNCTION_FLUSH:
    case SRB_FUNCTION_SHUTDOWN:
        status = ramdisk_execute(ramdisk, Srb, function);
        break;
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
    case SRB_FUNCTION_RESET_DEVICE:
    case SRB_FUNCTION_RESET_BUS:
        /* Nothing outlives HwStartIo, so there is nothing to complete first. */
        status = disk_adapter_reset(&ramdisk->disks, Srb);
        break;
    case SRB_FUNCTION_POWER:
    case SRB_FUNCTION_PNP:
        /* Memory has no power states, and its disks come and go with the adapter. */
        status = SRB_STATUS_SUCCESS;
        break;
    default:
        /* No private controls, no WMI data, and no crash dump outlives memory. */
        status = SRB_STATUS_INVALID_REQUEST;
        break;
    }
    SrbSetSrbStatus(Srb, status);
    StorPortNotification(RequestComplete, ramdisk, Srb);
    return TRUE;
}

static BOOLEAN
ramdisk_reset_bus(PVOID DeviceExtension, ULONG PathId)
{
    struct ramdisk *ramdisk = DeviceExtension;

    if (PathId != 0)
        return FALSE;
    disk_adapter_reset_all(&ramdisk->disks);
    return TRUE;
}

static SCSI_ADAPTER_CONTROL_STATUS
ramdisk_adapter_control(PVOID DeviceExtension, SCSI_ADAPTER_CONTROL_TYPE ControlType,
                        PVOID Parameters)
{
    switch (ControlType) {
    case ScsiQuerySupportedControlTypes:
        disk_adapter_query_control(Parameters);
        return ScsiAdapterControlSuccess;
    case ScsiStopAdapter:
    case ScsiRestartAdapter:
        /* The port has drained all requests; the disks keep their contents. */
        return ScsiAdapterControlSuccess;
    default:
        return ScsiAdapterControlUnsuccessful;
    }
}

static VOID
ramdisk_free_resources(PVOID DeviceExtension)
{
    ramdisk_destroy(DeviceExtension);
}

NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    HW_INITIALIZATION_DATA data;

    RtlZeroMemory(&data, sizeof(data));
    data.HwInitializationDataSize = sizeof(data);
    data.AdapterInterfaceType = Internal;
    data.HwInitialize = ramdisk_initialize;
    data.HwStartIo = ramdisk_start_io;
    data.HwFindAdapter = (PVOID)ramdisk_find_adapter;
    data.HwResetBus = ramdisk_reset_bus;
    data.HwAdapterControl = ramdisk_adapter_control;
    data.HwFreeAdapterResources = ramdisk_free_resources;
    data.DeviceExtensionSize = sizeof(struct ramdisk);
    data.SrbExtensionSize = sizeof(struct disk_request);
    data.MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    data.TaggedQueuing = TRUE;
    data.AutoRequestSense = TRUE;
    data.MultipleRequestPerLu = TRUE;
    data.FeatureSupport = STOR_FEATURE_VIRTUAL_MINIPORT;
    data.SrbTypeFlags = SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK;
    data.AddressTypeFlags = ADDRESS_TYPE_FLAG_BTL8;
    return StorPortInitialize(DriverObject, RegistryPath, &data, NULL);
}
