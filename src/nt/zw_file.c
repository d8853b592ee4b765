/*
 * Files opened by name: rt's files, or devices, which get IRPs. Every call ends before it returns,
 * also on a handle opened for asynchronous I/O: its event is then set already.
 * DDI: ZwCreateFile, ZwReadFile, ZwWriteFile, ZwFlushBuffersFile.
 */
#include "zw_priv.h"
#include "rt_file.h"

#include <errno.h>
#include <stdlib.h>

#define SECTOR_BYTES                                                                               \
    512u /* what FILE_NO_INTERMEDIATE_BUFFERING asks transfers to be multiples of */

static void file_destroy(void *body);
static void file_close(void *body);
const struct nt_object_type nt_type_file = {
    .name = "file", .destroy = file_destroy, .close = file_close};

static struct nt_file *
file_object_create(struct nt *nt, ACCESS_MASK access, ULONG options)
{
    struct nt_file *file = nt_object_create(nt, &nt_type_file, sizeof(*file));

    if (!file)
        return NULL;
    if (access & GENERIC_ALL)
        access |= FILE_ALL_ACCESS;
    if (access & GENERIC_READ)
        access |= FILE_GENERIC_READ;
    if (access & GENERIC_WRITE)
        access |= FILE_GENERIC_WRITE;
    file->object.Type = IO_TYPE_FILE;
    file->object.Size = sizeof(FILE_OBJECT);
    file->object.ReadAccess = (access & FILE_READ_DATA) != 0;
    file->object.WriteAccess = (access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    file->access = access;
    file->options = options;
    KeInitializeEvent(&file->object.Lock, SynchronizationEvent, TRUE);
    KeInitializeEvent(&file->object.Event, NotificationEvent, FALSE);
    return file;
}

/* ---- devices --------------------------------------------------------------------------------- */

static NTSTATUS
device_irp(struct nt_file *file, UCHAR major, PVOID buffer, ULONG length, LONGLONG offset,
           ULONG_PTR *information)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(file->object.DeviceObject);
    LARGE_INTEGER start = {.QuadPart = offset};
    IO_STATUS_BLOCK iosb = {.Information = 0};
    NTSTATUS status;
    KEVENT event;
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(major, top, buffer, length, &start, &event, &iosb);
    if (!irp) {
        ObfDereferenceObject(top);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IoGetNextIrpStackLocation(irp)->FileObject = &file->object;
    irp->Tail.Overlay.OriginalFileObject = &file->object;
    if (major == IRP_MJ_CREATE) {
        IoGetNextIrpStackLocation(irp)->Parameters.Create.Options = file->options;
        irp->Flags |= IRP_CREATE_OPERATION;
    }
    status = IofCallDriver(top, irp);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    if (status == STATUS_PENDING)
        status = iosb.Status;
    if (information)
        *information = iosb.Information;
    ObfDereferenceObject(top);
    return status;
}

NTSTATUS
nt_file_device_io(struct nt_file *file, UCHAR major, PVOID buffer, ULONG length, LONGLONG offset,
                  ULONG_PTR *information)
{
    return device_irp(file, major, buffer, length, offset, information);
}

NTSTATUS
nt_file_open_device(PDEVICE_OBJECT device, ACCESS_MASK access, ULONG options, PFILE_OBJECT *out)
{
    struct nt_file *file = file_object_create(nt_self(), access, options);
    NTSTATUS status;

    if (!file)
        return STATUS_INSUFFICIENT_RESOURCES;
    ObfReferenceObject(device);
    file->object.DeviceObject = device;
    status = device_irp(file, IRP_MJ_CREATE, NULL, 0, 0, NULL);
    if (!NT_SUCCESS(status)) {
        file->object.DeviceObject = NULL; /* no close for what was not opened */
        ObfDereferenceObject(device);
        ObfDereferenceObject(file);
        return status;
    }
    *out = &file->object;
    return STATUS_SUCCESS;
}

NTSTATUS
IoGetDeviceObjectPointer(PUNICODE_STRING name, ACCESS_MASK access, PFILE_OBJECT *file,
                         PDEVICE_OBJECT *device)
{
    PDEVICE_OBJECT found;
    NTSTATUS status;
    char *text;

    CONTRACT_ENTER(IoGetDeviceObjectPointer);
    text = nt_text(name);
    if (!text)
        return STATUS_INSUFFICIENT_RESOURCES;
    found = nt_names_device(nt_self(), text);
    free(text);
    if (!found)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    status = nt_file_open_device(found, access, 0, file);
    ObfDereferenceObject(found);
    if (NT_SUCCESS(status)) {
        *device = IoGetRelatedDeviceObject(*file);
        /* DDI: the handle is closed again; only the reference on the file object stays. */
        file_close(*file);
    }
    return status;
}

static void
file_close(void *body)
{
    struct nt_file *file = body;

    if (file->object.DeviceObject)
        device_irp(file, IRP_MJ_CLEANUP, NULL, 0, 0, NULL);
}

static void
file_destroy(void *body)
{
    struct nt_file *file = body;

    if (file->object.DeviceObject) {
        device_irp(file, IRP_MJ_CLOSE, NULL, 0, 0, NULL);
        ObfDereferenceObject(file->object.DeviceObject);
    }
    if (file->file)
        rt_file_close(((struct nt_object *)body - 1)->nt->rt, file->file);
    free(file->object.FileName.Buffer);
}

/* ---- opening --------------------------------------------------------------------------------- */

static unsigned
open_flags(const struct nt_file *file, ULONG share)
{
    unsigned flags = 0;

    if (file->object.WriteAccess)
        flags |= RT_FILE_WRITE;
    if (!(share & FILE_SHARE_WRITE) && file->object.WriteAccess)
        flags |= RT_FILE_EXCLUSIVE;
    if (file->options & FILE_NO_INTERMEDIATE_BUFFERING)
        flags |= RT_FILE_DIRECT;
    return flags;
}

/* Opens as the disposition says; *did is what IoStatusBlock.Information reports. */
static int
open_disposed(struct nt *nt, struct nt_file *file, const char *path, unsigned flags,
              ULONG disposition, ULONG_PTR *did)
{
    unsigned more = 0;
    int error;

    if (disposition == FILE_CREATE) {
        *did = FILE_CREATED;
        return rt_file_open(nt->rt, path, flags | RT_FILE_CREATE | RT_FILE_MUST_CREATE,
                            &file->file);
    }
    *did = FILE_OPENED;
    if (disposition == FILE_OVERWRITE || disposition == FILE_OVERWRITE_IF ||
        disposition == FILE_SUPERSEDE) {
        more = RT_FILE_TRUNCATE | RT_FILE_WRITE;
        *did = disposition == FILE_SUPERSEDE ? FILE_SUPERSEDED : FILE_OVERWRITTEN;
    }
    error = rt_file_open(nt->rt, path, flags | more, &file->file);
    if (error != -ENOENT || disposition == FILE_OPEN || disposition == FILE_OVERWRITE)
        return error;
    *did = FILE_CREATED;
    return rt_file_open(nt->rt, path, flags | RT_FILE_CREATE, &file->file);
}

static NTSTATUS
file_open(POBJECT_ATTRIBUTES attributes, ACCESS_MASK access, ULONG share, ULONG disposition,
          ULONG options, PFILE_OBJECT *out, ULONG_PTR *did)
{
    struct nt *nt = nt_self();
    struct nt_file *file;
    PDEVICE_OBJECT device;
    NTSTATUS status;
    char *path;

    if (disposition > FILE_OVERWRITE_IF ||
        (options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT) &&
         !(access & (SYNCHRONIZE | GENERIC_ALL | GENERIC_READ | GENERIC_WRITE))))
        return STATUS_INVALID_PARAMETER;
    if (options & (FILE_DIRECTORY_FILE | FILE_DELETE_ON_CLOSE))
        return STATUS_NOT_SUPPORTED; /* rt has files only, and removes none */
    status = nt_path_from_attributes(attributes, &path, &device);
    if (!NT_SUCCESS(status))
        return status;
    if (device) {
        *did = FILE_OPENED;
        status = nt_file_open_device(device, access, options, out);
        ObfDereferenceObject(device);
        return status;
    }
    file = file_object_create(nt, access, options);
    if (!file || !nt_unicode(&file->object.FileName, path)) {
        status = STATUS_INSUFFICIENT_RESOURCES;
    } else {
        status = nt_status_from_errno(
            open_disposed(nt, file, path, open_flags(file, share), disposition, did));
    }
    free(path);
    if (NT_SUCCESS(status))
        *out = &file->object;
    else if (file)
        ObfDereferenceObject(file);
    return status;
}

