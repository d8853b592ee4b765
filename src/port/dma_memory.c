/*
 * Memory that a device reaches: physically contiguous blocks, and Host Memory Buffers, which the
 * device alone uses. Blocks are the nt floor's, so that its ledger names what was not freed.
 * DDI: StorPortAllocateContiguousMemorySpecifyCacheNode, StorPortAllocateDmaMemory,
 * StorPortAllocateHostMemoryBuffer.
 */
#include "routines.h"

struct contiguous {
    SIZE_T bytes;
    PHYSICAL_ADDRESS low, high, boundary;
    MEMORY_CACHING_TYPE cache;
    NODE_REQUIREMENT node;
};

/* The arguments that both allocators begin with are taken by a macro: a va_list that was handed on
 * by value may not be read again by the caller. */
#define CONTIGUOUS_TAKE(c, args)                                                                   \
    do {                                                                                           \
        (c).bytes = va_arg(args, SIZE_T);                                                          \
        (c).low = va_arg(args, PHYSICAL_ADDRESS);                                                  \
        (c).high = va_arg(args, PHYSICAL_ADDRESS);                                                 \
        (c).boundary = va_arg(args, PHYSICAL_ADDRESS);                                             \
        (c).cache = va_arg(args, MEMORY_CACHING_TYPE);                                             \
        (c).node = va_arg(args, NODE_REQUIREMENT);                                                 \
    } while (0)

static ULONG
contiguous_allocate(struct adapter *adapter, const struct contiguous *c, PVOID *out)
{
    if (!out)
        return STOR_STATUS_INVALID_PARAMETER;
    *out = NULL;
    if (rt_irql() > RT_IRQL_DISPATCH)
        return STOR_STATUS_INVALID_IRQL;
    routine_not_in_startio(adapter->rt, "allocates contiguous memory");
    *out = MmAllocateContiguousMemorySpecifyCacheNode(c->bytes, c->low, c->high, c->boundary,
                                                      c->cache, c->node);
    return *out ? STOR_STATUS_SUCCESS : STOR_STATUS_INSUFFICIENT_RESOURCES;
}

static ULONG
contiguous_free(struct adapter *adapter, PVOID base, SIZE_T bytes, MEMORY_CACHING_TYPE cache)
{
    struct nt_block block;

    if (!base)
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > RT_IRQL_DISPATCH)
        return STOR_STATUS_INVALID_IRQL;
    if (!nt_pool_find(adapter->rt, base, &block) || block.address != base ||
        block.kind != NT_BLOCK_CONTIGUOUS) {
        finding_report(adapter->rt, RULE_BadArgument, 0,
                       "contiguous memory is freed that was freed or never allocated");
        return STOR_STATUS_INVALID_PARAMETER;
    }
    if (block.bytes != bytes)
        finding_report_two(adapter->rt, RULE_BadArgument, 0, block.stack, block.stack_count,
                           "contiguous memory of %zu bytes is freed as %zu", block.bytes,
                           (size_t)bytes);
    MmFreeContiguousMemorySpecifyCache(base, block.bytes, cache);
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_allocate_contiguous(struct adapter *adapter, va_list args, void *caller)
{
    struct contiguous c;

    (void)caller;
    CONTIGUOUS_TAKE(c, args);
    return contiguous_allocate(adapter, &c, va_arg(args, PVOID *));
}

ULONG
ext_free_contiguous(struct adapter *adapter, va_list args, void *caller)
{
    PVOID base = va_arg(args, PVOID);
    SIZE_T bytes = va_arg(args, SIZE_T);

    (void)caller;
    return contiguous_free(adapter, base, bytes, va_arg(args, MEMORY_CACHING_TYPE));
}

ULONG
ext_allocate_dma(struct adapter *adapter, va_list args, void *caller)
{
    struct contiguous c;
    PPHYSICAL_ADDRESS physical;
    PVOID *out;
    ULONG status;

    (void)caller;
    CONTIGUOUS_TAKE(c, args);
    out = va_arg(args, PVOID *);
    physical = va_arg(args, PPHYSICAL_ADDRESS);
    status = contiguous_allocate(adapter, &c, out);
    if (physical)
        physical->QuadPart = STOR_SUCCESS(status) ? (LONGLONG)rt_bus_address(adapter->rt, *out) : 0;
    return status;
}

ULONG
ext_free_dma(struct adapter *adapter, va_list args, void *caller)
{
    PVOID base = va_arg(args, PVOID);
    SIZE_T bytes = va_arg(args, SIZE_T);
    MEMORY_CACHING_TYPE cache = va_arg(args, MEMORY_CACHING_TYPE);
    PHYSICAL_ADDRESS physical = va_arg(args, PHYSICAL_ADDRESS);

    (void)caller;
    /* The physical address is optional: zero when the driver did not keep it. */
    if (base && physical.QuadPart &&
        rt_bus_to_virtual(adapter->rt, (uint64_t)physical.QuadPart) != base)
        finding_report(adapter->rt, RULE_DmaMixup, 0,
                       "StorPortFreeDmaMemory: that physical address is not the block's");
    return contiguous_free(adapter, base, bytes, cache);
}

/* ---- Host Memory Buffers ---- */

