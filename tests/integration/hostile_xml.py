"""Files and addresses that a hostile document names (security.md M-10, X-12): strace looks on while a real node takes
such messages in, and while `saphan check` reads such files. Each name is a file that is there, or a port that listens,
so whoever followed it would be seen twice: in the trace, and by its success."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time

from saphan_nodes import SAPHAN, Folder, main
from storm import Sender, answer, recorded

CALLS = "trace=%file,%network"
# A sanitizer's look for leaks is a trace itself, and a process has room for one.
TRACED = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def may_trace():
    """None, or why system calls cannot be looked at here."""
    if shutil.which("strace") is None:
        return "no strace here"
    done = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, timeout=30)
    if done.returncode != 0:
        return f"ptrace is not allowed here: {done.stderr.decode()[:80].strip()}"
    # A debugger that asks a process already running needs more than one that starts it.
    sleeper = subprocess.Popen(["sleep", "20"])
    looker = subprocess.Popen(["strace", "-p", str(sleeper.pid), "-o", "/dev/null"], stderr=subprocess.PIPE)
    time.sleep(0.5)
    refused = looker.poll()
    for process in (looker, sleeper):
        process.terminate()
        process.wait()
    return None if refused is None else "ptrace of a running process is not allowed here"


class Trace:
    """The system calls of a running process, as text at the end."""

    def __init__(self, pid, path):
        self.path = path
        self.process = subprocess.Popen(["strace", "-f", "-s", "256", "-e", CALLS, "-o", path, "-p", str(pid)],
                                        stderr=subprocess.PIPE)
        os.set_blocking(self.process.stderr.fileno(), True)
        self.process.stderr.readline()  # "Process N attached"

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)
        with open(self.path, encoding="utf-8", errors="replace") as f:
            return f.read()


class Bait:
    """Files and a port that nobody has a reason to touch."""

    def __init__(self, folder):
        self.file = os.path.join(folder, "bait-file.xml")
        self.catalog = os.path.join(folder, "bait-catalog.xml")
        for path in (self.file, self.catalog):
            with open(path, "w", encoding="ascii") as f:
                f.write("<bait>an invented text</bait>\n")
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]

    def names(self):
        return [f"file://{self.file}", self.file, f"http://127.0.0.1:{self.port}/bait.xml"]

    def taken(self, trace):
        """What of it was touched: lines of the trace, and calls that came."""
        seen = [line for line in trace.splitlines()
                if "bait-" in line or re.search(rf"connect\(.*htons\({self.port}\)", line)]
        try:
            self.listener.accept()[0].close()
            seen.append("a call came")
        except BlockingIOError:
            pass
        return seen


def documents(name):
    """(what, document) that name a file or an address in each way XML has."""
    return [
        ("schemaLocation", f'<a {XSI} xsi:schemaLocation="urn:b {name}" xsi:noNamespaceSchemaLocation="{name}"/>'),
        ("xinclude", f'<a><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{name}"/></a>'),
        ("stylesheet", f'<?xml-stylesheet type="text/xsl" href="{name}"?><a/>'),
        ("doctype", f'<!DOCTYPE a SYSTEM "{name}"><a/>'),
        ("entity", f'<!DOCTYPE a [<!ENTITY e SYSTEM "{name}">]><a>&e;</a>'),
        ("parameter entity", f'<!DOCTYPE a [<!ENTITY % e SYSTEM "{name}"> %e;]><a/>'),
    ]


def changes(name):
    """(id, change of the SOAP part) that name it in each way a message has."""
    def before_root(text):
        return lambda soap: soap.replace(b"<env:Envelope", text.encode() + b"<env:Envelope", 1)

    def into_header(text):
        return lambda soap: soap.replace(b"<env:Header>", b"<env:Header>" + text.encode(), 1)

    def attribute(text):
        return lambda soap: soap.replace(b"<env:Envelope", b"<env:Envelope " + text.encode(), 1)

    return [
        ("m10", lambda soap: re.sub(rb'href="cid:[^"]*"', f'href="{name}"'.encode(), soap, count=1)),
        ("m10", lambda soap: re.sub(rb'URI="cid:[^"]*"', f'URI="{name}"'.encode(), soap)),
        ("x12", attribute(f'{XSI} xsi:schemaLocation="urn:b {name}"')),
        ("x12", into_header(f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{name}"/>')),
        ("x12", before_root(f'<?xml-stylesheet href="{name}"?>')),
        ("x12", before_root(f'<!DOCTYPE a SYSTEM "{name}">')),
        ("x12", before_root(f'<!DOCTYPE a [<!ENTITY e SYSTEM "{name}">]>')),
    ]


def changed(message, change):
    content_type, wire = message
    begin = wire.index(b"<env:Envelope")
    end = wire.index(b"</env:Envelope>") + len(b"</env:Envelope>")
    soap = change(wire[begin:end])
    if soap == wire[begin:end]:
        raise RuntimeError("the message was not changed")
    return content_type, wire[:begin] + soap + wire[end:]


def messages(report, folder, bait, a, b):
    sender, seen, answers = Sender(a, b), {"m10": [], "x12": []}, {"m10": [], "x12": []}
    message = recorded(a, 1)[0]
    for name in bait.names():
        for ident, change in changes(name):
            trace = Trace(b.process.pid, os.path.join(folder, "trace.txt"))
            connection = sender.connect()
            sender.ask(changed(message, change), connection)
            status, _, body = answer(connection)
            connection.close()
            text = trace.end()
            answers[ident].append((status, b"EBMS:00" in body or b"EBMS:01" in body, "accept4(" in text))
            seen[ident] += bait.taken(text)
    for ident in ("m10", "x12"):
        report.check(f"{ident}_node_answers_and_is_watched",
                     all(status == 200 and watched for status, _, watched in answers[ident]), answers[ident])
        report.check(f"{ident}_node_opens_nothing_that_a_message_names", not seen[ident], seen[ident][:5])
    report.check("m10_every_href_outside_is_refused", all(refused for _, refused, _ in answers["m10"]), answers["m10"])


def files(report, folder, bait, a):
    seen, codes = [], []
    for name in bait.names():
        for number, (what, text) in enumerate(documents(name)):
            path = os.path.join(folder, f"hostile-{number}.xml")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            trace = os.path.join(folder, "check.txt")
            done = subprocess.run(["strace", "-f", "-s", "256", "-e", CALLS, "-o", trace, SAPHAN, "--home", a.home,
                                   "check", path], capture_output=True, timeout=60, env=TRACED)
            with open(trace, encoding="utf-8", errors="replace") as f:
                lines = f.read()
            codes.append((what, done.returncode, os.path.basename(path) in lines))
            seen += bait.taken(lines)
    report.check("x12_check_reads_and_refuses_each_file", all(code == 4 and read for _, code, read in codes), codes)
    report.check("x12_check_opens_nothing_that_a_file_names", not seen, seen[:5])


def control(report, folder, bait):
    """The look-out sees an open and a call when there is one: without this the rest would prove nothing."""
    path = os.path.join(folder, "control.txt")
    program = f"open({bait.file!r}).close(); import socket; socket.create_connection(('127.0.0.1', {bait.port})).close()"
    subprocess.run(["strace", "-f", "-s", "256", "-e", CALLS, "-o", path, "python3", "-c", program], timeout=60, check=True,
                   capture_output=True)
    with open(path, encoding="utf-8", errors="replace") as f:
        seen = bait.taken(f.read())
    report.check("look_out_sees_an_open_and_a_call", len(seen) >= 3, seen)


def run(report):
    reason = may_trace()
    if reason:
        for name in ("m10_node_opens_nothing_that_a_message_names", "x12_node_opens_nothing_that_a_message_names",
                     "x12_check_opens_nothing_that_a_file_names"):
            report.skip(name, reason)
        return
    with Folder() as folder:
        bait = Bait(folder.path)
        os.environ["XML_CATALOG_FILES"] = bait.catalog
        a = folder.node("la.alpha.example", "legal-aid", "LA", "Alpha (fictitious)")
        b = folder.node("th.beta.example", "ngo", "TH", "Beta (fictitious)")
        a.start()
        b.start()
        a.trust(b)
        b.trust(a)
        b.stop()
        a.ask(b)
        recorded(a, 1)
        a.stop()
        b.start()
        control(report, folder.path, bait)
        messages(report, folder.path, bait, a, b)
        files(report, folder.path, bait, a)
        report.check("node_lives_after_hostile_documents", b.is_up(), "it ended")


if __name__ == "__main__":
    main(run)
