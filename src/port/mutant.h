/*
 * Planted bugs, so that the tests can show that they would find them. Compiled in only where
 * STORPORT_MUTANTS is defined (the test builds of the port); elsewhere MUTANT() is a constant
 * false.
 */
#ifndef PORT_MUTANT_H
#define PORT_MUTANT_H

#include <stdbool.h>

/* X(name, what is wrong) */
#define PORT_MUTANTS(X)                                                                            \
    X(LOST_COMPLETION, "a completion on a full list is dropped")                                   \
    X(DOUBLE_DONE, "done is called again for one request in many")                                 \
    X(NO_RESTART_AFTER_RESUME, "resuming a unit does not restart its queue")                       \
    X(NO_RESTART_AFTER_ADAPTER_RESUME, "resuming an adapter does not restart its units")           \
    X(TAG_REUSE, "a tag is given out while it is in use")                                          \
    X(WRONG_LUN, "the SRB carries the LUN of another unit")                                        \
    X(RESET_DROPS_QUEUE, "a reset drops what is queued")                                           \
    X(LATE_UNMAP, "data arrives after done")                                                       \
    X(DEPTH_IGNORED, "more than the queue depth is sent")                                          \
    X(BUSY_NOT_COUNTED, "DeviceBusy never ends")                                                   \
    X(FULL_NOT_COUNTED, "QUEUE FULL never ends")                                                   \
    X(FREEZE_FORGOTTEN, "RELEASE_QUEUE does not restart")                                          \
    X(PAUSE_LEAKS, "a paused unit starts one request")                                             \
    X(STARTIO_UNLOCKED, "HwStartIo runs without the StartIo lock")                                 \
    X(BUILD_SKIPPED, "a request sent again misses HwBuildIo")                                      \
    X(BUILT_FORGOTTEN, "a built request that had to wait is never started")                        \
    X(TIMEOUT_TOO_EARLY, "time runs while the adapter is paused")                                  \
    X(LADDER_STOPS, "the ladder ends after the target reset")                                      \
    X(RETRY_KEEPS_STATUS, "a retried SRB keeps its old status")                                    \
    X(SENSE_LOST, "autosense is not passed up")                                                    \
    X(MOVED_WRONG, "the residual is ignored")                                                      \
    X(REMOVE_FORGETS_QUEUE, "removal leaves queued requests")                                      \
    X(REMOTE_DROPPED, "a completion redirected to another processor is dropped")                   \
    X(LATE_COUNT, "a completion is counted after the queue looked")

/* Bugs that show only when an allocation fails: no storm finds them, tests/fault does. */
#define PORT_ALLOC_MUTANTS(X)                                                                      \
    X(ALLOC_LEAK, "a failed allocation leaks the one before it")                                   \
    X(ALLOC_UNCHECKED, "nobody looks whether memory came")

enum port_mutant {
    PORT_MUTANT_NONE,
#define X(name, what) PORT_MUTANT_##name,
    PORT_MUTANTS(X) PORT_MUTANT_COUNT,
    PORT_ALLOC_MUTANTS(X)
#undef X
};

/* Edges of the state machines, counted in the same builds: the storm must take each. */
#define PORT_EDGES(X)                                                                              \
    X(IDLE_QUEUED)                                                                                 \
    X(IDLE_DIRECT)                                                                                 \
    X(QUEUED_STARTED)                                                                              \
    X(BUILDING_REFUSED)                                                                            \
    X(BUILDING_BUILT)                                                                              \
    X(BUILT_HELD)                                                                                  \
    X(BUILT_STARTED)                                                                               \
    X(STARTED_NOTIFIED)                                                                            \
    X(BUILDING_NOTIFIED)                                                                           \
    X(NOTIFIED_IDLE)                                                                               \
    X(NOTIFIED_QUEUED_BUSY)                                                                        \
    X(NOTIFIED_QUEUED_FULL)                                                                        \
    X(NOTIFIED_FROZEN)                                                                             \
    X(STARTED_LOST)                                                                                \
    X(QUEUED_FLUSHED)                                                                              \
    X(REFUSED_GONE)                                                                                \
    X(REMOTE_COMPLETION)                                                                           \
    X(BUDGET_SPENT)                                                                                \
    X(UNIT_PAUSED)                                                                                 \
    X(UNIT_RESUMED)                                                                                \
    X(UNIT_BUSY_ENDED)                                                                             \
    X(UNIT_FULL_ENDED)                                                                             \
    X(ADAPTER_PAUSED)                                                                              \
    X(ADAPTER_RESUMED)                                                                             \
    X(ADAPTER_BUSY_ENDED)                                                                          \
    X(RESET_LUN)                                                                                   \
    X(RESET_TARGET)                                                                                \
    X(RESET_BUS)                                                                                   \
    X(RESET_SETTLED)                                                                               \
    X(RESET_SRB_LATE)                                                                              \
    X(ADAPTER_STOPPED)                                                                             \
    X(ADAPTER_RESTARTED)                                                                           \
    X(ADAPTER_GONE)                                                                                \
    X(UNIT_WITHDRAWN)

enum port_edge {
#define X(name) PORT_EDGE_##name,
    PORT_EDGES(X)
#undef X
        PORT_EDGE_COUNT
};

#ifdef STORPORT_MUTANTS
extern unsigned long port_edges[PORT_EDGE_COUNT];
#define EDGE(name) ((void)__atomic_fetch_add(&port_edges[PORT_EDGE_##name], 1, __ATOMIC_RELAXED))
extern enum port_mutant port_mutant; /* set by the test before the host begins */
#define MUTANT(name) (port_mutant == PORT_MUTANT_##name)
#else
#define EDGE(name) ((void)0)
#define MUTANT(name) false
#endif

#endif
