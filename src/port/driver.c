/* Drivers: DriverEntry, StorPortInitialize, unloading. DDI: StorPortInitialize. */
#include "port_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sizes that the port knows, x64: Server 2003 to Windows 7, virtual miniports, Windows 8 on. */
#define INIT_SIZE_2003 0x88u
#define INIT_SIZE_VIRTUAL 0xB0u

static void
deviation(struct driver *driver, bool wrong, const char *what)
{
    if (wrong)
        finding_report(driver->port->rt, RULE_InitDeviation, 0, "%s: %s", driver->name, what);
}

/* What the documentation requires of the two kinds of miniport; a deviation is told, not
 * refused. */
static void
init_check(struct driver *driver)
{
    const HW_INITIALIZATION_DATA *init = &driver->init;
    bool is_virtual = init->FeatureSupport & STOR_FEATURE_VIRTUAL_MINIPORT;

    deviation(driver, !init->HwInitialize, "HwInitialize is missing");
    deviation(driver, !init->HwStartIo, "HwStartIo is missing");
    deviation(driver, !init->HwFindAdapter, "HwFindAdapter is missing");
    deviation(driver, !init->HwResetBus, "HwResetBus is missing");
    deviation(driver, !init->HwAdapterControl, "HwAdapterControl is missing");
    if (is_virtual) {
        deviation(driver, init->HwBuildIo != NULL, "HwBuildIo must be NULL in a virtual miniport");
        deviation(driver, !init->HwFreeAdapterResources, "HwFreeAdapterResources is missing");
        deviation(driver, init->AdapterInterfaceType != Internal,
                  "AdapterInterfaceType of a virtual miniport must be Internal");
        deviation(driver, init->HwProcessServiceRequest && !init->HwCompleteServiceIrp,
                  "HwCompleteServiceIrp is required with HwProcessServiceRequest");
        deviation(driver, init->HwInitializeTracing && !init->HwCleanupTracing,
                  "HwCleanupTracing is required with HwInitializeTracing");
    } else {
        deviation(driver, !init->HwInterrupt, "HwInterrupt is missing");
        deviation(driver, !init->NeedPhysicalAddresses, "NeedPhysicalAddresses must be TRUE");
        deviation(driver, !init->TaggedQueuing, "TaggedQueuing must be TRUE");
        deviation(driver, !init->AutoRequestSense, "AutoRequestSense must be TRUE");
        deviation(driver, !init->MultipleRequestPerLu, "MultipleRequestPerLu must be TRUE");
        deviation(driver, init->AdapterInterfaceType == Isa || init->AdapterInterfaceType == Eisa,
                  "AdapterInterfaceType may not be Isa or Eisa");
    }
    deviation(driver, init->HwDmaStarted != NULL, "HwDmaStarted must be NULL");
    deviation(driver, init->HwAdapterState != NULL, "HwAdapterState must be NULL");
}

ULONG
StorPortInitialize(PVOID Argument1, PVOID Argument2, PHW_INITIALIZATION_DATA HwInitializationData,
                   PVOID HwContext)
{
    struct rt_thread *self = rt_self();
    struct port *port;
    struct driver *driver;
    ULONG size;

    (void)HwContext; /* PnP miniports only: the documentation says it is not used */
    CONTRACT_ENTER(StorPortInitialize);
    port = port_of(self->rt);
    driver = port->loading;
    if (!driver || !HwInitializationData)
        return (ULONG)STATUS_INVALID_PARAMETER;
    if ((!Argument1 || !Argument2) && !driver->dump) {
        finding_report(port->rt, RULE_DV_InitializeArgs, 0,
                       "StorPortInitialize was called with NULL arguments");
        return (ULONG)STATUS_INVALID_PARAMETER;
    }
    if (Argument1 && Argument1 != driver->object)
        return (ULONG)STATUS_INVALID_PARAMETER;
    size = HwInitializationData->HwInitializationDataSize;
    if (size != INIT_SIZE_2003 && size != INIT_SIZE_VIRTUAL && size != sizeof(driver->init))
        return (ULONG)STATUS_REVISION_MISMATCH;
    if (rt_fault(port->rt))
        return (ULONG)STATUS_INSUFFICIENT_RESOURCES;
    memset(&driver->init, 0, sizeof(driver->init));
    memcpy(&driver->init, HwInitializationData, size);
    if (size == INIT_SIZE_VIRTUAL)
        driver->init.FeatureSupport |= STOR_FEATURE_VIRTUAL_MINIPORT;
    init_check(driver);
    pnp_driver_entries(driver);
    driver->initialized = true;
    if (driver->init.HwInitializeTracing) {
        struct rt_frame frame;
        rt_frame_push(&frame, driver, CALLBACK_INITIALIZE_TRACING, NULL);
        driver->init.HwInitializeTracing(Argument1, Argument2);
        rt_frame_pop(&frame);
    }
    return STATUS_SUCCESS;
}

