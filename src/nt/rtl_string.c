/*
 * Counted strings. What these allocate comes from the paged pool and goes back by
 * RtlFreeUnicodeString or RtlFreeAnsiString. ANSI is UTF-8 here, as on current Linux.
 * DDI: RtlInitUnicodeString, RtlCompareUnicodeString, RtlAnsiStringToUnicodeString.
 */
#include "nt_priv.h"

#define STRING_TAG ('S' | 't' << 8 | 'r' << 16 | 'g' << 24)

static size_t
wide_length(PCWSTR text)
{
    size_t units = 0;

    while (text[units])
        units++;
    return units;
}

VOID
RtlInitUnicodeString(PUNICODE_STRING string, PCWSTR text)
{
    size_t bytes = text ? wide_length(text) * sizeof(WCHAR) : 0;

    CONTRACT_ENTER(RtlInitUnicodeString);
    if (bytes > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR))
        bytes = UNICODE_STRING_MAX_BYTES - sizeof(WCHAR);
    string->Buffer = (PWCH)text;
    string->Length = (USHORT)bytes;
    string->MaximumLength = text ? (USHORT)(bytes + sizeof(WCHAR)) : 0;
}

static VOID
ansi_init(PSTRING string, PCSZ text)
{
    size_t bytes = text ? strlen(text) : 0;

    if (bytes > 65534)
        bytes = 65534;
    string->Buffer = (PCHAR)text;
    string->Length = (USHORT)bytes;
    string->MaximumLength = text ? (USHORT)(bytes + 1) : 0;
}

VOID
RtlInitAnsiString(PANSI_STRING string, PCSZ text)
{
    CONTRACT_ENTER(RtlInitAnsiString);
    ansi_init(string, text);
}

VOID
RtlInitString(PSTRING string, PCSZ text)
{
    CONTRACT_ENTER(RtlInitString);
    ansi_init(string, text);
}

VOID
RtlCopyUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from)
{
    size_t bytes = from ? from->Length : 0;

    CONTRACT_ENTER(RtlCopyUnicodeString);
    if (bytes > to->MaximumLength)
        bytes = to->MaximumLength;
    to->Length = (USHORT)bytes;
    if (!bytes)
        return;
    memmove(to->Buffer, from->Buffer, bytes);
    if (bytes + sizeof(WCHAR) <= to->MaximumLength)
        to->Buffer[bytes / sizeof(WCHAR)] = 0;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static LONG
unicode_compare(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN fold)
{
    size_t count = (a->Length < b->Length ? a->Length : b->Length) / sizeof(WCHAR);

    for (size_t i = 0; i < count; i++) {
        uint16_t x = (uint16_t)a->Buffer[i], y = (uint16_t)b->Buffer[i];
        if (fold)
            x = nt_upcase(x), y = nt_upcase(y);
        if (x != y)
            return (LONG)x - (LONG)y;
    }
    return (LONG)a->Length - (LONG)b->Length;
}

LONG
RtlCompareUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN fold)
{
    CONTRACT_ENTER(RtlCompareUnicodeString);
    return unicode_compare(a, b, fold);
}

BOOLEAN
RtlEqualUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN fold)
{
    CONTRACT_ENTER(RtlEqualUnicodeString);
    return a->Length == b->Length && unicode_compare(a, b, fold) == 0;
}

SIZE_T
RtlCompareMemory(const VOID *a, const VOID *b, SIZE_T length)
{
    const unsigned char *x = a, *y = b;
    SIZE_T same = 0;

    CONTRACT_ENTER(RtlCompareMemory);
    while (same < length && x[same] == y[same])
        same++;
    return same;
}

/* ---- appending ------------------------------------------------------------------------------- */

