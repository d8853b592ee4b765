/*
 * Registry keys behind handles, over rt's registry. Keys there are relative to the control set and
 * exist by having values, so an empty key that a driver creates is remembered here. Opening a key
 * that nobody can list is granted; its values are then not found.
 * DDI: ZwOpenKey, ZwCreateKey, ZwQueryValueKey, ZwSetValueKey, ZwEnumerateKey.
 */
#include "zw_registry.h"
#include "rt_registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct nt_key {
    char *path; /* as rt_registry.h has it */
};

static void key_destroy(void *body);
const struct nt_object_type nt_type_key = {.name = "registry key", .destroy = key_destroy};

static void
key_destroy(void *body)
{
    free(((struct nt_key *)body)->path);
}

void
nt_registry_list_set(struct rt *rt,
                     int (*list)(void *ctx, const char *key, bool keys, unsigned index, char *name,
                                 size_t bytes),
                     void *ctx)
{
    nt_of(rt)->registry_list_ctx = ctx;
    nt_of(rt)->registry_list = list;
}

/* ---- paths ----------------------------------------------------------------------------------- */

char *
nt_registry_path(const char *text)
{
    static const char *const sets[] = {"\\Registry\\Machine\\System\\CurrentControlSet",
                                       "\\Registry\\Machine\\System\\ControlSet001"};
    char *path;
    size_t length;

    for (unsigned i = 0; i < RTL_NUMBER_OF(sets); i++) {
        if (nt_text_starts(text, sets[i]) &&
            (text[strlen(sets[i])] == '\\' || !text[strlen(sets[i])]))
            text += strlen(sets[i]);
    }
    if (nt_text_starts(text, "\\Registry\\"))
        text += strlen("\\Registry\\"); /* outside of the control set: by its whole name */
    while (*text == '\\')
        text++;
    path = nt_text_copy(text);
    for (length = path ? strlen(path) : 0; length && path[length - 1] == '\\';)
        path[--length] = 0;
    return path;
}

static char *
path_join(const char *root, const char *name)
{
    char *path = malloc(strlen(root) + strlen(name) + 2);

    while (*name == '\\')
        name++;
    if (path)
        sprintf(path, "%s%s%s", root, *name ? "\\" : "", name);
    return path;
}

static NTSTATUS
path_from_attributes(POBJECT_ATTRIBUTES attributes, char **out)
{
    struct nt_key *root = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    char *name;

    *out = NULL;
    if (!attributes || !attributes->ObjectName)
        return STATUS_INVALID_PARAMETER;
    if (attributes->RootDirectory &&
        !(root = nt_handle_reference(attributes->RootDirectory, &nt_type_key, &status)))
        return status;
    name = nt_text(attributes->ObjectName);
    if (name && root)
        *out = path_join(root->path, name);
    else if (name && !nt_text_starts(name, "\\Registry"))
        status = STATUS_OBJECT_PATH_SYNTAX_BAD;
    else if (name)
        *out = nt_registry_path(name);
    free(name);
    if (root)
        ObfDereferenceObject(root);
    if (NT_SUCCESS(status) && !*out)
        status = STATUS_INSUFFICIENT_RESOURCES;
    return status;
}

/* ---- keys that exist ------------------------------------------------------------------------- */

/* Created here and maybe still empty. */
struct made_key {
    LIST_ENTRY link;
    char path[];
};

static struct made_key *
made_find_locked(struct nt *nt, const char *path)
{
    for (PLIST_ENTRY e = nt->made_keys.Flink; e != &nt->made_keys; e = e->Flink) {
        struct made_key *made = CONTAINING_RECORD(e, struct made_key, link);
        if (nt_text_same(made->path, path))
            return made;
    }
    return NULL;
}

static bool
key_made(struct nt *nt, const char *path)
{
    bool made;

    rt_word_acquire(&nt->registry_lock);
    made = made_find_locked(nt, path) != NULL;
    rt_word_release(&nt->registry_lock);
    return made;
}

static bool
key_make(struct nt *nt, const char *path)
{
    struct made_key *made = malloc(sizeof(*made) + strlen(path) + 1);

    if (!made)
        return false;
    strcpy(made->path, path);
    rt_word_acquire(&nt->registry_lock);
    InsertTailList(&nt->made_keys, &made->link);
    rt_word_release(&nt->registry_lock);
    return true;
}

static void
key_unmake(struct nt *nt, const char *path)
{
    struct made_key *made;

    rt_word_acquire(&nt->registry_lock);
    made = made_find_locked(nt, path);
    if (made)
        RemoveEntryList(&made->link);
    rt_word_release(&nt->registry_lock);
    free(made);
}

