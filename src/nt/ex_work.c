/*
 * Worker threads: ExQueueWorkItem and IoQueueWorkItem. nt_start makes the first ones; before a
 * worker runs a routine it makes sure that another one is idle, up to a limit, so that routines
 * which wait for each other do not hang. Routines run at PASSIVE in a frame of their own.
 * DDI: IoQueueWorkItem, ExQueueWorkItem, IoFreeWorkItem (legal inside the routine itself).
 */
#include "nt_priv.h"

#include <errno.h>
#include <stdlib.h>

#define WORKERS_MAX 64u

struct _IO_WORKITEM {
    WORK_QUEUE_ITEM item;
    PDEVICE_OBJECT object; /* referenced while queued */
    PIO_WORKITEM_ROUTINE routine;
    PIO_WORKITEM_ROUTINE_EX routine_ex;
    PVOID context;
    void *owner;
    atomic_bool queued;
};

/* Key: l lock, P PASSIVE control path */
struct worker {
    struct nt_work *work;
    struct rt_thread *thread; /* P: to be joined */
    struct rt_thread *self;   /* l: set while idle */
    struct worker *next_idle; /* l */
    bool idle;                /* l */
};

struct nt_work {
    struct nt *nt;
    rt_word lock;
    LIST_ENTRY urgent;         /* l: HyperCritical, Critical and their like */
    LIST_ENTRY normal;         /* l */
    struct worker *idle;       /* l */
    unsigned count;            /* l: of workers, also those being made */
    unsigned running;          /* l: routines */
    bool stop;                 /* l */
    struct rt_thread *drainer; /* l: waits for an empty queue */
    struct worker *workers[WORKERS_MAX];
};

static void worker_run(void *context);

int
nt_work_init(struct nt *nt)
{
    struct nt_work *work = calloc(1, sizeof(*work));

    if (!work)
        return -ENOMEM;
    work->nt = nt;
    InitializeListHead(&work->urgent);
    InitializeListHead(&work->normal);
    nt->work = work;
    return 0;
}

static int
worker_create(struct nt_work *work)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    unsigned slot;

    if (!worker)
        return -ENOMEM;
    worker->work = work;
    rt_word_acquire(&work->lock);
    slot = work->count < WORKERS_MAX && !work->stop ? work->count++ : WORKERS_MAX;
    if (slot < WORKERS_MAX)
        work->workers[slot] = worker;
    rt_word_release(&work->lock);
    if (slot == WORKERS_MAX) {
        free(worker);
        return -EAGAIN;
    }
    worker->thread = rt_thread_create(work->nt->rt, "worker", worker_run, worker);
    return worker->thread ? 0 : -ENOMEM; /* an empty slot is skipped and freed at the end */
}

int
nt_start(struct rt *rt, unsigned workers)
{
    struct nt_work *work = nt_of(rt)->work;
    int error = 0;

    for (unsigned i = 0; i < (workers ? workers : 1) && !error; i++)
        error = worker_create(work);
    return error;
}

static PLIST_ENTRY
work_pop_locked(struct nt_work *work)
{
    if (!IsListEmpty(&work->urgent))
        return RemoveHeadList(&work->urgent);
    if (!IsListEmpty(&work->normal))
        return RemoveHeadList(&work->normal);
    return NULL;
}

/* The next item, or NULL when the workers are to end. */
static PWORK_QUEUE_ITEM
worker_wait(struct worker *worker, bool *alone)
{
    struct nt_work *work = worker->work;
    PLIST_ENTRY entry;

    rt_word_acquire(&work->lock);
    while (!(entry = work_pop_locked(work)) && !work->stop) {
        if (!worker->idle) {
            worker->idle = true;
            worker->self = rt_self();
            worker->next_idle = work->idle;
            work->idle = worker;
        }
        rt_word_release(&work->lock);
        rt_park(RT_FOREVER);
        rt_word_acquire(&work->lock);
    }
    if (worker->idle) { /* woken for nothing, or by the end */
        struct worker **link = &work->idle;
        while (*link != worker)
            link = &(*link)->next_idle;
        *link = worker->next_idle;
        worker->idle = false;
    }
    if (entry)
        work->running++;
    *alone = !work->idle && work->count < WORKERS_MAX;
    rt_word_release(&work->lock);
    return entry ? CONTAINING_RECORD(entry, WORK_QUEUE_ITEM, List) : NULL;
}

static void
worker_done(struct nt_work *work)
{
    rt_word_acquire(&work->lock);
    work->running--;
    if (work->drainer && !work->running && IsListEmpty(&work->urgent) && IsListEmpty(&work->normal))
        rt_unpark(work->drainer);
    rt_word_release(&work->lock);
}

static void io_workitem_run(PVOID context);

static void
worker_run(void *context)
{
    struct worker *worker = context;
    PWORK_QUEUE_ITEM item;
    bool alone;

    while ((item = worker_wait(worker, &alone))) {
        /* The routine may free the item. */
        PWORKER_THREAD_ROUTINE routine = item->WorkerRoutine;
        PVOID parameter = item->Parameter;
        struct rt_frame frame;

        if (alone)
            worker_create(worker->work);
        __atomic_store_n(&item->List.Flink, NULL, __ATOMIC_RELEASE);
        rt_frame_push(&frame, routine == io_workitem_run ? ((PIO_WORKITEM)parameter)->owner : NULL,
                      CALLBACK_KERNEL_WORKITEM, NULL);
        routine(parameter);
        nt_held_check(&frame);
        if (rt_irql() != PASSIVE_LEVEL) {
            finding_report(rt_self()->rt, RULE_SpChangeIrql, 0, "a work item returned at IRQL %u",
                           rt_irql());
            rt_irql_lower(PASSIVE_LEVEL);
        }
        rt_frame_pop(&frame);
        worker_done(worker->work);
    }
}

