/** The drawing of a graph: @xyflow/react pans, zooms and holds what can be read; a canvas below it draws the rest. */
import { useCallback, useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { ReactFlow, ReactFlowProvider, useReactFlow, type Connection, type Viewport } from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { t } from '../i18n';
import { Failed, Loading } from '../parts/states';
import type { GraphProps } from './Graph';
import { GraphBar } from './GraphBar';
import { MiniMap } from './MiniMap';
import { edgeAt, frameAt, nodesShown, STILL, type Scene } from './scene';
import { TYPES, useShells } from './shells';
import type { Direction, GraphGroup } from './types';
import { useCanvas } from './useCanvas';
import { useScene } from './useScene';
import { centred, fitted, zoomed, ZOOM } from './view';
import css from './Graph.module.css';

type DrawingProps = GraphProps<unknown> & { groups: readonly GraphGroup[]; direction: Direction; change: (view: 'graph' | 'list') => void };
const NO_EDGES: never[] = [];
const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
/** Milliseconds of a move that the keyboard or the search asks for. */
const MOVES = 140;

export function Drawing(props: DrawingProps) {
  return (
    <ReactFlowProvider>
      <Inside {...props} />
    </ReactFlowProvider>
  );
}

function Inside(props: DrawingProps) {
  const { label, nodes, edges, groups, selected, onSelect, onSelectGroup, onSelectEdge, onConnect, direction, lit, change, acts } = props;
  const { scene, failed } = useScene(nodes, edges, groups, direction);
  const flow = useReactFlow();
  const frame = useRef<HTMLDivElement>(null);
  const view = useRef<Viewport>({ x: 0, y: 0, zoom: 1 });
  const moved = useRef(false);
  const [shown, setShown] = useState<number[]>([]);
  // Nodes that belong to the scene: those of a newer structure wait for its layout.
  const drawn = scene && scene.structure.nodes.length === nodes.length ? nodes : (scene?.structure.nodes ?? nodes);
  const canvas = useCanvas({ frame, view, scene, nodes: drawn, groups, marks: shown.length === 0, selected, lit });
  const shells = useShells({ ...props, nodes: drawn }, scene, shown);

  const looked = useRef<Viewport & { scene?: Scene; width: number }>({ x: 0, y: 0, zoom: 0, width: 0 });
  const look = useCallback(() => {
    if (!scene || !frame.current) return;
    const { clientWidth, clientHeight } = frame.current;
    const { x, y, zoom } = view.current;
    const last = looked.current;
    if (last.scene === scene && last.zoom === zoom && last.width === clientWidth && Math.abs(last.x - x) < STILL && Math.abs(last.y - y) < STILL) return canvas.redraw();
    if (last.zoom !== zoom) frame.current.style.setProperty('--zoom', String(zoom));
    looked.current = { x, y, zoom, scene, width: clientWidth };
    const next = nodesShown(scene, view.current, clientWidth, clientHeight);
    setShown((old) => (old.length === next.length && old.every((at, k) => at === next[k]) ? old : next));
    canvas.redraw();
  }, [scene, canvas]);
  const go = useCallback((to: Viewport, smooth = true) => void flow.setViewport(to, smooth && !still() ? { duration: MOVES } : undefined), [flow]);
  const size = () => ({ width: frame.current?.clientWidth ?? 0, height: frame.current?.clientHeight ?? 0 });
  const fit = (smooth = true) => {
    if (!scene) return;
    moved.current = false;
    go(fitted(scene, size()), smooth);
  };
  const to = (id: string) => {
    const rect = scene?.rectOf.get(id);
    if (rect) go(centred(rect, size(), Math.max(view.current.zoom, 0.9)));
  };
  // The first layout is seen whole, or at the chosen node; later ones leave the view where somebody put it.
  useEffect(() => {
    if (!scene) return;
    const whole = fitted(scene, size());
    const rect = selected === undefined ? undefined : scene.rectOf.get(selected);
    if (!moved.current) go(whole.zoom < 0.5 && rect ? centred(rect, size(), 0.9) : whole, false);
    look();
  }, [scene]);

  const matches = useRef<{ ids: string[]; at: number }>({ ids: [], at: -1 });
  const search = (text: string) => {
    const sought = text.trim().toLowerCase();
    const ids = sought === '' ? [] : drawn.filter((node) => node.label.toLowerCase().includes(sought) || node.id.toLowerCase() === sought).map((node) => node.id);
    matches.current = { ids, at: -1 };
    return ids.length;
  };
  const next = (step: 1 | -1) => {
    const { ids, at } = matches.current;
    if (ids.length === 0) return;
    matches.current.at = at < 0 ? 0 : (at + step + ids.length) % ids.length;
    const id = ids[matches.current.at]!;
    to(id);
    onSelect?.(id);
  };
  const zoomBy = (by: number) => {
    moved.current = true;
    go(zoomed(view.current, size(), by));
  };
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] }[event.key];
    if (step) {
      moved.current = true;
      go({ ...view.current, x: view.current.x + step[0]!, y: view.current.y + step[1]! }, false);
    } else if (event.key === '+' || event.key === '=') zoomBy(1.4);
    else if (event.key === '-') zoomBy(1 / 1.4);
    else if (event.key === '0') fit();
    else if (event.key === 'Escape' && selected !== undefined && onSelect) onSelect(undefined);
    else return;
    event.preventDefault();
  };
  const pane = (event: { clientX: number; clientY: number }) => {
    const box = frame.current!.getBoundingClientRect();
    const { x, y, zoom } = view.current;
    const [atX, atY] = [(event.clientX - box.left - x) / zoom, (event.clientY - box.top - y) / zoom];
    // On the canvas, marks are chosen as well.
    const mark = shown.length === 0 ? scene?.nodesIn({ x: atX, y: atY, width: 0.01, height: 0.01 })[0] : undefined;
    if (mark !== undefined) return onSelect?.(drawn[mark]!.id);
    const edge = scene && onSelectEdge ? edgeAt(scene, atX, atY, 6 / zoom) : undefined;
    if (edge !== undefined) return onSelectEdge?.(scene!.structure.edges[edge]!.id);
    const group = scene && onSelectGroup ? frameAt(scene, atX, atY) : undefined;
    if (group !== undefined) onSelectGroup?.(group);
    else onSelect?.(undefined);
  };

  return (
    <>
      <GraphBar view="graph" change={change} search={search} next={next} zoom={{ in: () => zoomBy(1.4), out: () => zoomBy(1 / 1.4), fit: () => fit() }} acts={acts} />
      <div ref={frame} className={css.frame} tabIndex={0} role="group" aria-label={t('graph.drawing', { label })} onKeyDown={press} data-nodes={nodes.length} data-laid={scene ? scene.rects.length : undefined}>
        <canvas ref={canvas.ref} className={css.canvas} aria-hidden="true" />
        {failed ? <Failed error={new Error(t('graph.failed'))} tight /> : !scene && <Loading lines={5} />}
        <ReactFlow
          nodes={shells}
          edges={NO_EDGES}
          nodeTypes={TYPES}
          minZoom={ZOOM.least}
          maxZoom={ZOOM.most}
          nodesDraggable={false}
          nodesConnectable={onConnect !== undefined}
          nodesFocusable={false}
          elementsSelectable={false}
          deleteKeyCode={null}
          selectionKeyCode={null}
          multiSelectionKeyCode={null}
          zoomOnDoubleClick={false}
          disableKeyboardA11y
          proOptions={{ hideAttribution: true }}
          onMoveStart={(event) => {
            if (event) moved.current = true;
            // While it moves, the browser shifts what it has drawn; at rest, text is sharp at every zoom.
            frame.current?.classList.add(css.moves!);
          }}
          onMoveEnd={() => frame.current?.classList.remove(css.moves!)}
          onMove={(_, at) => {
            view.current = at;
            look();
          }}
          onNodeClick={(_, node) => (node.type === 'head' ? onSelectGroup?.(node.data.group.id) : onSelect?.(node.id))}
          onConnect={onConnect && ((made: Connection) => onConnect(made.source, made.target))}
          onPaneClick={pane}
        />
        {scene && <MiniMap scene={scene} nodes={drawn} listen={canvas.listen} view={view} frame={frame} go={(at) => {
          moved.current = true;
          go(at, false);
        }} />}
      </div>
    </>
  );
}
