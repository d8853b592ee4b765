/*
 * The embedding API: two hosts side by side with drivers of their own, adapters that come and go,
 * callers on several threads, structures of another size. Run from the build folder.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <storport/host.h>

static int failures;

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #x);                        \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

static void
finding_told(void *context, const char *rule, const char *text)
{
    (void)context;
    fprintf(stderr, "finding %s: %s\n", rule, text);
    failures++;
}

static struct storport_host *
host_make(unsigned processors)
{
    struct storport_host_config config = {
        .size = sizeof(config), .processors = processors, .verify = true, .finding = finding_told};
    struct storport_host *host = NULL;
    char *error = NULL;
    int code = storport_host_create(&config, &host, &error);

    if (code) {
        fprintf(stderr, "create: %s\n", error ? error : strerror(-code));
        exit(1);
    }
    return host;
}

static struct storport_adapter *
adapter_make(struct storport_host *host, struct storport_driver **driver, const char *option)
{
    struct storport_adapter *adapter = NULL;
    char *error = NULL;
    int code = *driver ? 0 : storport_driver_load(host, "ramdisk", driver, &error);

    if (!code)
        code = storport_adapter_add(*driver, &option, 1, &adapter, &error);
    if (code) {
        fprintf(stderr, "ramdisk: %s\n", error ? error : strerror(-code));
        exit(1);
    }
    return adapter;
}

static void
host_end(struct storport_host *host)
{
    char *leaks;

    CHECK(storport_host_findings(host) == 0);
    storport_host_destroy(host, &leaks);
    if (leaks) {
        fprintf(stderr, "left: %s\n", leaks);
        failures++;
    }
    free(leaks);
}

static uint64_t
unit_bytes(struct storport_host *host, const char *name)
{
    struct storport_unit_info info = {.size = sizeof(info)};
    struct storport_unit *unit = storport_unit_find(host, name);

    if (unit)
        CHECK(storport_unit_info(unit, &info, NULL) == 0);
    storport_unit_put(unit);
    return info.bytes;
}

/* Same driver, same unit name, other data: nothing is shared. */
static void
test_two_hosts(void)
{
    struct storport_host *a = host_make(1), *b = host_make(2);
    struct storport_driver *driver_a = NULL, *driver_b = NULL;
    struct storport_unit *unit_a, *unit_b;
    char text[6] = "";

    adapter_make(a, &driver_a, "SizeMB=4");
    adapter_make(b, &driver_b, "SizeMB=8");
    CHECK(unit_bytes(a, "0.0.0.0") == 4u << 20);
    CHECK(unit_bytes(b, "0.0.0.0") == 8u << 20);
    unit_a = storport_unit_find(a, "");
    unit_b = storport_unit_find(b, "");
    CHECK(unit_a && unit_b);
    CHECK(storport_write(unit_a, "alpha", 6, 700, 0) == 0);
    CHECK(storport_write(unit_b, "beta!", 6, 700, STORPORT_FUA) == 0);
    CHECK(storport_read(unit_a, text, 6, 700) == 0 && !strcmp(text, "alpha"));
    CHECK(storport_read(unit_b, text, 6, 700) == 0 && !strcmp(text, "beta!"));
    CHECK(storport_flush(unit_a) == 0);
    storport_unit_put(unit_a);
    host_end(a);
    CHECK(storport_read(unit_b, text, 6, 700) == 0 && !strcmp(text, "beta!"));
    storport_unit_put(unit_b);
    host_end(b);
}

/* Adapters of one driver, each with its own options; removal makes handles stale, not dangling. */
static void
test_adapters(void)
{
    struct storport_host *host = host_make(2);
    struct storport_driver *driver = NULL;
    struct storport_adapter *first = adapter_make(host, &driver, "SizeMB=4"), *third;
    struct storport_unit *unit, *next;
    const char *bad = "NoSuchOption=1";
    char *error = NULL, byte;
    unsigned count = 0;

    adapter_make(host, &driver, "SizeMB=8");
    CHECK(unit_bytes(host, "1.0.0.0") == 8u << 20);
    CHECK(storport_adapter_add(driver, &bad, 1, &third, &error) == -EINVAL && error);
    free(error);
    third = adapter_make(host, &driver, "SizeMB=2");
    for (unit = storport_unit_next(host, NULL); unit; unit = next, count++) {
        next = storport_unit_next(host, unit);
        storport_unit_put(unit);
    }
    CHECK(count == 3);

    CHECK(storport_adapter_stop(third) == 0 && storport_adapter_restart(third) == 0);
    unit = storport_unit_find(host, "0.0.0.0");
    CHECK(unit && storport_read(unit, &byte, 1, 0) == 0);
    storport_adapter_remove(first, false);
    CHECK(storport_read(unit, &byte, 1, 0) == -ENODEV);
    storport_unit_put(unit);
    CHECK(!storport_unit_find(host, "0.0.0.0"));
    unit = storport_unit_find(host, "1.0.0.0");
    CHECK(unit && storport_write(unit, "x", 1, (8u << 20) - 1, 0) == 0);
    CHECK(storport_write(unit, "xy", 2, (8u << 20) - 1, 0) < 0);
    storport_adapter_remove(third, true);
    storport_unit_put(unit);
    host_end(host);
}

