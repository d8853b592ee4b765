/*
 * What a unit says of itself: standard INQUIRY and the VPD pages a disk has.
 * The bytes are a device's or a miniport's and may be short, over-long or nonsense; each parser
 * reads only what arrived AND what the page's own length covers, and says false when that is too
 * little to mean anything. Strings come out printable, without trailing blanks.
 */
#ifndef SCSI_INQUIRY_H
#define SCSI_INQUIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VPD_PAGE_SUPPORTED_PAGES 0x00
#define VPD_PAGE_SERIAL_NUMBER 0x80
#define VPD_PAGE_DEVICE_IDENTIFICATION 0x83
#define VPD_PAGE_BLOCK_LIMITS 0xb0
#define VPD_PAGE_BLOCK_CHARACTERISTICS 0xb1
#define VPD_PAGE_PROVISIONING 0xb2

#define INQUIRY_STANDARD_BYTES 36

enum inquiry_qualifier {
    INQUIRY_QUALIFIER_CONNECTED = 0,
    INQUIRY_QUALIFIER_NOT_CONNECTED = 1,
    INQUIRY_QUALIFIER_NOT_SUPPORTED = 3,
};

enum inquiry_type {
    INQUIRY_TYPE_DISK = 0x00,
    INQUIRY_TYPE_ARRAY_CONTROLLER = 0x0c,
    INQUIRY_TYPE_UNKNOWN = 0x1f,
};

struct inquiry {
    uint8_t qualifier;
    uint8_t type;
    bool removable;
    uint8_t version; /* 05h SPC-3, 06h SPC-4, 07h SPC-5 */
    uint8_t response_format;
    bool command_queueing;
    bool protect;
    char vendor[9];
    char product[17];
    char revision[5];
};

bool inquiry_parse(const uint8_t *data, size_t length, struct inquiry *out);
/* A unit is there: qualifier 0 and a known type. */
bool inquiry_is_unit(const struct inquiry *inquiry);
const char *inquiry_type_text(uint8_t type);

/* Page 00h. out is a bit set: bit p of out[p / 8]. */
bool vpd_supported_pages_parse(const uint8_t *data, size_t length, uint8_t out[32]);
bool vpd_page_in(const uint8_t pages[32], uint8_t page);

/* Page 80h: false if empty or blank. Cut to size - 1 characters. */
bool vpd_serial_parse(const uint8_t *data, size_t length, char *out, size_t size);

enum vpd_designator_type {
    VPD_DESIGNATOR_VENDOR = 0,
    VPD_DESIGNATOR_T10 = 1,
    VPD_DESIGNATOR_EUI64 = 2,
    VPD_DESIGNATOR_NAA = 3,
    VPD_DESIGNATOR_NAME_STRING = 8,
};

struct vpd_designator {
    uint8_t code_set;    /* 1 binary, 2 ASCII, 3 UTF-8 */
    uint8_t association; /* 0 unit, 1 target port, 2 target */
    uint8_t type;
    uint8_t length;
    const uint8_t *bytes; /* inside the page */
};

/* Page 83h. *at starts as 0 and is the iterator; false at the end. */
bool vpd_designator_next(const uint8_t *data, size_t length, size_t *at,
                         struct vpd_designator *out);
/* The best identity of the unit (NAA, else EUI-64, name string, T10, vendor) as text:
 * "naa.600…", "eui.…", "t10.…". False if the page names none. */
bool vpd_identity_format(const uint8_t *data, size_t length, char *text, size_t size);

/* Page B0h. Zero in a field: the device names no limit. */
struct vpd_block_limits {
    bool write_same_nonzero; /* WSNZ: a WRITE SAME of 0 blocks is refused */
    uint8_t compare_and_write_blocks_max;
    uint16_t transfer_granularity_blocks;
    uint32_t transfer_blocks_max;
    uint32_t transfer_blocks_optimal;
    uint32_t unmap_blocks_max;
    uint32_t unmap_descriptors_max;
    uint32_t unmap_granularity_blocks;
    bool unmap_alignment_valid;
    uint32_t unmap_alignment_blocks;
    uint64_t write_same_blocks_max;
};

bool vpd_block_limits_parse(const uint8_t *data, size_t length, struct vpd_block_limits *out);

/* Page B1h. */
struct vpd_characteristics {
    uint16_t rotation_rate; /* 0 unknown, 1 does not rotate */
    uint8_t form_factor;
};

bool vpd_characteristics_parse(const uint8_t *data, size_t length, struct vpd_characteristics *out);

/* Page B2h. */
struct vpd_provisioning {
    bool unmap;
    bool write_same16_unmap;
    bool write_same10_unmap;
    uint8_t read_zeros; /* LBPRZ: 0 undefined after unmap, odd: zeros */
    bool anchor;
    uint8_t type; /* 0 full or unknown, 1 resource, 2 thin */
};

bool vpd_provisioning_parse(const uint8_t *data, size_t length, struct vpd_provisioning *out);

#endif
