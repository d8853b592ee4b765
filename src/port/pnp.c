/*
 * Plug and play as IRPs: the port's dispatch entries, its devices, and the IRPs that it sends to
 * them through DriverObject->MajorFunction, so that a driver which hooked an entry sees them.
 */
#include "port_priv.h"

#include <errno.h>
#include <string.h>

enum device_kind { DEVICE_ADAPTER = 0x4144u, DEVICE_UNIT = 0x554eu, DEVICE_BUS = 0x4255u };

/* The extension of each device object of the port's making. */
struct device_extension {
    uint32_t kind;
    struct adapter *adapter;
    struct unit *unit;
};

static NTSTATUS
irp_complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS
status_of(int error)
{
    return nt_status_from_errno(error);
}

static NTSTATUS
adapter_pnp(struct adapter *adapter, UCHAR minor, NTSTATUS preset)
{
    switch (minor) {
    case IRP_MN_START_DEVICE:
        return status_of(adapter_start_device(adapter));
    case IRP_MN_STOP_DEVICE:
        return status_of(adapter_stop_device(adapter, StorStopDevice));
    case IRP_MN_SURPRISE_REMOVAL:
        adapter_remove_device(adapter, true);
        return STATUS_SUCCESS;
    case IRP_MN_REMOVE_DEVICE:
        adapter_remove_device(adapter, false);
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return STATUS_SUCCESS;
    default:
        return preset;
    }
}

/* R16.9: the structure is zeroed; which one it is, the miniport has asked for. */
static void
query_capabilities(struct unit *unit)
{
    STOR_DEVICE_CAPABILITIES brief = {0};
    STOR_DEVICE_CAPABILITIES_EX full = {.Version = STOR_DEVICE_CAPABILITIES_EX_VERSION_1,
                                        .Size = sizeof(full)};

    if (unit->adapter->driver->init.FeatureSupport & STOR_FEATURE_FULL_PNP_DEVICE_CAPABILITIES)
        pnp_srb_unit(unit, StorQueryCapabilities, &full, sizeof(full));
    else
        pnp_srb_unit(unit, StorQueryCapabilities, &brief, sizeof(brief));
}

static NTSTATUS
unit_pnp(struct unit *unit, UCHAR minor, NTSTATUS preset)
{
    switch (minor) {
    case IRP_MN_START_DEVICE:
        pnp_srb_unit(unit, StorStartDevice, NULL, 0);
        return STATUS_SUCCESS;
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_CAPABILITIES:
        query_capabilities(unit);
        return STATUS_SUCCESS;
    case IRP_MN_SURPRISE_REMOVAL:
        pnp_srb_unit(unit, StorSurpriseRemoval, NULL, 0);
        return STATUS_SUCCESS;
    case IRP_MN_REMOVE_DEVICE:
        pnp_srb_unit(unit, StorRemoveDevice, NULL, 0);
        return STATUS_SUCCESS;
    default:
        return preset;
    }
}

static NTSTATUS NTAPI
dispatch_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct device_extension *x = device->DeviceExtension;
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;

    if (x->kind == DEVICE_ADAPTER)
        return irp_complete(irp, adapter_pnp(x->adapter, minor, irp->IoStatus.Status));
    if (x->kind == DEVICE_UNIT)
        return irp_complete(irp, unit_pnp(x->unit, minor, irp->IoStatus.Status));
    return irp_complete(irp, STATUS_SUCCESS);
}

static NTSTATUS NTAPI
dispatch_success(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return irp_complete(irp, STATUS_SUCCESS);
}