NTSTATUS
ZwCreateFile(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
             PIO_STATUS_BLOCK iosb, PLARGE_INTEGER allocation, ULONG file_attributes, ULONG share,
             ULONG disposition, ULONG options, PVOID ea, ULONG ea_bytes)
{
    PFILE_OBJECT file = NULL;
    ULONG_PTR did = 0;
    NTSTATUS status;

    CONTRACT_ENTER(ZwCreateFile);
    (void)allocation, (void)file_attributes, (void)ea, (void)ea_bytes;
    status = rt_fault(rt_self()->rt)
                 ? STATUS_INSUFFICIENT_RESOURCES
                 : file_open(attributes, access, share, disposition, options, &file, &did);
    if (NT_SUCCESS(status))
        status = nt_handle_create(file, attributes->Attributes & OBJ_KERNEL_HANDLE, handle);
    iosb->Status = status;
    iosb->Information = NT_SUCCESS(status) ? did : 0;
    return status;
}

NTSTATUS
ZwOpenFile(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes, PIO_STATUS_BLOCK iosb,
           ULONG share, ULONG options)
{
    CONTRACT_ENTER(ZwOpenFile);
    return ZwCreateFile(handle, access, attributes, iosb, NULL, 0, share, FILE_OPEN, options, NULL,
                        0);
}

