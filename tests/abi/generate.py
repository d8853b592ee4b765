#!/usr/bin/env python3
"""Writes C from the tables in this folder: each row becomes a static assertion or, for a bit-field,
a run-time check. Valid as C and as C++. It judges nothing itself: the compiler does.

    generate.py layout|values|bits OUTPUT [--break N]

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
                "        x.%s = %sULL;" % (member, hex((1 << int(width)) - 1)),
                '        expect("%s.%s", (const unsigned char *)&x, sizeof x, %s, %s);'
                % (struct, member, where, width),
                "    }"]
    return "structs.tsv and kernel.tsv", out + ["    return failed;", "}"]


def count(kind):
    """How many rows a kind has, for who wants to break each of them."""
    return {"layout": len(struct_rows("at")), "values": len(table("enums.tsv")),
            "bits": len(struct_rows("bits"))}[kind]


def text(kind, broken=-1):
    source, lines = {"layout": layout, "values": values, "bits": bits}[kind](broken)
    return HEAD % source + "\n".join(lines) + "\n"


def main():
    broken = -1
    arguments = sys.argv[1:]
    if "--break" in arguments:
        at = arguments.index("--break")
        broken = int(arguments[at + 1])
        del arguments[at:at + 2]
    if len(arguments) != 2 or not re.fullmatch("layout|values|bits", arguments[0]):
        sys.exit(__doc__)
    with open(arguments[1], "w", encoding="ascii") as output:
        output.write(text(arguments[0], broken))


if __name__ == "__main__":
    main()
