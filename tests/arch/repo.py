#!/usr/bin/env python3
"""What may stand in the repository at all. Looks at what git tracks. Usage: repo.py [ROOT] [--self-test]"""
import functools
import hashlib
import os
import re
import subprocess
import sys

import checks

TOP_LEVEL = {
    "node", "schemas", "certs", "docs", "tests",
    "CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md",
}  # fmt: skip
RUNNABLE = ("node/demo.sh", "node/setup.sh", "tests/run.sh", ".ci/run")
MOST_BYTES = 1024 * 1024

PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{40}")

# Places of one machine, and talk about the work instead of the product. Written so that this file passes.
PLACES = re.compile(r"(?<![\w.])/(?:work|root|home/\w+)/|(?<![\w.])/(?:tmp/plan|tmp/b-)|shared/(?:design|tools|hooks|mockups)\b")
WORK_TALK = re.compile(r"\b[Ii]ssues? (?:#|no\. ?)?\d+\b|\bthe [b]rief says\b|\bthis coding [s]ession\b|\bfor [n]ow\b|\bnot implemented [y]et\b")


@functools.lru_cache(maxsize=None)
def tracked(root):
    """Paths that git tracks and that are still there; without git every file but those of a build."""
    if not os.path.exists(os.path.join(root, ".git")):
        found = (os.path.relpath(os.path.join(where, name), root) for where, _, names in os.walk(root) for name in names)
        return sorted(path for path in found if not path.startswith("build/"))
    listing = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True, capture_output=True).stdout
    paths = listing.decode().split("\0")
    return [path for path in paths if path and os.path.lexists(os.path.join(root, path))]


def content(root, path):
    full = os.path.join(root, path)
    if os.path.islink(full):
        return os.readlink(full).encode()
    with open(full, "rb") as handle:
        return handle.read()


def texts(root):
    """(path, lines) of every tracked text file."""
    for path in tracked(root):
        try:
            yield path, content(root, path).decode().split("\n")
        except UnicodeDecodeError:
            pass  # check_binary names it


def check_top_level(root):
    """The top level holds what it should and nothing else."""
    top = {path.split("/")[0] for path in tracked(root)}
    for name in sorted(top - TOP_LEVEL):
        if not name.startswith("."):
            yield name + ": does not belong on the top level"
    for name in sorted(TOP_LEVEL - top):
        yield name + ": missing"


def check_runnable(root):
    """The commands people are told to run exist and may be run; so may every other script."""
    for path in RUNNABLE:
        if path not in tracked(root):
            yield path + ": missing"
    for path in tracked(root):
        if content(root, path)[:2] == b"#!" and not os.access(os.path.join(root, path), os.X_OK):
            yield path + ": starts with #! but may not be run (chmod +x)"


def check_binary(root):
    """Text only, UTF-8, and of a size that a person may read."""
    for path in tracked(root):
        data = content(root, path)
        if len(data) > MOST_BYTES:
            yield "%s: %d bytes, at most %d" % (path, len(data), MOST_BYTES)
        if b"\0" in data:
            yield path + ": binary"
            continue
        try:
            data.decode()
        except UnicodeDecodeError:
            yield path + ": not UTF-8"


def check_keys(root):
    """No private key, not even for tests: they are made when needed."""
    for path in tracked(root):
        if PRIVATE_KEY.search(content(root, path)):
            yield path + ": holds a private key"


def check_places(root):
    """No path of the machine it was written on."""
    for path, lines in texts(root):
        for number, line in enumerate(lines, 1):
            match = PLACES.search(line)
            if match:
                yield "%s:%d: names %s" % (path, number, match.group())


def check_words(root):
    """The repository speaks of the product, not of the work on it."""
    for path, lines in texts(root):
        for number, line in enumerate(lines, 1):
            match = WORK_TALK.search(line)
            if match:
                yield "%s:%d: says '%s'" % (path, number, match.group())


def check_copied_data(root):
    """No file of the test data is copied in; tests find it by SAPHAN_TEST_DATA."""
    data = os.path.join(root, ".data")  # of a self-test
    if root == checks.ROOT:
        data = os.environ.get("SAPHAN_TEST_DATA", os.path.join(root, "../shared/data"))
    sizes = {}
    for where, _, names in os.walk(data):
        for name in names:
            full = os.path.join(where, name)
            sizes.setdefault(os.path.getsize(full), []).append(full)
    for path in tracked(root):
        mine = content(root, path)
        for other in sizes.get(len(mine), ()) if mine else ():
            with open(other, "rb") as handle:
                if hashlib.sha256(handle.read()).digest() == hashlib.sha256(mine).digest():
                    yield "%s: is a copy of %s of the test data" % (path, os.path.relpath(other, data))


CHECKS = [
    ("repo_top_level", check_top_level),
    ("repo_runnable", check_runnable),
    ("repo_binary", check_binary),
    ("repo_keys", check_keys),
    ("repo_places", check_places),
    ("repo_words", check_words),
    ("repo_copied_data", check_copied_data),
]

CLEAN = {name if "." in name or name == "LICENSE" else name + "/x.txt": "text\n" for name in TOP_LEVEL}
CLEAN.update({path: "true\n" for path in RUNNABLE})
CLEAN["docs/x.txt"] = "See ../shared/data and /var/lib/saphan; and/work/ too. -----BEGIN PRIVATE KEY----- is a PEM head.\n"

PEM = "-----BEGIN %sPRIVATE KEY-----\n" + "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg" * 2 + "\n"

PLANTED = [
    ("extra", "repo_top_level", {"notes.md": "x"}, "notes.md: does not belong"),
    ("missing", "repo_top_level", {"LICENSE": None}, "LICENSE: missing"),
    ("no_demo", "repo_runnable", {"node/demo.sh": None}, "node/demo.sh: missing"),
    ("no_run_bit", "repo_runnable", {"tests/x.sh": "#!/bin/sh\n"}, "tests/x.sh: starts with #!"),
    ("nul", "repo_binary", {"docs/a": b"\x7fELF\0\1"}, "docs/a: binary"),
    ("latin1", "repo_binary", {"docs/a": b"caf\xe9\n"}, "docs/a: not UTF-8"),
    ("large", "repo_binary", {"docs/a": "x" * (MOST_BYTES + 1)}, "docs/a: 1048577 bytes"),
    ("pkcs8", "repo_keys", {"certs/a.pem": PEM % ""}, "certs/a.pem: holds"),
    ("sec1", "repo_keys", {"tests/a.txt": PEM % "EC "}, "tests/a.txt: holds"),
    ("work", "repo_places", {"docs/a.md": "\nrun /%s/main/x\n" % "work"}, "docs/a.md:2: names"),
    ("plan", "repo_places", {"docs/a.md": "/tmp/%s\n" % "plan"}, "docs/a.md:1: names"),
    ("design", "repo_places", {"docs/a.md": "../shared/%s/x.md\n" % "design"}, "docs/a.md:1: names"),
    ("number", "repo_words", {"docs/a.md": "done in Issue %d.\n" % 2}, "docs/a.md:1: says"),
    ("later", "repo_words", {"docs/a.md": "for %s\n" % "now"}, "docs/a.md:1: says"),
    ("copy", "repo_copied_data", {"docs/samples/j.xml": "<judgment/>\n", ".data/judgment.xml": "<judgment/>\n"}, "j.xml: is a copy of judgment.xml"),
]

if __name__ == "__main__":
    sys.exit(checks.run(CHECKS, CLEAN, PLANTED))
