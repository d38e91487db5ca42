#!/usr/bin/env python3
"""No mutable state outside functions, seen in the compiled layers. Usage: globals.py BUILD [--self-test]

Everything a module reaches arrives through its arguments; a writable symbol in a layer's library is a
way around that. Constant tables with pointers (.data.rel.ro) are written once by the loader and count
as constant. Reads `nm` over BUILD/node/libsaphan_*.a.
"""
import argparse
import glob
import os
import subprocess
import sys
import tempfile

import checks

CONSTANT = (".rodata", ".data.rel.ro", ".text")
# Known and explained where they stand. An entry that is no longer found is a finding, too.
ALLOWED = {"libsaphan_crypto.a(fetched.c.o): once in .bss"}


def writable_symbols(library):
    """(object, symbol, section) of each symbol that can be written."""
    listing = subprocess.run(["nm", "-A", "-f", "sysv", library], check=True, capture_output=True, text=True).stdout
    for line in listing.split("\n"):
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 7 and fields[3] in ("OBJECT", "TLS", "COMMON"):
            section = fields[6]
            if section not in ("*UND*", "") and not section.startswith(CONSTANT):
                yield fields[0].split(":")[-2], fields[0].split(":")[-1], section


def check_globals(build, allowed=frozenset()):
    libraries = sorted(glob.glob(os.path.join(build, "node/libsaphan_*.a")))
    if not libraries:
        yield "no libraries in %s/node; build first" % build
    found = set()
    for library in libraries:
        for item, symbol, section in writable_symbols(library):
            found.add("%s(%s): %s in %s" % (os.path.basename(library), item, symbol, section))
    yield from sorted(found - allowed)
    for entry in sorted(allowed - found):
        yield "%s: allowed, but not there any more" % entry


PLANTED = [
    ("static", "static int counter;\nint f(void) { return ++counter; }\n", "counter"),
    ("initialised", "int limit = 3;\n", "limit"),
    ("in_function", "int f(void) { static char held[9]; return ++held[0]; }\n", "held"),
    ("pointer_table", "static const char *names[] = {\"a\"};\nconst char **f(void) { return names; }\n", "names"),
    ("thread_local", "_Thread_local int mine;\n", "mine"),
    ("clean", 'static const char *const names[] = {"a"};\nconst char *f(int i) { return names[i]; }\n', None),
]


def self_test():
    good = True
    for case, source, symbol in PLANTED:
        with tempfile.TemporaryDirectory() as root:
            checks.write_tree(root, {"node/a.c": source})
            node = os.path.join(root, "node")
            subprocess.run(["gcc", "-Og", "-fPIC", "-c", "a.c", "-o", "a.o"], cwd=node, check=True)
            subprocess.run(["ar", "qc", "libsaphan_a.a", "a.o"], cwd=node, check=True)
            findings = list(check_globals(root))
        seen = any(symbol in one for one in findings) if symbol else not findings
        good &= checks.report("selftest_globals_" + case, [] if seen else ["got %s" % findings])
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build", nargs="?", default=os.path.join(checks.ROOT, "build/dev"))
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return 0 if self_test() else 1
    return 0 if checks.report("globals_none_mutable", check_globals(options.build, ALLOWED)) else 1


if __name__ == "__main__":
    sys.exit(main())
