#!/usr/bin/env bash
# Metrics, reload, health and limits of two real nodes. See listener.py.
# limit: 180
set -uo pipefail
export SAPHAN=${SAPHAN:?the built program}
exec python3 "$(dirname "$0")/listener.py"
