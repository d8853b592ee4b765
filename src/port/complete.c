/*
 * The way up: completion lists, what a status means for the queue, and `done`.
 *
 * RequestComplete only puts the SRB on its processor's list. The outermost gate of that processor,
 * or a DPC when there is none, runs port_run(): completions first, then restarts, in a bounded
 * loop.
 */
#include "port_priv.h"

#define RUN_BUDGET 512u

/* ---- the list ---- */

static void
push_local(struct port_cpu *cpu, struct port_srb *srb)
{
    srb->next = NULL;
    *cpu->completed_tail = srb;
    cpu->completed_tail = &srb->next;
}

static void
push_remote(struct port *port, unsigned index, struct port_srb *srb)
{
    struct port_cpu *cpu = &port->cpus[index];

    if (MUTANT(REMOTE_DROPPED) && srb->number % 17 == 0)
        return;
    rt_word_acquire(&cpu->remote_lock);
    srb->next = cpu->remote;
    cpu->remote = srb;
    rt_word_release(&cpu->remote_lock);
    EDGE(REMOTE_COMPLETION);
    rt_dpc_queue(rt_cpu_at(port->rt, index), &cpu->drain);
}

static void
take_remote(struct port_cpu *cpu)
{
    struct port_srb *srb, *next, *reversed = NULL;

    rt_word_acquire(&cpu->remote_lock);
    srb = cpu->remote;
    cpu->remote = NULL;
    rt_word_release(&cpu->remote_lock);
    for (; srb; srb = next) {
        next = srb->next;
        srb->next = reversed;
        reversed = srb;
    }
    for (srb = reversed; srb; srb = next) {
        next = srb->next;
        push_local(cpu, srb);
    }
}

/* Makes sure that somebody looks at this processor's lists once no gate is open. */
void
drain_later(struct port *port)
{
    struct port_cpu *cpu = port_cpu_current(port);

    if (!rt_self()->port_depth && (cpu->completed || cpu->kicks))
        rt_dpc_queue(rt_cpu_current(), &cpu->drain);
}

static void
double_completion(struct port_srb *srb, uint64_t word)
{
    finding_report_two(srb->adapter->rt, RULE_DV_DoubleComplete, srb->number, srb->complete_stack,
                       srb->first_depth,
                       "an SRB was completed that the miniport does not own (it is %s)",
                       SRB_WORD_STATE(word) == SRB_LOST ? "lost: completed after the reset ladder"
                       : SRB_WORD_STATE(word) == SRB_QUEUED ? "queued in the port"
                                                            : "complete already");
}

/* Any IRQL, any context. */
void
srb_notify(struct port_srb *srb, void *caller)
{
    struct adapter *adapter = srb->adapter;
    struct port *port = adapter->port;
    uint64_t word = atomic_load_explicit(&srb->word, memory_order_relaxed);
    uint8_t status = srb_status_raw(srb);
    uint8_t old;

    (void)caller;
    do {
        enum srb_state state = SRB_WORD_STATE(word);
        if (RT_UNLIKELY(state != SRB_STARTED && state != SRB_BUILDING)) {
            double_completion(srb, word);
            return;
        }
    } while (!atomic_compare_exchange_weak(&srb->word, &word,
                                           SRB_WORD(SRB_WORD_SERIAL(word), SRB_NOTIFIED)));
    if (SRB_WORD_STATE(word) == SRB_STARTED)
        EDGE(STARTED_NOTIFIED);
    else
        EDGE(BUILDING_NOTIFIED);
    rt_trace(adapter->rt, RT_TRACE_NOTIFIED, srb->number, srb->unit->number, status);
    if (RT_UNLIKELY(SRB_STATUS(status) == SRB_STATUS_PENDING))
        finding_report(adapter->rt, RULE_StorPortStatusPending, srb->number,
                       "an SRB was completed with SRB_STATUS_PENDING");
    if (RT_UNLIKELY(status & SRB_STATUS_QUEUE_FROZEN))
        finding_report(adapter->rt, RULE_QueueFrozenSet, srb->number,
                       "the miniport set SRB_STATUS_QUEUE_FROZEN");
    if (RT_UNLIKELY(port->config.verify))
        srb->first_depth = (uint8_t)rt_backtrace(srb->complete_stack, STACK_MAX, 2);
    if (MUTANT(LOST_COMPLETION) && srb->number % 127 == 0)
        return;
    old = rt_irql();
    if (old < RT_IRQL_DISPATCH)
        rt_irql_raise(RT_IRQL_DISPATCH);
    if (adapter->redirect && srb->cpu != rt_cpu_index(rt_cpu_current())) {
        push_remote(port, srb->cpu, srb);
    } else {
        push_local(port_cpu_current(port), srb);
        drain_later(port);
    }
    if (old < RT_IRQL_DISPATCH)
        rt_irql_lower(old);
}

