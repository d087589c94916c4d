/**
 * The console as people reach it: served by the gateway where that one holds it, else by vite's preview before the same
 * gateway. With the gateway, people sign in with a key on its page, as they do in earnest.
 */
import { CONSOLE, end, freePort, start, until } from './programs.mjs';

export class Site {
  static async open(server) {
    const site = new Site();
    site.server = server;
    const own = await fetch(`${server.origin}/console/`, { redirect: 'manual' });
    site.embedded = own.ok && (own.headers.get('content-type') ?? '').includes('text/html');
    if (site.embedded) site.origin = server.origin;
    else await site.preview();
    return site;
  }

  async preview() {
    const port = await freePort();
    this.origin = `http://127.0.0.1:${port}`;
    const vite = `${CONSOLE}node_modules/vite/bin/vite.js`;
    this.program = start(process.execPath, [vite, 'preview', '--port', String(port), '--strictPort', '--bypass-lock'], {
      cwd: CONSOLE,
      env: { ...process.env, DOWNBEAT_API: this.server.origin, DOWNBEAT_KEY: this.server.key },
    });
    await until('the preview is ready', async () => {
      if (this.program.ended) throw new Error(`it ended:\n${this.program.said}`);
      return (await fetch(`${this.origin}/console/`).catch(() => undefined))?.ok;
    });
  }

  url(path) {
    return `${this.origin}/console${path}`;
  }

  /** Opens a page of the console, signing in with a key where that is asked for. */
  async enter(page, path = '/', key = this.server.key) {
    await page.goto(this.url(path));
    const inside = page.locator('#main');
    if (!this.embedded) return inside.waitFor();
    const outside = page.getByRole('button', { name: /^(Sign in|로그인)$/ });
    await inside.or(outside).first().waitFor();
    if (await inside.isVisible()) return undefined;
    await outside.click();
    await page.locator('input[name=key]').fill(key);
    await page.locator('form button').click();
    return inside.waitFor();
  }

  async close() {
    if (this.program) await end(this.program);
  }
}
