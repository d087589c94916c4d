// The client against a real Downbeat: what it promises, end to end.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { errors, rpcs, type RunChange, RunFailed, WaitTimeout } from "../src/index.js";
import { all, live } from "./support.js";

const SCRIPT = `version: v1
name: Live test
inputs:
  who: {type: string, default: world}
  fails: {type: boolean, default: false}
pipeline:
  first:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters:
      source: INLINE
      code: |
        import sys
        print("hello \${{ inputs.who }}")
        sys.exit("no rows today" if "\${{ inputs.fails }}".lower() == "true" else 0)
  second:
    integration: ORCHESTRA
    integration_job: APPROVAL
    parameters: {}
    depends_on: [first]
`;
const WAITS = `version: v1
name: Waits
pipeline:
  person:
    integration: ORCHESTRA
    integration_job: APPROVAL
    parameters: {}
`;

const client = live({ reason: "by a test" });
after(() => client.close());
const fresh = () => `sdk_${randomUUID().replaceAll("-", "").slice(0, 12)}`;

test("a pipeline lives", async (t) => {
  const alias = fresh();
  const folder = mkdtempSync(join(tmpdir(), "downbeat-sdk-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, `${alias}.yml`);
  writeFileSync(file, WAITS);
  const first = await client.pipelines.apply(file);
  assert.deepEqual([first.alias, first.version, first.changed], [alias, 1, true]);
  assert.equal((await client.pipelines.apply(file)).changed, false, "the same text is the same version");
  assert.equal((await client.pipelines.apply(`${WAITS}# changed\n`, { alias })).version, 2);
  assert.equal((await client.pipelines.get(alias, { version: 1 })).source, WAITS);
  assert.ok((await all(client.pipelines.list({ pageSize: 1 }))).some((pipeline) => pipeline.alias === alias));
  await assert.rejects(client.pipelines.apply(WAITS, { alias, create: true }), errors.AlreadyExists);
  await assert.rejects(client.pipelines.apply("version: v1\nname: x\npipelin: {}\n", { alias }), (error: errors.CallError) => error.text.includes("pipelin"));
  assert.deepEqual([await client.pipelines.pause(alias, "by a test"), await client.pipelines.pause(alias)], [true, false]);
  assert.equal((await client.pipelines.get(alias)).pipeline?.pausedReason, "by a test");
  await assert.rejects(client.run(alias), errors.FailedPrecondition);
  assert.deepEqual([await client.pipelines.resume(alias), await client.pipelines.resume(alias)], [true, false]);
  assert.equal((await client.pipelines.health(alias)).pipelineId, first.pipelineId);
  assert.ok(await client.pipelines.delete(alias));
  if (process.env.DOWNBEAT_KEY) await assert.rejects(client.pipelines.delete(alias), errors.NotFound);
  await assert.rejects(client.run(alias), errors.CallError);
});

test("a run lives", async () => {
  const alias = fresh();
  await client.pipelines.apply(SCRIPT, { alias });
  const run = await client.run(alias, { inputs: { who: "moon", fails: true } });
  const changes: RunChange[] = [];
  const failed = await run.wait({ progress: (change) => changes.push(change), timeoutMs: 60_000 });
  assert.deepEqual([failed.ok, failed.status, failed.failed.map((task) => task.taskId)], [false, "FAILED", ["first"]]);
  assert.ok(changes.length > 1 && changes.at(-1)?.run.status === "FAILED");
  assert.ok((await all(run.logs("first"))).some((line) => line.includes("hello moon")));
  await assert.rejects(run.wait({ check: true }), RunFailed);
  assert.ok((await run.why()).length > 0 && (await run.why("first")).length > 0);

  const again = await run.restart({ inputs: { fails: false } });
  assert.notEqual(again.id, run.id);
  let approved = false;
  for await (const { changed } of again.watch({ timeoutMs: 60_000 })) {
    const second = changed.find((task) => task.taskId === "second");
    if (approved || second === undefined || !["QUEUED", "RUNNING"].includes(second.status)) continue;
    assert.ok((await all(again.logs("first", { follow: true }))).some((line) => line.includes("hello moon")));
    assert.equal((await again.waiting(second)).status, second.status);
    await again.approve(second, "by a test");
    approved = true;
  }
  const done = await again.wait({ timeoutMs: 60_000, check: true });
  assert.deepEqual([done.ok, done.run.restartOf, [...done.tasks.keys()]], [true, run.id, ["first", "second"]]);
  assert.deepEqual((await again.get()).run, done.run);
  assert.equal((await client.runs.get(again.id)).id, again.id);
  assert.throws(() => done.outputs("third"), /no task third/);
  await assert.rejects(run.restart({ all: true, fromTasks: ["first"] }), /one of them/);
});

test("a repeated key is the same run, and runs are listed in pages", async () => {
  const alias = fresh();
  await client.pipelines.apply(WAITS, { alias });
  const since = new Date(Date.now() - 300_000);
  const first = await client.run(alias, { idempotencyKey: "nightly" });
  assert.equal((await client.run(alias, { idempotencyKey: "nightly" })).id, first.id);
  const others = [];
  for (let times = 0; times < 4; times += 1) others.push((await client.run(alias)).id);
  const found = (await all(client.runs.list({ pipeline: alias, since, pageSize: 2 }))).map(({ id }) => id);
  assert.deepEqual([...found].sort(), [...others, first.id].sort());
  assert.equal(await client.runs.count({ pipeline: alias }), 5);
  assert.equal(await client.runs.count({ pipeline: alias, statuses: ["SUCCEEDED"] }), 0);
  assert.deepEqual((await all(client.runs.tasks({ runId: first.id }))).map((task) => task.taskId), ["person"]);
  await assert.rejects(client.runs.count({ statuses: ["FINE"] }), errors.InvalidArgument);
  assert.equal(await first.mark("person", "SUCCEEDED", { outputs: { rows: 3 }, reason: "by a test" }), "SUCCEEDED");
  assert.deepEqual((await first.wait({ timeoutMs: 60_000 })).outputs("person"), { rows: 3 });
  for (const id of others) await (await client.runs.get(id)).cancel("by a test");
  await assert.rejects(client.runs.get(randomUUID()), errors.NotFound);
});

test("a wait gives up, and the run goes on", async () => {
  const alias = fresh();
  await client.pipelines.apply(WAITS, { alias });
  const run = await client.run(alias);
  await assert.rejects(run.wait({ timeoutMs: 500 }), WaitTimeout);
  assert.equal((await run.get()).ended, false);
  assert.ok(["CANCELLING", "CANCELLED"].includes(await run.cancel("by a test")));
  assert.equal((await run.wait({ timeoutMs: 60_000 })).status, "CANCELLED");
});

test("the key decides what may be done", { skip: process.env.DOWNBEAT_KEY ? false : "without a gateway nobody is asked for a key" }, async () => {
  const alias = fresh();
  await client.pipelines.apply(WAITS, { alias });
  const stranger = live({ key: "downbeat_00000000_nobodys" });
  await assert.rejects(stranger.now(), errors.Unauthenticated);
  await stranger.close();
  const viewer = { name: alias, grants: [{ role: "VIEWER" }] };
  const { secret, key } = await client.call(rpcs.AccessService.method.createKey, viewer);
  const reader = live({ key: secret });
  // Gateways are told of a key a moment after it was made.
  for (let tries = 0; ; tries += 1) {
    const known = await reader.now().catch((error: unknown) => error);
    if (!(known instanceof errors.Unauthenticated)) break;
    assert.ok(tries < 1000, "the gateway never knew the key");
    await sleep(20);
  }
  assert.ok((await all(reader.pipelines.list())).some((pipeline) => pipeline.alias === alias));
  await assert.rejects(reader.run(alias), errors.PermissionDenied);
  await reader.close();
  assert.ok((await client.call(rpcs.AccessService.method.revokeKey, { key: key?.id ?? "" })).changed);
});

test("answers", async () => {
  assert.ok((await client.now({ limit: 1 })).now > 0n && client.position !== undefined);
  assert.ok((await client.broken({ limit: 1 })).now > 0n);
  assert.ok((await client.costs.savings()).to > 0n);
  assert.deepEqual(await all(client.costs.budgets()), []);
  await assert.rejects(client.assets.get("there/is.no.such.asset"), errors.CallError);
  assert.ok(Array.isArray((await client.call(rpcs.ControlService.method.listPools, {})).pools));
});
