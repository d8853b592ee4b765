/*
 * READ CAPACITY, MODE SENSE (caching), REPORT LUNS, GET LBA STATUS. SBC-3 5.15, 5.16, 5.5, 6.5.5;
 * SPC-4 6.33; LUN addresses: SAM-5 4.7.
 */
#include "capacity.h"

#include <string.h>

#include "scsi_bytes.h"

bool
capacity10_parse(const uint8_t *data, size_t length, struct capacity *out)
{
    memset(out, 0, sizeof(*out));
    if (length < 8)
        return false;
    out->blocks = (uint64_t)be32_get(data) + 1;
    out->block_size_bytes = be32_get(data + 4);
    return out->block_size_bytes != 0;
}

bool
capacity10_too_large(const uint8_t *data, size_t length)
{
    return length >= 4 && be32_get(data) == UINT32_MAX;
}

bool
capacity16_parse(const uint8_t *data, size_t length, struct capacity *out)
{
    memset(out, 0, sizeof(*out));
    if (length < 12)
        return false;
    uint64_t last = be64_get(data);
    out->block_size_bytes = be32_get(data + 8);
    /* All ones would wrap to an empty disk: no such disk exists. */
    if (last == UINT64_MAX || out->block_size_bytes == 0)
        return false;
    out->blocks = last + 1;
    if (length > 12)
        out->protection = data[12] & 1;
    if (length > 13)
        out->physical_exponent = data[13] & 0x0f;
    if (length > 15) {
        out->provisioned_thin = (data[14] & 0x80) != 0;
        out->unmapped_reads_zero = (data[14] & 0x40) != 0;
        out->aligned_lba = be16_get(data + 14) & 0x3fff;
    }
    return true;
}

static void
mode_pages_scan(const uint8_t *data, size_t length, size_t at, struct mode_caching *out)
{
    while (at + 2 <= length) {
        const uint8_t *page = data + at;
        bool subpage = (page[0] & 0x40) != 0;
        if (subpage && at + 4 > length)
            return;
        size_t size = subpage ? (size_t)be16_get(page + 2) + 4 : (size_t)page[1] + 2;
        if (!subpage && (page[0] & 0x3f) == 0x08) {
            if (at + 3 > length || page[1] == 0)
                return;
            out->page_found = true;
            out->write_cache = (page[2] & 0x04) != 0;
            out->read_cache_disabled = (page[2] & 0x01) != 0;
            return;
        }
        at += size;
    }
}

bool
mode6_caching_parse(const uint8_t *data, size_t length, struct mode_caching *out)
{
    memset(out, 0, sizeof(*out));
    if (length < 4)
        return false;
    if (length > (size_t)data[0] + 1)
        length = (size_t)data[0] + 1;
    out->write_protected = (data[2] & 0x80) != 0;
    out->dpo_fua = (data[2] & 0x10) != 0;
    mode_pages_scan(data, length, (size_t)data[3] + 4, out);
    return true;
}

bool
mode10_caching_parse(const uint8_t *data, size_t length, struct mode_caching *out)
{
    memset(out, 0, sizeof(*out));
    if (length < 8)
        return false;
    if (length > (size_t)be16_get(data) + 2)
        length = (size_t)be16_get(data) + 2;
    out->write_protected = (data[3] & 0x80) != 0;
    out->dpo_fua = (data[3] & 0x10) != 0;
    mode_pages_scan(data, length, (size_t)be16_get(data + 6) + 8, out);
    return true;
}

size_t
report_luns_bytes(const uint8_t *data, size_t length)
{
    return length < 8 ? 0 : (size_t)be32_get(data) + 8;
}

size_t
report_luns_count(const uint8_t *data, size_t length)
{
    size_t said = report_luns_bytes(data, length);
    if (said == 0)
        return 0;
    return ((length < said ? length : said) - 8) / 8;
}

bool
report_luns_get(const uint8_t *data, size_t length, size_t index, uint16_t *lun)
{
    if (index >= report_luns_count(data, length))
        return false;
    const uint8_t *entry = data + 8 + 8 * index;
    for (unsigned i = 2; i < 8; i++) {
        if (entry[i] != 0)
            return false;
    }
    switch (entry[0] >> 6) {
    case 0: /* peripheral device addressing: bus 0 only */
        if (entry[0] != 0)
            return false;
        *lun = entry[1];
        return true;
    case 1: /* flat space addressing */
        *lun = be16_get(entry) & 0x3fff;
        return true;
    default:
        return false;
    }
}

size_t
lba_status_count(const uint8_t *data, size_t length)
{
    if (length < 8)
        return 0;
    /* The length field counts the four bytes that follow it too. */
    size_t said = (size_t)be32_get(data) + 4;
    if (said < 8)
        return 0;
    return ((length < said ? length : said) - 8) / 16;
}

bool
lba_status_get(const uint8_t *data, size_t length, size_t index, struct lba_status *out)
{
    if (index >= lba_status_count(data, length))
        return false;
    const uint8_t *entry = data + 8 + 16 * index;
    out->lba = be64_get(entry);
    out->blocks = be32_get(entry + 8);
    out->state = entry[12] & 0x0f;
    return true;
}
