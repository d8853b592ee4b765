/*
 * Runs storms: many seeds in worker processes, each seed's host built and torn down. Prints
 * distinct traces, mean preemptions and the hits of every edge of the state machines; an edge
 * without a hit fails, and so does any fault. With --mutants it shows that every planted bug is
 * found.
 *
 *   soak --seeds N [--start S] [--jobs N] [--driver PATH] [--threads] [--seed-list]
 *   soak --one SEED [--verbose] [--mutant NAME | --bug N]
 *   soak --mutants [--seeds N]
 */
#include "mutant.h"
#include "storm.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUGS 10
#define EDGE_SEEDS 500
#define DEFAULT_DRIVER "tests/stress/storm.so"

struct options {
    uint64_t start, seeds, one;
    unsigned jobs, bug;
    const char *driver;
    const char *mutant;
    bool threads, verbose, mutants, single, list, reverse;
    bool no_edges;
};

struct tally {
    uint64_t runs, faults, preemptions, requests, hashes;
    unsigned long edges[PORT_EDGE_COUNT];
};

static const char *const edge_names[] = {
#define X(name) #name,
    PORT_EDGES(X)
#undef X
};
static const struct {
    const char *name, *what;
} mutant_names[] = {{"NONE", ""},
#define X(name, what) {#name, what},
                    PORT_MUTANTS(X)
#undef X
};
static const char *const bug_names[] = {
    "none",
    "a completion is forgotten",
    "a request is completed twice",
    "DataTransferLength grows",
    "completed with SRB_STATUS_PENDING",
    "SRB_STATUS_QUEUE_FROZEN is set",
    "HwStorResetBus completes nothing",
    "HwStorBuildIo says FALSE and forgets",
    "HwStorStartIo keeps a request",
    "surprise removal forgets what is parked",
    "a work item is leaked",
};

static struct storm_config
config_of(const struct options *o, uint64_t seed)
{
    return (struct storm_config){.seed = seed,
                                 .threads = o->threads,
                                 .calm = o->threads,
                                 .driver = o->driver,
                                 .bug = o->bug,
                                 .verbose = o->verbose};
}

/* ---- a worker: its share of the seeds, results through a pipe ---- */

struct line {
    uint64_t seed, hash, preemptions;
    uint32_t requests, faults;
    char first[200];
};

/* A storm that takes this long in real time hangs. */
#define HANG_S 15
static volatile uint64_t seed_now;
static bool hunting; /* a planted bug of the miniport: crashes are expected */

static void
hangs(int signal)
{
    char text[80];
    bool quiet = port_mutant != PORT_MUTANT_NONE || hunting;
    int n = snprintf(text, sizeof(text), "seed %" PRIu64 " %s\n", (uint64_t)seed_now,
                     signal == SIGALRM ? "hangs" : "crashes");

    if (!quiet && write(1, text, (size_t)n) < 0)
        _Exit(4);
    _Exit(4);
}

static void
worker(const struct options *o, unsigned index, int out)
{
    struct line line;

    signal(SIGALRM, hangs);
    signal(SIGSEGV, hangs);
    signal(SIGABRT, hangs);
    for (uint64_t i = index; i < o->seeds; i += o->jobs) {
        uint64_t seed = o->start + (o->reverse ? o->seeds - 1 - i : i);
        struct storm_config config = config_of(o, seed);
        struct storm_result result;
        seed_now = seed;
        alarm(o->mutant || o->bug ? HANG_S / 3 : HANG_S);
        storm_run(&config, &result);
        alarm(0); /* the reader may be busy with another worker for long */
        memset(&line, 0, sizeof(line));
        line.seed = seed;
        line.hash = result.trace_hash;
        line.preemptions = result.preemptions;
        line.requests = result.requests;
        line.faults = result.faults;
        snprintf(line.first, sizeof(line.first), "%.199s", result.first_fault);
        if (write(out, &line, sizeof(line)) != sizeof(line))
            _Exit(3);
        if (line.faults && (o->mutant || o->bug))
            break; /* found: one is enough */
    }
    memset(&line, 0, sizeof(line));
    line.seed = UINT64_MAX;
    if (write(out, &line, sizeof(line)) != sizeof(line) ||
        write(out, port_edges, sizeof(port_edges)) != sizeof(port_edges))
        _Exit(3);
    _Exit(0);
}

