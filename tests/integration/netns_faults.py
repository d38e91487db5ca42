"""Two nodes on two hosts: network namespaces of this test's own, joined by a pair of virtual cables. The kernel loses
one packet in five (nft numgen), then all packets of one direction, then the cable is unplugged for a while. Nothing is
lost and nothing comes twice. Needs root, iproute2, nftables and a kernel with both; is skipped without."""

import os
import random
import shutil
import subprocess
import time

from exactly_once import Submitter, goes_on, judge_all, two_nodes
from saphan_nodes import Folder, main

HOSTS = [("la", "198.51.100.1"), ("th", "198.51.100.2")]  # documentation addresses, RFC 5737
PORT = 4433


def command(*words, check=True):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()[:200]}")
    return done.returncode == 0


class Hosts:
    """Two namespaces with a cable between them; gone at the end."""

    def __init__(self):
        self.names = [f"sph-{os.getpid()}-{name}" for name, _ in HOSTS]
        self.ports = [f"v{os.getpid() % 100000}{name}" for name, _ in HOSTS]

    def __enter__(self):
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self):
        for name in self.names:
            command("ip", "netns", "add", name)
        command("ip", "link", "add", self.ports[0], "netns", self.names[0], "type", "veth",
                "peer", "name", self.ports[1], "netns", self.names[1])
        for name, port, (_, address) in zip(self.names, self.ports, HOSTS):
            self.on(name, "ip", "addr", "add", f"{address}/24", "dev", port)
            self.on(name, "ip", "link", "set", "lo", "up")
            self.on(name, "ip", "link", "set", port, "up")
            self.on(name, "nft", "add", "table", "inet", "saphan")
            self.on(name, "nft", "add chain inet saphan in { type filter hook input priority 0 ; }")

    def __exit__(self, *_):
        for name in self.names:
            command("ip", "netns", "del", name, check=False)

    def on(self, name, *words):
        command("ip", "netns", "exec", name, *words)

    def lose(self, side, percent):
        """Incoming TCP packets of one host are lost; 0: none."""
        name = self.names[side]
        self.on(name, "nft", "flush", "chain", "inet", "saphan", "in")
        if percent:
            chance = f"numgen random mod 100 < {percent} " if percent < 100 else ""
            self.on(name, "nft", f"add rule inet saphan in meta l4proto tcp {chance}counter drop")

    def dropped(self, side):
        done = subprocess.run(["ip", "netns", "exec", self.names[side], "nft", "list", "chain", "inet", "saphan", "in"],
                              capture_output=True, text=True, timeout=20)
        words = done.stdout.split()
        return int(words[words.index("packets") + 1]) if "packets" in words else 0

    def plug(self, is_in):
        self.on(self.names[0], "ip", "link", "set", self.ports[0], "up" if is_in else "down")


def why_not():
    """What is missing on this machine, or None."""
    if os.geteuid() != 0:
        return "it needs root"
    missing = [tool for tool in ("ip", "nft") if not shutil.which(tool)]
    if missing:
        return f"{missing[0]} is not installed"
    try:
        with Hosts() as hosts:
            hosts.lose(0, 20)
    except RuntimeError as e:
        return f"this kernel or sandbox does not allow it: {e}"
    return None


def faults(report, hosts, nodes):
    for side in (0, 1):
        hosts.lose(side, 20)
    report.check("netns_receipts_come_when_one_packet_in_five_is_lost", goes_on(nodes, 40), "none in 40 s")
    time.sleep(5)
    report.check("netns_packets_are_really_lost", hosts.dropped(0) + hosts.dropped(1) > 0, "none was dropped")
    hosts.lose(0, 0)
    hosts.lose(1, 100)
    time.sleep(8)
    hosts.lose(1, 0)
    report.check("netns_one_way_drop_heals_by_itself", goes_on(nodes, 60), "no receipt in 60 s")
    hosts.plug(False)
    time.sleep(8)
    hosts.plug(True)
    report.check("netns_unplugged_cable_heals_by_itself", goes_on(nodes, 60), "no receipt in 60 s")


def run(report):
    reason = why_not()
    if reason:
        report.skip("netns_faults", reason)
        return
    seed = int(os.environ.get("SAPHAN_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"# seed {seed}", flush=True)
    with Hosts() as hosts, Folder() as folder:
        values = {letter: {"listen": f"{address}:{PORT}", "prefix": ["ip", "netns", "exec", name]}
                  for letter, name, (_, address) in zip("ab", hosts.names, HOSTS)}
        nodes = two_nodes(folder, **values)
        report.check("netns_exchange_between_two_hosts", not nodes[0].exchange(nodes[1]), "no receipt")
        submitters = [Submitter(*nodes, 0.2), Submitter(*reversed(nodes), 0.3)]
        for submitter in submitters:
            submitter.start()
        faults(report, hosts, nodes)
        for submitter in submitters:
            submitter.end()
        judge_all(report, "netns", nodes, submitters, random.Random(seed), f"seed {seed}", at_least=20)


main(run)
