/*
 * The interface between Storport and a miniport driver: what a driver fills in, what it implements,
 * and what it may call. A routine that Windows exports is an export here; the others are inline and
 * reach the port through StorPortNotification or StorPortExtendedFunction, as on Windows.
 * Requests themselves are in srb.h, SCSI's own layouts in scsi.h.
 */
#ifndef _NTSTORPORT_
#define _NTSTORPORT_

#include "wdm.h"
#include "srb.h"
#include "ntddstor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- status of extended functions ------------------------------------------------------------ */

#define STOR_STATUS_SUCCESS (0x00000000U)
#define STOR_STATUS_UNSUCCESSFUL (0xC1000001U)
#define STOR_STATUS_NOT_IMPLEMENTED (0xC1000002U)
#define STOR_STATUS_INSUFFICIENT_RESOURCES (0xC1000003U)
#define STOR_STATUS_BUFFER_TOO_SMALL (0xC1000004U)
#define STOR_STATUS_ACCESS_DENIED (0xC1000005U)
#define STOR_STATUS_INVALID_PARAMETER (0xC1000006U)
#define STOR_STATUS_INVALID_DEVICE_REQUEST (0xC1000007U)
#define STOR_STATUS_INVALID_IRQL (0xC1000008U)
#define STOR_STATUS_INVALID_DEVICE_STATE (0xC1000009U)
#define STOR_STATUS_INVALID_BUFFER_SIZE (0xC100000AU)
#define STOR_STATUS_UNSUPPORTED_VERSION (0xC100000BU)
#define STOR_STATUS_BUSY (0xC100000CU)
#define STOR_SUCCESS(Status) ((Status) == STOR_STATUS_SUCCESS)

/* ---- codes of the two variadic entries -------------------------------------------------------- */

typedef enum _SCSI_NOTIFICATION_TYPE {
    RequestComplete = 0x00,
    NextRequest,
    NextLuRequest,
    ResetDetected,
    _obsolete1,
    _obsolete2,
    RequestTimerCall,
    BusChangeDetected,
    WMIEvent,
    WMIReregister,
    LinkUp,
    LinkDown,
    QueryTickCount,
    BufferOverrunDetected,
    TraceNotification,
    GetExtendedFunctionTable,
    EnablePassiveInitialization = 0x1000,
    InitializeDpc,
    IssueDpc,
    AcquireSpinLock,
    ReleaseSpinLock,
    StateChangeDetectedCall,
    IoTargetRequestServiceTime,
    AsyncNotificationDetected,
    RequestDirectComplete,
    InitializeDpcWithContext,
    InitializeThreadedDpc,
    SetTargetProcessorDpc,
    MarkDeviceFailed,
    MarkDeviceFailedEx,
    TerminateSystemThread,
    NvmeofNotification,
    StorMQControllerStartInitialization
} SCSI_NOTIFICATION_TYPE,
    *PSCSI_NOTIFICATION_TYPE;

typedef enum _STORPORT_FUNCTION_CODE {
    ExtFunctionAllocatePool = 0,
    ExtFunctionFreePool,
    ExtFunctionAllocateMdl,
    ExtFunctionFreeMdl,
    ExtFunctionBuildMdlForNonPagedPool,
    ExtFunctionGetSystemAddress,
    ExtFunctionGetOriginalMdl,
    ExtFunctionCompleteServiceIrp,
    ExtFunctionGetDeviceObjects,
    ExtFunctionBuildScatterGatherList,
    ExtFunctionPutScatterGatherList,
    ExtFunctionAcquireMSISpinLock,
    ExtFunctionReleaseMSISpinLock,
    ExtFunctionGetMessageInterruptInformation,
    ExtFunctionInitializePerformanceOptimizations,
    ExtFunctionGetStartIoPerformanceParameters,
    ExtFunctionLogSystemEvent,
    ExtFunctionGetCurrentProcessorNumber,
    ExtFunctionGetActiveGroupCount,
    ExtFunctionGetGroupAffinity,
    ExtFunctionGetActiveNodeCount,
    ExtFunctionGetNodeAffinity,
    ExtFunctionGetHighestNodeNumber,
    ExtFunctionGetLogicalProcessorRelationship,
    ExtFunctionAllocateContiguousMemorySpecifyCacheNode,
    ExtFunctionFreeContiguousMemorySpecifyCache,
    ExtFunctionSetPowerSettingNotificationGuids,
    ExtFunctionInvokeAcpiMethod,
    ExtFunctionGetRequestInfo,
    ExtFunctionInitializeWorker,
    ExtFunctionQueueWorkItem,
    ExtFunctionFreeWorker,
    ExtFunctionInitializeTimer,
    ExtFunctionRequestTimer,
    ExtFunctionFreeTimer,
    ExtFunctionInitializeSListHead,
    ExtFunctionInterlockedFlushSList,
    ExtFunctionInterlockedPopEntrySList,
    ExtFunctionInterlockedPushEntrySList,
    ExtFunctionQueryDepthSList,
    ExtFunctionGetActivityId,
    ExtFunctionGetSystemPortNumber,
    ExtFunctionGetDataInBufferMdl,
    ExtFunctionGetDataInBufferSystemAddress,
    ExtFunctionGetDataInBufferScatterGatherList,
    ExtFunctionMarkDumpMemory,
    ExtFunctionSetUnitAttributes,
    ExtFunctionQueryPerformanceCounter,
    ExtFunctionInitializePoFxPower,
    ExtFunctionPoFxActivateComponent,
    ExtFunctionPoFxIdleComponent,
    ExtFunctionPoFxSetComponentLatency,
    ExtFunctionPoFxSetComponentResidency,
    ExtFunctionPoFxPowerControl,
    ExtFunctionFlushDataBufferMdl,
    ExtFunctionDeviceOperationAllowed,
    ExtFunctionGetProcessorIndexFromNumber,
    ExtFunctionPoFxSetIdleTimeout,
    ExtFunctionMiniportEtwEvent2,
    ExtFunctionMiniportEtwEvent4,
    ExtFunctionMiniportEtwEvent8,
    ExtFunctionCurrentOsInstallationUpgrade,
    ExtFunctionRegistryReadAdapterKey,
    ExtFunctionRegistryWriteAdapterKey,
    ExtFunctionSetAdapterBusType,
    ExtFunctionPoFxRegisterPerfStates,
    ExtFunctionPoFxSetPerfState,
    ExtFunctionGetD3ColdSupport,
    ExtFunctionInitializeRpmb,
    ExtFunctionAllocateHmb,
    ExtFunctionFreeHmb,
    ExtFunctionPropagateIrpExtension,
    ExtFunctionInterlockedInsertHeadList,
    ExtFunctionInterlockedInsertTailList,
    ExtFunctionInterlockedRemoveHeadList,
    ExtFunctionInitializeSpinlock,
    ExtFunctionGetPfns,
    ExtFunctionInitializeCryptoEngine,
    ExtFunctionGetRequestCryptoInfo,
    ExtFunctionMiniportTelemetry,
    ExtFunctionUpdateAdapterMaxIO,
    ExtFunctionDelayExecution,
    ExtFunctionAllocateDmaMemory,
    ExtFunctionFreeDmaMemory,
    ExtFunctionUpdateAdapterMaxIOInfo,
    ExtFunctionMiniportChannelEtwEvent2,
    ExtFunctionMiniportChannelEtwEvent4,
    ExtFunctionMiniportChannelEtwEvent8,
    ExtFunctionInitializeHighResolutionTimer,
    ExtFunctionRequestHighResolutionTimer,
    ExtFunctionCancelHighResolutionTimer,
    ExtFunctionFreeHighResolutionTimer,
    ExtFunctionGetCurrentProcessorIndex,
    ExtFunctionAcquireSpinLock,
    ExtFunctionGetProcessorCount,
    ExtFunctionCancelDpc,
    ExtFunctionMiniportTelemetryEx,
    ExtFunctionQueryConfiguration,
    ExtFunctionLogHardwareError,
    ExtFunctionInitializeEvent,
    ExtFunctionWaitForEvent,
    ExtFunctionSetEvent,
    ExtFunctionDeviceReset,
    ExtFunctionSetFeatureList,
    ExtFunctionCaptureLiveDump,
    ExtFunctionMiniportLogByteStream,
    ExtFunctionQueryDpcWatchdogInformation,
    ExtFunctionQueryTimerMinInterval,
    ExtFunctionMaskPciMsixEntry,
    ExtFunctionGetCurrentIrql,
    ExtFunctionCreateSystemThread,
    ExtFunctionSetPriorityThread,
    ExtFunctionSetSystemGroupAffinityThread,
    ExtFunctionRevertToUserGroupAffinityThread,
    ExtFunctionDeviceResetEx,
    ExtFunctionMiniportReportInternalData,
    ExtFunctionGetMessageInterruptIDFromProcessorIndex,
    ExtFunctionGetNodeAffinity2,
    ExtFunctionEnableRegistryKeyNotification,
    ExtFunctionPoFxRegisterPerfStatesEx,
    ExtFunctionReadRegistryKey,
    ExtFunctionGetDeviceBase2,
    ExtFunctionIsDriverHotSwapEnabled,
    ExtFunctionRegisterDriverProxy,
    ExtFunctionRegisterDriverProxyEndpoints,
    ExtFunctionGetDriverProxyEndpointWrapper,
    ExtFunctionNvmeIceIoStart,
    ExtFunctionNvmeIceIoComplete,
    ExtFunctionNvmeMiniportEvent,
    ExtFunctionNvmeMiniportTelemetry,
    ExtFunctionGetDriverProxyEndpointWrapperFromEndpoint,
    ExtFunctionSwapDriverProxyEndpoints,
    ExtFunctionStorMQAddController,
    ExtFunctionStorMQRemoveController,
    ExtFunctionNvmeIceIoStartEx,
    ExtFunctionQueryNvmeIceSupport,
    ExtFunctionQueueWorkItemToNode
} STORPORT_FUNCTION_CODE,
    *PSTORPORT_FUNCTION_CODE;

/* ---- constants of the initialization structures ------------------------------------------------ */

#define STOR_MAP_NO_BUFFERS (0)
#define STOR_MAP_ALL_BUFFERS (1)
#define STOR_MAP_NON_READ_WRITE_BUFFERS (2)
#define STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE (3)

#define SP_VER_TRACE_SUPPORT 0x0010

/* HW_INITIALIZATION_DATA.FeatureSupport */
#define STOR_FEATURE_VIRTUAL_MINIPORT 0x00000001
#define STOR_FEATURE_ATA_PASS_THROUGH 0x00000002
#define STOR_FEATURE_FULL_PNP_DEVICE_CAPABILITIES 0x00000004
#define STOR_FEATURE_DUMP_POINTERS 0x00000008
#define STOR_FEATURE_DEVICE_NAME_NO_SUFFIX 0x00000010
#define STOR_FEATURE_DUMP_RESUME_CAPABLE 0x00000020
#define STOR_FEATURE_DEVICE_DESCRIPTOR_FROM_ATA_INFO_VPD 0x00000040
#define STOR_FEATURE_EXTRA_IO_INFORMATION 0x00000080
#define STOR_FEATURE_ADAPTER_CONTROL_PRE_FINDADAPTER 0x00000100
#define STOR_FEATURE_ADAPTER_NOT_REQUIRE_IO_PORT 0x00000200
#define STOR_FEATURE_DUMP_16_BYTE_ALIGNMENT 0x00000400
#define STOR_FEATURE_SET_ADAPTER_INTERFACE_TYPE 0x00000800
#define STOR_FEATURE_DUMP_INFO 0x00001000
#define STOR_FEATURE_DMA_ALLOCATION_NO_BOUNDARY 0x00002000
#define STOR_FEATURE_SUPPORTS_NVME_ADAPTER 0x00004000
#define STOR_FEATURE_REPORT_INTERNAL_DATA 0x00008000
#define STOR_FEATURE_EARLY_DUMP 0x00010000
#define STOR_FEATURE_NVME_ICE 0x00020000

#define SRB_TYPE_FLAG_SCSI_REQUEST_BLOCK 0x00000001
#define SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK 0x00000002
#define ADDRESS_TYPE_FLAG_BTL8 0x00000001 /* inferred */

/* PORT_CONFIGURATION_INFORMATION.FeatureSupport */
#define STOR_ADAPTER_FEATURE_DEVICE_TELEMETRY 0x00000001
#define STOR_ADAPTER_FEATURE_STOP_UNIT_DURING_POWER_DOWN 0x00000002
#define STOR_ADAPTER_UNCACHED_EXTENSION_NUMA_NODE_PREFERRED 0x00000004
#define STOR_ADAPTER_DMA_V3_PREFERRED 0x00000008
#define STOR_ADAPTER_FEATURE_ABORT_COMMAND 0x00000010
#define STOR_ADAPTER_FEATURE_RICH_TEMPERATURE_THRESHOLD 0x00000020
#define STOR_ADAPTER_DMA_ADDRESS_WIDTH_SPECIFIED 0x00000040

#define DUMP_MODE_CRASH 0x01
#define DUMP_MODE_HIBER 0x02
#define DUMP_MODE_MARK_MEMORY 0x03
#define DUMP_MODE_RESUME 0x04

/* Dma64BitAddresses */
#define SCSI_DMA64_MINIPORT_SUPPORTED 0x01
#define SCSI_DMA64_MINIPORT_FULL64BIT_SUPPORTED 0x02
#define SCSI_DMA64_MINIPORT_FULL64BIT_NO_BOUNDARY_REQ_SUPPORTED 0x03 /* inferred */
#define SCSI_DMA64_MINIPORT_64BIT_ONE_4GB_SUPPORTED 0x04             /* inferred */
#define SCSI_DMA64_SYSTEM_SUPPORTED 0x80

#define STOR_PERF_DPC_REDIRECTION 0x00000001
#define STOR_PERF_CONCURRENT_CHANNELS 0x00000002
#define STOR_PERF_INTERRUPT_MESSAGE_RANGES 0x00000004
#define STOR_PERF_ADV_CONFIG_LOCALITY 0x00000008
#define STOR_PERF_OPTIMIZE_FOR_COMPLETION_DURING_STARTIO 0x00000010
#define STOR_PERF_DPC_REDIRECTION_CURRENT_CPU 0x00000020
#define STOR_PERF_NO_SGL 0x00000040 /* inferred */
#define STOR_PERF_VERSION_2 0x00000002
#define STOR_PERF_VERSION_3 0x00000003
#define STOR_PERF_VERSION_4 0x00000004
#define STOR_PERF_VERSION_5 0x00000005
#define STOR_PERF_VERSION STOR_PERF_VERSION_5

#define MINIPORT_REG_SZ 1
#define MINIPORT_REG_BINARY 3
#define MINIPORT_REG_DWORD 4
#define MINIPORT_REG_MULTI_SZ 7

#define STATE_CHANGE_LUN 0x1
#define STATE_CHANGE_TARGET 0x2
#define STATE_CHANGE_BUS 0x4
#define ATTRIBUTE_VM_PASSTHROUGH_LUN 0x1 /* inferred */

#define RAID_ASYNC_NOTIFY_FLAG_MEDIA_STATUS 0x1
#define RAID_ASYNC_NOTIFY_FLAG_DEVICE_STATUS 0x2
#define RAID_ASYNC_NOTIFY_FLAG_DEVICE_OPERATION 0x4
#define RAID_ASYNC_NOTIFY_SUPPORTED_FLAGS 0x7

#define MARK_DUMP_MEMORY_FLAG_PHYSICAL_ADDRESS 0x00000001             /* inferred */
#define STORPORT_MARK_DEVICE_FAILED_FLAG_REMOVE_DEVICE 0x00000001     /* inferred */
#define STORPORT_MARK_DEVICE_FAILED_FLAG_PREDICTED_FAILURE 0x00000002 /* inferred */

#define STOR_CURRENT_LOG_INTERFACE_REVISION 0x00000100
#define STOR_REQUEST_INFO_VER_1 1
#define STOR_REQUEST_INFO_VER_2 2
#define STOR_REQUEST_INFO_VER STOR_REQUEST_INFO_VER_2

#define STORPORT_ETW_EVENT_KEYWORD_IO 0x1
#define STORPORT_ETW_EVENT_KEYWORD_PERFORMANCE 0x2
#define STORPORT_ETW_EVENT_KEYWORD_POWER 0x4
#define STORPORT_ETW_EVENT_KEYWORD_ENUMERATION 0x8
#define STORPORT_ETW_EVENT_KEYWORD_COMMAND_TRACE 0x10
#define STORPORT_ETW_MAX_DESCRIPTION_LENGTH 32
#define STORPORT_ETW_MAX_PARAM_NAME_LENGTH 16
#define EVENT_BUFFER_MAX_LENGTH 4096
#define EVENT_NAME_MAX_LENGTH 32
#define EVENT_MAX_PARAM_NAME_LEN 32

#define STOR_POFX_DEVICE_VERSION_V1 1
#define STOR_POFX_DEVICE_VERSION_V2 2
#define STOR_POFX_DEVICE_VERSION_V3 3
#define STOR_POFX_COMPONENT_VERSION_V1 1
#define STOR_POFX_COMPONENT_VERSION_V2 2
#define STOR_POFX_COMPONENT_IDLE_STATE_VERSION_V1 1
#define STOR_POFX_UNKNOWN_POWER 0xFFFFFFFFU
#define STOR_POFX_UNKNOWN_TIME 0xFFFFFFFFFFFFFFFFULL
#define STOR_POFX_DEVICE_FLAG_NO_D0 0x0001
#define STOR_POFX_DEVICE_FLAG_NO_D3 0x0002
#define STOR_POFX_DEVICE_FLAG_ENABLE_D3_COLD 0x0004
#define STOR_POFX_DEVICE_FLAG_NO_DUMP_ACTIVE 0x0008
#define STOR_POFX_DEVICE_FLAG_IDLE_TIMEOUT 0x0010
#define STOR_POFX_DEVICE_FLAG_ADAPTIVE_D3_IDLE_TIMEOUT 0x0020
#define STOR_POFX_DEVICE_FLAG_NO_UNIT_REGISTRATION 0x0040
#define STOR_POFX_DEVICE_FLAG_PERF_STATE_PEP_OPTIONAL 0x0080
#define STOR_POFX_DEVICE_FLAG_NO_IDLE_DEBOUNCE 0x0100
#define STOR_POFX_DEVICE_FLAG_DUMP_ALWAYS_POWER_ON 0x0200
#define STOR_POFX_DEVICE_FLAG_DISABLE_INTERRUPTS_ON_D3 0x0400
#define STOR_POFX_DEVICE_FLAG_ADAPTER_D3_WAKE 0x0800
#define STOR_POFX_DEVICE_FLAG_GET_PERF_STATE_FROM_PEP 0x1000

