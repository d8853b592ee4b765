/* Where code is: stacks, and addresses as function, file and line (libdw). */
#ifndef RT_SYMBOL_H
#define RT_SYMBOL_H

#include "rt.h"

struct rt_symbol {
    char function[96];
    char file[160]; /* as the compiler was given it; "" unknown */
    unsigned line;
    char module[64]; /* base name of the image */
};

/* Return addresses of the caller's stack, innermost first, without the top `skip`. Any IRQL. */
unsigned rt_backtrace(void **pcs, unsigned max, unsigned skip);
/* The same for code that was interrupted (a signal's RIP and RBP): pcs[0] is `pc` itself. */
unsigned rt_backtrace_from(void *pc, void *frame, void **pcs, unsigned max);
/* Of a return address: the call before it. False when nothing is known. Slow; PASSIVE by custom. */
bool rt_symbol(void *pc, struct rt_symbol *out);
/* An image that was mapped from a copy: its file is `path`, loaded at `base`. */
void rt_symbol_image_add(const void *base, size_t bytes, const char *path);
void rt_symbol_image_remove(const void *base);
/* Whether an address lies in such an image. Any IRQL. */
bool rt_symbol_image_has(const void *pc);

#endif
