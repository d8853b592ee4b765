"""docs/coverage.md is what the tables make it: nobody edits it, and it is made anew when a row or a
conformance program comes. cmake --build build --target coverage mends it."""
import difflib
import os
import subprocess
import sys
import tempfile
import house

GENERATOR = "src/contract/generate.py"


def complaints_about(root, page):
    with tempfile.TemporaryDirectory() as scratch:
        fresh = os.path.join(scratch, "coverage.md")
        subprocess.run([sys.executable, os.path.join(root, GENERATOR), "--coverage", fresh], check=True)
        made = house.text(scratch, "coverage.md")
    return [f"docs/coverage.md: {line}" for line in
            list(difflib.unified_diff(page.splitlines(), made.splitlines(), "page", "tables", lineterm="", n=0))[:12]]


if __name__ == "__main__":
    tree = sys.argv[1]
    page = house.text(tree, "docs/coverage.md")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "coverage.md")
        subprocess.run([sys.executable, os.path.join(tree, GENERATOR), "--coverage", path], check=True)
        right = house.text(folder, "coverage.md")
    if complaints_about(tree, right):
        sys.exit("the check complains of a page that is right")
    if not complaints_about(tree, right + "edited\n") or not complaints_about(tree, ""):
        sys.exit("the check does not see a page that was edited")
    said = complaints_about(tree, page)
    print(*said, sep="\n")
    print(f"coverage.py: 2 planted faults seen, {len(said)} complaints")
    sys.exit(1 if said else 0)
