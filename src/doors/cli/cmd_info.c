/*
 * storport info: adapters, units, who they are, how deep their queues are and who said so. Either
 * starts a miniport for it, or asks a running one through its control socket.
 */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { INFO_JSON = SESSION_COUNT, INFO_CONTROL };

static const struct option_row options[] = {
    SESSION_OPTIONS,
    {"json", NULL, "print JSON", INFO_JSON},
    {"control", "PATH", "ask the host behind this socket", INFO_CONTROL},
    {0},
};

struct arguments {
    struct session session;
    bool json;
    const char *control;
};

static int
take_option(void *context, int id, const char *value)
{
    struct arguments *arguments = context;

    if (id == INFO_JSON)
        arguments->json = true;
    else if (id == INFO_CONTROL)
        arguments->control = value;
    else
        return session_option(&arguments->session, id, value);
    return 0;
}

static int
take_word(void *context, const char *word)
{
    struct arguments *arguments = context;

    if (arguments->session.miniport) {
        complain("info: \"%s\" is too much; options of the miniport are written --option %s", word,
                 word);
        return -1;
    }
    arguments->session.miniport = word;
    return 0;
}

/* ---- asking a running host ---------------------------------------------------------------- */

static char *
control_ask(const char *path, const char *question)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char *text = NULL, part[4096];
    size_t bytes;
    FILE *out = NULL;
    ssize_t got;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof(address.sun_path))
        errno = ENAMETOOLONG;
    else if (fd >= 0) {
        strcpy(address.sun_path, path);
        if (!connect(fd, (struct sockaddr *)&address, sizeof(address)) &&
            send(fd, question, strlen(question), MSG_NOSIGNAL) > 0)
            out = open_memstream(&text, &bytes);
    }
    if (!out)
        complain("no host answers at %s: %s; is `storport run` still running?", path,
                 strerror(errno));
    while (out && (got = recv(fd, part, sizeof(part), 0)) > 0)
        fwrite(part, 1, (size_t)got, out);
    if (out)
        fclose(out);
    if (fd >= 0)
        close(fd);
    return text;
}

/* ---- for people --------------------------------------------------------------------------- */

#ifdef HAVE_JANSSON
#include <jansson.h>

static json_int_t
number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *
text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value ? value : "";
}

static bool
flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static void
size_print(json_int_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)bytes;
    unsigned step = 0;

    for (; value >= 1024 && step < 5; step++)
        value /= 1024;
    printf("%.*f %s", step && value != (double)(json_int_t)value ? 1 : 0, value, units[step]);
}

static void
disk_print(const json_t *disk)
{
    printf("  size          ");
    size_print(number(disk, "bytes"));
    printf(" (%lld bytes), blocks of %lld bytes (physical %lld)\n",
           (long long)number(disk, "bytes"), (long long)number(disk, "block_bytes"),
           (long long)number(disk, "physical_block_bytes"));
    printf("  transfers     at most ");
    size_print(number(disk, "transfer_max_bytes"));
    if (number(disk, "transfer_optimal_bytes")) {
        printf(", best ");
        size_print(number(disk, "transfer_optimal_bytes"));
    }
    printf("\n  it            %s, %s, %s, %s, %s\n",
           flag(disk, "read_only") ? "may only be read" : "may be written",
           flag(disk, "write_cache") ? "caches writes" : "caches no writes",
           flag(disk, "fua") ? "knows FUA" : "knows no FUA",
           flag(disk, "unmap") ? "unmaps" : "does not unmap",
           flag(disk, "rotational") ? "rotates" : "does not rotate");
}

