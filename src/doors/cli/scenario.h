/*
 * The scenario that `storport replay` runs again: a miniport under a seeded load in the simulator.
 * Implemented beside this file; the demonstration uses the same.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

struct scenario_options {
    const char *miniport; /* NULL: the demonstration's */
    bool trace;           /* print the whole trace, not only what concerns the lost request */
};

/* Prints to stdout. 0; 1 when the seed shows no lost request; or -errno after it complained. */
int scenario_replay(uint64_t seed, const struct scenario_options *options);

#endif
