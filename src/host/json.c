/* The topology as JSON: adapters, their limits, units, identity, queue depths and their source. */
#include "host_priv.h"

#include <string.h>

#ifdef HAVE_JANSSON
#include <jansson.h>

static json_t *
disk_json(const struct storport_unit_info *info)
{
    return json_pack("{sI sI sI sI sI sI sb sb sb sb sb}", "bytes", (json_int_t)info->bytes,
                     "block_bytes", (json_int_t)info->block_bytes, "physical_block_bytes",
                     (json_int_t)info->physical_block_bytes, "transfer_max_bytes",
                     (json_int_t)info->transfer_max_bytes, "transfer_optimal_bytes",
                     (json_int_t)info->transfer_optimal_bytes, "unmap_granularity_bytes",
                     (json_int_t)info->unmap_granularity_bytes, "read_only", info->read_only,
                     "write_cache", info->write_cache, "fua", info->fua, "unmap", info->unmap,
                     "rotational", info->rotational);
}

static json_t *
unit_json(const struct storport_unit_info *info)
{
    json_t *unit =
        json_pack("{ss ss ss ss ss ss s{sI sI ss}}", "name", info->name, "vendor", info->vendor,
                  "product", info->product, "revision", info->revision, "serial", info->serial,
                  "identity", info->identity, "queue_depth", "now", (json_int_t)info->queue_depth,
                  "max", (json_int_t)info->queue_depth_max, "source", info->queue_depth_source);

    if (unit && info->bytes)
        json_object_set_new(unit, "disk", disk_json(info));
    return unit;
}

static json_t *
units_json(struct storport_host *host, struct storport_adapter *adapter)
{
    struct storport_unit *next, *unit = NULL;
    json_t *list = json_array();

    while ((next = storport_unit_next(host, unit))) {
        struct storport_unit_info info = {.size = sizeof(info)};
        storport_unit_put(unit);
        unit = next;
        /* A unit that answers no TEST UNIT READY is still worth a line. */
        if (unit->adapter != adapter)
            continue;
        if (storport_unit_info(unit, &info, NULL))
            memcpy(info.name, unit->name, sizeof(info.name));
        json_array_append_new(list, unit_json(&info));
    }
    storport_unit_put(unit);
    return list;
}

static json_t *
adapter_json(struct storport_adapter *adapter)
{
    struct adapter_info info;

    adapter_info(adapter->adapter, &info);
    return json_pack("{sI ss sI sI sI sI sI sI sI sI sI sI sb sb sb sb sb so}", "number",
                     (json_int_t)adapter_number(adapter->adapter), "driver", adapter->driver->name,
                     "max_transfer_bytes", (json_int_t)info.max_transfer_bytes, "physical_breaks",
                     (json_int_t)info.physical_breaks, "alignment_mask",
                     (json_int_t)info.alignment_mask, "max_io", (json_int_t)info.max_io,
                     "max_io_per_lun", (json_int_t)info.max_io_per_lun, "initial_queue_depth",
                     (json_int_t)info.initial_queue_depth, "buses", (json_int_t)info.buses,
                     "targets", (json_int_t)info.targets, "luns", (json_int_t)info.luns, "channels",
                     (json_int_t)info.channels, "caches_data", info.caches_data, "virtual",
                     info.virtual_device, "full_duplex", info.full_duplex, "extended_srb",
                     info.extended_srb, "maps_read_write", info.maps_read_write, "units",
                     units_json(adapter->driver->host, adapter));
}

char *
storport_host_json(struct storport_host *host)
{
    json_t *top = json_object(), *adapters = json_array();
    char *text;

    for (struct storport_driver *driver = host->drivers; driver; driver = driver->next)
        for (struct storport_adapter *a = driver->adapters; a; a = a->next)
            json_array_insert_new(adapters, 0, adapter_json(a));
    json_object_set_new(top, "adapters", adapters);
    json_object_set_new(top, "findings", json_integer(storport_host_findings(host)));
    text = json_dumps(top, JSON_INDENT(2));
    json_decref(top);
    return text;
}

#else

char *
storport_host_json(struct storport_host *host)
{
    (void)host;
    return NULL;
}

#endif
