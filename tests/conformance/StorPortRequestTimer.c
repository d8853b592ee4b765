/*
 * Timers that a miniport makes. DDI: StorPortInitializeTimer, StorPortRequestTimer,
 * StorPortFreeTimer, HW_TIMER_EX. R13.2.
 *
 * Covers: StorPortInitializeTimer StorPortRequestTimer StorPortFreeTimer
 * Covers: HW_TIMER_EX
 */
#include "harness.h"

static atomic_uint fired;
static PVOID got_extension, got_context, timer;
static uint8_t irql;
static uint64_t at_ns;
static ULONG status;

static VOID NTAPI
tick(PVOID extension, PVOID context)
{
    got_extension = extension;
    got_context = context;
    irql = rt_irql();
    at_ns = rt_now_ns(rig.rt);
    atomic_fetch_add(&fired, 1);
}

static void
start(void)
{
    fired = 0;
    timer = NULL;
    mini.physical = true;
    rig_start();
    CHECK_EQ(StorPortInitializeTimer(mini.extension, &timer), STOR_STATUS_SUCCESS);
    CHECK(timer != NULL);
}

static void
stop(void)
{
    CHECK_EQ(StorPortFreeTimer(mini.extension, timer), STOR_STATUS_SUCCESS);
}

/* Schedules the callback: once, after TimerValue microseconds, with extension and context, at
 * DISPATCH_LEVEL. */
static void
fires_once(void)
{
    static int context;
    uint64_t begun;

    start();
    begun = rt_now_ns(rig.rt);
    CHECK_EQ(StorPortRequestTimer(mini.extension, timer, tick, &context, 20000, 0),
             STOR_STATUS_SUCCESS);
    UNTIL(fired == 1);
    CHECK(at_ns - begun >= 20000000);
    CHECK(got_extension == mini.extension && got_context == &context);
    CHECK_EQ(irql, RT_IRQL_DISPATCH);
    rig_sleep_ms(60);
    CHECK_EQ(fired, 1);
    CHECK_EQ(StorPortRequestTimer(mini.extension, timer, tick, NULL, 1000, 0),
             STOR_STATUS_SUCCESS); /* free for another */
    UNTIL(fired == 2);
    stop();
}

/* BUSY: a previous request is active; TimerValue 0 cancels it. */
static void
busy_and_cancel(void)
{
    start();
    CHECK_EQ(StorPortRequestTimer(mini.extension, timer, tick, NULL, 300000, 0),
             STOR_STATUS_SUCCESS);
    CHECK_EQ(StorPortRequestTimer(mini.extension, timer, tick, NULL, 1000, 0), STOR_STATUS_BUSY);
    CHECK_EQ(StorPortRequestTimer(mini.extension, timer, tick, NULL, 0, 0), STOR_STATUS_SUCCESS);
    rig_sleep_ms(400);
    CHECK_EQ(fired, 0);
    CHECK_EQ(StorPortRequestTimer(mini.extension, timer, tick, NULL, 1000, 0), STOR_STATUS_SUCCESS);
    UNTIL(fired == 1);
    stop();
}

/* INVALID_PARAMETER: a pointer is NULL, or the handle is invalid. */
static void
invalid_parameters(void)
{
    static int nothing;

    start();
    CHECK_EQ(StorPortRequestTimer(mini.extension, NULL, tick, NULL, 1000, 0),
             STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortRequestTimer(mini.extension, &nothing, tick, NULL, 1000, 0),
             STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortRequestTimer(mini.extension, timer, NULL, NULL, 1000, 0),
             STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortInitializeTimer(mini.extension, NULL), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortFreeTimer(mini.extension, NULL), STOR_STATUS_INVALID_PARAMETER);
    rig_expect(RULE_BadArgument);
    CHECK_EQ(StorPortInitializeTimer(NULL, &timer), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortRequestTimer(NULL, timer, tick, NULL, 1000, 0), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortFreeTimer(NULL, timer), STOR_STATUS_INVALID_PARAMETER);
    stop();
}

static void
request_here(void *extension, void *subject)
{
    (void)subject;
    status = StorPortRequestTimer(extension, timer, tick, NULL, 1000, 0);
}

/* Remarks: StorPortRequestTimer at any IRQL. INVALID_IRQL for the other two above
 * DISPATCH_LEVEL. */
static void
levels(void)
{
    PVOID other;
    uint8_t old;

    start();
    rig_at(AT_INTERRUPT, request_here);
    CHECK_EQ(status, STOR_STATUS_SUCCESS);
    UNTIL(fired == 1);
    rig_at(AT_START, request_here);
    CHECK_EQ(status, STOR_STATUS_SUCCESS);
    UNTIL(fired == 2);
    rig_expect(RULE_StorPortIrql);
    old = rt_irql_raise(RT_IRQL_DEVICE);
    CHECK_EQ(StorPortInitializeTimer(mini.extension, &other), STOR_STATUS_INVALID_IRQL);
    CHECK_EQ(StorPortFreeTimer(mini.extension, timer), STOR_STATUS_INVALID_IRQL);
    rt_irql_lower(old);
    stop();
}

/* UNSUCCESSFUL: the timer is already free. */
static void
freed_twice(void)
{
    start();
    stop();
    CHECK_EQ(StorPortFreeTimer(mini.extension, timer), STOR_STATUS_UNSUCCESSFUL);
}

/* Freed while armed: it does not fire, and the driver is told. */
static void
freed_while_armed(void)
{
    start();
    rig_expect(RULE_TimerPending);
    CHECK_EQ(StorPortRequestTimer(mini.extension, timer, tick, NULL, 20000, 0),
             STOR_STATUS_SUCCESS);
    stop();
    rig_sleep_ms(60);
    CHECK_EQ(fired, 0);
}

/* Windows 8: no limit on their number, and each runs for itself. */
static void
many(void)
{
    PVOID timers[40];

    start();
    for (unsigned i = 0; i < 40; i++) {
        CHECK_EQ(StorPortInitializeTimer(mini.extension, &timers[i]), STOR_STATUS_SUCCESS);
        CHECK_EQ(StorPortRequestTimer(mini.extension, timers[i], tick, NULL, 1000 + i * 100, 0),
                 STOR_STATUS_SUCCESS);
    }
    UNTIL(fired == 40);
    for (unsigned i = 0; i < 40; i++)
        CHECK_EQ(StorPortFreeTimer(mini.extension, timers[i]), STOR_STATUS_SUCCESS);
    stop();
}

CASES(CASE(fires_once), CASE(busy_and_cancel), CASE(invalid_parameters), CASE(levels),
      CASE(freed_twice), CASE(freed_while_armed), CASE(many))
