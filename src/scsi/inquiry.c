/*
 * Parsers of INQUIRY and VPD data. SPC-4 6.6 and 7.8, SBC-3 6.6.
 */
#include "inquiry.h"

#include <stdio.h>
#include <string.h>

#include "scsi_bytes.h"

static void
ascii_copy(char *out, size_t size, const uint8_t *bytes, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length && used + 1 < size; i++)
        out[used++] = bytes[i] >= 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : ' ';
    while (used > 0 && out[used - 1] == ' ')
        used--;
    out[used] = '\0';
}

bool
inquiry_parse(const uint8_t *data, size_t length, struct inquiry *out)
{
    memset(out, 0, sizeof(*out));
    if (length < 5)
        return false;
    if (length > (size_t)data[4] + 5)
        length = (size_t)data[4] + 5;
    out->qualifier = data[0] >> 5;
    out->type = data[0] & 0x1f;
    out->removable = (data[1] & 0x80) != 0;
    out->version = data[2];
    out->response_format = data[3] & 0x0f;
    if (length > 5)
        out->protect = (data[5] & 0x01) != 0;
    if (length > 7)
        out->command_queueing = (data[7] & 0x02) != 0;
    if (length >= 16)
        ascii_copy(out->vendor, sizeof(out->vendor), data + 8, 8);
    if (length >= 32)
        ascii_copy(out->product, sizeof(out->product), data + 16, 16);
    if (length >= 36)
        ascii_copy(out->revision, sizeof(out->revision), data + 32, 4);
    return true;
}

bool
inquiry_is_unit(const struct inquiry *inquiry)
{
    return inquiry->qualifier == INQUIRY_QUALIFIER_CONNECTED &&
           inquiry->type != INQUIRY_TYPE_UNKNOWN;
}

const char *
inquiry_type_text(uint8_t type)
{
    switch (type) {
    case 0x00:
        return "disk";
    case 0x01:
        return "tape";
    case 0x03:
        return "processor";
    case 0x04:
        return "write-once";
    case 0x05:
        return "CD/DVD";
    case 0x07:
        return "optical";
    case 0x08:
        return "media changer";
    case 0x0c:
        return "array controller";
    case 0x0d:
        return "enclosure";
    case 0x0e:
        return "simplified disk";
    case 0x11:
        return "object store";
    case 0x14:
        return "zoned disk";
    case 0x1e:
        return "well known unit";
    default:
        return "other";
    }
}

/* Length of the whole page as far as it arrived, or 0 if it is not this page. */
static size_t
vpd_begin(const uint8_t *data, size_t length, uint8_t page)
{
    if (length < 4 || data[1] != page)
        return 0;
    size_t said = (size_t)be16_get(data + 2) + 4;
    return length < said ? length : said;
}

bool
vpd_supported_pages_parse(const uint8_t *data, size_t length, uint8_t out[32])
{
    memset(out, 0, 32);
    length = vpd_begin(data, length, VPD_PAGE_SUPPORTED_PAGES);
    for (size_t i = 4; i < length; i++)
        out[data[i] / 8] |= (uint8_t)(1 << (data[i] % 8));
    return length > 4;
}

bool
vpd_page_in(const uint8_t pages[32], uint8_t page)
{
    return (pages[page / 8] >> (page % 8)) & 1;
}

bool
vpd_serial_parse(const uint8_t *data, size_t length, char *out, size_t size)
{
    if (size == 0)
        return false;
    out[0] = '\0';
    length = vpd_begin(data, length, VPD_PAGE_SERIAL_NUMBER);
    size_t at = 4;
    while (at < length && (data[at] == ' ' || data[at] == 0))
        at++;
    if (at >= length)
        return false;
    ascii_copy(out, size, data + at, length - at);
    return out[0] != '\0';
}

