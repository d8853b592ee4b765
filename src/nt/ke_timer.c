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
    while (before != &nt->timers &&
           CONTAINING_RECORD(before, KTIMER, TimerListEntry)->DueTime.QuadPart > due)
        before = before->Blink;
    InsertHeadList(before, &timer->TimerListEntry);
}

static bool
timer_remove_locked(PKTIMER timer)
{
    if (!timer->Header.Reserved1)
        return false;
    RemoveEntryList(&timer->TimerListEntry);
    timer->Header.Reserved1 = FALSE;
    return true;
}

/* Takes the first due timer off, signals it; its DPC is queued outside of the lock. */
static bool
timer_expire_one(struct nt *nt, PKDPC *dpc)
{
    uint64_t now = rt_now_ns(nt->rt);
    bool found = false;
    PKTIMER timer;

    *dpc = NULL;
    rt_word_acquire(&nt->dispatcher);
    if (!IsListEmpty(&nt->timers)) {
        timer = CONTAINING_RECORD(nt->timers.Flink, KTIMER, TimerListEntry);
        if (timer->DueTime.QuadPart <= now) {
            found = true;
            timer_remove_locked(timer);
            *dpc = timer->Dpc;
            if (timer->Period)
                timer_insert_locked(nt, timer,
                                    timer->DueTime.QuadPart + timer->Period * 1000000ULL);
            timer->Header.SignalState = 1;
            nt_dispatcher_signal_locked(nt, &timer->Header);
        }
    }
    if (!found)
        timers_arm_locked(nt);
    rt_word_release(&nt->dispatcher);
    return found;
}

static void
timers_fire(struct rt_timer *rt_timer)
{
    struct nt *nt = RT_CONTAINER(rt_timer, struct nt, timer);
    PKDPC dpc;

    while (timer_expire_one(nt, &dpc)) {
        LARGE_INTEGER now = {.QuadPart = (LONGLONG)rt_system_100ns(nt->rt)};

        /* DDI: KDEFERRED_ROUTINE, the arguments of a timer's DPC are the system time's halves. */
        if (dpc)
            KeInsertQueueDpc(dpc, (PVOID)(ULONG_PTR)now.LowPart,
                             (PVOID)(ULONG_PTR)(ULONG)now.HighPart);
    }
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
        timer_remove_locked(CONTAINING_RECORD(nt->timers.Flink, KTIMER, TimerListEntry));
    }
    rt_timer_cancel(nt->rt, &nt->timer);
    rt_word_release(&nt->dispatcher);
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
    armed = timer_remove_locked(timer);
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
    armed = timer_remove_locked(timer);
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
