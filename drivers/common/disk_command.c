/*
 * The table of commands and the checks that come before every handler, in the order in which a
 * device server makes them: unit there? attention pending? command known? CDB lawful? unit ready?
 * writable? range on the disk? A row that says COMMAND_STORE waits for disk_perform().
 */
#include "disk_priv.h"

/* One row, one or two lines. */
/* clang-format off */
#define ROW(opcode, action, length, flags, handler, ...)                                           \
    {opcode, action, length, flags, handler, {opcode, __VA_ARGS__}}
#define ALL16 0xff, 0xff
#define ALL32 0xff, 0xff, 0xff, 0xff
#define ALL64 ALL32, ALL32
#define MEDIUM (COMMAND_READY | COMMAND_RANGE | COMMAND_STORE)
#define READS (MEDIUM | COMMAND_TRANSFER)
#define WRITES (MEDIUM | COMMAND_WRITES | COMMAND_TRANSFER)
#define ALWAYS (COMMAND_ATTENTION_OK | COMMAND_UNIT_OPTIONAL)

/* The first four are nearly all there is in a disk's life. Usage bytes: see struct disk_command. */
static const struct disk_command commands[] = {
    ROW(OP_READ16, ACTION_NONE, 16, READS, disk_read, 0x18, ALL64, ALL32),
    ROW(OP_WRITE16, ACTION_NONE, 16, WRITES, disk_write, 0x18, ALL64, ALL32),
    ROW(OP_READ10, ACTION_NONE, 10, READS, disk_read, 0x18, ALL32, 0, ALL16),
    ROW(OP_WRITE10, ACTION_NONE, 10, WRITES, disk_write, 0x18, ALL32, 0, ALL16),
    ROW(OP_READ6, ACTION_NONE, 6, READS, disk_read, 0x1f, ALL16, 0xff),
    ROW(OP_WRITE6, ACTION_NONE, 6, WRITES, disk_write, 0x1f, ALL16, 0xff),
    ROW(OP_READ12, ACTION_NONE, 12, READS, disk_read, 0x18, ALL32, ALL32),
    ROW(OP_WRITE12, ACTION_NONE, 12, WRITES, disk_write, 0x18, ALL32, ALL32),
    ROW(OP_TEST_UNIT_READY, ACTION_NONE, 6, COMMAND_READY, disk_test_unit_ready, 0),
    ROW(OP_REQUEST_SENSE, ACTION_NONE, 6, ALWAYS, disk_request_sense, 0x01, 0, 0, 0xff),
    ROW(OP_INQUIRY, ACTION_NONE, 6, ALWAYS, disk_inquiry, 0x01, 0xff, ALL16),
    ROW(OP_REPORT_LUNS, ACTION_NONE, 12, ALWAYS, disk_report_luns, 0, 0xff, 0, 0, 0, ALL32),
    ROW(OP_READ_CAPACITY10, ACTION_NONE, 10, COMMAND_READY, disk_read_capacity10, 0),
    ROW(OP_SERVICE_ACTION_IN16, ACTION_READ_CAPACITY16, 16, COMMAND_READY, disk_read_capacity16,
        0x1f, 0, 0, 0, 0, 0, 0, 0, 0, ALL32),
    ROW(OP_SERVICE_ACTION_IN16, ACTION_GET_LBA_STATUS, 16, COMMAND_READY | COMMAND_STORE,
        disk_lba_status, 0x1f, ALL64, ALL32),
    ROW(OP_MODE_SENSE6, ACTION_NONE, 6, 0, disk_mode_sense, 0x08, ALL16, 0xff),
    ROW(OP_MODE_SENSE10, ACTION_NONE, 10, 0, disk_mode_sense, 0x18, ALL16, 0, 0, 0, ALL16),
    ROW(OP_MODE_SELECT6, ACTION_NONE, 6, COMMAND_STORE, disk_mode_select, 0x10, 0, 0, 0xff),
    ROW(OP_MODE_SELECT10, ACTION_NONE, 10, COMMAND_STORE, disk_mode_select, 0x10, 0, 0, 0, 0, 0,
        ALL16),
    ROW(OP_START_STOP_UNIT, ACTION_NONE, 6, COMMAND_STORE, disk_start_stop, 0x01, 0, 0, 0x05),
    ROW(OP_SYNCHRONIZE_CACHE10, ACTION_NONE, 10, MEDIUM, disk_synchronize, 0x02, ALL32, 0, ALL16),
    ROW(OP_SYNCHRONIZE_CACHE16, ACTION_NONE, 16, MEDIUM, disk_synchronize, 0x02, ALL64, ALL32),
    ROW(OP_VERIFY10, ACTION_NONE, 10, MEDIUM, disk_verify, 0x16, ALL32, 0, ALL16),
    ROW(OP_VERIFY12, ACTION_NONE, 12, MEDIUM, disk_verify, 0x16, ALL32, ALL32),
    ROW(OP_VERIFY16, ACTION_NONE, 16, MEDIUM, disk_verify, 0x16, ALL64, ALL32),
    ROW(OP_UNMAP, ACTION_NONE, 10,
        COMMAND_READY | COMMAND_STORE | COMMAND_WRITES | COMMAND_NEEDS_ZERO, disk_unmap, 0, 0, 0, 0,
        0, 0, ALL16),
    ROW(OP_WRITE_SAME10, ACTION_NONE, 10, MEDIUM | COMMAND_WRITES, disk_write_same, 0x08, ALL32, 0,
        ALL16),
    ROW(OP_WRITE_SAME16, ACTION_NONE, 16, MEDIUM | COMMAND_WRITES, disk_write_same, 0x09, ALL64,
        ALL32),
    ROW(OP_COMPARE_AND_WRITE, ACTION_NONE, 16, MEDIUM | COMMAND_WRITES | COMMAND_NEEDS_COMPARE,
        disk_compare_and_write, 0x18, ALL64, 0, 0, 0, 0xff),
    ROW(OP_MAINTENANCE_IN, ACTION_REPORT_OPCODES, 12, 0, disk_report_opcodes, 0x1f, 0x87, 0xff,
        ALL16, ALL32),
};
/* clang-format on */

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* What a FLUSH or SHUTDOWN SRB becomes; no CDB leads here. */
static const struct disk_command flush_command = {
    .opcode = OP_SYNCHRONIZE_CACHE10,
    .action = ACTION_NONE,
    .length = 10,
    .flags = COMMAND_STORE,
    .handler = disk_synchronize,
};

