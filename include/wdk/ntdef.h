/*
 * Base types of Windows drivers, with Windows' widths: LONG has 32 bits, WCHAR 16. Also the empty
 * source annotations, list entries, strings, and the two visibility macros. It knows nothing of
 * the kernel (wdm.h) or of storage, and includes no header of the C library but stddef and stdarg.
 */
#ifndef _NTDEF_
#define _NTDEF_

#include <stddef.h>
#include <stdarg.h>
#include "guiddef.h"

/* ---- how functions are called and seen ------------------------------------------------------ */

/* The native convention by default. A test sets it to __attribute__((ms_abi)). */
#ifndef STORPORT_CALL
#define STORPORT_CALL
#endif

#define NTAPI STORPORT_CALL
#define WINAPI STORPORT_CALL
#define APIENTRY STORPORT_CALL
#define FASTCALL STORPORT_CALL
#define NTFASTCALL STORPORT_CALL
#define __stdcall STORPORT_CALL
#define __cdecl STORPORT_CALL
#define __fastcall STORPORT_CALL
#define STDCALL STORPORT_CALL
#define CDECL STORPORT_CALL

#define STORPORT_API __attribute__((visibility("default")))
#define NTKERNELAPI __attribute__((visibility("default")))
#define NTSYSAPI NTKERNELAPI
#define NTSYSCALLAPI NTKERNELAPI
#define NTHALAPI NTKERNELAPI
#define DECLSPEC_IMPORT
#define DECLSPEC_EXPORT __attribute__((visibility("default")))
#define DECLSPEC_NORETURN __attribute__((noreturn))
#define DECLSPEC_NOINLINE __attribute__((noinline))
#define DECLSPEC_ALIGN(x) __attribute__((aligned(x)))
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(64)
#define DECLSPEC_DEPRECATED_DDK
#define DECLSPEC_SELECTANY __attribute__((weak))
#define FORCEINLINE static inline __attribute__((always_inline, unused))
#define CFORCEINLINE FORCEINLINE
#define STORPORT_INLINE static inline __attribute__((unused))
#ifndef __inline
#define __inline inline
#endif
#define __forceinline inline __attribute__((always_inline))
#define INLINE inline
#define UNALIGNED
#define UNREFERENCED_PARAMETER(P) ((void)(P))
#define DBG_UNREFERENCED_PARAMETER(P) ((void)(P))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(V) ((void)(V))

#ifdef __cplusplus
#define EXTERN_C extern "C"
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END }
#define C_ASSERT(e) static_assert(e, #e)
#else
#define EXTERN_C extern
#define EXTERN_C_START
#define EXTERN_C_END
#define C_ASSERT(e) _Static_assert(e, #e)
#endif

/* Compiler switches of the Windows compiler that drivers put into their sources. */
#define POINTER_ALIGNMENT DECLSPEC_ALIGN(8)
#define MEMORY_ALLOCATION_ALIGNMENT 16
#define ANYSIZE_ARRAY 1
#define POINTER_64
#define POINTER_32
#define RESTRICTED_POINTER

#ifndef _WIN64
#define _WIN64 1
#endif
#ifndef _AMD64_
#define _AMD64_ 1
#endif

/* ---- source annotations: documentation for readers and analysers, nothing to a compiler ------ */

#ifndef STORPORT_HOST
#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif
#ifndef OPTIONAL
#define OPTIONAL
#endif
#ifndef __cplusplus
#define __in
#define __out
#define __inout
#define __in_opt
#define __out_opt
#define __inout_opt
#define __deref_out
#define __deref_out_opt
#define __in_bcount(x)
#define __in_ecount(x)
#define __in_bcount_opt(x)
#define __in_ecount_opt(x)
#define __out_bcount(x)
#define __out_ecount(x)
#define __out_bcount_opt(x)
#define __out_ecount_opt(x)
#define __inout_bcount(x)
#define __inout_ecount(x)
#define __drv_aliasesMem
#define __drv_maxIRQL(x)
#define __drv_minIRQL(x)
#define __drv_requiresIRQL(x)
#endif
#endif /* STORPORT_HOST */

