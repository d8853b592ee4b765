/*
 * See fake_kernel.h. One mutex and one condition for everything.
 */
#include "fake_kernel.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_object {
    DISPATCHER_HEADER header; /* first: waited for as any dispatcher object */
    enum { FAKE_THREAD, FAKE_EVENT } kind;
    ULONG references;
    pthread_t thread;
    PKSTART_ROUTINE start;
    PVOID context;
};

/* Type of a fake object's header that stays signalled. */
#define TYPE_STAYS 200

struct fake_file fake_files[2] = {{.name = "/a"}, {.name = "/b"}};
NTSTATUS fake_read_status, fake_write_status, fake_flush_status, fake_punch_status;
NTSTATUS fake_create_status;
BOOLEAN fake_pending;
BOOLEAN fake_flush_fail_once;
ULONG fake_thread_fail;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static BOOLEAN writes_hold;
static ULONG writes_held;
static ULONG objects;

VOID
fake_writes_hold(BOOLEAN hold)
{
    pthread_mutex_lock(&mutex);
    writes_hold = hold;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

ULONG
fake_writes_held(VOID)
{
    ULONG held;

    pthread_mutex_lock(&mutex);
    held = writes_held;
    pthread_mutex_unlock(&mutex);
    return held;
}

UCHAR
fake_durable_byte(const struct fake_file *file, ULONG offset)
{
    UCHAR byte;

    pthread_mutex_lock(&mutex);
    byte = file->durable[offset];
    pthread_mutex_unlock(&mutex);
    return byte;
}

ULONG
fake_objects_outstanding(VOID)
{
    return objects + fake_files[0].open + fake_files[1].open;
}

VOID
KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    *SpinLock = 0;
}

VOID
KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    memset(Semaphore, 0, sizeof(*Semaphore));
    Semaphore->Header.SignalState = Count;
    Semaphore->Limit = Limit;
}

LONG
KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment, BOOLEAN Wait)
{
    LONG before;

    pthread_mutex_lock(&mutex);
    before = Semaphore->Header.SignalState;
    Semaphore->Header.SignalState += Adjustment;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    return before;
}

VOID
KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    memset(Event, 0, sizeof(*Event));
    Event->Header.SignalState = State;
}

LONG
KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    LONG before;

    pthread_mutex_lock(&mutex);
    before = Event->Header.SignalState;
    Event->Header.SignalState = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    return before;
}

NTSTATUS
KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                      BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    PDISPATCHER_HEADER header = Object;

    pthread_mutex_lock(&mutex);
    while (header->SignalState <= 0)
        pthread_cond_wait(&changed, &mutex);
    if (header->Type != TYPE_STAYS)
        header->SignalState--;
    pthread_mutex_unlock(&mutex);
    return STATUS_SUCCESS;
}

NTSTATUS
ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    return KeWaitForSingleObject(Handle, Executive, KernelMode, Alertable, Timeout);
}

static struct fake_object *
object_create(int kind)
{
    struct fake_object *object = calloc(1, sizeof(*object));

    object->kind = kind;
    object->references = 1;
    __atomic_fetch_add(&objects, 1, __ATOMIC_RELAXED);
    return object;
}

static VOID
object_put(struct fake_object *object)
{
    if (__atomic_sub_fetch(&object->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    if (object->kind == FAKE_THREAD)
        pthread_join(object->thread, NULL);
    free(object);
    __atomic_fetch_sub(&objects, 1, __ATOMIC_RELAXED);
}

NTSTATUS
ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
              EVENT_TYPE EventType, BOOLEAN InitialState)
{
    *EventHandle = object_create(FAKE_EVENT);
    return STATUS_SUCCESS;
}

static __thread struct fake_object *self;

static void *
thread_main(void *argument)
{
    self = argument;
    self->start(self->context);
    abort(); /* a system thread ends by PsTerminateSystemThread */
}

NTSTATUS
PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                     HANDLE ProcessHandle, PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                     PVOID StartContext)
{
    struct fake_object *object;

    if (fake_thread_fail != 0 && --fake_thread_fail == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    object = object_create(FAKE_THREAD);
    object->header.Type = TYPE_STAYS;
    object->start = StartRoutine;
    object->context = StartContext;
    pthread_create(&object->thread, NULL, thread_main, object);
    *ThreadHandle = object;
    return STATUS_SUCCESS;
}

NTSTATUS
PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    pthread_mutex_lock(&mutex);
    self->header.SignalState = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    pthread_exit(NULL);
}

