/*
 * A whole program on the embedding API: hosts the ramdisk miniport, writes a line to its disk,
 * reads it back, prints what the disk is.
 *
 *     cc hello-host.c $(pkg-config --cflags --libs storport) -o hello-host
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <storport/host.h>

static int
fail(const char *what, int code, char *error)
{
    fprintf(stderr, "hello-host: %s: %s\n", what, error ? error : strerror(-code));
    free(error);
    return 1;
}

static int
use(struct storport_unit *unit)
{
    static const char line[] = "Hello from a Storport miniport.";
    struct storport_unit_info info = {.size = sizeof(info)};
    char back[sizeof(line)], *error;
    int code;

    if ((code = storport_unit_info(unit, &info, &error)))
        return fail("info", code, error);
    printf("%s: %s %s, %" PRIu64 " bytes\n", info.name, info.vendor, info.product, info.bytes);
    /* Any alignment: the class driver's part reads, modifies and writes the block. */
    if ((code = storport_write(unit, line, sizeof(line), 1001, STORPORT_FUA)))
        return fail("write", code, NULL);
    if ((code = storport_read(unit, back, sizeof(back), 1001)))
        return fail("read", code, NULL);
    puts(back);
    return strcmp(line, back) ? 1 : 0;
}

int
main(void)
{
    struct storport_host_config config = {.size = sizeof(config)};
    const char *options[] = {"SizeMB=8"};
    struct storport_host *host;
    struct storport_driver *driver;
    struct storport_adapter *adapter;
    struct storport_unit *unit;
    char *error, *leaks;
    int code, status = 1;

    if ((code = storport_host_create(&config, &host, &error)))
        return fail("create", code, error);
    if ((code = storport_driver_load(host, "ramdisk", &driver, &error)))
        fail("load", code, error);
    else if ((code = storport_adapter_add(driver, options, 1, &adapter, &error)))
        fail("add", code, error);
    else if (!(unit = storport_unit_find(host, "")))
        fail("find", -19, NULL);
    else {
        status = use(unit);
        storport_unit_put(unit);
    }
    storport_host_destroy(host, &leaks);
    if (leaks)
        status = fail("destroy", 0, leaks);
    return status;
}
