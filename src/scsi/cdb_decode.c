/*
 * From bytes to meaning, for logs, findings and the command line. Tolerates any bytes of any
 * length: what is not there is not read.
 */
#include "cdb.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "scsi_bytes.h"

enum cdb_shape {
    SHAPE_NONE,   /* no address, no length */
    SHAPE_ALLOC6, /* byte 4 is a length */
    SHAPE_INQUIRY,
    SHAPE_MODE6,
    SHAPE_MODE10,
    SHAPE_ALLOC10, /* bytes 7-8 */
    SHAPE_ALLOC12, /* bytes 6-9 */
    SHAPE_RW6,
    SHAPE_RW10,
    SHAPE_RW12,
    SHAPE_RW16,
    SHAPE_CAW,   /* COMPARE AND WRITE: count in byte 13 */
    SHAPE_LBA16, /* address, then allocation length in 10-13 */
    SHAPE_CAPACITY10,
};

#define ANY_ACTION 0xffff

struct cdb_row {
    uint8_t opcode;
    uint16_t action;
    uint8_t shape;
    uint8_t direction;
    const char *name;
};

static const struct cdb_row rows[] = {
    {0x00, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_NONE, "TEST UNIT READY"},
    {0x01, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_NONE, "REZERO UNIT"},
    {0x03, ANY_ACTION, SHAPE_ALLOC6, CDB_DIRECTION_IN, "REQUEST SENSE"},
    {0x04, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_OUT, "FORMAT UNIT"},
    {0x07, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_OUT, "REASSIGN BLOCKS"},
    {0x08, ANY_ACTION, SHAPE_RW6, CDB_DIRECTION_IN, "READ(6)"},
    {0x0a, ANY_ACTION, SHAPE_RW6, CDB_DIRECTION_OUT, "WRITE(6)"},
    {0x12, ANY_ACTION, SHAPE_INQUIRY, CDB_DIRECTION_IN, "INQUIRY"},
    {0x15, ANY_ACTION, SHAPE_ALLOC6, CDB_DIRECTION_OUT, "MODE SELECT(6)"},
    {0x16, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_NONE, "RESERVE(6)"},
    {0x17, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_NONE, "RELEASE(6)"},
    {0x1a, ANY_ACTION, SHAPE_MODE6, CDB_DIRECTION_IN, "MODE SENSE(6)"},
    {0x1b, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_NONE, "START STOP UNIT"},
    {0x1c, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_IN, "RECEIVE DIAGNOSTIC RESULTS"},
    {0x1d, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_OUT, "SEND DIAGNOSTIC"},
    {0x1e, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_NONE, "PREVENT ALLOW MEDIUM REMOVAL"},
    {0x25, ANY_ACTION, SHAPE_CAPACITY10, CDB_DIRECTION_IN, "READ CAPACITY(10)"},
    {0x28, ANY_ACTION, SHAPE_RW10, CDB_DIRECTION_IN, "READ(10)"},
    {0x2a, ANY_ACTION, SHAPE_RW10, CDB_DIRECTION_OUT, "WRITE(10)"},
    {0x2e, ANY_ACTION, SHAPE_RW10, CDB_DIRECTION_OUT, "WRITE AND VERIFY(10)"},
    {0x2f, ANY_ACTION, SHAPE_RW10, CDB_DIRECTION_OUT, "VERIFY(10)"},
    {0x34, ANY_ACTION, SHAPE_RW10, CDB_DIRECTION_NONE, "PRE-FETCH(10)"},
    {0x35, ANY_ACTION, SHAPE_RW10, CDB_DIRECTION_NONE, "SYNCHRONIZE CACHE(10)"},
    {0x37, ANY_ACTION, SHAPE_ALLOC10, CDB_DIRECTION_IN, "READ DEFECT DATA(10)"},
    {0x3b, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_OUT, "WRITE BUFFER"},
    {0x3c, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_IN, "READ BUFFER"},
    {0x41, ANY_ACTION, SHAPE_RW10, CDB_DIRECTION_OUT, "WRITE SAME(10)"},
    {0x42, ANY_ACTION, SHAPE_ALLOC10, CDB_DIRECTION_OUT, "UNMAP"},
    {0x48, ANY_ACTION, SHAPE_ALLOC10, CDB_DIRECTION_OUT, "SANITIZE"},
    {0x4c, ANY_ACTION, SHAPE_ALLOC10, CDB_DIRECTION_OUT, "LOG SELECT"},
    {0x4d, ANY_ACTION, SHAPE_ALLOC10, CDB_DIRECTION_IN, "LOG SENSE"},
    {0x55, ANY_ACTION, SHAPE_ALLOC10, CDB_DIRECTION_OUT, "MODE SELECT(10)"},
    {0x56, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_NONE, "RESERVE(10)"},
    {0x57, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_NONE, "RELEASE(10)"},
    {0x5a, ANY_ACTION, SHAPE_MODE10, CDB_DIRECTION_IN, "MODE SENSE(10)"},
    {0x5e, ANY_ACTION, SHAPE_ALLOC10, CDB_DIRECTION_IN, "PERSISTENT RESERVE IN"},
    {0x5f, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_OUT, "PERSISTENT RESERVE OUT"},
    {0x7f, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_NONE, "VARIABLE LENGTH"},
    {0x85, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_IN, "ATA PASS-THROUGH(16)"},
    {0x88, ANY_ACTION, SHAPE_RW16, CDB_DIRECTION_IN, "READ(16)"},
    {0x89, ANY_ACTION, SHAPE_CAW, CDB_DIRECTION_OUT, "COMPARE AND WRITE"},
    {0x8a, ANY_ACTION, SHAPE_RW16, CDB_DIRECTION_OUT, "WRITE(16)"},
    {0x8e, ANY_ACTION, SHAPE_RW16, CDB_DIRECTION_OUT, "WRITE AND VERIFY(16)"},
    {0x8f, ANY_ACTION, SHAPE_RW16, CDB_DIRECTION_OUT, "VERIFY(16)"},
    {0x90, ANY_ACTION, SHAPE_RW16, CDB_DIRECTION_NONE, "PRE-FETCH(16)"},
    {0x91, ANY_ACTION, SHAPE_RW16, CDB_DIRECTION_NONE, "SYNCHRONIZE CACHE(16)"},
    {0x93, ANY_ACTION, SHAPE_RW16, CDB_DIRECTION_OUT, "WRITE SAME(16)"},
    {0x9e, CDB_SA_READ_CAPACITY16, SHAPE_LBA16, CDB_DIRECTION_IN, "READ CAPACITY(16)"},
    {0x9e, CDB_SA_GET_LBA_STATUS, SHAPE_LBA16, CDB_DIRECTION_IN, "GET LBA STATUS"},
    {0x9e, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_IN, "SERVICE ACTION IN(16)"},
    {0xa0, ANY_ACTION, SHAPE_ALLOC12, CDB_DIRECTION_IN, "REPORT LUNS"},
    {0xa1, ANY_ACTION, SHAPE_NONE, CDB_DIRECTION_IN, "ATA PASS-THROUGH(12)"},
    {0xa2, ANY_ACTION, SHAPE_ALLOC12, CDB_DIRECTION_IN, "SECURITY PROTOCOL IN"},
    {0xa3, 0x05, SHAPE_ALLOC12, CDB_DIRECTION_IN, "REPORT IDENTIFYING INFORMATION"},
    {0xa3, 0x0a, SHAPE_ALLOC12, CDB_DIRECTION_IN, "REPORT TARGET PORT GROUPS"},
    {0xa3, 0x0c, SHAPE_ALLOC12, CDB_DIRECTION_IN, "REPORT SUPPORTED OPERATION CODES"},
    {0xa3, 0x0d, SHAPE_ALLOC12, CDB_DIRECTION_IN, "REPORT SUPPORTED TMFS"},
    {0xa3, ANY_ACTION, SHAPE_ALLOC12, CDB_DIRECTION_IN, "MAINTENANCE IN"},
    {0xa4, ANY_ACTION, SHAPE_ALLOC12, CDB_DIRECTION_OUT, "MAINTENANCE OUT"},
    {0xa8, ANY_ACTION, SHAPE_RW12, CDB_DIRECTION_IN, "READ(12)"},
    {0xaa, ANY_ACTION, SHAPE_RW12, CDB_DIRECTION_OUT, "WRITE(12)"},
    {0xae, ANY_ACTION, SHAPE_RW12, CDB_DIRECTION_OUT, "WRITE AND VERIFY(12)"},
    {0xaf, ANY_ACTION, SHAPE_RW12, CDB_DIRECTION_OUT, "VERIFY(12)"},
    {0xb5, ANY_ACTION, SHAPE_ALLOC12, CDB_DIRECTION_OUT, "SECURITY PROTOCOL OUT"},
};

