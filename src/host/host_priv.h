/*
 * What the files of the host share. One struct storport_host owns everything: the executor, the
 * port, the registry and the list of drivers, each of which owns its image and its adapters; units
 * hang off the host in the order in which they are listed.
 *
 * Start reading at host.c (life cycle), then driver.c, unit.c, io.c.
 */
#ifndef HOST_PRIV_H
#define HOST_PRIV_H

#include "disk.h"
#include "image.h"
#include "port.h"
#include "rt.h"

#include <setjmp.h>
#include <stdlib.h>
#include <storport/host.h>

struct registry;
struct inf;
struct control;

struct storport_adapter {
    struct storport_adapter *next; /* Key: c */
    struct storport_driver *driver;
    struct adapter *adapter;
    char key[112];  /* Services\\<driver>\\Parameters\\Device<N> */
    char **options; /* names of the values that were set there for it */
    size_t option_count;
};

struct storport_driver {
    struct storport_driver *next;
    struct storport_host *host;
    struct driver *driver;
    struct image *image;
    struct inf *inf;                   /* NULL: the driver ships none */
    char name[64];                     /* of its service */
    struct storport_adapter *adapters; /* Key: c */
};

/*
 * A unit as the API shows it: the port's unit and the disk upon it, opened at first use.
 * Key: I immutable, c host->control, a atomic.
 */
struct storport_unit {
    struct storport_unit *next;       /* c */
    struct storport_host *host;       /* I */
    struct storport_adapter *adapter; /* I; not followed once `gone` */
    struct unit *unit;                /* I; a reference */
    struct disk *disk;                /* c; NULL: not opened or closed again */
    unsigned references;              /* c; without the list's own */
    atomic_uint busy;                 /* a: calls inside the disk or the unit */
    atomic_bool gone;                 /* a: no call may begin */
    atomic_bool ready;                /* a: disk is open */
    char name[20];                    /* I */
};

struct storport_host {
    struct storport_host_config config; /* I */
    struct rt *rt;                      /* I */
    struct port *port;                  /* I */
    struct registry *registry;          /* I */
    rt_word control;                    /* held over everything that is not I/O, blocking or not */
    struct storport_driver *drivers;    /* c */
    struct storport_unit *units;        /* c */
    const char *working;                /* c: name of the driver being loaded or started */
    unsigned adapter_next;              /* c: the number that the port gives to the next adapter */
    atomic_bool held_lock;              /* leaf, of what follows */
    int held_level;                     /* of `held`, a storport_log_level */
    char held[512];                     /* the last that the working driver said; "" nothing */
    struct control *control_socket;     /* c; NULL: nobody asked for one */
    atomic_bool dead;                   /* a: a driver faulted, the process is about to end */
};

int host_fail(char **error, int code, const char *format, ...) RT_PRINTF(3, 4);

/* While a driver is loaded or started, the last line that it prints is held back: if the work fails
 * it is the reason, and becomes the error's text instead of a line of the log. */
void host_work_begin(struct storport_host *host, const char *driver);
void host_work_end(struct storport_host *host, int code, char **error);

/* Every API call is framed by these two; false: the host is dead, or no memory. They nest. */
bool host_enter(struct storport_host *host);
void host_leave(struct storport_host *host);
/* The same with the control lock. */
bool host_control_enter(struct storport_host *host);
void host_control_leave(struct storport_host *host);

/* ---- shipped.c: where drivers lie ---- */
/* A shipped name or a path → the file (heap) and the name of its service. -ENOENT with a text that
 * lists the names that are known. */
int shipped_resolve(const char *wanted, char **path, char name[64], char **error);

/* ---- control.c ---- */
void control_destroy(struct control *control);

/* ---- driver.c ---- */
/* Removes its adapters, unloads it. Entered, control lock not held. */
void driver_destroy(struct storport_driver *driver);

/* ---- unit.c ---- */
/* Takes every present unit of every adapter into the list, in order. Control lock held. */
void unit_collect_locked(struct storport_host *host);
/* Closes the disks of an adapter's units once the calls inside them are over. Control lock held. */
void unit_retire_locked(struct storport_host *host, struct storport_adapter *adapter);
/* At the end of the host, adapters gone: references that nobody put are dropped. */
void unit_forget_all(struct storport_host *host);
/* Opens the disk if that was not done. 0, or -errno and a text. Not from inside unit_use. */
int unit_disk_open(struct storport_unit *unit, char **error);
/* A call inside the disk or the unit begins; false: the unit is gone. */
bool unit_use(struct storport_unit *unit);
void unit_unuse(struct storport_unit *unit);
bool unit_is_disk(const struct unit_info *info);

/* ---- fault.c ---- */
/* Process-wide handlers of SIGSEGV and its like; counted. */
void fault_install(void);
void fault_remove(void);
void fault_bug(void *host, enum rt_bug bug, const char *text); /* rt_config.bug */
/* Where a fault inside the calling thread's request returns to, so that its client gets an
 * answer. */
sigjmp_buf *fault_escape_set(sigjmp_buf *escape); /* returns the one before */

#endif
