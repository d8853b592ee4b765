/*
 * The pool, and the ledger of every block that a driver holds: tag, size, owner and the stack of
 * its allocation. Blocks come from malloc so that the sanitizers see their edges; blocks of a page
 * and more are page-aligned. Freed blocks stay in a quarantine for a while, so that freeing one
 * again is a finding and no corruption. Legal at DISPATCH: the ledger's locks are leaves. DDI:
 * ExAllocatePoolWithTag, ExAllocatePool2, ExFreePoolWithTag.
 */
#include "nt_priv.h"
#include "rt_symbol.h"

#include <errno.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define POOL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_ASAN 1
#endif
#endif

#define SHARDS 256u
#define QUARANTINE_BLOCKS 16u  /* per shard */
#define QUARANTINE_BYTES 4096u /* larger blocks go back at once; only their entry stays */
#define CACHE_LINE 64u
#define FREED_FILL 0xDD

struct pool_entry {
    struct pool_entry *next;
    struct nt_block block;
    void *memory;        /* to free(); NULL: another allocator's */
    uint8_t freed_count; /* > 0 or `freed`: in quarantine, freed by this stack */
    bool freed;
    void *freed_stack[NT_STACK_MAX];
};

/* Key: l lock */
struct pool_shard {
    rt_word lock;
    struct pool_entry *live;                   /* l */
    struct pool_entry *old[QUARANTINE_BLOCKS]; /* l: ring of freed ones */
    unsigned old_next;                         /* l */
};

struct nt_pool {
    struct rt *rt;
    atomic_ullong serial;
    struct pool_shard shards[SHARDS];
};

static struct pool_shard *
shard_of(struct nt_pool *pool, const void *address)
{
    uint64_t hash = ((uint64_t)(uintptr_t)address >> 4) * 0x9E3779B97F4A7C15u;

    return &pool->shards[hash >> 56];
}

int
nt_pool_init(struct nt *nt)
{
    nt->pool = calloc(1, sizeof(*nt->pool));
    if (!nt->pool)
        return -ENOMEM;
    nt->pool->rt = nt->rt;
    return 0;
}

static void
entry_free(struct pool_entry *entry)
{
    if (!entry)
        return;
    free(entry->memory);
    free(entry);
}

void
nt_pool_finish(struct nt *nt)
{
    for (unsigned s = 0; s < SHARDS; s++) {
        struct pool_shard *shard = &nt->pool->shards[s];

        while (shard->live) {
            struct pool_entry *entry = shard->live;
            shard->live = entry->next;
            entry_free(entry);
        }
        for (unsigned i = 0; i < QUARANTINE_BLOCKS; i++)
            entry_free(shard->old[i]);
    }
    free(nt->pool);
    nt->pool = NULL;
}

void
nt_tag_text(uint32_t tag, char text[5])
{
    for (unsigned i = 0; i < 4; i++) {
        char c = (char)(tag >> i * 8 & 0x7f);
        text[i] = c >= ' ' && c < 0x7f ? c : '.';
    }
    text[4] = 0;
}

/* ---- the ledger ------------------------------------------------------------------------------ */

static struct pool_entry *
entry_create(struct nt_pool *pool, void *address, size_t bytes, uint32_t tag,
             enum nt_block_kind kind)
{
    struct pool_entry *entry = calloc(1, sizeof(*entry));

    if (!entry)
        return NULL;
    entry->block.address = address;
    entry->block.bytes = bytes;
    entry->block.tag = tag;
    entry->block.kind = (uint8_t)kind;
    entry->block.owner = nt_owner();
    entry->block.serial = atomic_fetch_add(&pool->serial, 1);
    entry->block.stack_count = (uint8_t)rt_backtrace(entry->block.stack, NT_STACK_MAX, 2);
    return entry;
}

static void
entry_add(struct nt_pool *pool, struct pool_entry *entry)
{
    struct pool_shard *shard = shard_of(pool, entry->block.address);
    struct pool_entry *stale = NULL;

    rt_word_acquire(&shard->lock);
    for (unsigned i = 0; i < QUARANTINE_BLOCKS; i++) {
        if (shard->old[i] && shard->old[i]->block.address == entry->block.address) {
            stale = shard->old[i]; /* malloc gave the address again */
            shard->old[i] = NULL;
        }
    }
    entry->next = shard->live;
    shard->live = entry;
    rt_word_release(&shard->lock);
    entry_free(stale);
}

