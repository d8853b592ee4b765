/* A miniport with a bug, for the demonstration: under load it loses a request. Can you see where? */
#include <ntddk.h>
#include <storport.h>
#include <srbhelper.h>

#define SLOTS 32

typedef struct _LOST {
    PVOID volatile Slot[SLOTS];
    ULONG volatile Next;
} LOST, *PLOST;

static VOID
Timer(PVOID Extension)
{
    PLOST Lost = Extension;

    for (ULONG i = 0; i < SLOTS; i++) {
        PSCSI_REQUEST_BLOCK Srb = InterlockedExchangePointer(&Lost->Slot[i], NULL);
        if (Srb != NULL) {
            SrbSetSrbStatus(Srb, SRB_STATUS_SUCCESS);
            StorPortNotification(RequestComplete, Lost, Srb);
        }
    }
}

static BOOLEAN
StartIo(PVOID Extension, PSCSI_REQUEST_BLOCK Srb)
{
    PLOST Lost = Extension;
    ULONG Slot;

    if (SrbGetSrbFunction(Srb) != SRB_FUNCTION_EXECUTE_SCSI ||
        ((PCDB)SrbGetCdb(Srb))->CDB6GENERIC.OperationCode == SCSIOP_INQUIRY) {
        if (SrbGetDataBuffer(Srb) != NULL && SrbGetDataTransferLength(Srb) >= 36)
            RtlCopyMemory(SrbGetDataBuffer(Srb), "\0\0\6\2\37\0\0\2OPENSTORLOST & FOUND    1   ",
                          36);
        SrbSetSrbStatus(Srb, SRB_STATUS_SUCCESS);
        StorPortNotification(RequestComplete, Lost, Srb);
        return TRUE;
    }
    Slot = Lost->Next % SLOTS;
    Lost->Slot[Slot] = Srb;
    Lost->Next = Lost->Next + 1;
    StorPortNotification(RequestTimerCall, Lost, Timer, 100);
    return TRUE;
}

static ULONG
FindAdapter(PVOID Extension, PVOID Pdo, PVOID Fdo, PVOID Lower, PCHAR Argument,
            PPORT_CONFIGURATION_INFORMATION Config, PBOOLEAN Again)
{
    Config->VirtualDevice = TRUE;
    Config->MaximumTransferLength = 65536;
    Config->NumberOfPhysicalBreaks = 17;
    Config->NumberOfBuses = Config->MaximumNumberOfTargets = 1;
    Config->MaximumNumberOfLogicalUnits = 1;
    return SP_RETURN_FOUND;
}

static BOOLEAN
Initialize(PVOID Extension)
{
    return TRUE;
}

static BOOLEAN
ResetBus(PVOID Extension, ULONG PathId)
{
    return TRUE;
}

static SCSI_ADAPTER_CONTROL_STATUS
AdapterControl(PVOID Extension, SCSI_ADAPTER_CONTROL_TYPE Type, PVOID Parameters)
{
    return ScsiAdapterControlSuccess;
}

static VOID
FreeAdapterResources(PVOID Extension)
{
}

ULONG
DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    HW_INITIALIZATION_DATA Data = {.HwInitializationDataSize = sizeof(Data),
                                   .AdapterInterfaceType = Internal,
                                   .HwInitialize = Initialize,
                                   .HwStartIo = StartIo,
                                   .HwFindAdapter = FindAdapter,
                                   .HwResetBus = ResetBus,
                                   .HwAdapterControl = AdapterControl,
                                   .HwFreeAdapterResources = FreeAdapterResources,
                                   .DeviceExtensionSize = sizeof(LOST),
                                   .MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE,
                                   .SrbTypeFlags = SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK,
                                   .FeatureSupport = STOR_FEATURE_VIRTUAL_MINIPORT};

    return StorPortInitialize(DriverObject, RegistryPath, &Data, NULL);
}
