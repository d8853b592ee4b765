/*
 * filedisk: a Storport virtual miniport whose disks are image files, as drivers of that kind are
 * built on Windows: HwStartIo answers what needs no data and queues the rest; system threads do the
 * file I/O and complete the SRBs. SCSI is drivers/common; this file is the port's callbacks.
 */
#include "filedisk.h"

#define PRODUCT "File disk"
#define THREADS_DEFAULT 4

/* Counts adapters of this driver, for serial numbers. */
static volatile LONG filedisk_ordinal;

static const struct disk_parameters filedisk_defaults = {
    .size_bytes = 0, /* as long as the file is */
    .block_bytes = 512,
    .physical_bytes = 4096,
    .targets = 1,
    .luns = 1,
    .queue_depth = 250,
    .transfer_bytes = 1u << 20,
    .write_cache = 1,
};

DRIVER_INITIALIZE DriverEntry;
static VIRTUAL_HW_FIND_ADAPTER filedisk_find_adapter;
static HW_INITIALIZE filedisk_initialize;
static HW_STARTIO filedisk_start_io;
static HW_RESET_BUS filedisk_reset_bus;
static HW_ADAPTER_CONTROL filedisk_adapter_control;
static HW_FREE_ADAPTER_RESOURCES filedisk_free_resources;

/* "Image", "Image1", "Image2": units 0, 1, 2. */
static BOOLEAN
image_path(struct disk_registry *registry, ULONG lun, char *path)
{
    char name[16] = "Image";
    ULONG at = 5, divisor = 100;

    for (; divisor != 0; divisor /= 10) {
        if (lun >= divisor)
            name[at++] = (char)('0' + lun / divisor % 10);
    }
    name[at] = 0;
    return disk_registry_text(registry, name, path, DISK_TEXT_BYTES) && path[0] != 0;
}

static VOID
filedisk_destroy(struct filedisk *filedisk)
{
    ULONG i;

    filedisk_threads_stop(filedisk);
    for (i = 0; filedisk->files != NULL && i < filedisk->disks.unit_count; i++)
        filedisk_file_close(&filedisk->files[i]);
    if (filedisk->files != NULL)
        StorPortFreePool(filedisk, filedisk->files);
    if (filedisk->workers != NULL)
        StorPortFreePool(filedisk, filedisk->workers);
    if (filedisk->zeros != NULL)
        StorPortFreePool(filedisk, filedisk->zeros);
    filedisk->files = NULL;
    filedisk->workers = NULL;
    filedisk->zeros = NULL;
    disk_adapter_destroy(&filedisk->disks);
}

static BOOLEAN
allocate(struct filedisk *filedisk, ULONG bytes, PVOID *out)
{
    if (StorPortAllocatePool(filedisk, bytes, FILEDISK_POOL_TAG, out) != STOR_STATUS_SUCCESS)
        return FALSE;
    RtlZeroMemory(*out, bytes);
    return TRUE;
}

static ULONG
filedisk_open_images(struct filedisk *filedisk, struct disk_registry *registry, char *path)
{
    struct disk_parameters *p = &filedisk->disks.parameters;
    ULONG i;

    for (i = 0; i < filedisk->disks.unit_count; i++) {
        struct filedisk_file *file = &filedisk->files[i];
        struct disk_unit *unit = &filedisk->disks.units[i];
        if (!image_path(registry, i, path) ||
            !NT_SUCCESS(filedisk_file_open(file, path, p->size_bytes, p->read_only != 0)))
            return SP_RETURN_BAD_CONFIG;
        unit->store = file;
        unit->blocks = file->bytes / p->block_bytes;
        if (unit->blocks == 0) {
            StorPortDebugPrint(0, "filedisk: Image=%s: empty (give Size=64M to extend it)\n", path);
            return SP_RETURN_BAD_CONFIG;
        }
    }
    return SP_RETURN_FOUND;
}

