/*
 * Time. DDI: StorPortQuerySystemTime, StorPortQueryPerformanceCounter, StorPortStallExecution.
 *
 * Covers: StorPortQuerySystemTime StorPortQueryPerformanceCounter StorPortStallExecution
 */
#include "harness.h"

/* 100-nanosecond intervals since January 1, 1601; it goes on as time does. */
static void
system_time(void)
{
    LARGE_INTEGER a = {.QuadPart = 0}, b = {.QuadPart = 0};
    LONGLONG year_2000 = 125911584000000000ll;

    rig_start();
    StorPortQuerySystemTime(&a);
    CHECK(a.QuadPart > year_2000);
    rig_sleep_ms(50);
    StorPortQuerySystemTime(&b);
    CHECK(b.QuadPart - a.QuadPart >=
          50 * 10000 - 160000); /* updated about every ten milliseconds */
    CHECK(b.QuadPart - a.QuadPart < 60ll * 10000000);
    if (!rig.sim) /* the clock on the wall */
        CHECK(a.QuadPart > year_2000 + 20ll * 365 * 86400 * 10000000);
}

/* The counter, and its frequency if asked: differences divided by it are seconds. */
static void
performance_counter(void)
{
    LARGE_INTEGER frequency = {.QuadPart = 0}, a, b;
    uint64_t begun, ended;
    double counted, passed;

    rig_start();
    CHECK_EQ(StorPortQueryPerformanceCounter(mini.extension, &frequency, &a), STOR_STATUS_SUCCESS);
    CHECK(frequency.QuadPart > 0);
    begun = rt_now_ns(rig.rt);
    rig_sleep_ms(100);
    ended = rt_now_ns(rig.rt);
    CHECK_EQ(StorPortQueryPerformanceCounter(mini.extension, NULL, &b), STOR_STATUS_SUCCESS);
    counted = (double)(b.QuadPart - a.QuadPart) / (double)frequency.QuadPart;
    passed = (double)(ended - begun) / 1e9;
    CHECK(counted >= passed * 0.99);
    CHECK(counted < passed + 5);
}

/* INVALID_PARAMETER: PerformanceCounter is NULL. */
static void
counter_is_required(void)
{
    LARGE_INTEGER frequency;

    rig_start();
    CHECK_EQ(StorPortQueryPerformanceCounter(mini.extension, &frequency, NULL),
             STOR_STATUS_INVALID_PARAMETER);
}

/* Stalls the miniport for Delay microseconds. */
static void
stall(void)
{
    uint64_t begun;

    rig_start();
    begun = rt_now_ns(rig.rt);
    for (unsigned i = 0; i < 20; i++)
        StorPortStallExecution(900);
    CHECK(rt_now_ns(rig.rt) - begun >= 20 * 900 * 1000ull);
}

static uint64_t stalled_ns;
static unsigned isr_meanwhile;

static void
stall_for_the_isr(void *extension, void *subject)
{
    uint64_t begun = rt_now_ns(rig.rt);
    unsigned before = mini.calls[AT_INTERRUPT];

    (void)extension;
    (void)subject;
    adapter_interrupt(rig.adapter);
    for (unsigned i = 0; i < 50 && mini.calls[AT_INTERRUPT] == before; i++)
        StorPortStallExecution(100);
    stalled_ns = rt_now_ns(rig.rt) - begun;
    isr_meanwhile = mini.calls[AT_INTERRUPT] - before;
}

/* The processor goes on taking interrupts meanwhile, as drivers that wait for theirs rely on. */
static void
interrupts_go_on(void)
{
    mini.physical = true;
    rig_start();
    rig_at(AT_DPC, stall_for_the_isr);
    CHECK_EQ(isr_meanwhile, 1);
}

/* The value must be less than a full millisecond: more works, and is told (R20.29). */
static void
too_long_is_told(void)
{
    uint64_t begun;

    rig_start();
    rig_expect(RULE_BadArgument);
    begun = rt_now_ns(rig.rt);
    StorPortStallExecution(2000);
    CHECK(rt_now_ns(rig.rt) - begun >= 2000000);
    rig_expect(RULE_DV_StallTooLong);
    StorPortStallExecution(150000);
}

CASES(CASE(system_time), CASE(performance_counter), CASE(counter_is_required), CASE(stall),
      CASE(interrupts_go_on), CASE(too_long_is_told))
