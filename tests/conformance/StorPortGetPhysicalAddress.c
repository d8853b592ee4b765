/*
 * Virtual to physical and back; the uncached extension. DDI: StorPortGetPhysicalAddress,
 * StorPortGetVirtualAddress, StorPortGetUncachedExtension. R10.9, R11.1 to R11.3.
 *
 * Covers: StorPortGetPhysicalAddress StorPortGetVirtualAddress StorPortGetUncachedExtension
 */
#include "harness.h"

#define UNCACHED 20000u

static uint8_t *uncached, *second;
static uint64_t low, high;
static PPORT_CONFIGURATION_INFORMATION config;

static void
take_uncached(void *extension, void *subject)
{
    uncached = StorPortGetUncachedExtension(extension, subject, UNCACHED);
    second = StorPortGetUncachedExtension(extension, subject, UNCACHED / 2);
}

static void
start(void)
{
    uncached = second = NULL;
    mini.physical = true;
    mini.srb_extension = 200;
    mini.at[AT_FIND] = take_uncached;
    rig_start();
}

/* StorPortGetUncachedExtension returns a buffer of that size, usable by processor and device; asked
 * again, the current one. It is physically contiguous. */
static void
uncached_extension(void)
{
    ULONG length = 0;
    STOR_PHYSICAL_ADDRESS address;

    start();
    CHECK(uncached != NULL);
    CHECK(second == uncached);
    for (unsigned i = 0; i < UNCACHED; i++) {
        CHECK_EQ(uncached[i], 0);
        uncached[i] = (uint8_t)i;
    }
    address = StorPortGetPhysicalAddress(mini.extension, NULL, uncached, &length);
    CHECK_EQ(length, UNCACHED);
    for (unsigned i = 0; i < UNCACHED; i += 97)
        CHECK_EQ(rt_bus_address(rig.rt, uncached + i), address.QuadPart + i);
}

static void
take_with_window(void *extension, void *subject)
{
    config = subject;
    registry_dword("Services\\mini\\Parameters\\Device0", "MinimumUCXAddress", (uint32_t)low);
    registry_dword("Services\\mini\\Parameters\\Device0", "MaximumUCXAddress", (uint32_t)high);
    registry_dword("Services\\mini\\Parameters\\Device0", "UncachedExtAlignment", 16);
    uncached = StorPortGetUncachedExtension(extension, subject, 8192);
}

/* R11.1: within MinimumUCXAddress and MaximumUCXAddress, aligned to 1 << UncachedExtAlignment. */
static void
uncached_window(void)
{
    uint64_t at;

    mini.physical = true;
    uncached = NULL;
    low = 0x400000;
    high = 0x7FFFFFFF;
    mini.at[AT_FIND] = take_with_window;
    rig_start();
    CHECK(uncached != NULL);
    at = rt_bus_address(rig.rt, uncached);
    CHECK(at >= low && at + 8191 <= high);
    CHECK_EQ(at & 0xFFFF, 0);
}

static void
take_too_much(void *extension, void *subject)
{
    uncached = StorPortGetUncachedExtension(extension, subject, 0xF0000000u);
}

/* NULL if it cannot allocate the requested memory. */
static void
uncached_too_large(void)
{
    mini.physical = true;
    uncached = (uint8_t *)1;
    mini.at[AT_FIND] = take_too_much;
    rig_start();
    CHECK(uncached == NULL);
}

static void
take_late(void *extension, void *subject)
{
    (void)subject;
    uncached = StorPortGetUncachedExtension(extension, config, 4096);
}

/* Members that must be filled in, among them Master TRUE; and HwStorFindAdapter only. */
static void
uncached_misuse(void)
{
    static PORT_CONFIGURATION_INFORMATION c;

    mini.physical = true;
    config = &c;
    rig_expect(RULE_DV_UncachedExtensionContext);
    mini.at[AT_PASSIVE] = take_late;
    rig_start();
    CHECK(uncached == NULL); /* Master is FALSE in that one */
    CHECK(rig_findings(RULE_DV_UncachedExtensionContext) >= 2);
}

/* ---- addresses ---- */

static STOR_PHYSICAL_ADDRESS data_at, sense_at, extension_at;
static ULONG data_length, sense_length, extension_length;
static void *data, *sense, *srb_extension, *back;

static enum verdict
look(void *extension, void *srb)
{
    if (SrbGetSrbFunction(srb) != SRB_FUNCTION_EXECUTE_SCSI ||
        SrbGetCdb(srb)->CDB6GENERIC.OperationCode != SCSIOP_READ)
        return VERDICT_STOCK;
    data = (char *)SrbGetDataBuffer(srb) + 100;
    data_at = StorPortGetPhysicalAddress(extension, srb, data, &data_length);
    sense = SrbGetSenseInfoBuffer(srb);
    sense_at = StorPortGetPhysicalAddress(extension, srb, sense, &sense_length);
    srb_extension = SrbGetMiniportContext(srb);
    extension_at = StorPortGetPhysicalAddress(extension, NULL, srb_extension, &extension_length);
    back = StorPortGetVirtualAddress(extension, extension_at);
    return VERDICT_STOCK;
}

/* Srb: for addresses within its DataBuffer or SenseInfoBuffer; NULL for all others. Length: bytes
 * mapped from there on, never past the buffer. */
static void
addresses_of_a_request(void)
{
    struct shot *s;

    start();
    mini.start = look;
    s = shot_new(rig.unit);
    shot_command(s, SCSIOP_READ, 2000, SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE);
    shot_fire(s);
    shot_wait(s);
    CHECK_EQ(data_at.QuadPart, rt_bus_address(rig.rt, data));
    CHECK(data_length > 0 && data_length <= 1900);
    CHECK(sense != NULL);
    CHECK_EQ(sense_at.QuadPart, rt_bus_address(rig.rt, sense));
    CHECK(sense_length > 0);
    CHECK_EQ(extension_at.QuadPart, rt_bus_address(rig.rt, srb_extension));
    CHECK(extension_length >= 200);
    /* StorPortGetVirtualAddress is the inverse for SRB extensions… */
    CHECK(back == srb_extension);
}

/* …and for the uncached extension. */
static void
back_from_the_uncached_extension(void)
{
    start();
    for (unsigned i = 0; i < UNCACHED; i += 1237) {
        ULONG length;
        STOR_PHYSICAL_ADDRESS at =
            StorPortGetPhysicalAddress(mini.extension, NULL, uncached + i, &length);
        CHECK_EQ(length, UNCACHED - i);
        CHECK(at.QuadPart != (LONGLONG)(uintptr_t)(uncached + i)); /* never the virtual one */
        CHECK(StorPortGetVirtualAddress(mini.extension, at) == uncached + i);
    }
}

/* Returns NULL (zero) if the given address cannot be converted: the port never heard of it. */
static void
unknown_memory(void)
{
    static char nobody[100];
    ULONG length = 5;
    STOR_PHYSICAL_ADDRESS at;

    start();
    rig_expect(RULE_DV_BadVirtualAddress);
    at = StorPortGetPhysicalAddress(mini.extension, NULL, nobody, &length);
    CHECK_EQ(at.QuadPart, 0);
    CHECK_EQ(length, 0);
    at.QuadPart = 0x123456789A000;
    CHECK(StorPortGetVirtualAddress(mini.extension, at) == NULL);
}

CASES(CASE(uncached_extension), CASE(uncached_window), CASE(uncached_too_large),
      CASE(uncached_misuse), CASE(addresses_of_a_request), CASE(back_from_the_uncached_extension),
      {"back_remapped", back_from_the_uncached_extension, 0, true, false}, CASE(unknown_memory))
