/** Runs: the list, a run while it lives and after, what people decide about it, and a server that goes away in the middle. */
import assert from 'node:assert/strict';
import { until } from './harness/programs.mjs';
import { consoleTest, looks } from './harness/console.mjs';

const it = consoleTest();

/** Two tasks in a group, one of a matrix, a person, and one that fails with colours in its log. */
const PIPELINE = `version: v1
name: Shop
pipeline:
  load:
    name: Load
    tasks:
      orders:
        name: Load orders
        integration: PYTHON
        integration_job: PYTHON_EXECUTE_SCRIPT
        parameters:
          source: INLINE
          command: python -u -
          code: |
            import time
            for i in range(30):
                print(f"\\033[32mrow\\033[0m {i} <b>bold</b>")
                time.sleep(0.1)
  regions:
    name: Regions
    depends_on: [load]
    matrix: {inputs: {region: [eu, us]}}
    tasks:
      prepare:
        name: Prepare
        integration: DOWNBEAT
        integration_job: NOOP
        parameters: {}
  approve:
    name: May it go out
    integration: ORCHESTRA
    integration_job: APPROVAL
    depends_on: [regions]
    parameters: {}
  publish:
    name: Publish
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    depends_on: [approve]
    parameters:
      source: INLINE
      command: python -u -
      code: |
        import sys
        print("cannot publish")
        sys.exit(3)
  after:
    name: Tell
    integration: DOWNBEAT
    integration_job: NOOP
    depends_on: [publish]
    parameters: {}
`;

let shop;
const begin = async (server) => {
  shop ??= await server.apply('shop', PIPELINE);
  return server.run(shop);
};
const tasks = async (server, run) => (await server.api('GET', `/pipeline_runs/${run}/task_runs?page_size=50`)).results;
const task = async (server, run, id) => (await tasks(server, run)).find((one) => one.taskId === id && !one.matrixParent);
const taskIs = (server, run, id, status) => until(`${id} is ${status}`, async () => (await task(server, run, id))?.status === status, 120_000);
const node = (page, name) => page.locator('[data-node]').filter({ hasText: name });
const asks = (server, run) => taskIs(server, run, 'approve', 'RUNNING');
/** A run that failed, as it stands in the world. */
const failed = async (server) => {
  const run = await begin(server);
  await asks(server, run);
  await server.api('POST', `/pipeline_runs/${run}/task_runs/${(await task(server, run, 'approve')).id}/approve`, {});
  await server.runIs(run, ['FAILED']);
  return run;
};

it('a run is watched to its end: tasks come alive, a person approves, it fails and says why', async ({ page, site, server }) => {
  const run = await begin(server);
  await site.enter(page, `/runs/${run}`);
  await node(page, 'Load orders').filter({ hasText: 'Running' }).waitFor();
  // Iterations are there once their number is known.
  await node(page, 'Prepare[1]').waitFor({ timeout: 60_000 });
  await page.getByText('waits for a person to approve it').waitFor();
  await node(page, 'May it go out').click();
  const drawer = page.getByRole('dialog', { name: 'May it go out' });
  await drawer.getByRole('button', { name: 'Approve' }).click();
  const ask = page.getByRole('dialog', { name: 'Approve May it go out?' });
  await ask.getByText('what follows from it begins').waitFor();
  await ask.getByRole('textbox', { name: /Reason/ }).fill('looks right');
  await ask.getByRole('button', { name: 'Approve' }).click();
  await drawer.getByText('Succeeded').first().waitFor();
  await drawer.getByRole('button', { name: 'Close' }).click();
  await page.getByText('Publish failed: exit code 3').or(page.getByText(/Publish.*failed: exit code 3/)).first().waitFor({ timeout: 30_000 });
  const why = await server.api('GET', `/pipeline_runs/${run}/why?task=approve`);
  assert.ok(why.explanations.some((one) => one.text.includes('looks right')), 'the comment stands in the log');
});

it('the log of a task is followed while it is written, searched, and never read as HTML', async ({ page, site, server }) => {
  const run = await begin(server);
  await taskIs(server, run, 'orders', 'RUNNING');
  await site.enter(page, `/runs/${run}?task=orders`);
  const log = page.getByRole('region', { name: 'Text of the log' });
  await log.getByText('row 3 <b>bold</b>').or(log.locator('[data-line]').filter({ hasText: 'row 3 <b>bold</b>' })).first().waitFor({ timeout: 30_000 });
  await log.locator('[data-line]').filter({ hasText: 'row 29' }).waitFor({ timeout: 30_000 });
  assert.equal(await log.locator('b').count(), 0);
  await page.getByRole('searchbox', { name: 'Find in the log' }).fill('ROW 1');
  await page.getByText('1 of 11').waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('2 of 11').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: 'Load orders' }).waitFor();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('dialog').getByRole('button', { name: 'Download' }).click()]);
  assert.equal(file.suggestedFilename(), 'orders-attempt-1.log');
  await asks(server, run);
  await server.api('POST', `/pipeline_runs/${run}/cancel`, {});
});

