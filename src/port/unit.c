/* Units: one LUN each, its queue, its LU extension, what is known of it. */
#include "port_priv.h"

#include <stdio.h>
#include <string.h>

struct unit *
unit_create(struct adapter *adapter, uint8_t path, uint8_t target, uint8_t lun)
{
    struct rt *rt = adapter->rt;
    struct unit *unit = rt_alloc_zero(rt, sizeof(*unit));
    _Atomic(struct unit *) *link;
    char key[200];

    if (!unit)
        return NULL;
    unit->adapter = adapter;
    unit->number = adapter->port->unit_next++;
    unit->path = path;
    unit->target = target;
    unit->lun = lun;
    unit->depth_max = adapter->config.MaxIOsPerLun ? adapter->config.MaxIOsPerLun : 255;
    unit->depth = adapter->config.InitialLunQueueDepth;
    if (unit->depth > unit->depth_max)
        unit->depth = unit->depth_max;
    if (!unit->depth)
        unit->depth = 1;
    unit->depth_source = "InitialLunQueueDepth";
    atomic_store(&unit->references, 1);
    list_init(&unit->queue);
    list_init(&unit->built);
    list_init(&unit->active);
    control_init_unit(unit);
    snprintf(key, sizeof(key), "Enum\\SCSI\\%u.%u.%u.%u\\Device Parameters\\StorPort",
             adapter->number, path, target, lun);
    unit->retry_pause_ms = port_registry_number(adapter, key, "BusyPauseTime", 250);
    unit->retry_count_max = port_registry_number(adapter, key, "BusyRetryCount", 20);
    unit->full_percent = port_registry_number(adapter, key, "QueueFullWaitIoPercentage", 25);
    snprintf(key, sizeof(key), "Services\\%s\\Parameters", adapter->driver->name);
    unit->timeout_s = port_registry_number(adapter, key, "IoTimeoutValue", 60);
    unit->tags = rt_alloc_zero(rt, (unit->depth_max + 63) / 64 * 8);
    if (adapter->config.SpecificLuExtensionSize)
        unit->extension = rt_arena_alloc(rt, adapter->config.SpecificLuExtensionSize, NULL);
    if (!unit->tags || (adapter->config.SpecificLuExtensionSize && !unit->extension)) {
        rt_arena_free(rt, unit->extension, adapter->config.SpecificLuExtensionSize);
        rt_free(rt, unit->tags);
        rt_free(rt, unit);
        return NULL;
    }
    if (unit->extension)
        memset(unit->extension, 0, adapter->config.SpecificLuExtensionSize);
    rt_word_acquire(&adapter->control_lock);
    for (link = &adapter->units; *link; link = &(*link)->next) {
        const struct unit *u = *link;
        if ((u->path << 16 | u->target << 8 | u->lun) > (path << 16 | target << 8 | lun))
            break;
    }
    unit->next = *link;
    *link = unit;
    adapter->unit_count++;
    rt_word_release(&adapter->control_lock);
    return unit;
}

void
unit_destroy_all(struct adapter *adapter)
{
    struct rt *rt = adapter->rt;

    while (adapter->units) {
        struct unit *unit = adapter->units;
        adapter->units = unit->next;
        rt_timer_cancel(rt, &unit->pause_timer);
        rt_timer_cancel(rt, &unit->retry_timer);
        if (unit->extension)
            rt_arena_free(rt, unit->extension, adapter->config.SpecificLuExtensionSize);
        rt_free(rt, unit->tags);
        rt_free(rt, unit);
    }
}

struct unit *
adapter_unit_lookup(struct adapter *adapter, uint8_t path, uint8_t target, uint8_t lun, bool all)
{
    struct unit *unit;

    rt_word_acquire(&adapter->control_lock);
    for (unit = adapter->units; unit; unit = unit->next) {
        if (unit->path == path && unit->target == target && unit->lun == lun)
            break;
    }
    rt_word_release(&adapter->control_lock);
    return unit && (all || unit->announced) ? unit : NULL;
}

