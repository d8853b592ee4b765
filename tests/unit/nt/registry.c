/* Keys and values through Zw* and RtlQueryRegistryValues, over a small store of this program's. */
#include "nt_test.h"
#include "rt_registry.h"

#include <errno.h>
#include <strings.h>

#define BASE L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\probe"

static struct value {
    char key[128], name[64];
    uint32_t type, length;
    unsigned char data[128];
} values[32];

static struct value *
value_find(const char *key, const char *name)
{
    for (unsigned i = 0; i < 32; i++) {
        if (values[i].key[0] && !strcasecmp(values[i].key, key) &&
            !strcasecmp(values[i].name, name))
            return &values[i];
    }
    return NULL;
}

static int
store_get(void *ctx, const char *key, const char *name, uint32_t *type, void *data, size_t *length)
{
    struct value *value = value_find(key, name);
    size_t room = *length;

    (void)ctx;
    if (!value)
        return -ENOENT;
    *type = value->type;
    *length = value->length;
    if (room < value->length)
        return -ENOSPC;
    if (value->length)
        memcpy(data, value->data, value->length);
    return 0;
}

static int
store_set(void *ctx, const char *key, const char *name, uint32_t type, const void *data,
          size_t length)
{
    struct value *value = value_find(key, name);

    (void)ctx;
    for (unsigned i = 0; i < 32 && !value; i++)
        value = values[i].key[0] ? NULL : &values[i];
    if (!value || length > sizeof(value->data))
        return -ENOSPC;
    strcpy(value->key, key);
    strcpy(value->name, name);
    value->type = type;
    value->length = (uint32_t)length;
    memcpy(value->data, data, length);
    return 0;
}

static int
store_erase(void *ctx, const char *key, const char *name)
{
    int found = -ENOENT;

    (void)ctx;
    for (unsigned i = 0; i < 32; i++) {
        size_t length = strlen(key);
        if (name ? !strcasecmp(values[i].key, key) && !strcasecmp(values[i].name, name)
                 : !strncasecmp(values[i].key, key, length) &&
                       (!values[i].key[length] || values[i].key[length] == '\\')) {
            values[i].key[0] = 0;
            found = 0;
        }
    }
    return found;
}

static int
store_list(void *ctx, const char *key, bool keys, unsigned index, char *name, size_t bytes)
{
    size_t length = strlen(key);

    (void)ctx;
    for (unsigned i = 0; i < 32; i++) {
        bool below = !strncasecmp(values[i].key, key, length) && values[i].key[length] == '\\';
        bool here = !strcasecmp(values[i].key, key);
        if (values[i].key[0] && (keys ? below : here) && !index--) {
            snprintf(name, bytes, "%s", keys ? values[i].key + length + 1 : values[i].name);
            return 0;
        }
    }
    return -ENOENT;
}

static void
store_up(struct rt *rt)
{
    static const struct rt_registry_provider provider = {
        .get = store_get, .set = store_set, .erase = store_erase};

    memset(values, 0, sizeof(values));
    rt_registry_provider_set(rt, &provider);
    nt_registry_list_set(rt, store_list, NULL);
}

static NTSTATUS
key_do(PCWSTR path, HANDLE root, bool create, HANDLE *key, ULONG *disposition)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;

    RtlInitUnicodeString(&name, path);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, root,
                               NULL);
    return create ? ZwCreateKey(key, KEY_ALL_ACCESS, &attributes, 0, NULL, REG_OPTION_NON_VOLATILE,
                                disposition)
                  : ZwOpenKey(key, KEY_READ, &attributes);
}

static NTSTATUS
set_dword(HANDLE key, PCWSTR text, ULONG value)
{
    UNICODE_STRING name;

    RtlInitUnicodeString(&name, text);
    return ZwSetValueKey(key, &name, 0, REG_DWORD, &value, sizeof(value));
}

