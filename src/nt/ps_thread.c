/*
 * System threads, and the thread objects of all threads of a host. A system thread is one of rt's;
 * its object is signalled when it ends. rt wants ended threads joined: the next creation, unload
 * and nt_finish do it.
 * DDI: PsCreateSystemThread, PsTerminateSystemThread.
 */
#include "nt_priv.h"

#include <stdlib.h>

static void thread_destroy(void *body);

const struct nt_object_type nt_type_thread = {
    .name = "thread", .destroy = thread_destroy, .any_irql = true};

/* ---- thread objects -------------------------------------------------------------------------- */

static struct nt_thread *
thread_object_create(struct nt *nt)
{
    struct nt_thread *thread = nt_object_create(nt, &nt_type_thread, sizeof(*thread));

    if (!thread)
        return NULL;
    nt_header_init(&thread->header, NT_KIND_THREAD, sizeof(DISPATCHER_HEADER), 0);
    InitializeListHead(&thread->mutants);
    thread->priority = 8; /* of a system process's thread */
    rt_word_acquire(&nt->threads_lock);
    thread->id = nt->thread_next_id += 4;
    InsertTailList(&nt->threads, &thread->link);
    rt_word_release(&nt->threads_lock);
    return thread;
}

static void
thread_destroy(void *body)
{
    struct nt_thread *thread = body;
    struct nt *nt = ((struct nt_object *)body - 1)->nt;

    rt_word_acquire(&nt->threads_lock);
    RemoveEntryList(&thread->link);
    rt_word_release(&nt->threads_lock);
}

struct nt_thread *
nt_thread_self(void)
{
    struct rt_thread *self = rt_self();
    struct nt_thread *thread = self->nt;

    if (thread)
        return thread;
    thread = thread_object_create(nt_self());
    if (thread) {
        thread->rt_thread = self;
        self->nt = thread;
    }
    return thread;
}

/* ---- ending ---------------------------------------------------------------------------------- */

/* Mutexes that an ending thread still owns go to their next waiter as abandoned. */
static void
thread_abandon_locked(struct nt *nt, struct nt_thread *thread)
{
    while (!IsListEmpty(&thread->mutants)) {
        PRKMUTEX mutex =
            CONTAINING_RECORD(RemoveHeadList(&thread->mutants), KMUTEX, MutantListEntry);

        InitializeListHead(&mutex->MutantListEntry);
        mutex->OwnerThread = NULL;
        mutex->Abandoned = TRUE;
        mutex->Header.SignalState = 1;
        nt_dispatcher_signal_locked(nt, &mutex->Header);
    }
}

static _Noreturn void
thread_end(struct nt_thread *thread, NTSTATUS status)
{
    struct nt *nt = nt_self();

    while (rt_self()->frame && rt_self()->frame != &thread->frame)
        rt_frame_pop(rt_self()->frame);
    nt_held_check(&thread->frame);
    rt_frame_pop(&thread->frame);
    if (rt_irql() > PASSIVE_LEVEL) {
        finding_report(nt->rt, RULE_SpChangeIrql, 0, "a system thread ends at IRQL %u", rt_irql());
        rt_irql_lower(PASSIVE_LEVEL);
    }
    thread->exit_status = status;
    /* Before anyone learns of the end: who does may finish the floor, which joins this thread. The
     * reference that the running thread had goes when it is joined. */
    rt_word_acquire(&nt->threads_lock);
    thread->ended = true;
    rt_word_release(&nt->threads_lock);
    rt_word_acquire(&nt->dispatcher);
    thread_abandon_locked(nt, thread);
    thread->header.SignalState = 1;
    nt_dispatcher_signal_locked(nt, &thread->header);
    rt_word_release(&nt->dispatcher);
    rt_thread_exit();
}

