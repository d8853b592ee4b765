"""docs/licences.md names every library that what we build is linked with (as readelf -d tells) and
every library that the build looks for; and no library known to be GPL without an exception is among
them. usage: licences.py TREE [BUILD-FOLDER]"""
import os
import re
import shutil
import subprocess
import sys
import house

# Ours, and part of every program on the system; the page says so once.
SYSTEM = re.compile(r"^(libstorport|ld-linux.*|libc|libm|libgcc_s|libstdc\+\+|libpthread|libdl|linux-vdso|"
                    r"lib(a|t|ub|l)san|libclang_rt.*)\.so")
GPL = re.compile(r"^lib(readline|bfd|opcodes|gmpxx-gpl)\b")
build = None


def needed(path):
    out = subprocess.run(["readelf", "-d", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         text=True).stdout
    return set(re.findall(r"\(NEEDED\).*\[(.+)\]", out))


def linked(folder):
    """Library name → one program that is linked with it."""
    found = {}
    for where, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if f not in ("CMakeFiles", "tests")]
        for name in files:
            path = os.path.join(where, name)
            if os.path.islink(path) or not (os.access(path, os.X_OK) or ".so" in name):
                continue
            for library in needed(path):
                found.setdefault(library, os.path.relpath(path, folder))
    return found


def check(root):
    complaints = []
    page = house.text(root, "docs/licences.md")
    for library, program in sorted(linked(build or root).items()):
        stem = library.split(".so")[0]
        if SYSTEM.match(library):
            continue
        if GPL.match(stem):
            complaints.append(f"{program}: is linked with {library}, which is GPL")
        if not re.search(rf"(?<!\w){re.escape(stem)}(?!\w)", page):
            complaints.append(f"docs/licences.md: {stem} is missing ({program} is linked with it)")
    cmake = house.text(root, "cmake/Dependencies.cmake")
    wanted = re.findall(r"^storport_pkg\(\w+ (\S+)", cmake, re.M) + re.findall(r"find_library\(\w+ NAMES (\w+)", cmake)
    for name in wanted:
        if name not in page:
            complaints.append(f"docs/licences.md: {name} of cmake/Dependencies.cmake is missing")
    return complaints


def self_test():
    """A library whose name the page lacks, linked into a real program."""
    global build
    with house.plant({"docs/licences.md": "libknown", "cmake/Dependencies.cmake": "", "a.c": "int f(void){return 0;}",
                      "m.c": "int f(void);int main(void){return f();}"}) as root:
        for name, expected in (("known", 0), ("unheard", 1), ("readline", 2)):
            library = os.path.join(root, f"lib{name}.so")
            subprocess.run(["cc", "-shared", "-fPIC", f"-Wl,-soname,lib{name}.so.1", "-o", library,
                            os.path.join(root, "a.c")], check=True)
            os.makedirs(os.path.join(root, name))
            subprocess.run(["cc", "-o", os.path.join(root, name, "m"), os.path.join(root, "m.c"), library], check=True)
            build = os.path.join(root, name)
            said = check(root)
            if len(said) != expected:
                sys.exit(f"linked with lib{name}: {len(said)} complaints, not {expected}: {said}")
    build = None


if __name__ == "__main__":
    if not shutil.which("readelf") or not shutil.which("cc"):
        print("no readelf or cc here")
        sys.exit(house.SKIP)
    self_test()
    good = {"docs/licences.md": "libdw nbdkit boost_context", "cmake/Dependencies.cmake":
            'storport_pkg(LIBDW libdw "x")\nfind_library(BOOST_CONTEXT NAMES boost_context)\n'}
    bad = [("libfoo", {"cmake/Dependencies.cmake": 'storport_pkg(FOO libfoo "x")\n'})]
    tree_build = sys.argv[2] if len(sys.argv) > 2 else None

    def check_all(root):
        global build
        build = tree_build if root == sys.argv[1] else None
        return check(root)
    house.run(check_all, good, bad)
