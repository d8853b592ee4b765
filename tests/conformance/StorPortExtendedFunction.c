/*
 * The door itself, and routines whose answer is short: pages of each routine, and
 * storport-event-log-extensions (a code that is not supported).
 * Covers: StorPortGetSystemPortNumber StorPortGetDeviceObjects StorPortIsDeviceOperationAllowed
 * Covers: StorPortIsCurrentOsInstallationUpgrade StorPortSetPowerSettingNotificationGuids
 * Covers: StorPortQueryConfiguration StorPortGetD3ColdSupport StorPortMarkDumpMemory
 * Covers: StorPortMoveMemory StorPortCopyMemory StorPortSecureCopyMemory
 * Covers: StorPortConvertPhysicalAddressToULong64 StorPortConvertPhysicalAddressToUlong
 * Covers: StorPortConvertUlongToPhysicalAddress StorPortConvertUlong64ToPhysicalAddress
 */
#include "routine_harness.h"

#define BAD STOR_STATUS_INVALID_PARAMETER

static STOR_ADDR_BTL8 unit = {.Type = STOR_ADDRESS_TYPE_BTL8,
                              .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH};
static PSTOR_ADDRESS address = (PSTOR_ADDRESS)(void *)&unit;

/* From DriverEntry, before there is an adapter: "must only be called … in its DriverEntry or
 * HwStorFindAdapter routines". */
static void
driver_entry(void)
{
    LARGE_INTEGER counter;

    CHECK(StorPortMarkDumpMemory(NULL, &unit, sizeof(unit), 0) == STOR_STATUS_SUCCESS);
    CHECK(StorPortMarkDumpMemory(NULL, &unit, sizeof(unit), 0x10) == BAD);
    CHECK(StorPortQueryPerformanceCounter(NULL, NULL, &counter) == STOR_STATUS_SUCCESS);
}

static void
find(PPORT_CONFIGURATION_INFORMATION config)
{
    static GUID guids[17];

    (void)config;
    CHECK(StorPortMarkDumpMemory(harness.extension, harness.extension, 0, 0) ==
          STOR_STATUS_SUCCESS);
    CHECK(StorPortSetPowerSettingNotificationGuids(harness.extension, 2, guids) ==
          STOR_STATUS_SUCCESS);
    CHECK(StorPortSetPowerSettingNotificationGuids(harness.extension, 1, NULL) == BAD);
    CHECK(StorPortSetPowerSettingNotificationGuids(harness.extension, 17, guids) ==
          STOR_STATUS_INSUFFICIENT_RESOURCES);
}

static void
door(void)
{
    PVOID out = NULL;

    CHECK(StorPortExtendedFunction((STORPORT_FUNCTION_CODE)4000, harness.extension) ==
          STOR_STATUS_NOT_IMPLEMENTED);
    harness_expect(RULE_BadArgument);
    /* documented, but not there: said once, and told apart from a success */
    CHECK(StorPortHardwareReset(harness.extension, StorFunctionLevelReset) ==
          STOR_STATUS_NOT_IMPLEMENTED);
    CHECK(harness_logged("StorPortHardwareReset is not supported"));
    CHECK(StorPortAllocatePool(NULL, 16, 'tseT', &out) == BAD);
    harness_expect(RULE_BadArgument);
}

static void
adapter_facts(void)
{
    PVOID functional = NULL, physical = NULL, lower = NULL, e = harness.extension;
    BOOLEAN flag = TRUE;

    unit.Port = 0xFFFF;
    CHECK(StorPortGetSystemPortNumber(e, address) == STOR_STATUS_SUCCESS);
    CHECK(unit.Port == adapter_number(harness.adapter));
    unit.Type = STOR_ADDRESS_TYPE_UNKNOWN;
    CHECK(StorPortGetSystemPortNumber(e, address) == BAD);
    unit.Type = STOR_ADDRESS_TYPE_BTL8;
    CHECK(StorPortGetDeviceObjects(e, &functional, &physical, &lower) == STOR_STATUS_SUCCESS);
    CHECK(functional && physical && functional != physical && lower == physical);
    CHECK(StorPortIsCurrentOsInstallationUpgrade(e, &flag) == STOR_STATUS_SUCCESS && !flag);
    CHECK(StorPortIsCurrentOsInstallationUpgrade(e, NULL) == BAD);
    flag = TRUE;
    CHECK(StorPortQueryConfiguration(e, StorportQueryConfigurationD3, &flag) ==
          STOR_STATUS_SUCCESS);
    CHECK(!flag);
    CHECK(StorPortQueryConfiguration(e, StorportQueryConfigurationMax, &flag) == BAD);
    CHECK(StorPortQueryConfiguration(e, StorportQueryConfigurationD3, NULL) == BAD);
    flag = TRUE;
    CHECK(StorPortGetD3ColdSupport(e, NULL, &flag) == STOR_STATUS_SUCCESS && !flag);
}

