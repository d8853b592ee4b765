/*
 * Sense data: from bytes that a device sent (never trusted) to key, code and fields, and to words.
 * Both formats of SPC-4 4.5: fixed (70h, 71h) and descriptor (72h, 73h).
 */
#ifndef SCSI_SENSE_H
#define SCSI_SENSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sense_key {
    SENSE_KEY_NO_SENSE = 0x0,
    SENSE_KEY_RECOVERED_ERROR = 0x1,
    SENSE_KEY_NOT_READY = 0x2,
    SENSE_KEY_MEDIUM_ERROR = 0x3,
    SENSE_KEY_HARDWARE_ERROR = 0x4,
    SENSE_KEY_ILLEGAL_REQUEST = 0x5,
    SENSE_KEY_UNIT_ATTENTION = 0x6,
    SENSE_KEY_DATA_PROTECT = 0x7,
    SENSE_KEY_BLANK_CHECK = 0x8,
    SENSE_KEY_VENDOR_SPECIFIC = 0x9,
    SENSE_KEY_COPY_ABORTED = 0xa,
    SENSE_KEY_ABORTED_COMMAND = 0xb,
    SENSE_KEY_VOLUME_OVERFLOW = 0xd,
    SENSE_KEY_MISCOMPARE = 0xe,
    SENSE_KEY_COMPLETED = 0xf,
};

/* asc and ascq in one number: 0x2900 is "power on, reset, or bus device reset occurred". */
#define SENSE_CODE(asc, ascq) (((unsigned)(asc) << 8) | (unsigned)(ascq))

struct sense {
    bool deferred;   /* 71h, 73h: about an earlier command */
    bool descriptor; /* format the bytes had */
    uint8_t key;
    uint8_t asc;
    uint8_t ascq;
    bool filemark;
    bool eom;
    bool ili;
    bool information_valid;
    uint64_t information; /* the LBA, for medium errors and miscompares */
    bool command_specific_valid;
    uint64_t command_specific;
    bool field_pointer_valid; /* ILLEGAL REQUEST: which byte was wrong */
    bool field_in_cdb;        /* else in the parameter data */
    bool field_bit_valid;
    uint8_t field_bit;
    uint16_t field_byte;
    bool progress_valid; /* NOT READY or NO SENSE */
    uint16_t progress;   /* of 65536 */
    uint8_t fru;
};

/* False if the bytes are no sense data; then *out is all zero. */
bool sense_parse(const uint8_t *data, size_t length, struct sense *out);

const char *sense_key_text(uint8_t key);
/* NULL if the pair is not in the table. */
const char *sense_code_text(uint8_t asc, uint8_t ascq);
/* Rows of that table. */
unsigned sense_code_count(void);
/* "UNIT ATTENTION 29/00 power on, reset, …". Returns as snprintf does. */
int sense_format(const struct sense *sense, char *text, size_t size);

#endif
