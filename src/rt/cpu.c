/*
 * Virtual processors: the token, IRQL, and the delivery of interrupts, DPCs and timers to whoever
 * holds the token. Common to both executors; sleeping and waking is theirs.
 *
 * Why nothing is lost: who adds work sets `pending` and then looks at `owner`; who leaves clears
 * `owner` and then looks at `pending` and `waiters`. All four are sequentially consistent, so at
 * least one of the two sees the other.
 */
#include "rt_priv.h"

#include <stdlib.h>

unsigned
rt_cpu_count(struct rt *rt)
{
    return rt->cpu_count;
}

struct rt_cpu *
rt_cpu_at(struct rt *rt, unsigned index)
{
    return index < rt->cpu_count ? &rt->cpus[index] : NULL;
}

unsigned
rt_cpu_index(const struct rt_cpu *cpu)
{
    return cpu->index;
}

struct rt_cpu *
rt_cpu_current(void)
{
    struct rt_thread *self = rt_self_tls;

    return self->cpu ? self->cpu : self->home;
}

/* ---- the token ---- */

static bool
cpu_try(struct rt_cpu *cpu, struct rt_thread *self)
{
    struct rt_thread *none = NULL;

    if (!atomic_compare_exchange_strong(&cpu->owner, &none, self))
        return false;
    self->cpu = cpu;
    self->home = cpu;
    self->pending = &cpu->pending;
    return true;
}

/* Queues for the home processor; the leaving owner hands the token over in order. */
static void
cpu_wait(struct rt_cpu *cpu, struct rt_thread *self)
{
    self->wait_next = NULL;
    leaf_lock(cpu->rt, &cpu->work_lock);
    *cpu->wait_tail = self;
    cpu->wait_tail = &self->wait_next;
    leaf_unlock(cpu->rt, &cpu->work_lock);
    atomic_fetch_add(&cpu->waiters, 1);

    for (;;) {
        struct rt_thread *owner = atomic_load(&cpu->owner);
        if (owner == self)
            break;
        if (!owner) {
            /* It left before it could see us: whoever is first in the queue may go. */
            leaf_lock(cpu->rt, &cpu->work_lock);
            struct rt_thread *first = cpu->wait_head, *none = NULL;
            bool ours = first && atomic_compare_exchange_strong(&cpu->owner, &none, first);
            if (ours) {
                cpu->wait_head = first->wait_next;
                if (!cpu->wait_head)
                    cpu->wait_tail = &cpu->wait_head;
            }
            leaf_unlock(cpu->rt, &cpu->work_lock);
            if (ours) {
                atomic_fetch_sub(&cpu->waiters, 1);
                if (first != self)
                    rt_unpark(first);
            }
            continue;
        }
        cpu->rt->ops->park(self, RT_FOREVER);
    }
    self->cpu = cpu;
    self->home = cpu;
    self->pending = &cpu->pending;
}

static void
cpu_take(struct rt_thread *self)
{
    struct rt *rt = self->rt;
    unsigned first = self->home->index;

    if (RT_LIKELY(cpu_try(self->home, self)))
        return;
    if (!self->service && !self->bound) {
        for (unsigned i = 1; i < rt->cpu_count; i++) {
            struct rt_cpu *cpu = &rt->cpus[(first + i) % rt->cpu_count];
            if (!atomic_load_explicit(&cpu->owner, memory_order_relaxed) && cpu_try(cpu, self))
                return;
        }
    }
    cpu_wait(self->home, self);
}

static void deliver(struct rt_thread *self, uint8_t level);

static void
cpu_hand_over(struct rt_cpu *cpu)
{
    struct rt_thread *first, *none = NULL;

    leaf_lock(cpu->rt, &cpu->work_lock);
    first = cpu->wait_head;
    if (first && atomic_compare_exchange_strong(&cpu->owner, &none, first)) {
        cpu->wait_head = first->wait_next;
        if (!cpu->wait_head)
            cpu->wait_tail = &cpu->wait_head;
    } else {
        first = NULL;
    }
    leaf_unlock(cpu->rt, &cpu->work_lock);
    if (first) {
        atomic_fetch_sub(&cpu->waiters, 1);
        rt_unpark(first);
    }
}

void
rt_cpu_release(struct rt_thread *self)
{
    struct rt_cpu *cpu = self->cpu;

    for (;;) {
        self->cpu = NULL;
        atomic_store(&cpu->owner, NULL);
        if (RT_LIKELY(!atomic_load(&cpu->pending) && !atomic_load(&cpu->waiters)))
            return;
        if (atomic_load(&cpu->waiters)) {
            /* The next owner sees what is pending when it leaves, or before. */
            cpu_hand_over(cpu);
            return;
        }
        if (!cpu_try(cpu, self))
            return;
        deliver(self, self->irql);
    }
}

