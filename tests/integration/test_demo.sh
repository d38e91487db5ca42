#!/usr/bin/env bash
# The story of `saphan demo` in three languages: told to its end, both attacks caught, nothing left running,
# nothing of what people wrote in the logs. SAPHAN names the program (default build/dev/node/saphan).
# limit: 300
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
saphan=${SAPHAN:-$root/build/dev/node/saphan}
export SAPHAN_TEST_DATA=${SAPHAN_TEST_DATA:-$root/../shared/data}
work=$(mktemp -d /tmp/saphan-test-demo.XXXXXX)
started=()
homes="la.legalaid.demo th.ngo.demo la.ministry.demo la.village.demo"

cleanup() {
    for pid in "${started[@]}"; do
        kill "$pid" 2>/dev/null # nodes end with the demo that started them
    done
    wait
    rm -rf "$work"
}
trap cleanup EXIT

# check NAME COMMAND…: one test.
check() {
    local name=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        echo "ok demo_$name"
    else
        echo "not ok demo_$name: $(tr '\n' ' ' <"$work/said" | cut -c1-300)"
    fi
}

# The processes that a story said it started, still there after at most ten seconds?
none_runs() {
    local pid
    for pid in $(grep -oE '(process|ໂປຣເຊສ|โปรเซส) [0-9]+' "$1" | grep -oE '[0-9]+'); do
        for _ in $(seq 100); do
            [ -e "/proc/$pid" ] && grep -qs "^State:[[:space:]]*[^Z]" "/proc/$pid/status" || continue 2
            sleep 0.1
        done
        echo "process $pid is still there"
        return 1
    done
}

# until_line FILE TEXT: wait until a background story has said it.
until_line() {
    for _ in $(seq 1200); do
        grep -qF -- "$2" "$1" && return 0
        sleep 0.1
    done
    tail -n 5 "$1"
    return 1
}

edited_is_named() {
    local edited
    edited=$(sed -n 's/.*la\.ministry\.demo, entry \([0-9]*\) said.*/\1/p' "$1")
    [ -n "$edited" ] && grep -qF "saphan ledger verify: From entry $edited on" "$1" || {
        grep -F 'saphan ledger verify' "$1"
        return 1
    }
}

all_rows_proved() {
    [ "$(grep -cE '  receipt verified  proved  [0-9]+ +[0-9]+$' "$1")" = 11 ]
}

ledgers_hold() {
    local home
    for home in $homes; do
        "$saphan" --home "$1/$home" ledger verify || return 1
    done
}

