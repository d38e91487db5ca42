#!/usr/bin/env python3
"""Every test that the table "Bad input" of tests/README.md names is there. Usage: bad_input.py [--self-test]

A name is a function, a row of a test's table, or a script; it must stand in a file of tests/ other than a README.
"""
import argparse
import os
import re
import sys
import tempfile

import checks

HEADING = "## Bad input"


def names(text):
    part = text.split(HEADING, 1)[1].split("\n## ", 1)[0] if HEADING in text else ""
    for line in part.split("\n"):
        cells = line.split("|")[2:-1] if line.startswith("| ") else []
        for cell in cells:
            yield from re.findall(r"`([^`]+)`", cell)


def check_names(root):
    with open(os.path.join(root, "tests/README.md"), encoding="utf-8") as file:
        wanted = list(names(file.read()))
    if not wanted:
        yield "tests/README.md: no table of bad input"
    content = []
    for folder, _, files in os.walk(os.path.join(root, "tests")):
        for name in files:
            if name.endswith((".c", ".h", ".py", ".sh")) and "arch" not in folder:
                content.append(name)
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    content.append(file.read())
    everything = "\n".join(content)
    for name in wanted:
        if name not in everything:
            yield "tests/README.md: there is no test %s" % name


PLANTED = [
    ("missing", {"tests/README.md": HEADING + "\n| a | `gone` | | |\n", "tests/a.c": "int here;\n"}, True),
    ("no_table", {"tests/README.md": "none\n", "tests/a.c": "int here;\n"}, True),
    ("clean", {"tests/README.md": HEADING + "\n| `a` | `here` | | `H-1 x` |\n", "tests/a.c": 'int here; // "H-1 x"\n'},
     False),
]


def self_test():
    good = True
    for case, tree, is_fault in PLANTED:
        with tempfile.TemporaryDirectory() as root:
            checks.write_tree(root, tree)
            findings = list(check_names(root))
        good &= checks.report("selftest_bad_input_" + case, [] if bool(findings) == is_fault else ["got %s" % findings])
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--self-test", action="store_true")
    if parser.parse_args().self_test:
        return 0 if self_test() else 1
    return 0 if checks.report("bad_input_every_test_is_there", check_names(checks.ROOT)) else 1


if __name__ == "__main__":
    sys.exit(main())
