#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the house, and the proof that each of them can fail.

  style.py              all rules on the tree: a line for each thing found
  style.py RULE...      these rules
  style.py --list       the rules
  style.py --tap        TAP, for tests/run.sh: each rule on its samples, which
                        it must judge exactly, then on the tree

A rule is a function that yields (file, line, text).  Its samples are
tests/style/samples/RULE/{good,bad}/, small trees of their own; `expected`
beside them has a line "file:line" for each thing to be found in bad/.
Exceptions are lines "RULE FILE[:NAME]  # reason" in tests/style/allow; one
that is not needed any more is itself an error.
"""

import os
import sys

import rules_c
import rules_docs
import rules_text
from tree import NoTool, Tree

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
RULES = {rule.__name__: rule
         for rule in rules_c.RULES + rules_text.RULES + rules_docs.RULES}


def read_allowed():
    """{(rule, file): reason} of tests/style/allow."""
    allowed = {}
    with open(os.path.join(HERE, "allow"), encoding="utf-8") as file:
        for line in file:
            entry, _, reason = line.partition("#")
            if not entry.strip():
                continue
            rule, name = entry.split()
            if rule not in RULES or not reason.strip():
                raise SystemExit(f"tests/style/allow: {line.strip()}: no such rule, or no reason")
            allowed[(rule, name)] = reason.strip()
    return allowed


def is_allowed(rule, found, allowed, used):
    """FOUND is excepted, by its file or by file and function."""
    name, _, text = found
    for key in ((rule, name), (rule, f"{name}:{text.split('(')[0]}")):
        if key in allowed:
            used.add(key)
            return True
    return False


def on_tree(rule, tree, allowed):
    """What RULE finds in TREE, exceptions taken out, stale ones added."""
    used = set()
    found = [f for f in RULES[rule](tree) if not is_allowed(rule, f, allowed, used)]
    stale = [key for key in allowed if key[0] == rule and key not in used]
    return found + [("tests/style/allow", 1, f"{r} {n} is not needed any more")
                    for r, n in stale]


def on_samples(rule):
    """Lines of what RULE got wrong in its samples."""
    base = os.path.join(HERE, "samples", rule)
    for need in ("good", "bad", "expected"):
        if not os.path.exists(os.path.join(base, need)):
            return [f"samples/{rule}/{need} is missing"]
    wrong = [f"good/{f}:{n}: found without reason: {t}"
             for f, n, t in RULES[rule](Tree.of_directory(os.path.join(base, "good")))]
    found = {f"{f}:{n}" for f, n, _ in
             RULES[rule](Tree.of_directory(os.path.join(base, "bad")))}
    with open(os.path.join(base, "expected"), encoding="utf-8") as file:
        expected = set(file.read().split())
    if not expected:
        wrong.append(f"samples/{rule}/expected is empty: the rule is not proven")
    return (wrong + [f"bad/{x}: not found" for x in sorted(expected - found)]
            + [f"bad/{x}: not expected" for x in sorted(found - expected)])


class Tap:
    """Prints test points and remembers whether one failed."""

    def __init__(self):
        self.count = 0
        self.failed = False

    def point(self, name, wrong, skip=""):
        self.count += 1
        self.failed = self.failed or bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {self.count} - {name}"
              + (f" # SKIP {skip}" if skip else ""))
        for line in wrong:
            print("#   " + line)


def show(found):
    return [f"{name}:{line}: {text}" for name, line, text in found]


def run_tap(tree, allowed):
    tap = Tap()
    for rule, function in RULES.items():
        try:
            tap.point(f"{rule}: its samples are judged rightly", on_samples(rule))
            tap.point(f"{rule}: {function.__doc__}", show(on_tree(rule, tree, allowed)))
        except NoTool as missing:
            tap.point(rule, [], str(missing))
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


def run_lint(tree, allowed, names):
    count = 0
    for rule in names:
        try:
            lines = show(on_tree(rule, tree, allowed))
        except NoTool as missing:
            print(f"skipped {rule}: {missing}")
            continue
        count += len(lines)
        for line in lines:
            print(f"{line} [{rule}]")
    print(f"{count} found by {len(names)} rules in {len(tree.files)} files")
    return 1 if count else 0


def main(args):
    if args == ["--list"]:
        for name, rule in RULES.items():
            print(f"{name:20} {rule.__doc__}")
        return 0
    unknown = [a for a in args if a != "--tap" and a not in RULES]
    if unknown:
        print(f"no such rule: {' '.join(unknown)}", file=sys.stderr)
        return 2
    if not os.path.exists(os.path.join(TOP, ".git")):
        print("style: needs a git checkout: git knows which files are ours", file=sys.stderr)
        return 2
    tree, allowed = Tree.of_git(TOP), read_allowed()
    if args == ["--tap"]:
        return run_tap(tree, allowed)
    return run_lint(tree, allowed, args or list(RULES))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
