#!/usr/bin/env bash
# A large attachment between two real nodes, broken off on either side. See large.py.
# limit: 240
set -uo pipefail
export SAPHAN=${SAPHAN:?the built program}
exec python3 "$(dirname "$0")/large.py"
