/*
 * Performance options and the bus type. DDI: StorPortInitializePerfOpts, PERF_CONFIGURATION_DATA,
 * StorPortGetStartIoPerfParams, StorPortSetAdapterBusType. R14.5 to R14.7, R19.7.
 *
 * Covers: StorPortInitializePerfOpts StorPortGetStartIoPerfParams StorPortSetAdapterBusType
 */
#include "harness.h"

static PERF_CONFIGURATION_DATA data;
static BOOLEAN query;
static ULONG status;

static void
call(void *extension, void *subject)
{
    (void)subject;
    status = StorPortInitializePerfOpts(extension, query, &data);
}

static void
try_in_initialize(ULONG version, ULONG flags, BOOLEAN ask)
{
    data = (PERF_CONFIGURATION_DATA){.Version = version, .Size = sizeof(data), .Flags = flags};
    data.ConcurrentChannels = 2;
    query = ask;
    status = 77;
    mini.physical = true;
    mini.at[AT_INITIALIZE] = call;
    rig_start();
    rig_stop();
}

/* Query TRUE: Flags become the optimisations that are supported; each of them can be set then. */
static void
query_tells_what_is_supported(void)
{
    ULONG supported;

    try_in_initialize(STOR_PERF_VERSION, 0, TRUE);
    CHECK_EQ(status, STOR_STATUS_SUCCESS);
    supported = data.Flags;
    CHECK(supported & STOR_PERF_DPC_REDIRECTION);
    CHECK(supported & STOR_PERF_CONCURRENT_CHANNELS);
    try_in_initialize(STOR_PERF_VERSION, supported, FALSE);
    CHECK_EQ(status, STOR_STATUS_SUCCESS);
    /* An older version knows fewer. */
    try_in_initialize(STOR_PERF_VERSION_2, 0, TRUE);
    CHECK(!(data.Flags & STOR_PERF_NO_SGL));
}

/* UNSUCCESSFUL: a flag that is not recognised, of that version or at all. */
static void
unknown_flags(void)
{
    try_in_initialize(STOR_PERF_VERSION, 0x80000000, FALSE);
    CHECK_EQ(status, STOR_STATUS_UNSUCCESSFUL);
    try_in_initialize(STOR_PERF_VERSION_2, STOR_PERF_NO_SGL, FALSE);
    CHECK_EQ(status, STOR_STATUS_UNSUCCESSFUL);
    /* R14.5: completion during StartIo needs DPC redirection. */
    try_in_initialize(STOR_PERF_VERSION, STOR_PERF_OPTIMIZE_FOR_COMPLETION_DURING_STARTIO, FALSE);
    CHECK_EQ(status, STOR_STATUS_UNSUCCESSFUL);
}

/* UNSUCCESSFUL outside HwStorInitialize and, by the remarks, HwStorPassiveInitializeRoutine. */
static void
only_during_initialisation(void)
{
    mini.physical = true;
    data = (PERF_CONFIGURATION_DATA){.Version = STOR_PERF_VERSION, .Size = sizeof(data)};
    query = TRUE;
    mini.at[AT_PASSIVE] = call;
    rig_start();
    CHECK_EQ(status, STOR_STATUS_SUCCESS);
    rig_expect(RULE_CallbackRoutine);
    call(mini.extension, NULL);
    CHECK_EQ(status, STOR_STATUS_UNSUCCESSFUL);
}

static void
call_null(void *extension, void *subject)
{
    (void)subject;
    status = StorPortInitializePerfOpts(extension, FALSE, NULL);
}

/* INVALID_PARAMETER: PerfConfigData is NULL. */
static void
no_data(void)
{
    mini.physical = true;
    rig_expect(RULE_StorPortPerfOpts);
    mini.at[AT_INITIALIZE] = call_null;
    rig_start();
    CHECK_EQ(status, STOR_STATUS_INVALID_PARAMETER);
}

static atomic_uint inside, together;

static enum verdict
linger(void *extension, void *srb)
{
    (void)extension;
    if (SrbGetSrbFunction(srb) != SRB_FUNCTION_EXECUTE_SCSI ||
        SrbGetCdb(srb)->CDB6GENERIC.OperationCode != SCSIOP_READ)
        return VERDICT_STOCK;
    if (atomic_fetch_add(&inside, 1))
        atomic_store(&together, 1);
    rt_stall_ns(300000);
    atomic_fetch_sub(&inside, 1);
    return VERDICT_STOCK;
}

