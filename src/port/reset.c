/*
 * Time-outs and the reset ladder: unit, target, bus; what is left after it was lost.
 * DDI: multi-tier-reset-in-storport.
 *
 *   IDLE → LUN [reset_on_timeout]   LUN → TARGET [reset_next] when it failed or requests remain
 *   TARGET → BUS [reset_next]       BUS: HwStorResetBus; what remains is LOST and answered here
 *   any → IDLE [reset_end]          nothing that timed out remains with the miniport
 *
 * One ladder at a time per adapter. While it runs the scope's queues start nothing.
 */
#include "port_priv.h"

#include <errno.h>
#include <string.h>

#define TICK_NS 1000000000ull
#define RESET_TIMEOUT_S 10
/* How long a miniport that answered a reset may take to complete what it had. */
#define SETTLE_NS 1000000000ull

/* Lives as long as its adapter, since timers and reset SRBs may come late. Key: c control_lock. */
struct reset {
    struct adapter *adapter;
    enum reset_tier tier;
    struct unit *unit;    /* whose request was late */
    struct port_srb *srb; /* the reset SRB under way, or NULL */
    struct rt_timer settle;
    bool failed;
    bool active;  /* c: a ladder runs */
    bool running; /* c: somebody is inside one of its steps */
    bool closed;  /* c: the adapter goes; no further step */
};

/* Begins a step of the ladder. False: there is none, or the adapter goes. */
static bool
step_enter(struct reset *reset)
{
    bool well;

    rt_word_acquire(&reset->adapter->control_lock);
    well = reset->active && !reset->closed;
    reset->running |= well;
    rt_word_release(&reset->adapter->control_lock);
    return well;
}

static void
step_leave(struct reset *reset)
{
    rt_word_acquire(&reset->adapter->control_lock);
    reset->running = false;
    rt_word_release(&reset->adapter->control_lock);
}

static bool
in_scope(const struct reset *reset, const struct unit *unit)
{
    if (reset->tier == RESET_LUN)
        return unit == reset->unit;
    if (unit->path != reset->unit->path)
        return false;
    return reset->tier == RESET_BUS || unit->target == reset->unit->target;
}

static void
hold_scope(struct reset *reset, bool hold)
{
    for (struct unit *unit = reset->adapter->units; unit; unit = unit->next) {
        if (!in_scope(reset, unit))
            continue;
        if (hold)
            unit_hold(unit, UNIT_RESETTING);
        else
            unit_unhold(unit, UNIT_RESETTING);
    }
}

/* Requests of the scope that the miniport still has. */
static unsigned
remaining(struct reset *reset)
{
    unsigned count = 0;

    for (struct unit *unit = reset->adapter->units; unit; unit = unit->next) {
        if (!in_scope(reset, unit))
            continue;
        rt_word_acquire(&unit->queue_lock);
        for (struct list *at = unit->active.next; at != &unit->active; at = at->next) {
            const struct port_srb *srb = RT_CONTAINER(at, struct port_srb, link);
            count += srb_state(srb) != SRB_BUILT;
        }
        rt_word_release(&unit->queue_lock);
    }
    return count;
}

/* ---- what was lost ---- */

/* Takes one from the miniport for good; NULL if none is left. */
static struct port_srb *
take_lost(struct unit *unit, enum srb_state *was)
{
    struct port_srb *found = NULL;

    rt_word_acquire(&unit->queue_lock);
    for (struct list *at = unit->active.next; at != &unit->active && !found; at = at->next) {
        struct port_srb *srb = RT_CONTAINER(at, struct port_srb, link);
        uint64_t word = atomic_load(&srb->word);
        *was = SRB_WORD_STATE(word);
        if ((*was == SRB_STARTED || *was == SRB_BUILDING) &&
            atomic_compare_exchange_strong(&srb->word, &word,
                                           SRB_WORD(SRB_WORD_SERIAL(word), SRB_LOST)))
            found = srb;
    }
    if (found) {
        queue_deactivate_locked(unit, found);
        queue_count_locked(unit);
    }
    rt_word_release(&unit->queue_lock);
    return found;
}

