# SPDX-License-Identifier: Apache-2.0
"""The files that the style rules look at, and what several rules need of them."""

import functools
import os
import re
import shutil
import subprocess

SAMPLES = "tests/style/samples/"
# Made by a tool, or data that a test needs as it is.
NOT_OURS = ("vmlinux/vmlinux.h",)
DATA = ("tests/fuzz/corpus/", "docs/licenses/")

TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


class NoTool(Exception):
    """A program that a rule needs is not here: the rule is skipped by name."""


def need(program, package):
    if not shutil.which(program):
        raise NoTool(f"{program} is not installed (Debian package {package})")


def _blank(match):
    text = match.group()
    if text.startswith(("/*", "//")):
        return re.sub(r"[^\n]", " ", text)
    return text[0] + " " * (len(text) - 2) + text[-1]


class Tree:
    """Files below TOP, as paths relative to it, and their content."""

    def __init__(self, top, files):
        self.top = top
        self.files = sorted(f for f in files if self._is_text(f))

    @classmethod
    def of_git(cls, top):
        """What git knows, and what it would know after `git add`."""
        out = subprocess.run(
            ["git", "-c", f"safe.directory={top}", "ls-files", "-z", "-co",
             "--exclude-standard"], cwd=top, check=True, stdout=subprocess.PIPE)
        names = {n for n in out.stdout.decode().split("\0") if n}
        return cls(top, [n for n in names if not n.startswith(SAMPLES)
                         and n not in NOT_OURS and not n.startswith(DATA)])

    @classmethod
    def of_directory(cls, top):
        names = []
        for base, _, files in os.walk(top):
            names += [os.path.relpath(os.path.join(base, f), top) for f in files]
        return cls(top, names)

    def _is_text(self, name):
        path = os.path.join(self.top, name)
        if os.path.islink(path) or not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            return b"\0" not in file.read(4096)

    @functools.lru_cache(maxsize=None)
    def text(self, name):
        with open(os.path.join(self.top, name), encoding="utf-8",
                  errors="replace", newline="") as file:
            return file.read()

    def lines(self, name):
        """(number, line) for each line of NAME."""
        return enumerate(self.text(name).splitlines(), 1)

    @functools.lru_cache(maxsize=None)
    def code(self, name):
        """The lines of a C file with comments and strings blanked out."""
        return TOKENS.sub(_blank, self.text(name)).splitlines()

    def code_lines(self, name):
        return enumerate(self.code(name), 1)

    def c(self, *under):
        return [f for f in self.files if f.endswith((".c", ".h"))
                and (not under or f.startswith(under))]

    def headers(self):
        return [f for f in self.files if f.endswith(".h")]

    def python(self):
        return [f for f in self.files if f.endswith(".py")]

    def scripts(self):
        """Shell scripts, by name or by their first line."""
        return [f for f in self.files if f.endswith(".sh")
                or re.match(r"#!.*\b(ba|da)?sh\b", self.text(f))]

    @functools.lru_cache(maxsize=None)
    def tags(self):
        """Functions and variables of the C files: (file, kind, name, line, end)."""
        need("ctags", "universal-ctags")
        files = self.c()
        if not files:
            return []
        out = subprocess.run(
            ["ctags", "--languages=C", "--langmap=C:.c.h",
             "--kinds-C=fv", "--fields=+e", "-I", "vg_cleanup+", "--quiet=yes", "-x",
             "--_xformat=%{input}\t%K\t%N\t%n\t%e", "-L", "-"],
            cwd=self.top, check=True, input="\n".join(files),
            stdout=subprocess.PIPE, text=True)
        rows = [line.split("\t") for line in out.stdout.splitlines()]
        return [(f, kind, name, int(line), int(end or line))
                for f, kind, name, line, end in rows]

    def run(self, command, files, package):
        """Lines that COMMAND prints about FILES; "" when it has nothing."""
        need(command[0], package)
        if not files:
            return []
        out = subprocess.run(command + files, cwd=self.top, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             check=False)
        lines = out.stdout.splitlines()
        if out.returncode and not lines:
            return [f"{files[0]}:1: {command[0]} ended with {out.returncode}"]
        return lines
