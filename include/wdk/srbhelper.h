/*
 * Accessors that read and write a request of either kind, SCSI_REQUEST_BLOCK or
 * STORAGE_REQUEST_BLOCK, by looking at its Function. They check offsets of an extended block
 * against its SrbLength and answer NULL or zero rather than read beyond it.
 */
#ifndef _SRBHELPER_H_
#define _SRBHELPER_H_

#include "srb.h"
#include "scsi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether Srb is of the extended kind, and a view of it as one or the other. */
#define STORPORT_SRB_IS_EX(Srb)                                                                    \
    (((PSCSI_REQUEST_BLOCK)(Srb))->Function == SRB_FUNCTION_STORAGE_REQUEST_BLOCK)
#define STORPORT_SRB_EX(Srb) storport_srb_ex(Srb)
#define STORPORT_SRB_OLD(Srb) ((PSCSI_REQUEST_BLOCK)(Srb))

/* A compiler that sees the smaller kind on its caller's stack must not judge this view by its size. */
FORCEINLINE PSTORAGE_REQUEST_BLOCK
storport_srb_ex(PVOID Srb)
{
    __asm__("" : "+r"(Srb));
    return (PSTORAGE_REQUEST_BLOCK)Srb;
}

FORCEINLINE PSRBEX_DATA
SrbGetSrbExDataByIndex(PSTORAGE_REQUEST_BLOCK Srb, ULONG SrbExDataIndex)
{
    ULONG Offset;

    if (Srb->Function != SRB_FUNCTION_STORAGE_REQUEST_BLOCK || SrbExDataIndex >= Srb->NumSrbExData)
        return NULL;
    Offset = Srb->SrbExDataOffset[SrbExDataIndex];
    if (Offset < sizeof(STORAGE_REQUEST_BLOCK) || Offset >= Srb->SrbLength)
        return NULL;
    return (PSRBEX_DATA)(void *)((PUCHAR)Srb + Offset);
}

FORCEINLINE PSRBEX_DATA
SrbGetSrbExDataByType(PSTORAGE_REQUEST_BLOCK Srb, SRBEXDATATYPE Type)
{
    ULONG Index;

    if (Srb->Function != SRB_FUNCTION_STORAGE_REQUEST_BLOCK)
        return NULL;
    for (Index = 0; Index < Srb->NumSrbExData; Index++) {
        PSRBEX_DATA Data = SrbGetSrbExDataByIndex(Srb, Index);

        if (Data != NULL && Data->Type == Type)
            return Data;
    }
    return NULL;
}

/* The block that carries the command of a SCSI request, whichever of the three sizes it has. */
FORCEINLINE PSRBEX_DATA
SrbGetPrimarySrbExData(PSTORAGE_REQUEST_BLOCK Srb)
{
    ULONG Index;

    if (Srb->Function != SRB_FUNCTION_STORAGE_REQUEST_BLOCK)
        return NULL;
    for (Index = 0; Index < Srb->NumSrbExData; Index++) {
        PSRBEX_DATA Data = SrbGetSrbExDataByIndex(Srb, Index);

        if (Data != NULL &&
            (Data->Type == SrbExDataTypeScsiCdb16 || Data->Type == SrbExDataTypeScsiCdb32 ||
             Data->Type == SrbExDataTypeScsiCdbVar || Data->Type == SrbExDataTypeWmi ||
             Data->Type == SrbExDataTypePower || Data->Type == SrbExDataTypePnP ||
             Data->Type == SrbExDataTypeNvmeCommand))
            return Data;
    }
    return NULL;
}

FORCEINLINE PSRBEX_DATA
SrbGetScsiExData(PVOID Srb)
{
    ULONG Index;

    if (STORPORT_SRB_EX(Srb)->SrbFunction != SRB_FUNCTION_EXECUTE_SCSI)
        return NULL;
    for (Index = 0; Index < STORPORT_SRB_EX(Srb)->NumSrbExData; Index++) {
        PSRBEX_DATA Data = SrbGetSrbExDataByIndex(STORPORT_SRB_EX(Srb), Index);

        if (Data != NULL &&
            (Data->Type == SrbExDataTypeScsiCdb16 || Data->Type == SrbExDataTypeScsiCdb32 ||
             Data->Type == SrbExDataTypeScsiCdbVar))
            return Data;
    }
    return NULL;
}

FORCEINLINE PSTOR_ADDRESS
SrbGetAddress(PSTORAGE_REQUEST_BLOCK Srb)
{
    if (Srb->Function != SRB_FUNCTION_STORAGE_REQUEST_BLOCK || Srb->AddressOffset == 0)
        return NULL;
    return (PSTOR_ADDRESS)(void *)((PUCHAR)Srb + Srb->AddressOffset);
}

