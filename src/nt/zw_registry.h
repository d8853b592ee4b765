/* What zw_registry.c gives to the run-time library's and the I/O manager's registry routines. */
#ifndef ZW_REGISTRY_H
#define ZW_REGISTRY_H

#include "nt_priv.h"

/* The key as rt_registry.h has it, of a full NT name; heap. */
char *nt_registry_path(const char *text);
/* data is the caller's to free, never NULL with success. */
NTSTATUS nt_registry_value(const char *path, const char *name, ULONG *type, void **data,
                           size_t *length);
/* The index-th value, or subkey, of a key: 0, -ENOENT past the end, -ENOSYS when nobody can
 * tell. */
int nt_registry_list(struct nt *nt, const char *path, bool keys, unsigned index, char *name,
                     size_t bytes);
/* A kernel handle of the key. */
NTSTATUS nt_key_open(const char *path, bool create, HANDLE *out);
/* A reference to the path of an open key, copied; NULL with *status. */
char *nt_key_path(HANDLE handle, NTSTATUS *status);

#endif
