#!/usr/bin/env python3
"""A second implementation of SRX1, the sealed part of a relayed message (cryptography on python3).

Usage: relay_second.py open FOLDER SENDER RECIPIENT    reads key.pem and theirs.bin, writes opened.bin
       relay_second.py make FOLDER SENDER RECIPIENT    reads key.pem and plain.bin, writes made.bin
"""
import hashlib
import os
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SPKI = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
ENDS = sys.argv[3].encode() + b"\0" + sys.argv[4].encode()


def read(name):
    with open(os.path.join(sys.argv[2], name), "rb") as file:
        return file.read()


def write(name, octets):
    with open(os.path.join(sys.argv[2], name), "wb") as file:
        file.write(octets)


def cipher(shared, ephemeral, spki_hash):
    key = HKDF(hashes.SHA256(), 32, ephemeral + spki_hash, b"saphan/relay/v1" + ENDS).derive(shared)
    return AESGCM(key)


def open_part(key, spki_hash):
    part = read("theirs.bin")
    assert part[:4] == b"SRX1" and part[4:36] == spki_hash
    ephemeral = part[36:68]
    shared = key.exchange(x25519.X25519PublicKey.from_public_bytes(ephemeral))
    write("opened.bin", cipher(shared, ephemeral, spki_hash).decrypt(part[68:80], part[80:], ENDS))


def make_part(key, spki_hash):
    own, iv = x25519.X25519PrivateKey.generate(), os.urandom(12)
    ephemeral = own.public_key().public_bytes(*RAW)
    sealed = cipher(own.exchange(key.public_key()), ephemeral, spki_hash).encrypt(iv, read("plain.bin"), ENDS)
    write("made.bin", b"SRX1" + spki_hash + ephemeral + iv + sealed)


private = serialization.load_pem_private_key(read("key.pem"), None)
digest = hashlib.sha256(private.public_key().public_bytes(*SPKI)).digest()
{"open": open_part, "make": make_part}[sys.argv[1]](private, digest)
