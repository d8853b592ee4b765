/*
 * One run of filedisk on the simulated file: clients that write, trim, zero and flush at random,
 * over each other as well, and the log of what they were promised. Shape of the disk, number of
 * clients, threads of the driver and processors are drawn from the seed.
 */
#include "crash.h"

#include "disk.h"
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

#define CLIENTS_MAX 4u
#define SLOTS 4u
#define BLOCKS_MAX 24u /* sectors of one request */
#define OPERATIONS_MAX 40u
#define PAUSE_NS 2000000u
#define REG_SZ_TYPE 1u
#define REG_DWORD_TYPE 4u

struct slot {
    struct client *client;
    struct disk_io io;
    size_t requests[2]; /* in the log: the promise, and the edges of a trim; CRASH_NONE: none */
    bool busy;
    uint8_t buffer[BLOCKS_MAX * CRASH_SECTOR] __attribute__((aligned(4096)));
};

struct client {
    struct world *world;
    struct rt_thread *thread;
    uint64_t random;
    bool careful; /* a flush follows what has ended, and nothing overtakes it: as after fsync */
    struct slot slots[SLOTS];
};

struct world {
    struct crash_run *run;
    struct crash_log *log;
    struct rt *rt;
    struct port *port;
    struct driver *driver;
    struct adapter *adapter;
    struct unit *unit;
    struct disk *disk;
    void *image;
    uint64_t random;
    uint32_t cpus, clients, threads, block_bytes, write_cache, depth, transfer;
    struct crash_file file;
    struct client client[CLIENTS_MAX];
};

