/*
 * Options of the command: one table per subcommand, from which parsing, --help and the test against
 * the man page are made. Positional words are kept in order; what follows "--" is left alone.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

struct option_row {
    const char *name;     /* without dashes; NULL ends the table */
    const char *argument; /* "KEY=VALUE"; NULL: a switch */
    const char *help;
    int id;
};

struct command {
    const char *name;
    const char *words; /* of the usage line: "MINIPORT [-- COMMAND…]" */
    const char *help;  /* one line */
    const struct option_row *options;
    int (*run)(const struct command *command, int argc, char **argv);
};

/* argv[0] is the subcommand. Calls `option` for each option with its row's id, `word` for each
 * positional word; both answer 0, or -1 after they said what is wrong. Returns the index of the
 * first word after "--" (argc: none), or -1: a usage error was printed, or -2: help was printed. */
int options_parse(const struct command *command, int argc, char **argv,
                  int (*option)(void *context, int id, const char *value),
                  int (*word)(void *context, const char *word), void *context);
void options_help(const struct command *command);

/* "storport: text" on stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with a text to free, or strerror(-code) after `otherwise`. */
void complain_about(int code, char *error, const char *otherwise);

const struct command *command_run(void);
const struct command *command_info(void);
const struct command *command_scsi(void);
const struct command *command_hunt(void);
const struct command *command_replay(void);
const struct command *command_api(void);

/* Exit statuses (storport(1)). */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#endif
