/*
 * One storm. Everything that differs between runs is drawn from the seed: the mode of the miniport,
 * processors, units, depth, the clients' operations, stops and restarts, the way it ends.
 */
#include "storm.h"

#include "finding.h"
#include "nt.h"
#include "port.h"
#include "rt.h"
#include "rt_registry.h"
#include "rt_symbol.h"
#include "trace.h"

#include <ntddk.h>
#include <storport.h>

#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 512u
#define LUN_BLOCKS 64u
#define SHARE (LUN_BLOCKS * 4u)
#define CLIENTS 3u
#define SLOTS 4u
#define SRB_FLAGS_IN 0x40u
#define SRB_FLAGS_OUT 0x80u
#define SRB_FLAGS_NO_FREEZE 0x100u
#define SRB_SUCCESS 1u
#define SRB_OVERRUN 0x12u
#define PATIENCE_NS (150ull * 1000000000)

/* A range of blocks that only this slot touches, and what must be there. */
struct slot {
    struct client *client;
    struct request *request;
    uint32_t lba, blocks;
    uint8_t lun;
    bool write, busy, known;
    unsigned dones;
    uint32_t version;
    struct io_segment pieces[2];
    uint8_t buffer[4 * BLOCK];
    uint8_t expected[4 * BLOCK];
};

struct client {
    struct storm *storm;
    struct rt_thread *thread; /* whom to join */
    struct rt_thread *self;   /* whom `done` wakes: set by the client before it submits */
    rt_word waking;           /* held by `done` while it does */
    unsigned index;
    uint64_t random;
    struct slot slots[SLOTS];
};

struct storm {
    const struct storm_config *config;
    struct storm_result *result;
    struct rt *rt;
    struct port *port;
    struct driver *driver;
    struct adapter *adapter;
    void *image;
    uint64_t random;
    unsigned mode, luns, depth, cpus;
    bool lossy;   /* the miniport loses requests: that must be told, and nothing else */
    bool quiet;   /* nothing moves but what hush() does: a missed restart shows */
    bool chained; /* it completes inline, and a client's done submits again and again */
    struct client clients[CLIENTS];
    atomic_uint running, requests;
    rt_word lock;
    atomic_bool device_stop, doorbell;
    struct rt_thread *device;
    rt_word plug;
    bool unplugged; /* plug: the adapter is gone, for the device too */
    atomic_bool removed, chain_over;
    jmp_buf abort;
    bool aborted;
    bool lost_told;
    unsigned links; /* of the chain, left */
};

static struct storm *the_storm; /* for the miniport's callbacks, which carry no context of ours */

static uint64_t
mix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

static unsigned
draw(uint64_t *state, unsigned below)
{
    return (unsigned)(mix(state) % below);
}

static void
fault(struct storm *storm, const char *format, ...)
{
    struct storm_result *r = storm->result;
    va_list args;

    va_start(args, format);
    if (!r->faults++)
        vsnprintf(r->first_fault, sizeof(r->first_fault), format, args);
    va_end(args);
}

/* ---- what the miniport and the port tell ---- */

static void
miniport_fails(const char *what)
{
    fault(the_storm, "miniport: %s", what);
}

static void
doorbell(void *extension)
{
    (void)extension;
    atomic_store(&the_storm->doorbell, true);
    if (the_storm->device)
        rt_unpark(the_storm->device);
}

static void
device_run(void *ctx)
{
    struct storm *storm = ctx;
    uint64_t random = storm->config->seed ^ 0xd0075;

    while (!atomic_load(&storm->device_stop)) {
        if (!atomic_exchange(&storm->doorbell, false)) {
            rt_park(RT_FOREVER);
            continue;
        }
        rt_sleep_ns(storm->config->threads ? 1000 : 1000 + draw(&random, 300000));
        rt_word_acquire(&storm->plug);
        if (!storm->unplugged)
            adapter_interrupt(storm->adapter);
        rt_word_release(&storm->plug);
    }
}

/* The device interrupts until the adapter is removed; afterwards its memory goes. */
static void
change_told(void *ctx, enum port_change change, struct adapter *adapter, struct unit *unit)
{
    struct storm *storm = ctx;

    (void)adapter, (void)unit;
    if (change != PORT_ADAPTER_STOPPED)
        return;
    rt_word_acquire(&storm->plug);
    storm->unplugged = true;
    rt_word_release(&storm->plug);
}