static void
thread_run(void *context)
{
    struct nt_thread *thread = context;

    thread->rt_thread = rt_self();
    rt_self()->nt = thread;
    rt_frame_push(&thread->frame, thread->owner, CALLBACK_THREAD, NULL);
    thread->start(thread->context);
    thread_end(thread, STATUS_SUCCESS);
}

void
nt_threads_reap(struct rt *rt)
{
    struct nt *nt = nt_of(rt);

    for (;;) {
        struct nt_thread *found = NULL;

        rt_word_acquire(&nt->threads_lock);
        for (PLIST_ENTRY e = nt->threads.Flink; e != &nt->threads && !found; e = e->Flink) {
            struct nt_thread *thread = CONTAINING_RECORD(e, struct nt_thread, link);
            if (thread->ended && thread->rt_thread) {
                found = thread;
            }
        }
        if (found)
            found->ended = false;
        rt_word_release(&nt->threads_lock);
        if (!found)
            return;
        rt_thread_join(found->rt_thread);
        found->rt_thread = NULL;
        ObfDereferenceObject(found);
    }
}

unsigned
nt_threads_running(struct rt *rt, const void *owner)
{
    struct nt *nt = nt_of(rt);
    unsigned count = 0;

    rt_word_acquire(&nt->threads_lock);
    for (PLIST_ENTRY e = nt->threads.Flink; e != &nt->threads; e = e->Flink) {
        struct nt_thread *thread = CONTAINING_RECORD(e, struct nt_thread, link);
        if (thread->system && !thread->header.SignalState && (!owner || thread->owner == owner))
            count++;
    }
    rt_word_release(&nt->threads_lock);
    return count;
}

void
nt_threads_adopt(struct nt *nt, const void *from, void *to)
{
    rt_word_acquire(&nt->threads_lock);
    for (PLIST_ENTRY e = nt->threads.Flink; e != &nt->threads; e = e->Flink) {
        struct nt_thread *thread = CONTAINING_RECORD(e, struct nt_thread, link);
        if (thread->owner == from)
            thread->owner = to;
        if (thread->frame.owner == from)
            thread->frame.owner = to;
    }
    rt_word_release(&nt->threads_lock);
}

void
nt_threads_init(struct nt *nt)
{
    InitializeListHead(&nt->threads);
}

unsigned
nt_threads_finish(struct nt *nt)
{
    unsigned running;

    nt_threads_reap(nt->rt);
    running = nt_threads_running(nt->rt, NULL);
    if (running)
        return running;
    while (!IsListEmpty(&nt->threads)) {
        struct nt_thread *thread = CONTAINING_RECORD(nt->threads.Flink, struct nt_thread, link);

        if (thread->rt_thread && thread->rt_thread == rt_self())
            rt_self()->nt = NULL;
        ObfDereferenceObject(thread);
    }
    return 0;
}

/* ---- what drivers call ----------------------------------------------------------------------- */

NTSTATUS
PsCreateSystemThread(PHANDLE handle, ULONG access, POBJECT_ATTRIBUTES attributes, HANDLE process,
                     PCLIENT_ID client, PKSTART_ROUTINE start, PVOID context)
{
    struct nt *nt = nt_self();
    struct nt_thread *thread;
    struct rt_thread *rt_thread;
    NTSTATUS status;

    CONTRACT_ENTER(PsCreateSystemThread);
    (void)access, (void)process;
    *handle = NULL;
    nt_threads_reap(nt->rt);
    thread = thread_object_create(nt);
    if (!thread)
        return STATUS_INSUFFICIENT_RESOURCES;
    thread->system = true;
    thread->owner = nt_owner();
    thread->start = start;
    thread->context = context;
    ObfReferenceObject(thread); /* for the handle */
    status =
        nt_handle_create(thread, attributes && attributes->Attributes & OBJ_KERNEL_HANDLE, handle);
    if (!NT_SUCCESS(status))
        goto put_thread;
    if (client) {
        client->UniqueProcess = (HANDLE)4;
        client->UniqueThread = (HANDLE)(ULONG_PTR)thread->id;
    }
    ObfReferenceObject(thread); /* ours, while it may end and be reaped */
    rt_thread = rt_thread_create(nt->rt, "system", thread_run, thread);
    if (!rt_thread) {
        ObfDereferenceObject(thread);
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto close_handle;
    }
    ObfDereferenceObject(thread);
    return STATUS_SUCCESS;

close_handle:
    ZwClose(*handle);
    *handle = NULL;
put_thread:
    ObfDereferenceObject(thread);
    return status;
}

