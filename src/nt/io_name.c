/*
 * The names of a host's objects: devices, symbolic links and device interfaces. One list, compared
 * without case; "\??\X", "\DosDevices\X" and "\GLOBAL??\X" are the same name.
 * DDI: IoCreateSymbolicLink, IoRegisterDeviceInterface.
 */
#include "nt_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define LINKS_MAX 16 /* followed before a circle is assumed */

/* Key: l lock */
struct name {
    struct name *next;     /* l */
    char *text;            /* canonical */
    PDEVICE_OBJECT device; /* or */
    char *target;          /* of a link; l for interfaces */
    bool interface;
    bool enabled; /* l: of an interface */
    GUID guid;
};

struct nt_names {
    rt_word lock;
    struct name *first; /* l: newest first */
};

int
nt_names_init(struct nt *nt)
{
    nt->names = calloc(1, sizeof(*nt->names));
    return nt->names ? 0 : -ENOMEM;
}

static void
name_free(struct name *name)
{
    if (!name)
        return;
    free(name->text);
    free(name->target);
    free(name);
}

void
nt_names_finish(struct nt *nt)
{
    while (nt->names->first) {
        struct name *name = nt->names->first;
        nt->names->first = name->next;
        name_free(name);
    }
    free(nt->names);
    nt->names = NULL;
}

/* The same text for all spellings of the DOS namespace's root; heap. */
static char *
name_canonical(const char *text)
{
    static const char *const roots[] = {"\\??\\", "\\DosDevices\\Global\\", "\\DosDevices\\",
                                        "\\GLOBAL??\\"};
    char *out;

    for (unsigned i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        size_t length = strlen(roots[i]);

        if (!nt_text_starts(text, roots[i]))
            continue;
        out = malloc(strlen(text + length) + 5);
        if (out)
            sprintf(out, "\\??\\%s", text + length);
        return out;
    }
    return nt_text_copy(text);
}

static struct name **
name_find_locked(struct nt_names *names, const char *canonical)
{
    struct name **link = &names->first;

    while (*link && !nt_text_same((*link)->text, canonical))
        link = &(*link)->next;
    return link;
}

static struct name *
name_create(const char *text)
{
    struct name *name = calloc(1, sizeof(*name));

    if (name && !(name->text = name_canonical(text))) {
        free(name);
        return NULL;
    }
    return name;
}

/* Takes over `name`. */
static NTSTATUS
name_add(struct nt_names *names, struct name *name)
{
    bool there;

    rt_word_acquire(&names->lock);
    there = *name_find_locked(names, name->text) != NULL;
    if (!there) {
        name->next = names->first;
        names->first = name;
    }
    rt_word_release(&names->lock);
    if (!there)
        return STATUS_SUCCESS;
    name_free(name);
    return STATUS_OBJECT_NAME_COLLISION;
}

/* ---- devices --------------------------------------------------------------------------------- */

NTSTATUS
nt_names_device_add(struct nt *nt, const char *text, PDEVICE_OBJECT device)
{
    struct name *name = name_create(text);

    if (!name)
        return STATUS_INSUFFICIENT_RESOURCES;
    name->device = device;
    return name_add(nt->names, name);
}

void
nt_names_device_remove(struct nt *nt, PDEVICE_OBJECT device)
{
    struct name **link, *found;

    rt_word_acquire(&nt->names->lock);
    for (link = &nt->names->first; *link && (*link)->device != device;)
        link = &(*link)->next;
    found = *link;
    if (found)
        *link = found->next;
    rt_word_release(&nt->names->lock);
    name_free(found);
}

bool
nt_names_of_device(struct nt *nt, PDEVICE_OBJECT device, char *out, size_t bytes)
{
    bool found = false;

    rt_word_acquire(&nt->names->lock);
    for (struct name *name = nt->names->first; name && !found; name = name->next) {
        if (name->device == device) {
            snprintf(out, bytes, "%s", name->text);
            found = true;
        }
    }
    rt_word_release(&nt->names->lock);
    return found;
}

PDEVICE_OBJECT
nt_names_device(struct nt *nt, const char *text)
{
    char *canonical = name_canonical(text);
    PDEVICE_OBJECT device = NULL;
    struct name *name = NULL;

    if (!canonical)
        return NULL;
    rt_word_acquire(&nt->names->lock);
    name = *name_find_locked(nt->names, canonical);
    for (unsigned i = 0; i < LINKS_MAX && name && !name->device; i++) {
        if (name->interface && !name->enabled)
            name = NULL;
        else
            name = *name_find_locked(nt->names, name->target);
    }
    if (name && (device = name->device))
        atomic_fetch_add(&nt_object_of(device)->references, 1);
    rt_word_release(&nt->names->lock);
    free(canonical);
    return device;
}

PDEVICE_OBJECT
nt_device_find(struct rt *rt, const char *name)
{
    return nt_names_device(nt_of(rt), name);
}

/* ---- symbolic links -------------------------------------------------------------------------- */

NTSTATUS
IoCreateSymbolicLink(PUNICODE_STRING link, PUNICODE_STRING target)
{
    char *text, *to;
    struct name *name = NULL;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    CONTRACT_ENTER(IoCreateSymbolicLink);
    text = nt_text(link);
    to = nt_text(target);
    if (!rt_fault(rt_self()->rt) && text && to)
        name = name_create(text);
    if (name) {
        name->target = name_canonical(to);
        if (name->target)
            status = name_add(nt_self()->names, name);
        else
            name_free(name);
    }
    free(text);
    free(to);
    return status;
}

