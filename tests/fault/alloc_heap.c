/*
 * The heap as the product sees it: the linker sends its calls of malloc and its like here (--wrap).
 * Each allocation is counted, one can be made to fail, and each that lives is known with the caller,
 * so that a leak has a name. What libraries allocate for themselves is theirs.
 */
#include "alloc.h"

#include "rt_symbol.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__real_aligned_alloc(size_t align, size_t bytes);
int __real_posix_memalign(void **out, size_t align, size_t bytes);
void __real_free(void *memory);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);
void *__wrap_aligned_alloc(size_t align, size_t bytes);
int __wrap_posix_memalign(void **out, size_t align, size_t bytes);
void __wrap_free(void *memory);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t bytes);
int __wrap_vasprintf(char **out, const char *format, va_list args);
int __wrap_asprintf(char **out, const char *format, ...);

#define BLOCKS 65536u
#define BUCKETS 16384u
#define STACK 12

struct block {
    struct block *next;
    void *memory, *where;
    uint64_t serial;
};

/* One OS thread only: the lives run under the sim executor. */
static struct block blocks[BLOCKS], *unused, *buckets[BUCKETS];
static uint64_t calls, failing;
static bool on;
static void *stack[STACK];
static unsigned depth;

static struct block **
bucket_of(const void *memory)
{
    return &buckets[((uintptr_t)memory >> 4) * 0x9E3779B97F4A7C15u >> 50];
}

void
heap_begin(uint64_t nth)
{
    memset(buckets, 0, sizeof(buckets));
    unused = NULL;
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i].next = unused;
        unused = &blocks[i];
    }
    calls = depth = 0;
    failing = nth;
    on = true;
}

uint64_t
heap_end(unsigned *left, void **where)
{
    uint64_t oldest = UINT64_MAX;

    on = false;
    *left = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        for (const struct block *b = buckets[i]; b; b = b->next) {
            ++*left;
            if (b->serial < oldest) {
                oldest = b->serial;
                *where = b->where;
            }
        }
    }
    return calls;
}

static bool
fails(void)
{
    if (!on || ++calls != failing)
        return false;
    depth = rt_backtrace(stack, STACK, 1);
    return true;
}

unsigned
heap_stack(void *const **pcs)
{
    *pcs = stack;
    return depth;
}

static void *
note(void *memory, void *where)
{
    struct block **bucket = bucket_of(memory), *b = unused;

    if (!on || !memory)
        return memory;
    if (!b) {
        fputs("alloc_heap: too many blocks\n", stderr);
        abort();
    }
    unused = b->next;
    *b = (struct block){*bucket, memory, where, calls};
    *bucket = b;
    return memory;
}

static void
forget(void *memory)
{
    if (!on)
        return;
    for (struct block **link = bucket_of(memory); *link; link = &(*link)->next) {
        struct block *b = *link;
        if (b->memory != memory)
            continue;
        *link = b->next;
        b->next = unused;
        unused = b;
        return;
    }
}

#define CALLER __builtin_return_address(0)

void *
__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : note(__real_malloc(bytes), CALLER);
}

void *
__wrap_calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : note(__real_calloc(count, bytes), CALLER);
}

void *
__wrap_realloc(void *memory, size_t bytes)
{
    void *out;

    if (fails())
        return NULL;
    forget(memory);
    out = __real_realloc(memory, bytes);
    return note(out ? out : memory, CALLER) == out ? out : NULL;
}

void *
__wrap_aligned_alloc(size_t align, size_t bytes)
{
    return fails() ? NULL : note(__real_aligned_alloc(align, bytes), CALLER);
}

int
__wrap_posix_memalign(void **out, size_t align, size_t bytes)
{
    int error = fails() ? ENOMEM : __real_posix_memalign(out, align, bytes);

    if (!error)
        note(*out, CALLER);
    return error;
}

void
__wrap_free(void *memory)
{
    if (memory)
        forget(memory);
    __real_free(memory);
}

static char *
copy(const char *text, size_t bytes, void *where)
{
    char *out = fails() ? NULL : note(__real_malloc(bytes + 1), where);

    if (out) {
        memcpy(out, text, bytes);
        out[bytes] = '\0';
    }
    return out;
}

char *
__wrap_strdup(const char *text)
{
    return copy(text, strlen(text), CALLER);
}

char *
__wrap_strndup(const char *text, size_t bytes)
{
    return copy(text, strnlen(text, bytes), CALLER);
}

static int
print(char **out, const char *format, va_list args, void *where)
{
    char text[4096];
    int length = vsnprintf(text, sizeof(text), format, args);

    /* As the C library leaves it: the pointer is not to be looked at after a failure. */
    *out = length < 0 || length >= (int)sizeof(text) ? NULL : copy(text, (size_t)length, where);
    if (*out)
        return length;
    *out = (char *)(uintptr_t)1;
    return -1;
}

int
__wrap_vasprintf(char **out, const char *format, va_list args)
{
    return print(out, format, args, CALLER);
}

int
__wrap_asprintf(char **out, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = print(out, format, args, CALLER);
    va_end(args);
    return length;
}
