/* Lists with locks, resources, fast mutexes and rundown protection, by several threads at once. */
#include "nt_test.h"

#define THREADS 3

struct node {
    SLIST_ENTRY entry;
    LIST_ENTRY link;
    ULONG times;
};

static _Alignas(16) SLIST_HEADER slist;
static struct node nodes[20];
static LIST_ENTRY list;
static KSPIN_LOCK lock;
static ERESOURCE resource;
static FAST_MUTEX mutex;
static EX_RUNDOWN_REF rundown;
static LONG readers, writers, inside;
static unsigned guarded;

static void
all(KSTART_ROUTINE *body)
{
    PVOID threads[THREADS];

    for (unsigned i = 0; i < THREADS; i++)
        threads[i] = test_thread(body, NULL);
    for (unsigned i = 0; i < THREADS; i++)
        test_join(threads[i]);
}

static void
pop_and_push(PVOID context)
{
    (void)context;
    for (unsigned i = 0; i < 500; i++) {
        PSLIST_ENTRY entry = InterlockedPopEntrySList(&slist);
        struct node *node;

        if (!entry)
            continue;
        node = CONTAINING_RECORD(entry, struct node, entry);
        node->times++; /* ours alone while it is off the list */
        InterlockedPushEntrySList(&slist, entry);
    }
}

static void
sequenced(struct rt *rt)
{
    PSLIST_ENTRY entry;
    unsigned count = 0;

    (void)rt;
    InitializeSListHead(&slist);
    CHECK(!InterlockedPopEntrySList(&slist) && ExQueryDepthSList(&slist) == 0);
    memset(nodes, 0, sizeof(nodes));
    CHECK(!InterlockedPushEntrySList(&slist, &nodes[0].entry));
    CHECK(InterlockedPushEntrySList(&slist, &nodes[1].entry) == &nodes[0].entry);
    for (unsigned i = 2; i < 20; i++)
        InterlockedPushEntrySList(&slist, &nodes[i].entry);
    CHECK(ExQueryDepthSList(&slist) == 20);
    all(pop_and_push);
    CHECK(ExQueryDepthSList(&slist) == 20);
    for (entry = InterlockedFlushSList(&slist); entry; entry = entry->Next)
        count++;
    CHECK(count == 20 && ExQueryDepthSList(&slist) == 0);
}

static void
take_and_give(PVOID context)
{
    (void)context;
    for (unsigned i = 0; i < 300; i++) {
        PLIST_ENTRY entry = ExInterlockedRemoveHeadList(&list, &lock);
        if (entry && i & 1)
            ExInterlockedInsertHeadList(&list, entry, &lock);
        else if (entry)
            ExInterlockedInsertTailList(&list, entry, &lock);
    }
}

static void
interlocked(struct rt *rt)
{
    unsigned count = 0;

    (void)rt;
    InitializeListHead(&list);
    KeInitializeSpinLock(&lock);
    CHECK(!ExInterlockedRemoveHeadList(&list, &lock));
    CHECK(!ExInterlockedInsertTailList(&list, &nodes[0].link, &lock));
    CHECK(ExInterlockedInsertTailList(&list, &nodes[1].link, &lock) == &nodes[0].link);
    all(take_and_give);
    for (PLIST_ENTRY e = list.Flink; e != &list; e = e->Flink)
        count++;
    CHECK(count == 2);
}

static void
read_or_write(PVOID context)
{
    (void)context;
    for (unsigned i = 0; i < 60; i++) {
        KeEnterCriticalRegion();
        if (i % 3) {
            CHECK(ExAcquireResourceSharedLite(&resource, TRUE));
            InterlockedIncrement(&readers);
            CHECK(ReadAcquire(&writers) == 0);
            rt_poll();
            InterlockedDecrement(&readers);
        } else {
            CHECK(ExAcquireResourceExclusiveLite(&resource, TRUE));
            CHECK(ExAcquireResourceExclusiveLite(&resource, TRUE)); /* again by its owner */
            CHECK(ExAcquireResourceSharedLite(&resource, TRUE));
            CHECK(InterlockedIncrement(&writers) == 1 && ReadAcquire(&readers) == 0);
            rt_poll();
            InterlockedDecrement(&writers);
            ExReleaseResourceLite(&resource);
            ExReleaseResourceLite(&resource);
        }
        ExReleaseResourceLite(&resource);
        KeLeaveCriticalRegion();
    }
}

