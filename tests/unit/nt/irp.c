/* Drivers, device stacks and IRPs: dispatch through the table, completion up the stack, pending,
 * cancelling, device control buffers, names, interfaces, remove locks. */
#include "nt_test.h"

#define IOCTL_ADD CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_FILL CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)

struct layer {
    PDEVICE_OBJECT below;
    LONG seen, completed;
};

static PDRIVER_OBJECT driver;
static PDEVICE_OBJECT bottom, top;
static LONG opened, cleaned, closed;
static PIRP held;
static KEVENT event;

static NTSTATUS
complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS
control(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG length = stack->Parameters.DeviceIoControl.OutputBufferLength;

    if (stack->Parameters.DeviceIoControl.IoControlCode == IOCTL_ADD) {
        PULONG values = irp->AssociatedIrp.SystemBuffer;
        values[0] = values[0] + values[1];
        return complete(irp, STATUS_SUCCESS, sizeof(ULONG));
    }
    if (stack->Parameters.DeviceIoControl.IoControlCode == IOCTL_FILL) {
        memset(MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority), 0x5A, length);
        return complete(irp, STATUS_SUCCESS, length);
    }
    return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

static VOID
cancel(PDEVICE_OBJECT device, PIRP irp)
{
    CHECK(device == bottom && KeGetCurrentIrql() == DISPATCH_LEVEL);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS
dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    struct layer *layer = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    CHECK(rt_self()->frame->callback == CALLBACK_DISPATCH && nt_owner() == &driver);
    layer->seen++;
    if (layer->below) { /* a filter that passes on */
        IoSkipCurrentIrpStackLocation(irp);
        return IoCallDriver(layer->below, irp);
    }
    switch (stack->MajorFunction) {
    case IRP_MJ_CREATE:
        opened++;
        return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MJ_CLEANUP:
        cleaned++;
        return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MJ_CLOSE:
        closed++;
        return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MJ_DEVICE_CONTROL:
        return control(irp);
    case IRP_MJ_PNP:
        return complete(irp, STATUS_SUCCESS, stack->MinorFunction);
    case IRP_MJ_WRITE: /* left pending */
        IoMarkIrpPending(irp);
        IoSetCancelRoutine(irp, cancel);
        held = irp;
        KeSetEvent(&event, 0, FALSE);
        return STATUS_PENDING;
    default:
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static void
stack_up(struct rt *rt)
{
    UNICODE_STRING name, link;

    opened = cleaned = closed = 0;
    held = NULL;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    driver = nt_driver_object_create(rt, "layers", NULL, &driver);
    CHECK(driver && driver->MajorFunction[IRP_MJ_READ]);
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        if (i != IRP_MJ_READ)
            driver->MajorFunction[i] = dispatch;
    }
    RtlInitUnicodeString(&name, L"\\Device\\Bottom");
    RtlInitUnicodeString(&link, L"\\DosDevices\\Bottom0");
    CHECK(IoCreateDevice(driver, sizeof(struct layer), &name, FILE_DEVICE_UNKNOWN, 0, FALSE,
                         &bottom) == STATUS_SUCCESS);
    CHECK(IoCreateDevice(driver, sizeof(struct layer), &name, FILE_DEVICE_UNKNOWN, 0, FALSE,
                         &top) == STATUS_OBJECT_NAME_COLLISION);
    CHECK(IoCreateDevice(driver, sizeof(struct layer), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &top) ==
          STATUS_SUCCESS);
    CHECK(bottom->Flags & DO_DEVICE_INITIALIZING && !((ULONG_PTR)bottom->DeviceExtension & 15));
    CHECK(IoAttachDeviceToDeviceStack(top, bottom) == bottom && top->StackSize == 2);
    ((struct layer *)top->DeviceExtension)->below = bottom;
    CHECK(IoGetAttachedDevice(bottom) == top);
    CHECK(IoGetDeviceAttachmentBaseRef(top) == bottom);
    ObDereferenceObject(bottom);
    CHECK(IoCreateSymbolicLink(&link, &name) == STATUS_SUCCESS);
    CHECK(IoCreateSymbolicLink(&link, &name) == STATUS_OBJECT_NAME_COLLISION);
}

static void
stack_down(struct rt *rt)
{
    UNICODE_STRING link;

    RtlInitUnicodeString(&link, L"\\??\\bottom0"); /* the same name, in any case */
    CHECK(IoDeleteSymbolicLink(&link) == STATUS_SUCCESS);
    CHECK(IoDeleteSymbolicLink(&link) == STATUS_OBJECT_NAME_NOT_FOUND);
    IoDetachDevice(bottom);
    IoDeleteDevice(top);
    IoDeleteDevice(bottom);
    CHECK(!driver->DeviceObject);
    nt_driver_object_destroy(rt, driver);
}

static void
calls(struct rt *rt)
{
    uintptr_t information;
    ULONG values[2] = {40, 2}, answer = 0;
    UCHAR filled[300];
    IO_STATUS_BLOCK iosb;
    KEVENT done;
    PIRP irp;

    stack_up(rt);
    CHECK(nt_irp_call(top, IRP_MJ_PNP, IRP_MN_STOP_DEVICE, NULL, NULL, &information) ==
          STATUS_SUCCESS);
    CHECK(information == IRP_MN_STOP_DEVICE);
    CHECK(((struct layer *)top->DeviceExtension)->seen == 1);
    CHECK(nt_irp_call(top, IRP_MJ_READ, 0, NULL, NULL, NULL) == STATUS_INVALID_DEVICE_REQUEST);
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_ADD, top, values, sizeof(values), &answer,
                                        sizeof(answer), FALSE, &done, &iosb);
    CHECK(irp && IoCallDriver(top, irp) == STATUS_SUCCESS);
    test_wait(&done);
    CHECK(answer == 42 && iosb.Information == 4);
    KeClearEvent(&done);
    irp = IoBuildDeviceIoControlRequest(IOCTL_FILL, top, NULL, 0, filled, sizeof(filled), FALSE,
                                        &done, &iosb);
    CHECK(irp && IoCallDriver(top, irp) == STATUS_SUCCESS);
    CHECK(filled[0] == 0x5A && filled[299] == 0x5A);
    stack_down(rt);
}

