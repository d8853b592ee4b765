/*
 * Connections and requests: one handle per connection, for the unit that the export names. nbdkit
 * calls from many threads at once; the host is made for that. No state of a request lives here.
 */
#include "plugin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct handle {
    struct storport_unit *unit;
    struct storport_unit_info info;
    char description[128];
};

/* ---- exports ------------------------------------------------------------------------------ */

static bool
unit_describe(struct storport_unit *unit, struct storport_unit_info *info, char *text, size_t bytes)
{
    *info = (struct storport_unit_info){.size = sizeof(*info)};
    if (storport_unit_info(unit, info, NULL) || !info->bytes)
        return false;
    snprintf(text, bytes, "%s %s%s%s", info->vendor, info->product, *info->serial ? " " : "",
             info->serial);
    return true;
}

int
serve_list_exports(int readonly, int is_tls, struct nbdkit_exports *exports)
{
    struct storport_unit *unit = NULL, *next;
    int code = 0;

    (void)readonly;
    (void)is_tls;
    while (!code && (next = storport_unit_next(plugin_host(), unit))) {
        struct storport_unit_info info;
        char text[128];
        storport_unit_put(unit);
        unit = next;
        if (unit_describe(unit, &info, text, sizeof(text)))
            code = nbdkit_add_export(exports, info.name, text);
    }
    storport_unit_put(unit);
    return code;
}

/* The first unit that is a disk. */
const char *
serve_default_export(int readonly, int is_tls)
{
    struct storport_unit *unit = NULL, *next;
    const char *name = NULL;

    (void)readonly;
    (void)is_tls;
    while (!name && (next = storport_unit_next(plugin_host(), unit))) {
        struct storport_unit_info info;
        char text[128];
        storport_unit_put(unit);
        unit = next;
        if (unit_describe(unit, &info, text, sizeof(text)))
            name = nbdkit_strdup_intern(info.name);
    }
    storport_unit_put(unit);
    return name ? name : "";
}

const char *
serve_export_description(void *handle)
{
    const struct handle *h = handle;

    return nbdkit_strdup_intern(h->description);
}

/* ---- connections -------------------------------------------------------------------------- */

void *
serve_open(int readonly)
{
    const char *name = nbdkit_export_name();
    struct handle *h = calloc(1, sizeof(*h));
    char *error = NULL;
    int code;

    (void)readonly;
    if (!h || !name)
        goto fail;
    h->unit = storport_unit_find(plugin_host(), name);
    if (!h->unit) {
        nbdkit_error("no unit \"%s\"; `nbdinfo --list` shows those that are there", name);
        errno = ENOENT;
        goto fail;
    }
    h->info.size = sizeof(h->info);
    code = storport_unit_info(h->unit, &h->info, &error);
    if (code) {
        plugin_fail(code, error, "the unit does not answer");
        goto fail;
    }
    if (!h->info.bytes) {
        nbdkit_error("unit \"%s\" is no disk", h->info.name);
        errno = ENODEV;
        goto fail;
    }
    unit_describe(h->unit, &h->info, h->description, sizeof(h->description));
    return h;

fail:
    serve_close(h);
    return NULL;
}

void
serve_close(void *handle)
{
    struct handle *h = handle;

    if (!h)
        return;
    storport_unit_put(h->unit);
    free(h);
}

/* ---- what the unit can do ----------------------------------------------------------------- */

int64_t
serve_get_size(void *handle)
{
    const struct handle *h = handle;

    return (int64_t)h->info.bytes;
}

int
serve_block_size(void *handle, uint32_t *minimum, uint32_t *preferred, uint32_t *maximum)
{
    const struct storport_unit_info *info = &((const struct handle *)handle)->info;
    uint32_t optimal = info->transfer_optimal_bytes;

    /* The disk floor reads, modifies and writes what is smaller than a block, and splits what is
     * larger than the adapter takes; the unit only says what it likes best. */
    *minimum = 1;
    *preferred = info->physical_block_bytes > 512 ? info->physical_block_bytes : 512;
    if (optimal > *preferred && !(optimal & (optimal - 1)) && optimal <= 32u << 20)
        *preferred = optimal;
    *maximum = UINT32_MAX;
    return 0;
}

