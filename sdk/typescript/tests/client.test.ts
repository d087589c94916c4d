// What stands beside calls, what answers become, and what is refused before anything is sent.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { Code, decodeBinaryHeader } from "@connectrpc/connect";
import { addressOf } from "../src/address.js";
import { amount, Client, errors, fromJson, instant, rpcs, VERSION } from "../src/index.js";
import { aliasOf, sourceRoot } from "../src/pipeline-file.js";
import { Lines } from "../src/results.js";
import { micros, toJson } from "../src/values.js";
import { Fake } from "./fake.js";
import { all } from "./support.js";

test("addresses", () => {
  for (const [url, origin] of [
    ["http://127.0.0.1:7400", "http://127.0.0.1:7400"],
    ["https://downbeat.example.com/", "https://downbeat.example.com"],
    ["http://[::1]:7400", "http://[::1]:7400"],
  ] as const) {
    assert.equal(addressOf(url), origin);
  }
  for (const url of ["", "127.0.0.1:7400", "ftp://x", "http://", "http://x/api", "http://x:port", "http://x?a=b", "http://me:secret@x"]) {
    assert.throws(() => new Client(url), /is no address of a server/, url);
  }
});

test("what cannot be sent is refused, and a key is not shown", () => {
  for (const key of ["", "a\nb", "schlüssel", "two words"]) {
    assert.throws(() => new Client("http://127.0.0.1:1", { key }), (error: Error) => /the key/.test(error.message) && (key === "" || !error.message.includes(key)));
  }
  assert.throws(() => new Client("http://127.0.0.1:1", { reason: "x".repeat(513) }), /512 bytes/);
  for (const timeoutMs of [0, -1, NaN]) assert.throws(() => new Client("http://127.0.0.1:1", { timeoutMs }), /more than 0/);
});

test("values", () => {
  const at = new Date("2026-11-28T09:30:00.123Z");
  assert.deepEqual([instant(micros(at)), instant(0n), micros(undefined)], [at, undefined, 0n]);
  assert.throws(() => micros(new Date("never")), /invalid Date/);
  const amounts = ["1500000", "", "-1", "12345678901234567890"].map(amount);
  assert.deepEqual(amounts, ["1.500000", "0.000000", "-0.000001", "12345678901234.567890"]);
  assert.deepEqual([toJson(undefined), fromJson(""), fromJson(toJson({ a: [1] }))], ["", undefined, { a: [1] }]);
});

test("lines", () => {
  const lines = new Lines();
  assert.deepEqual(lines.take(new TextEncoder().encode("a\r\nb")), ["a"]);
  const long = lines.take(new Uint8Array(2 * Lines.CHARACTERS_MAX).fill(120));
  assert.ok(long[0]?.startsWith("bxx") && long[0].length === Lines.CHARACTERS_MAX, "what never ends is cut");
  assert.equal(lines.rest().join("").length, 1);
});

