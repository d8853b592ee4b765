/*
 * Spin locks on one word. The uncontended path is one atomic; a contended one spins a bounded count
 * and then sleeps, because on a small machine the owner may not be running at all. IRQL is the
 * caller's business.
 */
#include "rt_priv.h"

#define SPIN_PASSES 400
#define WORD_SLEEPERS ((uintptr_t)1)

static inline struct rt_thread *
word_owner(uintptr_t value)
{
    return (struct rt_thread *)(value & ~WORD_SLEEPERS);
}

static bool
word_take(rt_word *word, struct rt_thread *self, uintptr_t mark)
{
    uintptr_t zero = 0;

    return atomic_compare_exchange_strong_explicit(word, &zero, (uintptr_t)self | mark,
                                                   memory_order_acquire, memory_order_relaxed);
}

static void
word_acquire_slow(rt_word *word, struct rt_thread *self)
{
    if (word_owner(atomic_load_explicit(word, memory_order_relaxed)) == self)
        rt_bug(self->rt, RT_BUG_DEADLOCK, "a spin lock is taken a second time by its owner");
    if (self->rt->sim) {
        while (!word_take(word, self, 0))
            self->rt->ops->word_wait(self, word);
        return;
    }
    for (unsigned pass = 0; pass < SPIN_PASSES; pass++) {
        if (!atomic_load_explicit(word, memory_order_relaxed) && word_take(word, self, 0))
            return;
        rt_relax();
    }
    /* From here on the lock is taken marked, since other sleepers may remain. */
    while (!word_take(word, self, WORD_SLEEPERS)) {
        uintptr_t value = atomic_load_explicit(word, memory_order_relaxed);
        if (!value)
            continue;
        if (!(value & WORD_SLEEPERS) &&
            !atomic_compare_exchange_strong_explicit(word, &value, value | WORD_SLEEPERS,
                                                     memory_order_relaxed, memory_order_relaxed))
            continue;
        self->rt->ops->word_wait(self, word);
    }
}

void
rt_word_acquire(rt_word *word)
{
    struct rt_thread *self = rt_self_tls;

    if (RT_UNLIKELY(rt_always_poll) && self->rt->sim)
        rt_sim_yield(self);
    if (RT_LIKELY(word_take(word, self, 0)))
        return;
    word_acquire_slow(word, self);
}

bool
rt_word_try(rt_word *word)
{
    struct rt_thread *self = rt_self_tls;

    if (RT_UNLIKELY(rt_always_poll) && self->rt->sim)
        rt_sim_yield(self);
    return word_take(word, self, 0);
}

void
rt_word_release(rt_word *word)
{
    struct rt_thread *self = rt_self_tls;
    uintptr_t old = atomic_exchange_explicit(word, 0, memory_order_release);

    if (RT_UNLIKELY(old & WORD_SLEEPERS) || (RT_UNLIKELY(rt_always_poll) && self->rt->sim))
        self->rt->ops->word_wake(self->rt, word);
}

bool
rt_word_held(const rt_word *word)
{
    return word_owner(atomic_load_explicit((rt_word *)word, memory_order_relaxed)) == rt_self_tls;
}
