/*
 * Lists and events that drivers keep in memory of their own. The singly linked list's header has
 * the published layout (depth and sequence in the first word, first entry in the second), but is
 * changed under a lock: an entry may be freed by whoever popped it, so a lock-free pop would read
 * freed memory. No poll point lies inside that lock, so no interrupt of this processor meets it.
 * DDI: StorPortInterlockedPushEntrySList, StorPortInterlockedInsertHeadList, StorPortSetEvent.
 */
#include "routines.h"

/* ---- singly linked ---- */

#define SLIST_DEPTH 0xFFFFull
#define SLIST_CHANGE 0x10000ull /* one more in the sequence */

static ULONG
slist_depth(const STOR_SLIST_HEADER *head)
{
    return (ULONG)(head->Alignment & SLIST_DEPTH);
}

static PSTOR_SLIST_ENTRY
slist_first(const STOR_SLIST_HEADER *head)
{
    return (PSTOR_SLIST_ENTRY)(uintptr_t)head->Region;
}

static void
slist_set(PSTOR_SLIST_HEADER head, PSTOR_SLIST_ENTRY first, ULONG depth)
{
    head->Alignment = ((head->Alignment & ~SLIST_DEPTH) + SLIST_CHANGE) | (depth & SLIST_DEPTH);
    head->Region = (ULONGLONG)(uintptr_t)first;
}

static void
slist_aligned(struct rt *rt, const void *what)
{
    if (RT_UNLIKELY((uintptr_t)what % MEMORY_ALLOCATION_ALIGNMENT))
        finding_report(rt, RULE_BadArgument, 0,
                       "a singly linked list's header or entry is not aligned to %u bytes",
                       (unsigned)MEMORY_ALLOCATION_ALIGNMENT);
}

