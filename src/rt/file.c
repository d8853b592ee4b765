/* Files: the default provider does real I/O; under sim each operation also takes virtual time. */
#include "rt_file.h"
#include "rt_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

struct real_file {
    int fd;
    bool block; /* a block device */
};

static int
real_open(void *ctx, const char *path, unsigned flags, void **file)
{
    int how = (flags & RT_FILE_WRITE ? O_RDWR : O_RDONLY) | O_CLOEXEC;
    struct real_file *f;
    struct stat st;

    (void)ctx;
    how |= (flags & (RT_FILE_CREATE | RT_FILE_MUST_CREATE) ? O_CREAT : 0) |
           (flags & RT_FILE_MUST_CREATE ? O_EXCL : 0) | (flags & RT_FILE_TRUNCATE ? O_TRUNC : 0) |
           (flags & RT_FILE_DIRECT ? O_DIRECT : 0);
    f = calloc(1, sizeof(*f));
    if (!f)
        return -ENOMEM;
    f->fd = open(path, how, 0600);
    if (f->fd < 0 || fstat(f->fd, &st))
        goto fail;
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        goto fail;
    }
    f->block = S_ISBLK(st.st_mode);
    /* Two writers on one image lose data; readers may share. */
    if (flags & RT_FILE_EXCLUSIVE &&
        flock(f->fd, (flags & RT_FILE_WRITE ? LOCK_EX : LOCK_SH) | LOCK_NB)) {
        errno = EBUSY;
        goto fail;
    }
    *file = f;
    return 0;

fail:;
    int error = -errno;
    if (f->fd >= 0)
        close(f->fd);
    free(f);
    return error;
}

static void
real_close(void *ctx, void *file)
{
    struct real_file *f = file;

    (void)ctx;
    close(f->fd);
    free(f);
}