/* Lengths not documented: inferred. */
#define STOR_VENDOR_ID_LENGTH 16
#define STOR_MODEL_NUMBER_LENGTH 48
#define STOR_FIRMWARE_REVISION_LENGTH 16
#define STOR_RICH_DEVICE_DESCRIPTION_STRUCTURE_VERSION 1
#define STOR_FRU_ID_DESCRIPTION_STRUCTURE_VERSION_1 1

/* ---- enumerations ----------------------------------------------------------------------------- */

typedef enum _STOR_SPINLOCK {
    DpcLock = 1,
    StartIoLock,
    InterruptLock,
    ThreadedDpcLock,
    DpcLevelLock
} STOR_SPINLOCK,
    *PSTOR_SPINLOCK;

typedef enum _STOR_SYNCHRONIZATION_MODEL {
    StorSynchronizeHalfDuplex,
    StorSynchronizeFullDuplex
} STOR_SYNCHRONIZATION_MODEL;

typedef enum _INTERRUPT_SYNCHRONIZATION_MODE {
    InterruptSupportNone,
    InterruptSynchronizeAll,
    InterruptSynchronizePerMessage
} INTERRUPT_SYNCHRONIZATION_MODE;

typedef enum _STOR_DMA_WIDTH {
    DmaUnknown,
    Dma32Bit,
    Dma64BitScatterGather,
    Dma64Bit
} STOR_DMA_WIDTH;

typedef enum _GETSGSTATUS { SG_ALLOCATED = 0, SG_BUFFER_TOO_SMALL } GETSGSTATUS, *PGETSGSTATUS;

typedef enum _SCSI_ADAPTER_CONTROL_TYPE {
    ScsiQuerySupportedControlTypes = 0,
    ScsiStopAdapter,
    ScsiRestartAdapter,
    ScsiSetBootConfig,
    ScsiSetRunningConfig,
    ScsiPowerSettingNotification,
    ScsiAdapterPower,
    ScsiAdapterPoFxPowerRequired,
    ScsiAdapterPoFxPowerActive,
    ScsiAdapterPoFxPowerSetFState,
    ScsiAdapterPoFxPowerControl,
    ScsiAdapterPrepareForBusReScan,
    ScsiAdapterSystemPowerHints,
    ScsiAdapterFilterResourceRequirements,
    ScsiAdapterPoFxMaxOperationalPower,
    ScsiAdapterPoFxSetPerfState,
    ScsiAdapterSurpriseRemoval,
    ScsiAdapterSerialNumber,
    ScsiAdapterCryptoOperation,
    ScsiAdapterQueryFruId,
    ScsiAdapterSetEventLogging,
    ScsiAdapterReportInternalData,
    /* inferred from the documented order */
    ScsiAdapterResetBusSynchronous,
    ScsiAdapterPostHwInitialize,
    ScsiAdapterPrepareEarlyDumpData,
    ScsiAdapterRestoreEarlyDumpData,
    ScsiAdapterControlMax,
    MakeAdapterControlTypeSizeOfUlong = (int)0xffffffff
} SCSI_ADAPTER_CONTROL_TYPE,
    *PSCSI_ADAPTER_CONTROL_TYPE;

typedef enum _SCSI_ADAPTER_CONTROL_STATUS {
    ScsiAdapterControlSuccess = 0,
    ScsiAdapterControlUnsuccessful
} SCSI_ADAPTER_CONTROL_STATUS,
    *PSCSI_ADAPTER_CONTROL_STATUS;

typedef enum _SCSI_UNIT_CONTROL_TYPE {
    ScsiQuerySupportedUnitControlTypes = 0,
    ScsiUnitUsage,
    ScsiUnitStart,
    ScsiUnitPower,
    ScsiUnitPoFxPowerInfo,
    ScsiUnitPoFxPowerRequired,
    ScsiUnitPoFxPowerActive,
    ScsiUnitPoFxPowerSetFState,
    ScsiUnitPoFxPowerControl,
    ScsiUnitRemove,
    ScsiUnitSurpriseRemoval,
    ScsiUnitRichDescription,
    ScsiUnitQueryBusType,
    ScsiUnitQueryFruId,
    ScsiUnitReportInternalData,
    ScsiUnitKsrPowerDown,
    ScsiUnitNvmeIceInformation,
    ScsiUnitControlMax,
    MakeUnitControlTypeSizeOfUlong = (int)0xffffffff
} SCSI_UNIT_CONTROL_TYPE,
    *PSCSI_UNIT_CONTROL_TYPE;

typedef enum _SCSI_UNIT_CONTROL_STATUS {
    ScsiUnitControlSuccess = 0,
    ScsiUnitControlUnsuccessful
} SCSI_UNIT_CONTROL_STATUS,
    *PSCSI_UNIT_CONTROL_STATUS;

/* Values inferred from the documented order. */
typedef enum _SCSI_UC_DEVICE_USAGE_TYPE {
    ScsiDeviceUsageTypeUndefined = 0,
    ScsiDeviceUsageTypePaging,
    ScsiDeviceUsageTypeHibernation,
    ScsiDeviceUsageTypeDumpFile,
    ScsiDeviceUsageTypeBoot
} SCSI_UC_DEVICE_USAGE_TYPE,
    *PSCSI_UC_DEVICE_USAGE_TYPE;

typedef enum _STORPORT_FEATURE_TYPE {
    StorportFeatureBusTypeUnitControl = 0,
    StorportFeatureFruIdUnitControl,
    StorportFeatureFruIdAdapterControl,
    StorportFeatureSetEventLoggingAdapterControl,
    StorportFeatureReportInternalDataUnitControl,
    StorportFeatureReportInternalDataAdapterControl,
    /* inferred from the documented order */
    StorportFeatureResetBusSynchronous,
    StorportFeaturePostHwInitialize,
    StorportFeaturePrepareEarlyDumpData,
    StorportFeatureRestoreEarlyDumpData,
    StorportFeatureMax
} STORPORT_FEATURE_TYPE,
    *PSTORPORT_FEATURE_TYPE;

typedef enum _RAID_SYSTEM_POWER {
    RaidSystemPowerUnknown = 0,
    RaidSystemPowerLowest,
    RaidSystemPowerLow,
    RaidSystemPowerMedium,
    RaidSystemPowerHigh
} RAID_SYSTEM_POWER,
    *PRAID_SYSTEM_POWER;

typedef enum _STOR_IO_PRIORITY_HINT {
    StorIoPriorityVeryLow = 0,
    StorIoPriorityLow,
    StorIoPriorityNormal,
    StorIoPriorityHigh,
    StorIoPriorityCritical,
    StorIoPriorityMaxPriorityTypes,
    StorIoPriorityMaxPriorityValue = 0xffff
} STOR_IO_PRIORITY_HINT;

typedef enum _STOR_EVENT_ASSOCIATION_ENUM {
    StorEventAdapterAssociation = 0,
    StorEventLunAssociation,
    StorEventTargetAssociation,
    StorEventInvalidAssociation
} STOR_EVENT_ASSOCIATION_ENUM,
    *PSTOR_EVENT_ASSOCIATION_ENUM;

/* Values inferred from the documented order. */
typedef enum _STOR_EVENT_TYPE { StorNotificationEvent = 0, StorSynchronizationEvent } STOR_EVENT_TYPE;

typedef enum _STORPORT_ETW_LEVEL {
    StorportEtwLevelLogAlways = 0,
    StorportEtwLevelCritical,
    StorportEtwLevelError,
    StorportEtwLevelWarning,
    StorportEtwLevelInformational,
    StorportEtwLevelVerbose
} STORPORT_ETW_LEVEL;

typedef enum _STORPORT_ETW_EVENT_OPCODE {
    StorportEtwEventOpcodeInfo = 0,
    StorportEtwEventOpcodeStart,
    StorportEtwEventOpcodeStop,
    StorportEtwEventOpcodeDC_Start,
    StorportEtwEventOpcodeDC_Stop,
    StorportEtwEventOpcodeExtension,
    StorportEtwEventOpcodeReply,
    StorportEtwEventOpcodeResume,
    StorportEtwEventOpcodeSuspend,
    StorportEtwEventOpcodeSend,
    StorportEtwEventOpcodeReceive = 240
} STORPORT_ETW_EVENT_OPCODE;

typedef enum _STORPORT_ETW_EVENT_CHANNEL {
    StorportEtwEventDiagnostic = 0,
    StorportEtwEventOperational,
    StorportEtwEventHealth,
    StorportEtwEventIoPerformance
} STORPORT_ETW_EVENT_CHANNEL,
    *PSTORPORT_ETW_EVENT_CHANNEL;

typedef enum _STOR_TELEMETRY_CATEGORY {
    StorTelemetryCategory = 0,
    StorMeasuresCategory
} STOR_TELEMETRY_CATEGORY,
    *PSTOR_TELEMETRY_CATEGORY;

typedef enum _STOR_THREAD_PRIORITY {
    StorThreadPriorityBackground = 7,
    StorThreadPriorityNormal = 8,
    StorThreadPriorityDelayed = 12,
    StorThreadPriorityCritical = 13,
    StorThreadPrioritySuperCritical = 14,
    StorThreadPriorityHyperCritical = 15,
    StorThreadPriorityRealTime = 18
} STOR_THREAD_PRIORITY,
    *PSTOR_THREAD_PRIORITY;

/* Values inferred from the documented order. */
typedef enum _STOR_DEVICE_RESET_TYPE {
    StorFunctionLevelReset = 0,
    StorPlatformLevelReset,
    StorBusSpecificReset
} STOR_DEVICE_RESET_TYPE,
    *PSTOR_DEVICE_RESET_TYPE;

typedef enum _STORPORT_QUERY_CONFIGURATION_TYPE {
    StorportQueryConfigurationD3 = 0, /* inferred */
    StorportQueryConfigurationMax     /* inferred */
} STORPORT_QUERY_CONFIGURATION_TYPE,
    *PSTORPORT_QUERY_CONFIGURATION_TYPE;

typedef enum _STORPORT_CAPTURE_LIVEDUMP_TYPE {
    StorportCaptureLiveDumpTypeUndefined = 0,
    StorportCaptureLiveDumpTypeMini,
    StorportCaptureLiveDumpTypeFull
} STORPORT_CAPTURE_LIVEDUMP_TYPE,
    *PSTORPORT_CAPTURE_LIVEDUMP_TYPE;

typedef enum _STORPORT_LIVEDUMP_ISSUE_TYPE {
    StorportLivedumpIssueTypeUndefined = 0,
    StorportLivedumpIssueTypeDevicePanic /* inferred */
} STORPORT_LIVEDUMP_ISSUE_TYPE,
    *PSTORPORT_LIVEDUMP_ISSUE_TYPE;

typedef enum _STORPORT_LIVEDUMP_DATA_TYPE {
    StorportLivedumpDataTypeUndefined = 0,
    StorportLivedumpDataTypeDeviceTelemetryLog /* inferred */
} STORPORT_LIVEDUMP_DATA_TYPE,
    *PSTORPORT_LIVEDUMP_DATA_TYPE;

typedef enum _STOR_POFX_PERF_STATE_UNIT {
    StorPoFxPerfStateUnitOther = 0,
    StorPoFxPerfStateUnitFrequency,
    StorPoFxPerfStateUnitBandwidth,
    StorPoFxPerfStateUnitMilliwatts
} STOR_POFX_PERF_STATE_UNIT,
    *PSTOR_POFX_PERF_STATE_UNIT;

typedef enum _STOR_POFX_PERF_STATE_TYPE {
    StorPoFxPerfStateTypeDiscrete = 0,
    StorPoFxPerfStateTypeRange
} STOR_POFX_PERF_STATE_TYPE,
    *PSTOR_POFX_PERF_STATE_TYPE;

typedef enum _STOR_CRYPTO_KEY_SIZE {
    StorCryptoKeySizeUnknown = 0,
    StorCryptoKeySize128Bits,
    StorCryptoKeySize192Bits,
    StorCryptoKeySize256Bits,
    StorCryptoKeySize512Bits, /* inferred */
    StorCryptoKeySizeMax
} STOR_CRYPTO_KEY_SIZE,
    *PSTOR_CRYPTO_KEY_SIZE;

typedef enum _STOR_CRYPTO_ALGORITHM_ID {
    StorCryptoAlgorithmUnknown = 0,
    StorCryptoAlgorithmXTSAES,
    StorCryptoAlgorithmBitlockerAESCBC,
    StorCryptoAlgorithmAESECB,
    StorCryptoAlgorithmESSIVAESCBC,
    StorCryptoAlgorithmMax
} STOR_CRYPTO_ALGORITHM_ID,
    *PSTOR_CRYPTO_ALGORITHM_ID;

typedef enum _STOR_CRYPTO_OPERATION_TYPE {
    StorCryptoOperationInsertKey = 0, /* inferred */
    StorCryptoOperationMax
} STOR_CRYPTO_OPERATION_TYPE,
    *PSTOR_CRYPTO_OPERATION_TYPE;

/* ---- small structures -------------------------------------------------------------------------- */

typedef PHYSICAL_ADDRESS STOR_PHYSICAL_ADDRESS, *PSTOR_PHYSICAL_ADDRESS;
typedef ULONG_PTR STOR_AFFINITY, *PSTOR_AFFINITY;
typedef ULONG_PTR STOR_KSPIN_LOCK, *PSTOR_KSPIN_LOCK;

typedef struct _ACCESS_RANGE {
    STOR_PHYSICAL_ADDRESS RangeStart;
    ULONG RangeLength;
    BOOLEAN RangeInMemory;
} ACCESS_RANGE, *PACCESS_RANGE;

typedef struct _MEMORY_REGION {
    PUCHAR VirtualBase;
    PHYSICAL_ADDRESS PhysicalBase;
    ULONG Length;
} MEMORY_REGION, *PMEMORY_REGION;

typedef struct _MESSAGE_INTERRUPT_INFORMATION {
    ULONG MessageId;
    ULONG MessageData;
    STOR_PHYSICAL_ADDRESS MessageAddress;
    ULONG InterruptVector;
    ULONG InterruptLevel;
    KINTERRUPT_MODE InterruptMode;
} MESSAGE_INTERRUPT_INFORMATION, *PMESSAGE_INTERRUPT_INFORMATION;

typedef struct _STOR_SCATTER_GATHER_ELEMENT {
    STOR_PHYSICAL_ADDRESS PhysicalAddress;
    ULONG Length;
    ULONG_PTR Reserved;
} STOR_SCATTER_GATHER_ELEMENT, *PSTOR_SCATTER_GATHER_ELEMENT;

typedef struct _STOR_SCATTER_GATHER_LIST {
    ULONG NumberOfElements;
    ULONG_PTR Reserved;
    STOR_SCATTER_GATHER_ELEMENT List[];
} STOR_SCATTER_GATHER_LIST, *PSTOR_SCATTER_GATHER_LIST;

typedef struct _PERF_CONFIGURATION_DATA {
    ULONG Version;
    ULONG Size;
    ULONG Flags;
    ULONG ConcurrentChannels;
    ULONG FirstRedirectionMessageNumber;
    ULONG LastRedirectionMessageNumber;
    ULONG DeviceNode;
    ULONG Reserved;
    PGROUP_AFFINITY MessageTargets;
} PERF_CONFIGURATION_DATA, *PPERF_CONFIGURATION_DATA;

typedef struct _STARTIO_PERFORMANCE_PARAMETERS {
    ULONG Version;
    ULONG Size;
    ULONG MessageNumber;
    ULONG ChannelNumber;
} STARTIO_PERFORMANCE_PARAMETERS, *PSTARTIO_PERFORMANCE_PARAMETERS;

/* The driver allocates it and looks at nothing but its size. */
typedef struct _DPC_BUFFER {
    SHORT Type;
    UCHAR Number;
    UCHAR Importance;
    PVOID DpcListEntry[2];
    PVOID DeferredRoutine;
    PVOID DeferredContext;
    PVOID SystemArgument1;
    PVOID SystemArgument2;
    PVOID DpcData;
} DPC_BUFFER, *PDPC_BUFFER;

typedef struct _STOR_DPC {
    DPC_BUFFER Dpc;
    ULONG_PTR Lock;
} STOR_DPC, *PSTOR_DPC;

typedef struct _STOR_LOCK_HANDLE {
    STOR_SPINLOCK Lock;
    struct {
        struct {
            PVOID Next;
            PVOID Lock;
        } LockQueue;
        KIRQL OldIrql;
    } Context;
} STOR_LOCK_HANDLE, *PSTOR_LOCK_HANDLE;

typedef struct _STOR_LIST_ENTRY {
    struct _STOR_LIST_ENTRY *Flink;
    struct _STOR_LIST_ENTRY *Blink;
} STOR_LIST_ENTRY, *PSTOR_LIST_ENTRY;

typedef struct DECLSPEC_ALIGN(16) _STOR_SLIST_ENTRY {
    struct _STOR_SLIST_ENTRY *Next;
} STOR_SLIST_ENTRY, *PSTOR_SLIST_ENTRY;

