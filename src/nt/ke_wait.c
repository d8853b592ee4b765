/*
 * The dispatcher: waits on events, semaphores, mutexes, threads and timers. Every object of a host
 * is guarded by one lock; a waiter's blocks lie on its own stack and hang in the WaitListHead of
 * the objects, first come first. Whoever signals an object consumes its state on behalf of the
 * waiter that it wakes, so that a woken waiter has nothing to test again.
 * DDI: KeWaitForSingleObject, KeWaitForMultipleObjects.
 */
#include "nt_priv.h"

struct nt_wait_block {
    LIST_ENTRY link; /* in the object's WaitListHead */
    struct nt_waiter *waiter;
    DISPATCHER_HEADER *object;
};

/* All but `thread` and `nt_thread` under the dispatcher lock. */
struct nt_waiter {
    struct rt_thread *thread;
    struct nt_thread *nt_thread; /* set when one of the objects is a mutex */
    struct nt_wait_block *blocks;
    unsigned count;
    bool all;
    bool done;
    NTSTATUS status;
};

static bool
object_signalled(const DISPATCHER_HEADER *object, const struct nt_waiter *waiter)
{
    if (object->SignalState > 0)
        return true;
    return object->Type == NT_KIND_MUTANT && waiter->nt_thread &&
           ((const KMUTANT *)object)->OwnerThread == (PVOID)waiter->nt_thread;
}

/* What being waited for does to the object; true when it was an abandoned mutex. */
static bool
object_consume(DISPATCHER_HEADER *object, struct nt_waiter *waiter)
{
    PRKMUTEX mutex;
    bool abandoned;

    switch (object->Type) {
    case NT_KIND_EVENT_SYNCHRONIZATION:
    case NT_KIND_TIMER_SYNCHRONIZATION:
        object->SignalState = 0;
        return false;
    case NT_KIND_SEMAPHORE:
        object->SignalState--;
        return false;
    case NT_KIND_MUTANT:
        mutex = (PRKMUTEX)object;
        if (object->SignalState-- == 1) {
            mutex->OwnerThread = (PVOID)waiter->nt_thread;
            InsertTailList(&waiter->nt_thread->mutants, &mutex->MutantListEntry);
        }
        abandoned = mutex->Abandoned;
        mutex->Abandoned = FALSE;
        return abandoned;
    default:
        return false;
    }
}

/* Consumes what satisfies the waiter; false when it must go on waiting. */
static bool
waiter_try(struct nt_waiter *waiter)
{
    bool abandoned = false;

    for (unsigned i = 0; i < waiter->count; i++) {
        bool signalled = object_signalled(waiter->blocks[i].object, waiter);

        if (signalled && !waiter->all) {
            abandoned = object_consume(waiter->blocks[i].object, waiter);
            waiter->status = (abandoned ? STATUS_ABANDONED_WAIT_0 : STATUS_WAIT_0) + (NTSTATUS)i;
            return true;
        }
        if (!signalled && waiter->all)
            return false;
    }
    if (!waiter->all)
        return false;
    for (unsigned i = 0; i < waiter->count; i++)
        abandoned |= object_consume(waiter->blocks[i].object, waiter);
    waiter->status = abandoned ? STATUS_ABANDONED_WAIT_0 : STATUS_WAIT_0;
    return true;
}

static void
waiter_unlink(struct nt_waiter *waiter)
{
    for (unsigned i = 0; i < waiter->count; i++)
        RemoveEntryList(&waiter->blocks[i].link);
}

void
nt_dispatcher_signal_locked(struct nt *nt, DISPATCHER_HEADER *object)
{
    PLIST_ENTRY entry = object->WaitListHead.Flink;

    (void)nt;
    while (entry != &object->WaitListHead) {
        struct nt_waiter *waiter = CONTAINING_RECORD(entry, struct nt_wait_block, link)->waiter;

        if (!waiter_try(waiter)) {
            entry = entry->Flink;
            continue;
        }
        waiter_unlink(waiter);
        waiter->done = true;
        rt_unpark(waiter->thread);
        /* The same object may hang twice in that waiter's list: begin again. */
        entry = object->WaitListHead.Flink;
    }
}

