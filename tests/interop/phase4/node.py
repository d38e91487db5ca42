#!/usr/bin/python3
"""A whole Saphan node and phase4, both directions, three suites: node.py SAPHAN WORK_FOLDER [SUITE…]

Prints "ok NAME" and "not ok NAME: reason". The node is set up with the words of docs/foreign-as4.md."""
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import time

import keys
import kit

PARTY, NODE = "there.example", "saphan.example"
SERVICE, ACTION = "urn:saphan:foreign:1", "deliver"
LARGE = 20 * 1024 * 1024
CHANNEL = "urn:example:channel:there"
# What the node writes as token references to this partner: signature, encryption.
FORMS = {"1.15": ("bst-x509v3", "bst-x509v3"), "eddsa": ("ski", "ski"), "ecdsa": ("bst-pkipath", "issuer-serial")}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Node:
    """A Saphan node driven by its command line."""

    def __init__(self, program, folder):
        self.program, self.home, self.port = program, folder / "home", free_port()
        self.folder = folder
        self.process = None
        self.say("init", "--party", NODE, "--name", "Saphan (fictitious)", "--kind", "ngo", "--country", "TH", "--training",
                 "--url", f"https://localhost:{self.port}", "--listen", f"127.0.0.1:{self.port}",
                 "--suites", " ".join(keys.SUITES.values()), "--lang", "en")

    def run(self, *words):
        return subprocess.run([self.program, "--home", str(self.home), *map(str, words)], capture_output=True, text=True,
                              timeout=200, stdin=subprocess.DEVNULL, env={**os.environ, "SAPHAN_LANG": "en"})

    def say(self, *words):
        done = self.run(*words)
        if done.returncode not in (0, 5):  # 5: kept, not yet delivered
            raise RuntimeError(f"saphan {' '.join(map(str, words))}: {done.returncode} {done.stdout} {done.stderr}")
        return done.stdout

    def ask(self, *words):
        return json.loads(self.say(*words, "--json"))

    def start(self):
        self.log = open(self.folder / "node.log", "ab")
        self.process = subprocess.Popen([self.program, "--home", str(self.home), "run"], stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)
        self.process.stdout.readline()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def url(self):
        return f"https://localhost:{self.port}/as4"

    def send(self, files, *words):
        """The packet's id, also of one that failed at once."""
        done = self.run("send", *files, "--to", PARTY, *words, "--json")
        try:
            return json.loads(done.stdout)["items"][0]["packetId"]
        except (ValueError, KeyError) as e:
            raise RuntimeError(f"saphan send: {done.returncode} {done.stdout} {done.stderr}") from e

    def sent(self, packet, wanted, seconds=20):
        """The outbox entry once it stands as wanted, or as it stands at the end."""
        end, entry = time.monotonic() + seconds, {}
        while time.monotonic() < end:
            entry = next((e for e in self.ask("outbox")["items"] if packet == e.get("packetId")), {})
            if entry.get("state") in wanted:
                break
            time.sleep(0.1)
        return entry

    def came(self, message_id):
        for item in self.ask("inbox")["items"]:
            if item.get("messageId") == message_id:
                return {**item, **self.ask("show", item["packetId"])}
        return {}


