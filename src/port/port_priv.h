/*
 * The port driver's own structures, for src/port only. Start at struct port_srb: one request on its
 * way through the house, and the state machine that says who owns it.
 *
 * Locks, outermost first (docs/locking.md): port.lock (PASSIVE lists), adapter.control_lock, the
 * StartIo lock (or a channel's), a DPC's lock, the Interrupt lock, unit.queue_lock (a leaf). No
 * lock of ours but the documented ones is held while a miniport or a `done` is called.
 */
#ifndef PORT_PRIV_H
#define PORT_PRIV_H

#include "contract.h"
#include "finding.h"
#include "nt.h"
#include "port.h"
#include "rt.h"
#include "rt_symbol.h"
#include "trace.h"

#include "mutant.h"

#include <ntddk.h>
#include <storport.h>
#include <ntddscsi.h>
#include <srbhelper.h>

#define STACK_MAX 12
#define TARGETS_MAX 256
#define PORT_SG_INLINE 18

/* A list through the middle of its members. */
struct list {
    struct list *next, *prev;
};
static inline void
list_init(struct list *head)
{
    head->next = head->prev = head;
}
static inline bool
list_empty(const struct list *head)
{
    return head->next == head;
}
static inline void
list_add_tail(struct list *head, struct list *entry)
{
    entry->prev = head->prev;
    entry->next = head;
    head->prev->next = entry;
    head->prev = entry;
}
static inline void
list_add_head(struct list *head, struct list *entry)
{
    list_add_tail(head->next, entry);
}
static inline void
list_remove(struct list *entry)
{
    entry->prev->next = entry->next;
    entry->next->prev = entry->prev;
    list_init(entry);
}

/* Where a miniport's code stored or overwrote a pointer to an SRB (explore builds). */
struct reference {
    const void *address;
    uint64_t time_ns, serial;
    uint32_t by; /* request on whose behalf */
    uint16_t callback;
    uint8_t cpu, depth;
    void *stack[STACK_MAX];
};

/* ---- the request --------------------------------------------------------------------------- */

/*
 *            unit_submit            queue_take              BuildIo TRUE, ready
 *   IDLE ───────────────► QUEUED ───────────► BUILDING ───────────────────────► STARTED
 *    ▲                      ▲                    │  │ TRUE, held                  │
 *    │                      │ BUSY, FULL         │  └────────► BUILT ────────────►│
 *    │ done                 │                    │              restart           │
 *    └───────────────── NOTIFIED ◄───────────────┴────────────────────────────────┘
 *                           │            RequestComplete (any context)
 *    LOST: the reset ladder ran to its end and the miniport still had it; never used again.
 *
 *   IDLE → QUEUED      [queue.c unit_submit]   owner: port; on the unit's queue
 *   QUEUED → BUILDING  [startio.c srb_start]   owner: miniport, in BuildIo or after it said FALSE
 *   BUILDING → BUILT   [startio.c srb_start]   owner: port; BuildIo said TRUE, unit or adapter held
 *   … → STARTED        [startio.c srb_start]   owner: miniport
 *   … → NOTIFIED       [notify.c srb_notify]   owner: port; on a completion list
 *   NOTIFIED → QUEUED  [complete.c]            SRB_STATUS_BUSY, QUEUE FULL: sent again
 *   NOTIFIED → IDLE    [complete.c]            answer in the request, `done` called
 *   STARTED → LOST     [reset.c]               answered by the port, memory quarantined
 */
enum srb_state {
    SRB_IDLE,
    SRB_QUEUED,
    SRB_BUILDING,
    SRB_BUILT,
    SRB_STARTED,
    SRB_NOTIFIED,
    SRB_LOST,
    SRB_STATE_COUNT
};

/* State and serial in one word, so that a late completion cannot hit the slot's next user. */
#define SRB_WORD(serial, state) ((uint64_t)(serial) << 8 | (state))
#define SRB_WORD_STATE(word) ((enum srb_state)((word)&0xFF))
#define SRB_WORD_SERIAL(word) ((word) >> 8)

