/*
 * What the port knows of requests, units and the adapter. DDI: StorPortGetRequestInfo,
 * StorPortGetSystemPortNumber, StorPortGetDeviceObjects, StorPortIsDeviceOperationAllowed,
 * StorPortIsCurrentOsInstallationUpgrade.
 *
 * Covers: StorPortGetRequestInfo StorPortGetSystemPortNumber StorPortGetDeviceObjects
 * Covers: StorPortIsDeviceOperationAllowed StorPortIsCurrentOsInstallationUpgrade
 */
#include "harness.h"

#include <string.h>

static STOR_REQUEST_INFO info;
static ULONG status[4];

static enum verdict
ask(void *extension, void *srb)
{
    STOR_REQUEST_INFO bad = {.Version = 77, .Size = sizeof(bad)};

    if (SrbGetSrbFunction(srb) != SRB_FUNCTION_EXECUTE_SCSI ||
        (SrbGetCdb(srb)->CDB6GENERIC.OperationCode & ~2) != SCSIOP_READ)
        return VERDICT_STOCK;
    memset(&info, 0xA5, sizeof(info));
    info.Version = STOR_REQUEST_INFO_VER_1;
    info.Size = sizeof(STOR_REQUEST_INFO_V1);
    status[0] = StorPortGetRequestInfo(extension, srb, &info);
    status[1] = StorPortGetRequestInfo(extension, srb, &bad);
    status[2] = StorPortGetRequestInfo(extension, srb, NULL);
    status[3] = StorPortGetRequestInfo(extension, NULL, &info);
    return VERDICT_STOCK;
}

static void
check_info(bool write)
{
    struct shot *s = shot_new(rig.unit);

    shot_command(s, write ? SCSIOP_WRITE : SCSIOP_READ, 2048,
                 (write ? SRB_FLAGS_DATA_OUT : SRB_FLAGS_DATA_IN) | SRB_FLAGS_NO_QUEUE_FREEZE);
    s->r->priority = write ? StorIoPriorityHigh : StorIoPriorityLow;
    memset(status, 0, sizeof(status));
    shot_fire(s);
    shot_wait(s);
    CHECK_EQ(status[0], STOR_STATUS_SUCCESS);
    CHECK_EQ(info.Length, 2048);
    CHECK_EQ(info.IsWriteRequest, write);
    CHECK_EQ(info.PriorityHint, write ? StorIoPriorityHigh : StorIoPriorityLow);
    CHECK(info.Flags != 0xA5A5A5A5);
}

/* The information of the request: length, direction, priority; for both kinds of SRB. */
static void
request_info(void)
{
    for (unsigned extended = 0; extended < 2; extended++) {
        mini.physical = true;
        mini.extended = extended;
        mini.start = ask;
        rig_start();
        check_info(false);
        check_info(true);
        rig_stop();
    }
}

