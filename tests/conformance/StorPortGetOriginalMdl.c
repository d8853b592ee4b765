/*
 * Descriptions of a driver's own memory, and of a request's data. DDI: StorPortAllocateMdl,
 * StorPortBuildMdlForNonPagedPool, StorPortFreeMdl, StorPortGetOriginalMdl,
 * StorPortGetSystemAddress. R10.8, R12.1.
 *
 * Covers: StorPortAllocateMdl StorPortBuildMdlForNonPagedPool StorPortFreeMdl
 * Covers: StorPortGetOriginalMdl StorPortGetSystemAddress
 */
#include "harness.h"

#include <string.h>

static char *pool;
static PVOID mdl;

static void
start(void)
{
    mini.physical = true;
    rig_start();
    CHECK_EQ(StorPortAllocatePool(mini.extension, 9000, 'tldM', (PVOID *)&pool),
             STOR_STATUS_SUCCESS);
    mdl = NULL;
}

static void
stop(void)
{
    CHECK_EQ(StorPortFreePool(mini.extension, pool), STOR_STATUS_SUCCESS);
}

/* Allocates an MDL that describes the buffer; building it makes it describe the memory; freeing it
 * leaves nothing behind (the case would fail for a leak). */
static void
describes_the_buffer(void)
{
    start();
    CHECK_EQ(StorPortAllocateMdl(mini.extension, pool + 10, 8000, &mdl), STOR_STATUS_SUCCESS);
    CHECK(mdl != NULL);
    CHECK(MmGetMdlVirtualAddress((PMDL)mdl) == pool + 10);
    CHECK_EQ(MmGetMdlByteCount((PMDL)mdl), 8000);
    CHECK_EQ(StorPortBuildMdlForNonPagedPool(mini.extension, mdl), STOR_STATUS_SUCCESS);
    CHECK(((PMDL)mdl)->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL);
    CHECK(MmGetSystemAddressForMdlSafe((PMDL)mdl, NormalPagePriority) == pool + 10);
    CHECK_EQ(MmGetMdlPfnArray((PMDL)mdl)[0], rt_bus_address(rig.rt, pool + 10) / 4096);
    CHECK_EQ(StorPortFreeMdl(mini.extension, mdl), STOR_STATUS_SUCCESS);
    stop();
}

/* INVALID_PARAMETER for NULL pointers, INVALID_IRQL above DISPATCH_LEVEL. */
static void
refusals(void)
{
    uint8_t old;

    start();
    CHECK_EQ(StorPortAllocateMdl(mini.extension, pool, 100, NULL), STOR_STATUS_INVALID_PARAMETER);
    mdl = (PVOID)1;
    CHECK_EQ(StorPortAllocateMdl(mini.extension, NULL, 100, &mdl), STOR_STATUS_INVALID_PARAMETER);
    CHECK(mdl == NULL);
    CHECK_EQ(StorPortBuildMdlForNonPagedPool(mini.extension, NULL), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortFreeMdl(mini.extension, NULL), STOR_STATUS_INVALID_PARAMETER);
    rig_expect(RULE_StorPortIrql);
    CHECK_EQ(StorPortAllocateMdl(mini.extension, pool, 100, &mdl), STOR_STATUS_SUCCESS);
    PVOID other = NULL;
    old = rt_irql_raise(RT_IRQL_DEVICE);
    CHECK_EQ(StorPortAllocateMdl(mini.extension, pool, 100, &other), STOR_STATUS_INVALID_IRQL);
    CHECK_EQ(StorPortBuildMdlForNonPagedPool(mini.extension, mdl), STOR_STATUS_INVALID_IRQL);
    CHECK_EQ(StorPortFreeMdl(mini.extension, mdl), STOR_STATUS_INVALID_IRQL);
    rt_irql_lower(old);
    CHECK(other == NULL);
    CHECK_EQ(StorPortFreeMdl(mini.extension, mdl), STOR_STATUS_SUCCESS);
    stop();
}

/* ---- of a request ---- */

static ULONG status, mdl_status;
static PVOID address, buffer_member, srb_mdl, null_result;
static ULONG null_status[2];
static char copied[3000];

