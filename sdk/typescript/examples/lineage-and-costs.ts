// Asks what came of an asset, what breaks with it, and what pipelines cost.

import { Client, rpcs } from "@downbeat/client";

const PIPELINE = `version: v1
name: Loads orders
pipeline:
  load:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters:
      source: INLINE
      code: print("loaded")
    meta:
      downbeat:
        reads: [sdktypescript/raw.orders]
        writes: [sdktypescript/shop.orders]
  report:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters:
      source: INLINE
      code: print("reported")
    depends_on: [load]
    meta:
      downbeat:
        reads: [sdktypescript/shop.orders]
        writes: [sdktypescript/shop.report]
`;

const client = Client.fromEnvironment();
try {
  await client.pipelines.apply(PIPELINE, { alias: "sdk_typescript_orders" });
  const run = await client.run("sdk_typescript_orders");
  await run.wait({ timeoutMs: 120_000, check: true });

  // What was just written is there: every query asks for at least what this client has seen.
  for (const node of (await client.lineage.upstream("sdktypescript/shop.report", 2)).nodes) {
    console.log(`${node.distance} above: ${node.key}`);
  }
  const impact = await client.lineage.impact("sdktypescript/raw.orders");
  console.log(`breaks: ${impact.affected.map((node) => node.key).join(", ")}`);
  console.log(`written by: ${(await client.assets.get("sdktypescript/shop.report")).writers[0]?.task}`);

  // What has no method of its own, `call` asks.
  const bill = {
    source: "example",
    externalId: "invoice-typescript-1",
    micros: 12_345_678n,
    currency: "EUR",
    pipeline: "sdk_typescript_orders",
    incurredAt: BigInt(Date.now()) * 1000n,
  };
  await client.call(rpcs.ControlService.method.recordCosts, { bills: [bill] });
  for (const cost of await client.costs.by(["pipeline", "month"], { pipeline: "sdk_typescript_orders" })) {
    console.log(`${cost.pipeline} since ${cost.since}: ${cost.total} ${cost.currency}`);
  }
} finally {
  await client.close();
}
