/*
 * What miniports print and log: debug text, the system event log, ETW events. All goes to the
 * host's log as one line of structured text, and leaves a USER record in the trace.
 * DDI: StorPortDebugPrint, StorPortLogError, StorPortLogSystemEvent, StorPortEtwEvent2.
 */
#include "routines.h"

#include <stdio.h>
#include <string.h>

/* ---- a line in the making ---- */

void
log_add(struct log_text *line, const char *format, ...)
{
    size_t left = sizeof(line->text) - line->length;
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(line->text + line->length, left, format, args);
    va_end(args);
    if (length > 0)
        line->length += (size_t)length < left ? (size_t)length : left - 1;
}

size_t
log_wide_length(const WCHAR *text, size_t limit)
{
    size_t length = 0;

    while (length <= limit && text[length])
        length++;
    return length;
}

void
log_add_wide(struct log_text *line, const WCHAR *text)
{
    char utf8[200];

    nt_utf8_from_utf16(utf8, sizeof(utf8), (const uint16_t *)(const void *)text,
                       log_wide_length(text, 127));
    log_add(line, "\"%s\"", utf8);
}

void
log_add_bytes(struct log_text *line, const void *data, size_t bytes)
{
    const uint8_t *at = data;

    for (size_t i = 0; i < bytes && i < 32; i++)
        log_add(line, "%s%02x", i ? " " : "", at[i]);
    if (bytes > 32)
        log_add(line, " …");
}

bool
log_add_address(struct log_text *line, const STOR_ADDRESS *address)
{
    const STOR_ADDR_BTL8 *btl8 = (const STOR_ADDR_BTL8 *)(const void *)address;

    if (!address)
        return true;
    if (address->Type != STOR_ADDRESS_TYPE_BTL8 ||
        address->AddressLength < STOR_ADDR_BTL8_ADDRESS_LENGTH)
        return false;
    log_add(line, " unit %u:%u:%u", btl8->Path, btl8->Target, btl8->Lun);
    return true;
}

void
log_event(struct adapter *adapter, enum rt_log_level level, enum contract_id id, uint32_t code,
          const struct log_text *line)
{
    rt_trace(adapter->rt, RT_TRACE_USER, (uint32_t)id, adapter->number, code);
    rt_log(adapter->rt, level, adapter->driver->name, "%u: %s", adapter->number, line->text);
}

/* ---- debug text ---- */

static const enum rt_log_level debug_levels[] = {RT_LOG_ERROR, RT_LOG_WARNING, RT_LOG_INFO,
                                                 RT_LOG_DEBUG};

VOID
StorPortDebugPrint(ULONG DebugPrintLevel, PCCHAR DebugMessage, ...)
{
    char text[400];
    va_list args;
    size_t length;

    CONTRACT_ENTER(StorPortDebugPrint);
    if (!rt_self() || !DebugMessage)
        return;
    va_start(args, DebugMessage);
    nt_vformat(text, sizeof(text), DebugMessage, args);
    va_end(args);
    length = strlen(text);
    while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        text[--length] = 0;
    if (length)
        rt_log(rt_self()->rt, DebugPrintLevel < 4 ? debug_levels[DebugPrintLevel] : RT_LOG_DEBUG,
               "driver", "%s", text);
}

/* ---- the event log ---- */

static const char *
error_name(ULONG code)
{
    static const char *const names[] = {
        [SP_BUS_PARITY_ERROR] = "SP_BUS_PARITY_ERROR",
        [SP_UNEXPECTED_DISCONNECT] = "SP_UNEXPECTED_DISCONNECT",
        [SP_INVALID_RESELECTION] = "SP_INVALID_RESELECTION",
        [SP_BUS_TIME_OUT] = "SP_BUS_TIME_OUT",
        [SP_PROTOCOL_ERROR] = "SP_PROTOCOL_ERROR",
        [SP_INTERNAL_ADAPTER_ERROR] = "SP_INTERNAL_ADAPTER_ERROR",
        [SP_REQUEST_TIMEOUT] = "SP_REQUEST_TIMEOUT",
        [SP_IRQ_NOT_RESPONDING] = "SP_IRQ_NOT_RESPONDING",
        [SP_BAD_FW_WARNING] = "SP_BAD_FW_WARNING",
        [SP_BAD_FW_ERROR] = "SP_BAD_FW_ERROR",
        [SP_LOST_WMI_MINIPORT_REQUEST] = "SP_LOST_WMI_MINIPORT_REQUEST",
    };

    return code < sizeof(names) / sizeof(names[0]) ? names[code] : NULL;
}

static void
add_error(struct log_text *line, ULONG code)
{
    const char *name = error_name(code);

    if (name)
        log_add(line, "%s", name);
    else
        log_add(line, "error 0x%x", code);
}

