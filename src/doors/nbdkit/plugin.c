/*
 * nbdkit-storport-plugin: parameters and life cycle. Everything that can be checked is checked in
 * config_complete and get_ready, where errors reach the terminal; the host with its threads is made
 * in after_fork only, because threads do not survive nbdkit's fork. Requests are in serve.c.
 */
#include "plugin.h"

#include "devices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREAD_MODEL NBDKIT_THREAD_MODEL_PARALLEL

static struct {
    char *driver;
    struct devices devices;
    char **registry;
    size_t registry_count;
    char *control;
    int ready; /* told with one byte that the host runs; -1 nobody asks */
    int level;
    struct storport_host_config config;
    struct storport_host *host;
    bool fatal; /* a driver faulted; the process is about to end */
} plugin = {.ready = -1, .level = STORPORT_LOG_WARNING};

struct storport_host *
plugin_host(void)
{
    return plugin.host;
}

int
plugin_fail(int code, char *error, const char *otherwise)
{
    nbdkit_error("%s%s%s", error ? error : otherwise, error ? "" : ": ",
                 error ? "" : strerror(-code));
    free(error);
    errno = -code;
    return -1;
}

/* ---- parameters --------------------------------------------------------------------------- */

static int
flag_parse(const char *value, bool *out)
{
    int parsed = nbdkit_parse_bool(value);

    *out = parsed > 0;
    return parsed < 0 ? -1 : 0;
}

static int
watchdog_parse(const char *value, int *out)
{
    unsigned seconds;

    if (nbdkit_parse_unsigned("watchdog", value, &seconds))
        return -1;
    *out = seconds && seconds <= 86400 ? (int)seconds : -1;
    return 0;
}

static int
level_parse(const char *value)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};

    for (int i = 0; i < 4; i++)
        if (!strcmp(value, names[i])) {
            plugin.level = i;
            return 0;
        }
    nbdkit_error("log=%s: no such level; one of error, warning, info, debug", value);
    return -1;
}

static int
registry_keep(const char *value)
{
    char **list = reallocarray(plugin.registry, plugin.registry_count + 1, sizeof(*list));

    if (!list || !(list[plugin.registry_count] = strdup(value)))
        return plugin_fail(-ENOMEM, NULL, "reg");
    plugin.registry = list;
    plugin.registry_count++;
    return 0;
}

static int
option_keep(const char *key, const char *value)
{
    char *text;
    int code;

    if (asprintf(&text, "%s=%s", key, value) < 0)
        return plugin_fail(-ENOMEM, NULL, key);
    code = devices_option(&plugin.devices, text);
    free(text);
    return code ? plugin_fail(code, NULL, key) : 0;
}

static int
plugin_config(const char *key, const char *value)
{
    if (!strcmp(key, "driver")) {
        if (plugin.driver) {
            nbdkit_error("driver= is given twice (%s, %s); a plugin serves one driver",
                         plugin.driver, value);
            return -1;
        }
        /* nbdkit changes its folder before the driver is loaded. */
        plugin.driver = strchr(value, '/') ? nbdkit_absolute_path(value) : strdup(value);
        return plugin.driver ? 0 : -1;
    }
    if (!strcmp(key, "device"))
        return devices_add(&plugin.devices, value) ? plugin_fail(-ENOMEM, NULL, key) : 0;
    if (!strcmp(key, "reg"))
        return registry_keep(value);
    if (!strcmp(key, "processors"))
        return nbdkit_parse_unsigned(key, value, &plugin.config.processors);
    if (!strcmp(key, "verify"))
        return flag_parse(value, &plugin.config.verify);
    if (!strcmp(key, "dma-remap"))
        return flag_parse(value, &plugin.config.dma_remap);
    if (!strcmp(key, "gdb"))
        return flag_parse(value, &plugin.config.gdb);
    if (!strcmp(key, "watchdog"))
        return watchdog_parse(value, &plugin.config.watchdog_s);
    if (!strcmp(key, "log"))
        return level_parse(value);
    if (!strcmp(key, "control"))
        return (plugin.control = nbdkit_absolute_path(value)) ? 0 : -1;
    if (!strcmp(key, "ready"))
        return nbdkit_parse_int(key, value, &plugin.ready);
    return option_keep(key, value);
}

static int
plugin_config_complete(void)
{
    if (!plugin.driver) {
        nbdkit_error("name a miniport: driver=ramdisk, or driver=/path/to/driver.so");
        return -1;
    }
    return devices_complete(&plugin.devices) ? plugin_fail(-ENOMEM, NULL, "driver") : 0;
}

/* The options come back with absolute paths: nbdkit is about to leave this folder. */
static int
plugin_get_ready(void)
{
    for (size_t i = 0; i < plugin.devices.count; i++) {
        struct device *device = &plugin.devices.list[i];
        char **resolved, *error;
        int code = storport_driver_check(plugin.driver, (const char *const *)device->options,
                                         device->count, &resolved, &error);
        if (code)
            return plugin_fail(code, error, plugin.driver);
        storport_options_free(device->options);
        device->options = resolved;
    }
    return 0;
}

/* ---- the host ----------------------------------------------------------------------------- */

static void
log_told(void *context, enum storport_log_level level, const char *line)
{
    (void)context;
    if ((int)level <= plugin.level)
        fprintf(stderr, "%s\n", line);
    else
        nbdkit_debug("%s", line);
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
    fputs(report, stderr);
    fflush(stderr);
}

