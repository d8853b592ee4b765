/*
 * The registry of one host, in memory: values by key and name, as Windows keeps their data. It is
 * the provider behind rt_registry.h; the host and its doors fill it from text. Any thread, PASSIVE.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "rt_registry.h"

struct registry;

enum registry_type {
    REGISTRY_NONE = 0,
    REGISTRY_SZ = 1,
    REGISTRY_EXPAND_SZ = 2,
    REGISTRY_BINARY = 3,
    REGISTRY_DWORD = 4,
    REGISTRY_MULTI_SZ = 7,
    REGISTRY_QWORD = 11,
};

int registry_create(struct registry **out);
void registry_destroy(struct registry *registry);
/* Valid as long as the registry. */
const struct rt_registry_provider *registry_provider(struct registry *registry);

bool registry_has(struct registry *registry, const char *key, const char *name);
/* `text` is what a person wrote for a value of that type (MULTI_SZ: separated by '|'; BINARY: hex).
 * 0 or -errno with a text. */
int registry_put(struct registry *registry, const char *key, const char *name,
                 enum registry_type type, const char *text, char **error);
/* "KEY\NAME=VALUE" or "KEY\NAME:type=VALUE" (storport/host.h). */
int registry_assign(struct registry *registry, const char *assignment, char **error);

#endif
