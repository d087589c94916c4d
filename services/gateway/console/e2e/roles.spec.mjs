/** Two people: what a viewer may not do is not offered, says why, and is refused by the API all the same. */
import assert from 'node:assert/strict';
import { consoleTest } from './harness/console.mjs';

const it = consoleTest();
let keys;
const ready = async (server) => {
  keys ??= { viewer: await server.newKey('viewer', 'VIEWER'), operator: await server.newKey('operator', 'OPERATOR'), label: await server.newKey('label', 'EDITOR', ['sales']) };
  return keys;
};
const nav = (page) => page.getByRole('navigation', { name: 'Main' });

it('a viewer is led to no page of admins', async ({ page, site, server }) => {
  const { viewer } = await ready(server);
  await site.enter(page, '/operate/connections', viewer);
  await nav(page).getByRole('link', { name: 'Connections' }).waitFor();
  assert.equal(await nav(page).getByRole('link', { name: /Audit|Keys|Members/ }).count(), 0);
  for (const path of ['/audit', '/operate/keys', '/operate/members']) {
    await page.goto(site.url(path));
    await page.getByText('Your role does not show this').waitFor();
    await page.getByText('This needs the role Admin; yours is Viewer.').first().waitFor();
  }
});

it('what a viewer may not do is off, and says why', async ({ page, site, server }) => {
  const { viewer } = await ready(server);
  for (const [path, name, role] of [
    ['/operate/connections', 'New connection', 'Admin'],
    ['/operate/environments', 'New environment', 'Editor'],
    ['/operate/backfills', 'New backfill', 'Operator'],
    ['/operate/pools', 'New pool', 'Admin'],
    ['/operate/webhooks', 'New address', 'Editor'],
    ['/operate/costs?tab=budgets', 'Budget of an owner', 'Admin'],
    ['/operate/costs?tab=prices', 'New price', 'Admin'],
  ]) {
    await site.enter(page, path, viewer);
    const button = page.getByRole('button', { name }).first();
    await button.waitFor();
    assert.equal(await button.getAttribute('aria-disabled'), 'true', `${name} is off`);
    await button.focus();
    await page.getByRole('tooltip').filter({ hasText: `This needs the role ${role}; yours is Viewer.` }).waitFor();
    await page.keyboard.press('Enter');
    assert.equal(await page.getByRole('dialog').count(), 0, `${name} opens nothing`);
  }
});

it('the API refuses a viewer the same', async ({ server, world }) => {
  const { viewer } = await ready(server);
  for (const [method, path, body] of [
    ['GET', '/keys'],
    ['GET', '/logins'],
    ['GET', '/sign_in'],
    ['DELETE', `/logins/${crypto.randomUUID()}`],
    ['GET', '/audit'],
    ['POST', '/keys', { name: 'x', grants: [{ role: 'ADMIN', labels: [] }] }],
    ['POST', '/integrations/connections', { name: 'x', integration: 'HTTP', fields: { base_url: 'http://127.0.0.1' } }],
    ['POST', '/environments', { name: 'x' }],
    ['PUT', '/pools/x', { slots: 1 }],
    ['PUT', '/costs/prices', { prices: [] }],
    ['PUT', '/budgets', { owner: 'x' }],
    ['POST', '/backfills', { span: { pipeline: world.pipelines.load_orders, schedule: 'every morning', from: '2026-01-01', to: '2026-01-02' } }],
    ['POST', `/pipelines/${world.pipelines.load_orders}/webhooks`, { name: 'x' }],
  ]) {
    await assert.rejects(server.api(method, path, body, viewer), /: 403 /, `${method} ${path}`);
  }
});

it('an operator starts a backfill and makes no pool', async ({ page, site, server }) => {
  const { operator } = await ready(server);
  await site.enter(page, '/operate/backfills', operator);
  await page.getByRole('button', { name: 'New backfill' }).first().click();
  await page.getByRole('dialog', { name: 'New backfill' }).waitFor();
  await page.goto(site.url('/operate/pools'));
  assert.equal(await page.getByRole('button', { name: 'New pool' }).first().getAttribute('aria-disabled'), 'true');
});

it('a key for a label is told what it does not see', async ({ page, site, server }) => {
  const { label } = await ready(server);
  await site.enter(page, '/operate/pools', label);
  await page.getByText('This needs the role Viewer for the whole account; you have it for these labels: sales.').first().waitFor();
});
