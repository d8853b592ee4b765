/*
 * Copies and conversions. DDI: StorPortMoveMemory, StorPortConvertUlongToPhysicalAddress (which
 * documents StorPortConvertPhysicalAddressToULong64 as well).
 *
 * Covers: StorPortMoveMemory StorPortConvertUlongToPhysicalAddress
 * Covers: StorPortConvertPhysicalAddressToULong64
 */
#include "harness.h"

#include <string.h>

/* Copies Length bytes from ReadBuffer to WriteBuffer, and no more. */
static void
copies(void)
{
    char from[64], to[64];

    rig_start();
    for (unsigned i = 0; i < 64; i++)
        from[i] = (char)(i + 1);
    memset(to, 0, sizeof(to));
    StorPortMoveMemory(to + 4, from, 40);
    CHECK(!memcmp(to + 4, from, 40));
    CHECK(!to[3] && !to[44]);
    StorPortMoveMemory(to, from, 0);
    CHECK(!to[0]);
}

/* It moves: buffers may overlap, either way. */
static void
overlapping(void)
{
    char text[32] = "0123456789";

    rig_start();
    StorPortMoveMemory(text + 2, text, 10);
    CHECK(!memcmp(text, "010123456789", 12));
    StorPortMoveMemory(text, text + 2, 10);
    CHECK(!memcmp(text, "0123456789", 10));
}

/* The physical address that corresponds to the unsigned long address, and back to 64 bits. */
static void
converts(void)
{
    static const uint64_t values[] = {0, 1, 0x1000, 0xFFFFFFFF, 0x123456789ABCDEF0};

    rig_start();
    for (unsigned i = 0; i < 5; i++) {
        STOR_PHYSICAL_ADDRESS address = StorPortConvertUlongToPhysicalAddress(values[i]);
        CHECK_EQ(address.QuadPart, values[i]);
        CHECK_EQ(StorPortConvertPhysicalAddressToULong64(address), values[i]);
    }
}

CASES(CASE(copies), CASE(overlapping), CASE(converts))
