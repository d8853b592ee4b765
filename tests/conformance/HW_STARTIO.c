/*
 * How requests come down. DDI: HW_BUILDIO, HW_STARTIO, HW_INITIALIZE, HW_INTERRUPT. R2.T2 to R2.T5,
 * R3.2 to R3.5, R3.10, R7.1, R8.1, R9.1 to R9.3.
 *
 * Covers: HW_BUILDIO HW_INTERRUPT HW_INITIALIZE
 */
#include "harness.h"

#include <string.h>

static uint8_t levels[2];
static unsigned steps, order[2];
static UCHAR function, path, target, lun, cdb0;
static ULONG length, timeout;
static PVOID data, srb_extension, sense;

static void
note(void *srb, unsigned which)
{
    levels[which] = rt_irql();
    order[which] = ++steps;
    if (which == 0)
        return;
    function = ((PSCSI_REQUEST_BLOCK)srb)->Function;
    SrbGetPathTargetLun(srb, &path, &target, &lun);
    length = SrbGetDataTransferLength(srb);
    timeout = SrbGetTimeOutValue(srb);
    data = SrbGetDataBuffer(srb);
    sense = SrbGetSenseInfoBuffer(srb);
    srb_extension = SrbGetMiniportContext(srb);
    cdb0 = SrbGetCdb(srb)->CDB6GENERIC.OperationCode;
}

static bool
is_ours(void *srb)
{
    return SrbGetSrbFunction(srb) == SRB_FUNCTION_EXECUTE_SCSI &&
           SrbGetCdb(srb)->CDB6GENERIC.OperationCode == SCSIOP_READ;
}

static enum verdict
build(void *extension, void *srb)
{
    (void)extension;
    if (is_ours(srb))
        note(srb, 0);
    return VERDICT_STOCK;
}

static enum verdict
start_io(void *extension, void *srb)
{
    (void)extension;
    if (is_ours(srb))
        note(srb, 1);
    return VERDICT_STOCK;
}

static struct shot *
one(unsigned at_path, unsigned at_target, unsigned at_lun)
{
    struct shot *s = shot_new(rig_unit(at_path, at_target, at_lun));

    shot_command(s, SCSIOP_READ, 1536, SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE);
    s->r->timeout_s = 17;
    steps = 0;
    memset(order, 0, sizeof(order));
    shot_fire(s);
    shot_wait(s);
    return s;
}

/* HwStorBuildIo first, at DISPATCH_LEVEL; then HwStorStartIo, at DISPATCH_LEVEL in full duplex and
 * at DIRQL in half duplex. */
static void
order_and_levels(void)
{
    for (unsigned half = 0; half < 2; half++) {
        mini.physical = true;
        mini.half_duplex = half;
        mini.build = build;
        mini.start = start_io;
        if (half)
            rig_expect(RULE_SpDuplex);
        rig_start();
        one(0, 0, 0);
        CHECK_EQ(order[0], 1);
        CHECK_EQ(order[1], 2);
        CHECK_EQ(levels[0], RT_IRQL_DISPATCH);
        CHECK_EQ(levels[1], half ? RT_IRQL_DEVICE : RT_IRQL_DISPATCH);
        CHECK_EQ(mini.irql[AT_INITIALIZE], RT_IRQL_DEVICE);
        rig_stop();
    }
}

/* The SRB names path, target, unit, data and time-out of the request, in both kinds; its DataBuffer
 * is mapped as MapBuffers says; there is a sense buffer and an SRB extension. */
static void
fields(void)
{
    for (unsigned i = 0; i < 4; i++) {
        mini.physical = true;
        mini.extended = i & 1;
        mini.map_buffers =
            i & 2 ? STOR_MAP_NON_READ_WRITE_BUFFERS : STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
        mini.buses = 2;
        mini.targets = 3;
        mini.luns = 2;
        mini.start = start_io;
        rig_start();
        struct shot *s = one(1, 2, 1);
        CHECK_EQ(function,
                 mini.extended ? SRB_FUNCTION_STORAGE_REQUEST_BLOCK : SRB_FUNCTION_EXECUTE_SCSI);
        CHECK(path == 1 && target == 2 && lun == 1);
        CHECK_EQ(length, 1536);
        CHECK_EQ(timeout, 17);
        CHECK_EQ(cdb0, SCSIOP_READ);
        CHECK(i & 2 ? data == NULL : data == s->data);
        CHECK(sense && srb_extension);
        rig_stop();
    }
}

static enum verdict
underrun(void *extension, void *srb)
{
    (void)extension;
    if (!is_ours(srb))
        return VERDICT_STOCK;
    SrbSetDataTransferLength(srb, 100);
    mini_complete(srb, SRB_STATUS_DATA_OVERRUN);
    return VERDICT_TRUE;
}

/* R7.1: an underrun is DATA_OVERRUN with the bytes that were moved in DataTransferLength. */
static void
underruns(void)
{
    struct shot *s;

    rig_start();
    mini.start = underrun;
    s = one(0, 0, 0);
    CHECK_EQ(s->r->srb_status, SRB_STATUS_DATA_OVERRUN);
    CHECK_EQ(s->r->moved_bytes, 100);
}

static unsigned busy_left, built;

static enum verdict
busy_at_first(void *extension, void *srb)
{
    (void)extension;
    if (!is_ours(srb) || !busy_left)
        return VERDICT_STOCK;
    busy_left--;
    mini_complete(srb, SRB_STATUS_BUSY);
    return VERDICT_TRUE;
}

static enum verdict
count_builds(void *extension, void *srb)
{
    (void)extension;
    built += is_ours(srb);
    return VERDICT_STOCK;
}

/* R4.7, R4.8: SRB_STATUS_BUSY: the SRB is sent again, through BuildIo and StartIo, after
 * BusyPauseTime; the submitter does not see it. */
static void
busy_is_sent_again(void)
{
    struct shot *s;
    uint64_t begun;

    mini.physical = true;
    mini.start = busy_at_first;
    mini.build = count_builds;
    busy_left = 2;
    built = 0;
    rig_start();
    begun = rt_now_ns(rig.rt);
    s = one(0, 0, 0);
    CHECK_EQ(s->r->srb_status, SRB_STATUS_SUCCESS);
    CHECK_EQ(built, 3);
    CHECK(s->done_ns - begun >= 2 * 250000000ull);
}

static void
wait_for_isr(void *extension, void *subject)
{
    unsigned before = mini.calls[AT_INTERRUPT];

    (void)extension;
    (void)subject;
    adapter_interrupt(rig.adapter);
    for (unsigned i = 0; i < 1000 && mini.calls[AT_INTERRUPT] == before; i++)
        rt_stall_ns(10000);
    CHECK_EQ(mini.calls[AT_INTERRUPT], before + 1);
}

/* R3.7: in full duplex HwStorInterrupt, at DIRQL, runs while HwStorStartIo does. */
static void
isr_beside_startio(void)
{
    mini.physical = true;
    rig_start();
    rig_at(AT_START, wait_for_isr);
    CHECK_EQ(mini.irql[AT_INTERRUPT], RT_IRQL_DEVICE);
    rig_stop();
}

CASES(CASE(order_and_levels), CASE(fields), CASE(underruns), CASE(busy_is_sent_again),
      CASE(isr_beside_startio), {"isr_on_one_processor", isr_beside_startio, 1, false, false})
