/*
 * Loading: the file is copied into a memfd and that copy is given to the dynamic linker, which
 * therefore sees a new object each time and gives it globals of its own. The descriptor stays open
 * while the image is loaded: its /proc name is how the linker tells one copy from the next.
 */
#include "image_priv.h"
#include "rt_symbol.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
    void *handle;
    int fd;
    const void *base; /* NULL: not told to the symboliser */
};

int
image_fail(char **error, int code, const char *format, ...)
{
    va_list args;

    if (error) {
        va_start(args, format);
        if (vasprintf(error, format, args) < 0)
            *error = NULL;
        va_end(args);
    }
    return code;
}

int
image_file_open(struct image_file *file, const char *path, char **error)
{
    struct stat status;
    void *map;
    int code;

    *file = (struct image_file){.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (file->fd < 0 || fstat(file->fd, &status) < 0) {
        code = -errno;
        image_fail(error, code, "driver %s cannot be opened: %s", path, strerror(-code));
        goto fail;
    }
    if (!S_ISREG(status.st_mode) || !status.st_size) {
        code = image_fail(error, -ENOEXEC, "%s is no driver: %s; name a driver's .so", path,
                          S_ISREG(status.st_mode) ? "the file is empty" : "not a plain file");
        goto fail;
    }
    file->bytes = (size_t)status.st_size;
    map = mmap(NULL, file->bytes, PROT_READ, MAP_PRIVATE, file->fd, 0);
    if (map == MAP_FAILED) {
        code = -errno;
        image_fail(error, code, "driver %s cannot be read: %s", path, strerror(-code));
        goto fail;
    }
    file->map = map;
    return 0;

fail:
    image_file_close(file);
    return code;
}

void
image_file_close(struct image_file *file)
{
    if (file->map)
        munmap((void *)file->map, file->bytes);
    if (file->fd >= 0)
        close(file->fd);
    file->map = NULL;
    file->fd = -1;
}

int
image_check(const char *path, char **error)
{
    struct image_file file;
    int code = image_file_open(&file, path, error);

    if (code)
        return code;
    code = elf_check(&file, error);
    if (!code && elf_defines(&file, "DriverEntry") == 0)
        code = image_fail(error, -ENOEXEC,
                          "%s has no DriverEntry: it is no driver, or hides its symbols", path);
    image_file_close(&file);
    return code;
}

/*
 * Drivers find the kernel's routines through the global scope. A library that was itself loaded
 * with RTLD_LOCAL (a plugin's dependency) is not in it, so put there the object that this very
 * function lives in. In a plain program it is there already and nothing happens.
 */
static void
exports_publish(void)
{
    Dl_info self;

    if (dladdr((void *)(uintptr_t)exports_publish, &self) && self.dli_fname)
        dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL);
}

static int
copy_make(const struct image_file *file, char **error)
{
    const char *slash = strrchr(file->path, '/');
    int fd = memfd_create(slash ? slash + 1 : file->path, MFD_CLOEXEC);
    size_t done = 0;
    ssize_t got = 0;
    int code;

    if (fd >= 0)
        while (done < file->bytes &&
               ((got = write(fd, file->map + done, file->bytes - done)) > 0 || errno == EINTR))
            done += got > 0 ? (size_t)got : 0;
    if (fd >= 0 && done == file->bytes)
        return fd;
    code = errno ? -errno : -EIO;
    if (fd >= 0)
        close(fd);
    return image_fail(error, code, "driver %s cannot be copied: %s", file->path, strerror(-code));
}

struct extent {
    uintptr_t base, end;
    uintptr_t link_address;
};

static int
extent_find(struct dl_phdr_info *info, size_t size, void *context)
{
    struct extent *extent = context;

    (void)size;
    if (info->dlpi_addr != extent->link_address)
        return 0;
    extent->base = UINTPTR_MAX;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type != PT_LOAD)
            continue;
        if (start < extent->base)
            extent->base = start;
        if (start + segment->p_memsz > extent->end)
            extent->end = start + segment->p_memsz;
    }
    return 1;
}

/* Findings shall name the driver's file, not the memfd. */
static void
symbols_register(struct image *image, const char *path)
{
    struct link_map *map = NULL;
    struct extent extent = {0};

    if (dlinfo(image->handle, RTLD_DI_LINKMAP, &map) || !map)
        return;
    extent.link_address = map->l_addr;
    if (!dl_iterate_phdr(extent_find, &extent) || extent.base >= extent.end)
        return;
    image->base = (const void *)extent.base;
    rt_symbol_image_add(image->base, extent.end - extent.base, path);
}

static int
link_fail(const struct image_file *file, char **error)
{
    const char *why = dlerror();
    char *missing = elf_missing(file);
    int code = -ENOEXEC;

    if (missing)
        code = image_fail(error, -ENOSYS,
                          "driver %s needs routines that are not here: %s; `storport api` lists "
                          "those that are",
                          file->path, missing);
    else
        image_fail(error, code, "driver %s cannot be linked: %s", file->path, why ? why : "?");
    free(missing);
    return code;
}

int
image_load(const char *path, struct image **out, void **entry, char **error)
{
    struct image_file file;
    struct image *image;
    char name[40];
    int code;

    if (error)
        *error = NULL;
    code = image_file_open(&file, path, error);
    if (code)
        return code;
    code = elf_check(&file, error);
    if (code)
        goto close_file;
    image = calloc(1, sizeof(*image));
    if (!image) {
        code = -ENOMEM;
        goto close_file;
    }
    code = image->fd = copy_make(&file, error);
    if (code < 0)
        goto free_image;
    exports_publish();
    snprintf(name, sizeof(name), "/proc/self/fd/%d", image->fd);
    image->handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!image->handle) {
        code = link_fail(&file, error);
        goto close_copy;
    }
    *entry = dlsym(image->handle, "DriverEntry");
    if (!*entry) {
        code = image_fail(error, -ENOEXEC,
                          "%s has no DriverEntry: it is no driver, or hides its symbols", path);
        goto unlink;
    }
    symbols_register(image, path);
    image_file_close(&file);
    *out = image;
    return 0;

unlink:
    dlclose(image->handle);
close_copy:
    close(image->fd);
free_image:
    free(image);
close_file:
    image_file_close(&file);
    return code;
}

void
image_unload(struct image *image)
{
    if (!image)
        return;
    if (image->base)
        rt_symbol_image_remove(image->base);
    dlclose(image->handle);
    close(image->fd);
    free(image);
}
