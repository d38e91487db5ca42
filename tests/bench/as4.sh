#!/usr/bin/env bash
# Saphan and phase4 on the same cores: two nodes each, every step durable, mutual TLS over loopback.
# One JSON object: exchanges_per_s_SUITE_N for SUITE 1_15 and 2_0, N 1, 8 and 64 messages on their way at once, with
# 10 KB packets (…_100k: with an attachment of 100 KB), the same with phase4_ before it; exchanges_per_s_2_0_64_foreign: a
# file of 10 KB to a partner that is enrolled as a foreign product; ceiling_per_s_SUITE, rss_load_mb,
# phase4_rss_load_mb, rss_1gb_mb; from net.sh rss_1000_idle_mb and slow_clients_p99_ratio.
# SAPHAN_BENCH_PHASE4_S: seconds of each measurement of phase4 (default 5); 0 leaves phase4 out.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
largest=2147483648
. "$here/pair.bash"

peak_mb() { # the most memory that one of the nodes ever had
    local pid
    for pid in "${pids[@]}"; do awk '$1 == "VmHWM:" {print $2}' "/proc/$pid/status"; done | sort -n | tail -1 |
        awk '{printf "%.1f", $1 / 1024}'
}
figure() { # NAME VALUE
    say "$1 $2"
    printf '"%s": %s\n' "$1" "$2" >>"$dir/figures"
}
rate() { # NAME COUNT THREADS WINDOW [ATTACHMENT]
    local name=$1 result
    shift
    result=$("$load" "$dir/a/run/control.sock" "$dir/draft.json" "$@")
    figure "$name" "$(per_second "$result")"
}
enrol() { # NAME OTHER: as a foreign product, by its certificates
    mkdir -p "$dir/$2.certificates"
    "$saphan" --home "$dir/$2" partner certificates -o "$dir/$2.certificates" >&2
    "$saphan" --home "$dir/$1" --yes partner add --as4 --party "$2.example" --suite edelivery-2.0-ed25519 \
        --url "$(sed -n "s/^url *= *//p" "$dir/$2/saphan.ini")/as4" --tls-cert "$dir/$2.certificates/tls.pem" \
        --sign-cert "$dir/$2.certificates/sign-edelivery-2.0-ed25519.pem" \
        --encrypt-cert "$dir/$2.certificates/encrypt-edelivery-2.0-ed25519.pem" >&2
}
foreign() { # COUNT
    say "a foreign product"
    rm -rf "${dir:?}"/a "${dir:?}"/b
    make a ngo TH edelivery-2.0-ed25519
    make b legal-aid LA edelivery-2.0-ed25519
    enrol a b
    enrol b a
    start a
    start b
    "$load" "$dir/a/run/control.sock" "$dir/draft.json" 50 8 50 "$dir/10k" b.example >/dev/null
    rate exchanges_per_s_2_0_64_foreign "$1" 12 64 "$dir/10k" b.example
}
suite() { # LABEL SUITE COUNT
    say "$2"
    pair "$2"
    "$load" "$dir/a/run/control.sock" "$dir/draft.json" 50 8 >/dev/null
    rate "exchanges_per_s_$1_1" $(($3 / 10 + 10)) 1 1
    rate "exchanges_per_s_$1_8" $(($3 / 2)) 8 8
    rate "exchanges_per_s_$1_64" "$3" 12 64
    rate "exchanges_per_s_$1_1_100k" $(($3 / 20 + 10)) 1 1 "$dir/100k"
    rate "exchanges_per_s_$1_8_100k" $(($3 / 4)) 8 8 "$dir/100k"
    rate "exchanges_per_s_$1_64_100k" $(($3 / 2)) 12 64 "$dir/100k"
}

: >"$dir/figures"
python3 "$here/draft.py" "$dir/draft.json"
head -c 102400 /dev/urandom >"$dir/100k"
head -c 10240 /dev/urandom >"$dir/10k"
say "ceiling of the bare crypto operations"
"$SAPHAN_BUILD/tests/bench_exchange_ceiling" | python3 -c 'import json,sys
for name, value in json.load(sys.stdin).items(): print(f"\"{name}\": {value}")' >>"$dir/figures"
suite 1_15 edelivery-1.15 "${SAPHAN_BENCH_1_15:-600}"
end
suite 2_0 edelivery-2.0-ed25519 "${SAPHAN_BENCH_2_0:-4000}"
figure rss_load_mb "$(peak_mb)"
end
foreign "${SAPHAN_BENCH_2_0:-4000}"
end

say "1 GB attachment"
pair edelivery-2.0-ed25519
python3 "$here/as4_large.py" "$dir/a/run/control.sock" "$dir/draft.json" $((1000 * 1000 * 1000))
figure rss_1gb_mb "$(peak_mb)"
end

say "1,000 idle connections, 1,000 slow clients"
bash "$here/net.sh" | python3 -c 'import json,sys
found = json.load(sys.stdin)
for name in ("rss_1000_idle_mb", "slow_clients_p99_ratio"): print(f"\"{name}\": {found[name]}")' >>"$dir/figures"

if [ "${SAPHAN_BENCH_PHASE4_S:-5}" != 0 ]; then
    say "phase4"
    "$root/node/setup.sh" --interop
    mvn -B -q -f "$root/tests/interop/phase4/pom.xml" process-classes >&2
    mkdir "$dir/phase4"
    /usr/bin/python3 "$here/as4_phase4.py" "$dir/phase4" | sed 's/^{//; s/}$//; s/, "/\n"/g' >>"$dir/figures"
    echo >>"$dir/figures"
fi
printf '{"benchmark": "as4", %s}\n' "$(grep . "$dir/figures" | paste -sd, | sed 's/,"/, "/g')"