/* ---- what a status means ---- */

static bool
wants_retry(const struct port_srb *srb, UCHAR status, UCHAR scsi)
{
    if (srb->internal || srb->unit->holds & UNIT_GONE || srb->timed_out)
        return false;
    if (atomic_load(&srb->adapter->holds) & ADAPTER_GONE)
        return false;
    return status == SRB_STATUS_BUSY || scsi == SCSISTAT_QUEUE_FULL || scsi == SCSISTAT_BUSY;
}

/* R4.7, R4.8: the unit waits for a time or for some completions, and the SRB goes again. */
static bool
retry_locked(struct unit *unit, struct port_srb *srb, UCHAR scsi)
{
    uint32_t left = queue_outstanding_locked(unit);

    if (scsi == SCSISTAT_QUEUE_FULL && left) {
        uint32_t part = (left * unit->full_percent + 99) / 100;
        unit->full_left = part ? part : 1;
        unit->holds |= UNIT_FULL;
        EDGE(NOTIFIED_QUEUED_FULL);
    } else {
        if (srb->tries >= unit->retry_count_max)
            return false;
        srb->tries++;
        EDGE(NOTIFIED_QUEUED_BUSY);
        unit->holds |= UNIT_RETRY;
        rt_timer_set(unit->adapter->rt, &unit->retry_timer,
                     rt_now_ns(unit->adapter->rt) + unit->retry_pause_ms * 1000000ull);
    }
    if (srb->request.data_bytes != SrbGetDataTransferLength(&srb->srb))
        finding_report(unit->adapter->rt, RULE_BusyLengthChanged, srb->number,
                       "DataTransferLength was changed in an SRB that is to be sent again");
    queue_put_back_locked(unit, srb);
    atomic_store(&srb->word, SRB_WORD(SRB_WORD_SERIAL(srb->word), SRB_QUEUED));
    rt_trace(unit->adapter->rt, RT_TRACE_REQUEUED, srb->number, unit->number, srb->tries);
    return true;
}

/* Requests that others wait for. Returns whether a hold ended. */
bool
queue_count_locked(struct unit *unit)
{
    bool freed = false;

    if (RT_LIKELY(!(unit->holds & (UNIT_BUSY | UNIT_FULL))))
        return false;
    if (unit->holds & UNIT_BUSY && !MUTANT(BUSY_NOT_COUNTED) &&
        (!--unit->busy_left || !queue_outstanding_locked(unit))) {
        unit->holds &= ~(uint32_t)UNIT_BUSY;
        EDGE(UNIT_BUSY_ENDED);
        freed = true;
    }
    if (unit->holds & UNIT_FULL && !MUTANT(FULL_NOT_COUNTED) &&
        (!--unit->full_left || !queue_outstanding_locked(unit))) {
        unit->holds &= ~(uint32_t)UNIT_FULL;
        EDGE(UNIT_FULL_ENDED);
        freed = true;
    }
    return freed;
}

/* One that was with the miniport no longer is. */
void
adapter_count(struct adapter *adapter)
{
    uint32_t left = atomic_fetch_sub(&adapter->active, 1) - 1;
    struct rt_thread *waiter;

    if (RT_LIKELY(!atomic_load_explicit(&adapter->holds, memory_order_relaxed)))
        return;
    if (atomic_load(&adapter->holds) & ADAPTER_BUSY &&
        (atomic_fetch_sub(&adapter->busy_left, 1) <= 1 || !left)) {
        EDGE(ADAPTER_BUSY_ENDED);
        adapter_unhold(adapter, ADAPTER_BUSY);
    }
    waiter = atomic_load(&adapter->idle_waiter);
    if (!left && waiter)
        rt_unpark(waiter);
}

static bool
freezes(const struct port_srb *srb, UCHAR status)
{
    return status != SRB_STATUS_SUCCESS && !srb->internal &&
           srb->request.function == SRB_FUNCTION_EXECUTE_SCSI &&
           !(srb->request.flags & SRB_FLAGS_NO_QUEUE_FREEZE);
}

