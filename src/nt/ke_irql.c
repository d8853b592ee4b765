/*
 * IRQL as drivers see it. The level itself is rt's: raising to DISPATCH takes the processor.
 */
#include "nt_priv.h"

KIRQL
KeGetCurrentIrql(VOID)
{
    return rt_irql();
}

KIRQL
KfRaiseIrql(KIRQL level)
{
    CONTRACT_ENTER(KeRaiseIrql);
    if (level < rt_irql())
        nt_bugcheck(0x9, level, rt_irql(), 0, 0, "IRQL_NOT_GREATER_OR_EQUAL");
    return rt_irql_raise(level);
}

VOID
KeLowerIrql(KIRQL level)
{
    CONTRACT_ENTER(KeLowerIrql);
    if (level > rt_irql())
        nt_bugcheck(0xA, level, rt_irql(), 0, 0, "IRQL_NOT_LESS_OR_EQUAL");
    nt_lower(level);
}

KIRQL
KeRaiseIrqlToDpcLevel(VOID)
{
    CONTRACT_ENTER(KeRaiseIrqlToDpcLevel);
    if (rt_irql() > DISPATCH_LEVEL)
        nt_bugcheck(0x9, DISPATCH_LEVEL, rt_irql(), 0, 0, "IRQL_NOT_GREATER_OR_EQUAL");
    return rt_irql_raise(DISPATCH_LEVEL);
}
