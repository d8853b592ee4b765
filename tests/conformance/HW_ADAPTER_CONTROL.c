/*
 * An adapter's life. DDI: HW_ADAPTER_CONTROL, HW_FIND_ADAPTER, VIRTUAL_HW_FIND_ADAPTER,
 * HW_FREE_ADAPTER_RESOURCES. R1.7, R1.8, R1.10, R16.1, R16.6, R16.7.
 *
 * Covers: HW_FIND_ADAPTER VIRTUAL_HW_FIND_ADAPTER HW_FREE_ADAPTER_RESOURCES
 */
#include "harness.h"

#include <string.h>

static SCSI_ADAPTER_CONTROL_TYPE types[16];
static uint8_t levels[16];
static unsigned count, flushes_before_stop;

static void
note(void *extension, void *subject)
{
    (void)extension;
    if (count < 16) {
        types[count] = *(SCSI_ADAPTER_CONTROL_TYPE *)subject;
        levels[count++] = rt_irql();
    }
    if (*(SCSI_ADAPTER_CONTROL_TYPE *)subject == ScsiStopAdapter)
        flushes_before_stop = mini.functions[SRB_FUNCTION_FLUSH];
}

/* Stopped: I/O is flushed, then ScsiStopAdapter; started again: ScsiRestartAdapter; both at DIRQL.
 * Only types that were reported as supported are called. */
static void
stop_and_restart(void)
{
    count = 0;
    mini.physical = true;
    mini.at[AT_CONTROL] = note;
    rig_start();
    CHECK_EQ(count, 0);
    CHECK_EQ(adapter_stop(rig.adapter), 0);
    CHECK_EQ(count, 1);
    CHECK_EQ(types[0], ScsiStopAdapter);
    CHECK(flushes_before_stop >= 1);
    CHECK_EQ(adapter_restart(rig.adapter), 0);
    CHECK_EQ(count, 2);
    CHECK_EQ(types[1], ScsiRestartAdapter);
    CHECK_EQ(levels[0], RT_IRQL_DEVICE);
    CHECK_EQ(levels[1], RT_IRQL_DEVICE);
    CHECK_EQ(mini.calls[AT_FIND], 1);
    shot_wait(shot_read(rig.unit));
}

static PORT_CONFIGURATION_INFORMATION preset;
static uint8_t find_irql;
static bool zeroed;

static void
look(HW_INITIALIZATION_DATA *init)
{
    init->SpecificLuExtensionSize = 48;
}

static void
found(void *extension, void *subject)
{
    preset = *(PPORT_CONFIGURATION_INFORMATION)subject;
    find_irql = rt_irql();
    zeroed = true;
    for (unsigned i = 0; i < MINI_EXTENSION; i++)
        zeroed &= !((char *)extension)[i];
}

/* What the port presets (R1.10), at PASSIVE_LEVEL, with a device extension that is zeroed. */
static void
find_adapter(void)
{
    for (unsigned physical = 0; physical < 2; physical++) {
        mini.physical = physical;
        mini.tune = look;
        mini.at[AT_FIND] = found;
        memset(&preset, 0xA5, sizeof(preset));
        rig_start();
        CHECK_EQ(find_irql, RT_IRQL_PASSIVE);
        CHECK(zeroed);
        CHECK_EQ(preset.Length, sizeof(preset));
        CHECK_EQ(preset.DmaChannel, 0xFFFFFFFF);
        CHECK_EQ(preset.DmaPort, 0xFFFFFFFF);
        CHECK(preset.Master && preset.ScatterGather && preset.NeedPhysicalAddresses);
        CHECK(preset.TaggedQueuing && preset.AutoRequestSense && preset.MultipleRequestPerLu);
        CHECK_EQ(preset.MaxNumberOfIO, 1000);
        CHECK_EQ(preset.MaxIOsPerLun, 255);
        CHECK_EQ(preset.InitialLunQueueDepth, physical ? 20 : 250);
        CHECK_EQ(preset.SpecificLuExtensionSize, 48);
        CHECK_EQ(preset.DeviceExtensionSize, MINI_EXTENSION);
        rig_stop();
    }
}

/* At removal of a virtual adapter its resources are freed, once, after all else. */
static void
free_resources(void)
{
    mini.at[AT_CONTROL] = note;
    count = 0;
    rig_start();
    rig_stop();
    CHECK_EQ(mini.calls[AT_FREE], 1);
    CHECK_EQ(mini.irql[AT_FREE], RT_IRQL_PASSIVE);
    CHECK(count >= 1);
}

CASES(CASE(stop_and_restart), CASE(find_adapter), CASE(free_resources))
