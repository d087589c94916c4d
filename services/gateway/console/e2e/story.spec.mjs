/**
 * The story that the console is for: somebody opens it in the morning, sees what failed, why, and what it takes along;
 * mends it, runs it, watches it, sees that data and money have moved, and reads what stands of it in the audit.
 */
import assert from 'node:assert/strict';
import { consoleTest } from './harness/console.mjs';
import { until } from './harness/programs.mjs';

const it = consoleTest();
const REASON = 'the column is called amount';

it('a morning with the console', async ({ page, site, server, world }) => {
  const pipeline = world.pipelines.revenue_report;
  const failed = world.runs.revenue_report;

  // What has it cost until now?
  const sum = async () => {
    await page.goto(site.url(`/pipelines/${pipeline}?tab=cost`));
    const title = page.getByRole('heading', { name: /^Day by day/ });
    await title.filter({ hasText: '$' }).waitFor();
    return Number((await title.innerText()).replace(/[^0-9.]/g, ''));
  };
  await site.enter(page);
  const before = await sum();

  // Home: the cause, and how far it reaches.
  await page.getByRole('link', { name: 'Home' }).click();
  const broken = page.getByRole('region', { name: 'Broken', exact: true });
  await broken.getByText("KeyError: 'amont'").waitFor();
  const words = await broken.innerText();
  assert.match(words, /2 skipped tasks: dashboard and mail/);
  assert.match(words, /dashboards\/revenue/);
  assert.match(words, /1 owner: finance@example.org/);
  assert.match(words, /Version 2 of the pipeline was applied by key:dev/);

  // The builder opens at the task. The text is mended, judged by the server, and saved with the difference shown first.
  await broken.getByRole('link', { name: 'Fix in builder' }).or(broken.getByRole('button', { name: 'Fix in builder' })).click();
  await page.getByRole('region', { name: 'Task Summary by store' }).waitFor();
  await page.getByText('The server finds nothing wrong.').waitFor();
  await page.locator('[data-yaml] .cm-line').getByText('order["amont"]').dblclick({ position: await middleOf(page, 'amont') });
  await page.keyboard.type('amount');
  const text = () => page.locator('[data-yaml] .cm-content').innerText();
  await until('the text is mended', async () => (await text()).includes('order["amount"]'));
  await page.getByText('The server finds nothing wrong.').waitFor();
  await page.getByRole('button', { name: 'Save…' }).click();
  const save = page.getByRole('dialog', { name: 'Save revenue_report' });
  await save.getByText('order["amont"]').waitFor();
  await save.getByLabel('Reason').fill(REASON);
  await save.getByRole('button', { name: 'Save as version' }).click();
  await page.getByText('Saved: version 3 is the current one.').waitFor();

  // It is started, and watched to its end.
  await page.goto(site.url(`/pipelines/${pipeline}`));
  await page.getByRole('button', { name: 'Start Revenue report' }).click();
  await page.getByRole('dialog', { name: 'Start Revenue report' }).getByRole('button', { name: 'Start' }).click();
  await page.waitForURL(/\/console\/runs\/[0-9a-f-]{36}/);
  const run = new URL(page.url()).pathname.split('/').at(-1);
  assert.notEqual(run, failed);
  for (const task of ['Summary by store', 'Refresh the dashboard', 'Mail the board']) {
    await page.locator('[data-node]').filter({ hasText: task }).filter({ hasText: 'Succeeded' }).waitFor({ timeout: 60_000 });
  }
  await page.locator('#main header').getByText('Succeeded').first().waitFor();

  // Lineage: what the failed run did not write is there again, and the difference between both says so.
  await page.getByRole('tab', { name: 'Assets & lineage' }).click();
  await page.getByRole('row').filter({ hasText: 'summary' }).filter({ hasText: 'Read · Written' }).waitFor();
  await page.goto(site.url(`/lineage?${new URLSearchParams({ mode: 'runs', before: failed, after: run })}`));
  await page.locator('.react-flow__node').filter({ hasText: 'summary' }).filter({ hasText: 'New' }).waitFor();

  // Money: it has cost a little more.
  await until('the cost has changed', async () => (await sum()) > before, 60_000);

  // Home has one thing less to say.
  await page.getByRole('link', { name: 'Home' }).click();
  await broken.getByText('Nothing is broken').waitFor();

  // The audit: who, what, and why.
  await page.goto(site.url('/audit'));
  const saved = page.getByRole('row').filter({ hasText: 'applied pipeline revenue_report: version 3 after 2' });
  await saved.filter({ hasText: 'key:dev' }).getByRole('button', { name: 'Open the entry' }).click();
  await page.getByRole('dialog').getByText(REASON).waitFor();
});

/** Where in the element that says `word` the word is: a double press takes exactly it. */
async function middleOf(page, word) {
  return page.locator('[data-yaml] .cm-line').getByText(`order["${word}"]`).evaluate((element, wanted) => {
    const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const outer = element.getBoundingClientRect();
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const at = node.data.indexOf(wanted);
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + wanted.length);
      const inner = range.getBoundingClientRect();
      return { x: inner.x - outer.x + inner.width / 2, y: inner.y - outer.y + inner.height / 2 };
    }
    throw new Error(`no ${wanted}`);
  }, word);
}
