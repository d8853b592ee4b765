/* DPCs of a miniport. DDI: StorPortInitializeDpc, StorPortIssueDpc, StorPortCancelDpc.
 * The driver owns the STOR_DPC; what the port needs for it hangs off its opaque part. */
#include "port_priv.h"
#include "services.h"

#include <string.h>

static struct adapter_dpc *
dpc_of(struct adapter *adapter, PSTOR_DPC dpc)
{
    struct adapter_dpc *d;

    for (d = adapter->dpcs; d; d = d->next) {
        if (d->stor == dpc)
            return d;
    }
    return NULL;
}

/* One object never runs against itself, on whatever processor it was queued (R14.4). */
static void
dpc_run(struct rt_dpc *rt_dpc)
{
    struct adapter_dpc *d = RT_CONTAINER(rt_dpc, struct adapter_dpc, dpc);
    PVOID argument1 = d->argument1, argument2 = d->argument2;

    atomic_store(&d->taken, false);
    rt_word_acquire(&d->running);
    rt_trace(d->adapter->rt, RT_TRACE_DPC_RUN, d->number, 0, 0);
    miniport_dpc(d->adapter, d->routine, d->stor, argument1, argument2);
    rt_word_release(&d->running);
}

void
dpc_initialize(struct adapter *adapter, PSTOR_DPC dpc, PHW_DPC_ROUTINE routine)
{
    struct adapter_dpc *d = dpc_of(adapter, dpc);

    if (d && atomic_load(&d->dpc.queued))
        finding_report(adapter->rt, RULE_DpcReinit, 0, "a queued DPC is initialised again");
    if (!d) {
        if (adapter->dpc_count == ADAPTER_DPC_MAX) {
            finding_report(adapter->rt, RULE_BadArgument, 0, "more than %u DPC objects",
                           ADAPTER_DPC_MAX);
            return;
        }
        d = &adapter->dpc_pool[adapter->dpc_count++];
        d->number = adapter->dpc_count;
        d->next = adapter->dpcs;
        adapter->dpcs = d;
    }
    memset(dpc, 0, sizeof(*dpc));
    if (!atomic_load(&d->dpc.queued))
        atomic_store(&d->taken, false);
    d->dpc.run = dpc_run;
    d->stor = dpc;
    d->adapter = adapter;
    d->routine = routine;
    dpc->Dpc.DeferredContext = d;
}

/* FALSE when it is queued already, or was never initialised. Any IRQL. */
bool
dpc_issue(struct adapter *adapter, PSTOR_DPC dpc, PVOID argument1, PVOID argument2)
{
    struct adapter_dpc *d = dpc ? dpc->Dpc.DeferredContext : NULL;

    if (!d || d->stor != dpc || d->adapter != adapter) {
        finding_report(adapter->rt, RULE_BadArgument, 0,
                       "StorPortIssueDpc got a DPC that was not initialised");
        return false;
    }
    if (atomic_exchange(&d->taken, true))
        return false;
    d->argument1 = argument1;
    d->argument2 = argument2;
    rt_trace(adapter->rt, RT_TRACE_DPC_QUEUED, d->number, rt_cpu_index(rt_cpu_current()), 0);
    rt_dpc_queue(rt_cpu_current(), &d->dpc);
    return true;
}

ULONG
ext_cancel_dpc(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_DPC dpc = va_arg(args, PSTOR_DPC);
    BOOLEAN *result = va_arg(args, BOOLEAN *);
    struct adapter_dpc *d = dpc ? dpc->Dpc.DeferredContext : NULL;

    (void)caller;
    if (!d || d->stor != dpc || d->adapter != adapter || !result)
        return STOR_STATUS_INVALID_PARAMETER;
    *result = rt_dpc_cancel(&d->dpc);
    if (*result)
        atomic_store(&d->taken, false);
    return STOR_STATUS_SUCCESS;
}