test("aliases and sources are those of the command", (t) => {
  for (const [file, alias] of [["daily-load.yml", "daily_load"], ["a/Sales Report (v2).yaml", "sales_report_v2"], ["x.oml", "x"], ["---.yml", "pipeline"]] as const) {
    assert.equal(aliasOf(file), alias);
  }
  const folder = mkdtempSync(join(tmpdir(), "downbeat-sdk-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const nested = join(folder, "Weather Data");
  mkdirSync(nested);
  const file = join(nested, "pipeline.yml");
  writeFileSync(file, "version: v1\n");
  assert.deepEqual([aliasOf(file), sourceRoot(file)], ["weather_data", nested]);
  mkdirSync(join(folder, ".git"));
  assert.equal(sourceRoot(file), folder);
});

describe("against a server that answers as told", () => {
  let fake: Fake;
  let client: Client;
  beforeEach(async () => {
    fake = await Fake.start();
    client = new Client(fake.url, { key: "downbeat_0_x", account: "default", reason: "nächtlich", retry: { attempts: 1 } });
  });
  afterEach(async () => {
    await client.close();
    await fake.stop();
  });
  const position = (sequence: bigint, logId = "log-1") => ({ logId, sequence });

  test("key, account, reason and version stand beside every call", async () => {
    fake.script = [{ messages: [{}] }];
    await client.now();
    const headers = fake.asked[0]?.headers ?? new Headers();
    assert.equal(headers.get("authorization"), "Bearer downbeat_0_x");
    assert.equal(headers.get("x-orchestra-account-id"), "default");
    assert.equal(new TextDecoder().decode(decodeBinaryHeader(headers.get("downbeat-reason-bin") ?? "")), "nächtlich");
    assert.equal(headers.get("user-agent"), `downbeat-typescript/${VERSION}`);
  });

  test("queries ask for what was seen", async () => {
    fake.script = [
      { messages: [{ runId: "r", position: position(7n) }] },
      ...[position(5n), position(9n), position(2n, "another log")].map((seen) => ({ messages: [{ position: seen }] })),
    ];
    await client.run("load");
    for (let times = 0; times < 4; times += 1) await client.now();
    await client.call(rpcs.AnswerService.method.getNow, { atLeast: position(1n) });
    assert.equal(client.position?.logId, "another log");
    const wanted = fake.asked.slice(1).map(({ request }) => [request.atLeast.logId, request.atLeast.sequence]);
    assert.deepEqual(wanted, [["log-1", 7n], ["log-1", 7n], ["log-1", 9n], ["another log", 2n], ["log-1", 1n]]);
  });

  test("lists fetch page by page, and only what is read", async () => {
    const page = (nextPageToken: string, ...aliases: string[]) => ({ messages: [{ pipelines: aliases.map((alias) => ({ alias })), nextPageToken }] });
    const pages = [page("t1", "a", "b"), page("t2"), page("", "c")];
    fake.script = [...pages];
    assert.deepEqual((await all(client.pipelines.list({ pageSize: 2 }))).map(({ alias }) => alias), ["a", "b", "c"]);
    assert.deepEqual(fake.asked.map(({ request }) => [request.pageToken, request.pageSize]), [["", 2], ["t1", 2], ["t2", 2]]);
    fake.script = [...pages];
    for await (const first of client.pipelines.list()) {
      assert.equal(first.alias, "a");
      break;
    }
    assert.equal(fake.asked.length, 4);
    fake.script = [page("t1", "a")];
    await assert.rejects(all(client.pipelines.list()), /same page token twice/);
  });

  test("every status has its class", async () => {
    for (const code of Object.values(Code).filter((code): code is Code => typeof code === "number")) {
      fake.script = [{ code, text: "in the server's words" }];
      await assert.rejects(client.now(), (error: errors.CallError) => {
        assert.equal(error.constructor, errors.ofStatus(code, "").constructor, Code[code]);
        assert.ok(error instanceof errors.CallError && error.text.startsWith("in the server's words"));
        return error.method === "AnswerService/GetNow" && error.name === error.constructor.name;
      });
    }
  });

  test("a server that lacks an RPC may be older", async () => {
    fake.script = [{ code: Code.Unimplemented }];
    await assert.rejects(client.now(), new RegExp(`version ${VERSION}: the server may be older`));
  });

  test("a closed client says so", async () => {
    await client.close();
    await client.close();
    await assert.rejects(client.now(), /closed/);
    await assert.rejects(all(client.runs.list()), /closed/);
  });

  test("where NATS is not known, an event is refused", async () => {
    await assert.rejects(client.events.publish("orders.landed", { rows: 3 }), /where NATS is was not said/);
  });

  test("costs are exact", async () => {
    fake.script = [{ messages: [{ sums: [{ pipeline: "load", currency: "EUR", estimated: "-1", billed: "12345678901234567890", total: "0", entries: 2n }] }] }];
    const [cost] = await client.costs.by(["pipeline", "day"], { owner: "data", since: new Date("2026-11-01T00:00:00Z") });
    assert.deepEqual([cost?.estimated, cost?.billed, cost?.total], ["-0.000001", "12345678901234.567890", "0.000000"]);
    const { by, filter } = fake.asked[0]?.request;
    assert.deepEqual([by, filter.owner, filter.from], [[1, 7], "data", 1_793_491_200_000_000n]);
    await assert.rejects(client.costs.by("colour" as never), /no group of costs/);
  });

  test("text needs an alias, and a file must be there", async () => {
    await assert.rejects(client.pipelines.apply("version: v1\n"), /needs an alias/);
    await assert.rejects(client.pipelines.apply("nothing/here.yml"), { code: "ENOENT" });
    assert.equal(fake.asked.length, 0);
  });
});