const struct disk_command *
disk_command_row(ULONG index)
{
    return index < COMMAND_COUNT ? &commands[index] : NULL;
}

BOOLEAN
disk_command_supported(const struct disk_command *command, const struct disk_unit *unit)
{
    if ((command->flags & COMMAND_NEEDS_ZERO) && (unit == NULL || unit->ops->zero == NULL))
        return FALSE;
    if ((command->flags & COMMAND_NEEDS_COMPARE) &&
        (unit == NULL || unit->ops->compare_and_write == NULL))
        return FALSE;
    return TRUE;
}

const struct disk_command *
disk_command_find(const struct disk_unit *unit, UCHAR opcode, UCHAR action)
{
    ULONG i;

    for (i = 0; i < COMMAND_COUNT; i++) {
        const struct disk_command *command = &commands[i];
        if (command->opcode == opcode &&
            (command->action == ACTION_NONE || command->action == action))
            return disk_command_supported(command, unit) ? command : NULL;
    }
    return NULL;
}

/* Address and count sit where the opcode's group has them (SPC-4 4.2.5). */
static VOID
request_address(struct disk_request *request)
{
    const UCHAR *cdb = request->cdb;

    switch (request->command->length) {
    case 6:
        request->lba = get32(cdb) & 0x1fffff;
        request->blocks = cdb[4] ? cdb[4] : 256;
        break;
    case 10:
        request->lba = get32(cdb + 2);
        request->blocks = get16(cdb + 7);
        break;
    case 12:
        request->lba = get32(cdb + 2);
        request->blocks = get32(cdb + 6);
        break;
    default:
        request->lba = get64(cdb + 2);
        request->blocks = cdb[0] == OP_COMPARE_AND_WRITE ? cdb[13] : get32(cdb + 10);
        break;
    }
}

