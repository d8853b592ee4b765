/*
 * The crash simulator. crash_file.c is a file in memory under the kernel's Zw*File that records
 * what was done to it; crash_world.c and crash_client.c run clients through the disk floor on
 * filedisk and record what they were promised; crash_check.c cuts the power at every place of that
 * record and looks whether the promises hold in each image that the medium may then have.
 * Everything in one log, in order of time: under the sim executor there is one OS thread.
 */
#ifndef CRASH_H
#define CRASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crash_bug.h"

#define CRASH_SECTOR 512u /* what a power cut leaves whole */
#define CRASH_SECTORS 512u
#define CRASH_PATH "/crash.img"
#define CRASH_NONE SIZE_MAX

/*
 * What a sector holds, as a number: 0 for zeros, request + 1 for what that request writes there,
 * CRASH_FOREIGN for bytes that nobody ever wrote (there).
 */
#define CRASH_FOREIGN UINT32_MAX

enum crash_kind {
    CRASH_BEGIN, /* of a write, zero or size change of the file: the cache has it from here on */
    CRASH_END,
    CRASH_SYNC_BEGIN, /* covers what has ended by now */
    CRASH_SYNC_END,
    CRASH_SUBMIT, /* by a client */
    CRASH_ACK
};

struct crash_event {
    enum crash_kind kind;
    size_t id; /* of the op, the sync or the request */
};

/* One change of the file. A size change has no sectors. */
struct crash_op {
    bool resizes;
    uint32_t first, count; /* sectors; resizes: count is the new size */
    size_t values;         /* index of the first of `count` values */
    size_t ended;          /* event; CRASH_NONE: the log ends before */
};

struct crash_sync {
    size_t began; /* event */
};

enum crash_promise {
    CRASH_PROMISE_NOTHING, /* a read; an edge of a trim, which may be left out */
    CRASH_PROMISE_FLUSH,   /* durable once a flush that was submitted after its end has ended */
    CRASH_PROMISE_END      /* durable from its own end on: FUA, or there is no write cache */
};

struct crash_request {
    bool flushes, changes;
    enum crash_promise promise;
    uint32_t first, count, value;
    size_t submitted, ended; /* events */
};

struct crash_log {
    uint64_t seed;
    struct crash_event *events;
    struct crash_op *ops;
    struct crash_sync *syncs;
    struct crash_request *requests;
    uint32_t *values;
    size_t event_count, op_count, sync_count, request_count, value_count;
    size_t event_room, op_room, sync_room, request_room, value_room;
};

size_t crash_log_event(struct crash_log *log, enum crash_kind kind, size_t id);
size_t crash_log_request(struct crash_log *log, const struct crash_request *request);
void crash_log_end(struct crash_log *log, size_t request);
void crash_log_free(struct crash_log *log);
/* What a sector holds with that value, and back. */
void crash_fill(const struct crash_log *log, uint32_t sector, uint32_t value, uint8_t *out);
uint32_t crash_value(const struct crash_log *log, uint32_t sector, const uint8_t *bytes);

static inline uint64_t
crash_mix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

static inline unsigned
crash_draw(uint64_t *state, unsigned below)
{
    return (unsigned)(crash_mix(state) % below);
}

/* ---- the file (crash_file.c) ---- */

struct rt;
struct crash_file {
    struct rt *rt;
    struct crash_log *log;
    uint64_t random;
    bool lies; /* sync says that it did, and did nothing */
    bool exists, open;
    uint64_t bytes;
    uint8_t live[CRASH_SECTORS * CRASH_SECTOR];
};

/* Makes rt's files be this one. What is in it already is on the medium. */
void crash_file_attach(struct crash_file *file, struct rt *rt);

/* ---- one run (crash_world.c) ---- */

struct crash_run {
    uint64_t seed;
    const char *driver; /* path of filedisk or of the build with planted bugs */
    enum crash_bug bug;
    bool verbose;
    char fault[400]; /* answer: what went wrong in the run itself; empty: nothing */
};

/* Runs the clients and records. False: see fault. */
bool crash_run(struct crash_run *run, struct crash_log *log);

/* An image as the cut left it. */
struct crash_image {
    uint32_t size; /* in sectors */
    uint32_t values[CRASH_SECTORS];
};

/* The power is back: filedisk opens the image, and the disk must read as it says. */
bool crash_recover(struct crash_run *run, struct crash_log *log, const struct crash_image *image);

/* ---- the cuts (crash_check.c) ---- */

struct crash_totals {
    uint64_t cuts, images, promised_bytes; /* in all images together */
    uint64_t states;                       /* contents that one sector could have at a cut */
    uint64_t lost;
    char first[400]; /* the first loss */
};

/* Cuts everywhere, at most cuts_max times; one image, of a cut drawn from the seed, comes back in
 * *picked. False: something was lost. */
bool crash_check(const struct crash_log *log, uint64_t cuts_max, struct crash_totals *totals,
                 struct crash_image *picked);

#endif
