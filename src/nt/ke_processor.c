/*
 * Processors and affinity. Groups hold 64 processors each, filled in order, as on Windows; rt's
 * index is the system-wide processor index.
 */
#include "nt_priv.h"

#define GROUP_PROCESSORS 64u

static unsigned
cpu_count(void)
{
    return rt_cpu_count(rt_self()->rt);
}

static unsigned
group_count(void)
{
    return (cpu_count() + GROUP_PROCESSORS - 1) / GROUP_PROCESSORS;
}

static unsigned
group_cpus(unsigned group)
{
    unsigned first = group * GROUP_PROCESSORS;

    if (first >= cpu_count())
        return 0;
    return cpu_count() - first < GROUP_PROCESSORS ? cpu_count() - first : GROUP_PROCESSORS;
}

static KAFFINITY
group_mask(unsigned group)
{
    unsigned cpus = group_cpus(group);

    return cpus == 64 ? ~(KAFFINITY)0 : ((KAFFINITY)1 << cpus) - 1;
}

ULONG
KeQueryActiveProcessorCountEx(USHORT group)
{
    CONTRACT_ENTER(KeQueryActiveProcessorCountEx);
    return group == ALL_PROCESSOR_GROUPS ? cpu_count() : group_cpus(group);
}

ULONG
KeQueryMaximumProcessorCountEx(USHORT group)
{
    CONTRACT_ENTER(KeQueryMaximumProcessorCountEx);
    return group == ALL_PROCESSOR_GROUPS ? cpu_count() : group_cpus(group);
}

ULONG
KeQueryActiveProcessorCount(PKAFFINITY active)
{
    CONTRACT_ENTER(KeQueryActiveProcessorCount);
    if (active)
        *active = group_mask(0);
    return group_cpus(0);
}

ULONG
KeQueryMaximumProcessorCount(VOID)
{
    CONTRACT_ENTER(KeQueryMaximumProcessorCount);
    return group_cpus(0);
}

KAFFINITY
KeQueryActiveProcessors(VOID)
{
    CONTRACT_ENTER(KeQueryActiveProcessors);
    return group_mask(0);
}

USHORT
KeQueryActiveGroupCount(VOID)
{
    CONTRACT_ENTER(KeQueryActiveGroupCount);
    return (USHORT)group_count();
}

USHORT
KeQueryMaximumGroupCount(VOID)
{
    CONTRACT_ENTER(KeQueryMaximumGroupCount);
    return (USHORT)group_count();
}

KAFFINITY
KeQueryGroupAffinity(USHORT group)
{
    CONTRACT_ENTER(KeQueryGroupAffinity);
    return group_mask(group);
}

USHORT
KeQueryHighestNodeNumber(VOID)
{
    CONTRACT_ENTER(KeQueryHighestNodeNumber);
    return 0; /* rt has one node */
}

USHORT
KeGetCurrentNodeNumber(VOID)
{
    CONTRACT_ENTER(KeGetCurrentNodeNumber);
    return 0;
}

ULONG
KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER number)
{
    ULONG index;

    CONTRACT_ENTER(KeGetCurrentProcessorNumberEx);
    index = rt_cpu_index(rt_cpu_current());
    if (number) {
        number->Group = (USHORT)(index / GROUP_PROCESSORS);
        number->Number = (UCHAR)(index % GROUP_PROCESSORS);
        number->Reserved = 0;
    }
    return index;
}

#undef KeGetCurrentProcessorNumber
ULONG
KeGetCurrentProcessorNumber(VOID)
{
    CONTRACT_ENTER(KeGetCurrentProcessorNumber);
    return rt_cpu_index(rt_cpu_current()) % GROUP_PROCESSORS;
}

NTSTATUS
KeGetProcessorNumberFromIndex(ULONG index, PPROCESSOR_NUMBER number)
{
    CONTRACT_ENTER(KeGetProcessorNumberFromIndex);
    if (index >= cpu_count())
        return STATUS_INVALID_PARAMETER;
    number->Group = (USHORT)(index / GROUP_PROCESSORS);
    number->Number = (UCHAR)(index % GROUP_PROCESSORS);
    number->Reserved = 0;
    return STATUS_SUCCESS;
}

ULONG
KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER number)
{
    CONTRACT_ENTER(KeGetProcessorIndexFromNumber);
    if (number->Reserved || number->Number >= group_cpus(number->Group))
        return INVALID_PROCESSOR_INDEX;
    return number->Group * GROUP_PROCESSORS + number->Number;
}

/* ---- affinity: where a thread takes its processor when it raises IRQL ----------------- */

static struct rt_cpu *
affinity_cpu(unsigned group, KAFFINITY mask)
{
    mask &= group_mask(group);
    if (!mask)
        return NULL;
    return rt_cpu_at(rt_self()->rt, group * GROUP_PROCESSORS + (unsigned)__builtin_ctzll(mask));
}

/* A thread at DISPATCH stays where it is until it lowers; one that keeps its processor stays. */
static unsigned
affinity_set(struct rt_cpu *cpu)
{
    struct rt_thread *self = rt_self();
    unsigned old = rt_cpu_index(self->home);

    if (!cpu || self->cpu)
        return old;
    self->home = cpu;
    self->bound = true;
    nt_lower(nt_raise(DISPATCH_LEVEL)); /* be there once, for rt to know */
    return old;
}

VOID
KeSetSystemGroupAffinityThread(PGROUP_AFFINITY affinity, PGROUP_AFFINITY previous)
{
    unsigned was;

    CONTRACT_ENTER(KeSetSystemGroupAffinityThread);
    was = affinity_set(affinity_cpu(affinity->Group, affinity->Mask));
    if (previous) {
        memset(previous, 0, sizeof(*previous));
        previous->Group = (USHORT)(was / GROUP_PROCESSORS);
        previous->Mask = (KAFFINITY)1 << was % GROUP_PROCESSORS;
    }
}

VOID
KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY previous)
{
    CONTRACT_ENTER(KeRevertToUserGroupAffinityThread);
    if (previous->Mask)
        affinity_set(affinity_cpu(previous->Group, previous->Mask));
}

KAFFINITY
KeSetSystemAffinityThreadEx(KAFFINITY affinity)
{
    unsigned was;

    CONTRACT_ENTER(KeSetSystemAffinityThreadEx);
    was = affinity_set(affinity_cpu(0, affinity));
    return was < GROUP_PROCESSORS ? (KAFFINITY)1 << was : 0;
}

VOID
KeRevertToUserAffinityThreadEx(KAFFINITY affinity)
{
    CONTRACT_ENTER(KeRevertToUserAffinityThreadEx);
    if (affinity)
        affinity_set(affinity_cpu(0, affinity));
}
