/*
 * nt_priv: what the files of this floor show each other. `struct nt` is the state of one host.
 *
 * Locks of this floor are rt_words and leaves: under one of them nothing is called but rt's
 * any-IRQL calls (rt_unpark, rt_timer_set, rt_dpc_queue), so IRQL need not be raised for them. The
 * one lock that DPC queueing shares with code above DISPATCH raises to HIGH.
 */
#ifndef NT_PRIV_H
#define NT_PRIV_H

#include "nt.h"
#include "contract.h"
#include "finding.h"
#include "ntddk.h"

#include <string.h>

struct nt_pool;
struct nt_work;
struct nt_handles;
struct nt_names;
struct nt_kdpcs;

/* Key: d dispatcher, c cancel, t threads_lock, e events_lock, o defer_lock, r registry_lock,
 * I immutable after nt_init */
struct nt {
    struct rt *rt;      /* I */
    rt_word dispatcher; /* every dispatcher object and wait of the host */
    LIST_ENTRY timers;  /* d: armed KTIMERs by due time */
    atomic_uint timers_armed;
    struct rt_timer timer;  /* d: armed for the first of them */
    struct nt_kdpcs *kdpcs; /* I: one queue per processor */
    rt_word cancel;         /* IoAcquireCancelSpinLock */
    rt_word threads_lock;
    LIST_ENTRY threads;      /* t: every nt_thread */
    uint32_t thread_next_id; /* t */
    rt_word events_lock;
    LIST_ENTRY events; /* e: named ones */
    rt_word defer_lock;
    struct nt_object *deferred; /* o: dead objects whose end needs PASSIVE */
    WORK_QUEUE_ITEM defer_item;
    bool defer_queued; /* o */
    rt_word registry_lock;
    LIST_ENTRY made_keys; /* r: created and perhaps empty */
    int (*registry_list)(void *ctx, const char *key, bool keys, unsigned index, char *name,
                         size_t bytes);
    void *registry_list_ctx;
    struct nt_pool *pool;
    struct nt_work *work;
    struct nt_handles *handles;
    struct nt_names *names;
    void *(*iospace_map)(void *ctx, uint64_t physical, size_t bytes);
    void (*iospace_unmap)(void *ctx, void *address, size_t bytes);
    void *iospace_ctx;
    void (*pnp_told)(void *ctx, PDEVICE_OBJECT device, enum nt_pnp what, unsigned relations);
    void *pnp_ctx;
    void *(*lookup)(void *ctx, const char *name);
    void *lookup_ctx;
};

static inline struct nt *
nt_of(struct rt *rt)
{
    return rt_slot(rt, RT_SLOT_NT);
}

static inline struct nt *
nt_self(void)
{
    return rt_slot(rt_self()->rt, RT_SLOT_NT);
}

/* Raises to at least `to`; nt_lower puts back what it returned. */
static inline uint8_t
nt_raise(uint8_t to)
{
    return rt_irql() < to ? rt_irql_raise(to) : rt_irql();
}

static inline void
nt_lower(uint8_t to)
{
    if (to < rt_irql())
        rt_irql_lower(to);
}

/* ---- objects (ob_object.c) ------------------------------------------------------------------ */

struct nt_object_type {
    const char *name;
    void (*destroy)(void *body); /* PASSIVE, unless any_irql */
    void (*close)(void *body);   /* the last handle goes; may be NULL */
    bool any_irql;
};

#define NT_OBJECT_MAGIC 0x6a624f4eu

/* Stands before the body that drivers hold a pointer to. */
struct nt_object {
    _Alignas(16) const struct nt_object_type *type;
    atomic_long references;
    atomic_long handles;
    struct nt_object *defer_next;
    struct nt *nt;
    uint32_t magic;
};

extern const struct nt_object_type nt_type_thread, nt_type_file, nt_type_event, nt_type_key,
    nt_type_device, nt_type_driver;

/* Zeroed, one reference; NULL without memory. */
void *nt_object_create(struct nt *nt, const struct nt_object_type *type, size_t bytes);
struct nt_object *nt_object_of(void *body); /* bugchecks when it is none */
bool nt_object_is(const void *body, const struct nt_object_type *type);
/* The object's dispatcher header (a wait on a handle), or NULL. */
DISPATCHER_HEADER *nt_object_waitable(void *body);

/* ---- handles (ob_handle.c) ------------------------------------------------------------------ */

int nt_handles_init(struct nt *nt);
void nt_handles_finish(struct nt *nt);
/* Takes over the caller's reference also when it fails. */
NTSTATUS nt_handle_create(void *body, bool kernel, HANDLE *out);
/* A reference, or NULL with *status. type may be NULL. */
void *nt_handle_reference(HANDLE handle, const struct nt_object_type *type, NTSTATUS *status);
void nt_handles_adopt(struct nt *nt, const void *from, void *to);

/* ---- dispatcher (ke_wait.c) ------------------------------------------------------------------ */

/* The Type of a DISPATCHER_HEADER, as published. */
enum nt_kind {
    NT_KIND_EVENT_NOTIFICATION = 0,
    NT_KIND_EVENT_SYNCHRONIZATION = 1,
    NT_KIND_MUTANT = 2,
    NT_KIND_QUEUE = 4,
    NT_KIND_SEMAPHORE = 5,
    NT_KIND_THREAD = 6,
    NT_KIND_TIMER_NOTIFICATION = 8,
    NT_KIND_TIMER_SYNCHRONIZATION = 9,
};