static LONG completions;

static NTSTATUS
done_routine(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    CHECK(context == &completions);
    completions = completions * 10 + (irp->IoStatus.Status == STATUS_CANCELLED ? 1 : 2);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void
finish_later(PVOID context)
{
    (void)context;
    test_wait(&event);
    IoSetCancelRoutine(held, NULL);
    complete(held, STATUS_SUCCESS, 7);
}

static PIRP
write_irp(void)
{
    PIRP irp = IoAllocateIrp(top->StackSize, FALSE);

    CHECK(irp);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_WRITE;
    return irp;
}

static void
pending(struct rt *rt)
{
    PVOID thread;
    PIRP irp;

    stack_up(rt);
    /* nt_irp_send waits for an IRP that is completed later, elsewhere. */
    thread = test_thread(finish_later, NULL);
    irp = write_irp();
    CHECK(nt_irp_send(top, irp) == STATUS_SUCCESS && irp->IoStatus.Information == 7);
    test_join(thread);
    IoFreeIrp(irp);
    /* DDI IoCancelIrp: TRUE when there was a cancel routine, and it was called. */
    completions = 0;
    irp = write_irp();
    IoSetCompletionRoutine(irp, done_routine, &completions, FALSE, FALSE, TRUE);
    CHECK(IoCallDriver(top, irp) == STATUS_PENDING);
    CHECK(IoCancelIrp(irp));
    CHECK(completions == 1 && !IoCancelIrp(irp));
    IoFreeIrp(irp);
    /* On error only: not called for success. */
    irp = write_irp();
    KeClearEvent(&event);
    IoSetCompletionRoutine(irp, done_routine, &completions, FALSE, TRUE, FALSE);
    CHECK(IoCallDriver(top, irp) == STATUS_PENDING);
    IoSetCancelRoutine(irp, NULL);
    complete(irp, STATUS_SUCCESS, 0);
    CHECK(completions == 1);
    IoFreeIrp(irp);
    stack_down(rt);
}

/* A handle and a pointer to a device open it by IRPs, and close it when the last of them goes. */
static void
opening(struct rt *rt)
{
    OBJECT_ATTRIBUTES attributes;
    ULONG values[2] = {1, 2}, answer;
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    UNICODE_STRING name;
    IO_STATUS_BLOCK iosb;
    HANDLE handle;

    stack_up(rt);
    RtlInitUnicodeString(&name, L"\\??\\Bottom0");
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK(ZwOpenFile(&handle, GENERIC_READ | SYNCHRONIZE, &attributes, &iosb, 0,
                     FILE_SYNCHRONOUS_IO_NONALERT) == STATUS_SUCCESS);
    CHECK(opened == 1 && iosb.Information == FILE_OPENED);
    CHECK(ZwDeviceIoControlFile(handle, NULL, NULL, NULL, &iosb, IOCTL_ADD, values, sizeof(values),
                                &answer, sizeof(answer)) == STATUS_SUCCESS);
    CHECK(answer == 3 && iosb.Information == 4);
    CHECK(ZwClose(handle) == STATUS_SUCCESS && cleaned == 1 && closed == 1);
    CHECK(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &device) == STATUS_SUCCESS);
    CHECK(device == top && opened == 2);
    ObDereferenceObject(file);
    CHECK(closed == 2);
    RtlInitUnicodeString(&name, L"\\Device\\Nothing");
    CHECK(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &device) ==
          STATUS_OBJECT_NAME_NOT_FOUND);
    stack_down(rt);
}

