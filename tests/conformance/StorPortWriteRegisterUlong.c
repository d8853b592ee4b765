/*
 * Registers of a device, each width, single and in runs. DDI: StorPortReadRegisterUlong and its
 * like: from the register address, in the buffer forms Count consecutive ones.
 *
 * Covers: StorPortReadRegisterUchar StorPortReadRegisterUshort StorPortReadRegisterUlong
 * Covers: StorPortReadRegisterUlong64 StorPortWriteRegisterUchar StorPortWriteRegisterUshort
 * Covers: StorPortWriteRegisterUlong StorPortWriteRegisterUlong64
 * Covers: StorPortReadRegisterBufferUchar StorPortReadRegisterBufferUshort
 * Covers: StorPortReadRegisterBufferUlong StorPortReadRegisterBufferUlong64
 * Covers: StorPortWriteRegisterBufferUchar StorPortWriteRegisterBufferUshort
 * Covers: StorPortWriteRegisterBufferUlong StorPortWriteRegisterBufferUlong64
 */
#include "harness.h"

#include <string.h>

static uint64_t registers[16];

/* Distinct in each byte, so that a wrong width or place shows. */
static void
fill(void)
{
    for (unsigned i = 0; i < sizeof(registers); i++)
        ((uint8_t *)registers)[i] = (uint8_t)(0x10 + i);
}

#define WIDTH(Name, type)                                                                          \
    static void single_##Name(void)                                                                \
    {                                                                                              \
        volatile type *at = (volatile type *)(void *)registers + 3;                                \
        type value, before, after;                                                                 \
                                                                                                   \
        rig_start();                                                                               \
        fill();                                                                                    \
        memcpy(&value, (const char *)registers + 3 * sizeof(type), sizeof(value));                 \
        CHECK_EQ(StorPortReadRegister##Name(mini.extension, at), value);                           \
        before = at[-1];                                                                           \
        after = at[1];                                                                             \
        StorPortWriteRegister##Name(mini.extension, at, (type)0xF1E2D3C4B5A69788u);                \
        memcpy(&value, (const char *)registers + 3 * sizeof(type), sizeof(value));                 \
        CHECK_EQ(value, (type)0xF1E2D3C4B5A69788u);                                                \
        CHECK_EQ(at[-1], before); /* that width and no more */                                     \
        CHECK_EQ(at[1], after);                                                                    \
    }                                                                                              \
                                                                                                   \
    static void buffer_##Name(void)                                                                \
    {                                                                                              \
        volatile type *at = (volatile type *)(void *)registers + 2;                                \
        type data[8];                                                                              \
                                                                                                   \
        rig_start();                                                                               \
        fill();                                                                                    \
        memset(data, 0xEE, sizeof(data));                                                          \
        StorPortReadRegisterBuffer##Name(mini.extension, at, data + 1, 5);                         \
        CHECK(!memcmp(data + 1, (const char *)registers + 2 * sizeof(type), 5 * sizeof(type)));    \
        CHECK_EQ(data[0], data[7]); /* beside the five nothing is written */                       \
        CHECK_EQ(data[6], data[7]);                                                                \
        for (unsigned i = 0; i < 8; i++)                                                           \
            data[i] = (type)(0xA0 + i);                                                            \
        StorPortWriteRegisterBuffer##Name(mini.extension, at, data, 4);                            \
        for (unsigned i = 0; i < 4; i++)                                                           \
            CHECK_EQ(at[i], 0xA0 + i);                                                             \
        CHECK(at[4] != 0xA4);                                                                      \
        CHECK(at[-1] != 0xA0);                                                                     \
    }

WIDTH(Uchar, UCHAR)
WIDTH(Ushort, USHORT)
WIDTH(Ulong, ULONG)
WIDTH(Ulong64, ULONG64)

/* A register that is not aligned to its width is a finding. */
static void
misaligned(void)
{
    rig_start();
    fill();
    rig_expect(RULE_DV_RegisterAddress);
    StorPortReadRegisterUlong(mini.extension, (PULONG)(void *)((char *)registers + 2));
    CHECK_EQ(rig_findings(RULE_DV_RegisterAddress), 1);
}

static ULONG got;

static void
in_isr(void *extension, void *subject)
{
    (void)subject;
    got = StorPortReadRegisterUlong(extension, (PULONG)(void *)registers);
    StorPortWriteRegisterUlong(extension, (PULONG)(void *)registers, 0x600D);
}

/* At any IRQL: interrupt routines live by it. */
static void
at_dirql(void)
{
    mini.physical = true;
    rig_start();
    registers[0] = 0x12345678;
    rig_at(AT_INTERRUPT, in_isr);
    CHECK_EQ(got, 0x12345678);
    CHECK_EQ(registers[0], 0x600D);
}

CASES(CASE(single_Uchar), CASE(single_Ushort), CASE(single_Ulong), CASE(single_Ulong64),
      CASE(buffer_Uchar), CASE(buffer_Ushort), CASE(buffer_Ulong), CASE(buffer_Ulong64),
      CASE(misaligned), CASE(at_dirql))
