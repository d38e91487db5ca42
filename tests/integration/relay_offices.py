"""Relay with real processes (as4.md 12.6): two offices that only pull, and the hub of both. What one sends is handed to
the hub, fetched by the other, and verified when the other's signed notice has come back the same way. Each of the three
is killed; the hub drops and changes what it keeps; nothing of the content is ever on its disk."""

import contextlib
import copy
import os
import sqlite3
import time

from pull_office import set_interval, until, verified
from saphan_nodes import QUESTION, Folder, main

MARKER = "Xanadu-Invented-Marker-4711"


def ask(node, other):
    """A question with a marker in it."""
    draft = copy.deepcopy(QUESTION)
    draft["body"]["question"]["en"] += " " + MARKER
    status, answer = node.api("POST", "packets", {"draft": draft, "to": [other.party]})
    if status != 201:
        raise OSError(f"submit: {status} {str(answer)[:200]}")
    return answer["items"][0]


def state(node, packet_id):
    row = node.state_of(packet_id)
    return row["state"] if row else None


def received(node, packet_id):
    return [row for row in node.box("inbox") if row["packetId"] == packet_id]


def sql(node, text, *values):
    """In the database of a node that does not run."""
    with contextlib.closing(sqlite3.connect(os.path.join(node.home, "node.db"), timeout=20)) as db:
        count = db.execute(text, values).rowcount
        db.commit()
        return count


def octets_of(folder):
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as f:
                    yield path, f.read()


def holders(folder, words):
    """Files in which one of the words stands."""
    found = []
    for path, octets in octets_of(folder):
        found += [f"{os.path.basename(path)}: {word}" for word in words
                  if word.encode() in octets or word.encode("utf-16-le") in octets]
    return found


def check_way(report, hub, a, c):
    """Handed over, fetched, verified: three moments, and each shows."""
    c.stop()
    sent = ask(a, c)
    packet_id = sent["packetId"]
    handed = until(lambda: state(a, packet_id) == "handed-to-hub")
    row = a.state_of(packet_id)
    report.check("relay_hub_receipt_is_handed_to_hub", handed and row["proof"] == "hub", str(row))
    report.check("relay_row_names_recipient_and_hub", row["partner"] == c.party and row.get("via") == hub.party, str(row))
    status = a.must("GET", "node")["outbox"]
    report.check("relay_status_counts_it_apart",
                 status["handedToHub"] == 1 and status["queued"] == 0 and status.get("oldestHanded"), str(status))
    report.check("relay_hub_counts_what_waits", hub.must("GET", "node")["outbox"]["relaying"] == 1, "not 1")
    shown = a.run("outbox").stdout.decode()
    report.check("relay_outbox_says_so_in_words", "handed to the hub, not delivered yet" in shown, shown)
    report.check("relay_box_of_the_hub_shows_no_packet", hub.box("inbox") == [] and hub.box("outbox") == [], "rows")
    rows = hub.must("GET", "outbox?all=1")["items"]
    report.check("relay_hub_shows_only_that_something_sealed_passes",
                 [r["type"] for r in rows if r["partner"] == c.party] == ["relay"], str(rows))
    c.start()
    report.check("relay_recipient_has_it", until(lambda: received(c, packet_id)), "not in the inbox")
    report.check("relay_notice_makes_it_verified", verified(a, packet_id, 60), str(a.state_of(packet_id)))
    report.check("relay_proof_is_the_notice", a.state_of(packet_id)["proof"] == "notice", str(a.state_of(packet_id)))
    return sent


def check_secrecy(report, hub, c, sent):
    words = [MARKER, sent["packetId"], sent["packetId"].removeprefix("urn:uuid:"), sent["threadId"]]
    hub.stop()
    left = holders(hub.home, words) + holders(os.path.dirname(hub.home), []) + [
        word for word in words if word.encode() in open(hub.home + ".log", "rb").read()]
    report.check("relay_no_content_on_the_disk_of_the_hub", left == [], str(left))
    report.check("relay_the_search_finds_what_is_there", holders(c.home, [sent["packetId"]]), "it sees nothing at all")
    hub.start()


