"""What the checks of the tree share: its files, a scratch tree for the proof that a check can fail,
and the frame that runs that proof before the check itself. Exit status: 0 fine, 1 not, 77 skipped."""
import os
import re
import subprocess
import sys
import tempfile

SKIP = 77


def tracked(root):
    """Paths that git tracks, relative to root; all files where there is no git (an archive)."""
    try:
        out = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        if os.path.exists(os.path.join(root, ".git")):
            return sorted(p for p in out.decode().split("\0")
                          if p and os.path.isfile(os.path.join(root, p)))
    except (OSError, subprocess.CalledProcessError):
        pass
    paths = []
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if f != ".git" and not re.match(r"build(-|$)", f)]
        paths += [os.path.relpath(os.path.join(folder, f), root) for f in files]
    return sorted(paths)


def text(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def sources(root, *folders, kinds=(".c", ".h")):
    return [p for p in tracked(root)
            if p.endswith(kinds) and p.startswith(tuple(f + "/" for f in folders))]


def plant(files):
    """A scratch tree: a dictionary from path to text. Returns a TemporaryDirectory."""
    scratch = tempfile.TemporaryDirectory(prefix="house ")
    for path, content in files.items():
        full = os.path.join(scratch.name, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(content)
    return scratch


def run(check, good, bad):
    """good: a tree that must pass. bad: trees that must each be complained of, by a word that the
    complaint must hold. Only then is the real tree (first argument) checked."""
    with plant(good) as root:
        complaints = check(root)
        if complaints:
            print("the check complains of a tree that is right:", *complaints, sep="\n  ")
            sys.exit(1)
    for word, files in bad:
        with plant({**good, **files}) as root:
            complaints = check(root)
            if not any(word in c for c in complaints):
                print(f"the check does not see a planted fault ({word}); it says {complaints}")
                sys.exit(1)
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} TREE")
    complaints = check(sys.argv[1])
    for complaint in complaints:
        print(complaint)
    print(f"{os.path.basename(sys.argv[0])}: {len(bad)} planted faults seen, "
          f"{len(complaints)} complaints about the tree")
    sys.exit(1 if complaints else 0)