typedef struct DECLSPEC_ALIGN(16) _STOR_SLIST_HEADER {
    ULONGLONG Alignment;
    ULONGLONG Region;
} STOR_SLIST_HEADER, *PSTOR_SLIST_HEADER;

typedef struct _STOR_DISPATCHER_HEADER {
    __extension__ union {
        __extension__ struct {
            UCHAR Type;
            UCHAR Signalling;
            UCHAR Size;
            UCHAR Inserted;
        };
        LONG Data;
        LONG Lock;
    };
    LONG SignalState;
    STOR_LIST_ENTRY WaitListHead;
} STOR_DISPATCHER_HEADER, *PSTOR_DISPATCHER_HEADER;

typedef struct _STOR_EVENT {
    STOR_DISPATCHER_HEADER Header;
} STOR_EVENT, *PSTOR_EVENT;

typedef struct _STOR_GROUP_AFFINITY {
    STOR_AFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} STOR_GROUP_AFFINITY, *PSTOR_GROUP_AFFINITY;

typedef struct _STOR_DPC_WATCHDOG_INFORMATION {
    ULONG DpcTimeLimit;
    ULONG DpcTimeCount;
    ULONG DpcWatchdogLimit;
    ULONG DpcWatchdogCount;
    ULONG Reserved;
} STOR_DPC_WATCHDOG_INFORMATION, *PSTOR_DPC_WATCHDOG_INFORMATION;

typedef struct _STOR_REQUEST_INFO_V1 {
    USHORT Version;
    USHORT Size;
    STOR_IO_PRIORITY_HINT PriorityHint;
    ULONG Flags;
    ULONG Key;
    ULONG Length;
    BOOLEAN IsWriteRequest;
    UCHAR Reserved[3];
} STOR_REQUEST_INFO_V1, *PSTOR_REQUEST_INFO_V1;

typedef struct _STOR_REQUEST_INFO_V2 {
    USHORT Version;
    USHORT Size;
    STOR_IO_PRIORITY_HINT PriorityHint;
    ULONG Flags;
    ULONG Key;
    ULONG Length;
    BOOLEAN IsWriteRequest;
    UCHAR Reserved[3];
    PVOID FileName;
    ULONG ProcessId;
} STOR_REQUEST_INFO_V2, *PSTOR_REQUEST_INFO_V2;

typedef STOR_REQUEST_INFO_V2 STOR_REQUEST_INFO, *PSTOR_REQUEST_INFO;

typedef struct _STOR_UNIT_ATTRIBUTES {
    ULONG DeviceAttentionSupported : 1;
    ULONG AsyncNotificationSupported : 1;
    ULONG D3ColdNotSupported : 1;
    ULONG BypassIOSupported : 1;
    ULONG Reserved : 28;
} STOR_UNIT_ATTRIBUTES, *PSTOR_UNIT_ATTRIBUTES;

typedef struct _STOR_LOG_EVENT_DETAILS {
    ULONG InterfaceRevision;
    ULONG Size;
    ULONG Flags;
    STOR_EVENT_ASSOCIATION_ENUM EventAssociation;
    ULONG PathId;
    ULONG TargetId;
    ULONG LunId;
    BOOLEAN StorportSpecificErrorCode;
    ULONG ErrorCode;
    ULONG UniqueId;
    ULONG DumpDataSize;
    PVOID DumpData;
    ULONG StringCount;
    PWSTR *StringList;
} STOR_LOG_EVENT_DETAILS, *PSTOR_LOG_EVENT_DETAILS;

typedef struct _STORPORT_TELEMETRY_EVENT {
    ULONG DriverVersion;
    ULONG EventId;
    UCHAR EventName[32];
    ULONG EventVersion;
    ULONG Flags;
    ULONG EventBufferLength;
    PUCHAR EventBuffer;
    UCHAR ParameterName0[32];
    ULONGLONG ParameterValue0;
    UCHAR ParameterName1[32];
    ULONGLONG ParameterValue1;
    UCHAR ParameterName2[32];
    ULONGLONG ParameterValue2;
    UCHAR ParameterName3[32];
    ULONGLONG ParameterValue3;
    UCHAR ParameterName4[32];
    ULONGLONG ParameterValue4;
    UCHAR ParameterName5[32];
    ULONGLONG ParameterValue5;
    UCHAR ParameterName6[32];
    ULONGLONG ParameterValue6;
    UCHAR ParameterName7[32];
    ULONGLONG ParameterValue7;
} STORPORT_TELEMETRY_EVENT, *PSTORPORT_TELEMETRY_EVENT;

/* ---- parameters of HwStorAdapterControl and HwStorUnitControl ---------------------------------- */

typedef struct _SCSI_SUPPORTED_CONTROL_TYPE_LIST {
    ULONG MaxControlType;
    BOOLEAN SupportedTypeList[];
} SCSI_SUPPORTED_CONTROL_TYPE_LIST, *PSCSI_SUPPORTED_CONTROL_TYPE_LIST;

typedef struct _STOR_POWER_CONTROL_HEADER {
    ULONG Version;
    ULONG Size;
    PSTOR_ADDRESS Address;
} STOR_POWER_CONTROL_HEADER, *PSTOR_POWER_CONTROL_HEADER;

typedef struct _STOR_POWER_SETTING_INFO {
    GUID PowerSettingGuid;
    PVOID Value;
    ULONG ValueLength;
} STOR_POWER_SETTING_INFO, *PSTOR_POWER_SETTING_INFO;

typedef struct _STOR_ADAPTER_CONTROL_POWER {
    STOR_POWER_CONTROL_HEADER Header;
    STOR_POWER_ACTION PowerAction;
    STOR_DEVICE_POWER_STATE PowerState;
} STOR_ADAPTER_CONTROL_POWER, *PSTOR_ADAPTER_CONTROL_POWER;

typedef struct _STOR_UNIT_CONTROL_POWER {
    PSTOR_ADDRESS Address;
    STOR_POWER_ACTION PowerAction;
    STOR_DEVICE_POWER_STATE PowerState;
} STOR_UNIT_CONTROL_POWER, *PSTOR_UNIT_CONTROL_POWER;

typedef struct _STOR_SYSTEM_POWER_HINTS {
    ULONG Version;
    ULONG Size;
    RAID_SYSTEM_POWER SystemPower;
    ULONG ResumeLatencyMSec;
} STOR_SYSTEM_POWER_HINTS, *PSTOR_SYSTEM_POWER_HINTS;

typedef struct _STOR_FILTER_RESOURCE_REQUIREMENTS {
    ULONG Version;
    ULONG Size;
    PVOID IoResourceRequirementsList;
} STOR_FILTER_RESOURCE_REQUIREMENTS, *PSTOR_FILTER_RESOURCE_REQUIREMENTS;

typedef struct _STOR_MAX_OPERATIONAL_POWER {
    ULONG Version;
    ULONG Size;
    ULONG Value;
} STOR_MAX_OPERATIONAL_POWER, *PSTOR_MAX_OPERATIONAL_POWER;

typedef struct _STOR_SERIAL_NUMBER {
    ULONG Version;
    ULONG Size;
    BOOLEAN Unicode;
    UCHAR SerialNumber[256];
} STOR_SERIAL_NUMBER, *PSTOR_SERIAL_NUMBER;

typedef struct _STOR_SET_EVENT_LOGGING {
    STORPORT_ETW_EVENT_CHANNEL Channel;
    BOOLEAN Enabled;
} STOR_SET_EVENT_LOGGING, *PSTOR_SET_EVENT_LOGGING;

typedef struct _STOR_RESET_BUS_SYNCHRONOUS_PARAMETER {
    ULONG Version;
    ULONG Size;
    UCHAR PathId;
    UCHAR Reserved[3];
} STOR_RESET_BUS_SYNCHRONOUS_PARAMETER, *PSTOR_RESET_BUS_SYNCHRONOUS_PARAMETER;

typedef struct _STOR_FRU_ID_DESCRIPTION {
    ULONG Version;
    ULONG Size;
    PSTOR_ADDRESS Address;
    UCHAR FruId[128];
} STOR_FRU_ID_DESCRIPTION, *PSTOR_FRU_ID_DESCRIPTION;

typedef struct _STOR_RICH_DEVICE_DESCRIPTION_V1 {
    ULONG Version;
    ULONG Size;
    UCHAR VendorId[17];
    UCHAR ModelNumber[49];
    UCHAR FirmwareRevision[17];
} STOR_RICH_DEVICE_DESCRIPTION_V1, *PSTOR_RICH_DEVICE_DESCRIPTION_V1;

typedef STOR_RICH_DEVICE_DESCRIPTION_V1 STOR_RICH_DEVICE_DESCRIPTION, *PSTOR_RICH_DEVICE_DESCRIPTION;

typedef struct _STOR_UC_DEVICE_USAGE {
    PSTOR_ADDRESS Address;
    SCSI_UC_DEVICE_USAGE_TYPE UsageType;
    BOOLEAN InUse;
} STOR_UC_DEVICE_USAGE, *PSTOR_UC_DEVICE_USAGE;

typedef struct _STOR_UNIT_CONTROL_QUERY_BUS_TYPE {
    PSTOR_ADDRESS Address;
    STORAGE_BUS_TYPE BusType;
} STOR_UNIT_CONTROL_QUERY_BUS_TYPE, *PSTOR_UNIT_CONTROL_QUERY_BUS_TYPE;

/* ---- runtime power ------------------------------------------------------------------------------ */

typedef struct _STOR_POFX_COMPONENT_IDLE_STATE {
    ULONG Version;
    ULONG Size;
    ULONGLONG TransitionLatency;
    ULONGLONG ResidencyRequirement;
    ULONG NominalPower;
} STOR_POFX_COMPONENT_IDLE_STATE, *PSTOR_POFX_COMPONENT_IDLE_STATE;

typedef struct _STOR_POFX_COMPONENT {
    ULONG Version;
    ULONG Size;
    ULONG FStateCount;
    ULONG DeepestWakeableFState;
    GUID Id;
    STOR_POFX_COMPONENT_IDLE_STATE FStates[ANYSIZE_ARRAY];
} STOR_POFX_COMPONENT, *PSTOR_POFX_COMPONENT;

typedef struct _STOR_POFX_COMPONENT_V2 {
    ULONG Version;
    ULONG Size;
    ULONG FStateCount;
    ULONG DeepestWakeableFState;
    GUID Id;
    ULONG DeepestAdapterPowerRequiredFState;
    ULONG DeepestCrashDumpReadyFState;
    STOR_POFX_COMPONENT_IDLE_STATE FStates[ANYSIZE_ARRAY];
} STOR_POFX_COMPONENT_V2, *PSTOR_POFX_COMPONENT_V2;

typedef struct _STOR_POFX_DEVICE {
    ULONG Version;
    ULONG Size;
    ULONG ComponentCount;
    ULONG Flags;
    STOR_POFX_COMPONENT Components[ANYSIZE_ARRAY];
} STOR_POFX_DEVICE, *PSTOR_POFX_DEVICE;

typedef struct _STOR_POFX_DEVICE_V2 {
    ULONG Version;
    ULONG Size;
    ULONG ComponentCount;
    ULONG Flags;
    __extension__ union {
        ULONG UnitMinIdleTimeoutInMS;
        ULONG AdapterIdleTimeoutInMS;
    };
    STOR_POFX_COMPONENT Components[ANYSIZE_ARRAY];
} STOR_POFX_DEVICE_V2, *PSTOR_POFX_DEVICE_V2;

typedef struct _STOR_POFX_DEVICE_V3 {
    ULONG Version;
    ULONG Size;
    ULONG ComponentCount;
    ULONG Flags;
    __extension__ union {
        ULONG UnitMinIdleTimeoutInMS;
        ULONG AdapterIdleTimeoutInMS;
    };
    ULONG MinimumPowerCyclePeriodInMS;
    STOR_POFX_COMPONENT Components[ANYSIZE_ARRAY];
} STOR_POFX_DEVICE_V3, *PSTOR_POFX_DEVICE_V3;

#define STOR_POFX_DEVICE_SIZE FIELD_OFFSET(STOR_POFX_DEVICE, Components)
#define STOR_POFX_DEVICE_V2_SIZE FIELD_OFFSET(STOR_POFX_DEVICE_V2, Components)
#define STOR_POFX_DEVICE_V3_SIZE FIELD_OFFSET(STOR_POFX_DEVICE_V3, Components)
#define STOR_POFX_COMPONENT_SIZE FIELD_OFFSET(STOR_POFX_COMPONENT, FStates)
#define STOR_POFX_COMPONENT_V2_SIZE FIELD_OFFSET(STOR_POFX_COMPONENT_V2, FStates)
#define STOR_POFX_COMPONENT_IDLE_STATE_SIZE sizeof(STOR_POFX_COMPONENT_IDLE_STATE)

typedef struct _STOR_POFX_PERF_STATE {
    ULONG Version;
    ULONG Size;
    ULONGLONG Value;
    PVOID Context;
} STOR_POFX_PERF_STATE, *PSTOR_POFX_PERF_STATE;

typedef struct _STOR_POFX_COMPONENT_PERF_SET {
    ULONG Version;
    ULONG Size;
    ULONGLONG Flags;
    STOR_POFX_PERF_STATE_UNIT PStateUnit;
    STOR_POFX_PERF_STATE_TYPE PStateType;
    __extension__ union {
        struct {
            ULONG Count;
            ULONG Offset;
        } Discrete;
        struct {
            ULONGLONG Minimum;
            ULONGLONG Maximum;
        } Range;
    };
} STOR_POFX_COMPONENT_PERF_SET, *PSTOR_POFX_COMPONENT_PERF_SET;

typedef struct _STOR_POFX_POWER_REQUIRED_CONTEXT {
    STOR_POWER_CONTROL_HEADER Header;
    BOOLEAN PowerRequired;
} STOR_POFX_POWER_REQUIRED_CONTEXT, *PSTOR_POFX_POWER_REQUIRED_CONTEXT;

typedef struct _STOR_POFX_ACTIVE_CONTEXT {
    STOR_POWER_CONTROL_HEADER Header;
    ULONG ComponentIndex;
    BOOLEAN Active;
} STOR_POFX_ACTIVE_CONTEXT, *PSTOR_POFX_ACTIVE_CONTEXT;

typedef struct _STOR_POFX_FSTATE_CONTEXT {
    STOR_POWER_CONTROL_HEADER Header;
    ULONG ComponentIndex;
    ULONG FState;
} STOR_POFX_FSTATE_CONTEXT, *PSTOR_POFX_FSTATE_CONTEXT;

typedef struct _STOR_POFX_POWER_CONTROL {
    STOR_POWER_CONTROL_HEADER Header;
    LPCGUID PowerControlCode;
    SIZE_T InBufferSize;
    SIZE_T OutBufferSize;
    PVOID InBuffer;
    PVOID OutBuffer;
    PSIZE_T BytesReturned;
} STOR_POFX_POWER_CONTROL, *PSTOR_POFX_POWER_CONTROL;

typedef struct _STOR_POFX_UNIT_POWER_INFO {
    STOR_POWER_CONTROL_HEADER Header;
    BOOLEAN IdlePowerEnabled;
} STOR_POFX_UNIT_POWER_INFO, *PSTOR_POFX_UNIT_POWER_INFO;

typedef struct _STOR_POFX_PERF_STATE_CONTEXT {
    ULONG Version;
    ULONG Size;
    ULONG ComponentIndex;
    BOOLEAN Succeeded;
    PVOID Context;
} STOR_POFX_PERF_STATE_CONTEXT, *PSTOR_POFX_PERF_STATE_CONTEXT;

/* ---- inline encryption, live dumps --------------------------------------------------------------- */

typedef struct _STOR_CRYPTO_CAPABILITY {
    ULONG Version;
    ULONG Size;
    USHORT CryptoCapabilityIndex;
    USHORT DataUnitSizeBitmask;
    STOR_CRYPTO_ALGORITHM_ID AlgorithmId;
    STOR_CRYPTO_KEY_SIZE KeySize;
} STOR_CRYPTO_CAPABILITY, *PSTOR_CRYPTO_CAPABILITY;

typedef struct _STOR_CRYPTO_CAPABILITIES_DATA {
    ULONG Version;
    ULONG Size;
    USHORT NumKeysSupported;
    USHORT NumCryptoCapabilities;
    STOR_CRYPTO_CAPABILITY CryptoCapabilities[ANYSIZE_ARRAY];
} STOR_CRYPTO_CAPABILITIES_DATA, *PSTOR_CRYPTO_CAPABILITIES_DATA;

typedef struct _STOR_CRYPTO_KEY_INFO {
    ULONG Version;
    ULONG Size;
    ULONG KeyIndex;
    ULONGLONG Tweak;
} STOR_CRYPTO_KEY_INFO, *PSTOR_CRYPTO_KEY_INFO;

typedef struct _STOR_CRYPTO_OPERATION {
    STOR_CRYPTO_OPERATION_TYPE OperationType;
    ULONG OperationBufferLength;
    PVOID OperationBuffer;
} STOR_CRYPTO_OPERATION, *PSTOR_CRYPTO_OPERATION;

typedef struct _STOR_CRYPTO_OPERATION_INSERT_KEY {
    USHORT Version;
    USHORT Size;
    ULONG KeyIndex;
    ULONG CryptoCapabilityIndex;
    ULONG DataUnitSizeBitmask;
    ULONG KeySize;
    ULONG Reserved;
    PVOID KeyVirtualAddress;
    PHYSICAL_ADDRESS KeyPhysicalAddress;
} STOR_CRYPTO_OPERATION_INSERT_KEY, *PSTOR_CRYPTO_OPERATION_INSERT_KEY;

