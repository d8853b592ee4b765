/*
 * Events, semaphores and mutexes: the objects that ke_wait.c waits for.
 * DDI: KeSetEvent, KePulseEvent, KeReleaseSemaphore, KeReleaseMutex.
 */
#include "nt_priv.h"

VOID
KeInitializeEvent(PRKEVENT event, EVENT_TYPE type, BOOLEAN state)
{
    CONTRACT_ENTER(KeInitializeEvent);
    nt_header_init(&event->Header,
                   type == SynchronizationEvent ? NT_KIND_EVENT_SYNCHRONIZATION
                                                : NT_KIND_EVENT_NOTIFICATION,
                   sizeof(*event), state ? 1 : 0);
}

static LONG
event_set(PRKEVENT event, bool pulse)
{
    struct nt *nt = nt_self();
    LONG old;

    rt_word_acquire(&nt->dispatcher);
    old = event->Header.SignalState;
    event->Header.SignalState = 1;
    if (!old)
        nt_dispatcher_signal_locked(nt, &event->Header);
    if (pulse)
        event->Header.SignalState = 0;
    rt_word_release(&nt->dispatcher);
    return old;
}

/* `wait` only says that a wait follows at once; IRQL is not kept raised for it. */
LONG
KeSetEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait)
{
    CONTRACT_ENTER(KeSetEvent);
    (void)increment, (void)wait;
    return event_set(event, false);
}

LONG
KePulseEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait)
{
    CONTRACT_ENTER(KePulseEvent);
    (void)increment, (void)wait;
    return event_set(event, true);
}

static LONG
event_reset(PRKEVENT event)
{
    struct nt *nt = nt_self();
    LONG old;

    rt_word_acquire(&nt->dispatcher);
    old = event->Header.SignalState;
    event->Header.SignalState = 0;
    rt_word_release(&nt->dispatcher);
    return old;
}

LONG
KeResetEvent(PRKEVENT event)
{
    CONTRACT_ENTER(KeResetEvent);
    return event_reset(event);
}

VOID
KeClearEvent(PRKEVENT event)
{
    CONTRACT_ENTER(KeClearEvent);
    event_reset(event);
}

static LONG
header_state(const DISPATCHER_HEADER *header)
{
    struct nt *nt = nt_self();
    LONG state;

    rt_word_acquire(&nt->dispatcher);
    state = header->SignalState;
    rt_word_release(&nt->dispatcher);
    return state;
}

LONG
KeReadStateEvent(PRKEVENT event)
{
    CONTRACT_ENTER(KeReadStateEvent);
    return header_state(&event->Header);
}

/* ---- semaphores ------------------------------------------------------------------------------ */

VOID
KeInitializeSemaphore(PRKSEMAPHORE semaphore, LONG count, LONG limit)
{
    CONTRACT_ENTER(KeInitializeSemaphore);
    nt_header_init(&semaphore->Header, NT_KIND_SEMAPHORE, sizeof(*semaphore), count);
    semaphore->Limit = limit;
}

LONG
KeReleaseSemaphore(PRKSEMAPHORE semaphore, KPRIORITY increment, LONG adjustment, BOOLEAN wait)
{
    struct nt *nt = nt_self();
    LONG old;

    CONTRACT_ENTER(KeReleaseSemaphore);
    (void)increment, (void)wait;
    rt_word_acquire(&nt->dispatcher);
    old = semaphore->Header.SignalState;
    if (adjustment < 1 || adjustment > semaphore->Limit - old) {
        rt_word_release(&nt->dispatcher);
        ExRaiseStatus(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    }
    semaphore->Header.SignalState = old + adjustment;
    nt_dispatcher_signal_locked(nt, &semaphore->Header);
    rt_word_release(&nt->dispatcher);
    return old;
}

LONG
KeReadStateSemaphore(PRKSEMAPHORE semaphore)
{
    CONTRACT_ENTER(KeReadStateSemaphore);
    return header_state(&semaphore->Header);
}

/* ---- mutexes --------------------------------------------------------------------------------- */

VOID
KeInitializeMutex(PRKMUTEX mutex, ULONG level)
{
    CONTRACT_ENTER(KeInitializeMutex);
    (void)level; /* reserved: DDI KeInitializeMutex */
    nt_header_init(&mutex->Header, NT_KIND_MUTANT, sizeof(*mutex), 1);
    InitializeListHead(&mutex->MutantListEntry);
    mutex->OwnerThread = NULL;
    mutex->Abandoned = FALSE;
    mutex->ApcDisable = 1;
}

LONG
KeReleaseMutex(PRKMUTEX mutex, BOOLEAN wait)
{
    struct nt *nt = nt_self();
    struct nt_thread *self = nt_thread_self();
    LONG old;

    CONTRACT_ENTER(KeReleaseMutex);
    (void)wait;
    rt_word_acquire(&nt->dispatcher);
    if (!self || mutex->OwnerThread != (PVOID)self) {
        rt_word_release(&nt->dispatcher);
        ExRaiseStatus(STATUS_MUTANT_NOT_OWNED);
    }
    old = mutex->Header.SignalState++;
    if (mutex->Header.SignalState == 1) {
        RemoveEntryList(&mutex->MutantListEntry);
        mutex->OwnerThread = NULL;
        nt_dispatcher_signal_locked(nt, &mutex->Header);
    }
    rt_word_release(&nt->dispatcher);
    return old;
}

LONG
KeReadStateMutex(PRKMUTEX mutex)
{
    CONTRACT_ENTER(KeReadStateMutex);
    return header_state(&mutex->Header);
}
