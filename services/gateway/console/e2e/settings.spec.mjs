/** The frame: settings, palette, keys, the navigation, an address that leads nowhere. */
import assert from 'node:assert/strict';
import { consoleTest, looks } from './harness/console.mjs';

const it = consoleTest({ world: false });

looks(it, { settings: '/settings', nowhere: '/no/such/page' });

it('the theme is kept', async ({ page, site }) => {
  await site.enter(page, '/settings');
  await page.getByRole('group', { name: 'Theme' }).getByRole('button', { name: 'Dark' }).click();
  await page.reload();
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
});

it('the language changes without a reload, and is kept', async ({ page, site }) => {
  await site.enter(page, '/settings');
  await page.getByRole('button', { name: '한국어' }).click();
  await page.getByRole('heading', { level: 1, name: '설정' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: '설정' }).waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'ko');
});

it('the palette goes to pages, by keys alone', async ({ page, site }) => {
  await site.enter(page, '/settings');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Go to or do something' }).fill('pipel');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/console/pipelines');
});

it('two keys go to a page, and ? shows the keys', async ({ page, site }) => {
  await site.enter(page, '/settings');
  await page.keyboard.press('g');
  await page.keyboard.press('p');
  await page.waitForURL('**/console/pipelines');
  await page.keyboard.press('Shift+?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

it('on a narrow window the navigation is a drawer', async ({ page, site }) => {
  await site.enter(page, '/settings');
  await page.getByRole('button', { name: 'Open the menu' }).click();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Pipelines' }).click();
  await page.waitForURL('**/console/pipelines');
  await page.getByRole('navigation', { name: 'Main' }).waitFor({ state: 'hidden' });
}, { width: 375 });
