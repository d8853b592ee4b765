/* The report of a lost request: its timeline, the stage that lost it, stacks, the ladder, the
 * seed. */
#include "port_priv.h"

#include "cdb.h"
#include "rt_symbol.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *
tier_name(uint32_t tier)
{
    static const char *const names[] = {"reset detected", "logical unit reset", "target reset",
                                        "bus reset"};

    return tier < 4 ? names[tier] : "?";
}

static void
print_time(FILE *out, uint64_t ns)
{
    fprintf(out, "  %4" PRIu64 ".%09" PRIu64 " s  ", ns / 1000000000, ns % 1000000000);
}

/* One record in words, if it tells of this request or of the ladder. */
static void
print_record(FILE *out, const struct rt_trace_record *r, const struct port_srb *srb)
{
    bool ours = r->a == srb->number;

    switch (r->event) {
    case RT_TRACE_SUBMIT:
        if (ours) {
            print_time(out, r->time_ns);
            fprintf(out, "cpu %u  submitted\n", r->cpu);
        }
        return;
    case RT_TRACE_QUEUED:
        if (ours) {
            print_time(out, r->time_ns);
            fprintf(out, "cpu %u  waits in the unit's queue%s\n", r->cpu, r->c ? " (held)" : "");
        }
        return;
    case RT_TRACE_BUILD:
    case RT_TRACE_BUILT:
        if (ours) {
            print_time(out, r->time_ns);
            fprintf(out, "cpu %u  HwStorBuildIo %s\n", r->cpu,
                    r->event == RT_TRACE_BUILD ? "called"
                    : r->c                     ? "returned TRUE"
                                               : "returned FALSE: the miniport keeps it");
        }
        return;
    case RT_TRACE_START:
        if (ours) {
            print_time(out, r->time_ns);
            fprintf(out, "cpu %u  HwStorStartIo called, tag %u: the miniport owns it from here\n",
                    r->cpu, r->c);
        }
        return;
    case RT_TRACE_REQUEUED:
        if (ours) {
            print_time(out, r->time_ns);
            fprintf(out, "cpu %u  came back busy, sent again (try %u)\n", r->cpu, r->c);
        }
        return;
    case RT_TRACE_TIMEOUT:
        if (ours) {
            print_time(out, r->time_ns);
            fprintf(out, "cpu %u  timed out after %u s\n", r->cpu, r->c);
        }
        return;
    case RT_TRACE_RESET:
        print_time(out, r->time_ns);
        fprintf(out, "cpu %u  %s begins\n", r->cpu, tier_name(r->a));
        return;
    case RT_TRACE_RESET_DONE:
        print_time(out, r->time_ns);
        fprintf(out, "cpu %u  %s %s\n", r->cpu, tier_name(r->a), r->c ? "answered" : "failed");
        return;
    case RT_TRACE_LOST:
        if (ours) {
            print_time(out, r->time_ns);
            fprintf(out, "cpu %u  LOST: still with the miniport after the bus reset\n", r->cpu);
        }
        return;
    default:
        return;
    }
}

static void
print_stack(FILE *out, const char *title, void *const *pcs, unsigned depth)
{
    struct rt_symbol s;

    if (!depth)
        return;
    fprintf(out, "%s\n", title);
    for (unsigned i = 0; i < depth; i++) {
        if (!rt_symbol(pcs[i], &s) || !strcmp(s.function, "make_fcontext") ||
            !strcmp(s.function, "fiber_main"))
            continue;
        fprintf(out, "    #%u %s", i, s.function);
        if (s.file[0])
            fprintf(out, " at %s:%u", s.file, s.line);
        fprintf(out, " (%s)\n", s.module);
    }
}

static void
print_timeline(FILE *out, const struct port_srb *srb)
{
    struct rt *rt = srb->adapter->rt;
    size_t max = rt_trace_total(rt), count;
    struct rt_trace_record *records = calloc(max ? max : 1, sizeof(*records));

    if (!records)
        return;
    count = rt_trace_snapshot(rt, records, max);
    for (size_t i = 0; i < count; i++)
        print_record(out, &records[i], srb);
    free(records);
}

void
report_lost(struct port_srb *srb, enum srb_state was)
{
    struct port *port = srb->adapter->port;
    const struct unit *unit = srb->unit;
    char cdb[128], *text = NULL;
    size_t bytes;
    FILE *out;

    if (!port->lost)
        return;
    out = open_memstream(&text, &bytes);
    if (!out)
        return;
    cdb_format(srb->request.cdb, srb->request.cdb_bytes, cdb, sizeof(cdb));
    fprintf(out, "LOST REQUEST #%u  %s  unit %u/%u:%u:%u  driver %s\n", srb->number, cdb,
            srb->adapter->number, unit->path, unit->target, unit->lun, srb->adapter->driver->name);
    fprintf(out, "Lost by: the miniport, %s\n",
            srb->refused         ? "after HwStorBuildIo returned FALSE (it promised to complete it)"
            : was == SRB_STARTED ? "after HwStorStartIo took it"
                                 : "inside HwStorBuildIo");
    fprintf(out, "Timeline:\n");
    print_timeline(out, srb);
    report_references(out, srb);
    if (srb->touch_depth) {
        fprintf(out, "The driver's last call about it was %s:\n",
                contract_row(srb->touch_routine)->name);
        print_stack(out, "  stack:", srb->touch_stack, srb->touch_depth);
    }
    print_stack(out, "Submitted from:", srb->submit_stack, srb->submit_depth);
    fclose(out);
    port->lost(port->lost_ctx, text);
    free(text);
}