/* UNSUPPORTED_VERSION: the Version is invalid. INVALID_PARAMETER: Srb or RequestInfo is NULL. */
static void
request_info_refusals(void)
{
    mini.start = ask;
    rig_start();
    shot_wait(shot_read(rig.unit));
    CHECK_EQ(status[1], STOR_STATUS_UNSUPPORTED_VERSION);
    CHECK_EQ(status[2], STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(status[3], STOR_STATUS_INVALID_PARAMETER);
}

/* Port of the address becomes the number assigned to the adapter; INVALID_PARAMETER when the
 * address is no STOR_ADDRESS_TYPE_BTL8 or too short. */
static void
port_number(void)
{
    STOR_ADDR_BTL8 address = {.Type = STOR_ADDRESS_TYPE_BTL8,
                              .Port = 0xEEEE,
                              .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH};
    struct adapter *first;

    CHECK_EQ(rig_load(), 0);
    CHECK_EQ(rig_add(), 0);
    CHECK_EQ(StorPortGetSystemPortNumber(mini.extension, (PSTOR_ADDRESS)&address),
             STOR_STATUS_SUCCESS);
    CHECK_EQ(address.Port, adapter_number(rig.adapter));
    first = rig.adapter;
    unit_put(rig.unit);
    CHECK_EQ(rig_add(), 0); /* another of the same driver has another number */
    CHECK_EQ(StorPortGetSystemPortNumber(mini.extension, (PSTOR_ADDRESS)&address),
             STOR_STATUS_SUCCESS);
    CHECK_EQ(address.Port, adapter_number(rig.adapter));
    CHECK(adapter_number(first) != adapter_number(rig.adapter));
    address.Type = 7;
    CHECK_EQ(StorPortGetSystemPortNumber(mini.extension, (PSTOR_ADDRESS)&address),
             STOR_STATUS_INVALID_PARAMETER);
    address.Type = STOR_ADDRESS_TYPE_BTL8;
    address.AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH - 1;
    CHECK_EQ(StorPortGetSystemPortNumber(mini.extension, (PSTOR_ADDRESS)&address),
             STOR_STATUS_INVALID_PARAMETER);
    adapter_remove(first);
}

static PDEVICE_OBJECT seen_fdo;
static PDRIVER_DISPATCH inner;

static NTSTATUS NTAPI
outer(PDEVICE_OBJECT device, PIRP irp)
{
    if (IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_STOP_DEVICE)
        seen_fdo = device;
    return inner(device, irp);
}

/* The functional and the physical device object of the adapter, and the device to which the
 * functional one is attached. The first is the one that PnP IRPs come to. */
static void
device_objects(void)
{
    PVOID fdo = NULL, pdo = NULL, lower = NULL;
    PDRIVER_OBJECT driver;

    rig_start();
    CHECK_EQ(StorPortGetDeviceObjects(mini.extension, &fdo, &pdo, &lower), STOR_STATUS_SUCCESS);
    CHECK(fdo && pdo && lower && fdo != pdo);
    CHECK(((PDEVICE_OBJECT)fdo)->DriverObject == mini.driver_object);
    driver = mini.driver_object;
    inner = driver->MajorFunction[IRP_MJ_PNP];
    driver->MajorFunction[IRP_MJ_PNP] = outer;
    seen_fdo = NULL;
    CHECK_EQ(adapter_stop(rig.adapter), 0);
    CHECK_EQ(adapter_restart(rig.adapter), 0);
    driver->MajorFunction[IRP_MJ_PNP] = inner;
    CHECK(seen_fdo == fdo);
}

static const GUID reprovision = {
    0xdcaf9c10, 0x895f, 0x481f, {0xa4, 0x92, 0xd4, 0xce, 0xd2, 0xf5, 0x56, 0x33}};
static const GUID other_class = {1, 2, 3, {4}};
static ULONG at_dispatch[2];

static void
above_passive(void *extension, void *subject)
{
    STOR_ADDR_BTL8 address = {.Type = STOR_ADDRESS_TYPE_BTL8,
                              .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH};
    ULONG allowed;
    BOOLEAN upgraded;

    (void)subject;
    at_dispatch[0] = StorPortIsDeviceOperationAllowed(extension, (PSTOR_ADDRESS)&address,
                                                      &reprovision, &allowed);
    at_dispatch[1] = StorPortIsCurrentOsInstallationUpgrade(extension, &upgraded);
}

/* StorPortIsDeviceOperationAllowed: a value was returned; no such class; wrong unit; NULL. */
static void
operation_allowed(void)
{
    STOR_ADDR_BTL8 address = {.Type = STOR_ADDRESS_TYPE_BTL8,
                              .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH};
    ULONG allowed = 77;

    rig_start();
    CHECK_EQ(StorPortIsDeviceOperationAllowed(mini.extension, (PSTOR_ADDRESS)&address, &reprovision,
                                              &allowed),
             STOR_STATUS_SUCCESS);
    CHECK_EQ(allowed, FALSE); /* no secure firmware is here to provision with */
    CHECK_EQ(StorPortIsDeviceOperationAllowed(mini.extension, (PSTOR_ADDRESS)&address, &other_class,
                                              &allowed),
             STOR_STATUS_NOT_IMPLEMENTED);
    CHECK_EQ(StorPortIsDeviceOperationAllowed(mini.extension, (PSTOR_ADDRESS)&address, &reprovision,
                                              NULL),
             STOR_STATUS_INVALID_PARAMETER);
    address.Lun = 9;
    CHECK_EQ(StorPortIsDeviceOperationAllowed(mini.extension, (PSTOR_ADDRESS)&address, &reprovision,
                                              &allowed),
             STOR_STATUS_INVALID_PARAMETER);
}

/* StorPortIsCurrentOsInstallationUpgrade: TRUE if the installation was upgraded, else FALSE. */
static void
installation_upgrade(void)
{
    BOOLEAN upgraded = 77;

    rig_start();
    CHECK_EQ(StorPortIsCurrentOsInstallationUpgrade(mini.extension, &upgraded),
             STOR_STATUS_SUCCESS);
    CHECK_EQ(upgraded, FALSE);
    CHECK_EQ(StorPortIsCurrentOsInstallationUpgrade(mini.extension, NULL),
             STOR_STATUS_INVALID_PARAMETER);
}

/* INVALID_IRQL: the current IRQL is above PASSIVE_LEVEL. */
static void
only_at_passive(void)
{
    rig_start();
    rig_expect(RULE_StorPortIrql);
    rig_at(AT_DPC, above_passive);
    CHECK_EQ(at_dispatch[0], STOR_STATUS_INVALID_IRQL);
    CHECK_EQ(at_dispatch[1], STOR_STATUS_INVALID_IRQL);
}

CASES(CASE(request_info), CASE(request_info_refusals), CASE(port_number), CASE(device_objects),
      CASE(operation_allowed), CASE(installation_upgrade), CASE(only_at_passive))
