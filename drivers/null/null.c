/*
 * null: a disk that accepts every request and moves no data, to measure what the port itself costs.
 * Reads leave the buffer as it was. Built twice: as a virtual miniport (null), and with
 * NULL_PHYSICAL as one in the manner of a full-duplex HBA (null-physical), where HwBuildIo checks
 * the request and HwStartIo, under the StartIo lock, completes it.
 */
#include "disk_adapter.h"

#define NULL_LUNS_MAX 16

/* All in one piece: an adapter without pool needs no clean-up. */
struct null_adapter {
    struct disk_adapter disks;
    struct disk_target target;
    struct disk_unit units[NULL_LUNS_MAX];
};

static const struct disk_parameters null_defaults = {
    .size_bytes = 1ull << 40,
    .block_bytes = 512,
    .physical_bytes = 4096,
    .targets = 1,
    .luns = 1,
    .queue_depth = 250,
    .transfer_bytes = 1u << 20,
};

static volatile LONG null_ordinal;

DRIVER_INITIALIZE DriverEntry;
static HW_INITIALIZE null_initialize;
static HW_STARTIO null_start_io;
static HW_RESET_BUS null_reset_bus;
static HW_ADAPTER_CONTROL null_adapter_control;

static enum disk_result
null_read(struct disk_request *request, ULONGLONG offset, PVOID buffer, ULONG length)
{
    return DISK_OK;
}

static enum disk_result
null_write(struct disk_request *request, ULONGLONG offset, const VOID *buffer, ULONG length)
{
    return DISK_OK;
}

static const struct disk_store_ops null_ops = {
    .read = null_read,
    .write = null_write,
};

static ULONG
null_configure(struct null_adapter *adapter, PPORT_CONFIGURATION_INFORMATION config)
{
    struct disk_adapter *disks = &adapter->disks;
    struct disk_registry registry;
    BOOLEAN good;
    ULONG i;

    if (disks->units == NULL) {
        disks->parameters = null_defaults;
        disk_registry_open(&registry, adapter, "null");
        good = disk_parameters_read(&disks->parameters, &registry);
        disk_registry_close(&registry);
        if (disks->parameters.targets != 1 || disks->parameters.luns > NULL_LUNS_MAX) {
            StorPortDebugPrint(0, "null: at most 1 target with %u units\n", NULL_LUNS_MAX);
            good = FALSE;
        }
        if (!good)
            return SP_RETURN_BAD_CONFIG;
        disk_adapter_init(disks, adapter, "Null disk", &null_ops,
                          (ULONG)InterlockedIncrement(&null_ordinal), &adapter->target,
                          adapter->units);
        for (i = 0; i < disks->unit_count; i++)
            disks->units[i].discards_data = TRUE;
    }
    disk_adapter_configure(disks, config);
    return SP_RETURN_FOUND;
}

static BOOLEAN
null_initialize(PVOID DeviceExtension)
{
    return ((struct null_adapter *)DeviceExtension)->disks.units != NULL;
}

/* TRUE: disk_perform() is still to come. FALSE: *status is what the SRB ends with. */
static BOOLEAN
null_begin(struct null_adapter *adapter, PSCSI_REQUEST_BLOCK srb, UCHAR *status)
{
    struct disk_request *request = SrbGetMiniportContext(srb);
    const struct disk_target *target;

    *status = SRB_STATUS_SUCCESS;
    switch (SrbGetSrbFunction(srb)) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        target = disk_adapter_target(&adapter->disks, srb, status);
        if (target == NULL)
            return FALSE;
        if (disk_start(target, adapter, srb, request))
            return TRUE;
        if (request->cdb != NULL && request->cdb[0] == SCSIOP_INQUIRY)
            disk_adapter_inquired(&adapter->disks, srb);
        *status = SrbGetSrbStatus(srb);
        return FALSE;
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
    case SRB_FUNCTION_RESET_DEVICE:
    case SRB_FUNCTION_RESET_BUS:
        *status = disk_adapter_reset(&adapter->disks, srb);
        return FALSE;
    case SRB_FUNCTION_FLUSH:
    case SRB_FUNCTION_SHUTDOWN:
    case SRB_FUNCTION_POWER:
    case SRB_FUNCTION_PNP:
        return FALSE;
    default:
        *status = SRB_STATUS_INVALID_REQUEST;
        return FALSE;
    }
}

static BOOLEAN
null_reset_bus(PVOID DeviceExtension, ULONG PathId)
{
    struct null_adapter *adapter = DeviceExtension;

    if (PathId != 0)
        return FALSE;
    disk_adapter_reset_all(&adapter->disks);
    return TRUE;
}

