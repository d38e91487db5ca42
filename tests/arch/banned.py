#!/usr/bin/env python3
"""Calls and words that the code does without. Usage: banned.py [ROOT] [--self-test]

Raw memory and string calls live in node/base alone (and in node/tools, which runs on the build
machine only); everybody else has base/bytes.h. Some calls have no place anywhere.
"""
import re
import sys

import checks

RAW = """malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf memcpy mempcpy memmove
    strcpy strncpy stpcpy strcat strncat sprintf vsprintf snprintf vsnprintf strlen atoi atol atoll strtok
    strtok_r gets system popen""".split()
NEVER = "gets system popen strcat strtok alloca tmpnam tempnam mktemp longjmp setjmp rand srand random".split()
WORDS = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
RAW_HOMES = ("node/base/", "node/tools/")


def calls(file, names):
    """(line, name) of each call; members such as alloc->free(…) are not calls of the C library."""
    pattern = r"(?<![\w.])(?<!->)(%s)\s*\(" % "|".join(names)
    for match in re.finditer(pattern, file.code):
        yield checks.line_of(file.code, match.start()), match.group(1)


def check_raw(root):
    """No raw memory or string call outside node/base."""
    for file in checks.c_files(root, "node"):
        if not file.path.startswith(RAW_HOMES):
            for line, name in calls(file, RAW):
                yield file.at(line, "%s() belongs to node/base; use base/bytes.h" % name)


def check_never(root):
    """Calls that are used nowhere, not even in node/base."""
    for file in checks.c_files(root, "node"):
        for line, name in calls(file, NEVER):
            yield file.at(line, "%s() is not used in this code" % name)


def check_goto(root):
    """No goto: cleanup is by scope."""
    for file in checks.c_files(root, "node", "tests"):
        for match in re.finditer(r"\bgoto\b", file.code):
            yield file.at(checks.line_of(file.code, match.start()), "goto; let SPH_AUTO clean up")


def check_words(root):
    """No mark of unfinished work: what is not built is absent."""
    for file in checks.c_files(root, "node", "tests"):
        for number, line in enumerate(file.comments.split("\n"), 1):
            match = WORDS.search(line)
            if match:
                yield file.at(number, "comment says %s" % match.group())


CHECKS = [
    ("banned_raw_calls", check_raw),
    ("banned_calls", check_never),
    ("banned_goto", check_goto),
    ("banned_words", check_words),
]

CLEAN = {
    "node/base/mem.c": "void *f(size_t n) { return malloc(n); }\n",
    "node/xml/a.c": '/* memcpy(a) in a comment */\nconst char *t = "strlen(x)";\n'
    "void g(struct a *x) { x->free(x); y.free(y); xmlFree(x); sph_system(1); }\n",
}

PLANTED = [
    (name, "banned_raw_calls", {"node/xml/b.c": "int f(void) { return %s (1); }\n" % name}, name + "() belongs")
    for name in RAW
] + [
    (name, "banned_calls", {"node/base/b.c": "int f(void) { return %s(1); }\n" % name}, name + "() is not used")
    for name in NEVER
] + [
    ("in_node", "banned_goto", {"node/base/b.c": "void f(void) { goto out; out: ; }\n"}, "b.c:1: goto"),
    ("in_tests", "banned_goto", {"tests/unit/base/t.c": "void f(void) {\n goto out; out: ; }\n"}, "t.c:2: goto"),
    ("todo", "banned_words", {"node/base/b.c": "\n/* %s: later */\n" % ("TO" + "DO")}, "b.c:2: comment"),
    ("fixme", "banned_words", {"tests/b.h": "// %s\n" % ("FIX" + "ME")}, "b.h:1: comment"),
]

if __name__ == "__main__":
    sys.exit(checks.run(CHECKS, CLEAN, PLANTED))
