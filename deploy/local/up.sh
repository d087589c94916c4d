#!/usr/bin/env bash
# Runs every line of the Procfile as a process until one ends or this is interrupted.
# Usage: deploy/local/up.sh FOLDER_OF_THE_PROGRAMS PATH_TO_NATS_SERVER
set -euo pipefail
cd "$(dirname "$0")/../.."
export BIN=$1 NATS_SERVER=$2
mkdir -p .cache/local

pids=()
stop() {
    trap - EXIT INT TERM
    # Last started, first stopped: the log outlives those that write to it.
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
        kill -TERM "${pids[i]}" 2>/dev/null && wait "${pids[i]}" 2>/dev/null || true
    done
}
trap stop EXIT INT TERM

while IFS= read -r line; do
    name=${line%%:*} command=${line#*: }
    # exec: the pid is the program's own, not a shell's.
    bash -c "exec $command" > >(sed -u "s/^/$name | /") 2>&1 &
    pids+=($!)
done < deploy/local/Procfile

echo "Downbeat runs as separate processes; use it with:"
echo "  export DOWNBEAT_SERVER=http://127.0.0.1:7410 DOWNBEAT_METADATA=http://127.0.0.1:7412 DOWNBEAT_LOG=nats://127.0.0.1:4222"
echo "The public API is at http://127.0.0.1:7400/api/engine/public; make a key with: downbeat key create NAME --role admin"
wait -n "${pids[@]}" || true
echo "a process ended; stopping the others" >&2
exit 1