FORCEINLINE PSTOR_ADDR_BTL8
SrbGetBtl8(PVOID Srb)
{
    PSTOR_ADDRESS Address = SrbGetAddress(STORPORT_SRB_EX(Srb));

    if (Address == NULL || Address->Type != STOR_ADDRESS_TYPE_BTL8)
        return NULL;
    return (PSTOR_ADDR_BTL8)(void *)Address;
}

FORCEINLINE VOID
SrbGetPathTargetLun(PVOID Srb, PUCHAR PathId, PUCHAR TargetId, PUCHAR Lun)
{
    UCHAR Path = 0, Target = 0, Unit = 0;

    if (STORPORT_SRB_IS_EX(Srb)) {
        PSTOR_ADDR_BTL8 Address = SrbGetBtl8(Srb);

        if (Address != NULL) {
            Path = Address->Path;
            Target = Address->Target;
            Unit = Address->Lun;
        }
    } else {
        Path = STORPORT_SRB_OLD(Srb)->PathId;
        Target = STORPORT_SRB_OLD(Srb)->TargetId;
        Unit = STORPORT_SRB_OLD(Srb)->Lun;
    }
    if (PathId != NULL)
        *PathId = Path;
    if (TargetId != NULL)
        *TargetId = Target;
    if (Lun != NULL)
        *Lun = Unit;
}

FORCEINLINE UCHAR
SrbGetPathId(PVOID Srb)
{
    UCHAR Value;

    SrbGetPathTargetLun(Srb, &Value, NULL, NULL);
    return Value;
}

FORCEINLINE UCHAR
SrbGetTargetId(PVOID Srb)
{
    UCHAR Value;

    SrbGetPathTargetLun(Srb, NULL, &Value, NULL);
    return Value;
}

FORCEINLINE UCHAR
SrbGetLun(PVOID Srb)
{
    UCHAR Value;

    SrbGetPathTargetLun(Srb, NULL, NULL, &Value);
    return Value;
}

