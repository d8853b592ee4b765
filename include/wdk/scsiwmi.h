/*
 * The WMI library of SCSI miniports: the context a driver fills with its callbacks, the request
 * context the library keeps, and the library's routines.
 */
#ifndef _SCSIWMI_
#define _SCSIWMI_

#include "storport.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Packed to 4 bytes, as public re-declarations have it. */
#pragma pack(push, 4)
typedef struct _SCSIWMI_REQUEST_CONTEXT {
    PVOID UserContext;
    ULONG BufferSize;
    PUCHAR Buffer;
    UCHAR MinorFunction;
    UCHAR ReturnStatus;
    ULONG ReturnSize;
} SCSIWMI_REQUEST_CONTEXT, *PSCSIWMI_REQUEST_CONTEXT;

typedef struct _SCSIWMIGUIDREGINFO {
    LPCGUID Guid;
    ULONG InstanceCount;
    ULONG Flags;
} SCSIWMIGUIDREGINFO, *PSCSIWMIGUIDREGINFO;

typedef enum {
    ScsiWmiEventControl = 0,
    ScsiWmiDataBlockControl
} SCSIWMI_ENABLE_DISABLE_CONTROL;

typedef UCHAR(NTAPI *PSCSIWMI_QUERY_REGINFO)(PVOID DeviceContext,
                                             PSCSIWMI_REQUEST_CONTEXT RequestContext,
                                             PWCHAR *MofResourceName);
typedef BOOLEAN(NTAPI *PSCSIWMI_QUERY_DATABLOCK)(PVOID Context,
                                                 PSCSIWMI_REQUEST_CONTEXT DispatchContext,
                                                 ULONG GuidIndex, ULONG InstanceIndex,
                                                 ULONG InstanceCount, PULONG InstanceLengthArray,
                                                 ULONG BufferAvail, PUCHAR Buffer);
typedef BOOLEAN(NTAPI *PSCSIWMI_SET_DATABLOCK)(PVOID DeviceContext,
                                               PSCSIWMI_REQUEST_CONTEXT RequestContext,
                                               ULONG GuidIndex, ULONG InstanceIndex,
                                               ULONG BufferSize, PUCHAR Buffer);
typedef BOOLEAN(NTAPI *PSCSIWMI_SET_DATAITEM)(PVOID DeviceContext,
                                              PSCSIWMI_REQUEST_CONTEXT RequestContext,
                                              ULONG GuidIndex, ULONG InstanceIndex,
                                              ULONG DataItemId, ULONG BufferSize, PUCHAR Buffer);
typedef BOOLEAN(NTAPI *PSCSIWMI_EXECUTE_METHOD)(PVOID DeviceContext,
                                                PSCSIWMI_REQUEST_CONTEXT RequestContext,
                                                ULONG GuidIndex, ULONG InstanceIndex,
                                                ULONG MethodId, ULONG InBufferSize,
                                                ULONG OutBufferSize, PUCHAR Buffer);
typedef BOOLEAN(NTAPI *PSCSIWMI_FUNCTION_CONTROL)(PVOID DeviceContext,
                                                  PSCSIWMI_REQUEST_CONTEXT RequestContext,
                                                  ULONG GuidIndex,
                                                  SCSIWMI_ENABLE_DISABLE_CONTROL Function,
                                                  BOOLEAN Enable);

typedef struct _SCSIWMILIB_CONTEXT {
    ULONG GuidCount;
    PSCSIWMIGUIDREGINFO GuidList;
    PSCSIWMI_QUERY_REGINFO QueryWmiRegInfo;
    PSCSIWMI_QUERY_DATABLOCK QueryWmiDataBlock;
    PSCSIWMI_SET_DATABLOCK SetWmiDataBlock;
    PSCSIWMI_SET_DATAITEM SetWmiDataItem;
    PSCSIWMI_EXECUTE_METHOD ExecuteWmiMethod;
    PSCSIWMI_FUNCTION_CONTROL WmiFunctionControl;
} SCSI_WMILIB_CONTEXT, *PSCSI_WMILIB_CONTEXT;
#pragma pack(pop)

STORPORT_API BOOLEAN NTAPI ScsiPortWmiDispatchFunction(PSCSI_WMILIB_CONTEXT WmiLibInfo,
                                                       UCHAR MinorFunction, PVOID DeviceContext,
                                                       PSCSIWMI_REQUEST_CONTEXT RequestContext,
                                                       PVOID DataPath, ULONG BufferSize,
                                                       PVOID Buffer);
STORPORT_API VOID NTAPI ScsiPortWmiPostProcess(PSCSIWMI_REQUEST_CONTEXT RequestContext,
                                               UCHAR SrbStatus, ULONG BufferUsed);
STORPORT_API BOOLEAN NTAPI ScsiPortWmiSetInstanceCount(PSCSIWMI_REQUEST_CONTEXT RequestContext,
                                                       ULONG InstanceCount, PULONG BufferAvail,
                                                       PULONG SizeNeeded);
STORPORT_API PWCHAR NTAPI ScsiPortWmiSetInstanceName(PSCSIWMI_REQUEST_CONTEXT RequestContext,
                                                     ULONG InstanceIndex, ULONG InstanceNameLength,
                                                     PULONG BufferAvail, PULONG SizeNeeded);
STORPORT_API PVOID NTAPI ScsiPortWmiSetData(PSCSIWMI_REQUEST_CONTEXT RequestContext,
                                            ULONG InstanceIndex, ULONG DataLength,
                                            PULONG BufferAvail, PULONG SizeNeeded);
STORPORT_API PWCHAR NTAPI ScsiPortWmiGetInstanceName(PSCSIWMI_REQUEST_CONTEXT RequestContext);
STORPORT_API VOID NTAPI ScsiPortWmiFireLogicalUnitEvent(PVOID HwDeviceExtension, UCHAR PathId,
                                                        UCHAR TargetId, UCHAR Lun, LPGUID Guid,
                                                        ULONG InstanceIndex, ULONG EventDataSize,
                                                        PVOID EventData);
STORPORT_API VOID NTAPI ScsiPortWmiFireAdapterEvent(PVOID HwDeviceExtension, LPGUID Guid,
                                                    ULONG InstanceIndex, ULONG EventDataSize,
                                                    PVOID EventData);

#define ScsiPortWmiGetReturnStatus(RequestContext) ((RequestContext)->ReturnStatus)
#define ScsiPortWmiGetReturnSize(RequestContext) ((RequestContext)->ReturnSize)

#ifdef __cplusplus
}
#endif

#endif /* _SCSIWMI_ */
