/*
 * StorPortAllocatePool, StorPortFreePool: pages nf-storport-storportallocatepool, …freepool.
 * Covers: StorPortFreePool
 */
#include "routine_harness.h"

static void
at_passive(void)
{
    PVOID memory = harness.rt, *member = harness.extension;

    /* "The pointer to receive the buffer address is NULL": INVALID_PARAMETER. */
    CHECK(StorPortAllocatePool(harness.extension, 64, 'tseT', NULL) ==
          STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortAllocatePool(harness.extension, 64, 'tseT', &memory) == STOR_STATUS_SUCCESS);
    CHECK(memory != NULL && memory != (PVOID)harness.rt);
    memset(memory, 0x5A, 64);
    CHECK(StorPortFreePool(harness.extension, memory) == STOR_STATUS_SUCCESS);
    /* "The pointer to the memory block to be freed is NULL": INVALID_PARAMETER. */
    CHECK(StorPortFreePool(harness.extension, NULL) == STOR_STATUS_INVALID_PARAMETER);

    /* SDV StorPortAllocatePool: a block is not freed twice. */
    CHECK(StorPortFreePool(harness.extension, memory) == STOR_STATUS_INVALID_PARAMETER);
    harness_expect(RULE_DoubleExFreePool);
    harness_expect(RULE_StorPortAllocatePool);

    /* SDV StorPortAllocatePool2: a pointer that owns a block is not overwritten by the next. */
    CHECK(StorPortAllocatePool(harness.extension, 32, 'tseT', member) == STOR_STATUS_SUCCESS);
    memory = *member;
    CHECK(StorPortAllocatePool(harness.extension, 32, 'tseT', member) == STOR_STATUS_SUCCESS);
    harness_expect(RULE_StorPortAllocatePool2);
    CHECK(StorPortFreePool(harness.extension, memory) == STOR_STATUS_SUCCESS);
    CHECK(StorPortFreePool(harness.extension, *member) == STOR_STATUS_SUCCESS);
}

static void
at_dispatch(void)
{
    PVOID memory = NULL;

    CHECK(StorPortAllocatePool(harness.extension, 0x3000, 'tseT', &memory) == STOR_STATUS_SUCCESS);
    CHECK(StorPortFreePool(harness.extension, memory) == STOR_STATUS_SUCCESS);
}

/* "The call was made at an invalid IRQL": INVALID_IRQL, and "BufferPointer will be set to NULL". */
static void
above_dispatch(void)
{
    PVOID memory = harness.rt;

    CHECK(StorPortAllocatePool(harness.extension, 64, 'tseT', &memory) == STOR_STATUS_INVALID_IRQL);
    harness_expect(RULE_StorPortIrql);
    CHECK(memory == NULL);
    CHECK(StorPortFreePool(harness.extension, harness.extension) == STOR_STATUS_INVALID_IRQL);
    harness_expect(RULE_StorPortIrql);
}

int
main(void)
{
    harness_start(&(struct harness_config){.extension_bytes = 64});
    harness_enter(CALLBACK_WORKITEM, RT_IRQL_PASSIVE);
    at_passive();
    harness_leave();
    harness_enter(CALLBACK_DPC, RT_IRQL_DISPATCH);
    at_dispatch();
    harness_leave();
    harness_enter(CALLBACK_INTERRUPT, RT_IRQL_DEVICE);
    above_dispatch();
    harness_leave();
    return harness_finish();
}