void
rt_thread_bind(struct rt_thread *self, struct rt_cpu *cpu, bool bound)
{
    if (self->cpu)
        rt_cpu_release(self);
    self->home = cpu;
    self->pending = &cpu->pending;
    self->bound = bound;
}

/* ---- IRQL ---- */

uint8_t
rt_irql_raise(uint8_t to)
{
    struct rt_thread *self = rt_self_tls;
    uint8_t old = self->irql;

    if (to >= RT_IRQL_DISPATCH && !self->cpu)
        cpu_take(self);
    self->irql = to;
    return old;
}

void
rt_irql_lower(uint8_t to)
{
    struct rt_thread *self = rt_self_tls;

    if (RT_UNLIKELY(atomic_load_explicit(self->pending, memory_order_relaxed)) && self->cpu)
        deliver(self, to);
    self->irql = to;
    if (to < RT_IRQL_DISPATCH && self->cpu && !self->keep)
        rt_cpu_release(self);
}

/* ---- work of a processor ---- */

/* Tells the processor that something was added. */
static void
cpu_kick(struct rt_cpu *cpu, unsigned bit)
{
    unsigned old = atomic_fetch_or(&cpu->pending, bit);
    struct rt_thread *owner = atomic_load(&cpu->owner);

    if (!owner) {
        if (!(old & bit) || cpu->rt->sim)
            rt_unpark(cpu->service);
    } else if (cpu->rt->sim && owner->stalling && owner != rt_self_tls) {
        rt_unpark(owner);
    }
}

bool
rt_dpc_queue(struct rt_cpu *cpu, struct rt_dpc *dpc)
{
    if (atomic_exchange(&dpc->queued, true))
        return false;
    leaf_lock(cpu->rt, &cpu->work_lock);
    dpc->next = NULL;
    dpc->cpu = cpu;
    *cpu->dpc_tail = dpc;
    cpu->dpc_tail = &dpc->next;
    leaf_unlock(cpu->rt, &cpu->work_lock);
    cpu_kick(cpu, PENDING_DPC);
    return true;
}

bool
rt_dpc_cancel(struct rt_dpc *dpc)
{
    struct rt_cpu *cpu = dpc->cpu;
    struct rt_dpc **link;
    bool found = false;

    if (!cpu || !atomic_load(&dpc->queued))
        return false;
    leaf_lock(cpu->rt, &cpu->work_lock);
    for (link = &cpu->dpc_head; *link; link = &(*link)->next) {
        if (*link != dpc)
            continue;
        *link = dpc->next;
        if (!*link)
            cpu->dpc_tail = link;
        atomic_store(&dpc->queued, false);
        found = true;
        break;
    }
    leaf_unlock(cpu->rt, &cpu->work_lock);
    return found;
}

static struct rt_dpc *
dpc_take(struct rt_cpu *cpu)
{
    struct rt_dpc *dpc;

    leaf_lock(cpu->rt, &cpu->work_lock);
    dpc = cpu->dpc_head;
    if (dpc) {
        cpu->dpc_head = dpc->next;
        if (!dpc->next)
            cpu->dpc_tail = &cpu->dpc_head;
        atomic_store(&dpc->queued, false);
    }
    if (!cpu->dpc_head)
        atomic_fetch_and(&cpu->pending, ~(unsigned)PENDING_DPC);
    leaf_unlock(cpu->rt, &cpu->work_lock);
    return dpc;
}

void
rt_interrupt_raise(struct rt_interrupt *interrupt)
{
    struct rt_cpu *cpu = interrupt->cpu;

    if (atomic_exchange(&interrupt->pending, true))
        return;
    leaf_lock(cpu->rt, &cpu->work_lock);
    interrupt->next = cpu->interrupts;
    cpu->interrupts = interrupt;
    leaf_unlock(cpu->rt, &cpu->work_lock);
    cpu_kick(cpu, PENDING_INTERRUPT);
}