static void
finding_told(void *ctx, const struct finding *finding)
{
    struct storm *storm = ctx;

    /* Half duplex is a finding in itself; lost requests only count where none may be lost. */
    if (storm->lossy &&
        (finding->rule == RULE_LostRequest || finding->rule == RULE_DV_ResetLeftovers)) {
        storm->lost_told = true;
        return;
    }
    if (finding->rule == RULE_SpDuplex || finding->rule == RULE_SpNoWait ||
        finding->rule == RULE_StorPortStartIo)
        return;
    fault(storm, "finding %s: %s", finding_rule_name(finding->rule), finding->text);
    if (storm->config->verbose)
        fprintf(stderr, "finding %s: %s\n", finding_rule_name(finding->rule), finding->text);
}

static void
log_line(void *ctx, enum rt_log_level level, const char *line)
{
    struct storm *storm = ctx;

    if (storm->config->verbose || level == RT_LOG_ERROR)
        fprintf(stderr, "%s\n", line);
}

static void
bug_told(void *ctx, enum rt_bug bug, const char *text)
{
    struct storm *storm = ctx;

    fault(storm, "bug %d: %s", (int)bug, text);
    /* Nothing of this host can go on: the process that runs this seed ends. */
    storm->aborted = true;
    printf("SEED %llu FAULT %s\n", (unsigned long long)storm->config->seed,
           storm->result->first_fault);
    fflush(stdout);
    _Exit(2);
}

/* ---- registry: a few numbers ---- */

static int
registry_get(void *ctx, const char *key, const char *name, uint32_t *type, void *data,
             size_t *length)
{
    struct storm *storm = ctx;
    uint32_t value;

    (void)key;
    if (!strcmp(name, "Mode"))
        value = storm->mode;
    else if (!strcmp(name, "Luns"))
        value = storm->luns;
    else if (!strcmp(name, "Depth"))
        value = storm->depth;
    else if (!strcmp(name, "Calm"))
        value = storm->config->calm || storm->quiet;
    else if (!strcmp(name, "Lossy"))
        value = storm->lossy;
    else if (!strcmp(name, "Quiet"))
        value = storm->quiet;
    else if (!strcmp(name, "Inline"))
        value = storm->chained;
    else if (!strcmp(name, "Processors"))
        value = storm->cpus;
    else if (!strcmp(name, "Seed"))
        value = (uint32_t)storm->config->seed;
    else
        return -ENOENT;
    *type = 4;
    if (*length < 4)
        return -ENOSPC;
    memcpy(data, &value, 4);
    *length = 4;
    return 0;
}

/* ---- clients ---- */

static void
slot_fill(struct slot *slot)
{
    for (uint32_t i = 0; i < slot->blocks * BLOCK; i += 4) {
        uint32_t word =
            slot->version * 2654435761u ^ slot->lba << 16 ^ (uint32_t)slot->lun << 28 ^ i;
        memcpy(slot->buffer + i, &word, 4);
    }
}

static void
slot_check(struct slot *slot)
{
    struct storm *storm = slot->client->storm;
    const struct request *r = slot->request;
    uint32_t bytes = slot->blocks * BLOCK;

    if (r->srb_status == SRB_OVERRUN) {
        if (r->moved_bytes != bytes / 2)
            fault(storm, "an underrun says that %u of %u bytes moved", r->moved_bytes, bytes);
        slot->known = slot->known && !slot->write;
        return;
    }
    if (r->srb_status != SRB_SUCCESS) {
        if (r->scsi_status == 2 && (r->sense_bytes < 18 || (r->sense[2] & 0xF) != 6))
            fault(storm, "CHECK CONDITION came without its sense data");
        if (slot->write)
            slot->known = false;
        return;
    }
    if (r->moved_bytes != bytes)
        fault(storm, "success, but %u of %u bytes moved", r->moved_bytes, bytes);
    if (slot->write) {
        memcpy(slot->expected, slot->buffer, bytes);
        slot->known = true;
    } else if (slot->known && memcmp(slot->expected, slot->buffer, bytes)) {
        fault(storm, "wrong data: lun %u lba %u version %u", slot->lun, slot->lba, slot->version);
    }
}

