/*
 * Values under the driver's Parameters key. DDI: StorPortRegistryRead, StorPortRegistryWrite,
 * StorPortAllocateRegistryBuffer, StorPortFreeRegistryBuffer. R18.1, R18.2.
 *
 * Covers: StorPortRegistryRead StorPortRegistryWrite StorPortAllocateRegistryBuffer
 * Covers: StorPortFreeRegistryBuffer
 */
#include "harness.h"

#include <string.h>

#define ALL "Services\\mini\\Parameters\\Device"
#define OWN "Services\\mini\\Parameters\\Device0"

static UCHAR *buffer;
static ULONG length;

static void
start(void)
{
    rig_start();
    length = 200;
    buffer = StorPortAllocateRegistryBuffer(mini.extension, &length);
    CHECK(buffer != NULL);
    CHECK_EQ(length, 200);
    memset(buffer, 0xEE, length);
}

static BOOLEAN
read_value(const char *name, ULONG global, ULONG type, ULONG room)
{
    length = room;
    return StorPortRegistryRead(mini.extension, (PUCHAR)name, global, type, buffer, &length);
}

/* Global nonzero: Parameters\Device, for all adapters; zero: Parameters\Device(d) of this port
 * number. */
static void
global_and_own(void)
{
    ULONG value;

    registry_dword(ALL, "Depth", 11);
    registry_dword(OWN, "Depth", 22);
    registry_dword(ALL, "Only", 33);
    start();
    CHECK_EQ(read_value("Depth", 1, REG_DWORD, 200), TRUE);
    memcpy(&value, buffer, 4);
    CHECK_EQ(value, 11);
    CHECK_EQ(length, 4);
    CHECK_EQ(read_value("Depth", 0, REG_DWORD, 200), TRUE);
    memcpy(&value, buffer, 4);
    CHECK_EQ(value, 22);
    CHECK_EQ(read_value("Only", 1, REG_DWORD, 200), TRUE);
    CHECK_EQ(read_value("Only", 0, REG_DWORD, 200), FALSE);
    CHECK_EQ(length, 0);
}

/* TRUE if the data was converted into ASCII and copied; the registry keeps it in Unicode. */
static void
text_becomes_ascii(void)
{
    registry_text(OWN, "Name", "a disk");
    start();
    CHECK_EQ(read_value("Name", 0, REG_SZ, 200), TRUE);
    CHECK(!strcmp((char *)buffer, "a disk"));
    CHECK(length == 6 || length == 7);
    CHECK_EQ(buffer[7], 0xEE);
}

/* FALSE with a nonzero length: the buffer was too small, and that is the size to use; with zero:
 * another error. */
static void
failures(void)
{
    static const UCHAR bytes[50] = {1, 2, 3};

    registry_put(OWN, "Blob", REG_BINARY, bytes, sizeof(bytes));
    start();
    CHECK_EQ(read_value("Blob", 0, REG_BINARY, 49), FALSE);
    CHECK_EQ(length, 50);
    CHECK_EQ(buffer[0], 0xEE);
    CHECK_EQ(read_value("Blob", 0, REG_BINARY, 50), TRUE);
    CHECK_EQ(length, 50);
    CHECK(!memcmp(buffer, bytes, 50));
    CHECK_EQ(read_value("Absent", 0, REG_BINARY, 200), FALSE);
    CHECK_EQ(length, 0);
    CHECK_EQ(read_value("Blob", 0, REG_DWORD, 200), FALSE);
    CHECK_EQ(length, 0);
}

/* StorPortRegistryWrite: TRUE if the data was converted and written, adapter specific or for
 * all. */
static void
writing(void)
{
    ULONG value = 0xC0FFEE;
    uint32_t type = 0, kept = 0;
    uint16_t wide[32] = {0};
    int bytes;

    start();
    memcpy(buffer, &value, 4);
    CHECK_EQ(StorPortRegistryWrite(mini.extension, (PUCHAR) "Seen", 0, REG_DWORD, buffer, 4), TRUE);
    CHECK_EQ(registry_find(OWN, "Seen", &type, &kept, 4), 4);
    CHECK_EQ(type, REG_DWORD);
    CHECK_EQ(kept, value);
    CHECK_EQ(registry_find(ALL, "Seen", &type, &kept, 4), (uint64_t)-1);
    CHECK_EQ(StorPortRegistryWrite(mini.extension, (PUCHAR) "Seen", 1, REG_DWORD, buffer, 4), TRUE);
    CHECK_EQ(registry_find(ALL, "Seen", &type, &kept, 4), 4);
    memcpy(buffer, "text", 5);
    CHECK_EQ(StorPortRegistryWrite(mini.extension, (PUCHAR) "Word", 0, REG_SZ, buffer, 5), TRUE);
    bytes = registry_find(OWN, "Word", &type, wide, sizeof(wide));
    CHECK(bytes >= 8);
    CHECK_EQ(type, REG_SZ);
    CHECK(wide[0] == 't' && wide[3] == 't' && wide[4] == 0);
    memset(buffer, 0xEE, 20);
    CHECK_EQ(read_value("Word", 0, REG_SZ, 200), TRUE);
    CHECK(!strcmp((char *)buffer, "text"));
}

/* One registry buffer at a time for each instance: the second fails with NULL, until the first is
 * freed. */
static void
one_buffer_at_a_time(void)
{
    ULONG more = 64;

    start();
    CHECK(StorPortAllocateRegistryBuffer(mini.extension, &more) == NULL);
    StorPortFreeRegistryBuffer(mini.extension, buffer);
    more = 64;
    buffer = StorPortAllocateRegistryBuffer(mini.extension, &more);
    CHECK(buffer != NULL);
    CHECK(more >= 64);
    memset(buffer, 1, more);
    StorPortFreeRegistryBuffer(mini.extension, buffer);
}

/* What was never given cannot be freed. */
static void
foreign_buffer(void)
{
    static UCHAR nothing[10];

    start();
    rig_expect(RULE_BadArgument);
    StorPortFreeRegistryBuffer(mini.extension, nothing);
    CHECK_EQ(read_value("Absent", 0, REG_DWORD, 4), FALSE); /* ours is still there */
    buffer[0] = 1;
}

CASES(CASE(global_and_own), CASE(text_becomes_ascii), CASE(failures), CASE(writing),
      CASE(one_buffer_at_a_time), CASE(foreign_buffer))