static void
unit_print(const json_t *unit)
{
    const json_t *depth = json_object_get(unit, "queue_depth");
    const json_t *disk = json_object_get(unit, "disk");

    printf("\nunit %s\n", text(unit, "name"));
    printf("  product       %s %s, revision %s\n", text(unit, "vendor"), text(unit, "product"),
           text(unit, "revision"));
    printf("  serial        %s\n  identity      %s\n",
           *text(unit, "serial") ? text(unit, "serial") : "none",
           *text(unit, "identity") ? text(unit, "identity") : "none");
    printf("  queue depth   %lld of %lld, from %s\n", (long long)number(depth, "now"),
           (long long)number(depth, "max"), text(depth, "source"));
    if (disk)
        disk_print(disk);
}

static void
adapter_print(const json_t *adapter)
{
    const json_t *unit;
    size_t index;

    printf("adapter %lld, driver %s (%s miniport)\n", (long long)number(adapter, "number"),
           text(adapter, "driver"), flag(adapter, "virtual") ? "virtual" : "physical");
    printf("  transfers     at most ");
    size_print(number(adapter, "max_transfer_bytes"));
    printf(" in %lld pieces, alignment mask 0x%llx\n",
           (long long)number(adapter, "physical_breaks"),
           (unsigned long long)number(adapter, "alignment_mask"));
    printf("  requests      %lld, %lld per unit; queue depth at first %lld\n",
           (long long)number(adapter, "max_io"), (long long)number(adapter, "max_io_per_lun"),
           (long long)number(adapter, "initial_queue_depth"));
    printf("  addresses     %lld buses, %lld targets, %lld units each\n",
           (long long)number(adapter, "buses"), (long long)number(adapter, "targets"),
           (long long)number(adapter, "luns"));
    printf("  mode          %s, %lld channel%s, %s\n",
           flag(adapter, "full_duplex") ? "full duplex" : "half duplex",
           (long long)number(adapter, "channels"), number(adapter, "channels") == 1 ? "" : "s",
           flag(adapter, "extended_srb") ? "STORAGE_REQUEST_BLOCK" : "SCSI_REQUEST_BLOCK");
    json_array_foreach(json_object_get(adapter, "units"), index, unit) unit_print(unit);
}

static int
topology_print(const char *json)
{
    json_t *top = json_loads(json, 0, NULL);
    const json_t *adapter;
    size_t index;

    if (!top) {
        complain("info: the answer is no JSON");
        return EXIT_FAILED;
    }
    json_array_foreach(json_object_get(top, "adapters"), index, adapter)
    {
        if (index)
            putchar('\n');
        adapter_print(adapter);
    }
    if (number(top, "findings"))
        printf("\nfindings so far: %lld\n", (long long)number(top, "findings"));
    json_decref(top);
    return EXIT_OK;
}

#else

static int
topology_print(const char *json)
{
    (void)json;
    complain(
        "this build has no JSON, which info is made of: build it again with jansson's headers");
    return EXIT_FAILED;
}

#endif

static int
answer(const struct arguments *arguments, char *json)
{
    int code = EXIT_FAILED;

    if (json && arguments->json)
        code = printf("%s\n", json) < 0 ? EXIT_FAILED : EXIT_OK;
    else if (json)
        code = topology_print(json);
    free(json);
    return code;
}

static int
run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.control = getenv("STORPORT_CONTROL")};
    int code;

    session_init(&arguments.session);
    code = options_parse(command, argc, argv, take_option, take_word, &arguments);
    if (code < 0) {
        code = code == -2 ? EXIT_OK : EXIT_USAGE;
    } else if (!arguments.session.miniport && arguments.control) {
        code = answer(&arguments, control_ask(arguments.control, "info\n"));
    } else if (session_start(&arguments.session)) {
        code = EXIT_FAILED;
    } else {
        code = answer(&arguments, storport_host_json(arguments.session.host));
        if (session_stop(&arguments.session))
            code = EXIT_FAILED;
    }
    session_finish(&arguments.session);
    return code;
}

static const struct command self = {
    .name = "info",
    .words = "[MINIPORT]",
    .help = "show adapters, units, identities, queue depths",
    .options = options,
    .run = run,
};

const struct command *
command_info(void)
{
    return &self;
}
