/*
 * GUIDs: the type, comparison, and DEFINE_GUID in its two readings (declaration, or definition
 * after initguid.h). It never defines a GUID by itself.
 */
#ifndef GUID_DEFINED
#define GUID_DEFINED

typedef struct _GUID {
    unsigned int Data1;
    unsigned short Data2;
    unsigned short Data3;
    unsigned char Data4[8];
} GUID;

typedef GUID *LPGUID;
typedef const GUID *LPCGUID;
typedef GUID IID, CLSID;

#ifdef __cplusplus
#define STORPORT_GUID_LINKAGE extern "C"
#define REFGUID const GUID &
#else
#define STORPORT_GUID_LINKAGE extern
#define REFGUID const GUID *
#endif

/* What a program uses must equal in every byte; __builtin_memcmp spares us <string.h>. */
#ifdef __cplusplus
#define IsEqualGUID(a, b) (!__builtin_memcmp(&(a), &(b), sizeof(GUID)))
#else
#define IsEqualGUID(a, b) (!__builtin_memcmp((a), (b), sizeof(GUID)))
#endif
#define InlineIsEqualGUID(a, b) IsEqualGUID(a, b)
#define IsEqualIID(a, b) IsEqualGUID(a, b)
#define IsEqualCLSID(a, b) IsEqualGUID(a, b)

#endif /* GUID_DEFINED */

/* Outside the guard: initguid.h may be included after this file. */
#undef DEFINE_GUID
#ifdef INITGUID
/* weak: several files of one driver may define the same GUID (selectany on Windows). */
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                               \
    STORPORT_GUID_LINKAGE const GUID name __attribute__((weak));                                   \
    const GUID name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                               \
    STORPORT_GUID_LINKAGE const GUID name
#endif
