/*
 * What DriverEntry hands in, and what comes of it. DDI: StorPortInitialize, HW_INITIALIZATION_DATA.
 * R1.1 to R1.4.
 *
 * Covers: DriverEntry
 */
#include "harness.h"

#include <errno.h>
#include <string.h>

static ULONG result;
static PUNICODE_STRING no_path;

/* Returns STATUS_SUCCESS, which becomes DriverEntry's result; the entry points are saved and serve
 * the adapters that appear later. */
static void
success_saves_the_entry_points(void)
{
    rig_start();
    CHECK_EQ(mini.init_status, STATUS_SUCCESS);
    CHECK_EQ(mini.calls[AT_FIND], 1);
    CHECK_EQ(mini.calls[AT_INITIALIZE], 1);
    CHECK(rig.unit != NULL);
}

/* R1.7: nothing of the miniport is called at that time; adapters come with PnP. */
static void
calls_nothing_yet(void)
{
    CHECK_EQ(rig_load(), 0);
    CHECK_EQ(mini.calls[AT_FIND], 0);
    CHECK_EQ(rig_add(), 0);
    CHECK_EQ(mini.calls[AT_FIND], 1);
}

static void
null_first(void *extension, void *init)
{
    (void)extension;
    result = StorPortInitialize(NULL, (PVOID)1, init, NULL);
}

static void
null_second(void *extension, void *init)
{
    (void)extension;
    result = StorPortInitialize(mini.driver_object, no_path, init, NULL);
}

static void
null_data(void *extension, void *init)
{
    (void)extension;
    (void)init;
    result = StorPortInitialize(mini.driver_object, (PVOID)1, NULL, NULL);
}

/* STATUS_INVALID_PARAMETER: Argument1, Argument2 or HwInitializationData is NULL. */
static void
null_arguments(void)
{
    static place_fn *const tries[] = {null_first, null_second, null_data};

    rig_expect(RULE_DV_InitializeArgs);
    for (unsigned i = 0; i < 3; i++) {
        result = 0;
        mini.at[AT_ENTRY] = tries[i];
        CHECK_EQ(rig_load(), 0); /* the call that follows it is right */
        CHECK_EQ(result, (ULONG)STATUS_INVALID_PARAMETER);
        rig_stop();
    }
}

static ULONG size;

static void
set_size(HW_INITIALIZATION_DATA *init)
{
    init->HwInitializationDataSize = size;
}

/* STATUS_REVISION_MISMATCH: the structure is of no version that this system knows. The driver's
 * result is that, so it does not load. */
static void
unknown_versions(void)
{
    static const ULONG sizes[] = {0, 0x40, 0x87, 0x90, 0xD8, 0x1000};

    mini.tune = set_size;
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size = sizes[i];
        CHECK(rig_load() != 0);
        CHECK_EQ(mini.init_status, (ULONG)STATUS_REVISION_MISMATCH);
        CHECK(rig.driver == NULL || rig.adapter == NULL);
    }
    size = sizeof(HW_INITIALIZATION_DATA);
    rig_start();
}

static void
old_physical(HW_INITIALIZATION_DATA *init)
{
    init->HwInitializationDataSize = HW_INITIALIZATION_DATA_SIZE_WS03;
    /* What lies behind that size must not be looked at. */
    init->SrbTypeFlags = 0xFFFFFFFF;
    init->FeatureSupport = 0xFFFFFFFF;
}

/* R1.4: the structure of Server 2003 to Windows 7; members beyond it count as zero: legacy SRBs. */
static void
structure_of_server_2003(void)
{
    struct adapter_info info;

    mini.physical = true;
    mini.tune = old_physical;
    rig_start();
    adapter_info(rig.adapter, &info);
    CHECK(!info.extended_srb);
    CHECK(!info.virtual_device);
    shot_wait(shot_read(rig.unit));
}

static void
old_virtual(HW_INITIALIZATION_DATA *init)
{
    init->HwInitializationDataSize = sizeof(VIRTUAL_HW_INITIALIZATION_DATA);
    init->FeatureSupport = 0;
    init->SrbTypeFlags = 0xFFFFFFFF;
}

/* R1.6: VIRTUAL_HW_INITIALIZATION_DATA makes a virtual miniport, which gets the seven-argument
 * HwFindAdapter. */
static void
structure_of_virtual_miniports(void)
{
    struct adapter_info info;

    mini.tune = old_virtual;
    rig_start();
    adapter_info(rig.adapter, &info);
    CHECK(info.virtual_device);
    CHECK(!info.extended_srb);
    shot_wait(shot_read(rig.unit));
}

static void
forget_reset(HW_INITIALIZATION_DATA *init)
{
    init->NeedPhysicalAddresses = FALSE;
    init->HwDmaStarted = (PHW_DMA_STARTED)(uintptr_t)1;
}

/* R1.5: what the structure's page requires of a physical miniport; a deviation is a finding. */
static void
deviations_are_findings(void)
{
    mini.physical = true;
    mini.tune = forget_reset;
    rig_expect(RULE_InitDeviation);
    rig_start();
    CHECK(rig_findings(RULE_InitDeviation) >= 2);
}

/* Remarks: it must be called from DriverEntry: anywhere else it is refused, and told. */
static void
only_in_driver_entry(void)
{
    HW_INITIALIZATION_DATA init;

    memset(&init, 0, sizeof(init));
    init.HwInitializationDataSize = sizeof(init);
    rig_start();
    rig_expect(RULE_CallbackRoutine);
    CHECK_EQ(StorPortInitialize(mini.driver_object, &init, &init, NULL),
             (ULONG)STATUS_INVALID_PARAMETER);
    CHECK_EQ(rig_findings(RULE_CallbackRoutine), 1);
}

CASES(CASE(success_saves_the_entry_points), CASE(calls_nothing_yet), CASE(null_arguments),
      CASE(unknown_versions), CASE(structure_of_server_2003), CASE(structure_of_virtual_miniports),
      CASE(deviations_are_findings), CASE(only_in_driver_entry))
