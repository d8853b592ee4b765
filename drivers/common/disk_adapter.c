/*
 * Targets and units of a virtual adapter, and the callbacks' common halves.
 */
#include "disk_adapter.h"
#include "disk_priv.h"

/* Longest COMPARE AND WRITE: small enough that stores can do it in one step. */
#define COMPARE_BYTES_MAX 65536u

static VOID
serial_number(struct disk_unit *unit, const struct disk_parameters *parameters, ULONG ordinal,
              ULONG index, BOOLEAN single)
{
    static const char digits[] = "0123456789ABCDEF";
    UCHAR *serial = unit->serial;
    ULONG used = 0, i;

    for (i = 0; i < DISK_SERIAL_BYTES; i++)
        serial[i] = ' ';
    while (used < DISK_SERIAL_BYTES && parameters->serial[used] != 0) {
        serial[used] = (UCHAR)parameters->serial[used];
        used++;
    }
    if (used != 0 && single)
        return;
    if (used == 0) {
        for (i = 0; i < 4; i++)
            serial[used++] = (UCHAR)digits[(ordinal >> (12 - 4 * i)) & 15];
    } else if (used > DISK_SERIAL_BYTES - 5) {
        used = DISK_SERIAL_BYTES - 5;
    }
    serial[used++] = '-';
    for (i = 0; i < 4; i++)
        serial[used++] = (UCHAR)digits[(index >> (12 - 4 * i)) & 15];
}

static VOID
unit_init(struct disk_adapter *adapter, ULONG index, const char *product,
          const struct disk_store_ops *ops, ULONG ordinal)
{
    const struct disk_parameters *p = &adapter->parameters;
    struct disk_unit *unit = &adapter->units[index];
    ULONG compare = COMPARE_BYTES_MAX / p->block_bytes;

    unit->ops = ops;
    unit->blocks = p->size_bytes / p->block_bytes;
    unit->block_bytes = p->block_bytes;
    while ((p->block_bytes << unit->physical_exponent) < p->physical_bytes)
        unit->physical_exponent++;
    unit->read_only = p->read_only != 0;
    unit->rotational = p->rotational != 0;
    unit->has_cache = ops->flush != NULL;
    unit->write_cache_default = unit->has_cache && p->write_cache;
    unit->transfer_blocks_max = p->transfer_bytes / p->block_bytes;
    unit->compare_blocks_max = compare < 255 ? compare : 255;
    unit->unmap_granularity_blocks = 1u << unit->physical_exponent;
    unit->product = product;
    disk_unit_reset(unit, DISK_ATTENTION_POWER_ON);
    serial_number(unit, p, ordinal, index, adapter->unit_count == 1);
}

VOID
disk_adapter_init(struct disk_adapter *adapter, PVOID extension, const char *product,
                  const struct disk_store_ops *ops, ULONG ordinal, struct disk_target *targets,
                  struct disk_unit *units)
{
    const struct disk_parameters *p = &adapter->parameters;
    ULONG i;

    adapter->extension = extension;
    adapter->targets = targets;
    adapter->units = units;
    adapter->unit_count = p->targets * p->luns;
    for (i = 0; i < adapter->unit_count; i++)
        unit_init(adapter, i, product, ops, ordinal);
    for (i = 0; i < p->targets; i++) {
        targets[i].units = units + i * p->luns;
        targets[i].unit_count = p->luns;
    }
}

BOOLEAN
disk_adapter_create(struct disk_adapter *adapter, PVOID extension, const char *product,
                    const struct disk_store_ops *ops, ULONG ordinal)
{
    const struct disk_parameters *p = &adapter->parameters;
    ULONG targets_bytes = p->targets * sizeof(struct disk_target);
    ULONG units_bytes = p->targets * p->luns * sizeof(struct disk_unit);
    PVOID targets = NULL, units = NULL;

    if (StorPortAllocatePool(extension, targets_bytes, DISK_POOL_TAG, &targets) !=
        STOR_STATUS_SUCCESS)
        return FALSE;
    if (StorPortAllocatePool(extension, units_bytes, DISK_POOL_TAG, &units) !=
        STOR_STATUS_SUCCESS) {
        StorPortFreePool(extension, targets);
        return FALSE;
    }
    RtlZeroMemory(targets, targets_bytes);
    RtlZeroMemory(units, units_bytes);
    disk_adapter_init(adapter, extension, product, ops, ordinal, targets, units);
    return TRUE;
}

