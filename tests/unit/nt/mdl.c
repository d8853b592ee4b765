/* Memory descriptor lists and contiguous memory: page numbers, mappings, ranges, what is
 * refused. */
#include "nt_test.h"

static void
check_pages(struct rt *rt, PMDL mdl, const void *base, size_t bytes)
{
    PPFN_NUMBER pages = MmGetMdlPfnArray(mdl);
    ULONG count = ADDRESS_AND_SIZE_TO_SPAN_PAGES(base, bytes);

    CHECK(MmGetMdlByteCount(mdl) == bytes && MmGetMdlVirtualAddress(mdl) == base);
    for (ULONG i = 0; i < count; i++)
        CHECK(pages[i] ==
              rt_bus_address(rt, (const char *)PAGE_ALIGN(base) + i * PAGE_SIZE) >> PAGE_SHIFT);
}

static void
pool_memory(struct rt *rt)
{
    PUCHAR block = ExAllocatePoolWithTag(NonPagedPoolNx, 20000, TAG('T', 'e', 's', 't'));
    PMDL mdl = IoAllocateMdl(block + 100, 15000, FALSE, FALSE, NULL), partial;

    MmBuildMdlForNonPagedPool(mdl);
    check_pages(rt, mdl, block + 100, 15000);
    CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == block + 100);
    CHECK(MmSizeOfMdl(block + 100, 15000) == sizeof(MDL) + 4 * sizeof(PFN_NUMBER));
    partial = IoAllocateMdl(block + 5000, 6000, FALSE, FALSE, NULL);
    IoBuildPartialMdl(mdl, partial, block + 5000, 6000);
    check_pages(rt, partial, block + 5000, 6000);
    CHECK(MmGetSystemAddressForMdlSafe(partial, NormalPagePriority) == block + 5000);
    IoFreeMdl(partial);
    IoFreeMdl(mdl);
    ExFreePool(block);
}

static void
locked_memory(struct rt *rt)
{
    static _Alignas(4096) UCHAR foreign[3 * 4096];
    PMDL mdl = IoAllocateMdl(foreign + 4000, 5000, FALSE, FALSE, NULL);
    PHYSICAL_ADDRESS physical;
    PUCHAR mapped;

    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    CHECK(mdl->MdlFlags & MDL_PAGES_LOCKED && mdl->MdlFlags & MDL_WRITE_OPERATION);
    check_pages(rt, mdl, foreign + 4000, 5000);
    mapped = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    CHECK(mapped == foreign + 4000 && mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    physical = MmGetPhysicalAddress(mapped);
    CHECK((ULONGLONG)physical.QuadPart != (ULONG_PTR)mapped);
    CHECK((ULONGLONG)physical.QuadPart >> PAGE_SHIFT == MmGetMdlPfnArray(mdl)[0]);
    MmUnmapLockedPages(mapped, mdl);
    MmUnlockPages(mdl);
    CHECK(!(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA)));
    IoFreeMdl(mdl);
}

static void
chains(struct rt *rt)
{
    static UCHAR a[10], b[9000];
    struct nt_segment segments[] = {{a, sizeof(a)}, {b, sizeof(b)}, {a + 3, 4}};
    PMDL chain = nt_mdl_for_segments(rt, segments, 3), mdl = chain;

    for (unsigned i = 0; i < 3; i++, mdl = mdl->Next) {
        CHECK(mdl);
        check_pages(rt, mdl, segments[i].base, segments[i].bytes);
        CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == segments[i].base);
    }
    CHECK(!mdl);
    nt_mdl_chain_free(rt, chain);
    CHECK(!nt_mdl_for_segments(rt, segments, 0));
}

static void
contiguous(struct rt *rt)
{
    PHYSICAL_ADDRESS low = {.QuadPart = 0}, high = {.QuadPart = -1},
                     boundary = {.QuadPart = 0x10000};
    PHYSICAL_ADDRESS physical;
    struct nt_block found;
    PUCHAR memory;

    memory = MmAllocateContiguousMemorySpecifyCache(40000, low, high, boundary, MmCached);
    CHECK(memory && !((ULONG_PTR)memory & (PAGE_SIZE - 1)));
    physical = MmGetPhysicalAddress(memory);
    CHECK(((ULONGLONG)physical.QuadPart ^ ((ULONGLONG)physical.QuadPart + 39999)) < 0x10000 ||
          ((ULONGLONG)physical.QuadPart >> 16) == (((ULONGLONG)physical.QuadPart + 39999) >> 16));
    for (ULONG i = 0; i < 40000; i += PAGE_SIZE)
        CHECK(MmGetPhysicalAddress(memory + i).QuadPart == physical.QuadPart + i);
    CHECK(nt_pool_find(rt, memory + 10, &found) && found.kind == NT_BLOCK_CONTIGUOUS);
    CHECK(rt_arena_used(rt) >= 40000);
    MmFreeContiguousMemory(memory);
    CHECK(rt_arena_used(rt) == 0);
    high.QuadPart = 0; /* nothing lies there */
    CHECK(!MmAllocateContiguousMemory(PAGE_SIZE, high));
    memory = MmAllocateNonCachedMemory(100);
    CHECK(memory);
    MmFreeNonCachedMemory(memory, 100);
}

static void
pages(struct rt *rt)
{
    PHYSICAL_ADDRESS low = {.QuadPart = 0}, high = {.QuadPart = -1};
    PMDL mdl = MmAllocatePagesForMdlEx(low, high, low, 10000, MmCached, 0);
    PUCHAR mapped;

    CHECK(mdl && mdl->ByteCount == 12288 && !mdl->StartVa);
    mapped = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    CHECK(mapped && mapped[0] == 0 && mapped[12287] == 0);
    mapped[12287] = 1;
    MmUnmapLockedPages(mapped, mdl);
    MmFreePagesFromMdl(mdl);
    IoFreeMdl(mdl);
    CHECK(rt_arena_used(rt) == 0);
}

static void
misuse(struct rt *rt)
{
    UCHAR data[16];
    PMDL mdl = IoAllocateMdl(data, sizeof(data), FALSE, FALSE, NULL);

    CHECK(!MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, 0));
    MmUnlockPages(mdl);
    CHECK(findings_of(rt, RULE_BadArgument) == 2);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    IoFreeMdl(mdl);
    CHECK(findings_of(rt, RULE_BadArgument) == 3);
    MmFreeContiguousMemory(data);
    CHECK(findings_of(rt, RULE_BadArgument) == 4);
}

int
main(void)
{
    test_both(pool_memory);
    test_both(locked_memory);
    test_both(chains);
    test_both(contiguous);
    test_both(pages);
    test_findings_expected = 4;
    test_both(misuse);
    return 0;
}
