/*
 * The end of every request: SRB status, SCSI status, residual, sense. The one file that knows how
 * an SRB says these things (DDI: _SCSI_REQUEST_BLOCK, "Error Handling in Storport Miniport
 * Drivers").
 */
#include "disk_priv.h"

VOID
disk_finish_srb(struct disk_request *request, UCHAR srb_status)
{
    /* A busy request is sent again as it is: its length must not change (DDI: HW_STARTIO). */
    if (srb_status != SRB_STATUS_BUSY && request->data_length != 0)
        SrbSetDataTransferLength(request->srb, 0);
    SrbSetSrbStatus(request->srb, srb_status);
}

/* `wanted` is what the command would have moved with a buffer long enough. */
VOID
disk_finish(struct disk_request *request, ULONG moved, ULONG wanted)
{
    PSCSI_REQUEST_BLOCK srb = request->srb;
    UCHAR status = SRB_STATUS_SUCCESS;

    /* DATA_OVERRUN stands for underruns too; DataTransferLength tells them apart. */
    if (moved != request->data_length || wanted > moved)
        status = SRB_STATUS_DATA_OVERRUN;
    if (moved != request->data_length)
        SrbSetDataTransferLength(srb, moved);
    SrbSetScsiStatus(srb, SCSISTAT_GOOD);
    SrbSetSrbStatus(srb, status);
}

VOID
disk_answer(struct disk_request *request, const VOID *bytes, ULONG length, ULONG allocation)
{
    ULONG wanted = length < allocation ? length : allocation;
    ULONG moved = wanted < request->data_length ? wanted : request->data_length;

    if (moved != 0)
        RtlCopyMemory(request->data, bytes, moved);
    disk_finish(request, moved, wanted);
}

ULONG
disk_sense_build(UCHAR bytes[32], BOOLEAN descriptor, UCHAR key, USHORT code)
{
    RtlZeroMemory(bytes, 32);
    if (descriptor) {
        bytes[0] = 0x72;
        bytes[1] = key;
        put16(bytes + 2, code);
        return 8;
    }
    bytes[0] = 0x70;
    bytes[2] = key;
    bytes[7] = 10;
    put16(bytes + 12, code);
    return 18;
}

/* CHECK CONDITION with these sense bytes, as many as the SRB has room for. */
static VOID
finish_check(struct disk_request *request, const UCHAR *sense, ULONG length)
{
    PSCSI_REQUEST_BLOCK srb = request->srb;
    PVOID buffer = SrbGetSenseInfoBuffer(srb);
    ULONG room = SrbGetSenseInfoBufferLength(srb);
    UCHAR status = SRB_STATUS_ERROR;

    if (request->data_length != 0)
        SrbSetDataTransferLength(srb, 0);
    SrbSetScsiStatus(srb, SCSISTAT_CHECK_CONDITION);
    if (buffer != NULL && room != 0 && !(SrbGetSrbFlags(srb) & SRB_FLAGS_DISABLE_AUTOSENSE)) {
        if (length > room)
            length = room;
        RtlCopyMemory(buffer, sense, length);
        SrbSetSenseInfoBufferLength(srb, (UCHAR)length);
        status |= SRB_STATUS_AUTOSENSE_VALID;
    }
    SrbSetSrbStatus(srb, status);
}

static BOOLEAN
sense_is_descriptor(const struct disk_request *request)
{
    return request->unit != NULL && disk_unit_is(request->unit, DISK_STATE_DESCRIPTOR_SENSE);
}

VOID
disk_fail(struct disk_request *request, UCHAR key, USHORT code)
{
    UCHAR sense[32];
    ULONG length = disk_sense_build(sense, sense_is_descriptor(request), key, code);

    finish_check(request, sense, length);
}

/* The fixed format has 32 bits for it: what does not fit is left out (SPC-4 4.5.3). */
VOID
disk_fail_information(struct disk_request *request, UCHAR key, USHORT code, ULONGLONG information)
{
    UCHAR sense[32];
    ULONG length = disk_sense_build(sense, sense_is_descriptor(request), key, code);

    if (sense[0] == 0x72) {
        sense[7] = 12;
        sense[8] = 0x00;
        sense[9] = 0x0a;
        sense[10] = 0x80;
        put64(sense + 12, information);
        length = 20;
    } else if (information <= 0xffffffff) {
        sense[0] |= 0x80;
        put32(sense + 3, (ULONG)information);
    }
    finish_check(request, sense, length);
}

static VOID
fail_field(struct disk_request *request, USHORT code, UCHAR flags, ULONG byte, LONG bit)
{
    UCHAR sense[32];
    ULONG length = disk_sense_build(sense, sense_is_descriptor(request), KEY_ILLEGAL_REQUEST, code);
    UCHAR *specific = sense + 15;

    if (sense[0] == 0x72) {
        sense[7] = 8;
        sense[8] = 0x02;
        sense[9] = 0x06;
        specific = sense + 12;
        length = 16;
    }
    specific[0] = (UCHAR)(0x80 | flags | (bit >= 0 ? 0x08 | bit : 0));
    put16(specific + 1, byte);
    finish_check(request, sense, length);
}

VOID
disk_fail_cdb(struct disk_request *request, ULONG byte, LONG bit)
{
    fail_field(request, CODE_INVALID_FIELD_IN_CDB, 0x40, byte, bit);
}

VOID
disk_fail_list(struct disk_request *request, ULONG byte, LONG bit)
{
    fail_field(request, CODE_INVALID_FIELD_IN_LIST, 0, byte, bit);
}

VOID
disk_fail_result(struct disk_request *request, enum disk_result result)
{
    switch (result) {
    case DISK_READ_ERROR:
        disk_fail_information(request, KEY_MEDIUM_ERROR, CODE_READ_ERROR, request->lba);
        break;
    case DISK_WRITE_ERROR:
        disk_fail_information(request, KEY_MEDIUM_ERROR, CODE_WRITE_ERROR, request->lba);
        break;
    case DISK_NO_SPACE:
        disk_fail(request, KEY_DATA_PROTECT, CODE_SPACE_ALLOCATION_FAILED);
        break;
    case DISK_PROTECTED:
        disk_fail(request, KEY_DATA_PROTECT, CODE_WRITE_PROTECTED);
        break;
    case DISK_NO_MEMORY:
        disk_fail(request, KEY_ABORTED_COMMAND, CODE_INSUFFICIENT_RESOURCES);
        break;
    default:
        disk_fail(request, KEY_HARDWARE_ERROR, CODE_INTERNAL_FAILURE);
        break;
    }
}

/* One report settles every reset that is pending, as a device does that was reset twice. */
USHORT
disk_attention_take(struct disk_unit *unit)
{
    static const struct {
        LONG reports, clears;
        USHORT code;
    } order[] = {
        {DISK_ATTENTION_POWER_ON, 0x07, CODE_POWER_ON},
        {DISK_ATTENTION_BUS_RESET, 0x06, CODE_BUS_RESET},
        {DISK_ATTENTION_UNIT_RESET, 0x04, CODE_UNIT_RESET},
        {DISK_ATTENTION_CAPACITY, 0x08, CODE_CAPACITY_CHANGED},
    };
    ULONG i;

    for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        /* Two processors may ask at once: the one that clears the bit reports it. */
        if (disk_unit_is(unit, order[i].reports) &&
            (InterlockedAnd(&unit->state, ~order[i].clears) & order[i].reports))
            return order[i].code;
    }
    return 0;
}
