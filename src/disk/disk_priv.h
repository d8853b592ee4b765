/*
 * Inside the disk floor. Three things, from small to large: a command (one CDB on its way, with its
 * retries), a job (a disk_io that takes more than one command), the disk. Start reading at struct
 * command; io.c has the short way of an aligned request, split.c the long one.
 */
#ifndef DISK_PRIV_H
#define DISK_PRIV_H

#include "disk.h"

#include "capacity.h"
#include "cdb.h"
#include "inquiry.h"
#include "sense.h"

/* SAM-5 5.3.1, by names that do not meet the WDK's. */
enum scsi_status {
    SCSI_STATUS_GOOD = 0x00,
    SCSI_STATUS_CHECK_CONDITION = 0x02,
    SCSI_STATUS_BUSY = 0x08,
    SCSI_STATUS_RESERVATION_CONFLICT = 0x18,
    SCSI_STATUS_COMMAND_TERMINATED = 0x22,
    SCSI_STATUS_TASK_SET_FULL = 0x28,
    SCSI_STATUS_ACA_ACTIVE = 0x30,
    SCSI_STATUS_TASK_ABORTED = 0x40,
};

/* ---- verdicts: what a finished request means (errors.c) ------------------------------------ */

enum verdict_action {
    VERDICT_DONE,      /* it worked */
    VERDICT_RETRY,     /* again, counted, after delay_ms */
    VERDICT_WAIT,      /* again after delay_ms; the unit said that it will come round */
    VERDICT_ATTENTION, /* again at once, uncounted: the unit had news, not trouble */
    VERDICT_FAIL,
};

/* What the disk does besides, in the background (service.c). */
enum verdict_duty {
    DUTY_START = 1,    /* START UNIT */
    DUTY_CAPACITY = 2, /* READ CAPACITY anew */
    DUTY_MODE = 4,     /* the caching page anew */
};

struct verdict {
    enum verdict_action action;
    int error; /* -errno when it is final */
    uint32_t delay_ms;
    uint8_t duty;
    bool deferred; /* the error belongs to an earlier, cached write */
};

void verdict_of(const struct request *request, struct verdict *out);
/* Rows of the tables, for the test that walks them all. */
struct verdict_row {
    uint16_t status;   /* SRB or SCSI status; of sense rows the key */
    uint8_t asc, ascq; /* VERDICT_ANY: every one */
    uint8_t action;    /* enum verdict_action */
    uint8_t duty;
    uint16_t delay_ms;
    int error;
};
#define VERDICT_ANY 0xff
const struct verdict_row *verdict_srb_rows(size_t *count);
const struct verdict_row *verdict_scsi_rows(size_t *count);
const struct verdict_row *verdict_sense_rows(size_t *count);

/* ---- commands (command.c) ------------------------------------------------------------------- */

#define COMMAND_TRIES_MAX 8       /* counted retries */
#define COMMAND_WAITS_MAX 120     /* "becoming ready", about a minute */
#define COMMAND_ATTENTIONS_MAX 64 /* a unit that never stops having news is broken */

enum command_kind { COMMAND_IO, COMMAND_PIECE, COMMAND_SERVICE };

/*
 * One CDB on its way. The request keeps CDB and buffer between tries, so a retry needs no memory.
 *
 *   IDLE ──start──▶ SENT ──answer──▶ IDLE (finished)
 *                   │  ▲
 *            verdict│  │timer
 *                   ▼  │
 *                  DELAYED
 *
 *   IDLE → SENT      [command_start]
 *   SENT → DELAYED   [command_again]   the verdict named a delay; the timer is armed
 *   DELAYED → SENT   [command_fire]
 *   SENT → SENT      [command_again]   again at once
 *   SENT → IDLE      [command_finish]
 * SENT: the port owns the request. DELAYED: nobody but the timer does. IDLE: the owner does.
 */
enum command_state { COMMAND_STATE_IDLE, COMMAND_STATE_SENT, COMMAND_STATE_DELAYED };

/* Lives in disk_io.reserved on the short way, hence the size and the aliasing. */
struct __attribute__((may_alias)) command {
    struct rt_timer timer;
    struct disk *disk;
    struct request *request;
    uint8_t kind, state;
    uint8_t tries, waits, attentions;
    uint8_t step;  /* of a flush: which of its commands runs */
    uint16_t lane; /* of a short write: its in-flight counter, see rmw.c */
};
_Static_assert(sizeof(struct command) <= sizeof(((struct disk_io *)0)->reserved),
               "a short request lives in its disk_io");

/* A request of the disk's unit; false when memory is short. Any IRQL up to DISPATCH. */
bool command_init(struct command *command, struct disk *disk, enum command_kind kind);
void command_finish_with(struct command *command); /* destroys the request */
/* Fills the request anew. flags: SRB_FLAGS_DATA_IN, …_OUT or 0. base lives until the end. */
void command_set(struct command *command, const struct cdb *cdb, uint32_t flags, void *base,
                 uint32_t bytes);
