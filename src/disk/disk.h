/*
 * disk: what disk.sys and classpnp do for a unit. Reads, writes, flushes, trims in bytes become
 * CDBs within the adapter's and the unit's limits; sense becomes a retry or an errno. Every block
 * door uses it; raw CDBs pass it by. Never sees a miniport; all I/O goes through unit_submit().
 */
#ifndef DISK_H
#define DISK_H

#include "port.h"

struct disk;

struct disk_info {
    uint64_t bytes;
    uint32_t block_bytes, physical_block_bytes;
    uint32_t transfer_max_bytes;     /* of one CDB; larger requests are split here */
    uint32_t transfer_optimal_bytes; /* 0: not said */
    uint32_t unmap_granularity_bytes;
    bool read_only, write_cache, fua, unmap, unmap_reads_zero, write_same, rotational, removable;
};

enum disk_op { DISK_READ, DISK_WRITE, DISK_FLUSH, DISK_TRIM, DISK_ZERO };
enum disk_flag { DISK_FUA = 1, DISK_MAY_TRIM = 2 /* DISK_ZERO may unmap */ };

/* One request of a door. Caller's memory; busy until `done`. */
struct disk_io {
    enum disk_op op;
    unsigned flags;
    uint64_t offset, bytes; /* any alignment */
    void *buffer;           /* READ, WRITE */
    void (*done)(struct disk_io *io);
    void *context;
    int error;             /* answer: 0 or -errno */
    uint64_t reserved[10]; /* the disk's, while busy */
};

/* TEST UNIT READY (START UNIT where it helps), READ CAPACITY, caching page, VPD. PASSIVE. Takes its
 * own reference on the unit. 0 or -errno with a text that says how to mend it. */
int disk_open(struct unit *unit, struct disk **out, char **error);
void disk_close(struct disk *disk); /* nothing outstanding; flushes */
const struct disk_info *disk_info(const struct disk *disk);
struct unit *disk_unit(const struct disk *disk);
/* IRQL <= DISPATCH; done at DISPATCH or, on refusal, before this returns. */
void disk_submit(struct disk *disk, struct disk_io *io);
/* The same and waits; PASSIVE. 0 or -errno. */
int disk_execute(struct disk *disk, struct disk_io *io);
/* Allocation of a range (GET LBA STATUS): told once per extent in order. PASSIVE. 0 or -errno. */
int disk_extents(struct disk *disk, uint64_t offset, uint64_t bytes,
                 int (*told)(void *ctx, uint64_t offset, uint64_t bytes, bool hole), void *ctx);
/* Times of retries, for tests and `storport info`. */
struct disk_stats {
    uint64_t retries, splits, read_modify_writes, errors;
};
void disk_stats(const struct disk *disk, struct disk_stats *out);
/* Adapter-level errno of a finished request: the one place where sense becomes errno. */
int disk_errno(const struct request *request);

#endif
