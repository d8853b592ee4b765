/*
 * storport run: hosts a miniport. In this process until Ctrl-C; or, with --export or a COMMAND, in
 * nbdkit's, whose life then is ours to look after.
 */
#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUN_EXPORT = SESSION_COUNT };

static const struct option_row options[] = {
    SESSION_OPTIONS,
    {"export", "WHERE", "serve the disks: nbd:unix=PATH, or nbd:PORT on loopback", RUN_EXPORT},
    {0},
};

struct arguments {
    struct session session;
    const char *where;
};

static int
take_option(void *context, int id, const char *value)
{
    struct arguments *arguments = context;

    if (id != RUN_EXPORT)
        return session_option(&arguments->session, id, value);
    arguments->where = value;
    return 0;
}

static int
take_word(void *context, const char *word)
{
    struct arguments *arguments = context;

    if (arguments->session.miniport) {
        complain("run: \"%s\" is too much; options are written --option %s, a command follows --",
                 word, word);
        return -1;
    }
    arguments->session.miniport = word;
    return 0;
}

/* Signals are waited for, never handled: children are given an empty mask again. */
static void
signals_block(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGCHLD);
    sigprocmask(SIG_BLOCK, set, NULL);
}

/* ---- in this process ---------------------------------------------------------------------- */

static void
topology_print(struct storport_host *host)
{
    struct storport_unit *unit = NULL, *next;

    while ((next = storport_unit_next(host, unit))) {
        struct storport_unit_info info = {.size = sizeof(info)};
        char *error;
        storport_unit_put(unit);
        unit = next;
        if (storport_unit_info(unit, &info, &error)) {
            complain_about(-EIO, error, "a unit does not answer");
            continue;
        }
        printf("%-12s %s %s, %" PRIu64 " bytes, queue depth %u (%s)\n", info.name, info.vendor,
               info.product, info.bytes, info.queue_depth, info.queue_depth_source);
    }
    storport_unit_put(unit);
}

static int
run_here(struct session *session)
{
    sigset_t set;
    int code;

    signals_block(&set);
    if (session_start(session))
        return EXIT_FAILED;
    topology_print(session->host);
    printf("Ctrl-C drains, flushes and ends.\n");
    fflush(stdout);
    do
        code = sigwaitinfo(&set, NULL);
    while (code == SIGCHLD || (code < 0 && errno == EINTR));
    return session_stop(session) ? EXIT_FAILED : EXIT_OK;
}

/* ---- the command -------------------------------------------------------------------------- */

/* The word with each $uri in it replaced; heap. */
static char *
word_fill(const char *word, const char *uri)
{
    const char *dollar;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    while (out && (dollar = strstr(word, "$uri"))) {
        bool whole =
            !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", dollar[4]) ||
            !dollar[4];
        fprintf(out, "%.*s%s", (int)(dollar - word), word, whole ? uri : "$uri");
        word = dollar + 4;
    }
    if (!out)
        return NULL;
    fputs(word, out);
    fclose(out);
    return text;
}

static _Noreturn void
command_become(const struct server *server, char **words)
{
    sigset_t none;
    unsigned count = 0;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setenv("uri", server->uri, 1);
    setenv("STORPORT_CONTROL", server->control, 1);
    if (server->socket)
        setenv("unixsocket", server->socket, 1);
    while (words[count])
        count++;
    /* One word with a blank in it is a line for the shell. */
    if (count == 1 && strpbrk(words[0], " \t;&|<>"))
        execl("/bin/sh", "sh", "-c", words[0], (char *)NULL);
    for (unsigned i = 0; i < count; i++)
        words[i] = word_fill(words[i], server->uri);
    execvp(words[0], words);
    complain("%s cannot be started: %s", words[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

/* ---- in nbdkit's process ------------------------------------------------------------------ */

/* Until `main` has ended: passes signals on that only this process got. When nbdkit ends first, its
 * status is kept; clients see their connection close. */
static int
children_wait(struct server *server, pid_t main, const sigset_t *set, int *server_status)
{
    for (;;) {
        siginfo_t info;
        int status, signal = sigwaitinfo(set, &info);
        pid_t pid;

        /* Ctrl-C reaches every process of the terminal by itself. */
        if (signal > 0 && signal != SIGCHLD && info.si_code <= 0)
            kill(main, signal == SIGHUP ? SIGTERM : signal);
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            if (pid == server->pid) {
                *server_status = status_of(status);
                server->pid = 0;
            }
            if (pid == main)
                return status_of(status);
        }
    }
}

static int
run_served(struct arguments *arguments, char **words)
{
    int server_status = 0, status;
    struct server server;
    sigset_t set;
    pid_t child;

    if (session_check(&arguments->session))
        return EXIT_FAILED;
    signals_block(&set);
    status = server_listen(&server, arguments->where) ? EXIT_FAILED : 0;
    if (!status)
        status = server_start(&server, &arguments->session);
    if (status)
        goto finish;
    if (!words) {
        printf("%s\n", server.uri);
        printf("storport info --control %s\n", server.control);
        fflush(stdout);
        status = children_wait(&server, server.pid, &set, &server_status);
        goto finish;
    }
    fflush(NULL);
    child = fork();
    if (!child)
        command_become(&server, words);
    status = child < 0 ? EXIT_FAILED : children_wait(&server, child, &set, &server_status);
    if (server.pid)
        server_status = server_stop(&server);
    /* A driver that faulted, or a disk that could not be flushed, is no success. */
    if (server_status) {
        complain("the server ended with status %d", server_status);
        status = server_status;
    }

finish:
    server_finish(&server);
    return status;
}

static int
run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {0};
    int code;

    session_init(&arguments.session);
    code = options_parse(command, argc, argv, take_option, take_word, &arguments);
    if (code < 0) {
        code = code == -2 ? EXIT_OK : EXIT_USAGE;
    } else if (!arguments.session.miniport) {
        session_check(&arguments.session);
        code = EXIT_USAGE;
    } else if (code < argc || arguments.where) {
        code = run_served(&arguments, code < argc ? argv + code : NULL);
    } else {
        code = run_here(&arguments.session);
    }
    session_finish(&arguments.session);
    return code;
}

static const struct command self = {
    .name = "run",
    .words = "MINIPORT [-- COMMAND…]",
    .help = "host a miniport; serve its disks; run a command on them ($uri)",
    .options = options,
    .run = run,
};

const struct command *
command_run(void)
{
    return &self;
}
