/* storport api: which of the documented routines are there. */
#include "options.h"

#include <stdio.h>
#include <string.h>
#include <storport/host.h>

#ifdef HAVE_JANSSON
#include <jansson.h>
#include <stdlib.h>
#endif

enum { API_JSON = 1, API_MISSING };

static const struct option_row options[] = {
    {"json", NULL, "print JSON", API_JSON},
    {"missing", NULL, "only what is not there yet", API_MISSING},
    {0},
};

struct arguments {
    bool json, missing;
};

static int
take_option(void *context, int id, const char *value)
{
    struct arguments *arguments = context;

    (void)value;
    if (id == API_JSON)
        arguments->json = true;
    else
        arguments->missing = true;
    return 0;
}

static int
take_word(void *context, const char *word)
{
    (void)context;
    complain("api: \"%s\" is too much; api takes options only", word);
    return -1;
}

static void
print_text(const struct arguments *arguments)
{
    unsigned all = 0, green = 0, core = 0, core_green = 0;
    struct storport_api_row row = {.size = sizeof(row)};

    for (unsigned i = 0; storport_api_row(i, &row); i++) {
        all++;
        green += row.green;
        core += row.core;
        core_green += row.core && row.green;
        if (!arguments->missing || !row.green)
            printf("%-8s %-5s %-8s %-44s %s\n", row.green ? "there" : "missing",
                   row.core ? "core" : "", row.module, row.name, row.reach);
    }
    printf("%u of %u routines are there and tested; of the core %u of %u\n", green, all, core_green,
           core);
}

static int
print_json(const struct arguments *arguments)
{
#ifdef HAVE_JANSSON
    struct storport_api_row row = {.size = sizeof(row)};
    json_t *list = json_array();

    for (unsigned i = 0; storport_api_row(i, &row); i++)
        if (!arguments->missing || !row.green)
            json_array_append_new(list, json_pack("{ss ss ss ss ss sb sb}", "name", row.name,
                                                  "module", row.module, "reach", row.reach, "page",
                                                  row.page, "since", row.since, "core", row.core,
                                                  "there", row.green));
    json_dumpf(list, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(list);
    return EXIT_OK;
#else
    (void)arguments;
    complain("this build has no JSON: build it again with jansson's headers there");
    return EXIT_FAILED;
#endif
}

static int
run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {0};
    int code = options_parse(command, argc, argv, take_option, take_word, &arguments);

    if (code < 0)
        return code == -2 ? EXIT_OK : EXIT_USAGE;
    if (arguments.json)
        return print_json(&arguments);
    print_text(&arguments);
    return EXIT_OK;
}

static const struct command self = {
    .name = "api",
    .words = "",
    .help = "list the documented routines and which of them are there",
    .options = options,
    .run = run,
};

const struct command *
command_api(void)
{
    return &self;
}