static void
slot_done(struct request *request)
{
    struct slot *slot = request->context;
    struct client *client = slot->client;

    if (++slot->dones != 1)
        fault(client->storm, "done was called %u times", slot->dones);
    if (rt_irql() != RT_IRQL_DISPATCH)
        fault(client->storm, "done runs at IRQL %u", rt_irql());
    slot_check(slot);
    if (request->queue_frozen)
        unit_release_queue(request->unit);
    rt_word_acquire(&client->waking);
    __atomic_store_n(&slot->busy, false, __ATOMIC_RELEASE);
    rt_unpark(client->self);
    rt_word_release(&client->waking);
}

static void
slot_submit(struct client *client, struct slot *slot, struct unit *unit)
{
    struct request *r = request_create(unit);
    uint32_t bytes = slot->blocks * BLOCK, lba = slot->lun * SHARE + slot->lba;

    if (!r) {
        fault(client->storm, "no memory for a request");
        return;
    }
    slot->request = r;
    slot->write = draw(&client->random, 2);
    slot->version++;
    slot->dones = 0;
    if (slot->write)
        slot_fill(slot);
    else
        memset(slot->buffer, 0xEE, bytes);
    r->cdb[0] = slot->write ? 0x2A : 0x28;
    r->cdb[4] = (uint8_t)(lba >> 8);
    r->cdb[5] = (uint8_t)lba;
    r->cdb[8] = (uint8_t)slot->blocks;
    r->cdb_bytes = 10;
    r->flags = slot->write ? SRB_FLAGS_OUT : SRB_FLAGS_IN;
    if (draw(&client->random, 3))
        r->flags |= SRB_FLAGS_NO_FREEZE;
    r->timeout_s = 3 + draw(&client->random, 4);
    r->data_bytes = bytes;
    slot->pieces[0] = (struct io_segment){slot->buffer, bytes};
    r->segments = slot->pieces;
    r->segment_count = 1;
    if (draw(&client->random, 3) == 0) { /* in two pieces: mapped through a bounce buffer */
        slot->pieces[0].bytes = 100;
        slot->pieces[1] = (struct io_segment){slot->buffer + 100, bytes - 100};
        r->segment_count = 2;
    }
    r->done = slot_done;
    r->context = slot;
    slot->busy = true;
    atomic_fetch_add(&client->storm->requests, 1);
    unit_submit(r);
}

static bool
slot_busy(struct slot *slot)
{
    return __atomic_load_n(&slot->busy, __ATOMIC_ACQUIRE);
}

static bool
wait_for(struct client *client, struct slot *slot)
{
    uint64_t until = rt_now_ns(client->storm->rt) + PATIENCE_NS;

    while (slot_busy(slot)) {
        if (rt_now_ns(client->storm->rt) >= until) {
            fault(client->storm, "request %u never came back", request_number(slot->request));
            return false;
        }
        rt_park(until);
    }
    if (slot->request) {
        request_destroy(slot->request);
        slot->request = NULL;
    }
    return true;
}

static void
client_run(void *ctx)
{
    struct client *client = ctx;
    struct storm *storm = client->storm;
    unsigned operations = storm->config->operations ? storm->config->operations : 24;
    struct unit *units[4];
    bool well = true;

    client->self = rt_self();
    for (unsigned i = 0; i < storm->luns; i++)
        units[i] = adapter_unit_find(storm->adapter, 0, 0, (uint8_t)i);
    for (unsigned i = 0; i < operations && well && !atomic_load(&storm->removed); i++) {
        struct slot *slot = &client->slots[draw(&client->random, SLOTS)];
        well = wait_for(client, slot);
        if (well && units[slot->lun])
            slot_submit(client, slot, units[slot->lun]);
    }
    for (unsigned i = 0; i < SLOTS && well; i++)
        well = wait_for(client, &client->slots[i]);
    for (unsigned i = 0; i < storm->luns; i++)
        unit_put(units[i]);
    /* The last `done` may not be through with waking us. */
    rt_word_acquire(&client->waking);
    rt_word_release(&client->waking);
    atomic_fetch_sub(&storm->running, 1);
}

/* A done that submits again: the port's loop must neither nest nor go on for ever. */
#define CHAIN_LINKS 700u

static void
chain_done(struct request *request)
{
    struct storm *storm = request->context;

    if (storm->links && --storm->links) {
        unit_submit(request);
        return;
    }
    atomic_store(&storm->chain_over, true);
}

