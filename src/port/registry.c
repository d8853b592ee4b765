/* The registry as the port and miniports use it. DDI: StorPortRegistryRead, StorPortRegistryWrite,
 * StorPortAllocateRegistryBuffer, registry-entries-for-storport-miniport-drivers. */
#include "port_priv.h"

#include "rt_registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGISTRY_BUFFER_MAX 65536u

void
adapter_key(const struct adapter *adapter, bool own, char *out, size_t bytes)
{
    if (own)
        snprintf(out, bytes, "Services\\%s\\Parameters\\Device%u", adapter->driver->name,
                 adapter->number);
    else
        snprintf(out, bytes, "Services\\%s\\Parameters\\Device", adapter->driver->name);
}

uint32_t
port_registry_number(struct adapter *adapter, const char *key, const char *name, uint32_t fallback)
{
    uint8_t data[64];
    char text[32];
    size_t length = sizeof(data);
    uint32_t type;

    if (rt_registry_get(adapter->rt, key, name, &type, data, &length))
        return fallback;
    if (type == REG_DWORD && length >= 4) {
        uint32_t value;
        memcpy(&value, data, 4);
        return value;
    }
    if (type == REG_SZ) {
        nt_utf8_from_utf16(text, sizeof(text), (const uint16_t *)(const void *)data, length / 2);
        return (uint32_t)strtoul(text, NULL, 0);
    }
    return fallback;
}

/* R18.2: one buffer per adapter at a time. */
PUCHAR
StorPortAllocateRegistryBuffer(PVOID HwDeviceExtension, PULONG Length)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortAllocateRegistryBuffer, HwDeviceExtension);

    if (!adapter || !Length)
        return NULL;
    if (adapter->registry_buffer || !*Length || *Length > REGISTRY_BUFFER_MAX) {
        *Length = 0;
        return NULL;
    }
    adapter->registry_buffer = rt_alloc_zero(adapter->rt, *Length);
    if (!adapter->registry_buffer) {
        *Length = 0;
        return NULL;
    }
    adapter->registry_bytes = *Length;
    return adapter->registry_buffer;
}

VOID
StorPortFreeRegistryBuffer(PVOID HwDeviceExtension, PUCHAR Buffer)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortFreeRegistryBuffer, HwDeviceExtension);

    if (!adapter)
        return;
    if (!Buffer || Buffer != adapter->registry_buffer) {
        finding_report(
            adapter->rt, RULE_BadArgument, 0,
            "StorPortFreeRegistryBuffer got what StorPortAllocateRegistryBuffer never gave");
        return;
    }
    rt_free(adapter->rt, adapter->registry_buffer);
    adapter->registry_buffer = NULL;
}

static bool
is_text(ULONG type)
{
    return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ;
}

#define SMALL_BYTES 1024u

/* The value, in `small` or on the heap. A value of usual size needs no memory that could be short,
 * since a miniport could not tell that from a value that is not there. */
static uint8_t *
value_get(struct adapter *adapter, const char *key, const char *name, uint8_t small[SMALL_BYTES],
          uint32_t *type, size_t *length)
{
    uint8_t *data;
    int status;

    *length = SMALL_BYTES;
    status = rt_registry_get(adapter->rt, key, name, type, small, length);
    if (status != -ENOSPC)
        return status ? NULL : small;
    *length = REGISTRY_BUFFER_MAX;
    data = rt_alloc(adapter->rt, *length);
    if (data && !rt_registry_get(adapter->rt, key, name, type, data, length))
        return data;
    rt_free(adapter->rt, data);
    return NULL;
}

/* R18.1, R18.2. */
BOOLEAN
StorPortRegistryRead(PVOID HwDeviceExtension, PUCHAR ValueName, ULONG Global, ULONG Type,
                     PUCHAR Buffer, PULONG BufferLength)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortRegistryRead, HwDeviceExtension);
    char key[160];
    uint8_t small[SMALL_BYTES], *data;
    size_t length, need;
    uint32_t type;
    BOOLEAN good = FALSE;

    if (!adapter || !ValueName || !Buffer || !BufferLength)
        return FALSE;
    adapter_key(adapter, !Global, key, sizeof(key));
    data = value_get(adapter, key, (const char *)ValueName, small, &type, &length);
    if (!data || (type != Type && !(is_text(type) && is_text(Type)))) {
        *BufferLength = 0;
        if (data != small)
            rt_free(adapter->rt, data);
        return FALSE;
    }
    /* Text is kept as UTF-16 and handed over as single bytes. */
    need = is_text(type) ? length / 2 : length;
    if (need > *BufferLength) {
        *BufferLength = (ULONG)need;
    } else {
        if (is_text(type)) {
            for (size_t i = 0; i < need; i++)
                Buffer[i] = data[2 * i + 1] ? '?' : data[2 * i];
        } else {
            memcpy(Buffer, data, length);
        }
        *BufferLength = (ULONG)need;
        good = TRUE;
    }
    if (data != small)
        rt_free(adapter->rt, data);
    return good;
}

BOOLEAN
StorPortRegistryWrite(PVOID HwDeviceExtension, PUCHAR ValueName, ULONG Global, ULONG Type,
                      PUCHAR Buffer, ULONG BufferLength)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortRegistryWrite, HwDeviceExtension);
    const uint8_t *from = Buffer;
    char key[160];
    uint8_t *data;
    int status;

    if (!adapter || !ValueName || (!Buffer && BufferLength) || BufferLength > REGISTRY_BUFFER_MAX)
        return FALSE;
    adapter_key(adapter, !Global, key, sizeof(key));
    if (!is_text(Type))
        return !rt_registry_set(adapter->rt, key, (const char *)ValueName, Type, Buffer,
                                BufferLength);
    data = rt_alloc_zero(adapter->rt, BufferLength * 2 + 2);
    if (!data)
        return FALSE;
    for (ULONG i = 0; i < BufferLength; i++)
        data[2 * i] = from[i];
    status =
        rt_registry_set(adapter->rt, key, (const char *)ValueName, Type, data, BufferLength * 2);
    rt_free(adapter->rt, data);
    return !status;
}
