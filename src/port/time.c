/*
 * Clocks, stalls and levels. All time is rt's, so that under sim it is virtual.
 * DDI: StorPortStallExecution, StorPortDelayExecution, StorPortQueryPerformanceCounter.
 */
#include "routines.h"

#include <string.h>

#define COUNTER_HZ 10000000LL /* the performance counter of current Windows */
#define TIMER_MIN_100NS 5000u /* half a millisecond, as on current Windows */
#define STALL_WARN_US 1000u   /* DDI: less than a full millisecond */
#define STALL_MAX_US 100000u  /* Driver Verifier: 0.1 s */

VOID
StorPortQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    CONTRACT_ENTER(StorPortQuerySystemTime);
    if (CurrentTime)
        CurrentTime->QuadPart = (LONGLONG)rt_system_100ns(rt_self()->rt);
}

ULONG
ext_performance_counter(struct adapter *adapter, va_list args, void *caller)
{
    PLARGE_INTEGER frequency = va_arg(args, PLARGE_INTEGER);
    PLARGE_INTEGER counter = va_arg(args, PLARGE_INTEGER);

    (void)caller;
    if (!counter)
        return STOR_STATUS_INVALID_PARAMETER;
    if (frequency)
        frequency->QuadPart = COUNTER_HZ;
    counter->QuadPart = (LONGLONG)(rt_now_ns(routine_rt(adapter)) / 100);
    return STOR_STATUS_SUCCESS;
}

/* R20.29: any value works; what Windows' verifier would say is said. */
VOID
StorPortStallExecution(ULONG Delay)
{
    struct rt *rt = rt_self()->rt;

    CONTRACT_ENTER(StorPortStallExecution);
    if (RT_UNLIKELY(Delay > STALL_MAX_US))
        finding_report(rt, RULE_DV_StallTooLong, 0, "StorPortStallExecution of %u us", Delay);
    else if (RT_UNLIKELY(Delay >= STALL_WARN_US))
        finding_report(rt, RULE_BadArgument, 0,
                       "StorPortStallExecution of %u us: documented is less than a millisecond",
                       Delay);
    routine_not_in_startio(rt, "stalls");
    rt_stall_ns(Delay * 1000ull);
}

ULONG
ext_delay(struct adapter *adapter, va_list args, void *caller)
{
    ULONG us = va_arg(args, ULONG);

    (void)caller;
    routine_not_in_startio(routine_rt(adapter), "delays itself");
    if (rt_irql() < RT_IRQL_DISPATCH)
        rt_sleep_ns(us * 1000ull);
    else
        rt_stall_ns(us * 1000ull);
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_timer_min_interval(struct adapter *adapter, va_list args, void *caller)
{
    PULONG interval = va_arg(args, PULONG);

    (void)adapter, (void)caller;
    if (!interval)
        return STOR_STATUS_INVALID_PARAMETER;
    *interval = TIMER_MIN_100NS;
    return STOR_STATUS_SUCCESS;
}

/* DPCs of this host have no time limit: all zero, as where Windows has time-outs switched off
 * (DDI: KDPC_WATCHDOG_INFORMATION). */
ULONG
ext_dpc_watchdog(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_DPC_WATCHDOG_INFORMATION out = va_arg(args, PSTOR_DPC_WATCHDOG_INFORMATION);

    (void)adapter, (void)caller;
    if (!out)
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() < RT_IRQL_DISPATCH)
        return STOR_STATUS_UNSUCCESSFUL;
    memset(out, 0, sizeof(*out));
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_current_irql(struct adapter *adapter, va_list args, void *caller)
{
    PKIRQL irql = va_arg(args, PKIRQL);

    (void)adapter, (void)caller;
    if (!irql)
        return STOR_STATUS_INVALID_PARAMETER;
    *irql = rt_irql();
    return STOR_STATUS_SUCCESS;
}
