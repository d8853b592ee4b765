/*
 * Requests that need the image wait here for a thread that may sleep. HwStartIo only queues, so it
 * never blocks. Order is first come, first served, but for COMPARE AND WRITE: it runs beside
 * nothing that overlaps it. Resets complete what waits, and themselves when what runs has ended: a
 * thread inside ZwWriteFile cannot be called back, and its SRB's buffer must stay until it returns.
 */
#include "filedisk.h"

static BOOLEAN
ranges_meet(const struct filedisk_request *a, const struct filedisk_request *b)
{
    return a->ranged && b->ranged && a->first == b->first && a->offset < b->offset + b->length &&
           b->offset < a->offset + a->length;
}

/* May it run beside what runs now? lock is held. */
static BOOLEAN
request_may_run(struct filedisk *filedisk, const struct filedisk_request *request)
{
    PLIST_ENTRY entry;

    if (!request->atomic && filedisk->atomic_running == 0)
        return TRUE;
    for (entry = filedisk->running.Flink; entry != &filedisk->running; entry = entry->Flink) {
        const struct filedisk_request *other =
            CONTAINING_RECORD(entry, struct filedisk_request, link);
        if ((request->atomic || other->atomic) && ranges_meet(request, other))
            return FALSE;
    }
    return TRUE;
}

/* The first request that may run, now on `running`; NULL: none. */
static struct filedisk_request *
request_take(struct filedisk *filedisk)
{
    struct filedisk_request *found = NULL;
    PLIST_ENTRY entry;
    KIRQL irql;

    KeAcquireSpinLock(&filedisk->lock, &irql);
    for (entry = filedisk->queue.Flink; entry != &filedisk->queue; entry = entry->Flink) {
        struct filedisk_request *request = CONTAINING_RECORD(entry, struct filedisk_request, link);
        if (request_may_run(filedisk, request)) {
            RemoveEntryList(&request->link);
            InsertTailList(&filedisk->running, &request->link);
            filedisk->atomic_running += request->atomic;
            found = request;
            break;
        }
    }
    KeReleaseSpinLock(&filedisk->lock, irql);
    return found;
}

static BOOLEAN
scope_is_busy(const struct filedisk *filedisk, const struct filedisk_request *reset)
{
    PLIST_ENTRY entry;

    for (entry = filedisk->running.Flink; entry != &filedisk->running; entry = entry->Flink) {
        const struct filedisk_request *request =
            CONTAINING_RECORD(entry, struct filedisk_request, link);
        if (request->first >= reset->first && request->first < reset->end)
            return TRUE;
    }
    return FALSE;
}

/* One reset whose scope has become quiet, off the list; NULL: none. */
static struct filedisk_request *
reset_take(struct filedisk *filedisk)
{
    struct filedisk_request *found = NULL;
    PLIST_ENTRY entry;
    KIRQL irql;

    KeAcquireSpinLock(&filedisk->lock, &irql);
    for (entry = filedisk->resets.Flink; entry != &filedisk->resets; entry = entry->Flink) {
        struct filedisk_request *reset = CONTAINING_RECORD(entry, struct filedisk_request, link);
        if (!scope_is_busy(filedisk, reset)) {
            RemoveEntryList(&reset->link);
            found = reset;
            break;
        }
    }
    KeReleaseSpinLock(&filedisk->lock, irql);
    return found;
}

static VOID
complete(struct filedisk *filedisk, struct filedisk_request *request)
{
    StorPortNotification(RequestComplete, filedisk, request->disk.srb);
}

static VOID
resets_finish(struct filedisk *filedisk)
{
    struct filedisk_request *reset;

    while ((reset = reset_take(filedisk)) != NULL) {
        SrbSetSrbStatus(reset->disk.srb, SRB_STATUS_SUCCESS);
        complete(filedisk, reset);
    }
}

static VOID
request_finish(struct filedisk *filedisk, struct filedisk_request *request)
{
    BOOLEAN resets;
    KIRQL irql;

    KeAcquireSpinLock(&filedisk->lock, &irql);
    RemoveEntryList(&request->link);
    filedisk->atomic_running -= request->atomic;
    resets = !IsListEmpty(&filedisk->resets);
    KeReleaseSpinLock(&filedisk->lock, irql);
    /* After this the SRB and its extension are the port's. */
    complete(filedisk, request);
    if (resets)
        resets_finish(filedisk);
}

/*
 * Each request queued releases the semaphore once, and a thread goes on until it finds nothing:
 * what had to wait for an overlapping one is taken by the thread that ran that.
 */
