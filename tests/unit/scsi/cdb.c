/* Builders against bytes written out from SPC-4 and SBC-3 by hand; text of what was built. */
#include "cdb.h"

#include "check.h"

static void
expect(const struct cdb *cdb, unsigned length, const char *bytes, const char *text)
{
    char got[128];

    CHECK(cdb->length == length);
    CHECK(memcmp(cdb->bytes, bytes, length) == 0);
    for (unsigned i = length; i < sizeof(cdb->bytes); i++)
        CHECK(cdb->bytes[i] == 0);
    cdb_format(cdb->bytes, cdb->length, got, sizeof(got));
    CHECK_TEXT(got, text);
}

static void
test_builders(void)
{
    struct cdb cdb;

    cdb_test_unit_ready(&cdb);
    expect(&cdb, 6, "\0\0\0\0\0\0", "TEST UNIT READY");
    cdb_request_sense(&cdb, 252, true);
    expect(&cdb, 6, "\x03\x01\0\0\xfc\0", "REQUEST SENSE length 252");
    cdb_inquiry(&cdb, 0x124);
    expect(&cdb, 6, "\x12\0\0\x01\x24\0", "INQUIRY length 292");
    cdb_inquiry_vpd(&cdb, 0x83, 0xff);
    expect(&cdb, 6, "\x12\x01\x83\0\xff\0", "INQUIRY VPD page 0x83 length 255");
    cdb_report_luns(&cdb, 0x1000);
    expect(&cdb, 12, "\xa0\0\0\0\0\0\0\0\x10\0\0\0", "REPORT LUNS length 4096");
    cdb_start_stop(&cdb, true, false);
    expect(&cdb, 6, "\x1b\0\0\0\x01\0", "START STOP UNIT start");
    cdb_start_stop(&cdb, false, true);
    expect(&cdb, 6, "\x1b\x01\0\0\0\0", "START STOP UNIT stop");
    cdb_read_capacity10(&cdb);
    expect(&cdb, 10, "\x25\0\0\0\0\0\0\0\0\0", "READ CAPACITY(10) length 8");
    cdb_read_capacity16(&cdb, 32);
    expect(&cdb, 16, "\x9e\x10\0\0\0\0\0\0\0\0\0\0\0\x20\0\0", "READ CAPACITY(16) length 32");
    cdb_mode_sense6(&cdb, 8, 192, true);
    expect(&cdb, 6, "\x1a\x08\x08\0\xc0\0", "MODE SENSE(6) page 0x08 length 192");
    cdb_mode_sense10(&cdb, 0x3f, 0x1234, false);
    expect(&cdb, 10, "\x5a\0\x3f\0\0\0\0\x12\x34\0", "MODE SENSE(10) page 0x3f length 4660");
    cdb_unmap(&cdb, 24);
    expect(&cdb, 10, "\x42\0\0\0\0\0\0\0\x18\0", "UNMAP length 24");
}

static void
test_medium(void)
{
    struct cdb cdb;

    cdb_read10(&cdb, 0x01020304, 0x0506, true);
    expect(&cdb, 10, "\x28\x08\x01\x02\x03\x04\0\x05\x06\0",
           "READ(10) lba 16909060 blocks 1286 FUA");
    cdb_write16(&cdb, 0x0102030405060708, 0x090a0b0c, false);
    expect(&cdb, 16, "\x8a\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\0\0",
           "WRITE(16) lba 72623859790382856 blocks 151653132");
    cdb_write10(&cdb, 1, 2, true);
    expect(&cdb, 10, "\x2a\x08\0\0\0\x01\0\0\x02\0", "WRITE(10) lba 1 blocks 2 FUA");
    cdb_read16(&cdb, 1, 2, true);
    expect(&cdb, 16, "\x88\x08\0\0\0\0\0\0\0\x01\0\0\0\x02\0\0", "READ(16) lba 1 blocks 2 FUA");
    cdb_synchronize_cache10(&cdb, 0, 0);
    expect(&cdb, 10, "\x35\0\0\0\0\0\0\0\0\0", "SYNCHRONIZE CACHE(10) lba 0 blocks 0");
    cdb_synchronize_cache16(&cdb, 1, 0);
    expect(&cdb, 16, "\x91\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0",
           "SYNCHRONIZE CACHE(16) lba 1 blocks 0");
    cdb_write_same16(&cdb, 5, 6, true, true);
    expect(&cdb, 16, "\x93\x09\0\0\0\0\0\0\0\x05\0\0\0\x06\0\0",
           "WRITE SAME(16) lba 5 blocks 6 UNMAP");
    cdb_get_lba_status(&cdb, 7, 24);
    expect(&cdb, 16, "\x9e\x12\0\0\0\0\0\0\0\x07\0\0\0\x18\0\0", "GET LBA STATUS lba 7 length 24");
}