static void
keys(struct rt *rt)
{
    UCHAR buffer[256];
    PKEY_VALUE_PARTIAL_INFORMATION partial = (PVOID)buffer;
    PKEY_VALUE_FULL_INFORMATION full = (PVOID)buffer;
    PKEY_BASIC_INFORMATION basic = (PVOID)buffer;
    PKEY_FULL_INFORMATION key_full = (PVOID)buffer;
    ULONG disposition, needed;
    UNICODE_STRING name;
    HANDLE key, sub;

    store_up(rt);
    CHECK(key_do(BASE, NULL, false, &key, NULL) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(key_do(BASE, NULL, true, &key, &disposition) == STATUS_SUCCESS);
    CHECK(disposition == REG_CREATED_NEW_KEY);
    CHECK(key_do(L"Parameters", key, true, &sub, &disposition) == STATUS_SUCCESS);
    CHECK(set_dword(sub, L"Depth", 32) == STATUS_SUCCESS);
    CHECK(value_find("Services\\probe\\Parameters", "Depth")->data[0] == 32);
    RtlInitUnicodeString(&name, L"Depth");
    CHECK(ZwQueryValueKey(sub, &name, KeyValuePartialInformation, buffer, 4, &needed) ==
          STATUS_BUFFER_TOO_SMALL);
    CHECK(ZwQueryValueKey(sub, &name, KeyValuePartialInformation, buffer, 12, &needed) ==
          STATUS_BUFFER_OVERFLOW);
    CHECK(needed == 16);
    CHECK(ZwQueryValueKey(sub, &name, KeyValuePartialInformation, buffer, 16, &needed) == 0);
    CHECK(partial->Type == REG_DWORD && partial->DataLength == 4 && partial->Data[0] == 32);
    CHECK(ZwQueryValueKey(sub, &name, KeyValueFullInformation, buffer, sizeof(buffer), &needed) ==
          0);
    CHECK(full->NameLength == 10 && buffer[full->DataOffset] == 32);
    RtlInitUnicodeString(&name, L"Nothing");
    CHECK(ZwQueryValueKey(sub, &name, KeyValuePartialInformation, buffer, 16, &needed) ==
          STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(ZwEnumerateKey(key, 0, KeyBasicInformation, buffer, sizeof(buffer), &needed) == 0);
    CHECK(basic->NameLength == 20 && basic->Name[0] == 'P');
    CHECK(ZwEnumerateKey(key, 1, KeyBasicInformation, buffer, sizeof(buffer), &needed) ==
          STATUS_NO_MORE_ENTRIES);
    CHECK(ZwQueryKey(key, KeyFullInformation, buffer, sizeof(buffer), &needed) == 0);
    CHECK(key_full->SubKeys == 1 && key_full->Values == 0 && key_full->MaxNameLen == 20);
    CHECK(ZwDeleteKey(key) == STATUS_CANNOT_DELETE);
    CHECK(ZwDeleteKey(sub) == 0 && ZwClose(sub) == 0);
    CHECK(key_do(L"Parameters", key, false, &sub, NULL) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(ZwClose(key) == 0);
}

static unsigned told;

static NTSTATUS
tell(PWSTR name, ULONG type, PVOID data, ULONG length, PVOID context, PVOID entry)
{
    CHECK(context == &told && name);
    CHECK(type == REG_SZ || type == REG_DWORD);
    CHECK(entry == &values && length && data);
    told++;
    return STATUS_SUCCESS;
}

static void
queries(struct rt *rt)
{
    ULONG depth = 7, absent = 9, fallback = 11;
    UNICODE_STRING text = {0};
    struct {
        LONG size;
        UCHAR data[12];
    } binary = {.size = -16};
    RTL_QUERY_REGISTRY_TABLE table[] = {
        {NULL, RTL_QUERY_REGISTRY_SUBKEY, (PWSTR)L"Parameters", NULL, REG_NONE, NULL, 0},
        {NULL, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK, (PWSTR)L"Depth", &depth,
         REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT, NULL, 0},
        {NULL, RTL_QUERY_REGISTRY_DIRECT, (PWSTR)L"Path", &text, REG_NONE, NULL, 0},
        {NULL, RTL_QUERY_REGISTRY_DIRECT, (PWSTR)L"Absent", &absent, REG_DWORD, &fallback, 4},
        {tell, 0, (PWSTR)L"List", values, REG_NONE, NULL, 0},
        {tell, 0, NULL, values, REG_NONE, NULL, 0},
        {0}};
    RTL_QUERY_REGISTRY_TABLE raw[] = {{NULL,
                                       RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED,
                                       (PWSTR)L"Raw", &binary, REG_NONE, NULL, 0},
                                      {0}};
    RTL_QUERY_REGISTRY_TABLE required[] = {{NULL,
                                            RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED,
                                            (PWSTR)L"Absent", &absent, REG_NONE, NULL, 0},
                                           {0}};

    store_up(rt);
    CHECK(store_set(NULL, "Services\\probe\\Parameters", "Depth", REG_DWORD, "\x40\0\0\0", 4) == 0);
    CHECK(store_set(NULL, "Services\\probe\\Parameters", "Path", REG_SZ, L"abc", 8) == 0);
    CHECK(store_set(NULL, "Services\\probe\\Parameters", "List", REG_MULTI_SZ, L"x\0yy\0", 12) ==
          0);
    told = 0;
    CHECK(store_set(NULL, "Services\\probe", "Raw", REG_BINARY, "0123456789", 10) == 0);
    CHECK(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"probe", table, &told, NULL) == 0);
    CHECK(depth == 0x40 && absent == 11);
    CHECK(text.Length == 6 && text.Buffer[2] == 'c');
    CHECK(told == 2 + 4); /* the list's two strings, then all values, the list as two again */
    RtlFreeUnicodeString(&text);
    CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, BASE, required, NULL, NULL) ==
          STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, BASE, raw, NULL, NULL) == 0);
    CHECK(!memcmp(&binary, "0123456789", 10));
    table[1].Flags |= RTL_QUERY_REGISTRY_TYPECHECK;
    table[1].DefaultType = REG_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
    CHECK(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"probe", table, &told, NULL) ==
          STATUS_OBJECT_TYPE_MISMATCH);
    depth = 5;
    CHECK(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"probe", L"Made", REG_DWORD, &depth, 4) ==
          0);
    CHECK(value_find("Services\\probe", "Made"));
    CHECK(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"probe", L"Made") == 0);
    CHECK(!value_find("Services\\probe", "Made"));
}

