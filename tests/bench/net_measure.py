"""The benchmark net: a node, a partner that exchanges with it, and a partner that only holds connections."""

import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from saphan_nodes import Folder  # noqa: E402

CLIENTS = int(os.environ.get("SAPHAN_BENCH_CLIENTS", "1000"))
SAMPLES = int(os.environ.get("SAPHAN_BENCH_SAMPLES", "300"))


def say(text):
    print(f"bench: net: {text}", file=sys.stderr, flush=True)


def rss_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:")) / 1024


def p99_ms(sender, receiver):
    took = []
    for _ in range(SAMPLES):
        begin = time.monotonic()
        ident = sender.ask(receiver)
        while sender.state_of(ident)["state"] != "receipt-verified":
            if time.monotonic() - begin > 30:
                raise RuntimeError("no receipt in 30 s")
            time.sleep(0.002)
        took.append((time.monotonic() - begin) * 1000)
    took.sort()
    return took[int(len(took) * 0.99)], took[len(took) // 2]


class Clients:
    def __init__(self, program, kind, holder, node):
        self.process = subprocess.Popen([program, kind, holder.home, str(node.port), str(CLIENTS)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ready = int(self.process.stdout.readline().split()[1])

    def end(self):
        out, _ = self.process.communicate("", timeout=60)
        return json.loads(out)


def main(program):
    with Folder() as folder:
        node = folder.node("la.alpha.example", "legal-aid", "LA", "Alpha (fictitious)")
        partner = folder.node("th.beta.example", "ngo", "TH", "Beta (fictitious)")
        holder = folder.node("th.gamma.example", "ngo", "TH", "Gamma (fictitious)")
        path = os.path.join(node.home, "saphan.ini")
        with open(path, encoding="utf-8") as f:
            text = f.read().replace("partner_connections = 128", "partner_connections = 4096")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        for one in (node, partner, holder):
            one.start()
        node.trust(partner)
        node.trust(holder)
        partner.trust(node)
        holder.stop()
        say("quiet")
        for _ in range(20):
            partner.ask(node)
        time.sleep(2)
        quiet, quiet_median = p99_ms(partner, node)
        before = rss_mb(node.process.pid)
        say(f"{CLIENTS} idle")
        idle = Clients(program, "idle", holder, node)
        seen = node.must("GET", "node")["connections"]
        more = rss_mb(node.process.pid) - before
        idle.end()
        time.sleep(1)
        say(f"{CLIENTS} slow")
        slow = Clients(program, "slow", holder, node)
        loaded, loaded_median = p99_ms(partner, node)
        came = slow.end()
        print(json.dumps({"benchmark": "net", "rss_1000_idle_mb": round(more, 1), "idle_open": seen,
                          "slow_clients_p99_ratio": round(loaded / quiet, 2), "quiet_p99_ms": round(quiet, 1),
                          "slow_p99_ms": round(loaded, 1), "quiet_p50_ms": round(quiet_median, 1),
                          "slow_p50_ms": round(loaded_median, 1), "slow_open": slow.ready,
                          "slow_reconnects": came["reconnects"]}))


main(sys.argv[1])
