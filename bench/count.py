#!/usr/bin/env python3
"""Instructions per request of the port, counted by callgrind, against bench/budget.txt: fails when a
count grew by more than 3 %. usage: count.py PORT_BENCH BUDGET COMPILER [--update]; 77: cannot count."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
GROWTH = 1.03
FEW, MANY = 4000, 12000  # requests; the difference leaves out what is done once


def instructions(program, driver, depth, requests):
    with tempfile.TemporaryDirectory() as folder:
        out = subprocess.run(
            ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=bench_measured*",
             f"--callgrind-out-file={folder}/out", program, "--measure", driver, str(depth), str(requests)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    match = re.search(r"Collected : (\d+)", out.stdout)
    if out.returncode or not match:
        sys.exit(f"callgrind failed:\n{out.stdout}")
    return int(match.group(1))


def per_request(program, driver, depth):
    many = instructions(program, driver, depth, MANY)
    return round((many - instructions(program, driver, depth, FEW)) / (MANY - FEW))


def read_budget(path):
    """Comment lines, the compiler's line, and rows: miniport, queue depth, instructions."""
    compiler, rows = None, []
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] == "compiler":
                compiler = " ".join(words[1:])
            else:
                rows.append((words[0], int(words[1]), int(words[2])))
    return compiler, rows


def write_budget(path, compiler, rows):
    with open(path, encoding="utf-8") as file:
        head = [line for line in file if line.startswith("#")]
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(head)
        file.write(f"compiler {compiler}\n")
        for driver, depth, count in rows:
            file.write(f"{driver:<14} {depth:>4} {count:>6}\n")


def judge(rows, counts):
    return [f"{driver} at queue depth {depth}: {count} instructions per request, budget {budget}"
            for (driver, depth, budget), count in zip(rows, counts) if count > budget * GROWTH]


def main():
    program, path, compiler = sys.argv[1:4]
    if not shutil.which("valgrind"):
        print("no valgrind here")
        sys.exit(SKIP)
    # What it must see, what it must let pass.
    if not judge([("x", 1, 1000)], [1031]) or judge([("x", 1, 1000)], [1030]):
        sys.exit("the comparison is wrong")
    right, rows = read_budget(path)
    if not rows:
        sys.exit(f"{path} holds no budget")
    if right != compiler and "--update" not in sys.argv:
        print(f"the budget is for {right}, this is {compiler}")
        sys.exit(SKIP)
    counts = [per_request(program, driver, depth) for driver, depth, _ in rows]
    for (driver, depth, budget), count in zip(rows, counts):
        print(f"{driver:<14} {depth:>4} {count:>6} instructions per request (budget {budget})")
    if "--update" in sys.argv:
        write_budget(path, compiler, [(d, q, c) for (d, q, _), c in zip(rows, counts)])
        return
    complaints = judge(rows, counts)
    print(*complaints, sep="\n")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
