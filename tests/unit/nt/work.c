/* System threads, handles to them, and work items: who runs where, and that all of them end. */
#include "nt_test.h"

static LONG ran;
static KEVENT event, other;

static void
thread_body(PVOID context)
{
    CHECK(context == &ran && KeGetCurrentIrql() == PASSIVE_LEVEL);
    CHECK(rt_self()->frame->callback == CALLBACK_THREAD);
    CHECK(KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY) == 8);
    CHECK(KeQueryPriorityThread(KeGetCurrentThread()) == LOW_REALTIME_PRIORITY);
    InterlockedIncrement(&ran);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void
threads(struct rt *rt)
{
    HANDLE handle;
    CLIENT_ID client;
    PVOID thread;
    LARGE_INTEGER zero = {.QuadPart = 0};

    ran = 0;
    CHECK(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, &client, thread_body,
                               &ran) == STATUS_SUCCESS);
    CHECK(ZwWaitForSingleObject(handle, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(ran == 1);
    CHECK(ZwClose(handle) == STATUS_SUCCESS);
    for (unsigned i = 0; i < 40; i++) /* ended threads are joined on the way */
        test_join(test_thread(thread_body, &ran));
    CHECK(ran == 41);
    CHECK(ObReferenceObjectByHandle(ZwCurrentThread(), 0, *PsThreadType, KernelMode, &thread,
                                    NULL) == STATUS_SUCCESS);
    CHECK(thread == (PVOID)KeGetCurrentThread());
    CHECK(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, &zero) == STATUS_TIMEOUT);
    ObDereferenceObject(thread);
    CHECK(PsTerminateSystemThread(0) == STATUS_INVALID_PARAMETER); /* not made by the kernel */
    nt_threads_reap(rt);
    CHECK(nt_threads_running(rt, NULL) == 0);
}

/* A handle used after ZwClose is refused, also when its place was taken by another. */
static void
stale(struct rt *rt)
{
    HANDLE first, second;

    CHECK(ZwCreateEvent(&first, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE) == 0);
    CHECK(ZwClose(first) == 0);
    CHECK(ZwCreateEvent(&second, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE) == 0);
    CHECK(ZwSetEvent(first, NULL) == STATUS_INVALID_HANDLE);
    CHECK(ZwClose(first) == STATUS_INVALID_HANDLE);
    CHECK(findings_of(rt, RULE_BadArgument) == 1);
    CHECK(ZwSetEvent(second, NULL) == 0);
    CHECK(ZwClose(second) == 0);
}

static void
work_plain(PVOID parameter)
{
    CHECK(rt_self()->frame->callback == CALLBACK_KERNEL_WORKITEM);
    InterlockedIncrement(&ran);
    KeSetEvent(parameter, 0, FALSE);
}

static void
work_wait(PVOID parameter)
{
    test_wait(parameter);
    InterlockedIncrement(&ran);
}

/* Routines that wait for others do not hang: another worker is there before one runs. */
static void
queueing(struct rt *rt)
{
    WORK_QUEUE_ITEM items[6];
    KIRQL old;

    ran = 0;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    for (unsigned i = 0; i < 5; i++) {
        ExInitializeWorkItem(&items[i], work_wait, &event);
        ExQueueWorkItem(&items[i], DelayedWorkQueue);
    }
    ExInitializeWorkItem(&items[5], work_plain, &event);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExQueueWorkItem(&items[5], CriticalWorkQueue);
    KeLowerIrql(old);
    nt_work_drain(rt);
    CHECK(ran == 6);
}

static PDEVICE_OBJECT device;

static void
work_io(PDEVICE_OBJECT given, PVOID context)
{
    CHECK(given == device && context == &other);
    CHECK(nt_owner() == &other);
    InterlockedIncrement(&ran);
    KeSetEvent(&other, 0, FALSE);
}

static void
work_io_free(PVOID given, PVOID context, PIO_WORKITEM item)
{
    CHECK(given == device && context == &event);
    IoFreeWorkItem(item); /* DDI: legal inside the routine */
    KeSetEvent(&event, 0, FALSE);
}

static void
io_items(struct rt *rt)
{
    PDRIVER_OBJECT driver = nt_driver_object_create(rt, "work", NULL, &other);
    struct rt_frame frame;
    PIO_WORKITEM item;

    ran = 0;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&other, SynchronizationEvent, FALSE);
    CHECK(IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == 0);
    rt_frame_push(&frame, &other, CALLBACK_DISPATCH, NULL);
    item = IoAllocateWorkItem(device);
    rt_frame_pop(&frame);
    for (unsigned i = 0; i < 3; i++) {
        IoQueueWorkItem(item, work_io, DelayedWorkQueue, &other);
        test_wait(&other);
    }
    CHECK(ran == 3);
    IoQueueWorkItemEx(item, work_io_free, DelayedWorkQueue, &event);
    test_wait(&event);
    nt_work_drain(rt);
    IoDeleteDevice(device);
    nt_driver_object_destroy(rt, driver);
}

int
main(void)
{
    test_both(threads);
    test_both(queueing);
    test_both(io_items);
    test_findings_expected = 1;
    test_both(stale);
    return 0;
}
