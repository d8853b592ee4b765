/*
 * Just enough of a port driver to run one miniport in a test: calls DriverEntry and
 * HwFindAdapter, sends SRBs of either form to HwBuildIo and HwStartIo and notes how they end.
 * Buffers are of the exact size asked for, so that a sanitizer sees a byte too many.
 */
#ifndef FAKE_PORT_H
#define FAKE_PORT_H

#include "disk_adapter.h"

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);

/* Values for StorPortRegistryRead, "Name=text"; NULL ends. Global or the adapter's key. */
VOID fake_registry_set(const char *const *values);
/* DriverEntry, HwFindAdapter, HwInitialize. Returns what HwFindAdapter did. */
ULONG fake_adapter_start(VOID);
VOID fake_adapter_stop(VOID);
PORT_CONFIGURATION_INFORMATION *fake_config(VOID);
PVOID fake_extension(VOID);
HW_INITIALIZATION_DATA *fake_callbacks(VOID);
/* The n-th pool allocation from now fails; 0: none. */
VOID fake_pool_fail(ULONG nth);
ULONG fake_pool_outstanding(VOID);
ULONG fake_queue_depth(VOID); /* of the last StorPortSetDeviceQueueDepth */

enum fake_form { FAKE_LEGACY, FAKE_EXTENDED };

struct fake_request {
    enum fake_form form;
    ULONG function;
    UCHAR path, target, lun;
    UCHAR cdb[16], cdb_length;
    ULONG flags;
    PVOID data;
    ULONG data_length;             /* after the call: the SRB's DataTransferLength */
    UCHAR sense[64], sense_length; /* room; after the call: bytes stored */
    UCHAR srb_status, scsi_status; /* after the call */
    ULONG completions;
    struct fake_frame *frame;
};

/* HwStartIo and wait for the completion, which may come from another thread. */
VOID fake_send(struct fake_request *request);
/* The two halves. */
VOID fake_start(struct fake_request *request);
VOID fake_wait(struct fake_request *request);
BOOLEAN fake_is_done(const struct fake_request *request);

#endif