void command_set_function(struct command *command, uint8_t function);
/* Sends it; io_finished, piece_finished or service_finished is called once, at DISPATCH. */
void command_start(struct command *command);

void io_finished(struct command *command, int error);
void piece_finished(struct command *command, int error);
void service_finished(struct command *command, int error);

/* ---- ranges (rmw.c) ------------------------------------------------------------------------- */

/* A write on the long way. Members: r ranges_lock, I immutable. */
struct range {
    struct range *next;   /* r: in order of arrival */
    uint64_t first, last; /* I: blocks, inclusive */
    bool exclusive;       /* I: reads, patches and writes back: nobody may write in between */
    bool granted;         /* r */
    struct range *start;  /* to be started by who granted it */
};

/* Short writes count themselves in and out of a lane; a lane is one processor's cache line. */
struct lane {
    _Atomic uint32_t writes;
    uint8_t pad[60];
};

struct ranges {
    rt_word lock;              /* leaf; at DISPATCH */
    struct range *head, *tail; /* r */
    unsigned exclusive_count;  /* r */
    bool drained;              /* r: no short write is left since `closed` was set */
    _Atomic bool closed;       /* some exclusive range exists: writes take the long way */
    uint16_t lane_count;       /* I */
    struct lane *lanes;        /* I */
};

int ranges_init(struct disk *disk);
void ranges_finish(struct disk *disk);
/* A short write: true if it may go, then leave. */
bool lane_enter(struct disk *disk, uint16_t *lane);
void lane_leave(struct disk *disk, uint16_t lane);
/* True if granted at once; else job_run is called for it later. At DISPATCH. */
bool range_acquire(struct disk *disk, struct range *range);
void range_release(struct disk *disk, struct range *range);

/* ---- jobs (job.c, split.c, trim.c) ----------------------------------------------------------- */

#define JOB_PIECES_MAX 16
#define JOB_BOUNCED_MAX 4 /* pieces in flight when each carries a bounce buffer */
#define JOB_BOUNCE_BYTES_MAX 131072u
#define JOB_JOIN_BYTES 16384u /* an unaligned request up to this is one command */

enum piece_method {
    PIECE_DIRECT,  /* from or to the caller's memory */
    PIECE_BOUNCED, /* through the bounce buffer, patched first if it is a part of a block */
    PIECE_ZEROES,  /* writes the disk's zero buffer */
    PIECE_SAME,    /* WRITE SAME(16) */
    PIECE_UNMAP,   /* UNMAP, its list in the bounce buffer */
};

/* What job_take decided: the next part of a request that fits one command. */
struct chunk {
    enum piece_method method;
    bool patch;             /* BOUNCED write of partial blocks: read, patch, write */
    uint64_t offset, bytes; /* of the caller's range */
    uint64_t lba;           /* of the command */
    uint32_t blocks;
};

struct piece {
    struct command command; /* first */
    struct job *job;
    struct chunk chunk;
    bool reading; /* the first half of a patch */
    uint8_t *bounce;
};

/*
 * A disk_io on the long way.
 *
 *   NEW ──▶ WAITING ──▶ RUNNING ──▶ FLUSHING ──▶ DONE
 *    └────────────────────▲ └──────────────────────▲
 *
 *   NEW → WAITING      [job_submit]  a write asks for its range
 *   NEW → RUNNING      [job_run]     a read needs none
 *   WAITING → RUNNING  [job_run]     the range is granted, perhaps at once
 *   RUNNING → FLUSHING [job_settle]  all pieces are home, FUA asks for more
 *   RUNNING → DONE     [job_settle]
 *   FLUSHING → DONE    [job_settle]
 * RUNNING: `busy` counts pieces in flight and the one who starts them; after an error no new piece
 * starts. FLUSHING: pieces[0] alone is in flight. DONE: the range is released, the job is freed.
 */
enum job_state {
    JOB_STATE_NEW,
    JOB_STATE_WAITING,
    JOB_STATE_RUNNING,
    JOB_STATE_FLUSHING,
    JOB_STATE_DONE
};

/* Members: j lock, I immutable after job_submit. */
struct job {
    struct disk *disk;     /* I */
    struct disk_io *io;    /* I */
    struct range range;    /* writes */
    rt_word lock;          /* leaf; at DISPATCH */
    enum job_state state;  /* j */
    uint64_t first, end;   /* I: bytes */
    uint64_t next;         /* j: all before it has been given out */
    unsigned busy;         /* j */
    int error;             /* j: the first one */
    bool ranged;           /* I */
    bool split;            /* j: it took a second chunk */
    bool same;             /* j: zero by WRITE SAME; false once the unit refused it */
    bool flush_after;      /* I: FUA by SYNCHRONIZE CACHE */
    uint32_t bounce_bytes; /* I: of each piece; 0: none has one */
    unsigned piece_count;  /* I */
    struct piece pieces[];
};