static void
chain(struct storm *storm)
{
    static uint8_t buffer[BLOCK];
    struct unit *unit = adapter_unit_find(storm->adapter, 0, 0, 0);
    struct request *r = unit ? request_create(unit) : NULL;

    if (r) {
        r->cdb[0] = 0x28;
        r->cdb[5] = LUN_BLOCKS - 1;
        r->cdb[8] = 1;
        r->cdb_bytes = 10;
        r->flags = SRB_FLAGS_IN | SRB_FLAGS_NO_FREEZE;
        r->data_bytes = BLOCK;
        r->segment = (struct io_segment){buffer, BLOCK};
        r->segments = &r->segment;
        r->segment_count = 1;
        r->done = chain_done;
        r->context = storm;
        storm->links = CHAIN_LINKS;
        unit_submit(r);
        while (!atomic_load(&storm->chain_over))
            rt_sleep_ns(1000000);
        request_destroy(r);
    }
    unit_put(unit);
}

static void
clients_start(struct storm *storm)
{
    atomic_store(&storm->running, CLIENTS);
    for (unsigned c = 0; c < CLIENTS; c++) {
        struct client *client = &storm->clients[c];
        client->storm = storm;
        client->index = c;
        client->random = mix(&storm->random);
        for (unsigned s = 0; s < SLOTS; s++) {
            struct slot *slot = &client->slots[s];
            slot->client = client;
            slot->lba = (c * SLOTS + s) * 4;
            slot->blocks = 1 + draw(&client->random, 4);
            slot->lun = (uint8_t)draw(&client->random, storm->luns);
        }
        client->thread = rt_thread_create(storm->rt, "client", client_run, client);
    }
}

/* ---- one hold at a time, and silence around it ---- */

#define HUSHED 5u
#define FAULTY_BLOCK 60u
#define SLOW_BLOCK 61u
#define RESTART_NS 1500000000ull
#define SECOND_NS 1000000000ull

struct hushed {
    struct request *request[HUSHED];
    atomic_uint done;
    uint8_t buffer[BLOCK];
};

static void
hushed_done(struct request *request)
{
    atomic_fetch_add(&((struct hushed *)request->context)->done, 1);
}

static void
hushed_submit(struct hushed *h, unsigned index, struct unit *unit, uint32_t lba, bool freezes)
{
    struct request *r = h->request[index] = request_create(unit);

    r->cdb[0] = 0x28;
    r->cdb[5] = (uint8_t)lba;
    r->cdb[8] = 1;
    r->cdb_bytes = 10;
    r->flags = SRB_FLAGS_IN | (freezes ? 0 : SRB_FLAGS_NO_FREEZE);
    r->timeout_s = 3;
    r->data_bytes = BLOCK;
    r->segment = (struct io_segment){h->buffer, BLOCK};
    r->segments = &r->segment;
    r->segment_count = 1;
    r->done = hushed_done;
    r->context = h;
    unit_submit(r);
}

static bool
hushed_wait(struct storm *storm, struct hushed *h, unsigned count, uint64_t ns)
{
    uint64_t until = rt_now_ns(storm->rt) + ns;

    while (atomic_load(&h->done) < count && rt_now_ns(storm->rt) < until)
        rt_sleep_ns(1000000);
    return atomic_load(&h->done) >= count;
}

enum hush { HUSH_UNIT_PAUSE, HUSH_ADAPTER_PAUSE, HUSH_FREEZE, HUSH_LOCK, HUSH_SLOW, HUSH_COUNT };

static void
hush_begin(struct storm *storm, enum hush kind, struct hushed *h, struct unit *unit, void *x)
{
    if (kind == HUSH_UNIT_PAUSE)
        StorPortPauseDevice(x, 0, 0, 0, 60);
    else if (kind == HUSH_ADAPTER_PAUSE)
        StorPortPause(x, 60);
    else if (kind == HUSH_LOCK)
        unit_lock_queue(unit);
    else
        hushed_submit(h, 0, unit, kind == HUSH_FREEZE ? FAULTY_BLOCK : SLOW_BLOCK,
                      kind == HUSH_FREEZE);
    if (kind == HUSH_FREEZE && !hushed_wait(storm, h, 1, SECOND_NS))
        fault(storm, "a failing read does not come back");
    if (kind == HUSH_SLOW) {
        rt_sleep_ns(1000000);
        StorPortPause(x, 60); /* time stands still for what is outstanding */
    }
}

static void
hush_end(enum hush kind, struct unit *unit, void *x)
{
    if (kind == HUSH_UNIT_PAUSE)
        StorPortResumeDevice(x, 0, 0, 0);
    else if (kind == HUSH_LOCK)
        unit_unlock_queue(unit);
    else if (kind == HUSH_FREEZE)
        unit_release_queue(unit);
    else
        StorPortResume(x);
}

