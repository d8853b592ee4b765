/*
 * Questions about open files, and control codes: sizes, positions, holes.
 * DDI: ZwQueryInformationFile, ZwSetInformationFile; FSCTL_SET_SPARSE, FSCTL_SET_ZERO_DATA,
 * FSCTL_QUERY_ALLOCATED_RANGES (ntifs).
 */
#include "zw_priv.h"
#include "rt_file.h"

#include <errno.h>

#define EXTENTS_AT_ONCE 64

/* ---- extents --------------------------------------------------------------------------------- */

/* Calls `told` for each allocated range within the window until it answers false; 0 or -errno. */
static int
extents_walk(struct nt_file *file, uint64_t offset, uint64_t end,
             bool (*told)(void *ctx, uint64_t offset, uint64_t length), void *ctx)
{
    struct rt_file_extent extents[EXTENTS_AT_ONCE];

    while (offset < end) {
        int count = rt_file_extents(rt_self()->rt, file->file, offset, end - offset, extents,
                                    EXTENTS_AT_ONCE);
        if (count < 0)
            return count;
        for (int i = 0; i < count; i++) {
            if (!told(ctx, extents[i].offset, extents[i].length))
                return 0;
        }
        if (count < EXTENTS_AT_ONCE)
            return 0;
        offset = extents[count - 1].offset + extents[count - 1].length;
    }
    return 0;
}

static bool
extent_add(void *ctx, uint64_t offset, uint64_t length)
{
    (void)offset;
    *(uint64_t *)ctx += length;
    return true;
}

/* ---- queries --------------------------------------------------------------------------------- */

static NTSTATUS
query_standard(struct nt_file *file, FILE_STANDARD_INFORMATION *out)
{
    uint64_t size, allocated = 0;
    int error = rt_file_size_get(rt_self()->rt, file->file, &size);

    if (!error)
        error = extents_walk(file, 0, size, extent_add, &allocated);
    if (error)
        return nt_status_from_errno(error);
    memset(out, 0, sizeof(*out));
    out->AllocationSize.QuadPart = (LONGLONG)allocated;
    out->EndOfFile.QuadPart = (LONGLONG)size;
    out->NumberOfLinks = 1;
    return STATUS_SUCCESS;
}

/* Bytes that a class writes; 0: a class that is not answered here. */
static ULONG
query_bytes(FILE_INFORMATION_CLASS class)
{
    switch (class) {
    case FileStandardInformation:
        return sizeof(FILE_STANDARD_INFORMATION);
    case FilePositionInformation:
        return sizeof(FILE_POSITION_INFORMATION);
    case FileAlignmentInformation:
        return sizeof(FILE_ALIGNMENT_INFORMATION);
    case FileAccessInformation:
    case FileModeInformation:
        return sizeof(ULONG);
    default:
        return 0;
    }
}

static NTSTATUS
file_query(struct nt_file *file, FILE_INFORMATION_CLASS class, void *out)
{
    ULONG word;

    switch (class) {
    case FileStandardInformation:
        return query_standard(file, out);
    case FilePositionInformation:
        ((FILE_POSITION_INFORMATION *)out)->CurrentByteOffset = file->object.CurrentByteOffset;
        return STATUS_SUCCESS;
    case FileAlignmentInformation:
        word = file->options & FILE_NO_INTERMEDIATE_BUFFERING ? FILE_512_BYTE_ALIGNMENT
                                                              : FILE_BYTE_ALIGNMENT;
        break;
    case FileAccessInformation:
        word = file->access;
        break;
    default: /* FileModeInformation */
        word = file->options &
               (FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY | FILE_NO_INTERMEDIATE_BUFFERING |
                FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT);
    }
    memcpy(out, &word, sizeof(word));
    return STATUS_SUCCESS;
}