typedef struct _STORPORT_CAPTURE_LIVEDUMP {
    ULONG Version;
    ULONG Size;
    STORPORT_CAPTURE_LIVEDUMP_TYPE LiveDumpType;
    STORPORT_LIVEDUMP_ISSUE_TYPE IssueType;
    PWSTR ComponentName;
    STORPORT_LIVEDUMP_DATA_TYPE DataType;
    PVOID Data;
} STORPORT_CAPTURE_LIVEDUMP, *PSTORPORT_CAPTURE_LIVEDUMP;

/* Driver proxies: contents not documented. */
typedef struct _STOR_DRIVER_PROXY_EXTENSION *PSTOR_DRIVER_PROXY_EXTENSION;
typedef struct _STOR_DRIVER_PROXY_ENDPOINT_INFORMATION *PSTOR_DRIVER_PROXY_ENDPOINT_INFORMATION;
typedef ULONG STOR_DRIVER_PROXY_ENDPOINT_FUNCTION_ID; /* width inferred */

/* ---- callbacks ----------------------------------------------------------------------------------- */

typedef struct _HW_INITIALIZATION_DATA HW_INITIALIZATION_DATA, *PHW_INITIALIZATION_DATA;
typedef struct _PORT_CONFIGURATION_INFORMATION PORT_CONFIGURATION_INFORMATION,
    *PPORT_CONFIGURATION_INFORMATION;

typedef BOOLEAN NTAPI HW_INITIALIZE(PVOID DeviceExtension);
typedef BOOLEAN NTAPI HW_BUILDIO(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb);
typedef BOOLEAN NTAPI HW_STARTIO(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb);
typedef BOOLEAN NTAPI HW_INTERRUPT(PVOID DeviceExtension);
typedef VOID NTAPI HW_TIMER(PVOID DeviceExtension);
typedef VOID NTAPI HW_TIMER_EX(PVOID DeviceExtension, PVOID Context);
typedef VOID NTAPI HW_DMA_STARTED(PVOID DeviceExtension);
typedef ULONG NTAPI HW_FIND_ADAPTER(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation,
                                    PCHAR ArgumentString,
                                    PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Again);
typedef ULONG NTAPI VIRTUAL_HW_FIND_ADAPTER(PVOID DeviceExtension, PVOID HwContext,
                                            PVOID BusInformation, PVOID LowerDevice,
                                            PCHAR ArgumentString,
                                            PPORT_CONFIGURATION_INFORMATION ConfigInfo,
                                            PBOOLEAN Again);
typedef BOOLEAN NTAPI HW_RESET_BUS(PVOID DeviceExtension, ULONG PathId);
typedef BOOLEAN NTAPI HW_ADAPTER_STATE(PVOID DeviceExtension, PVOID Context, BOOLEAN SaveState);
typedef SCSI_ADAPTER_CONTROL_STATUS NTAPI HW_ADAPTER_CONTROL(PVOID DeviceExtension,
                                                             SCSI_ADAPTER_CONTROL_TYPE ControlType,
                                                             PVOID Parameters);
typedef SCSI_UNIT_CONTROL_STATUS NTAPI HW_UNIT_CONTROL(PVOID DeviceExtension,
                                                       SCSI_UNIT_CONTROL_TYPE ControlType,
                                                       PVOID Parameters);
typedef BOOLEAN NTAPI HW_PASSIVE_INITIALIZE_ROUTINE(PVOID DeviceExtension);
typedef VOID NTAPI HW_DPC_ROUTINE(PSTOR_DPC Dpc, PVOID HwDeviceExtension, PVOID SystemArgument1,
                                  PVOID SystemArgument2);
typedef BOOLEAN NTAPI HW_MESSAGE_SIGNALED_INTERRUPT_ROUTINE(PVOID HwDeviceExtension,
                                                            ULONG MessageId);
typedef BOOLEAN NTAPI STOR_SYNCHRONIZED_ACCESS(PVOID HwDeviceExtension, PVOID Context);
typedef VOID NTAPI POST_SCATTER_GATHER_EXECUTE(PVOID *DeviceObject, PVOID *Irp,
                                               PSTOR_SCATTER_GATHER_LIST ScatterGather,
                                               PVOID Context);
typedef VOID NTAPI HW_STATE_CHANGE(PVOID HwDeviceExtension, PVOID Context, SHORT AddressType,
                                   PVOID Address, ULONG Status);
typedef VOID NTAPI HW_WORKITEM(PVOID HwDeviceExtension, PVOID Context, PVOID Worker);
typedef VOID NTAPI HW_TRACING_ENABLED(PVOID HwDeviceExtension, BOOLEAN Enabled);
typedef VOID NTAPI HW_REGISTRY_NOTIFICATION_ROUTINE(PVOID HwDeviceExtension);
typedef VOID NTAPI HW_FREE_ADAPTER_RESOURCES(PVOID DeviceExtension);
typedef VOID NTAPI HW_PROCESS_SERVICE_REQUEST(PVOID DeviceExtension, PVOID Irp);
typedef VOID NTAPI HW_COMPLETE_SERVICE_IRP(PVOID DeviceExtension);
typedef VOID NTAPI HW_INITIALIZE_TRACING(PVOID Arg1, PVOID Arg2);
typedef VOID NTAPI HW_CLEANUP_TRACING(PVOID Arg1);
typedef VOID NTAPI STOR_THREAD_START_ROUTINE(PVOID StartContext);

typedef HW_INITIALIZE *PHW_INITIALIZE;
typedef HW_BUILDIO *PHW_BUILDIO;
typedef HW_STARTIO *PHW_STARTIO;
typedef HW_INTERRUPT *PHW_INTERRUPT;
typedef HW_TIMER *PHW_TIMER;
typedef HW_TIMER_EX *PHW_TIMER_EX;
typedef HW_DMA_STARTED *PHW_DMA_STARTED;
typedef HW_FIND_ADAPTER *PHW_FIND_ADAPTER;
typedef VIRTUAL_HW_FIND_ADAPTER *PVIRTUAL_HW_FIND_ADAPTER;
typedef HW_RESET_BUS *PHW_RESET_BUS;
typedef HW_ADAPTER_STATE *PHW_ADAPTER_STATE;
typedef HW_ADAPTER_CONTROL *PHW_ADAPTER_CONTROL;
typedef HW_UNIT_CONTROL *PHW_UNIT_CONTROL;
typedef HW_PASSIVE_INITIALIZE_ROUTINE *PHW_PASSIVE_INITIALIZE_ROUTINE;
typedef HW_DPC_ROUTINE *PHW_DPC_ROUTINE;
typedef HW_MESSAGE_SIGNALED_INTERRUPT_ROUTINE *PHW_MESSAGE_SIGNALED_INTERRUPT_ROUTINE;
typedef STOR_SYNCHRONIZED_ACCESS *PSTOR_SYNCHRONIZED_ACCESS;
typedef POST_SCATTER_GATHER_EXECUTE *PPOST_SCATTER_GATHER_EXECUTE;
typedef HW_STATE_CHANGE *PHW_STATE_CHANGE;
typedef HW_WORKITEM *PHW_WORKITEM;
typedef HW_TRACING_ENABLED *PHW_TRACING_ENABLED;
typedef HW_REGISTRY_NOTIFICATION_ROUTINE *PHW_REGISTRY_NOTIFICATION_ROUTINE;
typedef HW_FREE_ADAPTER_RESOURCES *PHW_FREE_ADAPTER_RESOURCES;
typedef HW_PROCESS_SERVICE_REQUEST *PHW_PROCESS_SERVICE_REQUEST;
typedef HW_COMPLETE_SERVICE_IRP *PHW_COMPLETE_SERVICE_IRP;
typedef HW_INITIALIZE_TRACING *PHW_INITIALIZE_TRACING;
typedef HW_CLEANUP_TRACING *PHW_CLEANUP_TRACING;
typedef STOR_THREAD_START_ROUTINE *PSTOR_THREAD_START_ROUTINE;

/* ---- what a driver fills in ------------------------------------------------------------------------ */

/* HwFindAdapter holds the six- or, for virtual miniports, the seven-argument form. */
typedef struct _HW_INITIALIZATION_DATA {
    ULONG HwInitializationDataSize;
    INTERFACE_TYPE AdapterInterfaceType;
    PHW_INITIALIZE HwInitialize;
    PHW_STARTIO HwStartIo;
    PHW_INTERRUPT HwInterrupt;
    PVOID HwFindAdapter;
    PHW_RESET_BUS HwResetBus;
    PHW_DMA_STARTED HwDmaStarted;
    PHW_ADAPTER_STATE HwAdapterState;
    ULONG DeviceExtensionSize;
    ULONG SpecificLuExtensionSize;
    ULONG SrbExtensionSize;
    ULONG NumberOfAccessRanges;
    PVOID Reserved;
    UCHAR MapBuffers;
    BOOLEAN NeedPhysicalAddresses;
    BOOLEAN TaggedQueuing;
    BOOLEAN AutoRequestSense;
    BOOLEAN MultipleRequestPerLu;
    BOOLEAN ReceiveEvent;
    USHORT VendorIdLength;
    PVOID VendorId;
    __extension__ union {
        USHORT ReservedUshort;
        USHORT PortVersionFlags;
    };
    USHORT DeviceIdLength;
    PVOID DeviceId;
    PHW_ADAPTER_CONTROL HwAdapterControl;
    PHW_BUILDIO HwBuildIo;
    PHW_FREE_ADAPTER_RESOURCES HwFreeAdapterResources;
    PHW_PROCESS_SERVICE_REQUEST HwProcessServiceRequest;
    PHW_COMPLETE_SERVICE_IRP HwCompleteServiceIrp;
    PHW_INITIALIZE_TRACING HwInitializeTracing;
    PHW_CLEANUP_TRACING HwCleanupTracing;
    PHW_TRACING_ENABLED HwTracingEnabled;
    ULONG FeatureSupport;
    ULONG SrbTypeFlags;
    ULONG AddressTypeFlags;
    ULONG Reserved1;
    PHW_UNIT_CONTROL HwUnitControl;
} HW_INITIALIZATION_DATA, *PHW_INITIALIZATION_DATA;

/* How the structure of Windows Server 2003 to Windows 7 ends. */
#define HW_INITIALIZATION_DATA_SIZE_WS03                                                           \
    FIELD_OFFSET(HW_INITIALIZATION_DATA, HwFreeAdapterResources)

typedef struct _VIRTUAL_HW_INITIALIZATION_DATA {
    ULONG HwInitializationDataSize;
    INTERFACE_TYPE AdapterInterfaceType;
    PHW_INITIALIZE HwInitialize;
    PHW_STARTIO HwStartIo;
    PHW_INTERRUPT HwInterrupt;
    PVIRTUAL_HW_FIND_ADAPTER HwFindAdapter;
    PHW_RESET_BUS HwResetBus;
    PHW_DMA_STARTED HwDmaStarted;
    PHW_ADAPTER_STATE HwAdapterState;
    ULONG DeviceExtensionSize;
    ULONG SpecificLuExtensionSize;
    ULONG SrbExtensionSize;
    ULONG NumberOfAccessRanges;
    PVOID Reserved;
    UCHAR MapBuffers;
    BOOLEAN NeedPhysicalAddresses;
    BOOLEAN TaggedQueuing;
    BOOLEAN AutoRequestSense;
    BOOLEAN MultipleRequestPerLu;
    BOOLEAN ReceiveEvent;
    USHORT VendorIdLength;
    PVOID VendorId;
    __extension__ union {
        USHORT ReservedUshort;
        USHORT PortVersionFlags;
    };
    USHORT DeviceIdLength;
    PVOID DeviceId;
    PHW_ADAPTER_CONTROL HwAdapterControl;
    PHW_BUILDIO HwBuildIo;
    PHW_FREE_ADAPTER_RESOURCES HwFreeAdapterResources;
    PHW_PROCESS_SERVICE_REQUEST HwProcessServiceRequest;
    PHW_COMPLETE_SERVICE_IRP HwCompleteServiceIrp;
    PHW_INITIALIZE_TRACING HwInitializeTracing;
    PHW_CLEANUP_TRACING HwCleanupTracing;
} VIRTUAL_HW_INITIALIZATION_DATA, *PVIRTUAL_HW_INITIALIZATION_DATA;

typedef struct _PORT_CONFIGURATION_INFORMATION {
    ULONG Length;
    ULONG SystemIoBusNumber;
    INTERFACE_TYPE AdapterInterfaceType;
    ULONG BusInterruptLevel;
    ULONG BusInterruptVector;
    KINTERRUPT_MODE InterruptMode;
    ULONG MaximumTransferLength;
    ULONG NumberOfPhysicalBreaks;
    ULONG DmaChannel;
    ULONG DmaPort;
    DMA_WIDTH DmaWidth;
    DMA_SPEED DmaSpeed;
    ULONG AlignmentMask;
    ULONG NumberOfAccessRanges;
    ACCESS_RANGE (*AccessRanges)[];
    __extension__ union {
        PVOID MiniportDumpData;
        PVOID Reserved;
    };
    UCHAR NumberOfBuses;
    CCHAR InitiatorBusId[8];
    BOOLEAN ScatterGather;
    BOOLEAN Master;
    BOOLEAN CachesData;
    BOOLEAN AdapterScansDown;
    BOOLEAN AtdiskPrimaryClaimed;
    BOOLEAN AtdiskSecondaryClaimed;
    BOOLEAN Dma32BitAddresses;
    BOOLEAN DemandMode;
    UCHAR MapBuffers;
    BOOLEAN NeedPhysicalAddresses;
    BOOLEAN TaggedQueuing;
    BOOLEAN AutoRequestSense;
    BOOLEAN MultipleRequestPerLu;
    BOOLEAN ReceiveEvent;
    BOOLEAN RealModeInitialized;
    BOOLEAN BufferAccessScsiPortControlled;
    UCHAR MaximumNumberOfTargets;
    UCHAR SrbType;
    UCHAR AddressType;
    ULONG SlotNumber;
    ULONG BusInterruptLevel2;
    ULONG BusInterruptVector2;
    KINTERRUPT_MODE InterruptMode2;
    ULONG DmaChannel2;
    ULONG DmaPort2;
    DMA_WIDTH DmaWidth2;
    DMA_SPEED DmaSpeed2;
    ULONG DeviceExtensionSize;
    ULONG SpecificLuExtensionSize;
    ULONG SrbExtensionSize;
    UCHAR Dma64BitAddresses;
    BOOLEAN ResetTargetSupported;
    UCHAR MaximumNumberOfLogicalUnits;
    BOOLEAN WmiDataProvider;
    STOR_SYNCHRONIZATION_MODEL SynchronizationModel;
    PHW_MESSAGE_SIGNALED_INTERRUPT_ROUTINE HwMSInterruptRoutine;
    INTERRUPT_SYNCHRONIZATION_MODE InterruptSynchronizationMode;
    MEMORY_REGION DumpRegion;
    ULONG RequestedDumpBufferSize;
    BOOLEAN VirtualDevice;
    UCHAR DumpMode;
    UCHAR DmaAddressWidth;
    ULONG ExtendedFlags1;
    ULONG MaxNumberOfIO;
    ULONG MaxIOsPerLun;
    ULONG InitialLunQueueDepth;
    ULONG BusResetHoldTime;
    ULONG FeatureSupport;
} PORT_CONFIGURATION_INFORMATION, *PPORT_CONFIGURATION_INFORMATION;

typedef struct _MINIPORT_DUMP_POINTERS {
    USHORT Version;
    USHORT Size;
    WCHAR DriverName[15];
    struct _ADAPTER_OBJECT *AdapterObject;
    PVOID MappedRegisterBase;
    ULONG CommonBufferSize;
    PVOID MiniportPrivateDumpData;
    ULONG SystemIoBusNumber;
    INTERFACE_TYPE AdapterInterfaceType;
    ULONG MaximumTransferLength;
    ULONG NumberOfPhysicalBreaks;
    ULONG AlignmentMask;
    ULONG NumberOfAccessRanges;
    ACCESS_RANGE (*AccessRanges)[];
    UCHAR NumberOfBuses;
    BOOLEAN Master;
    BOOLEAN MapBuffers;
    UCHAR MaximumNumberOfTargets;
} MINIPORT_DUMP_POINTERS, *PMINIPORT_DUMP_POINTERS;

#define DUMP_MINIPORT_VERSION_1 0x0100
#define DUMP_MINIPORT_NAME_LENGTH 15

/* What GetExtendedFunctionTable answers with. */
typedef struct _STORPORT_EXTENDED_FUNCTIONS {
    ULONG Version;
    BOOLEAN(NTAPI *GetMessageInterruptInformation)(PVOID HwDeviceExtension, ULONG MessageId,
                                                   PMESSAGE_INTERRUPT_INFORMATION InterruptInfo);
    BOOLEAN(NTAPI *PutScatterGatherList)(PVOID HwDeviceExtension,
                                         PSTOR_SCATTER_GATHER_LIST ScatterGatherList,
                                         BOOLEAN WriteToDevice);
    GETSGSTATUS(NTAPI *BuildScatterGatherList)(PVOID HwDeviceExtension, PVOID Mdl, PVOID CurrentVa,
                                               ULONG Length,
                                               PPOST_SCATTER_GATHER_EXECUTE ExecutionRoutine,
                                               PVOID Context, BOOLEAN WriteToDevice,
                                               PVOID ScatterGatherBuffer,
                                               ULONG ScatterGatherBufferLength);
    VOID(NTAPI *FreePool)(PVOID BufferPointer);
    PVOID(NTAPI *AllocatePool)(ULONG NumberOfBytes, ULONG Tag);
    PVOID(NTAPI *GetSystemAddress)(PSCSI_REQUEST_BLOCK Srb);
} STORPORT_EXTENDED_FUNCTIONS, *PSTORPORT_EXTENDED_FUNCTIONS;

/* ---- routines: exported ------------------------------------------------------------------------------ */