#define _In_
#define _Out_
#define _Inout_
#define _In_opt_
#define _Out_opt_
#define _Inout_opt_
#define _In_z_
#define _In_opt_z_
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Outptr_result_bytebuffer_(x)
#define _Outptr_result_buffer_(x)
#define _Deref_out_
#define _In_reads_(x)
#define _In_reads_opt_(x)
#define _In_reads_z_(x)
#define _In_reads_bytes_(x)
#define _In_reads_bytes_opt_(x)
#define _In_reads_or_z_(x)
#define _Out_writes_(x)
#define _Out_writes_z_(x)
#define _Out_writes_opt_(x)
#define _Out_writes_all_(x)
#define _Out_writes_to_(x, y)
#define _Out_writes_bytes_(x)
#define _Out_writes_bytes_opt_(x)
#define _Out_writes_bytes_all_(x)
#define _Out_writes_bytes_all_opt_(x)
#define _Out_writes_bytes_to_(x, y)
#define _Out_writes_bytes_to_opt_(x, y)
#define _Inout_updates_(x)
#define _Inout_updates_opt_(x)
#define _Inout_updates_bytes_(x)
#define _Inout_updates_bytes_opt_(x)
#define _Inout_updates_bytes_to_(x, y)
#define _Field_size_(x)
#define _Field_size_opt_(x)
#define _Field_size_bytes_(x)
#define _Field_size_bytes_opt_(x)
#define _Field_size_bytes_full_(x)
#define _Field_size_bytes_full_opt_(x)
#define _Field_size_bytes_part_(x, y)
#define _Field_range_(x, y)
#define _Struct_size_bytes_(x)
#define _In_range_(x, y)
#define _Out_range_(x, y)
#define _Ret_maybenull_
#define _Ret_notnull_
#define _Ret_writes_bytes_(x)
#define _Post_writable_byte_size_(x)
#define _Post_maybenull_
#define _Post_notnull_
#define _Post_invalid_
#define _Post_ptr_invalid_
#define _Post_satisfies_(x)
#define _Pre_maybenull_
#define _Pre_notnull_
#define _Frees_ptr_
#define _Frees_ptr_opt_
#define _Must_inspect_result_
#define _Check_return_
#define _Success_(x)
#define _Return_type_success_(x)
#define _When_(c, a)
#define _At_(t, a)
#define _Always_(a)
#define _On_failure_(a)
#define _Use_decl_annotations_
#define _Analysis_assume_(x)
#define _Analysis_noreturn_
#define _Printf_format_string_
#define _Null_terminated_
#define _NullNull_terminated_
#define _Notnull_
#define _Maybenull_
#define _Const_
#define _Reserved_
#define _Points_to_data_
#define _Interlocked_operand_
#define _Acquires_lock_(l)
#define _Releases_lock_(l)
#define _Requires_lock_held_(l)
#define _Requires_lock_not_held_(l)
#define _Requires_no_locks_held_
#define _Acquires_nonreentrant_lock_(l)
#define _Releases_nonreentrant_lock_(l)
#define _Acquires_exclusive_lock_(l)
#define _Acquires_shared_lock_(l)
#define _Guarded_by_(l)
#define _IRQL_requires_(x)
#define _IRQL_requires_max_(x)
#define _IRQL_requires_min_(x)
#define _IRQL_requires_same_
#define _IRQL_raises_(x)
#define _IRQL_saves_
#define _IRQL_saves_global_(k, p)
#define _IRQL_restores_
#define _IRQL_restores_global_(k, p)
#define _IRQL_always_function_max_(x)
#define _IRQL_always_function_min_(x)
#define _IRQL_limited_to_(x)
#define _IRQL_uses_cancel_
#define _Kernel_clear_do_init_(x)
#define _Kernel_float_saved_
#define _Kernel_float_restored_
#define _Kernel_float_used_
#define _Kernel_requires_resource_held_(x)
#define _Kernel_acquires_resource_(x)
#define _Kernel_releases_resource_(x)
#define _Function_class_(x)
#define _Dispatch_type_(x)
#define _Enum_is_bitflag_
#define _Group_(x)
#define _Strict_type_match_
#define __drv_freesMem(x)
#define __drv_allocatesMem(x)
#define __drv_dispatchType(x)
#define __drv_functionClass(x)
#define __drv_strictTypeMatch(x)
#define __drv_sameIRQL
#define __callback
#define NTAPI_INLINE NTAPI
#define __analysis_assume(x)
#define ANALYSIS_ASSUME(x)