static ULONG
filedisk_create(struct filedisk *filedisk, struct disk_registry *registry, char *path)
{
    struct disk_adapter *disks = &filedisk->disks;
    struct disk_parameters *p = &disks->parameters;
    ULONG threads = THREADS_DEFAULT, found;

    *p = filedisk_defaults;
    if (!disk_parameters_read(p, registry) ||
        !disk_registry_ulong(registry, "Threads", 1, FILEDISK_THREADS_MAX, &threads))
        return SP_RETURN_BAD_CONFIG;
    p->targets = 1;
    for (p->luns = 0; p->luns < 255 && image_path(registry, p->luns, path); p->luns++)
        ;
    if (p->luns == 0) {
        StorPortDebugPrint(0, "filedisk: no Image (give Image=/path/of/the/file)\n");
        return SP_RETURN_BAD_CONFIG;
    }
    if (!disk_adapter_create(disks, filedisk, PRODUCT, &filedisk_file_ops,
                             (ULONG)InterlockedIncrement(&filedisk_ordinal)) ||
        !allocate(filedisk, disks->unit_count * sizeof(struct filedisk_file),
                  (PVOID *)&filedisk->files) ||
        !allocate(filedisk, threads * sizeof(struct filedisk_worker),
                  (PVOID *)&filedisk->workers) ||
        !allocate(filedisk, FILEDISK_ZEROS_BYTES, (PVOID *)&filedisk->zeros))
        return SP_RETURN_ERROR;
    found = filedisk_open_images(filedisk, registry, path);
    if (found == SP_RETURN_FOUND && !NT_SUCCESS(filedisk_threads_start(filedisk, threads)))
        found = SP_RETURN_ERROR;
    return found;
}

/* PASSIVE_LEVEL. After a stop and restart images and threads are as they were left. */
static ULONG
filedisk_find_adapter(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation,
                      PVOID LowerDevice, PCHAR ArgumentString,
                      PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Again)
{
    struct filedisk *filedisk = DeviceExtension;
    struct disk_registry registry;
    ULONG found = SP_RETURN_FOUND;
    PVOID path = NULL;

    *Again = FALSE;
    if (filedisk->disks.units == NULL) {
        if (!allocate(filedisk, DISK_TEXT_BYTES, &path))
            return SP_RETURN_ERROR;
        disk_registry_open(&registry, filedisk, "filedisk");
        found = filedisk_create(filedisk, &registry, path);
        disk_registry_close(&registry);
        StorPortFreePool(filedisk, path);
    }
    if (found != SP_RETURN_FOUND) {
        filedisk_destroy(filedisk);
        return found;
    }
    disk_adapter_configure(&filedisk->disks, ConfigInfo);
    return SP_RETURN_FOUND;
}

static BOOLEAN
filedisk_initialize(PVOID DeviceExtension)
{
    return ((struct filedisk *)DeviceExtension)->worker_count != 0;
}

/* FALSE: the SRB went to the queue and is completed by a thread. */
static BOOLEAN
filedisk_execute(struct filedisk *filedisk, PSCSI_REQUEST_BLOCK srb, ULONG function)
{
    struct filedisk_request *request = SrbGetMiniportContext(srb);
    struct disk_request *disk = &request->disk;
    UCHAR status = SRB_STATUS_SUCCESS;
    const struct disk_target *target = disk_adapter_target(&filedisk->disks, srb, &status);
    BOOLEAN needs_store;

    if (target == NULL) {
        SrbSetSrbStatus(srb, status);
        return TRUE;
    }
    if (function == SRB_FUNCTION_EXECUTE_SCSI)
        needs_store = disk_start(target, filedisk, srb, disk);
    else
        needs_store = disk_start_flush(target, filedisk, srb, disk);
    if (needs_store) {
        filedisk_submit(filedisk, request);
        return FALSE;
    }
    if (disk->cdb != NULL && disk->cdb[0] == SCSIOP_INQUIRY)
        disk_adapter_inquired(&filedisk->disks, srb);
    return TRUE;
}

/* FALSE: the reset's SRB is completed when nothing runs in its scope any more. */
static BOOLEAN
filedisk_reset(struct filedisk *filedisk, PSCSI_REQUEST_BLOCK srb, ULONG function)
{
    struct filedisk_request *reset = SrbGetMiniportContext(srb);
    UCHAR status = disk_adapter_reset(&filedisk->disks, srb);

    if (status != SRB_STATUS_SUCCESS) {
        SrbSetSrbStatus(srb, status);
        return TRUE;
    }
    /* One target: a device reset and a bus reset concern every unit. */
    reset->disk.srb = srb;
    reset->first = function == SRB_FUNCTION_RESET_LOGICAL_UNIT ? SrbGetLun(srb) : 0;
    reset->end =
        function == SRB_FUNCTION_RESET_LOGICAL_UNIT ? reset->first + 1 : filedisk->disks.unit_count;
    filedisk_abort(filedisk, reset->first, reset->end);
    filedisk_reset_when_idle(filedisk, reset);
    return FALSE;
}

