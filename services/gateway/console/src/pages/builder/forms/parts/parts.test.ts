/** What forms of parts compute: addresses, where what the server says belongs, lines of lists, and that no field lacks a name. */
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../../../api/source';
import { en } from '../../../../i18n/en';
import { readPipeline } from '../../edit/pipeline';
import type { Known } from '../../schema/known';
import { PIPELINE, stepInto } from '../../schema/language';
import { fits, type Shape } from '../../schema/shape';
import { readPart, writtenPart } from './address';
import { added, beginning } from './made';
import { isPart, partAround, partsBelow, pathText, saidAt, saidBelow, saidOfNone, stays, stepsOf } from './said';
import { summaryOf } from './summary';

const TEXT = `name: x
configuration: {retries: 2}
inputs:
  day: {type: string, default: '01', options: ['01', '02']}
  a.b: {type: number, optional: true}
schedule:
  - {name: nightly, cron: 0 2 ? * * *}
sensors:
  landed:
    name: Landed
    cron: 0 6 ? * * *
    checks:
      rows: {integration: POSTGRES, sensor_type: POSTGRES_QUERY, parameters: {query: select 1}}
    alerts: [{name: late, statuses: [FAILED], destinations: [{integration: EMAIL}]}]
trigger_events: [{type: pipeline, pipeline_id: '*'}]
alerts:
  - {name: alert, statuses: [FAILED, WARNING], destinations: [{integration: SLACK}]}
pipeline:
  g:
    tasks:
      t:
        integration: HTTP
        alerts: [{name: mine, statuses: [ANY_COMPLETED], destinations: []}]
`;
const known: Known = {
  catalogue: [{ integration: 'POSTGRES', displayName: 'PostgreSQL', group: 'database', jobs: [], sensorChecks: [{ integration: 'POSTGRES', sensorType: 'POSTGRES_QUERY', displayName: 'Query returns rows', parameters: [] }] }],
  connections: [],
  environments: [],
  pipelines: [],
  pipeline: readPipeline(TEXT),
};
const TASK = ['pipeline', 'g', 'tasks', 't'];

describe('a part in the address', () => {
  it.each([
    ['inputs/day', ['inputs', 'day']],
    ['inputs/a.b', ['inputs', 'a.b']],
    ['sensors/landed/checks/rows', ['sensors', 'landed', 'checks', 'rows']],
    ['sensors/landed/alerts/0', ['sensors', 'landed', 'alerts', 0]],
    ['schedule/0', ['schedule', 0]],
    ['webhook', ['webhook']],
  ])('%s', (written, path) => {
    expect(readPart(known, [], written)).toEqual(path);
    expect(writtenPart(path)).toBe(written);
  });
  it('of a task', () => expect(readPart(known, TASK, 'alerts/0')).toEqual([...TASK, 'alerts', 0]));
  it.each([null, '', 'inputs', 'inputs/none', 'schedule/7', 'schedule/x', 'name', 'pipeline/g', 'pipeline/g/tasks/t', 'meta', '%E0%A4%A', 'sensors/landed/cron', '__proto__/x'])('%s is none', (written) => expect(readPart(known, [], written)).toBeUndefined());
  it('names with signs of addresses are written so that they are read again', () => {
    const odd: Known = { ...known, pipeline: readPipeline('inputs:\n  "a/b %": {type: string}\n') };
    expect(readPart(odd, [], writtenPart(['inputs', 'a/b %'])!)).toEqual(['inputs', 'a/b %']);
  });
  it('all that have a form', () => {
    expect(partsBelow(known, []).map(pathText)).toEqual(['configuration', 'inputs.day', 'inputs.a.b', 'schedule[0]', 'sensors.landed', 'sensors.landed.checks.rows', 'sensors.landed.alerts[0]', 'trigger_events[0]', 'alerts[0]']);
    expect(partsBelow(known, TASK).map(pathText)).toEqual(['pipeline.g.tasks.t.alerts[0]']);
  });
  it('tasks are no parts', () => expect([isPart(known, TASK), isPart(known, ['pipeline', 'g']), isPart(known, [...TASK, 'alerts', 0])]).toEqual([false, false, true]));
});

describe('what the server says', () => {
  const said = (path: string, code = 'DB1007', severity: Diagnostic['severity'] = 'ERROR'): Diagnostic => ({ code, severity, message: `of ${path}`, help: 'so', path, line: 1, column: 1, endLine: 1, endColumn: 1 });
  it('stands at its field, with the help', () => expect(saidAt([said('alerts[0].statuses[2]')], ['alerts', 0, 'statuses'])).toBe('of alerts[0].statuses[2]\nso'));
  it('not at others, whose names begin alike', () => expect(saidBelow([said('inputs.days'), said('alerts[10]')], ['inputs', 'day'])).toEqual([]));
  it('notes are for the text', () => expect(saidAt([said('inputs.day.type', 'DB9', 'NOTE')], ['inputs', 'day', 'type'])).toBeUndefined());
  it('what is missing is of the part, not of the field where the server shows it', () => {
    const missing = said('alerts[0].name', 'DB1005');
    expect(saidAt([missing], ['alerts', 0, 'name'])).toBeUndefined();
    expect(saidOfNone([missing, said('alerts[0].statuses'), said('alerts[0].nmae')], ['alerts', 0], ['name', 'statuses']).map((one) => one.path)).toEqual(['alerts[0].name', 'alerts[0].nmae']);
  });
  it.each([
    ['inputs.a.b.type', ['inputs', 'a.b', 'type']],
    ['sensors.landed.alerts[0].destinations[0].integration', ['sensors', 'landed', 'alerts', 0, 'destinations', 0, 'integration']],
    ['pipeline.g.tasks.t.alerts[0]', [...TASK, 'alerts', 0]],
    ['gone.x[1]', ['gone', 'x', 1]],
    ['', []],
  ])('the steps of %s', (written, steps) => expect(stepsOf(known.pipeline.fields, written)).toEqual(steps));
  it('leads to the form of the innermost part', () => {
    expect(partAround(known, ['sensors', 'landed', 'checks', 'rows', 'parameters', 'query'])).toEqual(['sensors', 'landed', 'checks', 'rows']);
    expect(partAround(known, ['alerts', 0, 'destinations', 0, 'integration'])).toEqual(['alerts', 0]);
    expect(partAround(known, ['name'])).toBeUndefined();
    expect(partAround(known, [...TASK, 'name'], TASK.length)).toBeUndefined();
  });
  it('what must be there stays when it is left empty', () => {
    expect([stays(known, ['alerts', 0]), stays(known, ['sensors', 'landed', 'checks', 'rows']), stays(known, ['configuration', 'concurrency', 'max_active']), stays(known, [...TASK, 'alerts', 0]), stays(known, ['schedule', 0, 'run_inputs', 'day'])]).toEqual([0, 3, 0, 4, 2]);
  });
});

