/*
 * The one place where statuses and sense become a verdict: retry, wait, or an errno. Tables, no
 * code elsewhere decides. It looks at a finished request and touches nothing.
 *
 * What is whose to retry: "Storage Class Driver's RetryRequest Routine" (class: device errors, bus
 * resets, time-outs; port: parity, selection, busy, which are not retried again here). The port's
 * busy retries end (BusyRetryCount), and a busy disk is no broken disk: those wait here.
 */
#include "disk_priv.h"

#include <errno.h>

#include "srb.h"

#define ANY VERDICT_ANY
#define RESET_MS 1000 /* a unit after a reset answers, but late */
#define BUSY_MS 1000
#define READY_MS 500
#define FULL_MS 100

static const struct verdict_row srb_rows[] = {
    {SRB_STATUS_PENDING, 0, 0, VERDICT_FAIL, 0, 0, -EIO},
    {SRB_STATUS_ABORTED, 0, 0, VERDICT_RETRY, 0, 0, -EIO},
    {SRB_STATUS_ABORT_FAILED, 0, 0, VERDICT_FAIL, 0, 0, -EIO},
    {SRB_STATUS_BUSY, 0, 0, VERDICT_RETRY, 0, BUSY_MS, -EBUSY},
    {SRB_STATUS_INVALID_REQUEST, 0, 0, VERDICT_FAIL, 0, 0, -EOPNOTSUPP},
    {SRB_STATUS_INVALID_PATH_ID, 0, 0, VERDICT_FAIL, 0, 0, -ENXIO},
    {SRB_STATUS_NO_DEVICE, 0, 0, VERDICT_FAIL, 0, 0, -ENODEV},
    {SRB_STATUS_TIMEOUT, 0, 0, VERDICT_RETRY, 0, 0, -ETIMEDOUT},
    {SRB_STATUS_SELECTION_TIMEOUT, 0, 0, VERDICT_FAIL, 0, 0, -ENODEV},
    {SRB_STATUS_COMMAND_TIMEOUT, 0, 0, VERDICT_RETRY, 0, 0, -ETIMEDOUT},
    {SRB_STATUS_MESSAGE_REJECTED, 0, 0, VERDICT_RETRY, 0, 0, -EIO},
    {SRB_STATUS_BUS_RESET, 0, 0, VERDICT_RETRY, 0, RESET_MS, -EIO},
    {SRB_STATUS_PARITY_ERROR, 0, 0, VERDICT_FAIL, 0, 0, -EIO},
    {SRB_STATUS_REQUEST_SENSE_FAILED, 0, 0, VERDICT_RETRY, 0, 0, -EIO},
    {SRB_STATUS_NO_HBA, 0, 0, VERDICT_FAIL, 0, 0, -ENODEV},
    {SRB_STATUS_DATA_OVERRUN, 0, 0, VERDICT_RETRY, 0, 0, -EIO},
    {SRB_STATUS_UNEXPECTED_BUS_FREE, 0, 0, VERDICT_RETRY, 0, 0, -EIO},
    {SRB_STATUS_PHASE_SEQUENCE_FAILURE, 0, 0, VERDICT_RETRY, 0, 0, -EIO},
    {SRB_STATUS_BAD_SRB_BLOCK_LENGTH, 0, 0, VERDICT_FAIL, 0, 0, -EINVAL},
    {SRB_STATUS_REQUEST_FLUSHED, 0, 0, VERDICT_RETRY, 0, 0, -ECANCELED},
    {SRB_STATUS_INVALID_LUN, 0, 0, VERDICT_FAIL, 0, 0, -ENXIO},
    {SRB_STATUS_INVALID_TARGET_ID, 0, 0, VERDICT_FAIL, 0, 0, -ENXIO},
    {SRB_STATUS_BAD_FUNCTION, 0, 0, VERDICT_FAIL, 0, 0, -EOPNOTSUPP},
    {SRB_STATUS_ERROR_RECOVERY, 0, 0, VERDICT_RETRY, 0, RESET_MS, -EIO},
    {SRB_STATUS_NOT_POWERED, 0, 0, VERDICT_RETRY, 0, BUSY_MS, -EIO},
    {SRB_STATUS_LINK_DOWN, 0, 0, VERDICT_RETRY, 0, BUSY_MS, -ENOLINK},
    {SRB_STATUS_INSUFFICIENT_RESOURCES, 0, 0, VERDICT_RETRY, 0, FULL_MS, -ENOMEM},
    {SRB_STATUS_THROTTLED_REQUEST, 0, 0, VERDICT_WAIT, 0, FULL_MS, -EBUSY},
    {SRB_STATUS_INTERNAL_ERROR, 0, 0, VERDICT_FAIL, 0, 0, -EIO},
};

