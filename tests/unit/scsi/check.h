/*
 * Counts broken expectations and names them; main returns check_failures != 0.
 */
#ifndef UNIT_SCSI_CHECK_H
#define UNIT_SCSI_CHECK_H

#include <stdio.h>
#include <string.h>

static unsigned check_failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            check_failures++;                                                                      \
        }                                                                                          \
    } while (0)

#define CHECK_TEXT(got, want)                                                                      \
    do {                                                                                           \
        if (strcmp((got), (want)) != 0) {                                                          \
            fprintf(stderr, "%s:%d: got \"%s\", want \"%s\"\n", __FILE__, __LINE__, (got),         \
                    (want));                                                                       \
            check_failures++;                                                                      \
        }                                                                                          \
    } while (0)

#endif
