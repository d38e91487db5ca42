#!/usr/bin/env bash
# HTTPS clients that are not ours, host name check on, at a real node. See stock_tls.py.
# limit: 120
set -uo pipefail
export SAPHAN=${SAPHAN:?the built program}
exec python3 "$(dirname "$0")/stock_tls.py"
