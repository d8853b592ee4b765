/*
 * Work at PASSIVE_LEVEL. DDI: StorPortInitializeWorker, StorPortQueueWorkItem, StorPortFreeWorker,
 * HW_WORKITEM. R13.3.
 *
 * Covers: StorPortInitializeWorker StorPortQueueWorkItem StorPortFreeWorker
 * Covers: HW_WORKITEM
 */
#include "harness.h"

static atomic_uint runs, gate;
static PVOID got_extension, got_context, got_worker, worker;
static uint8_t irql;
static struct rt_thread *ran_on;
static ULONG status;

static VOID NTAPI
work(PVOID extension, PVOID context, PVOID self)
{
    got_extension = extension;
    got_context = context;
    got_worker = self;
    irql = rt_irql();
    ran_on = rt_self();
    while (!atomic_load(&gate))
        rt_sleep_ns(1000000);
    atomic_fetch_add(&runs, 1);
}

static void
start(void)
{
    runs = 0;
    gate = 1;
    mini.physical = true;
    rig_start();
    CHECK_EQ(StorPortInitializeWorker(mini.extension, &worker), STOR_STATUS_SUCCESS);
    CHECK(worker != NULL);
}

static ULONG
queue(void)
{
    return StorPortQueueWorkItem(mini.extension, work, worker, &runs);
}

/* Runs in a system worker thread, at PASSIVE_LEVEL, with extension, context and worker. */
static void
runs_in_a_worker_thread(void)
{
    start();
    CHECK_EQ(queue(), STOR_STATUS_SUCCESS);
    UNTIL(runs == 1);
    CHECK(got_extension == mini.extension && got_context == &runs && got_worker == worker);
    CHECK_EQ(irql, RT_IRQL_PASSIVE);
    CHECK(ran_on != rt_self());
    CHECK_EQ(queue(), STOR_STATUS_SUCCESS);
    UNTIL(runs == 2);
    CHECK_EQ(StorPortFreeWorker(mini.extension, worker), STOR_STATUS_SUCCESS);
}

/* BUSY: the work item is queued already. Each SUCCESS is one run, each BUSY none. */
static void
busy_while_queued(void)
{
    unsigned good = 0, refused = 0;

    start();
    for (unsigned i = 0; i < 200; i++) {
        status = queue();
        good += status == STOR_STATUS_SUCCESS;
        refused += status == STOR_STATUS_BUSY;
    }
    CHECK_EQ(good + refused, 200);
    CHECK(refused > 0);
    UNTIL(runs == good);
    rig_settle();
    CHECK_EQ(runs, good);
    CHECK_EQ(StorPortFreeWorker(mini.extension, worker), STOR_STATUS_SUCCESS);
}

/* StorPortFreeWorker: BUSY while the work item is queued for processing: it still runs. */
static void
not_freed_while_queued(void)
{
    unsigned refused = 0;

    start();
    for (unsigned i = 0; i < 100; i++) {
        PVOID w;
        CHECK_EQ(StorPortInitializeWorker(mini.extension, &w), STOR_STATUS_SUCCESS);
        CHECK_EQ(StorPortQueueWorkItem(mini.extension, work, w, NULL), STOR_STATUS_SUCCESS);
        status = StorPortFreeWorker(mini.extension, w);
        UNTIL(runs == i + 1);
        if (status == STOR_STATUS_SUCCESS)
            continue; /* it ran already */
        CHECK_EQ(status, STOR_STATUS_BUSY);
        CHECK_EQ(StorPortFreeWorker(mini.extension, w), STOR_STATUS_SUCCESS);
        refused++;
    }
    CHECK(refused > 0);
    CHECK_EQ(StorPortFreeWorker(mini.extension, worker), STOR_STATUS_SUCCESS);
}

static VOID NTAPI
work_again(PVOID extension, PVOID context, PVOID self)
{
    (void)context;
    if (atomic_fetch_add(&runs, 1) == 0)
        status = StorPortQueueWorkItem(extension, work_again, self, NULL);
    else
        CHECK_EQ(StorPortFreeWorker(extension, self), STOR_STATUS_SUCCESS);
}

