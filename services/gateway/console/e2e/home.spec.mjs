/** Home answers its three questions with what is really so, and its remedies do what they say. */
import assert from 'node:assert/strict';
import { consoleTest, looks } from './harness/console.mjs';
import { until } from './harness/programs.mjs';
import { refused } from './harness/refusals.mjs';

const it = consoleTest();

looks(it, { home: '/', 'home-finance': '/?owner=finance&range=7d' });

it('what is happening: live runs, how far they are, and why they wait', async ({ page, site }) => {
  await site.enter(page);
  const card = page.getByRole('region', { name: 'Happening now' });
  await card.getByText('waits for an approval').waitFor();
  await card.getByRole('link', { name: 'Publish prices' }).waitFor();
  assert.equal(await card.getByText('Queued', { exact: true }).count(), 1);
  assert.match(await card.innerText(), /1 done · 2 waiting/);
});

it('what is broken: one cause, what changed before, what it takes along', async ({ page, site }) => {
  await site.enter(page);
  const card = page.getByRole('region', { name: 'Broken', exact: true });
  await card.getByText("KeyError: 'amont'").waitFor();
  const words = await card.innerText();
  assert.match(words, /3 failed runs/);
  assert.match(words, /2 skipped tasks: dashboard and mail/);
  assert.match(words, /Version 2 of the pipeline was applied by key:dev/);
  assert.match(words, /1 owner: finance@example.org/);
  assert.doesNotMatch(words, /\d{4}-\d\d-\d\dT/, 'instants are written for people');
});

it('what works and costs: assets by cost beside their use, what could be saved', async ({ page, site }) => {
  await site.enter(page);
  const table = page.getByRole('table', { name: 'Cost of assets against their use' });
  await table.getByRole('row', { name: /warehouse\/shop\.revenue \$18\.40/ }).waitFor();
  await page.getByRole('region', { name: 'Could be saved' }).getByText('wasted attempts').waitFor();
  assert.match(await page.locator('dl').first().innerText(), /Success rate\s+73%\s+of 11 runs that ended/);
});

it('the owner and the time stand in the URL and survive a reload', async ({ page, site }) => {
  await site.enter(page);
  await page.getByRole('combobox', { name: 'Owner' }).selectOption('finance');
  await page.getByRole('button', { name: '7 d', exact: true }).click();
  await page.waitForURL(/owner=finance/);
  await page.waitForURL(/range=7d/);
  await page.reload();
  const card = page.getByRole('region', { name: 'Happening now' });
  await card.getByRole('link', { name: 'Publish prices' }).waitFor();
  assert.equal(await card.getByRole('link', { name: 'Train models' }).count(), 0);
  // Also whoever has caused no cost yet, as their pipeline says.
  await page.getByRole('combobox', { name: 'Owner' }).selectOption('data-science');
  await card.getByRole('link', { name: 'Train models' }).first().waitFor();
  assert.equal(await card.getByRole('link', { name: 'Publish prices' }).count(), 0);
});

it('where nobody knows the owners, nothing is left out as somebody else’s', async ({ page, site }) => {
  await refused(page, '**/pipelines/with-owners*', 500, 'No owners today.');
  await site.enter(page, '/?owner=finance');
  await page.getByText('Owners are not known').getByText('No owners today.').waitFor();
  const card = page.getByRole('region', { name: 'Happening now' });
  await card.getByRole('alert').getByText('No owners today.').waitFor();
  assert.match(await page.locator('dl').first().innerText(), /Success rate\s+–/);
  await page.unroute('**/pipelines/with-owners*');
  await card.getByRole('button', { name: 'Try again' }).click();
  await card.getByRole('link', { name: 'Publish prices' }).waitFor();
}, { broken: true });

it('a retry goes on from where it failed, after asking', async ({ page, site, server, world }) => {
  await site.enter(page);
  const card = page.getByRole('region', { name: 'Broken', exact: true });
  await card.getByRole('button', { name: 'Retry from failed' }).click();
  const dialog = page.getByRole('dialog', { name: 'Retry revenue_report from where it failed?' });
  await dialog.getByRole('button', { name: 'Retry from failed' }).click();
  await page.getByText('The retry has started.').waitFor();
  await dialog.waitFor({ state: 'detached' });
  const { results } = await server.api('GET', `/pipeline_runs?pipeline_ids=${world.pipelines.revenue_report}`);
  assert.equal(results[0].triggeredBy.triggerType, 'RESTART_FROM_FAILED');
  await server.runIs(results[0].id);
});

it('a pipeline is paused, after asking; to say no changes nothing', async ({ page, site, server, world }) => {
  await site.enter(page);
  const pausedNow = async () => (await server.api('GET', `/pipeline?pipeline_id=${world.pipelines.revenue_report}`)).paused;
  const card = page.getByRole('region', { name: 'Broken', exact: true });
  await card.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await pausedNow(), false);
  await card.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  await until('it is paused', pausedNow);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await card.getByRole('button', { name: 'Pause', exact: true }).waitFor({ state: 'detached' });
  await server.api('POST', `/pipelines/${world.pipelines.revenue_report}/resume`, {});
});

it('who only reads is told why nothing can be pressed', async ({ page, site, server }) => {
  const key = await server.newKey('reader', 'VIEWER');
  await site.enter(page, '/', key);
  const retry = page.getByRole('region', { name: 'Broken', exact: true }).getByRole('button', { name: 'Retry from failed' });
  await retry.waitFor();
  assert.equal(await retry.getAttribute('aria-disabled'), 'true');
  await retry.hover();
  await page.getByRole('tooltip', { name: /needs the role Operator; yours is Viewer/ }).waitFor();
  await retry.click({ force: true });
  assert.equal(await page.getByRole('dialog').count(), 0);
});

it('in Korean as well', async ({ page, site }) => {
  await site.enter(page);
  await page.getByRole('heading', { level: 1, name: '홈' }).waitFor();
  await page.getByText('작업 실패').waitFor();
  await page.getByText('로그를 확인해 문제를 바로잡은 뒤 실패한 부분을 다시 실행하세요.').waitFor();
}, { language: 'ko-KR', zone: 'Asia/Seoul' });

it('while the server is away the page says so, and goes on by itself', async ({ page, site, server }) => {
  await site.enter(page);
  await page.getByText('waits for an approval').waitFor();
  await server.down('SIGKILL');
  await page.getByText(/Not up to date/).first().waitFor();
  await server.up();
  await page.getByText(/Not up to date/).first().waitFor({ state: 'detached', timeout: 30_000 });
  await page.getByText('waits for an approval').waitFor();
}, { broken: true });