static void
fault(struct world *world, const char *format, ...)
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
    fault(ctx, "finding %s: %s", finding_rule_name(finding->rule), finding->text);
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
    uint32_t *bug;
    void *entry;
    char *error = NULL;

    world->image = dlopen(world->run->driver, RTLD_NOW | RTLD_LOCAL);
    if (!world->image) {
        fault(world, "%s", dlerror());
        return false;
    }
    bug = dlsym(world->image, "CrashBug");
    world->file.lies = world->run->bug == CRASH_BUG_LYING_SYNC;
    if (bug)
        *bug = world->run->bug;
    else if (world->run->bug && !world->file.lies)
        fault(world, "%s has no planted faults", world->run->driver);
    entry = dlsym(world->image, "DriverEntry");
    if (driver_load(world->port, "filedisk", entry, &world->driver, &error) ||
        adapter_add(world->driver, NULL, &world->adapter, &error) ||
        !(world->unit = adapter_unit_find(world->adapter, 0, 0, 0)) ||
        disk_open(world->unit, &world->disk, &error)) {
        fault(world, "start: %s", error ? error : "no unit");
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
        fault(world, "%s", error);
        free(error);
        return false;
    }
    rt_registry_provider_set(world->rt, &registry);
    world->file.log = world->log;
    world->file.random = crash_mix(&world->random);
    crash_file_attach(&world->file, world->rt);
    if (finding_init(world->rt) || nt_init(world->rt) || nt_start(world->rt, 2) ||
        port_create(world->rt, &port, &world->port)) {
        fault(world, "no memory for a host");
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
            fault(world, "threads are left");
        finding_finish(world->rt);
        if (rt_alloc_left(world->rt, &where))
            fault(world, "%zu bytes were not freed", rt_alloc_left(world->rt, &where));
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

/* ---- clients ---- */

static void
slot_done(struct disk_io *io)
{
    struct slot *slot = io->context;
    struct world *world = slot->client->world;

    if (io->error)
        fault(world, "an operation of kind %d at %llu failed with error %d", (int)io->op,
              (unsigned long long)io->offset, -io->error);
    for (unsigned i = 0; i < 2; i++) {
        if (slot->requests[i] != CRASH_NONE && !io->error)
            crash_log_end(world->log, slot->requests[i]);
    }
    __atomic_store_n(&slot->busy, false, __ATOMIC_RELEASE);
    rt_unpark(slot->client->thread);
}

static void
slot_wait(struct slot *slot)
{
    while (__atomic_load_n(&slot->busy, __ATOMIC_ACQUIRE))
        rt_park(RT_FOREVER);
}

/* A trim may leave out what is no whole granule (disk.h, NBD_CMD_TRIM alike): then the sectors hold
 * what they held, or zeros. */
static void
slot_log_trim(struct slot *slot, struct crash_request *whole)
{
    struct world *world = slot->client->world;
    const struct disk_info *info = disk_info(world->disk);
    uint32_t granule =
        info->unmap_granularity_bytes ? info->unmap_granularity_bytes : info->block_bytes;
    struct crash_request inner = *whole;
    uint32_t first, end;

    granule /= CRASH_SECTOR;
    first = (whole->first + granule - 1) / granule * granule;
    end = (whole->first + whole->count) / granule * granule;
    whole->promise = CRASH_PROMISE_NOTHING;
    slot->requests[0] = crash_log_request(world->log, whole);
    if (first >= end || !info->unmap_reads_zero)
        return;
    inner.first = first;
    inner.count = end - first;
    slot->requests[1] = crash_log_request(world->log, &inner);
}

static void
slot_log(struct slot *slot)
{
    struct world *world = slot->client->world;
    struct disk_io *io = &slot->io;
    struct crash_request request = {
        .flushes = io->op == DISK_FLUSH,
        .changes = io->op != DISK_FLUSH && io->op != DISK_READ,
        .promise =
            io->flags & DISK_FUA || !world->write_cache ? CRASH_PROMISE_END : CRASH_PROMISE_FLUSH,
        .first = (uint32_t)(io->offset / CRASH_SECTOR),
        .count = (uint32_t)(io->bytes / CRASH_SECTOR),
    };

    slot->requests[0] = slot->requests[1] = CRASH_NONE;
    if (io->op == DISK_READ)
        return;
    if (io->op == DISK_TRIM) {
        slot_log_trim(slot, &request);
        return;
    }
    if (io->op == DISK_WRITE)
        request.value = (uint32_t)world->log->request_count + 1;
    slot->requests[0] = crash_log_request(world->log, &request);
    for (uint32_t i = 0; io->op == DISK_WRITE && i < request.count; i++)
        crash_fill(world->log, request.first + i, request.value,
                   slot->buffer + (size_t)i * CRASH_SECTOR);
}

static void
slot_draw(struct slot *slot, bool flush)
{
    uint64_t *random = &slot->client->random;
    struct disk_io *io = &slot->io;
    unsigned kind = crash_draw(random, 100), count = 1 + crash_draw(random, BLOCKS_MAX);

    if (flush)
        kind = 60;
    *io = (struct disk_io){.buffer = slot->buffer, .done = slot_done, .context = slot};
    io->op = kind < 60   ? DISK_WRITE
             : kind < 74 ? DISK_FLUSH
             : kind < 84 ? DISK_TRIM
             : kind < 93 ? DISK_ZERO
                         : DISK_READ;
    if (io->op == DISK_FLUSH)
        return;
    io->offset = (uint64_t)crash_draw(random, CRASH_SECTORS - count + 1) * CRASH_SECTOR;
    io->bytes = (uint64_t)count * CRASH_SECTOR;
    if (io->op != DISK_READ && crash_draw(random, 5) == 0)
        io->flags |= DISK_FUA;
    if (io->op == DISK_ZERO && crash_draw(random, 2))
        io->flags |= DISK_MAY_TRIM;
}

static void
slot_start(struct slot *slot, bool flush)
{
    slot_wait(slot);
    slot_draw(slot, flush);
    slot_log(slot);
    slot->busy = true;
    disk_submit(slot->client->world->disk, &slot->io);
}

static void
client_run(void *ctx)
{
    struct client *client = ctx;
    unsigned operations = 4 + crash_draw(&client->random, OPERATIONS_MAX - 3);

    client->careful = crash_draw(&client->random, 2);
    for (unsigned i = 0; i < operations; i++) {
        struct slot *slot = &client->slots[crash_draw(&client->random, SLOTS)];
        slot_start(slot, false);
        if (client->careful && crash_draw(&client->random, 3) == 0) {
            slot_wait(slot);
            slot_start(slot, true);
            slot_wait(slot);
        }
        if (crash_draw(&client->random, 3) == 0)
            rt_sleep_ns(crash_draw(&client->random, PAUSE_NS));
    }
    for (unsigned i = 0; i < SLOTS; i++)
        slot_wait(&client->slots[i]);
}

static void
clients_run(struct world *world)
{
    for (unsigned c = 0; c < world->clients; c++) {
        struct client *client = &world->client[c];
        client->world = world;
        client->random = crash_mix(&world->random);
        for (unsigned s = 0; s < SLOTS; s++)
            client->slots[s].client = client;
        client->thread = rt_thread_create(world->rt, "client", client_run, client);
    }
    for (unsigned c = 0; c < world->clients; c++)
        rt_thread_join(world->client[c].thread);
}

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
            fault(world, "after the cut sector %u reads with error %d", sector, -error);
            return;
        }
        crash_fill(world->log, sector, sector < image->size ? image->values[sector] : 0, wanted);
        if (memcmp(wanted, slot->buffer, CRASH_SECTOR)) {
            fault(world, "after the cut sector %u reads as something else", sector);
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
