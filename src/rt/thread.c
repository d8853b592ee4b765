/*
 * Threads and their frames, as far as both executors agree. What a thread is belongs to the
 * executor; what it is allowed to do (IRQL, token) to cpu.c.
 */
#include "rt_priv.h"

#include <stdlib.h>

__thread struct rt_thread *rt_self_tls;

struct rt_thread *
rt_thread_new(struct rt *rt, const char *name)
{
    struct rt_thread *thread = calloc(1, sizeof(*thread));

    if (!thread)
        return NULL;
    leaf_lock(rt, &rt->lock);
    thread->id = rt->thread_next++;
    thread->home = &rt->cpus[rt->home_next++ % rt->cpu_count];
    thread->all_next = rt->threads;
    rt->threads = thread;
    leaf_unlock(rt, &rt->lock);
    thread->pending = &thread->home->pending;
    thread->rt = rt;
    thread->name = name;
    return thread;
}

void
rt_thread_forget(struct rt_thread *thread)
{
    struct rt *rt = thread->rt;
    struct rt_thread **link;

    leaf_lock(rt, &rt->lock);
    for (link = &rt->threads; *link; link = &(*link)->all_next) {
        if (*link == thread) {
            *link = thread->all_next;
            break;
        }
    }
    leaf_unlock(rt, &rt->lock);
    free(thread);
}

struct rt_thread *
rt_thread_create(struct rt *rt, const char *name, void (*run)(void *), void *ctx)
{
    struct rt_thread *thread;

    if (rt_fault(rt))
        return NULL;
    thread = rt_thread_new(rt, name);
    if (!thread)
        return NULL;
    if (rt->ops->thread_start(thread, run, ctx)) {
        rt_thread_forget(thread);
        return NULL;
    }
    return thread;
}

void
rt_thread_join(struct rt_thread *thread)
{
    thread->rt->ops->thread_join(thread);
    rt_thread_forget(thread);
}

void
rt_thread_exit(void)
{
    struct rt_thread *self = rt_self_tls;

    self->rt->ops->thread_exit(self);
}

struct attachment {
    struct rt_thread *thread;
    struct rt_thread *before; /* of another executor; current again afterwards */
    unsigned depth;
};
static __thread struct attachment attachments[4];

static struct attachment *
attachment_find(struct rt *rt)
{
    for (unsigned i = 0; i < 4; i++) {
        if (attachments[i].thread && attachments[i].thread->rt == rt)
            return &attachments[i];
    }
    return NULL;
}

struct rt_thread *
rt_thread_attach(struct rt *rt, bool keep)
{
    struct attachment *a = attachment_find(rt);

    if (rt_self_tls && rt_self_tls->rt == rt && !a)
        return rt_self_tls; /* one of rt's own threads */
    if (!a) {
        for (unsigned i = 0; i < 4 && !a; i++)
            a = attachments[i].thread ? NULL : &attachments[i];
        if (!a || !(a->thread = rt_thread_new(rt, "attached")))
            return NULL;
        a->depth = 0;
        a->before = rt_self_tls;
        if (rt->ops->thread_attach(a->thread)) {
            rt_thread_forget(a->thread);
            a->thread = NULL;
            return NULL;
        }
    }
    a->depth++;
    rt_self_tls = a->thread;
    if (keep)
        a->thread->keep = true;
    return a->thread;
}

void
rt_thread_detach(struct rt *rt)
{
    struct attachment *a = attachment_find(rt);

    if (!a || --a->depth)
        return;
    a->thread->keep = false;
    if (a->thread->cpu)
        rt_cpu_release(a->thread);
    rt->ops->thread_detach(a->thread);
    /* Executors may be left in any order. */
    for (unsigned i = 0; i < 4; i++) {
        if (attachments[i].thread && attachments[i].before == a->thread)
            attachments[i].before = a->before;
    }
    if (rt_self_tls == a->thread)
        rt_self_tls = a->before;
    for (unsigned i = 0; i < 4; i++) /* hosts may end in any order */
        if (attachments[i].thread && attachments[i].before == a->thread)
            attachments[i].before = a->before;
    rt_thread_forget(a->thread);
    a->thread = NULL;
}

void
rt_frame_push(struct rt_frame *frame, void *owner, uint16_t callback, void *subject)
{
    struct rt_thread *self = rt_self_tls;

    frame->up = self->frame;
    frame->owner = owner;
    frame->subject = subject;
    frame->callback = callback;
    frame->irql = self->irql;
    frame->held_count = 0;
    frame->serial = atomic_load_explicit(&self->frames, memory_order_relaxed) + 1;
    atomic_store_explicit(&self->frames, frame->serial, memory_order_relaxed);
    self->frame = frame;
}

void
rt_frame_pop(struct rt_frame *frame)
{
    rt_self_tls->frame = frame->up;
}

void
rt_park(uint64_t deadline_ns)
{
    struct rt_thread *self = rt_self_tls;

    if (self->cpu)
        rt_cpu_release(self);
    self->rt->ops->park(self, deadline_ns);
}

void
rt_unpark(struct rt_thread *thread)
{
    thread->rt->ops->unpark(thread);
}

void
rt_sleep_ns(uint64_t ns)
{
    struct rt *rt = rt_self_tls->rt;
    uint64_t until = rt_now_ns(rt) + ns;

    while (rt_now_ns(rt) < until)
        rt_park(until);
}
