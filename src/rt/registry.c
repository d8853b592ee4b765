/* Carries the registry's provider; without one every value is absent. */
#include "rt_priv.h"

#include <errno.h>

void
rt_registry_provider_set(struct rt *rt, const struct rt_registry_provider *provider)
{
    rt->registry = *provider;
}

int
rt_registry_get(struct rt *rt, const char *key, const char *name, uint32_t *type, void *data,
                size_t *length)
{
    if (!rt->registry.get)
        return -ENOENT;
    return rt->registry.get(rt->registry.ctx, key, name, type, data, length);
}

int
rt_registry_set(struct rt *rt, const char *key, const char *name, uint32_t type, const void *data,
                size_t length)
{
    if (!rt->registry.set)
        return -EROFS;
    return rt->registry.set(rt->registry.ctx, key, name, type, data, length);
}

int
rt_registry_erase(struct rt *rt, const char *key, const char *name)
{
    if (!rt->registry.erase)
        return -EROFS;
    return rt->registry.erase(rt->registry.ctx, key, name);
}
