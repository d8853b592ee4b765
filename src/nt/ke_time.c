/*
 * Clocks. All come from rt's one clock, so that under sim they are virtual together.
 */
#include "nt_priv.h"

#define TICK_100NS 156250u    /* 64 Hz, as on Windows */
#define COUNTER_HZ 10000000LL /* the performance counter of current Windows */

#undef KeQuerySystemTime
VOID
KeQuerySystemTime(PLARGE_INTEGER now)
{
    CONTRACT_ENTER(KeQuerySystemTime);
    now->QuadPart = (LONGLONG)rt_system_100ns(rt_self()->rt);
}

VOID
KeQuerySystemTimePrecise(PLARGE_INTEGER now)
{
    CONTRACT_ENTER(KeQuerySystemTimePrecise);
    now->QuadPart = (LONGLONG)rt_system_100ns(rt_self()->rt);
}

LARGE_INTEGER
KeQueryPerformanceCounter(PLARGE_INTEGER frequency)
{
    LARGE_INTEGER count;

    CONTRACT_ENTER(KeQueryPerformanceCounter);
    if (frequency)
        frequency->QuadPart = COUNTER_HZ;
    count.QuadPart = (LONGLONG)(rt_now_ns(rt_self()->rt) / 100);
    return count;
}

ULONGLONG
KeQueryInterruptTime(VOID)
{
    CONTRACT_ENTER(KeQueryInterruptTime);
    return rt_now_ns(rt_self()->rt) / 100;
}

ULONGLONG
KeQueryUnbiasedInterruptTime(VOID)
{
    CONTRACT_ENTER(KeQueryUnbiasedInterruptTime);
    return rt_now_ns(rt_self()->rt) / 100;
}

#undef KeQueryTickCount
VOID
KeQueryTickCount(PLARGE_INTEGER ticks)
{
    CONTRACT_ENTER(KeQueryTickCount);
    ticks->QuadPart = (LONGLONG)(rt_now_ns(rt_self()->rt) / 100 / TICK_100NS);
}

ULONG
KeQueryTimeIncrement(VOID)
{
    CONTRACT_ENTER(KeQueryTimeIncrement);
    return TICK_100NS;
}

VOID
KeStallExecutionProcessor(ULONG microseconds)
{
    CONTRACT_ENTER(KeStallExecutionProcessor);
    rt_stall_ns(microseconds * 1000ULL);
}

/* The emulated machine's clock is in UTC and knows no zone. */
VOID
ExSystemTimeToLocalTime(PLARGE_INTEGER system, PLARGE_INTEGER local)
{
    CONTRACT_ENTER(ExSystemTimeToLocalTime);
    *local = *system;
}

VOID
ExLocalTimeToSystemTime(PLARGE_INTEGER local, PLARGE_INTEGER system)
{
    CONTRACT_ENTER(ExLocalTimeToSystemTime);
    *system = *local;
}
