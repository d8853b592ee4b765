/*
 * The store: an array of values, sorted by nothing, searched from its start. A host holds some
 * hundred values at most and reads them while adapters start, never during I/O.
 */
#include "registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct value {
    char *key;
    char *name;
    void *data;
    uint32_t length;
    uint32_t type;
};

struct registry {
    struct rt_registry_provider provider;
    rt_word lock; /* leaf */
    struct value *values;
    size_t count, room;
};

/* Keys compare without case and without a backslash at either end. */
static bool
key_equal(const char *a, size_t a_length, const char *b)
{
    size_t b_length;

    while (*b == '\\')
        b++;
    b_length = strlen(b);
    while (b_length && b[b_length - 1] == '\\')
        b_length--;
    return a_length == b_length && !strncasecmp(a, b, a_length);
}

static struct value *
value_find_locked(struct registry *registry, const char *key, const char *name)
{
    for (size_t i = 0; i < registry->count; i++) {
        struct value *value = &registry->values[i];
        if (!strcasecmp(value->name, name) && key_equal(value->key, strlen(value->key), key))
            return value;
    }
    return NULL;
}

static void
value_drop(struct value *value)
{
    free(value->key);
    free(value->name);
    free(value->data);
}

static char *
key_trimmed(const char *key)
{
    size_t length;

    while (*key == '\\')
        key++;
    length = strlen(key);
    while (length && key[length - 1] == '\\')
        length--;
    return strndup(key, length);
}

static int
value_append_locked(struct registry *registry, struct value value)
{
    if (registry->count == registry->room) {
        size_t room = registry->room ? registry->room * 2 : 32;
        struct value *values = realloc(registry->values, room * sizeof(*values));
        if (!values)
            return -ENOMEM;
        registry->values = values;
        registry->room = room;
    }
    registry->values[registry->count++] = value;
    return 0;
}

static int
provider_get(void *ctx, const char *key, const char *name, uint32_t *type, void *data,
             size_t *length)
{
    struct registry *registry = ctx;
    struct value *value;
    int code = 0;

    rt_word_acquire(&registry->lock);
    value = value_find_locked(registry, key, name);
    if (!value) {
        code = -ENOENT;
    } else {
        if (type)
            *type = value->type;
        if (*length < value->length)
            code = -ENOSPC;
        else if (value->length)
            memcpy(data, value->data, value->length);
        *length = value->length;
    }
    rt_word_release(&registry->lock);
    return code;
}

static int
provider_set(void *ctx, const char *key, const char *name, uint32_t type, const void *data,
             size_t length)
{
    struct registry *registry = ctx;
    struct value fresh = {.type = type, .length = (uint32_t)length};
    struct value *value;
    int code = -ENOMEM;

    fresh.key = key_trimmed(key);
    fresh.name = strdup(name);
    fresh.data = malloc(length ? length : 1);
    if (!fresh.key || !fresh.name || !fresh.data) {
        value_drop(&fresh);
        return code;
    }
    if (length)
        memcpy(fresh.data, data, length);
    rt_word_acquire(&registry->lock);
    value = value_find_locked(registry, key, name);
    if (value) {
        struct value old = *value;
        *value = fresh;
        fresh = old;
        code = 0;
    } else {
        code = value_append_locked(registry, fresh);
        if (!code)
            fresh = (struct value){0};
    }
    rt_word_release(&registry->lock);
    value_drop(&fresh);
    return code;
}

static bool
key_below(const char *key, const char *top)
{
    size_t length;

    while (*top == '\\')
        top++;
    length = strlen(top);
    while (length && top[length - 1] == '\\')
        length--;
    return !strncasecmp(key, top, length) && (key[length] == '\\' || !key[length]);
}

static int
provider_erase(void *ctx, const char *key, const char *name)
{
    struct registry *registry = ctx;
    size_t kept = 0, before;

    rt_word_acquire(&registry->lock);
    before = registry->count;
    for (size_t i = 0; i < before; i++) {
        struct value *value = &registry->values[i];
        bool drop =
            name ? !strcasecmp(value->name, name) && key_equal(value->key, strlen(value->key), key)
                 : key_below(value->key, key);
        if (drop)
            value_drop(value);
        else
            registry->values[kept++] = *value;
    }
    registry->count = kept;
    rt_word_release(&registry->lock);
    return kept == before ? -ENOENT : 0;
}

int
registry_create(struct registry **out)
{
    struct registry *registry = calloc(1, sizeof(*registry));

    if (!registry)
        return -ENOMEM;
    registry->provider = (struct rt_registry_provider){
        .get = provider_get, .set = provider_set, .erase = provider_erase, .ctx = registry};
    *out = registry;
    return 0;
}

void
registry_destroy(struct registry *registry)
{
    if (!registry)
        return;
    for (size_t i = 0; i < registry->count; i++)
        value_drop(&registry->values[i]);
    free(registry->values);
    free(registry);
}

const struct rt_registry_provider *
registry_provider(struct registry *registry)
{
    return &registry->provider;
}

bool
registry_has(struct registry *registry, const char *key, const char *name)
{
    bool found;

    rt_word_acquire(&registry->lock);
    found = value_find_locked(registry, key, name) != NULL;
    rt_word_release(&registry->lock);
    return found;
}