static enum verdict
look(void *extension, void *srb)
{
    if (SrbGetSrbFunction(srb) != SRB_FUNCTION_EXECUTE_SCSI ||
        SrbGetCdb(srb)->CDB6GENERIC.OperationCode != SCSIOP_WRITE)
        return VERDICT_STOCK;
    buffer_member = SrbGetDataBuffer(srb);
    status = StorPortGetSystemAddress(extension, srb, &address);
    if (status == STOR_STATUS_SUCCESS)
        memcpy(copied, address, 3000);
    mdl_status = StorPortGetOriginalMdl(extension, srb, &srb_mdl);
    null_status[0] = StorPortGetSystemAddress(extension, srb, NULL);
    null_status[1] = StorPortGetOriginalMdl(extension, srb, NULL);
    return VERDICT_STOCK;
}

static void
write_pieces(void)
{
    static char data[3000];
    struct io_segment pieces[2] = {{data, 1000}, {data + 1000, 2000}};
    struct shot *s = shot_new(rig.unit);
    ULONG bytes = 0;

    for (unsigned i = 0; i < sizeof(data); i++)
        data[i] = (char)(i * 7);
    shot_command(s, SCSIOP_WRITE, 0, SRB_FLAGS_DATA_OUT | SRB_FLAGS_NO_QUEUE_FREEZE);
    s->r->segments = pieces;
    s->r->segment_count = 2;
    s->r->data_bytes = 3000;
    status = mdl_status = 77;
    address = srb_mdl = NULL;
    memset(copied, 0, sizeof(copied));
    shot_fire(s);
    shot_wait(s);
    /* StorPortGetSystemAddress: a virtual address of the whole data buffer. */
    CHECK_EQ(status, STOR_STATUS_SUCCESS);
    CHECK(address != NULL);
    CHECK(!memcmp(copied, data, sizeof(data)));
    /* StorPortGetOriginalMdl: the MDL associated with the SRB; a chain describes it all. */
    CHECK_EQ(mdl_status, STOR_STATUS_SUCCESS);
    CHECK(srb_mdl != NULL);
    (void)bytes;
    CHECK_EQ(null_status[0], STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(null_status[1], STOR_STATUS_INVALID_PARAMETER);
}

/* R10.8: whatever MapBuffers says, and for both kinds of SRB. */
static void
data_of_a_request(void)
{
    static const UCHAR maps[] = {STOR_MAP_NO_BUFFERS, STOR_MAP_NON_READ_WRITE_BUFFERS,
                                 STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE};

    for (unsigned i = 0; i < 6; i++) {
        mini.physical = true;
        mini.extended = i >= 3;
        mini.map_buffers = maps[i % 3];
        mini.start = look;
        rig_start();
        write_pieces();
        if (maps[i % 3] == STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE)
            CHECK(buffer_member == address);
        else
            CHECK(buffer_member == NULL);
        rig_stop();
    }
}

static ULONG mdl_total;

static enum verdict
measure(void *extension, void *srb)
{
    PMDL at;

    if (SrbGetSrbFunction(srb) != SRB_FUNCTION_EXECUTE_SCSI ||
        SrbGetCdb(srb)->CDB6GENERIC.OperationCode != SCSIOP_WRITE)
        return VERDICT_STOCK;
    mdl_total = 0;
    if (StorPortGetOriginalMdl(extension, srb, &srb_mdl) == STOR_STATUS_SUCCESS)
        for (at = srb_mdl; at; at = at->Next)
            mdl_total += MmGetMdlByteCount(at);
    mdl_status = StorPortGetSystemAddress(extension, srb, &address);
    return VERDICT_STOCK;
}

/* The MDL describes the data, and only that. */
static void
mdl_describes_the_data(void)
{
    struct shot *s;

    mini.physical = true;
    mini.start = measure;
    rig_start();
    s = shot_new(rig.unit);
    shot_command(s, SCSIOP_WRITE, 5120, SRB_FLAGS_DATA_OUT | SRB_FLAGS_NO_QUEUE_FREEZE);
    shot_fire(s);
    shot_wait(s);
    CHECK_EQ(mdl_total, 5120);
}

static void
no_data(void *extension, void *srb)
{
    null_result = (PVOID)1;
    status = StorPortGetSystemAddress(extension, srb, &null_result);
}

/* StorPortGetSystemAddress, INVALID_PARAMETER: the SRB has no associated data buffer. */
static void
request_without_data(void)
{
    mini.physical = true;
    rig_start();
    rig_at(AT_START, no_data);
    CHECK_EQ(status, STOR_STATUS_INVALID_PARAMETER);
    CHECK(null_result == NULL);
}

CASES(CASE(describes_the_buffer), CASE(refusals), CASE(data_of_a_request),
      CASE(mdl_describes_the_data), CASE(request_without_data))
