/*
 * SRBs: slots and their caches, filling in an SRB of either kind from a request, and reading the
 * answer out of it. A slot keeps its memory until the adapter goes, so a late completion can be
 * told apart by its serial. DDI: SCSI_REQUEST_BLOCK, STORAGE_REQUEST_BLOCK.
 */
#include "port_priv.h"

#include <errno.h>
#include <string.h>

_Static_assert(SRB_PNP_FLAGS_ADAPTER_REQUEST == SRB_POWER_FLAGS_ADAPTER_REQUEST &&
                   SRB_PNP_FLAGS_ADAPTER_REQUEST == SRB_WMI_FLAGS_ADAPTER_REQUEST,
               "one flag for the three");

#define SLAB_SLOTS 64u
#define SLAB_EXTENSION_MAX (1u << 20)
#define EXTENSION_ALIGN 64u

struct slab {
    struct slab *next;
    uint32_t slots;
    void *extensions;
    size_t extension_bytes;
    struct port_srb *srbs;
    void *raw;
};

/* ---- slots ---- */

static struct slab *
slab_create(struct adapter *adapter, unsigned cpu)
{
    struct rt *rt = adapter->rt;
    size_t each =
        (adapter->config.SrbExtensionSize + EXTENSION_ALIGN - 1) & ~(EXTENSION_ALIGN - 1u);
    uint32_t slots = SLAB_SLOTS;
    struct slab *slab;

    while (slots > 4 && slots * each > SLAB_EXTENSION_MAX)
        slots /= 2;
    slab = rt_alloc_zero(rt, sizeof(*slab));
    if (!slab)
        return NULL;
    slab->slots = slots;
    slab->extension_bytes = each * slots;
    slab->raw = rt_alloc_zero(rt, sizeof(struct port_srb) * slots + 64);
    if (slab->raw && each)
        slab->extensions = rt_arena_alloc(rt, slab->extension_bytes, NULL);
    if (!slab->raw || (each && !slab->extensions)) {
        if (!MUTANT(ALLOC_LEAK))
            rt_free(rt, slab->raw);
        rt_free(rt, slab);
        return NULL;
    }
    slab->srbs = (void *)(((uintptr_t)slab->raw + 63) & ~(uintptr_t)63);
    for (uint32_t i = 0; i < slots; i++) {
        struct port_srb *srb = &slab->srbs[i];
        srb->magic = SRB_MAGIC;
        srb->adapter = adapter;
        srb->home = (uint8_t)cpu;
        srb->extension = each ? (char *)slab->extensions + i * each : NULL;
        list_init(&srb->link);
        srb->next = i + 1 < slots ? srb + 1 : NULL;
    }
    return slab;
}

static bool
cache_fill(struct adapter *adapter, unsigned cpu)
{
    struct slab *slab = slab_create(adapter, cpu);

    if (!slab)
        return false;
    rt_word_acquire(&adapter->slab_lock);
    slab->next = adapter->slabs;
    adapter->slabs = slab;
    adapter->slot_count += slab->slots;
    rt_word_release(&adapter->slab_lock);
    adapter->caches[cpu].free = slab->srbs;
    return true;
}

int
adapter_slabs_create(struct adapter *adapter)
{
    adapter->caches =
        rt_alloc_zero(adapter->rt, sizeof(struct adapter_cache) * rt_cpu_count(adapter->rt));
    return adapter->caches ? 0 : -ENOMEM;
}

void
adapter_slabs_destroy(struct adapter *adapter)
{
    while (adapter->slabs) {
        struct slab *slab = adapter->slabs;
        adapter->slabs = slab->next;
        for (uint32_t i = 0; i < slab->slots; i++) {
            srb_free_mappings(&slab->srbs[i]);
            slab->srbs[i].magic = 0;
        }
        rt_arena_free(adapter->rt, slab->extensions, slab->extension_bytes);
        rt_free(adapter->rt, slab->raw);
        rt_free(adapter->rt, slab);
    }
    rt_free(adapter->rt, adapter->caches);
    adapter->caches = NULL;
}

