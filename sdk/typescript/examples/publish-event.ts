// An event from outside starts a run; a list of runs is read page by page; what nobody has is an error.

import { Client, errors } from "@downbeat/client";

const PIPELINE = `version: v1
name: Started by events
inputs:
  table: {type: string}
meta:
  downbeat:
    triggers:
      - name: landed
        nats: sdktypescript.*.landed
        when: event.data.rows > 0
        run_inputs: {table: event.data.table}
pipeline:
  look:
    integration: ORCHESTRA
    integration_job: APPROVAL
    parameters: {}
`;

const client = Client.fromEnvironment();
try {
  await client.pipelines.apply(PIPELINE, { alias: "sdk_typescript_events" });
  const started = new Set<string>();
  for (const rows of [3, 0, 5]) {
    for (const taker of await client.events.publish("sdktypescript.eu.landed", { rows, table: "orders" })) {
      console.log(`${rows} rows: ${taker.pipeline} ${taker.trigger}: ${taker.outcome}`);
      if (taker.runId !== "") started.add(taker.runId);
    }
  }

  let listed = 0;
  for await (const run of client.runs.list({ pipeline: "sdk_typescript_events", pageSize: 1 })) listed += Number(started.has(run.id));
  console.log(`${listed} of ${started.size} runs are listed`);
  for (const id of started) await (await client.runs.get(id)).cancel("the example is over");

  await client.run("there_is_no_such_pipeline").catch((error: unknown) => {
    if (!(error instanceof errors.NotFound)) throw error;
    console.log(`refused: ${error.text}`);
  });
} finally {
  client.close();
}
