/* storport scsi: one CDB to one unit, as it is, and the answer in words. */
#include "session.h"

#include "cdb.h"
#include "sense.h"
#include "status_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCSI_IN = SESSION_COUNT, SCSI_OUT, SCSI_SAVE, SCSI_TIMEOUT };

static const struct option_row options[] = {
    SESSION_OPTIONS,
    {"in", "N", "expect N bytes (else as many as the CDB says)", SCSI_IN},
    {"out", "FILE", "send the bytes of FILE", SCSI_OUT},
    {"save", "FILE", "write the data that came to FILE", SCSI_SAVE},
    {"timeout", "SECONDS", "of the request (else the unit's)", SCSI_TIMEOUT},
    {0},
};

#define DATA_MAX (64u << 20)

struct arguments {
    struct session session;
    const char *unit;
    const char *out, *save;
    uint32_t in_bytes, timeout_s;
    bool in_given;
    uint8_t cdb[CDB_BYTES_MAX];
    size_t cdb_bytes;
};

static int
number_take(const char *what, const char *value, uint32_t max, uint32_t *out)
{
    char *end = NULL;
    unsigned long long number = isdigit((unsigned char)*value) ? strtoull(value, &end, 0) : 0;

    if (!end || *end || number > max) {
        complain("%s %s: a number up to %u is wanted", what, value, max);
        return -1;
    }
    *out = (uint32_t)number;
    return 0;
}

static int
take_option(void *context, int id, const char *value)
{
    struct arguments *arguments = context;

    switch (id) {
    case SCSI_IN:
        arguments->in_given = true;
        return number_take("--in", value, DATA_MAX, &arguments->in_bytes);
    case SCSI_OUT:
        arguments->out = value;
        return 0;
    case SCSI_SAVE:
        arguments->save = value;
        return 0;
    case SCSI_TIMEOUT:
        return number_take("--timeout", value, 86400, &arguments->timeout_s);
    default:
        return session_option(&arguments->session, id, value);
    }
}

/* "12 00 …" in words of their own or run together. */
static int
cdb_take(struct arguments *arguments, const char *word)
{
    for (const char *at = word; *at; at += 2) {
        char pair[3] = {at[0], at[1], 0};
        if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1])) {
            complain(
                "scsi: \"%s\" is no byte of a CDB; write two hex digits each, such as 12 00 00",
                word);
            return -1;
        }
        if (arguments->cdb_bytes == CDB_BYTES_MAX) {
            complain("scsi: the CDB is longer than %d bytes", CDB_BYTES_MAX);
            return -1;
        }
        arguments->cdb[arguments->cdb_bytes++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return 0;
}

static int
take_word(void *context, const char *word)
{
    struct arguments *arguments = context;

    if (!arguments->session.miniport)
        arguments->session.miniport = word;
    else if (!arguments->unit)
        arguments->unit = word;
    else
        return cdb_take(arguments, word);
    return 0;
}

/* ---- data --------------------------------------------------------------------------------- */

static int
file_read(const char *path, struct storport_cdb *cdb)
{
    FILE *file = fopen(path, "re");
    uint8_t *data = malloc(DATA_MAX);
    size_t bytes = 0;

    if (!file || !data || ((bytes = fread(data, 1, DATA_MAX, file)) == 0 && ferror(file))) {
        complain("--out %s: %s", path, strerror(errno));
        free(data);
        if (file)
            fclose(file);
        return -1;
    }
    fclose(file);
    cdb->data = data;
    cdb->data_bytes = (uint32_t)bytes;
    cdb->direction = bytes ? 1 : 0;
    return 0;
}

/* How much the CDB itself says that it brings. */
static uint64_t
bytes_expected(const struct arguments *arguments, struct storport_unit *unit,
               const struct cdb_info *info)
{
    struct storport_unit_info disk = {.size = sizeof(disk)};

    if (arguments->in_given)
        return arguments->in_bytes;
    if (info->direction != CDB_DIRECTION_IN)
        return 0;
    if (!info->has_blocks || info->allocation_length)
        return info->allocation_length;
    return storport_unit_info(unit, &disk, NULL) ? 0 : (uint64_t)info->blocks * disk.block_bytes;
}

static int
data_prepare(const struct arguments *arguments, struct storport_unit *unit,
             struct storport_cdb *cdb)
{
    struct cdb_info info;
    uint64_t bytes;

    if (!cdb_decode(cdb->cdb, cdb->cdb_bytes, &info)) {
        complain("scsi: %u bytes are too few for opcode 0x%02x, which takes %u", cdb->cdb_bytes,
                 cdb->cdb[0], cdb_length_by_opcode(cdb->cdb[0]));
        return -1;
    }
    if (arguments->out)
        return file_read(arguments->out, cdb);
    bytes = bytes_expected(arguments, unit, &info);
    if (bytes > DATA_MAX) {
        complain("scsi: %llu bytes are too many for one request here (at most %u)",
                 (unsigned long long)bytes, DATA_MAX);
        return -1;
    }
    if (info.direction == CDB_DIRECTION_OUT && !arguments->in_given &&
        (info.blocks || info.allocation_length)) {
        complain("scsi: %s sends data; name it with --out FILE", info.name);
        return -1;
    }
    if (!bytes)
        return 0;
    cdb->data = calloc(1, bytes);
    cdb->data_bytes = (uint32_t)bytes;
    cdb->direction = -1;
    return cdb->data ? 0 : -1;
}

