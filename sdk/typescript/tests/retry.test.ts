// What is asked again, after how long, and what never is.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import type { Kind } from "../src/gen/kinds.js";
import { Client, errors, rpcs, RunFailed, WaitTimeout } from "../src/index.js";
import { Attempts, pauseOf, pushback, RETRY, retryOf } from "../src/retry.js";
import { Run } from "../src/run.js";
import { Transport } from "../src/transport.js";
import { Fake } from "./fake.js";
import { all } from "./support.js";

const FAST = { attempts: 5, firstMs: 1, mostMs: 2 };
const CODES = Object.values(Code).filter((code): code is Code => typeof code === "number");
const later = (ms: string) => new Headers({ "grpc-retry-pushback-ms": ms });

test("only what helps and is safe is asked again", () => {
  const helps = new Set([Code.Unavailable, Code.ResourceExhausted, Code.Aborted]);
  for (const kind of ["read", "keyed", "same", "once"] satisfies Kind[]) {
    for (const code of CODES) {
      const again = new Attempts(RETRY, kind, 10_000).next(code, new Headers(), 0) !== undefined;
      assert.equal(again, kind !== "once" && helps.has(code), `${kind} ${Code[code]}`);
    }
  }
});

test("pauses are drawn from zero to a bound that doubles", () => {
  const retry = retryOf({ firstMs: 100, mostMs: 1000 });
  assert.deepEqual([1, 2, 3, 4, 5, 6].map((attempt) => pauseOf(retry, attempt, () => 1)), [100, 200, 400, 800, 1000, 1000]);
  assert.equal(pauseOf(retry, 3, () => 0), 0);
  assert.equal(pauseOf(retry, 10_000, () => 1), 1000);
});

test("attempts end with their number and with the deadline", () => {
  const counted = new Attempts({ attempts: 3, firstMs: 0, mostMs: 0 }, "read", 10_000);
  assert.deepEqual([1, 2, 3].map(() => counted.next(Code.Unavailable, new Headers(), 0)), [0, 0, undefined]);
  assert.equal(new Attempts(RETRY, "read", 1000).next(Code.Unavailable, later("600"), 300), 600);
  assert.equal(new Attempts(RETRY, "read", 1000).next(Code.Unavailable, later("600"), 500), undefined);
});

test("pushback", () => {
  assert.equal(pushback(new Headers()), undefined);
  for (const [said, ms] of [["250", 250], ["0", 0], ["-1", -1], ["soon", -1], ["99999999999", -1]] as const) {
    assert.equal(pushback(later(said)), ms, said);
  }
});

test("a retry that makes no sense is refused", () => {
  for (const bad of [{ attempts: 0 }, { firstMs: -1 }, { firstMs: 2, mostMs: 1 }]) {
    assert.throws(() => new Client("http://127.0.0.1:1", { retry: bad }), /attempts are 1 or more/);
  }
});

