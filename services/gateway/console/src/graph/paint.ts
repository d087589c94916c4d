/**
 * Draws a graph on a canvas: its frames and edges always, and its nodes as coloured marks where they are not parts of
 * the page. Only what is in sight is drawn. Knows nothing about React, and reads colours from the theme.
 */
import type { Tone } from '../parts/status';
import { controls, shownPart, type Scene } from './scene';
import type { GraphGroup, GraphNode, Rect } from './types';

export interface Colours {
  line: string;
  edge: string;
  surface: string;
  frame: string;
  text: string;
  muted: string;
  accent: string;
  tones: Record<Tone, string>;
  font: string;
}

/** Black or white: what is read better on a colour (#rrggbb). */
export function inkOn(colour: string): string {
  const channel = (at: number) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const light = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  return light > 0.179 ? '#0b0e14' : '#ffffff';
}

export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    line: read('--line'), edge: read('--edge'), surface: read('--surface'), frame: read('--sunken'), text: read('--text'), muted: read('--muted'),
    accent: read('--accent'), font: style.fontFamily,
    tones: { good: read('--good-fill'), bad: read('--bad-fill'), warn: read('--warn-fill'), live: read('--live-fill'), idle: read('--idle-fill') },
  };
}

export interface Painting {
  scene: Scene;
  nodes: readonly GraphNode[];
  groups: readonly GraphGroup[];
  view: { x: number; y: number; zoom: number };
  /** Pixels of the page. */
  width: number;
  height: number;
  /** Whether nodes are drawn here. */
  marks: boolean;
  selected?: string;
  /** Edges and nodes of a way that is shown; everything else is faint. */
  lit?: ReadonlySet<string>;
  colours: Colours;
}

/** Edges in sight beyond which they are straight lines. */
const CURVES_MAX = 1_500;
/** Pixels of a mark from which on it has its name. */
const NAMED = 70;

export function paint(context: CanvasRenderingContext2D, painting: Painting): void {
  const { scene, view, width, height } = painting;
  const ratio = context.canvas.width / width;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.setTransform(ratio * view.zoom, 0, 0, ratio * view.zoom, ratio * view.x, ratio * view.y);
  const part = shownPart(view, width, height);
  frames(context, painting, part);
  edges(context, painting, scene.edgesIn(part));
  if (painting.marks) marks(context, painting, scene.nodesIn(part));
}

function box(path: Path2D, { x, y, width, height }: Rect, corner: number): void {
  if (corner < 0.5) path.rect(x, y, width, height);
  else path.roundRect(x, y, width, height, corner);
}

function frames(context: CanvasRenderingContext2D, { scene, groups, view, selected, colours }: Painting, part: Rect): void {
  scene.groups.forEach((frame, at) => {
    if (frame.x > part.x + part.width || frame.x + frame.width < part.x || frame.y > part.y + part.height || frame.y + frame.height < part.y) return;
    const path = new Path2D();
    box(path, frame, 8);
    context.fillStyle = colours.frame;
    context.fill(path);
    const chosen = selected !== undefined && groups[at]!.id === selected;
    context.strokeStyle = chosen ? colours.accent : colours.edge;
    context.lineWidth = (chosen ? 2 : 1) / view.zoom;
    context.stroke(path);
    const size = 12 / Math.min(1, view.zoom);
    // A name that is larger than its frame says nothing.
    if (size > frame.height / 2 || frame.width * view.zoom < 40) return;
    context.fillStyle = colours.muted;
    context.font = `600 ${size}px ${colours.font}`;
    context.textBaseline = view.zoom < 1 ? 'bottom' : 'alphabetic';
    const group = groups[at]!;
    const words = group.words ? `${group.label} · ${group.words}` : group.label;
    // Small frames have their name above them, where it covers nothing.
    context.fillText(shortened(context, words, frame.width - 12), frame.x + (view.zoom < 1 ? 0 : 14), view.zoom < 1 ? frame.y - 4 / view.zoom : frame.y + 20);
  });
}

function shortened(context: CanvasRenderingContext2D, text: string, room: number): string {
  const wide = context.measureText(text).width;
  if (wide <= room) return text;
  const most = Math.max(1, Math.floor((text.length * room) / wide) - 1);
  return `${text.slice(0, most)}…`;
}

