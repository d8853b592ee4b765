/* What people write becomes what Windows would have stored: registry text, .inf options. */
#include "inf.h"
#include "rt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failures;
static struct registry *registry;

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #x);                        \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

static void
stored(const char *assignment, const char *key, const char *name, uint32_t want_type,
       const void *want, size_t bytes)
{
    const struct rt_registry_provider *store = registry_provider(registry);
    uint8_t data[256];
    size_t length = sizeof(data);
    uint32_t type = 0;
    char *error = NULL;
    int code = registry_assign(registry, assignment, &error);

    if (!code)
        code = store->get(store->ctx, key, name, &type, data, &length);
    if (code || type != want_type || length != bytes || memcmp(data, want, bytes)) {
        fprintf(stderr, "%s: %d (%s), type %u, %zu bytes\n", assignment, code, error ? error : "",
                type, length);
        failures++;
    }
    free(error);
}

static void
refused(const char *assignment, const char *words)
{
    char *error = NULL;

    if (registry_assign(registry, assignment, &error) != -EINVAL || !error ||
        !strstr(error, words)) {
        fprintf(stderr, "%s: %s (want \"%s\")\n", assignment, error ? error : "no text", words);
        failures++;
    }
    free(error);
}

static void
test_registry(void)
{
    const struct rt_registry_provider *store = registry_provider(registry);
    uint8_t small[2];
    size_t length = sizeof(small);
    uint32_t type;

    stored("Services\\x\\Parameters\\N=64", "services\\X\\PARAMETERS", "n", 4, "\x40\0\0\0", 4);
    stored("K\\N=0x1ff", "K", "N", 4, "\xff\x01\0\0", 4);
    stored("K\\S=64M", "\\k\\", "s", 1, "6\0004\0M\0\0\0", 8);
    stored("K\\S=", "K", "S", 1, "\0\0", 2);
    /* U+00E9 and, beyond the first plane, U+1F600. */
    stored("K\\U=\xc3\xa9\xf0\x9f\x98\x80", "K", "U", 1, "\xe9\0\x3d\xd8\0\xde\0\0", 8);
    stored("K\\U:sz=7", "K", "U", 1, "7\0\0\0", 4);
    stored("K\\B:binary=00fF10", "K", "B", 3, "\x00\xff\x10", 3);
    stored("K\\Q:qword=0x100000000", "K", "Q", 11, "\0\0\0\0\1\0\0\0", 8);
    stored("K\\M:multi=a|bc", "K", "M", 7, "a\0\0\0b\0c\0\0\0\0\0", 12);
    stored("K\\E=a=b", "K", "E", 1, "a\0=\0b\0\0\0", 8);
    refused("K\\N", "has no '='");
    refused("N=1", "names no key");
    refused("K\\N:blob=1", "unknown type");
    refused("K\\N=4294967296", "number below 2^32");
    refused("K\\N:dword=x", "number below 2^32");
    refused("K\\N:binary=0", "two hex digits");
    CHECK(store->get(store->ctx, "K", "Q", &type, small, &length) == -ENOSPC && length == 8);
    CHECK(store->get(store->ctx, "K", "Nope", &type, small, &length) == -ENOENT);
    CHECK(store->erase(store->ctx, "k", "q") == 0);
    CHECK(store->erase(store->ctx, "k", "q") == -ENOENT);
    CHECK(registry_has(registry, "K", "m"));
    stored("K\\Below\\N=1", "K\\Below", "N", 4, "\1\0\0\0", 4);
    stored("KK\\N=1", "KK", "N", 4, "\1\0\0\0", 4);
    CHECK(store->erase(store->ctx, "K", NULL) == 0);
    CHECK(!registry_has(registry, "K", "m") && !registry_has(registry, "K\\Below", "N"));
    CHECK(registry_has(registry, "KK", "N"));
}

static void
taken(const struct inf *inf, const char *assignment, const char *want)
{
    const struct inf_option *option;
    char *value, *error = NULL;
    int code = inf_check(inf, "drv", assignment, false, &option, &value, &error);

    if (code || strcmp(value, want)) {
        fprintf(stderr, "%s: %d %s (want %s)\n", assignment, code, code ? error : value, want);
        failures++;
    }
    free(value);
    free(error);
}

