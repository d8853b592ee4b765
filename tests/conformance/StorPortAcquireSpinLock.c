/*
 * The locks of a miniport and what the port holds for it. DDI: StorPortAcquireSpinLock and its two
 * tables, StorPortReleaseSpinLock. R2.T1 to R2.T8, R2.1, R2.2, R2.5.
 *
 * Covers: StorPortAcquireSpinLock StorPortReleaseSpinLock
 */
#include "harness.h"

static STOR_SPINLOCK kind;
static uint8_t level_inside, level_after;
static struct shot *other;
static bool other_waited;

static void
take_and_leave(void *extension, void *subject)
{
    STOR_LOCK_HANDLE handle = {0};

    (void)subject;
    StorPortAcquireSpinLock(extension, kind, kind == DpcLock ? &mini.dpc : NULL, &handle);
    level_inside = rt_irql();
    StorPortReleaseSpinLock(extension, &handle);
    level_after = rt_irql();
}

/* R2.5: the StartIo and DPC locks raise to DISPATCH_LEVEL, the Interrupt lock to DIRQL; the release
 * puts the level back. */
static void
levels(void)
{
    mini.physical = true;
    rig_start();
    for (kind = DpcLock; kind <= InterruptLock; kind++) {
        take_and_leave(mini.extension, NULL);
        CHECK_EQ(level_inside, kind == InterruptLock ? RT_IRQL_DEVICE : RT_IRQL_DISPATCH);
        CHECK_EQ(level_after, RT_IRQL_PASSIVE);
        rig_at(AT_DPC, take_and_leave);
        CHECK_EQ(level_inside, kind == InterruptLock ? RT_IRQL_DEVICE : RT_IRQL_DISPATCH);
        CHECK_EQ(level_after, RT_IRQL_DISPATCH);
    }
}

/* ---- exclusion, seen from a second thread ---- */

static atomic_uint entered, may_leave;

static void
holder(void *ctx)
{
    STOR_LOCK_HANDLE handle = {0};

    (void)ctx;
    StorPortAcquireSpinLock(mini.extension, kind, kind == DpcLock ? &mini.dpc : NULL, &handle);
    atomic_fetch_add(&entered, 1);
    while (!atomic_load(&may_leave))
        rt_stall_ns(10000);
    StorPortReleaseSpinLock(mini.extension, &handle);
}

static struct rt_thread *
hold(STOR_SPINLOCK which)
{
    struct rt_thread *thread;

    kind = which;
    entered = may_leave = 0;
    thread = rt_thread_create(rig.rt, "holder", holder, NULL);
    UNTIL(entered == 1);
    return thread;
}

static void
fire_other(void *ctx)
{
    (void)ctx;
    shot_fire(other);
}

/* The table: HwStorStartIo of a physical miniport runs under the StartIo lock: while somebody else
 * has that lock, none runs; when it is released, it does. */
static void
startio_lock_excludes_startio(void)
{
    struct rt_thread *thread, *firing;

    mini.physical = true;
    rig_start();
    other = shot_new(rig.unit);
    thread = hold(StartIoLock);
    firing = rt_thread_create(rig.rt, "firing", fire_other, NULL);
    rig_settle();
    other_waited = !mini.reads;
    atomic_store(&may_leave, 1);
    rt_thread_join(thread);
    rt_thread_join(firing);
    shot_wait(other);
    CHECK(other_waited);
}

/* HwStorInterrupt runs under the Interrupt lock. */
static void
interrupt_lock_excludes_the_isr(void)
{
    struct rt_thread *thread;
    unsigned before;

    mini.physical = true;
    rig_start();
    thread = hold(InterruptLock);
    adapter_interrupt(rig.adapter);
    rig_settle();
    before = mini.calls[AT_INTERRUPT];
    atomic_store(&may_leave, 1);
    rt_thread_join(thread);
    UNTIL(mini.calls[AT_INTERRUPT] == 1);
    CHECK_EQ(before, 0);
}

/* Two holders of one lock follow each other: for each kind, an increment is never lost. */
static volatile unsigned sum;

static void
adder(void *ctx)
{
    (void)ctx;
    for (unsigned i = 0; i < 500; i++) {
        STOR_LOCK_HANDLE handle = {0};
        StorPortAcquireSpinLock(mini.extension, kind, kind == DpcLock ? &mini.dpc : NULL, &handle);
        unsigned read = sum;
        rt_poll();
        sum = read + 1;
        StorPortReleaseSpinLock(mini.extension, &handle);
    }
}