void job_submit(struct disk *disk, struct disk_io *io);
void job_run(struct job *job); /* at DISPATCH, with its range granted */

/* split.c */
/* The most that one command moves from this memory on, whole blocks; 0: it must be bounced. */
uint32_t split_direct_bytes(const struct disk *disk, const void *memory, uint64_t bytes);
/* A whole request by one command, without a bounce. */
bool split_is_short(const struct disk *disk, const struct disk_io *io);
/* The next chunk of a read, write or zero; not called with nothing left. */
void split_take(const struct job *job, struct chunk *out);
/* Bytes of bounce buffer that the pieces of this io need; 0: none. */
uint32_t split_bounce_bytes(const struct disk *disk, const struct disk_io *io);
bool split_is_partial(const struct disk *disk, const struct disk_io *io);

/* trim.c */
/* Rounds a trim inwards to what the unit can unmap; false: nothing is left of it. */
bool trim_clip(const struct disk *disk, uint64_t *first, uint64_t *end);
void trim_take(const struct job *job, struct chunk *out);
void trim_set(struct piece *piece);
void same_set(struct piece *piece);
uint32_t same_blocks_max(const struct disk *disk, uint64_t lba, uint64_t blocks);

/* flush.c */
enum flush_step { FLUSH_START, FLUSH_CACHE10, FLUSH_CACHE16, FLUSH_ADAPTER, FLUSH_DONE };
/* Prepares the command that comes next; false: no more is needed and *error is the answer. */
bool flush_next(struct command *command, int *error);

/* service.c: START UNIT and rereading, off the path of any request. Members: s lock, I
 * immutable. */
struct service {
    rt_word lock;    /* leaf; at DISPATCH */
    uint8_t wanted;  /* s: bits of enum verdict_duty */
    bool running;    /* s: the command, duty and buffer are in use */
    uint8_t duty;    /* s: the one that runs */
    bool capacity10; /* I: the unit has no READ CAPACITY(16) */
    uint8_t mode;    /* I: 6 or 10, the MODE SENSE that the unit has; 0: none */
    uint8_t *buffer; /* I: DISK_SCRATCH_BYTES of the arena */
    struct command command;
};
#define DISK_SCRATCH_BYTES 4096u
#define SERVICE_MODE_BYTES 192u
int service_init(struct disk *disk);
void service_finish(struct disk *disk); /* waits until it rests; PASSIVE */
void service_want(struct disk *disk, uint8_t duties);

/* ---- the disk -------------------------------------------------------------------------------- */

enum disk_fua_mode {
    DISK_FUA_FREE,  /* nothing caches: every write is durable */
    DISK_FUA_BIT,   /* the CDB's bit */
    DISK_FUA_AFTER, /* write, then flush */
};

/* Members: I immutable after disk_open, a atomic, s written by the service only. */
struct disk {
    struct rt *rt;
    struct unit *unit;
    struct disk_info info; /* s: bytes, write_cache, fua, read_only; else I */

    /* The hot part: read by every request. */
    _Atomic uint64_t blocks;  /* s */
    uint8_t block_shift;      /* I */
    _Atomic uint8_t fua_mode; /* s: enum disk_fua_mode */
    _Atomic bool read_only;   /* s */
    bool caches_data;         /* I: of the adapter */
    bool tagged;              /* I: the unit queues */
    uint32_t alignment_mask;  /* I */
    uint32_t segment_pages;   /* I: elements a scatter/gather list may have; UINT32_MAX: no limit */
    uint32_t timeout_s;       /* I */
    bool opened;              /* I: until then the service rests and lends its buffer */
    _Atomic int broken;       /* s: -errno for all; the block size changed under us */

    struct ranges ranges;
    struct service service;
    _Atomic bool write_cache;
    _Atomic bool cache_assumed; /* no caching page: SYNCHRONIZE CACHE may be unknown to the unit */
    _Atomic bool sync16;        /* the unit wants the 16-byte one */
    _Atomic int deferred;       /* a cached write failed later: the next flush says so */
    _Atomic bool same_refused;
    bool provisioned;                  /* I: LBPME */
    bool unmap_command, unmap_by_same; /* I: B2 */
    struct vpd_block_limits limits;    /* I: zero when absent */
    uint8_t *zero;
    uint32_t zero_bytes;

    struct {
        _Atomic uint64_t retries, splits, read_modify_writes, errors;
    } stats;
};

#define DISK_ZERO_BYTES 65536u

static inline uint32_t
disk_block_bytes(const struct disk *disk)
{
    return 1u << disk->block_shift;
}

static inline void
disk_count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Answers an io: counts, sets the error, calls done. */
void io_answer(struct disk *disk, struct disk_io *io, int error);
/* FUA and cache state after the caching page was read. */
void disk_cache_set(struct disk *disk, const struct mode_caching *mode);
void disk_capacity_set(struct disk *disk, const struct capacity *capacity);

#endif
