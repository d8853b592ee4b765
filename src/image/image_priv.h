/* What the files of this floor share: the verdict on a file's first bytes. */
#ifndef IMAGE_PRIV_H
#define IMAGE_PRIV_H

#include "image.h"

#define IMAGE_PRINTF(f, a) __attribute__((format(printf, f, a)))

struct image_file {
    const char *path;
    int fd;
    size_t bytes;
    const unsigned char *map; /* the whole file, read only */
};

/* Sets *error (unless NULL) and returns `code`. */
int image_fail(char **error, int code, const char *format, ...) IMAGE_PRINTF(3, 4);

int image_file_open(struct image_file *file, const char *path, char **error);
void image_file_close(struct image_file *file);

/* Is it a shared object for this machine? 0 or -errno with a text. */
int elf_check(const struct image_file *file, char **error);
/* Names that the object needs and no global object defines, separated by commas; NULL: none, or
 * the object has no section table to tell. The caller frees. */
char *elf_missing(const struct image_file *file);
/* Does it define `name` for others? -1 when it cannot be told. */
int elf_defines(const struct image_file *file, const char *name);

#endif
