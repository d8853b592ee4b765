/*
 * The queue of a unit: what may start now, what must wait and why. Holds (pause, busy, frozen, …)
 * are bits; a request starts when its unit has none that it does not bypass, its adapter has none,
 * and the depth allows. DDI: storport-queue-management.
 */
#include "port_priv.h"

#include <string.h>

/* Those that can complete: built ones that wait do not count (R4.4). */
uint32_t
queue_outstanding_locked(const struct unit *unit)
{
    return unit->active_count - unit->built_count;
}

/* ---- what may start ---- */

static bool
holds_pass(const struct unit *unit, const struct port_srb *srb)
{
    uint32_t holds = unit->holds;

    if (srb->request.flags & SRB_FLAGS_BYPASS_FROZEN_QUEUE)
        holds &= ~(uint32_t)UNIT_FROZEN;
    if (srb->request.flags & SRB_FLAGS_BYPASS_LOCKED_QUEUE)
        holds &= ~(uint32_t)UNIT_LOCKED;
    return !holds;
}

bool
queue_ready_locked(const struct unit *unit, const struct port_srb *srb)
{
    const struct adapter *adapter = unit->adapter;

    if (RT_UNLIKELY(srb->internal))
        return true;
    if (RT_UNLIKELY(unit->holds) && !holds_pass(unit, srb) && !MUTANT(PAUSE_LEAKS))
        return false;
    if (RT_UNLIKELY(atomic_load_explicit(&adapter->holds, memory_order_relaxed)))
        return false;
    if (unit->active_count >= unit->depth && !MUTANT(DEPTH_IGNORED))
        return false;
    return atomic_load_explicit(&adapter->active, memory_order_relaxed) < adapter->io_max;
}

static uint32_t
tag_take(struct unit *unit)
{
    uint32_t words = (unit->depth_max + 63) / 64;

    for (uint32_t k = 0; k < words; k++) {
        uint32_t w = (unit->tag_next / 64 + k) % words;
        uint64_t free = ~unit->tags[w];
        if (free) {
            uint32_t tag = w * 64 + (uint32_t)__builtin_ctzll(free);
            if (!MUTANT(TAG_REUSE))
                unit->tags[w] |= 1ull << (tag % 64);
            return tag;
        }
    }
    return unit->depth_max; /* bypassing requests above the depth share the last */
}

static void
tag_leave(struct unit *unit, uint32_t tag)
{
    if (tag < unit->depth_max)
        unit->tags[tag / 64] &= ~(1ull << (tag % 64));
}

/* From here on it counts as outstanding. */
static void
activate_locked(struct unit *unit, struct port_srb *srb)
{
    srb->seconds_left = srb->request.timeout_s + 1;
    srb->timed_out = false;
    srb->active = true;
    list_add_tail(&unit->active, &srb->link);
    if (srb->internal)
        return;
    unit->active_count++;
    srb->tag = tag_take(unit);
}

void
queue_deactivate_locked(struct unit *unit, struct port_srb *srb)
{
    list_remove(&srb->link);
    srb->active = false;
    if (srb->internal)
        return;
    unit->active_count--;
    tag_leave(unit, srb->tag);
}

/* The next that may start, made active; NULL if none may. */
struct port_srb *
queue_take_locked(struct unit *unit)
{
    struct list *at;

    for (at = unit->queue.next; at != &unit->queue; at = at->next) {
        struct port_srb *srb = RT_CONTAINER(at, struct port_srb, link);
        if (queue_ready_locked(unit, srb)) {
            list_remove(&srb->link);
            unit->queued--;
            EDGE(QUEUED_STARTED);
            activate_locked(unit, srb);
            return srb;
        }
        if (!(unit->holds & (UNIT_FROZEN | UNIT_LOCKED)))
            break; /* only bypassing ones may overtake */
    }
    return NULL;
}

void
queue_put_back_locked(struct unit *unit, struct port_srb *srb)
{
    list_add_head(&unit->queue, &srb->link);
    unit->queued++;
}

/* ---- submitting ---- */

