/*
 * Linked into the bench's copy of the null miniport, between the miniport and the port: it remembers
 * the entry points and one SRB as the port made it, and then calls the same entry points in a bare
 * loop, where a completion is a counter. Never part of what is installed.
 */
#include <ntddk.h>
#include <storport.h>
#include <srbhelper.h>

#define BARE_DEPTH_MAX 128

ULONG __real_StorPortInitialize(PVOID, PVOID, PHW_INITIALIZATION_DATA, PVOID);
ULONG __wrap_StorPortInitialize(PVOID, PVOID, PHW_INITIALIZATION_DATA, PVOID);
VOID __real_StorPortNotification(SCSI_NOTIFICATION_TYPE, PVOID, ...);
VOID __wrap_StorPortNotification(SCSI_NOTIFICATION_TYPE, PVOID, ...);
VOID bare_arm(VOID);
BOOLEAN bare_ready(VOID);
ULONGLONG bare_run(ULONGLONG requests, unsigned depth);

/* Room for an SRB of either kind with its data and address. */
struct bare_srb {
    DECLSPEC_ALIGN(64) UCHAR bytes[320];
    DECLSPEC_ALIGN(64) UCHAR extension[1024];
};

static HW_INITIALIZATION_DATA driver;
static PHW_STARTIO real_start_io;
static PVOID device;
static ULONG srb_bytes;
static struct bare_srb pattern, srbs[BARE_DEPTH_MAX];
static BOOLEAN bare, wanted;
static ULONGLONG completed;

static BOOLEAN
capturing_start_io(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    if (wanted && SrbGetCdb(srb) != NULL && SrbGetCdb(srb)->CDB10.OperationCode == SCSIOP_READ) {
        wanted = FALSE;
        device = extension;
        srb_bytes = srb->Function == SRB_FUNCTION_STORAGE_REQUEST_BLOCK
                        ? ((PSTORAGE_REQUEST_BLOCK)srb)->SrbLength
                        : sizeof(SCSI_REQUEST_BLOCK);
        if (srb_bytes <= sizeof(pattern.bytes))
            RtlCopyMemory(pattern.bytes, srb, srb_bytes);
        else
            device = NULL;
    }
    return real_start_io(extension, srb);
}

ULONG
__wrap_StorPortInitialize(PVOID object, PVOID path, PHW_INITIALIZATION_DATA data, PVOID unused)
{
    driver = *data;
    real_start_io = data->HwStartIo;
    data->HwStartIo = capturing_start_io;
    return __real_StorPortInitialize(object, path, data, unused);
}

/* The null miniport sends RequestComplete only. */
VOID
__wrap_StorPortNotification(SCSI_NOTIFICATION_TYPE type, PVOID extension, ...)
{
    va_list args;
    PSCSI_REQUEST_BLOCK srb;

    va_start(args, extension);
    srb = va_arg(args, PSCSI_REQUEST_BLOCK);
    va_end(args);
    if (bare)
        completed += SRB_STATUS(srb->SrbStatus) == SRB_STATUS_SUCCESS;
    else
        __real_StorPortNotification(type, extension, srb);
}

/* The next READ that the port sends is the pattern of the bare loop. */
VOID
bare_arm(VOID)
{
    wanted = TRUE;
}

BOOLEAN
bare_ready(VOID)
{
    return device != NULL && driver.SrbExtensionSize <= sizeof(pattern.extension);
}

/* The entry points in a loop: the SRB as it came, HwBuildIo, HwStartIo, a completion that counts. */
ULONGLONG
bare_run(ULONGLONG requests, unsigned depth)
{
    ULONGLONG i;

    for (i = 0; i < depth; i++) {
        RtlCopyMemory(&srbs[i], &pattern, sizeof(pattern));
        if (((PSCSI_REQUEST_BLOCK)srbs[i].bytes)->Function == SRB_FUNCTION_STORAGE_REQUEST_BLOCK)
            ((PSTORAGE_REQUEST_BLOCK)srbs[i].bytes)->MiniportContext = srbs[i].extension;
        else
            ((PSCSI_REQUEST_BLOCK)srbs[i].bytes)->SrbExtension = srbs[i].extension;
    }
    completed = 0;
    bare = TRUE;
    for (i = 0; i < requests; i++) {
        PSCSI_REQUEST_BLOCK srb = (PSCSI_REQUEST_BLOCK)srbs[i % depth].bytes;
        srb->SrbStatus = SRB_STATUS_PENDING;
        if (driver.HwBuildIo == NULL || driver.HwBuildIo(device, srb))
            driver.HwStartIo(device, srb);
    }
    bare = FALSE;
    return completed;
}
