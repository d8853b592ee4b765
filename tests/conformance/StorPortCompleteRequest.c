/* Completing everything outstanding at an address. DDI: StorPortCompleteRequest. */
#include "harness.h"

#define ANY SP_UNTAGGED

static struct shot *s[4]; /* units 0:0:0, 0:0:1, 0:1:0, 1:0:0 */

static void
fire(void)
{
    mini.buses = mini.targets = mini.luns = 2;
    rig_start();
    mini.hold = true;
    s[0] = shot_read(rig.unit);
    s[1] = shot_read(rig_unit(0, 0, 1));
    s[2] = shot_read(rig_unit(0, 1, 0));
    s[3] = shot_read(rig_unit(1, 0, 0));
    UNTIL(mini_held() == 4);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(s[i]->done, 0);
}

static unsigned
landed(void)
{
    unsigned mask = 0;

    rig_settle();
    for (unsigned i = 0; i < 4; i++)
        mask |= s[i]->done << i;
    return mask;
}

static void
land_the_rest(void)
{
    StorPortCompleteRequest(mini.extension, ANY, ANY, ANY, SRB_STATUS_BUS_RESET);
    for (unsigned i = 0; i < 4; i++)
        shot_wait(s[i]);
    mini_forget(4);
}

/* Completes the outstanding requests of the unit with the status given. */
static void
one_unit(void)
{
    fire();
    StorPortCompleteRequest(mini.extension, 0, 0, 1, SRB_STATUS_ABORTED);
    CHECK_EQ(landed(), 2);
    CHECK_EQ(s[1]->r->srb_status, SRB_STATUS_ABORTED);
    land_the_rest();
    CHECK_EQ(s[0]->r->srb_status, SRB_STATUS_BUS_RESET);
}

/* Lun SP_UNTAGGED: all units of the target. */
static void
one_target(void)
{
    fire();
    StorPortCompleteRequest(mini.extension, 0, 0, ANY, SRB_STATUS_NO_DEVICE);
    CHECK_EQ(landed(), 3);
    CHECK_EQ(s[0]->r->srb_status, SRB_STATUS_NO_DEVICE);
    land_the_rest();
}

/* TargetId SP_UNTAGGED: all targets on the bus. */
static void
one_bus(void)
{
    fire();
    StorPortCompleteRequest(mini.extension, 0, ANY, ANY, SRB_STATUS_BUS_RESET);
    CHECK_EQ(landed(), 7);
    land_the_rest();
}

/* PathId SP_UNTAGGED: all buses of the adapter. */
static void
everything(void)
{
    fire();
    StorPortCompleteRequest(mini.extension, ANY, ANY, ANY, SRB_STATUS_BUS_RESET);
    CHECK_EQ(landed(), 15);
    mini_forget(4);
}

/* Only outstanding ones: what waits in the port's queue is not completed by it, and goes down. */
static void
queued_ones_stay(void)
{
    struct shot *waiting, *out;

    mini.depth = 1;
    rig_start();
    mini.hold = true;
    out = shot_read(rig.unit);
    waiting = shot_read(rig.unit);
    rig_settle();
    CHECK_EQ(mini.reads, 1);
    StorPortCompleteRequest(mini.extension, 0, 0, 0, SRB_STATUS_ABORTED);
    shot_wait(out);
    mini_forget(1);
    UNTIL(mini_held() == 1);
    CHECK(!waiting->done);
    mini_release(1, SRB_STATUS_SUCCESS);
    shot_wait(waiting);
    CHECK_EQ(waiting->r->srb_status, SRB_STATUS_SUCCESS);
}

CASES(CASE(one_unit), CASE(one_target), CASE(one_bus), CASE(everything), CASE(queued_ones_stay))
