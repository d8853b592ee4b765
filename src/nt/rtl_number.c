/*
 * Numbers, GUIDs, times, bit maps and the version of the system, as the run-time library has them.
 * DDI: RtlUnicodeStringToInteger, RtlIntegerToUnicodeString, RtlStringFromGUID, RtlFindClearBits.
 */
#include "nt_priv.h"

#include <stdio.h>

/* DDI: leading blanks, a sign, then 0x, 0o or 0b when the base is 0. */
static NTSTATUS
text_to_integer(const char *text, ULONG base, PULONG value)
{
    bool negative = false;
    ULONG sum = 0;

    if (base != 0 && base != 2 && base != 8 && base != 10 && base != 16)
        return STATUS_INVALID_PARAMETER;
    while (*text && (unsigned char)*text <= ' ')
        text++;
    if (*text == '-' || *text == '+')
        negative = *text++ == '-';
    if (!base) {
        base = 10;
        if (text[0] == '0' && (text[1] == 'x' || text[1] == 'o' || text[1] == 'b')) {
            base = text[1] == 'x' ? 16 : text[1] == 'o' ? 8 : 2;
            text += 2;
        }
    }
    for (;; text++) {
        unsigned digit = *text >= '0' && *text <= '9'   ? (unsigned)(*text - '0')
                         : *text >= 'a' && *text <= 'f' ? (unsigned)(*text - 'a' + 10)
                         : *text >= 'A' && *text <= 'F' ? (unsigned)(*text - 'A' + 10)
                                                        : 99;
        if (digit >= base)
            break;
        sum = sum * base + digit;
    }
    *value = negative ? 0 - sum : sum;
    return STATUS_SUCCESS;
}

NTSTATUS
RtlCharToInteger(PCSZ text, ULONG base, PULONG value)
{
    CONTRACT_ENTER(RtlCharToInteger);
    return text_to_integer(text, base, value);
}

NTSTATUS
RtlUnicodeStringToInteger(PCUNICODE_STRING string, ULONG base, PULONG value)
{
    char text[80];

    CONTRACT_ENTER(RtlUnicodeStringToInteger);
    nt_utf8_from_utf16(text, sizeof(text), (const uint16_t *)string->Buffer,
                       string->Length / sizeof(WCHAR));
    return text_to_integer(text, base, value);
}