union srb_memory {
    SCSI_REQUEST_BLOCK legacy;
    STORAGE_REQUEST_BLOCK extended;
    uint8_t bytes[sizeof(STORAGE_REQUEST_BLOCK) + 128];
};

#define SRB_MAGIC 0x53726253u

/* Key: I immutable after creation, s the submitter's until done, q unit.queue_lock, o whoever owns
 * the state, a atomic. */
struct port_srb {
    struct request request;       /* s, first: the submitter sees this */
    uint32_t magic;               /* I */
    uint32_t number;              /* o: in the trace; new for each submit */
    struct adapter *adapter;      /* I */
    struct unit *unit;            /* o */
    _Atomic uint64_t word;        /* a: serial and state */
    struct list link;             /* q: unit.queue or unit.active */
    struct port_srb *next;        /* o: completion list, cache */
    void *extension;              /* I: SrbExtensionSize bytes of the arena */
    PSTOR_SCATTER_GATHER_LIST sg; /* o: built on demand */
    uint32_t sg_capacity;         /* o */
    uint32_t tag;                 /* q */
    uint32_t seconds_left;        /* q: until it is late */
    uint8_t cpu;                  /* o: of the submit */
    uint8_t home;                 /* I: cache it belongs to */
    uint8_t tries;                /* o: sent again after BUSY */
    bool timed_out;               /* q */
    bool internal;                /* o: a reset: no tag, no depth, passes every hold */
    bool refused;                 /* o: BuildIo said FALSE */
    bool active;                  /* q: on unit.active */
    PVOID mapped;                 /* o: DataBuffer */
    void *bounce;                 /* o: with its size: for data in pieces */
    uint32_t bounce_bytes;
    bool bounced;
    PSTOR_SCATTER_GATHER_LIST sg_large;
    struct _MDL *mdl;    /* o: made on demand */
    struct _IRP *irp;    /* o: OriginalRequest, made on demand */
    uint64_t started_ns; /* o: verify */
    uint8_t submit_depth, touch_depth, first_depth;
    void *submit_stack[STACK_MAX];   /* verify: who submitted */
    void *touch_stack[STACK_MAX];    /* verify: the driver's last routine call about it */
    void *complete_stack[STACK_MAX]; /* verify: who completed it */
    enum contract_id touch_routine;
    struct reference kept, overwritten; /* explore */
    uint8_t sense[PORT_SENSE_MAX + 1];  /* o: SenseInfoBuffer */
    union srb_memory srb __attribute__((aligned(16)));
    union {
        STOR_SCATTER_GATHER_LIST list;
        uint8_t bytes[sizeof(STOR_SCATTER_GATHER_LIST) +
                      PORT_SG_INLINE * sizeof(STOR_SCATTER_GATHER_ELEMENT)];
    } sg_inline;
};

static inline enum srb_state
srb_state(const struct port_srb *srb)
{
    return SRB_WORD_STATE(atomic_load_explicit(&srb->word, memory_order_relaxed));
}

/* ---- the unit ------------------------------------------------------------------------------ */

/* Why a unit starts nothing. */
enum unit_hold {
    UNIT_PAUSED = 1,  /* StorPortPauseDevice */
    UNIT_BUSY = 2,    /* StorPortDeviceBusy */
    UNIT_RETRY = 4,   /* SRB_STATUS_BUSY: BusyPauseTime */
    UNIT_FULL = 8,    /* QUEUE FULL: until some complete */
    UNIT_FROZEN = 16, /* an error, until RELEASE_QUEUE */
    UNIT_LOCKED = 32, /* LOCK_QUEUE */
    UNIT_RESETTING = 64,
    UNIT_GONE = 128,
};

struct unit {
    struct adapter *adapter;     /* I */
    _Atomic(struct unit *) next; /* sorted list; written under control_lock, read anywhere */
    atomic_uint references;
    uint32_t number; /* I: in the trace */
    uint8_t path, target, lun;
    bool announced;  /* control_lock: found by a scan */
    bool seen;       /* scan: still there */
    bool inquired;   /* queue depth may be set from the first INQUIRY on */
    void *extension; /* LU extension, zeroed */
    struct _DEVICE_OBJECT *pdo;

