/*
 * What a miniport tells the port. DDI: StorPortNotification. R3.9, R5.1, R5.2, R6.4, R13.1, R15.2.
 *
 * Covers: HW_TIMER
 */
#include "harness.h"

#include <string.h>

/* ---- RequestComplete: from wherever the miniport is ---- */

static void
release_here(void *extension, void *subject)
{
    (void)extension;
    (void)subject;
    mini_release(1, SRB_STATUS_SUCCESS);
}

/* The SRB has finished, and the port owns it from then on: its submitter has the answer, once, at
 * DISPATCH_LEVEL, wherever the notification came from (R3.9). */
static void
completes_from_every_callback(void)
{
    static const enum place places[] = {AT_BUILD, AT_START,    AT_INTERRUPT,   AT_DPC,
                                        AT_TIMER, AT_WORKITEM, AT_SYNCHRONIZED};

    mini.physical = true;
    rig_start();
    for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct shot *s;
        mini.hold = true;
        s = shot_read(rig.unit);
        UNTIL(mini_held() == 1);
        CHECK_EQ(s->done, 0);
        rig_at(places[i], release_here);
        shot_wait(s);
        CHECK_EQ(s->r->srb_status, SRB_STATUS_SUCCESS);
        CHECK_EQ(s->done_irql, RT_IRQL_DISPATCH);
    }
}

static enum verdict
complete_in_build(void *extension, void *srb)
{
    if (SrbGetSrbFunction(srb) != SRB_FUNCTION_EXECUTE_SCSI ||
        SrbGetCdb(srb)->CDB6GENERIC.OperationCode != SCSIOP_READ)
        return VERDICT_STOCK;
    SrbSetSrbStatus(srb, SRB_STATUS_SELECTION_TIMEOUT);
    StorPortNotification(RequestComplete, extension, srb);
    return VERDICT_FALSE;
}

/* In HwStorBuildIo with FALSE: HwStorStartIo never sees it, and its status is what comes back. */
static void
completes_in_buildio(void)
{
    struct shot *s;

    mini.physical = true;
    mini.build = complete_in_build;
    rig_start();
    s = shot_read(rig.unit);
    shot_wait(s);
    CHECK_EQ(s->r->srb_status, SRB_STATUS_SELECTION_TIMEOUT);
    CHECK_EQ(mini.reads, 0);
}

/* The miniport must not complete it again: the second is told, and nobody hears it. */
static void
completed_twice(void)
{
    struct shot *s;
    void *srb;

    rig_start();
    mini.hold = true;
    s = shot_read(rig.unit);
    UNTIL(mini_held() == 1);
    srb = mini_held_at(0);
    rig_expect(RULE_DV_DoubleComplete);
    mini_release(1, SRB_STATUS_SUCCESS);
    shot_wait(s);
    StorPortNotification(RequestComplete, mini.extension, srb);
    rig_settle();
    CHECK_EQ(s->done, 1);
}

/* Something that is no SRB of this adapter. */
static void
foreign_srb(void)
{
    static char nothing[4096];

    rig_start();
    rig_expect(RULE_ForeignSrb);
    StorPortNotification(RequestComplete, mini.extension, nothing + 2048);
    CHECK_EQ(rig_findings(RULE_ForeignSrb), 1);
}

/* ---- RequestTimerCall ---- */

static atomic_uint fired[2];
static uint64_t at_ns;
static uint8_t irql;

static VOID NTAPI
first_timer(PVOID extension)
{
    CHECK(extension == mini.extension);
    irql = rt_irql();
    at_ns = rt_now_ns(rig.rt);
    atomic_fetch_add(&fired[0], 1);
}

static VOID NTAPI
second_timer(PVOID extension)
{
    (void)extension;
    atomic_fetch_add(&fired[1], 1);
}

/* Calls HwStorTimer in the requested number of microseconds, once, at DISPATCH_LEVEL. */
static void
timer(void)
{
    uint64_t begun;

    mini.physical = true;
    rig_start();
    fired[0] = fired[1] = 0;
    begun = rt_now_ns(rig.rt);
    StorPortNotification(RequestTimerCall, mini.extension, first_timer, 30000);
    UNTIL(fired[0] == 1);
    CHECK(at_ns - begun >= 30000000);
    CHECK_EQ(irql, RT_IRQL_DISPATCH);
    rig_sleep_ms(80);
    CHECK_EQ(fired[0], 1);
}

/* A value of 0 cancels the timer; there is one for an adapter: asked again, it is armed anew. */
static void
timer_cancelled_and_replaced(void)
{
    rig_start();
    fired[0] = fired[1] = 0;
    StorPortNotification(RequestTimerCall, mini.extension, first_timer, 30000);
    StorPortNotification(RequestTimerCall, mini.extension, first_timer, 0);
    rig_sleep_ms(80);
    CHECK_EQ(fired[0], 0);
    StorPortNotification(RequestTimerCall, mini.extension, first_timer, 30000);
    StorPortNotification(RequestTimerCall, mini.extension, second_timer, 30000);
    UNTIL(fired[1] == 1);
    rig_sleep_ms(80);
    CHECK_EQ(fired[0], 0);
}

