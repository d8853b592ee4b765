/*
 * printf as Windows' kernel understands it: `l` is 32 bits, `I64` and `ll` are 64, %wZ and %Z take
 * counted strings, %ws, %ls and %S wide ones. Also DbgPrint, which ends in the log.
 */
#include "nt_priv.h"

#include <stdio.h>

enum size { SIZE_INT, SIZE_CHAR, SIZE_SHORT, SIZE_64, SIZE_POINTER };

struct sink {
    char *out;
    size_t bytes;
    size_t used; /* also what did not fit */
};

struct spec {
    bool left, plus, space, alternate, zero, wide, narrow;
    int width, precision; /* -1: none */
    enum size size;
    char kind;
};

static void
sink_put(struct sink *sink, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++, sink->used++) {
        if (sink->used + 1 < sink->bytes)
            sink->out[sink->used] = text[i];
    }
}

static void
sink_fill(struct sink *sink, char c, int count)
{
    while (count-- > 0)
        sink_put(sink, &c, 1);
}

static void
sink_padded(struct sink *sink, const struct spec *spec, const char *text, size_t length)
{
    int pad = spec->width - (int)length;

    if (!spec->left)
        sink_fill(sink, ' ', pad);
    sink_put(sink, text, length);
    if (spec->left)
        sink_fill(sink, ' ', pad);
}

static void
put_number(struct sink *sink, const struct spec *spec, uint64_t value, bool negative)
{
    unsigned base = spec->kind == 'x' || spec->kind == 'X' || spec->kind == 'p' ? 16
                    : spec->kind == 'o'                                         ? 8
                                                                                : 10;
    const char *digits = spec->kind == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
    char text[32], prefix[3] = "";
    unsigned count = 0;
    int zeros, length;

    while (value) {
        text[sizeof(text) - ++count] = digits[value % base];
        value /= base;
    }
    if (negative)
        prefix[0] = '-';
    else if (spec->plus)
        prefix[0] = '+';
    else if (spec->space)
        prefix[0] = ' ';
    if (spec->alternate && base == 16 && count && spec->kind != 'p')
        prefix[0] = '0', prefix[1] = spec->kind;
    zeros = (spec->precision < 0 ? 1 : spec->precision) - (int)count;
    zeros = zeros < 0 ? 0 : zeros;
    length = (int)strlen(prefix) + zeros + (int)count;
    if (spec->zero && !spec->left && spec->precision < 0 && spec->width > length) {
        zeros += spec->width - length;
        length = spec->width;
    }
    if (!spec->left)
        sink_fill(sink, ' ', spec->width - length);
    sink_put(sink, prefix, strlen(prefix));
    sink_fill(sink, '0', zeros);
    sink_put(sink, text + sizeof(text) - count, count);
    if (spec->left)
        sink_fill(sink, ' ', spec->width - length);
}

/* At most `limit` units; each becomes UTF-8. */
static void
put_wide(struct sink *sink, const struct spec *spec, const uint16_t *text, size_t units)
{
    char part[128];
    size_t total = nt_utf8_from_utf16(NULL, 0, text, units);

    if (!spec->left)
        sink_fill(sink, ' ', spec->width - (int)total);
    while (units) {
        size_t take = units < 32 ? units : 32;

        if (take < units && text[take - 1] >= 0xD800 && text[take - 1] <= 0xDBFF)
            take--; /* a pair stays together */
        sink_put(sink, part, nt_utf8_from_utf16(part, sizeof(part), text, take ? take : 1));
        text += take ? take : 1;
        units -= take ? take : 1;
    }
    if (spec->left)
        sink_fill(sink, ' ', spec->width - (int)total);
}

