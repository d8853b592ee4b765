/*
 * The watchdog: a driver that spins in a callback and never reaches a poll point is reported
 * (RT_BUG_STUCK) on the thread that spins, from a signal, so that the report has its stack.
 *
 * One OS thread per executor looks now and then. What it watches pays nothing: under `threads` the
 * watchdog leaves a bit in the processor's pending work, which any poll point takes away; under
 * `sim` it reads the count of yields. What is measured is the processor time of the thread, so a
 * busy machine, a debugger, or a thread that sleeps for a lock are never taken for a spin. A
 * processor held at PASSIVE is nobody's business under `threads`: others may do its work.
 */
#include "rt_priv.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Ignored unless someone has a handler; ours knows its own by the value that comes with it. */
#define WATCH_SIGNAL SIGURG
#define SECOND_NS 1000000000u
/* Under sim code at PASSIVE holds up everyone too, but a long computation there is legal. */
#define SIM_PASSIVE_LIMITS 4

/* A processor, or the whole of a simulation, since when nothing moved there. */
struct watch {
    struct rt_thread *thread; /* threads: who holds the processor; never followed unchecked */
    uint64_t progress;
    uint64_t since_ns; /* of the thread's processor time */
    uint64_t told_ns;  /* when it was signalled last; 0: not */
    unsigned answers;  /* of the watchdog, when it was signalled first */
};

struct rt_watchdog {
    struct rt *rt;
    uint64_t limit_ns;
    pthread_t monitor;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop; /* under lock */
    /* sim */
    pthread_t sim_thread;
    struct rt_thread *volatile *sim_self; /* that thread's rt_self_tls */
    /* What the signalled thread compares itself with. */
    atomic_uint_fast64_t accused_progress;
    atomic_uint_fast64_t accused_ns;
    atomic_uint answers;
    struct watch watches[];
};

static pthread_mutex_t install_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned install_count;
static struct sigaction before;
static __thread const void *interrupted;

const void *
rt_interrupted(void)
{
    return interrupted;
}

/* ---- who is stuck ------------------------------------------------------------------------- */

static uint64_t
progress(const struct rt *rt, const struct rt_thread *thread)
{
    return rt->sim ? rt_sim_progress(rt)
                   : atomic_load_explicit(&thread->frames, memory_order_relaxed);
}

/* May look at a thread that runs: then the answer is a guess, which its own thread checks. */
__attribute__((no_sanitize("thread"), noinline)) static bool
stuck(const struct rt *rt, const struct rt_thread *thread, uint64_t for_ns)
{
    const volatile struct rt_thread *t = thread;

    if (!t || !t->frame)
        return false;
    if (rt->sim)
        return t->irql >= RT_IRQL_DISPATCH || for_ns >= SIM_PASSIVE_LIMITS * rt->watchdog->limit_ns;
    return t->irql >= RT_IRQL_DISPATCH && t->cpu &&
           atomic_load(&((struct rt_cpu *)t->cpu)->pending) & PENDING_WATCH;
}

static _Noreturn void
report(struct rt *rt, uint64_t for_ns, const char *where)
{
    rt_bug(rt, RT_BUG_STUCK, "stuck callback (%u s without a poll point%s)",
           (unsigned)(for_ns / SECOND_NS), where);
}

static void
on_signal(int signal, siginfo_t *info, void *context)
{
    struct rt_thread *self = rt_self_tls;
    struct rt_watchdog *dog = self ? self->rt->watchdog : NULL;
    uint64_t for_ns;

    if (info->si_code != SI_QUEUE || info->si_pid != getpid() || !dog ||
        info->si_value.sival_ptr != dog) {
        if (before.sa_flags & SA_SIGINFO)
            before.sa_sigaction(signal, info, context);
        else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)
            before.sa_handler(signal);
        return;
    }
    atomic_fetch_add(&dog->answers, 1);
    for_ns = atomic_load(&dog->accused_ns);
    if (progress(self->rt, self) != atomic_load(&dog->accused_progress) ||
        !stuck(self->rt, self, for_ns))
        return;
    interrupted = context;
    report(self->rt, for_ns, "");
}

/* ---- the monitor -------------------------------------------------------------------------- */

static uint64_t
cpu_time_ns(pthread_t thread)
{
    struct timespec ts;
    clockid_t clock;

    if (pthread_getcpuclockid(thread, &clock) || clock_gettime(clock, &ts))
        return 0;
    return (uint64_t)ts.tv_sec * SECOND_NS + (uint64_t)ts.tv_nsec;
}

/* Nothing moved in `watch` since the last look: is it time to say so? `thread` under sim: NULL. */
static void
watch_age(struct rt_watchdog *dog, struct watch *watch, pthread_t thread)
{
    struct rt *rt = dog->rt;
    uint64_t now = cpu_time_ns(thread);
    uint64_t age = now - watch->since_ns;
    struct rt_thread *suspect;

    if (now < watch->since_ns || age < dog->limit_ns ||
        (watch->told_ns && now - watch->told_ns < dog->limit_ns))
        return;
    suspect = rt->sim ? *dog->sim_self : watch->thread;
    if (watch->told_ns && atomic_load(&dog->answers) == watch->answers && stuck(rt, suspect, age)) {
        /* It has the signal blocked, or ThreadSanitizer holds it back. Its frames tell where it is;
         * the stack is this one. */
        leaf_unlock(rt, &rt->lock);
        rt_self_tls = suspect;
        report(rt, age, "; its signals are blocked, and its stack is unknown");
    }
    if (!watch->told_ns)
        watch->answers = atomic_load(&dog->answers);
    watch->told_ns = now;
    atomic_store(&dog->accused_progress, watch->progress);
    atomic_store(&dog->accused_ns, age);
    pthread_sigqueue(thread, WATCH_SIGNAL, (union sigval){.sival_ptr = dog});
}

