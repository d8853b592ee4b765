/*
 * What a miniport logs. DDI: StorPortLogSystemEvent, StorPortLogError, StorPortDebugPrint,
 * StorPortEtwEvent2, StorPortEtwEvent4, StorPortEtwEvent8, StorPortLogTelemetry,
 * STOR_LOG_EVENT_DETAILS. R19.1, R19.2.
 *
 * Covers: StorPortLogSystemEvent StorPortLogError StorPortDebugPrint StorPortEtwEvent2
 * Covers: StorPortEtwEvent4 StorPortEtwEvent8 StorPortLogTelemetry
 */
#include "harness.h"

#include <string.h>

static WCHAR hello[] = L"hello event";

static STOR_LOG_EVENT_DETAILS
details(void)
{
    STOR_LOG_EVENT_DETAILS d;

    memset(&d, 0, sizeof(d));
    d.InterfaceRevision = STOR_CURRENT_LOG_INTERFACE_REVISION;
    d.Size = sizeof(d);
    d.EventAssociation = StorEventAdapterAssociation;
    d.ErrorCode = 0xABCD;
    d.UniqueId = 0x1234;
    return d;
}

/* SUCCESS: the entry is in the log, with its code, id, strings and dump data. */
static void
event_is_logged(void)
{
    STOR_LOG_EVENT_DETAILS d = details();
    PWSTR strings[] = {hello};
    UCHAR dump[] = {0xDE, 0xAD, 0xBE, 0xEF};

    rig_start();
    d.StringCount = 1;
    d.StringList = strings;
    d.DumpData = dump;
    d.DumpDataSize = sizeof(dump);
    CHECK_EQ(StorPortLogSystemEvent(mini.extension, &d, NULL), STOR_STATUS_SUCCESS);
    CHECK_EQ(rig_logged("0xabcd"), 1);
    CHECK_EQ(rig_logged("0x1234"), 1);
    CHECK_EQ(rig_logged("hello event"), 1);
    CHECK_EQ(rig_logged("de ad be ef"), 1);
    CHECK_EQ(rig_logged("mini"), rig_logged("mini")); /* under the driver's name: */
    CHECK(rig_logged("error mini") == 1);
}

/* UNSUPPORTED_VERSION, and InterfaceRevision becomes the latest supported; a change in the low
 * (minor) byte alone is compatible (R19.1). */
static void
revision(void)
{
    STOR_LOG_EVENT_DETAILS d = details();

    rig_start();
    d.InterfaceRevision = STOR_CURRENT_LOG_INTERFACE_REVISION + 0x100;
    CHECK_EQ(StorPortLogSystemEvent(mini.extension, &d, NULL), STOR_STATUS_UNSUPPORTED_VERSION);
    CHECK_EQ(d.InterfaceRevision, STOR_CURRENT_LOG_INTERFACE_REVISION);
    CHECK_EQ(rig_logged("0xabcd"), 0);
    d.InterfaceRevision = STOR_CURRENT_LOG_INTERFACE_REVISION | 7;
    CHECK_EQ(StorPortLogSystemEvent(mini.extension, &d, NULL), STOR_STATUS_SUCCESS);
}

/* INVALID_BUFFER_SIZE: dump data and strings too large; MaximumSize (optional) tells the limit, and
 * that size is accepted. */
static void
too_large(void)
{
    STOR_LOG_EVENT_DETAILS d = details();
    static UCHAR dump[4096];
    ULONG maximum = 0;

    rig_start();
    d.DumpData = dump;
    d.DumpDataSize = sizeof(dump);
    CHECK_EQ(StorPortLogSystemEvent(mini.extension, &d, &maximum), STOR_STATUS_INVALID_BUFFER_SIZE);
    CHECK(maximum > 0 && maximum < sizeof(dump));
    CHECK_EQ(StorPortLogSystemEvent(mini.extension, &d, NULL), STOR_STATUS_INVALID_BUFFER_SIZE);
    CHECK_EQ(rig_logged("0xabcd"), 0);
    d.DumpDataSize = maximum;
    CHECK_EQ(StorPortLogSystemEvent(mini.extension, &d, NULL), STOR_STATUS_SUCCESS);
    d.DumpDataSize = maximum + 1;
    CHECK_EQ(StorPortLogSystemEvent(mini.extension, &d, NULL), STOR_STATUS_INVALID_BUFFER_SIZE);
}

