/*
 * The memory behind one RAM disk: chunks that come into being when first written and go when
 * unmapped. What was never written reads as zeros and takes no memory.
 */
#ifndef RAMDISK_STORE_H
#define RAMDISK_STORE_H

#include "disk_target.h"

struct ramdisk_store;

extern const struct disk_store_ops ramdisk_store_ops;

/* NULL: no memory. `adapter` is the device extension, for the port's pool. */
struct ramdisk_store *ramdisk_store_create(PVOID adapter, ULONGLONG bytes);
/* Nothing is outstanding. NULL is fine. */
VOID ramdisk_store_destroy(struct ramdisk_store *store);

#endif
