/*
 * An adapter that holds its requests, and one that has had enough for now. DDI: StorPortPause,
 * StorPortResume, StorPortBusy, StorPortReady. Rules R4.2 to R4.5.
 *
 * Covers: StorPortPause StorPortResume StorPortBusy StorPortReady
 */
#include "harness.h"

/* StorPortPause: all requests to the adapter are held while it is paused; StorPortResume lets them
 * go before the time is over. */
static void
pause_holds_until_resume(void)
{
    struct shot *a, *b;

    mini.luns = 2;
    rig_start();
    CHECK_EQ(StorPortPause(mini.extension, 60), TRUE);
    a = shot_read(rig.unit);
    b = shot_read(rig_unit(0, 0, 1));
    rig_settle();
    CHECK(!a->done && !b->done);
    CHECK_EQ(mini.reads, 0);
    CHECK_EQ(StorPortResume(mini.extension), TRUE);
    shot_wait(a);
    shot_wait(b);
    CHECK_EQ(a->r->srb_status, SRB_STATUS_SUCCESS);
}

CASES(CASE(pause_holds_until_resume))
