/*
 * Physically contiguous memory. DDI: StorPortAllocateContiguousMemorySpecifyCacheNode,
 * StorPortFreeContiguousMemorySpecifyCache. R12.2.
 *
 * Covers: StorPortAllocateContiguousMemorySpecifyCacheNode StorPortFreeContiguousMemorySpecifyCache
 */
#include "harness.h"

#include <string.h>

static PHYSICAL_ADDRESS
at(uint64_t address)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)address};
}

static ULONG
allocate(SIZE_T bytes, uint64_t low, uint64_t high, uint64_t boundary, PVOID *out)
{
    return StorPortAllocateContiguousMemorySpecifyCacheNode(
        mini.extension, bytes, at(low), at(high), at(boundary), MmCached, MM_ANY_NODE_OK, out);
}

static void
release(PVOID memory, SIZE_T bytes)
{
    size_t used = rt_arena_used(rig.rt);

    CHECK_EQ(StorPortFreeContiguousMemorySpecifyCache(mini.extension, memory, bytes, MmCached),
             STOR_STATUS_SUCCESS);
    CHECK(rt_arena_used(rig.rt) < used);
}

/* A range of physically contiguous memory of NumberOfBytes. */
static void
contiguous(void)
{
    char *memory = NULL;

    rig_start();
    CHECK_EQ(allocate(100000, 0, UINT64_MAX >> 1, 0, (PVOID *)&memory), STOR_STATUS_SUCCESS);
    CHECK(memory != NULL);
    memset(memory, 0x5A, 100000);
    for (unsigned i = 0; i < 100000; i += 509)
        CHECK_EQ(rt_bus_address(rig.rt, memory + i), rt_bus_address(rig.rt, memory) + i);
    release(memory, 100000);
}

/* Between LowestAcceptableAddress and HighestAcceptableAddress, both physical. */
static void
within_the_limits(void)
{
    char *first, *second = NULL;
    uint64_t base, low;

    rig_start();
    CHECK_EQ(allocate(8192, 0, UINT64_MAX >> 1, 0, (PVOID *)&first), STOR_STATUS_SUCCESS);
    base = rt_bus_address(rig.rt, first) & ~(uint64_t)0xFFFFF;
    low = base + 0x800000;
    CHECK_EQ(allocate(8192, low, low + 0x3FFFFF, 0, (PVOID *)&second), STOR_STATUS_SUCCESS);
    CHECK(rt_bus_address(rig.rt, second) >= low);
    CHECK(rt_bus_address(rig.rt, second) + 8191 <= low + 0x3FFFFF);
    release(second, 8192);
    release(first, 8192);
}

/* BoundaryAddressMultiple: a physical address multiple that the allocation must not cross. */
static void
boundary_is_not_crossed(void)
{
    PVOID blocks[12];

    rig_start();
    for (unsigned i = 0; i < 12; i++) {
        uint64_t begin;
        CHECK_EQ(allocate(0xC000, 0, UINT64_MAX >> 1, 0x10000, &blocks[i]), STOR_STATUS_SUCCESS);
        begin = rt_bus_address(rig.rt, blocks[i]);
        CHECK_EQ(begin >> 16, (begin + 0xBFFF) >> 16);
    }
    for (unsigned i = 0; i < 12; i++)
        release(blocks[i], 0xC000);
}

/* INSUFFICIENT_RESOURCES, and the pointer is NULL: no range satisfies the request. */
static void
none_found(void)
{
    PVOID memory = (PVOID)1;

    rig_start();
    CHECK_EQ(allocate(0x2000000, 0x1000, 0xFFFF, 0, &memory), STOR_STATUS_INSUFFICIENT_RESOURCES);
    CHECK(memory == NULL);
    memory = (PVOID)1;
    CHECK_EQ(allocate((SIZE_T)1 << 40, 0, UINT64_MAX >> 1, 0, &memory),
             STOR_STATUS_INSUFFICIENT_RESOURCES);
    CHECK(memory == NULL);
}

/* The number of bytes to free must be that of the allocation: another is a finding. */
static void
freed_with_another_size(void)
{
    PVOID memory;

    rig_start();
    rig_expect(RULE_BadArgument);
    CHECK_EQ(allocate(8192, 0, UINT64_MAX >> 1, 0, &memory), STOR_STATUS_SUCCESS);
    CHECK_EQ(StorPortFreeContiguousMemorySpecifyCache(mini.extension, memory, 4096, MmCached),
             STOR_STATUS_SUCCESS);
}

CASES(CASE(contiguous), {"contiguous_remapped", contiguous, 0, true, false},
      CASE(within_the_limits), CASE(boundary_is_not_crossed), CASE(none_found),
      CASE(freed_with_another_size))
