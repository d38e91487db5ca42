#!/usr/bin/env python3
"""First inputs of fuzz_ledger_note: a note, checkpoints, a vkey. Usage: seeds_ledger_note.py DIR"""
import os
import sys

LINE = ("\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6R"
        "yyBwJnAM=\n")
ROOT = "3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n"
SEEDS = [
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" + LINE,
    "node.example.la/ledger/1\n7\n" + ROOT + "\n" + LINE,
    "node.example.la/ledger/1\n007\n" + ROOT + "\n" + LINE * 3,
    "node.example.la/ledger/1\n7\n" + ROOT + "extension\n\n" + LINE,
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    LINE,
]

for number, seed in enumerate(SEEDS):
    with open(os.path.join(sys.argv[1], "note-%d" % number), "wb") as out:
        out.write(seed.encode("utf-8"))
