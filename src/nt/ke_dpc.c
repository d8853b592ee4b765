/*
 * DPC objects. A KDPC has the published size and holds no rt_dpc: each processor has one rt_dpc
 * that runs the KDPCs queued to it, first come first (importance high: in front). Queueing is legal
 * at any IRQL, so the queue's lock is taken at HIGH. DDI: KeInitializeDpc, KeInsertQueueDpc.
 *
 * Use of a KDPC's published members: DpcListEntry links the queue, DpcData is the queue while it is
 * queued, ProcessorHistory remembers whose it is, Number is the target processor + 1 (0: any).
 */
#include "nt_priv.h"

#include <errno.h>
#include <stdlib.h>

#define KDPC_TYPE_NORMAL 19
#define KDPC_TYPE_THREADED 24

/* Key: l lock */
struct nt_kdpcs {
    rt_word lock;
    struct rt_dpc dpc;
    struct rt_cpu *cpu;
    PSINGLE_LIST_ENTRY first; /* l */
    PSINGLE_LIST_ENTRY last;  /* l */
    atomic_uint running;      /* KDPCs taken off and not yet returned */
};

static PKDPC
queue_pop(struct nt_kdpcs *queue, KDPC *copy)
{
    uint8_t old = nt_raise(RT_IRQL_HIGH);
    PKDPC dpc = NULL;

    rt_word_acquire(&queue->lock);
    if (queue->first) {
        dpc = CONTAINING_RECORD(queue->first, KDPC, DpcListEntry);
        queue->first = queue->first->Next;
        if (!queue->first)
            queue->last = NULL;
        *copy = *dpc;
        dpc->DpcData = NULL; /* from here on it may be queued again, or freed */
        atomic_fetch_add(&queue->running, 1);
    }
    rt_word_release(&queue->lock);
    nt_lower(old);
    return dpc;
}

static void
queue_run(struct rt_dpc *rt_dpc)
{
    struct nt_kdpcs *queue = RT_CONTAINER(rt_dpc, struct nt_kdpcs, dpc);
    PKDPC dpc;
    KDPC copy;

    while ((dpc = queue_pop(queue, &copy))) {
        struct rt_frame frame;

        rt_frame_push(&frame, (void *)copy.ProcessorHistory, CALLBACK_KERNEL_DPC, dpc);
        copy.DeferredRoutine(dpc, copy.DeferredContext, copy.SystemArgument1, copy.SystemArgument2);
        nt_held_check(&frame);
        if (rt_irql() != DISPATCH_LEVEL) {
            finding_report(rt_self()->rt, RULE_SpChangeIrql, 0, "a DPC returned at IRQL %u",
                           rt_irql());
            if (rt_irql() < DISPATCH_LEVEL)
                rt_irql_raise(DISPATCH_LEVEL);
            else
                rt_irql_lower(DISPATCH_LEVEL);
        }
        rt_frame_pop(&frame);
        atomic_fetch_sub(&queue->running, 1);
    }
}

int
nt_dpcs_init(struct nt *nt)
{
    unsigned count = rt_cpu_count(nt->rt);

    nt->kdpcs = calloc(count, sizeof(*nt->kdpcs));
    if (!nt->kdpcs)
        return -ENOMEM;
    for (unsigned i = 0; i < count; i++) {
        nt->kdpcs[i].dpc.run = queue_run;
        nt->kdpcs[i].cpu = rt_cpu_at(nt->rt, i);
    }
    return 0;
}

void
nt_dpcs_finish(struct nt *nt)
{
    free(nt->kdpcs);
    nt->kdpcs = NULL;
}

static void
dpc_init(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context, UCHAR type)
{
    memset(dpc, 0, sizeof(*dpc));
    dpc->Type = type;
    dpc->Importance = MediumImportance;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
    dpc->ProcessorHistory = (KAFFINITY)nt_owner();
}

VOID
KeInitializeDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    CONTRACT_ENTER(KeInitializeDpc);
    dpc_init(dpc, routine, context, KDPC_TYPE_NORMAL);
}

/* Runs at DISPATCH like any other, as the documentation allows where threaded DPCs are off. */
VOID
KeInitializeThreadedDpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    CONTRACT_ENTER(KeInitializeThreadedDpc);
    dpc_init(dpc, routine, context, KDPC_TYPE_THREADED);
}

