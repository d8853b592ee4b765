/*
 * Code that must not run beside the ISR. DDI: StorPortSynchronizeAccess. R2.6.
 *
 * Covers: STOR_SYNCHRONIZED_ACCESS
 */
#include "harness.h"

static PVOID got_extension, got_context;
static uint8_t irql;
static atomic_uint isr_before, leave, inside;
static BOOLEAN answer;

static BOOLEAN NTAPI
routine(PVOID extension, PVOID context)
{
    got_extension = extension;
    got_context = context;
    irql = rt_irql();
    return answer;
}

/* The routine gets the device extension and the context; its value is returned; it runs at DIRQL
 * (physical) or DISPATCH_LEVEL (virtual, R2.6). */
static void
calls_and_returns_its_value(void)
{
    static int context;

    mini.physical = true;
    rig_start();
    for (unsigned i = 0; i < 2; i++) {
        answer = (BOOLEAN)i;
        got_extension = got_context = NULL;
        CHECK_EQ(StorPortSynchronizeAccess(mini.extension, routine, &context), i);
        CHECK(got_extension == mini.extension && got_context == &context);
        CHECK_EQ(irql, RT_IRQL_DEVICE);
        CHECK_EQ(rt_irql(), RT_IRQL_PASSIVE);
    }
}

static BOOLEAN NTAPI
lasting(PVOID extension, PVOID context)
{
    (void)extension;
    (void)context;
    atomic_store(&inside, 1);
    while (!atomic_load(&leave))
        rt_stall_ns(10000);
    atomic_store(&isr_before, atomic_load(&mini.calls[AT_INTERRUPT]));
    return TRUE;
}

static void
run_lasting(void *ctx)
{
    (void)ctx;
    StorPortSynchronizeAccess(mini.extension, lasting, NULL);
}

/* Exclusive against the interrupt-service routine: an interrupt waits until it has returned. */
static void
keeps_the_isr_out(void)
{
    struct rt_thread *thread;

    mini.physical = true;
    rig_start();
    inside = leave = 0;
    isr_before = 77;
    thread = rt_thread_create(rig.rt, "lasting", run_lasting, NULL);
    UNTIL(inside);
    adapter_interrupt(rig.adapter);
    rig_settle();
    atomic_store(&leave, 1);
    rt_thread_join(thread);
    CHECK_EQ(isr_before, 0);
    UNTIL(mini.calls[AT_INTERRUPT] == 1);
}

static void
from_startio(void *extension, void *subject)
{
    (void)subject;
    answer = TRUE;
    got_extension = NULL;
    CHECK(StorPortSynchronizeAccess(extension, routine, NULL));
    CHECK(got_extension == extension);
}

/* Remarks: full-duplex miniports call it from HwStorStartIo to share data with their ISR. */
static void
from_startio_in_full_duplex(void)
{
    mini.physical = true;
    rig_start();
    rig_at(AT_START, from_startio);
    CHECK_EQ(irql, RT_IRQL_DEVICE);
}

CASES(CASE(calls_and_returns_its_value), CASE(keeps_the_isr_out), CASE(from_startio_in_full_duplex))