static void
not_taken(const struct inf *inf, const char *assignment, int want, const char *words)
{
    const struct inf_option *option;
    char *value, *error = NULL;
    int code = inf_check(inf, "drv", assignment, false, &option, &value, &error);

    if (code != want || !error || !strstr(error, words)) {
        fprintf(stderr, "%s: %d %s (want \"%s\")\n", assignment, code, error ? error : "", words);
        failures++;
    }
    free(error);
}

static void
test_inf(void)
{
    char path[] = "/tmp/options.XXXXXX", *error = NULL, *names;
    static const char text[] =
        "; a driver\n[Version]\nSignature=\"$Windows NT$\"\n"
        "[Parameters.AddReg]\r\n"
        "HKR, Parameters\\Device, SizeMB, 0x00010001, 64 ; in MiB\r\n"
        "HKR,\"Parameters\\Device\",Size,,\"\" ; [size] in bytes\n"
        "HKR, Parameters\\Device, Image, 0x00000000, \"\" ; [file] its file\n"
        "HKR, Parameters\\Device, More1,, \"\" ; [files] more of them\n"
        "HKR, Parameters\\PnpInterface, 5, 0x00010001, 1\n"
        "HKR, Parameters\\Device, Cut, 0x00010001\n";
    struct inf *inf, *none;
    int fd = mkstemp(path);

    CHECK(fd >= 0 && write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1);
    close(fd);
    CHECK(inf_read("/no/such.inf", &none, &error) == 0 && !none);
    CHECK(inf_read(path, &inf, &error) == 0 && inf && inf->count == 4);
    if (!inf)
        return;
    CHECK(!strcmp(inf_find(inf, "sizemb")->initial, "64"));
    CHECK(!strcmp(inf_find(inf, "Image")->meaning, "its file"));
    CHECK(inf_find(inf, "Size")->type == REGISTRY_SZ && inf_find(inf, "Size")->size);
    names = inf_names(inf);
    CHECK(names && !strcmp(names, "SizeMB (64), Size, Image, More1"));
    free(names);
    taken(inf, "sizeMB=0x10", "16");
    taken(inf, "SizeMB=2K", "2048");
    taken(inf, "SizeMB=yes", "1");
    taken(inf, "Size=64M", "64M");
    taken(NULL, "Anything=goes", "goes");
    chdir("/");
    taken(inf, "Image=tmp", "//tmp");
    taken(inf, "more12=tmp", "//tmp");
    taken(inf, "Image=\\??\\C:\\x", "\\??\\C:\\x");
    CHECK(!inf_find(inf, "More") && !inf_find(inf, "More01") && !inf_find(inf, "Image2"));
    CHECK(!inf_creates(inf, (const char *const[]){"SizeMB=1"}, 1));
    CHECK(inf_creates(inf, (const char *const[]){"Image=x", "size=1M"}, 2));
    not_taken(inf, "SizeMB=x", -EINVAL, "takes a number, not \"x\"; write SizeMB=64");
    not_taken(inf, "SizeMB=5G", -EINVAL, "takes a number");
    not_taken(inf, "Size=12Q", -EINVAL, "write Size=64M");
    not_taken(inf, "Sise=1", -EINVAL,
              "drv has no option \"Sise\"; it takes: SizeMB (64), Size, Image, More1");
    not_taken(inf, "SizeMB", -EINVAL, "is not written KEY=VALUE");
    not_taken(inf, "Image=/no/such/file", -ENOENT, "or say its size too: Size=64");
    inf_destroy(inf);
    unlink(path);
}

int
main(void)
{
    struct rt_config config = {.kind = RT_KIND_THREADS, .cpus = 1};
    char *error;
    struct rt *rt;

    if (rt_create(&config, &rt, &error) || !rt_thread_attach(rt, false) ||
        registry_create(&registry))
        return 1;
    test_registry();
    test_inf();
    registry_destroy(registry);
    rt_thread_detach(rt);
    rt_destroy(rt);
    return failures ? 1 : 0;
}
