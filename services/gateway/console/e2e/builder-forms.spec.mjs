/** Forms of the builder for what stands beside tasks: inputs, what starts a pipeline, who is told. One text with the YAML. */
import assert from 'node:assert/strict';
import { axe } from './harness/browser.mjs';
import { consoleTest, looks } from './harness/console.mjs';
import { until } from './harness/programs.mjs';
import { ready, text } from './harness/shop.mjs';

const SHOP = `# The shop. Comments stay.
version: v1
name: Shop
# By night.
schedule:
  - cron: 0 2 ? * * * # at two
    name: nightly

pipeline:
  # Says what day it is.
  say:
    name: Say
    tasks:
      # The day.
      day:
        integration: PYTHON
        integration_job: PYTHON_EXECUTE_SCRIPT
        parameters:
          source: INLINE
          python_version: '3.12'
          code: print("hello") # to the log
`;

const it = consoleTest();
/** What the editor holds, whether its lines are drawn or not. */
const written = (page) => page.evaluate(() => JSON.parse(sessionStorage.getItem(Object.keys(sessionStorage).find((key) => key.startsWith('downbeat.builder.')) ?? '') ?? 'null')?.text);
const enter = async ({ page, site, server }, path, alias, yaml = SHOP) => {
  await server.api('DELETE', `/pipelines?alias=${alias}`).catch(() => undefined);
  await server.apply(alias, yaml);
  await site.enter(page, path);
  await page.getByRole('region', { name: 'Problems' }).waitFor();
};
const form = (page, name) => page.getByRole('region', { name, exact: true });
const has = (page, piece) => until(`the text has ${piece}`, async () => (await written(page))?.includes(piece));
const comments = async (page) => {
  const now = await written(page);
  for (const comment of SHOP.match(/#.*/g)) assert.ok(now.includes(comment), `${comment} stays`);
};

it('an input, a sensor and an alert come by forms; what is stored runs with the input', async (parts) => {
  const { page, server } = parts;
  await enter(parts, '/builder/formed', 'formed');
  await ready(page);
  const pipeline = form(page, 'Pipeline');

  await pipeline.getByRole('button', { name: 'Add an input' }).click();
  const input = form(page, 'Input input');
  await input.getByLabel('Name').fill('day');
  await page.keyboard.press('Enter');
  const day = form(page, 'Input day');
  // Without a default every schedule would have to give it, and the server says so at the schedule.
  await day.getByLabel('Default').fill('2026-01-01');
  await day.getByLabel('Possible values').fill('2026-01-01\n2026-01-02');
  await has(page, "inputs:\n  day:\n    type: string\n    default: '2026-01-01'\n    options: ['2026-01-01', '2026-01-02']\n# By night.");
  await day.getByRole('button', { name: 'Back to Pipeline' }).click();

  await pipeline.getByRole('button', { name: 'Add a sensor' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a sensor' });
  await dialog.getByRole('combobox').fill('status of a pipeline');
  await page.keyboard.press('Enter');
  const sensor = form(page, 'Sensor orchestra pipeline status');
  await sensor.getByLabel('Name').fill('The load is done');
  await sensor.getByLabel('Id', { exact: true }).waitFor();
  await sensor.getByLabel('Minutes it looks').fill('90');
  await form(page, 'Sensor The load is done').getByRole('button', { name: /^orchestra_pipeline_status/ }).click();
  const check = form(page, 'Check orchestra_pipeline_status');
  await check.getByText('This is needed.').first().waitFor();
  await check.getByLabel('pipeline_id').fill('load_orders');
  await check.getByLabel('status', { exact: true }).selectOption('SUCCEEDED');
  await check.getByLabel('Give an input…').selectOption('day');
  await check.getByLabel('day').fill('${{ outputs.status }}');
  await has(page, "map_outputs:\n          day: ${{ outputs.status }}");
  await check.getByRole('button', { name: 'Back to The load is done' }).click();
  await form(page, 'Sensor The load is done').getByRole('button', { name: 'Back to Pipeline' }).click();

  await pipeline.getByRole('button', { name: 'Add an alert' }).click();
  const alert = form(page, 'Alert alert');
  await alert.getByLabel('Name').fill('oops');
  await form(page, 'Alert oops').getByRole('checkbox', { name: 'Warning' }).check();
  await form(page, 'Alert oops').getByLabel('Channel or address').fill('#data');
  await has(page, "alerts:\n  - name: oops\n    statuses: [FAILED, WARNING]\n    destinations:\n      - integration: SLACK\n        destination: '#data'\n");
  await form(page, 'Alert oops').getByRole('button', { name: 'Back to Pipeline' }).click();
  await ready(page);
  await comments(page);

  // The script reads it: an expression in the form of the task.
  await pipeline.getByRole('button', { name: 'day PYTHON' }).click();
  await form(page, 'Task day').getByLabel('code').fill('print("it is ${{ inputs.day }}")');
  await ready(page);
  await page.keyboard.press('Control+s');
  await page.getByRole('dialog').getByRole('button', { name: 'Save as version' }).click();
  await page.getByText('Saved: version 2 is the current one.').waitFor();
  const run = await server.run((await server.api('GET', '/pipeline?alias=formed')).id, { runInputs: { day: '2026-01-02' } });
  assert.equal((await server.runIs(run)).runStatus, 'SUCCEEDED');
});

it('each form stands in the URL, and what is wrong stands at its field', async (parts) => {
  const { page } = parts;
  const wrong = SHOP.replace('# By night.', "alerts:\n  - name: oops # first\n    statuses: [FAILED]\n    destinations: [{integration: SLACK, destination: '#data'}]\n# By night.");
  await enter(parts, '/builder/placed?part=alerts/0', 'placed', wrong);
  const alert = form(page, 'Alert oops');
  await alert.getByRole('checkbox', { name: 'Failed' }).uncheck();
  await alert.getByRole('group', { name: 'Statuses' }).getByText('This is needed.').waitFor();
  await alert.getByRole('button', { name: 'Back to Pipeline' }).click();
  const row = form(page, 'Pipeline').getByRole('button', { name: /^oops.*1 error/ });
  await row.waitFor();
  // By keys: Enter opens it, and the focus goes on in it.
  await row.focus();
  await page.keyboard.press('Enter');
  await until('its head has the focus', () => alert.getByRole('heading', { name: 'oops' }).evaluate((head) => head === document.activeElement));
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await form(page, 'Pipeline').waitFor();

  await form(page, 'Pipeline').getByRole('button', { name: /^nightly/ }).click();
  const schedule = form(page, 'Schedule nightly');
  await schedule.getByLabel('Cron').fill('0 2 * * * *');
  await schedule.getByRole('alert').filter({ hasText: /\?/ }).waitFor();
  await schedule.getByRole('button', { name: 'Back to Pipeline' }).click();
  // From the list of problems to the field's form.
  await page.getByRole('region', { name: 'Problems' }).getByRole('button', { name: /line 9/ }).click();
  await schedule.waitFor();
  await page.waitForURL(/part=schedule(%2F|\/)0/);
  await page.getByRole('button', { name: /^Undo/ }).click();
  await page.getByRole('button', { name: /^Undo/ }).click();
  await ready(page);
});

it('the cursor in the text opens the form of what it stands in', async (parts) => {
  const { page } = parts;
  await enter(parts, '/builder/cursor', 'cursor');
  await ready(page);
  await text(page).getByText('nightly').click();
  await form(page, 'Schedule nightly').waitFor();
  await text(page).getByText('INLINE').click();
  await form(page, 'Task day').waitFor();
  // And back: what is opened in a form is marked in the text.
  await form(page, 'Task day').getByRole('button', { name: 'Add an alert' }).click();
  await form(page, 'Alert alert').waitFor();
  await page.locator('[data-yaml] .cm-chosen').getByText('destinations').waitFor();
  await page.keyboard.press('Control+z');
  await form(page, 'Task day').waitFor();
});

it('an input is renamed for all that read and give it, and is removed with a word of warning', async (parts) => {
  const { page } = parts;
  const yaml = SHOP.replace('# By night.', 'inputs:\n  # Which day.\n  day: {type: string} # ISO\n# By night.').replace('name: nightly', 'name: nightly\n    run_inputs: {day: x}').replace('print("hello")', 'print("${{ inputs.day }}")');
  await enter(parts, '/builder/renamed?part=inputs/day', 'renamed', yaml);
  await form(page, 'Input day').getByLabel('Name').fill('two words');
  await page.keyboard.press('Enter');
  await form(page, 'Input day').getByText('Letters, digits and _').waitFor();
  await form(page, 'Input day').getByLabel('Name').fill('date');
  await page.keyboard.press('Enter');
  await form(page, 'Input date').waitFor();
  assert.equal(await written(page), yaml.replace('day: {', 'date: {').replace('{day: x', '{date: x').replace('inputs.day', 'inputs.date'));
  await ready(page);
  await form(page, 'Input date').getByRole('button', { name: 'Remove date' }).click();
  const dialog = page.getByRole('dialog', { name: 'Remove date' });
  await dialog.getByText('2 places still name it.').waitFor();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await form(page, 'Pipeline').waitFor();
  assert.ok(!(await written(page)).includes('Which day.'));
  await page.getByRole('button', { name: /^Undo: remove date/ }).click();
  await until('it is back', async () => (await written(page)).includes('# Which day.\n  date: {type: string} # ISO'));
});

it('what an alias shares is not changed for others without a word', async (parts) => {
  const { page } = parts;
  const yaml = SHOP.replace('# By night.', "meta:\n  who: &who\n    - name: oops\n      statuses: [FAILED]\n      destinations: [{integration: SLACK, destination: '#data'}]\nalerts: *who\n# By night.");
  await enter(parts, '/builder/shared?part=alerts/0', 'shared', yaml);
  await form(page, 'Alert oops').getByRole('checkbox', { name: 'Warning' }).click();
  await page.getByText('This is shared through an anchor or a merge key').waitFor();
  assert.equal(await form(page, 'Alert oops').getByRole('checkbox', { name: 'Warning' }).isChecked(), false);
});

it('who only looks opens every form and changes nothing', async ({ page, site, server }) => {
  await server.apply('forms_looked_at', SHOP);
  await site.enter(page, '/builder/forms_looked_at?part=schedule/0', await server.newKey('looks at forms', 'VIEWER'));
  const schedule = form(page, 'Schedule nightly');
  assert.equal(await schedule.getByLabel('Cron').getAttribute('readonly'), '');
  await schedule.getByRole('button', { name: 'Remove nightly' }).hover();
  await page.getByRole('tooltip').getByText(/needs the role Editor/).waitFor();
  await schedule.getByRole('button', { name: 'Back to Pipeline' }).click();
  await form(page, 'Pipeline').getByRole('button', { name: 'Add a sensor' }).focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.getByRole('dialog').count(), 0);
});

it('the open list of suggestions is clean for axe, and keys alone choose from it', async (parts) => {
  const { page } = parts;
  await enter(parts, '/builder/suggested?mode=yaml', 'suggested');
  await ready(page);
  await text(page).click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('        al');
  const list = page.locator('[data-yaml] .cm-tooltip-autocomplete');
  await list.getByText('alerts', { exact: true }).waitFor();
  assert.deepEqual(await axe(page), []);
  // The editor takes no choice in the first 75 ms of its list; nothing in the page tells of it.
  await page.waitForTimeout(100);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await has(page, '        alerts:');
  await page.keyboard.press('Enter');
  await page.keyboard.type('- ');
  await page.keyboard.press('Control+Space');
  for (const key of ['name', 'statuses', 'destinations', 'custom_message']) await list.getByText(key, { exact: true }).waitFor();
  assert.deepEqual(await axe(page), []);
});

const looked = `${SHOP}      wait:
        integration: ORCHESTRA
        integration_job: WAIT
        parameters: {wait_minutes: 1}
        alerts:
          - name: slow
            statuses: [FAILED]
            destinations: [{integration: EMAIL, destination: team@example.org}]
`.replace(
  '# By night.',
  `inputs:
  day: {type: string, default: '2026-01-01', options: ['2026-01-01', '2026-01-02']}
  rows: {type: number, optional: true}
sensors:
  landed:
    name: Orders have landed
    cron: 0 6 ? * * *
    timezone: UTC
    timeout_mins: 60
    checks:
      new_rows:
        integration: POSTGRES
        sensor_type: POSTGRES_QUERY
        parameters: {query: select count(*) as n from orders}
        map_outputs: {rows: '\${{ outputs.results[0].n }}'}
trigger_events:
  - {type: pipeline, pipeline_id: '*'}
webhook: {enabled: true}
alerts:
  - name: oops
    statuses: [FAILED, WARNING]
    destinations:
      - {integration: SLACK, destination: '#data'}
      - {integration: DATADOG, parameters: {priority: 2}}
anomalies:
  - {type: pipeline_duration_below_baseline, destinations: [{integration: SLACK, destination: '#data'}]}
# By night.`,
);
const place = (part) => async ({ server }) => {
  await server.apply('looked_over', looked);
  return `/builder/looked_over${part}`;
};

looks(it, {
  'builder-pipeline': place('?mode=graph'),
  'builder-input': place('?part=inputs/day'),
  'builder-sensor': place('?part=sensors/landed'),
  'builder-check': place('?part=sensors/landed/checks/new_rows&mode=graph'),
  'builder-alert': place('?part=alerts/0'),
  'builder-unusual': place('?part=anomalies/0'),
  'builder-webhook': place('?part=webhook'),
  'builder-defaults': place('?part=configuration'),
  'builder-task-alert': place('?task=wait&part=alerts/0&mode=graph'),
});