/* The short form reaches block FFFFFFFFh and 65,535 blocks, not one further. */
static void
test_form_choice(void)
{
    struct cdb cdb;

    cdb_read(&cdb, UINT32_MAX, UINT16_MAX, false);
    CHECK(cdb.bytes[0] == CDB_OP_READ10);
    cdb_read(&cdb, (uint64_t)UINT32_MAX + 1, 1, false);
    CHECK(cdb.bytes[0] == CDB_OP_READ16);
    cdb_write(&cdb, 0, UINT16_MAX + 1, false);
    CHECK(cdb.bytes[0] == CDB_OP_WRITE16);
    cdb_write(&cdb, 0, UINT16_MAX, false);
    CHECK(cdb.bytes[0] == CDB_OP_WRITE10);
}

static void
test_decode(void)
{
    struct cdb_info info;

    CHECK(cdb_decode((const uint8_t *)"\x08\xff\xff\xff\0\0", 6, &info));
    CHECK(info.lba == 0x1fffff && info.blocks == 256);
    CHECK(info.direction == CDB_DIRECTION_IN);
    CHECK(cdb_decode((const uint8_t *)"\xaa\x08\0\0\0\x09\0\0\0\x02\0\0", 12, &info));
    CHECK(info.lba == 9 && info.blocks == 2 && info.fua);
    CHECK(cdb_decode((const uint8_t *)"\x89\0\0\0\0\0\0\0\0\x03\0\0\0\x01\0\0", 16, &info));
    CHECK(info.lba == 3 && info.blocks == 1);
    CHECK(cdb_decode((const uint8_t *)"\x2f\0\0\0\0\x03\0\0\x01\0", 10, &info));
    CHECK(info.direction == CDB_DIRECTION_NONE);
    CHECK(cdb_decode((const uint8_t *)"\x2f\x02\0\0\0\x03\0\0\x01\0", 10, &info));
    CHECK(info.direction == CDB_DIRECTION_OUT);
    CHECK(!cdb_decode((const uint8_t *)"\x28\0\0", 3, &info));
    CHECK(info.known && !info.has_blocks);
    CHECK(!cdb_decode((const uint8_t *)"", 0, &info));
    CHECK(cdb_decode((const uint8_t *)"\xc1\x02", 2, &info));
    CHECK(!info.known);
}

/* Every opcode, cut at every length, into text of every size: nothing read or written outside. */
static void
test_any_bytes(void)
{
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        for (size_t length = 0; length <= 16; length++) {
            uint8_t exact[16];
            char text[64];
            struct cdb_info info;
            memset(exact, 0xff, sizeof(exact));
            exact[0] = (uint8_t)opcode;
            cdb_decode(exact, length, &info);
            CHECK(info.name != NULL);
            memset(text, '#', sizeof(text));
            int want = cdb_format(exact, length, text, 20);
            CHECK(want > 0 && text[20] == '#' && memchr(text, 0, 20) != NULL);
            CHECK(cdb_format(exact, length, NULL, 0) == want);
        }
    }
    CHECK(cdb_length_by_opcode(0x12) == 6 && cdb_length_by_opcode(0x28) == 10);
    CHECK(cdb_length_by_opcode(0x88) == 16 && cdb_length_by_opcode(0xa0) == 12);
    CHECK(cdb_length_by_opcode(0x7f) == 0 && cdb_length_by_opcode(0xc0) == 0);
}

static void
test_unmap_list(void)
{
    uint8_t list[UNMAP_HEADER_BYTES + 2 * UNMAP_DESCRIPTOR_BYTES];

    memset(list, 0xee, sizeof(list));
    unmap_header_put(list, 2);
    unmap_descriptor_put(list, 0, 0x1122, 0x10);
    unmap_descriptor_put(list, 1, UINT64_C(0x0102030405060708), UINT32_MAX);
    CHECK(memcmp(list, "\0\x26\0\x20\0\0\0\0", 8) == 0);
    CHECK(memcmp(list + 8, "\0\0\0\0\0\0\x11\x22\0\0\0\x10\0\0\0\0", 16) == 0);
    CHECK(memcmp(list + 24, "\x01\x02\x03\x04\x05\x06\x07\x08\xff\xff\xff\xff\0\0\0\0", 16) == 0);
}

int
main(void)
{
    test_builders();
    test_medium();
    test_form_choice();
    test_decode();
    test_any_bytes();
    test_unmap_list();
    return check_failures != 0;
}