/* A reserved bit is set: point at the highest one in the first byte that has any. */
static VOID
fail_usage(struct disk_request *request)
{
    const struct disk_command *command = request->command;
    ULONG i;
    LONG bit = 7;
    UCHAR wrong = 0;

    for (i = 1; i < command->length; i++) {
        wrong = (UCHAR)(request->cdb[i] & ~command->usage[i]);
        if (wrong)
            break;
    }
    while (!(wrong & (1 << bit)))
        bit--;
    disk_fail_cdb(request, i, bit);
}

static BOOLEAN
cdb_is_lawful(const struct disk_request *request)
{
    const struct disk_command *command = request->command;
    UCHAR wrong = 0;
    ULONG i;

    for (i = 1; i < command->length; i++)
        wrong |= (UCHAR)(request->cdb[i] & ~command->usage[i]);
    return wrong == 0;
}

static ULONG
count_byte(UCHAR cdb_length)
{
    switch (cdb_length) {
    case 6:
        return 4;
    case 10:
        return 7;
    case 12:
        return 6;
    default:
        return 10;
    }
}

/* FALSE: the request is answered. */
static BOOLEAN
check_range(struct disk_request *request)
{
    struct disk_unit *unit = request->unit;

    request_address(request);
    if (request->lba > unit->blocks || request->blocks > unit->blocks - request->lba) {
        disk_fail_information(request, KEY_ILLEGAL_REQUEST, CODE_LBA_OUT_OF_RANGE,
                              request->lba > unit->blocks ? request->lba : unit->blocks);
        return FALSE;
    }
    if ((request->command->flags & COMMAND_TRANSFER) &&
        request->blocks > unit->transfer_blocks_max) {
        disk_fail_cdb(request, count_byte(request->command->length), -1);
        return FALSE;
    }
    return TRUE;
}

static BOOLEAN
check_unit(struct disk_request *request)
{
    const struct disk_command *command = request->command;
    struct disk_unit *unit = request->unit;
    USHORT code;

    if (unit == NULL && (command == NULL || !(command->flags & COMMAND_UNIT_OPTIONAL))) {
        disk_fail(request, KEY_ILLEGAL_REQUEST, CODE_UNIT_NOT_SUPPORTED);
        return FALSE;
    }
    if (unit != NULL && disk_unit_is(unit, DISK_ATTENTION_ALL) &&
        (command == NULL || !(command->flags & COMMAND_ATTENTION_OK))) {
        code = disk_attention_take(unit);
        if (code != 0) {
            disk_fail(request, KEY_UNIT_ATTENTION, code);
            return FALSE;
        }
    }
    return TRUE;
}

static BOOLEAN
check_request(struct disk_request *request, UCHAR cdb_length)
{
    const struct disk_command *command = request->command;
    struct disk_unit *unit = request->unit;

    if (!check_unit(request))
        return FALSE;
    if (command == NULL) {
        /* Known code, unknown service action: the field is wrong, not the code. */
        if (request->cdb[0] == OP_SERVICE_ACTION_IN16 || request->cdb[0] == OP_MAINTENANCE_IN)
            disk_fail_cdb(request, 1, 4);
        else
            disk_fail(request, KEY_ILLEGAL_REQUEST, CODE_INVALID_OPCODE);
        return FALSE;
    }
    if (cdb_length < command->length) {
        disk_finish_srb(request, SRB_STATUS_INVALID_REQUEST);
        return FALSE;
    }
    if (!cdb_is_lawful(request)) {
        fail_usage(request);
        return FALSE;
    }
    if ((command->flags & COMMAND_READY) && disk_unit_is(unit, DISK_STATE_STOPPED)) {
        disk_fail(request, KEY_NOT_READY, CODE_INITIALIZING_COMMAND_REQUIRED);
        return FALSE;
    }
    if ((command->flags & COMMAND_WRITES) && unit->read_only) {
        disk_fail(request, KEY_DATA_PROTECT, CODE_WRITE_PROTECTED);
        return FALSE;
    }
    return !(command->flags & COMMAND_RANGE) || check_range(request);
}

