#!/usr/bin/env bash
# What clients that do nothing cost a node: memory of 1,000 idle TLS connections (rss_1000_idle_mb, beyond the quiet
# node), and a normal exchange's p99 beside 1,000 clients of one octet a second (slow_clients_p99_ratio).
set -euo pipefail
export SAPHAN=$SAPHAN_BUILD/node/saphan
exec python3 "$(dirname "${BASH_SOURCE[0]}")/net_measure.py" "$SAPHAN_BUILD/tests/bench_net_clients"
