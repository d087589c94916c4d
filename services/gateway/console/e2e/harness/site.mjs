/**
 * The console as people reach it: served by the gateway where that one holds it, else by vite's preview before the same
 * gateway, which is told that it is reached there. People sign in with a key on the gateway's page, as they do in earnest.
 */
import { CONSOLE, end, freePort, start, until } from './programs.mjs';

export class Site {
  static async open(server) {
    const site = new Site();
    site.server = server;
    site.origin = server.origin;
    const own = await fetch(`${server.origin}/console/`, { redirect: 'manual' });
    // What was built here is tried instead of what a gateway from before holds.
    if (!own.ok || process.env.CONSOLE_BUILT) await site.preview();
    return site;
  }

  async preview() {
    const port = await freePort();
    this.origin = `http://127.0.0.1:${port}`;
    await this.server.down();
    this.server.args = [...this.server.args, '--public-url', this.origin];
    await this.server.up();
    const vite = `${CONSOLE}node_modules/vite/bin/vite.js`;
    const { DOWNBEAT_KEY: _, ...env } = process.env;
    this.program = start(process.execPath, [vite, 'preview', '--port', String(port), '--strictPort'], {
      cwd: CONSOLE,
      env: { ...env, DOWNBEAT_API: this.server.origin },
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
    const outside = page.getByRole('button', { name: /^(Sign in|로그인)$/ });
    await inside.or(outside).first().waitFor();
    if (await inside.isVisible()) return;
    await outside.click();
    await page.locator('input[name=key]').fill(key);
    await page.locator('form button').click();
    await inside.waitFor();
  }

  async close() {
    if (this.program) await end(this.program);
  }
}
