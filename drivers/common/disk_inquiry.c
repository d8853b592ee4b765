/*
 * Who the unit is: INQUIRY, its vital product data pages, REPORT LUNS. SPC-4 6.6, 6.33, 7.8;
 * SBC-3 6.6.
 */
#include "disk_priv.h"

#define STANDARD_BYTES 96
#define LIMITS_BYTES 64

static VOID
put_text(UCHAR *field, ULONG length, const char *text)
{
    ULONG i;

    for (i = 0; i < length; i++)
        field[i] = *text ? (UCHAR)*text++ : ' ';
}

static VOID
inquiry_standard(struct disk_request *request, ULONG allocation)
{
    /* SAM-5, SPC-4, SBC-3: no version of each claimed. */
    static const USHORT standards[] = {0x00a0, 0x0460, 0x04c0};
    UCHAR data[STANDARD_BYTES] = {0};
    ULONG i;

    /* 7Fh: this target could have such a unit, and has none (SPC-4 table 141). */
    data[0] = request->unit != NULL ? 0x00 : 0x7f;
    data[2] = 0x06; /* SPC-4 */
    data[3] = 0x12; /* HISUP, response data format 2 */
    data[4] = STANDARD_BYTES - 5;
    data[7] = 0x02; /* CMDQUE */
    put_text(data + 8, 8, "OPENSTOR");
    put_text(data + 16, 16, request->unit != NULL ? request->unit->product : "");
    put_text(data + 32, 4, "0001");
    for (i = 0; i < sizeof(standards) / sizeof(standards[0]); i++)
        put16(data + 58 + 2 * i, standards[i]);
    disk_answer(request, data, sizeof(data), allocation);
}

/* Pages in ascending order; 0 ends. */
static ULONG
page_list(const struct disk_unit *unit, UCHAR pages[8])
{
    ULONG count = 0;

    pages[count++] = 0x00;
    pages[count++] = 0x80;
    pages[count++] = 0x83;
    pages[count++] = 0xb0;
    pages[count++] = 0xb1;
    if (unit->ops->zero != NULL)
        pages[count++] = 0xb2;
    return count;
}

/*
 * Two names: "vendor product serial" (T10), and an NAA 3h (locally assigned) number made of the
 * serial by FNV-1a, so that equal configurations get equal names.
 */
static ULONG
page_identification(const struct disk_unit *unit, UCHAR *body)
{
    ULONGLONG name = 0xcbf29ce484222325ull;
    ULONG i, length;

    for (i = 0; i < DISK_SERIAL_BYTES; i++)
        name = (name ^ unit->serial[i]) * 0x100000001b3ull;
    for (i = 0; unit->product[i] != 0; i++)
        name = (name ^ (UCHAR)unit->product[i]) * 0x100000001b3ull;
    body[0] = 0x01;
    body[1] = 0x03;
    body[3] = 8;
    put64(body + 4, (name & 0x0fffffffffffffffull) | 0x3000000000000000ull);
    length = 12;
    body[length] = 0x02;
    body[length + 1] = 0x01;
    body[length + 3] = 24 + DISK_SERIAL_BYTES;
    put_text(body + length + 4, 8, "OPENSTOR");
    put_text(body + length + 12, 16, unit->product);
    RtlCopyMemory(body + length + 28, unit->serial, DISK_SERIAL_BYTES);
    return length + 28 + DISK_SERIAL_BYTES;
}

static ULONG
page_limits(const struct disk_unit *unit, UCHAR *body)
{
    ULONG physical = 1u << unit->physical_exponent;
    ULONG same_max = DISK_WRITE_SAME_BYTES_MAX / unit->block_bytes;

    body[0] = 0x01; /* WSNZ */
    body[1] = unit->ops->compare_and_write != NULL ? (UCHAR)unit->compare_blocks_max : 0;
    put16(body + 2, physical);
    put32(body + 4, unit->transfer_blocks_max); /* no length is the optimal one */
    if (unit->ops->zero != NULL) {
        put32(body + 16, 0xffffffff);
        put32(body + 20, DISK_UNMAP_DESCRIPTORS_MAX);
        put32(body + 24, unit->unmap_granularity_blocks);
        put32(body + 28, 0x80000000);
    }
    put64(body + 32, same_max);
    return LIMITS_BYTES - 4;
}

static VOID
inquiry_page(struct disk_request *request, UCHAR page, ULONG allocation)
{
    struct disk_unit *unit = request->unit;
    UCHAR data[128] = {0};
    UCHAR *body = data + 4;
    ULONG length;

    switch (page) {
    case 0x00:
        length = page_list(unit, body);
        break;
    case 0x80:
        RtlCopyMemory(body, unit->serial, DISK_SERIAL_BYTES);
        length = DISK_SERIAL_BYTES;
        break;
    case 0x83:
        length = page_identification(unit, body);
        break;
    case 0xb0:
        length = page_limits(unit, body);
        break;
    case 0xb1:
        put16(body, unit->rotational ? 7200 : 1);
        length = 60;
        break;
    case 0xb2:
        if (unit->ops->zero != NULL) {
            /* LBPU, LBPWS, LBPWS10, LBPRZ; thin provisioning. */
            body[1] = 0xe4;
            body[2] = 0x02;
            length = 4;
            break;
        }
        /* fall through */
    default:
        disk_fail_cdb(request, 2, -1);
        return;
    }
    data[1] = page;
    put16(data + 2, length);
    disk_answer(request, data, length + 4, allocation);
}

VOID
disk_inquiry(struct disk_request *request)
{
    ULONG allocation = get16(request->cdb + 3);

    if (request->cdb[1] & 0x01) {
        if (request->unit == NULL)
            disk_fail(request, KEY_ILLEGAL_REQUEST, CODE_UNIT_NOT_SUPPORTED);
        else
            inquiry_page(request, request->cdb[2], allocation);
        return;
    }
    if (request->cdb[2] != 0) {
        disk_fail_cdb(request, 2, -1);
        return;
    }
    inquiry_standard(request, allocation);
}

/* Written straight into the buffer: 255 units would be too much for the stack. */
VOID
disk_report_luns(struct disk_request *request)
{
    ULONG allocation = get32(request->cdb + 6);
    ULONG count = request->target->unit_count;
    ULONG wanted, room, moved, lun;
    UCHAR entry[8] = {0};

    if (request->cdb[2] > 2) {
        disk_fail_cdb(request, 2, -1);
        return;
    }
    if (request->cdb[2] == 1) /* well known units: none */
        count = 0;
    wanted = 8 + 8 * count;
    if (wanted > allocation)
        wanted = allocation;
    room = wanted < request->data_length ? wanted : request->data_length;
    put32(entry, 8 * count);
    moved = room < 8 ? room : 8;
    if (moved != 0)
        RtlCopyMemory(request->data, entry, moved);
    RtlZeroMemory(entry, sizeof(entry));
    for (lun = 0; lun < count && moved < room; lun++) {
        ULONG part = room - moved < 8 ? room - moved : 8;
        entry[1] = (UCHAR)lun;
        RtlCopyMemory(request->data + moved, entry, part);
        moved += part;
    }
    disk_finish(request, moved, wanted);
}
