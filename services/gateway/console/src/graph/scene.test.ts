import { describe, expect, it } from 'vitest';
import { layout } from './layout/layout';
import { edgeAt, frameAt, nodesShown, scene, shownPart, type Structure } from './scene';
import type { GraphNode } from './types';

const grid = (count: number): GraphNode[] =>
  Array.from({ length: count }, (_, at) => ({ id: `n${at}`, label: `n${at}`, tone: 'idle', words: '', data: null }));

function chain(count: number): ReturnType<typeof scene> {
  const structure: Structure = {
    direction: 'right', groups: [], nodes: grid(count),
    edges: Array.from({ length: count - 1 }, (_, at) => ({ id: `e${at}`, from: `n${at}`, to: `n${at + 1}` })),
  };
  const made = layout({
    direction: 'right', groups: 0,
    nodes: structure.nodes.map(() => ({ width: 200, height: 48, group: -1 })),
    edges: structure.edges.map((_, at) => [at, at + 1]),
  });
  return scene(structure, made);
}

describe('what is in sight', () => {
  // Nodes of 200 px, 56 px apart: node n begins at n * 256.
  const made = chain(1_000);

  it.each([
    ['the beginning', { x: 0, y: 0, width: 600, height: 100 }, [0, 1, 2]],
    ['between two nodes', { x: 205, y: 0, width: 40, height: 100 }, []],
    ['beside it', { x: 0, y: 400, width: 600, height: 100 }, []],
    ['far along', { x: 256 * 900, y: -50, width: 10, height: 100 }, [900]],
  ])('finds nodes: %s', (_, part, found) => {
    expect(made.nodesIn(part)).toEqual(found);
  });

  it('finds the edges that pass through, whose ends are out of sight', () => {
    expect(made.edgesIn({ x: 210, y: 0, width: 10, height: 100 })).toEqual([0]);
  });

  it('knows what part a moved and zoomed window shows', () => {
    expect(shownPart({ x: -100, y: 50, zoom: 2 }, 800, 600)).toEqual({ x: 50, y: -25, width: 400, height: 300 });
  });

  it('draws nodes only where they can be read, and few enough', () => {
    expect(nodesShown(made, { x: 0, y: 0, zoom: 1 }, 600, 300)).toEqual([0, 1, 2, 3]);
    expect(nodesShown(made, { x: 0, y: 0, zoom: 0.2 }, 600, 300)).toEqual([]);
    expect(nodesShown(made, { x: 0, y: 0, zoom: 1 }, 256 * 500, 300)).toEqual([]);
  });

  it('finds the edge under the pointer', () => {
    const y = made.rects[0]!.y + 24;
    expect(edgeAt(made, 228, y + 3, 6)).toBe(0);
    expect(edgeAt(made, 228, y + 30, 6)).toBeUndefined();
  });
});

it('finds the frame under the pointer', () => {
  const structure: Structure = { direction: 'right', nodes: grid(3).map((node, at) => ({ ...node, group: at < 2 ? 'g' : undefined })), groups: [{ id: 'g', label: 'G' }], edges: [] };
  const made = scene(structure, layout({ direction: 'right', groups: 1, nodes: structure.nodes.map((node) => ({ width: 200, height: 48, group: node.group ? 0 : -1 })), edges: [] }));
  const { x, y, width, height } = made.groups[0]!;
  expect([frameAt(made, x + 2, y + 2), frameAt(made, x + width - 2, y + height - 2), frameAt(made, x - 2, y + 2)]).toEqual(['g', 'g', undefined]);
});
