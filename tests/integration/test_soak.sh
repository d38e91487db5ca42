#!/usr/bin/env bash
# Exchange for minutes under random kills of nodes and of the lines between them; with --long for an hour. See soak.py.
# limit: 600
# limit-long: 5400
set -uo pipefail
export SAPHAN=${SAPHAN:?the built program}
exec python3 "$(dirname "$0")/soak.py"
