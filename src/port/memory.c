/*
 * Pool, MDLs and the data of an SRB as drivers ask for them. The pool's ledger and the MDLs
 * themselves are the nt floor's; the SRB's buffers are sg.c's. Never touches a request's data.
 * DDI: StorPortAllocatePool, StorPortAllocateMdl, StorPortGetSystemAddress, StorPortGetOriginalMdl.
 */
#include "routines.h"

#include <string.h>

#define SEGMENTS_INLINE 16

static bool
irql_too_high(void)
{
    return rt_irql() > RT_IRQL_DISPATCH;
}

/* ---- pool ---- */

/* A member of the device extension that still owns a block is about to lose it. Locals are not
 * looked at: a stack slot may hold an old pointer without owning anything. */
static void
check_overwritten(struct adapter *adapter, const PVOID *out)
{
    const char *first = adapter->extension;
    struct nt_block block;

    if ((const char *)out < first ||
        (const char *)out + sizeof(*out) > first + adapter->driver->init.DeviceExtensionSize ||
        !*out || !nt_pool_find(adapter->rt, *out, &block))
        return;
    if (block.address == *out && block.kind == NT_BLOCK_POOL && block.owner == nt_owner())
        finding_report_two(adapter->rt, RULE_StorPortAllocatePool2, 0, block.stack,
                           block.stack_count,
                           "a member of the device extension gets a new block while it still owns "
                           "one of %zu bytes",
                           block.bytes);
}

ULONG
ext_allocate_pool(struct adapter *adapter, va_list args, void *caller)
{
    ULONG bytes = va_arg(args, ULONG), tag = va_arg(args, ULONG);
    PVOID *out = va_arg(args, PVOID *);

    (void)caller;
    if (!out)
        return STOR_STATUS_INVALID_PARAMETER;
    check_overwritten(adapter, out);
    *out = NULL;
    if (irql_too_high())
        return STOR_STATUS_INVALID_IRQL;
    if (!adapter->virtual_device)
        routine_not_in_startio(adapter->rt, "allocates pool");
    *out = nt_pool_allocate(bytes, tag, false, false);
    return *out ? STOR_STATUS_SUCCESS : STOR_STATUS_INSUFFICIENT_RESOURCES;
}

ULONG
ext_free_pool(struct adapter *adapter, va_list args, void *caller)
{
    PVOID memory = va_arg(args, PVOID);

    (void)caller;
    if (!memory)
        return STOR_STATUS_INVALID_PARAMETER;
    if (irql_too_high())
        return STOR_STATUS_INVALID_IRQL;
    if (nt_pool_free(memory, 0))
        return STOR_STATUS_SUCCESS;
    finding_report(adapter->rt, RULE_StorPortAllocatePool, 0,
                   "StorPortFreePool got a block that was freed or never allocated");
    return STOR_STATUS_INVALID_PARAMETER;
}

/* ---- MDLs of drivers ---- */

ULONG
ext_allocate_mdl(struct adapter *adapter, va_list args, void *caller)
{
    PVOID buffer = va_arg(args, PVOID);
    ULONG bytes = va_arg(args, ULONG);
    PVOID *out = va_arg(args, PVOID *);

    (void)caller;
    if (!out)
        return STOR_STATUS_INVALID_PARAMETER;
    *out = NULL;
    if (!buffer)
        return STOR_STATUS_INVALID_PARAMETER;
    if (irql_too_high())
        return STOR_STATUS_INVALID_IRQL;
    if (!adapter->virtual_device)
        routine_not_in_startio(adapter->rt, "allocates an MDL");
    *out = IoAllocateMdl(buffer, bytes, FALSE, FALSE, NULL);
    return *out ? STOR_STATUS_SUCCESS : STOR_STATUS_INSUFFICIENT_RESOURCES;
}

