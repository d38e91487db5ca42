#!/usr/bin/python3
"""Pull between a whole Saphan node and a foreign product, both roles: pull.py SAPHAN WORK_FOLDER

The product is the endpoint of oracle.py behind mutual TLS. Prints "ok NAME" and "not ok NAME: reason". All names are
invented."""
import hashlib
import http.server
import pathlib
import ssl
import sys
import threading
import time

from lxml import etree

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "phase4"))

import keys  # noqa: E402
import kit  # noqa: E402
import node  # noqa: E402
import oracle  # noqa: E402

CHANNEL = "urn:example:channel:here"
OUT = "urn:example:channel:there"
SOAP = "application/soap+xml; charset=UTF-8"


class Product(http.server.ThreadingHTTPServer):
    """Keeps messages for its partner until their receipts have come."""
    daemon_threads = True

    def __init__(self, suite, folder):
        self.suite, self.folder = suite, str(folder)
        self.waiting, self.refs, self.log = [], {}, []
        self.is_unsigned, self.losing, self.count = False, 0, 0
        super().__init__(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "there.tls.pem", folder / "there.tls.key")
        context.load_verify_locations(folder / "node" / "root.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def keep(self, style="plain", mpc=CHANNEL):
        """A message for the partner; its id."""
        self.count += 1
        message_id = f"m{self.count}-{self.suite}@there.example"
        out = f"{self.folder}/kept-{self.count}"
        oracle.build(self.suite, self.folder, out, style, message_id=message_id, mpc=mpc)
        body, kind = pathlib.Path(out + ".mime").read_bytes(), pathlib.Path(out + ".type").read_text()
        soap = body.split(b"\r\n\r\n", 1)[1].split(b"\r\n------=_Part", 1)[0]
        self.refs[message_id] = {r.get("URI"): oracle.unb64(oracle.one(r, "ds:DigestValue").text)
                                 for r in oracle.one(etree.fromstring(soap), "//ds:SignedInfo").findall("ds:Reference", oracle.NS)}
        self.waiting.append((message_id, kind, body))
        return message_id

    def empty(self, ref_to):
        what = ('<e3:Error category="Communication" errorCode="EBMS:0006" origin="ebMS" refToMessageInError="%s" '
                'severity="warning" shortDescription="EmptyMessagePartitionChannel"/>' % ref_to)
        octets = oracle.signal(self.suite, self.folder, "there", f"e{time.monotonic_ns()}@there.example", ref_to, what)
        if self.is_unsigned:
            octets = octets[:octets.index(b"<wsse:Security")] + octets[octets.index(b"</wsse:Security>") + 16:]
        return 200, SOAP, octets

    def answer(self, octets):
        """Status, type and body for a signal of the partner, whose signature must hold."""
        doc = etree.fromstring(octets)
        oracle.check_signature(doc, (self.folder, "here.sign"), None)
        signal = oracle.one(doc, "env:Header/eb:Messaging/eb:SignalMessage")
        own = oracle.one(signal, "eb:MessageInfo/eb:MessageId").text
        request = signal.find("eb:PullRequest", oracle.NS)
        if request is not None:
            self.log.append(("pull", request.get("mpc")))
            return (200, *self.waiting[0][1:]) if self.waiting else self.empty(own)
        ref_to = oracle.one(signal, "eb:MessageInfo/eb:RefToMessageId").text
        if self.losing:
            self.losing -= 1
            self.log.append(("lost", octets))
            return 500, "text/plain", b""
        return self.settle(ref_to, octets, signal.find("eb:Error", oracle.NS))

    def settle(self, ref_to, octets, error):
        if error is not None:
            self.log.append(("error", error.get("errorCode")))
        else:
            path = pathlib.Path(self.folder) / "receipt"
            path.write_bytes(octets)
            oracle.open_receipt(self.folder, path, self.refs[ref_to])
            self.log.append(("receipt", octets))
        self.waiting = [kept for kept in self.waiting if kept[0] != ref_to]
        return 202, None, b""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        octets = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            status, kind, body = self.server.answer(octets)
        except Exception as why:
            self.server.log.append(("broken", f"{type(why).__name__}: {why}"))
            status, kind, body = 400, None, b""
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words):
        pass


