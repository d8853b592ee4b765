/*
 * One run of filedisk on the simulated file: the host and all in it but the clients; and, after a
 * cut, the run that opens what is left. Shape of the disk, number of clients, threads of the driver
 * and processors are drawn from the seed.
 */
#include "crash_world.h"

#include "finding.h"
#include "nt.h"
#include "port.h"
#include "rt.h"
#include "rt_registry.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REG_SZ_TYPE 1u
#define REG_DWORD_TYPE 4u

void
world_fault(struct world *world, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (!world->run->fault[0])
        vsnprintf(world->run->fault, sizeof(world->run->fault), format, args);
    va_end(args);
}

/* ---- what the world tells ---- */

static void
log_line(void *ctx, enum rt_log_level level, const char *line)
{
    if (((struct world *)ctx)->run->verbose || level == RT_LOG_ERROR)
        fprintf(stderr, "%s\n", line);
}

static void
bug_told(void *ctx, enum rt_bug bug, const char *text)
{
    struct world *world = ctx;

    printf("seed %llu: bug %d: %s\n", (unsigned long long)world->run->seed, (int)bug, text);
    fflush(stdout);
    _Exit(2);
}

static void
finding_told(void *ctx, const struct finding *finding)
{
    world_fault(ctx, "finding %s: %s", finding_rule_name(finding->rule), finding->text);
}

static bool
registry_number(const struct world *world, const char *name, uint32_t *value)
{
    const struct {
        const char *name;
        uint32_t value;
    } numbers[] = {
        {"Size", CRASH_SECTORS * CRASH_SECTOR}, {"Threads", world->threads},
        {"BlockSize", world->block_bytes},      {"WriteCache", world->write_cache},
        {"QueueDepth", world->depth},           {"MaximumTransferLength", world->transfer},
    };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        *value = numbers[i].value;
        if (!strcmp(name, numbers[i].name))
            return true;
    }
    return false;
}

static int
registry_get(void *ctx, const char *key, const char *name, uint32_t *type, void *data,
             size_t *length)
{
    static const uint16_t path[] = {'/', 'c', 'r', 'a', 's', 'h', '.', 'i', 'm', 'g', 0};
    const void *from = path;
    size_t bytes = sizeof(path);
    uint32_t value;

    (void)key;
    *type = REG_SZ_TYPE;
    if (strcmp(name, "Image")) {
        if (!registry_number(ctx, name, &value))
            return -ENOENT;
        *type = REG_DWORD_TYPE;
        from = &value;
        bytes = sizeof(value);
    }
    if (*length < bytes)
        return -ENOSPC;
    memcpy(data, from, bytes);
    *length = bytes;
    return 0;
}

/* ---- the world ---- */

static void
world_draw(struct world *world)
{
    uint64_t *random = &world->random;

    world->cpus = 1 + crash_draw(random, 3);
    world->clients = 1 + crash_draw(random, CLIENTS_MAX);
    world->threads = 1 + crash_draw(random, 6);
    world->block_bytes = crash_draw(random, 3) ? 512 : 4096;
    world->write_cache = crash_draw(random, 6) != 0;
    world->depth = 1 + crash_draw(random, 32);
    world->transfer = 4096u << crash_draw(random, 3);
}

static bool
world_load(struct world *world)
{
    void (*start)(uint32_t bug);
    void *entry;
    char *error = NULL;

    /* It stays in the process: loaded anew each time it could come to lie where a fiber's stack
     * was, and AddressSanitizer takes its tables for what that stack had there. */
    world->image = dlopen(world->run->driver, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!world->image) {
        world_fault(world, "%s", dlerror());
        return false;
    }
    start = dlsym(world->image, "CrashStart");
    world->file.lies = world->run->bug == CRASH_BUG_LYING_SYNC;
    if (start)
        start(world->run->bug);
    else if (world->run->bug && !world->file.lies)
        world_fault(world, "%s has no planted faults", world->run->driver);
    entry = dlsym(world->image, "DriverEntry");
    if (driver_load(world->port, "filedisk", entry, &world->driver, &error) ||
        adapter_add(world->driver, NULL, &world->adapter, &error) ||
        !(world->unit = adapter_unit_find(world->adapter, 0, 0, 0)) ||
        disk_open(world->unit, &world->disk, &error)) {
        world_fault(world, "start: %s", error ? error : "no unit");
        free(error);
        return false;
    }
    return true;
}