/* The highest pending interrupt above `level`. */
static struct rt_interrupt *
interrupt_take(struct rt_cpu *cpu, uint8_t level)
{
    struct rt_interrupt **link, **best = NULL, *taken = NULL;

    leaf_lock(cpu->rt, &cpu->work_lock);
    for (link = &cpu->interrupts; *link; link = &(*link)->next) {
        if ((*link)->irql > level && (!best || (*link)->irql > (*best)->irql))
            best = link;
    }
    if (best) {
        taken = *best;
        *best = taken->next;
        atomic_store(&taken->pending, false);
    }
    if (!cpu->interrupts)
        atomic_fetch_and(&cpu->pending, ~(unsigned)PENDING_INTERRUPT);
    leaf_unlock(cpu->rt, &cpu->work_lock);
    return taken;
}

/* ---- timers: a pairing heap per processor, linked through the timers themselves, since arming one
 * is legal at any IRQL and cannot fail ---- */

static bool
timer_before(const struct rt_timer *a, const struct rt_timer *b)
{
    return a->deadline_ns != b->deadline_ns ? a->deadline_ns < b->deadline_ns : a->order < b->order;
}

/* Two heaps into one: the later root becomes the earlier one's first child. */
static struct rt_timer *
heap_meld(struct rt_timer *a, struct rt_timer *b)
{
    struct rt_timer *first = timer_before(b, a) ? b : a, *second = first == a ? b : a;

    second->next = first->child;
    if (second->next)
        second->next->link = &second->next;
    first->child = second;
    second->link = &first->child;
    first->next = NULL;
    return first;
}

