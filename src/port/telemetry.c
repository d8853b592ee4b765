/*
 * ETW events, hardware errors and telemetry of miniports: checked as their pages say, then one line
 * of the log each (log.c). Tracing is always on here, so no event is refused for that.
 * DDI: StorPortEtwEvent2, StorPortEtwLogByteStream, StorPortEtwLogError, StorPortLogTelemetry.
 */
#include "routines.h"

#include <string.h>

#define BYTE_STREAM_MAX 4096u /* inferred: STORPORT_ETW_MAX_BYTE_STREAM_LENGTH is not published */

struct etw_event {
    PSTOR_ADDRESS address;
    STORPORT_ETW_EVENT_CHANNEL channel;
    ULONG id;
    PWSTR description;
    ULONGLONG keywords;
    STORPORT_ETW_LEVEL level;
    STORPORT_ETW_EVENT_OPCODE opcode;
};

static enum rt_log_level
level_of(STORPORT_ETW_LEVEL level)
{
    switch (level) {
    case StorportEtwLevelCritical:
    case StorportEtwLevelError:
        return RT_LOG_ERROR;
    case StorportEtwLevelWarning:
        return RT_LOG_WARNING;
    case StorportEtwLevelVerbose:
        return RT_LOG_DEBUG;
    default:
        return RT_LOG_INFO;
    }
}

static const char *
channel_name(STORPORT_ETW_EVENT_CHANNEL channel)
{
    static const char *const names[] = {"Diagnose", "Operational", "Health", "IoPerformance"};

    return (unsigned)channel < sizeof(names) / sizeof(names[0]) ? names[channel] : NULL;
}

/* Checks, and begins the line. */
static bool
event_begin(struct log_text *line, const struct etw_event *event)
{
    if (!event->description || !channel_name(event->channel) ||
        (unsigned)event->level > StorportEtwLevelVerbose ||
        ((unsigned)event->opcode > StorportEtwEventOpcodeSend &&
         event->opcode != StorportEtwEventOpcodeReceive) ||
        log_wide_length(event->description, STORPORT_ETW_MAX_DESCRIPTION_LENGTH) >
            STORPORT_ETW_MAX_DESCRIPTION_LENGTH)
        return false;
    log_add(line, "etw %s event %u ", channel_name(event->channel), event->id);
    log_add_wide(line, event->description);
    if (event->opcode)
        log_add(line, " opcode %u", (unsigned)event->opcode);
    if (event->keywords)
        log_add(line, " keywords 0x%llx", (unsigned long long)event->keywords);
    return log_add_address(line, event->address);
}

/* R19.2: a parameter without a name counts as 0, and so is not worth a word. */
static bool
parameter_add(struct log_text *line, const WCHAR *name, ULONGLONG value)
{
    if (!name)
        return true;
    if (log_wide_length(name, STORPORT_ETW_MAX_PARAM_NAME_LENGTH) >
        STORPORT_ETW_MAX_PARAM_NAME_LENGTH)
        return false;
    log_add(line, " ");
    log_add_wide(line, name);
    log_add(line, "=0x%llx", (unsigned long long)value);
    return true;
}

