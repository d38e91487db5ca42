#!/usr/bin/env bash
# An office that nobody reaches, with real processes: it opens no port, fetches what waits for it and answers. See
# pull_office.py.
# limit: 300
set -uo pipefail
export SAPHAN=${SAPHAN:?the built program}
exec python3 "$(dirname "$0")/pull_office.py"
