/** What people do besides: each act as who may, to its end at the server; whoever may not is told why. Without the example world. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { axe } from './harness/browser.mjs';
import { consoleTest } from './harness/console.mjs';
import { until } from './harness/programs.mjs';
import { receiver } from './harness/receiver.mjs';

const it = consoleTest({ world: false });
const dialog = (page, name) => page.getByRole('dialog', { name });
const noop = (more = '') => `{integration: DOWNBEAT, integration_job: NOOP, parameters: {}${more}}`;
const CHAIN = `version: v1\nname: Chain\npipeline:\n  first: ${noop()}\n  last: ${noop(', depends_on: [first]')}\n`;
const ASKS = `version: v1
name: Asks
schedule: [{name: daily, cron: 0 6 ? * * *}]
pipeline:
  ask: {name: Ask, integration: ORCHESTRA, integration_job: APPROVAL, parameters: {}}
`;
const OWNED = (owner) => `version: v1\nname: Owned\nmeta: {downbeat: {owner: ${owner}}}\npipeline:\n  only: ${noop()}\n`;
const tasks = async (server, run) => (await server.api('GET', `/pipeline_runs/${run}/task_runs?page_size=50`)).results;
const runOf = (page) => new URL(page.url()).pathname.split('/').at(-1);
/** The newest entry of a command in the audit. */
const entry = (server, command, target) =>
  until(`${command} stands in the audit`, async () => (await server.api('GET', `/audit?${new URLSearchParams({ command, ...(target ? { target } : {}) })}`)).entries[0]);
const become = (page, from) => page.waitForURL((url) => /\/runs\/[0-9a-f-]{36}$/.test(url.pathname) && !url.pathname.endsWith(from));

it('why a run was cancelled, and begun again, stands in the audit', async ({ page, site, server }) => {
  const run = await server.run(await server.apply('asks', ASKS));
  await until('it asks', async () => (await tasks(server, run)).some((task) => task.status === 'RUNNING'));
  await site.enter(page, `/runs/${run}`);
  await page.getByRole('button', { name: 'Cancel the run' }).click();
  const cancel = dialog(page, 'Cancel this run?');
  await cancel.getByText('The audit keeps it, beside your name.').waitFor();
  assert.deepEqual(await axe(page), []);
  await cancel.getByRole('textbox', { name: /Reason/ }).fill('너무 비쌈, for now');
  await cancel.getByRole('button', { name: 'Cancel the run' }).click();
  await server.runIs(run, ['CANCELLED']);
  await page.getByRole('button', { name: 'Retry from failed' }).waitFor();
  await page.getByRole('button', { name: 'Act on this run' }).click();
  await page.getByRole('menuitem', { name: 'Run all again' }).click();
  const again = dialog(page, 'Run everything again?');
  await again.getByRole('textbox', { name: /Reason/ }).fill('it may cost now');
  await again.getByRole('button', { name: 'Run all again' }).click();
  await become(page, run);
  const next = runOf(page);
  assert.equal((await server.api('GET', `/pipeline_runs/${next}`)).restartOf, run);
  assert.equal((await entry(server, 'CANCEL_RUN', run)).reason, '너무 비쌈, for now');
  assert.equal((await entry(server, 'RESTART_RUN', run)).reason, 'it may cost now');
  for (const [command, reason] of [['CANCEL_RUN', '너무 비쌈, for now'], ['RESTART_RUN', 'it may cost now']]) {
    await page.goto(site.url(`/audit?command=${command}`));
    await page.getByRole('button', { name: 'Open the entry' }).first().click();
    await page.getByRole('dialog').getByText(reason).waitFor();
  }
  await server.api('POST', `/pipeline_runs/${next}/cancel`, {});
});