static void
submit_note(struct port_cpu *cpu, struct port_srb *srb)
{
    struct adapter *adapter = srb->adapter;
    unsigned index = rt_cpu_index(rt_cpu_current());
    struct adapter_cache *cache = &adapter->caches[index];

    (void)cpu;
    srb->number = ++cache->number_next * rt_cpu_count(adapter->rt) + index;
    srb->cpu = (uint8_t)index;
    srb->tries = 0;
    srb->refused = false;
    if (!srb->request.timeout_s)
        srb->request.timeout_s = srb->unit->timeout_s;
    atomic_store_explicit(&srb->word, SRB_WORD(SRB_WORD_SERIAL(srb->word) + 1, SRB_QUEUED),
                          memory_order_relaxed);
    rt_trace(adapter->rt, RT_TRACE_SUBMIT, srb->number, srb->unit->number,
             (uint32_t)srb->request.function << 8 | srb->request.cdb[0]);
    if (RT_UNLIKELY(adapter->port->config.verify)) {
        srb->touch_depth = srb->first_depth = 0;
        srb->submit_depth = (uint8_t)rt_backtrace(srb->submit_stack, STACK_MAX, 2);
    }
}

/* Into the queue, or straight to the miniport if nothing is ahead of it. */
static struct port_srb *
submit_locked(struct unit *unit, struct port_srb *srb, bool direct)
{
    bool head = srb->internal || (srb->request.flags & SRB_FLAGS_QUEUE_ACTION_ENABLE &&
                                  srb->request.queue_action == SRB_HEAD_OF_QUEUE_TAG_REQUEST);

    if (direct && (list_empty(&unit->queue) || head) && queue_ready_locked(unit, srb)) {
        activate_locked(unit, srb);
        EDGE(IDLE_DIRECT);
        return srb;
    }
    EDGE(IDLE_QUEUED);
    if (head)
        list_add_head(&unit->queue, &srb->link);
    else
        list_add_tail(&unit->queue, &srb->link);
    unit->queued++;
    rt_trace(unit->adapter->rt, RT_TRACE_QUEUED, srb->number, unit->number, unit->holds);
    return NULL;
}

/*
 * What never reaches the miniport (R4.10, R6.5, R6.6, R8.4, R8.5, R8.7). The port's own FLUSH before a
 * stop goes to every miniport (R16.1). DDI: HW_BUILDIO; SCSI_REQUEST_BLOCK, Function.
 */
bool
srb_answered_by_port(struct port_srb *srb, UCHAR *status)
{
    const struct adapter *adapter = srb->adapter;
    struct unit *unit = srb->unit;

    *status = SRB_STATUS_SUCCESS;
    switch (srb->request.function) {
    case SRB_FUNCTION_FLUSH:
    case SRB_FUNCTION_SHUTDOWN:
        return !adapter->config.CachesData && !srb->internal;
    case SRB_FUNCTION_LOCK_QUEUE:
        unit_lock_queue(unit);
        return true;
    case SRB_FUNCTION_UNLOCK_QUEUE:
        unit_unlock_queue(unit);
        return true;
    case SRB_FUNCTION_RELEASE_QUEUE:
        unit_release_queue(unit);
        return true;
    case SRB_FUNCTION_FLUSH_QUEUE:
        unit_flush_queue(unit);
        return true;
    case SRB_FUNCTION_DUMP_POINTERS:
    case SRB_FUNCTION_FREE_DUMP_POINTERS:
        *status = SRB_STATUS_INVALID_REQUEST;
        return !adapter->virtual_device &&
               !(adapter->driver->init.FeatureSupport & STOR_FEATURE_DUMP_POINTERS);
    case SRB_FUNCTION_ABORT_COMMAND:
        *status = SRB_STATUS_INVALID_REQUEST;
        return !(adapter->config.FeatureSupport & STOR_ADAPTER_FEATURE_ABORT_COMMAND);
    case SRB_FUNCTION_CLAIM_DEVICE:
    case SRB_FUNCTION_ATTACH_DEVICE:
    case SRB_FUNCTION_RELEASE_DEVICE:
    case SRB_FUNCTION_REMOVE_DEVICE:
    case SRB_FUNCTION_QUIESCE_DEVICE:
    case SRB_FUNCTION_TERMINATE_IO:
    case SRB_FUNCTION_RELEASE_RECOVERY:
    case SRB_FUNCTION_RECEIVE_EVENT:
        *status = SRB_STATUS_INVALID_REQUEST;
        return true;
    default:
        return false;
    }
}

