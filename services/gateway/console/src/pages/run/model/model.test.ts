import { describe, expect, it } from 'vitest';
import { merged, NOTHING, taken } from '../../../api/run-live';
import type { Explanation, Run, TaskRun } from '../../../api/runs';
import { attemptsFor, attemptsOf } from './attempts';
import { definitionOf } from './definition';
import { criticalPath, ganttRows, ticks } from './gantt';
import { nodesOf, shapeOf } from './graph';
import { because, safeLink } from './sentence';
import { runTasks, type RunTask } from './tasks';
import { moments, runStatusAt, tasksAt } from './timeline';

const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const ms = (second: number) => Date.parse(time(second));
const task = (id: string, some: Partial<TaskRun> = {}): TaskRun => ({
  id: `run-of-${id}`, pipelineRunId: 'r', taskName: id, taskId: id, integration: 'PYTHON', integrationJob: 'X', status: 'CREATED', message: null, externalStatus: null,
  externalMessage: null, taskParameters: {}, outputs: {}, runParameters: {}, platformLink: null, externalId: null, numberOfAttempts: 0, matrixParent: false,
  matrixParentId: null, dependsOn: [], createdAt: time(0), startedAt: null, completedAt: null, ...some,
});
const run = (some: Partial<Run> = {}): Run => ({
  id: 'r', pipelineId: 'p', pipelineName: 'P', envName: null, runStatus: 'RUNNING', triggeredBy: { triggerType: 'MANUAL', kind: 'MANUAL' }, childPipelineRuns: [], message: null,
  pipelineVersionNumber: 1, createdAt: time(0), startedAt: time(1), completedAt: null, branch: null, commit: null, gitLink: null, runInputs: {}, restartOf: null, ...some,
});
const event = (second: number, kind: string, of = '', text = ''): Explanation => ({ at: time(second), kind, task: of, text, actor: 'coordinator' });
const spans = (id: string, from: number, to: number | null, some: Partial<TaskRun> = {}) =>
  task(id, { status: 'SUCCEEDED', startedAt: time(from), completedAt: to === null ? null : time(to), numberOfAttempts: 1, ...some });
const TEXT = `
pipeline:
  load:
    name: Load it
    tasks: {a: {}, b: {depends_on: [a]}}
  wide:
    depends_on: [LOAD]
    matrix: {inputs: {i: [1, 2]}}
    tasks: {c: {}, d: {depends_on: [c]}}
  last: {depends_on: [wide]}
`;
const matrix = (): TaskRun[] => [
  task('a'), task('b', { dependsOn: ['a'] }), task('c', { matrixParent: true }), task('d', { matrixParent: true, dependsOn: ['c'] }), task('last', { dependsOn: ['wide'] }),
  ...[0, 1].flatMap((i) => [
    task('c', { id: `c${i}`, matrixParentId: 'run-of-c' }),
    task('d', { id: `d${i}`, matrixParentId: 'run-of-d', dependsOn: ['c'] }),
  ]),
];

describe('a live run', () => {
  it('puts changed tasks into their places, and new ones behind', () => {
    const [a, b] = [task('a'), task('b')];
    expect(merged([a, b], [{ ...b, status: 'RUNNING' }, task('c')]).map((one) => `${one.taskId} ${one.status}`)).toEqual(['a CREATED', 'b RUNNING', 'c CREATED']);
  });
  it('takes events of runs, and leaves others and what cannot be read', () => {
    const of = (kind: string, data: string) => taken(NOTHING, { event: kind, data, id: '' });
    expect(of('run', JSON.stringify({ run: run(), taskRuns: [task('a')] }))).toMatchObject({ run: { id: 'r' }, version: 1 });
    expect(of('run', '{')).toBe(NOTHING);
    expect(of('ping', '{}')).toBe(NOTHING);
  });
});

describe('tasks of a run', () => {
  it('are called as the log calls them; what stands for iterations is left out once they are there', () => {
    expect(runTasks(matrix()).map((one) => one.key)).toEqual(['a', 'b', 'last', 'c[0]', 'd[0]', 'c[1]', 'd[1]']);
    expect(runTasks(matrix().slice(0, 5)).map((one) => one.key)).toEqual(['a', 'b', 'c', 'd', 'last']);
  });
  it('stay the same objects while nothing of them changes', () => {
    const given = matrix();
    const kept = new WeakMap<TaskRun, RunTask>();
    const first = runTasks(given, kept);
    const next = runTasks([{ ...given[0]!, status: 'RUNNING' }, ...given.slice(1)], kept);
    expect(next.map((one, at) => one === first[at])).toEqual([false, true, true, true, true, true, true]);
  });
});

