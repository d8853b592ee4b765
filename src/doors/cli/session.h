/*
 * A miniport and how it shall run, as the arguments of run, info and scsi say it alike; and, for
 * those that host in this process, the host itself.
 */
#ifndef SESSION_H
#define SESSION_H

#include "devices.h"
#include "options.h"

#include <storport/host.h>

enum session_option {
    SESSION_DEVICE = 1,
    SESSION_OPTION,
    SESSION_REG,
    SESSION_PROCESSORS,
    SESSION_VERIFY,
    SESSION_DMA_REMAP,
    SESSION_GDB,
    SESSION_WATCHDOG,
    SESSION_LOG,
    SESSION_COUNT /* a command's own options begin here */
};

/* Rows of these options for a command's table. */
#define SESSION_OPTIONS                                                                            \
    {"device", "KEY=VALUE,…", "one more adapter, with its options", SESSION_DEVICE},               \
        {"option", "KEY=VALUE", "an option of the last adapter (or the only one)",                 \
         SESSION_OPTION},                                                                          \
        {"reg", "KEY=VALUE", "set a registry value before the driver is loaded", SESSION_REG},     \
        {"processors", "N", "processors that the miniport sees", SESSION_PROCESSORS},              \
        {"verify", NULL, "check more of what the driver does, at a cost", SESSION_VERIFY},         \
        {"dma-remap", NULL, "bus addresses differ from physical ones", SESSION_DMA_REMAP},         \
        {"gdb", NULL, "stop for a debugger where the driver faults", SESSION_GDB},                 \
        {"watchdog", "SECONDS", "how long a callback may spin; 20 by default, 0: for ever",        \
         SESSION_WATCHDOG},                                                                        \
    {                                                                                              \
        "log", "LEVEL", "error, warning (the default), info or debug", SESSION_LOG                 \
    }

struct session {
    const char *miniport; /* NULL: not named */
    struct devices devices;
    char **registry;
    size_t registry_count;
    int level;
    struct storport_host_config config;
    struct storport_host *host;
};

void session_init(struct session *session);
void session_finish(struct session *session);
/* One of SESSION_*; complains and returns -1 when the value is wrong. */
int session_option(struct session *session, int id, const char *value);
/* Driver and options are checked; complains and returns -1 when something is wrong. */
int session_check(struct session *session);
/* Host, driver, adapters. Complains and returns -1. */
int session_start(struct session *session);
/* Flushes, stops, unloads. -1 when a flush failed or something was left. */
int session_stop(struct session *session);
const char *session_level_name(const struct session *session);

#endif
