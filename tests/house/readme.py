"""README.md, HACKING.md and docs/ tell the truth: each `make` target and each script they name is
there, each link leads to a file, each `storport` verb is one that the program knows.
usage: readme.py TREE [STORPORT-PROGRAM]"""
import os
import re
import subprocess
import sys
import house

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
DEMO = re.compile(r"<!-- demo -->.*?<!-- /demo -->", re.S)
program = None


def verbs():
    out = subprocess.run([program, "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    return set(re.findall(r"^\s+(?:storport )?([a-z]+)\b", out, re.M))


def check_command(root, path, line, targets, known):
    words = re.sub(r"^[$#] ", "", line.strip()).split()
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    if not words:
        return None
    if words[0] == "make":
        for word in words[1:]:
            if re.match(r"[a-z]", word) and "=" not in word and word not in targets:
                return f"{path}: `{line.strip()}`: the Makefile has no target {word}"
    if re.match(r"(\./)?(scripts|tests|\.ci)/", words[0]) or words[0] in ("bash", "sh"):
        script = words[1] if words[0] in ("bash", "sh") and len(words) > 1 else words[0]
        if re.match(r"(\./)?(scripts|tests|\.ci)/", script) and not os.path.exists(os.path.join(root, script)):
            return f"{path}: `{line.strip()}`: there is no {script}"
    if os.path.basename(words[0]) == "storport" and known is not None and len(words) > 1:
        if re.match(r"[a-z]", words[1]) and words[1] not in known:
            return f"{path}: `{line.strip()}`: storport knows no verb {words[1]}"
    return None


def check_makefile(root):
    """Each target has its line in `make help`, and each script that a recipe runs can be run."""
    content = house.text(root, "Makefile")
    for target in re.findall(r"^([a-z]+):", content, re.M):
        if target != "help" and not re.search(rf"'make {target} ", content):
            yield f"Makefile: make help does not tell of {target}"
    for script in re.findall(r"^\t@?(?:\w+=\S+ )*\./(scripts/\S+)", content, re.M):
        if not os.access(os.path.join(root, script), os.X_OK):
            yield f"Makefile: {script} cannot be run"


def check(root):
    complaints = list(check_makefile(root))
    targets = set(re.findall(r"^([a-z]+):", house.text(root, "Makefile"), re.M))
    known = verbs() if program else None
    documents = [p for p in house.tracked(root)
                 if p.endswith(".md") and ("/" not in p or p.startswith("docs/"))]
    for path in documents:
        content = house.text(root, path)
        prose = DEMO.sub("", content)
        for language, block in BLOCK.findall(prose):
            if language in ("sh", "console"):
                for line in block.splitlines():
                    complaints.append(check_command(root, path, line.split("  #")[0], targets, known))
        for line in re.findall(r"`(make [a-z]+|storport [a-z]+|(?:scripts|tests|\.ci)/[\w./-]+)", BLOCK.sub("", prose)):
            if line.startswith(("make ", "storport ")):
                complaints.append(check_command(root, path, line, targets, known))
            elif not os.path.exists(os.path.join(root, line.rstrip("."))):
                complaints.append(f"{path}: there is no {line}")
        for link in re.findall(r"\]\(([^)#\s]+)", BLOCK.sub("", prose)):
            if not re.match(r"\w+:", link) and not os.path.exists(
                    os.path.join(root, os.path.dirname(path), link)):
                complaints.append(f"{path}: the link {link} leads nowhere")
    return [c for c in complaints if c]


GOOD = {"Makefile": "help:\n\t@echo 'make run  runs'\nrun:\n\t@true\n", "scripts/a.sh": "", "docs/b.md": "[up](../README.md)",
        "README.md": "`make run`, `scripts/a.sh`, [b](docs/b.md)\n```sh\nDEPS=none make run  # words\n```\n"}
BAD = [
    ("no target fly", {"README.md": "```sh\nmake fly\n```\n"}),
    ("no target fly", {"HACKING.md": "Type `make fly`.\n"}),
    ("there is no scripts/b.sh", {"README.md": "see `scripts/b.sh`\n"}),
    ("there is no scripts/b.sh", {"README.md": "```sh\nbash scripts/b.sh\n```\n"}),
    ("does not tell of fly", {"Makefile": "fly:\n\t@true\n"}),
    ("cannot be run", {"Makefile": "help:\n\t@echo 'make run  runs'\nrun:\n\t@./scripts/b.sh\n"}),
    ("leads nowhere", {"docs/b.md": "[c](c.md)"}),
]
if __name__ == "__main__":
    if len(sys.argv) > 2 and os.access(sys.argv[2], os.X_OK):
        scratch_program = house.plant({"storport": "#!/bin/sh\necho '  run MINIPORT  runs it'\n"})
        program = os.path.join(scratch_program.name, "storport")
        os.chmod(program, 0o755)
        with house.plant({**GOOD, "README.md": "`storport run`, `storport fly`\n"}) as planted:
            said = check(planted)
        if len(said) != 1 or "no verb fly" not in said[0]:
            sys.exit(f"the check does not see a verb that is not there: {said}")
        program = sys.argv[2]
    house.run(check, GOOD, BAD)
