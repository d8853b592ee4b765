#!/usr/bin/env python3
"""Every header of include/wdk alone, in C and C++, with each compiler given, 16- and 32-bit wchar_t,
without a warning; then all of them together after the C library's headers, with the Microsoft calling
convention, for exploration, and with Windows' bit-field rules.

    headers.py COMPILER...      a compiler whose name has ++ or plus compiles C++
"""
import os
import shutil
import subprocess
import sys
import tempfile

WDK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "include", "wdk")
WARN = ["-Wall", "-Wextra", "-Wshadow", "-Wvla", "-Werror", "-fsyntax-only", "-I", WDK]
LIBC = ("stdint.h", "string.h", "stdio.h", "stdlib.h", "pthread.h", "unistd.h", "errno.h")
LATER = ("sys/socket.h", "netinet/in.h", "time.h", "signal.h", "limits.h", "sys/mman.h")


def run(compiler, flags, text, what, folder):
    plus = "++" in compiler
    source = os.path.join(folder, "header.cc" if plus else "header.c")
    with open(source, "w", encoding="ascii") as output:
        output.write(text)
    language = ["-std=c++17"] if plus else ["-std=gnu11", "-Wstrict-prototypes",
                                            "-Wmissing-prototypes"]
    result = subprocess.run([compiler] + language + WARN + flags + [source], capture_output=True,
                            text=True)
    if result.returncode != 0:
        print("%s %s: %s\n%s" % (compiler, " ".join(flags), what, result.stderr[:1500]))
    return result.returncode == 0


def main():
    compilers = [name for name in dict.fromkeys(sys.argv[1:]) if shutil.which(name)]
    if not compilers:
        print("no compiler")
        return 77
    headers = sorted(name for name in os.listdir(WDK) if name.endswith(".h"))
    together = "".join('#include "%s"\n' % name for name in headers if name != "initguid.h")
    around = ("".join("#include <%s>\n" % name for name in LIBC) + together
              + "".join("#include <%s>\n" % name for name in LATER))
    good, done = True, 0
    with tempfile.TemporaryDirectory() as folder:
        for compiler in compilers:
            for wide in ([], ["-fshort-wchar"]):
                for name in headers:
                    text = '#include "%s"\n#include "%s"\n' % (name, name)
                    good &= run(compiler, wide, text, name, folder)
                    done += 1
                for flags in (["-DSTORPORT_HOST"], [], ["-DSTORPORT_EXPLORE"],
                              ["-DSTORPORT_CALL=__attribute__((ms_abi))"], ["-mms-bitfields"]):
                    good &= run(compiler, wide + flags, around, "all after libc", folder)
                    done += 1
            for text in ('#include "initguid.h"\n' + together, together + '#include "initguid.h"\n'):
                good &= run(compiler, [], text, "with initguid.h", folder)
                done += 1
    print("%d compilations by %s" % (done, ", ".join(compilers)))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
