/*
 * The rt floor by hand: one thread, one processor, a clock that moves with timers and sleeps only.
 */
#include "fake.h"

#include <errno.h>
#include <stdarg.h>

#include "rt_registry.h"

static struct rt_thread self_thread;
__thread struct rt_thread *rt_self_tls = &self_thread;

bool
fake_fails(void)
{
    return ++fake.calls == fake.fail_nth;
}

void
rt_word_acquire(rt_word *word)
{
    CHECK(fake.irql == RT_IRQL_DISPATCH);
    CHECK(!*word);
    *word = 1;
    fake.held++;
}

void
rt_word_release(rt_word *word)
{
    CHECK(*word);
    *word = 0;
    fake.held--;
}

uint8_t
rt_irql_raise(uint8_t to)
{
    uint8_t old = fake.irql;
    CHECK(to >= old);
    fake.irql = to;
    self_thread.irql = to;
    return old;
}

void
rt_irql_lower(uint8_t to)
{
    CHECK(!fake.held);
    fake.irql = to;
    self_thread.irql = to;
}

unsigned
rt_cpu_count(struct rt *rt)
{
    (void)rt;
    return 1;
}

struct rt_cpu *
rt_cpu_current(void)
{
    return NULL;
}

unsigned
rt_cpu_index(const struct rt_cpu *cpu)
{
    (void)cpu;
    return 0;
}

uint64_t
rt_now_ns(struct rt *rt)
{
    (void)rt;
    return fake.now_ns;
}

void
rt_sleep_ns(uint64_t ns)
{
    CHECK(fake.irql == RT_IRQL_PASSIVE && !fake.held);
    fake.now_ns += ns;
    while (fake.timer_count && fake_fire())
        ;
}

void
rt_stall_ns(uint64_t ns)
{
    fake.now_ns += ns;
}

void
rt_park(uint64_t deadline_ns)
{
    CHECK(fake.irql == RT_IRQL_PASSIVE && !fake.held);
    CHECK(deadline_ns == RT_FOREVER);
    CHECK(fake.queued || fake.timer_count); /* else nobody would ever wake it */
    fake_run();
}

void
rt_unpark(struct rt_thread *thread)
{
    (void)thread;
}

void
rt_timer_init(struct rt_timer *timer, void (*fire)(struct rt_timer *))
{
    memset(timer, 0, sizeof(*timer));
    timer->fire = fire;
}

bool
rt_timer_set(struct rt *rt, struct rt_timer *timer, uint64_t deadline_ns)
{
    (void)rt;
    CHECK(fake.timer_count < FAKE_TIMERS_MAX);
    timer->deadline_ns = deadline_ns;
    fake.timers[fake.timer_count++] = timer;
    return false;
}

bool
fake_fire(void)
{
    unsigned first = 0;

    if (!fake.timer_count)
        return false;
    for (unsigned i = 1; i < fake.timer_count; i++)
        if (fake.timers[i]->deadline_ns < fake.timers[first]->deadline_ns)
            first = i;
    struct rt_timer *timer = fake.timers[first];
    fake.timers[first] = fake.timers[--fake.timer_count];
    if (fake.now_ns < timer->deadline_ns)
        fake.now_ns = timer->deadline_ns;
    uint8_t irql = rt_irql_raise(RT_IRQL_DISPATCH);
    timer->fire(timer);
    rt_irql_lower(irql);
    return true;
}

void *
rt_alloc(struct rt *rt, size_t bytes)
{
    (void)rt;
    if (fake_fails())
        return NULL;
    fake.live++;
    void *memory = malloc(bytes);
    memset(memory, 0xa5, bytes);
    return memory;
}

void *
rt_alloc_zero(struct rt *rt, size_t bytes)
{
    void *memory = rt_alloc(rt, bytes);
    if (memory)
        memset(memory, 0, bytes);
    return memory;
}

void
rt_free(struct rt *rt, void *memory)
{
    (void)rt;
    fake.live -= memory != NULL;
    free(memory);
}

void *
rt_arena_alloc(struct rt *rt, size_t bytes, const struct rt_range *range)
{
    (void)rt;
    CHECK(!range);
    if (fake_fails())
        return NULL;
    fake.live++;
    size_t whole = (bytes + RT_PAGE_BYTES - 1) / RT_PAGE_BYTES * RT_PAGE_BYTES;
    void *memory = aligned_alloc(RT_PAGE_BYTES, whole);
    memset(memory, 0xa5, whole);
    return memory;
}

void
rt_arena_free(struct rt *rt, void *memory, size_t bytes)
{
    (void)rt;
    CHECK(memory && bytes);
    fake.live--;
    free(memory);
}

void
rt_log(struct rt *rt, enum rt_log_level level, const char *component, const char *format, ...)
{
    va_list arguments;

    (void)rt;
    (void)level;
    (void)component;
    va_start(arguments, format);
    vsnprintf(fake.logged_line, sizeof(fake.logged_line), format, arguments);
    va_end(arguments);
}

int
rt_registry_get(struct rt *rt, const char *key, const char *name, uint32_t *type, void *data,
                size_t *length)
{
    (void)rt;
    if (!fake.registry_key || strcmp(key, fake.registry_key) || strcmp(name, "IoTimeoutValue"))
        return -ENOENT;
    CHECK(*length >= 4);
    *type = 4;
    *length = 4;
    memcpy(data, &fake.registry_value, 4);
    return 0;
}
