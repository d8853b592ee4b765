/* storport hunt: seeds until one loses a request. storport replay: one seed once more, with the
 * identical trace. */
#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <storport/host.h>
#include <unistd.h>

#define DEMONSTRATION "lost"

enum { OPTION_TRACE = 1, OPTION_MINIPORT, OPTION_SEEDS, OPTION_START };

struct arguments {
    struct storport_scenario scenario;
    uint64_t number; /* a seed, or how many */
    uint64_t start;
    int words;
};

static int
take_number(const char *text, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 0);
    if (!*end && end != text && !errno)
        return 0;
    complain("\"%s\" is no number", text);
    return -1;
}

static int
take_option(void *context, int id, const char *value)
{
    struct arguments *arguments = context;

    switch (id) {
    case OPTION_TRACE:
        arguments->scenario.trace = true;
        return 0;
    case OPTION_MINIPORT:
        arguments->scenario.miniport = value;
        return 0;
    case OPTION_SEEDS:
        return take_number(value, &arguments->number);
    default:
        return take_number(value, &arguments->start);
    }
}

static void
print_result(const struct arguments *arguments, const struct storport_scenario_result *result)
{
    if (arguments->scenario.trace && result->trace)
        fputs(result->trace, stdout);
    fputs(result->report, stdout);
    printf("Seed %" PRIu64 ": %u requests, %u lost, %" PRIu64 " events, trace %016" PRIx64 "\n",
           arguments->scenario.seed, result->requests, result->lost, result->trace_events,
           result->trace_hash);
}

static void
fatal_told(void *context, const char *report)
{
    const struct arguments *arguments = context;

    fprintf(stderr, "%sSeed %" PRIu64 "\n", report, arguments->scenario.seed);
}

/* 0, or -1 after it complained. */
static int
run_seed(struct arguments *arguments, struct storport_scenario_result *result)
{
    char *error = NULL;
    int code;

    result->size = sizeof(*result);
    arguments->scenario.fatal = fatal_told;
    arguments->scenario.context = arguments;
    code = storport_scenario_run(&arguments->scenario, result, &error);
    if (!code)
        return 0;
    complain_about(code, error, "the scenario cannot be run");
    free(result->report);
    free(result->trace);
    return -1;
}

static void
result_free(struct storport_scenario_result *result)
{
    free(result->report);
    free(result->trace);
}

/* ---- replay ---- */

static int
replay_word(void *context, const char *word)
{
    struct arguments *arguments = context;

    if (arguments->words++) {
        complain("replay: one seed, please");
        return -1;
    }
    return take_number(word, &arguments->scenario.seed);
}

static int
replay_run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {
        .scenario = {.size = sizeof(struct storport_scenario), .miniport = DEMONSTRATION}};
    struct storport_scenario_result result;
    int code = options_parse(command, argc, argv, take_option, replay_word, &arguments);

    if (code == -2)
        return EXIT_OK;
    if (code < 0)
        return EXIT_USAGE;
    if (!arguments.words) {
        complain("replay: which seed? A report prints it as its last line");
        return EXIT_USAGE;
    }
    if (run_seed(&arguments, &result))
        return EXIT_FAILED;
    print_result(&arguments, &result);
    result_free(&result);
    return EXIT_OK;
}

static const struct option_row replay_options[] = {
    {"miniport", "MINIPORT", "a name or a driver's .so instead of the demonstration's",
     OPTION_MINIPORT},
    {"trace", NULL, "print every event", OPTION_TRACE},
    {0},
};
static const struct command replay = {
    .name = "replay",
    .words = "SEED",
    .help = "run a simulated load again from its seed",
    .options = replay_options,
    .run = replay_run,
};

const struct command *
command_replay(void)
{
    return &replay;
}

/* ---- hunt ---- */

static int
hunt_word(void *context, const char *word)
{
    struct arguments *arguments = context;

    if (arguments->words++) {
        complain("hunt: one miniport, please");
        return -1;
    }
    arguments->scenario.miniport = word;
    return 0;
}

static int
hunt_run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {
        .scenario = {.size = sizeof(struct storport_scenario), .miniport = DEMONSTRATION},
        .number = 1000,
        .start = 1};
    int code = options_parse(command, argc, argv, take_option, hunt_word, &arguments);

    if (code == -2)
        return EXIT_OK;
    if (code < 0)
        return EXIT_USAGE;
    for (uint64_t i = 0; i < arguments.number; i++) {
        struct storport_scenario_result result;
        arguments.scenario.seed = arguments.start + i;
        if (isatty(2))
            fprintf(stderr, "\rseed %" PRIu64, arguments.scenario.seed);
        if (run_seed(&arguments, &result))
            return EXIT_FAILED;
        if (result.lost || result.findings) {
            if (isatty(2))
                fprintf(stderr, "\r");
            print_result(&arguments, &result);
            printf("Again: storport replay %s%s%s%" PRIu64 "\n",
                   arguments.words ? "--miniport " : "",
                   arguments.words ? arguments.scenario.miniport : "", arguments.words ? " " : "",
                   arguments.scenario.seed);
            result_free(&result);
            return EXIT_FAILED;
        }
        result_free(&result);
    }
    printf("%" PRIu64 " seeds, nothing found\n", arguments.number);
    return EXIT_OK;
}

static const struct option_row hunt_options[] = {
    {"seeds", "N", "give up after so many (1000)", OPTION_SEEDS},
    {"start", "SEED", "the first seed (1)", OPTION_START},
    {"trace", NULL, "print every event of the seed that was found", OPTION_TRACE},
    {0},
};
static const struct command hunt = {
    .name = "hunt",
    .words = "[MINIPORT]",
    .help = "try seeds of a simulated load until a request is lost or a rule is broken",
    .options = hunt_options,
    .run = hunt_run,
};

const struct command *
command_hunt(void)
{
    return &hunt;
}