/* ---- for floors above ---- */

void
unit_get(struct unit *unit)
{
    atomic_fetch_add(&unit->references, 1);
}

void
unit_put(struct unit *unit)
{
    if (unit)
        atomic_fetch_sub(&unit->references, 1);
}

struct adapter *
unit_adapter(const struct unit *unit)
{
    return unit->adapter;
}

struct unit *
adapter_unit_next(struct adapter *adapter, struct unit *previous)
{
    struct unit *unit;

    rt_word_acquire(&adapter->control_lock);
    for (unit = previous ? previous->next : adapter->units; unit && !unit->announced;)
        unit = unit->next;
    if (unit)
        unit_get(unit);
    rt_word_release(&adapter->control_lock);
    unit_put(previous);
    return unit;
}

struct unit *
adapter_unit_find(struct adapter *adapter, uint8_t path, uint8_t target, uint8_t lun)
{
    struct unit *unit = adapter_unit_lookup(adapter, path, target, lun, false);

    if (unit)
        unit_get(unit);
    return unit;
}

void
unit_info(const struct unit *unit, struct unit_info *out)
{
    struct unit *u = (struct unit *)unit;

    *out = u->info;
    rt_word_acquire(&u->queue_lock);
    out->path = u->path;
    out->target = u->target;
    out->lun = u->lun;
    out->present = u->announced && !(u->holds & UNIT_GONE);
    out->queue_depth = u->depth;
    out->queue_depth_max = u->depth_max;
    out->queue_depth_source = u->depth_source;
    out->outstanding = u->active_count;
    out->queued = u->queued;
    out->paused = u->holds & UNIT_PAUSED;
    out->frozen = u->holds & UNIT_FROZEN;
    out->busy = u->holds & (UNIT_BUSY | UNIT_RETRY | UNIT_FULL);
    rt_word_release(&u->queue_lock);
}

/* ---- for miniports ---- */

PVOID
StorPortGetLogicalUnit(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortGetLogicalUnit, HwDeviceExtension);
    struct unit *unit = adapter ? adapter_unit_lookup(adapter, PathId, TargetId, Lun, true) : NULL;

    return unit ? unit->extension : NULL;
}

/* R4.6: legal from the first INQUIRY of that unit on. */
BOOLEAN
StorPortSetDeviceQueueDepth(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun,
                            ULONG Depth)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortSetDeviceQueueDepth, HwDeviceExtension);
    struct unit *unit = adapter ? adapter_unit_lookup(adapter, PathId, TargetId, Lun, true) : NULL;

    if (!unit || !Depth || Depth > unit->depth_max || !unit->inquired)
        return FALSE;
    rt_word_acquire(&unit->queue_lock);
    unit->depth = Depth;
    unit->depth_source = "StorPortSetDeviceQueueDepth";
    rt_word_release(&unit->queue_lock);
    unit_kick_later(unit);
    return TRUE;
}

/* DDI: StorPortGetSrb: the outstanding SRB of a tag. */
PSCSI_REQUEST_BLOCK
StorPortGetSrb(PVOID DeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, LONG QueueTag)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortGetSrb, DeviceExtension);
    struct unit *unit = adapter ? adapter_unit_lookup(adapter, PathId, TargetId, Lun, true) : NULL;
    PSCSI_REQUEST_BLOCK found = NULL;

    if (!unit)
        return NULL;
    rt_word_acquire(&unit->queue_lock);
    for (struct list *at = unit->active.next; at != &unit->active; at = at->next) {
        struct port_srb *srb = RT_CONTAINER(at, struct port_srb, link);
        enum srb_state state = srb_state(srb);
        if ((state == SRB_STARTED || state == SRB_BUILDING) &&
            (QueueTag == (LONG)SP_UNTAGGED || srb->tag == (uint32_t)QueueTag)) {
            found = &srb->srb.legacy;
            break;
        }
    }
    rt_word_release(&unit->queue_lock);
    return found;
}
