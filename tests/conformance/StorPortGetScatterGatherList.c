/* The data of an SRB as the device sees it. DDI: StorPortGetScatterGatherList. R10.2, R9.1. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

static PSTOR_SCATTER_GATHER_LIST list, again;
static STOR_SCATTER_GATHER_ELEMENT copy[512];
static ULONG count, longest;
static bool in_build;

static enum verdict
look(void *extension, void *srb)
{
    if (SrbGetSrbFunction(srb) != SRB_FUNCTION_EXECUTE_SCSI ||
        SrbGetCdb(srb)->CDB6GENERIC.OperationCode != SCSIOP_WRITE)
        return VERDICT_STOCK;
    list = StorPortGetScatterGatherList(extension, srb);
    again = StorPortGetScatterGatherList(extension, srb);
    count = list ? list->NumberOfElements : 0;
    if (list && count <= 512)
        memcpy(copy, list->List, count * sizeof(copy[0]));
    return VERDICT_STOCK;
}

static struct shot *
write_segments(const struct io_segment *segments, unsigned n)
{
    struct shot *s = shot_new(rig.unit);
    uint32_t bytes = 0;

    for (unsigned i = 0; i < n; i++)
        bytes += (uint32_t)segments[i].bytes;
    shot_command(s, SCSIOP_WRITE, 0, SRB_FLAGS_DATA_OUT | SRB_FLAGS_NO_QUEUE_FREEZE);
    s->r->segments = segments;
    s->r->segment_count = n;
    s->r->data_bytes = bytes;
    list = again = NULL;
    count = 0;
    shot_fire(s);
    shot_wait(s);
    return s;
}

/* The elements name, in order and without a gap, the bus addresses of every byte of the data. */
static void
check_covers(const struct io_segment *segments, unsigned n)
{
    ULONG e = 0, within = 0;

    CHECK(list != NULL);
    CHECK(list == again); /* it belongs to the SRB: asked twice, it is one */
    for (unsigned i = 0; i < n; i++) {
        const char *at = segments[i].base;
        for (size_t k = 0; k < segments[i].bytes; k++) {
            if (within == copy[e].Length) {
                e++;
                within = 0;
            }
            CHECK(e < count);
            if (k % 512 == 0 || k + 1 == segments[i].bytes)
                CHECK_EQ(copy[e].PhysicalAddress.QuadPart + within, rt_bus_address(rig.rt, at + k));
            within++;
        }
    }
    CHECK_EQ(e, count - 1);
    CHECK_EQ(within, copy[e].Length);
    longest = copy[0].Length;
}

static void
start(bool extended)
{
    mini.physical = true;
    mini.extended = extended;
    if (in_build)
        mini.build = look;
    else
        mini.start = look;
    rig_start();
}

/* Returns a pointer to the list of the SRB, whose Srb may be a SCSI_REQUEST_BLOCK or, from Windows
 * 8 on, a STORAGE_REQUEST_BLOCK; in HwStorBuildIo and in HwStorStartIo. */
static void
covers_the_data(void)
{
    static char buffer[40000];
    struct io_segment one = {buffer + 100, 20000};
    struct io_segment three[] = {{buffer, 4096}, {buffer + 8192, 512}, {buffer + 20000, 1000}};

    for (unsigned way = 0; way < 4; way++) {
        in_build = way & 1;
        mini.build = mini.start = NULL;
        start(way & 2);
        write_segments(&one, 1);
        check_covers(&one, 1);
        write_segments(three, 3);
        check_covers(three, 3);
        CHECK(count >= 3); /* what lies apart in memory is apart in the list */
        rig_stop();
    }
}

/* More elements than any fixed list holds. */
static void
many_elements(void)
{
    static char buffer[200 * 2048];
    static struct io_segment many[100];

    in_build = false;
    start(false);
    for (unsigned i = 0; i < 100; i++)
        many[i] = (struct io_segment){buffer + i * 4096, 64};
    write_segments(many, 100);
    check_covers(many, 100);
    CHECK_EQ(count, 100);
}

/* Memory contiguous on the bus is one element: the list need not have one per page. */
static void
contiguous_is_one(void)
{
    void *memory;
    struct io_segment one;

    in_build = false;
    start(false);
    memory = rt_arena_alloc(rig.rt, 16384, NULL);
    one = (struct io_segment){memory, 16384};
    write_segments(&one, 1);
    check_covers(&one, 1);
    CHECK_EQ(count, 1);
    CHECK_EQ(longest, 16384);
    rt_arena_free(rig.rt, memory, 16384);
}

/* With bus addresses scattered by an IOMMU the list follows them. */
static void
covers_remapped_data(void)
{
    void *memory;
    struct io_segment one;

    in_build = true;
    start(true);
    memory = rt_arena_alloc(rig.rt, 12288, NULL);
    one = (struct io_segment){memory, 12288};
    write_segments(&one, 1);
    check_covers(&one, 1);
    rt_arena_free(rig.rt, memory, 12288);
}

static PSTOR_SCATTER_GATHER_LIST without;

static void
no_data(void *extension, void *srb)
{
    without = StorPortGetScatterGatherList(extension, srb);
}

/* A request without data has none. */
static void
none_without_data(void)
{
    in_build = false;
    start(false);
    without = (PSTOR_SCATTER_GATHER_LIST)1;
    rig_at(AT_START, no_data);
    CHECK(without == NULL);
}

CASES(CASE(covers_the_data), CASE(many_elements), CASE(contiguous_is_one),
      {"covers_remapped_data", covers_remapped_data, 0, true, false}, CASE(none_without_data))