it('a run is cancelled, which is done when the server says so', async ({ page, site, server }) => {
  const run = await begin(server);
  await asks(server, run);
  await site.enter(page, `/runs/${run}`);
  await page.getByRole('button', { name: 'Cancel the run' }).click();
  const ask = page.getByRole('dialog', { name: 'Cancel this run?' });
  await ask.getByText('One running task is asked to stop').waitFor();
  await ask.getByRole('button', { name: 'Cancel the run' }).click();
  await page.getByRole('banner').or(page.locator('#main header')).getByText('Cancelled').first().waitFor();
  assert.equal((await server.runIs(run)).runStatus, 'CANCELLED');
});

it('what failed is retried as a new run that takes over the rest', async ({ page, site, server }) => {
  const run = await failed(server);
  await site.enter(page, `/runs/${run}`);
  await page.getByRole('button', { name: 'Retry from failed' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Retry from failed' }).click();
  await page.waitForURL((url) => url.pathname.startsWith('/console/runs/') && !url.pathname.endsWith(run));
  const next = new URL(page.url()).pathname.split('/').at(-1);
  assert.equal((await server.api('GET', `/pipeline_runs/${next}`)).restartOf, run);
  await server.runIs(next);
  assert.equal((await task(server, next, 'orders')).status, 'SKIPPED');
});

it('a part of a run is run again', async ({ page, site, server }) => {
  const run = await failed(server);
  await site.enter(page, `/runs/${run}`);
  await page.getByRole('button', { name: 'Act on this run' }).click();
  await page.getByRole('menuitem', { name: /Run a part again/ }).click();
  const ask = page.getByRole('dialog', { name: 'Run a part again' });
  assert.equal(await ask.getByRole('button', { name: 'Run them' }).getAttribute('aria-disabled'), 'true');
  await ask.getByRole('button', { name: 'Only these tasks' }).click();
  await ask.getByRole('checkbox', { name: /^Tell/ }).check();
  await ask.getByRole('button', { name: 'Run them' }).click();
  await page.waitForURL((url) => !url.pathname.endsWith(run));
  const next = await server.runIs(new URL(page.url()).pathname.split('/').at(-1));
  assert.deepEqual(next.triggeredBy.kind, 'RESTART_FROM_SELECTED');
  assert.equal((await task(server, next.id, 'after')).status, 'SUCCEEDED');
});

it('the outcome of a task is decided by hand, with a reason that the log keeps', async ({ page, site, server }) => {
  const run = await begin(server);
  await asks(server, run);
  await site.enter(page, `/runs/${run}?task=publish`);
  await page.getByRole('dialog', { name: 'Publish' }).getByRole('button', { name: 'Mark…' }).click();
  const ask = page.getByRole('dialog', { name: 'Decide the outcome of Publish' });
  await ask.getByRole('combobox', { name: 'Outcome' }).selectOption('SKIPPED');
  await ask.getByRole('textbox', { name: /Reason/ }).fill('not today');
  await ask.getByRole('button', { name: 'Mark it' }).click();
  await taskIs(server, run, 'publish', 'SKIPPED');
  await page.getByRole('dialog', { name: 'Publish' }).getByText('Skipped').first().waitFor();
  const why = await server.api('GET', `/pipeline_runs/${run}/why?task=publish`);
  assert.ok(why.explanations.some((one) => one.text.includes('not today')));
  await server.api('POST', `/pipeline_runs/${run}/cancel`, {});
});

it('a person rejects, and the task fails', async ({ page, site, server }) => {
  const run = await begin(server);
  await asks(server, run);
  await site.enter(page, `/runs/${run}?task=approve`);
  await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
  await page.getByRole('dialog', { name: 'Reject May it go out?' }).getByRole('button', { name: 'Reject' }).click();
  await page.getByRole('dialog', { name: 'May it go out' }).getByText('Failed').first().waitFor();
  assert.equal((await server.runIs(run)).runStatus, 'FAILED');
});

it('whoever only looks is offered nothing, and told why', async ({ page, site, server }) => {
  const run = await begin(server);
  await asks(server, run);
  await site.enter(page, `/runs/${run}?task=approve`, await server.newKey('watcher', 'VIEWER'));
  const approve = page.getByRole('dialog').getByRole('button', { name: 'Approve' });
  assert.equal(await approve.getAttribute('aria-disabled'), 'true');
  await approve.hover();
  await page.getByRole('tooltip').getByText('This needs the role Operator; yours is Viewer.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  const cancel = page.getByRole('button', { name: 'Cancel the run' });
  assert.equal(await cancel.getAttribute('aria-disabled'), 'true');
  await cancel.click({ force: true });
  assert.equal(await page.getByRole('dialog').count(), 0);
  await server.api('POST', `/pipeline_runs/${run}/cancel`, {});
});

it('the slider shows graph and tasks as they stood', async ({ page, site, server }) => {
  const run = await failed(server);
  const orders = await task(server, run, 'orders');
  const middle = new Date((Date.parse(orders.startedAt) + Date.parse(orders.completedAt)) / 2).toISOString();
  await site.enter(page, `/runs/${run}?at=${middle}`);
  await page.getByText(/^As it stood at/).waitFor();
  await node(page, 'Load orders').filter({ hasText: 'Running' }).waitFor();
  await node(page, 'Publish').filter({ hasText: 'Created' }).waitFor();
  await page.getByRole('tab', { name: /^Tasks/ }).click();
  await page.getByRole('row', { name: /^Load orders Running/ }).waitFor();
  await page.getByRole('button', { name: 'Back to now' }).click();
  await page.getByRole('row', { name: /^Publish Failed/ }).waitFor();
});

it('a restart of the server in the middle loses nothing: the page says so, and goes on', async ({ page, site, server }) => {
  const run = await begin(server);
  await asks(server, run);
  await site.enter(page, `/runs/${run}`);
  await node(page, 'May it go out').filter({ hasText: 'Running' }).waitFor();
  await server.down('SIGKILL');
  await page.getByText('The connection is lost.').waitFor({ timeout: 40_000 });
  await node(page, 'Load orders').filter({ hasText: 'Succeeded' }).waitFor();
  await server.up();
  await page.getByText('Connected again').waitFor({ timeout: 60_000 });
  await server.api('POST', `/pipeline_runs/${run}/cancel`, {});
  await page.locator('#main header').getByText('Cancelled').first().waitFor({ timeout: 30_000 });
}, { broken: true });

it('the graph is used by keys alone, and says the same as a list', async ({ page, site, server }) => {
  const run = await failed(server);
  await site.enter(page, `/runs/${run}`);
  await node(page, 'Publish').first().waitFor();
  await page.getByRole('searchbox', { name: 'Find in the graph' }).fill('publish');
  await page.getByText('1 found').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Publish' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'List', exact: true }).click();
  const list = page.getByRole('treegrid', { name: 'Tasks of the run' });
  await list.getByRole('row', { name: /^Regions/ }).focus();
  await page.keyboard.press('ArrowLeft');
  assert.equal(await list.getByRole('row', { name: /^Regions/ }).getAttribute('aria-expanded'), 'false');
  assert.equal(await list.getByRole('row', { name: /Prepare/ }).count(), 0);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Tell' }).waitFor();
});

it('runs are filtered, and the address keeps how', async ({ page, site }) => {
  await site.enter(page, '/runs');
  await page.getByRole('combobox', { name: 'Status' }).selectOption('FAILED');
  await page.waitForURL(/status=FAILED/);
  const rows = page.locator('tbody tr');
  await until('only what failed is left', async () => (await rows.count()) > 0 && (await rows.filter({ hasNotText: 'Failed' }).count()) === 0);
  await page.reload();
  await page.getByRole('row').filter({ hasText: 'Failed' }).first().waitFor();
  await page.getByRole('row').filter({ hasText: 'Failed' }).first().focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/runs\/[0-9a-f-]{36}/);
});

looks(it, {
  runs: '/runs',
  'run-graph': ({ world }) => `/runs/${world.runs.load_orders}`,
  'run-graph-list': ({ world }) => `/runs/${world.runs.load_orders}?view=list`,
  'run-failed': ({ world }) => `/runs/${world.runs.revenue_report}`,
  'run-gantt': ({ world }) => `/runs/${world.runs.load_orders}?tab=gantt`,
  'run-tasks': ({ world }) => `/runs/${world.runs.load_orders}?tab=tasks`,
  'run-assets': ({ world }) => `/runs/${world.runs.load_orders}?tab=assets`,
  'run-timeline': ({ world }) => `/runs/${world.runs.load_orders}?tab=timeline`,
  'run-waiting': ({ world }) => `/runs/${world.runs.publish_prices}?tab=waiting`,
});