describe('the shape of a run', () => {
  it('reads groups out of the text, whichever way names are written', () => {
    expect(definitionOf(TEXT).groups.map(({ id, label, tasks, dependsOn, matrix: many }) => [id, label, tasks, dependsOn, many])).toEqual([
      ['load', 'Load it', ['a', 'b'], [], false],
      ['wide', 'wide', ['c', 'd'], ['LOAD'], true],
    ]);
  });
  it.each(['', '[', 'pipeline: 7', 'pipeline: {a: null, b: [1]}', '&a [*a]'])('finds nothing in %j, and does not fail', (text) => {
    expect(definitionOf(text).groups).toEqual([]);
  });

  const shape = shapeOf(runTasks(matrix()), definitionOf(TEXT), (many) => `${many} times`);
  it('lets an iteration wait for its own, and what follows a group for its frame', () => {
    expect(shape.edges.map((edge) => edge.id)).toEqual(['run-of-a>run-of-b', 'group:wide>run-of-last', 'c0>d0', 'c1>d1', 'group:load>group:wide']);
  });
  it('says how often a group runs', () => {
    expect(shape.groups.map((group) => group.words)).toEqual([undefined, '2 times']);
  });
  it('keeps nodes whose task is the same', () => {
    const kept = new Map();
    const tasks = runTasks(matrix());
    const first = nodesOf(tasks, shape, (status) => status, kept);
    const next = nodesOf([{ ...tasks[0]!, status: 'FAILED' }, ...tasks.slice(1)], shape, (status) => status, kept);
    expect(next[1]).toBe(first[1]);
    expect(next[0]).toMatchObject({ tone: 'bad', group: 'group:load' });
  });
});

describe('attempts', () => {
  const events = [
    event(1, 'ATTEMPT_STARTED', 'a'), event(3, 'ATTEMPT_FAILED', 'a', 'failed: exit code 3'), event(5, 'ATTEMPT_STARTED', 'a'), event(9, 'ATTEMPT_SUCCEEDED', 'a', 'ended with a warning'),
    event(2, 'ATTEMPT_STARTED', 'b'), event(2, 'TASK_READY', 'c'),
  ];
  const known = attemptsOf(events);
  it('are read from events', () => {
    expect(known.get('a')).toMatchObject([{ number: 1, from: ms(1), to: ms(3), status: 'FAILED' }, { number: 2, from: ms(5), to: ms(9) }]);
    expect(known.get('b')).toEqual([{ number: 1, from: ms(2), status: 'RUNNING' }]);
  });
  const own = (one: TaskRun) => runTasks([one])[0]!;
  it('end as their task says', () => {
    expect(attemptsFor(own(spans('a', 1, 9, { status: 'WARNING' })), known).map((one) => one.status)).toEqual(['FAILED', 'WARNING']);
  });
  it.each([
    ['one that ended', spans('x', 2, 4, { numberOfAttempts: 3 }), [{ number: 3, from: ms(2), to: ms(4), status: 'SUCCEEDED' }]],
    ['one that goes on', spans('x', 2, null, { status: 'RUNNING' }), [{ number: 1, from: ms(2), to: undefined, status: 'RUNNING' }]],
    ['one that has not begun', task('x'), []],
  ])('without events: %s', (_, one, attempts) => {
    expect(attemptsFor(own(one), undefined)).toEqual(attempts);
  });
});

describe('time travel', () => {
  const tasks = runTasks([spans('a', 2, 8), spans('b', 9, null, { status: 'RUNNING', dependsOn: ['a'] }), task('c', { status: 'SKIPPED', completedAt: time(8) })]);
  const events = [
    event(0, 'RUN_CREATED'), event(1, 'TASK_READY', 'a'), event(2, 'ATTEMPT_STARTED', 'a'), event(4, 'ATTEMPT_FAILED', 'a'), event(6, 'ATTEMPT_STARTED', 'a'),
    event(8, 'ATTEMPT_SUCCEEDED', 'a'), event(8, 'TASK_SKIPPED', 'c'), event(9, 'ATTEMPT_STARTED', 'b'),
  ];
  const told = moments(run(), tasks, events);
  const at = (second: number) => tasksAt(tasks, told, ms(second)).map((one) => one.status);
  it.each([
    [0, ['CREATED', 'CREATED', 'CREATED']],
    [1, ['QUEUED', 'CREATED', 'CREATED']],
    [3, ['RUNNING', 'CREATED', 'CREATED']],
    [5, ['QUEUED', 'CREATED', 'CREATED']],
    [7, ['RUNNING', 'CREATED', 'CREATED']],
    [8, ['SUCCEEDED', 'CREATED', 'SKIPPED']],
    [10, ['SUCCEEDED', 'RUNNING', 'SKIPPED']],
  ])('after %i s: %j', (second, statuses) => {
    expect(at(second)).toEqual(statuses);
  });
  it('knows nothing of tasks that were not there yet', () => {
    expect(tasksAt([{ ...tasks[0]!, createdAt: time(7) }], told, ms(3))).toEqual([]);
  });
  it('takes the instants of tasks where no events are told', () => {
    const made = moments(run(), tasks, undefined);
    expect(made.map((one) => one.at)).toEqual([0, 2, 8, 8, 9].map(ms));
    expect(tasksAt(tasks, made, ms(3)).map((one) => one.status)).toEqual(['RUNNING', 'CREATED', 'CREATED']);
    expect(tasksAt(tasks, made, ms(8)).map((one) => one.status)).toEqual(['SUCCEEDED', 'CREATED', 'SKIPPED']);
  });
  it.each([
    [0, 'QUEUED'],
    [3, 'RUNNING'],
    [9, 'FAILED'],
  ])('the run after %i s: %s', (second, status) => {
    expect(runStatusAt(run({ runStatus: 'FAILED', completedAt: time(9) }), ms(second))).toBe(status);
  });
});

