/* See server.h. */
#include "server.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where systemd's protocol, which nbdkit speaks, wants the socket; and where the plugin tells. */
#define LISTEN_FD 3
#define READY_FD 4
#define READY_TEXT "ready=4"
#define ARGUMENT_MAX 512

int
status_of(int wait_status)
{
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

/* ---- listening ---------------------------------------------------------------------------- */

static int
folder_make(struct server *server)
{
    const char *top = getenv("XDG_RUNTIME_DIR");
    struct sockaddr_un address;

    /* A socket's path is short; a long TMPDIR must not spoil that. */
    if (!top || access(top, W_OK))
        top = getenv("TMPDIR");
    if (!top || strlen(top) + sizeof("/storport.XXXXXX/control") > sizeof(address.sun_path))
        top = "/tmp";
    if (asprintf(&server->folder, "%s/storport.XXXXXX", top) < 0 || !mkdtemp(server->folder)) {
        complain("no private folder under %s: %s; set TMPDIR", top, strerror(errno));
        free(server->folder);
        server->folder = NULL;
        return -1;
    }
    return asprintf(&server->control, "%s/control", server->folder) < 0 ? -1 : 0;
}

/* As a URI wants it: what is not plain becomes %XX. */
static char *
uri_escape(const char *text)
{
    char *out = malloc(strlen(text) * 3 + 1), *to = out;

    for (; out && *text; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9') || strchr("/-._~", *text);
        to += plain ? (*to = *text, 1) : sprintf(to, "%%%02X", (unsigned char)*text);
    }
    if (out)
        *to = 0;
    return out;
}

/* A socket file that nobody holds open is left over from a killed server. Asked with a socket of
 * another type, which a live server refuses without ever hearing of it. */
static bool
socket_is_stale(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool stale =
        fd >= 0 && connect(fd, (const void *)address, sizeof(*address)) && errno == ECONNREFUSED;

    if (fd >= 0)
        close(fd);
    return stale;
}

static int
listen_unix(struct server *server, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    mode_t mask;
    int code;

    if (strlen(path) >= sizeof(address.sun_path)) {
        complain("--export: the path %s is too long for a socket; name a shorter one", path);
        return -1;
    }
    strcpy(address.sun_path, path);
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0)
        return -1;
    if (socket_is_stale(&address))
        unlink(path);
    mask = umask(0177);
    code = bind(server->listener, (struct sockaddr *)&address, sizeof(address));
    umask(mask);
    if (code || listen(server->listener, SOMAXCONN)) {
        complain("--export: cannot listen at %s: %s; %s", path, strerror(errno),
                 errno == EADDRINUSE ? "end what serves there, or name another path"
                                     : "name a path in a folder that you may write");
        return -1;
    }
    server->socket = strdup(path);
    return 0;
}

static int
listen_tcp(struct server *server, const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int one = 1;
    char *end;
    unsigned long port = strtoul(text, &end, 10);

    if (!*text || *end || port > 65535) {
        complain(
            "--export nbd:%s: write nbd:unix=PATH or nbd:PORT (0 to 65535; 0 takes a free one)",
            text);
        return -1;
    }
    address.sin_port = htons((uint16_t)port);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(server->listener, (struct sockaddr *)&address, sizeof(address)) ||
        listen(server->listener, SOMAXCONN) ||
        getsockname(server->listener, (struct sockaddr *)&address, &length)) {
        complain("--export: cannot listen at port %lu of this machine: %s; name another port", port,
                 strerror(errno));
        return -1;
    }
    return asprintf(&server->uri, "nbd://127.0.0.1:%u", ntohs(address.sin_port)) < 0 ? -1 : 0;
}

int
server_listen(struct server *server, const char *where)
{
    char *path = NULL, *escaped;
    int code;

    *server = (struct server){.listener = -1};
    if (where && strncmp(where, "nbd:", 4)) {
        complain("--export %s: no such kind; write nbd:unix=PATH or nbd:PORT", where);
        return -1;
    }
    if (folder_make(server))
        return -1;
    if (where && strncmp(where, "nbd:unix=", 9))
        return listen_tcp(server, where + 4);
    if (!where)
        code = asprintf(&path, "%s/nbd", server->folder) < 0 ? -1 : listen_unix(server, path);
    else
        code = listen_unix(server, where + 9);
    free(path);
    if (code)
        return code;
    /* A URI outlives this folder, so it says the whole path. */
    path = realpath(server->socket, NULL);
    escaped = uri_escape(path ? path : server->socket);
    if (!escaped || asprintf(&server->uri, "nbd+unix:///?socket=%s", escaped) < 0)
        code = -1;
    free(escaped);
    free(path);
    return code;
}

/* ---- nbdkit ------------------------------------------------------------------------------- */

struct arguments {
    char *list[ARGUMENT_MAX];
    unsigned count;
};

static void __attribute__((format(printf, 2, 3)))
argument_add(struct arguments *arguments, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (arguments->count < ARGUMENT_MAX - 1 &&
        vasprintf(&arguments->list[arguments->count], format, args) >= 0)
        arguments->count++;
    va_end(args);
}