static const struct cdb_row *
cdb_row_find(uint8_t opcode, uint16_t action)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].opcode == opcode && (rows[i].action == ANY_ACTION || rows[i].action == action))
            return &rows[i];
    }
    return NULL;
}

uint8_t
cdb_length_by_opcode(uint8_t opcode)
{
    static const uint8_t lengths[8] = {6, 10, 10, 0, 16, 12, 0, 0};
    return lengths[opcode >> 5];
}

static bool
cdb_has_fua(uint8_t opcode)
{
    switch (opcode) {
    case CDB_OP_READ10:
    case CDB_OP_WRITE10:
    case CDB_OP_READ12:
    case CDB_OP_WRITE12:
    case CDB_OP_READ16:
    case CDB_OP_WRITE16:
    case CDB_OP_COMPARE_AND_WRITE:
        return true;
    default:
        return false;
    }
}

static void
cdb_decode_medium(const uint8_t *b, enum cdb_shape shape, struct cdb_info *info)
{
    switch (shape) {
    case SHAPE_RW6:
        info->lba = be24_get(b + 1) & 0x1fffff;
        info->blocks = b[4] ? b[4] : 256;
        break;
    case SHAPE_RW10:
        info->lba = be32_get(b + 2);
        info->blocks = be16_get(b + 7);
        break;
    case SHAPE_RW12:
        info->lba = be32_get(b + 2);
        info->blocks = be32_get(b + 6);
        break;
    case SHAPE_CAW:
        info->lba = be64_get(b + 2);
        info->blocks = b[13];
        break;
    default:
        info->lba = be64_get(b + 2);
        info->blocks = be32_get(b + 10);
        break;
    }
    info->has_blocks = true;
    info->fua = cdb_has_fua(b[0]) && (b[1] & 0x08);
    info->unmap = (b[0] == CDB_OP_WRITE_SAME10 || b[0] == CDB_OP_WRITE_SAME16) && (b[1] & 0x08);
}

