import { describe, expect, it } from 'vitest';
import { inOrder, readDefinition, type Task } from './definition';

const task = (id: string, dependsOn: string[] = [], groups: string[] = []): Task => ({ id, dependsOn, waits: dependsOn, groups, name: '', integration: '', job: '', owner: '', tags: [], condition: '' });

describe('the text of a pipeline', () => {
  const read = readDefinition(`
version: v1
schedule: [{name: 'sensor:x', cron: 0 6 * * ? *}, {cron: 0 7 * * ? *}]
meta: {downbeat: {schedules: [{name: nightly, cron: 0 0 * * *}], owner: data, labels: [eu, core], triggers: [{name: sales, asset: [a/b, a/c]}, {nats: orders.new}, {all_of: [{nats: a.x}, {nats: b.>, when: 'true'}], within: PT1H}]}}
trigger_events: [{type: pipeline, pipeline_id: abc}]
pipeline:
  first: {integration: DOWNBEAT, integration_job: NOOP}
  report: {depends_on: [stores], integration: HTTP, integration_job: HTTP_REQUEST, tags: [nightly]}
  stores:
    depends_on: [first]
    tasks:
      copy: {name: Copy, integration: POSTGRES, integration_job: POSTGRES_RUN_QUERY, tags: [schema, nightly]}
      train: {depends_on: [copy], meta: {downbeat: {owner: science}}}
`);
  it('says whose it is', () => expect([read.owner, read.labels, read.tags]).toEqual(['data', ['eu', 'core'], ['nightly', 'schema']]));
  it('has its tasks in the order in which they run', () => expect(read.tasks.map((one) => one.id)).toEqual(['first', 'copy', 'train', 'report']));
  it('knows the groups and owners of tasks', () => expect(read.tasks[2]).toMatchObject({ groups: ['stores'], owner: 'science', dependsOn: ['copy'], waits: ['copy', 'first'] }));
  it('knows what its schedules are called', () => expect(read.schedules).toEqual(['sensor:x', 'nightly']));
  it('knows what starts it', () =>
    expect(read.triggers).toEqual([
      { id: 'after-0', kind: 'pipeline', name: 'trigger-1', to: ['abc'], statuses: ['SUCCEEDED', 'WARNING'] },
      { id: 'ours-0', kind: 'asset', name: 'sales', to: ['a/b', 'a/c'], statuses: [] },
      { id: 'ours-1', kind: 'event', name: 'trigger-2', to: ['orders.new'], statuses: [] },
      { id: 'ours-2', kind: 'event', name: 'trigger-3', to: ['a.x', 'b.>'], statuses: [], within: 'PT1H' },
    ]));
  it('what has no name is told apart all the same', () => {
    const { triggers } = readDefinition('meta: {downbeat: {triggers: [{nats: a}]}}\ntrigger_events: [{pipeline_id: b}]\n');
    expect([triggers.map((one) => one.name), new Set(triggers.map((one) => one.id)).size]).toEqual([['trigger-1', 'trigger-1'], 2]);
  });
  it.each([['enabled: true', true], ['enabled: Yes', true], ['enabled: false', false], ['run_inputs: {}', false]])('webhook: {%s} lets others start it: %s', (text, on) =>
    expect(readDefinition(`webhook: {${text}}`).webhook).toBe(on));
  it('names are what they look like, and what is merged counts', () => {
    const { tasks } = readDefinition('pipeline:\n  yes: &base {integration: HTTP, tags: [012, on]}\n  n: {<<: *base, depends_on: [yes]}\n');
    expect(tasks.map((one) => [one.id, one.integration, one.tags])).toEqual([['yes', 'HTTP', ['012', 'on']], ['n', 'HTTP', ['012', 'on']]]);
  });
  it.each([['{'], [''], ['pipeline: 7'], ['- a'], ['pipeline: {a: 3, b: [1]}\nmeta: text']])('%j is no reason to break', (text) => {
    expect(readDefinition(text).owner).toBe('');
  });
});

describe('the order of tasks', () => {
  it('a dependency that is nowhere is no obstacle', () => expect(inOrder([task('a', ['gone'])]).map((one) => one.id)).toEqual(['a']));
  it('what goes in circles comes last and is not lost', () => {
    expect(inOrder([task('a', ['b']), task('b', ['a']), task('c')]).map((one) => one.id)).toEqual(['c', 'a', 'b']);
  });
  it('a group is waited for as a whole', () => {
    expect(inOrder([task('after', ['g']), task('x', [], ['g']), task('y', ['x'], ['g'])]).map((one) => one.id)).toEqual(['x', 'y', 'after']);
  });
});
