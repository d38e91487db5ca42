"""Keys and certificates of invented parties for tests, and their PKCS#12 files for Java by the OpenSSL command line."""
import datetime
import hashlib
import pathlib
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PASSWORD = "test-only"
SUITES = {"1.15": "edelivery-1.15", "eddsa": "edelivery-2.0-ed25519", "ecdsa": "edelivery-2.0-p256"}
PROFILES = {"1.15": "cef-two-corner", "eddsa": "edelivery2-eddsa-two-corner", "ecdsa": "edelivery2-ecdsa-two-corner"}
_HOUR = datetime.timedelta(hours=1)


def _usage(*true):
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{name: name in true for name in names})


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write(path, what):
    if hasattr(what, "private_bytes"):
        octets = what.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    else:
        octets = what.public_bytes(serialization.Encoding.PEM)
    pathlib.Path(path).write_bytes(octets)


def _rsa(_secret):
    return rsa.generate_private_key(65537, 3072)


def _ed25519(secret):
    return ed25519.Ed25519PrivateKey.from_private_bytes(secret) if secret else ed25519.Ed25519PrivateKey.generate()


def _x25519(secret):
    return x25519.X25519PrivateKey.from_private_bytes(secret) if secret else x25519.X25519PrivateKey.generate()


def _p256(secret):
    return ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1()) if secret else ec.generate_private_key(ec.SECP256R1())


class Party:
    """FOLDER/NAME.{root,sign,encrypt,tls}.pem, .key, and .p12 of all but the root."""

    def __init__(self, folder, name, suite, days=300, seed=None):
        """seed: a public text from which the keys of the 2.0 suites follow, for test vectors."""
        self.folder, self.name, self.party, self.days = pathlib.Path(folder), name, name + ".example", days
        self.folder.mkdir(parents=True, exist_ok=True)
        self.now = datetime.datetime.utcnow()
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self._root = self._make_root()
        _write(self.path("root.pem"), self._root)
        makers = {"1.15": (_rsa, _rsa), "eddsa": (_ed25519, _x25519), "ecdsa": (_p256, _p256)}[suite]
        secrets = [hashlib.sha256(f"{seed}: {name} {what} {suite}".encode()).digest() if seed else None
                   for what in ("sign", "encrypt")]
        opens = "key_encipherment" if suite == "1.15" else "key_agreement"
        self._leaf("sign", makers[0](secrets[0]), _usage("digital_signature"))
        self._leaf("encrypt", makers[1](secrets[1]), _usage(opens))
        self._leaf("tls", ec.generate_private_key(ec.SECP256R1()), _usage("digital_signature"), is_tls=True)

    def path(self, what):
        return str(self.folder / f"{self.name}.{what}")

    def _builder(self, subject, public, until):
        return (x509.CertificateBuilder().subject_name(_name(subject)).public_key(public)
                .serial_number(x509.random_serial_number()).not_valid_before(self.now - _HOUR)
                .not_valid_after(self.now + datetime.timedelta(days=until)))

    def _make_root(self):
        public = self._root_key.public_key()
        key_id = x509.SubjectKeyIdentifier.from_public_key(public)
        spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        digest = hashes.Hash(hashes.SHA256())
        digest.update(spki)
        subject = f"{self.party}-{digest.finalize().hex()[:8]}"
        return (self._builder(subject, public, 3650).issuer_name(_name(subject))
                .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
                .add_extension(key_id, critical=False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False)
                .sign(self._root_key, hashes.SHA256()))

    def _leaf(self, what, key, usage, is_tls=False):
        root_id = self._root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (self._builder(self.party, key.public_key(), self.days).issuer_name(self._root.subject)
                   .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                   .add_extension(usage, critical=True)
                   .add_extension(x509.SubjectAlternativeName(
                       [x509.UniformResourceIdentifier("urn:saphan:party:" + self.party)]
                       + ([x509.DNSName("localhost")] if is_tls else [])), critical=False)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id), critical=False))
        if is_tls:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        _write(self.path(what + ".key"), key)
        _write(self.path(what + ".pem"), builder.sign(self._root_key, hashes.SHA256()))
        to_pkcs12(self.path(what + ".key"), self.path(what + ".pem"), self.path("root.pem"), self.path(what + ".p12"))


def to_pkcs12(key, certificate, chain, out):
    """What docs/foreign-as4.md tells an operator to do."""
    subprocess.run(["openssl", "pkcs12", "-export", "-inkey", key, "-in", certificate, "-certfile", chain,
                    "-name", "key", "-passout", "pass:" + PASSWORD, "-out", out], check=True)