NTSTATUS
PsTerminateSystemThread(NTSTATUS status)
{
    struct nt_thread *thread = rt_self()->nt;

    CONTRACT_ENTER(PsTerminateSystemThread);
    if (!thread || !thread->system)
        return STATUS_INVALID_PARAMETER;
    thread_end(thread, status);
}

BOOLEAN
PsIsThreadTerminating(PETHREAD thread)
{
    CONTRACT_ENTER(PsIsThreadTerminating);
    return ((struct nt_thread *)thread)->header.SignalState != 0;
}

#undef KeGetCurrentThread
PKTHREAD
KeGetCurrentThread(VOID)
{
    CONTRACT_ENTER(KeGetCurrentThread);
    return (PKTHREAD)nt_thread_self();
}

HANDLE
PsGetCurrentThreadId(VOID)
{
    struct nt_thread *thread = nt_thread_self();

    CONTRACT_ENTER(PsGetCurrentThreadId);
    return (HANDLE)(ULONG_PTR)(thread ? thread->id : 0);
}

/* All of the emulated kernel is the System process, whose id is 4 on Windows. */
HANDLE
PsGetCurrentProcessId(VOID)
{
    CONTRACT_ENTER(PsGetCurrentProcessId);
    return (HANDLE)4;
}

/* The one process there is. */
PEPROCESS
PsGetCurrentProcess(VOID)
{
    CONTRACT_ENTER(PsGetCurrentProcess);
    return (PEPROCESS)nt_self();
}

/* Kept and told back; which thread runs is the executor's choice. */
KPRIORITY
KeSetPriorityThread(PKTHREAD pkthread, KPRIORITY priority)
{
    struct nt_thread *thread = (struct nt_thread *)pkthread;
    KPRIORITY old = thread->priority;

    CONTRACT_ENTER(KeSetPriorityThread);
    thread->priority = priority;
    return old;
}

KPRIORITY
KeQueryPriorityThread(PKTHREAD thread)
{
    CONTRACT_ENTER(KeQueryPriorityThread);
    return ((struct nt_thread *)thread)->priority;
}

/* ---- critical regions ------------------------------------------------------------------------ */

VOID
KeEnterCriticalRegion(VOID)
{
    struct nt_thread *thread = nt_thread_self();

    CONTRACT_ENTER(KeEnterCriticalRegion);
    if (thread)
        thread->critical_depth++;
}

VOID
KeLeaveCriticalRegion(VOID)
{
    struct nt_thread *thread = nt_thread_self();

    CONTRACT_ENTER(KeLeaveCriticalRegion);
    if (!thread)
        return;
    if (thread->critical_depth <= 0) {
        finding_report(rt_self()->rt, RULE_WithinCriticalRegion, 0,
                       "KeLeaveCriticalRegion without KeEnterCriticalRegion");
        return;
    }
    thread->critical_depth--;
}

BOOLEAN
KeAreApcsDisabled(VOID)
{
    struct nt_thread *thread = rt_self()->nt;

    CONTRACT_ENTER(KeAreApcsDisabled);
    return (thread && (thread->critical_depth > 0 || !IsListEmpty(&thread->mutants))) ||
           rt_irql() >= APC_LEVEL;
}

BOOLEAN
KeAreAllApcsDisabled(VOID)
{
    CONTRACT_ENTER(KeAreAllApcsDisabled);
    return rt_irql() >= APC_LEVEL;
}
