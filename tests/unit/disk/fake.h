/*
 * The floors below disk, by hand: a clock that moves when told, one processor, a unit that obeys
 * CDBs on memory and misbehaves by script. Every submission is checked against the adapter's
 * limits, every call out of the floor for locks held. Nothing is concurrent: what would be is
 * stepped by the test.
 */
#ifndef FAKE_H
#define FAKE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk_priv.h"
#include "scsi_bytes.h"
#include "srb.h"

#define FAKE_LOG_MAX 4096
#define FAKE_QUEUE_MAX 256
#define FAKE_TIMERS_MAX 64
#define FAKE_OPCODE_ANY (-1)
#define FAKE_FUNCTION(function) (0x100 | (function)) /* in place of an opcode */
#define FAKE_MOVED_ALL UINT32_MAX

struct fake_answer {
    int opcode;
    unsigned times;
    uint8_t srb_status, scsi_status, key, asc, ascq;
    bool deferred, frozen;
    uint32_t moved; /* FAKE_MOVED_ALL: obey, then answer so */
};

struct fake_command {
    uint8_t function, cdb[PORT_CDB_MAX];
    struct cdb_info info;
    uint32_t flags, bytes, timeout_s;
    const uint8_t *memory;
};

extern struct fake {
    /* The unit; set before disk_open. */
    unsigned block_shift;
    uint64_t blocks;
    uint32_t kept_blocks; /* of memory; addresses wrap */
    uint8_t inquiry_version, inquiry_type;
    bool removable, wce, dpofua, write_protected, no_caching_page, no_mode6;
    bool no_capacity16, no_sync10, no_sync16, no_write_same, no_lba_status;
    bool lbpme, lbprz, lbpu, lbpws, vpd_by_inquiry;
    struct vpd_block_limits limits; /* served as B0h if has_limits */
    bool has_limits;
    struct adapter_info adapter;
    const char *registry_key;
    uint32_t registry_value;

    /* Stepping. */
    bool manual; /* submissions wait for fake_step */
    struct request *queue[FAKE_QUEUE_MAX];
    unsigned queued;
    uint64_t now_ns;
    struct rt_timer *timers[FAKE_TIMERS_MAX];
    unsigned timer_count;

    /* What happened. */
    uint8_t *memory;
    bool *mapped;
    struct fake_command log[FAKE_LOG_MAX];
    unsigned logged;
    char logged_line[400]; /* the newest line of the log */
    unsigned released;     /* RELEASE_QUEUEs */
    unsigned frozen;       /* answers that froze the queue */
    unsigned live;         /* allocations and requests not yet freed */
    uint64_t calls, fail_nth;
    unsigned held, in_done;
    int references;
    uint8_t irql;

    struct fake_answer script[128];
    unsigned script_count;
} fake;

/* A 1 MiB disk of 512-byte blocks, cache with FUA, behind an adapter without limits. */
void fake_reset(void);
struct unit *fake_unit(void);
/* The next `times` commands of that opcode are answered so. */
void fake_script(const struct fake_answer *answer);
void fake_script_sense(int opcode, unsigned times, uint8_t key, uint8_t asc, uint8_t ascq);
void fake_script_status(int opcode, unsigned times, uint8_t srb_status, uint8_t scsi_status);
void fake_step(unsigned index);  /* completes one of the waiting requests */
void fake_run(void);             /* all of them, and all timers, until nothing is left */
bool fake_fire(void);            /* the next timer */
unsigned fake_count(int opcode); /* commands seen */
const struct fake_command *fake_last(int opcode);
/* fake_target.c: does what the CDB says; false: refused, sense is set. */
void fake_obey(struct request *request);
void fake_sense(struct request *request, uint8_t key, uint8_t asc, uint8_t ascq, bool deferred);
bool fake_fails(void);

struct disk *fake_open(void);       /* must work */
void fake_close(struct disk *disk); /* and nothing is left */
int fake_io(struct disk *disk, enum disk_op op, unsigned flags, uint64_t offset, void *buffer,
            uint64_t bytes);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)
#define CHECK_EQ(got, want)                                                                        \
    do {                                                                                           \
        long long got_ = (long long)(got), want_ = (long long)(want);                              \
        if (got_ != want_) {                                                                       \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, got_,       \
                    want_);                                                                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#endif
