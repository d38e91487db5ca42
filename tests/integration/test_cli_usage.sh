#!/usr/bin/env bash
# The command line without a node and without a network: usage, help, exit codes, and a home that is not served.
# limit: 120
set -uo pipefail
saphan=${SAPHAN:?the built program}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 HOME=$work TZ=UTC
unset SAPHAN_HOME SAPHAN_LANG NO_COLOR
cd "$work" || exit 1

ok() {
    echo "ok $1"
}

not_ok() {
    echo "not ok $1: $2"
    sed 's/^/#   /' out err 2>/dev/null | head -n 12
}

# run ARGUMENT…: out, err and $code of saphan.
run() {
    code=0
    "$saphan" "$@" >out 2>err </dev/null || code=$?
}

# expect NAME CODE ARGUMENT…: the exit code, and some words when it is not 0.
expect() {
    local name=$1 wanted=$2
    shift 2
    run "$@"
    if [ "$code" -ne "$wanted" ]; then
        not_ok "$name" "exit $code, expected $wanted"
    elif [ "$wanted" -ne 0 ] && [ ! -s err ] && [ ! -s out ]; then
        not_ok "$name" "exit $code without a word"
    else
        ok "$name"
    fi
}

# says NAME FILE TEXT: the last run's out or err holds the text.
says() {
    if grep -qF -- "$3" "$2"; then
        ok "$1"
    else
        not_ok "$1" "\"$3\" is not in $2"
    fi
}

# Wrong use is 2, with what was wrong and the way to the help.
expect usage_unknown_word 2 stauts
says usage_unknown_word_suggests err "saphan status"
expect usage_nonsense_word 2 xyzzyxyzzy
says usage_nonsense_word_names_help err "saphan help"
expect usage_family_alone 2 partner
says usage_family_alone_lists err "saphan partner add"
expect usage_unknown_option 2 status --wrong
says usage_unknown_option_names_it err "--wrong"
expect usage_missing_value 2 inbox --limit
says usage_missing_value_names_it err "--limit"
expect usage_too_few 2 show
says usage_too_few_names_help err "saphan help show"
expect usage_too_many 2 doctor now
expect usage_help_of_unknown_word 2 help stauts

# The words as the list of help shows them, and for each the help in all languages.
run help
words=$(sed -n 's/^  \([a-z][a-z ]*[a-z]\) .*/\1/p' out | sed 's/ \{2,\}.*//' | sort -u)
for word in init run pull status doctor demo "partner card" "partner add" "partner certificates" "partner list" "partner show" "partner ping" \
    "partner pause" "partner resume" "partner remove" check ask reply publish send inbox outbox show save \
    "ledger log" "ledger verify" "ledger checkpoint" "ledger proof" verify "schema list" "schema install" version help; do
    if grep -qxF "$word" <<<"$words"; then
        ok "help_lists_${word// /_}"
    else
        not_ok "help_lists_${word// /_}" "not in the list of saphan help"
    fi
    for lang in en lo th; do
        name="help_${word// /_}_$lang"
        # shellcheck disable=SC2086
        run --lang $lang help $word
        lines=$(wc -l <out)
        if [ "$code" -ne 0 ] || [ "$lines" -lt 4 ]; then
            not_ok "$name" "exit $code, $lines lines"
        elif [ "$lines" -gt 24 ]; then
            not_ok "$name" "$lines lines, at most 24"
        elif ! head -n 1 out | grep -q "^saphan ${word%% *}"; then
            not_ok "$name" "does not begin with an example"
        elif grep -qE '^  --?[a-z-]+ *$|help\.' out; then
            not_ok "$name" "an option or text is not described"
        else
            ok "$name"
        fi
        cp out "by-word"
        # shellcheck disable=SC2086
        run --lang $lang $word --help
        if cmp -s out by-word; then
            ok "${name}_by_option"
        else
            not_ok "${name}_by_option" "saphan $word --help says something else than saphan help $word"
        fi
    done
done
for lang in en lo th; do
    run --lang $lang help man
    if [ "$code" -eq 0 ] && [ "$(grep -c '^\.SS saphan ' out)" -eq 33 ] && grep -q '^\.TH SAPHAN 1' out; then
        ok "help_man_$lang"
    else
        not_ok "help_man_$lang" "exit $code, $(grep -c '^\.SS saphan ' out) words of 33"
    fi
done

# What needs no home, and what says that there is none.
expect version_without_home 0 version
says version_without_home_names_it out "saphan "
run --json version
if python3 -c 'import json,sys; d=json.load(open("out")); sys.exit(d["schema"]!="saphan.version/1" or not d["version"])'; then
    ok version_json
else
    not_ok version_json "not the object of the API"
