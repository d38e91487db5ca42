#!/usr/bin/python3
"""An AS4 endpoint of its own, written from the wire contract with python3-cryptography and python3-lxml only.

It shares no line with the node: other XML tools, other C14N caller, other crypto binding, other MIME code. It writes
messages in forms the node accepts but never writes itself (other prefixes, PrefixList, base64 parts, %40 in cids), and
reads what the node writes. All parties are invented.

    oracle.py keys SUITE DIR             root, signing and encryption keys of here.example and there.example
    oracle.py build SUITE DIR OUT STYLE  OUT.mime and OUT.type; STYLE: plain, wss4j, base64, quoted, 8bit, lf, bad-digest, bad-tag
    oracle.py open SUITE DIR IN          verify and decrypt the node's message; the plain parts as SHA-256
    oracle.py receipt SUITE DIR RECEIPT REFS   verify the node's receipt against the sent set
    oracle.py make-receipt SUITE DIR IN OUT    a receipt of its own for the node's message
"""
import base64
import binascii
import datetime
import email.parser
import email.policy
import gzip
import hashlib
import json
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import NameOID
from lxml import etree

EB = "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/"
WSS = "http://docs.oasis-open.org/wss/"
NS = {
    "env": "http://www.w3.org/2003/05/soap-envelope",
    "eb": EB,
    "ebbp": "http://docs.oasis-open.org/ebxml-bp/ebbp-signals-2.0",
    "wsse": WSS + "2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "wsu": WSS + "2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "ds11": "http://www.w3.org/2009/xmldsig11#",
    "dsm": "http://www.w3.org/2021/04/xmldsig-more#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
    "xenc11": "http://www.w3.org/2009/xmlenc11#",
    "ec": "http://www.w3.org/2001/10/xml-exc-c14n#",
}
EXC = NS["ec"]
SWA = WSS + "oasis-wss-SwAProfile-1.1#"
X509V3 = WSS + "2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
SIGNATURE = {
    "edelivery-1.15": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "edelivery-2.0-ed25519": "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
    "edelivery-2.0-p256": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
}
AGREEMENT = {
    "edelivery-2.0-ed25519": "http://www.w3.org/2021/04/xmldsig-more#x25519",
    "edelivery-2.0-p256": "http://www.w3.org/2009/xmlenc11#ECDH-ES",
}
P256 = "urn:oid:1.2.840.10045.3.1.7"
HMAC_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"  # RFC 6931: 2001, unlike hkdf itself
NOW = datetime.datetime.utcnow()


def b64(octets):
    return base64.b64encode(octets).decode()


def unb64(text):
    return base64.b64decode("".join(text.split()), validate=True)


def sha256(octets):
    return hashlib.sha256(octets).digest()


# ---------------------------------------------------------------- keys and certificates


def pem_key(path, key):
    with open(path, "wb") as f:
        f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


def pem_cert(path, cert):
    with open(path, "wb") as f:
        f.write(cert.public_bytes(serialization.Encoding.PEM))


def usage(**true):
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{n: bool(true.get(n)) for n in names})


def make_root(party):
    key = ec.generate_private_key(ec.SECP256R1())
    spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, party + "-" + sha256(spki).hex()[:8])])
    ski = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(NOW - datetime.timedelta(hours=1))
            .not_valid_after(NOW + datetime.timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
            .add_extension(ski, critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ski), critical=False)
            .sign(key, hashes.SHA256()))
    return key, cert


def make_leaf(party, root_key, root, public, key_usage):
    ski = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, party)]))
            .issuer_name(root.subject).public_key(public).serial_number(x509.random_serial_number())
            .not_valid_before(NOW - datetime.timedelta(minutes=5)).not_valid_after(NOW + datetime.timedelta(days=300))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage, critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier("urn:saphan:party:" + party)]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ski), critical=False)
            .sign(root_key, hashes.SHA256()))


def keys(suite, folder):
    os.makedirs(folder, exist_ok=True)
    for name in ("here", "there"):
        party = name + ".example"
        root_key, root = make_root(party)
        if suite == "edelivery-1.15":
            sign, encrypt = (rsa.generate_private_key(65537, 3072) for _ in range(2))
            encrypt_usage = usage(key_encipherment=True)
        elif suite == "edelivery-2.0-p256":
            sign, encrypt = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
            encrypt_usage = usage(key_agreement=True)
        else:
            sign, encrypt = ed25519.Ed25519PrivateKey.generate(), x25519.X25519PrivateKey.generate()
            encrypt_usage = usage(key_agreement=True)
        at = os.path.join(folder, name + ".")
        pem_cert(at + "root.pem", root)
        pem_key(at + "sign.key", sign)
        pem_key(at + "encrypt.key", encrypt)
        pem_cert(at + "sign.pem", make_leaf(party, root_key, root, sign.public_key(), usage(digital_signature=True)))
        pem_cert(at + "encrypt.pem", make_leaf(party, root_key, root, encrypt.public_key(), encrypt_usage))