/* The slot that memory lies in, or whose extension it lies in. */
struct port_srb *
adapter_slot_of(struct adapter *adapter, const void *memory)
{
    const char *at = memory;

    for (struct slab *slab = adapter->slabs; slab; slab = slab->next) {
        const char *base = (const char *)slab->srbs;
        const char *extensions = slab->extensions;
        if (at >= base && at < base + slab->slots * sizeof(struct port_srb))
            return &slab->srbs[(size_t)(at - base) / sizeof(struct port_srb)];
        if (extensions && at >= extensions && at < extensions + slab->extension_bytes)
            return &slab->srbs[(size_t)(at - extensions) / (slab->extension_bytes / slab->slots)];
    }
    return NULL;
}

struct port_srb *
srb_create(struct adapter *adapter, struct unit *unit)
{
    uint8_t old = rt_irql() < RT_IRQL_DISPATCH ? rt_irql_raise(RT_IRQL_DISPATCH) : RT_IRQL_HIGH;
    unsigned cpu = rt_cpu_index(rt_cpu_current());
    struct adapter_cache *cache = &adapter->caches[cpu];
    struct port_srb *srb = NULL;

    if (cache->free || cache_fill(adapter, cpu) || MUTANT(ALLOC_UNCHECKED)) {
        srb = cache->free;
        cache->free = srb->next;
        srb->unit = unit;
        srb->internal = false;
        memset(&srb->request, 0, offsetof(struct request, sense));
        srb->request.unit = unit;
        srb->request.priority = StorIoPriorityNormal;
    }
    if (old != RT_IRQL_HIGH)
        rt_irql_lower(old);
    return srb;
}

void
srb_release(struct port_srb *srb)
{
    struct adapter *adapter = srb->adapter;
    uint8_t old;

    if (srb_state(srb) == SRB_LOST)
        return; /* the miniport may still write to it */
    old = rt_irql() < RT_IRQL_DISPATCH ? rt_irql_raise(RT_IRQL_DISPATCH) : RT_IRQL_HIGH;
    struct adapter_cache *cache = &adapter->caches[rt_cpu_index(rt_cpu_current())];
    srb->next = cache->free;
    cache->free = srb;
    if (old != RT_IRQL_HIGH)
        rt_irql_lower(old);
}

struct request *
request_create(struct unit *unit)
{
    struct port_srb *srb = srb_create(unit->adapter, unit);

    return srb ? &srb->request : NULL;
}

void
request_destroy(struct request *request)
{
    if (request)
        srb_release(srb_of_request(request));
}

uint32_t
request_number(const struct request *request)
{
    return ((const struct port_srb *)request)->number;
}

/* ---- filling in ---- */

/* Whether DataBuffer points at the data. DDI: PORT_CONFIGURATION_INFORMATION, MapBuffers. */
static bool
maps_buffer(const struct port_srb *srb)
{
    const struct request *r = &srb->request;

    if (r->function == SRB_FUNCTION_IO_CONTROL || r->function == SRB_FUNCTION_WMI ||
        r->function == SRB_FUNCTION_PNP || r->function == SRB_FUNCTION_DUMP_POINTERS ||
        r->function == SRB_FUNCTION_FREE_DUMP_POINTERS)
        return true;
    switch (srb->adapter->config.MapBuffers) {
    case STOR_MAP_NO_BUFFERS:
        return false;
    case STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE:
        return true;
    default:
        return !cdb_is_read_write(r->cdb);
    }
}

static uint8_t
action_of(const struct port_srb *srb)
{
    const struct request *r = &srb->request;

    if (!(r->flags & SRB_FLAGS_QUEUE_ACTION_ENABLE))
        return 0;
    return r->queue_action ? r->queue_action : SRB_SIMPLE_TAG_REQUEST;
}

