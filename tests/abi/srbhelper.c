/*
 * The accessors of srbhelper.h on both kinds of request: what is written through one comes back
 * through the other, and a request that lacks a block or whose offset lies gets nothing.
 */
#include "srbhelper.h"
#include <stdio.h>
#include <string.h>

static int failed;
#define EXPECT(e)                                                                                  \
    do {                                                                                           \
        if (!(e)) {                                                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #e);                                \
            failed = 1;                                                                            \
        }                                                                                          \
    } while (0)

struct extended {
    STORAGE_REQUEST_BLOCK srb;
    STOR_ADDR_BTL8 address;
    union {
        SRBEX_DATA any;
        SRBEX_DATA_SCSI_CDB16 cdb16;
        SRBEX_DATA_SCSI_CDB32 cdb32;
        SRBEX_DATA_SCSI_CDB_VAR var;
    } data;
};

static void
extended_init(struct extended *x, SRBEXDATATYPE type)
{
    memset(x, 0, sizeof *x);
    x->srb.Length = FIELD_OFFSET(STORAGE_REQUEST_BLOCK, Signature);
    x->srb.Function = SRB_FUNCTION_STORAGE_REQUEST_BLOCK;
    x->srb.Signature = SRB_SIGNATURE;
    x->srb.Version = STORAGE_REQUEST_BLOCK_VERSION_1;
    x->srb.SrbLength = sizeof *x;
    x->srb.SrbFunction = SRB_FUNCTION_EXECUTE_SCSI;
    x->srb.AddressOffset = offsetof(struct extended, address);
    x->srb.NumSrbExData = 1;
    x->srb.SrbExDataOffset[0] = offsetof(struct extended, data);
    x->address.Type = STOR_ADDRESS_TYPE_BTL8;
    x->address.AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH;
    x->data.any.Type = type;
}

/* What holds for every request that carries a SCSI command of at most 16 bytes. */
static void
check_common(PVOID srb, ULONG length)
{
    char memory[8];

    EXPECT(SrbGetSrbLength(srb) == length);
    EXPECT(SrbGetSrbFunction(srb) == SRB_FUNCTION_EXECUTE_SCSI);
    SrbSetPathId(srb, 1);
    SrbSetTargetId(srb, 2);
    SrbSetLun(srb, 3);
    EXPECT(SrbGetPathId(srb) == 1 && SrbGetTargetId(srb) == 2 && SrbGetLun(srb) == 3);
    SrbSetSrbStatus(srb, SRB_STATUS_BUSY);
    EXPECT(SrbGetSrbStatus(srb) == SRB_STATUS_BUSY);
    SrbSetDataBuffer(srb, memory);
    SrbSetDataTransferLength(srb, 0x12345);
    SrbSetTimeOutValue(srb, 60);
    SrbSetOriginalRequest(srb, &failed);
    SrbSetNextSrb(srb, srb);
    EXPECT(SrbGetDataBuffer(srb) == memory && SrbGetDataTransferLength(srb) == 0x12345);
    EXPECT(SrbGetTimeOutValue(srb) == 60 && SrbGetOriginalRequest(srb) == &failed);
    EXPECT(SrbGetNextSrb(srb) == srb);
    SrbAssignSrbFlags(srb, SRB_FLAGS_DATA_IN);
    SrbSetSrbFlags(srb, SRB_FLAGS_NO_QUEUE_FREEZE);
    EXPECT(SrbGetSrbFlags(srb) == (SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE));
    SrbClearSrbFlags(srb, SRB_FLAGS_DATA_IN);
    EXPECT(SrbGetSrbFlags(srb) == SRB_FLAGS_NO_QUEUE_FREEZE);
    SrbSetRequestTag(srb, 7);
    SrbSetRequestAttribute(srb, SRB_ORDERED_QUEUE_TAG_REQUEST);
    SrbSetSystemStatus(srb, 0xC0000001);
    EXPECT(SrbGetRequestTag(srb) == 7 && SrbGetQueueTag(srb) == 7);
    EXPECT(SrbGetQueueAction(srb) == SRB_ORDERED_QUEUE_TAG_REQUEST);
    EXPECT(SrbGetSystemStatus(srb) == 0xC0000001);
    SrbSetCdbLength(srb, 16);
    SrbSetScsiStatus(srb, SCSISTAT_CHECK_CONDITION);
    SrbSetSenseInfoBuffer(srb, memory);
    SrbSetSenseInfoBufferLength(srb, sizeof memory);
    EXPECT(SrbGetCdbLength(srb) == 16 && SrbGetScsiStatus(srb) == SCSISTAT_CHECK_CONDITION);
    EXPECT(SrbGetSenseInfoBuffer(srb) == memory);
    EXPECT(SrbGetSenseInfoBufferLength(srb) == sizeof memory);
    SrbGetCdb(srb)->CDB10.OperationCode = SCSIOP_WRITE;
    EXPECT(SrbGetCdb(srb)->AsByte[0] == 0x2A);
}

static void
check_missing(void)
{
    struct extended x;
    UCHAR path = 9, target = 9, lun = 9;

    extended_init(&x, SrbExDataTypeIoInfo);
    EXPECT(SrbGetCdb(&x) == NULL && SrbGetCdbLength(&x) == 0 && SrbGetSenseInfoBuffer(&x) == NULL);
    EXPECT(!SrbGetScsiData(&x, NULL, NULL, NULL, NULL, NULL));
    EXPECT(SrbGetSrbExDataByType(&x.srb, SrbExDataTypeIoInfo) == &x.data.any);
    EXPECT(SrbGetSrbExDataByType(&x.srb, SrbExDataTypePnP) == NULL);
    EXPECT(SrbGetSrbExDataByIndex(&x.srb, 1) == NULL);
    x.srb.SrbExDataOffset[0] = sizeof x;
    EXPECT(SrbGetSrbExDataByIndex(&x.srb, 0) == NULL);
    x.address.Type = STOR_ADDRESS_TYPE_UNKNOWN;
    SrbGetPathTargetLun(&x, &path, &target, &lun);
    EXPECT(path == 0 && target == 0 && lun == 0);
}

int
main(void)
{
    static const SRBEXDATATYPE types[] = {SrbExDataTypeScsiCdb16, SrbExDataTypeScsiCdb32,
                                          SrbExDataTypeScsiCdbVar};
    SCSI_REQUEST_BLOCK old;
    struct extended x;

    memset(&old, 0, sizeof old);
    old.Length = sizeof old;
    old.SrbExtension = &old;
    check_common(&old, sizeof old);
    EXPECT(old.Cdb[0] == SCSIOP_WRITE && old.TargetId == 2 && SrbGetMiniportContext(&old) == &old);
    for (size_t i = 0; i < RTL_NUMBER_OF(types); i++) {
        extended_init(&x, types[i]);
        x.srb.MiniportContext = &x;
        check_common(&x, sizeof x);
        EXPECT(x.address.Lun == 3 && SrbGetMiniportContext(&x) == &x);
        EXPECT(SrbGetPrimarySrbExData(&x.srb) == &x.data.any);
    }
    EXPECT(x.data.var.CdbLength == 16 && x.data.var.Cdb[0] == SCSIOP_WRITE);
    SrbZeroSrb(&x);
    EXPECT(x.srb.SrbLength == sizeof x && x.srb.SrbFlags == 0 && x.srb.NumSrbExData == 0);
    EXPECT(!SrbCopySrb(&old, sizeof old, &x));
    check_missing();
    return failed;
}
