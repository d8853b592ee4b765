/*
 * The life of a host: create, forward what the floors below tell, destroy. Never prints, never ends
 * the process (fault.c does, once, when a driver has faulted).
 */
#include "host_priv.h"

#include "finding.h"
#include "nt.h"
#include "registry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Worker threads at first; nt starts more when all are busy. */
#define NT_WORKERS 1
/* How long a callback may spin. */
#define WATCHDOG_S 20
#define WATCHDOG_SIM_S 10

int
host_fail(char **error, int code, const char *format, ...)
{
    va_list args;

    if (error) {
        va_start(args, format);
        if (vasprintf(error, format, args) < 0)
            *error = NULL;
        va_end(args);
    }
    return code;
}

/* ---- who may come in ---------------------------------------------------------------------- */

bool
host_enter(struct storport_host *host)
{
    if (RT_UNLIKELY(atomic_load_explicit(&host->dead, memory_order_acquire)))
        return false;
    if (RT_UNLIKELY(!rt_thread_attach(host->rt, false)))
        return false;
    rt_signal_stack();
    return true;
}

void
host_leave(struct storport_host *host)
{
    rt_thread_detach(host->rt);
}

bool
host_control_enter(struct storport_host *host)
{
    if (!host_enter(host))
        return false;
    rt_word_acquire(&host->control);
    return true;
}

void
host_control_leave(struct storport_host *host)
{
    rt_word_release(&host->control);
    host_leave(host);
}

int
storport_thread_attach(struct storport_host *host)
{
    if (atomic_load(&host->dead))
        return -EIO;
    if (!rt_thread_attach(host->rt, true))
        return -ENOMEM;
    rt_signal_stack();
    return 0;
}

void
storport_thread_detach(struct storport_host *host)
{
    if (!atomic_load(&host->dead))
        rt_thread_detach(host->rt);
}

/* ---- what is told from below -------------------------------------------------------------- */

static void
log_tell(struct storport_host *host, int level, const char *line)
{
    if (host->config.log && *line)
        host->config.log(host->config.context, (enum storport_log_level)level, line);
}

/* Puts `line` in the place of what was held, which it returns in `out`. Any IRQL. */
static int
held_exchange(struct storport_host *host, int level, const char *line, char out[512])
{
    int old;

    while (atomic_exchange_explicit(&host->held_lock, true, memory_order_acquire))
        ;
    old = host->held_level;
    memcpy(out, host->held, sizeof(host->held));
    snprintf(host->held, sizeof(host->held), "%s", line);
    host->held_level = level;
    atomic_store_explicit(&host->held_lock, false, memory_order_release);
    return old;
}

static void
log_forward(void *context, enum rt_log_level level, const char *line)
{
    struct storport_host *host = context;
    const char *component = strchr(line, ' ');
    char before[512];
    int before_level;

    if (!host->working || level > RT_LOG_INFO || !component || strncmp(component, " driver ", 8)) {
        log_tell(host, (int)level, line);
        return;
    }
    before_level = held_exchange(host, (int)level, line, before);
    log_tell(host, before_level, before);
}

void
host_work_begin(struct storport_host *host, const char *driver)
{
    host->working = driver;
}

void
host_work_end(struct storport_host *host, int code, char **error)
{
    char said[512];
    int level;
    const char *text;

    host->working = NULL;
    level = held_exchange(host, 0, "", said);
    text = strstr(said, "] ");
    if (!code || !error || !text || level > STORPORT_LOG_WARNING) {
        log_tell(host, level, said);
        return;
    }
    free(*error);
    *error = strndup(text + 2, strcspn(text + 2, "\r\n"));
}

static void
finding_forward(void *context, const struct finding *finding)
{
    struct storport_host *host = context;
    char *text;

    if (!host->config.finding)
        return;
    text = finding_format(host->rt, finding);
    host->config.finding(host->config.context, finding_rule_name(finding->rule),
                         text ? text : finding->text);
    free(text);
}

static void
lost_forward(void *context, const char *report)
{
    struct storport_host *host = context;

    if (host->config.lost)
        host->config.lost(host->config.context, report);
}

/* ---- create, destroy ---------------------------------------------------------------------- */

static void
config_take(struct storport_host *host, const struct storport_host_config *config)
{
    size_t bytes = config && config->size ? config->size : 0;

    /* A caller built against a shorter structure gets zeros for what it does not know. */
    if (bytes > sizeof(host->config))
        bytes = sizeof(host->config);
    if (bytes)
        memcpy(&host->config, config, bytes);
    host->config.size = sizeof(host->config);
}

