/* How many requests a unit is given at a time. DDI: StorPortSetDeviceQueueDepth. R4.6. */
#include "harness.h"

#define MANY 40u

static struct shot *many[MANY];

static void
fire_many(void)
{
    mini.hold = true;
    for (unsigned i = 0; i < MANY; i++)
        many[i] = shot_read(rig.unit);
    rig_settle();
}

static void
land_many(void)
{
    for (unsigned i = 0; i < MANY; i++) {
        UNTIL(mini_held() > 0);
        mini_release(1, SRB_STATUS_SUCCESS);
        shot_wait(many[i]);
    }
}

/* Before the first call the depth is the default, which the adapter's configuration sets. */
static void
default_before_the_first_call(void)
{
    mini.depth = 7;
    rig_start();
    fire_many();
    CHECK_EQ(mini_held(), 7);
    land_many();
}

/* Sets the maximum depth of the device queue: no more are outstanding, lower as well as higher. */
static void
depth_bounds_outstanding(void)
{
    struct unit_info info;

    mini.depth = 7;
    rig_start();
    CHECK_EQ(StorPortSetDeviceQueueDepth(mini.extension, 0, 0, 0, 3), TRUE);
    unit_info(rig.unit, &info);
    CHECK_EQ(info.queue_depth, 3);
    fire_many();
    CHECK_EQ(mini_held(), 3);
    CHECK_EQ(StorPortSetDeviceQueueDepth(mini.extension, 0, 0, 0, 12), TRUE);
    UNTIL(mini_held() == 12); /* what waited goes without another submission */
    rig_settle();
    CHECK_EQ(mini_held(), 12);
    CHECK_EQ(StorPortSetDeviceQueueDepth(mini.extension, 0, 0, 0, 2), TRUE);
    mini_release(10, SRB_STATUS_SUCCESS);
    rig_settle();
    CHECK_EQ(mini_held(), 2);
    for (unsigned i = 10; i < MANY; i++) {
        UNTIL(mini_held() > 0);
        mini_release(1, SRB_STATUS_SUCCESS);
        shot_wait(many[i]);
    }
}

/* Only the indicated device is changed. */
static void
other_units_keep_theirs(void)
{
    struct unit_info info;

    mini.luns = 2;
    mini.depth = 7;
    rig_start();
    CHECK_EQ(StorPortSetDeviceQueueDepth(mini.extension, 0, 0, 1, 3), TRUE);
    unit_info(rig.unit, &info);
    CHECK_EQ(info.queue_depth, 7);
    unit_info(rig_unit(0, 0, 1), &info);
    CHECK_EQ(info.queue_depth, 3);
}

/* FALSE if the operation failed: 0 is no depth, nor is more than the adapter permits a unit, and a
 * unit that does not exist has none. */
static void
refusals(void)
{
    struct unit_info info;

    mini.max_io_per_lun = 100;
    mini.depth = 7;
    rig_start();
    CHECK_EQ(StorPortSetDeviceQueueDepth(mini.extension, 0, 0, 0, 0), FALSE);
    CHECK_EQ(StorPortSetDeviceQueueDepth(mini.extension, 0, 0, 0, 101), FALSE);
    CHECK_EQ(StorPortSetDeviceQueueDepth(mini.extension, 0, 0, 5, 10), FALSE);
    unit_info(rig.unit, &info);
    CHECK_EQ(info.queue_depth, 7);
    CHECK_EQ(StorPortSetDeviceQueueDepth(mini.extension, 0, 0, 0, 100), TRUE);
}

static unsigned at_inquiry, inquiries, at_find;

static enum verdict
see_inquiry(void *extension, void *srb)
{
    if (SrbGetSrbFunction(srb) == SRB_FUNCTION_EXECUTE_SCSI &&
        SrbGetCdb(srb)->CDB6GENERIC.OperationCode == SCSIOP_INQUIRY && !inquiries++)
        at_inquiry = StorPortSetDeviceQueueDepth(extension, 0, 0, 0, 4);
    return VERDICT_STOCK;
}

static void
too_early(void *extension, void *subject)
{
    (void)subject;
    at_find = StorPortSetDeviceQueueDepth(extension, 0, 0, 0, 4);
}

/* Remarks: to be called at the first INQUIRY of that unit or any time after, not before. */
static void
from_the_first_inquiry_on(void)
{
    struct unit_info info;

    at_inquiry = inquiries = 0;
    at_find = TRUE;
    mini.start = see_inquiry;
    mini.at[AT_PASSIVE] = too_early;
    rig_start();
    CHECK_EQ(at_find, FALSE);
    CHECK_EQ(at_inquiry, TRUE);
    unit_info(rig.unit, &info);
    CHECK_EQ(info.queue_depth, 4);
}

CASES(CASE(default_before_the_first_call), CASE(depth_bounds_outstanding),
      CASE(other_units_keep_theirs), CASE(refusals), CASE(from_the_first_inquiry_on))
