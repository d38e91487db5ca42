#!/usr/bin/env python3
"""First inputs of fuzz_ledger_proof: tlog-proofs of 0, 3 and 65 hashes. Usage: seeds_ledger_proof.py DIR"""
import os
import sys

ROOT = "3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n"
NOTE = "node.example.la/ledger/1\n7\n" + ROOT + "\n\u2014 node.example.la/ledger/1 46bkDRMu8tE=\n"
HEAD = "c2sp.org/tlog-proof@v1\n"
SEEDS = [HEAD + "index 5\n" + ROOT * count + "\n" + NOTE for count in (0, 3, 65)]
SEEDS.append(HEAD + "extra AAAA\nindex 0\n\n" + NOTE)

for number, seed in enumerate(SEEDS):
    with open(os.path.join(sys.argv[1], "proof-%d" % number), "wb") as out:
        out.write(seed.encode("utf-8"))
