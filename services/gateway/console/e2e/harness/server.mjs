/** A real `downbeat dev` with a folder of its own, and its API. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONSOLE, downbeat, end, freePort, start, until } from './programs.mjs';

/** Environments of Python are made once, and kept for the tests that follow: to make one takes a while. */
const ENVIRONMENTS = join(CONSOLE, 'e2e/.environments');
const ENDED = ['SUCCEEDED', 'WARNING', 'FAILED', 'SKIPPED', 'CANCELLED'];

export class Server {
  /** Starts one; `args` are further flags of `downbeat dev`. */
  static async start(args = []) {
    const server = new Server();
    server.folder = await mkdtemp(join(tmpdir(), 'downbeat-console-'));
    server.args = args;
    server.port = await freePort();
    server.origin = `http://127.0.0.1:${await freePort()}`;
    try {
      await server.up();
      server.key = await until('the server shows its first key', () => /downbeat_[0-9a-zA-Z_]{40,}/.exec(server.program.said)?.[0]);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  async up() {
    const { host } = new URL(this.origin);
    this.program = start(downbeat(), ['dev', '--data', join(this.folder, 'data'), '--listen', `127.0.0.1:${this.port}`, '--api', host, '--environments', ENVIRONMENTS, ...this.args]);
    await until('the server is ready', async () => {
      if (this.program.ended) throw new Error(`it ended:\n${this.program.said}`);
      return /Its API is (at|reached)/.test(this.program.said) && (await fetch(`${this.origin}/api/engine/public/health`).catch(() => undefined))?.ok;
    });
  }

  /** As after a crash: it is killed, and started again on the same ports and data. */
  async restart() {
    await this.down('SIGKILL');
    await this.up();
  }

  async down(signal) {
    await end(this.program, signal);
  }

  async stop() {
    await this.down();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Asks the API; an answer that is no good is thrown with its words. */
  async api(method, path, body, key = this.key) {
    const answer = await fetch(`${this.origin}/api/engine/public${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Puts the pipeline of a text in place, as it stands there; answers its id. */
  async apply(alias, yaml) {
    return (await this.api('PUT', '/pipelines/source', { alias, yaml, published: true })).pipelineId;
  }

  /** Starts a run; answers its id. */
  async run(pipeline, some = {}) {
    return (await this.api('POST', `/pipelines/${pipeline}/start`, some)).pipelineRunId;
  }

  /** The run, once its status is one of these (by default: once it has ended). */
  runIs(id, statuses = ENDED, ms = 180_000) {
    return until(`run ${id} is ${statuses}`, async () => {
      const run = await this.api('GET', `/pipeline_runs/${id}`);
      return statuses.includes(run.runStatus) && run;
    }, ms);
  }

  /** A key with a role, for the whole account or for labels. */
  async newKey(name, role, labels = []) {
    return (await this.api('POST', '/keys', { name, grants: [{ role, labels }] })).secret;
  }
}

/** A pipeline of the example world, as text. */
export const example = (name) => readFile(new URL(`../world/${name}.yml`, import.meta.url), 'utf8');
