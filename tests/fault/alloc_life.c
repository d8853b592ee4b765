/*
 * One whole life of a host under the sim executor, in which one fallible call may fail: executor,
 * kernel, port, driver, adapter, disk, I/O, stop and restart, rescan, removal, unloading, the end.
 * Whatever fails, the rest is torn down in order, and nothing may be left, hang or be wrong.
 */
#include "alloc.h"

#include "disk.h"
#include "finding.h"
#include "harness.h"
#include "image.h"
#include "nt.h"
#include "port.h"
#include "rt_registry.h"
#include "rt_symbol.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DISK_BYTES (1u << 20)
#define AREA 65536u /* that the operations stay in */
/* Virtual time in which even every time-out in a row has passed. */
#define PATIENCE_NS (7200ull * 1000000000)

static struct alloc_life *life;
static struct rt *rt;
static struct port *port;
static struct driver *driver;
static struct adapter *adapter;
static struct disk *disk;
static bool stores; /* the driver has a medium */
static char image_path[64];
static struct rt_timer watch;

/* What must be in the area, where that is known. */
static uint8_t wanted[AREA];
static bool known[AREA];
static uint8_t data[AREA + 16] __attribute__((aligned(4096)));
static uint8_t version;

static void
problem(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (!life->problems++)
        vsnprintf(life->first, sizeof(life->first), format, args);
    va_end(args);
}

static void
failed(int error)
{
    if (error)
        life->errors++;
    if (error > 0)
        problem("an error is no -errno: %d", error);
}

/* Says where the failing call is, also before the process ends. */
static void
where_note(void)
{
    void *const *pcs = NULL;
    unsigned depth = life->source == ALLOC_RT ? rt_fault_stack(rt, &pcs) : heap_stack(&pcs);
    size_t used = 0;

    life->where[0] = '\0';
    for (unsigned i = 0; i < depth && used < sizeof(life->where) - 40; i++) {
        struct rt_symbol symbol = {0};
        if (rt_symbol(pcs[i], &symbol))
            used += (size_t)snprintf(life->where + used, sizeof(life->where) - used, "%s%.36s",
                                     used ? " < " : "", symbol.function);
    }
}

static _Noreturn void
fatal(const char *what, const char *text, int status)
{
    where_note();
    fprintf(stderr, "%s, call %llu of %s: %s%s\n", life->driver, (unsigned long long)life->nth,
            life->where, what, text);
    _Exit(status);
}

/* ---- what the stock miniport's code calls when a check fails ---- */

void
check_failed(const char *file, int line, const char *format, ...)
{
    char text[200];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(stderr, "%s:%d: ", file, line);
    fatal("", text, 4);
}

void
check_equal(const char *file, int line, const char *what, uint64_t is, uint64_t should)
{
    if (is != should)
        check_failed(file, line, "%s is %llu, wanted %llu", what, (unsigned long long)is,
                     (unsigned long long)should);
}

/* ---- told from below ---- */

static void
log_line(void *ctx, enum rt_log_level level, const char *line)
{
    (void)ctx;
    (void)level;
    if (getenv("ALLOC_LOG"))
        fprintf(stderr, "%s\n", line);
}

static void
bug_told(void *ctx, enum rt_bug bug, const char *text)
{
    (void)ctx;
    (void)bug;
    fatal("bug: ", text, 3);
}

static void
finding_told(void *ctx, const struct finding *finding)
{
    (void)ctx;
    problem("finding %s: %s", finding_rule_name(finding->rule), finding->text);
}

static void
watch_fired(struct rt_timer *timer)
{
    (void)timer;
    fatal("somebody waits for ever", "", 5);
}

/* ---- registry: options of the driver, and room for a value that it writes ---- */

static uint32_t written;
static bool written_there;

static int
value_give(const void *from, size_t bytes, uint32_t kind, uint32_t *type, void *to, size_t *length)
{
    bool fits = *length >= bytes;

    *type = kind;
    *length = bytes;
    if (!fits)
        return -ENOSPC;
    memcpy(to, from, bytes);
    return 0;
}

static int
registry_get(void *ctx, const char *key, const char *name, uint32_t *type, void *to, size_t *length)
{
    static const struct {
        const char *name;
        uint32_t value;
    } options[] = {{"SizeMB", 1},      {"Luns", 2},    {"MaximumTransferLength", 8192},
                   {"BlockSize", 512}, {"Threads", 2}, {"PhysicalBlockSize", 4096},
                   {"QueueDepth", 8}};
    uint16_t wide[sizeof(image_path)];

    (void)ctx;
    if (strncmp(key, "Services\\", 9))
        return -ENOENT;
    if (!strcmp(name, "Image")) {
        size_t units = strlen(image_path) + 1;
        for (size_t i = 0; i < units; i++)
            wide[i] = (uint8_t)image_path[i];
        return value_give(wide, units * 2, REG_SZ, type, to, length);
    }
    if (!strcmp(name, "Seven") && written_there)
        return value_give(&written, sizeof(written), REG_DWORD, type, to, length);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (!strcmp(name, options[i].name))
            return value_give(&options[i].value, 4, REG_DWORD, type, to, length);
    return -ENOENT;
}