/* SRB_STATUS_ERROR without sense that says more. */
static const struct verdict_row scsi_rows[] = {
    {SCSI_STATUS_CHECK_CONDITION, 0, 0, VERDICT_RETRY, 0, 0, -EIO},
    {SCSI_STATUS_BUSY, 0, 0, VERDICT_RETRY, 0, BUSY_MS, -EBUSY},
    {SCSI_STATUS_RESERVATION_CONFLICT, 0, 0, VERDICT_FAIL, 0, 0, -EBADE},
    {SCSI_STATUS_COMMAND_TERMINATED, 0, 0, VERDICT_RETRY, 0, 0, -EIO},
    {SCSI_STATUS_TASK_SET_FULL, 0, 0, VERDICT_WAIT, 0, FULL_MS, -EBUSY},
    {SCSI_STATUS_ACA_ACTIVE, 0, 0, VERDICT_RETRY, 0, FULL_MS, -EIO},
    {SCSI_STATUS_TASK_ABORTED, 0, 0, VERDICT_RETRY, 0, 0, -EIO},
};

/* The first row that matches. Source of codes: SPC-4 annex D, SBC-3. */
static const struct verdict_row sense_rows[] = {
    {SENSE_KEY_NO_SENSE, ANY, ANY, VERDICT_RETRY, 0, 0, -EIO},
    {SENSE_KEY_RECOVERED_ERROR, ANY, ANY, VERDICT_DONE, 0, 0, 0},

    {SENSE_KEY_NOT_READY, 0x04, 0x00, VERDICT_RETRY, 0, RESET_MS, -EIO},
    {SENSE_KEY_NOT_READY, 0x04, 0x01, VERDICT_WAIT, 0, READY_MS, -ETIMEDOUT},
    {SENSE_KEY_NOT_READY, 0x04, 0x02, VERDICT_WAIT, DUTY_START, READY_MS, -EIO},
    {SENSE_KEY_NOT_READY, 0x04, 0x03, VERDICT_FAIL, 0, 0, -ENOMEDIUM},
    {SENSE_KEY_NOT_READY, 0x04, 0x04, VERDICT_FAIL, 0, 0, -EBUSY}, /* FORMAT runs: hours */
    {SENSE_KEY_NOT_READY, 0x04, 0x05, VERDICT_WAIT, 0, READY_MS, -EBUSY},
    {SENSE_KEY_NOT_READY, 0x04, 0x06, VERDICT_WAIT, 0, READY_MS, -EBUSY},
    {SENSE_KEY_NOT_READY, 0x04, 0x07, VERDICT_WAIT, 0, READY_MS, -EBUSY},
    {SENSE_KEY_NOT_READY, 0x04, 0x08, VERDICT_WAIT, 0, READY_MS, -EBUSY},
    {SENSE_KEY_NOT_READY, 0x04, 0x09, VERDICT_WAIT, 0, READY_MS, -EBUSY},
    {SENSE_KEY_NOT_READY, 0x04, 0x0a, VERDICT_WAIT, 0, READY_MS, -EBUSY}, /* ALUA transition */
    {SENSE_KEY_NOT_READY, 0x04, 0x0b, VERDICT_FAIL, 0, 0, -EIO},
    {SENSE_KEY_NOT_READY, 0x04, 0x0c, VERDICT_FAIL, 0, 0, -EIO},
    {SENSE_KEY_NOT_READY, 0x04, 0x11, VERDICT_WAIT, 0, READY_MS, -EIO},
    {SENSE_KEY_NOT_READY, 0x04, 0x12, VERDICT_FAIL, 0, 0, -ENODEV},
    {SENSE_KEY_NOT_READY, 0x04, 0x14, VERDICT_WAIT, 0, READY_MS, -ENOSPC},
    {SENSE_KEY_NOT_READY, 0x04, 0x1b, VERDICT_FAIL, 0, 0, -EBUSY}, /* SANITIZE runs */
    {SENSE_KEY_NOT_READY, 0x3a, ANY, VERDICT_FAIL, 0, 0, -ENOMEDIUM},
    {SENSE_KEY_NOT_READY, ANY, ANY, VERDICT_RETRY, 0, RESET_MS, -EIO},

    {SENSE_KEY_MEDIUM_ERROR, ANY, ANY, VERDICT_FAIL, 0, 0, -EIO},
    {SENSE_KEY_HARDWARE_ERROR, ANY, ANY, VERDICT_RETRY, 0, 0, -EIO},

    {SENSE_KEY_ILLEGAL_REQUEST, 0x20, 0x00, VERDICT_FAIL, 0, 0, -EOPNOTSUPP},
    {SENSE_KEY_ILLEGAL_REQUEST, 0x20, ANY, VERDICT_FAIL, 0, 0, -EACCES},
    {SENSE_KEY_ILLEGAL_REQUEST, 0x21, 0x00, VERDICT_FAIL, DUTY_CAPACITY, 0, -EINVAL},
    {SENSE_KEY_ILLEGAL_REQUEST, 0x25, ANY, VERDICT_FAIL, 0, 0, -ENXIO},
    {SENSE_KEY_ILLEGAL_REQUEST, ANY, ANY, VERDICT_FAIL, 0, 0, -EINVAL},

    {SENSE_KEY_UNIT_ATTENTION, 0x28, ANY, VERDICT_ATTENTION, DUTY_CAPACITY | DUTY_MODE, 0, -EIO},
    {SENSE_KEY_UNIT_ATTENTION, 0x29, ANY, VERDICT_ATTENTION, DUTY_MODE, 0, -EIO},
    {SENSE_KEY_UNIT_ATTENTION, 0x2a, 0x01, VERDICT_ATTENTION, DUTY_MODE, 0, -EIO},
    {SENSE_KEY_UNIT_ATTENTION, 0x2a, 0x09, VERDICT_ATTENTION, DUTY_CAPACITY, 0, -EIO},
    {SENSE_KEY_UNIT_ATTENTION, ANY, ANY, VERDICT_ATTENTION, 0, 0, -EIO},

    {SENSE_KEY_DATA_PROTECT, 0x20, ANY, VERDICT_FAIL, 0, 0, -EPERM},
    {SENSE_KEY_DATA_PROTECT, 0x27, 0x07, VERDICT_FAIL, 0, 0, -ENOSPC},
    {SENSE_KEY_DATA_PROTECT, 0x74, ANY, VERDICT_FAIL, 0, 0, -EPERM},
    {SENSE_KEY_DATA_PROTECT, ANY, ANY, VERDICT_FAIL, 0, 0, -EROFS},

    {SENSE_KEY_BLANK_CHECK, ANY, ANY, VERDICT_FAIL, 0, 0, -EIO},
    {SENSE_KEY_VENDOR_SPECIFIC, ANY, ANY, VERDICT_RETRY, 0, 0, -EIO},
    {SENSE_KEY_COPY_ABORTED, ANY, ANY, VERDICT_FAIL, 0, 0, -EIO},
    {SENSE_KEY_ABORTED_COMMAND, 0x10, ANY, VERDICT_FAIL, 0, 0, -EILSEQ}, /* protection data */
    {SENSE_KEY_ABORTED_COMMAND, ANY, ANY, VERDICT_RETRY, 0, 0, -EIO},
    {SENSE_KEY_VOLUME_OVERFLOW, ANY, ANY, VERDICT_FAIL, 0, 0, -ENOSPC},
    {SENSE_KEY_MISCOMPARE, ANY, ANY, VERDICT_FAIL, 0, 0, -EILSEQ},
    {SENSE_KEY_COMPLETED, ANY, ANY, VERDICT_DONE, 0, 0, 0},
};

