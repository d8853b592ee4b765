/*
 * Enumeration: per bus and target REPORT LUNS, else LUN by LUN; INQUIRY and VPD pages for each.
 * Works without spinning up media. DDI: requirements-for-using-storport-with-an-adapter.
 */
#include "port_priv.h"
#include "routines.h"

#include "cdb.h"
#include "inquiry.h"

#include <errno.h>
#include <string.h>

#define SCAN_TIMEOUT_S 10
#define SCAN_TRIES 4
#define LUNS_BYTES (8 + 256 * 8)

/* One command; UNIT ATTENTION and BUSY are tried again. Bytes moved, or negative. */
static int
scan_command(struct unit *unit, const struct cdb *cdb, void *data, uint32_t bytes)
{
    int moved = -EIO;

    memset(data, 0, bytes);
    for (unsigned i = 0; i < SCAN_TRIES; i++) {
        struct request *r = request_create(unit);
        bool good, attention;
        if (!r)
            return -ENOMEM;
        memcpy(r->cdb, cdb->bytes, sizeof(r->cdb));
        r->cdb_bytes = cdb->length;
        r->flags = SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE;
        r->timeout_s = SCAN_TIMEOUT_S;
        r->data_bytes = bytes;
        r->segment = (struct io_segment){data, bytes};
        r->segments = &r->segment;
        r->segment_count = 1;
        unit_execute(r);
        good = r->srb_status == SRB_STATUS_SUCCESS || r->srb_status == SRB_STATUS_DATA_OVERRUN;
        attention = r->sense_bytes > 2 && (r->sense[2] & 0xF) == 6;
        moved = good ? (int)r->moved_bytes : -EIO;
        request_destroy(r);
        if (good)
            return moved;
        if (!attention)
            return -EIO;
    }
    return moved;
}

static uint16_t
scan_vpd(struct unit *unit, const uint8_t pages[32], uint8_t page, uint8_t *out, uint16_t bytes)
{
    uint8_t data[255];
    struct cdb cdb;
    int moved;

    if (!vpd_page_in(pages, page))
        return 0;
    cdb_inquiry_vpd(&cdb, page, sizeof(data));
    moved = scan_command(unit, &cdb, data, sizeof(data));
    if (moved < 4 || data[1] != page)
        return 0;
    if (moved > bytes)
        moved = bytes;
    memcpy(out, data, (size_t)moved);
    return (uint16_t)moved;
}

static void
scan_pages(struct unit *unit)
{
    struct unit_info *info = &unit->info;
    uint8_t data[255], pages[32];
    struct cdb cdb;
    int moved;

    cdb_inquiry_vpd(&cdb, VPD_PAGE_SUPPORTED_PAGES, sizeof(data));
    moved = scan_command(unit, &cdb, data, sizeof(data));
    if (moved < 4 || !vpd_supported_pages_parse(data, (size_t)moved, pages))
        return;
    moved = scan_vpd(unit, pages, VPD_PAGE_SERIAL_NUMBER, data, sizeof(data));
    if (moved)
        vpd_serial_parse(data, (size_t)moved, (char *)info->serial, sizeof(info->serial));
    info->identity_bytes = scan_vpd(unit, pages, VPD_PAGE_DEVICE_IDENTIFICATION, info->identity,
                                    sizeof(info->identity));
    info->limits_bytes =
        scan_vpd(unit, pages, VPD_PAGE_BLOCK_LIMITS, info->limits, sizeof(info->limits));
    info->characteristics_bytes = scan_vpd(unit, pages, VPD_PAGE_BLOCK_CHARACTERISTICS,
                                           info->characteristics, sizeof(info->characteristics));
    info->provisioning_bytes = scan_vpd(unit, pages, VPD_PAGE_PROVISIONING, info->provisioning,
                                        sizeof(info->provisioning));
}

/* 1: a unit is there; 0: none; negative: out of memory. */
static int
scan_unit(struct adapter *adapter, uint8_t path, uint8_t target, uint8_t lun)
{
    struct unit *unit = adapter_unit_lookup(adapter, path, target, lun, true);
    struct inquiry inquiry;
    struct cdb cdb;
    uint8_t data[96];
    int moved;

    if (!unit)
        unit = unit_create(adapter, path, target, lun);
    if (!unit)
        return -ENOMEM;
    if (unit->failed)
        return 0;
    if (!unit->announced)
        unit_unhold(unit, UNIT_GONE);
    unit->inquired = true;
    cdb_inquiry(&cdb, sizeof(data));
    moved = scan_command(unit, &cdb, data, sizeof(data));
    if (moved < 5 || !inquiry_parse(data, (size_t)moved, &inquiry) || !inquiry_is_unit(&inquiry)) {
        if (!unit->announced)
            unit_hold(unit, UNIT_GONE);
        return moved == -ENOMEM ? moved : 0;
    }
    unit->seen = true;
    if (unit->announced)
        return 1;
    memcpy(unit->info.inquiry, data, sizeof(data));
    unit->info.inquiry_bytes = (uint16_t)moved;
    scan_pages(unit);
    unit_announce(unit);
    return 1;
}

