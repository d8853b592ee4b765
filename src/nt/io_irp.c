/*
 * I/O request packets: made, sent down through DriverObject->MajorFunction[], completed up through
 * the completion routines. Every IRP that a driver allocates is in the pool's ledger.
 * DDI: IoAllocateIrp, IofCallDriver, IoCompleteRequest, IoSetCompletionRoutine.
 */
#include "nt_priv.h"

#define IRP_TAG ('I' | 'r' << 8 | 'p' << 16 | ' ' << 24)

/* AllocationFlags, ours to choose. */
#define IRP_FROM_POOL 0x04 /* IoFreeIrp gives it back */
#define IRP_THREADED 0x08  /* the last completion wakes, copies and frees */

/* ---- making ---------------------------------------------------------------------------------- */

static void
irp_init(PIRP irp, USHORT bytes, CCHAR stack)
{
    memset(irp, 0, bytes);
    irp->Type = IO_TYPE_IRP;
    irp->Size = bytes;
    irp->StackCount = stack;
    irp->CurrentLocation = (CHAR)(stack + 1);
    InitializeListHead(&irp->ThreadListEntry);
    irp->Tail.Overlay.CurrentStackLocation =
        (PIO_STACK_LOCATION)(irp + 1) + (size_t)(unsigned char)stack;
}

static PIRP
irp_create(CCHAR stack, unsigned flags)
{
    size_t bytes = IoSizeOfIrp((size_t)(unsigned char)stack);
    PIRP irp = nt_pool_obtain(bytes, IRP_TAG, NT_BLOCK_IRP, true);

    if (!irp)
        return NULL;
    irp_init(irp, (USHORT)bytes, stack);
    irp->AllocationFlags = (UCHAR)(IRP_FROM_POOL | flags);
    return irp;
}

PIRP
IoAllocateIrp(CCHAR stack, BOOLEAN charge)
{
    CONTRACT_ENTER(IoAllocateIrp);
    (void)charge;
    return irp_create(stack, 0);
}

VOID
IoInitializeIrp(PIRP irp, USHORT bytes, CCHAR stack)
{
    CONTRACT_ENTER(IoInitializeIrp);
    irp_init(irp, bytes, stack);
}

VOID
IoReuseIrp(PIRP irp, NTSTATUS status)
{
    UCHAR flags = irp->AllocationFlags;

    CONTRACT_ENTER(IoReuseIrp);
    irp_init(irp, irp->Size, irp->StackCount);
    irp->AllocationFlags = flags;
    irp->IoStatus.Status = status;
}

VOID
IoFreeIrp(PIRP irp)
{
    CONTRACT_ENTER(IoFreeIrp);
    if (irp->Type != IO_TYPE_IRP)
        nt_bugcheck(0x44, (ULONG_PTR)irp, 0, 0, 0, "MULTIPLE_IRP_COMPLETE_REQUESTS: no IRP");
    if (irp->AllocationFlags & IRP_FROM_POOL)
        nt_pool_release(irp, NT_BLOCK_IRP);
}

/* ---- down ------------------------------------------------------------------------------------ */

NTSTATUS
IofCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack;
    struct rt_frame frame;
    uint8_t irql = rt_irql();
    NTSTATUS status;

    CONTRACT_ENTER(IofCallDriver);
    if (irp->CurrentLocation <= 1)
        nt_bugcheck(0x35, (ULONG_PTR)irp, 0, 0, 0, "NO_MORE_IRP_STACK_LOCATIONS");
    nt_object_of(device);
    irp->CurrentLocation--;
    stack = --irp->Tail.Overlay.CurrentStackLocation;
    stack->DeviceObject = device;
    rt_frame_push(&frame, nt_device_owner(device), CALLBACK_DISPATCH, irp);
    status = device->DriverObject->MajorFunction[stack->MajorFunction](device, irp);
    nt_held_check(&frame);
    rt_frame_pop(&frame);
    if (rt_irql() != irql)
        finding_report(rt_self()->rt, RULE_SpChangeIrql, 0,
                       "a dispatch routine was called at IRQL %u and returned at %u", irql,
                       rt_irql());
    return status;
}

