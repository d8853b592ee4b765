/*
 * RtlQueryRegistryValues and its sisters: a table of questions to the registry, answered by calling
 * the driver's routine or by storing directly.
 * DDI: RtlQueryRegistryValues, RTL_QUERY_REGISTRY_TABLE.
 */
#include "zw_registry.h"
#include "rt_registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static char *
wide_text(PCWSTR text)
{
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, text);
    return nt_text(&string);
}

/* The key that RelativeTo and Path name; heap. */
static char *
query_path(ULONG relative, PCWSTR path, NTSTATUS *status)
{
    static const char *const roots[] = {"", "Services", "Control",
                                        "Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
                                        "Machine\\Hardware\\DeviceMap"};
    char *name = NULL, *out = NULL;

    *status = STATUS_SUCCESS;
    if (relative & RTL_REGISTRY_HANDLE)
        return nt_key_path((HANDLE)path, status);
    relative &= ~RTL_REGISTRY_OPTIONAL;
    if (relative >= RTL_NUMBER_OF(roots)) {
        *status = STATUS_INVALID_PARAMETER;
        return NULL;
    }
    name = path ? wide_text(path) : nt_text_copy("");
    if (name && relative == RTL_REGISTRY_ABSOLUTE) {
        out = nt_registry_path(name);
    } else if (name) {
        out = malloc(strlen(roots[relative]) + strlen(name) + 2);
        if (out)
            sprintf(out, "%s%s%s", roots[relative], *name && *name != '\\' ? "\\" : "", name);
    }
    free(name);
    if (!out)
        *status = STATUS_INSUFFICIENT_RESOURCES;
    return out;
}

/* ---- delivering ------------------------------------------------------------------------------ */

static bool
string_type(ULONG type)
{
    return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ;
}

