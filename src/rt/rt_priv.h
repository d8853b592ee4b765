/* What the files of rt share: the executor's operations and the processors. */
#ifndef RT_PRIV_H
#define RT_PRIV_H

#include "rt.h"
#include "rt_file.h"
#include "rt_registry.h"
#include "trace.h"

#include <pthread.h>

#if defined(__SANITIZE_ADDRESS__)
#define RT_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define RT_TSAN 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RT_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define RT_TSAN 1
#endif
#endif

/* What differs between the executors. `self` is always the calling thread. */
struct rt_exec_ops {
    int (*start)(struct rt *rt, char **error);
    void (*stop)(struct rt *rt);
    int (*thread_start)(struct rt_thread *thread, void (*run)(void *), void *ctx);
    void (*thread_join)(struct rt_thread *thread);
    void (*thread_exit)(struct rt_thread *self) __attribute__((noreturn));
    int (*thread_attach)(struct rt_thread *self);
    void (*thread_detach)(struct rt_thread *self);
    void (*park)(struct rt_thread *self, uint64_t deadline_ns);
    void (*unpark)(struct rt_thread *thread);
    void (*word_wait)(struct rt_thread *self, rt_word *word); /* until it may be free */
    void (*word_wake)(struct rt *rt, rt_word *word);
    void (*stall)(struct rt_thread *self, uint64_t until_ns); /* one pass; may return early */
    uint64_t (*now)(struct rt *rt);
    uint64_t (*stamp)(struct rt *rt); /* a cheap clock for the trace */
    uint64_t (*stamp_to_ns)(struct rt *rt, uint64_t stamp);
};
extern const struct rt_exec_ops rt_exec_threads;
extern const struct rt_exec_ops rt_exec_sim;

enum {
    PENDING_DPC = 1,
    PENDING_TIMER = 2,
    PENDING_INTERRUPT = 4,
    PENDING_WATCH = 8, /* the watchdog's: gone once a poll point was reached */
};

#define TRACE_RING (1u << 12)

struct trace_ring {
    struct rt_trace_record *records;
    uint64_t count;
    size_t capacity; /* a power of two unless `keep` */
};

struct rt_cpu {
    _Alignas(64) _Atomic(struct rt_thread *) owner; /* the token */
    atomic_uint pending;                            /* PENDING_* */
    atomic_uint waiters;
    uint32_t index;
    struct rt *rt;
    struct rt_thread *service;
    uint64_t stamp; /* newest reading of the trace clock, by the owner */
    struct trace_ring trace;
    /* Key: w work_lock (a leaf) */
    _Alignas(64) rt_word work_lock;
    struct rt_dpc *dpc_head, **dpc_tail;      /* w */
    struct rt_interrupt *interrupts;          /* w */
    struct rt_timer *timers;                  /* w: the earliest is the root */
    uint64_t timer_order;                     /* w */
    struct rt_thread *wait_head, **wait_tail; /* w: threads that wait for the token */
};

#define RT_FAULT_STACK 12

struct rt {
    struct rt_config config;
    const struct rt_exec_ops *ops;
    void *exec; /* the executor's own */
    bool sim;
    atomic_bool stopping;
    unsigned cpu_count;
    struct rt_cpu *cpus;
    rt_word timer_lock; /* leaf, before a processor's work_lock */
    rt_word lock; /* leaf: threads, passive trace, allocations, random */
    struct rt_thread *threads;
    uint32_t thread_next, home_next;
    uint64_t random_state;
    struct trace_ring passive;
    uint64_t trace_hash;
    atomic_uint_fast64_t fallible;
    void *fault_stack[RT_FAULT_STACK]; /* of the call that failed */
    unsigned fault_depth;
    struct rt_allocation *allocations;
    struct rt_arena *arena;
    struct rt_file_provider file;
    struct rt_registry_provider registry;
    void (*watch)(void *, const volatile void *, unsigned, void *);
    void *watch_ctx;
    void *slots[RT_SLOT_COUNT];
    void *owner;
    struct rt_watchdog *watchdog; /* NULL: none */
};

/* One pass of a busy wait. */
static inline void
rt_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* ops->stamp of the threads executor, without the call where the processor has a counter. */
static inline uint64_t
rt_threads_stamp(struct rt *rt)
{
#if defined(__x86_64__)
    (void)rt;
    return __builtin_ia32_rdtsc();
#else
    return rt->ops->stamp(rt);
#endif
}

/* Leaf locks of rt itself: never a yield point (under sim nothing else can run inside). */
static inline void
leaf_lock(struct rt *rt, rt_word *word)
{
    if (rt->sim)
        return;
    uintptr_t zero = 0;
    while (!atomic_compare_exchange_weak_explicit(word, &zero, 2, memory_order_acquire,
                                                  memory_order_relaxed)) {
        zero = 0;
        rt_relax();
    }
}

static inline void
leaf_unlock(struct rt *rt, rt_word *word)
{
    if (!rt->sim)
        atomic_store_explicit(word, 0, memory_order_release);
}

int rt_cpus_create(struct rt *rt);
void rt_cpus_service(void *cpu); /* body of a processor's service thread */
void rt_cpus_destroy(struct rt *rt);
/* Gives up the token of a thread below DISPATCH. */
void rt_cpu_release(struct rt_thread *self);
pthread_t rt_threads_pthread(const struct rt_thread *thread); /* threads only */
struct rt_thread *rt_thread_new(struct rt *rt, const char *name);
void rt_thread_forget(struct rt_thread *thread);

int rt_arena_create(struct rt *rt);
void rt_arena_destroy(struct rt *rt);
uint64_t rt_mix(uint64_t *state); /* splitmix64 */
void rt_file_default(struct rt *rt);
int rt_trace_start(struct rt *rt); /* 0 or -errno; either way finish ends it */
void rt_trace_finish(struct rt *rt);
void rt_sim_yield(struct rt_thread *self);
uint64_t rt_sim_progress(const struct rt *rt); /* grows with each yield; any OS thread */

int rt_watchdog_start(struct rt *rt);
void rt_watchdog_stop(struct rt *rt);

#endif
