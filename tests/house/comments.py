"""Every file of ours opens by saying what it is for, in a real sentence; no section banners of
signs, no type of ours ends in _t."""
import os
import re
import house

FOLDERS = ("src", "drivers", "include", "tests", "bench", "examples")


def opening(content):
    """The text of the first comment, or None when the file begins with something else."""
    match = re.match(r"\s*/\*(.*?)\*/", content, re.S) or re.match(r"\s*((?://[^\n]*\n)+)", content)
    return match and re.sub(r"[\s*/]+", " ", match.group(1)).strip()


def beside(root, path, said):
    """`See noun.h.`: the header next to it says it for both."""
    match = re.fullmatch(r"See (\w+\.h)\.", said)
    return match and os.path.exists(os.path.join(root, os.path.dirname(path), match.group(1)))


def opening_of_script(content):
    lines = content.splitlines()
    if lines and lines[0].startswith("#!"):
        lines = lines[1:]
    if lines and lines[0].startswith('"""'):
        return lines[0]
    if lines and lines[0].startswith("#"):
        return lines[0].strip("# ")
    return None


def check(root):
    complaints = []
    for path in house.sources(root, *FOLDERS):
        content = house.text(root, path)
        said = opening(content)
        if said is None:
            complaints.append(f"{path}: does not open with a comment that says what it is for")
        elif beside(root, path, said):
            continue
        elif len(said.split()) < 4:
            complaints.append(f"{path}: the opening comment says next to nothing: {said!r}")
        if not path.startswith("include/wdk/"):
            for match in re.finditer(r"\bstruct\s+\w+_t\b", content):
                complaints.append(f"{path}: {match.group(0)!r}: structs of ours have no _t")
    for path in house.tracked(root):
        if path.endswith((".sh", ".py", ".cmake")):
            said = opening_of_script(house.text(root, path))
            if said is None or len(said.split()) < 3:
                complaints.append(f"{path}: does not open with a comment that says what it is for")
    return complaints


GOOD = {"src/rt/rt.c": "/* rt: what it is for, in words. */\n", "src/rt/b.c": "/* See b.h. */\n",
        "src/rt/b.h": "/* b: what it is for, in words. */\n", "scripts/a.sh": "#!/bin/sh\n# Does this and that.\n",
        "tests/a.py": '"""Looks at this and that."""\n'}
BAD = [
    ("src/rt/bad.c: does not open", {"src/rt/bad.c": "#include <stdint.h>\n/* Late words of what it is. */\n"}),
    ("next to nothing", {"src/rt/bad.c": "/* rt.c */\n"}),
    ("next to nothing", {"src/rt/bad.c": "/* See bad.h. */\n"}),
    ("have no _t", {"src/rt/bad.c": "/* rt: what it is for. */\nstruct bad_t { int a; };\n"}),
    ("scripts/bad.sh", {"scripts/bad.sh": "#!/bin/sh\nset -e\n"}),
    ("cmake/bad.cmake", {"cmake/bad.cmake": "include(CTest)\n"}),
]
if __name__ == "__main__":
    house.run(check, GOOD, BAD)
