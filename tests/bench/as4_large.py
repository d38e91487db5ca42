"""Sends one attachment of SIZE octets and waits for its receipt: as4_large.py SOCKET DRAFT SIZE"""
import http.client
import json
import socket
import sys
import time


class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])


def call(method, path, body=None, **heads):
    connection = Unix("localhost", timeout=600)
    connection.request(method, "/api/1/" + path, body, heads)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    assert answer.status < 300, said
    return said


def octets(left):
    block = bytes(range(256)) * 4096
    while left > 0:
        yield block[:left]
        left -= len(block)


def main():
    size = int(sys.argv[3])
    heads = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    upload = call("POST", "attachments", octets(size), **heads)["upload"]
    draft = json.load(open(sys.argv[2], encoding="utf-8"))
    draft["attachments"] = [{"upload": upload, "mediaType": "application/pdf", "title": "Large (fictitious)", "lang": "en"}]
    call("POST", "publications", json.dumps(draft).encode(), **{"Content-Type": "application/json"})
    end = time.monotonic() + 900
    while time.monotonic() < end:
        outbox = call("GET", "node")["outbox"]
        if outbox["failed"]:
            sys.exit("the large message failed")
        if outbox["acknowledged"] and not outbox["queued"] and not outbox["retrying"]:
            return
        time.sleep(0.2)
    sys.exit("the large message has no receipt")


main()
