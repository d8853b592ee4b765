/*
 * Plays files through a fuzz target without libFuzzer, so that the corpora run as plain tests: play
 * FOLDER … . Each input also comes cut short at every length, in a block of exactly its size, so
 * that AddressSanitizer and valgrind see a byte too many.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void
play(const uint8_t *data, size_t bytes)
{
    uint8_t *exact = malloc(bytes ? bytes : 1);

    if (!exact)
        abort();
    if (bytes)
        memcpy(exact, data, bytes);
    LLVMFuzzerTestOneInput(exact, bytes);
    free(exact);
}

static unsigned
play_file(const char *folder, const char *name)
{
    static uint8_t data[1 << 16];
    char path[4096];
    size_t bytes;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (!file)
        return 0;
    bytes = fread(data, 1, sizeof(data), file);
    fclose(file);
    for (size_t length = 0; length <= bytes; length++)
        play(data, length);
    return 1;
}

int
main(int argc, char **argv)
{
    unsigned played = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        struct dirent *entry;

        if (!folder) {
            perror(argv[i]);
            return 1;
        }
        while ((entry = readdir(folder)) != NULL) {
            if (entry->d_name[0] != '.')
                played += play_file(argv[i], entry->d_name);
        }
        closedir(folder);
    }
    printf("%u inputs played\n", played);
    return played ? 0 : 1;
}
