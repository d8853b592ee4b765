/*
 * Processors, groups and nodes. DDI: StorPortGetActiveGroupCount, StorPortGetActiveNodeCount,
 * StorPortGetCurrentProcessorNumber, StorPortGetGroupAffinity, StorPortGetHighestNodeNumber,
 * StorPortGetLogicalProcessorRelationship, StorPortGetNodeAffinity.
 *
 * Covers: StorPortGetActiveGroupCount StorPortGetActiveNodeCount StorPortGetCurrentProcessorNumber
 * Covers: StorPortGetGroupAffinity StorPortGetHighestNodeNumber StorPortGetNodeAffinity
 * Covers: StorPortGetLogicalProcessorRelationship
 */
#include "harness.h"

#include <string.h>

static unsigned
bits(KAFFINITY mask)
{
    return (unsigned)__builtin_popcountll((unsigned long long)mask);
}

/* The number of groups, and of each the mask of its active processors: together all of them. */
static void
groups_hold_all_processors(void)
{
    USHORT groups = 0;
    unsigned sum = 0;

    rig_start();
    CHECK_EQ(StorPortGetActiveGroupCount(mini.extension, &groups), STOR_STATUS_SUCCESS);
    CHECK_EQ(groups, (rt_cpu_count(rig.rt) + 63) / 64);
    for (USHORT g = 0; g < groups; g++) {
        KAFFINITY mask = 0;
        CHECK_EQ(StorPortGetGroupAffinity(mini.extension, g, &mask), STOR_STATUS_SUCCESS);
        CHECK(mask != 0);
        sum += bits(mask);
    }
    CHECK_EQ(sum, rt_cpu_count(rig.rt));
}

/* UNSUCCESSFUL: a group beyond the active ones. INVALID_PARAMETER: the mask is NULL. */
static void
group_refusals(void)
{
    KAFFINITY mask;
    USHORT groups = 0;

    rig_start();
    CHECK_EQ(StorPortGetActiveGroupCount(mini.extension, &groups), STOR_STATUS_SUCCESS);
    CHECK_EQ(StorPortGetGroupAffinity(mini.extension, (USHORT)(groups + 1), &mask),
             STOR_STATUS_UNSUCCESSFUL);
    CHECK_EQ(StorPortGetGroupAffinity(mini.extension, 0, NULL), STOR_STATUS_INVALID_PARAMETER);
}

/* Nodes: as many as are counted have processors, the highest number bounds them, and the masks of
 * all nodes hold every processor once. */
static void
nodes_hold_all_processors(void)
{
    ULONG nodes = 77, highest = 77;
    unsigned sum = 0, active = 0;

    rig_start();
    CHECK_EQ(StorPortGetActiveNodeCount(mini.extension, &nodes), STOR_STATUS_SUCCESS);
    CHECK_EQ(StorPortGetHighestNodeNumber(mini.extension, &highest), STOR_STATUS_SUCCESS);
    for (ULONG n = 0; n <= highest; n++) {
        GROUP_AFFINITY mask;
        memset(&mask, 0xA5, sizeof(mask));
        CHECK_EQ(StorPortGetNodeAffinity(mini.extension, n, &mask), STOR_STATUS_SUCCESS);
        active += mask.Mask != 0;
        sum += bits(mask.Mask);
    }
    CHECK_EQ(active, nodes);
    CHECK_EQ(sum, rt_cpu_count(rig.rt));
}

/* INVALID_PARAMETER: a NULL pointer; a node number greater than 65,535. */
static void
node_refusals(void)
{
    GROUP_AFFINITY mask;

    rig_start();
    CHECK_EQ(StorPortGetActiveNodeCount(mini.extension, NULL), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortGetHighestNodeNumber(mini.extension, NULL), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortGetNodeAffinity(mini.extension, 0, NULL), STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortGetNodeAffinity(mini.extension, 65536, &mask), STOR_STATUS_INVALID_PARAMETER);
}

/* The processor on which the caller runs. */
static void
current_processor(void)
{
    rig_start();
    CHECK_EQ(StorPortGetCurrentProcessorNumber(mini.extension, NULL),
             STOR_STATUS_INVALID_PARAMETER);
    for (unsigned i = 0; i < rt_cpu_count(rig.rt); i++) {
        PROCESSOR_NUMBER number = {.Group = 9, .Number = 99};
        uint8_t old;

        rt_thread_bind(rt_self(), rt_cpu_at(rig.rt, i), true);
        old = rt_irql_raise(RT_IRQL_DISPATCH);
        CHECK_EQ(StorPortGetCurrentProcessorNumber(mini.extension, &number), STOR_STATUS_SUCCESS);
        rt_irql_lower(old);
        CHECK_EQ(number.Group * 64 + number.Number, i);
        rt_thread_bind(rt_self(), rt_cpu_at(rig.rt, i), false);
    }
}

/* Length: the required one when Information is NULL; BUFFER_TOO_SMALL; then entries of the kind
 * that was asked, over all processors. */
static void
relationships(void)
{
    static char buffer[8192] __attribute__((aligned(16)));
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry = (PVOID)buffer;
    ULONG need = 0, length;
    unsigned sum = 0;

    rig_start();
    CHECK_EQ(StorPortGetLogicalProcessorRelationship(mini.extension, NULL, RelationProcessorCore,
                                                     NULL, &need),
             STOR_STATUS_BUFFER_TOO_SMALL);
    CHECK(need > 0 && need <= sizeof(buffer));
    length = need - 1;
    CHECK_EQ(StorPortGetLogicalProcessorRelationship(mini.extension, NULL, RelationProcessorCore,
                                                     entry, &length),
             STOR_STATUS_BUFFER_TOO_SMALL);
    length = sizeof(buffer);
    CHECK_EQ(StorPortGetLogicalProcessorRelationship(mini.extension, NULL, RelationProcessorCore,
                                                     entry, &length),
             STOR_STATUS_SUCCESS);
    CHECK_EQ(length, need);
    for (ULONG at = 0; at < length; at += entry->Size) {
        entry = (PVOID)(buffer + at);
        CHECK_EQ(entry->Relationship, RelationProcessorCore);
        CHECK(entry->Size > 0);
        for (unsigned g = 0; g < entry->Processor.GroupCount; g++)
            sum += bits(entry->Processor.GroupMask[g].Mask);
    }
    CHECK_EQ(sum, rt_cpu_count(rig.rt));
    PROCESSOR_NUMBER wrong = {.Group = 7, .Number = 63};
    length = sizeof(buffer);
    CHECK_EQ(StorPortGetLogicalProcessorRelationship(mini.extension, &wrong, RelationProcessorCore,
                                                     entry, &length),
             STOR_STATUS_INVALID_PARAMETER);
}

CASES({"groups_2", groups_hold_all_processors, 2, false, false},
      {"groups_64", groups_hold_all_processors, 64, false, false},
      {"groups_100", groups_hold_all_processors, 100, false, false}, CASE(group_refusals),
      CASE(nodes_hold_all_processors), CASE(node_refusals), CASE(current_processor),
      CASE(relationships))
