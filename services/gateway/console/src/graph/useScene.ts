/**
 * Keeps the layout of a graph: asks the worker when the structure changes, and never because a status did. While a new
 * layout is made, the old one stays.
 */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { LayoutAsked, LayoutMade } from './layout/layout';
import { layOut } from './worker';
import { scene, sizeOf, type Scene, type Structure } from './scene';
import type { Direction, GraphEdge, GraphGroup, GraphNode } from './types';

function sameStructure(a: Structure, b: Structure): boolean {
  if (a.direction !== b.direction || a.nodes.length !== b.nodes.length || a.edges.length !== b.edges.length || a.groups.length !== b.groups.length) return false;
  const node = (x: GraphNode, y: GraphNode) => x === y || (x.id === y.id && x.group === y.group && x.width === y.width && x.height === y.height);
  const edge = (x: GraphEdge, y: GraphEdge) => x === y || (x.from === y.from && x.to === y.to && x.soft === y.soft && x.id === y.id);
  return a.nodes.every((x, at) => node(x, b.nodes[at]!)) && a.edges.every((x, at) => edge(x, b.edges[at]!)) && a.groups.every((x, at) => x.id === b.groups[at]!.id);
}

/** Numbers instead of ids, as the layout takes them. */
export function askedOf({ direction, nodes, groups, edges }: Structure): LayoutAsked {
  const groupAt = new Map(groups.map((group, at) => [group.id, at]));
  const endAt = new Map<string, number>(groups.map((group, at) => [group.id, -1 - at]));
  nodes.forEach((node, at) => endAt.set(node.id, at));
  return {
    direction,
    nodes: nodes.map((node) => ({ ...sizeOf(node), group: node.group === undefined ? -1 : (groupAt.get(node.group) ?? -1) })),
    groups: groups.length,
    edges: edges.map((edge) => [endAt.get(edge.from)!, endAt.get(edge.to)!]),
  };
}

/** The scene of the graph, or undefined before the first layout is there; `failed` if the worker cannot run. */
export function useScene(nodes: readonly GraphNode[], edges: readonly GraphEdge[], groups: readonly GraphGroup[], direction: Direction): { scene?: Scene; failed: boolean } {
  const kept = useRef<Structure>(undefined);
  const structure = useMemo((): Structure => {
    const known = new Set<string>(groups.map((group) => group.id));
    for (const node of nodes) known.add(node.id);
    const next = { direction, nodes, groups, edges: edges.filter((edge) => known.has(edge.from) && known.has(edge.to)) };
    if (kept.current && sameStructure(kept.current, next)) return kept.current;
    kept.current = next;
    return next;
  }, [nodes, edges, groups, direction]);

  const [made, setMade] = useState<{ structure: Structure; layout: LayoutMade }>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let wanted = true;
    layOut(askedOf(structure)).then(
      (layout) => wanted && setMade({ structure, layout }),
      () => wanted && setFailed(true),
    );
    return () => {
      wanted = false;
    };
  }, [structure]);
  return { scene: useMemo(() => made && scene(made.structure, made.layout), [made]), failed };
}
