/*
 * A miniport under a seeded load in the simulator: several threads submit reads and writes to its
 * first unit until all are answered. What comes of it (a lost request, findings, the trace) depends
 * on the seed alone, so that a report can be had again.
 */
#include "host_priv.h"

#include "finding.h"
#include "rt_symbol.h"
#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CLIENTS_DEFAULT 3
#define OPERATIONS_DEFAULT 40
#define BLOCK_BYTES 512u
#define FLAG_DATA_IN 0x40u
#define FLAG_DATA_OUT 0x80u
#define FLAG_NO_QUEUE_FREEZE 0x100u

struct load {
    struct storport_host *host;
    const struct storport_scenario *scenario;
    struct storport_scenario_result *result;
    struct unit *unit;
    unsigned operations;
    atomic_uint requests;
    FILE *report;
};

/* ---- what is told ---- */

static void
lost_told(void *context, const char *text)
{
    struct load *load = context;

    if (!load->result->lost)
        fputs(text, load->report);
    load->result->lost++;
}

/* A finding beside the lost request would only repeat it. */
static void
finding_told(void *context, const char *rule, const char *text)
{
    struct load *load = context;

    load->result->findings++;
    if (strcmp(rule, "LostRequest") && strcmp(rule, "DV-ResetLeftovers"))
        fprintf(load->report, "finding %s: %s\n", rule, text);
}

static void
fatal_told(void *context, const char *text)
{
    const struct storport_scenario *scenario = ((struct load *)context)->scenario;

    if (scenario->size >= sizeof(*scenario) && scenario->fatal)
        scenario->fatal(scenario->context, text);
}

/* ---- the load ---- */

static void
client_run(void *context)
{
    struct load *load = context;
    struct rt *rt = load->host->rt;
    uint8_t block[BLOCK_BYTES] = {0};

    for (unsigned i = 0; i < load->operations; i++) {
        struct request *r = request_create(load->unit);
        uint64_t chance = rt_random(rt);
        if (!r)
            return;
        r->cdb[0] = chance & 1 ? 0x2A : 0x28; /* WRITE(10), READ(10) */
        r->cdb[5] = (uint8_t)(chance >> 8);
        r->cdb[8] = 1;
        r->cdb_bytes = 10;
        r->flags = (chance & 1 ? FLAG_DATA_OUT : FLAG_DATA_IN) | FLAG_NO_QUEUE_FREEZE;
        r->data_bytes = sizeof(block);
        r->segment = (struct io_segment){block, sizeof(block)};
        r->segments = &r->segment;
        r->segment_count = 1;
        unit_execute(r);
        request_destroy(r);
        atomic_fetch_add(&load->requests, 1);
    }
}

static int
load_run(struct load *load, unsigned clients)
{
    struct rt_thread *threads[16];
    unsigned started = 0;

    if (clients > 16)
        clients = 16;
    while (started < clients) {
        threads[started] = rt_thread_create(load->host->rt, "client", client_run, load);
        if (!threads[started])
            break;
        started++;
    }
    for (unsigned i = 0; i < started; i++)
        rt_thread_join(threads[i]);
    return started == clients ? 0 : -ENOMEM;
}

static int
scenario_drive(struct load *load, const struct storport_scenario *scenario, char **error)
{
    struct storport_host *host = load->host;
    struct storport_driver *driver;
    struct storport_adapter *adapter;
    int code;

    code = storport_driver_load(host, scenario->miniport, &driver, error);
    if (!code)
        code = storport_adapter_add(driver, scenario->options, scenario->option_count, &adapter,
                                    error);
    if (code)
        return code;
    rt_thread_attach(host->rt, false);
    load->unit = adapter_unit_next(adapter->adapter, NULL);
    if (load->unit) {
        code = load_run(load, scenario->clients ? scenario->clients : CLIENTS_DEFAULT);
        unit_put(load->unit);
    } else {
        code = host_fail(error, -ENODEV, "%s shows no unit", scenario->miniport);
    }
    rt_thread_detach(host->rt);
    return code;
}

int
storport_scenario_run(const struct storport_scenario *scenario,
                      struct storport_scenario_result *result, char **error)
{
    struct load load = {.result = result, .scenario = scenario};
    struct storport_host_config config = {.size = sizeof(config),
                                          .executor = STORPORT_SIM,
                                          .processors = 2,
                                          .seed = scenario->seed,
                                          .verify = true,
                                          .finding = finding_told,
                                          .lost = lost_told,
                                          .fatal = fatal_told,
                                          .context = &load};
    size_t bytes;
    int code;

    *result = (struct storport_scenario_result){.size = result->size};
    load.operations = scenario->operations ? scenario->operations : OPERATIONS_DEFAULT;
    load.report = open_memstream(&result->report, &bytes);
    if (!load.report)
        return host_fail(error, -ENOMEM, "no memory for a report");
    code = storport_host_create(&config, &load.host, error);
    if (!code) {
        code = scenario_drive(&load, scenario, error);
        result->requests = atomic_load(&load.requests);
        result->trace_hash = storport_trace_hash(load.host);
        result->trace_events = rt_trace_total(load.host->rt);
        if (scenario->trace)
            result->trace = storport_trace_text(load.host, 0);
        storport_host_destroy(load.host, NULL);
    }
    fclose(load.report);
    return code;
}
