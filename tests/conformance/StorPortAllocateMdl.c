/*
 * StorPortAllocateMdl and its like: pages nf-storport-storportallocatemdl, …freemdl,
 * …buildmdlfornonpagedpool.
 * Covers: StorPortFreeMdl StorPortBuildMdlForNonPagedPool
 */
#include "routine_harness.h"

static void
at_passive(void)
{
    PVOID memory, mdl = harness.rt;
    PMDL m;

    CHECK(StorPortAllocatePool(harness.extension, 10000, 'tseT', &memory) == STOR_STATUS_SUCCESS);
    /* "The pointer to receive the MDL is NULL", "The pointer to the buffer is NULL". */
    CHECK(StorPortAllocateMdl(harness.extension, memory, 10000, NULL) ==
          STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortAllocateMdl(harness.extension, NULL, 10000, &mdl) ==
          STOR_STATUS_INVALID_PARAMETER);
    CHECK(mdl == NULL);
    CHECK(StorPortBuildMdlForNonPagedPool(harness.extension, NULL) ==
          STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortFreeMdl(harness.extension, NULL) == STOR_STATUS_INVALID_PARAMETER);

    /* "updates the MDL to describe the associated non-paged memory": address, length, pages. */
    CHECK(StorPortAllocateMdl(harness.extension, (char *)memory + 100, 9000, &mdl) ==
          STOR_STATUS_SUCCESS);
    CHECK(StorPortBuildMdlForNonPagedPool(harness.extension, mdl) == STOR_STATUS_SUCCESS);
    m = mdl;
    CHECK(MmGetMdlVirtualAddress(m) == (char *)memory + 100 && MmGetMdlByteCount(m) == 9000);
    CHECK(MmGetSystemAddressForMdlSafe(m, NormalPagePriority) == (char *)memory + 100);
    CHECK(MmGetMdlPfnArray(m)[1] ==
          rt_bus_address(harness.rt, (char *)memory + PAGE_SIZE) >> PAGE_SHIFT);
    CHECK(StorPortFreeMdl(harness.extension, mdl) == STOR_STATUS_SUCCESS);
    CHECK(StorPortFreePool(harness.extension, memory) == STOR_STATUS_SUCCESS);
}

/* "The call was made at an invalid IRQL." */
static void
above_dispatch(void)
{
    PVOID mdl = harness.rt;

    CHECK(StorPortAllocateMdl(harness.extension, &mdl, 8, &mdl) == STOR_STATUS_INVALID_IRQL);
    harness_expect(RULE_StorPortIrql);
    CHECK(StorPortBuildMdlForNonPagedPool(harness.extension, &mdl) == STOR_STATUS_INVALID_IRQL);
    harness_expect(RULE_StorPortIrql);
    CHECK(StorPortFreeMdl(harness.extension, &mdl) == STOR_STATUS_INVALID_IRQL);
    harness_expect(RULE_StorPortIrql);
}

int
main(void)
{
    harness_start(&(struct harness_config){0});
    harness_enter(CALLBACK_WORKITEM, RT_IRQL_PASSIVE);
    at_passive();
    harness_leave();
    harness_enter(CALLBACK_INTERRUPT, RT_IRQL_DEVICE);
    above_dispatch();
    harness_leave();
    return harness_finish();
}
