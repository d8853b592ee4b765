/* Addresses for devices: physical and virtual both ways, the uncached extension, lists of a
 * driver's own memory. DDI: StorPortGetPhysicalAddress, StorPortGetUncachedExtension,
 * StorPortBuildScatterGatherList. */
#include "port_priv.h"
#include "services.h"

#include <stdlib.h>
#include <string.h>

static bool
within(const void *at, const void *base, size_t bytes)
{
    return (const char *)at >= (const char *)base && (const char *)at < (const char *)base + bytes;
}

/* Where in a request's data a mapped address lies; the bytes that follow it there. */
static const char *
data_address(const struct port_srb *srb, const void *address, size_t *left)
{
    const struct request *r = &srb->request;

    for (uint32_t i = 0; i < r->segment_count; i++) {
        const struct io_segment *s = &r->segments[i];
        if (within(address, s->base, s->bytes)) {
            *left = (size_t)((const char *)s->base + s->bytes - (const char *)address);
            return address;
        }
    }
    if (srb->bounced && within(address, srb->bounce, r->data_bytes)) {
        *left = r->data_bytes - (size_t)((const char *)address - (const char *)srb->bounce);
        return address;
    }
    return NULL;
}

/* The known buffer that holds the address: how much of it follows. 0: none. */
static size_t
known(struct adapter *adapter, const struct port_srb *srb, const void *address)
{
    struct nt_block block;
    size_t left;

    if (srb) {
        if (data_address(srb, address, &left))
            return left;
        if (within(address, srb->sense, PORT_SENSE_MAX))
            return PORT_SENSE_MAX - (size_t)((const uint8_t *)address - srb->sense);
        if (srb->extension && within(address, srb->extension, adapter->config.SrbExtensionSize))
            return adapter->config.SrbExtensionSize -
                   (size_t)((const char *)address - (const char *)srb->extension);
    }
    if (adapter->uncached && within(address, adapter->uncached, adapter->uncached_bytes))
        return adapter->uncached_bytes -
               (size_t)((const char *)address - (const char *)adapter->uncached);
    if (within(address, adapter->extension, adapter->config.DeviceExtensionSize))
        return adapter->config.DeviceExtensionSize -
               (size_t)((const char *)address - (const char *)adapter->extension);
    if (rt_arena_owns(adapter->rt, address))
        return RT_PAGE_BYTES - (uintptr_t)address % RT_PAGE_BYTES; /* an SRB or LU extension */
    if (nt_pool_find(adapter->rt, address, &block))
        return block.bytes - (size_t)((const char *)address - (const char *)block.address);
    return 0;
}

/* R10.9. */
STOR_PHYSICAL_ADDRESS
StorPortGetPhysicalAddress(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, PVOID VirtualAddress,
                           ULONG *Length)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortGetPhysicalAddress, HwDeviceExtension);
    struct port_srb *srb = adapter && Srb ? srb_of(adapter, Srb) : NULL;
    STOR_PHYSICAL_ADDRESS address = {.QuadPart = 0};
    size_t left;

    if (Length)
        *Length = 0;
    if (!adapter)
        return address;
    if (srb)
        srb_touch(srb, CONTRACT_StorPortGetPhysicalAddress, __builtin_return_address(0));
    left = known(adapter, srb, VirtualAddress);
    if (!left) {
        finding_report(adapter->rt, RULE_DV_BadVirtualAddress, srb ? srb->number : 0,
                       "the physical address is asked of memory that the port does not know");
        return address;
    }
    address.QuadPart = (LONGLONG)rt_bus_address(adapter->rt, VirtualAddress);
    if (Length)
        *Length =
            (ULONG)rt_bus_run(adapter->rt, VirtualAddress, left > UINT32_MAX ? UINT32_MAX : left);
    return address;
}

PVOID
StorPortGetVirtualAddress(PVOID HwDeviceExtension, STOR_PHYSICAL_ADDRESS PhysicalAddress)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortGetVirtualAddress, HwDeviceExtension);
    void *memory;

    if (!adapter)
        return NULL;
    memory = rt_bus_to_virtual(adapter->rt, (uint64_t)PhysicalAddress.QuadPart);
    return memory && rt_arena_owns(adapter->rt, memory) ? memory : NULL;
}

