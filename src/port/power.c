/*
 * Runtime power (PoFx), power settings, platform configuration. The power framework is not there:
 * no device ever becomes registered, and each routine gives its page's answer for a device that is
 * not. DDI: StorPortInitializePoFxPower, StorPortPoFxActivateComponent and their family.
 */
#include "routines.h"

#include <string.h>

/* NULL names the adapter; else a unit that exists. */
static bool
address_good(struct adapter *adapter, const STOR_ADDRESS *address)
{
    ULONG status;

    return !address || routine_unit(adapter, address, &status);
}

/* R16.10, R20.17: one component; the page of the second version names the size of the first. */
static bool
device_good(const STOR_POFX_DEVICE *device)
{
    return device && device->Version >= STOR_POFX_DEVICE_VERSION_V1 &&
           device->Version <= STOR_POFX_DEVICE_VERSION_V3 &&
           device->Size >= STOR_POFX_DEVICE_SIZE && device->ComponentCount == 1;
}

ULONG
ext_pofx_initialize(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_ADDRESS address = va_arg(args, PSTOR_ADDRESS);
    PSTOR_POFX_DEVICE device = va_arg(args, PSTOR_POFX_DEVICE);
    PBOOLEAN d3cold = va_arg(args, PBOOLEAN);

    (void)caller;
    if (!device_good(device) || !address_good(adapter, address))
        return STOR_STATUS_INVALID_PARAMETER;
    if (d3cold)
        *d3cold = FALSE;
    contract_missing(CONTRACT_StorPortInitializePoFxPower);
    return STOR_STATUS_UNSUCCESSFUL;
}

/* Activate and Idle: "not registered" is INVALID_PARAMETER, as all else that may be wrong. */
static ULONG
component_reference(struct adapter *adapter, va_list args, enum contract_id id, void *caller)
{
    PSCSI_REQUEST_BLOCK srb;

    (void)va_arg(args, PSTOR_ADDRESS);
    srb = va_arg(args, PSCSI_REQUEST_BLOCK);
    if (rt_irql() > RT_IRQL_DISPATCH)
        return STOR_STATUS_INVALID_IRQL;
    if (srb)
        routine_srb(adapter, srb, id, caller);
    contract_missing(id);
    return STOR_STATUS_INVALID_PARAMETER;
}

ULONG
ext_pofx_activate(struct adapter *adapter, va_list args, void *caller)
{
    return component_reference(adapter, args, CONTRACT_StorPortPoFxActivateComponent, caller);
}

ULONG
ext_pofx_idle(struct adapter *adapter, va_list args, void *caller)
{
    return component_reference(adapter, args, CONTRACT_StorPortPoFxIdleComponent, caller);
}

/* Latency, residency and power control: "not registered" is INVALID_DEVICE_REQUEST. */
static ULONG
not_registered(struct adapter *adapter, const STOR_ADDRESS *address, enum contract_id id)
{
    if (rt_irql() > RT_IRQL_DISPATCH)
        return STOR_STATUS_INVALID_IRQL;
    if (!address_good(adapter, address))
        return STOR_STATUS_INVALID_PARAMETER;
    contract_missing(id);
    return STOR_STATUS_INVALID_DEVICE_REQUEST;
}

ULONG
ext_pofx_latency(struct adapter *adapter, va_list args, void *caller)
{
    (void)caller;
    return not_registered(adapter, va_arg(args, PSTOR_ADDRESS),
                          CONTRACT_StorPortPoFxSetComponentLatency);
}

ULONG
ext_pofx_residency(struct adapter *adapter, va_list args, void *caller)
{
    (void)caller;
    return not_registered(adapter, va_arg(args, PSTOR_ADDRESS),
                          CONTRACT_StorPortPoFxSetComponentResidency);
}

ULONG
ext_pofx_control(struct adapter *adapter, va_list args, void *caller)
{
    (void)caller;
    return not_registered(adapter, va_arg(args, PSTOR_ADDRESS), CONTRACT_StorPortPoFxPowerControl);
}

ULONG
ext_pofx_idle_timeout(struct adapter *adapter, va_list args, void *caller)
{
    (void)adapter, (void)caller;
    if (va_arg(args, PSTOR_ADDRESS))
        return STOR_STATUS_INVALID_PARAMETER;
    contract_missing(CONTRACT_StorPortPoFxSetIdleTimeout);
    return STOR_STATUS_UNSUCCESSFUL;
}

ULONG
ext_pofx_set_perf_state(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_ADDRESS address = va_arg(args, PSTOR_ADDRESS);
    ULONG component = va_arg(args, ULONG), flags = va_arg(args, ULONG);

    (void)adapter, (void)caller;
    if (address || component || flags)
        return STOR_STATUS_INVALID_PARAMETER;
    contract_missing(CONTRACT_StorPortPoFxSetPerfState);
    return STOR_STATUS_UNSUCCESSFUL;
}

/* ---- settings of the platform ---- */

/* The settings that the adapter wants to hear of (ScsiPowerSettingNotification). Those of this
 * platform have no values yet that could change. */
ULONG
ext_set_power_guids(struct adapter *adapter, va_list args, void *caller)
{
    ULONG count = va_arg(args, ULONG);
    LPGUID guids = va_arg(args, LPGUID);
    struct routines *routines = adapter->routines;

    (void)caller;
    if (count && !guids)
        return STOR_STATUS_INVALID_PARAMETER;
    if (count > POWER_GUIDS_MAX)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    if (count)
        memcpy(routines->power_guids, guids, count * sizeof(*guids));
    routines->power_guid_count = count;
    return STOR_STATUS_SUCCESS;
}

/* No page. The platform cannot take power away from a device in D3. */
ULONG
ext_d3cold_support(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_ADDRESS address = va_arg(args, PSTOR_ADDRESS);
    PBOOLEAN supported = va_arg(args, PBOOLEAN);

    (void)caller;
    if (!supported || !address_good(adapter, address))
        return STOR_STATUS_INVALID_PARAMETER;
    *supported = FALSE;
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_query_configuration(struct adapter *adapter, va_list args, void *caller)
{
    STORPORT_QUERY_CONFIGURATION_TYPE type = va_arg(args, STORPORT_QUERY_CONFIGURATION_TYPE);
    PBOOLEAN enabled = va_arg(args, PBOOLEAN);

    (void)adapter, (void)caller;
    if (!enabled || (unsigned)type >= StorportQueryConfigurationMax)
        return STOR_STATUS_INVALID_PARAMETER;
    *enabled = FALSE; /* D3: devices of this platform stay in D0 */
    return STOR_STATUS_SUCCESS;
}
