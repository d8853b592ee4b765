/*
 * The storm's miniport: a disk per LUN in memory that completes by all six routes (StartIo, BuildIo,
 * DPC, ISR, timer, work item), reports busy and queue full, gets stuck, pauses itself, loses and
 * regains units; and checks at each entry what the documentation promises it.
 *
 * What happens is drawn from a seed in the registry, so a run can be repeated.
 */
#include <ntddk.h>
#include <storport.h>
#include <srbhelper.h>

#define LUNS_MAX 4
#define BLOCKS 64
#define BLOCK_BYTES 512
#define SHARE (BLOCKS * LUNS_MAX)
/* Reading one fails, the other takes SLOW_US. */
#define FAULTY_BLOCK 60
#define SLOW_BLOCK 61
#define SLOW_US 8000000

enum StormMode { ModeVirtual, ModeFullDuplex, ModeHalfDuplex, ModeChannels };
enum StormRoute {
    RouteStartIo,
    RouteBuildIo,
    RouteDpc,
    RouteInterrupt,
    RouteTimer,
    RouteWork,
    RouteStuck,
    RouteSlow,
    RouteCount
};

/* Set by the test: where faults go, and what stands for the device's interrupt. */
__attribute__((visibility("default"))) VOID (*StormFail)(const char *What);
__attribute__((visibility("default"))) VOID (*StormDoorbell)(PVOID DeviceExtension);
/* The newest adapter's, so that the test can call the port in its place. */
__attribute__((visibility("default"))) PVOID StormExtension;
/* A planted bug of this miniport: see StormBugs[] in storm.c. */
__attribute__((visibility("default"))) ULONG StormBug;

typedef struct _STORM_SRB {
    LIST_ENTRY Link;
    PSCSI_REQUEST_BLOCK Srb;
    ULONG Route;
    ULONG Built;
} STORM_SRB, *PSTORM_SRB;

typedef struct _STORM_UNIT {
    BOOLEAN Present;
    LONG Outstanding;
    LONG PauseLeaks;
    BOOLEAN Paused;
    ULONG64 Tags[5];
    UCHAR Data[BLOCKS * BLOCK_BYTES];
} STORM_UNIT, *PSTORM_UNIT;

typedef struct _STORM {
    ULONG Mode, Luns, Depth, Calm, Lossy, Inline;
    LONG64 Random;
    LIST_ENTRY Pending[RouteCount];
    STORM_UNIT Unit[LUNS_MAX];
    STOR_DPC Dpc;
    PVOID Worker, Timer, SlowTimer;
    BOOLEAN Quiet;
    LONG InStartIo, WorkQueued;
    LONG Stopped;
    BOOLEAN AdapterPaused;
    ULONG Processors;
} STORM, *PSTORM;

static VOID
Fail(const char *What)
{
    if (StormFail)
        StormFail(What);
}

static ULONG
Draw(PSTORM Storm, ULONG Below)
{
    /* Atomic, since every callback draws. */
    ULONG64 Z = (ULONG64)InterlockedExchangeAdd64(&Storm->Random, (LONG64)0x9e3779b97f4a7c15ull) +
                0x9e3779b97f4a7c15ull;

    Z = (Z ^ (Z >> 30)) * 0xbf58476d1ce4e5b9ull;
    Z = (Z ^ (Z >> 27)) * 0x94d049bb133111ebull;
    return (ULONG)((Z ^ (Z >> 31)) % Below);
}

/* The Interrupt lock guards all lists, except where the port holds it already. */
static BOOLEAN
Lock(PSTORM Storm, BOOLEAN PortHolds, PSTOR_LOCK_HANDLE Handle)
{
    if (PortHolds && Storm->Mode == ModeHalfDuplex)
        return FALSE;
    StorPortAcquireSpinLock(Storm, InterruptLock, NULL, Handle);
    return TRUE;
}

static VOID
Unlock(PSTORM Storm, BOOLEAN Taken, PSTOR_LOCK_HANDLE Handle)
{
    if (Taken)
        StorPortReleaseSpinLock(Storm, Handle);
}

/* ---- carrying out a command ---- */

static VOID
SetSense(PSCSI_REQUEST_BLOCK Srb, UCHAR Key, UCHAR Asc, UCHAR Ascq)
{
    PUCHAR Sense = SrbGetSenseInfoBuffer(Srb);
    UCHAR Length = SrbGetSenseInfoBufferLength(Srb);

    SrbSetScsiStatus(Srb, SCSISTAT_CHECK_CONDITION);
    SrbSetSrbStatus(Srb, SRB_STATUS_ERROR);
    if (Sense == NULL || Length < 18)
        return;
    RtlZeroMemory(Sense, 18);
    Sense[0] = 0x70;
    Sense[2] = Key;
    Sense[7] = 10;
    Sense[12] = Asc;
    Sense[13] = Ascq;
    SrbSetSenseInfoBufferLength(Srb, 18);
    SrbSetSrbStatus(Srb, SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID);
}

