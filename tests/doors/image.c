/* Loading images: each load has globals of its own; files that are none get a verdict in words. */
#include "image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failures;

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #x);                        \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

static void
test_copies(const char *folder)
{
    struct image *a, *b, *c;
    void *entry_a, *entry_b, *entry_c;
    char path[512], *error;

    snprintf(path, sizeof(path), "%s/image_counting.so", folder);
    CHECK(image_check(path, &error) == 0);
    CHECK(image_load(path, &a, &entry_a, &error) == 0);
    CHECK(image_load(path, &b, &entry_b, &error) == 0);
    CHECK(entry_a != entry_b);
    CHECK(((int (*)(void))entry_a)() == 1);
    CHECK(((int (*)(void))entry_a)() == 2);
    CHECK(((int (*)(void))entry_b)() == 1);
    image_unload(a);
    CHECK(((int (*)(void))entry_b)() == 2);
    /* A copy made after one went away is new again, though it may get the same descriptor. */
    CHECK(image_load(path, &c, &entry_c, &error) == 0);
    CHECK(((int (*)(void))entry_c)() == 1);
    image_unload(b);
    image_unload(c);
    image_unload(NULL);
}

static void
verdict(const char *path, int code, const char *words)
{
    struct image *image;
    char *error = NULL;
    void *entry;
    int got = image_load(path, &image, &entry, &error);

    if (got != code || !error || !strstr(error, words)) {
        fprintf(stderr, "%s: %d (want %d): %s (want \"%s\")\n", path, got, code,
                error ? error : "no text", words);
        failures++;
    }
    free(error);
}

static void
file_write(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "w");

    if (!file || fwrite(data, 1, bytes, file) != bytes || fclose(file))
        abort();
}

/* Every prefix of a real image, and the image with one byte of its headers changed: a verdict or a
 * load, never a crash. */
static void
test_broken(const char *folder, const char *scratch)
{
    char path[512], broken[512], *error = NULL;
    unsigned char *data = malloc(1 << 20);
    FILE *file;
    size_t bytes;

    snprintf(path, sizeof(path), "%s/image_lacking.so", folder);
    snprintf(broken, sizeof(broken), "%s/broken.so", scratch);
    file = fopen(path, "r");
    if (!file || !data)
        abort();
    bytes = fread(data, 1, 1 << 20, file);
    fclose(file);
    for (size_t cut = 1; cut < bytes; cut += cut < 128 ? 1 : 997) {
        file_write(broken, data, cut);
        error = NULL;
        image_check(broken, &error);
        free(error);
    }
    for (size_t at = 0; at < 64; at++) {
        data[at] ^= 0xA5;
        file_write(broken, data, bytes);
        error = NULL;
        image_check(broken, &error);
        free(error);
        data[at] ^= 0xA5;
    }
    /* A machine's number is two bytes at 18; 0x00B7 is ARM64, 0x003E x86-64. */
    data[18] = data[18] == 0x3E ? 0xB7 : 0x3E;
    file_write(broken, data, bytes);
    verdict(broken, -ENOEXEC, "build the driver here");
    unlink(broken);
    free(data);
}

int
main(int argc, char **argv)
{
    char scratch[] = "/tmp/image.XXXXXX", path[512];

    if (argc < 2 || !mkdtemp(scratch))
        return 1;
    test_copies(argv[1]);
    snprintf(path, sizeof(path), "%s/image_lacking.so", argv[1]);
    verdict(path, -ENOSYS, "StorPortNobodyHasThis, StorPortNorThat");
    verdict("/no/such/driver.so", -ENOENT, "cannot be opened");
    verdict("/tmp", -ENOEXEC, "not a plain file");
    snprintf(path, sizeof(path), "%s/x.sys", scratch);
    file_write(path, "MZ\x90\0\x03", 5);
    verdict(path, -ENOEXEC, "Windows binary; build it from source");
    file_write(path, "plain text", 10);
    verdict(path, -ENOEXEC, "not an ELF shared object");
    file_write(path, "", 0);
    verdict(path, -ENOEXEC, "the file is empty");
    unlink(path);
    test_broken(argv[1], scratch);
    rmdir(scratch);
    return failures ? 1 : 0;
}
