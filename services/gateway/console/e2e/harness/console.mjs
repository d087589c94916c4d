/**
 * What a test of the console begins with: a server with the example world, the console before it, a browser. Tests are
 * files `e2e/*.spec.mjs` for node's own runner:
 *
 *     const it = consoleTest();            // one server, world and browser for the file
 *     it('does this', async ({ page, site, server, world }) => { ... });
 *
 * After each test the page must have no fault (browser.mjs). `looks` opens pages in both themes and on a narrow window,
 * takes pictures and asks axe.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, launch, open, settled, shoot, THEMES } from './browser.mjs';
import { Server } from './server.mjs';
import { Site } from './site.mjs';
import { fill } from './world.mjs';

export function consoleTest({ world: filled = true, args } = {}) {
  const parts = {};
  const stop = async () => {
    await parts.browser?.close();
    await parts.site?.close();
    await parts.server?.stop();
  };
  before(async () => {
    try {
      parts.server = await Server.start(args);
      parts.site = await Site.open(parts.server);
      parts.world = filled ? await fill(parts.server) : undefined;
      parts.browser = await launch();
    } catch (error) {
      await stop();
      throw error;
    }
  });
  after(stop);
  return (name, run, options = {}) =>
    test(name, { timeout: 180_000 }, async () => {
      const page = await open(parts.browser, options);
      try {
        await run({ ...parts, page });
        assert.deepEqual(page.faults, []);
      } catch (error) {
        await shoot(page, `failed-${name.replace(/\W+/g, '-').slice(0, 80)}`).catch(() => undefined);
        throw error;
      } finally {
        await page.context().close();
      }
    });
}

/** Every one of `pages` (name → path, or how to get there) looks right: no fault, clean for axe, in both themes, wide and narrow. */
export function looks(it, pages) {
  for (const theme of THEMES) {
    for (const width of [1440, 375]) {
      it(`${Object.keys(pages)[0]} and others look right: ${theme}, ${width} px`, async (parts) => {
        for (const [name, where] of Object.entries(pages)) {
          await parts.site.enter(parts.page, typeof where === 'function' ? await where(parts) : where);
          await settled(parts.page);
          await shoot(parts.page, `${name}-${theme}-${width}`);
          assert.deepEqual(await axe(parts.page), [], `axe on ${name}`);
          const beyond = await parts.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          assert.equal(beyond, 0, `${name} is wider than the window`);
        }
      }, { theme, width });
    }
  }
}