/* ---- common to all calls on a handle --------------------------------------------------- */

bool
nt_file_synchronous(const struct nt_file *file)
{
    return file->options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT);
}

struct nt_file *
nt_file_reference(HANDLE handle, ACCESS_MASK access, NTSTATUS *status)
{
    struct nt_file *file = nt_handle_reference(handle, &nt_type_file, status);

    if (file && access && !(file->access & access)) {
        ObfDereferenceObject(file);
        *status = STATUS_ACCESS_DENIED;
        return NULL;
    }
    return file;
}

NTSTATUS
nt_file_finish(struct nt_file *file, HANDLE event, PIO_STATUS_BLOCK iosb, NTSTATUS status,
               ULONG_PTR information)
{
    NTSTATUS ignored;
    PKEVENT signalled;

    iosb->Status = status;
    iosb->Information = information;
    if (event && (signalled = nt_handle_reference(event, &nt_type_event, &ignored))) {
        KeSetEvent(signalled, EVENT_INCREMENT, FALSE);
        ObfDereferenceObject(signalled);
    } else if (!event) {
        KeSetEvent(&file->object.Event, EVENT_INCREMENT, FALSE);
    }
    return status;
}

static void
file_lock(struct nt_file *file)
{
    KeWaitForSingleObject(&file->object.Lock, Executive, KernelMode, FALSE, NULL);
}

static void
file_unlock(struct nt_file *file)
{
    KeSetEvent(&file->object.Lock, IO_NO_INCREMENT, FALSE);
}

/* ---- reading and writing --------------------------------------------------------------- */

