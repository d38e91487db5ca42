"""Bad clients at the exchange port of a real node (security.md 2.1, 2.2): certificates that must not get in, TLS
that is too old, HTTP that is not one message. After each group the node still serves, has written nothing, and a
good message passes."""

import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import warnings

from saphan_nodes import Folder, main

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
warnings.simplefilter("ignore", DeprecationWarning)  # of the old TLS versions that are tried here
USAGE = "keyUsage=critical,digitalSignature"
HEAD_S, HANDSHAKE_S, SLACK_S = 10, 6, 6


def openssl(*words, faketime=None):
    env = dict(os.environ)
    if faketime:
        env.update(LD_PRELOAD=FAKETIME, FAKETIME=faketime)
    subprocess.run(["openssl", *words], env=env, check=True, capture_output=True, timeout=60)


class Certs:
    """Certificates of our own making, in PEM: those of a home, and others signed by its root."""

    def __init__(self, folder, node):
        self.folder = folder
        self.node = node

    def path(self, name):
        return os.path.join(self.folder, name)

    def of_home(self, slot):
        """A key and certificate of the node as one PEM file."""
        out = self.path(f"{slot}.pem")
        with open(out, "wb") as f:
            for kind, word in (("cert", "x509"), ("key", "pkey")):
                source = os.path.join(self.node.home, "keys", f"{slot}.{kind}")
                part = self.path("part.pem")
                with open(source, "rb") as s:
                    form = "PEM" if s.read(5) == b"-----" else "DER"
                openssl(word, "-in", source, "-inform", form, "-out", part)
                with open(part, "rb") as p:
                    f.write(p.read())
        return out

    def make(self, name, party, extensions=None, issuer=True, faketime=None, days="30"):
        """A fresh P-256 key with a certificate for a party, under the node's root or self-signed."""
        key, request, cert, ext = (self.path(f"{name}.{end}") for end in ("key", "csr", "crt", "ext"))
        extensions = extensions or [USAGE, "extendedKeyUsage=clientAuth,serverAuth"]
        with open(ext, "w", encoding="ascii") as f:
            f.write("\n".join(["basicConstraints=critical,CA:FALSE", *extensions, f"subjectAltName=URI:urn:saphan:party:{party}",
                               "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"]) + "\n")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        openssl("req", "-new", "-key", key, "-subj", f"/CN={party}", "-out", request)
        signing = ["-signkey", key]
        if issuer:
            root = self.of_home("root")
            signing = ["-CA", root, "-CAkey", root, "-set_serial", str(time.time_ns())]
        openssl("x509", "-req", "-in", request, "-days", days, "-extfile", ext, *signing, "-out", cert,
                faketime=faketime)
        out = self.path(f"{name}.pem")
        with open(out, "wb") as f:
            for part in (cert, key):
                with open(part, "rb") as p:
                    f.write(p.read())
        return out


def context(cert, minimum=None, maximum=None, ciphers="DEFAULT:@SECLEVEL=0"):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    c.minimum_version = minimum or ssl.TLSVersion.TLSv1_2
    c.maximum_version = maximum or ssl.TLSVersion.MAXIMUM_SUPPORTED
    c.set_ciphers(ciphers)
    if cert:
        c.load_cert_chain(cert)
    return c


def connect(port, ctx, timeout=20):
    return ctx.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=timeout))


def read_all(s):
    data = b""
    try:
        while len(data) < 1 << 20:
            more = s.recv(65536)
            if not more:
                break
            data += more
    except (OSError, ssl.SSLError):
        pass
    return data


def talk(port, ctx, request):
    """Octets of the answer; empty when the connection was refused or ended without one."""
    try:
        with connect(port, ctx) as s:
            try:
                s.sendall(request)
            except (OSError, ssl.SSLError):
                pass  # an early answer is still to be read
            return read_all(s)
    except (OSError, ssl.SSLError):
        return b""


def status_of(answer):
    words = answer.split(b" ", 2)
    return int(words[1]) if len(words) > 2 and words[0] == b"HTTP/1.1" and words[1].isdigit() else None


def post(host, length=2, more="", line="POST /as4 HTTP/1.1", body="{}"):
    return (f"{line}\r\nHost: {host}\r\nContent-Type: application/soap+xml\r\nConnection: close\r\n"
            f"{f'Content-Length: {length}' + chr(13) + chr(10) if length is not None else ''}{more}\r\n{body}").encode()


class Judge:
    """Asks the node before and after a group what it holds."""

    def __init__(self, report, target, partner):
        self.report, self.target, self.partner = report, target, partner

    def image(self):
        status = self.target.must("GET", "node")
        return status["ledger"]["size"], status["inbox"]["received"]

    def begin(self):
        self.before = self.image()

    def end(self, group):
        self.report.check(f"tls_{group}_leaves_no_trace", self.image() == self.before,
                          f"ledger and inbox {self.before} -> {self.image()}")
        fault = self.partner.exchange(self.target)
        self.report.check(f"tls_{group}_good_message_passes_after", fault is None and self.target.is_up(), fault)


