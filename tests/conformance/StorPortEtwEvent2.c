/*
 * ETW events and telemetry: pages nf-storport-storportetwevent2, …etwevent4, …etwevent8,
 * …etwchannelevent2 and its like, …etwlogbytestream, …etwlogerror, …logtelemetry, …logtelemetryex.
 * Covers: StorPortEtwEvent4 StorPortEtwEvent8 StorPortEtwChannelEvent2 StorPortEtwChannelEvent4
 * Covers: StorPortEtwChannelEvent8 StorPortEtwLogByteStream StorPortEtwLogError
 * Covers: StorPortLogTelemetry StorPortLogTelemetryEx
 */
#include "routine_harness.h"

#define BAD STOR_STATUS_INVALID_PARAMETER

static STOR_ADDR_BTL8 unit = {.Type = STOR_ADDRESS_TYPE_BTL8, .AddressLength = 4, .Lun = 5};
static PSTOR_ADDRESS address = (PSTOR_ADDRESS)(void *)&unit;
static WCHAR what[] = L"link up", a[] = L"a", b[] = L"b", long_name[] = L"seventeen letters";
static WCHAR long_text[] = L"a description of thirty-three units";

static ULONG
event2(PSTOR_ADDRESS where, PWSTR text, STORPORT_ETW_LEVEL level, PWSTR name)
{
    return StorPortEtwEvent2(harness.extension, where, 7, text, STORPORT_ETW_EVENT_KEYWORD_IO,
                             level, StorportEtwEventOpcodeStart, NULL, a, 1, name, 0x22);
}

static void
events(void)
{
    STOR_ADDR_BTL8 wrong = unit;

    CHECK(event2(address, what, StorportEtwLevelInformational, b) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged(
        "etw Diagnose event 7 \"link up\" opcode 1 keywords 0x1 unit 0:0:5 \"a\"=0x1 \"b\"=0x22"));
    /* "If a parameter is not named …, the routine will set the corresponding value to 0." */
    CHECK(event2(NULL, what, StorportEtwLevelError, NULL) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged("keywords 0x1 \"a\"=0x1\n"));
    /* "EventDescription [is] NULL, EventDescription is greater than the maximum name length, or an
     * ETW parameter name is greater than the maximum name length" */
    CHECK(event2(NULL, NULL, StorportEtwLevelError, b) == BAD);
    CHECK(event2(NULL, long_text, StorportEtwLevelError, b) == BAD);
    CHECK(event2(NULL, what, StorportEtwLevelError, long_name) == BAD);
    CHECK(event2(NULL, what, (STORPORT_ETW_LEVEL)9, b) == BAD);
    wrong.Type = STOR_ADDRESS_TYPE_UNKNOWN;
    CHECK(event2((PSTOR_ADDRESS)(void *)&wrong, what, StorportEtwLevelError, b) == BAD);
}

static void
more_parameters(void)
{
    PVOID e = harness.extension;

    CHECK(StorPortEtwEvent4(e, NULL, 8, what, 0, StorportEtwLevelWarning,
                            StorportEtwEventOpcodeInfo, NULL, a, 1, NULL, 2, NULL, 3, b,
                            0x44) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged("event 8 \"link up\" \"a\"=0x1 \"b\"=0x44"));
    CHECK(StorPortEtwEvent8(e, NULL, 9, what, 0, StorportEtwLevelVerbose,
                            StorportEtwEventOpcodeInfo, NULL, a, 1, NULL, 2, NULL, 3, NULL, 4, NULL,
                            5, NULL, 6, NULL, 7, b, 0x1122334455667788) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged("event 9 \"link up\" \"a\"=0x1 \"b\"=0x1122334455667788"));
    CHECK(StorPortEtwChannelEvent2(e, NULL, StorportEtwEventHealth, 10, what, 0,
                                   StorportEtwLevelCritical, StorportEtwEventOpcodeInfo, NULL, a, 1,
                                   b, 2) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged("etw Health event 10"));
    CHECK(StorPortEtwChannelEvent2(e, NULL, (STORPORT_ETW_EVENT_CHANNEL)4, 10, what, 0,
                                   StorportEtwLevelCritical, StorportEtwEventOpcodeInfo, NULL, a, 1,
                                   b, 2) == BAD);
    CHECK(StorPortEtwChannelEvent4(e, NULL, StorportEtwEventOperational, 11, what, 0,
                                   StorportEtwLevelError, StorportEtwEventOpcodeInfo, NULL, a, 1,
                                   NULL, 2, NULL, 3, b, 0x44) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged("etw Operational event 11 \"link up\" \"a\"=0x1 \"b\"=0x44"));
    CHECK(StorPortEtwChannelEvent8(e, NULL, StorportEtwEventDiagnostic, 12, what, 0,
                                   StorportEtwLevelError, StorportEtwEventOpcodeInfo, NULL, a, 1,
                                   NULL, 2, NULL, 3, NULL, 4, NULL, 5, NULL, 6, NULL, 7, b,
                                   0x88) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged("event 12 \"link up\" \"a\"=0x1 \"b\"=0x88"));
}

