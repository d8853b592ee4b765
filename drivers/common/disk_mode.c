/*
 * Mode pages: error recovery (01h), caching (08h), control (0Ah), informational exceptions (1Ch).
 * Two bits can be changed: WCE in caching, where the store has a cache, and D_SENSE in control.
 * SPC-4 6.9 to 6.12 and 7.5; SBC-3 6.5.
 */
#include "disk_priv.h"

#define PAGE_RECOVERY 0x01
#define PAGE_CACHING 0x08
#define PAGE_CONTROL 0x0a
#define PAGE_EXCEPTIONS 0x1c
#define PAGE_ALL 0x3f

enum page_control {
    PAGE_CURRENT,
    PAGE_CHANGEABLE,
    PAGE_DEFAULT,
    PAGE_SAVED,
};

static const UCHAR page_order[] = {PAGE_RECOVERY, PAGE_CACHING, PAGE_CONTROL, PAGE_EXCEPTIONS};

static BOOLEAN
page_write_cache(const struct disk_unit *unit, enum page_control control)
{
    switch (control) {
    case PAGE_CURRENT:
        return disk_unit_is(unit, DISK_STATE_WRITE_CACHE);
    case PAGE_CHANGEABLE:
        return unit->has_cache;
    default:
        return unit->write_cache_default;
    }
}

/* Writes one page, returns its length; 0: there is no such page. */
static ULONG
page_build(const struct disk_unit *unit, UCHAR page, enum page_control control, UCHAR *out)
{
    BOOLEAN values = control != PAGE_CHANGEABLE;
    ULONG length;

    switch (page) {
    case PAGE_RECOVERY:
        length = 12;
        break;
    case PAGE_CACHING:
        length = 20;
        break;
    case PAGE_CONTROL:
    case PAGE_EXCEPTIONS:
        length = 12;
        break;
    default:
        return 0;
    }
    RtlZeroMemory(out, length);
    out[0] = page;
    out[1] = (UCHAR)(length - 2);
    if (page == PAGE_RECOVERY && values) {
        out[2] = 0xc0; /* AWRE, ARRE */
    } else if (page == PAGE_CACHING) {
        if (page_write_cache(unit, control))
            out[2] = 0x04; /* WCE */
    } else if (page == PAGE_CONTROL) {
        if (control == PAGE_CHANGEABLE ||
            (control == PAGE_CURRENT && disk_unit_is(unit, DISK_STATE_DESCRIPTOR_SENSE)))
            out[2] = 0x04; /* D_SENSE */
        if (values) {
            out[3] = 0x10;          /* unrestricted reordering */
            put16(out + 8, 0xffff); /* busy for as long as it likes */
        }
    }
    return length;
}

static ULONG
descriptor_build(const struct disk_unit *unit, BOOLEAN long_form, UCHAR *out)
{
    if (long_form) {
        RtlZeroMemory(out, 16);
        put64(out, unit->blocks);
        put32(out + 12, unit->block_bytes);
        return 16;
    }
    put32(out, unit->blocks > 0xffffffff ? 0xffffffff : (ULONG)unit->blocks);
    put32(out + 4, unit->block_bytes);
    return 8;
}

VOID
disk_mode_sense(struct disk_request *request)
{
    struct disk_unit *unit = request->unit;
    const UCHAR *cdb = request->cdb;
    BOOLEAN ten = request->command->length == 10;
    enum page_control control = (enum page_control)(cdb[2] >> 6);
    UCHAR page = cdb[2] & 0x3f;
    UCHAR subpage = cdb[3];
    ULONG header = ten ? 8 : 4;
    ULONG at = header, before, i;
    UCHAR data[128] = {0};

    if (control == PAGE_SAVED) {
        disk_fail(request, KEY_ILLEGAL_REQUEST, CODE_SAVING_NOT_SUPPORTED);
        return;
    }
    if (subpage != 0 && !(page == PAGE_ALL && subpage == 0xff)) {
        disk_fail_cdb(request, 3, -1);
        return;
    }
    if (!(cdb[1] & 0x08))
        at += descriptor_build(unit, ten && (cdb[1] & 0x10), data + at);
    if (ten) {
        data[4] = (cdb[1] & 0x18) == 0x10; /* LONGLBA */
        put16(data + 6, at - header);
    } else {
        data[3] = (UCHAR)(at - header);
    }
    before = at;
    for (i = 0; i < sizeof(page_order); i++) {
        if (page == PAGE_ALL || page == page_order[i])
            at += page_build(unit, page_order[i], control, data + at);
    }
    if (at == before) {
        disk_fail_cdb(request, 2, 5);
        return;
    }
    /* Device-specific parameter: WP, DPOFUA. */
    data[ten ? 3 : 2] = (UCHAR)((unit->read_only ? 0x80 : 0) | 0x10);
    if (ten)
        put16(data, at - 2);
    else
        data[0] = (UCHAR)(at - 1);
    disk_answer(request, data, at, ten ? get16(cdb + 7) : cdb[4]);
}

