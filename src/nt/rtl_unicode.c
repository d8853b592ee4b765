/*
 * UTF-16 and UTF-8, and the case of UTF-16 units: what the emulated kernel's names go through when
 * they meet Linux. Never fails: what is no text becomes U+FFFD.
 */
#include "nt_priv.h"

#include <stdlib.h>

#define REPLACEMENT 0xFFFDu

/* The next code point of UTF-16; *at moves on. */
static uint32_t
utf16_next(const uint16_t *text, size_t units, size_t *at)
{
    uint32_t unit = text[(*at)++];

    if (unit < 0xD800 || unit > 0xDFFF)
        return unit;
    if (unit > 0xDBFF || *at >= units || text[*at] < 0xDC00 || text[*at] > 0xDFFF)
        return REPLACEMENT;
    return 0x10000 + ((unit - 0xD800) << 10) + (text[(*at)++] - 0xDC00u);
}

static unsigned
utf8_put(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

size_t
nt_utf8_from_utf16(char *out, size_t bytes, const uint16_t *text, size_t units)
{
    size_t at = 0, used = 0, written = 0;

    while (at < units) {
        char code[4];
        unsigned length = utf8_put(utf16_next(text, units, &at), code);

        if (used == written && used + length < bytes) {
            memcpy(out + used, code, length);
            written += length;
        }
        used += length;
    }
    if (bytes)
        out[written] = 0;
    return used;
}

static uint32_t
utf8_next(const unsigned char *text, size_t bytes, size_t *at)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint32_t code = text[(*at)++];
    unsigned more = code < 0x80       ? 0
                    : code >> 5 == 6  ? 1
                    : code >> 4 == 14 ? 2
                    : code >> 3 == 30 ? 3
                                      : 4;

    if (!more)
        return code;
    if (more == 4)
        return REPLACEMENT;
    code &= 0x3Fu >> more;
    for (unsigned i = 0; i < more; i++) {
        if (*at >= bytes || (text[*at] & 0xC0) != 0x80)
            return REPLACEMENT;
        code = code << 6 | (text[(*at)++] & 0x3Fu);
    }
    if (code < least[more] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return REPLACEMENT;
    return code;
}

size_t
nt_utf16_from_utf8(uint16_t *out, size_t units, const char *text, size_t bytes)
{
    size_t at = 0, used = 0, written = 0;

    while (at < bytes) {
        uint32_t code = utf8_next((const unsigned char *)text, bytes, &at);
        unsigned length = code < 0x10000 ? 1 : 2;

        if (used == written && used + length < units) {
            if (length == 1) {
                out[written++] = (uint16_t)code;
            } else {
                out[written++] = (uint16_t)(0xD800 + ((code - 0x10000) >> 10));
                out[written++] = (uint16_t)(0xDC00 + ((code - 0x10000) & 0x3FF));
            }
        }
        used += length;
    }
    if (units)
        out[written] = 0;
    return used;
}

/* Latin, Greek and Cyrillic by the regular part of Unicode's simple case mapping. */
uint16_t
nt_upcase(uint16_t unit)
{
    if (unit >= 'a' && unit <= 'z')
        return (uint16_t)(unit - 32);
    if (unit < 0x80)
        return unit;
    if ((unit >= 0xE0 && unit <= 0xFE && unit != 0xF7))
        return (uint16_t)(unit - 32);
    if (unit == 0xFF)
        return 0x178;
    if ((unit >= 0x100 && unit <= 0x137 && unit != 0x131) || (unit >= 0x14A && unit <= 0x177))
        return unit & 0xFFFE;
    if ((unit >= 0x139 && unit <= 0x148) || (unit >= 0x179 && unit <= 0x17E))
        return (uint16_t)(unit - ((unit & 1) == 0));
    if (unit >= 0x3B1 && unit <= 0x3CB && unit != 0x3C2)
        return (uint16_t)(unit - 32);
    if (unit >= 0x430 && unit <= 0x44F)
        return (uint16_t)(unit - 32);
    if (unit >= 0x450 && unit <= 0x45F)
        return (uint16_t)(unit - 80);
    return unit;
}

/* ---- our own texts --------------------------------------------------------------------------- */

char *
nt_text(PCUNICODE_STRING string)
{
    size_t units = string ? string->Length / sizeof(WCHAR) : 0;
    const uint16_t *from = string ? (const uint16_t *)string->Buffer : NULL;
    size_t bytes = nt_utf8_from_utf16(NULL, 0, from, units) + 1;
    char *text = malloc(bytes);

    if (text)
        nt_utf8_from_utf16(text, bytes, from, units);
    return text;
}

char *
nt_text_copy(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = malloc(bytes);

    return copy ? memcpy(copy, text, bytes) : NULL;
}

static bool
unicode_fill(PUNICODE_STRING out, uint16_t *buffer, size_t units, const char *text)
{
    if (!buffer)
        return false;
    nt_utf16_from_utf8(buffer, units + 1, text, strlen(text));
    out->Buffer = (PWCH)buffer;
    out->Length = (USHORT)(units * sizeof(WCHAR));
    out->MaximumLength = (USHORT)((units + 1) * sizeof(WCHAR));
    return true;
}

bool
nt_unicode(PUNICODE_STRING out, const char *text)
{
    size_t units = nt_utf16_from_utf8(NULL, 0, text, strlen(text));

    return units <= 32766 && unicode_fill(out, malloc((units + 1) * sizeof(WCHAR)), units, text);
}

bool
nt_unicode_pool(PUNICODE_STRING out, const char *text)
{
    size_t units = nt_utf16_from_utf8(NULL, 0, text, strlen(text));

    return units <= 32766 &&
           unicode_fill(out,
                        nt_pool_allocate((units + 1) * sizeof(WCHAR),
                                         'S' | 't' << 8 | 'r' << 16 | 'g' << 24, false, true),
                        units, text);
}

static char
ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

bool
nt_text_same(const char *a, const char *b)
{
    while (*a && ascii_upper(*a) == ascii_upper(*b))
        a++, b++;
    return *a == *b;
}

bool
nt_text_starts(const char *text, const char *prefix)
{
    while (*prefix && ascii_upper(*text) == ascii_upper(*prefix))
        text++, prefix++;
    return !*prefix;
}
