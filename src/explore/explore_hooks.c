/*
 * Linked into explore builds of drivers, nothing else: the functions that -fsanitize=thread makes
 * the compiler call, each a call of the host's __storport_explore() before the access. That is a
 * yield point of the sim executor, and lets the port see which references to SRBs are overwritten.
 * This file itself is compiled without the sanitizer. Names and meaning: the compilers' TSan ABI.
 */
#include <stddef.h>
#include <stdint.h>

#define HOST __attribute__((visibility("default")))
#define OURS __attribute__((visibility("hidden")))
#define WRITE 0x100u

HOST void __storport_explore(const volatile void *address, unsigned size_and_kind);

OURS void __tsan_init(void);
OURS void __tsan_func_entry(void *pc);
OURS void __tsan_func_exit(void);
OURS void __tsan_read_range(void *address, size_t bytes);
OURS void __tsan_write_range(void *address, size_t bytes);
OURS void __tsan_vptr_update(void **address, void *value);
OURS void __tsan_vptr_read(void **address);

void
__tsan_init(void)
{
}

void
__tsan_func_entry(void *pc)
{
    (void)pc;
}

void
__tsan_func_exit(void)
{
}

void
__tsan_read_range(void *address, size_t bytes)
{
    __storport_explore(address, bytes > 255 ? 255 : (unsigned)bytes);
}

void
__tsan_write_range(void *address, size_t bytes)
{
    __storport_explore(address, WRITE | (bytes > 255 ? 255 : (unsigned)bytes));
}

void
__tsan_vptr_update(void **address, void *value)
{
    (void)value;
    __storport_explore(address, WRITE | sizeof(void *));
}

void
__tsan_vptr_read(void **address)
{
    __storport_explore(address, sizeof(void *));
}

#define ACCESS(name, kind)                                                                         \
    OURS void name(void *address);                                                                 \
    void name(void *address)                                                                       \
    {                                                                                              \
        __storport_explore(address, (kind));                                                       \
    }
#define ACCESSES(bytes)                                                                            \
    ACCESS(__tsan_read##bytes, bytes)                                                              \
    ACCESS(__tsan_write##bytes, WRITE | bytes)                                                     \
    ACCESS(__tsan_unaligned_read##bytes, bytes)                                                    \
    ACCESS(__tsan_unaligned_write##bytes, WRITE | bytes)                                           \
    ACCESS(__tsan_volatile_read##bytes, bytes)                                                     \
    ACCESS(__tsan_volatile_write##bytes, WRITE | bytes)                                            \
    ACCESS(__tsan_unaligned_volatile_read##bytes, bytes)                                           \
    ACCESS(__tsan_unaligned_volatile_write##bytes, WRITE | bytes)                                  \
    ACCESS(__tsan_read##bytes##_pc, bytes)                                                         \
    ACCESS(__tsan_write##bytes##_pc, WRITE | bytes)                                                \
    ACCESS(__tsan_read_write##bytes, WRITE | bytes)                                                \
    ACCESS(__tsan_unaligned_read_write##bytes, WRITE | bytes)
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

/* Atomics stay atomic; the order asked for is at most sequentially consistent. */
#define ATOMIC_FETCH(type, bits, op)                                                               \
    OURS type __tsan_atomic##bits##_fetch_##op(volatile type *at, type value, int order);          \
    type __tsan_atomic##bits##_fetch_##op(volatile type *at, type value, int order)                \
    {                                                                                              \
        (void)order;                                                                               \
        __storport_explore(at, WRITE | sizeof(type));                                              \
        return __atomic_fetch_##op(at, value, __ATOMIC_SEQ_CST);                                   \
    }
#define ATOMICS(type, bits)                                                                        \
    OURS type __tsan_atomic##bits##_load(const volatile type *at, int order);                      \
    type __tsan_atomic##bits##_load(const volatile type *at, int order)                            \
    {                                                                                              \
        (void)order;                                                                               \
        __storport_explore(at, sizeof(type));                                                      \
        return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                              \
    }                                                                                              \
    OURS void __tsan_atomic##bits##_store(volatile type *at, type value, int order);               \
    void __tsan_atomic##bits##_store(volatile type *at, type value, int order)                     \
    {                                                                                              \
        (void)order;                                                                               \
        __storport_explore(at, WRITE | sizeof(type));                                              \
        __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                             \
    }                                                                                              \
    OURS type __tsan_atomic##bits##_exchange(volatile type *at, type value, int order);            \
    type __tsan_atomic##bits##_exchange(volatile type *at, type value, int order)                  \
    {                                                                                              \
        (void)order;                                                                               \
        __storport_explore(at, WRITE | sizeof(type));                                              \
        return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);                                   \
    }                                                                                              \
    OURS int __tsan_atomic##bits##_compare_exchange_strong(volatile type *at, type *expected,      \
                                                           type value, int order, int failure);    \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile type *at, type *expected,           \
                                                      type value, int order, int failure)          \
    {                                                                                              \
        (void)order;                                                                               \
        (void)failure;                                                                             \
        __storport_explore(at, WRITE | sizeof(type));                                              \
        return __atomic_compare_exchange_n(at, expected, value, 0, __ATOMIC_SEQ_CST,               \
                                           __ATOMIC_SEQ_CST);                                      \
    }                                                                                              \
    OURS int __tsan_atomic##bits##_compare_exchange_weak(volatile type *at, type *expected,        \
                                                         type value, int order, int failure);      \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile type *at, type *expected, type value, \
                                                    int order, int failure)                        \
    {                                                                                              \
        return __tsan_atomic##bits##_compare_exchange_strong(at, expected, value, order, failure); \
    }                                                                                              \
    OURS type __tsan_atomic##bits##_compare_exchange_val(volatile type *at, type expected,         \
                                                         type value, int order, int failure);      \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *at, type expected, type value,  \
                                                    int order, int failure)                        \
    {                                                                                              \
        __tsan_atomic##bits##_compare_exchange_strong(at, &expected, value, order, failure);       \
        return expected;                                                                           \
    }                                                                                              \
    ATOMIC_FETCH(type, bits, add)                                                                  \
    ATOMIC_FETCH(type, bits, sub)                                                                  \
    ATOMIC_FETCH(type, bits, and)                                                                  \
    ATOMIC_FETCH(type, bits, or)                                                                   \
    ATOMIC_FETCH(type, bits, xor)                                                                  \
    ATOMIC_FETCH(type, bits, nand)
ATOMICS(uint8_t, 8)
ATOMICS(uint16_t, 16)
ATOMICS(uint32_t, 32)
ATOMICS(uint64_t, 64)

OURS void __tsan_atomic_thread_fence(int order);
OURS void __tsan_atomic_signal_fence(int order);

void
__tsan_atomic_thread_fence(int order)
{
    (void)order;
    __storport_explore(&order, 0);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void
__tsan_atomic_signal_fence(int order)
{
    (void)order;
}
