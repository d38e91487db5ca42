#!/usr/bin/env python3
"""First inputs of fuzz_ledger_leaf: SPL1 leaves written from the table of the format. Usage: seeds_ledger_leaf.py DIR"""
import hashlib
import os
import struct
import sys


def v16(data):
    return struct.pack(">H", len(data)) + data


def leaf(event, ext, peer=b"th.ngo.example", message=b"m-0001@node.example.la"):
    empty = hashlib.sha256(b"").digest()
    return (b"SPL1\x01\x00" + struct.pack(">HQQ", event, 3, 1790000000000) + v16(b"la.mps.atd") + v16(peer) +
            v16(message) + v16(b"c-0001") + bytes(96) + struct.pack(">QQ", 2, 0) + empty + v16(ext))


def tlv(tag, value):
    return struct.pack(">HH", tag, len(value)) + value


SEEDS = [
    leaf(0x0101, b""),
    leaf(0x0401, b"", b"", b""),
    leaf(0x0106, tlv(1, bytes(16)) + tlv(2, b"\x00\x07")),
    leaf(0x0301, tlv(5, bytes(32)) + tlv(6, b"name+00000000+AA==") + tlv(7, bytes(70))),
    leaf(0x7fff, tlv(0x7000, b"unknown")),
]

for number, seed in enumerate(SEEDS):
    with open(os.path.join(sys.argv[1], "leaf-%d" % number), "wb") as out:
        out.write(seed)
