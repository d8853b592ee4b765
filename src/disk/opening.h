/*
 * A disk being opened: what open.c and limits.c tell each other.
 */
#ifndef OPENING_H
#define OPENING_H

#include "execute.h"

#define INQUIRY_VERSION_SPC3 5

/* Everything that is known of a unit while it is being opened. */
struct opening {
    struct disk *disk;
    struct unit_info unit;
    struct adapter_info adapter;
    struct inquiry inquiry;
    uint8_t *buffer; /* DISK_SCRATCH_BYTES of the arena */
    char **error;
};

/* Writes the text for the caller of disk_open, once; returns `error`. */
int open_error(struct opening *o, int error, const char *format, ...) RT_PRINTF(3, 4);
/* Runs a command that fills o->buffer, cleared before. */
int open_read(struct opening *o, struct execute *execute, uint32_t bytes);
/* limits.c */
void open_pages(struct opening *o);
int open_limits(struct opening *o);
void open_timeout(struct disk *disk);

#endif
