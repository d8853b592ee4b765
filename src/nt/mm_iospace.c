/*
 * Device memory: MmMapIoSpace asks whoever registered the machine's physical ranges. Memory of rt's
 * arena needs no mapping.
 * DDI: MmMapIoSpace, MmMapIoSpaceEx, MmUnmapIoSpace.
 */
#include "nt_priv.h"

void
nt_iospace_set(struct rt *rt, void *(*map)(void *ctx, uint64_t physical, size_t bytes),
               void (*unmap)(void *ctx, void *address, size_t bytes), void *ctx)
{
    struct nt *nt = nt_of(rt);

    nt->iospace_ctx = ctx;
    nt->iospace_unmap = unmap;
    nt->iospace_map = map;
}

static PVOID
iospace_map(PHYSICAL_ADDRESS physical, SIZE_T bytes)
{
    struct nt *nt = nt_self();
    void *address;

    if (!bytes || rt_fault(nt->rt))
        return NULL;
    address = nt->iospace_map ? nt->iospace_map(nt->iospace_ctx, (uint64_t)physical.QuadPart, bytes)
                              : NULL;
    if (!address) {
        address = rt_bus_to_virtual(nt->rt, (uint64_t)physical.QuadPart);
        if (address && rt_bus_run(nt->rt, address, bytes) < bytes)
            address = NULL;
    }
    return address;
}

PVOID
MmMapIoSpace(PHYSICAL_ADDRESS physical, SIZE_T bytes, MEMORY_CACHING_TYPE cache)
{
    CONTRACT_ENTER(MmMapIoSpace);
    (void)cache;
    return iospace_map(physical, bytes);
}

PVOID
MmMapIoSpaceEx(PHYSICAL_ADDRESS physical, SIZE_T bytes, ULONG protect)
{
    CONTRACT_ENTER(MmMapIoSpaceEx);
    (void)protect;
    return iospace_map(physical, bytes);
}

VOID
MmUnmapIoSpace(PVOID address, SIZE_T bytes)
{
    struct nt *nt = nt_self();

    CONTRACT_ENTER(MmUnmapIoSpace);
    if (nt->iospace_unmap)
        nt->iospace_unmap(nt->iospace_ctx, address, bytes);
}
