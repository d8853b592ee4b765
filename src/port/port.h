/*
 * port: the Storport port driver. What floors above see: drivers, adapters, units, requests.
 *
 * One way down: unit_submit() → queue.c → srb.c → startio.c → miniport.c (the gate). One way up:
 * notify.c (RequestComplete) → complete.c → request->done. `done` runs at DISPATCH on the processor
 * that completed, with no lock held; a submission from there only enqueues.
 */
#ifndef PORT_H
#define PORT_H

#include "rt.h"

struct port;
struct driver;
struct adapter;
struct unit;

#define PORT_CDB_MAX 32
#define PORT_SENSE_MAX 255

struct port_config {
    bool verify;  /* stacks at each stage, quarantine, poison: costs time */
    bool explore; /* note references to SRBs that an explore build overwrites */
};
int port_create(struct rt *rt, const struct port_config *config, struct port **out);
void port_destroy(struct port *port); /* all drivers unloaded */

/* DriverEntry at PASSIVE. 0 or -errno and a text. */
int driver_load(struct port *port, const char *name, void *entry, struct driver **out,
                char **error);
void driver_unload(struct driver *driver); /* all adapters removed */
const char *driver_name(const struct driver *driver);

/*
 * A device for the driver: AddDevice, IRP_MN_START_DEVICE, scan. `argument` is the DriverParameter
 * of HwFindAdapter if the registry has none. PASSIVE; 0 or -errno and a text.
 */
int adapter_add(struct driver *driver, const char *argument, struct adapter **out, char **error);
int adapter_stop(struct adapter *adapter);    /* PnP stop: drained, flushed, ScsiStopAdapter */
int adapter_restart(struct adapter *adapter); /* after a stop */
void adapter_remove(struct adapter *adapter); /* orderly: query, stop, remove; frees it */
void adapter_surprise_remove(struct adapter *adapter); /* hardware is gone; then adapter_remove */
int adapter_rescan(struct adapter *adapter);
unsigned adapter_number(const struct adapter *adapter); /* the port number */
struct driver *adapter_driver(const struct adapter *adapter);

struct adapter_info {
    uint32_t max_transfer_bytes;
    uint32_t physical_breaks;
    uint32_t alignment_mask;
    uint32_t max_io, max_io_per_lun, initial_queue_depth;
    uint32_t buses, targets, luns;
    uint32_t channels;
    uint32_t bus_type; /* STORAGE_BUS_TYPE that HwFindAdapter set; 0: none */
    bool caches_data, virtual_device, full_duplex, extended_srb, maps_read_write;
};
void adapter_info(const struct adapter *adapter, struct adapter_info *out);
/* The device interrupts: its line. Any thread, any IRQL. For whatever stands for the hardware. */
void adapter_interrupt(struct adapter *adapter);
/* Adapters of a port in order of number; NULL ends. Control path only. */
struct adapter *port_adapter_next(struct port *port, struct adapter *previous);

/* Units found so far, ordered by path, target, lun; each call returns a reference. previous' is
 * put. */
struct unit *adapter_unit_next(struct adapter *adapter, struct unit *previous);
struct unit *adapter_unit_find(struct adapter *adapter, uint8_t path, uint8_t target, uint8_t lun);
void unit_get(struct unit *unit);
void unit_put(struct unit *unit);
struct adapter *unit_adapter(const struct unit *unit);

struct unit_info {
    uint8_t path, target, lun;
    bool present;
    uint8_t inquiry[96];
    uint16_t inquiry_bytes;
    uint8_t serial[256];   /* VPD 80h payload, NUL-terminated text */
    uint8_t identity[256]; /* VPD 83h page as it came */
    uint16_t identity_bytes;
    uint8_t limits[64]; /* VPD B0h page */
    uint16_t limits_bytes;
    uint8_t provisioning[64]; /* VPD B2h page */
    uint16_t provisioning_bytes;
    uint8_t characteristics[64]; /* VPD B1h page */
    uint16_t characteristics_bytes;
    uint32_t queue_depth, queue_depth_max;
    const char *queue_depth_source; /* "InitialLunQueueDepth", "StorPortSetDeviceQueueDepth", … */
    uint32_t outstanding, queued;
    bool paused, frozen, busy;
};
void unit_info(const struct unit *unit, struct unit_info *out);

/* ---- requests ----------------------------------------------------------------------------- */

struct io_segment {
    void *base;
    size_t bytes;
};

/* The submitter's part of a request. Everything up to `done` is its to set before unit_submit;
 * everything after is the answer, valid in `done` until request_destroy or the next submit. */
struct request {
    struct unit *unit;
    uint8_t function; /* SRB_FUNCTION_* without STORAGE_REQUEST_BLOCK */
    uint8_t cdb_bytes;
    uint8_t queue_action; /* SRB_SIMPLE_TAG_REQUEST … when flags say so */
    uint8_t priority;     /* StorIoPriority*; 2 is normal */
    uint32_t flags;       /* SRB_FLAGS_*: direction, NO_QUEUE_FREEZE, BYPASS_FROZEN_QUEUE, … */
    uint32_t timeout_s;   /* 0: the unit's default */
    uint32_t data_bytes;
    uint32_t segment_count;
    const struct io_segment *segments; /* live until done; may point at `segment` */
    struct io_segment segment;
    uint8_t cdb[PORT_CDB_MAX];
    void (*done)(struct request *request);
    void *context;

    uint8_t srb_status; /* without the flag bits */
    uint8_t scsi_status;
    uint8_t sense_bytes; /* 0: none came */
    bool queue_frozen;   /* the submitter owes a RELEASE_QUEUE */
    uint32_t moved_bytes;
    uint8_t sense[PORT_SENSE_MAX];
};

/* From the unit's adapter, at IRQL <= DISPATCH; NULL when memory is short. Zeroed answer, defaults
 * set (EXECUTE_SCSI, normal priority). Holds a reference on the unit. */
struct request *request_create(struct unit *unit);
void request_destroy(struct request *request);          /* not while it is outstanding */
uint32_t request_number(const struct request *request); /* as in the trace */

/* Hands it to the port; `done` is called exactly once, perhaps before this returns (never when the
 * caller is itself inside a `done`). IRQL <= DISPATCH. */
void unit_submit(struct request *request);
/* The same and waits; PASSIVE. The answer is in the request. */
void unit_execute(struct request *request);
/* Class-driver duties on a frozen or locked queue (SRB_FUNCTION_RELEASE_QUEUE, FLUSH_QUEUE, …). */
void unit_release_queue(struct unit *unit);
void unit_flush_queue(struct unit *unit);
void unit_lock_queue(struct unit *unit);
void unit_unlock_queue(struct unit *unit);

/* Resets from a client: a RESET_LOGICAL_UNIT, RESET_DEVICE or RESET_BUS request is unit_submit'ed
 * like any other with that function. */

/* ---- reports ------------------------------------------------------------------------------ */

/* Told when a request was lost: after the ladder ran to its end. Text for people, lines with \n. */
void port_lost_listen(struct port *port, void (*told)(void *ctx, const char *report), void *ctx);
/* Arrival and removal of units and adapters. PASSIVE. */
enum port_change {
    PORT_UNIT_ARRIVED,
    PORT_UNIT_GONE,
    PORT_ADAPTER_STARTED,
    PORT_ADAPTER_STOPPED,
    PORT_UNIT_CHANGED, /* StorPortAsyncNotificationDetected: media or status are other now */
};
void port_change_listen(struct port *port,
                        void (*told)(void *ctx, enum port_change change, struct adapter *adapter,
                                     struct unit *unit),
                        void *ctx);

#endif