static void
cdb_decode_other(const uint8_t *b, enum cdb_shape shape, struct cdb_info *info)
{
    switch (shape) {
    case SHAPE_ALLOC6:
        info->allocation_length = b[4];
        break;
    case SHAPE_INQUIRY:
        info->evpd = b[1] & 1;
        info->page = b[2];
        info->allocation_length = be16_get(b + 3);
        break;
    case SHAPE_MODE6:
        info->page = b[2] & 0x3f;
        info->allocation_length = b[4];
        break;
    case SHAPE_MODE10:
        info->page = b[2] & 0x3f;
        info->allocation_length = be16_get(b + 7);
        break;
    case SHAPE_ALLOC10:
        info->allocation_length = be16_get(b + 7);
        break;
    case SHAPE_ALLOC12:
        info->allocation_length = be32_get(b + 6);
        break;
    case SHAPE_LBA16:
        info->lba = be64_get(b + 2);
        info->allocation_length = be32_get(b + 10);
        break;
    case SHAPE_CAPACITY10:
        info->allocation_length = 8;
        break;
    default:
        break;
    }
}

bool
cdb_decode(const uint8_t *bytes, size_t length, struct cdb_info *info)
{
    memset(info, 0, sizeof(*info));
    info->name = "unknown";
    if (length == 0)
        return false;
    info->opcode = bytes[0];
    if (length > 1 && (bytes[0] == 0x9e || bytes[0] == 0xa3 || bytes[0] == 0xa4))
        info->service_action = bytes[1] & 0x1f;

    const struct cdb_row *row = cdb_row_find(info->opcode, info->service_action);
    if (row == NULL)
        return length >= cdb_length_by_opcode(info->opcode);
    info->known = true;
    info->name = row->name;
    info->direction = (enum cdb_direction)row->direction;
    if (length < cdb_length_by_opcode(info->opcode))
        return false;
    enum cdb_shape shape = (enum cdb_shape)row->shape;
    if (shape >= SHAPE_RW6 && shape <= SHAPE_CAW)
        cdb_decode_medium(bytes, shape, info);
    else
        cdb_decode_other(bytes, shape, info);
    /* Without BYTCHK a VERIFY moves no data. */
    if ((bytes[0] & 0x1f) == 0x0f && bytes[0] >= 0x20 && (bytes[1] & 0x06) == 0)
        info->direction = CDB_DIRECTION_NONE;
    return true;
}

struct text_out {
    char *text;
    size_t size;
    int used; /* what would have been written, as snprintf counts */
};

static void __attribute__((format(printf, 2, 3)))
text_add(struct text_out *out, const char *format, ...)
{
    size_t left = (size_t)out->used < out->size ? out->size - (size_t)out->used : 0;
    va_list args;
    va_start(args, format);
    out->used += vsnprintf(left ? out->text + out->used : NULL, left, format, args);
    va_end(args);
}

int
cdb_format(const uint8_t *bytes, size_t length, char *text, size_t size)
{
    struct text_out out = {text, size, 0};
    struct cdb_info info;
    bool whole = cdb_decode(bytes, length, &info);

    if (size > 0)
        text[0] = '\0';
    if (length == 0) {
        text_add(&out, "empty CDB");
        return out.used;
    }
    if (info.known)
        text_add(&out, "%s", info.name);
    else
        text_add(&out, "opcode 0x%02x", info.opcode);
    if (!whole) {
        text_add(&out, " (cut short at %zu bytes)", length);
        return out.used;
    }
    if (info.evpd)
        text_add(&out, " VPD page 0x%02x", info.page);
    else if (info.opcode == CDB_OP_MODE_SENSE6 || info.opcode == CDB_OP_MODE_SENSE10)
        text_add(&out, " page 0x%02x", info.page);
    if (info.opcode == 0x9e && info.service_action == CDB_SA_GET_LBA_STATUS)
        text_add(&out, " lba %llu", (unsigned long long)info.lba);
    if (info.has_blocks)
        text_add(&out, " lba %llu blocks %u", (unsigned long long)info.lba, info.blocks);
    if (info.opcode == CDB_OP_START_STOP_UNIT)
        text_add(&out, bytes[4] & 1 ? " start" : " stop");
    if (info.fua)
        text_add(&out, " FUA");
    if (info.unmap)
        text_add(&out, " UNMAP");
    if (info.allocation_length != 0)
        text_add(&out, " length %u", info.allocation_length);
    return out.used;
}
