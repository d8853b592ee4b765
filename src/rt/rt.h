/*
 * rt: all that the emulated kernel asks of Linux, and the two executors behind it.
 *
 * An executor is either `threads` (real threads, real time) or `sim` (one OS thread, fibers, a
 * virtual clock, a seeded scheduler). Everything above sees this header only and cannot tell which.
 * Nothing above rt reads a clock, starts a thread, sleeps, or draws a random number by itself.
 *
 * Start reading at struct rt_cpu: a virtual processor is a token that a thread holds while its IRQL
 * is DISPATCH or above. Pending work (interrupts, DPCs, timers) is delivered at poll points, on the
 * stack of whoever holds the token, or by the processor's service thread when nobody does.
 */
#ifndef RT_H
#define RT_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RT_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define RT_LIKELY(x) __builtin_expect(!!(x), 1)
#define RT_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define RT_CONTAINER(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))
#define RT_FOREVER UINT64_MAX
#define RT_CPU_MAX 256
#define RT_PAGE_BYTES 4096u

struct rt;
struct rt_cpu;

enum rt_kind { RT_KIND_THREADS, RT_KIND_SIM };

/* The levels of the documentation; device interrupts take RT_IRQL_DEVICE and up. */
enum rt_irql {
    RT_IRQL_PASSIVE = 0,
    RT_IRQL_APC = 1,
    RT_IRQL_DISPATCH = 2,
    RT_IRQL_DEVICE = 5,
    RT_IRQL_HIGH = 15,
};

/* ---- locks (lock.c) ---------------------------------------------------------------------- */

/*
 * A spin lock on one word, so that a driver's KSPIN_LOCK is one as well: 0 free, else the owning
 * thread with bit 0 as "someone sleeps for it". Never raises IRQL: callers do. Taking one that the
 * caller owns is reported through rt_bug (RT_BUG_DEADLOCK).
 */
typedef _Atomic uintptr_t rt_word;

void rt_word_acquire(rt_word *word);
bool rt_word_try(rt_word *word);
void rt_word_release(rt_word *word);
bool rt_word_held(const rt_word *word); /* by the caller */

/* ---- threads, frames ---------------------------------------------------------------------- */

#define RT_HELD_MAX 12

/*
 * One entry of the stack of callbacks on a processor. The gate down pushes one around each call of
 * a miniport; an interrupt pushes its own on top of whatever it found. `held` are the emulated
 * locks that the driver (not the port) took inside this frame.
 */
struct rt_frame {
    struct rt_frame *up;
    void *owner;       /* the adapter (or driver, in DriverEntry) whose code runs */
    void *subject;     /* the SRB of the call, or NULL */
    uint64_t serial;   /* distinguishes this call from the thread's others */
    uint16_t callback; /* enum contract_callback */
    uint8_t irql;      /* at which the callback was entered */
    uint8_t held_count;
    struct {
        void *lock;
        uint8_t kind;
        void *where; /* return address of the acquire */
    } held[RT_HELD_MAX];
};

/* A schedulable thread: an OS thread under `threads`, a fiber under `sim`. */
struct rt_thread {
    struct rt *rt;
    struct rt_cpu *cpu;  /* the token it holds, or NULL */
    struct rt_cpu *home; /* where it runs when it needs one */
    struct rt_frame *frame;
    uint8_t irql;
    bool keep;                  /* a poller: keeps its token between requests */
    bool service;               /* a processor's own service thread */
    bool bound;                 /* keeps to its home processor (affinity) */
    bool stalling;              /* inside rt_stall_ns */
    uint8_t port_depth;         /* the port's: > 0 inside a gate of it */
    const atomic_uint *pending; /* of the held processor, else of home */
    _Atomic uint64_t frames;    /* pushed so far, by the thread itself; the watchdog looks */
    uint32_t id;                /* stable in a seed: order of creation */
    const char *name;
    void *nt;                    /* the nt floor's (ETHREAD and its like) */
    struct rt_thread *wait_next; /* token queue */
    struct rt_exec_thread *exec; /* the executor's part */
    struct rt_thread *all_next;
};

extern __thread struct rt_thread *rt_self_tls; /* read through rt_self() only */

static inline struct rt_thread *
rt_self(void)
{
    return rt_self_tls;
}

/* A new thread at PASSIVE, home processor chosen by the executor. */
struct rt_thread *rt_thread_create(struct rt *rt, const char *name, void (*run)(void *), void *ctx);
/* Keeps (or no longer keeps) the calling thread on a processor. PASSIVE. */
void rt_thread_bind(struct rt_thread *self, struct rt_cpu *cpu, bool bound);
/* Waits for its end and frees it. PASSIVE only. */
void rt_thread_join(struct rt_thread *thread);
/* Ends the calling thread now (PsTerminateSystemThread); a joiner is still needed. */
_Noreturn void rt_thread_exit(void);
/*
 * Makes the calling OS thread one of `rt`'s until detached; attaching twice nests. keep: it is a
 * poller and holds its processor between requests (cheaper; it must call rt_poll now and then).
 * Under sim the thread that created the executor is attached already.
 */
