/* The pool: what it gives, what its ledger knows, and what freeing wrongly is called. */
#include "nt_test.h"

static unsigned visited;
static uint64_t last_serial;

static void
visit(void *ctx, const struct nt_block *block)
{
    CHECK(block->tag == TAG('T', 'e', 's', 't') && block->stack_count > 0);
    CHECK(!visited || block->serial > last_serial);
    CHECK(block->owner == ctx);
    last_serial = block->serial;
    visited++;
}

static void
blocks(struct rt *rt)
{
    static const SIZE_T sizes[] = {0, 1, 15, 16, 17, 100, 4095, 4096, 4097, 65536, 1000000};
    PVOID block[RTL_NUMBER_OF(sizes)];
    struct nt_block found;
    SIZE_T all = 0;

    for (unsigned i = 0; i < RTL_NUMBER_OF(sizes); i++) {
        block[i] = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizes[i], TAG('T', 'e', 's', 't'));
        CHECK(block[i] && !((ULONG_PTR)block[i] & 15));
        if (sizes[i] >= PAGE_SIZE) /* DDI: a page or more is page-aligned */
            CHECK(!((ULONG_PTR)block[i] & (PAGE_SIZE - 1)));
        for (SIZE_T b = 0; b < sizes[i]; b++)
            CHECK(((PUCHAR)block[i])[b] == 0); /* ExAllocatePool2 zeroes */
        memset(block[i], 0xA5, sizes[i]);
        all += sizes[i];
    }
    CHECK(nt_pool_bytes(rt, NULL) == all);
    CHECK(nt_pool_find(rt, (PUCHAR)block[5] + 99, &found) && found.bytes == 100);
    CHECK(!nt_pool_find(rt, &found, NULL));
    visited = 0;
    CHECK(nt_pool_leaks(rt, NULL, visit, NULL) == RTL_NUMBER_OF(sizes));
    CHECK(visited == RTL_NUMBER_OF(sizes));
    for (unsigned i = 0; i < RTL_NUMBER_OF(sizes); i++)
        ExFreePoolWithTag(block[i], TAG('T', 'e', 's', 't'));
    block[0] = ExAllocatePoolZero(PagedPool, 64, TAG('T', 'e', 's', 't'));
    CHECK(block[0] && ((PUCHAR)block[0])[63] == 0);
    ExFreePool(block[0]);
    block[0] = ExAllocatePoolWithTag(NonPagedPoolNxCacheAligned, 65, TAG('T', 'e', 's', 't'));
    CHECK(block[0] && !((ULONG_PTR)block[0] & 63));
    ExFreePool(block[0]);
}

static void
owners(struct rt *rt)
{
    int adapter, driver;
    struct rt_frame frame;
    PVOID block;

    rt_frame_push(&frame, &adapter, CALLBACK_FIND_ADAPTER, NULL);
    block = ExAllocatePoolWithTag(NonPagedPoolNx, 10, TAG('T', 'e', 's', 't'));
    rt_frame_pop(&frame);
    visited = 0;
    CHECK(nt_pool_leaks(rt, &adapter, visit, &adapter) == 1 && visited == 1);
    nt_owner_adopt(rt, &adapter, &driver);
    CHECK(nt_pool_leaks(rt, &adapter, NULL, NULL) == 0);
    CHECK(nt_pool_leaks(rt, &driver, NULL, NULL) == 1);
    CHECK(nt_pool_report_leaks(rt, &driver) == 1);
    CHECK(findings_of(rt, RULE_Leak) == 1);
    ExFreePool(block);
    CHECK(nt_pool_report_leaks(rt, &driver) == 0);
}

static void
misuse(struct rt *rt)
{
    int local;
    PVOID block = ExAllocatePoolWithTag(NonPagedPoolNx, 32, TAG('T', 'e', 's', 't'));
    struct finding finding = {.other_count = 0};
    KIRQL old;

    ExFreePool(block);
    ExFreePool(block);
    CHECK(findings_of(rt, RULE_DoubleExFreePool) == 1);
    CHECK(finding_get(rt, 0, &finding) && finding.other_count > 0); /* where it was freed first */
    ExFreePool(&local);
    CHECK(findings_of(rt, RULE_BadArgument) == 1);
    block = ExAllocatePoolWithTag(NonPagedPoolNx, 32, TAG('T', 'e', 's', 't'));
    ExFreePoolWithTag(block, TAG('O', 't', 'h', 'r'));
    CHECK(findings_of(rt, RULE_BadArgument) == 2);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    block = ExAllocatePoolWithTag(PagedPool, 32, TAG('T', 'e', 's', 't'));
    KeLowerIrql(old);
    CHECK(findings_of(rt, RULE_KernelIrql) == 1);
    ExFreePool(block);
    CHECK(!ExAllocatePool2(0, 32, TAG('T', 'e', 's', 't')));
    CHECK(findings_of(rt, RULE_BadArgument) == 3);
}

static void
churn(PVOID context)
{
    PVOID block[16] = {NULL};
    ULONG seed = (ULONG)(ULONG_PTR)context;

    for (unsigned i = 0; i < 2000; i++) {
        unsigned slot = RtlRandomEx(&seed) % 16;
        if (block[slot])
            ExFreePoolWithTag(block[slot], TAG('T', 'e', 's', 't'));
        block[slot] = ExAllocatePoolWithTag(NonPagedPoolNx, seed % 300, TAG('T', 'e', 's', 't'));
        CHECK(block[slot]);
    }
    for (unsigned i = 0; i < 16; i++) {
        if (block[i])
            ExFreePool(block[i]);
    }
}

static void
parallel(struct rt *rt)
{
    PVOID threads[3];

    (void)rt;
    for (ULONG_PTR i = 0; i < 3; i++)
        threads[i] = test_thread(churn, (PVOID)(i + 1));
    for (unsigned i = 0; i < 3; i++)
        test_join(threads[i]);
}

static void
lookaside(struct rt *rt)
{
    NPAGED_LOOKASIDE_LIST list;
    PVOID one, two;

    (void)rt;
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 40, TAG('T', 'e', 's', 't'), 0);
    one = ExAllocateFromNPagedLookasideList(&list);
    two = ExAllocateFromNPagedLookasideList(&list);
    CHECK(one && two && one != two);
    ExFreeToNPagedLookasideList(&list, one);
    CHECK(ExAllocateFromNPagedLookasideList(&list) == one);
    ExFreeToNPagedLookasideList(&list, one);
    ExFreeToNPagedLookasideList(&list, two);
    ExDeleteNPagedLookasideList(&list);
}

int
main(void)
{
    test_both(blocks);
    test_both(parallel);
    test_both(lookaside);
    test_findings_expected = 1;
    test_both(owners);
    test_findings_expected = 5;
    test_both(misuse);
    return 0;
}
