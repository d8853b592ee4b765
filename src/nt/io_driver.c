/*
 * Driver objects: made for each driver that is loaded, before its DriverEntry.
 * DDI: DRIVER_OBJECT, IoAllocateDriverObjectExtension.
 */
#include "nt_priv.h"

#include <stdio.h>
#include <stdlib.h>

struct client_extension {
    struct client_extension *next;
    PVOID client;
    _Alignas(16) char data[];
};

struct nt_driver {
    DRIVER_OBJECT object; /* first: the body that drivers see */
    DRIVER_EXTENSION extension;
    UNICODE_STRING registry_path;
    UNICODE_STRING hardware;
    rt_word lock;
    struct client_extension *clients;
    void *owner;
};

static void driver_destroy(void *body);
const struct nt_object_type nt_type_driver = {.name = "driver", .destroy = driver_destroy};

static NTSTATUS
dispatch_invalid(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Information = 0;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

static void
driver_destroy(void *body)
{
    struct nt_driver *driver = body;

    while (driver->clients) {
        struct client_extension *client = driver->clients;
        driver->clients = client->next;
        free(client);
    }
    free(driver->object.DriverName.Buffer);
    free(driver->extension.ServiceKeyName.Buffer);
    free(driver->registry_path.Buffer);
    free(driver->hardware.Buffer);
}

static bool
driver_names(struct nt_driver *driver, const char *name, const char *registry_path)
{
    char text[512];

    snprintf(text, sizeof(text), "\\Driver\\%s", name);
    if (!nt_unicode(&driver->object.DriverName, text) ||
        !nt_unicode(&driver->extension.ServiceKeyName, name) ||
        !nt_unicode(&driver->hardware, "\\REGISTRY\\MACHINE\\HARDWARE\\DESCRIPTION\\SYSTEM"))
        return false;
    snprintf(text, sizeof(text), "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\%s",
             name);
    return nt_unicode(&driver->registry_path, registry_path ? registry_path : text);
}

PDRIVER_OBJECT
nt_driver_object_create(struct rt *rt, const char *name, const char *registry_path, void *owner)
{
    struct nt_driver *driver =
        nt_object_create(nt_of(rt), &nt_type_driver, sizeof(struct nt_driver));

    if (!driver)
        return NULL;
    driver->owner = owner;
    driver->object.Type = IO_TYPE_DRIVER;
    driver->object.Size = sizeof(DRIVER_OBJECT);
    driver->object.DriverExtension = &driver->extension;
    driver->object.HardwareDatabase = &driver->hardware;
    driver->extension.DriverObject = &driver->object;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->object.MajorFunction[i] = dispatch_invalid;
    if (!driver_names(driver, name, registry_path)) {
        ObfDereferenceObject(driver);
        return NULL;
    }
    return &driver->object;
}

void
nt_driver_object_destroy(struct rt *rt, PDRIVER_OBJECT object)
{
    if (!object)
        return;
    if (object->DeviceObject)
        finding_report(rt, RULE_Leak, 0, "a driver is unloaded with a device object left");
    ObfDereferenceObject(object);
}

PUNICODE_STRING
nt_driver_registry_path(PDRIVER_OBJECT object)
{
    return &((struct nt_driver *)object)->registry_path;
}

void *
nt_driver_owner(PDRIVER_OBJECT object)
{
    return nt_object_is(object, &nt_type_driver) ? ((struct nt_driver *)object)->owner : NULL;
}

/* ---- extensions per client ------------------------------------------------------------------- */

static struct client_extension *
client_find_locked(struct nt_driver *driver, PVOID client)
{
    for (struct client_extension *e = driver->clients; e; e = e->next) {
        if (e->client == client)
            return e;
    }
    return NULL;
}

NTSTATUS
IoAllocateDriverObjectExtension(PDRIVER_OBJECT object, PVOID client, ULONG bytes, PVOID *out)
{
    struct nt_driver *driver = (struct nt_driver *)object;
    struct client_extension *extension, *old;

    CONTRACT_ENTER(IoAllocateDriverObjectExtension);
    *out = NULL;
    if (rt_fault(rt_self()->rt) || !(extension = calloc(1, sizeof(*extension) + bytes)))
        return STATUS_INSUFFICIENT_RESOURCES;
    extension->client = client;
    rt_word_acquire(&driver->lock);
    old = client_find_locked(driver, client);
    if (!old) {
        extension->next = driver->clients;
        driver->clients = extension;
    }
    rt_word_release(&driver->lock);
    if (old) {
        free(extension);
        return STATUS_OBJECT_NAME_COLLISION;
    }
    *out = extension->data;
    return STATUS_SUCCESS;
}

PVOID
IoGetDriverObjectExtension(PDRIVER_OBJECT object, PVOID client)
{
    struct nt_driver *driver = (struct nt_driver *)object;
    struct client_extension *extension;

    CONTRACT_ENTER(IoGetDriverObjectExtension);
    rt_word_acquire(&driver->lock);
    extension = client_find_locked(driver, client);
    rt_word_release(&driver->lock);
    return extension ? extension->data : NULL;
}
