/*
 * Who may write where while a partial block is read, patched and written back. Writes on the long
 * way are ranges in a list, in order of arrival; an exclusive one waits for every earlier range
 * that it overlaps and holds up every later one. Reads never come here.
 *
 * Short writes must cost nothing and are in no list. They count themselves into a lane (one per
 * processor) and look whether the lanes are closed; who needs a block for itself closes the lanes
 * and waits until each has been seen empty. Both sides write first and read then (sequentially
 * consistent), so one of them sees the other: a short write that came too late leaves the lane
 * again and takes the long way.
 */
#include "disk_priv.h"

#include <assert.h>
#include <errno.h>

#define LANES_MAX 64u

int
ranges_init(struct disk *disk)
{
    struct ranges *ranges = &disk->ranges;
    unsigned count = rt_cpu_count(disk->rt);

    ranges->lane_count = (uint16_t)(count < LANES_MAX ? count : LANES_MAX);
    ranges->lanes = rt_alloc_zero(disk->rt, ranges->lane_count * sizeof(*ranges->lanes));
    return ranges->lanes ? 0 : -ENOMEM;
}

void
ranges_finish(struct disk *disk)
{
    assert(!disk->ranges.head);
    rt_free(disk->rt, disk->ranges.lanes);
    disk->ranges.lanes = NULL;
}

static bool
lanes_empty(struct ranges *ranges)
{
    for (unsigned i = 0; i < ranges->lane_count; i++)
        if (atomic_load(&ranges->lanes[i].writes))
            return false;
    return true;
}

static bool
range_conflicts(const struct range *a, const struct range *b)
{
    return (a->exclusive || b->exclusive) && a->first <= b->last && b->first <= a->last;
}

/* Grants what may go; the ones granted come as a list through `start`. r held. */
static struct range *
ranges_grant_locked(struct ranges *ranges)
{
    struct range *granted = NULL, **tail = &granted;

    if (ranges->exclusive_count && !ranges->drained)
        ranges->drained = lanes_empty(ranges);
    for (struct range *range = ranges->head; range; range = range->next) {
        bool may = !range->granted && (!range->exclusive || ranges->drained);
        for (struct range *e = ranges->head; may && e != range; e = e->next)
            may = !range_conflicts(e, range);
        if (!may)
            continue;
        range->granted = true;
        range->start = NULL;
        *tail = range;
        tail = &range->start;
    }
    return granted;
}

static void
ranges_start(struct range *granted)
{
    while (granted) {
        struct range *next = granted->start;
        job_run(RT_CONTAINER(granted, struct job, range));
        granted = next;
    }
}

/* The last short write left a lane while someone waits for that. */
static void
ranges_look(struct disk *disk)
{
    struct ranges *ranges = &disk->ranges;
    uint8_t irql = rt_irql_raise(RT_IRQL_DISPATCH);

    rt_word_acquire(&ranges->lock);
    struct range *granted = ranges->drained ? NULL : ranges_grant_locked(ranges);
    rt_word_release(&ranges->lock);
    ranges_start(granted);
    rt_irql_lower(irql);
}

bool
lane_enter(struct disk *disk, uint16_t *lane)
{
    struct ranges *ranges = &disk->ranges;

    *lane = (uint16_t)(rt_cpu_index(rt_cpu_current()) % ranges->lane_count);
    atomic_fetch_add(&ranges->lanes[*lane].writes, 1);
    if (RT_LIKELY(!atomic_load(&ranges->closed)))
        return true;
    lane_leave(disk, *lane);
    return false;
}

void
lane_leave(struct disk *disk, uint16_t lane)
{
    struct ranges *ranges = &disk->ranges;

    if (atomic_fetch_sub(&ranges->lanes[lane].writes, 1) == 1 &&
        RT_UNLIKELY(atomic_load(&ranges->closed)))
        ranges_look(disk);
}

bool
range_acquire(struct disk *disk, struct range *range)
{
    struct ranges *ranges = &disk->ranges;

    range->next = NULL;
    range->granted = false;
    rt_word_acquire(&ranges->lock);
    if (range->exclusive && ranges->exclusive_count++ == 0) {
        ranges->drained = false;
        atomic_store(&ranges->closed, true);
    }
    if (ranges->tail)
        ranges->tail->next = range;
    else
        ranges->head = range;
    ranges->tail = range;
    /* It may be that others are granted with it: a lane ran empty just now. */
    struct range *granted = ranges_grant_locked(ranges);
    bool own = range->granted;
    rt_word_release(&ranges->lock);

    struct range **link = &granted;
    while (*link && *link != range)
        link = &(*link)->start;
    if (*link)
        *link = range->start;
    ranges_start(granted);
    return own;
}

void
range_release(struct disk *disk, struct range *range)
{
    struct ranges *ranges = &disk->ranges;
    struct range **link = &ranges->head, *previous = NULL;

    rt_word_acquire(&ranges->lock);
    while (*link != range) {
        previous = *link;
        link = &previous->next;
    }
    *link = range->next;
    if (ranges->tail == range)
        ranges->tail = previous;
    if (range->exclusive && --ranges->exclusive_count == 0)
        atomic_store(&ranges->closed, false);
    struct range *granted = ranges_grant_locked(ranges);
    rt_word_release(&ranges->lock);
    ranges_start(granted);
}
