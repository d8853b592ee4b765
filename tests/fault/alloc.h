/*
 * The failing-allocation test in three parts: alloc_heap.c counts and fails what the product asks of
 * the C library, alloc_life.c is one whole life of a host from its executor to its end, alloc_all.c
 * repeats that life until the number of the failing call is beyond all calls. The test itself
 * allocates nothing, so each number belongs to the product.
 */
#ifndef ALLOC_H
#define ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who fails: rt's fault points (memory, arena, threads, files, handles) or the C library's heap. */
enum alloc_source { ALLOC_RT, ALLOC_HEAP, ALLOC_SOURCES };

/* ---- the heap (alloc_heap.c) ---- */

/* From here on the nth allocation fails; 0: none. */
void heap_begin(uint64_t nth);
/* Allocations since then, and those that are not freed: their number and where the oldest is from. */
uint64_t heap_end(unsigned *left, void **where);
/* Who made the call that failed: its depth, 0 if none did. */
unsigned heap_stack(void *const **pcs);

/* ---- one life (alloc_life.c) ---- */

struct alloc_life {
    const char *driver; /* ramdisk, filedisk, null, null-physical; mini, mini-physical */
    enum alloc_source source;
    uint64_t nth; /* the call that fails; 0: none */

    uint64_t calls;  /* fallible calls made */
    bool fired;      /* one of them failed */
    unsigned errors; /* operations that said so */
    unsigned problems;
    char first[400]; /* of the problems */
    char where[300]; /* functions above the failed call, innermost first */
};
void alloc_life_run(struct alloc_life *life);

/* The stock miniport with hooks that use every routine that needs memory (alloc_mini.c). */
void alloc_mini_set(bool physical);
extern const char *const alloc_drivers[];

#endif
