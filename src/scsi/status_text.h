/*
 * Names of the status codes that travel in an SRB, for logs and findings.
 * Each function returns the documented name in full, or NULL for a number that has none.
 */
#ifndef SCSI_STATUS_TEXT_H
#define SCSI_STATUS_TEXT_H

#include <stdint.h>

/* The low six bits, without QUEUE_FROZEN (40h) and AUTOSENSE_VALID (80h). */
const char *srb_status_text(uint8_t srb_status);
const char *srb_function_text(uint32_t function);
const char *scsi_status_text(uint8_t scsi_status);

#endif
