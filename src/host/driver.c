/*
 * Drivers and adapters: from a name and options to a started device, and back. Options become
 * registry values before AddDevice, because that is where a miniport reads them.
 */
#include "host_priv.h"
#include "inf.h"
#include "registry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- drivers ------------------------------------------------------------------------------ */

/* beside/name.so → beside/name.inf */
static int
inf_beside(const char *path, struct inf **inf, char **error)
{
    size_t length = strlen(path);
    char *file;
    int code;

    if (length > 3 && !strcmp(path + length - 3, ".so"))
        length -= 3;
    if (asprintf(&file, "%.*s.inf", (int)length, path) < 0)
        return -ENOMEM;
    code = inf_read(file, inf, error);
    free(file);
    return code;
}

/* What setup does when it installs the driver: initial values, but never over a value already
 * set. */
static int
inf_install(struct storport_driver *driver, char **error)
{
    char key[112];
    int code = 0;

    snprintf(key, sizeof(key), "Services\\%s\\Parameters\\Device", driver->name);
    for (size_t i = 0; driver->inf && i < driver->inf->count && !code; i++) {
        const struct inf_option *option = &driver->inf->options[i];
        if (*option->initial && !registry_has(driver->host->registry, key, option->name))
            code = registry_put(driver->host->registry, key, option->name, option->type,
                                option->initial, error);
    }
    return code;
}

static int
driver_start_locked(struct storport_driver *driver, const char *path, char **error)
{
    struct storport_host *host = driver->host;
    void *entry;
    int code;

    code = image_load(path, &driver->image, &entry, error);
    if (code)
        return code;
    host_work_begin(host, driver->name);
    code = driver_load(host->port, driver->name, entry, &driver->driver, error);
    host_work_end(host, code, error);
    if (code) {
        image_unload(driver->image);
        driver->image = NULL;
    }
    return code;
}

int
storport_driver_load(struct storport_host *host, const char *name, struct storport_driver **out,
                     char **error)
{
    struct storport_driver *driver;
    char *path = NULL;
    int code;

    if (error)
        *error = NULL;
    driver = calloc(1, sizeof(*driver));
    if (!driver)
        return -ENOMEM;
    driver->host = host;
    code = shipped_resolve(name, &path, driver->name, error);
    if (!code)
        code = inf_beside(path, &driver->inf, error);
    if (code)
        goto free_driver;
    if (!host_control_enter(host)) {
        code = -EIO;
        goto free_driver;
    }
    code = inf_install(driver, error);
    if (!code)
        code = driver_start_locked(driver, path, error);
    if (!code) {
        driver->next = host->drivers;
        host->drivers = driver;
        *out = driver;
    }
    host_control_leave(host);
    free(path);
    if (!code)
        return 0;
    path = NULL;

free_driver:
    free(path);
    inf_destroy(driver->inf);
    free(driver);
    return code;
}

void
driver_destroy(struct storport_driver *driver)
{
    struct storport_host *host = driver->host;

    while (driver->adapters)
        storport_adapter_remove(driver->adapters, false);
    rt_word_acquire(&host->control);
    for (struct storport_driver **link = &host->drivers; *link; link = &(*link)->next)
        if (*link == driver) {
            *link = driver->next;
            break;
        }
    driver_unload(driver->driver);
    image_unload(driver->image);
    rt_word_release(&host->control);
    inf_destroy(driver->inf);
    free(driver);
}

/* ---- options ------------------------------------------------------------------------------ */

static void
options_erase(struct storport_adapter *adapter)
{
    const struct rt_registry_provider *store = registry_provider(adapter->driver->host->registry);

    for (size_t i = 0; i < adapter->option_count; i++) {
        store->erase(store->ctx, adapter->key, adapter->options[i]);
        free(adapter->options[i]);
    }
    free(adapter->options);
    adapter->options = NULL;
    adapter->option_count = 0;
}

static int
option_set(struct storport_adapter *adapter, const char *assignment, bool creates, char **error)
{
    struct storport_driver *driver = adapter->driver;
    const struct inf_option *option;
    char *value, *text, *name;
    int code;

    code = inf_check(driver->inf, driver->name, assignment, creates, &option, &value, error);
    if (code)
        return code;
    name = strndup(assignment, (size_t)(strchr(assignment, '=') - assignment));
    if (!name) {
        code = -ENOMEM;
    } else if (option) {
        code = registry_put(driver->host->registry, adapter->key, name, option->type, value, error);
    } else if (asprintf(&text, "%s\\%s=%s", adapter->key, name, value) < 0) {
        code = -ENOMEM;
    } else {
        code = registry_assign(driver->host->registry, text, error);
        free(text);
    }
    free(value);
    if (code)
        free(name);
    else
        adapter->options[adapter->option_count++] = name;
    return code;
}

