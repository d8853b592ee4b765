/*
 * The other answers of a disk that the scanner and the disk floor need: capacity, the caching mode
 * page, the list of units, what is allocated. Same promise as inquiry.h: any bytes, any length.
 */
#ifndef SCSI_CAPACITY_H
#define SCSI_CAPACITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capacity {
    uint64_t blocks; /* number of blocks, not the last address */
    uint32_t block_size_bytes;
    uint8_t physical_exponent; /* physical block = block_size << this; READ CAPACITY(16) only */
    uint16_t aligned_lba;      /* lowest LBA that starts a physical block */
    bool provisioned_thin;     /* LBPME */
    bool unmapped_reads_zero;  /* LBPRZ */
    bool protection;
};

/* False: too short, or a block size that is 0. */
bool capacity10_parse(const uint8_t *data, size_t length, struct capacity *out);
bool capacity16_parse(const uint8_t *data, size_t length, struct capacity *out);
/* READ CAPACITY(10) answered FFFFFFFFh: ask with the 16-byte command. */
bool capacity10_too_large(const uint8_t *data, size_t length);

struct mode_caching {
    bool write_protected; /* from the header */
    bool dpo_fua;         /* DPOFUA: FUA may be used */
    bool page_found;      /* else the two below are false */
    bool write_cache;     /* WCE */
    bool read_cache_disabled;
};

/* Answer to MODE SENSE(6) or (10), with or without block descriptors. False: no header. */
bool mode6_caching_parse(const uint8_t *data, size_t length, struct mode_caching *out);
bool mode10_caching_parse(const uint8_t *data, size_t length, struct mode_caching *out);

/* Entries that arrived and that the list's own length covers. */
size_t report_luns_count(const uint8_t *data, size_t length);
/* Bytes that a complete answer takes; 0 if the header did not arrive. */
size_t report_luns_bytes(const uint8_t *data, size_t length);
/* False: no such entry, or an address that is not one of a unit on this target (a second level,
 * another bus, a well known unit). */
bool report_luns_get(const uint8_t *data, size_t length, size_t index, uint16_t *lun);

enum lba_state {
    LBA_STATE_MAPPED = 0,
    LBA_STATE_DEALLOCATED = 1,
    LBA_STATE_ANCHORED = 2,
};

struct lba_status {
    uint64_t lba;
    uint32_t blocks;
    uint8_t state;
};

size_t lba_status_count(const uint8_t *data, size_t length);
bool lba_status_get(const uint8_t *data, size_t length, size_t index, struct lba_status *out);

#endif