/* ---- up -------------------------------------------------------------------------------------- */

/* A buffered device control's answer goes to the caller's buffer; the IRP ends. */
static void
irp_finish_threaded(PIRP irp)
{
    if (irp->Flags & IRP_BUFFERED_IO) {
        if (irp->Flags & IRP_INPUT_OPERATION && irp->UserBuffer &&
            !NT_ERROR(irp->IoStatus.Status) && irp->IoStatus.Information)
            memcpy(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer, irp->IoStatus.Information);
        if (irp->Flags & IRP_DEALLOCATE_BUFFER)
            nt_pool_free(irp->AssociatedIrp.SystemBuffer, 0);
    }
    while (irp->MdlAddress) {
        PMDL mdl = irp->MdlAddress;
        irp->MdlAddress = mdl->Next;
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    if (irp->UserIosb)
        *irp->UserIosb = irp->IoStatus;
    if (irp->UserEvent)
        KeSetEvent(irp->UserEvent, IO_NO_INCREMENT, FALSE);
    nt_pool_release(irp, NT_BLOCK_IRP);
}

static bool
irp_routine_wanted(PIRP irp, UCHAR control)
{
    NTSTATUS status = irp->IoStatus.Status;

    if (irp->Cancel && control & SL_INVOKE_ON_CANCEL)
        return true;
    return control & (NT_SUCCESS(status) ? SL_INVOKE_ON_SUCCESS : SL_INVOKE_ON_ERROR);
}

static void
irp_complete_check(PIRP irp)
{
    struct rt_thread *self = rt_self();

    if (irp->Type != IO_TYPE_IRP || irp->CurrentLocation > irp->StackCount + 1)
        nt_bugcheck(0x44, (ULONG_PTR)irp, 0, 0, 0, "MULTIPLE_IRP_COMPLETE_REQUESTS");
    if (self->frame && self->frame->held_count)
        finding_report_two(self->rt, RULE_SpinLockSafe, 0, &self->frame->held[0].where, 1,
                           "an IRP is completed with a spin lock held");
    if (irp->CancelRoutine)
        finding_report(self->rt, RULE_BadArgument, 0,
                       "an IRP is completed with a cancel routine set");
    if (irp->IoStatus.Status == STATUS_PENDING)
        finding_report(self->rt, RULE_BadArgument, 0, "an IRP is completed with STATUS_PENDING");
}

VOID
IofCompleteRequest(PIRP irp, CCHAR boost)
{
    CONTRACT_ENTER(IofCompleteRequest);
    (void)boost;
    irp_complete_check(irp);
    /* Each round leaves the location `done` and runs the routine that the one above put there. */
    while (irp->CurrentLocation <= irp->StackCount) {
        PIO_STACK_LOCATION done = irp->Tail.Overlay.CurrentStackLocation;
        UCHAR control = done->Control;
        PIO_COMPLETION_ROUTINE routine = done->CompletionRoutine;
        PVOID context = done->Context;
        PDEVICE_OBJECT device;

        irp->PendingReturned = control & SL_PENDING_RETURNED;
        irp->CurrentLocation++;
        irp->Tail.Overlay.CurrentStackLocation++;
        if (routine && irp_routine_wanted(irp, control)) {
            struct rt_frame frame;
            NTSTATUS status;

            device = irp->CurrentLocation <= irp->StackCount
                         ? irp->Tail.Overlay.CurrentStackLocation->DeviceObject
                         : NULL;
            rt_frame_push(&frame, device ? nt_device_owner(device) : nt_owner(), CALLBACK_DISPATCH,
                          irp);
            status = routine(device, irp, context);
            nt_held_check(&frame);
            rt_frame_pop(&frame);
            if (status == STATUS_MORE_PROCESSING_REQUIRED)
                return; /* the IRP is the driver's again, and may be gone */
        } else if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount) {
            IoMarkIrpPending(irp);
        }
    }
    if (irp->AllocationFlags & IRP_THREADED)
        irp_finish_threaded(irp);
}

/* ---- cancelling ------------------------------------------------------------------------------ */

