/*
 * Executive resources: many readers or one writer, either of them again by its owner. Guarded by
 * the dispatcher lock; owners in a small table, waiters on their own stacks, first come first. DDI:
 * ExAcquireResourceSharedLite, ExAcquireResourceExclusiveLite (called with normal APCs off).
 *
 * Use of published members: SystemResourcesList is the list of waiters, OwnerTable the owners,
 * ActiveEntries the room in it, ActiveCount how many places are taken.
 */
#include "nt_priv.h"

#include <stdlib.h>

#define OWNERS_FIRST 8u
#define RESOURCE_EXCLUSIVE 0x80 /* in Flag, as published */

/* On the stack of the one who waits. */
struct resource_waiter {
    LIST_ENTRY link;
    struct rt_thread *thread;
    bool exclusive;
    bool granted;
};

NTSTATUS
ExInitializeResourceLite(PERESOURCE resource)
{
    CONTRACT_ENTER(ExInitializeResourceLite);
    memset(resource, 0, sizeof(*resource));
    InitializeListHead(&resource->SystemResourcesList);
    resource->OwnerTable = calloc(OWNERS_FIRST, sizeof(OWNER_ENTRY));
    if (!resource->OwnerTable)
        return STATUS_INSUFFICIENT_RESOURCES;
    resource->ActiveEntries = OWNERS_FIRST;
    return STATUS_SUCCESS;
}

NTSTATUS
ExDeleteResourceLite(PERESOURCE resource)
{
    CONTRACT_ENTER(ExDeleteResourceLite);
    if (resource->ActiveCount || !IsListEmpty(&resource->SystemResourcesList))
        finding_report(rt_self()->rt, RULE_BadArgument, 0, "a resource is deleted while in use");
    free(resource->OwnerTable);
    memset(resource, 0, sizeof(*resource));
    return STATUS_SUCCESS;
}

/* ---- owners: OwnerThread is the rt_thread, TableSize how often it holds ----------------- */

static POWNER_ENTRY
owner_find_locked(PERESOURCE resource, const struct rt_thread *thread)
{
    for (ULONG i = 0; i < resource->ActiveEntries; i++) {
        if (resource->OwnerTable[i].OwnerThread == (ERESOURCE_THREAD)thread)
            return &resource->OwnerTable[i];
    }
    return NULL;
}

static void
owner_add_locked(PERESOURCE resource, struct rt_thread *thread, bool exclusive)
{
    POWNER_ENTRY entry =
        owner_find_locked(resource, NULL); /* a free place: owners_reserve saw to it */

    entry->OwnerThread = (ERESOURCE_THREAD)thread;
    entry->TableSize = 1;
    resource->ActiveCount++;
    resource->Flag = exclusive ? RESOURCE_EXCLUSIVE : 0;
}

/* Makes room for one more owner besides those who wait; false without memory. Holds the dispatcher
 * lock on entry and exit, not between. */
static bool
owners_reserve(struct nt *nt, PERESOURCE resource)
{
    for (;;) {
        ULONG need = (ULONG)resource->ActiveCount + resource->NumberOfSharedWaiters +
                     resource->NumberOfExclusiveWaiters + 1;
        ULONG room = resource->ActiveEntries;
        POWNER_ENTRY table, old;

        if (need <= room)
            return true;
        rt_word_release(&nt->dispatcher);
        table = calloc(room * 2, sizeof(*table));
        rt_word_acquire(&nt->dispatcher);
        if (!table)
            return false;
        if (resource->ActiveEntries != room) {
            rt_word_release(&nt->dispatcher);
            free(table);
            rt_word_acquire(&nt->dispatcher);
            continue;
        }
        old = resource->OwnerTable;
        memcpy(table, old, room * sizeof(*table));
        resource->OwnerTable = table;
        resource->ActiveEntries = room * 2;
        rt_word_release(&nt->dispatcher);
        free(old);
        rt_word_acquire(&nt->dispatcher);
    }
}

/* ---- acquiring ------------------------------------------------------------------------------- */

static bool
resource_free_for_locked(PERESOURCE resource, bool exclusive)
{
    if (!resource->ActiveCount)
        return true;
    return !exclusive && !(resource->Flag & RESOURCE_EXCLUSIVE);
}

