/* Events, semaphores, mutexes and waits: who is woken, what is consumed, when a wait times out. */
#include "nt_test.h"

static KEVENT go, auto_event;
static KSEMAPHORE semaphore;
static KMUTEX mutex;
static LONG inside, passed;

static void
wait_go(PVOID context)
{
    (void)context;
    test_wait(&go);
    InterlockedIncrement(&passed);
}

static void
wait_auto(PVOID context)
{
    (void)context;
    test_wait(&auto_event);
    InterlockedIncrement(&passed);
}

/* A notification event lets all pass and stays; a synchronization event lets one pass. */
static void
events(struct rt *rt)
{
    LARGE_INTEGER zero = {.QuadPart = 0};
    PVOID threads[3];

    (void)rt;
    KeInitializeEvent(&go, NotificationEvent, FALSE);
    KeInitializeEvent(&auto_event, SynchronizationEvent, FALSE);
    passed = 0;
    for (unsigned i = 0; i < 3; i++)
        threads[i] = test_thread(wait_go, NULL);
    CHECK(KeSetEvent(&go, 0, FALSE) == 0);
    for (unsigned i = 0; i < 3; i++)
        test_join(threads[i]);
    CHECK(passed == 3);
    CHECK(KeReadStateEvent(&go) == 1);
    CHECK(KeSetEvent(&go, 0, FALSE) == 1);
    CHECK(KeResetEvent(&go) == 1);
    CHECK(KeWaitForSingleObject(&go, Executive, KernelMode, FALSE, &zero) == STATUS_TIMEOUT);

    passed = 0;
    for (unsigned i = 0; i < 3; i++)
        threads[i] = test_thread(wait_auto, NULL);
    for (LONG i = 0; i < 3; i++) {
        LARGE_INTEGER pause = test_ms(1);
        KeSetEvent(&auto_event, 0, FALSE);
        while (KeReadStateEvent(&auto_event))
            KeDelayExecutionThread(KernelMode, FALSE, &pause);
    }
    for (unsigned i = 0; i < 3; i++)
        test_join(threads[i]);
    CHECK(passed == 3 && KeReadStateEvent(&auto_event) == 0);
}

/* DDI KeWaitForSingleObject: relative and absolute time-outs; the clock has moved at least so
 * far. */
static void
timeouts(struct rt *rt)
{
    LARGE_INTEGER relative = test_ms(5), absolute;
    uint64_t before = rt_now_ns(rt);
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &relative) == STATUS_TIMEOUT);
    CHECK(rt_now_ns(rt) - before >= 5000000);
    before = rt_now_ns(rt);
    KeQuerySystemTime(&absolute);
    absolute.QuadPart += 3 * 10000;
    CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &absolute) == STATUS_TIMEOUT);
    CHECK(rt_now_ns(rt) - before >= 2900000);
    absolute.QuadPart = 1; /* long past */
    CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &absolute) == STATUS_TIMEOUT);
    before = rt_now_ns(rt);
    KeDelayExecutionThread(KernelMode, FALSE, &relative);
    CHECK(rt_now_ns(rt) - before >= 5000000);
}

static void
set_later(PVOID context)
{
    LARGE_INTEGER pause = test_ms(2);

    KeDelayExecutionThread(KernelMode, FALSE, &pause);
    KeSetEvent(context, 0, FALSE);
}

static void
multiple(struct rt *rt)
{
    KEVENT a, b, c;
    PVOID objects[3] = {&a, &b, &c}, thread;
    LARGE_INTEGER zero = {.QuadPart = 0}, soon = test_ms(1);
    KWAIT_BLOCK blocks[3];

    (void)rt;
    KeInitializeEvent(&a, SynchronizationEvent, FALSE);
    KeInitializeEvent(&b, SynchronizationEvent, TRUE);
    KeInitializeEvent(&c, NotificationEvent, FALSE);
    /* Any: the lowest that is signalled, and only that one is consumed. */
    CHECK(KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, NULL,
                                   blocks) == STATUS_WAIT_1);
    CHECK(KeReadStateEvent(&b) == 0);
    CHECK(KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, &soon,
                                   NULL) == STATUS_TIMEOUT);
    /* All: nothing is consumed until everything is there. */
    KeSetEvent(&a, 0, FALSE);
    KeSetEvent(&b, 0, FALSE);
    CHECK(KeWaitForMultipleObjects(3, objects, WaitAll, Executive, KernelMode, FALSE, &zero,
                                   NULL) == STATUS_TIMEOUT);
    CHECK(KeReadStateEvent(&a) == 1 && KeReadStateEvent(&b) == 1);
    thread = test_thread(set_later, &c);
    CHECK(KeWaitForMultipleObjects(3, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL) ==
          STATUS_SUCCESS);
    CHECK(KeReadStateEvent(&a) == 0 && KeReadStateEvent(&b) == 0 && KeReadStateEvent(&c) == 1);
    test_join(thread);
    thread = test_thread(set_later, &b);
    KeResetEvent(&c);
    CHECK(KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL) ==
          STATUS_WAIT_1);
    test_join(thread);
}