fi
for word in status doctor "partner list" inbox outbox "ledger log" "ledger verify" "schema list" "show T-AAAAAA"; do
    # shellcheck disable=SC2086
    expect "no_home_${word// /_}" 1 --home "$work/nowhere" $word
    says "no_home_${word// /_}_says_init" err "saphan init"
done

# A home that nobody serves.
expect init_without_answers 2 --home "$work/half" init
good=(--party la.half.test --name x --kind ngo --country LA --url https://127.0.0.1:18545)
for bad in "party Half_Node" "kind club" "country Laos" "url http://127.0.0.1:1" "largest 12" "listen nowhere:99999" "suites none"; do
    # shellcheck disable=SC2086
    expect "init_bad_${bad%% *}" 2 --home "$work/half" init --${bad%% *} ${bad#* } "${good[@]}"
    says "init_bad_${bad%% *}_names_it" err "${bad#* }"
done
expect init 0 --home "$work/a" init --training --party la.office.test --name "Invented office" --kind legal-aid \
    --country LA --url https://127.0.0.1:18543
expect init_second 0 --home "$work/b" init --training --party th.ngo.test --name "Invented NGO" --kind ngo \
    --country TH --url https://127.0.0.1:18544
expect init_again_changes_nothing 0 --home "$work/a" init --party la.office.test --name x --kind ngo --country LA \
    --url https://127.0.0.1:18543
export SAPHAN_HOME=$work/a
expect status 0 status
says status_says_not_running out "saphan run"
expect status_quiet 0 status --quiet
if [ -s out ]; then not_ok status_quiet_prints_nothing "it printed"; else ok status_quiet_prints_nothing; fi
for word in status doctor "partner list" inbox outbox "ledger log" "ledger verify" "ledger checkpoint" "schema list"; do
    # shellcheck disable=SC2086
    run $word --json
    if [ "$code" -eq 0 ] && [ "$(wc -l <out)" -eq 1 ] &&
        python3 -c 'import json; assert json.load(open("out"))["schema"].startswith("saphan.")' 2>/dev/null; then
        ok "json_${word// /_}"
    else
        not_ok "json_${word// /_}" "exit $code, or not one object with a schema"
    fi
done
expect doctor 0 doctor
expect card 0 partner card -o "$work/a.card"
expect card_is_not_overwritten 1 partner card -o "$work/a.card"
says card_is_not_overwritten_names_it err "a.card"
expect card_into_no_folder 1 partner card -o "$work/nowhere/a.card"
says card_into_no_folder_names_it err "nowhere/a.card"
expect add_own_card 2 partner add "$work/a.card" --yes
says add_own_card_says_so err "card of this node"
expect card_of_second 0 --home "$work/b" partner card -o "$work/b.card"
expect add_without_terminal 1 partner add "$work/b.card"
number=$(grep -oE '([0-9]{5} ){5}[0-9]{5}' out)
expect add_wrong_number 3 partner add "$work/b.card" --safety-number "00000 00000 00000 00000 00000 00000"
expect add_no_number 2 partner add "$work/b.card" --safety-number "1 2 3"
expect add_no_card 2 partner add "$work/no.card" --safety-number "$number"
# shellcheck disable=SC2086
expect add_six_arguments 0 partner add "$work/b.card" --safety-number $number
expect add_quoted_again 0 partner add "$work/b.card" --safety-number "$number"
expect partner_unknown 1 partner show th.nobody.test
says partner_unknown_names_it err "th.nobody.test"
expect partner_pause 0 partner pause th.ngo.test
expect partner_resume 0 partner resume th.ngo.test
expect partner_remove_asks 1 partner remove th.ngo.test
expect ping_without_node 5 partner ping th.ngo.test

# Asking without a node: usage 2, refused 4, queued 5.
echo "How can unpaid wages be claimed from abroad?" >question.txt
echo "My telephone is 020 5555 1234, write to name@mail.example" >personal.txt
ask=(ask --to th.ngo.test --topic unpaid-wages --place TH-34)
expect ask_nothing 2 ask --from question.txt
says ask_nothing_names_all err "--topic, --place, --to"
expect ask_unknown_topic 2 ask --to th.ngo.test --topic nonsense --place TH-34 --from question.txt
says ask_unknown_topic_lists_known err "unpaid-wages"
expect ask_unknown_partner 1 ask --to th.nobody.test --topic other --place TH-34 --from question.txt
expect ask_kind_without_partner 2 ask --to police --topic other --place TH-34 --from question.txt
expect ask_no_such_day 2 "${ask[@]}" --from question.txt --deadline 2026-13-40
expect ask_past_day 2 "${ask[@]}" --from question.txt --deadline 2025-01-01
says ask_past_day_says_so err "in the past"
expect ask_no_such_file 2 "${ask[@]}" --from nothing.txt
expect ask_empty_input 2 "${ask[@]}"
expect ask_personal_data 4 "${ask[@]}" --from personal.txt
expect ask_dry_run 0 "${ask[@]}" --from question.txt --dry-run
run outbox --json --all
if python3 -c 'import json; i=json.load(open("out"))["items"]; assert [x["type"] for x in i] == ["ping"]' 2>/dev/null; then
    ok outbox_all_shows_pings
else
    not_ok outbox_all_shows_pings "the ping is not in outbox --all"
fi
run outbox --json
if python3 -c 'import json; assert json.load(open("out"))["items"] == []' 2>/dev/null; then
    ok ask_dry_run_queues_nothing
else
    not_ok ask_dry_run_queues_nothing "something is in the outbox"
fi
expect ask_queues 5 "${ask[@]}" --from question.txt --deadline 2569-12-10
says ask_queues_echoes_both_calendars err "10 December 2026"
says ask_queues_says_run err "saphan run"
run outbox --json
id=$(python3 -c 'import json; print(json.load(open("out"))["items"][0]["id"])')
expect show 0 show "$id"
says show_text out "How can unpaid wages be claimed from abroad?"
expect show_unknown 1 show T-AAAAAA
expect save 0 save "$id" -o question.xml
expect save_does_not_overwrite 1 save "$id" -o question.xml
run show "$id" --xml
if cmp -s out question.xml; then ok show_xml_is_what_save_saves; else not_ok show_xml_is_what_save_saves "they differ"; fi
expect save_without_file 2 save "$id"
expect reply_without_move 2 reply "$id"
expect reply_unknown_move 2 reply "$id" --as shout
expect reply_decline_without_reason 2 reply "$id" --as decline
head -c 64 /dev/urandom | sed 's/^/\x00\xff/' >noise.bin
expect reply_attaches_no_noise 2 reply "$id" --as progress --from question.txt --attach noise.bin

# Files that are something else.
echo "neither" >neither.txt
echo "{" >broken.json
expect publish_neither 2 publish neither.txt
expect publish_broken_json 2 publish broken.json
echo "<x/>" >other.xml
expect publish_without_facts 2 publish other.xml
expect check_other_xml 4 check other.xml
expect check_no_file 2 check nothing.xml
expect send_without_addressee 2 send <(echo '{"type":"resource","body":{}}')
expect schema_install_other 4 schema install other.xml --xml other.xml
expect schema_install_other_alone 4 schema install other.xml
says schema_install_other_alone_is_called_wrong err "not the official schema"
if [ -e "${SAPHAN_TEST_DATA:-}/akn/akomantoso30.xsd" ]; then
    cp "$SAPHAN_TEST_DATA/akn/akomantoso30.xsd" official.xsd
    expect schema_install_without_xml 4 schema install official.xsd
    says schema_install_without_xml_says_which err "xml.xsd"
    expect schema_install_with_other_xml 4 schema install official.xsd --xml other.xml
    says schema_install_with_other_xml_says_which err "xml.xsd"
else
    echo "skip schema_install_without_xml: no official schema in the test data"
fi

# The ledger.
expect ledger_verify 0 ledger verify
expect ledger_proof 0 ledger proof 0 -o zero.proof
expect ledger_proof_does_not_overwrite 1 ledger proof 0 -o zero.proof
expect ledger_proof_verifies 0 verify zero.proof --leaf zero.proof.leaf --trust a.card
printf 'x' | dd of=zero.proof.leaf bs=1 seek=40 conv=notrunc status=none
expect ledger_proof_of_other_leaf 3 verify zero.proof --leaf zero.proof.leaf --trust a.card
expect ledger_no_such_event 1 ledger proof 999999
expect ledger_event_is_a_number 2 ledger proof seven
expect ledger_unknown_type 2 ledger log --type nonsense
says ledger_unknown_type_names_it err "nonsense"

# Two calls of one command, each opening the home anew: an upload outlives the first.
printf '%%PDF-1.4 invented' >guide.pdf
expect reply_attaches_without_node 0 reply "$id" --as progress --from question.txt --attach guide.pdf --dry-run
expect reply_with_attachment_queues 5 reply "$id" --as progress --from question.txt --attach guide.pdf
printf 'no XML\n' >broken.xml
expect check_broken 4 check broken.xml
says check_broken_is_told_in_words err "This is not XML"
for lang in lo th; do
    run --lang $lang ledger log
    if [ "$code" -eq 0 ] && ! grep -qE '[A-Z]{3}_|START' out; then ok "log_in_words_$lang"; else not_ok "log_in_words_$lang" "exit $code, or a raw event name"; fi
done