static void
fire_some(void *ctx)
{
    struct unit *unit = ctx;

    for (unsigned i = 0; i < 30; i++) {
        struct request *r = request_create(unit);
        r->cdb[0] = SCSIOP_READ;
        r->cdb_bytes = 10;
        r->flags = SRB_FLAGS_NO_QUEUE_FREEZE;
        unit_execute(r);
        request_destroy(r);
    }
}

static void
two_threads(void)
{
    struct rt_thread *a, *b;

    inside = together = 0;
    mini.physical = true;
    mini.start = linger;
    rig_start();
    a = rt_thread_create(rig.rt, "a", fire_some, rig.unit);
    b = rt_thread_create(rig.rt, "b", fire_some, rig.unit);
    rt_thread_bind(rt_self(), rt_cpu_at(rig.rt, 0), false);
    rt_thread_join(a);
    rt_thread_join(b);
}

/* Concurrent channels are applied: several HwStorStartIo at once; without them, never. */
static void
channels_run_together(void)
{
    two_threads();
    CHECK_EQ(together, 0);
    rig_stop();
    mini.channels = 2;
    two_threads();
    CHECK_EQ(together, 1);
}

/* ---- StartIo's parameters ---- */

static STARTIO_PERFORMANCE_PARAMETERS params;
static ULONG small, null_srb, null_params;

static void
ask(void *extension, void *srb)
{
    STARTIO_PERFORMANCE_PARAMETERS too_small = {.Size = sizeof(params) - 1};

    params = (STARTIO_PERFORMANCE_PARAMETERS){
        .Size = sizeof(params), .MessageNumber = 77, .ChannelNumber = 77};
    status = StorPortGetStartIoPerfParams(extension, srb, &params);
    small = StorPortGetStartIoPerfParams(extension, srb, &too_small);
    null_params = StorPortGetStartIoPerfParams(extension, srb, NULL);
}

static void
ask_for_none(void *extension, void *srb)
{
    (void)srb;
    params.Size = sizeof(params);
    null_srb = StorPortGetStartIoPerfParams(extension, NULL, &params);
}

/* SUCCESS: message 0 and channel 0 where those features are off (R14.7), else the channel.
 * INVALID_PARAMETER: NULL pointers, a Size that is too small, an SRB that is none of Storport's. */
static void
startio_parameters(void)
{
    mini.physical = true;
    rig_start();
    rig_at(AT_START, ask);
    CHECK_EQ(status, STOR_STATUS_SUCCESS);
    CHECK_EQ(params.ChannelNumber, 0);
    CHECK_EQ(params.MessageNumber, 0);
    CHECK_EQ(small, STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(null_params, STOR_STATUS_INVALID_PARAMETER);
    rig_expect(RULE_ForeignSrb);
    rig_at(AT_START, ask_for_none);
    CHECK_EQ(null_srb, STOR_STATUS_INVALID_PARAMETER);
    rig_stop();
    mini.channels = 2;
    rig_start();
    rig_at(AT_START, ask);
    CHECK_EQ(status, STOR_STATUS_SUCCESS);
    CHECK(params.ChannelNumber < 2);
}

/* ---- the bus type ---- */

static ULONG bus_status[3];

static void
set_bus(void *extension, void *subject)
{
    (void)subject;
    bus_status[0] = StorPortSetAdapterBusType(extension, BusTypeSas);
    bus_status[1] = StorPortSetAdapterBusType(extension, BusTypeUnknown);
    bus_status[2] = StorPortSetAdapterBusType(extension, 0x1000);
}

/* SUCCESS in HwStorFindAdapter, where it overrides the INF's; UNSUCCESSFUL outside it;
 * INVALID_PARAMETER: an invalid type. */
static void
bus_type(void)
{
    struct adapter_info info;

    mini.at[AT_FIND] = set_bus;
    rig_start();
    CHECK_EQ(bus_status[0], STOR_STATUS_SUCCESS);
    CHECK_EQ(bus_status[1], STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(bus_status[2], STOR_STATUS_INVALID_PARAMETER);
    adapter_info(rig.adapter, &info);
    CHECK_EQ(info.bus_type, BusTypeSas);
    rig_expect(RULE_CallbackRoutine);
    set_bus(mini.extension, NULL);
    CHECK_EQ(bus_status[0], STOR_STATUS_UNSUCCESSFUL);
    adapter_info(rig.adapter, &info);
    CHECK_EQ(info.bus_type, BusTypeSas);
}

CASES(CASE(query_tells_what_is_supported), CASE(unknown_flags), CASE(only_during_initialisation),
      CASE(no_data), CASE(channels_run_together), CASE(startio_parameters), CASE(bus_type))
