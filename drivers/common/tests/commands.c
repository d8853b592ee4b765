/*
 * The command set from outside: CDB and data in, status, sense and data out, row after row on one
 * ramdisk of 2 MiB with 3 units, first in legacy SRBs, then in extended ones.
 */
#include "fake_port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 512u
#define BLOCKS 4096u
#define ANY_DATA UINT32_MAX

struct row {
    const char *name;
    const char *cdb; /* hexadecimal */
    const char *out; /* parameter data, hexadecimal; with fill: none */
    ULONG length;    /* the SRB's DataTransferLength */
    UCHAR lun;
    UCHAR fill; /* data is `length` bytes of this, if no out */
    UCHAR key;  /* 0: GOOD is expected */
    USHORT code;
    const char *sense;  /* bytes from 15 on (fixed) or 8 on (descriptor), hexadecimal */
    const char *in;     /* data expected, "..": any byte; as far as it goes */
    LONG in_fill;       /* every byte moved is this minus one */
    ULONG moved;        /* DataTransferLength expected; with key: 0 */
    UCHAR srb_status;   /* if neither SUCCESS nor, with a key, ERROR */
    UCHAR information;  /* information field, if it is to be valid */
    BOOLEAN descriptor; /* sense comes in descriptor format */
};

#define OVERRUN .srb_status = SRB_STATUS_DATA_OVERRUN

