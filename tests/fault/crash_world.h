/* The world of one run: shared by the host (crash_world.c) and its clients (crash_client.c). */
#ifndef CRASH_WORLD_H
#define CRASH_WORLD_H

#include "crash.h"

#include "disk.h"
#include "rt.h"

#define CLIENTS_MAX 4u
#define SLOTS 4u
#define BLOCKS_MAX 24u /* sectors of one request */

struct slot {
    struct client *client;
    struct disk_io io;
    size_t requests[2]; /* in the log; a trim has one for its whole granules too; or CRASH_NONE */
    bool busy;
    uint8_t buffer[BLOCKS_MAX * CRASH_SECTOR] __attribute__((aligned(4096)));
};

struct client {
    struct world *world;
    struct rt_thread *thread;
    uint64_t random;
    bool careful; /* a flush follows what has ended, and nothing overtakes it: as after fsync */
    struct slot slots[SLOTS];
};

struct world {
    struct crash_run *run;
    struct crash_log *log;
    struct rt *rt;
    struct port *port;
    struct driver *driver;
    struct adapter *adapter;
    struct unit *unit;
    struct disk *disk;
    void *image;
    uint64_t random;
    uint32_t cpus, clients, threads, block_bytes, write_cache, depth, transfer;
    struct crash_file file;
    struct client client[CLIENTS_MAX];
};

/* The first one counts. */
void world_fault(struct world *world, const char *format, ...) RT_PRINTF(2, 3);
/* Starts the clients and waits for their ends. */
void clients_run(struct world *world);

#endif
