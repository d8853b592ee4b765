/* Each fallible call of a driver's life fails once, one at a time: the documented failure comes
 * back, nothing is lost, nothing breaks. Ends at the first number that no call reaches. */
#include "nt_test.h"

#include <unistd.h>

static LONG ran;

static void
body(PVOID context)
{
    InterlockedIncrement(context);
}

static void
item(PDEVICE_OBJECT device, PVOID context)
{
    (void)device;
    InterlockedIncrement(context);
}

static void
use_memory(PDEVICE_OBJECT device)
{
    PHYSICAL_ADDRESS any = {.QuadPart = -1};
    PVOID block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG('T', 'e', 's', 't'));
    PVOID memory = MmAllocateContiguousMemory(8192, any);
    PMDL mdl = block ? IoAllocateMdl(block, 100, FALSE, FALSE, NULL) : NULL;
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    UNICODE_STRING text;

    if (mdl) {
        MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
        if (MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority))
            CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == block);
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    if (block)
        ExFreePool(block);
    if (memory)
        MmFreeContiguousMemory(memory);
    if (irp)
        IoFreeIrp(irp);
    if (RtlCreateUnicodeString(&text, L"text"))
        RtlFreeUnicodeString(&text);
}

static void
use_threads(PDEVICE_OBJECT device)
{
    PIO_WORKITEM work = IoAllocateWorkItem(device);
    HANDLE handle;

    if (PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, body, &ran) ==
        STATUS_SUCCESS) {
        CHECK(ZwWaitForSingleObject(handle, FALSE, NULL) == STATUS_SUCCESS);
        CHECK(ZwClose(handle) == STATUS_SUCCESS);
    } else {
        CHECK(!handle);
    }
    if (work) {
        IoQueueWorkItem(work, item, DelayedWorkQueue, &ran);
        nt_work_drain(rt_self()->rt);
        IoFreeWorkItem(work);
    }
}

static void
use_file(void)
{
    LARGE_INTEGER zero = {.QuadPart = 0};
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK iosb;
    UNICODE_STRING name;
    NTSTATUS status;
    HANDLE file;
    char data[4];

    RtlInitUnicodeString(&name, L"\\??\\nt_faults_file");
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwCreateFile(&file, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &attributes, &iosb,
                          NULL, 0, 0, FILE_OPEN_IF, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
    if (!NT_SUCCESS(status)) {
        CHECK(status == STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    if (NT_SUCCESS(ZwWriteFile(file, NULL, NULL, NULL, &iosb, "data", 4, &zero, NULL)) &&
        NT_SUCCESS(ZwReadFile(file, NULL, NULL, NULL, &iosb, data, 4, &zero, NULL)))
        CHECK(!memcmp(data, "data", 4));
    CHECK(ZwClose(file) == STATUS_SUCCESS);
}

static void
life(struct rt *rt)
{
    PDRIVER_OBJECT driver = nt_driver_object_create(rt, "faults", NULL, NULL);
    UNICODE_STRING name, link;
    PDEVICE_OBJECT device;
    uintptr_t information;
    NTSTATUS status;

    if (!driver)
        return;
    RtlInitUnicodeString(&name, L"\\Device\\Faults");
    RtlInitUnicodeString(&link, L"\\??\\Faults");
    status = IoCreateDevice(driver, 32, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (NT_SUCCESS(status)) {
        if (NT_SUCCESS(IoCreateSymbolicLink(&link, &name)))
            CHECK(IoDeleteSymbolicLink(&link) == STATUS_SUCCESS);
        status = nt_irp_call(device, IRP_MJ_PNP, IRP_MN_START_DEVICE, NULL, NULL, &information);
        CHECK(status == STATUS_INVALID_DEVICE_REQUEST || status == STATUS_INSUFFICIENT_RESOURCES);
        use_memory(device);
        use_threads(device);
        use_file();
        IoDeleteDevice(device);
    } else {
        CHECK(status == STATUS_INSUFFICIENT_RESOURCES && !device);
    }
    nt_driver_object_destroy(rt, driver);
}

int
main(void)
{
    uint64_t calls, reached = 0;

    calls = test_run(RT_KIND_SIM, 1, 0, life);
    CHECK(calls > 15);
    for (uint64_t nth = 1; nth <= calls + 2; nth++) {
        test_run(RT_KIND_SIM, 1, nth, life);
        test_run(RT_KIND_THREADS, 1, nth, life);
        reached++;
    }
    CHECK(reached > 15);
    unlink("nt_faults_file");
    return 0;
}