static void
put_string(struct sink *sink, const struct spec *spec, const void *text, bool wide)
{
    size_t limit = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision, length = 0;

    if (!text) {
        sink_padded(sink, spec, "(null)", 6);
        return;
    }
    if (wide) {
        while (length < limit && ((const uint16_t *)text)[length])
            length++;
        put_wide(sink, spec, text, length);
    } else {
        while (length < limit && ((const char *)text)[length])
            length++;
        sink_padded(sink, spec, text, length);
    }
}

static void
put_counted(struct sink *sink, const struct spec *spec, const void *string)
{
    const UNICODE_STRING *wide = string;
    const ANSI_STRING *narrow = string;

    if (!string || !wide->Buffer)
        sink_padded(sink, spec, "(null)", 6);
    else if (spec->wide)
        put_wide(sink, spec, (const uint16_t *)wide->Buffer, wide->Length / sizeof(WCHAR));
    else
        sink_padded(sink, spec, narrow->Buffer, narrow->Length);
}

static const char *
spec_size(const char *at, struct spec *spec)
{
    for (;; at++) {
        if (at[0] == 'l' && at[1] == 'l') {
            spec->size = SIZE_64;
            at++;
        } else if (at[0] == 'l') {
            spec->wide = true; /* 32 bits for numbers, wide for text */
        } else if (at[0] == 'w') {
            spec->wide = true;
        } else if (at[0] == 'h') {
            spec->narrow = true;
            spec->size = spec->size == SIZE_SHORT ? SIZE_CHAR : SIZE_SHORT;
        } else if (at[0] == 'I' && at[1] == '6' && at[2] == '4') {
            spec->size = SIZE_64;
            at += 2;
        } else if (at[0] == 'I' && at[1] == '3' && at[2] == '2') {
            at += 2;
        } else if (at[0] == 'I' || at[0] == 'z' || at[0] == 't') {
            spec->size = SIZE_POINTER;
        } else if (at[0] == 'j') {
            spec->size = SIZE_64;
        } else {
            return at;
        }
    }
}

/* A va_list as an argument decays; inside a struct it can be handed on. */
struct arguments {
    va_list list;
};

static const char *
spec_parse(const char *at, struct spec *spec, struct arguments *arguments)
{
    *spec = (struct spec){.width = 0, .precision = -1};
    for (;; at++) {
        if (*at == '-')
            spec->left = true;
        else if (*at == '+')
            spec->plus = true;
        else if (*at == ' ')
            spec->space = true;
        else if (*at == '#')
            spec->alternate = true;
        else if (*at == '0')
            spec->zero = true;
        else
            break;
    }
    if (*at == '*') {
        spec->width = va_arg(arguments->list, int);
        at++;
    }
    for (; *at >= '0' && *at <= '9'; at++)
        spec->width = spec->width * 10 + (*at - '0');
    if (spec->width < 0) {
        spec->left = true;
        spec->width = -spec->width;
    }
    if (*at == '.') {
        spec->precision = 0;
        if (*++at == '*') {
            spec->precision = va_arg(arguments->list, int);
            at++;
        }
        for (; *at >= '0' && *at <= '9'; at++)
            spec->precision = spec->precision * 10 + (*at - '0');
    }
    at = spec_size(at, spec);
    spec->kind = *at;
    return *at ? at + 1 : at;
}

static int64_t
take_signed(const struct spec *spec, struct arguments *arguments)
{
    if (spec->size == SIZE_64 || spec->size == SIZE_POINTER)
        return va_arg(arguments->list, int64_t);
    if (spec->size == SIZE_SHORT)
        return (short)va_arg(arguments->list, int);
    if (spec->size == SIZE_CHAR)
        return (signed char)va_arg(arguments->list, int);
    return va_arg(arguments->list, int);
}

static uint64_t
take_unsigned(const struct spec *spec, struct arguments *arguments)
{
    if (spec->size == SIZE_64 || spec->size == SIZE_POINTER)
        return va_arg(arguments->list, uint64_t);
    if (spec->size == SIZE_SHORT)
        return (unsigned short)va_arg(arguments->list, unsigned);
    if (spec->size == SIZE_CHAR)
        return (unsigned char)va_arg(arguments->list, unsigned);
    return va_arg(arguments->list, unsigned);
}

