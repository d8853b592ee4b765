/* Timers of a miniport: the one of RequestTimerCall and those of StorPortInitializeTimer.
 * DDI: StorPortNotification, StorPortRequestTimer, StorPortFreeTimer. */
#include "port_priv.h"
#include "services.h"

#include <string.h>

/* ---- RequestTimerCall ---- */

static void
call_fire(struct rt_timer *timer)
{
    struct adapter *adapter = RT_CONTAINER(timer, struct adapter, miniport_timer);

    rt_trace(adapter->rt, RT_TRACE_TIMER_FIRED, 0, adapter->number, 0);
    miniport_timer(adapter, adapter->miniport_timer_routine);
}

/* R13.1: one per adapter, one-shot, 0 cancels, again re-arms. Any IRQL. */
void
timer_call(struct adapter *adapter, PHW_TIMER routine, ULONG microseconds)
{
    if (!microseconds) {
        rt_timer_cancel(adapter->rt, &adapter->miniport_timer);
        return;
    }
    if (!routine) {
        finding_report(adapter->rt, RULE_StorPortTimer, 0,
                       "RequestTimerCall came without a timer routine");
        return;
    }
    if (atomic_load(&adapter->holds) & ADAPTER_GONE)
        return;
    adapter->miniport_timer_routine = routine;
    rt_timer_set(adapter->rt, &adapter->miniport_timer,
                 rt_now_ns(adapter->rt) + microseconds * 1000ull);
}

/* ---- StorPortInitializeTimer ---- */

/* Unlinks and frees; the lock is held and left. */
static void
timer_free_locked(struct adapter_timer *t)
{
    struct adapter *adapter = t->adapter;
    struct adapter_timer **link;

    for (link = &adapter->timers; *link != t; link = &(*link)->next)
        ;
    *link = t->next;
    rt_word_release(&adapter->timer_lock);
    rt_free(adapter->rt, t);
}

static void
timer_fire(struct rt_timer *timer)
{
    struct adapter_timer *t = RT_CONTAINER(timer, struct adapter_timer, timer);
    struct adapter *adapter = t->adapter;
    PHW_TIMER_EX routine;
    PVOID context;

    rt_word_acquire(&adapter->timer_lock);
    if (t->freed || !t->armed) {
        rt_word_release(&adapter->timer_lock);
        return;
    }
    t->armed = false;
    t->running = true;
    routine = t->routine;
    context = t->context;
    rt_word_release(&adapter->timer_lock);
    rt_trace(adapter->rt, RT_TRACE_TIMER_FIRED, 1, adapter->number, 0);
    miniport_timer_ex(adapter, routine, context);
    rt_word_acquire(&adapter->timer_lock);
    t->running = false;
    if (t->freed)
        timer_free_locked(t);
    else
        rt_word_release(&adapter->timer_lock);
}

ULONG
ext_initialize_timer(struct adapter *adapter, va_list args, void *caller)
{
    PVOID *handle = va_arg(args, PVOID *);
    struct adapter_timer *t;

    (void)caller;
    if (!handle)
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > RT_IRQL_DISPATCH)
        return STOR_STATUS_INVALID_IRQL;
    *handle = NULL;
    t = rt_alloc_zero(adapter->rt, sizeof(*t));
    if (!t)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    t->adapter = adapter;
    rt_timer_init(&t->timer, timer_fire);
    rt_word_acquire(&adapter->timer_lock);
    t->next = adapter->timers;
    adapter->timers = t;
    rt_word_release(&adapter->timer_lock);
    *handle = t;
    return STOR_STATUS_SUCCESS;
}

static struct adapter_timer *
timer_find_locked(struct adapter *adapter, PVOID handle)
{
    struct adapter_timer *t;

    for (t = adapter->timers; t && t != handle; t = t->next)
        ;
    return t && !t->freed ? t : NULL;
}

/* R13.2: BUSY while armed; 0 cancels; a delay below 32 us is none. */
ULONG
ext_request_timer(struct adapter *adapter, va_list args, void *caller)
{
    PVOID handle = va_arg(args, PVOID);
    PHW_TIMER_EX routine = va_arg(args, PHW_TIMER_EX);
    PVOID context = va_arg(args, PVOID);
    ULONGLONG value = va_arg(args, ULONGLONG), tolerable = va_arg(args, ULONGLONG);
    struct adapter_timer *t;
    ULONG status = STOR_STATUS_SUCCESS;

    (void)caller;
    (void)tolerable; /* nothing is gained here by firing late */
    rt_word_acquire(&adapter->timer_lock);
    t = timer_find_locked(adapter, handle);
    if (!t || (value && !routine)) {
        status = STOR_STATUS_INVALID_PARAMETER;
    } else if (!value) {
        t->armed = false;
        rt_timer_cancel(adapter->rt, &t->timer);
    } else if (t->armed) {
        status = STOR_STATUS_BUSY;
    } else {
        t->routine = routine;
        t->context = context;
        t->armed = true;
        rt_timer_set(adapter->rt, &t->timer, rt_now_ns(adapter->rt) + value * 1000);
    }
    rt_word_release(&adapter->timer_lock);
    return status;
}

ULONG
ext_free_timer(struct adapter *adapter, va_list args, void *caller)
{
    PVOID handle = va_arg(args, PVOID);
    struct adapter_timer *t;

    (void)caller;
    if (!handle)
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > RT_IRQL_DISPATCH)
        return STOR_STATUS_INVALID_IRQL;
    rt_word_acquire(&adapter->timer_lock);
    t = timer_find_locked(adapter, handle);
    if (!t) {
        rt_word_release(&adapter->timer_lock);
        return STOR_STATUS_UNSUCCESSFUL;
    }
    if (t->armed)
        finding_report(adapter->rt, RULE_TimerPending, 0, "a timer is freed while it is armed");
    t->armed = false;
    t->freed = true;
    rt_timer_cancel(adapter->rt, &t->timer);
    if (t->running) /* freed by its own callback, or beside it: it goes when that returns */
        rt_word_release(&adapter->timer_lock);
    else
        timer_free_locked(t);
    return STOR_STATUS_SUCCESS;
}

/* ---- the end ---- */

void
timers_stop(struct adapter *adapter)
{
    uint8_t old = rt_irql_raise(RT_IRQL_DISPATCH);

    rt_word_acquire(&adapter->timer_lock);
    for (struct adapter_timer *t = adapter->timers; t; t = t->next) {
        rt_timer_cancel(adapter->rt, &t->timer);
        t->armed = false;
    }
    rt_word_release(&adapter->timer_lock);
    rt_irql_lower(old);
}

void
timers_free(struct adapter *adapter)
{
    while (adapter->timers) {
        struct adapter_timer *t = adapter->timers;
        adapter->timers = t->next;
        rt_free(adapter->rt, t);
    }
}

void
timers_init(struct adapter *adapter)
{
    rt_timer_init(&adapter->miniport_timer, call_fire);
}
