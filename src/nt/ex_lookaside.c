/*
 * Nonpaged lookaside lists: blocks of one size, kept in an SLIST when freed. Entries on the list
 * stay blocks of their owner until ExDeleteNPagedLookasideList gives them back.
 * DDI: ExInitializeNPagedLookasideList.
 */
#include "nt_priv.h"

#define DEPTH_MAX 256

static PVOID
lookaside_allocate(PGENERAL_LOOKASIDE list)
{
    return list->Allocate ? list->Allocate(list->Type, list->Size, list->Tag)
                          : nt_pool_allocate(list->Size, list->Tag, false, false);
}

static void
lookaside_free(PGENERAL_LOOKASIDE list, PVOID entry)
{
    if (list->Free)
        list->Free(entry);
    else
        nt_pool_free(entry, list->Tag);
}

VOID
ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list, PALLOCATE_FUNCTION allocate,
                                PFREE_FUNCTION free_function, ULONG flags, SIZE_T bytes, ULONG tag,
                                USHORT depth)
{
    PGENERAL_LOOKASIDE l = &list->L;

    CONTRACT_ENTER(ExInitializeNPagedLookasideList);
    (void)flags, (void)depth; /* DDI: depth is reserved */
    memset(l, 0, sizeof(*l));
    InitializeSListHead(&l->ListHead);
    l->Type = NonPagedPoolNx;
    l->Tag = tag;
    l->Size = (ULONG)(bytes < sizeof(SLIST_ENTRY) ? sizeof(SLIST_ENTRY) : bytes);
    l->Allocate = allocate;
    l->Free = free_function;
    l->Depth = l->MaximumDepth = DEPTH_MAX;
    InitializeListHead(&l->ListEntry);
}

PVOID
ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list)
{
    PGENERAL_LOOKASIDE l = &list->L;
    PVOID entry;

    CONTRACT_ENTER(ExAllocateFromNPagedLookasideList);
    __atomic_fetch_add(&l->TotalAllocates, 1, __ATOMIC_RELAXED);
    if (rt_fault(rt_self()->rt))
        return NULL;
    entry = ExpInterlockedPopEntrySList(&l->ListHead);
    if (entry)
        return entry;
    __atomic_fetch_add(&l->AllocateMisses, 1, __ATOMIC_RELAXED);
    return lookaside_allocate(l);
}

VOID
ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list, PVOID entry)
{
    PGENERAL_LOOKASIDE l = &list->L;

    CONTRACT_ENTER(ExFreeToNPagedLookasideList);
    __atomic_fetch_add(&l->TotalFrees, 1, __ATOMIC_RELAXED);
    if (ExQueryDepthSList(&l->ListHead) < l->Depth) {
        ExpInterlockedPushEntrySList(&l->ListHead, entry);
        return;
    }
    __atomic_fetch_add(&l->FreeMisses, 1, __ATOMIC_RELAXED);
    lookaside_free(l, entry);
}

VOID
ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list)
{
    PVOID entry;

    CONTRACT_ENTER(ExDeleteNPagedLookasideList);
    while ((entry = ExpInterlockedPopEntrySList(&list->L.ListHead)))
        lookaside_free(&list->L, entry);
}
