/* DPCs and timers: queued once, removed, at DISPATCH; when they fire, in which order, how often. */
#include "nt_test.h"

static KDPC dpcs[4];
static LONG runs, order[16];
static KEVENT ran;

static void
dpc_note(PKDPC dpc, PVOID context, PVOID one, PVOID two)
{
    (void)one, (void)two;
    CHECK(dpc == &dpcs[(ULONG_PTR)context]);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    CHECK(rt_self()->frame->callback == CALLBACK_KERNEL_DPC);
    order[InterlockedIncrement(&runs) - 1] = (LONG)(ULONG_PTR)context;
    KeSetEvent(&ran, 0, FALSE);
}

static void
queueing(struct rt *rt)
{
    KIRQL old;

    (void)rt;
    runs = 0;
    KeInitializeEvent(&ran, SynchronizationEvent, FALSE);
    for (ULONG_PTR i = 0; i < 4; i++)
        KeInitializeDpc(&dpcs[i], dpc_note, (PVOID)i);
    KeSetImportanceDpc(&dpcs[2], HighImportance);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    CHECK(KeInsertQueueDpc(&dpcs[0], NULL, NULL));
    CHECK(!KeInsertQueueDpc(&dpcs[0], NULL, NULL)); /* DDI: FALSE when it is queued */
    CHECK(KeInsertQueueDpc(&dpcs[1], NULL, NULL));
    CHECK(KeInsertQueueDpc(&dpcs[3], NULL, NULL));
    CHECK(KeInsertQueueDpc(&dpcs[2], NULL, NULL));
    CHECK(KeRemoveQueueDpc(&dpcs[3]));
    CHECK(!KeRemoveQueueDpc(&dpcs[3]));
    CHECK(runs == 0); /* not above where we are */
    KeLowerIrql(old);
    KeFlushQueuedDpcs();
    CHECK(runs == 3);
    CHECK(order[0] == 2 && order[1] == 0 && order[2] == 1);
    CHECK(KeInsertQueueDpc(&dpcs[0], NULL, NULL));
    KeFlushQueuedDpcs();
    CHECK(runs == 4);
}

static ULONG seen_cpu;

static void
dpc_cpu(PKDPC dpc, PVOID context, PVOID one, PVOID two)
{
    (void)dpc, (void)context;
    CHECK(one == &seen_cpu && two == NULL);
    seen_cpu = KeGetCurrentProcessorNumberEx(NULL);
    KeSetEvent(&ran, 0, FALSE);
}

static void
targeting(struct rt *rt)
{
    PROCESSOR_NUMBER number;
    KDPC dpc;

    (void)rt;
    KeInitializeEvent(&ran, SynchronizationEvent, FALSE);
    KeInitializeDpc(&dpc, dpc_cpu, NULL);
    for (ULONG i = 0; i < KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS); i++) {
        CHECK(KeGetProcessorNumberFromIndex(i, &number) == STATUS_SUCCESS);
        CHECK(KeSetTargetProcessorDpcEx(&dpc, &number) == STATUS_SUCCESS);
        CHECK(KeInsertQueueDpc(&dpc, &seen_cpu, NULL));
        test_wait(&ran);
        CHECK(seen_cpu == i);
    }
    number.Number = 77;
    CHECK(KeSetTargetProcessorDpcEx(&dpc, &number) == STATUS_INVALID_PARAMETER);
    KeFlushQueuedDpcs();
}

