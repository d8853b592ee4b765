/*
 * The registry, as the kernel asks for it. rt only carries the provider; the host registers one.
 * Keys are UTF-8 paths with backslashes, relative to the control set or the machine's Enum tree:
 * "Services\ramdisk\Parameters\Device0", "Enum\PCI\…\Device Parameters\StorPort". Names compare
 * without case. Data is as Windows keeps it: REG_SZ in UTF-16LE with its NUL.
 */
#ifndef RT_REGISTRY_H
#define RT_REGISTRY_H

#include "rt.h"

struct rt_registry_provider {
    /* 0, -ENOENT, or -ENOSPC with *length the needed size. data may be NULL when *length is 0. */
    int (*get)(void *ctx, const char *key, const char *name, uint32_t *type, void *data,
               size_t *length);
    int (*set)(void *ctx, const char *key, const char *name, uint32_t type, const void *data,
               size_t length);
    int (*erase)(void *ctx, const char *key,
                 const char *name); /* name NULL: the key and all below */
    void *ctx;
};

void rt_registry_provider_set(struct rt *rt, const struct rt_registry_provider *provider);
int rt_registry_get(struct rt *rt, const char *key, const char *name, uint32_t *type, void *data,
                    size_t *length);
int rt_registry_set(struct rt *rt, const char *key, const char *name, uint32_t type,
                    const void *data, size_t length);
int rt_registry_erase(struct rt *rt, const char *key, const char *name);

#endif