it('a run begins again from one of its tasks', async ({ page, site, server }) => {
  const run = await server.run(await server.apply('chain', CHAIN));
  await server.runIs(run);
  await site.enter(page, `/runs/${run}?task=last&part=overview`);
  await dialog(page, 'last').getByRole('button', { name: 'Run again from here' }).click();
  const ask = dialog(page, 'Run again from last?');
  await ask.getByRole('textbox', { name: /Reason/ }).fill('other rates');
  await ask.getByRole('button', { name: 'Run again from here' }).click();
  await become(page, run);
  const next = await server.runIs(runOf(page));
  assert.equal(next.triggeredBy.kind, 'RESTART_FROM_TASKS');
  assert.deepEqual((await tasks(server, next.id)).map((task) => [task.taskId, task.status]).sort(), [['first', 'SKIPPED'], ['last', 'SUCCEEDED']]);
  assert.equal((await entry(server, 'RESTART_RUN', run)).reason, 'other rates');
});

it('a run that waits because a budget is spent is let go, the others go when the budget is raised', async ({ page, site, server }) => {
  const budget = { micros: 1_000_000, currency: 'USD', period: 'BUDGET_PERIOD_MONTH', timezone: 'UTC', alertAt: [100], enforce: true };
  await server.api('PUT', '/budgets', { owner: 'finance', budget });
  await server.api('POST', '/costs/bills', { bills: [{ externalId: 'big', micros: 2_000_000, currency: 'USD', incurredAt: new Date().toISOString(), source: 'test', owner: 'finance' }] });
  const pipeline = await server.apply('owned', OWNED('finance'));
  const [run, other] = [await server.run(pipeline), await server.run(pipeline)];
  await server.runIs(run, ['QUEUED']);
  await site.enter(page, `/runs/${run}`, await server.newKey('looker', 'VIEWER'));
  const off = page.getByRole('button', { name: 'Release', exact: true });
  await off.focus();
  await page.getByRole('tooltip').filter({ hasText: 'This needs the role Operator; yours is Viewer.' }).waitFor();
  await page.context().clearCookies();
  await site.enter(page, `/runs/${run}`);
  await page.getByRole('button', { name: 'Release', exact: true }).click();
  const ask = dialog(page, 'Let it go although a budget is spent?');
  await ask.getByRole('textbox', { name: /Reason/ }).fill('the board waits');
  await ask.getByRole('button', { name: 'Release' }).click();
  assert.equal((await server.runIs(run)).runStatus, 'SUCCEEDED');
  assert.equal((await entry(server, 'RELEASE_RUN', run)).reason, 'the board waits');
  assert.equal((await server.api('GET', `/pipeline_runs/${other}`)).runStatus, 'QUEUED');

  await page.goto(site.url('/operate/costs?tab=budgets'));
  const row = page.getByRole('row', { name: /finance/ });
  await row.getByRole('button', { name: 'Change' }).click();
  const change = dialog(page, 'Budget of finance');
  assert.equal(await change.getByLabel('Amount').inputValue(), '1.00');
  await change.getByLabel('Amount').fill('1000');
  await change.getByRole('textbox', { name: /Reason/ }).fill('a new year');
  await change.getByRole('button', { name: 'Save' }).click();
  assert.equal((await server.runIs(other)).runStatus, 'SUCCEEDED');
  assert.equal((await entry(server, 'SET_BUDGET')).reason, 'a new year');
  await row.getByRole('button', { name: 'Remove' }).click();
  await dialog(page, 'Take the budget of finance away').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No budgets yet').waitFor();
  assert.deepEqual((await server.api('GET', '/budgets')).budgets, []);
});

