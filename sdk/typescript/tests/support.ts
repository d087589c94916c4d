// What tests share: where the Downbeat is that they talk to, and a real nats-server.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type Options } from "../src/index.js";

/** sdk/typescript: tests are compiled to .build/tests below it. */
export const PACKAGE = join(import.meta.dirname, "..", "..");

export function live(options: Options = {}): Client {
  const url = process.env.DOWNBEAT_URL;
  assert.ok(url, "set DOWNBEAT_URL and DOWNBEAT_KEY, or run `make sdk`, which starts a Downbeat for these tests");
  return new Client(url, { key: process.env.DOWNBEAT_KEY || undefined, ...options });
}

/** A real nats-server with JetStream on a free port of loopback. */
export class NatsServer {
  private constructor(
    readonly url: string,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(): Promise<NatsServer> {
    const program = process.env.DOWNBEAT_NATS_SERVER || join(PACKAGE, "../../.cache/tools/bin/nats-server");
    assert.ok(existsSync(program), `no nats-server (${program}): \`make tools\` installs one`);
    const folder = mkdtempSync(join(tmpdir(), "downbeat-nats-"));
    const child = spawn(program, ["-js", "-a", "127.0.0.1", "-p", "-1", "-sd", join(folder, "store"), "--ports_file_dir", folder], { stdio: "ignore" });
    for (let tries = 0; tries < 3000 && child.exitCode === null; tries += 1) {
      const file = readdirSync(folder).find((name) => name.endsWith(".ports"));
      const text = file === undefined ? "" : readFileSync(join(folder, file), "utf8");
      if (text !== "") return new NatsServer((JSON.parse(text) as { nats: string[] }).nats[0] ?? "", child, folder);
      await sleep(10);
    }
    child.kill("SIGKILL");
    throw new Error("nats-server is not ready");
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Everything that an iterator gives. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
