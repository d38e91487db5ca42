"""Pull with real processes (as4.md 12.3): a hub with an address, an office without one. The office asks every second,
or only when told; either side is killed; nothing is lost, nothing comes twice."""

import contextlib
import os
import re
import sqlite3
import subprocess
import time

from saphan_nodes import SAPHAN, Folder, main

ANSWER = {"draft": {"body": {"action": "answer", "text": {"en": "On Tuesdays (invented)."}}}}
LARGE = 3 * 1024 * 1024  # more than stays in memory, on either side


def until(what, seconds=30):
    """The first true value of what(), or the last one."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.1)


def set_interval(node, seconds):
    path = os.path.join(node.home, "saphan.ini")
    with open(path) as f:
        text = f.read()
    for key in ("busy", "idle"):
        text, count = re.subn(rf"(?m)^{key} = \d+$", f"{key} = {seconds}", text)
        assert count == 1, key
    with open(path, "w") as f:
        f.write(text)


def listening_ports(pid):
    """TCP ports on which a process listens."""
    inodes = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{fd}")
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    ports = set()
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}") as f:
            for line in f.readlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and fields[9] in inodes:
                    ports.add(int(fields[1].rsplit(":", 1)[1], 16))
    return ports


def verified(node, packet_id, seconds=30):
    return until(lambda: node.state_of(packet_id)["state"] == "receipt-verified", seconds)


def received(node, packet_id):
    return [row for row in node.box("inbox") if row["packetId"] == packet_id]


def check_setup(report, hub, office):
    both = subprocess.run([SAPHAN, "--home", office.home + "2", "init", "--pull-only", "--url", "https://127.0.0.1:1",
                           "--party", "la.both.test", "--name", "Invented", "--kind", "ngo", "--country", "LA"],
                          capture_output=True)
    report.check("pull_address_and_pull_only_exclude_each_other", both.returncode == 2, both.stderr.decode()[:200])
    card = office.must("GET", "node/card").decode()
    report.check("pull_card_names_a_channel_and_no_address",
                 re.search(r'<pullOnly mpc="urn:saphan:mpc:[0-9a-f-]{36}"></pullOnly>', card) and "<url>" not in card,
                 "no pullOnly element")
    report.check("pull_office_opens_no_port", listening_ports(office.process.pid) == set(),
                 str(listening_ports(office.process.pid)))
    report.check("pull_hub_listens", hub.port in listening_ports(hub.process.pid), "the check sees no port at all")


def check_exchange(report, hub, office):
    packet_id = hub.ask(office)
    report.check("pull_question_is_fetched", verified(hub, packet_id), str(hub.state_of(packet_id)))
    row = hub.state_of(packet_id)
    report.check("pull_receipt_is_proved", row["proof"] == "proved", str(row))
    office.must("POST", f"packets/{packet_id}/reply", ANSWER)
    answer = until(lambda: [r for r in hub.box("inbox") if r["type"] == "assistance-response"])
    report.check("pull_answer_names_the_message_of_the_question",
                 answer and answer[0].get("refToMessageId") == row["messageId"], str(answer))


def check_large(report, hub, office):
    octets = b"%PDF-1.4 invented " + os.urandom(LARGE)
    packet_id = hub.ask(office, attachment=octets)
    report.check("pull_large_message_is_fetched", verified(hub, packet_id, 60), str(hub.state_of(packet_id)))
    status, got = office.api("GET", f"packets/{packet_id}/attachments/a1")
    report.check("pull_attachment_is_the_file_sent", status == 200 and got == octets, f"{status}, {len(got)} octets")
    left = os.listdir(os.path.join(hub.home, "outgoing"))
    report.check("pull_nothing_stays_outgoing", left == [], str(left))


def check_told(report, hub, office):
    """With an hour between two requests it is `saphan pull` that brings the message."""
    office.stop()
    done = office.run("pull", check=False)
    report.check("pull_word_of_a_stopped_office_says_later", done.returncode == 5, f"exit {done.returncode}")
    set_interval(office, 3600)
    office.start()
    time.sleep(2)  # its first request, at the start, finds nothing
    packet_id = hub.ask(office)
    waits = until(lambda: verified(hub, packet_id, 0.1), 3)
    report.check("pull_office_keeps_its_interval", not waits, str(hub.state_of(packet_id)))
    office.run("pull")
    report.check("pull_word_fetches_now", verified(hub, packet_id, 15), str(hub.state_of(packet_id)))
    done = hub.run("pull", check=False)
    report.check("pull_word_of_a_hub_says_that_it_does_not_pull", done.returncode == 1, f"exit {done.returncode}")
    office.stop()
    set_interval(office, 1)
    office.start()


def check_kills(report, hub, office):
    """Either side dies at any moment; what was queued comes, once."""
    sent = []
    for turn in range(6):
        sent.append(hub.ask(office))
        time.sleep(0.15 * turn)
        victim = (hub, office)[turn % 2]
        victim.kill()
        sent += [hub.ask(office)] if victim is office else []
        victim.start()
    # A lost receipt is asked for again after the lease of two minutes: it is ended in the row instead of waited for.
    end = time.monotonic() + 60
    while time.monotonic() < end and not all(verified(hub, p, 3) for p in sent):
        hub.stop()
        with contextlib.closing(sqlite3.connect(os.path.join(hub.home, "node.db"), timeout=20)) as db:
            db.execute("UPDATE outbox SET next_ms = 0 WHERE state = 'pulled-waiting'")
            db.commit()
        hub.start()
    states = [hub.state_of(p)["state"] for p in sent]
    report.check("pull_all_arrive_in_spite_of_kills", set(states) == {"receipt-verified"}, str(states))
    counts = [len(received(office, p)) for p in sent]
    report.check("pull_each_arrives_once", set(counts) == {1}, str(counts))
    for node in (hub, office):
        done = node.run("ledger", "verify", check=False)
        report.check(f"pull_ledger_of_{node.party.split('.')[1]}_holds", done.returncode == 0,
                     done.stdout.decode()[:200])


def run(report):
    with Folder() as folder:
        hub = folder.node("th.hub.test", "ngo", "TH", "Invented hub")
        office = folder.node("la.office.test", "mass-organisation", "LA", "Invented office", is_pull_only=True)
        set_interval(office, 1)
        for node in (hub, office):
            node.start()
        hub.trust(office)
        office.trust(hub)
        check_setup(report, hub, office)
        check_exchange(report, hub, office)
        check_large(report, hub, office)
        check_told(report, hub, office)
        check_kills(report, hub, office)
        codes = [node.stop() for node in (office, hub)]
        report.check("pull_nodes_end_with_0", codes == [0, 0], str(codes))


if __name__ == "__main__":
    main(run)
