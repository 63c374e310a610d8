# SPDX-License-Identifier: Apache-2.0
"""Rules about C: what includes what, what is called where, how large it is."""

import re

import modules

INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')
FILE_LINES = 500
FUNCTION_LINES = 80
NUMBERS = re.compile(r"\b(strto(u?l?l|[iu]max|d|f|ld|q|uq)|ato(i|l|ll|f)|v?f?s?scanf)\s*\(")
EXITS = re.compile(r"\b(exit|_exit|_Exit|quick_exit|abort|errx?|verrx?|fatal)\s*\(")
MAINS = ("user/daemon/main.c", "user/cli/main.c")


def includes(tree, name):
    """(line, quoted, header) of each #include of NAME."""
    for number, line in tree.lines(name):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) == '"', match.group(2)


def _module(path):
    """user/verify/proof.h -> ("verify", "proof"); others -> (None, None)."""
    parts = path.split("/")
    if len(parts) < 3 or parts[0] != "user":
        return None, None
    return parts[1], parts[-1].rsplit(".", 1)[0]


def _is_pure(module, unit):
    return module in modules.PURE and (
        modules.PURE[module] is None or unit in modules.PURE[module])


def _may(name, header):
    module, unit = _module(name)
    if header in modules.SHARED:
        return module in modules.SHARED[header]
    target, target_unit = _module("user/" + header)
    if target == "base":
        return True
    if any(name.startswith(a) and header == b for a, b in modules.EXCEPTIONS):
        return True
    if _is_pure(module, unit):
        return _is_pure(target, target_unit)
    return target == module or target in modules.SEES.get(module, ()) or (
        module != "base" and _is_pure(target, target_unit))


def arrows(tree):
    """modules include base, themselves, pure headers, and nothing sideways"""
    for name in tree.c("user/"):
        if _module(name)[0] not in modules.SEES:
            yield name, 1, "a module that tests/style/modules.py does not know"
            continue
        for line, quoted, header in includes(tree, name):
            if quoted and not header.endswith(".skel.h") and not _may(name, header):
                yield name, line, f"must not include {header}"
    for name in tree.c("bpf/", "include/"):
        for line, quoted, header in includes(tree, name):
            if quoted and "/" in header and header != "verigress/abi.h":
                yield name, line, f"must not include {header}"


def homes(tree):
    """a foreign header is included in its home only, and in no header of ours"""
    for name in tree.c("user/", "bpf/", "include/"):
        for line, _, header in includes(tree, name):
            for pattern, home in modules.HOMES:
                if not re.match(pattern, header):
                    continue
                if not name.startswith(tuple(home)):
                    yield name, line, f"{header} is at home elsewhere"
                elif name.endswith(".h") and not name.startswith("bpf/"):
                    yield name, line, f"{header}: forward declare what it has"


def pragma_once(tree):
    """every header says #pragma once"""
    for name in tree.headers():
        if "#pragma once" not in (line.strip() for line in tree.code(name)):
            yield name, 1, "no #pragma once"


def own_header(tree):
    """a .c file includes its own header first, which proves that it stands alone"""
    for name in tree.c("user/"):
        own = name[len("user/"):-2] + ".h"
        if not name.endswith(".c") or "user/" + own not in tree.files:
            continue
        first = next(includes(tree, name), (1, True, None))
        if first[2] != own:
            yield name, first[0], f"the first include must be {own}"


def numbers(tree):
    """text becomes a number in base/num.c only"""
    for name in tree.c("user/", "bpf/", "tests/"):
        if name == "user/base/num.c":
            continue
        for number, line in tree.code_lines(name):
            match = NUMBERS.search(line)
            if match:
                yield name, number, f"{match.group(1)}: use base/num.h"


def _says_why(tree, name, number):
    """A comment within two lines, or a function that is a child by name or comment."""
    lines = tree.text(name).splitlines()
    near = "\n".join(lines[max(0, number - 3):number])
    if "/*" in near or "*/" in near or "//" in near:
        return True
    for file, kind, symbol, start, end in tree.tags():
        if file == name and kind == "function" and start <= number <= end:
            text = "\n".join(lines[max(0, start - 7):end])
            return symbol.startswith("child") or re.search(r"/\*[^/]*\b(child|fork)", text) is not None
    return False


def exits(tree):
    """only a main ends the process; _exit in a forked child says why"""
    for name in tree.c("user/"):
        if name in MAINS:
            continue
        for number, line in tree.code_lines(name):
            match = EXITS.search(line)
            if not match:
                continue
            if match.group(1) != "_exit":
                yield name, number, f"{match.group(1)}() outside of a main"
            elif not _says_why(tree, name, number):
                yield name, number, "_exit() without a comment that says why"


def header_variables(tree):
    """no variable is defined in a header"""
    for name, kind, symbol, line, _ in tree.tags():
        # BPF maps are variables by libbpf's convention; bpf/ is one unit.
        if kind == "variable" and name.endswith(".h") and not name.startswith("bpf/"):
            yield name, line, f"{symbol} is defined in a header"


def file_length(tree):
    """a file has at most 500 lines"""
    for name in tree.c() + tree.scripts() + tree.python():
        count = len(tree.text(name).splitlines())
        if count > FILE_LINES:
            yield name, count, f"{count} lines"


def function_length(tree):
    """a function has at most 80 lines"""
    for name, kind, symbol, line, end in tree.tags():
        if kind == "function" and end - line + 1 > FUNCTION_LINES:
            yield name, line, f"{symbol}() has {end - line + 1} lines"


def line_width(tree):
    """a line of C has at most 100 columns; a message is never split"""
    for name in tree.c():
        for number, line in tree.lines(name):
            width = len(line.expandtabs(8))
            if width > 100 and not line.lstrip().startswith('"'):
                yield name, number, f"{width} columns"


def c_whitespace(tree):
    """C is indented by tabs"""
    for name in tree.c():
        for number, line in tree.lines(name):
            indent = line[:len(line) - len(line.lstrip())]
            if " \t" in indent or " " * 8 in indent:
                yield name, number, "blanks where a tab belongs"


RULES = [arrows, homes, pragma_once, own_header, numbers, exits,
         header_variables, file_length, function_length, line_width,
         c_whitespace]
