/*
 * Deferred procedure calls of a miniport. DDI: StorPortInitializeDpc, StorPortIssueDpc,
 * HW_DPC_ROUTINE. R14.4.
 *
 * Covers: StorPortInitializeDpc StorPortIssueDpc
 * Covers: HW_DPC_ROUTINE
 */
#include "harness.h"

static STOR_DPC dpc, other;
static atomic_uint runs, inside, overlaps;
static PVOID seen[4];
static uint8_t irql;
static unsigned stall_us;

static VOID NTAPI
routine(PSTOR_DPC self, PVOID extension, PVOID argument1, PVOID argument2)
{
    seen[0] = self;
    seen[1] = extension;
    seen[2] = argument1;
    seen[3] = argument2;
    irql = rt_irql();
    overlaps += atomic_fetch_add(&inside, 1) != 0;
    if (stall_us)
        rt_stall_ns(stall_us * 1000ull);
    atomic_fetch_sub(&inside, 1);
    atomic_fetch_add(&runs, 1);
}

static void
make(void *extension, void *subject)
{
    (void)subject;
    StorPortInitializeDpc(extension, &dpc, routine);
    StorPortInitializeDpc(extension, &other, routine);
}

static void
start(void)
{
    runs = inside = overlaps = stall_us = 0;
    mini.physical = true;
    mini.at[AT_PASSIVE] = make;
    rig_start();
}

/* Issues the call: the routine gets the DPC, the device extension and both arguments, at
 * DISPATCH_LEVEL. */
static void
runs_with_its_arguments(void)
{
    static int a, b;

    start();
    CHECK_EQ(StorPortIssueDpc(mini.extension, &dpc, &a, &b), TRUE);
    UNTIL(runs == 1);
    CHECK(seen[0] == &dpc && seen[1] == mini.extension && seen[2] == &a && seen[3] == &b);
    CHECK_EQ(irql, RT_IRQL_DISPATCH);
    CHECK_EQ(StorPortIssueDpc(mini.extension, &other, NULL, NULL), TRUE);
    UNTIL(runs == 2);
    CHECK(seen[0] == &other);
}

static unsigned first, second, ran_meanwhile;

static void
issue_twice(void *extension, void *subject)
{
    unsigned before = runs;

    (void)subject;
    first = StorPortIssueDpc(extension, &dpc, (PVOID)1, NULL);
    second = StorPortIssueDpc(extension, &dpc, (PVOID)2, NULL);
    ran_meanwhile = runs - before;
}

/* Remarks: one that is in the queue already is not queued again: FALSE, and it runs once, with the
 * arguments of the first. From an ISR, which it does not interrupt. */
static void
queued_once_only(void)
{
    start();
    first = second = 77;
    rig_at(AT_INTERRUPT, issue_twice);
    CHECK_EQ(first, TRUE);
    CHECK_EQ(second, FALSE);
    CHECK_EQ(ran_meanwhile, 0);
    UNTIL(runs == 1);
    rig_settle();
    CHECK_EQ(runs, 1);
    CHECK(seen[2] == (PVOID)1);
    CHECK_EQ(StorPortIssueDpc(mini.extension, &dpc, (PVOID)3, NULL), TRUE);
    UNTIL(runs == 2);
}

/* The routine is always synchronised with itself: never two of it at once, on any processor. */
static void
never_beside_itself(void)
{
    unsigned issued = 0;

    start();
    stall_us = 200;
    for (unsigned i = 0; i < 300; i++) {
        issued += StorPortIssueDpc(mini.extension, &dpc, NULL, NULL);
        if (i % 3 == 0)
            adapter_interrupt(rig.adapter);
        rt_sleep_ns(50000);
    }
    UNTIL(runs == issued);
    CHECK(issued > 1);
    CHECK_EQ(overlaps, 0);
}

/* StorPortInitializeDpc, Remarks: must be called from HwStorPassiveInitializeRoutine. */
static void
initialised_elsewhere_is_told(void)
{
    static STOR_DPC late;

    start();
    rig_expect(RULE_CallbackRoutine);
    StorPortInitializeDpc(mini.extension, &late, routine);
    CHECK_EQ(rig_findings(RULE_CallbackRoutine), 1);
}

/* FALSE otherwise: an object that was never initialised. */
static void
uninitialised_is_refused(void)
{
    static STOR_DPC never;

    start();
    rig_expect(RULE_BadArgument);
    CHECK_EQ(StorPortIssueDpc(mini.extension, &never, NULL, NULL), FALSE);
    rig_settle();
    CHECK_EQ(runs, 0);
}

CASES(CASE(runs_with_its_arguments), CASE(queued_once_only), CASE(never_beside_itself),
      CASE(initialised_elsewhere_is_told), CASE(uninitialised_is_refused))
