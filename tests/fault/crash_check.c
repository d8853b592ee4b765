/*
 * Power cuts. The log is gone through once, forward. For each sector there is what the last sync
 * left, what came since (any of it may have reached the medium, so the sector may hold any of it),
 * and what it may hold by what clients were promised. Sectors are whole and independent, so "each
 * possible content of each sector is allowed" says it for every subset of unsynced sectors; some
 * whole images are built and looked at all the same.
 *
 * A content is allowed no more once it has been overwritten by a request that was submitted after
 * its own request had ended, and that is durable now. Requests that ran at the same time leave
 * either.
 */
#include "crash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGES 6u /* at each cut: nothing unsynced, all of it, and random parts */
#define LIST_MAX 1024u
#define PICK_FROM 60u

struct entry {
    uint32_t value;
    size_t id; /* of the op or the request */
};

struct list {
    struct entry entries[LIST_MAX];
    unsigned count;
};

/* A sector; and one more, the size of the file. */
struct cell {
    uint32_t synced;
    struct list unsynced; /* in the order in which the cache took them */
    struct list allowed;
    bool promised; /* some content is durable */
};

struct check {
    const struct crash_log *log;
    struct crash_totals *totals;
    struct crash_image *picked;
    uint64_t random, cut, pick;
    bool *durable; /* per request */
    struct crash_image image;
    struct cell cells[CRASH_SECTORS + 1];
};

#define SIZE_CELL CRASH_SECTORS

static void
list_add(struct list *list, uint32_t value, size_t id)
{
    if (list->count == LIST_MAX) {
        fprintf(stderr, "crash_check: a list is full\n");
        abort();
    }
    list->entries[list->count++] = (struct entry){value, id};
}

/* ---- the medium ---- */

static void
op_begins(struct check *check, size_t id)
{
    const struct crash_op *op = &check->log->ops[id];

    if (op->resizes) {
        list_add(&check->cells[SIZE_CELL].unsynced, op->count, id);
        return;
    }
    for (uint32_t i = 0; i < op->count; i++)
        list_add(&check->cells[op->first + i].unsynced, check->log->values[op->values + i], id);
}

/* The newest that had ended when the sync began is there now, and so all before it are gone. */
static void
cell_sync(struct check *check, struct cell *cell, size_t began)
{
    struct list *list = &cell->unsynced;
    unsigned covered = list->count;

    while (covered && check->log->ops[list->entries[covered - 1].id].ended > began)
        covered--;
    if (!covered)
        return;
    cell->synced = list->entries[covered - 1].value;
    list->count -= covered;
    memmove(list->entries, list->entries + covered, list->count * sizeof(list->entries[0]));
}

/* ---- the promises ---- */

static void
request_submitted(struct check *check, size_t id)
{
    const struct crash_request *r = &check->log->requests[id];

    for (uint32_t i = 0; r->changes && i < r->count; i++)
        list_add(&check->cells[r->first + i].allowed, r->value, id);
}

static bool
overwritten(const struct check *check, const struct entry *entry, size_t by)
{
    const struct crash_request *requests = check->log->requests;

    if (entry->id == by)
        return false;
    return entry->id == CRASH_NONE || requests[entry->id].ended < requests[by].submitted;
}

static void
request_settles(struct check *check, size_t id)
{
    const struct crash_request *r = &check->log->requests[id];

    check->durable[id] = true;
    for (uint32_t i = 0; i < r->count; i++) {
        struct cell *cell = &check->cells[r->first + i];
        unsigned kept = 0;
        for (unsigned k = 0; k < cell->allowed.count; k++) {
            if (!overwritten(check, &cell->allowed.entries[k], id))
                cell->allowed.entries[kept++] = cell->allowed.entries[k];
        }
        cell->allowed.count = kept;
        cell->promised = true;
    }
}

static void
request_ended(struct check *check, size_t id)
{
    const struct crash_request *requests = check->log->requests, *r = &requests[id];

    if (r->changes && r->promise == CRASH_PROMISE_END)
        request_settles(check, id);
    for (size_t i = 0; r->flushes && i < id; i++) {
        if (requests[i].changes && requests[i].promise != CRASH_PROMISE_NOTHING &&
            !check->durable[i] && requests[i].ended < r->submitted)
            request_settles(check, i);
    }
}

/* ---- a cut ---- */

static bool
is_allowed(const struct cell *cell, uint32_t value)
{
    for (unsigned i = 0; i < cell->allowed.count; i++) {
        if (cell->allowed.entries[i].value == value)
            return true;
    }
    return false;
}

static void
lost(struct check *check, size_t event, uint32_t sector, uint32_t value)
{
    const struct crash_log *log = check->log;
    const struct cell *cell = &check->cells[sector];
    const struct entry *last = &cell->allowed.entries[cell->allowed.count - 1];
    char held[40] = "bytes that nobody wrote";

    if (check->totals->lost++)
        return;
    if (!value)
        snprintf(held, sizeof(held), "zeros");
    else if (value != CRASH_FOREIGN)
        snprintf(held, sizeof(held), "the data of request %u", value - 1);
    snprintf(check->totals->first, sizeof(check->totals->first),
             "seed %llu, power cut at event %zu of %zu: sector %u holds %s, not that of request "
             "%zu (%u contents are allowed)",
             (unsigned long long)log->seed, event, log->event_count, sector, held, last->id,
             cell->allowed.count);
}

