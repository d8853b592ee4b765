/* Spin locks: exclusion, the level they raise to, and what the verifier says of their misuse. */
#include "nt_test.h"

static KSPIN_LOCK lock;
static unsigned counter;

static void
count_plain(PVOID context)
{
    (void)context;
    for (unsigned i = 0; i < 200; i++) {
        unsigned seen;
        KIRQL old;

        KeAcquireSpinLock(&lock, &old);
        CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL && old == PASSIVE_LEVEL);
        seen = counter;
        rt_poll();
        counter = seen + 1;
        KeReleaseSpinLock(&lock, old);
        CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    }
}

static void
count_queued(PVOID context)
{
    (void)context;
    for (unsigned i = 0; i < 200; i++) {
        KLOCK_QUEUE_HANDLE handle;
        unsigned seen;

        KeAcquireInStackQueuedSpinLock(&lock, &handle);
        seen = counter;
        rt_poll();
        counter = seen + 1;
        KeReleaseInStackQueuedSpinLock(&handle);
    }
}

static void
exclusion(struct rt *rt)
{
    PVOID threads[3];

    (void)rt;
    counter = 0;
    KeInitializeSpinLock(&lock);
    threads[0] = test_thread(count_plain, NULL);
    threads[1] = test_thread(count_queued, NULL);
    threads[2] = test_thread(count_plain, NULL);
    for (unsigned i = 0; i < 3; i++)
        test_join(threads[i]);
    CHECK(counter == 600 && KeTestSpinLock(&lock));
}

static void
at_dpc_level(struct rt *rt)
{
    KLOCK_QUEUE_HANDLE handle;
    KSPIN_LOCK other;
    KIRQL old;

    (void)rt;
    KeInitializeSpinLock(&lock);
    KeInitializeSpinLock(&other);
    old = KeRaiseIrqlToDpcLevel();
    KeAcquireSpinLockAtDpcLevel(&lock);
    CHECK(!KeTryToAcquireSpinLockAtDpcLevel(&lock));
    CHECK(KeTryToAcquireSpinLockAtDpcLevel(&other));
    KeReleaseSpinLockFromDpcLevel(&other);
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    KeLowerIrql(old);
}

/* Each misuse is a finding under its rule's name. */
static void
misuse(struct rt *rt)
{
    KLOCK_QUEUE_HANDLE handle = {.LockQueue = {.Lock = &lock}};
    struct rt_frame frame;
    KIRQL old;

    KeInitializeSpinLock(&lock);
    old = KeRaiseIrqlToDpcLevel();
    KeReleaseSpinLock(&lock, DISPATCH_LEVEL);
    CHECK(findings_of(rt, RULE_SpinLockRelease) == 1);
    KeReleaseInStackQueuedSpinLock(&handle);
    CHECK(findings_of(rt, RULE_QueuedSpinLockRelease) == 1);
    KeLowerIrql(old);
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, HIGH_LEVEL); /* not what the acquire saved */
    CHECK(findings_of(rt, RULE_IrqlKeReleaseSpinLock) == 1);
    KeLowerIrql(old);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    CHECK(findings_of(rt, RULE_IrqlDispatch) == 1);
    rt_frame_push(&frame, NULL, CALLBACK_WORKITEM, NULL);
    KeAcquireSpinLock(&lock, &old);
    nt_held_check(&frame);
    CHECK(findings_of(rt, RULE_SpinLock) == 1 && frame.held_count == 0);
    KeReleaseSpinLock(&lock, old);
    rt_frame_pop(&frame);
}

int
main(void)
{
    test_both(exclusion);
    test_both(at_dpc_level);
    test_findings_expected = 5;
    test_both(misuse);
    return 0;
}
