/*
 * Fuzz target: everything in src/scsi that reads what a device sent. The first byte chooses the
 * reader, the rest is its input. Besides not overrunning (AddressSanitizer sees that), a reader
 * must end, must stay inside its input, and must terminate its text. links: scsi
 */
#include "capacity.h"
#include "cdb.h"
#include "inquiry.h"
#include "sense.h"
#include "status_text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void
must(bool holds)
{
    if (!holds)
        abort();
}

static void
fuzz_cdb(const uint8_t *data, size_t bytes)
{
    struct cdb_info info;
    char text[24];

    memset(&info, 0xa5, sizeof(info));
    if (cdb_decode(data, bytes, &info))
        must(info.name && bytes >= 1 && info.opcode == data[0]);
    memset(text, 0x7f, sizeof(text));
    must(cdb_format(data, bytes, text, sizeof(text)) >= 0);
    must(memchr(text, 0, sizeof(text)) != NULL);
}

static void
fuzz_sense(const uint8_t *data, size_t bytes)
{
    struct sense sense;
    char text[32];

    sense_parse(data, bytes, &sense);
    memset(text, 0x7f, sizeof(text));
    must(sense_format(&sense, text, sizeof(text)) >= 0);
    must(memchr(text, 0, sizeof(text)) != NULL);
}

static void
fuzz_inquiry(const uint8_t *data, size_t bytes)
{
    struct inquiry inquiry;
    uint8_t pages[32];

    if (inquiry_parse(data, bytes, &inquiry)) {
        must(strlen(inquiry.vendor) <= 8 && strlen(inquiry.product) <= 16);
        must(strlen(inquiry.revision) <= 4);
        inquiry_is_unit(&inquiry);
    }
    if (vpd_supported_pages_parse(data, bytes, pages))
        vpd_page_in(pages, VPD_PAGE_BLOCK_LIMITS);
}

static void
fuzz_identity(const uint8_t *data, size_t bytes)
{
    struct vpd_designator designator;
    char text[40];
    size_t at = 0, before = 0;

    while (vpd_designator_next(data, bytes, &at, &designator)) {
        must(at > before && at <= bytes);
        must(designator.bytes >= data && designator.bytes + designator.length <= data + bytes);
        before = at;
    }
    memset(text, 0x7f, sizeof(text));
    if (vpd_identity_format(data, bytes, text, sizeof(text)))
        must(memchr(text, 0, sizeof(text)) != NULL);
    memset(text, 0x7f, sizeof(text));
    if (vpd_serial_parse(data, bytes, text, sizeof(text)))
        must(memchr(text, 0, sizeof(text)) != NULL && text[0]);
}

static void
fuzz_limits(const uint8_t *data, size_t bytes)
{
    struct vpd_block_limits limits;
    struct vpd_characteristics characteristics;
    struct vpd_provisioning provisioning;

    vpd_block_limits_parse(data, bytes, &limits);
    vpd_characteristics_parse(data, bytes, &characteristics);
    vpd_provisioning_parse(data, bytes, &provisioning);
}

static void
fuzz_capacity(const uint8_t *data, size_t bytes)
{
    struct capacity capacity;
    struct mode_caching caching;

    if (capacity10_parse(data, bytes, &capacity))
        must(capacity.block_size_bytes != 0);
    if (capacity16_parse(data, bytes, &capacity))
        must(capacity.block_size_bytes != 0);
    capacity10_too_large(data, bytes);
    mode6_caching_parse(data, bytes, &caching);
    mode10_caching_parse(data, bytes, &caching);
}

static void
fuzz_lists(const uint8_t *data, size_t bytes)
{
    size_t luns = report_luns_count(data, bytes), extents = lba_status_count(data, bytes);
    struct lba_status status;
    uint16_t lun;

    must(luns <= bytes / 8 && extents <= bytes / 16);
    for (size_t i = 0; i < luns; i++)
        report_luns_get(data, bytes, i, &lun);
    must(!report_luns_get(data, bytes, luns, &lun));
    for (size_t i = 0; i < extents; i++)
        lba_status_get(data, bytes, i, &status);
    must(!lba_status_get(data, bytes, extents, &status));
    report_luns_bytes(data, bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static void (*const readers[])(const uint8_t *, size_t) = {
        fuzz_cdb, fuzz_sense, fuzz_inquiry, fuzz_identity, fuzz_limits, fuzz_capacity, fuzz_lists,
    };

    if (bytes)
        readers[data[0] % (sizeof(readers) / sizeof(readers[0]))](data + 1, bytes - 1);
    return 0;
}