/* A program built with an older, shorter structure gets what fits and nothing more. */
static void
test_sizes(void)
{
    struct storport_host *host = host_make(1);
    struct storport_driver *driver = NULL;
    struct storport_unit_info info;
    struct storport_unit *unit;
    struct storport_cdb cdb = {.size = sizeof(cdb), .cdb_bytes = 6, .cdb = {0x12, 0, 0, 0, 36}};
    uint8_t inquiry[36];

    adapter_make(host, &driver, "SizeMB=4");
    unit = storport_unit_find(host, "");
    memset(&info, 0x5A, sizeof(info));
    info.size = offsetof(struct storport_unit_info, vendor);
    CHECK(unit && storport_unit_info(unit, &info, NULL) == 0);
    CHECK(!strcmp(info.name, "0.0.0.0") && !strcmp(info.driver, "ramdisk"));
    CHECK(info.vendor[0] == 0x5A);
    cdb.direction = -1;
    cdb.data = inquiry;
    cdb.data_bytes = sizeof(inquiry);
    CHECK(storport_execute_cdb(unit, &cdb) == 0 && cdb.srb_status == 1 && cdb.moved_bytes == 36);
    CHECK((inquiry[0] & 0x1F) == 0);
    cdb.direction = 2;
    CHECK(storport_execute_cdb(unit, &cdb) == -EINVAL);
    storport_unit_put(unit);
    host_end(host);
}

#define WRITERS 4
#define ROUNDS 400

struct writer {
    struct storport_unit *unit;
    unsigned number;
    bool good;
};

static void *
writer_run(void *context)
{
    struct writer *writer = context;
    unsigned char block[1500], back[1500];

    writer->good = true;
    for (unsigned round = 0; round < ROUNDS && writer->good; round++) {
        uint64_t offset = ((uint64_t)writer->number << 20) + (round * 977) % 900000;
        memset(block, (int)(round ^ writer->number * 31), sizeof(block));
        writer->good = !storport_write(writer->unit, block, sizeof(block), offset, 0) &&
                       !storport_read(writer->unit, back, sizeof(back), offset) &&
                       !memcmp(block, back, sizeof(block));
    }
    return NULL;
}

/* More callers than processors, none of them attached beforehand. */
static void
test_threads(void)
{
    struct storport_host *host = host_make(2);
    struct storport_driver *driver = NULL;
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    struct storport_unit *unit;

    adapter_make(host, &driver, "SizeMB=8");
    unit = storport_unit_find(host, "");
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.unit = unit, .number = i};
        CHECK(pthread_create(&threads[i], NULL, writer_run, &writers[i]) == 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(writers[i].good);
    }
    storport_unit_put(unit);
    host_end(host);
}

/* One seeded run in the simulator: hash of its trace. */
static uint64_t
simulate(uint64_t seed)
{
    struct storport_host_config config = {.size = sizeof(config),
                                          .executor = STORPORT_SIM,
                                          .processors = 2,
                                          .seed = seed,
                                          .finding = finding_told};
    struct storport_host *host;
    struct storport_driver *driver = NULL;
    struct storport_unit *unit;
    char text[3000], *trace, *error = NULL;
    uint64_t hash;

    if (storport_host_create(&config, &host, &error)) {
        fprintf(stderr, "simulator: %s\n", error ? error : "?");
        exit(1);
    }
    adapter_make(host, &driver, "SizeMB=1");
    unit = storport_unit_find(host, "");
    memset(text, 'x', sizeof(text));
    CHECK(unit && storport_write(unit, text, sizeof(text), 77, STORPORT_FUA) == 0);
    CHECK(storport_read(unit, text, sizeof(text), 1000) == 0 && text[0] == 'x');
    CHECK(storport_flush(unit) == 0);
    trace = storport_trace_text(host, 0);
    CHECK(trace && strstr(trace, " SUBMIT") && strstr(trace, "request="));
    free(trace);
    storport_unit_put(unit);
    hash = storport_trace_hash(host);
    host_end(host);
    return hash;
}

/* The same seed is the same run, whatever ran before it. */
static void
test_simulator(void)
{
    uint64_t hash = simulate(7);

    simulate(8);
    CHECK(simulate(7) == hash);
}

int
main(void)
{
    test_two_hosts();
    test_adapters();
    test_sizes();
    test_threads();
    test_simulator();
    return failures ? 1 : 0;
}
