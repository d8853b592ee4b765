/*
 * nt: the NT kernel services that miniports and the port stand on. What floors above see; drivers
 * see the WDK's names only, which are exported with the visibility of include/wdk.
 *
 * All state of a host hangs off its rt (RT_SLOT_NT); a routine finds it through the calling thread,
 * which must therefore be one of rt's or attached to it. The floor knows drivers by an opaque
 * `owner`: the owner of the caller's frame is charged for what a routine allocates.
 *
 * Start reading at ke_wait.c (the dispatcher) and io_irp.c.
 */
#ifndef NT_H
#define NT_H

#include "rt.h"
#include "ntdef.h"

struct _DEVICE_OBJECT;
struct _DRIVER_OBJECT;
struct _FILE_OBJECT;
struct _IRP;
struct _MDL;

/* ---- the floor itself (nt.c) ---------------------------------------------------------------- */

/* 0 or -errno. Starts nothing. */
int nt_init(struct rt *rt);
/* Starts worker threads: `workers` at once (at least 1), more when all are busy. PASSIVE. */
int nt_start(struct rt *rt, unsigned workers);
/* Drains the work queue, joins what ended and frees. All drivers must be unloaded; returns how many
 * system threads still run (their memory stays, and rt cannot be destroyed). PASSIVE. */
unsigned nt_finish(struct rt *rt);
/* Joins system threads that have ended. PASSIVE; drivers' unload does it before their image
 * goes. */
void nt_threads_reap(struct rt *rt);
/* System threads of an owner that have not ended; NULL: of all. */
unsigned nt_threads_running(struct rt *rt, const void *owner);
/* Waits until no work item is queued or runs. PASSIVE. */
void nt_work_drain(struct rt *rt);

/* What the calling frame's code belongs to; NULL outside of all drivers. */
void *nt_owner(void);
/* Reports the owner's handles that are still open, each as a finding; returns their number. */
unsigned nt_handles_report_leaks(struct rt *rt, const void *owner);
/* Hands all that `from` owns to `to`: an adapter that goes leaves its rest to its driver. */
void nt_owner_adopt(struct rt *rt, const void *from, void *to);

/* ---- status (nt_status.c) ------------------------------------------------------------------- */

NTSTATUS nt_status_from_errno(int error);    /* of an errno, positive or negative; 0 is success */
int nt_status_to_errno(NTSTATUS status);     /* 0 or -errno */
const char *nt_status_name(NTSTATUS status); /* "STATUS_…", or NULL for one without a name here */

/* ---- held locks (ke_spinlock.c) ------------------------------------------------------------- */

/* Kinds in rt_frame.held[]; the port numbers its own from NT_HELD_PORT. */
enum nt_held {
    NT_HELD_SPIN = 1,
    NT_HELD_SPIN_DPC,
    NT_HELD_QUEUED,
    NT_HELD_CANCEL,
    NT_HELD_PORT = 16
};
/* Notes a lock that driver code took, in the caller's frame if it has one. */
void nt_held_push(void *lock, unsigned kind, void *where);
/* False if no frame of this thread took it; else it is forgotten. */
bool nt_held_pop(void *lock);
/* Reports what `frame` left held, each under its rule, and forgets it. */
void nt_held_check(struct rt_frame *frame);

/* ---- pool (ex_pool.c) ----------------------------------------------------------------------- */

enum nt_block_kind { NT_BLOCK_POOL, NT_BLOCK_CONTIGUOUS, NT_BLOCK_IRP, NT_BLOCK_MDL };
#define NT_STACK_MAX 12

/* One live block: as found at its allocation. */
struct nt_block {
    const void *address;
    size_t bytes;
    uint64_t serial; /* order of allocation */
    void *owner;
    uint32_t tag; /* first character lowest, as 'gaT1' in a driver is read "1Tag" */
    uint8_t kind;
    bool paged;
    uint8_t stack_count;
    void *stack[NT_STACK_MAX];
};
/* Visits live blocks of an owner (NULL: of all) in the order of their allocation; returns their
 * number. `visit` may be NULL and may not allocate from the pool. */
unsigned nt_pool_leaks(struct rt *rt, const void *owner,
                       void (*visit)(void *ctx, const struct nt_block *block), void *ctx);
/* Reports every live block of the owner as a finding; returns their number. */
unsigned nt_pool_report_leaks(struct rt *rt, const void *owner);
size_t nt_pool_bytes(struct rt *rt, const void *owner);
void nt_tag_text(uint32_t tag, char text[5]);
/* The block that holds an address, of any kind. False: none. */
bool nt_pool_find(struct rt *rt, const void *address, struct nt_block *out);
/* For routines of floors above that allocate for a driver; freed with nt_pool_free. */
void *nt_pool_allocate(size_t bytes, uint32_t tag, bool zero, bool paged);
/* False: not a live block of the pool; reported. */
bool nt_pool_free(void *memory, uint32_t tag);

/* Reports and disarms timers that lie in memory about to go, such as an image. Returns how many. */
unsigned nt_timers_check(struct rt *rt, const void *memory, size_t bytes);