bool
nt_dpc_insert(struct nt *nt, PRKDPC dpc, PVOID argument1, PVOID argument2)
{
    unsigned target = dpc->Number ? dpc->Number - 1u : rt_cpu_index(rt_cpu_current());
    struct nt_kdpcs *queue = &nt->kdpcs[target % rt_cpu_count(nt->rt)];
    PVOID expected = NULL;
    uint8_t old = nt_raise(RT_IRQL_HIGH);
    bool queued;

    rt_word_acquire(&queue->lock);
    queued = __atomic_compare_exchange_n(&dpc->DpcData, &expected, queue, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_ACQUIRE);
    if (queued) {
        dpc->SystemArgument1 = argument1;
        dpc->SystemArgument2 = argument2;
        if (dpc->Importance == HighImportance || !queue->first) {
            dpc->DpcListEntry.Next = queue->first;
            queue->first = &dpc->DpcListEntry;
            if (!queue->last)
                queue->last = &dpc->DpcListEntry;
        } else {
            dpc->DpcListEntry.Next = NULL;
            queue->last->Next = &dpc->DpcListEntry;
            queue->last = &dpc->DpcListEntry;
        }
    }
    rt_word_release(&queue->lock);
    if (queued)
        rt_dpc_queue(queue->cpu, &queue->dpc);
    nt_lower(old);
    return queued;
}

BOOLEAN
KeInsertQueueDpc(PRKDPC dpc, PVOID argument1, PVOID argument2)
{
    CONTRACT_ENTER(KeInsertQueueDpc);
    return nt_dpc_insert(nt_self(), dpc, argument1, argument2);
}

static bool
queue_remove(struct nt_kdpcs *queue, PRKDPC dpc)
{
    PSINGLE_LIST_ENTRY before = NULL;

    for (PSINGLE_LIST_ENTRY entry = queue->first; entry; before = entry, entry = entry->Next) {
        if (entry != &dpc->DpcListEntry)
            continue;
        if (before)
            before->Next = entry->Next;
        else
            queue->first = entry->Next;
        if (queue->last == entry)
            queue->last = before;
        return true;
    }
    return false;
}

BOOLEAN
KeRemoveQueueDpc(PRKDPC dpc)
{
    struct nt_kdpcs *queue = __atomic_load_n(&dpc->DpcData, __ATOMIC_ACQUIRE);
    BOOLEAN removed = FALSE;
    uint8_t old;

    CONTRACT_ENTER(KeRemoveQueueDpc);
    if (!queue)
        return FALSE;
    old = nt_raise(RT_IRQL_HIGH);
    rt_word_acquire(&queue->lock);
    if (dpc->DpcData == queue && queue_remove(queue, dpc)) {
        __atomic_store_n(&dpc->DpcData, NULL, __ATOMIC_RELEASE);
        removed = TRUE;
    }
    rt_word_release(&queue->lock);
    nt_lower(old);
    return removed;
}

VOID
KeSetImportanceDpc(PRKDPC dpc, KDPC_IMPORTANCE importance)
{
    CONTRACT_ENTER(KeSetImportanceDpc);
    dpc->Importance = (UCHAR)importance;
}

VOID
KeSetTargetProcessorDpc(PRKDPC dpc, CCHAR number)
{
    CONTRACT_ENTER(KeSetTargetProcessorDpc);
    dpc->Number = (USHORT)((UCHAR)number + 1u);
}

NTSTATUS
KeSetTargetProcessorDpcEx(PKDPC dpc, PPROCESSOR_NUMBER number)
{
    ULONG index;

    CONTRACT_ENTER(KeSetTargetProcessorDpcEx);
    index = KeGetProcessorIndexFromNumber(number);
    if (index == INVALID_PROCESSOR_INDEX)
        return STATUS_INVALID_PARAMETER;
    dpc->Number = (USHORT)(index + 1);
    return STATUS_SUCCESS;
}

/* Waits until every DPC that was queued before has run. */
VOID
KeFlushQueuedDpcs(VOID)
{
    struct nt *nt = nt_self();

    CONTRACT_ENTER(KeFlushQueuedDpcs);
    for (unsigned i = 0; i < rt_cpu_count(nt->rt); i++) {
        struct nt_kdpcs *queue = &nt->kdpcs[i];

        for (;;) {
            bool busy;

            rt_word_acquire(&queue->lock);
            busy = queue->first || atomic_load(&queue->running);
            rt_word_release(&queue->lock);
            if (!busy)
                break;
            rt_sleep_ns(1000);
        }
    }
}
