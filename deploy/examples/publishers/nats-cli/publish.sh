#!/usr/bin/env bash
# Publishes one CloudEvent for triggers with the nats CLI, and waits until NATS has stored it.
#
#   publish.sh SUBJECT JSON [ID]
#
# SUBJECT is the part below downbeat.trigger., such as orders.eu.landed. The same id of the same source counts once.
# The server comes from NATS_URL; default nats://127.0.0.1:4222. NATS_CLI names the program.
set -euo pipefail

subject=$1
data=$2
id=${3:-$(cat /proc/sys/kernel/random/uuid)}

"${NATS_CLI:-nats}" --server "${NATS_URL:-nats://127.0.0.1:4222}" pub --jetstream "downbeat.trigger.$subject" "$data" \
  -H "ce-specversion:1.0" \
  -H "ce-id:$id" \
  -H "ce-source:/examples/nats-cli" \
  -H "ce-type:com.example.landed" \
  -H "content-type:application/json"
