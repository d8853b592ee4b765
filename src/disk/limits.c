/*
 * What a unit and its adapter can do, in one set of numbers: VPD pages B0h to B2h, the adapter's
 * transfer limits, the time-out of the registry. At PASSIVE, while a disk is being opened.
 */
#include "opening.h"
#include "rt_registry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_DEFAULT_S 60u
#define TIMEOUT_MAX_S 65535u
#define REGISTRY_DWORD 4u
#define VPD_BYTES 64u

/* ---- limits ---------------------------------------------------------------------------- */

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

void
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
    bytes =
        open_vpd(o, VPD_PAGE_PROVISIONING, o->unit.provisioning, o->unit.provisioning_bytes, &page);
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

int
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

/* ---- time-out -------------------------------------------------------------------------- */

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
void
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