FORCEINLINE VOID
SrbSetPathId(PVOID Srb, UCHAR PathId)
{
    if (!STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_OLD(Srb)->PathId = PathId;
    else if (SrbGetBtl8(Srb) != NULL)
        SrbGetBtl8(Srb)->Path = PathId;
}

FORCEINLINE VOID
SrbSetTargetId(PVOID Srb, UCHAR TargetId)
{
    if (!STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_OLD(Srb)->TargetId = TargetId;
    else if (SrbGetBtl8(Srb) != NULL)
        SrbGetBtl8(Srb)->Target = TargetId;
}

FORCEINLINE VOID
SrbSetLun(PVOID Srb, UCHAR Lun)
{
    if (!STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_OLD(Srb)->Lun = Lun;
    else if (SrbGetBtl8(Srb) != NULL)
        SrbGetBtl8(Srb)->Lun = Lun;
}

/* ---- fields that both kinds have, under the same or another name ------------------------------- */

FORCEINLINE ULONG
SrbGetSrbLength(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->SrbLength : STORPORT_SRB_OLD(Srb)->Length;
}

FORCEINLINE ULONG
SrbGetSrbFunction(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->SrbFunction : STORPORT_SRB_OLD(Srb)->Function;
}

FORCEINLINE UCHAR
SrbGetSrbStatus(PVOID Srb)
{
    return STORPORT_SRB_OLD(Srb)->SrbStatus;
}


FORCEINLINE VOID
SrbSetSrbStatus(PVOID Srb, UCHAR SrbStatus)
{
    STORPORT_SRB_OLD(Srb)->SrbStatus = SrbStatus;
}

FORCEINLINE PVOID
SrbGetDataBuffer(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->DataBuffer : STORPORT_SRB_OLD(Srb)->DataBuffer;
}

FORCEINLINE VOID
SrbSetDataBuffer(PVOID Srb, PVOID DataBuffer)
{
    if (STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_EX(Srb)->DataBuffer = DataBuffer;
    else
        STORPORT_SRB_OLD(Srb)->DataBuffer = DataBuffer;
}

FORCEINLINE ULONG
SrbGetDataTransferLength(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->DataTransferLength : STORPORT_SRB_OLD(Srb)->DataTransferLength;
}

FORCEINLINE VOID
SrbSetDataTransferLength(PVOID Srb, ULONG DataTransferLength)
{
    if (STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_EX(Srb)->DataTransferLength = DataTransferLength;
    else
        STORPORT_SRB_OLD(Srb)->DataTransferLength = DataTransferLength;
}

FORCEINLINE ULONG
SrbGetTimeOutValue(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->TimeOutValue : STORPORT_SRB_OLD(Srb)->TimeOutValue;
}

FORCEINLINE VOID
SrbSetTimeOutValue(PVOID Srb, ULONG TimeOutValue)
{
    if (STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_EX(Srb)->TimeOutValue = TimeOutValue;
    else
        STORPORT_SRB_OLD(Srb)->TimeOutValue = TimeOutValue;
}

FORCEINLINE PVOID
SrbGetOriginalRequest(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->OriginalRequest : STORPORT_SRB_OLD(Srb)->OriginalRequest;
}

FORCEINLINE VOID
SrbSetOriginalRequest(PVOID Srb, PVOID OriginalRequest)
{
    if (STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_EX(Srb)->OriginalRequest = OriginalRequest;
    else
        STORPORT_SRB_OLD(Srb)->OriginalRequest = OriginalRequest;
}

FORCEINLINE ULONG
SrbGetSrbFlags(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->SrbFlags : STORPORT_SRB_OLD(Srb)->SrbFlags;
}

FORCEINLINE VOID
SrbSetSrbFlags(PVOID Srb, ULONG SetFlags)
{
    if (STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_EX(Srb)->SrbFlags |= SetFlags;
    else
        STORPORT_SRB_OLD(Srb)->SrbFlags |= SetFlags;
}

FORCEINLINE VOID
SrbAssignSrbFlags(PVOID Srb, ULONG SrbFlags)
{
    if (STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_EX(Srb)->SrbFlags = SrbFlags;
    else
        STORPORT_SRB_OLD(Srb)->SrbFlags = SrbFlags;
}

FORCEINLINE PVOID
SrbGetMiniportContext(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->MiniportContext : STORPORT_SRB_OLD(Srb)->SrbExtension;
}

FORCEINLINE PVOID
SrbGetPortContext(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->PortContext : NULL;
}

FORCEINLINE PVOID
SrbGetClassContext(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->ClassContext : NULL;
}

FORCEINLINE PVOID
SrbGetNextSrb(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? (PVOID)STORPORT_SRB_EX(Srb)->NextSrb : (PVOID)STORPORT_SRB_OLD(Srb)->NextSrb;
}

FORCEINLINE VOID
SrbSetNextSrb(PVOID Srb, PVOID NextSrb)
{
    if (STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_EX(Srb)->NextSrb = (PSTORAGE_REQUEST_BLOCK)NextSrb;
    else
        STORPORT_SRB_OLD(Srb)->NextSrb = (PSCSI_REQUEST_BLOCK)NextSrb;
}

FORCEINLINE ULONG
SrbGetSystemStatus(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->SystemStatus : STORPORT_SRB_OLD(Srb)->InternalStatus;
}

FORCEINLINE VOID
SrbSetSystemStatus(PVOID Srb, ULONG SystemStatus)
{
    if (STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_EX(Srb)->SystemStatus = SystemStatus;
    else
        STORPORT_SRB_OLD(Srb)->InternalStatus = SystemStatus;
}

FORCEINLINE ULONG
SrbGetRequestTag(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->RequestTag : STORPORT_SRB_OLD(Srb)->QueueTag;
}

FORCEINLINE ULONG
SrbGetQueueTag(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->RequestTag : STORPORT_SRB_OLD(Srb)->QueueTag;
}

FORCEINLINE ULONG
SrbGetRequestAttribute(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->RequestAttribute : STORPORT_SRB_OLD(Srb)->QueueAction;
}

FORCEINLINE ULONG
SrbGetQueueAction(PVOID Srb)
{
    return STORPORT_SRB_IS_EX(Srb) ? STORPORT_SRB_EX(Srb)->RequestAttribute : STORPORT_SRB_OLD(Srb)->QueueAction;
}

FORCEINLINE VOID
SrbSetRequestTag(PVOID Srb, ULONG RequestTag)
{
    if (STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_EX(Srb)->RequestTag = RequestTag;
    else
        STORPORT_SRB_OLD(Srb)->QueueTag = (UCHAR)RequestTag;
}
#define SrbSetQueueTag SrbSetRequestTag

FORCEINLINE VOID
SrbSetRequestAttribute(PVOID Srb, USHORT RequestAttribute)
{
    if (STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_EX(Srb)->RequestAttribute = RequestAttribute;
    else
        STORPORT_SRB_OLD(Srb)->QueueAction = (UCHAR)RequestAttribute;
}
#define SrbSetQueueAction SrbSetRequestAttribute

FORCEINLINE VOID
SrbClearSrbFlags(PVOID Srb, ULONG ClearFlags)
{
    if (STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_EX(Srb)->SrbFlags &= ~ClearFlags;
    else
        STORPORT_SRB_OLD(Srb)->SrbFlags &= ~ClearFlags;
}

/* ---- what only a SCSI command carries ------------------------------------------------------------ */

/* Everything about the command at once; each out pointer may be NULL. Answers FALSE when the
 * request carries no SCSI command. */
FORCEINLINE BOOLEAN
SrbGetScsiData(PVOID Srb, PUCHAR CdbLength8, PULONG CdbLength32, PUCHAR ScsiStatus,
               PVOID *SenseInfoBuffer, PUCHAR SenseInfoBufferLength)
{
    UCHAR Length8 = 0, Status = 0, SenseLength = 0;
    ULONG Length32 = 0;
    PVOID Sense = NULL;
    BOOLEAN Found = TRUE;

    if (STORPORT_SRB_IS_EX(Srb)) {
        PSRBEX_DATA Data = SrbGetScsiExData(Srb);

        if (Data == NULL) {
            Found = FALSE;
        } else if (Data->Type == SrbExDataTypeScsiCdbVar) {
            PSRBEX_DATA_SCSI_CDB_VAR Var = (PSRBEX_DATA_SCSI_CDB_VAR)(void *)Data;

            Length32 = Var->CdbLength;
            Status = Var->ScsiStatus;
            Sense = Var->SenseInfoBuffer;
            SenseLength = Var->SenseInfoBufferLength;
        } else {
            /* The 32-byte block differs from the 16-byte one in its command only. */
            PSRBEX_DATA_SCSI_CDB16 Cdb16 = (PSRBEX_DATA_SCSI_CDB16)(void *)Data;

            Length8 = Cdb16->CdbLength;
            Status = Cdb16->ScsiStatus;
            Sense = Cdb16->SenseInfoBuffer;
            SenseLength = Cdb16->SenseInfoBufferLength;
        }
    } else {
        Length8 = STORPORT_SRB_OLD(Srb)->CdbLength;
        Status = STORPORT_SRB_OLD(Srb)->ScsiStatus;
        Sense = STORPORT_SRB_OLD(Srb)->SenseInfoBuffer;
        SenseLength = STORPORT_SRB_OLD(Srb)->SenseInfoBufferLength;
    }
    if (CdbLength8 != NULL)
        *CdbLength8 = Length8;
    if (CdbLength32 != NULL)
        *CdbLength32 = Length32;
    if (ScsiStatus != NULL)
        *ScsiStatus = Status;
    if (SenseInfoBuffer != NULL)
        *SenseInfoBuffer = Sense;
    if (SenseInfoBufferLength != NULL)
        *SenseInfoBufferLength = SenseLength;
    return Found;
}

/* The same, the other way; a NULL pointer leaves a field as it is. */
FORCEINLINE VOID
SrbSetScsiData(PVOID Srb, PUCHAR CdbLength8, PULONG CdbLength32, PUCHAR ScsiStatus,
               PVOID *SenseInfoBuffer, PUCHAR SenseInfoBufferLength)
{
    if (STORPORT_SRB_IS_EX(Srb)) {
        PSRBEX_DATA Data = SrbGetScsiExData(Srb);

        if (Data == NULL)
            return;
        if (Data->Type == SrbExDataTypeScsiCdbVar) {
            PSRBEX_DATA_SCSI_CDB_VAR Var = (PSRBEX_DATA_SCSI_CDB_VAR)(void *)Data;

            if (CdbLength32 != NULL)
                Var->CdbLength = *CdbLength32;
            if (ScsiStatus != NULL)
                Var->ScsiStatus = *ScsiStatus;
            if (SenseInfoBuffer != NULL)
                Var->SenseInfoBuffer = *SenseInfoBuffer;
            if (SenseInfoBufferLength != NULL)
                Var->SenseInfoBufferLength = *SenseInfoBufferLength;
        } else {
            PSRBEX_DATA_SCSI_CDB16 Cdb16 = (PSRBEX_DATA_SCSI_CDB16)(void *)Data;

            if (CdbLength8 != NULL)
                Cdb16->CdbLength = *CdbLength8;
            if (ScsiStatus != NULL)
                Cdb16->ScsiStatus = *ScsiStatus;
            if (SenseInfoBuffer != NULL)
                Cdb16->SenseInfoBuffer = *SenseInfoBuffer;
            if (SenseInfoBufferLength != NULL)
                Cdb16->SenseInfoBufferLength = *SenseInfoBufferLength;
        }
    } else {
        if (CdbLength8 != NULL)
            STORPORT_SRB_OLD(Srb)->CdbLength = *CdbLength8;
        if (ScsiStatus != NULL)
            STORPORT_SRB_OLD(Srb)->ScsiStatus = *ScsiStatus;
        if (SenseInfoBuffer != NULL)
            STORPORT_SRB_OLD(Srb)->SenseInfoBuffer = *SenseInfoBuffer;
        if (SenseInfoBufferLength != NULL)
            STORPORT_SRB_OLD(Srb)->SenseInfoBufferLength = *SenseInfoBufferLength;
    }
}

FORCEINLINE PCDB
SrbGetCdb(PVOID Srb)
{
    PSRBEX_DATA Data;

    if (!STORPORT_SRB_IS_EX(Srb))
        return (PCDB)(void *)STORPORT_SRB_OLD(Srb)->Cdb;
    Data = SrbGetScsiExData(Srb);
    if (Data == NULL)
        return NULL;
    if (Data->Type == SrbExDataTypeScsiCdbVar)
        return (PCDB)(void *)((PSRBEX_DATA_SCSI_CDB_VAR)(void *)Data)->Cdb;
    return (PCDB)(void *)((PSRBEX_DATA_SCSI_CDB16)(void *)Data)->Cdb;
}

FORCEINLINE ULONG
SrbGetCdbLength(PVOID Srb)
{
    UCHAR Length8;
    ULONG Length32;

    SrbGetScsiData(Srb, &Length8, &Length32, NULL, NULL, NULL);
    return Length8 != 0 ? Length8 : Length32;
}

FORCEINLINE VOID
SrbSetCdbLength(PVOID Srb, UCHAR CdbLength)
{
    ULONG Length32 = CdbLength;

    SrbSetScsiData(Srb, &CdbLength, &Length32, NULL, NULL, NULL);
}

FORCEINLINE UCHAR
SrbGetScsiStatus(PVOID Srb)
{
    UCHAR ScsiStatus;

    SrbGetScsiData(Srb, NULL, NULL, &ScsiStatus, NULL, NULL);
    return ScsiStatus;
}

FORCEINLINE VOID
SrbSetScsiStatus(PVOID Srb, UCHAR ScsiStatus)
{
    SrbSetScsiData(Srb, NULL, NULL, &ScsiStatus, NULL, NULL);
}

FORCEINLINE PVOID
SrbGetSenseInfoBuffer(PVOID Srb)
{
    PVOID Buffer;

    SrbGetScsiData(Srb, NULL, NULL, NULL, &Buffer, NULL);
    return Buffer;
}

FORCEINLINE VOID
SrbSetSenseInfoBuffer(PVOID Srb, PVOID Buffer)
{
    SrbSetScsiData(Srb, NULL, NULL, NULL, &Buffer, NULL);
}

FORCEINLINE UCHAR
SrbGetSenseInfoBufferLength(PVOID Srb)
{
    UCHAR Length;

    SrbGetScsiData(Srb, NULL, NULL, NULL, NULL, &Length);
    return Length;
}

FORCEINLINE VOID
SrbSetSenseInfoBufferLength(PVOID Srb, UCHAR Length)
{
    SrbSetScsiData(Srb, NULL, NULL, NULL, NULL, &Length);
}

/* ---- copies and clears ------------------------------------------------------------------------------ */

FORCEINLINE BOOLEAN
SrbCopySrb(PVOID DestinationSrb, ULONG DestinationSrbLength, PVOID SourceSrb)
{
    ULONG Length = SrbGetSrbLength(SourceSrb);

    if (DestinationSrbLength < Length)
        return FALSE;
    __builtin_memcpy(DestinationSrb, SourceSrb, Length);
    return TRUE;
}

FORCEINLINE VOID
SrbZeroSrb(PVOID Srb)
{
    UCHAR Function = STORPORT_SRB_OLD(Srb)->Function;
    USHORT Length = STORPORT_SRB_OLD(Srb)->Length;
    ULONG SrbLength = SrbGetSrbLength(Srb);

    __builtin_memset(Srb, 0, SrbLength);
    STORPORT_SRB_OLD(Srb)->Function = Function;
    STORPORT_SRB_OLD(Srb)->Length = Length;
    if (STORPORT_SRB_IS_EX(Srb))
        STORPORT_SRB_EX(Srb)->SrbLength = SrbLength;
}

#ifdef __cplusplus
}
#endif

#endif /* _SRBHELPER_H_ */
