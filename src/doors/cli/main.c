/* The storport command: finds the subcommand and hands over. */
#include "options.h"

#include <stdio.h>
#include <string.h>

static const struct command *(*const commands[])(void) = {
    command_run, command_info, command_scsi, command_hunt, command_replay, command_api,
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(*commands))

static void
help(FILE *out)
{
    fprintf(out, "usage: storport COMMAND [options] …\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-8s %s\n", commands[i]()->name, commands[i]()->help);
    fprintf(out, "\n`storport COMMAND --help` lists the options; storport(1) says more.\n");
}

int
main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    if (!strcmp(name, "--version")) {
        printf("storport %s\n", STORPORT_VERSION);
        return EXIT_OK;
    }
    if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
        help(stdout);
        return EXIT_OK;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(name, commands[i]()->name))
            return commands[i]()->run(commands[i](), argc - 1, argv + 1);
    if (*name)
        complain("no command \"%s\"; `storport --help` lists them", name);
    else
        help(stderr);
    return EXIT_USAGE;
}
