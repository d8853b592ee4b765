/*
 * contract: what the documentation asks of each routine and callback, as data (contract.tbl) and as
 * checks. The gate up calls contract_enter() first thing in every routine; the gate down uses the
 * callback numbers for its frames. Never calls a miniport; knows nothing of adapters.
 */
#ifndef CONTRACT_H
#define CONTRACT_H

#include "rt.h"

enum contract_callback {
    CALLBACK_NONE,
    CALLBACK_DRIVER_ENTRY,
    CALLBACK_FIND_ADAPTER,
    CALLBACK_INITIALIZE,
    CALLBACK_PASSIVE_INITIALIZE,
    CALLBACK_STARTIO,
    CALLBACK_BUILDIO,
    CALLBACK_INTERRUPT,
    CALLBACK_MESSAGE_INTERRUPT,
    CALLBACK_DPC,
    CALLBACK_TIMER,
    CALLBACK_TIMER_EX,
    CALLBACK_RESET_BUS,
    CALLBACK_ADAPTER_CONTROL,
    CALLBACK_UNIT_CONTROL,
    CALLBACK_STATE_CHANGE,
    CALLBACK_WORKITEM,
    CALLBACK_TRACING_ENABLED,
    CALLBACK_REGISTRY_NOTIFICATION,
    CALLBACK_FREE_ADAPTER_RESOURCES,
    CALLBACK_PROCESS_SERVICE_REQUEST,
    CALLBACK_COMPLETE_SERVICE_IRP,
    CALLBACK_INITIALIZE_TRACING,
    CALLBACK_CLEANUP_TRACING,
    CALLBACK_SYNCHRONIZED_ACCESS,
    CALLBACK_SCATTER_GATHER,
    CALLBACK_THREAD,          /* StorPortCreateSystemThread, PsCreateSystemThread */
    CALLBACK_KERNEL_DPC,      /* KDPC, KTIMER */
    CALLBACK_KERNEL_WORKITEM, /* IoQueueWorkItem, ExQueueWorkItem */
    CALLBACK_DISPATCH,        /* a driver's own IRP dispatch entry, DriverUnload, IRP completion */
    CALLBACK_COUNT
};
const char *contract_callback_name(unsigned callback); /* "HwStorStartIo" */

#include "contract_ids.h" /* generated: enum contract_id { CONTRACT_StorPortPause, … CONTRACT_COUNT } */

enum contract_module { CONTRACT_STORPORT, CONTRACT_NTOSKRNL, CONTRACT_HAL, CONTRACT_SCSIWMI };
enum contract_device { CONTRACT_BOTH, CONTRACT_PHYSICAL, CONTRACT_VIRTUAL };

struct contract_row {
    const char *name;
    const char *reach; /* "export", "extended 11", "notification 0x1003", "inline" */
    const char *page;  /* of the documentation, without suffix */
    const char *since;
    const char *arguments; /* kinds, one letter each, result first: see contract.tbl */
    uint64_t callbacks;    /* bit per contract_callback from which it may be called */
    uint8_t module;
    uint8_t device;
    uint8_t irql_max;
    bool core;
    bool green; /* implemented and with a conformance program */
};
const struct contract_row *contract_row(enum contract_id id);

/* Checks the caller's IRQL and callback against the row; reports a finding, never refuses. */
void contract_enter_slow(enum contract_id id, void *caller);

/* The entry check of every routine. A few ns: one load of the row's limits and two compares. */
extern const struct contract_limit {
    uint64_t callbacks;
    uint8_t irql_max;
} contract_limits[];

static inline void
contract_enter(enum contract_id id, void *caller)
{
    struct rt_thread *self = rt_self();
    unsigned callback = self && self->frame ? self->frame->callback : CALLBACK_NONE;
    unsigned irql = self ? self->irql : 0;

    if (RT_UNLIKELY(irql > contract_limits[id].irql_max ||
                    !(contract_limits[id].callbacks >> callback & 1)))
        contract_enter_slow(id, caller);
    rt_poll();
}
#define CONTRACT_ENTER(name) contract_enter(CONTRACT_##name, __builtin_return_address(0))

/* A routine that is not there yet: logs once per routine and host. */
void contract_missing(enum contract_id id);

#endif