/* What the page calls invalid is zero. DDI: HW_BUILDIO, Remarks; SRB_*_FLAGS_ADAPTER_REQUEST. */
static void
hide_address(const struct request *r, UCHAR *path, UCHAR *target, UCHAR *lun)
{
    switch (r->function) {
    case SRB_FUNCTION_RESET_BUS:
        *target = *lun = 0;
        break;
    case SRB_FUNCTION_RESET_DEVICE:
        *lun = 0;
        break;
    case SRB_FUNCTION_PNP:
    case SRB_FUNCTION_POWER:
    case SRB_FUNCTION_WMI:
        if (r->cdb[1] & SRB_PNP_FLAGS_ADAPTER_REQUEST)
            *path = *target = *lun = 0;
        break;
    default:
        break;
    }
}

/* Resets, FLUSH and SHUTDOWN have no data; POWER ignores it. DDI: HW_BUILDIO. */
static inline uint32_t
data_bytes_of(const struct request *r)
{
    switch (r->function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        return r->data_bytes;
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
    case SRB_FUNCTION_RESET_DEVICE:
    case SRB_FUNCTION_RESET_BUS:
    case SRB_FUNCTION_FLUSH:
    case SRB_FUNCTION_SHUTDOWN:
    case SRB_FUNCTION_POWER:
        return 0;
    default:
        return r->data_bytes;
    }
}

static void
build_legacy(struct port_srb *srb)
{
    const struct request *r = &srb->request;
    SCSI_REQUEST_BLOCK *s = &srb->srb.legacy;

    memset(s, 0, sizeof(*s));
    s->Length = sizeof(*s);
    s->Function = r->function;
    s->SrbStatus = SRB_STATUS_PENDING;
    s->PathId = srb->unit->path;
    s->TargetId = srb->unit->target;
    s->Lun = MUTANT(WRONG_LUN) && srb->number % 257 == 0 ? srb->unit->lun ^ 1 : srb->unit->lun;
    s->QueueTag = srb->internal ? SP_UNTAGGED : (UCHAR)srb->tag;
    s->QueueAction = action_of(srb);
    s->SrbFlags = r->flags;
    s->TimeOutValue = r->timeout_s;
    s->SrbExtension = srb->extension;
    s->DataTransferLength = data_bytes_of(r);
    s->DataBuffer = srb->mapped;
    if (r->function == SRB_FUNCTION_EXECUTE_SCSI) {
        s->CdbLength = r->cdb_bytes > 16 ? 16 : r->cdb_bytes;
        s->SenseInfoBuffer = srb->sense;
        s->SenseInfoBufferLength = PORT_SENSE_MAX;
        memcpy(s->Cdb, r->cdb, sizeof(s->Cdb));
        return;
    }
    hide_address(r, &s->PathId, &s->TargetId, &s->Lun);
    if (r->function == SRB_FUNCTION_PNP) {
        SCSI_PNP_REQUEST_BLOCK *p = (SCSI_PNP_REQUEST_BLOCK *)s;
        p->PnPAction = (STOR_PNP_ACTION)r->cdb[0];
        p->SrbPnPFlags = r->cdb[1];
    } else if (r->function == SRB_FUNCTION_POWER) {
        SCSI_POWER_REQUEST_BLOCK *p = (SCSI_POWER_REQUEST_BLOCK *)s;
        p->DevicePowerState = (STOR_DEVICE_POWER_STATE)r->cdb[0];
        p->PowerAction = (STOR_POWER_ACTION)r->cdb[2];
        p->SrbPowerFlags = r->cdb[1];
    } else if (r->function == SRB_FUNCTION_WMI) {
        SCSI_WMI_REQUEST_BLOCK *w = (SCSI_WMI_REQUEST_BLOCK *)s;
        w->Reserved1 = 0; /* where other SRBs have their tag */
        w->WMISubFunction = r->cdb[0];
        w->WMIFlags = r->cdb[1];
        memcpy(&w->DataPath, r->cdb + 8, sizeof(w->DataPath));
    }
}

