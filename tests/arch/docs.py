#!/usr/bin/env python3
"""The shape a reader can rely on: documented headers, short functions, short files, lines that fit.

Usage: docs.py [ROOT] [--self-test]
"""
import re
import sys

import checks

MOST_FUNCTION_LINES = 60
MOST_NESTING = 3
MOST_FILE_LINES = 599
MOST_COLUMNS = 100

ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)|\bSPH_PRINTF\([^()]*\)")


def function_name(head):
    """Name of the function that `head`, the text before a brace at file level, defines; else None."""
    head = ATTRIBUTE.sub(" ", head).strip()
    match = re.search(r"([A-Za-z_]\w*)\s*\(", head)
    if not match or not head.endswith(")") or "=" in head[: match.start()] or "typedef" in head:
        return None
    return match.group(1)


def functions(file):
    """(name, first line, last line, deepest nesting) of each function body; the body itself is 0."""
    code = checks.without_preprocessor(file.code)
    depth, head_start, start, deepest, name = 0, 0, 0, 0, None
    for match in re.finditer(r"[{};]", code):
        mark, at = match.group(), match.start()
        if mark == "{":
            if depth == 0:
                name, start, deepest = function_name(code[head_start:at]), at, 0
            depth += 1
            deepest = max(deepest, depth - 1)
        elif mark == "}":
            depth -= 1
            if depth == 0 and name:
                yield name, checks.line_of(code, start), checks.line_of(code, at), deepest
        if depth == 0:
            head_start = at + 1


def declarations(file):
    """(name, first line, last line) of each function that a header declares or defines."""
    code = checks.without_preprocessor(file.code)
    depth, start = 0, 0
    for match in re.finditer(r"[{};]", code):
        mark, at = match.group(), match.start()
        if depth == 0 and mark in "{;":
            head = code[start:at]
            name = function_name(head)
            if name and not re.search(r"\(\s*\*\s*\w+\s*\)\s*\(", head):
                first = start + len(head) - len(head.lstrip())
                yield name, checks.line_of(code, first), checks.line_of(code, at)
        depth += {"{": 1, "}": -1, ";": 0}[mark]
        if depth == 0:
            start = at + 1


def check_documented(root):
    """Every function of a header has a comment: above it, beside it, or in the lines that lead to it
    without an empty one between (a group under one comment, a type and what clears it)."""
    for file in checks.c_files(root, "node", suffixes=(".h",)):
        comments = [""] + file.comments.split("\n")  # by line number
        for name, first, last in declarations(file):
            start = first
            while start > 1 and file.lines[start - 2].strip():
                start -= 1
            if not any(comments[line].strip() for line in range(start, last + 1)):
                yield file.at(first, "%s has no comment that says what the caller gets" % name)


def check_functions(root):
    """No function is longer or deeper than a reader can hold."""
    for file in checks.c_files(root, "node", "tests"):
        for name, first, last, nesting in functions(file):
            length = last - first + 1
            if length > MOST_FUNCTION_LINES:
                yield file.at(first, "%s has %d lines, at most %d" % (name, length, MOST_FUNCTION_LINES))
            if nesting > MOST_NESTING:
                yield file.at(first, "%s nests %d deep, at most %d" % (name, nesting, MOST_NESTING))


def check_files(root):
    """No source file has 600 lines or more, no line more than 100 columns."""
    for file in checks.c_files(root, "node", "tests"):
        if len(file.lines) > MOST_FILE_LINES:
            yield "%s: %d lines, at most %d" % (file.path, len(file.lines), MOST_FILE_LINES)
        for number, line in enumerate(file.lines, 1):
            columns = len(line.expandtabs(8).removesuffix("\\").rstrip())  # of a macro, without the filling
            if columns > MOST_COLUMNS:
                yield file.at(number, "%d columns, at most %d" % (columns, MOST_COLUMNS))


CHECKS = [
    ("docs_headers", check_documented),
    ("docs_functions", check_functions),
    ("docs_files", check_files),
]

CLEAN = {
    "node/a/a.h": "/** A module. */\n#pragma once\n#include <x.h>\n\n/** Say it. */\nint a_say(int x);\n"
    "int a_say_again(int x,\n                int y) SPH_PRINTF(1, 2);\n\nint a_beside(void); /* beside */\n\n"
    "#define A_MACRO" + " " * 120 + "\\\n    1\n"
    "typedef int (*a_callback)(int x);\nstruct a {\n    int (*member)(void);\n};\n\n"
    "/** Inline. */\nstatic inline int a_inline(void)\n{\n    return 1;\n}\nint a_grouped(void);\n",
    "node/a/a.c": "#if X\nint a_say(int x)\n{\n#else\nint a_say(long x)\n{\n#endif\n    return x;\n}\n"
    + "int fits(void)\n{\n" + "    ;\n" * 58 + "}\n"
    + "int deep(void)\n{\n    if (1) {\n        for (;;) {\n            if (2) {\n            }\n        }\n    }\n}\n"
    + "const struct t t[] = {{1, {2, {3, {4, {5}}}}}};\n",
}

PLANTED = [
    ("bare", "docs_headers", {"node/a/b.h": "#pragma once\nint b_bare(void);\n"}, "b.h:2: b_bare has no comment"),
    ("after_group", "docs_headers", {"node/a/b.h": "/* doc */\nint b(void);\n\nint b_late(void);\n"}, "b.h:4: b_late"),
    ("inline", "docs_headers", {"node/a/b.h": "/** Type. */\nstruct b;\n\nstatic inline int b(void)\n{\n    return 0;\n}\n"}, "b.h:4: b has no"),
    ("long", "docs_functions", {"node/a/b.c": "int b(void)\n{\n" + "    ;\n" * 59 + "}\n"}, "b has 61 lines"),
    ("nested", "docs_functions", {"tests/b.c": "int b(void)\n{\n    if (1) {{{{}}}}\n}\n"}, "b nests 4 deep"),
    ("file", "docs_files", {"node/a/b.c": ";\n" * 600}, "b.c: 600 lines"),
    ("line", "docs_files", {"node/a/b.c": "/*" + "ກ" * 97 + "*/\n"}, "b.c:1: 101 columns"),
]

if __name__ == "__main__":
    sys.exit(checks.run(CHECKS, CLEAN, PLANTED))
