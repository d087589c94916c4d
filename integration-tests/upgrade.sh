#!/usr/bin/env bash
# Builds the programs of the version before this one into .cache/previous and runs the test of upgrades with them.
#
#   integration-tests/upgrade.sh [COMMIT]     COMMIT = the one before the newest level of the log came
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
if [ $# -gt 0 ]; then
    commit=$(git rev-parse --verify "$1^{commit}")
else
    raised=$(git log -1 --format=%H -G 'const NEWEST: Self = Self\([0-9]+\);' -- crates/domain/src/level.rs)
    commit=$(git rev-parse --verify "$raised^1^{commit}")
fi
programs=(downbeat downbeat-coordinator downbeat-scheduler downbeat-worker downbeat-metadata-projector downbeat-gateway)
into=$root/.cache/previous

if [ "$(cat "$into/COMMIT" 2>/dev/null || true)" != "$commit" ]; then
    echo "building $(git log -1 --format='%h %s' "$commit")"
    # Its own folder for what is compiled, of which nothing but the programs is kept.
    tree=$(mktemp -d)
    trap 'git worktree remove --force "$tree/previous" || true; rm -rf "$tree"' EXIT
    git worktree add --quiet --detach "$tree/previous" "$commit"
    (
        cd "$tree/previous"
        CARGO_TARGET_DIR=$tree/target CARGO_INCREMENTAL=0 cargo build --locked --bins "${programs[@]/#/--package=}"
    )
    rm -rf "$into"
    mkdir -p "$into"
    for program in "${programs[@]}"; do cp "$tree/target/debug/$program" "$into/"; done
    echo "$commit" >"$into/COMMIT"
fi
DOWNBEAT_PREVIOUS_PROGRAMS=$into cargo test --locked -p downbeat-integration-tests --test upgrade -- --nocapture --test-threads 1
