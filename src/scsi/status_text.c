/*
 * Tables of names. The numbers are those of srb.h and SAM-5; the DDI's _SCSI_REQUEST_BLOCK page
 * lists them.
 */
#include "status_text.h"

#include <stddef.h>

const char *
srb_status_text(uint8_t srb_status)
{
    static const char *const names[64] = {
        [0x00] = "PENDING",
        [0x01] = "SUCCESS",
        [0x02] = "ABORTED",
        [0x03] = "ABORT_FAILED",
        [0x04] = "ERROR",
        [0x05] = "BUSY",
        [0x06] = "INVALID_REQUEST",
        [0x07] = "INVALID_PATH_ID",
        [0x08] = "NO_DEVICE",
        [0x09] = "TIMEOUT",
        [0x0a] = "SELECTION_TIMEOUT",
        [0x0b] = "COMMAND_TIMEOUT",
        [0x0d] = "MESSAGE_REJECTED",
        [0x0e] = "BUS_RESET",
        [0x0f] = "PARITY_ERROR",
        [0x10] = "REQUEST_SENSE_FAILED",
        [0x11] = "NO_HBA",
        [0x12] = "DATA_OVERRUN",
        [0x13] = "UNEXPECTED_BUS_FREE",
        [0x14] = "PHASE_SEQUENCE_FAILURE",
        [0x15] = "BAD_SRB_BLOCK_LENGTH",
        [0x16] = "REQUEST_FLUSHED",
        [0x20] = "INVALID_LUN",
        [0x21] = "INVALID_TARGET_ID",
        [0x22] = "BAD_FUNCTION",
        [0x23] = "ERROR_RECOVERY",
        [0x24] = "NOT_POWERED",
        [0x25] = "LINK_DOWN",
        [0x26] = "INSUFFICIENT_RESOURCES",
        [0x27] = "THROTTLED_REQUEST",
        [0x30] = "INTERNAL_ERROR",
    };
    return names[srb_status & 0x3f];
}

const char *
srb_function_text(uint32_t function)
{
    static const char *const names[0x2c] = {
        [0x00] = "EXECUTE_SCSI",
        [0x01] = "CLAIM_DEVICE",
        [0x02] = "IO_CONTROL",
        [0x03] = "RECEIVE_EVENT",
        [0x04] = "RELEASE_QUEUE",
        [0x05] = "ATTACH_DEVICE",
        [0x06] = "RELEASE_DEVICE",
        [0x07] = "SHUTDOWN",
        [0x08] = "FLUSH",
        [0x09] = "PROTOCOL_COMMAND",
        [0x10] = "ABORT_COMMAND",
        [0x11] = "RELEASE_RECOVERY",
        [0x12] = "RESET_BUS",
        [0x13] = "RESET_DEVICE",
        [0x14] = "TERMINATE_IO",
        [0x15] = "FLUSH_QUEUE",
        [0x16] = "REMOVE_DEVICE",
        [0x17] = "WMI",
        [0x18] = "LOCK_QUEUE",
        [0x19] = "UNLOCK_QUEUE",
        [0x1a] = "QUIESCE_DEVICE",
        [0x20] = "RESET_LOGICAL_UNIT",
        [0x21] = "SET_LINK_TIMEOUT",
        [0x22] = "LINK_TIMEOUT_OCCURRED",
        [0x23] = "LINK_TIMEOUT_COMPLETE",
        [0x24] = "POWER",
        [0x25] = "PNP",
        [0x26] = "DUMP_POINTERS",
        [0x27] = "FREE_DUMP_POINTERS",
        [0x28] = "STORAGE_REQUEST_BLOCK",
        [0x29] = "CRYPTO_OPERATION",
        [0x2a] = "GET_DUMP_INFO",
        [0x2b] = "FREE_DUMP_INFO",
    };
    return function < sizeof(names) / sizeof(names[0]) ? names[function] : NULL;
}

const char *
scsi_status_text(uint8_t scsi_status)
{
    switch (scsi_status) {
    case 0x00:
        return "GOOD";
    case 0x02:
        return "CHECK CONDITION";
    case 0x04:
        return "CONDITION MET";
    case 0x08:
        return "BUSY";
    case 0x10:
        return "INTERMEDIATE";
    case 0x14:
        return "INTERMEDIATE-CONDITION MET";
    case 0x18:
        return "RESERVATION CONFLICT";
    case 0x22:
        return "COMMAND TERMINATED";
    case 0x28:
        return "TASK SET FULL";
    case 0x30:
        return "ACA ACTIVE";
    case 0x40:
        return "TASK ABORTED";
    default:
        return NULL;
    }
}
