/*
 * Processors: pages nf-storport-storportgetgroupaffinity, …getactivegroupcount,
 * …getnodeaffinity, …getlogicalprocessorrelationship and their like; with 2 and with 70 processors.
 * Covers: StorPortGetCurrentProcessorNumber StorPortGetActiveGroupCount StorPortGetActiveNodeCount
 * Covers: StorPortGetNodeAffinity StorPortGetNodeAffinity2 StorPortGetHighestNodeNumber
 * Covers: StorPortGetLogicalProcessorRelationship StorPortGetProcessorCount
 * Covers: StorPortGetMessageInterruptIDFromProcessorIndex StorPortGetCurrentProcessorIndex
 * Covers: StorPortGetProcessorIndexFromNumber
 */
#include "routine_harness.h"

#define BAD STOR_STATUS_INVALID_PARAMETER

static void
processors(unsigned cpus)
{
    PROCESSOR_NUMBER number = {0};
    ULONG count = 0, index = 99;
    PVOID e = harness.extension;

    CHECK(StorPortGetProcessorCount(e, &count) == STOR_STATUS_SUCCESS && count == cpus);
    CHECK(StorPortGetProcessorCount(e, NULL) == BAD);
    CHECK(StorPortGetCurrentProcessorNumber(e, NULL) == BAD);
    CHECK(StorPortGetCurrentProcessorNumber(e, &number) == STOR_STATUS_SUCCESS);
    CHECK(number.Group * 64u + number.Number == rt_cpu_index(rt_cpu_current()));
    CHECK(StorPortExtendedFunction(ExtFunctionGetCurrentProcessorIndex, e, &index) ==
          STOR_STATUS_SUCCESS);
    CHECK(index == rt_cpu_index(rt_cpu_current()));
    CHECK(StorPortExtendedFunction(ExtFunctionGetProcessorIndexFromNumber, e, &number, &count) ==
          STOR_STATUS_SUCCESS);
    CHECK(count == index);
    number.Group = 2;
    CHECK(StorPortExtendedFunction(ExtFunctionGetProcessorIndexFromNumber, e, &number, &count) ==
          BAD);
    /* no message was granted: there is no bus */
    CHECK(StorPortGetMessageInterruptIDFromProcessorIndex(e, 0, &count) ==
          STOR_STATUS_UNSUCCESSFUL);
    CHECK(StorPortGetMessageInterruptIDFromProcessorIndex(e, cpus, &count) == BAD);
}

static void
groups(unsigned cpus)
{
    USHORT count = 0;
    KAFFINITY mask = 0;
    PVOID e = harness.extension;

    CHECK(StorPortGetActiveGroupCount(e, &count) == STOR_STATUS_SUCCESS);
    CHECK(count == (cpus + 63) / 64);
    CHECK(StorPortGetGroupAffinity(e, 0, NULL) == BAD);
    CHECK(StorPortGetGroupAffinity(e, 0, &mask) == STOR_STATUS_SUCCESS);
    CHECK(mask == (cpus >= 64 ? ~(KAFFINITY)0 : ((KAFFINITY)1 << cpus) - 1));
    if (count > 1) {
        CHECK(StorPortGetGroupAffinity(e, 1, &mask) == STOR_STATUS_SUCCESS);
        CHECK(mask == ((KAFFINITY)1 << (cpus - 64)) - 1);
    }
    /* "GroupNumber is set to a value greater than the active group count": UNSUCCESSFUL. */
    CHECK(StorPortGetGroupAffinity(e, count, &mask) == STOR_STATUS_UNSUCCESSFUL);
}

