/*
 * The SCSI side of every virtual disk that ships with OpenStorport: one table of SPC-4 and SBC-3
 * commands, answered as a real disk answers them. A miniport gives a store (where the bytes are)
 * and SRBs; it gets SRBs back with status, sense and data in place.
 *
 * Two steps, so that the store may sleep. disk_start() runs in HwStartIo at up to DISPATCH_LEVEL
 * and never touches the store; if it returns TRUE the request needs the store, and the miniport
 * calls disk_perform() where that may be done: at once (ramdisk), or later from a system thread at
 * PASSIVE_LEVEL (filedisk). After the last of the two the miniport completes the SRB. Nothing here
 * completes an SRB, takes a lock or waits. Start reading at the table in disk_command.c.
 */
#ifndef DISK_TARGET_H
#define DISK_TARGET_H

#include <storport.h>
#include <scsi.h>
#include <srbhelper.h>

/* What became of an operation on the store; disk_sense.c turns it into sense data. */
enum disk_result {
    DISK_OK,
    DISK_READ_ERROR,  /* MEDIUM ERROR, unrecovered read error */
    DISK_WRITE_ERROR, /* MEDIUM ERROR, write error */
    DISK_NO_SPACE,    /* DATA PROTECT, space allocation failed */
    DISK_PROTECTED,   /* DATA PROTECT, write protected */
    DISK_NO_MEMORY,   /* ABORTED COMMAND, insufficient resources */
    DISK_FAILED,      /* HARDWARE ERROR, internal target failure */
    DISK_MISCOMPARE,  /* MISCOMPARE; compare_and_write and nobody else */
};

struct disk_request;

/*
 * Where the bytes are: request->unit->store knows. Offsets and lengths in bytes, whole blocks,
 * inside the disk. Operations of one store run in parallel; each is called from disk_perform(), so
 * at the IRQL and with the request->context that the miniport chose.
 */
struct disk_store_ops {
    enum disk_result (*read)(struct disk_request *request, ULONGLONG offset, PVOID buffer,
                             ULONG length);
    enum disk_result (*write)(struct disk_request *request, ULONGLONG offset, const VOID *buffer,
                              ULONG length);
    /* Everything written before is durable when this returns DISK_OK. NULL: there is no cache. */
    enum disk_result (*flush)(struct disk_request *request);
    /* The range reads as zeros from now on; its space may be given back if `deallocate`.
     * NULL: the disk knows no UNMAP. */
    enum disk_result (*zero)(struct disk_request *request, ULONGLONG offset, ULONGLONG length,
                             BOOLEAN deallocate);
    /* Is the byte at `offset` allocated, and how far does that go (at least one block, at most
     * *run, which holds the bytes asked for)? NULL: all is allocated. */
    enum disk_result (*extent)(struct disk_request *request, ULONGLONG offset, BOOLEAN *allocated,
                               ULONGLONG *run);
    /* In one step that no write cuts in two. *mismatch: first byte that differs.
     * NULL: the disk knows no COMPARE AND WRITE. */
    enum disk_result (*compare_and_write)(struct disk_request *request, ULONGLONG offset,
                                          const UCHAR *expected, const UCHAR *data, ULONG length,
                                          ULONG *mismatch);
};

/* Conditions that a unit reports once, before anything else; the lowest bit goes first. */
#define DISK_ATTENTION_POWER_ON 0x01
#define DISK_ATTENTION_BUS_RESET 0x02
#define DISK_ATTENTION_UNIT_RESET 0x04
#define DISK_ATTENTION_CAPACITY 0x08
#define DISK_ATTENTION_ALL 0x0f
/* In the same word, so that one load shows that nothing is special. */
#define DISK_STATE_STOPPED 0x10          /* by START STOP UNIT */
#define DISK_STATE_DESCRIPTOR_SENSE 0x20 /* D_SENSE of the control page */
#define DISK_STATE_WRITE_CACHE 0x40      /* WCE of the caching page */

#define DISK_SERIAL_BYTES 20

/* One logical unit. Key: I set before the first request and never again, a interlocked. */
struct disk_unit {
    const struct disk_store_ops *ops; /* I */
    PVOID store;                      /* I */
    ULONGLONG blocks;                 /* I */
    ULONG block_bytes;                /* I: 512 to 4096, a power of two */
    UCHAR physical_exponent;          /* I: a physical block is block_bytes << this */
    BOOLEAN read_only;                /* I */
    BOOLEAN discards_data;            /* I: reads and writes never look at the buffer */
    BOOLEAN rotational;               /* I */
    BOOLEAN has_cache;                /* I: writes may linger until flush; WCE can be changed */
    ULONG transfer_blocks_max;        /* I: longest READ or WRITE */
    ULONG compare_blocks_max;         /* I: longest COMPARE AND WRITE */
    ULONG unmap_granularity_blocks;   /* I */
    UCHAR serial[DISK_SERIAL_BYTES];  /* I: ASCII, padded with blanks */
    const char *product;              /* I: at most 16 characters */
    BOOLEAN write_cache_default;      /* I: WCE at power-on */
    volatile LONG state;              /* a: DISK_ATTENTION_* not yet reported, DISK_STATE_* */
};

/* Units 0 to unit_count - 1 behind one target id. */
struct disk_target {
    struct disk_unit *units; /* I */
    ULONG unit_count;        /* I */
};

struct disk_command;

/* State of one request, in the SRB extension; begins and ends with the SRB. */
struct disk_request {
    PSCSI_REQUEST_BLOCK srb;
    PVOID adapter; /* device extension, for routines of the port */
    PVOID context; /* the miniport's, for its store */
    const struct disk_target *target;
    struct disk_unit *unit; /* NULL: no such unit */
    const struct disk_command *command;
    const UCHAR *cdb;
    ULONGLONG lba;
    ULONG blocks;
    PUCHAR data;
    ULONG data_length; /* the SRB's DataTransferLength */
};

/* SRB_FUNCTION_EXECUTE_SCSI. FALSE: answered. TRUE: disk_perform() must follow. */
BOOLEAN disk_start(const struct disk_target *target, PVOID adapter, PSCSI_REQUEST_BLOCK srb,
                   struct disk_request *request);
/* SRB_FUNCTION_FLUSH and SRB_FUNCTION_SHUTDOWN, likewise. */
BOOLEAN disk_start_flush(const struct disk_target *target, PVOID adapter, PSCSI_REQUEST_BLOCK srb,
                         struct disk_request *request);
VOID disk_perform(struct disk_request *request);
/* The store's range that disk_perform() will touch, for whoever keeps requests apart. FALSE:
 * none. */
BOOLEAN disk_request_range(const struct disk_request *request, ULONGLONG *offset,
                           ULONGLONG *length);
/* COMPARE AND WRITE: no other request on its range may run meanwhile. */
BOOLEAN disk_request_is_atomic(const struct disk_request *request);

static inline BOOLEAN
disk_unit_is(const struct disk_unit *unit, LONG state)
{
    return (ReadNoFence(&unit->state) & state) != 0;
}

VOID disk_unit_set(struct disk_unit *unit, LONG state, BOOLEAN on);
/* A reset reached the unit: it spins again, mode pages are as at power-on, attention is pending. */
VOID disk_unit_reset(struct disk_unit *unit, LONG attention);

#endif