static void
finish(struct port_srb *srb, bool frozen)
{
    struct request *request = &srb->request;
    struct rt *rt = srb->adapter->rt;
    uint32_t number = srb->number;

    request->queue_frozen = frozen;
    atomic_store_explicit(&srb->word, SRB_WORD(SRB_WORD_SERIAL(srb->word), SRB_IDLE),
                          memory_order_release);
    rt_trace(rt, RT_TRACE_DONE, number, srb->unit->number,
             (uint32_t)request->srb_status << 8 | request->scsi_status);
    EDGE(NOTIFIED_IDLE);
    request->done(request);
    if (MUTANT(DOUBLE_DONE) && number % 113 == 0)
        request->done(request);
}

/* One from the list, at DISPATCH with no lock held. */
void
srb_complete(struct port_cpu *cpu, struct port_srb *srb)
{
    struct unit *unit = srb->unit;
    UCHAR status = SRB_STATUS(srb_status_raw(srb));
    UCHAR scsi = srb_scsi_status(srb);
    bool again = false, frozen = false, waiting;

    (void)cpu;
    rt_word_acquire(&unit->queue_lock);
    queue_deactivate_locked(unit, srb);
    queue_count_locked(unit);
    if (RT_UNLIKELY(wants_retry(srb, status, scsi)))
        again = retry_locked(unit, srb, scsi);
    if (RT_UNLIKELY(!again && freezes(srb, status))) {
        unit->holds |= UNIT_FROZEN;
        EDGE(NOTIFIED_FROZEN);
        frozen = true;
    }
    waiting = !list_empty(&unit->queue) || !list_empty(&unit->built);
    if (MUTANT(LATE_COUNT) && srb->number % 3 == 0)
        waiting = false;
    rt_word_release(&unit->queue_lock);
    adapter_count(srb->adapter);
    if (waiting)
        unit_kick(unit);
    if (RT_UNLIKELY(frozen))
        rt_trace(unit->adapter->rt, RT_TRACE_FREEZE, unit->number, 0, 0);
    if (RT_UNLIKELY(again)) {
        srb_unmap(srb);
        return;
    }
    srb_answer(srb);
    if (!MUTANT(LATE_UNMAP))
        srb_unmap(srb);
    finish(srb, frozen);
    if (MUTANT(LATE_UNMAP))
        srb_unmap(srb);
}

/* One that the miniport never got or lost: answered by the port. */
void
srb_complete_by_port(struct port_srb *srb, UCHAR status)
{
    struct request *request = &srb->request;

    request->srb_status = status;
    request->scsi_status = 0;
    request->sense_bytes = 0;
    request->moved_bytes = 0;
    finish(srb, false);
}

/* ---- the loop ---- */

void
port_run(struct port_cpu *cpu)
{
    struct rt_thread *self = rt_self();
    unsigned budget = RUN_BUDGET;
    struct port_srb *srb;
    struct unit *unit;

    self->port_depth++;
    for (;;) {
        if (RT_UNLIKELY(atomic_load_explicit(&cpu->remote, memory_order_relaxed)))
            take_remote(cpu);
        if ((srb = cpu->completed)) {
            cpu->completed = srb->next;
            if (!cpu->completed)
                cpu->completed_tail = &cpu->completed;
            srb_complete(cpu, srb);
        } else if ((unit = cpu->kicks)) {
            cpu->kicks = unit->kick_next;
            if (!cpu->kicks)
                cpu->kicks_tail = &cpu->kicks;
            atomic_store(&unit->kicked, false);
            unit_restart(cpu, unit);
        } else {
            break;
        }
        if (!--budget) {
            EDGE(BUDGET_SPENT);
            rt_dpc_queue(rt_cpu_current(), &cpu->drain);
            break;
        }
    }
    self->port_depth--;
}

/* ---- waiting for silence ---- */

void
adapter_wait_idle(struct adapter *adapter)
{
    atomic_store(&adapter->idle_waiter, rt_self());
    while (atomic_load(&adapter->active))
        rt_park(rt_now_ns(adapter->rt) + 10000000);
    atomic_store(&adapter->idle_waiter, NULL);
    port_settle(adapter->port); /* whoever read it meanwhile has used it */
}
