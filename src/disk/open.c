/*
 * From a unit to a disk: makes it ready, asks for capacity, cache and limits, and combines them
 * with the adapter's. All at PASSIVE. Never writes to the unit.
 */
#include "disk_priv.h"
#include "execute.h"
#include "rt_registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "srb.h"

#define TIMEOUT_DEFAULT_S 60u
#define TIMEOUT_MAX_S 65535u
#define REGISTRY_DWORD 4u
#define INQUIRY_VERSION_SPC3 5
#define BLOCK_SHIFT_MIN 9
#define BLOCK_SHIFT_MAX 16
#define VPD_BYTES 64u
#define MODE_BYTES 192u

/* Everything that is known of a unit while it is being opened. */
struct opening {
    struct disk *disk;
    struct unit_info unit;
    struct adapter_info adapter;
    struct inquiry inquiry;
    uint8_t *buffer; /* DISK_SCRATCH_BYTES of the arena */
    char **error;
};

static int RT_PRINTF(3, 4) open_error(struct opening *o, int error, const char *format, ...)
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

static int
open_read(struct opening *o, struct execute *execute, uint32_t bytes)
{
    memset(o->buffer, 0, DISK_SCRATCH_BYTES);
    execute->buffer = bytes ? o->buffer : NULL;
    execute->bytes = bytes;
    return execute_run(o->disk, execute);
}

/* ---- TEST UNIT READY ---------------------------------------------------------------------------
 */

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

/* ---- capacity ----------------------------------------------------------------------------------
 */

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

/* ---- cache -------------------------------------------------------------------------------------
 */

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

static int
open_cache(struct opening *o)
{
    struct mode_caching mode = {.page_found = false};
    struct execute execute = {.moved = 0};

    cdb_mode_sense6(&execute.cdb, 0x08, MODE_BYTES, true);
    int error = open_read(o, &execute, MODE_BYTES);
    if (!error && mode6_caching_parse(o->buffer, execute.moved, &mode))
        goto out;
    if (error == -EOPNOTSUPP) {
        cdb_mode_sense10(&execute.cdb, 0x08, MODE_BYTES, true);
        error = open_read(o, &execute, MODE_BYTES);
        if (!error)
            mode10_caching_parse(o->buffer, execute.moved, &mode);
    }
    /* A unit may lack the page or the command; anything else is trouble. */
    if (error && error != -EOPNOTSUPP && error != -EINVAL)
        return open_error(o, error, "MODE SENSE failed (error %d)", -error);
out:
    disk_cache_set(o->disk, &mode);
    return 0;
}

/* ---- limits ------------------------------------------------------------------------------------
 */

/* The page as the scan found it, else asked for anew; its length, 0 when the unit has none. */
static size_t
open_vpd(struct opening *o, uint8_t page, const uint8_t *known, uint16_t known_bytes,
         const uint8_t **out)
{
    struct execute execute = {.moved = 0};

    *out = known;
    if (known_bytes)
        return known_bytes;
    *out = o->buffer;
    if (o->inquiry.version < INQUIRY_VERSION_SPC3)
        return 0;
    cdb_inquiry_vpd(&execute.cdb, page, VPD_BYTES);
    if (open_read(o, &execute, VPD_BYTES) || execute.moved < 4 || o->buffer[1] != page)
        return 0;
    return execute.moved;
}