STORPORT_API VOID __cdecl StorPortNotification(SCSI_NOTIFICATION_TYPE NotificationType,
                                               PVOID HwDeviceExtension, ...);
STORPORT_API ULONG __cdecl StorPortExtendedFunction(STORPORT_FUNCTION_CODE FunctionCode,
                                                    PVOID HwDeviceExtension, ...);
STORPORT_API VOID __cdecl StorPortDebugPrint(ULONG DebugPrintLevel, PCCHAR DebugMessage, ...);

STORPORT_API PUCHAR NTAPI StorPortAllocateRegistryBuffer(PVOID HwDeviceExtension, PULONG Length);
STORPORT_API BOOLEAN NTAPI StorPortBusy(PVOID HwDeviceExtension, ULONG RequestsToComplete);
STORPORT_API VOID NTAPI StorPortCompleteRequest(PVOID HwDeviceExtension, UCHAR PathId,
                                                UCHAR TargetId, UCHAR Lun, UCHAR SrbStatus);
STORPORT_API STOR_PHYSICAL_ADDRESS NTAPI StorPortConvertUlong64ToPhysicalAddress(
    ULONG64 UlongAddress);
STORPORT_API STOR_PHYSICAL_ADDRESS NTAPI StorPortConvertUlongToPhysicalAddress(
    ULONG_PTR UlongAddress);
STORPORT_API BOOLEAN NTAPI StorPortDeviceBusy(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId,
                                              UCHAR Lun, ULONG RequestsToComplete);
STORPORT_API BOOLEAN NTAPI StorPortDeviceReady(PVOID HwDeviceExtension, UCHAR PathId,
                                               UCHAR TargetId, UCHAR Lun);
STORPORT_API VOID NTAPI StorPortFreeDeviceBase(PVOID HwDeviceExtension, PVOID MappedAddress);
STORPORT_API VOID NTAPI StorPortFreeRegistryBuffer(PVOID HwDeviceExtension, PUCHAR Buffer);
STORPORT_API ULONG NTAPI StorPortGetBusData(PVOID DeviceExtension, ULONG BusDataType,
                                            ULONG SystemIoBusNumber, ULONG SlotNumber, PVOID Buffer,
                                            ULONG Length);
STORPORT_API PVOID NTAPI StorPortGetDeviceBase(PVOID HwDeviceExtension, INTERFACE_TYPE BusType,
                                               ULONG SystemIoBusNumber,
                                               STOR_PHYSICAL_ADDRESS IoAddress, ULONG NumberOfBytes,
                                               BOOLEAN InIoSpace);
STORPORT_API PVOID NTAPI StorPortGetLogicalUnit(PVOID HwDeviceExtension, UCHAR PathId,
                                                UCHAR TargetId, UCHAR Lun);
STORPORT_API STOR_PHYSICAL_ADDRESS NTAPI StorPortGetPhysicalAddress(PVOID HwDeviceExtension,
    PSCSI_REQUEST_BLOCK Srb, PVOID VirtualAddress, ULONG *Length);
STORPORT_API PSTOR_SCATTER_GATHER_LIST NTAPI StorPortGetScatterGatherList(PVOID HwDeviceExtension,
    PSCSI_REQUEST_BLOCK Srb);
STORPORT_API PSCSI_REQUEST_BLOCK NTAPI StorPortGetSrb(PVOID DeviceExtension, UCHAR PathId,
                                                      UCHAR TargetId, UCHAR Lun, LONG QueueTag);
STORPORT_API PVOID NTAPI StorPortGetUncachedExtension(PVOID HwDeviceExtension,
                                                      PPORT_CONFIGURATION_INFORMATION ConfigInfo,
                                                      ULONG NumberOfBytes);
STORPORT_API PVOID NTAPI StorPortGetVirtualAddress(PVOID HwDeviceExtension,
                                                   STOR_PHYSICAL_ADDRESS PhysicalAddress);
STORPORT_API ULONG NTAPI StorPortInitialize(PVOID Argument1, PVOID Argument2,
                                            PHW_INITIALIZATION_DATA HwInitializationData,
                                            PVOID HwContext);
STORPORT_API VOID NTAPI StorPortLogError(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb,
                                         UCHAR PathId, UCHAR TargetId, UCHAR Lun, ULONG ErrorCode,
                                         ULONG UniqueId);
STORPORT_API VOID NTAPI StorPortMoveMemory(PVOID WriteBuffer, PVOID ReadBuffer, ULONG Length);
STORPORT_API BOOLEAN NTAPI StorPortPause(PVOID HwDeviceExtension, ULONG Timeout);
STORPORT_API BOOLEAN NTAPI StorPortPauseDevice(PVOID HwDeviceExtension, UCHAR PathId,
                                               UCHAR TargetId, UCHAR Lun, ULONG Timeout);
STORPORT_API VOID NTAPI StorPortQuerySystemTime(PLARGE_INTEGER CurrentTime);
STORPORT_API BOOLEAN NTAPI StorPortReadDriverRegistry(PVOID DriverObject, PUCHAR ValueName,
                                                      PULONG ValueDataLength, PVOID ValueData);
STORPORT_API VOID NTAPI StorPortReadPortBufferUchar(PVOID HwDeviceExtension, PUCHAR Port,
                                                    PUCHAR Buffer, ULONG Count);
STORPORT_API VOID NTAPI StorPortReadPortBufferUlong(PVOID HwDeviceExtension, PULONG Port,
                                                    PULONG Buffer, ULONG Count);
STORPORT_API VOID NTAPI StorPortReadPortBufferUshort(PVOID HwDeviceExtension, PUSHORT Port,
                                                     PUSHORT Buffer, ULONG Count);
STORPORT_API UCHAR NTAPI StorPortReadPortUchar(PVOID HwDeviceExtension, PUCHAR Port);
STORPORT_API ULONG NTAPI StorPortReadPortUlong(PVOID HwDeviceExtension, PULONG Port);
STORPORT_API USHORT NTAPI StorPortReadPortUshort(PVOID HwDeviceExtension, PUSHORT Port);
STORPORT_API VOID NTAPI StorPortReadRegisterBufferUchar(PVOID HwDeviceExtension,
                                                        volatile UCHAR *Register, PUCHAR Buffer,
                                                        ULONG Count);
STORPORT_API VOID NTAPI StorPortReadRegisterBufferUlong(PVOID HwDeviceExtension,
                                                        volatile ULONG *Register, PULONG Buffer,
                                                        ULONG Count);
STORPORT_API VOID NTAPI StorPortReadRegisterBufferUlong64(PVOID HwDeviceExtension,
                                                          volatile ULONG64 *Register,
                                                          PULONG64 Buffer, ULONG Count);
STORPORT_API VOID NTAPI StorPortReadRegisterBufferUshort(PVOID HwDeviceExtension,
                                                         volatile USHORT *Register, PUSHORT Buffer,
                                                         ULONG Count);
STORPORT_API UCHAR NTAPI StorPortReadRegisterUchar(PVOID HwDeviceExtension,
                                                   volatile UCHAR *Register);
STORPORT_API ULONG NTAPI StorPortReadRegisterUlong(PVOID HwDeviceExtension,
                                                   volatile ULONG *Register);
STORPORT_API ULONG64 NTAPI StorPortReadRegisterUlong64(PVOID HwDeviceExtension,
                                                       volatile ULONG64 *Register);
STORPORT_API USHORT NTAPI StorPortReadRegisterUshort(PVOID HwDeviceExtension,
                                                     volatile USHORT *Register);
STORPORT_API BOOLEAN NTAPI StorPortReady(PVOID HwDeviceExtension);
STORPORT_API BOOLEAN NTAPI StorPortRegistryRead(PVOID HwDeviceExtension, PUCHAR ValueName,
                                                ULONG Global, ULONG Type, PUCHAR Buffer,
                                                PULONG BufferLength);
STORPORT_API BOOLEAN NTAPI StorPortRegistryWrite(PVOID HwDeviceExtension, PUCHAR ValueName,
                                                 ULONG Global, ULONG Type, PUCHAR Buffer,
                                                 ULONG BufferLength);
STORPORT_API BOOLEAN NTAPI StorPortResume(PVOID HwDeviceExtension);
STORPORT_API BOOLEAN NTAPI StorPortResumeDevice(PVOID HwDeviceExtension, UCHAR PathId,
                                                UCHAR TargetId, UCHAR Lun);
STORPORT_API ULONG NTAPI StorPortSetBusDataByOffset(PVOID DeviceExtension, ULONG BusDataType,
                                                    ULONG SystemIoBusNumber, ULONG SlotNumber,
                                                    PVOID Buffer, ULONG Offset, ULONG Length);
STORPORT_API BOOLEAN NTAPI StorPortSetDeviceQueueDepth(PVOID HwDeviceExtension, UCHAR PathId,
                                                       UCHAR TargetId, UCHAR Lun, ULONG Depth);
STORPORT_API VOID NTAPI StorPortStallExecution(ULONG Delay);
STORPORT_API BOOLEAN NTAPI StorPortSynchronizeAccess(PVOID HwDeviceExtension,
                                                     PSTOR_SYNCHRONIZED_ACCESS SynchronizedAccessRoutine,
                                                     PVOID Context);
STORPORT_API BOOLEAN NTAPI StorPortValidateRange(PVOID HwDeviceExtension, INTERFACE_TYPE BusType,
                                                 ULONG SystemIoBusNumber,
                                                 STOR_PHYSICAL_ADDRESS IoAddress,
                                                 ULONG NumberOfBytes, BOOLEAN InIoSpace);
STORPORT_API VOID NTAPI StorPortWritePortBufferUchar(PVOID HwDeviceExtension, PUCHAR Port,
                                                     PUCHAR Buffer, ULONG Count);
STORPORT_API VOID NTAPI StorPortWritePortBufferUlong(PVOID HwDeviceExtension, PULONG Port,
                                                     PULONG Buffer, ULONG Count);
STORPORT_API VOID NTAPI StorPortWritePortBufferUshort(PVOID HwDeviceExtension, PUSHORT Port,
                                                      PUSHORT Buffer, ULONG Count);
STORPORT_API VOID NTAPI StorPortWritePortUchar(PVOID HwDeviceExtension, PUCHAR Port, UCHAR Value);
STORPORT_API VOID NTAPI StorPortWritePortUlong(PVOID HwDeviceExtension, PULONG Port, ULONG Value);
STORPORT_API VOID NTAPI StorPortWritePortUshort(PVOID HwDeviceExtension, PUSHORT Port, USHORT Value);
STORPORT_API VOID NTAPI StorPortWriteRegisterBufferUchar(PVOID HwDeviceExtension,
                                                         volatile UCHAR *Register, PUCHAR Buffer,
                                                         ULONG Count);
STORPORT_API VOID NTAPI StorPortWriteRegisterBufferUlong(PVOID HwDeviceExtension,
                                                         volatile ULONG *Register, PULONG Buffer,
                                                         ULONG Count);
STORPORT_API VOID NTAPI StorPortWriteRegisterBufferUlong64(PVOID HwDeviceExtension,
                                                           volatile ULONG64 *Register,
                                                           PULONG64 Buffer, ULONG Count);
STORPORT_API VOID NTAPI StorPortWriteRegisterBufferUshort(PVOID HwDeviceExtension,
                                                          volatile USHORT *Register,
                                                          PUSHORT Buffer, ULONG Count);
STORPORT_API VOID NTAPI StorPortWriteRegisterUchar(PVOID HwDeviceExtension,
                                                   volatile UCHAR *Register, UCHAR Value);
STORPORT_API VOID NTAPI StorPortWriteRegisterUlong(PVOID HwDeviceExtension,
                                                   volatile ULONG *Register, ULONG Value);
STORPORT_API VOID NTAPI StorPortWriteRegisterUlong64(PVOID HwDeviceExtension,
                                                     volatile ULONG64 *Register, ULONG64 Value);
STORPORT_API VOID NTAPI StorPortWriteRegisterUshort(PVOID HwDeviceExtension,
                                                    volatile USHORT *Register, USHORT Value);

/* ---- routines: inline --------------------------------------------------------------------------------- */

STORPORT_INLINE ULONG
StorPortAcquireMSISpinLock(PVOID HwDeviceExtension, ULONG MessageId, PULONG OldIrql)
{
    return StorPortExtendedFunction(ExtFunctionAcquireMSISpinLock, HwDeviceExtension, MessageId,
                                    OldIrql);
}

STORPORT_INLINE VOID
StorPortAcquireSpinLock(PVOID DeviceExtension, STOR_SPINLOCK SpinLock, PVOID LockContext,
                        PSTOR_LOCK_HANDLE LockHandle)
{
    StorPortNotification(AcquireSpinLock, DeviceExtension, SpinLock, LockContext, LockHandle);
}

STORPORT_INLINE ULONG
StorPortAcquireSpinLockEx(PVOID HwDeviceExtension, STOR_SPINLOCK SpinLock, PVOID LockContext,
                          PSTOR_LOCK_HANDLE LockHandle)
{
    return StorPortExtendedFunction(ExtFunctionAcquireSpinLock, HwDeviceExtension, SpinLock,
                                    LockContext, LockHandle);
}

STORPORT_INLINE ULONG
StorPortAllocateContiguousMemorySpecifyCacheNode(PVOID HwDeviceExtension, SIZE_T NumberOfBytes,
                                                 PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                 PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                 PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                 MEMORY_CACHING_TYPE CacheType,
                                                 NODE_REQUIREMENT PreferredNode,
                                                 PVOID *BufferPointer)
{
    return StorPortExtendedFunction(ExtFunctionAllocateContiguousMemorySpecifyCacheNode,
                                    HwDeviceExtension, NumberOfBytes, LowestAcceptableAddress,
                                    HighestAcceptableAddress, BoundaryAddressMultiple, CacheType,
                                    PreferredNode, BufferPointer);
}

STORPORT_INLINE ULONG
StorPortAllocateDmaMemory(PVOID HwDeviceExtension, SIZE_T NumberOfBytes,
                          PHYSICAL_ADDRESS LowestAcceptableAddress,
                          PHYSICAL_ADDRESS HighestAcceptableAddress,
                          PHYSICAL_ADDRESS BoundaryAddressMultiple, MEMORY_CACHING_TYPE CacheType,
                          NODE_REQUIREMENT PreferredNode, PVOID *BufferPointer,
                          PPHYSICAL_ADDRESS PhysicalAddress)
{
    return StorPortExtendedFunction(ExtFunctionAllocateDmaMemory, HwDeviceExtension, NumberOfBytes,
                                    LowestAcceptableAddress, HighestAcceptableAddress,
                                    BoundaryAddressMultiple, CacheType, PreferredNode,
                                    BufferPointer, PhysicalAddress);
}

STORPORT_INLINE ULONG
StorPortAllocateHostMemoryBuffer(PVOID HwDeviceExtension, SIZE_T MinimumBytes,
                                 SIZE_T PreferredBytes, ULONGLONG UtilizationBytes,
                                 ULONG AlignmentBytes, PHYSICAL_ADDRESS LowestAcceptableAddress,
                                 PHYSICAL_ADDRESS HighestAcceptableAddress,
                                 PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                 PACCESS_RANGE PhysicalAddressRanges,
                                 PULONG PhysicalAddressRangeCount)
{
    return StorPortExtendedFunction(ExtFunctionAllocateHmb, HwDeviceExtension, MinimumBytes,
                                    PreferredBytes, UtilizationBytes, AlignmentBytes,
                                    LowestAcceptableAddress, HighestAcceptableAddress,
                                    BoundaryAddressMultiple, PhysicalAddressRanges,
                                    PhysicalAddressRangeCount);
}

STORPORT_INLINE ULONG
StorPortAllocateMdl(PVOID HwDeviceExtension, PVOID BufferPointer, ULONG NumberOfBytes, PVOID *Mdl)
{
    return StorPortExtendedFunction(ExtFunctionAllocateMdl, HwDeviceExtension, BufferPointer,
                                    NumberOfBytes, Mdl);
}

STORPORT_INLINE ULONG
StorPortAllocatePool(PVOID HwDeviceExtension, ULONG NumberOfBytes, ULONG Tag, PVOID *BufferPointer)
{
    return StorPortExtendedFunction(ExtFunctionAllocatePool, HwDeviceExtension, NumberOfBytes, Tag,
                                    BufferPointer);
}

STORPORT_INLINE ULONG
StorPortAsyncNotificationDetected(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONGLONG Flags)
{
    ULONG Status = STOR_STATUS_NOT_IMPLEMENTED;

    StorPortNotification(AsyncNotificationDetected, HwDeviceExtension, Address, Flags, &Status);
    return Status;
}

STORPORT_INLINE ULONG
StorPortBuildMdlForNonPagedPool(PVOID HwDeviceExtension, PVOID Mdl)
{
    return StorPortExtendedFunction(ExtFunctionBuildMdlForNonPagedPool, HwDeviceExtension, Mdl);
}

STORPORT_INLINE ULONG
StorPortBuildScatterGatherList(PVOID HwDeviceExtension, PVOID Mdl, PVOID CurrentVa, ULONG Length,
                               PPOST_SCATTER_GATHER_EXECUTE ExecutionRoutine, PVOID Context,
                               BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer,
                               ULONG ScatterGatherBufferLength)
{
    return StorPortExtendedFunction(ExtFunctionBuildScatterGatherList, HwDeviceExtension, Mdl,
                                    CurrentVa, Length, ExecutionRoutine, Context, WriteToDevice,
                                    ScatterGatherBuffer, ScatterGatherBufferLength);
}

STORPORT_INLINE ULONG
StorPortCancelDpc(PVOID HwDeviceExtension, PSTOR_DPC Dpc, BOOLEAN *ReturnValue)
{
    return StorPortExtendedFunction(ExtFunctionCancelDpc, HwDeviceExtension, Dpc, ReturnValue);
}

