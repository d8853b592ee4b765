/* Every allocation fails once, one at a time: an error or a success, nothing lost, nothing
 * leaked. */
#include "fake.h"

#define BYTES 20000

static uint8_t memory[BYTES + 8];

/* Everything that the floor can do; errors are counted, each must be -ENOMEM. */
static unsigned
all(struct disk *disk)
{
    static const struct {
        enum disk_op op;
        unsigned flags;
        uint64_t offset, bytes;
        unsigned into;
    } work[] = {
        {DISK_READ, 0, 0, 512, 0},          {DISK_WRITE, 0, 0, 512, 0},
        {DISK_WRITE, DISK_FUA, 0, 512, 0},  {DISK_WRITE, 0, 3, 5, 0},
        {DISK_READ, 0, 3, BYTES, 0},        {DISK_WRITE, 0, 3, BYTES, 0},
        {DISK_WRITE, 0, 512, 16384, 1},     {DISK_READ, 0, 512, 16384, 1},
        {DISK_TRIM, 0, 0, 65536, 0},        {DISK_ZERO, 0, 77, 65536, 0},
        {DISK_ZERO, DISK_FUA, 0, 65536, 0}, {DISK_FLUSH, 0, 0, 0, 0},
    };
    unsigned failed = 0;

    for (unsigned i = 0; i < sizeof(work) / sizeof(work[0]); i++) {
        int error = fake_io(disk, work[i].op, work[i].flags, work[i].offset, memory + work[i].into,
                            work[i].bytes);
        CHECK(error == 0 || error == -ENOMEM);
        failed += error != 0;
        CHECK(!fake.queued && !fake.held);
    }
    return failed;
}

static int
told(void *ctx, uint64_t offset, uint64_t bytes, bool hole)
{
    (void)ctx;
    (void)offset;
    (void)bytes;
    (void)hole;
    return 0;
}

int
main(void)
{
    unsigned failures = 0, opens = 0;

    for (uint64_t nth = 1;; nth++) {
        struct disk *disk = NULL;
        char *error = NULL;
        fake_reset();
        fake.adapter.max_transfer_bytes = 4096;
        fake.adapter.alignment_mask = 3;
        fake.dpofua = false;
        fake.lbpme = fake.lbpu = true;
        fake.fail_nth = nth;
        int result = disk_open(fake_unit(), &disk, &error);
        if (result) {
            CHECK_EQ(result, -ENOMEM);
            opens++;
            free(error);
        } else {
            unsigned failed = all(disk);
            int extents = disk_extents(disk, 0, 65536, told, NULL);
            CHECK(extents == 0 || extents == -ENOMEM);
            CHECK(failed <= 1);
            failures += failed + (extents != 0);
            disk_close(disk);
        }
        CHECK_EQ(fake.live, 0);
        CHECK_EQ(fake.references, 0);
        if (fake.calls < nth) {
            printf("%u of %u failing allocations failed an open, %u a request\n", opens,
                   (unsigned)nth - 1, failures);
            CHECK(opens >= 5 && failures >= 12);
            return 0;
        }
    }
}