static struct pool_entry *
entry_take_locked(struct pool_shard *shard, const void *address, enum nt_block_kind kind)
{
    for (struct pool_entry **link = &shard->live; *link; link = &(*link)->next) {
        struct pool_entry *entry = *link;
        if (entry->block.address != address || entry->block.kind != kind)
            continue;
        *link = entry->next;
        return entry;
    }
    return NULL;
}

/* A block that was no live one: freed before, or never the pool's. */
static void
free_report(struct nt_pool *pool, const void *address)
{
    struct pool_shard *shard = shard_of(pool, address);
    void *stack[NT_STACK_MAX];
    unsigned depth = 0;
    char tag[5] = "";

    rt_word_acquire(&shard->lock);
    for (unsigned i = 0; i < QUARANTINE_BLOCKS; i++) {
        struct pool_entry *entry = shard->old[i];
        if (!entry || entry->block.address != address)
            continue;
        depth = entry->freed_count;
        memcpy(stack, entry->freed_stack, depth * sizeof(*stack));
        nt_tag_text(entry->block.tag, tag);
    }
    rt_word_release(&shard->lock);
    if (tag[0])
        finding_report_two(pool->rt, RULE_DoubleExFreePool, 0, stack, depth,
                           "the block %p of tag %s was freed before", address, tag);
    else
        finding_report(pool->rt, RULE_BadArgument, 0, "%p is freed and is no block of the pool",
                       address);
}

/* Into the ring of its shard; hands back what falls out of it. */
static struct pool_entry *
entry_quarantine(struct nt_pool *pool, struct pool_entry *entry)
{
    struct pool_shard *shard = shard_of(pool, entry->block.address);
    struct pool_entry *out;

    entry->freed = true;
    entry->freed_count = (uint8_t)rt_backtrace(entry->freed_stack, NT_STACK_MAX, 2);
    rt_word_acquire(&shard->lock);
    out = shard->old[shard->old_next];
    shard->old[shard->old_next] = entry;
    shard->old_next = (shard->old_next + 1) % QUARANTINE_BLOCKS;
    rt_word_release(&shard->lock);
    return out;
}

bool
nt_pool_note(void *memory, size_t bytes, uint32_t tag, enum nt_block_kind kind)
{
    struct nt_pool *pool = nt_self()->pool;
    struct pool_entry *entry = entry_create(pool, memory, bytes, tag, kind);

    if (!entry)
        return false;
    entry_add(pool, entry);
    return true;
}

