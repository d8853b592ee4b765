/*
 * storport/host.h: the embedding API. A host holds drivers, their adapters and the units they
 * found, in this process; two hosts can live side by side. Handles are opaque. Functions return 0
 * or -errno and, where a person will read it, a text (free() it) that says what is wrong and how to
 * mend it. All functions are for ordinary threads; they may block. Callbacks must not.
 */
#ifndef STORPORT_HOST_H
#define STORPORT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define STORPORT_HOST_API __attribute__((visibility("default")))
#else
#define STORPORT_HOST_API
#endif

struct storport_host;
struct storport_driver;
struct storport_adapter;
struct storport_unit;

enum storport_executor { STORPORT_THREADS, STORPORT_SIM };
enum storport_log_level {
    STORPORT_LOG_ERROR,
    STORPORT_LOG_WARNING,
    STORPORT_LOG_INFO,
    STORPORT_LOG_DEBUG
};

/* Exit status of a process whose driver faulted: after `fatal`, and after callers got -EIO. */
#define STORPORT_EXIT_FATAL 70

struct storport_host_config {
    size_t size; /* sizeof(struct storport_host_config) */
    enum storport_executor executor;
    unsigned processors;      /* 0: the machine's */
    uint64_t seed;            /* STORPORT_SIM */
    bool verify;              /* check more, cost more */
    bool dma_remap;           /* bus addresses differ from physical ones */
    bool gdb;                 /* stop for a debugger where a driver faults */
    uint64_t fail_allocation; /* the n-th allocation fails; 0: none */
    void (*log)(void *context, enum storport_log_level level, const char *line);
    void (*finding)(void *context, const char *rule, const char *text);
    void (*lost)(void *context, const char *report);
    void (*fatal)(void *context,
                  const char *report); /* a driver faulted; the process ends after it */
    void *context;
    int watchdog_s; /* a callback that spins longer without a poll point is a fault; 0: 20 s (10 s
                       under STORPORT_SIM); negative: it may spin for ever */
};

STORPORT_HOST_API int storport_host_create(const struct storport_host_config *config,
                                           struct storport_host **host, char **error);
/* Stops and removes every adapter, unloads every driver. *leaks, if not NULL, names what was left
 * (or NULL). */
STORPORT_HOST_API void storport_host_destroy(struct storport_host *host, char **leaks);
STORPORT_HOST_API unsigned storport_host_findings(struct storport_host *host);

/* A registry value before the driver is loaded:
 * "Services\\ramdisk\\Parameters\\Device0\\SizeMB=64", a number becomes REG_DWORD, else REG_SZ;
 * "KEY:sz=…", ":dword=", ":qword=", ":multi=", ":binary=hex" say the type. */
STORPORT_HOST_API int storport_registry_set(struct storport_host *host, const char *assignment,
                                            char **error);

/* A shipped name ("ramdisk") or a path to a driver .so. */
STORPORT_HOST_API int storport_driver_load(struct storport_host *host, const char *name,
                                           struct storport_driver **driver, char **error);
/* Would it load, and does it take these options? Starts nothing, needs no host. *resolved, if not
 * NULL, gets the options with paths made absolute, ended by NULL (for processes that change their
 * directory). */
STORPORT_HOST_API int storport_driver_check(const char *name, const char *const *options,
                                            size_t option_count, char ***resolved, char **error);
STORPORT_HOST_API void storport_options_free(char **options);
/* Options are "key=value": set under Parameters\Device<N> of the new adapter's port number. */
STORPORT_HOST_API int storport_adapter_add(struct storport_driver *driver,
                                           const char *const *options, size_t option_count,
                                           struct storport_adapter **adapter, char **error);
STORPORT_HOST_API int storport_adapter_stop(struct storport_adapter *adapter);
STORPORT_HOST_API int storport_adapter_restart(struct storport_adapter *adapter);
STORPORT_HOST_API void storport_adapter_remove(struct storport_adapter *adapter, bool surprise);
STORPORT_HOST_API int storport_adapter_rescan(struct storport_adapter *adapter);

/* Units in order of adapter, path, target, lun, from NULL to NULL; a returned unit is a reference
 * to put, `previous` stays its holder's. */
STORPORT_HOST_API struct storport_unit *storport_unit_next(struct storport_host *host,
                                                           struct storport_unit *previous);
STORPORT_HOST_API struct storport_unit *
storport_unit_find(struct storport_host *host, const char *name); /* "0.0.1.0"; "" first */
STORPORT_HOST_API void storport_unit_put(struct storport_unit *unit);

