/*
 * Events behind handles: ZwCreateEvent and its family, waits on handles, and the two event routines
 * that take names. Named events live as long as a handle to them is open.
 */
#include "nt_priv.h"

#include <stdlib.h>

struct nt_event {
    KEVENT event; /* first: the body that drivers see */
    LIST_ENTRY link;
    char *name;
};

static void event_destroy(void *body);
const struct nt_object_type nt_type_event = {.name = "event", .destroy = event_destroy};

static void
event_destroy(void *body)
{
    struct nt_event *event = body;
    struct nt *nt = ((struct nt_object *)body - 1)->nt;

    if (event->name) {
        rt_word_acquire(&nt->events_lock);
        RemoveEntryList(&event->link);
        rt_word_release(&nt->events_lock);
    }
    free(event->name);
}

/* A reference to the named event, or NULL. One that is just dying does not count. */
static struct nt_event *
event_find(struct nt *nt, const char *name)
{
    struct nt_event *found = NULL;

    rt_word_acquire(&nt->events_lock);
    for (PLIST_ENTRY e = nt->events.Flink; e != &nt->events && !found; e = e->Flink) {
        struct nt_event *event = CONTAINING_RECORD(e, struct nt_event, link);
        struct nt_object *object = (struct nt_object *)event - 1;
        long count = atomic_load(&object->references);

        if (!nt_text_same(event->name, name))
            continue;
        while (count > 0 && !atomic_compare_exchange_weak(&object->references, &count, count + 1))
            ;
        if (count > 0)
            found = event;
    }
    rt_word_release(&nt->events_lock);
    return found;
}

static struct nt_event *
event_create(struct nt *nt, EVENT_TYPE type, BOOLEAN state, const char *name)
{
    struct nt_event *event = nt_object_create(nt, &nt_type_event, sizeof(*event));

    if (!event)
        return NULL;
    KeInitializeEvent(&event->event, type, state);
    if (!name)
        return event;
    event->name = nt_text_copy(name);
    if (!event->name) {
        ObfDereferenceObject(event);
        return NULL;
    }
    rt_word_acquire(&nt->events_lock);
    InsertTailList(&nt->events, &event->link);
    rt_word_release(&nt->events_lock);
    return event;
}

NTSTATUS
ZwCreateEvent(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes, EVENT_TYPE type,
              BOOLEAN state)
{
    struct nt *nt = nt_self();
    struct nt_event *event = NULL;
    bool kernel = attributes && attributes->Attributes & OBJ_KERNEL_HANDLE;
    bool existed = false;
    char *name = NULL;
    NTSTATUS status;

    CONTRACT_ENTER(ZwCreateEvent);
    (void)access;
    if (attributes && attributes->ObjectName && !(name = nt_text(attributes->ObjectName)))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (name && (event = event_find(nt, name))) {
        existed = true;
        if (!(attributes->Attributes & OBJ_OPENIF)) {
            ObfDereferenceObject(event);
            free(name);
            return STATUS_OBJECT_NAME_COLLISION;
        }
    }
    if (!event)
        event = event_create(nt, type, state, name);
    free(name);
    if (!event)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = nt_handle_create(event, kernel, handle);
    return NT_SUCCESS(status) && existed ? STATUS_OBJECT_NAME_EXISTS : status;
}

NTSTATUS
ZwOpenEvent(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    struct nt_event *event;
    char *name;

    CONTRACT_ENTER(ZwOpenEvent);
    (void)access;
    if (!attributes->ObjectName)
        return STATUS_INVALID_PARAMETER;
    name = nt_text(attributes->ObjectName);
    if (!name)
        return STATUS_INSUFFICIENT_RESOURCES;
    event = event_find(nt_self(), name);
    free(name);
    if (!event)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return nt_handle_create(event, attributes->Attributes & OBJ_KERNEL_HANDLE, handle);
}

NTSTATUS
ZwSetEvent(HANDLE handle, PLONG previous)
{
    struct nt_event *event;
    NTSTATUS status;
    LONG old;

    CONTRACT_ENTER(ZwSetEvent);
    event = nt_handle_reference(handle, &nt_type_event, &status);
    if (!event)
        return status;
    old = KeSetEvent(&event->event, EVENT_INCREMENT, FALSE);
    if (previous)
        *previous = old;
    ObfDereferenceObject(event);
    return STATUS_SUCCESS;
}

NTSTATUS
ZwWaitForSingleObject(HANDLE handle, BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    NTSTATUS status;
    void *body, *waitable;

    CONTRACT_ENTER(ZwWaitForSingleObject);
    (void)alertable;
    body = nt_handle_reference(handle, NULL, &status);
    if (!body)
        return status;
    waitable = nt_object_waitable(body);
    status = waitable ? nt_wait(1, &waitable, false, timeout) : STATUS_OBJECT_TYPE_MISMATCH;
    ObfDereferenceObject(body);
    return status;
}