static ULONG status;

static void
log_here(void *extension, void *subject)
{
    STOR_LOG_EVENT_DETAILS d = details();

    (void)subject;
    status = StorPortLogSystemEvent(extension, &d, NULL);
}

/* At IRQL <= DISPATCH_LEVEL: INVALID_IRQL above. INVALID_PARAMETER: no details, or wrong ones. */
static void
refusals(void)
{
    STOR_LOG_EVENT_DETAILS d = details();

    mini.physical = true;
    rig_start();
    CHECK_EQ(StorPortLogSystemEvent(mini.extension, NULL, NULL), STOR_STATUS_INVALID_PARAMETER);
    d.EventAssociation = StorEventInvalidAssociation;
    CHECK_EQ(StorPortLogSystemEvent(mini.extension, &d, NULL), STOR_STATUS_INVALID_PARAMETER);
    rig_at(AT_DPC, log_here);
    CHECK_EQ(status, STOR_STATUS_SUCCESS);
    rig_at(AT_INTERRUPT, log_here);
    CHECK_EQ(status, STOR_STATUS_INVALID_IRQL);
}

/* StorPortLogError: the error code and the unique id reach the log; the routine is retired. */
static void
error_is_logged(void)
{
    rig_start();
    rig_expect(RULE_StorPortDeprecated);
    StorPortLogError(mini.extension, NULL, 1, 2, 3, SP_INTERNAL_ADAPTER_ERROR, 0xFEED);
    CHECK_EQ(rig_logged("SP_INTERNAL_ADAPTER_ERROR"), 1);
    CHECK_EQ(rig_logged("0xfeed"), 1);
    CHECK_EQ(rig_logged("1:2:3"), 1);
}

/* StorPortDebugPrint: the message with its arguments, formatted as the kernel does (%I64x, %S, and
 * l is 32 bits); levels 0 to 3 are error, warning, trace, information. */
static void
debug_print(void)
{
    rig_start();
    StorPortDebugPrint(0, (PCCHAR) "first %d %s\n", 42, "word");
    StorPortDebugPrint(1, (PCCHAR) "second %I64x %lu", 0x123456789ABCDEFull, 77);
    StorPortDebugPrint(3, (PCCHAR) "third %S", L"wide");
    CHECK_EQ(rig_logged("first 42 word"), 1);
    CHECK_EQ(rig_logged("second 123456789abcdef 77"), 1);
    CHECK_EQ(rig_logged("third wide"), 1);
    CHECK_EQ(rig_logged("error driver"), 1);
    CHECK_EQ(rig_logged("warning driver"), 1);
}

/* ---- ETW ---- */

static WCHAR description[] = L"an event", name1[] = L"one", name2[] = L"two", name8[] = L"eight";
static WCHAR too_long[] = L"this description has more than thirty-two characters";
static WCHAR long_name[] = L"a name over 16 chars";

/* The event with its description, and the parameters by name; values of unnamed ones do not count.
 */
static void
etw_events(void)
{
    rig_start();
    CHECK_EQ(StorPortEtwEvent2(mini.extension, NULL, 501, description, 0,
                               StorportEtwLevelInformational, StorportEtwEventOpcodeInfo, NULL,
                               name1, 0x111, NULL, 0x222),
             STOR_STATUS_SUCCESS);
    CHECK_EQ(rig_logged("501"), 1);
    CHECK_EQ(rig_logged("an event"), 1);
    CHECK_EQ(rig_logged("\"one\"=0x111"), 1);
    CHECK_EQ(rig_logged("0x222"), 0);
    CHECK_EQ(StorPortEtwEvent4(mini.extension, NULL, 502, description, 0, StorportEtwLevelError,
                               StorportEtwEventOpcodeInfo, NULL, name1, 0x11, name2, 0x22, NULL, 0,
                               name8, 0x44),
             STOR_STATUS_SUCCESS);
    CHECK_EQ(rig_logged("\"eight\"=0x44"), 1);
    CHECK_EQ(rig_logged("\"two\"=0x22"), 1);
    CHECK_EQ(StorPortEtwEvent8(mini.extension, NULL, 503, description, 0, StorportEtwLevelWarning,
                               StorportEtwEventOpcodeInfo, NULL, NULL, 0, NULL, 0, NULL, 0, NULL, 0,
                               NULL, 0, NULL, 0, name2, 0x77, name8, 0x88),
             STOR_STATUS_SUCCESS);
    CHECK_EQ(rig_logged("503"), 1);
    CHECK_EQ(rig_logged("\"two\"=0x77"), 1);
    CHECK_EQ(rig_logged("\"eight\"=0x88"), 1);
}

