/*
 * See fake_port.h. Single-threaded but for requests, the pool and the spin locks.
 */
#include "fake_port.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static HW_INITIALIZATION_DATA callbacks;
static PORT_CONFIGURATION_INFORMATION config;
static PVOID extension;
static const char *const *registry;
static UCHAR registry_buffer[4096];
static volatile LONG pool_outstanding;
static volatile LONG pool_fail_after;
static volatile LONG queue_depth;

VOID
fake_registry_set(const char *const *values)
{
    registry = values;
}

PORT_CONFIGURATION_INFORMATION *
fake_config(VOID)
{
    return &config;
}

PVOID
fake_extension(VOID)
{
    return extension;
}

HW_INITIALIZATION_DATA *
fake_callbacks(VOID)
{
    return &callbacks;
}

VOID
fake_pool_fail(ULONG nth)
{
    pool_fail_after = (LONG)nth;
}

ULONG
fake_pool_outstanding(VOID)
{
    return (ULONG)pool_outstanding;
}

ULONG
fake_queue_depth(VOID)
{
    return (ULONG)queue_depth;
}

ULONG
fake_adapter_start(VOID)
{
    BOOLEAN again = TRUE;
    ULONG found;

    DriverEntry(NULL, NULL);
    extension = calloc(1, callbacks.DeviceExtensionSize);
    memset(&config, 0, sizeof(config));
    config.Length = sizeof(config);
    config.MaximumTransferLength = 0xffffffff;
    config.MaxNumberOfIO = 1000;
    config.Dma64BitAddresses = SCSI_DMA64_SYSTEM_SUPPORTED;
    if (callbacks.FeatureSupport & STOR_FEATURE_VIRTUAL_MINIPORT)
        found = ((VIRTUAL_HW_FIND_ADAPTER *)(PVOID)callbacks.HwFindAdapter)(
            extension, NULL, NULL, NULL, NULL, &config, &again);
    else
        found = ((HW_FIND_ADAPTER *)(PVOID)callbacks.HwFindAdapter)(extension, NULL, NULL, NULL,
                                                                    &config, &again);
    if (found == SP_RETURN_FOUND && !callbacks.HwInitialize(extension))
        found = SP_RETURN_ERROR;
    return found;
}

VOID
fake_adapter_stop(VOID)
{
    callbacks.HwAdapterControl(extension, ScsiStopAdapter, NULL);
    if (callbacks.HwFreeAdapterResources != NULL)
        callbacks.HwFreeAdapterResources(extension);
    free(extension);
    extension = NULL;
}

/* Completion notes itself in what follows the SRB. */
struct fake_frame {
    union {
        SCSI_REQUEST_BLOCK legacy;
        STORAGE_REQUEST_BLOCK extended;
        UCHAR room[512];
    } srb;
    PVOID sense, context;
    ULONG completions;
};

static PVOID
build_legacy(struct fake_frame *frame, struct fake_request *r, PVOID sense)
{
    PSCSI_REQUEST_BLOCK srb = &frame->srb.legacy;

    srb->Length = sizeof(*srb);
    srb->Function = (UCHAR)r->function;
    srb->PathId = r->path;
    srb->TargetId = r->target;
    srb->Lun = r->lun;
    srb->CdbLength = r->cdb_length;
    srb->SenseInfoBuffer = sense;
    srb->SenseInfoBufferLength = r->sense_length;
    srb->SrbFlags = r->flags;
    srb->DataBuffer = r->data;
    srb->DataTransferLength = r->data_length;
    memcpy(srb->Cdb, r->cdb, 16);
    return srb;
}

static PVOID
build_extended(struct fake_frame *frame, struct fake_request *r, PVOID sense)
{
    PSTORAGE_REQUEST_BLOCK srb = &frame->srb.extended;
    PSTOR_ADDR_BTL8 address = (PSTOR_ADDR_BTL8)(frame->srb.room + 256);
    PSRBEX_DATA_SCSI_CDB16 ex = (PSRBEX_DATA_SCSI_CDB16)(frame->srb.room + 320);

    srb->Length = FIELD_OFFSET(STORAGE_REQUEST_BLOCK, Signature);
    srb->Function = SRB_FUNCTION_STORAGE_REQUEST_BLOCK;
    srb->Signature = SRB_SIGNATURE;
    srb->Version = STORAGE_REQUEST_BLOCK_VERSION_1;
    srb->SrbLength = sizeof(frame->srb.room);
    srb->SrbFunction = r->function;
    srb->SrbFlags = r->flags;
    srb->DataBuffer = r->data;
    srb->DataTransferLength = r->data_length;
    srb->AddressOffset = 256;
    address->Type = STOR_ADDRESS_TYPE_BTL8;
    address->AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH;
    address->Path = r->path;
    address->Target = r->target;
    address->Lun = r->lun;
    if (r->function == SRB_FUNCTION_EXECUTE_SCSI) {
        srb->NumSrbExData = 1;
        srb->SrbExDataOffset[0] = 320;
        ex->Type = SrbExDataTypeScsiCdb16;
        ex->Length = SRBEX_DATA_SCSI_CDB16_LENGTH;
        ex->CdbLength = r->cdb_length;
        ex->SenseInfoBuffer = sense;
        ex->SenseInfoBufferLength = r->sense_length;
        memcpy(ex->Cdb, r->cdb, 16);
    }
    return srb;
}