static VOID
Copy(PSCSI_REQUEST_BLOCK Srb, PUCHAR Disk, ULONG Length, BOOLEAN Write)
{
    PUCHAR Data = SrbGetDataBuffer(Srb);

    if (Data == NULL) {
        Fail("a read or write came without a mapped buffer");
        return;
    }
    if (Write)
        RtlCopyMemory(Disk, Data, Length);
    else
        RtlCopyMemory(Data, Disk, Length);
}

static VOID
ReadWrite(PSTORM Storm, PSCSI_REQUEST_BLOCK Srb, PUCHAR Cdb)
{
    ULONG Lba = (ULONG)Cdb[4] << 8 | Cdb[5], Count = Cdb[8], Lun = SrbGetLun(Srb);
    PSTORM_UNIT Unit = &Storm->Unit[Lun % LUNS_MAX];
    ULONG Length = Count * BLOCK_BYTES;

    /* The submitter writes the LUN that it means into the address. */
    if (Lba / SHARE != Lun)
        Fail("an SRB carries the LUN of another unit");
    Lba %= BLOCKS;
    if (Lba == FAULTY_BLOCK) {
        SetSense(Srb, 3, 0x11, 0);
        SrbSetDataTransferLength(Srb, 0);
        return;
    }
    if (Lba + Count > BLOCKS || SrbGetDataTransferLength(Srb) < Length) {
        SetSense(Srb, 5, 0x21, 0);
        return;
    }
    Copy(Srb, Unit->Data + Lba * BLOCK_BYTES, Length, Cdb[0] == SCSIOP_WRITE);
    if (Draw(Storm, 40) == 0 && !Storm->Calm) {
        SrbSetDataTransferLength(Srb, Length / 2); /* an underrun, told as such */
        SrbSetSrbStatus(Srb, SRB_STATUS_DATA_OVERRUN);
        return;
    }
    SrbSetSrbStatus(Srb, SRB_STATUS_SUCCESS);
}

static VOID
Inquiry(PSTORM Storm, PSCSI_REQUEST_BLOCK Srb, PUCHAR Cdb)
{
    UCHAR Data[36] = {0};
    ULONG Length = SrbGetDataTransferLength(Srb);
    PUCHAR Out = SrbGetDataBuffer(Srb);

    if (Cdb[1] & 1) {
        SetSense(Srb, 5, 0x24, 0);
        return;
    }
    if (!Storm->Unit[SrbGetLun(Srb) % LUNS_MAX].Present)
        Data[0] = 0x7F;
    Data[2] = 6;
    Data[3] = 2;
    Data[4] = 31;
    Data[7] = 2;
    RtlCopyMemory(Data + 8, "STORM   TEST DISK       1   ", 28);
    if (Length > sizeof(Data))
        Length = sizeof(Data);
    RtlCopyMemory(Out, Data, Length);
    SrbSetDataTransferLength(Srb, Length);
    SrbSetSrbStatus(Srb, SRB_STATUS_SUCCESS);
    StorPortSetDeviceQueueDepth(Storm, SrbGetPathId(Srb), SrbGetTargetId(Srb), SrbGetLun(Srb),
                                Storm->Depth);
}

static VOID
ReportLuns(PSTORM Storm, PSCSI_REQUEST_BLOCK Srb)
{
    UCHAR Data[8 + 8 * LUNS_MAX] = {0};
    ULONG Count = 0, Length = SrbGetDataTransferLength(Srb);

    for (ULONG Lun = 0; Lun < Storm->Luns; Lun++) {
        if (Storm->Unit[Lun].Present)
            Data[8 + 8 * Count++ + 1] = (UCHAR)Lun;
    }
    Data[3] = (UCHAR)(8 * Count);
    if (Length > 8 + 8 * Count)
        Length = 8 + 8 * Count;
    RtlCopyMemory(SrbGetDataBuffer(Srb), Data, Length);
    SrbSetDataTransferLength(Srb, Length);
    SrbSetSrbStatus(Srb, SRB_STATUS_SUCCESS);
}

static VOID
Execute(PSTORM Storm, PSCSI_REQUEST_BLOCK Srb)
{
    PUCHAR Cdb = (PUCHAR)SrbGetCdb(Srb);

    switch (Cdb[0]) {
    case SCSIOP_READ:
    case SCSIOP_WRITE:
        ReadWrite(Storm, Srb, Cdb);
        break;
    case SCSIOP_INQUIRY:
        Inquiry(Storm, Srb, Cdb);
        break;
    case SCSIOP_REPORT_LUNS:
        ReportLuns(Storm, Srb);
        break;
    case SCSIOP_TEST_UNIT_READY:
        SrbSetSrbStatus(Srb, SRB_STATUS_SUCCESS);
        break;
    default:
        SetSense(Srb, 5, 0x20, 0);
        break;
    }
}

