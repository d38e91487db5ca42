"""Exactly once, and both ledgers hold: submitters that ask without pause while a test kills, cuts or slows what is
between two nodes, and the judge of what arrived. Standard library only."""

import collections
import json
import os
import sqlite3
import threading
import time

FORM = b"%PDF-1.4 an invented form\n" * 20000


class Submitter(threading.Thread):
    """Asks from one node to the other until told to stop; remembers what the node promised to keep."""

    def __init__(self, node, other, pause):
        super().__init__(daemon=True)
        self.node, self.other, self.pause = node, other, pause
        self.kept = []
        self.with_file = []
        self.lost_answers = 0
        self.is_stopping = False

    def end(self):
        """Ask nothing more; what was asked is all known when this returns."""
        self.is_stopping = True
        self.join()

    def run(self):
        while not self.is_stopping:
            has_file = len(self.kept) % 5 == 4
            try:
                packet = self.node.ask(self.other, timeout=10, attachment=FORM if has_file else None)
                self.kept.append(packet)
                if has_file:
                    self.with_file.append(packet)
                time.sleep(self.pause)
            except OSError:
                self.lost_answers += 1
                time.sleep(0.02)


def forget_waiting(node):
    """The node is down: take the minutes of the retry ladder away, as if they had passed."""
    with sqlite3.connect(os.path.join(node.home, "node.db"), timeout=30) as db:
        db.execute("UPDATE outbox SET next_ms = 0 WHERE state IN ('submitted', 'sending', 'wait-retry')")
    db.close()


def verify(node):
    """The ledger holds, by the program itself while nothing else has the home open."""
    done = node.run("ledger", "verify", "--json", check=False)
    if done.returncode != 0:
        return f"exit {done.returncode}: {(done.stdout + done.stderr).decode()[:300]}"
    return None if json.loads(done.stdout)["holds"] else done.stdout.decode()[:300]


def drain(nodes, seconds):
    """Everything that waits is sent, with a restart now and then instead of the ladder's minutes."""
    order, end = list(nodes), time.monotonic() + seconds
    while time.monotonic() < end:
        for node in nodes:
            node.stop()
            forget_waiting(node)
        # Who starts first tries at once, finds the other not there yet, and rests by the ladder, which is an hour after
        # many tries: so each is the second one in every other round.
        order.reverse()
        for node in order:
            node.start()
        pause_end = time.monotonic() + 15
        while time.monotonic() < pause_end:
            waiting = sum(n.must("GET", "node")["outbox"][k] for n in nodes for k in ("queued", "retrying"))
            if waiting == 0:
                return 0
            time.sleep(0.1)
    return waiting


def how_it_stands(row):
    if row is None:
        return "gone"
    return f"{row['state']} ({row.get('errorCode')} {row.get('errorDetail')}, try {row.get('attempts')})"


def judge(kept, sent, received, leaves):
    """What is wrong with one direction. kept: packet ids; sent, received: rows; leaves: RECEIVED by message."""
    faults = []
    arrived = collections.Counter(row["packetId"] for row in received)
    messages = collections.Counter(row["messageId"] for row in received)
    states = {row["packetId"]: row for row in sent}
    faults += [f"{p} was kept and arrived {arrived[p]} times" for p in kept if arrived[p] != 1]
    faults += [f"{p} was stored {n} times" for p, n in arrived.items() if n != 1]
    faults += [f"message {m} has {n} rows" for m, n in messages.items() if n != 1]
    faults += [f"{p} is {how_it_stands(states.get(p))} at its sender" for p in kept
               if p not in states or states[p]["state"] != "receipt-verified"]
    faults += [f"{row['packetId']} arrived and was never sent" for row in received if row["packetId"] not in states]
    for row in sent:
        if row["state"] == "receipt-verified" and leaves[row["messageId"]] != 1:
            faults.append(f"receipt of {row['messageId']} stands on {leaves[row['messageId']]} RECEIVED leaves")
        if row["state"] == "failed":
            faults.append(f"{row['messageId']} failed: {row.get('errorCode')} {row.get('errorDetail')}")
    return faults


