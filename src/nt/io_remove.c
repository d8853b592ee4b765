/*
 * Remove locks: a count of those inside, and a wait for the last of them.
 * DDI: IoAcquireRemoveLock, IoReleaseRemoveLockAndWait.
 */
#include "nt_priv.h"

VOID
IoInitializeRemoveLockEx(PIO_REMOVE_LOCK lock, ULONG tag, ULONG minutes, ULONG high, ULONG bytes)
{
    CONTRACT_ENTER(IoInitializeRemoveLockEx);
    (void)tag, (void)minutes, (void)high, (void)bytes; /* of checked builds */
    lock->Common.Removed = FALSE;
    lock->Common.IoCount = 1;
    KeInitializeEvent(&lock->Common.RemoveEvent, SynchronizationEvent, FALSE);
}

static void
lock_leave(PIO_REMOVE_LOCK lock)
{
    LONG left = InterlockedDecrement(&lock->Common.IoCount);

    if (left < 0)
        finding_report(rt_self()->rt, RULE_BadArgument, 0,
                       "a remove lock is released more often than acquired");
    else if (left == 0)
        KeSetEvent(&lock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
}

NTSTATUS
IoAcquireRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, PCSTR file, ULONG line, ULONG bytes)
{
    CONTRACT_ENTER(IoAcquireRemoveLockEx);
    (void)tag, (void)file, (void)line, (void)bytes;
    InterlockedIncrement(&lock->Common.IoCount);
    if (!__atomic_load_n(&lock->Common.Removed, __ATOMIC_SEQ_CST))
        return STATUS_SUCCESS;
    lock_leave(lock);
    return STATUS_DELETE_PENDING;
}

VOID
IoReleaseRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG bytes)
{
    CONTRACT_ENTER(IoReleaseRemoveLockEx);
    (void)tag, (void)bytes;
    lock_leave(lock);
}

/* Gives up the caller's own and the lock's first count, then waits for all others. */
VOID
IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG bytes)
{
    CONTRACT_ENTER(IoReleaseRemoveLockAndWaitEx);
    (void)tag, (void)bytes;
    __atomic_store_n(&lock->Common.Removed, TRUE, __ATOMIC_SEQ_CST);
    InterlockedDecrement(&lock->Common.IoCount);
    if (InterlockedDecrement(&lock->Common.IoCount) > 0)
        KeWaitForSingleObject(&lock->Common.RemoveEvent, Executive, KernelMode, FALSE, NULL);
}
