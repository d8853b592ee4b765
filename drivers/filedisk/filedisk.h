/*
 * filedisk's three parts: filedisk.c (callbacks of the port), filedisk_queue.c (requests waiting
 * for a thread, threads, resets), filedisk_file.c (the image, by Zw*File).
 */
#ifndef FILEDISK_H
#define FILEDISK_H

#include <ntddk.h>

#include "disk_adapter.h"

#define FILEDISK_POOL_TAG 0x646c6946u /* "Fild" */
#define FILEDISK_THREADS_MAX 64

/* An image; one unit's store. Key: f under flush_lock. */
struct filedisk_file {
    HANDLE handle;     /* NULL: not open. Opened for asynchronous I/O: threads share it */
    ULONGLONG bytes;   /* end of file when opened */
    KEVENT flush_lock; /* signalled: free. An event, since its owner stays at PASSIVE_LEVEL */
    volatile LONG flush_begun; /* number of the last flush begun; written under flush_lock */
    LONG flush_done;           /* f: number of the last one that succeeded */
    BOOLEAN failed;            /* f: a flush failed: what was written before may be lost */
    volatile LONG no_punching; /* the file system knows no FSCTL_SET_ZERO_DATA */
};

/* One thread; the event is what its I/O waits on. */
struct filedisk_worker {
    struct filedisk *filedisk;
    PVOID thread; /* object, referenced */
    HANDLE event;
};

/*
 * SRB extension. On `queue` or `running` from HwStartIo to completion.
 *
 *   start → QUEUED [filedisk_submit] → RUNNING [request_take] → completed [request_finish]
 *              └→ completed with BUS_RESET [filedisk_abort]
 */
struct filedisk_request {
    struct disk_request disk;
    LIST_ENTRY link;  /* queue or running; a reset that waits: resets */
    ULONG first, end; /* units concerned: one, or a reset's scope */
    BOOLEAN atomic;   /* nothing that overlaps may run beside it */
    BOOLEAN ranged;   /* offset and length are valid */
    ULONGLONG offset, length;
};

/* Key: I immutable while started, q under lock. */
struct filedisk {
    struct disk_adapter disks;
    struct filedisk_file *files;     /* I: one per unit; NULL: not created */
    struct filedisk_worker *workers; /* I */
    ULONG worker_count;              /* I */
    PUCHAR zeros;                    /* I: FILEDISK_ZEROS_BYTES of them */
    KSEMAPHORE work;                 /* released once per request queued */
    KSPIN_LOCK lock;
    LIST_ENTRY queue;     /* q: waiting for a thread */
    LIST_ENTRY running;   /* q: a thread is at it */
    LIST_ENTRY resets;    /* q: waiting for what runs in their scope */
    ULONG atomic_running; /* q */
    BOOLEAN stopping;     /* q: threads leave when the queue is empty */
};

#define FILEDISK_ZEROS_BYTES 65536u

extern const struct disk_store_ops filedisk_file_ops;

/* filedisk_file.c; PASSIVE_LEVEL. Opens, creates if size is not 0, extends to size. The path is a
 * Unix path or begins with "\??\". A line to the debugger says what went wrong. */
NTSTATUS filedisk_file_open(struct filedisk_file *file, const char *path, ULONGLONG size,
                            BOOLEAN read_only);
VOID filedisk_file_close(struct filedisk_file *file);

/* filedisk_queue.c */
NTSTATUS filedisk_threads_start(struct filedisk *filedisk, ULONG count); /* PASSIVE_LEVEL */
/* PASSIVE_LEVEL; what is queued is still done. */
VOID filedisk_threads_stop(struct filedisk *filedisk);
/* IRQL <= DISPATCH_LEVEL from here. disk_start() said that the request needs its store. */
VOID filedisk_submit(struct filedisk *filedisk, struct filedisk_request *request);
/* Completes what is queued for units first to end - 1 with BUS_RESET. */
VOID filedisk_abort(struct filedisk *filedisk, ULONG first, ULONG end);
/* Completes the reset's SRB as soon as nothing runs in its scope. */
VOID filedisk_reset_when_idle(struct filedisk *filedisk, struct filedisk_request *reset);
BOOLEAN filedisk_is_idle(struct filedisk *filedisk);

#endif
