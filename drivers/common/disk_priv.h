/*
 * Shared by the files of the command set; no miniport includes it.
 */
#ifndef DISK_PRIV_H
#define DISK_PRIV_H

#include "disk_target.h"

/* Operation codes by their names in SPC-4 and SBC-3. Of our own, because scsi.h names them after
 * several generations of the standard. */
#define OP_TEST_UNIT_READY 0x00
#define OP_REQUEST_SENSE 0x03
#define OP_READ6 0x08
#define OP_WRITE6 0x0a
#define OP_INQUIRY 0x12
#define OP_MODE_SELECT6 0x15
#define OP_MODE_SENSE6 0x1a
#define OP_START_STOP_UNIT 0x1b
#define OP_READ_CAPACITY10 0x25
#define OP_READ10 0x28
#define OP_WRITE10 0x2a
#define OP_VERIFY10 0x2f
#define OP_SYNCHRONIZE_CACHE10 0x35
#define OP_WRITE_SAME10 0x41
#define OP_UNMAP 0x42
#define OP_MODE_SELECT10 0x55
#define OP_MODE_SENSE10 0x5a
#define OP_READ16 0x88
#define OP_COMPARE_AND_WRITE 0x89
#define OP_WRITE16 0x8a
#define OP_VERIFY16 0x8f
#define OP_SYNCHRONIZE_CACHE16 0x91
#define OP_WRITE_SAME16 0x93
#define OP_SERVICE_ACTION_IN16 0x9e
#define OP_REPORT_LUNS 0xa0
#define OP_MAINTENANCE_IN 0xa3
#define OP_READ12 0xa8
#define OP_WRITE12 0xaa
#define OP_VERIFY12 0xaf

#define ACTION_NONE 0xff
#define ACTION_READ_CAPACITY16 0x10
#define ACTION_GET_LBA_STATUS 0x12
#define ACTION_REPORT_OPCODES 0x0c

#define KEY_NO_SENSE 0x00
#define KEY_NOT_READY 0x02
#define KEY_MEDIUM_ERROR 0x03
#define KEY_HARDWARE_ERROR 0x04
#define KEY_ILLEGAL_REQUEST 0x05
#define KEY_UNIT_ATTENTION 0x06
#define KEY_DATA_PROTECT 0x07
#define KEY_ABORTED_COMMAND 0x0b
#define KEY_MISCOMPARE 0x0e

/* ASC and ASCQ in one number. */
#define CODE_NONE 0x0000
#define CODE_INITIALIZING_COMMAND_REQUIRED 0x0402
#define CODE_WRITE_ERROR 0x0c00
#define CODE_READ_ERROR 0x1100
#define CODE_PARAMETER_LIST_LENGTH 0x1a00
#define CODE_MISCOMPARE 0x1d00
#define CODE_INVALID_OPCODE 0x2000
#define CODE_LBA_OUT_OF_RANGE 0x2100
#define CODE_INVALID_FIELD_IN_CDB 0x2400
#define CODE_UNIT_NOT_SUPPORTED 0x2500
#define CODE_INVALID_FIELD_IN_LIST 0x2600
#define CODE_WRITE_PROTECTED 0x2700
#define CODE_SPACE_ALLOCATION_FAILED 0x2707
#define CODE_POWER_ON 0x2901
#define CODE_BUS_RESET 0x2902
#define CODE_UNIT_RESET 0x2903
#define CODE_CAPACITY_CHANGED 0x2a09
#define CODE_SAVING_NOT_SUPPORTED 0x3900
#define CODE_INTERNAL_FAILURE 0x4400
#define CODE_INSUFFICIENT_RESOURCES 0x5504

/* Longest WRITE SAME and UNMAP in bytes: what one request may cost at DISPATCH_LEVEL. */
#define DISK_WRITE_SAME_BYTES_MAX (64u << 20)
#define DISK_UNMAP_DESCRIPTORS_MAX 256u

#define DISK_POOL_TAG 0x6b736944u /* "Disk" */

