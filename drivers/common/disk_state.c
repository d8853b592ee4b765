/*
 * What state the unit is in and what it can do: TEST UNIT READY, REQUEST SENSE, START STOP UNIT,
 * READ CAPACITY, REPORT SUPPORTED OPERATION CODES.
 */
#include "disk_priv.h"

VOID
disk_test_unit_ready(struct disk_request *request)
{
    disk_finish(request, 0, 0);
}

VOID
disk_request_sense(struct disk_request *request)
{
    struct disk_unit *unit = request->unit;
    BOOLEAN descriptor = request->cdb[1] & 0x01;
    UCHAR key = KEY_NO_SENSE;
    USHORT code = CODE_NONE;
    UCHAR sense[32];
    ULONG length;

    if (unit == NULL) {
        key = KEY_ILLEGAL_REQUEST;
        code = CODE_UNIT_NOT_SUPPORTED;
    } else if (disk_unit_is(unit, DISK_ATTENTION_ALL) && (code = disk_attention_take(unit)) != 0) {
        key = KEY_UNIT_ATTENTION;
    } else if (disk_unit_is(unit, DISK_STATE_STOPPED)) {
        key = KEY_NOT_READY;
        code = CODE_INITIALIZING_COMMAND_REQUIRED;
    }
    length = disk_sense_build(sense, descriptor, key, code);
    disk_answer(request, sense, length, request->cdb[4]);
}

/* Stopping writes the cache out first (SBC-3 5.25). */
VOID
disk_start_stop(struct disk_request *request)
{
    struct disk_unit *unit = request->unit;
    BOOLEAN start = request->cdb[4] & 0x01;
    BOOLEAN no_flush = (request->cdb[4] & 0x04) != 0;

    if (!start && !no_flush) {
        enum disk_result result = disk_flush(request);
        if (result != DISK_OK) {
            disk_fail_result(request, result);
            return;
        }
    }
    disk_unit_set(unit, DISK_STATE_STOPPED, !start);
    disk_finish(request, 0, 0);
}

VOID
disk_read_capacity10(struct disk_request *request)
{
    struct disk_unit *unit = request->unit;
    ULONGLONG last = unit->blocks - 1;
    UCHAR data[8];

    put32(data, last > 0xffffffff ? 0xffffffff : (ULONG)last);
    put32(data + 4, unit->block_bytes);
    disk_answer(request, data, sizeof(data), sizeof(data));
}

VOID
disk_read_capacity16(struct disk_request *request)
{
    struct disk_unit *unit = request->unit;
    UCHAR data[32] = {0};

    put64(data, unit->blocks - 1);
    put32(data + 8, unit->block_bytes);
    data[13] = unit->physical_exponent;
    if (unit->ops->zero != NULL)
        data[14] = 0xc0; /* LBPME, LBPRZ */
    disk_answer(request, data, sizeof(data), get32(request->cdb + 10));
}

/* Appends to the answer as far as there is room; returns the new length of the whole. */
static ULONG
append(struct disk_request *request, ULONG room, ULONG at, const UCHAR *bytes, ULONG length)
{
    if (at < room)
        RtlCopyMemory(request->data + at, bytes, room - at < length ? room - at : length);
    return at + length;
}

/* Time-outs descriptor without any number: "not indicated" (SPC-4 6.35.4). */
static const UCHAR no_timeouts[12] = {0x00, 0x0a};

static VOID
report_all(struct disk_request *request, ULONG room, BOOLEAN timeouts, ULONG allocation)
{
    UCHAR bytes[8] = {0};
    ULONG at = 4, i;
    const struct disk_command *command;

    for (i = 0; (command = disk_command_row(i)) != NULL; i++) {
        if (!disk_command_supported(command, request->unit))
            continue;
        bytes[0] = command->opcode;
        bytes[5] = timeouts ? 0x02 : 0x00;
        put16(bytes + 2, 0);
        if (command->action != ACTION_NONE) {
            put16(bytes + 2, command->action);
            bytes[5] |= 0x01;
        }
        put16(bytes + 6, command->length);
        at = append(request, room, at, bytes, 8);
        if (timeouts)
            at = append(request, room, at, no_timeouts, sizeof(no_timeouts));
    }
    put32(bytes, at - 4);
    append(request, room, 0, bytes, 4);
    disk_finish(request, at < room ? at : room, at < allocation ? at : allocation);
}

static VOID
report_one(struct disk_request *request, const struct disk_command *command, BOOLEAN timeouts,
           ULONG allocation)
{
    UCHAR data[4 + 16 + 12] = {0};
    ULONG length = 4;

    data[1] = command != NULL ? 0x03 : 0x01; /* as the standard says; or not at all */
    if (command != NULL) {
        RtlCopyMemory(data + 4, command->usage, command->length);
        /* The service action's own bits are its value, not a mask. */
        if (command->action != ACTION_NONE)
            data[5] = (UCHAR)((data[5] & 0xe0) | command->action);
        put16(data + 2, command->length);
        length += command->length;
        if (timeouts) {
            data[1] |= 0x80;
            RtlCopyMemory(data + length, no_timeouts, sizeof(no_timeouts));
            length += sizeof(no_timeouts);
        }
    }
    disk_answer(request, data, length, allocation);
}

VOID
disk_report_opcodes(struct disk_request *request)
{
    const UCHAR *cdb = request->cdb;
    BOOLEAN timeouts = (cdb[2] & 0x80) != 0;
    UCHAR opcode = cdb[3];
    USHORT action = get16(cdb + 4);
    ULONG allocation = get32(cdb + 6);
    ULONG room = allocation < request->data_length ? allocation : request->data_length;
    BOOLEAN has_actions = opcode == OP_SERVICE_ACTION_IN16 || opcode == OP_MAINTENANCE_IN;
    const struct disk_command *command;

    switch (cdb[2] & 0x07) {
    case 0:
        report_all(request, room, timeouts, allocation);
        return;
    case 1:
        if (has_actions) {
            disk_fail_cdb(request, 2, 2);
            return;
        }
        action = 0;
        break;
    case 2:
        if (!has_actions) {
            disk_fail_cdb(request, 2, 2);
            return;
        }
        break;
    case 3:
        if (!has_actions && action != 0) {
            report_one(request, NULL, timeouts, allocation);
            return;
        }
        break;
    default:
        disk_fail_cdb(request, 2, 2);
        return;
    }
    command = action < 0x20 ? disk_command_find(request->unit, opcode, (UCHAR)action) : NULL;
    report_one(request, command, timeouts, allocation);
}
