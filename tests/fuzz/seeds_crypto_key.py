#!/usr/bin/env python3
"""First inputs of fuzz_crypto_key: public keys of published vectors, signatures. Usage: seeds_crypto_key.py DIR"""
import os
import sys

# RFC 8032 7.1 TEST 1, RFC 7748 6.1, the generator of P-256 (SP 800-186), r = s = 1.
SEEDS = [
    "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "302a300506032b656e0321008520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    "3006020101020101",
    "00" * 31 + "01" + "00" * 31 + "01",
]
for number, text in enumerate(SEEDS):
    with open(os.path.join(sys.argv[1], "seed-%d" % number), "wb") as file:
        file.write(bytes.fromhex(text))
