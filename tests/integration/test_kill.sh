#!/usr/bin/env bash
# kill -9 over two exchanging nodes: 50 times, with --long (SAPHAN_LONG=1) 2,000 times. See kill_loop.py.
# limit: 400
# limit-long: 14400
set -uo pipefail
export SAPHAN=${SAPHAN:?the built program}
exec python3 "$(dirname "$0")/kill_loop.py"
