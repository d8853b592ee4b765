/*
 * What a thin disk does with space: UNMAP, WRITE SAME (also the plain way to write zeros), GET LBA
 * STATUS. SBC-3 5.28, 5.43, 5.5.
 */
#include "disk_priv.h"

#define PATTERN_BYTES 65536u
#define STATUS_DESCRIPTORS_MAX 64u

/* FALSE: the request is answered. Every range is checked before the first is given back. */
static BOOLEAN
unmap_check(struct disk_request *request, ULONG count)
{
    struct disk_unit *unit = request->unit;
    ULONG i;

    if (count > DISK_UNMAP_DESCRIPTORS_MAX) {
        disk_fail_list(request, 2, -1);
        return FALSE;
    }
    for (i = 0; i < count; i++) {
        const UCHAR *range = request->data + 8 + 16 * i;
        ULONGLONG lba = get64(range);
        ULONG blocks = get32(range + 8);
        if (lba > unit->blocks || blocks > unit->blocks - lba) {
            disk_fail_information(request, KEY_ILLEGAL_REQUEST, CODE_LBA_OUT_OF_RANGE,
                                  lba > unit->blocks ? lba : unit->blocks);
            return FALSE;
        }
    }
    return TRUE;
}

VOID
disk_unmap(struct disk_request *request)
{
    struct disk_unit *unit = request->unit;
    ULONG length = get16(request->cdb + 7);
    ULONG count, i;
    enum disk_result result = DISK_OK;

    if (length == 0) {
        disk_finish(request, 0, 0);
        return;
    }
    if (length < 8) {
        disk_fail(request, KEY_ILLEGAL_REQUEST, CODE_PARAMETER_LIST_LENGTH);
        return;
    }
    if (request->data_length < length) {
        disk_finish(request, 0, length);
        return;
    }
    /* The list may say more than was sent: only whole descriptors that arrived count. */
    count = get16(request->data + 2);
    if (count > length - 8)
        count = length - 8;
    count /= 16;
    if (!unmap_check(request, count))
        return;
    for (i = 0; i < count && result == DISK_OK; i++) {
        const UCHAR *range = request->data + 8 + 16 * i;
        ULONGLONG blocks = get32(range + 8);
        if (blocks != 0)
            result = unit->ops->zero(request, get64(range) * unit->block_bytes,
                                     blocks * unit->block_bytes, TRUE);
    }
    if (result == DISK_OK && unit->has_cache && !disk_unit_is(unit, DISK_STATE_WRITE_CACHE))
        result = disk_flush(request);
    if (result != DISK_OK)
        disk_fail_result(request, result);
    else
        disk_finish(request, length, length);
}

static BOOLEAN
is_zero(const UCHAR *bytes, ULONG length)
{
    ULONG i;

    for (i = 0; i < length; i++) {
        if (bytes[i] != 0)
            return FALSE;
    }
    return TRUE;
}

/* The block (NULL: zeros) over the whole range, through a larger piece of memory. */
static enum disk_result
write_pattern(struct disk_request *request, const UCHAR *block)
{
    struct disk_unit *unit = request->unit;
    ULONG size = unit->block_bytes;
    ULONGLONG offset = request->lba * size;
    ULONGLONG left = (ULONGLONG)request->blocks * size;
    ULONG piece = left < PATTERN_BYTES ? (ULONG)left : PATTERN_BYTES;
    enum disk_result result = DISK_OK;
    PUCHAR pattern = NULL;
    ULONG at;

    if (StorPortAllocatePool(request->adapter, piece, DISK_POOL_TAG, (PVOID *)&pattern) !=
        STOR_STATUS_SUCCESS)
        return DISK_NO_MEMORY;
    if (block == NULL) {
        RtlZeroMemory(pattern, piece);
    } else {
        for (at = 0; at < piece; at += size)
            RtlCopyMemory(pattern + at, block, size);
    }
    while (left != 0 && result == DISK_OK) {
        if (left < piece)
            piece = (ULONG)left;
        result = unit->ops->write(request, offset, pattern, piece);
        offset += piece;
        left -= piece;
    }
    StorPortFreePool(request->adapter, pattern);
    return result;
}

