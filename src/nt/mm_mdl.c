/*
 * Memory descriptor lists. Pages are those of this process and always resident; a page number is
 * its bus address >> 12. Locking fills the page numbers in, mapping gives the address back.
 * DDI: IoAllocateMdl, MmProbeAndLockPages, MmMapLockedPagesSpecifyCache, IoBuildPartialMdl.
 */
#include "nt_priv.h"

#define MDL_TAG ('M' | 'd' << 8 | 'l' << 16 | ' ' << 24)

size_t
nt_mdl_bytes(const void *base, size_t bytes)
{
    return sizeof(MDL) + sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES(base, bytes);
}

static void
mdl_pages_fill(PMDL mdl)
{
    struct rt *rt = rt_self()->rt;
    PPFN_NUMBER pages = MmGetMdlPfnArray(mdl);
    ULONG count = ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(mdl), mdl->ByteCount);

    for (ULONG i = 0; i < count; i++)
        pages[i] = rt_bus_address(rt, (char *)mdl->StartVa + (size_t)i * PAGE_SIZE) >> PAGE_SHIFT;
}

static void
mdl_init(PMDL mdl, PVOID base, size_t bytes)
{
    MmInitializeMdl(mdl, base, bytes);
    mdl->AllocationProcessorNumber = 0;
    mdl->Reserved = 0;
    mdl->Process = NULL;
    mdl->MappedSystemVa = NULL;
}

void
nt_mdl_init(PMDL mdl, void *base, size_t bytes)
{
    mdl_init(mdl, base, bytes);
    mdl->MdlFlags = MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA;
    mdl->MappedSystemVa = base;
    mdl_pages_fill(mdl);
}

PMDL
nt_mdl_for_segments(struct rt *rt, const struct nt_segment *segments, unsigned count)
{
    size_t bytes = 0, used = 0;
    PMDL last = NULL;
    char *block;

    for (unsigned i = 0; i < count; i++)
        bytes += nt_mdl_bytes(segments[i].base, segments[i].bytes);
    if (!bytes || !(block = rt_alloc(rt, bytes)))
        return NULL;
    for (unsigned i = 0; i < count; i++) {
        PMDL mdl = (PMDL)(void *)(block + used);

        nt_mdl_init(mdl, segments[i].base, segments[i].bytes);
        used += nt_mdl_bytes(segments[i].base, segments[i].bytes);
        if (last)
            last->Next = mdl;
        last = mdl;
    }
    return (PMDL)(void *)block;
}

void
nt_mdl_chain_free(struct rt *rt, PMDL chain)
{
    rt_free(rt, chain);
}

/* ---- making ---------------------------------------------------------------------------------- */

static PMDL
mdl_create(PVOID base, size_t bytes)
{
    PMDL mdl = nt_pool_obtain(nt_mdl_bytes(base, bytes), MDL_TAG, NT_BLOCK_MDL, true);

    if (mdl)
        mdl_init(mdl, base, bytes);
    return mdl;
}

PMDL
IoAllocateMdl(PVOID base, ULONG bytes, BOOLEAN secondary, BOOLEAN charge, PIRP irp)
{
    PMDL mdl;

    CONTRACT_ENTER(IoAllocateMdl);
    (void)charge;
    mdl = mdl_create(base, bytes);
    if (!mdl || !irp)
        return mdl;
    if (!secondary) {
        irp->MdlAddress = mdl;
    } else {
        PMDL *link = &irp->MdlAddress;
        while (*link)
            link = &(*link)->Next;
        *link = mdl;
    }
    return mdl;
}

VOID
IoFreeMdl(PMDL mdl)
{
    CONTRACT_ENTER(IoFreeMdl);
    if (mdl->MdlFlags & MDL_PAGES_LOCKED)
        finding_report(rt_self()->rt, RULE_BadArgument, 0, "an MDL is freed with its pages locked");
    nt_pool_release(mdl, NT_BLOCK_MDL);
}

SIZE_T
MmSizeOfMdl(PVOID base, SIZE_T bytes)
{
    CONTRACT_ENTER(MmSizeOfMdl);
    return nt_mdl_bytes(base, bytes);
}

VOID
IoBuildPartialMdl(PMDL source, PMDL target, PVOID address, ULONG bytes)
{
    size_t into = (size_t)((char *)address - (char *)MmGetMdlVirtualAddress(source));
    size_t first = ((char *)PAGE_ALIGN(address) - (char *)source->StartVa) >> PAGE_SHIFT;
    PMDL next = target->Next;
    CSHORT size = target->Size;

    CONTRACT_ENTER(IoBuildPartialMdl);
    if (!bytes)
        bytes = source->ByteCount - (ULONG)into; /* DDI: zero means the rest */
    if (into + bytes > source->ByteCount) {
        finding_report(rt_self()->rt, RULE_BadArgument, 0,
                       "IoBuildPartialMdl: beyond the end of the source");
        return;
    }
    mdl_init(target, address, bytes);
    target->Next = next;
    target->Size = size;
    target->MdlFlags =
        (CSHORT)(MDL_PARTIAL |
                 (source->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA)));
    if (target->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) {
        target->MdlFlags = (CSHORT)(target->MdlFlags | MDL_PARENT_MAPPED_SYSTEM_VA);
        target->MappedSystemVa = (char *)source->MappedSystemVa + into;
    } else if (target->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) {
        target->MappedSystemVa = (char *)source->MappedSystemVa + into;
    }
    memcpy(MmGetMdlPfnArray(target), MmGetMdlPfnArray(source) + first,
           ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, bytes) * sizeof(PFN_NUMBER));
}

/* ---- locking and mapping --------------------------------------------------------------- */