ULONG
ext_free_mdl(struct adapter *adapter, va_list args, void *caller)
{
    PMDL mdl = va_arg(args, PVOID);

    (void)adapter, (void)caller;
    if (!mdl)
        return STOR_STATUS_INVALID_PARAMETER;
    if (irql_too_high())
        return STOR_STATUS_INVALID_IRQL;
    IoFreeMdl(mdl);
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_build_mdl(struct adapter *adapter, va_list args, void *caller)
{
    PMDL mdl = va_arg(args, PVOID);

    (void)adapter, (void)caller;
    if (!mdl)
        return STOR_STATUS_INVALID_PARAMETER;
    if (irql_too_high())
        return STOR_STATUS_INVALID_IRQL;
    MmBuildMdlForNonPagedPool(mdl);
    return STOR_STATUS_SUCCESS;
}

/* ---- the data of an SRB ---- */

/* R10.8: works whatever MapBuffers says. The mapping is made once and lives as long as the SRB. */
ULONG
ext_get_system_address(struct adapter *adapter, va_list args, void *caller)
{
    struct port_srb *srb = routine_srb(adapter, va_arg(args, PSCSI_REQUEST_BLOCK),
                                       CONTRACT_StorPortGetSystemAddress, caller);
    PVOID *out = va_arg(args, PVOID *);

    if (!out)
        return STOR_STATUS_INVALID_PARAMETER;
    *out = NULL;
    if (irql_too_high())
        return STOR_STATUS_INVALID_IRQL;
    if (!srb || !srb->request.data_bytes)
        return STOR_STATUS_INVALID_PARAMETER;
    if (!srb->mapped)
        srb->mapped = srb_map(srb);
    *out = srb->mapped;
    return *out ? STOR_STATUS_SUCCESS : STOR_STATUS_INSUFFICIENT_RESOURCES;
}

static struct _MDL *
mdl_of(struct port_srb *srb)
{
    const struct request *r = &srb->request;
    struct nt_segment few[SEGMENTS_INLINE], *segments = few;
    struct rt *rt = srb->adapter->rt;

    if (srb->mdl)
        return srb->mdl;
    if (r->segment_count > SEGMENTS_INLINE)
        segments = rt_alloc(rt, r->segment_count * sizeof(*segments));
    if (!segments)
        return NULL;
    for (uint32_t i = 0; i < r->segment_count; i++)
        segments[i] = (struct nt_segment){r->segments[i].base, r->segments[i].bytes};
    srb->mdl = nt_mdl_for_segments(rt, segments, r->segment_count);
    if (segments != few)
        rt_free(rt, segments);
    return srb->mdl;
}

/* A request without data has no MDL, as an IRP without data has none: that is no failure. */
ULONG
ext_get_original_mdl(struct adapter *adapter, va_list args, void *caller)
{
    struct port_srb *srb = routine_srb(adapter, va_arg(args, PSCSI_REQUEST_BLOCK),
                                       CONTRACT_StorPortGetOriginalMdl, caller);
    PVOID *out = va_arg(args, PVOID *);

    if (!out)
        return STOR_STATUS_INVALID_PARAMETER;
    *out = NULL;
    if (!srb)
        return STOR_STATUS_INVALID_PARAMETER;
    if (!srb->request.data_bytes)
        return STOR_STATUS_SUCCESS;
    *out = mdl_of(srb);
    return *out ? STOR_STATUS_SUCCESS : STOR_STATUS_INSUFFICIENT_RESOURCES;
}

/*
 * The data-in half of a bidirectional request. No SRB of this port has one: its block
 * SRBEX_DATA_BIDIRECTIONAL is never there, and asking for it is as asking for the data of an SRB
 * without data (DDI: StorPortGetSystemAddress, INVALID_PARAMETER).
 */
static ULONG
no_data_in(struct adapter *adapter, va_list args, enum contract_id id, void *caller)
{
    PVOID *out;

    routine_srb(adapter, va_arg(args, PSCSI_REQUEST_BLOCK), id, caller);
    out = va_arg(args, PVOID *);
    if (out)
        *out = NULL;
    return STOR_STATUS_INVALID_PARAMETER;
}

ULONG
ext_get_data_in_mdl(struct adapter *adapter, va_list args, void *caller)
{
    return no_data_in(adapter, args, CONTRACT_StorPortGetDataInBufferMdl, caller);
}

ULONG
ext_get_data_in_address(struct adapter *adapter, va_list args, void *caller)
{
    if (irql_too_high())
        return STOR_STATUS_INVALID_IRQL;
    return no_data_in(adapter, args, CONTRACT_StorPortGetDataInBufferSystemAddress, caller);
}

ULONG
ext_get_data_in_list(struct adapter *adapter, va_list args, void *caller)
{
    return no_data_in(adapter, args, CONTRACT_StorPortGetDataInBufferScatterGatherList, caller);
}

/* Devices of this host see the processors' caches: what is left to do is to order the stores. */
ULONG
ext_flush_data_buffer(struct adapter *adapter, va_list args, void *caller)
{
    struct port_srb *srb = routine_srb(adapter, va_arg(args, PSCSI_REQUEST_BLOCK),
                                       CONTRACT_StorPortFlushDataBufferMdl, caller);

    atomic_thread_fence(memory_order_seq_cst);
    return srb ? STOR_STATUS_SUCCESS : STOR_STATUS_INVALID_PARAMETER;
}

/* DDI: only MDLs that StorPortGetOriginalMdl gave. */
ULONG
ext_get_pfns(struct adapter *adapter, va_list args, void *caller)
{
    struct port_srb *srb =
        routine_srb(adapter, va_arg(args, PSCSI_REQUEST_BLOCK), CONTRACT_StorPortGetPfns, caller);
    PMDL mdl = va_arg(args, PVOID), known;
    PVOID *pfns = va_arg(args, PVOID *);
    ULONG *count = va_arg(args, ULONG *), *offset = va_arg(args, ULONG *);

    if (!srb || !mdl || !pfns || !count || !offset)
        return STOR_STATUS_INVALID_PARAMETER;
    for (known = srb->mdl; known && known != mdl;)
        known = known->Next;
    if (!known)
        return STOR_STATUS_INVALID_PARAMETER;
    *pfns = MmGetMdlPfnArray(mdl);
    *count = (ULONG)ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(mdl), mdl->ByteCount);
    *offset = mdl->ByteOffset;
    return STOR_STATUS_SUCCESS;
}

