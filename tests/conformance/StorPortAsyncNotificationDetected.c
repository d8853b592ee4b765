/*
 * News about devices. DDI: StorPortStateChangeDetected, HW_STATE_CHANGE,
 * StorPortAsyncNotificationDetected, StorPortSetUnitAttributes. R15.3 to R15.5.
 *
 * Covers: StorPortStateChangeDetected StorPortAsyncNotificationDetected StorPortSetUnitAttributes
 * Covers: HW_STATE_CHANGE
 */
#include "harness.h"

#include <string.h>

static STOR_ADDR_BTL8 address;
static atomic_uint calls;
static PVOID got[3];
static ULONG got_status;
static SHORT got_type;
static uint8_t irql;

static void
start(unsigned luns)
{
    address = (STOR_ADDR_BTL8){.Type = STOR_ADDRESS_TYPE_BTL8,
                               .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH};
    calls = 0;
    mini.physical = true;
    mini.luns = luns;
    rig_start();
}

static VOID NTAPI
changed(PVOID extension, PVOID context, SHORT type, PVOID where, ULONG status)
{
    got[0] = extension;
    got[1] = context;
    got[2] = where;
    got_type = type;
    got_status = status;
    irql = rt_irql();
    atomic_fetch_add(&calls, 1);
}

static ULONG
tell(ULONG entity)
{
    return StorPortStateChangeDetected(mini.extension, entity, (PSTOR_ADDRESS)&address, 0, changed,
                                       &calls);
}

/* A successful call results in re-enumeration of the entity; the callback comes when the port is
 * done with it, with its context, the address, a status below 0x80000000, at DISPATCH_LEVEL. */
static void
enumerates_again(void)
{
    start(4);
    CHECK(rig_unit(0, 0, 3) != NULL);
    mini.luns = 2; /* two have gone */
    CHECK_EQ(tell(STATE_CHANGE_TARGET), STOR_STATUS_SUCCESS);
    UNTIL(calls == 1);
    CHECK(got[0] == mini.extension && got[1] == &calls && got[2] == &address);
    CHECK_EQ(got_type, STOR_ADDRESS_TYPE_BTL8);
    CHECK(got_status < 0x80000000u);
    CHECK_EQ(irql, RT_IRQL_DISPATCH);
    CHECK(rig_unit(0, 0, 1) != NULL);
    CHECK(rig_unit(0, 0, 2) == NULL);
    mini.luns = 4; /* and come back */
    CHECK_EQ(tell(STATE_CHANGE_LUN | STATE_CHANGE_BUS), STOR_STATUS_SUCCESS);
    UNTIL(calls == 2);
    CHECK(rig_unit(0, 0, 2) != NULL);
    CHECK(rig_unit(0, 0, 3) != NULL);
}

/* HwStateChange is optional. */
static void
without_a_callback(void)
{
    start(1);
    mini.luns = 2;
    CHECK_EQ(StorPortStateChangeDetected(mini.extension, STATE_CHANGE_BUS, (PSTOR_ADDRESS)&address,
                                         0, NULL, NULL),
             STOR_STATUS_SUCCESS);
    rig_settle();
    CHECK(adapter_rescan(rig.adapter) == 0); /* the limit in the configuration was one */
}

static ULONG results[2];

static void
tell_twice(void *extension, void *subject)
{
    (void)extension;
    (void)subject;
    results[0] = tell(STATE_CHANGE_LUN);
    results[1] = tell(STATE_CHANGE_LUN);
}

/* UNSUCCESSFUL: a prior notification is in process; after the callback the next is taken. */
static void
one_at_a_time(void)
{
    unsigned refused = 0;

    start(1);
    for (unsigned i = 0; i < 20 || (!refused && i < 400); i++) {
        unsigned before = calls;
        rig_at(AT_INTERRUPT, tell_twice);
        CHECK_EQ(results[0], STOR_STATUS_SUCCESS);
        refused += results[1] == STOR_STATUS_UNSUCCESSFUL;
        UNTIL(calls == before + 1 + (results[1] == STOR_STATUS_SUCCESS));
        rig_settle();
    }
    CHECK(refused > 0);
}