bool
nt_pool_forget(void *memory, enum nt_block_kind kind, size_t *bytes)
{
    struct nt_pool *pool = nt_self()->pool;
    struct pool_shard *shard = shard_of(pool, memory);
    struct pool_entry *entry;

    rt_word_acquire(&shard->lock);
    entry = entry_take_locked(shard, memory, kind);
    rt_word_release(&shard->lock);
    if (!entry) {
        free_report(pool, memory);
        return false;
    }
    if (bytes)
        *bytes = entry->block.bytes;
    entry_free(entry_quarantine(pool, entry));
    return true;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* Uninitialised memory is filled from the seed under sim: who reads it is found, and replayed. */
static void
block_fill(struct rt *rt, void *memory, size_t bytes)
{
    uint64_t word;

    if (rt_kind(rt) != RT_KIND_SIM)
        return;
    word = rt_random(rt);
    for (size_t i = 0; i < bytes; i += sizeof(word))
        memcpy((char *)memory + i, &word, bytes - i < sizeof(word) ? bytes - i : sizeof(word));
}

static void *
block_obtain(size_t bytes, uint32_t tag, enum nt_block_kind kind, unsigned flags)
{
    struct nt_pool *pool = nt_self()->pool;
    struct pool_entry *entry;
    size_t align = bytes >= PAGE_SIZE                ? PAGE_SIZE
                   : flags & POOL_FLAG_CACHE_ALIGNED ? CACHE_LINE
                                                     : 0;
    void *memory = NULL;

    if (rt_fault(pool->rt) || bytes > SIZE_MAX / 2)
        return NULL;
    /* Exactly so many bytes, so that a sanitizer sees one too many; never none. */
    if (!align)
        memory = malloc(bytes ? bytes : 1);
    else if (posix_memalign(&memory, align, bytes))
        memory = NULL;
    if (!memory)
        return NULL;
    entry = entry_create(pool, memory, bytes, tag, kind);
    if (!entry) {
        free(memory);
        return NULL;
    }
    entry->memory = memory;
    entry->block.paged = flags & POOL_FLAG_PAGED;
    if (flags & POOL_FLAG_UNINITIALIZED)
        block_fill(pool->rt, memory, bytes);
    else
        memset(memory, 0, bytes);
    entry_add(pool, entry);
    return memory;
}

static bool
block_release(void *memory, enum nt_block_kind kind, uint32_t tag)
{
    struct nt_pool *pool = nt_self()->pool;
    struct pool_shard *shard = shard_of(pool, memory);
    struct pool_entry *entry;

    rt_word_acquire(&shard->lock);
    entry = entry_take_locked(shard, memory, kind);
    rt_word_release(&shard->lock);
    if (!entry) {
        free_report(pool, memory);
        return false;
    }
    if (tag && entry->block.tag != tag) {
        char ours[5], theirs[5];

        nt_tag_text(entry->block.tag, ours);
        nt_tag_text(tag, theirs);
        finding_report_two(pool->rt, RULE_BadArgument, 0, entry->block.stack,
                           entry->block.stack_count, "a block of tag %s is freed with tag %s", ours,
                           theirs);
    }
    nt_timers_check(pool->rt, memory, entry->block.bytes);
#ifdef POOL_ASAN
    free(entry->memory); /* ASan has a quarantine, and says who touched it */
    entry->memory = NULL;
#else
    if (entry->block.bytes > QUARANTINE_BYTES) {
        free(entry->memory);
        entry->memory = NULL;
    } else {
        memset(entry->memory, FREED_FILL, entry->block.bytes < 64 ? entry->block.bytes : 64);
    }
#endif
    entry_free(entry_quarantine(pool, entry));
    return true;
}

void *
nt_pool_obtain(size_t bytes, uint32_t tag, enum nt_block_kind kind, bool zero)
{
    return block_obtain(bytes, tag, kind, zero ? 0 : POOL_FLAG_UNINITIALIZED);
}

bool
nt_pool_release(void *memory, enum nt_block_kind kind)
{
    return block_release(memory, kind, 0);
}

void *
nt_pool_allocate(size_t bytes, uint32_t tag, bool zero, bool paged)
{
    return block_obtain(bytes, tag, NT_BLOCK_POOL,
                        (zero ? 0 : POOL_FLAG_UNINITIALIZED) | (paged ? POOL_FLAG_PAGED : 0));
}

bool
nt_pool_free(void *memory, uint32_t tag)
{
    return block_release(memory, NT_BLOCK_POOL, tag);
}

/* ---- what drivers call ----------------------------------------------------------------------- */

static void
paged_check(bool paged)
{
    if (paged && rt_irql() >= DISPATCH_LEVEL)
        finding_report(rt_self()->rt, RULE_KernelIrql, 0, "paged pool is used at IRQL %u",
                       rt_irql());
}

static unsigned
flags_of_type(POOL_TYPE type)
{
    unsigned flags = POOL_FLAG_UNINITIALIZED;

    if (type & PagedPool)
        flags |= POOL_FLAG_PAGED;
    if (type & NonPagedPoolCacheAligned)
        flags |= POOL_FLAG_CACHE_ALIGNED;
    return flags;
}

PVOID
ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    CONTRACT_ENTER(ExAllocatePoolWithTag);
    paged_check(type & PagedPool);
    return block_obtain(bytes, tag, NT_BLOCK_POOL, flags_of_type(type));
}

PVOID
ExAllocatePoolWithTagPriority(POOL_TYPE type, SIZE_T bytes, ULONG tag, EX_POOL_PRIORITY priority)
{
    CONTRACT_ENTER(ExAllocatePoolWithTagPriority);
    (void)priority;
    paged_check(type & PagedPool);
    return block_obtain(bytes, tag, NT_BLOCK_POOL, flags_of_type(type));
}

static PVOID
pool_allocate_flags(POOL_FLAGS flags, SIZE_T bytes, ULONG tag)
{
    PVOID memory;

    /* DDI ExAllocatePool2: exactly one kind of memory is asked for. */
    if (!(flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED))) {
        finding_report(rt_self()->rt, RULE_BadArgument, 0,
                       "ExAllocatePool2: flags 0x%llx name no kind of pool",
                       (unsigned long long)flags);
        return NULL;
    }
    paged_check(flags & POOL_FLAG_PAGED);
    memory = block_obtain(bytes, tag, NT_BLOCK_POOL, (unsigned)flags);
    if (!memory && flags & POOL_FLAG_RAISE_ON_FAILURE)
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    return memory;
}

