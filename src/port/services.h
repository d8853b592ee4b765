/* What a miniport had the port make for it: DPCs, timers, work items, threads; and their end. */
#ifndef PORT_SERVICES_H
#define PORT_SERVICES_H

#include "port_priv.h"

/* timer.c: Key: t adapter.timer_lock */
struct adapter_timer {
    struct adapter_timer *next; /* t */
    struct adapter *adapter;
    struct rt_timer timer;
    PHW_TIMER_EX routine;
    PVOID context;
    bool armed;   /* t: requested and not fired */
    bool running; /* t */
    bool freed;   /* t: goes when it does not run */
};

/* work.c: Key: t adapter.timer_lock */
struct adapter_worker {
    struct adapter_worker *next; /* t */
    struct adapter *adapter;
    struct _IO_WORKITEM *item;
    PHW_WORKITEM routine;
    PVOID context;
    bool queued, freed; /* t */
    unsigned running;   /* t: requeued by its callback, it may run twice at once for a moment */
};

struct adapter_thread {
    struct adapter_thread *next; /* t */
    struct adapter *adapter;
    struct rt_thread *thread;
    PSTOR_THREAD_START_ROUTINE routine;
    PVOID context;
};

/* Handlers of StorPortExtendedFunction (extended.c finds them by code). */
ULONG ext_cancel_dpc(struct adapter *adapter, va_list args, void *caller);
ULONG ext_initialize_timer(struct adapter *adapter, va_list args, void *caller);
ULONG ext_request_timer(struct adapter *adapter, va_list args, void *caller);
ULONG ext_free_timer(struct adapter *adapter, va_list args, void *caller);
ULONG ext_initialize_worker(struct adapter *adapter, va_list args, void *caller);
ULONG ext_queue_work_item(struct adapter *adapter, va_list args, void *caller);
ULONG ext_free_worker(struct adapter *adapter, va_list args, void *caller);
ULONG ext_create_system_thread(struct adapter *adapter, va_list args, void *caller);
ULONG ext_set_priority_thread(struct adapter *adapter, va_list args, void *caller);
ULONG ext_set_affinity_thread(struct adapter *adapter, va_list args, void *caller);
ULONG ext_revert_affinity_thread(struct adapter *adapter, va_list args, void *caller);
ULONG ext_get_msi_info(struct adapter *adapter, va_list args, void *caller);
ULONG ext_acquire_msi_lock(struct adapter *adapter, va_list args, void *caller);
ULONG ext_release_msi_lock(struct adapter *adapter, va_list args, void *caller);
ULONG ext_mask_msix(struct adapter *adapter, va_list args, void *caller);
ULONG ext_initialize_perf_opts(struct adapter *adapter, va_list args, void *caller);
ULONG ext_get_startio_perf_params(struct adapter *adapter, va_list args, void *caller);
ULONG ext_set_feature_list(struct adapter *adapter, va_list args, void *caller);
ULONG ext_set_adapter_bus_type(struct adapter *adapter, va_list args, void *caller);
ULONG ext_update_adapter_max_io(struct adapter *adapter, va_list args, void *caller);
ULONG ext_acquire_spin_lock(struct adapter *adapter, va_list args, void *caller);
ULONG ext_build_scatter_gather(struct adapter *adapter, va_list args, void *caller);
ULONG ext_put_scatter_gather(struct adapter *adapter, va_list args, void *caller);
ULONG ext_complete_service_irp(struct adapter *adapter, va_list args, void *caller);

#endif
