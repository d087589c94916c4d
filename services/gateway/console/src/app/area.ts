/**
 * What an area of the console brings: its pages, each fetched when it is opened, and what it adds to the palette. Each
 * area says so in `src/pages/<area>/routes.tsx`, and `areas.ts` lists them.
 */
import type { ComponentType } from 'react';
import type { IconName } from '../parts/Icon';

export interface Command {
  id: string;
  /** What is shown and searched. */
  name: string;
  /** The group under which it stands: an area, a kind of thing. */
  group: string;
  icon?: IconName;
  /** More words by which it is found. */
  words?: string;
  /** Where it leads, or what it does. */
  to?: string;
  run?: () => void;
}

export interface AreaRoute {
  /** Path below /console, as react-router takes it. */
  path: string;
  load: () => Promise<{ default: ComponentType }>;
}

export interface Area {
  id: string;
  routes: AreaRoute[];
  /** What is always in the palette. */
  commands?: () => Command[];
  /** What is found while somebody types. */
  find?: (text: string, signal: AbortSignal) => Promise<Command[]>;
}