/* ---- the ledger of what is outstanding ---- */

static BOOLEAN
IsData(PSCSI_REQUEST_BLOCK Srb)
{
    PUCHAR Cdb = (PUCHAR)SrbGetCdb(Srb);

    return SrbGetSrbFunction(Srb) == SRB_FUNCTION_EXECUTE_SCSI && Cdb != NULL &&
           (Cdb[0] == SCSIOP_READ || Cdb[0] == SCSIOP_WRITE);
}

static VOID
Enter(PSTORM Storm, PSCSI_REQUEST_BLOCK Srb)
{
    PSTORM_UNIT Unit = &Storm->Unit[SrbGetLun(Srb) % LUNS_MAX];
    ULONG Tag = SrbGetRequestTag(Srb);
    BOOLEAN Taken;
    STOR_LOCK_HANDLE Handle;

    if (SrbGetSrbStatus(Srb) != SRB_STATUS_PENDING)
        Fail("an SRB arrives with an old status");
    if (!IsData(Srb))
        return;
    Taken = Lock(Storm, TRUE, &Handle);
    if (++Unit->Outstanding > (LONG)Storm->Depth)
        Fail("more requests than the queue depth are outstanding");
    if (Tag < 320 && Unit->Tags[Tag / 64] >> (Tag % 64) & 1)
        Fail("a tag was given out that is in use");
    if (Tag < 320)
        Unit->Tags[Tag / 64] |= 1ull << (Tag % 64);
    if ((Unit->Paused || Storm->AdapterPaused) && ++Unit->PauseLeaks > (LONG)Storm->Processors + 1)
        Fail("requests start although the unit or its adapter is paused");
    Unlock(Storm, Taken, &Handle);
}

/* Lock held. */
static VOID
Leave(PSTORM Storm, PSCSI_REQUEST_BLOCK Srb)
{
    PSTORM_UNIT Unit = &Storm->Unit[SrbGetLun(Srb) % LUNS_MAX];
    ULONG Tag = SrbGetRequestTag(Srb);

    if (!IsData(Srb))
        return;
    Unit->Outstanding--;
    if (Tag < 320)
        Unit->Tags[Tag / 64] &= ~(1ull << (Tag % 64));
}

static VOID
Complete(PSTORM Storm, PSCSI_REQUEST_BLOCK Srb)
{
    if (StormBug == 1 && Draw(Storm, 60) == 0)
        return; /* lost */
    StorPortNotification(RequestComplete, Storm, Srb);
    if (StormBug == 2 && Draw(Storm, 60) == 0)
        StorPortNotification(RequestComplete, Storm, Srb);
}

static VOID
Finish(PSTORM Storm, PSCSI_REQUEST_BLOCK Srb, BOOLEAN PortHolds)
{
    STOR_LOCK_HANDLE Handle;
    BOOLEAN Taken = Lock(Storm, PortHolds, &Handle);

    Execute(Storm, Srb);
    if (StormBug == 3 && IsData(Srb) && Draw(Storm, 50) == 0)
        SrbSetDataTransferLength(Srb, SrbGetDataTransferLength(Srb) + 512);
    if (StormBug == 4 && Draw(Storm, 50) == 0)
        SrbSetSrbStatus(Srb, SRB_STATUS_PENDING);
    if (StormBug == 5 && Draw(Storm, 50) == 0)
        SrbSetSrbStatus(Srb, SRB_STATUS_SUCCESS | SRB_STATUS_QUEUE_FROZEN);
    Leave(Storm, Srb);
    Unlock(Storm, Taken, &Handle);
    Complete(Storm, Srb);
}

/* Takes the first of a route; the whole route is run by Drain. */
static PSCSI_REQUEST_BLOCK
Take(PSTORM Storm, ULONG Route, BOOLEAN PortHolds)
{
    PSCSI_REQUEST_BLOCK Srb = NULL;
    STOR_LOCK_HANDLE Handle;
    BOOLEAN Taken = Lock(Storm, PortHolds, &Handle);

    if (!IsListEmpty(&Storm->Pending[Route]))
        Srb = CONTAINING_RECORD(RemoveHeadList(&Storm->Pending[Route]), STORM_SRB, Link)->Srb;
    Unlock(Storm, Taken, &Handle);
    return Srb;
}

