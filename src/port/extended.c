/*
 * StorPortExtendedFunction: the variadic door behind most inline routines of storport.h. Finds the
 * adapter, makes the contract's check for the code, and calls the code's handler. Does nothing of
 * the routines' work itself. DDI: storport.h, STORPORT_FUNCTION_CODE.
 */
#include "routines.h"

#include <errno.h>

/* `bare`: drivers may call it before they have an adapter, with a NULL device extension. */
struct extended {
    extended_handler *run;
    bool bare;
};

static const struct extended handlers[CONTRACT_EXTENDED_COUNT] = {
    [ExtFunctionAllocatePool] = {ext_allocate_pool, false},
    [ExtFunctionFreePool] = {ext_free_pool, false},
    [ExtFunctionAllocateMdl] = {ext_allocate_mdl, false},
    [ExtFunctionFreeMdl] = {ext_free_mdl, false},
    [ExtFunctionBuildMdlForNonPagedPool] = {ext_build_mdl, false},
    [ExtFunctionGetSystemAddress] = {ext_get_system_address, false},
    [ExtFunctionGetOriginalMdl] = {ext_get_original_mdl, false},
    [ExtFunctionCompleteServiceIrp] = {ext_complete_service_irp, false},
    [ExtFunctionGetDeviceObjects] = {ext_get_device_objects, false},
    [ExtFunctionBuildScatterGatherList] = {ext_build_scatter_gather, false},
    [ExtFunctionPutScatterGatherList] = {ext_put_scatter_gather, false},
    [ExtFunctionAcquireMSISpinLock] = {ext_acquire_msi_lock, false},
    [ExtFunctionReleaseMSISpinLock] = {ext_release_msi_lock, false},
    [ExtFunctionGetMessageInterruptInformation] = {ext_get_msi_info, false},
    [ExtFunctionInitializePerformanceOptimizations] = {ext_initialize_perf_opts, false},
    [ExtFunctionGetStartIoPerformanceParameters] = {ext_get_startio_perf_params, false},
    [ExtFunctionLogSystemEvent] = {ext_log_system_event, false},
    [ExtFunctionGetCurrentProcessorNumber] = {ext_current_processor_number, true},
    [ExtFunctionGetActiveGroupCount] = {ext_group_count, true},
    [ExtFunctionGetGroupAffinity] = {ext_group_affinity, true},
    [ExtFunctionGetActiveNodeCount] = {ext_node_count, true},
    [ExtFunctionGetNodeAffinity] = {ext_node_affinity, true},
    [ExtFunctionGetHighestNodeNumber] = {ext_highest_node, true},
    [ExtFunctionGetLogicalProcessorRelationship] = {ext_processor_relationship, true},
    [ExtFunctionAllocateContiguousMemorySpecifyCacheNode] = {ext_allocate_contiguous, false},
    [ExtFunctionFreeContiguousMemorySpecifyCache] = {ext_free_contiguous, false},
    [ExtFunctionSetPowerSettingNotificationGuids] = {ext_set_power_guids, false},
    [ExtFunctionInvokeAcpiMethod] = {ext_invoke_acpi_method, false},
    [ExtFunctionGetRequestInfo] = {ext_get_request_info, false},
    [ExtFunctionInitializeWorker] = {ext_initialize_worker, false},
    [ExtFunctionQueueWorkItem] = {ext_queue_work_item, false},
    [ExtFunctionFreeWorker] = {ext_free_worker, false},
    [ExtFunctionInitializeTimer] = {ext_initialize_timer, false},
    [ExtFunctionRequestTimer] = {ext_request_timer, false},
    [ExtFunctionFreeTimer] = {ext_free_timer, false},
    [ExtFunctionInitializeSListHead] = {ext_initialize_slist, true},
    [ExtFunctionInterlockedFlushSList] = {ext_flush_slist, false},
    [ExtFunctionInterlockedPopEntrySList] = {ext_pop_slist, false},
    [ExtFunctionInterlockedPushEntrySList] = {ext_push_slist, false},
    [ExtFunctionQueryDepthSList] = {ext_slist_depth, false},
    [ExtFunctionGetActivityId] = {ext_get_activity_id, false},
    [ExtFunctionGetSystemPortNumber] = {ext_get_system_port_number, false},
    [ExtFunctionGetDataInBufferMdl] = {ext_get_data_in_mdl, false},
    [ExtFunctionGetDataInBufferSystemAddress] = {ext_get_data_in_address, false},
    [ExtFunctionGetDataInBufferScatterGatherList] = {ext_get_data_in_list, false},
    [ExtFunctionMarkDumpMemory] = {ext_mark_dump_memory, true},
    [ExtFunctionSetUnitAttributes] = {ext_set_unit_attributes, false},
    [ExtFunctionQueryPerformanceCounter] = {ext_performance_counter, true},
    [ExtFunctionInitializePoFxPower] = {ext_pofx_initialize, false},
    [ExtFunctionPoFxActivateComponent] = {ext_pofx_activate, false},
    [ExtFunctionPoFxIdleComponent] = {ext_pofx_idle, false},
    [ExtFunctionPoFxSetComponentLatency] = {ext_pofx_latency, false},
    [ExtFunctionPoFxSetComponentResidency] = {ext_pofx_residency, false},
    [ExtFunctionPoFxPowerControl] = {ext_pofx_control, false},
    [ExtFunctionFlushDataBufferMdl] = {ext_flush_data_buffer, false},
    [ExtFunctionDeviceOperationAllowed] = {ext_device_operation_allowed, false},
    [ExtFunctionGetProcessorIndexFromNumber] = {ext_processor_index, true},
    [ExtFunctionPoFxSetIdleTimeout] = {ext_pofx_idle_timeout, false},
    [ExtFunctionMiniportEtwEvent2] = {ext_etw_event2, false},
    [ExtFunctionMiniportEtwEvent4] = {ext_etw_event4, false},
    [ExtFunctionMiniportEtwEvent8] = {ext_etw_event8, false},
    [ExtFunctionCurrentOsInstallationUpgrade] = {ext_installation_upgrade, false},
    [ExtFunctionRegistryReadAdapterKey] = {ext_read_adapter_key, false},
    [ExtFunctionRegistryWriteAdapterKey] = {ext_write_adapter_key, false},
    [ExtFunctionSetAdapterBusType] = {ext_set_adapter_bus_type, false},
    [ExtFunctionPoFxSetPerfState] = {ext_pofx_set_perf_state, false},
    [ExtFunctionGetD3ColdSupport] = {ext_d3cold_support, false},
    [ExtFunctionAllocateHmb] = {ext_allocate_host_buffer, false},
    [ExtFunctionFreeHmb] = {ext_free_host_buffer, false},
    [ExtFunctionInterlockedInsertHeadList] = {ext_insert_head, true},
    [ExtFunctionInterlockedInsertTailList] = {ext_insert_tail, true},
    [ExtFunctionInterlockedRemoveHeadList] = {ext_remove_head, true},
    [ExtFunctionInitializeSpinlock] = {ext_initialize_spin_lock, true},
    [ExtFunctionGetPfns] = {ext_get_pfns, false},
    [ExtFunctionMiniportTelemetry] = {ext_log_telemetry, false},
    [ExtFunctionUpdateAdapterMaxIO] = {ext_update_adapter_max_io, false},
    [ExtFunctionDelayExecution] = {ext_delay, true},
    [ExtFunctionAllocateDmaMemory] = {ext_allocate_dma, false},
    [ExtFunctionFreeDmaMemory] = {ext_free_dma, false},
    [ExtFunctionMiniportChannelEtwEvent2] = {ext_etw_channel_event2, false},
    [ExtFunctionMiniportChannelEtwEvent4] = {ext_etw_channel_event4, false},
    [ExtFunctionMiniportChannelEtwEvent8] = {ext_etw_channel_event8, false},
    [ExtFunctionGetCurrentProcessorIndex] = {ext_current_processor_index, true},
    [ExtFunctionAcquireSpinLock] = {ext_acquire_spin_lock, false},
    [ExtFunctionGetProcessorCount] = {ext_processor_count, true},
    [ExtFunctionCancelDpc] = {ext_cancel_dpc, false},
    [ExtFunctionMiniportTelemetryEx] = {ext_log_telemetry_ex, false},
    [ExtFunctionQueryConfiguration] = {ext_query_configuration, false},
    [ExtFunctionLogHardwareError] = {ext_log_hardware_error, false},
    [ExtFunctionInitializeEvent] = {ext_initialize_event, false},
    [ExtFunctionWaitForEvent] = {ext_wait, false},
    [ExtFunctionSetEvent] = {ext_set_event, false},
    [ExtFunctionSetFeatureList] = {ext_set_feature_list, false},
    [ExtFunctionMiniportLogByteStream] = {ext_log_byte_stream, false},
    [ExtFunctionQueryDpcWatchdogInformation] = {ext_dpc_watchdog, true},
    [ExtFunctionQueryTimerMinInterval] = {ext_timer_min_interval, true},
    [ExtFunctionMaskPciMsixEntry] = {ext_mask_msix, false},
    [ExtFunctionGetCurrentIrql] = {ext_current_irql, true},
    [ExtFunctionCreateSystemThread] = {ext_create_system_thread, false},
    [ExtFunctionSetPriorityThread] = {ext_set_priority_thread, false},
    [ExtFunctionSetSystemGroupAffinityThread] = {ext_set_affinity_thread, false},
    [ExtFunctionRevertToUserGroupAffinityThread] = {ext_revert_affinity_thread, false},
    [ExtFunctionGetMessageInterruptIDFromProcessorIndex] = {ext_message_of_processor, false},
    [ExtFunctionGetNodeAffinity2] = {ext_node_affinity2, true},
    [ExtFunctionReadRegistryKey] = {ext_read_registry_key, false},
    [ExtFunctionGetDeviceBase2] = {ext_get_device_base2, false},
};

