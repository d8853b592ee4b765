/*
 * A two-level table: leaves of 1 GiB, each with 4,096 chunks of 256 KiB. HwStartIo of a virtual
 * miniport runs on several processors at once and under no lock (DDI: HW_STARTIO), so a leaf is
 * published once and stays until the end, and each chunk has a spin lock of its own, held while its
 * bytes are copied: UNMAP may free a chunk only when nobody reads it.
 */
#include "ramdisk_store.h"

#define CHUNK_BYTES (256u << 10)
#define LEAF_CHUNKS 4096u
#define LEAF_BYTES ((ULONGLONG)CHUNK_BYTES * LEAF_CHUNKS)
#define POOL_TAG 0x646d6152u /* "Ramd" */

struct ramdisk_chunk {
    KSPIN_LOCK lock;
    PUCHAR bytes; /* under lock; NULL: zeros */
};

struct ramdisk_leaf {
    struct ramdisk_chunk chunks[LEAF_CHUNKS];
};

/* `leaf` may be used once `ready` is seen; it stays until the end. */
struct ramdisk_slot {
    volatile LONG ready;
    struct ramdisk_leaf *leaf;
};

struct ramdisk_store {
    PVOID adapter;
    ULONG leaf_count;
    KSPIN_LOCK lock; /* held to make a leaf */
    struct ramdisk_slot slots[ANYSIZE_ARRAY];
};

static PVOID
pool_zeroed(PVOID adapter, ULONG bytes)
{
    PVOID memory = NULL;

    if (StorPortAllocatePool(adapter, bytes, POOL_TAG, &memory) != STOR_STATUS_SUCCESS)
        return NULL;
    RtlZeroMemory(memory, bytes);
    return memory;
}

struct ramdisk_store *
ramdisk_store_create(PVOID adapter, ULONGLONG bytes)
{
    ULONGLONG leaves = (bytes + LEAF_BYTES - 1) / LEAF_BYTES;
    ULONGLONG size = sizeof(struct ramdisk_store) + leaves * sizeof(struct ramdisk_slot);
    struct ramdisk_store *store;

    if (size > 0x7fffffff)
        return NULL;
    store = pool_zeroed(adapter, (ULONG)size);
    if (store != NULL) {
        store->adapter = adapter;
        store->leaf_count = (ULONG)leaves;
    }
    return store;
}

VOID
ramdisk_store_destroy(struct ramdisk_store *store)
{
    ULONG i, j;

    if (store == NULL)
        return;
    for (i = 0; i < store->leaf_count; i++) {
        struct ramdisk_leaf *leaf = store->slots[i].leaf;
        if (leaf == NULL)
            continue;
        for (j = 0; j < LEAF_CHUNKS; j++) {
            if (leaf->chunks[j].bytes != NULL)
                StorPortFreePool(store->adapter, leaf->chunks[j].bytes);
        }
        StorPortFreePool(store->adapter, leaf);
    }
    StorPortFreePool(store->adapter, store);
}

/* NULL: nothing of this leaf was ever written. */
static struct ramdisk_chunk *
chunk_find(struct ramdisk_store *store, ULONGLONG offset)
{
    struct ramdisk_slot *slot = &store->slots[offset / LEAF_BYTES];

    if (!ReadAcquire(&slot->ready))
        return NULL;
    return &slot->leaf->chunks[offset % LEAF_BYTES / CHUNK_BYTES];
}

/* NULL: no memory. */
static struct ramdisk_chunk *
chunk_get(struct ramdisk_store *store, ULONGLONG offset)
{
    struct ramdisk_slot *slot = &store->slots[offset / LEAF_BYTES];
    struct ramdisk_leaf *fresh;
    KIRQL irql;

    if (!ReadAcquire(&slot->ready)) {
        fresh = pool_zeroed(store->adapter, sizeof(*fresh));
        if (fresh == NULL)
            return NULL;
        KeAcquireSpinLock(&store->lock, &irql);
        if (slot->leaf == NULL) {
            slot->leaf = fresh;
            fresh = NULL;
            WriteRelease(&slot->ready, 1);
        }
        KeReleaseSpinLock(&store->lock, irql);
        if (fresh != NULL)
            StorPortFreePool(store->adapter, fresh); /* another processor was first */
    }
    return chunk_find(store, offset);
}

