/*
 * Routines about requests, units and the adapter that fit nowhere else. Each answers from what the
 * port knows already. DDI: StorPortGetRequestInfo, StorPortSetUnitAttributes and the page of each.
 */
#include "routines.h"

#include "cdb.h"

#include <string.h>

static bool
is_write(const struct port_srb *srb)
{
    switch (srb->request.cdb[0]) {
    case CDB_OP_WRITE6:
    case CDB_OP_WRITE10:
    case CDB_OP_WRITE12:
    case CDB_OP_WRITE16:
        return true;
    default:
        return false;
    }
}

/* Force unit access: what an IRP has as SL_WRITE_THROUGH. */
static bool
is_write_through(const struct port_srb *srb)
{
    const uint8_t *cdb = srb->request.cdb;

    return is_write(srb) && cdb[0] != CDB_OP_WRITE6 && (cdb[1] & 0x08);
}

/* R20.10: which page rules on a bad version is open; the function's own does. */
ULONG
ext_get_request_info(struct adapter *adapter, va_list args, void *caller)
{
    PSCSI_REQUEST_BLOCK memory = va_arg(args, PSCSI_REQUEST_BLOCK);
    PSTOR_REQUEST_INFO info = va_arg(args, PSTOR_REQUEST_INFO);
    struct port_srb *srb;

    if (!memory || !info)
        return STOR_STATUS_INVALID_PARAMETER;
    srb = routine_srb(adapter, memory, CONTRACT_StorPortGetRequestInfo, caller);
    if (!srb)
        return STOR_STATUS_INVALID_PARAMETER;
    if (info->Version != STOR_REQUEST_INFO_VER_1 && info->Version != STOR_REQUEST_INFO_VER_2)
        return STOR_STATUS_UNSUPPORTED_VERSION;
    if (info->Size < (info->Version == STOR_REQUEST_INFO_VER_1 ? sizeof(STOR_REQUEST_INFO_V1)
                                                               : sizeof(STOR_REQUEST_INFO_V2)))
        return STOR_STATUS_INVALID_PARAMETER;
    info->PriorityHint = (STOR_IO_PRIORITY_HINT)srb->request.priority;
    /* No file system is above: requests belong to no file. */
    info->Flags = REQUEST_INFO_NO_FILE_OBJECT_FLAG;
    if (is_write_through(srb))
        info->Flags |= REQUEST_INFO_WRITE_THROUGH_FLAG;
    info->Key = 0;
    info->Length = srb->request.data_bytes;
    info->IsWriteRequest = is_write(srb);
    memset(info->Reserved, 0, sizeof(info->Reserved));
    if (info->Version == STOR_REQUEST_INFO_VER_2) {
        info->FileName = NULL;
        info->ProcessId = 0;
    }
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_get_system_port_number(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_ADDRESS address = va_arg(args, PSTOR_ADDRESS);

    (void)caller;
    if (!address || address->Type != STOR_ADDRESS_TYPE_BTL8 ||
        address->AddressLength < STOR_ADDR_BTL8_ADDRESS_LENGTH)
        return STOR_STATUS_INVALID_PARAMETER;
    address->Port = (USHORT)adapter->number;
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_set_unit_attributes(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_ADDRESS address = va_arg(args, PSTOR_ADDRESS);
    STOR_UNIT_ATTRIBUTES attributes = va_arg(args, STOR_UNIT_ATTRIBUTES);
    struct unit *unit;
    ULONG status;

    (void)caller;
    unit = routine_unit(adapter, address, &status);
    if (!unit || attributes.Reserved)
        return STOR_STATUS_INVALID_PARAMETER;
    unit->attributes = attributes;
    return STOR_STATUS_SUCCESS;
}

/* The functional device lies directly on the physical one. Pointers may be left out. */
ULONG
ext_get_device_objects(struct adapter *adapter, va_list args, void *caller)
{
    PVOID *functional = va_arg(args, PVOID *), *physical = va_arg(args, PVOID *);
    PVOID *lower = va_arg(args, PVOID *);

    (void)caller;
    if (functional)
        *functional = adapter->fdo;
    if (physical)
        *physical = adapter->pdo;
    if (lower)
        *lower = adapter->pdo;
    return STOR_STATUS_SUCCESS;
}

/* Secure reprovisioning needs a firmware environment that this platform does not have. */
ULONG
ext_device_operation_allowed(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_ADDRESS address = va_arg(args, PSTOR_ADDRESS);
    LPCGUID operation = va_arg(args, LPCGUID);
    ULONG *allowed = va_arg(args, ULONG *);
    static const GUID reprovision = {
        0xdcaf9c10, 0x895f, 0x481f, {0xa4, 0x92, 0xd4, 0xce, 0xd2, 0xf5, 0x56, 0x33}};
    ULONG status;

    (void)caller;
    if (rt_irql() > RT_IRQL_PASSIVE)
        return STOR_STATUS_INVALID_IRQL;
    if (!allowed || !routine_unit(adapter, address, &status))
        return STOR_STATUS_INVALID_PARAMETER;
    if (!operation || memcmp(operation, &reprovision, sizeof(reprovision)))
        return STOR_STATUS_NOT_IMPLEMENTED;
    *allowed = FALSE;
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_installation_upgrade(struct adapter *adapter, va_list args, void *caller)
{
    PBOOLEAN upgraded = va_arg(args, PBOOLEAN);

    (void)adapter, (void)caller;
    if (!upgraded)
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > RT_IRQL_PASSIVE)
        return STOR_STATUS_INVALID_IRQL;
    *upgraded = FALSE; /* this system was never another version */
    return STOR_STATUS_SUCCESS;
}

/* No device here has ACPI methods: the page has an answer for a method that a device lacks. */
ULONG
ext_invoke_acpi_method(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_ADDRESS address = va_arg(args, PSTOR_ADDRESS);
    ULONG status;

    (void)caller;
    if (rt_irql() > RT_IRQL_PASSIVE)
        return STOR_STATUS_INVALID_IRQL;
    if (address && !routine_unit(adapter, address, &status))
        return STOR_STATUS_INVALID_PARAMETER;
    contract_missing(CONTRACT_StorPortInvokeAcpiMethod);
    return STOR_STATUS_NOT_IMPLEMENTED;
}
