#!/usr/bin/env python3
"""contract.tbl and rules.tbl against the WDK headers, the source and the conformance programs."""
import glob
import os
import re
import sys
import tempfile

ROOT = sys.argv[1]
sys.path.insert(0, os.path.join(ROOT, "src", "contract"))
sys.dont_write_bytecode = True
import generate  # noqa: E402

failures = []


def expect(condition, text):
    if not condition:
        failures.append(text)


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def plain(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def enum_values(text, ending):
    """Names and values of the enum whose declaration ends in `} ending`."""
    body = re.search(r"enum\s*\w*\s*\{([^{}]*)\}\s*" + ending, text).group(1)
    values, value = {}, -1
    for entry in filter(None, (part.strip() for part in body.split(","))):
        name, _, given = (part.strip() for part in entry.partition("="))
        value = int(given, 0) if given else value + 1
        values[name] = value
    return values


def check_counts(rows):
    routines = [row for row in rows if row["module"] == "storport" and row["kind"] == "routine"]
    expect(len(routines) == 244, f"{len(routines)} Storport routines, expected 244")
    core = sum(row["core"] == "yes" for row in routines)
    expect(core == 132, f"{core} core routines, expected 132")
    callbacks = [row for row in rows if row["kind"] == "callback"]
    expect(len(callbacks) == 35, f"{len(callbacks)} callbacks, expected 35")
    # Wherever a page exists, the prototype is known.
    for row in rows:
        expect(row["args"] != "?" or row["page"] == "-", f"{row['name']}: page but no arguments")


def check_doors(rows, header):
    """Each wrapper of our header goes through the door and code that the table names."""
    extended = enum_values(header, "STORPORT_FUNCTION_CODE")
    doors = {"StorPortExtendedFunction": ("extended", extended),
             "StorPortNotification": ("notification",
                                      enum_values(header, "SCSI_NOTIFICATION_TYPE"))}
    by_name = {row["name"]: row for row in rows}
    seen = 0
    bodies = re.finditer(r"^(StorPort\w+)\([^{};]*\)\s*\{(.*?)^\}", header, re.S | re.M)
    for name, body in (match.groups() for match in bodies):
        call = re.search(r"(StorPortExtendedFunction|StorPortNotification)\(\s*(\w+)", body)
        if not call:
            continue
        seen += 1
        kind, values = doors[call.group(1)]
        row = by_name.get(name)
        expect(row is not None, f"storport.h has {name}, the table has not")
        if row:
            word, _, code = row["reach"].partition(" ")
            expect(word == kind and int(code, 0) == values[call.group(2)],
                   f"{name}: table says {row['reach']}, storport.h {call.group(2)} = "
                   f"{values[call.group(2)]}")
    expect(seen > 100, f"only {seen} wrappers found in storport.h")
    codes = [int(row["reach"].split()[1]) for row in rows if row["reach"].startswith("extended")]
    for code in codes:
        expect(code in extended.values(), f"extended function {code} is not in storport.h")


def check_states(rows, conformance, source):
    names = {row["name"] for row in rows}
    for routine, program in conformance.items():
        expect(routine in names, f"tests/conformance/{program}: no row {routine}")
    for row in rows:
        if row["state"] == "built":
            expect(re.search(rf"\b(CONTRACT_)?{row['name']}\b", source),
                   f"{row['name']} is marked built and appears nowhere in src or include")


def check_bad_tables():
    """The generator refuses what cannot be right."""
    good = ("StorPortX | storport | routine | extended 1 | upp | any | any | both | 8 | - | no"
            " | red | -\n")
    for line, what in ((good, None), (good + good, "a name twice"),
                       (good + good.replace("StorPortX", "StorPortY"), "a code twice"),
                       (good.replace("| any ", "| DIRQL ", 1), "a level"),
                       (good.replace("any | both", "Start | both"), "a callback"),
                       (good.replace("upp", "upz"), "an argument"),
                       (good.replace(" | -\n", "\n"), "a missing column")):
        with tempfile.NamedTemporaryFile("w", suffix=".tbl", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            try:
                generate.contract_read(file.name, {})
                expect(not what, f"accepted: {what}")
            except generate.Bad as bad:
                expect(what, f"refused: {bad}")


def main():
    conformance = generate.conformance_names(os.path.join(ROOT, "tests", "conformance"))
    folder = os.path.join(ROOT, "src", "contract")
    rows = generate.contract_read(os.path.join(folder, "contract.tbl"), conformance)
    rules = generate.rules_read(os.path.join(folder, "rules.tbl"))
    source = "".join(plain(read(path)) for pattern in ("src/**/*.[ch]", "include/**/*.h")
                     for path in glob.glob(pattern, root_dir=ROOT, recursive=True))
    check_counts(rows)
    check_doors(rows, plain(read("include", "wdk", "storport.h")))
    check_states(rows, conformance, source)
    check_bad_tables()
    callbacks = re.findall(r"\bCALLBACK_(\w+),", plain(read("src", "contract", "contract.h")))
    expect([name.replace("_", "") for name in callbacks]
           == [name.upper() for name in generate.CALLBACKS],
           "enum contract_callback is in another order")
    expect(len({rule["name"] for rule in rules}) == len(rules), "two rules share a name")
    page = os.path.join(ROOT, "docs", "coverage.md")
    expect(os.path.exists(page) and read("docs", "coverage.md") == generate.coverage_md(rows),
           "docs/coverage.md is not up to date: cmake --build build --target coverage")
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"{len(rows)} rows, {len(rules)} rules")
    return bool(failures)


sys.exit(main())
