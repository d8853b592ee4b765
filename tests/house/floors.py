"""A floor includes lower floors only; POSIX and Linux headers stay in rt, hw, image, host and doors;
a driver sees include/wdk and what lies beside it. The build's include paths say the same; this check
also sees what they cannot, such as a private header of another floor or a system header. src/explore is
no floor: it is linked into explore builds of drivers, and includes ISO C only."""
import os
import re
import house

HEIGHT = {"rt": 0, "contract": 1, "nt": 2, "hw": 2, "scsi": 2, "port": 3, "image": 3, "disk": 4,
          "host": 5, "doors": 6}
POSIX = {"rt", "hw", "image", "host", "doors"}
ISO_C = {f"{name}.h" for name in
         "assert ctype errno inttypes limits stdalign stdarg stdatomic stdbool stddef stdint stdio "
         "stdlib stdnoreturn string".split()}
# Headers that the build makes from the tables of contract.
GENERATED = re.compile(r"(contract|finding)_\w+\.(h|inc)$")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def where(root):
    """Header name → floors that have it."""
    owners = {}
    for path in house.sources(root, "src", kinds=(".h", ".inc", ".tbl")):
        owners.setdefault(os.path.basename(path), set()).add(path.split("/")[1])
    return owners


def check_floor(path, name, angled, owners, wdk):
    floor = path.split("/")[1]
    base = os.path.basename(name)
    if floor == "explore":
        return None if name in ISO_C else f"{path}: {name} is not ISO C, and drivers are linked with this"
    if floor not in HEIGHT:
        return f"{path}: {floor} is no floor"
    if name.startswith("storport/"):
        return None if floor in ("host", "doors") else f"{path}: {name} belongs to host and doors"
    if floor in owners.get(base, ()) and not angled:
        return None
    if name in wdk:
        return None if HEIGHT[floor] >= 1 else f"{path}: rt includes the WDK header {name}"
    if not angled and base in owners:
        lower = [o for o in owners[base] if HEIGHT.get(o, 99) < HEIGHT[floor]]
        if not lower:
            return f"{path}: {name} is of {'/'.join(sorted(owners[base]))}, not of a lower floor"
        if base.endswith("_priv.h"):
            return f"{path}: {name} is private to {lower[0]}"
        return None
    if not angled and GENERATED.match(base):
        return None if HEIGHT[floor] >= 1 else f"{path}: rt includes {name} of contract"
    if name in ISO_C or floor in POSIX:
        return None
    return f"{path}: {name} is neither ISO C nor of a lower floor"


def check_driver(root, path, name, angled, wdk):
    if name in wdk:
        return None
    folder = os.path.dirname(path)
    beside = [folder] + [os.path.join("drivers", d) for d in os.listdir(os.path.join(root, "drivers"))]
    if not angled and any(os.path.exists(os.path.join(root, b, name)) for b in beside):
        return None
    return f"{path}: {name} is not in include/wdk"


def check(root):
    complaints = []
    owners = where(root)
    wdk = {os.path.relpath(p, "include/wdk") for p in house.sources(root, "include/wdk")}
    for path in house.sources(root, "src", kinds=(".c", ".h", ".inc")):
        for bracket, name in INCLUDE.findall(house.text(root, path)):
            complaints.append(check_floor(path, name, bracket == "<", owners, wdk))
    for path in house.sources(root, "drivers"):
        if "/tests/" in path:
            continue
        for bracket, name in INCLUDE.findall(house.text(root, path)):
            complaints.append(check_driver(root, path, name, bracket == "<", wdk))
    for path in house.sources(root, "include/wdk"):
        for bracket, name in INCLUDE.findall(house.text(root, path)):
            if name not in wdk and name not in ISO_C:
                complaints.append(f"{path}: a WDK header includes {name}")
    return [c for c in complaints if c]


GOOD = {
    "include/wdk/storport.h": "#include <stdint.h>\n", "include/wdk/scsi.h": "",
    "src/rt/rt.h": "#include <pthread.h>\n", "src/rt/rt_priv.h": "",
    "src/scsi/scsi.h": "", "src/scsi/scsi.c": '#include "scsi.h"\n#include <string.h>\n',
    "src/port/port.h": '#include "rt.h"\n', "src/nt/nt.h": '#include "rt.h"\n#include <storport.h>\n',
    "src/port/unit.c": '#include "port.h"\n#include "nt.h"\n#include <string.h>\n',
    "src/disk/disk.c": '#include "port.h"\n#include "contract_ids.h"\n',
    "src/doors/cli/cmd_run.c": "#include <unistd.h>\n#include <storport/host.h>\n",
    "drivers/ramdisk/ramdisk.c": "#include <storport.h>\n", "include/storport/host.h": "",
    "src/explore/explore_hooks.c": "#include <stdint.h>\n",
}
BAD = [
    ("not of a lower floor", {"src/nt/ke.c": '#include "port.h"\n'}),
    ("not of a lower floor", {"src/scsi/bad.c": '#include "nt.h"\n'}),
    ("private to rt", {"src/port/bad.c": '#include "rt_priv.h"\n'}),
    ("neither ISO C", {"src/port/bad.c": "#include <unistd.h>\n"}),
    ("neither ISO C", {"src/nt/bad.c": "#  include <sys/mman.h>\n"}),
    ("rt includes", {"src/rt/bad.c": '#include "storport.h"\n'}),
    ("belongs to host", {"src/port/bad.c": "#include <storport/host.h>\n"}),
    ("not in include/wdk", {"drivers/ramdisk/bad.c": '#include "rt.h"\n'}),
    ("not in include/wdk", {"drivers/ramdisk/bad.c": "#include <pthread.h>\n"}),
    ("is not ISO C", {"src/explore/bad.c": '#include "rt.h"\n'}),
    ("is no floor", {"src/attic/a.c": '#include "rt.h"\n'}),
    ("a WDK header", {"include/wdk/bad.h": '#include "rt.h"\n'}),
]
if __name__ == "__main__":
    house.run(check, GOOD, BAD)
