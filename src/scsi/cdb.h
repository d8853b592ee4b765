/*
 * Command descriptor blocks: build the ones this house sends, name and explain any.
 * Pure functions on caller's memory; nothing here knows of SRBs or of a device. Source: SPC-4,
 * SBC-3.
 */
#ifndef SCSI_CDB_H
#define SCSI_CDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CDB_BYTES_MAX 32

enum cdb_opcode {
    CDB_OP_TEST_UNIT_READY = 0x00,
    CDB_OP_REQUEST_SENSE = 0x03,
    CDB_OP_READ6 = 0x08,
    CDB_OP_WRITE6 = 0x0a,
    CDB_OP_INQUIRY = 0x12,
    CDB_OP_MODE_SELECT6 = 0x15,
    CDB_OP_MODE_SENSE6 = 0x1a,
    CDB_OP_START_STOP_UNIT = 0x1b,
    CDB_OP_READ_CAPACITY10 = 0x25,
    CDB_OP_READ10 = 0x28,
    CDB_OP_WRITE10 = 0x2a,
    CDB_OP_VERIFY10 = 0x2f,
    CDB_OP_SYNCHRONIZE_CACHE10 = 0x35,
    CDB_OP_WRITE_SAME10 = 0x41,
    CDB_OP_UNMAP = 0x42,
    CDB_OP_MODE_SELECT10 = 0x55,
    CDB_OP_MODE_SENSE10 = 0x5a,
    CDB_OP_READ16 = 0x88,
    CDB_OP_COMPARE_AND_WRITE = 0x89,
    CDB_OP_WRITE16 = 0x8a,
    CDB_OP_VERIFY16 = 0x8f,
    CDB_OP_SYNCHRONIZE_CACHE16 = 0x91,
    CDB_OP_WRITE_SAME16 = 0x93,
    CDB_OP_SERVICE_ACTION_IN16 = 0x9e,
    CDB_OP_REPORT_LUNS = 0xa0,
    CDB_OP_MAINTENANCE_IN = 0xa3,
    CDB_OP_READ12 = 0xa8,
    CDB_OP_WRITE12 = 0xaa,
    CDB_OP_VERIFY12 = 0xaf,
};

enum cdb_service_action {
    CDB_SA_READ_CAPACITY16 = 0x10,
    CDB_SA_GET_LBA_STATUS = 0x12,
    CDB_SA_REPORT_SUPPORTED_OPCODES = 0x0c,
};

/* Bytes past length are zero, so that the whole array may be copied into an SRB. */
struct cdb {
    uint8_t bytes[CDB_BYTES_MAX];
    uint8_t length;
};

enum cdb_direction {
    CDB_DIRECTION_NONE,
    CDB_DIRECTION_IN,  /* device to caller */
    CDB_DIRECTION_OUT, /* caller to device */
};

/* What a CDB says. Fields that the command does not have are zero. */
struct cdb_info {
    const char *name; /* never NULL; "opcode 0xNN" commands have "unknown" */
    uint8_t opcode;
    uint16_t service_action;
    enum cdb_direction direction;
    bool known;      /* the opcode is in our table */
    bool has_blocks; /* lba and blocks are meaningful */
    bool fua;
    bool evpd; /* INQUIRY of page `page` */
    bool unmap;
    uint8_t page; /* VPD or mode page */
    uint64_t lba;
    uint32_t blocks;            /* READ(6) and WRITE(6) with 0 say 256 here */
    uint32_t allocation_length; /* or parameter list length */
};

void cdb_test_unit_ready(struct cdb *cdb);
void cdb_request_sense(struct cdb *cdb, uint8_t allocation, bool descriptor);
void cdb_inquiry(struct cdb *cdb, uint16_t allocation);
void cdb_inquiry_vpd(struct cdb *cdb, uint8_t page, uint16_t allocation);
void cdb_report_luns(struct cdb *cdb, uint32_t allocation);
void cdb_start_stop(struct cdb *cdb, bool start, bool immediate);
void cdb_read_capacity10(struct cdb *cdb);
void cdb_read_capacity16(struct cdb *cdb, uint32_t allocation);
/* page 08h is caching, 3Fh all; block descriptors are left out when no_block_descriptors. */
void cdb_mode_sense6(struct cdb *cdb, uint8_t page, uint8_t allocation, bool no_block_descriptors);
void cdb_mode_sense10(struct cdb *cdb, uint8_t page, uint16_t allocation,
                      bool no_block_descriptors);
void cdb_read10(struct cdb *cdb, uint32_t lba, uint16_t blocks, bool fua);
void cdb_read16(struct cdb *cdb, uint64_t lba, uint32_t blocks, bool fua);
void cdb_write10(struct cdb *cdb, uint32_t lba, uint16_t blocks, bool fua);
void cdb_write16(struct cdb *cdb, uint64_t lba, uint32_t blocks, bool fua);
/* The 10-byte form where it reaches, else the 16-byte one, as class drivers do. */
void cdb_read(struct cdb *cdb, uint64_t lba, uint32_t blocks, bool fua);
void cdb_write(struct cdb *cdb, uint64_t lba, uint32_t blocks, bool fua);
/* blocks 0: to the end of the medium. */
void cdb_synchronize_cache10(struct cdb *cdb, uint32_t lba, uint16_t blocks);
void cdb_synchronize_cache16(struct cdb *cdb, uint64_t lba, uint32_t blocks);
void cdb_write_same16(struct cdb *cdb, uint64_t lba, uint32_t blocks, bool unmap, bool no_data_out);
void cdb_get_lba_status(struct cdb *cdb, uint64_t lba, uint32_t allocation);
void cdb_unmap(struct cdb *cdb, uint16_t parameter_length);

/* UNMAP's parameter list: a header, then one descriptor per range. */
#define UNMAP_HEADER_BYTES 8
#define UNMAP_DESCRIPTOR_BYTES 16
void unmap_header_put(uint8_t *list, unsigned ranges);
void unmap_descriptor_put(uint8_t *list, unsigned index, uint64_t lba, uint32_t blocks);

/* Length that the opcode's group implies; 0 for vendor-specific and variable-length groups. */
uint8_t cdb_length_by_opcode(uint8_t opcode);
/* False when the bytes are too few for their opcode; *info is filled as far as they reach. */
bool cdb_decode(const uint8_t *bytes, size_t length, struct cdb_info *info);
/* "READ(16) lba 2048 blocks 8 FUA". Returns as snprintf does. */
int cdb_format(const uint8_t *bytes, size_t length, char *text, size_t size);

#endif
