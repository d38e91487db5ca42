#!/usr/bin/env bash
# Build the fuzz targets and run each for a while, two at a time.
#
#   tests/fuzz/run.sh [SECONDS] [TARGET…]     default: 10 seconds, all targets
#
# The first inputs are made by code: tests/fuzz/seeds_<target>.py DIR or the program seeds_<target>, where one
# exists. What a run learns stays under build/ (fuzz-corpus), as do inputs that crash (fuzz-artifacts).
# One line a target: "ok fuzz_x", "not ok fuzz_x: reason". Targets run under ASan and UBSan.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
seconds=${1:-10}
[ $# -eq 0 ] || shift
case $seconds in
*[!0-9]* | "")
    echo "usage: tests/fuzz/run.sh [SECONDS] [TARGET…]" >&2
    exit 2
    ;;
esac
bin=$root/build/fuzz/tests
corpora=$root/build/fuzz-corpus
artifacts=$root/build/fuzz-artifacts
logs=$root/build/test-logs/fuzz
export ASAN_OPTIONS=allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1

# Write the made inputs of a target into DIR; a generator that fails is a failure of the target.
make_seeds() {
    local short=$1 into=$2
    if [ -x "$root/tests/fuzz/seeds_$short.py" ]; then
        "$root/tests/fuzz/seeds_$short.py" "$into"
    elif [ -x "$bin/seeds_$short" ]; then
        "$bin/seeds_$short" "$into"
    fi
}

run_target() {
    local target=$1 short=${1#fuzz_} log=$logs/$1.log status=0
    local corpus=$corpora/$short found=$artifacts/$short
    mkdir -p "$corpus" "$found" "$logs"
    if ! make_seeds "$short" "$corpus" >"$log" 2>&1; then
        echo "not ok $target: its seeds could not be made, see build/test-logs/fuzz/$target.log"
        return
    fi
    local seeds
    seeds=$(find "$corpus" -type f | wc -l)
    "$bin/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="$found/" "$corpus" >>"$log" 2>&1 &
    local pid=$!
    trap 'kill "$pid"; exit 143' TERM
    wait "$pid" || status=$?
    local runs edges
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
    edges=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1)
    if [ "$status" -ne 0 ]; then
        echo "not ok $target: $(grep -m 1 -oE 'ERROR: .*|runtime error: .*|SUMMARY: .*' "$log" || echo "exit $status"); input in build/fuzz-artifacts/$short"
    elif [ "${runs:-0}" -eq 0 ]; then
        echo "not ok $target: it ran no input"
    else
        echo "ok $target"
        echo "# $target: $seeds inputs at the start, $runs runs, ${edges:-no coverage}"
    fi
}

# The control: a fuzzer that misses a planted overflow proves nothing about the others.
run_control() {
    mkdir -p "$artifacts/control" "$logs"
    if "$bin/fuzz_control" -max_total_time=60 -artifact_prefix="$artifacts/control/" >"$logs/control.log" 2>&1; then
        echo "not ok fuzz_control_finds_planted_overflow: not found within 60 s"
    elif grep -q 'heap-buffer-overflow' "$logs/control.log"; then
        echo "ok fuzz_control_finds_planted_overflow"
    else
        echo "not ok fuzz_control_finds_planted_overflow: $(tail -n 1 "$logs/control.log")"
    fi
}

wanted=()
[ $# -eq 0 ] || wanted=(fuzz_control "$@")
for target in "$@"; do
    [ ! -e "$root/tests/fuzz/seeds_${target#fuzz_}.c" ] || wanted+=("seeds_${target#fuzz_}")
done
"$root/node/build.sh" fuzz "${wanted[@]}" || {
    echo "not ok fuzz_build: the fuzz targets do not build, see build/fuzz.log"
    exit 1
}
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for source in "$root"/tests/fuzz/fuzz_*.c; do
        [ -e "$source" ] && targets+=("$(basename "$source" .c)")
    done
fi

results=$(mktemp)
finish() {
    local job
    rm -f "$results"
    for job in $(jobs -pr); do
        kill "$job" 2>/dev/null
    done
}
trap finish EXIT
trap 'exit 130' INT TERM
run_control | tee -a "$results"
for target in "${targets[@]}"; do
    while [ "$(jobs -pr | wc -l)" -ge 2 ]; do
        wait -n || true
    done
    run_target "$target" | tee -a "$results" &
done
wait
! grep -q '^not ok' "$results"