/* ---- drivers and devices (io_driver.c, io_device.c) ------------------------------------------ */

/* "\Driver\<name>" with every dispatch entry answering STATUS_INVALID_DEVICE_REQUEST. The registry
 * path may be NULL: …\Services\<name>. owner: charged for what its dispatch routines allocate. */
struct _DRIVER_OBJECT *nt_driver_object_create(struct rt *rt, const char *name,
                                               const char *registry_path, void *owner);
void nt_driver_object_destroy(struct rt *rt, struct _DRIVER_OBJECT *driver); /* no devices left */
PUNICODE_STRING nt_driver_registry_path(struct _DRIVER_OBJECT *driver);      /* for DriverEntry */
/* Whose frame a dispatch through this device gets; the driver's owner until set. */
void nt_device_owner_set(struct _DEVICE_OBJECT *device, void *owner);
/* "PCI\VEN_…\…": where IoOpenDeviceRegistryKey looks. Copied. False: no memory. */
bool nt_device_instance_set(struct _DEVICE_OBJECT *device, const char *instance);
/* "\Device\…" or a symbolic link to it; UTF-8. A reference, or NULL. */
struct _DEVICE_OBJECT *nt_device_find(struct rt *rt, const char *name);
/* Symbolic links of enabled device interfaces of a class, one after the other; NULL ends. */
const char *nt_interface_next(struct rt *rt, const GUID *guid, const char *previous);

/* ---- IRPs (io_irp.c) ------------------------------------------------------------------------- */

/* Sends and waits; the IRP stays the caller's. PASSIVE. The status is IoStatus.Status. */
NTSTATUS nt_irp_send(struct _DEVICE_OBJECT *device, struct _IRP *irp);
/* Builds an IRP_MJ_PNP or IRP_MJ_POWER one (IoStatus preset as documented), lets `fill` set the
 * parameters of its stack location, sends it, hands back IoStatus.Information. PASSIVE. */
NTSTATUS nt_irp_call(struct _DEVICE_OBJECT *device, unsigned char major, unsigned char minor,
                     void (*fill)(void *ctx, struct _IRP *irp), void *ctx, uintptr_t *information);

/* ---- MDLs (mm_mdl.c) ------------------------------------------------------------------------- */

struct nt_segment {
    void *base;
    size_t bytes;
};
size_t nt_mdl_bytes(const void *base, size_t bytes); /* that nt_mdl_init writes */
/* In the caller's memory: describes resident memory, mapped, with its page numbers. */
void nt_mdl_init(struct _MDL *mdl, void *base, size_t bytes);
/* A chain, one MDL per segment, in one block of `rt_alloc`; NULL without memory or segments. */
struct _MDL *nt_mdl_for_segments(struct rt *rt, const struct nt_segment *segments, unsigned count);
void nt_mdl_chain_free(struct rt *rt, struct _MDL *chain);

/* ---- text (rtl_format.c, rtl_string.c) ------------------------------------------------------- */

/* printf as the Windows kernel's: l is 32 bits, I64, ws, S, Z, wZ. Returns the length that the
 * whole text has; writes at most `bytes` with its NUL. */
int nt_vformat(char *out, size_t bytes, const char *format, va_list arguments);
/* UTF-16 to UTF-8 and back, NUL-terminated; return the bytes (units) the whole text needs without
 * its NUL. Lone surrogates and wrong UTF-8 become U+FFFD. */
size_t nt_utf8_from_utf16(char *out, size_t bytes, const uint16_t *text, size_t units);
size_t nt_utf16_from_utf8(uint16_t *out, size_t units, const char *text, size_t bytes);
uint16_t nt_upcase(uint16_t unit);

/* Lets drivers enumerate: the index-th value (keys: subkey) of a key of rt_registry.h. 0, or
 * -ENOENT past the end or for no such key. Without it a key cannot be told from one that is not
 * there. */
void nt_registry_list_set(struct rt *rt,
                          int (*list)(void *ctx, const char *key, bool keys, unsigned index,
                                      char *name, size_t bytes),
                          void *ctx);

/* Who knows the machine's device memory: a mapping or NULL, which may be an address that traps. */
void nt_iospace_set(struct rt *rt, void *(*map)(void *ctx, uint64_t physical, size_t bytes),
                    void (*unmap)(void *ctx, void *address, size_t bytes), void *ctx);

/* Told at IRQL <= DISPATCH of IoInvalidateDeviceRelations (a DEVICE_RELATION_TYPE) and of
 * IoRequestDeviceEject; must not block. */
enum nt_pnp { NT_PNP_RELATIONS, NT_PNP_EJECT };
void nt_pnp_listen(struct rt *rt,
                   void (*told)(void *ctx, struct _DEVICE_OBJECT *device, enum nt_pnp what,
                                unsigned relations),
                   void *ctx);

/* MmGetSystemRoutineAddress asks this. */
void nt_routine_lookup_set(struct rt *rt, void *(*lookup)(void *ctx, const char *name), void *ctx);

#endif