/* R11.1: in HwFindAdapter; a second call gives the first buffer. */
PVOID
StorPortGetUncachedExtension(PVOID HwDeviceExtension, PPORT_CONFIGURATION_INFORMATION ConfigInfo,
                             ULONG NumberOfBytes)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortGetUncachedExtension, HwDeviceExtension);
    struct rt_range range = {.lowest = 0, .highest = 0xFFFFFFFF};
    char key[160];
    uint32_t align;

    if (!adapter || !ConfigInfo || !NumberOfBytes)
        return NULL;
    if (adapter->uncached)
        return adapter->uncached;
    if (!ConfigInfo->Master) {
        finding_report(adapter->rt, RULE_DV_UncachedExtensionContext, 0,
                       "an uncached extension is for bus masters: Master is FALSE");
        return NULL;
    }
    if (ConfigInfo->Dma64BitAddresses & ~SCSI_DMA64_SYSTEM_SUPPORTED)
        range.highest = UINT64_MAX;
    adapter_key(adapter, true, key, sizeof(key));
    range.lowest = port_registry_number(adapter, key, "MinimumUCXAddress", 0);
    range.highest = port_registry_number(adapter, key, "MaximumUCXAddress", 0)
                        ? port_registry_number(adapter, key, "MaximumUCXAddress", 0)
                        : range.highest;
    align = port_registry_number(adapter, key, "UncachedExtAlignment", 0);
    if (align >= 3 && align <= 16)
        range.align = 1ull << align;
    adapter->uncached = rt_arena_alloc(adapter->rt, NumberOfBytes, &range);
    adapter->uncached_bytes = NumberOfBytes;
    if (adapter->uncached)
        memset(adapter->uncached, 0, NumberOfBytes);
    return adapter->uncached;
}

/* ---- lists of a driver's own memory ---- */

static uint32_t
describe(struct rt *rt, const char *at, size_t left, PSTOR_SCATTER_GATHER_ELEMENT out)
{
    uint32_t count = 0;

    for (; left; count++) {
        size_t run = rt_bus_run(rt, at, left);
        if (out) {
            out[count].PhysicalAddress.QuadPart = (LONGLONG)rt_bus_address(rt, at);
            out[count].Length = (ULONG)run;
            out[count].Reserved = 0;
        }
        at += run;
        left -= run;
    }
    return count;
}

/* R10.6. The routine runs at DISPATCH, here before the call returns, as the page allows. */
ULONG
ext_build_scatter_gather(struct adapter *adapter, va_list args, void *caller)
{
    PMDL mdl = va_arg(args, PMDL);
    PVOID va = va_arg(args, PVOID);
    ULONG length = va_arg(args, ULONG);
    PPOST_SCATTER_GATHER_EXECUTE routine = va_arg(args, PPOST_SCATTER_GATHER_EXECUTE);
    PVOID context = va_arg(args, PVOID);
    BOOLEAN write = (BOOLEAN)va_arg(args, int);
    PVOID buffer = va_arg(args, PVOID);
    ULONG buffer_bytes = va_arg(args, ULONG);
    PSTOR_SCATTER_GATHER_LIST list = buffer;
    const char *at;
    uint32_t count;
    size_t need;

    (void)caller;
    (void)write;
    if (!mdl || !routine || !length || !buffer)
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > RT_IRQL_DISPATCH)
        return STOR_STATUS_INVALID_IRQL;
    at = (const char *)MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) +
         ((const char *)va - (const char *)MmGetMdlVirtualAddress(mdl));
    count = describe(adapter->rt, at, length, NULL);
    need = sizeof(*list) + count * sizeof(list->List[0]);
    if (buffer_bytes < need)
        return STOR_STATUS_BUFFER_TOO_SMALL;
    if (rt_fault(adapter->rt))
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    list->NumberOfElements = describe(adapter->rt, at, length, list->List);
    list->Reserved = 0;
    miniport_scatter_gather(adapter, routine, list, context);
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_put_scatter_gather(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_SCATTER_GATHER_LIST list = va_arg(args, PSTOR_SCATTER_GATHER_LIST);

    (void)adapter;
    (void)caller;
    if (!list)
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > RT_IRQL_DISPATCH)
        return STOR_STATUS_INVALID_IRQL;
    list->NumberOfElements = 0; /* its addresses are void from here on */
    return STOR_STATUS_SUCCESS;
}

/* DDI: StorPortCompleteServiceIrp. */
ULONG
ext_complete_service_irp(struct adapter *adapter, va_list args, void *caller)
{
    PIRP irp = va_arg(args, PIRP);

    (void)caller;
    if (!adapter->driver->init.HwProcessServiceRequest)
        return STOR_STATUS_INVALID_DEVICE_REQUEST;
    if (!irp)
        return STOR_STATUS_INVALID_PARAMETER;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STOR_STATUS_SUCCESS;
}
