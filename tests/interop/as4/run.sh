#!/bin/bash
# Both directions between the node's AS4 code and an endpoint of its own in Python (oracle.py): run.sh BUILD_DIR
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: run.sh BUILD_DIR}
driver=$(find "$build" -name as4_driver -type f -perm -u+x | head -1)
python=/usr/bin/python3
if ! "$python" -c 'import cryptography, lxml' 2>/dev/null; then
    echo "skip as4_oracle: python3-cryptography or python3-lxml is not installed"
    exit 0
fi
[ -n "$driver" ] || { echo "not ok as4_driver: there is none below $build"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# check NAME EXPECTED-TEXT OUTPUT
check() {
    local name=as4_${1// /_}
    case $3 in
    *"$2"*) echo "ok $name" ;;
    *) failed=1; echo "not ok $name: expected $(printf %.80s "$2"), got $(printf %.300s "$3")" ;;
    esac
}

printf '<Packet>invented</Packet>' >"$work/a"
head -c 50000 /dev/urandom >"$work/b"
: >"$work/c"
hash_list() { # SHA-256 of the files as a JSON list
    for f in "$@"; do sha256sum <"$f" | cut -c1-64; done | sed 's/.*/"&"/' | paste -sd, | sed 's/,/, /g'
}

for suite in edelivery-1.15 edelivery-2.0-ed25519 edelivery-2.0-p256; do
    keys=$work/$suite
    check "$suite keys" made "$("$python" "$here/oracle.py" keys "$suite" "$keys")"
    # ours to the oracle: 1, 3 and 33 parts, then a receipt of the oracle back to us
    for parts in "$work/a" "$work/a $work/b $work/c" "$(yes "$work/a" | head -33 | paste -sd' ')"; do
        out=$keys/ours
        # shellcheck disable=SC2086
        check "$suite build" built "$("$driver" build "$suite" "$keys" "$out" $parts)"
        # shellcheck disable=SC2086
        check "$suite oracle opens" "$(hash_list $parts)" "$("$python" "$here/oracle.py" open "$suite" "$keys" "$out")"
        check "$suite we open" accepted "$("$driver" open "$suite" "$keys" "$out")"
        check "$suite oracle checks our receipt" accepted \
            "$("$python" "$here/oracle.py" receipt "$suite" "$keys" "$out.receipt" "$out.refs")"
        check "$suite oracle makes a receipt" built "$("$python" "$here/oracle.py" make-receipt "$suite" "$keys" "$out" "$out.theirs")"
        check "$suite we check its receipt" accepted "$("$driver" receipt "$suite" "$keys" "$out.theirs" "$out.refs")"
    done
    # a receipt for another message proves nothing
    check "$suite build" built "$("$driver" build "$suite" "$keys" "$keys/other" "$work/a")"
    check "$suite other receipt" EBMS:0302 "$("$driver" receipt "$suite" "$keys" "$keys/ours.theirs" "$keys/other.refs")"
    check "$suite other receipt" refused "$("$python" "$here/oracle.py" receipt "$suite" "$keys" "$keys/ours.receipt" "$keys/other.refs")"
    # the oracle to us, in forms that we accept and never write
    for style in plain wss4j base64 quoted 8bit; do
        made=$("$python" "$here/oracle.py" build "$suite" "$keys" "$keys/$style" "$style")
        check "$suite oracle builds $style" built "$made"
        digests=$(printf '%s' "$made" | sed 's/.*\[//; s/\].*//; s/ //g')
        check "$suite we open $style" "$digests" "$("$driver" open "$suite" "$keys" "$keys/$style")"
        check "$suite receipt for $style" accepted \
            "$("$python" "$here/oracle.py" receipt-of "$suite" "$keys" "$keys/$style.receipt" "$keys/$style")"
    done
    # line ends of LF alone in MIME heads and delimiters
    made=$("$python" "$here/oracle.py" build "$suite" "$keys" "$keys/lf" lf)
    digests=$(printf '%s' "$made" | sed 's/.*\[//; s/\].*//; s/ //g')
    check "$suite we open lf" "$digests" "$("$driver" open "$suite" "$keys" "$keys/lf")"
    "$python" "$here/oracle.py" build "$suite" "$keys" "$keys/bad" bad-digest >/dev/null
    check "$suite bad digest" '"EBMS:0101","rule":"dsig.part-digest"' "$("$driver" open "$suite" "$keys" "$keys/bad")"
    "$python" "$here/oracle.py" build "$suite" "$keys" "$keys/bad" bad-tag >/dev/null
    check "$suite bad tag" '"EBMS:0102","rule":"xenc.content"' "$("$driver" open "$suite" "$keys" "$keys/bad")"
done

# DP-18: exact sizes, and any gzip reader skips the padding
for size in 0 100 3000 5000 20000 70000 200000; do
    head -c "$size" /dev/urandom >"$work/plain"
    "$driver" gzip "$work/plain" "$work/plain.gz" >/dev/null
    check "gzip $size" same "$("$python" - "$work/plain" "$work/plain.gz" <<'PY'
import gzip, sys, zlib
plain, packed = (open(p, "rb").read() for p in sys.argv[1:3])
step = next(s for s in [4096, 16384] + list(range(65536, 1 << 24, 65536)) if s >= len(packed))
d = zlib.decompressobj(31)
whole = d.decompress(packed) + d.flush()
print("same" if whole == plain == gzip.decompress(packed) and d.eof and not d.unused_data and len(packed) == step else "differs")
PY
)"
done

# pull, a whole node and the endpoint, both roles
"$python" "$here/pull.py" "${SAPHAN:-$build/node/saphan}" "$work/pull" || failed=1

[ "$failed" -eq 0 ]