/* Where a transfer begins; *moves: the file position is meant and follows. */
static NTSTATUS
transfer_offset(struct nt_file *file, const LARGE_INTEGER *offset, bool write, LONGLONG *start,
                bool *moves)
{
    bool special = offset && offset->HighPart == -1;
    uint64_t size;
    int error;

    *moves = nt_file_synchronous(file);
    if (write && (((file->access & (FILE_APPEND_DATA | FILE_WRITE_DATA)) == FILE_APPEND_DATA) ||
                  (special && offset->LowPart == FILE_WRITE_TO_END_OF_FILE))) {
        error = rt_file_size_get(rt_self()->rt, file->file, &size);
        *start = (LONGLONG)size;
        return nt_status_from_errno(error);
    }
    if (!offset || (special && offset->LowPart == FILE_USE_FILE_POINTER_POSITION)) {
        if (!nt_file_synchronous(file))
            return STATUS_INVALID_PARAMETER;
        *start = file->object.CurrentByteOffset.QuadPart;
        return STATUS_SUCCESS;
    }
    *start = offset->QuadPart;
    return *start < 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

static NTSTATUS
transfer_rt(struct nt_file *file, bool write, char *buffer, ULONG length, LONGLONG start,
            ULONG_PTR *moved)
{
    struct rt *rt = rt_self()->rt;
    ULONG done = 0;
    int64_t got = 0;

    if (file->options & FILE_NO_INTERMEDIATE_BUFFERING && ((start | length) & (SECTOR_BYTES - 1)))
        return STATUS_INVALID_PARAMETER;
    while (done < length) {
        got = write ? rt_file_write(rt, file->file, buffer + done, length - done,
                                    (uint64_t)start + done)
                    : rt_file_read(rt, file->file, buffer + done, length - done,
                                   (uint64_t)start + done);
        if (got <= 0)
            break;
        done += (ULONG)got;
    }
    *moved = done;
    if (got < 0)
        return nt_status_from_errno((int)got);
    if (!write && length && !done)
        return STATUS_END_OF_FILE;
    if (write && done < length)
        return STATUS_DISK_FULL;
    if (write && file->options & FILE_WRITE_THROUGH)
        return nt_status_from_errno(rt_file_sync(rt, file->file));
    return STATUS_SUCCESS;
}

static NTSTATUS
file_transfer(HANDLE handle, HANDLE event, PIO_STATUS_BLOCK iosb, bool write, PVOID buffer,
              ULONG length, const LARGE_INTEGER *offset)
{
    ULONG_PTR moved = 0;
    struct nt_file *file;
    LONGLONG start = 0;
    NTSTATUS status;
    bool moves, locked;

    file = nt_file_reference(handle, write ? FILE_WRITE_DATA | FILE_APPEND_DATA : FILE_READ_DATA,
                             &status);
    if (!file)
        return status;
    locked = nt_file_synchronous(file);
    if (locked)
        file_lock(file);
    if (rt_fault(rt_self()->rt))
        status = STATUS_INSUFFICIENT_RESOURCES;
    else
        status = transfer_offset(file, offset, write && file->file, &start, &moves);
    if (NT_SUCCESS(status)) {
        if (file->file)
            status = transfer_rt(file, write, buffer, length, start, &moved);
        else
            status =
                device_irp(file, write ? IRP_MJ_WRITE : IRP_MJ_READ, buffer, length, start, &moved);
        if (moves && NT_SUCCESS(status))
            file->object.CurrentByteOffset.QuadPart = start + (LONGLONG)moved;
    }
    if (locked)
        file_unlock(file);
    status = nt_file_finish(file, event, iosb, status, moved);
    ObfDereferenceObject(file);
    return status;
}

NTSTATUS
ZwReadFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
           PIO_STATUS_BLOCK iosb, PVOID buffer, ULONG length, PLARGE_INTEGER offset, PULONG key)
{
    NTSTATUS status;

    CONTRACT_ENTER(ZwReadFile);
    (void)key;
    status = file_transfer(handle, event, iosb, false, buffer, length, offset);
    if (apc && !NT_ERROR(status))
        apc(apc_context, iosb, 0);
    return status;
}

NTSTATUS
ZwWriteFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
            PIO_STATUS_BLOCK iosb, PVOID buffer, ULONG length, PLARGE_INTEGER offset, PULONG key)
{
    NTSTATUS status;

    CONTRACT_ENTER(ZwWriteFile);
    (void)key;
    status = file_transfer(handle, event, iosb, true, buffer, length, offset);
    if (apc && !NT_ERROR(status))
        apc(apc_context, iosb, 0);
    return status;
}

NTSTATUS
ZwFlushBuffersFile(HANDLE handle, PIO_STATUS_BLOCK iosb)
{
    struct nt_file *file;
    NTSTATUS status;

    CONTRACT_ENTER(ZwFlushBuffersFile);
    file = nt_file_reference(handle, FILE_WRITE_DATA | FILE_APPEND_DATA, &status);
    if (!file)
        return status;
    if (file->file)
        status = nt_status_from_errno(rt_file_sync(rt_self()->rt, file->file));
    else
        status = device_irp(file, IRP_MJ_FLUSH_BUFFERS, NULL, 0, 0, NULL);
    iosb->Status = status;
    iosb->Information = 0;
    ObfDereferenceObject(file);
    return status;
}

/* rt removes no files. */
NTSTATUS
ZwDeleteFile(POBJECT_ATTRIBUTES attributes)
{
    CONTRACT_ENTER(ZwDeleteFile);
    (void)attributes;
    contract_missing(CONTRACT_ZwDeleteFile);
    return STATUS_NOT_SUPPORTED;
}
