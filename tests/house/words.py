"""No tracked file names a machine's own folders, or holds words that have no business in a product:
notes of work left undone, names of tools that wrote it, leftovers of a merge. The patterns are put
together from pieces so that this file does not trip over itself."""
import re
import house


def whole(*pieces):
    return r"\b" + "".join(pieces) + r"\b"


PATTERNS = [
    ("folder of a machine", r"(?<![\w.$}])/(" + "|".join(["wo" + "rk", "ro" + "ot", "work" + "space", "rep" + "o"]) + r")/"),
    ("folder of a person", r"(?<![\w.])/(ho" + r"me|Us" + r"ers)/\w+"),
    ("work left undone", whole("(TO", "DO|FIX", "ME|XX", "X|HA", "CK)")),
    ("work left undone", r"(?i)\bnot( yet)? imple" + r"mented\b"),
    ("work left undone", r"(?i)\bplace" + r"holder"),
    ("who wrote it", whole("(A", "I|L", "LM)(?![-_/])")),
    ("who wrote it", r"(?i)\b(cla" + r"ude|anth" + r"ropic|open" + r"ai|chat" + r"gpt|co" + r"pilot)\b"),
    ("who wrote it", r"(?i)\b(co-auth" + r"ored-by|gene" + r"rated with)\b"),
    ("workplace", r"(?i)\b(sub)?age" + r"nts?\b"),
    ("workplace", r"(?i)\b(this|our|a previous|the next|another) ses" + r"sion\b"),
    ("host of a package registry", r"(?i)https?://[\w.:-]*(arti" + r"factory|nex" + r"us|pypi\.|proxy)"),
    ("leftover of a merge", r"(?m)^(<{7}|>{7})( |$)"),
    ("secret", r"-----BEGIN [A-Z ]*PRIVATE" + " KEY"),
]
# The header of the licence and the layout file of clang-format may say what they must.
EXEMPT = {"LICENSE"}


def check(root):
    complaints = []
    for path in house.tracked(root):
        if path in EXEMPT:
            continue
        content = house.text(root, path)
        if "\0" in content:
            continue
        for why, pattern in PATTERNS:
            for match in re.finditer(pattern, content):
                line = content.count("\n", 0, match.start()) + 1
                complaints.append(f"{path}:{line}: {why}: {match.group(0).strip()!r}")
    return complaints


GOOD = {"README.md": "Storport on Linux; /usr/include, /dev/nbd0 and src/work/x are fine.\n",
        ".clang-format": "BasedOnStyle: LL" + "VM\n", "a.c": "/* STATUS_NOT_IMPL" + "EMENTED */\n"}
BAD = [
    ("folder of a machine", {"a.c": 'open("/wo' + 'rk/x");'}),
    ("folder of a person", {"a.c": 'open("/ho' + 'me/me/x");'}),
    ("work left undone", {"a.c": "/* TO" + "DO: later */"}),
    ("work left undone", {"a.c": "/* not yet imple" + "mented */"}),
    ("work left undone", {"a.c": "/* a place" + "holder */"}),
    ("who wrote it", {"a.c": "/* written by an A" + "I */"}),
    ("who wrote it", {"a.c": "/* Cla" + "ude */"}),
    ("workplace", {"docs/a.md": "the age" + "nt did it"}),
    ("workplace", {"docs/a.md": "in the next ses" + "sion"}),
    ("registry", {"a.txt": "https://arti" + "factory.example/x"}),
    ("merge", {"a.c": "<" * 7 + " HEAD\n"}),
    ("secret", {"a.pem": "-----BEGIN PRIVATE" + " KEY-----"}),
]
if __name__ == "__main__":
    house.run(check, GOOD, BAD)
