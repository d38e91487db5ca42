#!/usr/bin/env bash
# Configure and build one preset into build/PRESET, quietly, with a sign of life.
#
#   node/build.sh PRESET [TARGET…]      e.g. node/build.sh release saphan
#
# Everything the tools say goes to build/PRESET.log; on failure the first errors are shown.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
preset=${1:?usage: node/build.sh PRESET [TARGET…]}
shift
log=$root/build/$preset.log
mkdir -p "$root/build"

fail() {
    { grep -m 3 -A 12 -E 'FAILED:|error:|Error' "$log" || tail -n 20 "$log"; } | cut -c 1-240 >&2
    printf 'build: %s; everything that was said is in build/%s.log\n' "$1" "$preset" >&2
    exit 1
}

# A line every ten seconds while the build in the background goes on: "build: release 40/97".
watch_build() {
    local pid=$1 waited=0 step
    trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        waited=$((waited + 1))
        if [ $((waited % 50)) -eq 0 ]; then
            step=$(tail -n 1 "$log" | sed -n 's/^\[\([0-9]*\/[0-9]*\)\].*/\1/p')
            printf 'build: %s %s\n' "$preset" "$step" >&2
        fi
    done
    wait "$pid"
}

launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache)
cmake -S "$root" --preset "$preset" "${launcher[@]}" >"$log" 2>&1 || fail "the build could not be set up"
target=()
[ $# -eq 0 ] || target=(--target "$@")
cmake --build "$root/build/$preset" "${target[@]}" >>"$log" 2>&1 &
watch_build $! || fail "Saphan does not build"
