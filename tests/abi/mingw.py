#!/usr/bin/env python3
"""Second opinion: what mingw-w64's DDK headers say, through their own compiler, against what
include/wdk says, for every size, alignment, offset, bit position and value that both know. Differences
must be listed below with their reason. Exit 77 when that compiler or its headers are not there.

    mingw.py [--table OUTPUT]      OUTPUT: the layouts that both agree on, as rows of kernel.tsv
"""
import os
import re
import shutil
import subprocess
import sys

import facts

COMPILER = "x86_64-w64-mingw32-gcc"
GROUPS = (["ntddk.h"], ["ntddk.h", "srb.h"], ["ntddk.h", "scsi.h"], ["ntddk.h", "ntddscsi.h"],
          ["ntddk.h", "ntddstor.h"], ["ntddk.h", "scsiwmi.h"])

# Where the two differ and ours stays, by pattern of the question.
ALLOWED = {
    r"bits .*\b(Reserved|Spare|Obsolete)\w*$": "widths of unnamed bits grow as bits get names",
    r"(align|offset|sizeof) KWAIT_BLOCK\b.*": "theirs is the order of Windows Server 2003",
    r"offset PROCESSOR_RELATIONSHIP\.Reserved": "EfficiencyClass is newer than theirs",
    r"(sizeof|align) DEVICE_OBJECT": "theirs leaves out the 16-byte alignment",
    r"(sizeof|align) IRP": "theirs leaves out the 16-byte alignment",
    r"(sizeof|align) SLIST_\w+": "theirs leaves out the 16-byte alignment",
    r"sizeof (HW_INITIALIZATION_DATA|PORT_CONFIGURATION_INFORMATION)": "theirs are ScsiPort's",
    r"value ScsiAdapterControlMax": "theirs are ScsiPort's",
    r"sizeof INQUIRYDATA": "version descriptors are newer than theirs",
    r"(sizeof|align) READ_CAPACITY_DATA_EX": "packed: what READ CAPACITY (16) answers",
    r"align (CDB|READ_CAPACITY_DATA)": "packed: may stand at any address",
    r"sizeof SCATTER_GATHER_LIST": "theirs counts one element",
    r"value BusTypeMax": "bus types newer than theirs",
}


def same(question, ours, theirs):
    if question.startswith("value "):
        # A constant's signedness may differ; its 32 bits may not.
        ours, theirs = int(ours, 16), int(theirs, 16)
        if ours == theirs:
            return True
        mask = 0xFFFFFFFF
        return (ours & mask == theirs & mask
                and {ours >> 32, theirs >> 32} <= {0, mask})
    return ours == theirs


def rows(agreed, known):
    """Layouts with agreed offsets, except what structs.tsv has already."""
    out = []
    for struct, fields in facts.names()[0].items():
        size, align = agreed.get("sizeof " + struct), agreed.get("align " + struct)
        if struct in known or size is None or align is None:
            continue
        for path, is_bits in fields:
            answer = agreed.get(("bits %s.%s" if is_bits else "offset %s.%s") % (struct, path))
            if answer is None:
                continue
            kind, where, width = "at", "0x%X" % int(answer, 16) if not is_bits else "", "0"
            if is_bits:
                first, last = map(int, answer.split(".."))
                kind, where, width = "bits", str(first), str(last - first + 1)
            out.append("\t".join([struct, struct, "0x%X" % int(size, 16), str(int(align, 16)),
                                  path, kind, where, width]))
    return out


def main():
    for compiler in (COMPILER, "gcc"):
        if shutil.which(compiler) is None:
            print("no " + compiler)
            return 77
    where = subprocess.run([COMPILER, "-print-sysroot"], capture_output=True, text=True)
    ddk = None
    for root in (where.stdout.strip(), "/usr/x86_64-w64-mingw32"):
        if root and os.path.exists(os.path.join(root, "include", "ddk", "wdm.h")):
            ddk = os.path.join(root, "include", "ddk")
    if ddk is None:
        print("no DDK headers for " + COMPILER)
        return 77
    ours = facts.facts(["gcc", "-std=gnu11", "-fshort-wchar"], ["-I", facts.WDK],
                       ["storport.h", "srbhelper.h", "scsi.h", "ntddscsi.h", "scsiwmi.h",
                        "ntddk.h"])
    agreed, differ, allowed = {}, [], set()
    for headers in GROUPS:
        theirs = facts.facts([COMPILER, "-std=gnu11", "-I" + ddk], [], headers)
        for question, answer in theirs.items():
            if question not in ours:
                continue
            if same(question, ours[question], answer):
                agreed[question] = ours[question]
            elif any(re.fullmatch(pattern, question) for pattern in ALLOWED):
                allowed.add(question)
                if re.match("sizeof|align", question):
                    agreed[question] = ours[question]
            else:
                differ.append("%s: ours %s, %s %s" % (question, ours[question], headers[-1],
                                                      answer))
    print("%d facts alike, %d known differences, %d others"
          % (len(agreed), len(allowed), len(differ)))
    for line in differ:
        print(line)
    if len(sys.argv) == 3 and sys.argv[1] == "--table":
        import generate
        known = {row[0] for row in generate.table("structs.tsv")}
        with open(sys.argv[2], "w", encoding="ascii") as output:
            output.write("# Further layouts, of the kernel and of SCSI; columns as in structs.tsv.\n")
            output.write("\n".join(rows(agreed, known)) + "\n")
    # An answer of almost nothing would be a broken probe, not agreement.
    return 0 if not differ and len(agreed) > 2000 else 1


if __name__ == "__main__":
    sys.exit(main())
