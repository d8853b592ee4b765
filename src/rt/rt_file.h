/*
 * Files, as the kernel's Zw*File ask for them. One provider per executor; the default does real
 * I/O (under sim with a virtual latency drawn from the seed). A test registers another, such as
 * the crash simulator. All calls at PASSIVE; 0 or a count, or -errno.
 */
#ifndef RT_FILE_H
#define RT_FILE_H

#include "rt.h"

enum rt_file_flags {
    RT_FILE_WRITE = 1,
    RT_FILE_CREATE = 2,
    RT_FILE_EXCLUSIVE = 4,
    RT_FILE_DIRECT = 8,
    RT_FILE_TRUNCATE = 16,
    RT_FILE_MUST_CREATE = 32
};

struct rt_file_extent {
    uint64_t offset, length;
};

struct rt_file_provider {
    int (*open)(void *ctx, const char *path, unsigned flags, void **file);
    void (*close)(void *ctx, void *file);
    int64_t (*read)(void *ctx, void *file, void *buffer, size_t length, uint64_t offset);
    int64_t (*write)(void *ctx, void *file, const void *buffer, size_t length, uint64_t offset);
    int (*sync)(void *ctx, void *file);
    int (*zero)(void *ctx, void *file, uint64_t offset, uint64_t length, bool punch);
    int (*size_get)(void *ctx, void *file, uint64_t *bytes);
    int (*size_set)(void *ctx, void *file, uint64_t bytes);
    /* Allocated ranges within [offset, offset+length): count, at most max. */
    int (*extents)(void *ctx, void *file, uint64_t offset, uint64_t length,
                   struct rt_file_extent *out, int max);
    void *ctx;
};

void rt_file_provider_set(struct rt *rt, const struct rt_file_provider *provider);

int rt_file_open(struct rt *rt, const char *path, unsigned flags, void **file);
void rt_file_close(struct rt *rt, void *file);
int64_t rt_file_read(struct rt *rt, void *file, void *buffer, size_t length, uint64_t offset);
int64_t rt_file_write(struct rt *rt, void *file, const void *buffer, size_t length,
                      uint64_t offset);
int rt_file_sync(struct rt *rt, void *file);
int rt_file_zero(struct rt *rt, void *file, uint64_t offset, uint64_t length, bool punch);
int rt_file_size_get(struct rt *rt, void *file, uint64_t *bytes);
int rt_file_size_set(struct rt *rt, void *file, uint64_t bytes);
int rt_file_extents(struct rt *rt, void *file, uint64_t offset, uint64_t length,
                    struct rt_file_extent *out, int max);

#endif
