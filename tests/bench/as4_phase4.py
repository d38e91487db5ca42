#!/usr/bin/python3
"""phase4 to phase4: two processes on this machine's cores, mutual TLS over loopback, as4_phase4.py WORK_FOLDER

Warmed up; duplicate check and receipts on; signatures, decryption and receipts verified on both sides; each part is
written to a file that is forced to the disk before the receipt. The client is phase4's own, which connects for each
message. One JSON object: phase4_exchanges_per_s_SUITE_N with 10 KB (…_100k with 100 KB), phase4_rss_load_mb."""
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop/phase4"))
import keys  # noqa: E402
import kit  # noqa: E402

SUITES = {"1_15": "1.15", "2_0": "eddsa"}
SIZES = {"": 10 * 1024, "_100k": 100 * 1024}
SECONDS = float(os.environ.get("SAPHAN_BENCH_PHASE4_S", "5"))


def endpoint(suite, own, other):
    return {"path": f"/{suite}", "profile": keys.PROFILES[suite], "keys": {"sign": own.path("sign.p12"), "open": own.path("encrypt.p12")},
            "trust": [other.path("root.pem")], "services": ["urn:saphan:service:1"]}


def start(folder, parties, index):
    tls, peer = parties["1.15"][index], parties["1.15"][1 - index]
    store = {"keys": {"tls": tls.path("tls.p12")}, "trust": [peer.path("root.pem")]}
    ends = [endpoint(suite, pair[index], pair[1 - index]) for suite, pair in parties.items()]
    return kit.Kit(folder / tls.name, store, ends, java=("-Xmx2g",))


def clean(folder):
    for file in (folder / "here/received").iterdir():
        file.unlink()


def main():
    folder = pathlib.Path(sys.argv[1])
    parties = {suite: [keys.Party(folder / suite, name, suite) for name in ("here", "there")] for suite in SUITES.values()}
    receiver, sender = start(folder, parties, 0), start(folder, parties, 1)
    figures = {}
    try:
        for label, suite in SUITES.items():
            for ending, size in SIZES.items():
                payload = folder / f"payload{ending}"
                payload.write_bytes(os.urandom(size))
                message = kit.message("there.example", "here.example", [payload], url=receiver.url(f"/{suite}"),
                                      certificate=parties[suite][0].path("encrypt.pem"))
                for threads in (1, 8, 64):
                    result = sender.say({"cmd": "load", "endpoint": f"/{suite}", "threads": threads, "message": message,
                                         "warmUp": SECONDS, "seconds": SECONDS})
                    if result["failed"] or len(receiver.received()) < result["exchanges"]:
                        raise RuntimeError(f"{suite}, {threads} at once: {result}")
                    figures[f"phase4_exchanges_per_s_{label}_{threads}{ending}"] = round(result["exchanges"] / result["seconds"], 1)
                    print(f"bench: as4: phase4 {suite}, {size} bytes, {threads} at once: {result}", file=sys.stderr)
                    clean(folder)
        figures["phase4_rss_load_mb"] = round(max(receiver.rss_mb(), sender.rss_mb()), 1)
    finally:
        sender.stop()
        receiver.stop()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
