#!/usr/bin/env python3
"""Run clang-tidy-14 over node/, two files at a time. Usage: tidy.py [SECONDS] [PATH…]

Reads build/dev/compile_commands.json. A file that passed is not read again while it, every header and
.clang-tidy stay as they are (build/tidy). Files changed in the work tree come first; what is not reached
within SECONDS (default 600) is reported as skipped. One line a file.
"""
import concurrent.futures
import hashlib
import os
import re
import subprocess
import sys
import time

import checks

BUILD = "build/dev"
CACHE = "build/tidy"
# Unknown to clang: gcc's warnings. Deeper inlining than 5 calls: else "a refusal is never OK" is lost on the way.
EXTRA = ["-Wno-unknown-warning-option", "-Xclang", "-analyzer-inline-max-stack-depth", "-Xclang", "10"]
NOISE = re.compile(r"^\d+ (warnings?|errors?)\b|^Suppressed |^Use -header-filter|treated as error")


def changed_files():
    done = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=False)
    return {line[3:] for line in done.stdout.split("\n")}


def digest_of(paths):
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as handle:
            digest.update(handle.read())
    return digest


def tidy(path, passed, deadline):
    """(path, result line, details) of one file; `passed` marks a file that needs no second look."""
    name = "tidy/" + path
    if os.path.exists(passed):
        return "ok " + name, ""
    if time.monotonic() > deadline:
        return "skip %s: not reached within the time limit" % name, ""
    command = ["clang-tidy-14", "--quiet", "-p", BUILD, *("--extra-arg=" + word for word in EXTRA), path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in (done.stdout + done.stderr).split("\n") if line and not NOISE.match(line)]
    if done.returncode == 0 and not lines:
        with open(passed, "w", encoding="utf-8"):
            return "ok " + name, ""
    first = next((line for line in lines if ": error:" in line or ": warning:" in line), "it says more below")
    return "not ok %s: %s" % (name, first), "\n".join("# " + line for line in lines[:25])


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    wanted = sys.argv[2:]
    os.chdir(checks.ROOT)
    os.makedirs(CACHE, exist_ok=True)
    files = checks.c_files(".", "node")
    shared = digest_of([".clang-tidy"] + [file.path for file in files if file.path.endswith(".h")])
    sources = [file.path for file in files if file.path.endswith(".c")]
    if wanted:
        sources = [path for path in sources if path in wanted]
    changed = changed_files()
    sources.sort(key=lambda path: (path not in changed, path))
    deadline = time.monotonic() + seconds

    def one(path):
        with open(path, "rb") as handle:
            key = hashlib.sha256(shared.digest() + path.encode() + handle.read()).hexdigest()
        return tidy(path, os.path.join(CACHE, key), deadline)

    good = True
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for line, details in pool.map(one, sources):
            good &= not line.startswith("not ok")
            print(line + ("\n" + details if details else ""), flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
