/*
 * Interrupts of an adapter: the line, messages, their locks; performance options.
 * DDI: StorPortGetMSIInfo, StorPortInitializePerfOpts, PERF_CONFIGURATION_DATA.
 */
#include "port_priv.h"
#include "services.h"

#include <errno.h>
#include <string.h>

/* One source: the line (message NONE) or a message. */
struct interrupt {
    struct rt_interrupt source;
    struct adapter *adapter;
    uint32_t message;
    rt_word lock; /* InterruptSynchronizePerMessage */
};
#define LINE UINT32_MAX

static void
line_service(struct rt_interrupt *source)
{
    struct interrupt *i = RT_CONTAINER(source, struct interrupt, source);
    struct adapter *adapter = i->adapter;

    rt_trace(adapter->rt, RT_TRACE_INTERRUPT, adapter->number, i->message, 0);
    if (atomic_load(&adapter->holds) & ADAPTER_GONE)
        return;
    if (i->message != LINE && adapter->config.HwMSInterruptRoutine)
        miniport_message(adapter, i->message,
                         adapter->config.InterruptSynchronizationMode ==
                                 InterruptSynchronizePerMessage
                             ? &i->lock
                             : &adapter->interrupt_lock);
    else if (adapter->driver->init.HwInterrupt)
        miniport_interrupt(adapter);
}

int
interrupt_connect(struct adapter *adapter)
{
    struct interrupt *i;

    if (adapter->virtual_device || adapter->interrupts)
        return 0;
    i = rt_alloc_zero(adapter->rt, sizeof(*i));
    if (!i)
        return -ENOMEM;
    i->adapter = adapter;
    i->message = LINE;
    i->source.service = line_service;
    i->source.irql = adapter->dirql;
    i->source.cpu = rt_cpu_at(adapter->rt, adapter->number % rt_cpu_count(adapter->rt));
    adapter->interrupts = i;
    return 0;
}

void
interrupt_disconnect(struct adapter *adapter)
{
    rt_free(adapter->rt, adapter->interrupts);
    adapter->interrupts = NULL;
}

void
adapter_interrupt(struct adapter *adapter)
{
    if (adapter->interrupts)
        rt_interrupt_raise(&adapter->interrupts->source);
}

/* ---- messages: granted when a bus has them (R14.2); without one there are none ---- */

ULONG
ext_get_msi_info(struct adapter *adapter, va_list args, void *caller)
{
    ULONG message = va_arg(args, ULONG);
    PMESSAGE_INTERRUPT_INFORMATION info = va_arg(args, PMESSAGE_INTERRUPT_INFORMATION);

    (void)adapter;
    (void)message;
    (void)caller;
    return info ? STOR_STATUS_INVALID_DEVICE_REQUEST : STOR_STATUS_INVALID_PARAMETER;
}

static ULONG
msi_lock(struct adapter *adapter, ULONG message, PULONG irql)
{
    if (!irql)
        return STOR_STATUS_INVALID_PARAMETER;
    if (adapter->config.InterruptSynchronizationMode != InterruptSynchronizePerMessage)
        finding_report(adapter->rt, RULE_StorPortMSILock, message,
                       "a message lock needs InterruptSynchronizePerMessage");
    return STOR_STATUS_INVALID_PARAMETER; /* no such message was granted */
}

ULONG
ext_acquire_msi_lock(struct adapter *adapter, va_list args, void *caller)
{
    ULONG message = va_arg(args, ULONG);

    (void)caller;
    return msi_lock(adapter, message, va_arg(args, PULONG));
}

ULONG
ext_release_msi_lock(struct adapter *adapter, va_list args, void *caller)
{
    ULONG message = va_arg(args, ULONG), irql = va_arg(args, ULONG);

    (void)caller;
    return msi_lock(adapter, message, &irql);
}

ULONG
ext_mask_msix(struct adapter *adapter, va_list args, void *caller)
{
    (void)adapter;
    (void)args;
    (void)caller;
    return STOR_STATUS_INVALID_DEVICE_REQUEST;
}

