# Two nodes that trust each other, for the benchmarks that source this: $saphan, $load, $dir (gone at the end), $pids,
# say, end, pair, per_second. largest: octets of the largest message, when another than the default.
saphan=$SAPHAN_BUILD/node/saphan
load=$SAPHAN_BUILD/tests/bench_exchange_load
dir=$(mktemp -d "${TMPDIR:-/tmp}/saphan-bench-XXXXXX")
pids=()

say() {
    printf 'bench: %s: %s\n' "$(basename "$0" .sh)" "$*" >&2
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
make() { # NAME KIND COUNTRY SUITES
    local port
    port=$(free_port)
    "$saphan" --home "$dir/$1" init --party "$1.example" --name "$1 (fictitious)" --kind "$2" --country "$3" --training \
        --url "https://127.0.0.1:$port" --listen "127.0.0.1:$port" --suites "$4" ${largest:+--largest "$largest"} --lang en >&2
}
start() { # NAME
    "$saphan" --home "$dir/$1" run >"$dir/$1.out" 2>"$dir/$1.log" &
    pids+=($!)
    until grep -q serves "$dir/$1.out" 2>/dev/null; do sleep 0.01; done
}
trust() { # NAME OTHER
    local number
    "$saphan" --home "$dir/$2" partner card -o "$dir/$2.card" >&2
    number=$("$saphan" verify "$dir/$2.card" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["facts"]["safetyNumber"])')
    "$saphan" --home "$dir/$1" --yes partner add "$dir/$2.card" --safety-number "$number" >&2
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
per_second() { # RESULT of the load
    python3 -c 'import json,sys; r=json.loads(sys.argv[1]); print(round(r["exchanges"]/r["seconds"],1))' "$1"
}
