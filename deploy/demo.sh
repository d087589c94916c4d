#!/usr/bin/env bash
# Starts everything in one process, runs deploy/examples/weather, shows what came of it, and stops again.
# Usage: deploy/demo.sh PATH_TO_DOWNBEAT
set -euo pipefail
cd "$(dirname "$0")/.."
downbeat=$1
data=.cache/demo
mkdir -p "$data"
# Kept and shared with the tests: the second run needs no installing.
export DOWNBEAT_WORKER_ENVIRONMENTS=$PWD/.cache/environments
rm -f "$data/ready"

"$downbeat" dev --data "$data" --listen 127.0.0.1:0 --api 127.0.0.1:0 --ready-file "$data/ready" &
dev=$!
stop() { kill -TERM "$dev" 2>/dev/null && wait "$dev" || true; }
trap stop EXIT
while [ ! -f "$data/ready" ]; do
    kill -0 "$dev" 2>/dev/null || { wait "$dev"; exit 1; }
    sleep 0.05
done
DOWNBEAT_SERVER=$(head -n 1 "$data/ready")
export DOWNBEAT_SERVER

echo
echo "== the run (the first time, packages are installed for a while: downbeat logs -f last TASK shows it) =="
"$downbeat" run deploy/examples/weather/pipeline.yml --wait
echo
echo "== asset lineage of the run, with rows and tests =="
"$downbeat" lineage last
echo
echo "== the log behind it =="
"$downbeat" log verify --log "embedded:$data/log"