static VOID
write_same(struct disk_request *request, const UCHAR *block, ULONG moved)
{
    struct disk_unit *unit = request->unit;
    BOOLEAN unmap = (request->cdb[1] & 0x08) != 0;
    enum disk_result result;

    if (unit->ops->zero != NULL && (block == NULL || is_zero(block, unit->block_bytes)))
        result = unit->ops->zero(request, request->lba * unit->block_bytes,
                                 (ULONGLONG)request->blocks * unit->block_bytes, unmap);
    else
        result = write_pattern(request, block);
    if (result == DISK_OK && unit->has_cache && !disk_unit_is(unit, DISK_STATE_WRITE_CACHE))
        result = disk_flush(request);
    if (result != DISK_OK)
        disk_fail_result(request, result);
    else
        disk_finish(request, moved, moved);
}

VOID
disk_write_same(struct disk_request *request)
{
    struct disk_unit *unit = request->unit;
    BOOLEAN no_data = request->command->length == 16 && (request->cdb[1] & 0x01);
    ULONG count_at = request->command->length == 16 ? 10 : 7;

    if ((request->cdb[1] & 0x08) && unit->ops->zero == NULL) {
        disk_fail_cdb(request, 1, 3);
        return;
    }
    /* WSNZ: zero does not mean "to the end"; and no more than VPD page B0h allows. */
    if (request->blocks == 0 || request->blocks > DISK_WRITE_SAME_BYTES_MAX / unit->block_bytes) {
        disk_fail_cdb(request, count_at, -1);
        return;
    }
    if (no_data) {
        write_same(request, NULL, 0);
        return;
    }
    if (request->data_length < unit->block_bytes) {
        disk_finish(request, 0, unit->block_bytes);
        return;
    }
    write_same(request, request->data, unit->block_bytes);
}

/* Whole blocks from lba that are all mapped or all not. */
static enum disk_result
status_run(struct disk_request *request, ULONGLONG lba, BOOLEAN *allocated, ULONGLONG *blocks)
{
    struct disk_unit *unit = request->unit;
    ULONGLONG run = (unit->blocks - lba) * unit->block_bytes;
    enum disk_result result;

    *allocated = TRUE;
    if (unit->ops->extent != NULL) {
        result = unit->ops->extent(request, lba * unit->block_bytes, allocated, &run);
        if (result != DISK_OK)
            return result;
    }
    *blocks = run / unit->block_bytes;
    /* A block that is allocated in part counts as mapped. */
    if (*blocks == 0) {
        *allocated = TRUE;
        *blocks = 1;
    }
    if (*blocks > 0xffffffff)
        *blocks = 0xffffffff;
    return DISK_OK;
}

VOID
disk_lba_status(struct disk_request *request)
{
    struct disk_unit *unit = request->unit;
    ULONGLONG lba = get64(request->cdb + 2);
    ULONG allocation = get32(request->cdb + 10);
    ULONG fit = allocation < 24 ? 1 : (allocation - 8) / 16;
    UCHAR data[8 + 16 * STATUS_DESCRIPTORS_MAX] = {0};
    ULONG count = 0;

    if (lba >= unit->blocks) {
        disk_fail_information(request, KEY_ILLEGAL_REQUEST, CODE_LBA_OUT_OF_RANGE, lba);
        return;
    }
    if (fit > STATUS_DESCRIPTORS_MAX)
        fit = STATUS_DESCRIPTORS_MAX;
    while (count < fit && lba < unit->blocks) {
        UCHAR *entry = data + 8 + 16 * count;
        ULONGLONG blocks = 0;
        BOOLEAN allocated;
        enum disk_result result = status_run(request, lba, &allocated, &blocks);
        if (result != DISK_OK) {
            disk_fail_result(request, result);
            return;
        }
        put64(entry, lba);
        put32(entry + 8, (ULONG)blocks);
        entry[12] = allocated ? 0 : 1;
        lba += blocks;
        count++;
    }
    put32(data, 4 + 16 * count);
    disk_answer(request, data, 8 + 16 * count, allocation);
}
