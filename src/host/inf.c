/*
 * The reader of .inf files, as far as the host needs one: lines
 *
 *     HKR, Parameters\Device, SizeMB, 0x00010001, 64 ; size of the disk in MiB
 *
 * of any section. Everything else in the file is for Windows and is passed over.
 */
#include "inf.h"
#include "host_priv.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* The value types of AddReg's flags (inf-addreg-directive, FLG_ADDREG_TYPE_*). */
static const struct {
    unsigned flags;
    enum registry_type type;
} flag_types[] = {
    {0x00000000, REGISTRY_SZ},        {0x00010000, REGISTRY_MULTI_SZ},
    {0x00020000, REGISTRY_EXPAND_SZ}, {0x00000001, REGISTRY_BINARY},
    {0x00010001, REGISTRY_DWORD},     {0x000B0001, REGISTRY_QWORD},
};
#define FLAGS_TYPE_MASK 0xFFFF0001u

static char *
trimmed(char *text)
{
    size_t length;

    text += strspn(text, " \t");
    length = strlen(text);
    while (length && strchr(" \t\r\n", text[length - 1]))
        text[--length] = 0;
    if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
        text[length - 1] = 0;
        text++;
    }
    return text;
}

/* Cuts `line` at the next `at` outside quotes; returns what follows, or NULL. */
static char *
cut(char *line, char at)
{
    bool quoted = false;

    for (; *line; line++) {
        if (*line == '"')
            quoted = !quoted;
        else if (*line == at && !quoted) {
            *line = 0;
            return line + 1;
        }
    }
    return NULL;
}

static bool
type_of(const char *flags, enum registry_type *type)
{
    unsigned long value = strtoul(flags, NULL, 0);

    for (size_t i = 0; i < sizeof(flag_types) / sizeof(*flag_types); i++)
        if ((value & FLAGS_TYPE_MASK) == flag_types[i].flags) {
            *type = flag_types[i].type;
            return true;
        }
    return false;
}

/* False: not a line of ours. */
static bool
line_parse(char *line, struct inf_option *option)
{
    char *comment = cut(line, ';');
    char *field[5] = {line};

    for (unsigned i = 1; i < 5; i++) {
        field[i] = cut(field[i - 1], ',');
        if (!field[i])
            return false;
    }
    for (unsigned i = 0; i < 5; i++)
        field[i] = trimmed(field[i]);
    if (strcasecmp(field[0], "HKR") || strcasecmp(field[1], "Parameters\\Device") || !*field[2] ||
        !type_of(field[3], &option->type))
        return false;
    comment = comment ? trimmed(comment) : (char *)"";
    option->series = !strncasecmp(comment, "[files]", 7);
    option->file = option->series || !strncasecmp(comment, "[file]", 6);
    option->size = !strncasecmp(comment, "[size]", 6);
    if (option->file || option->size)
        comment = trimmed(comment + (option->series ? 7 : 6));
    option->name = strdup(field[2]);
    option->initial = strdup(field[4]);
    option->meaning = strdup(comment);
    return true;
}

int
inf_read(const char *path, struct inf **out, char **error)
{
    FILE *file = fopen(path, "re");
    struct inf *inf = NULL;
    char *line = NULL;
    size_t room = 0;
    int code = 0;

    *out = NULL;
    if (!file && errno == ENOENT)
        return 0;
    if (!file)
        return host_fail(error, -errno, "%s cannot be read: %s", path, strerror(errno));
    inf = calloc(1, sizeof(*inf));
    while (inf && getline(&line, &room, file) > 0) {
        struct inf_option option = {0}, *options;
        if (!line_parse(line, &option))
            continue;
        options = reallocarray(inf->options, inf->count + 1, sizeof(*options));
        if (options)
            inf->options = options;
        if (!options || !option.name || !option.initial || !option.meaning) {
            free(option.name);
            free(option.initial);
            free(option.meaning);
            code = -ENOMEM;
            break;
        }
        inf->options[inf->count++] = option;
    }
    free(line);
    fclose(file);
    if (!inf || code) {
        inf_destroy(inf);
        return -ENOMEM;
    }
    *out = inf;
    return 0;
}

void
inf_destroy(struct inf *inf)
{
    if (!inf)
        return;
    for (size_t i = 0; i < inf->count; i++) {
        free(inf->options[i].name);
        free(inf->options[i].initial);
        free(inf->options[i].meaning);
    }
    free(inf->options);
    free(inf);
}

/* Length of a name without the number at its end. */
static size_t
stem_length(const char *name)
{
    size_t length = strlen(name);

    while (length && isdigit((unsigned char)name[length - 1]))
        length--;
    return length;
}

static bool
option_matches(const struct inf_option *option, const char *name)
{
    size_t stem = stem_length(name);

    if (!strcasecmp(option->name, name))
        return true;
    return option->series && name[stem] && name[stem] != '0' && stem == stem_length(option->name) &&
           !strncasecmp(option->name, name, stem);
}

const struct inf_option *
inf_find(const struct inf *inf, const char *name)
{
    for (size_t i = 0; i < inf->count; i++)
        if (option_matches(&inf->options[i], name))
            return &inf->options[i];
    return NULL;
}

