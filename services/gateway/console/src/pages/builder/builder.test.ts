/** Parts of the builder that only compute: the graph of a text, what fits a search, inputs of a run. */
import { describe, expect, it } from 'vitest';
import type { Integration } from '../../api/catalogue';
import { readPipeline } from './edit/pipeline';
import { byTask } from './Follow';
import { checkOffers, fitting, jobOffers } from './forms/Choose';
import { readValue, writtenValue } from './schema/values';
import { endsOf, ownerOf, problemsOf, sceneOf } from './graph/scene';
import { inputsOf, runInputs } from './schema/inputs';
import { TEMPLATES } from './templates';

const PIPELINE = readPipeline('pipeline:\n  g:\n    tasks:\n      a: {integration: X, parameters: {}}\n      a.b: {depends_on: [A], parameters: {}}\n  h:\n    depends_on: [g]\n    tasks: {}\n  c:\n    depends_on: [h, gone]\n    parameters: {}\n');

describe('the graph of a text', () => {
  const said = (path: string, severity: 'ERROR' | 'WARNING' = 'ERROR') => ({ code: '', severity, message: path, help: null, path, line: 1, column: 1, endLine: 1, endColumn: 1 });
  const scene = sceneOf(PIPELINE, problemsOf(PIPELINE, [said('pipeline.g.tasks.a.parameters'), said('pipeline.c', 'WARNING')]), new Map([['a.b', 'RUNNING']]), (_, job) => job);
  it('tasks are nodes, groups are frames, an empty one has a place for tasks', () => {
    expect(scene.nodes.map((node) => [node.id, node.group])).toEqual([['a', 'g'], ['a.b', 'g'], ['h\n', 'h'], ['c', undefined]]);
    expect(scene.groups.map((group) => group.id)).toEqual(['g', 'h']);
  });
  it('edges are between neighbours, by ids in any letters', () => expect(scene.edges.map((edge) => endsOf(edge.id))).toEqual([['a', 'a.b'], ['g', 'h'], ['h', 'c']]));
  it('what is wrong comes before how a run stands', () => expect(scene.nodes.map((node) => [node.tone, node.words])).toEqual([['bad', '1 error'], ['live', 'Running'], ['idle', 'No tasks yet'], ['warn', '1 warning']]));
  it.each([
    ['pipeline.g.tasks.a.parameters.x', 'a'],
    ['pipeline.g.tasks.a.b.parameters', 'a.b'],
    ['pipeline.g.depends_on[0]', 'g'],
    ['schedule[0].cron', undefined],
  ])('%s is of %s', (path, expected) => expect(ownerOf(PIPELINE, path)).toBe(expected));
  it('of iterations, the status that must be seen', () => {
    expect([...byTask([{ taskId: 'a', status: 'SUCCEEDED' }, { taskId: 'a', status: 'FAILED' }, { taskId: 'b', status: 'SKIPPED' }, { taskId: 'b', status: 'RUNNING' }])]).toEqual([['a', 'FAILED'], ['b', 'RUNNING']]);
  });
});

describe('jobs by words', () => {
  const made = (integration: string, displayName: string, group: string, jobs: string[]): Integration => ({
    integration, displayName, group, sensorChecks: [{ integration, sensorType: `${integration}_QUERY`, displayName: 'Query returns rows', parameters: [] }], jobs: jobs.map((name) => ({ integration, integrationJob: `${integration}_${name.toUpperCase().replaceAll(' ', '_')}`, displayName: name, parameters: [] })),
  });
  const catalogue = [made('SNOWFLAKE', 'Snowflake', 'warehouse', ['Run a query', 'Run a test']), made('PYTHON', 'Python', 'compute', ['Run a script']), made('HTTP', 'HTTP', 'general', ['Send a request'])];
  const names = (text: string, group = '') => fitting(jobOffers(catalogue), text, group).map((one) => `${one.integrationName}: ${one.name}`);
  it.each([
    ['snow query', ['Snowflake: Run a query']],
    ['script', ['Python: Run a script']],
    ['HTTP_SEND', ['HTTP: Send a request']],
    ['zzz', []],
  ])('%s', (text, expected) => expect(names(text)).toEqual(expected));
  it('of one kind', () => expect(names('', 'warehouse')).toHaveLength(2));
  it('all, without words', () => expect(names('')[0]).toBe('HTTP: Send a request'));
  it('sensors in the same way', () => expect(fitting(checkOffers(catalogue), 'snow rows', '').map((one) => one.code)).toEqual(['SNOWFLAKE_QUERY']));
});

describe('inputs of a run', () => {
  const inputs = inputsOf(readPipeline('inputs:\n  day: {type: string}\n  count: {type: number, default: 3}\n  tags: {type: list, optional: true}\n  full: {type: boolean, optional: true}\n').fields);
  it('of the types that are declared', () => expect(runInputs(inputs, { day: '01', count: '4', tags: '[a, b]', full: 'true' })).toEqual({ day: '01', count: 4, tags: ['a', 'b'], full: true }));
  it('what has a default may be absent', () => expect(runInputs(inputs, { day: 'x' })).toEqual({ day: 'x' }));
  it.each<Record<string, string>>([{}, { day: 'x', count: 'many' }, { day: 'x', tags: 'a' }, { day: 'x', full: 'yes' }])('%j is refused', (typed) => expect(runInputs(inputs, typed)).toBeUndefined());
});

describe('values in one field', () => {
  it.each([['[1, a]', 'array', [1, 'a']], ['{a: 1}', 'object', { a: 1 }], ['a', 'array', undefined], ['[', 'array', undefined]])('%s as %s', (text, type, expected) => expect(readValue(text, type)).toEqual(expected));
  it.each([[null, ''], [undefined, ''], [1.5, '1.5'], [['a'], '["a"]'], ['x', 'x']])('%j is written %j', (value, expected) => expect(writtenValue(value)).toBe(expected));
});

it.each(TEMPLATES.map(({ id, text }) => [id, text]))('the template %s can be read', (_, text) => {
  expect(readPipeline(text).broken).toBeUndefined();
  expect(readPipeline(text).entries.length).toBeGreaterThan(0);
});