int
serve_can_write(void *handle)
{
    return !((const struct handle *)handle)->info.read_only;
}

int
serve_can_flush(void *handle)
{
    (void)handle;
    return 1;
}

int
serve_can_fua(void *handle)
{
    (void)handle;
    return NBDKIT_FUA_NATIVE;
}

int
serve_can_trim(void *handle)
{
    return ((const struct handle *)handle)->info.unmap;
}

int
serve_can_zero(void *handle)
{
    (void)handle;
    return 1;
}

int
serve_can_fast_zero(void *handle)
{
    (void)handle;
    return 1;
}

int
serve_can_extents(void *handle)
{
    return ((const struct handle *)handle)->info.unmap;
}

int
serve_can_multi_conn(void *handle)
{
    (void)handle;
    return 1; /* one unit behind all connections: a flush on any is a flush of all */
}

int
serve_can_cache(void *handle)
{
    (void)handle;
    return NBDKIT_CACHE_NONE;
}

int
serve_is_rotational(void *handle)
{
    return ((const struct handle *)handle)->info.rotational;
}

/* ---- requests ----------------------------------------------------------------------------- */

static int
answer(const struct handle *h, const char *what, int code, uint64_t offset)
{
    if (!code)
        return 0;
    nbdkit_error("%s: %s at %llu: %s", h->info.name, what, (unsigned long long)offset,
                 strerror(-code));
    nbdkit_set_error(-code);
    errno = -code;
    return -1;
}

static unsigned
flags_from(uint32_t flags)
{
    return (flags & NBDKIT_FLAG_FUA ? (unsigned)STORPORT_FUA : 0u) |
           (flags & NBDKIT_FLAG_MAY_TRIM ? (unsigned)STORPORT_MAY_TRIM : 0u);
}

int
serve_pread(void *handle, void *buffer, uint32_t count, uint64_t offset, uint32_t flags)
{
    struct handle *h = handle;

    (void)flags;
    return answer(h, "read", storport_read(h->unit, buffer, count, offset), offset);
}

int
serve_pwrite(void *handle, const void *buffer, uint32_t count, uint64_t offset, uint32_t flags)
{
    struct handle *h = handle;

    return answer(h, "write", storport_write(h->unit, buffer, count, offset, flags_from(flags)),
                  offset);
}

int
serve_flush(void *handle, uint32_t flags)
{
    struct handle *h = handle;

    (void)flags;
    return answer(h, "flush", storport_flush(h->unit), 0);
}

int
serve_trim(void *handle, uint32_t count, uint64_t offset, uint32_t flags)
{
    struct handle *h = handle;

    return answer(h, "trim", storport_trim(h->unit, count, offset, flags_from(flags)), offset);
}

int
serve_zero(void *handle, uint32_t count, uint64_t offset, uint32_t flags)
{
    struct handle *h = handle;

    /* Fast means: faster than writing zeros. Only unmapping is that for sure. */
    if (flags & NBDKIT_FLAG_FAST_ZERO &&
        !(flags & NBDKIT_FLAG_MAY_TRIM && h->info.unmap && h->info.unmap_reads_zero)) {
        nbdkit_set_error(EOPNOTSUPP);
        errno = EOPNOTSUPP;
        return -1;
    }
    return answer(h, "zero", storport_zero(h->unit, count, offset, flags_from(flags)), offset);
}

struct extents_told {
    struct nbdkit_extents *extents;
    uint32_t hole_type;
};

static int
extent_add(void *context, uint64_t offset, uint64_t bytes, bool hole)
{
    struct extents_told *told = context;

    return nbdkit_add_extent(told->extents, offset, bytes, hole ? told->hole_type : 0) ? -errno : 0;
}

int
serve_extents(void *handle, uint32_t count, uint64_t offset, uint32_t flags,
              struct nbdkit_extents *extents)
{
    struct handle *h = handle;
    struct extents_told told = {.extents = extents, .hole_type = NBDKIT_EXTENT_HOLE};

    (void)flags;
    if (h->info.unmap_reads_zero)
        told.hole_type |= NBDKIT_EXTENT_ZERO;
    return answer(h, "extents", storport_extents(h->unit, count, offset, extent_add, &told),
                  offset);
}