ULONG
ext_initialize_slist(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_SLIST_HEADER head = va_arg(args, PSTOR_SLIST_HEADER);

    (void)caller;
    if (!head)
        return STOR_STATUS_INVALID_PARAMETER;
    slist_aligned(routine_rt(adapter), head);
    head->Alignment = 0;
    head->Region = 0;
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_push_slist(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_SLIST_HEADER head = va_arg(args, PSTOR_SLIST_HEADER);
    PSTOR_SLIST_ENTRY entry = va_arg(args, PSTOR_SLIST_ENTRY);
    PSTOR_SLIST_ENTRY *result = va_arg(args, PSTOR_SLIST_ENTRY *);
    PSTOR_SLIST_ENTRY first;

    (void)caller;
    if (!head || !entry || !result)
        return STOR_STATUS_INVALID_PARAMETER;
    slist_aligned(adapter->rt, entry);
    rt_word_acquire(&adapter->routines->slist_lock);
    first = slist_first(head);
    entry->Next = first;
    slist_set(head, entry, slist_depth(head) + 1);
    rt_word_release(&adapter->routines->slist_lock);
    *result = first;
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_pop_slist(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_SLIST_HEADER head = va_arg(args, PSTOR_SLIST_HEADER);
    PSTOR_SLIST_ENTRY *result = va_arg(args, PSTOR_SLIST_ENTRY *);
    PSTOR_SLIST_ENTRY first;

    (void)caller;
    if (!head || !result)
        return STOR_STATUS_INVALID_PARAMETER;
    rt_word_acquire(&adapter->routines->slist_lock);
    first = slist_first(head);
    if (first)
        slist_set(head, first->Next, slist_depth(head) - 1);
    rt_word_release(&adapter->routines->slist_lock);
    *result = first;
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_flush_slist(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_SLIST_HEADER head = va_arg(args, PSTOR_SLIST_HEADER);
    PSTOR_SLIST_ENTRY *result = va_arg(args, PSTOR_SLIST_ENTRY *);
    PSTOR_SLIST_ENTRY first;

    (void)caller;
    if (!head || !result)
        return STOR_STATUS_INVALID_PARAMETER;
    rt_word_acquire(&adapter->routines->slist_lock);
    first = slist_first(head);
    slist_set(head, NULL, 0);
    rt_word_release(&adapter->routines->slist_lock);
    *result = first;
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_slist_depth(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_SLIST_HEADER head = va_arg(args, PSTOR_SLIST_HEADER);
    PSHORT result = va_arg(args, PSHORT);

    (void)caller;
    if (!head || !result)
        return STOR_STATUS_INVALID_PARAMETER;
    rt_word_acquire(&adapter->routines->slist_lock);
    *result = (SHORT)slist_depth(head);
    rt_word_release(&adapter->routines->slist_lock);
    return STOR_STATUS_SUCCESS;
}

/* ---- doubly linked, under the driver's lock ---- */

ULONG
ext_initialize_spin_lock(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_KSPIN_LOCK lock = va_arg(args, PSTOR_KSPIN_LOCK);

    (void)adapter, (void)caller;
    if (!lock)
        return STOR_STATUS_INVALID_PARAMETER;
    atomic_store((rt_word *)lock, 0);
    return STOR_STATUS_SUCCESS;
}

static void
list_insert(PSTOR_LIST_ENTRY before, PSTOR_LIST_ENTRY entry)
{
    entry->Flink = before->Flink;
    entry->Blink = before;
    before->Flink->Blink = entry;
    before->Flink = entry;
}

/* The former first entry, or NULL of an empty list. The page of the tail routine says "first" too;
 * documentation rules. */
static ULONG
insert(va_list args, bool tail)
{
    PSTOR_LIST_ENTRY head = va_arg(args, PSTOR_LIST_ENTRY);
    PSTOR_LIST_ENTRY entry = va_arg(args, PSTOR_LIST_ENTRY);
    PSTOR_LIST_ENTRY *result = va_arg(args, PSTOR_LIST_ENTRY *);
    rt_word *lock = (rt_word *)va_arg(args, PSTOR_KSPIN_LOCK);

    if (!head || !entry || !result || !lock)
        return STOR_STATUS_INVALID_PARAMETER;
    rt_word_acquire(lock);
    *result = head->Flink == head ? NULL : head->Flink;
    list_insert(tail ? head->Blink : head, entry);
    rt_word_release(lock);
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_insert_head(struct adapter *adapter, va_list args, void *caller)
{
    (void)adapter, (void)caller;
    return insert(args, false);
}

ULONG
ext_insert_tail(struct adapter *adapter, va_list args, void *caller)
{
    (void)adapter, (void)caller;
    return insert(args, true);
}

ULONG
ext_remove_head(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_LIST_ENTRY head = va_arg(args, PSTOR_LIST_ENTRY), first;
    PSTOR_LIST_ENTRY *result = va_arg(args, PSTOR_LIST_ENTRY *);
    rt_word *lock = (rt_word *)va_arg(args, PSTOR_KSPIN_LOCK);

    (void)adapter, (void)caller;
    if (!head || !result || !lock)
        return STOR_STATUS_INVALID_PARAMETER;
    rt_word_acquire(lock);
    first = head->Flink;
    if (first != head) {
        head->Flink = first->Flink;
        first->Flink->Blink = head;
    }
    rt_word_release(lock);
    *result = first == head ? NULL : first;
    return STOR_STATUS_SUCCESS;
}

/* ---- events: a STOR_EVENT is a KEVENT ---- */

_Static_assert(sizeof(STOR_EVENT) == sizeof(KEVENT), "the kernel's dispatcher serves both");

ULONG
ext_initialize_event(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_EVENT event = va_arg(args, PSTOR_EVENT);
    STOR_EVENT_TYPE type = va_arg(args, STOR_EVENT_TYPE);
    BOOLEAN state = (BOOLEAN)va_arg(args, int);

    (void)adapter, (void)caller;
    if (!event || (type != StorNotificationEvent && type != StorSynchronizationEvent))
        return STOR_STATUS_INVALID_PARAMETER;
    KeInitializeEvent((PRKEVENT)(void *)event,
                      type == StorNotificationEvent ? NotificationEvent : SynchronizationEvent,
                      state);
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_set_event(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_EVENT event = va_arg(args, PSTOR_EVENT);

    (void)adapter, (void)caller;
    if (!event)
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > RT_IRQL_DISPATCH)
        return STOR_STATUS_INVALID_IRQL;
    KeSetEvent((PRKEVENT)(void *)event, 0, FALSE);
    return STOR_STATUS_SUCCESS;
}

/* A time-out that passed is UNSUCCESSFUL: the page has no other answer for it. */
ULONG
ext_wait(struct adapter *adapter, va_list args, void *caller)
{
    PVOID object = va_arg(args, PVOID);
    BOOLEAN alertable = (BOOLEAN)va_arg(args, int);
    PLARGE_INTEGER timeout = va_arg(args, PLARGE_INTEGER);
    bool waits = !timeout || timeout->QuadPart;
    NTSTATUS status;

    (void)caller;
    if (!object)
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > (waits ? RT_IRQL_APC : RT_IRQL_DISPATCH)) {
        finding_report(adapter->rt, RULE_StorPortIrql, 0,
                       "StorPortWaitForSingleObject cannot wait at IRQL %u", rt_irql());
        return STOR_STATUS_UNSUCCESSFUL;
    }
    status = KeWaitForSingleObject(object, Executive, KernelMode, alertable, timeout);
    return status == STATUS_SUCCESS ? STOR_STATUS_SUCCESS : STOR_STATUS_UNSUCCESSFUL;
}
