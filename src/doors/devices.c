/* See devices.h. */
#include "devices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
device_append(struct devices *devices)
{
    struct device *list = reallocarray(devices->list, devices->count + 1, sizeof(*list));

    if (!list)
        return -ENOMEM;
    devices->list = list;
    list[devices->count] = (struct device){.options = calloc(1, sizeof(char *))};
    if (!list[devices->count].options)
        return -ENOMEM;
    devices->count++;
    return 0;
}

static int
option_append(struct device *device, char *option)
{
    char **options = reallocarray(device->options, device->count + 2, sizeof(*options));

    if (!options || !option) {
        free(option);
        return -ENOMEM;
    }
    device->options = options;
    options[device->count++] = option;
    options[device->count] = NULL;
    return 0;
}

/* The first item of a list separated by commas, its doubled commas made single; *spec moves on. */
static char *
item_take(const char **spec)
{
    char *item = strdup(*spec), *to = item;
    const char *from = *spec;

    if (!item)
        return NULL;
    for (; *from && (*from != ',' || from[1] == ','); from++) {
        *to++ = *from;
        if (*from == ',')
            from++;
    }
    *to = 0;
    *spec = *from ? from + 1 : from;
    return item;
}

int
devices_add(struct devices *devices, const char *spec)
{
    int code = device_append(devices);

    while (!code && *spec)
        code = option_append(&devices->list[devices->count - 1], item_take(&spec));
    return code;
}

int
devices_option(struct devices *devices, const char *assignment)
{
    int code = devices_complete(devices);

    return code ? code : option_append(&devices->list[devices->count - 1], strdup(assignment));
}

int
devices_complete(struct devices *devices)
{
    return devices->count ? 0 : device_append(devices);
}

char *
devices_spec(const struct device *device)
{
    char *spec = NULL;
    size_t bytes;
    FILE *out = open_memstream(&spec, &bytes);

    if (!out)
        return NULL;
    for (size_t i = 0; i < device->count; i++) {
        if (i)
            fputc(',', out);
        for (const char *c = device->options[i]; *c; c++)
            fputs(*c == ',' ? ",," : (const char[2]){*c, 0}, out);
    }
    fclose(out);
    return spec;
}

void
devices_finish(struct devices *devices)
{
    for (size_t i = 0; i < devices->count; i++) {
        for (size_t k = 0; k < devices->list[i].count; k++)
            free(devices->list[i].options[k]);
        free(devices->list[i].options);
    }
    free(devices->list);
    *devices = (struct devices){0};
}
