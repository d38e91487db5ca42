#!/usr/bin/env python3
"""Hold a built program to the release hardening. Usage: hardening.py FILE | --self-test

Read with readelf: what the linker did (PIE, full RELRO, no executable stack, no writable code, no search
path), which guards the code calls (stack protector, fortified C library), and with which switches each
unit was compiled. CET is not claimed: Debian 12's start files carry no such mark.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

import checks

SWITCHES = ("-fstack-protector-strong", "-fstack-clash-protection", "-fcf-protection", "-ftrivial-auto-var-init=zero")


def readelf(path, *options):
    done = subprocess.run(["readelf", "--wide", *options, path], check=True, capture_output=True, text=True)
    return done.stdout


def check_linked(path):
    """PIE, full RELRO, and memory that is never writable and executable at once."""
    header, segments, dynamic = (readelf(path, option) for option in ("--file-header", "--segments", "--dynamic"))
    if not re.search(r"Type:\s+DYN", header) or "PIE" not in dynamic:
        yield "not a position-independent executable"
    if "GNU_RELRO" not in segments:
        yield "no RELRO segment"
    if "BIND_NOW" not in dynamic and not re.search(r"FLAGS_1.*\bNOW\b", dynamic):
        yield "symbols are bound lazily, so RELRO is only partial"
    if "GNU_STACK" not in segments:
        yield "no GNU_STACK header, so the stack may be executable"
    for line in segments.split("\n"):
        fields = line.split()
        if fields[:1] and fields[0] in ("LOAD", "GNU_STACK"):
            flags = re.search(r"\s([R ][W ][E ])\s+0x[0-9a-f]+$", line)
            if flags and "W" in flags.group(1) and "E" in flags.group(1):
                yield "%s segment is writable and executable" % fields[0]
    if "TEXTREL" in dynamic:
        yield "relocations in the code"
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        yield "a library search path is built in"


def check_guards(path):
    """The guards are called: stack protector, fortified functions of the C library."""
    symbols = readelf(path, "--dyn-syms")
    if "__stack_chk_fail" not in symbols:
        yield "no stack protector"
    if not re.search(r"\b__\w+_chk\b", symbols):
        yield "no fortified function of the C library"


def check_switches(path):
    """Each of our units was compiled with the switches (read from the debug information)."""
    producers = re.findall(r"DW_AT_producer\s*:\s*(?:\(indirect[^)]*\):\s*)?(.*)", readelf(path, "--debug-dump=info"))
    units = [producer for producer in producers if "GNU C" in producer]
    if not units:
        yield "no debug information to read the switches from (-g1)"
    for switch in SWITCHES:
        without = [unit for unit in units if switch not in unit]
        if without:
            yield "%d of %d units compiled without %s" % (len(without), len(units), switch)
    if any(not re.search(r"-O[23]\b", unit) for unit in units):
        yield "a unit was compiled without -O2, which _FORTIFY_SOURCE needs"


CHECKS = [
    ("hardening_linked", check_linked),
    ("hardening_guards", check_guards),
    ("hardening_switches", check_switches),
]

SOURCE = """#include <stdio.h>
#include <string.h>
#ifdef WRITABLE_CODE
__asm__(".section .both,\\"awx\\",@progbits\\n.byte 0\\n.text");
#endif
int main(int argc, char **argv)
{
    char copy[64];
    if (argc > 1)
        strcpy(copy, argv[1]);
    return printf("%s", argc > 1 ? copy : "") < 0;
}
"""
GOOD = list(SWITCHES) + "-O2 -g1 -D_FORTIFY_SOURCE=3 -fPIE -pie -Wl,-z,relro,-z,now,-z,noexecstack".split()

PLANTED = [
    ("no_pie", "hardening_linked", ["-no-pie", "-fno-pie"], "position-independent"),
    ("no_relro", "hardening_linked", ["-Wl,-z,norelro"], "no RELRO"),
    ("lazy", "hardening_linked", ["-Wl,-z,lazy"], "bound lazily"),
    ("exec_stack", "hardening_linked", ["-Wl,-z,execstack"], "GNU_STACK segment is writable and executable"),
    ("rwx", "hardening_linked", ["-DWRITABLE_CODE"], "LOAD segment is writable and executable"),
    ("rpath", "hardening_linked", ["-Wl,-rpath,/opt/x"], "search path"),
    ("no_protector", "hardening_guards", ["-fno-stack-protector"], "no stack protector"),
    ("no_fortify", "hardening_guards", ["-U_FORTIFY_SOURCE"], "no fortified"),
    ("no_clash", "hardening_switches", ["!-fstack-clash-protection"], "without -fstack-clash-protection"),
    ("no_init", "hardening_switches", ["!-ftrivial-auto-var-init=zero"], "without -ftrivial-auto-var-init=zero"),
    ("no_optimiser", "hardening_switches", ["!-O2", "-U_FORTIFY_SOURCE"], "without -O2"),
    ("no_debug", "hardening_switches", ["-g0"], "no debug information"),
]


def compiled(root, extra):
    """Path of a small program compiled with the release switches, then `extra`; "!x" leaves x out."""
    checks.write_tree(root, {"a.c": SOURCE})
    path = os.path.join(root, "a")
    switches = [switch for switch in GOOD if "!" + switch not in extra] + [one for one in extra if one[0] != "!"]
    subprocess.run(["gcc", "-w", os.path.join(root, "a.c"), "-o", path, *switches], check=True, stderr=subprocess.DEVNULL)
    return path


def self_test():
    good = True
    with tempfile.TemporaryDirectory() as root:
        path = compiled(root, [])
        for name, check in CHECKS:
            good &= checks.report("selftest_%s_clean" % name, check(path))
    for case, name, extra, piece in PLANTED:
        with tempfile.TemporaryDirectory() as root:
            findings = list(dict(CHECKS)[name](compiled(root, extra)))
        missed = [] if any(piece in one for one in findings) else ["'%s' not seen, got %s" % (piece, findings)]
        good &= checks.report("selftest_%s_%s" % (name, case), missed)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", nargs="?")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return 0 if self_test() else 1
    if not options.file or not os.path.exists(options.file):
        print("not ok hardening_linked: there is no file %s" % options.file)
        return 1
    results = [checks.report(name, check(options.file)) for name, check in CHECKS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
