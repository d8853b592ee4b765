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
static bool
reads_clock(enum rt_trace_event event)
{
    return event == RT_TRACE_SUBMIT || event == RT_TRACE_NOTIFIED || event >= RT_TRACE_TIMEOUT ||
           event == RT_TRACE_INTERRUPT || event == RT_TRACE_DPC_RUN;
}

void
rt_trace(struct rt *rt, enum rt_trace_event event, uint32_t a, uint32_t b, uint32_t c)
{
    struct rt_thread *self = rt_self_tls;
    struct rt_cpu *cpu = self ? self->cpu : NULL;
    struct trace_ring *ring = cpu && !rt->sim ? &cpu->trace : &rt->passive;
    struct rt_trace_record *r;

    if (ring == &rt->passive)
        leaf_lock(rt, &rt->lock);
    if (rt->config.trace_keep && ring->count == ring->capacity)
        ring_grow(ring);
    r = &ring->records[ring->count++ & (ring->capacity - 1)];
    if (!cpu)
        r->time_ns = rt->ops->stamp(rt);
    else if (rt->sim || reads_clock(event))
        r->time_ns = cpu->stamp = rt->ops->stamp(rt);
    else
        r->time_ns = cpu->stamp;
    r->event = (uint16_t)event;
    r->cpu = cpu ? (uint8_t)cpu->index : 0xFF;
    r->irql = self ? self->irql : 0;
    r->a = a;
    r->b = b;
    r->c = c;
    if (rt->sim)
        hash_record(rt, r);
    if (ring == &rt->passive)
        leaf_unlock(rt, &rt->lock);
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