struct rt_thread *rt_thread_attach(struct rt *rt, bool keep);
void rt_thread_detach(struct rt *rt);

/* An alternate stack for signals on the calling OS thread, once; rt's own threads have theirs. */
void rt_signal_stack(void);

void rt_frame_push(struct rt_frame *frame, void *owner, uint16_t callback, void *subject);
void rt_frame_pop(struct rt_frame *frame);

/* Sleeps until rt_unpark or the deadline (absolute, ns); may wake for nothing: callers loop on a
 * condition. IRQL below DISPATCH; a kept token is given up meanwhile. */
void rt_park(uint64_t deadline_ns);
void rt_unpark(struct rt_thread *thread); /* any IRQL, any thread */

/* ---- clock, chance ------------------------------------------------------------------------ */

uint64_t rt_now_ns(struct rt *rt);       /* since the executor began; virtual under sim */
uint64_t rt_system_100ns(struct rt *rt); /* since 1601; a fixed epoch plus now under sim */
uint64_t rt_random(struct rt *rt);       /* seeded under both; under sim the same each time */
void rt_sleep_ns(uint64_t ns);           /* PASSIVE */
/* Busy wait that polls in every pass, so that interrupts move on meanwhile; any IRQL. */
void rt_stall_ns(uint64_t ns);

/* ---- processors --------------------------------------------------------------------------- */

unsigned rt_cpu_count(struct rt *rt);
struct rt_cpu *rt_cpu_at(struct rt *rt, unsigned index);
unsigned rt_cpu_index(const struct rt_cpu *cpu);
/* The processor of the caller: the held token, else home. */
struct rt_cpu *rt_cpu_current(void);

static inline uint8_t
rt_irql(void)
{
    struct rt_thread *self = rt_self_tls;
    return self ? self->irql : RT_IRQL_PASSIVE;
}

/* Raising to DISPATCH or above takes a processor. Returns the old level. */
uint8_t rt_irql_raise(uint8_t to);
/* Delivers what the lower level permits before it returns. */
void rt_irql_lower(uint8_t to);

/* A DPC: runs at DISPATCH on its processor, once per queueing. */
struct rt_dpc {
    struct rt_dpc *next;
    void (*run)(struct rt_dpc *dpc);
    struct rt_cpu *cpu; /* set by rt_dpc_queue */
    atomic_bool queued;
};
/* False if it was queued already. Any IRQL. */
bool rt_dpc_queue(struct rt_cpu *cpu, struct rt_dpc *dpc);
/* True if it was queued and now is not. */
bool rt_dpc_cancel(struct rt_dpc *dpc);

/* A one-shot timer: fires at DISPATCH on the processor that armed it. */
struct rt_timer {
    void (*fire)(struct rt_timer *timer);
    uint64_t deadline_ns;
    uint64_t order; /* breaks ties: first armed fires first */
    struct rt_cpu *cpu;
    struct rt_timer *child, *next; /* of the processor's heap */
    struct rt_timer **link;        /* what points here; NULL: not armed */
};
void rt_timer_init(struct rt_timer *timer, void (*fire)(struct rt_timer *));
/* Arms or re-arms. Any IRQL. True if it had been armed. */
bool rt_timer_set(struct rt *rt, struct rt_timer *timer, uint64_t deadline_ns);
bool rt_timer_cancel(struct rt *rt, struct rt_timer *timer);

/* An interrupt source: `service` runs at `irql` on `cpu`, on top of whatever runs there below. */
struct rt_interrupt {
    struct rt_interrupt *next;
    void (*service)(struct rt_interrupt *interrupt);
    struct rt_cpu *cpu;
    uint8_t irql;
    atomic_bool pending;
};
void rt_interrupt_raise(struct rt_interrupt *interrupt); /* any IRQL, any thread */

/* A poll point: delivers pending work that the current IRQL permits; under sim also a place where
 * the scheduler may run someone else. */
void rt_poll_slow(void);
extern bool rt_always_poll; /* some sim executor exists in this process */

static inline void
rt_poll(void)
{
    struct rt_thread *self = rt_self_tls;
    if (self &&
        RT_UNLIKELY(rt_always_poll || atomic_load_explicit(self->pending, memory_order_relaxed)))
        rt_poll_slow();
}

/* ---- memory arena (arena.c): "physical" memory -------------------------------------------- */

/*
 * Pages of one memfd at a fixed address. Bus addresses are never virtual ones; with dma_remap
 * neighbouring pages are no neighbours on the bus unless allocated together as contiguous.
 */
struct rt_range {
    uint64_t lowest, highest; /* bus addresses, inclusive */
    uint64_t boundary;        /* may not be crossed; 0: none; a power of two */
    uint64_t align;           /* 0: a page */
};
/* Zeroed under threads, filled from the seed under sim; NULL when exhausted or a fault point
 * fires. */
