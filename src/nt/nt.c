/*
 * The floor's life: makes and ends the state of one host and hands ownership on. It does no
 * service itself; each lives in the file of its routine prefix.
 */
#include "nt_priv.h"

#include <errno.h>
#include <stdlib.h>

int
nt_init(struct rt *rt)
{
    struct nt *nt = calloc(1, sizeof(*nt));
    int error;

    if (!nt)
        return -ENOMEM;
    nt->rt = rt;
    rt_slot_set(rt, RT_SLOT_NT, nt);
    InitializeListHead(&nt->events);
    InitializeListHead(&nt->made_keys);
    nt_timers_init(nt);
    nt_threads_init(nt);
    if ((error = nt_pool_init(nt)))
        goto free_nt;
    if ((error = nt_dpcs_init(nt)))
        goto finish_pool;
    if ((error = nt_handles_init(nt)))
        goto finish_dpcs;
    if ((error = nt_names_init(nt)))
        goto finish_handles;
    if ((error = nt_work_init(nt)))
        goto finish_names;
    return 0;

finish_names:
    nt_names_finish(nt);
finish_handles:
    nt_handles_finish(nt);
finish_dpcs:
    nt_dpcs_finish(nt);
finish_pool:
    nt_pool_finish(nt);
free_nt:
    rt_slot_set(rt, RT_SLOT_NT, NULL);
    free(nt);
    return error;
}

unsigned
nt_finish(struct rt *rt)
{
    struct nt *nt = nt_of(rt);
    unsigned running;

    if (!nt)
        return 0;
    nt_timers_finish(nt);
    nt_handles_finish(nt);
    nt_work_drain(rt);
    nt_work_finish(nt);
    running = nt_threads_finish(nt);
    if (running) /* they may still call us: their state has to stay */
        return running;
    nt_registry_finish(nt);
    nt_names_finish(nt);
    nt_dpcs_finish(nt);
    nt_pool_finish(nt);
    rt_slot_set(rt, RT_SLOT_NT, NULL);
    free(nt);
    return 0;
}

void *
nt_owner(void)
{
    struct rt_thread *self = rt_self();

    for (struct rt_frame *frame = self ? self->frame : NULL; frame; frame = frame->up) {
        if (frame->owner)
            return frame->owner;
    }
    return NULL;
}

void
nt_owner_adopt(struct rt *rt, const void *from, void *to)
{
    struct nt *nt = nt_of(rt);

    nt_pool_adopt(nt, from, to);
    nt_handles_adopt(nt, from, to);
    nt_threads_adopt(nt, from, to);
}

void
nt_routine_lookup_set(struct rt *rt, void *(*lookup)(void *ctx, const char *name), void *ctx)
{
    struct nt *nt = nt_of(rt);

    nt->lookup_ctx = ctx;
    nt->lookup = lookup;
}