static void
bytes(void)
{
    static UCHAR data[4] = {1, 2, 3, 4};
    PVOID e = harness.extension;

    CHECK(StorPortEtwLogByteStream(e, NULL, StorportEtwEventDiagnostic, 13, what, 0,
                                   StorportEtwLevelInformational, StorportEtwEventOpcodeInfo, 4,
                                   data) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged("event 13 \"link up\" data (4) 01 02 03 04"));
    /* "1 <= DataLength" */
    CHECK(StorPortEtwLogByteStream(e, NULL, StorportEtwEventDiagnostic, 13, what, 0,
                                   StorportEtwLevelInformational, StorportEtwEventOpcodeInfo, 0,
                                   data) == BAD);
    CHECK(StorPortEtwLogByteStream(e, NULL, StorportEtwEventDiagnostic, 13, what, 0,
                                   StorportEtwLevelInformational, StorportEtwEventOpcodeInfo, 4,
                                   NULL) == BAD);
    CHECK(StorPortEtwLogError(e, address, 14, what, 4, data) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged("hardware error 14 \"link up\" unit 0:0:5 data (4) 01 02 03 04"));
    /* "Description or DataBuffer are NULL, or DataBufferLength is not greater than zero." */
    CHECK(StorPortEtwLogError(e, NULL, 14, NULL, 4, data) == BAD);
    CHECK(StorPortEtwLogError(e, NULL, 14, what, 4, NULL) == BAD);
    CHECK(StorPortEtwLogError(e, NULL, 14, what, 0, data) == BAD);
}

static void
telemetry(void)
{
    static UCHAR data[EVENT_BUFFER_MAX_LENGTH + 1] = {0xab};
    STORPORT_TELEMETRY_EVENT event = {.DriverVersion = 0x10002,
                                      .EventId = 15,
                                      .EventName = "wear",
                                      .EventBufferLength = 1,
                                      .EventBuffer = data,
                                      .ParameterName7 = "cells",
                                      .ParameterValue7 = 0x77};
    PVOID e = harness.extension;

    CHECK(StorPortLogTelemetry(e, address, &event) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged("telemetry event 15 wear"));
    CHECK(harness_logged("unit 0:0:5 cells=0x77 data (1) ab"));
    CHECK(StorPortLogTelemetryEx(e, NULL, &event, StorMeasuresCategory) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged("measures event 15"));
    CHECK(StorPortLogTelemetryEx(e, NULL, &event, (STOR_TELEMETRY_CATEGORY)2) == BAD);
    CHECK(StorPortLogTelemetry(e, address, NULL) == BAD);
    /* "EventBufferLength is larger than EVENT_BUFFER_MAX_LENGTH." */
    event.EventBufferLength = EVENT_BUFFER_MAX_LENGTH + 1;
    CHECK(StorPortLogTelemetry(e, address, &event) == STOR_STATUS_INVALID_BUFFER_SIZE);
    /* "the EventBufferLength/EventBuffer in Event structure not matching" */
    event.EventBufferLength = 0;
    CHECK(StorPortLogTelemetry(e, address, &event) == BAD);
    event.EventBuffer = NULL;
    CHECK(StorPortLogTelemetry(e, address, &event) == STOR_STATUS_SUCCESS);
}

int
main(void)
{
    harness_start(&(struct harness_config){0});
    harness_enter(CALLBACK_DPC, RT_IRQL_DISPATCH);
    events();
    more_parameters();
    bytes();
    telemetry();
    harness_leave();
    return harness_finish();
}