NTSTATUS
ZwQueryInformationFile(HANDLE handle, PIO_STATUS_BLOCK iosb, PVOID out, ULONG length,
                       FILE_INFORMATION_CLASS class)
{
    ULONG bytes = query_bytes(class);
    struct nt_file *file;
    NTSTATUS status;

    CONTRACT_ENTER(ZwQueryInformationFile);
    file = nt_file_reference(handle, 0, &status);
    if (!file)
        return status;
    if (!bytes)
        status = STATUS_INVALID_INFO_CLASS;
    else if (length < bytes)
        status = STATUS_INFO_LENGTH_MISMATCH;
    else if (!file->file)
        status = STATUS_INVALID_DEVICE_REQUEST;
    else
        status = file_query(file, class, out);
    iosb->Status = status;
    iosb->Information = NT_SUCCESS(status) ? bytes : 0;
    ObfDereferenceObject(file);
    return status;
}

/* ---- settings -------------------------------------------------------------------------------- */

static NTSTATUS
set_size(struct nt_file *file, LONGLONG bytes)
{
    if (!(file->access & FILE_WRITE_DATA))
        return STATUS_ACCESS_DENIED;
    if (bytes < 0)
        return STATUS_INVALID_PARAMETER;
    return nt_status_from_errno(rt_file_size_set(rt_self()->rt, file->file, (uint64_t)bytes));
}

/* DDI: less than the file's size truncates it; more reserves, which Linux need not. */
static NTSTATUS
set_allocation(struct nt_file *file, LONGLONG bytes)
{
    uint64_t size;
    int error = rt_file_size_get(rt_self()->rt, file->file, &size);

    if (error)
        return nt_status_from_errno(error);
    return bytes < 0 || (uint64_t)bytes < size ? set_size(file, bytes) : STATUS_SUCCESS;
}

static NTSTATUS
set_position(struct nt_file *file, LONGLONG offset)
{
    if (offset < 0)
        return STATUS_INVALID_PARAMETER;
    if (file->options & FILE_NO_INTERMEDIATE_BUFFERING && offset & 511)
        return STATUS_INVALID_PARAMETER;
    file->object.CurrentByteOffset.QuadPart = offset;
    return STATUS_SUCCESS;
}

NTSTATUS
ZwSetInformationFile(HANDLE handle, PIO_STATUS_BLOCK iosb, PVOID in, ULONG length,
                     FILE_INFORMATION_CLASS class)
{
    struct nt_file *file;
    NTSTATUS status;
    LONGLONG value;

    CONTRACT_ENTER(ZwSetInformationFile);
    file = nt_file_reference(handle, 0, &status);
    if (!file)
        return status;
    if (length < sizeof(value)) {
        status = STATUS_INFO_LENGTH_MISMATCH;
    } else if (!file->file) {
        status = STATUS_INVALID_DEVICE_REQUEST;
    } else {
        memcpy(&value, in, sizeof(value)); /* each of these classes is one LARGE_INTEGER */
        switch (class) {
        case FileEndOfFileInformation:
            status = set_size(file, value);
            break;
        case FileAllocationInformation:
            status = set_allocation(file, value);
            break;
        case FilePositionInformation:
            status = set_position(file, value);
            break;
        default:
            status = STATUS_INVALID_INFO_CLASS;
        }
    }
    iosb->Status = status;
    iosb->Information = 0;
    ObfDereferenceObject(file);
    return status;
}

/* ---- control codes --------------------------------------------------------------------------- */

static NTSTATUS
control_sparse(struct nt_file *file, const void *in, ULONG in_bytes)
{
    if (!(file->access & (FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES)))
        return STATUS_ACCESS_DENIED;
    /* Without a buffer it means TRUE: FSCTL_SET_SPARSE, Remarks. */
    file->sparse = in_bytes < sizeof(FILE_SET_SPARSE_BUFFER) ||
                   ((const FILE_SET_SPARSE_BUFFER *)in)->SetSparse;
    return STATUS_SUCCESS;
}