/* Children of a root that goes: melded in pairs, then from the last pair to the first. */
static struct rt_timer *
heap_merge(struct rt_timer *children)
{
    struct rt_timer *pairs = NULL, *root = NULL;

    while (children) {
        struct rt_timer *a = children, *b = a->next;
        children = b ? b->next : NULL;
        if (b)
            a = heap_meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    while (pairs) {
        struct rt_timer *a = pairs;
        pairs = a->next;
        root = root ? heap_meld(root, a) : a;
    }
    return root;
}

static void
heap_insert(struct rt_cpu *cpu, struct rt_timer *heap)
{
    cpu->timers = cpu->timers ? heap_meld(cpu->timers, heap) : heap;
    cpu->timers->next = NULL;
    cpu->timers->link = &cpu->timers;
}

static void
heap_remove(struct rt_cpu *cpu, struct rt_timer *timer)
{
    struct rt_timer *rest = heap_merge(timer->child);

    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
    timer->link = NULL;
    timer->child = timer->next = NULL;
    if (rest)
        heap_insert(cpu, rest);
}

void
rt_timer_init(struct rt_timer *timer, void (*fire)(struct rt_timer *))
{
    timer->fire = fire;
    timer->deadline_ns = 0;
    timer->order = 0;
    timer->cpu = NULL;
    timer->child = timer->next = NULL;
    timer->link = NULL;
}

/* Under rt's timer_lock, since two processors may arm one timer at once. */
static bool
timer_cancel_locked(struct rt *rt, struct rt_timer *timer)
{
    struct rt_cpu *cpu = timer->cpu;
    bool armed = false;

    if (!cpu)
        return false;
    leaf_lock(rt, &cpu->work_lock);
    if (timer->link) {
        heap_remove(cpu, timer);
        armed = true;
    }
    leaf_unlock(rt, &cpu->work_lock);
    return armed;
}

bool
rt_timer_cancel(struct rt *rt, struct rt_timer *timer)
{
    bool armed;

    leaf_lock(rt, &rt->timer_lock);
    armed = timer_cancel_locked(rt, timer);
    leaf_unlock(rt, &rt->timer_lock);
    return armed;
}

bool
rt_timer_set(struct rt *rt, struct rt_timer *timer, uint64_t deadline_ns)
{
    struct rt_cpu *cpu = rt_cpu_current();
    bool armed, first;

    leaf_lock(rt, &rt->timer_lock);
    armed = timer_cancel_locked(rt, timer);
    leaf_lock(rt, &cpu->work_lock);
    timer->cpu = cpu;
    timer->deadline_ns = deadline_ns;
    timer->order = ++cpu->timer_order;
    heap_insert(cpu, timer);
    first = cpu->timers == timer;
    leaf_unlock(rt, &cpu->work_lock);
    leaf_unlock(rt, &rt->timer_lock);
    if (first)
        rt_unpark(cpu->service);
    return armed;
}

static struct rt_timer *
timer_take(struct rt_cpu *cpu, uint64_t now)
{
    struct rt_timer *timer = NULL;

    leaf_lock(cpu->rt, &cpu->work_lock);
    if (cpu->timers && cpu->timers->deadline_ns <= now) {
        timer = cpu->timers;
        heap_remove(cpu, timer);
    } else {
        atomic_fetch_and(&cpu->pending, ~(unsigned)PENDING_TIMER);
    }
    leaf_unlock(cpu->rt, &cpu->work_lock);
    return timer;
}

/* ---- delivery ---- */

/* Runs all that is pending above `level`, highest first, on the caller's stack. */
static void
deliver(struct rt_thread *self, uint8_t level)
{
    struct rt_cpu *cpu = self->cpu;
    uint8_t old = self->irql;

    for (;;) {
        unsigned pending = atomic_load(&cpu->pending);
        struct rt_interrupt *interrupt;
        struct rt_timer *timer;
        struct rt_dpc *dpc;

        if (RT_UNLIKELY(pending & PENDING_WATCH))
            atomic_fetch_and(&cpu->pending, ~(unsigned)PENDING_WATCH);
        if (pending & PENDING_INTERRUPT && (interrupt = interrupt_take(cpu, level))) {
            self->irql = interrupt->irql;
            interrupt->service(interrupt);
            continue;
        }
        if (level >= RT_IRQL_DISPATCH)
            break;
        self->irql = RT_IRQL_DISPATCH;
        if (pending & PENDING_DPC && (dpc = dpc_take(cpu))) {
            dpc->run(dpc);
            continue;
        }
        if (pending & PENDING_TIMER && (timer = timer_take(cpu, rt_now_ns(cpu->rt)))) {
            timer->fire(timer);
            continue;
        }
        if (!(atomic_load(&cpu->pending) & ~(unsigned)PENDING_INTERRUPT))
            break;
    }
    self->irql = old;
}

void
rt_poll_slow(void)
{
    struct rt_thread *self = rt_self_tls;

    if (self->rt->sim)
        rt_sim_yield(self);
    if (!atomic_load_explicit(self->pending, memory_order_relaxed))
        return;
    if (self->cpu) {
        deliver(self, self->irql);
    } else if (cpu_try(self->home, self)) {
        uint8_t old = self->irql;
        self->irql = RT_IRQL_DISPATCH;
        rt_irql_lower(old);
    }
}

void
rt_stall_ns(uint64_t ns)
{
    struct rt_thread *self = rt_self_tls;
    struct rt *rt = self->rt;
    uint64_t until = rt_now_ns(rt) + ns;
    bool outer = self->stalling;

    self->stalling = true;
    do {
        rt_poll();
        rt->ops->stall(self, until);
    } while (rt_now_ns(rt) < until);
    self->stalling = outer;
    rt_poll();
}

/* ---- service threads ---- */

static uint64_t
service_look(struct rt_cpu *cpu)
{
    uint64_t next = RT_FOREVER;
    bool due = false;

    leaf_lock(cpu->rt, &cpu->work_lock);
    if (cpu->timers) {
        next = cpu->timers->deadline_ns;
        due = next <= rt_now_ns(cpu->rt);
        if (due)
            atomic_fetch_or(&cpu->pending, PENDING_TIMER);
    }
    leaf_unlock(cpu->rt, &cpu->work_lock);
    if (due) {
        cpu_kick(cpu, PENDING_TIMER);
        /* An owner that is busy delivers at its next poll; look again a little later. */
        next = rt_now_ns(cpu->rt) + 1000000;
    }
    return next;
}

/* When nobody holds the processor its service thread delivers; else it only keeps the time. */
void
rt_cpus_service(void *arg)
{
    struct rt_cpu *cpu = arg;
    struct rt_thread *self = rt_self_tls;

    self->service = true;
    self->home = cpu;
    self->pending = &cpu->pending;
    while (!atomic_load(&cpu->rt->stopping)) {
        uint64_t next = service_look(cpu);
        if (atomic_load(&cpu->pending) && cpu_try(cpu, self)) {
            self->irql = RT_IRQL_DISPATCH;
            rt_irql_lower(RT_IRQL_PASSIVE);
            continue;
        }
        rt_park(next);
    }
}

int
rt_cpus_create(struct rt *rt)
{
    rt->cpus = aligned_alloc(64, sizeof(*rt->cpus) * rt->cpu_count);
    if (!rt->cpus)
        return -1;
    for (unsigned i = 0; i < rt->cpu_count; i++) {
        struct rt_cpu *cpu = &rt->cpus[i];
        *cpu = (struct rt_cpu){.index = i, .rt = rt};
        cpu->dpc_tail = &cpu->dpc_head;
        cpu->wait_tail = &cpu->wait_head;
    }
    return 0;
}

void
rt_cpus_destroy(struct rt *rt)
{
    free(rt->cpus);
}