/* The one body of six routines: with a channel argument or without, 2, 4 or 8 parameters. */
static ULONG
etw_event(struct adapter *adapter, va_list args, void *caller, enum contract_id id, bool channelled,
          unsigned parameters)
{
    struct etw_event event = {.channel = StorportEtwEventDiagnostic};
    struct log_text line = {.length = 0};
    PSCSI_REQUEST_BLOCK memory;
    bool good;

    event.address = va_arg(args, PSTOR_ADDRESS);
    if (channelled)
        event.channel = va_arg(args, STORPORT_ETW_EVENT_CHANNEL);
    event.id = va_arg(args, ULONG);
    event.description = va_arg(args, PWSTR);
    event.keywords = va_arg(args, ULONGLONG);
    event.level = va_arg(args, STORPORT_ETW_LEVEL);
    event.opcode = va_arg(args, STORPORT_ETW_EVENT_OPCODE);
    memory = va_arg(args, PSCSI_REQUEST_BLOCK);
    good = event_begin(&line, &event);
    if (memory) {
        struct port_srb *srb = routine_srb(adapter, memory, id, caller);
        if (srb)
            log_add(&line, " request %u", srb->number);
    }
    for (unsigned i = 0; i < parameters && good; i++) {
        const WCHAR *name = va_arg(args, PWSTR);
        good = parameter_add(&line, name, va_arg(args, ULONGLONG));
    }
    if (!good)
        return STOR_STATUS_INVALID_PARAMETER;
    log_event(adapter, level_of(event.level), id, event.id, &line);
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_etw_event2(struct adapter *adapter, va_list args, void *caller)
{
    return etw_event(adapter, args, caller, CONTRACT_StorPortEtwEvent2, false, 2);
}

ULONG
ext_etw_event4(struct adapter *adapter, va_list args, void *caller)
{
    return etw_event(adapter, args, caller, CONTRACT_StorPortEtwEvent4, false, 4);
}

ULONG
ext_etw_event8(struct adapter *adapter, va_list args, void *caller)
{
    return etw_event(adapter, args, caller, CONTRACT_StorPortEtwEvent8, false, 8);
}

ULONG
ext_etw_channel_event2(struct adapter *adapter, va_list args, void *caller)
{
    return etw_event(adapter, args, caller, CONTRACT_StorPortEtwChannelEvent2, true, 2);
}

ULONG
ext_etw_channel_event4(struct adapter *adapter, va_list args, void *caller)
{
    return etw_event(adapter, args, caller, CONTRACT_StorPortEtwChannelEvent4, true, 4);
}

ULONG
ext_etw_channel_event8(struct adapter *adapter, va_list args, void *caller)
{
    return etw_event(adapter, args, caller, CONTRACT_StorPortEtwChannelEvent8, true, 8);
}

ULONG
ext_log_byte_stream(struct adapter *adapter, va_list args, void *caller)
{
    struct etw_event event;
    struct log_text line = {.length = 0};
    USHORT bytes;
    PUCHAR data;

    (void)caller;
    event.address = va_arg(args, PSTOR_ADDRESS);
    event.channel = va_arg(args, STORPORT_ETW_EVENT_CHANNEL);
    event.id = va_arg(args, ULONG);
    event.description = va_arg(args, PWSTR);
    event.keywords = va_arg(args, ULONGLONG);
    event.level = va_arg(args, STORPORT_ETW_LEVEL);
    event.opcode = va_arg(args, STORPORT_ETW_EVENT_OPCODE);
    bytes = (USHORT)va_arg(args, int);
    data = va_arg(args, PUCHAR);
    if (!data || !bytes || bytes > BYTE_STREAM_MAX || !event_begin(&line, &event))
        return STOR_STATUS_INVALID_PARAMETER;
    log_add(&line, " data (%u) ", bytes);
    log_add_bytes(&line, data, bytes);
    log_event(adapter, level_of(event.level), CONTRACT_StorPortEtwLogByteStream, event.id, &line);
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_log_hardware_error(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_ADDRESS address = va_arg(args, PSTOR_ADDRESS);
    ULONG id = va_arg(args, ULONG);
    PWSTR description = va_arg(args, PWSTR);
    ULONG bytes = va_arg(args, ULONG);
    PVOID data = va_arg(args, PVOID);
    struct log_text line = {.length = 0};

    (void)caller;
    if (!description || !data || !bytes)
        return STOR_STATUS_INVALID_PARAMETER;
    log_add(&line, "etw Operational hardware error %u ", id);
    log_add_wide(&line, description);
    if (!log_add_address(&line, address))
        return STOR_STATUS_INVALID_PARAMETER;
    log_add(&line, " data (%u) ", bytes);
    log_add_bytes(&line, data, bytes);
    log_event(adapter, RT_LOG_ERROR, CONTRACT_StorPortEtwLogError, id, &line);
    return STOR_STATUS_SUCCESS;
}

/* ---- telemetry ---- */

static void
telemetry_parameter(struct log_text *line, const UCHAR *name, ULONGLONG value)
{
    if (*name)
        log_add(line, " %.*s=0x%llx", EVENT_MAX_PARAM_NAME_LEN, (const char *)name,
                (unsigned long long)value);
}

static ULONG
telemetry(struct adapter *adapter, const STOR_ADDRESS *address,
          const STORPORT_TELEMETRY_EVENT *event, const char *category, enum contract_id id)
{
    struct log_text line = {.length = 0};

    if (!event || !category)
        return STOR_STATUS_INVALID_PARAMETER;
    if (event->EventBufferLength > EVENT_BUFFER_MAX_LENGTH)
        return STOR_STATUS_INVALID_BUFFER_SIZE;
    if (!event->EventBufferLength != !event->EventBuffer)
        return STOR_STATUS_INVALID_PARAMETER;
    log_add(&line, "%s event %u %.*s version %u driver 0x%x", category, event->EventId,
            EVENT_NAME_MAX_LENGTH, (const char *)event->EventName, event->EventVersion,
            event->DriverVersion);
    if (!log_add_address(&line, address))
        return STOR_STATUS_INVALID_PARAMETER;
    telemetry_parameter(&line, event->ParameterName0, event->ParameterValue0);
    telemetry_parameter(&line, event->ParameterName1, event->ParameterValue1);
    telemetry_parameter(&line, event->ParameterName2, event->ParameterValue2);
    telemetry_parameter(&line, event->ParameterName3, event->ParameterValue3);
    telemetry_parameter(&line, event->ParameterName4, event->ParameterValue4);
    telemetry_parameter(&line, event->ParameterName5, event->ParameterValue5);
    telemetry_parameter(&line, event->ParameterName6, event->ParameterValue6);
    telemetry_parameter(&line, event->ParameterName7, event->ParameterValue7);
    if (event->EventBufferLength) {
        log_add(&line, " data (%u) ", event->EventBufferLength);
        log_add_bytes(&line, event->EventBuffer, event->EventBufferLength);
    }
    log_event(adapter, RT_LOG_INFO, id, event->EventId, &line);
    return STOR_STATUS_SUCCESS;
}

ULONG
ext_log_telemetry(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_ADDRESS address = va_arg(args, PSTOR_ADDRESS);

    (void)caller;
    return telemetry(adapter, address, va_arg(args, PSTORPORT_TELEMETRY_EVENT), "telemetry",
                     CONTRACT_StorPortLogTelemetry);
}

ULONG
ext_log_telemetry_ex(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_ADDRESS address = va_arg(args, PSTOR_ADDRESS);
    PSTORPORT_TELEMETRY_EVENT event = va_arg(args, PSTORPORT_TELEMETRY_EVENT);
    STOR_TELEMETRY_CATEGORY category = va_arg(args, STOR_TELEMETRY_CATEGORY);

    (void)caller;
    return telemetry(adapter, address, event,
                     category == StorTelemetryCategory  ? "telemetry"
                     : category == StorMeasuresCategory ? "measures"
                                                        : NULL,
                     CONTRACT_StorPortLogTelemetryEx);
}

/* Nobody above the port gives requests an activity id. */
ULONG
ext_get_activity_id(struct adapter *adapter, va_list args, void *caller)
{
    PSCSI_REQUEST_BLOCK memory = va_arg(args, PSCSI_REQUEST_BLOCK);
    LPGUID id = va_arg(args, LPGUID);

    if (!memory || !id || !routine_srb(adapter, memory, CONTRACT_StorPortGetActivityIdSrb, caller))
        return STOR_STATUS_INVALID_PARAMETER;
    return STOR_STATUS_UNSUCCESSFUL;
}
