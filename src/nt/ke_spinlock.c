/*
 * Executive spin locks: a KSPIN_LOCK is one rt_word. Every one that driver code takes is noted in
 * its frame, so that the gate can name what a callback left held.
 * DDI: KeAcquireSpinLock, KeAcquireInStackQueuedSpinLock.
 *
 * In-stack queued locks are the same word: callers get mutual exclusion and the level they are
 * promised; first come, first served among waiters is not observable through the interface.
 */
#include "nt_priv.h"

_Static_assert(sizeof(KSPIN_LOCK) == sizeof(rt_word), "a KSPIN_LOCK is one rt_word");

static rt_word *
spinlock_word(PKSPIN_LOCK lock)
{
    return (rt_word *)lock;
}

void
nt_held_push(void *lock, unsigned kind, void *where)
{
    struct rt_frame *frame = rt_self()->frame;

    if (!frame || frame->held_count == RT_HELD_MAX)
        return;
    frame->held[frame->held_count].lock = lock;
    frame->held[frame->held_count].kind = (uint8_t)kind;
    frame->held[frame->held_count].where = where;
    frame->held_count++;
}

bool
nt_held_pop(void *lock)
{
    for (struct rt_frame *frame = rt_self()->frame; frame; frame = frame->up) {
        for (unsigned i = frame->held_count; i-- > 0;) {
            if (frame->held[i].lock != lock)
                continue;
            frame->held_count--;
            for (; i < frame->held_count; i++)
                frame->held[i] = frame->held[i + 1];
            return true;
        }
    }
    return false;
}

static enum finding_rule
held_rule(unsigned kind)
{
    switch (kind) {
    case NT_HELD_SPIN_DPC:
        return RULE_SpinLockDpc;
    case NT_HELD_QUEUED:
        return RULE_QueuedSpinLock;
    case NT_HELD_CANCEL:
        return RULE_CancelSpinLock;
    default:
        return RULE_SpinLock;
    }
}

void
nt_held_check(struct rt_frame *frame)
{
    struct rt *rt = rt_self()->rt;
    unsigned kept = 0;

    for (unsigned i = 0; i < frame->held_count; i++) {
        if (frame->held[i].kind >= NT_HELD_PORT) {
            frame->held[kept++] = frame->held[i];
            continue;
        }
        finding_report_two(rt, held_rule(frame->held[i].kind), 0, &frame->held[i].where, 1,
                           "%s returned with a spin lock held",
                           contract_callback_name(frame->callback));
    }
    frame->held_count = (uint8_t)kept;
}

/* Taking a lock twice on one processor hangs on Windows; here it is reported, then ends the
 * host. */
static void
spinlock_take(PKSPIN_LOCK lock, unsigned kind, void *where)
{
    if (RT_UNLIKELY(rt_word_held(spinlock_word(lock))))
        finding_report(rt_self()->rt, held_rule(kind), 0,
                       "a spin lock is acquired by the code that holds it");
    rt_word_acquire(spinlock_word(lock));
    nt_held_push(lock, kind, where);
}

static void
spinlock_leave(PKSPIN_LOCK lock, enum finding_rule rule)
{
    if (RT_UNLIKELY(!rt_word_held(spinlock_word(lock)))) {
        finding_report(rt_self()->rt, rule, 0, "a spin lock is released that the caller has not");
        return;
    }
    nt_held_pop(lock);
    rt_word_release(spinlock_word(lock));
}

/* `to` is what the acquire saved; the release must happen at DISPATCH. */
static void
spinlock_level(KIRQL to)
{
    if (RT_UNLIKELY(rt_irql() != DISPATCH_LEVEL || to > DISPATCH_LEVEL))
        finding_report(rt_self()->rt, RULE_IrqlKeReleaseSpinLock, 0,
                       "a spin lock is released at IRQL %u to IRQL %u", rt_irql(), to);
    nt_lower(to);
}

#undef KeInitializeSpinLock
VOID
KeInitializeSpinLock(PKSPIN_LOCK lock)
{
    CONTRACT_ENTER(KeInitializeSpinLock);
    atomic_store_explicit(spinlock_word(lock), 0, memory_order_release);
}

KIRQL
KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK lock)
{
    KIRQL old;

    CONTRACT_ENTER(KeAcquireSpinLockRaiseToDpc);
    old = nt_raise(DISPATCH_LEVEL);
    spinlock_take(lock, NT_HELD_SPIN, __builtin_return_address(0));
    return old;
}

VOID
KeReleaseSpinLock(PKSPIN_LOCK lock, KIRQL to)
{
    CONTRACT_ENTER(KeReleaseSpinLock);
    spinlock_leave(lock, RULE_SpinLockRelease);
    spinlock_level(to);
}

VOID
KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
    CONTRACT_ENTER(KeAcquireSpinLockAtDpcLevel);
    if (rt_irql() < DISPATCH_LEVEL)
        finding_report(rt_self()->rt, RULE_IrqlDispatch, 0,
                       "KeAcquireSpinLockAtDpcLevel at IRQL %u", rt_irql());
    spinlock_take(lock, NT_HELD_SPIN_DPC, __builtin_return_address(0));
}

VOID
KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK lock)
{
    CONTRACT_ENTER(KeReleaseSpinLockFromDpcLevel);
    spinlock_leave(lock, RULE_SpinLockRelease);
}

BOOLEAN
KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
    CONTRACT_ENTER(KeTryToAcquireSpinLockAtDpcLevel);
    if (!rt_word_try(spinlock_word(lock)))
        return FALSE;
    nt_held_push(lock, NT_HELD_SPIN_DPC, __builtin_return_address(0));
    return TRUE;
}

BOOLEAN
KeTestSpinLock(PKSPIN_LOCK lock)
{
    CONTRACT_ENTER(KeTestSpinLock);
    return atomic_load_explicit(spinlock_word(lock), memory_order_acquire) == 0;
}

/* ---- in-stack queued spin locks -------------------------------------------------------------- */

VOID
KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    CONTRACT_ENTER(KeAcquireInStackQueuedSpinLock);
    handle->LockQueue.Next = NULL;
    handle->LockQueue.Lock = lock;
    handle->OldIrql = nt_raise(DISPATCH_LEVEL);
    spinlock_take(lock, NT_HELD_QUEUED, __builtin_return_address(0));
}

VOID
KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE handle)
{
    CONTRACT_ENTER(KeReleaseInStackQueuedSpinLock);
    spinlock_leave((PKSPIN_LOCK)handle->LockQueue.Lock, RULE_QueuedSpinLockRelease);
    spinlock_level(handle->OldIrql);
}

VOID
KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    CONTRACT_ENTER(KeAcquireInStackQueuedSpinLockAtDpcLevel);
    if (rt_irql() < DISPATCH_LEVEL)
        finding_report(rt_self()->rt, RULE_IrqlDispatch, 0,
                       "KeAcquireInStackQueuedSpinLockAtDpcLevel at IRQL %u", rt_irql());
    handle->LockQueue.Next = NULL;
    handle->LockQueue.Lock = lock;
    handle->OldIrql = rt_irql();
    spinlock_take(lock, NT_HELD_QUEUED, __builtin_return_address(0));
}

VOID
KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE handle)
{
    CONTRACT_ENTER(KeReleaseInStackQueuedSpinLockFromDpcLevel);
    spinlock_leave((PKSPIN_LOCK)handle->LockQueue.Lock, RULE_QueuedSpinLockRelease);
}