/* Never grows the file; gives the space back only in a sparse one. */
static NTSTATUS
control_zero(struct nt_file *file, const void *in, ULONG in_bytes)
{
    struct rt *rt = rt_self()->rt;
    FILE_ZERO_DATA_INFORMATION range;
    uint64_t size, from, to;
    int error;

    if (in_bytes < sizeof(range))
        return STATUS_INVALID_PARAMETER;
    if (!(file->access & FILE_WRITE_DATA))
        return STATUS_ACCESS_DENIED;
    memcpy(&range, in, sizeof(range));
    if (range.FileOffset.QuadPart < 0 || range.BeyondFinalZero.QuadPart < range.FileOffset.QuadPart)
        return STATUS_INVALID_PARAMETER;
    error = rt_file_size_get(rt, file->file, &size);
    if (error)
        return nt_status_from_errno(error);
    from = (uint64_t)range.FileOffset.QuadPart;
    to = (uint64_t)range.BeyondFinalZero.QuadPart < size ? (uint64_t)range.BeyondFinalZero.QuadPart
                                                         : size;
    if (from >= to)
        return STATUS_SUCCESS;
    error = rt_file_zero(rt, file->file, from, to - from, file->sparse);
    if (!error && file->options & FILE_WRITE_THROUGH)
        error = rt_file_sync(rt, file->file);
    return nt_status_from_errno(error);
}

struct ranges {
    FILE_ALLOCATED_RANGE_BUFFER *out;
    ULONG room, used;
    bool more;
};

static bool
range_add(void *ctx, uint64_t offset, uint64_t length)
{
    struct ranges *ranges = ctx;

    if (ranges->used == ranges->room) {
        ranges->more = true;
        return false;
    }
    ranges->out[ranges->used].FileOffset.QuadPart = (LONGLONG)offset;
    ranges->out[ranges->used].Length.QuadPart = (LONGLONG)length;
    ranges->used++;
    return true;
}

static NTSTATUS
control_ranges(struct nt_file *file, const void *in, ULONG in_bytes, void *out, ULONG out_bytes,
               ULONG_PTR *information)
{
    FILE_ALLOCATED_RANGE_BUFFER window;
    struct ranges ranges = {.out = out, .room = out_bytes / sizeof(window)};
    uint64_t size, end;
    int error;

    if (in_bytes < sizeof(window))
        return STATUS_INVALID_PARAMETER;
    memcpy(&window, in, sizeof(window));
    if (window.FileOffset.QuadPart < 0 || window.Length.QuadPart < 0 ||
        window.Length.QuadPart > MAXLONGLONG - window.FileOffset.QuadPart)
        return STATUS_INVALID_PARAMETER;
    error = rt_file_size_get(rt_self()->rt, file->file, &size);
    if (!error) {
        end = (uint64_t)(window.FileOffset.QuadPart + window.Length.QuadPart);
        error = extents_walk(file, (uint64_t)window.FileOffset.QuadPart, end < size ? end : size,
                             range_add, &ranges);
    }
    if (error)
        return nt_status_from_errno(error);
    *information = ranges.used * sizeof(window);
    if (ranges.more)
        return ranges.used ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
    return STATUS_SUCCESS;
}

NTSTATUS
ZwFsControlFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
                PIO_STATUS_BLOCK iosb, ULONG code, PVOID in, ULONG in_bytes, PVOID out,
                ULONG out_bytes)
{
    ULONG_PTR information = 0;
    struct nt_file *file;
    NTSTATUS status;

    CONTRACT_ENTER(ZwFsControlFile);
    file = nt_file_reference(handle, 0, &status);
    if (!file)
        return status;
    if (rt_fault(rt_self()->rt))
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (!file->file)
        status = STATUS_INVALID_DEVICE_REQUEST;
    else if (code == FSCTL_SET_SPARSE)
        status = control_sparse(file, in, in_bytes);
    else if (code == FSCTL_SET_ZERO_DATA)
        status = control_zero(file, in, in_bytes);
    else if (code == FSCTL_QUERY_ALLOCATED_RANGES)
        status = control_ranges(file, in, in_bytes, out, out_bytes, &information);
    else
        status = STATUS_INVALID_DEVICE_REQUEST;
    status = nt_file_finish(file, event, iosb, status, information);
    if (apc && !NT_ERROR(status))
        apc(apc_context, iosb, 0);
    ObfDereferenceObject(file);
    return status;
}

