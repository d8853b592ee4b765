/* INQUIRY and VPD pages as disks send them, as broken targets send them, and cut anywhere. */
#include "inquiry.h"

#include <stdlib.h>

#include "check.h"

#define BYTES(literal) (const uint8_t *)(literal), sizeof(literal) - 1

static void
test_standard(void)
{
    struct inquiry q;

    CHECK(inquiry_parse(BYTES("\0\x80\x06\x02\x1f\x01\0\x02"
                              "ACME    Rocket disk     1.0 "),
                        &q));
    CHECK(q.removable && q.version == 6 && q.command_queueing && q.protect && inquiry_is_unit(&q));
    CHECK_TEXT(q.vendor, "ACME");
    CHECK_TEXT(q.product, "Rocket disk");
    CHECK_TEXT(q.revision, "1.0");
    /* The additional length ends the data before the product. */
    CHECK(inquiry_parse(BYTES("\0\0\x06\x02\x0b\0\0\x02"
                              "ACME    Rocket disk     1.0 "),
                        &q));
    CHECK_TEXT(q.vendor, "ACME");
    CHECK_TEXT(q.product, "");
    CHECK(inquiry_parse(BYTES("\x7f\0\0\0\0"), &q) && !inquiry_is_unit(&q));
    CHECK(inquiry_parse(BYTES("\x20\0\0\0\0"), &q) && !inquiry_is_unit(&q));
    CHECK(!inquiry_parse(BYTES("\0\0\0\0"), &q));
    CHECK_TEXT(inquiry_type_text(0), "disk");
    CHECK_TEXT(inquiry_type_text(0x1d), "other");
}

static void
test_pages_and_serial(void)
{
    uint8_t pages[32];
    char serial[8];

    CHECK(vpd_supported_pages_parse(BYTES("\0\0\0\x03\0\x80\xb2"), pages));
    CHECK(vpd_page_in(pages, 0) && vpd_page_in(pages, 0x80) && vpd_page_in(pages, 0xb2));
    CHECK(!vpd_page_in(pages, 0x83));
    /* The page promises more than came. */
    CHECK(vpd_supported_pages_parse(BYTES("\0\0\0\xff\x83"), pages) && vpd_page_in(pages, 0x83));
    CHECK(!vpd_supported_pages_parse(BYTES("\0\x80\0\x01\x83"), pages));

    CHECK(vpd_serial_parse(BYTES("\0\x80\0\x06  AB12"), serial, sizeof(serial)));
    CHECK_TEXT(serial, "AB12");
    CHECK(vpd_serial_parse(BYTES("\0\x80\0\x09"
                                 "123456789"),
                           serial, sizeof(serial)));
    CHECK_TEXT(serial, "1234567");
    CHECK(!vpd_serial_parse(BYTES("\0\x80\0\x04    "), serial, sizeof(serial)));
    CHECK(!vpd_serial_parse(BYTES("\0\x80\0\x00"), serial, sizeof(serial)));
}

static void
test_identity(void)
{
    char text[64];

    CHECK(vpd_identity_format(BYTES("\0\x83\0\x22"
                                    "\x02\x01\0\x0a"
                                    "ACME    42"
                                    "\x61\x93\0\x04\0\0\0\x01"
                                    "\x01\x03\0\x08\x60\x01\x02\x03\x04\x05\x06\x07"),
                              text, sizeof(text)));
    CHECK_TEXT(text, "naa.6001020304050607");
    CHECK(vpd_identity_format(BYTES("\0\x83\0\x0e\x02\x01\0\x0a"
                                    "ACME    42"),
                              text, sizeof(text)));
    CHECK_TEXT(text, "t10.ACME    42");
    /* Only a port's name: no identity of the unit. */
    CHECK(!vpd_identity_format(BYTES("\0\x83\0\x08\x61\x93\0\x04\0\0\0\x01"), text, sizeof(text)));
    /* A designator that reaches past the page is not taken. */
    CHECK(!vpd_identity_format(BYTES("\0\x83\0\x08\x01\x03\0\x10\x60\x01\x02\x03"), text,
                               sizeof(text)));
}

static void
test_block_pages(void)
{
    struct vpd_block_limits limits;
    struct vpd_characteristics traits;
    struct vpd_provisioning thin;
    uint8_t b0[64] = {0, 0xb0, 0, 0x3c, 1, 2, 0, 8, 0, 0, 0x10, 0, 0, 0, 0x08, 0};

    b0[21] = 1;    /* unmap blocks 10000h */
    b0[27] = 0x20; /* descriptors */
    b0[31] = 8;    /* granularity */
    b0[32] = 0x80;
    b0[35] = 4;
    b0[43] = 7;
    CHECK(vpd_block_limits_parse(b0, sizeof(b0), &limits));
    CHECK(limits.write_same_nonzero && limits.compare_and_write_blocks_max == 2);
    CHECK(limits.transfer_granularity_blocks == 8 && limits.transfer_blocks_max == 0x1000);
    CHECK(limits.transfer_blocks_optimal == 0x800 && limits.unmap_blocks_max == 0x10000);
    CHECK(limits.unmap_descriptors_max == 0x20 && limits.unmap_granularity_blocks == 8);
    CHECK(limits.unmap_alignment_valid && limits.unmap_alignment_blocks == 4);
    CHECK(limits.write_same_blocks_max == 7);
    /* SBC-2 devices send 16 bytes. */
    b0[3] = 0x0c;
    CHECK(vpd_block_limits_parse(b0, sizeof(b0), &limits));
    CHECK(limits.transfer_blocks_max == 0x1000 && limits.unmap_blocks_max == 0);
    CHECK(!vpd_block_limits_parse(b0, 15, &limits));

    CHECK(vpd_characteristics_parse(BYTES("\0\xb1\0\x3c\0\x01\0\x03"), &traits));
    CHECK(traits.rotation_rate == 1 && traits.form_factor == 3);
    CHECK(vpd_provisioning_parse(BYTES("\0\xb2\0\x04\0\xe4\x02\0"), &thin));
    CHECK(thin.unmap && thin.write_same16_unmap && thin.write_same10_unmap);
    CHECK(thin.read_zeros == 1 && thin.type == 2 && !thin.anchor);
}

static void
test_any_bytes(void)
{
    static const uint8_t pages[] = {0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2};

    for (unsigned fill = 0; fill < 256; fill += 5) {
        for (size_t length = 1; length <= 72; length++) {
            for (unsigned p = 0; p < sizeof(pages); p++) {
                uint8_t *exact = malloc(length);
                uint8_t set[32];
                char text[20];
                struct inquiry q;
                struct vpd_block_limits limits;
                struct vpd_characteristics traits;
                struct vpd_provisioning thin;
                memset(exact, (int)fill, length);
                if (length > 1)
                    exact[1] = pages[p];
                inquiry_parse(exact, length, &q);
                vpd_supported_pages_parse(exact, length, set);
                vpd_serial_parse(exact, length, text, sizeof(text));
                vpd_identity_format(exact, length, text, sizeof(text));
                CHECK(memchr(text, 0, sizeof(text)) != NULL);
                vpd_block_limits_parse(exact, length, &limits);
                vpd_characteristics_parse(exact, length, &traits);
                vpd_provisioning_parse(exact, length, &thin);
                free(exact);
            }
        }
    }
}

int
main(void)
{
    test_standard();
    test_pages_and_serial();
    test_identity();
    test_block_pages();
    test_any_bytes();
    return check_failures != 0;
}