/* The submitter gets its answer; the slot stays as it is, since the miniport may still write to
 * it. */
static void
answer_lost(struct port_srb *srb, enum srb_state was)
{
    struct request *r = &srb->request;
    struct adapter *adapter = srb->adapter;

    EDGE(STARTED_LOST);
    rt_trace(adapter->rt, RT_TRACE_LOST, srb->number, srb->unit->number, was);
    finding_report(adapter->rt, RULE_LostRequest, srb->number, "request %u was never completed: %s",
                   srb->number,
                   srb->refused ? "HwStorBuildIo returned FALSE and kept it"
                                : "HwStorStartIo took it");
    report_lost(srb, was);
    r->srb_status = srb->timed_out ? SRB_STATUS_TIMEOUT : SRB_STATUS_BUS_RESET;
    r->scsi_status = 0;
    r->sense_bytes = 0;
    r->moved_bytes = 0;
    r->queue_frozen = false;
    srb_unmap(srb);
    adapter_count(adapter);
    rt_trace(adapter->rt, RT_TRACE_DONE, srb->number, srb->unit->number,
             (uint32_t)r->srb_status << 8);
    r->done(r);
}

static void
answer_all_lost(struct reset *reset)
{
    struct rt_thread *self = rt_self();
    enum srb_state was;

    self->port_depth++;
    for (struct unit *unit = reset->adapter->units; unit; unit = unit->next) {
        struct port_srb *srb;
        while (in_scope(reset, unit) && (srb = take_lost(unit, &was))) {
            if (srb->internal)
                adapter_count(reset->adapter);
            else
                answer_lost(srb, was);
        }
    }
    self->port_depth--;
    port_leave(reset->adapter->port);
}

/* ---- the ladder ---- */

static void reset_next(struct reset *reset);
static void reset_last(struct reset *reset);

static void
reset_end(struct reset *reset)
{
    struct adapter *adapter = reset->adapter;

    rt_trace(adapter->rt, RT_TRACE_RESET_DONE, reset->tier, adapter->number, 1);
    hold_scope(reset, false);
    rt_word_acquire(&adapter->control_lock);
    reset->active = false;
    rt_word_release(&adapter->control_lock);
}

static void
settled(struct rt_timer *timer)
{
    struct reset *reset = RT_CONTAINER(timer, struct reset, settle);

    if (!step_enter(reset))
        return;
    EDGE(RESET_SETTLED);
    if (reset->tier == RESET_BUS)
        reset_last(reset);
    else if (!reset->failed && !remaining(reset))
        reset_end(reset);
    else
        reset_next(reset);
    step_leave(reset);
}

/* A reset SRB came back: completions of what it ended may still be on other processors. */
static void
reset_done(struct request *request)
{
    struct port_srb *srb = srb_of_request(request);
    struct reset *reset = request->context;
    struct rt *rt = srb->adapter->rt;
    bool failed = request->srb_status != SRB_STATUS_SUCCESS;

    request_destroy(request);
    if (reset->srb != srb || !step_enter(reset))
        return;
    rt_trace(rt, RT_TRACE_RESET_DONE, reset->tier, reset->adapter->number, !failed);
    reset->failed = failed;
    reset->srb = NULL;
    if (!failed && !remaining(reset))
        reset_end(reset);
    else
        rt_timer_set(rt, &reset->settle, rt_now_ns(rt) + (failed ? 0 : SETTLE_NS));
    step_leave(reset);
}

static void
reset_send(struct reset *reset, uint8_t function)
{
    struct port_srb *srb = srb_create(reset->adapter, reset->unit);
    struct rt *rt = reset->adapter->rt;

    if (!srb) { /* no memory for a gentle reset: the next tier needs less */
        reset->failed = true;
        rt_timer_set(rt, &reset->settle, rt_now_ns(rt));
        return;
    }
    srb->internal = true;
    srb->request.function = function;
    srb->request.timeout_s = RESET_TIMEOUT_S;
    srb->request.flags = SRB_FLAGS_BYPASS_FROZEN_QUEUE | SRB_FLAGS_NO_QUEUE_FREEZE;
    srb->request.done = reset_done;
    srb->request.context = reset;
    reset->srb = srb;
    unit_submit(&srb->request);
}

