/* storport replay: one seed once more, with the identical trace. */
#include "options.h"
#include "scenario.h"

#include <errno.h>
#include <stdlib.h>

enum { REPLAY_TRACE = 1, REPLAY_MINIPORT };

static const struct option_row options[] = {
    {"miniport", "PATH", "a driver's .so instead of the demonstration's", REPLAY_MINIPORT},
    {"trace", NULL, "print every event", REPLAY_TRACE},
    {0},
};

struct arguments {
    struct scenario_options scenario;
    uint64_t seed;
    int words;
};

static int
take_option(void *context, int id, const char *value)
{
    struct arguments *arguments = context;

    if (id == REPLAY_TRACE)
        arguments->scenario.trace = true;
    else
        arguments->scenario.miniport = value;
    return 0;
}

static int
take_word(void *context, const char *word)
{
    struct arguments *arguments = context;
    char *end;

    errno = 0;
    arguments->seed = strtoull(word, &end, 0);
    if (*end || end == word || errno || arguments->words++) {
        complain("replay: \"%s\" is no seed; give the number that a report printed", word);
        return -1;
    }
    return 0;
}

static int
run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {0};
    int code = options_parse(command, argc, argv, take_option, take_word, &arguments);

    if (code == -2)
        return EXIT_OK;
    if (code < 0)
        return EXIT_USAGE;
    if (!arguments.words) {
        complain("replay: which seed? A report prints it as its last line");
        return EXIT_USAGE;
    }
    return scenario_replay(arguments.seed, &arguments.scenario) ? EXIT_FAILED : EXIT_OK;
}

static const struct command self = {
    .name = "replay",
    .words = "SEED",
    .help = "run a simulated scenario again from its seed",
    .options = options,
    .run = run,
};

const struct command *
command_replay(void)
{
    return &self;
}
