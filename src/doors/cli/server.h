/*
 * nbdkit as a child: the listening socket is made here (so that its mode, its address and a clash
 * over it are ours to say), then handed to nbdkit, which loads the plugin and serves.
 */
#ifndef SERVER_H
#define SERVER_H

#include "session.h"

#include <sys/types.h>

struct server {
    pid_t pid;     /* 0: not running */
    int listener;  /* -1 */
    char *folder;  /* private, mode 0700; holds what follows unless named otherwise */
    char *socket;  /* path; NULL for TCP */
    char *control; /* path */
    char *uri;     /* of the first unit */
};

/* `where`: "nbd:unix=PATH", "nbd:PORT", or NULL for a socket in the private folder. Complains. */
int server_listen(struct server *server, const char *where);
/* Returns when the disks are served: 0; else the exit status to end with (nbdkit has
 * complained). */
int server_start(struct server *server, const struct session *session);
/* Ends nbdkit (which drains and flushes) and waits: its exit status. */
int server_stop(struct server *server);
/* Removes sockets and folder. */
void server_finish(struct server *server);

/* A child's wait status as an exit status: 128 + n for signal n. */
int status_of(int wait_status);

#endif