static void
devices(struct rt *rt)
{
    PDRIVER_OBJECT driver = nt_driver_object_create(rt, "probe", NULL, NULL);
    PDEVICE_OBJECT device;
    WCHAR buffer[64];
    ULONG needed;
    HANDLE key;

    store_up(rt);
    CHECK(IoCreateDevice(driver, 0, NULL, FILE_DEVICE_CONTROLLER, FILE_AUTOGENERATED_DEVICE_NAME,
                         FALSE, &device) == 0);
    CHECK(IoOpenDeviceRegistryKey(device, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &key) ==
          STATUS_INVALID_DEVICE_REQUEST);
    CHECK(nt_device_instance_set(device, "PCI\\VEN_1B36&DEV_0010\\3&0"));
    CHECK(IoOpenDeviceRegistryKey(device, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &key) == 0);
    CHECK(set_dword(key, L"Mode", 3) == 0 && ZwClose(key) == 0);
    CHECK(value_find("Enum\\PCI\\VEN_1B36&DEV_0010\\3&0\\Device Parameters", "Mode"));
    CHECK(IoGetDeviceProperty(device, DevicePropertyPhysicalDeviceObjectName, 4, buffer, &needed) ==
          STATUS_BUFFER_TOO_SMALL);
    CHECK(needed == 34);
    CHECK(IoGetDeviceProperty(device, DevicePropertyPhysicalDeviceObjectName, sizeof(buffer),
                              buffer, &needed) == 0);
    CHECK(buffer[8] == '0' && buffer[15] == '1' && buffer[16] == 0);
    CHECK(IoGetDeviceProperty(device, DevicePropertyEnumeratorName, sizeof(buffer), buffer,
                              &needed) == 0);
    CHECK(needed == 8 && buffer[0] == 'P');
    CHECK(IoGetDeviceProperty(device, DevicePropertyFriendlyName, sizeof(buffer), buffer,
                              &needed) == STATUS_OBJECT_NAME_NOT_FOUND);
    IoDeleteDevice(device);
    nt_driver_object_destroy(rt, driver);
}

/* A key handle that is not closed is named by its rule. */
static void
leaked(struct rt *rt)
{
    HANDLE key;

    store_up(rt);
    CHECK(key_do(BASE, NULL, true, &key, NULL) == STATUS_SUCCESS);
    CHECK(nt_handles_report_leaks(rt, NULL) == 1);
    CHECK(findings_of(rt, RULE_ZwRegistryOpen) == 1);
    CHECK(ZwClose(key) == 0);
}

int
main(void)
{
    test_both(keys);
    test_both(queries);
    test_both(devices);
    test_findings_expected = 1;
    test_both(leaked);
    return 0;
}
