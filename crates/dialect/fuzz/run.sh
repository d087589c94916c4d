#!/usr/bin/env bash
# Fuzzes one target and keeps what it learned: run.sh document|expression|cron RUNS
# Coverage comes from flags that the stable compiler has; build scripts do not get them because --target is given.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
name="${1:?document, expression or cron}" runs="${2:?number of runs}"
host="$(rustc -vV | sed -n 's/^host: //p')"
work="${CARGO_TARGET_DIR:-$here/../../../target}/fuzz"
mkdir -p "$work/$name" "$work/$name.small"
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
  -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1" \
  CARGO_TARGET_DIR="$work" cargo build --locked --release --target "$host" --manifest-path "$here/Cargo.toml"
python3 "$here/corpus.py" unpack "$name" "$work/$name"
"$work/$host/release/$name" "$work/$name" -runs="$runs" -max_len=1024 -rss_limit_mb=512 -timeout=5 \
  -artifact_prefix="$work/" -print_final_stats=1
rm -f "$work/$name.small"/*
"$work/$host/release/$name" -merge=1 "$work/$name.small" "$work/$name"
python3 "$here/corpus.py" pack "$name" "$work/$name.small"