/* ---- LinkDown, LinkUp ---- */

/* LinkDown pauses the adapter; LinkUp restarts it. */
static void
link(void)
{
    struct shot *s;

    rig_start();
    StorPortNotification(LinkDown, mini.extension);
    s = shot_read(rig.unit);
    rig_settle();
    CHECK_EQ(s->done, 0);
    CHECK_EQ(mini.reads, 0);
    StorPortNotification(LinkUp, mini.extension);
    shot_wait(s);
}

/* R5.1: for LinkDownTimeoutValue seconds at most. */
static void
link_stays_down(void)
{
    uint64_t begun;
    struct shot *s;

    registry_dword("Services\\mini\\Parameters\\Device0", "LinkDownTimeoutValue", 1);
    rig_start();
    begun = rt_now_ns(rig.rt);
    StorPortNotification(LinkDown, mini.extension);
    s = shot_read(rig.unit);
    shot_wait(s);
    CHECK(s->done_ns - begun >= 1000000000ull);
}

/* ---- BusChangeDetected ---- */

static void
change_here(void *extension, void *subject)
{
    (void)subject;
    StorPortNotification(BusChangeDetected, extension, 0);
}

/* A target device might have been added or removed: the bus is enumerated again, and the units are
 * those that are there. */
static void
bus_change(void)
{
    mini.physical = true;
    mini.luns = 3;
    rig_start();
    CHECK(rig_unit(0, 0, 2) != NULL);
    mini.luns = 1;
    rig_at(AT_INTERRUPT, change_here);
    UNTIL(!adapter_unit_find(rig.adapter, 0, 0, 2));
    CHECK(!adapter_unit_find(rig.adapter, 0, 0, 1));
    mini.luns = 2;
    StorPortNotification(BusChangeDetected, mini.extension, 0);
    for (unsigned i = 0; i < 1000 && !mini.at[AT_NONE]; i++) {
        struct unit *unit = adapter_unit_find(rig.adapter, 0, 0, 1);
        if (unit) {
            unit_put(unit);
            return;
        }
        rig_sleep_ms(5);
    }
    CHECK(!"the unit that came");
}

/* ---- ResetDetected ---- */

static void
hold_time(void *extension, void *subject)
{
    (void)extension;
    ((PPORT_CONFIGURATION_INFORMATION)subject)->BusResetHoldTime = 500000;
}

/* The miniport still completes its active requests; the port manages the bus-reset delay (R6.4). */
static void
reset_detected(void)
{
    struct shot *active, *next;
    uint64_t begun;

    mini.at[AT_FIND] = hold_time;
    rig_start();
    mini.hold = true;
    active = shot_read(rig.unit);
    UNTIL(mini_held() == 1);
    begun = rt_now_ns(rig.rt);
    StorPortNotification(ResetDetected, mini.extension);
    mini.hold = false;
    next = shot_read(rig.unit);
    mini_release(1, SRB_STATUS_BUS_RESET);
    shot_wait(active);
    CHECK_EQ(active->r->srb_status, SRB_STATUS_BUS_RESET);
    shot_wait(next);
    CHECK(next->done_ns - begun >= 500000000);
}

/* ---- the rest ---- */

/* QueryTickCount: interval timer interrupts since the system was booted: it goes on with time. */
static void
tick_count(void)
{
    LARGE_INTEGER a = {.QuadPart = -1}, b = {.QuadPart = -1};

    rig_start();
    StorPortNotification(QueryTickCount, mini.extension, &a);
    CHECK(a.QuadPart >= 0);
    rig_sleep_ms(200);
    StorPortNotification(QueryTickCount, mini.extension, &b);
    CHECK(b.QuadPart - a.QuadPart >= 200 / 16 - 1);
    CHECK(b.QuadPart - a.QuadPart < 20000);
}

/* SDV StorPortNotification2: only documented types. */
static void
unknown_type(void)
{
    rig_start();
    rig_expect(RULE_StorPortNotification2);
    StorPortNotification((SCSI_NOTIFICATION_TYPE)0x77, mini.extension);
    CHECK_EQ(rig_findings(RULE_StorPortNotification2), 1);
}

CASES(CASE(completes_from_every_callback), CASE(completes_in_buildio), CASE(completed_twice),
      CASE(foreign_srb), CASE(timer), CASE(timer_cancelled_and_replaced), CASE(link),
      CASE(link_stays_down), CASE(bus_change), CASE(reset_detected), CASE(tick_count),
      CASE(unknown_type))