STORPORT_INLINE ULONG
StorPortCaptureLiveDump(PVOID HwDeviceExtension, PSTOR_ADDRESS StorAddress,
                        PSTORPORT_CAPTURE_LIVEDUMP CaptureLivedump)
{
    return StorPortExtendedFunction(ExtFunctionCaptureLiveDump, HwDeviceExtension, StorAddress,
                                    CaptureLivedump);
}

STORPORT_INLINE ULONG
StorPortCompleteServiceIrp(PVOID HwDeviceExtension, PVOID Irp)
{
    return StorPortExtendedFunction(ExtFunctionCompleteServiceIrp, HwDeviceExtension, Irp);
}

STORPORT_INLINE ULONG
StorPortCreateSystemThread(PVOID HwDeviceExtension, PSTOR_THREAD_START_ROUTINE StartRoutine,
                           PVOID StartContext, PSTOR_THREAD_PRIORITY Priority, PVOID *ThreadContext)
{
    return StorPortExtendedFunction(ExtFunctionCreateSystemThread, HwDeviceExtension, StartRoutine,
                                    StartContext, Priority, ThreadContext);
}

STORPORT_INLINE ULONG
StorPortDelayExecution(PVOID HwDeviceExtension, ULONG DelayInMicroseconds)
{
    return StorPortExtendedFunction(ExtFunctionDelayExecution, HwDeviceExtension,
                                    DelayInMicroseconds);
}

STORPORT_INLINE BOOLEAN
StorPortEnablePassiveInitialization(PVOID DeviceExtension,
                                    PHW_PASSIVE_INITIALIZE_ROUTINE HwPassiveInitializeRoutine)
{
    LONG Result = FALSE;

    StorPortNotification(EnablePassiveInitialization, DeviceExtension, HwPassiveInitializeRoutine,
                         &Result);
    return (BOOLEAN)Result;
}

STORPORT_INLINE ULONG
StorPortEnableRegistryKeyNotification(PVOID HwDeviceExtension,
                                      PHW_REGISTRY_NOTIFICATION_ROUTINE NotificationCallback)
{
    return StorPortExtendedFunction(ExtFunctionEnableRegistryKeyNotification, HwDeviceExtension,
                                    NotificationCallback);
}

STORPORT_INLINE ULONG
StorPortEtwChannelEvent2(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                         STORPORT_ETW_EVENT_CHANNEL EventChannel, ULONG EventId,
                         PWSTR EventDescription, ULONGLONG EventKeywords,
                         STORPORT_ETW_LEVEL EventLevel, STORPORT_ETW_EVENT_OPCODE EventOpcode,
                         PSCSI_REQUEST_BLOCK Srb, PWSTR Parameter1Name, ULONGLONG Parameter1Value,
                         PWSTR Parameter2Name, ULONGLONG Parameter2Value)
{
    return StorPortExtendedFunction(ExtFunctionMiniportChannelEtwEvent2, HwDeviceExtension,
                                    Address, EventChannel, EventId, EventDescription,
                                    EventKeywords, EventLevel, EventOpcode, Srb, Parameter1Name,
                                    Parameter1Value, Parameter2Name, Parameter2Value);
}

STORPORT_INLINE ULONG
StorPortEtwChannelEvent4(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                         STORPORT_ETW_EVENT_CHANNEL EventChannel, ULONG EventId,
                         PWSTR EventDescription, ULONGLONG EventKeywords,
                         STORPORT_ETW_LEVEL EventLevel, STORPORT_ETW_EVENT_OPCODE EventOpcode,
                         PSCSI_REQUEST_BLOCK Srb, PWSTR Parameter1Name, ULONGLONG Parameter1Value,
                         PWSTR Parameter2Name, ULONGLONG Parameter2Value, PWSTR Parameter3Name,
                         ULONGLONG Parameter3Value, PWSTR Parameter4Name, ULONGLONG Parameter4Value)
{
    return StorPortExtendedFunction(ExtFunctionMiniportChannelEtwEvent4, HwDeviceExtension,
                                    Address, EventChannel, EventId, EventDescription,
                                    EventKeywords, EventLevel, EventOpcode, Srb, Parameter1Name,
                                    Parameter1Value, Parameter2Name, Parameter2Value,
                                    Parameter3Name, Parameter3Value, Parameter4Name,
                                    Parameter4Value);
}

STORPORT_INLINE ULONG
StorPortEtwChannelEvent8(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                         STORPORT_ETW_EVENT_CHANNEL EventChannel, ULONG EventId,
                         PWSTR EventDescription, ULONGLONG EventKeywords,
                         STORPORT_ETW_LEVEL EventLevel, STORPORT_ETW_EVENT_OPCODE EventOpcode,
                         PSCSI_REQUEST_BLOCK Srb, PWSTR Parameter1Name, ULONGLONG Parameter1Value,
                         PWSTR Parameter2Name, ULONGLONG Parameter2Value, PWSTR Parameter3Name,
                         ULONGLONG Parameter3Value, PWSTR Parameter4Name, ULONGLONG Parameter4Value,
                         PWSTR Parameter5Name, ULONGLONG Parameter5Value, PWSTR Parameter6Name,
                         ULONGLONG Parameter6Value, PWSTR Parameter7Name, ULONGLONG Parameter7Value,
                         PWSTR Parameter8Name, ULONGLONG Parameter8Value)
{
    return StorPortExtendedFunction(ExtFunctionMiniportChannelEtwEvent8, HwDeviceExtension,
                                    Address, EventChannel, EventId, EventDescription,
                                    EventKeywords, EventLevel, EventOpcode, Srb, Parameter1Name,
                                    Parameter1Value, Parameter2Name, Parameter2Value,
                                    Parameter3Name, Parameter3Value, Parameter4Name,
                                    Parameter4Value, Parameter5Name, Parameter5Value,
                                    Parameter6Name, Parameter6Value, Parameter7Name,
                                    Parameter7Value, Parameter8Name, Parameter8Value);
}

STORPORT_INLINE ULONG
StorPortEtwEvent2(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG EventId,
                  PWSTR EventDescription, ULONGLONG EventKeywords, STORPORT_ETW_LEVEL EventLevel,
                  STORPORT_ETW_EVENT_OPCODE EventOpcode, PSCSI_REQUEST_BLOCK Srb,
                  PWSTR Parameter1Name, ULONGLONG Parameter1Value, PWSTR Parameter2Name,
                  ULONGLONG Parameter2Value)
{
    return StorPortExtendedFunction(ExtFunctionMiniportEtwEvent2, HwDeviceExtension, Address,
                                    EventId, EventDescription, EventKeywords, EventLevel,
                                    EventOpcode, Srb, Parameter1Name, Parameter1Value,
                                    Parameter2Name, Parameter2Value);
}

STORPORT_INLINE ULONG
StorPortEtwEvent4(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG EventId,
                  PWSTR EventDescription, ULONGLONG EventKeywords, STORPORT_ETW_LEVEL EventLevel,
                  STORPORT_ETW_EVENT_OPCODE EventOpcode, PSCSI_REQUEST_BLOCK Srb,
                  PWSTR Parameter1Name, ULONGLONG Parameter1Value, PWSTR Parameter2Name,
                  ULONGLONG Parameter2Value, PWSTR Parameter3Name, ULONGLONG Parameter3Value,
                  PWSTR Parameter4Name, ULONGLONG Parameter4Value)
{
    return StorPortExtendedFunction(ExtFunctionMiniportEtwEvent4, HwDeviceExtension, Address,
                                    EventId, EventDescription, EventKeywords, EventLevel,
                                    EventOpcode, Srb, Parameter1Name, Parameter1Value,
                                    Parameter2Name, Parameter2Value, Parameter3Name,
                                    Parameter3Value, Parameter4Name, Parameter4Value);
}

STORPORT_INLINE ULONG
StorPortEtwEvent8(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG EventId,
                  PWSTR EventDescription, ULONGLONG EventKeywords, STORPORT_ETW_LEVEL EventLevel,
                  STORPORT_ETW_EVENT_OPCODE EventOpcode, PSCSI_REQUEST_BLOCK Srb,
                  PWSTR Parameter1Name, ULONGLONG Parameter1Value, PWSTR Parameter2Name,
                  ULONGLONG Parameter2Value, PWSTR Parameter3Name, ULONGLONG Parameter3Value,
                  PWSTR Parameter4Name, ULONGLONG Parameter4Value, PWSTR Parameter5Name,
                  ULONGLONG Parameter5Value, PWSTR Parameter6Name, ULONGLONG Parameter6Value,
                  PWSTR Parameter7Name, ULONGLONG Parameter7Value, PWSTR Parameter8Name,
                  ULONGLONG Parameter8Value)
{
    return StorPortExtendedFunction(ExtFunctionMiniportEtwEvent8, HwDeviceExtension, Address,
                                    EventId, EventDescription, EventKeywords, EventLevel,
                                    EventOpcode, Srb, Parameter1Name, Parameter1Value,
                                    Parameter2Name, Parameter2Value, Parameter3Name,
                                    Parameter3Value, Parameter4Name, Parameter4Value,
                                    Parameter5Name, Parameter5Value, Parameter6Name,
                                    Parameter6Value, Parameter7Name, Parameter7Value,
                                    Parameter8Name, Parameter8Value);
}

STORPORT_INLINE ULONG
StorPortEtwLogByteStream(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                         STORPORT_ETW_EVENT_CHANNEL EventChannel, ULONG EventId,
                         PWSTR EventDescription, ULONGLONG EventKeywords,
                         STORPORT_ETW_LEVEL EventLevel, STORPORT_ETW_EVENT_OPCODE EventOpcode,
                         USHORT DataLength, PUCHAR Data)
{
    return StorPortExtendedFunction(ExtFunctionMiniportLogByteStream, HwDeviceExtension, Address,
                                    EventChannel, EventId, EventDescription, EventKeywords,
                                    EventLevel, EventOpcode, DataLength, Data);
}

STORPORT_INLINE ULONG
StorPortEtwLogError(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG Id, PWSTR Description,
                    ULONG DataBufferLength, PVOID DataBuffer)
{
    return StorPortExtendedFunction(ExtFunctionLogHardwareError, HwDeviceExtension, Address, Id,
                                    Description, DataBufferLength, DataBuffer);
}

STORPORT_INLINE ULONG
StorPortFlushDataBufferMdl(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    return StorPortExtendedFunction(ExtFunctionFlushDataBufferMdl, HwDeviceExtension, Srb);
}

STORPORT_INLINE ULONG
StorPortFreeContiguousMemorySpecifyCache(PVOID HwDeviceExtension, PVOID BaseAddress,
                                         SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE CacheType)
{
    return StorPortExtendedFunction(ExtFunctionFreeContiguousMemorySpecifyCache, HwDeviceExtension,
                                    BaseAddress, NumberOfBytes, CacheType);
}

STORPORT_INLINE ULONG
StorPortFreeDmaMemory(PVOID HwDeviceExtension, PVOID BaseAddress, SIZE_T NumberOfBytes,
                      MEMORY_CACHING_TYPE CacheType, PHYSICAL_ADDRESS PhysicalAddress)
{
    return StorPortExtendedFunction(ExtFunctionFreeDmaMemory, HwDeviceExtension, BaseAddress,
                                    NumberOfBytes, CacheType, PhysicalAddress);
}

STORPORT_INLINE ULONG
StorPortFreeHostMemoryBuffer(PVOID HwDeviceExtension, PACCESS_RANGE PhysicalAddressRanges,
                             ULONG PhysicalAddressRangeCount)
{
    return StorPortExtendedFunction(ExtFunctionFreeHmb, HwDeviceExtension, PhysicalAddressRanges,
                                    PhysicalAddressRangeCount);
}

STORPORT_INLINE ULONG
StorPortFreeMdl(PVOID HwDeviceExtension, PVOID Mdl)
{
    return StorPortExtendedFunction(ExtFunctionFreeMdl, HwDeviceExtension, Mdl);
}

STORPORT_INLINE ULONG
StorPortFreePool(PVOID HwDeviceExtension, PVOID BufferPointer)
{
    return StorPortExtendedFunction(ExtFunctionFreePool, HwDeviceExtension, BufferPointer);
}

STORPORT_INLINE ULONG
StorPortFreeTimer(PVOID HwDeviceExtension, PVOID TimerHandle)
{
    return StorPortExtendedFunction(ExtFunctionFreeTimer, HwDeviceExtension, TimerHandle);
}

STORPORT_INLINE ULONG
StorPortFreeWorker(PVOID HwDeviceExtension, PVOID Worker)
{
    return StorPortExtendedFunction(ExtFunctionFreeWorker, HwDeviceExtension, Worker);
}

STORPORT_INLINE ULONG
StorPortGetActiveGroupCount(PVOID HwDeviceExtension, PUSHORT NumberGroups)
{
    return StorPortExtendedFunction(ExtFunctionGetActiveGroupCount, HwDeviceExtension,
                                    NumberGroups);
}

STORPORT_INLINE ULONG
StorPortGetActiveNodeCount(PVOID HwDeviceExtension, PULONG NumberNodes)
{
    return StorPortExtendedFunction(ExtFunctionGetActiveNodeCount, HwDeviceExtension, NumberNodes);
}

STORPORT_INLINE ULONG
StorPortGetActivityIdSrb(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, LPGUID ActivityId)
{
    return StorPortExtendedFunction(ExtFunctionGetActivityId, HwDeviceExtension, Srb, ActivityId);
}

STORPORT_INLINE ULONG
StorPortGetCurrentIrql(PVOID HwDeviceExtension, PKIRQL Irql)
{
    return StorPortExtendedFunction(ExtFunctionGetCurrentIrql, HwDeviceExtension, Irql);
}

STORPORT_INLINE ULONG
StorPortGetCurrentProcessorNumber(PVOID HwDeviceExtension, PPROCESSOR_NUMBER ProcNumber)
{
    return StorPortExtendedFunction(ExtFunctionGetCurrentProcessorNumber, HwDeviceExtension,
                                    ProcNumber);
}

STORPORT_INLINE ULONG
StorPortGetD3ColdSupport(PVOID HwDeviceExtension, PVOID Address, PBOOLEAN Supported)
{
    return StorPortExtendedFunction(ExtFunctionGetD3ColdSupport, HwDeviceExtension, Address,
                                    Supported);
}

STORPORT_INLINE ULONG
StorPortGetDataInBufferMdl(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, PVOID *Mdl)
{
    return StorPortExtendedFunction(ExtFunctionGetDataInBufferMdl, HwDeviceExtension, Srb, Mdl);
}

STORPORT_INLINE ULONG
StorPortGetDataInBufferScatterGatherList(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb,
                                         PSTOR_SCATTER_GATHER_LIST *SgList)
{
    return StorPortExtendedFunction(ExtFunctionGetDataInBufferScatterGatherList, HwDeviceExtension,
                                    Srb, SgList);
}

STORPORT_INLINE ULONG
StorPortGetDataInBufferSystemAddress(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb,
                                     PVOID *SystemAddress)
{
    return StorPortExtendedFunction(ExtFunctionGetDataInBufferSystemAddress, HwDeviceExtension,
                                    Srb, SystemAddress);
}

STORPORT_INLINE ULONG
StorPortGetDeviceBase2(PVOID HwDeviceExtension, INTERFACE_TYPE BusType, ULONG SystemIoBusNumber,
                       STOR_PHYSICAL_ADDRESS Address, ULONG NumberOfBytes, BOOLEAN InIoSpace,
                       ULONG Flags, PVOID *BaseAddress)
{
    return StorPortExtendedFunction(ExtFunctionGetDeviceBase2, HwDeviceExtension, BusType,
                                    SystemIoBusNumber, Address, NumberOfBytes, InIoSpace, Flags,
                                    BaseAddress);
}

STORPORT_INLINE ULONG
StorPortGetDeviceObjects(PVOID HwDeviceExtension, PVOID *AdapterDeviceObject,
                         PVOID *PhysicalDeviceObject, PVOID *LowerDeviceObject)
{
    return StorPortExtendedFunction(ExtFunctionGetDeviceObjects, HwDeviceExtension,
                                    AdapterDeviceObject, PhysicalDeviceObject, LowerDeviceObject);
}

STORPORT_INLINE ULONG
StorPortGetDriverProxyEndpointWrapper(PVOID HwDeviceExtension,
                                      PSTOR_DRIVER_PROXY_EXTENSION ProxyExtension,
                                      STOR_DRIVER_PROXY_ENDPOINT_FUNCTION_ID Id, PVOID *Wrapper)
{
    return StorPortExtendedFunction(ExtFunctionGetDriverProxyEndpointWrapper, HwDeviceExtension,
                                    ProxyExtension, Id, Wrapper);
}

STORPORT_INLINE ULONG
StorPortGetGroupAffinity(PVOID HwDeviceExtension, USHORT GroupNumber, PKAFFINITY GroupAffinityMask)
{
    return StorPortExtendedFunction(ExtFunctionGetGroupAffinity, HwDeviceExtension, GroupNumber,
                                    GroupAffinityMask);
}

STORPORT_INLINE ULONG
StorPortGetHighestNodeNumber(PVOID HwDeviceExtension, PULONG HighestNode)
{
    return StorPortExtendedFunction(ExtFunctionGetHighestNodeNumber, HwDeviceExtension,
                                    HighestNode);
}

STORPORT_INLINE ULONG
StorPortGetLogicalProcessorRelationship(PVOID HwDeviceExtension, PPROCESSOR_NUMBER ProcessorNumber,
                                        LOGICAL_PROCESSOR_RELATIONSHIP RelationshipType,
                                        PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX Information,
                                        PULONG Length)
{
    return StorPortExtendedFunction(ExtFunctionGetLogicalProcessorRelationship, HwDeviceExtension,
                                    ProcessorNumber, RelationshipType, Information, Length);
}

