/*
 * What the shipped virtual adapters have in common besides the command set: parameters from the
 * registry, the array of targets and units, the configuration they report, resets. A driver keeps a
 * struct disk_adapter at the start of its device extension and calls these from its own callbacks.
 */
#ifndef DISK_ADAPTER_H
#define DISK_ADAPTER_H

#include "disk_target.h"

#define DISK_TEXT_BYTES 1024

struct disk_parameters {
    ULONGLONG size_bytes;               /* "Size", "SizeMB"; of each unit */
    ULONG block_bytes;                  /* "BlockSize" */
    ULONG physical_bytes;               /* "PhysicalBlockSize" */
    ULONG targets;                      /* "Targets" */
    ULONG luns;                         /* "Luns", of each target */
    ULONG queue_depth;                  /* "QueueDepth", of each unit */
    ULONG transfer_bytes;               /* "MaximumTransferLength" */
    ULONG read_only;                    /* "ReadOnly" */
    ULONG write_cache;                  /* "WriteCache" */
    ULONG rotational;                   /* "Rotational" */
    char serial[DISK_SERIAL_BYTES + 1]; /* "SerialNumber"; empty: made up */
};

/* Reads values of Parameters\Device<port number>, else of Parameters\Device. PASSIVE_LEVEL. */
struct disk_registry {
    PVOID adapter;
    PUCHAR buffer; /* from StorPortAllocateRegistryBuffer; NULL: there is none, all is absent */
    ULONG length;
    const char *driver; /* for messages */
};

VOID disk_registry_open(struct disk_registry *registry, PVOID adapter, const char *driver);
VOID disk_registry_close(struct disk_registry *registry);
/* FALSE: absent. The text is cut to size - 1 characters. */
BOOLEAN disk_registry_text(struct disk_registry *registry, const char *name, char *text,
                           ULONG size);
/* REG_DWORD, or REG_SZ such as "64M", "true". Absent: *value stays. FALSE: present but no number
 * from min to max; a line to the debugger says which. */
BOOLEAN disk_registry_number(struct disk_registry *registry, const char *name, ULONGLONG min,
                             ULONGLONG max, ULONGLONG *value);
BOOLEAN disk_registry_ulong(struct disk_registry *registry, const char *name, ULONG min, ULONG max,
                            ULONG *value);
/* All of struct disk_parameters; what is absent stays. FALSE: bad value, or values that
 * contradict. */
BOOLEAN disk_parameters_read(struct disk_parameters *parameters, struct disk_registry *registry);

struct disk_adapter {
    PVOID extension;
    struct disk_parameters parameters;
    struct disk_target *targets; /* parameters.targets of them; NULL: not created */
    struct disk_unit *units;     /* all units, target after target */
    ULONG unit_count;
};

/*
 * Targets and units with identity and limits, in zeroed memory of the caller's that holds as many
 * of them as the parameters say; the driver then gives each unit its store. `ordinal` tells
 * adapters of one driver apart in serial numbers.
 */
VOID disk_adapter_init(struct disk_adapter *adapter, PVOID extension, const char *product,
                       const struct disk_store_ops *ops, ULONG ordinal, struct disk_target *targets,
                       struct disk_unit *units);
/* The same in memory from the pool, which disk_adapter_destroy() gives back. FALSE: there is
 * none. */
BOOLEAN disk_adapter_create(struct disk_adapter *adapter, PVOID extension, const char *product,
                            const struct disk_store_ops *ops, ULONG ordinal);
VOID disk_adapter_destroy(struct disk_adapter *adapter);
/* What HwFindAdapter reports. */
VOID disk_adapter_configure(const struct disk_adapter *adapter,
                            PPORT_CONFIGURATION_INFORMATION config);
/* The target an SRB is for; NULL: none, and *srb_status says what to complete it with. */
const struct disk_target *disk_adapter_target(const struct disk_adapter *adapter,
                                              PSCSI_REQUEST_BLOCK srb, UCHAR *srb_status);
/* SRB_FUNCTION_RESET_* : units in its scope get attention. Returns the SRB status. */
UCHAR disk_adapter_reset(struct disk_adapter *adapter, PSCSI_REQUEST_BLOCK srb);
VOID disk_adapter_reset_all(struct disk_adapter *adapter);
/* After INQUIRY of a unit that is there, its queue depth may be set (DDI:
 * StorPortSetDeviceQueueDepth, Remarks). */
VOID disk_adapter_inquired(struct disk_adapter *adapter, PSCSI_REQUEST_BLOCK srb);
/* ScsiQuerySupportedControlTypes for adapters that know stop and restart. */
VOID disk_adapter_query_control(PSCSI_SUPPORTED_CONTROL_TYPE_LIST list);

#endif