/* ---- performance options ---- */

#define FLAGS_ALL                                                                                  \
    (STOR_PERF_DPC_REDIRECTION | STOR_PERF_CONCURRENT_CHANNELS |                                   \
     STOR_PERF_INTERRUPT_MESSAGE_RANGES | STOR_PERF_ADV_CONFIG_LOCALITY |                          \
     STOR_PERF_OPTIMIZE_FOR_COMPLETION_DURING_STARTIO | STOR_PERF_DPC_REDIRECTION_CURRENT_CPU |    \
     STOR_PERF_NO_SGL)

static ULONG
flags_of_version(ULONG version)
{
    ULONG flags = STOR_PERF_DPC_REDIRECTION | STOR_PERF_CONCURRENT_CHANNELS |
                  STOR_PERF_INTERRUPT_MESSAGE_RANGES;

    if (version >= STOR_PERF_VERSION_3)
        flags |= STOR_PERF_ADV_CONFIG_LOCALITY | STOR_PERF_OPTIMIZE_FOR_COMPLETION_DURING_STARTIO;
    if (version >= STOR_PERF_VERSION_4)
        flags |= STOR_PERF_DPC_REDIRECTION_CURRENT_CPU;
    if (version >= STOR_PERF_VERSION_5)
        flags |= STOR_PERF_NO_SGL;
    return flags;
}

static int
perf_apply(struct adapter *adapter, const PERF_CONFIGURATION_DATA *data)
{
    uint32_t channels = 1;

    if (data->Flags & STOR_PERF_CONCURRENT_CHANNELS && data->ConcurrentChannels > 1)
        channels = data->ConcurrentChannels;
    if (channels > rt_cpu_count(adapter->rt))
        channels = rt_cpu_count(adapter->rt);
    if (channels > 1) {
        struct channel *locks = adapter->channels;
        if (!locks)
            locks = rt_alloc_zero(adapter->rt, sizeof(*locks) * rt_cpu_count(adapter->rt));
        if (!locks)
            return -ENOMEM;
        adapter->channels = locks;
    }
    adapter->channel_count = channels;
    adapter->perf = *data;
    adapter->redirect = data->Flags & STOR_PERF_DPC_REDIRECTION &&
                        !(data->Flags & STOR_PERF_DPC_REDIRECTION_CURRENT_CPU);
    return 0;
}

/* R14.5, R14.6; from HwInitialize and, by R20.21, from passive initialisation. */
ULONG
ext_initialize_perf_opts(struct adapter *adapter, va_list args, void *caller)
{
    BOOLEAN query = (BOOLEAN)va_arg(args, int);
    PPERF_CONFIGURATION_DATA data = va_arg(args, PPERF_CONFIGURATION_DATA);
    const struct rt_frame *frame = rt_self()->frame;
    unsigned callback = frame ? frame->callback : CALLBACK_NONE;
    ULONG allowed;

    (void)caller;
    if (!data) {
        finding_report(adapter->rt, RULE_StorPortPerfOpts, 0,
                       "StorPortInitializePerfOpts got no data block");
        return STOR_STATUS_INVALID_PARAMETER;
    }
    if (callback != CALLBACK_INITIALIZE && callback != CALLBACK_PASSIVE_INITIALIZE)
        return STOR_STATUS_UNSUCCESSFUL;
    if (data->Version < STOR_PERF_VERSION_2 || data->Version > STOR_PERF_VERSION_5)
        return STOR_STATUS_UNSUPPORTED_VERSION;
    if (data->Size < offsetof(PERF_CONFIGURATION_DATA, DeviceNode))
        return STOR_STATUS_INVALID_PARAMETER;
    allowed = flags_of_version(data->Version) & FLAGS_ALL;
    if (query) {
        data->Flags = allowed & ~(ULONG)STOR_PERF_INTERRUPT_MESSAGE_RANGES &
                      ~(ULONG)STOR_PERF_ADV_CONFIG_LOCALITY;
        data->ConcurrentChannels = rt_cpu_count(adapter->rt);
        data->FirstRedirectionMessageNumber = data->LastRedirectionMessageNumber = 0;
        return STOR_STATUS_SUCCESS;
    }
    if (data->Flags & ~allowed)
        return STOR_STATUS_UNSUCCESSFUL;
    if (data->Flags & (STOR_PERF_INTERRUPT_MESSAGE_RANGES | STOR_PERF_ADV_CONFIG_LOCALITY))
        return STOR_STATUS_UNSUCCESSFUL; /* no messages were granted */
    if (data->Flags & STOR_PERF_OPTIMIZE_FOR_COMPLETION_DURING_STARTIO &&
        !(data->Flags & STOR_PERF_DPC_REDIRECTION))
        return STOR_STATUS_UNSUCCESSFUL;
    return perf_apply(adapter, data) ? STOR_STATUS_INSUFFICIENT_RESOURCES : STOR_STATUS_SUCCESS;
}