/* What the sector holds when each unsynced change of it was kept `keep` times in 16. */
static uint32_t
cell_draw(struct check *check, const struct cell *cell, unsigned keep)
{
    uint32_t value = cell->synced;
    uint64_t bits = 0;

    for (unsigned i = 0; i < cell->unsynced.count; i++) {
        if (i % 16 == 0)
            bits = crash_mix(&check->random);
        if ((bits & 15) < keep)
            value = cell->unsynced.entries[i].value;
        bits >>= 4;
    }
    return value;
}

static void
image_build(struct check *check, unsigned keep)
{
    struct crash_image *image = &check->image;

    image->size = cell_draw(check, &check->cells[SIZE_CELL], keep);
    for (uint32_t i = 0; i < CRASH_SECTORS; i++)
        image->values[i] = i < image->size ? cell_draw(check, &check->cells[i], keep) : 0;
}

static void
image_check(struct check *check, size_t event)
{
    check->totals->images++;
    for (uint32_t i = 0; i < CRASH_SECTORS; i++) {
        const struct cell *cell = &check->cells[i];
        if (!cell->promised)
            continue;
        check->totals->promised_bytes += CRASH_SECTOR;
        if (!is_allowed(cell, check->image.values[i]))
            lost(check, event, i, check->image.values[i]);
    }
}

/* Every subset at once. */
static void
states_check(struct check *check, size_t event)
{
    const struct cell *size = &check->cells[SIZE_CELL];
    uint32_t shortest = size->synced;

    for (unsigned k = 0; k < size->unsynced.count; k++) {
        if (size->unsynced.entries[k].value < shortest)
            shortest = size->unsynced.entries[k].value;
    }
    for (uint32_t i = 0; i < CRASH_SECTORS; i++) {
        const struct cell *cell = &check->cells[i];
        if (!cell->promised)
            continue;
        check->totals->states += 1 + cell->unsynced.count;
        if (!is_allowed(cell, cell->synced))
            lost(check, event, i, cell->synced);
        for (unsigned k = 0; k < cell->unsynced.count; k++) {
            if (!is_allowed(cell, cell->unsynced.entries[k].value))
                lost(check, event, i, cell->unsynced.entries[k].value);
        }
        if (i >= shortest && !is_allowed(cell, 0))
            lost(check, event, i, 0);
    }
}

static void
cut(struct check *check, size_t event)
{
    check->totals->cuts++;
    states_check(check, event);
    for (unsigned i = 0; i < IMAGES; i++) {
        image_build(check, i == 0 ? 0 : i == 1 ? 16 : 1 + crash_draw(&check->random, 15));
        image_check(check, event);
    }
    /* The last image was a random one. */
    if (check->cut++ <= check->pick)
        *check->picked = check->image;
}

static void
event_apply(struct check *check, const struct crash_event *event)
{
    switch (event->kind) {
    case CRASH_BEGIN:
        op_begins(check, event->id);
        break;
    case CRASH_SYNC_END:
        for (uint32_t i = 0; i <= SIZE_CELL; i++)
            cell_sync(check, &check->cells[i], check->log->syncs[event->id].began);
        break;
    case CRASH_SUBMIT:
        request_submitted(check, event->id);
        break;
    case CRASH_ACK:
        request_ended(check, event->id);
        break;
    case CRASH_END:
    case CRASH_SYNC_BEGIN:
        break;
    }
}

bool
crash_check(const struct crash_log *log, uint64_t cuts_max, struct crash_totals *totals,
            struct crash_image *picked)
{
    struct check *check = calloc(1, sizeof(*check));
    uint64_t before = totals->lost;
    bool changed = true;

    check->log = log;
    check->totals = totals;
    check->picked = picked;
    check->random = log->seed ^ 0xc4a5;
    check->pick = crash_draw(&check->random, PICK_FROM);
    check->durable = calloc(log->request_count + 1, sizeof(bool));
    for (uint32_t i = 0; i < CRASH_SECTORS; i++)
        list_add(&check->cells[i].allowed, 0, CRASH_NONE);
    for (size_t i = 0; i <= log->event_count && check->cut < cuts_max; i++) {
        const struct crash_event *event = i < log->event_count ? &log->events[i] : NULL;
        /* Before each step of the file, if anything is other than at the last cut. What clients see
         * meanwhile only adds promises: the latest place between two steps is the strictest. */
        if (changed && (!event || event->kind <= CRASH_SYNC_END)) {
            cut(check, i);
            changed = false;
        }
        if (event) {
            event_apply(check, event);
            changed |= event->kind != CRASH_END && event->kind != CRASH_SYNC_BEGIN;
        }
    }
    free(check->durable);
    free(check);
    return totals->lost == before;
}
