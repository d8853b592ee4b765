/*
 * The floor on the real port and a miniport with tight limits, in both executors: what is written
 * is read, whatever offset, size and place in memory; trouble is retried, frozen queues are
 * released.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "finding.h"
#include "miniport.h"
#include "nt.h"

#define THREADS 3
#define PART (MINIPORT_BYTES / THREADS)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: seed %u: %s\n", __FILE__, __LINE__, seed, #condition);         \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static unsigned seed, rounds;
static struct rt *rt;
static struct disk *disk;

static int
run_io(enum disk_op op, unsigned flags, uint64_t offset, void *buffer, uint64_t bytes)
{
    struct disk_io io = {
        .op = op, .flags = flags, .offset = offset, .buffer = buffer, .bytes = bytes};
    return disk_execute(disk, &io);
}

/* Each thread has a third of the disk; thirds share their border blocks. */
static void
worker(void *ctx)
{
    uint64_t base = (uint64_t)(uintptr_t)ctx * PART;
    uint8_t *shadow = calloc(1, PART), *memory = malloc(PART + 4096);

    for (unsigned n = 0; n < rounds; n++) {
        uint64_t offset = rt_random(rt) % PART, bytes = 1 + rt_random(rt) % 40000;
        uint8_t *at = memory + rt_random(rt) % 4096;
        if (rt_random(rt) % 2)
            offset &= ~511ull, bytes = (bytes + 511) & ~511ull;
        if (n % 8 == 0)
            offset = n % 16 ? PART - PART / 64 : 0;
        if (bytes > PART - offset)
            bytes = PART - offset;
        if (rt_random(rt) % 3 == 0) {
            CHECK(run_io(DISK_READ, 0, base + offset, at, bytes) == 0);
            CHECK(!memcmp(at, shadow + offset, bytes));
            continue;
        }
        bool zero = rt_random(rt) % 6 == 0;
        memset(shadow + offset, zero ? 0 : (int)rt_random(rt), bytes);
        memcpy(at, shadow + offset, bytes);
        unsigned flags = rt_random(rt) % 4 ? 0 : DISK_FUA;
        CHECK(run_io(zero ? DISK_ZERO : DISK_WRITE, flags, base + offset, at, bytes) == 0);
    }
    CHECK(run_io(DISK_READ, 0, base, memory, PART) == 0);
    CHECK(!memcmp(memory, shadow, PART));
    free(shadow);
    free(memory);
}

static void
run_disk(struct adapter *adapter)
{
    struct rt_thread *threads[THREADS];
    struct disk_stats stats;
    char *error = NULL;
    struct unit *unit = adapter_unit_next(adapter, NULL);

    CHECK(unit);
    int result = disk_open(unit, &disk, &error);
    if (result)
        fprintf(stderr, "%s\n", error);
    CHECK(!result);
    unit_put(unit);
    CHECK(disk_info(disk)->bytes == MINIPORT_BYTES);
    CHECK(disk_info(disk)->transfer_max_bytes == 16384);
    for (unsigned i = 0; i < THREADS; i++)
        threads[i] = rt_thread_create(rt, "worker", worker, (void *)(uintptr_t)i);
    for (unsigned i = 0; i < THREADS; i++)
        rt_thread_join(threads[i]);
    CHECK(run_io(DISK_FLUSH, 0, 0, NULL, 0) == 0);
    CHECK(miniport_flushes > 1);
    CHECK(run_io(DISK_TRIM, 0, 0, NULL, 512) < 0);
    disk_stats(disk, &stats);
    CHECK(stats.retries && stats.splits && stats.read_modify_writes);
    disk_close(disk);
}

static void
run(enum rt_kind kind)
{
    struct rt_config config = {.kind = kind, .cpus = 2, .seed = seed};
    struct port_config port_config = {.verify = true};
    struct adapter *adapter;
    struct driver *driver;
    struct port *port;
    char *error = NULL;

    CHECK(rt_create(&config, &rt, &error) == 0);
    rt_thread_attach(rt, false);
    CHECK(finding_init(rt) == 0 && nt_init(rt) == 0 && nt_start(rt, 2) == 0);
    CHECK(port_create(rt, &port_config, &port) == 0);
    CHECK(driver_load(port, "tiny", (void *)miniport_entry, &driver, &error) == 0);
    CHECK(adapter_add(driver, NULL, &adapter, &error) == 0);
    run_disk(adapter);
    adapter_remove(adapter);
    driver_unload(driver);
    for (unsigned i = 0; i < finding_count(rt); i++) {
        struct finding finding;
        CHECK(finding_get(rt, i, &finding));
        fprintf(stderr, "finding %s: %s\n", finding_rule_name(finding.rule), finding.text);
    }
    CHECK(finding_count(rt) == 0);
    port_destroy(port);
    nt_finish(rt);
    finding_finish(rt);
    rt_thread_detach(rt);
    rt_destroy(rt);
}

int
main(int argc, char **argv)
{
    unsigned seeds = argc > 1 ? (unsigned)atoi(argv[1]) : 10;

    rounds = 30;
    for (seed = 1; seed <= seeds; seed++)
        run(RT_KIND_SIM);
    rounds = 400;
    run(RT_KIND_THREADS);
    return 0;
}
