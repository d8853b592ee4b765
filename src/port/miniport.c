/*
 * The gate down: the only place that calls a miniport's pointers. Each call raises to the
 * documented IRQL, takes exactly the locks that the documentation says are held, pushes a frame,
 * calls, and checks that IRQL and locks came back as they were. DDI: StorPortAcquireSpinLock (the
 * table of locks per callback).
 */
#include "port_priv.h"

#include <string.h>

/* A call under way: what to undo. */
struct gate {
    struct rt_frame frame;
    uint8_t old_irql;
    bool startio, interrupt;
    struct adapter *adapter;
};

static void
gate_open(struct gate *g, struct adapter *adapter, enum contract_callback callback, void *subject,
          uint8_t irql, bool startio, bool interrupt)
{
    g->adapter = adapter;
    g->startio = startio;
    g->interrupt = interrupt;
    g->old_irql = rt_irql();
    if (startio) {
        if (g->old_irql < RT_IRQL_DISPATCH)
            rt_irql_raise(RT_IRQL_DISPATCH);
        rt_word_acquire(&adapter->startio_lock);
    }
    if (interrupt) {
        rt_irql_raise(adapter->dirql);
        rt_word_acquire(&adapter->interrupt_lock);
    }
    if (rt_irql() < irql)
        rt_irql_raise(irql);
    rt_frame_push(&g->frame, adapter, (uint16_t)callback, subject);
    if (g->frame.irql >= RT_IRQL_DISPATCH)
        rt_self()->port_depth++;
}

static void
gate_check(struct gate *g)
{
    struct adapter *adapter = g->adapter;

    if (RT_UNLIKELY(rt_irql() != g->frame.irql)) {
        finding_report(adapter->rt, RULE_SpChangeIrql, 0, "%s returned at IRQL %u, entered at %u",
                       contract_callback_name(g->frame.callback), rt_irql(), g->frame.irql);
        if (rt_irql() < g->frame.irql)
            rt_irql_raise(g->frame.irql);
        else
            rt_irql_lower(g->frame.irql);
    }
    if (RT_UNLIKELY(g->frame.held_count))
        lock_left(adapter, &g->frame);
}

static void
gate_close(struct gate *g)
{
    struct adapter *adapter = g->adapter;

    gate_check(g);
    if (g->frame.irql >= RT_IRQL_DISPATCH)
        rt_self()->port_depth--;
    rt_frame_pop(&g->frame);
    if (g->interrupt)
        rt_word_release(&adapter->interrupt_lock);
    if (g->startio)
        rt_word_release(&adapter->startio_lock);
    if (g->old_irql < RT_IRQL_DISPATCH && rt_irql() >= RT_IRQL_DISPATCH)
        drain_later(adapter->port); /* nobody above looks at what was completed in here */
    if (rt_irql() != g->old_irql)
        rt_irql_lower(g->old_irql);
}

static inline void
traced_call(struct adapter *adapter, enum contract_callback callback, uint32_t request)
{
    rt_trace(adapter->rt, RT_TRACE_CALL, callback, adapter->number, request);
}

static inline void
traced_return(struct adapter *adapter, enum contract_callback callback, uint32_t result)
{
    rt_trace(adapter->rt, RT_TRACE_RETURN, callback, adapter->number, result);
}

/* ---- initialization ---- */

ULONG
miniport_find_adapter(struct adapter *adapter, PPORT_CONFIGURATION_INFORMATION config,
                      PCHAR argument)
{
    const HW_INITIALIZATION_DATA *init = &adapter->driver->init;
    struct gate g;
    BOOLEAN again = FALSE;
    ULONG result;

    traced_call(adapter, CALLBACK_FIND_ADAPTER, 0);
    gate_open(&g, adapter, CALLBACK_FIND_ADAPTER, config, rt_irql(), false, false);
    if (init->FeatureSupport & STOR_FEATURE_VIRTUAL_MINIPORT)
        result = ((PVIRTUAL_HW_FIND_ADAPTER)init->HwFindAdapter)(
            adapter->extension, adapter->pdo, adapter->fdo, adapter->pdo, argument, config, &again);
    else
        result = ((PHW_FIND_ADAPTER)init->HwFindAdapter)(adapter->extension, NULL, NULL, argument,
                                                         config, &again);
    gate_close(&g);
    traced_return(adapter, CALLBACK_FIND_ADAPTER, result);
    return result;
}

