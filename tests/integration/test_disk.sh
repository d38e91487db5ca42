#!/usr/bin/env bash
# A full disk at a real node. See disk_full.py.
# limit: 240
set -uo pipefail
export SAPHAN=${SAPHAN:?the built program}
exec python3 "$(dirname "$0")/disk_full.py"
