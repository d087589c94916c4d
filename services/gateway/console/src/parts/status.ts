/** What a status of the API means: its tone and its icon. Runs, task runs, operations, tests and assets share the words. */
import type { IconName } from './Icon';

export type Tone = 'good' | 'bad' | 'warn' | 'live' | 'idle';

const STATUSES: Record<string, [Tone, IconName]> = {
  SUCCEEDED: ['good', 'check'],
  PASSED: ['good', 'check'],
  HEALTHY: ['good', 'check'],
  WARNING: ['warn', 'warning'],
  FAILED: ['bad', 'cross'],
  RUNNING: ['live', 'spinner'],
  CANCELLING: ['warn', 'stop'],
  CANCELLED: ['idle', 'stop'],
  QUEUED: ['idle', 'clock'],
  CREATED: ['idle', 'clock'],
  SKIPPED: ['idle', 'skip'],
  PAUSED: ['warn', 'pause'],
};

export function toneOf(status: string): Tone {
  return STATUSES[status]?.[0] ?? 'idle';
}

export function iconOf(status: string): IconName {
  return STATUSES[status]?.[1] ?? 'dot';
}

const ENDED = new Set(['SUCCEEDED', 'WARNING', 'FAILED', 'SKIPPED', 'CANCELLED']);
/** Whether nothing more happens to what has this status. */
export const ended = (status: string): boolean => ENDED.has(status);
