/*
 * Stacks by frame pointers, and addresses as function, file and line by libdw (without it: dladdr,
 * function names only). Walking is legal at any IRQL and in a signal handler: it takes no lock,
 * allocates nothing, and asks the kernel before it reads a page that it has not been on yet. Naming
 * is slow and for PASSIVE. Never prints.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rt_symbol.h"

#ifdef HAVE_LIBDW
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#endif

#define STACK_BYTES_MAX (16u << 20)
#define IMAGE_MAX 256
#define NO_SANITIZE __attribute__((no_sanitize("address", "thread", "undefined")))

/* Images mapped from a copy. Key: a atomic, written under `lock`; path: under `lock`. */
static struct {
    _Atomic uintptr_t base;  /* a; 0: free */
    _Atomic uintptr_t bytes; /* a */
    char *path;
} images[IMAGE_MAX];
static _Atomic unsigned image_used; /* entries below this may be taken */
static uint64_t image_changes;      /* under `lock` */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- walking ------------------------------------------------------------------------------ */

/* The kernel reads the word as a signal set and answers EFAULT where it cannot. */
static bool
readable(uintptr_t address)
{
    int saved = errno;
    bool good;

    good = syscall(SYS_rt_sigprocmask, ~0, address, NULL, (size_t)8) == 0 || errno != EFAULT;
    errno = saved;
    return good;
}

/* A frame is two words: the caller's frame, and the address to return to. */
NO_SANITIZE static unsigned
walk(const uintptr_t *frame, uintptr_t known_page, void **pcs, unsigned max, unsigned skip)
{
    unsigned count = 0;

    while (count < max) {
        uintptr_t at = (uintptr_t)frame, next;

        if (at % sizeof(uintptr_t) || at < RT_PAGE_BYTES) /* a NULL set would be no set */
            break;
        for (uintptr_t word = at; word <= at + sizeof(uintptr_t); word += sizeof(uintptr_t)) {
            if (word / RT_PAGE_BYTES == known_page)
                continue;
            if (!readable(word))
                return count;
            known_page = word / RT_PAGE_BYTES;
        }
        if (frame[1] < RT_PAGE_BYTES)
            break;
        if (skip)
            skip--;
        else
            pcs[count++] = (void *)frame[1];
        next = frame[0];
        if (next <= at || next - at > STACK_BYTES_MAX)
            break;
        frame = (const uintptr_t *)next;
    }
    return count;
}

/* noinline, and `skip` counts from our caller: its frame is the first that walk() sees. */
NO_SANITIZE __attribute__((noinline)) unsigned
rt_backtrace(void **pcs, unsigned max, unsigned skip)
{
    const uintptr_t *frame = __builtin_frame_address(0);

    return walk(frame, (uintptr_t)frame / RT_PAGE_BYTES, pcs, max, skip);
}

unsigned
rt_backtrace_from(void *pc, void *frame, void **pcs, unsigned max)
{
    if (!max)
        return 0;
    pcs[0] = pc;
    return 1 + walk(frame, UINTPTR_MAX, pcs + 1, max - 1, 0);
}

/* ---- images ------------------------------------------------------------------------------- */

void
rt_symbol_image_add(const void *base, size_t bytes, const char *path)
{
    unsigned i;

    pthread_mutex_lock(&lock);
    for (i = 0; i < IMAGE_MAX && images[i].base; i++)
        ;
    if (i < IMAGE_MAX) {
        images[i].path = strdup(path);
        images[i].bytes = bytes;
        images[i].base = (uintptr_t)base;
        if (image_used <= i)
            image_used = i + 1;
        image_changes++;
    }
    pthread_mutex_unlock(&lock);
}

void
rt_symbol_image_remove(const void *base)
{
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < image_used; i++) {
        if (images[i].base != (uintptr_t)base)
            continue;
        images[i].base = 0;
        free(images[i].path);
        images[i].path = NULL;
        image_changes++;
        break;
    }
    pthread_mutex_unlock(&lock);
}

bool
rt_symbol_image_has(const void *pc)
{
    for (unsigned i = 0; i < image_used; i++) {
        uintptr_t base = images[i].base;

        if (base && (uintptr_t)pc - base < images[i].bytes)
            return true;
    }
    return false;
}

/* ---- naming ------------------------------------------------------------------------------- */

static void
copy(char *to, size_t room, const char *from)
{
    snprintf(to, room, "%s", from ? from : "");
}

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

#ifdef HAVE_LIBDW

static Dwfl *dwfl; /* under `lock`: what was loaded when `dwfl_stamp` was taken */
static uint64_t dwfl_stamp;

static const char *
image_path(uintptr_t base)
{
    for (unsigned i = 0; i < image_used; i++)
        if (images[i].base == base)
            return images[i].path;
    return NULL;
}