static bool
world_open(struct world *world)
{
    struct rt_config rt = {.kind = RT_KIND_SIM,
                           .cpus = world->cpus,
                           .seed = world->run->seed,
                           .arena_bytes = 16u << 20,
                           .log = log_line,
                           .bug = bug_told,
                           .ctx = world};
    struct port_config port = {.verify = true};
    struct rt_registry_provider registry = {.get = registry_get, .ctx = world};
    char *error = NULL;

    if (rt_create(&rt, &world->rt, &error)) {
        world_fault(world, "%s", error);
        free(error);
        return false;
    }
    rt_registry_provider_set(world->rt, &registry);
    world->file.log = world->log;
    world->file.random = crash_mix(&world->random);
    crash_file_attach(&world->file, world->rt);
    if (finding_init(world->rt) || nt_init(world->rt) || nt_start(world->rt, 2) ||
        port_create(world->rt, &port, &world->port)) {
        world_fault(world, "no memory for a host");
        return false;
    }
    finding_listen(world->rt, finding_told, world);
    return world_load(world);
}

static void
world_close(struct world *world)
{
    void *where = NULL;

    if (world->disk)
        disk_close(world->disk);
    unit_put(world->unit);
    if (world->adapter)
        adapter_remove(world->adapter);
    if (world->driver)
        driver_unload(world->driver);
    if (world->port)
        port_destroy(world->port);
    if (world->rt) {
        if (nt_finish(world->rt))
            world_fault(world, "threads are left");
        finding_finish(world->rt);
        if (rt_alloc_left(world->rt, &where))
            world_fault(world, "%zu bytes were not freed", rt_alloc_left(world->rt, &where));
        rt_destroy(world->rt);
    }
    if (world->image)
        dlclose(world->image);
}

static struct world *
world_create(struct crash_run *run, struct crash_log *log)
{
    struct world *world = aligned_alloc(4096, (sizeof(*world) + 4095) & ~(size_t)4095);

    if (!world)
        abort();
    memset(world, 0, sizeof(*world));
    world->run = run;
    world->log = log;
    world->random = run->seed * 0x9e3779b97f4a7c15ull;
    world_draw(world);
    return world;
}

/* ---- the runs ---- */

/* disk_close flushes: a promise like any other. */
static void
last_flush(struct world *world)
{
    const struct crash_request flush = {.flushes = true};
    size_t id = crash_log_request(world->log, &flush);

    disk_close(world->disk);
    world->disk = NULL;
    crash_log_end(world->log, id);
}

bool
crash_run(struct crash_run *run, struct crash_log *log)
{
    struct world *world = world_create(run, log);

    run->fault[0] = '\0';
    log->seed = run->seed;
    if (world_open(world)) {
        clients_run(world);
        last_flush(world);
    }
    world_close(world);
    free(world);
    return !run->fault[0];
}

/* ---- after the cut ---- */

static void
recover_read(struct world *world, const struct crash_image *image)
{
    struct slot *slot = &world->client[0].slots[0];
    uint8_t wanted[CRASH_SECTOR];

    for (uint32_t sector = 0; sector < CRASH_SECTORS; sector++) {
        slot->io = (struct disk_io){.op = DISK_READ,
                                    .offset = (uint64_t)sector * CRASH_SECTOR,
                                    .bytes = CRASH_SECTOR,
                                    .buffer = slot->buffer};
        int error = disk_execute(world->disk, &slot->io);
        if (error) {
            world_fault(world, "after the cut sector %u reads with error %d", sector, -error);
            return;
        }
        crash_fill(world->log, sector, sector < image->size ? image->values[sector] : 0, wanted);
        if (memcmp(wanted, slot->buffer, CRASH_SECTOR)) {
            world_fault(world, "after the cut sector %u reads as something else", sector);
            return;
        }
    }
}

bool
crash_recover(struct crash_run *run, struct crash_log *log, const struct crash_image *image)
{
    struct world *world = world_create(run, log);

    run->fault[0] = '\0';
    world->file.exists = image->size != 0;
    world->file.bytes = (uint64_t)image->size * CRASH_SECTOR;
    for (uint32_t i = 0; i < image->size; i++)
        crash_fill(log, i, image->values[i], world->file.live + (size_t)i * CRASH_SECTOR);
    if (world_open(world))
        recover_read(world, image);
    world_close(world);
    free(world);
    return !run->fault[0];
}
