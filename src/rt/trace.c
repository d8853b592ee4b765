/*
 * The trace rings. A processor's ring is written by its owner only; code at PASSIVE shares one
 * under a leaf lock. Under sim there is one ring, and every record goes into a running hash.
 */
#include "trace.h"
#include "rt_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_MAX (1u << 22)

static const struct {
    const char *name, *argument[3];
} schema[] = {
#define X(name, a, b, c) {#name, {a, b, c}},
    RT_TRACE_EVENTS(X)
#undef X
};

const char *
rt_trace_name(unsigned event)
{
    return event < RT_TRACE_EVENT_COUNT ? schema[event].name : "?";
}

const char *
rt_trace_argument(unsigned event, unsigned index)
{
    return event < RT_TRACE_EVENT_COUNT && index < 3 ? schema[event].argument[index] : "";
}

int
rt_trace_start(struct rt *rt)
{
    bool well;

    rt->trace_hash = 0xcbf29ce484222325ull;
    rt->passive.capacity = TRACE_RING;
    rt->passive.records = calloc(TRACE_RING, sizeof(struct rt_trace_record));
    well = rt->passive.records != NULL;
    for (unsigned i = 0; !rt->sim && i < rt->cpu_count; i++) {
        rt->cpus[i].trace.capacity = TRACE_RING;
        rt->cpus[i].trace.records = calloc(TRACE_RING, sizeof(struct rt_trace_record));
        well &= rt->cpus[i].trace.records != NULL;
    }
    return well ? 0 : -ENOMEM;
}

void
rt_trace_finish(struct rt *rt)
{
    free(rt->passive.records);
    for (unsigned i = 0; i < rt->cpu_count; i++)
        free(rt->cpus[i].trace.records);
}

static void
ring_grow(struct trace_ring *ring)
{
    size_t capacity = ring->capacity * 2;
    struct rt_trace_record *records;

    if (capacity > KEEP_MAX)
        return;
    records = realloc(ring->records, capacity * sizeof(*records));
    if (!records)
        return;
    ring->records = records;
    ring->capacity = capacity;
}

static void
hash_record(struct rt *rt, const struct rt_trace_record *r)
{
    uint64_t words[3] = {r->time_ns,
                         (uint64_t)r->event << 48 | (uint64_t)r->cpu << 40 |
                             (uint64_t)r->irql << 32 | r->a,
                         (uint64_t)r->b << 32 | r->c};

    for (unsigned i = 0; i < 3; i++)
        rt->trace_hash = (rt->trace_hash ^ words[i]) * 0x100000001b3ull ^ rt->trace_hash >> 29;
}

/* Reading the counter costs as much as the rest; most events take the newest reading. */
#define KEEPS_STAMP                                                                                \
    (((1ull << RT_TRACE_TIMEOUT) - 1) & ~(1ull << RT_TRACE_SUBMIT | 1ull << RT_TRACE_NOTIFIED |    \
                                          1ull << RT_TRACE_INTERRUPT | 1ull << RT_TRACE_DPC_RUN))

static inline bool
reads_clock(enum rt_trace_event event)
{
    return !(KEEPS_STAMP >> event & 1);
}
_Static_assert(RT_TRACE_EVENT_COUNT <= 64, "an event is a bit");

static inline void
record_fill(struct rt_trace_record *r, enum rt_trace_event event, uint8_t irql, uint32_t a,
            uint32_t b, uint32_t c)
{
    r->event = (uint16_t)event;
    r->irql = irql;
    r->a = a;
    r->b = b;
    r->c = c;
}

/* Code without a processor, and everything under sim: one ring, in one order. */
static __attribute__((noinline)) void
trace_shared(struct rt *rt, enum rt_trace_event event, uint32_t a, uint32_t b, uint32_t c)
{
    struct rt_thread *self = rt_self_tls;
    struct rt_cpu *cpu = self ? self->cpu : NULL;
    struct trace_ring *ring = &rt->passive;
    struct rt_trace_record *r;

    leaf_lock(rt, &rt->lock);
    if (rt->config.trace_keep && ring->count == ring->capacity)
        ring_grow(ring);
    r = &ring->records[ring->count++ & (ring->capacity - 1)];
    record_fill(r, event, self ? self->irql : 0, a, b, c);
    r->cpu = cpu ? (uint8_t)cpu->index : 0xFF;
    r->time_ns = rt->ops->stamp(rt);
    if (cpu)
        cpu->stamp = r->time_ns;
    if (rt->sim)
        hash_record(rt, r);
    leaf_unlock(rt, &rt->lock);
}

void
rt_trace(struct rt *rt, enum rt_trace_event event, uint32_t a, uint32_t b, uint32_t c)
{
    struct rt_thread *self = rt_self_tls;
    struct rt_cpu *cpu = self ? self->cpu : NULL;
    struct rt_trace_record *r;

    if (RT_UNLIKELY(!cpu || rt->sim)) {
        trace_shared(rt, event, a, b, c);
        return;
    }
    r = &cpu->trace.records[cpu->trace.count++ & (TRACE_RING - 1)];
    record_fill(r, event, self->irql, a, b, c);
    r->cpu = (uint8_t)cpu->index;
    if (reads_clock(event))
        cpu->stamp = rt_threads_stamp(rt);
    r->time_ns = cpu->stamp;
}

uint64_t
rt_trace_hash(const struct rt *rt)
{
    return rt->trace_hash;
}

size_t
rt_trace_total(const struct rt *rt)
{
    size_t total = rt->passive.count;

    for (unsigned i = 0; i < rt->cpu_count; i++)
        total += rt->cpus[i].trace.count;
    return total;
}

static size_t
ring_copy(const struct trace_ring *ring, struct rt_trace_record *out, size_t max)
{
    size_t kept = ring->count < ring->capacity ? ring->count : ring->capacity;

    if (kept > max)
        kept = max;
    for (size_t i = 0; i < kept; i++)
        out[i] = ring->records[(ring->count - kept + i) & (ring->capacity - 1)];
    return kept;
}

static int
by_time(const void *a, const void *b)
{
    const struct rt_trace_record *x = a, *y = b;

    return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

size_t
rt_trace_snapshot(struct rt *rt, struct rt_trace_record *out, size_t max)
{
    size_t count = ring_copy(&rt->passive, out, max);

    if (rt->sim)
        return count;
    for (unsigned i = 0; i < rt->cpu_count; i++)
        count += ring_copy(&rt->cpus[i].trace, out + count, max - count);
    qsort(out, count, sizeof(*out), by_time);
    for (size_t i = 0; i < count; i++)
        out[i].time_ns = rt->ops->stamp_to_ns(rt, out[i].time_ns);
    return count;
}