static int
registry_set(void *ctx, const char *key, const char *name, uint32_t type, const void *from,
             size_t length)
{
    (void)ctx, (void)key, (void)name, (void)type;
    if (length != sizeof(written))
        return -EINVAL;
    memcpy(&written, from, sizeof(written));
    written_there = true;
    return 0;
}

static int
registry_erase(void *ctx, const char *key, const char *name)
{
    (void)ctx, (void)key, (void)name;
    written_there = false;
    return 0;
}

/* ---- I/O ---- */

static void
check_read(uint32_t at, uint32_t bytes, const uint8_t *got)
{
    for (uint32_t i = 0; stores && i < bytes; i++)
        if (known[at + i] && got[i] != wanted[at + i]) {
            problem("wrong data at %u: 0x%02x, 0x%02x was written", at + i, got[i], wanted[at + i]);
            return;
        }
}

static void
note_write(uint32_t at, uint32_t bytes, const uint8_t *put, bool sure)
{
    for (uint32_t i = 0; i < bytes; i++) {
        known[at + i] = sure;
        wanted[at + i] = put ? put[i] : 0;
    }
}

/* `shift` makes the buffer start where no adapter wants it to. */
static void
io(enum disk_op op, unsigned flags, uint32_t at, uint32_t bytes, unsigned shift)
{
    struct disk_io io = {.op = op, .flags = flags, .offset = at, .bytes = bytes};
    int error;

    io.buffer = op == DISK_READ || op == DISK_WRITE ? data + shift : NULL;
    version++;
    if (io.buffer)
        memset(io.buffer, op == DISK_WRITE ? version : 0xEE, bytes);
    error = disk_execute(disk, &io);
    failed(error);
    if (op == DISK_READ && !error)
        check_read(at, bytes, io.buffer);
    if (op == DISK_WRITE)
        note_write(at, bytes, io.buffer, !error);
    if (op == DISK_ZERO)
        note_write(at, bytes, NULL, !error);
    if (op == DISK_TRIM)
        note_write(at, bytes, NULL, !error && disk_info(disk)->unmap_reads_zero);
}

static int
extent_told(void *ctx, uint64_t offset, uint64_t bytes, bool hole)
{
    (void)ctx, (void)offset, (void)bytes, (void)hole;
    return 0;
}

/* A raw READ(10) whose data lies in many pieces: a bounce buffer and a long list. */
static void
raw_pieces(void)
{
    static struct io_segment pieces[32];
    struct request *r = request_create(disk_unit(disk));
    struct adapter_info info;
    unsigned count;
    uint32_t bytes;

    if (!r) {
        failed(-ENOMEM);
        return;
    }
    adapter_info(adapter, &info);
    count = info.virtual_device || info.physical_breaks >= 32 ? 32 : info.physical_breaks & ~1u;
    bytes = count * 256;
    for (unsigned i = 0; i < count; i++) /* in the memory backwards, so that none joins the next */
        pieces[i] = (struct io_segment){data + (31 - i) * 512, 256};
    memset(data, 0xEE, sizeof(data));
    r->cdb[0] = 0x28;
    r->cdb[8] = (uint8_t)(bytes / 512);
    r->cdb_bytes = 10;
    r->flags = SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE;
    r->segments = pieces;
    r->segment_count = count;
    r->data_bytes = bytes;
    unit_execute(r);
    if (r->srb_status != SRB_STATUS_SUCCESS)
        failed(-EIO);
    else
        for (unsigned i = 0; i < count; i++)
            check_read(i * 256, 256, pieces[i].base);
    request_destroy(r);
}

static void
all_io(void)
{
    io(DISK_WRITE, 0, 0, AREA, 0);
    io(DISK_WRITE, 0, 3, 5, 0);
    io(DISK_WRITE, DISK_FUA, 4096, 4096, 1);
    io(DISK_READ, 0, 0, AREA, 0);
    io(DISK_READ, 0, 7, 3000, 3);
    io(DISK_FLUSH, 0, 0, 0, 0);
    if (disk_info(disk)->unmap)
        io(DISK_TRIM, 0, 8192, 8192, 0);
    io(DISK_ZERO, 0, 20000, 10000, 0);
    io(DISK_READ, 0, 0, AREA, 0);
    raw_pieces();
    if (stores)
        failed(disk_extents(disk, 0, DISK_BYTES, extent_told, NULL));
}

/* ---- life ---- */

static void
disk_life(void)
{
    struct unit *unit = adapter_unit_find(adapter, 0, 0, 0);
    char *error = NULL;
    int code = unit ? disk_open(unit, &disk, &error) : -ENODEV;

    unit_put(unit);
    failed(code);
    if (code) {
        free(error);
        return;
    }
    if (error)
        problem("disk_open succeeded and left a text: %s", error);
    all_io();
    code = adapter_stop(adapter);
    failed(code);
    code = adapter_restart(adapter);
    failed(code);
    io(DISK_READ, 0, 0, AREA, 0); /* an error, if it did not start again; never silence */
    failed(adapter_rescan(adapter));
    io(DISK_WRITE, 0, 512, 1024, 0);
    io(DISK_READ, 0, 0, AREA, 0);
    disk_close(disk);
    disk = NULL;
}

