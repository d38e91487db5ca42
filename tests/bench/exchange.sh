#!/usr/bin/env bash
# Two nodes and the load on this machine's cores: 10 KB packets, every step durable, mutual TLS over loopback.
# One JSON object: exchanges_per_s_1_15, exchanges_per_s_2_0, ceiling_per_s_*, rss_*_mb, start_ms.
set -euo pipefail
saphan=$SAPHAN_BUILD/node/saphan
load=$SAPHAN_BUILD/tests/bench_exchange_load
dir=$(mktemp -d "${TMPDIR:-/tmp}/saphan-bench-XXXXXX")
pids=()

say() {
    printf 'bench: exchange: %s\n' "$*" >&2
}
end() {
    local pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    pids=()
}
trap 'end; rm -rf "$dir"' EXIT

free_port() {
    python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'
}
# make NAME KIND COUNTRY SUITES
make() {
    local port
    port=$(free_port)
    "$saphan" --home "$dir/$1" init --party "$1.example" --name "$1 (fictitious)" --kind "$2" --country "$3" --training \
        --url "https://127.0.0.1:$port" --listen "127.0.0.1:$port" --suites "$4" --lang en >&2
}
start() {
    "$saphan" --home "$dir/$1" run >"$dir/$1.out" 2>"$dir/$1.log" &
    pids+=($!)
    until grep -q serves "$dir/$1.out" 2>/dev/null; do sleep 0.01; done
}
trust() {
    "$saphan" --home "$dir/$2" partner card -o "$dir/$2.card" >&2
    local number
    number=$("$saphan" verify "$dir/$2.card" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["facts"]["safetyNumber"])')
    "$saphan" --home "$dir/$1" --yes partner add "$dir/$2.card" --safety-number "$number" >&2
}
status_kb() { # PID FIELD
    awk -v f="$2:" '$1 == f {print $2}' "/proc/$1/status"
}
draft() {
    python3 - "$1" <<'PY'
import json, sys
text = "ຂໍ້ມູນສົມມຸດ ສຳລັບການວັດແທກ. ข้อมูลสมมติเพื่อการวัดผล. Fictitious text for measuring. "
long = (text * 60)[:1150]
body = {"subtype": "guide", "name": {"en": "Guide for measuring (fictitious)", "lo": "ຄູ່ມື (ສົມມຸດ)"}, "provider": "a.example",
        "description": {"en": long, "lo": long, "th": long}, "service": ["Legal"], "coverage": ["TH-10"],
        "serviceLanguage": ["lao", "tha"], "cost": "free",
        "contact": [{"kind": "web", "value": "https://guide.example", "reachableFrom": ["LA"]}], "referralMethod": "self",
        "lastVerified": "2026-11-01", "verifiedBy": "a.example", "reverifyBy": "2027-01-30", "licence": "CC-BY-4.0"}
json.dump({"draft": {"type": "resource", "header": {"language": ["en", "lo", "th"]}, "body": body}}, open(sys.argv[1], "w"), ensure_ascii=False)
PY
}
field() { # JSON KEY
    python3 -c 'import json,sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$1" "$2"
}
pair() { # SUITES
    rm -rf "${dir:?}"/a "${dir:?}"/b "$dir"/*.card
    make a ngo TH "$1"
    make b legal-aid LA "$1"
    trust a b
    trust b a
    start a
    start b
}
rate() { # SUITES COUNT -> exchanges a second, 64 callers at once
    local result
    pair "$1"
    "$load" "$dir/a/run/control.sock" "$dir/draft.json" 50 8 >/dev/null
    result=$("$load" "$dir/a/run/control.sock" "$dir/draft.json" "$2" 64)
    say "$1: $result"
    python3 -c 'import json,sys; r=json.loads(sys.argv[1]); print(round(r["exchanges"]/r["seconds"],1))' "$result"
}

draft "$dir/draft.json"
say "ceiling of the bare crypto operations"
ceiling=$("$SAPHAN_BUILD/tests/bench_exchange_ceiling")
say "idle memory and start"
pair edelivery-2.0-ed25519
sleep 3
rss_idle=$(status_kb "${pids[0]}" VmRSS)
end
start_ms=$(python3 - "$saphan" "$dir/a" <<'PY'
import subprocess, sys, time
took = []
for _ in range(5):
    t = time.monotonic()
    p = subprocess.Popen([sys.argv[1], "--home", sys.argv[2], "run"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    p.stdout.readline()
    took.append((time.monotonic() - t) * 1000)
    p.terminate()
    p.wait()
print(round(sorted(took)[2]))
PY
)
say "edelivery-1.15"
rate edelivery-1.15 "${SAPHAN_BENCH_1_15:-600}" >"$dir/rate_1_15"
end
say "edelivery-2.0-ed25519"
rate edelivery-2.0-ed25519 "${SAPHAN_BENCH_2_0:-4000}" >"$dir/rate_2_0"
rss_load=$(for pid in "${pids[@]}"; do status_kb "$pid" VmHWM; done | sort -n | tail -1)
end
say "200 MB attachment"
pair edelivery-2.0-ed25519
head -c 209715200 /dev/urandom >"$dir/large.bin"
python3 - "$dir" <<'PY'
import http.client, json, os, socket, sys
class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1] + "/a/run/control.sock")
def call(method, path, body, kind):
    c = Unix("localhost")
    c.request(method, "/api/1/" + path, body, {"Content-Type": kind})
    r = c.getresponse()
    out = json.loads(r.read())
    assert r.status < 300, out
    return out
size = os.path.getsize(sys.argv[1] + "/large.bin")
up = call("POST", "attachments", open(sys.argv[1] + "/large.bin", "rb"), "application/octet-stream")
draft = json.load(open(sys.argv[1] + "/draft.json"))
draft["attachments"] = [{"upload": up["upload"], "mediaType": "application/pdf", "title": "Large (fictitious)", "lang": "en"}]
call("POST", "publications", json.dumps(draft).encode(), "application/json")
PY
for _ in $(seq 600); do
    state=$("$saphan" --home "$dir/a" outbox --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["items"][0]["state"])')
    [ "$state" = receipt-verified ] && break
    [ "$state" != failed ] || break
    sleep 0.2
done
say "200 MB: $state"
rss_200=$(for pid in "${pids[@]}"; do status_kb "$pid" VmHWM; done | sort -n | tail -1)
[ "$state" = receipt-verified ]
end
python3 - "$(cat "$dir/rate_1_15")" "$(cat "$dir/rate_2_0")" "$ceiling" "$rss_idle" "$rss_load" "$rss_200" "$start_ms" <<'PY'
import json, sys
a = sys.argv
out = {"benchmark": "exchange", "exchanges_per_s_1_15": float(a[1]), "exchanges_per_s_2_0": float(a[2]), **json.loads(a[3]),
       "rss_idle_mb": round(int(a[4]) / 1024, 1), "rss_load_mb": round(int(a[5]) / 1024, 1),
       "rss_200mb_mb": round(int(a[6]) / 1024, 1), "start_ms": int(a[7])}
print(json.dumps(out))
PY
