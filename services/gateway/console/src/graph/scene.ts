/**
 * A graph that is laid out: where everything is, and what is in a part of the plane. Answers in time that depends on
 * what is found, not on the size of the graph. Pure.
 */
import type { LayoutMade } from './layout/layout';
import type { Direction, GraphEdge, GraphGroup, GraphNode, Rect } from './types';
import { NODE_HEIGHT, NODE_WIDTH } from './types';

/** Pixels of a tile of the index. */
const TILE = 512;

export interface Structure {
  direction: Direction;
  nodes: readonly GraphNode[];
  groups: readonly GraphGroup[];
  /** Those whose ends are known. */
  edges: readonly GraphEdge[];
}

export interface Scene {
  structure: Structure;
  /** Corners and sizes, by the number of the node. */
  rects: Rect[];
  groups: Rect[];
  /** Points of each edge from end to end: x, y, x, y... */
  ways: Float64Array[];
  width: number;
  height: number;
  /** Place of a node or group by id. */
  rectOf: Map<string, Rect>;
  nodesIn: (part: Rect) => number[];
  edgesIn: (part: Rect) => number[];
}

export const sizeOf = (node: GraphNode) => ({ width: node.width ?? NODE_WIDTH, height: node.height ?? NODE_HEIGHT });

const meets = (a: Rect, b: Rect) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** What lies where, in tiles, which are filled when a part is first asked for. */
function tiles(make: () => Rect[]): (part: Rect) => number[] {
  let index: Map<number, number[]> | undefined;
  let rects: Rect[] | undefined;
  const each = ({ x, y, width, height }: Rect, visit: (key: number) => void) => {
    for (let row = Math.floor(y / TILE); row <= Math.floor((y + height) / TILE); row++) {
      for (let column = Math.floor(x / TILE); column <= Math.floor((x + width) / TILE); column++) visit(row * 1_000_003 + column);
    }
  };
  const fill = (all: Rect[]) => {
    const filled = new Map<number, number[]>();
    all.forEach((rect, at) =>
      each(rect, (key) => {
        const tile = filled.get(key);
        if (tile) tile.push(at);
        else filled.set(key, [at]);
      }),
    );
    return filled;
  };
  return (part) => {
    const all = (rects ??= make());
    // A part with many tiles is searched thing by thing.
    if ((part.width / TILE) * (part.height / TILE) > all.length / 8) {
      const found: number[] = [];
      for (let at = 0; at < all.length; at++) if (meets(all[at]!, part)) found.push(at);
      return found;
    }
    index ??= fill(all);
    const found = new Set<number>();
    each(part, (key) => index!.get(key)?.forEach((at) => meets(all[at]!, part) && found.add(at)));
    return [...found].sort((a, b) => a - b);
  };
}

/** Where an edge leaves a box, and where it enters one. */
function ends(from: Rect, to: Rect, direction: Direction): [number, number, number, number] {
  return direction === 'right'
    ? [from.x + from.width, from.y + from.height / 2, to.x, to.y + to.height / 2]
    : [from.x + from.width / 2, from.y + from.height, to.x + to.width / 2, to.y];
}

function boundsOf(way: Float64Array): Rect {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < way.length; at += 2) {
    left = Math.min(left, way[at]!);
    right = Math.max(right, way[at]!);
    top = Math.min(top, way[at + 1]!);
    bottom = Math.max(bottom, way[at + 1]!);
  }
  return { x: left - 4, y: top - 4, width: right - left + 8, height: bottom - top + 8 };
}