bool
vpd_designator_next(const uint8_t *data, size_t length, size_t *at, struct vpd_designator *out)
{
    length = vpd_begin(data, length, VPD_PAGE_DEVICE_IDENTIFICATION);
    size_t here = *at < 4 ? 4 : *at;
    if (length < 4 || here > length || length - here < 4)
        return false;
    const uint8_t *d = data + here;
    if ((size_t)d[3] + 4 > length - here)
        return false;
    out->code_set = d[0] & 0x0f;
    out->association = (d[1] >> 4) & 3;
    out->type = d[1] & 0x0f;
    out->length = d[3];
    out->bytes = d + 4;
    *at = here + 4 + d[3];
    return true;
}

static unsigned
designator_rank(const struct vpd_designator *d)
{
    if (d->association != 0 || d->length == 0)
        return 0;
    switch (d->type) {
    case VPD_DESIGNATOR_NAA:
        return 5;
    case VPD_DESIGNATOR_EUI64:
        return 4;
    case VPD_DESIGNATOR_NAME_STRING:
        return 3;
    case VPD_DESIGNATOR_T10:
        return 2;
    case VPD_DESIGNATOR_VENDOR:
        return 1;
    default:
        return 0;
    }
}

static void
designator_format(const struct vpd_designator *d, char *text, size_t size)
{
    static const char *const prefixes[] = {"", "vendor.", "t10.", "", "eui.", "naa."};
    char body[2 * 255 + 1];

    if (d->code_set == 2 || d->code_set == 3) {
        ascii_copy(body, sizeof(body), d->bytes, d->length);
    } else {
        for (unsigned i = 0; i < d->length; i++)
            snprintf(body + 2 * i, 3, "%02x", d->bytes[i]);
    }
    snprintf(text, size, "%s%s", prefixes[designator_rank(d)], body);
}

bool
vpd_identity_format(const uint8_t *data, size_t length, char *text, size_t size)
{
    struct vpd_designator d, best = {0};
    size_t at = 0;

    if (size > 0)
        text[0] = '\0';
    while (vpd_designator_next(data, length, &at, &d)) {
        if (designator_rank(&d) > designator_rank(&best))
            best = d;
    }
    if (designator_rank(&best) == 0)
        return false;
    designator_format(&best, text, size);
    return true;
}

bool
vpd_block_limits_parse(const uint8_t *data, size_t length, struct vpd_block_limits *out)
{
    memset(out, 0, sizeof(*out));
    length = vpd_begin(data, length, VPD_PAGE_BLOCK_LIMITS);
    if (length < 16)
        return false;
    out->write_same_nonzero = data[4] & 1;
    out->compare_and_write_blocks_max = data[5];
    out->transfer_granularity_blocks = be16_get(data + 6);
    out->transfer_blocks_max = be32_get(data + 8);
    out->transfer_blocks_optimal = be32_get(data + 12);
    if (length >= 36) {
        out->unmap_blocks_max = be32_get(data + 20);
        out->unmap_descriptors_max = be32_get(data + 24);
        out->unmap_granularity_blocks = be32_get(data + 28);
        out->unmap_alignment_valid = (data[32] & 0x80) != 0;
        out->unmap_alignment_blocks = be32_get(data + 32) & 0x7fffffff;
    }
    if (length >= 44)
        out->write_same_blocks_max = be64_get(data + 36);
    return true;
}

bool
vpd_characteristics_parse(const uint8_t *data, size_t length, struct vpd_characteristics *out)
{
    memset(out, 0, sizeof(*out));
    length = vpd_begin(data, length, VPD_PAGE_BLOCK_CHARACTERISTICS);
    if (length < 8)
        return false;
    out->rotation_rate = be16_get(data + 4);
    out->form_factor = data[7] & 0x0f;
    return true;
}

bool
vpd_provisioning_parse(const uint8_t *data, size_t length, struct vpd_provisioning *out)
{
    memset(out, 0, sizeof(*out));
    length = vpd_begin(data, length, VPD_PAGE_PROVISIONING);
    if (length < 8)
        return false;
    out->unmap = (data[5] & 0x80) != 0;
    out->write_same16_unmap = (data[5] & 0x40) != 0;
    out->write_same10_unmap = (data[5] & 0x20) != 0;
    out->read_zeros = (data[5] >> 2) & 7;
    out->anchor = (data[5] & 0x02) != 0;
    out->type = data[6] & 7;
    return true;
}
