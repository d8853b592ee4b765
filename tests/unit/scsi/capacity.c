/* READ CAPACITY, the caching page, REPORT LUNS and GET LBA STATUS, whole and damaged. */
#include "capacity.h"

#include <stdlib.h>

#include "check.h"

#define BYTES(literal) (const uint8_t *)(literal), sizeof(literal) - 1

static void
test_capacity(void)
{
    struct capacity c;

    CHECK(capacity10_parse(BYTES("\0\0\x07\xff\0\0\x02\0"), &c));
    CHECK(c.blocks == 2048 && c.block_size_bytes == 512);
    CHECK(!capacity10_too_large(BYTES("\0\0\x07\xff\0\0\x02\0")));
    CHECK(capacity10_too_large(BYTES("\xff\xff\xff\xff\0\0\x02\0")));
    CHECK(!capacity10_parse(BYTES("\0\0\x07\xff\0\0\0\0"), &c));
    CHECK(!capacity10_parse(BYTES("\0\0\x07\xff\0\0\x02"), &c));

    CHECK(capacity16_parse(BYTES("\0\0\0\x01\0\0\0\0\0\0\x10\0\x01\x03\xc0\x05"), &c));
    CHECK(c.blocks == UINT64_C(0x100000001) && c.block_size_bytes == 4096);
    CHECK(c.physical_exponent == 3 && c.provisioned_thin && c.unmapped_reads_zero);
    CHECK(c.aligned_lba == 5 && c.protection);
    CHECK(!capacity16_parse(BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\0\0\x02\0"), &c));
    CHECK(!capacity16_parse(BYTES("\0\0\0\0\0\0\0\0\0\0\0\0"), &c));
}

static void
test_caching(void)
{
    struct mode_caching m;

    CHECK(mode6_caching_parse(BYTES("\x17\0\x90\0\x08\x12\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
                              &m));
    CHECK(m.write_protected && m.dpo_fua && m.page_found && m.write_cache);
    /* A block descriptor and another page stand before it. */
    CHECK(mode6_caching_parse(BYTES("\x15\0\0\x08\0\0\0\0\0\0\x02\0"
                                    "\x01\x02\0\0"
                                    "\x88\x04\x01\0\0\0"),
                              &m));
    CHECK(m.page_found && !m.write_cache && m.read_cache_disabled);
    CHECK(mode10_caching_parse(BYTES("\0\x16\0\x10\0\0\0\0"
                                     "\x4a\x01\0\x04\0\0\0\0"
                                     "\x08\x06\x04\0\0\0\0\0"),
                               &m));
    CHECK(m.page_found && m.write_cache && !m.write_protected);
    CHECK(mode6_caching_parse(BYTES("\x03\0\0\0"), &m) && !m.page_found);
    CHECK(!mode6_caching_parse(BYTES("\x03\0\0"), &m));
    CHECK(!mode10_caching_parse(BYTES("\0\x06\0\0\0\0\0"), &m));
}

static void
test_report_luns(void)
{
    static const uint8_t list[] = {0,    0, 0, 0x28, 0, 0, 0, 0,  /* five entries */
                                   0,    0, 0, 0,    0, 0, 0, 0,  /* LUN 0 */
                                   0,    7, 0, 0,    0, 0, 0, 0,  /* LUN 7 */
                                   0x41, 2, 0, 0,    0, 0, 0, 0,  /* flat 258 */
                                   0xc1, 1, 0, 0,    0, 0, 0, 0,  /* well known */
                                   0,    1, 0, 1,    0, 0, 0, 0}; /* second level */
    uint16_t lun = 0;

    CHECK(report_luns_bytes(list, sizeof(list)) == 48);
    CHECK(report_luns_count(list, sizeof(list)) == 5);
    CHECK(report_luns_get(list, sizeof(list), 0, &lun) && lun == 0);
    CHECK(report_luns_get(list, sizeof(list), 1, &lun) && lun == 7);
    CHECK(report_luns_get(list, sizeof(list), 2, &lun) && lun == 258);
    CHECK(!report_luns_get(list, sizeof(list), 3, &lun));
    CHECK(!report_luns_get(list, sizeof(list), 4, &lun));
    CHECK(!report_luns_get(list, sizeof(list), 5, &lun));
    CHECK(report_luns_count(list, 31) == 2);
    CHECK(report_luns_count(list, 7) == 0);
    CHECK(report_luns_count(BYTES("\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0")) == 1);
}

static void
test_lba_status(void)
{
    static const uint8_t list[] = {0, 0, 0, 0x24, 0, 0, 0,    0, 0, 0, 0, 0, 0, 0,
                                   0, 9, 0, 0,    0, 5, 0,    0, 0, 0, 0, 0, 0, 0,
                                   0, 0, 0, 14,   0, 0, 0x10, 0, 1, 0, 0, 0};
    struct lba_status s;

    CHECK(lba_status_count(list, sizeof(list)) == 2);
    CHECK(lba_status_get(list, sizeof(list), 0, &s));
    CHECK(s.lba == 9 && s.blocks == 5 && s.state == LBA_STATE_MAPPED);
    CHECK(lba_status_get(list, sizeof(list), 1, &s));
    CHECK(s.lba == 14 && s.blocks == 4096 && s.state == LBA_STATE_DEALLOCATED);
    CHECK(!lba_status_get(list, sizeof(list), 2, &s));
    CHECK(lba_status_count(list, 39) == 1);
    CHECK(lba_status_count(BYTES("\0\0\0\0\0\0\0\0")) == 0);
}

static void
test_any_bytes(void)
{
    for (unsigned fill = 0; fill < 256; fill++) {
        for (size_t length = 1; length <= 64; length++) {
            uint8_t *exact = malloc(length);
            struct capacity c;
            struct mode_caching m;
            struct lba_status s;
            uint16_t lun;
            memset(exact, (int)fill, length);
            capacity10_parse(exact, length, &c);
            if (capacity16_parse(exact, length, &c))
                CHECK(c.blocks != 0 && c.block_size_bytes != 0);
            mode6_caching_parse(exact, length, &m);
            mode10_caching_parse(exact, length, &m);
            for (size_t i = 0; i < 9; i++) {
                report_luns_get(exact, length, i, &lun);
                lba_status_get(exact, length, i, &s);
            }
            CHECK(report_luns_count(exact, length) <= 7 && lba_status_count(exact, length) <= 3);
            free(exact);
        }
    }
}

int
main(void)
{
    test_capacity();
    test_caching();
    test_report_luns();
    test_lba_status();
    test_any_bytes();
    return check_failures != 0;
}
