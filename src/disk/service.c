/*
 * What a disk does for itself while requests wait or run: START UNIT for a unit that stopped, READ
 * CAPACITY and the caching page after the unit said that they changed. One command at a time, its
 * request and buffer taken at open, asked for at DISPATCH by whoever saw the need.
 */
#include "disk_priv.h"

#include <errno.h>
#include <string.h>

#include "srb.h"

#define SERVICE_POLL_NS 1000000ull
#define CAPACITY16_BYTES 32u
#define CAPACITY10_BYTES 8u

int
service_init(struct disk *disk)
{
    struct service *service = &disk->service;

    service->buffer = rt_arena_alloc(disk->rt, DISK_SCRATCH_BYTES, NULL);
    if (!service->buffer)
        return -ENOMEM;
    if (!command_init(&service->command, disk, COMMAND_SERVICE))
        return -ENOMEM;
    return 0;
}

void
service_finish(struct disk *disk)
{
    struct service *service = &disk->service;

    for (bool running = true; running;) {
        uint8_t irql = rt_irql_raise(RT_IRQL_DISPATCH);
        rt_word_acquire(&service->lock);
        running = service->running;
        rt_word_release(&service->lock);
        rt_irql_lower(irql);
        if (running)
            rt_sleep_ns(SERVICE_POLL_NS);
    }
    command_finish_with(&service->command);
    if (service->buffer)
        rt_arena_free(disk->rt, service->buffer, DISK_SCRATCH_BYTES);
    service->buffer = NULL;
}

static void
service_capacity_set(struct service *service)
{
    struct command *command = &service->command;
    struct cdb cdb;
    uint32_t bytes = service->capacity10 ? CAPACITY10_BYTES : CAPACITY16_BYTES;

    if (service->capacity10)
        cdb_read_capacity10(&cdb);
    else
        cdb_read_capacity16(&cdb, bytes);
    command_set(command, &cdb, SRB_FLAGS_DATA_IN, service->buffer, bytes);
}

/* Starts the duty of the lowest bit; false: none is wanted. */
static bool
service_next(struct disk *disk)
{
    struct service *service = &disk->service;
    struct cdb cdb;

    rt_word_acquire(&service->lock);
    uint8_t wanted = service->wanted;
    service->duty = wanted & (uint8_t)-wanted;
    service->wanted &= (uint8_t)~service->duty;
    service->running = service->duty != 0;
    uint8_t duty = service->duty;
    rt_word_release(&service->lock);
    switch (duty) {
    case DUTY_START:
        cdb_start_stop(&cdb, true, false);
        command_set(&service->command, &cdb, 0, NULL, 0);
        break;
    case DUTY_CAPACITY:
        memset(service->buffer, 0, CAPACITY16_BYTES);
        service_capacity_set(service);
        break;
    case DUTY_MODE:
        memset(service->buffer, 0, SERVICE_MODE_BYTES);
        if (service->mode == 10)
            cdb_mode_sense10(&cdb, 0x08, SERVICE_MODE_BYTES, true);
        else
            cdb_mode_sense6(&cdb, 0x08, SERVICE_MODE_BYTES, true);
        command_set(&service->command, &cdb, SRB_FLAGS_DATA_IN, service->buffer,
                    SERVICE_MODE_BYTES);
        break;
    default:
        return false;
    }
    command_start(&service->command);
    return true;
}

void
service_want(struct disk *disk, uint8_t duties)
{
    struct service *service = &disk->service;

    rt_word_acquire(&service->lock);
    /* All who meet a stopped unit want the START UNIT that runs; news of a capacity may be
     * newer. */
    if (service->running && service->duty == DUTY_START)
        duties &= (uint8_t)~DUTY_START;
    if (!service->mode)
        duties &= (uint8_t)~DUTY_MODE;
    service->wanted |= duties;
    bool idle = !service->running && service->wanted;
    if (idle)
        service->running = true;
    rt_word_release(&service->lock);
    if (idle)
        service_next(disk);
}

void
service_finished(struct command *command, int error)
{
    struct disk *disk = command->disk;
    struct service *service = &disk->service;
    uint32_t moved = command->request->moved_bytes;
    struct mode_caching mode;
    struct capacity capacity;

    if (error)
        rt_log(disk->rt, RT_LOG_WARNING, "disk", "%s failed with error %d",
               service->duty == DUTY_START      ? "START UNIT"
               : service->duty == DUTY_CAPACITY ? "rereading the capacity"
                                                : "rereading the caching page",
               -error);
    else if (service->duty == DUTY_CAPACITY &&
             (service->capacity10 ? capacity10_parse(service->buffer, moved, &capacity)
                                  : capacity16_parse(service->buffer, moved, &capacity)))
        disk_capacity_set(disk, &capacity);
    else if (service->duty == DUTY_MODE &&
             (service->mode == 10 ? mode10_caching_parse(service->buffer, moved, &mode)
                                  : mode6_caching_parse(service->buffer, moved, &mode)))
        disk_cache_set(disk, &mode);
    service_next(disk);
}