static unsigned
watchdog_seconds(const struct storport_host_config *config)
{
    if (config->watchdog_s)
        return config->watchdog_s < 0 ? 0 : (unsigned)config->watchdog_s;
    return config->executor == STORPORT_SIM ? WATCHDOG_SIM_S : WATCHDOG_S;
}

static int
executor_start(struct storport_host *host, char **error)
{
    struct rt_config config = {
        .kind = host->config.executor == STORPORT_SIM ? RT_KIND_SIM : RT_KIND_THREADS,
        .cpus = host->config.processors,
        .seed = host->config.seed,
        .dma_remap = host->config.dma_remap,
        .trace_keep = host->config.executor == STORPORT_SIM,
        .fault_nth = host->config.fail_allocation,
        .watchdog_s = watchdog_seconds(&host->config),
        .log = log_forward,
        .bug = fault_bug,
        .ctx = host,
    };
    int code;

    if (config.cpus > RT_CPU_MAX)
        return host_fail(error, -EINVAL, "%u processors are too many; at most %d", config.cpus,
                         RT_CPU_MAX);
    code = rt_create(&config, &host->rt, error);
    if (!code)
        rt_owner_set(host->rt, host);
    return code;
}

int
storport_host_create(const struct storport_host_config *config, struct storport_host **out,
                     char **error)
{
    struct port_config port_config;
    struct storport_host *host;
    int code;

    if (error)
        *error = NULL;
    host = calloc(1, sizeof(*host));
    if (!host)
        return -ENOMEM;
    config_take(host, config);
    code = executor_start(host, error);
    if (code)
        goto free_host;
    fault_install();
    if (!rt_thread_attach(host->rt, false)) {
        code = host_fail(error, -ENOMEM, "no memory for a thread");
        goto stop_rt;
    }
    code = finding_init(host->rt);
    if (code) {
        host_fail(error, code, "no memory for findings");
        goto destroy_rt;
    }
    finding_listen(host->rt, finding_forward, host);
    code = nt_init(host->rt);
    if (!code)
        code = nt_start(host->rt, NT_WORKERS);
    if (code) {
        host_fail(error, code, "the kernel's services cannot start: %s", strerror(-code));
        goto finish_findings;
    }
    code = registry_create(&host->registry);
    if (code) {
        host_fail(error, code, "no memory for the registry");
        goto finish_nt;
    }
    rt_registry_provider_set(host->rt, registry_provider(host->registry));
    port_config = (struct port_config){.verify = host->config.verify,
                                       .explore = host->config.verify &&
                                                  host->config.executor == STORPORT_SIM};
    code = port_create(host->rt, &port_config, &host->port);
    if (code) {
        host_fail(error, code, "the port cannot be made: %s", strerror(-code));
        goto destroy_registry;
    }
    port_lost_listen(host->port, lost_forward, host);
    rt_thread_detach(host->rt);
    *out = host;
    return 0;

destroy_registry:
    registry_destroy(host->registry);
finish_nt:
    nt_finish(host->rt);
finish_findings:
    finding_finish(host->rt);
destroy_rt:
    rt_thread_detach(host->rt);
stop_rt:
    rt_destroy(host->rt);
    fault_remove();
free_host:
    free(host);
    return code;
}

void
storport_host_destroy(struct storport_host *host, char **leaks)
{
    unsigned threads;
    size_t left;

    if (leaks)
        *leaks = NULL;
    /* A dead host is left as it is: its processors are held by code that will never return. */
    if (!host)
        return;
    control_destroy(host->control_socket);
    host->control_socket = NULL;
    if (!host_enter(host))
        return;
    for (struct storport_driver *driver; (driver = host->drivers);)
        driver_destroy(driver);
    unit_forget_all(host);
    port_destroy(host->port);
    threads = nt_finish(host->rt);
    left = rt_arena_used(host->rt);
    if (threads && leaks)
        host_fail(leaks, 0, "%u system threads never ended", threads);
    else if (left && leaks)
        host_fail(leaks, 0, "%zu bytes of physical memory were never freed", left);
    finding_finish(host->rt);
    host_leave(host);
    fault_remove();
    /* A thread that never ended still uses the executor and the registry: both must stay. */
    if (threads)
        return;
    rt_destroy(host->rt);
    registry_destroy(host->registry);
    free(host);
}

unsigned
storport_host_findings(struct storport_host *host)
{
    return finding_count(host->rt);
}