static VOID
Drain(PSTORM Storm, ULONG Route, BOOLEAN PortHolds)
{
    PSCSI_REQUEST_BLOCK Srb;

    while ((Srb = Take(Storm, Route, PortHolds)) != NULL)
        Finish(Storm, Srb, PortHolds);
}

/* ---- routes ---- */

static VOID
DpcRoutine(PSTOR_DPC Dpc, PVOID Extension, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    Drain(Extension, RouteDpc, FALSE);
    Drain(Extension, RouteBuildIo, FALSE);
}

static VOID
Pauses(PSTORM Storm, BOOLEAN PortHolds)
{
    UCHAR Lun = (UCHAR)Draw(Storm, Storm->Luns);
    STOR_LOCK_HANDLE Handle;
    BOOLEAN Taken;

    switch (Draw(Storm, 8)) {
    case 0:
    case 1:
        if (!StorPortPauseDevice(Storm, 0, 0, Lun, 30))
            return;
        Taken = Lock(Storm, PortHolds, &Handle);
        Storm->Unit[Lun].Paused = TRUE;
        Storm->Unit[Lun].PauseLeaks = 0;
        Unlock(Storm, Taken, &Handle);
        break;
    case 2:
        StorPortPause(Storm, 30);
        Taken = Lock(Storm, PortHolds, &Handle);
        Storm->AdapterPaused = TRUE;
        for (ULONG i = 0; i < LUNS_MAX; i++)
            Storm->Unit[i].PauseLeaks = 0;
        Unlock(Storm, Taken, &Handle);
        break;
    case 3:
    case 4:
        StorPortDeviceBusy(Storm, 0, 0, Lun, 1 + Draw(Storm, 3));
        break;
    case 5:
        StorPortBusy(Storm, 1 + Draw(Storm, 3));
        break;
    default:
        break;
    }
}

static VOID
Resumes(PSTORM Storm, BOOLEAN PortHolds)
{
    STOR_LOCK_HANDLE Handle;
    BOOLEAN Taken = Lock(Storm, PortHolds, &Handle), Adapter = Storm->AdapterPaused;
    BOOLEAN Units[LUNS_MAX];

    Storm->AdapterPaused = FALSE;
    for (ULONG i = 0; i < LUNS_MAX; i++) {
        Units[i] = Storm->Unit[i].Paused;
        Storm->Unit[i].Paused = FALSE;
    }
    Unlock(Storm, Taken, &Handle);
    for (ULONG i = 0; i < LUNS_MAX; i++) {
        if (Units[i])
            StorPortResumeDevice(Storm, 0, 0, (UCHAR)i);
    }
    if (Adapter)
        StorPortResume(Storm);
}

static VOID TimerRoutine(PVOID Extension);

static VOID
WorkRoutine(PVOID Extension, PVOID Context, PVOID Worker)
{
    PSTORM Storm = Extension;

    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Worker);
    InterlockedExchange(&Storm->WorkQueued, 0);
    Drain(Storm, RouteWork, FALSE);
}

static VOID
KickWork(PSTORM Storm)
{
    if (InterlockedExchange(&Storm->WorkQueued, 1))
        return;
    if (StorPortQueueWorkItem(Storm, WorkRoutine, Storm->Worker, NULL) == STOR_STATUS_SUCCESS)
        return;
    InterlockedExchange(&Storm->WorkQueued, 0);
}

static VOID
TimerRoutine(PVOID Extension)
{
    PSTORM Storm = Extension;

    Drain(Storm, RouteTimer, TRUE);
    if (!Storm->Quiet)
        Resumes(Storm, TRUE);
    if (!Storm->Calm)
        Pauses(Storm, TRUE);
    if (!InterlockedOr(&Storm->Stopped, 0))
        StorPortNotification(RequestTimerCall, Storm, TimerRoutine, 200 + Draw(Storm, 3000));
}

/* What half duplex may not do at DIRQL is left to this timer. */
static VOID
ExtraTimer(PVOID Extension, PVOID Context)
{
    PSTORM Storm = Extension;

    UNREFERENCED_PARAMETER(Context);
    if (Storm->Mode != ModeHalfDuplex)
        KickWork(Storm);
    StorPortIssueDpc(Storm, &Storm->Dpc, NULL, NULL);
    if (!InterlockedOr(&Storm->Stopped, 0))
        StorPortRequestTimer(Storm, Storm->Timer, ExtraTimer, NULL, 500 + Draw(Storm, 2000), 0);
}

static BOOLEAN
InterruptRoutine(PVOID Extension)
{
    PSTORM Storm = Extension;
    PSCSI_REQUEST_BLOCK Srb;

    /* The Interrupt lock is held by the port. */
    while (!IsListEmpty(&Storm->Pending[RouteInterrupt])) {
        Srb = CONTAINING_RECORD(RemoveHeadList(&Storm->Pending[RouteInterrupt]), STORM_SRB, Link)
                  ->Srb;
        Execute(Storm, Srb);
        Leave(Storm, Srb);
        Complete(Storm, Srb);
    }
    return TRUE;
}

