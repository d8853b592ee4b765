/*
 * The image file. Runs in filedisk's system threads at PASSIVE_LEVEL (and in HwFindAdapter to
 * open). A write is in the host's cache until ZwFlushBuffersFile returns; once that has failed
 * nobody can say which writes it lost, so the disk reports failure from then on instead of claiming
 * durability.
 */
#include "filedisk.h"

#define PATH_CHARS (DISK_TEXT_BYTES + 8)

/* Waits for I/O that went on after the call returned. */
static NTSTATUS
io_wait(struct filedisk_worker *worker, NTSTATUS status, const IO_STATUS_BLOCK *io)
{
    if (status != STATUS_PENDING)
        return status;
    status = ZwWaitForSingleObject(worker->event, FALSE, NULL);
    return NT_SUCCESS(status) ? io->Status : status;
}

static enum disk_result
write_result(NTSTATUS status)
{
    switch (status) {
    case STATUS_DISK_FULL:
        return DISK_NO_SPACE;
    case STATUS_MEDIA_WRITE_PROTECTED:
        return DISK_PROTECTED;
    case STATUS_INSUFFICIENT_RESOURCES:
    case STATUS_NO_MEMORY:
        return DISK_NO_MEMORY;
    default:
        return NT_SUCCESS(status) ? DISK_OK : DISK_WRITE_ERROR;
    }
}

static enum disk_result
file_read(struct disk_request *request, ULONGLONG offset, PVOID buffer, ULONG length)
{
    struct filedisk_file *file = request->unit->store;
    struct filedisk_worker *worker = request->context;
    IO_STATUS_BLOCK io = {0};
    LARGE_INTEGER at;
    NTSTATUS status;

    at.QuadPart = (LONGLONG)offset;
    status = ZwReadFile(file->handle, worker->event, NULL, NULL, &io, buffer, length, &at, NULL);
    status = io_wait(worker, status, &io);
    if (status == STATUS_INSUFFICIENT_RESOURCES || status == STATUS_NO_MEMORY)
        return DISK_NO_MEMORY;
    /* Short: somebody has cut the file. */
    return NT_SUCCESS(status) && io.Information == length ? DISK_OK : DISK_READ_ERROR;
}

static enum disk_result
file_write(struct disk_request *request, ULONGLONG offset, const VOID *buffer, ULONG length)
{
    struct filedisk_file *file = request->unit->store;
    struct filedisk_worker *worker = request->context;
    IO_STATUS_BLOCK io = {0};
    LARGE_INTEGER at;
    NTSTATUS status;

    at.QuadPart = (LONGLONG)offset;
    status =
        ZwWriteFile(file->handle, worker->event, NULL, NULL, &io, (PVOID)buffer, length, &at, NULL);
    status = io_wait(worker, status, &io);
    if (NT_SUCCESS(status) && io.Information != length)
        return DISK_NO_SPACE;
    return write_result(status);
}

/* Under flush_lock. */
static enum disk_result
flush_locked(struct filedisk_file *file, LONG seen)
{
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status;
    LONG number;

    if (file->failed)
        return DISK_FAILED;
    /* A flush that began after this one was asked for has covered it. */
    if (file->flush_done - seen > 0)
        return DISK_OK;
    number = InterlockedIncrement(&file->flush_begun);
    status = ZwFlushBuffersFile(file->handle, &io);
    if (NT_SUCCESS(status)) {
        file->flush_done = number;
        return DISK_OK;
    }
    file->failed = TRUE;
    StorPortDebugPrint(0, "filedisk: flush failed with status %x: writes may be lost\n", status);
    return DISK_FAILED;
}

/* One at a time: a host tells of lost writes once, and not to a flush that runs beside the one it
 * told. */
static enum disk_result
file_flush(struct disk_request *request)
{
    struct filedisk_file *file = request->unit->store;
    LONG seen = ReadAcquire(&file->flush_begun);
    enum disk_result result;

    if (request->unit->read_only)
        return DISK_OK;
    KeWaitForSingleObject(&file->flush_lock, Executive, KernelMode, FALSE, NULL);
    result = flush_locked(file, seen);
    KeSetEvent(&file->flush_lock, IO_NO_INCREMENT, FALSE);
    return result;
}

static enum disk_result
write_zeros(struct disk_request *request, ULONGLONG offset, ULONGLONG length)
{
    struct filedisk_worker *worker = request->context;
    enum disk_result result = DISK_OK;

    while (length != 0 && result == DISK_OK) {
        ULONG piece = length < FILEDISK_ZEROS_BYTES ? (ULONG)length : FILEDISK_ZEROS_BYTES;
        result = file_write(request, offset, worker->filedisk->zeros, piece);
        offset += piece;
        length -= piece;
    }
    return result;
}

