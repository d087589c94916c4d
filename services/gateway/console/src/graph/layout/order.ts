/**
 * In which order the nodes of each layer stand, so that few edges cross: sweeps that put every node at the mean of its
 * neighbours, of which the best one counts. What has no reason to move stays in the order that was given.
 */
import { leaving } from './cycles';
import type { Layered } from './layers';

/** Crossings of links between one layer and the next, whose ends are places: pairs that change sides. */
export function crossings(ends: [number, number][], width: number): number {
  ends.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  // A Fenwick tree of how many links ended up to a place.
  const tree = new Int32Array(width + 1);
  let crossed = 0;
  ends.forEach(([, place], before) => {
    let upTo = 0;
    for (let at = place + 1; at > 0; at -= at & -at) upTo += tree[at]!;
    crossed += before - upTo;
    for (let at = place + 1; at <= width; at += at & -at) tree[at]! += 1;
  });
  return crossed;
}

function allCrossings({ layer, from, to, layers }: Layered, rows: number[][], place: Float64Array): number {
  const ends: [number, number][][] = Array.from({ length: layers }, () => []);
  from.forEach((node, edge) => ends[layer[node]!]!.push([place[node]!, place[to[edge]!]!]));
  return ends.reduce((sum, of, at) => (of.length > 1 ? sum + crossings(of, rows[at + 1]!.length) : sum), 0);
}

/** The nodes of each layer in their order. */
export function ordered(graph: Layered): number[][] {
  const { count, layer, layers, from, to } = graph;
  const rows: number[][] = Array.from({ length: layers }, () => []);
  for (let node = 0; node < count; node++) rows[layer[node]!]!.push(node);
  if (layers < 2) return rows;

  const [out, into] = [leaving(count, from), leaving(count, to)];
  const place = new Float64Array(count);
  const settle = () => rows.forEach((row) => row.forEach((node, at) => (place[node] = at)));
  settle();
  const mean = new Float64Array(count);
  const sort = (row: number[], { first, edges }: typeof out, ends: Int32Array) => {
    for (const node of row) {
      let sum = 0;
      const many = first[node + 1]! - first[node]!;
      for (let k = first[node]!; k < first[node + 1]!; k++) sum += place[ends[edges[k]!]!]!;
      mean[node] = many > 0 ? sum / many : place[node]!;
    }
    row.sort((a, b) => mean[a]! - mean[b]! || place[a]! - place[b]!);
    row.forEach((node, at) => (place[node] = at));
  };

  const sweeps = count > 20_000 ? 2 : count > 4_000 ? 4 : 12;
  let best = rows.map((row) => [...row]);
  let fewest = allCrossings(graph, rows, place);
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep++) {
    if (sweep % 2 === 0) for (let at = 1; at < layers; at++) sort(rows[at]!, into, from);
    else for (let at = layers - 2; at >= 0; at--) sort(rows[at]!, out, to);
    const now = allCrossings(graph, rows, place);
    if (now < fewest) {
      fewest = now;
      best = rows.map((row) => [...row]);
    }
  }
  return best;
}