VOID
StorPortLogError(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, UCHAR PathId, UCHAR TargetId,
                 UCHAR Lun, ULONG ErrorCode, ULONG UniqueId)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortLogError, HwDeviceExtension);
    struct log_text line = {.length = 0};
    struct port_srb *srb;

    if (!adapter)
        return;
    finding_report(adapter->rt, RULE_StorPortDeprecated, 0,
                   "StorPortLogError is retired: use StorPortLogSystemEvent");
    log_add(&line, "event log: ");
    add_error(&line, ErrorCode);
    log_add(&line, " unit %u:%u:%u id 0x%x", PathId, TargetId, Lun, UniqueId);
    srb = Srb ? routine_srb(adapter, Srb, CONTRACT_StorPortLogError, __builtin_return_address(0))
              : NULL;
    if (srb)
        log_add(&line, " request %u", srb->number);
    log_event(adapter, ErrorCode == SP_BAD_FW_WARNING ? RT_LOG_WARNING : RT_LOG_ERROR,
              CONTRACT_StorPortLogError, ErrorCode, &line);
}

#define EVENT_BYTES_MAX 150u /* DDI: STOR_LOG_EVENT_DETAILS, Remarks: dump data and strings */

/* Bytes of all strings with their NULs; SIZE_MAX when one is missing. */
static size_t
strings_bytes(const STOR_LOG_EVENT_DETAILS *details)
{
    size_t bytes = 0;

    for (ULONG i = 0; i < details->StringCount && bytes <= EVENT_BYTES_MAX; i++) {
        if (!details->StringList[i])
            return SIZE_MAX;
        bytes += (log_wide_length(details->StringList[i], EVENT_BYTES_MAX) + 1) * sizeof(WCHAR);
    }
    return bytes;
}

/* R19.1 */
static ULONG
system_event_check(PSTOR_LOG_EVENT_DETAILS details, PULONG maximum)
{
    size_t bytes;

    if (!details)
        return STOR_STATUS_INVALID_PARAMETER;
    if (rt_irql() > RT_IRQL_DISPATCH)
        return STOR_STATUS_INVALID_IRQL;
    if ((details->InterfaceRevision ^ STOR_CURRENT_LOG_INTERFACE_REVISION) & ~0xFFu) {
        details->InterfaceRevision = STOR_CURRENT_LOG_INTERFACE_REVISION;
        return STOR_STATUS_UNSUPPORTED_VERSION;
    }
    if (details->Size < sizeof(*details) || details->Flags ||
        (unsigned)details->EventAssociation >= StorEventInvalidAssociation ||
        (details->DumpDataSize && !details->DumpData) ||
        (details->StringCount && !details->StringList))
        return STOR_STATUS_INVALID_PARAMETER;
    bytes = strings_bytes(details);
    if (bytes == SIZE_MAX)
        return STOR_STATUS_INVALID_PARAMETER;
    if (bytes + details->DumpDataSize > EVENT_BYTES_MAX) {
        if (maximum)
            *maximum = EVENT_BYTES_MAX;
        return STOR_STATUS_INVALID_BUFFER_SIZE;
    }
    return STOR_STATUS_SUCCESS;
}

/* The place that the event belongs to; a unit that does not exist: the adapter's. */
static void
add_association(struct adapter *adapter, struct log_text *line,
                const STOR_LOG_EVENT_DETAILS *details)
{
    uint8_t path = (uint8_t)details->PathId, target = (uint8_t)details->TargetId;
    uint8_t lun = (uint8_t)details->LunId;

    if (details->EventAssociation == StorEventTargetAssociation)
        log_add(line, " target %u:%u", path, target);
    else if (details->EventAssociation == StorEventLunAssociation &&
             adapter_unit_lookup(adapter, path, target, lun, false))
        log_add(line, " unit %u:%u:%u", path, target, lun);
}

ULONG
ext_log_system_event(struct adapter *adapter, va_list args, void *caller)
{
    PSTOR_LOG_EVENT_DETAILS details = va_arg(args, PSTOR_LOG_EVENT_DETAILS);
    PULONG maximum = va_arg(args, PULONG);
    ULONG status = system_event_check(details, maximum);
    struct log_text line = {.length = 0};

    (void)caller;
    if (status != STOR_STATUS_SUCCESS)
        return status;
    log_add(&line, "event log: ");
    if (details->StorportSpecificErrorCode)
        add_error(&line, details->ErrorCode);
    else
        log_add(&line, "error 0x%x", details->ErrorCode);
    add_association(adapter, &line, details);
    log_add(&line, " id 0x%x", details->UniqueId);
    for (ULONG i = 0; i < details->StringCount; i++) {
        log_add(&line, " ");
        log_add_wide(&line, details->StringList[i]);
    }
    if (details->DumpDataSize) {
        log_add(&line, " data ");
        log_add_bytes(&line, details->DumpData, details->DumpDataSize);
    }
    log_event(adapter, RT_LOG_ERROR, CONTRACT_StorPortLogSystemEvent, details->ErrorCode, &line);
    return STOR_STATUS_SUCCESS;
}
