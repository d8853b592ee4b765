/*
 * The system event log and debug text: pages nf-storport-storportlogsystemevent,
 * …logerror, …debugprint.
 * Covers: StorPortLogError StorPortDebugPrint
 */
#include "routine_harness.h"

static WCHAR text[] = L"cable";
static PWSTR strings[] = {text};
static uint8_t dump[151] = {0xde, 0xad};

static STOR_LOG_EVENT_DETAILS
details(void)
{
    return (STOR_LOG_EVENT_DETAILS){.InterfaceRevision = STOR_CURRENT_LOG_INTERFACE_REVISION,
                                    .Size = sizeof(STOR_LOG_EVENT_DETAILS),
                                    .EventAssociation = StorEventLunAssociation,
                                    .StorportSpecificErrorCode = TRUE,
                                    .ErrorCode = SP_PROTOCOL_ERROR,
                                    .UniqueId = 0x4711,
                                    .DumpDataSize = 2,
                                    .DumpData = dump,
                                    .StringCount = 1,
                                    .StringList = strings};
}

static void
good(void)
{
    STOR_LOG_EVENT_DETAILS event = details();

    CHECK(StorPortLogSystemEvent(harness.extension, &event, NULL) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged("SP_PROTOCOL_ERROR unit 0:0:0 id 0x4711 \"cable\" data de ad"));
    /* "a revision 0x00000101 structure is compatible": the low byte is not compared. */
    event.InterfaceRevision++;
    /* "the values are truncated to UCHAR values"; no such unit: logged against the adapter. */
    event.LunId = 0x105;
    event.UniqueId = 0x4712;
    CHECK(StorPortLogSystemEvent(harness.extension, &event, NULL) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged("SP_PROTOCOL_ERROR id 0x4712"));
    event.EventAssociation = StorEventTargetAssociation;
    event.PathId = 0x203;
    event.StorportSpecificErrorCode = FALSE;
    event.ErrorCode = 0xC0040009;
    CHECK(StorPortLogSystemEvent(harness.extension, &event, NULL) == STOR_STATUS_SUCCESS);
    CHECK(harness_logged("error 0xc0040009 target 3:0 id 0x4712"));
}

static void
refused(void)
{
    STOR_LOG_EVENT_DETAILS event = details();
    ULONG maximum = 0;

    CHECK(StorPortLogSystemEvent(harness.extension, NULL, NULL) == STOR_STATUS_INVALID_PARAMETER);
    /* "this function changes the InterfaceRevision field to the latest supported version" */
    event.InterfaceRevision = 0x200;
    CHECK(StorPortLogSystemEvent(harness.extension, &event, NULL) ==
          STOR_STATUS_UNSUPPORTED_VERSION);
    CHECK(event.InterfaceRevision == STOR_CURRENT_LOG_INTERFACE_REVISION);
    /* "cannot exceed 150 bytes": 12 for the string leave 138 */
    event.DumpDataSize = 139;
    CHECK(StorPortLogSystemEvent(harness.extension, &event, &maximum) ==
          STOR_STATUS_INVALID_BUFFER_SIZE);
    CHECK(maximum == 150);
    event.DumpDataSize = 138;
    CHECK(StorPortLogSystemEvent(harness.extension, &event, &maximum) == STOR_STATUS_SUCCESS);
    event = details();
    event.Flags = 1; /* "Must be zero." */
    CHECK(StorPortLogSystemEvent(harness.extension, &event, NULL) == STOR_STATUS_INVALID_PARAMETER);
    event = details();
    event.Size--;
    CHECK(StorPortLogSystemEvent(harness.extension, &event, NULL) == STOR_STATUS_INVALID_PARAMETER);
    event = details();
    event.EventAssociation = StorEventInvalidAssociation;
    CHECK(StorPortLogSystemEvent(harness.extension, &event, NULL) == STOR_STATUS_INVALID_PARAMETER);
    event = details();
    event.DumpData = NULL;
    CHECK(StorPortLogSystemEvent(harness.extension, &event, NULL) == STOR_STATUS_INVALID_PARAMETER);
}

int
main(void)
{
    STOR_LOG_EVENT_DETAILS event = details();

    harness_start(&(struct harness_config){0});
    harness_enter(CALLBACK_DPC, RT_IRQL_DISPATCH);
    good();
    refused();
    StorPortDebugPrint(0, "drive %u of %ws: %I64x\n", 3, text, 0x123456789abcull);
    CHECK(harness_logged("drive 3 of cable: 123456789abc\n"));
    StorPortLogError(harness.extension, NULL, 0, 1, 2, SP_BUS_PARITY_ERROR, 0x99);
    CHECK(harness_logged("SP_BUS_PARITY_ERROR unit 0:1:2 id 0x99"));
    harness_expect(RULE_StorPortDeprecated);
    harness_leave();
    /* "The call was made at IRQL > DISPATCH_LEVEL." */
    harness_enter(CALLBACK_INTERRUPT, RT_IRQL_DEVICE);
    CHECK(StorPortLogSystemEvent(harness.extension, &event, NULL) == STOR_STATUS_INVALID_IRQL);
    harness_leave();
    return harness_finish();
}
