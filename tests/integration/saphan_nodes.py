"""Real nodes on the loopback for the integration tests: homes made by `saphan init`, served by `saphan run`,
asked through the control socket. Standard library only."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SAPHAN = os.environ.get("SAPHAN", "saphan")

QUESTION = {
    "type": "assistance-request",
    "header": {"language": ["en"]},
    "body": {
        "subtype": "information",
        "question": {"en": "How can a victim claim compensation?"},
        "topic": ["compensation"],
        "location": "TH-43",
        "urgency": "normal",
        "capacity": "legal-aid",
        "wanted": ["procedure"],
        "answerLanguage": ["en"],
    },
}


class Report:
    """Lines that tests/run.sh counts."""

    def __init__(self):
        self.failed = 0

    def ok(self, name):
        print(f"ok {name}", flush=True)

    def not_ok(self, name, reason):
        self.failed += 1
        print(f"not ok {name}: {reason}", flush=True)

    def check(self, name, holds, reason):
        if holds:
            self.ok(name)
        else:
            self.not_ok(name, reason)

    def check_memory(self, name, seen_mb, most_mb):
        """A sanitizer keeps what was freed, so its memory says nothing about the program."""
        if "asan" in SAPHAN or "tsan" in SAPHAN:
            self.skip(name, f"memory is judged without a sanitizer; {seen_mb:.0f} MB with it")
        else:
            self.check(name, 0 < seen_mb <= most_mb, f"{seen_mb:.1f} MB, at most {most_mb}")

    def skip(self, name, reason):
        print(f"skip {name}: {reason}", flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("saphan", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Node:
    """One home and, while it is served, its process."""

    def __init__(self, folder, party, kind, country, name, reached_at=None, listen=None, prefix=(),
                 is_pull_only=False, more=()):
        """reached_at: the port that the card names, when something stands in front of the node; listen: "address:port"
        of the node and its card, when not on the loopback; prefix: words before the program, e.g. ip netns exec;
        is_pull_only: it has no address and fetches its messages; more: further options of init."""
        self.home = os.path.join(folder, party.split(".")[1])
        self.party = party
        self.port = free_port()
        self.prefix = list(prefix)
        listen = listen or f"127.0.0.1:{self.port}"
        self.process = None
        self.log = open(self.home + ".log", "ab")
        url = f"https://127.0.0.1:{reached_at}" if reached_at else f"https://{listen}"
        self.run(
            "init", "--party", party, "--name-en", name, "--kind", kind, "--country", country,
            *(["--pull-only"] if is_pull_only else ["--url", url, "--listen", listen]), "--training", *more,
        )

    def run(self, *words, check=True):
        """A command of the built program in this home."""
        done = subprocess.run([*self.prefix, SAPHAN, "--home", self.home, *words], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120)
        if check and done.returncode != 0:
            raise RuntimeError(f"saphan {words[0]}: exit {done.returncode}: {done.stderr.decode()[:300]}")
        return done

    def start(self, prefix=(), preexec=None):
        self.process = subprocess.Popen([*self.prefix, *prefix, SAPHAN, "--home", self.home, "run"], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, preexec_fn=preexec)
        self.wait_serving()

    def wait_serving(self, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.party} ended with {self.process.returncode} while starting; "
                                   f"log: {self.tail()}")
            try:
                if self.api("GET", "node")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError(f"{self.party} does not serve after {seconds} s; log: {self.tail()}")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self):
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.process = None
        return code

    def is_up(self):
        return self.process is not None and self.process.poll() is None

    def tail(self, lines=5):
        with open(self.home + ".log", "rb") as f:
            return b" | ".join(f.read().splitlines()[-lines:]).decode(errors="replace")

    def api(self, method, path, body=None, content_type="application/json", timeout=20):
        """(status, object or octets); OSError when there is no whole answer."""
        connection = UnixConnection(os.path.join(self.home, "run", "control.sock"), timeout)
        try:
            octets = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            connection.request(method, "/api/1/" + path, octets if method != "GET" else None,
                               {"Content-Type": content_type} if octets else {})
            answer = connection.getresponse()
            data = answer.read()
            if "json" in (answer.getheader("Content-Type") or ""):
                return answer.status, json.loads(data)
            return answer.status, data
        except (http.client.HTTPException, ValueError) as e:
            raise OSError(str(e)) from e
        finally:
            connection.close()

    def must(self, method, path, body=None, **more):
        status, answer = self.api(method, path, body, **more)
        if status >= 300:
            raise RuntimeError(f"{self.party} {method} {path}: {status} {str(answer)[:300]}")
        return answer

    def trust(self, other):
        """The ceremony: the other's card with the number that its people read out."""
        card = other.must("GET", "node/card")
        shown = self.must("POST", "partners/preview", card, content_type="application/xml")
        digits = shown["safetyNumber"].replace(" ", "")
        self.must("POST", f"partners?safety={digits}", card, content_type="application/xml")

    def ask(self, other, timeout=20, attachment=None):
        """Submit a question; its packet id once the node has answered that it is kept."""
        order = {"draft": QUESTION, "to": [other.party]}
        if attachment:
            status, answer = self.api("POST", "attachments", attachment, content_type="application/octet-stream",
                                      timeout=timeout)
            if status != 201:
                raise OSError(f"upload: {status}")
            order["attachments"] = [{"upload": answer["upload"], "mediaType": "application/pdf",
                                     "title": "An invented form", "lang": "en"}]
        status, answer = self.api("POST", "packets", order, timeout=timeout)
        if status != 201:
            raise OSError(f"submit: {status} {str(answer)[:200]}")
        return answer["items"][0]["packetId"]

    def box(self, name):
        """All rows of inbox or outbox."""
        rows, before = [], 0
        while True:
            page = self.must("GET", f"{name}?limit=500" + (f"&before={before}" if before else ""))["items"]
            rows += page
            if len(page) < 500:
                return rows
            before = page[-1]["row"]

    def events(self, kind):
        rows, before = [], None
        while True:
            page = self.must("GET", f"ledger/events?type={kind}&limit=10000" +
                             (f"&before={before}" if before is not None else ""), timeout=60)["items"]
            rows += page
            if len(page) < 10000:
                return rows
            before = page[-1]["index"]

    def state_of(self, packet_id):
        for row in self.must("GET", "outbox?limit=500")["items"]:
            if row["packetId"] == packet_id:
                return row
        return None

    def exchange(self, other, seconds=30):
        """A good message goes through: None, or what went wrong."""
        packet_id = self.ask(other)
        end = time.monotonic() + seconds
        row = None
        while time.monotonic() < end:
            row = self.state_of(packet_id)
            if row and row["state"] == "receipt-verified":
                return None
            time.sleep(0.05)
        return f"the message is {row}"


class Folder:
    """A temporary folder with a short name: a socket's path has 107 characters."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="sph-", dir="/tmp")
        self.nodes = []
        return self

    def node(self, *values, **more):
        node = Node(self.path, *values, **more)
        self.nodes.append(node)
        return node

    def __exit__(self, *failure):
        for node in self.nodes:
            if node.process is not None and node.process.poll() is None:
                node.process.kill()
                node.process.wait()
            node.log.close()
        if failure[0] is None or not os.environ.get("SAPHAN_KEEP"):
            shutil.rmtree(self.path, ignore_errors=True)


def main(run):
    """Run a test with its report; what it did not expect is a failure too."""
    report = Report()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # a time limit ends with the nodes stopped
    name = os.path.basename(sys.argv[0]).removesuffix(".py")
    try:
        run(report)
    except Exception as e:  # an open end is a failed test, whatever it was
        report.not_ok(f"{name}_runs_to_its_end", f"{type(e).__name__}: {e}")
    sys.exit(1 if report.failed else 0)
