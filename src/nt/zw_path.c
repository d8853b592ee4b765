/*
 * Names of files: what an OBJECT_ATTRIBUTES means on Linux. "\??\C:\dir\x" is /dir/x, "\??\dir\x"
 * and "\DosDevices\dir\x" are relative, "/dir/x" and "\??\/dir/x" are as they stand. A name that
 * the object manager knows (a device, a symbolic link) is no file.
 */
#include "nt_priv.h"
#include "zw_priv.h"

#include <stdlib.h>

static bool
drive_letter(const char *text)
{
    return ((text[0] | 32) >= 'a' && (text[0] | 32) <= 'z') && text[1] == ':' &&
           (text[2] == '\\' || text[2] == '/');
}

/* In place: the Linux path of an NT name, or NULL when it has none. */
static char *
path_of_name(char *name)
{
    static const char *const roots[] = {"\\??\\", "\\DosDevices\\", "\\GLOBAL??\\"};
    char *path = name;

    for (unsigned i = 0; i < RTL_NUMBER_OF(roots); i++) {
        if (nt_text_starts(name, roots[i]))
            path = name + strlen(roots[i]);
    }
    if (path == name && *name == '\\')
        return NULL; /* another part of the name space, such as \Device */
    if (drive_letter(path))
        path += 2;
    for (char *c = path; *c; c++) {
        if (*c == '\\')
            *c = '/';
    }
    return *path ? path : NULL;
}

NTSTATUS
nt_path_from_attributes(POBJECT_ATTRIBUTES attributes, char **out, PDEVICE_OBJECT *device)
{
    char *name, *path;

    *out = NULL;
    *device = NULL;
    if (!attributes || !attributes->ObjectName || attributes->Length < sizeof(*attributes))
        return STATUS_INVALID_PARAMETER;
    if (attributes->RootDirectory) /* no directories are kept open */
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    if (attributes->ObjectName->Length % sizeof(WCHAR))
        return STATUS_OBJECT_NAME_INVALID;
    name = nt_text(attributes->ObjectName);
    if (!name)
        return STATUS_INSUFFICIENT_RESOURCES;
    *device = nt_names_device(nt_self(), name);
    if (*device) {
        free(name);
        return STATUS_SUCCESS;
    }
    path = path_of_name(name);
    if (path)
        *out = nt_text_copy(path);
    free(name);
    if (!path)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return *out ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}