/* FSCTL_SET_ZERO_DATA gives the space back, so it is for UNMAP only. */
static enum disk_result
file_zero(struct disk_request *request, ULONGLONG offset, ULONGLONG length, BOOLEAN deallocate)
{
    struct filedisk_file *file = request->unit->store;
    struct filedisk_worker *worker = request->context;
    FILE_ZERO_DATA_INFORMATION zero;
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status;

    if (!deallocate || ReadNoFence(&file->no_punching))
        return write_zeros(request, offset, length);
    zero.FileOffset.QuadPart = (LONGLONG)offset;
    zero.BeyondFinalZero.QuadPart = (LONGLONG)(offset + length);
    status = ZwFsControlFile(file->handle, worker->event, NULL, NULL, &io, FSCTL_SET_ZERO_DATA,
                             &zero, sizeof(zero), NULL, 0);
    status = io_wait(worker, status, &io);
    if (status == STATUS_INVALID_DEVICE_REQUEST || status == STATUS_NOT_SUPPORTED ||
        status == STATUS_NOT_IMPLEMENTED) {
        InterlockedExchange(&file->no_punching, 1);
        return write_zeros(request, offset, length);
    }
    return write_result(status);
}

static enum disk_result
file_extent(struct disk_request *request, ULONGLONG offset, BOOLEAN *allocated, ULONGLONG *run)
{
    struct filedisk_file *file = request->unit->store;
    struct filedisk_worker *worker = request->context;
    FILE_ALLOCATED_RANGE_BUFFER ask, answer;
    IO_STATUS_BLOCK io = {0};
    ULONGLONG start, end;
    NTSTATUS status;

    ask.FileOffset.QuadPart = (LONGLONG)offset;
    ask.Length.QuadPart = (LONGLONG)*run;
    status =
        ZwFsControlFile(file->handle, worker->event, NULL, NULL, &io, FSCTL_QUERY_ALLOCATED_RANGES,
                        &ask, sizeof(ask), &answer, sizeof(answer));
    status = io_wait(worker, status, &io);
    /* More ranges than the first: not asked for. */
    if (status == STATUS_BUFFER_OVERFLOW)
        status = STATUS_SUCCESS;
    *allocated = TRUE;
    if (!NT_SUCCESS(status))
        return status == STATUS_INVALID_DEVICE_REQUEST || status == STATUS_NOT_SUPPORTED ||
                       status == STATUS_NOT_IMPLEMENTED
                   ? DISK_OK
                   : DISK_READ_ERROR;
    if (io.Information < sizeof(answer)) {
        *allocated = FALSE;
        return DISK_OK;
    }
    start = (ULONGLONG)answer.FileOffset.QuadPart;
    end = start + (ULONGLONG)answer.Length.QuadPart;
    if (start > offset) {
        *allocated = FALSE;
        end = start;
    }
    if (end - offset < *run)
        *run = end - offset;
    return DISK_OK;
}

/* Alone on its range: filedisk_queue.c sees to that. */
static enum disk_result
file_compare_and_write(struct disk_request *request, ULONGLONG offset, const UCHAR *expected,
                       const UCHAR *data, ULONG length, ULONG *mismatch)
{
    enum disk_result result;
    PUCHAR current = NULL;
    ULONG same = 0;

    if (StorPortAllocatePool(request->adapter, length, FILEDISK_POOL_TAG, (PVOID *)&current) !=
        STOR_STATUS_SUCCESS)
        return DISK_NO_MEMORY;
    result = file_read(request, offset, current, length);
    while (result == DISK_OK && same < length && current[same] == expected[same])
        same++;
    StorPortFreePool(request->adapter, current);
    *mismatch = same;
    if (result == DISK_OK)
        result = same == length ? file_write(request, offset, data, length) : DISK_MISCOMPARE;
    return result;
}

const struct disk_store_ops filedisk_file_ops = {
    .read = file_read,
    .write = file_write,
    .flush = file_flush,
    .zero = file_zero,
    .extent = file_extent,
    .compare_and_write = file_compare_and_write,
};

