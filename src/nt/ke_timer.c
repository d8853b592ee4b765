/*
 * Timer objects. Armed KTIMERs hang in one list of the host by due time, under the dispatcher lock;
 * one rt_timer is armed for the first. When it fires, what is due is signalled and its DPC queued.
 * DDI: KeSetTimer, KeSetTimerEx, KeCancelTimer.
 *
 * Use of published members: DueTime is rt's clock in ns, Header.Reserved1 (published as Inserted)
 * says that it is armed.
 */
#include "nt_priv.h"

static void
timers_arm_locked(struct nt *nt)
{
    if (IsListEmpty(&nt->timers)) {
        rt_timer_cancel(nt->rt, &nt->timer);
        return;
    }
    rt_timer_set(nt->rt, &nt->timer,
                 CONTAINING_RECORD(nt->timers.Flink, KTIMER, TimerListEntry)->DueTime.QuadPart);
}

/* Behind all that are due no later: the first armed fires first. */
static void
timer_insert_locked(struct nt *nt, PKTIMER timer, uint64_t due)
{
    PLIST_ENTRY before = nt->timers.Blink;

    timer->DueTime.QuadPart = due;
    timer->Header.Reserved1 = TRUE;
    atomic_fetch_add(&nt->timers_armed, 1);
    while (before != &nt->timers &&
           CONTAINING_RECORD(before, KTIMER, TimerListEntry)->DueTime.QuadPart > due)
        before = before->Blink;
    InsertHeadList(before, &timer->TimerListEntry);
}

static bool
timer_remove_locked(struct nt *nt, PKTIMER timer)
{
    if (!timer->Header.Reserved1)
        return false;
    atomic_fetch_sub(&nt->timers_armed, 1);
    RemoveEntryList(&timer->TimerListEntry);
    timer->Header.Reserved1 = FALSE;
    return true;
}

/*
 * Takes the first due timer off, queues its DPC and signals it, all in one: who was woken by a
 * timer may flush DPCs and count on this one. At HIGH, since queueing a DPC takes a lock of that
 * level.
 */
static bool
timer_expire_one(struct nt *nt)
{
    LARGE_INTEGER system = {.QuadPart = (LONGLONG)rt_system_100ns(nt->rt)};
    uint64_t now = rt_now_ns(nt->rt);
    uint8_t old = nt_raise(RT_IRQL_HIGH);
    PKTIMER timer = NULL;

    rt_word_acquire(&nt->dispatcher);
    if (!IsListEmpty(&nt->timers))
        timer = CONTAINING_RECORD(nt->timers.Flink, KTIMER, TimerListEntry);
    if (timer && timer->DueTime.QuadPart <= now) {
        timer_remove_locked(nt, timer);
        /* DDI: KDEFERRED_ROUTINE, the arguments of a timer's DPC are the system time's halves. */
        if (timer->Dpc)
            nt_dpc_insert(nt, timer->Dpc, (PVOID)(ULONG_PTR)system.LowPart,
                          (PVOID)(ULONG_PTR)(ULONG)system.HighPart);
        if (timer->Period)
            timer_insert_locked(nt, timer, timer->DueTime.QuadPart + timer->Period * 1000000ULL);
        timer->Header.SignalState = 1;
        nt_dispatcher_signal_locked(nt, &timer->Header);
    } else {
        timer = NULL;
        timers_arm_locked(nt);
    }
    rt_word_release(&nt->dispatcher);
    nt_lower(old);
    return timer;
}

static void
timers_fire(struct rt_timer *rt_timer)
{
    struct nt *nt = RT_CONTAINER(rt_timer, struct nt, timer);

    while (timer_expire_one(nt))
        continue;
}

void
nt_timers_init(struct nt *nt)
{
    InitializeListHead(&nt->timers);
    rt_timer_init(&nt->timer, timers_fire);
}

void
nt_timers_finish(struct nt *nt)
{
    rt_word_acquire(&nt->dispatcher);
    while (!IsListEmpty(&nt->timers)) {
        timer_remove_locked(nt, CONTAINING_RECORD(nt->timers.Flink, KTIMER, TimerListEntry));
    }
    rt_timer_cancel(nt->rt, &nt->timer);
    rt_word_release(&nt->dispatcher);
}