/* R19.2: a description of at most 32, names of at most 16 characters; the description is required;
 * an address must be well formed. */
static void
etw_refusals(void)
{
    STOR_ADDRESS bad = {.Type = 99};

    rig_start();
    CHECK_EQ(StorPortEtwEvent2(mini.extension, NULL, 1, too_long, 0, StorportEtwLevelError,
                               StorportEtwEventOpcodeInfo, NULL, NULL, 0, NULL, 0),
             STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortEtwEvent2(mini.extension, NULL, 1, NULL, 0, StorportEtwLevelError,
                               StorportEtwEventOpcodeInfo, NULL, NULL, 0, NULL, 0),
             STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortEtwEvent4(mini.extension, NULL, 1, description, 0, StorportEtwLevelError,
                               StorportEtwEventOpcodeInfo, NULL, NULL, 0, NULL, 0, NULL, 0,
                               long_name, 1),
             STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(StorPortEtwEvent8(mini.extension, &bad, 1, description, 0, StorportEtwLevelError,
                               StorportEtwEventOpcodeInfo, NULL, NULL, 0, NULL, 0, NULL, 0, NULL, 0,
                               NULL, 0, NULL, 0, NULL, 0, NULL, 0),
             STOR_STATUS_INVALID_PARAMETER);
    CHECK_EQ(rig_logged("an event"), 0);
}

/* ---- telemetry ---- */

/* Logs the event, its named pairs and its buffer. */
static void
telemetry(void)
{
    STORPORT_TELEMETRY_EVENT e;
    UCHAR data[3] = {1, 2, 0xFD};

    memset(&e, 0, sizeof(e));
    rig_start();
    e.EventId = 9001;
    strcpy((char *)e.EventName, "Temperature");
    strcpy((char *)e.ParameterName0, "celsius");
    e.ParameterValue0 = 0x2A;
    e.ParameterValue1 = 0xBAD; /* without a name it counts as 0 */
    e.EventBuffer = data;
    e.EventBufferLength = 3;
    CHECK_EQ(StorPortLogTelemetry(mini.extension, NULL, &e), STOR_STATUS_SUCCESS);
    CHECK_EQ(rig_logged("9001"), 1);
    CHECK_EQ(rig_logged("Temperature"), 1);
    CHECK_EQ(rig_logged("celsius=0x2a"), 1);
    CHECK_EQ(rig_logged("01 02 fd"), 1);
    CHECK_EQ(rig_logged("bad"), 0);
}

/* INVALID_BUFFER_SIZE: longer than 4 KB. INVALID_PARAMETER: NULL, or length and buffer do not
 * match. */
static void
telemetry_refusals(void)
{
    static UCHAR data[5000];
    STORPORT_TELEMETRY_EVENT e;

    memset(&e, 0, sizeof(e));
    rig_start();
    CHECK_EQ(StorPortLogTelemetry(mini.extension, NULL, NULL), STOR_STATUS_INVALID_PARAMETER);
    e.EventBufferLength = 5000;
    e.EventBuffer = data;
    CHECK_EQ(StorPortLogTelemetry(mini.extension, NULL, &e), STOR_STATUS_INVALID_BUFFER_SIZE);
    e.EventBufferLength = 10;
    e.EventBuffer = NULL;
    CHECK_EQ(StorPortLogTelemetry(mini.extension, NULL, &e), STOR_STATUS_INVALID_PARAMETER);
    e.EventBufferLength = 0;
    e.EventBuffer = data;
    CHECK_EQ(StorPortLogTelemetry(mini.extension, NULL, &e), STOR_STATUS_INVALID_PARAMETER);
}

CASES(CASE(event_is_logged), CASE(revision), CASE(too_large), CASE(refusals), CASE(error_is_logged),
      CASE(debug_print), CASE(etw_events), CASE(etw_refusals), CASE(telemetry),
      CASE(telemetry_refusals))
