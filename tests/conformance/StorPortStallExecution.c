/*
 * Clocks and delays: pages nf-storport-storportstallexecution, …delayexecution,
 * …querysystemtime, …queryperformancecounter, …querytimermininterval,
 * …querydpcwatchdoginformation, …getcurrentirql.
 * Covers: StorPortDelayExecution StorPortQuerySystemTime StorPortQueryPerformanceCounter
 * Covers: StorPortQueryTimerMinInterval StorPortQueryDpcWatchdogInformation StorPortGetCurrentIrql
 */
#include "routine_harness.h"

#define BAD STOR_STATUS_INVALID_PARAMETER

static uint64_t
elapsed_us(void (*what)(ULONG), ULONG us)
{
    uint64_t before = rt_now_ns(harness.rt);

    what(us);
    return (rt_now_ns(harness.rt) - before) / 1000;
}

static void
stall(ULONG us)
{
    StorPortStallExecution(us);
}

static void
delay(ULONG us)
{
    CHECK(StorPortDelayExecution(harness.extension, us) == STOR_STATUS_SUCCESS);
}

static void
clocks(void)
{
    LARGE_INTEGER now, frequency, counter, later;
    ULONG interval = 0;

    /* "100-nanosecond intervals that have elapsed since January 1, 1601" */
    StorPortQuerySystemTime(&now);
    CHECK((uint64_t)now.QuadPart == rt_system_100ns(harness.rt));
    CHECK(StorPortQueryPerformanceCounter(harness.extension, &frequency, NULL) == BAD);
    /* "This parameter is optional and can be NULL." */
    CHECK(StorPortQueryPerformanceCounter(harness.extension, NULL, &counter) ==
          STOR_STATUS_SUCCESS);
    rt_stall_ns(50000000);
    CHECK(StorPortQueryPerformanceCounter(harness.extension, &frequency, &later) ==
          STOR_STATUS_SUCCESS);
    CHECK(later.QuadPart - counter.QuadPart >= frequency.QuadPart / 20);
    CHECK(StorPortQueryTimerMinInterval(harness.extension, &interval) == STOR_STATUS_SUCCESS);
    CHECK(interval > 0 && interval <= 156250);
    CHECK(StorPortQueryTimerMinInterval(harness.extension, NULL) == BAD);
}

static void
levels(KIRQL expected)
{
    STOR_DPC_WATCHDOG_INFORMATION watchdog;
    KIRQL irql = 77;

    CHECK(StorPortGetCurrentIrql(harness.extension, &irql) == STOR_STATUS_SUCCESS);
    CHECK(irql == expected);
    CHECK(StorPortGetCurrentIrql(harness.extension, NULL) == BAD);
    CHECK(StorPortQueryDpcWatchdogInformation(harness.extension, NULL) == BAD);
    /* "must be called … at IRQL = DISPATCH_LEVEL or higher …. Otherwise, the call fails" */
    CHECK(StorPortQueryDpcWatchdogInformation(harness.extension, &watchdog) ==
          (expected < DISPATCH_LEVEL ? STOR_STATUS_UNSUCCESSFUL : STOR_STATUS_SUCCESS));
    if (expected >= DISPATCH_LEVEL)
        CHECK(watchdog.DpcTimeLimit == 0 && watchdog.DpcWatchdogLimit == 0);
}

static void
start(PSCSI_REQUEST_BLOCK srb)
{
    (void)srb;
    StorPortStallExecution(10);
}

int
main(void)
{
    uint8_t block[512];

    harness_start(&(struct harness_config){.start = start});
    harness_enter(CALLBACK_WORKITEM, RT_IRQL_PASSIVE);
    clocks();
    levels(PASSIVE_LEVEL);
    CHECK(elapsed_us(delay, 3000) >= 3000);
    CHECK(elapsed_us(stall, 999) >= 999);
    harness_leave();
    harness_enter(CALLBACK_DPC, RT_IRQL_DISPATCH);
    levels(DISPATCH_LEVEL);
    CHECK(elapsed_us(delay, 3000) >= 3000); /* "Otherwise, this routine performs a busy-wait." */
    /* "The given value must be less than a full millisecond." */
    CHECK(elapsed_us(stall, 1000) >= 1000);
    harness_expect(RULE_BadArgument);
    /* Driver Verifier, StallTooLong */
    CHECK(elapsed_us(stall, 100001) >= 100001);
    harness_expect(RULE_DV_StallTooLong);
    harness_leave();
    /* SDV StorPortStartIo */
    CHECK(harness_transfer(false, block, sizeof(block), 1) == SRB_STATUS_SUCCESS);
    harness_expect(RULE_StorPortStartIo);
    return harness_finish();
}
