/** Signing in and out, as people do it: with a key, on the gateway's own page. */
import assert from 'node:assert/strict';
import { consoleTest } from './harness/console.mjs';
import { axe, open } from './harness/browser.mjs';

const it = consoleTest({ world: false });
const outside = (page) => page.getByRole('heading', { name: 'Sign in to Downbeat' });

it('a deep link is kept through the sign-in, and a reload keeps the session', async ({ page, site }) => {
  await site.enter(page, '/pipelines?q=load');
  assert.equal(page.url(), site.url('/pipelines?q=load'));
  await page.reload();
  await page.getByRole('searchbox').waitFor();
});

it('no script can read what the session is made of', async ({ page, site }) => {
  const answered = page.waitForResponse((answer) => answer.url().endsWith('/console/session') && answer.ok());
  await site.enter(page, '/settings');
  const { access_token: token } = await (await answered).json();
  const seen = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]));
  assert.ok(token.length > 20 && !seen.includes(token));
  const kept = (await page.context().cookies()).filter((one) => one.path.startsWith('/console'));
  assert.deepEqual(kept.map((one) => [one.httpOnly, one.sameSite]), [[true, 'Strict']]);
});

it('whoever signs out is out, here and in the other tabs', async ({ page, site }) => {
  await site.enter(page, '/settings');
  const other = await page.context().newPage();
  await other.goto(site.url('/pipelines'));
  await other.locator('#main').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await outside(page).waitFor();
  await outside(other).waitFor({ timeout: 30_000 });
  await page.reload();
  await outside(page).waitFor();
  assert.deepEqual(await axe(page), []);
}, { broken: true });

it('who signs in to look only may do nothing else, whatever their key may', async ({ page, site, server }) => {
  await server.apply('idle', 'version: v1\nname: Idle\npipeline:\n  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}\n');
  await page.goto(site.url('/pipelines'));
  await page.getByRole('button', { name: 'Sign in to look only' }).click();
  await page.locator('input[name=key]').fill(server.key);
  await page.locator('form button').click();
  const start = page.getByRole('button', { name: 'Start Idle' });
  await start.waitFor();
  await start.hover();
  await page.getByRole('tooltip', { name: 'This session only reads.' }).waitFor();
  assert.equal(await start.getAttribute('aria-disabled'), 'true');
});

it('a key that is revoked ends the session, and the page says what to do', async ({ page, site, server }) => {
  const key = await server.newKey('soon gone', 'VIEWER');
  await site.enter(page, '/', key);
  const { keys } = await server.api('GET', '/keys');
  await server.api('DELETE', `/keys/${keys.find((one) => one.name === 'soon gone').id}`, {});
  await outside(page).waitFor({ timeout: 30_000 });
}, { broken: true });

it('an answer to nothing that was asked makes no session', async ({ page, site }) => {
  await page.goto(site.url('/signed-in?code=x&state=y'));
  await page.getByText('This answer belongs to no sign-in of this tab.').waitFor();
});

it('two tabs renew one after the other, and both stay in', async ({ page, site, browser }) => {
  await site.enter(page, '/settings');
  const tabs = await Promise.all(Array.from({ length: 4 }, () => page.context().newPage()));
  await Promise.all(tabs.map((tab) => tab.goto(site.url('/settings'))));
  for (const tab of tabs) await tab.locator('#main').waitFor();
  // Another browser knows nothing of it.
  const stranger = await open(browser);
  await stranger.goto(site.url('/settings'));
  await outside(stranger).waitFor();
  await stranger.context().close();
});
