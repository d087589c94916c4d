/**
 * The programs of the tests: where they are, free ports for them, their start and their end. What is started here is
 * ended here, by its own number.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CONSOLE = fileURLToPath(new URL('../..', import.meta.url));

function onPath(...names) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here: the next folder.
      }
    }
  }
  return undefined;
}

/** `downbeat`: that of DOWNBEAT, else the one that was built last in this checkout. */
export const downbeat = () => process.env.DOWNBEAT ?? join(CONSOLE, '../../../target/debug/downbeat');

export function chromium() {
  const found = process.env.CHROMIUM ?? onPath('chromium', 'chromium-browser', 'google-chrome');
  if (!found) throw new Error('Chromium is needed: install it, or say where it is with CHROMIUM');
  return found;
}

/** Below the ports that systems hand out for connections: one of those is soon somebody else's. */
const [FIRST_PORT, PORTS] = [11_000, 9_000];
let nextPort = process.pid * 197;

/** A port that nobody listens on, and that was not given before. */
export async function freePort() {
  for (let tries = 0; tries < PORTS; tries++) {
    const port = FIRST_PORT + (nextPort++ % PORTS);
    const free = await new Promise((resolve) => {
      const server = createServer();
      server.on('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
  throw new Error('127.0.0.1 has no free port');
}

/** Starts a program, and keeps what it says. */
export function start(program, args, options = {}) {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const started = { child, said: '', ended: false };
  const keep = (piece) => {
    started.said = (started.said + piece).slice(-200_000);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  child.on('error', (error) => keep(`${error}\n`));
  started.over = new Promise((resolve) => {
    child.on('close', () => {
      started.ended = true;
      resolve();
    });
  });
  return started;
}

/** Ends it, kindly first. */
export async function end(started, signal = 'SIGTERM') {
  if (started.ended) return;
  started.child.kill(signal);
  const timer = setTimeout(() => started.child.kill('SIGKILL'), 15_000);
  await started.over;
  clearTimeout(timer);
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is something, and says what for when it never is. */
export async function until(what, ask, ms = 30_000) {
  const from = Date.now();
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() - from > ms) throw new Error(`in ${ms} ms it never came to this: ${what}`);
    await sleep(100);
  }
}