NTSTATUS
ZwDeviceIoControlFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
                      PIO_STATUS_BLOCK iosb, ULONG code, PVOID in, ULONG in_bytes, PVOID out,
                      ULONG out_bytes)
{
    IO_STATUS_BLOCK answer = {.Information = 0};
    PDEVICE_OBJECT top;
    struct nt_file *file;
    NTSTATUS status;
    KEVENT done;
    PIRP irp;

    CONTRACT_ENTER(ZwDeviceIoControlFile);
    file = nt_file_reference(handle, 0, &status);
    if (!file)
        return status;
    if (!file->object.DeviceObject) {
        status = nt_file_finish(file, event, iosb, STATUS_INVALID_DEVICE_REQUEST, 0);
        ObfDereferenceObject(file);
        return status;
    }
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    top = IoGetAttachedDeviceReference(file->object.DeviceObject);
    irp = IoBuildDeviceIoControlRequest(code, top, in, in_bytes, out, out_bytes, FALSE, &done,
                                        &answer);
    if (irp) {
        IoGetNextIrpStackLocation(irp)->FileObject = &file->object;
        status = IofCallDriver(top, irp);
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        if (status == STATUS_PENDING)
            status = answer.Status;
    } else {
        status = STATUS_INSUFFICIENT_RESOURCES;
    }
    ObfDereferenceObject(top);
    status = nt_file_finish(file, event, iosb, status, answer.Information);
    if (apc && !NT_ERROR(status))
        apc(apc_context, iosb, 0);
    ObfDereferenceObject(file);
    return status;
}

/* rt's files tell nothing of the volume they lie on but that they can be sparse. */
NTSTATUS
ZwQueryVolumeInformationFile(HANDLE handle, PIO_STATUS_BLOCK iosb, PVOID out, ULONG length,
                             FS_INFORMATION_CLASS class)
{
    FILE_FS_ATTRIBUTE_INFORMATION *attributes = out;
    FILE_FS_DEVICE_INFORMATION *device = out;
    struct nt_file *file;
    NTSTATUS status;
    ULONG bytes = 0;

    CONTRACT_ENTER(ZwQueryVolumeInformationFile);
    file = nt_file_reference(handle, 0, &status);
    if (!file)
        return status;
    status = STATUS_INFO_LENGTH_MISMATCH;
    if (class == FileFsDeviceInformation && length >= sizeof(*device)) {
        device->DeviceType =
            file->object.DeviceObject ? file->object.DeviceObject->DeviceType : FILE_DEVICE_DISK;
        device->Characteristics =
            file->object.DeviceObject ? file->object.DeviceObject->Characteristics : 0;
        bytes = sizeof(*device);
        status = STATUS_SUCCESS;
    } else if (class == FileFsAttributeInformation && length >= sizeof(*attributes)) {
        memset(attributes, 0, sizeof(*attributes));
        attributes->FileSystemAttributes = FILE_SUPPORTS_SPARSE_FILES;
        attributes->MaximumComponentNameLength = 255;
        bytes = sizeof(*attributes);
        status = STATUS_SUCCESS;
    } else if (class != FileFsDeviceInformation && class != FileFsAttributeInformation) {
        status = STATUS_INVALID_INFO_CLASS;
    }
    iosb->Status = status;
    iosb->Information = bytes;
    ObfDereferenceObject(file);
    return status;
}