NTSTATUS
RtlIntegerToUnicodeString(ULONG value, ULONG base, PUNICODE_STRING string)
{
    char digits[33];
    unsigned count = 0;

    CONTRACT_ENTER(RtlIntegerToUnicodeString);
    if (!base)
        base = 10;
    if (base != 2 && base != 8 && base != 10 && base != 16)
        return STATUS_INVALID_PARAMETER;
    do {
        digits[count++] = "0123456789ABCDEF"[value % base];
        value /= base;
    } while (value);
    if (count * sizeof(WCHAR) > string->MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    for (unsigned i = 0; i < count; i++)
        string->Buffer[i] = (WCHAR)digits[count - 1 - i];
    string->Length = (USHORT)(count * sizeof(WCHAR));
    if (string->Length < string->MaximumLength)
        string->Buffer[count] = 0;
    return STATUS_SUCCESS;
}

/* ---- GUIDs ----------------------------------------------------------------------------------- */

NTSTATUS
RtlStringFromGUID(REFGUID guid, PUNICODE_STRING out)
{
    char text[40];

    CONTRACT_ENTER(RtlStringFromGUID);
    snprintf(text, sizeof(text), "{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}",
             (unsigned)guid->Data1, guid->Data2, guid->Data3, guid->Data4[0], guid->Data4[1],
             guid->Data4[2], guid->Data4[3], guid->Data4[4], guid->Data4[5], guid->Data4[6],
             guid->Data4[7]);
    return nt_unicode_pool(out, text) ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

NTSTATUS
RtlGUIDFromString(PCUNICODE_STRING string, GUID *guid)
{
    unsigned v[11];
    char text[40];
    int end = 0;

    CONTRACT_ENTER(RtlGUIDFromString);
    nt_utf8_from_utf16(text, sizeof(text), (const uint16_t *)string->Buffer,
                       string->Length / sizeof(WCHAR));
    if (sscanf(text, "{%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x}%n", &v[0], &v[1], &v[2], &v[3], &v[4],
               &v[5], &v[6], &v[7], &v[8], &v[9], &v[10], &end) != 11 ||
        end != 38)
        return STATUS_INVALID_PARAMETER;
    guid->Data1 = v[0];
    guid->Data2 = (USHORT)v[1];
    guid->Data3 = (USHORT)v[2];
    for (unsigned i = 0; i < 8; i++)
        guid->Data4[i] = (UCHAR)v[3 + i];
    return STATUS_SUCCESS;
}

/* Random, of version 4: no clock of the machine shows in it, and sim repeats it. */
NTSTATUS
ExUuidCreate(GUID *uuid)
{
    struct rt *rt = rt_self()->rt;
    uint64_t half[2] = {rt_random(rt), rt_random(rt)};

    CONTRACT_ENTER(ExUuidCreate);
    memcpy(uuid, half, sizeof(*uuid));
    uuid->Data3 = (USHORT)((uuid->Data3 & 0x0FFF) | 0x4000);
    uuid->Data4[0] = (UCHAR)((uuid->Data4[0] & 0x3F) | 0x80);
    return STATUS_SUCCESS;
}

/* DDI RtlRandom: uniform in 0 … MAXLONG-1, and the seed moves on. Park and Miller's generator. */
static ULONG
random_next(PULONG seed)
{
    *seed = (ULONG)(((uint64_t)*seed * 48271u + 11u) % 0x7FFFFFFFu);
    return *seed;
}

ULONG
RtlRandom(PULONG seed)
{
    CONTRACT_ENTER(RtlRandom);
    return random_next(seed);
}

ULONG
RtlRandomEx(PULONG seed)
{
    CONTRACT_ENTER(RtlRandomEx);
    return random_next(seed);
}

/* ---- time ------------------------------------------------------------------------------------ */

/* Days since 1601-01-01 of a civil date, and back (the calendar repeats every 400 years). */
static int64_t
days_of(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = y / 400, yoe = y - era * 400;
    int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097LL + yoe * 365 + yoe / 4 - yoe / 100 + doy - 584694;
}

VOID
RtlTimeToTimeFields(PLARGE_INTEGER time, PTIME_FIELDS fields)
{
    int64_t ms = time->QuadPart / 10000, days = ms / 86400000, rest = ms % 86400000;
    int year = 1601 + (int)(days / 366), month = 12;

    CONTRACT_ENTER(RtlTimeToTimeFields);
    while (days_of(year + 1, 1, 1) <= days)
        year++;
    while (days_of(year, month, 1) > days)
        month--;
    fields->Year = (CSHORT)year;
    fields->Month = (CSHORT)month;
    fields->Day = (CSHORT)(days - days_of(year, month, 1) + 1);
    fields->Hour = (CSHORT)(rest / 3600000);
    fields->Minute = (CSHORT)(rest / 60000 % 60);
    fields->Second = (CSHORT)(rest / 1000 % 60);
    fields->Milliseconds = (CSHORT)(rest % 1000);
    fields->Weekday = (CSHORT)((days + 1) % 7); /* 1601-01-01 was a Monday */
}

BOOLEAN
RtlTimeFieldsToTime(PTIME_FIELDS f, PLARGE_INTEGER time)
{
    int64_t days;

    CONTRACT_ENTER(RtlTimeFieldsToTime);
    if (f->Year < 1601 || f->Month < 1 || f->Month > 12 || f->Day < 1 || f->Hour < 0 ||
        f->Hour > 23 || f->Minute < 0 || f->Minute > 59 || f->Second < 0 || f->Second > 59 ||
        f->Milliseconds < 0 || f->Milliseconds > 999)
        return FALSE;
    days = days_of(f->Year, f->Month, f->Day);
    if (days >= days_of(f->Month == 12 ? f->Year + 1 : f->Year, f->Month % 12 + 1, 1))
        return FALSE;
    time->QuadPart = (((days * 24 + f->Hour) * 60 + f->Minute) * 60 + f->Second) * 10000000LL +
                     f->Milliseconds * 10000LL;
    return TRUE;
}

/* ---- version --------------------------------------------------------------------------------- */

/* The interface that the headers describe: Windows 11 22H2. */
NTSTATUS
RtlGetVersion(PRTL_OSVERSIONINFOW version)
{
    CONTRACT_ENTER(RtlGetVersion);
    version->dwMajorVersion = 10;
    version->dwMinorVersion = 0;
    version->dwBuildNumber = 22621;
    version->dwPlatformId = 2;
    memset(version->szCSDVersion, 0, sizeof(version->szCSDVersion));
    if (version->dwOSVersionInfoSize >= sizeof(RTL_OSVERSIONINFOEXW)) {
        PRTL_OSVERSIONINFOEXW more = (PRTL_OSVERSIONINFOEXW)version;
        more->wServicePackMajor = 0;
        more->wServicePackMinor = 0;
        more->wSuiteMask = 0;
        more->wProductType = 1; /* workstation */
        more->wReserved = 0;
    }
    return STATUS_SUCCESS;
}

/* ---- bit maps -------------------------------------------------------------------------------- */

VOID
RtlInitializeBitMap(PRTL_BITMAP map, PULONG buffer, ULONG bits)
{
    CONTRACT_ENTER(RtlInitializeBitMap);
    map->SizeOfBitMap = bits;
    map->Buffer = buffer;
}

static bool
bit_get(const RTL_BITMAP *map, ULONG bit)
{
    return map->Buffer[bit / 32] >> bit % 32 & 1;
}

static void
bits_put(PRTL_BITMAP map, ULONG first, ULONG count, bool value)
{
    for (ULONG bit = first; bit < map->SizeOfBitMap && bit - first < count; bit++) {
        if (value)
            map->Buffer[bit / 32] |= 1u << bit % 32;
        else
            map->Buffer[bit / 32] &= ~(1u << bit % 32);
    }
}

VOID
RtlClearAllBits(PRTL_BITMAP map)
{
    CONTRACT_ENTER(RtlClearAllBits);
    memset(map->Buffer, 0, (map->SizeOfBitMap + 31) / 32 * 4);
}

VOID
RtlSetAllBits(PRTL_BITMAP map)
{
    CONTRACT_ENTER(RtlSetAllBits);
    memset(map->Buffer, 0xFF, (map->SizeOfBitMap + 31) / 32 * 4);
}

VOID
RtlClearBits(PRTL_BITMAP map, ULONG first, ULONG count)
{
    CONTRACT_ENTER(RtlClearBits);
    bits_put(map, first, count, false);
}

VOID
RtlSetBits(PRTL_BITMAP map, ULONG first, ULONG count)
{
    CONTRACT_ENTER(RtlSetBits);
    bits_put(map, first, count, true);
}

/* The first run of clear bits that begins in [from, to); MAXULONG when there is none. */
static ULONG
clear_run(const RTL_BITMAP *map, ULONG count, ULONG from, ULONG to)
{
    ULONG run = 0;

    for (ULONG bit = from; bit < map->SizeOfBitMap; bit++) {
        run = bit_get(map, bit) ? 0 : run + 1;
        if (run == count)
            return bit + 1 - count;
        if (bit >= to && run == 0)
            break;
    }
    return MAXULONG;
}

/* DDI: the search begins at the hint, and from the start again. */
ULONG
RtlFindClearBitsAndSet(PRTL_BITMAP map, ULONG count, ULONG hint)
{
    ULONG found;

    CONTRACT_ENTER(RtlFindClearBitsAndSet);
    if (hint >= map->SizeOfBitMap)
        hint = 0;
    if (!count)
        return hint & ~7u;
    found = clear_run(map, count, hint, map->SizeOfBitMap);
    if (found == MAXULONG && hint)
        found = clear_run(map, count, 0, hint);
    if (found != MAXULONG)
        bits_put(map, found, count, true);
    return found;
}

ULONG
RtlNumberOfSetBits(PRTL_BITMAP map)
{
    ULONG count = 0;

    CONTRACT_ENTER(RtlNumberOfSetBits);
    for (ULONG bit = 0; bit < map->SizeOfBitMap; bit++)
        count += bit_get(map, bit);
    return count;
}

CCHAR
RtlFindLeastSignificantBit(ULONGLONG set)
{
    CONTRACT_ENTER(RtlFindLeastSignificantBit);
    return set ? (CCHAR)__builtin_ctzll(set) : -1;
}
