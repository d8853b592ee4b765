/* Stacks and names: through a driver image that was mapped from a copy, on a fiber's stack, on a
 * thread's, and of code that a signal interrupted. */
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#include "rt_symbol.h"

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)
#define DEPTH 16

static void *pcs[DEPTH];
static unsigned count;

static __attribute__((noinline)) int
back(void)
{
    count = rt_backtrace(pcs, DEPTH, 0);
    return (int)count;
}

static int
same(int value)
{
    return value;
}

/* Index of the first frame in that function, -1 when there is none. */
static int
frame_of(const char *function, struct rt_symbol *symbol)
{
    for (unsigned i = 0; i < count; i++)
        if (rt_symbol(pcs[i], symbol) && !strcmp(symbol->function, function))
            return (int)i;
    return -1;
}

static __attribute__((noinline)) void
walk(void *ctx)
{
    struct rt_symbol symbol;

    CHECK(back() > 1);
    __asm__ volatile("" ::"r"(ctx));
#ifdef HAVE_LIBDW
    CHECK(frame_of("back", &symbol) == 0 && symbol.line > 0);
    CHECK(strstr(symbol.file, "symbol.c") && strstr(symbol.module, "test_unit_contract_symbol"));
    CHECK(frame_of("walk", &symbol) == 1);
#else
    CHECK(rt_symbol(pcs[0], &symbol));
#endif
    rt_backtrace(pcs, 1, 1);
    CHECK(rt_symbol(pcs[0], &symbol)); /* our caller, the top one skipped */
}

static void
executors(void)
{
    for (unsigned kind = RT_KIND_THREADS; kind <= RT_KIND_SIM; kind++) {
        struct rt_config config = {.kind = kind, .cpus = 1};
        struct rt *rt;
        char *error = NULL;

        CHECK(rt_create(&config, &rt, &error) == 0);
        rt_thread_join(rt_thread_create(rt, "walker", walk, &count));
        walk(NULL);
        rt_destroy(rt);
    }
}

static void *
copy_open(const char *path, char *name, size_t room)
{
    int from = open(path, O_RDONLY), to = memfd_create("driver", 0);
    struct stat status;
    void *bytes, *image;

    CHECK(from >= 0 && to >= 0 && fstat(from, &status) == 0);
    bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, from, 0);
    CHECK(bytes != MAP_FAILED && write(to, bytes, (size_t)status.st_size) == status.st_size);
    snprintf(name, room, "/proc/self/fd/%d", to);
    image = dlopen(name, RTLD_NOW);
    CHECK(image);
    close(to);
    close(from);
    munmap(bytes, (size_t)status.st_size);
    return image;
}

static void
driver_image(const char *path)
{
    char name[64];
    void *image = copy_open(path, name, sizeof(name));
    int (*entry)(int (*)(void), int (*)(int));
    struct link_map *map;
    struct rt_symbol symbol;
    int at, *line;

    *(void **)&entry = dlsym(image, "driver_entry");
    line = dlsym(image, "driver_line");
    CHECK(entry && line && dlinfo(image, RTLD_DI_LINKMAP, &map) == 0);
    CHECK(!rt_symbol_image_has((void *)entry));
    rt_symbol_image_add((void *)map->l_addr, 0x4000, path);
    CHECK(rt_symbol_image_has((void *)entry) && !rt_symbol_image_has((void *)back));
    CHECK(entry(back, same) > 2);
    for (at = 0; at < (int)count && !rt_symbol_image_has(pcs[at]); at++)
        ;
    CHECK(at == 1 && rt_symbol(pcs[at], &symbol));
    CHECK(!strcmp(symbol.module, "symbol_driver.so"));
#ifdef HAVE_LIBDW
    CHECK(!strcmp(symbol.function, "driver_inner"));
    CHECK(strstr(symbol.file, "symbol_driver.c") && symbol.line == (unsigned)*line);
#endif
    rt_symbol_image_remove((void *)map->l_addr);
    CHECK(!rt_symbol_image_has((void *)entry));
    dlclose(image);
    CHECK(!rt_symbol(NULL, &symbol));
}

static void
interrupted(int number, siginfo_t *info, void *context)
{
    const ucontext_t *state = context;

    (void)number;
    (void)info;
    count = rt_backtrace_from((void *)state->uc_mcontext.gregs[REG_RIP],
                              (void *)state->uc_mcontext.gregs[REG_RBP], pcs, DEPTH);
}

/* The handler has a stack of its own; the walk is on the one that was left. */
static void
signal_stack(void)
{
    struct sigaction action = {.sa_sigaction = interrupted, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
    struct rt_symbol symbol;

    CHECK(sigaltstack(&stack, NULL) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
    count = 0;
    raise(SIGUSR1);
    CHECK(count >= 1 && rt_symbol(pcs[0], &symbol));
    /* Frames that lead nowhere end the walk: unmapped, inaccessible, misaligned, upside down. */
    {
        uintptr_t *page =
            mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        uintptr_t *bad[4] = {NULL, page + 511, (uintptr_t *)((char *)page + 4), page + 16};

        CHECK(page != MAP_FAILED && mprotect(page + 512, 4096, PROT_NONE) == 0);
        page[16] = (uintptr_t)page;
        page[17] = (uintptr_t)walk;
        for (unsigned i = 0; i < 4; i++)
            CHECK(rt_backtrace_from((void *)walk, bad[i], pcs, DEPTH) == (i == 3 ? 2 : 1));
        page[16] = (uintptr_t)(page + 511);
        CHECK(rt_backtrace_from((void *)walk, page + 16, pcs, DEPTH) == 2);
        munmap(page, 2 * 4096);
    }
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, NULL);
    free(stack.ss_sp);
}

int
main(int argc, char **argv)
{
    CHECK(argc == 2);
    executors();
    driver_image(argv[1]);
    signal_stack();
    return 0;
}
