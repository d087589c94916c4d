#!/bin/sh
# Builds a collector of OpenTelemetry of its core alone, from its Go modules: the test of traces lets all services tell it. Where it cannot be
# had, the test says that it was skipped. Writes `<tools>/collector`: the program, or "absent".
set -eu
tools=$1
here=$(cd "$(dirname "$0")" && pwd)

build() {
    command -v go >/dev/null || return 1
    work=$(mktemp -d) || return 1
    cp "$here/collector/main.go" "$here/collector/go.mod" "$work" || return 1
    (cd "$work" && go build -mod=mod -trimpath -ldflags '-s -w' -o "$tools/bin/collector" .) || return 1
    rm -rf "$work"
}

if build; then echo "$tools/bin/collector" > "$tools/collector"; else echo absent > "$tools/collector"; fi
