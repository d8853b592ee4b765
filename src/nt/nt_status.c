/*
 * Conversions between errno and NTSTATUS: the only place that knows both.
 */
#include "nt_priv.h"

#include <errno.h>

/* One row per errno; the first row of a status is its way back. */
static const struct {
    int error;
    NTSTATUS status;
} pairs[] = {
    {ENOENT, STATUS_OBJECT_NAME_NOT_FOUND},
    {ENOTDIR, STATUS_OBJECT_PATH_NOT_FOUND},
    {EEXIST, STATUS_OBJECT_NAME_COLLISION},
    {EACCES, STATUS_ACCESS_DENIED},
    {EPERM, STATUS_ACCESS_DENIED},
    {EROFS, STATUS_MEDIA_WRITE_PROTECTED},
    {EBUSY, STATUS_SHARING_VIOLATION},
    {EAGAIN, STATUS_SHARING_VIOLATION},
    {ETXTBSY, STATUS_SHARING_VIOLATION},
    {EISDIR, STATUS_FILE_IS_A_DIRECTORY},
    {ENOSPC, STATUS_DISK_FULL},
    {EDQUOT, STATUS_DISK_FULL},
    {EFBIG, STATUS_DISK_FULL},
    {ENOMEM, STATUS_INSUFFICIENT_RESOURCES},
    {ENFILE, STATUS_TOO_MANY_OPENED_FILES},
    {EMFILE, STATUS_TOO_MANY_OPENED_FILES},
    {EINVAL, STATUS_INVALID_PARAMETER},
    {ENAMETOOLONG, STATUS_NAME_TOO_LONG},
    {EBADF, STATUS_INVALID_HANDLE},
    {EFAULT, STATUS_ACCESS_VIOLATION},
    {EIO, STATUS_IO_DEVICE_ERROR},
    {ENODEV, STATUS_NO_SUCH_DEVICE},
    {ENXIO, STATUS_NO_SUCH_DEVICE},
    {ENOTSUP, STATUS_NOT_SUPPORTED},
    {ENOSYS, STATUS_NOT_SUPPORTED},
    {ETIMEDOUT, STATUS_IO_TIMEOUT},
    {ECANCELED, STATUS_CANCELLED},
};

static const struct {
    NTSTATUS status;
    int error;
} more[] = {
    {STATUS_NO_MEMORY, ENOMEM},
    {STATUS_NO_SUCH_FILE, ENOENT},
    {STATUS_OBJECT_PATH_SYNTAX_BAD, EINVAL},
    {STATUS_OBJECT_NAME_INVALID, EINVAL},
    {STATUS_DEVICE_NOT_READY, EAGAIN},
    {STATUS_DEVICE_BUSY, EBUSY},
    {STATUS_INVALID_DEVICE_REQUEST, ENOTSUP},
    {STATUS_NOT_IMPLEMENTED, ENOSYS},
    {STATUS_DELETE_PENDING, ENODEV},
    {STATUS_DEVICE_DOES_NOT_EXIST, ENODEV},
    {STATUS_NO_MEDIA_IN_DEVICE, ENOMEDIUM},
    {STATUS_BUFFER_TOO_SMALL, ENOSPC},
    {STATUS_TIMEOUT, ETIMEDOUT},
};

NTSTATUS
nt_status_from_errno(int error)
{
    if (!error)
        return STATUS_SUCCESS;
    if (error < 0)
        error = -error;
    for (size_t i = 0; i < RTL_NUMBER_OF(pairs); i++) {
        if (pairs[i].error == error)
            return pairs[i].status;
    }
    return STATUS_UNSUCCESSFUL;
}

int
nt_status_to_errno(NTSTATUS status)
{
    for (size_t i = 0; i < RTL_NUMBER_OF(more); i++) {
        if (more[i].status == status)
            return -more[i].error;
    }
    if (NT_SUCCESS(status))
        return 0;
    for (size_t i = 0; i < RTL_NUMBER_OF(pairs); i++) {
        if (pairs[i].status == status)
            return -pairs[i].error;
    }
    return -EIO;
}

#define NAME(s)                                                                                    \
    {                                                                                              \
        s, #s                                                                                      \
    }
static const struct {
    NTSTATUS status;
    const char *name;
} names[] = {
    NAME(STATUS_SUCCESS),
    NAME(STATUS_PENDING),
    NAME(STATUS_TIMEOUT),
    NAME(STATUS_UNSUCCESSFUL),
    NAME(STATUS_NOT_IMPLEMENTED),
    NAME(STATUS_INVALID_HANDLE),
    NAME(STATUS_INVALID_PARAMETER),
    NAME(STATUS_NO_SUCH_DEVICE),
    NAME(STATUS_INVALID_DEVICE_REQUEST),
    NAME(STATUS_END_OF_FILE),
    NAME(STATUS_NO_MEMORY),
    NAME(STATUS_ACCESS_DENIED),
    NAME(STATUS_BUFFER_TOO_SMALL),
    NAME(STATUS_OBJECT_NAME_INVALID),
    NAME(STATUS_OBJECT_NAME_NOT_FOUND),
    NAME(STATUS_OBJECT_NAME_COLLISION),
    NAME(STATUS_OBJECT_PATH_NOT_FOUND),
    NAME(STATUS_SHARING_VIOLATION),
    NAME(STATUS_DELETE_PENDING),
    NAME(STATUS_DISK_FULL),
    NAME(STATUS_INSUFFICIENT_RESOURCES),
    NAME(STATUS_MEDIA_WRITE_PROTECTED),
    NAME(STATUS_DEVICE_NOT_READY),
    NAME(STATUS_IO_TIMEOUT),
    NAME(STATUS_NOT_SUPPORTED),
    NAME(STATUS_DEVICE_DOES_NOT_EXIST),
    NAME(STATUS_CANCELLED),
    NAME(STATUS_TOO_MANY_OPENED_FILES),
    NAME(STATUS_IO_DEVICE_ERROR),
    NAME(STATUS_REVISION_MISMATCH),
    NAME(STATUS_NO_SUCH_FILE),
    NAME(STATUS_DEVICE_BUSY),
    NAME(STATUS_BUFFER_OVERFLOW),
};

const char *
nt_status_name(NTSTATUS status)
{
    for (size_t i = 0; i < RTL_NUMBER_OF(names); i++) {
        if (names[i].status == status)
            return names[i].name;
    }
    return NULL;
}
