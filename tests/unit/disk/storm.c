/*
 * Several threads on the real rt, in both executors, over a small port whose commands end later, on
 * any processor, in any order, sometimes with trouble. Each thread writes bytes of its own; blocks
 * are shared, so that a lost update shows. Argument: seeds of the sim executor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk_priv.h"
#include "scsi_bytes.h"
#include "srb.h"

#define DISK_BYTES 131072u
#define STRIPES 48
#define THREADS 3

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
static rt_word device; /* a command is one action on the medium */
static uint8_t medium[DISK_BYTES];
static int unit_object;
static atomic_int references, requests, releases_owed;
static struct stripe {
    uint32_t from, bytes;
} stripes[STRIPES];

/* ---- the port -------------------------------------------------------------------------- */

struct entry {
    struct request request;
    struct rt_timer timer;
    struct rt_dpc dpc;
};

static void
sense_set(struct request *request, uint8_t key, uint8_t asc)
{
    memset(request->sense, 0, 18);
    request->sense[0] = 0x70;
    request->sense[2] = key;
    request->sense[7] = 10;
    request->sense[12] = asc;
    request->sense_bytes = 18;
    request->srb_status = SRB_STATUS_ERROR;
    request->scsi_status = SCSI_STATUS_CHECK_CONDITION;
    request->queue_frozen = true;
    atomic_fetch_add(&releases_owed, 1);
}

static void
answer_in(struct request *request, const uint8_t *data, uint32_t bytes)
{
    request->moved_bytes = bytes < request->data_bytes ? bytes : request->data_bytes;
    memcpy(request->segment.base, data, request->moved_bytes);
}

static void
obey(struct request *request)
{
    static const uint8_t mode[24] = {23, 0, 0x10, 0, 0x08, 18, 0x04};
    uint8_t capacity[32] = {0};
    struct cdb_info info;

    cdb_decode(request->cdb, request->cdb_bytes, &info);
    switch (info.opcode) {
    case CDB_OP_READ10:
    case CDB_OP_WRITE10:
        if (rt_random(rt) % 16 == 0) {
            sense_set(request,
                      rt_random(rt) % 2 ? SENSE_KEY_UNIT_ATTENTION : SENSE_KEY_ABORTED_COMMAND,
                      0x29);
            return;
        }
        rt_word_acquire(&device);
        if (info.opcode == CDB_OP_WRITE10)
            memcpy(medium + info.lba * 512, request->segment.base, request->data_bytes);
        else
            memcpy(request->segment.base, medium + info.lba * 512, request->data_bytes);
        rt_word_release(&device);
        request->moved_bytes = request->data_bytes;
        break;
    case CDB_OP_SERVICE_ACTION_IN16:
        be64_put(capacity, DISK_BYTES / 512 - 1);
        be32_put(capacity + 8, 512);
        answer_in(request, capacity, sizeof(capacity));
        break;
    case CDB_OP_MODE_SENSE6:
        answer_in(request, mode, sizeof(mode));
        break;
    case CDB_OP_INQUIRY:
        sense_set(request, SENSE_KEY_ILLEGAL_REQUEST, 0x24);
        break;
    }
}

static void
entry_end(struct entry *entry)
{
    struct request *request = &entry->request;

    CHECK(rt_irql() == RT_IRQL_DISPATCH);
    request->srb_status = SRB_STATUS_SUCCESS;
    request->scsi_status = 0;
    request->sense_bytes = 0;
    request->queue_frozen = false;
    request->moved_bytes = 0;
    obey(request);
    request->done(request);
}

static void
entry_fire(struct rt_timer *timer)
{
    entry_end(RT_CONTAINER(timer, struct entry, timer));
}

static void
entry_dpc(struct rt_dpc *dpc)
{
    entry_end(RT_CONTAINER(dpc, struct entry, dpc));
}

void
unit_submit(struct request *request)
{
    struct entry *entry = RT_CONTAINER(request, struct entry, request);
    uint64_t chance = rt_random(rt);

    if (chance % 2) {
        rt_timer_init(&entry->timer, entry_fire);
        rt_timer_set(rt, &entry->timer, rt_now_ns(rt) + chance / 2 % 20000);
        return;
    }
    entry->dpc.run = entry_dpc;
    rt_dpc_queue(rt_cpu_at(rt, (unsigned)(chance / 2 % rt_cpu_count(rt))), &entry->dpc);
}

struct waiting {
    struct rt_thread *thread;
    rt_word lock;
    atomic_bool done;
};

static void
execute_done(struct request *request)
{
    struct waiting *waiting = request->context;
    rt_word_acquire(&waiting->lock);
    atomic_store(&waiting->done, true);
    rt_unpark(waiting->thread);
    rt_word_release(&waiting->lock);
}

void
unit_execute(struct request *request)
{
    struct waiting waiting = {.thread = rt_self()};
    request->done = execute_done;
    request->context = &waiting;
    unit_submit(request);
    while (!atomic_load(&waiting.done))
        rt_park(RT_FOREVER);
    uint8_t irql = rt_irql_raise(RT_IRQL_DISPATCH);
    rt_word_acquire(&waiting.lock);
    rt_word_release(&waiting.lock);
    rt_irql_lower(irql);
}

void
unit_release_queue(struct unit *unit)
{
    (void)unit;
    atomic_fetch_sub(&releases_owed, 1);
}

