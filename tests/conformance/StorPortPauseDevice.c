/*
 * One logical unit that holds its requests or is busy, while its neighbours go on. DDI:
 * StorPortPauseDevice, StorPortResumeDevice, StorPortDeviceBusy, StorPortDeviceReady. R4.2 to R4.5.
 *
 * Covers: StorPortPauseDevice StorPortResumeDevice StorPortDeviceBusy StorPortDeviceReady
 */
#include "harness.h"

/* StorPortPauseDevice: pauses a specific logical unit; StorPortResumeDevice resumes it. */
static void
pause_holds_only_that_unit(void)
{
    struct shot *held, *other;
    struct unit_info info;

    mini.luns = 2;
    rig_start();
    CHECK_EQ(StorPortPauseDevice(mini.extension, 0, 0, 1, 3600), TRUE);
    held = shot_read(rig_unit(0, 0, 1));
    other = shot_read(rig.unit);
    shot_wait(other);
    rig_settle();
    CHECK(!held->done);
    CHECK_EQ(mini.reads, 1);
    unit_info(held->r->unit, &info);
    CHECK(info.paused);
    CHECK_EQ(StorPortResumeDevice(mini.extension, 0, 0, 1), TRUE);
    shot_wait(held);
    CHECK_EQ(mini.reads, 2);
    unit_info(held->r->unit, &info);
    CHECK(!info.paused);
}

/* Remarks: when the time-out (in seconds) expires, I/O requests to the device are resumed. */
static void
pause_ends_by_itself(void)
{
    uint64_t begun;
    struct shot *s;

    rig_start();
    begun = rt_now_ns(rig.rt);
    CHECK_EQ(StorPortPauseDevice(mini.extension, 0, 0, 0, 1), TRUE);
    s = shot_read(rig.unit);
    shot_wait(s);
    CHECK(s->done_ns - begun >= 1000000000ull);
}

/* Resuming cancels the time-out: it does not end a later pause. */
static void
resume_cancels_the_first_time(void)
{
    struct shot *s;

    rig_start();
    CHECK(StorPortPauseDevice(mini.extension, 0, 0, 0, 1));
    CHECK(StorPortResumeDevice(mini.extension, 0, 0, 0));
    CHECK(StorPortPauseDevice(mini.extension, 0, 0, 0, 3600));
    s = shot_read(rig.unit);
    rig_sleep_ms(1500);
    CHECK(!s->done);
    CHECK(StorPortResumeDevice(mini.extension, 0, 0, 0));
    shot_wait(s);
}

/* StorPortDeviceBusy, Remarks: no new request is issued until the queue has drained far enough. */
static void
busy_waits_for_completions_of_its_unit(void)
{
    struct shot *mine[2], *other[2], *waiting;
    struct unit *second;

    mini.luns = 2;
    rig_start();
    second = rig_unit(0, 0, 1);
    mini.hold = true;
    other[0] = shot_read(second); /* held first: released first */
    for (unsigned i = 0; i < 2; i++)
        mine[i] = shot_read(rig.unit);
    UNTIL(mini_held() == 3);
    CHECK_EQ(StorPortDeviceBusy(mini.extension, 0, 0, 0, 2), TRUE);
    waiting = shot_read(rig.unit);
    other[1] = shot_read(second); /* the neighbour is not busy */
    UNTIL(mini.reads == 4);
    mini_release(2, SRB_STATUS_SUCCESS); /* one of the neighbour, one of ours */
    shot_wait(other[0]);
    shot_wait(mine[0]);
    rig_settle();
    CHECK_EQ(mini.reads, 4);
    mini_release(1, SRB_STATUS_SUCCESS);
    shot_wait(mine[1]);
    UNTIL(mini.reads == 5);
    UNTIL(mini_held() == 2);
    mini_release(2, SRB_STATUS_SUCCESS);
    shot_wait(other[1]);
    shot_wait(waiting);
}

/* RequestsToComplete: more than are outstanding means all of them. No error log is generated. */
static void
busy_with_too_many_means_all(void)
{
    struct shot *a, *b, *waiting;

    rig_start();
    mini.hold = true;
    a = shot_read(rig.unit);
    b = shot_read(rig.unit);
    UNTIL(mini_held() == 2);
    CHECK_EQ(StorPortDeviceBusy(mini.extension, 0, 0, 0, 77), TRUE);
    waiting = shot_read(rig.unit);
    mini_release(1, SRB_STATUS_SUCCESS);
    shot_wait(a);
    rig_settle();
    CHECK_EQ(mini.reads, 2);
    mini_release(1, SRB_STATUS_SUCCESS);
    shot_wait(b);
    UNTIL(mini_held() == 1);
    mini_release(1, SRB_STATUS_SUCCESS);
    shot_wait(waiting);
    CHECK_EQ(rig_logged("error "), 0);
}

/* StorPortDeviceReady: the unit takes new requests at once. */
static void
ready_ends_busy(void)
{
    struct shot *a, *b;

    rig_start();
    mini.hold = true;
    a = shot_read(rig.unit);
    UNTIL(mini_held() == 1);
    CHECK_EQ(StorPortDeviceBusy(mini.extension, 0, 0, 0, 1), TRUE);
    b = shot_read(rig.unit);
    rig_settle();
    CHECK_EQ(mini_held(), 1);
    CHECK_EQ(StorPortDeviceReady(mini.extension, 0, 0, 0), TRUE);
    UNTIL(mini_held() == 2);
    mini_release(2, SRB_STATUS_SUCCESS);
    shot_wait(a);
    shot_wait(b);
}

/* Returns FALSE when it does not succeed: there is no such unit (R4.5). */
static void
unknown_unit_is_refused(void)
{
    rig_start();
    CHECK_EQ(StorPortPauseDevice(mini.extension, 0, 0, 9, 1), FALSE);
    CHECK_EQ(StorPortResumeDevice(mini.extension, 0, 9, 0), FALSE);
    CHECK_EQ(StorPortDeviceBusy(mini.extension, 3, 0, 0, 1), FALSE);
    CHECK_EQ(StorPortDeviceReady(mini.extension, 0, 0, 9), FALSE);
}

/* Both the unit and its adapter must be ready (R4.2): resuming the unit does not resume an adapter
 * that is paused too. */
static void
unit_and_adapter_count_apart(void)
{
    struct shot *s;

    rig_start();
    CHECK(StorPortPauseDevice(mini.extension, 0, 0, 0, 3600));
    CHECK(StorPortPause(mini.extension, 3600));
    s = shot_read(rig.unit);
    CHECK(StorPortResumeDevice(mini.extension, 0, 0, 0));
    rig_settle();
    CHECK(!s->done);
    CHECK(StorPortResume(mini.extension));
    shot_wait(s);
}

CASES(CASE(pause_holds_only_that_unit), CASE(pause_ends_by_itself),
      CASE(resume_cancels_the_first_time), CASE(busy_waits_for_completions_of_its_unit),
      CASE(busy_with_too_many_means_all), CASE(ready_ends_busy), CASE(unknown_unit_is_refused),
      CASE(unit_and_adapter_count_apart))
