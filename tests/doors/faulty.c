/*
 * A small virtual miniport with one disk of 8 MiB whose reads of certain blocks go wrong: for the
 * tests of what a door does when its driver faults, and built once more against installed headers.
 */
#include <storport.h>
#include <scsi.h>

#define BLOCKS (16u * 1024)
#define BLOCK_BYTES 512u

#define LBA_ACCESS_VIOLATION 1000u
#define LBA_BUGCHECK 1001u
#define LBA_TWO_LOCKS 1002u
#define LBA_STACK_OVERFLOW 1003u
#define LBA_PAST_THE_END 1004u
#define LBA_RACE 1005u
#define LBA_SPIN 1006u
#define LBA_SPIN_DPC 1007u
#define LBA_STALL 1008u
#define LBA_WORK 1009u /* and on: in a work item */
#define LBA_WORK_BUSY 1009u
#define LBA_WORK_SPIN 1010u
#define LBA_WORK_OVERFLOW 1011u

#define STALL_US 1800000u

DRIVER_INITIALIZE DriverEntry;
static VIRTUAL_HW_FIND_ADAPTER faulty_find_adapter;
static HW_INITIALIZE faulty_initialize;
static HW_STARTIO faulty_start_io;
static HW_RESET_BUS faulty_reset_bus;
static HW_ADAPTER_CONTROL faulty_adapter_control;
static HW_FREE_ADAPTER_RESOURCES faulty_free_resources;

struct faulty {
    ULONG *never;
    STOR_DPC dpc;
    PVOID worker;
    UCHAR data[BLOCKS * BLOCK_BYTES];
};

static volatile UCHAR faulty_table[BLOCK_BYTES];
static volatile ULONG faulty_reads;

static ULONG
faulty_find_adapter(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation, PVOID LowerDevice,
                    PCHAR ArgumentString, PPORT_CONFIGURATION_INFORMATION ConfigInfo,
                    PBOOLEAN Again)
{
    *Again = FALSE;
    ConfigInfo->MaximumTransferLength = 65536;
    ConfigInfo->NumberOfPhysicalBreaks = 17;
    ConfigInfo->NumberOfBuses = 1;
    ConfigInfo->MaximumNumberOfTargets = 1;
    ConfigInfo->MaximumNumberOfLogicalUnits = 1;
    ConfigInfo->ScatterGather = TRUE;
    ConfigInfo->Master = TRUE;
    ConfigInfo->VirtualDevice = TRUE;
    ConfigInfo->SynchronizationModel = StorSynchronizeFullDuplex;
    ConfigInfo->MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    return SP_RETURN_FOUND;
}

static volatile ULONG faulty_zero;

static VOID
faulty_spin(VOID)
{
    while (!faulty_zero)
        ;
}

static VOID
faulty_dpc(PSTOR_DPC Dpc, PVOID HwDeviceExtension, PVOID SystemArgument1, PVOID SystemArgument2)
{
    faulty_spin();
}

static BOOLEAN
faulty_passive_initialize(PVOID DeviceExtension)
{
    struct faulty *faulty = DeviceExtension;

    StorPortInitializeDpc(faulty, &faulty->dpc, faulty_dpc);
    return StorPortInitializeWorker(faulty, &faulty->worker) == STOR_STATUS_SUCCESS;
}

static BOOLEAN
faulty_initialize(PVOID DeviceExtension)
{
    return StorPortEnablePassiveInitialization(DeviceExtension, faulty_passive_initialize);
}

static __attribute__((noinline)) ULONG
faulty_overflow(volatile UCHAR *outer)
{
    volatile UCHAR inner[4096];

    inner[0] = outer[0];
    return faulty_overflow(inner) + inner[0];
}

/* The C library's, of which no routine takes notice: processor time in microseconds. */
long clock(void);

