/*
 * Lists of a driver's own memory. DDI: StorPortBuildScatterGatherList,
 * StorPortPutScatterGatherList. R10.6.
 *
 * Covers: StorPortBuildScatterGatherList StorPortPutScatterGatherList
 * Covers: PPOST_SCATTER_GATHER_EXECUTE
 */
#include "harness.h"

#define BYTES 10000u

static char list_memory[4096];
static PVOID got_context;
static PSTOR_SCATTER_GATHER_LIST got;
static atomic_uint calls;
static uint8_t irql;

static VOID NTAPI
execute(PVOID *device, PVOID *irp, PSTOR_SCATTER_GATHER_LIST list, PVOID context)
{
    (void)device;
    (void)irp;
    got = list;
    got_context = context;
    irql = rt_irql();
    atomic_fetch_add(&calls, 1);
}

static char *buffer;
static PVOID mdl;

static void
start(void)
{
    mini.physical = true;
    rig_start();
    calls = 0;
    got = NULL;
    CHECK_EQ(StorPortAllocatePool(mini.extension, BYTES, 'tseT', (PVOID *)&buffer),
             STOR_STATUS_SUCCESS);
    CHECK_EQ(StorPortAllocateMdl(mini.extension, buffer, BYTES, &mdl), STOR_STATUS_SUCCESS);
    CHECK_EQ(StorPortBuildMdlForNonPagedPool(mini.extension, mdl), STOR_STATUS_SUCCESS);
}

static void
stop(void)
{
    CHECK_EQ(StorPortFreeMdl(mini.extension, mdl), STOR_STATUS_SUCCESS);
    CHECK_EQ(StorPortFreePool(mini.extension, buffer), STOR_STATUS_SUCCESS);
}

static ULONG
build(PVOID at, ULONG bytes, ULONG room)
{
    return StorPortBuildScatterGatherList(mini.extension, mdl, at, bytes, execute, &calls, TRUE,
                                          list_memory, room);
}

static void
check_covers(const char *at, ULONG bytes)
{
    ULONG done = 0;

    CHECK(got != NULL);
    for (ULONG i = 0; i < got->NumberOfElements; i++) {
        CHECK_EQ(got->List[i].PhysicalAddress.QuadPart, rt_bus_address(rig.rt, at + done));
        CHECK(rt_bus_run(rig.rt, at + done, got->List[i].Length) == got->List[i].Length);
        done += got->List[i].Length;
    }
    CHECK_EQ(done, bytes);
}

/* SUCCESS: the list was made, in the given buffer, and the routine is called with it and the
 * context at DISPATCH_LEVEL. It describes Length bytes from CurrentVa. */
static void
executes_with_the_list(void)
{
    start();
    CHECK_EQ(build(buffer, BYTES, sizeof(list_memory)), STOR_STATUS_SUCCESS);
    UNTIL(calls == 1);
    CHECK((char *)got >= list_memory && (char *)got < list_memory + sizeof(list_memory));
    CHECK(got_context == &calls);
    CHECK_EQ(irql, RT_IRQL_DISPATCH);
    CHECK_EQ(rt_irql(), RT_IRQL_PASSIVE);
    check_covers(buffer, BYTES);
    CHECK_EQ(StorPortPutScatterGatherList(mini.extension, got, TRUE), STOR_STATUS_SUCCESS);
    CHECK_EQ(build(buffer + 300, 5000, sizeof(list_memory)), STOR_STATUS_SUCCESS);
    UNTIL(calls == 2);
    check_covers(buffer + 300, 5000);
    CHECK_EQ(StorPortPutScatterGatherList(mini.extension, got, TRUE), STOR_STATUS_SUCCESS);
    stop();
}

/* BUFFER_TOO_SMALL: Length is too big to fit within the buffer; the routine is not called. */
static void
too_small(void)
{
    start();
    CHECK_EQ(build(buffer, BYTES, 8), STOR_STATUS_BUFFER_TOO_SMALL);
    rig_settle();
    CHECK_EQ(calls, 0);
    stop();
}

/* INVALID_PARAMETER: HwDeviceExtension is NULL. INVALID_IRQL: above DISPATCH_LEVEL. */
static void
refusals(void)
{
    uint8_t old;

    start();
    rig_expect(RULE_BadArgument);
    CHECK_EQ(StorPortBuildScatterGatherList(NULL, mdl, buffer, BYTES, execute, NULL, TRUE,
                                            list_memory, sizeof(list_memory)),
             STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortPutScatterGatherList(NULL, (PVOID)list_memory, TRUE),
             STOR_STATUS_INVALID_PARAMETER);
    rig_expect(RULE_StorPortIrql);
    old = rt_irql_raise(RT_IRQL_DEVICE);
    CHECK_EQ(build(buffer, BYTES, sizeof(list_memory)), STOR_STATUS_INVALID_IRQL);
    CHECK_EQ(StorPortPutScatterGatherList(mini.extension, (PVOID)list_memory, TRUE),
             STOR_STATUS_INVALID_IRQL);
    rt_irql_lower(old);
    CHECK_EQ(calls, 0);
    stop();
}

/* StorPortPutScatterGatherList releases the list: its addresses are void from then on, and the
 * buffer, which it does not free, can hold the next. */
static void
put_voids_the_list(void)
{
    start();
    CHECK_EQ(build(buffer, BYTES, sizeof(list_memory)), STOR_STATUS_SUCCESS);
    UNTIL(calls == 1);
    CHECK(got->NumberOfElements > 0);
    CHECK_EQ(StorPortPutScatterGatherList(mini.extension, got, TRUE), STOR_STATUS_SUCCESS);
    CHECK_EQ(got->NumberOfElements, 0);
    CHECK_EQ(build(buffer, 100, sizeof(list_memory)), STOR_STATUS_SUCCESS);
    UNTIL(calls == 2);
    check_covers(buffer, 100);
    CHECK_EQ(StorPortPutScatterGatherList(mini.extension, got, TRUE), STOR_STATUS_SUCCESS);
    stop();
}

CASES(CASE(executes_with_the_list), CASE(too_small), CASE(refusals), CASE(put_voids_the_list))
