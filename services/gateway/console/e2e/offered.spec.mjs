/**
 * Nothing in the console is possible that the API refuses: each act, for each role, also where a role is bound to labels.
 * The API is asked first, in a way that changes nothing that others need; then the page has to offer just that. And no page asks for
 * what is refused to whoever looks at it.
 */
import assert from 'node:assert/strict';
import { open, settled, shoot } from './harness/browser.mjs';
import { consoleTest } from './harness/console.mjs';
import { until } from './harness/programs.mjs';
import { receiver } from './harness/receiver.mjs';

const it = consoleTest({ world: false });
const LABELS = ['sales', 'core'];
const NOBODY = crypto.randomUUID();
const all = (role) => ({ role, labels: [] });
const of = (role, ...labels) => ({ role, labels });
const PEOPLE = {
  'a viewer': [all('VIEWER')],
  'an operator': [all('OPERATOR')],
  'an editor': [all('EDITOR')],
  'an admin': [all('ADMIN')],
  'an editor of a label': [of('EDITOR', 'sales')],
  'a viewer who operates a label': [all('VIEWER'), of('OPERATOR', 'sales')],
  'an operator who is admin of a label': [of('ADMIN', 'sales'), all('OPERATOR')],
};
const text = (name, label, more = '') => `version: v1
name: ${name}
schedule: [{name: daily, cron: 0 6 ? * * *}]
webhook: {enabled: true}
meta: {downbeat: {labels: [${label}]}}
${more}pipeline:
  ask: {name: Ask, integration: ORCHESTRA, integration_job: APPROVAL, parameters: {}}
`;
const NOOP = 'version: v1\nname: Gone\nmeta: {downbeat: {labels: [LABEL]}}\npipeline:\n  only: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}\n';
const day = (ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);

/** Pages without an act of their own, which ask for much. */
const PLACES = ['/', '/assets', '/assets/none', '/lineage', '/operate', '/operate/integrations', '/operate/schedules', '/operate/costs', '/operate/costs?tab=savings', '/runs', '/pipelines/PIPELINE?tab=cost', '/pipelines/PIPELINE?tab=triggers', '/pipelines/PIPELINE?tab=promises', '/runs/RUN?tab=assets', '/runs/RUN?tab=timeline'];

let made;
/** What acts are about: of each label a pipeline with a run that waits, one that failed, and backfills; and one of each other thing. */
async function ready(server) {
  if (made) return made;
  made = { keys: {}, pipeline: {}, live: {}, task: {}, failed: {}, backfill: {}, past: {} };
  const told = await receiver();
  told.status = 410;
  await server.api('POST', '/integrations/connections', { name: 'mine', integration: 'WEBHOOK', fields: { url: told.url } });
  await server.api('POST', '/environments', { name: 'mine', values: {} });
  await server.api('PUT', '/pools/mine', { slots: 1 });
  await server.api('PUT', '/budgets', { owner: 'mine', budget: { micros: 1_000_000, currency: 'USD', period: 'BUDGET_PERIOD_MONTH', timezone: 'UTC', alertAt: [], enforce: false } });
  await server.api('PUT', '/costs/prices', { prices: [{ name: 'mine', unit: 'credits', micros: 1, currency: 'USD', per: 1 }] });
  for (const label of LABELS) {
    const tells = 'alerts: [{name: oops, statuses: [FAILED], destinations: [{integration: WEBHOOK, connection_id: mine, destination: hook}]}]\n';
    const pipeline = await server.apply(`of_${label}`, text(`Of ${label}`, label, tells));
    await server.api('POST', `/pipelines/${pipeline}/webhooks`, { name: 'mine' });
    const asks = async () => {
      const run = await server.run(pipeline);
      const task = await until('it asks', async () => (await server.api('GET', `/pipeline_runs/${run}/task_runs`)).results.find((one) => one.status === 'RUNNING'));
      return [run, task.id];
    };
    const [failed, task] = await asks();
    await server.api('POST', `/pipeline_runs/${failed}/task_runs/${task}/reject`, { comment: 'no' });
    await server.runIs(failed, ['FAILED']);
    [made.live[label], made.task[label]] = await asks();
    const backfill = async (from, to) => (await server.api('POST', '/backfills', { span: { pipeline, schedule: 'daily', from: day(from), to: day(to) }, maxActive: 1 })).backfillId;
    made.past[label] = await backfill(9, 8);
    await server.api('POST', `/backfills/${made.past[label]}/cancel`, {});
    made.backfill[label] = await backfill(5, 3);
    [made.pipeline[label], made.failed[label]] = [pipeline, { run: failed, task }];
  }
  await until('alerts are given up', async () => (await server.api('GET', '/alerts?state=DEAD')).alerts.length === LABELS.length);
  for (const [name, grants] of Object.entries(PEOPLE)) made.keys[name] = (await server.api('POST', '/keys', { name, grants })).secret;
  await told.close();
  return made;
}

