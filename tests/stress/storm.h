/* One storm: a host, the storm miniport, clients that write and check, and what came of it. */
#ifndef STORM_H
#define STORM_H

#include <stdbool.h>
#include <stdint.h>

struct storm_config {
    uint64_t seed;
    bool threads;        /* else sim */
    bool calm;           /* no stuck requests, no busy, no pauses (real time is short) */
    const char *driver;  /* path of the miniport */
    unsigned bug;        /* of the miniport; 0: none */
    unsigned operations; /* per client; 0: the usual */
    bool keep_trace;
    bool verbose;
};

struct storm_result {
    uint64_t trace_hash;
    uint64_t yields, preemptions;
    unsigned requests;
    unsigned faults; /* findings, wrong data, broken promises */
    char first_fault[400];
};

/* False if the storm could not even begin. */
bool storm_run(const struct storm_config *config, struct storm_result *result);

#endif