NTSTATUS
ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                          KPROCESSOR_MODE AccessMode, PVOID *Object, PVOID HandleInformation)
{
    struct fake_object *object = Handle;

    __atomic_fetch_add(&object->references, 1, __ATOMIC_RELAXED);
    *Object = object;
    return STATUS_SUCCESS;
}

LONG_PTR
ObfDereferenceObject(PVOID Object)
{
    object_put(Object);
    return 0;
}

PVOID
ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return malloc(NumberOfBytes);
}

VOID
ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    free(P);
}

static BOOLEAN
name_is(PUNICODE_STRING name, const char *want)
{
    char text[64] = "\\??\\";
    ULONG i;

    strcat(text, want);
    for (i = 0; i < name->Length / sizeof(WCHAR) && text[i]; i++) {
        if (name->Buffer[i] != (UCHAR)text[i])
            return FALSE;
    }
    return i == name->Length / sizeof(WCHAR) && text[i] == 0;
}

NTSTATUS
ZwCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
             PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER AllocationSize, ULONG FileAttributes,
             ULONG ShareAccess, ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer,
             ULONG EaLength)
{
    if (fake_create_status != STATUS_SUCCESS)
        return fake_create_status;
    for (ULONG i = 0; i < 2; i++) {
        struct fake_file *file = &fake_files[i];
        if (!name_is(ObjectAttributes->ObjectName, file->name))
            continue;
        if (!file->exists && CreateDisposition != FILE_OPEN_IF)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        IoStatusBlock->Information = file->exists ? FILE_OPENED : FILE_CREATED;
        file->exists = TRUE;
        file->open++;
        *FileHandle = file;
        return STATUS_SUCCESS;
    }
    return STATUS_OBJECT_PATH_NOT_FOUND;
}

NTSTATUS
ZwClose(HANDLE Handle)
{
    for (ULONG i = 0; i < 2; i++) {
        if (Handle == &fake_files[i]) {
            fake_files[i].open--;
            return STATUS_SUCCESS;
        }
    }
    object_put(Handle);
    return STATUS_SUCCESS;
}

/* The end of an I/O, at once or with STATUS_PENDING and the event. */
static NTSTATUS
io_end(HANDLE event, PIO_STATUS_BLOCK io, NTSTATUS status, ULONG_PTR information)
{
    struct fake_object *object = event;

    io->Status = status;
    io->Information = information;
    if (!fake_pending || event == NULL)
        return status;
    pthread_mutex_lock(&mutex);
    object->header.SignalState = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    return STATUS_PENDING;
}

NTSTATUS
ZwReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
           PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, PLARGE_INTEGER ByteOffset,
           PULONG Key)
{
    struct fake_file *file = FileHandle;
    ULONGLONG offset = (ULONGLONG)ByteOffset->QuadPart;
    ULONG got = 0;

    if (fake_read_status != STATUS_SUCCESS)
        return io_end(Event, IoStatusBlock, fake_read_status, 0);
    pthread_mutex_lock(&mutex);
    if (offset < file->bytes)
        got = file->bytes - offset < Length ? (ULONG)(file->bytes - offset) : Length;
    memcpy(Buffer, file->cache + offset, got);
    pthread_mutex_unlock(&mutex);
    return io_end(Event, IoStatusBlock, got ? STATUS_SUCCESS : STATUS_END_OF_FILE, got);
}

NTSTATUS
ZwWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
            PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, PLARGE_INTEGER ByteOffset,
            PULONG Key)
{
    struct fake_file *file = FileHandle;
    ULONG offset = (ULONG)ByteOffset->QuadPart;

    pthread_mutex_lock(&mutex);
    writes_held++;
    while (writes_hold)
        pthread_cond_wait(&changed, &mutex);
    writes_held--;
    if (fake_write_status == STATUS_SUCCESS) {
        memcpy(file->cache + offset, Buffer, Length);
        memset(file->allocated + offset / 512, TRUE, Length / 512);
    }
    pthread_mutex_unlock(&mutex);
    return io_end(Event, IoStatusBlock, fake_write_status,
                  fake_write_status == STATUS_SUCCESS ? Length : 0);
}