def certificates(report, judge, certs, target, party):
    """T-01 to T-06: who does not get a word of HTTP. And the control: a certificate made the same way that does."""
    request = post(f"127.0.0.1:{target.port}")
    bad = {
        "T-01_no_certificate": None,
        "T-02_self_signed": certs.make("self", party, issuer=False),
        "T-02_signing_certificate_ed25519": certs.of_home("sign-ed25519"),
        "T-02_signing_certificate_rsa": certs.of_home("sign-rsa3072"),
        "T-04_root_as_leaf": certs.of_home("root"),
        "T-04_no_usage_for_clients": certs.make("server", party, [USAGE, "extendedKeyUsage=serverAuth"]),
        "T-04_any_usage": certs.make("any", party, [USAGE, "extendedKeyUsage=anyExtendedKeyUsage"]),
        "T-04_no_extended_usage": certs.make("none", party, [USAGE]),
        "T-04_key_for_agreement_only": certs.make("agree", party, ["keyUsage=critical,keyAgreement",
                                                                   "extendedKeyUsage=clientAuth,serverAuth"]),
        "T-06_party_of_another": certs.make("other", "th.other.example"),
        "T-06_party_with_a_tail": certs.make("tail", party + ".evil.example"),
    }
    if os.path.exists(FAKETIME):
        bad["T-03_expired"] = certs.make("expired", party, faketime="-40d")
        bad["T-03_not_yet_valid"] = certs.make("early", party, faketime="+40d")
    else:
        report.skip("tls_T-03_expired", "libfaketime is not installed")
    judge.begin()
    for name, cert in bad.items():
        answer = talk(target.port, context(cert), request)
        report.check(f"tls_{name}_is_refused", status_of(answer) in (None, 403) and not (cert is None and answer),
                     f"answer {answer[:80]!r}")
    answer = talk(target.port, context(certs.make("good", party)), request)
    report.check("tls_control_good_certificate_gets_an_answer", status_of(answer) not in (None, 403),
                 f"answer {answer[:80]!r}")
    judge.before = judge.image()
    judge.end("certificates")


def versions(report, judge, cert, target):
    """T-07: nothing below TLS 1.2, nothing but AEAD with ECDHE."""
    request = post(f"127.0.0.1:{target.port}", line="GET /as4 HTTP/1.1", length=None, body="")
    v = ssl.TLSVersion
    tries = {
        "T-07_tls_1_0": (v.TLSv1, v.TLSv1, "ALL:@SECLEVEL=0", False),
        "T-07_tls_1_1": (v.TLSv1_1, v.TLSv1_1, "ALL:@SECLEVEL=0", False),
        "T-07_cbc": (v.TLSv1_2, v.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0", False),
        "T-07_null": (v.TLSv1_2, v.TLSv1_2, "eNULL:@SECLEVEL=0", False),
        "control_tls_1_2": (v.TLSv1_2, v.TLSv1_2, "ECDHE+AESGCM", True),
        "control_tls_1_3": (v.TLSv1_3, v.TLSv1_3, "DEFAULT", True),
    }
    judge.begin()
    for name, (low, high, ciphers, is_good) in tries.items():
        answer = talk(target.port, context(cert, low, high, ciphers), request)
        report.check(f"tls_{name}", (status_of(answer) == 405) == is_good and (is_good or not answer),
                     f"answer {answer[:80]!r}")
    judge.end("versions")


def second_handshakes(report, judge, cert, target):
    """T-08: no renegotiation, no session that is taken up again, no early data, no compression."""
    judge.begin()
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{target.port}", "-cert", cert, "-key", cert,
                           "-tls1_2"], input=b"R\n", capture_output=True, timeout=30)
    said = done.stdout + done.stderr
    report.check("tls_T-08_renegotiation_is_refused", b"RENEGOTIATING" in said and b"no renegotiation" in said, said[-300:])
    for name, version in (("1_2", ssl.TLSVersion.TLSv1_2), ("1_3", ssl.TLSVersion.TLSv1_3)):
        ctx = context(cert, version, version)
        with connect(target.port, ctx) as first:
            first.sendall(post(f"127.0.0.1:{target.port}", line="GET /as4 HTTP/1.1", length=None, body=""))
            answered = status_of(read_all(first)) == 405
            session, compression = first.session, first.compression()
        with ctx.wrap_socket(socket.create_connection(("127.0.0.1", target.port), timeout=20), session=session) as again:
            reused = again.session_reused
        report.check(f"tls_T-08_no_compression_{name}", answered and compression is None, compression)
        report.check(f"tls_T-08_no_ticket_{name}", session is None or not session.has_ticket, "a ticket")
        report.check(f"tls_T-08_no_session_is_taken_up_again_{name}", not reused, "it was")
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{target.port}", "-cert", cert, "-key", cert,
                           "-tls1_3"], input=b"Q\n", capture_output=True, timeout=30)
    report.check("tls_T-08_no_early_data", b"Max Early Data: 0" in done.stdout or b"Max Early Data" not in done.stdout,
                 done.stdout[-300:])
    judge.end("second_handshakes")


