/* What fault.c and fault_text.c share. */
#ifndef FAULT_H
#define FAULT_H

#include "host_priv.h"

/* Deep enough for a stack that overflowed; repeated frames are printed once. */
#define FAULT_STACK_MAX 4096

struct fault {
    const char *what;         /* "SIGSEGV at address 0x10", or the bug's text */
    struct rt_thread *thread; /* NULL: not one of the executor's */
    unsigned stack_count;
    void **stack; /* innermost first; room for FAULT_STACK_MAX */
};

/* A few words into caller's memory; allocates nothing. */
void fault_brief(struct storport_host *host, const struct fault *fault, char *text, size_t bytes);
/* The whole report; heap, NULL when memory is short. */
char *fault_text(struct storport_host *host, const struct fault *fault);

#endif