static int64_t
real_read(void *ctx, void *file, void *buffer, size_t length, uint64_t offset)
{
    size_t done = 0;

    (void)ctx;
    while (done < length) {
        ssize_t n = pread(((struct real_file *)file)->fd, (char *)buffer + done, length - done,
                          (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (!n)
            break;
        done += (size_t)n;
    }
    return (int64_t)done;
}

static int64_t
real_write(void *ctx, void *file, const void *buffer, size_t length, uint64_t offset)
{
    size_t done = 0;

    (void)ctx;
    while (done < length) {
        ssize_t n = pwrite(((struct real_file *)file)->fd, (const char *)buffer + done,
                           length - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        done += (size_t)n;
    }
    return (int64_t)done;
}

static int
real_sync(void *ctx, void *file)
{
    (void)ctx;
    return fdatasync(((struct real_file *)file)->fd) ? -errno : 0;
}

static int
zero_by_writing(struct real_file *f, uint64_t offset, uint64_t length)
{
    static const char zeroes[65536];

    while (length) {
        size_t chunk = length < sizeof(zeroes) ? (size_t)length : sizeof(zeroes);
        int64_t n = real_write(NULL, f, zeroes, chunk, offset);
        if (n < 0)
            return (int)n;
        offset += chunk;
        length -= chunk;
    }
    return 0;
}

static int
real_zero(void *ctx, void *file, uint64_t offset, uint64_t length, bool punch)
{
    struct real_file *f = file;
    int mode = punch ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
                     : FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE;

    (void)ctx;
    if (!fallocate(f->fd, mode, (off_t)offset, (off_t)length))
        return 0;
    if (errno != EOPNOTSUPP && errno != ENOTTY)
        return -errno;
    return zero_by_writing(f, offset, length);
}

static int
real_size_get(void *ctx, void *file, uint64_t *bytes)
{
    struct real_file *f = file;
    struct stat st;

    (void)ctx;
    if (f->block)
        return ioctl(f->fd, BLKGETSIZE64, bytes) ? -errno : 0;
    if (fstat(f->fd, &st))
        return -errno;
    *bytes = (uint64_t)st.st_size;
    return 0;
}

static int
real_size_set(void *ctx, void *file, uint64_t bytes)
{
    (void)ctx;
    return ftruncate(((struct real_file *)file)->fd, (off_t)bytes) ? -errno : 0;
}

static int
real_extents(void *ctx, void *file, uint64_t offset, uint64_t length, struct rt_file_extent *out,
             int max)
{
    int fd = ((struct real_file *)file)->fd, count = 0;
    uint64_t end = offset + length;

    (void)ctx;
    while (count < max && offset < end) {
        off_t data = lseek(fd, (off_t)offset, SEEK_DATA), hole;
        if (data < 0 && errno == ENXIO)
            break;
        if (data < 0) { /* the file system cannot say: all of it is data */
            out[count].offset = offset;
            out[count++].length = end - offset;
            break;
        }
        if ((uint64_t)data >= end)
            break;
        hole = lseek(fd, data, SEEK_HOLE);
        if (hole < 0 || (uint64_t)hole > end)
            hole = (off_t)end;
        out[count].offset = (uint64_t)data;
        out[count++].length = (uint64_t)(hole - data);
        offset = (uint64_t)hole;
    }
    return count;
}

void
rt_file_default(struct rt *rt)
{
    rt->file = (struct rt_file_provider){
        .open = real_open,
        .close = real_close,
        .read = real_read,
        .write = real_write,
        .sync = real_sync,
        .zero = real_zero,
        .size_get = real_size_get,
        .size_set = real_size_set,
        .extents = real_extents,
    };
}

void
rt_file_provider_set(struct rt *rt, const struct rt_file_provider *provider)
{
    rt->file = *provider;
}

enum file_operation { FILE_OPEN, FILE_READ, FILE_WRITE, FILE_SYNC, FILE_ZERO, FILE_SIZE };

/* Under sim a file takes its time, so that others overtake. */
static void
latency(struct rt *rt, enum file_operation operation, uint64_t offset, uint64_t length)
{
    rt_trace(rt, RT_TRACE_FILE, operation, (uint32_t)(offset >> 9), (uint32_t)length);
    if (rt->sim && rt_irql() < RT_IRQL_DISPATCH)
        rt_sleep_ns(1000 + rt_random(rt) % (operation == FILE_SYNC ? 5000000 : 200000));
}

int
rt_file_open(struct rt *rt, const char *path, unsigned flags, void **file)
{
    latency(rt, FILE_OPEN, 0, 0);
    if (rt_fault(rt))
        return -ENOMEM;
    return rt->file.open(rt->file.ctx, path, flags, file);
}

void
rt_file_close(struct rt *rt, void *file)
{
    rt->file.close(rt->file.ctx, file);
}

int64_t
rt_file_read(struct rt *rt, void *file, void *buffer, size_t length, uint64_t offset)
{
    latency(rt, FILE_READ, offset, length);
    return rt->file.read(rt->file.ctx, file, buffer, length, offset);
}

int64_t
rt_file_write(struct rt *rt, void *file, const void *buffer, size_t length, uint64_t offset)
{
    latency(rt, FILE_WRITE, offset, length);
    return rt->file.write(rt->file.ctx, file, buffer, length, offset);
}

int
rt_file_sync(struct rt *rt, void *file)
{
    latency(rt, FILE_SYNC, 0, 0);
    return rt->file.sync(rt->file.ctx, file);
}

int
rt_file_zero(struct rt *rt, void *file, uint64_t offset, uint64_t length, bool punch)
{
    latency(rt, FILE_ZERO, offset, length);
    return rt->file.zero(rt->file.ctx, file, offset, length, punch);
}

int
rt_file_size_get(struct rt *rt, void *file, uint64_t *bytes)
{
    return rt->file.size_get(rt->file.ctx, file, bytes);
}

int
rt_file_size_set(struct rt *rt, void *file, uint64_t bytes)
{
    latency(rt, FILE_SIZE, bytes, 0);
    return rt->file.size_set(rt->file.ctx, file, bytes);
}

int
rt_file_extents(struct rt *rt, void *file, uint64_t offset, uint64_t length,
                struct rt_file_extent *out, int max)
{
    return rt->file.extents(rt->file.ctx, file, offset, length, out, max);
}
