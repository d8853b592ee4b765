/*
 * Parameters as drivers read them: StorPortRegistryRead under the adapter's own key, then under the
 * one for all adapters. Says what is wrong with a value; decides nothing else.
 */
#include "disk_adapter.h"

VOID
disk_registry_open(struct disk_registry *registry, PVOID adapter, const char *driver)
{
    registry->adapter = adapter;
    registry->driver = driver;
    registry->length = DISK_TEXT_BYTES;
    registry->buffer = StorPortAllocateRegistryBuffer(adapter, &registry->length);
}

VOID
disk_registry_close(struct disk_registry *registry)
{
    if (registry->buffer != NULL)
        StorPortFreeRegistryBuffer(registry->adapter, registry->buffer);
    registry->buffer = NULL;
}

/* 0: absent or of another type; else the length of what is in the buffer. */
static ULONG
registry_read(struct disk_registry *registry, const char *name, ULONG type)
{
    ULONG global;

    if (registry->buffer == NULL)
        return 0;
    for (global = 0; global < 2; global++) {
        ULONG length = registry->length;
        RtlZeroMemory(registry->buffer, registry->length);
        if (StorPortRegistryRead(registry->adapter, (PUCHAR)name, global, type, registry->buffer,
                                 &length))
            return length;
    }
    return 0;
}

BOOLEAN
disk_registry_text(struct disk_registry *registry, const char *name, char *text, ULONG size)
{
    ULONG length = registry_read(registry, name, MINIPORT_REG_SZ);
    ULONG i;

    if (length == 0)
        return FALSE;
    for (i = 0; i < length && i + 1 < size && registry->buffer[i] != 0; i++)
        text[i] = (char)registry->buffer[i];
    text[i] = 0;
    return TRUE;
}

static BOOLEAN
text_equals(const char *a, const char *b)
{
    while (*a && ((*a | 0x20) == *b)) {
        a++;
        b++;
    }
    return *a == 0 && *b == 0;
}

static ULONG
suffix_shift(char suffix)
{
    switch (suffix | 0x20) {
    case 'k':
        return 10;
    case 'm':
        return 20;
    case 'g':
        return 30;
    case 't':
        return 40;
    default:
        return 0;
    }
}

/* "4096", "64M", "0x200", "true". */
static BOOLEAN
number_parse(const char *text, ULONGLONG *value)
{
    ULONG base = 10, shift;
    ULONGLONG number = 0;

    if (text_equals(text, "true") || text_equals(text, "yes") || text_equals(text, "on")) {
        *value = 1;
        return TRUE;
    }
    if (text_equals(text, "false") || text_equals(text, "no") || text_equals(text, "off")) {
        *value = 0;
        return TRUE;
    }
    if (text[0] == '0' && (text[1] | 0x20) == 'x') {
        base = 16;
        text += 2;
    }
    if (*text == 0)
        return FALSE;
    for (; *text; text++) {
        ULONG digit = 99;
        if (*text >= '0' && *text <= '9')
            digit = (ULONG)(*text - '0');
        else if ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'f')
            digit = (ULONG)((*text | 0x20) - 'a' + 10);
        if (digit >= base)
            break;
        if (number > (0xffffffffffffffffull - digit) / base)
            return FALSE;
        number = number * base + digit;
    }
    shift = suffix_shift(*text);
    if (shift != 0)
        text++;
    if (*text != 0 || (number << shift) >> shift != number)
        return FALSE;
    *value = number << shift;
    return TRUE;
}

BOOLEAN
disk_registry_number(struct disk_registry *registry, const char *name, ULONGLONG min, ULONGLONG max,
                     ULONGLONG *value)
{
    char text[64];
    ULONGLONG number = 0;

    if (disk_registry_text(registry, name, text, sizeof(text))) {
        if (!number_parse(text, &number)) {
            StorPortDebugPrint(0, "%s: %s=%s is not a number (64, 4K, 64M, 1G, true)\n",
                               registry->driver, name, text);
            return FALSE;
        }
    } else if (registry_read(registry, name, MINIPORT_REG_DWORD) >= sizeof(ULONG)) {
        number = *(ULONG *)registry->buffer;
    } else {
        return TRUE;
    }
    if (number < min || number > max) {
        StorPortDebugPrint(0, "%s: %s=%llu is outside %llu to %llu\n", registry->driver, name,
                           number, min, max);
        return FALSE;
    }
    *value = number;
    return TRUE;
}

BOOLEAN
disk_registry_ulong(struct disk_registry *registry, const char *name, ULONG min, ULONG max,
                    ULONG *value)
{
    ULONGLONG number = *value;
    BOOLEAN good = disk_registry_number(registry, name, min, max, &number);

    *value = (ULONG)number;
    return good;
}

static BOOLEAN
is_power_of_two(ULONG value)
{
    return (value & (value - 1)) == 0;
}

BOOLEAN
disk_parameters_read(struct disk_parameters *p, struct disk_registry *registry)
{
    ULONGLONG size_mb = 0;
    BOOLEAN good;

    good = disk_registry_number(registry, "SizeMB", 1, 1ull << 40, &size_mb);
    if (size_mb != 0)
        p->size_bytes = size_mb << 20;
    good &= disk_registry_number(registry, "Size", 4096, 1ull << 60, &p->size_bytes);
    good &= disk_registry_ulong(registry, "BlockSize", 512, 4096, &p->block_bytes);
    if (p->physical_bytes < p->block_bytes)
        p->physical_bytes = p->block_bytes;
    good &= disk_registry_ulong(registry, "PhysicalBlockSize", 512, 65536, &p->physical_bytes);
    good &= disk_registry_ulong(registry, "Targets", 1, 128, &p->targets);
    good &= disk_registry_ulong(registry, "Luns", 1, 255, &p->luns);
    good &= disk_registry_ulong(registry, "QueueDepth", 1, 4096, &p->queue_depth);
    good &=
        disk_registry_ulong(registry, "MaximumTransferLength", 4096, 16u << 20, &p->transfer_bytes);
    good &= disk_registry_ulong(registry, "ReadOnly", 0, 1, &p->read_only);
    good &= disk_registry_ulong(registry, "WriteCache", 0, 1, &p->write_cache);
    good &= disk_registry_ulong(registry, "Rotational", 0, 1, &p->rotational);
    disk_registry_text(registry, "SerialNumber", p->serial, sizeof(p->serial));
    if (!is_power_of_two(p->block_bytes) || !is_power_of_two(p->physical_bytes) ||
        p->physical_bytes < p->block_bytes) {
        StorPortDebugPrint(0,
                           "%s: BlockSize and PhysicalBlockSize must be powers of two, "
                           "the second not the smaller\n",
                           registry->driver);
        good = FALSE;
    }
    return good;
}
