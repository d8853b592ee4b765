/*
 * Who lost the reference: in an explore build of a miniport every store passes here before it
 * happens. A pointer-sized cell that holds an outstanding SRB and is about to be overwritten may be
 * the last place that knew of it; the newest such store is kept with the request and shows in its
 * report.
 */
#include "port_priv.h"

#include <stdio.h>
#include <string.h>

static bool
inside(const void *at, const struct port_srb *srb)
{
    return (const char *)at >= (const char *)srb && (const char *)at < (const char *)(srb + 1);
}

/* The outstanding request that a value points at; the value may be anything. */
static struct port_srb *
srb_of_value(struct port *port, const void *value)
{
    for (struct adapter *a = port->adapters; a; a = a->next) {
        struct port_srb *srb = adapter_slot_of(a, value);
        if (srb && (srb_state(srb) == SRB_STARTED || srb_state(srb) == SRB_BUILDING) &&
            ((const void *)&srb->srb == value || srb->extension == value))
            return srb;
    }
    return NULL;
}

static void
note(struct reference *r, uint64_t serial, const void *address)
{
    struct rt_thread *self = rt_self();
    const struct rt_frame *frame = self->frame;
    const struct port_srb *by = frame ? frame->subject : NULL;

    r->address = address;
    r->time_ns = rt_now_ns(self->rt);
    r->cpu = (uint8_t)rt_cpu_index(rt_cpu_current());
    r->callback = frame ? frame->callback : 0;
    r->by =
        frame && by && (frame->callback == CALLBACK_STARTIO || frame->callback == CALLBACK_BUILDIO)
            ? by->number
            : 0;
    r->serial = serial;
    r->depth = (uint8_t)rt_backtrace(r->stack, STACK_MAX, 1);
}

/* Before each access. Stores of other sizes cannot hold a pointer. */
static void
watch(void *ctx, const volatile void *address, unsigned size_and_kind, void *pc)
{
    struct port *port = ctx;
    struct port_srb *srb;
    void *value;

    (void)pc;
    if (port->stored_at) { /* the store before this one has happened by now */
        memcpy(&value, (const void *)port->stored_at, sizeof(value));
        srb = srb_of_value(port, value);
        if (srb && !inside(port->stored_at, srb)) {
            srb->kept = port->stored;
            srb->kept.serial = SRB_WORD_SERIAL(srb->word);
        }
        port->stored_at = NULL;
    }
    if (size_and_kind != (RT_EXPLORE_WRITE | sizeof(void *)))
        return;
    memcpy(&value, (const void *)address, sizeof(value));
    srb = srb_of_value(port, value);
    if (srb && !inside((const void *)address, srb))
        note(&srb->overwritten, SRB_WORD_SERIAL(srb->word), (const void *)address);
    port->stored_at = (const void *)address;
    note(&port->stored, 0, (const void *)address);
}

void
reference_watch(struct port *port)
{
    rt_explore_watch(port->rt, watch, port);
}

static bool
is_ours(const struct rt_symbol *s)
{
    return !strcmp(s->function, "note") || !strcmp(s->function, "watch") ||
           !strncmp(s->function, "__storport_explore", 18) || !strncmp(s->function, "__tsan_", 7);
}

static void
print_reference(FILE *out, const char *what, const struct reference *r)
{
    struct rt_symbol s;

    fprintf(out, "%s by cpu %u at %llu.%09llu s in %s", what, r->cpu,
            (unsigned long long)(r->time_ns / 1000000000),
            (unsigned long long)(r->time_ns % 1000000000), contract_callback_name(r->callback));
    if (r->by)
        fprintf(out, " for request #%u", r->by);
    fprintf(out, ":\n");
    for (unsigned i = 0; i < r->depth; i++) {
        if (!rt_symbol(r->stack[i], &s) || is_ours(&s))
            continue; /* the hook that saw it */
        if (!strncmp(s.function, "miniport_", 9))
            break; /* from here on the stack is the port's */
        fprintf(out, "    %s", s.function);
        if (s.file[0])
            fprintf(out, " at %s:%u", s.file, s.line);
        fprintf(out, "\n");
    }
}

void
report_references(void *out, const struct port_srb *srb)
{
    uint64_t serial = SRB_WORD_SERIAL(srb->word);

    if (srb->kept.depth && srb->kept.serial == serial)
        print_reference(out, "Its reference was stored", &srb->kept);
    if (srb->overwritten.depth && srb->overwritten.serial == serial)
        print_reference(out, "The last reference to it was OVERWRITTEN", &srb->overwritten);
}
