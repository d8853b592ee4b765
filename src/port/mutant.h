/*
 * Planted bugs, so that the tests can show that they would find them. Compiled in only where
 * STORPORT_MUTANTS is defined (the test builds of the port); elsewhere MUTANT() is a constant false.
 */
#ifndef PORT_MUTANT_H
#define PORT_MUTANT_H

#include <stdbool.h>

/* X(name, what is wrong) */
#define PORT_MUTANTS(X)                                                                            \
    X(LOST_COMPLETION, "a completion on a full list is dropped")                                   \
    X(DOUBLE_DONE, "done is called twice after a retry")                                           \
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
    X(HOLD_RACE, "the hold flag is read without the queue lock")

enum port_mutant {
    PORT_MUTANT_NONE,
#define X(name, what) PORT_MUTANT_##name,
    PORT_MUTANTS(X)
#undef X
        PORT_MUTANT_COUNT
};

#ifdef STORPORT_MUTANTS
extern enum port_mutant port_mutant; /* set by the test before the host begins */
#define MUTANT(name) (port_mutant == PORT_MUTANT_##name)
#else
#define MUTANT(name) false
#endif

#endif