/* ---- plain types ---------------------------------------------------------------------------- */

#define VOID void
typedef void *PVOID;
typedef void *POINTER_64_PVOID;
typedef char CHAR, *PCHAR, CCHAR, *PCCHAR, *LPCH, *PCH, *LPSTR, *PSTR;
typedef const char *LPCSTR, *PCSTR, *PCSZ, *LPCCH, *PCCH;
typedef unsigned char UCHAR, *PUCHAR, BOOLEAN, *PBOOLEAN, BYTE, *PBYTE, KIRQL, *PKIRQL;
typedef const unsigned char *PCUCHAR;
typedef short SHORT, *PSHORT, CSHORT, *PCSHORT;
typedef unsigned short USHORT, *PUSHORT, WORD, *PWORD;
typedef int LONG, *PLONG, INT, *PINT, BOOL, *PBOOL, LONG32, *PLONG32, INT32, *PINT32;
typedef unsigned int ULONG, *PULONG, UINT, *PUINT, DWORD, *PDWORD, ULONG32, *PULONG32;
typedef unsigned int UINT32, *PUINT32, LOGICAL, *PLOGICAL, CLONG, *PCLONG;
typedef signed char INT8, *PINT8, SCHAR, *PSCHAR;
typedef unsigned char UINT8, *PUINT8;
typedef short INT16, *PINT16;
typedef unsigned short UINT16, *PUINT16;
__extension__ typedef long long LONGLONG, *PLONGLONG, LONG64, *PLONG64, INT64, *PINT64;
__extension__ typedef unsigned long long ULONGLONG, *PULONGLONG, ULONG64, *PULONG64;
__extension__ typedef unsigned long long UINT64, *PUINT64, DWORD64, *PDWORD64, DWORDLONG;
typedef LONGLONG LONG_PTR, *PLONG_PTR, INT_PTR, *PINT_PTR, SSIZE_T, *PSSIZE_T, USN;
typedef ULONGLONG ULONG_PTR, *PULONG_PTR, UINT_PTR, *PUINT_PTR, DWORD_PTR, *PDWORD_PTR;
typedef ULONG_PTR SIZE_T, *PSIZE_T, KAFFINITY, *PKAFFINITY, KSPIN_LOCK, *PKSPIN_LOCK;
typedef ULONG_PTR PFN_NUMBER, *PPFN_NUMBER, PFN_COUNT;
typedef PVOID HANDLE, *PHANDLE;
typedef LONG NTSTATUS, *PNTSTATUS, KPRIORITY, HRESULT;
typedef CCHAR KPROCESSOR_MODE;
typedef UCHAR KEVENT_STATE;
typedef ULONG ACCESS_MASK, *PACCESS_MASK, DEVICE_TYPE, LCID;
typedef PVOID PSECURITY_DESCRIPTOR, PSID;
typedef float FLOAT;
typedef double DOUBLE;

#ifndef __int8
#define __int8 char
#define __int16 short
#define __int32 int
#define __int64 long long
#endif

