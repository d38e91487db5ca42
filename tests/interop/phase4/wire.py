#!/usr/bin/python3
"""The node's AS4 code (as4_driver) against phase4 on the wire: wire.py AS4_DRIVER WORK_FOLDER

Prints "ok NAME" and "not ok NAME: reason". Both directions, the three suites, the token forms, and messages that were
changed on their way."""
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid

import keys
import kit

FORMS = ("bst-x509v3", "bst-pkipath", "ski", "issuer-serial")


class Wire:
    def __init__(self, driver, folder):
        self.driver, self.folder = driver, pathlib.Path(folder)
        self.failed = 0
        self.parties = {suite: (keys.Party(self.folder / suite, "here", suite), keys.Party(self.folder / suite, "there", suite))
                        for suite in keys.SUITES}
        tls = self.parties["1.15"][0]
        self.client = kit.Client(tls.path("tls.pem"), tls.path("tls.key"), tls.path("root.pem"))
        endpoints = []
        for suite, (here, there) in self.parties.items():
            for own, other in ((here, there), (there, here)):
                endpoints.append({
                    "path": f"/{suite}/{own.name}", "profile": keys.PROFILES[suite],
                    "keys": {"sign": own.path("sign.p12"), "open": own.path("encrypt.p12")},
                    "trust": [other.path("root.pem"), other.path("sign.pem")],
                    "services": ["urn:saphan:service:1", kit.PING[0]]})
        self.kit = kit.Kit(self.folder, {"keys": {"tls": tls.path("tls.p12")}, "trust": [tls.path("root.pem")]}, endpoints)
        self.files = self.make_files()

    def make_files(self):
        contents = {"small": b"<Packet>invented</Packet>", "empty": b"", "random": os.urandom(50000),
                    "lao": "ຂໍ້ມູນສົມມຸດ ข้อมูลสมมติ".encode() * 40}
        for name, content in contents.items():
            (self.folder / name).write_bytes(content)
        return {name: str(self.folder / name) for name in contents}

    def check(self, name, is_good, why=""):
        if is_good:
            print(f"ok phase4_wire_{name}", flush=True)
        else:
            self.failed += 1
            print(f"not ok phase4_wire_{name}: {str(why)[:400]}", flush=True)

    def drive(self, command, suite, *args, form="bst-x509v3", **env):
        run = subprocess.run([self.driver, command, keys.SUITES[suite], str(self.folder / suite), *map(str, args)],
                             env={**os.environ, "AS4_TOKEN": form, "AS4_MESSAGE_ID": f"{uuid.uuid4()}@there.example", **env}, capture_output=True, text=True, timeout=60)
        return json.loads(run.stdout) if run.stdout else {"verdict": "broke", "why": run.stderr}

    # ------------------------------------------------------------ from us to phase4

    def post(self, suite, out, to="here", change=None):
        body = pathlib.Path(f"{out}.mime").read_bytes()
        if change:
            body = change(body)
        status, answer = self.client.post(self.kit.url(f"/{suite}/{to}"), pathlib.Path(f"{out}.type").read_text(), body)
        pathlib.Path(f"{out}.answer").write_bytes(answer)
        return status, answer.decode("utf-8", "replace")

    def outward(self, suite, name, files, form="bst-x509v3"):
        out = self.folder / f"out-{suite}-{name}"
        built = self.drive("build", suite, out, *files, form=form)
        if built["verdict"] != "built":
            return self.check(f"out_{suite}_{name}", False, built)
        status, answer = self.post(suite, out)
        got = self.kit.received()
        is_whole = (len(got) == 1 and got[0]["signed"] and (got[0]["decrypted"] or not files)
                    and [part["sha256"] for part in got[0]["parts"]] == [kit.sha256(file) for file in files])
        self.check(f"out_{suite}_{name}", status == 200 and is_whole, f"{status} {answer} {got}")
        proof = self.drive("receipt", suite, f"{out}.answer", f"{out}.refs")
        return self.check(f"out_{suite}_{name}_receipt", proof["verdict"] == "accepted", proof)

    def duplicate(self, suite):
        """phase4 refuses what it has seen, without the first receipt, and delivers nothing."""
        out = self.folder / f"out-{suite}-plain"
        status, answer = self.post(suite, out)
        self.check(f"out_{suite}_duplicate", "EBMS:" in answer and "uplicate" in answer and not self.kit.received(), answer)

    def changed(self, suite, name, code, change):
        out = self.folder / f"out-{suite}-changed-{name}"
        self.drive("build", suite, out, self.files["small"], self.files["random"])
        status, answer = self.post(suite, out, change=change)
        found = re.findall(r'errorCode="(EBMS:\d+)"', answer)
        self.check(f"out_{suite}_{name}", found == [code] and not self.kit.received(), f"{status} {found} {answer}")

    # ------------------------------------------------------------ from phase4 to us

    def capture(self, suite, name, files, **more):
        """What phase4 writes: IN.mime and IN.type for the driver."""
        here, dump = self.parties[suite][0], self.folder / f"in-{suite}-{name}.dump"
        command = {"endpoint": f"/{suite}/there", "url": self.kit.url(f"/{suite}/here"), "dump": str(dump),
                   "certificate": here.path("encrypt.pem"), **more}
        answer = self.kit.say(kit.message("there.example", "here.example", files, **command))
        self.kit.received()
        kind, body = kit.split_dump(dump.read_bytes())
        stem = self.folder / f"in-{suite}-{name}"
        stem.with_name(stem.name + ".mime").write_bytes(body)
        stem.with_name(stem.name + ".type").write_text(kind)
        return stem, answer

    def inward(self, suite, name, files, expect="accepted", code="", change=None, env=None, **more):
        stem, answer = self.capture(suite, name, files, **more)
        if change:
            path = stem.with_name(stem.name + ".mime")
            path.write_bytes(change(path.read_bytes()))
        seen = self.drive("open", suite, stem, AS4_FOREIGN="1", **(env or {}))
        is_good = seen["verdict"] == expect and seen.get("code", "") == code
        is_good = is_good and len(seen.get("parts", [])) == (len(files) if expect == "accepted" else 0)
        self.check(f"in_{suite}_{name}", is_good, f"{seen} {answer.get('exception', '')}")

    def all_of(self, suite):
        file = self.files
        self.outward(suite, "plain", [file["small"]])
        self.duplicate(suite)
        self.outward(suite, "parts", [file["small"], file["empty"], file["random"], file["lao"]])
        self.outward(suite, "ping", [])
        for form in FORMS[1:]:
            self.outward(suite, form, [file["small"], file["random"]], form=form)
        self.changed(suite, "tampered_part", "EBMS:0102", lambda body: flip(body, -200))
        self.changed(suite, "tampered_header", "EBMS:0102", lambda body: body.replace(b">a2<", b">a3<", 1))
        self.inward(suite, "plain", [file["small"]])
        self.inward(suite, "parts", [file["small"], file["empty"], file["random"], file["lao"]])
        self.inward(suite, "ping", [], service=kit.PING[0], action=kit.PING[1])
        self.inward(suite, "answer", [file["small"]], refTo="first@here.example", conversation="c-1")
        for form in FORMS[1:]:
            self.inward(suite, form, [file["small"], file["random"]], signRef=form, encryptRef=form)
        self.inward(suite, "tampered_part", [file["random"]], "refused", "EBMS:0102", lambda body: flip(body, -200))
        self.inward(suite, "tampered_header", [file["small"]], "refused", "EBMS:0101",
                    lambda body: body.replace(b">a2<", b">a3<", 1))
        self.inward(suite, "unsigned", [file["small"]], "refused", "EBMS:0103", sign=False)
        self.inward(suite, "unencrypted", [file["small"]], "refused", "EBMS:0103", encrypt=False)
        self.inward(suite, "aes256", [file["small"]], "refused", "EBMS:0103", cryptAlgorithm="aes256-gcm")
        self.inward(suite, "sha512", [file["small"]], "refused", "EBMS:0103", digest="digest-sha-512")
        other = self.parties[suite][1]
        self.inward(suite, "for_another", [file["small"]], "refused", "EBMS:0102", certificate=other.path("encrypt.pem"))


def flip(body, at):
    changed = bytearray(body)
    changed[at] ^= 1
    return bytes(changed)


def main():
    wire = Wire(sys.argv[1], sys.argv[2])
    try:
        for suite in keys.SUITES:
            wire.all_of(suite)
    finally:
        wire.kit.stop()
    return 1 if wire.failed else 0


if __name__ == "__main__":
    sys.exit(main())
