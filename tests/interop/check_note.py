#!/usr/bin/python3
"""Second implementation of Saphan's checkpoints: recompute every signed head of a node.db from leaf octets.

Usage: check_note.py VKEY NODE_DB

Needs python3-cryptography. Reads the leaves and the checkpoints, recomputes key id, Merkle root and Ed25519
signature by the definitions of RFC 6962 and C2SP (signed-note, tlog-checkpoint), and parses each SPL1 leaf.
Shares no code with the product. Exit code 0 when all agrees.
"""
import base64
import hashlib
import sqlite3
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha256(data):
    return hashlib.sha256(data).digest()


def root_of(hashes):
    """RFC 6962 2.1, by recursion."""
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + root_of(hashes[:k]) + root_of(hashes[k:]))


def read_leaf(body):
    """Fields of an SPL1 leaf; raises ValueError unless every octet is accounted for."""
    if body[:6] != b"SPL1\x01\x00":
        raise ValueError("magic")
    event, index, ms = struct.unpack(">HQQ", body[6:24])
    at, names = 24, []
    for _ in range(4):
        (length,) = struct.unpack(">H", body[at:at + 2])
        names.append(body[at + 2:at + 2 + length].decode("ascii"))
        at += 2 + length
    at += 3 * 32 + 8 + 8 + 32
    (length,) = struct.unpack(">H", body[at:at + 2])
    if at + 2 + length != len(body):
        raise ValueError("length")
    return event, index, ms, names


def open_vkey(text):
    name, key_id, key = text.split("+", 2)
    key = base64.b64decode(key, validate=True)
    if key[0] != 1 or len(key) != 33:
        raise ValueError("key type")
    if sha256(name.encode() + b"\n" + key)[:4].hex() != key_id:
        raise ValueError("key id")
    return name, bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(key[1:])


def check_note(note, name, key_id, public):
    """Returns (size, root) of a checkpoint whose line by this key verifies."""
    text, _, lines = note.decode("utf-8").rpartition("\n\n")
    text += "\n"
    for line in lines.splitlines():
        dash, who, signature = line.split(" ")
        raw = base64.b64decode(signature, validate=True)
        if dash == "\u2014" and who == name and raw[:4] == key_id:
            public.verify(raw[4:], text.encode("utf-8"))
            origin, size, root = text.splitlines()[:3]
            if origin != name:
                raise ValueError("origin")
            return int(size), base64.b64decode(root, validate=True)
    raise ValueError("no line by this key")


def main():
    name, key_id, public = open_vkey(sys.argv[1])
    db = sqlite3.connect("file:%s?mode=ro" % sys.argv[2], uri=True)
    hashes, last_ms = [], 0
    for index, body in db.execute("SELECT idx, body FROM leaf ORDER BY idx"):
        _, own, ms, _ = read_leaf(body)
        if index != len(hashes) or own != index or ms < last_ms:
            raise ValueError("leaf %d" % index)
        hashes.append(sha256(b"\x00" + body))
        last_ms = ms
    heads = 0
    for size, root, note in db.execute("SELECT size, root, note FROM checkpoint ORDER BY size"):
        if check_note(note, name, key_id, public) != (size, root) or root_of(hashes[:size]) != root:
            raise ValueError("head %d" % size)
        heads += 1
    print("%d leaves, %d heads agree" % (len(hashes), heads))
    return 0 if heads else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ValueError, InvalidSignature) as fault:
        print("does not hold: %r" % fault)
        sys.exit(1)
