// Lists of runs are read page by page; a start that is repeated is one run; what nobody has is an error.

import { randomUUID } from "node:crypto";
import { Client, errors, instant, type types } from "@downbeat/client";

const PIPELINE = `version: v1
name: Waits for a person
pipeline:
  decide:
    integration: ORCHESTRA
    integration_job: APPROVAL
    parameters: {}
`;

const client = Client.fromEnvironment();
try {
  await client.pipelines.apply(PIPELINE, { alias: "sdk_typescript_list" });
  const batch = randomUUID();
  const started = new Set<string>();
  for (const number of [1, 2, 3, 3]) started.add((await client.run("sdk_typescript_list", { idempotencyKey: `${batch}-${number}` })).id);

  // Two rows a page; the next page is asked for when it is needed.
  const listed: types.Run[] = [];
  for await (const run of client.runs.list({ pipeline: "sdk_typescript_list", pageSize: 2 })) if (started.has(run.id)) listed.push(run);
  const newest = instant(listed[0]?.createdAt ?? 0n);
  console.log(`${listed.length} of ${started.size} runs are listed; the newest is of ${newest?.getUTCFullYear()}`);
  for (const run of listed) await (await client.runs.get(run.id)).cancel("the example is over");

  await client.run("there_is_no_such_pipeline").catch((error: unknown) => {
    if (!(error instanceof errors.NotFound)) throw error;
    console.log(`refused: ${error.text}`);
  });
} finally {
  await client.close();
}
