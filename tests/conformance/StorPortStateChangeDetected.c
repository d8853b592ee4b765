/*
 * News about devices: pages nf-storport-storportstatechangedetected, nc-storport-hw_state_change,
 * …asyncnotificationdetected, …markdevicefailed, …markdevicefailedex, …setunitattributes.
 * Covers: StorPortAsyncNotificationDetected StorPortMarkDeviceFailed StorPortMarkDeviceFailedEx
 * Covers: StorPortSetUnitAttributes
 */
#include "routine_harness.h"

#define BAD STOR_STATUS_INVALID_PARAMETER

static STOR_ADDR_BTL8 units[3] = {
    {.Type = STOR_ADDRESS_TYPE_BTL8, .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH, .Lun = 0},
    {.Type = STOR_ADDRESS_TYPE_BTL8, .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH, .Lun = 1},
    {.Type = STOR_ADDRESS_TYPE_BTL8, .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH, .Lun = 2}};
static atomic_uint changes, changed, gone, again;
static unsigned context;

static PSTOR_ADDRESS
address(unsigned lun)
{
    return (PSTOR_ADDRESS)(void *)&units[lun];
}

static unsigned
units_present(void)
{
    struct unit *unit = NULL;
    unsigned count = 0;

    while ((unit = adapter_unit_next(harness.adapter, unit)))
        count++;
    return count;
}

/* "called with the StartIo lock acquired by Storport"; a further change may be told from here
 * on. */
static VOID NTAPI
state_change(PVOID extension, PVOID ctx, SHORT type, PVOID where, ULONG status)
{
    CHECK(extension == harness.extension && ctx == &context);
    CHECK(type == STOR_ADDRESS_TYPE_BTL8 && where == address(0));
    CHECK(status < 0x80000000);
    CHECK(rt_irql() == DISPATCH_LEVEL && rt_word_held(&harness.adapter->startio_lock));
    if (atomic_exchange(&again, 0))
        CHECK(StorPortStateChangeDetected(extension, STATE_CHANGE_TARGET, address(0), 0,
                                          state_change, &context) == STOR_STATUS_SUCCESS);
    atomic_fetch_add(&changes, 1);
}

static ULONG
notify(PSTOR_ADDRESS where, ULONGLONG flags)
{
    return StorPortAsyncNotificationDetected(harness.extension, where, flags);
}

/* "A prior notification is in process and this one cannot be scheduled": BUSY. */
static void
change(void *ctx, enum port_change what, struct adapter *adapter, struct unit *unit)
{
    (void)ctx, (void)adapter;
    if (what == PORT_UNIT_CHANGED) {
        CHECK(unit->lun == 0 && notify(address(0), 0) == STOR_STATUS_BUSY);
        atomic_fetch_add(&changed, 1);
    }
    if (what == PORT_UNIT_GONE)
        atomic_fetch_add(&gone, 1);
}

static ULONG
tell(ULONG entity, PSTOR_ADDRESS where)
{
    ULONG status;

    harness_enter(CALLBACK_INTERRUPT, RT_IRQL_DEVICE);
    status =
        StorPortStateChangeDetected(harness.extension, entity, where, 0, state_change, &context);
    harness_leave();
    return status;
}

/* "results in re-enumeration of the changed entity"; "Only one … can be active at any time." */
static void
state_changes(void)
{
    STOR_ADDR_BTL8 wrong = {.Type = STOR_ADDRESS_TYPE_UNKNOWN, .AddressLength = 4};

    CHECK(tell(8, address(0)) == BAD);
    CHECK(tell(0, address(0)) == BAD);
    CHECK(tell(STATE_CHANGE_LUN, (PSTOR_ADDRESS)(void *)&wrong) == BAD);
    CHECK(units_present() == 2);
    harness.units = 3;
    harness_enter(CALLBACK_DPC, RT_IRQL_DISPATCH);
    CHECK(StorPortStateChangeDetected(harness.extension, STATE_CHANGE_LUN | STATE_CHANGE_BUS,
                                      address(0), 0, state_change,
                                      &context) == STOR_STATUS_SUCCESS);
    CHECK(StorPortStateChangeDetected(harness.extension, STATE_CHANGE_LUN, address(0), 0,
                                      state_change, &context) == STOR_STATUS_UNSUCCESSFUL);
    harness_leave();
    HARNESS_UNTIL(atomic_load(&changes) == 1);
    CHECK(units_present() == 3);
    atomic_store(&again, 1);
    harness.units = 2;
    CHECK(tell(STATE_CHANGE_LUN, address(0)) == STOR_STATUS_SUCCESS);
    HARNESS_UNTIL(atomic_load(&changes) == 3);
    CHECK(units_present() == 2 && atomic_load(&gone) == 1);
}

