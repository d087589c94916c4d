#!/bin/sh
# Builds FerretDB, which speaks MongoDB's protocol over SQLite, from its Go module: the tests of MONGODB ask it. Where it cannot be had, they say
# that they were skipped. Writes `<tools>/ferretdb`: the program, or "absent".
set -eu
tools=$1
version=v1.24.2

build() {
    command -v go >/dev/null || return 1
    source=$(go mod download -json "github.com/FerretDB/FerretDB@$version" | sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p') || return 1
    [ -d "$source" ] || return 1
    work=$(mktemp -d) || return 1
    cp -r "$source/." "$work" && chmod -R u+w "$work" || return 1
    # The module leaves out the file that the program wants to be told its version by.
    echo "$version" > "$work/build/version/version.txt"
    (cd "$work" && go build -tags ferretdb_no_postgresql -o "$tools/bin/ferretdb" ./cmd/ferretdb) || return 1
    rm -rf "$work"
}

if build; then echo "$tools/bin/ferretdb" > "$tools/ferretdb"; else echo absent > "$tools/ferretdb"; fi
