/*
 * A virtual miniport with one small disk and tight limits: 16 KiB at once, 5 elements, buffers at
 * multiples of 4, a cache of its own. It completes inside HwStartIo, and now and then badly: unit
 * attentions, aborted commands, short transfers. WDK calls only.
 */
#include <string.h>

#include "ntddk.h"
#include "storport.h"
#include "scsi.h"

#include "miniport.h"

static UCHAR medium[MINIPORT_BYTES];
static LONG count; /* a virtual miniport's HwStartIo runs on several processors at once */
static KSPIN_LOCK medium_lock;
LONG miniport_flushes;

static VOID
number_put(UCHAR *to, ULONG value)
{
    to[0] = (UCHAR)(value >> 24);
    to[1] = (UCHAR)(value >> 16);
    to[2] = (UCHAR)(value >> 8);
    to[3] = (UCHAR)value;
}

static ULONG
number_get(const UCHAR *from)
{
    return (ULONG)from[0] << 24 | (ULONG)from[1] << 16 | (ULONG)from[2] << 8 | from[3];
}

static UCHAR
check(PSCSI_REQUEST_BLOCK srb, UCHAR key, UCHAR code)
{
    UCHAR *sense = srb->SenseInfoBuffer;

    srb->ScsiStatus = SCSISTAT_CHECK_CONDITION;
    srb->DataTransferLength = 0;
    if (!sense || srb->SenseInfoBufferLength < 18)
        return SRB_STATUS_ERROR;
    memset(sense, 0, 18);
    sense[0] = 0x70;
    sense[2] = key;
    sense[7] = 10;
    sense[12] = code;
    return SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID;
}

static UCHAR
give(PSCSI_REQUEST_BLOCK srb, const UCHAR *data, ULONG bytes)
{
    BOOLEAN shorter = bytes < srb->DataTransferLength;

    if (shorter)
        srb->DataTransferLength = bytes;
    memcpy(srb->DataBuffer, data, srb->DataTransferLength);
    return shorter ? SRB_STATUS_DATA_OVERRUN : SRB_STATUS_SUCCESS;
}

static UCHAR
transfer(PSCSI_REQUEST_BLOCK srb, BOOLEAN write)
{
    UCHAR *at = medium + number_get(srb->Cdb + 2) * 512;
    ULONG bytes = srb->DataTransferLength;
    ULONG trouble = (ULONG)InterlockedIncrement(&count) % 40;

    if (trouble == 7)
        return check(srb, 6, 0x29);
    if (trouble == 17)
        return check(srb, 0x0b, 0x44);
    if (trouble == 27 && bytes > 512)
        bytes = srb->DataTransferLength = 512;
    KeAcquireSpinLockAtDpcLevel(&medium_lock);
    if (write)
        memcpy(at, srb->DataBuffer, bytes);
    else
        memcpy(srb->DataBuffer, at, bytes);
    KeReleaseSpinLockFromDpcLevel(&medium_lock);
    return trouble == 27 ? SRB_STATUS_DATA_OVERRUN : SRB_STATUS_SUCCESS;
}

static UCHAR
command(PSCSI_REQUEST_BLOCK srb)
{
    static const UCHAR inquiry[36] = {0, 0, 6, 2, 31, 0, 0, 2, 'H', 'o', 'u', 's', 'e'};
    static const UCHAR mode[24] = {23, 0, 0, 0, 8, 18, 4};
    static const UCHAR luns[16] = {0, 0, 0, 8};
    UCHAR capacity[32] = {0};

    switch (srb->Cdb[0]) {
    case 0x00:
        return InterlockedIncrement(&count) == 1 ? check(srb, 6, 0x29) : SRB_STATUS_SUCCESS;
    case 0x12:
        return srb->Cdb[1] & 1 ? check(srb, 5, 0x24) : give(srb, inquiry, sizeof(inquiry));
    case 0x1a:
        return give(srb, mode, sizeof(mode));
    case 0x28:
        return transfer(srb, FALSE);
    case 0x2a:
        return transfer(srb, TRUE);
    case 0x35:
        return SRB_STATUS_SUCCESS;
    case 0x9e:
        number_put(capacity + 4, MINIPORT_BYTES / 512 - 1);
        number_put(capacity + 8, 512);
        return give(srb, capacity, sizeof(capacity));
    case 0xa0:
        return give(srb, luns, sizeof(luns));
    }
    return check(srb, 5, 0x20);
}

static BOOLEAN
start_io(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    UCHAR status = SRB_STATUS_SUCCESS;

    if (Srb->Function == SRB_FUNCTION_EXECUTE_SCSI)
        status = Srb->TargetId || Srb->Lun ? SRB_STATUS_NO_DEVICE : command(Srb);
    else if (Srb->Function == SRB_FUNCTION_FLUSH)
        InterlockedIncrement(&miniport_flushes);
    Srb->SrbStatus = status;
    StorPortNotification(RequestComplete, DeviceExtension, Srb);
    return TRUE;
}

static ULONG
find_adapter(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation, PVOID LowerDevice,
             PCHAR ArgumentString, PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Again)
{
    (void)DeviceExtension;
    (void)HwContext;
    (void)BusInformation;
    (void)LowerDevice;
    (void)ArgumentString;
    *Again = FALSE;
    ConfigInfo->MaximumTransferLength = 16384;
    ConfigInfo->NumberOfPhysicalBreaks = 5;
    ConfigInfo->AlignmentMask = 3;
    ConfigInfo->CachesData = TRUE;
    ConfigInfo->NumberOfBuses = 1;
    ConfigInfo->MaximumNumberOfTargets = 1;
    ConfigInfo->MaximumNumberOfLogicalUnits = 1;
    ConfigInfo->VirtualDevice = TRUE;
    return SP_RETURN_FOUND;
}

static BOOLEAN
initialize(PVOID DeviceExtension)
{
    (void)DeviceExtension;
    return TRUE;
}

static BOOLEAN
reset_bus(PVOID DeviceExtension, ULONG PathId)
{
    (void)DeviceExtension;
    (void)PathId;
    return TRUE;
}

static VOID
free_resources(PVOID DeviceExtension)
{
    (void)DeviceExtension;
}

static SCSI_ADAPTER_CONTROL_STATUS
adapter_control(PVOID DeviceExtension, SCSI_ADAPTER_CONTROL_TYPE ControlType, PVOID Parameters)
{
    (void)DeviceExtension;
    if (ControlType == ScsiQuerySupportedControlTypes) {
        PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = Parameters;
        list->SupportedTypeList[ScsiStopAdapter] = TRUE;
        list->SupportedTypeList[ScsiRestartAdapter] = TRUE;
    }
    return ScsiAdapterControlSuccess;
}

NTSTATUS
miniport_entry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    HW_INITIALIZATION_DATA data;

    memset(&data, 0, sizeof(data));
    memset(medium, 0, sizeof(medium));
    count = miniport_flushes = 0;
    data.HwInitializationDataSize = sizeof(data);
    data.AdapterInterfaceType = Internal;
    data.HwInitialize = initialize;
    data.HwStartIo = start_io;
    data.HwFindAdapter = (PVOID)find_adapter;
    data.HwResetBus = reset_bus;
    data.HwAdapterControl = adapter_control;
    data.HwFreeAdapterResources = free_resources;
    data.MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    data.TaggedQueuing = data.AutoRequestSense = data.MultipleRequestPerLu = TRUE;
    data.FeatureSupport = STOR_FEATURE_VIRTUAL_MINIPORT;
    return StorPortInitialize(DriverObject, RegistryPath, &data, NULL);
}