/* R16.4, R16.5: before the hardware loses its power the miniport hears of it, by one of two ways. */
static void
power_down(struct adapter *adapter, STOR_POWER_ACTION action)
{
    STOR_ADAPTER_CONTROL_POWER power = {
        .Header = {.Version = 1, .Size = sizeof(power)},
        .PowerAction = action,
        .PowerState = StorPowerDeviceD3};
    struct unit *unit = adapter->units;

    if (miniport_control_supported(adapter, ScsiAdapterPower))
        miniport_control(adapter, ScsiAdapterPower, &power);
    else if (unit)
        port_function(adapter, unit, SRB_FUNCTION_POWER, NULL, 0,
                      StorPowerDeviceD3 | SRB_POWER_FLAGS_ADAPTER_REQUEST << 8 |
                          (uint32_t)action << 16);
}

static NTSTATUS NTAPI
dispatch_power(PDEVICE_OBJECT device, PIRP irp)
{
    struct device_extension *x = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    /* Both enumerations of actions have the same order; StorPort's leaves none out. */
    if (x->kind == DEVICE_ADAPTER && stack->MinorFunction == IRP_MN_SET_POWER &&
        stack->Parameters.Power.Type == DevicePowerState &&
        stack->Parameters.Power.State.DeviceState > PowerDeviceD0 &&
        x->adapter->state == ADAPTER_STATE_STARTED)
        power_down(x->adapter, (STOR_POWER_ACTION)stack->Parameters.Power.ShutdownType);
    return irp_complete(irp, STATUS_SUCCESS);
}

static void
power_fill(void *ctx, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);

    (void)ctx;
    stack->Parameters.Power.Type = DevicePowerState;
    stack->Parameters.Power.State.DeviceState = PowerDeviceD3;
    stack->Parameters.Power.ShutdownType = PowerActionNone;
}

void
pnp_power_down(struct adapter *adapter)
{
    if (adapter->fdo)
        nt_irp_call(adapter->fdo, IRP_MJ_POWER, IRP_MN_SET_POWER, power_fill, NULL, NULL);
}

/* IOCTL_MINIPORT_PROCESS_SERVICE_IRP goes to the miniport; what else is unknown is refused. */
static NTSTATUS NTAPI
dispatch_control(PDEVICE_OBJECT device, PIRP irp)
{
    struct device_extension *x = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    if (x->kind == DEVICE_ADAPTER && x->adapter->driver->init.HwProcessServiceRequest &&
        stack->Parameters.DeviceIoControl.IoControlCode == IOCTL_MINIPORT_PROCESS_SERVICE_IRP) {
        IoMarkIrpPending(irp);
        miniport_process_service(x->adapter, irp);
        return STATUS_PENDING;
    }
    return irp_complete(irp, STATUS_INVALID_DEVICE_REQUEST);
}

