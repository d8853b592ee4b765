/*
 * The rig of this folder's programs: runs a case in the threads executor and in sim with several
 * seeds, with findings and the nt floor up, and asks afterwards that nothing leaked.
 */
#ifndef NT_TEST_H
#define NT_TEST_H

#include "nt.h"
#include "finding.h"
#include "contract.h"
#include "ntddk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define TAG(a, b, c, d) ((a) | (b) << 8 | (c) << 16 | (ULONG)(d) << 24)
#define SIM_SEEDS 20

static inline void
test_log(void *ctx, enum rt_log_level level, const char *line)
{
    (void)ctx;
    if (level == RT_LOG_ERROR)
        fprintf(stderr, "log: %s\n", line);
}

static inline void
test_bug(void *ctx, enum rt_bug bug, const char *text)
{
    (void)ctx;
    fprintf(stderr, "bug %d: %s\n", bug, text);
    abort();
}

static inline unsigned
findings_of(struct rt *rt, enum finding_rule rule)
{
    struct finding finding;
    unsigned count = 0;

    for (unsigned i = 0; finding_get(rt, i, &finding); i++) {
        if (finding.rule == rule)
            count++;
    }
    return count;
}

/* Every finding must be expected: a case that provokes some says how many. */
static unsigned test_findings_expected;

/* run: the case, on an attached thread at PASSIVE. Returns how many fallible calls there were. */
static inline uint64_t
test_run(enum rt_kind kind, uint64_t seed, uint64_t fault_nth, void (*run)(struct rt *rt))
{
    struct rt_config config = {.kind = kind,
                               .cpus = 2,
                               .seed = seed,
                               .arena_bytes = 16 << 20,
                               .fault_nth = fault_nth,
                               .log = test_log,
                               .bug = test_bug};
    char *error = NULL;
    struct rt *rt;
    uint64_t faults;
    unsigned left;

    CHECK(!rt_create(&config, &rt, &error));
    CHECK(rt_thread_attach(rt, false));
    if (finding_init(rt)) {
        CHECK(fault_nth);
        faults = rt_fault_count(rt);
        rt_thread_detach(rt);
        rt_destroy(rt);
        return faults;
    }
    if (nt_init(rt)) {
        CHECK(fault_nth);
    } else {
        if (!nt_start(rt, 1))
            run(rt);
        else
            CHECK(fault_nth);
        left = nt_pool_leaks(rt, NULL, NULL, NULL) + nt_handles_report_leaks(rt, NULL);
        CHECK(nt_finish(rt) == 0);
        if (left)
            fprintf(stderr, "%u blocks or handles left\n", left);
        CHECK(!left);
    }
    if (finding_count(rt) != test_findings_expected) {
        struct finding finding;
        for (unsigned i = 0; finding_get(rt, i, &finding); i++)
            fprintf(stderr, "%s: %s\n", finding_rule_name(finding.rule), finding.text);
    }
    CHECK(finding_count(rt) == test_findings_expected);
    faults = rt_fault_count(rt);
    CHECK(rt_arena_used(rt) == 0);
    finding_finish(rt);
    rt_thread_detach(rt);
    rt_destroy(rt);
    return faults;
}

static inline void
test_both(void (*run)(struct rt *rt))
{
    test_run(RT_KIND_THREADS, 1, 0, run);
    for (uint64_t seed = 1; seed <= SIM_SEEDS; seed++)
        test_run(RT_KIND_SIM, seed, 0, run);
}

/* A wait that must be satisfied. */
static inline void
test_wait(PVOID object)
{
    CHECK(KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
}

static inline LARGE_INTEGER
test_ms(LONGLONG ms)
{
    LARGE_INTEGER relative = {.QuadPart = -ms * 10000};

    return relative;
}

/* A system thread, joined through its object as drivers do it. */
static inline PVOID
test_thread(PKSTART_ROUTINE start, PVOID context)
{
    HANDLE handle;
    PVOID object;

    CHECK(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, start, context) ==
          STATUS_SUCCESS);
    CHECK(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &object,
                                    NULL) == STATUS_SUCCESS);
    CHECK(ZwClose(handle) == STATUS_SUCCESS);
    return object;
}

static inline void
test_join(PVOID thread)
{
    test_wait(thread);
    ObDereferenceObject(thread);
}

#endif