uint64_t
nt_deadline(struct rt *rt, const LARGE_INTEGER *timeout)
{
    uint64_t now = rt_now_ns(rt);
    uint64_t wait_100ns;

    if (!timeout)
        return RT_FOREVER;
    if (timeout->QuadPart <= 0) {
        wait_100ns = 0 - (uint64_t)timeout->QuadPart;
    } else {
        uint64_t system = rt_system_100ns(rt);
        uint64_t until = (uint64_t)timeout->QuadPart;
        wait_100ns = until > system ? until - system : 0;
    }
    if (wait_100ns > (RT_FOREVER - 1 - now) / 100)
        return RT_FOREVER;
    return now + wait_100ns * 100;
}

static void
waiter_sleep(struct nt *nt, struct nt_waiter *waiter, uint64_t deadline)
{
    for (;;) {
        rt_park(deadline);
        rt_word_acquire(&nt->dispatcher);
        if (waiter->done)
            break;
        if (deadline != RT_FOREVER && rt_now_ns(nt->rt) >= deadline) {
            waiter_unlink(waiter);
            waiter->status = STATUS_TIMEOUT;
            break;
        }
        rt_word_release(&nt->dispatcher);
    }
    rt_word_release(&nt->dispatcher);
}

NTSTATUS
nt_wait(unsigned count, void *const *objects, bool all, const LARGE_INTEGER *timeout)
{
    struct nt *nt = nt_self();
    struct nt_wait_block blocks[MAXIMUM_WAIT_OBJECTS];
    struct nt_waiter waiter = {
        .thread = rt_self(), .blocks = blocks, .count = count, .all = all && count > 1};
    uint64_t deadline = timeout && timeout->QuadPart ? nt_deadline(nt->rt, timeout) : RT_FOREVER;

    for (unsigned i = 0; i < count; i++) {
        blocks[i].object = objects[i];
        blocks[i].waiter = &waiter;
        if (blocks[i].object->Type == NT_KIND_MUTANT && !waiter.nt_thread &&
            !(waiter.nt_thread = nt_thread_self()))
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    rt_word_acquire(&nt->dispatcher);
    if (waiter_try(&waiter)) {
        rt_word_release(&nt->dispatcher);
        return waiter.status;
    }
    if (timeout && timeout->QuadPart == 0) {
        rt_word_release(&nt->dispatcher);
        return STATUS_TIMEOUT;
    }
    if (rt_irql() >= DISPATCH_LEVEL) {
        rt_word_release(&nt->dispatcher);
        nt_bugcheck(0xB8, 0, 0, 0, 0, "ATTEMPTED_SWITCH_FROM_DPC: a wait at DISPATCH_LEVEL");
    }
    for (unsigned i = 0; i < count; i++)
        InsertTailList(&blocks[i].object->WaitListHead, &blocks[i].link);
    rt_word_release(&nt->dispatcher);
    waiter_sleep(nt, &waiter, deadline);
    return waiter.status;
}

NTSTATUS
KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode, BOOLEAN alertable,
                      PLARGE_INTEGER timeout)
{
    CONTRACT_ENTER(KeWaitForSingleObject);
    (void)reason, (void)mode, (void)alertable;
    return nt_wait(1, &object, false, timeout);
}

NTSTATUS
KeWaitForMultipleObjects(ULONG count, PVOID objects[], WAIT_TYPE type, KWAIT_REASON reason,
                         KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER timeout,
                         PKWAIT_BLOCK wait_blocks)
{
    CONTRACT_ENTER(KeWaitForMultipleObjects);
    (void)reason, (void)mode, (void)alertable;
    if (!count || count > (wait_blocks ? MAXIMUM_WAIT_OBJECTS : THREAD_WAIT_OBJECTS))
        nt_bugcheck(0xC, count, 0, 0, 0, "MAXIMUM_WAIT_OBJECTS_EXCEEDED");
    return nt_wait(count, objects, type == WaitAll, timeout);
}

NTSTATUS
KeDelayExecutionThread(KPROCESSOR_MODE mode, BOOLEAN alertable, PLARGE_INTEGER interval)
{
    struct rt *rt = rt_self()->rt;
    uint64_t now, until;

    CONTRACT_ENTER(KeDelayExecutionThread);
    (void)mode, (void)alertable;
    if (rt_irql() >= DISPATCH_LEVEL)
        nt_bugcheck(0xB8, 0, 0, 0, 0, "ATTEMPTED_SWITCH_FROM_DPC: a delay at DISPATCH_LEVEL");
    now = rt_now_ns(rt);
    until = nt_deadline(rt, interval);
    if (until > now)
        rt_sleep_ns(until - now);
    return STATUS_SUCCESS;
}
