/*
 * The report on a fault: driver, callback, level, locks, SRB, stack. Runs in a process that may be
 * broken in any way, so it reads lists without locks and believes no pointer it need not follow.
 */
#include "fault.h"

#include "cdb.h"
#include "contract.h"
#include "rt_symbol.h"
#include "srb.h"
#include "status_text.h"

#include <stdio.h>
#include <string.h>

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

static void
print_cdb(FILE *out, const uint8_t *cdb, size_t bytes)
{
    char text[120];

    if (!bytes)
        return;
    cdb_format(cdb, bytes, text, sizeof(text));
    fprintf(out, ", %s", text);
}

/* Either form of an SRB tells by its Function which it is. */
static void
print_srb(FILE *out, const void *subject)
{
    const SCSI_REQUEST_BLOCK *srb = subject;
    const STORAGE_REQUEST_BLOCK *extended = subject;
    bool is_extended = srb->Function == SRB_FUNCTION_STORAGE_REQUEST_BLOCK;
    unsigned function = is_extended ? extended->SrbFunction : srb->Function;
    const char *name;

    name = srb_function_text(function);
    fprintf(out, "  SRB    %p, %s", subject, name ? name : "unknown function");
    if (!is_extended) {
        fprintf(out, " %u:%u:%u", srb->PathId, srb->TargetId, srb->Lun);
        if (function == SRB_FUNCTION_EXECUTE_SCSI)
            print_cdb(out, srb->Cdb, srb->CdbLength);
    } else if (extended->AddressOffset) {
        const STOR_ADDR_BTL8 *address =
            (const void *)((const char *)subject + extended->AddressOffset);
        fprintf(out, " %u:%u:%u", address->Path, address->Target, address->Lun);
        if (extended->NumSrbExData && extended->SrbExDataOffset[0]) {
            const SRBEX_DATA_SCSI_CDB16 *data =
                (const void *)((const char *)subject + extended->SrbExDataOffset[0]);
            if (data->Type == SrbExDataTypeScsiCdb16)
                print_cdb(out, data->Cdb, data->CdbLength);
        }
    }
    fputc('\n', out);
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
    if (frame && frame->subject && frame->callback != CALLBACK_DRIVER_ENTRY)
        print_srb(out, frame->subject);
    for (unsigned i = 0; i < fault->stack_count; i++) {
        fprintf(out, "  #%-2u    ", i);
        print_place(out, fault->stack[i]);
        fputc('\n', out);
    }
    fclose(out);
    return text;
}
