/*
 * The trace: what happened, in order, always on. One ring per processor and one for code at
 * PASSIVE; under sim one ring, whose running hash names the trace. Records never hold an address:
 * requests, units and adapters go by number, so that a seed gives the same trace anywhere.
 */
#ifndef RT_TRACE_H
#define RT_TRACE_H

#include "rt.h"

/* X(name, argument a, argument b, argument c): the schema of every event. */
#define RT_TRACE_EVENTS(X)                                                                         \
    X(NONE, "", "", "")                                                                            \
    X(IRQL, "from", "to", "")                                                                      \
    X(LOCK_TAKEN, "lock", "adapter", "")                                                           \
    X(LOCK_LEFT, "lock", "adapter", "")                                                            \
    X(DPC_QUEUED, "dpc", "processor", "")                                                          \
    X(DPC_RUN, "dpc", "", "")                                                                      \
    X(TIMER_FIRED, "timer", "", "")                                                                \
    X(INTERRUPT, "adapter", "message", "")                                                         \
    X(CALL, "callback", "adapter", "request")                                                      \
    X(RETURN, "callback", "adapter", "result")                                                     \
    X(ROUTINE, "routine", "adapter", "")                                                           \
    X(SUBMIT, "request", "unit", "opcode")                                                         \
    X(QUEUED, "request", "unit", "reason")                                                         \
    X(BUILD, "request", "unit", "")                                                                \
    X(BUILT, "request", "unit", "result")                                                          \
    X(HELD, "request", "unit", "reason")                                                           \
    X(START, "request", "unit", "tag")                                                             \
    X(STARTED, "request", "unit", "result")                                                        \
    X(NOTIFIED, "request", "unit", "status")                                                       \
    X(COMPLETE, "request", "unit", "status")                                                       \
    X(REQUEUED, "request", "unit", "tries")                                                        \
    X(DONE, "request", "unit", "status")                                                           \
    X(TIMEOUT, "request", "unit", "seconds")                                                       \
    X(RESET, "tier", "adapter", "unit")                                                            \
    X(RESET_DONE, "tier", "adapter", "result")                                                     \
    X(LOST, "request", "unit", "stage")                                                            \
    X(PAUSE, "adapter", "unit", "seconds")                                                         \
    X(RESUME, "adapter", "unit", "")                                                               \
    X(BUSY, "adapter", "unit", "count")                                                            \
    X(READY, "adapter", "unit", "")                                                                \
    X(FREEZE, "unit", "", "")                                                                      \
    X(RELEASE, "unit", "", "")                                                                     \
    X(STATE, "object", "from", "to")                                                               \
    X(FINDING, "rule", "adapter", "request")                                                       \
    X(THREAD, "thread", "", "")                                                                    \
    X(FILE, "operation", "offset", "length")                                                       \
    X(USER, "a", "b", "c")

enum rt_trace_event {
#define X(name, a, b, c) RT_TRACE_##name,
    RT_TRACE_EVENTS(X)
#undef X
        RT_TRACE_EVENT_COUNT
};

struct rt_trace_record {
    uint64_t time_ns;
    uint16_t event;
    uint8_t cpu; /* 0xFF: none held */
    uint8_t irql;
    uint32_t a;
    uint32_t b;
    uint32_t c;
};

const char *rt_trace_name(unsigned event);
const char *rt_trace_argument(unsigned event, unsigned index); /* "" when unused */

void rt_trace(struct rt *rt, enum rt_trace_event event, uint32_t a, uint32_t b, uint32_t c);
uint64_t rt_trace_hash(const struct rt *rt); /* sim: of all events so far */
/* The newest records, oldest first, merged by time; returns how many were copied. */
size_t rt_trace_snapshot(struct rt *rt, struct rt_trace_record *out, size_t max);
size_t rt_trace_total(const struct rt *rt);

#endif
