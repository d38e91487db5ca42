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
ROUNDS = 3  # quiet and slow take turns: what else the machine does falls on both
CPU_S = 11  # a little longer than a slow head may last: every client is dropped and comes again once


def say(text):
    print(f"bench: net: {text}", file=sys.stderr, flush=True)


def rss_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:")) / 1024


def cpu_s(pid):
    """CPU seconds of a process, all its threads that live."""
    tasks, total = f"/proc/{pid}/task", 0
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/schedstat", encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total / 1e9


def cpu_percent(pid):
    """Of one core, while nobody exchanges anything."""
    begin, at = cpu_s(pid), time.monotonic()
    time.sleep(CPU_S)
    return round((cpu_s(pid) - begin) / (time.monotonic() - at) * 100, 2)


def samples_ms(sender, receiver, count):
    took = []
    for _ in range(count):
        begin = time.monotonic()
        ident = sender.ask(receiver)
        while sender.state_of(ident)["state"] != "receipt-verified":
            if time.monotonic() - begin > 30:
                raise RuntimeError("no receipt in 30 s")
            time.sleep(0.002)
        took.append((time.monotonic() - begin) * 1000)
    return took


def at(took, share):
    return sorted(took)[int(len(took) * share)]


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
        pid = node.process.pid
        calm = cpu_percent(pid)
        before = rss_mb(pid)
        say(f"{CLIENTS} idle")
        idle = Clients(program, "idle", holder, node)
        seen = node.must("GET", "node")["connections"]
        more = rss_mb(pid) - before
        idle_cpu = cpu_percent(pid)
        idle.end()
        time.sleep(1)
        quiet, loaded, came, slow_cpu, ready = [], [], 0, 0.0, 0
        for number in range(ROUNDS):
            say(f"quiet and {CLIENTS} slow, round {number + 1} of {ROUNDS}")
            quiet += samples_ms(partner, node, SAMPLES // ROUNDS)
            slow = Clients(program, "slow", holder, node)
            ready = slow.ready
            loaded += samples_ms(partner, node, SAMPLES // ROUNDS)
            if number == 0:
                slow_cpu = cpu_percent(pid)
            came += slow.end()["reconnects"]
            time.sleep(1)
        print(json.dumps({"benchmark": "net", "rss_1000_idle_mb": round(more, 1), "idle_open": seen,
                          "slow_clients_p99_ratio": round(at(loaded, 0.99) / at(quiet, 0.99), 2),
                          "quiet_p99_ms": round(at(quiet, 0.99), 1), "slow_p99_ms": round(at(loaded, 0.99), 1),
                          "quiet_p50_ms": round(at(quiet, 0.5), 1), "slow_p50_ms": round(at(loaded, 0.5), 1),
                          "quiet_cpu_percent": calm, "idle_1000_cpu_percent": idle_cpu,
                          "slow_1000_cpu_percent": slow_cpu, "slow_open": ready, "slow_reconnects": came}))


main(sys.argv[1])