static NTSTATUS
direct_string(PUNICODE_STRING out, const void *data, size_t length)
{
    size_t text = length;

    while (text >= sizeof(WCHAR) && !((const uint16_t *)data)[text / sizeof(WCHAR) - 1])
        text -= sizeof(WCHAR); /* counted strings have no terminator */
    if (text + sizeof(WCHAR) > UNICODE_STRING_MAX_BYTES)
        return STATUS_BUFFER_TOO_SMALL;
    if (!out->Buffer) {
        out->Buffer = nt_pool_allocate(text + sizeof(WCHAR), 'R' | 'q' << 8 | 'r' << 16 | 'v' << 24,
                                       true, true);
        if (!out->Buffer)
            return STATUS_NO_MEMORY;
        out->MaximumLength = (USHORT)(text + sizeof(WCHAR));
    } else if (out->MaximumLength < text + sizeof(WCHAR)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy(out->Buffer, data, text);
    out->Buffer[text / sizeof(WCHAR)] = 0;
    out->Length = (USHORT)text;
    return STATUS_SUCCESS;
}

/* DDI: more than a ULONG goes into a buffer whose first LONG says its size; negative: data only. */
static NTSTATUS
direct_binary(void *context, ULONG type, const void *data, size_t length)
{
    LONG size;

    if (length <= sizeof(ULONG)) {
        memcpy(context, data, length);
        return STATUS_SUCCESS;
    }
    memcpy(&size, context, sizeof(size));
    if (size < 0) {
        if ((size_t)0 - (size_t)(LONGLONG)size < length)
            return STATUS_BUFFER_TOO_SMALL;
        memcpy(context, data, length);
        return STATUS_SUCCESS;
    }
    if ((size_t)size < length + 2 * sizeof(ULONG))
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(context, &(ULONG){(ULONG)length}, sizeof(ULONG));
    memcpy((char *)context + sizeof(ULONG), &type, sizeof(ULONG));
    memcpy((char *)context + 2 * sizeof(ULONG), data, length);
    return STATUS_SUCCESS;
}

static NTSTATUS
deliver_strings(PRTL_QUERY_REGISTRY_TABLE entry, PWSTR name, PVOID data, size_t length,
                PVOID context)
{
    PWSTR at = data, end = (PWSTR)((char *)data + length);
    NTSTATUS status = STATUS_SUCCESS;

    while (NT_SUCCESS(status) && at < end && *at) {
        PWSTR next = at;
        while (next < end && *next)
            next++;
        if (next < end)
            next++;
        status = entry->QueryRoutine(name, REG_SZ, at, (ULONG)((char *)next - (char *)at), context,
                                     entry->EntryContext);
        at = next;
    }
    return status;
}

static NTSTATUS
deliver(PRTL_QUERY_REGISTRY_TABLE entry, PWSTR name, ULONG type, PVOID data, size_t length,
        PVOID context)
{
    NTSTATUS status;

    if (entry->Flags & RTL_QUERY_REGISTRY_DIRECT) {
        if (entry->Flags & RTL_QUERY_REGISTRY_TYPECHECK &&
            entry->DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT != type)
            return STATUS_OBJECT_TYPE_MISMATCH;
        return string_type(type) ? direct_string(entry->EntryContext, data, length)
                                 : direct_binary(entry->EntryContext, type, data, length);
    }
    if (type == REG_MULTI_SZ && !(entry->Flags & RTL_QUERY_REGISTRY_NOEXPAND))
        return deliver_strings(entry, name, data, length, context);
    if (type == REG_EXPAND_SZ && !(entry->Flags & RTL_QUERY_REGISTRY_NOEXPAND))
        type = REG_SZ; /* the kernel has no environment to expand from */
    status = entry->QueryRoutine(name, type, data, (ULONG)length, context, entry->EntryContext);
    return status == STATUS_BUFFER_TOO_SMALL ? STATUS_SUCCESS : status;
}

/* ---- the table ------------------------------------------------------------------------------- */

static NTSTATUS
query_default(PRTL_QUERY_REGISTRY_TABLE entry, PVOID context)
{
    ULONG type = entry->DefaultType & 0xFFFFFF;
    size_t length = entry->DefaultLength;

    if (entry->Flags & RTL_QUERY_REGISTRY_REQUIRED)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (type == REG_NONE || !entry->DefaultData)
        return STATUS_SUCCESS;
    if (!length && string_type(type)) { /* DDI: a string's length may be left out */
        const uint16_t *text = entry->DefaultData;
        do {
            length += sizeof(WCHAR);
        } while (text[length / sizeof(WCHAR) - 1] ||
                 (type == REG_MULTI_SZ && text[length / sizeof(WCHAR)]));
        if (type == REG_MULTI_SZ)
            length += sizeof(WCHAR);
    }
    return deliver(entry, entry->Name, type, entry->DefaultData, length, context);
}

static NTSTATUS
query_value(PRTL_QUERY_REGISTRY_TABLE entry, const char *path, const char *name, PVOID context)
{
    UNICODE_STRING wide;
    NTSTATUS status;
    size_t length;
    void *data;
    ULONG type;

    status = nt_registry_value(path, name, &type, &data, &length);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND)
        return query_default(entry, context);
    if (!NT_SUCCESS(status))
        return status;
    if (nt_unicode(&wide, name)) {
        status = deliver(entry, wide.Buffer, type, data, length, context);
        free(wide.Buffer);
    } else {
        status = STATUS_NO_MEMORY;
    }
    if (NT_SUCCESS(status) && entry->Flags & RTL_QUERY_REGISTRY_DELETE)
        rt_registry_erase(rt_self()->rt, path, name);
    free(data);
    return status;
}