static void
interfaces(struct rt *rt)
{
    static const GUID guid = {
        0x2accfe60, 0xc130, 0x11d2, {0xb0, 0x82, 0, 0xa0, 0xc9, 0x1e, 0xfb, 0x8b}};
    UNICODE_STRING link, again;
    PDEVICE_OBJECT found;
    const char *text;

    stack_up(rt);
    CHECK(nt_device_instance_set(bottom, "ROOT\\SCSIADAPTER\\0000"));
    CHECK(IoRegisterDeviceInterface(bottom, &guid, NULL, &link) == STATUS_SUCCESS);
    CHECK(IoRegisterDeviceInterface(bottom, &guid, NULL, &again) == STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&link, &again, FALSE));
    RtlFreeUnicodeString(&again);
    CHECK(!nt_interface_next(rt, &guid, NULL));
    CHECK(IoSetDeviceInterfaceState(&link, TRUE) == STATUS_SUCCESS);
    CHECK(IoSetDeviceInterfaceState(&link, TRUE) == STATUS_OBJECT_NAME_EXISTS);
    text = nt_interface_next(rt, &guid, NULL);
    CHECK(text &&
          !strcmp(text, "\\??\\ROOT#SCSIADAPTER#0000#{2accfe60-c130-11d2-b082-00a0c91efb8b}"));
    CHECK(!nt_interface_next(rt, &guid, text));
    found = nt_device_find(rt, text);
    CHECK(found == bottom);
    ObDereferenceObject(found);
    CHECK(IoSetDeviceInterfaceState(&link, FALSE) == STATUS_SUCCESS);
    CHECK(!nt_device_find(rt, text));
    RtlFreeUnicodeString(&link);
    stack_down(rt);
}

static IO_REMOVE_LOCK remove_lock;

static void
leave_later(PVOID context)
{
    LARGE_INTEGER pause = test_ms(2);

    (void)context;
    KeDelayExecutionThread(KernelMode, FALSE, &pause);
    completions = 5;
    IoReleaseRemoveLock(&remove_lock, NULL);
}

static void
remove_locks(struct rt *rt)
{
    PVOID thread;

    (void)rt;
    completions = 0;
    IoInitializeRemoveLock(&remove_lock, 0, 0, 0);
    CHECK(IoAcquireRemoveLock(&remove_lock, NULL) == STATUS_SUCCESS);
    CHECK(IoAcquireRemoveLock(&remove_lock, NULL) == STATUS_SUCCESS);
    thread = test_thread(leave_later, NULL);
    IoReleaseRemoveLockAndWait(&remove_lock, NULL);
    CHECK(completions == 5);
    CHECK(IoAcquireRemoveLock(&remove_lock, NULL) == STATUS_DELETE_PENDING);
    test_join(thread);
}

static void
extensions(struct rt *rt)
{
    PDRIVER_OBJECT object = nt_driver_object_create(rt, "extended", NULL, NULL);
    UNICODE_STRING path;
    PVOID one, two;

    RtlInitUnicodeString(&path,
                         L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\extended");
    CHECK(RtlEqualUnicodeString(nt_driver_registry_path(object), &path, FALSE));
    CHECK(IoAllocateDriverObjectExtension(object, &one, 64, &one) == STATUS_SUCCESS);
    CHECK(IoAllocateDriverObjectExtension(object, &one, 64, &two) == STATUS_OBJECT_NAME_COLLISION);
    CHECK(IoGetDriverObjectExtension(object, &one) == one &&
          !IoGetDriverObjectExtension(object, &two));
    nt_driver_object_destroy(rt, object);
}

/* An IRP completed with a lock held, and one that is never freed. */
static void
misuse(struct rt *rt)
{
    struct rt_frame frame;
    KSPIN_LOCK lock = 0;
    KIRQL old;
    PIRP irp;

    stack_up(rt);
    completions = 0;
    irp = write_irp();
    IoSetCompletionRoutine(irp, done_routine, &completions, TRUE, TRUE, TRUE);
    CHECK(IoCallDriver(top, irp) == STATUS_PENDING);
    IoSetCancelRoutine(irp, NULL);
    rt_frame_push(&frame, NULL, CALLBACK_WORKITEM, NULL);
    KeAcquireSpinLock(&lock, &old);
    complete(irp, STATUS_SUCCESS, 0);
    KeReleaseSpinLock(&lock, old);
    rt_frame_pop(&frame);
    CHECK(findings_of(rt, RULE_SpinLockSafe) == 1);
    CHECK(nt_pool_report_leaks(rt, NULL) == 1 && findings_of(rt, RULE_IoFreeIrp) == 1);
    IoFreeIrp(irp);
    stack_down(rt);
}

int
main(void)
{
    test_both(calls);
    test_both(pending);
    test_both(opening);
    test_both(interfaces);
    test_both(remove_locks);
    test_both(extensions);
    test_findings_expected = 2;
    test_both(misuse);
    return 0;
}