static void
reset_bus(struct reset *reset)
{
    struct adapter *adapter = reset->adapter;
    bool done;

    done = miniport_reset_bus(adapter, reset->unit->path);
    rt_trace(adapter->rt, RT_TRACE_RESET_DONE, RESET_BUS, adapter->number, done);
    if (remaining(reset)) /* another processor may be completing them at this moment */
        rt_timer_set(adapter->rt, &reset->settle, rt_now_ns(adapter->rt) + SETTLE_NS);
    else
        reset_end(reset);
}

/* The ladder is at its end: what the miniport still has is lost. */
static void
reset_last(struct reset *reset)
{
    unsigned left = remaining(reset);

    if (left) {
        finding_report(reset->adapter->rt, RULE_DV_ResetLeftovers, 0,
                       "%u requests are still outstanding after HwStorResetBus", left);
        answer_all_lost(reset);
    }
    reset_end(reset);
}

static void
reset_next(struct reset *reset)
{
    struct adapter *adapter = reset->adapter;

    if (MUTANT(LADDER_STOPS) && reset->tier == RESET_TARGET) {
        reset_end(reset);
        return;
    }
    reset->tier++;
    rt_trace(adapter->rt, RT_TRACE_RESET, reset->tier, adapter->number, reset->unit->number);
    rt_log(adapter->rt, RT_LOG_WARNING, "reset", "%u/%u:%u:%u: %s reset", adapter->number,
           reset->unit->path, reset->unit->target, reset->unit->lun,
           reset->tier == RESET_LUN      ? "unit"
           : reset->tier == RESET_TARGET ? "target"
                                         : "bus");
    hold_scope(reset, true);
    if (MUTANT(RESET_DROPS_QUEUE))
        list_init(&reset->unit->queue);
    reset->failed = false;
    if (reset->tier == RESET_LUN) {
        EDGE(RESET_LUN);
        reset_send(reset, SRB_FUNCTION_RESET_LOGICAL_UNIT);
    } else if (reset->tier == RESET_TARGET) {
        EDGE(RESET_TARGET);
        reset_send(reset, SRB_FUNCTION_RESET_DEVICE);
    } else {
        EDGE(RESET_BUS);
        reset_bus(reset);
    }
}

/* DISPATCH, no lock held. */
static void
reset_begin(struct unit *unit)
{
    struct adapter *adapter = unit->adapter;
    struct reset *reset = adapter->reset;
    bool mine;

    rt_word_acquire(&adapter->control_lock);
    mine = !reset->active && !reset->closed;
    if (mine) {
        reset->active = reset->running = true;
        reset->tier = RESET_NONE;
        reset->unit = unit;
    }
    rt_word_release(&adapter->control_lock);
    if (!mine)
        return;
    reset_next(reset);
    step_leave(reset);
}

bool
reset_under_way(struct adapter *adapter)
{
    return adapter->reset->active;
}

/* A reset SRB was late itself: the next tier, without waiting for it. */
static void
reset_srb_late(struct adapter *adapter, struct port_srb *srb)
{
    struct reset *reset = adapter->reset;

    if (reset->srb != srb || !step_enter(reset))
        return;
    EDGE(RESET_SRB_LATE);
    reset->srb = NULL;
    reset->failed = true;
    reset_next(reset);
    step_leave(reset);
}

int
reset_create(struct adapter *adapter)
{
    struct reset *reset = rt_alloc_zero(adapter->rt, sizeof(*reset));

    if (!reset)
        return -ENOMEM;
    reset->adapter = adapter;
    rt_timer_init(&reset->settle, settled);
    adapter->reset = reset;
    return 0;
}

/* ---- time ---- */

