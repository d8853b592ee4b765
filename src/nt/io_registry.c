/*
 * Registry keys and properties of devices. A device is known by its instance path: its hardware key
 * is Enum\<instance>, and most properties are values there.
 * DDI: IoOpenDeviceRegistryKey, IoGetDeviceProperty.
 */
#include "zw_registry.h"

#include <stdio.h>
#include <stdlib.h>

/* GUID_DEVCLASS_SCSIADAPTER: where the software keys of storage adapters are. */
#define CLASS_KEY "Control\\Class\\{4d36e97b-e325-11ce-bfc1-08002be10318}\\0000"

NTSTATUS
IoOpenDeviceRegistryKey(PDEVICE_OBJECT device, ULONG kind, ACCESS_MASK access, PHANDLE handle)
{
    const char *instance;
    char path[512];
    void *data;
    size_t length;
    ULONG type;

    CONTRACT_ENTER(IoOpenDeviceRegistryKey);
    (void)access;
    instance = nt_device_instance(device);
    if (!instance)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (kind & PLUGPLAY_REGKEY_DEVICE) {
        snprintf(path, sizeof(path), "Enum\\%s\\Device Parameters", instance);
        return nt_key_open(path, true, handle);
    }
    if (!(kind & PLUGPLAY_REGKEY_DRIVER))
        return STATUS_INVALID_PARAMETER;
    /* The value Driver of the hardware key says which software key. */
    snprintf(path, sizeof(path), "Enum\\%s", instance);
    if (NT_SUCCESS(nt_registry_value(path, "Driver", &type, &data, &length))) {
        char name[256];

        nt_utf8_from_utf16(name, sizeof(name), data, length / sizeof(WCHAR));
        snprintf(path, sizeof(path), "Control\\Class\\%s", name);
        free(data);
    } else {
        snprintf(path, sizeof(path), "%s", CLASS_KEY);
    }
    return nt_key_open(path, true, handle);
}

/* The value of the hardware key that holds a property, or NULL. */
static const char *
property_value(DEVICE_REGISTRY_PROPERTY property)
{
    switch (property) {
    case DevicePropertyDeviceDescription:
        return "DeviceDesc";
    case DevicePropertyHardwareID:
        return "HardwareID";
    case DevicePropertyCompatibleIDs:
        return "CompatibleIDs";
    case DevicePropertyClassName:
        return "Class";
    case DevicePropertyClassGuid:
        return "ClassGUID";
    case DevicePropertyDriverKeyName:
        return "Driver";
    case DevicePropertyManufacturer:
        return "Mfg";
    case DevicePropertyFriendlyName:
        return "FriendlyName";
    case DevicePropertyLocationInformation:
        return "LocationInformation";
    case DevicePropertyBusNumber:
        return "BusNumber";
    case DevicePropertyAddress:
        return "Address";
    case DevicePropertyUINumber:
        return "UINumber";
    default:
        return NULL;
    }
}

/* A text as a property's wide string with its terminator; heap. */
static void *
property_text(const char *text, size_t *length)
{
    UNICODE_STRING string;

    if (!nt_unicode(&string, text))
        return NULL;
    *length = string.MaximumLength;
    return string.Buffer;
}

static NTSTATUS
property_data(PDEVICE_OBJECT device, DEVICE_REGISTRY_PROPERTY property, void **data, size_t *length)
{
    const char *instance = nt_device_instance(device), *value = property_value(property);
    char text[512];
    ULONG type;

    if (property == DevicePropertyPhysicalDeviceObjectName) {
        if (!nt_names_of_device(nt_self(), device, text, sizeof(text)))
            text[0] = 0; /* DDI: an unnamed device answers an empty string */
        *data = property_text(text, length);
        return *data ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!instance)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (property == DevicePropertyEnumeratorName) {
        snprintf(text, sizeof(text), "%.*s", (int)strcspn(instance, "\\"), instance);
        *data = property_text(text, length);
        return *data ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!value)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    snprintf(text, sizeof(text), "Enum\\%s", instance);
    return nt_registry_value(text, value, &type, data, length);
}

NTSTATUS
IoGetDeviceProperty(PDEVICE_OBJECT device, DEVICE_REGISTRY_PROPERTY property, ULONG room, PVOID out,
                    PULONG needed)
{
    NTSTATUS status;
    size_t length;
    void *data;

    CONTRACT_ENTER(IoGetDeviceProperty);
    status = property_data(device, property, &data, &length);
    if (!NT_SUCCESS(status))
        return status;
    *needed = (ULONG)length;
    if (room < length)
        status = STATUS_BUFFER_TOO_SMALL;
    else
        memcpy(out, data, length);
    free(data);
    return status;
}
