/*
 * Interlocked singly linked lists. DDI: StorPortInitializeSListHead,
 * StorPortInterlockedPushEntrySList, StorPortInterlockedPopEntrySList,
 * StorPortInterlockedFlushSList, StorPortQueryDepthSList. R12.3.
 *
 * Covers: StorPortInitializeSListHead StorPortInterlockedPushEntrySList
 * Covers: StorPortInterlockedPopEntrySList StorPortInterlockedFlushSList StorPortQueryDepthSList
 */
#include "harness.h"

#include <string.h>

static STOR_SLIST_HEADER head;

static void
start(void)
{
    mini.physical = true;
    rig_start();
    memset(&head, 0xA5, sizeof(head));
    CHECK_EQ(StorPortInitializeSListHead(mini.extension, &head), STOR_STATUS_SUCCESS);
}

static SHORT
depth(void)
{
    SHORT result = -1;

    CHECK_EQ(StorPortQueryDepthSList(mini.extension, &head, &result), STOR_STATUS_SUCCESS);
    return result;
}

static PSTOR_SLIST_ENTRY
push(PSTOR_SLIST_ENTRY entry)
{
    PSTOR_SLIST_ENTRY result = (PSTOR_SLIST_ENTRY)1;

    CHECK_EQ(StorPortInterlockedPushEntrySList(mini.extension, &head, entry, &result),
             STOR_STATUS_SUCCESS);
    return result;
}

static PSTOR_SLIST_ENTRY
pop(void)
{
    PSTOR_SLIST_ENTRY result = (PSTOR_SLIST_ENTRY)1;

    CHECK_EQ(StorPortInterlockedPopEntrySList(mini.extension, &head, &result), STOR_STATUS_SUCCESS);
    return result;
}

/* Push inserts at the front and tells the previous first (NULL if the list was empty); pop removes
 * from the front; the depth counts. */
static void
last_in_first_out(void)
{
    STOR_SLIST_ENTRY e[3];

    start();
    CHECK_EQ(depth(), 0);
    CHECK(push(&e[0]) == NULL);
    CHECK(push(&e[1]) == &e[0]);
    CHECK(push(&e[2]) == &e[1]);
    CHECK_EQ(depth(), 3);
    CHECK(pop() == &e[2]);
    CHECK(pop() == &e[1]);
    CHECK_EQ(depth(), 1);
    CHECK(pop() == &e[0]);
    CHECK_EQ(depth(), 0);
}

/* Pop and flush succeed on an empty list, with NULL. */
static void
empty(void)
{
    PSTOR_SLIST_ENTRY result = (PSTOR_SLIST_ENTRY)1;

    start();
    CHECK(pop() == NULL);
    CHECK_EQ(StorPortInterlockedFlushSList(mini.extension, &head, &result), STOR_STATUS_SUCCESS);
    CHECK(result == NULL);
}

/* Flush removes all items and hands them over as they were linked. */
static void
flush(void)
{
    STOR_SLIST_ENTRY e[4];
    PSTOR_SLIST_ENTRY result = NULL;

    start();
    for (unsigned i = 0; i < 4; i++)
        push(&e[i]);
    CHECK_EQ(StorPortInterlockedFlushSList(mini.extension, &head, &result), STOR_STATUS_SUCCESS);
    for (unsigned i = 4; i--; result = result->Next)
        CHECK(result == &e[i]);
    CHECK(result == NULL);
    CHECK_EQ(depth(), 0);
    CHECK(pop() == NULL);
}

/* A head that was in use starts anew when it is initialised. */
static void
initialising_empties(void)
{
    STOR_SLIST_ENTRY e;

    start();
    push(&e);
    CHECK_EQ(StorPortInitializeSListHead(mini.extension, &head), STOR_STATUS_SUCCESS);
    CHECK_EQ(depth(), 0);
    CHECK(pop() == NULL);
}

/* INVALID_PARAMETER: a pointer is NULL. */
static void
invalid_parameters(void)
{
    STOR_SLIST_ENTRY e;
    PSTOR_SLIST_ENTRY result;
    SHORT count;
    void *x;

    start();
    x = mini.extension;
    CHECK_EQ(StorPortInitializeSListHead(x, NULL), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortInterlockedPushEntrySList(x, NULL, &e, &result),
             STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortInterlockedPushEntrySList(x, &head, NULL, &result),
             STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortInterlockedPushEntrySList(x, &head, &e, NULL), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortInterlockedPopEntrySList(x, NULL, &result), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortInterlockedPopEntrySList(x, &head, NULL), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortInterlockedFlushSList(x, NULL, &result), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortInterlockedFlushSList(x, &head, NULL), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortQueryDepthSList(x, NULL, &count), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortQueryDepthSList(x, &head, NULL), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(depth(), 0);
}

/* ---- access is synchronised on a multiprocessor system ---- */

#define WORKERS 4u
#define EACH 50u
static struct item {
    STOR_SLIST_ENTRY entry;
    atomic_uint taken;
} items[WORKERS * EACH];
static atomic_uint taken, next_worker;

static void
push_and_pop(void *ctx)
{
    unsigned first = atomic_fetch_add(&next_worker, 1) * EACH;

    (void)ctx;
    for (unsigned i = 0; i < EACH; i++) {
        push(&items[first + i].entry);
        rt_poll();
        struct item *item = (struct item *)(void *)pop();
        if (!item)
            continue;
        CHECK_EQ(atomic_fetch_add(&item->taken, 1), 0);
        atomic_fetch_add(&taken, 1);
    }
}

static void
pop_here(void *extension, void *subject)
{
    (void)extension;
    (void)subject;
    struct item *item = (struct item *)(void *)pop();
    if (!item)
        return;
    CHECK_EQ(atomic_fetch_add(&item->taken, 1), 0);
    atomic_fetch_add(&taken, 1);
}

static void
every_item_once(void)
{
    struct rt_thread *threads[WORKERS];

    start();
    memset(items, 0, sizeof(items));
    taken = next_worker = 0;
    mini.at[AT_DPC] = pop_here; /* a DPC takes some as well */
    for (unsigned i = 0; i < WORKERS; i++)
        threads[i] = rt_thread_create(rig.rt, "lists", push_and_pop, NULL);
    for (unsigned i = 0; i < 10; i++) {
        StorPortIssueDpc(mini.extension, &mini.dpc, NULL, NULL);
        rt_sleep_ns(20000);
    }
    for (unsigned i = 0; i < WORKERS; i++)
        rt_thread_join(threads[i]);
    rig_settle();
    while (depth())
        pop_here(NULL, NULL);
    CHECK_EQ(taken, WORKERS * EACH);
}

CASES(CASE(last_in_first_out), CASE(empty), CASE(flush), CASE(initialising_empties),
      CASE(invalid_parameters), CASE(every_item_once))
