#!/usr/bin/env bash
# What a hostile document names is neither opened nor called: system calls of a real node (M-10, X-12). See hostile_xml.py.
# limit: 120
set -uo pipefail
export SAPHAN=${SAPHAN:?the built program}
exec python3 "$(dirname "$0")/hostile_xml.py"
