/**
 * How fast a run of 10,000 tasks, a lineage of 2,000 assets and Home are: of a real server, measured by the browser's own tracing. Time on the
 * clock counts where the machine has nothing else to do (its load says so); what the page's thread itself takes counts
 * always, since it does not depend on what runs beside it.
 */
import assert from 'node:assert/strict';
import { availableParallelism, loadavg } from 'node:os';
import { consoleTest } from './harness/console.mjs';
import { table, tellOfMany } from './harness/elsewhere.mjs';

const WIDE = 2_499;
const STEPS = 4;
const TASKS = WIDE * STEPS;
const ASSETS = 2_000;
const OPEN_MS = 2_000;
const HOME_MS = 1_000;
const FRAMES = 30;

const it = consoleTest({ world: false });

/** A matrix of 2,499 iterations, each of four tasks in a row. */
const pipeline = () => `version: v1
name: Ten thousand
inputs:
  items: {type: list, default: ${JSON.stringify(Array.from({ length: WIDE }, (_, at) => at))}}
pipeline:
  wide:
    name: Wide
    matrix: {inputs: {item: "\${{ inputs.items }}"}}
    tasks:
${Array.from(
  { length: STEPS },
  (_, step) => `      step${step}:
        name: Step ${step}
        integration: DOWNBEAT
        integration_job: NOOP
        parameters: {}
${step > 0 ? `        depends_on: [step${step - 1}]\n` : ''}`,
).join('')}`;

const CATEGORIES = ['toplevel', 'viz', '__metadata'];

/** What the trace says of the page's main thread: milliseconds that its tasks took of a processor, the longest, and drawn frames. */
function read(buffer) {
  const { traceEvents } = JSON.parse(buffer.toString());
  const mains = new Set(traceEvents.filter((one) => one.name === 'thread_name' && one.args?.name === 'CrRendererMain').map((one) => `${one.pid} ${one.tid}`));
  const tasks = traceEvents.filter((one) => one.ph === 'X' && one.name === 'ThreadControllerImpl::RunTask' && mains.has(`${one.pid} ${one.tid}`) && one.tdur !== undefined);
  const times = tasks.map((one) => one.tdur / 1_000);
  return {
    busy: times.reduce((sum, ms) => sum + ms, 0),
    longest: Math.max(0, ...times),
    frames: traceEvents.filter((one) => one.name === 'Display::DrawAndSwap' && one.ph !== 'E').length,
  };
}

const quiet = () => loadavg()[0] < availableParallelism();
const report = (what, figures) => console.log(`${what}: ${Object.entries(figures).map(([name, value]) => `${name} ${typeof value === 'number' ? Math.round(value) : value}`).join(', ')}`);

/** Opens a page with a graph of so many nodes, and pans it, whole and near; says what both took, and fails where that is too long. */
async function opensAndPans({ page, browser, site }, path, nodes) {
  await browser.startTracing(page, { categories: CATEGORIES });
  const from = Date.now();
  await page.goto(site.url(path));
  await page.locator(`[data-laid="${nodes}"]`).waitFor({ timeout: 60_000 });
  const opened = Date.now() - from;
  const opening = read(await browser.stopTracing());
  report('open', { 'ms on the clock': opened, 'ms of the page\'s thread': opening.busy, load: loadavg()[0].toFixed(1) });
  assert.ok(opening.busy > 50, 'the trace says nothing');
  assert.ok(opening.busy < OPEN_MS, `opening took ${Math.round(opening.busy)} ms of the page's thread`);
  if (quiet()) assert.ok(opened < OPEN_MS, `it took ${opened} ms to open`);

  for (const [what, zooms] of [['whole', 0], ['near', 9]]) {
    for (let count = 0; count < zooms; count++) {
      await page.keyboard.press('Tab');
      await page.getByRole('button', { name: /^Zoom in/ }).click();
      await page.waitForTimeout(200);
    }
    await browser.startTracing(page, { categories: CATEGORIES });
    const { ticks, seconds } = await page.evaluate(pan, 3_000);
    const panning = read(await browser.stopTracing());
    const each = panning.busy / Math.max(1, ticks);
    report(`pan, ${what}`, { 'frames/s on the clock': ticks / seconds, 'drawn frames/s': panning.frames / seconds, 'ms of the page\'s thread per frame': each.toFixed(1), 'longest task ms': panning.longest, load: loadavg()[0].toFixed(1) });
    assert.ok(panning.frames > 5, 'nothing was drawn');
    assert.ok(each < 1_000 / FRAMES, `a frame takes ${each.toFixed(1)} ms of the page's thread`);
    if (quiet()) assert.ok(panning.frames / seconds >= FRAMES, `${(panning.frames / seconds).toFixed(1)} frames/s`);
  }
}

it('a run of 10,000 tasks opens within 2 s and is panned at 30 frames/s', async (parts) => {
  const { page, site, server } = parts;
  const id = await server.apply('ten_thousand', pipeline());
  const run = await server.run(id);
  await server.runIs(run, ['SUCCEEDED'], 150_000);
  // Signed in, and with the program in the cache of the browser, as for anybody who works with it.
  await site.enter(page, '/runs');
  await opensAndPans(parts, `/runs/${run}`, TASKS);
});

it('a lineage of 2,000 assets opens within 2 s and is panned at 30 frames/s', async (parts) => {
  const { page, site, server } = parts;
  await tellOfMany(server, ASSETS);
  await site.enter(page, '/assets');
  await opensAndPans(parts, `/lineage?${new URLSearchParams({ asset: table('many.0'), up: '0', down: '100' })}`, ASSETS);
});

it('Home says something within 1 s', async ({ page, site }) => {
  await site.enter(page, '/');
  await page.reload();
  await page.getByRole('region', { name: 'Broken', exact: true }).getByRole('heading').first().waitFor();
  const painted = await page.evaluate(() => ({
    first: performance.getEntriesByName('first-contentful-paint')[0].startTime,
    said: performance.now(),
  }));
  report('Home', { 'ms to the first paint': painted.first, 'ms until it says something': painted.said, load: loadavg()[0].toFixed(1) });
  if (quiet()) assert.ok(painted.said < HOME_MS, `it took ${Math.round(painted.said)} ms`);
});

/** In the page: drags the drawing along a curve, a step per frame; answers how many frames there were. */
function pan(ms) {
  const pane = document.querySelector('.react-flow__pane');
  const box = pane.getBoundingClientRect();
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const send = (target, type, x, y) => target.dispatchEvent(new MouseEvent(type, { view: window, bubbles: true, cancelable: true, clientX: x, clientY: y, button: 0, buttons: 1 }));
  send(pane, 'mousedown', at.x, at.y);
  return new Promise((resolve) => {
    const from = performance.now();
    let ticks = 0;
    const step = (now) => {
      const part = (now - from) / ms;
      ticks += 1;
      send(window, 'mousemove', at.x + 300 * Math.sin(part * 9), at.y + 200 * Math.sin(part * 13));
      if (part < 1) return requestAnimationFrame(step);
      send(window, 'mouseup', at.x, at.y);
      return resolve({ ticks, seconds: (now - from) / 1_000 });
    };
    requestAnimationFrame(step);
  });
}
