/*
 * Memory for devices: pages nf-storport-storportallocatecontiguousmemoryspecifycachenode,
 * …freecontiguousmemoryspecifycache, …allocatedmamemory, …allocatehostmemorybuffer.
 * Covers: StorPortFreeContiguousMemorySpecifyCache StorPortAllocateDmaMemory StorPortFreeDmaMemory
 * Covers: StorPortAllocateHostMemoryBuffer StorPortFreeHostMemoryBuffer
 */
#include "routine_harness.h"

static const PHYSICAL_ADDRESS zero = {.QuadPart = 0};
static const PHYSICAL_ADDRESS all = {.QuadPart = 0x7FFFFFFFFFFFFFFF};

/* "allocates a range of physically contiguous … memory" that does not cross the boundary. */
static void
contiguous(void)
{
    PHYSICAL_ADDRESS boundary = {.QuadPart = 0x10000};
    PVOID memory = NULL;
    uint64_t bus;

    CHECK(StorPortAllocateContiguousMemorySpecifyCacheNode(harness.extension, 0x8000, zero, all,
                                                           boundary, MmNonCached, 0,
                                                           &memory) == STOR_STATUS_SUCCESS);
    bus = rt_bus_address(harness.rt, memory);
    CHECK(rt_bus_run(harness.rt, memory, 0x8000) == 0x8000);
    CHECK(bus / 0x10000 == (bus + 0x7FFF) / 0x10000);
    CHECK(StorPortFreeContiguousMemorySpecifyCache(harness.extension, memory, 0x8000,
                                                   MmNonCached) == STOR_STATUS_SUCCESS);
    CHECK(StorPortFreeContiguousMemorySpecifyCache(harness.extension, memory, 0x8000,
                                                   MmNonCached) == STOR_STATUS_INVALID_PARAMETER);
    harness_expect(RULE_BadArgument);
    CHECK(StorPortFreeContiguousMemorySpecifyCache(harness.extension, NULL, 1, MmNonCached) ==
          STOR_STATUS_INVALID_PARAMETER);
}

/* "If the request fails, BufferPointer will be set to NULL." */
static void
impossible(void)
{
    PHYSICAL_ADDRESS low = {.QuadPart = 0x1000}, high = {.QuadPart = 0x1FFF};
    PVOID memory = harness.rt;

    CHECK(StorPortAllocateContiguousMemorySpecifyCacheNode(harness.extension, 0x8000, low, high,
                                                           zero, MmCached, 0, &memory) ==
          STOR_STATUS_INSUFFICIENT_RESOURCES);
    CHECK(memory == NULL);
}

/* "This must be the same number that was supplied": told, and freed. */
static void
wrong_size(void)
{
    PVOID memory;

    CHECK(StorPortAllocateContiguousMemorySpecifyCacheNode(harness.extension, 0x3000, zero, all,
                                                           zero, MmCached, 0,
                                                           &memory) == STOR_STATUS_SUCCESS);
    CHECK(StorPortFreeContiguousMemorySpecifyCache(harness.extension, memory, 0x2000, MmCached) ==
          STOR_STATUS_SUCCESS);
    harness_expect(RULE_BadArgument);
}

/* "Physical address of the allocated memory block." */
static void
dma(void)
{
    PHYSICAL_ADDRESS physical = zero, wrong;
    PVOID memory;

    CHECK(StorPortAllocateDmaMemory(harness.extension, 0x5000, zero, all, zero, MmCached, 0,
                                    &memory, &physical) == STOR_STATUS_SUCCESS);
    CHECK((uint64_t)physical.QuadPart == rt_bus_address(harness.rt, memory));
    CHECK(StorPortFreeDmaMemory(harness.extension, memory, 0x5000, MmCached, physical) ==
          STOR_STATUS_SUCCESS);
    CHECK(StorPortAllocateDmaMemory(harness.extension, 0x5000, zero, all, zero, MmCached, 0,
                                    &memory, &physical) == STOR_STATUS_SUCCESS);
    wrong.QuadPart = physical.QuadPart + 0x1000;
    CHECK(StorPortFreeDmaMemory(harness.extension, memory, 0x5000, MmCached, wrong) ==
          STOR_STATUS_SUCCESS);
    harness_expect(RULE_DmaMixup);
}

/* "This function will update this parameter to indicate how many … ranges it filled in." */
static void
host_buffer(void)
{
    ACCESS_RANGE ranges[4];
    ULONG count = 4;
    size_t before = rt_arena_used(harness.rt);

    CHECK(StorPortAllocateHostMemoryBuffer(harness.extension, 0, 0x100000, 0, 0x10000, zero, all,
                                           zero, ranges, &count) == STOR_STATUS_SUCCESS);
    CHECK(count == 1 && ranges[0].RangeLength == 0x100000 && ranges[0].RangeInMemory);
    CHECK(ranges[0].RangeStart.QuadPart % 0x10000 == 0);
    CHECK(StorPortFreeHostMemoryBuffer(harness.extension, ranges, count) == STOR_STATUS_SUCCESS);
    CHECK(rt_arena_used(harness.rt) == before);
    /* "The host memory buffer was not valid (likely already freed)." */
    CHECK(StorPortFreeHostMemoryBuffer(harness.extension, ranges, count) ==
          STOR_STATUS_UNSUCCESSFUL);
    harness_expect(RULE_BadArgument);

    /* "a minimum value that is greater than a maximum value, a non-page-aligned size, or …
     * PhysicalAddressRanges is empty" */
    count = 4;
    CHECK(StorPortAllocateHostMemoryBuffer(harness.extension, 0x2000, 0x1000, 0, 0, zero, all, zero,
                                           ranges, &count) == STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortAllocateHostMemoryBuffer(harness.extension, 0, 0x1234, 0, 0, zero, all, zero,
                                           ranges, &count) == STOR_STATUS_INVALID_PARAMETER);
    count = 0;
    CHECK(StorPortAllocateHostMemoryBuffer(harness.extension, 0, 0x1000, 0, 0, zero, all, zero,
                                           ranges, &count) == STOR_STATUS_INVALID_PARAMETER);
    count = 4;
    CHECK(StorPortAllocateHostMemoryBuffer(harness.extension, 0x1000000000, 0x1000000000, 0, 0,
                                           zero, all, zero, ranges,
                                           &count) == STOR_STATUS_INSUFFICIENT_RESOURCES);
    CHECK(rt_arena_used(harness.rt) == before);
}

int
main(void)
{
    harness_start(&(struct harness_config){0});
    harness_enter(CALLBACK_PASSIVE_INITIALIZE, RT_IRQL_PASSIVE);
    contiguous();
    impossible();
    wrong_size();
    dma();
    host_buffer();
    harness_leave();
    return harness_finish();
}
