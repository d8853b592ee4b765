/*
 * The memory arena: pages of one memfd, and the bus addresses of these and of all other memory.
 *
 * Bus space (of one host): [16 MiB, …) is the arena's, page by page; bit 47 set is foreign memory.
 * Without dma_remap the n-th page of the arena is the n-th page of its bus window, as on a machine
 * without an IOMMU; with it each allocation gets a place of its own, never next to its neighbour's,
 * and foreign pages are permuted.
 */
#include "rt_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARENA_DEFAULT_BYTES (256ull << 20)
#define ARENA_BUS_BASE (16ull << 20)
#define FOREIGN_BIT (1ull << 47)
#define NO_PAGE UINT32_MAX
/* Permutation of the 35-bit page numbers of user space: an odd factor and its inverse. */
#define FOREIGN_PAGE_BITS 35
#define FOREIGN_FACTOR 0x2545f4915ull

/* Where the sanitizers leave room; the address itself shows nowhere. */
#ifdef RT_TSAN
#define ARENA_ADDRESS 0x1000000000ull
#else
#define ARENA_ADDRESS 0x200000000000ull
#endif

struct rt_arena {
    int fd;
    char *base;
    size_t pages, bus_pages;
    size_t used_pages;
    size_t next;       /* where the last search ended */
    uint32_t *bus_of;  /* arena page → bus page, NO_PAGE free */
    uint32_t *page_at; /* bus page → arena page */
    bool remap;
};

int
rt_arena_create(struct rt *rt)
{
    struct rt_arena *a = calloc(1, sizeof(*a));
    size_t bytes = rt->config.arena_bytes ? rt->config.arena_bytes : ARENA_DEFAULT_BYTES;

    if (!a)
        return -ENOMEM;
    a->remap = rt->config.dma_remap;
    a->pages = bytes / RT_PAGE_BYTES;
    a->bus_pages = a->remap ? a->pages * 4 : a->pages;
    a->bus_of = malloc(a->pages * sizeof(uint32_t));
    a->page_at = malloc(a->bus_pages * sizeof(uint32_t));
    a->fd = memfd_create("storport-arena", MFD_CLOEXEC);
    if (!a->bus_of || !a->page_at || a->fd < 0 || ftruncate(a->fd, (off_t)bytes))
        goto fail;
    memset(a->bus_of, 0xFF, a->pages * sizeof(uint32_t));
    memset(a->page_at, 0xFF, a->bus_pages * sizeof(uint32_t));
    a->base = MAP_FAILED;
    for (unsigned i = 0; i < 64 && a->base == MAP_FAILED; i++) {
        uintptr_t hint = ARENA_ADDRESS + i * (1ull << 34);
        a->base = mmap((void *)hint, bytes, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, a->fd, 0);
    }
    if (a->base == MAP_FAILED)
        a->base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, a->fd, 0);
    if (a->base == MAP_FAILED)
        goto fail;
    rt->arena = a;
    return 0;

fail:
    if (a->fd >= 0)
        close(a->fd);
    free(a->bus_of);
    free(a->page_at);
    free(a);
    return -ENOMEM;
}

void
rt_arena_destroy(struct rt *rt)
{
    struct rt_arena *a = rt->arena;

    munmap(a->base, a->pages * RT_PAGE_BYTES);
    close(a->fd);
    free(a->bus_of);
    free(a->page_at);
    free(a);
}

/* First run of `count` free entries in `table` from `from` on, aligned, not crossing `boundary`
 * (both in pages); SIZE_MAX if there is none before `end`. */
static size_t
find_run(const uint32_t *table, size_t from, size_t end, size_t count, size_t align,
         size_t boundary, uint64_t first_bus_page)
{
    for (size_t at = from; at + count <= end;) {
        uint64_t bus = first_bus_page + at;
        size_t k;
        if (bus % align) {
            at += align - bus % align;
            continue;
        }
        if (boundary && bus / boundary != (bus + count - 1) / boundary) {
            at += boundary - bus % boundary;
            continue;
        }
        for (k = 0; k < count && table[at + k] == NO_PAGE; k++)
            ;
        if (k == count)
            return at;
        at += k + 1;
    }
    return SIZE_MAX;
}

/* The bus pages that a range allows, as indexes of page_at. */
static void
window(const struct rt_arena *a, const struct rt_range *range, size_t *first, size_t *end)
{
    uint64_t base = ARENA_BUS_BASE / RT_PAGE_BYTES;
    uint64_t low = range && range->lowest > ARENA_BUS_BASE
                       ? (range->lowest + RT_PAGE_BYTES - 1) / RT_PAGE_BYTES - base
                       : 0;
    uint64_t high = a->bus_pages;

    if (range && range->highest) {
        uint64_t limit = (range->highest + 1) / RT_PAGE_BYTES;
        if (!(range->highest + 1))
            limit = UINT64_MAX;
        high = limit > base ? limit - base : 0;
    }
    *first = low;
    *end = high < a->bus_pages ? high : a->bus_pages;
}

