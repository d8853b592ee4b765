/*
 * Makes one routine do nothing, so that noop.py can see whether its conformance program notices.
 * NOOP=extended:CODE and NOOP=notification:CODE stop that code at the door; NOOP=NAME:VALUE writes
 * a return of VALUE over an exported routine. Without NOOP nothing is changed.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

extern int noop_extended, noop_notification;
int noop_extended = -1, noop_notification = -1;

#ifdef __x86_64__
__asm__(".text\n"
        ".globl __wrap_StorPortExtendedFunction\n"
        "__wrap_StorPortExtendedFunction:\n"
        "    cmpl %edi, noop_extended(%rip)\n"
        "    je 1f\n"
        "    jmp __real_StorPortExtendedFunction\n"
        ".globl __wrap_StorPortNotification\n"
        "__wrap_StorPortNotification:\n"
        "    cmpl %edi, noop_notification(%rip)\n"
        "    je 1f\n"
        "    jmp __real_StorPortNotification\n"
        "1:  xorl %eax, %eax\n"
        "    ret\n");

static void
write_return(const char *name, uint32_t value)
{
    uint8_t code[6] = {0xB8, 0, 0, 0, 0, 0xC3}; /* mov $value, %eax; ret */
    uint8_t *at = dlsym(RTLD_DEFAULT, name);
    uintptr_t page = (uintptr_t)at & ~(uintptr_t)4095;

    if (!at || mprotect((void *)page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC))
        _Exit(99);
    memcpy(code + 1, &value, 4);
    memcpy(at, code, sizeof(code));
}

__attribute__((constructor)) static void
noop_arm(void)
{
    const char *what = getenv("NOOP"), *colon = what ? strchr(what, ':') : NULL;
    char name[100];
    int number;

    if (!colon || colon - what >= (int)sizeof(name))
        return;
    memcpy(name, what, (size_t)(colon - what));
    name[colon - what] = '\0';
    number = (int)strtol(colon + 1, NULL, 0);
    if (!strcmp(name, "extended"))
        noop_extended = number;
    else if (!strcmp(name, "notification"))
        noop_notification = number;
    else
        write_return(name, (uint32_t)number);
}
#endif
