/*
 * An adapter that holds all requests, and one that has had enough for now. DDI: StorPortPause,
 * StorPortResume, StorPortBusy, StorPortReady. R4.2 to R4.5.
 *
 * Covers: StorPortPause StorPortResume StorPortBusy StorPortReady
 */
#include "harness.h"

/* StorPortPause, Remarks: all requests to all targets of the adapter are held. StorPortResume
 * resumes a paused adapter. */
static void
pause_holds_every_unit_until_resume(void)
{
    struct shot *a, *b;
    struct unit_info info;

    mini.targets = 2;
    rig_start();
    CHECK_EQ(StorPortPause(mini.extension, 3600), TRUE);
    a = shot_read(rig.unit);
    b = shot_read(rig_unit(0, 1, 0));
    rig_settle();
    CHECK(!a->done && !b->done);
    CHECK_EQ(mini.reads, 0);
    unit_info(rig.unit, &info);
    CHECK_EQ(info.queued, 1);
    CHECK_EQ(StorPortResume(mini.extension), TRUE);
    shot_wait(a);
    shot_wait(b);
    CHECK_EQ(a->r->srb_status, SRB_STATUS_SUCCESS);
    CHECK_EQ(mini.reads, 2);
}

/* StorPortPause: Timeout is in seconds; when it expires, requests go without a resume. */
static void
pause_ends_by_itself(void)
{
    uint64_t begun;
    struct shot *s;

    rig_start();
    begun = rt_now_ns(rig.rt);
    CHECK_EQ(StorPortPause(mini.extension, 1), TRUE);
    s = shot_read(rig.unit);
    shot_wait(s);
    CHECK(s->done_ns - begun >= 1000000000ull);
}

/* A pause does not abort what the miniport has (R4.3): it completes as usual. */
static void
pause_leaves_outstanding_alone(void)
{
    struct shot *s;

    rig_start();
    mini.hold = true;
    s = shot_read(rig.unit);
    UNTIL(mini_held() == 1);
    CHECK_EQ(StorPortPause(mini.extension, 3600), TRUE);
    mini_release(1, SRB_STATUS_SUCCESS);
    shot_wait(s);
    CHECK_EQ(s->r->srb_status, SRB_STATUS_SUCCESS);
    CHECK_EQ(StorPortResume(mini.extension), TRUE);
}

/* Resume before the time-out cancels it (R4.3): a second pause is not cut short by the first. */
static void
resume_cancels_the_first_time(void)
{
    struct shot *s;

    rig_start();
    CHECK(StorPortPause(mini.extension, 1));
    CHECK(StorPortResume(mini.extension));
    CHECK(StorPortPause(mini.extension, 3600));
    s = shot_read(rig.unit);
    rig_sleep_ms(1500);
    CHECK(!s->done);
    CHECK(StorPortResume(mini.extension));
    shot_wait(s);
}

/* StorPortBusy, Remarks: any number of requests is held until the adapter has completed enough of
 * the outstanding ones, RequestsToComplete of them. */
static void
busy_waits_for_completions(void)
{
    struct shot *out[3], *waiting;

    rig_start();
    mini.hold = true;
    for (unsigned i = 0; i < 3; i++)
        out[i] = shot_read(rig.unit);
    UNTIL(mini_held() == 3);
    CHECK_EQ(StorPortBusy(mini.extension, 2), TRUE);
    waiting = shot_read(rig.unit);
    mini_release(1, SRB_STATUS_SUCCESS);
    shot_wait(out[0]);
    rig_settle();
    CHECK_EQ(mini_held(), 2);
    CHECK_EQ(mini.reads, 3);
    mini_release(1, SRB_STATUS_SUCCESS);
    shot_wait(out[1]);
    UNTIL(mini.reads == 4); /* two are through: the fourth goes down */
    UNTIL(mini_held() == 2);
    mini_release(2, SRB_STATUS_SUCCESS);
    shot_wait(out[2]);
    shot_wait(waiting);
}

/* StorPortBusy, RequestsToComplete: more than are outstanding means all that are. */
static void
busy_with_too_many_means_all(void)
{
    struct shot *out[2], *waiting;

    rig_start();
    mini.hold = true;
    for (unsigned i = 0; i < 2; i++)
        out[i] = shot_read(rig.unit);
    UNTIL(mini_held() == 2);
    CHECK_EQ(StorPortBusy(mini.extension, 1000), TRUE);
    waiting = shot_read(rig.unit);
    mini_release(1, SRB_STATUS_SUCCESS);
    shot_wait(out[0]);
    rig_settle();
    CHECK_EQ(mini.reads, 2);
    mini_release(1, SRB_STATUS_SUCCESS);
    shot_wait(out[1]);
    UNTIL(mini_held() == 1);
    mini_release(1, SRB_STATUS_SUCCESS);
    shot_wait(waiting);
}

/* StorPortReady: the adapter is no longer busy, so requests go although none completed. */
static void
ready_ends_busy(void)
{
    struct shot *a, *b;

    rig_start();
    mini.hold = true;
    a = shot_read(rig.unit);
    UNTIL(mini_held() == 1);
    CHECK_EQ(StorPortBusy(mini.extension, 1), TRUE);
    b = shot_read(rig.unit);
    rig_settle();
    CHECK_EQ(mini_held(), 1);
    CHECK_EQ(StorPortReady(mini.extension), TRUE);
    UNTIL(mini_held() == 2);
    mini_release(2, SRB_STATUS_SUCCESS);
    shot_wait(a);
    shot_wait(b);
}

/* Returns: FALSE when it does not succeed, as for something that is no adapter. */
static void
foreign_extension_is_refused(void)
{
    static uint64_t nothing[8];

    rig_start();
    rig_expect(RULE_BadArgument);
    CHECK_EQ(StorPortPause(nothing + 4, 1), FALSE);
    CHECK_EQ(StorPortResume(nothing + 4), FALSE);
    CHECK_EQ(StorPortBusy(nothing + 4, 1), FALSE);
    CHECK_EQ(StorPortReady(nothing + 4), FALSE);
}

static struct shot *from_start;

static void
pause_here(void *extension, void *subject)
{
    (void)subject;
    CHECK(StorPortPause(extension, 3600));
}

static void
resume_here(void *extension, void *subject)
{
    (void)subject;
    CHECK(StorPortResume(extension));
}

/* A physical miniport calls it up to DIRQL: paused in StartIo, resumed by its interrupt. */
static void
pause_in_startio_resume_in_isr(void)
{
    mini.physical = true;
    rig_start();
    rig_at(AT_START, pause_here);
    from_start = shot_read(rig.unit);
    rig_settle();
    CHECK(!from_start->done);
    rig_at(AT_INTERRUPT, resume_here);
    shot_wait(from_start);
}

CASES(CASE(pause_holds_every_unit_until_resume), CASE(pause_ends_by_itself),
      CASE(pause_leaves_outstanding_alone), CASE(resume_cancels_the_first_time),
      CASE(busy_waits_for_completions), CASE(busy_with_too_many_means_all), CASE(ready_ends_busy),
      CASE(foreign_extension_is_refused), CASE(pause_in_startio_resume_in_isr))