static void
operations(void)
{
    static const GUID reprovision = {
        0xdcaf9c10, 0x895f, 0x481f, {0xa4, 0x92, 0xd4, 0xce, 0xd2, 0xf5, 0x56, 0x33}};
    GUID other = reprovision;
    ULONG allowed = TRUE;
    PVOID e = harness.extension;

    CHECK(StorPortIsDeviceOperationAllowed(e, address, &reprovision, &allowed) ==
          STOR_STATUS_SUCCESS);
    CHECK(!allowed);
    /* "The management class specified … is not available or invalid." */
    other.Data1++;
    CHECK(StorPortIsDeviceOperationAllowed(e, address, &other, &allowed) ==
          STOR_STATUS_NOT_IMPLEMENTED);
    CHECK(StorPortIsDeviceOperationAllowed(e, address, &reprovision, NULL) == BAD);
    unit.Lun = 7;
    CHECK(StorPortIsDeviceOperationAllowed(e, address, &reprovision, &allowed) == BAD);
    unit.Lun = 0;
}

/* Runtime power is not there: the documented answers of a device that is not registered. */
static void
power(void)
{
    STOR_POFX_DEVICE device = {
        .Version = STOR_POFX_DEVICE_VERSION_V1, .Size = STOR_POFX_DEVICE_SIZE, .ComponentCount = 1};
    PVOID e = harness.extension;
    BOOLEAN cold = TRUE;

    CHECK(StorPortInitializePoFxPower(e, NULL, NULL, &cold) == BAD);
    device.ComponentCount = 2;
    CHECK(StorPortInitializePoFxPower(e, NULL, &device, &cold) == BAD);
    device.ComponentCount = 1;
    CHECK(StorPortInitializePoFxPower(e, NULL, &device, &cold) == STOR_STATUS_UNSUCCESSFUL);
    CHECK(!cold && harness_logged("StorPortInitializePoFxPower is not supported"));
    CHECK(StorPortPoFxActivateComponent(e, NULL, NULL, 0, 0) == BAD);
    CHECK(StorPortPoFxIdleComponent(e, NULL, NULL, 0, 0) == BAD);
    CHECK(StorPortPoFxSetComponentLatency(e, NULL, 0, 1) == STOR_STATUS_INVALID_DEVICE_REQUEST);
    CHECK(StorPortPoFxSetComponentResidency(e, NULL, 0, 1) == STOR_STATUS_INVALID_DEVICE_REQUEST);
    CHECK(StorPortPoFxSetIdleTimeout(e, address, 1) == BAD);
    CHECK(StorPortPoFxSetIdleTimeout(e, NULL, 1) == STOR_STATUS_UNSUCCESSFUL);
}

static void
bytes(void)
{
    char text[] = "abcdefgh";
    STOR_PHYSICAL_ADDRESS where = StorPortConvertUlong64ToPhysicalAddress(0x123456789ABCDEF0);

    StorPortMoveMemory(text + 2, text, 6); /* overlapping */
    CHECK(!memcmp(text, "ababcdef", 8));
    CHECK(StorPortCopyMemory(text, "xy", 2) == text && !memcmp(text, "xyabcdef", 8));
    CHECK(StorPortSecureCopyMemory(text, 2, "123", 3) == STOR_STATUS_BUFFER_TOO_SMALL);
    CHECK(StorPortSecureCopyMemory(text, 3, "123", 3) == STOR_STATUS_SUCCESS);
    CHECK(StorPortConvertPhysicalAddressToULong64(where) == 0x123456789ABCDEF0);
    CHECK(StorPortConvertPhysicalAddressToUlong(where) == 0x9ABCDEF0);
    CHECK(StorPortConvertUlongToPhysicalAddress(0x1000).QuadPart == 0x1000);
}

int
main(void)
{
    BOOLEAN flag;

    harness_start(&(struct harness_config){.driver_entry = driver_entry, .find = find});
    harness_enter(CALLBACK_WORKITEM, RT_IRQL_PASSIVE);
    door();
    adapter_facts();
    operations();
    bytes();
    harness_leave();
    harness_enter(CALLBACK_PASSIVE_INITIALIZE, RT_IRQL_PASSIVE);
    power();
    harness_leave();
    /* "The current IRQL > PASSIVE_LEVEL." */
    harness_enter(CALLBACK_DPC, RT_IRQL_DISPATCH);
    CHECK(StorPortIsCurrentOsInstallationUpgrade(harness.extension, &flag) ==
          STOR_STATUS_INVALID_IRQL);
    harness_expect(RULE_StorPortIrql);
    harness_leave();
    return harness_finish();
}
