#!/usr/bin/env bash
# Plants each bug of src/sim/mutants/ into a copy of the tree and requires that the simulator finds it.
#
#   integration-tests/sim-mutants.sh [SEEDS] [NAME ...]     SEEDS = 10000 per bug; without names: all
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
seeds=${1:-10000}
shift || true
work=${CARGO_TARGET_DIR:-$root/target}/mutants
tree=$work/tree
# Dependencies are compiled once more there; with SIM_MUTANTS_TARGET set to the target folder of the project they are not.
target=${SIM_MUTANTS_TARGET:-$work/target}
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
    for patch in integration-tests/src/sim/mutants/*.patch; do names+=("$(basename "$patch" .patch)"); done
fi

# One place for all copies: only what a bug touches is compiled again.
mkdir -p "$tree"
copy() {
    git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
        if [ -e "$file" ] && ! cmp -s "$file" "$tree/$file"; then
            mkdir -p "$tree/$(dirname "$file")"
            cp "$file" "$tree/$file"
        fi
    done
}

survived=0
for name in "${names[@]}"; do
    copy
    (cd "$tree" && GIT_CEILING_DIRECTORIES=$work git apply "$root/integration-tests/src/sim/mutants/$name.patch")
    if ! CARGO_TARGET_DIR=$target cargo build --quiet --locked --release --manifest-path "$tree/Cargo.toml" \
        -p downbeat-integration-tests --bin downbeat-sim; then
        echo "$name: does not compile any more; make its patch again"
        exit 2
    fi
    if found=$(RUST_BACKTRACE=0 "$target/release/downbeat-sim" --seeds "$seeds" 2>/dev/null); then
        echo "$name: NOT FOUND in $seeds seeds"
        survived=$((survived + 1))
    else
        echo "$name: $(grep -m1 -A1 '^seed .* failed:' <<<"$found" | tr -s '\n ' ' ' | cut -c1-200)"
    fi
done
copy
[ "$survived" -eq 0 ] && echo "all ${#names[@]} found" || { echo "$survived of ${#names[@]} not found"; exit 1; }
