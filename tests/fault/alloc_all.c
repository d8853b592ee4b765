/*
 * Every fallible call made to fail once, one at a time, from the executor's creation to its end:
 * no crash, no hang, no leak, no wrong data, whatever says no. A life per number until one has no
 * such call; each driver and each source of failures in a process of its own, so that a crash has
 * a number too.
 *
 *   alloc_all [DRIVER]…        all of them by default
 *   alloc_all --one DRIVER rt|heap NTH
 *   alloc_all --planted        (where the planted bugs are compiled in) each must be found
 */
#include "alloc.h"

#include "mutant.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Real time that one life may take: what has no end in virtual time either is told by the life. */
#define LIFE_SECONDS 120
#define PROBLEMS_MAX 12

/* Shared with the process that runs the lives. */
struct report {
    uint64_t nth, calls;
    unsigned noticed, absorbed, problems;
    char text[PROBLEMS_MAX][760];
};

static const char *const sources[] = {"rt", "heap"};
const char *const alloc_drivers[] = {"ramdisk",       "filedisk", "null",
                                     "null-physical", "mini",     "mini-physical"};
#define DRIVERS (sizeof(alloc_drivers) / sizeof(alloc_drivers[0]))

static void
problem(struct report *report, uint64_t nth, const char *text, const char *where)
{
    if (report->problems < PROBLEMS_MAX)
        snprintf(report->text[report->problems], sizeof(report->text[0]),
                 "call %" PRIu64 ": %s (%s)", nth, text, where);
    report->problems++;
}

/* The lives of one driver, in the child. */
static void
lives(const char *driver, enum alloc_source source, struct report *report)
{
    struct alloc_life life = {.driver = driver, .source = source};

    alloc_life_run(&life); /* what a process keeps for good is there afterwards */
    for (uint64_t nth = 0;; nth++) {
        life = (struct alloc_life){.driver = driver, .source = source, .nth = nth};
        report->nth = nth;
        alarm(LIFE_SECONDS);
        alloc_life_run(&life);
        if (!nth)
            report->calls = life.calls;
        if (!nth && life.errors)
            problem(report, 0, "operations fail without a fault", "");
        if (life.problems)
            problem(report, nth, life.first, life.where);
        if (nth && !life.fired)
            return;
        if (nth)
            life.errors ? report->noticed++ : report->absorbed++;
        if (report->problems >= PROBLEMS_MAX)
            return;
    }
}

static void
died(struct report *report, int status)
{
    char text[100];

    if (WIFSIGNALED(status))
        snprintf(text, sizeof(text), "%s",
                 WTERMSIG(status) == SIGALRM ? "the life has no end" : strsignal(WTERMSIG(status)));
    else
        snprintf(text, sizeof(text), "the process ended with status %d", WEXITSTATUS(status));
    problem(report, report->nth, text, "see above");
}

/* Whether nothing was wrong. */
static bool
run(const char *driver, enum alloc_source source, struct report *report)
{
    int status;
    pid_t child;

    memset(report, 0, sizeof(*report));
    fflush(NULL);
    child = fork();
    if (!child) {
        lives(driver, source, report);
        _Exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return false;
    if (status)
        died(report, status);
    return !report->problems;
}

static void
print(const char *driver, enum alloc_source source, const struct report *report)
{
    printf("%-14s %-5s %5" PRIu64 " fallible calls, %4u failures told, %4u done without, "
           "%u problems\n",
           driver, sources[source], report->calls, report->noticed, report->absorbed,
           report->problems);
    for (unsigned i = 0; i < report->problems && i < PROBLEMS_MAX; i++)
        printf("    %s\n", report->text[i]);
    fflush(stdout);
}

static bool
wanted(int argc, char **argv, const char *driver)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], driver))
            return true;
    return argc == 1;
}

static int
all(int argc, char **argv, struct report *report)
{
    uint64_t calls = 0;
    bool well = true;

    for (unsigned d = 0; d < DRIVERS; d++) {
        if (!wanted(argc, argv, alloc_drivers[d]))
            continue;
        for (enum alloc_source s = 0; s < ALLOC_SOURCES; s++) {
            well &= run(alloc_drivers[d], s, report);
            /* A life that asks for nothing proves nothing. */
            well &= report->calls >= 20 && report->noticed >= 10;
            print(alloc_drivers[d], s, report);
            calls += report->noticed + report->absorbed;
        }
    }
    printf("%" PRIu64 " calls were made to fail, one at a time\n", calls);
    return !well || !calls;
}

static int
one(char **argv)
{
    struct alloc_life life = {.driver = argv[0],
                              .source = strcmp(argv[1], "rt") ? ALLOC_HEAP : ALLOC_RT};

    alloc_life_run(&life);
    life.nth = strtoull(argv[2], NULL, 10);
    life.problems = life.errors = 0;
    alloc_life_run(&life);
    printf("%" PRIu64 " calls, %u errors, %u problems: %s\n", life.calls, life.errors,
           life.problems, life.problems ? life.first : "-");
    printf("%s\n", life.where);
    return life.problems != 0;
}

#ifdef STORPORT_MUTANTS
static int
planted(struct report *report)
{
    static const struct {
        enum port_mutant mutant;
        const char *name;
    } bugs[] = {
        {PORT_MUTANT_ALLOC_LEAK, "a failed allocation leaks the one before it"},
        {PORT_MUTANT_ALLOC_UNCHECKED, "nobody looks whether memory came"},
    };
    bool well = true;

    for (unsigned i = 0; i < sizeof(bugs) / sizeof(bugs[0]); i++) {
        port_mutant = bugs[i].mutant;
        bool found = !run("ramdisk", ALLOC_RT, report);
        printf("%-45s %s: %s\n", bugs[i].name, found ? "found" : "NOT FOUND",
               found ? report->text[0] : "-");
        well &= found && report->nth;
    }
    port_mutant = PORT_MUTANT_NONE;
    well &= run("ramdisk", ALLOC_RT, report);
    print("ramdisk", ALLOC_RT, report);
    return !well;
}
#endif

int
main(int argc, char **argv)
{
    struct report *report =
        mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (report == MAP_FAILED)
        return 1;
    if (argc == 5 && !strcmp(argv[1], "--one"))
        return one(argv + 2);
#ifdef STORPORT_MUTANTS
    if (argc == 2 && !strcmp(argv[1], "--planted"))
        return planted(report);
#endif
    return all(argc, argv, report);
}
