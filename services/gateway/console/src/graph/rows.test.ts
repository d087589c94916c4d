import { describe, expect, it } from 'vitest';
import { legend } from './GraphLegend';
import { rowsOf } from './rows';
import type { GraphNode } from './types';

const node = (id: string, group?: string): GraphNode<null> => ({ id, label: id.toUpperCase(), tone: 'idle', words: 'Queued', group, data: null });
const nodes = [node('a', 'g'), node('x'), node('b', 'g')];
const groups = [{ id: 'g', label: 'Group' }];
const edges = [{ id: '1', from: 'a', to: 'b' }, { id: '2', from: 'g', to: 'x' }, { id: '3', from: 'nobody', to: 'x' }];
const asked = { nodes, edges, groups, shut: new Set<string>(), sought: '' };

describe('a graph as rows', () => {
  it('stands in its groups, where their first nodes are', () => {
    expect(rowsOf(asked).map((row) => row.id)).toEqual(['g', 'a', 'b', 'x']);
  });

  it('says what each node follows, groups as well', () => {
    const rows = rowsOf(asked);
    expect(rows.find((row) => row.id === 'b')).toMatchObject({ follows: ['A'], level: 2 });
    expect(rows.find((row) => row.id === 'x')).toMatchObject({ follows: ['Group'], many: 1, level: 1 });
  });

  it('leaves out what stands in a shut group, and shows it where it is searched for', () => {
    const shut = new Set(['g']);
    expect(rowsOf({ ...asked, shut }).map((row) => row.id)).toEqual(['g', 'x']);
    expect(rowsOf({ ...asked, shut, sought: 'b' }).map((row) => row.id)).toEqual(['g', 'b']);
  });

  it('counts what the colours mean', () => {
    expect(legend([...nodes, { ...node('c'), words: 'Failed', tone: 'bad' }])).toEqual([
      { words: 'Queued', tone: 'idle', many: 3 },
      { words: 'Failed', tone: 'bad', many: 1 },
    ]);
  });
});