describe('over time', () => {
  const tasks = runTasks([spans('a', 0, 5), spans('b', 0, 9), spans('c', 9, 12, { dependsOn: ['a', 'b'] }), spans('d', 5, 7, { dependsOn: ['a'] }), task('e')]);
  const edges = [['a', 'c'], ['b', 'c'], ['a', 'd']].map(([from, to]) => ({ id: '', from: `run-of-${from}`, to: `run-of-${to}` }));
  it('finds what the end waited for', () => {
    expect([...criticalPath(tasks, edges, new Map())]).toEqual(['run-of-c', 'run-of-b']);
  });
  it('ends, for a run that goes on, with what runs', () => {
    const going = runTasks([spans('a', 0, 5), spans('b', 5, null, { status: 'RUNNING' })]);
    expect([...criticalPath(going, [{ id: '', from: 'run-of-a', to: 'run-of-b' }], new Map())]).toEqual(['run-of-b', 'run-of-a']);
  });
  it('goes through groups', () => {
    const groups = new Map([['run-of-a', 'g'], ['run-of-b', 'g'], ['run-of-c', 'h']]);
    expect([...criticalPath(tasks, [{ id: '', from: 'g', to: 'h' }], groups)]).toEqual(['run-of-c', 'run-of-b']);
  });
  it('puts rows in the order in which they began, what has not begun last', () => {
    const rows = ganttRows(tasks as RunTask[], (one) => attemptsFor(one, undefined), new Set());
    expect(rows.map((row) => row.task.taskId)).toEqual(['a', 'b', 'd', 'c', 'e']);
  });
  it.each([
    [9_000, 5, [0, 2_000, 4_000, 6_000, 8_000]],
    [3_600_000, 4, [0, 900_000, 1_800_000, 2_700_000, 3_600_000]],
    [0, 5, [0]],
  ])('draws lines for %i ms', (span, most, lines) => {
    expect(ticks(span, most)).toEqual(lines);
  });
});

describe('why, in a sentence', () => {
  it.each([
    ['the first that failed', run({ runStatus: 'FAILED' }), [spans('a', 1, 9, { status: 'FAILED', message: 'late' }), spans('b', 1, 4, { status: 'FAILED', message: 'exit code 3' })], [], { kind: 'failed', words: 'exit code 3', more: 1 }],
    ['a person', run(), [task('a', { status: 'RUNNING', integrationJob: 'APPROVAL' })], [], { kind: 'approval' }],
    ['what holds it', run({ runStatus: 'QUEUED' }), [task('a')], [{ kind: 'BUDGET', text: 'the budget is spent' }], { kind: 'gate', words: 'the budget is spent' }],
    ['how far it is', run(), [spans('a', 1, 2), task('b')], [], { kind: 'going', done: 1, all: 2 }],
    ['nothing to say', run({ runStatus: 'SUCCEEDED' }), [spans('a', 1, 2)], [], { kind: 'none' }],
  ])('%s', (_, of, tasks, gates, expected) => {
    expect(because(of, runTasks(tasks), undefined, gates)).toMatchObject(expected);
  });

  it.each([
    ['https://example.org/job/7', 'https://example.org/job/7'],
    ['http://127.0.0.1/x', 'http://127.0.0.1/x'],
    ['javascript:alert(1)', undefined],
    [' javascript:alert(1)', undefined],
    ['data:text/html,x', undefined],
    ['//example.org', undefined],
    ['', undefined],
    [null, undefined],
  ])('leads to %j: %j', (link, to) => {
    expect(safeLink(link)).toBe(to);
  });
});
