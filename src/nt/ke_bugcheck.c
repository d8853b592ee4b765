/*
 * Bug checks: the end of the host, told to whoever runs it. Nothing here returns.
 */
#include "nt_priv.h"

void
nt_bugcheck(ULONG code, ULONG_PTR a, ULONG_PTR b, ULONG_PTR c, ULONG_PTR d, const char *why)
{
    rt_bug(rt_self()->rt, RT_BUG_CHECK, "bug check 0x%X (0x%llX, 0x%llX, 0x%llX, 0x%llX)%s%s", code,
           (unsigned long long)a, (unsigned long long)b, (unsigned long long)c,
           (unsigned long long)d, why ? ": " : "", why ? why : "");
}

VOID
KeBugCheckEx(ULONG code, ULONG_PTR a, ULONG_PTR b, ULONG_PTR c, ULONG_PTR d)
{
    CONTRACT_ENTER(KeBugCheckEx);
    nt_bugcheck(code, a, b, c, d, NULL);
}

VOID
KeBugCheck(ULONG code)
{
    CONTRACT_ENTER(KeBugCheck);
    nt_bugcheck(code, 0, 0, 0, 0, NULL);
}

/* No structured exceptions here: one that a driver raises has nobody to catch it. */
VOID
ExRaiseStatus(NTSTATUS status)
{
    CONTRACT_ENTER(ExRaiseStatus);
    nt_bugcheck(0x1E, (ULONG)status, (ULONG_PTR)__builtin_return_address(0), 0, 0,
                "KMODE_EXCEPTION_NOT_HANDLED");
}

VOID
DbgBreakPoint(VOID)
{
    rt_log(rt_self()->rt, RT_LOG_WARNING, "driver", "DbgBreakPoint at %p",
           __builtin_return_address(0));
}