def http(report, judge, cert, target):
    """H-01 to H-08: refused by its status and the connection ends, whatever follows."""
    host = f"127.0.0.1:{target.port}"
    good = post(host)
    rows = [
        ("H-01_length_and_chunked", post(host, more="Transfer-Encoding: chunked\r\n"), {400}),
        ("H-02_two_lengths_equal", post(host, more="Content-Length: 2\r\n"), {400}),
        ("H-02_two_lengths_differ", post(host, more="Content-Length: 3\r\n"), {400}),
        ("H-02_length_list", post(host, length="2, 2"), {400}),
        ("H-02_length_plus", post(host, length="+2"), {400}),
        ("H-02_length_huge", post(host, length="99999999999999999999"), {400, 413}),
        ("H-02_length_over_the_limit", post(host, length=1 << 40), {400, 413}),
        ("H-03_chunked_twice", post(host, length=None, more="Transfer-Encoding: chunked, chunked\r\n"), {400, 501}),
        ("H-03_gzip_chunked", post(host, length=None, more="Transfer-Encoding: gzip, chunked\r\n"), {400, 501}),
        ("H-05_bare_lf", good.replace(b"\r\n", b"\n"), {400}),
        ("H-05_one_bare_lf", good.replace(b"Connection: close\r\n", b"Connection: close\n"), {400}),
        ("H-05_folded", post(host, more="X-A: b\r\n c\r\n"), {400}),
        ("H-05_space_before_colon", post(host, more="X-A : b\r\n"), {400}),
        ("H-05_nul", post(host, more="X-A: b\0c\r\n"), {400}),
        ("H-06_http_0_9", b"GET /as4\r\n\r\n", {400, 505}),
        ("H-06_http_2_0", post(host, line="POST /as4 HTTP/2.0"), {400, 505}),
        ("H-06_connect", post(host, line="CONNECT evil.example:443 HTTP/1.1"), {400, 405, 501}),
        ("H-07_other_host", post("evil.example"), {400, 421}),
        ("H-07_no_host", good.replace(f"Host: {host}\r\n".encode(), b""), {400}),
        ("H-07_two_hosts", post(host, more=f"Host: {host}\r\n"), {400}),
        ("H-08_header_of_1_MB", post(host, more=f"X-A: {'a' * (1 << 20)}\r\n"), {400, 431}),
        ("H-08_many_fields", post(host, more="X-A: b\r\n" * 200), {400, 431}),
        ("H-08_line_of_1_MB", post(host, line=f"POST /{'a' * (1 << 20)} HTTP/1.1"), {400, 414, 431}),
        ("get_on_as4", post(host, length=None, line="GET /as4 HTTP/1.1", body=""), {405}),
        ("put_on_as4", post(host, line="PUT /as4 HTTP/1.1"), {405}),
        ("other_path", post(host, line="POST /elsewhere HTTP/1.1"), {404}),
        ("api_is_not_here", post(host, length=None, line="GET /api/1/node HTTP/1.1", body=""), {404, 405}),
        ("content_encoding", post(host, more="Content-Encoding: gzip\r\n"), {415}),
        ("content_type", post(host).replace(b"application/soap+xml", b"text/html"), {415}),
    ]
    judge.begin()
    for name, request, wanted in rows:
        answer = talk(target.port, context(cert), request)
        report.check(f"tls_{name}", status_of(answer) in wanted and answer.count(b"HTTP/1.1 ") == 1,
                     f"answer {answer[:80]!r}, expected {sorted(wanted)}")
    judge.end("http")


class Slow(threading.Thread):
    """A client that takes its time; how long it was borne, and what it was told."""

    def __init__(self, name, run, limit):
        super().__init__(daemon=True)
        self.name, self.job, self.limit = name, run, limit
        self.answer, self.seconds = b"", None

    def run(self):
        began = time.monotonic()
        try:
            self.answer = self.job()
        except (OSError, ssl.SSLError):
            pass
        self.seconds = time.monotonic() - began


