/* The trace ring as text: one line per event, times in nanoseconds. */
#include "host_priv.h"
#include "trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

uint64_t
storport_trace_hash(struct storport_host *host)
{
    return rt_trace_hash(host->rt);
}

/* Does the record speak of this request? */
static bool
record_names(const struct rt_trace_record *record, uint32_t request)
{
    const uint32_t values[3] = {record->a, record->b, record->c};

    for (unsigned i = 0; i < 3; i++)
        if (values[i] == request && !strcmp(rt_trace_argument(record->event, i), "request"))
            return true;
    return false;
}

static void
record_print(FILE *out, const struct rt_trace_record *record)
{
    const uint32_t values[3] = {record->a, record->b, record->c};
    char cpu[8] = "-";

    if (record->cpu != 0xFF)
        snprintf(cpu, sizeof(cpu), "%u", record->cpu);
    fprintf(out, "%14" PRIu64 " cpu %-3s irql %-2u %-12s", record->time_ns, cpu, record->irql,
            rt_trace_name(record->event));
    for (unsigned i = 0; i < 3; i++) {
        const char *name = rt_trace_argument(record->event, i);
        if (*name)
            fprintf(out, " %s=%" PRIu32, name, values[i]);
    }
    fputc('\n', out);
}

char *
storport_trace_text(struct storport_host *host, uint32_t request)
{
    size_t max = rt_trace_total(host->rt), count, bytes;
    struct rt_trace_record *records = calloc(max ? max : 1, sizeof(*records));
    char *text = NULL;
    FILE *out;

    if (!records)
        return NULL;
    out = open_memstream(&text, &bytes);
    if (!out) {
        free(records);
        return NULL;
    }
    count = rt_trace_snapshot(host->rt, records, max);
    for (size_t i = 0; i < count; i++)
        if (!request || record_names(&records[i], request))
            record_print(out, &records[i]);
    fclose(out);
    free(records);
    return text;
}
