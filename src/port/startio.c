/* One request on its way to the miniport: HwStorBuildIo, then HwStorStartIo. DDI: HW_BUILDIO,
 * HW_STARTIO. Runs at DISPATCH inside the port's own gate (port_depth > 0). */
#include "port_priv.h"

static bool
word_move(struct port_srb *srb, enum srb_state from, enum srb_state to, uint64_t serial)
{
    uint64_t expected = SRB_WORD(serial, from);

    return atomic_compare_exchange_strong(&srb->word, &expected, SRB_WORD(serial, to));
}

static void
state_set(struct port_srb *srb, enum srb_state state)
{
    uint64_t word = atomic_load_explicit(&srb->word, memory_order_relaxed);

    atomic_store_explicit(&srb->word, SRB_WORD(SRB_WORD_SERIAL(word), state), memory_order_release);
}

/* TRUE was said, but somebody wants nothing started: StartIo waits. */
static bool
held_after_build(struct port_srb *srb)
{
    struct unit *unit = srb->unit;
    struct adapter *adapter = srb->adapter;
    bool held;

    if (RT_LIKELY(!atomic_load(&adapter->holds) && !atomic_load(&unit->holds)) || srb->internal)
        return false;
    /* A hold that waits for completions must not wait for this one. */
    if (atomic_load(&adapter->active) == 1 && atomic_load(&adapter->holds) & ADAPTER_BUSY)
        adapter_unhold(adapter, ADAPTER_BUSY);
    rt_word_acquire(&unit->queue_lock);
    if (queue_outstanding_locked(unit) == 1)
        unit->holds &= ~(unsigned)(UNIT_BUSY | UNIT_FULL);
    held = atomic_load(&adapter->holds) ||
           (unit->holds &
            ~(uint32_t)(srb->request.flags & SRB_FLAGS_BYPASS_FROZEN_QUEUE ? UNIT_FROZEN : 0));
    if (held) {
        EDGE(BUILT_HELD);
        state_set(srb, SRB_BUILT);
        list_remove(&srb->link);
        list_add_tail(&unit->built, &srb->link);
        unit->built_count++;
        atomic_fetch_sub(&adapter->active, 1);
        rt_trace(adapter->rt, RT_TRACE_HELD, srb->number, unit->number, unit->holds);
    }
    rt_word_release(&unit->queue_lock);
    return held;
}

/* False: the miniport keeps it and completes it itself. */
static bool
build(struct port_srb *srb)
{
    struct adapter *adapter = srb->adapter;
    uint64_t serial = SRB_WORD_SERIAL(atomic_load(&srb->word));
    uint32_t number = srb->number, unit = srb->unit->number;
    bool go;

    state_set(srb, SRB_BUILDING);
    rt_trace(adapter->rt, RT_TRACE_BUILD, number, unit, 0);
    go = miniport_build(srb);
    rt_trace(adapter->rt, RT_TRACE_BUILT, number, unit, go);
    if (!go) {
        EDGE(BUILDING_REFUSED);
        if (atomic_load(&srb->word) == SRB_WORD(serial, SRB_BUILDING))
            srb->refused = true;
        return false;
    }
    if (word_move(srb, SRB_BUILDING, SRB_BUILT, serial)) {
        EDGE(BUILDING_BUILT);
        return true;
    }
    finding_report(adapter->rt, RULE_StorPortBuildIo, number,
                   "HwStorBuildIo completed the SRB and returned TRUE");
    return false;
}

void
srb_start(struct port_srb *srb)
{
    struct adapter *adapter = srb->adapter;

    atomic_fetch_add(&adapter->active, 1);
    if (RT_UNLIKELY(!atomic_load_explicit(&adapter->ticking, memory_order_relaxed)))
        adapter_tick_start(adapter);
    srb_build(srb);
    if (RT_UNLIKELY(srb->request.data_bytes && !srb_describable(srb))) {
        srb_set_status(srb, SRB_STATUS_INVALID_REQUEST);
        state_set(srb, SRB_STARTED);
        srb_notify(srb, NULL);
        return;
    }
    if (adapter->driver->init.HwBuildIo && !adapter->virtual_device &&
        !(MUTANT(BUILD_SKIPPED) && srb->tries)) {
        if (!build(srb))
            return;
    }
    if (held_after_build(srb))
        return;
    srb_start_built(srb);
}

void
srb_start_built(struct port_srb *srb)
{
    struct adapter *adapter = srb->adapter;
    uint64_t serial = SRB_WORD_SERIAL(atomic_load_explicit(&srb->word, memory_order_relaxed));
    uint32_t number = srb->number, unit = srb->unit->number;
    bool started;

    state_set(srb, SRB_STARTED);
    rt_trace(adapter->rt, RT_TRACE_START, number, unit, srb->tag);
    started = miniport_start(srb);
    if (RT_LIKELY(started))
        return;
    /* FALSE: after a completion it says nothing; without one the SRB goes as if BUSY (R20.28). */
    if (word_move(srb, SRB_STARTED, SRB_BUILDING, serial)) {
        finding_report(adapter->rt, RULE_StartIoRefused, number,
                       "HwStorStartIo returned FALSE and did not complete the SRB");
        srb_set_status(srb, SRB_STATUS_BUSY);
        srb_notify(srb, NULL);
    }
}
