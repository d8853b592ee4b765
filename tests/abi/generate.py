#!/usr/bin/env python3
"""Writes C from the tables in this folder: each row becomes a static assertion or, for a bit-field
or an inline routine, a run-time check. Valid as C and as C++. It judges nothing itself: the compiler does.

    generate.py layout|values|bits|calls OUTPUT [--break N]

--break N moves the N-th row by one, for the test that shows that a wrong row is noticed.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

HEAD = """/* Made from %s. */
#include "storport.h"
#include "srbhelper.h"
#include "scsi.h"
#include "ntddscsi.h"
#include "ntddstor.h"
#include "scsiwmi.h"
#include "ntstrsafe.h"
#include "ntddk.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#ifdef __cplusplus
#define CHECK(e, m) static_assert(e, m)
#define ALIGN_OF(t) alignof(t)
#else
#define CHECK(e, m) _Static_assert(e, m)
#define ALIGN_OF(t) _Alignof(t)
#endif
"""


def table(name):
    with open(os.path.join(HERE, name), encoding="ascii") as source:
        return [line.rstrip("\n").split("\t") for line in source if not line.startswith("#")]


def struct_rows(kind):
    rows = table("structs.tsv") + table("kernel.tsv")
    return [row for row in rows if row[5] == kind]


def layout(broken):
    out, seen = [], {}
    for number, (struct, ctype, size, align, member, _, where, width) in enumerate(struct_rows("at")):
        if number == broken:
            where = hex(int(where, 16) + 1)
        if struct not in seen:
            seen[struct] = name = "abi_" + struct
            base, _, path = ctype.partition(".")
            base, _, stop = base.partition("<")
            if path:
                out.append("typedef __typeof__(((%s *)0)->%s) %s;" % (base, path, name))
            else:
                out.append("typedef %s %s;" % (base, name))
            if stop:
                out.append('CHECK(offsetof(%s, %s) == %s, "size of %s");' % (name, stop, size, struct))
            else:
                out.append('CHECK(sizeof(%s) == %s, "size of %s");' % (name, size, struct))
                out.append('CHECK(ALIGN_OF(%s) == %s, "alignment of %s");' % (name, align, struct))
        name = seen[struct]
        out.append('CHECK(offsetof(%s, %s) == %s, "offset of %s.%s");'
                   % (name, member, where, struct, member))
        if width != "0":
            out.append('CHECK(sizeof(((%s *)0)->%s) == %s, "size of %s.%s");'
                       % (name, member, width, struct, member))
    return "structs.tsv and kernel.tsv", out + ["int main(void)", "{", "    return 0;", "}"]


def values(broken):
    out = []
    for number, (name, value, _) in enumerate(table("enums.tsv")):
        wide = int(value, 16) > 0xFFFFFFFF
        if number == broken:
            value = hex(int(value, 16) ^ 1)
        out.append('CHECK((%s)(%s) == %sU%s, "value of %s");'
                   % ("ULONGLONG" if wide else "ULONG", name, value, "LL" if wide else "", name))
    return "enums.tsv", out + ["int main(void)", "{", "    return 0;", "}"]


def bits(broken):
    out = ["static int failed;",
           "static volatile unsigned long long ones = ~0ULL;",
           "static void",
           "expect(const char *what, const unsigned char *bytes, size_t size, unsigned first,"
           " unsigned width)",
           "{",
           "    for (size_t i = 0; i < size * 8; i++) {",
           "        int is = bytes[i / 8] >> (i % 8) & 1, want = i >= first && i < first + width;",
           "        if (is != want) {",
           '            fprintf(stderr, "%s: bit %zu is %d\\n", what, i, is);',
           "            failed = 1;",
           "            return;",
           "        }",
           "    }",
           "}",
           "int main(void)",
           "{"]
    for number, (struct, ctype, _, _, member, _, where, width) in enumerate(struct_rows("bits")):
        if number == broken:
            where = str(int(where) + 1)
        out += ["    {",
                "        %s x;" % ctype,
                "        memset(&x, 0, sizeof x);",
                "        x.%s = ones;" % member,
                '        expect("%s.%s", (const unsigned char *)&x, sizeof x, %s, %s);'
                % (struct, member, where, width),
                "    }"]
    return "structs.tsv and kernel.tsv", out + ["    return failed;", "}"]


WORDS = "BOOLEAN UCHAR USHORT SHORT"
WIDE = "SIZE_T ULONG_PTR ULONGLONG"
BY_VALUE = {"PHYSICAL_ADDRESS": "%s.QuadPart", "STOR_PHYSICAL_ADDRESS": "%s.QuadPart",
            "STOR_UNIT_ATTRIBUTES": "first(&%s)"}


def argument(ctype, number):
    """How a marker of this type is declared, read by a variadic callee, and compared."""
    marker = 0x51 + number
    if ctype in BY_VALUE:
        return "%s a%d" % (ctype, number), ctype, BY_VALUE[ctype], marker
    if ctype.endswith("*") or re.match(r"L?P[A-Z]", ctype):
        return "%s a%d" % (ctype, number), "void *", "(uintptr_t)%s", 0x10000 + marker
    read = "int" if ctype in WORDS.split() else ctype
    if read == ctype and ctype not in WIDE.split():
        read = "ULONG"
    return "%s a%d" % (ctype, number), read, "%s", marker


def calls(broken):
    """Every inline routine called once; a callee of ours sees code and arguments as the port would."""
    seen, cases, tries = {"extended": [], "notify": []}, [], []
    for number, (name, via, code, returns, types) in enumerate(table("calls.tsv")):
        code = int(code) + (number == broken)
        types = [ctype for ctype in types.split(",") if ctype]
        wanted = [argument(ctype, at) for at, ctype in enumerate(types)]
        check = ["    case %d:" % code]
        for at, (_, read, compare, marker) in enumerate(wanted):
            check += ["    {", "        %s v = va_arg(list, %s);" % (read, read),
                      '        if ((unsigned long long)%s != %#xULL)' % (compare % "v", marker),
                      '            bad("%s", %d);' % (name, at), "    }"]
        if via == "notify" and returns != "VOID":
            result = "LONG" if returns == "BOOLEAN" else "ULONG"
            check += ["        answer = va_arg(list, %s *);" % result,
                      "        preset = *(ULONG *)answer;",
                      "        *(ULONG *)answer = 1;"]
        seen[via] += check + ["        reached = %d;" % number, "        break;"]
        tries += ["    {"]
        for at, (declared, read, _, marker) in enumerate(wanted):
            ctype = types[at]
            if ctype in BY_VALUE:
                tries += ["        %s;" % declared, "        memset(&a%d, 0, sizeof a%d);" % (at, at),
                          "        marker = %#x;" % marker,
                          "        memcpy(&a%d, &marker, sizeof marker);" % at]
            elif read == "void *":
                tries.append("        %s = (%s)(uintptr_t)%#x;" % (declared, ctype, marker))
            else:
                tries.append("        %s = (%s)%#x;" % (declared, ctype, marker))
        call = "%s(%s)" % (name, ", ".join(["EXTENSION"] + ["a%d" % at for at in range(len(types))]))
        tries.append("        reached = -1;")
        if returns == "VOID":
            tries.append("        %s;" % call)
        else:
            tries.append("        if (%s != %s)" % (call, "1" if via == "notify" else "0xC10000EEU"))
            tries.append('            bad("%s answers wrongly", -1);' % name)
        if via == "notify" and returns != "VOID":
            tries.append("        if (preset != %s)" % ("STOR_STATUS_NOT_IMPLEMENTED"
                                                       if returns == "ULONG" else "FALSE"))
            tries.append('            bad("%s presets wrongly", -1);' % name)
        tries += ["        if (reached != %d)" % number,
                  '            bad("%s reaches another code", -1);' % name, "    }"]
    out = ["#include <stdarg.h>", "#include <stdint.h>",
           "#define EXTENSION ((PVOID)(uintptr_t)0xE0E0)",
           "static int failed, reached;", "static ULONG preset;",
           "static void", "bad(const char *what, int at)", "{",
           '    fprintf(stderr, "%s: argument %d\\n", what, at);', "    failed = 1;", "}",
           "static ULONG marker;", "static ULONG", "first(const void *from)", "{",
           "    ULONG word;", "    memcpy(&word, from, sizeof word);", "    return word;", "}",
           "VOID", "StorPortNotification(SCSI_NOTIFICATION_TYPE Type, PVOID HwDeviceExtension, ...)",
           "{", "    va_list list;", "    void *answer;", "    va_start(list, HwDeviceExtension);",
           "    (void)answer;",
           "    if (HwDeviceExtension != EXTENSION)", '        bad("extension", 0);',
           "    switch ((int)Type) {"] + seen["notify"]
    out += ["    }", "    va_end(list);", "}", "ULONG",
            "StorPortExtendedFunction(STORPORT_FUNCTION_CODE Code, PVOID HwDeviceExtension, ...)", "{",
            "    va_list list;", "    va_start(list, HwDeviceExtension);",
            "    if (HwDeviceExtension != EXTENSION)", '        bad("extension", 0);',
            "    switch ((int)Code) {"] + seen["extended"]
    out += ["    }", "    va_end(list);", "    return 0xC10000EEU;", "}", "int main(void)", "{"]
    return "calls.tsv", out + tries + ["    return failed;", "}"]


def count(kind):
    """How many rows a kind has, for who wants to break each of them."""
    return {"layout": len(struct_rows("at")), "values": len(table("enums.tsv")),
            "bits": len(struct_rows("bits")), "calls": len(table("calls.tsv"))}[kind]


def text(kind, broken=-1):
    source, lines = {"layout": layout, "values": values, "bits": bits, "calls": calls}[kind](broken)
    return HEAD % source + "\n".join(lines) + "\n"


def main():
    broken = -1
    arguments = sys.argv[1:]
    if "--break" in arguments:
        at = arguments.index("--break")
        broken = int(arguments[at + 1])
        del arguments[at:at + 2]
    if len(arguments) != 2 or not re.fullmatch("layout|values|bits|calls", arguments[0]):
        sys.exit(__doc__)
    with open(arguments[1], "w", encoding="ascii") as output:
        output.write(text(arguments[0], broken))


if __name__ == "__main__":
    main()
