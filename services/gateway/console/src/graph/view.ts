/** Where a graph is seen from: whole, at a node, nearer. Pure. */
import type { Rect } from './types';

export interface View {
  x: number;
  y: number;
  zoom: number;
}
interface Size {
  width: number;
  height: number;
}

export const ZOOM = { least: 0.01, most: 2 } as const;
/** Pixels around what is seen whole. */
const AROUND = 28;

/** All of it in the middle; never larger than it is drawn at. */
export function fitted(whole: Size, window: Size): View {
  const zoom = Math.min(1, Math.max(ZOOM.least, Math.min((window.width - 2 * AROUND) / Math.max(1, whole.width), (window.height - 2 * AROUND) / Math.max(1, whole.height))));
  return { x: (window.width - whole.width * zoom) / 2, y: (window.height - whole.height * zoom) / 2, zoom };
}

export function centred(rect: Rect, window: Size, zoom: number): View {
  const at = Math.min(ZOOM.most, zoom);
  return { x: window.width / 2 - (rect.x + rect.width / 2) * at, y: window.height / 2 - (rect.y + rect.height / 2) * at, zoom: at };
}

/** Nearer by a factor; the middle of the window stays where it is. */
export function zoomed(view: View, window: Size, by: number): View {
  const zoom = Math.min(ZOOM.most, Math.max(ZOOM.least, view.zoom * by));
  const part = zoom / view.zoom;
  return { x: window.width / 2 - (window.width / 2 - view.x) * part, y: window.height / 2 - (window.height / 2 - view.y) * part, zoom };
}
