/*
 * What of a range is allocated, as GET LBA STATUS tells it (SBC-3 5.4). A unit that cannot tell
 * holds data everywhere.
 */
#include "disk_priv.h"
#include "execute.h"

#include <errno.h>
#include <string.h>

/* Told extents of one kind are joined until the kind changes. */
struct extents {
    int (*told)(void *ctx, uint64_t offset, uint64_t bytes, bool hole);
    void *ctx;
    uint64_t from, to; /* not yet told */
    bool hole;
};

static int
extents_tell(struct extents *extents)
{
    if (extents->from == extents->to)
        return 0;
    int result =
        extents->told(extents->ctx, extents->from, extents->to - extents->from, extents->hole);
    extents->from = extents->to;
    return result;
}

/* All up to `to` is of this kind. */
static int
extents_add(struct extents *extents, uint64_t to, bool hole)
{
    int result = 0;

    if (to <= extents->to)
        return 0;
    if (extents->hole != hole)
        result = extents_tell(extents);
    extents->hole = hole;
    extents->to = to;
    return result;
}

/* One answer of the unit; stops at what does not follow on the entry before. */
static int
extents_answer(const struct disk *disk, struct extents *extents, const uint8_t *data, size_t bytes,
               uint64_t end)
{
    size_t count = lba_status_count(data, bytes);
    struct lba_status status;
    int result = 0;

    for (size_t i = 0; !result && extents->to < end && i < count; i++) {
        if (!lba_status_get(data, bytes, i, &status))
            break;
        uint64_t from = status.lba << disk->block_shift;
        uint64_t to = (status.lba + status.blocks) << disk->block_shift;
        if (from > extents->to || to <= extents->to)
            break;
        result = extents_add(extents, to < end ? to : end, status.state == LBA_STATE_DEALLOCATED);
    }
    return result;
}

int
disk_extents(struct disk *disk, uint64_t offset, uint64_t bytes,
             int (*told)(void *ctx, uint64_t offset, uint64_t bytes, bool hole), void *ctx)
{
    uint64_t end = offset + bytes, size = atomic_load(&disk->blocks) << disk->block_shift;
    struct extents extents = {told, ctx, offset, offset, false};
    struct execute execute = {.bytes = DISK_SCRATCH_BYTES};
    int result = 0;

    if (offset > size || bytes > size - offset)
        return -EINVAL;
    if (disk->provisioned) {
        execute.buffer = rt_arena_alloc(disk->rt, DISK_SCRATCH_BYTES, NULL);
        if (!execute.buffer)
            return -ENOMEM;
    }
    while (!result && disk->provisioned && extents.to < end) {
        uint64_t before = extents.to;
        cdb_get_lba_status(&execute.cdb, before >> disk->block_shift, DISK_SCRATCH_BYTES);
        result = execute_run(disk, &execute);
        if (result == -EOPNOTSUPP || result == -EINVAL) {
            result = 0;
            break;
        }
        if (!result)
            result = extents_answer(disk, &extents, execute.buffer, execute.moved, end);
        if (extents.to == before)
            break;
    }
    if (execute.buffer)
        rt_arena_free(disk->rt, execute.buffer, DISK_SCRATCH_BYTES);
    if (!result)
        result = extents_add(&extents, end, false);
    if (!result)
        result = extents_tell(&extents);
    return result;
}