VOID
IoAcquireCancelSpinLock(PKIRQL irql)
{
    struct nt *nt = nt_self();

    CONTRACT_ENTER(IoAcquireCancelSpinLock);
    *irql = nt_raise(DISPATCH_LEVEL);
    if (rt_word_held(&nt->cancel))
        finding_report(nt->rt, RULE_CancelSpinLock, 0, "the cancel lock is taken by its holder");
    rt_word_acquire(&nt->cancel);
    nt_held_push(&nt->cancel, NT_HELD_CANCEL, __builtin_return_address(0));
}

VOID
IoReleaseCancelSpinLock(KIRQL irql)
{
    struct nt *nt = nt_self();

    CONTRACT_ENTER(IoReleaseCancelSpinLock);
    if (!rt_word_held(&nt->cancel)) {
        finding_report(nt->rt, RULE_CancelSpinLock, 0, "the cancel lock is released and not held");
        return;
    }
    nt_held_pop(&nt->cancel);
    rt_word_release(&nt->cancel);
    nt_lower(irql);
}

/* DDI IoCancelIrp: the cancel routine is called with the cancel lock held and releases it. */
BOOLEAN
IoCancelIrp(PIRP irp)
{
    PDRIVER_CANCEL routine;
    KIRQL irql;

    CONTRACT_ENTER(IoCancelIrp);
    IoAcquireCancelSpinLock(&irql);
    irp->Cancel = TRUE;
    routine = IoSetCancelRoutine(irp, NULL);
    if (!routine) {
        IoReleaseCancelSpinLock(irql);
        return FALSE;
    }
    irp->CancelIrql = irql;
    routine(IoGetCurrentIrpStackLocation(irp)->DeviceObject, irp);
    return TRUE;
}

ULONG
IoGetRequestorProcessId(PIRP irp)
{
    CONTRACT_ENTER(IoGetRequestorProcessId);
    (void)irp;
    return HandleToUlong(PsGetCurrentProcessId());
}

/* ---- building -------------------------------------------------------------------------------- */

static PIRP
irp_build_fsd(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG length, PLARGE_INTEGER offset,
              unsigned flags)
{
    PIRP irp = irp_create(device->StackSize, flags);
    PIO_STACK_LOCATION stack;

    if (!irp)
        return NULL;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = (UCHAR)major;
    if (major != IRP_MJ_READ && major != IRP_MJ_WRITE)
        return irp;
    if (device->Flags & DO_DIRECT_IO && length) {
        if (!IoAllocateMdl(buffer, length, FALSE, FALSE, irp)) {
            nt_pool_release(irp, NT_BLOCK_IRP);
            return NULL;
        }
        MmProbeAndLockPages(irp->MdlAddress, KernelMode,
                            major == IRP_MJ_READ ? IoWriteAccess : IoReadAccess);
    } else if (device->Flags & DO_BUFFERED_IO) {
        irp->AssociatedIrp.SystemBuffer = buffer; /* kernel memory is good for both */
    }
    irp->UserBuffer = buffer;
    irp->Flags |= major == IRP_MJ_READ ? IRP_READ_OPERATION : IRP_WRITE_OPERATION;
    stack->Parameters.Read.Length = length;
    if (offset)
        stack->Parameters.Read.ByteOffset = *offset;
    return irp;
}

PIRP
IoBuildSynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG length,
                             PLARGE_INTEGER offset, PKEVENT event, PIO_STATUS_BLOCK iosb)
{
    PIRP irp;

    CONTRACT_ENTER(IoBuildSynchronousFsdRequest);
    irp = irp_build_fsd(major, device, buffer, length, offset, IRP_THREADED);
    if (irp) {
        irp->UserEvent = event;
        irp->UserIosb = iosb;
    }
    return irp;
}

PIRP
IoBuildAsynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG length,
                              PLARGE_INTEGER offset, PIO_STATUS_BLOCK iosb)
{
    PIRP irp;

    CONTRACT_ENTER(IoBuildAsynchronousFsdRequest);
    irp = irp_build_fsd(major, device, buffer, length, offset, 0);
    if (irp)
        irp->UserIosb = iosb;
    return irp;
}