void *
rt_arena_alloc(struct rt *rt, size_t bytes, const struct rt_range *range)
{
    struct rt_arena *a = rt->arena;
    size_t count = (bytes + RT_PAGE_BYTES - 1) / RT_PAGE_BYTES, first, end, bus, page;
    size_t align = range && range->align > RT_PAGE_BYTES ? range->align / RT_PAGE_BYTES : 1;
    size_t boundary = range && range->boundary ? range->boundary / RT_PAGE_BYTES : 0;
    char *memory;

    if (!bytes || rt_fault(rt))
        return NULL;
    window(a, range, &first, &end);
    leaf_lock(rt, &rt->lock);
    if (!range && a->next + count <= end)
        bus = find_run(a->page_at, a->next, end, count + (size_t)a->remap, align, boundary,
                       ARENA_BUS_BASE / RT_PAGE_BYTES);
    else
        bus = SIZE_MAX;
    if (bus == SIZE_MAX)
        bus = find_run(a->page_at, first, end, count + (size_t)a->remap, align, boundary,
                       ARENA_BUS_BASE / RT_PAGE_BYTES);
    page = bus;
    if (bus != SIZE_MAX && a->remap)
        page = find_run(a->bus_of, 0, a->pages, count, 1, 0, 0);
    if (bus == SIZE_MAX || page == SIZE_MAX) {
        leaf_unlock(rt, &rt->lock);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        a->bus_of[page + i] = (uint32_t)(bus + i);
        a->page_at[bus + i] = (uint32_t)(page + i);
    }
    a->next = bus + count + (size_t)a->remap;
    a->used_pages += count;
    leaf_unlock(rt, &rt->lock);
    memory = a->base + page * RT_PAGE_BYTES;
    if (rt->sim)
        memset(memory, (int)(rt->config.seed * 0x9d + 0x5a) & 0xFF, count * RT_PAGE_BYTES);
    else
        memset(memory, 0, count * RT_PAGE_BYTES);
    return memory;
}

void
rt_arena_free(struct rt *rt, void *memory, size_t bytes)
{
    struct rt_arena *a = rt->arena;
    size_t count = (bytes + RT_PAGE_BYTES - 1) / RT_PAGE_BYTES;
    size_t page;

    if (!memory)
        return;
    page = (size_t)((char *)memory - a->base) / RT_PAGE_BYTES;
    leaf_lock(rt, &rt->lock);
    for (size_t i = 0; i < count; i++) {
        a->page_at[a->bus_of[page + i]] = NO_PAGE;
        a->bus_of[page + i] = NO_PAGE;
    }
    a->used_pages -= count;
    leaf_unlock(rt, &rt->lock);
}

bool
rt_arena_owns(struct rt *rt, const void *memory)
{
    const struct rt_arena *a = rt->arena;

    return (const char *)memory >= a->base &&
           (const char *)memory < a->base + a->pages * RT_PAGE_BYTES;
}

size_t
rt_arena_used(struct rt *rt)
{
    return rt->arena->used_pages * RT_PAGE_BYTES;
}

/* ---- bus addresses ---- */

static uint64_t
foreign_permute(uint64_t page, bool back)
{
    uint64_t mask = (1ull << FOREIGN_PAGE_BITS) - 1, inverse = FOREIGN_FACTOR;

    if (!back)
        return page * FOREIGN_FACTOR & mask;
    for (unsigned i = 0; i < 6; i++) /* Newton: the inverse modulo a power of two */
        inverse *= 2 - FOREIGN_FACTOR * inverse;
    return page * inverse & mask;
}

uint64_t
rt_bus_address(struct rt *rt, const void *memory)
{
    const struct rt_arena *a = rt->arena;
    uint64_t va = (uintptr_t)memory, offset = va % RT_PAGE_BYTES;

    if (rt_arena_owns(rt, memory)) {
        size_t page = (size_t)((const char *)memory - a->base) / RT_PAGE_BYTES;
        uint64_t bus = a->bus_of[page] == NO_PAGE ? page : a->bus_of[page];
        return ARENA_BUS_BASE + bus * RT_PAGE_BYTES + offset;
    }
    if (!a->remap)
        return FOREIGN_BIT | (va & (FOREIGN_BIT - 1));
    return FOREIGN_BIT | foreign_permute(va / RT_PAGE_BYTES, false) * RT_PAGE_BYTES | offset;
}

void *
rt_bus_to_virtual(struct rt *rt, uint64_t bus)
{
    const struct rt_arena *a = rt->arena;
    uint64_t offset = bus % RT_PAGE_BYTES;

    if (bus & FOREIGN_BIT) {
        uint64_t va = bus & (FOREIGN_BIT - 1);
        if (a->remap)
            va = foreign_permute(va / RT_PAGE_BYTES, true) * RT_PAGE_BYTES | offset;
        return (void *)(uintptr_t)va;
    }
    if (bus < ARENA_BUS_BASE)
        return NULL;
    bus = (bus - ARENA_BUS_BASE) / RT_PAGE_BYTES;
    if (bus >= a->bus_pages || a->page_at[bus] == NO_PAGE)
        return NULL;
    return a->base + (size_t)a->page_at[bus] * RT_PAGE_BYTES + offset;
}

size_t
rt_bus_run(struct rt *rt, const void *memory, size_t limit)
{
    size_t run = RT_PAGE_BYTES - (uintptr_t)memory % RT_PAGE_BYTES;
    uint64_t bus;

    if (!rt->arena->remap || run >= limit)
        return limit;
    bus = rt_bus_address(rt, memory);
    while (run < limit && rt_bus_address(rt, (const char *)memory + run) == bus + run)
        run += RT_PAGE_BYTES;
    return run < limit ? run : limit;
}
