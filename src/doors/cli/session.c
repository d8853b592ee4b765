/* See session.h. */
#include "session.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static void
log_told(void *context, enum storport_log_level level, const char *line)
{
    const struct session *session = context;

    if ((int)level <= session->level)
        fprintf(stderr, "%s\n", line);
}

static void
finding_told(void *context, const char *rule, const char *text)
{
    (void)context;
    (void)rule; /* the text begins with it */
    fprintf(stderr, "finding %s\n", text);
}

static void
report_told(void *context, const char *report)
{
    (void)context;
    fflush(stdout);
    fputs(report, stderr);
    fflush(stderr);
}

void
session_init(struct session *session)
{
    *session = (struct session){.level = STORPORT_LOG_WARNING};
    session->config = (struct storport_host_config){.size = sizeof(session->config),
                                                    .log = log_told,
                                                    .finding = finding_told,
                                                    .lost = report_told,
                                                    .fatal = report_told,
                                                    .context = session};
}

void
session_finish(struct session *session)
{
    devices_finish(&session->devices);
    for (size_t i = 0; i < session->registry_count; i++)
        free(session->registry[i]);
    free(session->registry);
}

const char *
session_level_name(const struct session *session)
{
    return level_names[session->level];
}

static int
processors_parse(struct session *session, const char *value)
{
    char *end = NULL;
    unsigned long count = isdigit((unsigned char)*value) ? strtoul(value, &end, 10) : 0;

    if (!end || *end || !count || count > 256) {
        complain("--processors %s: a number from 1 to 256 is wanted", value);
        return -1;
    }
    session->config.processors = (unsigned)count;
    return 0;
}

static int
watchdog_parse(struct session *session, const char *value)
{
    char *end = NULL;
    unsigned long seconds = isdigit((unsigned char)*value) ? strtoul(value, &end, 10) : 0;

    if (!end || *end || seconds > 86400) {
        complain("--watchdog %s: seconds from 1 to 86400 are wanted, or 0 for none", value);
        return -1;
    }
    session->config.watchdog_s = seconds ? (int)seconds : -1;
    return 0;
}

static int
registry_keep(struct session *session, const char *value)
{
    char **list = reallocarray(session->registry, session->registry_count + 1, sizeof(*list));

    if (!list || !(list[session->registry_count] = strdup(value)))
        return -1;
    session->registry = list;
    session->registry_count++;
    return 0;
}

static int
level_parse(struct session *session, const char *value)
{
    for (int i = 0; i < 4; i++)
        if (!strcmp(value, level_names[i])) {
            session->level = i;
            return 0;
        }
    complain("--log %s: no such level; one of error, warning, info, debug", value);
    return -1;
}

int
session_option(struct session *session, int id, const char *value)
{
    switch (id) {
    case SESSION_DEVICE:
        return devices_add(&session->devices, value) ? -1 : 0;
    case SESSION_OPTION:
        return devices_option(&session->devices, value) ? -1 : 0;
    case SESSION_REG:
        return registry_keep(session, value);
    case SESSION_PROCESSORS:
        return processors_parse(session, value);
    case SESSION_VERIFY:
        session->config.verify = true;
        return 0;
    case SESSION_DMA_REMAP:
        session->config.dma_remap = true;
        return 0;
    case SESSION_GDB:
        session->config.gdb = true;
        return 0;
    case SESSION_WATCHDOG:
        return watchdog_parse(session, value);
    default:
        return level_parse(session, value);
    }
}

int
session_check(struct session *session)
{
    if (!session->miniport) {
        complain("name a miniport: a shipped one, such as ramdisk, or the path of a driver's .so");
        return -1;
    }
    if (devices_complete(&session->devices))
        return -1;
    for (size_t i = 0; i < session->devices.count; i++) {
        const struct device *device = &session->devices.list[i];
        char *error;
        int code = storport_driver_check(session->miniport, (const char *const *)device->options,
                                         device->count, NULL, &error);
        if (code) {
            complain_about(code, error, session->miniport);
            return -1;
        }
    }
    return 0;
}

int
session_start(struct session *session)
{
    struct storport_driver *driver;
    char *error = NULL;
    int code;

    if (session_check(session))
        return -1;
    code = storport_host_create(&session->config, &session->host, &error);
    for (size_t i = 0; i < session->registry_count && !code; i++)
        code = storport_registry_set(session->host, session->registry[i], &error);
    if (!code)
        code = storport_driver_load(session->host, session->miniport, &driver, &error);
    for (size_t i = 0; i < session->devices.count && !code; i++) {
        const struct device *device = &session->devices.list[i];
        struct storport_adapter *adapter;
        code = storport_adapter_add(driver, (const char *const *)device->options, device->count,
                                    &adapter, &error);
    }
    if (!code)
        return 0;
    complain_about(code, error, session->miniport);
    session_stop(session);
    return -1;
}

int
session_stop(struct session *session)
{
    struct storport_unit *unit = NULL, *next;
    char *leaks = NULL;
    int code = 0;

    if (!session->host)
        return 0;
    while ((next = storport_unit_next(session->host, unit))) {
        struct storport_unit_info info = {.size = sizeof(info)};
        storport_unit_put(unit);
        unit = next;
        if (!storport_unit_info(unit, &info, NULL) && info.bytes && !info.read_only &&
            storport_flush(unit)) {
            complain("%s: the last flush failed; data may be lost", info.name);
            code = -1;
        }
    }
    storport_unit_put(unit);
    storport_host_destroy(session->host, &leaks);
    session->host = NULL;
    if (leaks) {
        complain("%s: %s", session->miniport, leaks);
        code = -1;
    }
    free(leaks);
    return code;
}
