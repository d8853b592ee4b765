/* The end of the reset ladder. DDI: HW_RESET_BUS, multi-tier-reset-in-storport. R5.3, R6.1 to R6.3.
 */
#include "harness.h"

#include <string.h>

static unsigned before_bus[2];
static ULONG path;

static void
in_reset(void *extension, void *subject)
{
    (void)extension;
    path = *(ULONG *)subject;
    before_bus[0] = mini.functions[SRB_FUNCTION_RESET_LOGICAL_UNIT];
    before_bus[1] = mini.functions[SRB_FUNCTION_RESET_DEVICE];
}

/* A request that is late starts the ladder: the unit first, then its target, then the bus; the
 * next tier only if the one before failed. */
static void
unit_target_bus(void)
{
    struct shot *s;

    mini.physical = true;
    rig_start();
    mini.hold = mini.deaf = true;
    mini.at[AT_RESET_BUS] = in_reset;
    rig_expect(RULE_LostRequest);
    rig_expect(RULE_DV_ResetLeftovers);
    s = shot_new(rig.unit);
    s->r->timeout_s = 1;
    shot_fire(s);
    shot_wait(s);
    CHECK_EQ(mini.calls[AT_RESET_BUS], 1);
    CHECK_EQ(before_bus[0], 1);
    CHECK_EQ(before_bus[1], 1);
    CHECK_EQ(path, 0);
    CHECK_EQ(mini.irql[AT_RESET_BUS], RT_IRQL_DISPATCH);
    CHECK_EQ(s->r->srb_status, SRB_STATUS_TIMEOUT); /* R5.3: nobody completed it */
    mini.hold = mini.deaf = false;
    shot_wait(shot_read(rig.unit)); /* the unit works again */
}

/* The unit's reset succeeds and its requests come back: no further tier. */
static void
unit_reset_is_enough(void)
{
    struct shot *s, *other;

    mini.physical = true;
    mini.luns = 2;
    rig_start();
    mini.hold = true;
    other = shot_read(rig_unit(0, 0, 1));
    s = shot_new(rig.unit);
    s->r->timeout_s = 1;
    shot_fire(s);
    shot_wait(s);
    CHECK_EQ(mini.functions[SRB_FUNCTION_RESET_LOGICAL_UNIT], 1);
    CHECK_EQ(mini.functions[SRB_FUNCTION_RESET_DEVICE], 0);
    CHECK_EQ(mini.calls[AT_RESET_BUS], 0);
    CHECK_EQ(s->r->srb_status, SRB_STATUS_BUS_RESET);
    CHECK_EQ(other->done, 0); /* the neighbour's stays */
    mini_release(1, SRB_STATUS_SUCCESS);
    shot_wait(other);
}

CASES(CASE(unit_target_bus), CASE(unit_reset_is_enough))
