/**
 * Lays out boxes and edges without groups: every part that hangs together by itself, in layers along the direction,
 * and the parts side by side. Pure.
 */
import type { Direction } from '../types';
import type { Box } from './pack';
import { pack } from './pack';
import type { Links } from './cycles';
import { layered } from './layers';
import { ordered } from './order';
import { across } from './place';

/** Pixels between neighbours of a layer, and between layers. */
const BESIDE = 16;
const BETWEEN = 56;
const PARTS = 28;
/** Pixels across from which on a part is more than a node. */
const SMALL = 80;

export interface FlatLayout {
  /** Corners of the boxes. */
  x: Float64Array;
  y: Float64Array;
  width: number;
  height: number;
  /** Of each edge the points that it goes through between its ends: x, y, x, y... */
  bends: (number[] | undefined)[];
}

/** The part that each node belongs to, numbered in the order of their first nodes. */
export function parts({ count, from, to }: Links): { of: Int32Array; many: number } {
  const parent = Int32Array.from({ length: count }, (_, node) => node);
  const root = (node: number) => {
    let at = node;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  from.forEach((node, edge) => (parent[root(node)] = root(to[edge]!)));
  const number = new Map<number, number>();
  const of = new Int32Array(count);
  for (let node = 0; node < count; node++) {
    const at = root(node);
    if (!number.has(at)) number.set(at, number.size);
    of[node] = number.get(at)!;
  }
  return { of, many: number.size };
}

/** Nodes of a part up to which it is compared with others. */
const ALIKE_MAX = 200;

/** What a part is made of, whatever its nodes are called. */
function signOf(nodes: number[], edges: number[], boxes: Box[], own: Int32Array, { from, to }: Links): string {
  let sign = '';
  for (const node of nodes) sign += `${boxes[node]!.width},${boxes[node]!.height};`;
  for (const edge of edges) sign += `${own[from[edge]!]!}>${own[to[edge]!]!};`;
  return sign;
}

interface Part {
  nodes: number[];
  edges: number[];
}

export function flat(boxes: Box[], links: Links, direction: Direction): FlatLayout {
  const { count, from, to } = links;
  const { of, many } = parts(links);
  const split: Part[] = Array.from({ length: many }, () => ({ nodes: [], edges: [] }));
  const own = new Int32Array(count);
  for (let node = 0; node < count; node++) own[node] = split[of[node]!]!.nodes.push(node) - 1;
  from.forEach((node, edge) => split[of[node]!]!.edges.push(edge));

  const [x, y] = [new Float64Array(count), new Float64Array(count)];
  const bends: (number[] | undefined)[] = new Array(from.length);
  const settle = (nodes: number[], edges: number[], laid: FlatLayout): Box => {
    for (let at = 0; at < nodes.length; at++) {
      x[nodes[at]!] = laid.x[at]!;
      y[nodes[at]!] = laid.y[at]!;
    }
    for (let at = 0; at < edges.length; at++) bends[edges[at]!] = laid.bends[at];
    return laid;
  };
  // Iterations of a matrix are all alike: what is alike is laid out once.
  const alike = new Map<string, FlatLayout>();
  const sizes = split.map(({ nodes, edges }) => {
    const sign = nodes.length > ALIKE_MAX ? undefined : signOf(nodes, edges, boxes, own, links);
    const known = sign === undefined ? undefined : alike.get(sign);
    if (known) return settle(nodes, edges, known);
    const ends = { count: nodes.length, from: Int32Array.from(edges, (edge) => own[from[edge]!]!), to: Int32Array.from(edges, (edge) => own[to[edge]!]!) };
    const laid = onePart(nodes.map((node) => boxes[node]!), ends, direction);
    if (sign !== undefined) alike.set(sign, laid);
    return settle(nodes, edges, laid);
  });
  if (many < 2) return { x, y, width: sizes[0]?.width ?? 0, height: sizes[0]?.height ?? 0, bends };

  const packed = pack(sizes, sizes.every((size) => (direction === 'down' ? size.width : size.height) <= SMALL) ? BESIDE : PARTS);
  split.forEach(({ nodes, edges }, part) => {
    const corner = packed.at[part]!;
    for (const node of nodes) {
      x[node]! += corner.x;
      y[node]! += corner.y;
    }
    for (const edge of edges) bends[edge] = bends[edge]?.map((value, at) => value + (at % 2 === 0 ? corner.x : corner.y));
  });
  return { x, y, width: packed.width, height: packed.height, bends };
}

function onePart(boxes: Box[], links: Links, direction: Direction): FlatLayout {
  const down = direction === 'down';
  const graph = layered(links);
  const rows = ordered(graph);
  const middle = across(graph, rows, (node) => (down ? boxes[node]!.width : boxes[node]!.height), BESIDE);
  const along = (node: number) => (node < graph.real ? (down ? boxes[node]!.height : boxes[node]!.width) : 0);
  const begin: number[] = [];
  const thick = rows.map((row) => row.reduce((most, node) => Math.max(most, along(node)), 0));
  let end = 0;
  thick.forEach((size, at) => {
    begin.push(at === 0 ? 0 : end + BETWEEN);
    end = begin[at]! + size;
  });

  const [x, y] = [new Float64Array(graph.real), new Float64Array(graph.real)];
  let wide = 0;
  for (let node = 0; node < graph.real; node++) {
    const box = boxes[node]!;
    // In the middle of its layer, along the direction as well.
    const main = begin[graph.layer[node]!]! + (thick[graph.layer[node]!]! - along(node)) / 2;
    const cross = middle[node]! - (down ? box.width : box.height) / 2;
    x[node] = down ? cross : main;
    y[node] = down ? main : cross;
    wide = Math.max(wide, cross + (down ? box.width : box.height));
  }
  const bends = graph.bends.map((own) =>
    own?.flatMap((bend) => {
      const main = begin[graph.layer[bend]!]! + thick[graph.layer[bend]!]! / 2;
      wide = Math.max(wide, middle[bend]!);
      return down ? [middle[bend]!, main] : [main, middle[bend]!];
    }),
  );
  return { x, y, width: down ? wide : end, height: down ? end : wide, bends };
}
