/*
 * Clients that write, trim, zero and flush at random, over each other as well, and log what they
 * were promised. Half of them flush now and then what has just ended, as after fsync.
 */
#include "crash_world.h"

#define OPERATIONS_MAX 40u
#define PAUSE_NS 2000000u

static void
slot_done(struct disk_io *io)
{
    struct slot *slot = io->context;
    struct world *world = slot->client->world;

    if (io->error)
        world_fault(world, "an operation of kind %d at %llu failed with error %d", (int)io->op,
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

void
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
