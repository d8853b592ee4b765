/*
 * The sim executor: one OS thread, a fiber per thread, a virtual clock, a scheduler that draws from
 * a seed. Nothing here depends on an address or on the machine: the same seed runs the same way.
 *
 * A fiber gives way at yield points (rt_sim_yield: sometimes), when it parks, and when it waits for
 * a lock. Time moves a little at each yield point and jumps when nobody can run.
 */
#include "rt_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifdef RT_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef RT_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/* Boost.Context's C entry points: 12 ns there and back, no syscall. */
typedef void *fcontext_t;
struct fcontext_transfer {
    fcontext_t from;
    void *data;
};
struct fcontext_transfer jump_fcontext(fcontext_t to, void *data);
fcontext_t make_fcontext(void *stack_top, size_t bytes, void (*run)(struct fcontext_transfer));

#define FIBER_STACK_BYTES (512u * 1024)
#define YIELD_NS 20

enum fiber_state { FIBER_RUNNABLE, FIBER_PARKED, FIBER_LOCKED, FIBER_ENDED };

struct rt_exec_thread {
    fcontext_t context;
    struct rt_thread *thread;
    enum fiber_state state;
    bool permit;
    uint64_t wake_ns; /* FIBER_PARKED */
    rt_word *word;    /* FIBER_LOCKED */
    void (*run)(void *);
    void *ctx;
    void *stack;
    struct rt_thread *joiner;
    struct rt_exec_thread *next;
    const void *stack_bottom; /* for the sanitizers */
    size_t stack_bytes;
    void *fake_stack;
    void *tsan;
};

struct sim {
    uint64_t now_ns;
    uint64_t chance; /* the scheduler's own stream */
    uint32_t preempt;
    struct rt_exec_thread *fibers; /* in order of creation */
    struct rt_exec_thread **tail;
    struct rt_exec_thread *spare; /* ended, stack kept for the next */
    struct rt_sim_stats stats;
    _Atomic uint64_t progress; /* yields and waits; read by the watchdog */
};

static struct sim *
sim_of(const struct rt *rt)
{
    return rt->exec;
}

/* ---- switching ---- */

static void
switch_landed(struct rt_exec_thread *self, struct fcontext_transfer from)
{
    struct rt_exec_thread *previous = from.data;

#ifdef RT_ASAN
    const void *bottom;
    size_t bytes;
    __sanitizer_finish_switch_fiber(self->fake_stack, &bottom, &bytes);
    if (!previous->stack_bottom) {
        previous->stack_bottom = bottom;
        previous->stack_bytes = bytes;
    }
#endif
    previous->context = from.from;
    rt_self_tls = self->thread;
}

static void
switch_to(struct rt_exec_thread *self, struct rt_exec_thread *to)
{
    sim_of(self->thread->rt)->stats.switches++;
#ifdef RT_ASAN
    __sanitizer_start_switch_fiber(self->state == FIBER_ENDED ? NULL : &self->fake_stack,
                                   to->stack_bottom, to->stack_bytes);
#endif
#ifdef RT_TSAN
    __tsan_switch_to_fiber(to->tsan, 0);
#endif
    switch_landed(self, jump_fcontext(to->context, self));
}

static bool
fiber_ready(const struct rt_exec_thread *fiber, uint64_t now)
{
    switch (fiber->state) {
    case FIBER_RUNNABLE:
        return true;
    case FIBER_PARKED:
        return fiber->permit || fiber->wake_ns <= now;
    case FIBER_LOCKED:
        return !atomic_load_explicit(fiber->word, memory_order_relaxed);
    case FIBER_ENDED:
        break;
    }
    return false;
}

/* One of the ready fibers but `not`, by the seed; NULL if there is none. */
static struct rt_exec_thread *
pick(struct sim *sim, const struct rt_exec_thread * not )
{
    struct rt_exec_thread *fiber;
    unsigned ready = 0, chosen;

    for (fiber = sim->fibers; fiber; fiber = fiber->next)
        ready += fiber != not &&fiber_ready(fiber, sim->now_ns);
    if (!ready)
        return NULL;
    chosen = (unsigned)(rt_mix(&sim->chance) % ready);
    for (fiber = sim->fibers; fiber; fiber = fiber->next) {
        if (fiber != not &&fiber_ready(fiber, sim->now_ns) && !chosen--)
            return fiber;
    }
    return NULL;
}

static uint64_t
earliest_wake(struct sim *sim)
{
    uint64_t earliest = RT_FOREVER;

    for (struct rt_exec_thread *fiber = sim->fibers; fiber; fiber = fiber->next) {
        if (fiber->state == FIBER_PARKED && fiber->wake_ns < earliest)
            earliest = fiber->wake_ns;
    }
    return earliest;
}