const struct verdict_row *
verdict_srb_rows(size_t *count)
{
    *count = sizeof(srb_rows) / sizeof(srb_rows[0]);
    return srb_rows;
}

const struct verdict_row *
verdict_scsi_rows(size_t *count)
{
    *count = sizeof(scsi_rows) / sizeof(scsi_rows[0]);
    return scsi_rows;
}

const struct verdict_row *
verdict_sense_rows(size_t *count)
{
    *count = sizeof(sense_rows) / sizeof(sense_rows[0]);
    return sense_rows;
}

/* What no table knows is tried again and then is an I/O error. */
static const struct verdict_row *
row_find(const struct verdict_row *rows, size_t count, unsigned status, unsigned asc, unsigned ascq)
{
    static const struct verdict_row unknown = {0, ANY, ANY, VERDICT_RETRY, 0, 0, -EIO};
    for (size_t i = 0; i < count; i++) {
        const struct verdict_row *row = &rows[i];
        if (row->status == status && (row->asc == ANY || row->asc == asc) &&
            (row->ascq == ANY || row->ascq == ascq))
            return row;
    }
    return &unknown;
}

static void
verdict_sense(const struct request *request, const struct sense *sense, struct verdict *out)
{
    size_t count;
    const struct verdict_row *rows = verdict_sense_rows(&count);
    const struct verdict_row *row = row_find(rows, count, sense->key, sense->asc, sense->ascq);
    *out = (struct verdict){row->action, row->error, row->delay_ms, row->duty, false};
    /* A write past the end is a disk that is full; a read is a mistake. */
    if (sense->key == SENSE_KEY_ILLEGAL_REQUEST && sense->asc == 0x21 &&
        (request->flags & SRB_FLAGS_DATA_OUT))
        out->error = -ENOSPC;
    /* SPC-4 4.5.7: a deferred error says that this command was not begun; it tells of another. */
    if (sense->deferred) {
        out->deferred = out->error && row->action != VERDICT_ATTENTION;
        out->action = VERDICT_RETRY;
        out->delay_ms = 0;
        if (!out->error)
            out->error = -EIO;
    }
}

