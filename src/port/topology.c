/*
 * Processors, groups and nodes as drivers see them: groups of 64 processors filled in order, one
 * node, one package, no caches. rt's index is the system-wide processor index. Never changes where
 * code runs. DDI: StorPortGetGroupAffinity, StorPortGetLogicalProcessorRelationship.
 */
#include "routines.h"

#include <string.h>

#define GROUP_PROCESSORS 64u

static unsigned
cpu_count(const struct adapter *adapter)
{
    return rt_cpu_count(routine_rt(adapter));
}

static unsigned
group_count(const struct adapter *adapter)
{
    return (cpu_count(adapter) + GROUP_PROCESSORS - 1) / GROUP_PROCESSORS;
}

static unsigned
group_cpus(const struct adapter *adapter, unsigned group)
{
    unsigned count = cpu_count(adapter), first = group * GROUP_PROCESSORS;

    if (first >= count)
        return 0;
    return count - first < GROUP_PROCESSORS ? count - first : GROUP_PROCESSORS;
}

static KAFFINITY
group_mask(const struct adapter *adapter, unsigned group)
{
    unsigned cpus = group_cpus(adapter, group);

    return cpus == GROUP_PROCESSORS ? ~(KAFFINITY)0 : ((KAFFINITY)1 << cpus) - 1;
}

/* The system-wide index, or INVALID_PROCESSOR_INDEX. */
static ULONG
index_of(const struct adapter *adapter, const PROCESSOR_NUMBER *number)
{
    if (number->Reserved || number->Number >= group_cpus(adapter, number->Group))
        return INVALID_PROCESSOR_INDEX;
    return number->Group * GROUP_PROCESSORS + number->Number;
}

/* ---- processors ---- */

ULONG
ext_current_processor_number(struct adapter *adapter, va_list args, void *caller)
{
    PPROCESSOR_NUMBER number = va_arg(args, PPROCESSOR_NUMBER);
    unsigned index = rt_cpu_index(rt_cpu_current());

    (void)adapter, (void)caller;
    if (!number)
        return STOR_STATUS_INVALID_PARAMETER;
    number->Group = (USHORT)(index / GROUP_PROCESSORS);
    number->Number = (UCHAR)(index % GROUP_PROCESSORS);
    number->Reserved = 0;
    return STOR_STATUS_SUCCESS;
}