static VOID
faulty_work(PVOID HwDeviceExtension, PVOID Context, PVOID Worker)
{
    PSCSI_REQUEST_BLOCK srb = Context;
    volatile UCHAR seed = 0;
    long end;

    switch (srb->Cdb[4] << 8 | srb->Cdb[5]) {
    case LBA_WORK_BUSY:
        for (end = clock() + STALL_US; clock() < end;)
            ;
        break;
    case LBA_WORK_SPIN:
        faulty_spin();
        break;
    default:
        seed = (UCHAR)faulty_overflow(&seed);
    }
    srb->SrbStatus = SRB_STATUS_SUCCESS;
    StorPortNotification(RequestComplete, HwDeviceExtension, srb);
}

/* Each of these is a driver's bug, as a person would write it; but LBA_STALL, which is
 * legal if not polite. */
static VOID
faulty_go_wrong(struct faulty *faulty, ULONG lba)
{
    STOR_LOCK_HANDLE first, second;
    volatile ULONG past = BLOCK_BYTES;
    volatile UCHAR seed = 0;

    switch (lba) {
    case LBA_ACCESS_VIOLATION:
        *faulty->never = 1;
        break;
    case LBA_BUGCHECK:
        KeBugCheckEx(0xD1, 1, 2, 3, 4);
    case LBA_TWO_LOCKS:
        StorPortAcquireSpinLock(faulty, StartIoLock, NULL, &first);
        StorPortAcquireSpinLock(faulty, StartIoLock, NULL, &second);
        break;
    case LBA_STACK_OVERFLOW:
        faulty->data[0] = (UCHAR)faulty_overflow(&seed);
        break;
    case LBA_PAST_THE_END:
        faulty_table[past] = 1;
        break;
    case LBA_RACE:
        faulty_reads++;
        break;
    case LBA_SPIN:
        faulty_spin();
        break;
    case LBA_SPIN_DPC:
        StorPortIssueDpc(faulty, &faulty->dpc, NULL, NULL);
        break;
    case LBA_STALL:
        StorPortStallExecution(STALL_US);
        break;
    default:
        break;
    }
}

static UCHAR
faulty_answer(PSCSI_REQUEST_BLOCK srb, const VOID *data, ULONG length)
{
    if (length > srb->DataTransferLength)
        length = srb->DataTransferLength;
    RtlCopyMemory(srb->DataBuffer, data, length);
    srb->DataTransferLength = length;
    return SRB_STATUS_SUCCESS;
}

static UCHAR
faulty_transfer(struct faulty *faulty, PSCSI_REQUEST_BLOCK srb, BOOLEAN write)
{
    const UCHAR *cdb = srb->Cdb;
    ULONG lba = (ULONG)cdb[2] << 24 | (ULONG)cdb[3] << 16 | (ULONG)cdb[4] << 8 | cdb[5];
    ULONG bytes = ((ULONG)cdb[7] << 8 | cdb[8]) * BLOCK_BYTES;

    if (lba >= BLOCKS || bytes > (BLOCKS - lba) * BLOCK_BYTES || bytes > srb->DataTransferLength)
        return SRB_STATUS_INVALID_REQUEST;
    if (!write && lba >= LBA_WORK && lba <= LBA_WORK_OVERFLOW &&
        StorPortQueueWorkItem(faulty, faulty_work, faulty->worker, srb) == STOR_STATUS_SUCCESS)
        return SRB_STATUS_PENDING;
    if (!write)
        faulty_go_wrong(faulty, lba);
    if (write)
        RtlCopyMemory(faulty->data + lba * BLOCK_BYTES, srb->DataBuffer, bytes);
    else
        RtlCopyMemory(srb->DataBuffer, faulty->data + lba * BLOCK_BYTES, bytes);
    srb->DataTransferLength = bytes;
    return SRB_STATUS_SUCCESS;
}