static void
hush_one(struct storm *storm, enum hush kind, struct unit *unit, void *x)
{
    static const char *const names[] = {"a paused unit", "a paused adapter", "a frozen queue",
                                        "a locked queue", "an adapter paused with a slow request"};
    struct hushed *h = calloc(1, sizeof(*h));
    unsigned first = kind == HUSH_FREEZE || kind == HUSH_SLOW, early;

    hush_begin(storm, kind, h, unit, x);
    for (unsigned i = first; i < HUSHED; i++)
        hushed_submit(h, i, unit, 40 + i, false);
    rt_sleep_ns(kind == HUSH_SLOW ? 7 * SECOND_NS : 5000000);
    early = atomic_load(&h->done);
    if (early > first)
        fault(storm, "%s lets %u requests through", names[kind], early);
    hush_end(kind, unit, x);
    if (!hushed_wait(storm, h, HUSHED, RESTART_NS))
        fault(storm, "%s is not restarted when the hold ends", names[kind]);
    hushed_wait(storm, h, HUSHED, 60 * SECOND_NS);
    if (kind == HUSH_SLOW && h->request[0]->srb_status != SRB_SUCCESS)
        fault(storm, "time ran for an outstanding request while its adapter was paused");
    for (unsigned i = 0; i < HUSHED; i++)
        request_destroy(h->request[i]);
    free(h);
}

static void
hush(struct storm *storm)
{
    void **extension = dlsym(storm->image, "StormExtension");
    struct unit *unit = adapter_unit_find(storm->adapter, 0, 0, 0);

    for (unsigned kind = 0; kind < HUSH_COUNT && unit; kind++)
        hush_one(storm, (enum hush)kind, unit, *extension);
    unit_put(unit);
}

/* ---- what happens around them ---- */

static void
reset_done(struct request *request)
{
    atomic_store((atomic_bool *)request->context, true);
}

/* A reset from a client, as HLK does it. */
static void
client_reset(struct storm *storm)
{
    struct unit *unit = adapter_unit_find(storm->adapter, 0, 0, 0);
    struct request *r = unit ? request_create(unit) : NULL;
    atomic_bool done = false;

    if (r) {
        r->function = 0x20; /* SRB_FUNCTION_RESET_LOGICAL_UNIT */
        r->flags = SRB_FLAGS_NO_FREEZE;
        r->timeout_s = 5;
        r->done = reset_done;
        r->context = &done;
        unit_submit(r);
        while (!atomic_load(&done))
            rt_sleep_ns(1000000);
        request_destroy(r);
    }
    unit_put(unit);
}

static void
disturb(struct storm *storm)
{
    struct unit *unit;

    switch (draw(&storm->random, 7)) {
    case 0:
        adapter_stop(storm->adapter);
        rt_sleep_ns(draw(&storm->random, 1000000));
        adapter_restart(storm->adapter);
        break;
    case 1:
        adapter_rescan(storm->adapter);
        break;
    case 2:
        client_reset(storm);
        break;
    case 3:
        unit = adapter_unit_find(storm->adapter, 0, 0, 0);
        if (unit) {
            unit_lock_queue(unit);
            rt_sleep_ns(draw(&storm->random, 1000000));
            unit_unlock_queue(unit);
            unit_put(unit);
        }
        break;
    case 4:
        unit = adapter_unit_find(storm->adapter, 0, 0, 0);
        if (unit) {
            unit_flush_queue(unit);
            unit_put(unit);
        }
        break;
    default:
        rt_sleep_ns(draw(&storm->random, 3000000));
        break;
    }
}

static void
weather(struct storm *storm)
{
    unsigned rounds = storm->config->calm ? 2 : 4;
    bool surprise = draw(&storm->random, 4) == 0;

    for (unsigned i = 0; i < rounds; i++)
        disturb(storm);
    if (surprise) {
        adapter_surprise_remove(storm->adapter);
        atomic_store(&storm->removed, true);
    }
    for (unsigned c = 0; c < CLIENTS; c++)
        rt_thread_join(storm->clients[c].thread);
}

/* ---- the whole ---- */

