"""A conformance program that a routine passes by doing nothing proves nothing. For each routine that
is built, its program runs once with the routine made a no-op (small/noop.c); it must fail.
usage: noop.py TREE BUILD-FOLDER [ROUTINE…]"""
import concurrent.futures
import os
import re
import subprocess
import sys

TREE, BUILD = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TREE, "src", "contract"))
import generate  # noqa: E402

FOLDER = os.path.join(TREE, "tests", "conformance")
SECONDS = 20


def programs():
    """Routine → all programs that say they cover it."""
    found = {}
    for entry in sorted(os.listdir(FOLDER)):
        stem, suffix = os.path.splitext(entry)
        if suffix == ".c":
            with open(os.path.join(FOLDER, entry), encoding="utf-8") as file:
                lines = re.findall(r"^ \* Covers: (.*)$", file.read(), re.M)
            for name in dict.fromkeys([stem] + " ".join(lines).split()):
                found.setdefault(name, []).append(stem)
    return found


def noop_of(row):
    """What noop.c is told; None for what it cannot reach (code in the header)."""
    word, _, code = row["reach"].partition(" ")
    if word in ("extended", "notification"):
        return f"{word}:{code}"
    if row["name"] in ("StorPortNotification", "StorPortExtendedFunction"):
        return f"{'notification' if row['name'].endswith('Notification') else 'extended'}:0"
    return f"{row['name']}:{1 if row['args'][0] == 'b' else 0}" if word in ("export", "macro") else None


def notices(program, noop):
    binary = os.path.join(BUILD, "tests", "conformance", f"test_conformance_{program}")
    try:
        run = subprocess.run([binary], env={**os.environ, "NOOP": noop}, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return True
    if run.returncode == 99:
        return None
    return run.returncode != 0


def judge(row, covering):
    noop = noop_of(row)
    results = [notices(program, noop) for program in covering] if noop else [None]
    if None in results:
        return "unreached"
    return "caught" if any(results) else "missed"


def main():
    covered = programs()
    rows = [row for row in generate.contract_read(os.path.join(TREE, "src", "contract",
                                                               "contract.tbl"), {})
            if row["state"] == "built" and row["kind"] == "routine" and row["name"] in covered
            and (not sys.argv[3:] or row["name"] in sys.argv[3:])]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda row: judge(row, covered[row["name"]]), rows))
    for row, verdict in zip(rows, verdicts):
        if verdict != "caught":
            print(f"{verdict}: {row['name']} in {' '.join(covered[row['name']])}")
    print(", ".join(f"{verdicts.count(word)} {word}" for word in ("caught", "missed", "unreached")))
    return "missed" in verdicts


sys.exit(main())