/* One second passes for a unit; returns one that became late, or NULL. */
static struct port_srb *
unit_tick(struct unit *unit, bool *late)
{
    struct port_srb *reset_srb = NULL;
    bool frozen_time = atomic_load(&unit->adapter->holds) & (ADAPTER_LINK_DOWN | ADAPTER_PAUSED);

    if (frozen_time && !MUTANT(TIMEOUT_TOO_EARLY))
        return NULL;
    rt_word_acquire(&unit->queue_lock);
    for (struct list *at = unit->active.next; at != &unit->active; at = at->next) {
        struct port_srb *srb = RT_CONTAINER(at, struct port_srb, link);
        enum srb_state state = srb_state(srb);
        if (state != SRB_STARTED && state != SRB_BUILDING)
            continue;
        if (srb->seconds_left && --srb->seconds_left)
            continue;
        if (srb->internal) {
            reset_srb = srb;
        } else if (!srb->timed_out) {
            srb->timed_out = true;
            rt_trace(unit->adapter->rt, RT_TRACE_TIMEOUT, srb->number, unit->number,
                     srb->request.timeout_s);
            *late = true;
        } else {
            *late = true;
        }
    }
    rt_word_release(&unit->queue_lock);
    return reset_srb;
}

static void
tick(struct rt_timer *timer)
{
    struct adapter *adapter = RT_CONTAINER(timer, struct adapter, tick);
    struct rt *rt = adapter->rt;

    for (struct unit *unit = adapter->units; unit; unit = unit->next) {
        bool late = false;
        struct port_srb *reset_srb = unit_tick(unit, &late);
        if (reset_srb)
            reset_srb_late(adapter, reset_srb);
        else if (late && !reset_under_way(adapter))
            reset_begin(unit);
    }
    if (atomic_load(&adapter->active) || reset_under_way(adapter)) {
        rt_timer_set(rt, &adapter->tick, rt_now_ns(rt) + TICK_NS);
        return;
    }
    atomic_store(&adapter->ticking, false);
    if (atomic_load(&adapter->active))
        adapter_tick_start(adapter);
}

void
adapter_tick_start(struct adapter *adapter)
{
    if (atomic_exchange(&adapter->ticking, true))
        return;
    rt_timer_init(&adapter->tick, tick);
    rt_timer_set(adapter->rt, &adapter->tick, rt_now_ns(adapter->rt) + TICK_NS);
}

/* ---- from the miniport, and at the end ---- */

static void
reset_delay_over(struct rt_timer *timer)
{
    adapter_unhold(RT_CONTAINER(timer, struct adapter, reset_timer), ADAPTER_RESETTING);
}

/* R6.4: after ResetDetected new requests wait for the bus reset hold time. */
void
reset_detected(struct adapter *adapter)
{
    uint64_t delay_us = adapter->config.BusResetHoldTime;

    rt_trace(adapter->rt, RT_TRACE_RESET, RESET_NONE, adapter->number, 0);
    if (!delay_us)
        return;
    adapter_hold(adapter, ADAPTER_RESETTING);
    rt_timer_init(&adapter->reset_timer, reset_delay_over);
    rt_timer_set(adapter->rt, &adapter->reset_timer, rt_now_ns(adapter->rt) + delay_us * 1000);
}

/* No further step of the ladder begins, and none runs. PASSIVE. */
static void
reset_close(struct adapter *adapter)
{
    struct reset *reset = adapter->reset;
    bool running;

    do {
        rt_word_acquire(&adapter->control_lock);
        reset->closed = true;
        running = reset->running;
        rt_word_release(&adapter->control_lock);
        if (running)
            rt_sleep_ns(1000000);
    } while (running);
    rt_timer_cancel(adapter->rt, &reset->settle);
    reset->active = false;
    reset->srb = NULL;
}

/* The adapter is gone: what the miniport did not give back is answered here. PASSIVE. */
void
reset_abandon(struct adapter *adapter)
{
    struct reset all = {.tier = RESET_BUS, .adapter = adapter};
    uint8_t old;

    reset_close(adapter);
    old = rt_irql_raise(RT_IRQL_DISPATCH);

    for (struct unit *unit = adapter->units; unit; unit = unit->next) {
        all.unit = unit;
        answer_all_lost(&all);
    }
    rt_timer_cancel(adapter->rt, &adapter->tick);
    rt_irql_lower(old);
}