/* 16 bits whatever -fshort-wchar says: only then is L"text" a WCHAR string. */
#if __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#else
typedef unsigned short WCHAR;
#endif
typedef WCHAR *PWCHAR, *PWCH, *LPWCH, *PWSTR, *LPWSTR, *NWPSTR;
typedef const WCHAR *PCWSTR, *LPCWSTR, *PCWCH, *LPCWCH;

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif
#ifndef CONST
#define CONST const
#endif
#define MAXUCHAR 0xff
#define MINCHAR 0x80
#define MAXCHAR 0x7f
#define MINSHORT 0x8000
#define MAXSHORT 0x7fff
#define MINLONG 0x80000000
#define MAXLONG 0x7fffffff
#define MAXUSHORT 0xffff
#define MAXULONG 0xffffffffU
#define MAXLONGLONG 0x7fffffffffffffffLL
#define MAXULONGLONG 0xffffffffffffffffULL
#define MAXULONG64 0xffffffffffffffffULL
#define MAXULONG_PTR 0xffffffffffffffffULL
#define MAXDWORD 0xffffffffU
#define ULONG_MAX_32 0xffffffffU
#define Int64ShrlMod32(a, b) ((ULONGLONG)(a) >> ((b)&31))

#define UlongToPtr(u) ((PVOID)(ULONG_PTR)(ULONG)(u))
#define ULongToPtr(u) UlongToPtr(u)
#define UlongToHandle(u) ((HANDLE)(ULONG_PTR)(ULONG)(u))
#define ULongToHandle(u) UlongToHandle(u)
#define LongToHandle(l) ((HANDLE)(LONG_PTR)(LONG)(l))
#define LongToPtr(l) ((PVOID)(LONG_PTR)(LONG)(l))
#define PtrToUlong(p) ((ULONG)(ULONG_PTR)(p))
#define PtrToULong(p) PtrToUlong(p)
#define PtrToLong(p) ((LONG)(LONG_PTR)(p))
#define HandleToUlong(h) ((ULONG)(ULONG_PTR)(h))
#define HandleToULong(h) HandleToUlong(h)
#define HandleToLong(h) ((LONG)(LONG_PTR)(h))

