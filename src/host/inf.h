/*
 * What a driver's .inf file says of its parameters: the AddReg lines for Parameters\Device, as
 * Windows' setup reads them. The host knows from them which options a driver takes. Any thread.
 */
#ifndef INF_H
#define INF_H

#include "registry.h"

struct inf_option {
    char *name;
    char *initial; /* "" none */
    char *meaning; /* the comment on the line, without its kind */
    enum registry_type type;
    bool file;   /* "[file]" opens the comment: a path; it exists, unless a [size] is given too */
    bool series; /* "[files]": the same for the name with any other number at its end */
    bool size;   /* "[size]": how large to make it; a suffix K, M, G or T is kept in a REG_SZ */
};

struct inf {
    struct inf_option *options;
    size_t count;
};

/* 0 and *out (NULL when there is no such file), or -errno with a text. */
int inf_read(const char *path, struct inf **out, char **error);
void inf_destroy(struct inf *inf);
const struct inf_option *inf_find(const struct inf *inf, const char *name);
/* "SizeMB (64), ReadOnly (0)": heap. */
char *inf_names(const struct inf *inf);

/* Is one of these "key=value" a [size]? Then files need not be there yet. */
bool inf_creates(const struct inf *inf, const char *const *assignments, size_t count);

/*
 * Checks "key=value" against what `driver` takes. 0, *option (NULL: the driver has no .inf,
 * anything goes) and *value (heap; paths made absolute); or -errno with a text that says what to
 * write. creates: see inf_creates.
 */
int inf_check(const struct inf *inf, const char *driver, const char *assignment, bool creates,
              const struct inf_option **option, char **value, char **error);

#endif
