#!/usr/bin/env bash
# Benchmarks, built for release. One JSON object a benchmark on stdout, progress on stderr.
#
#   tests/bench/run.sh [NAME…]      all without a name
#
# A benchmark is tests/bench/NAME.sh, or tests/bench/NAME.c (the program bench_NAME). A .c named NAME_part.c beside
# NAME.sh is a program bench_NAME_part for that script. Each gets SAPHAN_BUILD, the folder of the release build,
# prints exactly one JSON object, and says how it goes on stderr. Nothing else should run on the machine meanwhile.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export SAPHAN_BUILD=$root/build/bench
export SAPHAN_TEST_DATA=${SAPHAN_TEST_DATA:-$root/../shared/data}

say() {
    printf 'bench: %s\n' "$*" >&2
}

# Names of all benchmarks, one a line.
list() {
    local path name
    for path in "$here"/*.sh; do
        name=$(basename "$path" .sh)
        [ "$name" = run ] || printf '%s\n' "$name"
    done
    for path in "$here"/*.c; do
        name=$(basename "$path" .c)
        [ ! -e "$path" ] || [ -e "$here/${name%%_*}.sh" ] || printf '%s\n' "$name"
    done
}

run_one() {
    if [ -e "$here/$1.sh" ]; then
        bash "$here/$1.sh"
    else
        "$SAPHAN_BUILD/tests/bench_$1"
    fi
}

mapfile -t known < <(list)
names=("$@")
[ ${#names[@]} -gt 0 ] || names=("${known[@]}")
[ ${#names[@]} -gt 0 ] || {
    say "there is no benchmark in tests/bench"
    exit 1
}
for name in "${names[@]}"; do
    printf '%s\n' "${known[@]}" | grep -qx -- "$name" || {
        say "no benchmark is called $name; there are: ${known[*]}"
        exit 2
    }
done

"$root/node/setup.sh" --tests
say "building for release"
"$root/node/build.sh" bench
failed=0
for name in "${names[@]}"; do
    say "$name"
    if ! run_one "$name"; then
        say "$name failed"
        failed=1
    fi
done
exit $failed
