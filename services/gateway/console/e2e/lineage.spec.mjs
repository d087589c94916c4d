/** Lineage: around an asset, further at a node, of columns, what breaks, a path, two runs, a past time, a large one. */
import assert from 'node:assert/strict';
import { consoleTest, looks } from './harness/console.mjs';
import { table, tellOfShop } from './harness/elsewhere.mjs';

const it = consoleTest();
let told = false;
const ready = async (server) => {
  if (!told) await tellOfShop(server);
  told = true;
};
const at = (key, more = {}) => `/lineage?${new URLSearchParams({ asset: key, ...more })}`;
const ORDERS = table('public.orders');
const rows = (page) => page.getByRole('treegrid').getByRole('row');

it('an asset is chosen by typing, and its lineage is there as a list as well', async ({ page, site, server }) => {
  await ready(server);
  await site.enter(page, '/lineage');
  await page.getByRole('combobox', { name: 'Choose an asset by name or key' }).fill('public.orders');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Lineage of shop.public.orders' }).waitFor();
  await page.locator('.react-flow__node', { hasText: 'forecast' }).waitFor();
  await page.getByRole('button', { name: 'List', exact: true }).click();
  await rows(page).filter({ hasText: 'forecast' }).waitFor();
  assert.equal(await rows(page).count(), 6);
});

it('more is shown at a node, and the link keeps it', async ({ page, site, server }) => {
  await ready(server);
  await site.enter(page, at(ORDERS, { up: '0', down: '1' }));
  await page.locator('.react-flow__node', { hasText: 'revenue' }).waitFor();
  assert.equal(await page.locator('.react-flow__node', { hasText: 'forecast' }).count(), 0);
  await page.getByTitle('Show what is beyond revenue').click();
  await page.locator('.react-flow__node', { hasText: 'forecast' }).waitFor();
  await page.reload();
  await page.locator('.react-flow__node', { hasText: 'forecast' }).waitFor();
});

it('a node tells about itself, and leads on', async ({ page, site, server }) => {
  await ready(server);
  await site.enter(page, at(ORDERS));
  await page.locator('.react-flow__node', { hasText: 'orders' }).filter({ hasText: '126,000' }).click();
  const side = page.getByRole('complementary', { name: 'orders' });
  await side.getByText('unique').waitFor();
  await side.getByRole('button', { name: 'Lineage of amount' }).click();
  await page.getByText('Only what column amount came of').waitFor();
  await page.locator('.react-flow__node', { hasText: 'revenue' }).first().waitFor();
  assert.equal(await page.locator('.react-flow__node', { hasText: 'placed_at' }).count(), 0);
});

it('columns stand in the frames of their assets', async ({ page, site, server }) => {
  await ready(server);
  await site.enter(page, at(ORDERS, { level: 'columns', view: 'list' }));
  await rows(page).filter({ hasText: 'placed_at' }).first().waitFor();
  await rows(page).filter({ hasText: /day/ }).first().waitFor();
});

it('what breaks, with whom to speak', async ({ page, site, server }) => {
  await ready(server);
  await site.enter(page, at(table('mart.revenue'), { mode: 'impact' }));
  await page.locator('.react-flow__node', { hasText: 'Sales dashboard' }).waitFor();
  await page.getByText('Assets affected').waitFor();
  await page.getByRole('combobox', { name: 'Column', exact: true }).selectOption('revenue');
  await page.waitForURL('**column=revenue');
});

it('a path, and none', async ({ page, site, server }) => {
  await ready(server);
  await site.enter(page, at('s3://landing/orders.csv', { mode: 'path', to: 'dashboards/sales' }));
  await page.getByRole('region', { name: 'Steps' }).first().waitFor();
  assert.equal(await page.getByRole('table').getByRole('row').count(), 4);
  await page.goto(site.url(at('s3://landing/orders.csv', { mode: 'path', to: 'warehouse/shop.rates' })));
  await page.getByText('No way leads from one to the other').waitFor();
}, { broken: true });

it('before anything was told, there was nothing', async ({ page, site, server }) => {
  await ready(server);
  await site.enter(page, at(ORDERS, { at: '2020-01-01T00:00:00Z', view: 'list' }));
  await page.getByText('As it was on').waitFor();
  await page.getByText(/Jan 1, 2020/).first().waitFor();
  await page.getByRole('button', { name: 'Back to now' }).click();
  await rows(page).filter({ hasText: 'forecast' }).waitFor();
}, { broken: true });

it('two runs are compared', async ({ page, site, world }) => {
  await site.enter(page, `/lineage?mode=runs&asset=${world.pipelines.load_orders}`);
  const before = page.getByRole('combobox', { name: 'The earlier run' });
  await before.locator('option').nth(2).waitFor({ state: 'attached' });
  await before.selectOption({ index: 2 });
  await page.getByRole('combobox', { name: 'The later run' }).selectOption({ index: 1 });
  await page.getByText('Both did the same').waitFor();
});

looks(it, {
  'lineage-begin': '/lineage',
  lineage: () => at(ORDERS),
  'lineage-node': () => at(ORDERS, { node: ORDERS }),
  'lineage-columns': () => at(ORDERS, { level: 'columns' }),
  'lineage-list': () => at(ORDERS, { view: 'list' }),
  impact: () => at(ORDERS, { mode: 'impact' }),
  path: () => at('s3://landing/orders.csv', { mode: 'path', to: 'dashboards/sales' }),
  'lineage-runs': ({ world }) => `/lineage?mode=runs&asset=${world.pipelines.load_orders}`,
});
