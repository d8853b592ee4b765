/*
 * Objects: what threads, files, events, keys, devices and drivers have in common. A header with
 * type and count stands before the body that drivers point at. The last reference may go at
 * DISPATCH; an object whose end needs PASSIVE is then handed to a worker.
 * DDI: ObReferenceObjectByPointer, ObDereferenceObject.
 */
#include "nt_priv.h"

#include <stdlib.h>

static struct nt_object *
object_header(const void *body)
{
    return (struct nt_object *)((char *)body - sizeof(struct nt_object));
}

struct nt_object *
nt_object_of(void *body)
{
    struct nt_object *object = object_header(body);

    if (!body || object->magic != NT_OBJECT_MAGIC || atomic_load(&object->references) <= 0)
        nt_bugcheck(0x18, 0, (ULONG_PTR)body, 0, 0, "REFERENCE_BY_POINTER: not a live object");
    return object;
}

bool
nt_object_is(const void *body, const struct nt_object_type *type)
{
    return object_header(body)->magic == NT_OBJECT_MAGIC && object_header(body)->type == type;
}

void *
nt_object_create(struct nt *nt, const struct nt_object_type *type, size_t bytes)
{
    struct nt_object *object;

    if (rt_fault(nt->rt) || !(object = calloc(1, sizeof(*object) + bytes)))
        return NULL;
    object->type = type;
    object->nt = nt;
    object->magic = NT_OBJECT_MAGIC;
    atomic_store(&object->references, 1);
    return object + 1;
}

DISPATCHER_HEADER *
nt_object_waitable(void *body)
{
    if (nt_object_is(body, &nt_type_thread))
        return &((struct nt_thread *)body)->header;
    if (nt_object_is(body, &nt_type_event))
        return &((PKEVENT)body)->Header;
    if (nt_object_is(body, &nt_type_file))
        return &((PFILE_OBJECT)body)->Event.Header;
    return NULL;
}

static void
object_destroy(struct nt_object *object)
{
    if (object->type->destroy)
        object->type->destroy(object + 1);
    object->magic = 0;
    free(object);
}

static void
objects_destroy_deferred(PVOID context)
{
    struct nt *nt = context;
    struct nt_object *list;

    rt_word_acquire(&nt->defer_lock);
    list = nt->deferred;
    nt->deferred = NULL;
    nt->defer_queued = false;
    rt_word_release(&nt->defer_lock);
    while (list) {
        struct nt_object *next = list->defer_next;
        object_destroy(list);
        list = next;
    }
}

static void
object_defer(struct nt_object *object)
{
    struct nt *nt = object->nt;
    bool queue;

    rt_word_acquire(&nt->defer_lock);
    object->defer_next = nt->deferred;
    nt->deferred = object;
    queue = !nt->defer_queued;
    nt->defer_queued = true;
    rt_word_release(&nt->defer_lock);
    if (queue) {
        nt->defer_item.WorkerRoutine = objects_destroy_deferred;
        nt->defer_item.Parameter = nt;
        ExQueueWorkItem(&nt->defer_item, DelayedWorkQueue);
    }
}

static LONG_PTR
object_put(void *body)
{
    struct nt_object *object = nt_object_of(body);
    long left = atomic_fetch_sub(&object->references, 1) - 1;

    if (left > 0)
        return left;
    if (object->type->any_irql || rt_irql() == PASSIVE_LEVEL)
        object_destroy(object);
    else
        object_defer(object);
    return 0;
}

#undef ObReferenceObject
#undef ObDereferenceObject
#undef ObfReferenceObject
#undef ObfDereferenceObject

LONG_PTR
ObfReferenceObject(PVOID body)
{
    CONTRACT_ENTER(ObfReferenceObject);
    return atomic_fetch_add(&nt_object_of(body)->references, 1) + 1;
}

LONG_PTR
ObfDereferenceObject(PVOID body)
{
    CONTRACT_ENTER(ObfDereferenceObject);
    return object_put(body);
}

VOID
ObDereferenceObjectDeferDelete(PVOID body)
{
    CONTRACT_ENTER(ObDereferenceObjectDeferDelete);
    object_put(body);
}

/* A POBJECT_TYPE that drivers name is the address of our type. */
struct _OBJECT_TYPE {
    const struct nt_object_type *type;
};
static struct _OBJECT_TYPE type_thread = {&nt_type_thread}, type_file = {&nt_type_file},
                           type_event = {&nt_type_event};
static POBJECT_TYPE type_thread_pointer = &type_thread, type_file_pointer = &type_file,
                    type_event_pointer = &type_event;
POBJECT_TYPE *PsThreadType = &type_thread_pointer;
POBJECT_TYPE *IoFileObjectType = &type_file_pointer;
POBJECT_TYPE *ExEventObjectType = &type_event_pointer;

static const struct nt_object_type *
type_of(POBJECT_TYPE type)
{
    return type ? type->type : NULL;
}

NTSTATUS
ObReferenceObjectByPointer(PVOID body, ACCESS_MASK access, POBJECT_TYPE type, KPROCESSOR_MODE mode)
{
    struct nt_object *object;

    CONTRACT_ENTER(ObReferenceObjectByPointer);
    (void)access, (void)mode;
    object = nt_object_of(body);
    if (type && object->type != type_of(type))
        return STATUS_OBJECT_TYPE_MISMATCH;
    atomic_fetch_add(&object->references, 1);
    return STATUS_SUCCESS;
}

NTSTATUS
ObReferenceObjectByHandle(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type,
                          KPROCESSOR_MODE mode, PVOID *body, PVOID information)
{
    NTSTATUS status;

    CONTRACT_ENTER(ObReferenceObjectByHandle);
    (void)mode;
    *body = nt_handle_reference(handle, type_of(type), &status);
    (void)access, (void)information; /* DDI: HandleInformation is NULL for drivers */
    return status;
}
