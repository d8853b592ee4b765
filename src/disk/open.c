/*
 * From a unit to a disk: makes it ready, asks for capacity, cache and limits, and combines them
 * with the adapter's. All at PASSIVE. Never writes to the unit.
 */
#include "disk_priv.h"
#include "opening.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "srb.h"

#define BLOCK_SHIFT_MIN 9
#define BLOCK_SHIFT_MAX 16

int
open_error(struct opening *o, int error, const char *format, ...)
{
    char text[320], where[48];
    va_list arguments;

    snprintf(where, sizeof(where), "unit %u.%u.%u.%u", adapter_number(unit_adapter(o->disk->unit)),
             o->unit.path, o->unit.target, o->unit.lun);
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (o->error && !*o->error) {
        size_t bytes = strlen(where) + strlen(text) + 3;
        *o->error = malloc(bytes);
        if (*o->error)
            snprintf(*o->error, bytes, "%s: %s", where, text);
    }
    return error;
}

int
open_read(struct opening *o, struct execute *execute, uint32_t bytes)
{
    memset(o->buffer, 0, DISK_SCRATCH_BYTES);
    execute->buffer = bytes ? o->buffer : NULL;
    execute->bytes = bytes;
    return execute_run(o->disk, execute);
}

/* ---- TEST UNIT READY ------------------------------------------------------------------- */

static int
open_ready(struct opening *o)
{
    struct execute ready = {.moved = 0};
    char text[160] = "";

    cdb_test_unit_ready(&ready.cdb);
    int error = open_read(o, &ready, 0);
    if (!error)
        return 0;
    if (ready.sense.key)
        sense_format(&ready.sense, text, sizeof(text));
    if (error == -ENOMEDIUM)
        return open_error(o, error, "there is no medium in it: insert one and try again");
    if (error == -ENODEV || error == -ENXIO)
        return open_error(o, error, "the unit is gone: check the device, then rescan");
    if (error == -ENOMEM)
        return open_error(o, error, "out of memory");
    return open_error(o, error, "does not become ready%s%s%s%s",
                      ready.started ? " even after START UNIT" : "", *text ? " (" : "", text,
                      *text ? ")" : ": look for the adapter's messages in the log");
}

/* ---- capacity -------------------------------------------------------------------------- */

static int
open_capacity16(struct opening *o, struct capacity *capacity)
{
    struct execute execute = {.moved = 0};

    cdb_read_capacity16(&execute.cdb, 32);
    int error = open_read(o, &execute, 32);
    if (error)
        return error;
    return capacity16_parse(o->buffer, execute.moved, capacity) ? 0 : -EPROTO;
}

static int
open_capacity10(struct opening *o, struct capacity *capacity, bool *too_large)
{
    struct execute execute = {.moved = 0};

    cdb_read_capacity10(&execute.cdb);
    int error = open_read(o, &execute, 8);
    if (error)
        return error;
    *too_large = capacity10_too_large(o->buffer, execute.moved);
    if (*too_large)
        return 0;
    return capacity10_parse(o->buffer, execute.moved, capacity) ? 0 : -EPROTO;
}

/* The 16-byte command first where the unit is new enough to have it: only that one tells of thin
 * provisioning and physical blocks. */
static int
open_capacity(struct opening *o, struct capacity *capacity)
{
    bool too_large = false;
    int error;

    memset(capacity, 0, sizeof(*capacity));
    if (o->inquiry.version >= INQUIRY_VERSION_SPC3) {
        error = open_capacity16(o, capacity);
        if (error != -EOPNOTSUPP && error != -EINVAL && error != -EPROTO)
            goto out;
    }
    o->disk->service.capacity10 = true;
    error = open_capacity10(o, capacity, &too_large);
    if (!error && too_large) {
        o->disk->service.capacity10 = false;
        error = open_capacity16(o, capacity);
    }
out:
    if (error == -ENOMEDIUM)
        return open_error(o, error, "there is no medium in it: insert one and try again");
    if (error)
        return open_error(o, error, "READ CAPACITY failed (error %d)", -error);
    return 0;
}

static int
open_blocks(struct opening *o, const struct capacity *capacity)
{
    struct disk *disk = o->disk;
    uint32_t bytes = capacity->block_size_bytes;

    while (disk->block_shift < BLOCK_SHIFT_MAX && (1u << disk->block_shift) < bytes)
        disk->block_shift++;
    if (disk->block_shift < BLOCK_SHIFT_MIN || (1u << disk->block_shift) != bytes)
        return open_error(o, -EMEDIUMTYPE,
                          "blocks of %u bytes cannot be served: format it with 512 or 4096", bytes);
    if (capacity->blocks > UINT64_MAX >> disk->block_shift)
        return open_error(o, -EPROTO, "READ CAPACITY named an impossible size");
    atomic_store(&disk->blocks, capacity->blocks);
    disk->info.bytes = capacity->blocks << disk->block_shift;
    disk->info.block_bytes = bytes;
    disk->info.physical_block_bytes = bytes << (capacity->physical_exponent & 7);
    disk->info.unmap_reads_zero = capacity->unmapped_reads_zero;
    disk->provisioned = capacity->provisioned_thin;
    return 0;
}

void
disk_capacity_set(struct disk *disk, const struct capacity *capacity)
{
    if (capacity->block_size_bytes != disk_block_bytes(disk)) {
        rt_log(disk->rt, RT_LOG_ERROR, "disk", "block size changed from %u to %u: open it anew",
               disk_block_bytes(disk), capacity->block_size_bytes);
        atomic_store(&disk->broken, -EIO);
        return;
    }
    if (capacity->blocks > UINT64_MAX >> disk->block_shift)
        return;
    uint64_t bytes = capacity->blocks << disk->block_shift;
    atomic_store(&disk->blocks, capacity->blocks);
    __atomic_store_n(&disk->info.bytes, bytes, __ATOMIC_RELAXED);
}

