"""A TCP proxy that harms what goes through it, the same way for the same seed.

    fault_proxy.py LISTEN TARGET SEED      ports on the loopback

One JSON object a line on standard input sets what happens to connections; the answer to each line is one line with
the counters so far. Fields, each of which may be left out:

    mode     pass           nothing is harmed
             cut-up         the connection is reset after a random number of octets towards the target
             cut-answer     the request arrives whole, its answer is thrown away, then the connection is reset
             corrupt-up     one bit towards the target is flipped, corrupt-down: one bit of an answer
             blackhole      connections are taken and nothing passes, either way, also on those that stand
             mixed          one of the above for each connection but blackhole, by the seed; half of them pass
    delay    seconds that each octet takes, in each direction
    reset    true: reset all connections that stand

Standard library only."""

import asyncio
import contextlib
import json
import random
import socket
import struct
import sys

CHUNK = 16 * 1024
HARMS = ["cut-up", "cut-answer", "corrupt-up", "corrupt-down"]
# A TLS handshake is over after this many octets towards the target, and a request is many more.
HANDSHAKE = 4000


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy, reader, writer):
        self.proxy, self.near, self.dice = proxy, (reader, writer), proxy.dice
        self.harm = proxy.choose()
        self.at = self.dice.randrange(200, 40_000)
        self.up = 0
        self.far = None

    async def run(self):
        self.proxy.links.add(self)
        try:
            self.far = await asyncio.open_connection("127.0.0.1", self.proxy.target)
            await asyncio.gather(self.pump(self.near[0], self.far[1], self.touch_up),
                                 self.pump(self.far[0], self.near[1], self.touch_down))
        except OSError:
            pass
        finally:
            self.reset()
            self.proxy.links.discard(self)

    async def pump(self, reader, writer, touch):
        """One direction. Each chunk leaves `delay` after it came, so that the line is slow and not narrow."""
        queue = asyncio.Queue(64)
        sender = asyncio.create_task(self.send(queue, writer))
        loop = asyncio.get_running_loop()
        try:
            while octets := await reader.read(CHUNK):
                await self.proxy.is_open.wait()
                kept = touch(octets)
                if kept is None:
                    raise ConnectionResetError
                await queue.put((loop.time() + self.proxy.delay, kept))
        finally:
            if sys.exc_info()[0] is None:
                await queue.put((0, b""))
                await sender
            sender.cancel()

    async def send(self, queue, writer):
        loop = asyncio.get_running_loop()
        while True:
            due, octets = await queue.get()
            if not octets:
                writer.write_eof()
                return
            await asyncio.sleep(max(0.0, due - loop.time()))
            writer.write(octets)
            await writer.drain()

    def touch_up(self, octets):
        before, self.up = self.up, self.up + len(octets)
        if self.harm == "cut-up" and self.up >= self.at:
            return self.count(None)
        if self.harm == "corrupt-up" and before <= self.at < self.up:
            return self.count(self.flip(octets, self.at - before))
        return octets

    def touch_down(self, octets):
        if self.up <= HANDSHAKE:
            return octets
        if self.harm == "cut-answer":
            return self.count(None)
        if self.harm == "corrupt-down":
            return self.count(self.flip(octets, self.dice.randrange(len(octets))))
        return octets

    def flip(self, octets, at):
        changed = bytearray(octets)
        changed[at] ^= 1 << self.dice.randrange(8)
        return bytes(changed)

    def count(self, result):
        """The harm was done."""
        self.proxy.counters[self.harm] += 1
        return result

    def reset(self):
        """Both ends see the connection broken (RST), not ended."""
        for _, writer in filter(None, (self.near, self.far)):
            with contextlib.suppress(OSError):  # closed already
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class Proxy:
    def __init__(self, target, seed):
        self.target = target
        self.dice = random.Random(seed)
        self.mode, self.delay = "pass", 0.0
        self.links = set()
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.counters = dict.fromkeys(["connections", *HARMS], 0)

    def choose(self):
        self.counters["connections"] += 1
        if self.mode == "mixed":
            return self.dice.choice(HARMS + ["pass"] * len(HARMS))
        return self.mode

    def order(self, line):
        order = json.loads(line)
        self.mode = order.get("mode", self.mode)
        self.delay = order.get("delay", self.delay)
        if self.mode == "blackhole":
            self.is_open.clear()
        else:
            self.is_open.set()
        if order.get("reset"):
            for link in list(self.links):
                link.reset()

    async def serve(self, port):
        await asyncio.start_server(lambda r, w: Link(self, r, w).run(), "127.0.0.1", port)
        loop = asyncio.get_running_loop()
        orders = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
        print(json.dumps(self.counters), flush=True)
        while line := await orders.readline():
            self.order(line)
            print(json.dumps(self.counters), flush=True)


if __name__ == "__main__":
    asyncio.run(Proxy(int(sys.argv[2]), int(sys.argv[3])).serve(int(sys.argv[1])))