const button = (name, exact = true) => (page) => page.getByRole('button', { name, exact });
const inRow = (row, name) => (page) => page.locator('tbody').getByRole('row', { name: row }).getByRole('button', { name, exact: true });
const item = (menu, name) => async (page) => {
  const shown = page.getByRole('menuitem', { name });
  // On a page that shows nothing there is no menu.
  const opens = page.getByRole('button', { name: menu, exact: true });
  if (!(await shown.isVisible()) && (await opens.isVisible())) await opens.click();
  return shown;
};

/** Acts: on which page, by what, and what the console would ask for then (of things that are not there, or in a way that comes to nothing). */
function acts(server, { pipeline, live, task, failed, backfill, past }) {
  const account = [
    ['/operate/connections', button('New connection'), ['POST', '/integrations/connections', {}]],
    ['/operate/connections?connection=mine', button('Change'), ['PATCH', `/integrations/connections/${NOBODY}`, { fields: {} }]],
    ['/operate/connections?connection=mine', button('Remove'), ['DELETE', `/integrations/connections/${NOBODY}`]],
    ['/operate/connections?connection=mine', (page) => page.getByRole('dialog').getByRole('button', { name: 'Try', exact: true }), ['POST', `/integrations/HTTP/validate/${NOBODY}`]],
    ['/operate/environments', button('New environment'), ['POST', '/environments', {}]],
    ['/operate/environments?environment=ENVIRONMENT', button('Change'), ['PATCH', `/environments/${NOBODY}`, {}]],
    ['/operate/environments?environment=ENVIRONMENT', button('Remove'), ['DELETE', `/environments/${NOBODY}`]],
    ['/operate/pools', button('New pool'), ['PUT', '/pools/mine', { slots: 1 }]],
    ['/operate/pools', inRow(/mine/, 'Size'), ['PUT', '/pools/mine', { slots: 1 }]],
    ['/operate/pools', inRow(/mine/, 'Remove mine'), ['PUT', '/pools/none', { remove: true }]],
    ['/operate/costs?tab=budgets', button('Budget of an owner'), ['PUT', '/budgets', { owner: 'none' }]],
    ['/operate/costs?tab=budgets', inRow(/mine/, 'Change'), ['PUT', '/budgets', { owner: 'none' }]],
    ['/operate/costs?tab=budgets', inRow(/mine/, 'Remove'), ['PUT', '/budgets', { owner: 'none' }]],
    ['/operate/costs?tab=prices', button('New price'), ['PUT', '/costs/prices', { prices: [{}] }]],
    ['/operate/costs?tab=prices', inRow(/mine/, 'Change'), ['PUT', '/costs/prices', { prices: [{}] }]],
    ['/operate/costs?tab=prices', inRow(/mine/, 'Remove'), ['PUT', '/costs/prices', { prices: [{}] }]],
    ['/operate/keys', button('New key'), ['POST', '/keys', {}]],
    ['/operate/keys', inRow(/dev/, 'Revoke'), ['DELETE', `/keys/${NOBODY}`]],
    ['/operate/members', inRow(/an admin/, /login/), ['DELETE', `/logins/${NOBODY}`]],
    ['/audit', (page) => page.getByRole('table', { name: 'Audit' }), ['GET', '/audit']],
    ['/operate/alerts?state=DEAD', inRow(/of_core/, 'Try again'), ['POST', `/alerts/${NOBODY}/retry`, {}]],
    ['/operate/alerts?state=DEAD', inRow(/of_sales/, 'Try again'), ['POST', `/alerts/${NOBODY}/retry`, {}]],
    ['/operate/webhooks', inRow(/of_sales/, 'New secret'), ['POST', `/webhooks/${NOBODY}/rotate`, {}]],
    ['/operate/webhooks', inRow(/of_sales/, 'Close'), ['DELETE', `/webhooks/${NOBODY}`]],
    ['/pipelines', (page) => page.getByRole('link', { name: 'New pipeline' }), ['PUT', '/pipelines/source', { alias: 'brand_new', yaml: NOOP.replace('LABEL', 'new') }], 'hidden'],
    ['/builder?new=empty', button('Add task'), ['PUT', '/pipelines/source', { alias: 'brand_new', yaml: NOOP.replace('LABEL', 'new') }]],
    // Where a role is bound to labels, it is enough that there is something to choose.
    ['/operate/backfills', button('New backfill'), ['POST', '/backfills', { span: { pipeline: pipeline.sales, schedule: 'none', from: day(2), to: day(1) } }]],
    ['/operate/webhooks', button('New address'), ['POST', `/pipelines/${pipeline.sales}/webhooks`, {}]],
  ];
  const ofPipelines = LABELS.flatMap((label) => [
    [`/pipelines/${pipeline[label]}`, button(`Start Of ${label}`), ['POST', `/pipelines/${pipeline[label]}/start`, { runInputs: { none: 1 } }]],
    [`/pipelines/${pipeline[label]}`, item(`More for Of ${label}`, /^Pause/), ['POST', `/pipelines/${pipeline[label]}/resume`, {}]],
    [`/pipelines/${pipeline[label]}`, item(`More for Of ${label}`, /^Delete/), async (key) => ['DELETE', `/pipelines?pipeline_id=${await server.apply(`gone_${label}`, NOOP.replace('LABEL', label))}`, undefined, key]],
    [`/pipelines?q=of_${label}`, button(`Start Of ${label}`), ['POST', `/pipelines/${pipeline[label]}/start`, { runInputs: { none: 1 } }]],
    [`/builder/of_${label}`, button('Add task'), ['PUT', '/pipelines/source', { alias: `of_${label}`, yaml: NOOP.replace('LABEL', label), baseVersion: 99 }]],
    [`/builder/of_${label}`, button('Run draft'), ['PUT', '/pipelines/source', { alias: `of_${label}`, yaml: NOOP.replace('LABEL', label), baseVersion: 99 }]],
    [`/runs/${live[label]}`, button('Cancel the run'), ['POST', `/pipeline_runs/${failed[label].run}/cancel`, {}]],
    [`/runs/${live[label]}?task=${task[label]}`, button('Approve'), ['POST', `/pipeline_runs/${failed[label].run}/task_runs/${failed[label].task}/approve`, {}]],
    [`/runs/${live[label]}?task=${task[label]}`, button('Reject'), ['POST', `/pipeline_runs/${failed[label].run}/task_runs/${failed[label].task}/reject`, {}]],
    [`/runs/${live[label]}?task=${task[label]}`, button('Mark…'), ['POST', `/pipeline_runs/${failed[label].run}/task_runs/${failed[label].task}/mark`, { mark: 'SUCCEEDED' }]],
    [`/runs/${failed[label].run}`, button('Retry from failed'), ['POST', `/pipeline_runs/${failed[label].run}/restart`, { mode: 'RESTART_FROM_TASKS', taskIds: ['none'] }]],
    [`/runs/${failed[label].run}`, item('Act on this run', /^Run all again/), ['POST', `/pipeline_runs/${failed[label].run}/restart`, { mode: 'RESTART_FROM_TASKS', taskIds: ['none'] }]],
    [`/runs/${failed[label].run}`, item('Act on this run', /^Run a part again/), ['POST', `/pipeline_runs/${failed[label].run}/restart`, { mode: 'RESTART_FROM_TASKS', taskIds: ['none'] }]],
    [`/runs/${failed[label].run}?task=${failed[label].task}`, button('Run again from here'), ['POST', `/pipeline_runs/${failed[label].run}/restart`, { mode: 'RESTART_FROM_TASKS', taskIds: ['none'] }]],
    [`/operate/backfills/${backfill[label]}`, button('Cancel the backfill'), ['POST', `/backfills/${past[label]}/cancel`, {}]],
  ]);
  return [...account, ...ofPipelines];
}

