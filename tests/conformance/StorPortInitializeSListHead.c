/*
 * Lists: pages nf-storport-storportinitializeslisthead, …interlockedpushentryslist,
 * …interlockedinsertheadlist and their like.
 * Covers: StorPortInterlockedPushEntrySList StorPortInterlockedPopEntrySList
 * Covers: StorPortInterlockedFlushSList StorPortQueryDepthSList StorPortInitializeSpinlock
 * Covers: StorPortInitializeListHead StorPortInterlockedInsertHeadList
 * Covers: StorPortInterlockedInsertTailList StorPortInterlockedRemoveHeadList
 */
#include "routine_harness.h"

#define WORKERS 4
#define ROUNDS 200

static STOR_SLIST_HEADER head;
static STOR_SLIST_ENTRY entries[WORKERS];
static bool taken[WORKERS];

static SHORT
depth(void)
{
    SHORT result = -1;

    CHECK(StorPortQueryDepthSList(harness.extension, &head, &result) == STOR_STATUS_SUCCESS);
    return result;
}

/* "Inserts an item at the front"; Result is "the previous item that existed at the front". */
static void
singly(void)
{
    PSTOR_SLIST_ENTRY result = &entries[0];

    memset(&head, 0xFF, sizeof(head));
    CHECK(StorPortInitializeSListHead(harness.extension, &head) == STOR_STATUS_SUCCESS);
    CHECK(depth() == 0);
    CHECK(StorPortInterlockedPopEntrySList(harness.extension, &head, &result) ==
              STOR_STATUS_SUCCESS &&
          result == NULL);
    CHECK(StorPortInterlockedPushEntrySList(harness.extension, &head, &entries[0], &result) ==
              STOR_STATUS_SUCCESS &&
          result == NULL);
    CHECK(StorPortInterlockedPushEntrySList(harness.extension, &head, &entries[1], &result) ==
              STOR_STATUS_SUCCESS &&
          result == &entries[0]);
    CHECK(StorPortInterlockedPushEntrySList(harness.extension, &head, &entries[2], &result) ==
          STOR_STATUS_SUCCESS);
    /* the published header: depth in the low 16 bits, the first entry in the second word */
    CHECK(depth() == 3 && (head.Alignment & 0xFFFF) == 3);
    CHECK((head.Region & ~15ull) == (ULONGLONG)(uintptr_t)&entries[2]);
    CHECK(StorPortInterlockedPopEntrySList(harness.extension, &head, &result) ==
              STOR_STATUS_SUCCESS &&
          result == &entries[2]);
    CHECK(StorPortInterlockedFlushSList(harness.extension, &head, &result) == STOR_STATUS_SUCCESS &&
          result == &entries[1]);
    CHECK(result->Next == &entries[0] && entries[0].Next == NULL && depth() == 0);
    CHECK(StorPortInterlockedFlushSList(harness.extension, &head, &result) == STOR_STATUS_SUCCESS &&
          result == NULL);
}

static void
null_pointers(void)
{
    PSTOR_SLIST_ENTRY result;
    ULONG bad = STOR_STATUS_INVALID_PARAMETER;

    CHECK(StorPortInitializeSListHead(harness.extension, NULL) == bad);
    CHECK(StorPortInterlockedPushEntrySList(harness.extension, NULL, &entries[0], &result) == bad);
    CHECK(StorPortInterlockedPushEntrySList(harness.extension, &head, NULL, &result) == bad);
    CHECK(StorPortInterlockedPushEntrySList(harness.extension, &head, &entries[0], NULL) == bad);
    CHECK(StorPortInterlockedPopEntrySList(harness.extension, NULL, &result) == bad);
    CHECK(StorPortInterlockedPopEntrySList(harness.extension, &head, NULL) == bad);
    CHECK(StorPortInterlockedFlushSList(harness.extension, NULL, &result) == bad);
    CHECK(StorPortInterlockedFlushSList(harness.extension, &head, NULL) == bad);
    CHECK(StorPortQueryDepthSList(harness.extension, NULL, NULL) == bad);
}

static void
doubly(void)
{
    STOR_LIST_ENTRY list, items[3], *result = &list;
    STOR_KSPIN_LOCK lock = 99;

    CHECK(StorPortInitializeSpinlock(harness.extension, &lock) == STOR_STATUS_SUCCESS);
    CHECK(lock == 0);
    StorPortInitializeListHead(harness.extension, &list);
    CHECK(list.Flink == &list && list.Blink == &list);
    CHECK(StorPortInterlockedRemoveHeadList(harness.extension, &list, &result, &lock) ==
              STOR_STATUS_SUCCESS &&
          result == NULL);
    CHECK(StorPortInterlockedInsertTailList(harness.extension, &list, &items[1], &result, &lock) ==
              STOR_STATUS_SUCCESS &&
          result == NULL);
    CHECK(StorPortInterlockedInsertHeadList(harness.extension, &list, &items[0], &result, &lock) ==
              STOR_STATUS_SUCCESS &&
          result == &items[1]);
    /* "the first entry of the list before the new entry was inserted" */
    CHECK(StorPortInterlockedInsertTailList(harness.extension, &list, &items[2], &result, &lock) ==
              STOR_STATUS_SUCCESS &&
          result == &items[0]);
    for (unsigned i = 0; i < 3; i++)
        CHECK(StorPortInterlockedRemoveHeadList(harness.extension, &list, &result, &lock) ==
                  STOR_STATUS_SUCCESS &&
              result == &items[i]);
    CHECK(list.Flink == &list && list.Blink == &list && lock == 0);
    CHECK(StorPortInterlockedInsertHeadList(harness.extension, NULL, &items[0], &result, &lock) ==
          STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortInterlockedRemoveHeadList(harness.extension, &list, NULL, &lock) ==
          STOR_STATUS_INVALID_PARAMETER);
}

/* "Access to the list is synchronized on a multiprocessor system": what one took nobody else
 * has. */
static void
worker(void *context)
{
    (void)context;
    for (unsigned i = 0; i < ROUNDS; i++) {
        PSTOR_SLIST_ENTRY entry, before;

        CHECK(StorPortInterlockedPopEntrySList(harness.extension, &head, &entry) ==
              STOR_STATUS_SUCCESS);
        if (!entry)
            continue;
        CHECK(!taken[entry - entries]);
        taken[entry - entries] = true;
        rt_poll();
        taken[entry - entries] = false;
        CHECK(StorPortInterlockedPushEntrySList(harness.extension, &head, entry, &before) ==
              STOR_STATUS_SUCCESS);
    }
}

static void
together(void)
{
    struct rt_thread *threads[WORKERS];
    PSTOR_SLIST_ENTRY before;

    for (unsigned i = 0; i + 1 < WORKERS; i++)
        StorPortInterlockedPushEntrySList(harness.extension, &head, &entries[i], &before);
    for (unsigned i = 0; i < WORKERS; i++)
        CHECK((threads[i] = rt_thread_create(harness.rt, "worker", worker, NULL)));
    for (unsigned i = 0; i < WORKERS; i++)
        rt_thread_join(threads[i]);
    CHECK(depth() == WORKERS - 1);
}

int
main(void)
{
    harness_start(&(struct harness_config){0});
    harness_enter(CALLBACK_DPC, RT_IRQL_DISPATCH);
    singly();
    null_pointers();
    doubly();
    harness_leave();
    together();
    return harness_finish();
}
