#!/usr/bin/env bash
# Starts everything in one process and stays. At the first start it also applies and runs the pipelines of deploy/examples/shop, which need
# nothing but this machine; one of them fails on purpose, and one waits for a person, so that the console has something to show.
# Usage: deploy/dev.sh PATH_TO_DOWNBEAT [OPTIONS OF downbeat dev]
set -euo pipefail
cd "$(dirname "$0")/.."
downbeat=$1
shift
data=${DOWNBEAT_DATA:-.downbeat}
ready=$data/ready
done_before=$data/examples
mkdir -p "$data"
rm -f "$ready"
# Kept and shared with the tests and the demo.
export DOWNBEAT_WORKER_ENVIRONMENTS=${DOWNBEAT_WORKER_ENVIRONMENTS:-$PWD/.cache/environments}

"$downbeat" dev --data "$data" --ready-file "$ready" "$@" &
dev=$!
stop() { kill -TERM "$dev" 2>/dev/null || true; }
trap stop INT TERM
while [ ! -f "$ready" ]; do
    kill -0 "$dev" 2>/dev/null || { wait "$dev"; exit 1; }
    sleep 0.05
done
DOWNBEAT_SERVER=$(sed -n 1p "$ready")
api=$(sed -n 2p "$ready")
export DOWNBEAT_SERVER

# Ends as `downbeat run` says: what fails on purpose is no reason to stop.
examples() {
    local shop=deploy/examples/shop
    "$downbeat" run "$shop/rates.yml" --input source_is_there=true --wait
    "$downbeat" run "$shop/orders.yml" --wait
    "$downbeat" run "$shop/report.yml"
    "$downbeat" run "$shop/rates.yml" --wait || true
}

if [ ! -f "$done_before" ]; then
    echo
    echo "Running the examples of deploy/examples/shop (at the first start only; $done_before says that it was done)."
    if examples >"$data/examples.txt" 2>&1; then
        touch "$done_before"
    else
        echo "An example could not be run; $data/examples.txt has more."
    fi
fi

cat <<END

The console is at $api/console/
Sign in with a key: the key \`dev\` that was shown at the first start, or a new one:
    DOWNBEAT_SERVER=$DOWNBEAT_SERVER $downbeat key create me --role admin
END

# A signal interrupts the first wait; the second one waits for the end that it asked for.
wait "$dev" || wait "$dev"