static void
adapter_life(void)
{
    char *error = NULL;
    int code = adapter_add(driver, "argument=1", &adapter, &error);

    failed(code);
    if (code) {
        free(error);
        return;
    }
    disk_life();
    adapter_remove(adapter);
    adapter = NULL;
}

static void
driver_life(void)
{
    bool is_mini = !strncmp(life->driver, "mini", 4);
    struct image *image = NULL;
    char path[80], *error = NULL;
    void *entry = (void *)mini_entry;
    int code = 0;

    if (is_mini) {
        alloc_mini_set(life->driver[4] != '\0');
    } else {
        snprintf(path, sizeof(path), "drivers/%s.so", life->driver);
        code = image_load(path, &image, &entry, &error);
    }
    if (!code)
        code = driver_load(port, life->driver, entry, &driver, &error);
    failed(code);
    if (code) {
        free(error);
    } else {
        adapter_life();
        driver_unload(driver);
    }
    image_unload(image);
}

static void
crashed(int number)
{
    signal(number, SIG_DFL);
    where_note();
    fprintf(stderr, "%s, call %llu of %s: %s\n", life->driver, (unsigned long long)life->nth,
            life->where, strsignal(number));
    raise(number);
}

static void
leaks_check(void)
{
    struct rt_symbol symbol = {0};
    void *where = NULL;
    size_t left = rt_alloc_left(rt, &where);

    if (left) {
        rt_symbol(where, &symbol);
        problem("%zu bytes are left, the oldest of %s:%u %s", left, symbol.file, symbol.line,
                symbol.function);
    }
    if (rt_arena_used(rt))
        problem("%zu bytes of the arena are left", rt_arena_used(rt));
}

static int
kernel_life(void)
{
    const struct port_config config = {.verify = true};
    int code = nt_start(rt, 2);

    if (!code)
        code = port_create(rt, &config, &port);
    if (!code) {
        driver_life();
        port_destroy(port);
    }
    if (nt_pool_leaks(rt, NULL, NULL, NULL))
        problem("blocks of the pool are left");
    if (nt_finish(rt))
        problem("system threads are left");
    return code;
}

static void
host_life(void)
{
    static const struct rt_registry_provider registry = {registry_get, registry_set, registry_erase,
                                                         NULL};
    int code = finding_init(rt);

    rt_timer_init(&watch, watch_fired);
    rt_timer_set(rt, &watch, PATIENCE_NS);
    rt_registry_provider_set(rt, &registry);
    if (!code) {
        finding_listen(rt, finding_told, NULL);
        code = nt_init(rt);
        if (!code)
            code = kernel_life();
        finding_finish(rt);
    }
    failed(code);
    rt_timer_cancel(rt, &watch);
    leaks_check();
}

/* Removed and made again, so that each life begins with the same. */
static void
image_make(void)
{
    int fd;

    snprintf(image_path, sizeof(image_path), "alloc-%d.img", (int)getpid());
    if (strcmp(life->driver, "filedisk"))
        return;
    unlink(image_path);
    fd = open(image_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, DISK_BYTES) || close(fd))
        problem("%s cannot be made", image_path);
}

void
alloc_life_run(struct alloc_life *of)
{
    struct rt_config config = {.kind = RT_KIND_SIM,
                               .cpus = 2,
                               .seed = 1,
                               .arena_bytes = 16u << 20,
                               .dma_remap = true,
                               .fault_nth = of->source == ALLOC_RT ? of->nth : 0,
                               .log = log_line,
                               .bug = bug_told};
    char *error = NULL;
    struct rt_symbol symbol = {0};
    uint64_t heap_calls;
    unsigned left;
    void *where = NULL;
    int code;

    life = of;
    signal(SIGSEGV, crashed);
    signal(SIGABRT, crashed);
    signal(SIGALRM, crashed);
    memset(known, 0, sizeof(known));
    version = 0;
    written_there = false;
    driver = NULL;
    adapter = NULL;
    disk = NULL;
    stores = !strcmp(of->driver, "ramdisk") || !strcmp(of->driver, "filedisk");
    image_make();
    heap_begin(of->source == ALLOC_HEAP ? of->nth : 0);
    code = rt_create(&config, &rt, &error);
    failed(code);
    free(error);
    if (!code) {
        host_life();
        of->calls = rt_fault_count(rt);
        if (of->problems || !of->errors)
            where_note();
        rt_destroy(rt);
    }
    heap_calls = heap_end(&left, &where);
    if (of->source == ALLOC_HEAP)
        of->calls = heap_calls;
    of->fired = of->nth && of->calls >= of->nth;
    if (left) {
        rt_symbol(where, &symbol);
        problem("%u blocks of the heap are left, the oldest of %s:%u %s", left, symbol.file,
                symbol.line, symbol.function);
    }
    if ((of->problems || !of->errors) && of->source == ALLOC_HEAP)
        where_note();
    unlink(image_path);
}
