#!/usr/bin/env python3
"""First inputs of fuzz_xml_dsig: documents of the right shape, signed by nobody. Usage: seeds_xml_dsig.py DIR"""
import os
import sys

DS, EXC = "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/10/xml-exc-c14n#"
XENC, XENC11 = "http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2009/xmlenc11#"
DSM, DS11 = "http://www.w3.org/2021/04/xmldsig-more#", "http://www.w3.org/2009/xmldsig11#"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
DIGEST = "<d:DigestMethod Algorithm='%ssha256'/><d:DigestValue>%s=</d:DigestValue>" % (XENC, "A" * 43)


def transform(name, inside=""):
    return "<d:Transform Algorithm='%s'>%s</d:Transform>" % (name, inside)


def reference(uri, transforms):
    return "<d:Reference URI='%s'><d:Transforms>%s</d:Transforms>%s</d:Reference>" % (uri, transforms, DIGEST)


def signature(method, references, after=""):
    return ("<r xmlns:d='%s' Id='body'>x<d:Signature><d:SignedInfo><d:CanonicalizationMethod Algorithm='%s'/>"
            "<d:SignatureMethod Algorithm='%s'/>%s</d:SignedInfo><d:SignatureValue>%s==</d:SignatureValue>"
            "<d:KeyInfo/>%s</d:Signature></r>" % (DS, EXC, method, "".join(references), "A" * 86, after))


PREFIXES = "<e:InclusiveNamespaces xmlns:e='%s' PrefixList='d #default'/>" % EXC
ED25519 = DSM + "eddsa-ed25519"
ENCRYPTED = ("<x:EncryptedKey xmlns:x='%s' xmlns:d='%s'><x:EncryptionMethod Algorithm='%s'>%%s</x:EncryptionMethod>"
             "<d:KeyInfo>%%s</d:KeyInfo><x:CipherData><x:CipherValue>%s</x:CipherValue></x:CipherData>"
             "<x:ReferenceList><x:DataReference URI='#a'/></x:ReferenceList></x:EncryptedKey>")
TOKEN = "<w:SecurityTokenReference xmlns:w='%s'/>" % WSSE
AGREEMENT = ("<x:AgreementMethod Algorithm='%sx25519'><k:KeyDerivationMethod xmlns:k='%s' Algorithm='%shkdf'>"
             "<m:HKDFParams xmlns:m='%s'><m:PRF Algorithm='http://www.w3.org/2001/04/xmldsig-more#hmac-sha256'/>"
             "<m:Salt>AAAA</m:Salt><m:KeyLength>16"
             "</m:KeyLength></m:HKDFParams></k:KeyDerivationMethod><x:OriginatorKeyInfo><o:DEREncodedKeyValue "
             "xmlns:o='%s'>MCowBQYDK2VuAyEA%s=</o:DEREncodedKeyValue></x:OriginatorKeyInfo><x:RecipientKeyInfo>%s"
             "</x:RecipientKeyInfo></x:AgreementMethod>" % (DSM, XENC11, DSM, DSM, DS11, "A" * 43, TOKEN))
SEEDS = [
    signature(ED25519, [reference("", transform(DS + "enveloped-signature") + transform(EXC))]),
    signature(ED25519, [reference("#body", transform(EXC, PREFIXES))], "<d:Object/>"),
    signature(DSM.replace("2021", "2001") + "rsa-sha256", [reference("cid:a", transform(
        "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform"))]),
    ENCRYPTED % (XENC, DS, XENC + "kw-aes128", "A" * 32) % ("", AGREEMENT),
    ENCRYPTED % (XENC, DS, XENC11 + "rsa-oaep", "A" * 512) % (
        "<d:DigestMethod Algorithm='%ssha256'/><k:MGF xmlns:k='%s' Algorithm='%smgf1sha256'/>"
        % (XENC, XENC11, XENC11), TOKEN),
]
for number, text in enumerate(SEEDS):
    for tail in ("", " "):
        with open(os.path.join(sys.argv[1], "seed-%d%d" % (number, len(tail))), "wb") as file:
            file.write((text + tail).encode())