static bool
open_host(struct storm *storm)
{
    const struct storm_config *config = storm->config;
    struct rt_config rt = {.kind = config->threads ? RT_KIND_THREADS : RT_KIND_SIM,
                           .cpus = storm->cpus,
                           .seed = config->seed,
                           .arena_bytes = 16u << 20,
                           .dma_remap = config->seed & 1,
                           .trace_keep = config->keep_trace,
                           .log = log_line,
                           .bug = bug_told,
                           .ctx = storm};
    struct port_config port = {.verify = true, .explore = !config->threads};
    struct rt_registry_provider registry = {.get = registry_get, .ctx = storm};
    char *error = NULL;

    if (rt_create(&rt, &storm->rt, &error))
        return false;
    rt_registry_provider_set(storm->rt, &registry);
    if (finding_init(storm->rt) || nt_init(storm->rt) || nt_start(storm->rt, 2) ||
        port_create(storm->rt, &port, &storm->port))
        return false;
    finding_listen(storm->rt, finding_told, storm);
    return true;
}

static bool
load(struct storm *storm)
{
    const char *entry = storm->mode ? "StormPhysicalEntry" : "StormVirtualEntry";
    char *error = NULL;
    void (**fail)(const char *), (**bell)(void *);
    uint32_t *bug;

    port_change_listen(storm->port, change_told, storm);
    storm->image = dlopen(storm->config->driver, RTLD_NOW | RTLD_LOCAL);
    if (!storm->image) {
        fault(storm, "%s", dlerror());
        return false;
    }
    fail = dlsym(storm->image, "StormFail");
    bell = dlsym(storm->image, "StormDoorbell");
    bug = dlsym(storm->image, "StormBug");
    *fail = miniport_fails;
    *bell = doorbell;
    *bug = storm->config->bug;
    if (driver_load(storm->port, "storm", dlsym(storm->image, entry), &storm->driver, &error)) {
        fault(storm, "load: %s", error ? error : "?");
        return false;
    }
    if (adapter_add(storm->driver, NULL, &storm->adapter, &error)) {
        fault(storm, "start: %s", error ? error : "?");
        return false;
    }
    return true;
}

static void
close_host(struct storm *storm)
{
    void *where = NULL;
    size_t left;

    if (storm->adapter)
        adapter_remove(storm->adapter);
    if (storm->device) {
        atomic_store(&storm->device_stop, true);
        rt_unpark(storm->device);
        rt_thread_join(storm->device);
    }
    if (storm->driver)
        driver_unload(storm->driver);
    port_destroy(storm->port);
    if (nt_finish(storm->rt))
        fault(storm, "threads are left");
    storm->result->trace_hash = rt_trace_hash(storm->rt);
    finding_finish(storm->rt);
    if ((left = rt_alloc_left(storm->rt, &where)))
        fault(storm, "%zu bytes were not freed", left);
    if (rt_arena_used(storm->rt))
        fault(storm, "%zu bytes of the arena were not freed", rt_arena_used(storm->rt));
    struct rt_sim_stats stats;
    rt_sim_stats(storm->rt, &stats);
    storm->result->yields = stats.yields;
    storm->result->preemptions = stats.preemptions;
    rt_destroy(storm->rt);
    if (storm->image)
        dlclose(storm->image);
}

bool
storm_run(const struct storm_config *config, struct storm_result *result)
{
    struct storm *storm = calloc(1, sizeof(*storm));
    bool well;

    memset(result, 0, sizeof(*result));
    storm->config = config;
    storm->result = result;
    storm->random = config->seed * 0x9e3779b97f4a7c15ull;
    storm->mode = draw(&storm->random, 4);
    storm->luns = 1 + draw(&storm->random, 3);
    storm->depth = 1 + draw(&storm->random, 5);
    storm->cpus = 1 + draw(&storm->random, 3);
    /* A lost request takes seconds of time-outs: virtual ones only. */
    storm->lossy = !config->calm && draw(&storm->random, 40) == 0 && !config->threads;
    storm->quiet = !config->calm && !storm->lossy && draw(&storm->random, 6) == 0;
    storm->chained = !config->calm && draw(&storm->random, 40) == 0;
    the_storm = storm;
    well = open_host(storm) && load(storm);
    if (well) {
        storm->device = rt_thread_create(storm->rt, "device", device_run, storm);
        if (storm->chained)
            chain(storm);
        if (storm->quiet)
            hush(storm);
        clients_start(storm);
        weather(storm);
    }
    result->requests = atomic_load(&storm->requests);
    close_host(storm);
    free(storm);
    return well;
}
