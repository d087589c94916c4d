/** Operate: each act as a person does it, with what the server says of it; nothing is done until it is confirmed. */
import assert from 'node:assert/strict';
import { consoleTest, looks } from './harness/console.mjs';
import { until } from './harness/programs.mjs';

const it = consoleTest();
const day = (ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
const dialog = (page, name) => page.getByRole('dialog', { name });

it('a connection is made, tried, changed and removed; its secret is never shown', async ({ page, site, server }) => {
  await site.enter(page, '/operate/connections');
  await page.getByRole('button', { name: 'New connection' }).first().click();
  const make = dialog(page, 'New connection');
  await make.getByRole('textbox', { name: 'Name', exact: true }).fill('warehouse');
  await make.getByRole('button', { name: 'Seal and save' }).click();
  await make.getByText('Needed: host, database, username').waitFor();
  for (const [name, value] of [['host', '127.0.0.1'], ['database', 'shop'], ['username', 'reader']]) await make.getByLabel(name, { exact: true }).fill(value);
  await make.getByLabel('port').fill('1');
  await make.getByLabel('password').fill('hush-hush');
  assert.equal(await make.getByLabel('password').getAttribute('type'), 'password');
  await make.getByRole('button', { name: 'Seal and save' }).click();
  await page.getByText('Connection warehouse is there').waitFor();

  await page.getByRole('row', { name: /warehouse/ }).getByRole('button', { name: 'Try' }).click();
  await page.getByRole('row', { name: /Does not work/ }).waitFor();
  await page.getByRole('button', { name: 'warehouse', exact: true }).click();
  const drawer = dialog(page, 'warehouse');
  await drawer.getByText('password').first().waitFor();
  assert.ok(!(await page.content()).includes('hush-hush'));

  await drawer.getByRole('button', { name: 'Change' }).click();
  const change = dialog(page, 'Change warehouse');
  await change.getByRole('button', { name: 'Save' }).click();
  await change.getByText('Nothing was changed.').waitFor();
  await change.getByLabel('sslmode').fill('disable');
  await change.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Connection warehouse was changed').waitFor();
  const kept = await server.api('GET', '/integrations/connections/warehouse');
  assert.deepEqual([kept.version, kept.fields.map((field) => field.name).includes('password')], [2, true]);

  await drawer.getByRole('button', { name: 'Remove' }).click();
  const remove = dialog(page, 'Remove warehouse');
  assert.equal(await remove.getByRole('button', { name: 'Remove' }).getAttribute('aria-disabled'), 'true');
  await remove.getByRole('textbox', { name: 'Type warehouse to confirm' }).fill('warehouse');
  await remove.getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No connections yet').waitFor();
});

it('an environment is made and changed', async ({ page, site, server }) => {
  await site.enter(page, '/operate/environments');
  await page.getByRole('button', { name: 'New environment' }).first().click();
  const make = dialog(page, 'New environment');
  await make.getByRole('textbox', { name: 'Name' }).first().fill('production');
  await make.getByRole('button', { name: 'Add a variable' }).click();
  await make.getByPlaceholder('Name').fill('LIMIT');
  await make.getByRole('combobox', { name: 'Type' }).selectOption('int');
  await make.getByPlaceholder('Value').fill('many');
  await make.getByText('This is no whole number').first().waitFor();
  await make.getByPlaceholder('Value').fill('100');
  await make.getByRole('button', { name: 'Make', exact: true }).click();
  await page.getByText('Environment production is there').waitFor();
  const [{ environmentId }] = await server.api('GET', '/environments');
  assert.deepEqual((await server.api('GET', `/environments/${environmentId}`)).values, { LIMIT: { type: 'int', value: 100 } });
});

it('a key is made, shown once, opens the API, and is revoked', async ({ page, site, server }) => {
  await site.enter(page, '/operate/keys');
  await page.getByRole('button', { name: 'New key' }).click();
  const make = dialog(page, 'New key');
  await make.getByRole('textbox', { name: 'Name' }).fill('reporting');
  await make.getByRole('button', { name: 'Make the key' }).click();
  const shown = dialog(page, 'Key reporting');
  const key = (await shown.locator('pre').innerText()).trim();
  await page.keyboard.press('Escape');
  assert.ok(await shown.isVisible());
  await shown.getByRole('button', { name: 'I have copied it' }).click();
  assert.ok(!(await page.content()).includes(key));
  await server.api('GET', '/pools', undefined, key);
  await assert.rejects(server.api('GET', '/keys', undefined, key), /403/);
  await page.getByRole('row', { name: /reporting/ }).getByRole('button', { name: 'Revoke' }).click();
  const revoke = dialog(page, 'Revoke reporting');
  await revoke.getByRole('textbox', { name: 'Type reporting to confirm' }).fill('reporting');
  await revoke.getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('Key reporting opens nothing any more').waitFor();
  await until('the key opens nothing', () => server.api('GET', '/pools', undefined, key).then(() => false, (error) => /401/.test(error.message)));
});

it('a backfill is looked at, started, and shows its instants', async ({ page, site }) => {
  await site.enter(page, '/operate/backfills');
  await page.getByRole('button', { name: 'New backfill' }).first().click();
  const make = dialog(page, 'New backfill');
  await make.getByRole('combobox', { name: 'Pipeline' }).selectOption({ label: 'load_orders' });
  await make.getByLabel('From').fill(day(3));
  await make.getByLabel('Until').fill(day(1));
  await make.getByRole('button', { name: 'New backfill' }).click();
  await make.getByText('Look at what it would do first.').waitFor();
  await make.getByRole('button', { name: 'Show what it would do' }).click();
  await make.getByText('2 runs of 2 instants').waitFor();
  await make.getByRole('button', { name: 'Start 2 runs' }).click();
  await page.getByRole('heading', { level: 1, name: 'Backfill of load_orders' }).waitFor();
  await page.getByText('2 of 2 done').waitFor({ timeout: 60_000 });
  assert.equal(await page.getByRole('table').getByRole('link').count(), 2);
});

it('a pool gets its size, and goes', async ({ page, site, server }) => {
  await site.enter(page, '/operate/pools');
  await page.getByRole('button', { name: 'New pool' }).first().click();
  const make = dialog(page, 'New pool');
  await make.getByLabel('Name').fill('warehouse');
  await make.getByLabel('Slots').fill('3');
  await make.getByRole('button', { name: 'Save' }).click();
  await page.getByText('0 of 3').first().waitFor();
  assert.equal((await server.api('GET', '/pools')).pools[0].slots, 3);
  await page.getByRole('button', { name: 'Remove warehouse' }).click();
  await dialog(page, 'Remove warehouse').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No pools yet').waitFor();
});

it('a budget and a price are set exactly', async ({ page, site, server }) => {
  await site.enter(page, '/operate/costs?tab=budgets');
  await page.getByRole('button', { name: 'Budget of an owner' }).first().click();
  const make = dialog(page, 'Budget of an owner');
  await make.getByLabel('Owner').fill('finance');
  await make.getByLabel('Amount').fill('12,5');
  await make.getByRole('button', { name: 'Save' }).click();
  await make.getByText('The amount is digits').waitFor();
  await make.getByLabel('Amount').fill('500.10');
  await make.getByLabel('Currency').fill('USD');
  await make.getByRole('button', { name: 'Save' }).click();
  await page.getByText('finance has a budget').waitFor();
  assert.equal((await server.api('GET', '/budgets')).budgets[0].budget.micros, 500_100_000);
  await page.getByRole('tab', { name: 'Prices' }).click();
  await page.getByRole('button', { name: 'New price' }).first().click();
  const price = dialog(page, 'New price');
  await price.getByLabel('Unit').fill('credits');
  await price.getByLabel('Amount').fill('3');
  await price.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The prices were saved').waitFor();
  const { prices } = (await server.api('GET', '/costs/prices')).prices;
  assert.deepEqual(prices.map((one) => [one.unit, one.micros]), [['worker_seconds', 250_000], ['credits', 3_000_000]]);
});

it('costs are grouped, and the URL keeps how', async ({ page, site }) => {
  await site.enter(page, '/operate/costs');
  await page.getByRole('combobox', { name: 'Group by' }).selectOption('owner');
  await page.getByRole('row', { name: /data-platform/ }).waitFor();
  await page.reload();
  await page.getByRole('row', { name: /finance/ }).waitFor();
});

it('the calendar shows what comes, by week and by day', async ({ page, site }) => {
  await site.enter(page, '/operate/schedules');
  await page.getByRole('link', { name: /hourly_metrics/ }).first().waitFor();
  await page.getByRole('button', { name: 'Later' }).click();
  await page.getByRole('link', { name: /load_orders/ }).first().waitFor();
  await page.getByRole('button', { name: 'Day', exact: true }).click();
  await page.getByText('23:00').first().waitFor();
});

it('what was done stands in the audit, and can be taken along', async ({ page, site, server }) => {
  await server.api('PUT', '/pools/nightly', { slots: 2 });
  await site.enter(page, '/audit');
  await page.getByRole('row', { name: /key:dev.*pool/i }).first().waitFor();
  await page.getByRole('row', { name: /nightly/ }).first().getByRole('button', { name: 'Open the entry' }).click();
  await dialog(page, /pool/i).getByText('nightly').first().waitFor();
  await page.keyboard.press('Escape');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV' }).click();
  const text = await (await download).createReadStream().then(async (stream) => {
    let all = '';
    for await (const piece of stream) all += piece;
    return all;
  });
  assert.match(text, /^at,actor,actorKind,command/);
  assert.match(text, /pool nightly/);
});

it('integrations say whether they work', async ({ page, site }) => {
  await site.enter(page, '/operate/integrations');
  await page.getByRole('row', { name: /Python/ }).waitFor();
});

looks(it, {
  operate: '/operate',
  connections: '/operate/connections',
  environments: '/operate/environments',
  keys: '/operate/keys',
  integrations: '/operate/integrations',
  backfills: '/operate/backfills',
  schedules: '/operate/schedules',
  'schedules-day': '/operate/schedules?view=day',
  alerts: '/operate/alerts',
  pools: '/operate/pools',
  webhooks: '/operate/webhooks',
  costs: '/operate/costs',
  savings: '/operate/costs?tab=savings',
  budgets: '/operate/costs?tab=budgets',
  prices: '/operate/costs?tab=prices',
  audit: '/audit',
});
