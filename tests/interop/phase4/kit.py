"""The Java program of this folder as an object: phase4 as receiver and as sender, told what to do by JSON lines."""
import hashlib
import http.client
import json
import pathlib
import ssl
import subprocess
import threading
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
EB = "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/"
PARTY_TYPE = "urn:oasis:names:tc:ebcore:partyid-type:unregistered"
PING = (EB + "service", EB + "test")


class Kit:
    def __init__(self, folder, tls, endpoints, java=("-Xmx512m", "-XX:+UseSerialGC"), port=0):
        """tls, endpoints: as in Kit.java; java: options of the virtual machine. The log is FOLDER/kit.log."""
        self.folder = pathlib.Path(folder)
        parts = self.folder / "received"
        parts.mkdir(parents=True, exist_ok=True)
        classpath = f"{HERE}/target/classes:{(HERE / 'target/classpath').read_text()}"
        self.log = open(self.folder / "kit.log", "ab")
        self.process = subprocess.Popen(
            ["java", *java, f"-Djava.io.tmpdir={self.folder}", f"-Djava.security.properties={HERE}/java.security",
             "-Dphase4.manager.inmemory=true", f"-Dphase4.dump.path={self.folder}/dumps",
             "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", classpath, "saphan.interop.Kit"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, encoding="utf-8",
            cwd=self.folder)
        self.lock = threading.Lock()
        setup = {"port": port, "folder": str(parts), "tls": tls, "endpoints": endpoints}
        self.port = self.say(setup)["port"]

    def say(self, command):
        with self.lock:
            self.process.stdin.write(json.dumps(command, ensure_ascii=True) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the kit ended: {(self.folder / 'kit.log').read_text()[-2000:]}")
        return json.loads(line)

    def url(self, path="/as4"):
        return f"https://localhost:{self.port}{path}"

    def received(self):
        return self.say({"cmd": "received"})["messages"]

    def rss_mb(self):
        """The most memory it ever had resident."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024

    def stop(self):
        if self.process.poll() is None:
            try:
                self.process.stdin.write('{"cmd":"stop"}\n')
                self.process.stdin.close()
                self.process.wait(15)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.log.close()


def message(sender, receiver, files, **more):
    """A send command between two invented parties with the default roles."""
    command = {"cmd": "send", "partyType": PARTY_TYPE, "from": sender, "to": receiver, "fromRole": EB + "initiator",
               "toRole": EB + "responder", "service": "urn:saphan:service:1", "action": "a2",
               "parts": [{"file": str(file)} for file in files]}
    command.update(more)
    return command


class Client:
    """Posts octets with a client certificate: what a message looks like to the other side is then ours to change."""

    def __init__(self, certificate, key, trust):
        self.context = ssl.create_default_context(cafile=trust)
        self.context.check_hostname = False
        self.context.load_cert_chain(certificate, key)

    def post(self, url, kind, body):
        at = urllib.parse.urlsplit(url)
        connection = http.client.HTTPSConnection(at.hostname, at.port, context=self.context, timeout=60)
        try:
            connection.request("POST", at.path, body, {"Content-Type": kind})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def split_dump(octets):
    """Content-Type and body of what phase4 dumped: header lines, an empty line, the body; a bare envelope has none."""
    if octets.startswith(b"<"):
        return "application/soap+xml;charset=UTF-8", octets
    head, _, body = octets.partition(b"\r\n\r\n")
    lines = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").decode().split("\r\n")
    kind = next(line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("content-type:"))
    return kind, body.removeprefix(b"\r\n")


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
