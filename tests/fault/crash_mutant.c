/*
 * filedisk with faults: its store, filedisk_file_ops_sound in this build, is called through this
 * one, and its completions pass crash_notification(). CrashStart says which fault; 0 is none, and
 * then all behaves as the shipped driver does.
 */
#include <stdarg.h>

#include "filedisk.h"

#include "crash_bug.h"

#define LATE_TAG 0x6574614cu /* "Late" */
#define WAIT_100NS (-2000)   /* 0.2 ms from now */

/* Work that its thread does when it has completed the request. */
struct late {
    struct late *next;
    PKTHREAD thread;
    struct disk_request request;
    BOOLEAN flush;
    PUCHAR data; /* NULL: zeros */
    ULONGLONG offset, length;
};

extern const struct disk_store_ops filedisk_file_ops_sound;
VOID __cdecl crash_notification(SCSI_NOTIFICATION_TYPE type, PVOID extension, ...);

VOID CrashStart(ULONG bug);

static ULONG the_bug;
static struct late *lates;
static KSPIN_LOCK late_lock;
static volatile LONG flushing, dirty;

/* Called by the test before DriverEntry; nothing of the run before is left. */
VOID
CrashStart(ULONG bug)
{
    the_bug = bug;
    lates = NULL;
    flushing = dirty = 0;
}

static enum disk_result
late_add(const struct disk_request *request, BOOLEAN flush, const VOID *data, ULONGLONG offset,
         ULONGLONG length)
{
    SIZE_T bytes = sizeof(struct late) + (data != NULL ? (SIZE_T)length : 0);
    struct late *late = ExAllocatePoolWithTag(NonPagedPool, bytes, LATE_TAG);
    struct late **link = &lates;
    KIRQL irql;

    if (late == NULL)
        return DISK_NO_MEMORY;
    late->next = NULL;
    late->thread = KeGetCurrentThread();
    late->request = *request;
    late->flush = flush;
    late->data = data != NULL ? (PUCHAR)(late + 1) : NULL;
    late->offset = offset;
    late->length = length;
    if (data != NULL)
        RtlCopyMemory(late->data, data, (SIZE_T)length);
    KeAcquireSpinLock(&late_lock, &irql);
    while (*link != NULL)
        link = &(*link)->next;
    *link = late;
    KeReleaseSpinLock(&late_lock, irql);
    return DISK_OK;
}

static struct late *
late_take(void)
{
    PKTHREAD thread = KeGetCurrentThread();
    struct late **link = &lates, *late;
    KIRQL irql;

    KeAcquireSpinLock(&late_lock, &irql);
    while (*link != NULL && (*link)->thread != thread)
        link = &(*link)->next;
    late = *link;
    if (late != NULL)
        *link = late->next;
    KeReleaseSpinLock(&late_lock, irql);
    return late;
}

VOID __cdecl crash_notification(SCSI_NOTIFICATION_TYPE type, PVOID extension, ...)
{
    const struct disk_store_ops *sound = &filedisk_file_ops_sound;
    struct late *late;
    va_list arguments;

    va_start(arguments, extension);
    StorPortNotification(type, extension, va_arg(arguments, PSCSI_REQUEST_BLOCK));
    va_end(arguments);
    while ((late = late_take()) != NULL) {
        if (late->flush)
            sound->flush(&late->request);
        else if (late->data != NULL)
            sound->write(&late->request, late->offset, late->data, (ULONG)late->length);
        else
            sound->zero(&late->request, late->offset, late->length, TRUE);
        ExFreePoolWithTag(late, LATE_TAG);
    }
}

static BOOLEAN
is_fua(const struct disk_request *request)
{
    if (request->cdb == NULL || !(request->cdb[1] & 0x08))
        return FALSE;
    return request->cdb[0] == SCSIOP_WRITE || request->cdb[0] == SCSIOP_WRITE12 ||
           request->cdb[0] == SCSIOP_WRITE16;
}

static enum disk_result
crash_read(struct disk_request *request, ULONGLONG offset, PVOID buffer, ULONG length)
{
    return filedisk_file_ops_sound.read(request, offset, buffer, length);
}

static enum disk_result
crash_write(struct disk_request *request, ULONGLONG offset, const VOID *buffer, ULONG length)
{
    enum disk_result result;

    if (the_bug == CRASH_BUG_LATE_WRITE)
        return late_add(request, FALSE, buffer, offset, length);
    if (the_bug == CRASH_BUG_FUA_FIRST && is_fua(request))
        filedisk_file_ops_sound.flush(request);
    result = filedisk_file_ops_sound.write(request, offset, buffer, length);
    InterlockedExchange(&dirty, 1);
    return result;
}

static enum disk_result
flush_joined(struct disk_request *request)
{
    enum disk_result result = DISK_OK;
    LARGE_INTEGER wait;

    wait.QuadPart = WAIT_100NS;
    if (InterlockedExchange(&flushing, 1)) {
        while (ReadAcquire(&flushing))
            KeDelayExecutionThread(KernelMode, FALSE, &wait);
        return DISK_OK;
    }
    result = filedisk_file_ops_sound.flush(request);
    InterlockedExchange(&flushing, 0);
    return result;
}

static enum disk_result
crash_flush(struct disk_request *request)
{
    enum disk_result result;

    switch (the_bug) {
    case CRASH_BUG_NO_SYNC:
        return DISK_OK;
    case CRASH_BUG_EARLY_FLUSH:
        return late_add(request, TRUE, NULL, 0, 0);
    case CRASH_BUG_FUA_IGNORED:
    case CRASH_BUG_FUA_FIRST:
        if (is_fua(request))
            return DISK_OK;
        break;
    case CRASH_BUG_FLUSH_JOINS:
        return flush_joined(request);
    case CRASH_BUG_DIRTY_LATE:
        if (!ReadAcquire(&dirty))
            return DISK_OK;
        result = filedisk_file_ops_sound.flush(request);
        InterlockedExchange(&dirty, 0);
        return result;
    default:
        break;
    }
    return filedisk_file_ops_sound.flush(request);
}

static enum disk_result
crash_zero(struct disk_request *request, ULONGLONG offset, ULONGLONG length, BOOLEAN deallocate)
{
    enum disk_result result;

    if (the_bug == CRASH_BUG_LATE_PUNCH && deallocate)
        return late_add(request, FALSE, NULL, offset, length);
    result = filedisk_file_ops_sound.zero(request, offset, length, deallocate);
    InterlockedExchange(&dirty, 1);
    return result;
}

static enum disk_result
crash_extent(struct disk_request *request, ULONGLONG offset, BOOLEAN *allocated, ULONGLONG *run)
{
    return filedisk_file_ops_sound.extent(request, offset, allocated, run);
}

static enum disk_result
crash_compare(struct disk_request *request, ULONGLONG offset, const UCHAR *expected,
              const UCHAR *data, ULONG length, ULONG *mismatch)
{
    return filedisk_file_ops_sound.compare_and_write(request, offset, expected, data, length,
                                                     mismatch);
}

const struct disk_store_ops filedisk_file_ops = {
    .read = crash_read,
    .write = crash_write,
    .flush = crash_flush,
    .zero = crash_zero,
    .extent = crash_extent,
    .compare_and_write = crash_compare,
};