def one_direction(sender, receiver, kept):
    leaves = collections.Counter(e["messageId"] for e in receiver.events("RECEIVED"))
    received = [row for row in receiver.box("inbox") if row["partner"] == sender.party]
    sent = [row for row in sender.box("outbox") if row["partner"] == receiver.party]
    return kept, sent, received, leaves


def unreadable(receiver, submitter, dice):
    """What arrived can be opened: a sample of texts, and of attachments octet by octet."""
    faults = []
    for packet in dice.sample(submitter.kept, min(20, len(submitter.kept))):
        status, _ = receiver.api("GET", f"packets/{packet}/xml")
        if status != 200:
            faults.append(f"{packet}: {status}")
    for packet in dice.sample(submitter.with_file, min(10, len(submitter.with_file))):
        name = receiver.must("GET", f"packets/{packet}")["content"]["attachments"][0]["id"]
        status, octets = receiver.api("GET", f"packets/{packet}/attachments/{name}")
        if status != 200 or octets != FORM:
            faults.append(f"attachment of {packet}: {status}, {len(octets)} bytes")
    return faults


def controls(report, what, test):
    """The judge itself: each planted fault must be seen."""
    kept, sent, received, leaves = what
    planted = {
        "duplicate": (kept, sent, received + received[:1], leaves),
        "loss": (kept, sent, received[1:], leaves),
        "receipt_without_leaf": (kept, sent, received, collections.Counter()),
        "unsent": (kept, sent[1:], received, leaves),
    }
    for name, values in planted.items():
        report.check(f"{test}_control_{name}_is_seen", judge(*values), "the judge saw nothing")


def two_nodes(folder, **more):
    """Two served homes that trust each other. more: values of folder.node, by the node's letter."""
    a = folder.node("la.aid.example", "legal-aid", "LA", "Example Legal Aid (fictitious)", **more.get("a", {}))
    b = folder.node("th.ngo.example", "ngo", "TH", "Example Foundation (fictitious)", **more.get("b", {}))
    for node in (a, b):
        node.start()
    a.trust(b)
    b.trust(a)
    return a, b


def acknowledged(nodes):
    """Messages of all nodes whose receipt has come."""
    return sum(n.must("GET", "node")["outbox"]["acknowledged"] for n in nodes)


def goes_on(nodes, seconds):
    """A further receipt comes within so many seconds."""
    before, end = acknowledged(nodes), time.monotonic() + seconds
    while time.monotonic() < end:
        if acknowledged(nodes) > before:
            return True
        time.sleep(0.2)
    return False


def judge_all(report, test, nodes, submitters, dice, seed, at_least):
    """The end of such a test: queues drain, everything kept arrived once and opens, the nodes stop by themselves and
    their ledgers hold. submitters: from the first node to the second, and back."""
    a, b = nodes
    waiting = drain(nodes, 120)
    report.check(f"{test}_all_queues_drain", waiting == 0, f"{seed}: {waiting} messages wait")
    ways = [one_direction(a, b, submitters[0].kept), one_direction(b, a, submitters[1].kept)]
    for name, what in zip(("a_to_b", "b_to_a"), ways):
        faults = judge(*what)
        report.check(f"{test}_every_kept_message_arrived_once_{name}", not faults,
                     f"{seed}: {len(faults)} faults: " + "; ".join(faults[:5]))
        report.check(f"{test}_something_was_exchanged_{name}", len(what[0]) >= at_least, f"{len(what[0])} kept")
    for receiver, submitter in ((b, submitters[0]), (a, submitters[1])):
        faults = unreadable(receiver, submitter, dice)
        report.check(f"{test}_contents_open_at_{receiver.party}", not faults, "; ".join(faults[:5]))
    controls(report, ways[0], test)
    for node in nodes:
        code = node.stop()
        report.check(f"{test}_{node.party}_stops_by_itself", code == 0, f"exit {code}")
        fault = verify(node)
        report.check(f"{test}_ledger_of_{node.party}_holds", fault is None, f"{seed}: {fault}")