static void
driver_free(struct driver *driver)
{
    struct rt *rt = driver->port->rt;

    if (driver->object)
        nt_driver_object_destroy(rt, driver->object);
    rt_free(rt, driver->name);
    rt_free(rt, driver);
}

static int
driver_enter(struct driver *driver, void *entry, char **error)
{
    typedef NTSTATUS NTAPI driver_entry(struct _DRIVER_OBJECT *, PUNICODE_STRING);
    struct rt_frame frame;
    NTSTATUS status;

    driver->port->loading = driver;
    rt_frame_push(&frame, driver, CALLBACK_DRIVER_ENTRY, NULL);
    status = ((driver_entry *)entry)(driver->object, nt_driver_registry_path(driver->object));
    nt_held_check(&frame);
    rt_frame_pop(&frame);
    driver->port->loading = NULL;
    if (NT_SUCCESS(status) && driver->initialized)
        return 0;
    if (NT_SUCCESS(status))
        *error = strdup("DriverEntry returned success without calling StorPortInitialize: "
                        "it must return what that routine returns");
    else if (asprintf(error, "DriverEntry failed with %s (0x%08x)",
                      nt_status_name(status) ? nt_status_name(status) : "a status of its own",
                      (unsigned)status) < 0)
        *error = NULL;
    return status == STATUS_REVISION_MISMATCH ? -EPROTO
           : nt_status_to_errno(status)       ? -EIO
                                              : -EINVAL;
}

int
driver_load(struct port *port, const char *name, void *entry, struct driver **out, char **error)
{
    struct driver *driver = rt_alloc_zero(port->rt, sizeof(*driver));
    int status;

    *error = NULL;
    if (!driver)
        return -ENOMEM;
    driver->port = port;
    driver->name = rt_alloc(port->rt, strlen(name) + 1);
    if (driver->name) {
        strcpy(driver->name, name);
        driver->object = nt_driver_object_create(port->rt, name, NULL, driver);
    }
    if (!driver->object) {
        driver_free(driver);
        return -ENOMEM;
    }
    status = driver_enter(driver, entry, error);
    if (status) {
        nt_threads_reap(port->rt);
        nt_pool_report_leaks(port->rt, driver);
        driver_free(driver);
        return status;
    }
    driver->next = port->drivers;
    port->drivers = driver;
    *out = driver;
    return 0;
}

void
driver_unload(struct driver *driver)
{
    struct port *port = driver->port;
    struct driver **link = &port->drivers;
    struct rt_frame frame;

    rt_frame_push(&frame, driver, CALLBACK_DISPATCH, NULL);
    if (driver->object->DriverUnload)
        driver->object->DriverUnload(driver->object);
    nt_held_check(&frame);
    rt_frame_pop(&frame);
    if (driver->init.HwCleanupTracing) {
        rt_frame_push(&frame, driver, CALLBACK_CLEANUP_TRACING, NULL);
        driver->init.HwCleanupTracing(driver->object);
        rt_frame_pop(&frame);
    }
    nt_work_drain(port->rt);
    nt_threads_reap(port->rt);
    nt_pool_report_leaks(port->rt, driver);
    nt_handles_report_leaks(port->rt, driver);
    while (*link != driver)
        link = &(*link)->next;
    *link = driver->next;
    driver_free(driver);
}

const char *
driver_name(const struct driver *driver)
{
    return driver->name;
}
