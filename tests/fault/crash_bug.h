/*
 * Faults that the crash simulator must find, one at a time. All but the last sit in a second build
 * of filedisk, around its store (crash_mutant.c); the last is in the simulated file.
 */
#ifndef CRASH_BUG_H
#define CRASH_BUG_H

/* X(name, what is wrong) */
#define CRASH_BUGS(X)                                                                              \
    X(NO_SYNC, "FLUSH and FUA do not sync the file")                                               \
    X(EARLY_FLUSH, "a flush is completed before the sync has returned")                            \
    X(FUA_IGNORED, "a write with FUA is completed without a sync")                                 \
    X(FUA_FIRST, "the sync of a write with FUA comes before its data")                             \
    X(LATE_PUNCH, "UNMAP is completed before the hole is punched")                                 \
    X(LATE_WRITE, "a write is completed before the file is written")                               \
    X(FLUSH_JOINS, "a flush counts a sync that began before it as its own")                        \
    X(DIRTY_LATE, "the mark that something is unsynced is taken off after the sync")               \
    X(LYING_SYNC, "the file says that it synced and did not")

enum crash_bug {
    CRASH_BUG_NONE,
#define X(name, what) CRASH_BUG_##name,
    CRASH_BUGS(X)
#undef X
        CRASH_BUG_COUNT
};

#endif