describe("against a server that fails as told", () => {
  let fake: Fake;
  let client: Client;
  beforeEach(async () => {
    fake = await Fake.start();
    client = new Client(fake.url, { retry: FAST });
  });
  afterEach(async () => {
    await client.close();
    await fake.stop();
  });
  /** A handle without a question. */
  const handle = () => new Run(new Transport(fake.url, { retry: FAST }), "r-1");

  for (const code of [Code.Unavailable, Code.ResourceExhausted, Code.Aborted]) {
    test(`a start that is repeated after ${Code[code]} carries one idempotency key`, async () => {
      fake.script = [{ code }, { code }, { messages: [{ runId: "r-1" }] }];
      assert.equal((await client.run("load")).id, "r-1");
      assert.equal((await client.run("load")).id, "r-1");
      const keys = fake.asked.map((asked) => asked.request.idempotencyKey as string);
      assert.equal(keys.length, 4);
      assert.equal(new Set(keys.slice(0, 3)).size, 1);
      assert.equal(keys[0]?.length, 36);
      assert.notEqual(keys[3], keys[0], "each call draws its own");
    });
  }

  test("a key of the caller is kept", async () => {
    fake.script = [{ messages: [{ runId: "r-1", existed: true }] }];
    assert.ok((await client.run("load", { idempotencyKey: "mine" })).existed);
    assert.equal(fake.asked[0]?.request.idempotencyKey, "mine");
  });

  test("what is not idempotent is asked once", async () => {
    fake.script = [{ code: Code.Unavailable, text: "away" }];
    await assert.rejects(client.call(rpcs.AccessService.method.createKey, { name: "ci" }), { name: "Unavailable", text: "away" });
    assert.equal(fake.asked.length, 1);
  });

  test("what services say to each other is refused here", async () => {
    await assert.rejects(client.call(rpcs.ControlService.method.fireSchedules, {}), /nothing that clients call/);
    assert.equal(fake.asked.length, 0);
  });

  test("a refusal is final", async () => {
    fake.script = [{ code: Code.FailedPrecondition, text: "paused", trailers: { "downbeat-code": "PIPELINE_PAUSED" } }];
    const said = { name: "FailedPrecondition", code: "FAILED_PRECONDITION", text: "paused", method: "ControlService/StartRun", downbeatCode: "PIPELINE_PAUSED" };
    await assert.rejects(client.run("load"), said);
    assert.equal(fake.asked.length, 1);
  });

  test("the server may say when to come again, or not to", async () => {
    const slow = new Client(fake.url, { retry: { firstMs: 20_000, mostMs: 20_000 } });
    fake.script = [{ code: Code.ResourceExhausted, trailers: { "grpc-retry-pushback-ms": "60" } }, { messages: [{ now: 7n }] }];
    const began = performance.now();
    assert.equal((await slow.now()).now, 7n);
    assert.ok(performance.now() - began > 50 && performance.now() - began < 10_000);
    fake.script = [{ code: Code.ResourceExhausted, trailers: { "grpc-retry-pushback-ms": "-1" } }];
    await assert.rejects(slow.now(), errors.ResourceExhausted);
    assert.equal(fake.asked.length, 3);
    await slow.close();
  });

  test("all attempts together have the timeout", async () => {
    const hurried = new Client(fake.url, { timeoutMs: 300, retry: { attempts: 1000, firstMs: 20, mostMs: 50 } });
    fake.script = [{ code: Code.Unavailable }];
    const began = performance.now();
    // The last attempt may be cut short.
    await assert.rejects(hurried.now(), (error) => error instanceof errors.Unavailable || error instanceof errors.DeadlineExceeded);
    assert.ok(performance.now() - began < 2000 && fake.asked.length > 2);
    await hurried.close();
  });

  test("a watch that breaks goes on and says nothing twice", async () => {
    const run = (status: string, ...tasks: [string, string][]) => ({
      run: { id: "r-1", status },
      taskRuns: tasks.map(([taskId, of], index) => ({ id: `id-${taskId}`, taskId, status: of, index })),
    });
    const script = [
      { messages: [run("RUNNING", ["a", "RUNNING"])], code: Code.Unavailable, text: "restarting" },
      { code: Code.Unavailable, text: "still restarting" },
      { messages: [run("RUNNING", ["a", "RUNNING"]), run("FAILED", ["a", "SUCCEEDED"], ["b", "FAILED"])] },
    ];
    fake.script = [...script];
    const seen: [string, number][] = [];
    const result = await handle().wait({ progress: (change) => seen.push([change.run.status, change.changed.length]) });
    assert.deepEqual(seen, [["RUNNING", 1], ["FAILED", 2]]);
    assert.deepEqual([result.ok, result.failed.map((task) => task.taskId), [...result.tasks.keys()]], [false, ["b"], ["a", "b"]]);
    fake.script = [...script];
    await assert.rejects(handle().wait({ check: true }), (error: RunFailed) => error instanceof RunFailed && /r-1.*FAILED.*b: FAILED/.test(error.message));
  });

  test("a log that breaks goes on behind what came", async () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    const umlaut = bytes("ö");
    fake.script = [
      { messages: [{ offset: 0n, data: bytes("one\ntw"), attempt: 2 }, { offset: 6n, data: umlaut.slice(0, 1), attempt: 2 }], code: Code.Unavailable },
      { messages: [{ offset: 7n, data: Uint8Array.of(...umlaut.slice(1), 10), attempt: 2 }, { offset: 9n, data: bytes("last"), attempt: 2 }] },
    ];
    assert.deepEqual(await all(handle().logs("load", { follow: true })), ["one", "twö", "last"]);
    const { offset, attempt, follow } = fake.asked[1]?.request;
    assert.deepEqual([offset, attempt, follow], [7n, 2, true]);
  });

  test("a wait that takes too long says so, and the run goes on", async () => {
    fake.script = [{ messages: [{ run: { id: "r-1", status: "RUNNING" } }], code: Code.DeadlineExceeded }];
    await assert.rejects(handle().wait({ timeoutMs: 3000 }), (error: WaitTimeout) => {
      return error instanceof WaitTimeout && /r-1 has not ended after 3000 ms: it is RUNNING/.test(error.message);
    });
  });

  test("a server that goes away in the middle is asked again until it is back, and not for ever", async () => {
    const patient = new Client(fake.url, { retry: { attempts: 20, firstMs: 20, mostMs: 40 } });
    fake.script = [{ messages: [{ run: { id: "r-1", status: "RUNNING" } }], hangs: true }];
    const wait = handle().wait();
    while (fake.asked.length === 0) await sleep(5);
    const { port } = fake;
    await fake.stop();
    await assert.rejects(client.now(), errors.Unavailable);
    await assert.rejects(wait, errors.Unavailable);
    const answer = patient.now();
    fake = await Fake.start(port);
    fake.script = [{ messages: [{ now: 7n }] }];
    assert.equal((await answer).now, 7n);
    await patient.close();
  });
});

test("nobody there is Unavailable", async () => {
  const client = new Client("http://127.0.0.1:1", { retry: FAST });
  await assert.rejects(client.now(), errors.Unavailable);
  await client.close();
});
