#!/usr/bin/env bash
# Two nodes on two hosts of the test's own (network namespaces): lost packets, one way only, no cable. See netns_faults.py.
# limit: 400
set -uo pipefail
export SAPHAN=${SAPHAN:?the built program}
exec python3 "$(dirname "$0")/netns_faults.py"