static VOID
SlowRoutine(PVOID Extension, PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    Drain(Extension, RouteSlow, TRUE);
}

static VOID
Park(PSTORM Storm, PSCSI_REQUEST_BLOCK Srb, ULONG Route, BOOLEAN PortHolds)
{
    PSTORM_SRB Own = SrbGetMiniportContext(Srb);
    STOR_LOCK_HANDLE Handle;
    BOOLEAN Taken;

    Own->Srb = Srb;
    Own->Route = Route;
    Taken = Lock(Storm, PortHolds, &Handle);
    InsertTailList(&Storm->Pending[Route], &Own->Link);
    Unlock(Storm, Taken, &Handle);
    if (Route == RouteDpc || Route == RouteBuildIo)
        StorPortIssueDpc(Storm, &Storm->Dpc, NULL, NULL);
    else if (Route == RouteInterrupt)
        StormDoorbell(Storm);
    else if (Route == RouteWork)
        KickWork(Storm);
    else if (Route == RouteSlow)
        StorPortRequestTimer(Storm, Storm->SlowTimer, SlowRoutine, NULL, SLOW_US, 0);
}

static ULONG
Choose(PSTORM Storm, PSCSI_REQUEST_BLOCK Srb)
{
    ULONG Draws = Draw(Storm, 100);

    if (!IsData(Srb) || Storm->Inline)
        return RouteStartIo;
    if (((PUCHAR)SrbGetCdb(Srb))[5] % BLOCKS == SLOW_BLOCK)
        return RouteSlow;
    if (!Storm->Calm && Draws < 1)
        return RouteStuck;
    if (Draws < 20)
        return RouteStartIo;
    if (Draws < 45)
        return RouteDpc;
    if (Draws < 65)
        return RouteTimer;
    if (Draws < 80 && Storm->Mode != ModeHalfDuplex)
        return RouteWork;
    return Storm->Mode == ModeVirtual ? RouteDpc : RouteInterrupt;
}

/* ---- resets: what is stuck comes back, unless this tier is made to fail ---- */

static VOID
ReturnScope(PSTORM Storm, PSCSI_REQUEST_BLOCK Reset, BOOLEAN OneUnit, BOOLEAN PortHolds)
{
    for (ULONG Route = 0; Route < RouteCount; Route++) {
        PLIST_ENTRY Entry;
        PSCSI_REQUEST_BLOCK Srb;
        STOR_LOCK_HANDLE Handle;
        BOOLEAN Taken;
        do {
            Srb = NULL;
            Taken = Lock(Storm, PortHolds, &Handle);
            for (Entry = Storm->Pending[Route].Flink; Entry != &Storm->Pending[Route];
                 Entry = Entry->Flink) {
                PSTORM_SRB Own = CONTAINING_RECORD(Entry, STORM_SRB, Link);
                if (OneUnit && SrbGetLun(Own->Srb) != SrbGetLun(Reset))
                    continue;
                RemoveEntryList(Entry);
                Srb = Own->Srb;
                SrbSetSrbStatus(Srb, SRB_STATUS_BUS_RESET);
                SrbSetDataTransferLength(Srb, 0);
                Leave(Storm, Srb);
                break;
            }
            Unlock(Storm, Taken, &Handle);
            if (Srb != NULL)
                Complete(Storm, Srb);
        } while (Srb != NULL);
    }
}

static BOOLEAN
ResetBus(PVOID Extension, ULONG PathId)
{
    UNREFERENCED_PARAMETER(PathId);
    if (StormBug != 6)
        ReturnScope(Extension, NULL, FALSE, TRUE);
    return TRUE;
}

static VOID
Reset(PSTORM Storm, PSCSI_REQUEST_BLOCK Srb)
{
    BOOLEAN OneUnit = SrbGetSrbFunction(Srb) == SRB_FUNCTION_RESET_LOGICAL_UNIT;
    ULONG Draws = Draw(Storm, 10);

    if (Draws < 3) {
        SrbSetSrbStatus(Srb, SRB_STATUS_ERROR);
    } else if (Draws < 4 && !Storm->Calm) {
        Park(Storm, Srb, RouteStuck, TRUE); /* the reset itself hangs */
        return;
    } else {
        ReturnScope(Storm, Srb, OneUnit, TRUE);
        SrbSetSrbStatus(Srb, SRB_STATUS_SUCCESS);
    }
    StorPortNotification(RequestComplete, Storm, Srb);
}

/* ---- the entries ---- */

