/**
 * A lineage as a graph: answers put together (the asset's own, and those of nodes that were opened), at the level of
 * assets or of columns; what stands upstream and downstream of something. Pure: knows no request and no component.
 */
import type { AssetEdge, LineageAnswer, LineageNode } from '../../api/lineage';
import type { GraphEdge, GraphGroup, GraphNode } from '../../graph/types';
import { named, t } from '../../i18n';
import type { Tone } from '../../parts/status';
import { titleOf } from '../assets/catalogue';

export { titleOf };

export interface Lineage {
  nodes: LineageNode[];
  edges: AssetEdge[];
  truncated: boolean;
}

const edgeId = (edge: { from: string; to: string; kind: string }) => `${edge.from}\n${edge.to}\n${edge.kind}`;

/** Answers as one: each asset and each edge once. A node has more only where no answer went on from it. */
export function merged(answers: LineageAnswer[], opened: ReadonlySet<string> = new Set()): Lineage {
  const nodes = new Map<string, LineageNode>();
  const edges = new Map<string, AssetEdge>();
  for (const answer of answers) {
    for (const node of answer.nodes) {
      const known = nodes.get(node.key);
      nodes.set(node.key, known ? { ...known, more: known.more && node.more } : node);
    }
    for (const edge of answer.edges) edges.set(edgeId(edge), edge);
  }
  return {
    nodes: [...nodes.values()].map((node) => (opened.has(node.key) ? { ...node, more: false } : node)),
    edges: [...edges.values()],
    truncated: answers.some((answer) => answer.truncated),
  };
}

const TONES: Record<string, Tone> = { HEALTHY: 'good', WARNING: 'warn', UNHEALTHY: 'bad' };
export const toneOfNode = (node: LineageNode): Tone => TONES[node.asset?.status ?? ''] ?? 'idle';
export const nodeTitle = (node: LineageNode): string => titleOf(node.key, node.asset?.asset?.name);

export type NodeData = { node: LineageNode; column?: string };

export interface Drawn {
  nodes: GraphNode<NodeData>[];
  edges: GraphEdge[];
  groups: GraphGroup[];
}

export const SIZE = { width: 232, height: 60, column: 34 } as const;

export function tables({ nodes, edges }: Lineage): Drawn {
  return {
    nodes: nodes.map((node) => ({
      id: node.key, label: nodeTitle(node), tone: toneOfNode(node), words: named('assets.quality', node.asset?.status ?? 'UNKNOWN'), width: SIZE.width, height: SIZE.height, data: { node },
    })),
    edges: edges.map((edge) => ({ id: edgeId(edge), from: edge.from, to: edge.to, soft: over(edge) })),
    groups: [],
  };
}

/** Whether nobody says the edge any more. */
const over = (edge: AssetEdge): boolean => edge.sources.length > 0 && edge.sources.every((source) => source.until !== null);

export const columnId = (key: string, column: string): string => `${key}\n${column}`;

/** Columns stand in frames of their assets. What no column is known of is one node, and edges of it are dashed. */
export function columns({ nodes, edges }: Lineage): Drawn {
  const used = new Map<string, Set<string>>(nodes.map((node) => [node.key, new Set(node.columns)]));
  const use = (key: string, column: string) => used.get(key)?.add(column);
  for (const edge of edges) {
    for (const column of edge.columns) {
      use(edge.from, column.from);
      if (column.to) use(edge.to, column.to);
    }
  }
  const drawn: Drawn = { nodes: [], edges: [], groups: [] };
  const keys = new Set(nodes.map((node) => node.key));
  for (const node of nodes) {
    const list = [...(used.get(node.key) ?? [])].filter(Boolean).sort();
    const tone = toneOfNode(node);
    const words = named('assets.quality', node.asset?.status ?? 'UNKNOWN');
    drawn.groups.push({ id: node.key, label: nodeTitle(node), words, tone });
    if (list.length === 0) drawn.nodes.push({ id: columnId(node.key, ''), label: t('lineage.columns.unknown'), tone, words, group: node.key, width: 190, height: SIZE.column, data: { node } });
    for (const column of list) {
      const tests = node.asset?.tests.filter((test) => test.column === column) ?? [];
      const own: Tone = tests.some((test) => test.status === 'FAILED') ? 'bad' : tests.some((test) => test.status === 'WARNING') ? 'warn' : tests.length > 0 ? 'good' : 'idle';
      drawn.nodes.push({ id: columnId(node.key, column), label: column, tone: own, words: named('assets.quality', { good: 'HEALTHY', warn: 'WARNING', bad: 'UNHEALTHY' }[own as string] ?? 'UNKNOWN'), group: node.key, width: 190, height: SIZE.column, data: { node, column } });
    }
  }
  for (const edge of edges) {
    if (!keys.has(edge.from) || !keys.has(edge.to)) continue;
    const pairs = edge.columns.filter((column) => column.from && column.to);
    for (const pair of pairs) drawn.edges.push({ id: `${edgeId(edge)}\n${pair.from}\n${pair.to}\n${pair.use}`, from: columnId(edge.from, pair.from), to: columnId(edge.to, pair.to), soft: decides(pair.use) });
    if (pairs.length === 0) drawn.edges.push({ id: edgeId(edge), from: edge.from, to: edge.to, soft: true });
  }
  return drawn;
}

const VALUES = ['IDENTITY', 'TRANSFORMATION', 'AGGREGATION', 'UNKNOWN'];
/** Whether a use decides about rows or values rather than being one. */
export const decides = (use: string): boolean => !VALUES.includes(use.replace('COLUMN_USE_', ''));

/** What is reached from `from` along edges, forwards, backwards or both, itself among it. */
export function reached(edges: { from: string; to: string }[], from: string, ways: ('up' | 'down')[]): Set<string> {
  const out = new Set([from]);
  for (const way of ways) {
    const next = new Map<string, string[]>();
    for (const edge of edges) {
      const [a, b] = way === 'down' ? [edge.from, edge.to] : [edge.to, edge.from];
      const list = next.get(a);
      if (list) list.push(b);
      else next.set(a, [b]);
    }
    const todo = [from];
    const seen = new Set(todo);
    while (todo.length > 0) {
      for (const one of next.get(todo.pop()!) ?? []) {
        if (seen.has(one)) continue;
        seen.add(one);
        out.add(one);
        todo.push(one);
      }
    }
  }
  return out;
}

/** Only what stands on the way of a column, up and down; all of it where the column is not there. */
export function alongColumn(drawn: Drawn, id: string): Drawn {
  if (!drawn.nodes.some((node) => node.id === id)) return drawn;
  const way = reached(drawn.edges, id, ['up', 'down']);
  const nodes = drawn.nodes.filter((node) => way.has(node.id));
  const frames = new Set(nodes.map((node) => node.group));
  return { nodes, edges: drawn.edges.filter((edge) => way.has(edge.from) && way.has(edge.to)), groups: drawn.groups.filter((group) => frames.has(group.id)) };
}

/** Tests of an asset in three numbers. */
export function testsOf(node: LineageNode): { good: number; warn: number; bad: number } {
  const tests = node.asset?.tests ?? [];
  const bad = tests.filter((test) => test.status === 'FAILED').length;
  const warn = tests.filter((test) => test.status === 'WARNING').length;
  return { good: tests.length - bad - warn, warn, bad };
}
