/*
 * Non-paged pool. DDI: StorPortAllocatePool, StorPortFreePool. R12.1.
 *
 * Covers: StorPortAllocatePool StorPortFreePool
 */
#include "harness.h"

#include <string.h>

static PVOID block;
static ULONG status;

/* SUCCESS: a block of the requested size, writable to its last byte, apart from the others, tagged;
 * freed, the pool has it no more. */
static void
allocates_and_frees(void)
{
    struct nt_block found;
    uint8_t *blocks[20];

    rig_start();
    for (unsigned i = 0; i < 20; i++) {
        CHECK_EQ(StorPortAllocatePool(mini.extension, 1000 + i, 'looP', (PVOID *)&blocks[i]),
                 STOR_STATUS_SUCCESS);
        memset(blocks[i], (int)i, 1000 + i);
    }
    for (unsigned i = 0; i < 20; i++) {
        CHECK_EQ(blocks[i][0], i);
        CHECK_EQ(blocks[i][999 + i], i);
        CHECK(nt_pool_find(rig.rt, blocks[i], &found));
        CHECK_EQ(found.bytes, 1000 + i);
        CHECK_EQ(found.tag, 'looP');
        CHECK(!found.paged);
        CHECK_EQ(StorPortFreePool(mini.extension, blocks[i]), STOR_STATUS_SUCCESS);
        CHECK(!nt_pool_find(rig.rt, blocks[i], &found));
    }
}

static void
allocate_here(void *extension, void *subject)
{
    (void)subject;
    block = (PVOID)1;
    status = StorPortAllocatePool(extension, 100, 'looP', &block);
}

static void
free_here(void *extension, void *subject)
{
    (void)subject;
    status = StorPortFreePool(extension, block);
}

/* INVALID_IRQL above DISPATCH_LEVEL, and *BufferPointer is NULL on failure; at DISPATCH_LEVEL it
 * works. */
static void
levels(void)
{
    PVOID kept;

    mini.physical = true;
    rig_start();
    rig_at(AT_BUILD, allocate_here);
    CHECK_EQ(status, STOR_STATUS_SUCCESS);
    rig_at(AT_DPC, free_here);
    CHECK_EQ(status, STOR_STATUS_SUCCESS);
    rig_expect(RULE_StorPortIrql);
    rig_at(AT_INTERRUPT, allocate_here);
    CHECK_EQ(status, STOR_STATUS_INVALID_IRQL);
    CHECK(block == NULL);
    CHECK_EQ(StorPortAllocatePool(mini.extension, 100, 'looP', &block), STOR_STATUS_SUCCESS);
    kept = block;
    rig_at(AT_INTERRUPT, free_here);
    CHECK_EQ(status, STOR_STATUS_INVALID_IRQL);
    CHECK_EQ(StorPortFreePool(mini.extension, kept), STOR_STATUS_SUCCESS);
}

/* INVALID_PARAMETER: the pointer that receives the address is NULL; the block to free is NULL. */
static void
invalid_parameters(void)
{
    rig_start();
    CHECK_EQ(StorPortAllocatePool(mini.extension, 100, 'looP', NULL),
             STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortFreePool(mini.extension, NULL), STOR_STATUS_INVALID_PARAMETER);
}

/* Must be a pointer of a previous allocation: freed twice is a finding. */
static void
freed_twice(void)
{
    rig_start();
    rig_expect(RULE_StorPortAllocatePool);
    rig_expect(RULE_DoubleExFreePool);
    CHECK_EQ(StorPortAllocatePool(mini.extension, 100, 'looP', &block), STOR_STATUS_SUCCESS);
    CHECK_EQ(StorPortFreePool(mini.extension, block), STOR_STATUS_SUCCESS);
    CHECK(StorPortFreePool(mini.extension, block) != STOR_STATUS_SUCCESS);
}

static void
allocate_and_forget(void *extension, void *subject)
{
    (void)subject;
    CHECK_EQ(StorPortAllocatePool(extension, 100, 'looP', &block), STOR_STATUS_SUCCESS);
}

/* What is not freed by the end is a finding. */
static void
leaked(void)
{
    mini.at[AT_PASSIVE] = allocate_and_forget;
    rig_start();
    rig_expect(RULE_Leak);
}

CASES(CASE(allocates_and_frees), CASE(levels), CASE(invalid_parameters), CASE(freed_twice),
      CASE(leaked))
