/*
 * A test's whole world: an executor, the port, a stock miniport whose DriverEntry is in this same
 * program, one adapter of it, and requests to its units. One world at a time per process; a case
 * says in `mini` how the miniport shall be, calls rig_start(), acts, and checks. harness_main()
 * runs each case under both executors (sim: with three seeds, or HARNESS_SEEDS of them) and fails
 * it for anything left behind: memory, arena, threads, requests, findings that the case did not
 * expect.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include "contract.h"
#include "finding.h"
#include "nt.h"
#include "port.h"
#include "rt.h"

#include <ntddk.h>
#include <storport.h>
#include <ntddscsi.h>
#include <srbhelper.h>

/* ---- checks: the first that fails ends the program with status 1 ---- */

_Noreturn void check_failed(const char *file, int line, const char *format, ...) RT_PRINTF(3, 4);
#define CHECK(x) ((x) ? (void)0 : check_failed(__FILE__, __LINE__, "%s", #x))
#define CHECK_EQ(a, b) check_equal(__FILE__, __LINE__, #a, (uint64_t)(a), (uint64_t)(b))
void check_equal(const char *file, int line, const char *what, uint64_t is, uint64_t wanted);
/* Waits until x holds, ten seconds of the executor's time at most. */
#define UNTIL(x)                                                                                   \
    do {                                                                                           \
        for (unsigned until_ = 0; !(x) && until_ < 10000; until_++)                                \
            rt_sleep_ns(1000000);                                                                  \
        CHECK(x);                                                                                  \
    } while (0)

/* ---- the stock miniport (mini.c) ---- */

/* Callbacks in which a case can have code of its own run. */
enum place {
    AT_NONE,
    AT_ENTRY,
    AT_FIND,       /* subject: the PORT_CONFIGURATION_INFORMATION, last thing */
    AT_INITIALIZE, /* physical: DIRQL under the Interrupt lock */
    AT_PASSIVE,
    AT_BUILD, /* subject: the SRB; TEST UNIT READY only */
    AT_START, /* likewise */
    AT_INTERRUPT,
    AT_DPC,
    AT_TIMER,
    AT_RESET_BUS,    /* subject: the path */
    AT_CONTROL,      /* subject: the type; every one but the query */
    AT_UNIT_CONTROL, /* likewise */
    AT_WORKITEM,
    AT_SYNCHRONIZED,
    AT_FREE, /* HwStorFreeAdapterResources */
    PLACE_COUNT
};
typedef void place_fn(void *extension, void *subject);

/* What a hook on BuildIo or StartIo wants to come of the call. */
enum verdict { VERDICT_STOCK, VERDICT_TRUE, VERDICT_FALSE };
typedef enum verdict srb_hook(void *extension, void *srb);

#define MINI_EXTENSION 4096u

/* Reset to these defaults before each case: a virtual miniport with one unit, legacy SRBs. */
struct mini {
    bool physical, half_duplex, extended, caches_data;
    bool dpc_redirection;
    bool no_passive;               /* does not ask for passive initialisation: then it has no DPC */
    unsigned channels;             /* 0: one */
    unsigned buses, targets, luns; /* 1 each; units answer at every one of them */
    ULONG lu_extension, srb_extension, depth, max_transfer, max_io_per_lun;
    UCHAR map_buffers;                          /* STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE */
    void (*tune)(HW_INITIALIZATION_DATA *init); /* before StorPortInitialize */
    place_fn *at[PLACE_COUNT];
    srb_hook *build, *start; /* before the stock treatment of any SRB but the port's own scan */
    bool interrupt_claims;   /* what HwInterrupt returns */
    bool hold;               /* READ(10) and WRITE(10) stay with the miniport until mini_release */
    bool deaf;               /* resets answer FALSE or an error and complete nothing */
    void (*answer)(void *srb, UCHAR opcode); /* instead of success for commands it does not know */