/** Whether the API lets this key do it: what is refused, and what may not even be seen, it does not. */
async function lets(server, [method, path, body], key) {
  const answer = await fetch(`${server.origin}/api/engine/public${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  assert.ok(answer.status < 500 && answer.status !== 401, `${method} ${path}: ${answer.status}`);
  return answer.status !== 403 && !/"?(Pipeline|Pipeline run|Task run|Backfill) not found/.test(await answer.text());
}

for (const name of Object.keys(PEOPLE)) {
  it(`${name} is offered what the API grants, and nothing else`, async ({ site, server, browser }) => {
    const made = await ready(server);
    const key = made.keys[name];
    const environment = (await server.api('GET', '/environments')).find((one) => one.name === 'mine').environmentId;
    const page = await open(browser, { broken: true });
    const refused = [];
    page.on('response', (answer) => answer.status() === 403 && refused.push(`${page.url()}: ${answer.url()}`));
    await site.enter(page, '/settings', key);
    const wrong = [];
    const shut = page.getByText(/^Your role does not show this$|^No pipeline fits$|not found/i);
    let at;
    for (const [path, find, asks, hidden] of acts(server, made)) {
      const asked = typeof asks === 'function' ? await asks(key) : asks;
      const may = await lets(server, asked, key);
      const place = path.replace('ENVIRONMENT', environment);
      if (place !== at) {
        await page.goto(site.url(place));
        await settled(page);
        at = place;
      }
      const what = `${path}: ${asked[0]} ${asked[1]}`;
      try {
        if (!may) await page.locator('#main').getByRole('heading').first().waitFor();
        let control = await find(page);
        if (may) await control.first().waitFor();
        else if (!hidden) {
          await until('it is there, or why not', async () => ((control = await find(page)), (await control.count()) > 0 || (await shut.count()) > 0), 8_000);
        }
        await until(`it is ${may ? 'on' : 'off'}`, async () => {
          const one = (await find(page)).first();
          const offered = (await one.count()) > 0 && (await one.getAttribute('aria-disabled')) !== 'true';
          return offered === may;
        }, 4_000);
      } catch (error) {
        wrong.push(`${may ? 'granted, not offered' : 'offered, not granted'}: ${what} (${error.message.split('\n')[0]})`);
        await shoot(page, `failed-offered-${wrong.length}-${name.replace(/\W+/g, '-')}`);
      }
    }
    for (const place of PLACES) {
      await page.goto(site.url(place.replace('PIPELINE', made.pipeline.sales).replace('RUN', made.failed.sales.run)));
      await settled(page);
      await page.locator('#main').getByRole('heading').first().waitFor();
    }
    assert.deepEqual(wrong, []);
    assert.deepEqual(refused, [], 'pages ask for nothing that is refused');
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}
