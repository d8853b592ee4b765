/*
 * image: brings a driver's file into the process. Every load maps a copy of its own, so that two
 * loads of one driver never share a global. Knows ELF shared objects; never calls the driver.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stddef.h>

struct image;

/*
 * PASSIVE; may block on files. 0 and *entry = DriverEntry; or -errno with *error a text to free
 * that says what is wrong with the file and how to mend it (-ENOENT, -EACCES, -ENOEXEC: no driver
 * for this machine, -ENOSYS: it needs routines that nobody here offers).
 */
int image_load(const char *path, struct image **out, void **entry, char **error);
/* No code of the image may run any more. NULL is fine. */
void image_unload(struct image *image);

/* The same verdicts on a file without mapping it or running its constructors. */
int image_check(const char *path, char **error);

#endif
