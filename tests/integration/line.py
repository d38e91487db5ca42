"""The line between two nodes, as a process of its own that a test can order about and kill: see fault_proxy.py."""

import json
import os
import subprocess
import sys

from saphan_nodes import free_port

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fault_proxy.py")


class Line:
    """Stands on `port`; leads to the port given to `open`."""

    def __init__(self, seed):
        self.seed = seed
        self.port = free_port()
        self.target = None
        self.process = None
        self.done = {}

    def open(self, target):
        self.target = target
        self.process = subprocess.Popen([sys.executable, PROGRAM, str(self.port), str(target), str(self.seed)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.counters()

    def counters(self):
        """The next line of the proxy, added to what earlier processes of this line did."""
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the proxy ended with {self.process.wait()}")
        self.now = json.loads(line)
        return {name: self.done.get(name, 0) + n for name, n in self.now.items()}

    def set(self, **order):
        """Give an order; the counters so far."""
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self.counters()

    def kill(self):
        """The line is gone at once, with all connections; its next process harms in another order."""
        self.done = self.set()
        self.close()
        self.seed += 1

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None
