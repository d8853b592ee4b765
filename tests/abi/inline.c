/*
 * The inline routines of wdm.h and scsi.h: lists, interlocked operations with what they return,
 * bits, byte order; and that a driver built for exploration announces each atomic access.
 */
#define STORPORT_EXPLORE
#include "storport.h"
#include "scsi.h"
#include "ntstrsafe.h"
#include <stdio.h>
#include <string.h>

static int failed;
static unsigned hooks, last_kind;
static const volatile void *last_address;
#define EXPECT(e)                                                                                  \
    do {                                                                                           \
        if (!(e)) {                                                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #e);                                \
            failed = 1;                                                                            \
        }                                                                                          \
    } while (0)

void
__storport_explore(const volatile void *address, unsigned size_and_kind)
{
    hooks++;
    last_address = address;
    last_kind = size_and_kind;
}

static void
check_interlocked(void)
{
    volatile LONG word = 5;
    volatile LONG64 wide = 1LL << 40;
    PVOID pointer = &failed;

    EXPECT(InterlockedIncrement(&word) == 6 && last_address == &word);
    EXPECT(last_kind == (4 | STORPORT_EXPLORE_ATOMIC) && hooks == 1);
    EXPECT(InterlockedDecrement(&word) == 5);
    EXPECT(InterlockedExchangeAdd(&word, 3) == 5 && InterlockedAdd(&word, 2) == 10);
    EXPECT(InterlockedExchange(&word, 12) == 10);
    EXPECT(InterlockedCompareExchange(&word, 1, 11) == 12 && word == 12);
    EXPECT(InterlockedCompareExchange(&word, 1, 12) == 12 && word == 1);
    EXPECT(InterlockedOr(&word, 6) == 1 && InterlockedAnd(&word, 5) == 7);
    EXPECT(InterlockedXor(&word, 4) == 5 && word == 1);
    EXPECT(!InterlockedBitTestAndSet(&word, 4) && InterlockedBitTestAndSet(&word, 4));
    EXPECT(InterlockedBitTestAndReset(&word, 4) && word == 1);
    EXPECT(InterlockedIncrement64(&wide) == (1LL << 40) + 1);
    EXPECT(last_kind == (8 | STORPORT_EXPLORE_ATOMIC));
    EXPECT(InterlockedExchangePointer(&pointer, NULL) == &failed && pointer == NULL);
    EXPECT(InterlockedCompareExchangePointer(&pointer, &hooks, NULL) == NULL && pointer == &hooks);
    KeMemoryBarrier();
    EXPECT(last_kind == STORPORT_EXPLORE_BARRIER);
    YieldProcessor();
    EXPECT(last_kind == STORPORT_EXPLORE_PAUSE && hooks == 18);
}

static void
check_lists(void)
{
    LIST_ENTRY head, a, b, c;

    InitializeListHead(&head);
    EXPECT(IsListEmpty(&head));
    InsertTailList(&head, &a);
    InsertTailList(&head, &b);
    InsertHeadList(&head, &c);
    EXPECT(head.Flink == &c && c.Flink == &a && a.Flink == &b && head.Blink == &b);
    EXPECT(!RemoveEntryList(&a));
    EXPECT(RemoveTailList(&head) == &b && RemoveHeadList(&head) == &c && IsListEmpty(&head));
}

static void
check_bytes(void)
{
    UCHAR wire[9] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    USHORT s;
    ULONG l, index;
    ULONGLONG q;

    REVERSE_BYTES_SHORT(&s, wire + 1);
    REVERSE_BYTES(&l, wire + 1);
    REVERSE_BYTES_QUAD(&q, wire + 1);
    EXPECT(s == 0x0102 && l == 0x01020304 && q == 0x0102030405060708ULL);
    REVERSE_BYTES_8(wire + 1, &q);
    EXPECT(wire[1] == 1 && wire[8] == 8);
    EXPECT(_BitScanForward(&index, 0x50) && index == 4 && !_BitScanForward(&index, 0));
    EXPECT(_BitScanReverse(&index, 0x50) && index == 6);
    EXPECT(RtlUlongByteSwap(0x01020304) == 0x04030201);
    EXPECT(StorPortSecureCopyMemory(&l, sizeof l, wire, 5) == STOR_STATUS_BUFFER_TOO_SMALL);
    EXPECT(StorPortSecureCopyMemory(NULL, 4, wire, 4) == STOR_STATUS_INVALID_PARAMETER);
    EXPECT(StorPortSecureCopyMemory(&l, sizeof l, wire, 4) == STOR_STATUS_SUCCESS);
}

static void
check_irp(void)
{
    struct {
        IRP irp;
        IO_STACK_LOCATION stack[2];
    } x;
    PIRP irp = &x.irp;

    memset(&x, 0, sizeof x);
    irp->StackCount = 2;
    irp->CurrentLocation = 2;
    irp->Tail.Overlay.CurrentStackLocation = &x.stack[1];
    x.stack[1].MajorFunction = IRP_MJ_SCSI;
    x.stack[1].Control = SL_PENDING_RETURNED;
    IoCopyCurrentIrpStackLocationToNext(irp);
    EXPECT(x.stack[0].MajorFunction == 0x0f && x.stack[0].Control == 0);
    IoSetCompletionRoutine(irp, NULL, &x, TRUE, FALSE, TRUE);
    EXPECT(x.stack[0].Context == &x);
    EXPECT(x.stack[0].Control == (SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_CANCEL));
    IoSetNextIrpStackLocation(irp);
    EXPECT(IoGetCurrentIrpStackLocation(irp) == &x.stack[0] && irp->CurrentLocation == 1);
    IoMarkIrpPending(irp);
    EXPECT((x.stack[0].Control & SL_PENDING_RETURNED) != 0);
    IoSkipCurrentIrpStackLocation(irp);
    EXPECT(IoGetNextIrpStackLocation(irp) == &x.stack[0] && irp->CurrentLocation == 2);
}

static void
check_strings(void)
{
    static const WCHAR wide[] = {'a', 'b', 0};
    CHAR text[6];
    WCHAR copy[2];
    SIZE_T length = 0;

    EXPECT(RtlStringCbPrintfA(text, sizeof text, "%d-%s", 12, "x") == STATUS_SUCCESS);
    EXPECT(strcmp(text, "12-x") == 0);
    EXPECT(RtlStringCbCatA(text, sizeof text, "yz") == STATUS_BUFFER_OVERFLOW);
    EXPECT(strcmp(text, "12-xy") == 0);
    EXPECT(RtlStringCbCopyA(text, 3, "123") == STATUS_BUFFER_OVERFLOW && strcmp(text, "12") == 0);
    EXPECT(RtlStringCbCopyA(text, 0, "1") == STATUS_INVALID_PARAMETER);
    EXPECT(RtlStringCbLengthA(text, sizeof text, &length) == STATUS_SUCCESS && length == 2);
    EXPECT(RtlStringCbLengthA("123", 3, &length) == STATUS_INVALID_PARAMETER);
    EXPECT(RtlStringCbCopyW(copy, sizeof copy, wide) == STATUS_BUFFER_OVERFLOW);
    EXPECT(copy[0] == 'a' && copy[1] == 0 && wcslen(wide) == 2);
}

int
main(void)
{
    check_interlocked();
    check_lists();
    check_bytes();
    check_irp();
    check_strings();
    return failed;
}