/* What a parameter list asks for, gathered before anything is changed. */
struct mode_change {
    BOOLEAN caching, control;
    BOOLEAN write_cache, descriptor_sense;
};

/* FALSE: the request is answered. A block descriptor may only say what is so already. */
static BOOLEAN
select_descriptor(struct disk_request *request, ULONG at, ULONG length, BOOLEAN long_form)
{
    struct disk_unit *unit = request->unit;
    const UCHAR *descriptor = request->data + at;
    ULONGLONG blocks, most;
    ULONG size;

    if (length == 0)
        return TRUE;
    if (length != (long_form ? 16u : 8u)) {
        disk_fail_list(request, request->command->length == 10 ? 6 : 3, -1);
        return FALSE;
    }
    blocks = long_form ? get64(descriptor) : get32(descriptor);
    size = long_form ? get32(descriptor + 12) : get32(descriptor + 4) & 0xffffff;
    most = long_form ? 0xffffffffffffffffull : 0xffffffff;
    if (blocks != 0 && blocks != most && blocks != unit->blocks) {
        disk_fail_list(request, at, -1);
        return FALSE;
    }
    if (size != unit->block_bytes) {
        disk_fail_list(request, at + (long_form ? 12 : 5), -1);
        return FALSE;
    }
    return TRUE;
}

/* FALSE: the request is answered. Bits that cannot be changed must be as they are. */
static BOOLEAN
select_page(struct disk_request *request, ULONG at, ULONG end, struct mode_change *change,
            ULONG *next)
{
    struct disk_unit *unit = request->unit;
    const UCHAR *page = request->data + at;
    UCHAR current[32], changeable[32];
    ULONG length, i;

    length = page[0] & 0x40 ? 0 : page_build(unit, page[0] & 0x3f, PAGE_CURRENT, current);
    if (length == 0) {
        disk_fail_list(request, at, 5);
        return FALSE;
    }
    if (end - at < 2 || page[1] != length - 2) {
        disk_fail_list(request, at + 1, -1);
        return FALSE;
    }
    if (end - at < length) {
        disk_fail(request, KEY_ILLEGAL_REQUEST, CODE_PARAMETER_LIST_LENGTH);
        return FALSE;
    }
    page_build(unit, page[0] & 0x3f, PAGE_CHANGEABLE, changeable);
    for (i = 2; i < length; i++) {
        if ((page[i] ^ current[i]) & ~changeable[i]) {
            disk_fail_list(request, at + i, -1);
            return FALSE;
        }
    }
    if ((page[0] & 0x3f) == PAGE_CACHING) {
        change->caching = TRUE;
        change->write_cache = (page[2] & 0x04) != 0;
    } else if ((page[0] & 0x3f) == PAGE_CONTROL) {
        change->control = TRUE;
        change->descriptor_sense = (page[2] & 0x04) != 0;
    }
    *next = at + length;
    return TRUE;
}

static VOID
select_apply(struct disk_request *request, const struct mode_change *change, ULONG moved)
{
    struct disk_unit *unit = request->unit;
    enum disk_result result = DISK_OK;

    if (change->caching) {
        /* Off first, then out: no write between them stays behind. */
        disk_unit_set(unit, DISK_STATE_WRITE_CACHE, change->write_cache);
        if (!change->write_cache)
            result = disk_flush(request);
    }
    if (change->control)
        disk_unit_set(unit, DISK_STATE_DESCRIPTOR_SENSE, change->descriptor_sense);
    if (result != DISK_OK)
        disk_fail_result(request, result);
    else
        disk_finish(request, moved, moved);
}

VOID
disk_mode_select(struct disk_request *request)
{
    const UCHAR *cdb = request->cdb;
    BOOLEAN ten = request->command->length == 10;
    ULONG length = ten ? get16(cdb + 7) : cdb[4];
    ULONG header = ten ? 8 : 4;
    ULONG descriptor, at;
    struct mode_change change = {FALSE, FALSE, FALSE, FALSE};

    if (!(cdb[1] & 0x10)) { /* vendor's page format */
        disk_fail_cdb(request, 1, 4);
        return;
    }
    if (length == 0) {
        disk_finish(request, 0, 0);
        return;
    }
    if (request->data_length < length) {
        disk_finish(request, 0, length);
        return;
    }
    if (length < header) {
        disk_fail(request, KEY_ILLEGAL_REQUEST, CODE_PARAMETER_LIST_LENGTH);
        return;
    }
    descriptor = ten ? get16(request->data + 6) : request->data[3];
    if (descriptor > length - header) {
        disk_fail(request, KEY_ILLEGAL_REQUEST, CODE_PARAMETER_LIST_LENGTH);
        return;
    }
    if (!select_descriptor(request, header, descriptor, ten && (request->data[4] & 0x01)))
        return;
    for (at = header + descriptor; at < length;) {
        if (!select_page(request, at, length, &change, &at))
            return;
    }
    select_apply(request, &change, length);
}