/* clang-format off */
static const struct row rows[] = {
    /* Unit attention: first command of each unit, but for three. */
    {"INQUIRY before attention", "120000006000", .length = 96, .moved = 96,
     .in = "000006125b000002" "4f50454e53544f52" "52414d206469736b2020202020202020"
           "30303031"},
    {"REPORT LUNS before attention", "a00000000000000000200000", .length = 32, .moved = 32,
     .in = "0000001800000000" "0000000000000000" "0001000000000000" "0002000000000000"},
    {"attention: power on", "000000000000", .key = 6, .code = 0x2901},
    {"attention is gone", "000000000000", .moved = 0},
    {"attention is per unit", "000000000000", .lun = 1, .key = 6, .code = 0x2901},
    {"REQUEST SENSE takes it", "030000001200", .lun = 2, .length = 18, .moved = 18,
     .in = "70000600000000" "0a" "000000002901"},
    {"and only once", "030000001200", .lun = 2, .length = 18, .moved = 18,
     .in = "70000000000000" "0a" "000000000000"},
    {"REQUEST SENSE descriptor", "030100001200", .length = 18, .moved = 8, OVERRUN,
     .in = "7200000000000000"},

    /* No such unit. */
    {"INQUIRY of no unit", "120000002400", .lun = 3, .length = 36, .moved = 36, .in = "7f0006"},
    {"VPD of no unit", "120180002400", .lun = 3, .length = 36, .key = 5, .code = 0x2500},
    {"TUR of no unit", "000000000000", .lun = 3, .key = 5, .code = 0x2500},
    {"READ of no unit", "28000000000000000100", .lun = 200, .length = 512, .key = 5,
     .code = 0x2500},
    {"REQUEST SENSE of no unit", "030000001200", .lun = 3, .length = 18, .moved = 18,
     .in = "700005000000000a000000002500"},
    {"unknown code, no unit", "0f0000000000", .lun = 3, .key = 5, .code = 0x2500},
    {"REPORT LUNS of no unit", "a00000000000000000100000", .lun = 9, .length = 16, .moved = 16,
     .in = "00000018"},

    /* INQUIRY. */
    {"allocation cuts", "120000000500", .length = 36, .moved = 5, OVERRUN, .in = "000006125b"},
    {"buffer cuts", "120000006000", .length = 10, .moved = 10, OVERRUN, .in = "000006125b"},
    {"allocation 0", "120000000000", .moved = 0},
    {"page without EVPD", "120080002400", .length = 36, .key = 5, .code = 0x2400,
     .sense = "c00002"},
    {"CMDDT", "120200002400", .length = 36, .key = 5, .code = 0x2400, .sense = "c90001"},
    {"VPD 00", "12010000ff00", .length = 255, .moved = 10, OVERRUN, .in = "00000006008083b0b1b2"},
    {"VPD 80", "12018000ff00", .length = 24, .moved = 24, .in = "00800014"},
    {"VPD 83", "12018300ff00", .length = 64, .moved = 64,
     .in = "0083003c" "010300083" ".............." "." "0201002c" "4f50454e53544f52"},
    {"VPD B0", "1201b000ff00", .length = 64, .moved = 64,
     .in = "00b0003c" "0180" "0008" "00000800" "00000000" "00000000" "ffffffff" "00000100"
           "00000008" "80000000" "0000000000020000"},
    {"VPD B1", "1201b100ff00", .length = 64, .moved = 64, .in = "00b1003c0001"},
    {"VPD B2", "1201b200ff00", .length = 8, .moved = 8, .in = "00b2000400e40200"},
    {"VPD 84", "12018400ff00", .length = 8, .key = 5, .code = 0x2400, .sense = "c00002"},

    /* REPORT LUNS. */
    {"well known only", "a00001000000000000100000", .length = 16, .moved = 8, OVERRUN,
     .in = "0000000000000000"},
    {"all", "a00002000000000000200000", .length = 32, .moved = 32, .in = "00000018"},
    {"select report 3", "a00003000000000000200000", .length = 32, .key = 5, .code = 0x2400,
     .sense = "c00002"},
    {"cut in an entry", "a000000000000000000a0000", .length = 10, .moved = 10,
     .in = "00000018000000000000"},

    /* Capacity. */
    {"READ CAPACITY(10)", "25000000000000000000", .length = 8, .moved = 8,
     .in = "00000fff00000200"},
    {"READ CAPACITY(10), address", "25000000000100000000", .length = 8, .key = 5, .code = 0x2400,
     .sense = "c80005"},
    {"READ CAPACITY(16)", "9e1000000000000000000000002000" "00", .length = 32, .moved = 32,
     .in = "0000000000000fff" "00000200" "0003c000"},
    {"READ CAPACITY(16) short", "9e1000000000000000000000000c0000", .length = 12, .moved = 12,
     .in = "0000000000000fff"},
    {"service action", "9e1100000000000000000000002000" "00", .length = 32, .key = 5,
     .code = 0x2400, .sense = "cc0001"},

    /* Codes. */
    {"unknown code", "0f0000000000", .key = 5, .code = 0x2000},
    {"vendor code", "c00000000000000000000000", .key = 5, .code = 0x2000},
    {"FORMAT UNIT", "040000000000", .key = 5, .code = 0x2000},
    {"reserved bit", "000000010000", .key = 5, .code = 0x2400, .sense = "c80003"},
    {"NACA", "000000000004", .key = 5, .code = 0x2400, .sense = "ca0005"},

    /* READ and WRITE. */
    {"never written", "28000000000000000200", .length = 1024, .moved = 1024, .in_fill = 1},
    {"WRITE(10)", "2a000000000100000200", .length = 1024, .fill = 0x11, .moved = 1024},
    {"READ(10)", "28000000000100000200", .length = 1024, .moved = 1024, .in_fill = 0x12},
    {"block before", "28000000000000000100", .length = 512, .moved = 512, .in_fill = 1},
    {"block after", "28000000000300000100", .length = 512, .moved = 512, .in_fill = 1},
    {"WRITE(6)", "0a0000050100", .length = 512, .fill = 0x22, .moved = 512},
    {"READ(6)", "080000050100", .length = 512, .moved = 512, .in_fill = 0x23},
    {"WRITE(12) FUA", "aa080000000600000001" "0000", .length = 512, .fill = 0x33, .moved = 512},
    {"READ(12) DPO", "a810000000060000000" "10000", .length = 512, .moved = 512, .in_fill = 0x34},
    {"WRITE(16)", "8a000000000000000007000000010000", .length = 512, .fill = 0x44, .moved = 512},
    {"READ(16) FUA", "88080000000000000007000000010000", .length = 512, .moved = 512,
     .in_fill = 0x45},
    {"WRITE(6) of 256 blocks", "0a00000a0000", .length = 131072, .fill = 0x55, .moved = 131072},
    {"its last block", "28000000010900000100", .length = 512, .moved = 512, .in_fill = 0x56},
    {"over a chunk's edge", "2a00000001ff00000200", .length = 1024, .fill = 0x66, .moved = 1024},
    {"read over it", "2800000001ff00000200", .length = 1024, .moved = 1024, .in_fill = 0x67},
    {"other unit", "28000000000100000200", .lun = 1, .length = 1024, .moved = 1024, .in_fill = 1},
    {"last block", "2a0000000fff00000100", .length = 512, .fill = 0x77, .moved = 512},
    {"READ of 0 blocks", "28000000000000000000", .moved = 0},
    {"READ of 0 blocks at the end", "28000000100000000000", .moved = 0},
    {"WRITE of 0 blocks", "2a000000000000000000", .moved = 0},
    {"READ past the end", "28000000100000000100", .length = 512, .key = 5, .code = 0x2100,
     .information = 1},
    {"READ half past the end", "2800000" "00fff00000200", .length = 1024, .key = 5,
     .code = 0x2100, .information = 1},
    {"WRITE past the end", "2a0000001000" "00000100", .length = 512, .key = 5, .code = 0x2100,
     .information = 1},
    {"READ(16) far away", "8800ffffffffffffffff000000010000", .length = 512, .key = 5,
     .code = 0x2100},
    {"READ(16) that wraps", "8800fffffffffffffffe000000040000", .length = 512, .key = 5,
     .code = 0x2100},
    {"READ(16) of 2^32-1 blocks", "8800000000000000000" "0ffffffff0000", .length = 512, .key = 5,
     .code = 0x2100, .information = 1},
    {"READ(6) past the end", "081000000100", .length = 512, .key = 5, .code = 0x2100,
     .information = 1},
    {"READ, buffer longer", "28000000000100000100", .length = 1024, .moved = 512, OVERRUN},
    {"READ, buffer shorter", "28000000000100000200", .length = 600, .moved = 512, OVERRUN,
     .in_fill = 0x12},
    {"READ, no buffer", "28000000000100000200", .moved = 0, OVERRUN},
    {"WRITE, buffer shorter", "2a000000000100000200", .length = 512, .fill = 0x99, .moved = 0,
     OVERRUN},
    {"wrote nothing", "28000000000100000100", .length = 512, .moved = 512, .in_fill = 0x12},
    {"WRITE, buffer longer", "2a000000000100000100", .length = 1024, .fill = 0x11, .moved = 512,
     OVERRUN},
    {"READ(10) too long", "28000000000000080100", .length = 512, .key = 5, .code = 0x2400,
     .sense = "c00007"},
    {"WRITE(12) too long", "aa0000000000000008010000", .length = 512, .key = 5, .code = 0x2400,
     .sense = "c00006"},
    {"READ(16) too long", "88000000000000000000000008010000", .length = 512, .key = 5,
     .code = 0x2400, .sense = "c0000a"},
    {"RDPROTECT", "28200000000100000100", .length = 512, .key = 5, .code = 0x2400,
     .sense = "cd0001"},
    {"group number", "28000000000101000100", .length = 512, .key = 5, .code = 0x2400,
     .sense = "c80006"},

    /* VERIFY. */
    {"VERIFY(10)", "2f000000000100000200", .moved = 0},
    {"VERIFY(16)", "8f000000000000000000000010000000", .moved = 0},
    {"VERIFY(16) past the end", "8f000000000000000000000010010000", .key = 5, .code = 0x2100,
     .information = 1},
    {"VERIFY(10) BYTCHK", "2f020000000100000200", .length = 1024, .fill = 0x11, .moved = 1024},
    {"VERIFY(12) BYTCHK", "af0200000001000000020000", .length = 1024, .fill = 0x11,
     .moved = 1024},
    {"VERIFY BYTCHK differs", "2f020000000200000200", .length = 1024, .fill = 0x11, .key = 0xe,
     .code = 0x1d00, .information = 1},
    {"VERIFY BYTCHK 3", "2f060000000100000200", .length = 512, .fill = 0x11, .moved = 512},
    {"VERIFY BYTCHK 3 differs", "2f060000000100000300", .length = 512, .fill = 0x11, .key = 0xe,
     .code = 0x1d00, .information = 1},
    {"VERIFY BYTCHK 2", "2f040000000100000200", .length = 512, .key = 5, .code = 0x2400,
     .sense = "ca0001"},
    {"VERIFY BYTCHK, no data", "2f020000000100000200", .moved = 0, OVERRUN},
    {"VERIFY of 0 blocks", "2f020000000100000000", .moved = 0},

    /* SYNCHRONIZE CACHE. */
    {"SYNCHRONIZE CACHE(10)", "35000000000000000000", .moved = 0},
    {"SYNCHRONIZE CACHE(10) IMMED", "35020000000000000000", .moved = 0},
    {"SYNCHRONIZE CACHE(16)", "91000000000000000000000000000000", .moved = 0},
    {"SYNCHRONIZE CACHE past the end", "35000000100100000000", .key = 5, .code = 0x2100,
     .information = 1},

    /* COMPARE AND WRITE. */
    {"equal", "89000000000000000001000000010000", "", .length = 1024, .fill = 0x11,
     .moved = 1024},
    {"different", "8900000000000000000500000001" "0000", .length = 1024, .fill = 0x11, .key = 0xe,
     .code = 0x1d00, .information = 1},
    {"over a chunk's edge, equal", "890000000000000001ff000000020000", .length = 2048,
     .fill = 0x66, .moved = 2048},
    {"COMPARE of 0 blocks", "89000000000000000001000000000000", .moved = 0},
    {"COMPARE too long", "89000000000000000001000000ff0000", .length = 512, .key = 5,
     .code = 0x2400, .sense = "c0000d"},
    {"COMPARE, half the data", "89000000000000000001000000010000", .length = 512, .moved = 0,
     OVERRUN},

    /* UNMAP. */
    {"UNMAP one", "42000000000000001800", "0016001000000000" "0000000000000005" "00000001"
     "00000000", .length = 24, .moved = 24},
    {"unmapped reads zeros", "28000000000500000100", .length = 512, .moved = 512, .in_fill = 1},
    {"neighbour stays", "28000000000600000100", .length = 512, .moved = 512, .in_fill = 0x34},
    {"UNMAP two", "42000000000000002800", "0026002000000000" "0000000000000006" "00000001"
     "00000000" "0000000000000007" "00000001" "00000000", .length = 40, .moved = 40},
    {"both read zeros", "28000000000600000200", .length = 1024, .moved = 1024, .in_fill = 1},
    {"UNMAP past the end", "42000000000000001800", "0016001000000000" "0000000000000fff"
     "00000002" "00000000", .length = 24, .key = 5, .code = 0x2100, .information = 1},
    {"and did nothing", "2800000" "00fff00000100", .length = 512, .moved = 512, .in_fill = 0x78},
    {"UNMAP wraps", "42000000000000001800", "0016001000000000" "ffffffffffffffff" "00000001"
     "00000000", .length = 24, .key = 5, .code = 0x2100},
    {"UNMAP nothing", "42000000000000000000", .moved = 0},
    {"UNMAP header only", "42000000000000000800", "0006000000000000", .length = 8, .moved = 8},
    {"UNMAP short list", "42000000000000000700", "00050000000000", .length = 7, .key = 5,
     .code = 0x1a00},
    {"UNMAP list longer than sent", "42000000000000001800", "00ff00f000000000"
     "0000000000000008" "00000001" "00000000", .length = 24, .moved = 24},
    {"UNMAP data missing", "42000000000000001800", "0016001000000000", .length = 8, .moved = 0,
     OVERRUN},
    {"UNMAP anchor", "42010000000000001800", .length = 24, .key = 5, .code = 0x2400,
     .sense = "c80001"},

    /* WRITE SAME. */
    {"WRITE SAME(10)", "41000000002000000800", .length = 512, .fill = 0xab, .moved = 512},
    {"its blocks", "28000000002000000800", .length = 4096, .moved = 4096, .in_fill = 0xac},
    {"WRITE SAME(16) NDOB", "93010000000000000021000000010000", .moved = 0},
    {"its block", "28000000002100000100", .length = 512, .moved = 512, .in_fill = 1},
    {"before it", "28000000002000000100", .length = 512, .moved = 512, .in_fill = 0xac},
    {"WRITE SAME(16) UNMAP", "93080000000000000022000000020000", .length = 512, .moved = 512},
    {"its blocks are zero", "28000000002200000200", .length = 1024, .moved = 1024, .in_fill = 1},
    {"WRITE SAME UNMAP of a pattern", "41080000002200000100", .length = 512, .fill = 0xcd,
     .moved = 512},
    {"is written", "28000000002200000100", .length = 512, .moved = 512, .in_fill = 0xce},
    {"WRITE SAME, count 0", "41000000002000000000", .length = 512, .key = 5, .code = 0x2400,
     .sense = "c00007"},
    {"WRITE SAME(16), count 0", "93000000000000000020000000000000", .length = 512, .key = 5,
     .code = 0x2400, .sense = "c0000a"},
    {"WRITE SAME past the end", "4100000" "0100000000100", .length = 512, .key = 5,
     .code = 0x2100, .information = 1},
    {"WRITE SAME, no data", "41000000002000000100", .moved = 0, OVERRUN},
    {"WRITE SAME anchor", "93100000000000000020000000010000", .length = 512, .key = 5,
     .code = 0x2400, .sense = "cc0001"},
    {"long pattern", "93000000000000000400000004000000", .length = 512, .fill = 0x3c,
     .moved = 512},
    {"its end", "2800000007ff00000100", .length = 512, .moved = 512, .in_fill = 0x3d},

    /* GET LBA STATUS: chunks of 512 blocks; 0, 1, 2, 3 and 7 are in use. */
    {"unmapped between", "9e12000000000000080000000100" "0000", .length = 40, .moved = 40,
     .in = "0000002400000000" "0000000000000800" "00000600" "01000000"
           "0000000000000e00" "00000200" "00000000"},
    {"one descriptor fits", "9e120000000000000801000000180000", .length = 24, .moved = 24,
     .in = "0000001400000000" "0000000000000801" "000005ff" "01000000"},
    {"past the end", "9e120000000000001000000000180000", .length = 24, .key = 5, .code = 0x2100,
     .information = 1},

    /* MODE SENSE and MODE SELECT. */
    {"MODE SENSE(6) caching", "1a080800c000", .length = 24, .moved = 24,
     .in = "17001000" "0812" "00000000000000000000000000000000000" "0"},
    {"with block descriptor", "1a000800c000", .length = 32, .moved = 32,
     .in = "1f001008" "0000100000000200" "0812"},
    {"MODE SENSE(10) caching", "5a080800000000010000", .length = 28, .moved = 28,
     .in = "001a001000000000" "0812"},
    {"long LBA", "5a100a00000000010000", .length = 36, .moved = 36,
     .in = "0022001001000010" "0000000000001000" "00000000" "00000200" "0a0a0010"},
    {"all pages", "1a083f00ff00", .length = 255, .moved = 60, OVERRUN, .in = "3b001000" "010a"},
    {"all pages and subpages", "1a083fffff00", .length = 60, .moved = 60, .in = "3b001000"},
    {"changeable control", "1a084a00ff00", .length = 16, .moved = 16,
     .in = "0f001000" "0a0a04000000000000000000"},
    {"changeable caching: no cache", "1a084800ff00", .length = 24, .moved = 24,
     .in = "17001000" "081200"},
    {"default", "1a088a00ff00", .length = 16, .moved = 16, .in = "0f001000" "0a0a0010"},
    {"saved", "1a08ca00ff00", .length = 16, .key = 5, .code = 0x3900},
    {"no such page", "1a080500ff00", .length = 16, .key = 5, .code = 0x2400, .sense = "cd0002"},
    {"no such subpage", "1a080801ff00", .length = 16, .key = 5, .code = 0x2400,
     .sense = "c00003"},
    {"MODE SELECT, same values", "151000001800", "00000000" "0812"
     "000000000000000000000000000000000000", .length = 24, .moved = 24},
    {"MODE SELECT WCE: cannot be", "151000001800", "00000000" "0812"
     "040000000000000000000000000000000000", .length = 24, .key = 5, .code = 0x2600,
     .sense = "800006"},
    {"MODE SELECT, page length", "151000001800", "00000000" "0810"
     "000000000000000000000000000000000000", .length = 24, .key = 5, .code = 0x2600,
     .sense = "800005"},
    {"MODE SELECT, unknown page", "151000000800", "00000000" "05020000", .length = 8, .key = 5,
     .code = 0x2600, .sense = "8d0004"},
    {"MODE SELECT, cut page", "151000001000", "00000000" "081200000000000000000000",
     .length = 16, .key = 5, .code = 0x1a00},
    {"MODE SELECT, short header", "151000000300", "000000", .length = 3, .key = 5,
     .code = 0x1a00},
    {"MODE SELECT, nothing", "151000000000", .moved = 0},
    {"MODE SELECT, PF 0", "150000000400", "00000000", .length = 4, .key = 5, .code = 0x2400,
     .sense = "cc0001"},
    {"MODE SELECT, SP", "151100000400", "00000000", .length = 4, .key = 5, .code = 0x2400,
     .sense = "c80001"},
    {"MODE SELECT, other block size", "151000000c00", "00000008" "0000000000001000",
     .length = 12, .key = 5, .code = 0x2600, .sense = "800009"},
    {"MODE SELECT, same block size", "151000000c00", "00000008" "0000100000000200",
     .length = 12, .moved = 12},
    {"MODE SELECT, other capacity", "151000000c00", "00000008" "0000080000000200",
     .length = 12, .key = 5, .code = 0x2600, .sense = "800004"},
    {"MODE SELECT, descriptor past the list", "151000000400", "00000008", .length = 4, .key = 5,
     .code = 0x1a00},
    {"MODE SELECT(10), long descriptor", "55100000000000001800", "0000000001000010"
     "0000000000001000" "00000000" "00000200", .length = 24, .moved = 24},

    /* Descriptor sense. */
    {"D_SENSE on", "151000001000", "00000000" "0a0a04100000" "0000ffff0000", .length = 16,
     .moved = 16},
    {"D_SENSE is current", "1a080a00ff00", .length = 16, .moved = 16, .in = "0f001000"
     "0a0a0410"},
    {"information descriptor", "8800ffffffffffffffff000000010000", .length = 512, .key = 5,
     .code = 0x2100, .descriptor = TRUE, .sense = "000a8000ffffffffffffffff"},
    {"field pointer descriptor", "120080002400", .length = 36, .key = 5, .code = 0x2400,
     .descriptor = TRUE, .sense = "02060000c0000200"},
    {"list pointer descriptor", "151000000800", "00000000" "05020000", .length = 8, .key = 5,
     .code = 0x2600, .descriptor = TRUE, .sense = "020600008d000400"},
    {"other unit stays fixed", "0f0000000000", .lun = 1, .key = 5, .code = 0x2000},
    {"D_SENSE off", "55100000000000001400", "0000000000000000" "0a0a00100000" "0000ffff0000",
     .length = 20, .moved = 20},

    /* START STOP UNIT. */
    {"stop", "1b0000000000", .moved = 0},
    {"TUR while stopped", "000000000000", .key = 2, .code = 0x0402},
    {"READ while stopped", "28000000000000000100", .length = 512, .key = 2, .code = 0x0402},
    {"INQUIRY while stopped", "120000002400", .length = 36, .moved = 36, .in = "00"},
    {"REQUEST SENSE while stopped", "030000001200", .length = 18, .moved = 18,
     .in = "70000200000000" "0a" "000000000402"},
    {"MODE SENSE while stopped", "1a080800c000", .length = 24, .moved = 24},
    {"other unit runs", "000000000000", .lun = 1},
    {"start", "1b0000000100", .moved = 0},
    {"TUR after start", "000000000000", .moved = 0},
    {"load or eject", "1b0000000200", .key = 5, .code = 0x2400, .sense = "c90004"},

    /* REPORT SUPPORTED OPERATION CODES. */
    {"one command", "a30c01280000000000200000", .length = 14, .moved = 14,
     .in = "0003000a" "2818ffffffff00ffff00"},
    {"with time-outs", "a30c81000000000000200000", .length = 22, .moved = 22,
     .in = "00830006" "000000000000" "000a0000" "0000000000000000"},
    {"not supported", "a30c010f0000000000200000", .length = 4, .moved = 4, .in = "00010000"},
    {"with service action", "a30c029e0010000000200000", .length = 20, .moved = 20,
     .in = "00030010" "9e10"},
    {"service action not there", "a30c029e0011000000200000", .length = 4, .moved = 4,
     .in = "00010000"},
    {"service action missing", "a30c019e0000000000200000", .length = 4, .key = 5, .code = 0x2400,
     .sense = "ca0002"},
    {"service action too many", "a30c02280000000000200000", .length = 4, .key = 5,
     .code = 0x2400, .sense = "ca0002"},
    {"either way", "a30c039e0012000000200000", .length = 20, .moved = 20, .in = "000300109e12"},
    {"options 4", "a30c04280000000000200000", .length = 4, .key = 5, .code = 0x2400,
     .sense = "ca0002"},
    {"all commands", "a30c00000000000000080000", .length = 8, .moved = 8},
    {"maintenance action", "a30a00000000000000080000", .length = 8, .key = 5, .code = 0x2400,
     .sense = "cc0001"},
};
/* clang-format on */

