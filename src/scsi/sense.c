/*
 * Parses sense data. A field that lies beyond what the device says it sent, or beyond what
 * arrived, counts as absent.
 */
#include "sense.h"

#include <stdio.h>
#include <string.h>

#include "scsi_bytes.h"

static void
sense_key_specific(struct sense *out, const uint8_t *sks)
{
    if (!(sks[0] & 0x80))
        return;
    if (out->key == SENSE_KEY_ILLEGAL_REQUEST) {
        out->field_pointer_valid = true;
        out->field_in_cdb = (sks[0] & 0x40) != 0;
        out->field_bit_valid = (sks[0] & 0x08) != 0;
        out->field_bit = sks[0] & 0x07;
        out->field_byte = be16_get(sks + 1);
    } else if (out->key == SENSE_KEY_NOT_READY || out->key == SENSE_KEY_NO_SENSE) {
        out->progress_valid = true;
        out->progress = be16_get(sks + 1);
    }
}

static void
sense_parse_fixed(const uint8_t *data, size_t length, struct sense *out)
{
    /* A target that sends less than the length byte is read as far as it goes. */
    if (length > 7 && length > (size_t)data[7] + 8)
        length = (size_t)data[7] + 8;
    out->key = data[2] & 0x0f;
    out->filemark = (data[2] & 0x80) != 0;
    out->eom = (data[2] & 0x40) != 0;
    out->ili = (data[2] & 0x20) != 0;
    if (length >= 7 && (data[0] & 0x80)) {
        out->information_valid = true;
        out->information = be32_get(data + 3);
    }
    if (length >= 12) {
        out->command_specific_valid = true;
        out->command_specific = be32_get(data + 8);
    }
    if (length >= 13)
        out->asc = data[12];
    if (length >= 14)
        out->ascq = data[13];
    if (length >= 15)
        out->fru = data[14];
    if (length >= 18)
        sense_key_specific(out, data + 15);
}

static void
sense_descriptor(struct sense *out, const uint8_t *d, size_t length)
{
    switch (d[0]) {
    case 0x00:
        if (length >= 12 && (d[2] & 0x80)) {
            out->information_valid = true;
            out->information = be64_get(d + 4);
        }
        break;
    case 0x01:
        if (length >= 12) {
            out->command_specific_valid = true;
            out->command_specific = be64_get(d + 4);
        }
        break;
    case 0x02:
        if (length >= 7)
            sense_key_specific(out, d + 4);
        break;
    case 0x03:
        if (length >= 4)
            out->fru = d[3];
        break;
    case 0x04:
        if (length >= 4) {
            out->filemark = (d[3] & 0x80) != 0;
            out->eom = (d[3] & 0x40) != 0;
            out->ili = (d[3] & 0x20) != 0;
        }
        break;
    case 0x05:
        if (length >= 4)
            out->ili = (d[3] & 0x20) != 0;
        break;
    default:
        break;
    }
}

static void
sense_parse_descriptor(const uint8_t *data, size_t length, struct sense *out)
{
    out->descriptor = true;
    out->key = data[1] & 0x0f;
    out->asc = length > 2 ? data[2] : 0;
    out->ascq = length > 3 ? data[3] : 0;
    if (length < 8)
        return;
    if (length > (size_t)data[7] + 8)
        length = (size_t)data[7] + 8;
    for (size_t at = 8; at + 2 <= length;) {
        size_t size = (size_t)data[at + 1] + 2;
        if (size > length - at)
            break;
        sense_descriptor(out, data + at, size);
        at += size;
    }
}

bool
sense_parse(const uint8_t *data, size_t length, struct sense *out)
{
    memset(out, 0, sizeof(*out));
    if (data == NULL || length == 0)
        return false;
    uint8_t code = data[0] & 0x7f;
    if (code < 0x70 || code > 0x73)
        return false;
    bool descriptor = (code & 2) != 0;
    if (length < (descriptor ? 2u : 3u))
        return false;
    out->deferred = (code & 1) != 0;
    if (descriptor)
        sense_parse_descriptor(data, length, out);
    else
        sense_parse_fixed(data, length, out);
    return true;
}

int
sense_format(const struct sense *sense, char *text, size_t size)
{
    char extra[96] = "";
    const char *words = sense_code_text(sense->asc, sense->ascq);

    if (sense->field_pointer_valid)
        snprintf(extra, sizeof(extra), ", %s byte %u", sense->field_in_cdb ? "CDB" : "parameter",
                 sense->field_byte);
    else if (sense->information_valid)
        snprintf(extra, sizeof(extra), ", information 0x%llx",
                 (unsigned long long)sense->information);
    else if (sense->progress_valid)
        snprintf(extra, sizeof(extra), ", %u%% done", sense->progress * 100u / 65536u);
    return snprintf(text, size, "%s%s %02x/%02x%s%s%s%s", sense->deferred ? "deferred " : "",
                    sense_key_text(sense->key), sense->asc, sense->ascq, words ? " " : "",
                    words ? words : "", sense->ili ? ", ILI" : "", extra);
}