ULONG
StorPortExtendedFunction(STORPORT_FUNCTION_CODE FunctionCode, PVOID HwDeviceExtension, ...)
{
    void *caller = __builtin_return_address(0);
    enum contract_id id = contract_of_extended((uint32_t)FunctionCode);
    const struct extended *handler;
    struct adapter *adapter = NULL;
    va_list args;
    ULONG status;

    CONTRACT_ENTER(StorPortExtendedFunction);
    if (id == CONTRACT_COUNT) {
        if (rt_self())
            finding_report(rt_self()->rt, RULE_BadArgument, 0,
                           "StorPortExtendedFunction has no code %u", (unsigned)FunctionCode);
        return STOR_STATUS_NOT_IMPLEMENTED;
    }
    contract_enter(id, caller);
    handler = &handlers[FunctionCode];
    /* R19.6: a code that is not supported answers so, whatever else is wrong with the call. */
    if (!handler->run) {
        contract_missing(id);
        return STOR_STATUS_NOT_IMPLEMENTED;
    }
    if (HwDeviceExtension || !handler->bare) {
        adapter = adapter_of(HwDeviceExtension);
        if (!adapter)
            return STOR_STATUS_INVALID_PARAMETER;
    }
    va_start(args, HwDeviceExtension);
    status = handler->run(adapter, args, caller);
    va_end(args);
    return status;
}

