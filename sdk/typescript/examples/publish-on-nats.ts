// Publishes an event on NATS, where it is kept until Downbeat takes it. Needs @nats-io/transport-node and @nats-io/jetstream.
//
//   NATS_URL=nats://127.0.0.1:4222 node publish-on-nats.js

import { EventPublisher } from "@downbeat/client/nats";

const publisher = await EventPublisher.connect({ servers: process.env.NATS_URL ?? "nats://127.0.0.1:4222" });
try {
  const event = { id: "delivery-2026-11-28", type: "com.example.landed" };
  const stored = await publisher.publish("orders.eu.landed", { rows: 3, table: "shop.orders" }, event);
  console.log(`${stored.id} is ${stored.stream} ${stored.sequence}`);
} finally {
  await publisher.close();
}