    rt_word queue_lock;
    struct list queue;             /* q: waiting, in order */
    struct list built;             /* q: past BuildIo, held before StartIo */
    struct list active;            /* q: with the miniport or on a completion list */
    uint32_t queued, active_count; /* q */
    uint32_t built_count;          /* q: of active_count, those that wait before StartIo */
    uint32_t depth, depth_max;     /* q */
    const char *depth_source;      /* q */
    atomic_uint holds;             /* enum unit_hold; written under q */
    uint32_t busy_left, full_left; /* q */
    uint32_t retry_pause_ms, retry_count_max, full_percent; /* I: registry */
    uint64_t *tags;    /* q: bitmap of QueueTags in use, depth_max wide */
    uint32_t tag_next; /* q */
    struct rt_timer pause_timer, retry_timer;
    uint32_t timeout_s; /* I: default */
    atomic_bool kicked; /* on some processor's list */
    struct unit *kick_next;
    STOR_UNIT_ATTRIBUTES attributes;
    atomic_uint notification_flags; /* a: RAID_ASYNC_NOTIFY_FLAG_* not passed on yet (state.c) */
    atomic_uint fail_wanted;        /* a: marked failed, to be removed (state.c) */
    bool failed;                    /* rescan thread: marked failed: a scan leaves it alone */
    struct unit_info info;          /* control_lock */
};

/* ---- the adapter --------------------------------------------------------------------------- */

enum adapter_hold {
    ADAPTER_PAUSED = 1,
    ADAPTER_BUSY = 2,
    ADAPTER_LINK_DOWN = 4,
    ADAPTER_RESETTING = 8,
    ADAPTER_STOPPED = 16,
    ADAPTER_GONE = 32,
    ADAPTER_DRAINING = 64,
};

#define ADAPTER_DPC_MAX 128u

/* dpc.c: what the port needs for a STOR_DPC. */
struct adapter_dpc {
    struct adapter_dpc *next;
    struct rt_dpc dpc;
    struct adapter *adapter;
    PSTOR_DPC stor;
    PHW_DPC_ROUTINE routine;
    atomic_bool taken;          /* a: from StorPortIssueDpc until dpc_run read the arguments */
    PVOID argument1, argument2; /* whoever set `taken`; then dpc_run */
    rt_word running;
    uint32_t number;
};

/*
 *   ADDED → STARTED    [adapter_start]
 *   STARTED → STOPPED  [adapter_stop]
 *   STOPPED → STARTED  [adapter_restart]
 *   any → GONE         [surprise removal]
 *   STOPPED, GONE, ADDED → REMOVED  [adapter_remove]
 */
enum adapter_state {
    ADAPTER_STATE_ADDED,
    ADAPTER_STATE_STARTED,
    ADAPTER_STATE_STOPPED,
    ADAPTER_STATE_GONE,
    ADAPTER_STATE_REMOVED
};

enum reset_tier { RESET_NONE, RESET_LUN, RESET_TARGET, RESET_BUS };

struct adapter_cache {
    struct port_srb *free;
    uint32_t count;
    uint32_t number_next;
    char pad[112]; /* two lines each, so that no two processors share one */
};

struct channel {
    rt_word word;
    char pad[56];
};

/* What precedes a device extension. */
struct extension_head {
    struct adapter *adapter;
    uint64_t magic;
};
#define EXTENSION_MAGIC 0x4578744865616421ull

struct adapter {
    struct port *port;        /* I */
    struct rt *rt;            /* I */
    struct driver *driver;    /* I */
    struct adapter *next;     /* port.lock */
    uint32_t number;          /* I: the port number */
    enum adapter_state state; /* control */
    void *extension;          /* I: the miniport's device extension */
    size_t extension_bytes;
    PORT_CONFIGURATION_INFORMATION config; /* the port's copy after HwFindAdapter */
    ACCESS_RANGE ranges[8];
    struct _DEVICE_OBJECT *fdo, *pdo;
    char *argument;
    bool virtual_device, full_duplex, extended_srb;
    bool passive_wanted;
    PHW_PASSIVE_INITIALIZE_ROUTINE passive_initialize;
    uint8_t dirql;

