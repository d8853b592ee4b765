/*
 * Data to and from the store: READ, WRITE, VERIFY, SYNCHRONIZE CACHE, COMPARE AND WRITE.
 * All run in disk_perform(), with address and range checked before.
 */
#include "disk_priv.h"

#define VERIFY_PIECE_BYTES 65536u

static ULONGLONG
request_offset(const struct disk_request *request)
{
    return request->lba * request->unit->block_bytes;
}

enum disk_result
disk_flush(struct disk_request *request)
{
    struct disk_unit *unit = request->unit;

    return unit->ops->flush != NULL ? unit->ops->flush(request) : DISK_OK;
}

/* Without a write cache each write is as good as one with FUA. */
static BOOLEAN
must_flush(const struct disk_request *request)
{
    return request->unit->has_cache &&
           ((request->command->length > 6 && (request->cdb[1] & 0x08)) ||
            !disk_unit_is(request->unit, DISK_STATE_WRITE_CACHE));
}

static VOID
finish_write(struct disk_request *request, enum disk_result result, ULONG moved)
{
    if (result == DISK_OK && must_flush(request))
        result = disk_flush(request);
    if (result == DISK_OK)
        disk_finish(request, moved, moved);
    else
        disk_fail_result(request, result);
}

/*
 * Whole blocks that the SRB's buffer holds. Fewer than the CDB says: an overrun, reported as such
 * with what was moved; a count past 32 bits of bytes cannot be in any buffer.
 */
static ULONG
blocks_in_buffer(const struct disk_request *request)
{
    ULONG held = request->data_length / request->unit->block_bytes;

    return request->blocks < held ? request->blocks : held;
}

VOID
disk_read(struct disk_request *request)
{
    struct disk_unit *unit = request->unit;
    ULONG blocks = blocks_in_buffer(request);
    ULONG length = blocks * unit->block_bytes;
    enum disk_result result = DISK_OK;

    if (length != 0)
        result = unit->ops->read(request, request_offset(request), request->data, length);
    if (result == DISK_OK && unit->has_cache && request->command->length > 6 &&
        (request->cdb[1] & 0x08))
        result = disk_flush(request); /* FUA: what is read is on the medium */
    if (result != DISK_OK)
        disk_fail_result(request, result);
    else
        disk_finish(request, length, blocks < request->blocks ? 0xffffffff : length);
}

VOID
disk_write(struct disk_request *request)
{
    struct disk_unit *unit = request->unit;
    ULONG blocks = blocks_in_buffer(request);
    ULONG length = blocks * unit->block_bytes;
    enum disk_result result = DISK_OK;

    /* Half a write is worse than none. */
    if (blocks < request->blocks) {
        disk_finish(request, 0, 0xffffffff);
        return;
    }
    if (length != 0)
        result = unit->ops->write(request, request_offset(request), request->data, length);
    finish_write(request, result, length);
}

/* Reads the range piece by piece into scratch memory and tells what the store says. */
static enum disk_result
verify_readable(struct disk_request *request)
{
    struct disk_unit *unit = request->unit;
    ULONGLONG offset = request_offset(request);
    ULONGLONG left = (ULONGLONG)request->blocks * unit->block_bytes;
    enum disk_result result = DISK_OK;
    PVOID scratch = NULL;

    if (StorPortAllocatePool(request->adapter, VERIFY_PIECE_BYTES, DISK_POOL_TAG, &scratch) !=
        STOR_STATUS_SUCCESS)
        return DISK_NO_MEMORY;
    while (left != 0 && result == DISK_OK) {
        ULONG piece = left < VERIFY_PIECE_BYTES ? (ULONG)left : VERIFY_PIECE_BYTES;
        result = unit->ops->read(request, offset, scratch, piece);
        offset += piece;
        left -= piece;
    }
    StorPortFreePool(request->adapter, scratch);
    return result;
}

static ULONG
first_difference(const UCHAR *a, const UCHAR *b, ULONG length)
{
    ULONG i = 0;

    while (i < length && a[i] == b[i])
        i++;
    return i;
}

/* Compares the range with what the initiator sent: once over, or one block again and again. */
static VOID
verify_compare(struct disk_request *request, BOOLEAN one_block)
{
    struct disk_unit *unit = request->unit;
    ULONG size = unit->block_bytes;
    ULONG sent = one_block ? 1 : request->blocks;
    ULONG moved = one_block ? size : request->blocks * size;
    enum disk_result result = DISK_OK;
    PVOID scratch = NULL;
    ULONG i, at;

    if (request->blocks == 0) {
        disk_finish(request, 0, 0);
        return;
    }
    if (request->data_length / size < sent) {
        disk_finish(request, 0, 0xffffffff);
        return;
    }
    if (StorPortAllocatePool(request->adapter, size, DISK_POOL_TAG, &scratch) !=
        STOR_STATUS_SUCCESS) {
        disk_fail_result(request, DISK_NO_MEMORY);
        return;
    }
    RtlZeroMemory(scratch, size); /* a store that discards data does not fill it */
    for (i = 0; i < request->blocks && result == DISK_OK; i++) {
        result =
            unit->ops->read(request, request_offset(request) + (ULONGLONG)i * size, scratch, size);
        if (result != DISK_OK)
            break;
        at = first_difference(scratch, request->data + (one_block ? 0 : (SIZE_T)i * size), size);
        if (at < size) {
            StorPortFreePool(request->adapter, scratch);
            disk_fail_information(request, KEY_MISCOMPARE, CODE_MISCOMPARE,
                                  (ULONGLONG)i * size + at);
            return;
        }
    }
    StorPortFreePool(request->adapter, scratch);
    if (result != DISK_OK)
        disk_fail_result(request, result);
    else
        disk_finish(request, moved, moved);
}

VOID
disk_verify(struct disk_request *request)
{
    enum disk_result result = DISK_OK;

    switch ((request->cdb[1] >> 1) & 3) {
    case 0:
        /* Memory does not go bad, so a store without cache is not read. */
        if (request->unit->has_cache && request->blocks != 0)
            result = verify_readable(request);
        if (result != DISK_OK)
            disk_fail_result(request, result);
        else
            disk_finish(request, 0, 0);
        break;
    case 1:
        verify_compare(request, FALSE);
        break;
    case 3:
        verify_compare(request, TRUE);
        break;
    default:
        disk_fail_cdb(request, 1, 2);
        break;
    }
}

VOID
disk_synchronize(struct disk_request *request)
{
    enum disk_result result = disk_flush(request);

    if (result != DISK_OK)
        disk_fail_result(request, result);
    else
        disk_finish(request, 0, 0);
}

VOID
disk_compare_and_write(struct disk_request *request)
{
    struct disk_unit *unit = request->unit;
    ULONG length = request->blocks * unit->block_bytes;
    enum disk_result result;
    ULONG mismatch = 0;

    if (request->blocks > unit->compare_blocks_max) {
        disk_fail_cdb(request, 13, -1);
        return;
    }
    if (request->blocks == 0) {
        disk_finish(request, 0, 0);
        return;
    }
    if (request->data_length / 2 < length) {
        disk_finish(request, 0, 0xffffffff);
        return;
    }
    result = unit->ops->compare_and_write(request, request_offset(request), request->data,
                                          request->data + length, length, &mismatch);
    if (result == DISK_MISCOMPARE)
        disk_fail_information(request, KEY_MISCOMPARE, CODE_MISCOMPARE, mismatch);
    else
        finish_write(request, result, 2 * length);
}