static inline void
moved(struct sim *sim)
{
    atomic_store_explicit(&sim->progress,
                          atomic_load_explicit(&sim->progress, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

uint64_t
rt_sim_progress(const struct rt *rt)
{
    return atomic_load_explicit(&sim_of(rt)->progress, memory_order_relaxed);
}

/* Runs others until the caller's fiber is ready again. */
static void
give_way(struct rt_exec_thread *self)
{
    struct sim *sim = sim_of(self->thread->rt);
    struct rt_exec_thread *to;

    moved(sim);
    for (;;) {
        to = pick(sim, NULL);
        if (to)
            break;
        uint64_t wake = earliest_wake(sim);
        if (wake == RT_FOREVER)
            rt_bug(self->thread->rt, RT_BUG_DEADLOCK,
                   "nothing can run: every thread waits and no timer is armed");
        sim->now_ns = wake;
    }
    if (to != self)
        switch_to(self, to);
    if (self->state != FIBER_ENDED)
        self->state = FIBER_RUNNABLE;
}

void
rt_sim_yield(struct rt_thread *self)
{
    struct sim *sim = sim_of(self->rt);
    struct rt_exec_thread *to;

    sim->stats.yields++;
    moved(sim);
    sim->now_ns += YIELD_NS;
    if (rt_mix(&sim->chance) % sim->preempt)
        return;
    to = pick(sim, self->exec);
    if (!to)
        return;
    sim->stats.preemptions++;
    switch_to(self->exec, to);
}

void
rt_explore_watch(struct rt *rt, void (*watch)(void *, const volatile void *, unsigned, void *),
                 void *ctx)
{
    rt->watch = watch;
    rt->watch_ctx = ctx;
}

void
__storport_explore(const volatile void *address, unsigned size_and_kind)
{
    struct rt_thread *self = rt_self_tls;

    if (!self || !self->rt->sim)
        return;
    rt_sim_yield(self);
    if (self->rt->watch)
        self->rt->watch(self->rt->watch_ctx, address, size_and_kind, __builtin_return_address(0));
}

/* ---- the operations ---- */

static void
sim_park(struct rt_thread *self, uint64_t deadline_ns)
{
    struct rt_exec_thread *fiber = self->exec;

    fiber->state = FIBER_PARKED;
    fiber->wake_ns = deadline_ns;
    give_way(fiber);
    fiber->permit = false;
}

static void
sim_unpark(struct rt_thread *thread)
{
    thread->exec->permit = true;
}

static void
sim_word_wait(struct rt_thread *self, rt_word *word)
{
    struct rt_exec_thread *fiber = self->exec;

    fiber->state = FIBER_LOCKED;
    fiber->word = word;
    give_way(fiber);
}

static void
sim_word_wake(struct rt *rt, rt_word *word)
{
    /* Waiters look at the word itself; leaving a lock is a place for others to run. */
    (void)word;
    if (rt->sim)
        rt_sim_yield(rt_self_tls);
}

/* The processor stays busy: it is parked with its token until the time or until new work. */
static void
sim_stall(struct rt_thread *self, uint64_t until_ns)
{
    if (rt_now_ns(self->rt) < until_ns)
        sim_park(self, until_ns);
}

static uint64_t
sim_now(struct rt *rt)
{
    return sim_of(rt)->now_ns;
}

static uint64_t
sim_stamp_to_ns(struct rt *rt, uint64_t stamp)
{
    (void)rt;
    return stamp;
}

static __attribute__((noreturn)) void
sim_thread_exit(struct rt_thread *self)
{
    struct rt_exec_thread *fiber = self->exec;

    if (self->cpu)
        rt_cpu_release(self);
    fiber->state = FIBER_ENDED;
    if (fiber->joiner)
        sim_unpark(fiber->joiner);
    give_way(fiber);
    abort(); /* an ended fiber is never picked */
}

static void
fiber_main(struct fcontext_transfer from)
{
    struct rt_exec_thread *previous = from.data;
    struct rt *rt = previous->thread->rt;
    struct rt_exec_thread *self = NULL;

    /* The switch told nobody who arrives: it is the one that has not run yet and was chosen. */
    for (struct rt_exec_thread *f = sim_of(rt)->fibers; f; f = f->next) {
        char here;
        if (f->stack && (char *)f->stack <= &here && &here < (char *)f->stack + FIBER_STACK_BYTES)
            self = f;
    }
    switch_landed(self, from);
    self->run(self->ctx);
    sim_thread_exit(self->thread);
}

static void
fiber_link(struct sim *sim, struct rt_exec_thread *fiber)
{
    fiber->next = NULL;
    *sim->tail = fiber;
    sim->tail = &fiber->next;
}

static void
fiber_unlink(struct sim *sim, struct rt_exec_thread *fiber)
{
    struct rt_exec_thread **link = &sim->fibers;

    while (*link != fiber)
        link = &(*link)->next;
    *link = fiber->next;
    if (!*link)
        sim->tail = link;
}

static int
sim_thread_start(struct rt_thread *thread, void (*run)(void *), void *ctx)
{
    struct sim *sim = sim_of(thread->rt);
    struct rt_exec_thread *fiber = calloc(1, sizeof(*fiber));

    if (!fiber)
        return -ENOMEM;
    fiber->stack = mmap(NULL, FIBER_STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fiber->stack == MAP_FAILED) {
        free(fiber);
        return -ENOMEM;
    }
    mprotect(fiber->stack, RT_PAGE_BYTES, PROT_NONE);
    fiber->stack_bottom = fiber->stack;
    fiber->stack_bytes = FIBER_STACK_BYTES;
    fiber->thread = thread;
    fiber->run = run;
    fiber->ctx = ctx;
    fiber->context =
        make_fcontext((char *)fiber->stack + FIBER_STACK_BYTES, FIBER_STACK_BYTES, fiber_main);
#ifdef RT_TSAN
    fiber->tsan = __tsan_create_fiber(0);
#endif
    thread->exec = fiber;
    fiber_link(sim, fiber);
    return 0;
}

static void
sim_thread_join(struct rt_thread *thread)
{
    struct rt_exec_thread *fiber = thread->exec;
    struct rt_thread *self = rt_self_tls;

    fiber->joiner = self;
    while (fiber->state != FIBER_ENDED)
        rt_park(RT_FOREVER);
    fiber_unlink(sim_of(thread->rt), fiber);
#ifdef RT_ASAN
    /* What is mapped here next must not find this stack's poison. */
    __asan_unpoison_memory_region(fiber->stack, FIBER_STACK_BYTES);
#endif
    munmap(fiber->stack, FIBER_STACK_BYTES);
#ifdef RT_TSAN
    __tsan_destroy_fiber(fiber->tsan);
#endif
    free(fiber);
}

/* Only the creating thread: it becomes the first fiber, on its own stack. */
static int
sim_thread_attach(struct rt_thread *self)
{
    struct rt_exec_thread *fiber = calloc(1, sizeof(*fiber));

    if (!fiber)
        return -ENOMEM;
    fiber->thread = self;
#ifdef RT_TSAN
    fiber->tsan = __tsan_get_current_fiber();
#endif
    self->exec = fiber;
    fiber_link(sim_of(self->rt), fiber);
    return 0;
}

static void
sim_thread_detach(struct rt_thread *self)
{
    fiber_unlink(sim_of(self->rt), self->exec);
    free(self->exec);
}

static int
sim_start(struct rt *rt, char **error)
{
    static const uint32_t rates[] = {2, 3, 5, 8, 16, 40, 100};
    struct sim *sim = calloc(1, sizeof(*sim));

    (void)error;
    if (!sim)
        return -ENOMEM;
    sim->tail = &sim->fibers;
    sim->chance = rt->config.seed ^ 0x5ced01e5eedull;
    sim->preempt = rt->config.preempt
                       ? rt->config.preempt
                       : rates[rt_mix(&sim->chance) % (sizeof(rates) / sizeof(rates[0]))];
    rt->exec = sim;
    return 0;
}

static void
sim_stop(struct rt *rt)
{
    free(rt->exec);
}

void
rt_sim_stats(const struct rt *rt, struct rt_sim_stats *out)
{
    if (rt->sim)
        *out = sim_of(rt)->stats;
    else
        memset(out, 0, sizeof(*out));
}

const struct rt_exec_ops rt_exec_sim = {
    .start = sim_start,
    .stop = sim_stop,
    .thread_start = sim_thread_start,
    .thread_join = sim_thread_join,
    .thread_exit = sim_thread_exit,
    .thread_attach = sim_thread_attach,
    .thread_detach = sim_thread_detach,
    .park = sim_park,
    .unpark = sim_unpark,
    .word_wait = sim_word_wait,
    .word_wake = sim_word_wake,
    .stall = sim_stall,
    .now = sim_now,
    .stamp = sim_now,
    .stamp_to_ns = sim_stamp_to_ns,
};