bool
miniport_initialize(struct adapter *adapter)
{
    struct gate g;
    bool physical = !adapter->virtual_device, result;

    traced_call(adapter, CALLBACK_INITIALIZE, 0);
    gate_open(&g, adapter, CALLBACK_INITIALIZE, NULL, physical ? adapter->dirql : RT_IRQL_PASSIVE,
              false, physical);
    result = adapter->driver->init.HwInitialize(adapter->extension);
    gate_close(&g);
    traced_return(adapter, CALLBACK_INITIALIZE, result);
    return result;
}

bool
miniport_passive_initialize(struct adapter *adapter)
{
    struct gate g;
    bool result;

    traced_call(adapter, CALLBACK_PASSIVE_INITIALIZE, 0);
    gate_open(&g, adapter, CALLBACK_PASSIVE_INITIALIZE, NULL, RT_IRQL_PASSIVE, false, false);
    result = adapter->passive_initialize(adapter->extension);
    gate_close(&g);
    traced_return(adapter, CALLBACK_PASSIVE_INITIALIZE, result);
    return result;
}

/* ---- the I/O path: frames by hand, since every instruction counts here ---- */

bool
miniport_build(struct port_srb *srb)
{
    struct adapter *adapter = srb->adapter;
    struct rt_frame frame;
    struct gate g;
    bool result;

    (void)g;
    rt_frame_push(&frame, adapter, CALLBACK_BUILDIO, srb);
    result = adapter->driver->init.HwBuildIo(adapter->extension, &srb->srb.legacy);
    if (RT_UNLIKELY(rt_irql() != RT_IRQL_DISPATCH || frame.held_count)) {
        g = (struct gate){.frame = frame, .adapter = adapter};
        gate_check(&g);
    }
    rt_frame_pop(&frame);
    return result;
}

bool
miniport_start(struct port_srb *srb)
{
    struct adapter *adapter = srb->adapter;
    struct gate g;
    bool result;
    rt_word *lock = NULL;
    uint8_t level = RT_IRQL_DISPATCH;

    if (!adapter->virtual_device && !MUTANT(STARTIO_UNLOCKED)) {
        if (adapter->channel_count > 1)
            lock = &adapter->channels[rt_cpu_index(rt_cpu_current()) % adapter->channel_count].word;
        else
            lock = &adapter->startio_lock;
        rt_word_acquire(lock);
        if (!adapter->full_duplex) {
            level = adapter->dirql;
            rt_irql_raise(level);
            rt_word_acquire(&adapter->interrupt_lock);
        }
    }
    rt_frame_push(&g.frame, adapter, CALLBACK_STARTIO, srb);
    result = adapter->driver->init.HwStartIo(adapter->extension, &srb->srb.legacy);
    if (RT_UNLIKELY(rt_irql() != level || g.frame.held_count)) {
        g.adapter = adapter;
        gate_check(&g);
    }
    rt_frame_pop(&g.frame);
    if (level > RT_IRQL_DISPATCH) {
        rt_word_release(&adapter->interrupt_lock);
        rt_irql_lower(RT_IRQL_DISPATCH);
    }
    if (lock)
        rt_word_release(lock);
    return result;
}

/* ---- interrupts, DPCs, timers, work ---- */

