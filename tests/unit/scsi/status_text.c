/* Names of SRB and SCSI statuses; flags are ignored, unknown numbers have no name. */
#include "status_text.h"

#include <stddef.h>

#include "check.h"

int
main(void)
{
    CHECK_TEXT(srb_status_text(0x01), "SUCCESS");
    CHECK_TEXT(srb_status_text(0x04 | 0x80 | 0x40), "ERROR");
    CHECK_TEXT(srb_status_text(0x12), "DATA_OVERRUN");
    CHECK_TEXT(srb_status_text(0x30), "INTERNAL_ERROR");
    CHECK(srb_status_text(0x3f) == NULL && srb_status_text(0x0c) == NULL);
    CHECK_TEXT(srb_function_text(0x13), "RESET_DEVICE");
    CHECK_TEXT(srb_function_text(0x28), "STORAGE_REQUEST_BLOCK");
    CHECK(srb_function_text(0x0a) == NULL && srb_function_text(0x2c) == NULL);
    CHECK(srb_function_text(UINT32_MAX) == NULL);
    CHECK_TEXT(scsi_status_text(0x02), "CHECK CONDITION");
    CHECK_TEXT(scsi_status_text(0x28), "TASK SET FULL");
    CHECK(scsi_status_text(0x01) == NULL);
    return check_failures != 0;
}