static void
nodes(unsigned cpus)
{
    GROUP_AFFINITY masks[4];
    ULONG count = 0, highest = 9;
    USHORT required = 0;
    PVOID e = harness.extension;

    CHECK(StorPortGetActiveNodeCount(e, &count) == STOR_STATUS_SUCCESS);
    CHECK(StorPortGetHighestNodeNumber(e, &highest) == STOR_STATUS_SUCCESS);
    CHECK(count == 1 && highest == 0);
    CHECK(StorPortGetActiveNodeCount(e, NULL) == BAD);
    CHECK(StorPortGetHighestNodeNumber(e, NULL) == BAD);
    CHECK(StorPortGetNodeAffinity(e, 0, masks) == STOR_STATUS_SUCCESS);
    CHECK(masks[0].Group == 0 && masks[0].Mask & 1);
    /* "NodeAffinityMask is set to NULL, or … NodeNumber is greater than 65,535" */
    CHECK(StorPortGetNodeAffinity(e, 0, NULL) == BAD);
    CHECK(StorPortGetNodeAffinity(e, 65536, masks) == BAD);
    CHECK(StorPortGetNodeAffinity(e, 65535, masks) == STOR_STATUS_SUCCESS && !masks[0].Mask);
    /* "If the array is too small …": the required count comes back. */
    CHECK(StorPortGetNodeAffinity2(e, 0, masks, 0, &required) == STOR_STATUS_BUFFER_TOO_SMALL);
    CHECK(required == (cpus + 63) / 64);
    CHECK(StorPortGetNodeAffinity2(e, 0, masks, 4, &required) == STOR_STATUS_SUCCESS);
    CHECK(masks[required - 1].Group == required - 1 && masks[required - 1].Mask);
    CHECK(StorPortGetNodeAffinity2(e, 1, masks, 4, &required) == BAD);
}

/* Counts entries of a kind and the processors in their masks. */
static void
relations(unsigned cpus)
{
    static uint8_t buffer[1 << 16] __attribute__((aligned(8)));
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX info = (PVOID)buffer;
    PROCESSOR_NUMBER number = {.Group = 0, .Number = 1};
    ULONG length = 0, need, cores = 0, others = 0;
    PVOID e = harness.extension;

    /* "Set Information to NULL to obtain the required buffer length" */
    CHECK(StorPortGetLogicalProcessorRelationship(e, NULL, RelationAll, NULL, &length) ==
          STOR_STATUS_BUFFER_TOO_SMALL);
    need = length;
    length = need - 1;
    CHECK(StorPortGetLogicalProcessorRelationship(e, NULL, RelationAll, info, &length) ==
          STOR_STATUS_BUFFER_TOO_SMALL);
    CHECK(length == need);
    CHECK(StorPortGetLogicalProcessorRelationship(e, NULL, RelationAll, info, &length) ==
          STOR_STATUS_SUCCESS);
    for (ULONG at = 0; at < length; at += info->Size) {
        info = (PVOID)(buffer + at);
        CHECK(info->Size);
        if (info->Relationship == RelationProcessorCore)
            cores++;
        else
            others++;
    }
    CHECK(cores == cpus && others == 3);
    info = (PVOID)buffer;
    length = sizeof(buffer);
    CHECK(StorPortGetLogicalProcessorRelationship(e, &number, RelationProcessorCore, info,
                                                  &length) == STOR_STATUS_SUCCESS);
    CHECK(info->Size == length && info->Processor.GroupMask[0].Mask == 2);
    length = sizeof(buffer);
    CHECK(StorPortGetLogicalProcessorRelationship(e, NULL, RelationGroup, info, &length) ==
          STOR_STATUS_SUCCESS);
    CHECK(info->Group.ActiveGroupCount == (cpus + 63) / 64);
    /* "ProcessNumber points to invalid information" */
    number.Number = 63;
    number.Group = 3;
    CHECK(StorPortGetLogicalProcessorRelationship(e, &number, RelationAll, info, &length) == BAD);
    CHECK(StorPortGetLogicalProcessorRelationship(e, NULL, RelationAll, info, NULL) == BAD);
}

static int
run(unsigned cpus)
{
    harness_start(&(struct harness_config){.processors = cpus});
    harness_enter(CALLBACK_PASSIVE_INITIALIZE, RT_IRQL_PASSIVE);
    processors(cpus);
    groups(cpus);
    nodes(cpus);
    relations(cpus);
    harness_leave();
    return harness_finish();
}

int
main(void)
{
    return run(2) | run(70);
}
