/*
 * The error log: a packet that a driver fills and gives back; it ends in the host's log.
 * DDI: IoAllocateErrorLogEntry, IoWriteErrorLogEntry.
 */
#include "nt_priv.h"

#define ERROR_LOG_TAG ('E' | 'r' << 8 | 'L' << 16 | 'g' << 24)

PVOID
IoAllocateErrorLogEntry(PVOID object, UCHAR bytes)
{
    CONTRACT_ENTER(IoAllocateErrorLogEntry);
    /* DDI: a driver or device object, and no more than ERROR_LOG_MAXIMUM_SIZE. */
    if (bytes < 0x30 || bytes > 240 || !object)
        return NULL;
    return nt_pool_allocate(bytes, ERROR_LOG_TAG, true, false);
}

VOID
IoWriteErrorLogEntry(PVOID packet)
{
    struct rt *rt = rt_self()->rt;
    NTSTATUS code, final;
    ULONG unique;

    CONTRACT_ENTER(IoWriteErrorLogEntry);
    /* IO_ERROR_LOG_PACKET: ErrorCode, UniqueErrorValue, FinalStatus follow each other from 0x0C. */
    memcpy(&code, (char *)packet + 0x0C, sizeof(code));
    memcpy(&unique, (char *)packet + 0x10, sizeof(unique));
    memcpy(&final, (char *)packet + 0x14, sizeof(final));
    rt_log(rt, RT_LOG_ERROR, "eventlog", "code 0x%08X, unique %u, status 0x%08X", (unsigned)code,
           (unsigned)unique, (unsigned) final);
    nt_pool_free(packet, 0);
}
