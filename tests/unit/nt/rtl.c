/* The run-time library: strings, numbers, GUIDs, bit maps, Windows' printf, status conversions. */
#include "nt_test.h"

#include <errno.h>

static bool
text_is(PCUNICODE_STRING string, const char *text)
{
    char utf8[256];

    nt_utf8_from_utf16(utf8, sizeof(utf8), (const uint16_t *)string->Buffer, string->Length / 2);
    return !strcmp(utf8, text);
}

static void
strings(struct rt *rt)
{
    WCHAR buffer[8] = {0};
    UNICODE_STRING a, b, made;
    ANSI_STRING ansi;

    (void)rt;
    RtlInitUnicodeString(&a, L"Abcd");
    RtlInitUnicodeString(&b, L"aBCD");
    CHECK(a.Length == 8 && a.MaximumLength == 10);
    CHECK(!RtlEqualUnicodeString(&a, &b, FALSE) && RtlEqualUnicodeString(&a, &b, TRUE));
    CHECK(RtlCompareUnicodeString(&a, &b, FALSE) < 0 && !RtlCompareUnicodeString(&a, &b, TRUE));
    RtlInitEmptyUnicodeString(&made, buffer, sizeof(buffer));
    RtlCopyUnicodeString(&made, &a);
    CHECK(RtlAppendUnicodeToString(&made, L"efg") == STATUS_SUCCESS);
    CHECK(text_is(&made, "Abcdefg") && buffer[7] == 0);
    CHECK(RtlAppendUnicodeStringToString(&made, &a) == STATUS_BUFFER_TOO_SMALL);
    CHECK(RtlAppendUnicodeToString(&made, L"h") == STATUS_SUCCESS && made.Length == 16);
    RtlInitAnsiString(&ansi, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
    CHECK(RtlAnsiStringToUnicodeString(&made, &ansi, TRUE) == STATUS_SUCCESS);
    CHECK(made.Length == 14 && made.Buffer[2] == 0xFC && made.Buffer[5] == 0xD83D);
    CHECK(RtlUpcaseUnicodeString(&b, &made, TRUE) == STATUS_SUCCESS && b.Buffer[2] == 0xDC);
    RtlFreeUnicodeString(&b);
    CHECK(RtlUnicodeStringToAnsiString(&ansi, &made, TRUE) == STATUS_SUCCESS);
    CHECK(!strcmp(ansi.Buffer, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"));
    RtlFreeAnsiString(&ansi);
    RtlFreeUnicodeString(&made);
    CHECK(RtlCreateUnicodeString(&made, L"xyz") && text_is(&made, "xyz"));
    RtlFreeUnicodeString(&made);
    CHECK(RtlCompareMemory("abcd", "abxd", 4) == 2 && RtlCompareMemory("ab", "ab", 2) == 2);
}

/* Wrong UTF-8 and lone surrogates become U+FFFD; lengths are told although they do not fit. */
static void
unicode(struct rt *rt)
{
    static const uint16_t lone[] = {'a', 0xD800, 'b'};
    uint16_t wide[8];
    char utf8[8];

    (void)rt;
    CHECK(nt_utf8_from_utf16(utf8, 8, lone, 3) == 5 && !strcmp(utf8, "a\xef\xbf\xbd"
                                                                     "b"));
    CHECK(nt_utf8_from_utf16(utf8, 3, lone, 3) == 5 && !strcmp(utf8, "a"));
    CHECK(nt_utf16_from_utf8(wide, 8, "a\xff\xc0\x80z", 5) == 4 && wide[1] == 0xFFFD &&
          wide[3] == 'z');
    CHECK(nt_utf16_from_utf8(wide, 2, "abc", 3) == 3 && wide[0] == 'a' && wide[1] == 0);
    CHECK(nt_upcase('z') == 'Z' && nt_upcase(0x3B1) == 0x391 && nt_upcase(0x44F) == 0x42F);
    CHECK(nt_upcase(0xF7) == 0xF7 && nt_upcase(0x101) == 0x100 && nt_upcase(0x13A) == 0x139);
}

static void
numbers(struct rt *rt)
{
    WCHAR buffer[12];
    UNICODE_STRING string;
    ULONG value, bits[3];
    RTL_BITMAP map;
    GUID guid, back;

    (void)rt;
    CHECK(RtlCharToInteger("  -0x1F", 0, &value) == 0 && value == (ULONG)-31);
    CHECK(RtlCharToInteger("0b101", 0, &value) == 0 && value == 5);
    CHECK(RtlCharToInteger("77x", 8, &value) == 0 && value == 63);
    CHECK(RtlCharToInteger("1", 7, &value) == STATUS_INVALID_PARAMETER);
    RtlInitUnicodeString(&string, L"1234");
    CHECK(RtlUnicodeStringToInteger(&string, 10, &value) == 0 && value == 1234);
    RtlInitEmptyUnicodeString(&string, buffer, sizeof(buffer));
    CHECK(RtlIntegerToUnicodeString(48879, 16, &string) == 0 && text_is(&string, "BEEF"));
    string.MaximumLength = 6;
    CHECK(RtlIntegerToUnicodeString(48879, 16, &string) == STATUS_BUFFER_OVERFLOW);
    CHECK(ExUuidCreate(&guid) == 0 && guid.Data3 >> 12 == 4);
    CHECK(RtlStringFromGUID(&guid, &string) == 0 && string.Length == 76);
    CHECK(RtlGUIDFromString(&string, &back) == 0 && !memcmp(&guid, &back, sizeof(guid)));
    RtlFreeUnicodeString(&string);
    RtlInitUnicodeString(&string, L"{not a guid}");
    CHECK(RtlGUIDFromString(&string, &back) == STATUS_INVALID_PARAMETER);
    RtlInitializeBitMap(&map, bits, 70);
    RtlClearAllBits(&map);
    RtlSetBits(&map, 30, 5);
    CHECK(RtlNumberOfSetBits(&map) == 5);
    CHECK(RtlFindClearBitsAndSet(&map, 8, 28) == 35);
    CHECK(RtlFindClearBitsAndSet(&map, 30, 40) == 0); /* from the start again */
    CHECK(RtlFindClearBitsAndSet(&map, 28, 0) == MAXULONG);
    CHECK(RtlFindClearBitsAndSet(&map, 27, 0) == 43 && RtlNumberOfSetBits(&map) == 70);
    RtlClearBits(&map, 69, 1);
    CHECK(RtlFindClearBitsAndSet(&map, 1, 0) == 69);
    CHECK(RtlFindLeastSignificantBit(0x80) == 7 && RtlFindLeastSignificantBit(0) == -1);
}

static const char *
formatted(const char *format, ...)
{
    static char text[200];
    va_list list;
    int length;

    va_start(list, format);
    length = nt_vformat(text, sizeof(text), format, list);
    va_end(list);
    CHECK((size_t)length == strlen(text));
    return text;
}

#define IS(text, ...) CHECK(!strcmp(formatted(__VA_ARGS__), text))

static void
formats(struct rt *rt)
{
    UNICODE_STRING wide;
    ANSI_STRING narrow;

    (void)rt;
    RtlInitUnicodeString(&wide, L"W\xe4y");
    RtlInitAnsiString(&narrow, "ansi");
    IS("-5 4294967291 fffffffb", "%d %u %x", -5, -5, -5);
    IS("7|  7|7  |007|+7", "%d|%3d|%-3d|%03d|%+d", 7, 7, 7, 7, 7);
    IS("0x2a 0X2A 052", "%#x %#X 0%o", 42, 42, 42);
    IS("123 4 5", "%ld %lu %hx", 123, 4u, 5); /* long is 32 bits */
    IS("1234567890123 -1 18446744073709551615", "%I64d %lld %llu", 1234567890123LL, -1LL, ~0ULL);
    IS("00000000DEADBEEF", "%p", (void *)0xDEADBEEFUL);
    IS("[abc][ab ][  a]", "[%s][%-3.2s][%3.1s]", "abc", "abc", "abc");
    IS("W\xc3\xa4y wide ansi", "%wZ %ws %Z", &wide, L"wide", &narrow);
    IS("wide narrow x%", "%S %hs %c%%", L"wide", "narrow", 'x');
    IS("(null) (null)", "%s %wZ", (char *)NULL, NULL);
    IS("00000001 1", "%08lX %*d", 1, 1, 1);
    IS("-1 255", "%hhd %hhu", 255, 255);
    char tiny[4];
    va_list none;
    memset(&none, 0, sizeof(none));
    CHECK(nt_vformat(tiny, sizeof(tiny), "abcdef", none) == 6 && !strcmp(tiny, "abc"));
}

static void
statuses(struct rt *rt)
{
    (void)rt;
    CHECK(nt_status_from_errno(0) == STATUS_SUCCESS);
    CHECK(nt_status_from_errno(-ENOSPC) == STATUS_DISK_FULL);
    CHECK(nt_status_from_errno(ENOENT) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(nt_status_to_errno(STATUS_DISK_FULL) == -ENOSPC);
    CHECK(nt_status_to_errno(STATUS_SUCCESS) == 0 && nt_status_to_errno(STATUS_PENDING) == 0);
    CHECK(nt_status_to_errno((NTSTATUS)0xC0FFEE00) == -EIO);
    CHECK(!strcmp(nt_status_name(STATUS_DISK_FULL), "STATUS_DISK_FULL"));
    CHECK(!nt_status_name((NTSTATUS)0xC0FFEE00));
}

int
main(void)
{
    test_both(strings);
    test_both(unicode);
    test_both(numbers);
    test_both(formats);
    test_both(statuses);
    return 0;
}