/* No page: the arguments are inferred from the name. */
ULONG
ext_current_processor_index(struct adapter *adapter, va_list args, void *caller)
{
    PULONG index = va_arg(args, PULONG);

    (void)adapter, (void)caller;
    if (!index)
        return STOR_STATUS_INVALID_PARAMETER;
    *index = rt_cpu_index(rt_cpu_current());
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_processor_count(struct adapter *adapter, va_list args, void *caller)
{
    PULONG count = va_arg(args, PULONG);

    (void)caller;
    if (!count)
        return STOR_STATUS_INVALID_PARAMETER;
    *count = cpu_count(adapter);
    return STOR_STATUS_SUCCESS;
}

/* No page: the arguments are inferred from KeGetProcessorIndexFromNumber. */
ULONG
ext_processor_index(struct adapter *adapter, va_list args, void *caller)
{
    PPROCESSOR_NUMBER number = va_arg(args, PPROCESSOR_NUMBER);
    PULONG index = va_arg(args, PULONG);

    (void)caller;
    if (!number || !index || index_of(adapter, number) == INVALID_PROCESSOR_INDEX)
        return STOR_STATUS_INVALID_PARAMETER;
    *index = index_of(adapter, number);
    return STOR_STATUS_SUCCESS;
}

/* Messages need a bus that has them (interrupt.c): without one no processor has any. */
ULONG
ext_message_of_processor(struct adapter *adapter, va_list args, void *caller)
{
    ULONG index = va_arg(args, ULONG);
    PULONG message = va_arg(args, PULONG);

    (void)caller;
    if (!message || index >= cpu_count(adapter))
        return STOR_STATUS_INVALID_PARAMETER;
    return STOR_STATUS_UNSUCCESSFUL;
}

/* ---- groups and nodes ---- */

ULONG
ext_group_count(struct adapter *adapter, va_list args, void *caller)
{
    PUSHORT count = va_arg(args, PUSHORT);

    (void)caller;
    if (!count)
        return STOR_STATUS_INVALID_PARAMETER;
    *count = (USHORT)group_count(adapter);
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_group_affinity(struct adapter *adapter, va_list args, void *caller)
{
    USHORT group = (USHORT)va_arg(args, int);
    PKAFFINITY mask = va_arg(args, PKAFFINITY);

    (void)caller;
    if (!mask)
        return STOR_STATUS_INVALID_PARAMETER;
    *mask = group_mask(adapter, group);
    return *mask ? STOR_STATUS_SUCCESS : STOR_STATUS_UNSUCCESSFUL;
}

ULONG
ext_node_count(struct adapter *adapter, va_list args, void *caller)
{
    PULONG count = va_arg(args, PULONG);

    (void)adapter, (void)caller;
    if (!count)
        return STOR_STATUS_INVALID_PARAMETER;
    *count = 1; /* rt has one node */
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_highest_node(struct adapter *adapter, va_list args, void *caller)
{
    PULONG node = va_arg(args, PULONG);

    (void)adapter, (void)caller;
    if (!node)
        return STOR_STATUS_INVALID_PARAMETER;
    *node = 0;
    return STOR_STATUS_SUCCESS;
}

static void
affinity_of_group(const struct adapter *adapter, unsigned group, PGROUP_AFFINITY out)
{
    memset(out, 0, sizeof(*out));
    out->Group = (USHORT)group;
    out->Mask = group_mask(adapter, group);
}

/* The node's primary group. A node that may exist but does not has no processors. */
ULONG
ext_node_affinity(struct adapter *adapter, va_list args, void *caller)
{
    ULONG node = va_arg(args, ULONG);
    PGROUP_AFFINITY out = va_arg(args, PGROUP_AFFINITY);

    (void)caller;
    if (!out || node > 0xFFFF)
        return STOR_STATUS_INVALID_PARAMETER;
    if (node)
        memset(out, 0, sizeof(*out));
    else
        affinity_of_group(adapter, 0, out);
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_node_affinity2(struct adapter *adapter, va_list args, void *caller)
{
    ULONG node = va_arg(args, ULONG);
    PGROUP_AFFINITY out = va_arg(args, PGROUP_AFFINITY);
    USHORT room = (USHORT)va_arg(args, int);
    PUSHORT required = va_arg(args, PUSHORT);
    unsigned groups = group_count(adapter);

    (void)caller;
    if (node || !required || (!out && room))
        return STOR_STATUS_INVALID_PARAMETER;
    *required = (USHORT)groups;
    if (room < groups)
        return STOR_STATUS_BUFFER_TOO_SMALL;
    for (unsigned i = 0; i < groups; i++)
        affinity_of_group(adapter, i, &out[i]);
    return STOR_STATUS_SUCCESS;
}

/* ---- relationships ---- */

/* Structures are laid one after the other; with no room left only their size is counted. */
struct relations {
    const struct adapter *adapter;
    uint8_t *at;
    ULONG room, used;
};

static PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX
relation_next(struct relations *r, LOGICAL_PROCESSOR_RELATIONSHIP kind, size_t bytes)
{
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry = NULL;

    if (r->at && r->used + bytes <= r->room) {
        entry = (PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX)(void *)(r->at + r->used);
        memset(entry, 0, bytes);
        entry->Relationship = kind;
        entry->Size = (ULONG)bytes;
    }
    r->used += (ULONG)bytes;
    return entry;
}

#define RELATION_BYTES(part, count)                                                                \
    (offsetof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, part) +                                     \
     (count) * sizeof(((PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX)0)->part[0]))

static void
add_core(struct relations *r, ULONG index)
{
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry =
        relation_next(r, RelationProcessorCore, RELATION_BYTES(Processor.GroupMask, 1));

    if (!entry)
        return;
    entry->Processor.GroupCount = 1;
    entry->Processor.GroupMask[0].Group = (USHORT)(index / GROUP_PROCESSORS);
    entry->Processor.GroupMask[0].Mask = (KAFFINITY)1 << index % GROUP_PROCESSORS;
}

static void
add_package(struct relations *r)
{
    unsigned groups = group_count(r->adapter);
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry =
        relation_next(r, RelationProcessorPackage, RELATION_BYTES(Processor.GroupMask, groups));

    if (!entry)
        return;
    entry->Processor.GroupCount = (USHORT)groups;
    for (unsigned i = 0; i < groups; i++)
        affinity_of_group(r->adapter, i, &entry->Processor.GroupMask[i]);
}

/* One group affinity: that of the processor asked for, else the primary group's. */
static void
add_node(struct relations *r, ULONG index)
{
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry =
        relation_next(r, RelationNumaNode,
                      offsetof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, NumaNode) +
                          sizeof(NUMA_NODE_RELATIONSHIP));

    if (!entry)
        return;
    entry->NumaNode.GroupCount = 1;
    affinity_of_group(r->adapter, index == INVALID_PROCESSOR_INDEX ? 0 : index / GROUP_PROCESSORS,
                      &entry->NumaNode.GroupMask);
}

static void
add_groups(struct relations *r)
{
    unsigned groups = group_count(r->adapter);
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry =
        relation_next(r, RelationGroup, RELATION_BYTES(Group.GroupInfo, groups));

    if (!entry)
        return;
    entry->Group.MaximumGroupCount = entry->Group.ActiveGroupCount = (USHORT)groups;
    for (unsigned i = 0; i < groups; i++) {
        PPROCESSOR_GROUP_INFO info = &entry->Group.GroupInfo[i];
        info->MaximumProcessorCount = info->ActiveProcessorCount = (UCHAR)group_cpus(r->adapter, i);
        info->ActiveProcessorMask = group_mask(r->adapter, i);
    }
}

static void
add_relations(struct relations *r, LOGICAL_PROCESSOR_RELATIONSHIP kind, ULONG index)
{
    bool all = kind == RelationAll;

    if (all || kind == RelationProcessorCore) {
        for (ULONG i = 0; i < cpu_count(r->adapter); i++) {
            if (index == INVALID_PROCESSOR_INDEX || index == i)
                add_core(r, i);
        }
    }
    if (all || kind == RelationNumaNode)
        add_node(r, index);
    if (all || kind == RelationProcessorPackage)
        add_package(r);
    if (all || kind == RelationGroup)
        add_groups(r);
}

ULONG
ext_processor_relationship(struct adapter *adapter, va_list args, void *caller)
{
    PPROCESSOR_NUMBER number = va_arg(args, PPROCESSOR_NUMBER);
    LOGICAL_PROCESSOR_RELATIONSHIP kind = va_arg(args, LOGICAL_PROCESSOR_RELATIONSHIP);
    struct relations r = {.adapter = adapter, .at = va_arg(args, PVOID)};
    PULONG length = va_arg(args, PULONG);
    ULONG index = INVALID_PROCESSOR_INDEX;

    (void)caller;
    if (!length || ((unsigned)kind > RelationGroup && kind != RelationAll))
        return STOR_STATUS_INVALID_PARAMETER;
    if (number && (index = index_of(adapter, number)) == INVALID_PROCESSOR_INDEX)
        return STOR_STATUS_INVALID_PARAMETER;
    r.room = *length;
    add_relations(&r, kind, index);
    *length = r.used;
    return r.used && (!r.at || r.used > r.room) ? STOR_STATUS_BUFFER_TOO_SMALL
                                                : STOR_STATUS_SUCCESS;
}