export function scene(structure: Structure, made: LayoutMade): Scene {
  const rects = structure.nodes.map((node, at): Rect => ({ x: made.x[at]!, y: made.y[at]!, ...sizeOf(node) }));
  const rectOf = new Map<string, Rect>();
  structure.groups.forEach((group, at) => rectOf.set(group.id, made.groups[at]!));
  structure.nodes.forEach((node, at) => rectOf.set(node.id, rects[at]!));
  const ways = structure.edges.map((edge, at) => {
    const [x, y, toX, toY] = ends(rectOf.get(edge.from)!, rectOf.get(edge.to)!, structure.direction);
    const between = made.bends[at];
    const way = new Float64Array(4 + (between?.length ?? 0));
    way[0] = x;
    way[1] = y;
    if (between) way.set(between, 2);
    way[way.length - 2] = toX;
    way[way.length - 1] = toY;
    return way;
  });
  return {
    structure, rects, groups: made.groups, ways, rectOf,
    width: made.width, height: made.height,
    nodesIn: tiles(() => rects),
    edgesIn: tiles(() => ways.map(boundsOf)),
  };
}

/** The edge whose way passes nearest to a point, within `reach`; undefined if none does. */
export function edgeAt(of: Scene, x: number, y: number, reach: number): number | undefined {
  let best: number | undefined;
  let least = reach;
  for (const edge of of.edgesIn({ x: x - reach, y: y - reach, width: 2 * reach, height: 2 * reach })) {
    const way = of.ways[edge]!;
    for (let at = 0; at + 3 < way.length; at += 2) {
      const away = fromCurve(way, at, of.structure.direction, x, y);
      if (away < least) [best, least] = [edge, away];
    }
  }
  return best;
}

/** The group whose frame holds a point. */
export function frameAt(of: Scene, x: number, y: number): string | undefined {
  const at = of.groups.findIndex((frame) => x >= frame.x && x <= frame.x + frame.width && y >= frame.y && y <= frame.y + frame.height);
  return at < 0 ? undefined : of.structure.groups[at]!.id;
}

/** How far a point is from the curve between two points of a way, as it is drawn. */
function fromCurve(way: Float64Array, at: number, direction: Direction, x: number, y: number): number {
  const [x0, y0, x3, y3] = [way[at]!, way[at + 1]!, way[at + 2]!, way[at + 3]!];
  const [x1, y1, x2, y2] = controls(x0, y0, x3, y3, direction);
  let least = Infinity;
  for (let step = 0; step <= 16; step++) {
    const t = step / 16;
    const u = 1 - t;
    const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
    least = Math.min(least, Math.hypot(a * x0 + b * x1 + c * x2 + d * x3 - x, a * y0 + b * y1 + c * y2 + d * y3 - y));
  }
  return least;
}

/** The control points of the curve between two points of a way: it leaves and arrives along the direction. */
export function controls(x: number, y: number, toX: number, toY: number, direction: Direction): [number, number, number, number] {
  if (direction === 'right') {
    const pull = Math.max(16, Math.abs(toX - x) / 2);
    return [x + pull, y, toX - pull, toY];
  }
  const pull = Math.max(16, Math.abs(toY - y) / 2);
  return [x, y + pull, toX, toY - pull];
}

/** The part of the plane that a window of that size shows, and `more` pixels around it. */
export function shownPart(view: { x: number; y: number; zoom: number }, width: number, height: number, more = 0): Rect {
  return {
    x: (-view.x - more) / view.zoom,
    y: (-view.y - more) / view.zoom,
    width: (width + 2 * more) / view.zoom,
    height: (height + 2 * more) / view.zoom,
  };
}

/** Below this zoom nobody can read what stands in a node. */
export const READABLE = 0.42;
/** More nodes than that are not in the page at once. */
export const NODES_MAX = 250;

/** Pixels around the window in which nodes are parts of the page already, */
const AROUND = 200;
/** and by which it may move before they are looked for again. */
export const STILL = 120;

/** The nodes that are drawn as parts of the page; none where they are too small or too many: then the canvas shows them. */
export function nodesShown(of: Scene, view: { x: number; y: number; zoom: number }, width: number, height: number): number[] {
  if (view.zoom < READABLE) return [];
  const seen = of.nodesIn(shownPart(view, width, height));
  return seen.length > NODES_MAX ? [] : of.nodesIn(shownPart(view, width, height, AROUND)).slice(0, 2 * NODES_MAX);
}
