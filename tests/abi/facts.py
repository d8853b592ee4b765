#!/usr/bin/env python3
"""What a compiler makes of a set of headers: sizes, offsets, bit positions and values of the names
that include/wdk declares. Names are found by reading our headers; a name that another set of headers
does not know simply yields no fact. It never looks at the text of those other headers.
"""
import os
import re
import subprocess
import tempfile

WDK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "include", "wdk")


def clean(source):
    source = re.sub(r"/\*.*?\*/", " ", source, flags=re.S).replace("\\\n", " ")
    macros = re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+(\S.*)$", source, flags=re.M)
    source = re.sub(r"^[ \t]*#.*$", "", source, flags=re.M)
    source = re.sub(r"\b(__extension__|volatile|POINTER_ALIGNMENT|STOR_ADDRESS_ALIGN|SRB_ALIGN|"
                    r"DECLSPEC_CACHEALIGN)\b", " ", source)
    return re.sub(r"DECLSPEC_ALIGN\([^)]*\)", " ", source), macros


def block(source, start):
    depth = 0
    for at in range(start, len(source)):
        depth += {"{": 1, "}": -1}.get(source[at], 0)
        if depth == 0:
            return at
    raise ValueError("unbalanced braces")


def members(body, prefix=""):
    """Yields (path, is_bit_field) of everything with a name, through nested structures."""
    at = 0
    while at < len(body):
        semicolon = body.find(";", at)
        brace = body.find("{", at)
        if semicolon < 0:
            return
        if 0 <= brace < semicolon:
            end = block(body, brace)
            stop = body.index(";", end)
            name = re.match(r"\s*(\w*)", body[end + 1:stop]).group(1)
            path = prefix + name
            if name:
                yield path, False
            yield from members(body[brace + 1:end], path + "." if name else prefix)
            at = stop + 1
            continue
        text = body[at:semicolon].strip()
        at = semicolon + 1
        found = re.search(r"\(\s*(?:NTAPI)?\s*\*\s*(\w+)\s*\)", text)
        bits = re.search(r"\b(\w+)\s*:\s*\d+$", text)
        plain = re.search(r"(\w+)\s*((?:\[[^\]]*\]\s*)*)$", text)
        if found:
            yield prefix + found.group(1), False
        elif bits and len(text.split()) > 3:
            yield prefix + bits.group(1), True
        elif plain and ":" not in text:
            yield prefix + plain.group(1), False


def names():
    """Our headers' types as {name: [(member, is_bit_field)]} and the names of their values."""
    types, constants = {}, []
    for header in sorted(os.listdir(WDK)):
        with open(os.path.join(WDK, header), encoding="ascii") as source:
            text, macros = clean(source.read())
        constants += [name for name, _ in macros if not name.startswith("_")]
        for found in re.finditer(r"typedef\s+(struct|union|enum)\s+(\w*)\s*{", text):
            end = block(text, found.end() - 1)
            body = text[found.end():end]
            name = re.match(r"\s*(\w+)", text[end + 1:]).group(1)
            if found.group(1) == "enum":
                constants += re.findall(r"(?:^|,)\s*(\w+)", body)
            else:
                types[name] = list(members(body))
    return types, sorted(set(constants))


def questions():
    types, constants = names()
    for name, fields in types.items():
        yield "sizeof " + name, "const unsigned long long %%s = sizeof(%s);" % name
        yield "align " + name, "const unsigned long long %%s = _Alignof(%s);" % name
        for path, is_bits in fields:
            if is_bits:
                yield "bits %s.%s" % (name, path), "const %s %%s = {.%s = -1};" % (name, path)
            else:
                yield "offset %s.%s" % (name, path), \
                    "const unsigned long long %%s = __builtin_offsetof(%s, %s);" % (name, path)
    for name in constants:
        yield "value " + name, "const unsigned long long %%s = (unsigned long long)(%s);" % name


SIZES = {".byte": 1, ".value": 2, ".short": 2, ".word": 2, ".long": 4, ".int": 4, ".quad": 8}


def data(assembly):
    """The bytes behind each label of an assembly listing."""
    objects, current = {}, None
    for line in assembly.splitlines():
        label = re.match(r"(q\d+):", line)
        if label:
            current = objects.setdefault(label.group(1), bytearray())
            continue
        part = line.split(None, 1)
        if current is None or not part:
            continue
        if part[0] in SIZES:
            size = SIZES[part[0]]
            if not re.match(r"-?\d", part[1]):  # the address of something: no fact
                current = None
                continue
            current += (int(part[1], 0) & ((1 << size * 8) - 1)).to_bytes(size, "little")
        elif part[0] in (".zero", ".space", ".skip"):
            current += bytes(int(part[1].split(",")[0], 0))
        elif part[0] in (".ascii", ".string"):
            text = part[1][1:-1].encode("ascii")
            text = re.sub(rb"\\([0-7]{1,3})", lambda m: bytes([int(m.group(1), 8)]), text)
            current += text + (b"\0" if part[0] == ".string" else b"")
        elif part[0] in (".section", ".globl"):
            current = None
    return objects


def spoken(command, head):
    """Every word in the preprocessed headers: asking about others only makes a compiler guess."""
    words = set()
    for mode in (["-E"], ["-E", "-dM"]):
        run = subprocess.run(command + mode + ["-x", "c", "-"], input=head, capture_output=True,
                             text=True, errors="replace", check=True)
        words.update(re.findall(r"[A-Za-z_]\w*", run.stdout))
    return words


def facts(compiler, flags, headers):
    """Asks one compiler everything; returns {question: answer} for what it could answer."""
    head = "".join("#include <%s>\n" % header for header in headers)
    known = spoken(compiler + flags, head)
    asked = [(question, line % ("q%d" % number))
             for number, (question, line) in enumerate(questions())
             if known.issuperset(re.findall(r"[A-Za-z_]\w*", question.split()[1]))]
    first = head.count("\n") + 1
    with tempfile.TemporaryDirectory() as folder:
        source, output = os.path.join(folder, "probe.c"), os.path.join(folder, "probe.s")
        for _ in range(8):
            with open(source, "w", encoding="ascii") as probe:
                probe.write(head + "\n".join(line for _, line in asked) + "\n")
            run = subprocess.run(compiler + flags + ["-w", "-fmax-errors=0", "-O0", "-S", "-o",
                                                     output, source],
                                 capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"))
            bad = {int(number) for number in
                   re.findall(r"^%s:(\d+):\d+: (?:error|note: in expansion)" % re.escape(source), run.stderr,
                              flags=re.M)}
            if run.returncode == 0:
                break
            if not bad or min(bad) < first:
                raise RuntimeError(run.stderr[:2000])
            asked = [pair for number, pair in enumerate(asked, first) if number not in bad]
        else:
            raise RuntimeError("the probe does not settle: " + run.stderr[:2000])
        with open(output, encoding="ascii", errors="replace") as listing:
            objects = data(listing.read())
    answers = {}
    for question, line in asked:
        label = re.search(r"\b(q\d+) = ", line).group(1)
        content = bytes(objects.get(label, b""))
        if question.startswith("bits "):
            whole = int.from_bytes(content, "little")
            if whole:
                low = (whole & -whole).bit_length() - 1
                answers[question] = "%d..%d" % (low, whole.bit_length() - 1)
        elif len(content) == 8:
            answers[question] = hex(int.from_bytes(content, "little"))
    return answers