static BOOLEAN
BuildIo(PVOID Extension, PSCSI_REQUEST_BLOCK Srb)
{
    PSTORM Storm = Extension;
    PSTORM_SRB Own = SrbGetMiniportContext(Srb);
    STOR_LOCK_HANDLE Handle;
    ULONG Chance = Draw(Storm, 12);

    Own->Built = 0x600d;
    if (!IsData(Srb) || Chance)
        return TRUE;
    StorPortAcquireSpinLock(Storm, InterruptLock, NULL, &Handle);
    Storm->Unit[SrbGetLun(Srb) % LUNS_MAX].Outstanding++;
    StorPortReleaseSpinLock(Storm, &Handle);
    if (StormBug == 7 && Draw(Storm, 10) == 0)
        return FALSE; /* and forgets it */
    Park(Storm, Srb, RouteBuildIo, FALSE);
    return FALSE;
}

static VOID
Start(PSTORM Storm, PSCSI_REQUEST_BLOCK Srb)
{
    ULONG Route, Draws;
    STOR_LOCK_HANDLE Handle;
    BOOLEAN Taken;

    switch (SrbGetSrbFunction(Srb)) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        break;
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
    case SRB_FUNCTION_RESET_DEVICE:
        Reset(Storm, Srb);
        return;
    case SRB_FUNCTION_FLUSH:
    case SRB_FUNCTION_SHUTDOWN:
    case SRB_FUNCTION_PNP:
    case SRB_FUNCTION_POWER:
        SrbSetSrbStatus(Srb, SRB_STATUS_SUCCESS);
        StorPortNotification(RequestComplete, Storm, Srb);
        return;
    default:
        SrbSetSrbStatus(Srb, SRB_STATUS_INVALID_REQUEST);
        StorPortNotification(RequestComplete, Storm, Srb);
        return;
    }
    Enter(Storm, Srb);
    Taken = Lock(Storm, TRUE, &Handle);
    Route = Choose(Storm, Srb);
    Draws = Draw(Storm, 100);
    if (Storm->Inline)
        Draws = 99;
    if (IsData(Srb) && Draws < 6 && !Storm->Calm)
        Leave(Storm, Srb);
    Unlock(Storm, Taken, &Handle);
    if (IsData(Srb) && Draws < 6 && !Storm->Calm) {
        if (Draws < 3) {
            SrbSetSrbStatus(Srb, SRB_STATUS_BUSY);
        } else if (Draws < 5) {
            SrbSetSrbStatus(Srb, SRB_STATUS_ERROR);
            SrbSetScsiStatus(Srb, SCSISTAT_QUEUE_FULL);
        } else {
            SetSense(Srb, 6, 0x29, 0);
            SrbSetDataTransferLength(Srb, 0);
        }
        StorPortNotification(RequestComplete, Storm, Srb);
        return;
    }
    if ((StormBug == 8 || Storm->Lossy) && IsData(Srb) && Draws == 50) {
        Taken = Lock(Storm, TRUE, &Handle);
        Leave(Storm, Srb);
        Unlock(Storm, Taken, &Handle);
        return; /* StartIo keeps it and tells nobody */
    }
    if (Route == RouteStartIo)
        Finish(Storm, Srb, TRUE);
    else
        Park(Storm, Srb, Route, TRUE);
}

static BOOLEAN
StartIo(PVOID Extension, PSCSI_REQUEST_BLOCK Srb)
{
    PSTORM Storm = Extension;
    PSTORM_SRB Own = SrbGetMiniportContext(Srb);
    BOOLEAN Serial = Storm->Mode == ModeFullDuplex || Storm->Mode == ModeHalfDuplex;

    if (Serial && InterlockedIncrement(&Storm->InStartIo) != 1)
        Fail("HwStorStartIo runs twice at once");
    if (Storm->Mode != ModeVirtual) {
        if (Own->Built != 0x600d)
            Fail("HwStorStartIo gets an SRB that HwStorBuildIo never saw");
        Own->Built = 0;
    }
    StorPortStallExecution(1);
    Start(Storm, Srb);
    if (Serial)
        InterlockedDecrement(&Storm->InStartIo);
    return TRUE;
}

static ULONG
Parameter(PSTORM Storm, const char *Name, ULONG Default)
{
    ULONG Length = 16, Value = Default;
    PUCHAR Buffer = StorPortAllocateRegistryBuffer(Storm, &Length);

    if (Buffer == NULL)
        return Default;
    if (StorPortRegistryRead(Storm, (PUCHAR)Name, 1, MINIPORT_REG_DWORD, Buffer, &Length))
        RtlCopyMemory(&Value, Buffer, sizeof(Value));
    StorPortFreeRegistryBuffer(Storm, Buffer);
    return Value;
}

