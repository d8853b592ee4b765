/*
 * Random CDBs, parameter data and buffer lengths, two thirds of them with a code that the table
 * has. Each ends once, with a status that goes with its sense, and never moves more than the buffer
 * holds; under AddressSanitizer nothing is touched outside it.
 */
#include "fake_port.h"
#include "disk_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 200000

static ULONGLONG state;
static unsigned failures;

static ULONG
draw(ULONG limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (ULONG)((state >> 20) % limit);
}

static void
draw_cdb(struct fake_request *r)
{
    ULONG rows = 0;

    for (ULONG i = 0; i < 16; i++)
        r->cdb[i] = draw(3) ? 0 : (UCHAR)draw(256);
    r->cdb_length = (UCHAR)draw(17);
    if (draw(3) == 0)
        return;
    while (disk_command_row(rows) != NULL)
        rows++;
    const struct disk_command *command = disk_command_row(draw(rows));
    /* Mostly lawful and near the start of the disk. */
    for (ULONG i = 0; i < 16 && draw(8); i++)
        r->cdb[i] &= command->usage[i];
    r->cdb[0] = command->opcode;
    if (command->action != ACTION_NONE)
        r->cdb[1] = command->action;
    r->cdb_length = command->length;
    for (ULONG i = 2; command->length == 16 && i < 8; i++)
        r->cdb[i] = 0;
}

static BOOLEAN
is_consistent(const struct fake_request *r, ULONG length)
{
    if (r->completions != 1)
        return FALSE;
    switch (r->srb_status) {
    case SRB_STATUS_SUCCESS:
        return r->scsi_status == SCSISTAT_GOOD && r->data_length == length;
    case SRB_STATUS_DATA_OVERRUN:
        return r->scsi_status == SCSISTAT_GOOD && r->data_length <= length;
    case SRB_STATUS_INVALID_REQUEST:
        return r->data_length == 0;
    case SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID:
        return r->scsi_status == SCSISTAT_CHECK_CONDITION && r->data_length == 0 &&
               (r->sense[0] & 0x7c) == 0x70 && r->sense_length >= 8;
    default:
        return FALSE;
    }
}

static void
round_once(ULONG round)
{
    struct fake_request r = {.form = (enum fake_form)draw(2),
                             .function = SRB_FUNCTION_EXECUTE_SCSI,
                             .lun = (UCHAR)draw(3),
                             .sense_length = 32};
    ULONG length = draw(4) ? draw(3) * 512 : draw(2100);
    UCHAR *data = length ? malloc(length) : NULL;

    for (ULONG i = 0; i < length; i++)
        data[i] = draw(4) ? 0 : (UCHAR)draw(256);
    draw_cdb(&r);
    r.data = data;
    r.data_length = length;
    fake_send(&r);
    if (!is_consistent(&r, length)) {
        fprintf(stderr, "round %u, opcode %02x: SRB %02x SCSI %02x, %u of %u bytes\n", round,
                r.cdb[0], r.srb_status, r.scsi_status, r.data_length, length);
        failures++;
    }
    free(data);
}

int
main(int argc, char **argv)
{
    static const char *const values[] = {"Size=1M", "Luns=2", NULL};

    state = argc > 1 ? strtoull(argv[1], NULL, 0) : 0x9e3779b97f4a7c15ull;
    fake_registry_set(values);
    if (state == 0 || fake_adapter_start() != SP_RETURN_FOUND)
        return 1;
    for (ULONG round = 0; round < ROUNDS && failures < 10; round++)
        round_once(round);
    fake_adapter_stop();
    return failures != 0 || fake_pool_outstanding() != 0;
}
