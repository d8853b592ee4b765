/*
 * The handle table of a host: files, threads, events, keys. A handle carries a generation, so that
 * one used after ZwClose is refused and not somebody else's. Slots are filled lowest first.
 */
#include "nt_priv.h"
#include "rt_symbol.h"

#include <errno.h>
#include <stdlib.h>

#define GENERATION_SHIFT 20
#define GENERATION_MASK 0x1FFu
#define INDEX_MASK 0xFFFFFu
/* Handles of the kernel's own table look negative, as on Windows. */
#define KERNEL_BITS 0xFFFFFFFF80000000ULL

struct handle_slot {
    void *body; /* NULL: free */
    void *owner;
    uint32_t generation;
    uint8_t stack_count;
    void *stack[NT_STACK_MAX];
};

struct nt_handles {
    rt_word lock;
    struct handle_slot *slots;
    uint32_t count;
};

int
nt_handles_init(struct nt *nt)
{
    nt->handles = calloc(1, sizeof(*nt->handles));
    return nt->handles ? 0 : -ENOMEM;
}

static void
body_close(void *body)
{
    struct nt_object *object = nt_object_of(body);

    if (atomic_fetch_sub(&object->handles, 1) == 1 && object->type->close)
        object->type->close(body);
    ObfDereferenceObject(body);
}

/* A key left open is one that ZwOpenKey or ZwCreateKey gave; other handles are plain leaks. */
static void
slot_report(struct nt *nt, struct handle_slot *slot)
{
    const struct nt_object_type *type = nt_object_of(slot->body)->type;

    finding_report_two(nt->rt, type == &nt_type_key ? RULE_ZwRegistryOpen : RULE_Leak, 0,
                       slot->stack, slot->stack_count, "a handle of a %s was not closed",
                       type->name);
}

void
nt_handles_finish(struct nt *nt)
{
    struct nt_handles *handles = nt->handles;

    if (!handles)
        return;
    for (uint32_t i = 0; i < handles->count; i++) {
        if (!handles->slots[i].body)
            continue;
        slot_report(nt, &handles->slots[i]);
        body_close(handles->slots[i].body);
    }
    free(handles->slots);
    free(handles);
    nt->handles = NULL;
}

static struct handle_slot *
slot_obtain_locked(struct nt_handles *handles)
{
    for (uint32_t i = 0; i < handles->count; i++) {
        if (!handles->slots[i].body)
            return &handles->slots[i];
    }
    return NULL;
}

/* Grown outside of the lock: the table may be large and allocating is no leaf's business. */
static bool
handles_grow(struct nt_handles *handles, uint32_t from)
{
    uint32_t count = from ? from * 2 : 64;
    struct handle_slot *slots, *old = NULL;

    if (count > INDEX_MASK || !(slots = calloc(count, sizeof(*slots))))
        return false;
    rt_word_acquire(&handles->lock);
    if (handles->count == from) {
        if (from)
            memcpy(slots, handles->slots, from * sizeof(*slots));
        old = handles->slots;
        handles->slots = slots;
        handles->count = count;
        slots = NULL;
    }
    rt_word_release(&handles->lock);
    free(old);
    free(slots);
    return true;
}