static ULONG
Find(PSTORM Storm, PPORT_CONFIGURATION_INFORMATION Config)
{
    Storm->Mode = Parameter(Storm, "Mode", ModeVirtual);
    Storm->Luns = Parameter(Storm, "Luns", 2);
    Storm->Depth = Parameter(Storm, "Depth", 4);
    Storm->Calm = Parameter(Storm, "Calm", 0);
    Storm->Lossy = Parameter(Storm, "Lossy", 0);
    Storm->Inline = Parameter(Storm, "Inline", 0);
    Storm->Quiet = Parameter(Storm, "Quiet", 0) != 0;
    StormExtension = Storm;
    Storm->Processors = Parameter(Storm, "Processors", 2);
    Storm->Random = Parameter(Storm, "Seed", 1);
    for (ULONG i = 0; i < RouteCount; i++)
        InitializeListHead(&Storm->Pending[i]);
    for (ULONG i = 0; i < Storm->Luns; i++)
        Storm->Unit[i].Present = TRUE;
    Config->MaximumTransferLength = 65536;
    Config->NumberOfPhysicalBreaks = 17;
    Config->NumberOfBuses = 1;
    Config->MaximumNumberOfTargets = 1;
    Config->MaximumNumberOfLogicalUnits = LUNS_MAX;
    Config->VirtualDevice = Storm->Mode == ModeVirtual;
    Config->SynchronizationModel =
        Storm->Mode == ModeHalfDuplex ? StorSynchronizeHalfDuplex : StorSynchronizeFullDuplex;
    Config->MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    Config->BusResetHoldTime = 1000;
    InterlockedExchange(&Storm->Stopped, 0);
    return SP_RETURN_FOUND;
}

static ULONG
FindPhysical(PVOID Extension, PVOID Context, PVOID Bus, PCHAR Argument,
             PPORT_CONFIGURATION_INFORMATION Config, PBOOLEAN Again)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Bus);
    UNREFERENCED_PARAMETER(Argument);
    UNREFERENCED_PARAMETER(Again);
    return Find(Extension, Config);
}

static ULONG
FindVirtual(PVOID Extension, PVOID Context, PVOID Bus, PVOID Lower, PCHAR Argument,
            PPORT_CONFIGURATION_INFORMATION Config, PBOOLEAN Again)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Bus);
    UNREFERENCED_PARAMETER(Lower);
    UNREFERENCED_PARAMETER(Argument);
    UNREFERENCED_PARAMETER(Again);
    return Find(Extension, Config);
}

static BOOLEAN
PassiveInitialize(PVOID Extension)
{
    PSTORM Storm = Extension;

    StorPortInitializeDpc(Storm, &Storm->Dpc, DpcRoutine);
    if (Storm->Worker == NULL &&
        StorPortInitializeWorker(Storm, &Storm->Worker) != STOR_STATUS_SUCCESS)
        return FALSE;
    if (Storm->Timer == NULL &&
        StorPortInitializeTimer(Storm, &Storm->Timer) != STOR_STATUS_SUCCESS)
        return FALSE;
    if (Storm->SlowTimer == NULL &&
        StorPortInitializeTimer(Storm, &Storm->SlowTimer) != STOR_STATUS_SUCCESS)
        return FALSE;
    StorPortNotification(RequestTimerCall, Storm, TimerRoutine, 1000);
    StorPortRequestTimer(Storm, Storm->Timer, ExtraTimer, NULL, 700, 0);
    return TRUE;
}

static BOOLEAN
Initialize(PVOID Extension)
{
    PSTORM Storm = Extension;

    if (Storm->Mode == ModeChannels) {
        PERF_CONFIGURATION_DATA Perf;
        RtlZeroMemory(&Perf, sizeof(Perf));
        Perf.Version = STOR_PERF_VERSION_3;
        Perf.Size = sizeof(Perf);
        Perf.Flags = STOR_PERF_DPC_REDIRECTION | STOR_PERF_CONCURRENT_CHANNELS |
                     STOR_PERF_OPTIMIZE_FOR_COMPLETION_DURING_STARTIO;
        Perf.ConcurrentChannels = 4;
        StorPortInitializePerfOpts(Storm, FALSE, &Perf);
    }
    return StorPortEnablePassiveInitialization(Storm, PassiveInitialize);
}

