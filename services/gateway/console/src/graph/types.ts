/** What a graph is made of, whatever its nodes stand for: tasks, assets, pipelines. Knows nothing about drawing. */
import type { Tone } from '../parts/status';

export interface GraphNode<Data = unknown> {
  id: string;
  /** What it is called: drawn on the canvas, searched, spoken. */
  label: string;
  /** Its colour where it is too small to be read. */
  tone: Tone;
  /** How it stands, in words: what the colour means. */
  words: string;
  /** Id of the group that it stands in. */
  group?: string;
  /** Pixels at full size; 200 by 48 where they are absent. */
  width?: number;
  height?: number;
  data: Data;
}

/** A frame around nodes. */
export interface GraphGroup {
  id: string;
  label: string;
  words?: string;
  tone?: Tone;
}

/** From one node or group to another. Ends that nobody knows are left out. */
export interface GraphEdge {
  id: string;
  from: string;
  to: string;
  /** Drawn fainter and dashed: what does not count any more, or is only said. */
  soft?: boolean;
}

/** Which way edges lead. */
export type Direction = 'right' | 'down';

export const NODE_WIDTH = 200;
export const NODE_HEIGHT = 48;

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}