    /* what happened */
    void *extension; /* of the newest adapter */
    void *driver_object;
    ULONG init_status; /* what StorPortInitialize returned */
    atomic_uint calls[PLACE_COUNT];
    uint8_t irql[PLACE_COUNT];  /* of the last call */
    atomic_uint functions[256]; /* SRBs started, by function */
    atomic_uint reads;          /* READ(10) and WRITE(10) started */
    STOR_DPC dpc;               /* initialised in passive initialisation */
};
extern struct mini mini;

NTSTATUS NTAPI mini_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path);
void mini_reset(void);
/* SRBs held now; the n-th oldest; completing the n oldest from wherever the caller is. */
unsigned mini_held(void);
void *mini_held_at(unsigned n);
void mini_release(unsigned count, UCHAR srb_status);
/* Forgets the oldest held SRB (somebody else completed it). */
void mini_forget(unsigned count);
void mini_complete(void *srb, UCHAR srb_status);

/* ---- the world (harness.c) ---- */

struct rig {
    struct rt *rt;
    struct port *port;
    struct driver *driver;
    struct adapter *adapter;
    struct unit *unit; /* the first one */
    bool sim;
    uint64_t seed;
};
extern struct rig rig;

struct test_case {
    const char *name;
    void (*run)(void);
    unsigned cpus; /* 0: two */
    bool dma_remap;
    bool verify;
};
/* Ends the list with an empty one. argv: threads or sim for only that; a case's name for only
 * it. */
int harness_main(int argc, char **argv, const struct test_case *cases);
#define CASE(f)                                                                                    \
    {                                                                                              \
#f, f, 0, false, false                                                                     \
    }
#define CASES(...)                                                                                 \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        static const struct test_case cases[] = {__VA_ARGS__, {0}};                                \
        return harness_main(argc, argv, cases);                                                    \
    }

void rig_start(void);        /* load, add, find the units; must succeed */
int rig_load(void);          /* driver_load: 0 or -errno */
int rig_add(void);           /* adapter_add: 0 or -errno */
const char *rig_error(void); /* the text of the last failure */
void rig_stop(void);         /* remove and unload; done at a case's end as well */
struct unit *rig_unit(unsigned path, unsigned target, unsigned lun); /* owned by the rig */
void rig_sleep_ms(unsigned ms);
void rig_settle(void); /* time enough for what should not happen */
/* Runs `run` once inside that callback now, and returns when it is through. */
void rig_at(enum place place, place_fn *run);

/* Findings of a rule so far; expecting some means they fail the case no longer (and must be). */
unsigned rig_findings(enum finding_rule rule);
void rig_expect(enum finding_rule rule);
/* Lines of the log that hold the text. */
unsigned rig_logged(const char *text);

/* ---- the registry: in memory, empty before each case ---- */

void registry_put(const char *key, const char *name, uint32_t type, const void *data, size_t bytes);
void registry_dword(const char *key, const char *name, uint32_t value);
void registry_text(const char *key, const char *name, const char *value);
/* Bytes, or -1 when absent. */
int registry_find(const char *key, const char *name, uint32_t *type, void *data, size_t bytes);

/* ---- requests ---- */

#define SHOT_BYTES 65536u

/* One request of a case. Set r's fields between shot_new and shot_fire. */
struct shot {
    struct request *r;
    struct shot *next;
    atomic_uint done; /* how often `done` was called: once, or the case fails */
    unsigned order;   /* of completion, from 1 */
    uint64_t done_ns;
    uint8_t done_irql;
    uint8_t *data; /* SHOT_BYTES, zeroed */
};
struct shot *shot_new(struct unit *unit); /* READ(10) of one block at 0, 30 s */
void shot_fire(struct shot *shot);
void shot_wait(struct shot *shot);
struct shot *shot_read(struct unit *unit); /* new and fired */
void shot_command(struct shot *shot, uint8_t opcode, uint32_t bytes, uint32_t flags);
struct shot *shot_function(struct unit *unit, uint8_t function); /* new, no data */

#endif
