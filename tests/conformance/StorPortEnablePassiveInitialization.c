/*
 * Initialisation at PASSIVE_LEVEL. DDI: StorPortEnablePassiveInitialization,
 * HW_PASSIVE_INITIALIZE_ROUTINE. R1.7, R1.12, R1.13.
 *
 * Covers: HW_PASSIVE_INITIALIZE_ROUTINE
 */
#include "harness.h"

static unsigned answer, passive_calls, result, order_initialize;

static BOOLEAN NTAPI
passive(PVOID extension)
{
    CHECK(extension == mini.extension);
    CHECK_EQ(rt_irql(), RT_IRQL_PASSIVE);
    passive_calls++;
    order_initialize = mini.calls[AT_INITIALIZE];           /* HwStorInitialize has returned */
    CHECK_EQ(mini.functions[SRB_FUNCTION_EXECUTE_SCSI], 0); /* and no I/O came before */
    return (BOOLEAN)result;
}

static void
enable(void *extension, void *subject)
{
    (void)subject;
    answer = StorPortEnablePassiveInitialization(extension, passive);
}

static void
reset(bool physical)
{
    answer = 77;
    passive_calls = order_initialize = 0;
    result = TRUE;
    mini.no_passive = true;
    mini.physical = physical;
}

/* TRUE: the routine runs at PASSIVE_LEVEL during initialisation, after HwStorInitialize. */
static void
enabled_in_initialize(void)
{
    for (unsigned physical = 0; physical < 2; physical++) {
        reset(physical);
        mini.calls[AT_INITIALIZE] = mini.functions[SRB_FUNCTION_EXECUTE_SCSI] = 0;
        mini.at[AT_INITIALIZE] = enable;
        rig_start();
        CHECK_EQ(answer, TRUE);
        CHECK_EQ(passive_calls, 1);
        CHECK_EQ(order_initialize, 1);
        if (physical)
            CHECK_EQ(mini.irql[AT_INITIALIZE], RT_IRQL_DEVICE);
        rig_stop();
    }
}

/* Without it the routine is not called. */
static void
not_enabled(void)
{
    reset(false);
    rig_start();
    CHECK_EQ(passive_calls, 0);
}

/* Only from within HwStorInitialize; otherwise FALSE, and the routine does not execute. */
static void
refused_elsewhere(void)
{
    reset(true);
    rig_expect(RULE_StorPortEnablePassive);
    mini.at[AT_FIND] = enable;
    rig_start();
    CHECK_EQ(answer, FALSE);
    answer = 77;
    rig_at(AT_INTERRUPT, enable);
    CHECK_EQ(answer, FALSE);
    answer = 77;
    enable(mini.extension, NULL);
    CHECK_EQ(answer, FALSE);
    CHECK_EQ(passive_calls, 0);
    CHECK(rig_findings(RULE_StorPortEnablePassive) >= 3);
}

/* HW_PASSIVE_INITIALIZE_ROUTINE returns FALSE when it fails: the adapter does not start (R1.12). */
static void
failure_fails_the_start(void)
{
    reset(false);
    result = FALSE;
    mini.at[AT_INITIALIZE] = enable;
    CHECK_EQ(rig_load(), 0);
    CHECK(rig_add() != 0);
    CHECK_EQ(passive_calls, 1);
    CHECK_EQ(mini.functions[SRB_FUNCTION_EXECUTE_SCSI], 0);
    rig.adapter = NULL;
}

CASES(CASE(enabled_in_initialize), CASE(not_enabled), CASE(refused_elsewhere),
      CASE(failure_fails_the_start))
