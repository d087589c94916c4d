/** What of a graph is parts of the page, as ReactFlow takes them: nodes that can be read, and the heads of frames. */
import { useMemo, useRef, type KeyboardEvent } from 'react';
import { Handle, Position, type Node, type NodeProps } from '@xyflow/react';
import type { GraphProps } from './Graph';
import type { Scene } from './scene';
import type { Direction, GraphGroup, GraphNode } from './types';
import css from './Graph.module.css';

interface NodeData {
  [name: string]: unknown;
  node: GraphNode;
  selected: boolean;
  render: GraphProps<unknown>['renderNode'];
  choose?: (id: string) => void;
  connects: boolean;
  down: boolean;
  faint: boolean;
}
interface HeadData {
  [name: string]: unknown;
  group: GraphGroup;
  selected: boolean;
  choose: (id: string) => void;
}
type Shell = Node<NodeData, 'shell'> | Node<HeadData, 'head'>;

/** Pixels of a frame above its nodes, where its name stands. */
const HEAD = 28;

const pressing = (act: () => void) => (event: KeyboardEvent) => {
  if (event.key !== 'Enter' && event.key !== ' ') return;
  event.preventDefault();
  act();
};

/** A node of the page around what the caller draws: it can be reached and chosen by the keyboard. */
function NodeShell({ data }: NodeProps<Node<NodeData, 'shell'>>) {
  const { node, selected, render, choose, connects, down, faint } = data;
  return (
    <>
      {connects && <Handle type="target" position={down ? Position.Top : Position.Left} className={css.handle} />}
      <div
        className={`${css.node} ${selected ? css.selected : ''} ${faint ? css.faint : ''}`}
        data-node={node.id}
        role={choose ? 'button' : 'group'}
        aria-pressed={choose ? selected : undefined}
        tabIndex={0}
        onKeyDown={pressing(() => choose?.(node.id))}
      >
        {render(node, selected)}
        <span className="only-spoken">{node.words}</span>
      </div>
      {connects && <Handle type="source" position={down ? Position.Bottom : Position.Right} className={css.handle} />}
    </>
  );
}

/** The head of a frame: the canvas writes its name, here it is reached and chosen. */
function HeadShell({ data: { group, selected, choose } }: NodeProps<Node<HeadData, 'head'>>) {
  return (
    <div className={css.frameHead} data-group={group.id} role="button" aria-pressed={selected} tabIndex={0} onKeyDown={pressing(() => choose(group.id))}>
      <span className="only-spoken">{[group.label, group.words].filter(Boolean).join(', ')}</span>
    </div>
  );
}

export const TYPES = { shell: NodeShell, head: HeadShell };

interface ShellsAsked extends Pick<GraphProps<unknown>, 'nodes' | 'selected' | 'renderNode' | 'onSelect' | 'onSelectGroup' | 'onConnect' | 'lit'> {
  groups: readonly GraphGroup[];
  direction: Direction;
}

/** A function that stays the same while what it calls changes. */
function useLatest(act: ((id: string) => void) | undefined): ((id: string) => void) | undefined {
  const latest = useRef(act);
  latest.current = act;
  return useMemo(() => (act ? (id: string) => latest.current?.(id) : undefined), [act !== undefined]);
}

/** Those that did not change stay the same objects. The head of a frame comes before its nodes, for those who go by Tab. */
export function useShells({ nodes, groups, selected, renderNode, onSelect, onSelectGroup, onConnect, direction, lit }: ShellsAsked, scene: Scene | undefined, shown: number[]): Shell[] {
  const kept = useRef(new Map<string, Shell>());
  const choose = useLatest(onSelect);
  const chooseGroup = useLatest(onSelectGroup);
  return useMemo(() => {
    if (!scene) return [];
    const next = new Map<string, Shell>();
    const put = (shell: Shell) => {
      const old = kept.current.get(shell.id);
      const same =
        old !== undefined && old.position.x === shell.position.x && old.position.y === shell.position.y && old.width === shell.width && Object.keys(shell.data).every((name) => old.data[name] === shell.data[name]);
      next.set(shell.id, same ? old : shell);
    };
    const head = (id: string) => {
      const group = groups.find((one) => one.id === id);
      const frame = scene.rectOf.get(id);
      if (!group || !frame || !chooseGroup) return;
      put({ id: `\n${id}`, type: 'head', position: { x: frame.x, y: frame.y }, width: frame.width, height: HEAD, data: { group, selected: id === selected, choose: chooseGroup } });
    };
    for (const at of shown) {
      const node = nodes[at];
      const rect = scene.rects[at];
      if (!node || !rect) continue;
      if (node.group !== undefined && !next.has(`\n${node.group}`)) head(node.group);
      const data = { node, selected: node.id === selected, render: renderNode, choose, connects: onConnect !== undefined, down: direction === 'down', faint: lit !== undefined && !lit.has(node.id) };
      put({ id: node.id, type: 'shell', position: { x: rect.x, y: rect.y }, width: rect.width, height: rect.height, data });
    }
    kept.current = next;
    return [...next.values()];
  }, [scene, shown, nodes, groups, selected, renderNode, choose, chooseGroup, onConnect, direction, lit]);
}
