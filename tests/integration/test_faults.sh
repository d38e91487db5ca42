#!/usr/bin/env bash
# Two exchanging nodes on a bad line: slow, cut, corrupted, swallowed; with --long a partition of minutes. See faults.py.
# limit: 300
# limit-long: 900
set -uo pipefail
export SAPHAN=${SAPHAN:?the built program}
exec python3 "$(dirname "$0")/faults.py"
