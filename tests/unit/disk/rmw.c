/* Writers that meet in one block, stepped command by command: nobody's bytes are lost. */
#include "fake.h"

static unsigned answered;

static void
done(struct disk_io *io)
{
    CHECK_EQ(fake.irql, RT_IRQL_DISPATCH);
    CHECK_EQ(io->error, 0);
    answered++;
}

static void
start(struct disk *disk, struct disk_io *io, uint64_t offset, uint8_t *memory, uint64_t bytes)
{
    *io = (struct disk_io){
        .op = DISK_WRITE, .offset = offset, .buffer = memory, .bytes = bytes, .done = done};
    disk_submit(disk, io);
}

/* Two partial writes of one block: the second begins when the first has written. */
static void
two_partial(void)
{
    uint8_t a[100], b[100];
    struct disk_io x, y;
    struct disk_stats stats;

    fake_reset();
    struct disk *disk = fake_open();
    memset(fake.memory, 1, 512);
    memset(a, 'a', sizeof(a));
    memset(b, 'b', sizeof(b));
    fake.manual = true;
    answered = 0;
    start(disk, &x, 10, a, sizeof(a));
    start(disk, &y, 200, b, sizeof(b));
    CHECK_EQ(fake.queued, 1); /* the second waits */
    fake_step(0);             /* x read */
    CHECK_EQ(fake.queued, 1);
    fake_step(0); /* x written */
    CHECK_EQ(answered, 1);
    fake_run();
    CHECK_EQ(answered, 2);
    CHECK(!memcmp(fake.memory + 10, a, sizeof(a)) && !memcmp(fake.memory + 200, b, sizeof(b)));
    CHECK(fake.memory[9] == 1 && fake.memory[110] == 1 && fake.memory[300] == 1);
    disk_stats(disk, &stats);
    CHECK_EQ(stats.read_modify_writes, 2);
    fake_close(disk);
}

/* A whole-block write is under way: the partial one waits for it, else it would write back what it
 * read before. And one that comes while the partial write runs waits too. */
static void
whole_and_partial(void)
{
    uint8_t whole[1024], later[512], part[8], in[512];
    struct disk_io w, p, l, r;

    fake_reset();
    struct disk *disk = fake_open();
    memset(whole, 'w', sizeof(whole));
    memset(later, 'l', sizeof(later));
    memset(part, 'p', sizeof(part));
    fake.manual = true;
    answered = 0;
    start(disk, &w, 0, whole, sizeof(whole));
    CHECK_EQ(fake.queued, 1);
    start(disk, &p, 512 + 4, part, sizeof(part));
    CHECK_EQ(fake.queued, 1); /* nothing of it was sent */
    start(disk, &l, 512, later, sizeof(later));
    CHECK_EQ(fake.queued, 1); /* overlaps the waiting one, in order */
    r = (struct disk_io){
        .op = DISK_READ, .offset = 512, .buffer = in, .bytes = sizeof(in), .done = done};
    disk_submit(disk, &r);
    CHECK_EQ(fake.queued, 2); /* reads of whole blocks do not lock */
    fake_step(1);
    CHECK_EQ(answered, 1);
    fake_step(0); /* w written: p reads */
    CHECK_EQ(answered, 2);
    CHECK_EQ(fake.queued, 1);
    fake_step(0); /* p read, writes */
    CHECK_EQ(fake.queued, 1);
    fake_step(0);
    CHECK(!memcmp(fake.memory + 516, part, sizeof(part)));
    CHECK(fake.memory[515] == 'w' && fake.memory[524] == 'w');
    fake_run();
    CHECK_EQ(answered, 4);
    CHECK(fake.memory[516] == 'l');
    fake_close(disk);
}

/* Elsewhere on the disk nobody waits, though the lanes are closed. */
static void
elsewhere(void)
{
    uint8_t part[8] = "1234567", whole[512];
    struct disk_io p, w;

    fake_reset();
    struct disk *disk = fake_open();
    memset(whole, 'w', sizeof(whole));
    fake.manual = true;
    answered = 0;
    start(disk, &p, 4, part, sizeof(part));
    start(disk, &w, 4096, whole, sizeof(whole));
    CHECK_EQ(fake.queued, 2);
    fake_step(1);
    CHECK_EQ(answered, 1);
    fake_run();
    CHECK_EQ(answered, 2);
    /* And when all is over, short writes are short again. */
    uint64_t calls = fake.calls;
    start(disk, &w, 4096, whole, sizeof(whole));
    CHECK_EQ(fake.calls - calls, 1);
    fake_run();
    fake_close(disk);
}

/* Whole-block writes of several commands do not wait for each other, wherever they are. */
static void
whole_and_whole(void)
{
    static uint8_t a[8192], b[8192];
    struct disk_io x, y;

    fake_reset();
    fake.adapter.max_transfer_bytes = 4096;
    struct disk *disk = fake_open();
    fake.manual = true;
    answered = 0;
    start(disk, &x, 0, a, sizeof(a));
    start(disk, &y, 4096, b, sizeof(b));
    CHECK_EQ(fake.queued, 4);
    fake_run();
    CHECK_EQ(answered, 2);
    fake_close(disk);
}

/* Many writers, disjoint bytes, commands completed in random order. */
static void
storm(void)
{
    enum { WRITERS = 24, BYTES = 8192 };
    static uint8_t want[BYTES], source[WRITERS][BYTES];
    struct disk_io io[WRITERS];

    for (unsigned round = 0; round < 300; round++) {
        fake_reset();
        struct disk *disk = fake_open();
        uint64_t at = 0;
        unsigned count = 0;
        memset(want, 0, sizeof(want));
        fake.manual = true;
        answered = 0;
        srand(round);
        while (count < WRITERS && at < BYTES) {
            uint64_t bytes = 1 + (uint64_t)rand() % 900;
            if (rand() % 4 == 0)
                bytes = 512 - at % 512; /* now and then aligned ones follow */
            else if (at % 512 == 0 && rand() % 2)
                bytes = 512;
            if (bytes > BYTES - at)
                bytes = BYTES - at;
            memset(source[count], (int)count + 1, bytes);
            memset(want + at, (int)count + 1, bytes);
            start(disk, &io[count], at, source[count], bytes);
            if (fake.queued && rand() % 2)
                fake_step((unsigned)rand() % fake.queued);
            at += bytes;
            count++;
        }
        while (fake.queued)
            fake_step((unsigned)rand() % fake.queued);
        CHECK_EQ(answered, count);
        CHECK(!memcmp(fake.memory, want, BYTES));
        fake.manual = false;
        fake_close(disk);
    }
}

int
main(void)
{
    two_partial();
    whole_and_partial();
    elsewhere();
    whole_and_whole();
    storm();
    return 0;
}
