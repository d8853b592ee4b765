/*
 * Reverse callbacks of virtual miniports. DDI: StorPortCompleteServiceIrp,
 * HW_PROCESS_SERVICE_REQUEST, HW_COMPLETE_SERVICE_IRP. R19.4.
 *
 * Covers: HW_PROCESS_SERVICE_REQUEST HW_COMPLETE_SERVICE_IRP
 */
#include "harness.h"

static PVOID pending;
static atomic_uint requests, ends;
static unsigned freed_before_end;
static uint8_t irql;

static VOID NTAPI
process(PVOID extension, PVOID irp)
{
    CHECK(extension == mini.extension);
    irql = rt_irql();
    pending = irp;
    atomic_fetch_add(&requests, 1);
}

static VOID NTAPI
end_service(PVOID extension)
{
    (void)extension;
    freed_before_end = mini.calls[AT_FREE];
    if (pending) {
        ((PIRP)pending)->IoStatus.Status = STATUS_CANCELLED;
        CHECK_EQ(StorPortCompleteServiceIrp(extension, pending), STOR_STATUS_SUCCESS);
        pending = NULL;
    }
    atomic_fetch_add(&ends, 1);
}

static void
serve(HW_INITIALIZATION_DATA *init)
{
    init->HwProcessServiceRequest = process;
    init->HwCompleteServiceIrp = end_service;
}

static struct rt_thread *caller;
static NTSTATUS result;
static atomic_uint returned;
static ULONG value;

static void
call(void *ctx)
{
    IO_STATUS_BLOCK block;
    PVOID fdo, pdo, lower;
    PIRP irp;

    (void)ctx;
    CHECK_EQ(StorPortGetDeviceObjects(mini.extension, &fdo, &pdo, &lower), STOR_STATUS_SUCCESS);
    irp = IoBuildDeviceIoControlRequest(IOCTL_MINIPORT_PROCESS_SERVICE_IRP, fdo, &value,
                                        sizeof(value), &value, sizeof(value), FALSE, NULL, &block);
    CHECK(irp != NULL);
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp->UserEvent = &event;
    result = IoCallDriver(fdo, irp);
    if (result == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        result = block.Status;
    }
    atomic_store(&returned, 1);
}

static void
start(void)
{
    requests = ends = returned = 0;
    pending = NULL;
    freed_before_end = 77;
    mini.tune = serve;
    rig_start();
    caller = rt_thread_create(rig.rt, "caller", call, NULL);
    UNTIL(requests == 1);
}

/* HwStorProcessServiceRequest receives the IRP of the IOCTL; the caller waits until the miniport
 * completes it, and gets its status. */
static void
completes_the_callers_irp(void)
{
    start();
    CHECK_EQ(irql, RT_IRQL_PASSIVE);
    rig_settle();
    CHECK_EQ(returned, 0);
    ((PIRP)pending)->IoStatus.Status = STATUS_SUCCESS;
    ((PIRP)pending)->IoStatus.Information = 0;
    CHECK_EQ(StorPortCompleteServiceIrp(mini.extension, pending), STOR_STATUS_SUCCESS);
    pending = NULL;
    UNTIL(returned);
    CHECK_EQ(result, STATUS_SUCCESS);
    rt_thread_join(caller);
}

/* INVALID_PARAMETER: the IRP is NULL. */
static void
no_irp(void)
{
    mini.tune = serve;
    rig_start();
    CHECK_EQ(StorPortCompleteServiceIrp(mini.extension, NULL), STOR_STATUS_INVALID_PARAMETER);
}

/* At removal HwStorCompleteServiceIrp lets the miniport complete what it still has, before
 * HwStorFreeAdapterResources (R19.4). */
static void
completed_at_removal(void)
{
    start();
    rig_stop();
    CHECK_EQ(ends, 1);
    CHECK_EQ(freed_before_end, 0);
    UNTIL(returned);
    CHECK_EQ(result, STATUS_CANCELLED);
    rt_thread_join(caller);
}

CASES(CASE(completes_the_callers_irp), CASE(no_irp), CASE(completed_at_removal))