bool
miniport_interrupt(struct adapter *adapter)
{
    struct gate g;
    bool result;

    traced_call(adapter, CALLBACK_INTERRUPT, 0);
    gate_open(&g, adapter, CALLBACK_INTERRUPT, NULL, adapter->dirql, false, true);
    result = adapter->driver->init.HwInterrupt(adapter->extension);
    gate_close(&g);
    traced_return(adapter, CALLBACK_INTERRUPT, result);
    drain_later(adapter->port);
    return result;
}

bool
miniport_message(struct adapter *adapter, ULONG message, rt_word *lock)
{
    struct gate g;
    bool result;

    traced_call(adapter, CALLBACK_MESSAGE_INTERRUPT, message);
    gate_open(&g, adapter, CALLBACK_MESSAGE_INTERRUPT, NULL, adapter->dirql, false, false);
    rt_word_acquire(lock);
    result = adapter->config.HwMSInterruptRoutine(adapter->extension, message);
    rt_word_release(lock);
    gate_close(&g);
    traced_return(adapter, CALLBACK_MESSAGE_INTERRUPT, result);
    drain_later(adapter->port);
    return result;
}

bool
miniport_synchronized(struct adapter *adapter, PSTOR_SYNCHRONIZED_ACCESS routine, PVOID context)
{
    struct gate g;
    bool result;

    gate_open(&g, adapter, CALLBACK_SYNCHRONIZED_ACCESS, NULL, adapter->dirql, false, true);
    result = routine(adapter->extension, context);
    gate_close(&g);
    return result;
}

void
miniport_timer(struct adapter *adapter, PHW_TIMER routine)
{
    struct gate g;

    traced_call(adapter, CALLBACK_TIMER, 0);
    gate_open(&g, adapter, CALLBACK_TIMER, NULL, RT_IRQL_DISPATCH, adapter->channel_count <= 1,
              !adapter->full_duplex && !adapter->virtual_device);
    routine(adapter->extension);
    gate_close(&g);
    traced_return(adapter, CALLBACK_TIMER, 0);
    port_leave(adapter->port);
}

void
miniport_timer_ex(struct adapter *adapter, PHW_TIMER_EX routine, PVOID context)
{
    struct gate g;

    traced_call(adapter, CALLBACK_TIMER_EX, 0);
    gate_open(&g, adapter, CALLBACK_TIMER_EX, NULL, RT_IRQL_DISPATCH, adapter->channel_count <= 1,
              !adapter->full_duplex && !adapter->virtual_device);
    routine(adapter->extension, context);
    gate_close(&g);
    traced_return(adapter, CALLBACK_TIMER_EX, 0);
    port_leave(adapter->port);
}

void
miniport_dpc(struct adapter *adapter, PHW_DPC_ROUTINE routine, PSTOR_DPC dpc, PVOID argument1,
             PVOID argument2)
{
    struct gate g;

    traced_call(adapter, CALLBACK_DPC, 0);
    gate_open(&g, adapter, CALLBACK_DPC, NULL, RT_IRQL_DISPATCH, false, false);
    routine(dpc, adapter->extension, argument1, argument2);
    gate_close(&g);
    traced_return(adapter, CALLBACK_DPC, 0);
    port_leave(adapter->port);
}

void
miniport_workitem(struct adapter *adapter, PHW_WORKITEM routine, PVOID context, PVOID worker)
{
    struct gate g;

    traced_call(adapter, CALLBACK_WORKITEM, 0);
    gate_open(&g, adapter, CALLBACK_WORKITEM, NULL, RT_IRQL_PASSIVE, false, false);
    routine(adapter->extension, context, worker);
    gate_close(&g);
    traced_return(adapter, CALLBACK_WORKITEM, 0);
}

void
miniport_thread(struct adapter *adapter, PSTOR_THREAD_START_ROUTINE routine, PVOID context)
{
    struct gate g;

    gate_open(&g, adapter, CALLBACK_THREAD, NULL, RT_IRQL_PASSIVE, false, false);
    routine(context);
    gate_close(&g);
}