VOID
MmBuildMdlForNonPagedPool(PMDL mdl)
{
    CONTRACT_ENTER(MmBuildMdlForNonPagedPool);
    mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->MappedSystemVa = MmGetMdlVirtualAddress(mdl);
    mdl_pages_fill(mdl);
}

VOID
MmProbeAndLockPages(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation)
{
    CONTRACT_ENTER(MmProbeAndLockPages);
    (void)mode;
    if (mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL)) {
        finding_report(rt_self()->rt, RULE_BadArgument, 0,
                       "MmProbeAndLockPages: the pages are locked already");
        return;
    }
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    if (operation != IoReadAccess)
        mdl->MdlFlags |= MDL_WRITE_OPERATION;
    mdl_pages_fill(mdl);
}

VOID
MmUnlockPages(PMDL mdl)
{
    CONTRACT_ENTER(MmUnlockPages);
    if (!(mdl->MdlFlags & MDL_PAGES_LOCKED)) {
        finding_report(rt_self()->rt, RULE_BadArgument, 0,
                       "MmUnlockPages: the pages are not locked");
        return;
    }
    mdl->MdlFlags = (CSHORT)(mdl->MdlFlags &
                             ~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION | MDL_MAPPED_TO_SYSTEM_VA));
    mdl->MappedSystemVa = NULL;
}

/* Where the pages are; NULL when they do not follow each other in memory. */
static PVOID
mdl_address(PMDL mdl)
{
    struct rt *rt = rt_self()->rt;
    PPFN_NUMBER pages = MmGetMdlPfnArray(mdl);
    ULONG count = ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(mdl), mdl->ByteCount);
    char *first = rt_bus_to_virtual(rt, (uint64_t)pages[0] << PAGE_SHIFT);

    for (ULONG i = 1; first && i < count; i++) {
        if (rt_bus_to_virtual(rt, (uint64_t)pages[i] << PAGE_SHIFT) !=
            first + (size_t)i * PAGE_SIZE)
            return NULL;
    }
    return first ? first + mdl->ByteOffset : NULL;
}

static PVOID
mdl_map(PMDL mdl)
{
    struct rt *rt = rt_self()->rt;
    PVOID address;

    if (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        return mdl->MappedSystemVa;
    if (!(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_PARTIAL))) {
        finding_report(rt, RULE_BadArgument, 0, "an MDL is mapped whose pages are not locked");
        return NULL;
    }
    if (rt_fault(rt))
        return NULL;
    address = mdl_address(mdl);
    if (!address)
        return NULL;
    mdl->MappedSystemVa = address;
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    if (mdl->MdlFlags & MDL_PARTIAL)
        mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    return address;
}

PVOID
MmMapLockedPagesSpecifyCache(PMDL mdl, KPROCESSOR_MODE mode, MEMORY_CACHING_TYPE cache,
                             PVOID requested, ULONG bugcheck, ULONG priority)
{
    PVOID address;

    CONTRACT_ENTER(MmMapLockedPagesSpecifyCache);
    (void)mode, (void)cache, (void)requested, (void)priority;
    address = mdl_map(mdl);
    if (!address && bugcheck)
        nt_bugcheck(0x3F, 0, 0, 0, 0, "NO_MORE_SYSTEM_PTES");
    return address;
}

PVOID
MmMapLockedPages(PMDL mdl, KPROCESSOR_MODE mode)
{
    CONTRACT_ENTER(MmMapLockedPages);
    (void)mode;
    return mdl_map(mdl);
}

VOID
MmUnmapLockedPages(PVOID address, PMDL mdl)
{
    CONTRACT_ENTER(MmUnmapLockedPages);
    if (!(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) || mdl->MappedSystemVa != address) {
        finding_report(rt_self()->rt, RULE_BadArgument, 0,
                       "MmUnmapLockedPages: the MDL is not mapped there");
        return;
    }
    mdl->MdlFlags =
        (CSHORT)(mdl->MdlFlags & ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED));
    mdl->MappedSystemVa = NULL;
}

/* ---- pages without an address of their own ---------------------------------------------- */

PMDL
MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS skip,
                        SIZE_T bytes, MEMORY_CACHING_TYPE cache, ULONG flags)
{
    struct rt *rt = rt_self()->rt;
    struct rt_range range = {.lowest = (uint64_t)low.QuadPart, .highest = (uint64_t)high.QuadPart};
    SIZE_T whole = ROUND_TO_PAGES(bytes);
    void *memory;
    PMDL mdl;

    CONTRACT_ENTER(MmAllocatePagesForMdlEx);
    (void)skip, (void)cache, (void)flags; /* contiguous pages satisfy every flag */
    if (!whole || range.highest < whole - 1 || !(memory = rt_arena_alloc(rt, whole, &range)))
        return NULL;
    mdl = mdl_create(memory, whole);
    if (!mdl) {
        rt_arena_free(rt, memory, whole);
        return NULL;
    }
    memset(memory, 0, whole);
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    mdl_pages_fill(mdl);
    mdl->StartVa = NULL; /* DDI: the pages are not mapped */
    return mdl;
}

VOID
MmFreePagesFromMdl(PMDL mdl)
{
    void *memory;

    CONTRACT_ENTER(MmFreePagesFromMdl);
    memory = mdl_address(mdl);
    if (!memory || !rt_arena_owns(rt_self()->rt, memory)) {
        finding_report(rt_self()->rt, RULE_BadArgument, 0,
                       "MmFreePagesFromMdl: not pages of MmAllocatePagesForMdlEx");
        return;
    }
    rt_arena_free(rt_self()->rt, memory, mdl->ByteCount);
    mdl->MdlFlags = (CSHORT)(mdl->MdlFlags & ~(MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA));
}
