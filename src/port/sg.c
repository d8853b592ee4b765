/*
 * The data of a request as a miniport sees it: one virtual range, a scatter/gather list, an MDL.
 * All made on demand and void after completion. DDI: StorPortGetScatterGatherList.
 */
#include "port_priv.h"

#include "cdb.h"

#include <string.h>

bool
cdb_is_read_write(const uint8_t *cdb)
{
    switch (cdb[0]) {
    case CDB_OP_READ6:
    case CDB_OP_WRITE6:
    case CDB_OP_READ10:
    case CDB_OP_WRITE10:
    case CDB_OP_READ12:
    case CDB_OP_WRITE12:
    case CDB_OP_READ16:
    case CDB_OP_WRITE16:
        return true;
    default:
        return false;
    }
}

static void
bounce_copy(struct port_srb *srb, bool to_bounce)
{
    const struct request *r = &srb->request;
    char *at = srb->bounce;

    for (uint32_t i = 0; i < r->segment_count; i++) {
        const struct io_segment *s = &r->segments[i];
        if (to_bounce)
            memcpy(at, s->base, s->bytes);
        else
            memcpy(s->base, at, s->bytes);
        at += s->bytes;
    }
}

/* NULL when memory is short: rules of MapBuffers allow that, and the driver must cope. */
PVOID
srb_map(struct port_srb *srb)
{
    const struct request *r = &srb->request;

    if (!r->data_bytes)
        return NULL;
    if (r->segment_count == 1)
        return r->segments[0].base;
    if (srb->bounce_bytes < r->data_bytes) {
        rt_free(srb->adapter->rt, srb->bounce);
        srb->bounce = rt_alloc(srb->adapter->rt, r->data_bytes);
        srb->bounce_bytes = srb->bounce ? r->data_bytes : 0;
    }
    if (!srb->bounce)
        return NULL;
    srb->bounced = true;
    if (r->flags & SRB_FLAGS_DATA_OUT)
        bounce_copy(srb, true);
    return srb->bounce;
}

void
srb_unmap(struct port_srb *srb)
{
    if (RT_UNLIKELY(srb->bounced)) {
        if (srb->request.flags & SRB_FLAGS_DATA_IN)
            bounce_copy(srb, false);
        srb->bounced = false;
    }
    srb->sg = NULL;
    if (RT_UNLIKELY(srb->mdl != NULL)) {
        nt_mdl_chain_free(srb->adapter->rt, srb->mdl);
        srb->mdl = NULL;
    }
}

void
srb_free_mappings(struct port_srb *srb)
{
    struct rt *rt = srb->adapter->rt;

    srb_unmap(srb);
    rt_free(rt, srb->bounce);
    rt_free(rt, srb->sg_large);
    srb->bounce = srb->sg_large = NULL;
}

/* Counts elements, or fills them in. Neighbours on the bus become one. */
static uint32_t
sg_walk(const struct port_srb *srb, PSTOR_SCATTER_GATHER_ELEMENT out)
{
    const struct request *r = &srb->request;
    struct rt *rt = srb->adapter->rt;
    uint64_t end = 0;
    uint32_t count = 0;

    for (uint32_t i = 0; i < r->segment_count; i++) {
        const char *at = r->segments[i].base;
        size_t left = r->segments[i].bytes;
        while (left) {
            size_t run = rt_bus_run(rt, at, left);
            uint64_t bus = rt_bus_address(rt, at);
            if (count && bus == end) {
                if (out)
                    out[count - 1].Length += (ULONG)run;
            } else {
                if (out) {
                    out[count].PhysicalAddress.QuadPart = (LONGLONG)bus;
                    out[count].Length = (ULONG)run;
                    out[count].Reserved = 0;
                }
                count++;
            }
            end = bus + run;
            at += run;
            left -= run;
        }
    }
    return count;
}

/* Elements that the list may have. R20.18: the page says pages, another says breaks; a driver that
 * sized its lists by either reading is served by the smaller number. */
static uint32_t
elements_max(const struct adapter *adapter)
{
    return adapter->config.NumberOfPhysicalBreaks;
}

bool
srb_describable(struct port_srb *srb)
{
    const struct adapter *adapter = srb->adapter;

    if (srb->request.data_bytes > adapter->config.MaximumTransferLength)
        return false;
    if (adapter->virtual_device)
        return true;
    return sg_walk(srb, NULL) <= elements_max(adapter);
}

PSTOR_SCATTER_GATHER_LIST
srb_sg(struct port_srb *srb)
{
    uint32_t count;

    if (srb->sg || !srb->request.data_bytes)
        return srb->sg;
    count = sg_walk(srb, NULL);
    if (count <= PORT_SG_INLINE) {
        srb->sg = &srb->sg_inline.list;
    } else {
        if (srb->sg_capacity < count) {
            rt_free(srb->adapter->rt, srb->sg_large);
            srb->sg_large =
                rt_alloc(srb->adapter->rt, sizeof(STOR_SCATTER_GATHER_LIST) +
                                               count * sizeof(STOR_SCATTER_GATHER_ELEMENT));
            srb->sg_capacity = srb->sg_large ? count : 0;
        }
        srb->sg = srb->sg_large;
    }
    if (!srb->sg)
        return NULL;
    srb->sg->NumberOfElements = sg_walk(srb, srb->sg->List);
    srb->sg->Reserved = 0;
    return srb->sg;
}

PSTOR_SCATTER_GATHER_LIST
StorPortGetScatterGatherList(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortGetScatterGatherList, HwDeviceExtension);
    struct port_srb *srb = adapter ? srb_of(adapter, Srb) : NULL;

    if (!srb)
        return NULL;
    srb_touch(srb, CONTRACT_StorPortGetScatterGatherList, __builtin_return_address(0));
    return srb_sg(srb);
}
