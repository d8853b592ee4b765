/*
 * Several processors in HwStartIo at once. A counter that only COMPARE AND WRITE may raise loses no
 * step, although it spans two chunks and other threads unmap both; a block is never half old, half
 * new.
 */
#include "fake_port.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define THREADS 4
#define STEPS 2000

static unsigned failures;
static ULONG stop_unmapping;

static UCHAR
send_cdb(const char *cdb, UCHAR length, PVOID data, ULONG data_length)
{
    struct fake_request r = {.form = FAKE_EXTENDED,
                             .function = SRB_FUNCTION_EXECUTE_SCSI,
                             .cdb_length = length,
                             .data = data,
                             .data_length = data_length,
                             .sense_length = 18};

    memcpy(r.cdb, cdb, length);
    fake_send(&r);
    return SRB_STATUS(r.srb_status);
}

/* Blocks 1FFh and 200h: the last of one chunk, the first of the next. */
static void *
count_up(void *argument)
{
    UCHAR data[2048];
    unsigned steps = (unsigned)(size_t)argument;

    for (unsigned step = 0; step < steps;) {
        ULONG value;
        if (send_cdb("\x28\0\0\0\1\xff\0\0\2\0", 10, data, 1024) != SRB_STATUS_SUCCESS)
            break;
        memcpy(&value, data, sizeof(value));
        memcpy(data + 1024, data, 1024);
        value++;
        memcpy(data + 1024, &value, sizeof(value));
        memcpy(data + 1536, &value, sizeof(value));
        if (send_cdb("\x89\0\0\0\0\0\0\0\1\xff\0\0\0\2\0\0", 16, data, 2048) == SRB_STATUS_SUCCESS)
            step++;
    }
    return NULL;
}

/* Frees whole chunks far away and writes whole blocks there; reads them back. */
static void *
churn(void *argument)
{
    UCHAR pattern = (UCHAR)(size_t)argument;
    UCHAR list[24] = {0, 22, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0};
    UCHAR data[512];

    while (!__atomic_load_n(&stop_unmapping, __ATOMIC_RELAXED)) {
        memset(data, pattern, sizeof(data));
        send_cdb("\x2a\0\0\0\4\x10\0\0\1\0", 10, data, 512);
        send_cdb("\x28\0\0\0\4\x10\0\0\1\0", 10, data, 512);
        for (unsigned i = 1; i < sizeof(data); i++) {
            if (data[i] != data[0]) {
                __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
                return NULL;
            }
        }
        send_cdb("\x42\0\0\0\0\0\0\0\x18\0", 10, list, sizeof(list));
    }
    return NULL;
}

int
main(void)
{
    static const char *const values[] = {"Size=4M", NULL};
    pthread_t counters[THREADS], churners[2];
    UCHAR data[1024];
    ULONG low, high;

    fake_registry_set(values);
    if (fake_adapter_start() != SP_RETURN_FOUND)
        return 1;
    send_cdb("\0\0\0\0\0\0", 6, NULL, 0); /* takes the unit attention */
    for (size_t i = 0; i < 2; i++)
        pthread_create(&churners[i], NULL, churn, (void *)(i + 1));
    for (unsigned i = 0; i < THREADS; i++)
        pthread_create(&counters[i], NULL, count_up, (void *)(size_t)STEPS);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(counters[i], NULL);
    __atomic_store_n(&stop_unmapping, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < 2; i++)
        pthread_join(churners[i], NULL);
    send_cdb("\x28\0\0\0\1\xff\0\0\2\0", 10, data, 1024);
    memcpy(&low, data, sizeof(low));
    memcpy(&high, data + 512, sizeof(high));
    if (low != THREADS * STEPS || high != low) {
        fprintf(stderr, "counted to %u and %u, want %u\n", low, high, THREADS * STEPS);
        failures++;
    }
    fake_adapter_stop();
    if (fake_pool_outstanding() != 0)
        failures++;
    return failures != 0;
}