static UCHAR
faulty_execute(struct faulty *faulty, PSCSI_REQUEST_BLOCK srb)
{
    static const UCHAR inquiry[36] = {0,   0,   6,   2,   31,  0,   0,   2,   'T', 'E', 'S', 'T',
                                      ' ', ' ', ' ', ' ', 'F', 'a', 'u', 'l', 't', 'y', ' ', ' ',
                                      ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', '1', ' ', ' ', ' '};
    static const UCHAR capacity[8] = {0, 0, (BLOCKS - 1) >> 8, (BLOCKS - 1) & 0xFF, 0, 0, 2, 0};
    static const UCHAR luns[16] = {0, 0, 0, 8};

    if (srb->PathId || srb->TargetId || srb->Lun)
        return SRB_STATUS_NO_DEVICE;
    switch (srb->Cdb[0]) {
    case SCSIOP_TEST_UNIT_READY:
    case SCSIOP_SYNCHRONIZE_CACHE:
        return SRB_STATUS_SUCCESS;
    case SCSIOP_INQUIRY:
        return srb->Cdb[1] & 1 ? SRB_STATUS_INVALID_REQUEST
                               : faulty_answer(srb, inquiry, sizeof(inquiry));
    case SCSIOP_REPORT_LUNS:
        return faulty_answer(srb, luns, sizeof(luns));
    case SCSIOP_READ_CAPACITY:
        return faulty_answer(srb, capacity, sizeof(capacity));
    case SCSIOP_READ:
        return faulty_transfer(faulty, srb, FALSE);
    case SCSIOP_WRITE:
        return faulty_transfer(faulty, srb, TRUE);
    default:
        return SRB_STATUS_INVALID_REQUEST;
    }
}

static BOOLEAN
faulty_start_io(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    UCHAR status = SRB_STATUS_SUCCESS;

    if (Srb->Function == SRB_FUNCTION_EXECUTE_SCSI)
        status = faulty_execute(DeviceExtension, Srb);
    if (status == SRB_STATUS_PENDING)
        return TRUE; /* the worker completes it, or has */
    Srb->SrbStatus = status;
    StorPortNotification(RequestComplete, DeviceExtension, Srb);
    return TRUE;
}

static BOOLEAN
faulty_reset_bus(PVOID DeviceExtension, ULONG PathId)
{
    return TRUE;
}

static SCSI_ADAPTER_CONTROL_STATUS
faulty_adapter_control(PVOID DeviceExtension, SCSI_ADAPTER_CONTROL_TYPE ControlType,
                       PVOID Parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = Parameters;

    if (ControlType == ScsiQuerySupportedControlTypes) {
        list->SupportedTypeList[ScsiQuerySupportedControlTypes] = TRUE;
        list->SupportedTypeList[ScsiStopAdapter] = TRUE;
        list->SupportedTypeList[ScsiRestartAdapter] = TRUE;
    }
    return ScsiAdapterControlSuccess;
}

static VOID
faulty_free_resources(PVOID DeviceExtension)
{
    struct faulty *faulty = DeviceExtension;

    if (faulty->worker)
        StorPortFreeWorker(faulty, faulty->worker);
}

NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    HW_INITIALIZATION_DATA data;

    RtlZeroMemory(&data, sizeof(data));
    data.HwInitializationDataSize = sizeof(data);
    data.AdapterInterfaceType = Internal;
    data.HwFindAdapter = (PVOID)faulty_find_adapter;
    data.HwInitialize = faulty_initialize;
    data.HwStartIo = faulty_start_io;
    data.HwResetBus = faulty_reset_bus;
    data.HwAdapterControl = faulty_adapter_control;
    data.HwFreeAdapterResources = faulty_free_resources;
    data.DeviceExtensionSize = sizeof(struct faulty);
    data.MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    data.TaggedQueuing = TRUE;
    data.AutoRequestSense = TRUE;
    data.MultipleRequestPerLu = TRUE;
    data.FeatureSupport = STOR_FEATURE_VIRTUAL_MINIPORT;
    return StorPortInitialize(DriverObject, RegistryPath, &data, NULL);
}
