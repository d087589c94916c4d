import { expect, it } from 'vitest';
import { readDefinition } from './definition';
import { graphOf } from './graph';

const read = (yaml: string) => graphOf(readDefinition(yaml));

it('tasks are nodes, what they depend on are edges, groups are frames', () => {
  const { nodes, edges, groups } = read('pipeline:\n  a: {name: First}\n  g:\n    depends_on: [a]\n    tasks: {b: {}, c: {depends_on: [b]}}\n  d: {depends_on: [g, gone]}\n');
  expect(nodes.map(({ id, label, group }) => [id, label, group])).toEqual([['a', 'First', undefined], ['b', 'b', 'group:g'], ['c', 'c', 'group:g'], ['d', 'd', undefined]]);
  expect(edges.map(({ from, to }) => [from, to])).toEqual([['b', 'c'], ['group:g', 'd'], ['a', 'group:g']]);
  expect(groups).toEqual([{ id: 'group:g', label: 'g' }]);
});

it('a task that depends on a task and a group of the same name means the task', () => {
  expect(read('pipeline: {x: {tasks: {x: {}}}, y: {depends_on: [x]}}').edges).toEqual([{ id: 'x>y', from: 'x', to: 'y' }]);
});
