/*
 * What one request costs in the port: submit, SRB, HwBuildIo, HwStartIo, completion, callback, with
 * the null miniports, on a polling thread that keeps its processor. Beside it, in the same run, the
 * bare cost of the same miniport's entry points in a loop (bare.c). Prints; judges nothing.
 *
 *   bench [--requests N]                    the table
 *   bench --measure DRIVER QD N             one measurement, for instruction counts (count.py)
 */
#include "finding.h"
#include "nt.h"
#include "port.h"
#include "rt_registry.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define DEPTH_MAX 128
#define ROUNDS 5

struct bench {
    struct rt *rt;
    struct port *port;
    unsigned long long requests;
};

/* One thread's part: a unit, its requests, how many are still to come. */
struct load {
    struct bench *bench;
    struct unit *unit;
    unsigned depth;
    unsigned long long left, outstanding;
    struct request *requests[DEPTH_MAX];
    char data[4096];
    double seconds;
    pthread_barrier_t *start;
};

static _Noreturn void
die(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s%s%s\n", what, why ? ": " : "", why ? why : "");
    exit(1);
}

static double
now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void
log_line(void *ctx, enum rt_log_level level, const char *line)
{
    (void)ctx;
    if (level <= RT_LOG_WARNING)
        fprintf(stderr, "%s\n", line);
}

static void
bug(void *ctx, enum rt_bug kind, const char *text)
{
    (void)ctx, (void)kind;
    die("the port stopped", text);
}

static void
found(void *ctx, const struct finding *finding)
{
    die("a finding", finding_format(ctx, finding));
}

/* ---- registry: two units for each adapter ---- */

static int
registry_get(void *ctx, const char *key, const char *name, uint32_t *type, void *data,
             size_t *length)
{
    static const uint32_t two = 2;

    (void)ctx;
    if (!strstr(key, "Parameters\\Device") || strcasecmp(name, "Luns") != 0)
        return -ENOENT;
    if (*length < sizeof(two)) {
        *length = sizeof(two);
        return -ENOSPC;
    }
    *type = 4; /* REG_DWORD */
    *length = sizeof(two);
    memcpy(data, &two, sizeof(two));
    return 0;
}

static int
registry_set(void *ctx, const char *key, const char *name, uint32_t type, const void *data,
             size_t length)
{
    (void)ctx, (void)key, (void)name, (void)type, (void)data, (void)length;
    return 0;
}

static int
registry_erase(void *ctx, const char *key, const char *name)
{
    (void)ctx, (void)key, (void)name;
    return -ENOENT;
}

/* ---- the measured loop ---- */

static void
again(struct request *request)
{
    struct load *load = request->context;

    if (request->srb_status != 1)
        die("a request failed", NULL);
    if (load->left) {
        load->left--;
        unit_submit(request);
    } else {
        load->outstanding--;
    }
}

/* The first command meets a unit attention. */
static void
unit_wake(struct unit *unit)
{
    struct request *request = request_create(unit);

    for (unsigned i = 0; request && i < 3; i++) {
        request->cdb_bytes = 6; /* TEST UNIT READY */
        request->flags = 0x100;
        unit_execute(request);
        if (request->srb_status == 1)
            break;
    }
    request_destroy(request);
}

static void
load_prepare(struct load *load)
{
    unit_wake(load->unit);
    for (unsigned i = 0; i < load->depth; i++) {
        struct request *r = load->requests[i] = request_create(load->unit);
        if (!r)
            die("no memory", NULL);
        r->cdb[0] = 0x28; /* READ(10) of 8 blocks */
        r->cdb[5] = (uint8_t)(i * 8);
        r->cdb[8] = 8;
        r->cdb_bytes = 10;
        r->flags = 0x40 | 0x100; /* DATA_IN, NO_QUEUE_FREEZE */
        r->data_bytes = sizeof(load->data);
        r->segment = (struct io_segment){load->data, sizeof(load->data)};
        r->segments = &r->segment;
        r->segment_count = 1;
        r->done = again;
        r->context = load;
    }
}

