/*
 * Builders: each fills one CDB from its arguments and clears the rest. They never check that a
 * device could obey; the decoder in cdb_decode.c is the way back.
 */
#include "cdb.h"

#include <string.h>

#include "scsi_bytes.h"

#define CDB_FUA 0x08

static void
cdb_begin(struct cdb *cdb, uint8_t opcode, uint8_t length)
{
    memset(cdb, 0, sizeof(*cdb));
    cdb->bytes[0] = opcode;
    cdb->length = length;
}

/* Byte 1 flags, 32-bit address, 16-bit count: the common shape of ten-byte medium commands. */
static void
cdb_medium10(struct cdb *cdb, uint8_t opcode, uint8_t flags, uint32_t lba, uint16_t blocks)
{
    cdb_begin(cdb, opcode, 10);
    cdb->bytes[1] = flags;
    be32_put(cdb->bytes + 2, lba);
    be16_put(cdb->bytes + 7, blocks);
}

static void
cdb_medium16(struct cdb *cdb, uint8_t opcode, uint8_t flags, uint64_t lba, uint32_t blocks)
{
    cdb_begin(cdb, opcode, 16);
    cdb->bytes[1] = flags;
    be64_put(cdb->bytes + 2, lba);
    be32_put(cdb->bytes + 10, blocks);
}

void
cdb_test_unit_ready(struct cdb *cdb)
{
    cdb_begin(cdb, CDB_OP_TEST_UNIT_READY, 6);
}

void
cdb_request_sense(struct cdb *cdb, uint8_t allocation, bool descriptor)
{
    cdb_begin(cdb, CDB_OP_REQUEST_SENSE, 6);
    cdb->bytes[1] = descriptor ? 1 : 0;
    cdb->bytes[4] = allocation;
}

void
cdb_inquiry(struct cdb *cdb, uint16_t allocation)
{
    cdb_begin(cdb, CDB_OP_INQUIRY, 6);
    be16_put(cdb->bytes + 3, allocation);
}

void
cdb_inquiry_vpd(struct cdb *cdb, uint8_t page, uint16_t allocation)
{
    cdb_inquiry(cdb, allocation);
    cdb->bytes[1] = 1;
    cdb->bytes[2] = page;
}

void
cdb_report_luns(struct cdb *cdb, uint32_t allocation)
{
    cdb_begin(cdb, CDB_OP_REPORT_LUNS, 12);
    be32_put(cdb->bytes + 6, allocation);
}

void
cdb_start_stop(struct cdb *cdb, bool start, bool immediate)
{
    cdb_begin(cdb, CDB_OP_START_STOP_UNIT, 6);
    cdb->bytes[1] = immediate ? 1 : 0;
    cdb->bytes[4] = start ? 1 : 0;
}

void
cdb_read_capacity10(struct cdb *cdb)
{
    cdb_begin(cdb, CDB_OP_READ_CAPACITY10, 10);
}

void
cdb_read_capacity16(struct cdb *cdb, uint32_t allocation)
{
    cdb_begin(cdb, CDB_OP_SERVICE_ACTION_IN16, 16);
    cdb->bytes[1] = CDB_SA_READ_CAPACITY16;
    be32_put(cdb->bytes + 10, allocation);
}

void
cdb_mode_sense6(struct cdb *cdb, uint8_t page, uint8_t allocation, bool no_block_descriptors)
{
    cdb_begin(cdb, CDB_OP_MODE_SENSE6, 6);
    cdb->bytes[1] = no_block_descriptors ? 0x08 : 0;
    cdb->bytes[2] = page & 0x3f;
    cdb->bytes[4] = allocation;
}

void
cdb_mode_sense10(struct cdb *cdb, uint8_t page, uint16_t allocation, bool no_block_descriptors)
{
    cdb_begin(cdb, CDB_OP_MODE_SENSE10, 10);
    cdb->bytes[1] = no_block_descriptors ? 0x08 : 0;
    cdb->bytes[2] = page & 0x3f;
    be16_put(cdb->bytes + 7, allocation);
}