static void
watch_begin(struct watch *watch, struct rt_thread *thread, uint64_t moved, pthread_t pthread)
{
    *watch = (struct watch){.thread = thread, .progress = moved, .since_ns = cpu_time_ns(pthread)};
}

static void
look_at_sim(struct rt_watchdog *dog)
{
    struct watch *watch = &dog->watches[0];
    uint64_t moved = rt_sim_progress(dog->rt);

    if (moved != watch->progress || !watch->since_ns)
        watch_begin(watch, NULL, moved, dog->sim_thread);
    else
        watch_age(dog, watch, dog->sim_thread);
}

/* rt->lock is held: threads in the list stay. */
static bool
thread_is_there(const struct rt *rt, const struct rt_thread *thread)
{
    const struct rt_thread *t = rt->threads;

    while (t && t != thread)
        t = t->all_next;
    return t;
}

static void
look_at_cpu(struct rt_watchdog *dog, struct rt_cpu *cpu)
{
    struct watch *watch = &dog->watches[cpu->index];
    struct rt_thread *owner = atomic_load(&cpu->owner);
    bool polled = !(atomic_load(&cpu->pending) & PENDING_WATCH);
    uint64_t moved;

    if (!owner || !thread_is_there(dog->rt, owner)) {
        watch->thread = NULL;
        return;
    }
    moved = progress(dog->rt, owner);
    if (polled || owner != watch->thread || moved != watch->progress) {
        watch_begin(watch, owner, moved, rt_threads_pthread(owner));
        atomic_fetch_or(&cpu->pending, PENDING_WATCH);
    } else if (stuck(dog->rt, owner, 0)) {
        watch_age(dog, watch, rt_threads_pthread(owner));
    }
}

static void
look(struct rt_watchdog *dog)
{
    struct rt *rt = dog->rt;

    if (rt->sim) {
        look_at_sim(dog);
        return;
    }
    for (unsigned i = 0; i < rt->cpu_count; i++) {
        if (!atomic_load_explicit(&rt->cpus[i].owner, memory_order_relaxed))
            continue;
        leaf_lock(rt, &rt->lock);
        look_at_cpu(dog, &rt->cpus[i]);
        leaf_unlock(rt, &rt->lock);
    }
}

static void *
monitor_main(void *arg)
{
    struct rt_watchdog *dog = arg;
    uint64_t period_ns = dog->limit_ns / 4 < SECOND_NS ? dog->limit_ns / 4 : SECOND_NS;
    struct timespec next;

    clock_gettime(CLOCK_MONOTONIC, &next);
    pthread_mutex_lock(&dog->lock);
    while (!dog->stop) {
        next.tv_nsec += (long)period_ns;
        next.tv_sec += next.tv_nsec / (long)SECOND_NS;
        next.tv_nsec %= (long)SECOND_NS;
        if (pthread_cond_timedwait(&dog->wake, &dog->lock, &next) == ETIMEDOUT)
            look(dog);
    }
    pthread_mutex_unlock(&dog->lock);
    return NULL;
}

/* ---- life --------------------------------------------------------------------------------- */

static void
install(int by)
{
    /* On the stack that spins: it is not the one that overflowed. */
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};

    pthread_mutex_lock(&install_lock);
    if (by > 0 && !install_count++)
        sigaction(WATCH_SIGNAL, &action, &before);
    else if (by < 0 && !--install_count)
        sigaction(WATCH_SIGNAL, &before, NULL);
    pthread_mutex_unlock(&install_lock);
}

/* No signal of the process is to be handled on the monitor's thread. */
static int
monitor_start(struct rt_watchdog *dog)
{
    sigset_t all, old;
    int code;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    code = pthread_create(&dog->monitor, NULL, monitor_main, dog);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return code;
}

int
rt_watchdog_start(struct rt *rt)
{
    unsigned count = rt->sim ? 1 : rt->cpu_count;
    struct rt_watchdog *dog;
    pthread_condattr_t attr;

    if (!rt->config.watchdog_s)
        return 0;
    dog = calloc(1, sizeof(*dog) + count * sizeof(dog->watches[0]));
    if (!dog)
        return -ENOMEM;
    dog->rt = rt;
    dog->limit_ns = (uint64_t)rt->config.watchdog_s * SECOND_NS;
    dog->sim_thread = pthread_self();
    dog->sim_self = &rt_self_tls;
    pthread_mutex_init(&dog->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&dog->wake, &attr);
    pthread_condattr_destroy(&attr);
    rt->watchdog = dog;
    install(1);
    if (!monitor_start(dog))
        return 0;
    install(-1);
    rt->watchdog = NULL;
    free(dog);
    return -EAGAIN;
}

void
rt_watchdog_stop(struct rt *rt)
{
    struct rt_watchdog *dog = rt->watchdog;

    if (!dog)
        return;
    pthread_mutex_lock(&dog->lock);
    dog->stop = true;
    pthread_cond_signal(&dog->wake);
    pthread_mutex_unlock(&dog->lock);
    pthread_join(dog->monitor, NULL);
    install(-1);
    rt->watchdog = NULL;
    pthread_cond_destroy(&dog->wake);
    pthread_mutex_destroy(&dog->lock);
    free(dog);
}