void
unit_submit(struct request *request)
{
    struct port_srb *srb = srb_of_request(request), *now = NULL;
    struct unit *unit = request->unit;
    struct adapter *adapter = srb->adapter;
    struct rt_thread *self = rt_self();
    uint8_t old = self->irql;
    struct port_cpu *cpu;
    bool gone, direct = !self->port_depth;
    UCHAR status;

    if (old < RT_IRQL_DISPATCH)
        rt_irql_raise(RT_IRQL_DISPATCH);
    cpu = port_cpu_current(adapter->port);
    submit_note(cpu, srb);
    if (RT_UNLIKELY(request->function != SRB_FUNCTION_EXECUTE_SCSI &&
                    srb_answered_by_port(srb, &status))) {
        srb_complete_by_port(srb, status);
        if (direct && (cpu->completed || cpu->kicks))
            port_run(cpu);
        if (old < RT_IRQL_DISPATCH)
            rt_irql_lower(old);
        return;
    }
    rt_word_acquire(&unit->queue_lock);
    gone =
        (unit->holds & UNIT_GONE || atomic_load(&adapter->holds) & ADAPTER_GONE) && !srb->internal;
    if (!gone)
        now = submit_locked(unit, srb, direct);
    rt_word_release(&unit->queue_lock);
    if (gone) {
        EDGE(REFUSED_GONE);
        srb_complete_by_port(srb, SRB_STATUS_NO_DEVICE);
    }
    if (!gone && !now)
        unit_kick(unit);
    if (direct) {
        if (now) {
            self->port_depth++;
            srb_start(now);
            self->port_depth--;
        }
        if (cpu->completed || cpu->kicks)
            port_run(cpu);
    }
    if (old < RT_IRQL_DISPATCH)
        rt_irql_lower(old);
}

/* Lives on the waiter's stack: the lock keeps it there until the waker is through. */
struct wait {
    struct rt_thread *thread;
    rt_word lock;
    bool done;
};

static void
wake_waiter(struct request *request)
{
    struct wait *wait = request->context;

    rt_word_acquire(&wait->lock);
    wait->done = true;
    rt_unpark(wait->thread);
    rt_word_release(&wait->lock);
}

static bool
wait_over(struct wait *wait)
{
    bool done;

    rt_word_acquire(&wait->lock);
    done = wait->done;
    rt_word_release(&wait->lock);
    return done;
}

void
unit_execute(struct request *request)
{
    struct wait wait = {.thread = rt_self()};

    request->done = wake_waiter;
    request->context = &wait;
    unit_submit(request);
    while (!wait_over(&wait))
        rt_park(RT_FOREVER);
}

/* ---- restarting ---- */

void
unit_kick(struct unit *unit)
{
    struct port *port = unit->adapter->port;
    struct port_cpu *cpu = port_cpu_current(port);

    if (atomic_exchange(&unit->kicked, true))
        return;
    unit->kick_next = NULL;
    *cpu->kicks_tail = unit;
    cpu->kicks_tail = &unit->kick_next;
}

void
adapter_kick(struct adapter *adapter)
{
    struct unit *unit;

    rt_word_acquire(&adapter->control_lock);
    for (unit = adapter->units; unit; unit = unit->next)
        unit_kick(unit); /* looks at its queue under the lock, later */
    rt_word_release(&adapter->control_lock);
}

/* From wherever a driver calls. */
void
unit_kick_later(struct unit *unit)
{
    uint8_t old = rt_irql() < RT_IRQL_DISPATCH ? rt_irql_raise(RT_IRQL_DISPATCH) : RT_IRQL_HIGH;

    unit_kick(unit);
    drain_later(unit->adapter->port);
    if (old != RT_IRQL_HIGH)
        rt_irql_lower(old);
}