static int
report_object(struct dl_phdr_info *info, size_t size, void *first)
{
    const char *path = image_path(info->dlpi_addr);

    (void)size;
    if (!path)
        path = *(bool *)first ? "/proc/self/exe" : info->dlpi_name;
    if (*(bool *)first || path[0])
        dwfl_report_elf(dwfl, info->dlpi_name, path, -1, info->dlpi_addr, true);
    *(bool *)first = false;
    return 0;
}

static int
stamp_objects(struct dl_phdr_info *info, size_t size, void *stamp)
{
    (void)size;
    *(uint64_t *)stamp = info->dlpi_adds * 0x10001u + info->dlpi_subs;
    return 1;
}

/* Under `lock`. Begun anew when an object came or went: another image may lie at the old
 * address. */
static void
dwfl_refresh(void)
{
    static const Dwfl_Callbacks callbacks = {
        .find_elf = dwfl_linux_proc_find_elf,
        .find_debuginfo = dwfl_standard_find_debuginfo,
    };
    uint64_t stamp = 0;
    bool first = true;

    dl_iterate_phdr(stamp_objects, &stamp);
    stamp = (stamp << 20) + image_changes + 1;
    if (dwfl && stamp == dwfl_stamp)
        return;
    dwfl_end(dwfl);
    dwfl = dwfl_begin(&callbacks);
    if (!dwfl)
        return;
    dwfl_report_begin(dwfl);
    dl_iterate_phdr(report_object, &first);
    dwfl_report_end(dwfl, NULL, NULL);
    dwfl_stamp = stamp;
}

/* The compilation unit that has the address. clang writes no index of them: then look at each. */
static Dwarf_Die *
unit_find(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Addr *bias)
{
    Dwarf_Die *unit = dwfl_module_addrdie(module, address, bias);

    if (!unit)
        while ((unit = dwfl_module_nextcu(module, unit, bias)) != NULL &&
               dwarf_haspc(unit, address - *bias) <= 0)
            ;
    return unit;
}

/* The innermost function that has the address, inlined ones too. */
static const char *
scope_name(Dwarf_Die *unit, Dwarf_Addr address)
{
    Dwarf_Die *scopes = NULL;
    Dwarf_Attribute attribute;
    const char *name = NULL;
    int count = dwarf_getscopes(unit, address, &scopes);

    for (int i = 0; i < count && !name; i++) {
        int tag = dwarf_tag(&scopes[i]);

        if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine)
            name = dwarf_formstring(dwarf_attr_integrate(&scopes[i], DW_AT_name, &attribute));
    }
    free(scopes);
    return name;
}

/* Under `lock`. */
static bool
symbol_find(uintptr_t pc, struct rt_symbol *out)
{
    Dwfl_Module *module;
    Dwarf_Die *unit;
    Dwarf_Line *line;
    Dwarf_Addr bias = 0;
    const char *name = NULL;
    int number = 0;

    dwfl_refresh();
    module = dwfl ? dwfl_addrmodule(dwfl, pc) : NULL;
    if (!module)
        return false;
    unit = unit_find(module, pc, &bias);
    if (unit) {
        name = scope_name(unit, pc - bias);
        line = dwarf_getsrc_die(unit, pc - bias);
        if (line && dwarf_lineno(line, &number) == 0) {
            copy(out->file, sizeof(out->file), dwarf_linesrc(line, NULL, NULL));
            out->line = (unsigned)number;
        }
    }
    if (!name)
        name = dwfl_module_addrname(module, pc);
    copy(out->function, sizeof(out->function), name ? name : "?");
    return true;
}

#else

static bool
symbol_find(uintptr_t pc, struct rt_symbol *out)
{
    Dl_info info;

    if (!dladdr((void *)pc, &info))
        return false;
    copy(out->function, sizeof(out->function), info.dli_sname ? info.dli_sname : "?");
    return true;
}

#endif

/* The image's own name where the mapping has none worth showing (a copy, the program itself). */
static void
module_name(uintptr_t pc, struct rt_symbol *out)
{
    Dl_info info;

    for (unsigned i = 0; i < image_used; i++)
        if (images[i].path && pc - images[i].base < images[i].bytes) {
            copy(out->module, sizeof(out->module), base_name(images[i].path));
            return;
        }
    if (dladdr((void *)pc, &info) && info.dli_fname)
        copy(out->module, sizeof(out->module), base_name(info.dli_fname));
}

bool
rt_symbol(void *pc, struct rt_symbol *out)
{
    uintptr_t call = (uintptr_t)pc - 1; /* what follows a call may be another line or function */
    bool found;

    memset(out, 0, sizeof(*out));
    pthread_mutex_lock(&lock);
    found = symbol_find(call, out);
    if (found)
        module_name(call, out);
    pthread_mutex_unlock(&lock);
    return found;
}
