/**
 * Where the nodes of a layer stand across the direction of the edges: as near to the mean of their neighbours as their
 * order and their sizes let them. Each layer is an isotonic regression (pool adjacent violators), so it is exact.
 */
import { leaving } from './cycles';
import type { Layered } from './layers';

/** Places that keep the order and the distances `apart`, and are nearest to those wanted (sum of weighted squares). */
export function nearest(wanted: number[], weights: number[], apart: number[]): number[] {
  // Without the distances, the order alone is what must be kept.
  let shift = 0;
  const blocks: { mean: number; weight: number; many: number }[] = [];
  wanted.forEach((want, at) => {
    if (at > 0) shift += apart[at - 1]!;
    let block = { mean: want - shift, weight: weights[at]!, many: 1 };
    for (let last = blocks.at(-1); last && last.mean > block.mean; last = blocks.at(-1)) {
      const weight = last.weight + block.weight;
      block = { mean: (last.mean * last.weight + block.mean * block.weight) / weight, weight, many: last.many + block.many };
      blocks.pop();
    }
    blocks.push(block);
  });
  const out: number[] = [];
  shift = 0;
  for (const { mean, many } of blocks) {
    for (let k = 0; k < many; k++) {
      if (out.length > 0) shift += apart[out.length - 1]!;
      out.push(mean + shift);
    }
  }
  return out;
}

/** Middles of all nodes across, from 0 on. `size` is theirs across; bends have none. */
export function across(graph: Layered, rows: number[][], size: (node: number) => number, gap: number): Float64Array {
  const { count, real, from, to } = graph;
  const [out, into] = [leaving(count, from), leaving(count, to)];
  const middle = new Float64Array(count);
  const half = (node: number) => (node < real ? size(node) / 2 : 2);
  const apart = rows.map((row) => row.slice(1).map((node, at) => half(row[at]!) + half(node) + gap));
  rows.forEach((row, at) => {
    let here = 0;
    row.forEach((node, k) => {
      if (k > 0) here += apart[at]![k - 1]!;
      middle[node] = here;
    });
    // All layers begin around the same line.
    for (const node of row) middle[node]! -= here / 2;
  });

  const pull = (at: number, ways: [typeof out, Int32Array][]) => {
    const row = rows[at]!;
    const wanted = row.map((node) => {
      let [sum, many] = [0, 0];
      for (const [{ first, edges }, ends] of ways) {
        for (let k = first[node]!; k < first[node + 1]!; k++, many++) sum += middle[ends[edges[k]!]!]!;
      }
      return many > 0 ? sum / many : middle[node]!;
    });
    // Bends pull harder, so that long edges are straight.
    const weights = row.map((node) => (node < real ? 1 : 4));
    nearest(wanted, weights, apart[at]!).forEach((place, k) => (middle[row[k]!] = place));
  };
  const rounds = count > 4_000 ? 2 : 6;
  for (let round = 0; round < rounds; round++) {
    for (let at = 1; at < rows.length; at++) pull(at, [[into, from]]);
    for (let at = rows.length - 2; at >= 0; at--) pull(at, [[out, to]]);
  }
  for (let at = 1; at < rows.length; at++) pull(at, [[into, from], [out, to]]);

  let least = Infinity;
  for (let node = 0; node < count; node++) least = Math.min(least, middle[node]! - half(node));
  for (let node = 0; node < count; node++) middle[node]! -= least;
  return middle;
}