class Scene:
    def __init__(self, program, name, folder):
        self.name, self.suite, self.folder, self.failed = name, keys.SUITES[name], folder, 0
        folder.mkdir(parents=True)
        self.node = node.Node(program, folder)
        self.party = keys.Party(folder, "there", name)
        certificates = folder / "node"
        certificates.mkdir()
        self.node.say("partner", "certificates", "-o", certificates)
        for use in ("sign", "encrypt"):
            (folder / f"here.{use}.pem").write_bytes((certificates / f"{use}-{self.suite}.pem").read_bytes())
        self.product = Product(self.suite, folder)

    def check(self, name, is_good, why=""):
        name = f"as4_pull_{self.name}_{name}"
        self.failed += not is_good
        print(f"ok {name}" if is_good else f"not ok {name}: {' '.join(str(why).split())[:500]}", flush=True)

    def enrol(self, *words):
        self.node.say("partner", "add", "--as4", "--party", node.PARTY, "--own-id", "here.example", "--service",
                      "urn:saphan:service:1", "--action", "a1", "--suite", self.suite, "--sign-cert", self.party.path("sign.pem"),
                      "--encrypt-cert", self.party.path("encrypt.pem"), "--tls-cert", self.party.path("tls.pem"), "--yes", *words)

    def until(self, is_there, seconds=15):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if is_there():
                return True
            time.sleep(0.05)
        return False

    def pull(self, wanted, seconds=15):
        """Let the node pull; what the product saw until the wanted kind came."""
        self.product.log.clear()
        self.node.say("pull")
        self.until(lambda: any(kind == wanted for kind, _ in self.product.log), seconds)
        return list(self.product.log)

    def inbox(self, message_id):
        return [item for item in self.node.ask("inbox")["items"] if item.get("messageId") == message_id]

    # ------------------------------------------------------------ the node pulls

    def first_part(self, item):
        out = self.folder / "saved"
        self.node.say("save", item["packetId"], "--attachment", "p1", "-o", out)
        octets = out.read_bytes()
        out.unlink()
        return octets

    def in_message(self):
        message_id = self.product.keep()
        seen = self.pull("receipt")
        self.check("in_receipt", [kind for kind, _ in seen if kind != "pull"] == ["receipt"], seen)
        came = self.inbox(message_id)
        is_whole = len(came) == 1 and self.first_part(came[0]) == b"<Packet>invented</Packet>" * 40
        self.check("in_message", is_whole, self.node.ask("inbox"))

    def in_again(self):
        """The receipt is lost on its way: the message is offered again and the same receipt comes."""
        message_id = self.product.keep()
        self.product.losing = 1
        lost = [octets for kind, octets in self.pull("lost") if kind == "lost"]
        self.until(lambda: self.log_has("receipt-not-taken"))
        again = [octets for kind, octets in self.pull("receipt") if kind == "receipt"]
        self.check("in_again", len(lost) == 1 and again == lost, (len(lost), len(again)))
        self.check("in_again_once", len(self.inbox(message_id)) == 1, self.node.ask("inbox"))

    def in_refused(self, name, code, **how):
        message_id = self.product.keep(**how)
        seen = self.pull("error")
        self.check(f"in_{name}", ("error", code) in seen and not self.inbox(message_id), seen)

    def log_has(self, text):
        return text in (self.folder / "node.log").read_text()

    def inward(self):
        self.enrol("--url", f"https://localhost:{self.product.server_port}/", "--channel-in", CHANNEL)
        self.check("in_empty", self.pull("pull")[:1] == [("pull", CHANNEL)], self.product.log)
        self.in_message()
        self.in_again()
        self.in_refused("bad_digest", "EBMS:0101", style="bad-digest")
        self.in_refused("bad_tag", "EBMS:0102", style="bad-tag")
        self.in_refused("other_channel", "EBMS:0010", mpc=CHANNEL + ":other")
        self.product.is_unsigned = True
        self.pull("pull")
        self.check("in_unsigned_empty", self.until(lambda: self.log_has('"unauthenticated"')), "taken for an answer")

    # ------------------------------------------------------------ the product pulls

    def post(self, octets, kind=SOAP):
        client = kit.Client(self.party.path("tls.pem"), self.party.path("tls.key"), str(self.folder / "node" / "root.pem"))
        return client.post(self.node.url(), kind, octets)

    def request(self, mpc):
        return oracle.signal(self.suite, str(self.folder), "there", f"p{time.monotonic_ns()}@there.example", None,
                             f'<e3:PullRequest mpc="{mpc}"/>')

    def outward(self):
        self.enrol("--channel-in", "", "--channel-out", OUT)
        text = self.folder / "note.txt"
        text.write_text("fetched (invented)")
        packet = self.node.send([text])
        self.check("out_waits", self.node.sent(packet, ("queued",)).get("state") == "queued", packet)
        self.check("out_other_channel", b"EBMS:0006" in self.post(self.request(OUT + ":other"))[1], "no EBMS:0006")
        request = self.request(OUT)
        status, body = self.post(request)
        self.check("out_replay", b"EBMS:0006" in self.post(request)[1], "the same request brought something again")
        self.out_open(packet, status, body)

    def out_open(self, packet, status, body):
        out = self.folder / "pulled"
        boundary = body.split(b"\r\n", 2)[0] if body.startswith(b"--") else body.split(b"\r\n")[1]
        root = body.split(b"Content-ID: <", 1)[1].split(b">", 1)[0].decode()
        out.with_suffix(".mime").write_bytes(body)
        out.with_suffix(".type").write_text(f'multipart/related; boundary="{boundary[2:].decode()}"; start="<{root}>"')
        opened = oracle.open_message(self.suite, str(self.folder), str(out), reader="there")
        wanted = hashlib.sha256((self.folder / "note.txt").read_bytes()).hexdigest()
        doc = etree.fromstring(oracle.split(str(out))[0])
        user = oracle.one(doc, "env:Header/eb:Messaging/eb:UserMessage")
        self.check("out_message", status == 200 and opened["parts"] == [wanted] and user.get("mpc") == OUT, opened)
        receipt = oracle.receipt_for(self.suite, str(self.folder), "there", "r1@there.example",
                                     oracle.one(user, "eb:MessageInfo/eb:MessageId").text, oracle.signed_set(str(out)))
        status, answer = self.post(receipt)
        entry = self.node.sent(packet, ("receipt-verified", "failed"))
        self.check("out_receipt", status == 202 and not answer and entry.get("state") == "receipt-verified", (status, entry))

    def all(self):
        self.node.start()
        try:
            self.inward()
            self.outward()
        finally:
            self.node.stop()
            self.product.shutdown()


def main():
    failed = 0
    for name in keys.SUITES:
        scene = Scene(sys.argv[1], name, pathlib.Path(sys.argv[2]) / name)
        scene.all()
        failed += scene.failed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