/* "/tmp/disk.img" becomes \??\/tmp/disk.img; what begins with a backslash stays as it is. */
static VOID
path_widen(const char *path, PWCH wide, PUNICODE_STRING name)
{
    static const char prefix[] = "\\??\\";
    ULONG used = 0, i;

    for (i = 0; path[0] != '\\' && prefix[i] != 0; i++)
        wide[used++] = (UCHAR)prefix[i];
    for (i = 0; path[i] != 0; i++)
        wide[used++] = (UCHAR)path[i];
    name->Buffer = wide;
    name->Length = (USHORT)(used * sizeof(WCHAR));
    name->MaximumLength = name->Length;
}

/* Of a file that is not sparse, FSCTL_SET_ZERO_DATA keeps the space. A refusal costs no more. */
static VOID
file_make_sparse(struct filedisk_file *file)
{
    IO_STATUS_BLOCK io = {0};

    /* Nothing else uses the file yet, so the file itself says when it is done. */
    if (ZwFsControlFile(file->handle, NULL, NULL, NULL, &io, FSCTL_SET_SPARSE, NULL, 0, NULL, 0) ==
        STATUS_PENDING)
        ZwWaitForSingleObject(file->handle, FALSE, NULL);
}

static NTSTATUS
file_create(struct filedisk_file *file, const char *path, BOOLEAN create, BOOLEAN read_only)
{
    ACCESS_MASK access = GENERIC_READ | SYNCHRONIZE | (read_only ? 0 : GENERIC_WRITE);
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io = {0};
    UNICODE_STRING name;
    NTSTATUS status;
    PWCH wide;

    wide = ExAllocatePoolWithTag(NonPagedPool, PATH_CHARS * sizeof(WCHAR), FILEDISK_POOL_TAG);
    if (wide == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    path_widen(path, wide, &name);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    /* Others may read; a second writer is refused, here or there. */
    status = ZwCreateFile(&file->handle, access, &attributes, &io, NULL, FILE_ATTRIBUTE_NORMAL,
                          FILE_SHARE_READ, create ? FILE_OPEN_IF : FILE_OPEN,
                          FILE_NON_DIRECTORY_FILE | FILE_RANDOM_ACCESS, NULL, 0);
    ExFreePoolWithTag(wide, FILEDISK_POOL_TAG);
    if (!NT_SUCCESS(status)) {
        file->handle = NULL;
        return status;
    }
    if (!read_only)
        file_make_sparse(file);
    return STATUS_SUCCESS;
}

static NTSTATUS
file_size(struct filedisk_file *file, ULONGLONG size)
{
    FILE_STANDARD_INFORMATION standard;
    FILE_END_OF_FILE_INFORMATION end;
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status;

    status = ZwQueryInformationFile(file->handle, &io, &standard, sizeof(standard),
                                    FileStandardInformation);
    if (!NT_SUCCESS(status))
        return status;
    file->bytes = (ULONGLONG)standard.EndOfFile.QuadPart;
    if (file->bytes >= size)
        return STATUS_SUCCESS;
    end.EndOfFile.QuadPart = (LONGLONG)size;
    status = ZwSetInformationFile(file->handle, &io, &end, sizeof(end), FileEndOfFileInformation);
    if (NT_SUCCESS(status))
        file->bytes = size;
    return status;
}

static const char *
status_words(NTSTATUS status)
{
    switch (status) {
    case STATUS_OBJECT_NAME_NOT_FOUND:
    case STATUS_OBJECT_PATH_NOT_FOUND:
    case STATUS_NO_SUCH_FILE:
        return "no such file (give Size=64M to create it)";
    case STATUS_SHARING_VIOLATION:
        return "in use by somebody else";
    case STATUS_ACCESS_DENIED:
        return "permission denied (ReadOnly=1 needs only read access)";
    case STATUS_FILE_IS_A_DIRECTORY:
        return "it is a directory";
    case STATUS_DISK_FULL:
        return "no space to extend it";
    default:
        return "cannot be opened";
    }
}

NTSTATUS
filedisk_file_open(struct filedisk_file *file, const char *path, ULONGLONG size, BOOLEAN read_only)
{
    NTSTATUS status;

    KeInitializeEvent(&file->flush_lock, SynchronizationEvent, TRUE);
    status = file_create(file, path, size != 0 && !read_only, read_only);
    if (NT_SUCCESS(status)) {
        status = file_size(file, read_only ? 0 : size);
        if (!NT_SUCCESS(status))
            filedisk_file_close(file);
    }
    if (!NT_SUCCESS(status))
        StorPortDebugPrint(0, "filedisk: Image=%s: %s (status %x)\n", path, status_words(status),
                           status);
    return status;
}

VOID
filedisk_file_close(struct filedisk_file *file)
{
    if (file->handle != NULL)
        ZwClose(file->handle);
    file->handle = NULL;
}
