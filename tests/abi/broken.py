#!/usr/bin/env python3
"""Shows that the tables guard something: with one row moved, the layout and value files no longer
compile and the bit-field and call programs fail; with none moved they pass.

    broken.py COMPILER [EVERY]      EVERY: break each EVERY-th row (1 for all of them)
"""
import os
import subprocess
import sys
import tempfile

import generate

WDK = os.path.join(generate.HERE, "..", "..", "include", "wdk")
RUN = ("bits", "calls")


def passes(compiler, kind, row, folder):
    source, program = os.path.join(folder, kind + ".c"), os.path.join(folder, kind)
    with open(source, "w", encoding="ascii") as output:
        output.write(generate.text(kind, row))
    flags = ["-std=gnu11", "-fshort-wchar", "-w", "-I", WDK]
    flags += ["-o", program] if kind in RUN else ["-fsyntax-only"]
    built = subprocess.run([compiler] + flags + [source], capture_output=True)
    if built.returncode != 0:
        return False
    return kind not in RUN or subprocess.run([program], capture_output=True).returncode == 0


def main():
    compiler, every = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 97
    good, tried = True, 0
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("layout", "values", "bits", "calls"):
            if not passes(compiler, kind, -1, folder):
                print("%s: fails as it is" % kind)
                good = False
            for row in range(0, generate.count(kind), every):
                tried += 1
                if passes(compiler, kind, row, folder):
                    print("%s: row %d moved, and nothing noticed" % (kind, row))
                    good = False
    print("%d rows moved, one at a time" % tried)
    return 0 if good and tried >= 3 else 1


if __name__ == "__main__":
    sys.exit(main())
