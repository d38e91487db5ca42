#!/usr/bin/env bash
# Two nodes and the load on this machine's cores: 10 KB packets, every step durable, mutual TLS over loopback.
# One JSON object: exchanges_per_s_1_15, exchanges_per_s_2_0, ceiling_per_s_*, rss_*_mb, start_ms.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/pair.bash"

status_kb() { # PID FIELD
    awk -v f="$2:" '$1 == f {print $2}' "/proc/$1/status"
}
field() { # JSON KEY
    python3 -c 'import json,sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$1" "$2"
}
rate() { # SUITES COUNT -> exchanges a second, 64 callers at once
    local result
    pair "$1"
    "$load" "$dir/a/run/control.sock" "$dir/draft.json" 50 8 >/dev/null
    result=$("$load" "$dir/a/run/control.sock" "$dir/draft.json" "$2" 64)
    say "$1: $result"
    per_second "$result"
}

python3 "$here/draft.py" "$dir/draft.json"
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
