#!/bin/bash
# Exclusive C14N and XML signatures held against xmlsec1, on a corpus made by code, both directions: run.sh BUILD_DIR
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: run.sh BUILD_DIR}
count=${XMLDSIG_DOCUMENTS:-320}
driver=$(find "$build" -name xmldsig_driver -type f -perm -u+x | head -1)
command -v xmlsec1 >/dev/null || { echo "skip xmldsig: xmlsec1 is not installed"; exit 0; }
[ -n "$driver" ] || { echo "not ok xmldsig_driver: there is none below $build"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# same NAME EXPECTED GOT
same() {
    if [ "$2" = "$3" ]; then echo "ok xmldsig_$1"; else failed=1; echo "not ok xmldsig_$1: expected $2, got $3"; fi
}

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$work/rsa.pem" 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/ec.pem" 2>/dev/null
for key in rsa ec; do openssl pkey -in "$work/$key.pem" -pubout -out "$work/$key.pub"; done
method_rsa=http://www.w3.org/2001/04/xmldsig-more#rsa-sha256
method_ec=http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256
exc='http://www.w3.org/2001/10/xml-exc-c14n#'

# template METHOD PREFIXES: a signature for xmlsec1 to fill in; the PrefixList stands at both transforms
template() {
    local list=
    [ "$2" = - ] || list="<n:InclusiveNamespaces xmlns:n=\"$exc\" PrefixList=\"$2\"/>"
    printf '%s' "<d:Signature xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\"><d:SignedInfo>" \
        "<d:CanonicalizationMethod Algorithm=\"$exc\">$list</d:CanonicalizationMethod>" \
        "<d:SignatureMethod Algorithm=\"$1\"/><d:Reference URI=\"#t\"><d:Transforms>" \
        "<d:Transform Algorithm=\"$exc\">$list</d:Transform></d:Transforms>" \
        "<d:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><d:DigestValue/></d:Reference>" \
        "</d:SignedInfo><d:SignatureValue/><d:KeyInfo><d:KeyName>k</d:KeyName></d:KeyInfo></d:Signature>"
}
# theirs KEY FILE: xmlsec1's verdict
theirs() {
    xmlsec1 --verify --pubkey-pem:k "$work/$1.pub" --id-attr:Id urn:x:t:target "$2" >/dev/null 2>&1 && echo ok || echo no
}

/usr/bin/python3 "$here/corpus.py" "$work/corpus" "$count"
signed=0 accepted=0 altered=0 ours_ok=0 ours_altered=0
for file in "$work"/corpus/*[0-9].xml; do
    name=${file%.xml}
    key=rsa method=$method_rsa
    [ $((signed % 2)) = 0 ] || { key=ec method=$method_ec; }
    signature=$(template "$method" "$(cat "$name.prefixes")")
    text=$(cat "$file"; printf x)
    printf '%s' "${text%@SIGNATURE@*}$signature</root>" >"$name.template"
    if xmlsec1 --sign --privkey-pem:k "$work/$key.pem" --id-attr:Id urn:x:t:target --output "$name.theirs.xml" "$name.template" 2>"$name.why"; then
        signed=$((signed + 1))
    else
        echo "# xmlsec1 does not sign $name: $(head -c 200 "$name.why")"
        continue
    fi
    # a change inside the target that C14N must see
    sed 's/ Id="t"/ Id="t" changed="1"/' "$name.theirs.xml" >"$name.changed.xml"
    case $("$driver" verify "$work/$key.pem" "$name.theirs.xml") in
    ok*) accepted=$((accepted + 1)) ;;
    *) echo "# differs: $("$driver" verify "$work/$key.pem" "$name.theirs.xml")" ;;
    esac
    [ "$("$driver" verify "$work/$key.pem" "$name.changed.xml" | cut -c1-2) $(theirs "$key" "$name.changed.xml")" = "no no" ] && altered=$((altered + 1))
    "$driver" sign "$work/$key.pem" "$name"
    if [ "$(theirs "$key" "$name.ours.xml")" = ok ]; then ours_ok=$((ours_ok + 1)); else echo "# xmlsec1 refuses ours: $name"; fi
    sed 's/ Id="t"/ Id="t" changed="1"/' "$name.ours.xml" >"$name.changed.xml"
    [ "$(theirs "$key" "$name.changed.xml")" = no ] && ours_altered=$((ours_altered + 1))
done
same documents_signed_by_xmlsec1 "$count" "$signed"
same signatures_of_xmlsec1_we_accept "$count" "$accepted"
same changed_documents_both_refuse "$count" "$altered"
same our_signatures_xmlsec1_accepts "$count" "$ours_ok"
same our_changed_documents_xmlsec1_refuses "$count" "$ours_altered"
[ "$failed" -eq 0 ]