enum { EX_ADDRESS = (sizeof(STORAGE_REQUEST_BLOCK) + 7) & ~7u, EX_DATA = EX_ADDRESS + 16 };

static void
build_extended_data(struct port_srb *srb, STORAGE_REQUEST_BLOCK *s)
{
    const struct request *r = &srb->request;
    void *data = (char *)s + EX_DATA;

    s->NumSrbExData = 1;
    s->SrbExDataOffset[0] = EX_DATA;
    s->SrbLength = EX_DATA + 16;
    if (r->function == SRB_FUNCTION_EXECUTE_SCSI && r->cdb_bytes <= 16) {
        SRBEX_DATA_SCSI_CDB16 *c = data;
        c->Type = SrbExDataTypeScsiCdb16;
        c->Length = SRBEX_DATA_SCSI_CDB16_LENGTH;
        c->CdbLength = r->cdb_bytes;
        c->SenseInfoBuffer = srb->sense;
        c->SenseInfoBufferLength = PORT_SENSE_MAX;
        memcpy(c->Cdb, r->cdb, sizeof(c->Cdb));
        s->SrbLength = EX_DATA + sizeof(*c);
    } else if (r->function == SRB_FUNCTION_EXECUTE_SCSI) {
        SRBEX_DATA_SCSI_CDB32 *c = data;
        c->Type = SrbExDataTypeScsiCdb32;
        c->Length = SRBEX_DATA_SCSI_CDB32_LENGTH;
        c->CdbLength = r->cdb_bytes;
        c->SenseInfoBuffer = srb->sense;
        c->SenseInfoBufferLength = PORT_SENSE_MAX;
        memcpy(c->Cdb, r->cdb, sizeof(c->Cdb));
        s->SrbLength = EX_DATA + sizeof(*c);
    } else if (r->function == SRB_FUNCTION_PNP) {
        SRBEX_DATA_PNP *p = data;
        p->Type = SrbExDataTypePnP;
        p->Length = SRBEX_DATA_PNP_LENGTH;
        p->PnPAction = (STOR_PNP_ACTION)r->cdb[0];
        p->PnPSubFunction = 0;
        p->SrbPnPFlags = r->cdb[1];
    } else if (r->function == SRB_FUNCTION_POWER) {
        SRBEX_DATA_POWER *p = data;
        p->Type = SrbExDataTypePower;
        p->Length = SRBEX_DATA_POWER_LENGTH;
        p->DevicePowerState = (STOR_DEVICE_POWER_STATE)r->cdb[0];
        p->PowerAction = (STOR_POWER_ACTION)r->cdb[2];
        p->SrbPowerFlags = r->cdb[1];
    } else if (r->function == SRB_FUNCTION_WMI) {
        SRBEX_DATA_WMI *w = data;
        w->Type = SrbExDataTypeWmi;
        w->Length = SRBEX_DATA_WMI_LENGTH;
        w->WMISubFunction = r->cdb[0];
        w->WMIFlags = r->cdb[1];
        memcpy(&w->DataPath, r->cdb + 8, sizeof(w->DataPath));
    } else {
        s->NumSrbExData = 0;
        s->SrbExDataOffset[0] = 0;
        s->SrbLength = EX_DATA;
    }
}