/* Beside the library where it was built, in nbdkit/plugins below it where it is installed. */
static char *
plugin_path(void)
{
    static const char *const places[] = {"", "nbdkit/plugins/"};
    Dl_info library;
    char *real, *slash, *path;

    if (!dladdr((void *)(uintptr_t)storport_host_create, &library) ||
        !(real = realpath(library.dli_fname, NULL)))
        return NULL;
    slash = strrchr(real, '/');
    for (unsigned i = 0; i < 2; i++) {
        if (asprintf(&path, "%.*s%snbdkit-storport-plugin.so", (int)(slash + 1 - real), real,
                     places[i]) < 0)
            break;
        if (!access(path, R_OK)) {
            free(real);
            return path;
        }
        free(path);
    }
    free(real);
    return NULL;
}

static void
arguments_make(struct arguments *arguments, const struct server *server,
               const struct session *session, const char *plugin)
{
    argument_add(arguments, "nbdkit");
    argument_add(arguments, "-f");
    argument_add(arguments, "--exit-with-parent");
    argument_add(arguments, "%s", plugin);
    argument_add(arguments, "driver=%s", session->miniport);
    for (size_t i = 0; i < session->registry_count; i++)
        argument_add(arguments, "reg=%s", session->registry[i]);
    if (session->config.processors)
        argument_add(arguments, "processors=%u", session->config.processors);
    if (session->config.verify)
        argument_add(arguments, "verify=1");
    if (session->config.dma_remap)
        argument_add(arguments, "dma-remap=1");
    if (session->config.gdb)
        argument_add(arguments, "gdb=1");
    if (session->config.watchdog_s)
        argument_add(arguments, "watchdog=%d",
                     session->config.watchdog_s < 0 ? 0 : session->config.watchdog_s);
    argument_add(arguments, "log=%s", session_level_name(session));
    argument_add(arguments, "control=%s", server->control);
    argument_add(arguments, READY_TEXT);
    for (size_t i = 0; i < session->devices.count; i++) {
        char *spec = devices_spec(&session->devices.list[i]);
        argument_add(arguments, "device=%s", spec ? spec : "");
        free(spec);
    }
}

/* nbdkit is not built with sanitizers; when this program is, their runtime must be there first.
 * What nbdkit itself leaks at its end is not looked at. */
static void
sanitizer_preload(void)
{
    static const char *const entries[] = {"__asan_init", "__tsan_init"};
    const char *set = getenv("ASAN_OPTIONS");
    char options[512];
    Dl_info runtime, self;

    for (unsigned i = 0; i < 2; i++) {
        void *entry = dlsym(RTLD_DEFAULT, entries[i]);
        if (entry && dladdr(entry, &runtime) &&
            dladdr((void *)(uintptr_t)sanitizer_preload, &self) &&
            runtime.dli_fbase != self.dli_fbase) {
            snprintf(options, sizeof(options), "%s:detect_leaks=0", set ? set : "");
            setenv("ASAN_OPTIONS", options, 1);
            setenv("LD_PRELOAD", runtime.dli_fname, 1);
        }
    }
}

static _Noreturn void
nbdkit_become(const struct server *server, struct arguments *arguments, int ready)
{
    sigset_t none;
    char pid[16];
    int listener;

    /* Move both out of the way first: either may stand where the other must go. */
    listener = fcntl(server->listener, F_DUPFD, 10);
    ready = fcntl(ready, F_DUPFD, 10);
    dup2(listener, LISTEN_FD);
    dup2(ready, READY_FD);
    close(listener);
    close(ready);
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "1", 1);
    sanitizer_preload();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp("nbdkit", arguments->list);
    complain("nbdkit cannot be started: %s; install it (apt-get install nbdkit)", strerror(errno));
    _exit(127);
}

int
server_start(struct server *server, const struct session *session)
{
    struct arguments arguments = {0};
    char *plugin = plugin_path(), byte;
    int ready[2], status = EXIT_FAILED;
    ssize_t got;

    if (!plugin) {
        complain("nbdkit-storport-plugin.so is not beside the library: was it built without "
                 "nbdkit's headers?");
        return EXIT_FAILED;
    }
    arguments_make(&arguments, server, session, plugin);
    free(plugin);
    if (arguments.count == ARGUMENT_MAX - 1 || pipe2(ready, O_CLOEXEC)) {
        complain("too many options, or no pipe: %s", strerror(errno));
        return EXIT_FAILED;
    }
    fflush(NULL);
    server->pid = fork();
    if (!server->pid)
        nbdkit_become(server, &arguments, ready[1]);
    for (unsigned i = 0; i < arguments.count; i++)
        free(arguments.list[i]);
    close(ready[1]);
    close(server->listener); /* the child's now: when it ends, clients see that */
    server->listener = -1;
    do
        got = read(ready[0], &byte, 1);
    while (got < 0 && errno == EINTR);
    close(ready[0]);
    if (got == 1)
        return 0;
    if (server->pid > 0) {
        waitpid(server->pid, &status, 0);
        status = status_of(status);
    }
    server->pid = 0;
    return status ? status : EXIT_FAILED;
}

int
server_stop(struct server *server)
{
    int status = 0;

    if (server->pid <= 0)
        return 0;
    kill(server->pid, SIGTERM);
    while (waitpid(server->pid, &status, 0) < 0 && errno == EINTR)
        ;
    server->pid = 0;
    return status_of(status);
}

void
server_finish(struct server *server)
{
    if (server->listener >= 0)
        close(server->listener);
    if (server->socket)
        unlink(server->socket);
    if (server->control)
        unlink(server->control);
    if (server->folder)
        rmdir(server->folder);
    free(server->socket);
    free(server->control);
    free(server->folder);
    free(server->uri);
}