static inline void
nt_header_init(DISPATCHER_HEADER *header, enum nt_kind kind, size_t bytes, LONG state)
{
    header->Type = (UCHAR)kind;
    header->Size = (UCHAR)(bytes / sizeof(LONG));
    header->SignalState = state;
    InitializeListHead(&header->WaitListHead);
}

/* The object became signalled: wakes whom it satisfies. Holds the dispatcher lock. */
void nt_dispatcher_signal_locked(struct nt *nt, DISPATCHER_HEADER *object);
/* timeout as KeWaitForSingleObject takes it. */
NTSTATUS nt_wait(unsigned count, void *const *objects, bool all, const LARGE_INTEGER *timeout);
/* Absolute rt time of a Windows time-out; RT_FOREVER for NULL. */
uint64_t nt_deadline(struct rt *rt, const LARGE_INTEGER *timeout);

/* ---- timers and DPCs (ke_timer.c, ke_dpc.c) -------------------------------------------------- */

int nt_dpcs_init(struct nt *nt);
void nt_dpcs_finish(struct nt *nt);
bool nt_dpc_insert(struct nt *nt, PRKDPC dpc, PVOID argument1, PVOID argument2);
void nt_timers_init(struct nt *nt);
void nt_timers_finish(struct nt *nt);

/* ---- threads (ps_thread.c) ------------------------------------------------------------------- */

/* What PKTHREAD and PETHREAD point at. Key: d dispatcher, s its own thread only, t threads_lock */
struct nt_thread {
    DISPATCHER_HEADER header; /* d: signalled when it ended */
    LIST_ENTRY link;          /* t */
    LIST_ENTRY mutants;       /* d: KMUTANTs it owns */
    struct rt_thread *rt_thread;
    void (*start)(void *context);
    void *context;
    void *owner;
    uint32_t id;
    int32_t priority;       /* s */
    int32_t critical_depth; /* s: KeEnterCriticalRegion and mutexes */
    uint32_t mutex_depth;   /* s */
    NTSTATUS exit_status;
    bool system; /* made by PsCreateSystemThread */
    bool ended;  /* t: rt may join it */
    struct rt_frame frame;
};

void nt_threads_init(struct nt *nt);
unsigned nt_threads_finish(struct nt *nt);
/* The caller's; made on first use for a thread that rt made. NULL: no memory. */
struct nt_thread *nt_thread_self(void);
void nt_threads_adopt(struct nt *nt, const void *from, void *to);

/* ---- pool, work, names ----------------------------------------------------------------------- */

int nt_pool_init(struct nt *nt);
void nt_pool_finish(struct nt *nt);
void nt_pool_adopt(struct nt *nt, const void *from, void *to);
/* Enters a block that some other allocator made into the ledger, and takes it out again. */
bool nt_pool_note(void *memory, size_t bytes, uint32_t tag, enum nt_block_kind kind);
/* False, and reported, when it is no such block. */
bool nt_pool_forget(void *memory, enum nt_block_kind kind, size_t *bytes);
/* Allocates with another kind than NT_BLOCK_POOL; freed with nt_pool_release. */
void *nt_pool_obtain(size_t bytes, uint32_t tag, enum nt_block_kind kind, bool zero);
bool nt_pool_release(void *memory, enum nt_block_kind kind);

int nt_work_init(struct nt *nt);
void nt_work_finish(struct nt *nt);

int nt_names_init(struct nt *nt);
void nt_names_finish(struct nt *nt);
/* Follows symbolic links; a reference to the device, or NULL. */
PDEVICE_OBJECT nt_names_device(struct nt *nt, const char *name);
NTSTATUS nt_names_device_add(struct nt *nt, const char *name, PDEVICE_OBJECT device);
void nt_names_device_remove(struct nt *nt, PDEVICE_OBJECT device);
bool nt_names_of_device(struct nt *nt, PDEVICE_OBJECT device, char *out, size_t bytes);

void *nt_driver_owner(PDRIVER_OBJECT driver);
void *nt_device_owner(PDEVICE_OBJECT device);
POWER_STATE nt_device_power_exchange(PDEVICE_OBJECT device, POWER_STATE_TYPE type,
                                     POWER_STATE state);
void nt_registry_finish(struct nt *nt);
const char *nt_device_instance(PDEVICE_OBJECT device); /* or NULL */

/* A NUL-terminated UTF-8 copy from malloc, or NULL. */
char *nt_text(PCUNICODE_STRING string);
/* Fills a UNICODE_STRING whose buffer is malloc'ed. */
bool nt_unicode(PUNICODE_STRING out, const char *text);
/* The same from the pool, as RtlFreeUnicodeString takes it. */
bool nt_unicode_pool(PUNICODE_STRING out, const char *text);
char *nt_text_copy(const char *text);
bool nt_text_starts(const char *text, const char *prefix); /* ASCII case folded */
bool nt_text_same(const char *a, const char *b);           /* ASCII case folded */

/* Opens a device by name for ZwCreateFile and IoGetDeviceObjectPointer: IRP_MJ_CREATE. */
NTSTATUS nt_file_open_device(PDEVICE_OBJECT device, ACCESS_MASK access, ULONG options,
                             PFILE_OBJECT *out);

_Noreturn void nt_bugcheck(ULONG code, ULONG_PTR a, ULONG_PTR b, ULONG_PTR c, ULONG_PTR d,
                           const char *why);

#endif