static VOID
worker_main(PVOID context)
{
    struct filedisk_worker *worker = context;
    struct filedisk *filedisk = worker->filedisk;
    struct filedisk_request *request;
    BOOLEAN stop = FALSE;
    KIRQL irql;

    while (!stop) {
        KeWaitForSingleObject(&filedisk->work, Executive, KernelMode, FALSE, NULL);
        while ((request = request_take(filedisk)) != NULL) {
            request->disk.context = worker;
            disk_perform(&request->disk);
            request_finish(filedisk, request);
        }
        KeAcquireSpinLock(&filedisk->lock, &irql);
        stop = filedisk->stopping && IsListEmpty(&filedisk->queue);
        KeReleaseSpinLock(&filedisk->lock, irql);
    }
    /* On to the next, which may have looked while this one still had the last request. */
    KeReleaseSemaphore(&filedisk->work, IO_NO_INCREMENT, 1, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS
worker_start(struct filedisk *filedisk, struct filedisk_worker *worker)
{
    OBJECT_ATTRIBUTES attributes;
    NTSTATUS status;
    HANDLE handle;

    worker->filedisk = filedisk;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    status =
        ZwCreateEvent(&worker->event, EVENT_ALL_ACCESS, &attributes, SynchronizationEvent, FALSE);
    if (!NT_SUCCESS(status))
        return status;
    status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, NULL, NULL, worker_main,
                                  worker);
    if (NT_SUCCESS(status)) {
        /* The object outlives the thread, so that its end can be waited for. */
        status = ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode,
                                           &worker->thread, NULL);
        ZwClose(handle);
    }
    if (!NT_SUCCESS(status)) {
        worker->thread = NULL;
        ZwClose(worker->event);
    }
    return status;
}

NTSTATUS
filedisk_threads_start(struct filedisk *filedisk, ULONG count)
{
    NTSTATUS status = STATUS_SUCCESS;

    KeInitializeSemaphore(&filedisk->work, 0, MAXLONG);
    KeInitializeSpinLock(&filedisk->lock);
    InitializeListHead(&filedisk->queue);
    InitializeListHead(&filedisk->running);
    InitializeListHead(&filedisk->resets);
    filedisk->stopping = FALSE;
    filedisk->worker_count = 0;
    while (filedisk->worker_count < count) {
        status = worker_start(filedisk, &filedisk->workers[filedisk->worker_count]);
        if (!NT_SUCCESS(status))
            break;
        filedisk->worker_count++;
    }
    if (!NT_SUCCESS(status))
        filedisk_threads_stop(filedisk);
    return status;
}

VOID
filedisk_threads_stop(struct filedisk *filedisk)
{
    KIRQL irql;
    ULONG i;

    if (filedisk->worker_count == 0)
        return;
    KeAcquireSpinLock(&filedisk->lock, &irql);
    filedisk->stopping = TRUE;
    KeReleaseSpinLock(&filedisk->lock, irql);
    KeReleaseSemaphore(&filedisk->work, IO_NO_INCREMENT, (LONG)filedisk->worker_count, FALSE);
    for (i = 0; i < filedisk->worker_count; i++) {
        struct filedisk_worker *worker = &filedisk->workers[i];
        KeWaitForSingleObject(worker->thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(worker->thread);
        ZwClose(worker->event);
    }
    filedisk->worker_count = 0;
}

VOID
filedisk_submit(struct filedisk *filedisk, struct filedisk_request *request)
{
    struct disk_request *disk = &request->disk;
    KIRQL irql;

    request->first = (ULONG)(disk->unit - filedisk->disks.units);
    request->end = request->first + 1;
    request->atomic = disk_request_is_atomic(disk);
    request->ranged = disk_request_range(disk, &request->offset, &request->length);
    KeAcquireSpinLock(&filedisk->lock, &irql);
    InsertTailList(&filedisk->queue, &request->link);
    KeReleaseSpinLock(&filedisk->lock, irql);
    KeReleaseSemaphore(&filedisk->work, IO_DISK_INCREMENT, 1, FALSE);
}

VOID
filedisk_abort(struct filedisk *filedisk, ULONG first, ULONG end)
{
    LIST_ENTRY aborted;
    PLIST_ENTRY entry, next;
    KIRQL irql;

    InitializeListHead(&aborted);
    KeAcquireSpinLock(&filedisk->lock, &irql);
    for (entry = filedisk->queue.Flink; entry != &filedisk->queue; entry = next) {
        struct filedisk_request *request = CONTAINING_RECORD(entry, struct filedisk_request, link);
        next = entry->Flink;
        if (request->first >= first && request->first < end) {
            RemoveEntryList(entry);
            InsertTailList(&aborted, entry);
        }
    }
    KeReleaseSpinLock(&filedisk->lock, irql);
    while (!IsListEmpty(&aborted)) {
        struct filedisk_request *request =
            CONTAINING_RECORD(RemoveHeadList(&aborted), struct filedisk_request, link);
        SrbSetDataTransferLength(request->disk.srb, 0);
        SrbSetSrbStatus(request->disk.srb, SRB_STATUS_BUS_RESET);
        complete(filedisk, request);
    }
}

VOID
filedisk_reset_when_idle(struct filedisk *filedisk, struct filedisk_request *reset)
{
    KIRQL irql;

    KeAcquireSpinLock(&filedisk->lock, &irql);
    InsertTailList(&filedisk->resets, &reset->link);
    KeReleaseSpinLock(&filedisk->lock, irql);
    resets_finish(filedisk);
}

BOOLEAN
filedisk_is_idle(struct filedisk *filedisk)
{
    BOOLEAN idle;
    KIRQL irql;

    KeAcquireSpinLock(&filedisk->lock, &irql);
    idle = IsListEmpty(&filedisk->running);
    KeReleaseSpinLock(&filedisk->lock, irql);
    return idle;
}