/* All memory of this process outlives a dump, so a mark changes nothing; that it names memory at
 * all is checked. May come from DriverEntry, without an adapter. */
ULONG
ext_mark_dump_memory(struct adapter *adapter, va_list args, void *caller)
{
    PVOID address = va_arg(args, PVOID);
    ULONG_PTR length = va_arg(args, ULONG_PTR);
    ULONG flags = va_arg(args, ULONG);
    struct rt *rt = routine_rt(adapter);

    (void)caller, (void)length;
    if (flags & ~MARK_DUMP_MEMORY_FLAG_PHYSICAL_ADDRESS)
        return STOR_STATUS_INVALID_PARAMETER;
    if (flags & MARK_DUMP_MEMORY_FLAG_PHYSICAL_ADDRESS
            ? !rt_bus_to_virtual(rt, (uint64_t)(uintptr_t)address)
            : !address)
        finding_report(rt, RULE_BadArgument, 0,
                       "StorPortMarkDumpMemory: no memory lies at that address");
    return STOR_STATUS_SUCCESS;
}

/* ---- exports ---- */

VOID
StorPortMoveMemory(PVOID WriteBuffer, PVOID ReadBuffer, ULONG Length)
{
    CONTRACT_ENTER(StorPortMoveMemory);
    memmove(WriteBuffer, ReadBuffer, Length);
}

STOR_PHYSICAL_ADDRESS
StorPortConvertUlongToPhysicalAddress(ULONG_PTR UlongAddress)
{
    STOR_PHYSICAL_ADDRESS address;

    CONTRACT_ENTER(StorPortConvertUlongToPhysicalAddress);
    address.QuadPart = (LONGLONG)UlongAddress;
    return address;
}

STOR_PHYSICAL_ADDRESS
StorPortConvertUlong64ToPhysicalAddress(ULONG64 UlongAddress)
{
    STOR_PHYSICAL_ADDRESS address;

    CONTRACT_ENTER(StorPortConvertUlong64ToPhysicalAddress);
    address.QuadPart = (LONGLONG)UlongAddress;
    return address;
}
