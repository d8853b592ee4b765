/*
 * Events: pages nf-storport-storportinitializeevent, …setevent, …waitforsingleobject.
 * Covers: StorPortSetEvent StorPortWaitForSingleObject
 */
#include "routine_harness.h"

static STOR_EVENT event;
static atomic_bool awake;

static ULONG
wait_ms(int ms)
{
    LARGE_INTEGER timeout = {.QuadPart = -10000ll * ms};

    return StorPortWaitForSingleObject(harness.extension, &event, FALSE, &timeout);
}

static void
sleeper(void *context)
{
    struct rt_frame frame;

    (void)context;
    rt_frame_push(&frame, harness.adapter, CALLBACK_THREAD, NULL);
    CHECK(StorPortWaitForSingleObject(harness.extension, &event, FALSE, NULL) ==
          STOR_STATUS_SUCCESS);
    atomic_store(&awake, true);
    rt_frame_pop(&frame);
}

static void
states(void)
{
    uint64_t before;

    CHECK(StorPortInitializeEvent(harness.extension, NULL, StorNotificationEvent, FALSE) ==
          STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortInitializeEvent(harness.extension, &event, (STOR_EVENT_TYPE)7, FALSE) ==
          STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortSetEvent(harness.extension, NULL) == STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortWaitForSingleObject(harness.extension, NULL, FALSE, NULL) ==
          STOR_STATUS_INVALID_PARAMETER);

    /* A notification event stays signalled, a synchronization event satisfies one wait. */
    CHECK(StorPortInitializeEvent(harness.extension, &event, StorNotificationEvent, TRUE) ==
          STOR_STATUS_SUCCESS);
    CHECK(wait_ms(0) == STOR_STATUS_SUCCESS && wait_ms(0) == STOR_STATUS_SUCCESS);
    CHECK(StorPortInitializeEvent(harness.extension, &event, StorSynchronizationEvent, TRUE) ==
          STOR_STATUS_SUCCESS);
    CHECK(wait_ms(0) == STOR_STATUS_SUCCESS && wait_ms(0) == STOR_STATUS_UNSUCCESSFUL);

    /* "A negative value specifies an interval relative to the current time." */
    before = rt_now_ns(harness.rt);
    CHECK(wait_ms(20) == STOR_STATUS_UNSUCCESSFUL);
    CHECK(rt_now_ns(harness.rt) - before >= 20000000);
    CHECK(StorPortSetEvent(harness.extension, &event) == STOR_STATUS_SUCCESS);
    CHECK(wait_ms(20) == STOR_STATUS_SUCCESS);
}

/* "If the miniport supplies a NULL pointer, the routine waits indefinitely": until the event is
 * set, from DISPATCH_LEVEL here. */
static void
woken(void)
{
    struct rt_thread *thread = rt_thread_create(harness.rt, "sleeper", sleeper, NULL);

    CHECK(thread);
    rt_sleep_ns(5000000);
    CHECK(!atomic_load(&awake));
    harness_enter(CALLBACK_DPC, RT_IRQL_DISPATCH);
    CHECK(StorPortSetEvent(harness.extension, &event) == STOR_STATUS_SUCCESS);
    harness_leave();
    rt_thread_join(thread);
    CHECK(atomic_load(&awake));
}

/* "the caller must be running at IRQL <= APC_LEVEL" unless the time-out is zero. */
static void
levels(void)
{
    harness_enter(CALLBACK_DPC, RT_IRQL_DISPATCH);
    CHECK(wait_ms(0) == STOR_STATUS_UNSUCCESSFUL);
    CHECK(wait_ms(5) == STOR_STATUS_UNSUCCESSFUL);
    harness_expect(RULE_StorPortIrql);
    harness_leave();
    /* "The current IRQL is greater than DISPATCH_LEVEL": INVALID_IRQL. */
    harness_enter(CALLBACK_INTERRUPT, RT_IRQL_DEVICE);
    CHECK(StorPortSetEvent(harness.extension, &event) == STOR_STATUS_INVALID_IRQL);
    harness_leave();
}

int
main(void)
{
    harness_start(&(struct harness_config){0});
    harness_enter(CALLBACK_WORKITEM, RT_IRQL_PASSIVE);
    states();
    harness_leave();
    woken();
    levels();
    return harness_finish();
}