static void
each_lock_excludes(void)
{
    static const STOR_SPINLOCK kinds[] = {DpcLock, StartIoLock, InterruptLock};

    mini.physical = true;
    rig_start();
    for (unsigned k = 0; k < 3; k++) {
        struct rt_thread *threads[3];
        kind = kinds[k];
        sum = 0;
        for (unsigned i = 0; i < 3; i++)
            threads[i] = rt_thread_create(rig.rt, "adder", adder, NULL);
        for (unsigned i = 0; i < 3; i++)
            rt_thread_join(threads[i]);
        CHECK_EQ(sum, 1500);
    }
}

/* ---- the tables ---- */

static void
check_allowed(bool half, enum place place, bool dpc, bool startio, bool interrupt)
{
    const bool allowed[] = {false, dpc, startio, interrupt};

    for (kind = DpcLock; kind <= InterruptLock; kind++) {
        unsigned before = rig_findings(RULE_StorPortSpinLock3);
        if (!allowed[kind])
            continue;
        rig_at(place, take_and_leave);
        if (rig_findings(RULE_StorPortSpinLock3) != before)
            check_failed(__FILE__, __LINE__, "lock %d refused in place %d (%s duplex)", (int)kind,
                         (int)place, half ? "half" : "full");
    }
}

/* Table of allowed locks, a physical miniport in full duplex. */
static void
allowed_in_full_duplex(void)
{
    mini.physical = true;
    rig_start();
    check_allowed(false, AT_BUILD, true, true, true);
    check_allowed(false, AT_START, true, false, true);
    check_allowed(false, AT_DPC, true, true, true);
    check_allowed(false, AT_TIMER, false, false, true);
}

/* StartIo can be acquired in HwStorStartIo by a virtual miniport, for which nothing is held. */
static void
allowed_in_virtual(void)
{
    rig_start();
    check_allowed(false, AT_START, true, true, true);
    check_allowed(false, AT_DPC, true, true, true);
}

/* …and with several concurrent channels. */
static void
allowed_with_channels(void)
{
    mini.physical = true;
    mini.channels = 2;
    rig_start();
    check_allowed(false, AT_START, true, true, true);
}

/* A callback that takes what it may not: the table says None for an ISR. */
static void
isr_may_take_none(void)
{
    mini.physical = true;
    rig_start();
    rig_expect(RULE_StorPortSpinLock3);
    kind = StartIoLock;
    rig_at(AT_INTERRUPT, take_and_leave);
    CHECK(rig_findings(RULE_StorPortSpinLock3) >= 1);
}

/* R2.1: DPC or StartIo first, Interrupt last: the other way round is a finding. */
static void
wrong_order(void)
{
    STOR_LOCK_HANDLE first = {0}, second = {0};

    mini.physical = true;
    rig_start();
    rig_expect(RULE_StorPortSpinLock3);
    StorPortAcquireSpinLock(mini.extension, InterruptLock, NULL, &first);
    StorPortAcquireSpinLock(mini.extension, StartIoLock, NULL, &second);
    StorPortReleaseSpinLock(mini.extension, &second);
    StorPortReleaseSpinLock(mini.extension, &first);
    CHECK_EQ(rig_findings(RULE_StorPortSpinLock3), 1);
    CHECK_EQ(rt_irql(), RT_IRQL_PASSIVE);
}

static void
leave_held(void *extension, void *subject)
{
    static STOR_LOCK_HANDLE handle;

    (void)subject;
    StorPortAcquireSpinLock(extension, StartIoLock, NULL, &handle);
}

/* A callback that returns with the lock held; the release of one that is not held. */
static void
unbalanced(void)
{
    STOR_LOCK_HANDLE handle = {0};

    mini.physical = true;
    rig_start();
    rig_expect(RULE_StorPortSpinLock);
    rig_expect(RULE_SpChangeIrql); /* its level was not put back either */
    rig_at(AT_WORKITEM, leave_held);
    rig_expect(RULE_StorPortSpinLock4);
    StorPortAcquireSpinLock(mini.extension, StartIoLock, NULL, &handle);
    STOR_LOCK_HANDLE again = handle;
    StorPortReleaseSpinLock(mini.extension, &handle);
    StorPortReleaseSpinLock(mini.extension, &again);
    CHECK_EQ(rig_findings(RULE_StorPortSpinLock4), 1);
    CHECK_EQ(rt_irql(), RT_IRQL_PASSIVE);
}

CASES(CASE(levels), CASE(startio_lock_excludes_startio), CASE(interrupt_lock_excludes_the_isr),
      CASE(each_lock_excludes), CASE(allowed_in_full_duplex), CASE(allowed_in_virtual),
      CASE(allowed_with_channels), CASE(isr_may_take_none), CASE(wrong_order), CASE(unbalanced))
