/*
 * The stock miniport, in the callbacks of which each routine that may lack memory is called. What
 * could be had is used and given back; what could not is done without.
 */
#include "alloc.h"
#include "harness.h"

#include <string.h>

/* Named as on Windows by a number; its spelling matters to nobody. */
#define POOL_TAG 0x636f6c41u

static PVOID worker, timer, thread, block;
static bool thread_ran;

static VOID NTAPI
timer_fired(PVOID extension, PVOID context)
{
    (void)extension;
    (void)context;
}

static VOID NTAPI
thread_main(PVOID context)
{
    (void)context;
    thread_ran = true;
}

static void
use_memory(PVOID extension)
{
    PHYSICAL_ADDRESS low = {.QuadPart = 0}, high = {.QuadPart = -1}, any = {.QuadPart = 0};
    PVOID pool = NULL, mdl = NULL, memory = NULL;

    if (StorPortAllocatePool(extension, 5000, POOL_TAG, &pool) == STOR_STATUS_SUCCESS) {
        memset(pool, 1, 5000);
        if (StorPortAllocateMdl(extension, pool, 5000, &mdl) == STOR_STATUS_SUCCESS) {
            StorPortBuildMdlForNonPagedPool(extension, mdl);
            StorPortFreeMdl(extension, mdl);
        }
        StorPortFreePool(extension, pool);
    }
    if (StorPortAllocateContiguousMemorySpecifyCacheNode(extension, 8192, low, high, any, MmCached,
                                                         MM_ANY_NODE_OK,
                                                         &memory) == STOR_STATUS_SUCCESS) {
        memset(memory, 2, 8192);
        StorPortFreeContiguousMemorySpecifyCache(extension, memory, 8192, MmCached);
    }
}

static VOID NTAPI
work(PVOID extension, PVOID context, PVOID handle)
{
    (void)context;
    (void)handle;
    use_memory(extension);
}

static void
use_registry(PVOID extension)
{
    ULONG length = 64, value = 7;
    PUCHAR buffer = StorPortAllocateRegistryBuffer(extension, &length);

    if (!buffer)
        return;
    length = sizeof(value);
    memcpy(buffer, &value, sizeof(value));
    if (StorPortRegistryWrite(extension, (PUCHAR) "Seven", 1, MINIPORT_REG_DWORD, buffer, length) &&
        StorPortRegistryRead(extension, (PUCHAR) "Seven", 1, MINIPORT_REG_DWORD, buffer, &length))
        CHECK(!memcmp(buffer, &value, sizeof(value)));
    StorPortFreeRegistryBuffer(extension, buffer);
}

static void
find(PVOID extension, PVOID config)
{
    PVOID uncached = NULL;

    use_registry(extension);
    if (mini.physical && (uncached = StorPortGetUncachedExtension(extension, config, 8192)))
        memset(uncached, 3, 8192);
}

static void
passive(PVOID extension, PVOID subject)
{
    STOR_THREAD_PRIORITY priority = StorThreadPriorityNormal;

    (void)subject;
    use_memory(extension);
    worker = timer = thread = block = NULL;
    if (StorPortInitializeWorker(extension, &worker) == STOR_STATUS_SUCCESS)
        StorPortQueueWorkItem(extension, work, worker, NULL);
    if (StorPortInitializeTimer(extension, &timer) == STOR_STATUS_SUCCESS)
        StorPortRequestTimer(extension, timer, timer_fired, NULL, 1000, 0);
    StorPortCreateSystemThread(extension, thread_main, extension, &priority, &thread);
    if (!mini.physical) /* who has no last callback cannot keep a block */
        StorPortAllocatePool(extension, 100, POOL_TAG, &block);
}

static enum verdict
start(void *extension, void *srb)
{
    PVOID address = NULL, mdl = NULL;

    if (SrbGetDataTransferLength(srb)) {
        StorPortGetScatterGatherList(extension, srb);
        StorPortGetOriginalMdl(extension, srb, &mdl);
        StorPortGetSystemAddress(extension, srb, &address);
    }
    return VERDICT_STOCK;
}

/* Sixteen megabytes of blocks that hold their own number, as the stock miniport's reads do. */
static void
answer(void *srb, UCHAR opcode)
{
    static const UCHAR capacity[8] = {0, 0, 0x7F, 0xFF, 0, 0, 2, 0};
    UCHAR status = SRB_STATUS_SUCCESS;

    if (opcode == SCSIOP_READ_CAPACITY) {
        if (SrbGetDataBuffer(srb) && SrbGetDataTransferLength(srb) >= sizeof(capacity))
            memcpy(SrbGetDataBuffer(srb), capacity, sizeof(capacity));
        else
            status = SRB_STATUS_ERROR;
    } else if (opcode != SCSIOP_TEST_UNIT_READY && opcode != SCSIOP_SYNCHRONIZE_CACHE) {
        status = SRB_STATUS_INVALID_REQUEST;
    }
    mini_complete(srb, status);
}

static void
last(PVOID extension, PVOID subject)
{
    (void)subject;
    if (timer)
        StorPortFreeTimer(extension, timer);
    if (worker)
        CHECK_EQ(StorPortFreeWorker(extension, worker), STOR_STATUS_SUCCESS);
    if (block)
        StorPortFreePool(extension, block);
    worker = timer = block = NULL;
}

void
alloc_mini_set(bool physical)
{
    mini_reset();
    mini.physical = mini.extended = physical;
    mini.luns = 3;
    mini.lu_extension = 128;
    mini.max_transfer = 16384;
    mini.answer = answer;
    mini.start = start;
    mini.caches_data = true;
    mini.at[AT_FIND] = find;
    mini.at[AT_PASSIVE] = passive;
    mini.at[AT_FREE] = last;
    worker = timer = thread = block = NULL;
}