STORPORT_INLINE ULONG
StorPortGetMessageInterruptIDFromProcessorIndex(PVOID HwDeviceExtension, ULONG ProcessorIndex,
                                                PULONG MessageInterruptID)
{
    return StorPortExtendedFunction(ExtFunctionGetMessageInterruptIDFromProcessorIndex,
                                    HwDeviceExtension, ProcessorIndex, MessageInterruptID);
}

STORPORT_INLINE ULONG
StorPortGetMSIInfo(PVOID HwDeviceExtension, ULONG MessageId,
                   PMESSAGE_INTERRUPT_INFORMATION InterruptInfo)
{
    return StorPortExtendedFunction(ExtFunctionGetMessageInterruptInformation, HwDeviceExtension,
                                    MessageId, InterruptInfo);
}

STORPORT_INLINE ULONG
StorPortGetNodeAffinity(PVOID HwDeviceExtension, ULONG NodeNumber, PGROUP_AFFINITY NodeAffinityMask)
{
    return StorPortExtendedFunction(ExtFunctionGetNodeAffinity, HwDeviceExtension, NodeNumber,
                                    NodeAffinityMask);
}

STORPORT_INLINE ULONG
StorPortGetNodeAffinity2(PVOID HwDeviceExtension, ULONG NodeNumber, PGROUP_AFFINITY GroupAffinities,
                         USHORT GroupAffinitiesCount, PUSHORT GroupAffinitiesCountRequired)
{
    return StorPortExtendedFunction(ExtFunctionGetNodeAffinity2, HwDeviceExtension, NodeNumber,
                                    GroupAffinities, GroupAffinitiesCount,
                                    GroupAffinitiesCountRequired);
}

STORPORT_INLINE ULONG
StorPortGetOriginalMdl(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, PVOID *Mdl)
{
    return StorPortExtendedFunction(ExtFunctionGetOriginalMdl, HwDeviceExtension, Srb, Mdl);
}

STORPORT_INLINE ULONG
StorPortGetPfns(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, PVOID Mdl, PVOID *Pfns,
                ULONG *PfnCount, ULONG *StartingOffset)
{
    return StorPortExtendedFunction(ExtFunctionGetPfns, HwDeviceExtension, Srb, Mdl, Pfns,
                                    PfnCount, StartingOffset);
}

STORPORT_INLINE ULONG
StorPortGetProcessorCount(PVOID HwDeviceExtension, PULONG ProcessorCount)
{
    return StorPortExtendedFunction(ExtFunctionGetProcessorCount, HwDeviceExtension,
                                    ProcessorCount);
}

STORPORT_INLINE ULONG
StorPortGetRequestCryptoInfo(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb,
                             PSTOR_CRYPTO_KEY_INFO CryptoKeyInfo)
{
    return StorPortExtendedFunction(ExtFunctionGetRequestCryptoInfo, HwDeviceExtension, Srb,
                                    CryptoKeyInfo);
}

STORPORT_INLINE ULONG
StorPortGetRequestInfo(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb,
                       PSTOR_REQUEST_INFO RequestInfo)
{
    return StorPortExtendedFunction(ExtFunctionGetRequestInfo, HwDeviceExtension, Srb, RequestInfo);
}

STORPORT_INLINE ULONG
StorPortGetStartIoPerfParams(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb,
                             PSTARTIO_PERFORMANCE_PARAMETERS StartIoPerfParams)
{
    return StorPortExtendedFunction(ExtFunctionGetStartIoPerformanceParameters, HwDeviceExtension,
                                    Srb, StartIoPerfParams);
}

STORPORT_INLINE ULONG
StorPortGetSystemAddress(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, PVOID *SystemAddress)
{
    return StorPortExtendedFunction(ExtFunctionGetSystemAddress, HwDeviceExtension, Srb,
                                    SystemAddress);
}

STORPORT_INLINE ULONG
StorPortGetSystemPortNumber(PVOID HwDeviceExtension, PSTOR_ADDRESS Address)
{
    return StorPortExtendedFunction(ExtFunctionGetSystemPortNumber, HwDeviceExtension, Address);
}

STORPORT_INLINE ULONG
StorPortHardwareReset(PVOID HwDeviceExtension, STOR_DEVICE_RESET_TYPE Type)
{
    return StorPortExtendedFunction(ExtFunctionDeviceReset, HwDeviceExtension, Type);
}

STORPORT_INLINE ULONG
StorPortInitializeCryptoEngine(PVOID HwDeviceExtension,
                               PSTOR_CRYPTO_CAPABILITIES_DATA CryptoCapabilitiesData)
{
    return StorPortExtendedFunction(ExtFunctionInitializeCryptoEngine, HwDeviceExtension,
                                    CryptoCapabilitiesData);
}

STORPORT_INLINE VOID
StorPortInitializeDpc(PVOID DeviceExtension, PSTOR_DPC Dpc, PHW_DPC_ROUTINE HwDpcRoutine)
{
    StorPortNotification(InitializeDpc, DeviceExtension, Dpc, HwDpcRoutine);
}

STORPORT_INLINE ULONG
StorPortInitializeEvent(PVOID HwDeviceExtension, PSTOR_EVENT Event, STOR_EVENT_TYPE Type,
                        BOOLEAN State)
{
    return StorPortExtendedFunction(ExtFunctionInitializeEvent, HwDeviceExtension, Event, Type,
                                    State);
}

STORPORT_INLINE ULONG
StorPortInitializePerfOpts(PVOID HwDeviceExtension, BOOLEAN Query,
                           PPERF_CONFIGURATION_DATA PerfConfigData)
{
    return StorPortExtendedFunction(ExtFunctionInitializePerformanceOptimizations,
                                    HwDeviceExtension, Query, PerfConfigData);
}

STORPORT_INLINE ULONG
StorPortInitializePoFxPower(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                            PSTOR_POFX_DEVICE Device, PBOOLEAN D3ColdEnabled)
{
    return StorPortExtendedFunction(ExtFunctionInitializePoFxPower, HwDeviceExtension, Address,
                                    Device, D3ColdEnabled);
}

STORPORT_INLINE ULONG
StorPortInitializeRpmb(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, PVOID RpmbCapabilities)
{
    return StorPortExtendedFunction(ExtFunctionInitializeRpmb, HwDeviceExtension, Address,
                                    RpmbCapabilities);
}

STORPORT_INLINE ULONG
StorPortInitializeSListHead(PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead)
{
    return StorPortExtendedFunction(ExtFunctionInitializeSListHead, HwDeviceExtension, SListHead);
}

STORPORT_INLINE ULONG
StorPortInitializeSpinlock(PVOID HwDeviceExtension, PSTOR_KSPIN_LOCK Lock)
{
    return StorPortExtendedFunction(ExtFunctionInitializeSpinlock, HwDeviceExtension, Lock);
}

STORPORT_INLINE ULONG
StorPortInitializeTimer(PVOID HwDeviceExtension, PVOID *TimerHandle)
{
    return StorPortExtendedFunction(ExtFunctionInitializeTimer, HwDeviceExtension, TimerHandle);
}

STORPORT_INLINE ULONG
StorPortInitializeWorker(PVOID HwDeviceExtension, PVOID *Worker)
{
    return StorPortExtendedFunction(ExtFunctionInitializeWorker, HwDeviceExtension, Worker);
}

STORPORT_INLINE ULONG
StorPortInterlockedFlushSList(PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead,
                              PSTOR_SLIST_ENTRY *Result)
{
    return StorPortExtendedFunction(ExtFunctionInterlockedFlushSList, HwDeviceExtension, SListHead,
                                    Result);
}

STORPORT_INLINE ULONG
StorPortInterlockedInsertHeadList(PVOID HwDeviceExtension, PSTOR_LIST_ENTRY ListHead,
                                  PSTOR_LIST_ENTRY ListEntry, PSTOR_LIST_ENTRY *Result,
                                  PSTOR_KSPIN_LOCK Lock)
{
    return StorPortExtendedFunction(ExtFunctionInterlockedInsertHeadList, HwDeviceExtension,
                                    ListHead, ListEntry, Result, Lock);
}

STORPORT_INLINE ULONG
StorPortInterlockedInsertTailList(PVOID HwDeviceExtension, PSTOR_LIST_ENTRY ListHead,
                                  PSTOR_LIST_ENTRY ListEntry, PSTOR_LIST_ENTRY *Result,
                                  PSTOR_KSPIN_LOCK Lock)
{
    return StorPortExtendedFunction(ExtFunctionInterlockedInsertTailList, HwDeviceExtension,
                                    ListHead, ListEntry, Result, Lock);
}

STORPORT_INLINE ULONG
StorPortInterlockedPopEntrySList(PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead,
                                 PSTOR_SLIST_ENTRY *Result)
{
    return StorPortExtendedFunction(ExtFunctionInterlockedPopEntrySList, HwDeviceExtension,
                                    SListHead, Result);
}

STORPORT_INLINE ULONG
StorPortInterlockedPushEntrySList(PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead,
                                  PSTOR_SLIST_ENTRY SListEntry, PSTOR_SLIST_ENTRY *Result)
{
    return StorPortExtendedFunction(ExtFunctionInterlockedPushEntrySList, HwDeviceExtension,
                                    SListHead, SListEntry, Result);
}

STORPORT_INLINE ULONG
StorPortInterlockedRemoveHeadList(PVOID HwDeviceExtension, PSTOR_LIST_ENTRY ListHead,
                                  PSTOR_LIST_ENTRY *Result, PSTOR_KSPIN_LOCK Lock)
{
    return StorPortExtendedFunction(ExtFunctionInterlockedRemoveHeadList, HwDeviceExtension,
                                    ListHead, Result, Lock);
}

STORPORT_INLINE ULONG
StorPortInvokeAcpiMethod(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG MethodName,
                         PVOID InputBuffer, ULONG InputBufferLength, PVOID OutputBuffer,
                         ULONG OutputBufferLength, PULONG BytesReturned)
{
    return StorPortExtendedFunction(ExtFunctionInvokeAcpiMethod, HwDeviceExtension, Address,
                                    MethodName, InputBuffer, InputBufferLength, OutputBuffer,
                                    OutputBufferLength, BytesReturned);
}

STORPORT_INLINE ULONG
StorPortIsCurrentOsInstallationUpgrade(PVOID HwDeviceExtension, PBOOLEAN Upgraded)
{
    return StorPortExtendedFunction(ExtFunctionCurrentOsInstallationUpgrade, HwDeviceExtension,
                                    Upgraded);
}

STORPORT_INLINE ULONG
StorPortIsDeviceOperationAllowed(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                                 LPCGUID DeviceOperation, ULONG *AllowedFlag)
{
    return StorPortExtendedFunction(ExtFunctionDeviceOperationAllowed, HwDeviceExtension, Address,
                                    DeviceOperation, AllowedFlag);
}

STORPORT_INLINE ULONG
StorPortIsDriverHotSwapEnabled(PVOID HwDeviceExtension, PVOID DriverObject)
{
    return StorPortExtendedFunction(ExtFunctionIsDriverHotSwapEnabled, HwDeviceExtension,
                                    DriverObject);
}

STORPORT_INLINE BOOLEAN
StorPortIssueDpc(PVOID DeviceExtension, PSTOR_DPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    LONG Result = FALSE;

    StorPortNotification(IssueDpc, DeviceExtension, Dpc, SystemArgument1, SystemArgument2, &Result);
    return (BOOLEAN)Result;
}

STORPORT_INLINE ULONG
StorPortLogSystemEvent(PVOID HwDeviceExtension, PSTOR_LOG_EVENT_DETAILS LogDetails,
                       PULONG MaximumSize)
{
    return StorPortExtendedFunction(ExtFunctionLogSystemEvent, HwDeviceExtension, LogDetails,
                                    MaximumSize);
}

STORPORT_INLINE ULONG
StorPortLogTelemetry(PVOID HwDeviceExtension, PSTOR_ADDRESS StorAddress,
                     PSTORPORT_TELEMETRY_EVENT Event)
{
    return StorPortExtendedFunction(ExtFunctionMiniportTelemetry, HwDeviceExtension, StorAddress,
                                    Event);
}

STORPORT_INLINE ULONG
StorPortLogTelemetryEx(PVOID HwDeviceExtension, PSTOR_ADDRESS StorAddress,
                       PSTORPORT_TELEMETRY_EVENT Event, STOR_TELEMETRY_CATEGORY Category)
{
    return StorPortExtendedFunction(ExtFunctionMiniportTelemetryEx, HwDeviceExtension, StorAddress,
                                    Event, Category);
}

STORPORT_INLINE VOID
StorPortMarkDeviceFailed(PVOID HwDeviceExtension, PSTOR_ADDRESS StorAddress, ULONG Flags,
                         PWSTR FailReason)
{
    StorPortNotification(MarkDeviceFailed, HwDeviceExtension, StorAddress, Flags, FailReason);
}

STORPORT_INLINE ULONG
StorPortMarkDeviceFailedEx(PVOID HwDeviceExtension, PSTOR_ADDRESS StorAddress, ULONG Flags,
                           USHORT FaultCode, PWSTR FaultDescription, USHORT AdditionalDataSize,
                           PUCHAR AdditionalData, USHORT CriticalDataSize, PUCHAR CriticalData)
{
    ULONG Status = STOR_STATUS_NOT_IMPLEMENTED;

    StorPortNotification(MarkDeviceFailedEx, HwDeviceExtension, StorAddress, Flags, FaultCode,
                         FaultDescription, AdditionalDataSize, AdditionalData, CriticalDataSize,
                         CriticalData, &Status);
    return Status;
}

STORPORT_INLINE ULONG
StorPortMarkDumpMemory(PVOID HwDeviceExtension, PVOID Address, ULONG_PTR Length, ULONG Flags)
{
    return StorPortExtendedFunction(ExtFunctionMarkDumpMemory, HwDeviceExtension, Address, Length,
                                    Flags);
}

STORPORT_INLINE ULONG
StorPortMaskMsixInterrupt(PVOID HwDeviceExtension, ULONG MessageId, BOOLEAN Mask)
{
    return StorPortExtendedFunction(ExtFunctionMaskPciMsixEntry, HwDeviceExtension, MessageId,
                                    Mask);
}

STORPORT_INLINE ULONG
StorPortNvmeIceIoComplete(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    return StorPortExtendedFunction(ExtFunctionNvmeIceIoComplete, HwDeviceExtension, Srb);
}

STORPORT_INLINE ULONG
StorPortNvmeIceIoStart(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, ULONG LbaCount,
                       ULONG PrpCount, PULONGLONG Prp1, PULONGLONG Prp2, PULONGLONG PrpList)
{
    return StorPortExtendedFunction(ExtFunctionNvmeIceIoStart, HwDeviceExtension, Srb, LbaCount,
                                    PrpCount, Prp1, Prp2, PrpList);
}

STORPORT_INLINE ULONG
StorPortNvmeLogTelemetry(PVOID HwDeviceExtension, PVOID ControllerHandle, ULONG NamespaceId,
                         PSTORPORT_TELEMETRY_EVENT Event, STOR_TELEMETRY_CATEGORY Category)
{
    return StorPortExtendedFunction(ExtFunctionNvmeMiniportTelemetry, HwDeviceExtension,
                                    ControllerHandle, NamespaceId, Event, Category);
}

STORPORT_INLINE ULONG
StorPortNvmeMiniportEvent(PVOID HwDeviceExtension, PVOID ControllerHandle, ULONG NamespaceId,
                          STORPORT_ETW_EVENT_CHANNEL EventChannel, ULONG EventId,
                          PWSTR EventDescription, ULONGLONG EventKeywords,
                          STORPORT_ETW_LEVEL EventLevel, STORPORT_ETW_EVENT_OPCODE EventOpcode,
                          PWSTR Parameter1Name, ULONGLONG Parameter1Value, PWSTR Parameter2Name,
                          ULONGLONG Parameter2Value, PWSTR Parameter3Name,
                          ULONGLONG Parameter3Value, PWSTR Parameter4Name,
                          ULONGLONG Parameter4Value, PWSTR Parameter5Name,
                          ULONGLONG Parameter5Value, PWSTR Parameter6Name,
                          ULONGLONG Parameter6Value, PWSTR Parameter7Name,
                          ULONGLONG Parameter7Value, PWSTR Parameter8Name,
                          ULONGLONG Parameter8Value)
{
    return StorPortExtendedFunction(ExtFunctionNvmeMiniportEvent, HwDeviceExtension,
                                    ControllerHandle, NamespaceId, EventChannel, EventId,
                                    EventDescription, EventKeywords, EventLevel, EventOpcode,
                                    Parameter1Name, Parameter1Value, Parameter2Name,
                                    Parameter2Value, Parameter3Name, Parameter3Value,
                                    Parameter4Name, Parameter4Value, Parameter5Name,
                                    Parameter5Value, Parameter6Name, Parameter6Value,
                                    Parameter7Name, Parameter7Value, Parameter8Name,
                                    Parameter8Value);
}

STORPORT_INLINE ULONG
StorPortPoFxActivateComponent(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                              PSCSI_REQUEST_BLOCK Srb, ULONG Component, ULONG Flags)
{
    return StorPortExtendedFunction(ExtFunctionPoFxActivateComponent, HwDeviceExtension, Address,
                                    Srb, Component, Flags);
}

STORPORT_INLINE ULONG
StorPortPoFxIdleComponent(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, PSCSI_REQUEST_BLOCK Srb,
                          ULONG Component, ULONG Flags)
{
    return StorPortExtendedFunction(ExtFunctionPoFxIdleComponent, HwDeviceExtension, Address, Srb,
                                    Component, Flags);
}

STORPORT_INLINE ULONG
StorPortPoFxPowerControl(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, LPCGUID PowerControlCode,
                         PVOID InBuffer, SIZE_T InBufferSize, PVOID OutBuffer, SIZE_T OutBufferSize,
                         PSIZE_T BytesReturned)
{
    return StorPortExtendedFunction(ExtFunctionPoFxPowerControl, HwDeviceExtension, Address,
                                    PowerControlCode, InBuffer, InBufferSize, OutBuffer,
                                    OutBufferSize, BytesReturned);
}

