/*
 * Pause, resume, busy, ready, for an adapter and for a unit; link state.
 * DDI: StorPortPause, StorPortPauseDevice, StorPortBusy, StorPortDeviceBusy and their ends.
 */
#include "port_priv.h"

static struct unit *
unit_named(struct adapter *adapter, UCHAR path, UCHAR target, UCHAR lun)
{
    return adapter ? adapter_unit_lookup(adapter, path, target, lun, true) : NULL;
}

/* ---- the adapter ---- */

static void
adapter_pause_over(struct rt_timer *timer)
{
    struct adapter *adapter = RT_CONTAINER(timer, struct adapter, pause_timer);

    rt_trace(adapter->rt, RT_TRACE_RESUME, adapter->number, 0, 1);
    adapter_unhold(adapter, ADAPTER_PAUSED);
}

static void
link_over(struct rt_timer *timer)
{
    struct adapter *adapter = RT_CONTAINER(timer, struct adapter, link_timer);

    adapter_unhold(adapter, ADAPTER_LINK_DOWN);
}

static void
unit_pause_over(struct rt_timer *timer)
{
    struct unit *unit = RT_CONTAINER(timer, struct unit, pause_timer);

    rt_trace(unit->adapter->rt, RT_TRACE_RESUME, unit->adapter->number, unit->number, 1);
    unit_unhold(unit, UNIT_PAUSED);
}

static void
unit_retry_over(struct rt_timer *timer)
{
    unit_unhold(RT_CONTAINER(timer, struct unit, retry_timer), UNIT_RETRY);
}

void
control_init_adapter(struct adapter *adapter)
{
    rt_timer_init(&adapter->pause_timer, adapter_pause_over);
    rt_timer_init(&adapter->link_timer, link_over);
}

void
control_init_unit(struct unit *unit)
{
    rt_timer_init(&unit->pause_timer, unit_pause_over);
    rt_timer_init(&unit->retry_timer, unit_retry_over);
}

static void
pause_timer(struct rt *rt, struct rt_timer *timer, ULONG seconds)
{
    rt_timer_set(rt, timer, rt_now_ns(rt) + seconds * 1000000000ull);
}

BOOLEAN
StorPortPause(PVOID HwDeviceExtension, ULONG Timeout)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortPause, HwDeviceExtension);

    if (!adapter)
        return FALSE;
    EDGE(ADAPTER_PAUSED);
    rt_trace(adapter->rt, RT_TRACE_PAUSE, adapter->number, 0, Timeout);
    adapter_hold(adapter, ADAPTER_PAUSED);
    pause_timer(adapter->rt, &adapter->pause_timer, Timeout);
    return TRUE;
}

BOOLEAN
StorPortResume(PVOID HwDeviceExtension)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortResume, HwDeviceExtension);

    if (!adapter)
        return FALSE;
    EDGE(ADAPTER_RESUMED);
    rt_trace(adapter->rt, RT_TRACE_RESUME, adapter->number, 0, 0);
    rt_timer_cancel(adapter->rt, &adapter->pause_timer);
    adapter_unhold(adapter, ADAPTER_PAUSED);
    return TRUE;
}

BOOLEAN
StorPortBusy(PVOID HwDeviceExtension, ULONG RequestsToComplete)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortBusy, HwDeviceExtension);
    uint32_t active;

    if (!adapter)
        return FALSE;
    rt_trace(adapter->rt, RT_TRACE_BUSY, adapter->number, 0, RequestsToComplete);
    active = atomic_load(&adapter->active);
    /* R4.4: only those outstanding now count; with none there is nothing to wait for. */
    if (!active || !RequestsToComplete)
        return TRUE;
    atomic_store(&adapter->busy_left,
                 (int)(RequestsToComplete < active ? RequestsToComplete : active));
    adapter_hold(adapter, ADAPTER_BUSY);
    if (!atomic_load(&adapter->active))
        adapter_unhold(adapter, ADAPTER_BUSY); /* they completed meanwhile */
    return TRUE;
}

BOOLEAN
StorPortReady(PVOID HwDeviceExtension)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortReady, HwDeviceExtension);

    if (!adapter)
        return FALSE;
    rt_trace(adapter->rt, RT_TRACE_READY, adapter->number, 0, 0);
    adapter_unhold(adapter, ADAPTER_BUSY);
    return TRUE;
}

/* ---- a unit ---- */

BOOLEAN
StorPortPauseDevice(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, ULONG Timeout)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortPauseDevice, HwDeviceExtension);
    struct unit *unit = unit_named(adapter, PathId, TargetId, Lun);

    if (!unit)
        return FALSE;
    EDGE(UNIT_PAUSED);
    rt_trace(adapter->rt, RT_TRACE_PAUSE, adapter->number, unit->number, Timeout);
    unit_hold(unit, UNIT_PAUSED);
    pause_timer(adapter->rt, &unit->pause_timer, Timeout);
    return TRUE;
}

BOOLEAN
StorPortResumeDevice(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortResumeDevice, HwDeviceExtension);
    struct unit *unit = unit_named(adapter, PathId, TargetId, Lun);

    if (!unit)
        return FALSE;
    EDGE(UNIT_RESUMED);
    rt_trace(adapter->rt, RT_TRACE_RESUME, adapter->number, unit->number, 0);
    rt_timer_cancel(adapter->rt, &unit->pause_timer);
    unit_unhold(unit, UNIT_PAUSED);
    return TRUE;
}

BOOLEAN
StorPortDeviceBusy(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun,
                   ULONG RequestsToComplete)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortDeviceBusy, HwDeviceExtension);
    struct unit *unit = unit_named(adapter, PathId, TargetId, Lun);
    uint32_t outstanding;

    if (!unit)
        return FALSE;
    rt_trace(adapter->rt, RT_TRACE_BUSY, adapter->number, unit->number, RequestsToComplete);
    rt_word_acquire(&unit->queue_lock);
    outstanding = queue_outstanding_locked(unit);
    if (outstanding && RequestsToComplete) {
        unit->busy_left = RequestsToComplete < outstanding ? RequestsToComplete : outstanding;
        unit->holds |= UNIT_BUSY;
    }
    rt_word_release(&unit->queue_lock);
    return TRUE;
}

BOOLEAN
StorPortDeviceReady(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortDeviceReady, HwDeviceExtension);
    struct unit *unit = unit_named(adapter, PathId, TargetId, Lun);

    if (!unit)
        return FALSE;
    rt_trace(adapter->rt, RT_TRACE_READY, adapter->number, unit->number, 0);
    unit_unhold(unit, UNIT_BUSY);
    return TRUE;
}

/* ---- link ---- */

/* R5.1: LinkDown pauses the adapter for LinkDownTimeoutValue seconds at most. */
void
link_change(struct adapter *adapter, bool up)
{
    char key[160];
    uint32_t seconds;

    if (up) {
        if (!(atomic_load(&adapter->holds) & ADAPTER_LINK_DOWN))
            return;
        rt_timer_cancel(adapter->rt, &adapter->link_timer);
        adapter_unhold(adapter, ADAPTER_LINK_DOWN);
        return;
    }
    adapter_key(adapter, true, key, sizeof(key));
    seconds = port_registry_number(adapter, key, "LinkDownTimeoutValue", 30);
    if (seconds > 600)
        seconds = 600;
    adapter_hold(adapter, ADAPTER_LINK_DOWN);
    pause_timer(adapter->rt, &adapter->link_timer, seconds);
}