function edges(context: CanvasRenderingContext2D, { scene, view, selected, lit, colours }: Painting, found: number[]): void {
  const { direction } = scene.structure;
  const straight = found.length > CURVES_MAX;
  const [plain, soft, strong] = [new Path2D(), new Path2D(), new Path2D()];
  const heads: [number, number, boolean][] = [];
  for (const at of found) {
    const edge = scene.structure.edges[at]!;
    const way = scene.ways[at]!;
    const chosen = edge.id === selected || edge.from === selected || edge.to === selected || (lit !== undefined && lit.has(edge.from) && lit.has(edge.to));
    const path = chosen ? strong : edge.soft ? soft : plain;
    path.moveTo(way[0]!, way[1]!);
    for (let k = 2; k < way.length; k += 2) {
      const [x, y, toX, toY] = [way[k - 2]!, way[k - 1]!, way[k]!, way[k + 1]!];
      if (straight) path.lineTo(toX, toY);
      else {
        const [ax, ay, bx, by] = controls(x, y, toX, toY, direction);
        path.bezierCurveTo(ax, ay, bx, by, toX, toY);
      }
    }
    if (!straight && view.zoom > 0.3) heads.push([way[way.length - 2]!, way[way.length - 1]!, chosen]);
  }
  context.lineWidth = Math.max(1.25, 0.8 / view.zoom);
  context.globalAlpha = lit ? 0.4 : straight ? 0.7 : 1;
  context.strokeStyle = colours.edge;
  context.stroke(plain);
  context.setLineDash([5, 4]);
  context.stroke(soft);
  context.setLineDash([]);
  context.globalAlpha = 1;
  context.strokeStyle = colours.accent;
  context.lineWidth = Math.max(1.75, 1.4 / view.zoom);
  context.stroke(strong);
  for (const [x, y, chosen] of heads) {
    context.fillStyle = chosen ? colours.accent : colours.edge;
    context.beginPath();
    context.moveTo(x, y);
    if (direction === 'right') {
      context.lineTo(x - 7, y - 4);
      context.lineTo(x - 7, y + 4);
    } else {
      context.lineTo(x - 4, y - 7);
      context.lineTo(x + 4, y - 7);
    }
    context.fill();
  }
}

function marks(context: CanvasRenderingContext2D, { scene, nodes, view, selected, lit, colours }: Painting, found: number[]): void {
  const corner = view.zoom < 0.12 ? 0 : 6;
  const paths = new Map<string, Path2D>();
  const faint = new Map<string, Path2D>();
  for (const at of found) {
    const node = nodes[at]!;
    const of = lit && !lit.has(node.id) ? faint : paths;
    let path = of.get(node.tone);
    if (!path) of.set(node.tone, (path = new Path2D()));
    box(path, scene.rects[at]!, corner);
  }
  context.globalAlpha = 0.25;
  for (const [tone, path] of faint) {
    context.fillStyle = colours.tones[tone as Tone];
    context.fill(path);
  }
  context.globalAlpha = 1;
  for (const [tone, path] of paths) {
    context.fillStyle = colours.tones[tone as Tone];
    context.fill(path);
  }
  if (selected !== undefined) {
    const chosen = scene.rectOf.get(selected);
    if (chosen) {
      context.strokeStyle = colours.accent;
      context.lineWidth = 3 / view.zoom;
      context.strokeRect(chosen.x - 2 / view.zoom, chosen.y - 2 / view.zoom, chosen.width + 4 / view.zoom, chosen.height + 4 / view.zoom);
    }
  }
  if (found.length > 300) return;
  const size = 11 / view.zoom;
  context.font = `500 ${size}px ${colours.font}`;
  context.textBaseline = 'middle';
  for (const at of found) {
    const { x, y, width, height } = scene.rects[at]!;
    if (width * view.zoom < NAMED || height < size) continue;
    context.fillStyle = inkOn(colours.tones[nodes[at]!.tone]);
    context.fillText(shortened(context, nodes[at]!.label, width - 10 / view.zoom), x + 5 / view.zoom, y + height / 2);
  }
}
