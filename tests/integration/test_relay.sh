#!/usr/bin/env bash
# Two offices that nobody reaches and the hub of both, with real processes: handed to hub is not delivered, either of
# the three dies at any moment, the hub sees no content. See relay_offices.py.
# limit: 300
set -uo pipefail
export SAPHAN=${SAPHAN:?the built program}
exec python3 "$(dirname "$0")/relay_offices.py"