static void
fatal_told(void *context, const char *report)
{
    plugin.fatal = true;
    report_told(context, report);
}

static int
host_start(char **error)
{
    struct storport_driver *driver;
    int code;

    plugin.config.size = sizeof(plugin.config);
    plugin.config.log = log_told;
    plugin.config.finding = finding_told;
    plugin.config.lost = report_told;
    plugin.config.fatal = fatal_told;
    code = storport_host_create(&plugin.config, &plugin.host, error);
    for (size_t i = 0; i < plugin.registry_count && !code; i++)
        code = storport_registry_set(plugin.host, plugin.registry[i], error);
    if (!code)
        code = storport_driver_load(plugin.host, plugin.driver, &driver, error);
    for (size_t i = 0; i < plugin.devices.count && !code; i++) {
        struct storport_adapter *adapter;
        code = storport_adapter_add(driver, (const char *const *)plugin.devices.list[i].options,
                                    plugin.devices.list[i].count, &adapter, error);
    }
    if (!code && plugin.control)
        code = storport_control_listen(plugin.host, plugin.control, error);
    return code;
}

static int
plugin_after_fork(void)
{
    struct storport_unit *unit;
    char *error = NULL;
    int code = host_start(&error);

    if (code)
        return plugin_fail(code, error, plugin.driver);
    unit = storport_unit_find(plugin.host, "");
    if (!unit)
        nbdkit_error("%s found no unit yet; clients are refused until it has one", plugin.driver);
    storport_unit_put(unit);
    if (plugin.ready >= 0 && (write(plugin.ready, "r", 1) != 1 || close(plugin.ready)))
        return plugin_fail(-errno, NULL, "ready");
    return 0;
}

/* All connections are closed. What the clients wrote must outlive the process. */
static void
plugin_cleanup(void)
{
    struct storport_unit *unit = NULL, *next;
    char *leaks = NULL;

    if (!plugin.host)
        return;
    /* Told to end before the end came by itself: the status must be the same. */
    if (plugin.fatal)
        _exit(STORPORT_EXIT_FATAL);
    while ((next = storport_unit_next(plugin.host, unit))) {
        struct storport_unit_info info = {.size = sizeof(info)};
        storport_unit_put(unit);
        unit = next;
        if (!storport_unit_info(unit, &info, NULL) && info.bytes && !info.read_only &&
            storport_flush(unit))
            nbdkit_error("%s: the last flush failed; data may be lost", info.name);
    }
    storport_unit_put(unit);
    storport_host_destroy(plugin.host, &leaks);
    plugin.host = NULL;
    if (leaks)
        nbdkit_error("%s: %s", plugin.driver, leaks);
    free(leaks);
}

static void
plugin_unload(void)
{
    devices_finish(&plugin.devices);
    for (size_t i = 0; i < plugin.registry_count; i++)
        free(plugin.registry[i]);
    free(plugin.registry);
    free(plugin.driver);
    free(plugin.control);
}

static struct nbdkit_plugin registration = {
    .name = "storport",
    .longname = "OpenStorport",
    .version = STORPORT_VERSION,
    .description = "disks of a Storport miniport driver",
    .magic_config_key = "driver",
    .config_help = "driver=<NAME>     (required) A miniport: a shipped name or a driver's .so.\n"
                   "<KEY>=<VALUE>              An option of the miniport, such as SizeMB=64.\n"
                   "device=<KEY=VALUE,...>     One more adapter, with its options.\n"
                   "reg=<KEY=VALUE>            A registry value.\n"
                   "processors=<N>             Processors that the miniport sees.\n"
                   "verify=<BOOL>              Check more, cost more.\n"
                   "dma-remap=<BOOL>           Bus addresses differ from physical ones.\n"
                   "gdb=<BOOL>                 Stop for a debugger where the miniport faults.\n"
                   "watchdog=<SECONDS>         How long a callback may spin; 0: for ever.\n"
                   "log=<LEVEL>                error, warning, info or debug.\n"
                   "control=<PATH>             A socket that answers `storport info`.\n"
                   "ready=<FD>                 Write a byte there when the disks are served.",
    .config = plugin_config,
    .config_complete = plugin_config_complete,
    .get_ready = plugin_get_ready,
    .after_fork = plugin_after_fork,
    .cleanup = plugin_cleanup,
    .unload = plugin_unload,
    .list_exports = serve_list_exports,
    .default_export = serve_default_export,
    .export_description = serve_export_description,
    .open = serve_open,
    .close = serve_close,
    .get_size = serve_get_size,
    .block_size = serve_block_size,
    .can_write = serve_can_write,
    .can_flush = serve_can_flush,
    .can_fua = serve_can_fua,
    .can_trim = serve_can_trim,
    .can_zero = serve_can_zero,
    .can_fast_zero = serve_can_fast_zero,
    .can_extents = serve_can_extents,
    .can_multi_conn = serve_can_multi_conn,
    .can_cache = serve_can_cache,
    .is_rotational = serve_is_rotational,
    .pread = serve_pread,
    .pwrite = serve_pwrite,
    .flush = serve_flush,
    .trim = serve_trim,
    .zero = serve_zero,
    .extents = serve_extents,
    .errno_is_preserved = 1,
};

struct nbdkit_plugin *plugin_init(void);
NBDKIT_REGISTER_PLUGIN(registration)
