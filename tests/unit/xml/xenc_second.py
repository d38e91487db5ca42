#!/usr/bin/env python3
"""A second implementation of the two EncryptedKey forms (cryptography on python3).

Usage: xenc_second.py open FOLDER    reads key.pem and theirs.xml, writes the content key to opened.bin
       xenc_second.py make FOLDER    reads key.pem, writes made.xml and its content key to made.bin
The form follows from the kind of the key: RSA is eDelivery 1.15, X25519 is 2.0.
"""
import base64
import os
import sys
import xml.etree.ElementTree as tree

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa, x25519
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

XENC, XENC11 = "http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2009/xmlenc11#"
DS, DS11 = "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2009/xmldsig11#"
DSM = "http://www.w3.org/2021/04/xmldsig-more#"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
SPKI = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def path(name):
    return os.path.join(sys.argv[2], name)


def load_key():
    with open(path("key.pem"), "rb") as file:
        return serialization.load_pem_private_key(file.read(), None)


def write(name, octets):
    with open(path(name), "wb") as file:
        file.write(octets)


def derive(shared, salt, info=b""):
    return HKDF(hashes.SHA256(), 16, salt, info).derive(shared)


def value(root, ns, name):
    return base64.b64decode("".join(root.find(".//{%s}%s" % (ns, name)).itertext()))


def open_key():
    key, root = load_key(), tree.parse(path("theirs.xml")).getroot()
    sealed = value(root, XENC, "CipherValue")
    if isinstance(key, rsa.RSAPrivateKey):
        write("opened.bin", key.decrypt(sealed, OAEP))
        return
    originator = serialization.load_der_public_key(value(root, DS11, "DEREncodedKeyValue"))
    wrapping = derive(key.exchange(originator), value(root, DSM, "Salt"))
    write("opened.bin", keywrap.aes_key_unwrap(wrapping, sealed))


def transport(key, content):
    return ("<x:EncryptionMethod Algorithm='%srsa-oaep'>\n <e:MGF xmlns:e='%s' Algorithm='%smgf1sha256'/>\n"
            " <d:DigestMethod Algorithm='%ssha256'/></x:EncryptionMethod>\n<d:KeyInfo><w:SecurityTokenReference/>"
            "</d:KeyInfo>\n" % (XENC11, XENC11, XENC11, XENC),
            key.public_key().encrypt(content, OAEP))


def agreement(key, content):
    ephemeral, salt, info = x25519.X25519PrivateKey.generate(), os.urandom(20), b"context"
    wrapping = derive(ephemeral.exchange(key.public_key()), salt, info)
    encode = lambda octets: base64.encodebytes(octets).decode()
    return ("<x:EncryptionMethod Algorithm='%skw-aes128'/>\n<d:KeyInfo>\n<x:AgreementMethod Algorithm='%sx25519'>\n"
            "<k:KeyDerivationMethod xmlns:k='%s' Algorithm='%shkdf'><m:HKDFParams xmlns:m='%s'>"
            "<m:PRF Algorithm='http://www.w3.org/2001/04/xmldsig-more#hmac-sha256'/>"
            "<m:Salt>%s</m:Salt><m:Info>%s</m:Info><m:KeyLength> 16 </m:KeyLength>"
            "</m:HKDFParams></k:KeyDerivationMethod>\n<x:OriginatorKeyInfo>"
            "<o:DEREncodedKeyValue xmlns:o='%s'>%s</o:DEREncodedKeyValue></x:OriginatorKeyInfo>"
            "<x:RecipientKeyInfo><w:SecurityTokenReference/></x:RecipientKeyInfo></x:AgreementMethod></d:KeyInfo>\n"
            % (XENC, DSM, XENC11, DSM, DSM, encode(salt), encode(info), DS11,
               encode(ephemeral.public_key().public_bytes(*SPKI))),
            keywrap.aes_key_wrap(wrapping, content))


def make_key():
    key, content = load_key(), os.urandom(16)
    inside, sealed = (transport if isinstance(key, rsa.RSAPrivateKey) else agreement)(key, content)
    text = ("<x:EncryptedKey xmlns:x='%s' xmlns:d='%s' xmlns:w='%s' Id='EK'>\n%s<x:CipherData><x:CipherValue>%s"
            "</x:CipherValue></x:CipherData></x:EncryptedKey>"
            % (XENC, DS, WSSE, inside, base64.encodebytes(sealed).decode()))
    write("made.xml", text.encode())
    write("made.bin", content)


{"open": open_key, "make": make_key}[sys.argv[1]]()