/* DDI METHOD_BUFFERED: one system buffer for both ways, as long as the longer. */
static bool
ioctl_buffered(PIRP irp, PVOID in, ULONG in_bytes, PVOID out, ULONG out_bytes)
{
    ULONG bytes = in_bytes > out_bytes ? in_bytes : out_bytes;

    if (!bytes)
        return true;
    irp->AssociatedIrp.SystemBuffer = nt_pool_allocate(bytes, IRP_TAG, true, false);
    if (!irp->AssociatedIrp.SystemBuffer)
        return false;
    if (in)
        memcpy(irp->AssociatedIrp.SystemBuffer, in, in_bytes);
    irp->UserBuffer = out;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER | (out ? IRP_INPUT_OPERATION : 0);
    return true;
}

static bool
ioctl_direct(PIRP irp, ULONG method, PVOID in, ULONG in_bytes, PVOID out, ULONG out_bytes)
{
    if (in_bytes && !ioctl_buffered(irp, in, in_bytes, NULL, 0))
        return false;
    if (!out_bytes)
        return true;
    if (!IoAllocateMdl(out, out_bytes, FALSE, FALSE, irp))
        return false;
    MmProbeAndLockPages(irp->MdlAddress, KernelMode,
                        method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
    return true;
}

PIRP
IoBuildDeviceIoControlRequest(ULONG code, PDEVICE_OBJECT device, PVOID in, ULONG in_bytes,
                              PVOID out, ULONG out_bytes, BOOLEAN internal, PKEVENT event,
                              PIO_STATUS_BLOCK iosb)
{
    PIO_STACK_LOCATION stack;
    bool good = true;
    PIRP irp;

    CONTRACT_ENTER(IoBuildDeviceIoControlRequest);
    irp = irp_create(device->StackSize, IRP_THREADED);
    if (!irp)
        return NULL;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = internal ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    stack->Parameters.DeviceIoControl.IoControlCode = code;
    stack->Parameters.DeviceIoControl.InputBufferLength = in_bytes;
    stack->Parameters.DeviceIoControl.OutputBufferLength = out_bytes;
    switch (METHOD_FROM_CTL_CODE(code)) {
    case METHOD_BUFFERED:
        good = ioctl_buffered(irp, in, in_bytes, out, out_bytes);
        break;
    case METHOD_IN_DIRECT:
    case METHOD_OUT_DIRECT:
        good = ioctl_direct(irp, METHOD_FROM_CTL_CODE(code), in, in_bytes, out, out_bytes);
        break;
    default:
        stack->Parameters.DeviceIoControl.Type3InputBuffer = in;
        irp->UserBuffer = out;
    }
    if (!good) {
        if (irp->AssociatedIrp.SystemBuffer)
            nt_pool_free(irp->AssociatedIrp.SystemBuffer, 0);
        nt_pool_release(irp, NT_BLOCK_IRP);
        return NULL;
    }
    irp->UserEvent = event;
    irp->UserIosb = iosb;
    return irp;
}

/* ---- for floors above ------------------------------------------------------------------------ */

static NTSTATUS
irp_sent(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)irp;
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS
nt_irp_send(PDEVICE_OBJECT device, PIRP irp)
{
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, irp_sent, &event, TRUE, TRUE, TRUE);
    IofCallDriver(device, irp);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return irp->IoStatus.Status;
}

NTSTATUS
nt_irp_call(PDEVICE_OBJECT device, unsigned char major, unsigned char minor,
            void (*fill)(void *ctx, PIRP irp), void *ctx, uintptr_t *information)
{
    PIRP irp = irp_create(device->StackSize, 0);
    NTSTATUS status;

    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoGetNextIrpStackLocation(irp)->MajorFunction = major;
    IoGetNextIrpStackLocation(irp)->MinorFunction = minor;
    /* A PnP or power IRP nobody handles keeps this status. */
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    if (fill)
        fill(ctx, irp);
    status = nt_irp_send(device, irp);
    if (information)
        *information = irp->IoStatus.Information;
    nt_pool_release(irp, NT_BLOCK_IRP);
    return status;
}
