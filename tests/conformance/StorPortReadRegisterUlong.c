/*
 * Register and port accessors, and what maps them: pages nf-storport-storportreadregisterulong and
 * its like, …getdevicebase, …getbusdata. The register file is plain memory of the test.
 * Covers: StorPortReadRegisterUchar StorPortReadRegisterUshort StorPortReadRegisterUlong64
 * Covers: StorPortWriteRegisterUchar StorPortWriteRegisterUshort StorPortWriteRegisterUlong
 * Covers: StorPortWriteRegisterUlong64 StorPortReadRegisterBufferUchar
 * Covers: StorPortReadRegisterBufferUshort StorPortReadRegisterBufferUlong
 * Covers: StorPortReadRegisterBufferUlong64 StorPortWriteRegisterBufferUchar
 * Covers: StorPortWriteRegisterBufferUshort StorPortWriteRegisterBufferUlong
 * Covers: StorPortWriteRegisterBufferUlong64 StorPortReadPortUchar StorPortReadPortUshort
 * Covers: StorPortReadPortUlong StorPortWritePortUchar StorPortWritePortUshort
 * Covers: StorPortWritePortUlong StorPortReadPortBufferUchar StorPortReadPortBufferUshort
 * Covers: StorPortReadPortBufferUlong StorPortWritePortBufferUchar StorPortWritePortBufferUshort
 * Covers: StorPortWritePortBufferUlong StorPortGetDeviceBase StorPortGetDeviceBase2
 * Covers: StorPortFreeDeviceBase StorPortValidateRange StorPortGetBusData
 * Covers: StorPortSetBusDataByOffset
 */
#include "routine_harness.h"

static uint8_t registers[64] __attribute__((aligned(8)));

/* One width: what is written is read back, the neighbours stay, buffers walk upwards. */
#define WIDTH(Name, type)                                                                          \
    do {                                                                                           \
        type *r = (type *)(void *)registers, values[4] = {1, 2, 3, (type) ~(type)0}, back[4];      \
                                                                                                   \
        memset(registers, 0xEE, sizeof(registers));                                                \
        StorPortWriteRegister##Name(harness.extension, &r[1], (type)0x1122334455667788ull);        \
        CHECK(r[1] == (type)0x1122334455667788ull);                                                \
        CHECK(StorPortReadRegister##Name(harness.extension, &r[1]) == r[1]);                       \
        CHECK(r[0] == (type)0xEEEEEEEEEEEEEEEEull && r[2] == r[0]);                                \
        StorPortWriteRegisterBuffer##Name(harness.extension, &r[2], values, 4);                    \
        CHECK(!memcmp(&r[2], values, sizeof(values)) && r[6] == r[0]);                             \
        StorPortReadRegisterBuffer##Name(harness.extension, &r[2], back, 4);                       \
        CHECK(!memcmp(back, values, sizeof(values)));                                              \
    } while (0)

/* Nothing answers at a port: reads float high, writes go nowhere. */
#define PORT(Name, type)                                                                           \
    do {                                                                                           \
        type *port = (type *)(uintptr_t)0x1F0, buffer[3] = {0};                                    \
                                                                                                   \
        CHECK(StorPortReadPort##Name(harness.extension, port) == (type) ~(type)0);                 \
        StorPortWritePort##Name(harness.extension, port, 1);                                       \
        StorPortReadPortBuffer##Name(harness.extension, port, buffer, 2);                          \
        CHECK(buffer[1] == (type) ~(type)0 && buffer[2] == 0);                                     \
        StorPortWritePortBuffer##Name(harness.extension, port, buffer, 3);                         \
    } while (0)

/* Driver Verifier, RegisterAddress. */
static void
misaligned(void)
{
    memset(registers, 0, sizeof(registers));
    registers[1] = 0x34;
    registers[2] = 0x12;
    CHECK(StorPortReadRegisterUshort(harness.extension, (PUSHORT)(void *)(registers + 1)) ==
          0x1234);
    harness_expect(RULE_DV_RegisterAddress);
    CHECK(StorPortReadRegisterUlong(harness.extension, NULL) == 0xFFFFFFFF);
    harness_expect(RULE_DV_RegisterAddress);
}

/* "supports only those addresses that were assigned to the driver by … PnP": none was. */
static void
find(PPORT_CONFIGURATION_INFORMATION config)
{
    STOR_PHYSICAL_ADDRESS address = {.QuadPart = 0xFEB00000};
    PVOID base = config;
    UCHAR header[64];

    CHECK(StorPortGetDeviceBase(harness.extension, PCIBus, 0, address, 0x1000, FALSE) == NULL);
    CHECK(StorPortGetDeviceBase2(harness.extension, PCIBus, 0, address, 0x1000, FALSE, 0, &base) ==
          STOR_STATUS_INVALID_PARAMETER);
    CHECK(base == NULL);
    StorPortFreeDeviceBase(harness.extension, header);
    /* "0 (zero): The PCI bus does not exist." */
    CHECK(StorPortGetBusData(harness.extension, PCIConfiguration, 0, 0, header, 64) == 0);
    CHECK(StorPortSetBusDataByOffset(harness.extension, PCIConfiguration, 0, 0, header, 4, 2) == 0);
    /* "this routine always returns TRUE" */
    CHECK(StorPortValidateRange(harness.extension, PCIBus, 0, address, 0x1000, FALSE) == TRUE);
}

int
main(void)
{
    harness_start(&(struct harness_config){.physical = true, .full_duplex = true, .find = find});
    harness_expect(RULE_DV_DeviceBaseRange);
    harness_expect(RULE_DV_DeviceBaseRange);
    harness_expect(RULE_BadArgument);
    harness_expect(RULE_StorPortDeprecated);
    harness_enter(CALLBACK_INTERRUPT, RT_IRQL_DEVICE);
    WIDTH(Uchar, UCHAR);
    WIDTH(Ushort, USHORT);
    WIDTH(Ulong, ULONG);
    WIDTH(Ulong64, ULONG64);
    PORT(Uchar, UCHAR);
    PORT(Ushort, USHORT);
    PORT(Ulong, ULONG);
    misaligned();
    harness_leave();
    return harness_finish();
}
