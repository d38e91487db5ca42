#!/usr/bin/env bash
# The same message a thousand times at once over real sockets (security.md A-01, A-14). See storm.py.
# limit: 240
set -uo pipefail
export SAPHAN=${SAPHAN:?the built program}
exec python3 "$(dirname "$0")/storm.py"