struct storport_unit_info {
    size_t size;
    char name[20]; /* adapter.bus.target.lun */
    char driver[64];
    char vendor[9], product[17], revision[5], serial[64];
    uint64_t bytes; /* 0: not a disk */
    uint32_t block_bytes, physical_block_bytes, transfer_max_bytes, transfer_optimal_bytes;
    uint32_t unmap_granularity_bytes;
    uint32_t queue_depth, queue_depth_max;
    char queue_depth_source[48];
    bool read_only, write_cache, fua, unmap, rotational;
    bool unmap_reads_zero;
    char identity[128]; /* VPD page 83h: "naa.600…", "eui.…", "t10.…"; "" none */
};
STORPORT_HOST_API int storport_unit_info(struct storport_unit *unit,
                                         struct storport_unit_info *info, char **error);

enum storport_flag { STORPORT_FUA = 1, STORPORT_MAY_TRIM = 2 };
/* Any alignment; 0 or -errno. */
STORPORT_HOST_API int storport_read(struct storport_unit *unit, void *buffer, size_t bytes,
                                    uint64_t offset);
STORPORT_HOST_API int storport_write(struct storport_unit *unit, const void *buffer, size_t bytes,
                                     uint64_t offset, unsigned flags);
STORPORT_HOST_API int storport_flush(struct storport_unit *unit);
STORPORT_HOST_API int storport_trim(struct storport_unit *unit, uint64_t bytes, uint64_t offset,
                                    unsigned flags);
STORPORT_HOST_API int storport_zero(struct storport_unit *unit, uint64_t bytes, uint64_t offset,
                                    unsigned flags);
STORPORT_HOST_API int storport_extents(struct storport_unit *unit, uint64_t bytes, uint64_t offset,
                                       int (*told)(void *context, uint64_t offset, uint64_t bytes,
                                                   bool hole),
                                       void *context);

/* A raw CDB, as it is. direction: -1 from the device, 0 none, 1 to it. */
struct storport_cdb {
    size_t size;
    uint8_t cdb[32];
    uint8_t cdb_bytes;
    int8_t direction;
    uint32_t timeout_s;
    void *data;
    uint32_t data_bytes;
    uint8_t srb_status, scsi_status, sense_bytes;
    uint8_t sense[255];
    uint32_t moved_bytes;
};
STORPORT_HOST_API int storport_execute_cdb(struct storport_unit *unit, struct storport_cdb *cdb);

/* What this library offers to drivers: a row per documented routine. False: no such row. */
struct storport_api_row {
    size_t size;
    const char *name, *module, *reach, *page, *since;
    bool core;  /* one of those that nearly every driver uses */
    bool green; /* there, with a conformance test */
};
STORPORT_HOST_API bool storport_api_row(unsigned index, struct storport_api_row *row);

/*
 * A socket (mode 0600) at `path` that answers questions about the host while it lives: one line in,
 * text out until the end of file. "info": storport_host_json; "trace N": storport_trace_text.
 * Removed with the host. Not for STORPORT_SIM, which has no thread to answer from (-ENOTSUP).
 */
STORPORT_HOST_API int storport_control_listen(struct storport_host *host, const char *path,
                                              char **error);

/* A poller's thread keeps a processor between calls. */
STORPORT_HOST_API int storport_thread_attach(struct storport_host *host);
STORPORT_HOST_API void storport_thread_detach(struct storport_host *host);

/* The trace of a simulated host: its hash, and its text (free() it). */
STORPORT_HOST_API uint64_t storport_trace_hash(struct storport_host *host);
STORPORT_HOST_API char *storport_trace_text(struct storport_host *host,
                                            uint32_t request); /* 0: all */
/* Adapters, units, identity, queue depths as JSON (free() it). */
STORPORT_HOST_API char *storport_host_json(struct storport_host *host);

/* A miniport under a seeded load in the simulator; the same seed gives the same trace anywhere. */
struct storport_scenario {
    size_t size;
    const char *miniport;       /* a shipped name or a path */
    const char *const *options; /* key=value of its adapter */
    size_t option_count;
    uint64_t seed;
    unsigned clients, operations;                     /* 0: the usual */
    bool trace;                                       /* give the whole trace as text */
    void (*fatal)(void *context, const char *report); /* as storport_host_config's */
    void *context;                                    /* for `fatal` */
};
struct storport_scenario_result {
    size_t size;
    unsigned lost, findings, requests;
    uint64_t trace_hash, trace_events;
    char *report; /* free(): what was found, for people; "" nothing */
    char *trace;  /* free(): NULL unless asked for */
};
STORPORT_HOST_API int storport_scenario_run(const struct storport_scenario *scenario,
                                            struct storport_scenario_result *result, char **error);

#ifdef __cplusplus
}
#endif
#endif
