/*
 * Fast mutexes and rundown protection.
 * DDI: ExAcquireFastMutex (raises to APC_LEVEL), ExAcquireRundownProtection.
 */
#include "nt_priv.h"

/* Count is 1 when free, and falls by one for the owner and each waiter. */
VOID
ExAcquireFastMutex(PFAST_MUTEX mutex)
{
    uint8_t old;

    CONTRACT_ENTER(ExAcquireFastMutex);
    old = nt_raise(APC_LEVEL);
    if (__atomic_load_n(&mutex->Owner, __ATOMIC_RELAXED) == rt_self())
        finding_report(rt_self()->rt, RULE_Deadlock, 0, "a fast mutex is acquired by its owner");
    if (InterlockedDecrement(&mutex->Count) != 0) {
        __atomic_fetch_add(&mutex->Contention, 1, __ATOMIC_RELAXED);
        KeWaitForSingleObject(&mutex->Event, Executive, KernelMode, FALSE, NULL);
    }
    __atomic_store_n(&mutex->Owner, rt_self(), __ATOMIC_RELAXED);
    mutex->OldIrql = old;
}

BOOLEAN
ExTryToAcquireFastMutex(PFAST_MUTEX mutex)
{
    uint8_t old;

    CONTRACT_ENTER(ExTryToAcquireFastMutex);
    old = nt_raise(APC_LEVEL);
    if (InterlockedCompareExchange(&mutex->Count, 0, 1) != 1) {
        nt_lower(old);
        return FALSE;
    }
    __atomic_store_n(&mutex->Owner, rt_self(), __ATOMIC_RELAXED);
    mutex->OldIrql = old;
    return TRUE;
}

VOID
ExReleaseFastMutex(PFAST_MUTEX mutex)
{
    uint8_t old = (uint8_t)mutex->OldIrql;

    CONTRACT_ENTER(ExReleaseFastMutex);
    if (__atomic_load_n(&mutex->Owner, __ATOMIC_RELAXED) != rt_self()) {
        finding_report(rt_self()->rt, RULE_BadArgument, 0,
                       "a fast mutex is released by one who does not own it");
        return;
    }
    __atomic_store_n(&mutex->Owner, NULL, __ATOMIC_RELAXED);
    if (InterlockedIncrement(&mutex->Count) <= 0)
        KeSetEvent(&mutex->Event, IO_NO_INCREMENT, FALSE);
    nt_lower(old);
}

/* ---- rundown protection: Count is twice those inside; bit 0, and then a waiter, ends it - */

#define RUNDOWN_ENDED 1ULL

/* On the stack of the one who waits; its address is in Ptr beside bit 0. */
struct rundown_wait {
    KEVENT event;
    ULONG_PTR left; /* dispatcher lock */
};

VOID
ExInitializeRundownProtection(PEX_RUNDOWN_REF rundown)
{
    CONTRACT_ENTER(ExInitializeRundownProtection);
    __atomic_store_n(&rundown->Count, 0, __ATOMIC_RELEASE);
}

BOOLEAN
ExAcquireRundownProtection(PEX_RUNDOWN_REF rundown)
{
    ULONG_PTR count;

    CONTRACT_ENTER(ExAcquireRundownProtection);
    count = __atomic_load_n(&rundown->Count, __ATOMIC_RELAXED);
    do {
        if (count & RUNDOWN_ENDED)
            return FALSE;
    } while (!__atomic_compare_exchange_n(&rundown->Count, &count, count + 2, true,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return TRUE;
}

VOID
ExReleaseRundownProtection(PEX_RUNDOWN_REF rundown)
{
    struct nt *nt = nt_self();
    struct rundown_wait *wait;
    ULONG_PTR count;

    CONTRACT_ENTER(ExReleaseRundownProtection);
    count = __atomic_load_n(&rundown->Count, __ATOMIC_ACQUIRE);
    while (!(count & RUNDOWN_ENDED)) {
        if (count < 2) {
            finding_report(nt->rt, RULE_BadArgument, 0,
                           "rundown protection is released that was not acquired");
            return;
        }
        if (__atomic_compare_exchange_n(&rundown->Count, &count, count - 2, true, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return;
    }
    rt_word_acquire(&nt->dispatcher);
    wait = (struct rundown_wait *)(count & ~RUNDOWN_ENDED);
    if (--wait->left == 0) {
        wait->event.Header.SignalState = 1;
        nt_dispatcher_signal_locked(nt, &wait->event.Header);
    }
    rt_word_release(&nt->dispatcher);
}

VOID
ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF rundown)
{
    struct rundown_wait wait;
    PVOID event = &wait.event;
    ULONG_PTR count;

    CONTRACT_ENTER(ExWaitForRundownProtectionRelease);
    KeInitializeEvent(&wait.event, NotificationEvent, FALSE);
    count = __atomic_load_n(&rundown->Count, __ATOMIC_RELAXED);
    do {
        if (count & RUNDOWN_ENDED) /* DDI: waiting twice returns at once */
            return;
        wait.left = count / 2;
    } while (!__atomic_compare_exchange_n(&rundown->Count, &count, (ULONG_PTR)&wait | RUNDOWN_ENDED,
                                          true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    if (count)
        nt_wait(1, &event, false, NULL);
    __atomic_store_n(&rundown->Count, RUNDOWN_ENDED, __ATOMIC_RELEASE);
}
