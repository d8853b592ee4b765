/* Work items and system threads of a miniport. DDI: StorPortInitializeWorker,
 * StorPortQueueWorkItem, StorPortFreeWorker, StorPortCreateSystemThread. */
#include "port_priv.h"
#include "services.h"

#include <string.h>

static void
worker_free_locked(struct adapter_worker *w)
{
    struct adapter *adapter = w->adapter;
    struct adapter_worker **link;

    for (link = &adapter->workers; *link != w; link = &(*link)->next)
        ;
    *link = w->next;
    rt_word_release(&adapter->timer_lock);
    IoFreeWorkItem(w->item);
    rt_free(adapter->rt, w);
}

static VOID NTAPI
worker_run(PDEVICE_OBJECT device, PVOID context)
{
    struct adapter_worker *w = context;
    struct adapter *adapter = w->adapter;
    PHW_WORKITEM routine;

    (void)device;
    rt_word_acquire(&adapter->timer_lock);
    w->queued = false;
    w->running++;
    routine = w->routine;
    context = w->context;
    rt_word_release(&adapter->timer_lock);
    miniport_workitem(adapter, routine, context, w);
    rt_word_acquire(&adapter->timer_lock);
    w->running--;
    if (w->freed && !w->queued && !w->running)
        worker_free_locked(w);
    else
        rt_word_release(&adapter->timer_lock);
    atomic_fetch_sub(&adapter->busy_works, 1);
}

static struct adapter_worker *
worker_find_locked(struct adapter *adapter, PVOID handle)
{
    struct adapter_worker *w;

    for (w = adapter->workers; w && w != handle; w = w->next)
        ;
    return w && !w->freed ? w : NULL;
}

ULONG
ext_initialize_worker(struct adapter *adapter, va_list args, void *caller)
{
    PVOID *handle = va_arg(args, PVOID *);
    struct adapter_worker *w;

    (void)caller;
    if (!handle)
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > RT_IRQL_DISPATCH)
        return STOR_STATUS_INVALID_IRQL;
    *handle = NULL;
    w = rt_alloc_zero(adapter->rt, sizeof(*w));
    if (!w)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    w->adapter = adapter;
    w->item = IoAllocateWorkItem(adapter->fdo);
    if (!w->item) {
        rt_free(adapter->rt, w);
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    rt_word_acquire(&adapter->timer_lock);
    w->next = adapter->workers;
    adapter->workers = w;
    rt_word_release(&adapter->timer_lock);
    *handle = w;
    return STOR_STATUS_SUCCESS;
}

/* R13.3: BUSY when queued; INVALID_DEVICE_STATE while the adapter is being removed. */
ULONG
ext_queue_work_item(struct adapter *adapter, va_list args, void *caller)
{
    PHW_WORKITEM routine = va_arg(args, PHW_WORKITEM);
    PVOID handle = va_arg(args, PVOID), context = va_arg(args, PVOID);
    struct adapter_worker *w;
    ULONG status = STOR_STATUS_SUCCESS;

    (void)caller;
    if (rt_irql() > RT_IRQL_DISPATCH)
        return STOR_STATUS_INVALID_IRQL;
    rt_word_acquire(&adapter->timer_lock);
    w = worker_find_locked(adapter, handle);
    if (!w || !routine)
        status = STOR_STATUS_INVALID_PARAMETER;
    else if (adapter->works_closed)
        status = STOR_STATUS_INVALID_DEVICE_STATE;
    else if (w->queued)
        status = STOR_STATUS_BUSY;
    if (status == STOR_STATUS_SUCCESS) {
        w->queued = true;
        w->routine = routine;
        w->context = context;
        atomic_fetch_add(&adapter->busy_works, 1);
    }
    rt_word_release(&adapter->timer_lock);
    if (status == STOR_STATUS_SUCCESS)
        IoQueueWorkItem(w->item, worker_run, DelayedWorkQueue, w);
    return status;
}

ULONG
ext_free_worker(struct adapter *adapter, va_list args, void *caller)
{
    PVOID handle = va_arg(args, PVOID);
    struct adapter_worker *w;

    (void)caller;
    if (!handle)
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > RT_IRQL_DISPATCH)
        return STOR_STATUS_INVALID_IRQL;
    rt_word_acquire(&adapter->timer_lock);
    w = worker_find_locked(adapter, handle);
    if (!w || w->queued) {
        rt_word_release(&adapter->timer_lock);
        return w ? STOR_STATUS_BUSY : STOR_STATUS_UNSUCCESSFUL; /* free already */
    }
    w->freed = true;
    if (w->running) /* its own callback frees it */
        rt_word_release(&adapter->timer_lock);
    else
        worker_free_locked(w);
    return STOR_STATUS_SUCCESS;
}

/* ---- threads ---- */

static void
thread_main(void *arg)
{
    struct adapter_thread *t = arg;

    miniport_thread(t->adapter, t->routine, t->context);
}

