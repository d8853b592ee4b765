/* Sense data in both formats, cut at every length, and its words. */
#include "sense.h"

#include <stdlib.h>

#include "check.h"

#define PARSE(literal, sense) sense_parse((const uint8_t *)(literal), sizeof(literal) - 1, sense)

static void
test_fixed(void)
{
    struct sense s;
    char text[160];

    CHECK(PARSE("\x70\0\x06\0\0\0\0\x0a\0\0\0\0\x29\0\0\0\0\0", &s));
    CHECK(s.key == SENSE_KEY_UNIT_ATTENTION && SENSE_CODE(s.asc, s.ascq) == 0x2900);
    CHECK(!s.information_valid && !s.deferred && !s.descriptor);
    sense_format(&s, text, sizeof(text));
    CHECK_TEXT(text, "UNIT ATTENTION 29/00 power on, reset, or bus device reset occurred");

    CHECK(PARSE("\xf1\0\x23\x01\x02\x03\x04\x0a\x05\x06\x07\x08\x11\0\x09\0\0\0", &s));
    CHECK(s.deferred && s.ili && s.information_valid && s.information == 0x01020304);
    CHECK(s.command_specific == 0x05060708 && s.fru == 9 && s.key == SENSE_KEY_MEDIUM_ERROR);
    sense_format(&s, text, sizeof(text));
    CHECK_TEXT(text, "deferred MEDIUM ERROR 11/00 unrecovered read error, ILI, "
                     "information 0x1020304");

    CHECK(PARSE("\x70\0\x05\0\0\0\0\x0a\0\0\0\0\x24\0\0\xcb\0\x02", &s));
    CHECK(s.field_pointer_valid && s.field_in_cdb && s.field_bit_valid);
    CHECK(s.field_bit == 3 && s.field_byte == 2);
    sense_format(&s, text, sizeof(text));
    CHECK_TEXT(text, "ILLEGAL REQUEST 24/00 invalid field in CDB, CDB byte 2");

    CHECK(PARSE("\x70\0\x02\0\0\0\0\x0a\0\0\0\0\x04\x04\0\x80\x40\0", &s));
    CHECK(s.progress_valid && s.progress == 0x4000);
    sense_format(&s, text, sizeof(text));
    CHECK_TEXT(text, "NOT READY 04/04 logical unit not ready, format in progress, 25% done");
}

/* The additional length says where sense ends, even when more bytes came. */
static void
test_fixed_length_byte(void)
{
    struct sense s;

    CHECK(PARSE("\x70\0\x05\0\0\0\0\x02\0\0\0\0\x24\0\0\xc0\0\x02", &s));
    CHECK(s.key == SENSE_KEY_ILLEGAL_REQUEST && s.asc == 0 && !s.field_pointer_valid);
}

static void
test_descriptor(void)
{
    struct sense s;

    CHECK(PARSE("\x72\x03\x11\x01\0\0\0\x20"
                "\0\x0a\x80\0\x01\x02\x03\x04\x05\x06\x07\x08"
                "\x01\x0a\0\0\0\0\0\0\0\0\0\x2a"
                "\x03\x02\0\x07"
                "\x05\x02\0\x20",
                &s));
    CHECK(s.descriptor && s.key == SENSE_KEY_MEDIUM_ERROR && s.asc == 0x11 && s.ascq == 1);
    CHECK(s.information_valid && s.information == 0x0102030405060708);
    CHECK(s.command_specific_valid && s.command_specific == 42 && s.fru == 7 && s.ili);

    CHECK(PARSE("\x72\x05\x26\0\0\0\0\x08\x02\x06\0\0\x80\0\x08\0", &s));
    CHECK(s.field_pointer_valid && !s.field_in_cdb && s.field_byte == 8);

    /* A descriptor longer than the rest is no descriptor. */
    CHECK(PARSE("\x72\x03\x11\0\0\0\0\x04\0\x0a\x80\0", &s));
    CHECK(!s.information_valid);
}

static void
test_not_sense(void)
{
    struct sense s;

    CHECK(!sense_parse(NULL, 0, &s));
    CHECK(!PARSE("\x70\0", &s));
    CHECK(!PARSE("\x72", &s));
    CHECK(!PARSE("\x7f\0\x06\0\0\0\0\0", &s));
    CHECK(!PARSE("\0\0\x06\0\0\0\0\0", &s));
    CHECK(s.key == 0 && s.asc == 0);
}

/* Each length gets memory of exactly that size, so a sanitizer sees a byte too far. */
static void
test_any_bytes(void)
{
    for (unsigned code = 0x70; code <= 0x73; code++) {
        for (unsigned fill = 0; fill < 256; fill++) {
            for (size_t length = 1; length <= 40; length++) {
                uint8_t *exact = malloc(length);
                struct sense s;
                char text[16];
                memset(exact, (int)fill, length);
                exact[0] = (uint8_t)code;
                sense_parse(exact, length, &s);
                sense_format(&s, text, sizeof(text));
                CHECK(memchr(text, 0, sizeof(text)) != NULL);
                free(exact);
            }
        }
    }
}

static void
test_words(void)
{
    unsigned known = 0;

    CHECK_TEXT(sense_key_text(0x0e), "MISCOMPARE");
    CHECK_TEXT(sense_key_text(0xf0), "NO SENSE");
    CHECK(sense_code_text(0x80, 0x80) == NULL);
    CHECK_TEXT(sense_code_text(0x67, 0), "configuration failure");
    CHECK_TEXT(sense_code_text(0, 0), "no additional sense information");
    /* A row out of order could not be found by halving: all 140-odd must be. */
    for (unsigned code = 0; code < 65536; code++)
        known += sense_code_text((uint8_t)(code >> 8), (uint8_t)code) != NULL;
    CHECK(known == sense_code_count());
}

int
main(void)
{
    test_fixed();
    test_fixed_length_byte();
    test_descriptor();
    test_not_sense();
    test_any_bytes();
    test_words();
    return check_failures != 0;
}