/* INVALID_PARAMETER: the address type or the entity type is invalid. */
static void
refusals(void)
{
    start(1);
    CHECK_EQ(tell(0), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(tell(0x80), STOR_STATUS_INVALID_PARAMETER);
    address.Type = 9;
    CHECK_EQ(tell(STATE_CHANGE_LUN), STOR_STATUS_INVALID_PARAMETER);
    rig_settle();
    CHECK_EQ(calls, 0);
}

/* ---- asynchronous notifications ---- */

static atomic_uint changes;

static void
heard(void *ctx, enum port_change change, struct adapter *adapter, struct unit *unit)
{
    (void)ctx;
    (void)adapter;
    if (change == PORT_UNIT_CHANGED && unit == rig.unit)
        atomic_fetch_add(&changes, 1);
}

static ULONG
set(ULONG async, ULONG reserved)
{
    STOR_UNIT_ATTRIBUTES attributes;

    memset(&attributes, 0, sizeof(attributes));
    attributes.AsyncNotificationSupported = async & 1;
    attributes.Reserved = reserved & 0xFFFFFFF;
    return StorPortSetUnitAttributes(mini.extension, (PSTOR_ADDRESS)&address, attributes);
}

static ULONG
notify(ULONGLONG flags)
{
    return StorPortAsyncNotificationDetected(mini.extension, (PSTOR_ADDRESS)&address, flags);
}

static void
notify_here(void *extension, void *subject)
{
    (void)extension;
    (void)subject;
    results[0] = notify(RAID_ASYNC_NOTIFY_FLAG_MEDIA_STATUS);
    results[1] = notify(RAID_ASYNC_NOTIFY_FLAG_MEDIA_STATUS);
}

/* SUCCESS: scheduled, from an ISR too, and forwarded to the class driver; BUSY while a prior one is
 * in process; flags 0 stand for all. */
static void
notification_is_forwarded(void)
{
    unsigned busy = 0;

    start(1);
    changes = 0;
    port_change_listen(rig.port, heard, NULL);
    CHECK_EQ(set(1, 0), STOR_STATUS_SUCCESS);
    for (unsigned i = 0; i < 20 || (!busy && i < 400); i++) {
        unsigned before = changes;
        rig_at(AT_INTERRUPT, notify_here);
        CHECK_EQ(results[0], STOR_STATUS_SUCCESS);
        busy += results[1] == STOR_STATUS_BUSY;
        UNTIL(changes == before + 1 + (results[1] == STOR_STATUS_SUCCESS));
        rig_settle();
    }
    CHECK(busy > 0);
    changes = 0;
    CHECK_EQ(notify(0), STOR_STATUS_SUCCESS);
    UNTIL(changes == 1);
    CHECK(rig_logged("device operation") >= 1);
    port_change_listen(rig.port, NULL, NULL);
}

/* INVALID_DEVICE_REQUEST: no such unit, or it does not support notifications. INVALID_PARAMETER:
 * the address type is invalid; an undefined flag. */
static void
notification_refusals(void)
{
    start(1);
    CHECK_EQ(notify(1), STOR_STATUS_INVALID_DEVICE_REQUEST); /* no attribute was set */
    CHECK_EQ(set(1, 0), STOR_STATUS_SUCCESS);
    CHECK_EQ(notify(0x100), STOR_STATUS_INVALID_PARAMETER);
    address.Lun = 5;
    CHECK_EQ(notify(1), STOR_STATUS_INVALID_DEVICE_REQUEST);
    address.Lun = 0;
    address.Type = 9;
    CHECK_EQ(notify(1), STOR_STATUS_INVALID_PARAMETER);
}

/* StorPortSetUnitAttributes registers what the unit supports: the notification above follows it.
 * INVALID_PARAMETER: reserved bits set, a wrong address, a unit that is not found. */
static void
attributes(void)
{
    start(1);
    CHECK_EQ(set(1, 0), STOR_STATUS_SUCCESS);
    CHECK_EQ(notify(1), STOR_STATUS_SUCCESS);
    rig_settle();
    CHECK_EQ(set(0, 0), STOR_STATUS_SUCCESS);
    CHECK_EQ(notify(1), STOR_STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(set(1, 1), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(notify(1), STOR_STATUS_INVALID_DEVICE_REQUEST);
    address.Target = 3;
    CHECK_EQ(set(1, 0), STOR_STATUS_INVALID_PARAMETER);
    address.Target = 0;
    address.Type = 9;
    CHECK_EQ(set(1, 0), STOR_STATUS_INVALID_PARAMETER);
}

CASES(CASE(enumerates_again), CASE(without_a_callback), CASE(one_at_a_time), CASE(refusals),
      CASE(notification_is_forwarded), CASE(notification_refusals), CASE(attributes))