/* ---- what handlers share ---- */

struct unit *
routine_unit(struct adapter *adapter, const STOR_ADDRESS *address, ULONG *status)
{
    const STOR_ADDR_BTL8 *btl8 = (const STOR_ADDR_BTL8 *)(const void *)address;
    struct unit *unit;

    *status = STOR_STATUS_INVALID_PARAMETER;
    if (!address || address->Type != STOR_ADDRESS_TYPE_BTL8 ||
        address->AddressLength < STOR_ADDR_BTL8_ADDRESS_LENGTH)
        return NULL;
    unit = adapter_unit_lookup(adapter, btl8->Path, btl8->Target, btl8->Lun, true);
    /* An address that a scan tried in vain is no unit; one whose INQUIRY is under way is. */
    if (!unit || (!unit->announced && (unit->holds & UNIT_GONE)))
        return NULL;
    *status = STOR_STATUS_SUCCESS;
    return unit;
}

struct port_srb *
routine_srb(struct adapter *adapter, const void *memory, enum contract_id id, void *caller)
{
    struct port_srb *srb = srb_of(adapter, memory);

    if (srb)
        srb_touch(srb, id, caller);
    return srb;
}

void
routine_not_in_startio(struct rt *rt, const char *what)
{
    const struct rt_frame *frame = rt_self() ? rt_self()->frame : NULL;

    if (RT_UNLIKELY(frame && frame->callback == CALLBACK_STARTIO))
        finding_report(rt, RULE_StorPortStartIo, 0, "HwStorStartIo %s", what);
}

/* ---- per adapter ---- */

int
routines_create(struct adapter *adapter)
{
    adapter->routines = rt_alloc_zero(adapter->rt, sizeof(*adapter->routines));
    if (!adapter->routines)
        return -ENOMEM;
    adapter->routines->adapter = adapter;
    return 0;
}

void
routines_destroy(struct adapter *adapter)
{
    if (!adapter->routines)
        return;
    host_buffers_destroy(adapter);
    rt_free(adapter->rt, adapter->routines);
    adapter->routines = NULL;
}
