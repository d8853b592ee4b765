/* What the miniport of the test on the real port shows to the test. */
#ifndef MINIPORT_H
#define MINIPORT_H

#include "srb.h"

#define MINIPORT_BYTES (1u << 20)

extern LONG miniport_flushes; /* SRB_FUNCTION_FLUSH seen */
struct _DRIVER_OBJECT;
struct _UNICODE_STRING;
NTSTATUS miniport_entry(struct _DRIVER_OBJECT *DriverObject, struct _UNICODE_STRING *RegistryPath);

#endif
