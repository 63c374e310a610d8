# SPDX-License-Identifier: Apache-2.0
"""Rules about documents: they name what exists, and all of it."""

import os
import re

KEY = re.compile(r'\{ ?"([a-z0-9_]+)", \w+, (?:true|false) ?\}')
FINDING = re.compile(r"KIND\((\w+),\s*(\w+),\s*(\w+),\s*(\w+),")
# A file of this repository, named in a text.
OURS = re.compile(r"(?<![\w/.$-])((?:user|tests|bpf|docs|deploy|include|vmlinux)/[\w./-]+\.\w+)")


def _has(tree, name):
    return os.path.exists(os.path.join(tree.top, name))


def _missing(where, what, names):
    for name in sorted(names):
        yield where, 1, f"{what} {name}"


def links(tree):
    """a link or a file that a document names exists"""
    for name in (f for f in tree.files if f.endswith(".md")):
        base = os.path.dirname(name)
        for number, line in tree.lines(name):
            targets = [os.path.normpath(os.path.join(base, t)) for t in
                       re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", line)]
            for target in sorted(set(targets + OURS.findall(line))):
                if not _has(tree, target):
                    yield name, number, f"{target} does not exist"


def _tests(text, name):
    """TEXT has a test point, or a test function, in whose name NAME occurs."""
    point = r'\b(check|is|has|refuse) (?:-\w+ )?"[^"\n]*' + re.escape(name)
    function = r"\bvoid " + re.escape(name) + r"\(void \*\*"
    return re.search(point, text) or re.search(function, text)


def promises(tree):
    """every promise names tests, and each is a test of that name"""
    name, promise, tests = "docs/promises.md", None, 0
    if name not in tree.files:
        yield name, 1, "does not exist"
        return
    for number, line in tree.lines(name):
        if line.startswith("## "):
            if promise and not tests:
                yield name, promise, "a promise without a test"
            promise, tests = number, 0
        match = re.match(r"- `(tests/[^`]+)`: (.*\S)", line)
        if line.startswith("- `") and not match:
            yield name, number, "write: - `tests/FILE`: the name of the test"
        if not match:
            continue
        tests += 1
        if match.group(1) not in tree.files:
            yield name, number, f"{match.group(1)} does not exist"
        elif not _tests(tree.text(match.group(1)), match.group(2)):
            yield name, number, f"{match.group(1)} has no test '{match.group(2)}'"
    if promise and not tests:
        yield name, promise, "a promise without a test"


def findings(tree):
    """docs/findings.md has an entry for each finding, with what it does"""
    source, name = "user/verify/findings.c", "docs/findings.md"
    known = {m[0]: [w.lower().replace("_", " ") for w in m[1:]]
             for m in FINDING.findall(tree.text(source)) if m[0] != "id_"}
    lines = tree.text(name).splitlines()
    told = set()
    for number, line in tree.lines(name):
        if not line.startswith("## "):
            continue
        finding = line[3:].strip()
        told.add(finding)
        if finding not in known:
            yield name, number, f"{finding} is no finding"
            continue
        wanted = "{} · {} · leases: {}".format(*known[finding])
        if lines[number:number + 2][-1:] != [wanted]:
            yield name, number, f"two lines below there must be: {wanted}"
    yield from _missing(name, "says nothing of", known.keys() - told)


def policy_keys(tree):
    """the manual pages have the keys that the parsers know, and no other"""
    for page, sources in (
            ("deploy/man/verigress-policy.5.in",
             [f for f in tree.files if re.match(r"user/policy/parse_(?!config)\w+\.c", f)]),
            ("deploy/man/verigressd.8.in", ["user/policy/parse_config.c"])):
        known = {k for f in sources for k in KEY.findall(tree.text(f))}
        text = tree.text(page)
        told = set(re.findall(r"^\.It Ic ([a-z0-9_]+)$", text, re.M))
        used = set(re.findall(r"^\.Ic ([a-z0-9_]+)(?: |$)", text, re.M))
        yield from _missing(page, "says nothing of the key", known - told - used)
        yield from _missing(page, "has a key that nobody reads:", told - known)


def events(tree):
    """verigress(1) explains every event and every reason that there is"""
    page = "deploy/man/verigress.1.in"
    known = set(re.findall(r'\[VG_(?:REASON|RECORD)_(?!NONE)\w+\] = "(\w+)"',
                           tree.text("user/events/names.c")))
    text = tree.text(page)
    told = set(re.findall(r"^\.It ([a-z_]+)$", text[text.find(".Sh EVENTS"):], re.M))
    yield from _missing(page, "does not explain", known - told)
    yield from _missing(page, "explains what there is not:", told - known)


RULES = [links, promises, findings, policy_keys, events]
