/* See harness.h. */
#include "harness.h"

#include "rt_registry.h"
#include "rt_symbol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SIM_SEEDS 3

struct rig rig;

static struct shot *shots;
static atomic_uint shot_order;
static const struct test_case *current;
static char *error_text;
static bool expected[RULE_COUNT];
static struct unit *units[64];
static unsigned unit_count;

/* ---- checks ---- */

static void
where(const char *file, int line)
{
    fprintf(stderr, "%s:%d: %s (%s, seed %llu): ", file, line, current ? current->name : "-",
            rig.sim ? "sim" : "threads", (unsigned long long)rig.seed);
}

void
check_failed(const char *file, int line, const char *format, ...)
{
    va_list args;

    where(file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    fflush(stderr);
    _Exit(1);
}

void
check_equal(const char *file, int line, const char *what, uint64_t is, uint64_t wanted)
{
    if (is != wanted)
        check_failed(file, line, "%s is %llu (0x%llx), wanted %llu (0x%llx)", what,
                     (unsigned long long)is, (unsigned long long)is, (unsigned long long)wanted,
                     (unsigned long long)wanted);
}

/* ---- the log ---- */

#define LOG_BYTES (1u << 18)
static char log_text[LOG_BYTES];
static size_t log_used;
static atomic_flag log_lock = ATOMIC_FLAG_INIT;

static void
log_line(void *ctx, enum rt_log_level level, const char *line)
{
    size_t bytes = strlen(line);

    (void)ctx;
    (void)level;
    while (atomic_flag_test_and_set(&log_lock))
        ;
    if (log_used + bytes + 2 < LOG_BYTES) {
        memcpy(log_text + log_used, line, bytes);
        log_used += bytes;
        log_text[log_used++] = '\n';
        log_text[log_used] = '\0';
    }
    atomic_flag_clear(&log_lock);
    if (getenv("HARNESS_LOG"))
        fprintf(stderr, "%s\n", line);
}

unsigned
rig_logged(const char *text)
{
    unsigned count = 0;
    const char *at = log_text;

    while (atomic_flag_test_and_set(&log_lock))
        ;
    while ((at = strstr(at, text))) {
        count++;
        at = strchr(at, '\n');
    }
    atomic_flag_clear(&log_lock);
    return count;
}

static void
bug(void *ctx, enum rt_bug kind, const char *text)
{
    (void)ctx;
    check_failed(__FILE__, __LINE__, "bug %d: %s", (int)kind, text);
}

/* ---- registry ---- */

struct value {
    struct value *next;
    char *key, *name;
    uint32_t type;
    size_t bytes;
    uint8_t data[];
};
static struct value *values;
static atomic_flag values_lock = ATOMIC_FLAG_INIT;

static struct value **
value_link(const char *key, const char *name)
{
    struct value **link = &values;

    while (*link && (strcasecmp((*link)->key, key) || strcasecmp((*link)->name, name)))
        link = &(*link)->next;
    return link;
}

static void
value_drop(struct value **link)
{
    struct value *v = *link;

    *link = v->next;
    free(v->key);
    free(v->name);
    free(v);
}

static int
provider_get(void *ctx, const char *key, const char *name, uint32_t *type, void *data,
             size_t *length)
{
    struct value *v;
    int status = -ENOENT;

    (void)ctx;
    while (atomic_flag_test_and_set(&values_lock))
        ;
    v = *value_link(key, name);
    if (v) {
        status = v->bytes > *length ? -ENOSPC : 0;
        if (!status)
            memcpy(data, v->data, v->bytes);
        *length = v->bytes;
        *type = v->type;
    }
    atomic_flag_clear(&values_lock);
    return status;
}

static int
provider_set(void *ctx, const char *key, const char *name, uint32_t type, const void *data,
             size_t length)
{
    (void)ctx;
    registry_put(key, name, type, data, length);
    return 0;
}

static int
provider_erase(void *ctx, const char *key, const char *name)
{
    struct value **link;

    (void)ctx;
    while (atomic_flag_test_and_set(&values_lock))
        ;
    link = value_link(key, name ? name : "");
    if (*link)
        value_drop(link);
    atomic_flag_clear(&values_lock);
    return 0;
}

void
registry_put(const char *key, const char *name, uint32_t type, const void *data, size_t bytes)
{
    struct value *v = malloc(sizeof(*v) + bytes), **link;

    v->key = strdup(key);
    v->name = strdup(name);
    v->type = type;
    v->bytes = bytes;
    if (bytes)
        memcpy(v->data, data, bytes);
    while (atomic_flag_test_and_set(&values_lock))
        ;
    link = value_link(key, name);
    if (*link)
        value_drop(link);
    v->next = values;
    values = v;
    atomic_flag_clear(&values_lock);
}

void
registry_dword(const char *key, const char *name, uint32_t value)
{
    registry_put(key, name, REG_DWORD, &value, sizeof(value));
}

void
registry_text(const char *key, const char *name, const char *value)
{
    uint16_t wide[256];
    size_t n = strlen(value) + 1;

    CHECK(n < 256);
    for (size_t i = 0; i < n; i++)
        wide[i] = (uint8_t)value[i];
    registry_put(key, name, REG_SZ, wide, n * 2);
}

int
registry_find(const char *key, const char *name, uint32_t *type, void *data, size_t bytes)
{
    uint32_t t;
    int status = provider_get(NULL, key, name, type ? type : &t, data, &bytes);

    return status ? -1 : (int)bytes;
}

/* ---- findings ---- */

unsigned
rig_findings(enum finding_rule rule)
{
    struct finding f;
    unsigned count = 0;

    for (unsigned i = 0; finding_get(rig.rt, i, &f); i++) {
        if (f.rule == rule)
            count += (unsigned)f.count;
    }
    return count;
}

void
rig_expect(enum finding_rule rule)
{
    expected[rule] = true;
}

static void
findings_check(void)
{
    struct finding f;

    for (unsigned i = 0; finding_get(rig.rt, i, &f); i++) {
        if (!expected[f.rule])
            check_failed(__FILE__, __LINE__, "unexpected %s", finding_format(rig.rt, &f));
    }
    for (unsigned rule = 0; rule < RULE_COUNT; rule++) {
        if (expected[rule] && !rig_findings((enum finding_rule)rule))
            check_failed(__FILE__, __LINE__, "no finding of %s, one was expected",
                         finding_rule_name((enum finding_rule)rule));
    }
}

/* ---- requests ---- */

static void
shot_landed(struct request *request)
{
    struct shot *s = request->context;

    s->order = atomic_fetch_add(&shot_order, 1) + 1;
    s->done_ns = rt_now_ns(rig.rt);
    s->done_irql = rt_irql();
    atomic_fetch_add(&s->done, 1);
}

struct shot *
shot_new(struct unit *unit)
{
    struct shot *s = calloc(1, sizeof(*s));

    s->data = calloc(1, SHOT_BYTES);
    s->r = request_create(unit);
    CHECK(s->r != NULL);
    s->next = shots;
    shots = s;
    s->r->done = shot_landed;
    s->r->context = s;
    s->r->timeout_s = 30;
    shot_command(s, SCSIOP_READ, 512, SRB_FLAGS_DATA_IN);
    s->r->cdb[8] = 1;
    s->r->flags |= SRB_FLAGS_NO_QUEUE_FREEZE;
    return s;
}

void
shot_command(struct shot *shot, uint8_t opcode, uint32_t bytes, uint32_t flags)
{
    struct request *r = shot->r;

    CHECK(bytes <= SHOT_BYTES);
    memset(r->cdb, 0, sizeof(r->cdb));
    r->cdb[0] = opcode;
    r->cdb_bytes = opcode < 0x20 ? 6 : opcode < 0x80 ? 10 : opcode < 0xA0 ? 16 : 12;
    r->flags = flags;
    r->data_bytes = bytes;
    r->segment = (struct io_segment){shot->data, bytes};
    r->segments = &r->segment;
    r->segment_count = bytes ? 1 : 0;
}

void
shot_fire(struct shot *shot)
{
    unit_submit(shot->r);
}

void
shot_wait(struct shot *shot)
{
    for (unsigned i = 0; !atomic_load(&shot->done) && i < 120000; i++)
        rt_sleep_ns(1000000);
    CHECK_EQ(shot->done, 1);
}

struct shot *
shot_read(struct unit *unit)
{
    struct shot *s = shot_new(unit);

    shot_fire(s);
    return s;
}

struct shot *
shot_function(struct unit *unit, uint8_t function)
{
    struct shot *s = shot_new(unit);

    shot_command(s, 0, 0, SRB_FLAGS_NO_QUEUE_FREEZE);
    s->r->cdb_bytes = 0;
    s->r->function = function;
    return s;
}

static void
shots_free(void)
{
    while (shots) {
        struct shot *s = shots;
        shots = s->next;
        if (atomic_load(&s->done) > 1)
            check_failed(__FILE__, __LINE__, "a request was answered %u times", s->done);
        request_destroy(s->r);
        free(s->data);
        free(s);
    }
}

/* ---- start and stop ---- */

const char *
rig_error(void)
{
    return error_text ? error_text : "";
}

int
rig_load(void)
{
    free(error_text);
    error_text = NULL;
    return driver_load(rig.port, "mini", (void *)mini_entry, &rig.driver, &error_text);
}

int
rig_add(void)
{
    int status;

    free(error_text);
    error_text = NULL;
    status = adapter_add(rig.driver, NULL, &rig.adapter, &error_text);
    if (!status)
        rig.unit = adapter_unit_find(rig.adapter, 0, 0, 0);
    return status;
}

struct unit *
rig_unit(unsigned path, unsigned target, unsigned lun)
{
    struct unit *unit =
        adapter_unit_find(rig.adapter, (uint8_t)path, (uint8_t)target, (uint8_t)lun);

    if (unit) {
        CHECK(unit_count < 64);
        units[unit_count++] = unit;
    }
    return unit;
}

void
rig_start(void)
{
    int status = rig_load();

    if (status)
        check_failed(__FILE__, __LINE__, "driver_load: %d %s", status, rig_error());
    status = rig_add();
    if (status)
        check_failed(__FILE__, __LINE__, "adapter_add: %d %s", status, rig_error());
}

void
rig_stop(void)
{
    while (unit_count)
        unit_put(units[--unit_count]);
    if (rig.unit)
        unit_put(rig.unit);
    rig.unit = NULL;
    for (struct shot *s = shots; s; s = s->next)
        CHECK(atomic_load(&s->done) == 1);
    shots_free();
    if (rig.adapter)
        adapter_remove(rig.adapter);
    rig.adapter = NULL;
    if (rig.driver)
        driver_unload(rig.driver);
    rig.driver = NULL;
}

void
rig_sleep_ms(unsigned ms)
{
    rt_sleep_ns(ms * 1000000ull);
}

void
rig_settle(void)
{
    rig_sleep_ms(30);
}

/* ---- running something in a callback ---- */

static VOID NTAPI
timer_run(PVOID extension)
{
    mini.irql[AT_TIMER] = rt_irql();
    if (mini.at[AT_TIMER])
        mini.at[AT_TIMER](extension, NULL);
    atomic_fetch_add(&mini.calls[AT_TIMER], 1);
}

static BOOLEAN NTAPI
synchronized_run(PVOID extension, PVOID context)
{
    mini.irql[AT_SYNCHRONIZED] = rt_irql();
    mini.at[AT_SYNCHRONIZED](extension, context);
    atomic_fetch_add(&mini.calls[AT_SYNCHRONIZED], 1);
    return TRUE;
}

static VOID NTAPI
work_run(PVOID extension, PVOID context, PVOID worker)
{
    mini.irql[AT_WORKITEM] = rt_irql();
    mini.at[AT_WORKITEM](extension, context);
    CHECK_EQ(StorPortFreeWorker(extension, worker), STOR_STATUS_SUCCESS);
    atomic_fetch_add(&mini.calls[AT_WORKITEM], 1);
}

static void
provoke(enum place place)
{
    PVOID worker;
    struct shot *s;

    switch (place) {
    case AT_BUILD:
    case AT_START:
        s = shot_new(rig.unit);
        shot_command(s, SCSIOP_TEST_UNIT_READY, 0, SRB_FLAGS_NO_QUEUE_FREEZE);
        shot_fire(s);
        shot_wait(s);
        break;
    case AT_INTERRUPT:
        adapter_interrupt(rig.adapter);
        break;
    case AT_DPC:
        CHECK(StorPortIssueDpc(mini.extension, &mini.dpc, NULL, NULL));
        break;
    case AT_TIMER:
        StorPortNotification(RequestTimerCall, mini.extension, timer_run, 1000);
        break;
    case AT_SYNCHRONIZED:
        StorPortSynchronizeAccess(mini.extension, synchronized_run, NULL);
        break;
    case AT_WORKITEM:
        CHECK_EQ(StorPortInitializeWorker(mini.extension, &worker), STOR_STATUS_SUCCESS);
        CHECK_EQ(StorPortQueueWorkItem(mini.extension, work_run, worker, NULL),
                 STOR_STATUS_SUCCESS);
        break;
    case AT_CONTROL:
        CHECK_EQ(adapter_stop(rig.adapter), 0);
        CHECK_EQ(adapter_restart(rig.adapter), 0);
        break;
    case AT_RESET_BUS: /* a request that no reset brings back */
        mini.hold = mini.deaf = true;
        s = shot_new(rig.unit);
        s->r->timeout_s = 1;
        shot_fire(s);
        UNTIL(mini.calls[AT_RESET_BUS]);
        shot_wait(s);
        mini.hold = mini.deaf = false;
        break;
    default:
        check_failed(__FILE__, __LINE__, "place %d cannot be provoked", (int)place);
    }
}

void
rig_at(enum place place, place_fn *run)
{
    unsigned before = atomic_load(&mini.calls[place]);

    mini.at[place] = run;
    provoke(place);
    UNTIL(mini.calls[place] > before);
    mini.at[place] = NULL;
}

/* ---- the life of a case ---- */

static void
open_world(bool sim, uint64_t seed)
{
    static const struct rt_registry_provider provider = {provider_get, provider_set, provider_erase,
                                                         NULL};
    struct rt_config config = {.kind = sim ? RT_KIND_SIM : RT_KIND_THREADS,
                               .cpus = current->cpus ? current->cpus : 2,
                               .seed = seed,
                               .dma_remap = current->dma_remap,
                               .log = log_line,
                               .bug = bug};
    struct port_config port = {.verify = current->verify};
    char *text = NULL;

    memset(&rig, 0, sizeof(rig));
    memset(expected, 0, sizeof(expected));
    rig.sim = sim;
    rig.seed = seed;
    log_used = 0;
    log_text[0] = '\0';
    mini_reset();
    if (rt_create(&config, &rig.rt, &text))
        check_failed(__FILE__, __LINE__, "rt_create: %s", text);
    if (!sim)
        rt_thread_attach(rig.rt, false);
    rt_registry_provider_set(rig.rt, &provider);
    CHECK_EQ(finding_init(rig.rt), 0);
    CHECK_EQ(nt_init(rig.rt), 0);
    CHECK_EQ(nt_start(rig.rt, 2), 0);
    CHECK_EQ(port_create(rig.rt, &port, &rig.port), 0);
}

static void
close_world(void)
{
    void *who = NULL;
    size_t left;
    struct rt_symbol symbol = {0};

    rig_stop();
    port_destroy(rig.port);
    CHECK_EQ(nt_finish(rig.rt), 0);
    findings_check();
    finding_finish(rig.rt);
    left = rt_alloc_left(rig.rt, &who);
    if (left) {
        rt_symbol(who, &symbol);
        check_failed(__FILE__, __LINE__, "%zu bytes left, the oldest by %s:%u %s", left,
                     symbol.file, symbol.line, symbol.function);
    }
    CHECK_EQ(rt_arena_used(rig.rt), 0);
    if (!rig.sim)
        rt_thread_detach(rig.rt);
    rt_destroy(rig.rt);
    while (values)
        value_drop(&values);
    free(error_text);
    error_text = NULL;
}

int
harness_main(int argc, char **argv, const struct test_case *cases)
{
    const char *kind = NULL, *name = NULL, *more = getenv("HARNESS_SEEDS");
    uint64_t seeds = more ? strtoull(more, NULL, 0) : SIM_SEEDS;
    unsigned ran = 0;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "threads") || !strcmp(argv[i], "sim"))
            kind = argv[i];
        else
            name = argv[i];
    }
    for (unsigned sim = 0; sim < 2; sim++) {
        if (kind && strcmp(kind, sim ? "sim" : "threads"))
            continue;
        for (current = cases; current->name; current++) {
            if (name && strcmp(name, current->name))
                continue;
            for (uint64_t seed = 1; seed <= (sim ? seeds : 1); seed++) {
                open_world(sim, seed);
                current->run();
                close_world();
                ran++;
            }
        }
    }
    if (!ran)
        check_failed(__FILE__, __LINE__, "no such case");
    return 0;
}