/* Up to DISPATCH_LEVEL, on several processors at once, no lock held. */
static BOOLEAN
filedisk_start_io(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    struct filedisk *filedisk = DeviceExtension;
    ULONG function = SrbGetSrbFunction(Srb);
    BOOLEAN done = TRUE;

    switch (function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
    case SRB_FUNCTION_FLUSH:
    case SRB_FUNCTION_SHUTDOWN:
        done = filedisk_execute(filedisk, Srb, function);
        break;
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
    case SRB_FUNCTION_RESET_DEVICE:
    case SRB_FUNCTION_RESET_BUS:
        done = filedisk_reset(filedisk, Srb, function);
        break;
    case SRB_FUNCTION_POWER:
    case SRB_FUNCTION_PNP:
        /* A file has no power states, and its disk comes and goes with the adapter. */
        SrbSetSrbStatus(Srb, SRB_STATUS_SUCCESS);
        break;
    default:
        /* No private controls, no WMI data, no file system to write a crash dump through. */
        SrbSetSrbStatus(Srb, SRB_STATUS_INVALID_REQUEST);
        break;
    }
    if (done)
        StorPortNotification(RequestComplete, filedisk, Srb);
    return TRUE;
}

/*
 * The ladder's last step; the unit resets before it waited for the threads in vain. What waits is
 * completed; what a thread is still writing is not, since its buffer may not be given back: then
 * the reset has failed.
 */
static BOOLEAN
filedisk_reset_bus(PVOID DeviceExtension, ULONG PathId)
{
    struct filedisk *filedisk = DeviceExtension;

    if (PathId != 0)
        return FALSE;
    disk_adapter_reset_all(&filedisk->disks);
    filedisk_abort(filedisk, 0, filedisk->disks.unit_count);
    return filedisk_is_idle(filedisk);
}

static SCSI_ADAPTER_CONTROL_STATUS
filedisk_adapter_control(PVOID DeviceExtension, SCSI_ADAPTER_CONTROL_TYPE ControlType,
                         PVOID Parameters)
{
    switch (ControlType) {
    case ScsiQuerySupportedControlTypes:
        disk_adapter_query_control(Parameters);
        return ScsiAdapterControlSuccess;
    case ScsiStopAdapter:
    case ScsiRestartAdapter:
        /* The port has drained and flushed; images and threads wait for restart or removal. */
        return ScsiAdapterControlSuccess;
    default:
        return ScsiAdapterControlUnsuccessful;
    }
}

/* PASSIVE_LEVEL, last callback of all. Whoever came here without a flush gets one. */
static VOID
filedisk_free_resources(PVOID DeviceExtension)
{
    struct filedisk *filedisk = DeviceExtension;
    IO_STATUS_BLOCK io;
    ULONG i;

    filedisk_threads_stop(filedisk);
    for (i = 0; i < filedisk->disks.unit_count; i++) {
        if (filedisk->files[i].handle != NULL && !filedisk->disks.units[i].read_only)
            ZwFlushBuffersFile(filedisk->files[i].handle, &io);
    }
    filedisk_destroy(filedisk);
}

NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    HW_INITIALIZATION_DATA data;

    RtlZeroMemory(&data, sizeof(data));
    data.HwInitializationDataSize = sizeof(data);
    data.AdapterInterfaceType = Internal;
    data.HwInitialize = filedisk_initialize;
    data.HwStartIo = filedisk_start_io;
    data.HwFindAdapter = (PVOID)filedisk_find_adapter;
    data.HwResetBus = filedisk_reset_bus;
    data.HwAdapterControl = filedisk_adapter_control;
    data.HwFreeAdapterResources = filedisk_free_resources;
    data.DeviceExtensionSize = sizeof(struct filedisk);
    data.SrbExtensionSize = sizeof(struct filedisk_request);
    data.MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    data.TaggedQueuing = TRUE;
    data.AutoRequestSense = TRUE;
    data.MultipleRequestPerLu = TRUE;
    data.FeatureSupport = STOR_FEATURE_VIRTUAL_MINIPORT;
    data.SrbTypeFlags = SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK;
    data.AddressTypeFlags = ADDRESS_TYPE_FLAG_BTL8;
    return StorPortInitialize(DriverObject, RegistryPath, &data, NULL);
}
