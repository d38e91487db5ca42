#!/usr/bin/env bash
# Build Saphan and run its tests. Installs with apt what they need (node/setup.sh --tests).
#
#   tests/run.sh             everything that must hold, at most 20 minutes on 2 cores
#   tests/run.sh --quick     format, layers, banned calls, dev build and unit tests but those of two whole
#                            nodes (unit_exchange, unit_portal), under a minute; SAPHAN_QUICK=1
#   tests/run.sh --all       also the integration tests under ASan and the threaded layers under TSan
#   tests/run.sh --long      the big runs: SAPHAN_LONG=1, 2,000 kills, fuzzing for an hour a target
#   tests/run.sh --interop   also against phase4, an AS4 product in Java by others (installs a JDK and Maven)
#   tests/run.sh --only GROUP…   just these groups, by the names that a run prints
#
# Last line: "N passed, N failed", and ", N skipped" when some were. Exit code 1 when something failed or
# nothing ran. Logs: build/test-logs. Test data: SAPHAN_TEST_DATA, by default ../shared/data; tests that need
# it are skipped without it. Scripts print lines "ok NAME", "not ok NAME: reason" or "skip NAME: reason", get
# the built program in SAPHAN, its build folder in SAPHAN_BUILD and as $1, and may state their limit in seconds in a
# line "# limit: N", for --long "# limit-long: N" (default 300 and 7200).
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1

mode=default
all=false
interop=false
only=()
while [ $# -gt 0 ]; do
    case $1 in
    --quick) mode=quick ;;
    --long) mode=long ;;
    --all) all=true ;;
    --interop) interop=true ;;
    --only)
        shift
        only=("$@")
        break
        ;;
    -h | --help)
        sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "$0"
        exit 0
        ;;
    *)
        echo "tests: unknown argument $1; tests/run.sh --help lists them" >&2
        exit 2
        ;;
    esac
    shift
done

logs=$root/build/test-logs
export SAPHAN_TEST_DATA=${SAPHAN_TEST_DATA:-$root/../shared/data}
export SAPHAN_KILLS=${SAPHAN_KILLS:-50}
export PYTHONDONTWRITEBYTECODE=1
export UBSAN_OPTIONS=print_stacktrace=1:exitcode=99
export TSAN_OPTIONS=exitcode=99:second_deadlock_stack=1
export ASAN_OPTIONS=exitcode=99:allocator_may_return_null=1:detect_stack_use_after_return=1:strict_string_checks=1
fuzz_seconds=10
limit_word=limit
default_limit=300
[ "$mode" = quick ] && export SAPHAN_QUICK=1
if [ "$mode" = long ]; then
    export SAPHAN_LONG=1 SAPHAN_KILLS=2000
    fuzz_seconds=3600
    limit_word=limit-long
    default_limit=7200
fi
passed=0 failed=0 skipped=0 child=

say() {
    printf 'tests: %s\n' "$*"
}

stop() {
    [ -z "$child" ] || kill "$child" 2>/dev/null
    for job in $(jobs -pr); do
        kill "$job" 2>/dev/null
    done
    say "stopped"
    exit 130
}
trap stop INT TERM

# limited SECONDS LOG COMMAND…: run with a time limit; the log ends with "exit: N".
limited() {
    local seconds=$1 log=$2 code=0
    shift 2
    timeout -k 10 "$seconds" "$@" >"$log" 2>&1 </dev/null &
    child=$!
    wait "$child" || code=$?
    child=
    printf '\nexit: %d\n' "$code" >>"$log"
}

# count GROUP LOG…: add the logs' results up, print the group's line and what failed.
count() {
    local group=$1 log result p=0 f=0 s=0 numbers
    shift
    local failures=() reasons=$logs/skipped.txt
    for log in "$@"; do
        [ -e "$log" ] || continue
        result=$(awk -f tests/tally.awk "$log")
        read -r -a numbers <<<"${result%%$'\n'*}"
        p=$((p + numbers[0])) f=$((f + numbers[1])) s=$((s + numbers[2]))
        grep '^? ' <<<"$result" | sed "s/^? /$group: /" >>"$reasons"
        [ "${numbers[1]}" -eq 0 ] || failures+=("$log")
    done
    if [ $((p + f + s)) -eq 0 ]; then
        f=1
        echo "    $group: nothing ran"
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    printf '%-4s %-18s %5d passed %4d failed %4d skipped %5d s\n' \
        "$([ "$f" -eq 0 ] && echo ok || echo FAIL)" "$group" "$p" "$f" "$s" $((SECONDS - started))
    for log in "${failures[@]}"; do
        printf '  in %s:\n' "${log#"$root"/}"
        awk -f tests/tally.awk "$log" | sed 1d | grep -v '^? ' | head -n 60
    done
}