def check_kills(report, hub, a, c):
    """Each of the three dies in turn, the hub right after its receipt."""
    sent = []
    for turn in range(6):
        item = ask(a, c)["packetId"]
        sent.append(item)
        if turn % 3 == 0:
            until(lambda: state(a, item) == "handed-to-hub", 10)
        time.sleep(0.1 * turn)
        victim = (hub, c, a)[turn % 3]
        victim.kill()
        victim.start()
    # A lost receipt is asked for again after a lease of two minutes, or up the ladder of retries: both are ended in the
    # row instead of waited for.
    end = time.monotonic() + 90
    while time.monotonic() < end and not all(verified(a, p, 2) for p in sent):
        for node in (hub, a, c):
            node.stop()
            sql(node, "UPDATE outbox SET next_ms = 0 WHERE state IN ('pulled-waiting', 'wait-retry', 'sending')")
            node.start()
    states = [state(a, p) for p in sent]
    report.check("relay_all_are_verified_in_spite_of_kills", set(states) == {"receipt-verified"}, str(states))
    counts = [len(received(c, p)) for p in sent]
    report.check("relay_each_is_delivered_once", set(counts) == {1}, str(counts))


def check_evil_hub(report, hub, a, c):
    """What the hub loses stays handed to it; what it changes is refused."""
    c.stop()
    lost = ask(a, c)["packetId"]
    until(lambda: state(a, lost) == "handed-to-hub")
    changed = ask(a, c)["packetId"]
    until(lambda: state(a, changed) == "handed-to-hub")
    hub.stop()
    parts = sql(hub, "DELETE FROM relay_part WHERE message_id = (SELECT MIN(message_id) FROM relay_part)")
    sql(hub, "DELETE FROM outbox WHERE state <> 'acknowledged' AND action = 'a4'"
             " AND message_id NOT IN (SELECT message_id FROM relay_part)")
    hub.start()
    hub.stop()
    sql(hub, "UPDATE outbox SET wire = CAST(substr(wire, 1, length(wire) - 900) || x'00' ||"
             " substr(wire, length(wire) - 898) AS BLOB) WHERE state = 'ready'")
    hub.start()
    c.start()
    time.sleep(4)
    left = [state(a, p) for p in (lost, changed)]
    report.check("relay_what_the_hub_loses_or_spoils_is_never_delivered",
                 parts == 1 and left == ["handed-to-hub"] * 2, f"{parts} {left}")
    report.check("relay_recipient_took_neither", received(c, lost) == [] and received(c, changed) == [], "a row")


def run(report):
    with Folder() as folder:
        hub = folder.node("la.hub.test", "social-ministry", "LA", "Invented hub", more=["--relay"])
        a = folder.node("la.office.test", "legal-aid", "LA", "Invented office", is_pull_only=True,
                        more=["--via", hub.party])
        c = folder.node("th.branch.test", "ngo", "TH", "Invented branch", is_pull_only=True, more=["--via", hub.party])
        for node in (a, c):
            set_interval(node, 1)
        for node in (hub, a, c):
            node.start()
        for one, two in ((hub, a), (hub, c), (a, c)):
            one.trust(two)
            two.trust(one)
        sent = check_way(report, hub, a, c)
        check_secrecy(report, hub, c, sent)
        check_kills(report, hub, a, c)
        check_evil_hub(report, hub, a, c)
        for node in (hub, a, c):
            done = node.run("ledger", "verify", check=False)
            report.check(f"relay_ledger_of_{node.party.split('.')[1]}_holds", done.returncode == 0,
                         done.stdout.decode()[:200])
        codes = [node.stop() for node in (a, c, hub)]
        report.check("relay_nodes_end_with_0", codes == [0, 0, 0], str(codes))


if __name__ == "__main__":
    main(run)