NTSTATUS
nt_handle_create(void *body, bool kernel, HANDLE *out)
{
    struct nt *nt = nt_self();
    struct nt_handles *handles = nt->handles;
    struct handle_slot *slot;
    void *stack[NT_STACK_MAX];
    unsigned depth = rt_backtrace(stack, NT_STACK_MAX, 2);
    uint64_t value;

    if (rt_fault(nt->rt)) {
        ObfDereferenceObject(body);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    rt_word_acquire(&handles->lock);
    while (!(slot = slot_obtain_locked(handles))) {
        uint32_t count = handles->count;
        rt_word_release(&handles->lock);
        if (!handles_grow(handles, count)) {
            ObfDereferenceObject(body);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        rt_word_acquire(&handles->lock);
    }
    slot->body = body;
    slot->owner = nt_owner();
    slot->generation = (slot->generation + 1) & GENERATION_MASK;
    slot->stack_count = (uint8_t)depth;
    memcpy(slot->stack, stack, depth * sizeof(*stack));
    value =
        ((uint64_t)slot->generation << GENERATION_SHIFT) | (uint64_t)(slot - handles->slots + 1);
    rt_word_release(&handles->lock);
    atomic_fetch_add(&nt_object_of(body)->handles, 1);
    value <<= 2;
    *out = (HANDLE)(ULONG_PTR)(kernel ? value | KERNEL_BITS : value);
    return STATUS_SUCCESS;
}

static struct handle_slot *
slot_find_locked(struct nt_handles *handles, HANDLE handle)
{
    uint64_t value = (uint64_t)(ULONG_PTR)handle;
    struct handle_slot *slot;
    uint32_t index;

    if (value & 3)
        return NULL;
    value = (value & 0x7FFFFFFFu) >> 2;
    index = (uint32_t)value & INDEX_MASK;
    if (!index || index > handles->count)
        return NULL;
    slot = &handles->slots[index - 1];
    if (!slot->body || slot->generation != value >> GENERATION_SHIFT)
        return NULL;
    return slot;
}

void *
nt_handle_reference(HANDLE handle, const struct nt_object_type *type, NTSTATUS *status)
{
    struct nt_handles *handles = nt_self()->handles;
    struct handle_slot *slot;
    void *body = NULL;

    *status = STATUS_SUCCESS;
    if (handle == ZwCurrentThread()) {
        body = nt_thread_self();
        if (!body)
            *status = STATUS_INSUFFICIENT_RESOURCES;
        else if (type && type != &nt_type_thread)
            *status = STATUS_OBJECT_TYPE_MISMATCH;
        else
            ObfReferenceObject(body);
        return *status ? NULL : body;
    }
    rt_word_acquire(&handles->lock);
    slot = slot_find_locked(handles, handle);
    if (!slot) {
        *status = STATUS_INVALID_HANDLE;
    } else if (type && !nt_object_is(slot->body, type)) {
        *status = STATUS_OBJECT_TYPE_MISMATCH;
    } else {
        body = slot->body;
        atomic_fetch_add(&nt_object_of(body)->references, 1);
    }
    rt_word_release(&handles->lock);
    return body;
}

static NTSTATUS
handle_close(HANDLE handle)
{
    struct nt_handles *handles = nt_self()->handles;
    struct handle_slot *slot;
    void *body = NULL;

    if (handle == ZwCurrentThread() || handle == ZwCurrentProcess())
        return STATUS_SUCCESS;
    rt_word_acquire(&handles->lock);
    slot = slot_find_locked(handles, handle);
    if (slot) {
        body = slot->body;
        slot->body = NULL;
    }
    rt_word_release(&handles->lock);
    if (!body) {
        finding_report(rt_self()->rt, RULE_BadArgument, 0, "ZwClose: %p is no open handle",
                       (void *)handle);
        return STATUS_INVALID_HANDLE;
    }
    body_close(body);
    return STATUS_SUCCESS;
}

NTSTATUS
ZwClose(HANDLE handle)
{
    CONTRACT_ENTER(ZwClose);
    return handle_close(handle);
}

NTSTATUS
ObCloseHandle(HANDLE handle, KPROCESSOR_MODE mode)
{
    CONTRACT_ENTER(ObCloseHandle);
    (void)mode;
    return handle_close(handle);
}

void
nt_handles_adopt(struct nt *nt, const void *from, void *to)
{
    rt_word_acquire(&nt->handles->lock);
    for (uint32_t i = 0; i < nt->handles->count; i++) {
        if (nt->handles->slots[i].owner == from)
            nt->handles->slots[i].owner = to;
    }
    rt_word_release(&nt->handles->lock);
}

unsigned
nt_handles_report_leaks(struct rt *rt, const void *owner)
{
    struct nt *nt = nt_of(rt);
    unsigned found = 0;

    /* The owner is gone or about to: nobody else touches its slots meanwhile. */
    for (uint32_t i = 0; i < nt->handles->count; i++) {
        struct handle_slot *slot = &nt->handles->slots[i];
        if (!slot->body || (owner && slot->owner != owner))
            continue;
        slot_report(nt, slot);
        found++;
    }
    return found;
}