/* noinline: callgrind counts what happens between entering and leaving it. */
__attribute__((noinline)) static void
bench_measured(struct load *load)
{
    load->outstanding = load->depth;
    for (unsigned i = 0; i < load->depth; i++)
        unit_submit(load->requests[i]);
    while (load->outstanding)
        rt_poll();
}

static void
load_run(struct load *load, unsigned long long requests)
{
    load->left = requests - load->depth;
    bench_measured(load);
}

static void *
load_thread(void *argument)
{
    struct load *load = argument;
    double began;

    rt_thread_attach(load->bench->rt, true);
    load_prepare(load);
    load_run(load, load->bench->requests / 10 + load->depth);
    if (load->start)
        pthread_barrier_wait(load->start);
    began = now_s();
    load_run(load, load->bench->requests);
    load->seconds = now_s() - began;
    for (unsigned i = 0; i < load->depth; i++)
        request_destroy(load->requests[i]);
    rt_thread_detach(load->bench->rt);
    return NULL;
}

/* ns per request and processor; the best of a few rounds, since others use the machine too. */
static double
measure(struct bench *bench, struct adapter *adapter, unsigned depth, unsigned processors)
{
    double best = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        static struct load loads[2];
        pthread_barrier_t start;
        pthread_t other;
        double seconds;

        memset(loads, 0, sizeof(loads));
        pthread_barrier_init(&start, NULL, 2);
        for (unsigned i = 0; i < processors; i++)
            loads[i] = (struct load){.bench = bench,
                                     .unit = adapter_unit_find(adapter, 0, 0, (uint8_t)i),
                                     .depth = depth,
                                     .start = processors > 1 ? &start : NULL};
        if (!loads[0].unit || (processors > 1 && !loads[1].unit))
            die("the miniport has too few units", NULL);
        if (processors > 1 && pthread_create(&other, NULL, load_thread, &loads[1]))
            die("no thread", NULL);
        load_thread(&loads[0]);
        if (processors > 1)
            pthread_join(other, NULL);
        seconds = loads[0].seconds > loads[1].seconds ? loads[0].seconds : loads[1].seconds;
        for (unsigned i = 0; i < processors; i++)
            unit_put(loads[i].unit);
        pthread_barrier_destroy(&start);
        if (!round || seconds < best)
            best = seconds;
    }
    return best * 1e9 / (double)bench->requests;
}

/* ---- miniports ---- */

static struct driver *
load_driver(struct bench *bench, const char *folder, const char *name, void **image)
{
    char path[4096], *error = NULL;
    struct driver *driver;

    snprintf(path, sizeof(path), "%s/%s.so", folder, name);
    *image = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!*image)
        die(path, dlerror());
    if (driver_load(bench->port, name, dlsym(*image, "DriverEntry"), &driver, &error))
        die(name, error);
    return driver;
}

static struct adapter *
add_adapter(struct driver *driver)
{
    struct adapter *adapter;
    char *error = NULL;

    if (adapter_add(driver, NULL, &adapter, &error))
        die(driver_name(driver), error);
    return adapter;
}

static void
bench_open(struct bench *bench)
{
    static const struct rt_registry_provider registry = {registry_get, registry_set, registry_erase,
                                                         NULL};
    struct rt_config config = {.kind = RT_KIND_THREADS, .cpus = 2, .log = log_line, .bug = bug};
    struct port_config port = {0};
    char *error = NULL;

    if (rt_create(&config, &bench->rt, &error))
        die("rt_create", error);
    rt_thread_attach(bench->rt, false);
    rt_registry_provider_set(bench->rt, &registry);
    if (finding_init(bench->rt) || nt_init(bench->rt) || nt_start(bench->rt, 2) ||
        port_create(bench->rt, &port, &bench->port))
        die("the port does not start", NULL);
    finding_listen(bench->rt, found, bench->rt);
}

static void
bench_close(struct bench *bench)
{
    port_destroy(bench->port);
    nt_finish(bench->rt);
    finding_finish(bench->rt);
    rt_thread_detach(bench->rt);
    rt_destroy(bench->rt);
}

/* ---- the bare loop ---- */

