"""A full disk at a real node (security.md L-09): the sender is asked to come again, nothing is half stored, and all
goes on when there is space. Once with a small tmpfs under the receiving home, once with the size of files limited
so that the ledger itself cannot be written (neither needs more than what the test makes itself)."""

import os
import resource
import signal
import sqlite3
import subprocess
import time

from saphan_nodes import Folder, main

FLOOR = 64 << 20  # free space that a node keeps for itself
HOME_SIZE = 96 << 20


def allow_file_size(node, octets):
    """Files of the node's process may grow to this size; None: any size again."""
    _, hard = resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (hard if octets is None else octets, hard))


def image(node):
    """What a refusal must leave as it was."""
    status = node.must("GET", "node")
    files = sum(len(names) for part in ("vault", "spool", "outgoing")
                for _, _, names in os.walk(os.path.join(node.home, part)))
    return status["ledger"]["size"], status["inbox"]["received"], files


def wait_state(node, packet, states, seconds=20):
    end = time.monotonic() + seconds
    row = None
    while time.monotonic() < end:
        row = node.state_of(packet)
        if row and row["state"] in states:
            return row
        time.sleep(0.05)
    return row or {"state": "gone"}


def hurry(node):
    """Stop, take the minutes of the retry ladder away, start."""
    node.stop()
    with sqlite3.connect(os.path.join(node.home, "node.db"), timeout=30) as db:
        db.execute("UPDATE outbox SET next_ms = 0 WHERE state IN ('submitted', 'sending', 'wait-retry')")
    db.close()
    node.start()


def one_way(report, name, a, b, fill, empty, is_torn):
    """A asks B while B's disk is full, then while it is not. is_torn: the ledger was in the middle of a commit, so
    the node takes nothing until it is started again and has looked at what is on its disk."""
    before = image(b)
    fill()
    packets = [a.ask(b), a.ask(b, attachment=b"%PDF-1.4 invented\n" * 50000)]
    for packet in packets:
        row = wait_state(a, packet, ("retrying", "failed", "receipt-verified"))
        report.check(f"disk_{name}_sender_is_asked_to_come_again", row["state"] == "retrying", f"{row}")
    try:
        status, answer = b.api("POST", "packets", {"draft": {}, "to": []})
        report.check(f"disk_{name}_node_still_answers", status >= 400, f"{status} {answer}")
        b.ask(a)
        report.not_ok(f"disk_{name}_submit_at_the_full_node_is_refused", "it was kept")
    except OSError as e:
        report.check(f"disk_{name}_submit_at_the_full_node_is_refused", "submit: " in str(e) or "upload" in str(e),
                     f"{e}")
    report.check(f"disk_{name}_nothing_is_half_stored", image(b) == before, f"{before} -> {image(b)}")
    report.check(f"disk_{name}_node_stays_up", b.is_up(), "it ended")
    is_stopped = b.must("GET", "node")["ledger"]["isStopped"]
    report.check(f"disk_{name}_status_says_whether_a_start_is_needed", is_stopped == is_torn, f"{is_stopped}")
    empty()
    if is_torn:
        code = b.stop()
        report.check(f"disk_{name}_stopped_node_ends_by_itself", code == 0, f"exit {code}")
        start_limited(b)
    hurry(a)
    for packet in packets:
        row = wait_state(a, packet, ("receipt-verified",))
        report.check(f"disk_{name}_message_passes_when_space_is_back", row["state"] == "receipt-verified", f"{row}")
    fault = b.exchange(a)
    report.check(f"disk_{name}_full_node_submits_again", fault is None, fault)
    report.check(f"disk_{name}_each_arrived_once", image(b)[1] == before[1] + 2, f"{before} -> {image(b)}")


def finish(report, name, nodes):
    for node in nodes:
        node.stop()
        done = node.run("ledger", "verify", check=False)
        report.check(f"disk_{name}_ledger_of_{node.party}_holds", done.returncode == 0,
                     f"exit {done.returncode}: {done.stdout.decode()[:200]}")


def start_limited(node):
    """A write over the limit is an error and not a signal, as it is on a full disk."""
    node.start(preexec=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))


def pair(folder):
    a = folder.node("la.aid.example", "legal-aid", "LA", "Example Legal Aid (fictitious)")
    b = folder.node("th.ngo.example", "ngo", "TH", "Example Foundation (fictitious)")
    a.start()
    start_limited(b)
    a.trust(b)
    b.trust(a)
    return a, b


def with_limited_files(report):
    with Folder() as folder:
        a, b = pair(folder)
        fault = a.exchange(b)
        report.check("disk_limit_exchange_before", fault is None, fault)
        one_way(report, "limit", a, b, lambda: allow_file_size(b, 4096), lambda: allow_file_size(b, None), True)
        finish(report, "limit", (a, b))


def fill_up(home):
    """All that is left, and a little is then not enough for anything."""
    with open(os.path.join(home, "filler"), "wb", buffering=0) as f:
        try:
            while True:
                f.write(bytes(1 << 16))
        except OSError:
            pass


def with_tmpfs(report):
    with Folder() as folder:
        home = os.path.join(folder.path, "ngo")
        os.mkdir(home, 0o700)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={HOME_SIZE},mode=0700", "tmpfs", home],
                          capture_output=True).returncode != 0:
            report.skip("disk_tmpfs", "no right to mount a tmpfs here")
            return
        try:
            a, b = pair(folder)
            fault = a.exchange(b)
            report.check("disk_tmpfs_exchange_before", fault is None, fault)
            one_way(report, "tmpfs", a, b, lambda: fill_up(home), lambda: os.remove(os.path.join(home, "filler")),
                    False)
            finish(report, "tmpfs", (a, b))
        finally:
            for node in folder.nodes:
                node.stop()
            subprocess.run(["umount", home], check=False)


def run(report):
    with_limited_files(report)
    with_tmpfs(report)


main(run)