static void
timers(struct rt *rt)
{
    KTIMER timer[4];
    LARGE_INTEGER due;
    uint64_t before = rt_now_ns(rt);

    runs = 0;
    KeInitializeEvent(&ran, SynchronizationEvent, FALSE);
    for (ULONG_PTR i = 0; i < 4; i++) {
        KeInitializeDpc(&dpcs[i], dpc_note, (PVOID)i);
        KeInitializeTimer(&timer[i]);
    }
    /* Armed in another order than due. */
    due = test_ms(6);
    CHECK(!KeSetTimer(&timer[2], due, &dpcs[2]));
    due = test_ms(2);
    CHECK(!KeSetTimer(&timer[0], due, &dpcs[0]));
    due = test_ms(4);
    CHECK(!KeSetTimer(&timer[1], due, &dpcs[1]));
    due = test_ms(3);
    CHECK(!KeSetTimer(&timer[3], due, &dpcs[3]));
    CHECK(KeCancelTimer(&timer[3]));
    CHECK(!KeCancelTimer(&timer[3]));
    test_wait(&timer[2]);
    CHECK(rt_now_ns(rt) - before >= 6000000);
    KeFlushQueuedDpcs();
    CHECK(runs == 3 && order[0] == 0 && order[1] == 1 && order[2] == 2);
    CHECK(KeReadStateTimer(&timer[0]) && !KeReadStateTimer(&timer[3]));
    /* Setting it again resets it and says that it was not armed. */
    due = test_ms(1);
    CHECK(!KeSetTimer(&timer[0], due, NULL));
    due = test_ms(1000000);
    KeSetTimer(&timer[1], due, NULL);
    CHECK(KeSetTimer(&timer[1], due, NULL));
    CHECK(KeCancelTimer(&timer[1]));
    test_wait(&timer[0]);
}

static void
periodic(struct rt *rt)
{
    LARGE_INTEGER due = test_ms(1);
    uint64_t before = rt_now_ns(rt);
    KTIMER timer;

    KeInitializeTimerEx(&timer, SynchronizationTimer);
    runs = 0;
    KeInitializeEvent(&ran, SynchronizationEvent, FALSE);
    KeInitializeDpc(&dpcs[0], dpc_note, (PVOID)0);
    KeSetTimerEx(&timer, due, 2, &dpcs[0]);
    for (unsigned i = 0; i < 4; i++)
        test_wait(&timer); /* each period lets one waiter pass */
    CHECK(rt_now_ns(rt) - before >= 7000000);
    CHECK(KeCancelTimer(&timer));
    KeFlushQueuedDpcs();
    CHECK(runs >= 1 && runs <= 5); /* periods that pass while it is queued run it once */
}

static void
clocks(struct rt *rt)
{
    LARGE_INTEGER frequency, first, second, system;
    TIME_FIELDS fields;

    (void)rt;
    first = KeQueryPerformanceCounter(&frequency);
    KeStallExecutionProcessor(50);
    second = KeQueryPerformanceCounter(NULL);
    CHECK((second.QuadPart - first.QuadPart) * 1000000 / frequency.QuadPart >= 50);
    KeQuerySystemTime(&system);
    RtlTimeToTimeFields(&system, &fields);
    CHECK(fields.Year >= 2020 && fields.Year < 2200);
    CHECK(RtlTimeFieldsToTime(&fields, &second));
    CHECK(system.QuadPart - second.QuadPart < 10000);
    system.QuadPart = 0;
    RtlTimeToTimeFields(&system, &fields);
    CHECK(fields.Year == 1601 && fields.Month == 1 && fields.Day == 1 && fields.Weekday == 1);
    fields = (TIME_FIELDS){.Year = 2000, .Month = 2, .Day = 29};
    CHECK(RtlTimeFieldsToTime(&fields, &second));
    RtlTimeToTimeFields(&second, &fields);
    CHECK(fields.Month == 2 && fields.Day == 29 && fields.Weekday == 2);
    fields.Year = 1900;
    CHECK(!RtlTimeFieldsToTime(&fields, &second));
}

/* A timer freed while armed is found, and does not fire into the freed block. */
static void
freed(struct rt *rt)
{
    LARGE_INTEGER due = test_ms(1), pause = test_ms(3);
    PKTIMER timer = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*timer), TAG('T', 'i', 'm', 'e'));

    KeInitializeTimer(timer);
    KeSetTimer(timer, due, NULL);
    ExFreePool(timer);
    CHECK(findings_of(rt, RULE_TimerPending) == 1);
    KeDelayExecutionThread(KernelMode, FALSE, &pause);
}

int
main(void)
{
    test_both(queueing);
    test_both(targeting);
    test_both(timers);
    test_both(periodic);
    test_both(clocks);
    test_findings_expected = 1;
    test_both(freed);
    return 0;
}