/* A built request waits only for holds; its place in the depth is taken already. */
static struct port_srb *
built_take_locked(struct unit *unit)
{
    struct port_srb *srb;

    if (list_empty(&unit->built) || MUTANT(BUILT_FORGOTTEN))
        return NULL;
    srb = RT_CONTAINER(unit->built.next, struct port_srb, link);
    if (!srb->internal && (!holds_pass(unit, srb) || atomic_load(&unit->adapter->holds)))
        return NULL;
    EDGE(BUILT_STARTED);
    unit->built_count--;
    list_remove(&srb->link);
    list_add_tail(&unit->active, &srb->link);
    atomic_fetch_add(&unit->adapter->active, 1);
    return srb;
}

/* Starts what may start. Completions that pile up meanwhile go first. */
void
unit_restart(struct port_cpu *cpu, struct unit *unit)
{
    struct port_srb *srb;
    bool built;

    for (;;) {
        rt_word_acquire(&unit->queue_lock);
        built = (srb = built_take_locked(unit)) != NULL;
        if (!srb)
            srb = queue_take_locked(unit);
        rt_word_release(&unit->queue_lock);
        if (!srb)
            return;
        if (built)
            srb_start_built(srb);
        else
            srb_start(srb);
        if (cpu->completed) {
            unit_kick(unit);
            return;
        }
    }
}

/* ---- holds ---- */

/* Runs what a change outside any gate brought up. IRQL <= DISPATCH or inside a gate. */
void
port_leave(struct port *port)
{
    struct rt_thread *self = rt_self();
    struct port_cpu *cpu;
    uint8_t old = self->irql;

    if (self->port_depth || old > RT_IRQL_DISPATCH) {
        drain_later(port);
        return;
    }
    if (old < RT_IRQL_DISPATCH)
        rt_irql_raise(RT_IRQL_DISPATCH);
    cpu = port_cpu_current(port);
    if (cpu->completed || cpu->kicks)
        port_run(cpu);
    if (old < RT_IRQL_DISPATCH)
        rt_irql_lower(old);
}

void
unit_hold(struct unit *unit, uint32_t hold)
{
    uint8_t old = rt_irql() < RT_IRQL_DISPATCH ? rt_irql_raise(RT_IRQL_DISPATCH) : RT_IRQL_HIGH;

    rt_word_acquire(&unit->queue_lock);
    unit->holds |= hold;
    rt_word_release(&unit->queue_lock);
    if (old != RT_IRQL_HIGH)
        rt_irql_lower(old);
}

void
unit_unhold(struct unit *unit, uint32_t hold)
{
    uint8_t old = rt_irql() < RT_IRQL_DISPATCH ? rt_irql_raise(RT_IRQL_DISPATCH) : RT_IRQL_HIGH;

    rt_word_acquire(&unit->queue_lock);
    unit->holds &= ~hold;
    rt_word_release(&unit->queue_lock);
    if (!(MUTANT(NO_RESTART_AFTER_RESUME) && hold == UNIT_PAUSED) &&
        !(MUTANT(FREEZE_FORGOTTEN) && hold == UNIT_FROZEN)) {
        unit_kick(unit);
        drain_later(unit->adapter->port);
    }
    if (old != RT_IRQL_HIGH)
        rt_irql_lower(old);
}

void
adapter_hold(struct adapter *adapter, uint32_t hold)
{
    atomic_fetch_or(&adapter->holds, hold);
}

void
adapter_unhold(struct adapter *adapter, uint32_t hold)
{
    uint8_t old = rt_irql() < RT_IRQL_DISPATCH ? rt_irql_raise(RT_IRQL_DISPATCH) : RT_IRQL_HIGH;

    atomic_fetch_and(&adapter->holds, ~hold);
    if (!(MUTANT(NO_RESTART_AFTER_ADAPTER_RESUME) && hold == ADAPTER_PAUSED)) {
        adapter_kick(adapter);
        drain_later(adapter->port);
    }
    if (old != RT_IRQL_HIGH)
        rt_irql_lower(old);
}