static SCSI_ADAPTER_CONTROL_STATUS
AdapterControl(PVOID Extension, SCSI_ADAPTER_CONTROL_TYPE Type, PVOID Parameters)
{
    PSTORM Storm = Extension;
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST List = Parameters;

    switch (Type) {
    case ScsiQuerySupportedControlTypes:
        for (ULONG i = 0; i < List->MaxControlType; i++)
            List->SupportedTypeList[i] = i == ScsiQuerySupportedControlTypes ||
                                         i == ScsiStopAdapter || i == ScsiRestartAdapter ||
                                         i == ScsiAdapterSurpriseRemoval;
        break;
    case ScsiStopAdapter:
        InterlockedExchange(&Storm->Stopped, 1);
        break;
    case ScsiAdapterSurpriseRemoval:
        InterlockedExchange(&Storm->Stopped, 1);
        /* What is parked comes back with an error. */
        for (ULONG Route = 0; Route < RouteCount; Route++) {
            PSCSI_REQUEST_BLOCK Srb;
            while ((Srb = Take(Storm, Route, FALSE)) != NULL) {
                STOR_LOCK_HANDLE Handle;
                StorPortAcquireSpinLock(Storm, InterruptLock, NULL, &Handle);
                Leave(Storm, Srb);
                StorPortReleaseSpinLock(Storm, &Handle);
                SrbSetSrbStatus(Srb, SRB_STATUS_NO_DEVICE);
                if (StormBug == 9)
                    continue; /* forgotten */
                StorPortNotification(RequestComplete, Storm, Srb);
            }
        }
        break;
    case ScsiRestartAdapter:
        InterlockedExchange(&Storm->Stopped, 0);
        StorPortNotification(RequestTimerCall, Storm, TimerRoutine, 1000);
        break;
    default:
        return ScsiAdapterControlUnsuccessful;
    }
    return ScsiAdapterControlSuccess;
}

static VOID
FreeServices(PSTORM Storm)
{
    if (Storm->Worker != NULL && StormBug != 10)
        StorPortFreeWorker(Storm, Storm->Worker);
    if (Storm->Timer != NULL)
        StorPortFreeTimer(Storm, Storm->Timer);
    if (Storm->SlowTimer != NULL)
        StorPortFreeTimer(Storm, Storm->SlowTimer);
    Storm->Worker = Storm->Timer = Storm->SlowTimer = NULL;
}

static SCSI_UNIT_CONTROL_STATUS
UnitControl(PVOID Extension, SCSI_UNIT_CONTROL_TYPE Type, PVOID Parameters)
{
    UNREFERENCED_PARAMETER(Extension);
    UNREFERENCED_PARAMETER(Type);
    UNREFERENCED_PARAMETER(Parameters);
    return ScsiUnitControlUnsuccessful;
}

static VOID
FreeAdapterResources(PVOID Extension)
{
    FreeServices(Extension);
}

static ULONG
Enter2(PVOID DriverObject, PVOID RegistryPath, BOOLEAN Virtual)
{
    HW_INITIALIZATION_DATA Data;

    RtlZeroMemory(&Data, sizeof(Data));
    Data.HwInitializationDataSize = sizeof(Data);
    Data.AdapterInterfaceType = Virtual ? Internal : PCIBus;
    Data.HwInitialize = Initialize;
    Data.HwStartIo = StartIo;
    Data.HwInterrupt = Virtual ? NULL : InterruptRoutine;
    Data.HwFindAdapter = Virtual ? (PVOID)FindVirtual : (PVOID)FindPhysical;
    Data.HwResetBus = ResetBus;
    Data.HwAdapterControl = AdapterControl;
    Data.HwUnitControl = UnitControl;
    Data.HwBuildIo = Virtual ? NULL : BuildIo;
    Data.HwFreeAdapterResources = FreeAdapterResources;
    Data.DeviceExtensionSize = sizeof(STORM);
    Data.SrbExtensionSize = sizeof(STORM_SRB);
    Data.MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    Data.NeedPhysicalAddresses = TRUE;
    Data.TaggedQueuing = TRUE;
    Data.AutoRequestSense = TRUE;
    Data.MultipleRequestPerLu = TRUE;
    Data.SrbTypeFlags =
        Virtual ? SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK : SRB_TYPE_FLAG_SCSI_REQUEST_BLOCK;
    Data.FeatureSupport = Virtual ? STOR_FEATURE_VIRTUAL_MINIPORT : 0;
    return StorPortInitialize(DriverObject, RegistryPath, &Data, NULL);
}

/* Two drivers in one image: the test picks the entry. */
__attribute__((visibility("default"))) ULONG StormVirtualEntry(PVOID DriverObject,
                                                               PVOID RegistryPath);
__attribute__((visibility("default"))) ULONG StormPhysicalEntry(PVOID DriverObject,
                                                                PVOID RegistryPath);

ULONG
StormVirtualEntry(PVOID DriverObject, PVOID RegistryPath)
{
    return Enter2(DriverObject, RegistryPath, TRUE);
}

ULONG
StormPhysicalEntry(PVOID DriverObject, PVOID RegistryPath)
{
    return Enter2(DriverObject, RegistryPath, FALSE);
}