/* One READ through the port shows the bare loop what an SRB looks like. */
static double
bare(struct bench *bench, const char *name, unsigned depth)
{
    struct load load = {.bench = bench, .depth = 1};
    struct driver *driver;
    struct adapter *adapter;
    unsigned long long (*run)(unsigned long long, unsigned);
    unsigned char (*ready)(void);
    void (*arm)(void);
    void *image;
    double best = 0;

    driver = load_driver(bench, BENCH_FOLDER, name, &image);
    adapter = add_adapter(driver);
    *(void **)&run = dlsym(image, "bare_run");
    *(void **)&arm = dlsym(image, "bare_arm");
    *(void **)&ready = dlsym(image, "bare_ready");
    load.unit = adapter_unit_find(adapter, 0, 0, 0);
    load_prepare(&load);
    arm();
    load_run(&load, 1);
    request_destroy(load.requests[0]);
    if (!ready())
        die(name, "no SRB was seen");
    for (unsigned round = 0; round < ROUNDS; round++) {
        double began = now_s();
        if (run(bench->requests, depth) != bench->requests)
            die(name, "the bare loop's requests failed");
        began = now_s() - began;
        if (!round || began < best)
            best = began;
    }
    unit_put(load.unit);
    adapter_remove(adapter);
    driver_unload(driver);
    dlclose(image);
    return best * 1e9 / (double)bench->requests;
}

static void
table(struct bench *bench)
{
    static const char *const names[] = {"null", "null-physical"};
    static const unsigned depths[] = {1, 32, 128};

    printf("%-14s %4s %5s %10s %10s %7s\n", "miniport", "QD", "CPUs", "port, ns", "bare, ns",
           "ratio");
    for (unsigned n = 0; n < 2; n++) {
        char copy[64];
        void *image;
        struct driver *driver = load_driver(bench, DRIVER_FOLDER, names[n], &image);
        struct adapter *adapter = add_adapter(driver);

        snprintf(copy, sizeof(copy), "%s-bare", names[n]);
        for (unsigned d = 0; d < 3; d++) {
            double loop = bare(bench, copy, depths[d]);
            for (unsigned cpus = 1; cpus <= 2; cpus++) {
                double port = measure(bench, adapter, depths[d], cpus);
                printf("%-14s %4u %5u %10.1f %10.1f %7.1f\n", names[n], depths[d], cpus, port, loop,
                       port / loop);
                fflush(stdout);
            }
        }
        adapter_remove(adapter);
        driver_unload(driver);
        dlclose(image);
    }
}

static void
one(struct bench *bench, const char *name, unsigned depth, unsigned long long requests)
{
    struct load load = {.bench = bench, .depth = depth};
    void *image;
    struct driver *driver = load_driver(bench, DRIVER_FOLDER, name, &image);
    struct adapter *adapter = add_adapter(driver);

    if (!depth || depth > DEPTH_MAX || requests < depth)
        die("queue depth and requests do not fit", NULL);
    load.unit = adapter_unit_find(adapter, 0, 0, 0);
    rt_thread_attach(bench->rt, true);
    load_prepare(&load);
    load_run(&load, requests);
    for (unsigned i = 0; i < depth; i++)
        request_destroy(load.requests[i]);
    rt_thread_detach(bench->rt);
    unit_put(load.unit);
    adapter_remove(adapter);
    driver_unload(driver);
    dlclose(image);
}

int
main(int argc, char **argv)
{
    struct bench bench = {.requests = 2000000};

    bench_open(&bench);
    if (argc == 5 && !strcmp(argv[1], "--measure")) {
        one(&bench, argv[2], (unsigned)atoi(argv[3]), strtoull(argv[4], NULL, 10));
    } else if (argc == 1 || (argc == 3 && !strcmp(argv[1], "--requests"))) {
        if (argc == 3)
            bench.requests = strtoull(argv[2], NULL, 10);
        if (bench.requests < DEPTH_MAX)
            die("--requests takes a number of at least 128", NULL);
        table(&bench);
    } else {
        die("usage: bench [--requests N] | bench --measure DRIVER QD N", NULL);
    }
    bench_close(&bench);
    return 0;
}
