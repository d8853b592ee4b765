/*
 * Registry keys beyond Parameters\Device: the adapter's hardware key, the driver's service key, and
 * any value by its absolute path. The values themselves are the registry provider's
 * (rt_registry.h). DDI: StorPortRegistryReadAdapterKey, StorPortRegistryWriteAdapterKey; R18.3.
 */
#include "routines.h"

#include "rt_registry.h"

#include <stdio.h>
#include <string.h>

#define VALUE_MAX 65536u
#define KEY_MAX 400

static bool
is_text(ULONG type)
{
    return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ || type == REG_LINK;
}

/* Adapters are root-enumerated: "Enum\ROOT\<driver>\<number>\Device Parameters[\sub key]". */
static bool
hardware_key(const struct adapter *adapter, const UCHAR *sub, char *out)
{
    int length =
        snprintf(out, KEY_MAX, "Enum\\ROOT\\%s\\%04u\\Device Parameters%s%s", adapter->driver->name,
                 adapter->number, sub && *sub ? "\\" : "", sub ? (const char *)sub : "");

    return length > 0 && length < KEY_MAX;
}

/* Text is kept as UTF-16 and handed over as NUL-terminated single bytes. */
static size_t
text_narrow(uint8_t *data, size_t length)
{
    size_t units = length / 2;

    for (size_t i = 0; i < units; i++)
        data[i] = data[2 * i + 1] ? '?' : data[2 * i];
    if (!units || data[units - 1])
        data[units++] = 0;
    return units;
}

/* Into the caller's buffer; what it would need in *length when that is too small. */
static ULONG
value_read(struct adapter *adapter, const char *key, const char *name, ULONG type, PVOID buffer,
           PULONG room)
{
    size_t length = VALUE_MAX;
    ULONG status = STOR_STATUS_SUCCESS;
    uint8_t *data = rt_alloc(adapter->rt, length + 2);
    uint32_t kept;

    if (!data)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    if (rt_registry_get(adapter->rt, key, name, &kept, data, &length) ||
        (kept != type && !(is_text(kept) && is_text(type)))) {
        rt_free(adapter->rt, data);
        return STOR_STATUS_UNSUCCESSFUL;
    }
    if (is_text(kept))
        length = text_narrow(data, length);
    if (!buffer || length > *room)
        status = STOR_STATUS_BUFFER_TOO_SMALL;
    else
        memcpy(buffer, data, length);
    *room = (ULONG)length;
    rt_free(adapter->rt, data);
    return status;
}

ULONG
ext_read_adapter_key(struct adapter *adapter, va_list args, void *caller)
{
    PUCHAR sub = va_arg(args, PUCHAR), name = va_arg(args, PUCHAR);
    ULONG type = va_arg(args, ULONG);
    PVOID *buffer = va_arg(args, PVOID *);
    PULONG room = va_arg(args, PULONG);
    char key[KEY_MAX];

    (void)caller;
    if (!name || !buffer || !room || !hardware_key(adapter, sub, key))
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > RT_IRQL_PASSIVE)
        return STOR_STATUS_INVALID_IRQL;
    return value_read(adapter, key, (const char *)name, type, *buffer, room);
}

static ULONG
text_write(struct adapter *adapter, const char *key, const char *name, ULONG type,
           const uint8_t *text, ULONG length)
{
    uint8_t *wide = rt_alloc_zero(adapter->rt, (length + 1) * 2);
    int status;

    if (!wide)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < length; i++)
        wide[2 * i] = text[i];
    if (!length || text[length - 1])
        length++;
    status = rt_registry_set(adapter->rt, key, name, type, wide, (size_t)length * 2);
    rt_free(adapter->rt, wide);
    return status ? STOR_STATUS_UNSUCCESSFUL : STOR_STATUS_SUCCESS;
}

ULONG
ext_write_adapter_key(struct adapter *adapter, va_list args, void *caller)
{
    PUCHAR sub = va_arg(args, PUCHAR), name = va_arg(args, PUCHAR);
    ULONG type = va_arg(args, ULONG);
    PVOID data = va_arg(args, PVOID);
    ULONG length = va_arg(args, ULONG);
    char key[KEY_MAX];

    (void)caller;
    if (!name || (!data && length) || length > VALUE_MAX || !hardware_key(adapter, sub, key))
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > RT_IRQL_PASSIVE)
        return STOR_STATUS_INVALID_IRQL;
    if (is_text(type))
        return text_write(adapter, key, (const char *)name, type, data, length);
    return rt_registry_set(adapter->rt, key, (const char *)name, type, data, length)
               ? STOR_STATUS_UNSUCCESSFUL
               : STOR_STATUS_SUCCESS;
}

/* ---- by absolute path ---- */

/* The provider's keys are relative to the control set; NULL for one that lies elsewhere. */
static const char *
relative_key(const char *path)
{
    static const char root[] = "\\REGISTRY\\MACHINE\\SYSTEM\\CURRENTCONTROLSET\\";

    for (size_t i = 0; i < sizeof(root) - 1; i++) {
        if (nt_upcase((uint8_t)path[i]) != (uint8_t)root[i])
            return NULL;
    }
    return path + sizeof(root) - 1;
}

static bool
narrow(char *out, size_t bytes, const WCHAR *text)
{
    return nt_utf8_from_utf16(out, bytes, (const uint16_t *)(const void *)text,
                              log_wide_length(text, bytes)) < bytes;
}

/* Only REG_DWORD is supported: the routine's index entry says so. */
ULONG
ext_read_registry_key(struct adapter *adapter, va_list args, void *caller)
{
    PWSTR path = va_arg(args, PWSTR), name = va_arg(args, PWSTR);
    ULONG type = va_arg(args, ULONG);
    PVOID *buffer = va_arg(args, PVOID *);
    PULONG room = va_arg(args, PULONG);
    char key[KEY_MAX], value[200];

    (void)caller;
    if (!path || !name || !buffer || !room || type != REG_DWORD ||
        !narrow(key, sizeof(key), path) || !narrow(value, sizeof(value), name))
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > RT_IRQL_PASSIVE)
        return STOR_STATUS_INVALID_IRQL;
    if (!relative_key(key))
        return STOR_STATUS_UNSUCCESSFUL;
    return value_read(adapter, relative_key(key), value, type, *buffer, room);
}

/* ---- the driver's service key, also before StorPortInitialize ---- */

static struct driver *
driver_of(const void *object)
{
    struct port *port = rt_self() ? port_of(rt_self()->rt) : NULL;
    struct driver *driver;

    if (!port || !object)
        return NULL;
    if (port->loading && port->loading->object == object)
        return port->loading;
    for (driver = port->drivers; driver && driver->object != object;)
        driver = driver->next;
    return driver;
}

BOOLEAN
StorPortReadDriverRegistry(PVOID DriverObject, PUCHAR ValueName, PULONG ValueDataLength,
                           PVOID ValueData)
{
    struct driver *driver;
    char key[KEY_MAX];
    uint32_t type;
    size_t length;
    int status;

    CONTRACT_ENTER(StorPortReadDriverRegistry);
    driver = driver_of(DriverObject);
    if (!driver || !ValueName || !ValueDataLength || (*ValueDataLength && !ValueData))
        return FALSE;
    snprintf(key, sizeof(key), "Services\\%s", driver->name);
    length = *ValueDataLength;
    status =
        rt_registry_get(driver->port->rt, key, (const char *)ValueName, &type, ValueData, &length);
    *ValueDataLength = status && length <= *ValueDataLength ? 0 : (ULONG)length;
    return !status;
}
