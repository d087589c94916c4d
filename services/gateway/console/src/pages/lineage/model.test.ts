import { describe, expect, it } from 'vitest';
import type { AssetEdge, LineageNode } from '../../api/lineage';
import { alongColumn, columnId, columns, decides, merged, reached, tables, titleOf } from './model';

const node = (key: string, some: Partial<LineageNode> = {}): LineageNode => ({ key, asset: null, distance: 0, columns: [], writers: [], more: false, ...some });
const edge = (from: string, to: string, some: Partial<AssetEdge> = {}): AssetEdge => ({ from, to, kind: 'DERIVES', sources: [], columns: [], ...some });

describe('answers are put together', () => {
  const first = { nodes: [node('a'), node('b', { more: true })], edges: [edge('a', 'b')], truncated: false };
  const second = { nodes: [node('b'), node('c', { more: true })], edges: [edge('b', 'c')], truncated: true };
  it('each asset and each edge once', () => {
    const all = merged([first, second, second]);
    expect(all.nodes.map((one) => [one.key, one.more])).toEqual([['a', false], ['b', false], ['c', true]]);
    expect(all.edges).toHaveLength(2);
    expect(all.truncated).toBe(true);
  });
  it('what was opened has no more', () => {
    expect(merged([second], new Set(['c'])).nodes.map((one) => one.more)).toEqual([false, false]);
  });
});

describe('at the level of assets', () => {
  it('an edge that nobody says any more is soft', () => {
    const source = { pipelineId: '', pipelineAlias: '', task: '', operation: '', lastRunId: '', lastSeenAt: null, since: null, until: '2026-03-01T00:00:00Z', declaredBy: '' };
    const drawn = tables({ nodes: [node('a'), node('b')], edges: [edge('a', 'b', { sources: [source] }), edge('b', 'a', { sources: [source, { ...source, until: null }] })], truncated: false });
    expect(drawn.edges.map((one) => one.soft)).toEqual([true, false]);
  });
});

describe('at the level of columns', () => {
  const use = (from: string, to: string, kind = 'COLUMN_USE_IDENTITY') => ({ from, to, use: kind });
  const drawn = columns({
    nodes: [node('a'), node('b'), node('c')],
    edges: [edge('a', 'b', { columns: [use('x', 'y'), use('z', 'y', 'COLUMN_USE_FILTER'), use('w', '')] }), edge('b', 'c')],
    truncated: false,
  });
  it('only columns that take part are shown, in the frame of their asset', () => {
    expect(drawn.nodes.map((one) => [one.group, one.label])).toEqual([['a', 'w'], ['a', 'x'], ['a', 'z'], ['b', 'y'], ['c', 'Columns not known']]);
  });
  it('what only decides is dashed, and so is an edge whose columns nobody knows', () => {
    expect(drawn.edges.map((one) => [one.from, one.to, one.soft])).toEqual([
      [columnId('a', 'x'), columnId('b', 'y'), false],
      [columnId('a', 'z'), columnId('b', 'y'), true],
      ['b', 'c', true],
    ]);
  });
  it('of one column, only its way is shown', () => {
    const way = alongColumn(drawn, columnId('a', 'x'));
    expect([way.nodes.map((one) => one.label), way.groups.map((one) => one.id), way.edges.length]).toEqual([['x', 'y'], ['a', 'b'], 1]);
    expect(alongColumn(drawn, columnId('a', 'nowhere'))).toBe(drawn);
  });
  it.each([
    ['COLUMN_USE_AGGREGATION', false],
    ['COLUMN_USE_JOIN', true],
    ['COLUMN_USE_UNKNOWN', false],
  ])('%s decides: %s', (kind, expected) => expect(decides(kind)).toBe(expected));
});

describe('what is reached', () => {
  const edges = [edge('a', 'b'), edge('b', 'c'), edge('x', 'b'), edge('c', 'b'), edge('c', 'd')];
  it.each([
    ['down', ['down'], ['b', 'c', 'd']],
    ['up', ['up'], ['a', 'b', 'c', 'x']],
    ['both ways', ['up', 'down'], ['a', 'b', 'c', 'd', 'x']],
  ] as const)('%s, circles among it', (_, ways, expected) => expect([...reached(edges, 'b', [...ways])].sort()).toEqual(expected));
  it('what is up and then down is not reached', () => {
    expect(reached([edge('a', 'b'), edge('a', 'other')], 'b', ['up', 'down']).has('other')).toBe(false);
  });
});

it.each([
  ['s3://landing/orders.csv', 'csv', 'orders.csv'],
  ['postgres://db:5432/shop.public.orders', 'orders', 'orders'],
  ['warehouse/shop.raw', '', 'raw'],
  ['dashboards/sales', 'Sales dashboard', 'Sales dashboard'],
])('%s with the name %j is called %s', (key, name, expected) => expect(titleOf(key, name)).toBe(expected));
