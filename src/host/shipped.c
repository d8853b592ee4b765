/*
 * Where drivers lie. A name without a slash is looked for in $STORPORT_DRIVER_PATH (folders
 * separated by colons), then beside the library: drivers/ in a build tree, storport/ where it is
 * installed.
 */
#include "host_priv.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_MAX 16

struct folders {
    char *name[FOLDER_MAX];
    unsigned count;
};

static void
folder_add(struct folders *folders, const char *path, size_t length, const char *below)
{
    char *name;

    if (!length || folders->count == FOLDER_MAX ||
        asprintf(&name, "%.*s%s", (int)length, path, below) < 0)
        return;
    folders->name[folders->count++] = name;
}

static void
folders_find(struct folders *folders)
{
    const char *list = getenv("STORPORT_DRIVER_PATH");
    char *real, *slash;
    Dl_info self;

    folders->count = 0;
    while (list && *list) {
        const char *end = strchrnul(list, ':');
        folder_add(folders, list, (size_t)(end - list), "");
        list = *end ? end + 1 : end;
    }
    if (!dladdr((void *)(uintptr_t)folders_find, &self) || !self.dli_fname)
        return;
    real = realpath(self.dli_fname, NULL);
    slash = real ? strrchr(real, '/') : NULL;
    if (slash) {
        folder_add(folders, real, (size_t)(slash - real), "/drivers");
        folder_add(folders, real, (size_t)(slash - real), "/storport");
    }
    free(real);
}

static void
folders_drop(struct folders *folders)
{
    for (unsigned i = 0; i < folders->count; i++)
        free(folders->name[i]);
}

static int
is_driver(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && dot != entry->d_name && !strcmp(dot, ".so");
}

/* "filedisk, null, ramdisk": heap; NULL none. */
static char *
names_list(const struct folders *folders)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    if (!out)
        return NULL;
    for (unsigned i = 0; i < folders->count; i++) {
        struct dirent **entries;
        int count = scandir(folders->name[i], &entries, is_driver, alphasort);
        for (int k = 0; k < count; k++) {
            size_t length = strlen(entries[k]->d_name) - 3;
            fprintf(out, "%s%.*s", ftell(out) ? ", " : "", (int)length, entries[k]->d_name);
            free(entries[k]);
        }
        if (count >= 0)
            free(entries);
    }
    fclose(out);
    if (text && *text)
        return text;
    free(text);
    return NULL;
}

static int
shipped_unknown(const struct folders *folders, const char *wanted, char **error)
{
    char *names = names_list(folders);
    int code = host_fail(error, -ENOENT,
                         "no miniport \"%s\"; known: %s; or give the path of a driver's .so",
                         wanted, names ? names : "none (set STORPORT_DRIVER_PATH)");

    free(names);
    return code;
}

int
shipped_resolve(const char *wanted, char **path, char name[64], char **error)
{
    const char *base = strrchr(wanted, '/');
    struct folders folders;
    size_t length;
    int code = -ENOENT;

    *path = NULL;
    if (base) {
        length = strlen(++base);
        if (length > 3 && !strcmp(base + length - 3, ".so"))
            length -= 3;
        snprintf(name, 64, "%.*s", (int)length, base);
        *path = strdup(wanted);
        return *path ? 0 : -ENOMEM;
    }
    snprintf(name, 64, "%s", wanted);
    folders_find(&folders);
    for (unsigned i = 0; i < folders.count && *wanted; i++) {
        char *try;
        if (asprintf(&try, "%s/%s.so", folders.name[i], wanted) < 0)
            break;
        if (!access(try, F_OK)) {
            *path = try;
            code = 0;
            break;
        }
        free(try);
    }
    if (code)
        code = shipped_unknown(&folders, wanted, error);
    folders_drop(&folders);
    return code;
}