/* ---- the answer --------------------------------------------------------------------------- */

static void
hexdump(const uint8_t *data, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 16) {
        printf("  %06zx ", at);
        for (size_t i = 0; i < 16; i++)
            if (at + i < bytes)
                printf("%s%02x", i == 8 ? "  " : " ", data[at + i]);
            else
                printf("%s  ", i == 8 ? "  " : " ");
        printf("  ");
        for (size_t i = 0; i < 16 && at + i < bytes; i++)
            putchar(isprint(data[at + i]) ? data[at + i] : '.');
        putchar('\n');
    }
}

static void
answer_print(const struct storport_cdb *cdb)
{
    const char *srb = srb_status_text(cdb->srb_status), *scsi = scsi_status_text(cdb->scsi_status);
    struct sense sense;
    char text[240];

    printf("status  %s, %s\n", srb ? srb : "unknown SRB status", scsi ? scsi : "unknown status");
    if (cdb->sense_bytes && sense_parse(cdb->sense, cdb->sense_bytes, &sense)) {
        sense_format(&sense, text, sizeof(text));
        printf("sense   %s\n", text);
    }
    if (cdb->direction)
        printf("data    %u of %u bytes %s\n", cdb->moved_bytes, cdb->data_bytes,
               cdb->direction < 0 ? "came" : "went");
    if (cdb->direction < 0)
        hexdump(cdb->data, cdb->moved_bytes);
}

static int
data_save(const char *path, const struct storport_cdb *cdb)
{
    FILE *file = fopen(path, "we");
    size_t bytes = cdb->direction < 0 ? cdb->moved_bytes : 0;
    bool bad = !file || (bytes && fwrite(cdb->data, 1, bytes, file) != bytes);

    if (file && fclose(file))
        bad = true;
    if (bad)
        complain("--save %s: %s", path, strerror(errno));
    return bad ? EXIT_FAILED : EXIT_OK;
}

/* SRB_STATUS_SUCCESS, or SRB_STATUS_DATA_OVERRUN, which an answer shorter than asked has too. */
static bool
answer_good(const struct storport_cdb *cdb)
{
    return !cdb->scsi_status && (cdb->srb_status == 0x01 || cdb->srb_status == 0x12);
}

static int
unit_ask(const struct arguments *arguments, struct storport_unit *unit)
{
    struct storport_cdb cdb = {.size = sizeof(cdb),
                               .cdb_bytes = (uint8_t)arguments->cdb_bytes,
                               .timeout_s = arguments->timeout_s};
    struct storport_unit_info disk = {.size = sizeof(disk)};
    int code = EXIT_FAILED, error;
    char text[160];

    /* The class driver goes first, as on Windows: it takes the unit attention of power-on. */
    storport_unit_info(unit, &disk, NULL);
    memcpy(cdb.cdb, arguments->cdb, arguments->cdb_bytes);
    if (data_prepare(arguments, unit, &cdb))
        goto free_data;
    cdb_format(cdb.cdb, cdb.cdb_bytes, text, sizeof(text));
    printf("CDB     %s\n", text);
    error = storport_execute_cdb(unit, &cdb);
    if (error) {
        complain("scsi: the request was not run: %s", strerror(-error));
        goto free_data;
    }
    answer_print(&cdb);
    code = answer_good(&cdb) ? EXIT_OK : EXIT_FAILED;
    if (code == EXIT_OK && arguments->save)
        code = data_save(arguments->save, &cdb);

free_data:
    free(cdb.data);
    return code;
}

static int
run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {0};
    struct storport_unit *unit;
    int code;

    session_init(&arguments.session);
    code = options_parse(command, argc, argv, take_option, take_word, &arguments);
    if (code < 0) {
        code = code == -2 ? EXIT_OK : EXIT_USAGE;
        goto finish;
    }
    code = EXIT_USAGE;
    if (!arguments.cdb_bytes) {
        complain(
            "scsi: write MINIPORT UNIT CDB, such as: storport scsi ramdisk 0.0.0.0 12 00 00 00 "
            "24 00");
        goto finish;
    }
    code = EXIT_FAILED;
    if (session_start(&arguments.session))
        goto finish;
    unit = storport_unit_find(arguments.session.host, arguments.unit);
    if (unit)
        code = unit_ask(&arguments, unit);
    else
        complain("scsi: no unit %s; `storport info %s` lists them", arguments.unit,
                 arguments.session.miniport);
    storport_unit_put(unit);
    if (session_stop(&arguments.session))
        code = EXIT_FAILED;

finish:
    session_finish(&arguments.session);
    return code;
}

static const struct command self = {
    .name = "scsi",
    .words = "MINIPORT UNIT CDB…",
    .help = "send one CDB to a unit and show the answer",
    .options = options,
    .run = run,
};

const struct command *
command_scsi(void)
{
    return &self;
}