static unsigned failures;

static void
fail(const struct row *row, enum fake_form form, const char *what, unsigned long got,
     unsigned long want)
{
    fprintf(stderr, "%s (%s): %s %lx, want %lx\n", row->name,
            form == FAKE_LEGACY ? "legacy" : "extended", what, got, want);
    failures++;
}

static int
digit(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static ULONG
hex(const char *text, UCHAR *out)
{
    ULONG length = 0;

    for (; text && text[0]; text += 2)
        out[length++] = (UCHAR)(digit(text[0]) << 4 | digit(text[1]));
    return length;
}

/* "." stands for any digit. */
static void
check_data(const struct row *row, enum fake_form form, const UCHAR *data, ULONG moved)
{
    for (ULONG i = 0; row->in && row->in[i]; i++) {
        UCHAR half = i / 2 < moved ? (i & 1 ? data[i / 2] & 15 : data[i / 2] >> 4) : 0xff;
        if (row->in[i] != '.' && half != digit(row->in[i])) {
            fail(row, form, "data at digit", i, half);
            return;
        }
    }
    for (ULONG i = 0; row->in_fill && i < moved; i++) {
        if (data[i] != (UCHAR)(row->in_fill - 1)) {
            fail(row, form, "data", data[i], (unsigned long)row->in_fill - 1);
            return;
        }
    }
}

static void
check_sense(const struct row *row, const struct fake_request *r)
{
    UCHAR want[32];
    ULONG length = hex(row->sense, want);
    ULONG at = row->descriptor ? 8 : 15;
    UCHAR code = row->descriptor ? 0x72 : (row->information ? 0xf0 : 0x70);
    UCHAR key = row->descriptor ? r->sense[1] : r->sense[2];
    const UCHAR *asc = row->descriptor ? r->sense + 2 : r->sense + 12;

    if (r->sense_length < at)
        fail(row, r->form, "sense length", r->sense_length, at);
    if (r->sense[0] != code)
        fail(row, r->form, "response code", r->sense[0], code);
    if (key != row->key)
        fail(row, r->form, "key", key, row->key);
    if ((asc[0] << 8 | asc[1]) != row->code)
        fail(row, r->form, "code", (unsigned long)(asc[0] << 8 | asc[1]), row->code);
    if (length != 0 && memcmp(r->sense + at, want, length) != 0)
        fail(row, r->form, "sense specific byte", r->sense[at], want[0]);
}

static void
run(const struct row *row, enum fake_form form)
{
    struct fake_request r = {.form = form, .function = SRB_FUNCTION_EXECUTE_SCSI, .lun = row->lun};
    UCHAR parameter[256];
    UCHAR *data = row->length ? malloc(row->length) : NULL;
    UCHAR status = row->key ? SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID : SRB_STATUS_SUCCESS;

    if (data)
        memset(data, row->fill, row->length);
    if (row->out && data) {
        ULONG length = hex(row->out, parameter);
        memcpy(data, parameter, length < row->length ? length : row->length);
    }
    r.cdb_length = (UCHAR)hex(row->cdb, r.cdb);
    r.data = data;
    r.data_length = row->length;
    r.sense_length = 32;
    fake_send(&r);
    if (row->srb_status)
        status = row->srb_status;
    if (r.completions != 1)
        fail(row, form, "completions", r.completions, 1);
    if (r.srb_status != status)
        fail(row, form, "SRB status", r.srb_status, status);
    if (r.scsi_status != (row->key ? SCSISTAT_CHECK_CONDITION : SCSISTAT_GOOD))
        fail(row, form, "SCSI status", r.scsi_status, row->key ? 2 : 0);
    if (r.data_length != row->moved)
        fail(row, form, "length", r.data_length, row->moved);
    if (row->key)
        check_sense(row, &r);
    else if (r.data_length == row->moved)
        check_data(row, form, data, row->moved);
    free(data);
}

int
main(void)
{
    static const char *const values[] = {"Size=2M", "Luns:3", NULL};

    for (int form = FAKE_LEGACY; form <= FAKE_EXTENDED; form++) {
        fake_registry_set(values);
        if (fake_adapter_start() != SP_RETURN_FOUND)
            return 1;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            run(&rows[i], (enum fake_form)form);
        if (fake_queue_depth() != 250)
            failures++;
        fake_adapter_stop();
        if (fake_pool_outstanding() != 0)
            failures++;
    }
    printf("%zu rows in two forms, %u failures\n", sizeof(rows) / sizeof(rows[0]), failures);
    return failures != 0;
}
