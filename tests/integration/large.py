"""A large attachment between two real nodes: constant memory both ways, progress on the way, the receiver and
then the sender killed in the middle of the body. Nothing is lost, nothing comes twice, no file stays behind.
LARGE_MB sets the size; the figure rss_large_mb is the larger peak of the two nodes."""

import hashlib
import json
import os
import random
import re
import time

from saphan_nodes import QUESTION, Folder, main

SIZE_MB = int(os.environ.get("LARGE_MB", "200"))
RSS_MOST_MB = 48


def allow_large(node):
    path = os.path.join(node.home, "saphan.ini")
    with open(path) as f:
        text = f.read()
    text, count = re.subn(r"(?m)^largest\s*=.*$", "largest = 2147483648", text)
    if count == 0:
        text = text.replace("[node]", "[node]\nlargest = 2147483648", 1)
    with open(path, "w") as f:
        f.write(text)
    card = os.path.join(node.home, "card.xml")
    if os.path.exists(card):
        os.remove(card)  # made anew with the new size


def write_file(path):
    """Octets that repeat in no short period; their digest."""
    source, digest = random.Random(7), hashlib.sha256()
    block = source.randbytes(1 << 20)
    with open(path, "wb") as f:
        for i in range(SIZE_MB):
            piece = (b"%PDF-1.7" if i == 0 else i.to_bytes(8, "big")) + block[8:]
            digest.update(piece)
            f.write(piece)
    return digest.hexdigest()


def peak_mb(node):
    with open(f"/proc/{node.process.pid}/status") as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1)) / 1024


def wait_for(what, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    return None


def moving(node, kind, share):
    def look():
        for row in node.must("GET", "transfers")["items"]:
            if row["kind"] == kind and row["bytes"] > share * SIZE_MB * 1e6:
                return row
        return None
    return look


def files_of(node, folder):
    found = []
    for base, _, names in os.walk(os.path.join(node.home, folder)):
        found += [os.path.join(base, n) for n in names]
    return found


def digest_of(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def submit(a, b, path, folder):
    draft = os.path.join(folder, "draft.json")
    with open(draft, "w") as f:
        json.dump(QUESTION, f)
    return a.run("send", draft, "--to", b.party, "--attach", path, "--json", check=False)


def run(report):
    with Folder() as folder:
        a = folder.node("la.legalaid.example", "legal-aid", "LA", "Invented legal aid")
        b = folder.node("th.ngo.example", "ngo", "TH", "Invented NGO")
        for node in (a, b):
            allow_large(node)
        a.start()
        b.start()
        a.trust(b)
        b.trust(a)
        path = os.path.join(folder.path, "invented.pdf")
        digest = write_file(path)
        b.kill()
        done = submit(a, b, path, folder.path)
        if done.returncode not in (0, 5):
            raise RuntimeError(f"send: exit {done.returncode} {done.stderr[:300]}")
        report.check("large_nothing_of_the_upload_stays", files_of(a, "uploads") == [], str(files_of(a, "uploads")))
        peaks = [peak_mb(a)]
        b.start()
        seen = wait_for(moving(b, "receive", 0.2), 60)
        report.check("large_the_receiver_tells_its_progress", bool(seen) and seen["partner"] == a.party, str(seen))
        rows = [r for r in a.must("GET", "outbox?limit=10")["items"] if "bytesSent" in r]
        report.check("large_the_outbox_tells_its_progress", bool(rows) and rows[0]["bytesTotal"] > SIZE_MB << 20, str(rows)[:200])
        b.kill()
        b.start()
        report.check("large_the_receiver_killed_no_spool_stays", files_of(b, "spool") == [], str(files_of(b, "spool")))
        report.check("large_sending_starts_again_by_itself", bool(wait_for(moving(a, "send", 0.3), 90)), "no second try")
        a.kill()
        a.start()
        end = wait_for(lambda: all(r["state"] == "receipt-verified" for r in a.box("outbox")) and a.box("outbox"), 120)
        report.check("large_the_sender_killed_delivered_after_all", bool(end), str(a.box("outbox"))[:300])
        peaks += [peak_mb(a), peak_mb(b)]
        report.check("large_delivered_once", len(b.box("inbox")) == 1 and len(b.events("RECEIVED")) == 1, str(b.box("inbox"))[:300])
        report.check("large_one_proof_sent_once_received_once", len(a.events("SENT")) == 1, str(len(a.events("SENT"))))
        for node in (a, b):
            left = files_of(node, "outgoing") + files_of(node, "spool") + files_of(node, "uploads")
            report.check(f"large_{node.party}_keeps_one_vault_file_and_nothing_else", left == [] and len(files_of(node, "vault")) == 1, str(left))
        out = os.path.join(folder.path, "out.pdf")
        saved = b.run("save", b.box("inbox")[0]["id"], "--attachment", "a1", "-o", out, check=False)
        report.check("large_the_content_is_the_same", saved.returncode == 0 and digest_of(out) == digest,
                     f"exit {saved.returncode} {saved.stderr[:200]}")
        peaks += [peak_mb(b)]
        print(f"# rss_large_mb {max(peaks):.1f} (at {SIZE_MB} MB)")
        report.check_memory("large_memory_is_constant", max(peaks), RSS_MOST_MB)


main(run)
