/*
 * Physically contiguous and non-cached memory: pages of rt's arena, in the pool's ledger under tags
 * of their own. Physical addresses are rt's bus addresses.
 * DDI: MmAllocateContiguousMemorySpecifyCache, MmFreeContiguousMemory, MmGetPhysicalAddress.
 */
#include "nt_priv.h"

#define CONTIGUOUS_TAG ('M' | 'm' << 8 | 'C' << 16 | 'm' << 24)

static PVOID
contiguous_allocate(SIZE_T bytes, PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high,
                    PHYSICAL_ADDRESS boundary)
{
    struct rt *rt = rt_self()->rt;
    struct rt_range range = {.lowest = (uint64_t)low.QuadPart,
                             .highest = (uint64_t)high.QuadPart,
                             .boundary = (uint64_t)boundary.QuadPart};
    void *memory;

    if (!bytes || (range.boundary & (range.boundary - 1))) {
        finding_report(rt, RULE_BadArgument, 0,
                       "contiguous memory of %llu bytes, boundary multiple 0x%llx",
                       (unsigned long long)bytes, (unsigned long long)range.boundary);
        return NULL;
    }
    if (range.highest < bytes - 1) /* to rt, 0 is no limit */
        return NULL;
    memory = rt_arena_alloc(rt, ROUND_TO_PAGES(bytes), &range);
    if (memory && !nt_pool_note(memory, bytes, CONTIGUOUS_TAG, NT_BLOCK_CONTIGUOUS)) {
        rt_arena_free(rt, memory, ROUND_TO_PAGES(bytes));
        return NULL;
    }
    return memory;
}

static void
contiguous_free(PVOID memory)
{
    size_t bytes;

    if (nt_pool_forget(memory, NT_BLOCK_CONTIGUOUS, &bytes))
        rt_arena_free(rt_self()->rt, memory, ROUND_TO_PAGES(bytes));
}

static const PHYSICAL_ADDRESS none = {.QuadPart = 0};
static const PHYSICAL_ADDRESS anywhere = {.QuadPart = -1};

PVOID
MmAllocateContiguousMemory(SIZE_T bytes, PHYSICAL_ADDRESS high)
{
    CONTRACT_ENTER(MmAllocateContiguousMemory);
    return contiguous_allocate(bytes, none, high, none);
}

PVOID
MmAllocateContiguousMemorySpecifyCache(SIZE_T bytes, PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high,
                                       PHYSICAL_ADDRESS boundary, MEMORY_CACHING_TYPE cache)
{
    CONTRACT_ENTER(MmAllocateContiguousMemorySpecifyCache);
    (void)cache;
    return contiguous_allocate(bytes, low, high, boundary);
}

PVOID
MmAllocateContiguousMemorySpecifyCacheNode(SIZE_T bytes, PHYSICAL_ADDRESS low,
                                           PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS boundary,
                                           MEMORY_CACHING_TYPE cache, NODE_REQUIREMENT node)
{
    CONTRACT_ENTER(MmAllocateContiguousMemorySpecifyCacheNode);
    (void)cache, (void)node;
    return contiguous_allocate(bytes, low, high, boundary);
}

PVOID
MmAllocateContiguousNodeMemory(SIZE_T bytes, PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high,
                               PHYSICAL_ADDRESS boundary, ULONG protect, NODE_REQUIREMENT node)
{
    CONTRACT_ENTER(MmAllocateContiguousNodeMemory);
    (void)protect, (void)node;
    return contiguous_allocate(bytes, low, high, boundary);
}

VOID
MmFreeContiguousMemory(PVOID memory)
{
    CONTRACT_ENTER(MmFreeContiguousMemory);
    contiguous_free(memory);
}

VOID
MmFreeContiguousMemorySpecifyCache(PVOID memory, SIZE_T bytes, MEMORY_CACHING_TYPE cache)
{
    CONTRACT_ENTER(MmFreeContiguousMemorySpecifyCache);
    (void)bytes, (void)cache;
    contiguous_free(memory);
}

PVOID
MmAllocateNonCachedMemory(SIZE_T bytes)
{
    CONTRACT_ENTER(MmAllocateNonCachedMemory);
    return contiguous_allocate(bytes, none, anywhere, none);
}

VOID
MmFreeNonCachedMemory(PVOID memory, SIZE_T bytes)
{
    CONTRACT_ENTER(MmFreeNonCachedMemory);
    (void)bytes;
    contiguous_free(memory);
}

PHYSICAL_ADDRESS
MmGetPhysicalAddress(PVOID address)
{
    PHYSICAL_ADDRESS physical;

    CONTRACT_ENTER(MmGetPhysicalAddress);
    physical.QuadPart = (LONGLONG)rt_bus_address(rt_self()->rt, address);
    return physical;
}

PVOID
MmGetSystemRoutineAddress(PUNICODE_STRING name)
{
    struct nt *nt = nt_self();
    char text[128];

    CONTRACT_ENTER(MmGetSystemRoutineAddress);
    if (!nt->lookup || nt_utf8_from_utf16(text, sizeof(text), (const uint16_t *)name->Buffer,
                                          name->Length / sizeof(WCHAR)) >= sizeof(text))
        return NULL;
    return nt->lookup(nt->lookup_ctx, text);
}

/* The verifier of the emulated kernel is the contract floor's; its flags have no Windows
 * meaning. */
ULONG
MmIsVerifierEnabled(PULONG flags)
{
    CONTRACT_ENTER(MmIsVerifierEnabled);
    *flags = 0;
    return FALSE;
}