void
cdb_read10(struct cdb *cdb, uint32_t lba, uint16_t blocks, bool fua)
{
    cdb_medium10(cdb, CDB_OP_READ10, fua ? CDB_FUA : 0, lba, blocks);
}

void
cdb_read16(struct cdb *cdb, uint64_t lba, uint32_t blocks, bool fua)
{
    cdb_medium16(cdb, CDB_OP_READ16, fua ? CDB_FUA : 0, lba, blocks);
}

void
cdb_write10(struct cdb *cdb, uint32_t lba, uint16_t blocks, bool fua)
{
    cdb_medium10(cdb, CDB_OP_WRITE10, fua ? CDB_FUA : 0, lba, blocks);
}

void
cdb_write16(struct cdb *cdb, uint64_t lba, uint32_t blocks, bool fua)
{
    cdb_medium16(cdb, CDB_OP_WRITE16, fua ? CDB_FUA : 0, lba, blocks);
}

static bool
cdb_fits10(uint64_t lba, uint32_t blocks)
{
    return lba <= UINT32_MAX && blocks <= UINT16_MAX;
}

void
cdb_read(struct cdb *cdb, uint64_t lba, uint32_t blocks, bool fua)
{
    if (cdb_fits10(lba, blocks))
        cdb_read10(cdb, (uint32_t)lba, (uint16_t)blocks, fua);
    else
        cdb_read16(cdb, lba, blocks, fua);
}

void
cdb_write(struct cdb *cdb, uint64_t lba, uint32_t blocks, bool fua)
{
    if (cdb_fits10(lba, blocks))
        cdb_write10(cdb, (uint32_t)lba, (uint16_t)blocks, fua);
    else
        cdb_write16(cdb, lba, blocks, fua);
}

void
cdb_synchronize_cache10(struct cdb *cdb, uint32_t lba, uint16_t blocks)
{
    cdb_medium10(cdb, CDB_OP_SYNCHRONIZE_CACHE10, 0, lba, blocks);
}

void
cdb_synchronize_cache16(struct cdb *cdb, uint64_t lba, uint32_t blocks)
{
    cdb_medium16(cdb, CDB_OP_SYNCHRONIZE_CACHE16, 0, lba, blocks);
}

void
cdb_write_same16(struct cdb *cdb, uint64_t lba, uint32_t blocks, bool unmap, bool no_data_out)
{
    uint8_t flags = (uint8_t)((unmap ? 0x08 : 0) | (no_data_out ? 0x01 : 0));
    cdb_medium16(cdb, CDB_OP_WRITE_SAME16, flags, lba, blocks);
}

void
cdb_get_lba_status(struct cdb *cdb, uint64_t lba, uint32_t allocation)
{
    cdb_medium16(cdb, CDB_OP_SERVICE_ACTION_IN16, CDB_SA_GET_LBA_STATUS, lba, allocation);
}

void
cdb_unmap(struct cdb *cdb, uint16_t parameter_length)
{
    cdb_begin(cdb, CDB_OP_UNMAP, 10);
    be16_put(cdb->bytes + 7, parameter_length);
}

void
unmap_header_put(uint8_t *list, unsigned ranges)
{
    memset(list, 0, UNMAP_HEADER_BYTES);
    be16_put(list, (uint16_t)(ranges * UNMAP_DESCRIPTOR_BYTES + 6));
    be16_put(list + 2, (uint16_t)(ranges * UNMAP_DESCRIPTOR_BYTES));
}

void
unmap_descriptor_put(uint8_t *list, unsigned index, uint64_t lba, uint32_t blocks)
{
    uint8_t *descriptor = list + UNMAP_HEADER_BYTES + index * UNMAP_DESCRIPTOR_BYTES;
    be64_put(descriptor, lba);
    be32_put(descriptor + 8, blocks);
    be32_put(descriptor + 12, 0);
}
