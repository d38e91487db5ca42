#!/usr/bin/env bash
# Bad certificates, bad TLS, bad HTTP and slow clients at a real node. See bad_tls.py.
# limit: 300
set -uo pipefail
export SAPHAN=${SAPHAN:?the built program}
exec python3 "$(dirname "$0")/bad_tls.py"
