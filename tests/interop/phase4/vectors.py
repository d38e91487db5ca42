#!/usr/bin/python3
"""Makes tests/vectors/phase4 anew: what phase4 writes, for tests that run without Java. vectors.py OUT_FOLDER

Each SUITE-NAME.txt holds the Content-Type of a message in its first line, then its octets in base64. The receiver's keys of the 2.0
suites follow from a public text (keys.py, "seed"), so that the parts can be opened; they protect nothing. Private keys are
not kept: of suite 1.15 only signatures can be verified."""
import base64
import pathlib
import sys
import tempfile
import time

import keys
import kit

SEED = "saphan test vectors of phase4: these keys are public"
FORMS = ("bst-pkipath", "ski", "issuer-serial")


def endpoint(suite, own, other):
    return {"path": f"/{suite}/{own.name}", "profile": keys.PROFILES[suite],
            "keys": {"sign": own.path("sign.p12"), "open": own.path("encrypt.p12")},
            "trust": [other.path("root.pem"), other.path("sign.pem")], "services": ["urn:saphan:service:1", kit.PING[0]]}


class Maker:
    def __init__(self, folder, out):
        self.folder, self.out = pathlib.Path(folder), pathlib.Path(out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.parties = {suite: [keys.Party(self.folder / suite, name, suite, seed=SEED) for name in ("here", "there")]
                        for suite in keys.SUITES}
        tls = self.parties["1.15"][0]
        ends = [endpoint(suite, *order) for suite, pair in self.parties.items() for order in (pair, pair[::-1])]
        self.kit = kit.Kit(folder, {"keys": {"tls": tls.path("tls.p12")}, "trust": [tls.path("root.pem")]}, ends)
        self.parts = [self.folder / name for name in ("a", "b", "c")]
        for file, content in zip(self.parts, (b"<Packet>invented</Packet>", b"", bytes(range(256)) * 8)):
            file.write_bytes(content)

    def write(self, name, kind, body):
        text = base64.b64encode(body).decode()
        lines = [" ".join(kind.split()), *(text[at:at + 100] for at in range(0, len(text), 100))]
        (self.out / f"{name}.txt").write_text("\n".join(lines) + "\n")

    def send(self, suite, name, files, answer_name=None, is_again=False, **more):
        dump, answer = self.folder / "dump", self.folder / "answer"
        command = {"endpoint": f"/{suite}/there", "url": self.kit.url(f"/{suite}/here"), "dump": str(dump), "answer": str(answer),
                   "certificate": self.parties[suite][0].path("encrypt.pem"), **more}
        said = self.kit.say(kit.message("there.example", "here.example", files, **command))
        if not is_again:
            self.write(f"{suite}-{name}", *kit.split_dump(dump.read_bytes()))
        dump.unlink()
        if answer_name:
            self.write(f"{suite}-{answer_name}", "application/soap+xml;charset=UTF-8", answer.read_bytes())
        return said

    def suite(self, suite):
        first = f"first-{suite}@there.example"
        self.send(suite, "plain", self.parts[:1], answer_name="receipt", messageId=first)
        self.send(suite, "plain", self.parts[:1], answer_name="error", is_again=True, messageId=first)
        self.send(suite, "parts", self.parts, conversation="c-1", refTo="first@here.example")
        self.send(suite, "ping", [], service=kit.PING[0], action=kit.PING[1])
        for form in FORMS:
            self.send(suite, form, self.parts[:1], signRef=form, encryptRef=form)
        self.send(suite, "unsigned", self.parts[:1], sign=False)
        self.send(suite, "unencrypted", self.parts[:1], encrypt=False)
        self.send(suite, "aes256", self.parts[:1], cryptAlgorithm="aes256-gcm")
        here, there = self.parties[suite]
        for party, what in ((here, "sign"), (here, "encrypt"), (there, "sign")):
            target = self.out / f"{suite}-{party.name}-{what}.pem"
            target.write_bytes(pathlib.Path(party.path(f"{what}.pem")).read_bytes())


def main():
    with tempfile.TemporaryDirectory() as folder:
        maker = Maker(folder, sys.argv[1])
        try:
            for suite in keys.SUITES:
                maker.suite(suite)
        finally:
            maker.kit.stop()
        (maker.out / "made-at").write_text(f"{int(time.time() * 1000)}\n")


if __name__ == "__main__":
    main()