    rt_word startio_lock, interrupt_lock;
    struct channel *channels;
    uint32_t channel_count;
    PERF_CONFIGURATION_DATA perf;
    bool redirect; /* complete on the processor that submitted */

    atomic_uint holds; /* enum adapter_hold */
    atomic_int busy_left;
    atomic_uint active;                      /* with the miniport */
    _Atomic(struct rt_thread *) idle_waiter; /* a: adapter_wait_idle */
    struct rt_timer pause_timer, busy_timer, link_timer;
    struct rt_timer tick; /* once a second while anything is active */
    atomic_bool ticking;
    struct rt_timer miniport_timer;
    PHW_TIMER miniport_timer_routine;

    rt_word control_lock;         /* a leaf: the unit list */
    _Atomic(struct unit *) units; /* units go with the adapter only */
    uint32_t unit_count;
    atomic_bool rescan_wanted;
    struct adapter_cache *caches; /* one per processor, its owner's */
    rt_word slab_lock;
    struct slab *slabs;
    uint32_t slot_count;
    uint32_t io_max;

    struct reset *reset;          /* I: reset.c */
    struct interrupt *interrupts; /* interrupt.c */
    uint32_t interrupt_count;
    void *uncached; /* dma.c */
    size_t uncached_bytes;
    void *registry_buffer; /* registry.c */
    uint32_t registry_bytes;
    struct adapter_timer *timers;   /* timer.c */
    struct adapter_worker *workers; /* work.c */
    struct adapter_thread *threads;
    struct adapter_dpc *dpcs;
    bool supported_control[64], supported_unit_control[64];
    bool features[32];
    struct routines *routines; /* routines.h: its state per adapter */
    atomic_uint busy_works;
    bool works_closed;
    bool silent;             /* control: drained and flushed; nothing starts */
    bool found; /* HwFindAdapter succeeded once */
    uint32_t bus_type;
    rt_word timer_lock; /* leaf: timers, workers, threads */
    struct adapter_dpc dpc_pool[ADAPTER_DPC_MAX];
    uint32_t dpc_count;
    struct rt_timer reset_timer;
    struct rt_thread *rescan_thread;
    atomic_bool rescan_stop;
};

/* ---- the driver, the port ------------------------------------------------------------------ */

struct driver {
    struct port *port;
    struct driver *next;
    char *name;
    struct _DRIVER_OBJECT *object;
    HW_INITIALIZATION_DATA init; /* widened: fields beyond the given size are zero */
    PDRIVER_DISPATCH own_unload;
    bool initialized, dump;
    ULONG init_status;
};

/* A processor's part. Only the holder of its token touches it, but for `remote`. */
struct port_cpu {
    struct port_srb *completed, **completed_tail;
    struct unit *kicks, **kicks_tail;
    struct rt_dpc drain;
    struct port *port;
    rt_word remote_lock;
    _Atomic(struct port_srb *) remote; /* written under remote_lock, peeked at without */
    char pad[64];
};

struct port {
    struct rt *rt;
    struct port_config config;
    rt_word lock;
    struct driver *drivers;
    struct adapter *adapters;
    uint32_t adapter_next, unit_next;
    struct port_cpu *cpus;
    struct driver *loading; /* whose DriverEntry runs */
    const void *stored_at;  /* reference.c: the newest store, once it has happened */
    struct reference stored;
    void (*lost)(void *, const char *);
    void *lost_ctx;
    void (*change)(void *, enum port_change, struct adapter *, struct unit *);
    void *change_ctx;
};

static inline struct port *
port_of(struct rt *rt)
{
    return rt_slot(rt, RT_SLOT_PORT);
}

