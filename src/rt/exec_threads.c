/* The threads executor: real threads, real time. Sleeping is a futex on the thread's permit. */
#include "rt_priv.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct rt_exec_thread {
    pthread_t pthread;
    atomic_uint permit;
    void (*run)(void *);
    void *ctx;
};

struct threads_state {
    uint64_t start_ns;
    uint64_t start_stamp;
};

static uint64_t
clock_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t
clock_stamp(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return clock_ns();
#endif
}

static void
futex_wait(atomic_uint *word, unsigned value, const struct timespec *until)
{
    syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, until, NULL, FUTEX_BITSET_MATCH_ANY);
}

static uint64_t
threads_now(struct rt *rt)
{
    struct threads_state *state = rt->exec;

    return clock_ns() - state->start_ns;
}

static uint64_t
threads_stamp(struct rt *rt)
{
    (void)rt;
    return clock_stamp();
}

/* The counter's rate is measured against the clock since the executor began. */
static uint64_t
threads_stamp_to_ns(struct rt *rt, uint64_t stamp)
{
    struct threads_state *state = rt->exec;
    double ticks = (double)(clock_stamp() - state->start_stamp);
    double ns = (double)(clock_ns() - state->start_ns);

    return ticks > 0 ? (uint64_t)((double)(stamp - state->start_stamp) * (ns / ticks)) : 0;
}

static void
threads_park(struct rt_thread *self, uint64_t deadline_ns)
{
    struct threads_state *state = self->rt->exec;
    struct rt_exec_thread *exec = self->exec;
    struct timespec until, *limit = NULL;

    if (deadline_ns != RT_FOREVER) {
        uint64_t at = state->start_ns + deadline_ns;
        until.tv_sec = (time_t)(at / 1000000000u);
        until.tv_nsec = (long)(at % 1000000000u);
        limit = &until;
    }
    if (!atomic_exchange(&exec->permit, 0)) {
        futex_wait(&exec->permit, 0, limit);
        atomic_exchange(&exec->permit, 0);
    }
}

static void
threads_unpark(struct rt_thread *thread)
{
    struct rt_exec_thread *exec = thread->exec;

    if (!atomic_exchange(&exec->permit, 1))
        syscall(SYS_futex, &exec->permit, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Bit 0 of the word is set by every sleeper, so its low half changes when the owner leaves. */
static void
threads_word_wait(struct rt_thread *self, rt_word *word)
{
    uintptr_t value = atomic_load(word);

    (void)self;
    if (value & 1)
        futex_wait((atomic_uint *)word, (unsigned)value, NULL);
}

static void
threads_word_wake(struct rt *rt, rt_word *word)
{
    if (!rt->sim)
        syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void
threads_stall(struct rt_thread *self, uint64_t until_ns)
{
    (void)self;
    (void)until_ns;
    for (unsigned i = 0; i < 32; i++)
        rt_relax();
}

pthread_t
rt_threads_pthread(const struct rt_thread *thread)
{
    return thread->exec->pthread;
}

static void *
threads_main(void *arg)
{
    struct rt_thread *self = arg;

    rt_self_tls = self;
    rt_signal_stack();
    self->exec->run(self->exec->ctx);
    if (self->cpu)
        rt_cpu_release(self);
    return NULL;
}

static int
threads_thread_attach(struct rt_thread *self)
{
    self->exec = calloc(1, sizeof(*self->exec));
    if (!self->exec)
        return -ENOMEM;
    self->exec->pthread = pthread_self();
    return 0;
}

static void
threads_thread_detach(struct rt_thread *self)
{
    free(self->exec);
}

static int
threads_thread_start(struct rt_thread *thread, void (*run)(void *), void *ctx)
{
    if (threads_thread_attach(thread))
        return -ENOMEM;
    thread->exec->run = run;
    thread->exec->ctx = ctx;
    if (pthread_create(&thread->exec->pthread, NULL, threads_main, thread)) {
        free(thread->exec);
        return -EAGAIN;
    }
    return 0;
}

static void
threads_thread_join(struct rt_thread *thread)
{
    struct rt_thread *self = rt_self_tls;

    /* A joiner must not keep a processor from the thread that it waits for. */
    if (self && self->cpu && self->irql < RT_IRQL_DISPATCH)
        rt_cpu_release(self);
    pthread_join(thread->exec->pthread, NULL);
    free(thread->exec);
}

static __attribute__((noreturn)) void
threads_thread_exit(struct rt_thread *self)
{
    if (self->cpu)
        rt_cpu_release(self);
    pthread_exit(NULL);
}

static int
threads_start(struct rt *rt, char **error)
{
    struct threads_state *state = calloc(1, sizeof(*state));

    (void)error;
    if (!state)
        return -ENOMEM;
    state->start_ns = clock_ns();
    state->start_stamp = clock_stamp();
    rt->exec = state;
    return 0;
}

static void
threads_stop(struct rt *rt)
{
    free(rt->exec);
}

const struct rt_exec_ops rt_exec_threads = {
    .start = threads_start,
    .stop = threads_stop,
    .thread_start = threads_thread_start,
    .thread_join = threads_thread_join,
    .thread_exit = threads_thread_exit,
    .thread_attach = threads_thread_attach,
    .thread_detach = threads_thread_detach,
    .park = threads_park,
    .unpark = threads_unpark,
    .word_wait = threads_word_wait,
    .word_wake = threads_word_wake,
    .stall = threads_stall,
    .now = threads_now,
    .stamp = threads_stamp,
    .stamp_to_ns = threads_stamp_to_ns,
};