class Suite:
    """One suite: one partner of the node, one process of phase4."""

    def __init__(self, name, node, folder):
        self.name, self.node, self.folder, self.failed = name, node, folder / name, 0
        self.party = keys.Party(self.folder, "there", name)
        self.stranger = keys.Party(self.folder / "stranger", "there", name)
        self.certificates = self.folder / "node"
        self.certificates.mkdir()
        node.say("partner", "certificates", "-o", self.certificates)
        self.encrypt_to = str(self.certificates / f"encrypt-{keys.SUITES[name]}.pem")
        self.kit_port = free_port()
        self.kit = self.start_kit(self.party)
        self.files = self.make_files()

    def start_kit(self, signer, opener=None, services=(SERVICE, kit.PING[0])):
        trust = [str(self.certificates / "root.pem"), str(self.certificates / f"sign-{keys.SUITES[self.name]}.pem")]
        endpoint = {"path": "/as4", "profile": keys.PROFILES[self.name], "trust": trust, "services": list(services),
                    "keys": {"sign": signer.path("sign.p12"), "open": (opener or signer).path("encrypt.p12")}}
        tls = {"keys": {"tls": self.party.path("tls.p12")}, "trust": [trust[0], self.party.path("root.pem")]}
        return kit.Kit(self.folder / signer.folder.name, tls, [endpoint], port=self.kit_port)

    def add_partner(self):
        sign_ref, encrypt_ref = FORMS[self.name]
        self.node.say("partner", "add", "--as4", "--party", PARTY, "--name", "There (fictitious)", "--country", "LA",
                      "--url", self.kit.url(), "--sign-cert", self.party.path("sign.pem"), "--encrypt-cert",
                      self.party.path("encrypt.pem"), "--tls-cert", self.party.path("tls.pem"), "--suite", keys.SUITES[self.name],
                      "--sign-ref", sign_ref, "--encrypt-ref", encrypt_ref, "--yes")

    def make_files(self):
        contents = {"small.xml": b"<Packet>invented</Packet>", "empty.bin": b"", "random.bin": os.urandom(50000),
                    "ຂໍ້ມູນ ข้อมูล.txt": "ຂໍ້ມູນສົມມຸດ ข้อมูลสมมติ".encode() * 40, "large.bin": os.urandom(LARGE)}
        found = {}
        for name, content in contents.items():
            path = self.folder / name
            path.write_bytes(content)
            found[name] = str(path)
        return found

    def check(self, name, is_good, why=""):
        name = f"phase4_{self.name}_{name}"
        if is_good:
            print(f"ok {name}", flush=True)
        else:
            self.failed += 1
            print(f"not ok {name}: {' '.join(str(why).split())[:500]}", flush=True)
        return is_good

    # ------------------------------------------------------------ the node sends

    def outward(self, name, files, *words):
        packet = self.node.send(files, *words)
        entry = self.node.sent(packet, ("receipt-verified", "failed"), 150)
        self.check(f"out_{name}_receipt", entry.get("state") == "receipt-verified", entry or packet)
        got = self.kit.received()
        is_whole = len(got) == 1 and got[0]["signed"] and (got[0]["decrypted"] or not files)
        is_whole = is_whole and [part["sha256"] for part in got[0]["parts"]] == [kit.sha256(file) for file in files]
        self.check(f"out_{name}", is_whole, got)
        return got[0] if got else {}

    def out_refused(self, name, states, code, *words):
        """phase4 refuses: what the node then says of its message."""
        packet = self.node.send([self.files["small.xml"]], *words)
        entry = self.node.sent(packet, states)
        self.check(f"out_{name}", entry.get("state") in states and code in json.dumps(entry), entry or packet)

    def outward_all(self):
        file = self.files
        self.outward("plain", [file["small.xml"]])
        self.outward("parts", [file["small.xml"], file["empty.bin"], file["random.bin"]])
        self.outward("empty", [file["empty.bin"]])
        self.outward("utf8", [file["ຂໍ້ມູນ ข้อมูล.txt"]])
        self.outward("no_part", [])
        ping = self.node.run("partner", "ping", PARTY, "--json")
        self.check("out_ping", ping.returncode == 0 and any(m["action"] == kit.PING[1] for m in self.kit.received()), ping.stdout)
        other = self.node.run("send", file["small.xml"], "--to", PARTY, "--service", "urn:example:unknown", "--json")
        self.check("out_service_of_no_p_mode", other.returncode == 4 and not self.kit.received(), other.stdout)

    # ------------------------------------------------------------ phase4 sends

    def command(self, files, **more):
        return kit.message(PARTY, NODE, files, **{"endpoint": "/as4", "url": self.node.url(), "certificate": self.encrypt_to,
                                                  "service": SERVICE, "action": ACTION, **more})

    def saved(self, entry, count):
        """The parts as the node gives them out."""
        found = []
        for number in range(1, count + 1):
            out = self.folder / f"saved-{entry['packetId']}-{number}"
            self.node.say("save", entry["packetId"], "--attachment", f"p{number}", "-o", out)
            found.append(kit.sha256(out))
            out.unlink()
        return found

    def inward(self, name, files, **more):
        answer = self.kit.say(self.command(files, **more))
        is_good = answer.get("result") == "success" and answer.get("receipt") == "valid" and answer.get("answerSigned")
        if not self.check(f"in_{name}_receipt", is_good, answer):
            return {}
        entry = self.node.came(answer["messageId"])
        is_whole = bool(entry) and self.saved(entry, len(files)) == [kit.sha256(file) for file in files]
        self.check(f"in_{name}", is_whole, entry or "not in the inbox")
        return entry

    def in_refused(self, name, code, **more):
        answer = self.kit.say(self.command([self.files["small.xml"]], **more))
        codes = [error["code"] for error in answer.get("errors", [])]
        self.check(f"in_{name}", codes == [code] and answer.get("answerSigned") is True, answer)

    def inward_all(self):
        file = self.files
        self.inward("plain", [file["small.xml"]])
        self.inward("parts", [file["small.xml"], file["empty.bin"], file["random.bin"]])
        self.inward("empty", [file["empty.bin"]])
        self.inward("large", [file["large.bin"]])
        self.inward_utf8()
        for form in ("bst-pkipath", "ski", "issuer-serial"):
            self.inward(form, [file["small.xml"]], signRef=form, encryptRef=form)
        answer = self.kit.say(self.command([], service=kit.PING[0], action=kit.PING[1]))
        self.check("in_ping", answer.get("result") == "success" and answer.get("receipt") == "valid", answer)
        self.in_refused("unsigned", "EBMS:0103", sign=False)
        self.in_refused("unencrypted", "EBMS:0103", encrypt=False)
        self.in_refused("aes256", "EBMS:0103", cryptAlgorithm="aes256-gcm")
        self.in_refused("sha512", "EBMS:0103", digest="digest-sha-512")
        self.in_refused("for_another", "EBMS:0102", certificate=self.stranger.path("encrypt.pem"))
        self.in_refused("unknown_service", "EBMS:0010", service="urn:example:unknown")
        self.in_refused("for_another_party", "EBMS:0010", to="somebody.example")

    def inward_utf8(self):
        name = "ຂໍ້ມູນ ข้อมูล.txt"
        part = {"file": self.files[name], "filename": name, "mime": "text/plain"}
        entry = self.inward("utf8", [self.files[name]], parts=[part])
        self.check("in_utf8_name", name in json.dumps(entry, ensure_ascii=False), entry)

    # ------------------------------------------------------------ both ways, again, and changed

    def two_way(self):
        question = self.inward("question", [self.files["small.xml"]], conversation="c-1")
        if not question:
            return
        got = self.outward("answer", [self.files["random.bin"]], "--reply-to", question["packetId"])
        self.check("two_way_out", got.get("refTo") == question["messageId"] and got.get("conversation") == "c-1", got)
        back = self.inward("answer_in", [self.files["small.xml"]], refTo=got.get("messageId"), conversation="c-1")
        self.check("two_way_in", back.get("content", {}).get("refTo") == got.get("messageId"), back)

    def captured(self):
        """A good message of phase4 as octets, not yet sent to the node: what goes out does so to a place that refuses it."""
        dump = self.folder / "dump"
        self.kit.say(self.command([self.files["random.bin"]], url=self.kit.url(), dump=str(dump), conversation="c-2"))
        self.kit.received()
        kind, body = kit.split_dump(dump.read_bytes())
        dump.unlink()
        return kind, body

    def post(self, kind, body, party=None):
        who = party or self.party
        client = kit.Client(who.path("tls.pem"), who.path("tls.key"), str(self.certificates / "root.pem"))
        return client.post(self.node.url(), kind, body)

    def again_and_changed(self):
        kind, body = self.captured()
        before = len(self.node.ask("inbox")["items"])
        first, second = self.post(kind, body), self.post(kind, body)
        self.check("in_duplicate", first[0] == 200 and b":Receipt" in first[1] and first[1] == second[1], (first, second))
        self.check("in_duplicate_once", len(self.node.ask("inbox")["items"]) == before + 1, "not exactly one more")
        answer = self.kit.say(self.command([self.files["small.xml"]], messageId=re.search(rb"MessageId>([^<]+)<", body)[1].decode()))
        self.check("in_replay", [e["code"] for e in answer.get("errors", [])] == ["EBMS:0003"], answer)
        kind, body = self.captured()
        for name, code, changed in (("tampered_header", b"EBMS:0101", body.replace(b">c-2<", b">c-3<", 1)),
                                    ("tampered_part", b"EBMS:0102", flip(body, -200))):
            status, answer = self.post(kind, changed)
            self.check(f"in_{name}", code in answer and b"Signature" in answer, (status, answer))
        try:
            status, answer = self.post(kind, body, self.stranger)
            self.check("in_unknown_tls", status == 403 and not answer, (status, answer))
        except OSError as e:
            self.check("in_unknown_tls", isinstance(e, (ssl.SSLError, ConnectionError)), e)

    # ------------------------------------------------------------ phase4 pulls

    def pull(self, **more):
        return self.kit.say({"cmd": "pull", "endpoint": "/as4", "url": self.node.url(), "mpc": CHANNEL, **more})

    def is_empty(self, answer):
        return [e["code"] for e in answer.get("errors", [])] == ["EBMS:0006"] and answer.get("answerSigned") is True

    def pulled(self):
        """The partner fetches what is sent to it; afterwards it is pushed to again."""
        self.node.say("partner", "add", "--as4", "--party", PARTY, "--channel-out", CHANNEL, "--yes")
        self.check("pull_empty", self.is_empty(self.pull()), "no EBMS:0006")
        files = [self.files["small.xml"], self.files["empty.bin"], self.files["large.bin"]]
        packet = self.node.send(files)
        entry = self.node.sent(packet, ("queued",))
        self.check("pull_waits", entry.get("state") == "queued" and not self.kit.received(), entry or packet)
        self.check("pull_other_channel", self.is_empty(self.pull(mpc=CHANNEL + ":other")), "no EBMS:0006")
        answer = self.pull()
        is_whole = [part["sha256"] for part in answer.get("parts", [])] == [kit.sha256(file) for file in files]
        is_whole = is_whole and answer.get("mpc") == CHANNEL and answer["message"]["decrypted"]
        self.check("pull_whole", is_whole, answer)
        entry = self.node.sent(packet, ("receipt-verified", "failed"))
        self.check("pull_receipt", entry.get("state") == "receipt-verified", (entry, answer))
        self.check("pull_empty_again", self.is_empty(self.pull()), "no EBMS:0006")
        self.node.say("partner", "add", "--as4", "--party", PARTY, "--channel-out", "", "--yes")

    # ------------------------------------------------------------ phase4 with other keys

    def wrong_keys(self):
        """phase4 that does not know the service, that cannot open what is sent, that signs with a key which the node does
        not know."""
        self.kit.stop()
        self.kit = self.start_kit(self.party, services=[])
        # phase4 does not sign this error, so it ends nothing.
        self.out_refused("unknown_service", ("retrying",), "unauthenticated")
        self.kit.stop()
        self.kit = self.start_kit(self.party, opener=self.stranger)
        self.out_refused("wrong_encryption_key", ("failed",), "EBMS:0102")
        self.kit.stop()
        self.kit = self.start_kit(self.stranger, opener=self.party)
        packet = self.node.send([self.files["small.xml"]])
        entry = self.node.sent(packet, ("retrying", "failed", "receipt-verified"))
        self.check("out_receipt_of_a_stranger", entry.get("state") == "retrying", entry)
        self.in_refused("signed_by_a_stranger", "EBMS:0101")

    def all(self):
        self.add_partner()
        self.node.start()
        try:
            self.outward_all()
            self.inward_all()
            self.outward("large", [self.files["large.bin"]])
            self.two_way()
            self.again_and_changed()
            self.pulled()
            self.wrong_keys()
        finally:
            self.node.stop()
            self.kit.stop()


def flip(body, at):
    changed = bytearray(body)
    changed[at] ^= 1
    return bytes(changed)


def main():
    folder = pathlib.Path(sys.argv[2])
    failed = 0
    for name in sys.argv[3:] or keys.SUITES:
        (folder / name).mkdir(parents=True, exist_ok=True)
        suite = Suite(name, Node(sys.argv[1], folder / name), folder)
        suite.all()
        failed += suite.failed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
