/*
 * Registry values as people write them: "Services\ramdisk\Parameters\Device0\SizeMB=64". Turns text
 * into the bytes that Windows keeps (UTF-16LE strings with their NUL, little-endian numbers).
 */
#include "host_priv.h"
#include "registry.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    enum registry_type type;
} type_names[] = {
    {"sz", REGISTRY_SZ},       {"expand_sz", REGISTRY_EXPAND_SZ}, {"dword", REGISTRY_DWORD},
    {"qword", REGISTRY_QWORD}, {"multi", REGISTRY_MULTI_SZ},      {"binary", REGISTRY_BINARY},
};

/* One code point of UTF-8 from *text, which moves on; 0xFFFD for what is none. */
static uint32_t
utf8_next(const char **text)
{
    const unsigned char *at = (const unsigned char *)*text;
    unsigned more = *at < 0x80 ? 0 : *at >= 0xF0 ? 3 : *at >= 0xE0 ? 2 : *at >= 0xC2 ? 1 : 4;
    uint32_t point;

    if (more == 4 || *at > 0xF4) {
        (*text)++;
        return 0xFFFD;
    }
    point = more ? *at & (0x3Fu >> more) : *at;
    for (unsigned i = 1; i <= more; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            *text += i;
            return 0xFFFD;
        }
        point = point << 6 | (at[i] & 0x3F);
    }
    *text += more + 1;
    return point;
}

/* UTF-16LE into `out` (room for 4 bytes per byte of text); returns its bytes, without a NUL. */
static size_t
utf16_from(const char *text, const char *end, uint8_t *out)
{
    size_t bytes = 0;

    while (text < end) {
        uint32_t point = utf8_next(&text);
        uint16_t units[2] = {(uint16_t)point, 0};
        unsigned count = 1;
        if (point > 0xFFFF) {
            units[0] = (uint16_t)(0xD7C0 + (point >> 10));
            units[1] = (uint16_t)(0xDC00 + (point & 0x3FF));
            count = 2;
        }
        for (unsigned i = 0; i < count; i++) {
            out[bytes++] = (uint8_t)units[i];
            out[bytes++] = (uint8_t)(units[i] >> 8);
        }
    }
    return bytes;
}

static size_t
strings_encode(const char *text, bool multi, uint8_t *out)
{
    size_t bytes = 0;

    while (multi && *text) {
        const char *end = strchrnul(text, '|');
        bytes += utf16_from(text, end, out + bytes);
        out[bytes++] = 0;
        out[bytes++] = 0;
        text = *end ? end + 1 : end;
    }
    if (!multi)
        bytes = utf16_from(text, text + strlen(text), out);
    out[bytes++] = 0;
    out[bytes++] = 0;
    return bytes;
}

/* A whole number in decimal, or hexadecimal with 0x. */
static bool
number_parse(const char *text, uint64_t *value)
{
    char *end;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    *value = strtoull(text, &end, !strncasecmp(text, "0x", 2) ? 16 : 10);
    return !*end && !errno;
}

static int
number_encode(const char *text, unsigned bytes, uint8_t *out)
{
    uint64_t value;

    if (!number_parse(text, &value) || (bytes == 4 && value > UINT32_MAX))
        return -EINVAL;
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> (8 * i));
    return (int)bytes;
}

static int
hex_encode(const char *text, uint8_t *out)
{
    int bytes = 0;

    for (; *text; text += 2) {
        char pair[3] = {text[0], text[1], 0};
        if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]))
            return -EINVAL;
        out[bytes++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return bytes;
}

int
registry_put(struct registry *registry, const char *key, const char *name, enum registry_type type,
             const char *text, char **error)
{
    const struct rt_registry_provider *store = registry_provider(registry);
    uint8_t *data = malloc(strlen(text) * 4 + 16);
    int bytes, code;

    if (!data)
        return -ENOMEM;
    switch (type) {
    case REGISTRY_DWORD:
        bytes = number_encode(text, 4, data);
        break;
    case REGISTRY_QWORD:
        bytes = number_encode(text, 8, data);
        break;
    case REGISTRY_BINARY:
        bytes = hex_encode(text, data);
        break;
    default:
        bytes = (int)strings_encode(text, type == REGISTRY_MULTI_SZ, data);
    }
    if (bytes < 0)
        code = host_fail(error, -EINVAL, "%s: \"%s\" is no %s", name, text,
                         type == REGISTRY_DWORD   ? "number below 2^32 (decimal, or 0x… in hex)"
                         : type == REGISTRY_QWORD ? "number below 2^64 (decimal, or 0x… in hex)"
                                                  : "row of bytes (two hex digits each)");
    else
        code = store->set(store->ctx, key, name, type, data, (size_t)bytes);
    free(data);
    return code;
}

/* The type after the last ':' of "NAME:type", which it cuts off; NONE without one, -1 unknown. */
static int
type_take(char *name)
{
    char *colon = strrchr(name, ':');

    if (!colon)
        return REGISTRY_NONE;
    for (size_t i = 0; i < sizeof(type_names) / sizeof(*type_names); i++)
        if (!strcasecmp(colon + 1, type_names[i].name)) {
            *colon = 0;
            return (int)type_names[i].type;
        }
    return -1;
}

int
registry_assign(struct registry *registry, const char *assignment, char **error)
{
    const char *equals = strchr(assignment, '=');
    char *path, *name;
    uint64_t number;
    int type, code;

    if (!equals)
        return host_fail(error, -EINVAL, "registry value \"%s\" has no '='; write KEY\\NAME=VALUE",
                         assignment);
    path = strndup(assignment, (size_t)(equals - assignment));
    if (!path)
        return -ENOMEM;
    name = strrchr(path, '\\');
    if (!name || !name[1] || name == path) {
        code = host_fail(error, -EINVAL,
                         "registry value \"%s\" names no key; write KEY\\NAME=VALUE, such as "
                         "Services\\ramdisk\\Parameters\\IoTimeoutValue=30",
                         assignment);
        goto free_path;
    }
    *name++ = 0;
    type = type_take(name);
    if (type < 0) {
        code = host_fail(error, -EINVAL,
                         "registry value \"%s\" has an unknown type; known: sz, expand_sz, dword, "
                         "qword, multi, binary",
                         assignment);
        goto free_path;
    }
    if (type == REGISTRY_NONE)
        type = number_parse(equals + 1, &number) ? REGISTRY_DWORD : REGISTRY_SZ;
    code = registry_put(registry, path, name, (enum registry_type)type, equals + 1, error);

free_path:
    free(path);
    return code;
}

int
storport_registry_set(struct storport_host *host, const char *assignment, char **error)
{
    int code;

    if (error)
        *error = NULL;
    if (!host_control_enter(host))
        return -EIO;
    code = registry_assign(host->registry, assignment, error);
    host_control_leave(host);
    return code;
}
