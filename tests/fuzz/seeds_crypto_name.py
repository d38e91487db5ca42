#!/usr/bin/env python3
"""First inputs of fuzz_crypto_name: the forms of a distinguished name. Usage: seeds_crypto_name.py DIR"""
import os
import sys

SEEDS = [
    b"CN=node 7, E=desk@example.la, OU=A\\+B + L=Vientiane, O=\"Office, #1\", C=LA",
    b"2.5.4.3=node 7;OID.1.2.840.113549.1.9.1=#160f6465736b406578616d706c652e6c61;C=LA",
    b"CN=th.ngo.example-00112233",
    b"O=Office\\2c \\e0\\ba\\a5\\#1,C=\\ LA\\ ",
    b"\x0574565CN=x",
]
for number, text in enumerate(SEEDS):
    with open(os.path.join(sys.argv[1], "seed-%d" % number), "wb") as file:
        file.write(text)
