/*
 * Durability of filedisk under power cuts: `crash DRIVER` runs seeds until the cuts asked for are
 * made (--cuts N, else STORPORT_CUTS, else 2000); `crash --mutants DRIVER` expects that each
 * planted fault loses data, and that the same build loses none without them.
 */
#include "crash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CUTS_DEFAULT 2000u
#define MUTANT_CUTS 10u /* times as many, before a fault counts as missed */

struct options {
    const char *driver;
    uint64_t cuts, seed;
    bool mutants, verbose;
};

static const struct {
    const char *name, *what;
} bugs[] = {{"NONE", "no fault"},
#define X(name, what) {#name, what},
            CRASH_BUGS(X)
#undef X
};

struct outcome {
    struct crash_totals totals;
    uint64_t seeds, syncs, ops, requests, recovered;
};

/* One seed. False: it failed, and was told. */
static bool
seed_run(const struct options *options, enum crash_bug bug, uint64_t seed, struct outcome *outcome)
{
    struct crash_run run = {
        .seed = seed, .driver = options->driver, .bug = bug, .verbose = options->verbose};
    struct crash_log log = {0};
    struct crash_image image = {0};
    bool well = crash_run(&run, &log);

    outcome->seeds++;
    outcome->syncs += log.sync_count;
    outcome->ops += log.op_count;
    outcome->requests += log.request_count;
    if (!well) {
        printf("seed %llu: %s\n", (unsigned long long)seed, run.fault);
    } else if (crash_check(&log, options->cuts - outcome->totals.cuts, &outcome->totals, &image) &&
               !bug) {
        well = crash_recover(&run, &log, &image);
        outcome->recovered += well;
        if (!well)
            printf("seed %llu: %s\n", (unsigned long long)seed, run.fault);
    }
    crash_log_free(&log);
    return well;
}

/* Until the cuts are made, or something is lost. */
static bool
campaign(const struct options *options, enum crash_bug bug, struct outcome *outcome)
{
    memset(outcome, 0, sizeof(*outcome));
    for (uint64_t seed = options->seed; outcome->totals.cuts < options->cuts; seed++) {
        if (!seed_run(options, bug, seed, outcome))
            return false;
        if (outcome->totals.lost)
            break;
    }
    return true;
}

static void
outcome_print(const struct outcome *o)
{
    printf("%llu seeds: %llu requests, %llu changes of the file, %llu syncs\n",
           (unsigned long long)o->seeds, (unsigned long long)o->requests,
           (unsigned long long)o->ops, (unsigned long long)o->syncs);
    printf("%llu cut points, %llu images, %llu bytes of acknowledged data checked\n",
           (unsigned long long)o->totals.cuts, (unsigned long long)o->totals.images,
           (unsigned long long)o->totals.promised_bytes);
    printf("every subset of unsynced sectors: %llu contents of single sectors checked\n",
           (unsigned long long)o->totals.states);
    printf("%llu images opened again by the driver and read back whole\n",
           (unsigned long long)o->recovered);
}

static int
durable(const struct options *options)
{
    struct outcome outcome;

    if (!campaign(options, CRASH_BUG_NONE, &outcome))
        return 1;
    outcome_print(&outcome);
    if (outcome.totals.lost) {
        printf("LOST: %s\n", outcome.totals.first);
        return 1;
    }
    /* A log without promises would pass everything. */
    if (!outcome.totals.promised_bytes || !outcome.syncs) {
        printf("nothing was checked\n");
        return 1;
    }
    return 0;
}

static int
mutants(const struct options *options)
{
    struct options more = *options;
    struct outcome outcome;
    int status = durable(options);

    more.cuts *= MUTANT_CUTS;
    for (unsigned bug = 1; bug < CRASH_BUG_COUNT; bug++) {
        bool ran = campaign(&more, (enum crash_bug)bug, &outcome);
        bool found = ran && outcome.totals.lost;
        printf("%-7s %-12s %s: %llu cut points\n", found ? "found" : "MISSED", bugs[bug].name,
               bugs[bug].what, (unsigned long long)outcome.totals.cuts);
        if (found)
            printf("        %s\n", outcome.totals.first);
        else
            status = 1;
    }
    return status;
}

static int
usage(void)
{
    fprintf(stderr, "usage: crash [--mutants] [--cuts N] [--seed N] [--verbose] DRIVER\n");
    return 1;
}

int
main(int argc, char **argv)
{
    const char *cuts = getenv("STORPORT_CUTS");
    struct options options = {.cuts = cuts ? strtoull(cuts, NULL, 0) : 0, .seed = 1};

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--mutants"))
            options.mutants = true;
        else if (!strcmp(argv[i], "--verbose"))
            options.verbose = true;
        else if (!strcmp(argv[i], "--cuts") && i + 1 < argc)
            options.cuts = strtoull(argv[++i], NULL, 0);
        else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
            options.seed = strtoull(argv[++i], NULL, 0);
        else if (argv[i][0] != '-')
            options.driver = argv[i];
        else
            return usage();
    }
    if (!options.driver)
        return usage();
    if (!options.cuts)
        options.cuts = CUTS_DEFAULT;
    return options.mutants ? mutants(&options) : durable(&options);
}