static int
options_set(struct storport_adapter *adapter, const char *const *options, size_t count,
            char **error)
{
    bool creates = inf_creates(adapter->driver->inf, options, count);
    int code = 0;

    adapter->options = calloc(count ? count : 1, sizeof(*adapter->options));
    if (!adapter->options)
        return -ENOMEM;
    for (size_t i = 0; i < count && !code; i++)
        code = option_set(adapter, options[i], creates, error);
    return code;
}

void
storport_options_free(char **options)
{
    for (char **option = options; option && *option; option++)
        free(*option);
    free(options);
}

int
storport_driver_check(const char *name, const char *const *options, size_t option_count,
                      char ***resolved, char **error)
{
    char *path = NULL, service[64], **out = NULL;
    struct inf *inf = NULL;
    int code;

    if (error)
        *error = NULL;
    if (resolved)
        *resolved = NULL;
    code = shipped_resolve(name, &path, service, error);
    if (!code)
        code = image_check(path, error);
    if (!code)
        code = inf_beside(path, &inf, error);
    if (!code && !(out = calloc(option_count + 1, sizeof(*out))))
        code = -ENOMEM;
    for (size_t i = 0; i < option_count && !code; i++) {
        const struct inf_option *option;
        char *value;
        code = inf_check(inf, service, options[i], inf_creates(inf, options, option_count), &option,
                         &value, error);
        if (!code && asprintf(&out[i], "%.*s=%s", (int)(strchr(options[i], '=') - options[i]),
                              options[i], value) < 0) {
            out[i] = NULL;
            code = -ENOMEM;
        }
        free(value);
    }
    free(path);
    inf_destroy(inf);
    if (!code && resolved)
        *resolved = out;
    else
        storport_options_free(out);
    return code;
}

/* ---- adapters ----------------------------------------------------------------------------- */

int
storport_adapter_add(struct storport_driver *driver, const char *const *options,
                     size_t option_count, struct storport_adapter **out, char **error)
{
    struct storport_host *host = driver->host;
    struct storport_adapter *adapter;
    int code;

    if (error)
        *error = NULL;
    adapter = calloc(1, sizeof(*adapter));
    if (!adapter)
        return -ENOMEM;
    adapter->driver = driver;
    if (!host_control_enter(host)) {
        free(adapter);
        return -EIO;
    }
    snprintf(adapter->key, sizeof(adapter->key), "Services\\%s\\Parameters\\Device%u", driver->name,
             host->adapter_next);
    code = options_set(adapter, options, option_count, error);
    if (!code) {
        host_work_begin(host, driver->name);
        code = adapter_add(driver->driver, NULL, &adapter->adapter, error);
        host_work_end(host, code, error);
        /* Numbers are never used twice, not even those of adapters that did not start. */
        if (!code)
            host->adapter_next = adapter_number(adapter->adapter) + 1;
        else if (code != -ENOMEM)
            host->adapter_next++;
    }
    if (code) {
        options_erase(adapter);
        free(adapter);
    } else {
        adapter->next = driver->adapters;
        driver->adapters = adapter;
        *out = adapter;
    }
    host_control_leave(host);
    return code;
}

int
storport_adapter_stop(struct storport_adapter *adapter)
{
    struct storport_host *host = adapter->driver->host;
    int code;

    if (!host_control_enter(host))
        return -EIO;
    code = adapter_stop(adapter->adapter);
    host_control_leave(host);
    return code;
}

int
storport_adapter_restart(struct storport_adapter *adapter)
{
    struct storport_host *host = adapter->driver->host;
    int code;

    if (!host_control_enter(host))
        return -EIO;
    code = adapter_restart(adapter->adapter);
    host_control_leave(host);
    return code;
}

int
storport_adapter_rescan(struct storport_adapter *adapter)
{
    struct storport_host *host = adapter->driver->host;
    int code;

    if (!host_control_enter(host))
        return -EIO;
    code = adapter_rescan(adapter->adapter);
    unit_collect_locked(host);
    host_control_leave(host);
    return code;
}

void
storport_adapter_remove(struct storport_adapter *adapter, bool surprise)
{
    struct storport_driver *driver = adapter->driver;
    struct storport_host *host = driver->host;

    if (!host_control_enter(host))
        return;
    /* Orderly: the disks flush while the adapter still answers. Surprise: it is gone first. */
    if (surprise)
        adapter_surprise_remove(adapter->adapter);
    unit_retire_locked(host, adapter);
    adapter_remove(adapter->adapter);
    for (struct storport_adapter **link = &driver->adapters; *link; link = &(*link)->next)
        if (*link == adapter) {
            *link = adapter->next;
            break;
        }
    options_erase(adapter);
    host_control_leave(host);
    free(adapter);
}
