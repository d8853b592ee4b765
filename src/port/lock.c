/*
 * The spin locks that drivers take: StartIo, Interrupt, DPC. Levels as documented; which a callback
 * may take is checked against the table of StorPortAcquireSpinLock.
 */
#include "port_priv.h"

/* Kinds in rt_frame.held[]. */
#define HELD(kind) (NT_HELD_PORT + (kind))

static rt_word *
lock_word(struct adapter *adapter, STOR_SPINLOCK kind, PVOID context)
{
    switch (kind) {
    case StartIoLock:
        return &adapter->startio_lock;
    case InterruptLock:
        return &adapter->interrupt_lock;
    case DpcLock:
    case ThreadedDpcLock:
        return context ? (rt_word *)&((PSTOR_DPC)context)->Lock : NULL;
    default:
        return NULL;
    }
}

static uint8_t
lock_level(const struct adapter *adapter, STOR_SPINLOCK kind)
{
    return kind == InterruptLock && !adapter->virtual_device ? adapter->dirql : RT_IRQL_DISPATCH;
}

/* What the port holds around the current callback, and what may be taken inside. */
static bool
permitted(const struct adapter *adapter, STOR_SPINLOCK kind)
{
    const struct rt_frame *frame = rt_self()->frame;
    bool half = !adapter->full_duplex && !adapter->virtual_device;

    switch (frame ? frame->callback : CALLBACK_NONE) {
    case CALLBACK_FIND_ADAPTER:
    case CALLBACK_PASSIVE_INITIALIZE:
    case CALLBACK_INTERRUPT:
    case CALLBACK_MESSAGE_INTERRUPT:
    case CALLBACK_SYNCHRONIZED_ACCESS:
        return false;
    case CALLBACK_INITIALIZE:
        return adapter->virtual_device;
    case CALLBACK_STARTIO:
        if (half)
            return false;
        return kind != StartIoLock || adapter->virtual_device || adapter->channel_count > 1;
    case CALLBACK_TIMER:
    case CALLBACK_TIMER_EX:
    case CALLBACK_RESET_BUS:
    case CALLBACK_STATE_CHANGE:
        return kind == InterruptLock && !half;
    default:
        return true;
    }
}

/* R2.1: DPC or StartIo before Interrupt. */
static bool
in_order(const struct adapter *adapter, STOR_SPINLOCK kind)
{
    return kind == InterruptLock || !rt_word_held(&adapter->interrupt_lock);
}

void
lock_acquire(struct adapter *adapter, STOR_SPINLOCK kind, PVOID context, PSTOR_LOCK_HANDLE handle,
             void *caller)
{
    rt_word *word = lock_word(adapter, kind, context);
    struct rt_frame *frame = rt_self()->frame;
    uint8_t level;

    if (!word) {
        finding_report(adapter->rt, RULE_BadArgument, 0, "spin lock %d does not exist", (int)kind);
        return;
    }
    if (!permitted(adapter, kind))
        finding_report(adapter->rt, RULE_StorPortSpinLock3, 0,
                       "%s may not take spin lock %d: the port holds it or one that comes after",
                       contract_callback_name(frame ? frame->callback : CALLBACK_NONE), (int)kind);
    else if (!in_order(adapter, kind))
        finding_report(adapter->rt, RULE_StorPortSpinLock3, 0,
                       "the Interrupt lock comes last, but is held already");
    handle->Lock = kind;
    handle->Context.LockQueue.Lock = (PVOID)word;
    handle->Context.OldIrql = rt_irql();
    level = lock_level(adapter, kind);
    if (rt_irql() < level)
        rt_irql_raise(level);
    if (RT_UNLIKELY(rt_word_held(word))) {
        finding_report(adapter->rt, RULE_StorPortSpinLock, 0,
                       "spin lock %d is taken a second time: on Windows the system stops here",
                       (int)kind);
        handle->Context.LockQueue.Lock = NULL;
        return;
    }
    rt_word_acquire(word);
    nt_held_push((void *)word, HELD(kind), caller);
    rt_trace(adapter->rt, RT_TRACE_LOCK_TAKEN, (uint32_t)kind, adapter->number, 0);
}

void
lock_release(struct adapter *adapter, PSTOR_LOCK_HANDLE handle)
{
    rt_word *word = (rt_word *)handle->Context.LockQueue.Lock;
    STOR_SPINLOCK kind = handle->Lock;

    if (!word || !rt_word_held(word) ||
        (word != &adapter->startio_lock && word != &adapter->interrupt_lock && kind != DpcLock &&
         kind != ThreadedDpcLock)) {
        if (word)
            finding_report(adapter->rt, RULE_StorPortSpinLock4, 0,
                           "a spin lock is released that is not held");
        return;
    }
    nt_held_pop((void *)word);
    handle->Context.LockQueue.Lock = NULL;
    rt_trace(adapter->rt, RT_TRACE_LOCK_LEFT, (uint32_t)kind, adapter->number, 0);
    rt_word_release(word);
    if (rt_irql() != handle->Context.OldIrql)
        rt_irql_lower(handle->Context.OldIrql);
}

void
lock_left(struct adapter *adapter, struct rt_frame *frame)
{
    while (frame->held_count) {
        unsigned i = frame->held_count - 1u;
        if (frame->held[i].kind < NT_HELD_PORT) {
            nt_held_check(frame);
            return;
        }
        finding_report(adapter->rt, RULE_StorPortSpinLock, 0, "%s returned with spin lock %d held",
                       contract_callback_name(frame->callback), frame->held[i].kind - NT_HELD_PORT);
        rt_word_release((rt_word *)frame->held[i].lock);
        frame->held_count--;
    }
}

/* DDI: StorPortAcquireSpinLockEx: also the threaded DPC's and the DPC-level lock. */
ULONG
lock_acquire_ex(struct adapter *adapter, STOR_SPINLOCK kind, PVOID context,
                PSTOR_LOCK_HANDLE handle, void *caller)
{
    if (!handle || kind < DpcLock || kind > DpcLevelLock)
        return STOR_STATUS_INVALID_PARAMETER;
    if ((kind == DpcLock || kind == ThreadedDpcLock) != (context != NULL))
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > lock_level(adapter, kind))
        return STOR_STATUS_INVALID_IRQL;
    if (kind == DpcLevelLock)
        kind = StartIoLock;
    lock_acquire(adapter, kind, context, handle, caller);
    return STOR_STATUS_SUCCESS;
}

BOOLEAN
StorPortSynchronizeAccess(PVOID HwDeviceExtension,
                          PSTOR_SYNCHRONIZED_ACCESS SynchronizedAccessRoutine, PVOID Context)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortSynchronizeAccess, HwDeviceExtension);

    if (!adapter || !SynchronizedAccessRoutine)
        return FALSE;
    if (rt_word_held(&adapter->interrupt_lock)) {
        finding_report(adapter->rt, RULE_StorPortSpinLock3, 0,
                       "StorPortSynchronizeAccess with the Interrupt lock held");
        return FALSE;
    }
    return miniport_synchronized(adapter, SynchronizedAccessRoutine, Context);
}