def drip(open_socket, octets, seconds, first=b""):
    """One octet a second until the other side ends it."""
    with open_socket() as s:
        s.settimeout(0.05)
        s.sendall(first)
        end = time.monotonic() + seconds
        for octet in octets:
            s.sendall(bytes([octet]))
            pause = time.monotonic() + 1
            while time.monotonic() < pause:
                try:
                    more = s.recv(4096)
                    return more
                except (TimeoutError, ssl.SSLWantReadError):
                    pass
            if time.monotonic() > end:
                return b"borne too long"
    return b""


def slow(report, judge, cert, target):
    """H-09, T-10: absolute deadlines, while others are served."""
    host = f"127.0.0.1:{target.port}"
    request = post(host, length=100000, body="")
    hello = bytes.fromhex("16030101000100010000fc0303") + bytes(500)
    jobs = []
    for i in range(4):
        jobs += [
            Slow(f"H-09_head_drip_{i}", lambda: drip(lambda: connect(target.port, context(cert)), request,
                                                     HEAD_S + SLACK_S + 10), HEAD_S + SLACK_S),
            Slow(f"T-10_handshake_drip_{i}", lambda: drip(lambda: socket.create_connection(
                ("127.0.0.1", target.port)), hello, HANDSHAKE_S + SLACK_S + 10), HANDSHAKE_S + SLACK_S),
        ]
    jobs.append(Slow("H-09_body_drip", lambda: drip(lambda: connect(target.port, context(cert)), bytes(100),
                                                    60, request), 45))
    judge.begin()
    for job in jobs:
        job.start()
    time.sleep(2)
    began = time.monotonic()
    fault = judge.partner.exchange(target, 10)
    report.check("tls_H-09_others_are_served_meanwhile", fault is None, fault)
    report.check("tls_H-09_others_do_not_wait", time.monotonic() - began < 5, f"{time.monotonic() - began:.1f} s")
    for job in jobs:
        job.join(timeout=90)
        report.check(f"tls_{job.name}_ends", job.seconds is not None and job.seconds <= job.limit
                     and job.answer != b"borne too long" and status_of(job.answer) != 200,
                     f"after {job.seconds} s with {job.answer[:60]!r}, limit {job.limit} s")
    judge.before = judge.image()
    judge.end("slow")


def strangers(report, judge, folder, a, b):
    """A node that nobody added, and a node in the place of another."""
    d = folder.node("la.stranger.example", "legal-aid", "LA", "Stranger (fictitious)")
    d.start()
    d.trust(b)
    judge.begin()
    packet = d.ask(b)
    end = time.monotonic() + 20
    row = None
    while time.monotonic() < end and not (row and row["state"] == "retrying"):
        row = d.state_of(packet)
        time.sleep(0.1)
    report.check("tls_stranger_waits_and_is_not_heard", row and row["state"] == "retrying", f"{row}")
    judge.end("stranger")
    d.stop()
    b.stop()
    shutil.copy(os.path.join(d.home, "saphan.ini"), d.home + ".ini")
    with open(os.path.join(d.home, "saphan.ini"), encoding="utf-8") as f:
        text = f.read().replace(str(d.port), str(b.port))
    with open(os.path.join(d.home, "saphan.ini"), "w", encoding="utf-8") as f:
        f.write(text)
    d.start()
    before = d.must("GET", "node")["inbox"]["received"]
    packet = a.ask(b)
    row, end = None, time.monotonic() + 20
    while time.monotonic() < end and not (row and row["state"] == "retrying"):
        row = a.state_of(packet)
        time.sleep(0.1)
    report.check("tls_T-11_other_node_at_the_partners_address_gets_nothing",
                 row and row["state"] == "retrying" and row["errorCode"] == "wrong-partner"
                 and d.must("GET", "node")["inbox"]["received"] == before, f"{row}")
    d.stop()
    b.start()


def run(report):
    with Folder() as folder:
        a = folder.node("la.aid.example", "legal-aid", "LA", "Example Legal Aid (fictitious)")
        b = folder.node("th.ngo.example", "ngo", "TH", "Example Foundation (fictitious)")
        for node in (a, b):
            node.start()
        a.trust(b)
        b.trust(a)
        judge = Judge(report, b, a)
        judge.begin()
        certs = Certs(folder.path, a)
        cert = certs.of_home("tls")
        certificates(report, judge, certs, b, a.party)
        versions(report, judge, cert, b)
        second_handshakes(report, judge, cert, b)
        http(report, judge, cert, b)
        slow(report, judge, cert, b)
        strangers(report, judge, folder, a, b)
        for node in (a, b):
            code = node.stop()
            report.check(f"tls_{node.party}_stops_by_itself", code == 0, f"exit {code}")
            done = node.run("ledger", "verify", check=False)
            report.check(f"tls_ledger_of_{node.party}_holds", done.returncode == 0, f"exit {done.returncode}")


main(run)
