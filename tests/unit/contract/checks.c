/* contract_enter(): what is within the documentation passes unseen; a call above its IRQL or from a
 * callback that the page does not name is found, once, with callback and level. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract.h"
#include "finding.h"

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static struct rt *rt;
static unsigned lines;

static void
log_line(void *ctx, enum rt_log_level level, const char *line)
{
    (void)ctx;
    CHECK(level == RT_LOG_WARNING && strstr(line, "StorPortCaptureLiveDump"));
    lines++;
}

static void
rt_open(enum rt_kind kind)
{
    struct rt_config config = {.kind = kind, .cpus = 1, .seed = 1, .log = log_line};
    char *error = NULL;

    CHECK(rt_create(&config, &rt, &error) == 0);
    CHECK(finding_init(rt) == 0);
}

static void
rt_close(void)
{
    finding_finish(rt);
    rt_destroy(rt);
}

/* How often something was found, repetitions of a place included. */
static uint64_t
total(void)
{
    struct finding finding;
    uint64_t sum = 0;

    for (unsigned i = 0; finding_get(rt, i, &finding); i++)
        sum += finding.count;
    return sum;
}

/* One routine entered from one callback at one level; true when it was found, as `rule`. */
static bool
found(enum contract_id id, unsigned callback, uint8_t irql, enum finding_rule rule)
{
    struct rt_frame frame = {0};
    struct finding finding;
    unsigned places = finding_count(rt);
    uint64_t before = total();
    uint8_t old = rt_irql_raise(irql);

    rt_frame_push(&frame, NULL, (uint16_t)callback, NULL);
    contract_enter(id, __builtin_return_address(0));
    rt_frame_pop(&frame);
    rt_irql_lower(old);
    if (total() == before)
        return false;
    CHECK(total() == before + 1);
    if (!finding_get(rt, places, &finding))
        return true; /* found here before */
    CHECK(finding.rule == rule && finding.callback == callback && finding.irql == irql);
    CHECK(strstr(finding.text, contract_row(id)->name));
    CHECK(strstr(finding.text, contract_callback_name(callback)));
    return true;
}

#define FOUND(name, callback, irql, rule)                                                          \
    found(CONTRACT_##name, CALLBACK_##callback, irql, RULE_##rule)

static void
levels_and_callbacks(enum rt_kind kind)
{
    rt_open(kind);
    /* DDI: StorPortAllocatePool, IRQL <= DISPATCH_LEVEL. */
    CHECK(!FOUND(StorPortAllocatePool, BUILDIO, RT_IRQL_DISPATCH, StorPortIrql));
    CHECK(FOUND(StorPortAllocatePool, INTERRUPT, RT_IRQL_DEVICE, StorPortIrql));
    /* DDI: StorPortRegistryRead, PASSIVE_LEVEL. */
    CHECK(!FOUND(StorPortRegistryRead, FIND_ADAPTER, RT_IRQL_PASSIVE, StorPortIrql));
    CHECK(FOUND(StorPortRegistryRead, STARTIO, RT_IRQL_DISPATCH, StorPortIrql));
    /* A driver's own threads are under no callback. */
    CHECK(!FOUND(StorPortRegistryRead, NONE, RT_IRQL_PASSIVE, StorPortIrql));
    /* DDI: KeDelayExecutionThread, IRQL <= APC_LEVEL: a rule of the kernel, not of Storport. */
    CHECK(FOUND(KeDelayExecutionThread, DPC, RT_IRQL_DISPATCH, KernelIrql));
    /* DDI: StorPortEnablePassiveInitialization, only from within HwStorInitialize, at DIRQL. */
    CHECK(!FOUND(StorPortEnablePassiveInitialization, INITIALIZE, RT_IRQL_DEVICE, StorPortIrql));
    CHECK(FOUND(StorPortEnablePassiveInitialization, FIND_ADAPTER, RT_IRQL_PASSIVE,
                StorPortEnablePassive));
    /* Storport Verification: HwStorFindAdapter only. */
    CHECK(!FOUND(StorPortGetUncachedExtension, FIND_ADAPTER, RT_IRQL_HIGH, StorPortIrql));
    CHECK(FOUND(StorPortGetUncachedExtension, INITIALIZE, RT_IRQL_DEVICE,
                DV_UncachedExtensionContext));
    CHECK(FOUND(StorPortFreeDeviceBase, NONE, RT_IRQL_PASSIVE, DV_FreeDeviceBaseContext));
    /* Bus data is for HwStorFindAdapter and ScsiSetRunningConfig. */
    CHECK(!FOUND(StorPortGetBusData, ADAPTER_CONTROL, RT_IRQL_PASSIVE, CallbackRoutine));
    CHECK(FOUND(StorPortGetBusData, STARTIO, RT_IRQL_DISPATCH, CallbackRoutine));
    /* DDI: StorPortGetMSIInfo is not called from within the message routine. */
    CHECK(FOUND(StorPortGetMSIInfo, MESSAGE_INTERRUPT, RT_IRQL_DEVICE, CallbackRoutine));
    CHECK(!FOUND(StorPortGetMSIInfo, INITIALIZE, RT_IRQL_DEVICE, CallbackRoutine));
    rt_close();
}

/* Every row: at its level from a permitted callback nothing is found; one level up, it is. */
static void
all_rows(void)
{
    rt_open(RT_KIND_SIM);
    for (unsigned id = 0; id < CONTRACT_COUNT; id++) {
        const struct contract_row *row = contract_row(id);
        unsigned callback = 0;

        CHECK(row && row->callbacks == contract_limits[id].callbacks);
        CHECK(row->irql_max == contract_limits[id].irql_max);
        while (!(row->callbacks >> callback & 1))
            callback++;
        CHECK(callback < CALLBACK_COUNT);
        CHECK(!found(id, callback, row->irql_max, RULE_COUNT));
        if (row->irql_max == RT_IRQL_HIGH)
            continue;
        CHECK(found(id, callback, row->irql_max + 1,
                    row->module == CONTRACT_STORPORT ? RULE_StorPortIrql : RULE_KernelIrql));
    }
    CHECK(contract_row(CONTRACT_COUNT) == NULL);
    rt_close();
}

static void
doors(void)
{
    CHECK(contract_of_extended(0) == CONTRACT_StorPortAllocatePool);
    CHECK(contract_of_extended(33) == CONTRACT_StorPortRequestTimer);
    CHECK(contract_of_extended(UINT32_MAX) == CONTRACT_COUNT);
    CHECK(contract_of_notification(0x1000) == CONTRACT_StorPortEnablePassiveInitialization);
    CHECK(contract_of_notification(0) == CONTRACT_COUNT); /* RequestComplete has no row */
    for (uint32_t code = 0; code < CONTRACT_EXTENDED_COUNT; code++) {
        char reach[24];
        enum contract_id id = contract_of_extended(code);

        snprintf(reach, sizeof(reach), "extended %u", code);
        CHECK(id == CONTRACT_COUNT || !strcmp(contract_row(id)->reach, reach));
    }
}

/* Once per routine and host. */
static void
missing(void)
{
    for (unsigned host = 1; host <= 2; host++) {
        rt_open(RT_KIND_SIM);
        for (unsigned i = 0; i < 3; i++)
            contract_missing(CONTRACT_StorPortCaptureLiveDump);
        CHECK(lines == host);
        rt_close();
    }
}

int
main(void)
{
    levels_and_callbacks(RT_KIND_SIM);
    levels_and_callbacks(RT_KIND_THREADS);
    all_rows();
    doors();
    missing();
    return 0;
}
