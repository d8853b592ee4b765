/*
 * What conformance programs stand on: a host with the sim executor, one test miniport with as many
 * units as asked, a way to run a piece of driver code in any callback's frame, and the findings and
 * log lines that came of it. A program ends with harness_finish(), which fails for any finding that
 * was not expected and for anything left allocated.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include "port_priv.h"

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

/* All optional. */
struct harness_config {
    bool physical;       /* else virtual */
    bool full_duplex;    /* physical only */
    bool extended;       /* STORAGE_REQUEST_BLOCK */
    unsigned units;      /* LUNs of target 0; 0: one */
    unsigned processors; /* 0: two */
    size_t extension_bytes;
    void (*driver_entry)(void);
    void (*find)(PPORT_CONFIGURATION_INFORMATION config);
    void (*initialize)(void);
    void (*passive_initialize)(void);
    void (*start)(PSCSI_REQUEST_BLOCK srb); /* of each READ(10) and WRITE(10); completed after it */
};

/* Key: all set by harness_start. */
extern struct harness {
    struct harness_config config;
    struct rt *rt;
    struct port *port;
    struct driver *driver;
    struct adapter *adapter;
    void *extension;    /* known from HwFindAdapter on */
    unsigned inquiries; /* standard INQUIRYs that the miniport answered */
    unsigned units;     /* that the miniport says it has: may be changed */
} harness;

void harness_start(const struct harness_config *config);
/* Ends everything; the program's exit status. */
int harness_finish(void);

/* Code in between runs as the adapter's in `callback` at `irql`. Not nested. */
void harness_enter(enum contract_callback callback, uint8_t irql);
void harness_leave(void);

/* One READ(10) or WRITE(10) of `bytes` to LUN 0, in `pieces` pieces; its SRB status. */
uint8_t harness_transfer(bool write, void *data, size_t bytes, unsigned pieces);

/* That the rule was broken since the last call; the finding counts no longer. */
void harness_expect(enum finding_rule rule);
/* A log line since the start that has the text in it. */
bool harness_logged(const char *text);
/* Lets others run until the condition holds; fails after 100 virtual seconds. */
#define HARNESS_UNTIL(condition)                                                                   \
    for (unsigned tries_ = 0; !(condition); tries_++) {                                            \
        CHECK(tries_ < 100000);                                                                    \
        rt_sleep_ns(1000000);                                                                      \
    }

#endif
