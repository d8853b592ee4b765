/*
 * Bounded string routines, the part that storage drivers use. The destination always ends with a
 * zero; what did not fit is cut and answered with STATUS_BUFFER_OVERFLOW. Formats are the C
 * library's, so %I64 and %wZ are not understood.
 */
#ifndef _NTSTRSAFE_H_INCLUDED_
#define _NTSTRSAFE_H_INCLUDED_

#include "ntdef.h"
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NTSTRSAFE_MAX_CCH 2147483647
typedef PSTR NTSTRSAFE_PSTR;
typedef PCSTR NTSTRSAFE_PCSTR;
typedef PWSTR NTSTRSAFE_PWSTR;
typedef PCWSTR NTSTRSAFE_PCWSTR;

STORPORT_INLINE NTSTATUS
RtlStringCbVPrintfA(NTSTRSAFE_PSTR Dest, SIZE_T CbDest, NTSTRSAFE_PCSTR Format, va_list Arguments)
{
    int Length;

    if (CbDest == 0 || CbDest > NTSTRSAFE_MAX_CCH)
        return STATUS_INVALID_PARAMETER;
    Length = vsnprintf(Dest, CbDest, Format, Arguments);
    if (Length < 0) {
        Dest[0] = 0;
        return STATUS_INVALID_PARAMETER;
    }
    return (SIZE_T)Length < CbDest ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

STORPORT_INLINE NTSTATUS
RtlStringCbPrintfA(NTSTRSAFE_PSTR Dest, SIZE_T CbDest, NTSTRSAFE_PCSTR Format, ...)
{
    NTSTATUS Status;
    va_list Arguments;

    va_start(Arguments, Format);
    Status = RtlStringCbVPrintfA(Dest, CbDest, Format, Arguments);
    va_end(Arguments);
    return Status;
}

STORPORT_INLINE NTSTATUS
RtlStringCbCopyNA(NTSTRSAFE_PSTR Dest, SIZE_T CbDest, NTSTRSAFE_PCSTR Src, SIZE_T CbToCopy)
{
    SIZE_T Length = strnlen(Src, CbToCopy);
    SIZE_T Copy = Length;

    if (CbDest == 0 || CbDest > NTSTRSAFE_MAX_CCH)
        return STATUS_INVALID_PARAMETER;
    if (Copy >= CbDest)
        Copy = CbDest - 1;
    memcpy(Dest, Src, Copy);
    Dest[Copy] = 0;
    return Copy == Length ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

STORPORT_INLINE NTSTATUS
RtlStringCbCopyA(NTSTRSAFE_PSTR Dest, SIZE_T CbDest, NTSTRSAFE_PCSTR Src)
{
    return RtlStringCbCopyNA(Dest, CbDest, Src, NTSTRSAFE_MAX_CCH);
}

STORPORT_INLINE NTSTATUS
RtlStringCbLengthA(NTSTRSAFE_PCSTR String, SIZE_T CbMax, SIZE_T *CbLength)
{
    SIZE_T Length;

    if (String == NULL || CbMax > NTSTRSAFE_MAX_CCH)
        return STATUS_INVALID_PARAMETER;
    Length = strnlen(String, CbMax);
    if (CbLength != NULL)
        *CbLength = Length < CbMax ? Length : 0;
    return Length < CbMax ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

STORPORT_INLINE NTSTATUS
RtlStringCbCatA(NTSTRSAFE_PSTR Dest, SIZE_T CbDest, NTSTRSAFE_PCSTR Src)
{
    SIZE_T Length;
    NTSTATUS Status = RtlStringCbLengthA(Dest, CbDest, &Length);

    if (!NT_SUCCESS(Status))
        return Status;
    return RtlStringCbCopyA(Dest + Length, CbDest - Length, Src);
}

STORPORT_INLINE NTSTATUS
RtlStringCchCopyW(NTSTRSAFE_PWSTR Dest, SIZE_T CchDest, NTSTRSAFE_PCWSTR Src)
{
    SIZE_T At;

    if (CchDest == 0 || CchDest > NTSTRSAFE_MAX_CCH)
        return STATUS_INVALID_PARAMETER;
    for (At = 0; At < CchDest - 1 && Src[At] != 0; At++)
        Dest[At] = Src[At];
    Dest[At] = 0;
    return Src[At] == 0 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

STORPORT_INLINE NTSTATUS
RtlStringCbCopyW(NTSTRSAFE_PWSTR Dest, SIZE_T CbDest, NTSTRSAFE_PCWSTR Src)
{
    return RtlStringCchCopyW(Dest, CbDest / sizeof(WCHAR), Src);
}

/* In narrow strings a character is a byte. */
#define RtlStringCchPrintfA RtlStringCbPrintfA
#define RtlStringCchVPrintfA RtlStringCbVPrintfA
#define RtlStringCchCopyA RtlStringCbCopyA
#define RtlStringCchCatA RtlStringCbCatA
#define RtlStringCchLengthA RtlStringCbLengthA

#ifdef __cplusplus
}
#endif

#endif /* _NTSTRSAFE_H_INCLUDED_ */