bool
inf_creates(const struct inf *inf, const char *const *assignments, size_t count)
{
    for (size_t i = 0; inf && i < count; i++) {
        size_t length = strcspn(assignments[i], "=");
        for (size_t k = 0; k < inf->count; k++)
            if (inf->options[k].size && strlen(inf->options[k].name) == length &&
                !strncasecmp(inf->options[k].name, assignments[i], length))
                return true;
    }
    return false;
}

char *
inf_names(const struct inf *inf)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    if (!out)
        return NULL;
    for (size_t i = 0; i < inf->count; i++) {
        const struct inf_option *option = &inf->options[i];
        fprintf(out, "%s%s", i ? ", " : "", option->name);
        if (*option->initial)
            fprintf(out, " (%s)", option->initial);
    }
    fclose(out);
    return text;
}

/* What a size could be given with; "" nothing. */
static const char *
size_hint(const struct inf *inf)
{
    for (size_t i = 0; i < inf->count; i++)
        if (inf->options[i].size)
            return inf->options[i].name;
    return "";
}

static int
file_check(const struct inf *inf, const char *driver, const struct inf_option *option, bool creates,
           char **value, char **error)
{
    char *absolute, *folder = NULL;

    /* A name of the kernel's own, such as \??\C:\x.img, is the driver's business. */
    if (**value == '\\')
        return 0;
    if (!creates && access(*value, F_OK))
        return host_fail(error, -errno, "%s: %s \"%s\" is not there: %s; make it first%s%s%s",
                         driver, option->name, *value, strerror(errno),
                         *size_hint(inf) ? ", or say its size too: " : "", size_hint(inf),
                         *size_hint(inf) ? "=64" : "");
    if (!access(*value, F_OK) && access(*value, R_OK))
        return host_fail(error, -errno, "%s: %s \"%s\" may not be read: %s; mend its mode (chmod)",
                         driver, option->name, *value, strerror(errno));
    if (**value == '/')
        return 0;
    folder = get_current_dir_name();
    if (!folder || asprintf(&absolute, "%s/%s", folder, *value) < 0) {
        free(folder);
        return -ENOMEM;
    }
    free(folder);
    free(*value);
    *value = absolute;
    return 0;
}

/* "64", "0x40", "64K", "yes": what people write for a number. */
static bool
number_read(const char *text, uint64_t *out)
{
    static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no", "off"};
    static const char suffixes[] = "KMGT";
    const char *suffix;
    char *end;

    for (unsigned i = 0; i < 3; i++)
        if (!strcasecmp(text, yes[i]) || !strcasecmp(text, no[i])) {
            *out = !strcasecmp(text, yes[i]);
            return true;
        }
    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    *out = strtoull(text, &end, strncasecmp(text, "0x", 2) ? 10 : 16);
    if (errno)
        return false;
    if (*end && (suffix = strchr(suffixes, toupper((unsigned char)*end)))) {
        unsigned shift = 10 * (unsigned)(suffix - suffixes + 1);
        if (*out << shift >> shift != *out)
            return false;
        *out <<= shift;
        end++;
    }
    return !*end;
}

/* Numbers for a REG_DWORD are brought into the form that the registry takes. */
static int
number_check(const char *driver, const struct inf_option *option, char **value, char **error)
{
    bool number = option->type == REGISTRY_DWORD || option->type == REGISTRY_QWORD;
    uint64_t parsed;
    char *plain;

    if (!number && !option->size)
        return 0;
    if (!number_read(*value, &parsed) || (option->type == REGISTRY_DWORD && parsed > UINT32_MAX))
        return host_fail(error, -EINVAL, "%s: option %s takes a number, not \"%s\"; write %s=%s",
                         driver, option->name, *value, option->name,
                         *option->initial ? option->initial
                         : option->size   ? "64M"
                                          : "1");
    if (!number)
        return 0;
    if (asprintf(&plain, "%llu", (unsigned long long)parsed) < 0)
        return -ENOMEM;
    free(*value);
    *value = plain;
    return 0;
}

int
inf_check(const struct inf *inf, const char *driver, const char *assignment, bool creates,
          const struct inf_option **option, char **value, char **error)
{
    const char *equals = strchr(assignment, '=');
    char *name;
    int code;

    *option = NULL;
    *value = NULL;
    if (!equals || equals == assignment)
        return host_fail(error, -EINVAL, "%s: option \"%s\" is not written KEY=VALUE", driver,
                         assignment);
    name = strndup(assignment, (size_t)(equals - assignment));
    if (!name)
        return -ENOMEM;
    if (inf && !(*option = inf_find(inf, name))) {
        char *names = inf_names(inf);
        code = host_fail(error, -EINVAL, "%s has no option \"%s\"; it takes: %s", driver, name,
                         names && *names ? names : "none");
        free(names);
        free(name);
        return code;
    }
    free(name);
    *value = strdup(equals + 1);
    if (!*value)
        return -ENOMEM;
    if (!*option)
        return 0;
    code = (*option)->file ? file_check(inf, driver, *option, creates, value, error)
                           : number_check(driver, *option, value, error);
    if (code) {
        free(*value);
        *value = NULL;
    }
    return code;
}
