/*
 * The unit of the fake port: SBC on an array. Addresses wrap at kept_blocks, so that a disk of many
 * terabytes fits.
 */
#include "fake.h"

static uint32_t
block_bytes(void)
{
    return 1u << fake.block_shift;
}

static uint8_t *
block_at(uint64_t lba)
{
    return fake.memory + ((lba % fake.kept_blocks) << fake.block_shift);
}

void
fake_sense(struct request *request, uint8_t key, uint8_t asc, uint8_t ascq, bool deferred)
{
    request->srb_status = SRB_STATUS_ERROR;
    request->scsi_status = SCSI_STATUS_CHECK_CONDITION;
    memset(request->sense, 0, 18);
    request->sense[0] = deferred ? 0x71 : 0x70;
    request->sense[2] = key;
    request->sense[7] = 10;
    request->sense[12] = asc;
    request->sense[13] = ascq;
    request->sense_bytes = 18;
}

/* Data to the initiator, cut to what it asked for. */
static void
give(struct request *request, const uint8_t *data, uint32_t bytes)
{
    request->moved_bytes = bytes < request->data_bytes ? bytes : request->data_bytes;
    memcpy(request->segment.base, data, request->moved_bytes);
    if (request->moved_bytes < request->data_bytes)
        request->srb_status = SRB_STATUS_DATA_OVERRUN;
}

static size_t
page_limits(uint8_t page[64])
{
    const struct vpd_block_limits *l = &fake.limits;

    memset(page, 0, 64);
    page[1] = VPD_PAGE_BLOCK_LIMITS;
    page[3] = 60;
    be32_put(page + 8, l->transfer_blocks_max);
    be32_put(page + 12, l->transfer_blocks_optimal);
    be32_put(page + 20, l->unmap_blocks_max);
    be32_put(page + 24, l->unmap_descriptors_max);
    be32_put(page + 28, l->unmap_granularity_blocks);
    be32_put(page + 32, l->unmap_alignment_blocks | (l->unmap_alignment_valid ? 1u << 31 : 0));
    be64_put(page + 36, l->write_same_blocks_max);
    return 64;
}

static size_t
page_provisioning(uint8_t page[64])
{
    memset(page, 0, 64);
    page[1] = VPD_PAGE_PROVISIONING;
    page[3] = 4;
    page[5] = (uint8_t)((fake.lbpu ? 0x80 : 0) | (fake.lbpws ? 0x40 : 0) | (fake.lbprz ? 4 : 0));
    page[6] = 2;
    return 8;
}

void
unit_info(const struct unit *unit, struct unit_info *out)
{
    (void)unit;
    memset(out, 0, sizeof(*out));
    out->present = true;
    out->target = 1;
    out->inquiry[0] = fake.inquiry_type;
    out->inquiry[1] = fake.removable ? 0x80 : 0;
    out->inquiry[2] = fake.inquiry_version;
    out->inquiry[3] = 2;
    out->inquiry[4] = 31;
    out->inquiry[7] = 2;
    memset(out->inquiry + 8, ' ', 28);
    out->inquiry_bytes = 36;
    if (fake.vpd_by_inquiry)
        return;
    if (fake.has_limits)
        out->limits_bytes = (uint16_t)page_limits(out->limits);
    if (fake.lbpu || fake.lbpws)
        out->provisioning_bytes = (uint16_t)page_provisioning(out->provisioning);
}

static void
obey_inquiry(struct request *request, const struct cdb_info *info)
{
    uint8_t page[64];

    if (info->page == VPD_PAGE_BLOCK_LIMITS && fake.has_limits)
        give(request, page, (uint32_t)page_limits(page));
    else if (info->page == VPD_PAGE_PROVISIONING && (fake.lbpu || fake.lbpws))
        give(request, page, (uint32_t)page_provisioning(page));
    else
        fake_sense(request, SENSE_KEY_ILLEGAL_REQUEST, 0x24, 0, false);
}

static void
obey_capacity10(struct request *request)
{
    uint8_t data[8];

    be32_put(data, fake.blocks > UINT32_MAX ? UINT32_MAX : (uint32_t)fake.blocks - 1);
    be32_put(data + 4, block_bytes());
    give(request, data, 8);
}

static void
obey_lba_status(struct request *request, const struct cdb_info *info)
{
    uint8_t data[8 + 2 * 16] = {0}; /* two entries at a time, so that callers must go on */
    uint64_t lba = info->lba;
    unsigned entries = 0;

    if (fake.no_lba_status) {
        fake_sense(request, SENSE_KEY_ILLEGAL_REQUEST, 0x20, 0, false);
        return;
    }
    while (entries < 2 && lba < fake.blocks) {
        uint8_t *entry = data + 8 + 16 * entries++;
        bool mapped = fake.mapped[lba];
        uint64_t from = lba;
        while (lba < fake.blocks && fake.mapped[lba] == mapped)
            lba++;
        be64_put(entry, from);
        be32_put(entry + 8, (uint32_t)(lba - from));
        entry[12] = mapped ? LBA_STATE_MAPPED : LBA_STATE_DEALLOCATED;
    }
    be32_put(data, 4 + 16 * entries);
    give(request, data, 8 + 16 * entries);
}

static void
obey_in16(struct request *request, const struct cdb_info *info)
{
    uint8_t data[32] = {0};

    if (info->service_action == CDB_SA_GET_LBA_STATUS) {
        obey_lba_status(request, info);
        return;
    }
    if (fake.no_capacity16) {
        fake_sense(request, SENSE_KEY_ILLEGAL_REQUEST, 0x20, 0, false);
        return;
    }
    be64_put(data, fake.blocks - 1);
    be32_put(data + 8, block_bytes());
    data[13] = 3;
    data[14] = (uint8_t)((fake.lbpme ? 0x80 : 0) | (fake.lbprz ? 0x40 : 0));
    give(request, data, 32);
}