static bool
host_buffer_add(struct adapter *adapter, const struct rt_range *range, size_t bytes,
                PACCESS_RANGE out)
{
    struct routines *routines = adapter->routines;
    struct host_buffer *buffer = rt_alloc(adapter->rt, sizeof(*buffer));

    if (!buffer)
        return false;
    buffer->bytes = bytes;
    buffer->base = rt_arena_alloc(adapter->rt, bytes, range);
    if (!buffer->base) {
        rt_free(adapter->rt, buffer);
        return false;
    }
    out->RangeStart.QuadPart = (LONGLONG)rt_bus_address(adapter->rt, buffer->base);
    out->RangeLength = (ULONG)bytes;
    out->RangeInMemory = TRUE;
    rt_word_acquire(&routines->lock);
    buffer->next = routines->host_buffers;
    routines->host_buffers = buffer;
    rt_word_release(&routines->lock);
    return true;
}

/* Takes the range that starts there off the list. */
static struct host_buffer *
host_buffer_take(struct adapter *adapter, const ACCESS_RANGE *range)
{
    struct routines *routines = adapter->routines;
    void *base = rt_bus_to_virtual(adapter->rt, (uint64_t)range->RangeStart.QuadPart);
    struct host_buffer **link, *buffer = NULL;

    rt_word_acquire(&routines->lock);
    for (link = &routines->host_buffers; *link; link = &(*link)->next) {
        if ((*link)->base == base && (*link)->bytes == range->RangeLength) {
            buffer = *link;
            *link = buffer->next;
            break;
        }
    }
    rt_word_release(&routines->lock);
    return buffer;
}

static void
host_buffer_free(struct adapter *adapter, struct host_buffer *buffer)
{
    rt_arena_free(adapter->rt, buffer->base, buffer->bytes);
    rt_free(adapter->rt, buffer);
}

/* As few ranges as memory allows: the whole first, then halves of what did not fit. */
static ULONG
host_buffer_fill(struct adapter *adapter, const struct rt_range *range, SIZE_T minimum,
                 SIZE_T preferred, PACCESS_RANGE ranges, ULONG *count)
{
    SIZE_T done = 0, piece = preferred;
    ULONG used = 0;

    if (piece > 0x80000000u)
        piece = 0x80000000u; /* RangeLength has 32 bits */
    while (done < preferred && used < *count && piece >= RT_PAGE_BYTES) {
        if (piece > preferred - done)
            piece = preferred - done;
        if (host_buffer_add(adapter, range, piece, &ranges[used])) {
            done += piece;
            used++;
        } else {
            piece = piece / 2 & ~(SIZE_T)(RT_PAGE_BYTES - 1);
        }
    }
    if (done && done >= minimum) {
        *count = used;
        return STOR_STATUS_SUCCESS;
    }
    while (used)
        host_buffer_free(adapter, host_buffer_take(adapter, &ranges[--used]));
    *count = 0;
    return STOR_STATUS_INSUFFICIENT_RESOURCES;
}

ULONG
ext_allocate_host_buffer(struct adapter *adapter, va_list args, void *caller)
{
    SIZE_T minimum = va_arg(args, SIZE_T), preferred = va_arg(args, SIZE_T);
    struct rt_range range = {0};
    PHYSICAL_ADDRESS boundary;
    PACCESS_RANGE ranges;
    PULONG count;

    (void)caller;
    (void)va_arg(args,
                 ULONGLONG); /* blocks that the device has: no limit of ours follows from it */
    range.align = va_arg(args, ULONG);
    range.lowest = (uint64_t)va_arg(args, PHYSICAL_ADDRESS).QuadPart;
    range.highest = (uint64_t)va_arg(args, PHYSICAL_ADDRESS).QuadPart;
    boundary = va_arg(args, PHYSICAL_ADDRESS);
    ranges = va_arg(args, PACCESS_RANGE);
    count = va_arg(args, PULONG);
    if (!ranges || !count || !*count || !preferred || minimum > preferred ||
        preferred % RT_PAGE_BYTES || boundary.QuadPart || range.lowest > range.highest ||
        (range.align & (range.align - 1)))
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > RT_IRQL_DISPATCH)
        return STOR_STATUS_INVALID_IRQL;
    if (range.align < RT_PAGE_BYTES)
        range.align = 0;
    return host_buffer_fill(adapter, &range, minimum, preferred, ranges, count);
}

ULONG
ext_free_host_buffer(struct adapter *adapter, va_list args, void *caller)
{
    PACCESS_RANGE ranges = va_arg(args, PACCESS_RANGE);
    ULONG count = va_arg(args, ULONG);
    ULONG status = ranges && count ? STOR_STATUS_SUCCESS : STOR_STATUS_UNSUCCESSFUL;

    (void)caller;
    for (ULONG i = 0; ranges && i < count; i++) {
        struct host_buffer *buffer = host_buffer_take(adapter, &ranges[i]);

        if (buffer) {
            host_buffer_free(adapter, buffer);
        } else {
            finding_report(adapter->rt, RULE_BadArgument, 0,
                           "a Host Memory Buffer is freed that was freed or never allocated");
            status = STOR_STATUS_UNSUCCESSFUL;
        }
    }
    return status;
}

void
host_buffers_destroy(struct adapter *adapter)
{
    struct host_buffer *buffer;

    while ((buffer = adapter->routines->host_buffers)) {
        finding_report(adapter->rt, RULE_Leak, 0,
                       "a Host Memory Buffer of %zu bytes was never freed", buffer->bytes);
        adapter->routines->host_buffers = buffer->next;
        host_buffer_free(adapter, buffer);
    }
}