# The answer as it lies at the lawyer's: its attachment is the file that the NGO sent.
attachment_arrived() {
    local id
    id=$("$saphan" --home "$1/la.legalaid.demo" inbox --json |
        python3 -c 'import json, sys
rows = [json.loads(line) for line in sys.stdin]
rows = [item for row in rows for item in row.get("items", [row])]
print([row["packetId"] for row in rows if row["type"] == "assistance-response"][0])') || return 1
    "$saphan" --home "$1/la.legalaid.demo" save "$id" --attachment a1 -o "$work/guide.txt" &&
        cmp "$work/guide.txt" "$root/docs/samples/demo/guide.txt"
}

# Words of the question, the answer, the guide and the titles: none may stand in a log (style.md 12).
logs_are_silent() {
    local word
    for word in 'ຄ່າແຮງງານ' 'ค่าจ้าง' 'wages' 'มอบอำนาจ' 'ຄູ່ມື' 'Lao worker' 'EWCA' 'legal-editor' 'Foundation'; do
        if grep -lF -- "$word" "$1"/*.log; then
            echo "«$word» stands in a log"
            return 1
        fi
    done
}

only_owner_reads() {
    [ -z "$(find "$1" -perm /077 -not -type l | head -n 3 | tee /dev/stderr)" ]
}

[ -x "$saphan" ] || {
    echo "not ok demo_program: $saphan is not there"
    exit 1
}
cd "$work" || exit 1

# Told once, in English, to its end.
"$saphan" --lang en demo --once --dir "$work/en" >en.out 2>en.err
code=$?
check once_ends_with_0 [ "$code" = 0 ]
check once_says_nothing_on_stderr [ ! -s en.err ]
check mode_is_said grep -q 'training mode' en.out
check safety_numbers_shown [ "$(grep -cE 'its partners see ([0-9]{5} ){5}[0-9]{5}$' en.out)" = 4 ]
check question_is_lao grep -q '"ຄົນງານລາວ' en.out
check answer_is_thai grep -q '"ยื่นคำร้อง' en.out
check attachment_is_opened grep -q 'opens the attachment' en.out
check receipts_proved [ "$(grep -c 'signed receipt verified. Ledger entry [0-9]* there, entry [0-9]* here; proved' en.out)" = 11 ]
check office_pulls grep -q 'waited at the NGO until la.village.demo asked for it' en.out
check office_opens_no_port grep -q 'la.village.demo is ready. Nobody can reach it: it opens no port' en.out
check flipped_byte_breaks_transport grep -q 'noticed it and broke off' en.out
check flipped_byte_is_refused grep -q 'refuses the message (EBMS:0102) and records the refusal as entry [0-9]' en.out
check repeat_gets_same_receipt grep -q 'both times with the same receipt, to the byte' en.out
check delivered_once grep -q 'has the message once, and counted 2 repeats' en.out
check changed_ledger_is_refused grep -q 'refuses to start: its ledger does not hold' en.out
check edited_entry_is_named edited_is_named en.out
check table_shows_all all_rows_proved en.out
check once_leaves_nothing_running none_runs en.out
check ledgers_hold_afterwards ledgers_hold "$work/en"
check attachment_is_the_file_sent attachment_arrived "$work/en"
check logs_hold_no_content logs_are_silent "$work/en"
check files_are_the_owners_alone only_owner_reads "$work/en"
if [ -e "$SAPHAN_TEST_DATA/judgments/en-GB/2020-ewca-130-civ.xml" ]; then
    check real_judgment_is_published grep -qF '[2020] EWCA Civ 130' en.out
else
    echo "skip demo_real_judgment_is_published: no judgment in SAPHAN_TEST_DATA"
fi
"$saphan" demo --once --dir "$work/en" >again.out 2>&1
code=$?
check used_folder_is_refused [ "$code" = 2 ]

# Lao and Thai, side by side, with the invented judgment; the nodes stay up until the demo ends.
SAPHAN_TEST_DATA=$work/nothing "$saphan" --lang lo demo --dir "$work/lo" >lo.out 2>&1 &
lao=$!
SAPHAN_TEST_DATA=$work/nothing "$saphan" --lang th demo --dir "$work/th" >th.out 2>&1 &
thai=$!
started+=("$lao" "$thai")
check lao_is_told until_line lo.out 'ໂນດທັງສີ່ຍັງເປີດຢູ່'
check lao_has_all_rows [ "$(grep -c 'ກວດໃບຮັບແລ້ວ  ພິສູດແລ້ວ' lo.out)" = 11 ]
check lao_publishes_the_sample grep -qF 'ຄຳພິພາກສາສົມມຸດຈາກຕົວຢ່າງ' lo.out
check thai_is_told until_line th.out 'โหนดทั้งสี่ยังเปิดอยู่'
check thai_has_all_rows [ "$(grep -c 'ตรวจใบรับแล้ว  พิสูจน์แล้ว' th.out)" = 11 ]
for home in $homes; do
    check "node_${home%%.*}_${home#*.}_answers" "$saphan" --home "$work/lo/$home" status
done
kill -TERM "$lao"
wait "$lao"
code=$?
check stop_ends_with_0 [ "$code" = 0 ]
check stop_leaves_nothing_running none_runs lo.out
kill -KILL "$thai"
wait "$thai" 2>/dev/null
check killed_demo_takes_its_nodes_along none_runs th.out
