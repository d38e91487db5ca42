#!/usr/bin/env bash
# Every sample of the documents through `saphan check`, on a Lao legal-aid node and on a Thai NGO's node: what is
# refused, and for which reason, is what docs/samples/README.md says. A sample that is not listed here is a failure.
# limit: 120
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
saphan=${SAPHAN:?the built program}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export SAPHAN_LANG=en NO_COLOR=1

make_node() {
    "$saphan" init --home "$work/$1" --training --party "$2" --name-en "Example (invented)" --kind "$3" \
        --country "$4" --url "https://127.0.0.1:$5" --listen "127.0.0.1:$5" >/dev/null &&
        "$saphan" partner card --home "$work/$1" -o "$1.card" >/dev/null
}

take_card() {
    local number
    number=$("$saphan" verify "$2.card" --json |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["facts"]["safetyNumber"])')
    "$saphan" partner add --home "$work/$1" "$2.card" --safety-number "$number" >/dev/null
}

# FILE NODE: "ok", or the words that the refusal must hold.
wanted() {
    case $1:$2 in
    request.json:lao-alone | request.json:thai-alone | request.json:thai) echo "th.ngo.example is not a partner" ;;
    resource.json:lao* | demo/resource.json:lao*) echo "PK-06" ;;
    demo/judgment.json:* | demo/judgment-real.json:*) echo "«body/caseNumber» is missing" ;;
    request.json:lao | response.json:* | notice.json:* | resource.json:thai* | case-law.json:* | judgment.xml:*) echo ok ;;
    demo/question.json:* | demo/answer.json:* | demo/close.json:* | demo/resource.json:thai*) echo ok ;;
    demo/office-question.json:* | demo/office-answer.json:* | demo/judgment.xml:*) echo ok ;;
    *) echo "no row for $1 in this test" ;;
    esac
}

check_all() {
    local node=$1 home=$2 file name code words
    for file in "$root"/docs/samples/*.{json,xml} "$root"/docs/samples/demo/*.{json,xml}; do
        name=${file#"$root"/docs/samples/}
        words=$(wanted "$name" "$node")
        "$saphan" check --home "$work/$home" "$file" >out 2>&1
        code=$?
        if [ "$words" = ok ] && [ "$code" -eq 0 ]; then
            echo "ok sample_${name//\//_}_$node"
        elif [ "$words" != ok ] && [ "$code" -ne 0 ] && [ "$code" -ne 3 ] && grep -qF -- "$words" out; then
            echo "ok sample_${name//\//_}_$node"
        else
            echo "not ok sample_${name//\//_}_$node: exit $code, wanted: $words"
            sed 's/^/#   /' out
        fi
    done
}

if make_node lao la.legalaid.example legal-aid LA 18443 && make_node thai th.ngo.example ngo TH 28443; then
    check_all lao-alone lao
    check_all thai-alone thai
    if take_card lao thai && take_card thai lao; then
        check_all lao lao
        check_all thai thai
    else
        echo "not ok samples: the nodes do not take each other's card"
    fi
else
    echo "not ok samples: no node could be made"
fi
