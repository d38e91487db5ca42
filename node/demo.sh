#!/usr/bin/env bash
# Show Saphan at work: install what is missing, build, and let four invented partners on this machine
# exchange signed and encrypted documents. Arguments go to `saphan demo`: --once, --dir DIR, --lang lo|th|en.
set -euo pipefail
node=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$node")

say() {
    printf 'demo: %s\n' "$*" >&2
}

say "1 of 3: looking for what building needs"
"$node/setup.sh" || exit 1
say "2 of 3: building (about two minutes the first time)"
"$node/build.sh" release saphan || exit 1
say "3 of 3: starting"
export SAPHAN_TEST_DATA=${SAPHAN_TEST_DATA:-$root/../shared/data} # a real judgment, when it is there
exec "$root/build/release/node/saphan" demo "$@"