static void
verdict_row(const struct verdict_row *rows, size_t count, unsigned status, struct verdict *out)
{
    const struct verdict_row *row = row_find(rows, count, status, 0, 0);
    *out = (struct verdict){row->action, row->error, row->delay_ms, row->duty, false};
}

void
verdict_of(const struct request *request, struct verdict *out)
{
    size_t count;
    const struct verdict_row *rows;
    struct sense sense;
    bool whole = request->moved_bytes >= request->data_bytes;

    *out = (struct verdict){VERDICT_DONE, 0, 0, 0, false};
    switch (request->srb_status) {
    case SRB_STATUS_SUCCESS:
        if (!whole)
            *out = (struct verdict){VERDICT_RETRY, -EIO, 0, 0, false};
        return;
    case SRB_STATUS_DATA_OVERRUN:
        /* The status of an underrun too; one that delivered the data is none. */
        if (request->moved_bytes == request->data_bytes && request->data_bytes &&
            request->scsi_status != SCSI_STATUS_CHECK_CONDITION)
            return;
        break;
    }
    if (request->scsi_status == SCSI_STATUS_CHECK_CONDITION &&
        sense_parse(request->sense, request->sense_bytes, &sense)) {
        verdict_sense(request, &sense, out);
        if (out->action == VERDICT_DONE && !whole)
            *out = (struct verdict){VERDICT_RETRY, -EIO, 0, 0, false};
        return;
    }
    if (request->srb_status == SRB_STATUS_ERROR) {
        rows = verdict_scsi_rows(&count);
        verdict_row(rows, count, request->scsi_status, out);
        return;
    }
    rows = verdict_srb_rows(&count);
    verdict_row(rows, count, request->srb_status, out);
}

int
disk_errno(const struct request *request)
{
    struct verdict verdict;
    verdict_of(request, &verdict);
    return verdict.action == VERDICT_DONE ? 0 : verdict.error;
}