describe('a part in one line', () => {
  it.each<[(string | number)[], string, string]>([
    [['inputs', 'day'], 'day', 'Text · 01 when it is absent'],
    [['inputs', 'a.b'], 'a.b', 'Number · It may be left out'],
    [['schedule', 0], 'nightly', '0 2 ? * * * · UTC'],
    [['sensors', 'landed'], 'Landed', '0 6 ? * * * · 1 check'],
    [['sensors', 'landed', 'checks', 'rows'], 'rows', 'PostgreSQL · Query returns rows'],
    [['trigger_events', 0], 'Any pipeline', 'Succeeded, Warning'],
    [['alerts', 0], 'alert', 'Failed, Warning · Slack'],
    [['configuration'], 'Retries, timeout and concurrency', 'Retries: 2'],
    [['webhook'], 'Webhook', 'Off'],
  ])('%j', (path, title, more) => expect(summaryOf(known, path)).toEqual({ title, more }));
});

describe('a new part', () => {
  it('an alert has a name of its own', () => {
    const made = added(known, ['alerts']);
    expect(made.path).toEqual(['alerts', 1]);
    expect(made.edit(TEXT)).toContain('  - name: alert_2\n    statuses: [FAILED]\n');
  });
  it('a sensor looks for what was chosen', () => {
    const made = added(known, ['sensors'], { integration: 'POSTGRES', code: 'POSTGRES_QUERY', parameters: [{ name: 'query', type: 'string', required: true, templated: true, default: null, note: null }] });
    expect(made.path).toEqual(['sensors', 'postgres_query']);
    expect(made.edit(TEXT)).toContain("      postgres_query:\n        integration: POSTGRES\n        sensor_type: POSTGRES_QUERY\n        parameters:\n          query: ''\n");
  });
  it('of a task, where there was none', () => expect(added(known, [...TASK, 'anomalies']).edit(TEXT)).toContain('        anomalies:\n          - type: task_duration_above_baseline\n'));
  it('what must be given and can only be one thing is given', () => expect(beginning([{ name: 'a', type: 'enum', enum: ['X'], required: true, templated: false, default: null, note: null }, { name: 'b', type: 'string', required: false, templated: false, default: null, note: null }])).toEqual({ a: 'X' }));
});

describe('the language', () => {
  /** Every field that a form may show, once. */
  function fields(shape: Shape, found = new Map<string, Shape>()): Map<string, Shape> {
    for (const [key, inner] of Object.entries(shape.properties ?? {})) {
      found.set(key, inner);
      fields(inner, found);
    }
    for (const inner of [shape.items, shape.values]) if (inner) fields(inner, found);
    return found;
  }
  const own = ['inputs', 'schedule', 'sensors', 'trigger_events', 'webhook', 'alerts', 'anomalies', 'configuration'];
  const all = new Map(own.flatMap((key) => [...fields({ properties: { [key]: PIPELINE.properties![key]! } })]));
  it('every field of a form has a name', () => expect([...all.keys()].filter((key) => !own.includes(key) && !Object.hasOwn(en, `builder.field.${key}`))).toEqual([]));
  it('every word that is chosen has a name', () => {
    const words = [...all.values()].flatMap((shape) => [shape, shape.items ?? {}]).flatMap((shape) => (shape.enum ?? []).map((word) => `${shape.named ?? 'builder.word'}.${word}`));
    expect(words.filter((key) => !key.startsWith('assets.operation') && !Object.hasOwn(en, key))).toEqual([]);
  });
  it('what can be added says so', () => expect(['inputs', 'schedule', 'sensors', 'checks', 'trigger_events', 'alerts', 'anomalies', 'destinations', 'operation_metadata'].filter((key) => !Object.hasOwn(en, `builder.part.add.${key}`) || !Object.hasOwn(en, `builder.part.one.${key}`))).toEqual([]));
  it('an entry with tasks is a group', () => {
    expect(stepInto(PIPELINE.properties!.pipeline, ['pipeline', 'g'], 1, () => ['tasks'])?.properties).toHaveProperty('matrix');
    expect(stepInto(PIPELINE.properties!.pipeline, ['pipeline', 't'], 1, () => ['integration'])?.properties).toHaveProperty('alerts');
  });
  it('a field fits beside the words that it is for', () => {
    const shape: Shape = { when: { field: 'type', is: ['a'], absent: 'a' } };
    expect([fits(shape, { type: 'a' }), fits(shape, { type: 'b' }), fits(shape, {}), fits({}, {})]).toEqual([true, false, true, true]);
  });
});