/* ---- the class driver's side of a queue ---- */

void
unit_release_queue(struct unit *unit)
{
    rt_trace(unit->adapter->rt, RT_TRACE_RELEASE, unit->number, 0, 0);
    unit_unhold(unit, UNIT_FROZEN);
}

void
unit_lock_queue(struct unit *unit)
{
    unit_hold(unit, UNIT_LOCKED);
}

void
unit_unlock_queue(struct unit *unit)
{
    unit_unhold(unit, UNIT_LOCKED);
}

/* What was built for hardware that goes is built anew later. PASSIVE. */
void
unit_unbuild(struct unit *unit)
{
    rt_word_acquire(&unit->queue_lock);
    while (!list_empty(&unit->built)) {
        struct port_srb *srb = RT_CONTAINER(unit->built.prev, struct port_srb, link);
        unit->built_count--;
        queue_deactivate_locked(unit, srb);
        queue_put_back_locked(unit, srb);
        atomic_store(&srb->word, SRB_WORD(SRB_WORD_SERIAL(srb->word), SRB_QUEUED));
        srb_unmap(srb);
    }
    rt_word_release(&unit->queue_lock);
}

/* The next that waits, built or not; *built says which. */
static struct port_srb *
queue_head_locked(struct unit *unit, bool *built)
{
    struct port_srb *srb = NULL;

    *built = !list_empty(&unit->built);
    if (*built) {
        srb = RT_CONTAINER(unit->built.next, struct port_srb, link);
        unit->built_count--;
        queue_deactivate_locked(unit, srb);
    } else if (!list_empty(&unit->queue)) {
        srb = RT_CONTAINER(unit->queue.next, struct port_srb, link);
        list_remove(&srb->link);
        unit->queued--;
    }
    return srb;
}

/* Completes what waits; what the miniport has goes on. Inside a gate, so that a `done` that submits
 * again only enqueues. */
static void
queue_flush(struct unit *unit, UCHAR status)
{
    struct rt_thread *self = rt_self();
    struct port_srb *srb;
    bool built;

    self->port_depth++;
    for (;;) {
        rt_word_acquire(&unit->queue_lock);
        srb = queue_head_locked(unit, &built);
        rt_word_release(&unit->queue_lock);
        if (!srb)
            break;
        EDGE(QUEUED_FLUSHED);
        if (built)
            srb_unmap(srb);
        srb_complete_by_port(srb, status);
    }
    self->port_depth--;
}

void
unit_fail_queue(struct unit *unit, UCHAR status)
{
    uint8_t old = rt_irql() < RT_IRQL_DISPATCH ? rt_irql_raise(RT_IRQL_DISPATCH) : RT_IRQL_HIGH;

    queue_flush(unit, status);
    if (old != RT_IRQL_HIGH)
        rt_irql_lower(old);
}

void
unit_flush_queue(struct unit *unit)
{
    uint8_t old = rt_irql() < RT_IRQL_DISPATCH ? rt_irql_raise(RT_IRQL_DISPATCH) : RT_IRQL_HIGH;

    queue_flush(unit, SRB_STATUS_REQUEST_FLUSHED);
    unit_unhold(unit, UNIT_FROZEN);
    if (old != RT_IRQL_HIGH)
        rt_irql_lower(old);
}

void
adapter_flush_queues(struct adapter *adapter, UCHAR status)
{
    uint8_t old = rt_irql() < RT_IRQL_DISPATCH ? rt_irql_raise(RT_IRQL_DISPATCH) : RT_IRQL_HIGH;

    for (struct unit *unit = adapter->units; unit; unit = unit->next) {
        if (!MUTANT(REMOVE_FORGETS_QUEUE))
            queue_flush(unit, status);
    }
    port_leave(adapter->port);
    if (old != RT_IRQL_HIGH)
        rt_irql_lower(old);
}