PVOID
ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag)
{
    CONTRACT_ENTER(ExAllocatePool2);
    return pool_allocate_flags(flags, bytes, tag);
}

/* Extended parameters choose priority, node and secure pool; all of them are hints here. */
PVOID
ExAllocatePool3(POOL_FLAGS flags, SIZE_T bytes, ULONG tag, PCPOOL_EXTENDED_PARAMETER parameters,
                ULONG count)
{
    CONTRACT_ENTER(ExAllocatePool3);
    (void)parameters, (void)count;
    return pool_allocate_flags(flags, bytes, tag);
}

VOID
ExFreePoolWithTag(PVOID memory, ULONG tag)
{
    CONTRACT_ENTER(ExFreePoolWithTag);
    block_release(memory, NT_BLOCK_POOL, tag);
}

/* ---- questions of floors above -------------------------------------------------------- */

static int
block_order(const void *a, const void *b)
{
    const struct nt_block *x = a, *y = b;

    return x->serial < y->serial ? -1 : x->serial > y->serial;
}

/* Copies of the owner's live blocks, by age; *count of them. NULL when there are none. */
static struct nt_block *
blocks_copy(struct nt_pool *pool, const void *owner, unsigned *count)
{
    struct nt_block *blocks = NULL;
    unsigned room = 0, found;

    for (;;) {
        found = 0;
        for (unsigned s = 0; s < SHARDS; s++) {
            rt_word_acquire(&pool->shards[s].lock);
            for (struct pool_entry *e = pool->shards[s].live; e; e = e->next) {
                if (owner && e->block.owner != owner)
                    continue;
                if (found < room)
                    blocks[found] = e->block;
                found++;
            }
            rt_word_release(&pool->shards[s].lock);
        }
        if (found <= room)
            break;
        free(blocks);
        room = found;
        if (!(blocks = malloc(room * sizeof(*blocks)))) {
            *count = found;
            return NULL;
        }
    }
    *count = found;
    if (found)
        qsort(blocks, found, sizeof(*blocks), block_order);
    return blocks;
}

unsigned
nt_pool_leaks(struct rt *rt, const void *owner,
              void (*visit)(void *ctx, const struct nt_block *block), void *ctx)
{
    unsigned count;
    struct nt_block *blocks = blocks_copy(nt_of(rt)->pool, owner, &count);

    for (unsigned i = 0; blocks && visit && i < count; i++)
        visit(ctx, &blocks[i]);
    free(blocks);
    return count;
}

static void
leak_report(void *ctx, const struct nt_block *block)
{
    static const char *const kinds[] = {"pool", "contiguous memory", "an IRP", "an MDL"};
    char tag[5];

    nt_tag_text(block->tag, tag);
    finding_report_two(ctx, block->kind == NT_BLOCK_IRP ? RULE_IoFreeIrp : RULE_Leak, 0,
                       block->stack, block->stack_count, "%s was not freed: %zu bytes, tag %s",
                       kinds[block->kind], block->bytes, tag);
}

unsigned
nt_pool_report_leaks(struct rt *rt, const void *owner)
{
    return nt_pool_leaks(rt, owner, leak_report, rt);
}

static void
bytes_add(void *ctx, const struct nt_block *block)
{
    *(size_t *)ctx += block->bytes;
}

size_t
nt_pool_bytes(struct rt *rt, const void *owner)
{
    size_t bytes = 0;

    nt_pool_leaks(rt, owner, bytes_add, &bytes);
    return bytes;
}

bool
nt_pool_find(struct rt *rt, const void *address, struct nt_block *out)
{
    struct nt_pool *pool = nt_of(rt)->pool;
    bool found = false;

    for (unsigned s = 0; s < SHARDS && !found; s++) {
        rt_word_acquire(&pool->shards[s].lock);
        for (struct pool_entry *e = pool->shards[s].live; e && !found; e = e->next) {
            found = (uintptr_t)address - (uintptr_t)e->block.address < e->block.bytes;
            if (found && out)
                *out = e->block;
        }
        rt_word_release(&pool->shards[s].lock);
    }
    return found;
}

void
nt_pool_adopt(struct nt *nt, const void *from, void *to)
{
    for (unsigned s = 0; s < SHARDS; s++) {
        rt_word_acquire(&nt->pool->shards[s].lock);
        for (struct pool_entry *e = nt->pool->shards[s].live; e; e = e->next) {
            if (e->block.owner == from)
                e->block.owner = to;
        }
        rt_word_release(&nt->pool->shards[s].lock);
    }
}
