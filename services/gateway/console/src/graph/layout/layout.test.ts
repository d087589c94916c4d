import { describe, expect, it } from 'vitest';
import { closing } from './cycles';
import { parts } from './flat';
import { layered } from './layers';
import { layout, type LayoutAsked } from './layout';
import { crossings, ordered } from './order';
import { pack } from './pack';
import { nearest } from './place';

const links = (count: number, edges: [number, number][]) => ({
  count,
  from: Int32Array.from(edges, ([from]) => from),
  to: Int32Array.from(edges, ([, to]) => to),
});
const node = { width: 200, height: 48, group: -1 };
const asked = (count: number, edges: [number, number][], more: Partial<LayoutAsked> = {}): LayoutAsked => ({
  direction: 'right', nodes: Array.from({ length: count }, () => node), groups: 0, edges, ...more,
});
const overlaps = (made: ReturnType<typeof layout>, nodes: { width: number; height: number }[]) => {
  const found: [number, number][] = [];
  for (let a = 0; a < nodes.length; a++) {
    for (let b = a + 1; b < nodes.length; b++) {
      const apart = made.x[a]! + nodes[a]!.width <= made.x[b]! || made.x[b]! + nodes[b]!.width <= made.x[a]! ||
        made.y[a]! + nodes[a]!.height <= made.y[b]! || made.y[b]! + nodes[b]!.height <= made.y[a]!;
      if (!apart) found.push([a, b]);
    }
  }
  return found;
};

describe('layers', () => {
  it('turns round exactly what closes a cycle', () => {
    expect([...closing(links(3, [[0, 1], [1, 2], [2, 0]]))]).toEqual([0, 0, 1]);
    expect([...closing(links(2, [[0, 0], [0, 1]]))]).toEqual([1, 0]);
  });

  it('puts each node after all that lead to it, and a bend into every layer that an edge crosses', () => {
    const made = layered(links(4, [[0, 1], [1, 2], [0, 2], [2, 3]]));
    expect([...made.layer.slice(0, 4)]).toEqual([0, 1, 2, 3]);
    expect(made.bends[2]).toHaveLength(1);
    expect(made.layer[made.bends[2]![0]!]).toBe(1);
  });

  it('puts what begins right before what it leads to', () => {
    expect([...layered(links(4, [[0, 1], [1, 2], [3, 2]])).layer]).toEqual([0, 1, 2, 1]);
  });

  it('ends for a graph that is one great cycle', () => {
    const many = 500;
    const made = layered(links(many, Array.from({ length: many }, (_, at) => [at, (at + 1) % many])));
    expect(made.layers).toBe(many);
  });
});

describe('order', () => {
  it.each([
    ['none', [[0, 0], [1, 1]], 0],
    ['one', [[0, 1], [1, 0]], 1],
    ['two ends at one place do not cross', [[0, 1], [1, 1]], 0],
    ['all pairs', [[0, 2], [1, 1], [2, 0]], 3],
  ] as [string, [number, number][], number][])('counts crossings: %s', (_, ends, many) => {
    expect(crossings(ends, 3)).toBe(many);
  });

  it('untangles what can be untangled', () => {
    const rows = ordered(layered(links(6, [[0, 5], [1, 4], [2, 3]])));
    expect(rows[1]!.map((to) => 5 - to)).toEqual(rows[0]);
  });
});

describe('places', () => {
  it.each([
    [[0, 100], [10], [0, 100]],
    [[50, 50], [10], [45, 55]],
    [[0, 0, 0], [10, 10], [-10, 0, 10]],
  ])('%j at least %j apart', (wanted, apart, places) => {
    expect(nearest(wanted, wanted.map(() => 1), apart)).toEqual(places);
  });

  it('packs equal boxes in their order, about as wide as a screen', () => {
    const made = pack(Array.from({ length: 100 }, () => ({ width: 100, height: 50 })), 10);
    expect(made.at[1]!.x).toBe(110);
    expect(made.width / made.height).toBeGreaterThan(1.2);
    expect(made.width / made.height).toBeLessThan(2.4);
  });
});

describe('layout', () => {
  it('finds the parts that hang together', () => {
    expect(parts(links(5, [[0, 3], [1, 2]]))).toEqual({ of: Int32Array.from([0, 1, 1, 0, 2]), many: 3 });
  });

  it('leads edges to the right, or down', () => {
    const right = layout(asked(3, [[0, 1], [1, 2]]));
    expect(right.x[0]! < right.x[1]! && right.x[1]! < right.x[2]!).toBe(true);
    expect(new Set(right.y).size).toBe(1);
    const down = layout(asked(3, [[0, 1], [1, 2]], { direction: 'down' }));
    expect(down.y[0]! < down.y[1]! && down.y[1]! < down.y[2]!).toBe(true);
  });

  it('keeps a group together, and leads edges to its frame', () => {
    const nodes = [0, 0, 0, -1].map((group) => ({ ...node, group }));
    const made = layout({ direction: 'right', nodes, groups: 1, edges: [[0, 1], [-1, 3]] });
    const [frame] = made.groups;
    for (const at of [0, 1, 2]) {
      expect(made.x[at]!).toBeGreaterThan(frame!.x);
      expect(made.y[at]! + 48).toBeLessThan(frame!.y + frame!.height);
    }
    expect(made.x[3]!).toBeGreaterThan(frame!.x + frame!.width);
    expect(overlaps(made, nodes)).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5])('lets nothing overlap in a graph by chance (%i)', (seed) => {
    let state = seed;
    const chance = (most: number) => (state = (state * 48_271) % 2_147_483_647) % most;
    const count = 120;
    const nodes = Array.from({ length: count }, () => ({ width: 80 + chance(160), height: 30 + chance(60), group: chance(4) - 1 }));
    const edges = Array.from({ length: 200 }, (): [number, number] => [chance(count), chance(count)]);
    const made = layout({ direction: 'right', nodes, groups: 3, edges });
    expect(overlaps(made, nodes)).toEqual([]);
    expect([...made.x, ...made.y].every(Number.isFinite)).toBe(true);
  });

  it('takes an empty graph, an empty group, and edges of a node to itself', () => {
    expect(layout(asked(0, []))).toMatchObject({ width: 0, height: 0 });
    expect(layout(asked(1, [[0, 0]], { groups: 1 })).groups).toHaveLength(1);
  });

  it('takes 10,000 nodes and 12,000 edges that all hang together', () => {
    let state = 7;
    const chance = (most: number) => (state = (state * 48_271) % 2_147_483_647) % most;
    const edges = Array.from({ length: 12_000 }, (): [number, number] => {
      const from = chance(9_900);
      return [from, from + 1 + chance(99)];
    });
    const began = performance.now();
    const made = layout(asked(10_000, edges));
    const took = performance.now() - began;
    expect(made.x).toHaveLength(10_000);
    // It is 0.7 s alone on a slow core; tests run beside others.
    expect(took).toBeLessThan(3_000);
  });
});