static void
work_queue(struct nt_work *work, PWORK_QUEUE_ITEM item, WORK_QUEUE_TYPE type)
{
    struct worker *worker;
    bool urgent = type == CriticalWorkQueue || type == HyperCriticalWorkQueue ||
                  type == SuperCriticalWorkQueue || type == RealTimeWorkQueue;

    rt_word_acquire(&work->lock);
    InsertTailList(urgent ? &work->urgent : &work->normal, &item->List);
    worker = work->idle;
    if (worker) {
        work->idle = worker->next_idle;
        worker->idle = false;
        rt_unpark(worker->self);
    }
    rt_word_release(&work->lock);
}

void
nt_work_drain(struct rt *rt)
{
    struct nt_work *work = nt_of(rt)->work;

    rt_word_acquire(&work->lock);
    while (work->count &&
           (work->running || !IsListEmpty(&work->urgent) || !IsListEmpty(&work->normal))) {
        work->drainer = rt_self();
        rt_word_release(&work->lock);
        rt_park(RT_FOREVER);
        rt_word_acquire(&work->lock);
    }
    work->drainer = NULL;
    rt_word_release(&work->lock);
}

void
nt_work_finish(struct nt *nt)
{
    struct nt_work *work = nt->work;

    rt_word_acquire(&work->lock);
    work->stop = true;
    for (struct worker *worker = work->idle; worker; worker = worker->next_idle)
        rt_unpark(worker->self);
    rt_word_release(&work->lock);
    for (unsigned i = 0; i < work->count; i++) {
        if (work->workers[i]->thread)
            rt_thread_join(work->workers[i]->thread);
        free(work->workers[i]);
    }
    free(work);
    nt->work = NULL;
}

/* ---- what drivers call ----------------------------------------------------------------------- */

VOID
ExQueueWorkItem(PWORK_QUEUE_ITEM item, WORK_QUEUE_TYPE type)
{
    CONTRACT_ENTER(ExQueueWorkItem);
    work_queue(nt_self()->work, item, type);
}

ULONG
IoSizeofWorkItem(VOID)
{
    CONTRACT_ENTER(IoSizeofWorkItem);
    return sizeof(struct _IO_WORKITEM);
}

static void
workitem_init(PIO_WORKITEM item, PDEVICE_OBJECT object)
{
    memset(item, 0, sizeof(*item));
    item->object = object;
    item->owner = nt_owner();
    item->item.WorkerRoutine = io_workitem_run;
    item->item.Parameter = item;
}

VOID
IoInitializeWorkItem(PVOID object, PIO_WORKITEM item)
{
    CONTRACT_ENTER(IoInitializeWorkItem);
    workitem_init(item, object);
}

static void
workitem_check(PIO_WORKITEM item)
{
    if (atomic_load(&item->queued))
        finding_report(rt_self()->rt, RULE_BadArgument, 0, "a work item is freed while queued");
}

VOID
IoUninitializeWorkItem(PIO_WORKITEM item)
{
    CONTRACT_ENTER(IoUninitializeWorkItem);
    workitem_check(item);
}

PIO_WORKITEM
IoAllocateWorkItem(PDEVICE_OBJECT device)
{
    PIO_WORKITEM item;

    CONTRACT_ENTER(IoAllocateWorkItem);
    item = nt_pool_allocate(sizeof(*item), 'I' | 'o' << 8 | 'W' << 16 | 'i' << 24, true, false);
    if (item)
        workitem_init(item, device);
    return item;
}

VOID
IoFreeWorkItem(PIO_WORKITEM item)
{
    CONTRACT_ENTER(IoFreeWorkItem);
    workitem_check(item);
    nt_pool_free(item, 0);
}

static void
io_workitem_run(PVOID context)
{
    PIO_WORKITEM item = context;
    PDEVICE_OBJECT object = item->object;
    bool counted = nt_object_is(object, &nt_type_device);

    atomic_store(&item->queued, false);
    if (item->routine_ex)
        item->routine_ex(object, item->context, item);
    else
        item->routine(object, item->context);
    if (counted)
        ObfDereferenceObject(object);
}

static void
workitem_queue(PIO_WORKITEM item, WORK_QUEUE_TYPE type)
{
    if (atomic_exchange(&item->queued, true)) {
        finding_report(rt_self()->rt, RULE_BadArgument, 0, "a work item is queued twice");
        return;
    }
    if (nt_object_is(item->object, &nt_type_device))
        ObfReferenceObject(item->object);
    work_queue(nt_self()->work, &item->item, type);
}

VOID
IoQueueWorkItem(PIO_WORKITEM item, PIO_WORKITEM_ROUTINE routine, WORK_QUEUE_TYPE type,
                PVOID context)
{
    CONTRACT_ENTER(IoQueueWorkItem);
    item->routine = routine;
    item->routine_ex = NULL;
    item->context = context;
    workitem_queue(item, type);
}

VOID
IoQueueWorkItemEx(PIO_WORKITEM item, PIO_WORKITEM_ROUTINE_EX routine, WORK_QUEUE_TYPE type,
                  PVOID context)
{
    CONTRACT_ENTER(IoQueueWorkItemEx);
    item->routine = NULL;
    item->routine_ex = routine;
    item->context = context;
    workitem_queue(item, type);
}
