# SPDX-License-Identifier: Apache-2.0
"""Rules about every file: licence, words, whitespace, and other tools' view."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

import tree as files

APACHE = "Apache-2.0"
DUAL = "GPL-2.0-only OR BSD-2-Clause"
DUAL_PLACES = ("bpf/", "vmlinux/", "include/verigress/abi.h")
# Files that have no place for a comment, or that are texts of their own.
NO_SPDX = (".md", ".pem", ".json", ".txt", "LICENSE", ".gitignore",
           ".editorconfig", ".clang-format", ".gitattributes")

UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X)\b")
PLACES = re.compile(r"(?<![\w.$}])/(wor[k]|hom[e]|roo[t]|User[s])/[\w.]")
TOOLS = re.compile(r"\.librar[y]\b|\bfar[m]-(bench|studio)\b|\bissue[s] (show|list|close)\b"
                   r"|`issue[s]`|`duplicate[s]`")
CLANG_FORMAT_MAJOR = "14"
SHOWN = 5  # files that want to be formatted


def spdx(tree):
    """the first line (or the second, after #!) names the right licence"""
    for name in tree.files:
        if name.endswith(NO_SPDX):
            continue
        head = tree.text(name).splitlines()[:3]
        if head and head[0].startswith(("#!", "<?xml", "'\\\"")):
            head = head[1:]
        match = re.search(r"SPDX-License-Identifier: (.*?)\s*(\*/)?$", head[0] if head else "")
        wanted = DUAL if name.startswith(DUAL_PLACES) else APACHE
        if not match:
            yield name, 1, "no SPDX line"
        elif match.group(1) != wanted:
            yield name, 1, f"{match.group(1)}, but {wanted} belongs here"


def unfinished(tree):
    """no notes to oneself"""
    for name in tree.files:
        for number, line in tree.lines(name):
            match = UNFINISHED.search(line)
            if match:
                yield name, number, f"{match.group()}: do it, or leave it out"


def machine_paths(tree):
    """no path of the machine it was written on, no tool that is not part of it"""
    for name in tree.files:
        for number, line in tree.lines(name):
            match = PLACES.search(line) or TOOLS.search(line)
            if match:
                yield name, number, f"{match.group()}: not of this project"


def whitespace(tree):
    """no trailing blanks, one newline at the end, no carriage return"""
    for name in tree.files:
        text = tree.text(name)
        for number, line in tree.lines(name):
            if line != line.rstrip(" \t\r"):
                yield name, number, "trailing blanks"
        if "\r" in text:
            yield name, 1, "a carriage return"
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            yield name, len(text.splitlines()), "must end with one newline"


def script_tabs(tree):
    """scripts, Python and YAML are indented by blanks"""
    for name in tree.scripts() + tree.python() + [
            f for f in tree.files if f.endswith((".yaml", ".yml"))]:
        for number, line in tree.lines(name):
            if line.startswith("\t"):
                yield name, number, "a tab where blanks belong"


def executable(tree):
    """what starts with #! can be executed, and the other way round"""
    for name in tree.files:
        runs = os.access(os.path.join(tree.top, name), os.X_OK)
        if runs != tree.text(name).startswith("#!"):
            yield name, 1, "mode and #! do not agree"


def python_syntax(tree):
    """Python compiles"""
    for name in tree.python():
        try:
            compile(tree.text(name), name, "exec")
        except SyntaxError as error:
            yield name, error.lineno or 1, error.msg


def _located(lines):
    """(path, line, text) of lines like "path:12:3: text"."""
    for line in lines:
        match = re.match(r"(?:\./)?([^:\s]+):(\d+):(?:\d+:)? (.*)", line)
        if match:
            yield match.group(1), int(match.group(2)), match.group(3)


def shellcheck(tree):
    """shellcheck has nothing to say"""
    # Without -x, which would check lib.sh again for each script that sources it.
    command = ["shellcheck", "-S", "warning", "-f", "gcc"]
    files.need("shellcheck", "shellcheck")
    jobs, scripts = os.cpu_count() or 1, tree.scripts()
    with ThreadPoolExecutor(jobs) as pool:
        for lines in pool.map(lambda n: tree.run(command, scripts[n::jobs], "shellcheck"),
                              range(jobs)):
            yield from _located(lines)


def clang_format(tree):
    """clang-format has nothing to say (`make fmt`)"""
    files.need("clang-format", "clang-format")
    version = " ".join(tree.run(["clang-format"], ["--version"], "clang-format"))
    match = re.search(r"version (\d+)", version)
    if not match or match.group(1) != CLANG_FORMAT_MAJOR:
        raise files.NoTool(f"needs clang-format {CLANG_FORMAT_MAJOR}, this is: {version}")
    lines = tree.run(["clang-format", "--dry-run", "-Werror"], tree.c(), "clang-format")
    first = {}
    for name, number, text in _located(lines):
        first.setdefault(name, (name, number, text))  # enough to type `make fmt`
    shown = list(first.values())[:SHOWN]
    yield from shown
    if len(first) > len(shown):
        yield "Makefile", 1, f"{len(first) - len(shown)} more files need `make fmt`"


RULES = [spdx, unfinished, machine_paths, whitespace, script_tabs, executable,
         python_syntax, shellcheck, clang_format]