static NTSTATUS
unicode_append(PUNICODE_STRING to, const WCHAR *from, size_t bytes)
{
    if (bytes > (size_t)to->MaximumLength - to->Length)
        return STATUS_BUFFER_TOO_SMALL;
    memmove((char *)to->Buffer + to->Length, from, bytes);
    to->Length = (USHORT)(to->Length + bytes);
    if (to->Length + sizeof(WCHAR) <= to->MaximumLength)
        to->Buffer[to->Length / sizeof(WCHAR)] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS
RtlAppendUnicodeToString(PUNICODE_STRING to, PCWSTR text)
{
    CONTRACT_ENTER(RtlAppendUnicodeToString);
    return text ? unicode_append(to, text, wide_length(text) * sizeof(WCHAR)) : STATUS_SUCCESS;
}

NTSTATUS
RtlAppendUnicodeStringToString(PUNICODE_STRING to, PCUNICODE_STRING from)
{
    CONTRACT_ENTER(RtlAppendUnicodeStringToString);
    return from->Length ? unicode_append(to, from->Buffer, from->Length) : STATUS_SUCCESS;
}

/* ---- allocating ------------------------------------------------------------------------------ */

static bool
unicode_allocate(PUNICODE_STRING string, size_t bytes)
{
    if (bytes > UNICODE_STRING_MAX_BYTES)
        return false;
    string->Buffer = nt_pool_allocate(bytes, STRING_TAG, true, true);
    string->Length = 0;
    string->MaximumLength = string->Buffer ? (USHORT)bytes : 0;
    return string->Buffer;
}

BOOLEAN
RtlCreateUnicodeString(PUNICODE_STRING string, PCWSTR text)
{
    size_t bytes = wide_length(text) * sizeof(WCHAR);

    CONTRACT_ENTER(RtlCreateUnicodeString);
    if (!unicode_allocate(string, bytes + sizeof(WCHAR)))
        return FALSE;
    memcpy(string->Buffer, text, bytes);
    string->Length = (USHORT)bytes;
    return TRUE;
}

VOID
RtlFreeUnicodeString(PUNICODE_STRING string)
{
    CONTRACT_ENTER(RtlFreeUnicodeString);
    if (string->Buffer)
        nt_pool_free(string->Buffer, 0);
    memset(string, 0, sizeof(*string));
}

VOID
RtlFreeAnsiString(PANSI_STRING string)
{
    CONTRACT_ENTER(RtlFreeAnsiString);
    if (string->Buffer)
        nt_pool_free(string->Buffer, 0);
    memset(string, 0, sizeof(*string));
}

NTSTATUS
RtlUpcaseUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from, BOOLEAN allocate)
{
    CONTRACT_ENTER(RtlUpcaseUnicodeString);
    if (allocate) {
        if (!unicode_allocate(to, from->Length ? from->Length : sizeof(WCHAR)))
            return STATUS_NO_MEMORY;
    } else if (to->MaximumLength < from->Length) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (size_t i = 0; i < from->Length / sizeof(WCHAR); i++)
        to->Buffer[i] = (WCHAR)nt_upcase((uint16_t)from->Buffer[i]);
    to->Length = from->Length;
    return STATUS_SUCCESS;
}

/* ---- converting ------------------------------------------------------------------------------ */

NTSTATUS
RtlAnsiStringToUnicodeString(PUNICODE_STRING to, PCANSI_STRING from, BOOLEAN allocate)
{
    size_t units = nt_utf16_from_utf8(NULL, 0, from->Buffer, from->Length);
    size_t bytes = (units + 1) * sizeof(WCHAR);

    CONTRACT_ENTER(RtlAnsiStringToUnicodeString);
    if (bytes > UNICODE_STRING_MAX_BYTES)
        return STATUS_INVALID_PARAMETER_2;
    if (allocate) {
        if (!unicode_allocate(to, bytes))
            return STATUS_NO_MEMORY;
    } else if (to->MaximumLength < bytes) {
        return STATUS_BUFFER_OVERFLOW;
    }
    nt_utf16_from_utf8((uint16_t *)to->Buffer, units + 1, from->Buffer, from->Length);
    to->Length = (USHORT)(units * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

NTSTATUS
RtlUnicodeStringToAnsiString(PANSI_STRING to, PCUNICODE_STRING from, BOOLEAN allocate)
{
    size_t units = from->Length / sizeof(WCHAR);
    size_t bytes = nt_utf8_from_utf16(NULL, 0, (const uint16_t *)from->Buffer, units) + 1;

    CONTRACT_ENTER(RtlUnicodeStringToAnsiString);
    if (bytes > 65535)
        return STATUS_INVALID_PARAMETER_2;
    if (allocate) {
        to->Buffer = nt_pool_allocate(bytes, STRING_TAG, true, true);
        if (!to->Buffer)
            return STATUS_NO_MEMORY;
        to->MaximumLength = (USHORT)bytes;
    } else if (to->MaximumLength < bytes) {
        return STATUS_BUFFER_OVERFLOW;
    }
    nt_utf8_from_utf16(to->Buffer, bytes, (const uint16_t *)from->Buffer, units);
    to->Length = (USHORT)(bytes - 1);
    return STATUS_SUCCESS;
}

NTSTATUS
RtlUnicodeToUTF8N(PCHAR out, ULONG room, PULONG actual, PCWCH text, ULONG bytes)
{
    size_t units = bytes / sizeof(WCHAR), used = 0;
    size_t need = nt_utf8_from_utf16(NULL, 0, (const uint16_t *)text, units);
    char *copy;

    CONTRACT_ENTER(RtlUnicodeToUTF8N);
    if (!out) {
        *actual = (ULONG)need;
        return STATUS_SUCCESS;
    }
    /* The answer has no terminator, ours has: convert aside. */
    copy = nt_pool_allocate(need + 1, STRING_TAG, false, false);
    if (!copy)
        return STATUS_NO_MEMORY;
    nt_utf8_from_utf16(copy, need + 1, (const uint16_t *)text, units);
    used = need < room ? need : room;
    while (used < need && used && (copy[used] & 0xC0) == 0x80)
        used--; /* no half characters */
    memcpy(out, copy, used);
    nt_pool_free(copy, 0);
    if (actual)
        *actual = (ULONG)used;
    return used < need ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}
