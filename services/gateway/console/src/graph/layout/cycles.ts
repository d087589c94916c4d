/** Which edges must be turned round so that no way leads back to where it began. Knows no coordinates. */

/** Edges between nodes 0 to `count` - 1. */
export interface Links {
  count: number;
  from: Int32Array;
  to: Int32Array;
}

/** The edges that leave each node: those of `node` are `edges[first[node]]` up to `edges[first[node + 1]]`. */
export interface Leaving {
  first: Int32Array;
  edges: Int32Array;
}

export function leaving(count: number, ends: Int32Array): Leaving {
  const first = new Int32Array(count + 1);
  for (const end of ends) first[end + 1]! += 1;
  for (let node = 0; node < count; node++) first[node + 1]! += first[node]!;
  const next = first.slice();
  const edges = new Int32Array(ends.length);
  ends.forEach((end, edge) => {
    edges[next[end]!] = edge;
    next[end]! += 1;
  });
  return { first, edges };
}

/** 1 for each edge that closes a cycle, or leads from a node to itself. Searches in depth, in the order of the nodes. */
export function closing({ count, from, to }: Links): Uint8Array {
  const out = leaving(count, from);
  const turned = new Uint8Array(from.length);
  // 0 = not seen, 1 = on the way, 2 = done.
  const state = new Uint8Array(count);
  const next = out.first.slice();
  const way: number[] = [];
  for (let start = 0; start < count; start++) {
    if (state[start] !== 0) continue;
    way.push(start);
    state[start] = 1;
    while (way.length > 0) {
      const node = way[way.length - 1]!;
      if (next[node]! >= out.first[node + 1]!) {
        state[node] = 2;
        way.pop();
        continue;
      }
      const edge = out.edges[next[node]!]!;
      next[node]! += 1;
      const target = to[edge]!;
      if (state[target] === 1) turned[edge] = 1;
      else if (state[target] === 0) {
        state[target] = 1;
        way.push(target);
      }
    }
  }
  return turned;
}
