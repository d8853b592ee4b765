/* rt in both executors: locks, the token, DPCs, timers, interrupts on a busy processor, sleeping;
 * and that a seed gives the same trace again. */
#include "rt.h"
#include "trace.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef assert
#define assert(x)                                                                                  \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static struct rt *rt;
static rt_word word;
static unsigned counter;
static atomic_uint dpcs, timers, interrupts;
static uint8_t dpc_irql, interrupt_irql;

static void
log_line(void *ctx, enum rt_log_level level, const char *line)
{
    (void)ctx;
    (void)level;
    fprintf(stderr, "%s\n", line);
}

static void
count_up(void *ctx)
{
    for (unsigned i = 0; i < *(unsigned *)ctx; i++) {
        uint8_t old = rt_irql_raise(RT_IRQL_DISPATCH);
        rt_word_acquire(&word);
        assert(rt_word_held(&word));
        unsigned seen = counter;
        rt_poll();
        counter = seen + 1;
        rt_trace(rt, RT_TRACE_USER, rt_self()->id, counter, 0);
        rt_word_release(&word);
        rt_irql_lower(old);
        rt_poll();
    }
}

static void
dpc_run(struct rt_dpc *dpc)
{
    (void)dpc;
    dpc_irql = rt_irql();
    atomic_fetch_add(&dpcs, 1);
}

static void
timer_fire(struct rt_timer *timer)
{
    (void)timer;
    assert(rt_irql() == RT_IRQL_DISPATCH);
    atomic_fetch_add(&timers, 1);
}

static void
interrupt_service(struct rt_interrupt *interrupt)
{
    (void)interrupt;
    interrupt_irql = rt_irql();
    atomic_fetch_add(&interrupts, 1);
}

static struct rt_thread *sleeper;
static atomic_bool awake, asleep;

static void
sleep_until_woken(void *ctx)
{
    (void)ctx;
    atomic_store(&asleep, true);
    while (!atomic_load(&awake))
        rt_park(RT_FOREVER);
}

static void
open_rt(enum rt_kind kind, unsigned cpus, uint64_t seed)
{
    struct rt_config config = {
        .kind = kind, .cpus = cpus, .seed = seed, .log = log_line, .trace_keep = true};
    char *error = NULL;

    assert(rt_create(&config, &rt, &error) == 0);
}

static uint64_t
lock_storm(enum rt_kind kind, unsigned cpus, uint64_t seed)
{
    struct rt_thread *threads[6];
    unsigned rounds = 300;
    uint64_t hash;

    open_rt(kind, cpus, seed);
    counter = 0;
    for (unsigned i = 0; i < 6; i++)
        threads[i] = rt_thread_create(rt, "counter", count_up, &rounds);
    for (unsigned i = 0; i < 6; i++)
        rt_thread_join(threads[i]);
    assert(counter == 6 * rounds);
    hash = rt_trace_hash(rt);
    rt_destroy(rt);
    return hash;
}

static void
levels(enum rt_kind kind)
{
    struct rt_dpc dpc = {.run = dpc_run};
    struct rt_timer timer;
    struct rt_interrupt interrupt = {.service = interrupt_service, .irql = RT_IRQL_DEVICE};
    uint8_t old;

    open_rt(kind, 1, 7);
    dpcs = timers = interrupts = 0;
    old = rt_irql_raise(RT_IRQL_DISPATCH);
    assert(old == RT_IRQL_PASSIVE);
    assert(rt_dpc_queue(rt_cpu_current(), &dpc));
    assert(!rt_dpc_queue(rt_cpu_current(), &dpc));
    rt_poll();
    assert(dpcs == 0); /* not at DISPATCH */
    interrupt.cpu = rt_cpu_current();
    rt_irql_raise(RT_IRQL_DEVICE);
    rt_interrupt_raise(&interrupt);
    rt_poll();
    assert(interrupts == 0); /* not at its own level */
    rt_irql_lower(RT_IRQL_DISPATCH);
    assert(interrupts == 1 && interrupt_irql == RT_IRQL_DEVICE && dpcs == 0);
    /* A stall at DISPATCH lets the interrupt in, not the DPC, not the timer. */
    rt_timer_init(&timer, timer_fire);
    rt_timer_set(rt, &timer, rt_now_ns(rt) + 1000);
    rt_interrupt_raise(&interrupt);
    rt_stall_ns(2000000);
    assert(interrupts == 2 && dpcs == 0 && timers == 0);
    rt_irql_lower(old);
    assert(dpcs == 1 && dpc_irql == RT_IRQL_DISPATCH);
    while (!timers)
        rt_sleep_ns(1000000);
    assert(timers == 1);
    /* A cancelled timer and a cancelled DPC do not run. */
    rt_timer_set(rt, &timer, rt_now_ns(rt) + 50000000);
    assert(rt_timer_cancel(rt, &timer) && !rt_timer_cancel(rt, &timer));
    old = rt_irql_raise(RT_IRQL_DISPATCH);
    rt_dpc_queue(rt_cpu_current(), &dpc);
    assert(rt_dpc_cancel(&dpc) && !rt_dpc_cancel(&dpc));
    rt_irql_lower(old);
    rt_sleep_ns(60000000);
    assert(timers == 1 && dpcs == 1);
    /* Nobody holds the processor: its service thread delivers. */
    rt_interrupt_raise(&interrupt);
    rt_dpc_queue(interrupt.cpu, &dpc);
    while (interrupts < 3 || dpcs < 2)
        rt_sleep_ns(100000);
    rt_destroy(rt);
}