NTSTATUS
IoDeleteSymbolicLink(PUNICODE_STRING link)
{
    struct nt_names *names = nt_self()->names;
    struct name **place, *found = NULL;
    char *text, *canonical;

    CONTRACT_ENTER(IoDeleteSymbolicLink);
    text = nt_text(link);
    canonical = text ? name_canonical(text) : NULL;
    free(text);
    if (!canonical)
        return STATUS_INSUFFICIENT_RESOURCES;
    rt_word_acquire(&names->lock);
    place = name_find_locked(names, canonical);
    if (*place && (*place)->target && !(*place)->interface) {
        found = *place;
        *place = found->next;
    }
    rt_word_release(&names->lock);
    free(canonical);
    name_free(found);
    return found ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

/* ---- device interfaces ----------------------------------------------------------------- */

/* "\??\ROOT#SCSIADAPTER#0000#{guid}\reference": the instance with # for \. */
static bool
interface_text(PDEVICE_OBJECT device, const GUID *guid, const char *reference, char *out,
               size_t bytes)
{
    const char *instance = nt_device_instance(device);
    char path[256];
    int length;

    snprintf(path, sizeof(path), "%s", instance ? instance : "ROOT\\UNKNOWN\\0000");
    for (char *c = path; *c; c++) {
        if (*c == '\\')
            *c = '#';
    }
    length =
        snprintf(out, bytes, "\\??\\%s#{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}%s%s",
                 path, (unsigned)guid->Data1, guid->Data2, guid->Data3, guid->Data4[0],
                 guid->Data4[1], guid->Data4[2], guid->Data4[3], guid->Data4[4], guid->Data4[5],
                 guid->Data4[6], guid->Data4[7], reference ? "\\" : "", reference ? reference : "");
    return length > 0 && (size_t)length < bytes;
}

static NTSTATUS
interface_register(struct nt *nt, PDEVICE_OBJECT device, const GUID *guid, const char *reference,
                   PUNICODE_STRING out)
{
    char text[512], target[128];
    struct name *name;
    NTSTATUS status;

    if (!interface_text(device, guid, reference, text, sizeof(text)))
        return STATUS_INVALID_PARAMETER;
    if (!nt_names_of_device(nt, device, target, sizeof(target)))
        return STATUS_INVALID_DEVICE_REQUEST; /* DDI: the PDO has a name */
    name = name_create(text);
    if (!name)
        return STATUS_INSUFFICIENT_RESOURCES;
    name->interface = true;
    name->guid = *guid;
    name->target = nt_text_copy(target);
    if (!name->target) {
        name_free(name);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = name_add(nt->names, name);
    if (status == STATUS_OBJECT_NAME_COLLISION)
        status = STATUS_SUCCESS; /* DDI: registering again returns the same link */
    if (NT_SUCCESS(status) && !nt_unicode_pool(out, text))
        status = STATUS_INSUFFICIENT_RESOURCES;
    return status;
}

NTSTATUS
IoRegisterDeviceInterface(PDEVICE_OBJECT device, const GUID *guid, PUNICODE_STRING reference,
                          PUNICODE_STRING out)
{
    struct nt *nt = nt_self();
    char *text = NULL;
    NTSTATUS status;

    CONTRACT_ENTER(IoRegisterDeviceInterface);
    if (rt_fault(nt->rt) || (reference && reference->Length && !(text = nt_text(reference))))
        return STATUS_INSUFFICIENT_RESOURCES;
    status = interface_register(nt, device, guid, text, out);
    free(text);
    return status;
}

NTSTATUS
IoSetDeviceInterfaceState(PUNICODE_STRING link, BOOLEAN enable)
{
    struct nt_names *names = nt_self()->names;
    NTSTATUS status = STATUS_OBJECT_NAME_NOT_FOUND;
    struct name *name;
    char *text;

    CONTRACT_ENTER(IoSetDeviceInterfaceState);
    if (!link || !link->Length)
        return STATUS_INVALID_PARAMETER;
    text = nt_text(link);
    if (!text)
        return STATUS_INSUFFICIENT_RESOURCES;
    rt_word_acquire(&names->lock);
    name = *name_find_locked(names, text);
    if (name && name->interface) {
        if (enable && name->enabled)
            status = STATUS_OBJECT_NAME_EXISTS;
        else
            status = STATUS_SUCCESS;
        name->enabled = enable;
    }
    rt_word_release(&names->lock);
    free(text);
    return status;
}

/* Names live until the host ends, so a pointer into the list stays good. */
const char *
nt_interface_next(struct rt *rt, const GUID *guid, const char *previous)
{
    struct nt_names *names = nt_of(rt)->names;
    const char *found = NULL;
    bool take = !previous;

    rt_word_acquire(&names->lock);
    for (struct name *name = names->first; name && !found; name = name->next) {
        if (take && name->interface && name->enabled && !memcmp(&name->guid, guid, sizeof(*guid)))
            found = name->text;
        if (name->text == previous)
            take = true;
    }
    rt_word_release(&names->lock);
    return found;
}
