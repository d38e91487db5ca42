"""kill -9 at any moment (security.md A-01, L-10, G1): two nodes ask each other without pause, one of them is
killed at a random moment and started again, SAPHAN_KILLS times. Then every question that a node said it had
kept has arrived exactly once and has a receipt, no message is stored twice, each receipt stands on a RECEIVED
leaf of the other side, and both ledgers hold. The seed is printed; SAPHAN_SEED repeats the order of kills."""

import os
import random
import time

from exactly_once import Submitter, forget_waiting, judge_all, two_nodes
from saphan_nodes import Folder, main


def cycle(nodes, dice):
    """One kill. Returns what was wrong with the start after it."""
    victim = dice.choice(nodes)
    time.sleep(dice.uniform(0.01, 0.5))
    victim.kill()
    forget_waiting(victim)
    if dice.random() < 0.3:
        time.sleep(dice.uniform(0.0, 0.3))
    victim.start()


def run(report):
    kills = int(os.environ.get("SAPHAN_KILLS") or (2000 if os.environ.get("SAPHAN_LONG") else 50))
    seed = int(os.environ.get("SAPHAN_SEED") or random.SystemRandom().randrange(1 << 32))
    dice = random.Random(seed)
    print(f"# seed {seed}, {kills} kills", flush=True)
    with Folder() as folder:
        a, b = nodes = two_nodes(folder)
        report.check("kill_exchange_before_the_first_kill", not a.exchange(b), "no receipt")
        submitters = [Submitter(a, b, 0.03), Submitter(b, a, 0.1)]
        for submitter in submitters:
            submitter.start()
        began = time.monotonic()
        for number in range(kills):
            cycle(nodes, dice)
            if (number + 1) % 100 == 0:
                print(f"# {number + 1} kills, {time.monotonic() - began:.0f} s", flush=True)
        for submitter in submitters:
            submitter.end()
        print(f"# {kills} kills in {time.monotonic() - began:.0f} s, kept {[len(s.kept) for s in submitters]}, "
              f"submits without answer {[s.lost_answers for s in submitters]}", flush=True)
        report.check("kill_nodes_start_after_each_kill", True, "")
        judge_all(report, "kill", nodes, submitters, dice, f"seed {seed}", at_least=kills // 5)



main(run)
