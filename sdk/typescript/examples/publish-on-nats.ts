// Publishes events on NATS, where they are kept until Downbeat takes them. Needs @nats-io/transport-node and @nats-io/jetstream, and no gateway.
//
//   NATS_URL=nats://127.0.0.1:4222 node publish-on-nats.js

import { EventPublisher } from "@downbeat/client/nats";

const publisher = await EventPublisher.connect({ servers: process.env.NATS_URL ?? "nats://127.0.0.1:4222" });
try {
  for (const rows of [3, 5]) {
    const event = { id: `delivery-${rows}`, type: "com.example.landed" };
    const stored = await publisher.publish("orders.eu.landed", { rows, table: "shop.orders" }, event);
    console.log(`${stored.id} is ${stored.stream} ${stored.sequence}`);
  }
} finally {
  await publisher.close();
}
