/*
 * The control socket: answers questions about a living host, one connection at a time, on a thread
 * of its own. Only its owner may connect. It asks the same API as everyone; changes nothing.
 */
#include "host_priv.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A peer that asks nothing, or reads no answer, for so long is let go. */
#define PEER_SECONDS 5

struct control {
    struct storport_host *host;
    pthread_t thread;
    int socket;
    int stop; /* eventfd */
    struct sockaddr_un address;
};

static char *
answer_make(struct storport_host *host, const char *question)
{
    char *text = NULL;

    if (!strcmp(question, "info"))
        text = storport_host_json(host);
    else if (!strncmp(question, "trace", 5))
        text = storport_trace_text(host, (uint32_t)strtoul(question + 5, NULL, 10));
    return text ? text : strdup("?\n");
}

static void
peer_serve(struct control *control, int peer)
{
    struct timeval patience = {.tv_sec = PEER_SECONDS};
    char question[128], *answer;
    size_t got = 0, sent = 0, length;

    setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    while (got < sizeof(question) - 1) {
        ssize_t count = recv(peer, question + got, sizeof(question) - 1 - got, 0);
        if (count <= 0)
            return;
        got += (size_t)count;
        if (memchr(question, '\n', got))
            break;
    }
    question[got] = 0;
    question[strcspn(question, "\n")] = 0;
    answer = answer_make(control->host, question);
    length = answer ? strlen(answer) : 0;
    while (sent < length) {
        ssize_t count = send(peer, answer + sent, length - sent, MSG_NOSIGNAL);
        if (count <= 0)
            break;
        sent += (size_t)count;
    }
    free(answer);
}

static void *
control_run(void *context)
{
    struct control *control = context;
    struct pollfd wait[2] = {{.fd = control->socket, .events = POLLIN},
                             {.fd = control->stop, .events = POLLIN}};

    for (;;) {
        int peer;
        if (poll(wait, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (wait[1].revents)
            return NULL;
        peer = accept4(control->socket, NULL, NULL, SOCK_CLOEXEC);
        if (peer < 0)
            continue;
        peer_serve(control, peer);
        close(peer);
    }
}

static int
socket_open(struct control *control, const char *path, char **error)
{
    mode_t mask;
    int code;

    control->address.sun_family = AF_UNIX;
    if (strlen(path) >= sizeof(control->address.sun_path))
        return host_fail(error, -ENAMETOOLONG, "control socket %s: the path is too long", path);
    strcpy(control->address.sun_path, path);
    control->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    control->stop = eventfd(0, EFD_CLOEXEC);
    if (control->socket < 0 || control->stop < 0)
        return host_fail(error, -errno, "control socket: %s", strerror(errno));
    mask = umask(0177);
    code = bind(control->socket, (struct sockaddr *)&control->address, sizeof(control->address));
    code = code ? -errno : 0;
    umask(mask);
    if (code) {
        control->address.sun_path[0] = 0; /* someone else's */
        return host_fail(error, code, "control socket %s: %s; name another", path, strerror(-code));
    }
    if (listen(control->socket, 8))
        return host_fail(error, -errno, "control socket %s: %s", path, strerror(errno));
    return 0;
}

static void
control_free(struct control *control)
{
    if (control->address.sun_path[0])
        unlink(control->address.sun_path);
    if (control->socket >= 0)
        close(control->socket);
    if (control->stop >= 0)
        close(control->stop);
    free(control);
}

int
storport_control_listen(struct storport_host *host, const char *path, char **error)
{
    struct control *control;
    int code;

    if (error)
        *error = NULL;
    if (host->config.executor == STORPORT_SIM || host->control_socket)
        return host_fail(error, -ENOTSUP, "this host can have no (other) control socket");
    control = calloc(1, sizeof(*control));
    if (!control)
        return -ENOMEM;
    control->host = host;
    control->socket = control->stop = -1;
    code = socket_open(control, path, error);
    if (!code && (code = -pthread_create(&control->thread, NULL, control_run, control)))
        host_fail(error, code, "control socket: no thread: %s", strerror(-code));
    if (code)
        control_free(control);
    else
        host->control_socket = control;
    return code;
}

void
control_destroy(struct control *control)
{
    if (!control)
        return;
    eventfd_write(control->stop, 1);
    pthread_join(control->thread, NULL);
    control_free(control);
}