/* Locks the chunk with memory behind it; FALSE: there is none to be had. */
static BOOLEAN
chunk_lock_filled(struct ramdisk_store *store, struct ramdisk_chunk *chunk, PKIRQL irql)
{
    PUCHAR fresh = NULL;

    KeAcquireSpinLock(&chunk->lock, irql);
    while (chunk->bytes == NULL) {
        if (fresh != NULL) {
            chunk->bytes = fresh;
            return TRUE;
        }
        /* Not under the lock: a large allocation takes its time. */
        KeReleaseSpinLock(&chunk->lock, *irql);
        fresh = pool_zeroed(store->adapter, CHUNK_BYTES);
        if (fresh == NULL)
            return FALSE;
        KeAcquireSpinLock(&chunk->lock, irql);
    }
    if (fresh != NULL)
        StorPortFreePool(store->adapter, fresh);
    return TRUE;
}

static ULONG
piece_length(ULONGLONG offset, ULONGLONG left)
{
    ULONG room = CHUNK_BYTES - (ULONG)(offset % CHUNK_BYTES);

    return left < room ? (ULONG)left : room;
}

static enum disk_result
ramdisk_read(struct disk_request *request, ULONGLONG offset, PVOID buffer, ULONG length)
{
    struct ramdisk_store *store = request->unit->store;
    PUCHAR out = buffer;

    while (length != 0) {
        ULONG piece = piece_length(offset, length);
        struct ramdisk_chunk *chunk = chunk_find(store, offset);
        BOOLEAN zeros = TRUE;
        KIRQL irql;

        if (chunk != NULL) {
            KeAcquireSpinLock(&chunk->lock, &irql);
            if (chunk->bytes != NULL) {
                RtlCopyMemory(out, chunk->bytes + offset % CHUNK_BYTES, piece);
                zeros = FALSE;
            }
            KeReleaseSpinLock(&chunk->lock, irql);
        }
        if (zeros)
            RtlZeroMemory(out, piece);
        out += piece;
        offset += piece;
        length -= piece;
    }
    return DISK_OK;
}

static enum disk_result
ramdisk_write(struct disk_request *request, ULONGLONG offset, const VOID *buffer, ULONG length)
{
    struct ramdisk_store *store = request->unit->store;
    const UCHAR *in = buffer;

    while (length != 0) {
        ULONG piece = piece_length(offset, length);
        struct ramdisk_chunk *chunk = chunk_get(store, offset);
        KIRQL irql;

        if (chunk == NULL || !chunk_lock_filled(store, chunk, &irql))
            return DISK_NO_SPACE;
        RtlCopyMemory(chunk->bytes + offset % CHUNK_BYTES, in, piece);
        KeReleaseSpinLock(&chunk->lock, irql);
        in += piece;
        offset += piece;
        length -= piece;
    }
    return DISK_OK;
}

/* A whole chunk goes back to the pool; of one in part the bytes are cleared. */
static VOID
chunk_clear(struct ramdisk_store *store, struct ramdisk_chunk *chunk, ULONG at, ULONG length)
{
    PUCHAR gone = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&chunk->lock, &irql);
    if (chunk->bytes != NULL && length == CHUNK_BYTES) {
        gone = chunk->bytes;
        chunk->bytes = NULL;
    } else if (chunk->bytes != NULL) {
        RtlZeroMemory(chunk->bytes + at, length);
    }
    KeReleaseSpinLock(&chunk->lock, irql);
    if (gone != NULL)
        StorPortFreePool(store->adapter, gone);
}

/* Zeros that stay allocated, as WRITE SAME without UNMAP wants them. */
static enum disk_result
chunk_fill_zeros(struct ramdisk_store *store, ULONGLONG offset, ULONG length)
{
    struct ramdisk_chunk *chunk = chunk_get(store, offset);
    KIRQL irql;

    if (chunk == NULL || !chunk_lock_filled(store, chunk, &irql))
        return DISK_NO_SPACE;
    RtlZeroMemory(chunk->bytes + offset % CHUNK_BYTES, length);
    KeReleaseSpinLock(&chunk->lock, irql);
    return DISK_OK;
}