/* Every value of the key. */
static NTSTATUS
query_all(PRTL_QUERY_REGISTRY_TABLE entry, const char *path, PVOID context)
{
    NTSTATUS status = STATUS_SUCCESS;
    unsigned index = 0;
    char name[256];
    int error;

    while (NT_SUCCESS(status) &&
           !(error = nt_registry_list(nt_self(), path, false, index, name, sizeof(name)))) {
        status = query_value(entry, path, name, context);
        if (!(entry->Flags & RTL_QUERY_REGISTRY_DELETE))
            index++;
    }
    if (NT_SUCCESS(status) && error == -ENOSYS)
        return STATUS_NOT_SUPPORTED;
    if (NT_SUCCESS(status) && !index && entry->Flags & RTL_QUERY_REGISTRY_REQUIRED)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return status;
}

static NTSTATUS
query_entry(PRTL_QUERY_REGISTRY_TABLE entry, const char *top, char **current, PVOID context)
{
    char *name = entry->Name ? wide_text(entry->Name) : NULL;
    NTSTATUS status = STATUS_SUCCESS;

    if (entry->Name && !name)
        return STATUS_NO_MEMORY;
    if (entry->Flags & (RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_SUBKEY)) {
        free(*current);
        *current = NULL;
    }
    if (entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) {
        *current = name ? malloc(strlen(top) + strlen(name) + 2) : NULL;
        if (*current)
            sprintf(*current, "%s\\%s", top, name);
        status = !name ? STATUS_INVALID_PARAMETER : *current ? STATUS_SUCCESS : STATUS_NO_MEMORY;
        if (NT_SUCCESS(status) && entry->QueryRoutine)
            status = query_all(entry, *current, context);
    } else if (entry->Flags & RTL_QUERY_REGISTRY_NOVALUE) {
        status = entry->QueryRoutine(entry->Name, REG_NONE, NULL, 0, context, entry->EntryContext);
    } else if (entry->Flags & RTL_QUERY_REGISTRY_DIRECT && (!name || entry->QueryRoutine)) {
        status = STATUS_INVALID_PARAMETER; /* DDI: DIRECT has a name and no routine */
    } else if (name) {
        status = query_value(entry, *current ? *current : top, name, context);
    } else if (entry->QueryRoutine) {
        status = query_all(entry, *current ? *current : top, context);
    }
    free(name);
    return status;
}

NTSTATUS
RtlQueryRegistryValues(ULONG relative, PCWSTR path, PRTL_QUERY_REGISTRY_TABLE table, PVOID context,
                       PVOID environment)
{
    char *top, *current = NULL;
    NTSTATUS status;

    CONTRACT_ENTER(RtlQueryRegistryValues);
    (void)environment;
    top = query_path(relative, path, &status);
    for (; NT_SUCCESS(status) &&
           (table->QueryRoutine ||
            table->Flags & (RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_DIRECT));
         table++)
        status = query_entry(table, top, &current, context);
    free(current);
    free(top);
    return status;
}

NTSTATUS
RtlWriteRegistryValue(ULONG relative, PCWSTR path, PCWSTR name, ULONG type, PVOID data,
                      ULONG length)
{
    NTSTATUS status;
    char *key, *text;

    CONTRACT_ENTER(RtlWriteRegistryValue);
    key = query_path(relative, path, &status);
    if (!key)
        return status;
    text = name ? wide_text(name) : nt_text_copy("");
    status =
        text ? nt_status_from_errno(rt_registry_set(rt_self()->rt, key, text, type, data, length))
             : STATUS_NO_MEMORY;
    free(text);
    free(key);
    return status;
}

NTSTATUS
RtlDeleteRegistryValue(ULONG relative, PCWSTR path, PCWSTR name)
{
    NTSTATUS status;
    char *key, *text;

    CONTRACT_ENTER(RtlDeleteRegistryValue);
    key = query_path(relative, path, &status);
    if (!key)
        return status;
    text = name ? wide_text(name) : nt_text_copy("");
    status =
        text ? nt_status_from_errno(rt_registry_erase(rt_self()->rt, key, text)) : STATUS_NO_MEMORY;
    free(text);
    free(key);
    return status;
}
