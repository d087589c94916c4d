/** Assets: the catalogue and its filters, a page of one, who may see them. */
import assert from 'node:assert/strict';
import { consoleTest, looks } from './harness/console.mjs';
import { assetId, table, tellOfShop } from './harness/elsewhere.mjs';

const it = consoleTest();
let orders;
const ready = async (server) => {
  if (orders) return;
  await tellOfShop(server);
  orders = await assetId(server, table('public.orders'));
};

it('the catalogue is searched and filtered, and the URL keeps it', async ({ page, site, server }) => {
  await ready(server);
  await site.enter(page, '/assets');
  await page.getByRole('link', { name: 'orders', exact: true }).first().waitFor();
  await page.getByRole('searchbox').fill('coupon');
  await page.waitForURL('**text=coupon');
  await page.getByText('1 of').waitFor();
  await page.getByRole('combobox', { name: 'Quality' }).selectOption('HEALTHY');
  await page.getByText('Nothing fits these filters').waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await page.getByRole('combobox', { name: 'Quality' }).selectOption('UNHEALTHY');
  await page.reload();
  await page.getByRole('row', { name: /orders/ }).waitFor();
  assert.equal(await page.getByRole('table').getByRole('row').count(), 2);
});

it('an asset says how it stands, what changed, and who uses it', async ({ page, site, server }) => {
  await ready(server);
  await site.enter(page, `/assets/${orders}`);
  await page.getByRole('heading', { level: 1, name: 'orders' }).waitFor();
  await page.getByText('126,000').waitFor();
  await page.getByRole('link', { name: 'revenue', exact: true }).waitFor();
  await page.getByRole('tab', { name: /Quality/ }).click();
  await page.getByRole('row', { name: /Failed unique/ }).waitFor();
  await page.getByRole('tab', { name: /Schema/ }).click();
  await page.getByRole('row', { name: /Added coupon/ }).waitFor();
  await page.getByRole('tab', { name: 'Usage' }).click();
  await page.getByRole('row', { name: /build_revenue/ }).waitFor();
});

it('what runs of pipelines wrote leads to the run', async ({ page, site, server, world }) => {
  const id = await assetId(server, 'warehouse/shop.revenue');
  await site.enter(page, `/assets/${id}?tab=runs`);
  await page.getByRole('table').getByRole('link', { name: 'load_orders' }).first().waitFor();
  await page.goto(site.url(`/assets/${id}`));
  await page.getByText('at most 24 h 00 m old').waitFor();
  await page.getByRole('tab', { name: 'Cost' }).click();
  await page.getByText('$18.40').first().waitFor();
  assert.ok(world.runs.load_orders);
});

it('an asset that is not there says so', async ({ page, site }) => {
  await site.enter(page, '/assets/00000000-0000-0000-0000-000000000000');
  await page.getByRole('alert').waitFor();
}, { broken: true });

looks(it, {
  assets: '/assets',
  asset: () => `/assets/${orders}`,
  'asset-schema': () => `/assets/${orders}?tab=schema`,
  'asset-quality': () => `/assets/${orders}?tab=quality`,
  'asset-cost': () => `/assets/${orders}?tab=cost`,
  'asset-usage': () => `/assets/${orders}?tab=usage`,
  'asset-runs': () => `/assets/${orders}?tab=runs`,
});
