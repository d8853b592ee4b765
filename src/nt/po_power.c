/*
 * Power: the little that drivers below the port use. Who decides a power state is the port.
 * DDI: PoSetPowerState, PoCallDriver (IoCallDriver since Windows Vista).
 */
#include "nt_priv.h"

/* Answers the state that was in force before: D0 and S0 until set. */
POWER_STATE
PoSetPowerState(PDEVICE_OBJECT device, POWER_STATE_TYPE type, POWER_STATE state)
{
    CONTRACT_ENTER(PoSetPowerState);
    return nt_device_power_exchange(device, type, state);
}

NTSTATUS
PoCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    CONTRACT_ENTER(PoCallDriver);
    return IofCallDriver(device, irp);
}

/* DDI: of no effect since Windows Vista. */
VOID
PoStartNextPowerIrp(PIRP irp)
{
    CONTRACT_ENTER(PoStartNextPowerIrp);
    (void)irp;
}