void
miniport_scatter_gather(struct adapter *adapter, PPOST_SCATTER_GATHER_EXECUTE routine,
                        PSTOR_SCATTER_GATHER_LIST list, PVOID context)
{
    struct gate g;
    uint8_t old = rt_irql_raise(rt_irql() > RT_IRQL_DISPATCH ? rt_irql() : RT_IRQL_DISPATCH);

    gate_open(&g, adapter, CALLBACK_SCATTER_GATHER, NULL, RT_IRQL_DISPATCH, false, false);
    routine(NULL, NULL, list, context);
    gate_close(&g);
    rt_irql_lower(old);
}

void
miniport_state_change(struct adapter *adapter, PHW_STATE_CHANGE routine, PVOID context,
                      PVOID address, ULONG status)
{
    struct gate g;

    traced_call(adapter, CALLBACK_STATE_CHANGE, 0);
    gate_open(&g, adapter, CALLBACK_STATE_CHANGE, NULL, RT_IRQL_DISPATCH, true,
              !adapter->full_duplex && !adapter->virtual_device);
    routine(adapter->extension, context, STOR_ADDRESS_TYPE_BTL8, address, status);
    gate_close(&g);
    traced_return(adapter, CALLBACK_STATE_CHANGE, status);
    port_leave(adapter->port);
}

/* ---- reset: no StartIo may run meanwhile, on no channel ---- */

bool
miniport_reset_bus(struct adapter *adapter, ULONG path)
{
    struct gate g;
    bool result;
    uint8_t old = rt_irql_raise(RT_IRQL_DISPATCH);

    for (uint32_t i = 0; adapter->channel_count > 1 && i < adapter->channel_count; i++)
        rt_word_acquire(&adapter->channels[i].word);
    traced_call(adapter, CALLBACK_RESET_BUS, 0);
    gate_open(&g, adapter, CALLBACK_RESET_BUS, NULL, RT_IRQL_DISPATCH, true,
              !adapter->full_duplex && !adapter->virtual_device);
    result = adapter->driver->init.HwResetBus(adapter->extension, path);
    gate_close(&g);
    traced_return(adapter, CALLBACK_RESET_BUS, result);
    for (uint32_t i = adapter->channel_count > 1 ? adapter->channel_count : 0; i; i--)
        rt_word_release(&adapter->channels[i - 1].word);
    port_leave(adapter->port);
    rt_irql_lower(old);
    return result;
}

/* ---- control ---- */

SCSI_ADAPTER_CONTROL_STATUS
miniport_control(struct adapter *adapter, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    SCSI_ADAPTER_CONTROL_STATUS result;
    struct gate g;
    bool hardware =
        !adapter->virtual_device && (type == ScsiStopAdapter || type == ScsiRestartAdapter);

    if (!adapter->driver->init.HwAdapterControl)
        return ScsiAdapterControlUnsuccessful;
    traced_call(adapter, CALLBACK_ADAPTER_CONTROL, (uint32_t)type);
    gate_open(&g, adapter, CALLBACK_ADAPTER_CONTROL, parameters,
              hardware ? adapter->dirql : rt_irql(), false, hardware);
    result = adapter->driver->init.HwAdapterControl(adapter->extension, type, parameters);
    gate_close(&g);
    traced_return(adapter, CALLBACK_ADAPTER_CONTROL, (uint32_t)result);
    return result;
}

SCSI_UNIT_CONTROL_STATUS
miniport_unit_control(struct adapter *adapter, SCSI_UNIT_CONTROL_TYPE type, PVOID parameters)
{
    SCSI_UNIT_CONTROL_STATUS result;
    struct gate g;

    if (!adapter->driver->init.HwUnitControl)
        return ScsiUnitControlUnsuccessful;
    traced_call(adapter, CALLBACK_UNIT_CONTROL, (uint32_t)type);
    gate_open(&g, adapter, CALLBACK_UNIT_CONTROL, parameters, rt_irql(), false, false);
    result = adapter->driver->init.HwUnitControl(adapter->extension, type, parameters);
    gate_close(&g);
    traced_return(adapter, CALLBACK_UNIT_CONTROL, (uint32_t)result);
    return result;
}