static NTSTATUS NTAPI
add_device(PDRIVER_OBJECT object, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT fdo;
    struct device_extension *x, *bus = pdo->DeviceExtension;
    NTSTATUS status;

    status = IoCreateDevice(object, sizeof(*x), NULL, FILE_DEVICE_CONTROLLER, 0, FALSE, &fdo);
    if (!NT_SUCCESS(status))
        return status;
    x = fdo->DeviceExtension;
    x->kind = DEVICE_ADAPTER;
    x->adapter = bus->adapter;
    x->adapter->fdo = fdo;
    nt_device_owner_set(fdo, x->adapter);
    fdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

/* R1.3: StorPortInitialize installs these; a virtual miniport may chain its own afterwards. */
void
pnp_driver_entries(struct driver *driver)
{
    PDRIVER_OBJECT object = driver->object;

    object->MajorFunction[IRP_MJ_CREATE] = dispatch_success;
    object->MajorFunction[IRP_MJ_CLOSE] = dispatch_success;
    object->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch_control;
    object->MajorFunction[IRP_MJ_SCSI] = dispatch_control;
    object->MajorFunction[IRP_MJ_PNP] = dispatch_pnp;
    object->MajorFunction[IRP_MJ_POWER] = dispatch_power;
    object->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = dispatch_control;
    object->DriverExtension->AddDevice = add_device;
}

/* ---- devices ---- */

static PDEVICE_OBJECT
device_create(struct adapter *adapter, struct unit *unit, uint32_t kind)
{
    PDEVICE_OBJECT device;
    struct device_extension *x;

    if (!NT_SUCCESS(IoCreateDevice(
            adapter->driver->object, sizeof(*x), NULL,
            kind == DEVICE_UNIT ? FILE_DEVICE_DISK : FILE_DEVICE_BUS_EXTENDER, 0, FALSE, &device)))
        return NULL;
    x = device->DeviceExtension;
    x->kind = kind;
    x->adapter = adapter;
    x->unit = unit;
    nt_device_owner_set(device, adapter);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return device;
}

int
pnp_adapter_create(struct adapter *adapter)
{
    PDRIVER_OBJECT object = adapter->driver->object;

    adapter->pdo = device_create(adapter, NULL, DEVICE_BUS);
    if (!adapter->pdo)
        return -ENOMEM;
    if (!NT_SUCCESS(object->DriverExtension->AddDevice(object, adapter->pdo)) || !adapter->fdo)
        return -ENOMEM;
    return 0;
}

void
pnp_adapter_delete(struct adapter *adapter)
{
    if (adapter->fdo)
        IoDeleteDevice(adapter->fdo);
    if (adapter->pdo)
        IoDeleteDevice(adapter->pdo);
    adapter->fdo = adapter->pdo = NULL;
}

NTSTATUS
pnp_send(struct adapter *adapter, UCHAR minor)
{
    if (!adapter->fdo)
        return STATUS_NO_SUCH_DEVICE;
    return nt_irp_call(adapter->fdo, IRP_MJ_PNP, minor, NULL, NULL, NULL);
}

/* ---- units ---- */

void
pnp_unit_arrived(struct unit *unit)
{
    struct adapter *adapter = unit->adapter;

    unit->pdo = device_create(adapter, unit, DEVICE_UNIT);
    if (!unit->pdo)
        return; /* the disk works without; only IRPs to it do not */
    nt_irp_call(unit->pdo, IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES, NULL, NULL, NULL);
    nt_irp_call(unit->pdo, IRP_MJ_PNP, IRP_MN_START_DEVICE, NULL, NULL, NULL);
    if (miniport_unit_control_supported(adapter, ScsiUnitStart)) {
        STOR_ADDR_BTL8 address = {.Type = STOR_ADDRESS_TYPE_BTL8,
                                  .Port = (USHORT)adapter->number,
                                  .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH,
                                  .Path = unit->path,
                                  .Target = unit->target,
                                  .Lun = unit->lun};
        miniport_unit_control(adapter, ScsiUnitStart, &address);
    }
}

void
pnp_unit_gone(struct unit *unit, bool surprise)
{
    if (!unit->pdo)
        return;
    if (surprise)
        nt_irp_call(unit->pdo, IRP_MJ_PNP, IRP_MN_SURPRISE_REMOVAL, NULL, NULL, NULL);
    nt_irp_call(unit->pdo, IRP_MJ_PNP, IRP_MN_REMOVE_DEVICE, NULL, NULL, NULL);
    IoDeleteDevice(unit->pdo);
    unit->pdo = NULL;
}

/* SRB_FUNCTION_PNP for a unit. Not while the adapter is gone: nobody would answer. */
void
pnp_srb_unit(struct unit *unit, STOR_PNP_ACTION action, void *data, uint32_t bytes)
{
    struct adapter *adapter = unit->adapter;

    if (adapter->state != ADAPTER_STATE_STARTED)
        return;
    port_function(adapter, unit, SRB_FUNCTION_PNP, data, bytes, (uint32_t)action);
}

/* The same for the adapter: the address fields are invalid (SRB_PNP_FLAGS_ADAPTER_REQUEST). */
void
pnp_srb_adapter(struct adapter *adapter, STOR_PNP_ACTION action)
{
    struct unit *unit = adapter->units;

    if (unit)
        port_function(adapter, unit, SRB_FUNCTION_PNP, NULL, 0,
                      (uint32_t)action | SRB_PNP_FLAGS_ADAPTER_REQUEST << 8);
}
