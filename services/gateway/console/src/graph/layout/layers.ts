/**
 * In which layer each node stands: after all that lead to it, by the longest way. Long edges get a bend in every layer
 * that they cross. Knows no coordinates.
 */
import { closing, leaving, type Links } from './cycles';

/** Bends of one graph; edges beyond that are drawn straight. */
const BENDS_MAX = 40_000;

export interface Layered {
  /** Nodes 0 to `real` - 1 are those of the graph, the others bends. */
  real: number;
  count: number;
  layer: Int32Array;
  layers: number;
  /** Links between neighbouring layers, from the lower to the higher. */
  from: Int32Array;
  to: Int32Array;
  /** Of each edge of the graph its bends, in the edge's own direction. */
  bends: (number[] | undefined)[];
}

function longest(count: number, from: Int32Array, to: Int32Array): Int32Array {
  const out = leaving(count, from);
  const waits = new Int32Array(count);
  for (const node of to) waits[node]! += 1;
  const layer = new Int32Array(count);
  const ready: number[] = [];
  for (let node = 0; node < count; node++) if (waits[node] === 0) ready.push(node);
  for (let at = 0; at < ready.length; at++) {
    const node = ready[at]!;
    for (let k = out.first[node]!; k < out.first[node + 1]!; k++) {
      const target = to[out.edges[k]!]!;
      layer[target] = Math.max(layer[target]!, layer[node]! + 1);
      waits[target]! -= 1;
      if (waits[target] === 0) ready.push(target);
    }
  }
  // What nothing leads to stands right before what it leads to.
  const begins = new Uint8Array(count).fill(1);
  for (const node of to) begins[node] = 0;
  for (let node = 0; node < count; node++) {
    if (!begins[node] || out.first[node] === out.first[node + 1]) continue;
    let nearest = Infinity;
    for (let k = out.first[node]!; k < out.first[node + 1]!; k++) nearest = Math.min(nearest, layer[to[out.edges[k]!]!]!);
    layer[node] = Math.max(0, nearest - 1);
  }
  return layer;
}

export function layered(links: Links): Layered {
  const { count, from, to } = links;
  const turned = closing(links);
  const kept = [...from.keys()].filter((edge) => from[edge] !== to[edge]);
  const low = (edge: number) => (turned[edge] ? to[edge]! : from[edge]!);
  const high = (edge: number) => (turned[edge] ? from[edge]! : to[edge]!);
  const straight = longest(count, Int32Array.from(kept, low), Int32Array.from(kept, high));

  const layer = [...straight];
  const [lowEnds, highEnds]: [number[], number[]] = [[], []];
  const bends: (number[] | undefined)[] = new Array(from.length);
  for (const edge of kept) {
    const [first, last] = [straight[low(edge)]!, straight[high(edge)]!];
    if (last - first > 1 && layer.length - count + last - first > BENDS_MAX) continue;
    let before = low(edge);
    const own: number[] = [];
    for (let at = first + 1; at < last; at++) {
      lowEnds.push(before);
      before = layer.push(at) - 1;
      highEnds.push(before);
      own.push(before);
    }
    lowEnds.push(before);
    highEnds.push(high(edge));
    if (own.length > 0) bends[edge] = turned[edge] ? own.reverse() : own;
  }
  return {
    real: count,
    count: layer.length,
    layer: Int32Array.from(layer),
    layers: layer.reduce((most, at) => Math.max(most, at + 1), 0),
    from: Int32Array.from(lowEnds),
    to: Int32Array.from(highEnds),
    bends,
  };
}
