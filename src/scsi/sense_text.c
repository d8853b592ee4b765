/*
 * The words of SPC-4 annex D for the additional sense codes that disks and their transports send.
 * Sorted by code: the search halves, and a test checks the order.
 */
#include "sense.h"

struct sense_row {
    uint16_t code;
    const char *text;
};

static const struct sense_row rows[] = {
    {0x0000, "no additional sense information"},
    {0x0006, "I/O process terminated"},
    {0x0016, "operation in progress"},
    {0x001d, "ATA pass-through information available"},
    {0x0100, "no index/sector signal"},
    {0x0200, "no seek complete"},
    {0x0300, "peripheral device write fault"},
    {0x0400, "logical unit not ready, cause not reportable"},
    {0x0401, "logical unit is in process of becoming ready"},
    {0x0402, "logical unit not ready, initializing command required"},
    {0x0403, "logical unit not ready, manual intervention required"},
    {0x0404, "logical unit not ready, format in progress"},
    {0x0405, "logical unit not ready, rebuild in progress"},
    {0x0407, "logical unit not ready, operation in progress"},
    {0x0409, "logical unit not ready, self-test in progress"},
    {0x040a, "logical unit not accessible, asymmetric access state transition"},
    {0x040b, "logical unit not accessible, target port in standby state"},
    {0x040c, "logical unit not accessible, target port in unavailable state"},
    {0x0411, "logical unit not ready, notify (enable spinup) required"},
    {0x0414, "logical unit not ready, space allocation in progress"},
    {0x041b, "logical unit not ready, sanitize in progress"},
    {0x0500, "logical unit does not respond to selection"},
    {0x0600, "no reference position found"},
    {0x0700, "multiple peripheral devices selected"},
    {0x0800, "logical unit communication failure"},
    {0x0801, "logical unit communication time-out"},
    {0x0802, "logical unit communication parity error"},
    {0x0900, "track following error"},
    {0x0a00, "error log overflow"},
    {0x0b00, "warning"},
    {0x0b01, "warning, specified temperature exceeded"},
    {0x0c00, "write error"},
    {0x0c01, "write error, recovered with auto reallocation"},
    {0x0c02, "write error, auto reallocation failed"},
    {0x0c03, "write error, recommend reassignment"},
    {0x1000, "ID CRC or ECC error"},
    {0x1001, "logical block guard check failed"},
    {0x1002, "logical block application tag check failed"},
    {0x1003, "logical block reference tag check failed"},
    {0x1100, "unrecovered read error"},
    {0x1101, "read retries exhausted"},
    {0x1104, "unrecovered read error, auto reallocate failed"},
    {0x110b, "unrecovered read error, recommend reassignment"},
    {0x1200, "address mark not found for ID field"},
    {0x1400, "recorded entity not found"},
    {0x1401, "record not found"},
    {0x1500, "random positioning error"},
    {0x1600, "data synchronization mark error"},
    {0x1700, "recovered data with no error correction applied"},
    {0x1701, "recovered data with retries"},
    {0x1800, "recovered data with error correction applied"},
    {0x1900, "defect list error"},
    {0x1a00, "parameter list length error"},
    {0x1b00, "synchronous data transfer error"},
    {0x1d00, "miscompare during verify operation"},
    {0x1d01, "miscompare verify of unmapped LBA"},
    {0x2000, "invalid command operation code"},
    {0x2100, "logical block address out of range"},
    {0x2101, "invalid element address"},
    {0x2200, "illegal function"},
    {0x2400, "invalid field in CDB"},
    {0x2500, "logical unit not supported"},
    {0x2600, "invalid field in parameter list"},
    {0x2601, "parameter not supported"},
    {0x2602, "parameter value invalid"},
    {0x2603, "threshold parameters not supported"},
    {0x2604, "invalid release of persistent reservation"},
    {0x2700, "write protected"},
    {0x2701, "hardware write protected"},
    {0x2702, "logical unit software write protected"},
    {0x2707, "space allocation failed write protect"},
    {0x2800, "not ready to ready change, medium may have changed"},
    {0x2900, "power on, reset, or bus device reset occurred"},
    {0x2901, "power on occurred"},
    {0x2902, "SCSI bus reset occurred"},
    {0x2903, "bus device reset function occurred"},
    {0x2904, "device internal reset"},
    {0x2905, "transceiver mode changed to single-ended"},
    {0x2907, "I_T nexus loss occurred"},
    {0x2a00, "parameters changed"},
    {0x2a01, "mode parameters changed"},
    {0x2a03, "reservations preempted"},
    {0x2a04, "reservations released"},
    {0x2a05, "registrations preempted"},
    {0x2a06, "asymmetric access state changed"},
    {0x2a09, "capacity data has changed"},
    {0x2b00, "copy cannot execute since host cannot disconnect"},
    {0x2c00, "command sequence error"},
    {0x2e00, "insufficient time for operation"},
    {0x2f00, "commands cleared by another initiator"},
    {0x2f01, "commands cleared by power loss notification"},
    {0x2f02, "commands cleared by device server"},
    {0x3000, "incompatible medium installed"},
    {0x3001, "cannot read medium, unknown format"},
    {0x3100, "medium format corrupted"},
    {0x3101, "format command failed"},
    {0x3200, "no defect spare location available"},
    {0x3500, "enclosure services failure"},
    {0x3700, "rounded parameter"},
    {0x3807, "thin provisioning soft threshold reached"},
    {0x3900, "saving parameters not supported"},
    {0x3a00, "medium not present"},
    {0x3a01, "medium not present, tray closed"},
    {0x3a02, "medium not present, tray open"},
    {0x3d00, "invalid bits in identify message"},
    {0x3e00, "logical unit has not self-configured yet"},
    {0x3e01, "logical unit failure"},
    {0x3e02, "time-out on logical unit"},
    {0x3f00, "target operating conditions have changed"},
    {0x3f01, "microcode has been changed"},
    {0x3f03, "INQUIRY data has changed"},
    {0x3f0e, "reported LUNs data has changed"},
    {0x4000, "RAM failure"},
    {0x4100, "data path failure"},
    {0x4200, "power-on or self-test failure"},
    {0x4300, "message error"},
    {0x4400, "internal target failure"},
    {0x4471, "ATA device failed set features"},
    {0x4500, "select or reselect failure"},
    {0x4600, "unsuccessful soft reset"},
    {0x4700, "SCSI parity error"},
    {0x4701, "data phase CRC error detected"},
    {0x4703, "information unit iuCRC error detected"},
    {0x4800, "initiator detected error message received"},
    {0x4900, "invalid message error"},
    {0x4a00, "command phase error"},
    {0x4b00, "data phase error"},
    {0x4c00, "logical unit failed self-configuration"},
    {0x4e00, "overlapped commands attempted"},
    {0x5000, "write append error"},
    {0x5300, "media load or eject failed"},
    {0x5302, "medium removal prevented"},
    {0x5500, "system resource failure"},
    {0x5501, "system buffer full"},
    {0x5504, "insufficient resources"},
    {0x5a00, "operator request or state change input"},
    {0x5a01, "operator medium removal request"},
    {0x5b00, "log exception"},
    {0x5c00, "RPL status change"},
    {0x5d00, "failure prediction threshold exceeded"},
    {0x5e00, "low power condition on"},
    {0x5e01, "idle condition activated by timer"},
    {0x5e02, "standby condition activated by timer"},
    {0x6500, "voltage fault"},
    {0x6700, "configuration failure"},
};

const char *
sense_code_text(uint8_t asc, uint8_t ascq)
{
    unsigned code = SENSE_CODE(asc, ascq);
    unsigned low = 0, high = sizeof(rows) / sizeof(rows[0]);

    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (rows[middle].code == code)
            return rows[middle].text;
        if (rows[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

unsigned
sense_code_count(void)
{
    return sizeof(rows) / sizeof(rows[0]);
}

const char *
sense_key_text(uint8_t key)
{
    static const char *const names[16] = {
        "NO SENSE",        "RECOVERED ERROR", "NOT READY",      "MEDIUM ERROR",
        "HARDWARE ERROR",  "ILLEGAL REQUEST", "UNIT ATTENTION", "DATA PROTECT",
        "BLANK CHECK",     "VENDOR SPECIFIC", "COPY ABORTED",   "ABORTED COMMAND",
        "RESERVED KEY 0C", "VOLUME OVERFLOW", "MISCOMPARE",     "COMPLETED",
    };
    return names[key & 0x0f];
}
