"""Network faults between two exchanging nodes (as4.md 11, security.md A-05, A-09): a line of 600 ms, connections cut
within a body, answers lost after the receiver has stored, flipped bits, a line that swallows everything. Both nodes
ask each other throughout. Then nothing is lost and nothing came twice. The seed is printed; SAPHAN_SEED repeats it."""

import os
import random
import time

from exactly_once import Submitter, goes_on, judge_all, two_nodes
from line import Line
from saphan_nodes import Folder, main

# What is done to the lines, for how many seconds, and the counter that must then have moved.
PHASES = [
    ("slow", {"mode": "pass", "delay": 0.6}, 8, None),
    ("cut_in_the_body", {"mode": "cut-up", "delay": 0.0, "reset": True}, 6, "cut-up"),
    ("answer_lost", {"mode": "cut-answer", "reset": True}, 6, "cut-answer"),
    ("bit_flipped_in_a_request", {"mode": "corrupt-up", "reset": True}, 6, "corrupt-up"),
    ("bit_flipped_in_an_answer", {"mode": "corrupt-down", "reset": True}, 6, "corrupt-down"),
    ("all_at_once", {"mode": "mixed", "delay": 0.1, "reset": True}, 8, "connections"),
]
PARTITION = {"mode": "blackhole", "delay": 0.0}


def phase(report, lines, nodes, values):
    """One kind of harm on both lines while the nodes exchange; both nodes live through it."""
    name, order, seconds, counter = values
    before = [line.set(**order) for line in lines]
    time.sleep(seconds)
    after = [line.set(mode="pass", delay=0.0) for line in lines]
    if counter:
        done = sum(a[counter] - b[counter] for a, b in zip(after, before))
        report.check(f"faults_{name}_is_really_done", done > 0, "the proxy did no harm")
    report.check(f"faults_{name}_leaves_both_nodes_up", all(n.is_up() for n in nodes), "a node ended")


def partition(report, lines, nodes, seconds):
    """Nothing passes, also on connections that stand; when the line is back, what waited goes by itself."""
    for line in lines:
        line.set(**PARTITION)
    time.sleep(seconds)
    for line in lines:
        line.set(mode="pass", reset=True)
    report.check("faults_partition_heals_by_itself", goes_on(nodes, 30), "nothing went within 30 s")


def run(report):
    seed = int(os.environ.get("SAPHAN_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"# seed {seed}", flush=True)
    lines = [Line(seed), Line(seed + 1000)]
    with Folder() as folder:
        try:
            nodes = two_nodes(folder, a={"reached_at": lines[0].port}, b={"reached_at": lines[1].port})
            for line, node in zip(lines, nodes):
                line.open(node.port)
            report.check("faults_exchange_through_the_line", not nodes[0].exchange(nodes[1]), "no receipt")
            submitters = [Submitter(*nodes, 0.1), Submitter(*reversed(nodes), 0.2)]
            for submitter in submitters:
                submitter.start()
            for values in PHASES:
                phase(report, lines, nodes, values)
            partition(report, lines, nodes, 180 if os.environ.get("SAPHAN_LONG") else 10)
            for submitter in submitters:
                submitter.end()
            repeats = sum(row["duplicates"] for n in nodes for row in n.box("inbox"))
            report.check("faults_lost_answers_led_to_repeats", repeats > 0, "no message came again")
            print(f"# {repeats} repeats; the lines did {[line.set() for line in lines]}", flush=True)
            judge_all(report, "faults", nodes, submitters, random.Random(seed), f"seed {seed}", at_least=40)
        finally:
            for line in lines:
                line.close()


main(run)