/* The target's own list, from LUN 0; false when it has none. */
static bool
scan_list(struct adapter *adapter, uint8_t path, uint8_t target, uint8_t *luns, unsigned *count)
{
    struct unit *unit = adapter_unit_lookup(adapter, path, target, 0, true);
    static const uint32_t bytes = LUNS_BYTES;
    uint8_t *data = rt_alloc(adapter->rt, bytes);
    struct cdb cdb;
    uint32_t length;
    int moved;

    *count = 0;
    if (!data || !unit) {
        rt_free(adapter->rt, data);
        return false;
    }
    cdb_report_luns(&cdb, bytes);
    moved = scan_command(unit, &cdb, data, bytes);
    if (moved < 16) {
        rt_free(adapter->rt, data);
        return false;
    }
    length = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
    for (uint32_t at = 8; at + 8 <= length + 8 && at + 8 <= (uint32_t)moved; at += 8) {
        /* Peripheral or flat addressing; a BTL8 address holds 8 bits. */
        if ((data[at] & 0x3F) == 0 && *count < 256)
            luns[(*count)++] = data[at + 1];
    }
    rt_free(adapter->rt, data);
    return *count > 0;
}

static int
scan_target(struct adapter *adapter, uint8_t path, uint8_t target)
{
    uint8_t luns[256];
    unsigned count;
    unsigned limit = adapter->config.MaximumNumberOfLogicalUnits;
    int there = scan_unit(adapter, path, target, 0);

    if (there < 0)
        return there;
    if (scan_list(adapter, path, target, luns, &count)) {
        for (unsigned i = 0; i < count; i++) {
            if (luns[i] && luns[i] < limit && scan_unit(adapter, path, target, luns[i]) < 0)
                return -ENOMEM;
        }
        return 0;
    }
    if (!there)
        return 0;
    for (unsigned lun = 1; lun < limit; lun++) {
        if (scan_unit(adapter, path, target, (uint8_t)lun) < 0)
            return -ENOMEM;
    }
    return 0;
}

int
adapter_scan(struct adapter *adapter)
{
    struct unit *unit;
    int status = 0;

    for (unit = adapter->units; unit; unit = unit->next)
        unit->seen = false;
    if (miniport_control_supported(adapter, ScsiAdapterPrepareForBusReScan))
        miniport_control(adapter, ScsiAdapterPrepareForBusReScan, NULL);
    for (unsigned path = 0; path < adapter->config.NumberOfBuses && !status; path++) {
        for (unsigned target = 0; target < adapter->config.MaximumNumberOfTargets && !status;
             target++)
            status = scan_target(adapter, (uint8_t)path, (uint8_t)target);
    }
    for (unit = adapter->units; unit && !status; unit = unit->next) {
        if (unit->announced && !unit->seen)
            unit_withdraw(unit, true);
    }
    return status;
}

int
adapter_rescan(struct adapter *adapter)
{
    return adapter->state == ADAPTER_STATE_STARTED ? adapter_scan(adapter) : -ENODEV;
}

/* ---- units come and go ---- */

void
unit_announce(struct unit *unit)
{
    struct adapter *adapter = unit->adapter;
    struct port *port = adapter->port;

    unit->announced = true;
    pnp_unit_arrived(unit);
    rt_log(adapter->rt, RT_LOG_INFO, "scan", "%u/%u:%u:%u is %.8s %.16s", adapter->number,
           unit->path, unit->target, unit->lun, unit->info.inquiry + 8, unit->info.inquiry + 16);
    if (port->change)
        port->change(port->change_ctx, PORT_UNIT_ARRIVED, adapter, unit);
}

/* What is queued fails; what the miniport has it completes. */
void
unit_withdraw(struct unit *unit, bool surprise)
{
    struct adapter *adapter = unit->adapter;
    struct port *port = adapter->port;

    if (!unit->announced)
        return;
    EDGE(UNIT_WITHDRAWN);
    unit_hold(unit, UNIT_GONE);
    unit_fail_queue(unit, SRB_STATUS_NO_DEVICE);
    if (port->change)
        port->change(port->change_ctx, PORT_UNIT_GONE, adapter, unit);
    pnp_unit_gone(unit, surprise);
    unit->announced = false;
}

/* ---- BusChangeDetected ---- */

static void
rescan_run(void *ctx)
{
    struct adapter *adapter = ctx;

    while (!atomic_load(&adapter->rescan_stop)) {
        if (atomic_exchange(&adapter->rescan_wanted, false))
            adapter_rescan(adapter);
        else if (!routines_run(adapter))
            rt_park(RT_FOREVER);
    }
}

/* Any IRQL: the scan runs on a thread of its own at PASSIVE. R15.2: a path may be absent, so
 * all. */
void
bus_change_detected(struct adapter *adapter)
{
    atomic_store(&adapter->rescan_wanted, true);
    rescan_wake(adapter);
}

void
rescan_wake(struct adapter *adapter)
{
    if (adapter->rescan_thread)
        rt_unpark(adapter->rescan_thread);
}

int
rescan_start(struct adapter *adapter)
{
    atomic_store(&adapter->rescan_stop, false);
    adapter->rescan_thread = rt_thread_create(adapter->rt, "rescan", rescan_run, adapter);
    return adapter->rescan_thread ? 0 : -ENOMEM;
}

void
rescan_end(struct adapter *adapter)
{
    if (!adapter->rescan_thread)
        return;
    atomic_store(&adapter->rescan_stop, true);
    rt_unpark(adapter->rescan_thread);
    rt_thread_join(adapter->rescan_thread);
    adapter->rescan_thread = NULL;
}