const signed = (secret, id, body) => {
  const at = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64')).update(`${id}.${at}.${body}`).digest('base64');
  return { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': `v1,${signature}` };
};

it('an address starts runs, gets another secret, and starts nothing once it is closed', async ({ page, site, server }) => {
  await server.apply('called', `webhook: {enabled: true}\n${CHAIN.replace('Chain', 'Called')}`);
  await site.enter(page, '/operate/webhooks');
  await page.getByRole('button', { name: 'New address' }).first().click();
  const make = dialog(page, 'New address');
  await make.getByRole('combobox', { name: 'Pipeline' }).selectOption({ label: 'called' });
  await make.getByLabel('Name').fill('shop');
  await make.getByRole('button', { name: 'Make the address' }).click();
  const shown = dialog(page, 'Address shop');
  await shown.waitFor();
  const [address, first] = await shown.locator('pre').allInnerTexts();
  await shown.getByRole('button', { name: 'I have copied it' }).click();
  const { pathname } = new URL(address.trim());
  const call = async (secret, id) => {
    const answer = await fetch(`${server.origin}${pathname}`, { method: 'POST', headers: signed(secret.trim(), id, '{}'), body: '{}' });
    return { status: answer.status, run: answer.ok ? (await answer.json()).pipelineRunId : undefined };
  };
  const started = await call(first, 'one');
  assert.equal((await server.runIs(started.run)).triggeredBy.kind, 'WEBHOOK');

  const row = page.getByRole('row', { name: /shop/ });
  await row.getByRole('button', { name: 'New secret' }).click();
  await dialog(page, 'New secret of shop').getByRole('button', { name: 'New secret' }).click();
  const rotated = dialog(page, 'Secret of shop');
  const second = await rotated.locator('pre').innerText();
  await rotated.getByRole('button', { name: 'I have copied it' }).click();
  assert.notEqual(second, first);
  assert.deepEqual([(await call(first, 'two')).status, (await call(second, 'three')).status, (await call(`whsec_${Buffer.alloc(24).toString('base64')}`, 'four')).status], [200, 200, 401]);
  assert.ok(![first, second, pathname].some((secret) => page.url().includes(secret)) && !(await page.content()).includes(second.trim()));

  await row.getByRole('button', { name: 'Close' }).click();
  const close = dialog(page, 'Close shop');
  await close.getByRole('textbox', { name: /Reason/ }).fill('the shop has moved');
  await close.getByRole('button', { name: 'Close', exact: true }).last().click();
  await page.getByText('No addresses yet').waitFor();
  assert.equal((await call(second, 'five')).status, 404);
  assert.equal((await entry(server, 'CLOSE_ENDPOINT')).reason, 'the shop has moved');
});

it('an alert that was given up arrives once what was wrong is mended and it is tried again', async ({ page, site, server }) => {
  const other = await receiver();
  try {
    other.status = 410;
    await server.api('POST', '/integrations/connections', { name: 'ops_1', integration: 'WEBHOOK', fields: { url: other.url } });
    const tells = `alerts: [{name: oops, statuses: [SUCCEEDED], destinations: [{integration: WEBHOOK, connection_id: ops_1, destination: hook}]}]\n${CHAIN.replace('Chain', 'Tells')}`;
    await server.runIs(await server.run(await server.apply('tells', tells)));
    await until('it is given up', async () => (await server.api('GET', '/alerts?state=DEAD')).alerts.length === 1);
    other.status = 200;
    await site.enter(page, '/operate/alerts?state=DEAD');
    await page.getByRole('row', { name: /tells/ }).getByRole('button', { name: 'Try again' }).click();
    const ask = dialog(page, 'Try oops again');
    await ask.getByRole('textbox', { name: /Reason/ }).fill('they are back');
    await ask.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('It is tried again').waitFor();
    const [first, again] = await until('it arrives', () => other.taken.length > 1 && other.taken);
    assert.equal(first.headers['webhook-id'], again.headers['webhook-id']);
    assert.match(again.body, /PIPELINE_RUN_COMPLETED/);
    await page.goto(site.url('/operate/alerts'));
    await page.getByRole('row', { name: /tells/ }).getByText('Delivered').waitFor();
    assert.equal((await entry(server, 'RETRY_ALERT')).reason, 'they are back');
  } finally {
    await other.close();
  }
});

it('a connection that works says so', async ({ page, site, server }) => {
  const other = await receiver();
  try {
    await server.api('POST', '/integrations/connections', { name: 'site', integration: 'HTTP', fields: { base_url: other.url } });
    await site.enter(page, '/operate/connections');
    const row = page.getByRole('row', { name: /^site/ });
    await row.getByText('Not tried').waitFor();
    await row.getByRole('button', { name: 'Try' }).click();
    await page.getByText('site works').waitFor();
    await row.getByText('Works').waitFor();
    assert.ok(other.taken.length > 0);
  } finally {
    await other.close();
  }
});

it('a pool gets another size, and prices are changed and taken away', async ({ page, site, server }) => {
  await server.api('PUT', '/pools/warehouse', { slots: 2 });
  await server.api('PUT', '/costs/prices', { prices: ['credits', 'worker_seconds'].map((unit) => ({ name: unit, unit, micros: 250_000, currency: 'USD', per: 1 })) });
  await site.enter(page, '/operate/pools');
  await page.getByRole('row', { name: /warehouse/ }).getByRole('button', { name: 'Size' }).click();
  const size = dialog(page, 'Size of warehouse');
  await size.getByLabel('Slots').fill('many');
  await size.getByRole('button', { name: 'Save' }).click();
  await size.getByText('Slots are a whole number.').waitFor();
  await size.getByLabel('Slots').fill('5');
  await size.getByRole('textbox', { name: /Reason/ }).fill('it is bigger now');
  await size.getByRole('button', { name: 'Save' }).click();
  await page.getByText('0 of 5').first().waitFor();
  assert.equal((await entry(server, 'SET_POOL', 'warehouse')).reason, 'it is bigger now');

  await page.goto(site.url('/operate/costs?tab=prices'));
  await page.getByRole('row', { name: /credits/ }).getByRole('button', { name: 'Change' }).click();
  const price = dialog(page, 'Change the price');
  await price.getByLabel('Amount').fill('0.5');
  await price.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The prices were saved').waitFor();
  await page.getByRole('row', { name: /worker_seconds/ }).getByRole('button', { name: 'Remove' }).click();
  await dialog(page, 'Take the price of worker_seconds away').getByRole('button', { name: 'Remove' }).click();
  await until('one is left', async () => (await server.api('GET', '/costs/prices')).prices.prices.map((one) => `${one.unit} ${one.micros}`).join() === 'credits 500000');
});

it('an environment is changed, and removed by its name', async ({ page, site, server }) => {
  const made = await server.api('POST', '/environments', { name: 'staging', values: { LIMIT: { type: 'int', value: 1 } } });
  await site.enter(page, `/operate/environments?environment=${made.environmentId}`);
  const drawer = dialog(page, 'staging');
  await drawer.getByRole('button', { name: 'Change' }).click();
  const change = dialog(page, 'Change staging');
  await change.getByPlaceholder('Value').fill('2');
  await change.getByRole('textbox', { name: /Reason/ }).fill('more rows');
  await change.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Environment staging was changed').waitFor();
  assert.equal((await server.api('GET', `/environments/${made.environmentId}`)).values.LIMIT.value, 2);
  assert.equal((await entry(server, 'SET_ENVIRONMENT')).reason, 'more rows');
  await drawer.getByRole('button', { name: 'Remove' }).click();
  const remove = dialog(page, 'Remove staging');
  await remove.getByRole('textbox', { name: 'Type staging to confirm' }).fill('staging');
  await remove.getByRole('button', { name: 'Remove' }).click();
  await page.getByText('Environment staging was removed').waitFor();
  assert.deepEqual(await server.api('GET', '/environments'), []);
});

it('a backfill is cancelled, and says why', async ({ page, site, server }) => {
  const day = (ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  const pipeline = await server.apply('asks', ASKS);
  const { backfillId } = await server.api('POST', '/backfills', { span: { pipeline, schedule: 'daily', from: day(3), to: day(1) }, maxActive: 1 });
  await site.enter(page, `/operate/backfills/${backfillId}`);
  await page.getByRole('button', { name: 'Cancel the backfill' }).click();
  const ask = dialog(page, 'Cancel the backfill');
  await ask.getByText('The log keeps it').waitFor();
  await ask.getByRole('textbox', { name: /Reason/ }).fill('wrong days');
  await ask.getByRole('button', { name: 'Cancel it' }).click();
  await page.getByText('Cancelled', { exact: true }).first().waitFor();
  assert.equal((await entry(server, 'CANCEL_BACKFILL')).reason, 'wrong days');
});

it('what starts a pipeline stands together: sensors, addresses, what others tell', async ({ page, site, server }) => {
  const follows = await server.apply('chain', CHAIN);
  const id = await server.apply('watches', `version: v1
name: Watches
webhook: {enabled: true}
sensors:
  landed:
    name: Orders have landed
    cron: '* * ? * * *'
    timezone: UTC
    timeout_mins: 1
    checks:
      told: {integration: ORCHESTRA, sensor_type: ORCHESTRA_WEBHOOK_EVENT, parameters: {event_type: landed}}
trigger_events: [{type: pipeline, pipeline_id: ${follows}, statuses: [FAILED]}]
meta: {downbeat: {triggers: [{name: sales, asset: warehouse/sales}]}}
pipeline:
  only: ${noop()}
`);
  await server.api('POST', `/pipelines/${id}/webhooks`, { name: 'shop' });
  await site.enter(page, `/pipelines/${id}?tab=triggers`);
  const sensor = page.getByRole('region', { name: 'Orders have landed' });
  await sensor.getByText('Begins next').waitFor();
  await sensor.getByText('Looking').waitFor({ timeout: 70_000 });
  await sensor.getByRole('row', { name: /told.*Not there yet/ }).waitFor();
  await page.getByRole('region', { name: 'Webhooks' }).getByRole('row', { name: /shop.*Standard Webhooks/ }).waitFor();
  const others = page.getByRole('region', { name: 'Other triggers' });
  assert.deepEqual(await axe(page), []);
  await others.getByRole('row', { name: /End of another pipeline.*Chain.*Failed/ }).waitFor();
  assert.equal(await others.getByRole('link', { name: 'Chain' }).getAttribute('href'), `/console/pipelines/${follows}`);
  assert.equal(await others.getByRole('link', { name: 'warehouse/sales' }).getAttribute('href'), '/console/assets/warehouse%2Fsales');
  assert.equal(await page.getByText('sensor:landed').count(), 0);
});

it('whoever only looks is told why each of it is off', async ({ page, site, server }) => {
  const key = await server.newKey('reader', 'VIEWER');
  const pipeline = await server.apply('called', `webhook: {enabled: true}\n${CHAIN.replace('Chain', 'Called')}`);
  await server.api('POST', `/pipelines/${pipeline}/webhooks`, { name: 'mine' });
  await server.api('PUT', '/pools/mine', { slots: 2 });
  await server.api('PUT', '/budgets', { owner: 'mine', budget: { micros: 1_000_000, currency: 'USD', period: 'BUDGET_PERIOD_MONTH', timezone: 'UTC', alertAt: [], enforce: false } });
  await server.api('PUT', '/costs/prices', { prices: [{ name: 'mine', unit: 'credits', micros: 1, currency: 'USD', per: 1 }] });
  await server.api('POST', '/integrations/connections', { name: 'mine', integration: 'HTTP', fields: { base_url: 'http://127.0.0.1:1' } });
  for (const [path, name, role] of [
    ['/operate/pools', 'Size', 'Admin'],
    ['/operate/pools', 'Remove mine', 'Admin'],
    ['/operate/webhooks', 'New secret', 'Editor'],
    ['/operate/webhooks', 'Close', 'Editor'],
    ['/operate/costs?tab=budgets', 'Change', 'Admin'],
    ['/operate/costs?tab=prices', 'Change', 'Admin'],
    ['/operate/connections', 'Try', 'Editor'],
  ]) {
    await site.enter(page, path, key);
    const button = page.locator('tbody').getByRole('button', { name, exact: true }).first();
    await button.focus();
    await page.getByRole('tooltip').filter({ hasText: `This needs the role ${role}; yours is Viewer.` }).waitFor();
    await page.keyboard.press('Enter');
    assert.equal(await page.getByRole('dialog').count(), 0, `${name} does nothing`);
  }
});