static void
obey_mode(struct request *request, bool ten)
{
    uint8_t data[8 + 20] = {0};
    unsigned header = ten ? 8 : 4, bytes = header + (fake.no_caching_page ? 0 : 20);
    uint8_t device = (uint8_t)((fake.write_protected ? 0x80 : 0) | (fake.dpofua ? 0x10 : 0));

    if (!ten && fake.no_mode6) {
        fake_sense(request, SENSE_KEY_ILLEGAL_REQUEST, 0x20, 0, false);
        return;
    }
    data[ten ? 1 : 0] = (uint8_t)(bytes - (ten ? 2 : 1));
    data[ten ? 3 : 2] = device;
    if (!fake.no_caching_page) {
        data[header] = 0x08;
        data[header + 1] = 18;
        data[header + 2] = fake.wce ? 4 : 0;
    }
    give(request, data, bytes);
}

static void
obey_transfer(struct request *request, const struct cdb_info *info)
{
    /* A script may have cut data_bytes to show an underrun. */
    uint32_t bytes = info->blocks << fake.block_shift;
    bytes = bytes < request->data_bytes ? bytes : request->data_bytes;

    for (uint32_t at = 0; at < bytes; at += block_bytes()) {
        uint32_t part = bytes - at < block_bytes() ? bytes - at : block_bytes();
        uint8_t *block = block_at(info->lba + at / block_bytes());
        uint8_t *memory = (uint8_t *)request->segment.base + at;
        if (info->direction == CDB_DIRECTION_OUT)
            memcpy(block, memory, part);
        else
            memcpy(memory, block, part);
        if (info->direction == CDB_DIRECTION_OUT)
            fake.mapped[(info->lba + at / block_bytes()) % fake.kept_blocks] = true;
    }
    request->moved_bytes = bytes;
}

static void
unmap(uint64_t lba, uint64_t blocks)
{
    for (uint64_t i = 0; i < blocks && i < fake.kept_blocks; i++) {
        memset(block_at(lba + i), fake.lbprz ? 0 : 0xee, block_bytes());
        fake.mapped[(lba + i) % fake.kept_blocks] = false;
    }
}

static void
obey_unmap(struct request *request)
{
    const uint8_t *list = request->segment.base;

    CHECK(fake.lbpu);
    CHECK_EQ(be16_get(list + 2), 16);
    uint32_t blocks = be32_get(list + 16);
    if (fake.limits.unmap_blocks_max)
        CHECK(blocks <= fake.limits.unmap_blocks_max);
    unmap(be64_get(list + 8), blocks);
    request->moved_bytes = request->data_bytes;
}

static void
obey_same(struct request *request, const struct cdb_info *info)
{
    if (fake.no_write_same) {
        fake_sense(request, SENSE_KEY_ILLEGAL_REQUEST, 0x20, 0, false);
        return;
    }
    CHECK_EQ(request->data_bytes, block_bytes());
    CHECK(!info->unmap || fake.lbpws);
    if (fake.limits.write_same_blocks_max)
        CHECK(info->blocks <= fake.limits.write_same_blocks_max);
    for (uint64_t i = 0; i < info->blocks && i < fake.kept_blocks; i++)
        memcpy(block_at(info->lba + i), request->segment.base, block_bytes());
    if (info->unmap)
        unmap(info->lba, info->blocks);
    request->moved_bytes = request->data_bytes;
}

void
fake_obey(struct request *request)
{
    struct cdb_info info;
    bool unknown = false;

    if (request->function)
        return;
    CHECK(cdb_decode(request->cdb, request->cdb_bytes, &info));
    if (info.has_blocks && info.opcode != CDB_OP_SERVICE_ACTION_IN16 &&
        (info.lba > fake.blocks || info.blocks > fake.blocks - info.lba)) {
        fake_sense(request, SENSE_KEY_ILLEGAL_REQUEST, 0x21, 0, false);
        return;
    }
    switch (info.opcode) {
    case CDB_OP_TEST_UNIT_READY:
    case CDB_OP_START_STOP_UNIT:
        break;
    case CDB_OP_SYNCHRONIZE_CACHE10:
        unknown = fake.no_sync10;
        break;
    case CDB_OP_SYNCHRONIZE_CACHE16:
        unknown = fake.no_sync16;
        break;
    case CDB_OP_INQUIRY:
        obey_inquiry(request, &info);
        break;
    case CDB_OP_READ_CAPACITY10:
        obey_capacity10(request);
        break;
    case CDB_OP_SERVICE_ACTION_IN16:
        obey_in16(request, &info);
        break;
    case CDB_OP_MODE_SENSE6:
    case CDB_OP_MODE_SENSE10:
        obey_mode(request, info.opcode == CDB_OP_MODE_SENSE10);
        break;
    case CDB_OP_UNMAP:
        obey_unmap(request);
        break;
    case CDB_OP_WRITE_SAME16:
        obey_same(request, &info);
        break;
    default:
        CHECK(info.opcode == CDB_OP_READ10 || info.opcode == CDB_OP_READ16 ||
              info.opcode == CDB_OP_WRITE10 || info.opcode == CDB_OP_WRITE16);
        obey_transfer(request, &info);
    }
    if (unknown)
        fake_sense(request, SENSE_KEY_ILLEGAL_REQUEST, 0x20, 0, false);
}
