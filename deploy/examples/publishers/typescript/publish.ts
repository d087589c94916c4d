// Publishes one CloudEvent for triggers and waits until NATS has stored it.
//
//   npm install
//   npm run --silent publish-event -- SUBJECT JSON [ID]
//
// SUBJECT is the part below downbeat.trigger., such as orders.eu.landed. The same id of the same source counts once.
// The server comes from NATS_URL; default nats://127.0.0.1:4222.

import { randomUUID } from "node:crypto";
import { jetstream } from "@nats-io/jetstream";
import { connect, headers } from "@nats-io/transport-node";

const [subject, data, id = randomUUID()] = process.argv.slice(2);
if (subject === undefined || data === undefined) {
  console.error("usage: publish.ts SUBJECT JSON [ID]");
  process.exit(2);
}

const connection = await connect({ servers: process.env.NATS_URL ?? "nats://127.0.0.1:4222" });
try {
  const attributes = headers();
  attributes.set("ce-specversion", "1.0");
  attributes.set("ce-id", id);
  attributes.set("ce-source", "/examples/typescript");
  attributes.set("ce-type", "com.example.landed");
  attributes.set("ce-time", new Date().toISOString());
  attributes.set("content-type", "application/json");
  // Through JetStream: the answer means that the message is stored, and a full stream is an error here and not a loss.
  const payload = JSON.stringify(JSON.parse(data));
  const stored = await jetstream(connection).publish(`downbeat.trigger.${subject}`, payload, { headers: attributes });
  console.log(`stored as ${stored.stream} ${stored.seq}, id ${id}`);
} finally {
  await connection.close();
}