static int
by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static uint64_t
count_distinct(uint64_t *hashes, uint64_t count)
{
    uint64_t distinct = 0;

    qsort(hashes, count, sizeof(*hashes), by_value);
    for (uint64_t i = 0; i < count; i++)
        distinct += !i || hashes[i] != hashes[i - 1];
    return distinct;
}

static bool
read_all(int fd, void *data, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        ssize_t n = read(fd, (char *)data + at, bytes - at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static void
collect(const struct options *o, int fd, struct tally *tally, uint64_t *hashes)
{
    struct line line;

    while (read_all(fd, &line, sizeof(line))) {
        if (line.seed == UINT64_MAX) {
            unsigned long edges[PORT_EDGE_COUNT];
            if (!read_all(fd, edges, sizeof(edges)))
                return;
            for (unsigned i = 0; i < PORT_EDGE_COUNT; i++)
                tally->edges[i] += edges[i];
            return;
        }
        tally->runs++;
        tally->preemptions += line.preemptions;
        tally->requests += line.requests;
        hashes[tally->hashes++] = line.hash;
        if (o->list)
            printf("%" PRIu64 " %016" PRIx64 "\n", line.seed, line.hash);
        if (line.faults && !tally->faults++ && !o->mutant && !o->bug)
            printf("seed %" PRIu64 ": %u faults, first: %s\n  again: soak --one %" PRIu64
                   " --verbose\n",
                   line.seed, line.faults, line.first, line.seed);
        if (isatty(2) && tally->runs % 100 == 0)
            fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " seeds", tally->runs, o->seeds);
    }
}

/* A worker that died took a seed with it: that is a fault as well. */
static struct tally
run_all(const struct options *o)
{
    struct tally tally = {0};
    uint64_t *hashes = calloc(o->seeds + 1, sizeof(*hashes));
    int pipes[16][2];
    pid_t pids[16];

    for (unsigned j = 0; j < o->jobs; j++) {
        if (pipe(pipes[j]) || (fflush(stdout), pids[j] = fork()) < 0)
            exit(3);
        if (!pids[j]) {
            close(pipes[j][0]);
            worker(o, j, pipes[j][1]);
        }
        close(pipes[j][1]);
    }
    for (unsigned j = 0; j < o->jobs; j++) {
        int status = 0;
        collect(o, pipes[j][0], &tally, hashes);
        close(pipes[j][0]);
        waitpid(pids[j], &status, 0);
        if (status) {
            tally.faults++;
            if (!o->mutant && !o->bug)
                printf("a worker ended with status 0x%x\n", status);
        }
    }
    if (isatty(2))
        fprintf(stderr, "\r");
    tally.hashes = count_distinct(hashes, tally.hashes);
    free(hashes);
    return tally;
}

static int
soak(const struct options *o)
{
    struct tally t = run_all(o);
    unsigned missed = 0;

    if (o->list)
        return t.faults ? 1 : 0;
    printf("%" PRIu64 " seeds, %" PRIu64 " requests, %" PRIu64 " with a fault\n", t.runs,
           t.requests, t.faults);
    if (!o->threads)
        printf("%" PRIu64 " distinct traces, %.1f preemptions per seed\n", t.hashes,
               t.runs ? (double)t.preemptions / (double)t.runs : 0.0);
    for (unsigned i = 0; i < PORT_EDGE_COUNT && !o->no_edges; i++) {
        printf("  edge %-24s %lu\n", edge_names[i], t.edges[i]);
        missed += !t.edges[i];
    }
    if (missed && !o->threads && !o->no_edges)
        printf("%u edges were never taken\n", missed);
    /* A few seeds cannot be expected to take every edge. */
    return t.faults || (missed && !o->threads && !o->no_edges && o->seeds >= EDGE_SEEDS) ? 1 : 0;
}

/* Each planted bug alone: how many seeds until it shows. */
static bool
hunt(struct options *o, const char *kind, const char *name, const char *what)
{
    struct tally t = run_all(o);

    printf("%-8s %-28s %s after %" PRIu64 " seeds: %s\n", kind, name,
           t.faults ? "found" : "NOT FOUND", t.runs, what);
    fflush(stdout);
    return t.faults != 0;
}

static int
mutants(struct options *o)
{
    unsigned missed = 0, all = 0;

    for (unsigned m = 1; m < PORT_MUTANT_COUNT; m++, all++) {
        o->mutant = mutant_names[m].name;
        port_mutant = (enum port_mutant)m;
        missed += !hunt(o, "port", mutant_names[m].name, mutant_names[m].what);
    }
    port_mutant = PORT_MUTANT_NONE;
    o->mutant = NULL;
    for (unsigned b = 1; b <= BUGS; b++, all++) {
        char name[16];
        snprintf(name, sizeof(name), "bug %u", b);
        o->bug = b;
        hunting = true;
        missed += !hunt(o, "miniport", name, bug_names[b]);
    }
    printf("%u of %u planted bugs found\n", all - missed, all);
    return missed ? 1 : 0;
}

static int
one(const struct options *o)
{
    struct storm_config config = config_of(o, o->one);
    struct storm_result result;

    storm_run(&config, &result);
    printf("seed %" PRIu64 ": trace %016" PRIx64 ", %u requests, %u faults%s%s\n", o->one,
           result.trace_hash, result.requests, result.faults, result.faults ? ": " : "",
           result.first_fault);
    return result.faults ? 1 : 0;
}

static bool
mutant_set(const char *name)
{
    for (unsigned m = 1; m < PORT_MUTANT_COUNT; m++) {
        if (!strcmp(name, mutant_names[m].name)) {
            port_mutant = (enum port_mutant)m;
            return true;
        }
    }
    return false;
}

static void
parse(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(a, "--threads"))
            o->threads = true;
        else if (!strcmp(a, "--verbose"))
            o->verbose = true;
        else if (!strcmp(a, "--mutants"))
            o->mutants = true;
        else if (!strcmp(a, "--seed-list"))
            o->list = true;
        else if (!strcmp(a, "--reverse"))
            o->reverse = true;
        else if (!strcmp(a, "--no-edges"))
            o->no_edges = true;
        else if (!strcmp(a, "--seeds"))
            o->seeds = strtoull(value, NULL, 0), i++;
        else if (!strcmp(a, "--start"))
            o->start = strtoull(value, NULL, 0), i++;
        else if (!strcmp(a, "--jobs"))
            o->jobs = (unsigned)strtoul(value, NULL, 0), i++;
        else if (!strcmp(a, "--driver"))
            o->driver = value, i++;
        else if (!strcmp(a, "--bug"))
            o->bug = (unsigned)strtoul(value, NULL, 0), i++;
        else if (!strcmp(a, "--one"))
            o->one = strtoull(value, NULL, 0), o->single = true, i++;
        else if (!strcmp(a, "--mutant") && mutant_set(value))
            o->mutant = value, i++;
        else {
            fprintf(stderr, "soak: what is %s?\n", a);
            exit(2);
        }
    }
    if (!o->jobs || o->jobs > 16)
        o->jobs = 2;
}

int
main(int argc, char **argv)
{
    const char *seeds = getenv("STORPORT_SEEDS");
    struct options o = {.start = 1,
                        .seeds = seeds ? strtoull(seeds, NULL, 0) : 500,
                        .jobs = 2,
                        .driver = DEFAULT_DRIVER};

    parse(argc, argv, &o);
    if (o.single)
        return one(&o);
    return o.mutants ? mutants(&o) : soak(&o);
}
