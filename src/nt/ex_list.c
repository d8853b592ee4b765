/*
 * Lists with a lock of their own: ExInterlocked*List under the caller's spin lock, and sequenced
 * singly linked lists in their published 16 bytes. Both are legal at any IRQL.
 * DDI: ExInterlockedInsertTailList, ExInterlockedPushEntrySList.
 *
 * The SLIST header's Reserved bits hold a lock: two words change together, and a compare-exchange
 * of 16 bytes is not visible to ThreadSanitizer. Whoever holds it runs a few instructions and no
 * poll point, so it is never seen taken under sim.
 */
#include "nt_priv.h"

/* ---- doubly linked lists --------------------------------------------------------------------- */

static uint8_t
list_lock(PKSPIN_LOCK lock)
{
    uint8_t old = nt_raise(HIGH_LEVEL);

    rt_word_acquire((rt_word *)lock);
    return old;
}

static void
list_unlock(PKSPIN_LOCK lock, uint8_t old)
{
    rt_word_release((rt_word *)lock);
    nt_lower(old);
}

PLIST_ENTRY
ExInterlockedInsertHeadList(PLIST_ENTRY head, PLIST_ENTRY entry, PKSPIN_LOCK lock)
{
    PLIST_ENTRY first;
    uint8_t old;

    CONTRACT_ENTER(ExInterlockedInsertHeadList);
    old = list_lock(lock);
    first = IsListEmpty(head) ? NULL : head->Flink;
    InsertHeadList(head, entry);
    list_unlock(lock, old);
    return first;
}

PLIST_ENTRY
ExInterlockedInsertTailList(PLIST_ENTRY head, PLIST_ENTRY entry, PKSPIN_LOCK lock)
{
    PLIST_ENTRY last;
    uint8_t old;

    CONTRACT_ENTER(ExInterlockedInsertTailList);
    old = list_lock(lock);
    last = IsListEmpty(head) ? NULL : head->Blink;
    InsertTailList(head, entry);
    list_unlock(lock, old);
    return last;
}

PLIST_ENTRY
ExInterlockedRemoveHeadList(PLIST_ENTRY head, PKSPIN_LOCK lock)
{
    PLIST_ENTRY first = NULL;
    uint8_t old;

    CONTRACT_ENTER(ExInterlockedRemoveHeadList);
    old = list_lock(lock);
    if (!IsListEmpty(head))
        first = RemoveHeadList(head);
    list_unlock(lock, old);
    return first;
}

/* ---- sequenced lists: Alignment = depth and sequence, Region = lock bit and first entry - */

#define SLIST_LOCK 1ULL
#define SLIST_DEPTH 0xFFFFULL
#define SLIST_STEP 0x10000ULL /* one of the sequence */

static ULONGLONG
slist_lock(PSLIST_HEADER head)
{
    for (;;) {
        ULONGLONG region = __atomic_load_n(&head->Region, __ATOMIC_RELAXED);

        if (!(region & SLIST_LOCK) &&
            __atomic_compare_exchange_n(&head->Region, &region, region | SLIST_LOCK, false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return region;
        YieldProcessor();
    }
}

static void
slist_unlock(PSLIST_HEADER head, PSLIST_ENTRY first, ULONGLONG depth)
{
    ULONGLONG sequence =
        (__atomic_load_n(&head->Alignment, __ATOMIC_RELAXED) & ~SLIST_DEPTH) + SLIST_STEP;

    __atomic_store_n(&head->Alignment, sequence | (depth & SLIST_DEPTH), __ATOMIC_RELAXED);
    __atomic_store_n(&head->Region, (ULONGLONG)(ULONG_PTR)first, __ATOMIC_RELEASE);
}

static ULONGLONG
slist_depth(PSLIST_HEADER head)
{
    return __atomic_load_n(&head->Alignment, __ATOMIC_RELAXED) & SLIST_DEPTH;
}

VOID
InitializeSListHead(PSLIST_HEADER head)
{
    CONTRACT_ENTER(InitializeSListHead);
    if ((ULONG_PTR)head & 15)
        finding_report(rt_self()->rt, RULE_BadArgument, 0,
                       "an SLIST_HEADER is not aligned to 16 bytes");
    head->Alignment = 0;
    head->Region = 0;
}

PSLIST_ENTRY
ExpInterlockedPushEntrySList(PSLIST_HEADER head, PSLIST_ENTRY entry)
{
    PSLIST_ENTRY first;

    CONTRACT_ENTER(ExpInterlockedPushEntrySList);
    first = (PSLIST_ENTRY)(ULONG_PTR)slist_lock(head);
    entry->Next = first;
    slist_unlock(head, entry, slist_depth(head) + 1);
    return first;
}

PSLIST_ENTRY
ExpInterlockedPopEntrySList(PSLIST_HEADER head)
{
    PSLIST_ENTRY first;

    CONTRACT_ENTER(ExpInterlockedPopEntrySList);
    first = (PSLIST_ENTRY)(ULONG_PTR)slist_lock(head);
    slist_unlock(head, first ? first->Next : NULL, slist_depth(head) - (first ? 1 : 0));
    return first;
}

PSLIST_ENTRY
ExpInterlockedFlushSList(PSLIST_HEADER head)
{
    PSLIST_ENTRY first;

    CONTRACT_ENTER(ExpInterlockedFlushSList);
    first = (PSLIST_ENTRY)(ULONG_PTR)slist_lock(head);
    slist_unlock(head, NULL, 0);
    return first;
}

USHORT
ExQueryDepthSList(PSLIST_HEADER head)
{
    CONTRACT_ENTER(ExQueryDepthSList);
    return (USHORT)slist_depth(head);
}
