/*
 * Units as the API shows them. The list is refreshed from the port when someone begins to walk it;
 * a unit that went away stays, marked gone, until its last reference is put. A disk is opened when
 * the first call needs it, because opening one sends commands.
 */
#include "host_priv.h"
#include "inquiry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DRAIN_POLL_NS 200000u

bool
unit_use(struct storport_unit *unit)
{
    atomic_fetch_add(&unit->busy, 1);
    if (RT_LIKELY(!atomic_load(&unit->gone)))
        return true;
    atomic_fetch_sub(&unit->busy, 1);
    return false;
}

void
unit_unuse(struct storport_unit *unit)
{
    atomic_fetch_sub_explicit(&unit->busy, 1, memory_order_release);
}

/* Afterwards no call is inside, and none can begin. */
static void
unit_retire_one_locked(struct storport_unit *unit)
{
    atomic_store(&unit->gone, true);
    while (atomic_load(&unit->busy))
        rt_sleep_ns(DRAIN_POLL_NS);
    if (unit->disk)
        disk_close(unit->disk);
    unit->disk = NULL;
    if (unit->unit)
        unit_put(unit->unit);
    unit->unit = NULL;
}

/* Frees what is gone and referenced by nobody. */
static void
units_sweep_locked(struct storport_host *host)
{
    struct storport_unit **link = &host->units;

    while (*link) {
        struct storport_unit *unit = *link;
        if (atomic_load(&unit->gone) && !unit->references && !unit->unit) {
            *link = unit->next;
            free(unit);
        } else {
            link = &unit->next;
        }
    }
}

static struct storport_unit *
unit_lookup_locked(struct storport_host *host, const struct unit *wanted)
{
    struct storport_unit *unit = host->units;

    while (unit && unit->unit != wanted)
        unit = unit->next;
    return unit;
}

/* The units of one adapter that are present, appended behind `*tail` unless they are listed. */
static void
adapter_collect_locked(struct storport_host *host, struct storport_adapter *adapter)
{
    for (struct unit *found = NULL; (found = adapter_unit_next(adapter->adapter, found));) {
        struct storport_unit *unit, **link;
        struct unit_info info;
        unit_info(found, &info);
        if (!info.present || unit_lookup_locked(host, found) || !(unit = calloc(1, sizeof(*unit))))
            continue;
        snprintf(unit->name, sizeof(unit->name), "%u.%u.%u.%u", adapter_number(adapter->adapter),
                 info.path, info.target, info.lun);
        unit->host = host;
        unit->adapter = adapter;
        unit->unit = found;
        unit_get(found);
        for (link = &host->units; *link && strverscmp((*link)->name, unit->name) <= 0;)
            link = &(*link)->next;
        unit->next = *link;
        *link = unit;
    }
}

void
unit_collect_locked(struct storport_host *host)
{
    for (struct storport_unit *unit = host->units; unit; unit = unit->next) {
        struct unit_info info;
        if (!unit->unit)
            continue;
        unit_info(unit->unit, &info);
        if (!info.present)
            unit_retire_one_locked(unit);
    }
    units_sweep_locked(host);
    for (struct storport_driver *driver = host->drivers; driver; driver = driver->next)
        for (struct storport_adapter *adapter = driver->adapters; adapter; adapter = adapter->next)
            adapter_collect_locked(host, adapter);
}

void
unit_retire_locked(struct storport_host *host, struct storport_adapter *adapter)
{
    for (struct storport_unit *unit = host->units; unit; unit = unit->next)
        if (unit->adapter == adapter && unit->unit)
            unit_retire_one_locked(unit);
    units_sweep_locked(host);
}

void
unit_forget_all(struct storport_host *host)
{
    for (struct storport_unit *unit = host->units; unit; unit = unit->next)
        unit->references = 0;
    units_sweep_locked(host);
}

/* ---- walking, finding --------------------------------------------------------------------- */

static struct storport_unit *
unit_present_from(struct storport_unit *unit)
{
    while (unit && atomic_load(&unit->gone))
        unit = unit->next;
    if (unit)
        unit->references++;
    return unit;
}

struct storport_unit *
storport_unit_next(struct storport_host *host, struct storport_unit *previous)
{
    struct storport_unit *unit;

    if (!host_control_enter(host))
        return NULL;
    if (!previous)
        unit_collect_locked(host);
    unit = unit_present_from(previous ? previous->next : host->units);
    host_control_leave(host);
    return unit;
}