/* R14.7: message 0 and channel 0 where the features are off. */
ULONG
ext_get_startio_perf_params(struct adapter *adapter, va_list args, void *caller)
{
    PVOID srb = va_arg(args, PVOID);
    PSTARTIO_PERFORMANCE_PARAMETERS p = va_arg(args, PSTARTIO_PERFORMANCE_PARAMETERS);

    (void)caller;
    if (!p || p->Size < sizeof(*p) || !srb_of(adapter, srb))
        return STOR_STATUS_INVALID_PARAMETER;
    p->MessageNumber = 0;
    p->ChannelNumber =
        adapter->channel_count > 1 ? rt_cpu_index(rt_cpu_current()) % adapter->channel_count : 0;
    return STOR_STATUS_SUCCESS;
}

/* ---- features, bus type, limits: where they may be said ---- */

static bool
inside(unsigned a, unsigned b)
{
    const struct rt_frame *frame = rt_self()->frame;

    return frame && (frame->callback == a || frame->callback == b);
}

ULONG
ext_set_feature_list(struct adapter *adapter, va_list args, void *caller)
{
    ULONG count = va_arg(args, ULONG);
    const ULONG *features = va_arg(args, const ULONG *);

    (void)caller;
    if (!inside(CALLBACK_FIND_ADAPTER, CALLBACK_FIND_ADAPTER))
        return STOR_STATUS_INVALID_DEVICE_STATE;
    if (!count || !features)
        return STOR_STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < count; i++) {
        if (features[i] >= sizeof(adapter->features))
            return STOR_STATUS_INVALID_PARAMETER;
        adapter->features[features[i]] = true;
    }
    return STOR_STATUS_SUCCESS;
}

/* R19.7. */
ULONG
ext_set_adapter_bus_type(struct adapter *adapter, va_list args, void *caller)
{
    ULONG type = va_arg(args, ULONG);

    (void)caller;
    if (!inside(CALLBACK_FIND_ADAPTER, CALLBACK_FIND_ADAPTER))
        return STOR_STATUS_UNSUCCESSFUL;
    if (type == BusTypeUnknown || type >= BusTypeMax)
        return STOR_STATUS_INVALID_PARAMETER;
    adapter->bus_type = type;
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_update_adapter_max_io(struct adapter *adapter, va_list args, void *caller)
{
    ULONG max = va_arg(args, ULONG);

    (void)caller;
    if (!inside(CALLBACK_INITIALIZE, CALLBACK_PASSIVE_INITIALIZE))
        return STOR_STATUS_INVALID_DEVICE_REQUEST;
    if (!max)
        return STOR_STATUS_INVALID_PARAMETER;
    adapter->io_max = max;
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_acquire_spin_lock(struct adapter *adapter, va_list args, void *caller)
{
    STOR_SPINLOCK kind = va_arg(args, STOR_SPINLOCK);
    PVOID context = va_arg(args, PVOID);

    return lock_acquire_ex(adapter, kind, context, va_arg(args, PSTOR_LOCK_HANDLE), caller);
}
