/*
 * The routines that drivers reach through StorPortExtendedFunction, and what they keep per adapter.
 * For src/port only. extended.c has the table; the handlers lie by subject in memory.c, list.c,
 * log.c, topology.c, time.c, mmio.c, power.c, keys.c, misc.c, state.c.
 *
 * A handler gets the adapter (NULL only where the table says that a call may come without one), the
 * arguments behind the device extension, and the caller's address; it answers STOR_STATUS_*. The
 * contract's entry check was made before it.
 */
#ifndef ROUTINES_H
#define ROUTINES_H

#include "port_priv.h"
#include "services.h"

typedef ULONG extended_handler(struct adapter *adapter, va_list args, void *caller);

/* A change that StorPortStateChangeDetected told of. Only its state is shared: whoever moved it
 * from IDLE to FILLING owns the rest until it is WANTED, the rescan thread after that. */
enum change_state { CHANGE_IDLE, CHANGE_FILLING, CHANGE_WANTED };
struct change {
    atomic_uint state;
    ULONG entity;
    PSTOR_ADDRESS address;
    PHW_STATE_CHANGE routine;
    PVOID context;
};

/* Memory lent to a device as a Host Memory Buffer: one range. */
struct host_buffer {
    struct host_buffer *next;
    void *base;
    size_t bytes;
};

#define POWER_GUIDS_MAX 16

/* One per adapter. Key: a atomic, l lock, f only in HwFindAdapter */
struct routines {
    struct adapter *adapter;
    struct change change;              /* a */
    atomic_uint fail_wanted;           /* a: the adapter was marked failed and shall go */
    rt_word slist_lock;                /* a leaf, held for a few instructions at any IRQL */
    rt_word lock;                      /* a leaf */
    struct host_buffer *host_buffers;  /* l */
    GUID power_guids[POWER_GUIDS_MAX]; /* f: settings that the miniport wants to hear of */
    ULONG power_guid_count;
};

/* adapter_create and adapter_free call these. 0 or -ENOMEM. */
int routines_create(struct adapter *adapter);
void routines_destroy(struct adapter *adapter);
/* Does one thing that a routine put off, at PASSIVE on the adapter's rescan thread: a state change,
 * a unit's notification, the removal of what was marked failed. False: there was none. */
bool routines_run(struct adapter *adapter);

/* ---- what handlers share (extended.c) ---- */

/* The host of the call, with an adapter or without. */
static inline struct rt *
routine_rt(const struct adapter *adapter)
{
    return adapter ? adapter->rt : rt_self()->rt;
}
/* The unit that a BTL8 address names; NULL and a status when it is malformed or names none. */
struct unit *routine_unit(struct adapter *adapter, const STOR_ADDRESS *address, ULONG *status);
/* The SRB that a handler was given, noted as mentioned; NULL (and a finding) when it is none. */
struct port_srb *routine_srb(struct adapter *adapter, const void *srb, enum contract_id id,
                             void *caller);
/* Reports what HwStorStartIo may not do. DDI: storport-storportstartio. */
void routine_not_in_startio(struct rt *rt, const char *what);

/* ---- memory.c ---- */

extended_handler ext_allocate_pool, ext_free_pool, ext_allocate_mdl, ext_free_mdl, ext_build_mdl,
    ext_get_system_address, ext_get_original_mdl, ext_get_data_in_mdl, ext_get_data_in_address,
    ext_get_data_in_list, ext_flush_data_buffer, ext_get_pfns, ext_mark_dump_memory;

/* ---- dma_memory.c ---- */

extended_handler ext_allocate_contiguous, ext_free_contiguous, ext_allocate_dma, ext_free_dma,
    ext_allocate_host_buffer, ext_free_host_buffer;
void host_buffers_destroy(struct adapter *adapter);

/* ---- list.c ---- */

extended_handler ext_initialize_slist, ext_flush_slist, ext_pop_slist, ext_push_slist,
    ext_slist_depth, ext_insert_head, ext_insert_tail, ext_remove_head, ext_initialize_spin_lock,
    ext_initialize_event, ext_set_event, ext_wait;

/* ---- log.c, telemetry.c ---- */

extended_handler ext_log_system_event, ext_etw_event2, ext_etw_event4, ext_etw_event8,
    ext_etw_channel_event2, ext_etw_channel_event4, ext_etw_channel_event8, ext_log_byte_stream,
    ext_log_hardware_error, ext_log_telemetry, ext_log_telemetry_ex, ext_get_activity_id;

/* A line in the making, cut at its end. */
struct log_text {
    char text[400];
    size_t length;
};
void log_add(struct log_text *line, const char *format, ...) RT_PRINTF(2, 3);
void log_add_wide(struct log_text *line, const WCHAR *text);               /* in double quotes */
void log_add_bytes(struct log_text *line, const void *data, size_t bytes); /* the first few */
/* " unit 0:1:2", or nothing for the adapter itself; false for a malformed address. */
bool log_add_address(struct log_text *line, const STOR_ADDRESS *address);
/* Units of a NUL-terminated text, at most limit + 1. */
size_t log_wide_length(const WCHAR *text, size_t limit);
/* To the log under the driver's name, and a USER record of the routine, the adapter and `code`. */
void log_event(struct adapter *adapter, enum rt_log_level level, enum contract_id id, uint32_t code,
               const struct log_text *line);

/* ---- topology.c, time.c ---- */

extended_handler ext_current_processor_number, ext_current_processor_index, ext_processor_count,
    ext_processor_index, ext_group_count, ext_group_affinity, ext_node_count, ext_node_affinity,
    ext_node_affinity2, ext_highest_node, ext_processor_relationship, ext_message_of_processor;
extended_handler ext_performance_counter, ext_delay, ext_timer_min_interval, ext_dpc_watchdog,
    ext_current_irql;

/* ---- mmio.c ---- */

extended_handler ext_get_device_base2;

/* ---- power.c ---- */

extended_handler ext_pofx_initialize, ext_pofx_activate, ext_pofx_idle, ext_pofx_latency,
    ext_pofx_residency, ext_pofx_control, ext_pofx_idle_timeout, ext_pofx_set_perf_state,
    ext_set_power_guids, ext_d3cold_support, ext_query_configuration;

/* ---- keys.c ---- */

extended_handler ext_read_adapter_key, ext_write_adapter_key, ext_read_registry_key;

/* ---- misc.c ---- */

extended_handler ext_get_request_info, ext_get_system_port_number, ext_set_unit_attributes,
    ext_get_device_objects, ext_device_operation_allowed, ext_installation_upgrade,
    ext_invoke_acpi_method;

#endif