struct request *
request_create(struct unit *unit)
{
    struct entry *entry = rt_alloc_zero(rt, sizeof(*entry));
    if (!entry)
        return NULL;
    entry->request.unit = unit;
    atomic_fetch_add(&requests, 1);
    return &entry->request;
}

void
request_destroy(struct request *request)
{
    atomic_fetch_sub(&requests, 1);
    rt_free(rt, RT_CONTAINER(request, struct entry, request));
}

uint32_t
request_number(const struct request *request)
{
    (void)request;
    return 0;
}

void
unit_get(struct unit *unit)
{
    (void)unit;
    atomic_fetch_add(&references, 1);
}

void
unit_put(struct unit *unit)
{
    (void)unit;
    atomic_fetch_sub(&references, 1);
}

struct adapter *
unit_adapter(const struct unit *unit)
{
    return (struct adapter *)(uintptr_t)unit;
}

struct driver *
adapter_driver(const struct adapter *adapter)
{
    return (struct driver *)(uintptr_t)adapter;
}

const char *
driver_name(const struct driver *driver)
{
    (void)driver;
    return "storm";
}

unsigned
adapter_number(const struct adapter *adapter)
{
    (void)adapter;
    return 0;
}

void
adapter_info(const struct adapter *adapter, struct adapter_info *out)
{
    (void)adapter;
    memset(out, 0, sizeof(*out));
    out->max_transfer_bytes = 4096;
    out->physical_breaks = 2;
}

void
unit_info(const struct unit *unit, struct unit_info *out)
{
    (void)unit;
    memset(out, 0, sizeof(*out));
    out->inquiry[2] = 6;
    out->inquiry[4] = 31;
    out->inquiry_bytes = 36;
}

/* ---- the storm ------------------------------------------------------------------------- */

/* Borders anywhere, some of them at blocks, so that whole-block writes meet partial ones. */
static void
stripes_draw(void)
{
    uint32_t at = 0;
    for (unsigned i = 0; i < STRIPES; i++) {
        uint32_t left = STRIPES - i;
        uint32_t bytes = 1 + (uint32_t)(rt_random(rt) % (2 * (DISK_BYTES - at) / left - 1));
        if (rt_random(rt) % 2)
            bytes = (bytes + 511) / 512 * 512 - at % 512;
        if (!bytes || bytes > DISK_BYTES - at - left || i == STRIPES - 1)
            bytes = i == STRIPES - 1 ? DISK_BYTES - at : 1;
        stripes[i] = (struct stripe){at, bytes};
        at += bytes;
    }
}

static void
writer(void *ctx)
{
    unsigned self = (unsigned)(uintptr_t)ctx;
    uint8_t *memory = malloc(DISK_BYTES);
    uint8_t last[STRIPES] = {0};

    for (unsigned n = 0; n < rounds; n++) {
        unsigned i = (unsigned)(rt_random(rt) % (STRIPES / THREADS)) * THREADS + self;
        struct disk_io io = {.op = DISK_READ,
                             .offset = stripes[i].from,
                             .bytes = stripes[i].bytes,
                             .buffer = memory};
        CHECK(disk_execute(disk, &io) == 0);
        for (uint32_t at = 0; at < stripes[i].bytes; at++)
            CHECK(memory[at] == last[i]);
        last[i] = (uint8_t)rt_random(rt);
        io.op = last[i] % 8 ? DISK_WRITE : DISK_ZERO;
        if (io.op == DISK_ZERO)
            last[i] = 0;
        memset(memory, last[i], stripes[i].bytes);
        CHECK(disk_execute(disk, &io) == 0);
    }
    free(memory);
}

static void
run(enum rt_kind kind)
{
    struct rt_config config = {.kind = kind, .cpus = 2, .seed = seed};
    struct rt_thread *threads[THREADS];
    struct disk_stats stats;
    char *error = NULL;

    CHECK(rt_create(&config, &rt, &error) == 0);
    rt_thread_attach(rt, false);
    memset(medium, 0, sizeof(medium));
    stripes_draw();
    CHECK(disk_open((struct unit *)&unit_object, &disk, &error) == 0);
    for (unsigned i = 0; i < THREADS; i++)
        threads[i] = rt_thread_create(rt, "writer", writer, (void *)(uintptr_t)i);
    for (unsigned i = 0; i < THREADS; i++)
        rt_thread_join(threads[i]);
    disk_stats(disk, &stats);
    if (getenv("STORM_SAY"))
        printf("seed %u: %llu retries, %llu splits, %llu patches, %llu errors\n", seed,
               (unsigned long long)stats.retries, (unsigned long long)stats.splits,
               (unsigned long long)stats.read_modify_writes, (unsigned long long)stats.errors);
    CHECK(stats.retries && stats.read_modify_writes && stats.splits && !stats.errors);
    disk_close(disk);
    CHECK(!references && !requests && !releases_owed);
    rt_thread_detach(rt);
    rt_destroy(rt);
}

int
main(int argc, char **argv)
{
    unsigned seeds = argc > 1 ? (unsigned)atoi(argv[1]) : 20;

    rounds = 40;
    for (seed = 1; seed <= seeds; seed++)
        run(RT_KIND_SIM);
    rounds = 2000;
    for (seed = 1; seed <= 3; seed++)
        run(RT_KIND_THREADS);
    return 0;
}