static enum disk_result
ramdisk_zero(struct disk_request *request, ULONGLONG offset, ULONGLONG length, BOOLEAN deallocate)
{
    struct ramdisk_store *store = request->unit->store;
    enum disk_result result = DISK_OK;

    while (length != 0 && result == DISK_OK) {
        ULONGLONG piece = piece_length(offset, length);
        if (!deallocate) {
            result = chunk_fill_zeros(store, offset, (ULONG)piece);
        } else {
            struct ramdisk_chunk *chunk = chunk_find(store, offset);
            if (chunk != NULL) {
                chunk_clear(store, chunk, (ULONG)(offset % CHUNK_BYTES), (ULONG)piece);
            } else {
                /* The whole leaf is zeros already. */
                piece = LEAF_BYTES - offset % LEAF_BYTES;
                if (piece > length)
                    piece = length;
            }
        }
        offset += piece;
        length -= piece;
    }
    return result;
}

static BOOLEAN
chunk_is_allocated(struct ramdisk_chunk *chunk)
{
    BOOLEAN allocated;
    KIRQL irql;

    KeAcquireSpinLock(&chunk->lock, &irql);
    allocated = chunk->bytes != NULL;
    KeReleaseSpinLock(&chunk->lock, irql);
    return allocated;
}

static enum disk_result
ramdisk_extent(struct disk_request *request, ULONGLONG offset, BOOLEAN *allocated, ULONGLONG *run)
{
    struct ramdisk_store *store = request->unit->store;
    ULONGLONG at = offset, end = offset + *run;
    BOOLEAN first = TRUE;

    while (at < end) {
        struct ramdisk_chunk *chunk = chunk_find(store, at);
        ULONGLONG unit = chunk != NULL ? CHUNK_BYTES : LEAF_BYTES;
        BOOLEAN here = chunk != NULL && chunk_is_allocated(chunk);

        if (first)
            *allocated = here;
        else if (here != *allocated)
            break;
        first = FALSE;
        at += unit - at % unit;
    }
    *run = (at < end ? at : end) - offset;
    return DISK_OK;
}

static ULONG
first_difference(const UCHAR *a, const UCHAR *b, ULONG length)
{
    ULONG i = 0;

    while (i < length && a[i] == b[i])
        i++;
    return i;
}

/*
 * Both chunks that the range may touch are held from the first comparison to the last byte written,
 * the lower first; every other path holds one at a time, so there is no ring of waiters.
 */
static enum disk_result
ramdisk_compare_and_write(struct disk_request *request, ULONGLONG offset, const UCHAR *expected,
                          const UCHAR *data, ULONG length, ULONG *mismatch)
{
    struct ramdisk_store *store = request->unit->store;
    ULONG piece = piece_length(offset, length);
    struct ramdisk_chunk *low = chunk_get(store, offset);
    struct ramdisk_chunk *high = NULL;
    KIRQL irql, second = 0;
    PUCHAR at;
    ULONG same;

    if (low == NULL)
        return DISK_NO_SPACE;
    if (piece < length) {
        high = chunk_get(store, offset + piece);
        if (high == NULL)
            return DISK_NO_SPACE;
    }
    if (!chunk_lock_filled(store, low, &irql))
        return DISK_NO_SPACE;
    if (high != NULL && !chunk_lock_filled(store, high, &second)) {
        KeReleaseSpinLock(&low->lock, irql);
        return DISK_NO_SPACE;
    }
    at = low->bytes + offset % CHUNK_BYTES;
    same = first_difference(at, expected, piece);
    if (same == piece && high != NULL)
        same += first_difference(high->bytes, expected + piece, length - piece);
    if (same == length) {
        RtlCopyMemory(at, data, piece);
        if (high != NULL)
            RtlCopyMemory(high->bytes, data + piece, length - piece);
    }
    if (high != NULL)
        KeReleaseSpinLock(&high->lock, second);
    KeReleaseSpinLock(&low->lock, irql);
    *mismatch = same;
    return same == length ? DISK_OK : DISK_MISCOMPARE;
}

/* No flush: memory is as durable as it will ever be. */
const struct disk_store_ops ramdisk_store_ops = {
    .read = ramdisk_read,
    .write = ramdisk_write,
    .zero = ramdisk_zero,
    .extent = ramdisk_extent,
    .compare_and_write = ramdisk_compare_and_write,
};
