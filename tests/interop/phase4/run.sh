#!/bin/bash
# Both directions between Saphan and phase4, an AS4 product in Java by others: run.sh BUILD_DIR
# Needs a JDK 17 and Maven (node/setup.sh --interop). Maven fetches phase4 once, in the versions that pom.xml names.
# limit: 900
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: run.sh BUILD_DIR}
python=/usr/bin/python3
driver=$(find "$build" -name as4_driver -type f -perm -u+x | head -1)
[ -n "$driver" ] || { echo "not ok phase4_driver: there is none below $build"; exit 1; }
"$python" -c 'import cryptography' 2>/dev/null || { echo "skip phase4: python3-cryptography is not installed"; exit 0; }
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "skip phase4: there is no JDK or no Maven"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if mvn -B -q -f "$here/pom.xml" process-classes >"$work/mvn.log" 2>&1; then
    echo "ok phase4_builds"
else
    sed 's/^/# /' "$work/mvn.log" | tail -n 20
    echo "not ok phase4_builds: Maven failed, its last words are above"
    exit 1
fi
failed=0
mkdir "$work/wire" "$work/node" "$work/page"
"$python" "$here/wire.py" "$driver" "$work/wire" || failed=1
"$python" "$here/node.py" "${SAPHAN:-$build/node/saphan}" "$work/node" || failed=1
"$python" "$here/page.py" "${SAPHAN:-$build/node/saphan}" "$work/page" || failed=1
exit $failed