static SCSI_ADAPTER_CONTROL_STATUS
null_adapter_control(PVOID DeviceExtension, SCSI_ADAPTER_CONTROL_TYPE ControlType, PVOID Parameters)
{
    switch (ControlType) {
    case ScsiQuerySupportedControlTypes:
        disk_adapter_query_control(Parameters);
        return ScsiAdapterControlSuccess;
    case ScsiStopAdapter:
    case ScsiRestartAdapter:
        return ScsiAdapterControlSuccess;
    default:
        return ScsiAdapterControlUnsuccessful;
    }
}

static VOID
null_fill(HW_INITIALIZATION_DATA *data)
{
    RtlZeroMemory(data, sizeof(*data));
    data->HwInitializationDataSize = sizeof(*data);
    data->AdapterInterfaceType = Internal;
    data->HwInitialize = null_initialize;
    data->HwStartIo = null_start_io;
    data->HwResetBus = null_reset_bus;
    data->HwAdapterControl = null_adapter_control;
    data->DeviceExtensionSize = sizeof(struct null_adapter);
    data->SrbExtensionSize = sizeof(struct disk_request);
    data->MapBuffers = STOR_MAP_NON_READ_WRITE_BUFFERS;
    data->TaggedQueuing = TRUE;
    data->AutoRequestSense = TRUE;
    data->MultipleRequestPerLu = TRUE;
    data->SrbTypeFlags = SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK;
    data->AddressTypeFlags = ADDRESS_TYPE_FLAG_BTL8;
}

#ifndef NULL_PHYSICAL

static VIRTUAL_HW_FIND_ADAPTER null_find_adapter;
static HW_FREE_ADAPTER_RESOURCES null_free_resources;

static BOOLEAN
null_start_io(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    UCHAR status;

    if (null_begin(DeviceExtension, Srb, &status))
        disk_perform(SrbGetMiniportContext(Srb));
    else
        SrbSetSrbStatus(Srb, status);
    StorPortNotification(RequestComplete, DeviceExtension, Srb);
    return TRUE;
}

static ULONG
null_find_adapter(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation, PVOID LowerDevice,
                  PCHAR ArgumentString, PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Again)
{
    *Again = FALSE;
    return null_configure(DeviceExtension, ConfigInfo);
}

static VOID
null_free_resources(PVOID DeviceExtension)
{
    /* All of it is in the extension, which is the port's to free. */
}

NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    HW_INITIALIZATION_DATA data;

    null_fill(&data);
    data.HwFindAdapter = (PVOID)null_find_adapter;
    data.HwFreeAdapterResources = null_free_resources;
    data.FeatureSupport = STOR_FEATURE_VIRTUAL_MINIPORT;
    return StorPortInitialize(DriverObject, RegistryPath, &data, NULL);
}

#else

static HW_FIND_ADAPTER null_find_adapter;
static HW_BUILDIO null_build_io;
static HW_INTERRUPT null_interrupt;

static BOOLEAN
null_is_transfer(const struct disk_request *request)
{
    switch (request->cdb[0]) {
    case SCSIOP_READ6:
    case SCSIOP_WRITE6:
    case SCSIOP_READ:
    case SCSIOP_WRITE:
    case SCSIOP_READ12:
    case SCSIOP_WRITE12:
    case SCSIOP_READ16:
    case SCSIOP_WRITE16:
        return TRUE;
    default:
        return FALSE;
    }
}

/* DISPATCH_LEVEL, several at once: all but the transfer is done here. VERIFY and WRITE SAME need
 * pool, which HwStorStartIo may not allocate. */
static BOOLEAN
null_build_io(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    struct disk_request *request = SrbGetMiniportContext(Srb);
    UCHAR status;

    if (!null_begin(DeviceExtension, Srb, &status))
        SrbSetSrbStatus(Srb, status);
    else if (null_is_transfer(request))
        return TRUE;
    else
        disk_perform(request);
    StorPortNotification(RequestComplete, DeviceExtension, Srb);
    return FALSE;
}

static BOOLEAN
null_start_io(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    disk_perform(SrbGetMiniportContext(Srb));
    StorPortNotification(RequestComplete, DeviceExtension, Srb);
    return TRUE;
}

/* There is no device, so no interrupt is ever ours. */
static BOOLEAN
null_interrupt(PVOID DeviceExtension)
{
    return FALSE;
}

static ULONG
null_find_adapter(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation,
                  PCHAR ArgumentString, PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Again)
{
    ULONG found;

    *Again = FALSE;
    found = null_configure(DeviceExtension, ConfigInfo);
    ConfigInfo->VirtualDevice = FALSE;
    return found;
}

NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    HW_INITIALIZATION_DATA data;

    null_fill(&data);
    data.HwFindAdapter = (PVOID)null_find_adapter;
    data.HwBuildIo = null_build_io;
    data.HwInterrupt = null_interrupt;
    data.NeedPhysicalAddresses = TRUE;
    return StorPortInitialize(DriverObject, RegistryPath, &data, NULL);
}

#endif
