#!/usr/bin/python3
"""The page docs/foreign-as4.md, word for word, against phase4: page.py SAPHAN WORK_FOLDER

Its blocks are run in their order, with HOST:PORT/as4, PACKET-ID and FILE filled in. Prints "ok NAME" and
"not ok NAME: reason"."""
import os
import pathlib
import re
import subprocess
import sys

import keys
import kit
import node

DOCS = kit.HERE.parents[2] / "docs"
SUITE = "eddsa"


def blocks(page):
    return re.findall(r"^```\n(.*?)^```$", page, re.S | re.M)


class Page:
    def __init__(self, program, folder):
        self.folder, self.failed = folder, 0
        self.text = (DOCS / "foreign-as4.md").read_text()
        self.blocks = blocks(self.text)
        self.node = node.Node(program, folder)
        self.party = keys.Party(folder, "there", SUITE)
        self.port = node.free_port()
        for name in ("sign", "encrypt", "tls"):
            (folder / f"there.{name}.p12").unlink()
        (folder / "there.password").write_text(keys.PASSWORD)
        for name in ("report.xml", "annex.pdf", "answer.xml", "question.txt"):
            (folder / name).write_text(f"{name} (invented)")
        self.filled = {"HOST:PORT": f"localhost:{self.port}", "FILE": "saved.txt"}
        programs = folder / "bin"
        programs.mkdir()
        (programs / "saphan").write_text(f'#!/bin/sh\nexec "{program}" --home "{self.node.home}" "$@"\n')
        (programs / "saphan").chmod(0o755)
        self.environment = {**os.environ, "SAPHAN_LANG": "en", "PATH": f"{programs}:{os.environ['PATH']}"}

    def check(self, name, is_good, why=""):
        self.failed += not is_good
        print(f"ok phase4_page_{name}" if is_good else f"not ok phase4_page_{name}: {' '.join(str(why).split())[:500]}", flush=True)

    def run(self, number, text):
        for word, value in self.filled.items():
            text = re.sub(rf"\b{word}\b", value, text)
        # 5: kept, not yet delivered
        text = "trap 'code=$?; [ $code -eq 5 ] || exit $code' ERR\n" + text
        done = subprocess.run(["bash", "-u", "-c", text], cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              timeout=120, stdin=subprocess.DEVNULL)
        self.check(f"block_{number}", done.returncode == 0, f"{done.returncode} {done.stdout} {done.stderr}")
        return done.stdout

    def start_phase4(self):
        """Step 4's table, as the kit does it, with the files that the blocks made."""
        at = self.folder
        trust = [str(at / "for-them" / "root.pem"), str(at / "for-them" / f"sign-{keys.SUITES[SUITE]}.pem")]
        endpoint = {"path": "/as4", "profile": keys.PROFILES[SUITE], "trust": trust, "services": [node.SERVICE, kit.PING[0]],
                    "keys": {"sign": str(at / "there.sign.p12"), "open": str(at / "there.encrypt.p12")}}
        tls = {"keys": {"tls": str(at / "there.tls.p12")}, "trust": [trust[0], self.party.path("root.pem")]}
        return kit.Kit(at / "phase4", tls, [endpoint], port=self.port)

    def exchange(self, there):
        question = there.say(kit.message(node.PARTY, node.NODE, [self.folder / "question.txt"], endpoint="/as4",
                                         url=self.node.url(), service=node.SERVICE, action=node.ACTION,
                                         certificate=str(self.folder / "for-them" / f"encrypt-{keys.SUITES[SUITE]}.pem")))
        self.check("question_came", question.get("receipt") == "valid", question)
        self.filled["PACKET-ID"] = self.node.came(question["messageId"])["packetId"]
        self.run(4, self.blocks[3])
        got = there.received()
        self.check("ping", any(message["action"] == kit.PING[1] for message in got), got)
        parts = [[part["sha256"] for part in message["parts"]] for message in got]
        report, annex, answer = (kit.sha256(self.folder / name) for name in ("report.xml", "annex.pdf", "answer.xml"))
        self.check("sent", [report, annex] in parts, got)
        self.check("saved", (self.folder / "saved.txt").read_text() == "question.txt (invented)", "another text")
        replies = [message for message in got if message["refTo"] == question["messageId"]]
        self.check("answer", [[part["sha256"] for part in message["parts"]] for message in replies] == [[answer]], got)

    def options(self):
        """Every option that the pages name is one of the program."""
        known = self.node.run("help", "partner", "add").stdout + self.node.run("help", "send").stdout + self.node.run("help", "save").stdout
        named = set(re.findall(r"`(--[a-z0-9-]+)", self.text + (DOCS / "foreign.md").read_text()))
        self.check("options", named and not [o for o in named if o not in known], sorted(o for o in named if o not in known))

    def all(self):
        self.check("has_four_blocks", len(self.blocks) == 4, len(self.blocks))
        self.options()
        self.node.start()
        there = None
        try:
            for number in (1, 2, 3):
                self.run(number, self.blocks[number - 1])
            there = self.start_phase4()
            self.exchange(there)
        finally:
            self.node.stop()
            if there:
                there.stop()


def main():
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    page = Page(sys.argv[1], folder)
    page.all()
    return 1 if page.failed else 0


if __name__ == "__main__":
    sys.exit(main())
