"""What the checks of this folder share: reading C without a compiler, reporting, and self-tests.

A check is a function that takes the root of a tree and yields findings (strings "path:line: text").
Its result is one line on stdout, "ok NAME" or "not ok NAME: N findings", findings below as "#   …".
`run` gives every script the same command line: a root (default: this repository) and --self-test,
which plants each violation in a temporary tree and demands that the check sees it there and sees
nothing in the clean tree.
"""
import argparse
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MOST_SHOWN = 40

TOKEN = re.compile(
    r"//(?:\\\n|[^\n])*"  # line comment
    r"|/\*.*?(?:\*/|\Z)"  # block comment
    r'|"(?:\\.|[^"\\\n])*"'  # string
    r"|'(?:\\.|[^'\\\n])*'",  # character
    re.S,
)


def split_comments(text):
    """(code, comments): both as long as `text` with the same newlines; string bodies are blanked."""
    code, comments, at = [], [], 0
    for match in TOKEN.finditer(text):
        before, token = text[at : match.start()], match.group()
        code.append(before)
        comments.append(blanked(before))
        if token[0] == "/":
            code.append(blanked(token))
            comments.append(token)
        else:
            code.append(token[0] + blanked(token[1:-1]) + token[-1])
            comments.append(blanked(token))
        at = match.end()
    code.append(text[at:])
    comments.append(blanked(text[at:]))
    return "".join(code), "".join(comments)


def blanked(text):
    return re.sub(r"[^\n]", " ", text)


def without_preprocessor(code):
    """Blank the directives, continued lines included, and every #else branch, so that braces balance."""
    out, dead, continued = [], [], False
    for line in code.split("\n"):
        directive = continued or line.lstrip().startswith("#")
        if directive and not continued:
            word = re.match(r"\s*#\s*(\w*)", line).group(1)
            if word in ("if", "ifdef", "ifndef"):
                dead.append(False)
            elif word in ("else", "elif") and dead:
                dead[-1] = True
            elif word == "endif" and dead:
                dead.pop()
        continued = directive and line.rstrip().endswith("\\")
        out.append("" if directive or any(dead) else line)
    return "\n".join(out)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


class File:
    """One source file, read once."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as handle:
            self.text = handle.read()
        self.lines = self.text.split("\n")
        if self.lines[-1] == "":
            self.lines.pop()
        self.code, self.comments = split_comments(self.text)

    def at(self, line, text):
        return "%s:%d: %s" % (self.path, line, text)

    def includes(self):
        """(line, kind, name) of each #include; kind is '"' or '<'."""
        for number, line in enumerate(self.lines, 1):
            match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if match:
                yield number, match.group(1), match.group(2)


def c_files(root, *folders, suffixes=(".c", ".h")):
    """Every C file below the folders, sorted by path."""
    found = []
    for folder in folders:
        for where, inside, names in os.walk(os.path.join(root, folder)):
            inside.sort()
            for name in names:
                if name.endswith(suffixes):
                    found.append(os.path.relpath(os.path.join(where, name), root))
    return [File(root, path) for path in sorted(found)]


def report(name, findings):
    """Print the result of one check; True when nothing was found."""
    findings = list(findings)
    if not findings:
        print("ok " + name)
        return True
    print("not ok %s: %d findings" % (name, len(findings)))
    for finding in findings[:MOST_SHOWN]:
        print("#   " + finding)
    if len(findings) > MOST_SHOWN:
        print("#   … and %d more" % (len(findings) - MOST_SHOWN))
    return False


def write_tree(root, files):
    """Lay {path: text or bytes} below root; None removes the file."""
    for path, content in files.items():
        full = os.path.join(root, path)
        if content is None:
            os.remove(full)
            continue
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as handle:
            handle.write(content if isinstance(content, bytes) else content.encode())


def self_test(checks, clean, planted):
    """Hold each check against the clean tree and against each planted violation.

    planted: (case, check's name, {path: content} laid over the clean tree, a piece of the finding).
    """
    good = True
    with tempfile.TemporaryDirectory() as root:
        write_tree(root, clean)
        for name, check in checks:
            good &= report("selftest_%s_clean" % name, check(root))
    tried = {name for _, name, _, _ in planted}
    for name, _ in checks:
        if name not in tried:
            good &= report("selftest_%s" % name, ["no violation is planted for this check"])
    for case, name, files, piece in planted:
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, clean)
            write_tree(root, files)
            findings = list(dict(checks)[name](root))
        missed = [] if any(piece in one for one in findings) else ["'%s' not seen, got %s" % (piece, findings)]
        good &= report("selftest_%s_%s" % (name, case), missed)
    return good


def run(checks, clean, planted):
    """The command line of a check script."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__.split("\n")[0])
    parser.add_argument("root", nargs="?", default=ROOT)
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return 0 if self_test(checks, clean, planted) else 1
    results = [report(name, check(options.root)) for name, check in checks]
    return 0 if all(results) else 1