static void
attributes(void)
{
    STOR_UNIT_ATTRIBUTES async = {.AsyncNotificationSupported = 1}, bad = {.Reserved = 1};
    STOR_ADDR_BTL8 wrong = units[0];

    /* "One or more reserved bits in Attributes are set", "A unit device is not found" */
    CHECK(StorPortSetUnitAttributes(harness.extension, address(0), bad) == BAD);
    CHECK(StorPortSetUnitAttributes(harness.extension, NULL, async) == BAD);
    wrong.Target = 3;
    CHECK(StorPortSetUnitAttributes(harness.extension, (PSTOR_ADDRESS)(void *)&wrong, async) ==
          BAD);
    wrong = units[0];
    wrong.AddressLength = 3;
    CHECK(StorPortSetUnitAttributes(harness.extension, (PSTOR_ADDRESS)(void *)&wrong, async) ==
          BAD);
    CHECK(StorPortSetUnitAttributes(harness.extension, address(0), async) == STOR_STATUS_SUCCESS);
}

/* Only units that said so may notify; one notification at a time. */
static void
notifications(void)
{
    STOR_ADDR_BTL8 nowhere = units[0];

    nowhere.Lun = 200;
    harness_enter(CALLBACK_INTERRUPT, RT_IRQL_DEVICE);
    CHECK(notify(address(0), 8) == BAD);
    CHECK(notify(NULL, 0) == BAD);
    CHECK(notify((PSTOR_ADDRESS)(void *)&nowhere, 0) == STOR_STATUS_INVALID_DEVICE_REQUEST);
    CHECK(notify(address(1), 0) == STOR_STATUS_INVALID_DEVICE_REQUEST);
    CHECK(notify(address(0), RAID_ASYNC_NOTIFY_FLAG_MEDIA_STATUS) == STOR_STATUS_SUCCESS);
    harness_leave();
    HARNESS_UNTIL(atomic_load(&changed) == 1);
    CHECK(harness_logged("reports new media status\n"));
    HARNESS_UNTIL(notify(address(0), 0) == STOR_STATUS_SUCCESS);
    HARNESS_UNTIL(atomic_load(&changed) == 2);
    CHECK(harness_logged("reports new media status device status device operation\n"));
}

/* "If STORPORT_MARK_DEVICE_FAILED_FLAG_REMOVE_DEVICE is not set …, Storport will only log". */
static void
failures(void)
{
    static WCHAR why[] = L"head crash";
    static UCHAR data[2] = {0xbe, 0xef};
    PVOID e = harness.extension;
    ULONG remove = STORPORT_MARK_DEVICE_FAILED_FLAG_REMOVE_DEVICE;

    atomic_store(&gone, 0);
    StorPortMarkDeviceFailed(e, address(1), 0, why);
    CHECK(harness_logged("device failed: \"head crash\" unit 0:0:1\n"));
    CHECK(StorPortMarkDeviceFailedEx(e, address(1),
                                     remove | STORPORT_MARK_DEVICE_FAILED_FLAG_PREDICTED_FAILURE,
                                     42, why, 2, data, 0, NULL) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged("device will fail: fault 42 \"head crash\" data be ef unit 0:0:1\n"));
    CHECK(StorPortMarkDeviceFailedEx(e, address(1), remove, 42, why, 2, NULL, 0, NULL) == BAD);
    rt_sleep_ns(10000000);
    CHECK(units_present() == 2);
    CHECK(StorPortMarkDeviceFailedEx(e, address(1), remove, 42, why, 0, NULL, 2, data) ==
          STOR_STATUS_SUCCESS);
    HARNESS_UNTIL(atomic_load(&gone) == 1);
    CHECK(units_present() == 1);
    /* It stays away when the bus is enumerated again. */
    CHECK(!adapter_rescan(harness.adapter));
    CHECK(units_present() == 1);
    StorPortMarkDeviceFailed(e, (PSTOR_ADDRESS)(void *)data, remove, why);
    harness_expect(RULE_UnitUnknown);
    /* NULL names the adapter: it is removed by surprise. */
    StorPortMarkDeviceFailed(e, NULL, remove, why);
    HARNESS_UNTIL(harness.adapter->state == ADAPTER_STATE_GONE);
}

int
main(void)
{
    harness_start(&(struct harness_config){.units = 2});
    port_change_listen(harness.port, change, NULL);
    state_changes();
    attributes();
    notifications();
    failures();
    return harness_finish();
}
