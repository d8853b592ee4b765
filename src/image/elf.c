/*
 * What can be said of an ELF file before the dynamic linker is asked: whether it is a shared object
 * for this machine, what it defines and what it lacks. Every offset of the file is checked: a
 * broken file gets a verdict, never a crash. Maps nothing, runs nothing.
 */
#include "image_priv.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#define ELF_MACHINE_HERE EM_X86_64
#elif defined(__aarch64__)
#define ELF_MACHINE_HERE EM_AARCH64
#elif defined(__riscv)
#define ELF_MACHINE_HERE EM_RISCV
#else
#error "name this machine's ELF number here"
#endif

static const char *
machine_name(unsigned machine)
{
    switch (machine) {
    case EM_X86_64:
        return "x86-64";
    case EM_386:
        return "32-bit x86";
    case EM_AARCH64:
        return "ARM64";
    case EM_ARM:
        return "32-bit ARM";
    case EM_RISCV:
        return "RISC-V";
    default:
        return "another machine";
    }
}

int
elf_check(const struct image_file *file, char **error)
{
    const Elf64_Ehdr *header = (const void *)file->map;

    if (file->bytes >= 2 && !memcmp(file->map, "MZ", 2))
        return image_fail(error, -ENOEXEC,
                          "%s is a Windows binary; build it from source against include/wdk "
                          "(gcc -shared) and load the .so",
                          file->path);
    if (file->bytes < sizeof(Elf64_Ehdr) || memcmp(file->map, ELFMAG, SELFMAG))
        return image_fail(error, -ENOEXEC,
                          "%s is no driver: not an ELF shared object; name a driver's .so",
                          file->path);
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != ELF_MACHINE_HERE)
        return image_fail(
            error, -ENOEXEC, "%s is built for %s, this machine is %s; build the driver here",
            file->path, machine_name(header->e_machine), machine_name(ELF_MACHINE_HERE));
    if (header->e_type != ET_DYN)
        return image_fail(error, -ENOEXEC, "%s is no shared object; link the driver with -shared",
                          file->path);
    return 0;
}

/* The dynamic symbol table and its strings, as the section headers give them. */
struct symbols {
    const Elf64_Sym *table;
    size_t count;
    const char *strings;
    size_t string_bytes;
};

static bool
inside(const struct image_file *file, uint64_t offset, uint64_t bytes)
{
    return offset <= file->bytes && bytes <= file->bytes - offset;
}

static bool
symbols_find(const struct image_file *file, struct symbols *out)
{
    const Elf64_Ehdr *header = (const void *)file->map;
    const Elf64_Shdr *sections, *strings;

    if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shoff % 8 ||
        !inside(file, header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr)))
        return false;
    sections = (const void *)(file->map + header->e_shoff);
    for (unsigned i = 0; i < header->e_shnum; i++) {
        const Elf64_Shdr *s = &sections[i];
        if (s->sh_type != SHT_DYNSYM || s->sh_link >= header->e_shnum || s->sh_offset % 8 ||
            !inside(file, s->sh_offset, s->sh_size))
            continue;
        strings = &sections[s->sh_link];
        if (!inside(file, strings->sh_offset, strings->sh_size) || !strings->sh_size ||
            file->map[strings->sh_offset + strings->sh_size - 1] != 0)
            return false;
        *out = (struct symbols){.table = (const void *)(file->map + s->sh_offset),
                                .count = s->sh_size / sizeof(Elf64_Sym),
                                .strings = (const char *)file->map + strings->sh_offset,
                                .string_bytes = strings->sh_size};
        return true;
    }
    return false;
}

static const char *
symbol_name(const struct symbols *symbols, size_t index)
{
    uint32_t name = symbols->table[index].st_name;

    return name < symbols->string_bytes ? symbols->strings + name : "";
}

char *
elf_missing(const struct image_file *file)
{
    struct symbols symbols;
    char *text = NULL;
    size_t bytes = 0;
    FILE *out;

    if (!symbols_find(file, &symbols) || !(out = open_memstream(&text, &bytes)))
        return NULL;
    for (size_t i = 1; i < symbols.count; i++) {
        const Elf64_Sym *symbol = &symbols.table[i];
        const char *name = symbol_name(&symbols, i);
        if (symbol->st_shndx != SHN_UNDEF || ELF64_ST_BIND(symbol->st_info) == STB_WEAK || !*name ||
            dlsym(RTLD_DEFAULT, name))
            continue;
        fprintf(out, "%s%s", ftell(out) ? ", " : "", name);
    }
    fclose(out);
    if (text && !*text) {
        free(text);
        return NULL;
    }
    return text;
}

int
elf_defines(const struct image_file *file, const char *name)
{
    struct symbols symbols;

    if (!symbols_find(file, &symbols))
        return -1;
    for (size_t i = 1; i < symbols.count; i++)
        if (symbols.table[i].st_shndx != SHN_UNDEF && !strcmp(symbol_name(&symbols, i), name))
            return 1;
    return 0;
}
