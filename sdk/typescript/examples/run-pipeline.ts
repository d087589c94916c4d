// Applies a pipeline, runs it, follows it, and reads what came of it.
//
//   DOWNBEAT_URL=http://127.0.0.1:7400 DOWNBEAT_KEY=downbeat_... node run-pipeline.js

import { Client, nameOf } from "@downbeat/client";

const PIPELINE = `version: v1
name: Greeting
inputs:
  who: {type: string, default: world}
pipeline:
  hello:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters:
      source: INLINE
      code: print("hello \${{ inputs.who }}")
  goodbye:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters:
      source: INLINE
      code: print("and goodbye")
    depends_on: [hello]
`;

const client = Client.fromEnvironment({ reason: "the example" });
try {
  const { alias, version } = await client.pipelines.apply(PIPELINE, { alias: "sdk_typescript_greeting" });
  console.log(`version ${version} of ${alias}`);

  const run = await client.run(alias, { inputs: { who: "moon" } });
  const result = await run.wait({
    progress: ({ changed }) => changed.forEach((task) => console.log(`${nameOf(task)} is ${task.status}`)),
    timeoutMs: 120_000,
    check: true,
  });
  console.log(`the run ${result.status}`);

  for await (const line of run.logs("hello")) console.log(`  ${line}`);
  for (const { text } of await run.why("goodbye")) console.log(`- ${text}`);
} finally {
  await client.close();
}
