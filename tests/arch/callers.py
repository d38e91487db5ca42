#!/usr/bin/env python3
"""Every function of a header has a caller. Usage: callers.py [--self-test] [--list]

A function that nobody calls is untested promise: it is removed, or its caller is missing. A caller is any use in a
C file of node/ or tests/, in a macro of a header, or by SPH_AUTO and SPH_AUTO_PTR, which name the function that
clears. Taking the address counts. --list also prints what only tests call: allowed, worth a look.
"""
import argparse
import glob
import os
import re
import sys
import tempfile

import checks

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"')
DECLARED = re.compile(r"\b(sph_\w+)\(", re.A)
WORD = re.compile(r"\bsph_\w+\b", re.A)
AUTO = re.compile(r"\bSPH_AUTO(_PTR)?\((\w+)\)", re.A)


def read(path):
    with open(path, encoding="utf-8") as file:
        return TEXT.sub('""', COMMENT.sub(" ", file.read()))


def files(root, folder, ending):
    return sorted(glob.glob(os.path.join(root, folder, "**/*" + ending), recursive=True))


def split_macros(text):
    """(declarations, macro bodies) of a header."""
    text = text.replace("\\\n", " ")
    lines = text.split("\n")
    macros = [line for line in lines if line.lstrip().startswith("#")]
    return "\n".join(line for line in lines if not line.lstrip().startswith("#")), "\n".join(macros)


def declared(root):
    """{function: header} of all prototypes, and the words that macros use."""
    functions, used = {}, set()
    for path in files(root, "node", ".h"):
        plain, macros = split_macros(read(path))
        used |= set(WORD.findall(macros))
        depth = 0
        for statement in re.split(r"([;{}])", plain):
            if statement in ("{", "}"):
                depth += 1 if statement == "{" else -1
            elif depth == 0 and "typedef" not in statement and "=" not in statement:
                found = DECLARED.search(statement)
                if found:
                    functions.setdefault(found.group(1), os.path.relpath(path, root))
    return functions, used


def uses(root, folder):
    """Words that C code of a folder uses, without the heads of the functions it defines."""
    used = set()
    for path in files(root, folder, ".c") + (files(root, folder, ".h") if folder == "tests" else []):
        text = read(path)
        for head in re.finditer(r"^[a-zA-Z_][^;{}=#]*?\b(sph_\w+)\([^;{}]*\)\s*\{", text, re.M):
            start, end = head.span(1)
            text = text[:start] + " " * (end - start) + text[end:]
        used |= set(WORD.findall(text))
        for pointer, name in AUTO.findall(text):
            used |= {name + "_free", name + "_clear", name + "_end", name + "_close"}
    return used


def check_callers(root, only_tests=None):
    functions, macros = declared(root)
    if not functions:
        yield "no header in node/"
    product, tests = uses(root, "node") | macros, uses(root, "tests")
    for name, header in sorted(functions.items(), key=lambda item: (item[1], item[0])):
        if name in product:
            continue
        if name in tests:
            if only_tests is not None:
                only_tests.append("%s: %s" % (header, name))
            continue
        yield "%s: nobody calls %s; remove it, or call it" % (header, name)


HEADER = "#pragma once\n/** Does it. */\nint sph_a_do(int n);\n"
PLANTED = [
    ("nobody", {"node/a/a.h": HEADER, "node/a/a.c": "int sph_a_do(int n)\n{\n    return n;\n}\n"}, True),
    ("second", {"node/a/a.h": "#pragma once\nstruct s {\n    int a;\n};\n;\n" + HEADER}, True),
    ("comment", {"node/a/a.h": HEADER, "node/a/a.c": "/* sph_a_do(1) */\nint sph_a_do(int n)\n{\n    return n;\n}\n"},
     True),
    ("text", {"node/a/a.h": HEADER, "node/b.c": 'const char *f(void)\n{\n    return "sph_a_do(1)";\n}\n'}, True),
    ("caller", {"node/a/a.h": HEADER, "node/b.c": "int f(void)\n{\n    return sph_a_do(1);\n}\n"}, False),
    ("address", {"node/a/a.h": HEADER, "node/b.c": "static int (*const f)(int) = sph_a_do;\n"}, False),
    ("own_file", {"node/a/a.h": HEADER,
                  "node/a/a.c": "int sph_a_do(int n)\n{\n    return n;\n}\nint f(void)\n{\n    return sph_a_do(2);\n}\n"},
     False),
    ("macro", {"node/a/a.h": HEADER + "#define A(n) \\\n    sph_a_do(n)\n"}, False),
    ("test", {"node/a/a.h": HEADER, "tests/t.c": "int f(void)\n{\n    return sph_a_do(1);\n}\n"}, False),
    ("auto", {"node/a/a.h": "#pragma once\nvoid sph_a_free(sph_a **a);\n",
              "node/b.c": "void f(void)\n{\n    SPH_AUTO_PTR(sph_a) *a = 0;\n}\n"}, False),
]


def self_test():
    good = True
    for case, tree, is_fault in PLANTED:
        with tempfile.TemporaryDirectory() as root:
            checks.write_tree(root, tree)
            findings = list(check_callers(root))
        good &= checks.report("selftest_callers_" + case,
                              [] if bool(findings) == is_fault else ["got %s" % findings])
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return 0 if self_test() else 1
    only_tests = []
    good = checks.report("callers_of_every_function", check_callers(checks.ROOT, only_tests))
    for line in only_tests if options.list else []:
        print("# only tests call " + line)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