static void
park(enum rt_kind kind)
{
    uint64_t begin;

    open_rt(kind, 2, 9);
    awake = asleep = false;
    sleeper = rt_thread_create(rt, "sleeper", sleep_until_woken, NULL);
    while (!atomic_load(&asleep))
        rt_sleep_ns(1000);
    atomic_store(&awake, true);
    rt_unpark(sleeper);
    rt_thread_join(sleeper);
    begin = rt_now_ns(rt);
    rt_sleep_ns(3000000);
    assert(rt_now_ns(rt) - begin >= 3000000);
    if (kind == RT_KIND_SIM) {
        rt_sleep_ns(3600ull * 1000000000); /* an hour costs nothing */
        assert(rt_now_ns(rt) - begin >= 3600ull * 1000000000);
    }
    rt_destroy(rt);
}

static void
arena(bool remap)
{
    struct rt_config config = {.kind = RT_KIND_SIM, .cpus = 1, .dma_remap = remap};
    struct rt_range low = {.lowest = 0, .highest = 0xFFFFFFFF, .boundary = 65536};
    char *error, *a, *b;

    assert(rt_create(&config, &rt, &error) == 0);
    a = rt_arena_alloc(rt, 3 * RT_PAGE_BYTES, NULL);
    b = rt_arena_alloc(rt, 60000, &low);
    assert(a && b && rt_arena_owns(rt, a) && !rt_arena_owns(rt, &config));
    assert(rt_bus_address(rt, a) != (uintptr_t)a);
    assert(rt_bus_run(rt, a, 3 * RT_PAGE_BYTES) == 3 * RT_PAGE_BYTES);
    assert(rt_bus_to_virtual(rt, rt_bus_address(rt, a + 5000)) == a + 5000);
    assert(rt_bus_to_virtual(rt, rt_bus_address(rt, &config)) == &config);
    assert(rt_bus_address(rt, b) / 65536 == (rt_bus_address(rt, b) + 59999) / 65536);
    assert(rt_bus_address(rt, b) + 60000 <= 0xFFFFFFFF);
    if (remap)
        assert(rt_bus_run(rt, &config, 1 << 20) <= RT_PAGE_BYTES);
    rt_arena_free(rt, a, 3 * RT_PAGE_BYTES);
    assert(!rt_bus_to_virtual(rt, rt_bus_address(rt, b) + 60000 + RT_PAGE_BYTES));
    rt_arena_free(rt, b, 60000);
    assert(rt_arena_used(rt) == 0);
    rt_destroy(rt);
}

int
main(void)
{
    unsigned distinct = 0;
    uint64_t last = 0;

    lock_storm(RT_KIND_THREADS, 1, 1);
    lock_storm(RT_KIND_THREADS, 3, 1);
    for (uint64_t seed = 1; seed <= 50; seed++) {
        uint64_t hash = lock_storm(RT_KIND_SIM, 2, seed);
        assert(hash == lock_storm(RT_KIND_SIM, 2, seed));
        distinct += hash != last;
        last = hash;
    }
    assert(distinct >= 49);
    levels(RT_KIND_SIM);
    levels(RT_KIND_THREADS);
    park(RT_KIND_SIM);
    park(RT_KIND_THREADS);
    arena(false);
    arena(true);
    puts("rt: ok");
    return 0;
}