# group NAME FUNCTION…: run it if it is wanted.
group() {
    local name=$1
    shift
    if [ ${#only[@]} -gt 0 ] && ! printf '%s\n' "${only[@]}" | grep -qxF -- "$name"; then
        return
    fi
    started=$SECONDS
    group_name=$name
    "$@"
}

# build PRESET [TARGET…]: once a run; the first group that needs a build counts it, all fail when it failed.
declare -A built
build() {
    local preset=$1
    shift
    if [ "${built[$preset]:-}" = yes ]; then
        rm -f "$logs/build-$preset.log"
        return 0
    fi
    [ "${built[$preset]:-}" = "" ] || return 1
    built[$preset]=no
    say "building $preset"
    limited 1800 "$logs/build-$preset.log" node/build.sh "$preset" "$@"
    if grep -qx 'exit: 0' "$logs/build-$preset.log"; then
        echo "ok build_$preset" >"$logs/build-$preset.log"
        built[$preset]=yes
        return 0
    fi
    sed -i "s/^exit: .*/not ok build_$preset: does not build/" "$logs/build-$preset.log"
    grep -v '^not ok' "$logs/build-$preset.log" | head -n 40
    return 1
}

format_check() {
    local log=$logs/format.log files
    mapfile -t files < <(find node tests -name '*.[ch]' | sort)
    clang-format-14 --dry-run "${files[@]}" 2>&1 | grep -oE '^[^:]+:[0-9]+:.*code should be.*' |
        sort -u -t: -k1,1 >"$logs/format.found"
    if [ -s "$logs/format.found" ]; then
        echo "not ok format: $(wc -l <"$logs/format.found") files differ; run clang-format-14 -i on them" >"$log"
        sed 's/^\([^:]*:[0-9]*\).*/#   \1/' "$logs/format.found" >>"$log"
    else
        echo "ok format" >"$log"
    fi
    count format "$log"
}

arch_checks() {
    local check
    for check in layers banned callers bad_input docs docs_links repo; do
        while [ "$(jobs -pr | wc -l)" -ge 2 ]; do
            wait -n
        done
        (limited 120 "$logs/arch-$check.log" "tests/arch/$check.py") &
    done
    wait
    count arch "$logs"/arch-{layers,banned,callers,bad_input,docs,docs_links,repo}.log
}

arch_selftests() {
    local check
    for check in layers banned callers bad_input docs docs_links repo globals hardening tally; do
        limited 120 "$logs/selftest-$check.log" "tests/arch/$check.py" --self-test
    done
    count arch-selftest "$logs"/selftest-*.log
}

tidy_checks() {
    limited 900 "$logs/tidy.log" tests/arch/tidy.py 600
    count tidy "$logs/tidy.log"
}

globals_check() {
    build dev && limited 60 "$logs/globals.log" tests/arch/globals.py build/dev
    count globals "$logs/build-dev.log" "$logs/globals.log"
}

# unit_tests PRESET [LAYER…]: build, then run the layers' test programs, two at a time.
unit_tests() {
    local preset=$1 name=$group_name programs=() program log logs_of=() targets=()
    shift
    # --quick: the whole program and the units of one layer each; two whole nodes are for the full run.
    [ "$mode" = quick ] && targets=(saphan unit_{base,crypto,xml,store,net,packet,as4,ledger,journal,evidence})
    if ! build "$preset" "${targets[@]}"; then
        count "$name" "$logs/build-$preset.log"
        return
    fi
    if [ $# -gt 0 ]; then
        programs=("${@/#/build/$preset/tests/unit_}")
    else
        mapfile -t programs < <(find "build/$preset/tests" -maxdepth 1 -type f -executable -name 'unit_*' | sort)
        # The longest first, so that two at a time end together; --quick leaves the longest out.
        for program in "build/$preset"/tests/unit_{as4,exchange}; do
            mapfile -t programs < <(printf '%s\n' "${programs[@]}" | grep -vx "$program")
            programs=("$program" "${programs[@]}")
        done
        # Programs of an earlier run that --quick did not build stay out.
        [ "$mode" = quick ] && mapfile -t programs < <(printf '%s\n' "${programs[@]}" | grep -v '_exchange$\|_portal$')
    fi
    for program in "${programs[@]}"; do
        while [ "$(jobs -pr | wc -l)" -ge 2 ]; do
            wait -n
        done
        log=$logs/$name-$(basename "$program").log
        logs_of+=("$log")
        (
            trap 'kill "$child" 2>/dev/null; exit 143' TERM
            limited "$([ "$mode" = long ] && echo 3600 || echo 900)" "$log" "$program"
        ) &
    done
    wait
    count "$name" "$logs/build-$preset.log" "${logs_of[@]}"
}

# scripts PRESET PATH…: run test scripts in order, each with its own time limit.
scripts() {
    local preset=$1 name=$group_name script limit log logs_of=() began
    shift
    if ! build "$preset"; then
        count "$name" "$logs/build-$preset.log"
        return
    fi
    export SAPHAN_BUILD=$root/build/$preset SAPHAN=$root/build/$preset/node/saphan
    for script in "$@"; do
        [ -e "$script" ] || continue
        limit=$(sed -n "s/^# $limit_word: *\([0-9]*\)$/\1/p" "$script" | head -n 1)
        log=$logs/$name-$(tr '/' '-' <<<"${script#tests/}").log
        logs_of+=("$log")
        began=$SECONDS
        limited "${limit:-$default_limit}" "$log" bash "$script" "$SAPHAN_BUILD"
        say "$script, $((SECONDS - began)) s"
    done
    count "$name" "$logs/build-$preset.log" "${logs_of[@]}"
}

# The integration tests once more with the sanitized program: a report in any process is a failure.
scripts_under_asan() {
    local reports=$logs/sanitizer log=$logs/asan-reports.log
    mkdir -p "$reports"
    ASAN_OPTIONS=$ASAN_OPTIONS:log_path=$reports/report:verify_asan_link_order=0 \
        UBSAN_OPTIONS=$UBSAN_OPTIONS:log_path=$reports/report scripts asan "$@"
    if compgen -G "$reports/report.*" >/dev/null; then
        echo "not ok sanitizer_reports: $(find "$reports" -type f | wc -l) reports" >"$log"
        head -qn 12 "$reports"/report.* | sed 's/^/# /' >>"$log"
    else
        echo "ok sanitizer_reports" >"$log"
    fi
    count asan-reports "$log"
}

# Against a foreign product. Its libraries are fetched by Maven, so this is done only when asked for.
foreign_product() {
    if ! $interop; then
        echo "skip phase4: runs with tests/run.sh --interop" >"$logs/phase4.log"
    elif ! node/setup.sh --interop; then
        echo "not ok phase4_setup: Java or Maven could not be installed" >"$logs/phase4.log"
    else
        scripts dev tests/interop/phase4/run.sh
        return
    fi
    count "$group_name" "$logs/phase4.log"
}

fuzz_targets() {
    say "fuzzing, $fuzz_seconds s a target"
    limited $((fuzz_seconds * 30 + 1800)) "$logs/fuzz.log" tests/fuzz/run.sh "$fuzz_seconds"
    count fuzz "$logs/fuzz.log"
}

release_hardening() {
    build release saphan && limited 120 "$logs/hardening.log" tests/arch/hardening.py build/release/node/saphan
    count release "$logs/build-release.log" "$logs/hardening.log"
}

# All in one function: bash has read the file to its end before the first test starts, so it may be edited.
main() {
    rm -rf "$logs"
    mkdir -p "$logs"
    : >"$logs/skipped.txt"
    node/setup.sh --tests || {
        echo "0 passed, 1 failed"
        exit 1
    }
    [ -d "$SAPHAN_TEST_DATA" ] || say "there is no test data in $SAPHAN_TEST_DATA; tests that need it are skipped"

    group format format_check
    group arch arch_checks
    group unit unit_tests dev
    group globals globals_check
    if [ "$mode" != quick ]; then
        group arch-selftest arch_selftests
        group tidy tidy_checks
        group unit-asan unit_tests asan
        group interop scripts dev tests/interop/[!p]*/run.sh
        group phase4 foreign_product
        group integration scripts dev tests/integration/test_*.sh
        group fuzz fuzz_targets
        group release release_hardening
    fi
    if $all && [ "$mode" != quick ]; then
        group integration-asan scripts_under_asan tests/integration/test_*.sh
        group unit-tsan unit_tests tsan net journal exchange
    fi

    if [ -s "$logs/skipped.txt" ]; then
        say "skipped (all in build/test-logs/skipped.txt):"
        head -n 12 "$logs/skipped.txt" | sed 's/^/    /'
    fi
    say "$SECONDS s"
    total=$((passed + failed))
    if [ "$skipped" -gt 0 ]; then
        echo "$passed passed, $failed failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ "$failed" -eq 0 ] && [ "$total" -gt 0 ]
}
main; exit $?