/* The buffer may be unmapped when memory was short (PORT_CONFIGURATION_INFORMATION, MapBuffers). */
static BOOLEAN
find_buffer(struct disk_request *request)
{
    PVOID address = NULL;

    request->data = SrbGetDataBuffer(request->srb);
    if (request->data != NULL || request->data_length == 0)
        return TRUE;
    if (request->unit != NULL && request->unit->discards_data && request->command != NULL &&
        (request->command->flags & COMMAND_TRANSFER))
        return TRUE;
    if (StorPortGetSystemAddress(request->adapter, request->srb, &address) == STOR_STATUS_SUCCESS) {
        request->data = address;
        return TRUE;
    }
    disk_finish_srb(request, SRB_STATUS_BUSY);
    return FALSE;
}

static VOID
request_begin(const struct disk_target *target, PVOID adapter, PSCSI_REQUEST_BLOCK srb,
              struct disk_request *request)
{
    UCHAR lun = SrbGetLun(srb);

    request->srb = srb;
    request->adapter = adapter;
    request->context = NULL;
    request->target = target;
    request->unit = lun < target->unit_count ? &target->units[lun] : NULL;
    request->command = NULL;
    request->cdb = NULL;
    request->data = NULL;
    request->data_length = SrbGetDataTransferLength(srb);
    request->lba = 0;
    request->blocks = 0;
}

BOOLEAN
disk_start(const struct disk_target *target, PVOID adapter, PSCSI_REQUEST_BLOCK srb,
           struct disk_request *request)
{
    UCHAR length = (UCHAR)SrbGetCdbLength(srb);

    request_begin(target, adapter, srb, request);
    request->cdb = (const UCHAR *)SrbGetCdb(srb);
    if (request->cdb == NULL || length < 6) {
        disk_finish_srb(request, SRB_STATUS_INVALID_REQUEST);
        return FALSE;
    }
    request->command = disk_command_find(request->unit, request->cdb[0], request->cdb[1] & 0x1f);
    if (!check_request(request, length) || !find_buffer(request))
        return FALSE;
    if (request->command->flags & COMMAND_STORE)
        return TRUE;
    request->command->handler(request);
    return FALSE;
}

BOOLEAN
disk_start_flush(const struct disk_target *target, PVOID adapter, PSCSI_REQUEST_BLOCK srb,
                 struct disk_request *request)
{
    request_begin(target, adapter, srb, request);
    request->data_length = 0;
    request->command = &flush_command;
    if (request->unit == NULL) {
        disk_finish_srb(request, SRB_STATUS_NO_DEVICE);
        return FALSE;
    }
    return TRUE;
}

VOID
disk_perform(struct disk_request *request)
{
    request->command->handler(request);
}

BOOLEAN
disk_request_range(const struct disk_request *request, ULONGLONG *offset, ULONGLONG *length)
{
    if (!(request->command->flags & COMMAND_RANGE)) {
        /* UNMAP's ranges are in its list: it may touch all. */
        *offset = 0;
        *length = request->unit->blocks * request->unit->block_bytes;
        return (request->command->flags & COMMAND_WRITES) != 0;
    }
    *offset = request->lba * request->unit->block_bytes;
    *length = (ULONGLONG)request->blocks * request->unit->block_bytes;
    return *length != 0;
}

BOOLEAN
disk_request_is_atomic(const struct disk_request *request)
{
    return request->command->handler == disk_compare_and_write;
}

VOID
disk_unit_set(struct disk_unit *unit, LONG state, BOOLEAN on)
{
    if (on)
        InterlockedOr(&unit->state, state);
    else
        InterlockedAnd(&unit->state, ~state);
}

VOID
disk_unit_reset(struct disk_unit *unit, LONG attention)
{
    disk_unit_set(unit, DISK_STATE_STOPPED | DISK_STATE_DESCRIPTOR_SENSE, FALSE);
    disk_unit_set(unit, DISK_STATE_WRITE_CACHE, unit->write_cache_default);
    InterlockedOr(&unit->state, attention);
}