/* Row flags. */
#define COMMAND_ATTENTION_OK 0x0001  /* answered although a unit attention is pending */
#define COMMAND_UNIT_OPTIONAL 0x0002 /* answered although there is no such unit */
#define COMMAND_READY 0x0004         /* not while stopped */
#define COMMAND_RANGE 0x0008         /* lba and blocks must lie on the disk */
#define COMMAND_WRITES 0x0010        /* not on a read-only disk */
#define COMMAND_STORE 0x0020         /* the handler runs in disk_perform() */
#define COMMAND_NEEDS_ZERO 0x0040    /* only if the store can */
#define COMMAND_NEEDS_COMPARE 0x0080
#define COMMAND_TRANSFER 0x0100 /* transfer_blocks_max holds; buffer unused if discards_data */

struct disk_command {
    UCHAR opcode;
    UCHAR action; /* service action, or ACTION_NONE */
    UCHAR length; /* of the CDB */
    USHORT flags;
    VOID (*handler)(struct disk_request *request);
    /* Bits that may be set, byte by byte: the CDB usage data of REPORT SUPPORTED OPERATION CODES,
     * and what is checked before the handler runs. */
    UCHAR usage[16];
};

/* disk_command.c */
const struct disk_command *disk_command_find(const struct disk_unit *unit, UCHAR opcode,
                                             UCHAR action);
const struct disk_command *disk_command_row(ULONG index); /* NULL past the last */
BOOLEAN disk_command_supported(const struct disk_command *command, const struct disk_unit *unit);

/* disk_sense.c: each ends the request; nothing may follow but return. */
VOID disk_finish(struct disk_request *request, ULONG moved, ULONG wanted);
VOID disk_finish_srb(struct disk_request *request, UCHAR srb_status);
/* Bytes for the initiator, cut to its allocation length and buffer. */
VOID disk_answer(struct disk_request *request, const VOID *bytes, ULONG length, ULONG allocation);
VOID disk_fail(struct disk_request *request, UCHAR key, USHORT code);
VOID disk_fail_information(struct disk_request *request, UCHAR key, USHORT code,
                           ULONGLONG information);
/* ILLEGAL REQUEST with the field pointer; bit -1: the whole byte. */
VOID disk_fail_cdb(struct disk_request *request, ULONG byte, LONG bit);
VOID disk_fail_list(struct disk_request *request, ULONG byte, LONG bit);
VOID disk_fail_result(struct disk_request *request, enum disk_result result);
ULONG disk_sense_build(UCHAR bytes[32], BOOLEAN descriptor, UCHAR key, USHORT code);
USHORT disk_attention_take(struct disk_unit *unit); /* its code, or 0 */

/* Handlers. disk_inquiry.c */
VOID disk_inquiry(struct disk_request *request);
VOID disk_report_luns(struct disk_request *request);
/* disk_state.c */
VOID disk_test_unit_ready(struct disk_request *request);
VOID disk_request_sense(struct disk_request *request);
VOID disk_start_stop(struct disk_request *request);
VOID disk_read_capacity10(struct disk_request *request);
VOID disk_read_capacity16(struct disk_request *request);
VOID disk_report_opcodes(struct disk_request *request);
/* disk_mode.c */
VOID disk_mode_sense(struct disk_request *request);
VOID disk_mode_select(struct disk_request *request);
/* disk_medium.c */
VOID disk_read(struct disk_request *request);
VOID disk_write(struct disk_request *request);
VOID disk_verify(struct disk_request *request);
VOID disk_synchronize(struct disk_request *request);
VOID disk_compare_and_write(struct disk_request *request);
/* Makes the unit durable. */
enum disk_result disk_flush(struct disk_request *request);
/* disk_provision.c */
VOID disk_unmap(struct disk_request *request);
VOID disk_write_same(struct disk_request *request);
VOID disk_lba_status(struct disk_request *request);

static inline USHORT
get16(const UCHAR *p)
{
    return (USHORT)((p[0] << 8) | p[1]);
}

static inline ULONG
get32(const UCHAR *p)
{
    return ((ULONG)get16(p) << 16) | get16(p + 2);
}

static inline ULONGLONG
get64(const UCHAR *p)
{
    return ((ULONGLONG)get32(p) << 32) | get32(p + 4);
}

static inline VOID
put16(UCHAR *p, ULONG value)
{
    p[0] = (UCHAR)(value >> 8);
    p[1] = (UCHAR)value;
}

static inline VOID
put32(UCHAR *p, ULONG value)
{
    put16(p, value >> 16);
    put16(p + 2, value);
}

static inline VOID
put64(UCHAR *p, ULONGLONG value)
{
    put32(p, (ULONG)(value >> 32));
    put32(p + 4, (ULONG)value);
}

#endif