static void
open_pages(struct opening *o)
{
    struct disk *disk = o->disk;
    struct vpd_characteristics characteristics;
    struct vpd_provisioning provisioning;
    const uint8_t *page;
    size_t bytes;

    bytes = open_vpd(o, VPD_PAGE_BLOCK_LIMITS, o->unit.limits, o->unit.limits_bytes, &page);
    if (!bytes || !vpd_block_limits_parse(page, bytes, &disk->limits))
        memset(&disk->limits, 0, sizeof(disk->limits));
    bytes = open_vpd(o, VPD_PAGE_BLOCK_CHARACTERISTICS, o->unit.characteristics,
                     o->unit.characteristics_bytes, &page);
    if (bytes && vpd_characteristics_parse(page, bytes, &characteristics))
        disk->info.rotational = characteristics.rotation_rate > 1;
    bytes = open_vpd(o, VPD_PAGE_PROVISIONING, o->unit.provisioning, o->unit.provisioning_bytes, &page);
    if (bytes && vpd_provisioning_parse(page, bytes, &provisioning)) {
        disk->unmap_command = provisioning.unmap;
        disk->unmap_by_same = provisioning.write_same16_unmap;
        if (provisioning.read_zeros & 1)
            disk->info.unmap_reads_zero = true;
    }
}

static uint32_t
clip_blocks(const struct disk *disk, uint32_t bytes, uint32_t blocks)
{
    if (blocks && (uint64_t)blocks << disk->block_shift < bytes)
        return blocks << disk->block_shift;
    return bytes;
}

static int
open_limits(struct opening *o)
{
    struct disk *disk = o->disk;
    const struct vpd_block_limits *limits = &disk->limits;
    uint32_t block = disk_block_bytes(disk), most = o->adapter.max_transfer_bytes;

    if (!most || most > INT32_MAX)
        most = INT32_MAX; /* SP_UNINITIALIZED_VALUE: the adapter names none */
    most = clip_blocks(disk, most, limits->transfer_blocks_max) & ~(block - 1);
    if (!most)
        return open_error(o, -EINVAL,
                          "the adapter moves at most %u bytes at once, less than a block of %u",
                          o->adapter.max_transfer_bytes, block);
    disk->info.transfer_max_bytes = most;
    disk->info.transfer_optimal_bytes =
        limits->transfer_blocks_optimal ? clip_blocks(disk, most, limits->transfer_blocks_optimal)
                                        : 0;
    disk->alignment_mask = o->adapter.alignment_mask;
    disk->segment_pages = o->adapter.physical_breaks;
    if (!disk->segment_pages)
        disk->segment_pages = 1;
    disk->zero_bytes = most < DISK_ZERO_BYTES ? most : DISK_ZERO_BYTES;
    if (disk->segment_pages < disk->zero_bytes / RT_PAGE_BYTES)
        disk->zero_bytes = disk->segment_pages * RT_PAGE_BYTES;
    if (disk->zero_bytes < block)
        disk->zero_bytes = block;
    disk->info.unmap = disk->unmap_command || disk->unmap_by_same;
    disk->info.write_same = limits->write_same_blocks_max || disk->unmap_by_same;
    disk->info.unmap_granularity_bytes = limits->unmap_granularity_blocks
                                             ? limits->unmap_granularity_blocks << disk->block_shift
                                             : block;
    return 0;
}

/* ---- time-out ----------------------------------------------------------------------------------
 */

static uint32_t
registry_timeout(struct rt *rt, const char *key)
{
    uint32_t value = 0, type = 0;
    size_t bytes = sizeof(value);

    if (rt_registry_get(rt, key, "IoTimeoutValue", &type, &value, &bytes) ||
        type != REGISTRY_DWORD || bytes != sizeof(value) || value > TIMEOUT_MAX_S)
        return 0;
    return value;
}

/* "Registry Entries for StorPort Miniport Drivers", IoTimeoutValue: the miniport's, else the class
 * driver's, else 60 s. */
static void
open_timeout(struct disk *disk)
{
    char key[160];

    snprintf(key, sizeof(key), "Services\\%s\\Parameters",
             driver_name(adapter_driver(unit_adapter(disk->unit))));
    disk->timeout_s = registry_timeout(disk->rt, key);
    if (!disk->timeout_s)
        disk->timeout_s = registry_timeout(disk->rt, "Services\\disk");
    if (!disk->timeout_s)
        disk->timeout_s = TIMEOUT_DEFAULT_S;
}

/* ---- open, close -------------------------------------------------------------------------------
 */

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
