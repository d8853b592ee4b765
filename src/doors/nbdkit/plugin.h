/* What plugin.c (parameters, life cycle) and serve.c (connections, requests) share. */
#ifndef PLUGIN_H
#define PLUGIN_H

#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#include <storport/host.h>

/* NULL until after_fork. */
struct storport_host *plugin_host(void);
/* Prints what is wrong through nbdkit, frees the text, sets errno; returns -1. */
int plugin_fail(int code, char *error, const char *otherwise);

int serve_list_exports(int readonly, int is_tls, struct nbdkit_exports *exports);
const char *serve_default_export(int readonly, int is_tls);
const char *serve_export_description(void *handle);
void *serve_open(int readonly);
void serve_close(void *handle);
int64_t serve_get_size(void *handle);
int serve_block_size(void *handle, uint32_t *minimum, uint32_t *preferred, uint32_t *maximum);
int serve_can_write(void *handle);
int serve_can_flush(void *handle);
int serve_can_fua(void *handle);
int serve_can_trim(void *handle);
int serve_can_zero(void *handle);
int serve_can_fast_zero(void *handle);
int serve_can_extents(void *handle);
int serve_can_multi_conn(void *handle);
int serve_can_cache(void *handle);
int serve_is_rotational(void *handle);
int serve_pread(void *handle, void *buffer, uint32_t count, uint64_t offset, uint32_t flags);
int serve_pwrite(void *handle, const void *buffer, uint32_t count, uint64_t offset, uint32_t flags);
int serve_flush(void *handle, uint32_t flags);
int serve_trim(void *handle, uint32_t count, uint64_t offset, uint32_t flags);
int serve_zero(void *handle, uint32_t count, uint64_t offset, uint32_t flags);
int serve_extents(void *handle, uint32_t count, uint64_t offset, uint32_t flags,
                  struct nbdkit_extents *extents);

#endif
