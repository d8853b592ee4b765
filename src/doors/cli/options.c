/* See options.h. Parsing is getopt_long's; its table is built from ours. */
#include "options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTION_MAX 24
#define OPTION_ID 256 /* getopt's value of row i is OPTION_ID + i */

void
complain(const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fputs("storport: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void
complain_about(int code, char *error, const char *otherwise)
{
    if (error)
        complain("%s", error);
    else
        complain("%s: %s", otherwise, strerror(-code));
    free(error);
}

void
options_help(const struct command *command)
{
    printf("usage: storport %s [options] %s\n\n%s\n\n", command->name, command->words,
           command->help);
    for (const struct option_row *row = command->options; row->name; row++) {
        char left[40];
        snprintf(left, sizeof(left), "--%s%s%s", row->name, row->argument ? " " : "",
                 row->argument ? row->argument : "");
        printf("  %-26s %s\n", left, row->help);
    }
    printf("  %-26s %s\n", "--help", "print this");
}

static int
word_separator(int argc, char **argv)
{
    int index = 1;

    while (index < argc && strcmp(argv[index], "--"))
        index++;
    return index;
}

int
options_parse(const struct command *command, int argc, char **argv,
              int (*option)(void *context, int id, const char *value),
              int (*word)(void *context, const char *word), void *context)
{
    struct option table[OPTION_MAX + 1] = {0};
    int end = word_separator(argc, argv), count = 0, found, ours = 0;

    for (const struct option_row *row = command->options; row->name; row++, count++)
        table[count] = (struct option){.name = row->name,
                                       .has_arg = row->argument ? required_argument : no_argument,
                                       .val = OPTION_ID + count};
    table[count] = (struct option){.name = "help", .val = 'h'};
    optind = 1;
    opterr = 0;
    /* The leading "-" hands positional words over in their place. */
    while (!ours && (found = getopt_long(end, argv, "-:h", table, NULL)) != -1) {
        if (found == 'h') {
            options_help(command);
            return -2;
        }
        if (found == 1)
            ours = word(context, optarg);
        else if (found >= OPTION_ID)
            ours = option(context, command->options[found - OPTION_ID].id, optarg);
        else {
            complain("%s: %s \"%s\"; `storport %s --help` lists the options", command->name,
                     found == ':' ? "a value is missing after" : "unknown option", argv[optind - 1],
                     command->name);
            return -1;
        }
    }
    return ours ? -1 : end < argc ? end + 1 : argc;
}