VOID
disk_adapter_destroy(struct disk_adapter *adapter)
{
    if (adapter->targets != NULL)
        StorPortFreePool(adapter->extension, adapter->targets);
    if (adapter->units != NULL)
        StorPortFreePool(adapter->extension, adapter->units);
    adapter->targets = NULL;
    adapter->units = NULL;
    adapter->unit_count = 0;
}

VOID
disk_adapter_configure(const struct disk_adapter *adapter, PPORT_CONFIGURATION_INFORMATION config)
{
    const struct disk_parameters *p = &adapter->parameters;

    config->VirtualDevice = TRUE;
    config->NumberOfBuses = 1;
    config->MaximumNumberOfTargets = (UCHAR)p->targets;
    config->MaximumNumberOfLogicalUnits = (UCHAR)p->luns;
    config->MaximumTransferLength = p->transfer_bytes;
    config->NumberOfPhysicalBreaks = p->transfer_bytes / 4096 + 1;
    config->AlignmentMask = 0;
    config->CachesData = adapter->unit_count != 0 && adapter->units[0].has_cache;
    config->WmiDataProvider = FALSE;
    config->SynchronizationModel = StorSynchronizeFullDuplex;
    /* More than 1000 requests are only granted to adapters that reach all memory. */
    if (config->Dma64BitAddresses & SCSI_DMA64_SYSTEM_SUPPORTED)
        config->Dma64BitAddresses |= SCSI_DMA64_MINIPORT_FULL64BIT_SUPPORTED;
    config->MaxIOsPerLun = p->queue_depth;
    config->InitialLunQueueDepth = p->queue_depth;
    if (config->MaxNumberOfIO < p->queue_depth)
        config->MaxNumberOfIO = p->queue_depth;
}

const struct disk_target *
disk_adapter_target(const struct disk_adapter *adapter, PSCSI_REQUEST_BLOCK srb, UCHAR *srb_status)
{
    UCHAR target = SrbGetTargetId(srb);

    if (SrbGetPathId(srb) != 0) {
        *srb_status = SRB_STATUS_INVALID_PATH_ID;
        return NULL;
    }
    if (target >= adapter->parameters.targets) {
        *srb_status = SRB_STATUS_NO_DEVICE;
        return NULL;
    }
    return &adapter->targets[target];
}

VOID
disk_adapter_reset_all(struct disk_adapter *adapter)
{
    ULONG i;

    for (i = 0; i < adapter->unit_count; i++)
        disk_unit_reset(&adapter->units[i], DISK_ATTENTION_BUS_RESET);
}

/* Which address fields are valid depends on the function (DDI: HW_BUILDIO, Remarks). */
UCHAR
disk_adapter_reset(struct disk_adapter *adapter, PSCSI_REQUEST_BLOCK srb)
{
    ULONG function = SrbGetSrbFunction(srb);
    const struct disk_target *target;
    UCHAR status = SRB_STATUS_SUCCESS;
    ULONG i;

    if (function == SRB_FUNCTION_RESET_BUS) {
        if (SrbGetPathId(srb) != 0)
            return SRB_STATUS_INVALID_PATH_ID;
        disk_adapter_reset_all(adapter);
        return status;
    }
    target = disk_adapter_target(adapter, srb, &status);
    if (target == NULL)
        return status;
    if (function == SRB_FUNCTION_RESET_LOGICAL_UNIT) {
        UCHAR lun = SrbGetLun(srb);
        if (lun >= target->unit_count)
            return SRB_STATUS_NO_DEVICE;
        disk_unit_reset(&target->units[lun], DISK_ATTENTION_UNIT_RESET);
        return status;
    }
    for (i = 0; i < target->unit_count; i++)
        disk_unit_reset(&target->units[i], DISK_ATTENTION_UNIT_RESET);
    return status;
}

VOID
disk_adapter_inquired(struct disk_adapter *adapter, PSCSI_REQUEST_BLOCK srb)
{
    if (SrbGetLun(srb) < adapter->parameters.luns)
        StorPortSetDeviceQueueDepth(adapter->extension, SrbGetPathId(srb), SrbGetTargetId(srb),
                                    SrbGetLun(srb), adapter->parameters.queue_depth);
}

VOID
disk_adapter_query_control(PSCSI_SUPPORTED_CONTROL_TYPE_LIST list)
{
    static const SCSI_ADAPTER_CONTROL_TYPE known[] = {ScsiQuerySupportedControlTypes,
                                                      ScsiStopAdapter, ScsiRestartAdapter};
    ULONG i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if ((ULONG)known[i] < list->MaxControlType)
            list->SupportedTypeList[known[i]] = TRUE;
    }
}