static void
use_semaphore(PVOID context)
{
    (void)context;
    for (unsigned i = 0; i < 20; i++) {
        test_wait(&semaphore);
        CHECK(InterlockedIncrement(&inside) <= 2);
        rt_poll();
        InterlockedDecrement(&inside);
        KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
    }
}

static void
semaphores(struct rt *rt)
{
    PVOID threads[4];

    (void)rt;
    inside = 0;
    KeInitializeSemaphore(&semaphore, 2, 2);
    for (unsigned i = 0; i < 4; i++)
        threads[i] = test_thread(use_semaphore, NULL);
    for (unsigned i = 0; i < 4; i++)
        test_join(threads[i]);
    CHECK(KeReadStateSemaphore(&semaphore) == 2);
}

static unsigned guarded;

static void
use_mutex(PVOID context)
{
    (void)context;
    for (unsigned i = 0; i < 50; i++) {
        unsigned seen;

        test_wait(&mutex);
        test_wait(&mutex); /* its owner may again */
        seen = guarded;
        rt_poll();
        guarded = seen + 1;
        KeReleaseMutex(&mutex, FALSE);
        CHECK(KeReadStateMutex(&mutex) == 0);
        KeReleaseMutex(&mutex, FALSE);
    }
}

static void
keep_mutex(PVOID context)
{
    (void)context;
    test_wait(&mutex);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void
mutexes(struct rt *rt)
{
    PVOID threads[3];

    (void)rt;
    guarded = 0;
    KeInitializeMutex(&mutex, 0);
    for (unsigned i = 0; i < 3; i++)
        threads[i] = test_thread(use_mutex, NULL);
    for (unsigned i = 0; i < 3; i++)
        test_join(threads[i]);
    CHECK(guarded == 150 && KeReadStateMutex(&mutex) == 1);
    /* One whose owner ended is abandoned, and says so once. */
    test_join(test_thread(keep_mutex, NULL));
    CHECK(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL) ==
          STATUS_ABANDONED_WAIT_0);
    CHECK(KeReleaseMutex(&mutex, FALSE) == 0);
    test_wait(&mutex);
    KeReleaseMutex(&mutex, FALSE);
}

/* DDI KeSetEvent: legal at DISPATCH; so is a wait with a zero time-out. */
static void
at_dispatch(struct rt *rt)
{
    LARGE_INTEGER zero = {.QuadPart = 0};
    KEVENT event;
    KIRQL old;

    (void)rt;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeSetEvent(&event, 0, FALSE);
    CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero) == STATUS_SUCCESS);
    CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero) == STATUS_TIMEOUT);
    KeLowerIrql(old);
}

/* Ping-pong between two threads: no wake-up is lost. */
static KEVENT ping, pong;

static void
answer(PVOID context)
{
    (void)context;
    for (unsigned i = 0; i < 300; i++) {
        test_wait(&ping);
        KeSetEvent(&pong, 0, FALSE);
    }
}

static void
pingpong(struct rt *rt)
{
    PVOID thread;

    (void)rt;
    KeInitializeEvent(&ping, SynchronizationEvent, FALSE);
    KeInitializeEvent(&pong, SynchronizationEvent, FALSE);
    thread = test_thread(answer, NULL);
    for (unsigned i = 0; i < 300; i++) {
        KeSetEvent(&ping, 0, FALSE);
        test_wait(&pong);
    }
    test_join(thread);
}

static void
named(struct rt *rt)
{
    OBJECT_ATTRIBUTES attributes;
    LARGE_INTEGER zero = {.QuadPart = 0};
    UNICODE_STRING name;
    HANDLE first, second;
    LONG was;

    (void)rt;
    RtlInitUnicodeString(&name, L"\\BaseNamedObjects\\one");
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK(ZwOpenEvent(&first, EVENT_ALL_ACCESS, &attributes) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(ZwCreateEvent(&first, EVENT_ALL_ACCESS, &attributes, SynchronizationEvent, FALSE) == 0);
    CHECK(ZwOpenEvent(&second, EVENT_ALL_ACCESS, &attributes) == 0);
    CHECK(ZwWaitForSingleObject(first, FALSE, &zero) == STATUS_TIMEOUT);
    CHECK(ZwSetEvent(second, &was) == 0 && was == 0);
    CHECK(ZwWaitForSingleObject(first, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(ZwClose(first) == 0 && ZwClose(second) == 0);
    CHECK(ZwOpenEvent(&first, EVENT_ALL_ACCESS, &attributes) == STATUS_OBJECT_NAME_NOT_FOUND);
}

int
main(void)
{
    test_both(events);
    test_both(timeouts);
    test_both(multiple);
    test_both(semaphores);
    test_both(mutexes);
    test_both(at_dispatch);
    test_both(pingpong);
    test_both(named);
    return 0;
}
