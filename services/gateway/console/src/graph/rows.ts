/** A graph as rows: groups with what stands in them, and what each node follows and leads to. Pure. */
import type { GraphEdge, GraphGroup, GraphNode } from './types';

export type GraphRow<Data> =
  | { kind: 'group'; id: string; group: GraphGroup; open: boolean; many: number }
  | { kind: 'node'; id: string; node: GraphNode<Data>; level: 1 | 2; follows: string[]; many: number };

/** How many names of what a node follows are kept; `many` says how many there are. */
const NAMES = 3;

export interface RowsAsked<Data> {
  nodes: readonly GraphNode<Data>[];
  edges: readonly GraphEdge[];
  groups: readonly GraphGroup[];
  shut: ReadonlySet<string>;
  /** Only nodes whose names hold it; then all groups are open. */
  sought: string;
}

/** Groups stand where their first node does. */
export function rowsOf<Data>({ nodes, edges, groups, shut, sought }: RowsAsked<Data>): GraphRow<Data>[] {
  const text = sought.trim().toLowerCase();
  const labels = new Map<string, string>(groups.map((group) => [group.id, group.label]));
  for (const node of nodes) labels.set(node.id, node.label);
  const follows = new Map<string, { names: string[]; many: number }>();
  for (const { from, to } of edges) {
    const label = labels.get(from);
    if (label === undefined) continue;
    const one = follows.get(to) ?? { names: [], many: 0 };
    if (one.names.length < NAMES) one.names.push(label);
    one.many += 1;
    follows.set(to, one);
  }
  const found = text === '' ? nodes : nodes.filter((node) => node.label.toLowerCase().includes(text) || node.words.toLowerCase().includes(text));
  const members = new Map<string, GraphNode<Data>[]>();
  for (const node of found) {
    if (node.group === undefined) continue;
    const list = members.get(node.group);
    if (list) list.push(node);
    else members.set(node.group, [node]);
  }
  const row = (node: GraphNode<Data>, level: 1 | 2): GraphRow<Data> => {
    const own = follows.get(node.id);
    return { kind: 'node', id: node.id, node, level, follows: own?.names ?? [], many: own?.many ?? 0 };
  };
  const byId = new Map(groups.map((group) => [group.id, group]));
  const out: GraphRow<Data>[] = [];
  const told = new Set<string>();
  for (const node of found) {
    const group = node.group === undefined ? undefined : byId.get(node.group);
    if (!group) out.push(row(node, 1));
    else if (!told.has(group.id)) {
      told.add(group.id);
      const open = text !== '' || !shut.has(group.id);
      const list = members.get(group.id)!;
      out.push({ kind: 'group', id: group.id, group, open, many: list.length });
      if (open) for (const member of list) out.push(row(member, 2));
    }
  }
  return out;
}
