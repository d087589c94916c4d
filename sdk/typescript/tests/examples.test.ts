// Every example is run as people run it, and says what it should; what is stored on NATS is a CloudEvent as docs/events.md has it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { Client } from "../src/index.js";
import { cloudEvent } from "../src/nats.js";
import { NatsServer, PACKAGE } from "./support.js";

const SAYS: Record<string, string[]> = {
  "run-pipeline": ["hello is SUCCEEDED", "the run SUCCEEDED", "  hello moon", "- "],
  "lineage-and-costs": [
    "0 above: sdktypescript/shop.report",
    "2 above: sdktypescript/raw.orders",
    "breaks: sdktypescript/shop.orders, sdktypescript/shop.report",
    "written by: report",
    "12.345678 EUR",
  ],
  "list-runs": ["3 of 3 runs are listed; the newest is of 20", "refused: "],
};

async function run(name: string, environment: Record<string, string> = {}): Promise<string> {
  const program = join(PACKAGE, ".build", "examples", `${name}.js`);
  return (await promisify(execFile)(process.execPath, [program], { env: { ...process.env, ...environment }, timeout: 120_000 })).stdout;
}

test("every example is run", () => {
  const there = readdirSync(join(PACKAGE, "examples")).map((name) => name.replace(/\.ts$/, ""));
  assert.deepEqual(there.sort(), [...Object.keys(SAYS), "publish-on-nats"].sort());
});

for (const [name, words] of Object.entries(SAYS)) {
  test(name, async () => {
    const said = await run(name);
    for (const word of words) assert.ok(said.includes(word), `${word}:\n${said}`);
  });
}

describe("on NATS", () => {
  let server: NatsServer;
  let connection: NatsConnection;
  before(async () => {
    server = await NatsServer.start();
    connection = await connect({ servers: server.url });
  });
  after(async () => {
    await connection.close();
    await server.stop();
  });

  test("where nobody stores it, publishing is an error; else what is stored is a CloudEvent", async () => {
    const publisher = new Client("http://127.0.0.1:1", { nats: server.url }).events;
    await assert.rejects(publisher.publish("orders.eu.landed", { rows: 3 }));
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: "DOWNBEAT_TRIGGER", subjects: ["downbeat.trigger.>"] });
    const time = new Date("2026-11-28T09:30:00Z");
    const options = { id: "e-1", source: "/shop", type: "com.example.landed", time, about: "orders/7", depth: 2 };
    assert.deepEqual(await publisher.publish("orders.eu.landed", { rows: 3 }, options), { id: "e-1", stream: "DOWNBEAT_TRIGGER", sequence: 1 });
    await publisher.close();
    const message = await manager.streams.getMessage("DOWNBEAT_TRIGGER", { seq: 1 });
    assert.equal(message?.subject, "downbeat.trigger.orders.eu.landed");
    assert.equal(message?.header.get("content-type"), "application/cloudevents+json");
    assert.deepEqual(message?.json(), {
      specversion: "1.0",
      id: "e-1",
      source: "/shop",
      type: "com.example.landed",
      time: "2026-11-28T09:30:00.000Z",
      datacontenttype: "application/json",
      data: { rows: 3 },
      subject: "orders/7",
      downbeatdepth: 2,
    });
    const plain = JSON.parse(cloudEvent(null, { id: "e-2" })) as Record<string, unknown>;
    assert.ok(!("subject" in plain) && !("downbeatdepth" in plain));

    const said = await run("publish-on-nats", { NATS_URL: server.url });
    assert.ok(said.includes("delivery-3 is DOWNBEAT_TRIGGER 2") && said.includes("delivery-5 is DOWNBEAT_TRIGGER 3"), said);
  });
});
