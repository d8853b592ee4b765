/* The ledger of findings: one entry a place, counted; bounded; heard of once; muted; two hosts
 * apart; reported from several processors at once; and the text for people, with file and line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding.h"
#include "rt_symbol.h"
#include "trace.h"

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static atomic_uint heard;

static void
told(void *ctx, const struct finding *finding)
{
    CHECK(ctx == &heard && finding->count == 1);
    atomic_fetch_add(&heard, 1);
}

static struct rt *
host_open(enum rt_kind kind, unsigned cpus)
{
    struct rt_config config = {.kind = kind, .cpus = cpus, .seed = 3};
    struct rt *rt;
    char *error = NULL;

    CHECK(rt_create(&config, &rt, &error) == 0);
    CHECK(finding_init(rt) == 0);
    finding_listen(rt, told, &heard);
    heard = 0;
    return rt;
}

static void
host_close(struct rt *rt)
{
    finding_finish(rt);
    rt_destroy(rt);
}

static __attribute__((noinline)) void
complete_twice(struct rt *rt, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        finding_report(rt, RULE_DV_DoubleComplete, 7, "request %u completed twice", 7u);
}

static void
places(void)
{
    struct rt *rt = host_open(RT_KIND_SIM, 1);
    struct finding finding;

    complete_twice(rt, 5);
    CHECK(finding_count(rt) == 1 && heard == 1);
    CHECK(finding_get(rt, 0, &finding) && !finding_get(rt, 1, &finding));
    CHECK(finding.count == 5 && finding.request == 7 && finding.rule == RULE_DV_DoubleComplete);
    CHECK(!strcmp(finding.text, "request 7 completed twice"));
    complete_twice(rt, 1); /* another line of the caller */
    CHECK(finding_count(rt) == 2 && heard == 2);
    finding_report(rt, RULE_LostRequest, 7, "another rule");
    CHECK(finding_count(rt) == 3);
    host_close(rt);
}

static void
trace_has(struct rt *rt, uint32_t rule, uint32_t request)
{
    static struct rt_trace_record records[4096];
    size_t count = rt_trace_snapshot(rt, records, 4096);
    unsigned seen = 0;

    for (size_t i = 0; i < count; i++)
        seen +=
            records[i].event == RT_TRACE_FINDING && records[i].a == rule && records[i].c == request;
    CHECK(seen == 1);
}

static void
mute(void)
{
    struct rt *rt = host_open(RT_KIND_SIM, 1);

    finding_mute(rt, RULE_SpDuplex, true);
    finding_report(rt, RULE_SpDuplex, 0, "half duplex");
    CHECK(finding_count(rt) == 0 && heard == 0);
    finding_mute(rt, RULE_SpDuplex, false);
    finding_report(rt, RULE_SpDuplex, 21, "half duplex");
    CHECK(finding_count(rt) == 1);
    trace_has(rt, RULE_SpDuplex, 21);
    host_close(rt);
}

/* A different place each time: deeper by one call. */
static __attribute__((noinline)) void
deep(struct rt *rt, unsigned rule, unsigned depth)
{
    void *stack[FINDING_STACK_MAX + 4];

    for (unsigned i = 0; i < FINDING_STACK_MAX + 4; i++)
        stack[i] = &stack[i];
    if (depth)
        deep(rt, rule, depth - 1);
    else
        finding_report_two(rt, rule, 0, stack, FINDING_STACK_MAX + 4, "rule %u", rule);
    __asm__ volatile("" ::"r"(stack) : "memory");
}

static void
bounded(void)
{
    struct rt *rt = host_open(RT_KIND_SIM, 1);
    struct finding finding;
    unsigned count;

    for (unsigned rule = 0; rule < RULE_COUNT; rule++)
        for (unsigned depth = 0; depth < 3; depth++)
            deep(rt, rule, depth);
    count = finding_count(rt);
    CHECK(count >= RULE_COUNT && count < 3 * RULE_COUNT && heard == count);
    CHECK(finding_get(rt, count - 1, &finding) && finding.other_count == FINDING_STACK_MAX);
    /* A place that is known goes on being counted when the ledger is full. */
    deep(rt, 0, 0);
    CHECK(finding_count(rt) == count);
    host_close(rt);
}

static void
hosts_apart(void)
{
    struct rt *one = host_open(RT_KIND_THREADS, 1), *two = host_open(RT_KIND_THREADS, 1);

    complete_twice(one, 1);
    CHECK(finding_count(one) == 1 && finding_count(two) == 0);
    finding_report(two, RULE_COUNT, 0, "no such rule");
    CHECK(finding_count(two) == 0);
    host_close(one);
    host_close(two);
}

static struct rt *shared;

static void
reporter(void *ctx)
{
    (void)ctx;
    for (unsigned i = 0; i < 500; i++) {
        uint8_t old = rt_irql_raise(i % 2 ? RT_IRQL_DEVICE : RT_IRQL_DISPATCH);

        complete_twice(shared, 1);
        rt_irql_lower(old);
    }
}

static void
parallel(enum rt_kind kind)
{
    struct rt_thread *threads[4];
    struct finding finding;

    shared = host_open(kind, 2);
    for (unsigned i = 0; i < 4; i++)
        threads[i] = rt_thread_create(shared, "reporter", reporter, NULL);
    for (unsigned i = 0; i < 4; i++)
        rt_thread_join(threads[i]);
    CHECK(finding_count(shared) == 1 && finding_get(shared, 0, &finding));
    CHECK(finding.count == 2000 && heard == 1);
    host_close(shared);
}

static void
text(void)
{
    struct rt *rt = host_open(RT_KIND_SIM, 1);
    struct rt_frame frame = {0};
    struct finding finding;
    struct rt_symbol symbol;
    void *earlier[4];
    unsigned count = rt_backtrace(earlier, 4, 0);
    char *formatted;

    rt_frame_push(&frame, NULL, 0, NULL);
    finding_report_two(rt, RULE_DV_DoubleComplete, 12, earlier, count, "completed twice");
    rt_frame_pop(&frame);
    CHECK(finding_get(rt, 0, &finding) && finding.stack_count >= 2 && finding.other_count == count);
    CHECK(rt_symbol(finding.stack[0], &symbol));
    formatted = finding_format(rt, &finding);
    CHECK(formatted);
    CHECK(strstr(formatted, "DV-DoubleComplete: completed twice\n"));
    CHECK(strstr(formatted, finding_rule_meaning(RULE_DV_DoubleComplete)));
    CHECK(strstr(formatted, "request 12") && strstr(formatted, "earlier:"));
    if (symbol.file[0])
        CHECK(strstr(formatted, "#0 text at ") && strstr(formatted, "ledger.c:"));
    free(formatted);
    host_close(rt);
}

int
main(void)
{
    places();
    mute();
    bounded();
    hosts_apart();
    parallel(RT_KIND_SIM);
    parallel(RT_KIND_THREADS);
    text();
    return 0;
}
