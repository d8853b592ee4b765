/*
 * An alternate stack per OS thread for signal handlers, so that an overflow of its own stack can
 * still be reported. Lives as long as the thread.
 */
#include "rt_priv.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

/* Room to name a long stack's places in. */
#define STACK_BYTES (512u << 10)

static __thread bool stack_set;
static pthread_key_t stack_key;
static pthread_once_t stack_once = PTHREAD_ONCE_INIT;

static void
stack_free(void *stack)
{
    stack_t none = {.ss_flags = SS_DISABLE};

    sigaltstack(&none, NULL);
    munmap(stack, STACK_BYTES);
}

static void
stack_key_make(void)
{
    pthread_key_create(&stack_key, stack_free);
}

void
rt_signal_stack(void)
{
    stack_t now, fresh = {.ss_size = STACK_BYTES};

    if (RT_LIKELY(stack_set))
        return;
    stack_set = true;
    if (sigaltstack(NULL, &now) || !(now.ss_flags & SS_DISABLE))
        return;
    fresh.ss_sp = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (fresh.ss_sp == MAP_FAILED)
        return;
    pthread_once(&stack_once, stack_key_make);
    pthread_setspecific(stack_key, fresh.ss_sp);
    sigaltstack(&fresh, NULL);
}
