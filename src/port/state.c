/*
 * News from a miniport about its devices: state changes, asynchronous notifications, failed
 * devices, service times. They come at any IRQL; what needs PASSIVE is left for the adapter's
 * rescan thread, which runs it in routines_run(). Never blocks the caller.
 * DDI: StorPortStateChangeDetected, StorPortAsyncNotificationDetected, StorPortMarkDeviceFailed.
 */
#include "routines.h"

static void
leave_for_passive(struct adapter *adapter)
{
    if (adapter->rescan_thread)
        rt_unpark(adapter->rescan_thread);
}

/* ---- a state change ---- */

static bool
change_good(ULONG entity, const STOR_ADDRESS *address)
{
    return entity &&
           !(entity & ~(ULONG)(STATE_CHANGE_LUN | STATE_CHANGE_TARGET | STATE_CHANGE_BUS)) &&
           address && address->Type == STOR_ADDRESS_TYPE_BTL8 &&
           address->AddressLength >= STOR_ADDR_BTL8_ADDRESS_LENGTH;
}

/* R15.3: one at a time; the address stays the miniport's until the callback. */
static ULONG
state_change(struct adapter *adapter, ULONG entity, PSTOR_ADDRESS address, ULONG attributes,
             PHW_STATE_CHANGE routine, PVOID context)
{
    struct change *change = &adapter->routines->change;
    unsigned idle = CHANGE_IDLE;

    if (!change_good(entity, address))
        return STOR_STATUS_INVALID_PARAMETER;
    if (!atomic_compare_exchange_strong(&change->state, &idle, CHANGE_FILLING))
        return STOR_STATUS_UNSUCCESSFUL;
    if (attributes & ATTRIBUTE_VM_PASSTHROUGH_LUN)
        rt_log(adapter->rt, RT_LOG_INFO, adapter->driver->name,
               "%u: units are meant for virtual machines: no difference here", adapter->number);
    change->entity = entity;
    change->address = address;
    change->routine = routine;
    change->context = context;
    atomic_store(&change->state, CHANGE_WANTED);
    rt_trace(adapter->rt, RT_TRACE_USER, CONTRACT_StorPortStateChangeDetected, adapter->number,
             entity);
    leave_for_passive(adapter);
    return STOR_STATUS_SUCCESS;
}

/* The whole adapter is enumerated, whichever entity changed: that covers LUN, target and bus. The
 * miniport may tell of the next change from inside its callback. */
static bool
change_run(struct adapter *adapter)
{
    struct change *change = &adapter->routines->change, done;
    ULONG status;

    if (atomic_load(&change->state) != CHANGE_WANTED)
        return false;
    status = adapter_rescan(adapter) ? STOR_STATUS_UNSUCCESSFUL : STOR_STATUS_SUCCESS;
    done.routine = change->routine;
    done.context = change->context;
    done.address = change->address;
    atomic_store(&change->state, CHANGE_IDLE);
    if (done.routine)
        miniport_state_change(adapter, done.routine, done.context, done.address, status);
    return true;
}

/* ---- asynchronous notifications ---- */

/* R15.4 */
static ULONG
async_notification(struct adapter *adapter, const STOR_ADDRESS *address, ULONGLONG flags)
{
    struct unit *unit;
    unsigned none = 0;
    ULONG status;

    if (flags & ~(ULONGLONG)RAID_ASYNC_NOTIFY_SUPPORTED_FLAGS || !address ||
        address->Type != STOR_ADDRESS_TYPE_BTL8)
        return STOR_STATUS_INVALID_PARAMETER;
    unit = routine_unit(adapter, address, &status);
    if (!unit || !unit->attributes.AsyncNotificationSupported)
        return STOR_STATUS_INVALID_DEVICE_REQUEST;
    if (!flags)
        flags = RAID_ASYNC_NOTIFY_SUPPORTED_FLAGS;
    if (!atomic_compare_exchange_strong(&unit->notification_flags, &none, (unsigned)flags))
        return STOR_STATUS_BUSY;
    rt_trace(adapter->rt, RT_TRACE_USER, CONTRACT_StorPortAsyncNotificationDetected,
             adapter->number, unit->number);
    leave_for_passive(adapter);
    return STOR_STATUS_SUCCESS;
}

static bool
notification_run(struct unit *unit)
{
    struct adapter *adapter = unit->adapter;
    struct port *port = adapter->port;
    unsigned flags = atomic_load(&unit->notification_flags);

    if (!flags)
        return false;
    rt_log(adapter->rt, RT_LOG_INFO, adapter->driver->name, "%u/%u:%u:%u reports new%s%s%s",
           adapter->number, unit->path, unit->target, unit->lun,
           flags & RAID_ASYNC_NOTIFY_FLAG_MEDIA_STATUS ? " media status" : "",
           flags & RAID_ASYNC_NOTIFY_FLAG_DEVICE_STATUS ? " device status" : "",
           flags & RAID_ASYNC_NOTIFY_FLAG_DEVICE_OPERATION ? " device operation" : "");
    if (port->change && unit->announced)
        port->change(port->change_ctx, PORT_UNIT_CHANGED, adapter, unit);
    atomic_store(&unit->notification_flags, 0);
    return true;
}

/* ---- failed devices ---- */

/* DDI: StorPortMarkDeviceFailed: without the removal flag (or when the failure is only foreseen)
 * the event is logged and no more. */
static ULONG
device_failed(struct adapter *adapter, const STOR_ADDRESS *address, ULONG flags,
              enum contract_id id, uint32_t code, struct log_text *line)
{
    bool goes = (flags & STORPORT_MARK_DEVICE_FAILED_FLAG_REMOVE_DEVICE) &&
                !(flags & STORPORT_MARK_DEVICE_FAILED_FLAG_PREDICTED_FAILURE);
    struct unit *unit = NULL;
    ULONG status;