static inline struct port_cpu *
port_cpu_current(struct port *port)
{
    return &port->cpus[rt_cpu_index(rt_cpu_current())];
}

/* What timers, DPCs and gates had begun or queued on any processor has ended when this returns, so
 * that memory they looked at may go. PASSIVE. */
void port_settle(struct port *port);
/* From a device extension; NULL (and a finding) for what is none. */
struct adapter *adapter_of(const void *extension);
/* The entry of each routine with a device extension: the contract's check, then the adapter. */
#define ADAPTER_ENTER(name, extension)                                                             \
    (contract_enter(CONTRACT_##name, __builtin_return_address(0)), adapter_of(extension))
/* From the SRB that a miniport hands in; NULL (and a finding) for one that is not this
 * adapter's. */
struct port_srb *srb_of(struct adapter *adapter, const void *srb);
/* Notes that the driver mentioned the SRB (verify). */
void srb_touch(struct port_srb *srb, enum contract_id routine, void *caller);

static inline struct port_srb *
srb_of_request(struct request *request)
{
    return (struct port_srb *)request;
}

/* ---- miniport.c: the gate down -------------------------------------------------------------- */

/* Each pushes a frame at the documented IRQL under the documented locks, calls, checks the
 * answer. */
ULONG miniport_find_adapter(struct adapter *adapter, PPORT_CONFIGURATION_INFORMATION config,
                            PCHAR argument);
bool miniport_initialize(struct adapter *adapter);
bool miniport_passive_initialize(struct adapter *adapter);
bool miniport_build(struct port_srb *srb);
bool miniport_start(struct port_srb *srb);
bool miniport_reset_bus(struct adapter *adapter, ULONG path);
void miniport_timer(struct adapter *adapter, PHW_TIMER routine);
void miniport_timer_ex(struct adapter *adapter, PHW_TIMER_EX routine, PVOID context);
void miniport_dpc(struct adapter *adapter, PHW_DPC_ROUTINE routine, PSTOR_DPC dpc, PVOID argument1,
                  PVOID argument2);
void miniport_workitem(struct adapter *adapter, PHW_WORKITEM routine, PVOID context, PVOID worker);
bool miniport_interrupt(struct adapter *adapter);
bool miniport_message(struct adapter *adapter, ULONG message, rt_word *lock);
bool miniport_synchronized(struct adapter *adapter, PSTOR_SYNCHRONIZED_ACCESS routine,
                           PVOID context);
void miniport_scatter_gather(struct adapter *adapter, PPOST_SCATTER_GATHER_EXECUTE routine,
                             PSTOR_SCATTER_GATHER_LIST list, PVOID context);
void miniport_state_change(struct adapter *adapter, PHW_STATE_CHANGE routine, PVOID context,
                           PVOID address, ULONG status);
bool miniport_control_supported(struct adapter *adapter, SCSI_ADAPTER_CONTROL_TYPE type);
SCSI_ADAPTER_CONTROL_STATUS miniport_control(struct adapter *adapter,
                                             SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters);
bool miniport_unit_control_supported(struct adapter *adapter, SCSI_UNIT_CONTROL_TYPE type);
SCSI_UNIT_CONTROL_STATUS miniport_unit_control(struct adapter *adapter, SCSI_UNIT_CONTROL_TYPE type,
                                               PVOID parameters);
void miniport_query_controls(struct adapter *adapter);
void miniport_tracing(struct adapter *adapter, bool enabled);
void miniport_free_resources(struct adapter *adapter);
void miniport_process_service(struct adapter *adapter, PVOID irp);
void miniport_complete_service(struct adapter *adapter);
void miniport_thread(struct adapter *adapter, PSTOR_THREAD_START_ROUTINE routine, PVOID context);

/* ---- srb.c ---------------------------------------------------------------------------------- */

void srb_build(struct port_srb *srb);  /* fills the SRB from the request; new extension contents */
void srb_answer(struct port_srb *srb); /* the other way */
struct port_srb *srb_create(struct adapter *adapter, struct unit *unit);
void srb_release(struct port_srb *srb);
int adapter_slabs_create(struct adapter *adapter);
void adapter_slabs_destroy(struct adapter *adapter);
static inline UCHAR
srb_status_raw(const struct port_srb *srb)
{
    return srb->srb.legacy.SrbStatus; /* the same place in both kinds */
}
void srb_set_status(struct port_srb *srb, UCHAR status);
UCHAR srb_scsi_status(struct port_srb *srb);
/* Functions that are the port's own, or not for this miniport: true, and what they end with. */
bool srb_answered_by_port(struct port_srb *srb, UCHAR *status);

/* ---- sg.c: the data of a request as a miniport sees it ---- */

PVOID srb_map(struct port_srb *srb);          /* one virtual range; bounced if it lies in pieces */
void srb_unmap(struct port_srb *srb);         /* back from the bounce buffer; lists are void */
void srb_free_mappings(struct port_srb *srb); /* memory that the slot keeps */
bool srb_describable(struct port_srb *srb);   /* within MaximumTransferLength and the breaks */
bool cdb_is_read_write(const uint8_t *cdb);

/* ---- queue.c, startio.c, complete.c ---------------------------------------------------------- */

bool queue_ready_locked(const struct unit *unit, const struct port_srb *srb);
struct port_srb *queue_take_locked(struct unit *unit);
void queue_put_back_locked(struct unit *unit, struct port_srb *srb);
bool queue_count_locked(struct unit *unit); /* one less outstanding; true: a hold ended */
void adapter_count(struct adapter *adapter);
uint32_t queue_outstanding_locked(const struct unit *unit);
void queue_deactivate_locked(struct unit *unit, struct port_srb *srb);
void unit_kick(struct unit *unit);          /* restart it from the run loop of this processor */
void adapter_kick(struct adapter *adapter); /* all its units */
void unit_hold(struct unit *unit, uint32_t hold);
void unit_unhold(struct unit *unit, uint32_t hold);
void adapter_hold(struct adapter *adapter, uint32_t hold);
void adapter_unhold(struct adapter *adapter, uint32_t hold);
void unit_unbuild(struct unit *unit);
void adapter_wait_idle(struct adapter *adapter); /* PASSIVE: nothing with the miniport */
void port_run(struct port_cpu *cpu);             /* the loop; DISPATCH, not inside a gate */
void port_leave(struct port *port);   /* end of an outermost gate at DISPATCH: runs what came up */
void srb_start(struct port_srb *srb); /* taken from the queue */
void srb_start_built(struct port_srb *srb);
void srb_notify(struct port_srb *srb, void *caller);
void srb_complete_by_port(struct port_srb *srb, UCHAR status); /* queued ones only */
void srb_complete(struct port_cpu *cpu, struct port_srb *srb);
void unit_restart(struct port_cpu *cpu, struct unit *unit);
void drain_later(struct port *port);
void adapter_tick_start(struct adapter *adapter);
void adapter_flush_queues(struct adapter *adapter, UCHAR status);

/* ---- unit.c, scan.c, reset.c, pnp.c, report.c ----------------------------------------- */

struct unit *unit_create(struct adapter *adapter, uint8_t path, uint8_t target, uint8_t lun);
void unit_destroy_all(struct adapter *adapter);
struct unit *adapter_unit_lookup(struct adapter *adapter, uint8_t path, uint8_t target, uint8_t lun,
                                 bool announced_too);
int adapter_scan(struct adapter *adapter);
void unit_announce(struct unit *unit);
void unit_withdraw(struct unit *unit, bool surprise);
void reset_on_timeout(struct port_srb *srb);
int reset_create(struct adapter *adapter);
void reset_abandon(struct adapter *adapter); /* adapter is gone */
bool reset_under_way(struct adapter *adapter);
void report_lost(struct port_srb *srb, enum srb_state state);
int pnp_adapter_create(struct adapter *adapter);
void pnp_adapter_delete(struct adapter *adapter);
void pnp_driver_entries(struct driver *driver);
NTSTATUS pnp_send(struct adapter *adapter, UCHAR minor);
/* The adapter to D3: an IRP_MJ_POWER IRP, which becomes an SRB_FUNCTION_POWER. */
void pnp_power_down(struct adapter *adapter);
int adapter_start_device(struct adapter *adapter); /* what IRP_MN_START_DEVICE does */
int adapter_stop_device(struct adapter *adapter, STOR_PNP_ACTION why); /* IRP_MN_STOP_DEVICE */
void adapter_remove_device(struct adapter *adapter, bool surprise);
int port_function(struct adapter *adapter, struct unit *unit, uint8_t function, void *data,
                  uint32_t bytes, uint32_t minor);

/* ---- lock.c: the locks that a driver takes ---- */

void lock_acquire(struct adapter *adapter, STOR_SPINLOCK kind, PVOID context,
                  PSTOR_LOCK_HANDLE handle, void *caller);
void lock_release(struct adapter *adapter, PSTOR_LOCK_HANDLE handle);
ULONG lock_acquire_ex(struct adapter *adapter, STOR_SPINLOCK kind, PVOID context,
                      PSTOR_LOCK_HANDLE handle, void *caller);

/* Reports and releases what a callback left held. */
void lock_left(struct adapter *adapter, struct rt_frame *frame);

/* ---- what notify.c and extended.c hand on ---- */

void reset_detected(struct adapter *adapter);
void timer_call(struct adapter *adapter, PHW_TIMER routine, ULONG microseconds);
void bus_change_detected(struct adapter *adapter);
void link_change(struct adapter *adapter, bool up);
bool passive_enable(struct adapter *adapter, PHW_PASSIVE_INITIALIZE_ROUTINE routine);
void dpc_initialize(struct adapter *adapter, PSTOR_DPC dpc, PHW_DPC_ROUTINE routine);
bool dpc_issue(struct adapter *adapter, PSTOR_DPC dpc, PVOID argument1, PVOID argument2);
void notify_more(struct adapter *adapter, SCSI_NOTIFICATION_TYPE type, va_list args);
void thread_terminate(struct adapter *adapter, void *context);
void control_init_adapter(struct adapter *adapter);
void control_init_unit(struct unit *unit);
void unit_kick_later(struct unit *unit);
void unit_fail_queue(struct unit *unit, UCHAR status);
int rescan_start(struct adapter *adapter);
void rescan_wake(struct adapter *adapter);
void rescan_end(struct adapter *adapter);
int interrupt_connect(struct adapter *adapter);
void interrupt_disconnect(struct adapter *adapter);
void adapter_quiesce(struct adapter *adapter);
void adapter_wait_grace(struct adapter *adapter);
void miniport_free(struct adapter *adapter);
void pnp_unit_arrived(struct unit *unit);
void pnp_unit_gone(struct unit *unit, bool surprise);
void pnp_srb_unit(struct unit *unit, STOR_PNP_ACTION action, void *data, uint32_t bytes);
void pnp_srb_adapter(struct adapter *adapter, STOR_PNP_ACTION action);
void services_init(struct adapter *adapter);
void services_quiesce(struct adapter *adapter);
void services_free(struct adapter *adapter);
void timers_init(struct adapter *adapter);
void timers_stop(struct adapter *adapter);
void timers_free(struct adapter *adapter);
PSTOR_SCATTER_GATHER_LIST srb_sg(struct port_srb *srb);
void reference_watch(struct port *port);
void report_references(void *out, const struct port_srb *srb); /* out: a FILE */
struct port_srb *adapter_slot_of(struct adapter *adapter, const void *memory);

/* ---- registry.c ------------------------------------------------------------------------------ */

/* A REG_DWORD, or the number in a REG_SZ; `fallback` when absent. */
uint32_t port_registry_number(struct adapter *adapter, const char *key, const char *name,
                              uint32_t fallback);
/* "Services\<driver>\Parameters", with \Device or \Device<N>. */
void adapter_key(const struct adapter *adapter, bool own, char *out, size_t bytes);

#endif