STORPORT_INLINE ULONG
StorPortPoFxSetComponentLatency(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG Component,
                                ULONGLONG Latency)
{
    return StorPortExtendedFunction(ExtFunctionPoFxSetComponentLatency, HwDeviceExtension, Address,
                                    Component, Latency);
}

STORPORT_INLINE ULONG
StorPortPoFxSetComponentResidency(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG Component,
                                  ULONGLONG Residency)
{
    return StorPortExtendedFunction(ExtFunctionPoFxSetComponentResidency, HwDeviceExtension,
                                    Address, Component, Residency);
}

STORPORT_INLINE ULONG
StorPortPoFxSetIdleTimeout(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG IdleTimeoutInMS)
{
    return StorPortExtendedFunction(ExtFunctionPoFxSetIdleTimeout, HwDeviceExtension, Address,
                                    IdleTimeoutInMS);
}

STORPORT_INLINE ULONG
StorPortPoFxSetPerfState(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG Component,
                         ULONG Flags, ULONG SetIndex, ULONG State, PVOID Context)
{
    return StorPortExtendedFunction(ExtFunctionPoFxSetPerfState, HwDeviceExtension, Address,
                                    Component, Flags, SetIndex, State, Context);
}

STORPORT_INLINE ULONG
StorPortPutScatterGatherList(PVOID HwDeviceExtension, PSTOR_SCATTER_GATHER_LIST ScatterGatherList,
                             BOOLEAN WriteToDevice)
{
    return StorPortExtendedFunction(ExtFunctionPutScatterGatherList, HwDeviceExtension,
                                    ScatterGatherList, WriteToDevice);
}

STORPORT_INLINE ULONG
StorPortQueryConfiguration(PVOID HwDeviceExtension, STORPORT_QUERY_CONFIGURATION_TYPE Type,
                           PBOOLEAN Enabled)
{
    return StorPortExtendedFunction(ExtFunctionQueryConfiguration, HwDeviceExtension, Type,
                                    Enabled);
}

STORPORT_INLINE ULONG
StorPortQueryDepthSList(PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead, PSHORT Result)
{
    return StorPortExtendedFunction(ExtFunctionQueryDepthSList, HwDeviceExtension, SListHead,
                                    Result);
}

STORPORT_INLINE ULONG
StorPortQueryDpcWatchdogInformation(PVOID HwDeviceExtension,
                                    PSTOR_DPC_WATCHDOG_INFORMATION DpcWatchdogInformation)
{
    return StorPortExtendedFunction(ExtFunctionQueryDpcWatchdogInformation, HwDeviceExtension,
                                    DpcWatchdogInformation);
}

STORPORT_INLINE ULONG
StorPortQueryPerformanceCounter(PVOID HwDeviceExtension, PLARGE_INTEGER PerformanceFrequency,
                                PLARGE_INTEGER PerformanceCounter)
{
    return StorPortExtendedFunction(ExtFunctionQueryPerformanceCounter, HwDeviceExtension,
                                    PerformanceFrequency, PerformanceCounter);
}

STORPORT_INLINE ULONG
StorPortQueryTimerMinInterval(PVOID HwDeviceExtension, PULONG TimerMinInterval)
{
    return StorPortExtendedFunction(ExtFunctionQueryTimerMinInterval, HwDeviceExtension,
                                    TimerMinInterval);
}

STORPORT_INLINE ULONG
StorPortQueueWorkItem(PVOID HwDeviceExtension, PHW_WORKITEM WorkItemCallback, PVOID Worker,
                      PVOID Context)
{
    return StorPortExtendedFunction(ExtFunctionQueueWorkItem, HwDeviceExtension, WorkItemCallback,
                                    Worker, Context);
}

STORPORT_INLINE ULONG
StorPortQueueWorkItemToNode(PVOID HwDeviceExtension, PHW_WORKITEM WorkItemCallback, PVOID Worker,
                            PVOID Context, ULONG Node)
{
    return StorPortExtendedFunction(ExtFunctionQueueWorkItemToNode, HwDeviceExtension,
                                    WorkItemCallback, Worker, Context, Node);
}

STORPORT_INLINE ULONG
StorPortReadRegistryKey(PVOID HwDeviceExtension, PWSTR AbsolutePath, PWSTR KeyName, ULONG ValueType,
                        PVOID *ValueData, PULONG ValueDataLength)
{
    return StorPortExtendedFunction(ExtFunctionReadRegistryKey, HwDeviceExtension, AbsolutePath,
                                    KeyName, ValueType, ValueData, ValueDataLength);
}

STORPORT_INLINE ULONG
StorPortRegisterDriverProxy(PVOID HwDeviceExtension, PVOID DriverObject,
                            PSTOR_DRIVER_PROXY_EXTENSION *ProxyExtension)
{
    return StorPortExtendedFunction(ExtFunctionRegisterDriverProxy, HwDeviceExtension,
                                    DriverObject, ProxyExtension);
}

STORPORT_INLINE ULONG
StorPortRegisterDriverProxyEndpoints(PVOID HwDeviceExtension,
                                     PSTOR_DRIVER_PROXY_EXTENSION ProxyExtension,
                                     PSTOR_DRIVER_PROXY_ENDPOINT_INFORMATION EndpointInfo,
                                     ULONG Count)
{
    return StorPortExtendedFunction(ExtFunctionRegisterDriverProxyEndpoints, HwDeviceExtension,
                                    ProxyExtension, EndpointInfo, Count);
}

STORPORT_INLINE ULONG
StorPortRegistryReadAdapterKey(PVOID HwDeviceExtension, PUCHAR SubKeyName, PUCHAR ValueName,
                               ULONG ValueType, PVOID *ValueData, PULONG ValueDataLength)
{
    return StorPortExtendedFunction(ExtFunctionRegistryReadAdapterKey, HwDeviceExtension,
                                    SubKeyName, ValueName, ValueType, ValueData, ValueDataLength);
}

STORPORT_INLINE ULONG
StorPortRegistryWriteAdapterKey(PVOID HwDeviceExtension, PUCHAR SubKeyName, PUCHAR ValueName,
                                ULONG ValueType, PVOID ValueData, ULONG ValueDataLength)
{
    return StorPortExtendedFunction(ExtFunctionRegistryWriteAdapterKey, HwDeviceExtension,
                                    SubKeyName, ValueName, ValueType, ValueData, ValueDataLength);
}

STORPORT_INLINE ULONG
StorPortReleaseMSISpinLock(PVOID HwDeviceExtension, ULONG MessageId, ULONG OldIrql)
{
    return StorPortExtendedFunction(ExtFunctionReleaseMSISpinLock, HwDeviceExtension, MessageId,
                                    OldIrql);
}

STORPORT_INLINE VOID
StorPortReleaseSpinLock(PVOID DeviceExtension, PSTOR_LOCK_HANDLE LockHandle)
{
    StorPortNotification(ReleaseSpinLock, DeviceExtension, LockHandle);
}

STORPORT_INLINE ULONG
StorPortRequestTimer(PVOID HwDeviceExtension, PVOID TimerHandle, PHW_TIMER_EX TimerCallback,
                     PVOID CallbackContext, ULONGLONG TimerValue, ULONGLONG TolerableDelay)
{
    return StorPortExtendedFunction(ExtFunctionRequestTimer, HwDeviceExtension, TimerHandle,
                                    TimerCallback, CallbackContext, TimerValue, TolerableDelay);
}

STORPORT_INLINE ULONG
StorPortRevertToUserGroupAffinityThread(PVOID HwDeviceExtension, PVOID ThreadContext,
                                        PSTOR_GROUP_AFFINITY PreviousAffinity)
{
    return StorPortExtendedFunction(ExtFunctionRevertToUserGroupAffinityThread, HwDeviceExtension,
                                    ThreadContext, PreviousAffinity);
}

STORPORT_INLINE ULONG
StorPortSetAdapterBusType(PVOID HwDeviceExtension, ULONG BusType)
{
    return StorPortExtendedFunction(ExtFunctionSetAdapterBusType, HwDeviceExtension, BusType);
}

STORPORT_INLINE ULONG
StorPortSetEvent(PVOID HwDeviceExtension, PSTOR_EVENT Event)
{
    return StorPortExtendedFunction(ExtFunctionSetEvent, HwDeviceExtension, Event);
}

STORPORT_INLINE ULONG
StorPortSetFeatureList(PVOID HwDeviceExtension, ULONG FeatureCount, PBOOLEAN FeatureList)
{
    return StorPortExtendedFunction(ExtFunctionSetFeatureList, HwDeviceExtension, FeatureCount,
                                    FeatureList);
}

STORPORT_INLINE ULONG
StorPortSetPowerSettingNotificationGuids(PVOID HwDeviceExtension, ULONG GuidCount, LPGUID Guid)
{
    return StorPortExtendedFunction(ExtFunctionSetPowerSettingNotificationGuids, HwDeviceExtension,
                                    GuidCount, Guid);
}

STORPORT_INLINE ULONG
StorPortSetPriorityThread(PVOID HwDeviceExtension, PVOID ThreadContext,
                          STOR_THREAD_PRIORITY Priority)
{
    return StorPortExtendedFunction(ExtFunctionSetPriorityThread, HwDeviceExtension, ThreadContext,
                                    Priority);
}

STORPORT_INLINE ULONG
StorPortSetSystemGroupAffinityThread(PVOID HwDeviceExtension, PVOID ThreadContext,
                                     PSTOR_GROUP_AFFINITY Affinity,
                                     PSTOR_GROUP_AFFINITY PreviousAffinity)
{
    return StorPortExtendedFunction(ExtFunctionSetSystemGroupAffinityThread, HwDeviceExtension,
                                    ThreadContext, Affinity, PreviousAffinity);
}

STORPORT_INLINE ULONG
StorPortSetUnitAttributes(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                          STOR_UNIT_ATTRIBUTES Attributes)
{
    return StorPortExtendedFunction(ExtFunctionSetUnitAttributes, HwDeviceExtension, Address,
                                    Attributes);
}

STORPORT_INLINE ULONG
StorPortStateChangeDetected(PVOID HwDeviceExtension, ULONG ChangedEntity, PSTOR_ADDRESS Address,
                            ULONG Attributes, PHW_STATE_CHANGE HwStateChange,
                            PVOID HwStateChangeContext)
{
    ULONG Status = STOR_STATUS_NOT_IMPLEMENTED;

    StorPortNotification(StateChangeDetectedCall, HwDeviceExtension, ChangedEntity, Address,
                         Attributes, HwStateChange, HwStateChangeContext, &Status);
    return Status;
}

STORPORT_INLINE ULONG
StorPortStorMQAddController(PVOID HwAdapterExtension, ULONG NumberOfBytes,
                            PVOID *ControllerExtension)
{
    return StorPortExtendedFunction(ExtFunctionStorMQAddController, HwAdapterExtension,
                                    NumberOfBytes, ControllerExtension);
}

STORPORT_INLINE ULONG
StorPortStorMQRemoveController(PVOID HwAdapterExtension, PVOID ControllerExtension)
{
    return StorPortExtendedFunction(ExtFunctionStorMQRemoveController, HwAdapterExtension,
                                    ControllerExtension);
}

STORPORT_INLINE VOID
StorPortTerminateSystemThread(PVOID HwDeviceExtension, PVOID ThreadContext)
{
    StorPortNotification(TerminateSystemThread, HwDeviceExtension, ThreadContext);
}

STORPORT_INLINE ULONG
StorPortUpdateAdapterMaxIO(PVOID HwDeviceExtension, ULONG MaxIoCount)
{
    return StorPortExtendedFunction(ExtFunctionUpdateAdapterMaxIO, HwDeviceExtension, MaxIoCount);
}

STORPORT_INLINE ULONG
StorPortUpdatePortConfigMaxIOInfo(PVOID HwDeviceExtension, ULONG MaxIoCount, ULONG MaxIosPerLun)
{
    return StorPortExtendedFunction(ExtFunctionUpdateAdapterMaxIOInfo, HwDeviceExtension,
                                    MaxIoCount, MaxIosPerLun);
}

STORPORT_INLINE ULONG
StorPortWaitForSingleObject(PVOID HwDeviceExtension, PVOID Object, BOOLEAN Alertable,
                            PLARGE_INTEGER Timeout)
{
    return StorPortExtendedFunction(ExtFunctionWaitForEvent, HwDeviceExtension, Object, Alertable,
                                    Timeout);
}

FORCEINLINE ULONG
StorPortConvertPhysicalAddressToUlong(STOR_PHYSICAL_ADDRESS Address)
{
    return Address.LowPart;
}

FORCEINLINE ULONG64
StorPortConvertPhysicalAddressToULong64(STOR_PHYSICAL_ADDRESS Address)
{
    return (ULONG64)Address.QuadPart;
}
#define StorPortConvertPhysicalAddressToUlong64 StorPortConvertPhysicalAddressToULong64

FORCEINLINE PVOID
StorPortCopyMemory(PVOID Destination, const VOID *Source, SIZE_T Length)
{
    return __builtin_memcpy(Destination, Source, Length);
}

/* DDI: StorPortSecureCopyMemory: refuses, instead of overrunning, a destination that is too small. */
FORCEINLINE ULONG
StorPortSecureCopyMemory(PVOID Dest, SIZE_T DestSizeInBytes, const VOID *Src, SIZE_T Count)
{
    if (Count == 0)
        return STOR_STATUS_SUCCESS;
    if (Dest == NULL || Src == NULL)
        return STOR_STATUS_INVALID_PARAMETER;
    if (DestSizeInBytes < Count)
        return STOR_STATUS_BUFFER_TOO_SMALL;
    __builtin_memcpy(Dest, Src, Count);
    return STOR_STATUS_SUCCESS;
}

FORCEINLINE VOID
StorPortInitializeListHead(PVOID HwDeviceExtension, PSTOR_LIST_ENTRY ListHead)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    ListHead->Flink = ListHead->Blink = ListHead;
}

/* Names that drivers ported from ScsiPort use: the HAL's accessors, without an extension. */
#define ScsiPortReadPortUchar(p) READ_PORT_UCHAR(p)
#define ScsiPortReadPortUshort(p) READ_PORT_USHORT(p)
#define ScsiPortReadPortUlong(p) READ_PORT_ULONG(p)
#define ScsiPortReadPortBufferUchar(p, b, c) READ_PORT_BUFFER_UCHAR(p, b, c)
#define ScsiPortReadPortBufferUshort(p, b, c) READ_PORT_BUFFER_USHORT(p, b, c)
#define ScsiPortReadPortBufferUlong(p, b, c) READ_PORT_BUFFER_ULONG(p, b, c)
#define ScsiPortReadRegisterUchar(r) READ_REGISTER_UCHAR(r)
#define ScsiPortReadRegisterUshort(r) READ_REGISTER_USHORT(r)
#define ScsiPortReadRegisterUlong(r) READ_REGISTER_ULONG(r)
#define ScsiPortReadRegisterBufferUchar(r, b, c) READ_REGISTER_BUFFER_UCHAR(r, b, c)
#define ScsiPortReadRegisterBufferUshort(r, b, c) READ_REGISTER_BUFFER_USHORT(r, b, c)
#define ScsiPortReadRegisterBufferUlong(r, b, c) READ_REGISTER_BUFFER_ULONG(r, b, c)
#define ScsiPortWritePortUchar(p, v) WRITE_PORT_UCHAR(p, v)
#define ScsiPortWritePortUshort(p, v) WRITE_PORT_USHORT(p, v)
#define ScsiPortWritePortUlong(p, v) WRITE_PORT_ULONG(p, v)
#define ScsiPortWritePortBufferUchar(p, b, c) WRITE_PORT_BUFFER_UCHAR(p, b, c)
#define ScsiPortWritePortBufferUshort(p, b, c) WRITE_PORT_BUFFER_USHORT(p, b, c)
#define ScsiPortWritePortBufferUlong(p, b, c) WRITE_PORT_BUFFER_ULONG(p, b, c)
#define ScsiPortWriteRegisterUchar(r, v) WRITE_REGISTER_UCHAR(r, v)
#define ScsiPortWriteRegisterUshort(r, v) WRITE_REGISTER_USHORT(r, v)
#define ScsiPortWriteRegisterUlong(r, v) WRITE_REGISTER_ULONG(r, v)
#define ScsiPortWriteRegisterBufferUchar(r, b, c) WRITE_REGISTER_BUFFER_UCHAR(r, b, c)
#define ScsiPortWriteRegisterBufferUshort(r, b, c) WRITE_REGISTER_BUFFER_USHORT(r, b, c)
#define ScsiPortWriteRegisterBufferUlong(r, b, c) WRITE_REGISTER_BUFFER_ULONG(r, b, c)

#define DebugPrint(x) StorPortDebugPrint x

#ifdef __cplusplus
}
#endif

DEFINE_GUID(STORPORT_POFX_ADAPTER_GUID, 0xdcaf9c10, 0x895f, 0x481f, 0xa4, 0x92, 0xd4, 0xce, 0xd2, 0xf5,
            0x56, 0x33);
DEFINE_GUID(STORPORT_POFX_LUN_GUID, 0x585d326b, 0x0b3a, 0x4088, 0x89, 0x39, 0x88, 0xb0, 0x0f, 0x69,
            0x58, 0xbe);
/* The same number as the adapter's: that is what is published. */
DEFINE_GUID(STORPORT_DEVICEOPERATION_SECURE_REPROVISION_GUID, 0xdcaf9c10, 0x895f, 0x481f, 0xa4, 0x92,
            0xd4, 0xce, 0xd2, 0xf5, 0x56, 0x33);

#endif /* _NTSTORPORT_ */
