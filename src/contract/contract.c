/*
 * The checks behind contract_enter(): by the time one of these runs, a routine has been called
 * above its IRQL or from a callback that its documentation does not name. They report and return:
 * the routine goes on and answers as documented. Never changes state of the port.
 */
#include "contract_priv.h"

const char *const contract_callback_names[CALLBACK_COUNT] = {
    "no callback",
    "DriverEntry",
    "HwStorFindAdapter",
    "HwStorInitialize",
    "HwStorPassiveInitializeRoutine",
    "HwStorStartIo",
    "HwStorBuildIo",
    "HwStorInterrupt",
    "HwMSInterruptRoutine",
    "HwStorDpcRoutine",
    "HwStorTimer",
    "HwStorTimerEx",
    "HwStorResetBus",
    "HwStorAdapterControl",
    "HwStorUnitControl",
    "HwStorStateChange",
    "HwStorWorkItem",
    "HwStorTracingEnabled",
    "HwRegistryNotificationRoutine",
    "HwStorFreeAdapterResources",
    "HwStorProcessServiceRequest",
    "HwStorCompleteServiceIrp",
    "HwStorInitializeTracing",
    "HwStorCleanupTracing",
    "SynchronizedAccessRoutine",
    "PostScatterGatherExecute",
    "system thread",
    "kernel DPC",
    "kernel work item",
    "dispatch routine",
};

const char *
contract_callback_name(unsigned callback)
{
    return callback < CALLBACK_COUNT ? contract_callback_names[callback] : "unknown callback";
}

const struct contract_row *
contract_row(enum contract_id id)
{
    return (unsigned)id < CONTRACT_COUNT ? &contract_rows[id] : NULL;
}

static const char *
level_name(unsigned irql)
{
    switch (irql) {
    case RT_IRQL_PASSIVE:
        return "PASSIVE_LEVEL";
    case RT_IRQL_APC:
        return "APC_LEVEL";
    case RT_IRQL_DISPATCH:
        return "DISPATCH_LEVEL";
    case RT_IRQL_HIGH:
        return "HIGH_LEVEL";
    default:
        return "DIRQL";
    }
}

/* noinline: the reported stack begins at our caller. */
__attribute__((noinline)) void
contract_enter_slow(enum contract_id id, void *caller)
{
    struct rt_thread *self = rt_self();
    const struct contract_row *row = contract_row(id);
    unsigned callback;

    (void)caller; /* on the stack that the finding takes */
    if (!self || !row)
        return;
    callback = self->frame ? self->frame->callback : CALLBACK_NONE;
    if (self->irql > row->irql_max)
        finding_report(
            self->rt, row->module == CONTRACT_STORPORT ? RULE_StorPortIrql : RULE_KernelIrql, 0,
            "%s called at %s (%u) in %s; documented: <= %s", row->name, level_name(self->irql),
            self->irql, contract_callback_name(callback), level_name(row->irql_max));
    if (!(row->callbacks >> callback & 1))
        finding_report(self->rt, (enum finding_rule)contract_callback_rules[id], 0,
                       "%s called in %s, where its documentation does not permit it", row->name,
                       contract_callback_name(callback));
}

void
contract_missing(enum contract_id id)
{
    struct rt_thread *self = rt_self();
    const struct contract_row *row = contract_row(id);
    struct contract_state *state = self ? rt_slot(self->rt, RT_SLOT_CONTRACT) : NULL;

    if (!state || !row || atomic_exchange(&state->missing[id], true))
        return;
    rt_log(self->rt, RT_LOG_WARNING, "contract",
           "%s is not supported: it answers so from now on (see docs/coverage.md)", row->name);
}
