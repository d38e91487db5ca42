#!/usr/bin/env bash
# Install what building Saphan needs, with apt, and only what is missing. For Debian 12.
#
#   node/setup.sh            what building and running needs
#   node/setup.sh --tests    also what tests/run.sh needs
#   node/setup.sh --interop  also what tests/run.sh --interop needs: Java and Maven
#   node/setup.sh --list     print the package names and stop (with the others: theirs, too)
#
# This is the one place where the package names stand. Nothing is said when nothing is missing.
set -euo pipefail

build_packages=(
    gcc libc6-dev cmake ninja-build pkg-config binutils ca-certificates openssl
    libssl-dev libevent-dev libxml2-dev libcurl4-openssl-dev libsqlite3-dev libicu-dev
    libjansson-dev zlib1g-dev
)
test_packages=(
    clang-14 clang-tidy-14 clang-format-14 libclang-rt-14-dev libcmocka-dev ccache
    python3 python3-cryptography python3-lxml xmlsec1 sqlite3 libfaketime strace procps iproute2 nftables curl
)
interop_packages=(openjdk-17-jdk-headless maven)

say() {
    printf 'setup: %s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 1
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Run apt-get as root, its words kept in a log that is shown only on failure.
apt_get() {
    local runner=(env DEBIAN_FRONTEND=noninteractive)
    [ "$(id -u)" -eq 0 ] || runner=(sudo -- "${runner[@]}")
    "${runner[@]}" apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@" >>"$log" 2>&1
}

packages=("${build_packages[@]}")
only_list=false
for argument in "$@"; do
    case $argument in
    --tests) packages+=("${test_packages[@]}") ;;
    --interop) packages+=("${interop_packages[@]}") ;;
    --list) only_list=true ;;
    *) fail "unknown argument $argument; usage: node/setup.sh [--tests] [--interop] [--list]" ;;
    esac
done
if $only_list; then
    printf '%s\n' "${packages[@]}"
    exit 0
fi

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    fail "this system has no apt; Saphan is built on Debian 12. Elsewhere, install by hand what 'node/setup.sh --list' names."

missing=()
for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
    fail "installing ${missing[*]} needs root: run 'apt-get install ${missing[*]}' as root, then start again."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
say "missing packages (${#missing[@]}): ${missing[*]}"
say "fetching the package lists"
apt_get update || say "the package lists could not be fetched; trying with those on this machine"
say "fetching and installing (one to five minutes)"
if ! apt_get install --no-install-recommends "${missing[@]}"; then
    tail -n 15 "$log" >&2
    fail "apt could not install what is missing (its last words are above); check the network and /etc/apt, then start again."
fi
say "done"
