/*
 * Commands that a PASSIVE caller waits for (execute.c).
 */
#ifndef EXECUTE_H
#define EXECUTE_H

#include "disk_priv.h"

struct execute {
    struct cdb cdb;
    void *buffer; /* of the arena; filled by the unit */
    uint32_t bytes;
    uint32_t moved;     /* answer */
    struct sense sense; /* answer: the last trouble, all zero if there was none */
    bool started;       /* answer: START UNIT was sent */
};

/* 0 or -errno, after all retries. PASSIVE. */
int execute_run(struct disk *disk, struct execute *execute);

#endif
