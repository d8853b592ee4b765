/*
 * What makes written data durable, command by command: SYNCHRONIZE CACHE when the unit caches, then
 * SRB_FUNCTION_FLUSH when the adapter does (DDI: HW_BUILDIO, SRB_FUNCTION_FLUSH: only for miniports
 * that set CachesData). Sends nothing itself: io.c and job.c run the steps.
 */
#include "disk_priv.h"

#include <errno.h>

#include "srb.h"

/* A cache may hold a lot: more time than a read gets. */
#define FLUSH_TIMEOUTS 4

static void
flush_cache_set(struct command *command, bool sixteen)
{
    struct cdb cdb;

    /* Address 0, count 0: the whole medium. */
    if (sixteen)
        cdb_synchronize_cache16(&cdb, 0, 0);
    else
        cdb_synchronize_cache10(&cdb, 0, 0);
    command_set(command, &cdb, 0, NULL, 0);
    command->request->timeout_s *= FLUSH_TIMEOUTS;
    command->step = sixteen ? FLUSH_CACHE16 : FLUSH_CACHE10;
}

static bool
flush_adapter_next(struct command *command)
{
    if (!command->disk->caches_data)
        return false;
    command_set_function(command, SRB_FUNCTION_FLUSH);
    command->request->timeout_s *= FLUSH_TIMEOUTS;
    command->step = FLUSH_ADAPTER;
    return true;
}

/*
 * The unit has no SYNCHRONIZE CACHE. Where it never said that it caches that is an answer: it does
 * not. Where it did, data would be at risk, and the flush fails.
 */
static int
flush_unknown(struct disk *disk)
{
    if (!atomic_load(&disk->cache_assumed))
        return -EOPNOTSUPP;
    atomic_store(&disk->write_cache, false);
    return 0;
}

/* *error: how the previous step ended (not looked at on FLUSH_START). */
bool
flush_next(struct command *command, int *error)
{
    struct disk *disk = command->disk;

    switch ((enum flush_step)command->step) {
    case FLUSH_START:
        *error = 0;
        if (atomic_load(&disk->write_cache)) {
            flush_cache_set(command, atomic_load(&disk->sync16));
            return true;
        }
        if (flush_adapter_next(command))
            return true;
        break;
    case FLUSH_CACHE10:
        if (*error == -EOPNOTSUPP) {
            flush_cache_set(command, true);
            return true;
        }
        if (!*error && flush_adapter_next(command))
            return true;
        break;
    case FLUSH_CACHE16:
        if (*error == -EOPNOTSUPP)
            *error = flush_unknown(disk);
        else if (!*error)
            atomic_store(&disk->sync16, true);
        if (!*error && flush_adapter_next(command))
            return true;
        break;
    case FLUSH_ADAPTER:
    case FLUSH_DONE:
        break;
    }
    command->step = FLUSH_DONE;
    int deferred = atomic_exchange(&disk->deferred, 0);
    if (!*error)
        *error = deferred;
    return false;
}
