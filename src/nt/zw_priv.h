/* What the zw_* files share: the file object behind a handle. */
#ifndef ZW_PRIV_H
#define ZW_PRIV_H

#include "nt_priv.h"

/* Key: I immutable after open, l the object's Lock event */
struct nt_file {
    FILE_OBJECT object; /* first: the body that drivers see */
    void *file;         /* I: rt's; NULL for a device */
    ULONG options;      /* I: FILE_SYNCHRONOUS_IO_NONALERT … */
    ACCESS_MASK access; /* I: generic bits resolved */
    bool sparse;        /* l */
};

/* A path (heap) or a device (reference); both NULL with a failure. */
NTSTATUS nt_path_from_attributes(POBJECT_ATTRIBUTES attributes, char **path,
                                 PDEVICE_OBJECT *device);
/* A reference to the file of a handle that has the access; NULL with *status. */
struct nt_file *nt_file_reference(HANDLE handle, ACCESS_MASK access, NTSTATUS *status);
bool nt_file_synchronous(const struct nt_file *file);
/* Fills *iosb and sets the event of an asynchronous call; hands back the status. */
NTSTATUS nt_file_finish(struct nt_file *file, HANDLE event, PIO_STATUS_BLOCK iosb, NTSTATUS status,
                        ULONG_PTR information);
/* An IRP to the device behind the file; its status and information. */
NTSTATUS nt_file_device_io(struct nt_file *file, UCHAR major, PVOID buffer, ULONG length,
                           LONGLONG offset, ULONG_PTR *information);

#endif
