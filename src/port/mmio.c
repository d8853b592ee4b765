/*
 * Register and port accessors, and what maps a device's ranges. A register is accessed once, at its
 * width, in program order; buffer forms walk consecutive registers, port buffers stay on one port.
 * No bus is behind an adapter here: port reads give all ones, and no range was assigned to map.
 * DDI: ScsiPortReadRegisterUlong and its like, StorPortGetDeviceBase, StorPortGetBusData.
 */
#include "routines.h"

#include <string.h>

/* Natural alignment, on every processor (Windows' verifier: x86 only). */
static bool
register_good(struct adapter *adapter, const volatile void *where, size_t bytes)
{
    if (RT_LIKELY(where && (uintptr_t)where % bytes == 0))
        return true;
    finding_report(adapter->rt, RULE_DV_RegisterAddress, 0,
                   "a register of %zu bytes is accessed at %s", bytes,
                   where ? "an address that is not a multiple of that" : "address zero");
    return where != NULL;
}

/*
 * One width of register: read, write, and both for buffers. A misaligned one is reported and then
 * accessed as the processor would.
 */
#define REGISTER_ACCESSORS(Name, type)                                                             \
    static inline type register_read_##Name(const volatile void *where)                            \
    {                                                                                              \
        type value;                                                                                \
                                                                                                   \
        if (RT_LIKELY((uintptr_t)where % sizeof(type) == 0))                                       \
            return __atomic_load_n((const volatile type *)where, __ATOMIC_SEQ_CST);                \
        memcpy(&value, (const void *)(uintptr_t)where, sizeof(value));                             \
        return value;                                                                              \
    }                                                                                              \
                                                                                                   \
    static inline void register_write_##Name(volatile void *where, type value)                     \
    {                                                                                              \
        if (RT_LIKELY((uintptr_t)where % sizeof(type) == 0))                                       \
            __atomic_store_n((volatile type *)where, value, __ATOMIC_SEQ_CST);                     \
        else                                                                                       \
            memcpy((void *)(uintptr_t)where, &value, sizeof(value));                               \
    }                                                                                              \
                                                                                                   \
    type StorPortReadRegister##Name(PVOID HwDeviceExtension, volatile type *Register)              \
    {                                                                                              \
        struct adapter *adapter = ADAPTER_ENTER(StorPortReadRegister##Name, HwDeviceExtension);    \
                                                                                                   \
        if (!adapter || !register_good(adapter, Register, sizeof(type)))                           \
            return (type) ~(type)0;                                                                \
        return register_read_##Name(Register);                                                     \
    }                                                                                              \
                                                                                                   \
    VOID StorPortWriteRegister##Name(PVOID HwDeviceExtension, volatile type *Register, type Value) \
    {                                                                                              \
        struct adapter *adapter = ADAPTER_ENTER(StorPortWriteRegister##Name, HwDeviceExtension);   \
                                                                                                   \
        if (adapter && register_good(adapter, Register, sizeof(type)))                             \
            register_write_##Name(Register, Value);                                                \
    }                                                                                              \
                                                                                                   \
    VOID StorPortReadRegisterBuffer##Name(PVOID HwDeviceExtension, volatile type *Register,        \
                                          type *Buffer, ULONG Count)                               \
    {                                                                                              \
        struct adapter *adapter =                                                                  \
            ADAPTER_ENTER(StorPortReadRegisterBuffer##Name, HwDeviceExtension);                    \
                                                                                                   \
        if (!adapter || !Buffer || !register_good(adapter, Register, sizeof(type)))                \
            return;                                                                                \
        for (ULONG i = 0; i < Count; i++)                                                          \
            Buffer[i] = register_read_##Name(&Register[i]);                                        \
    }                                                                                              \
                                                                                                   \
    VOID StorPortWriteRegisterBuffer##Name(PVOID HwDeviceExtension, volatile type *Register,       \
                                           type *Buffer, ULONG Count)                              \
    {                                                                                              \
        struct adapter *adapter =                                                                  \
            ADAPTER_ENTER(StorPortWriteRegisterBuffer##Name, HwDeviceExtension);                   \
                                                                                                   \
        if (!adapter || !Buffer || !register_good(adapter, Register, sizeof(type)))                \
            return;                                                                                \
        for (ULONG i = 0; i < Count; i++)                                                          \
            register_write_##Name(&Register[i], Buffer[i]);                                        \
    }

REGISTER_ACCESSORS(Uchar, UCHAR)
REGISTER_ACCESSORS(Ushort, USHORT)
REGISTER_ACCESSORS(Ulong, ULONG)
REGISTER_ACCESSORS(Ulong64, ULONG64)

/* ---- I/O ports: nobody answers, the bus floats high ---- */

#define PORT_ACCESSORS(Name, type)                                                                 \
    type StorPortReadPort##Name(PVOID HwDeviceExtension, type *Port)                               \
    {                                                                                              \
        ADAPTER_ENTER(StorPortReadPort##Name, HwDeviceExtension);                                  \
        (void)Port;                                                                                \
        return (type) ~(type)0;                                                                    \
    }                                                                                              \
                                                                                                   \
    VOID StorPortWritePort##Name(PVOID HwDeviceExtension, type *Port, type Value)                  \
    {                                                                                              \
        ADAPTER_ENTER(StorPortWritePort##Name, HwDeviceExtension);                                 \
        (void)Port, (void)Value;                                                                   \
    }                                                                                              \
                                                                                                   \
    VOID StorPortReadPortBuffer##Name(PVOID HwDeviceExtension, type *Port, type *Buffer,           \
                                      ULONG Count)                                                 \
    {                                                                                              \
        ADAPTER_ENTER(StorPortReadPortBuffer##Name, HwDeviceExtension);                            \
        (void)Port;                                                                                \
        if (Buffer)                                                                                \
            memset(Buffer, 0xFF, Count * sizeof(type));                                            \
    }                                                                                              \
                                                                                                   \
    VOID StorPortWritePortBuffer##Name(PVOID HwDeviceExtension, type *Port, type *Buffer,          \
                                       ULONG Count)                                                \
    {                                                                                              \
        ADAPTER_ENTER(StorPortWritePortBuffer##Name, HwDeviceExtension);                           \
        (void)Port, (void)Buffer, (void)Count;                                                     \
    }

PORT_ACCESSORS(Uchar, UCHAR)
PORT_ACCESSORS(Ushort, USHORT)
PORT_ACCESSORS(Ulong, ULONG)

/* ---- ranges ---- */

/* PnP assigned no range, so every address is a foreign one. */
static void
foreign_range(struct adapter *adapter, const char *routine, STOR_PHYSICAL_ADDRESS address)
{
    finding_report(adapter->rt, RULE_DV_DeviceBaseRange, 0,
                   "%s of 0x%llx: PnP assigned no such range to this adapter", routine,
                   (unsigned long long)address.QuadPart);
}

PVOID
StorPortGetDeviceBase(PVOID HwDeviceExtension, INTERFACE_TYPE BusType, ULONG SystemIoBusNumber,
                      STOR_PHYSICAL_ADDRESS IoAddress, ULONG NumberOfBytes, BOOLEAN InIoSpace)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortGetDeviceBase, HwDeviceExtension);

    (void)BusType, (void)SystemIoBusNumber, (void)NumberOfBytes, (void)InIoSpace;
    if (adapter)
        foreign_range(adapter, "StorPortGetDeviceBase", IoAddress);
    return NULL;
}

ULONG
ext_get_device_base2(struct adapter *adapter, va_list args, void *caller)
{
    STOR_PHYSICAL_ADDRESS address;
    PVOID *base;

    (void)caller;
    (void)va_arg(args, INTERFACE_TYPE);
    (void)va_arg(args, ULONG);
    address = va_arg(args, STOR_PHYSICAL_ADDRESS);
    (void)va_arg(args, ULONG);
    (void)va_arg(args, int);
    (void)va_arg(args, ULONG);
    base = va_arg(args, PVOID *);
    if (base)
        *base = NULL;
    foreign_range(adapter, "StorPortGetDeviceBase2", address);
    return STOR_STATUS_INVALID_PARAMETER;
}

VOID
StorPortFreeDeviceBase(PVOID HwDeviceExtension, PVOID MappedAddress)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortFreeDeviceBase, HwDeviceExtension);

    if (adapter && MappedAddress)
        finding_report(adapter->rt, RULE_BadArgument, 0,
                       "StorPortFreeDeviceBase got what StorPortGetDeviceBase never gave");
}

