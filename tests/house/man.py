"""Each man page passes mandoc's lint; each shipped miniport has a page."""
import os
import re
import shutil
import subprocess
import sys
import house

PAGE = """.Dd November 20, 2026
.Dt X 1
.Os
.Sh NAME
.Nm x
.Nd a page that is right
.Sh DESCRIPTION
Words.
"""
# Matters of the machine, not of the page: other pages that are not installed, the system's name.
QUIET = re.compile(r"referenced manual not found|operating system|outdated mandoc\.db|STYLE: Mdocdate")


def check(root):
    complaints = []
    for path in house.tracked(root):
        if re.search(r"\.[1-9](\.in)?$", path) and path.startswith(("man/", "drivers/", "src/")):
            out = subprocess.run(["mandoc", "-T", "lint", "-W", "style", os.path.join(root, path)],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
            complaints += [f"{path}: {line.split(': ', 1)[-1]}" for line in out.splitlines()
                           if not QUIET.search(line)]
    drivers = {p.split("/")[1] for p in house.tracked(root)
               if re.match(r"drivers/(\w+)/\1\.c$", p)}
    for driver in sorted(drivers):
        if not os.path.exists(os.path.join(root, f"drivers/{driver}/storport-{driver}.4")):
            complaints.append(f"drivers/{driver}: has no man page storport-{driver}.4")
    return complaints


if __name__ == "__main__":
    if not shutil.which("mandoc"):
        print("no mandoc here")
        sys.exit(house.SKIP)
    house.run(check, {"man/x.1": PAGE}, [
        ("unknown macro", {"man/y.1": PAGE + ".Xy z\n"}),
        ("whitespace at end", {"man/y.1": PAGE + "words \n"}),
        ("has no man page", {"drivers/zero/zero.c": ""}),
    ])