VOID
fake_start(struct fake_request *r)
{
    struct fake_frame *frame = calloc(1, sizeof(*frame));
    PVOID srb;

    r->frame = frame;
    frame->sense = r->sense_length ? malloc(r->sense_length) : NULL;
    frame->context = malloc(callbacks.SrbExtensionSize);
    memset(frame->context, 0xa5, callbacks.SrbExtensionSize);
    if (r->form == FAKE_LEGACY) {
        srb = build_legacy(frame, r, frame->sense);
        frame->srb.legacy.SrbExtension = frame->context;
    } else {
        srb = build_extended(frame, r, frame->sense);
        frame->srb.extended.MiniportContext = frame->context;
    }
    if (callbacks.HwBuildIo == NULL || callbacks.HwBuildIo(extension, srb))
        callbacks.HwStartIo(extension, srb);
}

BOOLEAN
fake_is_done(const struct fake_request *r)
{
    return __atomic_load_n(&r->frame->completions, __ATOMIC_ACQUIRE) != 0;
}

VOID
fake_wait(struct fake_request *r)
{
    struct fake_frame *frame = r->frame;
    PVOID srb = &frame->srb;

    while (!fake_is_done(r))
        sched_yield();
    r->completions = frame->completions;
    r->srb_status = SrbGetSrbStatus(srb);
    r->scsi_status = SrbGetScsiStatus(srb);
    r->data_length = SrbGetDataTransferLength(srb);
    if (frame->sense != NULL) {
        r->sense_length = SrbGetSenseInfoBufferLength(srb);
        memcpy(r->sense, frame->sense, r->sense_length);
    }
    free(frame->sense);
    free(frame->context);
    free(frame);
    r->frame = NULL;
}

VOID
fake_send(struct fake_request *r)
{
    fake_start(r);
    fake_wait(r);
}

ULONG
StorPortInitialize(PVOID Argument1, PVOID Argument2, PHW_INITIALIZATION_DATA Data, PVOID HwContext)
{
    callbacks = *Data;
    return 0;
}

VOID
StorPortNotification(SCSI_NOTIFICATION_TYPE Type, PVOID HwDeviceExtension, ...)
{
    va_list args;

    va_start(args, HwDeviceExtension);
    if (Type == RequestComplete) {
        /* The SRB is the frame's first member. */
        struct fake_frame *frame = (struct fake_frame *)va_arg(args, PVOID);
        __atomic_fetch_add(&frame->completions, 1, __ATOMIC_RELEASE);
    } else {
        fprintf(stderr, "fake port: notification %d\n", (int)Type);
        abort();
    }
    va_end(args);
}

static ULONG
pool_allocate(ULONG bytes, PVOID *out)
{
    *out = NULL;
    if (pool_fail_after > 0 && InterlockedDecrement(&pool_fail_after) == 0)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    *out = malloc(bytes);
    memset(*out, 0xa5, bytes);
    InterlockedIncrement(&pool_outstanding);
    return STOR_STATUS_SUCCESS;
}

ULONG
StorPortExtendedFunction(STORPORT_FUNCTION_CODE FunctionCode, PVOID HwDeviceExtension, ...)
{
    ULONG status = STOR_STATUS_SUCCESS, bytes;
    PVOID pointer;
    va_list args;

    va_start(args, HwDeviceExtension);
    switch (FunctionCode) {
    case ExtFunctionAllocatePool:
        bytes = va_arg(args, ULONG);
        (void)va_arg(args, ULONG);
        status = pool_allocate(bytes, va_arg(args, PVOID *));
        break;
    case ExtFunctionFreePool:
        pointer = va_arg(args, PVOID);
        free(pointer);
        InterlockedDecrement(&pool_outstanding);
        break;
    case ExtFunctionGetSystemAddress:
        status = STOR_STATUS_INSUFFICIENT_RESOURCES;
        break;
    default:
        fprintf(stderr, "fake port: extended function %d\n", (int)FunctionCode);
        abort();
    }
    va_end(args);
    return status;
}

PUCHAR
StorPortAllocateRegistryBuffer(PVOID HwDeviceExtension, PULONG Length)
{
    return *Length <= sizeof(registry_buffer) ? registry_buffer : NULL;
}

VOID
StorPortFreeRegistryBuffer(PVOID HwDeviceExtension, PUCHAR Buffer)
{
}

/* "Name=text" is REG_SZ of all adapters, "Name:number" REG_DWORD of this one. */
BOOLEAN
StorPortRegistryRead(PVOID HwDeviceExtension, PUCHAR ValueName, ULONG Global, ULONG Type,
                     PUCHAR Buffer, PULONG BufferLength)
{
    size_t length = strlen((const char *)ValueName);

    for (const char *const *value = registry; value && *value; value++) {
        if (strncmp(*value, (const char *)ValueName, length) != 0)
            continue;
        if ((*value)[length] == '=' && Global && Type == MINIPORT_REG_SZ) {
            *BufferLength = (ULONG)strlen(*value + length + 1) + 1;
            memcpy(Buffer, *value + length + 1, *BufferLength);
            return TRUE;
        }
        if ((*value)[length] == ':' && !Global && Type == MINIPORT_REG_DWORD) {
            ULONG number = (ULONG)strtoul(*value + length + 1, NULL, 0);
            *BufferLength = sizeof(number);
            memcpy(Buffer, &number, sizeof(number));
            return TRUE;
        }
    }
    *BufferLength = 0;
    return FALSE;
}

BOOLEAN
StorPortSetDeviceQueueDepth(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun,
                            ULONG Depth)
{
    queue_depth = (LONG)Depth;
    return TRUE;
}

VOID
StorPortDebugPrint(ULONG DebugPrintLevel, PCCHAR DebugMessage, ...)
{
}

KIRQL
KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    while (__atomic_exchange_n(SpinLock, 1, __ATOMIC_ACQUIRE) != 0)
        YieldProcessor();
    return PASSIVE_LEVEL;
}

VOID
KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    __atomic_store_n(SpinLock, 0, __ATOMIC_RELEASE);
}