void *rt_arena_alloc(struct rt *rt, size_t bytes, const struct rt_range *range);
void rt_arena_free(struct rt *rt, void *memory, size_t bytes);
bool rt_arena_owns(struct rt *rt, const void *memory);
size_t rt_arena_used(struct rt *rt);
/* Bus address of any readable memory, of the arena or foreign; the inverse gives NULL for what no
 * one could have been given. */
uint64_t rt_bus_address(struct rt *rt, const void *memory);
void *rt_bus_to_virtual(struct rt *rt, uint64_t bus);
/* How many bytes from `memory` on are contiguous on the bus, at most `limit`. */
size_t rt_bus_run(struct rt *rt, const void *memory, size_t limit);

/* Plain memory of the host; tracked, so that a leak names its owner. Fault points apply. */
void *rt_alloc(struct rt *rt, size_t bytes);
void *rt_alloc_zero(struct rt *rt, size_t bytes);
void rt_free(struct rt *rt, void *memory);
/* Bytes not freed yet; *where is the caller of the oldest such allocation. */
size_t rt_alloc_left(struct rt *rt, void **where);

/* ---- faults ------------------------------------------------------------------------------- */

/* True when this fallible call is the one to fail (rt_config.fault_nth). */
bool rt_fault(struct rt *rt);
uint64_t rt_fault_count(struct rt *rt); /* fallible calls so far */
/* Who made the call that failed: its depth, 0 if none failed yet. */
unsigned rt_fault_stack(struct rt *rt, void *const **pcs);

/* ---- log, bugs ---------------------------------------------------------------------------- */

enum rt_log_level { RT_LOG_ERROR, RT_LOG_WARNING, RT_LOG_INFO, RT_LOG_DEBUG };
void rt_log(struct rt *rt, enum rt_log_level level, const char *component, const char *format, ...)
    RT_PRINTF(4, 5);

enum rt_bug {
    RT_BUG_DEADLOCK, /* a spin lock taken twice, or nothing can ever run again */
    RT_BUG_STUCK,    /* a callback without a poll point */
    RT_BUG_CHECK,    /* KeBugCheck */
    RT_BUG_FAULT,    /* SIGSEGV and its like inside a driver */
};
/* Tells the handler (the host's) and does not return. */
_Noreturn void rt_bug(struct rt *rt, enum rt_bug bug, const char *format, ...) RT_PRINTF(3, 4);

/* While RT_BUG_STUCK is told on the thread that is stuck: the ucontext_t of where it spins. Else
 * NULL. */
const void *rt_interrupted(void);

/* ---- executor ----------------------------------------------------------------------------- */

struct rt_config {
    enum rt_kind kind;
    unsigned cpus; /* 0: as many as the machine has */
    uint64_t seed;
    size_t arena_bytes; /* 0: 256 MiB (reserved, not committed) */
    bool dma_remap;
    bool trace_keep;    /* sim: keep every event, not only the newest */
    uint64_t fault_nth; /* 1: the first fallible call fails, …; 0: none */
    /* A callback that spins so many seconds of its thread's time at DISPATCH or above, without a
     * poll point, is a bug: RT_BUG_STUCK. 0: nobody watches. */
    unsigned watchdog_s;
    uint32_t preempt; /* sim: a yield point switches in one of this many; 0: drawn from the seed */
    void (*log)(void *ctx, enum rt_log_level level, const char *line);
    void (*bug)(void *ctx, enum rt_bug bug, const char *text); /* may longjmp or exit */
    void *ctx;
};
/* 0 or -errno with *error a text to free. Under sim the caller becomes its first fiber. */
int rt_create(const struct rt_config *config, struct rt **out, char **error);
/* All threads must have been joined. Under sim by the thread that created it. */
void rt_destroy(struct rt *rt);
enum rt_kind rt_kind(const struct rt *rt);
void *rt_owner(const struct rt *rt); /* a pointer for the floor above (struct storport_host) */
void rt_owner_set(struct rt *rt, void *owner);
void *rt_slot(const struct rt *rt, unsigned slot); /* per-floor state: RT_SLOT_* */
void rt_slot_set(struct rt *rt, unsigned slot, void *value);
enum { RT_SLOT_CONTRACT, RT_SLOT_NT, RT_SLOT_PORT, RT_SLOT_HOST, RT_SLOT_COUNT };

struct rt_sim_stats {
    uint64_t yields, switches, preemptions;
};
void rt_sim_stats(const struct rt *rt, struct rt_sim_stats *out);

/* An explore build of a driver calls this before each access of shared memory: a yield point, and
 * told to whoever watches (the port looks for references to SRBs). */
__attribute__((visibility("default"))) void __storport_explore(const volatile void *address,
                                                               unsigned size_and_kind);
enum { RT_EXPLORE_BYTES = 0xFF, RT_EXPLORE_WRITE = 0x100 };
void rt_explore_watch(struct rt *rt,
                      void (*watch)(void *ctx, const volatile void *address, unsigned size_and_kind,
                                    void *pc),
                      void *ctx);

#endif
