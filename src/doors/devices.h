/*
 * The adapters that a door's user asked for, and their options, while arguments are read. Shared by
 * the command and the plugin, so that `--device` and `device=` mean the same.
 */
#ifndef DEVICES_H
#define DEVICES_H

#include <stdbool.h>
#include <stddef.h>

struct device {
    char **options; /* "key=value", ended by NULL */
    size_t count;
};

struct devices {
    struct device *list;
    size_t count;
};

/* One more adapter: "key=value,key=value"; a comma within a value is written twice. -ENOMEM. */
int devices_add(struct devices *devices, const char *spec);
/* An option of the last adapter, or of the only one when none was named. */
int devices_option(struct devices *devices, const char *assignment);
/* At least one adapter, even without options. */
int devices_complete(struct devices *devices);
/* The inverse of devices_add: heap, NULL when memory is short. */
char *devices_spec(const struct device *device);
void devices_finish(struct devices *devices);

#endif