/* DDI: always TRUE, for the sake of older drivers; the routine is retired. */
BOOLEAN
StorPortValidateRange(PVOID HwDeviceExtension, INTERFACE_TYPE BusType, ULONG SystemIoBusNumber,
                      STOR_PHYSICAL_ADDRESS IoAddress, ULONG NumberOfBytes, BOOLEAN InIoSpace)
{
    struct adapter *adapter = ADAPTER_ENTER(StorPortValidateRange, HwDeviceExtension);

    (void)BusType, (void)SystemIoBusNumber, (void)IoAddress, (void)NumberOfBytes, (void)InIoSpace;
    if (adapter)
        finding_report(adapter->rt, RULE_StorPortDeprecated, 0,
                       "StorPortValidateRange is retired: PnP gives valid ranges");
    return TRUE;
}

/* ---- configuration space. DDI: zero, the bus does not exist. ---- */

ULONG
StorPortGetBusData(PVOID DeviceExtension, ULONG BusDataType, ULONG SystemIoBusNumber,
                   ULONG SlotNumber, PVOID Buffer, ULONG Length)
{
    ADAPTER_ENTER(StorPortGetBusData, DeviceExtension);
    (void)BusDataType, (void)SystemIoBusNumber, (void)SlotNumber, (void)Buffer, (void)Length;
    return 0;
}

ULONG
StorPortSetBusDataByOffset(PVOID DeviceExtension, ULONG BusDataType, ULONG SystemIoBusNumber,
                           ULONG SlotNumber, PVOID Buffer, ULONG Offset, ULONG Length)
{
    ADAPTER_ENTER(StorPortSetBusDataByOffset, DeviceExtension);
    (void)BusDataType, (void)SystemIoBusNumber, (void)SlotNumber, (void)Buffer, (void)Offset,
        (void)Length;
    return 0;
}