    if (flags & ~(ULONG)(STORPORT_MARK_DEVICE_FAILED_FLAG_REMOVE_DEVICE |
                         STORPORT_MARK_DEVICE_FAILED_FLAG_PREDICTED_FAILURE))
        return STOR_STATUS_INVALID_PARAMETER;
    if (address && !(unit = routine_unit(adapter, address, &status)))
        return status;
    log_add_address(line, address);
    if (goes)
        log_add(line, ", to be removed");
    log_event(adapter, RT_LOG_ERROR, id, code, line);
    if (goes) {
        atomic_store(unit ? &unit->fail_wanted : &adapter->routines->fail_wanted, 1);
        leave_for_passive(adapter);
    }
    return STOR_STATUS_SUCCESS;
}

static void
mark_failed(struct adapter *adapter, va_list args)
{
    PSTOR_ADDRESS address = va_arg(args, PSTOR_ADDRESS);
    ULONG flags = va_arg(args, ULONG);
    PWSTR reason = va_arg(args, PWSTR);
    struct log_text line = {.length = 0};

    log_add(&line, "device failed: ");
    if (reason)
        log_add_wide(&line, reason);
    if (device_failed(adapter, address, flags, CONTRACT_StorPortMarkDeviceFailed, flags, &line) !=
        STOR_STATUS_SUCCESS)
        finding_report(adapter->rt, RULE_UnitUnknown, 0,
                       "StorPortMarkDeviceFailed: no such unit, or flags 0x%x unknown", flags);
}

static void
mark_failed_ex(struct adapter *adapter, va_list args)
{
    PSTOR_ADDRESS address = va_arg(args, PSTOR_ADDRESS);
    ULONG flags = va_arg(args, ULONG);
    unsigned code = (USHORT)va_arg(args, int);
    PWSTR reason = va_arg(args, PWSTR);
    unsigned more_bytes = (USHORT)va_arg(args, int);
    PUCHAR more = va_arg(args, PUCHAR);
    unsigned critical_bytes = (USHORT)va_arg(args, int);
    PUCHAR critical = va_arg(args, PUCHAR);
    PULONG status = va_arg(args, PULONG);
    struct log_text line = {.length = 0};

    if ((more_bytes && !more) || (critical_bytes && !critical)) {
        *status = STOR_STATUS_INVALID_PARAMETER;
        return;
    }
    log_add(&line, "device %s: fault %u ",
            flags & STORPORT_MARK_DEVICE_FAILED_FLAG_PREDICTED_FAILURE ? "will fail" : "failed",
            code);
    if (reason)
        log_add_wide(&line, reason);
    if (critical_bytes) {
        log_add(&line, " critical ");
        log_add_bytes(&line, critical, critical_bytes);
    }
    if (more_bytes) {
        log_add(&line, " data ");
        log_add_bytes(&line, more, more_bytes);
    }
    *status =
        device_failed(adapter, address, flags, CONTRACT_StorPortMarkDeviceFailedEx, code, &line);
}

/* As the PnP manager: it asks for the state, then takes the device away. The adapter itself is
 * only surprised here: its remove is its owner's to send. */
static bool
failed_run(struct adapter *adapter)
{
    for (struct unit *unit = adapter->units; unit; unit = unit->next) {
        if (atomic_exchange(&unit->fail_wanted, 0)) {
            unit->failed = true;
            unit_withdraw(unit, true);
            return true;
        }
    }
    if (!atomic_exchange(&adapter->routines->fail_wanted, 0))
        return false;
    pnp_send(adapter, IRP_MN_QUERY_PNP_DEVICE_STATE);
    adapter_surprise_remove(adapter);
    return true;
}

/* ---- all of them ---- */

bool
routines_run(struct adapter *adapter)
{
    if (!adapter->routines)
        return false;
    for (struct unit *unit = adapter->units; unit; unit = unit->next) {
        if (notification_run(unit))
            return true;
    }
    return failed_run(adapter) || change_run(adapter);
}

void
notify_more(struct adapter *adapter, SCSI_NOTIFICATION_TYPE type, va_list args)
{
    switch (type) {
    case StateChangeDetectedCall: {
        ULONG entity = va_arg(args, ULONG);
        PSTOR_ADDRESS address = va_arg(args, PSTOR_ADDRESS);
        ULONG attributes = va_arg(args, ULONG);
        PHW_STATE_CHANGE routine = va_arg(args, PHW_STATE_CHANGE);
        PVOID context = va_arg(args, PVOID);
        *va_arg(args, PULONG) =
            state_change(adapter, entity, address, attributes, routine, context);
        break;
    }
    case AsyncNotificationDetected: {
        PSTOR_ADDRESS address = va_arg(args, PSTOR_ADDRESS);
        ULONGLONG flags = va_arg(args, ULONGLONG);
        *va_arg(args, PULONG) = async_notification(adapter, address, flags);
        break;
    }
    case IoTargetRequestServiceTime: {
        ULONGLONG duration = va_arg(args, ULONGLONG);
        struct port_srb *srb = srb_of(adapter, va_arg(args, PSCSI_REQUEST_BLOCK));
        if (srb)
            rt_trace(adapter->rt, RT_TRACE_USER, IoTargetRequestServiceTime, srb->number,
                     (uint32_t)duration);
        break;
    }
    case MarkDeviceFailed:
        mark_failed(adapter, args);
        break;
    case MarkDeviceFailedEx:
        mark_failed_ex(adapter, args);
        break;
    case TerminateSystemThread:
        thread_terminate(adapter, va_arg(args, PVOID));
        break;
    default:
        break;
    }
}
