/*
 * Registry keys: pages nf-storport-storportregistryreadadapterkey, …writeadapterkey. The registry
 * is a handful of values of the test.
 * Covers: StorPortRegistryWriteAdapterKey StorPortReadRegistryKey StorPortReadDriverRegistry
 */
#include "routine_harness.h"

#include "rt_registry.h"

#include <errno.h>
#include <strings.h>

#define BAD STOR_STATUS_INVALID_PARAMETER
#define VALUES 8

static struct value {
    char key[200], name[40];
    uint32_t type;
    uint8_t data[64];
    size_t length;
} values[VALUES];

static struct value *
value_find(const char *key, const char *name)
{
    for (unsigned i = 0; i < VALUES; i++) {
        if (!strcasecmp(values[i].key, key) && !strcasecmp(values[i].name, name))
            return &values[i];
    }
    return NULL;
}

static int
value_get(void *ctx, const char *key, const char *name, uint32_t *type, void *data, size_t *length)
{
    struct value *v = value_find(key, name);
    size_t room = *length;

    (void)ctx;
    if (!v)
        return -ENOENT;
    *type = v->type;
    *length = v->length;
    if (room < v->length)
        return -ENOSPC;
    memcpy(data, v->data, v->length);
    return 0;
}

static int
value_set(void *ctx, const char *key, const char *name, uint32_t type, const void *data,
          size_t length)
{
    struct value *v = value_find(key, name);

    (void)ctx;
    if (!v && !(v = value_find("", "")))
        return -ENOSPC;
    snprintf(v->key, sizeof(v->key), "%s", key);
    snprintf(v->name, sizeof(v->name), "%s", name);
    v->type = type;
    v->length = length;
    memcpy(v->data, data, length);
    return 0;
}

static ULONG
read_key(const char *sub, const char *name, ULONG type, void *buffer, ULONG *room)
{
    return StorPortRegistryReadAdapterKey(harness.extension, (PUCHAR)(uintptr_t)sub,
                                          (PUCHAR)(uintptr_t)name, type, &buffer, room);
}

static ULONG
write_key(const char *sub, const char *name, ULONG type, void *data, ULONG length)
{
    return StorPortRegistryWriteAdapterKey(harness.extension, (PUCHAR)(uintptr_t)sub,
                                           (PUCHAR)(uintptr_t)name, type, data, length);
}

/* Written values lie under Enum\<instance>\Device Parameters, and come back as written. */
static void
numbers(void)
{
    ULONG number = 0x12345678, back = 0, room = 4;

    CHECK(write_key(NULL, "Depth", REG_DWORD, &number, 4) == STOR_STATUS_SUCCESS);
    CHECK(value_find("Enum\\ROOT\\conformance\\0000\\Device Parameters", "Depth"));
    CHECK(read_key(NULL, "Depth", REG_DWORD, &back, &room) == STOR_STATUS_SUCCESS);
    CHECK(back == number && room == 4);
    CHECK(read_key("StorPort", "Depth", REG_DWORD, &back, &room) == STOR_STATUS_UNSUCCESSFUL);
    CHECK(read_key(NULL, "Depth", REG_BINARY, &back, &room) == STOR_STATUS_UNSUCCESSFUL);
    room = 3;
    CHECK(read_key(NULL, "Depth", REG_DWORD, &back, &room) == STOR_STATUS_BUFFER_TOO_SMALL);
    CHECK(room == 4);
    CHECK(read_key(NULL, NULL, REG_DWORD, &back, &room) == BAD);
    CHECK(write_key(NULL, "Depth", REG_DWORD, NULL, 4) == BAD);
}

/* "The data is converted from UNICODE to a NULL-terminated ASCII string." */
static void
texts(void)
{
    char back[16];
    ULONG room = sizeof(back);
    struct value *v;

    CHECK(write_key("Mode", "Name", REG_SZ, (void *)(uintptr_t) "fast", 4) == STOR_STATUS_SUCCESS);
    v = value_find("Enum\\ROOT\\conformance\\0000\\Device Parameters\\Mode", "Name");
    CHECK(v && v->length == 10 && !memcmp(v->data, "f\0a\0s\0t\0\0", 10));
    CHECK(read_key("Mode", "Name", REG_SZ, back, &room) == STOR_STATUS_SUCCESS);
    CHECK(room == 5 && !strcmp(back, "fast"));
}

static void
by_path(void)
{
    static WCHAR path[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Storage";
    static WCHAR other[] = L"\\Registry\\User\\x", name[] = L"Flag";
    ULONG flag = 7, back = 0, room = 4;
    PVOID buffer = &back;

    CHECK(!value_set(NULL, "Control\\Storage", "Flag", REG_DWORD, &flag, 4));
    CHECK(StorPortReadRegistryKey(harness.extension, path, name, REG_DWORD, &buffer, &room) ==
          STOR_STATUS_SUCCESS);
    CHECK(back == 7 && room == 4);
    CHECK(StorPortReadRegistryKey(harness.extension, path, name, REG_SZ, &buffer, &room) == BAD);
    CHECK(StorPortReadRegistryKey(harness.extension, other, name, REG_DWORD, &buffer, &room) ==
          STOR_STATUS_UNSUCCESSFUL);
}

static void
service_key(void)
{
    ULONG start = 3, back = 0, room = 4;
    PVOID driver = harness.driver->object;

    CHECK(!value_set(NULL, "Services\\conformance", "Start", REG_DWORD, &start, 4));
    CHECK(StorPortReadDriverRegistry(driver, (PUCHAR) "Start", &room, &back));
    CHECK(back == 3 && room == 4);
    room = 2;
    CHECK(!StorPortReadDriverRegistry(driver, (PUCHAR) "Start", &room, &back) && room == 4);
    CHECK(!StorPortReadDriverRegistry(driver, (PUCHAR) "Stop", &room, &back));
    CHECK(!StorPortReadDriverRegistry(&back, (PUCHAR) "Start", &room, &back));
}

int
main(void)
{
    struct rt_registry_provider provider = {.get = value_get, .set = value_set};
    ULONG number = 1, room = 4;

    harness_start(&(struct harness_config){0});
    rt_registry_provider_set(harness.rt, &provider);
    harness_enter(CALLBACK_PASSIVE_INITIALIZE, RT_IRQL_PASSIVE);
    numbers();
    texts();
    by_path();
    service_key();
    harness_leave();
    harness_enter(CALLBACK_DPC, RT_IRQL_DISPATCH);
    CHECK(read_key(NULL, "Depth", REG_DWORD, &number, &room) == STOR_STATUS_INVALID_IRQL);
    harness_expect(RULE_StorPortIrql);
    CHECK(write_key(NULL, "Depth", REG_DWORD, &number, 4) == STOR_STATUS_INVALID_IRQL);
    harness_expect(RULE_StorPortIrql);
    harness_leave();
    return harness_finish();
}
