/*
 * What a driver may ask about the SRB it was given: pages nf-storport-storportgetsystemaddress,
 * …getoriginalmdl, …getdatainbuffermdl and its like, …getpfns, …getrequestinfo, …getactivityidsrb.
 * Covers: StorPortGetOriginalMdl StorPortGetDataInBufferMdl StorPortGetDataInBufferSystemAddress
 * Covers: StorPortGetDataInBufferScatterGatherList StorPortGetPfns StorPortFlushDataBufferMdl
 * Covers: StorPortGetRequestInfo StorPortGetActivityIdSrb
 */
#include "routine_harness.h"

#define BYTES 12288u

static unsigned calls;
static uint8_t data[BYTES] __attribute__((aligned(4096)));

static void
check_mdl(PSCSI_REQUEST_BLOCK srb, ULONG bytes)
{
    PVOID mdl = NULL, again, pfns;
    ULONG count = 0, offset = 1, total = 0;

    CHECK(StorPortGetOriginalMdl(harness.extension, srb, NULL) == STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortGetOriginalMdl(harness.extension, srb, &mdl) == STOR_STATUS_SUCCESS);
    CHECK((mdl != NULL) == (bytes != 0));
    if (!mdl)
        return;
    CHECK(StorPortGetOriginalMdl(harness.extension, srb, &again) == STOR_STATUS_SUCCESS);
    CHECK(again == mdl);
    for (PMDL m = mdl; m; m = m->Next)
        total += MmGetMdlByteCount(m);
    CHECK(total == bytes);
    /* "Only MDLs obtained using StorPortGetOriginalMdl … are supported." */
    CHECK(StorPortGetPfns(harness.extension, srb, data, &pfns, &count, &offset) ==
          STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortGetPfns(harness.extension, srb, mdl, NULL, &count, &offset) ==
          STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortGetPfns(harness.extension, srb, mdl, &pfns, &count, &offset) ==
          STOR_STATUS_SUCCESS);
    CHECK(count >= 1 && offset == MmGetMdlByteOffset((PMDL)mdl));
    CHECK(*(PPFN_NUMBER)pfns == rt_bus_address(harness.rt, data) >> PAGE_SHIFT);
}

/* No request of this port is bidirectional. */
static void
check_data_in(PSCSI_REQUEST_BLOCK srb)
{
    PVOID address = srb, mdl = srb;
    PSTOR_SCATTER_GATHER_LIST list = (PVOID)srb;

    CHECK(StorPortGetDataInBufferMdl(harness.extension, srb, NULL) ==
          STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortGetDataInBufferMdl(harness.extension, srb, &mdl) ==
          STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortGetDataInBufferSystemAddress(harness.extension, srb, &address) ==
          STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortGetDataInBufferScatterGatherList(harness.extension, srb, &list) ==
          STOR_STATUS_INVALID_PARAMETER);
    CHECK(!mdl && !address && !list);
}

static void
check_info(PSCSI_REQUEST_BLOCK srb, bool write, ULONG bytes)
{
    STOR_REQUEST_INFO info = {.Version = 77, .Size = sizeof(info)};
    GUID activity;

    /* "Otherwise, function will return STOR_STATUS_UNSUPPORTED_VERSION." */
    CHECK(StorPortGetRequestInfo(harness.extension, srb, &info) == STOR_STATUS_UNSUPPORTED_VERSION);
    info.Version = STOR_REQUEST_INFO_VER_1;
    info.Size = sizeof(STOR_REQUEST_INFO_V1) - 1;
    CHECK(StorPortGetRequestInfo(harness.extension, srb, &info) == STOR_STATUS_INVALID_PARAMETER);
    info.Size = sizeof(STOR_REQUEST_INFO_V1);
    CHECK(StorPortGetRequestInfo(harness.extension, srb, &info) == STOR_STATUS_SUCCESS);
    CHECK(info.IsWriteRequest == write && info.Length == bytes);
    CHECK(info.PriorityHint == StorIoPriorityNormal);
    CHECK(StorPortGetRequestInfo(harness.extension, NULL, &info) == STOR_STATUS_INVALID_PARAMETER);
    CHECK(StorPortGetRequestInfo(harness.extension, srb, NULL) == STOR_STATUS_INVALID_PARAMETER);
    /* "An ETW activity ID is not associated with the request": UNSUCCESSFUL. */
    CHECK(StorPortGetActivityIdSrb(harness.extension, srb, &activity) == STOR_STATUS_UNSUCCESSFUL);
    CHECK(StorPortGetActivityIdSrb(harness.extension, srb, NULL) == STOR_STATUS_INVALID_PARAMETER);
}

/* "returns a virtual address … for the data buffer": all of it, in one range, both ways. */
static void
start(PSCSI_REQUEST_BLOCK srb)
{
    bool write = SrbGetCdb(srb)->AsByte[0] == 0x2A;
    ULONG bytes = SrbGetDataTransferLength(srb);
    PVOID address = srb, again;

    calls++;
    CHECK(SrbGetDataBuffer(srb) == NULL); /* MapBuffers leaves reads and writes alone */
    CHECK(StorPortGetSystemAddress(harness.extension, srb, NULL) == STOR_STATUS_INVALID_PARAMETER);
    if (!bytes) {
        CHECK(StorPortGetSystemAddress(harness.extension, srb, &address) ==
              STOR_STATUS_INVALID_PARAMETER);
        CHECK(address == NULL);
    } else {
        CHECK(StorPortGetSystemAddress(harness.extension, srb, &address) == STOR_STATUS_SUCCESS);
        CHECK(StorPortGetSystemAddress(harness.extension, srb, &again) == STOR_STATUS_SUCCESS);
        CHECK(address && address == again);
        for (ULONG i = 0; i < bytes; i++) {
            if (write)
                CHECK(((uint8_t *)address)[i] == (uint8_t)(i * 7));
            else
                ((uint8_t *)address)[i] = (uint8_t)(i * 13);
        }
    }
    CHECK(StorPortFlushDataBufferMdl(harness.extension, srb) == STOR_STATUS_SUCCESS);
    check_mdl(srb, bytes);
    check_data_in(srb);
    check_info(srb, write, bytes);
}

static void
transfers(void)
{
    for (unsigned pieces = 1; pieces <= 3; pieces++) {
        for (unsigned i = 0; i < BYTES; i++)
            data[i] = (uint8_t)(i * 7);
        CHECK(harness_transfer(true, data, BYTES, pieces) == SRB_STATUS_SUCCESS);
        CHECK(harness_transfer(false, data, BYTES, pieces) == SRB_STATUS_SUCCESS);
        for (unsigned i = 0; i < BYTES; i++)
            CHECK(data[i] == (uint8_t)(i * 13));
    }
    CHECK(harness_transfer(false, data, 0, 1) == SRB_STATUS_SUCCESS);
}

static int
run(bool extended)
{
    PVOID address;

    calls = 0;
    harness_start(&(struct harness_config){.start = start, .extended = extended});
    transfers();
    CHECK(calls == 7);
    harness_enter(CALLBACK_WORKITEM, RT_IRQL_PASSIVE);
    CHECK(StorPortGetSystemAddress(harness.extension, (PVOID)data, &address) ==
          STOR_STATUS_INVALID_PARAMETER);
    harness_expect(RULE_ForeignSrb);
    harness_leave();
    return harness_finish();
}

/* "the Srb parameter may point to either SCSI_REQUEST_BLOCK or STORAGE_REQUEST_BLOCK" */
int
main(void)
{
    return run(false) | run(true);
}
