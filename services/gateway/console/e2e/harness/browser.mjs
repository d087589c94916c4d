/**
 * A browser that watches: what a page writes to its console as an error, what it throws, and what its policy refuses are
 * kept as `faults`, and a test that ends with one has failed. Also axe, screenshots, and the two themes.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium as engine } from 'playwright-core';
import { CONSOLE, chromium } from './programs.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
export const THEMES = ['light', 'dark'];

/** What a browser says of requests that a test breaks on purpose. */
const NETWORK = /Failed to load resource|net::ERR_|ERR_CONNECTION/;

export async function launch() {
  return engine.launch({ executablePath: chromium(), args: FLAGS });
}

/**
 * A new window of somebody. `width` in pixels; `broken: true` = requests may fail.
 * Answers the page, with `faults` on it.
 */
export async function open(browser, { theme = 'light', width = 1440, language = 'en-US', zone = 'Europe/Berlin', broken = false } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: width < 800 ? 812 : 900 },
    colorScheme: theme,
    locale: language,
    timezoneId: zone,
    permissions: ['clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(`${page.url()}: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    const text = message.text();
    // Without a session, the first request for one is refused: that is how a page learns of it.
    if (/status of 401/.test(text) && message.location().url.endsWith('/console/session/renew')) return;
    if (broken && NETWORK.test(text)) return;
    page.faults.push(`${page.url()}: ${text}`);
  });
  return page;
}

/** What axe finds against WCAG 2.2 AA, in words. */
export async function axe(page) {
  // As a function of the debugger, so that the policy of the page, which allows no inline script, stays in force.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  );
  return violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(' ')}: ${node.failureSummary?.replaceAll('\n', ' ')}`));
}

/** A picture for people, below e2e/shots. */
export async function shoot(page, name) {
  mkdirSync(`${CONSOLE}e2e/shots`, { recursive: true });
  await page.screenshot({ path: `${CONSOLE}e2e/shots/${name}.png`, fullPage: false });
}

/** Waits until the page has what it asked for: nothing is loading, and nothing is asked for at the moment. */
export async function settled(page) {
  await page.locator('#main').waitFor();
  await page.waitForFunction(() => !document.querySelector('[role=status] .only-spoken'));
}