static KEVENT holding, let_go;

static void
hold_shared(PVOID context)
{
    (void)context;
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&resource, TRUE);
    KeSetEvent(&holding, 0, FALSE);
    test_wait(&let_go);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
}

static void
resources(struct rt *rt)
{
    PVOID thread;

    (void)rt;
    readers = writers = 0;
    CHECK(ExInitializeResourceLite(&resource) == STATUS_SUCCESS);
    all(read_or_write);
    KeInitializeEvent(&holding, NotificationEvent, FALSE);
    KeInitializeEvent(&let_go, NotificationEvent, FALSE);
    thread = test_thread(hold_shared, NULL);
    test_wait(&holding);
    KeEnterCriticalRegion();
    CHECK(!ExAcquireResourceExclusiveLite(&resource, FALSE));
    CHECK(ExAcquireResourceSharedLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    KeSetEvent(&let_go, 0, FALSE);
    CHECK(ExAcquireResourceExclusiveLite(&resource, TRUE));
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    test_join(thread);
    CHECK(ExDeleteResourceLite(&resource) == STATUS_SUCCESS);
}

static void
use_mutex(PVOID context)
{
    (void)context;
    for (unsigned i = 0; i < 80; i++) {
        unsigned seen;

        ExAcquireFastMutex(&mutex);
        CHECK(KeGetCurrentIrql() == APC_LEVEL);
        seen = guarded;
        rt_poll();
        guarded = seen + 1;
        ExReleaseFastMutex(&mutex);
        CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    }
}

static void
mutexes(struct rt *rt)
{
    (void)rt;
    guarded = 0;
    ExInitializeFastMutex(&mutex);
    all(use_mutex);
    CHECK(guarded == THREADS * 80);
    CHECK(ExTryToAcquireFastMutex(&mutex) && !ExTryToAcquireFastMutex(&mutex));
    ExReleaseFastMutex(&mutex);
}

static void
protect(PVOID context)
{
    (void)context;
    InterlockedIncrement(&readers);
    while (ExAcquireRundownProtection(&rundown)) {
        InterlockedIncrement(&inside);
        rt_sleep_ns(1000);
        InterlockedDecrement(&inside);
        ExReleaseRundownProtection(&rundown);
    }
}

static void
rundowns(struct rt *rt)
{
    PVOID threads[THREADS];

    (void)rt;
    inside = readers = 0;
    ExInitializeRundownProtection(&rundown);
    for (unsigned i = 0; i < THREADS; i++)
        threads[i] = test_thread(protect, NULL);
    while (ReadAcquire(&readers) < THREADS)
        rt_sleep_ns(1000);
    rt_sleep_ns(20000);
    ExWaitForRundownProtectionRelease(&rundown);
    CHECK(ReadAcquire(&inside) == 0);
    for (unsigned i = 0; i < THREADS; i++)
        test_join(threads[i]);
    CHECK(!ExAcquireRundownProtection(&rundown));
    ExWaitForRundownProtectionRelease(&rundown);
}

/* DDI: resources are used with normal APC delivery off. */
static void
misuse(struct rt *rt)
{
    CHECK(ExInitializeResourceLite(&resource) == STATUS_SUCCESS);
    ExAcquireResourceSharedLite(&resource, TRUE);
    CHECK(findings_of(rt, RULE_WithinCriticalRegion) == 1);
    KeEnterCriticalRegion();
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    CHECK(findings_of(rt, RULE_WithinCriticalRegion) == 1);
    KeLeaveCriticalRegion();
    CHECK(findings_of(rt, RULE_WithinCriticalRegion) == 2);
    ExDeleteResourceLite(&resource);
}

int
main(void)
{
    test_both(sequenced);
    test_both(interlocked);
    test_both(resources);
    test_both(mutexes);
    test_both(rundowns);
    test_findings_expected = 2;
    test_both(misuse);
    return 0;
}
