"""The soak: two nodes exchange for minutes on lines that harm what they carry, while nodes and lines are killed at
random. SAPHAN_SOAK sets the seconds (180; with SAPHAN_LONG an hour). Nothing is lost, nothing comes twice, both ledgers
hold, and neither memory nor open files of a node grow without bound. Prints its figures; SAPHAN_SEED repeats the order
of events."""

import json
import os
import random
import time

from exactly_once import Submitter, forget_waiting, judge_all, two_nodes
from line import Line
from saphan_nodes import Folder, main

MOST_FILES = 400
MOST_RSS_MB = 96


class Watch:
    """The most memory and files that a process of each node was seen with."""

    def __init__(self, nodes):
        self.nodes = nodes
        self.rss_mb = 0.0
        self.files = 0

    def look(self):
        for node in self.nodes:
            if not node.is_up():
                continue
            with open(f"/proc/{node.process.pid}/statm", encoding="ascii") as f:
                pages = int(f.read().split()[1])
            self.rss_mb = max(self.rss_mb, pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
            self.files = max(self.files, len(os.listdir(f"/proc/{node.process.pid}/fd")))


class Soak:
    def __init__(self, nodes, lines, dice):
        self.nodes, self.lines, self.dice = nodes, lines, dice
        self.count = dict.fromkeys(("node_kills", "node_stops", "line_kills", "partitions", "harms", "calms"), 0)

    def event(self):
        """Something happens, each kind as often as it stands in the list."""
        event = self.dice.choice(["node_kills"] * 4 + ["node_stops"] + ["line_kills"] * 2 + ["partitions"] +
                                 ["harms"] * 4 + ["calms"] * 2)
        self.count[event] += 1
        getattr(self, event)()

    def node_kills(self):
        node = self.dice.choice(self.nodes)
        node.kill()
        forget_waiting(node)
        time.sleep(self.dice.uniform(0, 0.3))
        node.start()

    def node_stops(self):
        node = self.dice.choice(self.nodes)
        if node.stop() != 0:
            raise RuntimeError(f"{node.party} did not stop by itself: {node.tail()}")
        forget_waiting(node)
        node.start()

    def line_kills(self):
        line = self.dice.choice(self.lines)
        line.kill()
        time.sleep(self.dice.uniform(0, 2))
        line.open(line.target)

    def partitions(self):
        line = self.dice.choice(self.lines)
        line.set(mode="blackhole")
        time.sleep(self.dice.uniform(1, 5))
        line.set(mode="pass", reset=self.dice.random() < 0.5)

    def harms(self):
        self.dice.choice(self.lines).set(mode="mixed", delay=self.dice.choice([0, 0, 0.05, 0.6]), reset=True)

    def calms(self):
        for line in self.lines:
            line.set(mode="pass", delay=0)


def soak(seconds, work, watch):
    """Events until the time is over; the lines are good again at the end."""
    began = told = time.monotonic()
    while time.monotonic() < began + seconds:
        time.sleep(work.dice.uniform(0.2, 2.5))
        watch.look()
        work.event()
        if time.monotonic() > told + 300:
            told = time.monotonic()
            print(f"# {told - began:.0f} s: {json.dumps(work.count)}", flush=True)
    work.calms()
    for line in work.lines:
        line.set(reset=True)


def run(report):
    seconds = int(os.environ.get("SAPHAN_SOAK") or (3600 if os.environ.get("SAPHAN_LONG") else 180))
    seed = int(os.environ.get("SAPHAN_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"# seed {seed}, {seconds} s", flush=True)
    dice, lines = random.Random(seed), [Line(seed), Line(seed + 1000)]
    with Folder() as folder:
        try:
            nodes = two_nodes(folder, a={"reached_at": lines[0].port}, b={"reached_at": lines[1].port})
            for line, node in zip(lines, nodes):
                line.open(node.port)
            report.check("soak_exchange_before_it_begins", not nodes[0].exchange(nodes[1]), "no receipt")
            submitters = [Submitter(*nodes, 0.15), Submitter(*reversed(nodes), 0.25)]
            for submitter in submitters:
                submitter.start()
            work, watch = Soak(nodes, lines, dice), Watch(nodes)
            soak(seconds, work, watch)
            for submitter in submitters:
                submitter.end()
            repeats = sum(row["duplicates"] for n in nodes for row in n.box("inbox"))
            print("# " + json.dumps({"seconds": seconds, **work.count, "lines": [line.set() for line in lines],
                                     "kept": [len(s.kept) for s in submitters], "repeats": repeats,
                                     "rss_mb": round(watch.rss_mb, 1), "files": watch.files}), flush=True)
            report.check_memory("soak_memory_is_bounded", watch.rss_mb, MOST_RSS_MB)
            report.check("soak_open_files_are_bounded", 0 < watch.files <= MOST_FILES, f"{watch.files} files")
            judge_all(report, "soak", nodes, submitters, dice, f"seed {seed}", at_least=seconds // 2)
        finally:
            for line in lines:
                line.close()


main(run)