void
nt_registry_finish(struct nt *nt)
{
    while (!IsListEmpty(&nt->made_keys))
        free(CONTAINING_RECORD(RemoveHeadList(&nt->made_keys), struct made_key, link));
}

int
nt_registry_list(struct nt *nt, const char *path, bool keys, unsigned index, char *name,
                 size_t bytes)
{
    return nt->registry_list
               ? nt->registry_list(nt->registry_list_ctx, path, keys, index, name, bytes)
               : -ENOSYS;
}

/* True also when nobody can tell. */
static bool
key_exists(struct nt *nt, const char *path)
{
    char name[256];

    return !nt->registry_list || key_made(nt, path) ||
           !nt_registry_list(nt, path, false, 0, name, sizeof(name)) ||
           !nt_registry_list(nt, path, true, 0, name, sizeof(name));
}

/* Takes over `path`. */
static NTSTATUS
key_handle(struct nt *nt, char *path, ULONG attributes, HANDLE *out)
{
    struct nt_key *key = nt_object_create(nt, &nt_type_key, sizeof(*key));

    if (!key) {
        free(path);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    key->path = path;
    return nt_handle_create(key, attributes & OBJ_KERNEL_HANDLE, out);
}

NTSTATUS
nt_key_open(const char *path, bool create, HANDLE *out)
{
    struct nt *nt = nt_self();
    char *copy;

    if (!key_exists(nt, path)) {
        if (!create)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        if (!key_make(nt, path))
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    copy = nt_text_copy(path);
    return copy ? key_handle(nt, copy, OBJ_KERNEL_HANDLE, out) : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS
ZwOpenKey(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    struct nt *nt = nt_self();
    NTSTATUS status;
    char *path;

    CONTRACT_ENTER(ZwOpenKey);
    (void)access;
    status = path_from_attributes(attributes, &path);
    if (NT_SUCCESS(status) && !key_exists(nt, path))
        status = STATUS_OBJECT_NAME_NOT_FOUND;
    if (!NT_SUCCESS(status)) {
        free(path);
        return status;
    }
    return key_handle(nt, path, attributes->Attributes, handle);
}

NTSTATUS
ZwCreateKey(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes, ULONG title,
            PUNICODE_STRING class, ULONG options, PULONG disposition)
{
    struct nt *nt = nt_self();
    NTSTATUS status;
    bool existed;
    char *path;

    CONTRACT_ENTER(ZwCreateKey);
    (void)access, (void)title, (void)class, (void)options;
    status = path_from_attributes(attributes, &path);
    if (!NT_SUCCESS(status))
        return status;
    existed = key_made(nt, path) || (nt->registry_list && key_exists(nt, path));
    if (!existed && !key_make(nt, path)) {
        free(path);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (disposition)
        *disposition = existed ? REG_OPENED_EXISTING_KEY : REG_CREATED_NEW_KEY;
    return key_handle(nt, path, attributes->Attributes, handle);
}

static struct nt_key *
key_reference(HANDLE handle, NTSTATUS *status)
{
    return nt_handle_reference(handle, &nt_type_key, status);
}

NTSTATUS
ZwDeleteKey(HANDLE handle)
{
    struct nt_key *key;
    NTSTATUS status;
    char name[256];
    int error;

    CONTRACT_ENTER(ZwDeleteKey);
    key = key_reference(handle, &status);
    if (!key)
        return status;
    if (!nt_registry_list(nt_self(), key->path, true, 0, name, sizeof(name))) {
        status = STATUS_CANNOT_DELETE; /* DDI: a key with subkeys */
    } else {
        key_unmake(nt_self(), key->path);
        error = rt_registry_erase(rt_self()->rt, key->path, NULL);
        status = error == -ENOENT ? STATUS_SUCCESS : nt_status_from_errno(error);
    }
    ObfDereferenceObject(key);
    return status;
}

/* rt's registry writes through; there is nothing to wait for. */
NTSTATUS
ZwFlushKey(HANDLE handle)
{
    struct nt_key *key;
    NTSTATUS status;

    CONTRACT_ENTER(ZwFlushKey);
    key = key_reference(handle, &status);
    if (key)
        ObfDereferenceObject(key);
    return status;
}

/* ---- values ---------------------------------------------------------------------------------- */

NTSTATUS
nt_registry_value(const char *path, const char *name, ULONG *type, void **data, size_t *length)
{
    struct rt *rt = rt_self()->rt;
    int error;

    *data = NULL;
    *length = 0;
    if (rt_fault(rt))
        return STATUS_INSUFFICIENT_RESOURCES;
    error = rt_registry_get(rt, path, name, type, NULL, length);
    while (error == -ENOSPC) { /* again when it grew meanwhile */
        free(*data);
        *data = malloc(*length);
        if (!*data)
            return STATUS_INSUFFICIENT_RESOURCES;
        error = rt_registry_get(rt, path, name, type, *data, length);
    }
    if (!error && !*data && !(*data = malloc(1)))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (error) {
        free(*data);
        *data = NULL;
    }
    return nt_status_from_errno(error);
}

/* Lays a value out as the class has it; as much as fits. */
static NTSTATUS
value_put(KEY_VALUE_INFORMATION_CLASS class, const char *name, ULONG type, const void *data,
          size_t length, void *out, ULONG room, PULONG needed)
{
    uint16_t wide[512];
    size_t units = nt_utf16_from_utf8(wide, RTL_NUMBER_OF(wide), name, strlen(name));
    ULONG name_bytes = (ULONG)((units < 511 ? units : 511) * sizeof(WCHAR));
    ULONG fixed, offset = 0;
    union {
        KEY_VALUE_BASIC_INFORMATION basic;
        KEY_VALUE_FULL_INFORMATION full;
        KEY_VALUE_PARTIAL_INFORMATION partial;
    } head = {0};

    switch (class) {
    case KeyValueBasicInformation:
        fixed = FIELD_OFFSET(KEY_VALUE_BASIC_INFORMATION, Name);
        head.basic.Type = type;
        head.basic.NameLength = name_bytes;
        *needed = fixed + name_bytes;
        break;
    case KeyValueFullInformation:
        fixed = FIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, Name);
        offset = (fixed + name_bytes + 3) & ~3u;
        head.full.Type = type;
        head.full.NameLength = name_bytes;
        head.full.DataOffset = offset;
        head.full.DataLength = (ULONG)length;
        *needed = offset + (ULONG)length;
        break;
    case KeyValuePartialInformation:
        fixed = offset = FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data);
        head.partial.Type = type;
        head.partial.DataLength = (ULONG)length;
        *needed = fixed + (ULONG)length;
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    if (room < fixed)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(out, &head, fixed);
    if (class != KeyValuePartialInformation)
        memcpy((char *)out + fixed, wide, room - fixed < name_bytes ? room - fixed : name_bytes);
    if (offset && room > offset)
        memcpy((char *)out + offset, data, room - offset < length ? room - offset : length);
    return room < *needed ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static NTSTATUS
value_query(const char *path, const char *name, KEY_VALUE_INFORMATION_CLASS class, void *out,
            ULONG room, PULONG needed)
{
    NTSTATUS status;
    size_t length;
    void *data;
    ULONG type;

    status = nt_registry_value(path, name, &type, &data, &length);
    if (!NT_SUCCESS(status))
        return status;
    status = value_put(class, name, type, data, length, out, room, needed);
    free(data);
    return status;
}

NTSTATUS
ZwQueryValueKey(HANDLE handle, PUNICODE_STRING name, KEY_VALUE_INFORMATION_CLASS class, PVOID out,
                ULONG room, PULONG needed)
{
    struct nt_key *key;
    NTSTATUS status;
    char *text;

    CONTRACT_ENTER(ZwQueryValueKey);
    key = key_reference(handle, &status);
    if (!key)
        return status;
    text = nt_text(name);
    status = text ? value_query(key->path, text, class, out, room, needed)
                  : STATUS_INSUFFICIENT_RESOURCES;
    free(text);
    ObfDereferenceObject(key);
    return status;
}

NTSTATUS
ZwSetValueKey(HANDLE handle, PUNICODE_STRING name, ULONG title, ULONG type, PVOID data,
              ULONG length)
{
    struct nt_key *key;
    NTSTATUS status;
    char *text;

    CONTRACT_ENTER(ZwSetValueKey);
    (void)title;
    key = key_reference(handle, &status);
    if (!key)
        return status;
    text = nt_text(name);
    if (!text || rt_fault(rt_self()->rt))
        status = STATUS_INSUFFICIENT_RESOURCES;
    else
        status = nt_status_from_errno(
            rt_registry_set(rt_self()->rt, key->path, text, type, data, length));
    free(text);
    ObfDereferenceObject(key);
    return status;
}

NTSTATUS
ZwDeleteValueKey(HANDLE handle, PUNICODE_STRING name)
{
    struct nt_key *key;
    NTSTATUS status;
    char *text;

    CONTRACT_ENTER(ZwDeleteValueKey);
    key = key_reference(handle, &status);
    if (!key)
        return status;
    text = nt_text(name);
    status = text ? nt_status_from_errno(rt_registry_erase(rt_self()->rt, key->path, text))
                  : STATUS_INSUFFICIENT_RESOURCES;
    free(text);
    ObfDereferenceObject(key);
    return status;
}

/* ---- listing --------------------------------------------------------------------------------- */

static NTSTATUS
list_status(int error)
{
    return error == -ENOENT   ? STATUS_NO_MORE_ENTRIES
           : error == -ENOSYS ? STATUS_NOT_SUPPORTED
                              : nt_status_from_errno(error);
}

NTSTATUS
ZwEnumerateValueKey(HANDLE handle, ULONG index, KEY_VALUE_INFORMATION_CLASS class, PVOID out,
                    ULONG room, PULONG needed)
{
    struct nt_key *key;
    NTSTATUS status;
    char name[256];

    CONTRACT_ENTER(ZwEnumerateValueKey);
    key = key_reference(handle, &status);
    if (!key)
        return status;
    status = list_status(nt_registry_list(nt_self(), key->path, false, index, name, sizeof(name)));
    if (NT_SUCCESS(status))
        status = value_query(key->path, name, class, out, room, needed);
    ObfDereferenceObject(key);
    return status;
}

NTSTATUS
ZwEnumerateKey(HANDLE handle, ULONG index, KEY_INFORMATION_CLASS class, PVOID out, ULONG room,
               PULONG needed)
{
    ULONG fixed = FIELD_OFFSET(KEY_BASIC_INFORMATION, Name);
    KEY_BASIC_INFORMATION head = {0};
    struct nt_key *key;
    NTSTATUS status;
    uint16_t wide[256];
    char name[256];

    CONTRACT_ENTER(ZwEnumerateKey);
    if (class != KeyBasicInformation)
        return STATUS_INVALID_PARAMETER;
    key = key_reference(handle, &status);
    if (!key)
        return status;
    status = list_status(nt_registry_list(nt_self(), key->path, true, index, name, sizeof(name)));
    ObfDereferenceObject(key);
    if (!NT_SUCCESS(status))
        return status;
    head.NameLength =
        (ULONG)(nt_utf16_from_utf8(wide, RTL_NUMBER_OF(wide), name, strlen(name)) * sizeof(WCHAR));
    *needed = fixed + head.NameLength;
    if (room < fixed)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(out, &head, fixed);
    memcpy((char *)out + fixed, wide,
           room - fixed < head.NameLength ? room - fixed : head.NameLength);
    return room < *needed ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS
ZwQueryKey(HANDLE handle, KEY_INFORMATION_CLASS class, PVOID out, ULONG room, PULONG needed)
{
    ULONG fixed = FIELD_OFFSET(KEY_FULL_INFORMATION, Class);
    KEY_FULL_INFORMATION head = {0};
    struct nt_key *key;
    NTSTATUS status;
    size_t length;
    char name[256];
    void *data;
    ULONG type;
    int error;

    CONTRACT_ENTER(ZwQueryKey);
    if (class != KeyFullInformation)
        return STATUS_INVALID_PARAMETER;
    key = key_reference(handle, &status);
    if (!key)
        return status;
    while (
        !(error = nt_registry_list(nt_self(), key->path, true, head.SubKeys, name, sizeof(name)))) {
        length = strlen(name) * sizeof(WCHAR);
        head.MaxNameLen = head.MaxNameLen > length ? head.MaxNameLen : (ULONG)length;
        head.SubKeys++;
    }
    while (error == -ENOENT &&
           !nt_registry_list(nt_self(), key->path, false, head.Values, name, sizeof(name))) {
        length = strlen(name) * sizeof(WCHAR);
        head.MaxValueNameLen = head.MaxValueNameLen > length ? head.MaxValueNameLen : (ULONG)length;
        if (NT_SUCCESS(nt_registry_value(key->path, name, &type, &data, &length))) {
            free(data);
            head.MaxValueDataLen =
                head.MaxValueDataLen > length ? head.MaxValueDataLen : (ULONG)length;
        }
        head.Values++;
    }
    ObfDereferenceObject(key);
    if (error != -ENOENT)
        return list_status(error);
    *needed = fixed;
    head.ClassOffset = MAXULONG; /* no class */
    if (room < fixed)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(out, &head, fixed);
    return STATUS_SUCCESS;
}

char *
nt_key_path(HANDLE handle, NTSTATUS *status)
{
    struct nt_key *key = key_reference(handle, status);
    char *path = key ? nt_text_copy(key->path) : NULL;

    if (key) {
        ObfDereferenceObject(key);
        if (!path)
            *status = STATUS_INSUFFICIENT_RESOURCES;
    }
    return path;
}
