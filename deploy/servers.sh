#!/bin/sh
# Where the servers are that tests of the worker start: of this machine, or else unpacked (not installed) from Debian's packages.
# Writes `<tools>/openssh`, `<tools>/mariadb`, `<tools>/clickhouse` and `<tools>/prometheus`: the root below which the programs are, or "absent".
set -eu
tools=$1
root=$tools/debian

unpack() {
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
    mkdir -p "$root/packages" && chmod 755 "$root" || return 1
    (cd "$root/packages" && apt-get download "$@" >/dev/null 2>&1) || return 1
    for package in "$root"/packages/*.deb; do dpkg -x "$package" "$root" || return 1; done
    rm -rf "$root/packages"
}

find_or_unpack() {
    name=$1 program=$2
    shift 2
    if [ -x "/$program" ]; then echo / > "$tools/$name"
    elif unpack "$@" && [ -x "$root/$program" ]; then echo "$root" > "$tools/$name"
    else echo absent > "$tools/$name"
    fi
}

find_or_unpack openssh usr/sbin/sshd openssh-server libwrap0
find_or_unpack mariadb usr/sbin/mariadbd mariadb-server mariadb-server-core mariadb-client-core libaio1 liburing2
find_or_unpack clickhouse usr/sbin/clickhouse-server clickhouse-server clickhouse-common libboost-filesystem1.74.0 \
    libboost-program-options1.74.0 libcapnp-0.9.2 libcctz2 libcpuinfo0 libdouble-conversion3 libfarmhash0 libicu72 libjemalloc2 liblz4-1 \
    libltdl7 libmariadb3 libmetrohash1 libodbc2 libodbcinst2 libpcre3 libpocodata80 libpocodataodbc80 libpocofoundation80 libpocojson80 \
    libpocomongodb80 libpoconet80 libpoconetssl80 libpocoutil80 libpocoxml80 libpococrypto80 librdkafka1 libre2-9
find_or_unpack prometheus usr/bin/promtool prometheus