static void
build_extended(struct port_srb *srb)
{
    const struct request *r = &srb->request;
    STORAGE_REQUEST_BLOCK *s = &srb->srb.extended;
    STOR_ADDR_BTL8 *address = (void *)((char *)s + EX_ADDRESS);

    memset(s, 0, EX_DATA + sizeof(SRBEX_DATA_SCSI_CDB32));
    s->Length = offsetof(STORAGE_REQUEST_BLOCK, Signature);
    s->Function = SRB_FUNCTION_STORAGE_REQUEST_BLOCK;
    s->SrbStatus = SRB_STATUS_PENDING;
    s->Signature = SRB_SIGNATURE;
    s->Version = STORAGE_REQUEST_BLOCK_VERSION_1;
    s->SrbFunction = r->function;
    s->SrbFlags = r->flags;
    s->RequestTag = srb->internal ? SP_UNTAGGED : srb->tag;
    s->RequestPriority = r->priority;
    s->RequestAttribute = action_of(srb);
    s->TimeOutValue = r->timeout_s;
    s->AddressOffset = EX_ADDRESS;
    s->DataTransferLength = data_bytes_of(r);
    s->DataBuffer = srb->mapped;
    s->MiniportContext = srb->extension;
    address->Type = STOR_ADDRESS_TYPE_BTL8;
    address->Port = (USHORT)srb->adapter->number;
    address->AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH;
    address->Path = srb->unit->path;
    address->Target = srb->unit->target;
    address->Lun =
        MUTANT(WRONG_LUN) && srb->number % 257 == 0 ? srb->unit->lun ^ 1 : srb->unit->lun;
    if (RT_UNLIKELY(r->function != SRB_FUNCTION_EXECUTE_SCSI))
        hide_address(r, &address->Path, &address->Target, &address->Lun);
    build_extended_data(srb, s);
}

/* DDI: HW_BUILDIO. The SRB extension is not initialised; under verify it is poisoned, so that a
 * driver that relies on what it finds there shows. */
void
srb_build(struct port_srb *srb)
{
    struct adapter *adapter = srb->adapter;

    srb->mapped = data_bytes_of(&srb->request) && maps_buffer(srb) ? srb_map(srb) : NULL;
    if (adapter->extended_srb)
        build_extended(srb);
    else
        build_legacy(srb);
    if (RT_UNLIKELY(adapter->port->config.verify)) {
        if (srb->extension)
            memset(srb->extension, 0xC5, adapter->config.SrbExtensionSize);
        memset(srb->sense, 0xC5, sizeof(srb->sense));
    }
    if (MUTANT(RETRY_KEEPS_STATUS) && srb->tries)
        srb->srb.legacy.SrbStatus = SRB_STATUS_BUSY;
}

void
srb_set_status(struct port_srb *srb, UCHAR status)
{
    srb->srb.legacy.SrbStatus = status;
}

/* ---- the answer ---- */

void
srb_answer(struct port_srb *srb)
{
    struct request *r = &srb->request;
    void *s = &srb->srb;
    UCHAR status = srb_status_raw(srb);
    ULONG moved = SrbGetDataTransferLength(s);

    r->srb_status = SRB_STATUS(status);
    r->scsi_status = srb_scsi_status(srb);
    r->moved_bytes = MUTANT(MOVED_WRONG) ? r->data_bytes : moved;
    r->sense_bytes = 0;
    if (RT_UNLIKELY(moved > r->data_bytes)) {
        finding_report(srb->adapter->rt, RULE_LengthGrew, srb->number,
                       "DataTransferLength came back as %u, asked were %u", moved, r->data_bytes);
        r->moved_bytes = r->data_bytes;
    }
    if (status & SRB_STATUS_AUTOSENSE_VALID && !MUTANT(SENSE_LOST)) {
        UCHAR bytes = SrbGetSenseInfoBufferLength(s);
        const void *from = SrbGetSenseInfoBuffer(s);
        if (from) {
            r->sense_bytes = bytes;
            memcpy(r->sense, from, bytes);
        }
    } else if (RT_UNLIKELY(r->scsi_status == SCSISTAT_CHECK_CONDITION &&
                           !(r->flags & SRB_FLAGS_DISABLE_AUTOSENSE) &&
                           r->function == SRB_FUNCTION_EXECUTE_SCSI)) {
        finding_report(srb->adapter->rt, RULE_SenseMissing, srb->number,
                       "CHECK CONDITION came without SRB_STATUS_AUTOSENSE_VALID");
    }
}