#ifndef FIELD_OFFSET
#define FIELD_OFFSET(type, field) ((LONG)__builtin_offsetof(type, field))
#endif
#define UFIELD_OFFSET(type, field) ((ULONG)__builtin_offsetof(type, field))
#define RTL_FIELD_SIZE(type, field) (sizeof(((type *)0)->field))
#define RTL_SIZEOF_THROUGH_FIELD(type, field)                                                      \
    (FIELD_OFFSET(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_CONTAINS_FIELD(Struct, Size, Field)                                                    \
    ((((PCHAR)(&(Struct)->Field)) + sizeof((Struct)->Field)) <=                                    \
     (((PCHAR)(Struct)) + (Size)))
#ifndef CONTAINING_RECORD
#define CONTAINING_RECORD(address, type, field)                                                    \
    ((type *)(void *)((char *)(address) - __builtin_offsetof(type, field)))
#endif
#define RTL_NUMBER_OF(A) (sizeof(A) / sizeof((A)[0]))
#define RTL_NUMBER_OF_FIELD(type, field) (RTL_NUMBER_OF(((type *)0)->field))
#ifndef ARRAYSIZE
#define ARRAYSIZE(A) RTL_NUMBER_OF(A)
#endif
#define RTL_BITS_OF(x) (sizeof(x) * 8)
#define ADDRESS_AND_SIZE_TO_SPAN_PAGES(Va, Size)                                                   \
    ((ULONG)((((ULONG_PTR)(Va) & 0xFFF) + (SIZE_T)(Size) + 0xFFF) >> 12))
#define ALIGN_DOWN_BY(n, a) ((ULONG_PTR)(n) & ~((ULONG_PTR)(a)-1))
#define ALIGN_UP_BY(n, a) (ALIGN_DOWN_BY(((ULONG_PTR)(n) + (a)-1), a))
#define ALIGN_DOWN(n, t) ALIGN_DOWN_BY(n, sizeof(t))
#define ALIGN_UP(n, t) ALIGN_UP_BY(n, sizeof(t))
#define ROUND_TO_SIZE(n, a) ((((ULONG_PTR)(n)) + ((a)-1)) & ~((ULONG_PTR)(a)-1))
#define ROUND_TO_PAGES(n) ROUND_TO_SIZE(n, 0x1000)

#if !defined(STORPORT_HOST) && !defined(__cplusplus)
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#endif

#define DEFINE_ENUM_FLAG_OPERATORS(T)

#ifdef __cplusplus
extern "C" {
#endif

/* ---- compound types ------------------------------------------------------------------------- */

typedef union _LARGE_INTEGER {
    __extension__ struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    __extension__ struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY, *PRLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING;
typedef const STRING *PCANSI_STRING, *PCSTRING;
typedef STRING UTF8_STRING, *PUTF8_STRING;

typedef struct _UNICODE_STRING {
    USHORT Length;        /* bytes, without a terminator */
    USHORT MaximumLength; /* bytes */
    PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

#define UNICODE_NULL ((WCHAR)0)
#define ANSI_NULL ((CHAR)0)
#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS (32767)
#define RTL_CONSTANT_STRING(s)                                                                     \
    {                                                                                              \
        (USHORT)(sizeof(s) - sizeof((s)[0])), (USHORT)sizeof(s), (s)                               \
    }
#define DECLARE_CONST_UNICODE_STRING(name, text)                                                   \
    static const WCHAR name##_buffer[] = text;                                                     \
    static const UNICODE_STRING name = {sizeof(text) - sizeof(WCHAR), sizeof(text),                \
                                        (PWCH)name##_buffer}

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;

#define OBJ_INHERIT 0x00000002
#define OBJ_PERMANENT 0x00000010
#define OBJ_EXCLUSIVE 0x00000020
#define OBJ_CASE_INSENSITIVE 0x00000040
#define OBJ_OPENIF 0x00000080
#define OBJ_OPENLINK 0x00000100
#define OBJ_KERNEL_HANDLE 0x00000200
#define OBJ_FORCE_ACCESS_CHECK 0x00000400
#define OBJ_IGNORE_IMPERSONATED_DEVICEMAP 0x00000800
#define OBJ_DONT_REPARSE 0x00001000
#define OBJ_VALID_ATTRIBUTES 0x00001FF2

#define InitializeObjectAttributes(p, n, a, r, s)                                                  \
    do {                                                                                           \
        (p)->Length = sizeof(OBJECT_ATTRIBUTES);                                                   \
        (p)->RootDirectory = (r);                                                                  \
        (p)->Attributes = (a);                                                                     \
        (p)->ObjectName = (n);                                                                     \
        (p)->SecurityDescriptor = (s);                                                             \
        (p)->SecurityQualityOfService = NULL;                                                      \
    } while (0)

typedef struct _PROCESSOR_NUMBER {
    USHORT Group;
    UCHAR Number;
    UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;

typedef struct _GROUP_AFFINITY {
    KAFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;

typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;
typedef enum _TIMER_TYPE { NotificationTimer, SynchronizationTimer } TIMER_TYPE;
typedef enum _WAIT_TYPE { WaitAll, WaitAny, WaitNotification, WaitDequeue } WAIT_TYPE;

#define NT_SUCCESS(Status) (((NTSTATUS)(Status)) >= 0)
#define NT_INFORMATION(Status) ((((ULONG)(Status)) >> 30) == 1)
#define NT_WARNING(Status) ((((ULONG)(Status)) >> 30) == 2)
#define NT_ERROR(Status) ((((ULONG)(Status)) >> 30) == 3)

#ifdef __cplusplus
}
#endif

#include "ntstatus.h"

#endif /* _NTDEF_ */
