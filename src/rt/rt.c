/* Creating and ending an executor; log, bugs, fault points, chance, tracked memory. */
#include "rt_priv.h"
#include "rt_symbol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool rt_always_poll;
static atomic_uint sim_executors;

uint64_t
rt_mix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

/* ---- life ---- */

static int
services_start(struct rt *rt)
{
    for (unsigned i = 0; i < rt->cpu_count; i++) {
        struct rt_cpu *cpu = &rt->cpus[i];
        struct rt_thread *service = rt_thread_new(rt, "processor");
        if (!service)
            return -ENOMEM;
        cpu->service = service;
        if (rt->ops->thread_start(service, rt_cpus_service, cpu)) {
            cpu->service = NULL;
            rt_thread_forget(service);
            return -EAGAIN;
        }
    }
    return 0;
}

static void
services_stop(struct rt *rt)
{
    atomic_store(&rt->stopping, true);
    for (unsigned i = 0; i < rt->cpu_count; i++) {
        if (!rt->cpus[i].service)
            continue;
        rt_unpark(rt->cpus[i].service);
        rt_thread_join(rt->cpus[i].service);
    }
}

static void
sim_count(int by)
{
    unsigned left = atomic_fetch_add(&sim_executors, (unsigned)by) + (unsigned)by;

    rt_always_poll = left != 0;
}