/* ---- cache ----------------------------------------------------------------------------- */

void
disk_cache_set(struct disk *disk, const struct mode_caching *mode)
{
    /* No caching page: it may cache all the same. The first flush finds out, see flush.c. */
    bool cache = mode->page_found ? mode->write_cache : true;
    uint8_t fua = DISK_FUA_FREE;

    if (cache)
        fua = mode->dpo_fua ? DISK_FUA_BIT : DISK_FUA_AFTER;
    else if (disk->caches_data)
        fua = DISK_FUA_AFTER;
    atomic_store(&disk->cache_assumed, !mode->page_found);
    atomic_store(&disk->write_cache, cache);
    atomic_store(&disk->fua_mode, fua);
    atomic_store(&disk->read_only, mode->write_protected);
    __atomic_store_n(&disk->info.write_cache, cache || disk->caches_data, __ATOMIC_RELAXED);
    __atomic_store_n(&disk->info.fua, mode->dpo_fua, __ATOMIC_RELAXED);
    __atomic_store_n(&disk->info.read_only, mode->write_protected, __ATOMIC_RELAXED);
}

/* A unit may lack the page or the command; anything else is trouble. */
static int
open_cache(struct opening *o)
{
    static const uint8_t forms[] = {6, 10};
    struct mode_caching mode = {.page_found = false};
    int error = 0;

    for (unsigned i = 0; i < 2; i++) {
        struct execute execute = {.moved = 0};
        bool ten = forms[i] == 10;
        if (ten)
            cdb_mode_sense10(&execute.cdb, 0x08, SERVICE_MODE_BYTES, true);
        else
            cdb_mode_sense6(&execute.cdb, 0x08, SERVICE_MODE_BYTES, true);
        error = open_read(o, &execute, SERVICE_MODE_BYTES);
        if (!error && (ten ? mode10_caching_parse(o->buffer, execute.moved, &mode)
                           : mode6_caching_parse(o->buffer, execute.moved, &mode))) {
            o->disk->service.mode = forms[i];
            break;
        }
        if (error != -EOPNOTSUPP)
            break;
    }
    if (error && error != -EOPNOTSUPP && error != -EINVAL)
        return open_error(o, error, "MODE SENSE failed (error %d)", -error);
    disk_cache_set(o->disk, &mode);
    return 0;
}

/* ---- open, close ----------------------------------------------------------------------- */

static int
open_identity(struct opening *o)
{
    if (!inquiry_parse(o->unit.inquiry, o->unit.inquiry_bytes, &o->inquiry))
        return open_error(o, -EPROTO, "its INQUIRY data is too short to mean anything");
    if (o->inquiry.type != INQUIRY_TYPE_DISK)
        return open_error(o, -EMEDIUMTYPE, "it is no disk but a %s: send it raw CDBs instead",
                          inquiry_type_text(o->inquiry.type));
    o->disk->info.removable = o->inquiry.removable;
    o->disk->tagged = o->inquiry.command_queueing;
    return 0;
}

static int
open_ask(struct opening *o)
{
    struct disk *disk = o->disk;
    struct capacity capacity;
    int error = open_identity(o);

    if (!error)
        error = open_ready(o);
    if (!error)
        error = open_capacity(o, &capacity);
    if (!error)
        error = open_blocks(o, &capacity);
    if (!error)
        error = open_cache(o);
    if (error)
        return error;
    open_pages(o);
    error = open_limits(o);
    if (error)
        return error;
    disk->zero = rt_arena_alloc(disk->rt, disk->zero_bytes, NULL);
    if (!disk->zero)
        return open_error(o, -ENOMEM, "out of memory");
    memset(disk->zero, 0, disk->zero_bytes);
    return 0;
}

static void
disk_destroy(struct disk *disk)
{
    service_finish(disk);
    if (disk->zero)
        rt_arena_free(disk->rt, disk->zero, disk->zero_bytes);
    ranges_finish(disk);
    unit_put(disk->unit);
    rt_free(disk->rt, disk);
}

int
disk_open(struct unit *unit, struct disk **out, char **error)
{
    struct rt *rt = rt_self()->rt;
    struct opening o = {.error = error};

    *out = NULL;
    if (error)
        *error = NULL;
    struct disk *disk = rt_alloc_zero(rt, sizeof(*disk));
    if (!disk)
        return -ENOMEM;
    disk->rt = rt;
    disk->unit = unit;
    unit_get(unit);
    o.disk = disk;
    unit_info(unit, &o.unit);
    adapter_info(unit_adapter(unit), &o.adapter);
    disk->caches_data = o.adapter.caches_data;
    open_timeout(disk);

    int result = ranges_init(disk);
    if (!result)
        result = service_init(disk);
    if (result)
        open_error(&o, result, "out of memory");
    else {
        o.buffer = disk->service.buffer;
        result = open_ask(&o);
    }
    if (result) {
        disk_destroy(disk);
        return result;
    }
    disk->opened = true;
    *out = disk;
    return 0;
}

void
disk_close(struct disk *disk)
{
    struct disk_io flush = {.op = DISK_FLUSH};

    if (!disk)
        return;
    int error = disk_execute(disk, &flush);
    if (error)
        rt_log(disk->rt, RT_LOG_WARNING, "disk", "the flush at the end failed with error %d",
               -error);
    disk_destroy(disk);
}

const struct disk_info *
disk_info(const struct disk *disk)
{
    return &disk->info;
}

struct unit *
disk_unit(const struct disk *disk)
{
    return disk->unit;
}