def load_key(folder, name):
    with open(os.path.join(folder, name + ".key"), "rb") as f:
        return serialization.load_pem_private_key(f.read(), None)


def load_cert(folder, name):
    with open(os.path.join(folder, name + ".pem"), "rb") as f:
        return x509.load_pem_x509_certificate(f.read())


def der(cert):
    return cert.public_bytes(serialization.Encoding.DER)


# ---------------------------------------------------------------- XML


def c14n(node, prefixes=None):
    return etree.tostring(node, method="c14n", exclusive=True, with_comments=False,
                          inclusive_ns_prefixes=prefixes or None)


def one(node, path):
    found = node.xpath(path, namespaces=NS)
    if len(found) != 1:
        raise ValueError("%d of %s" % (len(found), path))
    return found[0]


def sign_octets(key, octets):
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(octets, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):  # XMLDSig: r and s of 32 octets each, not DER
        r, s = utils.decode_dss_signature(key.sign(octets, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return key.sign(octets)


def verify_octets(cert, octets, value):
    public = cert.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(value, octets, padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(public, ec.EllipticCurvePublicKey):
        if len(value) != 64:
            raise ValueError("SignatureValue of %d octets" % len(value))
        pair = utils.encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))
        public.verify(pair, octets, ec.ECDSA(hashes.SHA256()))
    else:
        public.verify(value, octets)


# ---------------------------------------------------------------- writing


def reference(uri, digest, prefix_list):
    if uri.startswith("cid:"):
        inner = '<ds:Transform Algorithm="%sAttachment-Content-Signature-Transform"/>' % SWA
    elif prefix_list is None:
        inner = '<ds:Transform Algorithm="%s"/>' % EXC
    else:
        inner = ('<ds:Transform Algorithm="%s"><n:InclusiveNamespaces xmlns:n="%s" PrefixList="%s"/></ds:Transform>'
                 % (EXC, EXC, prefix_list))
    return ('\n<ds:Reference URI="%s"><ds:Transforms>%s</ds:Transforms><ds:DigestMethod Algorithm="%ssha256"/>'
            '<ds:DigestValue>%s</ds:DigestValue></ds:Reference>' % (uri, inner, NS["xenc"], b64(digest)))


def ephemeral_for(suite, public):
    """The shared secret with a fresh key, and that key as the content of xenc:OriginatorKeyInfo."""
    if suite == "edelivery-2.0-p256":
        own = ec.generate_private_key(ec.SECP256R1())
        point = own.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return own.exchange(ec.ECDH(), public), (
            '<ds:KeyValue><e:ECKeyValue xmlns:e="%s"><e:NamedCurve URI="%s"/><e:PublicKey>%s</e:PublicKey></e:ECKeyValue></ds:KeyValue>'
            % (NS["ds11"], P256, b64(point)))
    own = x25519.X25519PrivateKey.generate()
    spki = own.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return own.exchange(public), '<e:DEREncodedKeyValue xmlns:e="%s">%s</e:DEREncodedKeyValue>' % (NS["ds11"], b64(spki))


def seal_key(suite, cert, content_key):
    """The EncryptionMethod, KeyInfo and CipherData of xenc:EncryptedKey."""
    token = '<wsse:SecurityTokenReference><wsse:Reference URI="#R1" ValueType="%s"/></wsse:SecurityTokenReference>' % X509V3
    value = '<xenc:CipherData><xenc:CipherValue>%s</xenc:CipherValue></xenc:CipherData>'
    if suite == "edelivery-1.15":
        sealed = cert.public_key().encrypt(content_key, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
        return ('<xenc:EncryptionMethod Algorithm="%srsa-oaep"><m:MGF xmlns:m="%s" Algorithm="%smgf1sha256"/>'
                '<ds:DigestMethod Algorithm="%ssha256"/></xenc:EncryptionMethod><ds:KeyInfo>%s</ds:KeyInfo>'
                % (NS["xenc11"], NS["xenc11"], NS["xenc11"], NS["xenc"], token)) + value % b64(sealed)
    salt = os.urandom(16)
    shared, originator = ephemeral_for(suite, cert.public_key())
    kek = HKDF(hashes.SHA256(), 16, salt, b"").derive(shared)
    return ('<xenc:EncryptionMethod Algorithm="%skw-aes128"/><ds:KeyInfo><xenc:AgreementMethod Algorithm="%s">'
            '<k:KeyDerivationMethod xmlns:k="%s" Algorithm="%shkdf"><d:HKDFParams xmlns:d="%s">'
            '<d:PRF Algorithm="%s"/><d:Salt>%s</d:Salt>'
            '<d:KeyLength>16</d:KeyLength></d:HKDFParams></k:KeyDerivationMethod><xenc:OriginatorKeyInfo>'
            '%s</xenc:OriginatorKeyInfo>'
            '<xenc:RecipientKeyInfo>%s</xenc:RecipientKeyInfo></xenc:AgreementMethod></ds:KeyInfo>'
            % (NS["xenc"], AGREEMENT[suite], NS["xenc11"], NS["dsm"], NS["dsm"], HMAC_SHA256, b64(salt), originator, token)
            ) + value % b64(keywrap.aes_key_wrap(kek, content_key))


def token(ident, cert):
    return ('<wsse:BinarySecurityToken EncodingType="%s2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary" '
            'ValueType="%s" wsu:Id="%s">%s</wsse:BinarySecurityToken>' % (WSS, X509V3, ident, b64(der(cert))))


def envelope(messaging, encryption, suite, key, cert, digests, prefix_list):
    """The whole SOAP document, signed. digests: of the payload parts by cid URI."""
    text = ('<?xml version="1.0" encoding="UTF-8"?>\n<S12:Envelope xmlns:S12="%s" xmlns:e3="%s" xmlns:wsse="%s" '
            'xmlns:wsu="%s" xmlns:ds="%s" xmlns:xenc="%s">\n<S12:Header>%s<wsse:Security S12:mustUnderstand="1">%s%s'
            '@SIGNATURE@</wsse:Security>\n</S12:Header><S12:Body wsu:Id="body-1"/></S12:Envelope>'
            % (NS["env"], EB, NS["wsse"], NS["wsu"], NS["ds"], NS["xenc"], messaging, encryption, token("X1", cert)))
    doc = etree.fromstring(text.replace("@SIGNATURE@", "").encode())
    prefixes = prefix_list.split() if prefix_list else None
    head = c14n(one(doc, "env:Header/eb:Messaging"), prefixes)
    body = c14n(one(doc, "env:Body"), prefixes)
    refs = reference("#body-1", sha256(body), prefix_list) + reference("#msg-1", sha256(head), prefix_list)
    refs += "".join(reference(uri, digest, None) for uri, digest in digests)
    info = ('<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="%s"/><ds:SignatureMethod Algorithm="%s"/>%s\n</ds:SignedInfo>'
            % (EXC, SIGNATURE[suite], refs))
    signature = ('<ds:Signature Id="S1">%s<ds:SignatureValue>@VALUE@</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference>'
                 '<wsse:Reference URI="#X1" ValueType="%s"/></wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature>' % (info, X509V3))
    text = text.replace("@SIGNATURE@", signature)
    doc = etree.fromstring(text.encode())
    value = sign_octets(key, c14n(one(doc, "//ds:SignedInfo")))
    lines = "\n".join(b64(value)[i:i + 76] for i in range(0, len(b64(value)), 76))
    return text.replace("@VALUE@", lines).encode()


def stamp():
    return datetime.datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%S.") + "250Z"


def part_info(cid):
    return ('<e3:PartInfo href="cid:%s"><e3:PartProperties><e3:Property name="MimeType">application/xml</e3:Property>'
            '<e3:Property name="CompressionType">application/gzip</e3:Property></e3:PartProperties></e3:PartInfo>' % cid)


def user_messaging(cids, message_id="4f3b1e9a-oracle@there.example", mpc=None):
    return ('<e3:Messaging S12:mustUnderstand="true" wsu:Id="msg-1">\n <e3:UserMessage%s><e3:MessageInfo><e3:Timestamp>%s</e3:Timestamp>'
            '<e3:MessageId>%s</e3:MessageId></e3:MessageInfo><e3:PartyInfo><e3:From>'
            '<e3:PartyId type="urn:oasis:names:tc:ebcore:partyid-type:unregistered">there.example</e3:PartyId>'
            '<e3:Role>%sinitiator</e3:Role></e3:From><e3:To>'
            '<e3:PartyId type="urn:oasis:names:tc:ebcore:partyid-type:unregistered">here.example</e3:PartyId>'
            '<e3:Role>%sresponder</e3:Role></e3:To></e3:PartyInfo><e3:CollaborationInfo><e3:Service>urn:saphan:service:1</e3:Service>'
            '<e3:Action>a1</e3:Action><e3:ConversationId>c &amp; d</e3:ConversationId></e3:CollaborationInfo><e3:PayloadInfo>%s'
            '</e3:PayloadInfo></e3:UserMessage>\n</e3:Messaging>' % (' mpc="%s"' % mpc if mpc else "", stamp(), message_id, EB, EB,
                                                   "".join(part_info(c) for c in cids)))


def encrypted_data(number, cid):
    return ('<xenc:EncryptedData Id="D%d" MimeType="application/gzip" Type="%sAttachment-Content-Only">'
            '<xenc:EncryptionMethod Algorithm="%saes128-gcm"/><ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference URI="#K1"/>'
            '</wsse:SecurityTokenReference></ds:KeyInfo><xenc:CipherData><xenc:CipherReference URI="cid:%s"><xenc:Transforms>'
            '<ds:Transform Algorithm="%sAttachment-Ciphertext-Transform"/></xenc:Transforms></xenc:CipherReference></xenc:CipherData>'
            '</xenc:EncryptedData>' % (number, SWA, NS["xenc11"], cid, SWA))


def build(suite, folder, out, style, **header):
    parts = [b"<Packet>invented</Packet>" * 40, os.urandom(70000), b""]
    packed = [gzip.compress(p) for p in parts]
    cids = ["part-%d.oracle@there.example" % i for i in range(len(parts))]
    written = [c.replace("@", "%40") if style == "wss4j" else c for c in cids]
    content_key = os.urandom(16)
    digests = [("cid:" + w, sha256(p)) for w, p in zip(written, packed)]
    if style == "bad-digest":
        digests[1] = (digests[1][0], sha256(b"other octets"))
    recipient = load_cert(folder, "here.encrypt")
    refs = "".join('<xenc:DataReference URI="#D%d"/>' % i for i in range(len(parts)))
    encryption = (token("R1", recipient) + '<xenc:EncryptedKey Id="K1">' + seal_key(suite, recipient, content_key)
                  + '<xenc:ReferenceList>%s</xenc:ReferenceList></xenc:EncryptedKey>' % refs
                  + "".join(encrypted_data(i, w) for i, w in enumerate(written)))
    soap = envelope(user_messaging(written, **header), encryption, suite, load_key(folder, "there.sign"), load_cert(folder, "there.sign"),
                    digests, "S12 wsse" if style == "wss4j" else None)
    boundary = "----=_Part_1_oracle"
    lines = [b"preamble\r\n--" + boundary.encode(), b"Content-Type: application/soap+xml; charset=UTF-8",
             b"Content-Transfer-Encoding: binary", b"", soap]
    for cid, octets in zip(cids, packed):
        iv = os.urandom(12)
        sealed = iv + AESGCM(content_key).encrypt(iv, octets, None)
        if style == "bad-tag":
            sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        coding = {"base64": b"BASE64", "quoted": b"Quoted-Printable", "8bit": b"8bit"}.get(style, b"binary")
        body = sealed
        if style == "base64":
            body = base64.encodebytes(sealed).replace(b"\n", b"\r\n")
        if style == "quoted":
            body = binascii.b2a_qp(sealed, istext=False).replace(b"=\n", b"=\r\n")
        lines += [b"--" + boundary.encode(), b"content-id: <" + cid.encode() + b">", b"CONTENT-TYPE: application/octet-stream",
                  b"Content-Transfer-Encoding:\r\n " + coding, b"", body]
    lines += [b"--" + boundary.encode() + b"--", b"epilogue"]
    with open(out + ".mime", "wb") as f:
        f.write((b"\n" if style == "lf" else b"\r\n").join(lines))
    with open(out + ".type", "w") as f:
        f.write('multipart/related; type="application/soap+xml"; boundary="%s"' % boundary)
    return {"verdict": "built", "parts": [sha256(p).hex() for p in packed]}


# ---------------------------------------------------------------- reading


def check_signature(doc, cert_path, parts):
    """Verify the one signature; returns {uri: digest}. parts: plain octets by cid, or None to skip them."""
    signature = one(doc, "env:Header/wsse:Security/ds:Signature")
    info = one(signature, "ds:SignedInfo")
    bst = one(signature, "ds:KeyInfo/wsse:SecurityTokenReference/wsse:Reference").get("URI")[1:]
    sent = unb64(one(doc, "//wsse:BinarySecurityToken[@wsu:Id='%s']" % bst).text)
    cert = load_cert(*cert_path)
    if sent != der(cert):
        raise ValueError("another certificate")
    verify_octets(cert, c14n(info), unb64(one(signature, "ds:SignatureValue").text))
    seen = {}
    for ref in info.findall("ds:Reference", NS):
        uri, digest = ref.get("URI"), unb64(one(ref, "ds:DigestValue").text)
        if uri.startswith("#"):
            node = one(doc, "//*[@wsu:Id='%s']" % uri[1:])
            if node is not one(doc, "env:Header/eb:Messaging") and node is not one(doc, "env:Body"):
                raise ValueError("signed another node")
            if sha256(c14n(node)) != digest:
                raise ValueError("digest of " + uri)
        elif parts is not None and sha256(parts[uri[4:]]) != digest:
            raise ValueError("digest of " + uri)
        seen[uri] = digest
    return seen


def content_key(suite, folder, doc, reader="here"):
    key = one(doc, "//xenc:EncryptedKey")
    own = load_key(folder, reader + ".encrypt")
    value = unb64(one(key, "xenc:CipherData/xenc:CipherValue").text)
    if suite == "edelivery-1.15":
        return own.decrypt(value, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    agreement = one(key, "ds:KeyInfo/xenc:AgreementMethod")
    if agreement.get("Algorithm") != AGREEMENT[suite]:
        raise ValueError("AgreementMethod " + agreement.get("Algorithm"))
    params = one(agreement, "xenc11:KeyDerivationMethod/dsm:HKDFParams")
    if one(params, "dsm:PRF").get("Algorithm") != HMAC_SHA256:
        raise ValueError("PRF " + one(params, "dsm:PRF").get("Algorithm"))
    if one(params, "dsm:KeyLength").text != "16":
        raise ValueError("KeyLength")
    if suite == "edelivery-2.0-p256":
        value_of = "xenc:OriginatorKeyInfo/ds:KeyValue/ds11:ECKeyValue/ds11:"
        if one(agreement, value_of + "NamedCurve").get("URI") != P256:
            raise ValueError("NamedCurve")
        point = unb64(one(agreement, value_of + "PublicKey").text)
        shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))
    else:
        spki = unb64(one(agreement, "xenc:OriginatorKeyInfo/ds11:DEREncodedKeyValue").text)
        shared = own.exchange(serialization.load_der_public_key(spki))
    kek = HKDF(hashes.SHA256(), 16, unb64(one(params, "dsm:Salt").text), b"").derive(shared)
    return keywrap.aes_key_unwrap(kek, value)


def split(path):
    with open(path + ".type") as f:
        head = f.read()
    with open(path + ".mime", "rb") as f:
        octets = f.read()
    boundary = b"--" + head.split('boundary="')[1].split('"')[0].encode()
    parts = []
    for piece in octets.split(boundary)[1:-1]:
        fields, body = piece[2:].split(b"\r\n\r\n", 1)
        fields = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(fields + b"\r\n\r\n")
        parts.append((fields["Content-ID"].strip("<>"), body[:-2]))
    if parts[0][0] != head.split('start="<')[1].split('>')[0]:
        raise ValueError("start")
    return parts[0][1], dict(parts[1:])


def open_message(suite, folder, path, reader="here"):
    root, parts = split(path)
    doc = etree.fromstring(root)
    order = [c.tag.split("}")[1] for c in one(doc, "env:Header/wsse:Security")]
    if order != ["BinarySecurityToken", "EncryptedKey"] + ["EncryptedData"] * len(parts) + ["BinarySecurityToken", "Signature"]:
        raise ValueError("order %s" % order)
    key = content_key(suite, folder, doc, reader)
    plain = {cid: AESGCM(key).decrypt(body[:12], body[12:], None) for cid, body in parts.items()}
    seen = check_signature(doc, (folder, ("there" if reader == "here" else "here") + ".sign"), plain)
    if {u[4:] for u in seen if u.startswith("cid:")} != set(plain) or len(seen) != len(plain) + 2:
        raise ValueError("reference set")
    hrefs = [p.get("href")[4:] for p in doc.iter("{%s}PartInfo" % EB)]
    if reader == "here" and any(len(p) not in (4096, 16384) and len(p) % 65536 for p in plain.values()):
        raise ValueError("padding")
    return {"verdict": "accepted", "parts": [sha256(gzip.decompress(plain[h])).hex() for h in hrefs]}


def sent_set(path):
    with open(path) as f:
        return {line.split(" ")[0]: unb64(line.split(" ")[1]) for line in f.read().splitlines()}


def open_receipt(folder, path, refs):
    with open(path, "rb") as f:
        doc = etree.fromstring(f.read())
    check_signature(doc, (folder, "here.sign"), None)
    signal = one(doc, "env:Header/eb:Messaging/eb:SignalMessage")
    copies = one(signal, "eb:Receipt/ebbp:NonRepudiationInformation").findall("ebbp:MessagePartNRInformation/ds:Reference", NS)
    got = {c.get("URI").replace("%40", "@"): unb64(one(c, "ds:DigestValue").text) for c in copies}
    if len(copies) != len(got) or got != refs:
        raise ValueError("receipt proves another set")
    if not one(signal, "eb:MessageInfo/eb:RefToMessageId").text:
        raise ValueError("RefToMessageId")
    return {"verdict": "accepted"}


def signed_set(path):
    doc = etree.fromstring(split(path)[0]) if os.path.exists(path + ".type") else None
    return {r.get("URI"): unb64(one(r, "ds:DigestValue").text) for r in one(doc, "//ds:SignedInfo").findall("ds:Reference", NS)}


def signal(suite, folder, who, message_id, ref_to, what):
    """A signed signal message of that party; what: the element behind MessageInfo."""
    ref_to = "<e3:RefToMessageId>%s</e3:RefToMessageId>" % ref_to if ref_to else ""
    messaging = ('<e3:Messaging S12:mustUnderstand="true" wsu:Id="msg-1"><e3:SignalMessage><e3:MessageInfo><e3:Timestamp>%s</e3:Timestamp>'
                 '<e3:MessageId>%s</e3:MessageId>%s</e3:MessageInfo>%s</e3:SignalMessage></e3:Messaging>'
                 % (stamp(), message_id, ref_to, what))
    return envelope(messaging, "", suite, load_key(folder, who + ".sign"), load_cert(folder, who + ".sign"), [], None)


def receipt_for(suite, folder, who, message_id, ref_to, refs):
    copies = "".join("<b:MessagePartNRInformation>%s</b:MessagePartNRInformation>" % reference(u, d, None)
                     for u, d in refs.items())
    what = ('<e3:Receipt><b:NonRepudiationInformation xmlns:b="%s">%s</b:NonRepudiationInformation></e3:Receipt>'
            % (NS["ebbp"], copies))
    return signal(suite, folder, who, message_id, ref_to, what)


def make_receipt(suite, folder, path, out):
    with open(out, "wb") as f:
        f.write(receipt_for(suite, folder, "here", "r1@here.example", "m1@there.example", signed_set(path)))
    return {"verdict": "built"}


def main(command, suite, folder, *rest):
    if command == "keys":
        keys(suite, folder)
        return {"verdict": "made"}
    if command == "build":
        return build(suite, folder, *rest)
    if command == "open":
        return open_message(suite, folder, *rest)
    if command == "receipt":
        return open_receipt(folder, rest[0], sent_set(rest[1]))
    if command == "receipt-of":  # against the message that this oracle built
        with open(rest[1] + ".mime", "rb") as f:
            soap = f.read().split(b"\r\n\r\n", 1)[1].split(b"\r\n------=_Part", 1)[0]
        refs = {r.get("URI").replace("%40", "@"): unb64(one(r, "ds:DigestValue").text)
                for r in one(etree.fromstring(soap), "//ds:SignedInfo").findall("ds:Reference", NS)}
        return open_receipt(folder, rest[0], refs)
    if command == "make-receipt":
        return make_receipt(suite, folder, *rest)
    raise ValueError(command)


if __name__ == "__main__":
    try:
        print(json.dumps(main(*sys.argv[1:])))
    except Exception as why:  # the verdict is the answer; the reason is for a person
        print(json.dumps({"verdict": "refused", "why": "%s: %s" % (type(why).__name__, why)}))
