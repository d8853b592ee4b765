/* StorPortNotification: what a miniport tells the port. DDI: StorPortNotification, Remarks. */
#include "port_priv.h"

static void
request_complete(struct adapter *adapter, va_list args, void *caller)
{
    struct port_srb *srb = srb_of(adapter, va_arg(args, PSCSI_REQUEST_BLOCK));

    if (srb)
        srb_notify(srb, caller);
}

static void
unknown(struct adapter *adapter, SCSI_NOTIFICATION_TYPE type)
{
    finding_report(adapter->rt, RULE_StorPortNotification2, 0,
                   "StorPortNotification has no type 0x%x", (unsigned)type);
}

VOID
StorPortNotification(SCSI_NOTIFICATION_TYPE NotificationType, PVOID HwDeviceExtension, ...)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortNotification, HwDeviceExtension);
    void *caller = __builtin_return_address(0);
    enum contract_id id = contract_of_notification((uint32_t)NotificationType);
    va_list args;

    if (!adapter)
        return;
    if (id != CONTRACT_COUNT)
        contract_enter(id, caller); /* the inline routine behind the type has its own row */
    va_start(args, HwDeviceExtension);
    switch (NotificationType) {
    case RequestComplete:
        request_complete(adapter, args, caller);
        break;
    case NextRequest:
    case NextLuRequest:
        break; /* Storport does not wait for them (R3.1) */
    case ResetDetected:
        reset_detected(adapter);
        break;
    case RequestTimerCall: {
        PHW_TIMER routine = va_arg(args, PHW_TIMER);
        timer_call(adapter, routine, va_arg(args, ULONG));
        break;
    }
    case BusChangeDetected:
        bus_change_detected(adapter);
        break;
    case WMIEvent:
    case WMIReregister:
        break; /* nobody listens to this adapter's WMI events: as documented they are dropped */
    case LinkUp:
        link_change(adapter, true);
        break;
    case LinkDown:
        link_change(adapter, false);
        break;
    case QueryTickCount:
        va_arg(args, PLARGE_INTEGER)->QuadPart = (LONGLONG)(rt_now_ns(adapter->rt) / 15625000);
        break;
    case BufferOverrunDetected:
        rt_bug(adapter->rt, RT_BUG_CHECK, "the miniport reported a buffer overrun");
    case EnablePassiveInitialization: {
        PHW_PASSIVE_INITIALIZE_ROUTINE routine = va_arg(args, PHW_PASSIVE_INITIALIZE_ROUTINE);
        *va_arg(args, PBOOLEAN) = passive_enable(adapter, routine);
        break;
    }
    case InitializeDpc: {
        PSTOR_DPC dpc = va_arg(args, PSTOR_DPC);
        dpc_initialize(adapter, dpc, va_arg(args, PHW_DPC_ROUTINE));
        break;
    }
    case IssueDpc: {
        PSTOR_DPC dpc = va_arg(args, PSTOR_DPC);
        PVOID argument1 = va_arg(args, PVOID), argument2 = va_arg(args, PVOID);
        *va_arg(args, PBOOLEAN) = dpc_issue(adapter, dpc, argument1, argument2);
        break;
    }
    case AcquireSpinLock: {
        STOR_SPINLOCK kind = va_arg(args, STOR_SPINLOCK);
        PVOID context = va_arg(args, PVOID);
        lock_acquire(adapter, kind, context, va_arg(args, PSTOR_LOCK_HANDLE), caller);
        break;
    }
    case ReleaseSpinLock:
        lock_release(adapter, va_arg(args, PSTOR_LOCK_HANDLE));
        break;
    case StateChangeDetectedCall:
    case AsyncNotificationDetected:
    case IoTargetRequestServiceTime:
    case MarkDeviceFailed:
    case MarkDeviceFailedEx:
    case TerminateSystemThread:
        notify_more(adapter, NotificationType, args);
        break;
    default:
        unknown(adapter, NotificationType);
        break;
    }
    va_end(args);
}

/* DDI: StorPortCompleteRequest: completes every outstanding SRB of an address; 0xFF is a
 * wildcard. */
VOID
StorPortCompleteRequest(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun,
                        UCHAR SrbStatus)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortCompleteRequest, HwDeviceExtension);
    uint8_t old;

    if (!adapter)
        return;
    old = rt_irql() < RT_IRQL_DISPATCH ? rt_irql_raise(RT_IRQL_DISPATCH) : RT_IRQL_HIGH;
    for (struct unit *unit = adapter->units; unit; unit = unit->next) {
        struct list *at, *next;
        if ((PathId != SP_UNTAGGED && unit->path != PathId) ||
            (TargetId != SP_UNTAGGED && unit->target != TargetId) ||
            (Lun != SP_UNTAGGED && unit->lun != Lun))
            continue;
        rt_word_acquire(&unit->queue_lock);
        for (at = unit->active.next; at != &unit->active; at = next) {
            struct port_srb *srb = RT_CONTAINER(at, struct port_srb, link);
            enum srb_state state = srb_state(srb);
            next = at->next;
            if (state != SRB_STARTED && state != SRB_BUILDING)
                continue;
            srb_set_status(srb, SrbStatus);
            srb_notify(srb, __builtin_return_address(0));
        }
        rt_word_release(&unit->queue_lock);
    }
    if (old != RT_IRQL_HIGH)
        rt_irql_lower(old);
}
