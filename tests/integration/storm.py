"""A retry storm: one recorded message offered a thousand times at once on a thousand connections. It is delivered once,
costs less than as many different messages, leaves one DUPLICATE leaf, and every copy gets the same stored receipt or a
polite 503. Standard library only: the sender is Python's ssl with the TLS key of the office that wrote the messages."""

import os
import re
import socket
import sqlite3
import ssl
import time

from saphan_nodes import Folder, main

COPIES = int(os.environ.get("SAPHAN_STORM", "1000"))
UNIQUE = 12


def allow_connections(node, count):
    path = os.path.join(node.home, "saphan.ini")
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"partner_connections = \d+", f"partner_connections = {count}", f.read())
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def recorded(node, count):
    """(content type, octets) of that many messages waiting in the outbox."""
    path = os.path.join(node.home, "node.db")
    end = time.monotonic() + 100
    while time.monotonic() < end:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            rows = db.execute("SELECT content_type, wire FROM outbox WHERE wire IS NOT NULL AND packet_id <> ''"
                              " AND length(wire) > 0 ORDER BY id").fetchall()
        if len(rows) >= count:
            return rows[:count]
        time.sleep(0.2)
    raise RuntimeError(f"{len(rows)} of {count} messages were made")


class Sender:
    """Connections of one office to a node, as its own TLS client."""

    def __init__(self, office, node):
        keys = os.path.join(office.home, "keys")
        self.port = node.port
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.load_verify_locations(os.path.join(node.home, "keys", "root.cert"))
        self.context.load_cert_chain(os.path.join(keys, "tls.cert"), os.path.join(keys, "tls.key"))

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), 60)
        return self.context.wrap_socket(plain)

    def ask(self, message, connection):
        content_type, wire = message
        head = (f"POST /as4 HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: {content_type}\r\n"
                f"Content-Length: {len(wire)}\r\n\r\n")
        connection.sendall(head.encode() + wire)


def answer(connection):
    """(status, Retry-After, body) of one answer."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        more = connection.recv(65536)
        if not more:
            return 0, None, b""
        octets += more
    head, body = octets.split(b"\r\n\r\n", 1)
    fields = {line.split(b":", 1)[0].lower(): line.split(b":", 1)[1].strip() for line in head.split(b"\r\n")[1:]}
    while len(body) < int(fields.get(b"content-length", b"0")):
        more = connection.recv(65536)
        if not more:
            break
        body += more
    return int(head.split(b" ")[1]), fields.get(b"retry-after"), body


def cpu_s(node):
    """Of all threads that live, to the nanosecond."""
    tasks, total = f"/proc/{node.process.pid}/task", 0
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/schedstat", encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total / 1e9


def offer(sender, node, messages):
    """All at once, each on a connection of its own that is open already: answers, and CPU seconds of the node."""
    connections = [sender.connect() for _ in messages]
    begin = cpu_s(node)
    for message, connection in zip(messages, connections):
        sender.ask(message, connection)
    answers = [answer(connection) for connection in connections]
    used = cpu_s(node) - begin
    for connection in connections:
        connection.close()
    return answers, used


def until_answered(sender, node, messages):
    """Send those again that were asked to come again; every answer that was not 503, and the CPU of all rounds."""
    done, used, polite, waiting = [], 0.0, True, list(messages)
    for _ in range(200):
        answers, more = offer(sender, node, waiting)
        used += more
        polite = polite and all(a[1] and 1 <= int(a[1]) <= 60 for a in answers if a[0] == 503)
        done += [a for a in answers if a[0] != 503]
        waiting = [m for m, a in zip(waiting, answers) if a[0] == 503]
        if not waiting:
            break
    return done, used, polite


def storm(report, a, b):
    recordings = recorded(a, UNIQUE + 1)
    sender = Sender(a, b)
    done, used_unique, _ = until_answered(sender, b, recordings[1:])
    report.check("storm_reference_is_taken", len(done) == UNIQUE and all(x[0] == 200 for x in done),
                 sorted({x[0] for x in done}))
    report.check("storm_reference_is_stored", len(b.box("inbox")) == UNIQUE, len(b.box("inbox")))
    leaves = len(b.events("DUPLICATE"))
    done, used, polite = until_answered(sender, b, [recordings[0]] * COPIES)
    statuses = sorted({x[0] for x in done})
    report.check("a01_every_copy_is_answered", len(done) == COPIES and statuses == [200], f"{len(done)} {statuses}")
    report.check("a01_every_copy_gets_the_same_receipt", len({x[2] for x in done}) == 1, len({x[2] for x in done}))
    report.check("a14_who_must_wait_is_told_how_long", polite, "a 503 without a Retry-After of at most a minute")
    rows = [row for row in b.box("inbox") if row["duplicates"]]
    report.check("a01_storm_is_delivered_once", len(b.box("inbox")) == UNIQUE + 1, len(b.box("inbox")))
    report.check("a01_storm_is_one_leaf", len(b.events("DUPLICATE")) == leaves + 1, len(b.events("DUPLICATE")))
    report.check("a01_copies_are_counted", len(rows) == 1 and rows[0]["duplicates"] == COPIES - 1,
                 [row["duplicates"] for row in rows])
    each, copy = used_unique / UNIQUE * 1000, used / COPIES * 1000
    print(f"# {each:.2f} ms CPU a different message, {copy:.2f} ms a copy", flush=True)
    report.check("a01_copy_costs_less_than_half_a_message", copy < each / 2, f"{copy:.2f} ms of {each:.2f} ms")


def run(report):
    with Folder() as folder:
        a = folder.node("la.alpha.example", "legal-aid", "LA", "Alpha (fictitious)")
        b = folder.node("th.beta.example", "ngo", "TH", "Beta (fictitious)")
        allow_connections(b, 4096)
        a.start()
        b.start()
        a.trust(b)
        b.trust(a)
        b.stop()
        for _ in range(UNIQUE + 1):
            a.ask(b)
        recorded(a, UNIQUE + 1)
        a.stop()
        b.start()
        storm(report, a, b)
        report.check("node_lives_after_the_storm", b.is_up(), "it ended")
        a.start()
        report.check("good_exchange_after_the_storm", a.exchange(b) is None, "no exchange")


if __name__ == "__main__":
    main(run)