NTSTATUS
ZwFlushBuffersFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock)
{
    struct fake_file *file = FileHandle;

    UCHAR *snapshot = malloc(sizeof(file->cache));
    NTSTATUS status = fake_flush_status;

    /* What is written meanwhile is not part of it. An error is told once. */
    pthread_mutex_lock(&mutex);
    file->flushes++;
    memcpy(snapshot, file->cache, sizeof(file->cache));
    if (fake_flush_fail_once)
        status = STATUS_IO_DEVICE_ERROR;
    fake_flush_fail_once = FALSE;
    pthread_mutex_unlock(&mutex);
    sched_yield();
    pthread_mutex_lock(&mutex);
    if (status == STATUS_SUCCESS)
        memcpy(file->durable, snapshot, sizeof(file->durable));
    pthread_mutex_unlock(&mutex);
    free(snapshot);
    IoStatusBlock->Status = status;
    return status;
}

NTSTATUS
ZwQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation,
                       ULONG Length, FILE_INFORMATION_CLASS FileInformationClass)
{
    PFILE_STANDARD_INFORMATION standard = FileInformation;

    memset(standard, 0, sizeof(*standard));
    standard->EndOfFile.QuadPart = ((struct fake_file *)FileHandle)->bytes;
    return STATUS_SUCCESS;
}

NTSTATUS
ZwSetInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation,
                     ULONG Length, FILE_INFORMATION_CLASS FileInformationClass)
{
    PFILE_END_OF_FILE_INFORMATION end = FileInformation;

    if (end->EndOfFile.QuadPart > FAKE_FILE_BYTES)
        return STATUS_DISK_FULL;
    ((struct fake_file *)FileHandle)->bytes = (ULONG)end->EndOfFile.QuadPart;
    return STATUS_SUCCESS;
}

static VOID
punch(struct fake_file *file, PFILE_ZERO_DATA_INFORMATION zero)
{
    ULONG offset = (ULONG)zero->FileOffset.QuadPart;
    ULONG length = (ULONG)zero->BeyondFinalZero.QuadPart - offset;

    pthread_mutex_lock(&mutex);
    memset(file->cache + offset, 0, length);
    if (file->sparse)
        memset(file->allocated + offset / 512, FALSE, length / 512);
    pthread_mutex_unlock(&mutex);
}

static ULONG
first_range(struct fake_file *file, PFILE_ALLOCATED_RANGE_BUFFER ask,
            PFILE_ALLOCATED_RANGE_BUFFER answer)
{
    ULONG at = (ULONG)ask->FileOffset.QuadPart / 512;
    ULONG end = at + (ULONG)ask->Length.QuadPart / 512;

    while (at < end && !file->allocated[at])
        at++;
    if (at == end)
        return 0;
    answer->FileOffset.QuadPart = (LONGLONG)at * 512;
    answer->Length.QuadPart = 0;
    for (; at < end && file->allocated[at]; at++)
        answer->Length.QuadPart += 512;
    return sizeof(*answer);
}

NTSTATUS
ZwFsControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                PIO_STATUS_BLOCK IoStatusBlock, ULONG FsControlCode, PVOID InputBuffer,
                ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength)
{
    ULONG length = 0;

    if (FsControlCode == FSCTL_SET_SPARSE) {
        ((struct fake_file *)FileHandle)->sparse = TRUE;
        return io_end(Event, IoStatusBlock, STATUS_SUCCESS, 0);
    }
    if (fake_punch_status != STATUS_SUCCESS)
        return io_end(Event, IoStatusBlock, fake_punch_status, 0);
    if (FsControlCode == FSCTL_SET_ZERO_DATA)
        punch(FileHandle, InputBuffer);
    else
        length = first_range(FileHandle, InputBuffer, OutputBuffer);
    return io_end(Event, IoStatusBlock, length ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS, length);
}