unsigned
nt_timers_check(struct rt *rt, const void *memory, size_t bytes)
{
    struct nt *nt = nt_of(rt);
    unsigned found = 0;

    if (!atomic_load_explicit(&nt->timers_armed, memory_order_relaxed))
        return 0;
    rt_word_acquire(&nt->dispatcher);
    for (PLIST_ENTRY e = nt->timers.Flink, next; e != &nt->timers; e = next) {
        PKTIMER timer = CONTAINING_RECORD(e, KTIMER, TimerListEntry);

        next = e->Flink;
        if ((uintptr_t)timer - (uintptr_t)memory < bytes) {
            timer_remove_locked(nt, timer); /* it could only fire into nothing */
            found++;
        }
    }
    rt_word_release(&nt->dispatcher);
    if (found)
        finding_report(rt, RULE_TimerPending, 0, "%u armed timers lie in memory that is freed",
                       found);
    return found;
}

static void
timer_init(PKTIMER timer, TIMER_TYPE type)
{
    memset(timer, 0, sizeof(*timer));
    nt_header_init(&timer->Header,
                   type == SynchronizationTimer ? NT_KIND_TIMER_SYNCHRONIZATION
                                                : NT_KIND_TIMER_NOTIFICATION,
                   sizeof(*timer), 0);
    InitializeListHead(&timer->TimerListEntry);
}

VOID
KeInitializeTimer(PKTIMER timer)
{
    CONTRACT_ENTER(KeInitializeTimer);
    timer_init(timer, NotificationTimer);
}

VOID
KeInitializeTimerEx(PKTIMER timer, TIMER_TYPE type)
{
    CONTRACT_ENTER(KeInitializeTimerEx);
    timer_init(timer, type);
}

static BOOLEAN
timer_set(PKTIMER timer, LARGE_INTEGER due, LONG period_ms, PKDPC dpc)
{
    struct nt *nt = nt_self();
    uint64_t deadline = nt_deadline(nt->rt, &due);
    BOOLEAN armed;

    rt_word_acquire(&nt->dispatcher);
    armed = timer_remove_locked(nt, timer);
    timer->Header.SignalState = 0;
    timer->Dpc = dpc;
    timer->Period = (ULONG)period_ms;
    timer_insert_locked(nt, timer, deadline);
    timers_arm_locked(nt);
    rt_word_release(&nt->dispatcher);
    return armed;
}

BOOLEAN
KeSetTimer(PKTIMER timer, LARGE_INTEGER due, PKDPC dpc)
{
    CONTRACT_ENTER(KeSetTimer);
    return timer_set(timer, due, 0, dpc);
}

BOOLEAN
KeSetTimerEx(PKTIMER timer, LARGE_INTEGER due, LONG period_ms, PKDPC dpc)
{
    CONTRACT_ENTER(KeSetTimerEx);
    return timer_set(timer, due, period_ms > 0 ? period_ms : 0, dpc);
}

BOOLEAN
KeSetCoalescableTimer(PKTIMER timer, LARGE_INTEGER due, ULONG period_ms, ULONG tolerance_ms,
                      PKDPC dpc)
{
    CONTRACT_ENTER(KeSetCoalescableTimer);
    (void)tolerance_ms; /* exact is within any tolerance */
    return timer_set(timer, due, (LONG)period_ms, dpc);
}

BOOLEAN
KeCancelTimer(PKTIMER timer)
{
    struct nt *nt = nt_self();
    BOOLEAN armed;

    CONTRACT_ENTER(KeCancelTimer);
    rt_word_acquire(&nt->dispatcher);
    armed = timer_remove_locked(nt, timer);
    if (armed)
        timers_arm_locked(nt);
    rt_word_release(&nt->dispatcher);
    return armed;
}

BOOLEAN
KeReadStateTimer(PKTIMER timer)
{
    struct nt *nt = nt_self();
    BOOLEAN state;

    CONTRACT_ENTER(KeReadStateTimer);
    rt_word_acquire(&nt->dispatcher);
    state = timer->Header.SignalState != 0;
    rt_word_release(&nt->dispatcher);
    return state;
}
