/** The whole of a large graph in a corner, with what is seen of it; a press or a drag moves there. */
import { useEffect, useRef, type PointerEvent, type RefObject } from 'react';
import { useSettings } from '../app/settings';
import { coloursOf } from './paint';
import { shownPart, type Scene } from './scene';
import type { GraphNode } from './types';
import type { View } from './view';
import css from './Graph.module.css';

const [WIDTH, HEIGHT] = [168, 112];
/** A graph of fewer nodes is seen whole anyway. */
const FROM_NODES = 24;

interface MapProps {
  scene: Scene;
  nodes: readonly GraphNode[];
  /** Calls back after each painting. */
  listen: (tell: () => void) => () => void;
  view: RefObject<View>;
  frame: RefObject<HTMLDivElement | null>;
  go: (view: View) => void;
}

export function MiniMap(props: MapProps) {
  return props.nodes.length < FROM_NODES ? null : <Shown {...props} />;
}

function Shown({ scene, nodes, listen, view, frame, go }: MapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const seen = useRef<HTMLDivElement>(null);
  const { theme } = useSettings();
  const scale = Math.min((WIDTH - 8) / Math.max(1, scene.width), (HEIGHT - 8) / Math.max(1, scene.height));
  const [left, top] = [(WIDTH - scene.width * scale) / 2, (HEIGHT - scene.height * scale) / 2];

  useEffect(() => {
    const context = canvas.current!.getContext('2d')!;
    const colours = coloursOf(canvas.current!);
    const ratio = canvas.current!.width / WIDTH;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, WIDTH, HEIGHT);
    context.fillStyle = colours.line;
    for (const { x, y, width, height } of scene.groups) context.fillRect(left + x * scale, top + y * scale, width * scale, height * scale);
    nodes.forEach((node, at) => {
      const rect = scene.rects[at];
      if (!rect) return;
      context.fillStyle = colours.tones[node.tone];
      context.fillRect(left + rect.x * scale, top + rect.y * scale, Math.max(1, rect.width * scale), Math.max(1, rect.height * scale));
    });
  }, [scene, nodes, scale, left, top, theme]);

  useEffect(() => {
    const move = () => {
      if (!seen.current || !frame.current) return;
      const part = shownPart(view.current, frame.current.clientWidth, frame.current.clientHeight);
      const clip = (value: number, most: number) => Math.max(0, Math.min(most, value));
      const [x, y] = [clip(left + part.x * scale, WIDTH), clip(top + part.y * scale, HEIGHT)];
      const style = seen.current.style;
      style.transform = `translate(${x}px, ${y}px)`;
      style.width = `${clip(left + (part.x + part.width) * scale, WIDTH) - x}px`;
      style.height = `${clip(top + (part.y + part.height) * scale, HEIGHT) - y}px`;
    };
    move();
    return listen(move);
  }, [listen, scale, left, top, view, frame]);

  const press = (event: PointerEvent<HTMLDivElement>) => {
    if (event.type === 'pointermove' && event.buttons !== 1) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    const box = event.currentTarget.getBoundingClientRect();
    const { clientWidth, clientHeight } = frame.current!;
    const { zoom } = view.current;
    const [x, y] = [(event.clientX - box.left - left) / scale, (event.clientY - box.top - top) / scale];
    go({ x: clientWidth / 2 - x * zoom, y: clientHeight / 2 - y * zoom, zoom });
  };
  return (
    // What it does, the keyboard does on the drawing itself.
    <div className={css.map} aria-hidden="true" onPointerDown={press} onPointerMove={press}>
      <canvas ref={canvas} width={WIDTH * 2} height={HEIGHT * 2} />
      <div ref={seen} className={css.seen} />
    </div>
  );
}
