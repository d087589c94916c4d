/** Keeps the canvas of a graph painted: once per frame at most, and only when something has changed or moved. */
import { useCallback, useEffect, useMemo, useRef, type RefObject } from 'react';
import { useSettings } from '../app/settings';
import { coloursOf, paint, type Colours } from './paint';
import type { Scene } from './scene';
import type { GraphGroup, GraphNode } from './types';
import type { View } from './view';

interface Drawn {
  frame: RefObject<HTMLDivElement | null>;
  view: RefObject<View>;
  scene: Scene | undefined;
  nodes: readonly GraphNode[];
  groups: readonly GraphGroup[];
  marks: boolean;
  selected?: string;
  lit?: ReadonlySet<string>;
}

export function useCanvas(drawn: Drawn) {
  const ref = useRef<HTMLCanvasElement>(null);
  const latest = useRef(drawn);
  latest.current = drawn;
  const colours = useRef<Colours>(undefined);
  const asked = useRef(0);
  const listeners = useRef(new Set<() => void>());
  const { theme } = useSettings();

  const redraw = useCallback(() => {
    if (asked.current) return;
    asked.current = requestAnimationFrame(() => {
      asked.current = 0;
      const { frame, view, scene, nodes, groups, marks, selected, lit } = latest.current;
      const canvas = ref.current;
      const box = frame.current;
      if (!canvas || !box || !scene) return;
      const [width, height] = [box.clientWidth, box.clientHeight];
      const ratio = Math.min(2, devicePixelRatio);
      if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
      }
      if (width === 0 || height === 0) return;
      colours.current ??= coloursOf(box);
      paint(canvas.getContext('2d')!, { scene, nodes, groups, view: view.current, width, height, marks, selected, lit, colours: colours.current });
      listeners.current.forEach((tell) => tell());
    });
  }, []);

  useEffect(() => {
    colours.current = undefined;
    redraw();
  }, [theme, redraw]);
  useEffect(redraw, [redraw, drawn.scene, drawn.nodes, drawn.groups, drawn.marks, drawn.selected, drawn.lit]);
  useEffect(() => {
    const box = latest.current.frame.current!;
    const size = new ResizeObserver(redraw);
    size.observe(box);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const changed = () => {
      colours.current = undefined;
      redraw();
    };
    dark.addEventListener('change', changed);
    return () => {
      size.disconnect();
      dark.removeEventListener('change', changed);
      cancelAnimationFrame(asked.current);
      asked.current = 0;
    };
  }, [redraw]);

  const listen = useCallback((tell: () => void) => {
    listeners.current.add(tell);
    return () => void listeners.current.delete(tell);
  }, []);
  return useMemo(() => ({ ref, redraw, listen }), [redraw, listen]);
}
