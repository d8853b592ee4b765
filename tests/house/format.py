"""Our C is laid out as clang-format 14 with the tree's .clang-format lays it out; include/wdk is laid
out by hand. Another version of clang-format has another opinion, so then the check skips."""
import shutil
import subprocess
import sys
import house

FOLDERS = ("src", "drivers", "tests", "bench", "examples", "include/storport")
STYLE = "BasedOnStyle: LLVM\nIndentWidth: 4\n"


def check(root):
    paths = house.sources(root, *FOLDERS)
    complaints = []
    for path in paths:
        result = subprocess.run(["clang-format", "--dry-run", "--style=file", path], cwd=root,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        count = result.stderr.count("[-Wclang-format-violations]")
        if count:
            complaints.append(f"{path}: {count} places differ (make format mends it)")
    return complaints


if __name__ == "__main__":
    if not shutil.which("clang-format"):
        print("no clang-format here")
        sys.exit(house.SKIP)
    version = subprocess.run(["clang-format", "--version"], stdout=subprocess.PIPE, text=True).stdout
    if " 14." not in version:
        print("not clang-format 14 but", version.strip())
        sys.exit(house.SKIP)
    house.run(check, {".clang-format": STYLE, "src/rt/a.c": "int a;\n", "include/wdk/a.h": "int   b;\n"},
              [("places differ", {"src/rt/a.c": "int   a ;\n"}),
               ("places differ", {"drivers/x/a.h": "int   a ;\n"})])