int
rt_create(const struct rt_config *config, struct rt **out, char **error)
{
    struct rt *rt = calloc(1, sizeof(*rt));
    int status = -ENOMEM;

    if (!rt)
        return -ENOMEM;
    rt->config = *config;
    rt->sim = config->kind == RT_KIND_SIM;
    rt->ops = rt->sim ? &rt_exec_sim : &rt_exec_threads;
    rt->random_state = config->seed ^ 0xab1e5eedull;
    rt->cpu_count = config->cpus ? config->cpus : (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    if (rt->cpu_count > RT_CPU_MAX)
        rt->cpu_count = RT_CPU_MAX;
    if (rt->sim)
        sim_count(1);
    rt_file_default(rt);
    if (rt_cpus_create(rt))
        goto free_rt;
    if ((status = rt_trace_start(rt)) || (status = rt->ops->start(rt, error)))
        goto destroy_cpus;
    if ((status = rt_arena_create(rt)))
        goto stop_exec;
    if (!rt_thread_attach(rt, false)) {
        status = -ENOMEM;
        goto destroy_arena;
    }
    if ((status = services_start(rt)))
        goto stop_services;
    if ((status = rt_watchdog_start(rt)))
        goto stop_services;
    *out = rt;
    return 0;

stop_services:
    services_stop(rt);
    rt_thread_detach(rt);
destroy_arena:
    rt_arena_destroy(rt);
stop_exec:
    rt->ops->stop(rt);
destroy_cpus:
    rt_trace_finish(rt);
    rt_cpus_destroy(rt);
free_rt:
    if (rt->sim)
        sim_count(-1);
    free(rt);
    return status;
}

void
rt_destroy(struct rt *rt)
{
    rt_thread_attach(rt, false);
    rt_watchdog_stop(rt);
    services_stop(rt);
    rt_thread_detach(rt);
    rt_thread_detach(rt);
    rt_arena_destroy(rt);
    rt->ops->stop(rt);
    rt_trace_finish(rt);
    rt_cpus_destroy(rt);
    if (rt->sim)
        sim_count(-1);
    free(rt);
}

enum rt_kind
rt_kind(const struct rt *rt)
{
    return rt->config.kind;
}

void *
rt_owner(const struct rt *rt)
{
    return rt->owner;
}

void
rt_owner_set(struct rt *rt, void *owner)
{
    rt->owner = owner;
}

void *
rt_slot(const struct rt *rt, unsigned slot)
{
    return rt->slots[slot];
}

void
rt_slot_set(struct rt *rt, unsigned slot, void *value)
{
    rt->slots[slot] = value;
}

/* ---- clock, chance, faults ---- */

uint64_t
rt_now_ns(struct rt *rt)
{
    return rt->ops->now(rt);
}

#define SECONDS_1601_TO_1970 11644473600ull
#define SIM_EPOCH_S 1600000000ull

uint64_t
rt_system_100ns(struct rt *rt)
{
    struct timespec ts;

    if (rt->sim)
        return (SECONDS_1601_TO_1970 + SIM_EPOCH_S) * 10000000u + rt_now_ns(rt) / 100;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (SECONDS_1601_TO_1970 + (uint64_t)ts.tv_sec) * 10000000u + (uint64_t)ts.tv_nsec / 100;
}

uint64_t
rt_random(struct rt *rt)
{
    uint64_t value;

    leaf_lock(rt, &rt->lock);
    value = rt_mix(&rt->random_state);
    leaf_unlock(rt, &rt->lock);
    return value;
}

bool
rt_fault(struct rt *rt)
{
    uint64_t n = atomic_fetch_add_explicit(&rt->fallible, 1, memory_order_relaxed) + 1;

    if (RT_LIKELY(n != rt->config.fault_nth))
        return false;
    rt->fault_depth = rt_backtrace(rt->fault_stack, RT_FAULT_STACK, 1);
    return true;
}

unsigned
rt_fault_stack(struct rt *rt, void *const **pcs)
{
    *pcs = rt->fault_stack;
    return rt->fault_depth;
}

uint64_t
rt_fault_count(struct rt *rt)
{
    return atomic_load(&rt->fallible);
}

/* ---- memory ---- */

struct rt_allocation {
    struct rt_allocation *next, **link;
    size_t bytes;
    void *where;
};

static void *
tracked(struct rt *rt, size_t bytes, bool zero, void *where)
{
    struct rt_allocation *a;

    if (rt_fault(rt))
        return NULL;
    a = zero ? calloc(1, sizeof(*a) + bytes) : malloc(sizeof(*a) + bytes);
    if (!a)
        return NULL;
    a->bytes = bytes;
    a->where = where;
    leaf_lock(rt, &rt->lock);
    a->next = rt->allocations;
    a->link = &rt->allocations;
    if (a->next)
        a->next->link = &a->next;
    rt->allocations = a;
    leaf_unlock(rt, &rt->lock);
    return a + 1;
}

void *
rt_alloc(struct rt *rt, size_t bytes)
{
    return tracked(rt, bytes, false, __builtin_return_address(0));
}

void *
rt_alloc_zero(struct rt *rt, size_t bytes)
{
    return tracked(rt, bytes, true, __builtin_return_address(0));
}

void
rt_free(struct rt *rt, void *memory)
{
    struct rt_allocation *a;

    if (!memory)
        return;
    a = (struct rt_allocation *)memory - 1;
    leaf_lock(rt, &rt->lock);
    *a->link = a->next;
    if (a->next)
        a->next->link = a->link;
    leaf_unlock(rt, &rt->lock);
    free(a);
}

size_t
rt_alloc_left(struct rt *rt, void **where)
{
    size_t bytes = 0;

    for (struct rt_allocation *a = rt->allocations; a; a = a->next) {
        bytes += a->bytes;
        *where = a->where;
    }
    return bytes;
}

/* ---- log, bugs ---- */

void
rt_log(struct rt *rt, enum rt_log_level level, const char *component, const char *format, ...)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    char line[512];
    int head;
    va_list args;

    if (!rt->config.log)
        return;
    head = snprintf(line, sizeof(line), "%s %s [%u] ", names[level], component, rt_irql());
    va_start(args, format);
    vsnprintf(line + head, sizeof(line) - (size_t)head, format, args);
    va_end(args);
    rt->config.log(rt->config.ctx, level, line);
}

void
rt_bug(struct rt *rt, enum rt_bug bug, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (rt->config.bug)
        rt->config.bug(rt->config.ctx, bug, text);
    fprintf(stderr, "fatal: %s\n", text);
    abort();
}