struct storport_unit *
storport_unit_find(struct storport_host *host, const char *name)
{
    struct storport_unit *unit;

    if (!host_control_enter(host))
        return NULL;
    unit_collect_locked(host);
    for (unit = host->units; unit; unit = unit->next)
        if (!atomic_load(&unit->gone) && (!*name || !strcmp(unit->name, name)))
            break;
    if (unit)
        unit->references++;
    host_control_leave(host);
    return unit;
}

void
storport_unit_put(struct storport_unit *unit)
{
    struct storport_host *host;

    if (!unit)
        return;
    host = unit->host;
    if (!host_control_enter(host))
        return;
    unit->references--;
    units_sweep_locked(host);
    host_control_leave(host);
}

/* ---- what it is --------------------------------------------------------------------------- */

bool
unit_is_disk(const struct unit_info *info)
{
    struct inquiry inquiry;

    return inquiry_parse(info->inquiry, info->inquiry_bytes, &inquiry) &&
           inquiry.qualifier == INQUIRY_QUALIFIER_CONNECTED && inquiry.type == INQUIRY_TYPE_DISK;
}

int
unit_disk_open(struct storport_unit *unit, char **error)
{
    struct storport_host *host = unit->host;
    int code = 0;

    if (RT_LIKELY(atomic_load_explicit(&unit->ready, memory_order_acquire)))
        return 0;
    rt_word_acquire(&host->control);
    if (atomic_load(&unit->gone))
        code = host_fail(error, -ENODEV, "unit %s is gone", unit->name);
    else if (!unit->disk)
        code = disk_open(unit->unit, &unit->disk, error);
    if (!code)
        atomic_store_explicit(&unit->ready, true, memory_order_release);
    rt_word_release(&host->control);
    return code;
}

static void
info_identity(const struct unit_info *from, struct storport_unit_info *info)
{
    struct inquiry inquiry;

    if (inquiry_parse(from->inquiry, from->inquiry_bytes, &inquiry)) {
        memcpy(info->vendor, inquiry.vendor, sizeof(info->vendor));
        memcpy(info->product, inquiry.product, sizeof(info->product));
        memcpy(info->revision, inquiry.revision, sizeof(info->revision));
    }
    snprintf(info->serial, sizeof(info->serial), "%.63s", (const char *)from->serial);
    vpd_identity_format(from->identity, from->identity_bytes, info->identity,
                        sizeof(info->identity));
    info->queue_depth = from->queue_depth;
    info->queue_depth_max = from->queue_depth_max;
    snprintf(info->queue_depth_source, sizeof(info->queue_depth_source), "%s",
             from->queue_depth_source ? from->queue_depth_source : "");
}

static void
info_disk(const struct disk_info *from, struct storport_unit_info *info)
{
    info->bytes = from->bytes;
    info->block_bytes = from->block_bytes;
    info->physical_block_bytes = from->physical_block_bytes;
    info->transfer_max_bytes = from->transfer_max_bytes;
    info->transfer_optimal_bytes = from->transfer_optimal_bytes;
    info->unmap_granularity_bytes = from->unmap_granularity_bytes;
    info->read_only = from->read_only;
    info->write_cache = from->write_cache;
    info->fua = from->fua;
    info->unmap = from->unmap;
    info->unmap_reads_zero = from->unmap_reads_zero;
    info->rotational = from->rotational;
}

int
storport_unit_info(struct storport_unit *unit, struct storport_unit_info *out, char **error)
{
    size_t room = out->size && out->size < sizeof(*out) ? out->size : sizeof(*out);
    struct storport_unit_info info = {.size = room};
    struct unit_info port_info;
    int code = -EIO;

    if (error)
        *error = NULL;
    if (!host_enter(unit->host))
        return code;
    if (!unit_use(unit)) {
        code = host_fail(error, -ENODEV, "unit %s is gone", unit->name);
        goto leave;
    }
    unit_info(unit->unit, &port_info);
    memcpy(info.name, unit->name, sizeof(info.name));
    snprintf(info.driver, sizeof(info.driver), "%s", unit->adapter->driver->name);
    info_identity(&port_info, &info);
    unit_unuse(unit);
    code = unit_is_disk(&port_info) ? unit_disk_open(unit, error) : 0;
    if (!code && unit_is_disk(&port_info) && unit_use(unit)) {
        info_disk(disk_info(unit->disk), &info);
        unit_unuse(unit);
    }
    if (!code)
        memcpy(out, &info, room);

leave:
    host_leave(unit->host);
    return code;
}