static void
put_argument(struct sink *sink, struct spec *spec, struct arguments *arguments)
{
    int64_t number;
    uint16_t unit;
    char c;

    switch (spec->kind) {
    case 'd':
    case 'i':
        number = take_signed(spec, arguments);
        put_number(sink, spec, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, number < 0);
        break;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        spec->plus = spec->space = false;
        put_number(sink, spec, take_unsigned(spec, arguments), false);
        break;
    case 'p':
    case 'P':
        spec->kind = 'p';
        spec->precision = 16;
        put_number(sink, spec, (uint64_t)(uintptr_t)va_arg(arguments->list, void *), false);
        break;
    case 'c':
    case 'C':
        unit = (uint16_t)va_arg(arguments->list, int);
        c = (char)unit;
        if (spec->wide || (spec->kind == 'C' && !spec->narrow))
            put_wide(sink, spec, &unit, 1);
        else
            sink_padded(sink, spec, &c, 1);
        break;
    case 's':
        put_string(sink, spec, va_arg(arguments->list, const void *), spec->wide);
        break;
    case 'S':
        put_string(sink, spec, va_arg(arguments->list, const void *), !spec->narrow);
        break;
    case 'Z':
        put_counted(sink, spec, va_arg(arguments->list, const void *));
        break;
    case '%':
        sink_put(sink, "%", 1);
        break;
    default: /* not of this language: shown as it stands */
        sink_put(sink, "%", 1);
        sink_put(sink, &spec->kind, spec->kind != 0);
    }
}

int
nt_vformat(char *out, size_t bytes, const char *format, va_list list)
{
    struct sink sink = {.out = out, .bytes = bytes};
    struct arguments arguments;
    struct spec spec;

    va_copy(arguments.list, list);
    while (*format) {
        size_t plain = strcspn(format, "%");

        sink_put(&sink, format, plain);
        format += plain;
        if (*format) {
            format = spec_parse(format + 1, &spec, &arguments);
            put_argument(&sink, &spec, &arguments);
        }
    }
    va_end(arguments.list);
    if (bytes)
        out[sink.used < bytes ? sink.used : bytes - 1] = 0;
    return (int)sink.used;
}

/* ---- DbgPrint -------------------------------------------------------------------------------- */

static void
debug_print(enum rt_log_level level, const char *format, va_list list)
{
    char text[512]; /* DDI DbgPrint: at most 512 bytes */
    size_t length;

    nt_vformat(text, sizeof(text), format, list);
    length = strlen(text);
    while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        text[--length] = 0;
    rt_log(rt_self()->rt, level, "driver", "%s", text);
}

ULONG
DbgPrint(PCSTR format, ...)
{
    va_list list;

    CONTRACT_ENTER(DbgPrint);
    va_start(list, format);
    debug_print(RT_LOG_INFO, format, list);
    va_end(list);
    return STATUS_SUCCESS;
}

ULONG
DbgPrintEx(ULONG component, ULONG level, PCSTR format, ...)
{
    static const enum rt_log_level levels[] = {RT_LOG_ERROR, RT_LOG_WARNING, RT_LOG_INFO,
                                               RT_LOG_INFO};
    va_list list;

    CONTRACT_ENTER(DbgPrintEx);
    (void)component;
    va_start(list, format);
    debug_print(level < RTL_NUMBER_OF(levels) ? levels[level] : RT_LOG_DEBUG, format, list);
    va_end(list);
    return STATUS_SUCCESS;
}

/* A kernel debugger never is attached to the emulated kernel. */
BOOLEAN
KdRefreshDebuggerNotPresent(VOID)
{
    CONTRACT_ENTER(KdRefreshDebuggerNotPresent);
    return TRUE;
}