/* A list of `count` flags and a fence behind it that the miniport must leave alone. */
union supported_list {
    SCSI_SUPPORTED_CONTROL_TYPE_LIST list;
    uint8_t bytes[sizeof(SCSI_SUPPORTED_CONTROL_TYPE_LIST) + 128];
};

static void
query_controls(struct adapter *adapter, bool unit, unsigned count, bool *out)
{
    union supported_list l;
    BOOLEAN *flags = l.list.SupportedTypeList;

    memset(&l, 0, sizeof(l));
    memset(flags + count, 0xA5, 32);
    l.list.MaxControlType = count;
    if (unit)
        miniport_unit_control(adapter, ScsiQuerySupportedUnitControlTypes, &l);
    else
        miniport_control(adapter, ScsiQuerySupportedControlTypes, &l);
    for (unsigned i = 0; i < 32; i++) {
        if (flags[count + i] != 0xA5) {
            finding_report(adapter->rt, RULE_BadControlAnswer, 0,
                           "the list of supported control types was written beyond its end");
            break;
        }
    }
    for (unsigned i = 0; i < count; i++)
        out[i] = flags[i];
}

void
miniport_query_controls(struct adapter *adapter)
{
    memset(adapter->supported_control, 0, sizeof(adapter->supported_control));
    memset(adapter->supported_unit_control, 0, sizeof(adapter->supported_unit_control));
    query_controls(adapter, false, ScsiAdapterControlMax, adapter->supported_control);
    if (adapter->driver->init.HwUnitControl)
        query_controls(adapter, true, ScsiUnitControlMax, adapter->supported_unit_control);
}

bool
miniport_control_supported(struct adapter *adapter, SCSI_ADAPTER_CONTROL_TYPE type)
{
    return adapter->supported_control[type];
}

bool
miniport_unit_control_supported(struct adapter *adapter, SCSI_UNIT_CONTROL_TYPE type)
{
    return adapter->supported_unit_control[type];
}

/* ---- the rest ---- */

void
miniport_tracing(struct adapter *adapter, bool enabled)
{
    struct gate g;

    if (!adapter->driver->init.HwTracingEnabled)
        return;
    gate_open(&g, adapter, CALLBACK_TRACING_ENABLED, NULL, RT_IRQL_PASSIVE, false, false);
    adapter->driver->init.HwTracingEnabled(adapter->extension, enabled);
    gate_close(&g);
}

void
miniport_free_resources(struct adapter *adapter)
{
    struct gate g;

    if (!adapter->driver->init.HwFreeAdapterResources)
        return;
    traced_call(adapter, CALLBACK_FREE_ADAPTER_RESOURCES, 0);
    gate_open(&g, adapter, CALLBACK_FREE_ADAPTER_RESOURCES, NULL, RT_IRQL_PASSIVE, false, false);
    adapter->driver->init.HwFreeAdapterResources(adapter->extension);
    gate_close(&g);
    traced_return(adapter, CALLBACK_FREE_ADAPTER_RESOURCES, 0);
}

void
miniport_process_service(struct adapter *adapter, PVOID irp)
{
    struct gate g;

    gate_open(&g, adapter, CALLBACK_PROCESS_SERVICE_REQUEST, NULL, RT_IRQL_PASSIVE, false, false);
    adapter->driver->init.HwProcessServiceRequest(adapter->extension, irp);
    gate_close(&g);
}

void
miniport_complete_service(struct adapter *adapter)
{
    struct gate g;

    if (!adapter->driver->init.HwCompleteServiceIrp)
        return;
    gate_open(&g, adapter, CALLBACK_COMPLETE_SERVICE_IRP, NULL, RT_IRQL_PASSIVE, false, false);
    adapter->driver->init.HwCompleteServiceIrp(adapter->extension);
    gate_close(&g);
}