/* R13.3: the callback may queue its own worker again, and free it. */
static void
from_its_own_callback(void)
{
    start();
    CHECK_EQ(StorPortQueueWorkItem(mini.extension, work_again, worker, NULL), STOR_STATUS_SUCCESS);
    UNTIL(runs == 2);
    CHECK_EQ(status, STOR_STATUS_SUCCESS);
    rig_settle();
    CHECK(StorPortFreeWorker(mini.extension, worker) == STOR_STATUS_UNSUCCESSFUL);
}

static void
queue_here(void *extension, void *subject)
{
    (void)subject;
    status = StorPortQueueWorkItem(extension, work, worker, NULL);
}

/* INVALID_IRQL above DISPATCH_LEVEL; at DISPATCH_LEVEL it is welcome. */
static void
levels(void)
{
    PVOID other;
    uint8_t old;

    start();
    rig_at(AT_DPC, queue_here);
    CHECK_EQ(status, STOR_STATUS_SUCCESS);
    UNTIL(runs == 1);
    rig_expect(RULE_StorPortIrql);
    rig_at(AT_INTERRUPT, queue_here);
    CHECK_EQ(status, STOR_STATUS_INVALID_IRQL);
    old = rt_irql_raise(RT_IRQL_DEVICE);
    CHECK_EQ(StorPortInitializeWorker(mini.extension, &other), STOR_STATUS_INVALID_IRQL);
    CHECK_EQ(StorPortFreeWorker(mini.extension, worker), STOR_STATUS_INVALID_IRQL);
    rt_irql_lower(old);
    rig_settle();
    CHECK_EQ(runs, 1);
    CHECK_EQ(StorPortFreeWorker(mini.extension, worker), STOR_STATUS_SUCCESS);
}

/* INVALID_PARAMETER: extension, worker or callback is NULL. */
static void
invalid_parameters(void)
{
    start();
    CHECK_EQ(StorPortInitializeWorker(mini.extension, NULL), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortQueueWorkItem(mini.extension, NULL, worker, NULL),
             STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortQueueWorkItem(mini.extension, work, NULL, NULL),
             STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortFreeWorker(mini.extension, NULL), STOR_STATUS_INVALID_PARAMETER);
    rig_expect(RULE_BadArgument);
    CHECK_EQ(StorPortQueueWorkItem(NULL, work, worker, NULL), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortFreeWorker(NULL, worker), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(runs, 0);
    CHECK_EQ(StorPortFreeWorker(mini.extension, worker), STOR_STATUS_SUCCESS);
}

/* UNSUCCESSFUL: the work item is already free. */
static void
freed_twice(void)
{
    start();
    CHECK_EQ(StorPortFreeWorker(mini.extension, worker), STOR_STATUS_SUCCESS);
    CHECK_EQ(StorPortFreeWorker(mini.extension, worker), STOR_STATUS_UNSUCCESSFUL);
}

static void
late(void *extension, void *subject)
{
    (void)subject;
    status = StorPortQueueWorkItem(extension, work, worker, NULL);
    CHECK_EQ(StorPortFreeWorker(extension, worker), STOR_STATUS_SUCCESS);
}

/* INVALID_DEVICE_STATE: it cannot be queued as the device is in process of removal. */
static void
during_removal(void)
{
    mini.at[AT_FREE] = late;
    runs = 0;
    gate = 1;
    rig_start();
    CHECK_EQ(StorPortInitializeWorker(mini.extension, &worker), STOR_STATUS_SUCCESS);
    status = 77;
    rig_stop();
    CHECK_EQ(status, STOR_STATUS_INVALID_DEVICE_STATE);
    CHECK_EQ(runs, 0);
}

CASES(CASE(runs_in_a_worker_thread), CASE(busy_while_queued), CASE(not_freed_while_queued),
      CASE(from_its_own_callback), CASE(levels), CASE(invalid_parameters), CASE(freed_twice),
      CASE(during_removal))
