#!/usr/bin/env python3
"""A second implementation's verdict on canonical forms. Usage: c14n_second.py FOLDER

For each N.xml in FOLDER, N.c14n is what we made of it. Python's own xml.etree (on expat, no libxml2 behind it)
writes C14N 2.0 without prefix rewriting, which for these documents is the same form as exclusive C14N 1.0: a
declaration stands where its prefix is first visibly used. (It takes an unqualified attribute for a use of the
default namespace, so no document has both.) Prints one line, exits 1 on a difference.
"""
import glob
import os
import sys
import xml.etree.ElementTree as tree

count, wrong = 0, []
for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.xml"))):
    with open(path, encoding="utf-8", newline="") as file:
        want = tree.canonicalize(file.read()).encode()
    with open(path[:-4] + ".c14n", "rb") as file:
        got = file.read()
    count += 1
    if got != want:
        wrong.append(os.path.basename(path))
print("%d documents, %d differ %s" % (count, len(wrong), " ".join(wrong[:5])))
sys.exit(1 if wrong or count == 0 else 0)