static void
critical_check(const char *routine)
{
    if (!KeAreApcsDisabled())
        finding_report(rt_self()->rt, RULE_WithinCriticalRegion, 0,
                       "%s with normal APC delivery on", routine);
}

static void
resource_wait(struct nt *nt, PERESOURCE resource, struct resource_waiter *waiter)
{
    ULONG *waiting =
        waiter->exclusive ? &resource->NumberOfExclusiveWaiters : &resource->NumberOfSharedWaiters;

    InsertTailList(&resource->SystemResourcesList, &waiter->link);
    (*waiting)++;
    resource->ContentionCount++;
    while (!waiter->granted) {
        rt_word_release(&nt->dispatcher);
        rt_park(RT_FOREVER);
        rt_word_acquire(&nt->dispatcher);
    }
}

static BOOLEAN
resource_acquire(PERESOURCE resource, bool exclusive, bool wait)
{
    struct nt *nt = nt_self();
    struct resource_waiter waiter = {.thread = rt_self(), .exclusive = exclusive};
    POWNER_ENTRY mine;
    BOOLEAN got = TRUE;

    rt_word_acquire(&nt->dispatcher);
    mine = owner_find_locked(resource, rt_self());
    if (mine && (!exclusive || resource->Flag & RESOURCE_EXCLUSIVE)) {
        mine->TableSize++; /* what it has serves for shared too */
    } else if (resource_free_for_locked(resource, exclusive) &&
               IsListEmpty(&resource->SystemResourcesList) && owners_reserve(nt, resource) &&
               resource_free_for_locked(resource, exclusive)) {
        owner_add_locked(resource, rt_self(), exclusive);
    } else if (!wait) {
        got = FALSE;
    } else if (owners_reserve(nt, resource)) {
        if (mine)
            finding_report(nt->rt, RULE_Deadlock, 0,
                           "a resource held shared is waited for exclusively");
        if (resource_free_for_locked(resource, exclusive) &&
            IsListEmpty(&resource->SystemResourcesList))
            owner_add_locked(resource, rt_self(), exclusive);
        else
            resource_wait(nt, resource, &waiter);
    } else {
        rt_word_release(&nt->dispatcher);
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    }
    rt_word_release(&nt->dispatcher);
    return got;
}

BOOLEAN
ExAcquireResourceExclusiveLite(PERESOURCE resource, BOOLEAN wait)
{
    CONTRACT_ENTER(ExAcquireResourceExclusiveLite);
    critical_check("ExAcquireResourceExclusiveLite");
    return resource_acquire(resource, true, wait);
}

BOOLEAN
ExAcquireResourceSharedLite(PERESOURCE resource, BOOLEAN wait)
{
    CONTRACT_ENTER(ExAcquireResourceSharedLite);
    critical_check("ExAcquireResourceSharedLite");
    return resource_acquire(resource, false, wait);
}

/* ---- releasing ------------------------------------------------------------------------------- */

static void
resource_grant_locked(PERESOURCE resource)
{
    while (!IsListEmpty(&resource->SystemResourcesList)) {
        struct resource_waiter *waiter =
            CONTAINING_RECORD(resource->SystemResourcesList.Flink, struct resource_waiter, link);

        if (!resource_free_for_locked(resource, waiter->exclusive))
            return;
        RemoveEntryList(&waiter->link);
        if (waiter->exclusive)
            resource->NumberOfExclusiveWaiters--;
        else
            resource->NumberOfSharedWaiters--;
        owner_add_locked(resource, waiter->thread, waiter->exclusive);
        waiter->granted = true;
        rt_unpark(waiter->thread);
    }
}

VOID
ExReleaseResourceLite(PERESOURCE resource)
{
    struct nt *nt = nt_self();
    POWNER_ENTRY mine;

    CONTRACT_ENTER(ExReleaseResourceLite);
    critical_check("ExReleaseResourceLite");
    rt_word_acquire(&nt->dispatcher);
    mine = owner_find_locked(resource, rt_self());
    if (mine && --mine->TableSize == 0) {
        mine->OwnerThread = 0;
        resource->ActiveCount--;
        if (!resource->ActiveCount)
            resource->Flag = 0;
        resource_grant_locked(resource);
    }
    rt_word_release(&nt->dispatcher);
    if (!mine)
        finding_report(nt->rt, RULE_BadArgument, 0,
                       "a resource is released by one who does not own it");
}
