/*
 * The kernel routines that filedisk calls, on pthreads; files are memory. Each keeps two copies:
 * `cache`, what a reader sees, and `durable`, what is left after a power cut; ZwFlushBuffersFile
 * copies the first over the second.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <ntddk.h>

#define FAKE_FILE_BYTES (1u << 20)

struct fake_file {
    const char *name; /* without \??\ */
    BOOLEAN exists, open;
    BOOLEAN sparse; /* only then FSCTL_SET_ZERO_DATA gives space back */
    ULONG bytes;
    UCHAR cache[FAKE_FILE_BYTES], durable[FAKE_FILE_BYTES];
    BOOLEAN allocated[FAKE_FILE_BYTES / 512];
    ULONG flushes;
};

extern struct fake_file fake_files[2]; /* "/a" and "/b" */
/* What the next calls of each kind return; STATUS_SUCCESS: they work. */
extern NTSTATUS fake_read_status, fake_write_status, fake_flush_status, fake_punch_status;
extern NTSTATUS fake_create_status;
/* I/O returns STATUS_PENDING and sets the event. */
extern BOOLEAN fake_pending;
/* One flush, whoever asks for it, fails; its data is gone. */
extern BOOLEAN fake_flush_fail_once;
extern ULONG fake_thread_fail; /* the n-th PsCreateSystemThread from now fails */

VOID fake_writes_hold(BOOLEAN hold);
ULONG fake_writes_held(VOID);
UCHAR fake_durable_byte(const struct fake_file *file, ULONG offset);
ULONG fake_objects_outstanding(VOID);

#endif
