/*
 * The report on a fault: driver, callback, level, locks, SRB, stack. Runs in a process that may be
 * broken in any way, so it reads lists without locks and believes no pointer it need not follow.
 */
#include "fault.h"

#include "cdb.h"
#include "contract.h"
#include "rt_symbol.h"
#include "status_text.h"

#include <stdio.h>
#include <string.h>

#define STACK_LINES_MAX 48

/* The driver whose code a frame runs: its owner is an adapter, or a driver in DriverEntry. */
static const char *
frame_driver(struct storport_host *host, const struct rt_frame *frame, unsigned *number)
{
    *number = UINT32_MAX;
    for (struct storport_driver *d = host->drivers; frame && d; d = d->next) {
        if (frame->owner == d->driver)
            return d->name;
        for (struct storport_adapter *a = d->adapters; a; a = a->next)
            if (frame->owner == a->adapter) {
                *number = adapter_number(a->adapter);
                return d->name;
            }
    }
    return host->working ? host->working : "a driver";
}

void
fault_brief(struct storport_host *host, const struct fault *fault, char *text, size_t bytes)
{
    const struct rt_frame *frame = fault->thread ? fault->thread->frame : NULL;
    char where[32] = "";
    unsigned number;
    const char *name = frame_driver(host, frame, &number);

    if (number != UINT32_MAX)
        snprintf(where, sizeof(where), " (adapter %u)", number);
    snprintf(text, bytes, "%s%s: %s in %s at IRQL %u\n", name, where, fault->what,
             frame ? contract_callback_name(frame->callback) : "no callback",
             fault->thread ? fault->thread->irql : 0u);
}

static void
print_place(FILE *out, void *pc)
{
    struct rt_symbol symbol;

    if (!rt_symbol(pc, &symbol)) {
        fprintf(out, "%p", pc);
        return;
    }
    fprintf(out, "%s", symbol.function);
    if (*symbol.file)
        fprintf(out, " %s:%u", symbol.file, symbol.line);
    if (*symbol.module)
        fprintf(out, " (%s)", symbol.module);
}

static void
print_locks(FILE *out, const struct rt_frame *frame)
{
    bool any = false;

    for (; frame; frame = frame->up)
        for (unsigned i = 0; i < frame->held_count && i < RT_HELD_MAX; i++) {
            fprintf(out, "  %s %p, taken at ", any ? "      " : "holds ", frame->held[i].lock);
            print_place(out, frame->held[i].where);
            fputc('\n', out);
            any = true;
        }
    if (!any)
        fprintf(out, "  holds  no lock of the driver's\n");
}

/* In the two callbacks that start an SRB the frame's subject is the port's, which begins with the
 * submitter's request. */
static void
print_request(FILE *out, const struct rt_frame *frame)
{
    const struct request *request = frame ? frame->subject : NULL;
    const char *function;
    struct unit_info *info;
    char text[120];

    if (!request || (frame->callback != CALLBACK_STARTIO && frame->callback != CALLBACK_BUILDIO))
        return;
    function = srb_function_text(request->function);
    fprintf(out, "  SRB    #%u %s", request_number(request),
            function ? function : "unknown function");
    info = malloc(sizeof(*info));
    if (info && request->unit) {
        unit_info(request->unit, info);
        fprintf(out, " %u:%u:%u", info->path, info->target, info->lun);
    }
    free(info);
    if (request->cdb_bytes) {
        cdb_format(request->cdb, request->cdb_bytes, text, sizeof(text));
        fprintf(out, ", %s, %u bytes", text, request->data_bytes);
    }
    fputc('\n', out);
}

static void
print_stack(FILE *out, const struct fault *fault)
{
    unsigned lines = 0;

    for (unsigned i = 0; i < fault->stack_count && lines < STACK_LINES_MAX; lines++) {
        unsigned same = 1;
        while (i + same < fault->stack_count && fault->stack[i + same] == fault->stack[i])
            same++;
        fprintf(out, "  #%-2u    ", i);
        print_place(out, fault->stack[i]);
        if (same > 1)
            fprintf(out, ", %u times", same);
        fputc('\n', out);
        i += same;
    }
}

char *
fault_text(struct storport_host *host, const struct fault *fault)
{
    const struct rt_frame *frame = fault->thread ? fault->thread->frame : NULL;
    char brief[256];
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    if (!out)
        return NULL;
    fault_brief(host, fault, brief, sizeof(brief));
    fputs(brief, out);
    for (const struct rt_frame *up = frame ? frame->up : NULL; up; up = up->up)
        fprintf(out, "  inside %s, entered at IRQL %u\n", contract_callback_name(up->callback),
                up->irql);
    print_locks(out, frame);
    print_request(out, frame);
    print_stack(out, fault);
    fclose(out);
    return text;
}
