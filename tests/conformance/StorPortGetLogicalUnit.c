/* The miniport's storage for each unit. DDI: StorPortGetLogicalUnit. R1.9, R2.7. */
#include "harness.h"

#include <string.h>

#define LU_BYTES 200u

/* Remarks: LU extensions of the specified size are allocated and initialised with zeros; each unit
 * has its own, and the same one each time. */
static void
zeroed_own_and_stable(void)
{
    uint8_t *first, *second;

    mini.lu_extension = LU_BYTES;
    mini.luns = 2;
    rig_start();
    first = StorPortGetLogicalUnit(mini.extension, 0, 0, 0);
    second = StorPortGetLogicalUnit(mini.extension, 0, 0, 1);
    CHECK(first && second && first != second);
    CHECK(first + LU_BYTES <= second || second + LU_BYTES <= first);
    for (unsigned i = 0; i < LU_BYTES; i++)
        CHECK(!first[i] && !second[i]);
    memset(first, 0x11, LU_BYTES);
    memset(second, 0x22, LU_BYTES);
    CHECK_EQ(first[LU_BYTES - 1], 0x11);
    CHECK(StorPortGetLogicalUnit(mini.extension, 0, 0, 0) == first);
    CHECK(StorPortGetLogicalUnit(mini.extension, 0, 0, 1) == second);
}

/* Returns NULL if the logical unit does not exist. */
static void
unknown_unit_has_none(void)
{
    mini.lu_extension = LU_BYTES;
    rig_start();
    CHECK(StorPortGetLogicalUnit(mini.extension, 0, 0, 7) == NULL);
    CHECK(StorPortGetLogicalUnit(mini.extension, 0, 9, 0) == NULL);
    CHECK(StorPortGetLogicalUnit(mini.extension, 2, 0, 0) == NULL);
    CHECK(StorPortGetLogicalUnit(mini.extension, 0, 0, 0) != NULL);
}

/* Irrelevant (none there) when LuExtensionSize was zero. */
static void
none_without_a_size(void)
{
    rig_start();
    CHECK(StorPortGetLogicalUnit(mini.extension, 0, 0, 0) == NULL);
}

static void *here;

static void
ask(void *extension, void *subject)
{
    (void)subject;
    here = StorPortGetLogicalUnit(extension, 0, 0, 0);
}

/* R2.7: legal at DIRQL with the Interrupt lock held, at DISPATCH_LEVEL in StartIo, and below. */
static void
at_every_level(void)
{
    void *unit;

    mini.lu_extension = LU_BYTES;
    mini.physical = true;
    rig_start();
    unit = StorPortGetLogicalUnit(mini.extension, 0, 0, 0);
    for (unsigned i = 0; i < 4; i++) {
        static const enum place places[] = {AT_BUILD, AT_START, AT_INTERRUPT, AT_DPC};
        here = NULL;
        rig_at(places[i], ask);
        CHECK(here == unit);
    }
}

CASES(CASE(zeroed_own_and_stable), CASE(unknown_unit_has_none), CASE(none_without_a_size),
      CASE(at_every_level))
