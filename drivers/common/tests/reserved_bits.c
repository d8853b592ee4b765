/*
 * Every bit that a command's usage data leaves out, set once in each form of SRB: INVALID FIELD IN
 * CDB, with a field pointer to just that bit. And every CDB too short for its code.
 */
#include "fake_port.h"
#include "disk_priv.h"

#include <stdio.h>
#include <string.h>

static unsigned failures, cases;

static void
begin(struct fake_request *r, const struct disk_command *command, enum fake_form form)
{
    memset(r, 0, sizeof(*r));
    r->form = form;
    r->function = SRB_FUNCTION_EXECUTE_SCSI;
    r->cdb[0] = command->opcode;
    r->cdb[1] = command->action == ACTION_NONE ? 0 : command->action;
    r->cdb_length = command->length;
    r->sense_length = 18;
}

static void
try_bit(const struct disk_command *command, enum fake_form form, ULONG byte, ULONG bit)
{
    struct fake_request r;
    UCHAR pointer[3] = {(UCHAR)(0xc8 | bit), 0, (UCHAR)byte};

    begin(&r, command, form);
    r.cdb[byte] |= (UCHAR)(1 << bit);
    fake_send(&r);
    cases++;
    if (r.completions != 1 || r.scsi_status != SCSISTAT_CHECK_CONDITION ||
        r.srb_status != (SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID) || r.sense_length != 18 ||
        r.sense[2] != KEY_ILLEGAL_REQUEST || get16(r.sense + 12) != CODE_INVALID_FIELD_IN_CDB ||
        memcmp(r.sense + 15, pointer, 3) != 0) {
        fprintf(stderr, "opcode %02x byte %u bit %u: key %x code %04x pointer %02x %02x%02x\n",
                command->opcode, byte, bit, r.sense[2], get16(r.sense + 12), r.sense[15],
                r.sense[16], r.sense[17]);
        failures++;
    }
}

static void
try_short(const struct disk_command *command, enum fake_form form)
{
    struct fake_request r;

    begin(&r, command, form);
    r.cdb_length--;
    fake_send(&r);
    cases++;
    if (r.completions != 1 || r.srb_status != SRB_STATUS_INVALID_REQUEST) {
        fprintf(stderr, "opcode %02x, short CDB: SRB status %02x\n", command->opcode, r.srb_status);
        failures++;
    }
}

static void
try_command(const struct disk_command *command, enum fake_form form)
{
    if (command->usage[0] != command->opcode)
        failures++;
    try_short(command, form);
    for (ULONG byte = 1; byte < command->length; byte++) {
        for (ULONG bit = 0; bit < 8; bit++) {
            if (!(command->usage[byte] & (1 << bit)))
                try_bit(command, form, byte, bit);
        }
    }
}

int
main(void)
{
    static const char *const values[] = {"Size=1M", NULL};
    const struct disk_command *command;

    fake_registry_set(values);
    if (fake_adapter_start() != SP_RETURN_FOUND)
        return 1;
    for (int form = FAKE_LEGACY; form <= FAKE_EXTENDED; form++) {
        struct fake_request r;
        begin(&r, disk_command_find(NULL, OP_REQUEST_SENSE, 0), FAKE_LEGACY);
        fake_send(&r); /* takes the unit attention */
        for (ULONG i = 0; (command = disk_command_row(i)) != NULL; i++)
            try_command(command, (enum fake_form)form);
    }
    fake_adapter_stop();
    printf("%u cases, %u failures\n", cases, failures);
    return failures != 0 || cases < 500;
}