/* R13.4: at most one per processor. */
ULONG
ext_create_system_thread(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_THREAD_START_ROUTINE routine = va_arg(args, PSTOR_THREAD_START_ROUTINE);
    PVOID context = va_arg(args, PVOID);
    PSTOR_THREAD_PRIORITY priority = va_arg(args, PSTOR_THREAD_PRIORITY);
    PVOID *out = va_arg(args, PVOID *);
    struct adapter_thread *t;
    unsigned count = 0;

    (void)caller;
    (void)priority; /* a hint; the host schedules fairly */
    if (!routine || !out)
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() != RT_IRQL_PASSIVE)
        return STOR_STATUS_INVALID_IRQL;
    for (t = adapter->threads; t; t = t->next)
        count++;
    if (count >= rt_cpu_count(adapter->rt))
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    t = rt_alloc_zero(adapter->rt, sizeof(*t));
    if (!t)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    t->adapter = adapter;
    t->routine = routine;
    t->context = context;
    rt_word_acquire(&adapter->timer_lock);
    t->thread = rt_thread_create(adapter->rt, "miniport", thread_main, t);
    if (t->thread) {
        t->next = adapter->threads;
        adapter->threads = t;
    }
    rt_word_release(&adapter->timer_lock);
    if (!t->thread) {
        rt_free(adapter->rt, t);
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    *out = t;
    return STOR_STATUS_SUCCESS;
}

void
thread_terminate(struct adapter *adapter, void *context)
{
    (void)adapter;
    (void)context;
    rt_thread_exit();
}

ULONG
ext_set_priority_thread(struct adapter *adapter, va_list args, void *caller)
{
    (void)adapter;
    (void)caller;
    return va_arg(args, PVOID) ? STOR_STATUS_SUCCESS : STOR_STATUS_INVALID_PARAMETER;
}

static ULONG
thread_bind(struct adapter *adapter, unsigned index, bool bound)
{
    struct rt_thread *self = rt_self();
    struct rt_cpu *cpu = rt_cpu_at(adapter->rt, index);

    if (rt_irql() != RT_IRQL_PASSIVE)
        return STOR_STATUS_INVALID_IRQL;
    if (!cpu)
        return STOR_STATUS_INVALID_PARAMETER;
    rt_thread_bind(self, cpu, bound);
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_set_affinity_thread(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_GROUP_AFFINITY affinity, previous;

    (void)caller;
    (void)va_arg(args, PVOID);
    affinity = va_arg(args, PSTOR_GROUP_AFFINITY);
    previous = va_arg(args, PSTOR_GROUP_AFFINITY);
    if (!affinity || !affinity->Mask)
        return STOR_STATUS_INVALID_PARAMETER;
    if (previous) {
        unsigned index = rt_cpu_index(rt_cpu_current());
        memset(previous, 0, sizeof(*previous));
        previous->Mask = (ULONG_PTR)1 << (index % 64);
        previous->Group = (USHORT)(index / 64);
    }
    return thread_bind(adapter,
                       affinity->Group * 64u +
                           (unsigned)__builtin_ctzll((unsigned long long)affinity->Mask),
                       true);
}

ULONG
ext_revert_affinity_thread(struct adapter *adapter, va_list args, void *caller)
{
    (void)args;
    (void)caller;
    return thread_bind(adapter, rt_cpu_index(rt_cpu_current()), false);
}

/* ---- the end ---- */

void
services_init(struct adapter *adapter)
{
    timers_init(adapter);
}

void
services_quiesce(struct adapter *adapter)
{
    adapter->works_closed = true;
    timers_stop(adapter);
    for (struct adapter_dpc *d = adapter->dpcs; d; d = d->next) {
        if (rt_dpc_cancel(&d->dpc))
            atomic_store(&d->taken, false);
    }
    while (atomic_load(&adapter->busy_works))
        rt_sleep_ns(1000000);
    /* A DPC that runs right now is over once its running lock can be had. */
    for (struct adapter_dpc *d = adapter->dpcs; d; d = d->next) {
        uint8_t old = rt_irql_raise(RT_IRQL_DISPATCH);
        rt_word_acquire(&d->running);
        rt_word_release(&d->running);
        rt_irql_lower(old);
    }
}

void
services_free(struct adapter *adapter)
{
    timers_free(adapter);
    while (adapter->workers) {
        struct adapter_worker *w = adapter->workers;
        /* Only a virtual miniport has a last callback to free it in. */
        if (adapter->virtual_device)
            finding_report(adapter->rt, RULE_Leak, 0, "a work item was not freed");
        adapter->workers = w->next;
        IoFreeWorkItem(w->item);
        rt_free(adapter->rt, w);
    }
    while (adapter->threads) {
        struct adapter_thread *t = adapter->threads;
        adapter->threads = t->next;
        rt_thread_join(t->thread);
        rt_free(adapter->rt, t);
    }
}
