/* The port itself: creating it, its per-processor parts, finding adapters and requests by what a
 * driver hands in. */
#include "port_priv.h"

#include <errno.h>
#include <string.h>

#ifdef STORPORT_MUTANTS
enum port_mutant port_mutant;
unsigned long port_edges[PORT_EDGE_COUNT];
#endif

static void
drain_run(struct rt_dpc *dpc)
{
    struct port_cpu *cpu = RT_CONTAINER(dpc, struct port_cpu, drain);

    port_run(cpu);
}

int
port_create(struct rt *rt, const struct port_config *config, struct port **out)
{
    struct port *port = rt_alloc_zero(rt, sizeof(*port));
    unsigned count = rt_cpu_count(rt);

    if (!port)
        return -ENOMEM;
    port->cpus = rt_alloc_zero(rt, sizeof(*port->cpus) * count);
    if (!port->cpus) {
        rt_free(rt, port);
        return -ENOMEM;
    }
    port->rt = rt;
    port->config = *config;
    port->unit_next = 1;
    for (unsigned i = 0; i < count; i++) {
        struct port_cpu *cpu = &port->cpus[i];
        cpu->port = port;
        cpu->completed_tail = &cpu->completed;
        cpu->kicks_tail = &cpu->kicks;
        cpu->drain.run = drain_run;
    }
    rt_slot_set(rt, RT_SLOT_PORT, port);
    if (config->explore)
        reference_watch(port);
    *out = port;
    return 0;
}

/* Visits every processor in turn: whoever was at DISPATCH there when this began is through. */
void
port_settle(struct port *port)
{
    struct rt_thread *self = rt_self();
    struct rt_cpu *home = self->home;
    bool bound = self->bound;

    for (unsigned i = 0; i < rt_cpu_count(port->rt); i++) {
        rt_thread_bind(self, rt_cpu_at(port->rt, i), true);
        rt_irql_raise(RT_IRQL_DISPATCH);
        rt_irql_lower(RT_IRQL_PASSIVE);
    }
    rt_thread_bind(self, home, bound);
}

void
port_destroy(struct port *port)
{
    struct rt *rt = port->rt;

    port_settle(port);
    rt_slot_set(rt, RT_SLOT_PORT, NULL);
    rt_explore_watch(rt, NULL, NULL);
    rt_free(rt, port->cpus);
    rt_free(rt, port);
}

void
port_lost_listen(struct port *port, void (*told)(void *, const char *), void *ctx)
{
    port->lost = told;
    port->lost_ctx = ctx;
}

void
port_change_listen(struct port *port,
                   void (*told)(void *, enum port_change, struct adapter *, struct unit *),
                   void *ctx)
{
    port->change = told;
    port->change_ctx = ctx;
}

struct adapter *
port_adapter_next(struct port *port, struct adapter *previous)
{
    return previous ? previous->next : port->adapters;
}

struct adapter *
adapter_of(const void *extension)
{
    const struct extension_head *head = (const struct extension_head *)extension - 1;

    if (RT_LIKELY(extension && head->magic == EXTENSION_MAGIC))
        return head->adapter;
    if (rt_self())
        finding_report(rt_self()->rt, RULE_BadArgument, 0,
                       "a routine was called with something that is no device extension");
    return NULL;
}

struct port_srb *
srb_of(struct adapter *adapter, const void *memory)
{
    struct port_srb *srb;

    if (memory) {
        srb = RT_CONTAINER(memory, struct port_srb, srb);
        if (RT_LIKELY(srb->magic == SRB_MAGIC && srb->adapter == adapter))
            return srb;
    }
    finding_report(adapter->rt, RULE_ForeignSrb, 0,
                   "an SRB was handed in that this adapter never got");
    return NULL;
}

void
srb_touch(struct port_srb *srb, enum contract_id routine, void *caller)
{
    if (RT_LIKELY(!srb->adapter->port->config.verify))
        return;
    srb->touch_routine = routine;
    srb->touch_stack[0] = caller;
    srb->touch_depth = (uint8_t)rt_backtrace(srb->touch_stack, STACK_MAX, 2);
}
